//! What becomes of people who are signed in when the password that they signed in with is no more.

use serde_json::json;

use crate::{
    browser::Browser,
    server::binary,
    world::{World, policy},
};

#[test]
fn console_a_password_that_an_administrator_replaces_or_takes_ends_what_was_begun_with_it() {
    let world = World::start_still("text3");
    let dev = world.account("Development");
    dev.user("John");
    let password = |operation: &str, password: &str| {
        dev.iam(
            operation,
            json!({ "UserName": "John", "Password": password }),
        );
    };
    password("create_login_profile", "John-sample-1");
    let own = policy("Allow", json!("iam:ChangePassword"), json!("*"));
    dev.put_policy("user", "John", "own", &own);
    let johns = Browser::open(&world);
    johns
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let home = johns.home();

    // Whether the next sign-in must choose another one is of no account for this one; nor is his own choice.
    world.advance(1_000);
    dev.iam(
        "update_login_profile",
        json!({ "UserName": "John", "PasswordResetRequired": true }),
    );
    johns.goes(&format!("{home}/password"));
    johns
        .fills("Old password", "John-sample-1")
        .fills("New password", "John-sample-2")
        .fills("Retype new password", "John-sample-2")
        .clicks("Confirm password change")
        .sees("Your password is changed.");

    world.advance(1_000);
    password("update_login_profile", "John-sample-3");
    johns.goes(&home);
    johns.sees("IAM user name");
    johns
        .signs_in(dev.id(), "John", "John-sample-3")
        .sees("Console Home");
    let home = johns.home();

    dev.iam("delete_login_profile", json!({ "UserName": "John" }));
    johns.goes(&format!("{home}/iam/users"));
    johns.sees("IAM user name");

    // Made anew, it is another: a sign-in of before stays ended.
    world.advance(1_000);
    password("create_login_profile", "John-sample-4");
    johns.goes(&home);
    johns.sees("IAM user name");

    // Revoked, a sign-in is over as well.
    johns
        .signs_in(dev.id(), "John", "John-sample-4")
        .sees("Console Home");
    let home = johns.home();
    world.advance(1_000);
    let mut terminal = dev.root().terminal();
    terminal.also_on_the_path(binary().parent().expect("a program is in a folder"));
    terminal
        .types(r#"aws configure add-model --service-name twinlock --service-model "$(twinlock model)""#)
        .ok();
    let revoke = "aws twinlock revoke-older-sessions --principal-arn";
    terminal
        .types(&format!("{revoke} {}", dev.arn("user/John")))
        .ok();
    johns.goes(&home);
    johns.sees("IAM user name");
}
