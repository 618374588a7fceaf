//! What can go wrong with object data, as the S3 layer must tell it apart.
//!
//! Each variant stands for one S3 error code or for one internal failure. The texts here are for logs: the S3 layer
//! words the answer to the client, and never shows it the text of an internal failure.

use std::io;
use std::sync::Arc;

/// Why an operation on object data was not done. A refusal (every variant but `Io`, `Index`, `Corrupt`, `Layout` and
/// `Closed`) has changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The bucket id is not open: it was never opened, or it was closed by a DeleteBucket that won the race.
    #[error("bucket `{0}` is not open")]
    BucketClosed(String),
    /// The bucket still holds objects, versions or delete markers (S3 `BucketNotEmpty`).
    #[error("bucket is not empty")]
    NotEmpty,
    /// No such key (S3 `NoSuchKey`).
    #[error("no such key")]
    NoSuchKey,
    /// The key is there, the version is not (S3 `NoSuchVersion`).
    #[error("no such version")]
    NoSuchVersion,
    /// The operation addressed a delete marker, which has no body, tags or metadata (S3 `MethodNotAllowed`).
    #[error("the version is a delete marker")]
    DeleteMarker,
    /// The upload id is unknown for this bucket and key, or was aborted (S3 `NoSuchUpload`).
    #[error("no such upload")]
    NoSuchUpload,
    /// An If-Match or If-None-Match did not hold (S3 `PreconditionFailed`); names the header.
    #[error("precondition failed: {0}")]
    PreconditionFailed(&'static str),
    /// The object is no longer the one that the caller looked up: look it up and authorise again.
    #[error("the object changed since it was looked up")]
    Moved,
    /// A part named in the complete call is missing or has another ETag or checksum (S3 `InvalidPart`); its number.
    #[error("invalid part {0}")]
    InvalidPart(u32),
    /// The parts are not in strictly ascending order (S3 `InvalidPartOrder`).
    #[error("parts are not in ascending order")]
    InvalidPartOrder,
    /// A part other than the last is smaller than [`crate::PART_BYTES_MIN`] (S3 `EntityTooSmall`).
    #[error("part {number} has {size} bytes, fewer than the least allowed")]
    EntityTooSmall {
        /// The part's number.
        number: u32,
        /// Its size in bytes.
        size: u64,
        /// Its ETag, without quotes.
        etag: String,
    },
    /// The body is longer than the limit that the writer was given (S3 `EntityTooLarge`); the limit in bytes.
    #[error("body exceeds {0} bytes")]
    EntityTooLarge(u64),
    /// The key is empty or longer than [`crate::KEY_BYTES_MAX`] (S3 `KeyTooLongError`).
    #[error("key length is out of bounds")]
    KeyLength,
    /// A part number outside 1 to [`crate::PARTS_MAX`], a list of no parts, or another argument out of bounds (S3 `InvalidArgument`).
    #[error("invalid argument: {0}")]
    InvalidArgument(&'static str),
    /// The finished object does not have the checksum or size that the client announced (S3 `BadDigest`).
    #[error("the body does not have the announced {0}")]
    BadDigest(&'static str),
    /// The requested range lies outside the object (S3 `InvalidRange`).
    #[error("range is not satisfiable")]
    InvalidRange,
    /// Stored bytes differ from the checksum kept with them, or a stored file or row is missing or unreadable.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The data directory was written by another layout version.
    #[error("the object index has layout version {found}, this program reads version {known}")]
    Layout {
        /// The version found in the directory.
        found: u64,
        /// The version that this program reads and writes.
        known: u64,
    },
    /// Reading or writing a file failed; nothing was acknowledged.
    #[error("object file: {0}")]
    Io(Arc<io::Error>),
    /// The index failed; nothing was acknowledged. After a failed commit the outcome is known when the index has been opened again.
    #[error("object index: {0}")]
    Index(String),
    /// The store is shutting down.
    #[error("the object store is closed")]
    Closed,
}

impl Error {
    /// Whether the store itself failed, as against refusing the request: such an error goes to the log and answers 500.
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Error::Io(_)
                | Error::Index(_)
                | Error::Corrupt(_)
                | Error::Layout { .. }
                | Error::Closed
        )
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(Arc::new(error))
    }
}

/// One conversion for each of redb's error types: all mean that the index failed.
macro_rules! from_redb {
    ($($kind:ident),*) => {$(
        impl From<redb::$kind> for Error {
            fn from(error: redb::$kind) -> Self {
                Error::Index(error.to_string())
            }
        }
    )*};
}
from_redb!(
    DatabaseError,
    TransactionError,
    TableError,
    StorageError,
    CommitError
);
