//! The calls of this crate, which answer [`Error::Closed`] until the store behind them is in place.

use std::ops::Range;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::{
    Algorithm, Complete, Delete, Deleted, Error, Expect, ListPage, ListQuery, NewUpload,
    ObjectInfo, Objects, PartInfo, PartsPage, Put, Source, Sums, Upload, UploadsPage, UploadsQuery,
    Versioning, VersionsPage, VersionsQuery, Written,
};

/// A body in pieces of at least 64 KiB but the last.
pub type BodyStream = BoxStream<'static, Result<Bytes, Error>>;

/// An object opened for reading: its facts and bytes stay as they are, whatever is put or deleted meanwhile.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub info: ObjectInfo,
}

impl Object {
    /// The bytes of the range (end exclusive), or all. [`Error::InvalidRange`] when it reaches beyond the object.
    pub fn read(&self, range: Option<Range<u64>>) -> Result<BodyStream, Error> {
        let _ = range;
        Err(Error::Closed)
    }
}

/// A body being received. Dropping it removes what was written.
#[derive(Debug)]
pub struct Writer {}

impl Writer {
    /// Takes the next bytes. [`Error::EntityTooLarge`] beyond the limit.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let _ = bytes;
        Err(Error::Closed)
    }
    /// Ends the body: all bytes are synced to the disk.
    pub async fn finish(self) -> Result<Staged, Error> {
        Err(Error::Closed)
    }
}

/// A body received, not yet an object. Dropping it removes it.
#[derive(Debug)]
pub struct Staged {
    /// Its size and checksums.
    pub sums: Sums,
}

impl Objects {
    /// Opens a new bucket id.
    pub async fn open_bucket(&self, bucket: &str) -> Result<(), Error> {
        let _ = (bucket, &self.dir);
        Err(Error::Closed)
    }
    /// Proves in one transaction that the bucket holds nothing, and closes its id: from then on puts fail with `BucketClosed`.
    pub async fn close_bucket_if_empty(&self, bucket: &str) -> Result<(), Error> {
        let _ = bucket;
        Err(Error::Closed)
    }
    /// Removes what closed buckets left (unfinished uploads); the number of buckets.
    pub async fn sweep_closed(&self) -> Result<u64, Error> {
        Err(Error::Closed)
    }
    /// Starts to receive a body of at most `bytes_max` bytes.
    pub fn begin_put(&self, algorithms: &[Algorithm], bytes_max: u64) -> Writer {
        let _ = (algorithms, bytes_max);
        Writer {}
    }
    /// Makes the body an object.
    pub async fn commit_put(&self, put: Put, body: Staged) -> Result<Written, Error> {
        let _ = (put, body);
        Err(Error::Closed)
    }
    /// Opens a version (none: the latest) for reading. A delete marker is answered as such.
    pub async fn get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Object>, Error> {
        let _ = (bucket, key, version);
        Err(Error::Closed)
    }
    /// Looks a version up (none: the latest), with its parts. A delete marker is answered as such.
    pub async fn head(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<ObjectInfo>, Error> {
        let _ = (bucket, key, version);
        Err(Error::Closed)
    }
    /// Deletes one key or version.
    pub async fn delete(
        &self,
        bucket: &str,
        delete: Delete,
        versioning: Versioning,
        now_ms: u64,
    ) -> Result<Deleted, Error> {
        let _ = (bucket, delete, versioning, now_ms);
        Err(Error::Closed)
    }
    /// Deletes many in one transaction; one result for each, in order.
    pub async fn delete_many(
        &self,
        bucket: &str,
        deletes: Vec<Delete>,
        versioning: Versioning,
        now_ms: u64,
    ) -> Result<Vec<Result<Deleted, Error>>, Error> {
        let _ = (bucket, deletes, versioning, now_ms);
        Err(Error::Closed)
    }
    /// Replaces the tags of a version.
    pub async fn set_tags(
        &self,
        target: Source,
        tags: Vec<(String, String)>,
    ) -> Result<ObjectInfo, Error> {
        let _ = (target, tags);
        Err(Error::Closed)
    }
    /// Sets or removes one of the S3 layer's own facts about a version.
    pub async fn set_extra(
        &self,
        target: Source,
        name: &str,
        value: Option<String>,
    ) -> Result<ObjectInfo, Error> {
        let _ = (target, name, value, Expect::Any);
        Err(Error::Closed)
    }
    /// Copies a version to another key, without passing the bytes where they can be shared.
    pub async fn copy(
        &self,
        source: Source,
        put: Put,
        algorithms: &[Algorithm],
    ) -> Result<Written, Error> {
        let _ = (source, put, algorithms);
        Err(Error::Closed)
    }
    /// Lists the current objects.
    pub async fn list(&self, bucket: &str, query: ListQuery) -> Result<ListPage, Error> {
        let _ = (bucket, query);
        Err(Error::Closed)
    }
    /// Lists all versions and delete markers.
    pub async fn list_versions(
        &self,
        bucket: &str,
        query: VersionsQuery,
    ) -> Result<VersionsPage, Error> {
        let _ = (bucket, query);
        Err(Error::Closed)
    }
    /// Begins a multipart upload.
    pub async fn create_upload(&self, upload: NewUpload) -> Result<Upload, Error> {
        let _ = upload;
        Err(Error::Closed)
    }
    /// Looks an unfinished upload up.
    pub async fn upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<Option<Upload>, Error> {
        let _ = (bucket, key, upload_id);
        Err(Error::Closed)
    }
    /// Makes the body a part of the upload; it replaces a part of the same number.
    pub async fn commit_part(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        body: Staged,
        now_ms: u64,
    ) -> Result<PartInfo, Error> {
        let _ = (bucket, key, upload_id, number, body, now_ms);
        Err(Error::Closed)
    }
    /// Reads a version or a range of it into a body, to be a part (UploadPartCopy).
    pub async fn stage_copy(
        &self,
        source: &Source,
        range: Option<Range<u64>>,
        algorithms: &[Algorithm],
    ) -> Result<Staged, Error> {
        let _ = (source, range, algorithms);
        Err(Error::Closed)
    }
    /// Makes the parts an object.
    pub async fn complete_upload(&self, complete: Complete) -> Result<Written, Error> {
        let _ = complete;
        Err(Error::Closed)
    }
    /// Forgets an upload and its parts.
    pub async fn abort_upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(), Error> {
        let _ = (bucket, key, upload_id);
        Err(Error::Closed)
    }
    /// Lists unfinished uploads.
    pub async fn list_uploads(
        &self,
        bucket: &str,
        query: UploadsQuery,
    ) -> Result<UploadsPage, Error> {
        let _ = (bucket, query);
        Err(Error::Closed)
    }
    /// Lists the parts of an unfinished upload with numbers above `after`.
    pub async fn list_parts(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        after: u32,
        max_parts: u32,
    ) -> Result<PartsPage, Error> {
        let _ = (bucket, key, upload_id, after, max_parts);
        Err(Error::Closed)
    }
}
