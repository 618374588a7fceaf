use super::*;
use crate::{
    iam::password_policy::UpdateAccountPasswordPolicy,
    testing::{ALLOW_ALL, TestWorld, allow, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";

fn create(name: &str, password: Option<&str>) -> shapes::CreateLoginProfileInput {
    shapes::CreateLoginProfileInput {
        user_name: Some(name.into()),
        password: password.map(str::to_owned),
        password_reset_required: Some(true),
    }
}

#[test]
fn a_password_is_set_changed_and_taken_away() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let made = world
        .change::<CreateLoginProfile>(&root(A), create("Amy", Some("Correct-horse-7")))
        .expect("made")
        .login_profile;
    assert_eq!(
        (made.user_name.as_str(), made.password_reset_required),
        ("Amy", Some(true))
    );
    assert_refused(
        world.change::<CreateLoginProfile>(&root(A), create("Amy", Some("Correct-horse-7"))),
        "EntityAlreadyExists",
        "Login Profile for user Amy already exists.",
    );
    let stored = || {
        let snapshot = world.world.directory.published();
        let node = snapshot
            .account(&A.parse().expect("an id"))
            .expect("the account");
        node.user("Amy").expect("Amy").login.clone()
    };
    assert!(twinlock_directory::passwords::verify(
        "Correct-horse-7",
        &stored().expect("one").password_hash
    ));
    world.world.clock.advance(5000);
    let update = shapes::UpdateLoginProfileInput {
        user_name: "Amy".into(),
        password: Some("Battery-staple-8".into()),
        password_reset_required: Some(false),
    };
    world
        .change::<UpdateLoginProfile>(&root(A), update)
        .expect("changed");
    let login = stored().expect("one");
    assert!(twinlock_directory::passwords::verify(
        "Battery-staple-8",
        &login.password_hash
    ));
    assert_eq!(login.changed, login.created + 5000);
    let get = || shapes::GetLoginProfileInput {
        user_name: Some("Amy".into()),
    };
    let shown = world
        .read::<GetLoginProfile>(&root(A), get())
        .expect("shown")
        .login_profile;
    assert_eq!(shown.password_reset_required, Some(false));
    let delete = || shapes::DeleteLoginProfileInput {
        user_name: Some("Amy".into()),
    };
    world
        .change::<DeleteLoginProfile>(&root(A), delete())
        .expect("deleted");
    let gone = "Login Profile for User Amy cannot be found.";
    assert_refused(
        world.change::<DeleteLoginProfile>(&root(A), delete()),
        "NoSuchEntity",
        gone,
    );
    assert_refused(
        world.read::<GetLoginProfile>(&root(A), get()),
        "NoSuchEntity",
        gone,
    );
    let update = shapes::UpdateLoginProfileInput {
        user_name: "Amy".into(),
        ..Default::default()
    };
    assert_refused(
        world.change::<UpdateLoginProfile>(&root(A), update),
        "NoSuchEntity",
        gone,
    );
}

#[test]
fn weak_passwords_and_strangers_are_refused() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    for weak in ["Ab1-", "abcdefgh", "abcdefg1", "        ab"] {
        let refused = world.change::<CreateLoginProfile>(&root(A), create("Amy", Some(weak)));
        assert_eq!(refused.expect_err(weak).code, "PasswordPolicyViolation");
    }
    let missing = world.change::<CreateLoginProfile>(&root(A), create("Amy", None));
    assert_eq!(missing.expect_err("no password").code, "ValidationError");
    assert_refused(
        world.change::<CreateLoginProfile>(&root(A), create("Eve", Some("Correct-horse-7"))),
        "NoSuchEntity",
        "The user with name Eve cannot be found.",
    );
    // A stranger hears no word about the password either.
    assert_denied(
        world.change::<CreateLoginProfile>(&amy, create("Amy", Some("weak"))),
        "user Amy",
    );
}

fn change(old: &str, new: &str) -> shapes::ChangePasswordInput {
    shapes::ChangePasswordInput {
        old_password: old.into(),
        new_password: new.into(),
    }
}

fn policy(
    input: shapes::UpdateAccountPasswordPolicyInput,
) -> shapes::UpdateAccountPasswordPolicyInput {
    shapes::UpdateAccountPasswordPolicyInput {
        minimum_password_length: input.minimum_password_length.or(Some(6)),
        ..input
    }
}

#[test]
fn a_user_changes_the_own_password_knowing_the_old_one() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(
        A,
        "Amy",
        &allow("iam:ChangePassword", "arn:aws:iam::081278057606:user/Amy"),
    );
    assert_refused(
        world.change::<ChangePassword>(&amy, change("x", "Correct-horse-8")),
        "NoSuchEntity",
        "Login Profile for User Amy cannot be found.",
    );
    world
        .change::<CreateLoginProfile>(&root(A), create("Amy", Some("Correct-horse-7")))
        .expect("made");
    assert_refused(
        world.change::<ChangePassword>(&amy, change("Correct-horse-6", "Correct-horse-8")),
        "AccessDenied",
        "The old password was incorrect.",
    );
    let weak = world.change::<ChangePassword>(&amy, change("Correct-horse-7", "horse"));
    assert_eq!(weak.expect_err("weak").code, "PasswordPolicyViolation");
    world
        .change::<ChangePassword>(&amy, change("Correct-horse-7", "Correct-horse-8"))
        .expect("changed");
    let user = world.stored_user(A, "Amy");
    let login = user.login.expect("a profile");
    assert!(twinlock_directory::passwords::verify(
        "Correct-horse-8",
        &login.password_hash
    ));
    assert!(!login.reset_required, "what was asked for has been done");
    for caller in [root(A), world.role_session(A, "Ops", "amy")] {
        let refused =
            world.change::<ChangePassword>(&caller, change("Correct-horse-8", "Correct-horse-9"));
        assert_eq!(refused.expect_err("no user").code, "InvalidUserType");
    }
}

#[test]
fn who_guesses_at_an_old_password_has_to_wait_even_with_the_right_one() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", &allow("iam:ChangePassword", "*"));
    world
        .change::<CreateLoginProfile>(&root(A), create("Amy", Some("Correct-horse-7")))
        .expect("made");
    for _ in 0..5 {
        let refused = world.change::<ChangePassword>(&amy, change("guess", "Correct-horse-8"));
        assert_eq!(refused.expect_err("wrong").code, "AccessDenied");
    }
    let right =
        || world.change::<ChangePassword>(&amy, change("Correct-horse-7", "Correct-horse-8"));
    assert_eq!(right().expect_err("too soon").code, "AccessDenied");
    world.world.clock.advance(1_000);
    right().expect("after waiting");
}

#[test]
fn the_accounts_policy_lets_users_change_their_passwords_unless_denied() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    let deny =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}"#;
    let eve = world.user(A, "Eve", deny);
    for name in ["Amy", "Eve"] {
        world
            .change::<CreateLoginProfile>(&root(A), create(name, Some("Correct-horse-7")))
            .expect("made");
    }
    let to = |caller| {
        world.change::<ChangePassword>(caller, change("Correct-horse-7", "Correct-horse-8"))
    };
    assert_denied(to(&amy), "user Amy");
    let allowing = shapes::UpdateAccountPasswordPolicyInput {
        allow_users_to_change_password: Some(true),
        ..Default::default()
    };
    world
        .change::<UpdateAccountPasswordPolicy>(&root(A), policy(allowing))
        .expect("set");
    to(&amy).expect("allowed by the account's policy");
    assert_eq!(to(&eve).expect_err("denied").code, "AccessDenied");
    world
        .change::<UpdateAccountPasswordPolicy>(&root(A), policy(Default::default()))
        .expect("set");
    assert_denied(
        world.change::<ChangePassword>(&amy, change("Correct-horse-8", "Correct-horse-9")),
        "user Amy",
    );
}

#[test]
fn the_accounts_policy_is_asked_whenever_a_password_is_set() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", &allow("iam:ChangePassword", "*"));
    let strict = shapes::UpdateAccountPasswordPolicyInput {
        minimum_password_length: Some(10),
        require_symbols: Some(true),
        require_numbers: Some(true),
        require_uppercase_characters: Some(true),
        require_lowercase_characters: Some(true),
        ..Default::default()
    };
    world
        .change::<UpdateAccountPasswordPolicy>(&root(A), strict)
        .expect("set");
    let rows = [
        ("Aa1-", "Password should have a minimum length of 10"),
        (
            "aaaaaaaa1-",
            "Password should have at least one uppercase letter",
        ),
        (
            "AAAAAAAA1-",
            "Password should have at least one lowercase letter",
        ),
        ("Aaaaaaaaa-", "Password should have at least one number"),
        ("Aaaaaaaaa1", "Password should have at least one symbol"),
    ];
    for (weak, message) in rows {
        assert_refused(
            world.change::<CreateLoginProfile>(&root(A), create("Amy", Some(weak))),
            "PasswordPolicyViolation",
            message,
        );
    }
    world
        .change::<CreateLoginProfile>(&root(A), create("Amy", Some("Aaaaaaaa1-")))
        .expect("strong");
    for (weak, message) in rows {
        let update = shapes::UpdateLoginProfileInput {
            user_name: "Amy".into(),
            password: Some(weak.into()),
            ..Default::default()
        };
        assert_refused(
            world.change::<UpdateLoginProfile>(&root(A), update),
            "PasswordPolicyViolation",
            message,
        );
        assert_refused(
            world.change::<ChangePassword>(&amy, change("Aaaaaaaa1-", weak)),
            "PasswordPolicyViolation",
            message,
        );
    }
}

#[test]
fn as_many_earlier_passwords_are_refused_as_the_policy_says() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", &allow("iam:ChangePassword", "*"));
    let two = shapes::UpdateAccountPasswordPolicyInput {
        password_reuse_prevention: Some(2),
        ..Default::default()
    };
    let set = |policy| {
        world
            .change::<UpdateAccountPasswordPolicy>(&root(A), policy)
            .expect("set")
    };
    set(two);
    world
        .change::<CreateLoginProfile>(&root(A), create("Amy", Some("password-1")))
        .expect("made");
    let to = |old: &str, new: &str| world.change::<ChangePassword>(&amy, change(old, new));
    let reuse =
        "Policy constraint violation with password reuse prevention during password change.";
    assert_refused(
        to("password-1", "password-1"),
        "PasswordPolicyViolation",
        reuse,
    );
    to("password-1", "password-2").expect("new");
    assert_refused(
        to("password-2", "password-1"),
        "PasswordPolicyViolation",
        reuse,
    );
    let update = |password: &str| {
        let update = shapes::UpdateLoginProfileInput {
            user_name: "Amy".into(),
            password: Some(password.into()),
            ..Default::default()
        };
        world.change::<UpdateLoginProfile>(&root(A), update)
    };
    assert_refused(update("password-1"), "PasswordPolicyViolation", reuse);
    to("password-2", "password-3").expect("new");
    to("password-3", "password-1").expect("two others were between");
    // What is remembered counts for a longer policy, too.
    set(shapes::UpdateAccountPasswordPolicyInput {
        password_reuse_prevention: Some(24),
        ..Default::default()
    });
    assert_refused(update("password-2"), "PasswordPolicyViolation", reuse);
    set(Default::default());
    update("password-2").expect("nothing is forbidden now");
}

/// A sign-in ends with the password that began it; what the person's keys made does not.
#[test]
fn another_password_from_an_administrator_ends_sign_ins_and_nothing_else() {
    use twinlock_gate::token::{Session, SessionOf};

    use crate::sts::GetCallerIdentity;

    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", ALLOW_ALL);
    let set = |password: &str| {
        let input = shapes::UpdateLoginProfileInput {
            user_name: "Amy".into(),
            password: Some(password.into()),
            ..Default::default()
        };
        world
            .change::<UpdateLoginProfile>(&root(A), input)
            .expect("set");
    };
    let input = shapes::CreateLoginProfileInput {
        user_name: Some("Amy".into()),
        password: Some("Amy-sample-1".into()),
        ..Default::default()
    };
    world
        .change::<CreateLoginProfile>(&root(A), input)
        .expect("made");
    let id = world.stored_user(A, "Amy").id;
    let session = |signed_in: bool| {
        let now = world.world.clock.now();
        let of = SessionOf::User {
            account: A.parse().expect("an id"),
            user_id: Some(id.clone()),
        };
        let session = Session {
            signed_in,
            ..Session::new(of, now, now + 3_600_000)
        };
        let facts = twinlock_gate::RequestFacts::none("us-east-1");
        Caller::in_session(session.into(), "ASIAXXXXXXXXXXXXXXXX", facts)
    };
    let lives = |caller: &Caller| match world.read::<GetCallerIdentity>(caller, Default::default())
    {
        Ok(_) => true,
        Err(fault) => {
            assert_eq!(fault.code, "ExpiredToken");
            false
        }
    };
    let (signed_in, by_key) = (session(true), session(false));
    world.world.clock.advance(1);
    // Her own choice ends nothing.
    let input = shapes::ChangePasswordInput {
        old_password: "Amy-sample-1".into(),
        new_password: "Amy-sample-2".into(),
    };
    world
        .change::<ChangePassword>(&signed_in, input)
        .expect("changed");
    assert!(lives(&signed_in));
    set("Amy-sample-3");
    assert!(!lives(&signed_in) && lives(&by_key));
    let again = session(true);
    assert!(lives(&again));
    world
        .change::<DeleteLoginProfile>(
            &root(A),
            shapes::DeleteLoginProfileInput {
                user_name: Some("Amy".into()),
            },
        )
        .expect("deleted");
    assert!(!lives(&again) && lives(&by_key));
}
