//! Keys that are fetched over HTTPS, from a real server on loopback: whose certificate is believed, what of its answers, how
//! often it is asked, and where nobody can send us.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Child,
};

use serde_json::{Value, json};
use twinlock_gate::proof::{jwks::Algorithm, keypair::KeyPair};

use crate::{
    boto::Reply,
    server::Directory,
    terminal::Terminal,
    world::{AccountIn, World, python},
};

/// Certificates as an operator makes them, each with its chain and key in one file.
const CERTIFICATES: &str = r#"
san() { printf 'subjectAltName=DNS:%s' "$1"; }
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $key -days 30 -subj /CN=authority -keyout ca.key -out ca.crt
openssl req $key -subj /CN=localhost -keyout chain.key -out chain.csr
san localhost >san
openssl x509 -req -in chain.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out chain.crt
cat chain.crt ca.crt chain.key >chain.pem
for name in alone stranger; do
    host=localhost
    [ $name = stranger ] && host=id.example.com
    openssl req -x509 $key -days 30 -subj /CN=$name -addext "$(san $host)" -keyout $name.key -out $name.crt
    cat $name.crt $name.key >$name.pem
done
openssl x509 -in alone.crt -signkey alone.key -days -1 -extfile san -out expired.crt
cat expired.crt alone.key >expired.pem
"#;

/// The issuers' process, and the folder that it publishes.
struct Issuers {
    process: Child,
    ports: BTreeMap<String, u16>,
    thumbprints: BTreeMap<&'static str, String>,
    folder: PathBuf,
    _directory: Directory,
}

impl Drop for Issuers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Issuers {
    fn start() -> Self {
        let directory = Directory::new("issuers");
        let folder = directory.path().to_owned();
        let terminal = Terminal::new(folder.clone(), "http://nowhere.invalid");
        terminal.types(CERTIFICATES).ok();
        let thumbprint = |name: &'static str| {
            let line = format!("openssl x509 -in {name}.crt -fingerprint -sha1 -noout");
            let shown = terminal.types(&line).ok();
            let digits = shown.split('=').next_back().expect("a fingerprint");
            (name, digits.trim().replace(':', "").to_lowercase())
        };
        let thumbprints = ["ca", "chain", "alone", "stranger", "expired"].map(thumbprint);
        let folder_text = folder.display().to_string();
        let mut process = terminal.starts(&python("oidc_issuer.py", &[&folder_text]));
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the issuers say where they are");
        let ports = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self {
            process,
            ports,
            thumbprints: thumbprints.into(),
            folder,
            _directory: directory,
        }
    }

    /// The issuer that shows this certificate and behaves in this way, without its scheme.
    fn name(&self, certificate: &str, way: &str) -> String {
        format!("localhost:{}/{way}", self.ports[certificate])
    }

    /// What the operator says of one.
    fn section(&self, certificate: &str, way: &str, with_authority: bool) -> String {
        let issuer = self.name(certificate, way);
        let authority = self.folder.join("ca.crt");
        let authority = match with_authority {
            true => format!("ca_file = \"{}\"\n", authority.display()),
            false => String::new(),
        };
        format!("[[oidc_provider]]\nissuer = \"https://{issuer}\"\n{authority}\n")
    }

    fn publish(&self, keys: &[(&str, &KeyPair)]) {
        let keys: Vec<Value> = keys
            .iter()
            .map(|(id, pair)| pair.jwk(id).expect("a key"))
            .collect();
        let set = json!({ "keys": keys }).to_string();
        std::fs::write(self.folder.join("keys.json"), set).expect("written");
    }

    /// How often a key set was asked for.
    fn fetches(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.join("requests.log")).expect("a log");
        log.lines().filter(|line| line.ends_with("/keys")).count()
    }
}

/// A world in which one role trusts some issuers, each with the thumbprints of these certificates.
struct Realm {
    world: World,
    production: AccountIn,
    issuers: Issuers,
    pair: KeyPair,
}

impl Realm {
    fn start(issuers: Issuers, sections: &str, trusted: &[(&str, &str, &[&str])]) -> Self {
        let pair = KeyPair::generate(Algorithm::Es256).expect("a key pair");
        issuers.publish(&[("k1", &pair)]);
        let world = World::start_still_with("text3", sections);
        let production = world.account("Production");
        let arns: Vec<Value> = trusted
            .iter()
            .map(|(certificate, way, vouched)| {
                let vouched: Vec<&String> =
                    vouched.iter().map(|name| &issuers.thumbprints[*name]).collect();
                let issuer = issuers.name(certificate, way);
                let parameters = json!({
                    "Url": format!("https://{issuer}"), "ClientIDList": ["app"], "ThumbprintList": vouched,
                });
                production.iam("create_open_id_connect_provider", parameters)["OpenIDConnectProviderArn"].clone()
            })
            .collect();
        let trust = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "Federated": arns }, "Action": "sts:AssumeRoleWithWebIdentity",
        }});
        production.role_trusting("Job", &trust);
        Self {
            world,
            production,
            issuers,
            pair,
        }
    }

    fn token(&self, issuer: &str, key_id: &str, pair: &KeyPair) -> String {
        let now = self.world.server().now() / 1000;
        let claims = json!({
            "iss": format!("https://{issuer}"), "sub": "job", "aud": "app", "iat": now, "exp": now + 600,
        });
        pair.token(key_id, &claims).expect("signed")
    }

    fn assume_with(&self, token: &str) -> Reply {
        let parameters = json!({
            "RoleArn": self.production.arn("role/Job"), "RoleSessionName": "job", "WebIdentityToken": token,
        });
        let nobody = self.world.anonymous();
        nobody.call("sts", "assume_role_with_web_identity", parameters)
    }

    fn assume(&self, certificate: &str, way: &str) -> Reply {
        let issuer = self.issuers.name(certificate, way);
        self.assume_with(&self.token(&issuer, "k1", &self.pair))
    }

    /// Nobody vouches for the server's certificate: AWS's sentence.
    #[track_caller]
    fn unproven(&self, certificate: &str, way: &str) {
        let refusal = self
            .assume(certificate, way)
            .refused("InvalidIdentityToken");
        assert_eq!(
            refusal.message,
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
        );
        assert_eq!(refusal.status, 400);
    }
}

#[test]
fn a_server_is_believed_by_an_authority_or_by_a_thumbprint() {
    let issuers = Issuers::start();
    let mut sections = issuers.section("chain", "good", true);
    for (certificate, way) in [
        ("chain", "by-authority"),
        ("chain", "by-its-own"),
        ("chain", "wrong"),
        ("chain", "none"),
        ("alone", "good"),
        ("alone", "wrong"),
        ("stranger", "good"),
        ("expired", "good"),
    ] {
        sections += &issuers.section(certificate, way, false);
    }
    // An issuer that does not tell where its keys are; the operator does.
    for (certificate, with_authority) in [("chain", true), ("alone", false)] {
        sections += issuers
            .section(certificate, "gone", with_authority)
            .trim_end();
        let keys = issuers.name(certificate, "good") + "/keys";
        sections += &format!("\njwks_url = \"https://{keys}\"\n");
    }
    let trusted: [(&str, &str, &[&str]); 11] = [
        ("chain", "good", &[]),
        ("chain", "by-authority", &["alone", "ca"]),
        ("chain", "by-its-own", &["chain"]),
        ("chain", "wrong", &["alone", "stranger"]),
        ("chain", "none", &[]),
        ("alone", "good", &["alone"]),
        ("alone", "wrong", &["ca"]),
        ("stranger", "good", &["stranger"]),
        ("expired", "good", &["expired"]),
        ("chain", "gone", &[]),
        ("alone", "gone", &["alone"]),
    ];
    let realm = Realm::start(issuers, &sections, &trusted);
    // The operator's authority; the account's own word for an authority in the chain, or for the very certificate.
    realm.assume("chain", "good").ok();
    realm.assume("chain", "by-authority").ok();
    realm.assume("chain", "by-its-own").ok();
    realm.assume("alone", "good").ok();
    // Nobody's word, or for others.
    realm.unproven("chain", "wrong");
    realm.unproven("chain", "none");
    realm.unproven("alone", "wrong");
    // A thumbprint vouches for a certificate, not for another host's or for one that has run out.
    realm.unproven("stranger", "good");
    realm.unproven("expired", "good");
    // Where the operator says where the keys are, the account's word does not count.
    realm.assume("chain", "gone").ok();
    realm.unproven("alone", "gone");
    // What is mended counts at once.
    let issuer = realm.issuers.name("chain", "wrong");
    let mended = json!({
        "OpenIDConnectProviderArn": realm.production.arn(&format!("oidc-provider/{issuer}")),
        "ThumbprintList": [realm.issuers.thumbprints["ca"]],
    });
    let operation = "update_open_id_connect_provider_thumbprint";
    realm.production.iam(operation, mended);
    realm.assume("chain", "wrong").ok();
}

#[test]
fn a_new_key_is_fetched_and_strangers_tokens_fetch_none() {
    let issuers = Issuers::start();
    let sections = issuers.section("chain", "good", true);
    let realm = Realm::start(issuers, &sections, &[("chain", "good", &[])]);
    let issuer = realm.issuers.name("chain", "good");
    let forger = KeyPair::generate(Algorithm::Es256).expect("a key pair");
    for _ in 0..5 {
        realm.assume("chain", "good").ok();
    }
    assert_eq!(realm.issuers.fetches(), 1);
    // Keys that nobody has heard of, one after the other, and a known id with another's signature.
    for n in 0..20 {
        let token = realm.token(&issuer, &format!("x{n}"), &forger);
        realm.assume_with(&token).refused("InvalidIdentityToken");
    }
    let forged = realm.token(&issuer, "k1", &forger);
    realm.assume_with(&forged).refused("InvalidIdentityToken");
    assert_eq!(realm.issuers.fetches(), 1);
    // Tokens of issuers that the account has not, and what is no token, fetch nothing either.
    let token = realm.token("localhost:1/none", "k1", &realm.pair);
    realm.assume_with(&token).refused("InvalidIdentityToken");

    // The issuer changes its key. Half a minute after the last look the new one is found, for one fetch.
    let next = KeyPair::generate(Algorithm::Es256).expect("a key pair");
    realm.issuers.publish(&[("k2", &next)]);
    let fresh = |realm: &Realm| realm.token(&issuer, "k2", &next);
    realm
        .assume_with(&fresh(&realm))
        .refused("InvalidIdentityToken");
    realm.world.advance(30_000);
    for _ in 0..3 {
        realm.assume_with(&fresh(&realm)).ok();
    }
    assert_eq!(realm.issuers.fetches(), 2);
    // What was signed by the key before is nobody's any more, however often it is shown.
    for _ in 0..3 {
        realm
            .assume("chain", "good")
            .refused("InvalidIdentityToken");
    }
    assert_eq!(realm.issuers.fetches(), 2);

    // A key that was taken away counts for an hour at most, and a key set that cannot be had any more no longer.
    realm.issuers.publish(&[]);
    realm.world.advance(3_599_999);
    realm.assume_with(&fresh(&realm)).ok();
    realm.world.advance(1);
    realm
        .assume_with(&fresh(&realm))
        .refused("InvalidIdentityToken");
    assert_eq!(realm.issuers.fetches(), 3);
}

#[test]
fn whatever_a_server_answers_it_gets_nothing_out_of_us() {
    const UNAVAILABLE: &str = "Couldn't retrieve verification key from your identity provider";
    const UNREACHABLE: &str = "could not be reached";
    let issuers = Issuers::start();
    let ways = [
        ("huge", "InvalidIdentityToken", UNAVAILABLE),
        ("endless", "InvalidIdentityToken", UNAVAILABLE),
        ("moved", "InvalidIdentityToken", UNAVAILABLE),
        ("gone", "InvalidIdentityToken", UNAVAILABLE),
        ("nonsense", "InvalidIdentityToken", UNAVAILABLE),
        ("impostor", "InvalidIdentityToken", UNAVAILABLE),
        ("broken", "IDPCommunicationError", UNREACHABLE),
        // Addresses that a discovery document must not send us to, even one of an issuer that the operator named.
        ("plain", "InvalidIdentityToken", UNAVAILABLE),
        ("file", "InvalidIdentityToken", UNAVAILABLE),
        ("cloud", "IDPCommunicationError", UNREACHABLE),
    ];
    let sections: String = ways
        .iter()
        .map(|(way, ..)| issuers.section("chain", way, true))
        .collect();
    let mut trusted: Vec<(&str, &str, &[&str])> = ways
        .iter()
        .map(|(way, ..)| ("chain", *way, &[][..]))
        .collect();
    // An account makes a provider of an address in the operator's network, and vouches for its certificate itself.
    trusted.push(("chain", "unnamed", &["ca"]));
    let realm = Realm::start(issuers, &sections, &trusted);
    for (way, code, sentence) in ways {
        let refusal = realm.assume("chain", way).refused(code);
        assert_eq!(refusal.status, 400, "{way}");
        assert!(refusal.message.contains(sentence), "{way}: {refusal:?}");
        // Whoever asked learns nothing of the address.
        assert!(!refusal.message.contains("localhost"), "{way}: {refusal:?}");
        assert!(!refusal.message.contains("169.254"), "{way}: {refusal:?}");
    }
    let log = |realm: &Realm| {
        std::fs::read_to_string(realm.issuers.folder.join("requests.log")).expect("a log")
    };
    assert!(!log(&realm).contains("/good/"), "{}", log(&realm));
    let refusal = realm
        .assume("chain", "unnamed")
        .refused("IDPCommunicationError");
    assert!(refusal.message.contains(UNREACHABLE), "{refusal:?}");
    assert!(!log(&realm).contains("unnamed"), "nobody knocked");
}
