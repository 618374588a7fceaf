//! Pages of IAM beside the walkthroughs': identity providers and the roles for those they vouch for, what was last accessed, the
//! credential report, what the dashboard recommends, wizards that are refused half-way, and lists in another order.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    server::Directory,
    world::{AccountIn, World, policy},
};

/// A name that would run if it were markup.
const SCRIPT: &str = "<img src=x onerror=document.title='owned'>";

fn root_of_production(browser: &Browser) -> String {
    browser
        .signs_in_as_root("production@example.com", "Production-sample-1")
        .sees("Console Home");
    browser.home()
}

/// A user with a password and these actions on everything, signed in.
fn helper(browser: &Browser, account: &AccountIn, name: &str, actions: Value) -> String {
    account.iam("create_user", json!({ "UserName": name }));
    let password = format!("{name}-sample-1");
    account.iam(
        "create_login_profile",
        json!({ "UserName": name, "Password": password }),
    );
    account.put_policy("user", name, "work", &policy("Allow", actions, json!("*")));
    browser
        .signs_in(account.id(), name, &password)
        .sees("Console Home");
    browser.home()
}

/// Nothing ran, nothing broke.
fn calm(browser: &Browser) {
    let title = browser.runs("return document.title", json!([]));
    assert_ne!(title, "owned");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_an_openid_connect_provider_gets_a_role_with_the_trust_that_aws_would_write() {
    let world = World::start("text3");
    let production = world.account("Production");
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam"));
    root.clicks("Identity providers")
        .sees("No identity providers");
    root.clicks("Add provider").clicks("OpenID Connect");
    root.fills("Provider URL", "http://ci.example.com/acme")
        .fills("Audience", "sts.amazonaws.com")
        .clicks("Add provider");
    root.sees("ValidationError");
    root.fills("Provider URL", "https://ci.example.com/acme")
        .clicks("Add provider")
        .sees("The identity provider ci.example.com/acme is added");
    // Audiences come and go, and are text whatever they say.
    root.fills("New audience", SCRIPT)
        .clicks("Add audience")
        .sees(SCRIPT);
    root.fills("New audience", "builds").clicks("Add audience");
    root.sees("The audience builds is added")
        .clicks("Remove builds")
        .sees("The audience builds is removed");
    root.clicks("Endpoint verification");
    root.fills("Thumbprints", "0123456789abcdef0123456789ABCDEF01234567")
        .clicks("Save changes")
        .sees("The thumbprints are saved");
    root.clicks("Tags")
        .fills("Key", "team")
        .fills("Value", "builders");
    root.clicks("Save changes").sees("The tags are saved");
    let provider = production.arn("oidc-provider/ci.example.com/acme");
    let told = production.iam(
        "get_open_id_connect_provider",
        json!({ "OpenIDConnectProviderArn": provider }),
    );
    assert_eq!(told["ClientIDList"], json!(["sts.amazonaws.com", SCRIPT]));
    assert_eq!(
        told["ThumbprintList"],
        json!(["0123456789abcdef0123456789abcdef01234567"])
    );
    assert_eq!(
        told["Tags"],
        json!([{ "Key": "team", "Value": "builders" }])
    );

    // The way from the provider to a role: provider and audience are chosen already.
    root.clicks("Assign role").sees("Web identity");
    assert_eq!(root.reads("Identity provider"), provider);
    assert_eq!(root.reads("Audience"), "sts.amazonaws.com");
    root.fills("Key of condition 1", "sub");
    root.clicks("Next: Permissions")
        .sees("A condition needs a key, an operator and a value");
    root.fills("Value of condition 1", "repo:acme/app");
    root.clicks("Next: Permissions")
        .sees("Permissions policies");
    root.clicks("Next: Tags").clicks("Next: Review");
    root.sees("ci.example.com/acme:aud");
    root.fills("Role name", "Build")
        .clicks("Create role")
        .sees("The role Build is created");
    let role = production.iam("get_role", json!({ "RoleName": "Build" }));
    assert_eq!(
        role["Role"]["AssumeRolePolicyDocument"],
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                "ci.example.com/acme:aud": "sts.amazonaws.com",
                "ci.example.com/acme:sub": "repo:acme/app",
            } },
        }] })
    );

    // GitHub's: nobody of everywhere.
    production.iam(
        "create_open_id_connect_provider",
        json!({ "Url": "https://token.actions.githubusercontent.com", "ClientIDList": ["sts.amazonaws.com"] }),
    );
    let github = production.arn("oidc-provider/token.actions.githubusercontent.com");
    root.goes(&format!(
        "{home}/iam/roles/create?entity=web&provider={github}"
    ));
    root.clicks("Next: Permissions")
        .sees("Enter the GitHub organization or user");
    root.fills("GitHub organization", "acme")
        .fills("GitHub repository", "app")
        .fills("GitHub branch", "main");
    root.clicks("Next: Permissions")
        .clicks("Next: Tags")
        .clicks("Next: Review");
    root.sees("repo:acme/app:ref:refs/heads/main");

    // Whoever may not list providers is told so, with the way to the reason.
    let ben = Browser::open(&world);
    let bens = helper(&ben, &production, "Ben", json!(["iam:ListSAMLProviders"]));
    ben.goes(&format!("{bens}/iam/identity-providers"));
    ben.sees("is not authorized to perform: iam:ListOpenIDConnectProviders")
        .sees("No identity providers");
    ben.clicks("Why, and what would change it")
        .sees("iam:ListOpenIDConnectProviders");

    // Deleting says who still names it, and wants its name.
    root.goes(&format!("{home}/iam/identity-providers?type=oidc&q=ci."));
    root.does_not_see("githubusercontent")
        .clicks("Select ci.example.com/acme")
        .clicks("Delete");
    root.sees("1 role names it and stays (Build)");
    root.fills("To confirm", "ci.example.com/acme")
        .clicks("Delete")
        .sees("1 identity provider deleted");
    calm(&root);
}

/// The metadata of an identity provider that was never there.
fn metadata(folder: &Directory) -> String {
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("c.pem"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=idp",
        ])
        .args(["-keyout".as_ref(), key.as_os_str()])
        .args(["-out".as_ref(), certificate.as_os_str()])
        .output()
        .expect("openssl runs: make test installs it");
    assert!(made.status.success(), "{made:?}");
    let pem = std::fs::read_to_string(certificate).expect("a certificate");
    let certificate: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let filler = " ".repeat(1000);
    format!(
        r#"<?xml version="1.0"?><!-- {filler} --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/metadata"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

#[test]
fn console_a_saml_provider_is_added_from_a_file_and_lets_people_in() {
    let world = World::start("text3");
    let production = world.account("Production");
    let folder = Directory::new("metadata");
    let document = metadata(&folder);
    let file = folder.path().join("metadata.xml");
    std::fs::write(&file, &document).expect("written");
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam/identity-providers/create"));
    root.clicks("SAML").fills("Provider name", "Corporate");
    root.fills("Metadata document as text", "<not-metadata/>")
        .clicks("Add provider")
        .sees("failed to satisfy constraint");
    root.uploads(&file);
    root.clicks("Add provider")
        .sees("The identity provider Corporate is added")
        .sees("Valid until");
    let home_of_it = root.path();
    let kept = root.runs(
        "const x = new XMLHttpRequest(); x.open('GET', arguments[0] + '/metadata', false); x.send(); return [x.responseText, x.getResponseHeader('content-disposition')]",
        json!([home_of_it]),
    );
    assert_eq!(
        kept,
        json!([document, "attachment; filename=\"Corporate-metadata.xml\""])
    );
    root.clicks("Assign role").sees("SAML 2.0 federation");
    root.clicks("Next: Permissions")
        .clicks("Next: Tags")
        .clicks("Next: Review");
    root.fills("Role name", "Staff")
        .clicks("Create role")
        .sees("The role Staff is created");
    let provider = production.arn("saml-provider/Corporate");
    let role = production.iam("get_role", json!({ "RoleName": "Staff" }));
    assert_eq!(
        role["Role"]["AssumeRolePolicyDocument"],
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithSAML",
            "Condition": { "StringEquals": { "SAML:aud": "https://signin.aws.amazon.com/saml" } },
        }] })
    );
    // Programs only: an attribute of one's own choice, which must have a value.
    root.goes(&format!(
        "{home}/iam/roles/create?entity=saml&provider={provider}"
    ));
    root.clicks("Allow programmatic access only")
        .clicks("Next: Permissions")
        .sees("Enter what the attribute of the assertion must be");
    root.goes(&format!(
        "{home}/iam/identity-providers/{}?tab=roles",
        provider.replace('/', "%2F")
    ));
    root.sees("Roles that trust this provider (1)")
        .sees("Staff");
    calm(&root);
}

#[test]
fn console_last_accessed_and_the_credential_report_say_what_was_used() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let cleo = production.user("Cleo");
    production.put_policy(
        "user",
        "Cleo",
        "work",
        &policy("Allow", json!(["s3:Get*", "sqs:*"]), json!("*")),
    );
    cleo.get("ops", "a.txt").ok();
    production.group("Readers", &["Cleo"]);
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam/users/Cleo"));
    root.clicks("Last Accessed")
        .sees("Allowed services (2)")
        .sees("Amazon S3")
        .sees("work")
        .sees("Not accessed");
    root.goes(&format!(
        "{home}/iam/users/Cleo?tab=last-accessed&type=accessed"
    ));
    root.does_not_see("SQS")
        .clicks("Amazon S3")
        .sees("GetObject");
    root.goes(&format!("{home}/iam/groups/Readers?tab=last-accessed"));
    root.sees("No policy allows any service");

    // The report: asked for once, then always of this moment; sorted by its columns.
    root.goes(&format!("{home}/iam"));
    root.clicks("Credential report");
    root.sees("<root_account>").sees("Cleo");
    root.clicks("Access key 1");
    let order = || {
        root.runs(
            "return [...document.querySelectorAll('tbody tr td:first-child')].map((cell) => cell.innerText).join()",
            json!([]),
        )
    };
    root.goes(&format!("{home}/iam/credential-report?sort=-user"));
    assert_eq!(order(), "Cleo,<root_account>");
    root.clicks("User");
    root.sees("Cleo");
    assert_eq!(order(), "<root_account>,Cleo");
    let file = root.runs(
        "const x = new XMLHttpRequest(); x.open('GET', arguments[0], false); x.send(); return x.responseText.split('\\n')[0].split(',').length",
        json!([format!("{home}/iam/credential-report/download")]),
    );
    assert_eq!(file, 22);

    let ben = Browser::open(&world);
    let bens = helper(
        &ben,
        &production,
        "Ben",
        json!(["iam:GetUser", "iam:ListUsers"]),
    );
    ben.goes(&format!("{bens}/iam/credential-report"));
    ben.sees("is not authorized to perform: iam:GetCredentialReport")
        .sees("Why, and what would change it");
    // A denial of the report leaves the user's page.
    ben.goes(&format!("{bens}/iam/users/Cleo?tab=last-accessed"));
    ben.sees("Unique ID")
        .sees("is not authorized to perform: iam:GenerateServiceLastAccessedDetails");
    calm(&root);
    calm(&ben);
}

#[test]
fn console_the_dashboard_says_what_to_mend_and_leads_there() {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    production.iam("create_user", json!({ "UserName": "Ann" }));
    production.iam(
        "create_login_profile",
        json!({ "UserName": "Ann", "Password": "Ann-sample-1" }),
    );
    production.role("Outside", json!(dev.id()));
    production.put_policy(
        "role",
        "Outside",
        "pass",
        &policy("Allow", json!("iam:PassRole"), json!("*")),
    );
    root.goes(&format!("{home}/iam"));
    root.sees("Add MFA for root user")
        .sees("Delete the root user's access keys")
        .sees("Add MFA for 1 user with console access")
        .sees("Set a password policy")
        .sees("Look at 1 policy with security warnings")
        .sees("Roles that other accounts may take on: 1 role")
        .sees("Roles that were never used: 1 role");
    root.clicks("Outside › pass").sees("pass");
    root.goes(&format!("{home}/iam"));
    root.clicks("Account settings").clicks("Save changes");
    // The alias is edited where it is shown.
    root.goes(&format!("{home}/iam"));
    root.clicks("Edit account alias");
    root.fills("Preferred alias", "renamed-account")
        .clicks("Save changes")
        .sees("The account's alias is renamed-account")
        .sees("/signin/renamed-account");
    // Whoever may read nothing of it is told what is missing, and sees the page.
    let ben = Browser::open(&world);
    let bens = helper(&ben, &production, "Ben", json!(["iam:GetAccountSummary"]));
    ben.goes(&format!("{bens}/iam"));
    ben.sees("Quotas")
        .sees("is not authorized to perform: iam:GetCredentialReport")
        .sees("is not authorized to perform: iam:GetAccountAuthorizationDetails");
    calm(&root);
    calm(&ben);
}

#[test]
fn console_a_wizard_that_is_refused_half_way_says_what_was_made() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.group("Staff", &[]);
    production.iam("create_user", json!({ "UserName": "Old" }));
    let ben = Browser::open(&world);
    let home = helper(
        &ben,
        &production,
        "Ben",
        json!([
            "iam:Create*",
            "iam:Get*",
            "iam:List*",
            "iam:AttachGroupPolicy",
            "iam:TagUser"
        ]),
    );
    ben.goes(&format!("{home}/iam/users/create"));
    ben.fills("User name", "Dora")
        .clicks("Provide user access")
        .clicks("Custom password")
        .fills("Custom password", "Dora-sample-1")
        .clicks("Staff")
        .clicks("Create user");
    ben.sees("The user Dora is created. Made besides: console access.")
        .sees("Refused: membership of Staff")
        .sees("is not authorized to perform: iam:AddUserToGroup")
        .sees("Unique ID");
    assert!(ben.path().contains("/iam/users/Dora"), "{}", ben.path());
    ben.goes(&format!("{home}/iam/groups/create"));
    ben.fills("User group name", "Readers")
        .clicks("Select Old")
        .fills("Search policies", "ReadOnlyAccess")
        .clicks("Select ReadOnlyAccess")
        .clicks("Create user group")
        .sees("The user group Readers is created. Made besides: the policy ReadOnlyAccess.")
        .sees("Refused: Old as a member")
        .sees("Why, and what would change it");
    assert!(ben.path().contains("/iam/groups/Readers"), "{}", ben.path());
    calm(&ben);
}

#[test]
fn console_credentials_of_every_kind_come_and_go_and_root_mends_its_own() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.iam("create_user", json!({ "UserName": "Ann" }));
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam/users/Ann?tab=credentials"));
    root.clicks("Create access key")
        .sees("the only time that the secret access key is shown")
        .clicks("Done")
        .sees("Access keys (1)");
    root.clicks("Deactivate AKIA").sees("The key is inactive");
    root.clicks("Delete AKIA").sees("The key is deleted");
    root.runs(
        "document.querySelectorAll('details.edit').forEach((part) => (part.open = true))",
        json!([]),
    );
    root.fills("SSH public key", "ssh-rsa nonsense")
        .clicks("Upload");
    root.sees("InvalidPublicKey");
    root.goes(&format!("{home}/iam/users/Ann?tab=credentials"));
    root.runs(
        "document.querySelectorAll('details.edit').forEach((part) => (part.open = true))",
        json!([]),
    );
    root.clicks("Generate")
        .sees("the only time that the password is shown")
        .clicks("Done")
        .sees("Service-specific credentials (1)")
        .sees("codecommit.amazonaws.com");
    // What hangs on a user goes with it.
    root.clicks("Delete")
        .fills("To confirm", "Ann")
        .clicks("Delete")
        .sees("1 user deleted");

    // The dashboard's advice to root can be followed.
    root.goes(&format!("{home}/iam"));
    root.clicks("Manage access keys")
        .clicks("Deactivate AKIAPRODUCTIONROOT03")
        .sees("The key is inactive");
    root.clicks("Delete AKIAPRODUCTIONROOT03")
        .sees("The key is deleted")
        .sees("Access keys (0)");
    root.goes(&format!("{home}/iam"));
    root.sees("Root user has no active access keys");

    // A role for EC2 brings its instance profile, and takes it along.
    root.goes(&format!("{home}/iam/roles/create?entity=service"));
    root.fills("Service or use case", "ec2")
        .clicks("Next: Permissions")
        .clicks("Next: Tags")
        .clicks("Next: Review");
    root.fills("Role name", "Machine")
        .clicks("Create role")
        .sees("The role Machine is created");
    root.clicks("Machine")
        .sees("arn:aws:iam::999999999999:instance-profile/Machine")
        .clicks("Delete");
    root.sees("1 instance profile is deleted (Machine)")
        .fills("To confirm", "Machine")
        .clicks("Delete")
        .sees("1 role deleted");
    calm(&root);
}

#[test]
fn console_one_picks_among_many_and_a_deletion_names_what_goes_with_it() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.iam("create_user", json!({ "UserName": "Ann" }));
    let document = policy("Allow", json!("s3:GetObject"), json!("*"));
    let fence = production.iam(
        "create_policy",
        json!({ "PolicyName": "Fence", "PolicyDocument": document.to_string() }),
    );
    let fence = fence["Policy"]["Arn"].as_str().expect("an ARN").to_owned();
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam/users/Ann/attach"));
    root.sees("more: search for them")
        .fills("Search policies", "AmazonEC2ReadOnlyAccess")
        .clicks("Select AmazonEC2ReadOnlyAccess")
        .fills("Search policies", "Fence")
        .clicks("Select Fence")
        .clicks("Attach policies")
        .sees("2 policies attached");
    // What somebody has already is not offered again.
    root.goes(&format!("{home}/iam/users/Ann/attach"));
    root.fills("Search policies", "Fence").sees("No policies.");

    // A policy that is a boundary stays, and stays attached.
    production.iam(
        "put_user_permissions_boundary",
        json!({ "UserName": "Ann", "PermissionsBoundary": fence }),
    );
    root.goes(&format!("{home}/iam/policies"));
    root.clicks("Select Fence")
        .clicks("Delete")
        .sees("it is detached from 1 identity (Ann)")
        .sees("It is the permissions boundary of 1 identity (Ann)");
    root.fills("To confirm", "Fence")
        .clicks("Delete")
        .sees("Refused: deleting Fence");
    let had = production.iam("list_attached_user_policies", json!({ "UserName": "Ann" }));
    assert_eq!(had["AttachedPolicies"].as_array().map(Vec::len), Some(2));

    root.goes(&format!("{home}/iam/users/create"));
    root.fills("User name", "Bea")
        .fills("Search policies", "ReadOnlyAccess")
        .clicks("Select ReadOnlyAccess")
        .clicks("Create user")
        .sees("The user Bea is created");
    root.clicks("View").sees("ReadOnlyAccess").sees("Unique ID");
    root.goes(&format!("{home}/iam/users"));
    root.clicks("Select all")
        .clicks("Delete")
        .sees("2 policies are detached (")
        .sees("1 policy is detached (ReadOnlyAccess)");
    root.fills("To confirm", "delete")
        .clicks("Delete")
        .sees("users deleted");
    calm(&root);
}

#[test]
fn console_the_dashboard_knows_old_keys_and_idle_ones() {
    const DAYS: u64 = 24 * 3_600_000;
    let world = World::start_still("text3");
    let production = world.account("Production");
    let ann = production.user("Ann");
    production.user("Bea");
    world.advance(80 * DAYS);
    ann.call("sts", "get_caller_identity", json!({})).ok();
    production.user("Cleo");
    world.advance(20 * DAYS);
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    root.goes(&format!("{home}/iam"));
    root.sees("Change access keys older than 90 days: 2 users")
        .sees("Deactivate access keys that nobody used for 90 days: 1 user")
        .does_not_see("Cleo");
    calm(&root);
}

#[test]
fn console_lists_are_sorted_by_their_headings_and_keep_the_search() {
    let world = World::start("text3");
    let production = world.account("Production");
    for name in ["zoe", "Adam", "mia"] {
        production.iam("create_group", json!({ "GroupName": name }));
    }
    let root = Browser::open(&world);
    let home = root_of_production(&root);
    let state = || {
        root.runs(
            "return [...document.querySelectorAll('tbody tr td:nth-child(2)')].map((cell) => cell.innerText).join() + ' ' + document.querySelector('th[aria-sort]').ariaSort",
            json!([]),
        )
    };
    root.goes(&format!("{home}/iam/groups?q=a"));
    root.clicks("Group name").sees("Adam");
    assert_eq!(state(), "Adam,mia ascending");
    root.clicks("Group name").sees("Adam");
    assert_eq!(state(), "mia,Adam descending");
    // Searching keeps the order.
    root.fills("Find user groups", "\u{e007}").sees("zoe");
    assert_eq!(state(), "zoe,mia,Adam descending");
    root.goes(&format!("{home}/iam/policies?type=aws&q=Lambda&sort=-name"));
    root.sees("AWSLambda").does_not_see("AdministratorAccess");
    calm(&root);
}
