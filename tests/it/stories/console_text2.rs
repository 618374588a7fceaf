//! Text 2 in the console, click by click: the client makes a role that requires MFA, with the policy for Lambda developers made
//! beside the wizard; the provider's developer follows the link, signs in with MFA and works in it.

use serde_json::json;

use crate::{browser::Browser, world::World};

const POLICY: &str = r#"{
        "Version": "2012-10-17",
        "Statement": [
            {
            "Sid": "DeveloperLambdaFunction",
            "Action": [
                "lambda:Get*",
                "lambda:List*",
                "lambda:InvokeAsync",
                "lambda:InvokeFunction",
                "lambda:PublishVersion",
                "lambda:UpdateFunctionCode"
            ],
            "Effect": "Allow",
            "Resource": "*"
            }
        ]
        }"#;

/// The code of a seed so many steps from now, as a telephone shows it.
fn code(world: &World, seed: &str, ahead: i64) -> String {
    let now = i64::try_from(world.server().now()).expect("a time of our days");
    let at = (now + ahead * 30_000).to_string();
    let line = crate::world::python("code.py", &[seed, &at]);
    world.terminal().types(&line).ok().trim().to_owned()
}

/// The client's administrator makes policy and role. Gives home and the link that switches.
fn client(admin: &Browser) -> (String, String) {
    admin
        .signs_in_as_root("client@example.com", "Client-sample-1")
        .sees("Console Home");
    let home = admin.home();
    admin.goes(&format!("{home}/iam"));
    admin.clicks("Roles").clicks("Create role");
    // Four kinds of trusted entity.
    admin
        .sees("AWS service")
        .sees("Another AWS account")
        .sees("Web identity")
        .sees("SAML 2.0 federation");
    admin.clicks("Another AWS account");
    admin.sees("Require external ID").clicks("Require MFA");
    admin
        .fills("Account ID", "333333333333")
        .clicks("Next: Permissions");
    // The policy is made in another tab; what was entered here stays.
    admin.sees("Permissions policies").clicks("Create policy");
    admin.follows_new_tab();
    admin.sees("Visual").sees("JSON").pastes(POLICY);
    admin.sees("lambda:InvokeAsync");
    // The guided editor shows the same.
    admin.clicks("Visual");
    assert!(
        admin
            .reads("Actions of statement 1")
            .contains("lambda:UpdateFunctionCode")
    );
    admin.clicks("JSON").clicks("Review policy");
    admin
        .fills("Name", "DeveloperLambda")
        .fills("Description", "Triggers functions and updates their code");
    admin.clicks("Create policy").sees("DeveloperLambda");
    admin.closes_tab();
    admin.does_not_see("DeveloperLambda");
    admin
        .clicks("Refresh")
        .fills("Search policies", "developerlambda");
    admin.clicks("Select DeveloperLambda").clicks("Next: Tags");
    admin.fills("Key", "team").fills("Value", "billing");
    admin.clicks("Next: Review");
    admin
        .fills("Role name", "LambdaDeveloper")
        .fills("Role description", "For the provider's developers");
    admin
        .clicks("Create role")
        .sees("The role LambdaDeveloper is created")
        .sees("Trusted entities");
    admin
        .clicks("LambdaDeveloper")
        .sees("Link to switch roles in console");
    let link = admin.runs(
        "return [...document.querySelectorAll('[data-copy]')].map(b => b.dataset.copy).find(t => t.includes('/switchrole?'))",
        json!([]),
    );
    let link = link.as_str().expect("a link").to_owned();
    assert!(link.contains("roleName=LambdaDeveloper"), "{link}");
    admin.clicks("Tags").sees("Tags (1)");
    assert_eq!(admin.reads("Key"), "team");
    assert_eq!(admin.reads("Value"), "billing");
    (home, link)
}

#[test]
fn console_text2_a_role_that_requires_mfa_is_made_followed_and_worked_in() {
    let world = World::start_still("text2");
    let provider = world.account("Provider");
    // The account's number is on its IAM pages, where an alias hides it from the sign-in address.
    let theirs = Browser::open(&world);
    theirs
        .signs_in_as_root("provider@example.com", "Provider-sample-1")
        .sees("Console Home");
    let iam = format!("{}/iam", theirs.home());
    theirs.goes(&iam);
    theirs.sees("AWS account ID:").sees("333333333333");

    let admin = Browser::open(&world);
    let (home, link) = client(&admin);

    // The provider lets dana assume it, and manage her own MFA device.
    provider.user("dana");
    provider.iam(
        "create_login_profile",
        json!({ "UserName": "dana", "Password": "Dana-sample-1" }),
    );
    provider.group("LambdaDevelopers", &["dana"]);
    theirs.goes(&format!("{iam}/groups/LambdaDevelopers"));
    theirs.clicks("Permissions").clicks("Add permissions");
    theirs.clicks("Create inline policy").clicks("JSON");
    theirs
        .pastes(
            r#"{ "Version": "2012-10-17", "Statement": [
              { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::222222222222:role/LambdaDeveloper" },
              { "Effect": "Allow", "Action": ["iam:*MFADevice*", "iam:GetUser", "iam:ListAccessKeys"], "Resource": "*" } ] }"#,
        )
        .clicks("Review policy");
    theirs
        .fills("Name", "assume-the-client-role")
        .clicks("Create policy")
        .sees("assume-the-client-role");

    // Dana follows the link: it is filled in, and the door asks for MFA.
    let dana = Browser::open(&world);
    let path = &link[link.find("/switchrole").expect("a path")..];
    dana.goes(path);
    dana.fills("Account ID", "managed-provider")
        .fills("IAM user name", "dana")
        .fills("Password", "Dana-sample-1")
        .clicks("Sign in");
    dana.sees("Switch Role");
    assert_eq!(dana.reads("Account"), "222222222222");
    assert_eq!(dana.reads("Role"), "LambdaDeveloper");
    dana.clicks("Switch Role").sees("AccessDenied");
    let hers = dana.home();
    dana.goes(&format!("{hers}/roles"));
    dana.sees("LambdaDeveloper").sees("Needs MFA");
    dana.goes(&format!("{hers}/iam/credentials"));
    dana.clicks("Assign MFA device")
        .fills("Device name", "dana")
        .clicks("Next");
    dana.sees("Scan this").clicks("Show secret key");
    let seed = dana.runs(
        "return document.querySelector('main details [data-copy]').dataset.copy",
        json!([]),
    );
    let seed = seed.as_str().expect("a seed");
    dana.fills("MFA code 1", &code(&world, seed, -1))
        .fills("MFA code 2", &code(&world, seed, 0));
    dana.clicks("Add MFA").sees("The MFA device is assigned");
    dana.goes(&format!("{hers}/roles"));
    dana.clicks("Sign in again with MFA")
        .fills("Password", "Dana-sample-1")
        .clicks("Sign in");
    world.advance(30_000);
    dana.fills("MFA code", &code(&world, seed, 0))
        .clicks("Submit")
        .sees("Switch Role");
    // A colour of the palette and a display name.
    let red = "document.querySelector('input[name=color][value=red]').click()";
    dana.runs(red, json!([]));
    dana.fills("Display name", "Client Lambda")
        .clicks("Switch Role");
    dana.sees("Client Lambda");
    assert_eq!(
        dana.runs(
            "return document.querySelector('summary.role').classList.contains('color-red')",
            json!([])
        ),
        true
    );
    // She may trigger and update functions, and not create or delete them: asked of the policies that count now.
    let hers = dana.home();
    for (action, answer) in [
        ("lambda:InvokeFunction", "Allowed"),
        ("lambda:InvokeAsync", "Allowed"),
        ("lambda:ListTags", "Allowed"),
        ("lambda:UpdateFunctionCode", "Allowed"),
        ("lambda:CreateFunction", "Denied: nothing allows it"),
        ("lambda:DeleteFunction", "Denied: nothing allows it"),
    ] {
        dana.goes(&format!("{hers}/access"));
        dana.fills("Action", action)
            .fills(
                "Resource",
                "arn:aws:lambda:us-east-1:222222222222:function:orders",
            )
            .clicks("Ask")
            .sees(answer);
    }
    dana.clicks("Client Lambda")
        .clicks("Switch back")
        .sees("dana @ managed-provider");

    // The clean-up: the role goes with what is attached, then the policy.
    admin.goes(&format!("{home}/iam/roles"));
    admin
        .clicks("Select LambdaDeveloper")
        .clicks("Delete")
        .sees("1 policy is detached");
    admin
        .fills("To confirm", "LambdaDeveloper")
        .clicks("Delete")
        .sees("1 role deleted");
    admin.goes(&format!("{home}/iam/policies?type=customer"));
    admin.clicks("Select DeveloperLambda").clicks("Delete");
    admin
        .fills("To confirm", "DeveloperLambda")
        .clicks("Delete")
        .sees("1 policy deleted");
    dana.goes(&format!("{hers}/roles"));
    dana.sees("There is no role that you may switch to");
    for browser in [&theirs, &admin, &dana] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
