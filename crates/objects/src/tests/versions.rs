//! Versions and delete markers through all states of a bucket.

use super::*;

async fn put(s: &Scratch, key: &str, seed: u64, versioning: Versioning) -> String {
    let put = Put {
        versioning,
        ..put_of(key)
    };
    s.put_bytes(put, &pattern(seed, 70_000))
        .await
        .unwrap()
        .info
        .version_id
}

async fn all(s: &Scratch) -> Vec<(String, String, bool, bool)> {
    let page = s
        .list_versions(
            BUCKET,
            VersionsQuery {
                max_keys: 1000,
                ..VersionsQuery::default()
            },
        )
        .await
        .unwrap();
    let line = |entry: VersionEntry| {
        (
            entry.info.key,
            entry.info.version_id,
            entry.info.delete_marker,
            entry.is_latest,
        )
    };
    page.entries.into_iter().map(line).collect()
}

#[tokio::test]
async fn versions_come_go_and_come_back() {
    let s = Scratch::new().await;
    assert_eq!(put(&s, "k", 1, Versioning::Unversioned).await, "null");
    let v2 = put(&s, "k", 2, Versioning::Enabled).await;
    let v3 = put(&s, "k", 3, Versioning::Enabled).await;
    assert_eq!(v2.len(), 32);
    assert_eq!(s.bytes_of("k", None).await.unwrap(), pattern(3, 70_000));
    assert_eq!(
        s.bytes_of("k", Some(&v2)).await.unwrap(),
        pattern(2, 70_000)
    );
    assert_eq!(
        s.bytes_of("k", Some("null")).await.unwrap(),
        pattern(1, 70_000)
    );

    let deleted = s
        .delete(BUCKET, deletion("k", None), Versioning::Enabled, 2000)
        .await
        .unwrap();
    let marker = deleted.marker.unwrap();
    assert!(deleted.removed.is_none() && marker.delete_marker);
    assert!(
        s.get(BUCKET, "k", None)
            .await
            .unwrap()
            .unwrap()
            .info
            .delete_marker
    );
    assert!(
        s.list(
            BUCKET,
            ListQuery {
                max_keys: 10,
                ..ListQuery::default()
            }
        )
        .await
        .unwrap()
        .contents
        .is_empty()
    );
    assert!(matches!(
        s.set_tags(source("k"), Vec::new()).await,
        Err(Error::NoSuchKey)
    ));
    let at_marker = Source {
        version: Some(marker.version_id.clone()),
        ..source("k")
    };
    assert!(matches!(
        s.set_tags(at_marker, Vec::new()).await,
        Err(Error::DeleteMarker)
    ));
    let missing = Source {
        version: Some("none".to_owned()),
        ..source("k")
    };
    assert!(matches!(
        s.copy(missing, put_of("x"), &[]).await,
        Err(Error::NoSuchVersion)
    ));
    let lines = all(&s).await;
    let ids: Vec<&str> = lines.iter().map(|line| line.1.as_str()).collect();
    assert_eq!(ids, [marker.version_id.as_str(), &v3, &v2, "null"]);
    assert_eq!(
        lines.iter().map(|line| line.3).collect::<Vec<_>>(),
        [true, false, false, false]
    );

    // Without its marker the key is back; without the version below, the next one is.
    let gone = s
        .delete(
            BUCKET,
            deletion("k", Some(&marker.version_id)),
            Versioning::Enabled,
            2000,
        )
        .await
        .unwrap();
    assert_eq!(gone.removed.unwrap(), marker);
    assert_eq!(s.bytes_of("k", None).await.unwrap(), pattern(3, 70_000));
    s.delete(BUCKET, deletion("k", Some(&v3)), Versioning::Enabled, 2000)
        .await
        .unwrap();
    assert_eq!(s.bytes_of("k", None).await.unwrap(), pattern(2, 70_000));
    assert!(s.get(BUCKET, "k", Some(&v3)).await.unwrap().is_none());
    let nothing = s
        .delete(BUCKET, deletion("k", Some(&v3)), Versioning::Enabled, 2000)
        .await
        .unwrap();
    assert!(nothing.removed.is_none() && nothing.marker.is_none());

    // An old version is tagged without becoming the latest.
    let old = Source {
        version: Some("null".to_owned()),
        ..source("k")
    };
    s.set_tags(old, vec![("t".to_owned(), "1".to_owned())])
        .await
        .unwrap();
    assert_eq!(s.bytes_of("k", None).await.unwrap(), pattern(2, 70_000));
    assert_eq!(
        s.head(BUCKET, "k", Some("null"))
            .await
            .unwrap()
            .unwrap()
            .meta
            .tags
            .len(),
        1
    );
    s.settle().await;
    assert_eq!(s.files(), (0, 2));
}

#[tokio::test]
async fn suspended_replaces_the_null_version_only() {
    let s = Scratch::new().await;
    let v1 = put(&s, "k", 1, Versioning::Enabled).await;
    assert_eq!(put(&s, "k", 2, Versioning::Suspended).await, "null");
    assert_eq!(put(&s, "k", 3, Versioning::Suspended).await, "null");
    let v4 = put(&s, "k", 4, Versioning::Enabled).await;
    assert_eq!(put(&s, "k", 5, Versioning::Suspended).await, "null");
    let ids: Vec<String> = all(&s).await.into_iter().map(|line| line.1).collect();
    assert_eq!(ids, ["null", &v4, &v1]);
    assert_eq!(s.bytes_of("k", None).await.unwrap(), pattern(5, 70_000));

    let deleted = s
        .delete(BUCKET, deletion("k", None), Versioning::Suspended, 2000)
        .await
        .unwrap();
    assert_eq!(deleted.marker.unwrap().version_id, "null");
    assert_eq!(deleted.removed.unwrap().version_id, "null");
    let again = s
        .delete(BUCKET, deletion("k", None), Versioning::Suspended, 2000)
        .await
        .unwrap();
    assert!(again.removed.unwrap().delete_marker);
    let lines = all(&s).await;
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], ("k".to_owned(), "null".to_owned(), true, true));
    s.settle().await;
    assert_eq!(s.files(), (0, 2));

    // If-Match takes a key below a marker for absent.
    let condition = Condition {
        if_match: Some(EtagMatch::Any),
        ..Condition::default()
    };
    let refused = s
        .put_bytes(
            Put {
                condition,
                ..put_of("k")
            },
            &pattern(6, 1),
        )
        .await;
    assert!(matches!(refused, Err(Error::NoSuchKey)));
    let condition = Condition {
        if_none_match: Some(EtagMatch::Any),
        ..Condition::default()
    };
    let put = Put {
        condition,
        versioning: Versioning::Suspended,
        ..put_of("k")
    };
    assert!(
        s.put_bytes(put, &pattern(6, 1))
            .await
            .unwrap()
            .replaced
            .unwrap()
            .delete_marker
    );
}

#[tokio::test]
async fn many_deletions_have_a_result_each() {
    let s = Scratch::new().await;
    let etag = s
        .put_bytes(put_of("a"), &pattern(1, 10))
        .await
        .unwrap()
        .info
        .etag;
    s.put_bytes(put_of("b"), &pattern(2, 10)).await.unwrap();
    let with = |key: &str, etag: &str| {
        let condition = Condition {
            if_match: Some(EtagMatch::parse(etag)),
            ..Condition::default()
        };
        Delete {
            condition,
            ..deletion(key, None)
        }
    };
    let deletes = vec![with("a", &etag), with("b", &etag), deletion("none", None)];
    let results = s
        .delete_many(BUCKET, deletes, Versioning::Unversioned, 2000)
        .await
        .unwrap();
    assert!(results[0].as_ref().unwrap().removed.is_some());
    assert!(matches!(results[1], Err(Error::PreconditionFailed(_))));
    assert!(results[2].as_ref().unwrap().removed.is_none());
    assert!(s.head(BUCKET, "a", None).await.unwrap().is_none());
    assert!(s.head(BUCKET, "b", None).await.unwrap().is_some());
    let many = vec![deletion("x", None); 1001];
    assert!(matches!(
        s.delete_many(BUCKET, many, Versioning::Unversioned, 2000)
            .await,
        Err(Error::InvalidArgument(_))
    ));
}

/// boto3 empties a bucket so: list a page, delete what is on it, ask for the next page after the last line.
#[tokio::test]
async fn pages_go_on_after_deleted_versions() {
    let s = Scratch::new().await;
    for seed in 0..3 {
        for key in ["a", "b/1", "b/2"] {
            s.put_bytes(
                Put {
                    versioning: Versioning::Enabled,
                    ..put_of(key)
                },
                &pattern(seed, 5),
            )
            .await
            .unwrap();
        }
    }
    s.put_bytes(
        Put {
            versioning: Versioning::Suspended,
            ..put_of("a")
        },
        &pattern(9, 5),
    )
    .await
    .unwrap();
    s.delete(BUCKET, deletion("b/1", None), Versioning::Enabled, 2000)
        .await
        .unwrap();
    for size in [1, 2, 3, 4, 11] {
        let mut query = VersionsQuery {
            max_keys: size,
            ..VersionsQuery::default()
        };
        let mut seen = 0;
        let mut latest = 0;
        loop {
            let page = s.list_versions(BUCKET, query.clone()).await.unwrap();
            seen += page.entries.len();
            latest += page.entries.iter().filter(|entry| entry.is_latest).count();
            if !page.is_truncated {
                assert!(page.next_key_marker.is_none());
                break;
            }
            query.key_marker = page.next_key_marker;
            query.version_id_marker = page.next_version_id_marker;
        }
        assert_eq!((seen, latest), (11, 3), "pages of {size}");
    }
    let query = VersionsQuery {
        max_keys: 10,
        delimiter: Some("/".to_owned()),
        ..VersionsQuery::default()
    };
    let page = s.list_versions(BUCKET, query).await.unwrap();
    assert_eq!(
        (page.entries.len(), page.common_prefixes),
        (4, vec!["b/".to_owned()])
    );

    let mut query = VersionsQuery {
        max_keys: 2,
        ..VersionsQuery::default()
    };
    let mut gone = 0;
    loop {
        let page = s.list_versions(BUCKET, query.clone()).await.unwrap();
        let delete = |entry: &VersionEntry| deletion(&entry.info.key, Some(&entry.info.version_id));
        let deletes = page.entries.iter().map(delete).collect();
        for result in s
            .delete_many(BUCKET, deletes, Versioning::Enabled, 3000)
            .await
            .unwrap()
        {
            gone += usize::from(result.unwrap().removed.is_some());
        }
        if !page.is_truncated {
            break;
        }
        query.key_marker = page.next_key_marker;
        query.version_id_marker = page.next_version_id_marker;
    }
    assert_eq!(gone, 11);
    s.close_bucket_if_empty(BUCKET).await.unwrap();
}
