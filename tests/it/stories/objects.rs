//! S3's objects as clients use them: parts, pages, ranges, conditions, copies, and a verdict for each of many keys.

use serde_json::{Value, json};

use crate::world::{AccountIn, World, policy};

const BUCKET: &str = "things";

fn things() -> (World, AccountIn) {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket(BUCKET);
    (world, production)
}

/// Parameters of a call on one key.
fn at(key: &str, extra: Value) -> Value {
    let mut parameters = json!({ "Bucket": BUCKET, "Key": key });
    let map = parameters.as_object_mut().expect("an object");
    map.extend(extra.as_object().expect("an object").clone());
    parameters
}

#[test]
fn ranges_and_conditions() {
    let (_world, production) = things();
    let root = production.root();
    let etag = root.put(BUCKET, "a", "0123456789").ok()["ETag"].clone();
    assert_eq!(etag, "\"781e5e245d69b566979b86e28d23f2c7\"");
    for (range, body, shown) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=0-99", "0123456789", "bytes 0-9/10"),
    ] {
        let answer = root
            .call("s3", "get_object", at("a", json!({ "Range": range })))
            .ok();
        assert_eq!(
            (&answer["Body"], &answer["ContentRange"]),
            (&json!(body), &json!(shown)),
            "{range}"
        );
        assert_eq!(answer["ResponseMetadata"]["HTTPStatusCode"], 206);
    }
    let refusal = root
        .call("s3", "get_object", at("a", json!({ "Range": "bytes=10-" })))
        .refused("InvalidRange");
    assert_eq!(refusal.status, 416);
    let get = |extra| root.call("s3", "get_object", at("a", extra));
    get(json!({ "IfMatch": etag })).ok();
    get(json!({ "IfMatch": "\"other\"" })).refused("PreconditionFailed");
    let refusal = get(json!({ "IfNoneMatch": etag })).refused("304");
    assert_eq!(refusal.status, 304);
    // Written only if nobody was faster.
    root.call(
        "s3",
        "put_object",
        at("a", json!({ "IfNoneMatch": "*", "Body": "b" })),
    )
    .refused("PreconditionFailed");
    root.call(
        "s3",
        "put_object",
        at("b", json!({ "IfNoneMatch": "*", "Body": "b" })),
    )
    .ok();
}

#[test]
fn a_changed_body_is_not_taken() {
    let (_world, production) = things();
    let root = production.root();
    let md5_of_another_text = "1B2M2Y8AsgTpgAmY7PhCfg==";
    root.call(
        "s3",
        "put_object",
        at(
            "a",
            json!({ "Body": "text", "ContentMD5": md5_of_another_text }),
        ),
    )
    .refused("BadDigest");
    let wrong =
        json!({ "Body": "text", "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" });
    root.call("s3", "put_object", at("a", wrong))
        .refused("BadDigest");
    root.get(BUCKET, "a").refused("NoSuchKey");
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] {
        // The C ones need a library that boto3 does not bring; the others it computes itself.
        if !["CRC32C", "CRC64NVME"].contains(&algorithm) {
            root.call(
                "s3",
                "put_object",
                at(
                    "a",
                    json!({ "Body": "text", "ChecksumAlgorithm": algorithm }),
                ),
            )
            .ok();
            let head = root
                .call(
                    "s3",
                    "head_object",
                    at("a", json!({ "ChecksumMode": "ENABLED" })),
                )
                .ok();
            assert!(
                head[format!("Checksum{algorithm}")].is_string(),
                "{algorithm}: {head}"
            );
        }
    }
}

#[test]
fn lists_have_pages_folders_and_strange_keys() {
    let (_world, production) = things();
    let root = production.root();
    let mut keys: Vec<String> = (0..25)
        .map(|number| format!("logs/2026/{number:02}.txt"))
        .collect();
    keys.extend(
        [
            "a b+c.txt",
            "logs/top.txt",
            "ü/ñ.txt",
            "<&>\"'.xml",
            "%2F.txt",
            "a//b",
            "./c",
        ]
        .map(str::to_owned),
    );
    for key in &keys {
        root.put(BUCKET, key, "x").ok();
    }
    keys.sort();
    let names = |items: &Value| -> Vec<String> {
        let items = items.as_array().expect("a list").iter();
        items
            .map(|item| item["Key"].as_str().expect("a key").to_owned())
            .collect()
    };
    for (operation, size) in [("every_list_objects_v2", 7), ("every_list_objects", 5)] {
        let paged = json!({ "Bucket": BUCKET, "$member": "Contents", "PaginationConfig": { "PageSize": size } });
        assert_eq!(
            names(&root.call("s3", operation, paged).ok()),
            keys,
            "{operation}"
        );
    }
    let folders = json!({ "Bucket": BUCKET, "Prefix": "logs/", "Delimiter": "/" });
    let listed = root.call("s3", "list_objects_v2", folders).ok();
    assert_eq!(names(&listed["Contents"]), ["logs/top.txt"]);
    assert_eq!(
        listed["CommonPrefixes"],
        json!([{ "Prefix": "logs/2026/" }])
    );
    assert_eq!(listed["KeyCount"], 2);
    let after =
        json!({ "Bucket": BUCKET, "StartAfter": "logs/2026/23.txt", "Prefix": "logs/2026" });
    assert_eq!(
        names(&root.call("s3", "list_objects_v2", after).ok()["Contents"]),
        ["logs/2026/24.txt"]
    );
    for key in &keys {
        assert_eq!(root.get(BUCKET, key).ok()["Body"], "x", "{key}");
    }
}

#[test]
fn each_of_many_keys_has_its_own_verdict() {
    let (_world, production) = things();
    for key in ["mine/a", "mine/b", "theirs/c"] {
        production.object(BUCKET, key, "x");
    }
    let ann = production.user("Ann");
    let mine = policy(
        "Allow",
        json!("s3:DeleteObject"),
        json!("arn:aws:s3:::things/mine/*"),
    );
    production.put_policy("user", "Ann", "mine", &mine);
    let keys = ["mine/a", "theirs/c", "mine/none"].map(|key| json!({ "Key": key }));
    let answer = ann
        .call(
            "s3",
            "delete_objects",
            json!({ "Bucket": BUCKET, "Delete": { "Objects": keys } }),
        )
        .ok();
    let deleted: Vec<&Value> = answer["Deleted"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["Key"])
        .collect();
    assert_eq!(deleted, ["mine/a", "mine/none"]);
    let errors = answer["Errors"].as_array().expect("a list");
    assert_eq!(
        (errors.len(), &errors[0]["Key"], &errors[0]["Code"]),
        (1, &json!("theirs/c"), &json!("AccessDenied"))
    );
    let listed = production
        .root()
        .call("s3", "list_objects_v2", json!({ "Bucket": BUCKET }))
        .ok();
    assert_eq!(listed["KeyCount"], 2);
}

#[test]
fn a_copy_needs_source_and_target() {
    let (_world, production) = things();
    production.bucket("elsewhere");
    production.object(BUCKET, "a", "text");
    let ann = production.user("Ann");
    let copy = || {
        let source = json!({ "Bucket": BUCKET, "Key": "a" });
        ann.call(
            "s3",
            "copy_object",
            json!({ "Bucket": "elsewhere", "Key": "b", "CopySource": source }),
        )
    };
    let read = policy(
        "Allow",
        json!("s3:GetObject"),
        json!("arn:aws:s3:::things/a"),
    );
    let write = policy(
        "Allow",
        json!("s3:PutObject"),
        json!("arn:aws:s3:::elsewhere/b"),
    );
    copy().denied();
    production.put_policy("user", "Ann", "read", &read);
    copy().denied();
    production.put_policy("user", "Ann", "write", &write);
    copy().ok();
    assert_eq!(production.root().get("elsewhere", "b").ok()["Body"], "text");
    production.iam(
        "delete_user_policy",
        json!({ "UserName": "Ann", "PolicyName": "read" }),
    );
    copy().denied();
}

#[test]
fn an_upload_in_parts() {
    let (_world, production) = things();
    let root = production.root();
    let upload = root
        .call(
            "s3",
            "create_multipart_upload",
            at("big", json!({ "ContentType": "text/plain" })),
        )
        .ok();
    let id = &upload["UploadId"];
    let bodies = [
        "a".repeat(5 * 1024 * 1024),
        "b".repeat(5 * 1024 * 1024),
        "end".to_owned(),
    ];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        let part = root
            .call(
                "s3",
                "upload_part",
                at(
                    "big",
                    json!({ "UploadId": id, "PartNumber": number, "Body": body }),
                ),
            )
            .ok();
        parts.push(json!({ "PartNumber": number, "ETag": part["ETag"] }));
    }
    let listed = root
        .call("s3", "list_parts", at("big", json!({ "UploadId": id })))
        .ok();
    assert_eq!(listed["Parts"].as_array().map(Vec::len), Some(3));
    let uploads = root
        .call("s3", "list_multipart_uploads", json!({ "Bucket": BUCKET }))
        .ok();
    assert_eq!(uploads["Uploads"][0]["UploadId"], *id);
    root.get(BUCKET, "big").refused("NoSuchKey");
    let complete = |parts: &[Value]| {
        let extra = json!({ "UploadId": id, "MultipartUpload": { "Parts": parts } });
        root.call("s3", "complete_multipart_upload", at("big", extra))
    };
    complete(&[parts[1].clone(), parts[0].clone()]).refused("InvalidPartOrder");
    complete(&[json!({ "PartNumber": 9, "ETag": "\"x\"" })]).refused("InvalidPart");
    // The last one is short; only the last one may be.
    complete(&[parts[2].clone()]).ok();
    assert_eq!(root.get(BUCKET, "big").ok()["Body"], "end");
    root.call("s3", "list_parts", at("big", json!({ "UploadId": id })))
        .refused("NoSuchUpload");

    let upload = root
        .call("s3", "create_multipart_upload", at("gone", json!({})))
        .ok();
    let id = json!({ "UploadId": upload["UploadId"] });
    root.call("s3", "abort_multipart_upload", at("gone", id.clone()))
        .ok();
    root.call("s3", "list_parts", at("gone", id))
        .refused("NoSuchUpload");
}

#[test]
fn a_browser_uploads_by_a_signed_form() {
    let (world, production) = things();
    for settings in [json!({}), json!({ "signature_version": "s3v4" })] {
        let parameters = json!({
            "$config": settings,
            "Bucket": BUCKET,
            "Key": "form/${filename}",
            "Conditions": [["content-length-range", 1, 20], ["starts-with", "$key", "form/"]],
        });
        let form = production
            .root()
            .call("s3", "generate_presigned_post", parameters)
            .ok();
        let send = |file: &str| {
            world.http(
                "post",
                json!({ "url": form["url"], "fields": form["fields"], "file": file }),
            )
        };
        assert_eq!(send("from a form")["status"], 204);
        assert_eq!(
            production.root().get(BUCKET, "form/a.txt").ok()["Body"],
            "from a form"
        );
        assert_eq!(send("much longer than twenty bytes")["status"], 400);
        let mut fields = form["fields"].clone();
        fields["key"] = "elsewhere/a.txt".into();
        let answer = world.http(
            "post",
            json!({ "url": form["url"], "fields": fields, "file": "x" }),
        );
        assert_eq!(answer["status"], 403, "{answer}");
    }
}

#[test]
fn a_bucket_is_a_host_name_too() {
    let (world, production) = things();
    production.object(BUCKET, "a.txt", "text");
    let port = world
        .endpoint()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let virtual_host = json!({ "s3": { "addressing_style": "virtual" } });
    let parameters = at(
        "a.txt",
        json!({ "$endpoint": format!("http://s3.localhost:{port}"), "$config": virtual_host }),
    );
    assert_eq!(
        production.root().call("s3", "get_object", parameters).ok()["Body"],
        "text"
    );
}

#[test]
fn a_page_in_a_bucket_cannot_act_as_the_server() {
    let (world, production) = things();
    let page = at(
        "page.html",
        json!({ "Body": "<script>alert(1)</script>", "ContentType": "text/html" }),
    );
    production.root().call("s3", "put_object", page).ok();
    let url =
        production
            .root()
            .presigned(BUCKET, "page.html", json!({ "signature_version": "s3v4" }));
    let answer = world.http("url", json!({ "url": url }));
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["headers"]["x-content-type-options"], "nosniff");
    let policy = answer["headers"]["content-security-policy"]
        .as_str()
        .unwrap_or_default();
    assert!(policy.contains("sandbox"), "{answer}");
}

#[test]
fn a_page_of_another_origin_uploads_where_the_bucket_lets_it() {
    let (world, production) = things();
    let root = production.root();
    let rule = json!({
        "AllowedOrigins": ["https://*.example"],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["content-type"],
        "ExposeHeaders": ["ETag"],
    });
    let rules = json!({ "Bucket": BUCKET, "CORSConfiguration": { "CORSRules": [rule] } });
    root.call("s3", "put_bucket_cors", rules).ok();
    let shown = root
        .call("s3", "get_bucket_cors", json!({ "Bucket": BUCKET }))
        .ok();
    assert_eq!(shown["CORSRules"], json!([rule]));

    // As a browser does it: the presigned URL is asked about first, and then used.
    let url = root
        .call(
            "s3",
            "generate_presigned_url",
            json!({
                "$config": { "signature_version": "s3v4" },
                "ClientMethod": "put_object",
                "Params": { "Bucket": BUCKET, "Key": "page.txt" },
            }),
        )
        .ok();
    let ask = |origin: &str| {
        world.http(
            "url",
            json!({
                "url": url,
                "method": "OPTIONS",
                "headers": {
                    "Origin": origin,
                    "Access-Control-Request-Method": "PUT",
                    "Access-Control-Request-Headers": "content-type",
                },
            }),
        )
    };
    let answer = ask("https://a.example");
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(
        answer["headers"]["access-control-allow-headers"],
        "content-type"
    );
    assert_eq!(ask("https://evil.test")["status"], 403);
    let sent = world.http(
        "url",
        json!({
            "url": url,
            "method": "PUT",
            "headers": { "Origin": "https://a.example", "Content-Type": "text/plain" },
            "body": "from a page",
        }),
    );
    assert_eq!(sent["status"], 200, "{sent}");
    assert_eq!(
        sent["headers"]["access-control-allow-origin"],
        "https://a.example"
    );
    assert_eq!(sent["headers"]["access-control-expose-headers"], "ETag");

    root.call("s3", "delete_bucket_cors", json!({ "Bucket": BUCKET }))
        .ok();
    root.call("s3", "get_bucket_cors", json!({ "Bucket": BUCKET }))
        .refused("NoSuchCORSConfiguration");
    assert_eq!(ask("https://a.example")["status"], 403);
}
