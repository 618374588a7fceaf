//! Requests as they come over the wire, through the gate: what the shapes of operations do not show.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use twinlock_gate::{Caller, Effect};
use twinlock_shapes::s3::*;
use twinlock_wire::body::Body;

use crate::{
    copy_object::CopyObject,
    multipart::{AbortMultipartUpload, CreateMultipartUpload},
    object_tagging::PutObjectTagging,
    put_object::PutObject,
    testing::{ALLOW_ALL, BODIES_BYTES_MAX, PROD, TestWorld, code, root},
    upload_part::UploadPart,
};

/// The bytes `hello` have these checksums, computed elsewhere.
const SUMS: [(&str, &str); 5] = [
    ("x-amz-checksum-crc32", "NhCmhg=="),
    ("x-amz-checksum-crc32c", "mnG7TA=="),
    ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
    ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
    (
        "x-amz-checksum-sha256",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
    ),
];

fn world() -> TestWorld {
    let world = TestWorld::with_bucket("shelf", PROD);
    let ana = world.user(PROD, "ana", ALLOW_ALL);
    world.give_key(&ana);
    world
}

fn request(method: &str, target: &str) -> http::request::Builder {
    http::Request::builder()
        .method(method)
        .uri(target)
        .header("host", "localhost")
}

#[test]
fn the_checksum_that_follows_a_body_is_the_one_that_is_kept() {
    let world = world();
    for (name, value) in SUMS {
        let put = |sum: &str| {
            let body = format!("5\r\nhello\r\n0\r\n{name}:{sum}\r\n\r\n");
            let put = request("PUT", "/shelf/k")
                .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
                .header("x-amz-decoded-content-length", "5")
                .header("x-amz-trailer", name);
            world.send_signed(put.body(body.into_bytes()).expect("a request"))
        };
        let answer = put(value);
        assert_eq!(answer.status(), 200, "{name}: {}", answer.body());
        assert_eq!(answer.headers()[name], value);
        let head = request("HEAD", "/shelf/k").header("x-amz-checksum-mode", "ENABLED");
        let head = world.send_signed(head.body(Vec::new()).expect("a request"));
        for (other, _) in SUMS {
            assert_eq!(head.headers().contains_key(other), other == name, "{name}");
        }
        // A value of the right length that is not the body's.
        let wrong = value.replacen(value.split_at(1).0, "A", 1);
        let refused = put(&wrong);
        assert_eq!(refused.status(), 400);
        assert!(refused.body().contains("BadDigest"), "{}", refused.body());
    }
}

#[test]
fn the_checksum_of_a_completion_is_the_objects_and_not_the_documents() {
    let world = world();
    let owner = root(PROD);
    let input = CreateMultipartUploadInput {
        bucket: "shelf".into(),
        key: "k".into(),
        ..Default::default()
    };
    let begun = world.effect::<CreateMultipartUpload>(&owner, input);
    let id = begun.expect("begun").upload_id.expect("an id");
    let input = UploadPartInput {
        bucket: "shelf".into(),
        key: "k".into(),
        upload_id: id.clone(),
        part_number: 1,
        body: Body::from(b"hello".to_vec()),
        ..Default::default()
    };
    let part = world.effect::<UploadPart>(&owner, input).expect("a part");
    let document = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.etag.expect("an ETag")
    );
    let complete = |sum: &str| {
        let request = request("POST", &format!("/shelf/k?uploadId={id}"))
            .header("x-amz-checksum-crc64nvme", sum)
            .header("x-amz-checksum-type", "FULL_OBJECT");
        let body = document.clone().into_bytes();
        world.send_signed(request.body(body).expect("a request"))
    };
    let wrong = complete("AAAAAAAAAAA=");
    assert_eq!(wrong.status(), 400, "{}", wrong.body());
    let right = complete("M3eFcAZSQlc=");
    assert_eq!(right.status(), 200, "{}", right.body());
    assert!(right.body().contains("M3eFcAZSQlc="), "{}", right.body());
}

/// An effect whose caller loses all rights while it waits for its first look into the index.
fn robbed<O: Effect>(world: &TestWorld, who: &Caller, input: O::Input) -> String {
    let mut call = pin!(world.world.effect::<O>(who, input));
    let mut cx = Context::from_waker(Waker::noop());
    let held = world.hold_the_index();
    let begun = world.within(|| call.as_mut().poll(&mut cx));
    assert!(matches!(begun, Poll::Pending), "it waited for nothing");
    world.disarm(who);
    drop(held);
    code(world.wait(call))
}

#[test]
fn rights_that_are_taken_while_an_effect_looks_are_gone_when_it_writes() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let put = |key: &str| {
        let input = PutObjectInput {
            bucket: "shelf".into(),
            key: key.into(),
            body: Body::from(b"hello".to_vec()),
            ..Default::default()
        };
        code(world.effect::<PutObject>(&owner, input))
    };
    assert_eq!(put("k"), "ok");
    let input = CreateMultipartUploadInput {
        bucket: "shelf".into(),
        key: "big".into(),
        ..Default::default()
    };
    let begun = world.effect::<CreateMultipartUpload>(&owner, input);
    let id = begun.expect("begun").upload_id.expect("an id");
    let someone = |name: &str| world.user(PROD, name, ALLOW_ALL);
    let denied = "AccessDenied 403";

    let copy = CopyObjectInput {
        bucket: "shelf".into(),
        key: "copy".into(),
        copy_source: "shelf/k".into(),
        ..Default::default()
    };
    assert_eq!(robbed::<CopyObject>(&world, &someone("a"), copy), denied);
    let tag = PutObjectTaggingInput {
        bucket: "shelf".into(),
        key: "k".into(),
        ..Default::default()
    };
    assert_eq!(
        robbed::<PutObjectTagging>(&world, &someone("b"), tag),
        denied
    );
    let part = UploadPartInput {
        bucket: "shelf".into(),
        key: "big".into(),
        upload_id: id.clone(),
        part_number: 1,
        body: Body::from(b"hello".to_vec()),
        ..Default::default()
    };
    assert_eq!(robbed::<UploadPart>(&world, &someone("c"), part), denied);
    let abort = AbortMultipartUploadInput {
        bucket: "shelf".into(),
        key: "big".into(),
        upload_id: id,
        ..Default::default()
    };
    assert_eq!(
        robbed::<AbortMultipartUpload>(&world, &someone("d"), abort),
        denied
    );
    let shelf = world.world.directory.published();
    let shelf = shelf.bucket("shelf").expect("the bucket").id.clone();
    let copy = world.wait(world.world.objects.get(&shelf, "copy", None));
    assert!(copy.expect("a look").is_none(), "nothing was copied");
    assert_eq!(shelf_uploads(&world, &shelf), 1, "nothing was given up");
}

fn shelf_uploads(world: &TestWorld, bucket: &str) -> usize {
    let query = twinlock_objects::UploadsQuery {
        max_uploads: 10,
        ..Default::default()
    };
    let page = world.wait(world.world.objects.list_uploads(bucket, query));
    page.expect("a page").uploads.len()
}

#[test]
fn bodies_share_what_memory_there_is() {
    let world = world();
    let delete = |length: usize| {
        let mut body = b"<Delete><Object><Key>k</Key></Object>".to_vec();
        body.resize(length - 9, b' ');
        body.extend(b"</Delete>");
        let request = request("POST", "/shelf?delete");
        world.send_signed(request.body(body).expect("a request"))
    };
    for _ in 0..3 {
        assert_eq!(delete(BODIES_BYTES_MAX).status(), 200);
    }
    let refused = delete(BODIES_BYTES_MAX + 1);
    assert_eq!(refused.status(), 503);
    assert!(refused.body().contains("ServiceUnavailable"));
}

#[test]
fn strangers_have_a_small_share_of_their_own() {
    let world = world();
    let form = |length| {
        let request =
            request("POST", "/").header("content-type", "application/x-www-form-urlencoded");
        let answer = world.send(request.body(vec![b'a'; length]).expect("a request"));
        answer.status().as_u16()
    };
    assert_eq!(form(BODIES_BYTES_MAX / 4), 403);
    assert_eq!(form(BODIES_BYTES_MAX / 4 + 1), 503);
}

#[test]
fn a_stranger_is_refused_before_his_document_is_read() {
    let world = world();
    for target in ["/shelf?cors", "/shelf?versioning", "/shelf?tagging"] {
        let put = request("PUT", target).body(vec![b'x'; BODIES_BYTES_MAX + 1]);
        let answer = world.send(put.expect("a request"));
        assert_eq!(answer.status(), 403, "{target}: {}", answer.body());
    }
}
