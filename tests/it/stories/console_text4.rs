//! Text 4 in the console, click by click: the Dev account's role Admin for the Login account and for nobody else, the policy of
//! CloudOps with the text's comments repaired, and michael.ludvig, who is nobody at home and an administrator there.

use serde_json::json;

use crate::{browser::Browser, world::World};

/// The text's documents, with its comments.
const TRUST: &str = r#"{
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
}"#;
const ASSUME: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "sts:AssumeRole"
            ],
            "Resource": [
                "arn:aws:iam::123456789012:role/Admin"             # This is Dev account ID
            ]
        }
    ]
}"#;

/// Steps 1 to 3 of the wizard in the Dev account.
fn dev(admin: &Browser) -> String {
    admin
        .signs_in_as_root("dev@example.com", "Dev-sample-1")
        .sees("Console Home");
    let home = admin.home();
    admin.goes(&format!("{home}/iam/roles"));
    admin.clicks("Create role").clicks("An AWS account");
    admin.clicks("Another AWS account");
    admin
        .fills("Account ID", "987654321098")
        .clicks("Next: Permissions");
    admin.fills("Search policies", "administratoraccess");
    admin
        .clicks("Select AdministratorAccess")
        .clicks("Next: Tags");
    admin.clicks("Next: Review").fills("Role name", "Admin");
    admin.sees("arn:aws:iam::987654321098:root");
    admin
        .clicks("Create role")
        .sees("The role Admin is created");
    admin
        .clicks("Admin")
        .sees("arn:aws:iam::123456789012:role/Admin");
    // The same by pasting the text's document: its comments are no JSON, and go at a click.
    admin
        .clicks("Trust relationships")
        .clicks("Edit trust policy");
    admin.pastes(TRUST).clicks("Repair");
    admin
        .clicks("Update policy")
        .sees("arn:aws:iam::987654321098:root");
    home
}

#[test]
fn console_text4_michael_is_nobody_at_home_and_admin_in_the_dev_account() {
    let world = World::start("text4");
    let login = world.account("aws-nz-login");
    let admin = Browser::open(&world);
    let dev = dev(&admin);
    // The text takes group and member for granted.
    login.user("michael.ludvig");
    login.iam(
        "create_login_profile",
        json!({ "UserName": "michael.ludvig", "Password": "Michael-sample-1" }),
    );
    login.group("CloudOps", &["michael.ludvig"]);

    let michael = Browser::open(&world);
    michael
        .signs_in("aws-nz-login", "michael.ludvig", "Michael-sample-1")
        .sees("Console Home");
    let his = michael.home();
    let switches = || {
        michael.goes(&format!("{his}/switchrole"));
        michael
            .fills("Account", "aws-nz-dev")
            .fills("Role", "Admin")
            .fills("Display name", "Dev Admin")
            .clicks("Switch Role");
    };
    // The role permits the Login account; the Login account does not permit him yet.
    switches();
    michael
        .sees("AccessDenied")
        .sees("because no identity-based policy allows the sts:AssumeRole action");
    michael.goes(&format!("{his}/roles"));
    michael.sees("There is no role that you may switch to");

    let theirs = Browser::open(&world);
    theirs
        .signs_in_as_root("login@example.com", "Login-sample-1")
        .sees("Console Home");
    let home = theirs.home();
    theirs.goes(&format!("{home}/iam/groups"));
    theirs
        .clicks("CloudOps")
        .sees("michael.ludvig")
        .clicks("Permissions")
        .clicks("Add permissions");
    theirs.clicks("Create inline policy").clicks("JSON");
    theirs.pastes(ASSUME).clicks("Repair");
    theirs.clicks("Review policy");
    theirs
        .fills("Name", "Dev-Admin-policy")
        .clicks("Create policy");
    // The policy is listed under the group's permissions.
    theirs.goes(&format!("{home}/iam/groups/CloudOps?tab=permissions"));
    theirs.sees("Dev-Admin-policy");

    // Unprivileged at home, an administrator there, and himself again afterwards.
    michael.goes(&format!("{his}/iam/users"));
    michael.sees("is not authorized to perform: iam:ListUsers");
    michael.goes(&format!("{his}/roles"));
    michael.sees("Admin").sees("aws-nz-dev");
    switches();
    michael.sees("Dev Admin").sees("Signed in as");
    michael.goes(&format!("{his}/iam/users"));
    michael
        .clicks("Create user")
        .fills("User name", "made-by-michael")
        .clicks("Create user")
        .sees("The user made-by-michael is created");
    michael.goes(&format!("{his}/s3"));
    michael
        .clicks("Create bucket")
        .fills("Bucket name", "aws-nz-dev-bucket")
        .clicks("Create bucket")
        .sees("is created");
    michael
        .clicks("Dev Admin")
        .clicks("Switch back")
        .sees("michael.ludvig @ aws-nz-login");
    michael.goes(&format!("{his}/iam/users"));
    michael.sees("is not authorized to perform: iam:ListUsers");

    // From the Login account and from nowhere else: the map of Dev says so.
    admin.goes(&format!("{dev}/access/map"));
    admin
        .sees("Whomever it allows")
        .sees("of account 987654321098");

    // The clean-up.
    admin.goes(&format!("{dev}/s3"));
    admin
        .clicks("Delete aws-nz-dev-bucket")
        .fills("To confirm", "aws-nz-dev-bucket")
        .clicks("Delete bucket")
        .sees("is deleted");
    admin.goes(&format!("{dev}/iam/users"));
    admin
        .clicks("Select made-by-michael")
        .clicks("Delete")
        .fills("To confirm", "made-by-michael")
        .clicks("Delete")
        .sees("1 user deleted");
    admin.goes(&format!("{dev}/iam/roles"));
    admin
        .clicks("Select Admin")
        .clicks("Delete")
        .sees("1 policy is detached");
    admin
        .fills("To confirm", "Admin")
        .clicks("Delete")
        .sees("1 role deleted");
    theirs.goes(&format!("{home}/iam/groups"));
    theirs
        .clicks("Select CloudOps")
        .clicks("Delete")
        .fills("To confirm", "CloudOps")
        .clicks("Delete")
        .sees("1 user group deleted");
    for browser in [&admin, &theirs, &michael] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
