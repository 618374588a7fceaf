//! Revoking by operation: one session or all older ones are dead with the next call, and stay so; the stock aws CLI with the
//! model that `twinlock model` prints.

use serde_json::json;

use crate::browser::Browser;
use crate::server::binary;
use crate::terminal::Terminal;
use crate::world::{Caller, World, policy};

/// A terminal whose aws CLI knows Twinlock's own service.
#[track_caller]
fn knowing(caller: &Caller) -> Terminal {
    let mut terminal = caller.terminal();
    let binary = binary();
    terminal.also_on_the_path(binary.parent().expect("a program is in a folder"));
    terminal
        .types(r#"aws configure add-model --service-name twinlock --service-model "$(twinlock model)""#)
        .ok();
    terminal
}

#[test]
fn a_revoked_session_is_dead_at_once_and_after_a_crash() {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let role = production.role("Operator", json!(dev.id()));
    let allow = |actions: &[&str], on: &str| policy("Allow", json!(actions), json!(on));
    production.put_policy("role", "Operator", "s3", &allow(&["s3:*"], "*"));
    let ann = dev.user("Ann");
    dev.put_policy("user", "Ann", "all", &allow(&["*"], "*"));
    let (one, two) = (ann.assume(&role, "one"), ann.assume(&role, "two"));
    let url = one.presigned("ops", "a.txt", json!({ "signature_version": "s3v4" }));
    let fetched = || world.http("url", json!({ "url": url }))["status"].clone();
    assert_eq!(fetched(), 200);
    let revoke_one = format!(
        "aws twinlock revoke-session --access-key-id {}",
        one.credentials.key_id
    );
    let revoke_older = format!("aws twinlock revoke-older-sessions --principal-arn {role}");

    // Not by who may not, whether of another account or of this one; not even by who may do everything there.
    let stranger = knowing(&ann);
    stranger
        .types(&revoke_one)
        .refused("ResourceNotFoundException");
    let told = stranger
        .types(&revoke_older)
        .refused("AccessDeniedException");
    let sentence =
        format!("is not authorized to perform: twinlock:RevokeOlderSessions on resource: {role}");
    assert!(told.contains(&sentence), "{told}");
    let guard = production.user("Guard");
    production.put_policy(
        "user",
        "Guard",
        "look",
        &allow(&["twinlock:ListRevocations"], "*"),
    );
    let guard = knowing(&guard);
    let told = guard.types(&revoke_one).refused("AccessDeniedException");
    assert!(
        told.contains("because no identity-based policy allows the twinlock:RevokeSession action"),
        "{told}"
    );
    // Why exactly is sealed: for who may decode it, and only in this account.
    let (_, sealed) = told
        .split_once("Encoded authorization failure message: ")
        .expect("a sealed message");
    let decode = |who: &Caller| {
        let message = json!({ "EncodedMessage": sealed.trim() });
        who.call("sts", "decode_authorization_message", message)
    };
    let decoded = decode(&production.root()).ok();
    let decoded = decoded["DecodedMessage"].as_str().expect("a text");
    assert!(
        decoded.contains(r#""action":"twinlock:RevokeSession""#),
        "{decoded}"
    );
    decode(&production.user("Nobody")).denied();
    decode(&dev.root()).refused("InvalidAuthorizationMessageException");
    guard.types(&revoke_older).refused("AccessDeniedException");
    one.get("ops", "a.txt").ok();

    let sessions = production.arn("").replace(":iam:", ":twinlock:") + "session/*";
    production.put_policy(
        "user",
        "Guard",
        "one",
        &allow(&["twinlock:RevokeSession"], &sessions),
    );
    production.put_policy(
        "user",
        "Guard",
        "older",
        &allow(&["twinlock:RevokeOlderSessions"], &role),
    );
    guard.types(&revoke_one).ok();
    one.get("ops", "a.txt").refused("ExpiredToken");
    one.call("sts", "get_caller_identity", json!({}))
        .refused("ExpiredToken");
    assert_eq!(fetched(), 400, "what it had signed before is dead, too");
    two.get("ops", "a.txt").ok();

    world.server().kill();
    world.start_again();
    one.get("ops", "a.txt").refused("ExpiredToken");
    two.get("ops", "a.txt").ok();

    guard.types(&revoke_older).ok();
    two.get("ops", "a.txt").refused("ExpiredToken");
    ann.assume(&role, "three").get("ops", "a.txt").ok();
    let listed = guard.types("aws twinlock list-revocations").json();
    assert_eq!(listed["Revocations"][0]["PrincipalArn"], role, "{listed}");
    assert_eq!(
        listed["Revocations"][1]["AccessKeyId"], one.credentials.key_id,
        "{listed}"
    );
    let others = stranger.types("aws twinlock list-revocations").json();
    assert_eq!(others["Revocations"], json!([]));
    guard
        .types("aws twinlock revoke-session --access-key-id AKIAOUTSIDEROOT00003")
        .refused("ValidationError");
}

#[test]
fn console_who_may_end_sessions_does_so_on_the_roles_page() {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    let role = production.role("Operator", json!(dev.id()));
    let allow = |actions: &[&str], on: &str| policy("Allow", json!(actions), json!(on));
    production.put_policy("role", "Operator", "s3", &allow(&["s3:*"], "*"));
    let ann = dev.user("Ann");
    dev.put_policy("user", "Ann", "all", &allow(&["sts:AssumeRole"], "*"));
    let (one, two) = (ann.assume(&role, "one"), ann.assume(&role, "two"));
    production.user("Guard");
    production.iam(
        "create_login_profile",
        json!({ "UserName": "Guard", "Password": "Guard-sample-1" }),
    );
    let reads = allow(&["iam:Get*", "iam:List*"], "*");
    production.put_policy("user", "Guard", "reads", &reads);
    let guard = Browser::open(&world);
    guard
        .signs_in(production.id(), "Guard", "Guard-sample-1")
        .sees("Console Home");
    let page = format!("{}/iam/roles/Operator?tab=revoke", guard.home());
    // AWS's button is for everybody to press; what is Twinlock's own is offered to those who may.
    guard.goes(&page);
    guard.sees("Revoke active sessions");
    guard.does_not_see("End sessions at once");
    guard
        .clicks("Revoke active sessions")
        .clicks("I acknowledge that I am revoking");
    guard.runs(
        "document.querySelector('#revoke form').requestSubmit()",
        json!([]),
    );
    guard.sees("is not authorized to perform: iam:PutRolePolicy");
    one.call("s3", "list_buckets", json!({})).ok();

    production.put_policy("user", "Guard", "ends", &allow(&["twinlock:*"], "*"));
    guard.goes(&page);
    guard.sees("No session of this role has been ended lately.");
    guard
        .fills("Access key ID of a single session", "ASIA123")
        .clicks("End session")
        .sees("ValidationError");
    let key = &one.credentials.key_id;
    guard
        .fills("Access key ID of a single session", key)
        .clicks("End session");
    guard.sees(&format!("The session {key} has ended."));
    one.call("s3", "list_buckets", json!({}))
        .refused("ExpiredToken");
    two.call("s3", "list_buckets", json!({})).ok();
    guard
        .clicks("End all sessions")
        .clicks("I acknowledge that I am ending");
    guard.runs(
        "document.querySelector('#end form').requestSubmit()",
        json!([]),
    );
    guard
        .sees("All sessions of the role have ended.")
        .sees("All of this role made before");
    two.call("s3", "list_buckets", json!({}))
        .refused("ExpiredToken");
    ann.assume(&role, "three")
        .call("s3", "list_buckets", json!({}))
        .ok();
    // Nothing was written on the role.
    guard.does_not_see("In force");

    // A user's sessions end the same way, and with them the sign-in of whoever ends one's own.
    let own = format!("{}/iam/users/Guard?tab=credentials", guard.home());
    guard.goes(&own);
    guard
        .clicks("End all sessions")
        .clicks("I acknowledge that I am ending");
    guard.runs(
        "document.querySelector('#end form').requestSubmit()",
        json!([]),
    );
    guard.sees("You are signed out, or your session has ended");
    assert_eq!(guard.reads("IAM user name"), "Guard");
    assert_eq!(guard.complaints(), Vec::<String>::new());
}
