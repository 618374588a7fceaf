//! Into the console through a SAML identity provider: the form that it has the browser send, from its own site.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use twinlock_gate::proof::testing::{PROVIDER, ROLE, SamlIdp, encoded};

use crate::{
    browser::Browser,
    world::{World, policy},
};

/// An instant as SAML writes it.
fn iso(millis: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(millis).expect("a time of our days"));
    at.expect("a time of our days")
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// A signed response for jane, with these further roles.
fn response(idp: &SamlIdp, now: u64, id: &str, roles: &[&str]) -> String {
    let assertion = idp.assertion(id, &iso(now), &iso(now + 240_000));
    let first = format!("{ROLE},{PROVIDER}</saml:AttributeValue>");
    let more: String = roles
        .iter()
        .map(|role| {
            format!(r#"<saml:AttributeValue xsi:type="xs:string">{role}</saml:AttributeValue>"#)
        })
        .collect();
    let assertion = assertion.replace(&first, &format!("{first}{more}"));
    encoded(&idp.response(&idp.signed(&assertion)))
}

/// A page of another site, whose script sends the form as an identity provider's does.
fn posts(browser: &Browser, world: &World, response: &str, relay_state: &str) {
    let page = format!(
        "<form method=post action='{}/saml'><input name=SAMLResponse value='{response}'><input name=RelayState value='{relay_state}'><button>Go on</button></form>",
        world.endpoint()
    );
    let url = format!("data:text/html;base64,{}", STANDARD.encode(page));
    browser.visits(&url);
    browser.clicks("Go on");
}

fn trusting(world: &World, idp: &SamlIdp) {
    let production = world.account("Production");
    production.bucket("productionapp");
    production.iam(
        "create_saml_provider",
        json!({ "Name": "Corp", "SAMLMetadataDocument": idp.metadata() }),
    );
    for role in ["UpdateApp", "Reader"] {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": "sts:AssumeRoleWithSAML",
            "Condition": { "StringEquals": { "SAML:aud": "https://signin.aws.amazon.com/saml" } },
        }] });
        production.role_trusting(role, &trust);
        production.put_policy(
            "role",
            role,
            "lists",
            &policy("Allow", json!("s3:List*"), json!("*")),
        );
    }
}

#[test]
fn console_an_identity_provider_signs_people_in() {
    let world = World::start_still("text3");
    let idp = SamlIdp::default();
    trusting(&world, &idp);
    let now = world.server().now();
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let root = browser.home();
    // One role: straight in, beside whoever is signed in already, to the page asked for.
    let one = response(&idp, now, "a-1", &[]);
    posts(
        &browser,
        &world,
        &one,
        "https://console.aws.amazon.com/s3/home",
    );
    browser
        .sees("productionapp")
        .sees("UpdateApp/jane@example.com");
    browser.goes(&format!("{root}/"));
    browser.sees("Root user of");
    // An assertion is good once.
    posts(&browser, &world, &one, "");
    browser.sees("has been redeemed already");
    // Several roles: a choice, by account; RelayStates that are no pages here lead home.
    let reader = format!("arn:aws:iam::999999999999:role/Reader,{PROVIDER}");
    let several = response(&idp, now, "a-2", &[&reader]);
    posts(&browser, &world, &several, "https://evil.example/");
    browser
        .sees("Select a role")
        .sees("Account: Production (999999999999)");
    browser
        .clicks("Reader")
        .clicks("Sign in")
        .sees("Console Home");
    browser.sees("Reader/jane@example.com");
    assert!(browser.path().starts_with("/console/"));
    // The events tell of all that.
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let metadata = format!("{}/static/saml-metadata.xml", world.endpoint());
    let metadata = world.http("url", json!({ "url": metadata }));
    let body = metadata["body"].as_str().expect("a document");
    assert!(
        body.contains(&format!("Location=\"{}/saml\"", world.endpoint())),
        "{body}"
    );
}

#[test]
fn console_responses_that_let_nobody_in() {
    let world = World::start_still("text3");
    let idp = SamlIdp::default();
    trusting(&world, &idp);
    let now = world.server().now();
    let sent = |response: &str, more: &str| -> Value {
        let form: String = response
            .chars()
            .map(|c| match c {
                '+' => "%2B".to_owned(),
                '/' => "%2F".to_owned(),
                '=' => "%3D".to_owned(),
                c => c.to_string(),
            })
            .collect();
        world.http(
            "url",
            json!({
                "url": format!("{}/saml", world.endpoint()), "method": "POST",
                "body": format!("SAMLResponse={form}{more}"),
                "headers": { "Content-Type": "application/x-www-form-urlencoded", "Origin": "https://idp.example.com" },
            }),
        )
    };
    #[track_caller]
    fn refused(answer: &Value, why: &str) {
        let body = answer["body"].as_str().expect("a page");
        assert!(answer["status"] == 400 && body.contains(why), "{answer}");
    }
    refused(&sent("", ""), "invalid SAML response");
    refused(&sent("nonsense!", ""), "SAMLResponse");
    // Another provider's key.
    let forger = SamlIdp::default();
    refused(
        &sent(&response(&forger, now, "f-1", &[]), ""),
        "Response signature invalid",
    );
    // Not signed.
    let bare = idp.response(&idp.assertion("f-2", &iso(now), &iso(now + 240_000)));
    refused(&sent(&encoded(&bare), ""), "Response signature invalid");
    // Too late.
    refused(
        &sent(&response(&idp, now - 7 * 60_000, "f-3", &[]), ""),
        "ExpiredTokenException",
    );
    // A role that the response does not name; the choice is shown again, and nobody is in.
    let asked = sent(
        &response(&idp, now, "f-4", &[]),
        "&role=arn%3Aaws%3Aiam%3A%3A999999999999%3Arole%2FReader",
    );
    let body = asked["body"].as_str().expect("a page");
    assert!(
        body.contains("Select a role") && !body.contains("Reader"),
        "{body}"
    );
    // A role of an account whose provider does not vouch.
    let dev = world.account("Development");
    dev.role("Other", json!(dev.id()));
    let foreign = format!("arn:aws:iam::111111111111:role/Other,{PROVIDER}");
    let asked = sent(
        &response(&idp, now, "f-5", &[&foreign]),
        "&role=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2FOther",
    );
    assert!(
        !asked["body"].as_str().expect("a page").contains("Other"),
        "{asked}"
    );
    // A role that does not trust the provider any more.
    let production = world.account("Production");
    production.iam(
        "update_assume_role_policy",
        json!({ "RoleName": "UpdateApp", "PolicyDocument": crate::world::trust(json!("999999999999")).to_string() }),
    );
    refused(
        &sent(&response(&idp, now, "f-6", &[]), ""),
        "Not authorized to perform sts:AssumeRoleWithSAML",
    );
}
