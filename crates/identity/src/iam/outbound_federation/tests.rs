//! An account that vouches for its own: what it signs is verified by what it publishes, by the verifier for everybody's tokens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use twinlock_gate::proof::{jwks, jwt::Unverified};
use twinlock_shapes::sts::{GetWebIdentityTokenInput, Tag};

use super::*;
use crate::{
    outbound,
    sts::GetWebIdentityToken,
    testing::{ALLOW_ALL, START, TestWorld, allow, assert_refused, refused},
};

const A: &str = "111111111111";
const B: &str = "222222222222";

fn token(algorithm: &str) -> GetWebIdentityTokenInput {
    GetWebIdentityTokenInput {
        audience: vec!["https://api.example.com".into()],
        signing_algorithm: algorithm.into(),
        ..Default::default()
    }
}

#[test]
fn what_the_account_signs_its_published_keys_verify() {
    let w = TestWorld::new(&[A]);
    let bob = w.user(A, "Bob", ALLOW_ALL);
    assert_refused(
        w.read::<GetOutboundWebIdentityFederationInfo>(&bob, Default::default()),
        "FeatureDisabled",
        "Outbound web identity federation is not enabled for this account.",
    );
    let fault = w
        .read::<GetWebIdentityToken>(&bob, token("ES384"))
        .expect_err("disabled");
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("OutboundWebIdentityFederationDisabledException", 403)
    );
    let on = w
        .change::<EnableOutboundWebIdentityFederation>(&bob, Default::default())
        .expect("enabled");
    let issuer = on.issuer_identifier.expect("an issuer");
    let code = refused(w.change::<EnableOutboundWebIdentityFederation>(&bob, Default::default())).0;
    assert_eq!(code, "FeatureEnabled");

    let path = issuer
        .strip_prefix("http://localhost")
        .expect("our own address");
    let document = |file: &str| {
        let path = format!("{path}/.well-known/{file}");
        outbound::document(&w.world.directory, "http://localhost", &path)
    };
    let discovery = document("openid-configuration").expect("published");
    assert_eq!(discovery["issuer"], issuer.as_str());
    assert_eq!(
        discovery["jwks_uri"],
        format!("{issuer}/.well-known/jwks.json")
    );
    let published = document("jwks.json").expect("published").to_string();
    assert!(!published.contains("\"d\"") && !published.contains("sealed"));
    let keys = jwks::parse(published.as_bytes()).expect("a key set");
    for algorithm in ["RS256", "ES384"] {
        let input = GetWebIdentityTokenInput {
            tags: Some(vec![Tag {
                key: "job".into(),
                value: "7".into(),
            }]),
            ..token(algorithm)
        };
        let made = w.read::<GetWebIdentityToken>(&bob, input).expect("signed");
        assert_eq!(made.expiration.map(|at| at.0), Some(START + 300_000));
        let signed = made.web_identity_token.expect("a token");
        let identity = Unverified::parse(&signed)
            .expect("a token")
            .verify(
                &keys,
                "p",
                "p",
                Some(&["https://api.example.com".into()]),
                START,
            )
            .expect("verified");
        assert_eq!(identity.issuer, issuer);
        assert_eq!(identity.subject, "arn:aws:iam::111111111111:user/Bob");
    }
    w.change::<DisableOutboundWebIdentityFederation>(&bob, Default::default())
        .expect("disabled");
    assert!(document("jwks.json").is_none());
    w.read::<GetWebIdentityToken>(&bob, token("RS256"))
        .expect_err("disabled again");
    let again = w
        .change::<EnableOutboundWebIdentityFederation>(&bob, Default::default())
        .expect("enabled again");
    assert_eq!(
        again.issuer_identifier,
        Some(issuer),
        "the issuer stays the account's"
    );
}

#[test]
fn a_token_is_asked_for_by_audience_and_never_outlives_its_session() {
    let w = TestWorld::new(&[A]);
    let bob = w.user(A, "Bob", ALLOW_ALL);
    w.change::<EnableOutboundWebIdentityFederation>(&bob, Default::default())
        .expect("enabled");
    let only = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetWebIdentityToken","Resource":"*","Condition":{"ForAllValues:StringEquals":{"sts:IdentityTokenAudience":"https://other"}}}}"#;
    let amy = w.user(A, "Amy", only);
    assert_eq!(
        refused(w.read::<GetWebIdentityToken>(&amy, token("ES384"))).0,
        "AccessDenied"
    );
    let sri = w.user(A, "Sri", &allow("sts:GetWebIdentityToken", "*"));
    let tagged = GetWebIdentityTokenInput {
        tags: Some(vec![Tag {
            key: "job".into(),
            value: "7".into(),
        }]),
        ..token("ES384")
    };
    let denied = refused(w.read::<GetWebIdentityToken>(&sri, tagged)).1;
    assert!(denied.contains("sts:TagGetWebIdentityToken"), "{denied}");
    assert_eq!(
        refused(w.read::<GetWebIdentityToken>(&bob, token("HS256"))).0,
        "ValidationError"
    );
    let mut session = w.role_session(A, "Deploy", "s1");
    let of = twinlock_gate::token::SessionOf::User {
        account: A.parse().expect("an id"),
        user_id: None,
    };
    let short = twinlock_gate::token::Session::new(of, START, START + 299_000);
    session.session = Some(std::sync::Arc::new(short));
    // A session of the root user may call no such operation; the role's own may, for as long as it lives.
    w.read::<GetWebIdentityToken>(&session, token("ES384"))
        .expect_err("barred");
}

/// The account signs where the token was asked for; a caller must not make it sign a word of its own.
#[test]
fn a_token_says_where_it_was_asked_for_and_where_the_account_stands() {
    let w = TestWorld::new(&[A, B]);
    w.organization(B, &[A]);
    let mut bob = w.user(A, "Bob", ALLOW_ALL);
    w.change::<EnableOutboundWebIdentityFederation>(&bob, Default::default())
        .expect("enabled");
    for (asked, said) in [
        ("eu-west-1", "eu-west-1"),
        ("us-gov-east-1", "us-gov-east-1"),
        ("everywhere", "us-east-1"),
        ("eu-west-1 ", "us-east-1"),
        ("", "us-east-1"),
    ] {
        bob.request.region = asked.into();
        let made = w
            .read::<GetWebIdentityToken>(&bob, token("ES384"))
            .expect("signed");
        let signed = made.web_identity_token.expect("a token");
        let claims = signed.split('.').nth(1).expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        let own = &claims["https://sts.amazonaws.com/"];
        assert_eq!(own["source_region"], said, "{asked}");
        assert_eq!(own["aws_account"], A);
        let organization = own["org_id"].as_str().expect("an id");
        let path = own["ou_path"].as_str().expect("a path");
        assert!(
            path.starts_with(&format!("{organization}/r-")) && path.ends_with('/'),
            "{path}"
        );
    }
}
