//! Changes to objects: put, copy, delete, tags.
//!
//! Every change compares what its caller looked up with what the index holds, inside the transaction that makes the change.

use std::ops::Range;

use futures_util::StreamExt as _;

use crate::checksum::Algorithm;
use crate::model::{
    Delete, Deleted, Expect, ObjectInfo, ObjectMeta, Put, Source, Versioning, Written,
};
use crate::rows::{Body, Row};
use crate::staged::{Staged, Writer};
use crate::versions::{check, check_expect, check_key};
use crate::{DELETE_KEYS_MAX, Error, Object, Objects};

impl Objects {
    /// Starts to receive a body of at most `bytes_max` bytes ([`crate::PUT_BYTES_MAX`], [`crate::PART_BYTES_MAX`]), computing
    /// these checksums; those are kept with the object.
    pub fn begin_put(&self, algorithms: &[Algorithm], bytes_max: u64) -> Writer {
        Writer::new(self.blobs.clone(), algorithms, bytes_max)
    }

    /// Makes a received body an object: durable when this returns.
    ///
    /// # Errors
    /// [`Error::BucketClosed`], [`Error::KeyLength`], [`Error::Moved`], [`Error::NoSuchKey`] (If-Match without object),
    /// [`Error::PreconditionFailed`]; the body is then gone.
    pub async fn commit_put(&self, put: Put, body: Staged) -> Result<Written, Error> {
        check_key(&put.key)?;
        self.index
            .write(move |write| {
                write.bucket_open(&put.bucket)?;
                check(
                    &put.condition,
                    write.latest(&put.bucket, &put.key)?.as_ref(),
                )?;
                let info = ObjectInfo {
                    key: put.key,
                    size: body.sums.size,
                    etag: body.sums.etag(),
                    modified_ms: put.now_ms,
                    checksums: body.sums.checksums.clone(),
                    meta: put.meta,
                    ..ObjectInfo::default()
                };
                let blob = write.adopt(body)?;
                let (row, before) =
                    write.put_version(&put.bucket, info, Body::One(blob), put.versioning)?;
                Ok(Written {
                    info: row.info,
                    replaced: before.map(|row| row.info),
                })
            })
            .await
    }

    /// Deletes one key or version, see [`Deleted`].
    ///
    /// # Errors
    /// As [`Objects::commit_put`].
    pub async fn delete(
        &self,
        bucket: &str,
        delete: Delete,
        versioning: Versioning,
        now_ms: u64,
    ) -> Result<Deleted, Error> {
        let bucket = bucket.to_owned();
        self.index
            .write(move |write| {
                write.bucket_open(&bucket)?;
                write.delete(&bucket, &delete, versioning, now_ms)
            })
            .await
    }

    /// Deletes many keys or versions in one transaction; one result for each, in order. A refusal of one leaves the others alone.
    ///
    /// # Errors
    /// [`Error::BucketClosed`], or [`Error::InvalidArgument`] for more than [`DELETE_KEYS_MAX`].
    pub async fn delete_many(
        &self,
        bucket: &str,
        deletes: Vec<Delete>,
        versioning: Versioning,
        now_ms: u64,
    ) -> Result<Vec<Result<Deleted, Error>>, Error> {
        if deletes.len() > DELETE_KEYS_MAX {
            return Err(Error::InvalidArgument("too many keys in one deletion"));
        }
        let bucket = bucket.to_owned();
        self.index
            .write(move |write| {
                write.bucket_open(&bucket)?;
                let mut results = Vec::with_capacity(deletes.len());
                for delete in &deletes {
                    match write.delete(&bucket, delete, versioning, now_ms) {
                        Err(error) if error.is_internal() => return Err(error),
                        result => results.push(result),
                    }
                }
                Ok(results)
            })
            .await
    }

    /// Replaces the tags of a version (none: the latest).
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::NoSuchVersion`], [`Error::DeleteMarker`], [`Error::Moved`], [`Error::BucketClosed`].
    pub async fn set_tags(
        &self,
        target: Source,
        tags: Vec<(String, String)>,
    ) -> Result<ObjectInfo, Error> {
        self.alter(target, move |meta| meta.tags = tags).await
    }

    /// Sets or removes one of the S3 layer's own facts about a version (none: the latest).
    ///
    /// # Errors
    /// As [`Objects::set_tags`].
    pub async fn set_extra(
        &self,
        target: Source,
        name: &str,
        value: Option<String>,
    ) -> Result<ObjectInfo, Error> {
        let name = name.to_owned();
        let change = move |meta: &mut ObjectMeta| match value {
            Some(value) => drop(meta.extra.insert(name, value)),
            None => drop(meta.extra.remove(&name)),
        };
        self.alter(target, change).await
    }

    async fn alter(
        &self,
        target: Source,
        change: impl FnOnce(&mut ObjectMeta) + Send + 'static,
    ) -> Result<ObjectInfo, Error> {
        self.index
            .write(move |write| {
                write.bucket_open(&target.bucket)?;
                let found = write.find(&target.bucket, &target.key, target.version.as_deref())?;
                check_expect(target.expect, found.as_ref())?;
                let mut row = object_row(found, &target)?;
                change(&mut row.info.meta);
                Ok(write.rewrite(&target.bucket, row)?.info)
            })
            .await
    }

    /// Begins to copy a version (none: the latest), to another key, bucket or the same key. What takes time is done when this
    /// returns, so that the caller can authorise again before [`Objects::commit_copy`].
    ///
    /// A plain object whose asked checksums are known is shared: the index counts the users of its bytes, and nothing is
    /// read or written but index rows. A multipart object, or one that lacks an asked checksum, is read and written
    /// anew, since the copy has a plain ETag and checksums over all bytes, as S3's has. Without `algorithms` the copy
    /// keeps the source's.
    ///
    /// # Errors
    /// Those of [`Objects::stage_copy`].
    pub async fn begin_copy(
        &self,
        source: Source,
        algorithms: &[Algorithm],
    ) -> Result<Copying, Error> {
        let object = self.open_source(&source).await?;
        let known = &object.info.checksums;
        let asked: Vec<Algorithm> = match algorithms {
            [] => known.iter().map(|checksum| checksum.algorithm).collect(),
            asked => asked.to_vec(),
        };
        let plain = object.info.part_count == 0;
        if !plain
            || !asked
                .iter()
                .all(|algorithm| object.info.checksum(*algorithm).is_some())
        {
            let body = self.stage(&object, None, &asked).await?;
            return Ok(Copying::Anew(body));
        }
        Ok(Copying::Shared {
            generation: object.info.generation,
            source,
            asked,
        })
    }

    /// Makes a begun copy an object. `put` says everything about the target; the caller takes over tags and headers from the
    /// source where it wants them.
    ///
    /// # Errors
    /// Those of [`Objects::commit_put`] for the target; [`Error::Moved`] when the source has changed since.
    pub async fn commit_copy(&self, copying: Copying, put: Put) -> Result<Written, Error> {
        check_key(&put.key)?;
        let (source, generation, asked) = match copying {
            Copying::Anew(body) => return self.commit_put(put, body).await,
            Copying::Shared {
                source,
                generation,
                asked,
            } => (source, generation, asked),
        };
        self.index
            .write(move |write| {
                write.bucket_open(&source.bucket)?;
                write.bucket_open(&put.bucket)?;
                let found = write.find(&source.bucket, &source.key, source.version.as_deref())?;
                check_expect(Expect::Generation(generation), found.as_ref())?;
                let Row {
                    info: from, body, ..
                } = object_row(found, &source)?;
                check(
                    &put.condition,
                    write.latest(&put.bucket, &put.key)?.as_ref(),
                )?;
                let info = ObjectInfo {
                    key: put.key,
                    size: from.size,
                    etag: from.etag,
                    modified_ms: put.now_ms,
                    checksums: from
                        .checksums
                        .into_iter()
                        .filter(|sum| asked.contains(&sum.algorithm))
                        .collect(),
                    meta: put.meta,
                    ..ObjectInfo::default()
                };
                let Body::One(blob) = &body else {
                    return Err(Error::Moved);
                };
                // Before the put, which may let go of the very source.
                write.share(blob)?;
                let (row, before) = write.put_version(&put.bucket, info, body, put.versioning)?;
                Ok(Written {
                    info: row.info,
                    replaced: before.map(|row| row.info),
                })
            })
            .await
    }

    /// Reads a version, or a range of it (end exclusive), into a received body, to become a part (UploadPartCopy).
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::NoSuchVersion`], [`Error::DeleteMarker`], [`Error::Moved`], [`Error::InvalidRange`],
    /// [`Error::EntityTooLarge`] over [`crate::PART_BYTES_MAX`], [`Error::Corrupt`].
    pub async fn stage_copy(
        &self,
        source: &Source,
        range: Option<Range<u64>>,
        algorithms: &[Algorithm],
    ) -> Result<Staged, Error> {
        let object = self.open_source(source).await?;
        self.stage(&object, range, algorithms).await
    }

    async fn open_source(&self, source: &Source) -> Result<Object, Error> {
        let object = self
            .get(&source.bucket, &source.key, source.version.as_deref())
            .await?;
        let held = match (source.expect, &object) {
            (Expect::Any, _) | (Expect::Absent, None) => true,
            (Expect::Generation(generation), Some(object)) => object.info.generation == generation,
            (Expect::Absent, Some(_)) | (Expect::Generation(_), None) => false,
        };
        if !held {
            return Err(Error::Moved);
        }
        match object {
            None => Err(missing(source)),
            Some(object) if object.info.delete_marker => Err(marker(source)),
            Some(object) => Ok(object),
        }
    }

    async fn stage(
        &self,
        object: &Object,
        range: Option<Range<u64>>,
        asked: &[Algorithm],
    ) -> Result<Staged, Error> {
        let mut stream = object.read(range)?;
        let mut writer = self.begin_put(asked, crate::PART_BYTES_MAX);
        while let Some(piece) = stream.next().await {
            writer.write(piece?).await?;
        }
        writer.finish().await
    }
}

/// A copy that has begun: its bytes, or the right to share those of its source.
pub enum Copying {
    /// The source's bytes serve, if it is still the same.
    Shared {
        /// Where they are.
        source: Source,
        /// Of which generation.
        generation: u64,
        /// The checksums to keep.
        asked: Vec<Algorithm>,
    },
    /// Bytes read and written anew.
    Anew(Staged),
}

/// The row, if it is an object.
fn object_row(found: Option<Row>, at: &Source) -> Result<Row, Error> {
    match found {
        None => Err(missing(at)),
        Some(row) if row.info.delete_marker => Err(marker(at)),
        Some(row) => Ok(row),
    }
}

fn missing(at: &Source) -> Error {
    if at.version.is_some() {
        Error::NoSuchVersion
    } else {
        Error::NoSuchKey
    }
}

/// A latest delete marker hides the key; one addressed by its id is named.
fn marker(at: &Source) -> Error {
    if at.version.is_some() {
        Error::DeleteMarker
    } else {
        Error::NoSuchKey
    }
}
