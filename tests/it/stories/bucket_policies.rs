//! Bucket policies across accounts: both accounts must allow, a Deny in either wins, and a presigned URL is worth what its
//! signer is worth at the moment it is used.

use serde_json::{Value, json};

use crate::world::{AccountIn, Caller, World, policy};

const BUCKET: &str = "shared-reports";
const OBJECT: &str = "arn:aws:s3:::shared-reports/report.csv";

struct Shared {
    world: World,
    owner: AccountIn,
    dev: AccountIn,
    john: Caller,
}

fn shared() -> Shared {
    let world = World::start("text3");
    let owner = world.account("Production");
    let dev = world.account("Development");
    owner.bucket(BUCKET);
    owner.object(BUCKET, "report.csv", "a,b\n");
    // Alone in the account: the groups of the example would allow him everything.
    let john = dev.user("Johann");
    Shared {
        world,
        owner,
        dev,
        john,
    }
}

/// Grants or denies reading the bucket to these principals.
fn set_policy(owner: &AccountIn, effect: &str, principal: Value) {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect,
            "Principal": principal,
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
        }],
    });
    let parameters = json!({ "Bucket": BUCKET, "Policy": document.to_string() });
    owner
        .root()
        .call("s3", "put_bucket_policy", parameters)
        .ok();
}

fn allow_reading(account: &AccountIn, user: &str) {
    account.put_policy(
        "user",
        user,
        "read",
        &policy("Allow", json!("s3:GetObject"), json!(OBJECT)),
    );
}

#[test]
fn a_grant_to_another_account_needs_that_accounts_own_word() {
    let Shared {
        owner, dev, john, ..
    } = shared();
    // Own account allows, the bucket does not.
    allow_reading(&dev, "Johann");
    john.get(BUCKET, "report.csv").denied();
    set_policy(&owner, "Allow", json!({ "AWS": dev.arn("root") }));
    assert_eq!(john.get(BUCKET, "report.csv").ok()["Body"], "a,b\n");
    // The bucket allows, the own account does not.
    dev.iam(
        "delete_user_policy",
        json!({ "UserName": "Johann", "PolicyName": "read" }),
    );
    let refusal = john.get(BUCKET, "report.csv").refused("AccessDenied");
    assert_eq!(refusal.message, "Access Denied");
    // Naming the user in the bucket's policy changes nothing of that.
    set_policy(&owner, "Allow", json!({ "AWS": dev.arn("user/Johann") }));
    john.get(BUCKET, "report.csv").denied();
    allow_reading(&dev, "Johann");
    john.get(BUCKET, "report.csv").ok();
}

#[test]
fn within_one_account_either_grant_is_enough() {
    let Shared { owner, .. } = shared();
    let clerk = owner.user("Clerk");
    clerk.get(BUCKET, "report.csv").denied();
    set_policy(&owner, "Allow", json!({ "AWS": owner.arn("user/Clerk") }));
    clerk.get(BUCKET, "report.csv").ok();
    // Naming the account hands the decision to its identity policies.
    set_policy(&owner, "Allow", json!({ "AWS": owner.id() }));
    clerk.get(BUCKET, "report.csv").denied();
    allow_reading(&owner, "Clerk");
    clerk.get(BUCKET, "report.csv").ok();
}

#[test]
fn a_deny_on_either_side_wins() {
    let Shared {
        owner, dev, john, ..
    } = shared();
    allow_reading(&dev, "Johann");
    set_policy(&owner, "Allow", json!({ "AWS": dev.arn("root") }));
    john.get(BUCKET, "report.csv").ok();
    dev.put_policy(
        "user",
        "Johann",
        "no",
        &policy("Deny", json!("s3:*"), json!("*")),
    );
    john.get(BUCKET, "report.csv").denied();
    dev.iam(
        "delete_user_policy",
        json!({ "UserName": "Johann", "PolicyName": "no" }),
    );
    john.get(BUCKET, "report.csv").ok();
    set_policy(&owner, "Deny", json!({ "AWS": dev.arn("user/Johann") }));
    john.get(BUCKET, "report.csv").denied();
    // Root of the owning account is denied like anybody, and can still mend the policy.
    set_policy(&owner, "Deny", json!("*"));
    owner.root().get(BUCKET, "report.csv").denied();
    owner
        .root()
        .call("s3", "delete_bucket_policy", json!({ "Bucket": BUCKET }))
        .ok();
    owner.root().get(BUCKET, "report.csv").ok();
}

#[test]
fn a_grant_to_a_role_or_to_a_session() {
    let Shared { owner, dev, .. } = shared();
    let role = dev.role("Reader", json!(dev.arn("root")));
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    dev.put_policy(
        "role",
        "Reader",
        "read",
        &policy("Allow", json!("s3:GetObject"), json!(OBJECT)),
    );
    let morning = ann.assume(&role, "morning");
    let evening = ann.assume(&role, "evening");
    morning.get(BUCKET, "report.csv").denied();
    set_policy(&owner, "Allow", json!({ "AWS": role }));
    for session in [&morning, &evening] {
        session.get(BUCKET, "report.csv").ok();
    }
    set_policy(&owner, "Allow", json!({ "AWS": morning.arn() }));
    morning.get(BUCKET, "report.csv").ok();
    evening.get(BUCKET, "report.csv").denied();
}

#[test]
fn a_grant_is_to_the_role_that_was_there_not_to_its_name() {
    let Shared { owner, dev, .. } = shared();
    let ann = dev.user("Ann");
    let make = || {
        let role = dev.role("Reader", json!(dev.arn("root")));
        dev.put_policy(
            "role",
            "Reader",
            "read",
            &policy("Allow", json!("s3:GetObject"), json!(OBJECT)),
        );
        role
    };
    let role = make();
    dev.put_policy(
        "user",
        "Ann",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    set_policy(&owner, "Allow", json!({ "AWS": role }));
    let session = ann.assume(&role, "ann");
    session.get(BUCKET, "report.csv").ok();
    dev.iam(
        "delete_role_policy",
        json!({ "RoleName": "Reader", "PolicyName": "read" }),
    );
    dev.iam("delete_role", json!({ "RoleName": "Reader" }));
    make();
    // The new role of the same name is another; the old one's sessions stay dead.
    session
        .get(BUCKET, "report.csv")
        .refused("InvalidAccessKeyId");
    ann.assume(&role, "ann").get(BUCKET, "report.csv").denied();
    let read = owner
        .root()
        .call("s3", "get_bucket_policy", json!({ "Bucket": BUCKET }))
        .ok();
    let text = read["Policy"].as_str().expect("a string");
    assert!(text.contains("AROA") && !text.contains(&role), "{text}");
}

#[test]
fn a_grant_to_everybody_is_public_and_stopped_until_asked_for() {
    let Shared {
        world, owner, john, ..
    } = shared();
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECT }],
    });
    let parameters = json!({ "Bucket": BUCKET, "Policy": document.to_string() });
    let put = || {
        owner
            .root()
            .call("s3", "put_bucket_policy", parameters.clone())
    };
    let message = put().denied();
    assert!(
        message.ends_with(
            "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
        ),
        "{message}"
    );
    owner
        .root()
        .call(
            "s3",
            "delete_public_access_block",
            json!({ "Bucket": BUCKET }),
        )
        .ok();
    put().ok();
    world.anonymous().get(BUCKET, "report.csv").ok();
    // A signed caller of another account still needs his own account's word.
    john.get(BUCKET, "report.csv").denied();
    let shut = json!({ "RestrictPublicBuckets": true });
    let parameters = json!({ "Bucket": BUCKET, "PublicAccessBlockConfiguration": shut });
    owner
        .root()
        .call("s3", "put_public_access_block", parameters)
        .ok();
    world.anonymous().get(BUCKET, "report.csv").denied();
}

/// What S3 refuses when a policy is written, with its sentence, and the policy before stays in force.
#[test]
fn a_policy_that_could_never_apply_is_refused() {
    let Shared { owner, .. } = shared();
    let root = owner.root();
    let put = |actions: Value, resources: Value| {
        let statement = json!({
            "Effect": "Allow", "Principal": { "AWS": owner.id() },
            "Action": actions, "Resource": resources,
        });
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let parameters = json!({ "Bucket": BUCKET, "Policy": document });
        root.call("s3", "put_bucket_policy", parameters)
    };
    const ITSELF: &str = "arn:aws:s3:::shared-reports";
    const OBJECTS: &str = "arn:aws:s3:::shared-reports/*";
    put(
        json!(["s3:GetObject", "s3:ListBucket"]),
        json!([ITSELF, OBJECTS]),
    )
    .ok();
    const NOWHERE: &str = "Action does not apply to any resource(s) in statement";
    for (actions, resources, sentence) in [
        (json!("s3:GetObject"), json!(ITSELF), NOWHERE),
        (
            json!(["s3:GetObject", "s3:ListBucket"]),
            json!(OBJECTS),
            NOWHERE,
        ),
        (
            json!("s3:ListAllMyBuckets"),
            json!([ITSELF, OBJECTS]),
            NOWHERE,
        ),
        (
            json!("s3:ListObjects"),
            json!(ITSELF),
            "Policy has invalid action",
        ),
        (
            json!("s3:GetObject"),
            json!("*"),
            "Policy has invalid resource",
        ),
    ] {
        let refusal = put(actions, resources).refused("MalformedPolicy");
        assert_eq!(refusal.status, 400);
        assert!(refusal.message.starts_with(sentence), "{refusal:?}");
    }
    let kept = root
        .call("s3", "get_bucket_policy", json!({ "Bucket": BUCKET }))
        .ok();
    assert!(
        kept["Policy"]
            .as_str()
            .is_some_and(|text| text.contains("s3:ListBucket"))
    );
    put(json!("s3:*"), json!(ITSELF)).ok();
    put(
        json!(["s3:GetObject*", "s3:List*"]),
        json!("arn:aws:s3:::shared-reports*"),
    )
    .ok();
}

#[test]
fn a_presigned_url_dies_with_its_session() {
    let Shared {
        world, owner, dev, ..
    } = shared();
    let role = owner.role("Sharer", json!(dev.arn("root")));
    owner.put_policy(
        "role",
        "Sharer",
        "read",
        &policy("Allow", json!("s3:GetObject"), json!(OBJECT)),
    );
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    let session = ann.assume(&role, "ann");
    // boto3 signs these with SigV2 unless told otherwise.
    let settings = [json!({}), json!({ "signature_version": "s3v4" })];
    let urls = settings.map(|settings| session.presigned(BUCKET, "report.csv", settings));
    for url in &urls {
        let answer = world.http("url", json!({ "url": url }));
        assert_eq!(
            (&answer["status"], &answer["body"]),
            (&json!(200), &json!("a,b\n"))
        );
        let answer = world.http(
            "url",
            json!({ "url": url.replace("report.csv", "other.csv") }),
        );
        assert_eq!(answer["status"], 403, "{answer}");
    }
    owner.put_policy(
        "role",
        "Sharer",
        "stop",
        &policy("Deny", json!("*"), json!("*")),
    );
    for url in &urls {
        assert_eq!(world.http("url", json!({ "url": url }))["status"], 403);
    }
    owner.iam(
        "delete_role_policy",
        json!({ "RoleName": "Sharer", "PolicyName": "stop" }),
    );
    for url in &urls {
        assert_eq!(world.http("url", json!({ "url": url }))["status"], 200);
    }
    owner.iam(
        "delete_role_policy",
        json!({ "RoleName": "Sharer", "PolicyName": "read" }),
    );
    owner.iam("delete_role", json!({ "RoleName": "Sharer" }));
    for url in &urls {
        assert_eq!(world.http("url", json!({ "url": url }))["status"], 403);
    }
}

#[test]
fn a_bucket_name_is_unique_over_all_accounts() {
    let Shared { owner, dev, .. } = shared();
    let create = |account: &AccountIn| {
        account
            .root()
            .call("s3", "create_bucket", json!({ "Bucket": BUCKET }))
    };
    let refusal = create(&dev).refused("BucketAlreadyExists");
    assert_eq!(refusal.status, 409);
    // In us-east-1 AWS takes making one's own bucket again for done.
    create(&owner).ok();
    owner.root().get(BUCKET, "report.csv").ok();
}
