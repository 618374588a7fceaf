//! Text 1 in the console, click by click and with its words: an administrator of Production makes the policy and the role, one of
//! Development lets developers in and keeps testers out; both switch, and one of them meets the door; then revoking and the
//! clean-up.

use std::io::Write;

use crate::{browser::Browser, world::World};

const BUCKET: &str = "sriprodbucketrandomnumber";
const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
    { "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::sriprodbucketrandomnumber" },
    { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::sriprodbucketrandomnumber/*" }
  ]
}"#;

fn assume(effect: &str) -> String {
    format!(
        r#"{{ "Version": "2012-10-17", "Statement": {{ "Effect": "{effect}", "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::999999999999:role/S3ProductionAccessRole" }} }}"#
    )
}

/// Steps 1 and 2 by the administrator of Production: bucket, policy, role. Gives the page of its IAM.
fn production(browser: &Browser) -> String {
    browser.signs_in_as_root("production@example.com", "Production-sample-1");
    browser.sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/s3"));
    browser.clicks("Create bucket").fills("Bucket name", BUCKET);
    browser.clicks("Create bucket").sees("is created");
    browser.goes(&format!("{home}/iam"));
    browser.sees("AWS account ID:").sees("999999999999");
    browser
        .clicks("Policies")
        .clicks("Create policy")
        .clicks("JSON");
    browser.pastes(POLICY).clicks("Review policy");
    browser.sees("Summary").sees("Limited: List, Read, Write");
    browser.fills("Name", "S3ProductionAccessPolicy");
    browser
        .clicks("Create policy")
        .sees("S3ProductionAccessPolicy");
    browser
        .clicks("Roles")
        .clicks("Create role")
        .clicks("An AWS account");
    // The text's own number has a digit too few.
    browser
        .fills("Account ID", "11111111111")
        .clicks("Next: Permissions");
    browser.sees("must be a valid 12-digit account ID");
    browser
        .fills("Account ID", "210987654321")
        .clicks("Next: Permissions");
    browser.sees("There is no account 210987654321 here");
    browser
        .fills("Account ID", "111111111111")
        .clicks("Next: Permissions");
    browser.sees("Permissions policies").runs(
        "const kind = document.querySelector('[data-picker] select'); kind.value = 'customer'; kind.dispatchEvent(new Event('change'))",
        serde_json::json!([]),
    );
    browser.until("the customer's policies alone", || {
        (!browser.text().contains("AdministratorAccess")).then_some(())
    });
    browser.clicks("Select S3ProductionAccessPolicy");
    browser.clicks("Next: Tags").clicks("Next: Review");
    browser.fills("Role name", "S3ProductionAccessRole");
    browser
        .clicks("Create role")
        .sees("The role S3ProductionAccessRole is created");
    browser.clicks("S3ProductionAccessRole");
    browser.sees("arn:aws:iam::999999999999:role/S3ProductionAccessRole");
    browser.sees("Link to switch roles in console");
    home
}

fn inline(browser: &Browser, home: &str, group: &str, effect: &str, name: &str) {
    browser.goes(&format!("{home}/iam/groups"));
    browser
        .clicks(group)
        .clicks("Permissions")
        .clicks("Add permissions");
    browser.clicks("Create inline policy").clicks("JSON");
    browser.pastes(&assume(effect)).clicks("Review policy");
    browser
        .fills("Name", name)
        .clicks("Create policy")
        .sees(name);
}

/// Step 3 by the administrator of Development: the two people, their groups, the two policies.
fn development(browser: &Browser) -> String {
    browser.signs_in_as_root("development@example.com", "Development-sample-1");
    browser.sees("Console Home");
    let home = browser.home();
    for (user, group) in [("John", "Developers"), ("Sri", "Testers")] {
        browser.goes(&format!("{home}/iam/users"));
        browser.clicks("Create user").fills("User name", user);
        browser
            .clicks("Provide user access")
            .clicks("Custom password");
        browser.fills("Custom password", &format!("{user}-sample-1"));
        browser
            .clicks("Create user")
            .sees(&format!("The user {user} is created"));
        browser.goes(&format!("{home}/iam/groups"));
        browser
            .clicks("Create group")
            .fills("User group name", group);
        browser
            .clicks(&format!("Select {user}"))
            .clicks("Create user group");
        browser.sees(&format!("The user group {group} is created"));
    }
    inline(
        browser,
        &home,
        "Developers",
        "Allow",
        "allow-assume-S3-role-in-production",
    );
    inline(
        browser,
        &home,
        "Testers",
        "Deny",
        "deny-assume-S3-role-in-production",
    );
    home
}

fn switches(browser: &Browser) {
    browser.clicks("@").clicks("Switch role");
    browser
        .fills("Account", "999999999999")
        .fills("Role", "S3ProductionAccessRole");
    browser
        .fills("Display name", "S3-Production")
        .clicks("Switch Role");
}

#[test]
fn console_text1_developers_switch_testers_do_not_and_revoking_ends_it() {
    let world = World::start("text1");
    let admin = Browser::open(&world);
    let production = production(&admin);
    let dev = development(&admin);

    let john = Browser::open(&world);
    john.signs_in("111111111111", "John", "John-sample-1")
        .sees("Console Home");
    let home = john.home();
    // His own permissions do not reach the bucket.
    john.goes(&format!("{home}/s3/{BUCKET}"));
    john.sees("AccessDenied");
    switches(&john);
    john.sees("S3-Production").sees("S3ProductionAccessRole");
    john.goes(&format!("{home}/s3"));
    john.clicks(BUCKET).sees("No objects");
    let file = std::env::temp_dir().join(format!("twinlock-console-{}.bin", std::process::id()));
    let mut out = std::fs::File::create(&file).expect("a file to upload");
    out.write_all(&vec![b'x'; 20 * 1024 * 1024]).expect("20 MB");
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name")
        .to_owned();
    john.uploads(&file).sees("20.0 MB");
    std::fs::remove_file(&file).expect("the file is there");
    // What the six actions do not hold is told panel by panel, with the action that is missing.
    john.clicks("Permissions")
        .sees("s3:GetBucketPublicAccessBlock")
        .sees("s3:GetBucketPolicy")
        .sees("s3:GetBucketOwnershipControls")
        .sees("s3:GetBucketCORS");
    john.clicks("Properties")
        .sees("s3:GetBucketVersioning")
        .sees("s3:GetBucketTagging")
        .sees("s3:GetEncryptionConfiguration");
    // His own permissions are set aside.
    john.goes(&format!("{home}/iam/users"));
    john.sees("is not authorized to perform: iam:ListUsers");
    john.clicks("S3-Production")
        .clicks("Switch back")
        .sees("John @ 111111111111".get(..4).expect("a name"));
    // The role is remembered: one click, nothing to type.
    john.clicks("@")
        .clicks("S3-Production")
        .sees("Signed in as");
    john.goes(&format!("{home}/s3/{BUCKET}"));
    john.sees(&name);
    let bytes = john.runs(
        "const x = new XMLHttpRequest(); x.open('GET', arguments[0], false); x.overrideMimeType('text/plain; charset=x-user-defined'); x.send(); return x.responseText.length",
        serde_json::json!([format!("{home}/s3/{BUCKET}/download?key={name}")]),
    );
    assert_eq!(bytes, 20 * 1024 * 1024);
    john.clicks("Create folder")
        .fills("Folder name", "drafts")
        .clicks("Create folder");
    john.sees("The folder drafts is created");
    john.clicks("Select drafts/")
        .clicks("Delete")
        .fills("To confirm", "permanently delete")
        .clicks("Delete objects");
    john.sees("1 deleted.");

    let sri = Browser::open(&world);
    sri.signs_in("111111111111", "Sri", "Sri-sample-1")
        .sees("Console Home");
    switches(&sri);
    sri.sees("AccessDenied")
        .sees("with an explicit deny in an identity-based policy");

    // The administrator revokes; John's next click meets the page that says so, and he may switch again.
    admin.goes(&format!("{production}/iam/roles/S3ProductionAccessRole"));
    admin
        .clicks("Revoke sessions")
        .clicks("Revoke active sessions");
    admin.clicks("I acknowledge that I am revoking all active sessions for this role.");
    admin.runs(
        "document.querySelector('dialog [data-needs]').click()",
        serde_json::json!([]),
    );
    admin
        .sees("All active sessions of the role are revoked")
        .sees("aws:TokenIssueTime");
    john.goes(&format!("{home}/s3"));
    john.sees("Session Lost");
    john.clicks("Switch again")
        .clicks("Switch Role")
        .sees("Console Home");
    john.goes(&format!("{home}/s3"));
    john.sees(BUCKET);

    // The clean-up, in the order in which the text has it.
    john.goes(&format!("{home}/s3"));
    john.clicks(&format!("Empty {BUCKET}"))
        .fills("To confirm", "permanently delete")
        .clicks("Empty");
    john.sees("is empty: 1 deleted");
    admin.goes(&format!("{production}/s3"));
    admin
        .clicks(&format!("Delete {BUCKET}"))
        .fills("To confirm", BUCKET)
        .clicks("Delete bucket");
    admin.sees("is deleted");
    admin.goes(&format!("{production}/iam/policies?type=customer"));
    admin
        .clicks("Select S3ProductionAccessPolicy")
        .clicks("Delete");
    admin.sees("it is detached from 1 identity");
    admin
        .fills("To confirm", "S3ProductionAccessPolicy")
        .clicks("Delete")
        .sees("1 policy deleted");
    admin.goes(&format!("{dev}/iam/users"));
    admin
        .clicks("Select all")
        .clicks("Delete")
        .fills("To confirm", "delete")
        .clicks("Delete");
    admin.sees("2 users deleted");
    admin.goes(&format!("{dev}/iam/groups"));
    admin
        .clicks("Select all")
        .clicks("Delete")
        .fills("To confirm", "delete")
        .clicks("Delete");
    admin.sees("2 user groups deleted");
    for browser in [&admin, &john, &sri] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
