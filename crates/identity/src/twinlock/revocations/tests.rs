use twinlock_gate::{
    Caller, RequestFacts, Who,
    token::{Session, SessionOf},
};
use twinlock_wire::time::Millis as Instant;

use super::*;
use crate::{
    sts::GetCallerIdentity,
    testing::{ALLOW_ALL, START, TestWorld, allow, assert_denied, refused, root},
};

const A: &str = "111111111111";
const B: &str = "222222222222";
const HOUR: Millis = 3_600_000;

fn account(id: &str) -> AccountId {
    id.parse().expect("an account id")
}

/// A session made now.
fn session(world: &TestWorld, of: SessionOf) -> Caller {
    let now = world.world.clock.now();
    let session = Session::new(of, now, now + HOUR);
    let (credentials, _) = world.world.tokens.issue(&session).expect("sealed");
    Caller::in_session(
        Arc::new(session),
        &credentials.access_key_id,
        RequestFacts::none("us-east-1"),
    )
}

fn role_session(world: &TestWorld, role: &Role) -> Caller {
    session(
        world,
        SessionOf::Role {
            account: role.account,
            role_id: role.id.clone(),
            name: "s".into(),
        },
    )
}

fn lives(world: &TestWorld, caller: &Caller) -> bool {
    match world.read::<GetCallerIdentity>(caller, Default::default()) {
        Ok(_) => true,
        Err(fault) => {
            assert_eq!(fault.code, "ExpiredToken");
            false
        }
    }
}

fn one(world: &TestWorld, by: &Caller, of: &Caller) -> Result<shapes::Revocation, Fault> {
    let input = shapes::RevokeSessionInput {
        access_key_id: of.access_key_id.clone(),
    };
    let answer = world.change::<RevokeSession>(by, input)?;
    Ok(answer.revocation.expect("told"))
}

fn older(
    world: &TestWorld,
    by: &Caller,
    arn: &str,
    issued_before: Option<Millis>,
) -> Result<shapes::Revocation, Fault> {
    let input = shapes::RevokeOlderSessionsInput {
        principal_arn: arn.to_owned(),
        issued_before: issued_before.map(Instant),
    };
    let answer = world.change::<RevokeOlderSessions>(by, input)?;
    Ok(answer.revocation.expect("told"))
}

fn list(world: &TestWorld, by: &Caller) -> Vec<shapes::Revocation> {
    let answer = world.read::<ListRevocations>(by, Default::default());
    answer.expect("listed").revocations
}

#[test]
fn one_session_ends_and_no_other() {
    let world = TestWorld::new(&[A, B]);
    let role = world.role(A, "Ops", ALLOW_ALL, ALLOW_ALL);
    let (first, second) = (role_session(&world, &role), role_session(&world, &role));
    let arn = format!("arn:aws:twinlock::{A}:session/{}", first.access_key_id);
    let nobody = world.user(A, "Nobody", &allow("twinlock:ListRevocations", "*"));
    assert_denied(one(&world, &nobody, &first), &arn);
    assert_eq!(
        refused(one(&world, &root(B), &first)).0,
        "ResourceNotFoundException",
        "another account's root"
    );
    assert!(lives(&world, &first) && list(&world, &root(B)).is_empty());

    let guard = world.user(A, "Guard", &allow("twinlock:RevokeSession", &arn));
    let told = one(&world, &guard, &first).expect("revoked");
    assert_eq!(told.access_key_id.as_deref(), Some(&*first.access_key_id));
    assert_eq!(told.expires_at.0, START + SESSION_MS_MAX);
    assert!(!lives(&world, &first) && lives(&world, &second));
    assert_denied(
        one(&world, &guard, &second),
        &format!("arn:aws:twinlock::{A}:session/{}", second.access_key_id),
    );
    // Who is revoked cannot revoke any more.
    assert_eq!(refused(one(&world, &first, &second)).0, "ExpiredToken");
    assert_eq!(list(&world, &nobody), std::slice::from_ref(&told));
    assert_eq!(one(&world, &root(A), &first).expect("again"), told);
}

#[test]
fn everything_older_ends_and_nothing_later() {
    let world = TestWorld::new(&[A, B]);
    let role = world.role(A, "Ops", ALLOW_ALL, ALLOW_ALL);
    let other = world.role(A, "Other", ALLOW_ALL, ALLOW_ALL);
    let guard = allow("twinlock:RevokeOlderSessions", &role.arn());
    let guard = world.user(A, "Guard", &guard);
    let early = role_session(&world, &role);
    let elsewhere = role_session(&world, &other);
    world.world.clock.advance(HOUR / 4);
    let middle = role_session(&world, &role);
    let before = START + HOUR / 4;
    let told = older(&world, &guard, &role.arn(), Some(before)).expect("revoked");
    assert_eq!(told.issued_before, Some(Instant(before)));
    assert_eq!(told.principal_id.as_deref(), Some(&*role.id));
    assert_eq!(told.principal_arn, Some(role.arn()));
    assert_eq!(told.expires_at.0, before + SESSION_MS_MAX);
    assert!(!lives(&world, &early) && lives(&world, &middle));

    older(&world, &guard, &role.arn(), None).expect("revoked");
    assert!(!lives(&world, &middle), "made in this very millisecond");
    assert!(lives(&world, &elsewhere));
    // An earlier instant raises nobody.
    let told = older(&world, &guard, &role.arn(), Some(START)).expect("taken");
    assert_eq!(told.issued_before, Some(Instant(before + 1)));
    assert!(!lives(&world, &middle));
    world.world.clock.advance(1);
    assert!(lives(&world, &role_session(&world, &role)));
    assert_eq!(list(&world, &root(A)).len(), 1);

    world.world.clock.advance(SESSION_MS_MAX);
    assert!(list(&world, &root(A)).is_empty());
}

#[test]
fn users_and_root_have_sessions_too() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", ALLOW_ALL);
    let amy = world.stored_user(A, "Amy");
    let of_amy = |world: &TestWorld| {
        let user_id = Some(amy.id.clone());
        session(
            world,
            SessionOf::User {
                account: account(A),
                user_id,
            },
        )
    };
    let of_root = |world: &TestWorld| {
        session(
            world,
            SessionOf::User {
                account: account(A),
                user_id: None,
            },
        )
    };
    let (hers, federated, roots) = (
        of_amy(&world),
        session(
            &world,
            SessionOf::Federated {
                account: account(A),
                user_id: Some(amy.id.clone()),
                name: "kiosk".into(),
            },
        ),
        of_root(&world),
    );
    older(&world, &root(A), &amy.arn(), None).expect("revoked");
    assert!(!lives(&world, &hers) && !lives(&world, &federated) && lives(&world, &roots));
    let told = older(&world, &root(A), &account(A).root_arn(), None).expect("revoked");
    assert_eq!(told.principal_arn, Some(account(A).root_arn()));
    assert!(!lives(&world, &roots));
    let key = world.user(A, "Bob", ALLOW_ALL);
    assert!(lives(&world, &key), "a long-term key has no session");
}

#[test]
fn only_ones_own_account_and_only_what_is_there() {
    let world = TestWorld::new(&[A, B]);
    let role = world.role(A, "Ops", ALLOW_ALL, ALLOW_ALL);
    let victim = role_session(&world, &role);
    for (by, arn) in [
        (root(B), role.arn()),
        (root(B), account(A).root_arn()),
        (world.user(A, "Nobody", ""), role.arn()),
        (
            world.user(
                A,
                "Elsewhere",
                &allow(
                    "twinlock:RevokeOlderSessions",
                    &format!("arn:aws:iam::{A}:role/Else*"),
                ),
            ),
            role.arn(),
        ),
    ] {
        let (code, message) = refused(older(&world, &by, &arn, None));
        assert_eq!(code, "AccessDenied", "{message}");
    }
    let code = |arn: &str, before| refused(older(&world, &root(A), arn, before)).0;
    let none = format!("arn:aws:iam::{A}:role/None");
    assert_eq!(code(&none, None), "ResourceNotFoundException");
    let path = format!("arn:aws:iam::{A}:role/elsewhere/Ops");
    assert_eq!(code(&path, None), "ResourceNotFoundException");
    let user = format!("arn:aws:iam::{A}:user/Ops");
    assert_eq!(code(&user, None), "ResourceNotFoundException");
    assert_eq!(
        code("arn:aws:s3:::a-bucket-of-ours", None),
        "ValidationError"
    );
    assert_eq!(code(&role.arn(), Some(START + 1)), "ValidationError");
    assert!(lives(&world, &victim) && list(&world, &root(A)).is_empty());
    assert_denied(
        world.read::<ListRevocations>(&world.user(A, "Blind", ""), Default::default()),
        "*",
    );
}

/// What IAM refuses, this refuses: a session without MFA of a user, and a federated one.
#[test]
fn weak_sessions_revoke_nobody() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", ALLOW_ALL);
    let user_id = Some(world.stored_user(A, "Amy").id);
    let role = world.role(A, "Ops", ALLOW_ALL, ALLOW_ALL);
    let victim = role_session(&world, &role);
    let own = SessionOf::User {
        account: account(A),
        user_id: user_id.clone(),
    };
    let federated = SessionOf::Federated {
        account: account(A),
        user_id,
        name: "f".into(),
    };
    for of in [own, federated] {
        let (code, message) = refused(one(&world, &session(&world, of), &victim));
        assert_eq!(code, "AccessDenied");
        assert_eq!(
            message,
            "Cannot call RevokeSession with session credentials"
        );
    }
    assert!(matches!(victim.who, Who::RoleSession { .. }) && lives(&world, &victim));
}

#[test]
fn a_list_has_pages_and_nothing_that_nobody_revoked() {
    let world = TestWorld::new(&[A]);
    let role = world.role(A, "Ops", ALLOW_ALL, ALLOW_ALL);
    let redeemed = Barred::Assertion {
        digest: "00".into(),
    };
    // What somebody got by `aws login` and ended by signing out.
    let signed_out = Barred::Session {
        access_key_id: "0123456789abcdef0123456789abcdef".into(),
    };
    for what in [redeemed, signed_out] {
        world.put(Bar {
            account: account(A),
            what,
            expires: START + HOUR,
        });
    }
    for _ in 0..3 {
        one(&world, &root(A), &role_session(&world, &role)).expect("revoked");
    }
    older(&world, &root(A), &role.arn(), None).expect("revoked");
    let whole = list(&world, &root(A));
    assert_eq!(whole.len(), 4);
    assert!(whole[0].principal_arn.is_some() && whole[1].access_key_id.is_some());
    let (mut pages, mut next_token) = (Vec::new(), None);
    loop {
        let input = shapes::ListRevocationsInput {
            max_results: Some(1),
            next_token,
        };
        let page = world
            .read::<ListRevocations>(&root(A), input)
            .expect("a page");
        assert_eq!(page.revocations.len(), 1);
        pages.extend(page.revocations);
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(pages, whole);
}
