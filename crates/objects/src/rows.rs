//! The index's tables and the rows in them.
//!
//! Keys are tuples of (bucket id, key bytes, …), so that a scan yields keys in the order of their UTF-8 bytes, as S3 lists
//! them. Values are JSON: a row is read by people when something has gone wrong, and fields can be added without a new layout.
//!
//! A key's *head* is its latest version when that is an object: one row in `HEADS`. Everything else (older versions, and
//! delete markers even when they are the latest) is in `VERSIONS`, newest first. So a listing of current objects
//! reads nothing but what it answers, however many versions and markers there are.

use redb::TableDefinition;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::model::{ObjectInfo, PartInfo};

/// The version of the layout of these tables; another one found in a data directory is refused.
pub(crate) const LAYOUT: u64 = 1;

/// Facts about the index: `layout`, and `next`, the next sequence number.
pub(crate) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Bucket id → [`BUCKET_OPEN`] or [`BUCKET_CLOSED`].
pub(crate) const BUCKETS: TableDefinition<&str, u8> = TableDefinition::new("buckets");
/// (bucket, key) → [`Row`] of the latest version, when that is an object.
pub(crate) const HEADS: TableDefinition<(&str, &[u8]), &[u8]> = TableDefinition::new("heads");
/// (bucket, key, `!seq`) → [`Row`] of every other version and of every delete marker.
pub(crate) const VERSIONS: TableDefinition<(&str, &[u8], u64), &[u8]> =
    TableDefinition::new("versions");
/// (bucket, key, version id) → seq, for what is in `VERSIONS`.
pub(crate) const VERSION_IDS: TableDefinition<(&str, &[u8], &str), u64> =
    TableDefinition::new("version-ids");
/// Blob id → the bytes of a small body.
pub(crate) const INLINE: TableDefinition<u128, &[u8]> = TableDefinition::new("inline");
/// Blob id → how many bodies use it. Every blob in a file has a row; an inline blob without a row has one user.
pub(crate) const REFS: TableDefinition<u128, u64> = TableDefinition::new("refs");
/// Blobs whose file nothing refers to any more and that has yet to be deleted.
pub(crate) const DOOMED: TableDefinition<u128, u8> = TableDefinition::new("doomed");
/// Layout id → the [`PartRow`]s of a finished multipart object, in order.
pub(crate) const LAYOUTS: TableDefinition<u128, &[u8]> = TableDefinition::new("layouts");
/// (bucket, key, upload id) → [`crate::Upload`].
pub(crate) const UPLOADS: TableDefinition<(&str, &[u8], &str), &[u8]> =
    TableDefinition::new("uploads");
/// (upload id, part number) → [`PartRow`] of an unfinished upload.
pub(crate) const PARTS: TableDefinition<(&str, u32), &[u8]> = TableDefinition::new("parts");
/// Upload id → [`CompletedRow`], for a day.
pub(crate) const COMPLETED: TableDefinition<&str, &[u8]> = TableDefinition::new("completed");

/// The bucket takes objects.
pub(crate) const BUCKET_OPEN: u8 = 1;
/// The bucket was proved empty and takes nothing more.
pub(crate) const BUCKET_CLOSED: u8 = 2;

/// The random name of a blob (or of a multipart object's list of parts), written as 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlobId(pub(crate) u128);

impl BlobId {
    /// A new one.
    pub(crate) fn random() -> Result<BlobId, Error> {
        Ok(BlobId(u128::from_be_bytes(random()?)))
    }

    /// As a file name.
    pub(crate) fn name(self) -> String {
        format!("{:032x}", self.0)
    }

    /// From a file name.
    pub(crate) fn parse(name: &str) -> Option<BlobId> {
        if name.len() != 32 {
            return None;
        }
        u128::from_str_radix(name, 16).ok().map(BlobId)
    }
}

impl Serialize for BlobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        BlobId::parse(&name).ok_or_else(|| serde::de::Error::custom("not a blob id"))
    }
}

/// Bytes that never change, and the checksum that guards them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Blob {
    pub(crate) id: BlobId,
    /// In `INLINE` rather than in a file.
    pub(crate) inline: bool,
    pub(crate) size: u64,
    /// CRC-64/NVME of the bytes, compared whenever all of them are read.
    pub(crate) crc64: u64,
}

/// Where a version's bytes are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Body {
    /// A delete marker has none.
    None,
    /// A plain object.
    One(Blob),
    /// A multipart object: the row of `LAYOUTS` with this id has its parts.
    Parts(BlobId),
}

/// A version or delete marker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) info: ObjectInfo,
    /// The order of versions within a key; unlike the generation it never changes.
    pub(crate) seq: u64,
    pub(crate) body: Body,
}

/// A part and its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartRow {
    pub(crate) info: PartInfo,
    pub(crate) blob: Blob,
}

/// What completing an upload came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompletedRow {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) info: ObjectInfo,
    /// The parts as they were named, so that only the same call is answered alike.
    pub(crate) parts: String,
    pub(crate) completed_ms: u64,
}

/// Writes a row.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(row).map_err(|error| Error::Index(error.to_string()))
}

/// Reads a row.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Corrupt(format!("index row: {error}")))
}

/// Reads the row of a version, whose key is not in the value.
pub(crate) fn decode_version(key: &[u8], bytes: &[u8]) -> Result<Row, Error> {
    let mut row: Row = decode(bytes)?;
    row.info.key = key_text(key)?;
    Ok(row)
}

/// A key as text: keys come in as `String`, so anything else is damage.
pub(crate) fn key_text(key: &[u8]) -> Result<String, Error> {
    String::from_utf8(key.to_vec()).map_err(|_| Error::Corrupt("key that is not UTF-8".to_owned()))
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::Io(std::sync::Arc::new(std::io::Error::other(
            error.to_string(),
        )))
    })?;
    Ok(bytes)
}

/// A new version id: the sequence number, so that a marker into a listing outlives its version, and 64 random bits.
pub(crate) fn version_id(seq: u64) -> Result<String, Error> {
    Ok(format!("{seq:016x}{:016x}", u64::from_be_bytes(random()?)))
}
