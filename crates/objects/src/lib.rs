//! Object data by bucket id: inline, files, multipart, listing.
//!
//! The S3 layer decides who may do what and words the answers; this crate keeps bytes and finds them again. It knows
//! nothing of accounts, policies, bucket names or HTTP: a bucket is an opaque id that the directory made.
//!
//! ```text
//! <data dir>/objects.redb         the index: every object, version, upload and part; bodies of at most 64 KiB
//! <data dir>/objects/staging/     bodies being received, or received and not yet moved to their place
//! <data dir>/objects/blobs/ab/    larger bodies, one file each, named by a random id (never by a key)
//! ```
//!
//! **What an acknowledged write stands on.** A body is written to staging and synced; then one index transaction names
//! it; then the file is renamed to its place. The order matters: whatever instant the process dies at, a file in staging is
//! either named by the index (start-up moves it) or not (start-up deletes it). So start-up looks at the few files in staging,
//! never at the millions in place. A body that the index lets go is noted in the same transaction as doomed, and its
//! file deleted afterwards, when no reader holds it.
//!
//! **One writer.** All changes go through one thread, which puts everything that waits into one transaction with one sync.
//! Readers see snapshots and wait for nobody.

mod blobs;
mod buckets;
pub mod checksum;
mod error;
mod index;
mod list;
mod model;
mod multipart;
mod put;
mod read;
mod rows;
mod staged;
mod versions;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use checksum::{Algorithm, Checksum, ChecksumType, Digests, Sums};
pub use error::Error;
pub use model::*;
pub use put::Copying;
pub use read::{BodyStream, Object};
pub use staged::{Staged, Writer};

/// The longest key, in UTF-8 bytes.
pub const KEY_BYTES_MAX: usize = 1024;
/// The largest body of a single put, in bytes: 5 GiB.
pub const PUT_BYTES_MAX: u64 = 5 << 30;
/// The largest part of a multipart upload, in bytes: 5 GiB.
pub const PART_BYTES_MAX: u64 = 5 << 30;
/// The smallest part of a multipart upload but the last, in bytes: 5 MiB.
pub const PART_BYTES_MIN: u64 = 5 << 20;
/// The largest object, in bytes: 5 TiB.
pub const OBJECT_BYTES_MAX: u64 = 5 << 40;
/// The largest source of a single CopyObject, in bytes: 5 GiB.
pub const COPY_BYTES_MAX: u64 = 5 << 30;
/// The most parts of an upload, which is also the highest part number.
pub const PARTS_MAX: u32 = 10_000;
/// The most lines on a page of a listing.
pub const LIST_MAX: u32 = 1000;
/// The most keys of one DeleteObjects.
pub const DELETE_KEYS_MAX: usize = 1000;
/// Bodies up to this many bytes live in the index, larger ones in files.
pub const INLINE_BYTES_MAX: usize = 64 << 10;
/// How long a completed upload is remembered, so that repeating the call answers alike, in milliseconds: a day.
pub const COMPLETED_KEPT_MS: u64 = 24 * 60 * 60 * 1000;

/// How to open the store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for the index's page cache, in bytes.
    pub cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cache_bytes: 32 << 20,
        }
    }
}

/// The store of object data. Clones share it; it closes with the last clone, reader and staged body.
#[derive(Clone)]
pub struct Objects {
    index: Arc<index::Index>,
    blobs: Arc<blobs::Blobs>,
}

impl Objects {
    /// Opens or makes the store in this data directory, and clears away what unfinished writes have left.
    ///
    /// # Errors
    /// [`Error::Index`] when another process has it open or the index is damaged, [`Error::Layout`] when another version of
    /// the program wrote it, [`Error::Io`] when the directories cannot be made or read.
    pub fn open(dir: &Path, options: &Options) -> Result<Objects, Error> {
        let blobs = Arc::new(blobs::Blobs::open(dir)?);
        let index = Arc::new(index::Index::open(dir, options, blobs.clone())?);
        Ok(Objects { index, blobs })
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Objects")
    }
}
