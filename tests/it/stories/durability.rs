//! What was acknowledged stays: over restarts, kill -9 under load, and many writers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::world::{AccountIn, World};

/// How often the server is killed.
const KILLS: u32 = 50;
/// How many acknowledgements are awaited between two of them.
const ACKNOWLEDGED_MIN: u32 = 12;

#[test]
fn kill_9_under_load_loses_nothing_acknowledged() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket("load");
    let mut load = production.root().start_script("load.py");
    let mut lines = BufReader::new(load.stdout.take().expect("stdout is piped")).lines();
    let mut users = BTreeSet::new();
    let mut objects = BTreeMap::new();
    for _ in 0..KILLS {
        for _ in 0..ACKNOWLEDGED_MIN {
            let line = lines
                .next()
                .expect("the load goes on")
                .expect("it prints text");
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["user", name] => {
                    users.insert((*name).to_owned());
                }
                ["object", key, md5] => {
                    objects.insert((*key).to_owned(), format!("\"{md5}\""));
                }
                _ => panic!("{line}"),
            }
        }
        world.server().kill();
        world.start_again();
    }
    load.kill().expect("the load can be stopped");
    load.wait().expect("a killed process ends");
    for line in lines.map_while(Result::ok) {
        if let ["user", name] = line.split(' ').collect::<Vec<_>>().as_slice() {
            users.insert((*name).to_owned());
        }
    }

    let there = every(
        &production,
        "iam",
        json!({ "$operation": "every_list_users", "$member": "Users" }),
    );
    let there: BTreeSet<String> = there.iter().map(|user| text(&user["UserName"])).collect();
    let lost: Vec<&String> = users.difference(&there).collect();
    assert!(lost.is_empty(), "of {} users lost: {lost:?}", users.len());
    let listing =
        json!({ "$operation": "every_list_objects_v2", "$member": "Contents", "Bucket": "load" });
    let there = every(&production, "s3", listing);
    let there: BTreeMap<String, String> = there
        .iter()
        .map(|object| (text(&object["Key"]), text(&object["ETag"])))
        .collect();
    for (key, etag) in &objects {
        assert_eq!(
            there.get(key),
            Some(etag),
            "object {key} of {}",
            objects.len()
        );
    }
    // Bodies too, small and large: the server checks them against their checksums while it reads.
    for key in objects.keys().step_by(5) {
        let body = text(&production.root().get("load", key).ok()["Body"]);
        assert!(
            [16 * 32, 8_000 * 32].contains(&body.chars().count()),
            "{key}"
        );
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// All items of a list.
fn every(account: &AccountIn, service: &str, mut parameters: Value) -> Vec<Value> {
    let operation = text(&parameters["$operation"]);
    parameters
        .as_object_mut()
        .expect("an object")
        .remove("$operation");
    let items = account.root().call(service, &operation, parameters).ok();
    items.as_array().expect("a list").clone()
}

#[test]
fn a_restart_keeps_everything_and_sessions_too() {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("kept");
    production.object("kept", "a.txt", "a");
    let role = production.role("Keeper", json!(dev.id()));
    let allow = |action: &str| crate::world::policy("Allow", json!(action), json!("*"));
    production.put_policy("role", "Keeper", "read", &allow("s3:*"));
    let ann = dev.user("Ann");
    dev.put_policy("user", "Ann", "assume", &allow("sts:AssumeRole"));
    let session = ann.assume(&role, "ann");
    let before = production.iam("get_role", json!({ "RoleName": "Keeper" }));
    assert!(world.server().stop(), "SIGTERM ends it with status 0");
    world.start_again();
    let after = production.iam("get_role", json!({ "RoleName": "Keeper" }));
    assert_eq!(before["Role"]["RoleId"], after["Role"]["RoleId"]);
    assert_eq!(
        before["Role"]["AssumeRolePolicyDocument"],
        after["Role"]["AssumeRolePolicyDocument"]
    );
    assert_eq!(session.get("kept", "a.txt").ok()["Body"], "a");
    ann.assume(&role, "ann");
    // At once after a kill, port and data can be used again.
    world.server().kill();
    world.start_again();
    assert_eq!(session.get("kept", "a.txt").ok()["Body"], "a");
}

#[test]
fn a_session_of_another_data_directory_is_nobody() {
    let (here, there) = (World::start("text3"), World::start("text3"));
    let sessions = [&here, &there].map(|world| {
        let dev = world.account("Development");
        let role = dev.role("Same", json!(dev.id()));
        let ann = dev.user("Ann");
        dev.put_policy(
            "user",
            "Ann",
            "assume",
            &crate::world::policy("Allow", json!("*"), json!("*")),
        );
        ann.assume(&role, "ann")
    });
    sessions[0]
        .call("sts", "get_caller_identity", json!({}))
        .ok();
    here.with(sessions[1].credentials.clone())
        .call("sts", "get_caller_identity", json!({}))
        .refused("InvalidClientTokenId");
}

#[test]
fn a_restored_backup_has_everything_but_sessions() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket("kept");
    production.object("kept", "large.txt", &"large ".repeat(50_000));
    let ann = production.user("Ann");
    let session = ann
        .call("sts", "get_session_token", json!({}))
        .credentials();
    assert!(world.server().stop());
    let restored = world.restored();
    let body = restored
        .account("Production")
        .root()
        .get("kept", "large.txt")
        .ok()["Body"]
        .clone();
    assert_eq!(body.as_str().map(str::len), Some(300_000));
    // Her key is the same secret, unsealed with the same master key.
    assert_eq!(
        restored.with(ann.credentials).arn(),
        production.arn("user/Ann")
    );
    // The session was the other server's to give.
    restored
        .with(session)
        .call("sts", "get_caller_identity", json!({}))
        .refused("InvalidClientTokenId");
}

#[test]
fn thirty_two_clients_at_one_group_and_one_policy_lose_nothing() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let printed = dev.root().script("contention.py").ok();
    assert_eq!(printed.trim(), "160");
    let count = |value: &Value| value.as_array().expect("a list").len();
    let group = json!({ "GroupName": "shared" });
    assert_eq!(count(&dev.iam("get_group", group.clone())["Users"]), 32);
    assert_eq!(
        count(&dev.iam("list_group_policies", group)["PolicyNames"]),
        32
    );
    let arn = dev.arn("policy/shared");
    let policy = dev.iam("get_policy", json!({ "PolicyArn": arn }));
    assert_eq!(policy["Policy"]["AttachmentCount"], 32);
    assert_eq!(count(&policy["Policy"]["Tags"]), 32);
}
