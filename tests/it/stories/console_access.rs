//! A denial anywhere in the console leads to the page that says why: with principal, action and resource filled in, and the gates
//! drawn as they stand.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    world::{World, policy},
};

fn follows(browser: &Browser, action: &str, resource: &str) {
    let why = "Why, and what would change it";
    browser.sees("is not authorized to perform").clicks(why);
    browser.sees("Denied");
    assert_eq!(browser.reads("Action"), action);
    assert_eq!(browser.reads("Resource"), resource);
}

/// Name and state of each gate.
fn gates(browser: &Browser) -> Value {
    browser.runs(
        "return [...document.querySelectorAll('ol.gates li')].map(gate => [gate.querySelector('strong').textContent, gate.querySelector('.about').textContent])",
        json!([]),
    )
}

#[test]
fn console_access_every_denial_leads_to_its_reasons() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let production = world.account("Production");
    production.bucket("productionapp");
    dev.bucket("sandbox");
    let role = production.role("UpdateApp", json!(dev.id()));
    dev.user("Sri");
    dev.user("David");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "Sri", "Password": "Sri-sample-1" }),
    );
    let sri = Browser::open(&world);
    sri.signs_in(dev.id(), "Sri", "Sri-sample-1")
        .sees("Console Home");
    let home = sri.home();
    let principal = dev.arn("user/Sri");
    // Pages that read.
    for (page, action, resource) in [
        ("/iam/users", "iam:ListUsers", dev.arn("user/")),
        ("/iam/groups", "iam:ListGroups", dev.arn("group/")),
        ("/iam/roles", "iam:ListRoles", dev.arn("role/")),
        ("/iam/users/David", "iam:GetUser", "user David".to_owned()),
        ("/s3", "s3:ListAllMyBuckets", "*".to_owned()),
        (
            "/s3/sandbox",
            "s3:ListBucket",
            "arn:aws:s3:::sandbox".to_owned(),
        ),
    ] {
        sri.goes(&format!("{home}{page}"));
        follows(&sri, action, &resource);
        assert_eq!(sri.reads("Principal"), principal, "{page}");
    }
    // Forms that change.
    sri.goes(&format!("{home}/s3/-/create"));
    sri.fills("Bucket name", "of-sri").clicks("Create bucket");
    follows(&sri, "s3:CreateBucket", "arn:aws:s3:::of-sri");
    // A switch: the trust is Production's, and not shown.
    sri.goes(&format!(
        "{home}/switchrole?account=999999999999&roleName=UpdateApp"
    ));
    sri.clicks("Switch Role");
    follows(&sri, "sts:AssumeRole", &role);
    assert_eq!(
        gates(&sri),
        json!([
            ["Organization", "not asked"],
            ["Trust or resource policy", "the other account's"],
            ["Permissions", "closed"],
            ["Boundary", "not asked"],
            ["Session", "not asked"],
        ])
    );
    // Of another account's bucket S3 says nothing; the way to the reasons is there all the same.
    sri.goes(&format!("{home}/s3/productionapp"));
    sri.sees("AccessDenied Access Denied")
        .clicks("Why, and what would change it");
    sri.sees("Denied");
    assert_eq!(sri.reads("Principal"), principal);
    assert_eq!(sri.reads("Action"), "s3:ListBucket");
    assert_eq!(sri.reads("Resource"), "arn:aws:s3:::productionapp");
    // Within the role its session is who is refused.
    dev.put_policy(
        "user",
        "Sri",
        "take",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    sri.goes(&format!(
        "{home}/switchrole?account=999999999999&roleName=UpdateApp"
    ));
    sri.clicks("Switch Role").sees("Console Home");
    sri.goes(&format!("{home}/s3/productionapp"));
    follows(&sri, "s3:ListBucket", "arn:aws:s3:::productionapp");
    assert_eq!(
        sri.reads("Principal"),
        "arn:aws:sts::999999999999:assumed-role/UpdateApp/Sri"
    );
    // What a script asked for is told with the way to the reasons, too.
    sri.goes(&format!("{home}/s3/productionapp/empty"));
    sri.fills("To confirm", "permanently delete")
        .clicks("Empty");
    follows(&sri, "s3:ListBucket", "arn:aws:s3:::productionapp");
    assert_eq!(sri.complaints(), Vec::<String>::new());
}

#[test]
fn console_access_gates_open_and_close_and_show_their_statements() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.bucket("sandbox");
    dev.user("David");
    let allow = policy(
        "Allow",
        json!("s3:GetObject"),
        json!("arn:aws:s3:::sandbox/*"),
    );
    dev.put_policy("user", "David", "reads", &allow);
    let admin = Browser::open(&world);
    admin
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = admin.home();
    let asks = |resource: &str| {
        admin.goes(&format!("{home}/access"));
        admin
            .fills("Principal", &dev.arn("user/David"))
            .fills("Action", "s3:GetObject")
            .fills("Resource", resource)
            .clicks("Ask");
    };
    let state = |name: &str| {
        let gates = gates(&admin);
        let gate = gates
            .as_array()
            .expect("gates")
            .iter()
            .find(|gate| gate[0] == name);
        gate.expect("the gate")[1]
            .as_str()
            .expect("a state")
            .to_owned()
    };
    asks("arn:aws:s3:::sandbox/a");
    admin.sees("Allowed");
    assert_eq!(state("Permissions"), "open");
    assert_eq!(state("Boundary"), "not asked");
    assert_eq!(state("Trust or resource policy"), "not asked");
    // A boundary that does not hold it closes; the gate opens by itself, with statement and place.
    let boundary = dev.iam(
        "create_policy",
        json!({ "PolicyName": "limits", "PolicyDocument": serde_json::to_string_pretty(&json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Sid": "Lists", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" },
                { "Sid": "ReadsElsewhere", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::other/*" },
            ],
        })).expect("JSON") }),
    );
    dev.iam(
        "put_user_permissions_boundary",
        json!({ "UserName": "David", "PermissionsBoundary": boundary["Policy"]["Arn"] }),
    );
    asks("arn:aws:s3:::sandbox/a");
    admin
        .sees("Denied: nothing allows it")
        .sees("No permissions boundary allows it");
    assert_eq!(state("Permissions"), "open");
    assert_eq!(state("Boundary"), "closed");
    admin
        .sees("ReadsElsewhere")
        .sees("Resource does not match")
        .sees("And 1 statement about other actions");
    admin.clicks("The statement").sees("arn:aws:s3:::other/*");
    let line = admin.runs(
        "return document.querySelector('details.gate[open] .statement .about').textContent",
        json!([]),
    );
    assert_eq!(line, "line 9 · Allow");
    // What nothing allows is closed at every gate that does not let it through, not only at the first.
    dev.iam(
        "delete_user_policy",
        json!({ "UserName": "David", "PolicyName": "reads" }),
    );
    asks("arn:aws:s3:::sandbox/a");
    admin.sees("Denied: nothing allows it");
    assert_eq!(state("Boundary"), "closed");
    assert_eq!(state("Permissions"), "closed");
    assert_eq!(admin.complaints(), Vec::<String>::new());
}
