//! Stories about time: sessions that expire, and revoking to the millisecond. The clock is a parameter, so nobody waits.

use serde_json::json;

use crate::world::{World, policy};

const HOUR: u64 = 3_600_000;

#[test]
fn a_session_ends_when_its_time_is_over() {
    let world = World::start_still("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let role = production.role("Operator", json!(dev.id()));
    production.put_policy(
        "role",
        "Operator",
        "s3",
        &policy("Allow", json!("s3:*"), json!("*")),
    );
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    let short = json!({ "RoleArn": role, "RoleSessionName": "short", "DurationSeconds": 900 });
    let short = world.with(ann.assume_with(short).credentials());
    let hour = ann.assume(&role, "hour");
    let url = short.presigned("ops", "a.txt", json!({ "signature_version": "s3v4" }));
    short.get("ops", "a.txt").ok();

    world.advance(899_000);
    short.get("ops", "a.txt").ok();
    world.advance(1_000);
    let refusal = short.get("ops", "a.txt").refused("ExpiredToken");
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (400, "The provided token has expired.")
    );
    let refusal = short
        .call("sts", "get_caller_identity", json!({}))
        .refused("ExpiredToken");
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (403, "The security token included in the request is expired")
    );
    let answer = world.http("url", json!({ "url": url }));
    assert_eq!(
        answer["status"], 400,
        "the URL is good for an hour, its session was not: {answer}"
    );
    hour.get("ops", "a.txt").ok();
    world.advance(HOUR);
    hour.get("ops", "a.txt").refused("ExpiredToken");
    ann.assume(&role, "again").get("ops", "a.txt").ok();
}

#[test]
fn a_presigned_url_ends_when_its_time_is_over() {
    let world = World::start_still("text3");
    let production = world.account("Production");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let url = production
        .root()
        .presigned("ops", "a.txt", json!({ "signature_version": "s3v4" }));
    let status = || world.http("url", json!({ "url": url }))["status"].clone();
    assert_eq!(status(), 200);
    world.advance(HOUR - 60_000);
    assert_eq!(status(), 200);
    world.advance(120_000);
    let answer = world.http("url", json!({ "url": url }));
    assert_eq!(answer["status"], 403);
    assert!(
        answer["body"]
            .as_str()
            .unwrap_or_default()
            .contains("Request has expired"),
        "{answer}"
    );
}

#[test]
fn a_session_issued_a_millisecond_after_the_revocation_lives() {
    let world = World::start_still("text1");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let role = production.role("Operator", json!(dev.id()));
    production.put_policy(
        "role",
        "Operator",
        "s3",
        &policy("Allow", json!("s3:*"), json!("*")),
    );
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );

    let before = ann.assume(&role, "before");
    world.advance(1);
    let after = ann.assume(&role, "after");
    world.advance(1);
    let later = ann.assume(&role, "later");
    // Everything issued before the second session: DateLessThan does not meet the instant itself.
    let instant = world.server().now() - 1;
    let instant = i64::try_from(instant).expect("a time of our days");
    let instant = jiff::Timestamp::from_millisecond(instant).expect("a time of our days");
    let mut revoke = policy("Deny", json!(["*"]), json!(["*"]));
    revoke["Statement"]["Condition"] =
        json!({ "DateLessThan": { "aws:TokenIssueTime": format!("{instant:.3}") } });
    production.put_policy("role", "Operator", "AWSRevokeOlderSessions", &revoke);
    before.get("ops", "a.txt").denied();
    after.get("ops", "a.txt").ok();
    later.get("ops", "a.txt").ok();
}

#[test]
fn a_call_signed_too_early_or_too_late_is_refused() {
    let world = World::start_still("text3");
    let root = world.account("Production").root();
    root.call("sts", "get_caller_identity", json!({})).ok();
    // Only the server's clock goes on: the client's signature is sixteen minutes old.
    world.server().advance(16 * 60_000);
    let refusal = root
        .call("sts", "get_caller_identity", json!({}))
        .refused("SignatureDoesNotMatch");
    assert!(
        refusal.message.starts_with("Signature expired: "),
        "{}",
        refusal.message
    );
    root.call("s3", "list_buckets", json!({}))
        .refused("RequestTimeTooSkewed");
}
