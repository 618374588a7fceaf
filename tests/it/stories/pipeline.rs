//! What every call has, whatever it is: an id, a verdict on its signature, a code that its client understands.

use serde_json::{Value, json};

use crate::boto::Credentials;
use crate::world::World;

fn request_id(answer: &Value) -> &str {
    answer["ResponseMetadata"]["RequestId"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let world = World::start("text3");
    let root = world.account("Production").root();
    let ids = [
        root.call("sts", "get_caller_identity", json!({})).ok(),
        root.call("iam", "list_users", json!({})).ok(),
        root.call("s3", "list_buckets", json!({})).ok(),
    ];
    let ids: std::collections::BTreeSet<&str> = ids.iter().map(request_id).collect();
    assert!(ids.len() == 3 && !ids.contains(""), "{ids:?}");
}

fn lifecycle() -> serde_json::Value {
    let rule =
        json!({ "Status": "Enabled", "Filter": { "Prefix": "" }, "Expiration": { "Days": 1 } });
    json!({ "Bucket": "any", "LifecycleConfiguration": { "Rules": [rule] } })
}

#[test]
fn what_is_not_there_says_so_in_its_own_protocol() {
    let world = World::start("text3");
    let root = world.account("Production").root();
    for (service, operation, parameters) in [
        ("ec2", "describe_instances", json!({})),
        ("cloudformation", "list_stacks", json!({})),
        ("lambda", "list_functions", json!({})),
        ("dynamodb", "list_tables", json!({})),
        (
            "s3",
            "get_bucket_metadata_configuration",
            json!({ "Bucket": "any" }),
        ),
        // A directory bucket, whose calls are signed for s3express.
        (
            "s3",
            "list_objects_v2",
            json!({ "Bucket": "any--use1-az4--x-s3" }),
        ),
        ("s3", "put_bucket_lifecycle_configuration", lifecycle()),
    ] {
        let reply = root.call(service, operation, parameters.clone());
        let code = if reply.is_refused("NotImplementedException") {
            "NotImplementedException"
        } else {
            "NotImplemented"
        };
        assert_eq!(reply.refused(code).status, 501, "{service}");
        // A stranger does not even learn that.
        let stranger = Credentials {
            key_id: "AKIASTRANGER00000000".into(),
            secret: "guessed".into(),
            token: None,
        };
        let refusal = world.with(stranger).call(service, operation, parameters);
        assert!(!refusal.is_refused(code), "{service}: {refusal:?}");
    }
    let unknown = world.http(
        "url",
        json!({
            "url": format!("{}/", world.endpoint()),
            "method": "POST",
            "headers": { "Content-Type": "application/x-www-form-urlencoded" },
            "body": "Action=GetCallerIdentity&Version=2011-06-15",
        }),
    );
    assert_eq!(unknown["status"], 403, "{unknown}");
    assert!(
        unknown["body"]
            .as_str()
            .unwrap_or_default()
            .contains("<Code>MissingAuthenticationToken</Code>"),
        "{unknown}"
    );
}

#[test]
fn a_wrong_key_or_secret_is_told_as_each_service_tells_it() {
    let world = World::start("text3");
    let root = world.account("Production").root();
    let unknown = world.with(Credentials {
        key_id: "AKIANOBODY0000000000".into(),
        ..root.credentials.clone()
    });
    let wrong = world.with(Credentials {
        secret: "not the secret".into(),
        ..root.credentials.clone()
    });
    for (service, operation, code) in [
        ("iam", "list_users", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ] {
        assert_eq!(
            unknown
                .call(service, operation, json!({}))
                .refused(code)
                .status,
            403
        );
        assert_eq!(
            wrong
                .call(service, operation, json!({}))
                .refused("SignatureDoesNotMatch")
                .status,
            403
        );
    }
}

#[test]
fn lists_of_iam_come_in_pages() {
    let world = World::start("text3");
    let production = world.account("Production");
    for number in 0..12 {
        production.iam(
            "create_user",
            json!({ "UserName": format!("u{number:02}"), "Path": "/many/" }),
        );
    }
    let first = production.iam(
        "list_users",
        json!({ "MaxItems": 5, "PathPrefix": "/many/" }),
    );
    assert_eq!(
        (
            first["Users"].as_array().map(Vec::len),
            &first["IsTruncated"]
        ),
        (Some(5), &json!(true))
    );
    let parameters = json!({ "PathPrefix": "/many/", "$member": "Users", "PaginationConfig": { "PageSize": 5 } });
    let all = production.iam("every_list_users", parameters);
    let names: Vec<&str> = all
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|user| user["UserName"].as_str())
        .collect();
    assert_eq!(
        names,
        (0..12)
            .map(|number| format!("u{number:02}"))
            .collect::<Vec<_>>()
    );
    production
        .root()
        .call("iam", "list_users", json!({ "Marker": "made up" }))
        .refused("ValidationError");
    let details = production.iam(
        "get_account_authorization_details",
        json!({ "Filter": ["User"] }),
    );
    assert_eq!(details["UserDetailList"].as_array().map(Vec::len), Some(12));
}

#[test]
fn health_and_metrics_name_nobody() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.user("Secretive");
    production.bucket("private-things");
    let get = |path: &str| {
        world.http(
            "url",
            json!({ "url": format!("{}{path}", world.endpoint()) }),
        )
    };
    assert_eq!(get("/healthz")["status"], 200);
    let metrics = get("/metrics");
    let text = metrics["body"].as_str().unwrap_or_default();
    assert!(
        text.contains("CreateUser") && text.contains("CreateBucket"),
        "{text}"
    );
    for secret in ["Secretive", "private-things", "999999999999", "AKIA"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
