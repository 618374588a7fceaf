use twinlock_directory::{Account, EnabledDevice, MfaDevice, Secret};
use twinlock_shapes::iam as shapes;

use super::*;
use crate::{
    iam::{
        login_profiles::CreateLoginProfile, password_policy::UpdateAccountPasswordPolicy,
        users::GetUser,
    },
    testing::{START, TestWorld, root},
};

const A: &str = "081278057606";
const PASSWORD: &str = "Correct-horse-7";
const DAY: Millis = 86_400_000;

fn account() -> AccountId {
    A.parse().expect("an id")
}

fn ask(world: &TestWorld, user: Option<&str>, password: &str, code: Option<&str>) -> Outcome {
    let asked = sign_in(&world.world, Some(account()), user, password, code, None);
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(asked)
        .expect("the store works")
}

/// A world in which Amy has a password; `reset`: one that she is to change.
fn world(reset: bool) -> TestWorld {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    world.user(A, "Bob", "");
    let input = shapes::CreateLoginProfileInput {
        user_name: Some("Amy".into()),
        password: Some(PASSWORD.into()),
        password_reset_required: Some(reset),
    };
    world
        .change::<CreateLoginProfile>(&root(A), input)
        .expect("made");
    world
}

fn amy(world: &TestWorld, mfa: Option<Millis>) -> Person {
    Person {
        account: account(),
        user_id: Some(world.stored_user(A, "Amy").id),
        mfa,
    }
}

#[test]
fn only_the_right_password_lets_in_and_its_use_is_remembered() {
    let world = world(false);
    for (user, password) in [
        ("Amy", "Correct-horse-8"),
        ("Bob", PASSWORD),
        ("Eve", PASSWORD),
    ] {
        assert_eq!(ask(&world, Some(user), password, None), Outcome::Refused);
    }
    let used = || {
        let input = shapes::GetUserInput {
            user_name: Some("Amy".into()),
        };
        let shown = world.read::<GetUser>(&root(A), input).expect("shown");
        shown.user.password_last_used
    };
    assert_eq!(used(), None);
    world.world.clock.advance(5000);
    assert_eq!(
        ask(&world, Some("amy"), PASSWORD, None),
        Outcome::In(amy(&world, None))
    );
    assert_eq!(used().map(|at| at.0), Some(START + 5000));
    assert_eq!(
        ask(&world, None, PASSWORD, None),
        Outcome::Refused,
        "root has none"
    );
}

#[test]
fn who_guesses_has_to_wait() {
    let world = world(false);
    for _ in 0..5 {
        assert_eq!(ask(&world, Some("Amy"), "guess", None), Outcome::Refused);
    }
    assert_eq!(ask(&world, Some("Amy"), PASSWORD, None), Outcome::Refused);
    world.world.clock.advance(1000);
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, None),
        Outcome::In(amy(&world, None))
    );
}

#[test]
fn a_password_that_is_to_be_changed_or_has_expired_says_so() {
    let reset = world(true);
    assert_eq!(
        ask(&reset, Some("Amy"), PASSWORD, None),
        Outcome::MustChange(amy(&reset, None))
    );

    let world = world(false);
    let ninety = |hard: bool| {
        let input = shapes::UpdateAccountPasswordPolicyInput {
            max_password_age: Some(90),
            hard_expiry: Some(hard),
            ..Default::default()
        };
        world
            .change::<UpdateAccountPasswordPolicy>(&root(A), input)
            .expect("set");
    };
    ninety(false);
    world.world.clock.advance(90 * DAY - 1);
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, None),
        Outcome::In(amy(&world, None))
    );
    world.world.clock.advance(1);
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, None),
        Outcome::MustChange(amy(&world, None))
    );
    ninety(true);
    assert_eq!(ask(&world, Some("Amy"), PASSWORD, None), Outcome::Expired);
    assert_eq!(ask(&world, Some("Amy"), "guess", None), Outcome::Refused);
}

#[test]
fn with_a_device_a_code_is_needed_and_taken_once() {
    let world = world(false);
    let device = MfaDevice {
        account: account(),
        id: "AMFA1".into(),
        name: "phone".into(),
        path: "/".into(),
        created: START,
        seed: Secret::new("ABCDEFGH".repeat(8)).into(),
        tags: Vec::new(),
        enabled: Some(EnabledDevice {
            owner: DeviceOwner::User(world.stored_user(A, "Amy").id),
            since: START,
            drift: 0,
            last_step: 0,
        }),
    };
    world.put(device.clone());
    let right = mfa::code(&device, START, 0);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, None),
        Outcome::CodeNeeded
    );
    assert_eq!(
        ask(&world, Some("Amy"), "guess", Some(&right)),
        Outcome::Refused
    );
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, Some(wrong)),
        Outcome::Refused
    );
    let inside = Outcome::In(amy(&world, Some(START)));
    assert_eq!(ask(&world, Some("Amy"), PASSWORD, Some(&right)), inside);
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, Some(&right)),
        Outcome::Refused
    );
}

#[test]
fn root_signs_in_with_its_own_password() {
    let world = world(false);
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&account()).expect("there");
    let mut with_password = Account::clone(&node.account);
    let hash = twinlock_directory::passwords::hash("root-password", &*world.world.random);
    with_password.root.password_hash = Some(hash.expect("a hash"));
    world.put(with_password);
    let inside = Outcome::In(Person {
        account: account(),
        user_id: None,
        mfa: None,
    });
    assert_eq!(ask(&world, None, "root-password", None), inside);
    assert_eq!(ask(&world, None, PASSWORD, None), Outcome::Refused);
}

#[test]
fn nobody_signs_in_to_a_closed_account() {
    let world = world(false);
    assert_eq!(
        ask(&world, Some("Amy"), PASSWORD, None),
        Outcome::In(amy(&world, None))
    );
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&account()).expect("there");
    let mut closed = Account::clone(&node.account);
    closed.closed = Some(START);
    world.put(closed);
    assert_eq!(ask(&world, Some("Amy"), PASSWORD, None), Outcome::Refused);
}
