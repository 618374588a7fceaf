use super::*;
use crate::testing::{TestWorld, allow, assert_denied, assert_refused, root};

const A: &str = "081278057606";
const NONE: &str = "The Password Policy with domain name 081278057606 cannot be found.";

fn get(world: &TestWorld) -> Result<shapes::PasswordPolicy, Fault> {
    let answer = world.read::<GetAccountPasswordPolicy>(&root(A), Default::default())?;
    Ok(answer.password_policy)
}

#[test]
fn a_policy_is_set_whole_shown_and_taken_away() {
    let world = TestWorld::new(&[A, "111111111111"]);
    assert_refused(get(&world), "NoSuchEntity", NONE);
    assert_refused(
        world.change::<DeleteAccountPasswordPolicy>(&root(A), Default::default()),
        "NoSuchEntity",
        NONE,
    );
    let input = shapes::UpdateAccountPasswordPolicyInput {
        minimum_password_length: Some(14),
        require_symbols: Some(true),
        max_password_age: Some(90),
        password_reuse_prevention: Some(24),
        hard_expiry: Some(true),
        ..Default::default()
    };
    world
        .change::<UpdateAccountPasswordPolicy>(&root(A), input)
        .expect("set");
    let shown = get(&world).expect("shown");
    assert_eq!(
        shown,
        shapes::PasswordPolicy {
            minimum_password_length: Some(14),
            require_symbols: Some(true),
            require_numbers: Some(false),
            require_uppercase_characters: Some(false),
            require_lowercase_characters: Some(false),
            allow_users_to_change_password: Some(false),
            expire_passwords: Some(true),
            max_password_age: Some(90),
            password_reuse_prevention: Some(24),
            hard_expiry: Some(true),
        }
    );
    // Another account has none, and what is not named the next time gets its default.
    let other = world.read::<GetAccountPasswordPolicy>(&root("111111111111"), Default::default());
    assert_eq!(other.expect_err("none there").code, "NoSuchEntity");
    let plain = shapes::UpdateAccountPasswordPolicyInput {
        require_numbers: Some(true),
        ..Default::default()
    };
    world
        .change::<UpdateAccountPasswordPolicy>(&root(A), plain)
        .expect("set");
    let shown = get(&world).expect("shown");
    assert_eq!(
        (
            shown.minimum_password_length,
            shown.require_symbols,
            shown.require_numbers
        ),
        (Some(6), Some(false), Some(true))
    );
    assert_eq!(
        (
            shown.expire_passwords,
            shown.max_password_age,
            shown.hard_expiry
        ),
        (Some(false), None, None)
    );
    world
        .change::<DeleteAccountPasswordPolicy>(&root(A), Default::default())
        .expect("deleted");
    assert_refused(get(&world), "NoSuchEntity", NONE);
}

#[test]
fn each_takes_its_own_permission() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", &allow("iam:GetAccountPasswordPolicy", "*"));
    assert_refused(
        world.read::<GetAccountPasswordPolicy>(&amy, Default::default()),
        "NoSuchEntity",
        NONE,
    );
    assert_denied(
        world.change::<UpdateAccountPasswordPolicy>(&amy, Default::default()),
        "*",
    );
    assert_denied(
        world.change::<DeleteAccountPasswordPolicy>(&amy, Default::default()),
        "*",
    );
    let bob = world.user(A, "Bob", "");
    assert_denied(
        world.read::<GetAccountPasswordPolicy>(&bob, Default::default()),
        "*",
    );
}
