//! Revoking by operation: one session or all older ones are dead with the next call, and stay so; the stock aws CLI with the
//! model that `twinlock model` prints.

use serde_json::json;

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
