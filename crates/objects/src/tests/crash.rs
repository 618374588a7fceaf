//! kill -9 in the middle of everything: what was acknowledged is there and whole, what was not leaves nothing behind.
//!
//! The test runs itself again as a child that writes as fast as it can and prints a line for each acknowledged put. The parent
//! kills it after some lines, opens the store and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::ReadableTableMetadata as _;

use super::*;

const DIR: &str = "TWINLOCK_OBJECTS_CRASH_DIR";
const ROUNDS: u64 = 6;
const WRITERS: u64 = 8;
/// Few keys, so that most puts replace something and files are deleted all the time.
const KEYS: u64 = 24;

/// What the put with this number writes: its number, then a pattern; inline or a file.
fn body_of(number: u64) -> Bytes {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend_from_slice(&pattern(number, (number as usize * 7919) % 180_000));
    Bytes::from(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let store = open(Path::new(&dir));
    store.open_bucket(BUCKET).await.unwrap();
    let first = store
        .list(
            BUCKET,
            ListQuery {
                max_keys: 1000,
                ..ListQuery::default()
            },
        )
        .await
        .unwrap();
    // Numbers go on above all generations so far.
    let last = first
        .contents
        .iter()
        .map(|info| info.generation)
        .max()
        .unwrap_or(0);
    let next = Arc::new(AtomicU64::new(last * 10 + 1));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, next) = (store.clone(), next.clone());
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                // Each writer has keys of its own, so that its acknowledgements come in the order of its puts.
                let key = format!("k{}", number * WRITERS % KEYS + writer);
                store
                    .put_bytes(put_of(&key), &body_of(number))
                    .await
                    .unwrap();
                println!("ack {key} {number}");
            }
        });
    }
    // None ends but by failing, for example when the parent is gone and nobody reads what is printed.
    drop(writers.join_next().await);
}

#[tokio::test]
async fn acknowledged_puts_survive_a_kill() {
    let mut s = Scratch::new().await;
    let mut acknowledged = BTreeMap::<String, u64>::new();
    for round in 0..ROUNDS {
        s.store = None;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::child", "--nocapture"])
            .env(DIR, &s.dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        // What is in the pipe when the child dies was acknowledged as well.
        while let Some(Ok(line)) = lines.next() {
            let Some(ack) = line.split_once("ack ").map(|(_, ack)| ack.to_owned()) else {
                continue;
            };
            let Some((key, number)) = ack.split_once(' ') else {
                continue;
            };
            acknowledged.insert(key.to_owned(), number.parse().unwrap());
            heard += 1;
            if heard == 40 + round * 17 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(
            heard >= 40 + round * 17,
            "the child ended by itself after {heard} puts"
        );

        s.reopen();
        for (key, number) in &acknowledged {
            let bytes = s.bytes_of(key, None).await.unwrap();
            let found = u64::from_be_bytes(bytes[..8].try_into().unwrap());
            assert!(
                found >= *number,
                "{key}: put {number} was acknowledged, {found} is there"
            );
            assert_eq!(bytes, body_of(found), "{key}");
        }
        // No file without a row and no row without a file; likewise for the bytes in the index.
        let (refs, inline, heads) = s
            .index
            .write(|write| Ok((write.refs.len()?, write.inline.len()?, write.heads.len()?)))
            .await
            .unwrap();
        assert_eq!(s.files(), (0, refs as usize));
        assert_eq!(refs + inline, heads);
        let page = s
            .list(
                BUCKET,
                ListQuery {
                    max_keys: 1000,
                    ..ListQuery::default()
                },
            )
            .await
            .unwrap();
        let listed: BTreeSet<String> = page.contents.into_iter().map(|info| info.key).collect();
        assert!(acknowledged.keys().all(|key| listed.contains(key)));
    }
}
