//! People of a SAML identity provider that we did not write: signxml signs on lxml's canonical form, the stock clients carry
//! it, and whatever an attacker makes of a good response is refused.

use serde_json::{Value, json};

use crate::{
    boto::Reply,
    world::{AccountIn, World, policy},
};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Production with a provider and a role that lets its people in.
struct Realm {
    world: World,
    production: AccountIn,
    role: String,
    provider: String,
}

impl Realm {
    fn start() -> Self {
        let world = World::start("text3");
        let production = world.account("Production");
        let provider = production.arn("saml-provider/corp");
        let realm = Self {
            role: production.arn("role/Operator"),
            world,
            production,
            provider,
        };
        realm.provider("corp", json!({ "idp": "corp" }));
        realm.role("Operator");
        realm
    }

    /// Makes a provider out of the metadata that `idp` publishes.
    fn provider(&self, name: &str, idp: Value) {
        let metadata = self.idp("metadata", idp);
        let parameters = json!({ "Name": name, "SAMLMetadataDocument": metadata });
        self.production.iam("create_saml_provider", parameters);
    }

    /// A role for jane of the provider.
    fn role(&self, name: &str) {
        let trust = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "Federated": self.provider },
            "Action": "sts:AssumeRoleWithSAML",
            "Condition": { "StringEquals": {
                "SAML:aud": "https://signin.aws.amazon.com/saml", "SAML:sub": "jane",
            }},
        }});
        self.production.role_trusting(name, &trust);
    }

    /// What the identity provider makes: see scripts/saml_idp.py.
    #[track_caller]
    fn idp(&self, operation: &str, parameters: Value) -> String {
        let made = self.world.anonymous().call("saml", operation, parameters);
        made.ok().as_str().expect("a text").to_owned()
    }

    /// A response that names the role, changed by `parameters`.
    #[track_caller]
    fn response(&self, mut parameters: Value) -> String {
        if parameters.get("roles").is_none() {
            parameters["roles"] = json!([format!("{},{}", self.role, self.provider)]);
        }
        self.idp("response", parameters)
    }

    #[track_caller]
    fn assume(&self, parameters: Value) -> Reply {
        self.redeem(&self.response(parameters))
    }

    fn redeem(&self, response: &str) -> Reply {
        let parameters = json!({
            "RoleArn": self.role, "PrincipalArn": self.provider, "SAMLAssertion": response,
        });
        let nobody = self.world.anonymous();
        nobody.call("sts", "assume_role_with_saml", parameters)
    }

    /// Refused as an identity token, with these words in the sentence.
    #[track_caller]
    fn refused(&self, parameters: Value, why: &str) {
        let said = parameters.to_string();
        let reply = self.assume(parameters);
        assert!(
            reply.is_refused("InvalidIdentityToken"),
            "{said}: {reply:?}"
        );
        let refusal = reply.refused("InvalidIdentityToken");
        assert_eq!(refusal.status, 400, "{said}");
        assert!(refusal.message.contains(why), "{said}: {refusal:?}");
    }
}

#[test]
fn jane_of_another_companys_provider_works_with_the_stock_cli() {
    let realm = Realm::start();
    let (production, role, provider) = (&realm.production, &realm.role, &realm.provider);
    production.bucket("reports");
    production.object("reports", "a.txt", "a");
    let resources = json!("arn:aws:s3:::reports/*");
    let read = policy("Allow", json!("s3:GetObject"), resources);
    production.put_policy("role", "Operator", "read", &read);

    let mut desk = realm.world.terminal();
    let response = realm.response(json!({ "style": "okta" }));
    desk.file("response.b64", &response);
    let assume = format!(
        "aws sts assume-role-with-saml --role-arn {role} --principal-arn {provider} --saml-assertion file://response.b64"
    );
    let session = desk.types(&assume).json();
    assert_eq!(session["Subject"], "jane");
    assert_eq!(session["SubjectType"], "persistent");
    assert_eq!(session["Issuer"], "https://corp.example.com/metadata");
    assert_eq!(session["Audience"], "https://signin.aws.amazon.com/saml");
    let text = |name: &str| session["Credentials"][name].as_str().expect("a text");
    desk.export("AWS_ACCESS_KEY_ID", text("AccessKeyId"));
    desk.export("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey"));
    desk.export("AWS_SESSION_TOKEN", text("SessionToken"));
    let who = desk.types("aws sts get-caller-identity").json();
    assert_eq!(
        who["Arn"],
        format!(
            "arn:aws:sts::{}:assumed-role/Operator/jane@example.com",
            production.id()
        )
    );
    desk.types("aws s3 cp s3://reports/a.txt -").ok();
    desk.types("aws s3 rm s3://reports/a.txt").denied();
    // Whoever overheard the response comes too late with it.
    let again = realm.redeem(&response).refused("InvalidIdentityToken");
    assert!(again.message.contains("redeemed already"), "{again:?}");
}

/// Products differ in what they sign, by which algorithm, under which prefixes, and where these are declared.
#[test]
fn however_a_product_signs_its_people_come_in() {
    let realm = Realm::start();
    for style in ["here", "ancestor", "okta", "adfs", "bare"] {
        for sign in ["assertion", "response", "both"] {
            for pretty in [false, true] {
                realm
                    .assume(json!({ "style": style, "sign": sign, "pretty": pretty }))
                    .ok();
            }
        }
    }
    for signature in ["rsa-sha256", "rsa-sha384", "rsa-sha512"] {
        for digest in ["sha256", "sha384", "sha512"] {
            let how = json!({ "signature": signature, "digest": digest });
            realm.assume(json!({ "how": how })).ok();
        }
    }
    let with_comments = format!("{EXCLUSIVE}WithComments");
    for style in ["here", "ancestor", "okta"] {
        // Those in force, in force below only, in force nowhere, and the default one.
        for prefixes in [
            json!(["xs"]),
            json!(["xs", "xsi", "samlp"]),
            json!(["nowhere"]),
            json!(["#default", "xs"]),
        ] {
            for form in [EXCLUSIVE, &with_comments] {
                for sign in ["assertion", "response"] {
                    let how = json!({ "prefixes": prefixes, "form": form });
                    realm
                        .assume(json!({ "style": style, "sign": sign, "how": how }))
                        .ok();
                }
            }
        }
    }
    // Text that canonical form writes otherwise than the document does.
    let odd = json!({ "attributes": { "https://example.com/odd": ["a & b < c > d \"e\" ' é\u{2028} \r\n\t end"] } });
    realm.assume(odd).ok();
    // Keys of the other kind.
    for (kind, signature) in [("ec256", "ecdsa-sha256"), ("ec384", "ecdsa-sha384")] {
        let metadata = realm.idp("metadata", json!({ "idp": "corp", "kind": kind }));
        let update = json!({ "SAMLProviderArn": realm.provider, "SAMLMetadataDocument": metadata });
        realm.production.iam("update_saml_provider", update);
        let how = json!({ "signature": signature });
        realm.assume(json!({ "kind": kind, "how": how })).ok();
        // What was signed by the key before is nobody's any more.
        realm.refused(json!({}), "not by a key");
    }
}

#[test]
fn what_an_attacker_makes_of_a_good_response_is_refused() {
    let realm = Realm::start();
    for (attack, sign, why) in [
        ("xsw1", "response", "exactly one assertion"),
        ("xsw2", "response", "exactly one assertion"),
        ("xsw3", "assertion", "exactly one assertion"),
        ("xsw4", "assertion", "exactly one assertion"),
        ("xsw5", "assertion", "exactly one assertion"),
        ("xsw6", "assertion", "exactly one assertion"),
        ("xsw7", "assertion", "exactly one assertion"),
        ("xsw8", "assertion", "stands twice"),
        ("twin", "assertion", "stands twice"),
        ("part", "assertion", "is of another element"),
        ("changed", "assertion", "was changed"),
        ("changed", "response", "was changed"),
        ("comment", "assertion", "comment"),
        ("comment", "response", "comment"),
        ("instruction", "assertion", "processing instruction"),
        ("doctype", "assertion", "document type"),
        ("entity", "assertion", "entity"),
        (
            "encrypted",
            "assertion",
            "encrypted assertions are not taken",
        ),
        ("stripped", "assertion", "there is none"),
        // Of two signatures the inner one is taken away, which the outer one is over.
        ("stripped", "both", "was changed"),
    ] {
        for style in ["here", "okta"] {
            if style == "okta" && attack == "doctype" {
                continue;
            }
            realm.refused(
                json!({ "attack": attack, "sign": sign, "style": style }),
                why,
            );
        }
    }
    // The provider's public key as a shared secret; SHA-1; a padding that the profile has not; the old canonical form.
    for (how, why) in [
        (
            json!({ "signature": "hmac-sha256" }),
            "algorithm is not taken",
        ),
        (json!({ "signature": "rsa-sha1" }), "algorithm is not taken"),
        (json!({ "digest": "sha1" }), "algorithm is not taken"),
        (
            json!({ "signature": "sha256-rsa-MGF1" }),
            "algorithm is not taken",
        ),
        (
            json!({ "form": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" }),
            "canonical form",
        ),
        (
            json!({ "form": "http://www.w3.org/2006/12/xml-c14n11" }),
            "canonical form",
        ),
    ] {
        realm.refused(json!({ "how": how }), why);
    }
    // A stranger's key, which the signature itself brings along as a certificate.
    realm.refused(json!({ "signer": "mallory" }), "not by a key");
    // Another provider of the same account vouches for its own people only.
    realm.provider("partner", json!({ "idp": "partner" }));
    realm.refused(
        json!({ "idp": "partner", "issuer": "corp" }),
        "not by a key",
    );
    realm.refused(json!({ "issuer": "partner" }), "Issuer not present");
    // All of that was the attacker's doing.
    realm.assume(json!({})).ok();
}

#[test]
fn a_good_response_for_others_or_for_another_time_is_refused() {
    let realm = Realm::start();
    realm.refused(
        json!({ "audience": "https://other.example.com" }),
        "audience",
    );
    realm.refused(
        json!({ "recipient": "https://other.example.com/saml" }),
        "recipient",
    );
    realm.refused(
        json!({ "recipient": "https://signin.aws.amazon.com.example.com/saml" }),
        "recipient",
    );
    realm.refused(json!({ "begins": 3 }), "not valid yet");
    realm.refused(json!({ "issued": 3 }), "not valid yet");
    realm.refused(json!({ "session": "ja ne" }), "RoleSessionName");
    for late in [json!({ "ends": -2 }), json!({ "issued": -7 })] {
        let refusal = realm.assume(late).refused("ExpiredTokenException");
        assert_eq!(refusal.status, 400);
    }
    // The role exists and trusts the provider, but the provider lets its subject into another one, or names another provider,
    // or another account's provider of the same name.
    realm.role("Admin");
    let dev = realm.world.account("Development");
    let (role, provider) = (&realm.role, &realm.provider);
    for pair in [
        format!("{},{provider}", realm.production.arn("role/Admin")),
        format!("{role},{}", realm.production.arn("saml-provider/partner")),
        format!("{role},{}", dev.arn("saml-provider/corp")),
        format!("{role}*,{provider}"),
        role.clone(),
    ] {
        realm.assume(json!({ "roles": [pair] })).denied();
    }
    // The subject is not the one that the trust policy asks for; letters count.
    for subject in ["john", "Jane", "jane "] {
        let reply = realm.assume(json!({ "subject": subject }));
        if subject.trim() == "jane" {
            reply.ok();
        } else {
            reply.denied();
        }
    }
    // Tags and a source identity want the trust policy's leave.
    let tagged = json!({ "attributes": { "PrincipalTag:Team": ["Blue"] } });
    realm.assume(tagged).denied();
    realm
        .assume(json!({ "attributes": { "SourceIdentity": ["jane"] } }))
        .denied();
    // In either order, and among others.
    let roles = json!([
        format!("{provider} , {}", realm.production.arn("role/Admin")),
        format!("{provider},{role}"),
    ]);
    realm.assume(json!({ "roles": roles })).ok();
}
