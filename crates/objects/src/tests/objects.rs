//! Plain objects: bytes in, bytes out, conditions, copies, damage, files that come and go.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Around the borders of inline bodies, of write buffers and of read pieces.
#[tokio::test]
async fn bodies_of_every_size_come_back() {
    let mut s = Scratch::new().await;
    let sizes = [
        0, 1, 65_535, 65_536, 65_537, 262_144, 1_048_575, 1_048_576, 1_048_577, 2_500_000,
    ];
    for (at, size) in sizes.into_iter().enumerate() {
        let bytes = pattern(at as u64, size);
        let info = s
            .put_bytes(put_of(&format!("k{size}")), &bytes)
            .await
            .unwrap()
            .info;
        assert_eq!(info.size, size as u64);
        let mut digests = Digests::new(&[]);
        digests.update(&bytes);
        assert_eq!(info.etag, digests.finish().etag());
    }
    s.reopen();
    for (at, size) in sizes.into_iter().enumerate() {
        let key = format!("k{size}");
        let bytes = pattern(at as u64, size);
        let object = s.get(BUCKET, &key, None).await.unwrap().unwrap();
        assert_eq!(read_all(&object, None).await.unwrap(), bytes, "{size}");
        let (from, to) = (size / 3, size - size / 4);
        assert_eq!(
            read_all(&object, Some(from as u64..to as u64))
                .await
                .unwrap(),
            bytes[from..to],
            "{size}"
        );
        assert!(matches!(
            object.read(Some(0..size as u64 + 1)),
            Err(Error::InvalidRange)
        ));
    }
    assert_eq!(
        s.files(),
        (
            0,
            sizes
                .iter()
                .filter(|size| **size > INLINE_BYTES_MAX)
                .count()
        )
    );
}

#[tokio::test]
async fn a_large_body_uses_little_memory() {
    let s = Scratch::new().await;
    let resident_kb = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let before = resident_kb();
    let mut highest = before;
    let zeros = Bytes::from(vec![0; 64 << 10]);
    let mut writer = s.begin_put(&[Algorithm::Crc32], PUT_BYTES_MAX);
    for _ in 0..3200 {
        writer.write(zeros.clone()).await.unwrap();
        highest = highest.max(resident_kb());
    }
    let body = writer.finish().await.unwrap();
    assert_eq!(body.sums.size, 200 << 20);
    s.commit_put(put_of("zeros"), body).await.unwrap();
    let object = s.get(BUCKET, "zeros", None).await.unwrap().unwrap();
    let mut stream = object.read(None).unwrap();
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        size += piece.unwrap().len();
        highest = highest.max(resident_kb());
    }
    assert_eq!(size, 200 << 20);
    // Other tests run beside this one, hence the margin; the body alone is 204,800 KiB.
    assert!(
        highest - before < 120_000,
        "{before} KiB grew to {highest} KiB"
    );
}

#[tokio::test]
async fn what_is_asked_is_kept() {
    let s = Scratch::new().await;
    let body = s.stage_bytes(&pattern(1, 100_000), &Algorithm::ALL).await;
    let meta = ObjectMeta {
        content_type: Some("text/html".to_owned()),
        user: vec![("author".to_owned(), "Zoë".to_owned())],
        owner: "111111111111".to_owned(),
        ..ObjectMeta::default()
    };
    let info = s
        .commit_put(
            Put {
                meta: meta.clone(),
                ..put_of("k")
            },
            body,
        )
        .await
        .unwrap()
        .info;
    assert_eq!(info.checksums.len(), 5);
    assert_eq!(info.version_id, NULL_VERSION);
    assert_eq!(s.head(BUCKET, "k", None).await.unwrap().unwrap(), info);
    assert_eq!(info.meta, meta);
    assert_eq!(info.part_range(1), Some(0..100_000));
    assert_eq!(info.part_range(2), None);

    let tagged = s
        .set_tags(source("k"), vec![("a".to_owned(), "b".to_owned())])
        .await
        .unwrap();
    assert!(tagged.generation > info.generation);
    assert_eq!(tagged.modified_ms, info.modified_ms);
    let stale = Source {
        expect: Expect::Generation(info.generation),
        ..source("k")
    };
    assert!(matches!(
        s.set_tags(stale, Vec::new()).await,
        Err(Error::Moved)
    ));
    let set = s
        .set_extra(source("k"), "retention", Some("x".to_owned()))
        .await
        .unwrap();
    assert_eq!(set.meta.extra["retention"], "x");
    assert!(
        s.set_extra(source("k"), "retention", None)
            .await
            .unwrap()
            .meta
            .extra
            .is_empty()
    );
    assert!(matches!(
        s.set_tags(source("none"), Vec::new()).await,
        Err(Error::NoSuchKey)
    ));
}

#[tokio::test]
async fn conditions_hold_inside_the_transaction() {
    let s = Scratch::new().await;
    let one = pattern(1, 10);
    let if_none = |key: &str| Put {
        condition: Condition {
            if_none_match: Some(EtagMatch::parse("*")),
            ..Condition::default()
        },
        ..put_of(key)
    };
    let if_match = |key: &str, etag: &str| Put {
        condition: Condition {
            if_match: Some(EtagMatch::parse(etag)),
            ..Condition::default()
        },
        ..put_of(key)
    };
    let expect = |key: &str, expect| Put {
        condition: Condition {
            expect,
            ..Condition::default()
        },
        ..put_of(key)
    };

    assert!(matches!(
        s.put_bytes(if_match("k", "*"), &one).await,
        Err(Error::NoSuchKey)
    ));
    let first = s.put_bytes(if_none("k"), &one).await.unwrap();
    assert!(first.replaced.is_none());
    assert!(matches!(
        s.put_bytes(if_none("k"), &one).await,
        Err(Error::PreconditionFailed("If-None-Match"))
    ));
    let quoted = format!("\"{}\"", first.info.etag);
    assert!(matches!(
        s.put_bytes(if_match("k", "\"00\""), &one).await,
        Err(Error::PreconditionFailed("If-Match"))
    ));
    let second = s
        .put_bytes(if_match("k", &quoted), &pattern(2, 10))
        .await
        .unwrap();
    assert_eq!(second.replaced.unwrap(), first.info);
    assert!(matches!(
        s.put_bytes(expect("k", Expect::Absent), &one).await,
        Err(Error::Moved)
    ));
    let stale = Expect::Generation(first.info.generation);
    assert!(matches!(
        s.put_bytes(expect("k", stale), &one).await,
        Err(Error::Moved)
    ));
    s.put_bytes(
        expect("k", Expect::Generation(second.info.generation)),
        &one,
    )
    .await
    .unwrap();
    s.put_bytes(expect("new", Expect::Absent), &one)
        .await
        .unwrap();

    assert!(matches!(
        s.put_bytes(put_of(&"k".repeat(1025)), &one).await,
        Err(Error::KeyLength)
    ));
    s.put_bytes(put_of(&"é".repeat(512)), &one).await.unwrap();
    let mut small = s.begin_put(&[], 10);
    assert!(matches!(
        small.write(pattern(1, 11)).await,
        Err(Error::EntityTooLarge(10))
    ));
}

/// Thirty-two writers want to be the first; one is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_creators_one_wins() {
    let s = Scratch::new().await;
    let tasks: Vec<_> = (0..32)
        .map(|at| {
            let store = Objects::clone(&s);
            tokio::spawn(async move {
                let condition = Condition {
                    if_none_match: Some(EtagMatch::Any),
                    ..Condition::default()
                };
                store
                    .put_bytes(
                        Put {
                            condition,
                            ..put_of("k")
                        },
                        &pattern(at, 70_000),
                    )
                    .await
                    .is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
    assert_eq!(s.files(), (0, 1));
}

#[tokio::test]
async fn files_go_with_their_last_user_and_not_before_their_last_reader() {
    let mut s = Scratch::new().await;
    let old = pattern(1, 600_000);
    s.put_bytes(put_of("k"), &old).await.unwrap();
    let object = s.get(BUCKET, "k", None).await.unwrap().unwrap();
    let mut stream = object.read(None).unwrap();
    let mut read = stream.next().await.unwrap().unwrap().to_vec();
    s.put_bytes(put_of("k"), &pattern(2, 10)).await.unwrap();
    s.delete(BUCKET, deletion("k", None), Versioning::Unversioned, 2000)
        .await
        .unwrap();
    s.settle().await;
    assert_eq!(s.files(), (0, 1), "a reader still has it");
    drop(object);
    while let Some(piece) = stream.next().await {
        read.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(read, old);
    drop(stream);
    assert_eq!(s.files(), (0, 0));

    let staged = s.stage_bytes(&old, &[]).await;
    assert_eq!(s.files(), (1, 0));
    drop(staged);
    assert_eq!(s.files(), (0, 0), "a body that is not committed goes");

    // What a killed process leaves: staged files that the index never named, or named before they were moved.
    let placed = s.put_bytes(put_of("k"), &old).await.unwrap().info;
    let dir = std::fs::read_dir(s.dir.join("objects/blobs"))
        .unwrap()
        .map(|dir| dir.unwrap().path());
    let file = dir
        .flat_map(|dir| std::fs::read_dir(dir).unwrap())
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    s.store = None;
    std::fs::rename(
        file.path(),
        s.dir.join("objects/staging").join(file.file_name()),
    )
    .unwrap();
    std::fs::write(
        s.dir.join("objects/staging").join("0".repeat(32)),
        b"unfinished",
    )
    .unwrap();
    s.reopen();
    assert_eq!(s.files(), (0, 1));
    assert_eq!(s.bytes_of("k", None).await.unwrap(), old);
    assert_eq!(s.head(BUCKET, "k", None).await.unwrap().unwrap(), placed);
    assert!(
        matches!(
            Objects::open(&s.dir, &Options::default()),
            Err(Error::Index(_))
        ),
        "one process at a time"
    );
}

#[tokio::test]
async fn damaged_bytes_are_never_a_complete_body() {
    let s = Scratch::new().await;
    s.put_bytes(put_of("k"), &pattern(1, 600_000))
        .await
        .unwrap();
    let dir = std::fs::read_dir(s.dir.join("objects/blobs"))
        .unwrap()
        .map(|dir| dir.unwrap().path());
    let path = dir
        .flat_map(|dir| std::fs::read_dir(dir).unwrap())
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[599_999] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let object = s.get(BUCKET, "k", None).await.unwrap().unwrap();
    assert!(matches!(
        read_all(&object, None).await,
        Err(Error::Corrupt(_))
    ));
    assert_eq!(read_all(&object, Some(5..10)).await.unwrap(), bytes[5..10]);
    std::fs::write(&path, &bytes[..1000]).unwrap();
    assert!(matches!(
        read_all(&object, Some(990..1010)).await,
        Err(Error::Corrupt(_))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        read_all(&object, None).await,
        Err(Error::Corrupt(_))
    ));
}

#[tokio::test]
async fn copies_share_bytes_until_the_last_is_gone() {
    let s = Scratch::new().await;
    s.open_bucket("b-2").await.unwrap();
    for size in [1000, 100_000] {
        let bytes = pattern(7, size);
        let body = s.stage_bytes(&bytes, &[Algorithm::Sha256]).await;
        let first = s.commit_put(put_of("a"), body).await.unwrap().info;
        let files = s.files();
        let copy = s.copy(source("a"), put_of("b"), &[]).await.unwrap().info;
        assert_eq!(
            (copy.etag, copy.checksums),
            (first.etag.clone(), first.checksums.clone())
        );
        s.copy(source("a"), put_of("a"), &[]).await.unwrap();
        assert_eq!(s.files(), files, "no bytes were written");
        let crc = s
            .copy(source("a"), put_of("c"), &[Algorithm::Crc32c])
            .await
            .unwrap()
            .info;
        assert_eq!(crc.etag, first.etag);
        assert_eq!(crc.checksums[0].algorithm, Algorithm::Crc32c);
        let other = Put {
            bucket: "b-2".to_owned(),
            ..put_of("a")
        };
        s.copy(source("a"), other, &[Algorithm::Sha256])
            .await
            .unwrap();
        for key in ["a", "c"] {
            s.delete(BUCKET, deletion(key, None), Versioning::Unversioned, 2000)
                .await
                .unwrap();
        }
        assert_eq!(s.bytes_of("b", None).await.unwrap(), bytes);
        s.delete(BUCKET, deletion("b", None), Versioning::Unversioned, 2000)
            .await
            .unwrap();
        let object = s.get("b-2", "a", None).await.unwrap().unwrap();
        assert_eq!(read_all(&object, None).await.unwrap(), bytes);
        drop(object);
        s.delete("b-2", deletion("a", None), Versioning::Unversioned, 2000)
            .await
            .unwrap();
        s.settle().await;
        assert_eq!(s.files(), (0, 0));
    }
    assert!(matches!(
        s.copy(source("none"), put_of("b"), &[]).await,
        Err(Error::NoSuchKey)
    ));
    let moved = Source {
        expect: Expect::Generation(1),
        ..source("none")
    };
    assert!(matches!(
        s.copy(moved, put_of("b"), &[]).await,
        Err(Error::Moved)
    ));
    // Nothing is left in the index either.
    use redb::ReadableTableMetadata as _;
    let left = s
        .index
        .write(|write| Ok((write.inline.len()?, write.refs.len()?, write.heads.len()?)))
        .await
        .unwrap();
    assert_eq!(left, (0, 0, 0));
}

#[tokio::test]
async fn a_bucket_closes_only_when_empty_and_then_for_good() {
    let mut s = Scratch::new().await;
    s.open_bucket("b-0").await.unwrap();
    s.open_bucket("b-2").await.unwrap();
    for bucket in ["b-0", "b-2"] {
        s.put_bytes(
            Put {
                bucket: bucket.to_owned(),
                ..put_of("k")
            },
            &pattern(1, 1),
        )
        .await
        .unwrap();
    }
    s.put_bytes(put_of("k"), &pattern(1, 1)).await.unwrap();
    assert!(matches!(
        s.close_bucket_if_empty(BUCKET).await,
        Err(Error::NotEmpty)
    ));
    let marker = s
        .delete(BUCKET, deletion("k", None), Versioning::Enabled, 2000)
        .await
        .unwrap()
        .marker
        .unwrap();
    s.delete(
        BUCKET,
        deletion("k", Some(NULL_VERSION)),
        Versioning::Enabled,
        2000,
    )
    .await
    .unwrap();
    assert!(
        matches!(s.close_bucket_if_empty(BUCKET).await, Err(Error::NotEmpty)),
        "a delete marker counts"
    );
    s.delete(
        BUCKET,
        deletion("k", Some(&marker.version_id)),
        Versioning::Enabled,
        2000,
    )
    .await
    .unwrap();
    let upload = s.create_upload(NewUpload {
        bucket: BUCKET.to_owned(),
        key: "u".to_owned(),
        ..NewUpload::default()
    });
    let upload = upload.await.unwrap();
    let part = s.stage_bytes(&pattern(1, 100_000), &[]).await;
    s.commit_part(BUCKET, "u", &upload.upload_id, 1, part, 1)
        .await
        .unwrap();

    let late = s.stage_bytes(&pattern(2, 100_000), &[]).await;
    s.close_bucket_if_empty(BUCKET).await.unwrap();
    s.close_bucket_if_empty(BUCKET).await.unwrap();
    assert!(matches!(
        s.commit_put(put_of("late"), late).await,
        Err(Error::BucketClosed(_))
    ));
    assert!(matches!(
        s.open_bucket(BUCKET).await,
        Err(Error::BucketClosed(_))
    ));
    assert!(matches!(
        s.list(BUCKET, ListQuery::default()).await,
        Err(Error::BucketClosed(_))
    ));
    s.reopen();
    assert!(matches!(
        s.get(BUCKET, "k", None).await,
        Err(Error::BucketClosed(_))
    ));
    assert_eq!(s.files(), (0, 1));
    assert_eq!(s.sweep_closed().await.unwrap(), 1);
    s.settle().await;
    assert_eq!(s.files(), (0, 0));
    assert!(matches!(
        s.head(BUCKET, "k", None).await,
        Err(Error::BucketClosed(_))
    ));
    assert!(s.head("b-2", "k", None).await.unwrap().is_some());
}

#[tokio::test]
async fn another_layout_is_refused() {
    let mut s = Scratch::new().await;
    s.store = None;
    let db = redb::Database::create(s.dir.join("objects.redb")).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(crate::rows::META)
        .unwrap()
        .insert("layout", 99)
        .unwrap();
    txn.commit().unwrap();
    drop(db);
    let refused = Objects::open(&s.dir, &Options::default());
    assert!(matches!(
        refused,
        Err(Error::Layout {
            found: 99,
            known: 1
        })
    ));
}
