//! Programs and people of elsewhere: a CI job with a token in a file, as the stock aws CLI knows it, and an account that vouches
//! for its own.

use serde_json::{Value, json};
use twinlock_gate::proof::{jwks::Algorithm, keypair::KeyPair};

use crate::{
    server::Directory,
    world::{World, client_clock_millis, policy},
};

const ISSUER: &str = "https://ci.example.com/acme";

fn token(pair: &KeyPair, subject: &str) -> String {
    let now = client_clock_millis() / 1000;
    let claims = json!({
        "iss": ISSUER, "sub": subject, "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600,
    });
    pair.token("k1", &claims).expect("signed")
}

#[test]
fn a_ci_job_assumes_a_role_with_its_token_in_a_file() {
    let pair = KeyPair::generate(Algorithm::Rs256).expect("a key pair");
    let folder = Directory::new("issuer");
    let keys = folder.path().join("jwks.json");
    let set = json!({ "keys": [pair.jwk("k1").expect("a key")] });
    std::fs::write(&keys, set.to_string()).expect("written");
    let issuer = format!(
        "[[oidc_provider]]\nissuer = \"{ISSUER}\"\njwks_file = \"{}\"\n",
        keys.display()
    );
    let world = World::start_with("text3", "", &issuer);
    let production = world.account("Production");
    production.bucket("builds");
    production.object("builds", "a.txt", "a");

    // Nobody can be trusted who is not there.
    let provider = production.arn("oidc-provider/ci.example.com/acme");
    let trust = |subject: &str| {
        json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                "ci.example.com/acme:aud": "sts.amazonaws.com",
                "ci.example.com/acme:sub": subject,
            }},
        }})
    };
    let create = |subject: &str| {
        let document = trust(subject).to_string();
        json!({ "RoleName": "Build", "AssumeRolePolicyDocument": document })
    };
    let root = production.root();
    let refusal = root
        .call("iam", "create_role", create("repo:acme/app"))
        .refused("MalformedPolicyDocument");
    assert!(
        refusal
            .message
            .contains("Invalid principal in policy: \"Federated\"")
    );
    let made = production.iam(
        "create_open_id_connect_provider",
        json!({ "Url": ISSUER, "ClientIDList": ["sts.amazonaws.com"] }),
    );
    assert_eq!(made["OpenIDConnectProviderArn"], provider.as_str());
    root.call("iam", "create_role", create("repo:acme/app"))
        .ok();
    production.put_policy(
        "role",
        "Build",
        "read",
        &policy(
            "Allow",
            json!("s3:GetObject"),
            json!("arn:aws:s3:::builds/*"),
        ),
    );

    let job = world.terminal();
    job.file("token", &token(&pair, "repo:acme/app"));
    let role = production.arn("role/Build");
    job.configure(&format!(
        "[profile ci]\nrole_arn = {role}\nweb_identity_token_file = token\nrole_session_name = build-7\n"
    ));
    let who = job.types("aws --profile ci sts get-caller-identity").json();
    assert_eq!(
        who["Arn"],
        format!(
            "arn:aws:sts::{}:assumed-role/Build/build-7",
            production.id()
        )
    );
    job.types("aws --profile ci s3 cp s3://builds/a.txt -").ok();
    job.types("aws --profile ci s3 ls").denied();

    let assume = |token: String| {
        let parameters = json!({
            "RoleArn": role, "RoleSessionName": "build-8", "WebIdentityToken": token,
        });
        world
            .anonymous()
            .call("sts", "assume_role_with_web_identity", parameters)
    };
    let answer = assume(token(&pair, "repo:acme/app")).ok();
    assert_eq!(answer["SubjectFromWebIdentityToken"], "repo:acme/app");
    assert_eq!(answer["Provider"], provider.as_str());
    assume(token(&pair, "repo:evil/app")).refused("AccessDenied");
    let forger = KeyPair::generate(Algorithm::Rs256).expect("a key pair");
    assume(token(&forger, "repo:acme/app")).refused("InvalidIdentityToken");
    assume("nonsense".to_owned()).refused("InvalidIdentityToken");
    // The key set is read anew: a key that is taken away vouches for nobody any more.
    std::fs::write(&keys, r#"{"keys":[]}"#).expect("written");
    assume(token(&pair, "repo:acme/app")).refused("InvalidIdentityToken");
}

#[test]
fn an_account_vouches_for_its_own_elsewhere() {
    let world = World::start("text3");
    let production = world.account("Production");
    let root = production.root();
    let on = production.iam("enable_outbound_web_identity_federation", json!({}));
    let issuer = on["IssuerIdentifier"]
        .as_str()
        .expect("an issuer")
        .to_owned();
    let signed = root
        .call(
            "sts",
            "get_web_identity_token",
            json!({ "Audience": ["https://api.example.com"], "SigningAlgorithm": "ES384" }),
        )
        .ok();
    assert_eq!(
        signed["WebIdentityToken"]
            .as_str()
            .map(|t| t.split('.').count()),
        Some(3)
    );
    let get = |url: String| world.http("url", json!({ "url": url }));
    let body = |answer: Value| -> Value {
        let text = answer["body"].as_str().expect("a body").to_owned();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let discovery = body(get(format!("{issuer}/.well-known/openid-configuration")));
    assert_eq!(discovery["issuer"], issuer.as_str());
    let keys = body(get(discovery["jwks_uri"]
        .as_str()
        .expect("an address")
        .to_owned()));
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    root.call("iam", "disable_outbound_web_identity_federation", json!({}))
        .ok();
    let gone = get(format!("{issuer}/.well-known/jwks.json"));
    assert_eq!(gone["status"], 404, "{gone}");
}
