//! Text 1, as far as the CLI goes: developers reach Production's bucket and testers do not, sessions are revoked, and the
//! clean-up is done in the right order and in the wrong one.

use serde_json::json;

use crate::world::{AccountIn, Caller, World, client_clock_millis, policy};

const BUCKET: &str = "sriprodbucketrandomnumber";
const ROLE: &str = "arn:aws:iam::999999999999:role/S3ProductionAccessRole";
const POLICY: &str = "arn:aws:iam::999999999999:policy/S3ProductionAccessPolicy";

struct Demo {
    world: World,
    production: AccountIn,
    dev: AccountIn,
    john: Caller,
    sri: Caller,
}

/// The state at the end of the second step.
fn demo() -> Demo {
    let world = World::start("text1");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket(BUCKET);
    production.object(BUCKET, "report.csv", "a,b\n");
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": format!("arn:aws:s3:::{BUCKET}"),
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
            },
        ],
    });
    production.iam(
        "create_policy",
        json!({ "PolicyName": "S3ProductionAccessPolicy", "PolicyDocument": document.to_string() }),
    );
    assert_eq!(
        production.role("S3ProductionAccessRole", json!(dev.id())),
        ROLE
    );
    production.iam(
        "attach_role_policy",
        json!({ "RoleName": "S3ProductionAccessRole", "PolicyArn": POLICY }),
    );
    let john = dev.user("John");
    let sri = dev.user("Sri");
    dev.group("Developers", &["John"]);
    dev.group("Testers", &["Sri"]);
    let assume = |effect| policy(effect, json!("sts:AssumeRole"), json!(ROLE));
    dev.put_policy(
        "group",
        "Developers",
        "allow-assume-S3-role-in-production",
        &assume("Allow"),
    );
    dev.put_policy(
        "group",
        "Testers",
        "deny-assume-S3-role-in-production",
        &assume("Deny"),
    );
    Demo {
        world,
        production,
        dev,
        john,
        sri,
    }
}

#[test]
fn text1_developers_reach_the_bucket_and_testers_do_not() {
    let Demo { john, sri, .. } = demo();
    let session = john.assume(ROLE, "John");
    assert_eq!(session.get(BUCKET, "report.csv").ok()["Body"], "a,b\n");
    session.put(BUCKET, "new.csv", "c\n").ok();
    session
        .call(
            "s3",
            "delete_object",
            json!({ "Bucket": BUCKET, "Key": "new.csv" }),
        )
        .ok();
    let location = session
        .call("s3", "get_bucket_location", json!({ "Bucket": BUCKET }))
        .ok();
    assert_eq!(location["LocationConstraint"], json!(null));
    // Without the role the bucket is shut, with no word of why to another account.
    let refusal = john.get(BUCKET, "report.csv").refused("AccessDenied");
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (403, "Access Denied")
    );
    let message = sri.try_assume(ROLE, "Sri").denied();
    assert!(
        message.ends_with("with an explicit deny in an identity-based policy"),
        "{message}"
    );
}

#[test]
fn text1_an_account_id_alone_stands_for_its_root() {
    let Demo { production, .. } = demo();
    let role = production.iam("get_role", json!({ "RoleName": "S3ProductionAccessRole" }));
    let statement = &role["Role"]["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(
        statement["Principal"]["AWS"],
        "arn:aws:iam::111111111111:root"
    );
}

#[test]
fn text1_both_locks_must_turn() {
    let Demo {
        production,
        dev,
        john,
        ..
    } = demo();
    // Trusted, but without a word from his own account.
    let temp = dev.user("Temp");
    let message = temp.try_assume(ROLE, "temp").denied();
    assert_eq!(
        message,
        format!(
            "User: arn:aws:iam::111111111111:user/Temp is not authorized to perform: sts:AssumeRole on resource: {ROLE} \
             because no identity-based policy allows the sts:AssumeRole action"
        )
    );
    // Allowed by his own account, but not trusted: no reason, since that is the other account's business.
    let closed = production.role("Closed", json!(production.id()));
    dev.put_policy(
        "user",
        "John",
        "closed",
        &policy("Allow", json!("sts:AssumeRole"), json!(closed)),
    );
    let message = john.try_assume(&closed, "john").denied();
    assert!(
        message.ends_with(&format!("sts:AssumeRole on resource: {closed}")),
        "{message}"
    );
    // A role that is not there looks the same.
    let missing = production.arn("role/Missing");
    dev.put_policy(
        "user",
        "John",
        "closed",
        &policy("Allow", json!("sts:AssumeRole"), json!("*")),
    );
    let message = john.try_assume(&missing, "john").denied();
    assert!(
        message.ends_with(&format!("sts:AssumeRole on resource: {missing}")),
        "{message}"
    );
}

#[test]
fn text1_root_cannot_assume_a_role() {
    let Demo { dev, .. } = demo();
    let message = dev.root().try_assume(ROLE, "root").denied();
    assert_eq!(message, "Roles may not be assumed by root accounts.");
}

#[test]
fn text1_the_customers_policies_can_be_told_from_awss() {
    let Demo { production, .. } = demo();
    let admin = production.root();
    let local = admin
        .call("iam", "list_policies", json!({ "Scope": "Local" }))
        .ok();
    let names: Vec<_> = local["Policies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|policy| &policy["PolicyName"])
        .collect();
    assert_eq!(names, ["S3ProductionAccessPolicy"]);
    let aws = admin
        .call(
            "iam",
            "every_list_policies",
            json!({ "Scope": "AWS", "$member": "Policies" }),
        )
        .ok();
    let aws = aws.as_array().expect("a list");
    assert!(aws.len() > 1_000, "{}", aws.len());
    assert!(
        aws.iter()
            .any(|policy| policy["Arn"] == "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    );
}

/// The policy that the console's "Revoke active sessions" writes.
fn revoke_older_than(production: &AccountIn, millis: i64) {
    let instant = jiff::Timestamp::from_millisecond(millis).expect("a time of our days");
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny",
            "Action": ["*"],
            "Resource": ["*"],
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": format!("{instant:.3}") } },
        }],
    });
    production.put_policy(
        "role",
        "S3ProductionAccessRole",
        "AWSRevokeOlderSessions",
        &document,
    );
}

#[test]
fn text1_revoking_ends_every_older_session_at_its_next_call() {
    let Demo {
        production, john, ..
    } = demo();
    let old = john.assume(ROLE, "John");
    let also_old = john.assume(ROLE, "John2");
    old.get(BUCKET, "report.csv").ok();
    // Issued in the same millisecond is not issued before it.
    let mut revoked = client_clock_millis();
    let issued_by = revoked;
    while revoked == issued_by {
        revoked = client_clock_millis();
    }
    revoke_older_than(&production, revoked);
    let new = john.assume(ROLE, "John");

    for session in [&old, &also_old] {
        // The bucket is of the role's own account, so S3 tells the reason.
        let message = session.get(BUCKET, "report.csv").denied();
        assert!(
            message.ends_with("with an explicit deny in an identity-based policy"),
            "{message}"
        );
        session.call("s3", "list_buckets", json!({})).denied();
        session.call("iam", "list_users", json!({})).denied();
    }
    assert_eq!(new.get(BUCKET, "report.csv").ok()["Body"], "a,b\n");
    // John himself holds a long-term key, which has no issue time.
    john.assume(ROLE, "John").get(BUCKET, "report.csv").ok();

    // Revoked again, later: the policy's date is replaced, and the newer session goes as well.
    let again = loop {
        let now = client_clock_millis();
        if now > revoked + 1 {
            break now;
        }
    };
    revoke_older_than(&production, again);
    new.get(BUCKET, "report.csv").denied();
    let names = production.iam(
        "list_role_policies",
        json!({ "RoleName": "S3ProductionAccessRole" }),
    );
    assert_eq!(names["PolicyNames"], json!(["AWSRevokeOlderSessions"]));
}

#[test]
fn text1_clean_up_in_the_wrong_order_is_refused_step_by_step() {
    let Demo {
        production, dev, ..
    } = demo();
    let admin = production.root().terminal();
    let message = admin
        .types(&format!("aws s3 rb s3://{BUCKET}"))
        .refused("BucketNotEmpty");
    assert!(
        message.contains("The bucket you tried to delete is not empty"),
        "{message}"
    );
    // The text deletes the policy and forgets the role that it is attached to.
    let message = admin
        .types(&format!("aws iam delete-policy --policy-arn {POLICY}"))
        .refused("DeleteConflict");
    assert!(
        message.contains("Cannot delete a policy attached to entities."),
        "{message}"
    );
    let message = admin
        .types("aws iam delete-role --role-name S3ProductionAccessRole")
        .refused("DeleteConflict");
    assert!(
        message.contains("Cannot delete entity, must detach all policies first."),
        "{message}"
    );

    let delete_user = || {
        dev.root()
            .call("iam", "delete_user", json!({ "UserName": "John" }))
    };
    let delete_group = || {
        dev.root()
            .call("iam", "delete_group", json!({ "GroupName": "Developers" }))
    };
    let refusal = delete_group().refused("DeleteConflict");
    assert_eq!(refusal.status, 409);
    let refusal = delete_user().refused("DeleteConflict");
    assert_eq!(refusal.status, 409);
    let membership = json!({ "UserName": "John", "GroupName": "Developers" });
    dev.iam("remove_user_from_group", membership.clone());
    let refusal = delete_user().refused("DeleteConflict");
    assert_eq!(
        refusal.message,
        "Cannot delete entity, must delete access keys first."
    );
    let refusal = delete_group().refused("DeleteConflict");
    assert!(
        refusal.message.starts_with("Cannot delete entity, must "),
        "{}",
        refusal.message
    );
    // Nothing was half done: John still works once he is a developer again.
    dev.iam("add_user_to_group", membership);
    let groups = dev.iam("list_groups_for_user", json!({ "UserName": "John" }));
    assert_eq!(groups["Groups"][0]["GroupName"], "Developers");
}

#[test]
fn text1_clean_up_in_the_right_order_leaves_nothing() {
    let Demo {
        world,
        production,
        dev,
        john,
        sri,
    } = demo();
    let session = john.assume(ROLE, "John");
    let admin = production.root().terminal();
    let steps = format!(
        "aws s3 rm --recursive s3://{BUCKET}
         aws s3 rb s3://{BUCKET}
         aws iam detach-role-policy --role-name S3ProductionAccessRole --policy-arn {POLICY}
         aws iam delete-policy --policy-arn {POLICY}
         aws iam delete-role --role-name S3ProductionAccessRole"
    );
    admin.types(&steps).ok();
    // The session's role is gone, and with it the session.
    session
        .call("s3", "list_buckets", json!({}))
        .refused("InvalidAccessKeyId");
    let parameters = json!({ "Bucket": BUCKET });
    let refusal = production
        .root()
        .call("s3", "head_bucket", parameters)
        .refused("404");
    assert_eq!(refusal.status, 404);

    for (user, group) in [("John", "Developers"), ("Sri", "Testers")] {
        dev.iam(
            "remove_user_from_group",
            json!({ "UserName": user, "GroupName": group }),
        );
        let keys = dev.iam("list_access_keys", json!({ "UserName": user }));
        for key in keys["AccessKeyMetadata"].as_array().expect("a list") {
            dev.iam(
                "delete_access_key",
                json!({ "UserName": user, "AccessKeyId": key["AccessKeyId"] }),
            );
        }
        // The example gives its users passwords; the API deletes one like any other part.
        let password = dev
            .root()
            .call("iam", "delete_login_profile", json!({ "UserName": user }));
        if !password.is_refused("NoSuchEntity") && !password.is_refused("NotImplemented") {
            password.ok();
        }
        dev.iam("delete_user", json!({ "UserName": user }));
        let inline = dev.iam("list_group_policies", json!({ "GroupName": group }));
        for name in inline["PolicyNames"].as_array().expect("a list") {
            dev.iam(
                "delete_group_policy",
                json!({ "GroupName": group, "PolicyName": name }),
            );
        }
        let attached = dev.iam(
            "list_attached_group_policies",
            json!({ "GroupName": group }),
        );
        for policy in attached["AttachedPolicies"].as_array().expect("a list") {
            let parameters = json!({ "GroupName": group, "PolicyArn": policy["PolicyArn"] });
            dev.iam("detach_group_policy", parameters);
        }
        dev.iam("delete_group", json!({ "GroupName": group }));
    }
    for former in [john, sri] {
        let refusal = former
            .call("sts", "get_caller_identity", json!({}))
            .refused("InvalidClientTokenId");
        assert_eq!(
            refusal.message,
            "The security token included in the request is invalid."
        );
    }
    for account in [production, dev] {
        let summary = account.iam("get_account_summary", json!({}));
        for kind in ["Users", "Groups", "Roles", "Policies"] {
            assert_eq!(summary["SummaryMap"][kind], 0, "{kind}");
        }
    }
    drop(world);
}
