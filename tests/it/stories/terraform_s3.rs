//! Terraform's calls for buckets and what belongs to them: a bucket sub-resource that was never set must be told with the
//! very code that the provider takes for "not configured".

use serde_json::json;

use super::terraform::{account, call, gone, refreshed};
use crate::world::World;

#[test]
fn terraform_s3_bucket() {
    let account = account();
    let bucket = json!({ "Bucket": "tf-bucket" });
    gone(&account, "s3", "head_bucket", &bucket, "404");
    call(
        &account,
        "s3",
        "create_bucket",
        &json!({ "Bucket": "tf-bucket", "ACL": "private" }),
    );
    let head = call(&account, "s3", "head_bucket", &bucket);
    assert_eq!(
        head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"],
        "us-east-1"
    );
    let reads = [
        "get_bucket_acl",
        "get_bucket_versioning",
        "get_bucket_accelerate_configuration",
        "get_bucket_request_payment",
        "get_bucket_logging",
        "get_bucket_encryption",
        "get_bucket_location",
        "get_bucket_ownership_controls",
        "get_public_access_block",
    ];
    let reads = reads.map(|operation| (operation, bucket.clone()));
    let seen = refreshed(&account, "s3", &reads);
    let grants = seen[0]["Grants"].as_array().expect("a list");
    assert_eq!(grants[0]["Permission"], "FULL_CONTROL");
    assert_eq!(grants[0]["Grantee"]["ID"], seen[0]["Owner"]["ID"]);
    assert!(
        seen[1].get("Status").is_none(),
        "versioning was never set: {}",
        seen[1]
    );
    assert_eq!(seen[3]["Payer"], "BucketOwner");
    let rule = &seen[5]["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(
        rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "AES256"
    );
    assert_eq!(
        seen[7]["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
        "BucketOwnerEnforced"
    );
    let block = &seen[8]["PublicAccessBlockConfiguration"];
    for setting in [
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ] {
        assert_eq!(block[setting], true, "{setting}");
    }
    for (operation, code) in [
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        (
            "get_bucket_lifecycle_configuration",
            "NoSuchLifecycleConfiguration",
        ),
        (
            "get_bucket_replication",
            "ReplicationConfigurationNotFoundError",
        ),
        (
            "get_object_lock_configuration",
            "ObjectLockConfigurationNotFoundError",
        ),
        ("get_bucket_tagging", "NoSuchTagSet"),
    ] {
        gone(&account, "s3", operation, &bucket, code);
    }
    account.object("tf-bucket", "a", "a");
    gone(&account, "s3", "delete_bucket", &bucket, "BucketNotEmpty");
    call(
        &account,
        "s3",
        "delete_object",
        &json!({ "Bucket": "tf-bucket", "Key": "a" }),
    );
    call(&account, "s3", "delete_bucket", &bucket);
    gone(&account, "s3", "head_bucket", &bucket, "404");
    gone(&account, "s3", "get_bucket_policy", &bucket, "NoSuchBucket");
}

#[test]
fn terraform_s3_bucket_tags() {
    let world = World::start("text3");
    let account = world.account("Production");
    account.bucket("tf-tags");
    // Older providers use S3 itself.
    let tags = json!([{ "Key": "env", "Value": "prod" }]);
    let put = json!({ "Bucket": "tf-tags", "Tagging": { "TagSet": tags } });
    call(&account, "s3", "put_bucket_tagging", &put);
    let seen = refreshed(
        &account,
        "s3",
        &[("get_bucket_tagging", json!({ "Bucket": "tf-tags" }))],
    );
    assert_eq!(seen[0]["TagSet"], tags);
    // Newer ones use S3 Control, whose SDKs put the account before the host; here it is told by path.
    let control = |operation: &str, mut parameters: serde_json::Value| {
        parameters["AccountId"] = account.id().into();
        parameters["ResourceArn"] = "arn:aws:s3:::tf-tags".into();
        let port = world.endpoint().rsplit(':').next().unwrap_or_default();
        parameters["$endpoint"] = format!("http://localhost:{port}").into();
        account.root().call("s3control", operation, parameters)
    };
    control(
        "tag_resource",
        json!({ "Tags": [{ "Key": "team", "Value": "x" }] }),
    )
    .ok();
    control("untag_resource", json!({ "TagKeys": ["env"] })).ok();
    let listed = control("list_tags_for_resource", json!({})).ok();
    assert_eq!(listed["Tags"], json!([{ "Key": "team", "Value": "x" }]));
    call(
        &account,
        "s3",
        "delete_bucket_tagging",
        &json!({ "Bucket": "tf-tags" }),
    );
    gone(
        &account,
        "s3",
        "get_bucket_tagging",
        &json!({ "Bucket": "tf-tags" }),
        "NoSuchTagSet",
    );
}

#[test]
fn terraform_s3_bucket_policy_and_public_access_block() {
    let account = account();
    account.bucket("tf-policy");
    let bucket = json!({ "Bucket": "tf-policy" });
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::tf-policy/*",
        }],
    });
    let put = json!({ "Bucket": "tf-policy", "Policy": document.to_string() });
    let answer = call(&account, "s3", "put_bucket_policy", &put);
    assert_eq!(answer["ResponseMetadata"]["HTTPStatusCode"], 204);
    let seen = refreshed(&account, "s3", &[("get_bucket_policy", bucket.clone())]);
    let text = seen[0]["Policy"].as_str().expect("a string");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(text).expect("JSON"),
        document
    );
    call(&account, "s3", "delete_bucket_policy", &bucket);
    gone(
        &account,
        "s3",
        "get_bucket_policy",
        &bucket,
        "NoSuchBucketPolicy",
    );

    let settings = json!({
        "BlockPublicAcls": true,
        "IgnorePublicAcls": false,
        "BlockPublicPolicy": true,
        "RestrictPublicBuckets": false,
    });
    let put = json!({ "Bucket": "tf-policy", "PublicAccessBlockConfiguration": settings });
    call(&account, "s3", "put_public_access_block", &put);
    let seen = refreshed(
        &account,
        "s3",
        &[("get_public_access_block", bucket.clone())],
    );
    assert_eq!(seen[0]["PublicAccessBlockConfiguration"], settings);
    call(&account, "s3", "delete_public_access_block", &bucket);
    gone(
        &account,
        "s3",
        "get_public_access_block",
        &bucket,
        "NoSuchPublicAccessBlockConfiguration",
    );
}

#[test]
fn terraform_s3_bucket_versioning_and_object() {
    let account = account();
    account.bucket("tf-versions");
    let bucket = json!({ "Bucket": "tf-versions" });
    for status in ["Enabled", "Suspended"] {
        let put =
            json!({ "Bucket": "tf-versions", "VersioningConfiguration": { "Status": status } });
        call(&account, "s3", "put_bucket_versioning", &put);
        let seen = refreshed(&account, "s3", &[("get_bucket_versioning", bucket.clone())]);
        assert_eq!(seen[0]["Status"], status);
    }
    let object = json!({ "Bucket": "tf-versions", "Key": "a.txt" });
    gone(&account, "s3", "head_object", &object, "404");
    let put = json!({
        "Bucket": "tf-versions",
        "Key": "a.txt",
        "Body": "text",
        "ContentType": "text/plain",
        "Tagging": "env=prod",
        "Metadata": { "owner": "me" },
    });
    let etag = call(&account, "s3", "put_object", &put)["ETag"].clone();
    let seen = refreshed(
        &account,
        "s3",
        &[
            ("head_object", object.clone()),
            ("get_object_tagging", object.clone()),
        ],
    );
    assert_eq!(
        (&seen[0]["ETag"], &seen[0]["ContentType"]),
        (&etag, &json!("text/plain"))
    );
    assert_eq!(seen[0]["Metadata"], json!({ "owner": "me" }));
    assert_eq!(
        seen[1]["TagSet"],
        json!([{ "Key": "env", "Value": "prod" }])
    );
    call(
        &account,
        "s3",
        "list_object_versions",
        &json!({ "Bucket": "tf-versions", "Prefix": "a.txt" }),
    );
    call(&account, "s3", "delete_object", &object);
    gone(&account, "s3", "head_object", &object, "404");
}
