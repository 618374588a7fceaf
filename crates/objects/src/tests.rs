//! Tests of the store as its callers see it: one file a subject, and helpers that read like the calls.

mod broken;
mod crash;
mod listing;
mod multipart;
mod objects;
mod versions;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::rows::random;
use crate::*;

/// The bucket of most tests.
const BUCKET: &str = "b-1";

/// A store in a directory of its own, which goes away with it.
struct Scratch {
    dir: PathBuf,
    store: Option<Objects>,
}

impl Scratch {
    async fn new() -> Scratch {
        let name = format!(
            "twinlock-objects-{:032x}",
            u128::from_be_bytes(random().unwrap())
        );
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        let store = open(&dir);
        store.open_bucket(BUCKET).await.unwrap();
        Scratch {
            dir,
            store: Some(store),
        }
    }

    /// Closes the store and opens it again.
    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(&self.dir));
    }

    /// How many blob files there are, in staging and in place.
    fn files(&self) -> (usize, usize) {
        let count = |path: &Path| std::fs::read_dir(path).unwrap().count();
        let place = self.dir.join("objects/blobs");
        let placed = std::fs::read_dir(place)
            .unwrap()
            .map(|dir| count(&dir.unwrap().path()))
            .sum();
        (count(&self.dir.join("objects/staging")), placed)
    }

    /// A copy from beginning to end.
    async fn copy(
        &self,
        source: Source,
        put: Put,
        algorithms: &[Algorithm],
    ) -> Result<Written, Error> {
        let begun = self.begin_copy(source, algorithms).await?;
        self.commit_copy(begun, put).await
    }

    /// Waits until the writer has deleted what it let go: its queue is served in order.
    async fn settle(&self) {
        for _ in 0..2 {
            self.index.write(|_| Ok(())).await.unwrap();
        }
    }
}

impl std::ops::Deref for Scratch {
    type Target = Objects;
    fn deref(&self) -> &Objects {
        self.store.as_ref().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.store = None;
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

fn open(dir: &Path) -> Objects {
    Objects::open(dir, &Options::default()).unwrap()
}

/// A put of this key with nothing special.
fn put_of(key: &str) -> Put {
    Put {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        now_ms: 1000,
        ..Put::default()
    }
}

/// The latest version of this key in the tests' bucket.
fn source(key: &str) -> Source {
    Source {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        version: None,
        expect: Expect::Any,
    }
}

fn deletion(key: &str, version: Option<&str>) -> Delete {
    Delete {
        key: key.to_owned(),
        version: version.map(str::to_owned),
        ..Delete::default()
    }
}

/// Bytes that differ from place to place and from seed to seed.
fn pattern(seed: u64, size: usize) -> Bytes {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(size);
    Bytes::from(bytes)
}

impl Objects {
    async fn stage_bytes(&self, bytes: &Bytes, algorithms: &[Algorithm]) -> Staged {
        let mut writer = self.begin_put(algorithms, PUT_BYTES_MAX);
        for piece in bytes.chunks(50_000) {
            writer.write(bytes.slice_ref(piece)).await.unwrap();
        }
        writer.finish().await.unwrap()
    }

    async fn put_bytes(&self, put: Put, bytes: &Bytes) -> Result<Written, Error> {
        let body = self.stage_bytes(bytes, &[]).await;
        self.commit_put(put, body).await
    }

    async fn bytes_of(&self, key: &str, version: Option<&str>) -> Option<Vec<u8>> {
        let object = self.get(BUCKET, key, version).await.unwrap()?;
        if object.info.delete_marker {
            return None;
        }
        Some(read_all(&object, None).await.unwrap())
    }
}

async fn read_all(object: &Object, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>, Error> {
    let mut stream = object.read(range)?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}
