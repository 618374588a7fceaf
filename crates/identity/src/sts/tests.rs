//! Sessions as attackers and honest callers would have them: both sides' consent, expiry, chaining, revocation.

mod messages;
mod roots;

use twinlock_directory::{Role, StoredPolicy};
use twinlock_gate::{Caller, Fault, Need, RequestFacts, iso};
use twinlock_shapes::sts::{
    AssumeRoleInput, AssumeRoleOutput, Credentials, GetCallerIdentityInput,
    GetFederationTokenInput, GetSessionTokenInput, PolicyDescriptorType, Tag,
};

use super::{AssumeRole, GetCallerIdentity, GetFederationToken, GetSessionToken};
use crate::{
    iam::{role_settings::TagRole, users::GetUser},
    testing::{ALLOW_ALL, START, TestWorld, allow, root},
};

mod mfa;

const PROD: &str = "999999999999";
const DEV: &str = "111111111111";
const UPDATE_APP: &str = "arn:aws:iam::999999999999:role/UpdateApp";

fn trusting(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}}}"#
    )
}

fn world() -> TestWorld {
    TestWorld::new(&[PROD, DEV])
}

fn assume(role: &str) -> AssumeRoleInput {
    AssumeRoleInput {
        role_arn: role.into(),
        role_session_name: "David-ProdUpdate".into(),
        ..AssumeRoleInput::default()
    }
}

/// The caller that the credentials make.
fn as_session(world: &TestWorld, credentials: Option<&Credentials>) -> Caller {
    let credentials = credentials.expect("credentials");
    let opened = world
        .world
        .tokens
        .open(&credentials.access_key_id, &credentials.session_token)
        .expect("our own token opens");
    assert_eq!(*opened.secret, credentials.secret_access_key);
    Caller::in_session(
        opened.session.clone(),
        &credentials.access_key_id,
        RequestFacts::none("us-east-1"),
    )
}

fn denied(result: Result<AssumeRoleOutput, Fault>) -> String {
    let fault = result.expect_err("must be denied");
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("AccessDenied", 403),
        "{fault}"
    );
    fault.message
}

fn who_am_i(world: &TestWorld, caller: &Caller) -> Result<String, Fault> {
    let answer = world.read::<GetCallerIdentity>(caller, GetCallerIdentityInput::default())?;
    Ok(answer.arn.expect("an arn"))
}

#[test]
fn a_door_between_accounts_opens_only_when_both_locks_turn() {
    let w = world();
    let allowed = w.user(DEV, "John", &allow("sts:AssumeRole", UPDATE_APP));
    let without = w.user(DEV, "Sri", "");
    // Neither the caller's side alone …
    assert!(
        denied(w.effect::<AssumeRole>(&allowed, assume(UPDATE_APP)))
            .ends_with(&format!("on resource: {UPDATE_APP}"))
    );
    w.role(
        PROD,
        "UpdateApp",
        &trusting("arn:aws:iam::111111111111:root"),
        "",
    );
    // … nor the role's side alone …
    assert_eq!(
        denied(w.effect::<AssumeRole>(&without, assume(UPDATE_APP))),
        format!(
            "User: arn:aws:iam::{DEV}:user/Sri is not authorized to perform: sts:AssumeRole on resource: {UPDATE_APP} because no identity-based policy allows the sts:AssumeRole action"
        )
    );
    // … but both.
    let made = w
        .effect::<AssumeRole>(&allowed, assume(UPDATE_APP))
        .expect("assumed");
    let session = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        who_am_i(&w, &session).expect("alive"),
        format!("arn:aws:sts::{PROD}:assumed-role/UpdateApp/David-ProdUpdate")
    );
    assert_eq!(made.packed_policy_size, None);
    // A user of a third place is refused although the role is there.
    let elsewhere = w.user(PROD, "Troy", "");
    denied(w.effect::<AssumeRole>(&elsewhere, assume(UPDATE_APP)));
}

#[test]
fn a_missing_role_and_one_of_another_spelling_are_denied_alike() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting("*"), "");
    let other_case = "arn:aws:iam::999999999999:role/updateapp";
    let missing = "arn:aws:iam::999999999999:role/missings1";
    let (a, b) = (
        denied(w.effect::<AssumeRole>(&john, assume(other_case))),
        denied(w.effect::<AssumeRole>(&john, assume(missing))),
    );
    assert_eq!(a.replace("updateapp", "missings1"), b);
    let fault = w
        .effect::<AssumeRole>(&john, assume("arn:aws:iam::999999999999:user/x"))
        .expect_err("no role");
    assert_eq!(fault.code, "ValidationError");
}

/// What the call denies for the role's tags alone, an explanation must not call allowed.
#[test]
fn a_denial_that_only_tags_make_is_explained_as_a_denial() {
    let w = world();
    w.role(PROD, "Red", &trusting("arn:aws:iam::111111111111:root"), "");
    let tag = twinlock_shapes::iam::Tag {
        key: "team".into(),
        value: "red".into(),
    };
    let input = twinlock_shapes::iam::TagRoleInput {
        role_name: "Red".into(),
        tags: vec![tag],
    };
    w.change::<TagRole>(&root(PROD), input).expect("tagged");
    let everything = r#""Action":"*","Resource":"*""#;
    let red = r#""Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}"#;
    let caller = w.user(
        DEV,
        "Bob",
        &format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{everything}}},{{"Effect":"Deny",{everything},{red}}}]}}"#
        ),
    );
    let arn = format!("arn:aws:iam::{PROD}:role/Red");
    denied(w.effect::<AssumeRole>(&caller, assume(&arn)));
    let snapshot = w.world.directory.published();
    let need = super::doors::asked(Need::on(super::assume_role::ASSUME, arn), &snapshot);
    let explained = w.world.explain(&caller, &need).expect("explained");
    assert!(!explained.for_caller(Some(DEV)).decision.allowed());
}

/// A caller writes conditions on tags into its own policies and looks at how it is refused.
#[test]
fn the_tags_of_another_accounts_role_cannot_be_felt_out() {
    let w = world();
    for role in ["Red", "Plain"] {
        w.role(
            PROD,
            role,
            &trusting("arn:aws:iam::999999999999:user/nobody"),
            "",
        );
    }
    let tag = twinlock_shapes::iam::Tag {
        key: "team".into(),
        value: "red".into(),
    };
    let input = twinlock_shapes::iam::TagRoleInput {
        role_name: "Red".into(),
        tags: vec![tag],
    };
    w.change::<TagRole>(&root(PROD), input).expect("tagged");
    let red = r#""Condition":{"StringLike":{"aws:ResourceTag/team":"r*"}}"#;
    let everything = r#""Action":"*","Resource":"*""#;
    for (user, statements) in [
        ("Ann", format!(r#"{{"Effect":"Allow",{everything},{red}}}"#)),
        (
            "Bob",
            format!(r#"{{"Effect":"Allow",{everything}}},{{"Effect":"Deny",{everything},{red}}}"#),
        ),
    ] {
        let caller = w.user(
            DEV,
            user,
            &format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#),
        );
        let told = |role: &str| {
            let arn = format!("arn:aws:iam::{PROD}:role/{role}");
            let answer = denied(w.effect::<AssumeRole>(&caller, assume(&arn)));
            let snapshot = w.world.directory.published();
            let need = super::doors::asked(Need::on(super::assume_role::ASSUME, arn), &snapshot);
            let explained = w.world.explain(&caller, &need).expect("explained");
            let explained = explained.for_caller(Some(DEV));
            let told = format!("{answer} {:?} {:?}", explained.message, explained.policies);
            told.replace(role, "ROLE")
        };
        assert_eq!(told("Red"), told("Plain"), "{user}");
        assert_eq!(told("Red"), told("Gone"), "{user}");
    }
}

#[test]
fn within_one_account_a_trust_that_names_the_user_is_enough() {
    let w = world();
    let john = w.user(DEV, "John", "");
    w.role(
        DEV,
        "Own",
        &trusting("arn:aws:iam::111111111111:user/John"),
        "",
    );
    w.role(DEV, "Account", &trusting(DEV), "");
    assert!(
        w.effect::<AssumeRole>(&john, assume("arn:aws:iam::111111111111:role/Own"))
            .is_ok()
    );
    denied(w.effect::<AssumeRole>(&john, assume("arn:aws:iam::111111111111:role/Account")));
}

#[test]
fn root_may_assume_nothing() {
    let w = world();
    w.role(PROD, "UpdateApp", &trusting("*"), "");
    assert_eq!(
        denied(w.effect::<AssumeRole>(&root(DEV), assume(UPDATE_APP))),
        "Roles may not be assumed by root accounts."
    );
}

#[test]
fn an_external_id_is_asked_for_and_must_be_right() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let trust = trusting(DEV).replace(
        r#""Action""#,
        r#""Condition":{"StringEquals":{"sts:ExternalId":"Acme-42"}},"Action""#,
    );
    w.role(PROD, "UpdateApp", &trust, "");
    let with = |id: Option<&str>| AssumeRoleInput {
        external_id: id.map(str::to_owned),
        ..assume(UPDATE_APP)
    };
    denied(w.effect::<AssumeRole>(&john, with(None)));
    denied(w.effect::<AssumeRole>(&john, with(Some("acme-42"))));
    assert!(w.effect::<AssumeRole>(&john, with(Some("Acme-42"))).is_ok());
}

#[test]
fn no_mfa_code_is_ever_taken_unchecked() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let input = AssumeRoleInput {
        serial_number: Some("arn:aws:iam::111111111111:mfa/John".into()),
        token_code: Some("123456".into()),
        ..assume(UPDATE_APP)
    };
    assert!(
        denied(w.effect::<AssumeRole>(&john, input))
            .contains("unable to validate MFA code.  Please")
    );
}

#[test]
fn a_session_policy_cuts_the_role() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting(DEV), ALLOW_ALL);
    let look = |w: &TestWorld, caller: &Caller| {
        w.read::<GetUser>(
            caller,
            twinlock_shapes::iam::GetUserInput {
                user_name: Some("Nobody".into()),
            },
        )
        .expect_err("there is no such user")
        .code
        .into_owned()
    };
    let whole = w
        .effect::<AssumeRole>(&john, assume(UPDATE_APP))
        .expect("assumed");
    assert_eq!(
        look(&w, &as_session(&w, whole.credentials.as_ref())),
        "NoSuchEntity"
    );
    let cut = AssumeRoleInput {
        policy: Some(allow("s3:*", "*")),
        ..assume(UPDATE_APP)
    };
    let cut = w.effect::<AssumeRole>(&john, cut).expect("assumed");
    assert!(cut.packed_policy_size.is_some_and(|percent| percent > 0));
    assert_eq!(
        look(&w, &as_session(&w, cut.credentials.as_ref())),
        "AccessDenied"
    );
    let managed = AssumeRoleInput {
        policy_arns: Some(vec![PolicyDescriptorType {
            arn: Some("arn:aws:iam::aws:policy/IAMReadOnlyAccess".into()),
        }]),
        ..assume(UPDATE_APP)
    };
    let managed = w.effect::<AssumeRole>(&john, managed).expect("assumed");
    assert_eq!(
        look(&w, &as_session(&w, managed.credentials.as_ref())),
        "NoSuchEntity"
    );
    let unknown = AssumeRoleInput {
        policy_arns: Some(vec![PolicyDescriptorType {
            arn: Some("arn:aws:iam::999999999999:policy/None".into()),
        }]),
        ..assume(UPDATE_APP)
    };
    assert_eq!(
        w.effect::<AssumeRole>(&john, unknown)
            .expect_err("unknown")
            .code,
        "MalformedPolicyDocument"
    );
}

#[test]
fn durations_are_bounded_by_the_role_and_chains_by_an_hour() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting("*"), ALLOW_ALL);
    let lasting = |seconds| AssumeRoleInput {
        duration_seconds: Some(seconds),
        ..assume(UPDATE_APP)
    };
    let first = w
        .effect::<AssumeRole>(&john, lasting(7200))
        .expect("as long as the role says");
    assert_eq!(
        first
            .credentials
            .as_ref()
            .expect("credentials")
            .expiration
            .0,
        START + 7_200_000
    );
    let fault = w
        .effect::<AssumeRole>(&john, lasting(7201))
        .expect_err("longer");
    assert_eq!(
        fault.message,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    let chained = as_session(&w, first.credentials.as_ref());
    assert!(w.effect::<AssumeRole>(&chained, lasting(3600)).is_ok());
    let fault = w
        .effect::<AssumeRole>(&chained, lasting(3601))
        .expect_err("chained");
    assert_eq!(
        fault.message,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    );
}

#[test]
fn a_deleted_role_kills_its_sessions_and_a_new_one_of_the_name_does_not_revive_them() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let role = w.role(PROD, "UpdateApp", &trusting(DEV), ALLOW_ALL);
    let made = w
        .effect::<AssumeRole>(&john, assume(UPDATE_APP))
        .expect("assumed");
    let session = as_session(&w, made.credentials.as_ref());
    assert!(who_am_i(&w, &session).is_ok());
    let turn = w.world.directory.turn();
    let mut batch = turn.batch();
    batch.delete_row(role);
    turn.commit(batch).wait().expect("deleted");
    assert_eq!(
        who_am_i(&w, &session).expect_err("dead").code,
        "InvalidClientTokenId"
    );
    w.role(PROD, "UpdateApp", &trusting(DEV), ALLOW_ALL);
    assert_eq!(
        who_am_i(&w, &session).expect_err("still dead").code,
        "InvalidClientTokenId"
    );
}

#[test]
fn revoking_kills_what_was_issued_before_to_the_millisecond() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let role = w.role(PROD, "UpdateApp", &trusting(DEV), ALLOW_ALL);
    let old = as_session(
        &w,
        w.effect::<AssumeRole>(&john, assume(UPDATE_APP))
            .expect("old")
            .credentials
            .as_ref(),
    );
    w.world.clock.advance(1);
    let revoked_at = w.world.clock.now();
    let same = as_session(
        &w,
        w.effect::<AssumeRole>(&john, assume(UPDATE_APP))
            .expect("same")
            .credentials
            .as_ref(),
    );
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"{}"}}}}}}]}}"#,
        iso(revoked_at)
    );
    let mut inline = role.inline.clone();
    inline.insert(
        "AWSRevokeOlderSessions".into(),
        StoredPolicy::new(text, Default::default()).into(),
    );
    w.put(Role { inline, ..role });
    let look = |caller: &Caller| {
        w.read::<GetUser>(
            caller,
            twinlock_shapes::iam::GetUserInput {
                user_name: Some("Nobody".into()),
            },
        )
        .expect_err("no such user")
        .code
        .into_owned()
    };
    assert_eq!(look(&old), "AccessDenied");
    assert_eq!(look(&same), "NoSuchEntity");
}

#[test]
fn transitive_tags_and_the_source_identity_go_down_the_chain_unchanged() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting("*"), ALLOW_ALL);
    let tag = |key: &str, value: &str| Tag {
        key: key.into(),
        value: value.into(),
    };
    let first = AssumeRoleInput {
        tags: Some(vec![tag("Team", "Blue"), tag("Desk", "7")]),
        transitive_tag_keys: Some(vec!["Team".into()]),
        source_identity: Some("John".into()),
        ..assume(UPDATE_APP)
    };
    let first = as_session(
        &w,
        w.effect::<AssumeRole>(&john, first)
            .expect("first")
            .credentials
            .as_ref(),
    );
    let second = w
        .effect::<AssumeRole>(&first, assume(UPDATE_APP))
        .expect("second");
    assert_eq!(second.source_identity.as_deref(), Some("John"));
    let second = as_session(&w, second.credentials.as_ref());
    let held = second.session.as_ref().expect("a session");
    assert_eq!(held.tags, [("Team".to_owned(), "Blue".to_owned())]);
    let overriding = AssumeRoleInput {
        tags: Some(vec![tag("team", "Red")]),
        ..assume(UPDATE_APP)
    };
    assert_eq!(
        w.effect::<AssumeRole>(&first, overriding)
            .expect_err("override")
            .code,
        "InvalidParameterValue"
    );
    let other = AssumeRoleInput {
        source_identity: Some("Sri".into()),
        ..assume(UPDATE_APP)
    };
    denied(w.effect::<AssumeRole>(&second, other));
    let twice = AssumeRoleInput {
        tags: Some(vec![tag("a", "1"), tag("A", "2")]),
        ..assume(UPDATE_APP)
    };
    assert_eq!(
        w.effect::<AssumeRole>(&john, twice)
            .expect_err("twice")
            .code,
        "InvalidParameterValue"
    );
    let stray = AssumeRoleInput {
        transitive_tag_keys: Some(vec!["x".into()]),
        ..assume(UPDATE_APP)
    };
    assert_eq!(
        w.effect::<AssumeRole>(&john, stray)
            .expect_err("stray")
            .code,
        "InvalidParameterValue"
    );
}

#[test]
fn a_source_identity_that_is_handed_down_must_be_admitted_by_the_next_role() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting("*"), ALLOW_ALL);
    let bare = trusting("*").replace(",\"sts:SetSourceIdentity\"", "");
    w.role(PROD, "Next", &bare, "");
    let next = "arn:aws:iam::999999999999:role/Next";
    let by = |identity: Option<&str>| {
        let input = AssumeRoleInput {
            source_identity: identity.map(str::to_owned),
            ..assume(UPDATE_APP)
        };
        let made = w.effect::<AssumeRole>(&john, input).expect("first");
        as_session(&w, made.credentials.as_ref())
    };
    w.effect::<AssumeRole>(&by(None), assume(next))
        .expect("nothing to hand down");
    let message = denied(w.effect::<AssumeRole>(&by(Some("John")), assume(next)));
    assert!(message.contains("sts:SetSourceIdentity"), "{message}");
}

#[test]
fn session_policies_are_ten_at_most_and_contexts_that_nobody_verifies_are_refused() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    w.role(PROD, "UpdateApp", &trusting("*"), ALLOW_ALL);
    let by = |count: usize| {
        let policy = PolicyDescriptorType {
            arn: Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into()),
        };
        let input = AssumeRoleInput {
            policy_arns: Some(vec![policy; count]),
            ..assume(UPDATE_APP)
        };
        w.effect::<AssumeRole>(&john, input)
    };
    by(10).expect("ten");
    let fault = by(11).expect_err("eleven");
    assert_eq!(
        fault.message,
        "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10"
    );
    let input = AssumeRoleInput {
        provided_contexts: Some(vec![Default::default()]),
        ..assume(UPDATE_APP)
    };
    let fault = w.effect::<AssumeRole>(&john, input).expect_err("a context");
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("InvalidParameterValue", 400)
    );
}

#[test]
fn tags_need_tag_session_on_both_sides() {
    let w = world();
    let john = w.user(DEV, "John", &allow("sts:AssumeRole", UPDATE_APP));
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let tagged = AssumeRoleInput {
        tags: Some(vec![Tag {
            key: "Team".into(),
            value: "Blue".into(),
        }]),
        ..assume(UPDATE_APP)
    };
    assert!(denied(w.effect::<AssumeRole>(&john, tagged)).contains("sts:TagSession"));
}

#[test]
fn get_session_token_is_for_long_term_keys_and_bars_iam_without_mfa() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let made = w
        .effect::<GetSessionToken>(&john, GetSessionTokenInput::default())
        .expect("a session");
    let session = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        who_am_i(&w, &session).expect("alive"),
        format!("arn:aws:iam::{DEV}:user/John")
    );
    let fault = w
        .effect::<GetSessionToken>(&session, GetSessionTokenInput::default())
        .expect_err("a session");
    assert_eq!(
        fault.message,
        "Cannot call GetSessionToken with session credentials"
    );
    let fault = w
        .read::<GetUser>(
            &session,
            twinlock_shapes::iam::GetUserInput { user_name: None },
        )
        .expect_err("no MFA");
    assert_eq!(fault.code, "InvalidClientTokenId");
    // Root's sessions live an hour, whatever was asked.
    let made = w
        .effect::<GetSessionToken>(
            &root(DEV),
            GetSessionTokenInput {
                duration_seconds: Some(129_600),
                ..Default::default()
            },
        )
        .expect("root's session");
    assert_eq!(
        made.credentials.expect("credentials").expiration.0,
        START + 3_600_000
    );
}

#[test]
fn a_federated_user_has_nothing_without_a_policy_and_may_not_call_iam() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let input = GetFederationTokenInput {
        name: "Jane".into(),
        ..GetFederationTokenInput::default()
    };
    let made = w
        .read::<GetFederationToken>(&john, input)
        .expect("a session");
    assert_eq!(made.packed_policy_size, Some(0));
    let jane = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        who_am_i(&w, &jane).expect("alive"),
        format!("arn:aws:sts::{DEV}:federated-user/Jane")
    );
    w.role(PROD, "UpdateApp", &trusting("*"), "");
    assert!(
        denied(w.effect::<AssumeRole>(&jane, assume(UPDATE_APP)))
            .starts_with("Cannot call AssumeRole")
    );
}

/// A bar on one session kills that one; a bar on an issuer kills what is older than it, to the millisecond.
#[test]
fn a_revoked_session_is_dead_at_the_next_call() {
    use twinlock_directory::{Bar, Barred};
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let role = w.role(PROD, "UpdateApp", &trusting("*"), ALLOW_ALL);
    let session = || {
        let made = w
            .effect::<AssumeRole>(&john, assume(UPDATE_APP))
            .expect("assumed");
        as_session(&w, made.credentials.as_ref())
    };
    let bar = |what: Barred| {
        w.put(Bar {
            account: PROD.parse().expect("an id"),
            what,
            expires: START + 3_600_000,
        });
    };
    let (one, other) = (session(), session());
    bar(Barred::Session {
        access_key_id: one.access_key_id.clone(),
    });
    let fault = who_am_i(&w, &one).expect_err("revoked");
    assert_eq!(fault.code, "ExpiredToken");
    who_am_i(&w, &other).expect("another one lives");
    bar(Barred::Issuer {
        unique_id: role.id.clone(),
        issued_before: START,
    });
    who_am_i(&w, &other).expect("issued in this very millisecond");
    bar(Barred::Issuer {
        unique_id: role.id.clone(),
        issued_before: START + 1,
    });
    assert_eq!(
        who_am_i(&w, &other).expect_err("older").code,
        "ExpiredToken"
    );
    w.world.clock.advance(1);
    who_am_i(&w, &session()).expect("issued later");
    who_am_i(&w, &john).expect("a long-term key has no session");
    // What need not be barred any more goes.
    w.world.clock.advance(3_600_000);
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(w.world.sweep_bars())
        .expect("swept");
    let snapshot = w.world.directory.published();
    let node = snapshot
        .account(&PROD.parse().expect("an id"))
        .expect("there");
    assert!(node.bars.is_empty());
}
