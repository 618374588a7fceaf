//! The organization's administrator as a member's root user, for one task: a bucket that nobody can open any more is opened, and
//! the root user's credentials are looked at and taken away.

use serde_json::json;

use crate::boto::Credentials;
use crate::world::{World, policy};

#[test]
fn a_locked_bucket_is_opened_and_the_root_users_credentials_are_taken_away() {
    let world = World::start_with("text3", "organization = true", "");
    let (production, dev) = (world.account("Production"), world.account("Development"));
    for feature in [
        "enable_organizations_root_sessions",
        "enable_organizations_root_credentials_management",
    ] {
        let service = json!({ "ServicePrincipal": "iam.amazonaws.com" });
        production
            .root()
            .call("organizations", "enable_aws_service_access", service)
            .ok();
        production.iam(feature, json!({}));
    }
    let admin = production.user("Admin");
    let may = policy("Allow", json!("sts:AssumeRoot"), json!(dev.arn("root")));
    production.put_policy("user", "Admin", "root", &may);
    let on = |task: &str| {
        let parameters = json!({
            "TargetPrincipal": dev.id(),
            "TaskPolicyArn": { "arn": format!("arn:aws:iam::aws:policy/root-task/{task}") },
        });
        let made = admin.call("sts", "assume_root", parameters).ok();
        world.with(Credentials::from_answer(&made["Credentials"]))
    };

    dev.bucket("locked-out");
    let owner = dev.user("Owner");
    dev.put_policy(
        "user",
        "Owner",
        "s3",
        &policy("Allow", json!("s3:*"), json!("*")),
    );
    let mut shut = policy(
        "Deny",
        json!("s3:*"),
        json!(["arn:aws:s3:::locked-out", "arn:aws:s3:::locked-out/*"]),
    );
    shut["Statement"]["Principal"] = json!("*");
    let locked = json!({ "Bucket": "locked-out", "Policy": shut.to_string() });
    owner.call("s3", "put_bucket_policy", locked).ok();
    let bucket = || json!({ "Bucket": "locked-out" });
    owner.call("s3", "delete_bucket_policy", bucket()).denied();
    let unlocking = on("S3UnlockBucketPolicy");
    assert_eq!(unlocking.arn(), dev.arn("root"));
    unlocking.call("s3", "get_bucket_policy", bucket()).ok();
    unlocking.call("s3", "list_objects_v2", bucket()).denied();
    unlocking.call("iam", "list_users", json!({})).denied();
    unlocking.call("s3", "delete_bucket_policy", bucket()).ok();
    owner.call("s3", "list_objects_v2", bucket()).ok();

    let auditing = on("IAMAuditRootUserCredentials");
    let profile = auditing.call("iam", "get_login_profile", json!({})).ok();
    assert_eq!(profile["LoginProfile"]["UserName"], "root");
    let keys = auditing.call("iam", "list_access_keys", json!({})).ok();
    let key = keys["AccessKeyMetadata"][0]["AccessKeyId"].clone();
    auditing
        .call("iam", "delete_access_key", json!({ "AccessKeyId": key }))
        .denied();
    let deleting = on("IAMDeleteRootUserCredentials");
    deleting.call("iam", "delete_login_profile", json!({})).ok();
    deleting
        .call("iam", "get_login_profile", json!({}))
        .refused("NoSuchEntity");
    deleting
        .call("iam", "delete_access_key", json!({ "AccessKeyId": key }))
        .ok();
    dev.root()
        .call("iam", "list_users", json!({}))
        .refused("InvalidClientTokenId");
    let creating = on("IAMCreateRootUserPassword");
    creating.call("iam", "create_login_profile", json!({})).ok();
    creating
        .call("iam", "delete_login_profile", json!({}))
        .denied();
}
