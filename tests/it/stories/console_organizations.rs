//! AWS Organizations in the console: an organization is made, accounts are created and invited, units and control policies come and
//! go, and each counts with the next call. Members and people without the permission are told so.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    world::{AccountIn, World, policy},
};

/// A name that would run if it were markup.
const SCRIPT: &str = "<img src=x onerror=document.title='owned'>";

fn root_of(browser: &Browser, account: &str) -> String {
    let email = format!("{}@example.com", account.to_lowercase());
    browser
        .signs_in_as_root(&email, &format!("{account}-sample-1"))
        .sees("Console Home");
    browser.home()
}

fn helper(browser: &Browser, account: &AccountIn, actions: Value) -> String {
    account.iam("create_user", json!({ "UserName": "Ben" }));
    account.iam(
        "create_login_profile",
        json!({ "UserName": "Ben", "Password": "Ben-sample-1" }),
    );
    account.put_policy("user", "Ben", "work", &policy("Allow", actions, json!("*")));
    browser
        .signs_in(account.id(), "Ben", "Ben-sample-1")
        .sees("Console Home");
    browser.home()
}

fn calm(browser: &Browser) {
    let title = browser.runs("return document.title", json!([]));
    assert_ne!(title, "owned");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

fn chooses(browser: &Browser, select: &str, words: &str) {
    let chosen = browser.runs(
        "const all = [...document.getElementById(arguments[0]).options]; const one = all.find((o) => o.text.includes(arguments[1])); if (one) one.selected = true; return one ? one.text : all.map((o) => o.text).join()",
        json!([select, words]),
    );
    assert!(
        chosen.as_str().is_some_and(|text| text.contains(words)),
        "{words} is not among {chosen}"
    );
}

#[test]
fn console_an_organization_from_its_making_to_its_end() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let root = Browser::open(&world);
    let home = root_of(&root, "Production");
    root.goes(&format!("{home}/organizations"));
    root.sees("This account is in no organization")
        .clicks("Create an organization")
        .sees("The organization is created")
        .sees("Management account");

    // An account is invited, and its owner accepts.
    root.clicks("Add an AWS account")
        .clicks("Invite an existing AWS account");
    root.fills("Email address or account ID", dev.id())
        .fills("Message", SCRIPT)
        .clicks("Add account")
        .sees("is invited")
        .sees("Open");
    let owner = Browser::open(&world);
    let theirs = root_of(&owner, "Development");
    owner.goes(&format!("{theirs}/organizations"));
    owner
        .clicks("Invitations")
        .sees(SCRIPT)
        .clicks("Accept")
        .sees("The invitation is accepted");
    // Members see the organization, and nothing in it.
    owner
        .clicks("AWS accounts")
        .sees("You don't have permissions to access this resource")
        .sees("Organization details");
    calm(&owner);

    // An account is created; its e-mail address is taken for ever.
    root.goes(&format!("{home}/organizations/accounts/add"));
    root.fills("AWS account name", "Logs")
        .fills("Email address of the account's owner", "logs@example.com")
        .clicks("Add account")
        .sees("The account Logs is created");
    root.goes(&format!("{home}/organizations/accounts/add"));
    root.fills("AWS account name", "Logs again")
        .fills("Email address of the account's owner", "logs@example.com")
        .clicks("Add account")
        .sees("another account has this email address")
        .sees("Failed");

    // Units, with any name; an account moves.
    root.goes(&format!("{home}/organizations"));
    root.clicks("Root");
    root.fills("New organizational unit", SCRIPT)
        .clicks("Create organizational unit")
        .sees("is created");
    root.clicks(SCRIPT).clicks("Rename");
    root.fills("Organizational unit name", "Workloads")
        .clicks("Save changes")
        .sees("The organizational unit is called Workloads now");
    root.goes(&format!("{home}/organizations/accounts/{}", dev.id()));
    chooses(&root, "destination", "Workloads");
    root.clicks("Move account").sees("The account is moved");

    // A control policy: its type is enabled, it is written with the editor's help, and attached.
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "all",
        &policy("Allow", json!("iam:*"), json!("*")),
    );
    let makes = |name: &str| ann.call("iam", "create_group", json!({ "GroupName": name }));
    makes("Before").ok();
    root.clicks("Policies").clicks("Service control policies");
    root.sees("are disabled in this organization")
        .clicks("Enable service control policies")
        .sees("Service control policies are enabled");
    root.clicks("Create policy")
        .fills("Policy name", "Freeze")
        .pastes(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateGrup","Resource":"*"}]}"#);
    root.sees("CreateGrup");
    root.pastes(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateGroup","Resource":"*"}]}"#);
    root.clicks("Create policy")
        .sees("The policy Freeze is created")
        .sees("Attached to nothing");
    chooses(&root, "target", "Workloads");
    root.clicks("Attach policy").sees("Organizational unit");
    makes("Frozen").denied();
    root.goes(&format!(
        "{home}/organizations/accounts/{}?tab=policies",
        dev.id()
    ));
    root.sees("Freeze").sees("Inherited from");
    // A policy that is attached is not deleted.
    root.clicks("Freeze").clicks("Delete");
    root.fills("To confirm", "Freeze")
        .clicks("Delete")
        .sees("PolicyInUseException");
    root.goes(&format!(
        "{home}/organizations/policies/service-control-policy"
    ));
    root.clicks("Freeze").clicks("Targets");
    root.clicks("Detach from Workloads")
        .sees("The policy is detached");
    makes("Thawed").ok();
    root.clicks("Delete").fills("To confirm", "Freeze");
    root.clicks("Delete").sees("1 policy deleted");
    root.clicks("Policies")
        .clicks("Disable Service control policies");
    root.fills("To confirm", "disable")
        .clicks("Disable")
        .sees("Service control policies are disabled");

    // A unit must be empty to go; the member leaves by itself.
    owner.goes(&format!("{theirs}/organizations/settings"));
    owner
        .clicks("Leave organization")
        .fills("To confirm", "leave");
    owner
        .clicks("Leave organization")
        .sees("This account is in no organization");
    root.goes(&format!("{home}/organizations?q=work"));
    root.clicks("Workloads").clicks("Delete");
    root.fills("To confirm", "Workloads")
        .clicks("Delete")
        .sees("The organizational unit Workloads is deleted");
    root.goes(&format!("{home}/organizations?view=list&sort=-name"));
    root.sees("Logs").does_not_see("Development");
    calm(&root);
}

#[test]
fn console_services_and_delegation_and_who_may_see_none_of_it() {
    let world = World::start_with("text3", "organization = true", "");
    let production = world.account("Production");
    let dev = world.account("Development");
    let root = Browser::open(&world);
    let home = root_of(&root, "Production");
    root.goes(&format!("{home}/organizations/services"));
    root.runs(
        "document.getElementById('trusted-service').value = 'iam.amazonaws.com'",
        json!([]),
    );
    root.clicks("Enable trusted access")
        .sees("iam.amazonaws.com may act in the organization");
    root.runs(
        "document.getElementById('delegated-service').value = 'iam.amazonaws.com'",
        json!([]),
    );
    chooses(&root, "account", "Development");
    root.clicks("Register delegated administrator")
        .sees("111111111111 administers iam.amazonaws.com for the organization");
    root.clicks("Deregister iam.amazonaws.com")
        .sees("no longer administers");

    // The delegation policy opens the tree to a member's people.
    let ben = Browser::open(&world);
    let bens = helper(
        &ben,
        &dev,
        json!(["organizations:List*", "organizations:Describe*"]),
    );
    ben.goes(&format!("{bens}/organizations"));
    ben.sees("You don't have permissions to access this resource")
        .does_not_see("Hierarchy");
    root.goes(&format!("{home}/organizations/settings/delegation"));
    root.pastes(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":["organizations:ListRoots","organizations:ListOrganizationalUnitsForParent","organizations:ListAccountsForParent"],"Resource":"*"}}]}}"#,
        dev.arn("root")
    ));
    root.clicks("Save policy")
        .sees("The delegation policy is saved");
    ben.goes(&format!("{bens}/organizations"));
    ben.sees("Hierarchy").sees("Production");
    root.clicks("Delete policy")
        .sees("The delegation policy is deleted");
    ben.goes(&format!("{bens}/organizations"));
    ben.does_not_see("Hierarchy");

    // In the management account it takes the permission, and a denial leads to its reason.
    let eve = Browser::open(&world);
    let eves = helper(
        &eve,
        &production,
        json!(["organizations:DescribeOrganization"]),
    );
    eve.goes(&format!("{eves}/organizations"));
    eve.sees("is not authorized to perform: organizations:ListRoots")
        .clicks("Why, and what would change it")
        .sees("organizations:ListRoots");
    eve.goes(&format!("{eves}/organizations/accounts/{}", dev.id()));
    eve.sees("is not authorized to perform: organizations:DescribeAccount");
    for browser in [&root, &ben, &eve] {
        calm(browser);
    }
}
