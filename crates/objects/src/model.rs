//! The words of this crate: what an object, a version, a part and a condition are.
//!
//! Everything here is plain data that the S3 layer fills in and reads. Names are S3's; ETags have no quotes; times are
//! milliseconds since 1970; sizes are bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::checksum::{Algorithm, Checksum, ChecksumType};

/// The version id of objects written while versioning was never enabled, or is suspended.
pub const NULL_VERSION: &str = "null";

/// The bucket's versioning state, which the caller takes from its snapshot for each operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    /// Never enabled: a put replaces, a delete removes.
    #[default]
    Unversioned,
    /// A put adds a version with an id of its own, a delete without version id adds a delete marker.
    Enabled,
    /// As `Unversioned` for the `null` version, while versions with ids stay.
    Suspended,
}

/// What the caller says of an object beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectMeta {
    /// Content-Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Cache-Control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Content-Disposition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// Content-Encoding, without `aws-chunked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// Content-Language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// Expires, as the client wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// x-amz-website-redirect-location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect: Option<String>,
    /// x-amz-meta-*: names in lower case without the prefix, in the client's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user: Vec<(String, String)>,
    /// x-amz-storage-class; none means STANDARD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Object tags, in the client's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// x-amz-server-side-encryption as answered to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse: Option<String>,
    /// The KMS key id that goes with `aws:kms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_kms_key_id: Option<String>,
    /// The account id that owns the object.
    pub owner: String,
    /// Further facts that the S3 layer keeps here and this crate does not read (retention, legal hold, ACL …).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

/// One version of one object, or one delete marker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// The key.
    #[serde(skip)]
    pub key: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// Hex MD5 of the body, or hex MD5 of the parts' MD5s, a dash and the number of parts. Empty for a delete marker.
    pub etag: String,
    /// When the version was made, in milliseconds since 1970.
    pub modified_ms: u64,
    /// Changes with every change to this version (tags too): what a caller authorised is compared by it.
    pub generation: u64,
    /// The checksums kept for clients; those of the parts are in `parts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<Checksum>,
    /// Headers, tags and owner.
    pub meta: ObjectMeta,
    /// The version id, [`NULL_VERSION`] for the one without.
    pub version_id: String,
    /// Whether this is a delete marker: no body, no metadata.
    #[serde(default)]
    pub delete_marker: bool,
    /// How many parts the object was uploaded in; 0 for a plain put.
    #[serde(default)]
    pub part_count: u32,
    /// The parts of a multipart object: filled by `get` and `head`, left empty in listings.
    #[serde(skip)]
    pub parts: Vec<PartInfo>,
}

impl ObjectInfo {
    /// The bytes of the part with this number, for reads by partNumber. A plain object is one part with number 1.
    pub fn part_range(&self, number: u32) -> Option<Range<u64>> {
        if self.part_count == 0 {
            return (number == 1).then_some(0..self.size);
        }
        let mut start = 0;
        for part in &self.parts {
            if part.number == number {
                return Some(start..start + part.size);
            }
            start += part.size;
        }
        None
    }

    /// The kept checksum of this algorithm.
    pub fn checksum(&self, algorithm: Algorithm) -> Option<&Checksum> {
        self.checksums
            .iter()
            .find(|checksum| checksum.algorithm == algorithm)
    }
}

/// One part: of an unfinished upload, or of a finished multipart object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartInfo {
    /// 1 to [`crate::PARTS_MAX`], as the client numbered it.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// Hex MD5 of the part.
    pub etag: String,
    /// When it was uploaded, in milliseconds since 1970.
    pub modified_ms: u64,
    /// The part's own checksums, as asked for when it was uploaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<Checksum>,
}

/// What the current object must be for a change to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expect {
    /// Anything or nothing.
    #[default]
    Any,
    /// No version and no delete marker under the key.
    Absent,
    /// The addressed version, or the latest when none is addressed, has this generation.
    Generation(u64),
}

/// One ETag condition, `*` or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EtagMatch {
    /// `*`: any existing object.
    Any,
    /// Any of these ETags, without quotes.
    OneOf(Vec<String>),
}

impl EtagMatch {
    /// Reads the value of If-Match or If-None-Match: `*`, or ETags with or without quotes, separated by commas.
    pub fn parse(value: &str) -> EtagMatch {
        if value.trim() == "*" {
            return EtagMatch::Any;
        }
        EtagMatch::OneOf(
            value
                .split(',')
                .map(str::trim)
                .map(|etag| {
                    etag.strip_prefix("W/")
                        .unwrap_or(etag)
                        .trim_matches('"')
                        .to_owned()
                })
                .filter(|etag| !etag.is_empty())
                .collect(),
        )
    }

    /// Whether an object with this ETag satisfies it.
    pub fn matches(&self, etag: &str) -> bool {
        match self {
            EtagMatch::Any => true,
            EtagMatch::OneOf(etags) => etags.iter().any(|one| one == etag),
        }
    }
}

/// What is compared inside the index transaction, before the change is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// What the caller looked up and authorised; otherwise [`crate::Error::Moved`].
    pub expect: Expect,
    /// If-Match: no object gives `NoSuchKey`, another ETag `PreconditionFailed`.
    pub if_match: Option<EtagMatch>,
    /// If-None-Match.
    pub if_none_match: Option<EtagMatch>,
}

/// Where and as what a body is to be put.
#[derive(Debug, Clone, Default)]
pub struct Put {
    /// The bucket's id.
    pub bucket: String,
    /// The key, 1 to [`crate::KEY_BYTES_MAX`] bytes.
    pub key: String,
    /// Headers, tags and owner.
    pub meta: ObjectMeta,
    /// The bucket's versioning state.
    pub versioning: Versioning,
    /// What must hold of the current object.
    pub condition: Condition,
    /// The time of the write.
    pub now_ms: u64,
}

/// A change that was made durable.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object as it is now.
    pub info: ObjectInfo,
    /// The latest version before (a delete marker too), whether it was replaced or became noncurrent.
    pub replaced: Option<ObjectInfo>,
}

/// One version of one object, as the caller looked it up.
#[derive(Debug, Clone)]
pub struct Source {
    /// The bucket's id.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version; none for the latest.
    pub version: Option<String>,
    /// What it was when it was authorised.
    pub expect: Expect,
}

/// One deletion.
#[derive(Debug, Clone, Default)]
pub struct Delete {
    /// The key.
    pub key: String,
    /// A version to remove for good; none deletes as the versioning state says.
    pub version: Option<String>,
    /// What must hold of the addressed version, or of the latest.
    pub condition: Condition,
    /// The account that owns a delete marker made by this.
    pub owner: String,
}

/// What a deletion did. Deleting what is not there is a success that did nothing, as in S3.
#[derive(Debug, Clone, Default)]
pub struct Deleted {
    /// The version that is gone for good.
    pub removed: Option<ObjectInfo>,
    /// The delete marker that was made.
    pub marker: Option<ObjectInfo>,
}

/// What to list: keys in the order of their UTF-8 bytes.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only keys that start so.
    pub prefix: String,
    /// Keys sharing what follows the prefix up to and including this are rolled up into one common prefix.
    pub delimiter: Option<String>,
    /// Keys and common prefixes after this one, itself excluded: v1's marker, v2's start-after or the `next` of the page before.
    pub after: Option<String>,
    /// Keys and common prefixes together; more than [`crate::LIST_MAX`] counts as that.
    pub max_keys: u32,
}

/// One page of a listing.
#[derive(Debug, Clone, Default)]
pub struct ListPage {
    /// Objects, without their parts.
    pub contents: Vec<ObjectInfo>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether there is more.
    pub is_truncated: bool,
    /// The last key or common prefix of this page, when there is more: the `after` of the next page.
    pub next: Option<String>,
}

/// Which versions to list: by key, then newest first.
#[derive(Debug, Clone, Default)]
pub struct VersionsQuery {
    /// Only keys that start so.
    pub prefix: String,
    /// As in [`ListQuery`].
    pub delimiter: Option<String>,
    /// Versions after this key, or of this key after `version_id_marker`.
    pub key_marker: Option<String>,
    /// A `next_version_id_marker` or a version id; it may have been deleted meanwhile.
    pub version_id_marker: Option<String>,
    /// Versions, delete markers and common prefixes together.
    pub max_keys: u32,
}

/// One line of a listing of versions.
#[derive(Debug, Clone)]
pub struct VersionEntry {
    /// The version or delete marker, without its parts.
    pub info: ObjectInfo,
    /// Whether it is the latest of its key.
    pub is_latest: bool,
}

/// One page of a listing of versions.
#[derive(Debug, Clone, Default)]
pub struct VersionsPage {
    /// Versions and delete markers in order.
    pub entries: Vec<VersionEntry>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether there is more.
    pub is_truncated: bool,
    /// The last key or common prefix, when there is more.
    pub next_key_marker: Option<String>,
    /// The last version, when there is more and the last line was a version. Opaque: it stays good when that version is deleted.
    pub next_version_id_marker: Option<String>,
}

/// A multipart upload to begin.
#[derive(Debug, Clone, Default)]
pub struct NewUpload {
    /// The bucket's id.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// What the finished object will have.
    pub meta: ObjectMeta,
    /// The checksum of the finished object, and whether it is over the whole or over the parts' checksums.
    pub checksum: Option<(Algorithm, ChecksumType)>,
    /// Who began it: an ARN or account id, kept for listings.
    pub initiator: String,
    /// The time.
    pub now_ms: u64,
}

/// An unfinished multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Upload {
    /// The key.
    #[serde(skip)]
    pub key: String,
    /// Random, in the order of initiation within a key.
    #[serde(skip)]
    pub upload_id: String,
    /// When it began, in milliseconds since 1970.
    pub initiated_ms: u64,
    /// What the finished object will have.
    pub meta: ObjectMeta,
    /// The checksum of the finished object.
    pub checksum: Option<(Algorithm, ChecksumType)>,
    /// Who began it.
    pub initiator: String,
}

/// One part as the client names it when it completes an upload.
#[derive(Debug, Clone, Default)]
pub struct CompletedPart {
    /// Its number.
    pub number: u32,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Checksums that the client repeats (base64); each must be the part's own.
    pub checksums: Vec<(Algorithm, String)>,
}

/// A multipart upload to finish.
#[derive(Debug, Clone, Default)]
pub struct Complete {
    /// The bucket's id.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The upload's id.
    pub upload_id: String,
    /// The parts in ascending order.
    pub parts: Vec<CompletedPart>,
    /// The checksum of the whole that the client announced, base64 (with `-N` if composite).
    pub expected_checksum: Option<(Algorithm, String)>,
    /// The size that the client announced (x-amz-mp-object-size).
    pub expected_size: Option<u64>,
    /// The bucket's versioning state.
    pub versioning: Versioning,
    /// What must hold of the current object.
    pub condition: Condition,
    /// The time.
    pub now_ms: u64,
}

/// Which uploads to list: by key, then by initiation.
#[derive(Debug, Clone, Default)]
pub struct UploadsQuery {
    /// Only keys that start so.
    pub prefix: String,
    /// As in [`ListQuery`].
    pub delimiter: Option<String>,
    /// Uploads after this key, or of this key after `upload_id_marker`.
    pub key_marker: Option<String>,
    /// Counts only together with `key_marker`.
    pub upload_id_marker: Option<String>,
    /// Uploads and common prefixes together.
    pub max_uploads: u32,
}

/// One page of uploads.
#[derive(Debug, Clone, Default)]
pub struct UploadsPage {
    /// Uploads in order.
    pub uploads: Vec<Upload>,
    /// Common prefixes, each once.
    pub common_prefixes: Vec<String>,
    /// Whether there is more.
    pub is_truncated: bool,
    /// The last key or common prefix, when there is more.
    pub next_key_marker: Option<String>,
    /// The last upload id, when there is more and the last line was an upload.
    pub next_upload_id_marker: Option<String>,
}

/// One page of an upload's parts.
#[derive(Debug, Clone, Default)]
pub struct PartsPage {
    /// The upload itself.
    pub upload: Upload,
    /// Parts by number.
    pub parts: Vec<PartInfo>,
    /// Whether there is more.
    pub is_truncated: bool,
    /// The number of the last part of this page, when there is more.
    pub next_part_number_marker: Option<u32>,
}
