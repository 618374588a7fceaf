//! Multipart uploads from creation to completion, or not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};

use super::*;

const MIB: usize = 1 << 20;

async fn begin(
    s: &Scratch,
    key: &str,
    checksum: Option<(Algorithm, ChecksumType)>,
    now_ms: u64,
) -> Upload {
    let meta = ObjectMeta {
        content_type: Some("video/mp4".to_owned()),
        ..ObjectMeta::default()
    };
    let new = NewUpload {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        meta,
        checksum,
        now_ms,
        ..NewUpload::default()
    };
    s.create_upload(new).await.unwrap()
}

async fn part(s: &Scratch, upload: &Upload, number: u32, bytes: &Bytes) -> PartInfo {
    let algorithms: Vec<Algorithm> = upload
        .checksum
        .iter()
        .map(|(algorithm, _)| *algorithm)
        .collect();
    let body = s.stage_bytes(bytes, &algorithms).await;
    s.commit_part(BUCKET, &upload.key, &upload.upload_id, number, body, 1500)
        .await
        .unwrap()
}

fn completion(upload: &Upload, parts: &[PartInfo]) -> Complete {
    let named = |part: &PartInfo| CompletedPart {
        number: part.number,
        etag: part.etag.clone(),
        checksums: Vec::new(),
    };
    Complete {
        bucket: BUCKET.to_owned(),
        key: upload.key.clone(),
        upload_id: upload.upload_id.clone(),
        parts: parts.iter().map(named).collect(),
        now_ms: 2000,
        ..Complete::default()
    }
}

#[tokio::test]
async fn parts_become_one_object() {
    let mut s = Scratch::new().await;
    let upload = begin(
        &s,
        "k",
        Some((Algorithm::Crc32, ChecksumType::FullObject)),
        1000,
    )
    .await;
    let bytes = [pattern(1, 5 * MIB), pattern(2, 6 * MIB), pattern(3, 12_345)];
    part(&s, &upload, 2, &pattern(9, 5 * MIB)).await;
    let third = part(&s, &upload, 30, &bytes[2]).await;
    let second = part(&s, &upload, 2, &bytes[1]).await;
    let first = part(&s, &upload, 1, &bytes[0]).await;
    part(&s, &upload, 31, &pattern(9, 100_000)).await;

    let page = s
        .list_parts(BUCKET, "k", &upload.upload_id, 0, 2)
        .await
        .unwrap();
    assert_eq!(page.parts, [first.clone(), second.clone()]);
    assert_eq!(
        (page.is_truncated, page.next_part_number_marker),
        (true, Some(2))
    );
    let rest = s
        .list_parts(BUCKET, "k", &upload.upload_id, 2, 2)
        .await
        .unwrap();
    assert_eq!(
        rest.parts
            .iter()
            .map(|part| part.number)
            .collect::<Vec<_>>(),
        [30, 31]
    );
    assert!(!rest.is_truncated);
    assert!(s.head(BUCKET, "k", None).await.unwrap().is_none());

    let complete = completion(&upload, &[first.clone(), second, third]);
    let done = s.complete_upload(complete.clone()).await.unwrap().info;
    let whole: Vec<u8> = bytes.iter().flatten().copied().collect();
    let mut digests = Digests::new(&[Algorithm::Crc32]);
    digests.update(&whole);
    assert_eq!(done.checksums, digests.finish().checksums);
    let mut md5 = Md5::new();
    bytes
        .iter()
        .for_each(|bytes| md5.update(Md5::digest(bytes)));
    assert_eq!(done.etag, format!("{}-3", hex::encode(md5.finalize())));
    assert_eq!(done.meta.content_type.as_deref(), Some("video/mp4"));
    s.settle().await;
    assert_eq!(
        s.files(),
        (0, 2),
        "the last part is small enough for the index"
    );

    let again = s.complete_upload(complete.clone()).await.unwrap().info;
    assert_eq!(
        (again.etag, again.generation),
        (done.etag.clone(), done.generation)
    );
    let otherwise = Complete {
        parts: complete.parts[..2].to_vec(),
        ..complete.clone()
    };
    assert!(matches!(
        s.complete_upload(otherwise).await,
        Err(Error::NoSuchUpload)
    ));
    let late = Complete {
        now_ms: 2001 + COMPLETED_KEPT_MS,
        ..complete
    };
    assert!(matches!(
        s.complete_upload(late).await,
        Err(Error::NoSuchUpload)
    ));

    s.reopen();
    let object = s.get(BUCKET, "k", None).await.unwrap().unwrap();
    assert_eq!(read_all(&object, None).await.unwrap(), whole);
    let across = 5 * MIB - 10..11 * MIB + 10;
    assert_eq!(
        read_all(&object, Some(across.start as u64..across.end as u64))
            .await
            .unwrap(),
        whole[across]
    );
    assert_eq!(
        object.info.part_range(30),
        Some(11 * MIB as u64..whole.len() as u64)
    );
    assert_eq!(object.info.part_range(3), None);
    assert_eq!(object.info.part_count, 3);
    drop(object);

    // The copy of a multipart object is a plain one.
    let copy = s.copy(source("k"), put_of("copy"), &[]).await.unwrap().info;
    assert_eq!(copy.etag, hex::encode(Md5::digest(&whole)));
    assert_eq!(copy.checksums, done.checksums);
    for key in ["k", "copy"] {
        s.delete(BUCKET, deletion(key, None), Versioning::Unversioned, 3000)
            .await
            .unwrap();
    }
    s.settle().await;
    assert_eq!(s.files(), (0, 0));
}

#[tokio::test]
async fn composite_checksums_and_announced_ones() {
    let s = Scratch::new().await;
    let upload = begin(
        &s,
        "k",
        Some((Algorithm::Sha256, ChecksumType::Composite)),
        1000,
    )
    .await;
    let first = part(&s, &upload, 1, &pattern(1, 5 * MIB)).await;
    let second = part(&s, &upload, 2, &pattern(2, 10)).await;
    let mut digests = Digests::new(&[Algorithm::Sha256]);
    for part in [&first, &second] {
        digests.update(&BASE64.decode(&part.checksums[0].value).unwrap());
    }
    let expected = format!("{}-2", digests.finish().value(Algorithm::Sha256).unwrap());
    let complete = completion(&upload, &[first, second]);
    let wrong = Complete {
        expected_checksum: Some((Algorithm::Sha256, "AAAA-2".to_owned())),
        ..complete.clone()
    };
    assert!(matches!(
        s.complete_upload(wrong).await,
        Err(Error::BadDigest("checksum"))
    ));
    let wrong = Complete {
        expected_size: Some(1),
        ..complete.clone()
    };
    assert!(matches!(
        s.complete_upload(wrong).await,
        Err(Error::BadDigest("size"))
    ));
    let mut wrong = complete.clone();
    wrong.parts[0].checksums = vec![(Algorithm::Sha256, "AAAA".to_owned())];
    assert!(matches!(
        s.complete_upload(wrong).await,
        Err(Error::InvalidPart(1))
    ));
    let right = Complete {
        expected_checksum: Some((Algorithm::Sha256, expected.clone())),
        ..complete
    };
    let done = s.complete_upload(right).await.unwrap().info;
    assert_eq!(done.checksums[0].value, expected);
    assert_eq!(done.checksums[0].kind, ChecksumType::Composite);

    // CRC-64/NVME of the whole is known even when no part was asked for it.
    let upload = begin(&s, "crc", None, 1000).await;
    let one = part(&s, &upload, 1, &pattern(3, 10)).await;
    assert!(one.checksums.is_empty());
    let upload = begin(
        &s,
        "crc",
        Some((Algorithm::Crc64Nvme, ChecksumType::FullObject)),
        1000,
    )
    .await;
    let body = s.stage_bytes(&pattern(3, 10), &[]).await;
    let value = body.sums.value(Algorithm::Crc64Nvme).unwrap();
    let one = s
        .commit_part(BUCKET, "crc", &upload.upload_id, 1, body, 1500)
        .await
        .unwrap();
    let done = s
        .complete_upload(completion(&upload, &[one]))
        .await
        .unwrap()
        .info;
    assert_eq!(done.checksums[0].value, value);
}

#[tokio::test]
async fn refused_completions_leave_the_upload_as_it_was() {
    let s = Scratch::new().await;
    let upload = begin(&s, "k", None, 1000).await;
    let small = part(&s, &upload, 1, &pattern(1, 5 * MIB - 1)).await;
    let last = part(&s, &upload, 2, &pattern(2, 100_000)).await;
    let refused = s
        .complete_upload(completion(&upload, &[small.clone(), last.clone()]))
        .await;
    assert!(matches!(
        refused,
        Err(Error::EntityTooSmall { number: 1, .. })
    ));
    let refused = s
        .complete_upload(completion(&upload, &[last.clone(), small.clone()]))
        .await;
    assert!(matches!(refused, Err(Error::InvalidPartOrder)));
    assert!(matches!(
        s.complete_upload(completion(&upload, &[])).await,
        Err(Error::InvalidArgument(_))
    ));
    let missing = PartInfo {
        number: 3,
        ..last.clone()
    };
    assert!(matches!(
        s.complete_upload(completion(&upload, &[missing])).await,
        Err(Error::InvalidPart(3))
    ));
    let other = PartInfo {
        etag: small.etag.clone(),
        ..last.clone()
    };
    assert!(matches!(
        s.complete_upload(completion(&upload, &[other])).await,
        Err(Error::InvalidPart(2))
    ));
    s.put_bytes(put_of("k"), &pattern(1, 1)).await.unwrap();
    let condition = Condition {
        if_none_match: Some(EtagMatch::Any),
        ..Condition::default()
    };
    let refused = s
        .complete_upload(Complete {
            condition,
            ..completion(&upload, &[last])
        })
        .await;
    assert!(matches!(refused, Err(Error::PreconditionFailed(_))));
    assert_eq!(
        s.list_parts(BUCKET, "k", &upload.upload_id, 0, 10)
            .await
            .unwrap()
            .parts
            .len(),
        2
    );

    for number in [0, PARTS_MAX + 1] {
        let body = s.stage_bytes(&pattern(1, 1), &[]).await;
        let refused = s
            .commit_part(BUCKET, "k", &upload.upload_id, number, body, 1)
            .await;
        assert!(matches!(refused, Err(Error::InvalidArgument(_))));
    }
    let body = s.stage_bytes(&pattern(1, 100_000), &[]).await;
    assert!(matches!(
        s.commit_part(BUCKET, "other", &upload.upload_id, 1, body, 1)
            .await,
        Err(Error::NoSuchUpload)
    ));

    let copied = s.stage_copy(&source("k"), Some(0..1), &[]).await.unwrap();
    assert_eq!(copied.sums.size, 1);
    assert!(matches!(
        s.stage_copy(&source("k"), Some(0..2), &[]).await,
        Err(Error::InvalidRange)
    ));
    s.abort_upload(BUCKET, "k", &upload.upload_id)
        .await
        .unwrap();
    assert!(matches!(
        s.abort_upload(BUCKET, "k", &upload.upload_id).await,
        Err(Error::NoSuchUpload)
    ));
    assert!(
        s.upload(BUCKET, "k", &upload.upload_id)
            .await
            .unwrap()
            .is_none()
    );
    s.settle().await;
    assert_eq!(s.files(), (0, 0));
}

#[tokio::test]
async fn uploads_are_listed_by_key_then_time() {
    let s = Scratch::new().await;
    let mut expected = Vec::new();
    for (key, now_ms) in [("a", 5), ("a", 10), ("a/x", 1), ("a/y", 1), ("b", 1)] {
        expected.push(begin(&s, key, None, now_ms).await);
    }
    for size in 1..=5 {
        let mut query = UploadsQuery {
            max_uploads: size,
            ..UploadsQuery::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = s.list_uploads(BUCKET, query.clone()).await.unwrap();
            seen.extend(page.uploads);
            if !page.is_truncated {
                break;
            }
            query.key_marker = page.next_key_marker;
            query.upload_id_marker = page.next_upload_id_marker;
        }
        assert_eq!(seen, expected, "pages of {size}");
    }
    let mut query = UploadsQuery {
        delimiter: Some("/".to_owned()),
        max_uploads: 3,
        ..UploadsQuery::default()
    };
    let page = s.list_uploads(BUCKET, query.clone()).await.unwrap();
    assert_eq!(
        (page.uploads.len(), page.common_prefixes),
        (2, vec!["a/".to_owned()])
    );
    query.key_marker = page.next_key_marker;
    query.upload_id_marker = page.next_upload_id_marker;
    let page = s.list_uploads(BUCKET, query).await.unwrap();
    assert_eq!((page.uploads.len(), page.is_truncated), (1, false));
    let query = UploadsQuery {
        prefix: "a/".to_owned(),
        max_uploads: 10,
        ..UploadsQuery::default()
    };
    assert_eq!(
        s.list_uploads(BUCKET, query).await.unwrap().uploads.len(),
        2
    );
}
