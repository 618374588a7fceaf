//! Objects through the pipeline: what is stored, what is told, and who may.

use twinlock_directory::Versioning;
use twinlock_gate::Caller;
use twinlock_shapes::s3::*;
use twinlock_wire::body::Body;

use crate::{
    copy_object::CopyObject,
    delete_object::DeleteObjects,
    get_object::GetObject,
    list_uploads::{ListMultipartUploads, ListParts},
    list_versions::ListObjectVersions,
    multipart::{AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload},
    object_attributes::GetObjectAttributes,
    object_tagging::{DeleteObjectTagging, GetObjectTagging, PutObjectTagging},
    put_object::PutObject,
    testing::{DEV, PROD, TestWorld, code, root},
    upload_part::{UploadPart, UploadPartCopy},
};

const MIB: usize = 1 << 20;

macro_rules! of {
    ($input:ident { $($field:ident : $value:expr),* $(,)? }) => {
        $input { bucket: "shelf".into(), $($field: $value,)* ..Default::default() }
    };
}

fn put(
    world: &TestWorld,
    who: &Caller,
    key: &str,
    bytes: Vec<u8>,
    tagging: Option<&str>,
) -> String {
    let input = of!(PutObjectInput {
        key: key.into(),
        body: Body::from(bytes),
        tagging: tagging.map(str::to_owned),
    });
    code(world.effect::<PutObject>(who, input))
}

fn begin(world: &TestWorld, who: &Caller, key: &str) -> String {
    let input = of!(CreateMultipartUploadInput { key: key.into() });
    let begun = world
        .effect::<CreateMultipartUpload>(who, input)
        .expect("begun");
    begun.upload_id.expect("an id")
}

fn part(world: &TestWorld, who: &Caller, id: &str, number: i32, bytes: Vec<u8>) -> CompletedPart {
    let input = of!(UploadPartInput {
        key: "big".into(),
        upload_id: id.into(),
        part_number: number,
        body: Body::from(bytes),
    });
    CompletedPart {
        part_number: Some(number),
        etag: world.effect::<UploadPart>(who, input).expect("a part").etag,
        ..Default::default()
    }
}

fn complete(
    world: &TestWorld,
    who: &Caller,
    id: &str,
    parts: Vec<CompletedPart>,
) -> Result<CompleteMultipartUploadOutput, twinlock_gate::Fault> {
    let input = of!(CompleteMultipartUploadInput {
        key: "big".into(),
        upload_id: id.into(),
        multipart_upload: Some(CompletedMultipartUpload { parts }),
    });
    world.effect::<CompleteMultipartUpload>(who, input)
}

#[test]
fn parts_become_one_object() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let id = begin(&world, &owner, "big");
    assert_eq!(
        put(&world, &owner, "small", b"0123456789".to_vec(), None),
        "ok"
    );
    let first = part(&world, &owner, &id, 1, vec![b'a'; 5 * MIB]);
    let copied = of!(UploadPartCopyInput {
        key: "big".into(),
        upload_id: id.clone(),
        part_number: 2,
        copy_source: "shelf/small".into(),
        copy_source_range: Some("bytes=2-4".into()),
    });
    let copied = world
        .effect::<UploadPartCopy>(&owner, copied)
        .expect("copied");
    let second = CompletedPart {
        part_number: Some(2),
        etag: copied.copy_part_result.expect("a result").etag,
        ..Default::default()
    };
    let listed = of!(ListPartsInput {
        key: "big".into(),
        upload_id: id.clone(),
        max_parts: Some(1)
    });
    let listed = world.effect::<ListParts>(&owner, listed).expect("listed");
    assert_eq!((listed.parts.len(), listed.is_truncated), (1, Some(true)));
    assert_eq!(listed.next_part_number_marker, Some(1));
    let uploads = world.effect::<ListMultipartUploads>(&owner, of!(ListMultipartUploadsInput {}));
    assert_eq!(uploads.expect("listed").uploads.len(), 1);

    let wrong = complete(&world, &owner, &id, vec![second.clone(), first.clone()]);
    assert_eq!(code(wrong), "InvalidPartOrder 400");
    assert_eq!(
        code(complete(&world, &owner, &id, Vec::new())),
        "MalformedXML 400"
    );
    let missing = CompletedPart {
        part_number: Some(7),
        ..first.clone()
    };
    assert_eq!(
        code(complete(&world, &owner, &id, vec![missing])),
        "InvalidPart 400"
    );
    let done = complete(&world, &owner, &id, vec![first.clone(), second.clone()]).expect("done");
    assert!(done.etag.expect("an ETag").ends_with("-2\""));
    assert_eq!(done.checksum_type.as_deref(), Some("FULL_OBJECT"));
    // Asked again, it answers alike; the upload is no more.
    assert_eq!(
        code(complete(&world, &owner, &id, vec![first, second])),
        "ok"
    );
    let gone = of!(ListPartsInput {
        key: "big".into(),
        upload_id: id
    });
    assert_eq!(
        code(world.effect::<ListParts>(&owner, gone)),
        "NoSuchUpload 404"
    );

    let read = of!(GetObjectInput {
        key: "big".into(),
        part_number: Some(2)
    });
    let read = world.effect::<GetObject>(&owner, read).expect("read");
    assert_eq!((read.content_length, read.parts_count), (Some(3), Some(2)));
    let asked = of!(GetObjectAttributesInput {
        key: "big".into(),
        object_attributes: vec!["ObjectParts".into(), "ObjectSize".into()],
    });
    let told = world
        .effect::<GetObjectAttributes>(&owner, asked)
        .expect("told");
    assert_eq!(told.object_size, i64::try_from(5 * MIB + 3).ok());
    assert_eq!(told.object_parts.expect("parts").parts.len(), 2);
    assert_eq!((told.etag, told.storage_class), (None, None));
}

#[test]
fn an_upload_is_as_good_as_a_put_to_the_policies() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let id = begin(&world, &owner, "big");
    let writer = world.user(
        PROD,
        "writer",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shelf/*"}}"#,
    );
    assert_eq!(part(&world, &writer, &id, 1, vec![1]).part_number, Some(1));
    let abort = || {
        of!(AbortMultipartUploadInput {
            key: "big".into(),
            upload_id: id.clone()
        })
    };
    let stranger = root(DEV);
    for other in [&writer, &stranger] {
        assert_eq!(
            code(world.effect::<AbortMultipartUpload>(other, abort())),
            "AccessDenied 403"
        );
    }
    for other in [&world.user(PROD, "bare", ""), &stranger] {
        let input = of!(UploadPartInput {
            key: "big".into(),
            upload_id: id.clone(),
            part_number: 1
        });
        assert_eq!(
            code(world.effect::<UploadPart>(other, input)),
            "AccessDenied 403"
        );
        assert_eq!(
            code(complete(&world, other, &id, vec![CompletedPart::default()])),
            "AccessDenied 403"
        );
        let begin = of!(CreateMultipartUploadInput { key: "big".into() });
        assert_eq!(
            code(world.effect::<CreateMultipartUpload>(other, begin)),
            "AccessDenied 403"
        );
        // Nor is it told to a stranger that there is no such upload.
        let input = of!(UploadPartInput {
            key: "big".into(),
            upload_id: "none".into(),
            part_number: 1
        });
        assert_eq!(
            code(world.effect::<UploadPart>(other, input)),
            "AccessDenied 403"
        );
    }
    // A copied part needs its source too.
    assert_eq!(put(&world, &owner, "secret", vec![1], None), "ok");
    let copy = of!(UploadPartCopyInput {
        key: "big".into(),
        upload_id: id.clone(),
        part_number: 2,
        copy_source: "/shelf/secret".into(),
    });
    assert_eq!(
        code(world.effect::<UploadPartCopy>(&writer, copy)),
        "AccessDenied 403"
    );
    assert_eq!(
        code(world.effect::<AbortMultipartUpload>(&owner, abort())),
        "ok"
    );
    assert_eq!(
        code(world.effect::<AbortMultipartUpload>(&owner, abort())),
        "NoSuchUpload 404"
    );
}

#[test]
fn tags_are_read_replaced_and_taken_away() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    assert_eq!(put(&world, &owner, "k", vec![1], Some("team=red&x=")), "ok");
    let read = |who: &Caller| {
        let input = of!(GetObjectTaggingInput { key: "k".into() });
        world
            .effect::<GetObjectTagging>(who, input)
            .map(|o| o.tag_set.len())
    };
    assert_eq!(read(&owner).ok(), Some(2));
    // ExistingObjectTag is what is stored; RequestObjectTag what is sent.
    let red = world.user(
        PROD,
        "red",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObjectTagging","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/team":"red"}}},{"Effect":"Allow","Action":"s3:PutObjectTagging","Resource":"*","Condition":{"StringEquals":{"s3:RequestObjectTag/team":"blue"}}}]}"#,
    );
    assert_eq!(read(&red).ok(), Some(2));
    let write = |who: &Caller, team: &str| {
        let tag = Tag {
            key: "team".into(),
            value: team.into(),
        };
        let input = of!(PutObjectTaggingInput {
            key: "k".into(),
            tagging: Tagging { tag_set: vec![tag] }
        });
        code(world.effect::<PutObjectTagging>(who, input))
    };
    assert_eq!(write(&red, "green"), "AccessDenied 403");
    assert_eq!(write(&red, "blue"), "ok");
    assert_eq!(code(read(&red)), "AccessDenied 403");
    let long = "v".repeat(257);
    assert_eq!(write(&owner, &long), "InvalidTag 400");
    let input = || of!(DeleteObjectTaggingInput { key: "k".into() });
    assert_eq!(
        code(world.effect::<DeleteObjectTagging>(&red, input())),
        "AccessDenied 403"
    );
    assert_eq!(
        code(world.effect::<DeleteObjectTagging>(&owner, input())),
        "ok"
    );
    assert_eq!(read(&owner).ok(), Some(0));
    let missing = of!(GetObjectTaggingInput { key: "none".into() });
    assert_eq!(
        code(world.effect::<GetObjectTagging>(&owner, missing)),
        "NoSuchKey 404"
    );
}

#[test]
fn versions_and_markers_are_listed_newest_first() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    world.edit("shelf", |bucket| bucket.versioning = Versioning::Enabled);
    for bytes in [vec![1], vec![2]] {
        assert_eq!(put(&world, &owner, "k", bytes, None), "ok");
    }
    let delete = of!(DeleteObjectsInput {
        delete: Delete {
            objects: vec![ObjectIdentifier {
                key: "k".into(),
                ..Default::default()
            }],
            quiet: None,
        },
    });
    let deleted = world
        .effect::<DeleteObjects>(&owner, delete)
        .expect("deleted");
    assert_eq!(deleted.deleted[0].delete_marker, Some(true));
    let list = || of!(ListObjectVersionsInput {});
    let listed = world
        .effect::<ListObjectVersions>(&owner, list())
        .expect("listed");
    assert_eq!((listed.versions.len(), listed.delete_markers.len()), (2, 1));
    assert_eq!(listed.delete_markers[0].is_latest, Some(true));
    assert_eq!(listed.versions[0].is_latest, Some(false));
    let lone = of!(ListObjectVersionsInput {
        version_id_marker: Some("x".into())
    });
    assert_eq!(
        code(world.effect::<ListObjectVersions>(&owner, lone)),
        "InvalidArgument 400"
    );
    let bare = world.user(PROD, "bare", "");
    assert_eq!(
        code(world.effect::<ListObjectVersions>(&bare, list())),
        "AccessDenied 403"
    );
    let oldest = listed.versions[1].version_id.clone();
    let read = |version: Option<String>| {
        let input = of!(GetObjectInput {
            key: "k".into(),
            version_id: version
        });
        code(world.effect::<GetObject>(&owner, input))
    };
    assert_eq!(read(oldest), "ok");
    assert_eq!(read(None), "NoSuchKey 404");
    assert_eq!(
        read(listed.delete_markers[0].version_id.clone()),
        "MethodNotAllowed 405"
    );
}

#[test]
fn a_copy_needs_source_and_target_and_the_tags_it_takes_along() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    assert_eq!(put(&world, &owner, "plain", vec![1], None), "ok");
    assert_eq!(put(&world, &owner, "tagged", vec![1], Some("a=b")), "ok");
    let copier = world.user(
        PROD,
        "copier",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::shelf/plain","arn:aws:s3:::shelf/tagged","arn:aws:s3:::shelf/copy"]}}"#,
    );
    let copy = |who: &Caller, from: &str, to: &str| {
        let input = of!(CopyObjectInput {
            key: to.into(),
            copy_source: format!("shelf/{from}")
        });
        code(world.effect::<CopyObject>(who, input))
    };
    assert_eq!(copy(&copier, "plain", "copy"), "ok");
    assert_eq!(copy(&copier, "tagged", "copy"), "AccessDenied 403");
    assert_eq!(copy(&copier, "plain", "elsewhere"), "AccessDenied 403");
    assert_eq!(copy(&copier, "none", "copy"), "AccessDenied 403");
    assert_eq!(copy(&owner, "tagged", "copy"), "ok");
    assert_eq!(copy(&owner, "none", "copy"), "NoSuchKey 404");
    assert_eq!(copy(&owner, "plain", "plain"), "InvalidRequest 400");
}

#[test]
fn what_would_not_be_kept_is_refused() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let some = || Some("x".to_owned());
    for (input, expected) in [
        (
            of!(PutObjectInput {
                object_lock_mode: some()
            }),
            "InvalidRequest 400",
        ),
        (
            of!(PutObjectInput { grant_read: some() }),
            "AccessControlListNotSupported 400",
        ),
        (
            of!(PutObjectInput {
                acl: Some("public-read".to_owned())
            }),
            "AccessControlListNotSupported 400",
        ),
        (
            of!(PutObjectInput {
                sse_customer_algorithm: some()
            }),
            "NotImplemented 501",
        ),
    ] {
        assert_eq!(code(world.effect::<PutObject>(&owner, input)), expected);
    }
}

#[test]
fn a_customers_own_key_is_refused_wherever_it_is_shown() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let aes = || Some("AES256".to_owned());
    assert_eq!(put(&world, &owner, "plain", b"x".to_vec(), None), "ok");
    let id = begin(&world, &owner, "big");
    let refused = "NotImplemented 501";
    let read = of!(GetObjectInput {
        key: "plain".into(),
        sse_customer_algorithm: aes()
    });
    assert_eq!(code(world.effect::<GetObject>(&owner, read)), refused);
    let uploaded = of!(UploadPartInput {
        key: "big".into(),
        upload_id: id.clone(),
        part_number: 1,
        sse_customer_key: aes(),
    });
    assert_eq!(code(world.effect::<UploadPart>(&owner, uploaded)), refused);
    let listed = of!(ListPartsInput {
        key: "big".into(),
        upload_id: id,
        sse_customer_key: aes()
    });
    assert_eq!(code(world.effect::<ListParts>(&owner, listed)), refused);
    let copied = of!(CopyObjectInput {
        key: "copy".into(),
        copy_source: "shelf/plain".into(),
        copy_source_sse_customer_algorithm: aes(),
    });
    assert_eq!(code(world.effect::<CopyObject>(&owner, copied)), refused);
}
