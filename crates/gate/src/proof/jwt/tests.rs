//! Tokens as honest providers sign them, and as attackers would like them to be taken.

use serde_json::json;

use super::*;
use crate::proof::{jwks, keypair::KeyPair};

const NOW: Millis = 1_405_695_600_000;
const NOW_SECONDS: u64 = NOW / 1000;
const PROVIDER: &str = "arn:aws:iam::999999999999:oidc-provider/id.example.com";

fn claims() -> Value {
    json!({
        "iss": "https://id.example.com", "sub": "system:ci", "aud": ["app"],
        "iat": NOW_SECONDS, "exp": NOW_SECONDS + 600, "amr": ["authenticated", "mfa"],
    })
}

fn keys(pairs: &[(&str, &KeyPair)]) -> Vec<Key> {
    let set: Vec<Value> = pairs
        .iter()
        .map(|(id, pair)| pair.jwk(id).expect("a key"))
        .collect();
    jwks::parse(json!({ "keys": set }).to_string().as_bytes()).expect("a set")
}

fn verified(token: &str, keys: &[Key], clients: Option<&[String]>) -> Result<WebIdentity, Fault> {
    Unverified::parse(token)?.verify(keys, PROVIDER, "id.example.com", clients, NOW)
}

fn refused(token: &str, keys: &[Key]) -> Fault {
    verified(token, keys, Some(&["app".into()])).expect_err("must be refused")
}

#[test]
fn every_algorithm_of_awss_verifies_and_its_claims_become_condition_keys() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384] {
        let pair = KeyPair::generate(algorithm).expect("a pair");
        let token = pair.token("k1", &claims()).expect("signed");
        let keys = keys(&[
            ("k0", &KeyPair::generate(Algorithm::Es256).expect("a pair")),
            ("k1", &pair),
        ]);
        let identity =
            verified(&token, &keys, Some(&["other".into(), "app".into()])).expect("believed");
        assert_eq!(
            (identity.subject.as_str(), identity.audience.as_str()),
            ("system:ci", "app")
        );
        let one = |text: &str| Some(Fact::One(text.to_owned()));
        assert_eq!(
            identity.proven.fact("id.example.com:sub").cloned(),
            one("system:ci")
        );
        assert_eq!(
            identity.proven.fact("id.example.com:aud").cloned(),
            one("app")
        );
        assert_eq!(
            identity.proven.fact("id.example.com:amr").cloned(),
            Some(Fact::Many(vec!["authenticated".into(), "mfa".into()]))
        );
        assert_eq!(identity.proven.provider(), PROVIDER);
    }
}

/// `none`, an HMAC keyed with the public key, another key under the right id, a changed claim, a cut signature.
#[test]
fn a_token_that_its_provider_did_not_sign_is_refused() {
    let pair = KeyPair::generate(Algorithm::Rs256).expect("a pair");
    let set = keys(&[("k1", &pair)]);
    let good = pair.token("k1", &claims()).expect("signed");
    assert!(verified(&good, &set, Some(&["app".into()])).is_ok());
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged = |header: Value, signature: &[u8]| {
        format!(
            "{}.{}.{}",
            part(&header),
            part(&claims()),
            URL_SAFE_NO_PAD.encode(signature)
        )
    };
    for none in ["none", "None", "NONE", ""] {
        let fault = refused(&forged(json!({ "alg": none }), b""), &set);
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("InvalidIdentityToken", 400)
        );
    }
    assert_eq!(
        refused(&forged(json!({}), b""), &set).code,
        "InvalidIdentityToken"
    );
    for hmac in ["HS256", "HS384", "HS512"] {
        use hmac::{Hmac, KeyInit, Mac};
        let jwk = pair.jwk("k1").expect("a key").to_string();
        let header = json!({ "alg": hmac, "kid": "k1" });
        let signed = format!("{}.{}", part(&header), part(&claims()));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(jwk.as_bytes()).expect("any key");
        mac.update(signed.as_bytes());
        let token = forged(header, &mac.finalize().into_bytes());
        assert!(refused(&token, &set).message.contains(hmac));
    }
    let other = KeyPair::generate(Algorithm::Rs256).expect("a pair");
    assert!(
        refused(&other.token("k1", &claims()).expect("signed"), &set)
            .message
            .contains("signature")
    );
    // A key in the header vouches for nobody.
    let jwk = other.jwk("k1").expect("a key");
    let header =
        json!({ "alg": "RS256", "kid": "k1", "jwk": jwk, "jku": "https://evil.example.com" });
    let signed = format!("{}.{}", part(&header), part(&claims()));
    let own = forged(header, &other.sign(signed.as_bytes()).expect("signed"));
    assert!(refused(&own, &set).message.contains("signature"));
    let (head, signature) = good.rsplit_once('.').expect("parts");
    let (header, _) = head.split_once('.').expect("parts");
    let mut grown = claims();
    grown["sub"] = json!("system:admin");
    refused(&format!("{header}.{}.{signature}", part(&grown)), &set);
    refused(
        &format!("{head}.{}", &signature[..signature.len() - 4]),
        &set,
    );
    refused(&format!("{head}."), &set);
    // ES256 asked of an RSA key, and an id that no key has.
    let ec = KeyPair::generate(Algorithm::Es256).expect("a pair");
    refused(&ec.token("k1", &claims()).expect("signed"), &set);
    refused(&pair.token("k2", &claims()).expect("signed"), &set);
    for broken in ["", ".", "..", "a.b.c", "a.b.c.d", &good.replace('.', "")] {
        refused(broken, &set);
    }
    let critical = json!({ "alg": "RS256", "kid": "k1", "crit": ["exp"] });
    let signed = format!("{}.{}", part(&critical), part(&claims()));
    refused(
        &forged(critical, &pair.sign(signed.as_bytes()).expect("signed")),
        &set,
    );
}

#[test]
fn a_token_for_others_or_for_another_time_is_refused() {
    let pair = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let set = keys(&[("k1", &pair)]);
    let with = |changes: &[(&str, Value)]| {
        let mut claims = claims();
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        pair.token("k1", &claims).expect("signed")
    };
    let fault = |changes: &[(&str, Value)]| refused(&with(changes), &set);
    assert_eq!(
        fault(&[("aud", json!("other"))]).message,
        "Incorrect token audience"
    );
    assert_eq!(
        fault(&[("azp", json!("other"))]).message,
        "Incorrect token audience"
    );
    assert_eq!(
        fault(&[("azp", json!("app")), ("aud", json!("other"))]).message,
        "Incorrect token audience"
    );
    let expired = fault(&[("exp", json!(NOW_SECONDS - 301))]);
    assert_eq!(
        (expired.code.as_ref(), expired.status),
        ("ExpiredTokenException", 400)
    );
    assert_eq!(
        fault(&[("nbf", json!(NOW_SECONDS + 301))]).message,
        "The token is not valid yet"
    );
    assert_eq!(
        fault(&[("iat", json!(NOW_SECONDS + 301))]).message,
        "The token is not valid yet"
    );
    for claim in ["sub", "aud", "exp", "iat", "iss"] {
        assert_eq!(
            fault(&[(claim, Value::Null)]).message,
            format!("Missing a required claim: {claim}")
        );
    }
    // The clocks may differ by five minutes.
    for changes in [
        [("exp", json!(NOW_SECONDS - 299))],
        [("nbf", json!(NOW_SECONDS + 299))],
    ] {
        assert!(verified(&with(&changes), &set, Some(&["app".into()])).is_ok());
    }
    let both = with(&[("azp", json!("mobile")), ("aud", json!(["x", "app"]))]);
    let identity =
        verified(&both, &set, Some(&["app".into(), "mobile".into()])).expect("both are ours");
    assert_eq!(identity.audience, "mobile");
    assert_eq!(
        identity.proven.fact("id.example.com:oaud"),
        Some(&Fact::One("app".into()))
    );
    // A provider without client ids takes none.
    assert!(verified(&with(&[]), &set, Some(&[])).is_err());
}

#[test]
fn an_address_that_its_issuer_has_not_verified_is_no_condition_key() {
    let pair = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let set = keys(&[("k1", &pair)]);
    let shown = |verified_email: Option<Value>| {
        let mut claims = claims();
        claims["email"] = json!("jane@example.com");
        if let Some(value) = verified_email {
            claims["email_verified"] = value;
        }
        let token = pair.token("k1", &claims).expect("signed");
        let identity = verified(&token, &set, Some(&["app".into()])).expect("believed");
        identity.proven.fact("id.example.com:email").is_some()
    };
    for (value, shows) in [
        (None, true),
        (Some(json!(true)), true),
        (Some(json!("true")), true),
        (Some(json!(false)), false),
        (Some(json!("false")), false),
        (Some(json!(null)), false),
        (Some(json!(1)), false),
    ] {
        assert_eq!(shown(value.clone()), shows, "{value:?}");
    }
}

#[test]
fn tags_and_the_source_identity_are_read_in_awss_form_only() {
    let pair = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let set = keys(&[("k1", &pair)]);
    let of = |tags: Value| {
        let mut claims = claims();
        claims[TAGS] = tags;
        claims[SOURCE_IDENTITY] = json!("jane");
        verified(
            &pair.token("k1", &claims).expect("signed"),
            &set,
            Some(&["app".into()]),
        )
    };
    let good = of(json!({
        "principal_tags": { "Team": ["Blue"], "Desk": "7" }, "transitive_tag_keys": ["Team"],
    }))
    .expect("believed");
    assert_eq!(good.source_identity.as_deref(), Some("jane"));
    assert_eq!(
        good.tags,
        [
            ("Desk".to_owned(), "7".to_owned()),
            ("Team".to_owned(), "Blue".to_owned())
        ]
    );
    assert_eq!(good.transitive, ["Team"]);
    for bad in [
        json!("x"),
        json!({ "principal_tags": [] }),
        json!({ "principal_tags": { "Team": ["Blue", "Red"] } }),
        json!({ "principal_tags": { "Team": 1 } }),
    ] {
        of(bad).expect_err("malformed");
    }
}

#[test]
fn a_key_set_is_read_within_limits_and_without_what_is_of_no_use() {
    let pair = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let mut other_use = pair.jwk("enc").expect("a key");
    other_use["use"] = json!("enc");
    let set = json!({ "keys": [
        other_use,
        { "kty": "oct", "k": "c2VjcmV0", "kid": "k1" },
        { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" },
        { "kty": "RSA", "n": "AAAA", "e": "AQAB" },
        pair.jwk("k1").expect("a key"),
    ]});
    assert_eq!(
        jwks::parse(set.to_string().as_bytes())
            .expect("a set")
            .len(),
        1
    );
    let many: Vec<Value> = (0..201).map(|_| pair.jwk("k").expect("a key")).collect();
    assert!(jwks::parse(json!({ "keys": many }).to_string().as_bytes()).is_err());
    assert!(jwks::parse(b"[]").is_err() && jwks::parse(b"nonsense").is_err());
}
