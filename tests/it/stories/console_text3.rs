//! Texts 3, 4 and 5 in the console: UpdateApp and the link that fills the form, pasted documents with comments and typographic
//! quotes, a role within one's own account.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{World, policy},
};

#[test]
fn console_text3_a_link_fills_the_form_after_the_sign_in() {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("productionapp");
    production.role("UpdateApp", json!(dev.id()));
    dev.user("David");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "David", "Password": "David-sample-1" }),
    );
    let role = "arn:aws:iam::999999999999:role/UpdateApp";
    let david = Browser::open(&world);
    david.goes(
        "/switchrole?account=999999999999&roleName=UpdateApp&displayName=Update%20App&color=FAD791",
    );
    david
        .fills("Account ID", dev.id())
        .fills("IAM user name", "David");
    david.fills("Password", "David-sample-1").clicks("Sign in");
    david.sees("Switch Role");
    assert_eq!(david.reads("Account"), "999999999999");
    assert_eq!(david.reads("Role"), "UpdateApp");
    assert_eq!(david.reads("Display name"), "Update App");
    // Only one of the two locks has turned.
    david.clicks("Switch Role");
    david.sees("is not authorized to perform: sts:AssumeRole");
    david.sees("because no identity-based policy allows the sts:AssumeRole action");
    dev.put_policy(
        "user",
        "David",
        "take",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    david.clicks("Switch Role").sees("Update App");
    // The list of all roles says the same as the switch.
    let home = david.home();
    david.goes(&format!("{home}/roles"));
    david.sees("UpdateApp").sees("Production");
    // Anything but twelve digits or an alias is refused.
    david.goes(&format!(
        "{home}/switchrole?account=99999999999&roleName=UpdateApp"
    ));
    david
        .clicks("Switch Role")
        .sees("must be a valid 12-digit account ID");
    assert_eq!(david.complaints(), Vec::<String>::new());
}

#[test]
fn console_text5_typographic_quotes_and_comments_are_repaired_at_a_click() {
    let world = World::start("text5");
    world.account("Stuzio").bucket("com.stuzio.projectx");
    let stuzio = Browser::open(&world);
    stuzio.goes("/signin?as=root");
    stuzio.fills("Root user email address", "stuzio@example.com");
    stuzio
        .fills("Password", "Stuzio-sample-1")
        .clicks("Sign in")
        .sees("Console Home");
    // A leading zero counts.
    stuzio.sees("081278057606");
    let home = stuzio.home();
    stuzio.goes(&format!("{home}/iam/policies/create"));
    stuzio.pastes(
        "{ “Version”: “2012-10-17”, # the newest\n “Statement”: [{ “Sid”: “Buckets”, “Effect”: “Allow”, “Action”: “s3:*”,\n\
         “Resource”: [“arn:aws:s3:::com.stuzio.project-x”, “arn:aws:s3:::com.stuzio.project-x/*”], }] }",
    );
    stuzio.clicks("Repair");
    stuzio.sees("There is no such bucket in this account: com.stuzio.project-x; did you mean com.stuzio.projectx?");
    stuzio.clicks("Visual");
    assert!(stuzio.reads("Actions of statement 1").contains("s3:*"));
    stuzio.clicks("JSON").clicks("Review policy");
    stuzio.sees("Full access");
    stuzio
        .fills("Name", "StuzioProjectXPolicy")
        .clicks("Create policy")
        .sees("is created");
    assert_eq!(stuzio.complaints(), Vec::<String>::new());
}

#[test]
fn console_text3_a_role_of_ones_own_account_and_mfa_that_is_missing() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let john = dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    let own = dev.role("Own", json!(john.arn()));
    let guarded = dev.role_trusting(
        "Guarded",
        &json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": john.arn() },
            "Action": "sts:AssumeRole",
            "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
        }] }),
    );
    assert!(own.ends_with("role/Own") && guarded.ends_with("role/Guarded"));
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/roles"));
    browser.sees("Own").sees("Guarded").sees("Needs MFA");
    browser.goes(&format!(
        "{home}/switchrole?account=111111111111&roleName=Guarded"
    ));
    browser.clicks("Switch Role").sees("AccessDenied");
    browser
        .sees("Trust or resource policy\nclosed")
        .sees("Needs MFA. You have no MFA device yet.");
    browser.goes(&format!(
        "{home}/switchrole?account=111111111111&roleName=Own&displayName=Mine"
    ));
    browser.clicks("Switch Role").sees("Mine");
}

#[test]
fn console_text5_troy_signs_in_to_acme_and_works_on_stuzios_bucket() {
    let world = World::start("text5");
    let stuzio = world.account("Stuzio");
    let acme = world.account("Acme");
    stuzio.bucket("com.stuzio.projectx");
    let role = stuzio.role("StuzioAcmeConsultantRole", json!(acme.id()));
    stuzio.put_policy(
        "role",
        "StuzioAcmeConsultantRole",
        "StuzioProjectXPolicy",
        &policy("Allow", json!(["s3:*"]), json!(["*"])),
    );
    acme.user("Troy");
    acme.iam(
        "create_login_profile",
        json!({ "UserName": "Troy", "Password": "Troy-sample-1" }),
    );
    acme.put_policy(
        "user",
        "Troy",
        "AcmeClientAssumeRolePolicy",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    let troy = Browser::open(&world);
    troy.signs_in(acme.id(), "Troy", "Troy-sample-1")
        .sees("Console Home");
    let home = troy.home();
    troy.goes(&format!("{home}/s3"));
    troy.sees("AccessDenied");
    troy.goes(&format!(
        "{home}/switchrole?account=081278057606&roleName=StuzioAcmeConsultantRole"
    ));
    troy.clicks("Switch Role").sees("Console Home");
    troy.sees("StuzioAcmeConsultantRole");
    troy.goes(&format!("{home}/s3"));
    troy.clicks("com.stuzio.projectx").sees("No objects");
    assert_eq!(troy.complaints(), Vec::<String>::new());
}

#[test]
fn console_a_bucket_of_old_and_new_versions_is_emptied_of_all() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.bucket("older-than-versions");
    dev.object("older-than-versions", "before", "old");
    dev.object("older-than-versions", "alone", "old");
    let versions = json!({ "Bucket": "older-than-versions", "VersioningConfiguration": { "Status": "Enabled" } });
    dev.root()
        .call("s3", "put_bucket_versioning", versions)
        .ok();
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    let empty = || {
        browser.goes(&format!("{home}/s3/older-than-versions/empty"));
        browser
            .fills("To confirm", "permanently delete")
            .clicks("Empty");
        browser.sees("Create bucket");
        let left = json!({ "Bucket": "older-than-versions" });
        let left = dev.root().call("s3", "list_object_versions", left).ok();
        assert!(
            left.get("Versions").is_none() && left.get("DeleteMarkers").is_none(),
            "{left}"
        );
    };
    // All of them from before there were versions.
    empty();
    dev.object("older-than-versions", "after", "new");
    dev.object("older-than-versions", "after", "newer");
    empty();
}
