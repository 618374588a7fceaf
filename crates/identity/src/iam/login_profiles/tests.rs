use super::*;
use crate::testing::{TestWorld, assert_denied, assert_refused, root};

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
    assert!(passwords::verify(
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
    assert!(passwords::verify("Battery-staple-8", &login.password_hash));
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
