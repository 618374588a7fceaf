//! Listings of objects against a slow and obvious one.

use std::collections::BTreeSet;

use super::*;

async fn fill(s: &Scratch, keys: &[&str]) {
    for key in keys {
        s.put_bytes(put_of(key), &pattern(1, 3)).await.unwrap();
    }
}

/// Every line of the listing in order, taken in pages of this size; `true` marks common prefixes.
async fn pages(
    s: &Scratch,
    prefix: &str,
    delimiter: Option<&str>,
    size: u32,
) -> Vec<(String, bool)> {
    let mut query = ListQuery {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: None,
        max_keys: size,
    };
    let mut lines = Vec::new();
    loop {
        let page = s.list(BUCKET, query.clone()).await.unwrap();
        let mut here: Vec<(String, bool)> = page
            .contents
            .into_iter()
            .map(|info| (info.key, false))
            .collect();
        here.extend(
            page.common_prefixes
                .into_iter()
                .map(|common| (common, true)),
        );
        here.sort();
        assert!(here.len() <= size as usize);
        lines.extend(here);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return lines,
        }
    }
}

fn plainly(keys: &[&str], prefix: &str, delimiter: Option<&str>) -> Vec<(String, bool)> {
    let mut lines = BTreeSet::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let rest = &key[prefix.len()..];
        match delimiter.and_then(|delimiter| rest.find(delimiter).map(|at| at + delimiter.len())) {
            Some(end) => lines.insert((format!("{prefix}{}", &rest[..end]), true)),
            None => lines.insert(((*key).to_owned(), false)),
        };
    }
    lines.into_iter().collect()
}

#[tokio::test]
async fn listings_agree_with_the_obvious_one() {
    let s = Scratch::new().await;
    s.open_bucket("b-0").await.unwrap();
    s.open_bucket("b-10").await.unwrap();
    for other in ["b-0", "b-10"] {
        s.put_bytes(
            Put {
                bucket: other.to_owned(),
                ..put_of("zzz")
            },
            &pattern(1, 3),
        )
        .await
        .unwrap();
    }
    let keys = [
        "a",
        "a/",
        "a/b",
        "a/b/c",
        "a/b/d",
        "a/é",
        "a//x",
        "a0",
        "A",
        "b--c--d",
        "b--c",
        "ä/1",
        "ä/2",
        "\u{10FFFF}/q",
        "\u{FFFD}",
        "z/\u{10FFFF}",
        "z/\u{10FFFF}/y",
        "z0",
        "nul\0/x",
        "nul",
        "nul\u{1}",
    ];
    fill(&s, &keys).await;
    for prefix in [
        "",
        "a",
        "a/",
        "a/b",
        "ä",
        "b--",
        "nul",
        "z/",
        "none",
        "\u{10FFFF}",
    ] {
        for delimiter in [
            None,
            Some("/"),
            Some("--"),
            Some("b"),
            Some("\u{10FFFF}"),
            Some(""),
        ] {
            let obvious = plainly(
                &keys,
                prefix,
                delimiter.filter(|delimiter| !delimiter.is_empty()),
            );
            for size in [1, 2, 3, 1000] {
                let found = pages(&s, prefix, delimiter, size).await;
                assert_eq!(
                    found, obvious,
                    "prefix {prefix:?}, delimiter {delimiter:?}, pages of {size}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_common_prefix_stands_for_any_number_of_keys() {
    let s = Scratch::new().await;
    let body = Bytes::from_static(b"x");
    let mut puts = Vec::new();
    for at in 0..1000 {
        puts.push(
            s.put_bytes(put_of(&format!("deep/{at:04}")), &body)
                .await
                .unwrap(),
        );
    }
    fill(&s, &["e", "f/1"]).await;
    let query = ListQuery {
        delimiter: Some("/".to_owned()),
        max_keys: 2,
        ..ListQuery::default()
    };
    let page = s.list(BUCKET, query.clone()).await.unwrap();
    assert_eq!(
        (page.common_prefixes, page.contents.len()),
        (vec!["deep/".to_owned()], 1)
    );
    assert!(page.is_truncated);
    let next = s
        .list(
            BUCKET,
            ListQuery {
                after: page.next,
                ..query.clone()
            },
        )
        .await
        .unwrap();
    assert_eq!(next.common_prefixes, ["f/"]);
    assert!(!next.is_truncated);

    // Start-after inside a common prefix leaves what comes after it, still rolled up.
    let inside = s
        .list(
            BUCKET,
            ListQuery {
                after: Some("deep/0500".to_owned()),
                ..query.clone()
            },
        )
        .await
        .unwrap();
    assert_eq!(inside.common_prefixes, ["deep/"]);
    let none = s
        .list(
            BUCKET,
            ListQuery {
                max_keys: 0,
                ..query
            },
        )
        .await
        .unwrap();
    assert!(!none.is_truncated && none.contents.is_empty() && none.common_prefixes.is_empty());
    let most = s
        .list(
            BUCKET,
            ListQuery {
                max_keys: 5000,
                ..ListQuery::default()
            },
        )
        .await
        .unwrap();
    assert_eq!((most.contents.len(), most.is_truncated), (1000, true));
    assert_eq!(most.next.as_deref(), Some("deep/0999"));
}
