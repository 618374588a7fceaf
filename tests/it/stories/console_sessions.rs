//! Console sessions: how they end, in which tab, for whom; what is kept of them, and how many.

use serde_json::json;

use crate::{browser::Browser, world::World};

const OVER: &str = "You are signed out, or your session has ended";

/// John of Development, who may sign in.
fn john(world: &World) -> String {
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.id().to_owned()
}

#[test]
fn console_a_session_that_is_over_says_so_and_leads_back_to_the_page() {
    let world = World::start_still("text3");
    let account = john(&world);
    let browser = Browser::open(&world);
    browser
        .signs_in(&account, "John", "John-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/history?q=a%20b"));
    browser.sees("Role history");
    // Twelve hours, and not a moment longer, however busy one is.
    world.advance(12 * 3_600_000 - 1);
    browser.goes(&format!("{home}/history?q=a%20b"));
    browser.sees("Role history");
    world.advance(1);
    browser.goes(&format!("{home}/history?q=a%20b"));
    browser.sees(OVER);
    assert_eq!(browser.reads("Account ID"), account);
    assert_eq!(browser.reads("IAM user name"), "John");
    browser
        .fills("Password", "John-sample-1")
        .clicks("Sign in")
        .sees("Role history");
    let home = browser.home();
    assert_eq!(browser.path(), format!("{home}/history?q=a%20b"));

    // Signed out in another tab: the next click of this one, and what it sends, meet the sign-in page.
    let other = browser.runs(
        "const body = new URLSearchParams({ csrf: document.querySelector('[name=csrf]').value });\
         const x = new XMLHttpRequest(); x.open('POST', arguments[0], false); x.send(body); return x.status",
        json!([format!("{home}/signout")]),
    );
    assert_eq!(other, 200);
    browser
        .clicks("John @")
        .clicks("All roles you may switch to")
        .sees(OVER);
    browser
        .fills("Account ID", &account)
        .fills("IAM user name", "John")
        .fills("Password", "John-sample-1")
        .clicks("Sign in")
        .sees("Roles you may switch to");
    let home = browser.home();
    let sent = browser.runs(
        "const x = new XMLHttpRequest(); x.open('POST', arguments[0], false); x.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); x.send('csrf=' + document.querySelector('[name=csrf]').value); return x.responseURL",
        json!([format!("{home}/signout")]),
    );
    let sent = sent.as_str().expect("an address");
    assert!(sent.contains("why=out"), "{sent}");
    // No page of before comes back out of the browser's memory.
    browser.tell("POST", "/back", json!({}));
    browser.goes(&format!("{home}/"));
    browser.sees(OVER);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_sessions_are_listed_and_ended_one_by_one_or_all() {
    let world = World::start("text3");
    let account = john(&world);
    let [one, two] = [(); 2].map(|()| {
        let browser = Browser::open(&world);
        browser
            .signs_in(&account, "John", "John-sample-1")
            .sees("Console Home");
        browser
    });
    let (first, second) = (one.home(), two.home());
    two.goes(&format!("{second}/sessions"));
    two.sees("Chrome on").sees("This session");
    two.clicks("End all others")
        .sees("All other sessions have ended.");
    two.sees("This session").does_not_see("End all others");
    one.goes(&format!("{first}/"));
    one.sees(OVER);
    // Beside another identity: nobody finds oneself as somebody else after signing out.
    two.signs_in_as_root("production@example.com", "Production-sample-1")
        .sees("Root user of");
    let root = two.home();
    two.goes(&format!("{second}/"));
    two.sees("IAM user").clicks("John @").clicks("Sign out");
    two.sees("You are signed out").sees("root @ 999999999999");
    two.signs_in(&account, "John", "John-sample-1")
        .sees("IAM user");
    let second = two.home();
    two.clicks("John @").clicks("Sign out of all identities");
    two.sees("You are signed out.");
    for gone in [root, second] {
        two.goes(&format!("{gone}/"));
        two.sees(OVER).does_not_see("Or go on as");
    }
}
