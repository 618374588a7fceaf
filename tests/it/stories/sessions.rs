//! Sessions: how they are limited, passed on, ended, and that nobody can make one up.

use serde_json::{Value, json};

use crate::boto::Credentials;
use crate::world::{AccountIn, Caller, World, policy, trust};

struct Stage {
    world: World,
    production: AccountIn,
    dev: AccountIn,
    role: String,
    ann: Caller,
}

/// Ann of Development may assume `Operator` of Production, which may do everything with S3.
fn stage() -> Stage {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    production.object("ops", "b.txt", "b");
    let role = production.role("Operator", json!(dev.arn("root")));
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
        &policy("Allow", json!("sts:*"), json!("*")),
    );
    Stage {
        world,
        production,
        dev,
        role,
        ann,
    }
}

fn with(base: &str, extra: Value) -> Value {
    let mut parameters = json!({ "RoleArn": base, "RoleSessionName": "ann" });
    let map = parameters.as_object_mut().expect("an object");
    map.extend(extra.as_object().expect("an object").clone());
    parameters
}

#[test]
fn a_session_policy_narrows_and_never_widens() {
    let Stage {
        world, role, ann, ..
    } = stage();
    let only_a = policy(
        "Allow",
        json!(["s3:GetObject", "iam:ListUsers"]),
        json!(["arn:aws:s3:::ops/a.txt", "*"]),
    );
    let only_a = only_a.to_string().replace(",\"*\"]", "]");
    let reply = ann
        .assume_with(with(&role, json!({ "Policy": only_a })))
        .ok();
    assert!(
        reply["PackedPolicySize"]
            .as_u64()
            .is_some_and(|percent| percent > 0),
        "{reply}"
    );
    let session = world.with(Credentials::from_answer(&reply["Credentials"]));
    session.get("ops", "a.txt").ok();
    let message = session.get("ops", "b.txt").denied();
    assert!(
        message.ends_with("because no session policy allows the s3:GetObject action"),
        "{message}"
    );
    session.call("iam", "list_users", json!({})).denied();
    // A managed policy instead of a text.
    let read_only =
        json!({ "PolicyArns": [{ "arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }] });
    let session = world.with(ann.assume_with(with(&role, read_only)).credentials());
    session.get("ops", "b.txt").ok();
    session.put("ops", "c.txt", "c").denied();
    // Without either, there is no such thing as a packed size.
    let plain = ann.try_assume(&role, "ann").ok();
    assert!(plain.get("PackedPolicySize").is_none(), "{plain}");
}

#[test]
fn durations_have_their_limits() {
    let Stage {
        production,
        role,
        ann,
        ..
    } = stage();
    let last = |seconds: u32| ann.assume_with(with(&role, json!({ "DurationSeconds": seconds })));
    last(900).ok();
    last(899).refused("ValidationError");
    let refusal = last(3601).refused("ValidationError");
    assert_eq!(
        refusal.message,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    production.iam(
        "update_role",
        json!({ "RoleName": "Operator", "MaxSessionDuration": 7200 }),
    );
    last(7200).ok();
    // From role to role an hour is the most, whatever the second role allows.
    let second = production.role("Second", json!(production.id()));
    production.iam(
        "update_role",
        json!({ "RoleName": "Second", "MaxSessionDuration": 43200 }),
    );
    production.put_policy(
        "role",
        "Operator",
        "chain",
        &policy("Allow", json!("sts:AssumeRole"), json!(second)),
    );
    let session = ann.assume(&role, "ann");
    let refusal = session
        .assume_with(with(&second, json!({ "DurationSeconds": 3601 })))
        .refused("ValidationError");
    assert_eq!(
        refusal.message,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    );
    session.assume(&second, "ann");
}

#[test]
fn a_session_name_must_be_one() {
    let Stage { role, ann, .. } = stage();
    for name in ["a", "has space", "ü"] {
        let refusal = ann.try_assume(&role, name).refused("ValidationError");
        assert!(
            refusal.message.contains("roleSessionName"),
            "{}",
            refusal.message
        );
    }
    ann.try_assume("UpdateApp", "ann")
        .refused("ValidationError");
}

#[test]
fn a_session_of_oneself_is_oneself_without_iam() {
    let Stage {
        world,
        dev,
        ann,
        role,
        ..
    } = stage();
    dev.put_policy(
        "user",
        "Ann",
        "all",
        &policy("Allow", json!("*"), json!("*")),
    );
    let session = world.with(
        ann.call(
            "sts",
            "get_session_token",
            json!({ "DurationSeconds": 900 }),
        )
        .credentials(),
    );
    assert_eq!(session.arn(), dev.arn("user/Ann"));
    session.call("s3", "list_buckets", json!({})).ok();
    session.assume(&role, "ann");
    session
        .call("iam", "list_users", json!({}))
        .refused("InvalidClientTokenId");
    let message = session.call("sts", "get_session_token", json!({})).denied();
    assert_eq!(
        message,
        "Cannot call GetSessionToken with session credentials"
    );
}

#[test]
fn a_federated_user_has_what_both_the_user_and_the_policy_allow() {
    let Stage {
        world, dev, ann, ..
    } = stage();
    dev.bucket("fed");
    dev.object("fed", "a.txt", "a");
    dev.put_policy(
        "user",
        "Ann",
        "s3",
        &policy("Allow", json!("s3:*"), json!("*")),
    );
    let narrow = policy("Allow", json!("s3:GetObject"), json!("*")).to_string();
    let reply = ann
        .call(
            "sts",
            "get_federation_token",
            json!({ "Name": "bob", "Policy": narrow }),
        )
        .ok();
    assert_eq!(
        reply["FederatedUser"]["Arn"],
        "arn:aws:sts::111111111111:federated-user/bob"
    );
    assert_eq!(
        reply["FederatedUser"]["FederatedUserId"],
        "111111111111:bob"
    );
    let bob = world.with(Credentials::from_answer(&reply["Credentials"]));
    bob.get("fed", "a.txt").ok();
    bob.put("fed", "b.txt", "b").denied();
    bob.call("iam", "list_users", json!({}))
        .refused("InvalidClientTokenId");
    bob.try_assume("arn:aws:iam::999999999999:role/Operator", "bob")
        .denied();
    // Without a policy nothing passes on but what resources grant.
    let nothing = ann
        .call("sts", "get_federation_token", json!({ "Name": "eve" }))
        .ok();
    let eve = world.with(Credentials::from_answer(&nothing["Credentials"]));
    eve.get("fed", "a.txt").denied();
    // Ann's own rights are asked at every call.
    dev.iam(
        "delete_user_policy",
        json!({ "UserName": "Ann", "PolicyName": "s3" }),
    );
    bob.get("fed", "a.txt").denied();
}

#[test]
fn nobody_can_make_up_change_or_mix_tokens() {
    let Stage {
        world, role, ann, ..
    } = stage();
    let first = ann.assume(&role, "first").credentials;
    let second = ann.assume(&role, "second").credentials;
    let token = first.token.clone().expect("a session has a token");
    let cut = token[..token.len() - 8].to_owned();
    let mut letters: Vec<char> = token.chars().collect();
    let middle = letters.len() / 2;
    letters[middle] = if letters[middle] == 'A' { 'B' } else { 'A' };
    let changed: String = letters.into_iter().collect();
    let forged = [
        Credentials {
            token: second.token.clone(),
            ..first.clone()
        },
        Credentials {
            token: Some(cut),
            ..first.clone()
        },
        Credentials {
            token: Some(changed),
            ..first.clone()
        },
        Credentials {
            token: Some("none".into()),
            ..first.clone()
        },
        Credentials {
            token: None,
            ..first.clone()
        },
        Credentials {
            token: Some(token),
            ..ann.credentials.clone()
        },
    ];
    for credentials in forged {
        let caller = world.with(credentials.clone());
        let refusal = caller
            .call("sts", "get_caller_identity", json!({}))
            .refused("InvalidClientTokenId");
        assert_eq!(refusal.status, 403, "{credentials:?}");
        let reply = caller.get("ops", "a.txt");
        assert!(
            reply.is_refused("InvalidToken") || reply.is_refused("InvalidAccessKeyId"),
            "{reply:?}"
        );
    }
    let wrong = Credentials {
        secret: second.secret,
        ..first
    };
    world
        .with(wrong)
        .call("sts", "get_caller_identity", json!({}))
        .refused("SignatureDoesNotMatch");
}

#[test]
fn tags_and_source_identity_need_their_own_rights_and_pass_on() {
    let Stage {
        world,
        production,
        dev,
        role,
        ann,
    } = stage();
    let tagged = json!({
        "Tags": [{ "Key": "team", "Value": "blue" }],
        "TransitiveTagKeys": ["team"],
        "SourceIdentity": "ann",
    });
    // The trust policy lets her in, but says nothing of tags and source identity.
    ann.assume_with(with(&role, tagged.clone())).denied();
    let mut document = trust(json!(dev.arn("root")));
    document["Statement"][0]["Action"] =
        json!(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    let parameters = json!({ "RoleName": "Operator", "PolicyDocument": document.to_string() });
    production.iam("update_assume_role_policy", parameters);
    let reply = ann.assume_with(with(&role, tagged)).ok();
    assert_eq!(reply["SourceIdentity"], "ann");
    let session = world.with(Credentials::from_answer(&reply["Credentials"]));
    // A second role that asks for the tag gets it from the first, since it is transitive.
    let mut document = trust(json!(production.id()));
    document["Statement"][0]["Action"] =
        json!(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    document["Statement"][0]["Condition"] =
        json!({ "StringEquals": { "aws:PrincipalTag/team": "blue", "sts:SourceIdentity": "ann" } });
    let second = production.role_trusting("Second", &document);
    let chain = policy("Allow", json!("sts:*"), json!(second));
    production.put_policy("role", "Operator", "chain", &chain);
    session.assume(&second, "ann");
    ann.assume(&role, "plain")
        .try_assume(&second, "plain")
        .denied();
}

#[test]
fn rights_that_are_taken_are_gone_with_the_next_call() {
    let Stage {
        production,
        dev,
        role,
        ann,
        ..
    } = stage();
    let session = ann.assume(&role, "ann");
    session.get("ops", "a.txt").ok();
    production.iam(
        "delete_role_policy",
        json!({ "RoleName": "Operator", "PolicyName": "s3" }),
    );
    session.get("ops", "a.txt").denied();
    production.put_policy(
        "role",
        "Operator",
        "s3",
        &policy("Allow", json!("s3:*"), json!("*")),
    );
    session.get("ops", "a.txt").ok();
    // A boundary takes as well, and a key that is switched off.
    let none = json!({ "RoleName": "Operator", "PermissionsBoundary": "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" });
    production.iam("put_role_permissions_boundary", none);
    let message = session.get("ops", "a.txt").denied();
    assert!(
        message.ends_with("because no permissions boundary allows the s3:GetObject action"),
        "{message}"
    );
    let key =
        json!({ "UserName": "Ann", "AccessKeyId": ann.credentials.key_id, "Status": "Inactive" });
    dev.iam("update_access_key", key);
    ann.try_assume(&role, "ann").refused("InvalidClientTokenId");
}
