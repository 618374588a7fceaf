//! Text 5: Troy of Acme works on Stuzio's bucket by a role, and has no user at Stuzio.

use serde_json::{Value, json};

use crate::world::{AccountIn, Caller, World, policy};

pub(super) const BUCKET: &str = "com.stuzio.projectx";
pub(super) const ROLE: &str = "arn:aws:iam::081278057606:role/StuzioAcmeConsultantRole";

/// A third account, which nobody has heard of.
const INITECH: &str = r#"
[[account]]
id = "444455556666"
name = "Initech"
email = "initech@example.com"
root_password = "Initech-sample-1"
root_access_key_id = "AKIAINITECHROOTTXT05"
root_secret_access_key = "sample/text5/initech-root/known/toanyone"
"#;

pub(super) struct Consultancy {
    pub(super) world: World,
    pub(super) stuzio: AccountIn,
    pub(super) acme: AccountIn,
    pub(super) troy: Caller,
}

/// The text's policy for a bucket of this name.
fn project_x(bucket: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FullAccessToProjectX",
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
            },
            { "Sid": "ListAllBuckets", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
        ],
    })
}

/// Makes a customer-managed policy and attaches it.
fn attach(account: &AccountIn, kind: &str, entity: &str, name: &str, document: &Value) {
    let parameters = json!({ "PolicyName": name, "PolicyDocument": document.to_string() });
    let arn = account.iam("create_policy", parameters)["Policy"]["Arn"].clone();
    let member = if kind == "role" {
        "RoleName"
    } else {
        "UserName"
    };
    account.iam(
        &format!("attach_{kind}_policy"),
        json!({ member: entity, "PolicyArn": arn }),
    );
}

pub(super) fn consultancy(bucket_in_policy: &str) -> Consultancy {
    let world = World::start_with("text5", "", INITECH);
    let stuzio = world.account("Stuzio");
    let acme = world.account("Acme");
    stuzio.bucket(BUCKET);
    stuzio.object(BUCKET, "plan.txt", "secret plan");
    assert_eq!(
        stuzio.role("StuzioAcmeConsultantRole", json!(acme.arn("root"))),
        ROLE
    );
    attach(
        &stuzio,
        "role",
        "StuzioAcmeConsultantRole",
        "StuzioProjectXPolicy",
        &project_x(bucket_in_policy),
    );
    let troy = acme.user("Troy");
    let assume = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "StuzioClientAssumeRolePolicy",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": ROLE,
        }],
    });
    attach(&acme, "user", "Troy", "AcmeClientAssumeRolePolicy", &assume);
    Consultancy {
        world,
        stuzio,
        acme,
        troy,
    }
}

#[test]
fn text5_troy_works_on_the_bucket_by_the_role_alone() {
    let Consultancy { stuzio, troy, .. } = consultancy(BUCKET);
    let session = troy.assume(ROLE, "Troy");
    assert_eq!(
        session.arn(),
        "arn:aws:sts::081278057606:assumed-role/StuzioAcmeConsultantRole/Troy"
    );
    assert_eq!(session.get(BUCKET, "plan.txt").ok()["Body"], "secret plan");
    session.put(BUCKET, "invoice.txt", "much").ok();
    // s3:* is everything that S3 can do with this bucket.
    let tags = json!({ "TagSet": [{ "Key": "project", "Value": "x" }] });
    session
        .call(
            "s3",
            "put_bucket_tagging",
            json!({ "Bucket": BUCKET, "Tagging": tags }),
        )
        .ok();
    let buckets = session.call("s3", "list_buckets", json!({})).ok();
    assert_eq!(buckets["Buckets"][0]["Name"], BUCKET);
    // No resource policy was needed.
    let none = stuzio
        .root()
        .call("s3", "get_bucket_policy", json!({ "Bucket": BUCKET }));
    none.refused("NoSuchBucketPolicy");
    // Himself, he has nothing but the one policy.
    troy.get(BUCKET, "plan.txt").denied();
    troy.call("s3", "list_buckets", json!({})).denied();
}

#[test]
fn text5_the_dotted_bucket_works_from_the_command_line() {
    let Consultancy { troy, .. } = consultancy(BUCKET);
    let terminal = troy.assume(ROLE, "Troy").terminal();
    terminal.file("a/b.txt", "b");
    terminal
        .types(&format!(
            "aws s3 cp --recursive a s3://{BUCKET}/a && aws s3 cp s3://{BUCKET}/a/b.txt c.txt"
        ))
        .ok();
    assert_eq!(terminal.read("c.txt"), "b");
    assert!(
        terminal
            .types(&format!("aws s3 ls s3://{BUCKET}/"))
            .ok()
            .contains("plan.txt")
    );
}

#[test]
fn text5_a_policy_for_a_bucket_of_another_name_grants_nothing() {
    let Consultancy { troy, .. } = consultancy("com.stuzio.project-x");
    let session = troy.assume(ROLE, "Troy");
    session.call("s3", "list_buckets", json!({})).ok();
    let message = session.get(BUCKET, "plan.txt").denied();
    assert_eq!(
        message,
        format!(
            "User: arn:aws:sts::081278057606:assumed-role/StuzioAcmeConsultantRole/Troy is not authorized to perform: \
             s3:GetObject on resource: \"arn:aws:s3:::{BUCKET}/plan.txt\" because no identity-based policy allows the \
             s3:GetObject action"
        )
    );
    session.put(BUCKET, "invoice.txt", "much").denied();
}

#[test]
fn text5_everybody_else_is_refused() {
    let Consultancy {
        world,
        stuzio,
        acme,
        ..
    } = consultancy(BUCKET);
    // Of Acme, but without a policy of his own; the trust alone opens nothing.
    acme.user("Dave").try_assume(ROLE, "dave").denied();
    // All that another account can allow its user is not enough without the trust.
    let initech = world.account("Initech");
    let peter = initech.user("Peter");
    initech.put_policy(
        "user",
        "Peter",
        "everything",
        &policy("Allow", json!("*"), json!("*")),
    );
    peter.try_assume(ROLE, "peter").denied();
    peter.get(BUCKET, "plan.txt").denied();
    peter
        .call("s3", "list_objects_v2", json!({ "Bucket": BUCKET }))
        .denied();
    // Not even of Stuzio itself: the role trusts Acme.
    let owner = stuzio.user("Owner");
    stuzio.put_policy(
        "user",
        "Owner",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(ROLE)),
    );
    owner.try_assume(ROLE, "owner").denied();
    // A second consultant needs nothing from Stuzio.
    let rita = acme.user("Rita");
    acme.iam(
        "attach_user_policy",
        json!({ "UserName": "Rita", "PolicyArn": acme.arn("policy/AcmeClientAssumeRolePolicy") }),
    );
    rita.assume(ROLE, "rita").get(BUCKET, "plan.txt").ok();
    let users = stuzio.iam("list_users", json!({}));
    assert_eq!(users["Users"].as_array().map(Vec::len), Some(1));
}

#[test]
fn text5_the_leading_zero_counts_everywhere() {
    let Consultancy { stuzio, troy, .. } = consultancy(BUCKET);
    let identity = stuzio
        .root()
        .call("sts", "get_caller_identity", json!({}))
        .ok();
    assert_eq!(identity["Account"], "081278057606");
    assert_eq!(identity["Arn"], "arn:aws:iam::081278057606:root");
    let key = json!({ "AccessKeyId": troy.assume(ROLE, "Troy").credentials.key_id });
    let info = stuzio.root().call("sts", "get_access_key_info", key).ok();
    assert_eq!(info["Account"], "081278057606");
    // Without its zero it is no account at all.
    let trust = crate::world::trust(json!("arn:aws:iam::81278057606:root"));
    let parameters = json!({ "RoleName": "Wrong", "AssumeRolePolicyDocument": trust.to_string() });
    let refusal = stuzio
        .root()
        .call("iam", "create_role", parameters)
        .refused("MalformedPolicyDocument");
    assert!(
        refusal.message.starts_with("Invalid principal in policy: "),
        "{}",
        refusal.message
    );
    troy.try_assume(
        "arn:aws:iam::81278057606:role/StuzioAcmeConsultantRole",
        "Troy",
    )
    .refused("ValidationError");
}

#[test]
fn text5_typographic_quotes_are_told_with_their_place() {
    let Consultancy { stuzio, .. } = consultancy(BUCKET);
    let document = "{\n    “Version”: “2012-10-17”,\n    “Statement”: []\n}";
    let parameters = json!({ "PolicyName": "Pasted", "PolicyDocument": document });
    let refusal = stuzio
        .root()
        .call("iam", "create_policy", parameters)
        .refused("MalformedPolicyDocument");
    let message = refusal.message;
    assert_eq!(refusal.status, 400);
    assert!(
        message.contains("ine 2, column 5") && message.contains("typographic quote"),
        "{message}"
    );
}
