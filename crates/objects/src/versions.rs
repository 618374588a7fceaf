//! The rules of versions: what is the latest, what a put pushes aside, what a deletion brings back.
//!
//! **Invariant:** `HEADS` has a row for a key exactly when the key's latest version is an object; its sequence number is then
//! higher than any in `VERSIONS`. Lookups are written once for the writer's tables and for snapshots.

use redb::ReadableTable;

use crate::blobs::Blobs;
use crate::index::{Read, Write};
use crate::model::{
    Condition, Delete, Deleted, Expect, NULL_VERSION, ObjectInfo, ObjectMeta, Versioning,
};
use crate::rows::{
    BUCKET_OPEN, Blob, BlobId, Body, PartRow, Row, decode, decode_version, encode, version_id,
};
use crate::staged::{Staged, StagedBytes};
use crate::{Error, KEY_BYTES_MAX};

/// `HEADS`, being written or in a snapshot.
pub(crate) trait Heads: ReadableTable<(&'static str, &'static [u8]), &'static [u8]> {}
impl<T: ReadableTable<(&'static str, &'static [u8]), &'static [u8]>> Heads for T {}
/// `VERSIONS`, being written or in a snapshot.
pub(crate) trait Versions:
    ReadableTable<(&'static str, &'static [u8], u64), &'static [u8]>
{
}
impl<T: ReadableTable<(&'static str, &'static [u8], u64), &'static [u8]>> Versions for T {}
/// `VERSION_IDS`, being written or in a snapshot.
pub(crate) trait VersionIds:
    ReadableTable<(&'static str, &'static [u8], &'static str), u64>
{
}
impl<T: ReadableTable<(&'static str, &'static [u8], &'static str), u64>> VersionIds for T {}

/// The latest version, if that is an object.
pub(crate) fn head(heads: &impl Heads, bucket: &str, key: &str) -> Result<Option<Row>, Error> {
    let row = heads.get((bucket, key.as_bytes()))?;
    row.map(|row| decode_version(key.as_bytes(), row.value()))
        .transpose()
}

/// The newest row of `VERSIONS`.
fn newest_other(versions: &impl Versions, bucket: &str, key: &str) -> Result<Option<Row>, Error> {
    let bytes = key.as_bytes();
    let row = versions
        .range((bucket, bytes, 0)..=(bucket, bytes, u64::MAX))?
        .next()
        .transpose()?;
    row.map(|(_, row)| decode_version(bytes, row.value()))
        .transpose()
}

/// The latest version or delete marker.
pub(crate) fn latest(
    heads: &impl Heads,
    versions: &impl Versions,
    bucket: &str,
    key: &str,
) -> Result<Option<Row>, Error> {
    match head(heads, bucket, key)? {
        Some(row) => Ok(Some(row)),
        None => newest_other(versions, bucket, key),
    }
}

/// The version with this id, or the latest.
pub(crate) fn find(
    heads: &impl Heads,
    versions: &impl Versions,
    ids: &impl VersionIds,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<Option<Row>, Error> {
    let Some(version) = version else {
        return latest(heads, versions, bucket, key);
    };
    if let Some(row) = head(heads, bucket, key)?
        && row.info.version_id == version
    {
        return Ok(Some(row));
    }
    let Some(seq) = ids
        .get((bucket, key.as_bytes(), version))?
        .map(|seq| seq.value())
    else {
        return Ok(None);
    };
    match versions.get((bucket, key.as_bytes(), !seq))? {
        Some(row) => decode_version(key.as_bytes(), row.value()).map(Some),
        None => Err(Error::Corrupt(format!(
            "version {version} has an id and no row"
        ))),
    }
}

/// Compares what the caller expects with the addressed version. A delete marker counts as no object for ETag conditions.
pub(crate) fn check(condition: &Condition, found: Option<&Row>) -> Result<(), Error> {
    check_expect(condition.expect, found)?;
    let object = found.filter(|row| !row.info.delete_marker);
    if let Some(wanted) = &condition.if_match {
        let row = object.ok_or(Error::NoSuchKey)?;
        if !wanted.matches(&row.info.etag) {
            return Err(Error::PreconditionFailed("If-Match"));
        }
    }
    if let (Some(unwanted), Some(row)) = (&condition.if_none_match, object)
        && unwanted.matches(&row.info.etag)
    {
        return Err(Error::PreconditionFailed("If-None-Match"));
    }
    Ok(())
}

/// Compares the generation alone.
pub(crate) fn check_expect(expect: Expect, found: Option<&Row>) -> Result<(), Error> {
    let holds = match expect {
        Expect::Any => true,
        Expect::Absent => found.is_none(),
        Expect::Generation(generation) => {
            found.is_some_and(|row| row.info.generation == generation)
        }
    };
    if holds { Ok(()) } else { Err(Error::Moved) }
}

/// Refuses keys that S3 refuses.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        Err(Error::KeyLength)
    } else {
        Ok(())
    }
}

impl Read {
    /// The version with this id, or the latest.
    pub(crate) fn find(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Row>, Error> {
        find(
            &self.heads,
            &self.versions,
            &self.version_ids,
            bucket,
            key,
            version,
        )
    }

    /// Fails unless the bucket takes objects.
    pub(crate) fn bucket_open(&self, bucket: &str) -> Result<(), Error> {
        check_bucket(self.buckets.get(bucket)?.map(|state| state.value()), bucket)
    }

    /// The parts of a multipart object.
    pub(crate) fn layout(&self, id: BlobId) -> Result<Vec<PartRow>, Error> {
        let Some(bytes) = self.layouts.get(id.0)? else {
            return Err(Error::Corrupt(format!(
                "the list of parts {} is missing",
                id.name()
            )));
        };
        decode(bytes.value())
    }
}

fn check_bucket(state: Option<u8>, bucket: &str) -> Result<(), Error> {
    if state == Some(BUCKET_OPEN) {
        Ok(())
    } else {
        Err(Error::BucketClosed(bucket.to_owned()))
    }
}

impl Write<'_> {
    /// Fails unless the bucket takes objects.
    pub(crate) fn bucket_open(&self, bucket: &str) -> Result<(), Error> {
        check_bucket(self.buckets.get(bucket)?.map(|state| state.value()), bucket)
    }

    /// The latest version or delete marker.
    pub(crate) fn latest(&self, bucket: &str, key: &str) -> Result<Option<Row>, Error> {
        latest(&self.heads, &self.versions, bucket, key)
    }

    /// The version with this id, or the latest.
    pub(crate) fn find(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Row>, Error> {
        find(
            &self.heads,
            &self.versions,
            &self.version_ids,
            bucket,
            key,
            version,
        )
    }

    /// Takes a received body into the index, with one user.
    pub(crate) fn adopt(&mut self, staged: Staged) -> Result<Blob, Error> {
        let Staged { sums, bytes } = staged;
        let (id, inline) = match bytes {
            StagedBytes::Inline(bytes) => {
                let id = BlobId::random()?;
                self.inline.insert(id.0, bytes.as_slice())?;
                (id, true)
            }
            StagedBytes::File(file) => {
                let id = file.id();
                self.refs.insert(id.0, 1)?;
                self.staged.push(file);
                (id, false)
            }
        };
        Ok(Blob {
            id,
            inline,
            size: sums.size,
            crc64: sums.crc64,
        })
    }

    /// Counts one more user of a blob.
    pub(crate) fn share(&mut self, blob: &Blob) -> Result<(), Error> {
        let count = self.refs.get(blob.id.0)?.map_or(1, |count| count.value());
        self.refs.insert(blob.id.0, count + 1)?;
        Ok(())
    }

    /// Counts one user of a blob less; the last one takes the bytes with it.
    pub(crate) fn release(&mut self, blob: &Blob) -> Result<(), Error> {
        let count = self.refs.get(blob.id.0)?.map_or(1, |count| count.value());
        if count > 1 {
            self.refs.insert(blob.id.0, count - 1)?;
            return Ok(());
        }
        self.refs.remove(blob.id.0)?;
        if blob.inline {
            self.inline.remove(blob.id.0)?;
        } else {
            self.doomed.insert(blob.id.0, 0)?;
            self.let_go.push(blob.id);
        }
        Ok(())
    }

    /// Lets go of a version's bytes.
    fn release_body(&mut self, body: &Body) -> Result<(), Error> {
        match body {
            Body::None => Ok(()),
            Body::One(blob) => self.release(blob),
            Body::Parts(layout) => {
                let parts: Vec<PartRow> = match self.layouts.remove(layout.0)? {
                    Some(bytes) => decode(bytes.value())?,
                    None => {
                        return Err(Error::Corrupt(format!(
                            "the list of parts {} is missing",
                            layout.name()
                        )));
                    }
                };
                parts.iter().try_for_each(|part| self.release(&part.blob))
            }
        }
    }

    /// Makes an object the latest version of its key. What the versioning state replaces is let go, the rest becomes
    /// noncurrent. Fills in sequence number, generation and version id; returns the row and the latest before.
    pub(crate) fn put_version(
        &mut self,
        bucket: &str,
        mut info: ObjectInfo,
        body: Body,
        versioning: Versioning,
    ) -> Result<(Row, Option<Row>), Error> {
        let seq = self.next();
        info.generation = seq;
        info.version_id = if versioning == Versioning::Enabled {
            version_id(seq)?
        } else {
            NULL_VERSION.to_owned()
        };
        let row = Row { info, seq, body };
        let before = self.latest(bucket, &row.info.key)?;
        self.set_latest_aside(bucket, &row.info.key, versioning)?;
        self.heads
            .insert((bucket, row.info.key.as_bytes()), encode(&row)?.as_slice())?;
        Ok((row, before))
    }

    /// Makes room for a new latest version: under `Enabled` the head becomes noncurrent, else the `null` version is
    /// removed, wherever it is, and a head with an id becomes noncurrent. Returns the removed `null` version.
    fn set_latest_aside(
        &mut self,
        bucket: &str,
        key: &str,
        versioning: Versioning,
    ) -> Result<Option<Row>, Error> {
        let removed = match versioning {
            Versioning::Enabled => None,
            Versioning::Unversioned | Versioning::Suspended => {
                self.find(bucket, key, Some(NULL_VERSION))?
            }
        };
        if let Some(row) = &removed {
            self.remove_row(bucket, row)?;
        }
        if let Some(row) = head(&self.heads, bucket, key)? {
            self.heads.remove((bucket, key.as_bytes()))?;
            self.insert_other(bucket, &row)?;
        }
        Ok(removed)
    }

    /// Writes a row of `VERSIONS` with its id.
    fn insert_other(&mut self, bucket: &str, row: &Row) -> Result<(), Error> {
        let key = row.info.key.as_bytes();
        self.versions
            .insert((bucket, key, !row.seq), encode(row)?.as_slice())?;
        self.version_ids
            .insert((bucket, key, row.info.version_id.as_str()), row.seq)?;
        Ok(())
    }

    /// Removes the row of a version, wherever it is, and lets its bytes go. Does not look for a new head.
    fn remove_row(&mut self, bucket: &str, row: &Row) -> Result<(), Error> {
        let key = row.info.key.as_bytes();
        let was_other = self.versions.remove((bucket, key, !row.seq))?.is_some();
        if was_other {
            self.version_ids
                .remove((bucket, key, row.info.version_id.as_str()))?;
        } else {
            self.heads.remove((bucket, key))?;
        }
        self.release_body(&row.body)
    }

    /// After a removal: if the key has no head and its newest row is an object, that becomes the head.
    fn promote(&mut self, bucket: &str, key: &str) -> Result<(), Error> {
        if head(&self.heads, bucket, key)?.is_some() {
            return Ok(());
        }
        let Some(row) = newest_other(&self.versions, bucket, key)? else {
            return Ok(());
        };
        if row.info.delete_marker {
            return Ok(());
        }
        let bytes = key.as_bytes();
        self.versions.remove((bucket, bytes, !row.seq))?;
        self.version_ids
            .remove((bucket, bytes, row.info.version_id.as_str()))?;
        self.heads
            .insert((bucket, bytes), encode(&row)?.as_slice())?;
        Ok(())
    }

    /// One deletion, as S3 defines it for each versioning state.
    pub(crate) fn delete(
        &mut self,
        bucket: &str,
        delete: &Delete,
        versioning: Versioning,
        now_ms: u64,
    ) -> Result<Deleted, Error> {
        let key = delete.key.as_str();
        let found = self.find(bucket, key, delete.version.as_deref())?;
        check(&delete.condition, found.as_ref())?;
        if delete.version.is_some() {
            let Some(row) = found else {
                return Ok(Deleted::default());
            };
            self.remove_row(bucket, &row)?;
            self.promote(bucket, key)?;
            return Ok(Deleted {
                removed: Some(row.info),
                marker: None,
            });
        }
        if versioning == Versioning::Unversioned {
            let removed = self.find(bucket, key, Some(NULL_VERSION))?;
            if let Some(row) = &removed {
                self.remove_row(bucket, row)?;
                self.promote(bucket, key)?;
            }
            return Ok(Deleted {
                removed: removed.map(|row| row.info),
                marker: None,
            });
        }
        check_key(key)?;
        let removed = self.set_latest_aside(bucket, key, versioning)?;
        let seq = self.next();
        let info = ObjectInfo {
            key: key.to_owned(),
            modified_ms: now_ms,
            generation: seq,
            meta: ObjectMeta {
                owner: delete.owner.clone(),
                ..ObjectMeta::default()
            },
            version_id: if versioning == Versioning::Enabled {
                version_id(seq)?
            } else {
                NULL_VERSION.to_owned()
            },
            delete_marker: true,
            ..ObjectInfo::default()
        };
        let marker = Row {
            info,
            seq,
            body: Body::None,
        };
        self.insert_other(bucket, &marker)?;
        Ok(Deleted {
            removed: removed.map(|row| row.info),
            marker: Some(marker.info),
        })
    }

    /// Rewrites a version in place, with a new generation.
    pub(crate) fn rewrite(&mut self, bucket: &str, mut row: Row) -> Result<Row, Error> {
        row.info.generation = self.next();
        let key = row.info.key.as_bytes();
        let bytes = encode(&row)?;
        if self.versions.get((bucket, key, !row.seq))?.is_some() {
            self.versions
                .insert((bucket, key, !row.seq), bytes.as_slice())?;
        } else {
            self.heads.insert((bucket, key), bytes.as_slice())?;
        }
        Ok(row)
    }
}

/// The blobs in files that a reader of these bodies must pin.
pub(crate) fn files<'a>(blobs: impl Iterator<Item = &'a Blob>) -> Vec<BlobId> {
    blobs
        .filter(|blob| !blob.inline)
        .map(|blob| blob.id)
        .collect()
}

/// A guard over the files of these bodies; call while holding the snapshots.
pub(crate) fn pin<'a>(
    store: &std::sync::Arc<Blobs>,
    blobs: impl Iterator<Item = &'a Blob>,
) -> crate::blobs::Pinned {
    store.pin(files(blobs))
}
