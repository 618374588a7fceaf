//! Signing in with more than a password: MFA devices and what they open, a password that must be changed; and the page that says why
//! a door is closed.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{World, policy},
};

/// The code of a seed so many steps from now, as a telephone shows it.
fn code(world: &World, seed: &str, ahead: i64) -> String {
    let now = i64::try_from(world.server().now()).expect("a time of our days");
    let at = (now + ahead * 30_000).to_string();
    let line = crate::world::python("code.py", &[seed, &at]);
    world.terminal().types(&line).ok().trim().to_owned()
}

#[test]
fn console_mfa_is_assigned_asked_for_and_opens_the_role_that_requires_it() {
    let world = World::start_still("text3");
    let dev = world.account("Development");
    let john = dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.put_policy(
        "user",
        "John",
        "all",
        &policy("Allow", json!(["iam:*", "sts:AssumeRole"]), json!("*")),
    );
    dev.role_trusting(
        "Guarded",
        &json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": john.arn() },
            "Action": "sts:AssumeRole",
            "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
        }] }),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/iam/credentials"));
    browser
        .clicks("Assign MFA device")
        .fills("Device name", "phone")
        .clicks("Next");
    browser.sees("Scan this").clicks("Show secret key");
    let seed = browser.runs(
        "return document.querySelector('main details [data-copy]').dataset.copy",
        json!([]),
    );
    let seed = seed.as_str().expect("a seed");
    browser
        .fills("MFA code 1", &code(&world, seed, -1))
        .fills("MFA code 2", &code(&world, seed, 0));
    browser.clicks("Add MFA").sees("The MFA device is assigned");
    // A user may be called root, and then it is that user who has no device, not whoever looks.
    dev.user("root");
    browser.goes(&format!("{home}/iam/users/root?tab=credentials"));
    browser.sees("No MFA device");
    // Without a code this sign-in does not open the role; the list says why and leads there and back.
    browser.goes(&format!("{home}/roles"));
    browser.sees("Needs MFA").clicks("Sign in again with MFA");
    browser
        .fills("Account ID", dev.id())
        .fills("Password", "John-sample-1")
        .clicks("Sign in");
    browser.sees("Multi-factor authentication");
    browser
        .fills("MFA code", "000000")
        .clicks("Submit")
        .sees("incorrect");
    world.advance(30_000);
    browser
        .fills("MFA code", &code(&world, seed, 0))
        .clicks("Submit")
        .sees("Switch Role");
    assert_eq!(browser.reads("Role"), "Guarded");
    browser
        .clicks("Switch Role")
        .sees("Console Home")
        .sees("Guarded");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_a_password_that_must_be_changed_comes_before_everything() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1", "PasswordResetRequired": true }),
    );
    dev.iam(
        "attach_user_policy",
        json!({ "UserName": "John", "PolicyArn": "arn:aws:iam::aws:policy/IAMUserChangePassword" }),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("You must choose a new password");
    let home = browser.home();
    browser.goes(&format!("{home}/s3"));
    browser.sees("You must choose a new password");
    browser
        .fills("Old password", "John-sample-1")
        .fills("New password", "short")
        .fills("Retype new password", "short");
    browser
        .clicks("Confirm password change")
        .sees("PasswordPolicyViolation");
    browser
        .fills("Old password", "John-sample-1")
        .fills("New password", "John-sample-2")
        .fills("Retype new password", "John-sample-2");
    browser
        .clicks("Confirm password change")
        .sees("Your password is changed");
    browser.clicks("John @").clicks("Sign out").sees("Sign in");
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("incorrect");
    browser
        .signs_in(dev.id(), "John", "John-sample-2")
        .sees("Console Home");
}

#[test]
fn console_access_says_which_gate_is_closed_and_what_would_open_it() {
    let world = World::start("text3");
    let dev = world.account("Development");
    world
        .account("Production")
        .role("UpdateApp", json!(dev.id()));
    dev.user("Sri");
    dev.group("Developers", &["Sri"]);
    let role = "arn:aws:iam::999999999999:role/UpdateApp";
    dev.put_policy(
        "group",
        "Developers",
        "deny-assume-S3-role-in-production",
        &policy("Deny", json!("sts:AssumeRole"), json!(role)),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/access"));
    browser.fills("Principal", "arn:aws:iam::111111111111:user/Sri");
    browser
        .fills("Action", "sts:AssumeRole")
        .fills("Resource", role)
        .clicks("Ask");
    browser
        .sees("Denied explicitly")
        .sees("deny-assume-S3-role-in-production")
        .sees("group Developers");
    // Production's trust policy is not Development's to read.
    browser.does_not_see("trust policy of role UpdateApp");
    browser.goes(&format!("{home}/access/map"));
    browser.sees("There is no role here.");
    // A denial anywhere leads here, filled in; without the permission to simulate, the gates alone are drawn.
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "Sri", "Password": "Sri-sample-1" }),
    );
    let sri = Browser::open(&world);
    sri.signs_in(dev.id(), "Sri", "Sri-sample-1")
        .sees("Console Home");
    let home = sri.home();
    sri.goes(&format!("{home}/iam/users"));
    sri.clicks("Why, and what would change it")
        .sees("Denied: nothing allows it");
    assert_eq!(sri.reads("Action"), "iam:ListUsers");
    sri.does_not_see("deny-assume-S3-role-in-production");
    // Who is there, and who is not, is told to those only who may ask about them.
    let of_john =
        "access?principal=arn%3Aaws%3Aiam%3A%3A111111111111%3Auser%2FJohn&action=s3%3AGetObject";
    sri.goes(&format!("{home}/{of_john}"));
    sri.sees("not authorized to perform: iam:SimulatePrincipalPolicy")
        .does_not_see("There is no user or role");
    // A denial by the tags of whom the question is about counts here as in the simulator.
    let but_secret = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*" },
        { "Effect": "Deny", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*",
          "Condition": { "StringEquals": { "aws:ResourceTag/secret": "yes" } } },
    ] });
    dev.put_policy("user", "Sri", "simulates", &but_secret);
    sri.goes(&format!("{home}/{of_john}"));
    sri.sees("There is no user or role");
    dev.user("John");
    sri.goes(&format!("{home}/{of_john}"));
    sri.sees("Denied: nothing allows it");
    dev.iam(
        "tag_user",
        json!({ "UserName": "John", "Tags": [{ "Key": "secret", "Value": "yes" }] }),
    );
    sri.goes(&format!("{home}/{of_john}"));
    sri.sees("not authorized to perform: iam:SimulatePrincipalPolicy");
}
