//! The wizard that lets somebody of one account into another: from either side, with the half that one may not write sent over
//! and typed there; what it says of who comes in; and the map that shows the result.

use serde_json::json;

use crate::{
    browser::Browser,
    world::{AccountIn, World, policy},
};

const REPORTS: &str = "stuzio-reports";

/// Acme with its consultants, one who may assume anything, and one whom a second group forbids it; Stuzio with a bucket.
fn companies(world: &World) -> (AccountIn, AccountIn) {
    let (acme, stuzio) = (world.account("Acme"), world.account("Stuzio"));
    for user in ["Mia", "Sri", "Eve"] {
        acme.user(user);
        acme.iam(
            "create_login_profile",
            json!({ "UserName": user, "Password": format!("{user}-sample-1") }),
        );
    }
    acme.group("Consultants", &["Mia", "Sri"]);
    acme.group("Testers", &["Sri"]);
    let assume = |effect| policy(effect, json!("sts:AssumeRole"), json!("*"));
    acme.put_policy("group", "Testers", "no-roles", &assume("Deny"));
    acme.put_policy("user", "Eve", "all-roles", &assume("Allow"));
    stuzio.bucket(REPORTS);
    stuzio.object(REPORTS, "reports/may.txt", "profit");
    stuzio.object(REPORTS, "salaries.txt", "secret");
    (acme, stuzio)
}

fn text_of(browser: &Browser, selector: &str) -> String {
    let script = "return document.querySelector(arguments[0]).textContent";
    let text = browser.runs(script, json!([selector]));
    text.as_str().expect("a text").to_owned()
}

#[test]
fn console_delegate_a_customers_half_is_sent_and_typed_and_only_who_is_meant_comes_in() {
    let world = World::start("text5");
    let (acme, stuzio) = companies(&world);
    let admin = Browser::open(&world);
    admin
        .signs_in_as_root("acme@example.com", "Acme-sample-1")
        .sees("Console Home");
    let home = admin.home();
    admin.goes(&format!("{home}/access"));
    admin.clicks("Delegate access").sees("Who shall come in?");
    // Each mistake is told beside its step.
    admin.clicks("A user group").clicks("Next: What");
    admin.sees("Enter the name of a user group");
    admin
        .fills("Their account", "99999999999")
        .fills("User group", "Consultants")
        .clicks("Next: What");
    admin.sees("must be a valid 12-digit account ID");
    admin
        .fills("Their account", "acme-consulting")
        .clicks("Next: What");
    admin
        .clicks("Read and write a bucket")
        .clicks("Next: Where");
    admin
        .fills("Account", "stuzio")
        .fills("Role name", "Report Writers")
        .clicks("Next: Preview");
    admin.sees("Enter a name: letters, digits");
    admin
        .fills("Role name", "ReportWriters")
        .fills("Bucket", REPORTS)
        .fills("Prefix", "reports/")
        .clicks("Require external ID")
        .clicks("Next: Preview");
    // Both halves, and who comes in by them.
    admin
        .sees("Lock of account 081278057606")
        .sees("To send")
        .sees("Lock of Acme")
        .sees("Written now");
    // What a stranger's account is called is not told to whoever types its number.
    admin.does_not_see("Stuzio");
    let gains = text_of(&admin, "main table");
    for (name, what) in [
        ("Mia", "Comes in"),
        ("Sri", "Still refused"),
        ("Eve", "Comes in, too"),
    ] {
        let at = gains
            .find(name)
            .unwrap_or_else(|| panic!("{name}: {gains}"));
        assert!(
            gains[at..].replacen("User", "", 1)[name.len()..].starts_with(what),
            "{name}: {gains}"
        );
    }
    admin.sees("explicit deny in identity-based policy, no-roles, group Testers");
    // Going back loses nothing, the id that was made neither.
    let id = |browser: &Browser| {
        let text = text_of(browser, "main pre");
        let at = text.find("sts:ExternalId").expect("the condition");
        text[at..].split('"').nth(2).expect("its value").to_owned()
    };
    let made = id(&admin);
    assert!(
        made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()),
        "{made}"
    );
    admin.clicks("Previous");
    assert_eq!(admin.reads("Prefix"), "reports/");
    admin.clicks("Next: Preview").sees("Who gains access");
    assert_eq!(id(&admin), made);

    admin.clicks("Create").sees("Your half is in place");
    admin
        .sees(&made)
        .sees("To send: Lock of account 081278057606");
    let put = acme.iam(
        "get_group_policy",
        json!({ "GroupName": "Consultants", "PolicyName": "assume-ReportWriters-in-081278057606" }),
    );
    assert_eq!(
        put["PolicyDocument"]["Statement"][0]["Resource"],
        "arn:aws:iam::081278057606:role/ReportWriters"
    );

    // Stuzio's administrator types what was sent, word for word.
    let commands = text_of(&admin, "pre[aria-label=Commands]");
    stuzio.root().terminal().types(&commands).ok();

    // Mia finds the role, is asked for the external id, and works under the prefix only.
    let mia = Browser::open(&world);
    mia.signs_in(acme.id(), "Mia", "Mia-sample-1")
        .sees("Console Home");
    let hers = mia.home();
    mia.goes(&format!("{hers}/roles"));
    mia.sees("ReportWriters").sees("Stuzio");
    mia.fills("External ID for ReportWriters", "guessed")
        .clicks("Switch Role")
        .sees("AccessDenied");
    mia.goes(&format!("{hers}/roles"));
    mia.fills("External ID for ReportWriters", &made)
        .clicks("Switch Role")
        .sees("ReportWriters @ Stuzio");
    mia.goes(&format!("{hers}/s3/{REPORTS}?prefix=reports/"));
    mia.sees("may.txt");
    mia.goes(&format!("{hers}/s3/{REPORTS}"));
    mia.sees("is not authorized to perform: s3:ListBucket");
    // Sri's other group forbids it, as the preview said.
    let sri = Browser::open(&world);
    sri.signs_in(acme.id(), "Sri", "Sri-sample-1")
        .sees("Console Home");
    sri.goes(&format!("{}/roles", sri.home()));
    sri.sees("There is no role that you may switch to");
    for browser in [&admin, &mia, &sri] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn console_delegate_the_owner_makes_the_role_and_sends_the_other_half() {
    let world = World::start("text5");
    let (acme, stuzio) = companies(&world);
    let owner = Browser::open(&world);
    owner
        .signs_in_as_root("stuzio@example.com", "Stuzio-sample-1")
        .sees("Console Home");
    let home = owner.home();
    let enters = |user: &str, role: &str| {
        owner.goes(&format!("{home}/access/delegate"));
        owner
            .fills("Their account", acme.id())
            .fills("User", user)
            .clicks("Next: What");
        owner.clicks("Managed policies");
        owner.fills("Search policies", "AmazonS3ReadOnly");
        owner.clicks("Select AmazonS3ReadOnlyAccess");
        owner.clicks("Next: Where");
        owner.fills("Role name", role).clicks("Next: Preview");
        owner.sees("the role trusts nobody else");
    };
    // A bucket that is none of one's own is perhaps misspelt.
    owner.goes(&format!("{home}/access/delegate"));
    owner.fills("User", "Zoe").clicks("Next: What");
    owner.clicks("Next: Where");
    owner
        .fills("Role name", "Readers")
        .fills("Bucket", "stuzio-report")
        .clicks("Next: Preview");
    owner.sees(
        "There is no such bucket in this account: stuzio-report; did you mean stuzio-reports?",
    );
    owner.sees("Nothing is needed here: within one account");
    // Nobody of that name: the role is not made, and the first step says why.
    enters("Nobody", "Readers");
    owner
        .clicks("Create")
        .sees("a trust policy names only who is there");
    assert_eq!(owner.reads("User"), "Nobody");
    enters("Mia", "Readers");
    owner.clicks("Create").sees("Your half is in place");
    owner.sees("Role Readers with its trust policy");
    owner.sees("Policy AmazonS3ReadOnlyAccess attached to the role");
    let commands = text_of(&owner, "pre[aria-label=Commands]");
    let link = owner.runs(
        "return [...document.querySelectorAll('[data-copy]')].map(b => b.dataset.copy).find(t => t.includes('/switchrole?'))",
        json!([]),
    );
    let link = link.as_str().expect("a link").to_owned();
    // The name is taken now.
    enters("Mia", "Readers");
    owner.clicks("Create").sees("Choose another name");
    assert_eq!(owner.reads("Role name"), "Readers");

    // The other half is missing still.
    let mia = Browser::open(&world);
    mia.signs_in(acme.id(), "Mia", "Mia-sample-1")
        .sees("Console Home");
    let path = link.split_once("/switchrole").expect("a path").1;
    mia.goes(&format!("/switchrole{path}"));
    mia.clicks("Switch Role").sees("AccessDenied");
    acme.root().terminal().types(&commands).ok();
    mia.clicks("Switch Role").sees("Readers @ Stuzio");
    // Eve may assume anything at home, and is not trusted.
    let eve = Browser::open(&world);
    eve.signs_in(acme.id(), "Eve", "Eve-sample-1")
        .sees("Console Home");
    eve.goes(&format!("/switchrole{path}"));
    eve.clicks("Switch Role").sees("AccessDenied");

    // Of other accounts' buckets the map shows those that the role's own policies name and that let it in, whoever's they are.
    for bucket in ["ledger-open", "ledger-shut", "ledger-unnamed"] {
        acme.bucket(bucket);
        if bucket != "ledger-shut" {
            let lets = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow", "Principal": { "AWS": stuzio.arn("role/Readers") }, "Action": "s3:ListBucket",
                    "Resource": format!("arn:aws:s3:::{bucket}"),
                }],
            });
            let policy = json!({ "Bucket": bucket, "Policy": lets.to_string() });
            acme.root().call("s3", "put_bucket_policy", policy).ok();
        }
    }
    stuzio.put_policy(
        "role",
        "Readers",
        "ledgers",
        &policy(
            "Allow",
            json!("s3:ListBucket"),
            json!(["arn:aws:s3:::ledger-open", "arn:aws:s3:::ledger-shut"]),
        ),
    );
    // The map shows it, in the picture and in words, and lights what belongs together.
    owner.goes(&format!("{home}/access/map"));
    owner
        .sees("Readers")
        .sees("Mia")
        .sees("of account 183438944504")
        .does_not_see("Acme");
    owner
        .sees("lists, reads")
        .sees("ledger-open of another account: lists");
    owner
        .does_not_see("ledger-shut")
        .does_not_see("ledger-unnamed");
    let lit = owner.runs(
        "document.querySelector('svg.map a.role').dispatchEvent(new Event('focusin', { bubbles: true }));\
         return [...document.querySelectorAll('svg.map .box.lit title')].map(t => t.textContent)",
        json!([]),
    );
    assert_eq!(
        lit,
        json!([
            "Account, 183438944504",
            "Mia, User",
            "Readers, Role",
            format!("{REPORTS}, Bucket"),
            "ledger-open, Bucket of another account"
        ])
    );
    owner.clicks("ledger-open").sees("Allowed");
    assert_eq!(owner.reads("Resource"), "arn:aws:s3:::ledger-open");
    // Whose it is stands nowhere.
    owner.does_not_see(acme.id());
    stuzio.user("Zoe");
    stuzio.iam(
        "create_login_profile",
        json!({ "UserName": "Zoe", "Password": "Zoe-sample-1" }),
    );
    // Who may read the roles, and not ask what they can do, sees so much and no more.
    stuzio.put_policy(
        "user",
        "Zoe",
        "reads-roles",
        &policy("Allow", json!("iam:GetRole"), json!("*")),
    );
    let zoe = Browser::open(&world);
    zoe.signs_in(stuzio.id(), "Zoe", "Zoe-sample-1")
        .sees("Console Home");
    let map = format!("{}/access/map", zoe.home());
    zoe.goes(&map);
    zoe.sees("Readers").sees("Not shown to you");
    zoe.sees("iam:SimulatePrincipalPolicy on them is not yours");
    zoe.does_not_see(REPORTS);
    stuzio.iam(
        "delete_user_policy",
        json!({ "UserName": "Zoe", "PolicyName": "reads-roles" }),
    );
    zoe.goes(&map);
    zoe.sees("iam:GetRole on them is not yours")
        .does_not_see("Readers");
    for browser in [&owner, &mia, &eve, &zoe] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn console_delegate_what_was_not_made_is_said_and_given_to_send() {
    let world = World::start("text5");
    let (_, stuzio) = companies(&world);
    stuzio.user("Zoe");
    stuzio.iam(
        "create_login_profile",
        json!({ "UserName": "Zoe", "Password": "Zoe-sample-1" }),
    );
    let zoe = Browser::open(&world);
    zoe.signs_in(stuzio.id(), "Zoe", "Zoe-sample-1")
        .sees("Console Home");
    let home = zoe.home();
    let enters = || {
        zoe.goes(&format!("{home}/access/delegate"));
        zoe.clicks("The whole account").clicks("Next: What");
        zoe.clicks("Next: Where");
        zoe.fills("Role name", "Readers")
            .fills("Bucket", REPORTS)
            .clicks("Next: Preview");
        zoe.sees("Who gains access").clicks("Create");
    };
    // She may do nothing: nothing was made, each thing says so, and all of it can be sent.
    enters();
    zoe.sees("Not everything was made")
        .sees("Not made")
        .sees("Not tried")
        .sees("is not authorized to perform: iam:CreateRole");
    zoe.sees("aws iam create-role")
        .sees("aws iam create-policy");
    let root = stuzio.root();
    let role = || root.call("iam", "get_role", json!({ "RoleName": "Readers" }));
    assert!(role().is_refused("NoSuchEntity"));
    // She may make the role and not write its permissions: the role is there, and the page says what is not.
    stuzio.put_policy(
        "user",
        "Zoe",
        "roles",
        &policy("Allow", json!("iam:CreateRole"), json!("*")),
    );
    enters();
    zoe.sees("Role Readers with its trust policy")
        .sees("is not authorized to perform: iam:PutRolePolicy")
        .sees("The role is there, and not all of its permissions");
    role().ok();
    let open = stuzio
        .root()
        .call("iam", "list_policies", json!({ "Scope": "Local" }))
        .ok();
    assert_eq!(open["Policies"], json!([]));
    // A browser that forges the form meets the same gate: an external id is checked as it comes back.
    assert_eq!(zoe.complaints(), Vec::<String>::new());
}
