//! Into the console with temporary credentials: the federation endpoint as aws-vault, granted and brokers of one's own use it, and all
//! that it must refuse.

use serde_json::{Value, json};

use crate::{
    boto::Credentials,
    browser::Browser,
    server::project,
    world::{AccountIn, World, policy},
};

/// What a program sends for these credentials.
fn session(credentials: &Credentials) -> String {
    json!({
        "sessionId": credentials.key_id,
        "sessionKey": credentials.secret,
        "sessionToken": credentials.token.clone().unwrap_or_default(),
    })
    .to_string()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The answer to getSigninToken, by GET.
fn asks(world: &World, credentials: &Credentials, more: &str) -> Value {
    let url = format!(
        "{}/federation?Action=getSigninToken&Session={}{more}",
        world.endpoint(),
        encoded(&session(credentials))
    );
    world.http("url", json!({ "url": url }))
}

#[track_caller]
fn token(answer: &Value) -> String {
    assert_eq!(answer["status"], 200, "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
    let token = body["SigninToken"].as_str();
    token.expect("a sign-in token").to_owned()
}

#[track_caller]
fn refused(answer: &Value, why: &str) {
    let body = answer["body"].as_str().expect("a body");
    assert!(answer["status"] == 400 && body.contains(why), "{answer}");
}

fn link(token: &str, destination: &str) -> String {
    let destination = encoded(destination);
    format!("/federation?Action=login&Issuer=test&Destination={destination}&SigninToken={token}")
}

/// Production's role UpdateApp, which David of Development may assume, with its session.
fn role_session(world: &World) -> (AccountIn, Credentials) {
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("productionapp");
    let role = production.role("UpdateApp", json!(dev.id()));
    production.put_policy(
        "role",
        "UpdateApp",
        "lists",
        &policy("Allow", json!(["s3:*", "sts:AssumeRole"]), json!("*")),
    );
    let david = dev.user("Sara");
    dev.put_policy(
        "user",
        "Sara",
        "all",
        &policy("Allow", json!(["sts:*", "s3:*", "iam:*"]), json!("*")),
    );
    (production, david.assume(&role, "sara-from-dev").credentials)
}

#[test]
fn console_a_program_signs_a_browser_in_with_the_session_of_a_role() {
    let world = World::start("text3");
    let (production, credentials) = role_session(&world);
    let dev = world.account("Development");
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let root = browser.home();
    let signin = token(&asks(&world, &credentials, ""));
    browser.goes(&link(
        &signin,
        "https://console.aws.amazon.com/s3/home?region=us-east-1",
    ));
    browser
        .sees("productionapp")
        .sees("UpdateApp/sara-from-dev");
    let home = browser.home();
    assert_ne!(root, home, "a slot of its own");
    browser.goes(&format!("{home}/"));
    browser.sees("Federated user").sees(production.id());
    // Its rights are the role's, not those of whoever was signed in before, who is there still.
    browser.goes(&format!("{home}/iam/users"));
    browser.sees("is not authorized to perform: iam:ListUsers");
    browser.goes(&format!("{root}/iam/users"));
    browser.sees("Sara");
    // It has no password, and no credentials of its own.
    browser.goes(&format!("{home}/password"));
    browser.sees("There is no such page");
    browser.goes(&format!("{home}/iam/credentials"));
    browser.sees("There is no such page");
    // A token is good once, for whichever browser.
    let other = Browser::open(&world);
    other.goes(&link(&signin, ""));
    other.sees("has been used already");
    // By POST, as Boto's example for brokers does it, for a page by AWS's own address.
    let body = format!(
        "Action=getSigninToken&SessionDuration=43200&Session={}",
        encoded(&session(&credentials))
    );
    let signin = token(&world.http(
        "url",
        json!({
            "url": format!("{}/federation", world.endpoint()), "method": "POST", "body": body,
            "headers": { "Content-Type": "application/x-www-form-urlencoded" },
        }),
    ));
    other.goes(&link(
        &signin,
        "https://console.aws.amazon.com/s3/buckets/productionapp",
    ));
    other.sees("productionapp");
    // From a role to another: a chain, and the session's name goes along.
    dev.role("Next", json!(production.id()));
    let home = other.home();
    other.goes(&format!(
        "{home}/switchrole?account={}&roleName=Next",
        dev.id()
    ));
    other
        .clicks("Switch Role")
        .sees("Console Home")
        .sees("Next");
    other
        .clicks("Next @")
        .clicks("Switch back")
        .sees("Federated user");
    // Signing out ends it.
    other
        .clicks("UpdateApp/sara")
        .clicks("Sign out")
        .sees("Sign in");
    other.goes(&format!("{home}/"));
    other.sees("Sign in");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_a_revoked_or_expired_session_is_lost_also_in_the_console() {
    let world = World::start_still("text3");
    let (production, credentials) = role_session(&world);
    let browser = Browser::open(&world);
    let longer = token(&asks(&world, &credentials, "&SessionDuration=7200"));
    browser.goes(&link(&longer, ""));
    browser.sees("Federated user");
    let home = browser.home();
    let short = token(&asks(&world, &credentials, ""));
    let stale = token(&asks(&world, &credentials, ""));
    browser.goes(&link(&short, ""));
    browser.sees("Federated user");
    let shorter = browser.home();
    world.advance(16 * 60 * 1000);
    browser.goes(&link(&stale, ""));
    browser.sees("Your login link has expired");
    world.advance(50 * 60 * 1000);
    // The credentials had an hour; the longer console session was asked for.
    browser.goes(&format!("{shorter}/s3"));
    browser.sees("Session Lost");
    browser.goes(&format!("{home}/s3"));
    browser.sees("productionapp");
    // Revoking reaches it: it is still the session that it was made of.
    let before = "2099-01-01T00:00:00Z";
    production.put_policy(
        "role",
        "UpdateApp",
        "AWSRevokeOlderSessions",
        &json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": before } },
        }] }),
    );
    browser.goes(&format!("{home}/s3"));
    browser.sees("Session Lost").sees("revoked");
    browser.clicks("Sign out").sees("Sign in");
}

#[test]
fn console_a_federated_user_works_in_the_console_also_in_iam() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let broker = dev.user("Broker");
    dev.put_policy(
        "user",
        "Broker",
        "all",
        &policy("Allow", json!(["sts:*", "s3:*", "iam:*"]), json!("*")),
    );
    let policy = policy(
        "Allow",
        json!(["iam:ListUsers", "sts:AssumeRole"]),
        json!("*"),
    );
    let parameters =
        json!({ "Name": "jane", "Policy": policy.to_string(), "DurationSeconds": 900 });
    let jane = broker
        .call("sts", "get_federation_token", parameters)
        .credentials();
    // By the API the bar of its kind holds; in the console it does not, as on AWS.
    world
        .with(jane.clone())
        .call("iam", "list_users", json!({}))
        .refused("InvalidClientTokenId");
    refused(
        &asks(&world, &jane, "&SessionDuration=3600"),
        "SessionDuration",
    );
    let browser = Browser::open(&world);
    browser.goes(&link(
        &token(&asks(&world, &jane, "")),
        "https://console.aws.amazon.com/iam/home#/users",
    ));
    browser.sees("Broker").sees("jane @");
    let home = browser.home();
    browser.goes(&format!("{home}/iam/roles"));
    browser.sees("is not authorized to perform: iam:ListRoles");
    // STS is closed to it: no switching.
    let role = dev.role("Any", json!(dev.id()));
    assert!(role.ends_with("Any"));
    browser.goes(&format!(
        "{home}/switchrole?account={}&roleName=Any",
        dev.id()
    ));
    browser
        .clicks("Switch Role")
        .sees("Cannot call AssumeRole with session credentials");
}

#[test]
fn console_what_gets_no_sign_in_token() {
    let world = World::start("text3");
    let (production, credentials) = role_session(&world);
    let dev = world.account("Development");
    let sara = dev.user("Sara");
    refused(
        &asks(&world, &sara.credentials, ""),
        "Invalid credentials parameter",
    );
    let own = sara
        .call("sts", "get_session_token", json!({}))
        .credentials();
    refused(&asks(&world, &own, ""), "not those of a user");
    let wrong = |change: fn(&mut Credentials)| {
        let mut other = credentials.clone();
        change(&mut other);
        asks(&world, &other, "")
    };
    refused(
        &wrong(|c| c.secret.push('x')),
        "Invalid credentials parameter",
    );
    refused(
        &wrong(|c| c.secret.clear()),
        "Invalid credentials parameter",
    );
    refused(&wrong(|c| c.token = None), "Invalid credentials parameter");
    refused(
        &wrong(|c| {
            c.token = c
                .token
                .as_ref()
                .map(|token| token.replacen(&token[40..44], "AAAA", 1))
        }),
        "Invalid credentials parameter",
    );
    for duration in ["899", "43201", "-1", "1h", "99999999999999999999"] {
        let more = format!("&SessionDuration={duration}");
        refused(&asks(&world, &credentials, &more), "900 to 43200");
    }
    // A chain.
    let next = dev.role("Next", json!(production.id()));
    let chained = world.with(credentials.clone()).assume(&next, "next");
    refused(
        &asks(&world, &chained.credentials, "&SessionDuration=3600"),
        "role chaining",
    );
    token(&asks(&world, &chained.credentials, ""));
    let at = |rest: &str| {
        let url = format!("{}/federation?{rest}", world.endpoint());
        world.http("url", json!({ "url": url }))
    };
    refused(&at("Action=getSigninToken"), "Session must be JSON");
    refused(
        &at("Action=getSigninToken&Session=%7B%7D"),
        "Session must be JSON",
    );
    refused(&at("Action=somethingElse"), "Invalid Action");
    // Guessing a secret is slow.
    let guessed = (0..8).map(|_| wrong(|c| c.secret = "guess".into()));
    assert!(guessed.into_iter().any(|answer| answer["status"] == 429));
    // A role that is gone.
    let (endpoint, other) = (world.endpoint(), production.role("Gone", json!(dev.id())));
    let gone = sara.assume(&other, "gone").credentials;
    let signin = token(&asks(&world, &gone, ""));
    production.iam("delete_role", json!({ "RoleName": "Gone" }));
    refused(&asks(&world, &gone, ""), "Invalid credentials parameter");
    let login = |rest: &str| world.http("url", json!({ "url": format!("{endpoint}{rest}") }));
    refused(&login(&link(&signin, "")), "were invalid");
    // Nor does a token lead anywhere else, nor does one that somebody made up lead in.
    let signin = token(&asks(&world, &chained.credentials, ""));
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "https://console.aws.amazon.com@evil.example/",
        "/productionapp/page.html",
        "javascript:alert(1)",
    ] {
        refused(
            &login(&link(&signin, elsewhere)),
            "not a page of this console",
        );
    }
    refused(&login(&link("nonsense", "")), "were invalid");
    refused(
        &login(&link(&signin[..signin.len() - 2], "")),
        "were invalid",
    );
    let looked = world.http(
        "url",
        json!({ "url": format!("{endpoint}{}", link(&signin, "")), "method": "HEAD" }),
    );
    assert_eq!(looked["status"], 405);
    let browser = Browser::open(&world);
    browser.goes(&link(&signin, ""));
    browser.sees("Federated user");
}

#[test]
fn console_a_bucket_called_federation_is_a_bucket() {
    let world = World::start("text3");
    let dev = world.account("Development");
    for name in ["federation", "saml", "static"] {
        dev.bucket(name);
        let everybody = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*")],
        }] });
        let root = dev.root();
        root.call(
            "s3",
            "delete_public_access_block",
            json!({ "Bucket": name }),
        )
        .ok();
        let parameters = json!({ "Bucket": name, "Policy": everybody.to_string() });
        root.call("s3", "put_bucket_policy", parameters).ok();
        dev.object(name, "a.txt", "mine");
        let get = |rest: &str| {
            let url = format!("{}/{name}{rest}", world.endpoint());
            world.http("url", json!({ "url": url }))
        };
        assert_eq!(get("/a.txt")["body"], "mine", "{name}");
        let listed = get("?list-type=2");
        assert!(
            listed["body"]
                .as_str()
                .is_some_and(|text| text.contains("a.txt")),
            "{listed}"
        );
        let all = get("");
        assert!(
            all["body"]
                .as_str()
                .is_some_and(|text| text.contains("a.txt")),
            "{all}"
        );
    }
}

#[test]
fn console_links_by_the_script_of_the_papers_and_by_aws_consoler() {
    let world = World::start("text3");
    let (_, credentials) = role_session(&world);
    let terminal = world.with(credentials).terminal();
    let paper = std::fs::read_to_string(project().join("docs/console-sign-in.md"));
    let paper = paper.expect("the paper is there");
    let script = paper.split("```sh\n#!/bin/sh\n").nth(1);
    let script = script.and_then(|rest| rest.split("```").next());
    terminal.file("console-link", script.expect("the script is there"));
    let browser = Browser::open(&world);
    let url = terminal.types("sh console-link").ok();
    browser.visits(url.trim());
    browser.sees("Console Home").sees("UpdateApp/sara-from-dev");
    let url = terminal.types("sh console-link /s3/home").ok();
    browser.visits(url.trim());
    browser.sees("productionapp");
    // A stock program, told where everything is.
    let url = terminal
        .types("aws_consoler -R us-east-1 -eS $AWS_ENDPOINT_URL/ -eF $AWS_ENDPOINT_URL/federation -eC $AWS_ENDPOINT_URL/console")
        .ok();
    browser.visits(url.trim());
    browser.sees("Console Home").sees("UpdateApp/sara-from-dev");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_sign_ins_of_one_session_are_counted_and_the_oldest_makes_room() {
    let world = World::start("text3");
    let (_, credentials) = role_session(&world);
    let signin = || token(&asks(&world, &credentials, ""));
    let browser = Browser::open(&world);
    browser.goes(&link(&signin(), ""));
    browser.sees("Federated user");
    let home = browser.home();
    let again = || {
        let url = format!("{}{}", world.endpoint(), link(&signin(), ""));
        assert_eq!(world.http("url", json!({ "url": url }))["status"], 200);
    };
    (1..50).for_each(|_| again());
    browser.goes(&format!("{home}/sessions"));
    browser.sees("Your sessions").sees("This session");
    again();
    browser.goes(&format!("{home}/sessions"));
    browser.sees("IAM user sign in");
}
