//! What must not happen in the console: markup in a name that runs, forms from elsewhere, a page in a bucket that acts as the
//! console, a frame around it, another person's slot.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{AccountIn, World},
};

const SCRIPT: &str = "<img src=x onerror=\"document.title='owned'\">";

/// Puts markup wherever a text of somebody's own is kept.
fn marks(dev: &AccountIn) {
    let root = dev.root();
    dev.user("John");
    let condition = json!({ "StringEquals": { "aws:PrincipalTag/x": SCRIPT } });
    let reads = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition }],
    });
    dev.iam(
        "create_policy",
        json!({ "PolicyName": "Marked", "PolicyDocument": reads.to_string(), "Description": SCRIPT }),
    );
    dev.put_policy("user", "John", "marked", &reads);
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "AWS": dev.arn("root") }, "Action": "sts:AssumeRole", "Condition": { "StringNotEquals": { "sts:ExternalId": SCRIPT } } }],
    });
    dev.iam(
        "create_role",
        json!({ "RoleName": "Marked", "AssumeRolePolicyDocument": trust.to_string(), "Description": SCRIPT }),
    );
    dev.bucket("marked-bucket");
    let object = json!({ "Bucket": "marked-bucket", "Key": SCRIPT, "Body": "x", "ContentType": SCRIPT, "CacheControl": SCRIPT, "Metadata": { "note": SCRIPT } });
    root.call("s3", "put_object", object).ok();
    let tags = json!({ "TagSet": [{ "Key": SCRIPT, "Value": SCRIPT }] });
    let tagging = json!({ "Bucket": "marked-bucket", "Key": SCRIPT, "Tagging": tags });
    root.call("s3", "put_object_tagging", tagging).ok();
    // Tags of a bucket, and of IAM, take no such characters.
    let tagging = json!({ "Bucket": "marked-bucket", "Tagging": tags });
    root.call("s3", "put_bucket_tagging", tagging)
        .refused("InvalidTag");
    dev.object("marked-bucket", &format!("{SCRIPT}/inside"), "x");
    let public = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectAcl", "Resource": "arn:aws:s3:::marked-bucket/*", "Condition": { "StringEquals": { "aws:UserAgent": SCRIPT } } }],
    });
    let policy = json!({ "Bucket": "marked-bucket", "Policy": public.to_string() });
    root.call("s3", "put_bucket_policy", policy).ok();
    let rules = json!([{ "ID": SCRIPT, "AllowedMethods": ["GET"], "AllowedOrigins": [SCRIPT] }]);
    let cors = json!({ "Bucket": "marked-bucket", "CORSConfiguration": { "CORSRules": rules } });
    root.call("s3", "put_bucket_cors", cors).ok();
}

#[test]
fn console_markup_in_names_tags_and_policies_is_text() {
    let world = World::start("text3");
    let dev = world.account("Development");
    marks(&dev);
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    let key = "%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D'owned'%22%3E";
    let object = format!("/s3/marked-bucket/object?key={key}");
    // A page, and whether the text stands on it: where it does it is read as it was written.
    for (page, shown) in [
        ("/iam/policies?type=customer".to_owned(), false),
        (
            "/iam/policies/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2FMarked".to_owned(),
            true,
        ),
        ("/iam/users/John".to_owned(), false),
        ("/iam/users/John/inline?name=marked".to_owned(), false),
        ("/iam/roles".to_owned(), false),
        ("/iam/roles/Marked".to_owned(), true),
        ("/iam/roles/Marked?tab=trust".to_owned(), false),
        (format!("/iam/users?q={key}"), false),
        ("/s3/marked-bucket".to_owned(), true),
        ("/s3/marked-bucket?versions=1".to_owned(), true),
        (format!("/s3/marked-bucket?prefix={key}/"), true),
        ("/s3/marked-bucket?tab=permissions".to_owned(), false),
        ("/s3/marked-bucket/policy".to_owned(), false),
        ("/s3/marked-bucket/cors".to_owned(), false),
        (object.clone(), true),
        (format!("{object}&tab=versions"), true),
        (format!("/s3/marked-bucket/share?key={key}"), true),
        (format!("/s3/marked-bucket/metadata?key={key}"), true),
        (format!("/s3/marked-bucket/copy?key={key}"), true),
        (format!("/s3/marked-bucket/rename?key={key}"), true),
        (format!("/s3/{key}"), false),
        (
            format!("/access?principal={key}&action=s3:GetObject&resource={key}"),
            true,
        ),
        (
            format!("/switchrole?account={key}&roleName={key}&displayName={key}&color={key}"),
            false,
        ),
        (format!("/{key}"), false),
    ] {
        browser.goes(&format!("{home}{page}"));
        is_text(&browser, &page);
        assert!(!shown || browser.text().contains(SCRIPT), "{page}");
    }
    browser.goes(&format!("{home}{object}"));
    let tags = browser.runs(
        "return [...document.querySelectorAll('[name=tagKey], [name=tagValue]')].map(field => field.value).filter(Boolean)",
        json!([]),
    );
    assert_eq!(tags, json!([SCRIPT, SCRIPT]));
    browser.goes(&format!("{home}/s3/marked-bucket"));
    browser.clicks("Select all").clicks("Delete");
    browser.sees(SCRIPT);
    is_text(&browser, "the page that confirms");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// No markup of somebody's own has become a part of the page.
fn is_text(browser: &Browser, page: &str) {
    let title = browser.runs("return document.title", json!([]));
    assert_ne!(title, "owned", "{page}");
    let images = browser.runs("return document.images.length", json!([]));
    assert_eq!(images, 0, "{page}");
}

#[test]
fn console_a_display_name_of_markup_is_text_in_bar_and_history() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.role("Auditor", json!(dev.arn("user/John")));
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!(
        "{home}/switchrole?account={}&roleName=Auditor",
        dev.id()
    ));
    browser
        .fills("Display name", SCRIPT)
        .clicks("Switch Role")
        .sees("In account");
    for page in ["/", "/history", "/sessions", "/iam/users"] {
        browser.goes(&format!("{home}{page}"));
        browser.sees(SCRIPT);
        is_text(&browser, page);
    }
    browser
        .clicks("<img src=x")
        .clicks("Switch back")
        .sees("IAM user");
    browser.goes(&format!("{home}/history"));
    browser.sees(SCRIPT);
    is_text(&browser, "the history");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_forms_from_elsewhere_and_other_browsers_slots_are_refused() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    // Without the token, from our own origin.
    let status = browser.runs(
        "const x = new XMLHttpRequest(); x.open('POST', arguments[0], false); x.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); x.send('groupName=Evil'); return x.status",
        json!([format!("{home}/iam/groups/create")]),
    );
    assert_eq!(status, 403);
    dev.root()
        .call("iam", "get_group", json!({ "GroupName": "Evil" }))
        .refused("NoSuchEntity");
    // Another browser knows the address of the slot, and not its cookie.
    let other = Browser::open(&world);
    other.goes(&format!("{home}/iam/users"));
    other.sees("Sign in");
    // No page may be framed.
    let csp = browser.runs(
        "const x = new XMLHttpRequest(); x.open('GET', arguments[0], false); x.send(); return x.getResponseHeader('content-security-policy') + x.getResponseHeader('x-frame-options')",
        json!([home]),
    );
    let csp = csp.as_str().expect("headers");
    assert!(
        csp.contains("frame-ancestors 'none'") && csp.ends_with("DENY"),
        "{csp}"
    );
}

#[test]
fn console_a_page_in_a_bucket_cannot_act_as_the_console() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.bucket("pages");
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    let page = format!(
        "<h1>stored</h1><script>fetch('{home}/iam/users', {{credentials: 'include'}}).then(r => r.text()).then(t => document.title = 'read:' + t.length); document.title = 'ran'</script>"
    );
    dev.root()
        .call(
            "s3",
            "put_object",
            json!({ "Bucket": "pages", "Key": "p.html", "Body": page, "ContentType": "text/html" }),
        )
        .ok();
    let url = dev.root().presigned("pages", "p.html", json!({}));
    browser.runs("location.href = arguments[0]", json!([url]));
    browser.sees("stored");
    let title = browser.runs("return document.title", json!([]));
    assert_eq!(title, "", "the page's script ran");
}

#[test]
fn console_wrong_passwords_wait_and_identities_stand_side_by_side() {
    let world = World::start_still("text3");
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.iam(
        "create_account_alias",
        json!({ "AccountAlias": "by-its-alias" }),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("production@example.com", "Production-sample-1")
        .sees("Console Home");
    let production = browser.home();
    browser
        .signs_in("by-its-alias", "John", "John-sample-1")
        .sees("Console Home");
    let john = browser.home();
    assert_ne!(production, john);
    browser.goes(&format!("{production}/"));
    browser.sees("Root user of");
    browser.goes(&format!("{john}/"));
    browser
        .sees("IAM user")
        .clicks("@")
        .clicks("Sign out")
        .sees("You are signed out")
        .sees("root @ 999999999999");
    browser.goes(&format!("{john}/"));
    browser.sees("Sign in");
    browser.goes(&format!("{production}/"));
    browser.sees("Root user of");
    for _ in 0..5 {
        browser
            .signs_in("111111111111", "John", "wrong")
            .sees("incorrect");
    }
    browser
        .signs_in("111111111111", "John", "John-sample-1")
        .sees("Too many wrong passwords");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_a_user_called_root_is_not_the_root_user() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.user("root");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "root", "Password": "Rooted-sample-1" }),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Root user of");
    let other = Browser::open(&world);
    other
        .signs_in(dev.id(), "root", "Rooted-sample-1")
        .sees("IAM user");
    let home = other.home();
    // It sees its own session alone, and has nothing of root's to end.
    other.goes(&format!("{home}/sessions"));
    let rows = other.runs(
        "return document.querySelectorAll('tbody tr').length",
        json!([]),
    );
    assert_eq!(rows, 1);
    other.goes(&format!("{home}/switchrole"));
    other.does_not_see("Root users cannot switch roles");
}

#[test]
fn console_a_cookie_that_was_there_before_the_sign_in_is_replaced() {
    let world = World::start("text3");
    let plant = format!(
        "document.cookie = 'twinlock-browser={}; path=/'",
        "0".repeat(64)
    );
    let browser = Browser::open(&world);
    browser.goes("/signin");
    browser.runs(&plant, json!([]));
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    // Whoever put it there does not know the browser by it now.
    let other = Browser::open(&world);
    other.goes("/signin");
    other.runs(&plant, json!([]));
    other.goes(&format!("{home}/"));
    other.sees("Sign in").does_not_see("Console Home");
}

#[test]
fn console_nobody_is_locked_out_by_others_guesses_in_a_browser_of_their_own() {
    let world = World::start_still("text3");
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.iam(
        "attach_user_policy",
        json!({ "UserName": "John", "PolicyArn": "arn:aws:iam::aws:policy/IAMUserChangePassword" }),
    );
    let browser = Browser::open(&world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let known = browser.tell("GET", "/cookie/twinlock-known", serde_json::Value::Null);
    assert_eq!(
        (&known["httpOnly"], &known["sameSite"]),
        (&json!(true), &json!("Lax"))
    );
    let cookie = known["value"].as_str().expect("a cookie").to_owned();
    // Somebody guesses, here with another's cookie, made-up ones and none.
    let other = Browser::open(&world);
    other
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let foreign = other.tell("GET", "/cookie/twinlock-known", serde_json::Value::Null);
    let foreign = foreign["value"].as_str().expect("a cookie").to_owned();
    let guesses = |cookie: &str, password: &str| {
        let answer = world.http(
            "url",
            json!({
                "url": format!("{}/signin", world.endpoint()), "method": "POST",
                "body": format!("account={}&user=John&password={password}", dev.id()),
                "headers": { "Content-Type": "application/x-www-form-urlencoded", "Cookie": format!("twinlock-known={cookie}") },
            }),
        );
        answer["body"].as_str().unwrap_or_default().to_owned()
    };
    for n in 0..12 {
        let cookie = ["", foreign.as_str(), &cookie[1..], "1-2-3"][n % 4];
        let said = guesses(cookie, "wrong");
        let wait = "Too many wrong passwords";
        assert_eq!(said.contains(wait), n >= 5, "guess {n}: {said}");
    }
    assert!(guesses("", "John-sample-1").contains("Too many wrong passwords"));
    // John's own browser is none of that, whether he is in or comes again.
    let home = browser.home();
    browser.goes(&format!("{home}/password"));
    browser
        .fills("Old password", "John-sample-1")
        .fills("New password", "John-sample-2")
        .fills("Retype new password", "John-sample-2");
    browser
        .clicks("Confirm password change")
        .sees("Your password is changed");
    browser.clicks("John @").clicks("Sign out").sees("Sign in");
    browser
        .signs_in(dev.id(), "John", "John-sample-2")
        .sees("Console Home");
    // Everybody else waits still.
    assert!(guesses("", "John-sample-2").contains("Too many wrong passwords"));
    // His own guesses count, as strictly.
    browser.clicks("John @").clicks("Sign out").sees("Sign in");
    for _ in 0..5 {
        browser
            .signs_in(dev.id(), "John", "wrong")
            .sees("incorrect");
    }
    browser
        .signs_in(dev.id(), "John", "John-sample-2")
        .sees("Too many wrong passwords. Try again in 1 seconds");
    world.advance(1000);
    browser
        .signs_in(dev.id(), "John", "John-sample-2")
        .sees("Console Home");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
