//! Every kind of page of the console, in light and dark and on a phone: axe-core finds nothing serious, nothing scrolls sideways,
//! and the browser does not complain.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{AccountIn, World, policy},
};

const LONG: &str = "a-rather-long-name-of-a-photograph-that-somebody-took-on-a-long-journey-through-the-mountains-and-back.jpg";

/// Pages below the identity's own address, and what each of them says: users and groups.
const USERS: &[(&str, &str)] = &[
    ("/iam/users", "Users"),
    ("/iam/users?q=nobody", "No "),
    ("/iam/users/create", "User name"),
    ("/iam/users/John", "arn:aws:iam::111111111111:user/John"),
    ("/iam/users/John?tab=groups", "Developers"),
    ("/iam/users/John?tab=tags", "Tags"),
    ("/iam/users/John?tab=credentials", "Access keys"),
    ("/iam/users/John/attach", "AdministratorAccess"),
    ("/iam/users/John/inline", "JSON"),
    ("/iam/users/John/mfa/assign", "device"),
    ("/iam/groups", "User groups"),
    ("/iam/groups/create", "User group name"),
    ("/iam/groups/Developers", "John"),
    ("/iam/groups/Developers?tab=permissions", "Permissions"),
    ("/iam/groups/Developers/add-users", "Add users"),
    ("/iam/users/John?tab=last-accessed", "Allowed services"),
    ("/iam/users/Nobody", "NoSuchEntity"),
];

/// Roles and policies.
const ROLES: &[(&str, &str)] = &[
    ("/iam/roles", "Roles"),
    ("/iam/roles/create", "Trusted entity"),
    ("/iam/roles/Auditor", "Link to switch roles in console"),
    ("/iam/roles/Auditor?tab=trust", "sts:AssumeRole"),
    ("/iam/roles/Auditor?tab=tags", "Tags"),
    ("/iam/roles/Auditor?tab=revoke", "Revoke"),
    ("/iam/roles/Auditor/trust", "Policy document"),
    ("/iam/roles/Auditor/edit", "session"),
    ("/iam/policies?q=Administrator", "AdministratorAccess"),
    ("/iam/policies?type=customer", "reads-a-bucket"),
    ("/iam/policies/create", "JSON"),
    (
        "/iam/policies/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2Freads-a-bucket",
        "reads-a-bucket",
    ),
    (
        "/iam/policies/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2Freads-a-bucket/edit",
        "JSON",
    ),
    (
        "/iam/policies/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2Freads-a-bucket?tab=versions",
        "v1",
    ),
];

/// The account, its access, and the identity's own pages.
const ACCOUNT: &[(&str, &str)] = &[
    ("/", "Console Home"),
    ("/iam", "Dashboard"),
    ("/iam/recommendations", "Security recommendations"),
    ("/iam/identity-providers", "Identity providers"),
    ("/iam/identity-providers/create", "Provider"),
    ("/iam/credential-report", "Credential report"),
    ("/organizations", "organization"),
    ("/access/delegate", "Delegate access"),
    ("/iam/credentials", "Multi-factor"),
    ("/iam/settings", "Password policy"),
    ("/access", "Access"),
    ("/access/map", "Auditor"),
    ("/access/map?q=nobody", "There is no role here"),
    (
        "/access?principal=arn%3Aaws%3Aiam%3A%3A111111111111%3Auser%2FJohn&action=s3%3AGetObject&resource=arn%3Aaws%3As3%3A%3A%3Aelsewhere%2Fx",
        "Permissions",
    ),
    ("/switchrole", "Switch"),
    ("/roles", "Roles you may switch to"),
    ("/history", "Role history"),
    ("/sessions", "Signed in"),
    ("/nowhere", "There is no such page"),
];

/// Pages of S3.
const S3: &[(&str, &str)] = &[
    ("/s3", "a-bucket-of-development"),
    ("/s3?q=nothing-like-it", "No buckets"),
    ("/s3/-/create", "Bucket name"),
    ("/s3/-/block", "for this account"),
    ("/s3/an-empty-bucket", "No objects"),
    ("/s3/an-empty-bucket/delete", "Delete bucket"),
    ("/s3/an-empty-bucket/empty", "Empty bucket"),
    ("/s3/a-bucket-of-development", "readme.txt"),
    ("/s3/a-bucket-of-development?versions=1", "Delete marker"),
    (
        "/s3/a-bucket-of-development?tab=properties",
        "Bucket Versioning",
    ),
    (
        "/s3/a-bucket-of-development?tab=permissions",
        "Bucket policy",
    ),
    ("/s3/a-bucket-of-development/policy", "Edit bucket policy"),
    ("/s3/a-bucket-of-development/cors", "Edit CORS"),
    (
        "/s3/a-bucket-of-development/create-folder?prefix=folder/",
        "Folder name",
    ),
    (
        "/s3/a-bucket-of-development/object?key=readme.txt",
        "x-amz-meta-author",
    ),
    (
        "/s3/a-bucket-of-development/object?key=readme.txt&tab=versions",
        "Current",
    ),
    (
        "/s3/a-bucket-of-development/share?key=readme.txt",
        "Time until the URL expires",
    ),
    (
        "/s3/a-bucket-of-development/metadata?key=readme.txt",
        "User defined",
    ),
    (
        "/s3/a-bucket-of-development/copy?key=readme.txt",
        "Destination bucket",
    ),
    (
        "/s3/a-bucket-of-development/rename?key=readme.txt",
        "New object name",
    ),
    (
        "/s3/a-bucket-of-development/object?key=nothing",
        "NoSuchKey",
    ),
    ("/s3/no-such-bucket", "NoSuchBucket"),
];

fn furnish(dev: &AccountIn) {
    dev.user("John");
    dev.group("Developers", &["John"]);
    let reads = policy(
        "Allow",
        json!("s3:GetObject"),
        json!("arn:aws:s3:::elsewhere/*"),
    );
    dev.put_policy("user", "John", "reads", &reads);
    dev.put_policy("group", "Developers", "reads", &reads);
    dev.iam(
        "create_policy",
        json!({ "PolicyName": "reads-a-bucket", "PolicyDocument": reads.to_string(), "Description": "Reads a bucket." }),
    );
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    let all = policy("Allow", json!("*"), json!("*"));
    dev.put_policy("user", "John", "all", &all);
    dev.role("Auditor", json!("arn:aws:iam::111111111111:root"));
    dev.bucket("an-empty-bucket");
    dev.bucket("a-bucket-of-development");
    let root = dev.root();
    let versioning = json!({ "Bucket": "a-bucket-of-development", "VersioningConfiguration": { "Status": "Enabled" } });
    root.call("s3", "put_bucket_versioning", versioning).ok();
    for key in ["readme.txt", LONG, "folder/inside.txt", "gone.txt"] {
        let object = json!({ "Bucket": "a-bucket-of-development", "Key": key, "Body": "x", "Metadata": { "author": "John" } });
        root.call("s3", "put_object", object).ok();
    }
    let gone = json!({ "Bucket": "a-bucket-of-development", "Key": "gone.txt" });
    root.call("s3", "delete_object", gone).ok();
}

/// Visits pages and gathers what is wrong with them.
struct Tour<'b> {
    browser: &'b Browser,
    wrong: Vec<String>,
}

impl Tour<'_> {
    fn here(&mut self, words: &str) {
        self.browser.sees(words);
        self.wrong.extend(self.browser.findings());
    }

    fn visits(&mut self, home: &str, pages: &[(&str, &str)]) {
        for (page, words) in pages {
            self.browser.goes(&format!("{home}{page}"));
            self.here(words);
        }
    }
}

/// A furnished account, and its root user at a browser that finds what is wrong.
fn furnished() -> (World, Browser) {
    let world = World::start("text3");
    furnish(&world.account("Development"));
    let browser = Browser::open(&world);
    browser
        .examines()
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    (world, browser)
}

/// Nothing is wrong with these pages.
fn visits(pages: &[(&str, &str)]) {
    let (_world, browser) = furnished();
    let mut tour = Tour {
        browser: &browser,
        wrong: Vec::new(),
    };
    tour.visits(&browser.home(), pages);
    assert_eq!(tour.wrong, Vec::<String>::new());
}

#[test]
fn console_pages_of_s3_are_for_everybody() {
    visits(S3);
}

#[test]
fn console_pages_of_users_and_groups_are_for_everybody() {
    visits(USERS);
}

#[test]
fn console_pages_of_roles_and_policies_are_for_everybody() {
    visits(ROLES);
}

#[test]
fn console_pages_of_the_account_are_for_everybody() {
    visits(ACCOUNT);
}

#[test]
fn console_pages_that_a_click_leads_to_are_for_everybody() {
    let (_world, browser) = furnished();
    let mut tour = Tour {
        browser: &browser,
        wrong: Vec::new(),
    };
    let home = browser.home();
    browser.goes(&format!(
        "{home}/s3/a-bucket-of-development/share?key=readme.txt"
    ));
    browser.clicks("Create presigned URL");
    tour.here("It expires at");
    browser.goes(&format!("{home}/s3/a-bucket-of-development"));
    browser.clicks("Select readme.txt").clicks("Delete");
    tour.here("To confirm");
    browser.goes(&format!("{home}/iam/policies/create"));
    browser
        .pastes(
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                  "Condition": { "StringEquals": { "aws:PrincipalTag/team": "a" }, "Bool": { "aws:SecureTransport": "true" } } },
                { "Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*" },
            ] })
            .to_string(),
        )
        .clicks("Visual");
    tour.here("Request conditions");
    assert_eq!(tour.wrong, Vec::<String>::new());
}

#[test]
fn console_pages_of_signing_in_and_of_a_role_are_for_everybody() {
    let world = World::start("text3");
    let dev = world.account("Development");
    furnish(&dev);
    let browser = Browser::open(&world);
    browser.examines();
    let mut tour = Tour {
        browser: &browser,
        wrong: Vec::new(),
    };
    tour.visits(
        "",
        &[
            ("/signin", "IAM user name"),
            ("/signin?as=root", "Root user email address"),
        ],
    );
    browser.signs_in(dev.id(), "John", "wrong");
    tour.here("incorrect");
    // Two identities, so that there is a choice.
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let john = browser.home();
    tour.visits(&john, &[("/password", "password")]);
    browser.goes("/console");
    tour.here("Choose an identity");
    browser.goes(&format!(
        "{john}/switchrole?account=111111111111&roleName=Auditor&displayName=Looking&color=red"
    ));
    browser.clicks("Switch Role").sees("In account");
    tour.visits(
        &john,
        &[
            ("/", "Console Home"),
            ("/history", "Looking"),
            ("/iam/users", "AccessDenied"),
        ],
    );
    let cut = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2999-01-01T00:00:00Z" } } }],
    });
    dev.put_policy("role", "Auditor", "AWSRevokeOlderSessions", &cut);
    tour.visits(&john, &[("/", "Session Lost")]);

    assert_eq!(tour.wrong, Vec::<String>::new());
}

#[test]
fn console_the_wizard_that_delegates_is_for_everybody() {
    let (_world, browser) = furnished();
    let mut tour = Tour {
        browser: &browser,
        wrong: Vec::new(),
    };
    browser.goes(&format!("{}/access/delegate", browser.home()));
    browser.clicks("A user group").clicks("Next: What");
    tour.here("Enter the name of a user group");
    browser
        .fills("User group", "Developers")
        .clicks("Next: What");
    browser.clicks("Managed policies");
    tour.here("AdministratorAccess");
    browser.clicks("A policy of your own");
    tour.here("JSON");
    browser.clicks("Read a bucket").clicks("Next: Where");
    tour.here("Longest session");
    browser
        .fills("Account", "999999999999")
        .fills("Role name", "Readers")
        .fills("Bucket", "a-bucket-of-production-with-a-long-name")
        .clicks("Require external ID")
        .clicks("Next: Preview");
    tour.here("Who gains access");
    browser.clicks("Create");
    tour.here("To send: Lock of account 999999999999");
    assert_eq!(tour.wrong, Vec::<String>::new());
}
