//! Text 4: a login account holds the users, the dev account has a role Admin; all of it typed, by named profiles.

use serde_json::json;

use crate::terminal::Terminal;
use crate::world::{AccountIn, Caller, World};

pub(super) const ADMIN: &str = "arn:aws:iam::123456789012:role/Admin";

/// The document as it stands in the text, comment and all.
const AS_PRINTED: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": "sts:AssumeRole",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::987654321098:root"                    # This is Login account ID
      }
    }
  ]
}
"#;

const DEV_ADMIN_POLICY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "sts:AssumeRole"
            ],
            "Resource": [
                "arn:aws:iam::123456789012:role/Admin"
            ]
        }
    ]
}
"#;

pub(super) const CREATE_ROLE: &str = "aws --profile devops-root iam create-role --role-name Admin --assume-role-policy-document file://assume-role-policy.json";

pub(super) struct Setup {
    world: World,
    pub(super) login: AccountIn,
    pub(super) dev: AccountIn,
    pub(super) michael: Caller,
    /// A terminal with the two profiles of the text.
    pub(super) terminal: Terminal,
}

fn profile(name: &str, caller: &Caller) -> String {
    let keys = &caller.credentials;
    format!(
        "[profile {name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.key_id, keys.secret
    )
}

pub(super) fn setup() -> Setup {
    let world = World::start("text4");
    let login = world.account("aws-nz-login");
    let dev = world.account("aws-nz-dev");
    let michael = login.user("michael.ludvig");
    login.group("CloudOps", &["michael.ludvig"]);
    let terminal = world.terminal();
    terminal.configure(&profile("devops-root", &dev.root()));
    terminal.configure(&profile("login-root", &login.root()));
    terminal.file(
        "assume-role-policy.json",
        &AS_PRINTED.replace("                    # This is Login account ID", ""),
    );
    terminal.file("Dev-Admin-policy.json", DEV_ADMIN_POLICY);
    Setup {
        world,
        login,
        dev,
        michael,
        terminal,
    }
}

pub(super) fn attach(terminal: &Terminal) {
    terminal
        .types(
            "aws --profile devops-root iam attach-role-policy --role-name Admin \\
                --policy-arn arn:aws:iam::aws:policy/AdministratorAccess",
        )
        .ok();
}

pub(super) fn put_group_policy(terminal: &Terminal) {
    terminal
        .types(
            "aws --profile login-root iam put-group-policy --group-name CloudOps \\
                --policy-name Dev-Admin-policy --policy-document file://Dev-Admin-policy.json",
        )
        .ok();
}

#[test]
fn text4_michael_becomes_admin_of_the_dev_account() {
    let Setup {
        login,
        dev,
        michael,
        terminal,
        ..
    } = setup();
    let printed = terminal.types(CREATE_ROLE).json();
    let role = printed["Role"].as_object().expect("an object");
    let mut members: Vec<&str> = role.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "Arn",
            "AssumeRolePolicyDocument",
            "CreateDate",
            "Path",
            "RoleId",
            "RoleName"
        ]
    );
    assert_eq!(role["Arn"], ADMIN);
    assert_eq!(role["Path"], "/");
    assert!(
        role["RoleId"]
            .as_str()
            .expect("a string")
            .starts_with("AROA")
    );
    let trusted = &role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"];
    assert_eq!(*trusted, "arn:aws:iam::987654321098:root");
    attach(&terminal);
    let summary = dev.iam(
        "get_policy",
        json!({ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }),
    );
    assert_eq!(summary["Policy"]["AttachmentCount"], 1);
    put_group_policy(&terminal);
    let listed = terminal
        .types("aws --profile login-root iam list-group-policies --group-name CloudOps")
        .json();
    assert_eq!(listed["PolicyNames"], json!(["Dev-Admin-policy"]));

    terminal.configure(&profile("michael", &michael));
    terminal.configure(&format!(
        "[profile dev-admin]\nrole_arn = {ADMIN}\nsource_profile = michael\n"
    ));
    // Administrator there …
    terminal
        .types("aws --profile dev-admin iam create-user --user-name build-bot")
        .ok();
    terminal
        .types("aws --profile dev-admin s3 mb s3://aws-nz-dev-assets")
        .ok();
    let users = dev.iam("list_users", json!({}));
    assert!(users["Users"].to_string().contains("build-bot"), "{users}");
    // … and nobody here, with his own keys and with the role's.
    terminal
        .types("aws --profile michael iam list-users")
        .denied();
    let reply = michael
        .assume(ADMIN, "michael")
        .call("iam", "list_users", json!({}))
        .ok();
    assert!(
        !reply["Users"].to_string().contains("michael.ludvig"),
        "{reply}"
    );
    let users = login.iam("list_users", json!({}));
    assert!(!users["Users"].to_string().contains("build-bot"), "{users}");
}

#[test]
fn text4_both_sides_must_permit() {
    let Setup {
        world,
        login,
        dev,
        michael,
        terminal,
    } = setup();
    terminal.types(CREATE_ROLE).ok();
    attach(&terminal);
    // The project trusts the login account, which has not permitted its user yet.
    let message = michael.try_assume(ADMIN, "michael").denied();
    assert!(
        message.ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{message}"
    );
    put_group_policy(&terminal);
    michael.assume(ADMIN, "michael");
    // The login account permits, and the project no longer does.
    let trust = crate::world::trust(json!(dev.id()));
    let parameters = json!({ "RoleName": "Admin", "PolicyDocument": trust.to_string() });
    dev.iam("update_assume_role_policy", parameters);
    michael.try_assume(ADMIN, "michael").denied();
    // Out of the group, out of the account.
    let trust = crate::world::trust(json!(login.arn("root")));
    let parameters = json!({ "RoleName": "Admin", "PolicyDocument": trust.to_string() });
    dev.iam("update_assume_role_policy", parameters);
    michael.assume(ADMIN, "michael");
    login.iam(
        "remove_user_from_group",
        json!({ "GroupName": "CloudOps", "UserName": "michael.ludvig" }),
    );
    michael.try_assume(ADMIN, "michael").denied();
    drop(world);
}

#[test]
fn text4_a_comment_in_the_document_is_told_with_its_place() {
    let Setup {
        world, terminal, ..
    } = setup();
    terminal.file("assume-role-policy.json", AS_PRINTED);
    let message = terminal
        .types(CREATE_ROLE)
        .refused("MalformedPolicyDocument");
    assert!(
        message.contains("This policy contains invalid Json"),
        "{message}"
    );
    assert!(
        message.contains("Line 8, column 68") && message.contains("no comments"),
        "{message}"
    );
    terminal
        .types("aws --profile devops-root iam get-role --role-name Admin")
        .refused("NoSuchEntity");
    drop(world);
}

#[test]
fn text4_central_users_reach_many_accounts_without_a_user_in_any() {
    let more = r#"
[[account]]
id = "555566667777"
name = "aws-nz-prod"
email = "prod@example.com"
root_password = "Prod-sample-1"
root_access_key_id = "AKIAPRODROOTTEXT0004"
root_secret_access_key = "sample/text4/prod-root/known/to/everybod"
"#;
    let world = World::start_with("text4", "", more);
    let login = world.account("aws-nz-login");
    let michael = login.user("michael.ludvig");
    login.group("CloudOps", &["michael.ludvig"]);
    let mut roles = Vec::new();
    for name in ["aws-nz-dev", "aws-nz-prod"] {
        let project = world.account(name);
        roles.push(project.role("Admin", json!(login.arn("root"))));
        let parameters = json!({ "RoleName": "Admin", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" });
        project.iam("attach_role_policy", parameters);
    }
    let allow = crate::world::policy(
        "Allow",
        json!(["sts:AssumeRole"]),
        json!("arn:aws:iam::*:role/Admin"),
    );
    login.put_policy("group", "CloudOps", "all-projects", &allow);
    for (role, name) in roles.iter().zip(["aws-nz-dev", "aws-nz-prod"]) {
        let users = michael
            .assume(role, "michael")
            .call("iam", "list_users", json!({}))
            .ok();
        assert_eq!(users["Users"], json!([]), "{name}");
    }
}

#[test]
fn text4_an_alias_names_the_account() {
    let Setup {
        world, terminal, ..
    } = setup();
    terminal
        .types("aws --profile login-root iam create-account-alias --account-alias nz-login")
        .ok();
    let aliases = terminal
        .types("aws --profile login-root iam list-account-aliases")
        .json();
    assert_eq!(aliases["AccountAliases"], json!(["nz-login"]));
    // Unique over all accounts.
    terminal
        .types("aws --profile devops-root iam create-account-alias --account-alias nz-login")
        .refused("EntityAlreadyExists");
    drop(world);
}
