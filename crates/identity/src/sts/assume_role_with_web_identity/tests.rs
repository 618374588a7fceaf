//! Programs with tokens: what lets them in is the account's provider and the role's trust policy, both.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use twinlock_directory::OidcProvider;
use twinlock_gate::{
    Caller, RequestFacts, Who,
    proof::{
        issuers::{Configured, Issuers},
        jwks::Algorithm,
        keypair::KeyPair,
    },
};
use twinlock_shapes::{
    iam::GetUserInput,
    sts::{AssumeRoleInput, GetCallerIdentityInput},
};

use super::*;
use crate::{
    iam::users::GetUser,
    sts::{AssumeRole, GetCallerIdentity},
    testing::{ALLOW_ALL, START, TestWorld, allow, caller},
};

const PROD: &str = "999999999999";
const DEV: &str = "111111111111";
const ROLE: &str = "arn:aws:iam::999999999999:role/Deploy";
const PROVIDER: &str = "arn:aws:iam::999999999999:oidc-provider/id.example.com/realm";

struct Realm {
    w: TestWorld,
    pair: KeyPair,
    file: PathBuf,
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn realm() -> Realm {
    let pair = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let mut w = TestWorld::new(&[PROD, DEV]);
    let file = std::env::temp_dir().join(format!(
        "twinlock-jwks-{}-{:p}.json",
        std::process::id(),
        Arc::as_ptr(&w.world)
    ));
    let set = json!({ "keys": [pair.jwk("k1").expect("a key")] });
    std::fs::write(&file, set.to_string()).expect("written");
    let configured = Configured {
        issuer: "https://id.example.com/realm".into(),
        jwks_file: Some(file.clone()),
        jwks_url: None,
        ca_file: None,
    };
    Arc::get_mut(&mut w.world).expect("nobody else's").issuers = Issuers::new(vec![configured]);
    w.put(OidcProvider {
        account: PROD.parse().expect("an id"),
        id: "p1".into(),
        url: "id.example.com/realm".into(),
        created: START,
        client_ids: vec!["app".into()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    });
    Realm { w, pair, file }
}

/// Lets in whoever `provider` vouches for as `sub`, for these actions.
fn trusting(provider: &str, sub: &str, actions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":[{actions}],"Condition":{{"StringEquals":{{"id.example.com/realm:sub":"{sub}","id.example.com/realm:aud":"app"}}}}}}}}"#
    )
}

const ASSUME: &str = r#""sts:AssumeRoleWithWebIdentity""#;
const ALL_THREE: &str =
    r#""sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity""#;

fn anonymous() -> Caller {
    caller(Who::Anonymous)
}

impl Realm {
    fn token(&self, changes: &[(&str, Value)]) -> String {
        let now = START / 1000;
        let mut claims = json!({
            "iss": "https://id.example.com/realm", "sub": "ci", "aud": "app",
            "iat": now, "exp": now + 600,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        self.pair.token("k1", &claims).expect("signed")
    }

    fn assume(
        &self,
        caller: &Caller,
        token: String,
    ) -> Result<AssumeRoleWithWebIdentityOutput, Fault> {
        self.call(
            caller,
            AssumeRoleWithWebIdentityInput {
                role_arn: ROLE.into(),
                role_session_name: "build-7".into(),
                web_identity_token: token,
                ..Default::default()
            },
        )
    }

    fn call(
        &self,
        caller: &Caller,
        input: AssumeRoleWithWebIdentityInput,
    ) -> Result<AssumeRoleWithWebIdentityOutput, Fault> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(
                self.w
                    .world
                    .effect::<AssumeRoleWithWebIdentity>(caller, input),
            )
    }

    fn session(&self, made: &AssumeRoleWithWebIdentityOutput) -> Caller {
        let credentials = made.credentials.as_ref().expect("credentials");
        let opened = self
            .w
            .world
            .tokens
            .open(&credentials.access_key_id, &credentials.session_token)
            .expect("our own token opens");
        let facts = RequestFacts::none("us-east-1");
        Caller::in_session(opened.session.clone(), &credentials.access_key_id, facts)
    }
}

fn denied(result: Result<AssumeRoleWithWebIdentityOutput, Fault>) -> String {
    let fault = result.expect_err("must be denied");
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("AccessDenied", 403),
        "{fault}"
    );
    fault.message
}

#[test]
fn the_trust_policy_decides_by_provider_and_claims() {
    let r = realm();
    r.w.role(PROD, "Deploy", &trusting(PROVIDER, "ci", ASSUME), ALLOW_ALL);
    let made = r.assume(&anonymous(), r.token(&[])).expect("assumed");
    assert_eq!(made.subject_from_web_identity_token.as_deref(), Some("ci"));
    assert_eq!(made.audience.as_deref(), Some("app"));
    assert_eq!(made.provider.as_deref(), Some(PROVIDER));
    assert_eq!(made.packed_policy_size, None);
    let session = r.session(&made);
    let who =
        r.w.read::<GetCallerIdentity>(&session, GetCallerIdentityInput::default())
            .expect("alive");
    assert_eq!(
        who.arn.as_deref(),
        Some("arn:aws:sts::999999999999:assumed-role/Deploy/build-7")
    );
    assert_eq!(
        denied(r.assume(&anonymous(), r.token(&[("sub", json!("other"))]))),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
    // A role that is not there is refused in the same words.
    let missing = AssumeRoleWithWebIdentityInput {
        role_arn: "arn:aws:iam::999999999999:role/Missing".into(),
        role_session_name: "build-7".into(),
        web_identity_token: r.token(&[]),
        ..Default::default()
    };
    assert_eq!(
        denied(r.call(&anonymous(), missing)),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
}

#[test]
fn another_provider_or_an_ordinary_trust_lets_no_token_in() {
    let r = realm();
    for trust in [
        trusting("arn:aws:iam::999999999999:oidc-provider/id.example.com", "ci", ASSUME),
        trusting("accounts.google.com", "ci", ASSUME),
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRoleWithWebIdentity"}}"#.to_owned(),
        trusting(PROVIDER, "ci", r#""sts:AssumeRole""#),
    ] {
        let role = r.w.role(PROD, "Deploy", &trust, ALLOW_ALL);
        denied(r.assume(&anonymous(), r.token(&[])));
        // Nor does the administrator who sends the same call signed: the token's bearer is asked about.
        let admin = r.w.user(PROD, "Admin", ALLOW_ALL);
        denied(r.assume(&admin, r.token(&[])));
        for row in [twinlock_directory::Row::from(role), r.w.world.directory.published().user_by_id(match &admin.who {
            Who::User { id, .. } => id,
            _ => panic!("a user"),
        }).expect("the admin").clone().into()] {
            let turn = r.w.world.directory.turn();
            let mut batch = turn.batch();
            batch.delete(row.key());
            turn.commit(batch).wait().expect("gone");
        }
    }
}

#[test]
fn a_signed_callers_own_rights_neither_help_nor_hinder() {
    let r = realm();
    r.w.role(PROD, "Deploy", &trusting(PROVIDER, "ci", ASSUME), ALLOW_ALL);
    let deny =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let barred = r.w.user(DEV, "Barred", deny);
    r.assume(&barred, r.token(&[]))
        .expect("the token's bearer may");
}

#[test]
fn a_provider_counts_in_its_own_account_only() {
    let r = realm();
    let trust = trusting(
        "arn:aws:iam::111111111111:oidc-provider/id.example.com/realm",
        "ci",
        ASSUME,
    );
    r.w.role(DEV, "Deploy", &trust, ALLOW_ALL);
    let there = AssumeRoleWithWebIdentityInput {
        role_arn: "arn:aws:iam::111111111111:role/Deploy".into(),
        role_session_name: "build-7".into(),
        web_identity_token: r.token(&[]),
        ..Default::default()
    };
    let fault = r.call(&anonymous(), there).expect_err("no provider there");
    assert_eq!(
        (fault.code.as_ref(), fault.message.as_str()),
        (
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://id.example.com/realm"
        )
    );
    // An issuer that leaves its scheme out is not the provider's.
    let fault = r
        .assume(
            &anonymous(),
            r.token(&[("iss", json!("id.example.com/realm"))]),
        )
        .expect_err("no issuer");
    assert_eq!(fault.code, "InvalidIdentityToken");
}

#[test]
fn a_bad_token_or_parameter_is_told_before_the_role() {
    let r = realm();
    r.w.role(PROD, "Deploy", &trusting(PROVIDER, "ci", ASSUME), ALLOW_ALL);
    let code = |token: String| {
        r.assume(&anonymous(), token)
            .expect_err("refused")
            .code
            .into_owned()
    };
    let now = START / 1000;
    assert_eq!(
        code(r.token(&[("exp", json!(now - 400))])),
        "ExpiredTokenException"
    );
    assert_eq!(
        code(r.token(&[("aud", json!("other"))])),
        "InvalidIdentityToken"
    );
    let other = KeyPair::generate(Algorithm::Es256).expect("a pair");
    let claims = json!({ "iss": "https://id.example.com/realm", "sub": "ci", "aud": "app", "iat": now, "exp": now + 600 });
    assert_eq!(
        code(other.token("k1", &claims).expect("signed")),
        "InvalidIdentityToken"
    );
    let input = || AssumeRoleWithWebIdentityInput {
        role_arn: ROLE.into(),
        role_session_name: "build-7".into(),
        web_identity_token: r.token(&[]),
        ..Default::default()
    };
    let long = AssumeRoleWithWebIdentityInput {
        duration_seconds: Some(7201),
        ..input()
    };
    assert_eq!(
        r.call(&anonymous(), long).expect_err("too long").code,
        "ValidationError"
    );
    let facebook = AssumeRoleWithWebIdentityInput {
        provider_id: Some("graph.facebook.com".into()),
        ..input()
    };
    assert_eq!(
        r.call(&anonymous(), facebook).expect_err("OAuth").code,
        "InvalidIdentityToken"
    );
    let user = AssumeRoleWithWebIdentityInput {
        role_arn: "arn:aws:iam::999999999999:user/Deploy".into(),
        ..input()
    };
    assert_eq!(
        r.call(&anonymous(), user).expect_err("no role").code,
        "ValidationError"
    );
    std::fs::remove_file(&r.file).expect("removed");
    assert_eq!(code(r.token(&[])), "InvalidIdentityToken");
}

#[test]
fn tags_and_source_identity_need_the_trust_policys_leave_and_last() {
    let r = realm();
    let tags = json!({ "principal_tags": { "Team": ["Blue"], "Desk": ["7"] }, "transitive_tag_keys": ["Team"] });
    let token = || {
        r.token(&[
            ("https://aws.amazon.com/tags", tags.clone()),
            ("https://aws.amazon.com/source_identity", json!("jane")),
        ])
    };
    let role =
        r.w.role(PROD, "Deploy", &trusting(PROVIDER, "ci", ASSUME), ALLOW_ALL);
    assert_eq!(
        denied(r.assume(&anonymous(), token())),
        "Not authorized to perform sts:TagSession"
    );
    let trust = trusting(PROVIDER, "ci", ALL_THREE);
    r.w.put(twinlock_directory::Role {
        trust: Arc::new(twinlock_directory::StoredPolicy::new(
            trust,
            Default::default(),
        )),
        ..role
    });
    let made = r.assume(&anonymous(), token()).expect("assumed");
    assert_eq!(made.source_identity.as_deref(), Some("jane"));
    assert!(made.packed_policy_size.is_some_and(|percent| percent > 0));
    let session = r.session(&made);
    let held = session.session.as_ref().expect("a session");
    assert_eq!(held.transitive, ["Team"]);
    // The next role of the chain inherits what is transitive, and who it all began with.
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}"#;
    r.w.role(PROD, "Next", trust, ALLOW_ALL);
    let next =
        r.w.effect::<AssumeRole>(
            &session,
            AssumeRoleInput {
                role_arn: "arn:aws:iam::999999999999:role/Next".into(),
                role_session_name: "next".into(),
                ..Default::default()
            },
        )
        .expect("chained");
    assert_eq!(next.source_identity.as_deref(), Some("jane"));
    for bad in [
        json!({ "principal_tags": { "Te\u{7}am": "x" } }),
        json!({ "principal_tags": { "Team": "x".repeat(257) } }),
        json!({ "principal_tags": { "Team": "x" }, "transitive_tag_keys": ["Desk"] }),
    ] {
        let token = r.token(&[("https://aws.amazon.com/tags", bad)]);
        let fault = r.assume(&anonymous(), token).expect_err("malformed");
        assert_eq!(fault.code, "InvalidIdentityToken");
    }
    let long = r.token(&[("https://aws.amazon.com/source_identity", json!("j"))]);
    assert_eq!(
        r.assume(&anonymous(), long).expect_err("too short").code,
        "InvalidIdentityToken"
    );
}

/// What the token said stays a condition key of the session's own requests, and the provider too.
#[test]
fn the_session_remembers_its_provider_and_subject() {
    let r = realm();
    let when = |sub: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iam:GetUser","Resource":"*","Condition":{{"StringEquals":{{"id.example.com/realm:sub":"{sub}","aws:FederatedProvider":"{PROVIDER}"}}}}}}}}"#
        )
    };
    r.w.user(PROD, "John", &allow("iam:GetUser", "*"));
    for (sub, may) in [("ci", true), ("other", false)] {
        let role = r.w.role(
            PROD,
            "Deploy",
            &trusting(PROVIDER, "ci", ASSUME),
            &when(sub),
        );
        let made = r.assume(&anonymous(), r.token(&[])).expect("assumed");
        let seen = r.w.read::<GetUser>(
            &r.session(&made),
            GetUserInput {
                user_name: Some("John".into()),
            },
        );
        assert_eq!(seen.is_ok(), may, "{sub}");
        let turn = r.w.world.directory.turn();
        let mut batch = turn.batch();
        batch.delete_row(role);
        turn.commit(batch).wait().expect("gone");
    }
}
