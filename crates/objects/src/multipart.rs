//! Multipart uploads: parts come in any order, and become one object without being copied.
//!
//! A finished object is the list of its parts' blobs. The parts stay what they were, so completing 10,000 parts moves rows and
//! no bytes. A completed upload is remembered for a day: a client that did not hear the answer may ask again.

use md5::{Digest as _, Md5};
use redb::ReadableTable as _;

use crate::checksum::{
    Algorithm, Checksum, ChecksumType, base64_of_crc, combine_composite, combine_full_object,
    multipart_etag,
};
use crate::index::Write;
use crate::model::{
    Complete, CompletedPart, NewUpload, ObjectInfo, PartInfo, PartsPage, Upload, Written,
};
use crate::rows::{BlobId, Body, CompletedRow, PartRow, decode, encode, random};
use crate::staged::Staged;
use crate::versions::{check, check_key};
use crate::{
    COMPLETED_KEPT_MS, Error, LIST_MAX, OBJECT_BYTES_MAX, Objects, PART_BYTES_MIN, PARTS_MAX,
};

/// How many remembered uploads each completion looks at to forget those that are too old.
const FORGET_AT_ONCE: usize = 8;

impl Objects {
    /// Begins a multipart upload. Its id is random and sorts by the time of initiation.
    ///
    /// # Errors
    /// [`Error::BucketClosed`], [`Error::KeyLength`].
    pub async fn create_upload(&self, new: NewUpload) -> Result<Upload, Error> {
        check_key(&new.key)?;
        let upload_id = format!("{:012x}{:032x}", new.now_ms, u128::from_be_bytes(random()?));
        let upload = Upload {
            key: new.key,
            upload_id,
            initiated_ms: new.now_ms,
            meta: new.meta,
            checksum: new.checksum,
            initiator: new.initiator,
        };
        let bucket = new.bucket;
        self.index
            .write(move |write| {
                write.bucket_open(&bucket)?;
                let id = (
                    bucket.as_str(),
                    upload.key.as_bytes(),
                    upload.upload_id.as_str(),
                );
                write.uploads.insert(id, encode(&upload)?.as_slice())?;
                Ok(upload)
            })
            .await
    }

    /// Looks an unfinished upload up.
    ///
    /// # Errors
    /// [`Error::BucketClosed`].
    pub async fn upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<Option<Upload>, Error> {
        let (bucket, key, upload_id) = (bucket.to_owned(), key.to_owned(), upload_id.to_owned());
        self.index
            .read(move |read| {
                read.bucket_open(&bucket)?;
                let row =
                    read.uploads
                        .get((bucket.as_str(), key.as_bytes(), upload_id.as_str()))?;
                row.map(|row| {
                    Ok(Upload {
                        key,
                        upload_id,
                        ..decode(row.value())?
                    })
                })
                .transpose()
            })
            .await
    }

    /// Makes a received body a part of the upload; it replaces a part of the same number. The body's writer should have been
    /// given the upload's checksum algorithm.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`], [`Error::BucketClosed`], [`Error::InvalidArgument`] for a number outside 1 to [`PARTS_MAX`].
    pub async fn commit_part(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        body: Staged,
        now_ms: u64,
    ) -> Result<PartInfo, Error> {
        if number == 0 || number > PARTS_MAX {
            return Err(Error::InvalidArgument("part number"));
        }
        let (bucket, key, upload_id) = (bucket.to_owned(), key.to_owned(), upload_id.to_owned());
        self.index
            .write(move |write| {
                write.bucket_open(&bucket)?;
                write
                    .upload(&bucket, &key, &upload_id)?
                    .ok_or(Error::NoSuchUpload)?;
                let info = PartInfo {
                    number,
                    size: body.sums.size,
                    etag: body.sums.etag(),
                    modified_ms: now_ms,
                    checksums: body.sums.checksums.clone(),
                };
                let row = PartRow {
                    info,
                    blob: write.adopt(body)?,
                };
                let before = write
                    .parts
                    .insert((upload_id.as_str(), number), encode(&row)?.as_slice())?;
                let before: Option<PartRow> = before.map(|row| decode(row.value())).transpose()?;
                if let Some(before) = before {
                    write.release(&before.blob)?;
                }
                Ok(row.info)
            })
            .await
    }

    /// Makes the named parts an object, and forgets the others. Repeating the call within a day answers alike.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`], [`Error::InvalidPart`], [`Error::InvalidPartOrder`], [`Error::EntityTooSmall`],
    /// [`Error::EntityTooLarge`], [`Error::BadDigest`], [`Error::InvalidArgument`] for no parts, and those of
    /// [`Objects::commit_put`]; the upload is then as it was.
    pub async fn complete_upload(&self, complete: Complete) -> Result<Written, Error> {
        let order = complete
            .parts
            .windows(2)
            .all(|pair| pair[0].number < pair[1].number);
        if complete.parts.is_empty() || complete.parts.len() > PARTS_MAX as usize {
            return Err(Error::InvalidArgument("number of parts"));
        }
        if !order {
            return Err(Error::InvalidPartOrder);
        }
        self.index
            .write(move |write| write.complete(complete))
            .await
    }

    /// Forgets an upload and its parts.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`], [`Error::BucketClosed`].
    pub async fn abort_upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(), Error> {
        let (bucket, key, upload_id) = (bucket.to_owned(), key.to_owned(), upload_id.to_owned());
        self.index
            .write(move |write| {
                write.bucket_open(&bucket)?;
                write
                    .upload(&bucket, &key, &upload_id)?
                    .ok_or(Error::NoSuchUpload)?;
                write.drop_upload(&bucket, key.as_bytes(), &upload_id)
            })
            .await
    }

    /// Lists the parts of an unfinished upload with numbers above `after`.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`], [`Error::BucketClosed`].
    pub async fn list_parts(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        after: u32,
        max_parts: u32,
    ) -> Result<PartsPage, Error> {
        let (bucket, key, upload_id) = (bucket.to_owned(), key.to_owned(), upload_id.to_owned());
        let max = max_parts.min(LIST_MAX) as usize;
        self.index
            .read(move |read| {
                read.bucket_open(&bucket)?;
                let mut page = PartsPage::default();
                let Some(row) =
                    read.uploads
                        .get((bucket.as_str(), key.as_bytes(), upload_id.as_str()))?
                else {
                    return Err(Error::NoSuchUpload);
                };
                page.upload = Upload {
                    key,
                    upload_id: upload_id.clone(),
                    ..decode(row.value())?
                };
                if max == 0 || after >= PARTS_MAX {
                    return Ok(page);
                }
                let numbers = (upload_id.as_str(), after + 1)..=(upload_id.as_str(), PARTS_MAX);
                for item in read.parts.range(numbers)? {
                    if page.parts.len() == max {
                        page.is_truncated = true;
                        page.next_part_number_marker = page.parts.last().map(|part| part.number);
                        break;
                    }
                    page.parts.push(decode::<PartRow>(item?.1.value())?.info);
                }
                Ok(page)
            })
            .await
    }
}

impl Write<'_> {
    fn upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<Option<Upload>, Error> {
        let row = self.uploads.get((bucket, key.as_bytes(), upload_id))?;
        row.map(|row| decode(row.value())).transpose()
    }

    fn complete(&mut self, complete: Complete) -> Result<Written, Error> {
        let Complete {
            bucket,
            key,
            upload_id,
            ..
        } = &complete;
        self.bucket_open(bucket)?;
        let Some(upload) = self.upload(bucket, key, upload_id)? else {
            return self.completed_before(&complete);
        };
        let parts = self.named_parts(upload_id, &complete.parts)?;
        let info = finished(&complete, upload, &parts)?;
        check(&complete.condition, self.latest(bucket, key)?.as_ref())?;
        // Nothing is refused from here on.
        for part in &parts {
            self.parts.remove((upload_id.as_str(), part.info.number))?;
        }
        self.drop_upload(bucket, key.as_bytes(), upload_id)?;
        let layout = BlobId::random()?;
        self.layouts.insert(layout.0, encode(&parts)?.as_slice())?;
        let (row, before) =
            self.put_version(bucket, info, Body::Parts(layout), complete.versioning)?;
        let completed = CompletedRow {
            bucket: bucket.clone(),
            key: key.clone(),
            info: row.info.clone(),
            parts: signature(&complete.parts),
            completed_ms: complete.now_ms,
        };
        self.completed
            .insert(upload_id.as_str(), encode(&completed)?.as_slice())?;
        self.forget_completed(complete.now_ms)?;
        let mut info = row.info;
        info.parts = parts.into_iter().map(|part| part.info).collect();
        Ok(Written {
            info,
            replaced: before.map(|row| row.info),
        })
    }

    /// The answer to a call that was made before with the same parts.
    fn completed_before(&self, complete: &Complete) -> Result<Written, Error> {
        let row = self
            .completed
            .get(complete.upload_id.as_str())?
            .ok_or(Error::NoSuchUpload)?;
        let row: CompletedRow = decode(row.value())?;
        let same = row.bucket == complete.bucket
            && row.key == complete.key
            && row.parts == signature(&complete.parts);
        if !same || row.completed_ms + COMPLETED_KEPT_MS < complete.now_ms {
            return Err(Error::NoSuchUpload);
        }
        Ok(Written {
            info: ObjectInfo {
                key: row.key,
                ..row.info
            },
            replaced: None,
        })
    }

    /// The uploaded parts that the call names, each compared with what it says of it.
    fn named_parts(&self, upload_id: &str, named: &[CompletedPart]) -> Result<Vec<PartRow>, Error> {
        let mut parts = Vec::with_capacity(named.len());
        for (at, name) in named.iter().enumerate() {
            let number = name.number;
            let row = self
                .parts
                .get((upload_id, number))?
                .ok_or(Error::InvalidPart(number))?;
            let part: PartRow = decode(row.value())?;
            let sums = &part.info.checksums;
            let same_sum = |(algorithm, value): &(Algorithm, String)| {
                sums.iter()
                    .any(|sum| sum.algorithm == *algorithm && sum.value == *value)
            };
            if part.info.etag != name.etag || !name.checksums.iter().all(same_sum) {
                return Err(Error::InvalidPart(number));
            }
            if part.info.size < PART_BYTES_MIN && at + 1 < named.len() {
                return Err(Error::EntityTooSmall {
                    number,
                    size: part.info.size,
                    etag: part.info.etag,
                });
            }
            parts.push(part);
        }
        Ok(parts)
    }

    /// Removes an upload and the parts it still has.
    pub(crate) fn drop_upload(
        &mut self,
        bucket: &str,
        key: &[u8],
        upload_id: &str,
    ) -> Result<(), Error> {
        self.uploads.remove((bucket, key, upload_id))?;
        let mut parts: Vec<PartRow> = Vec::new();
        for item in self.parts.range((upload_id, 0)..=(upload_id, u32::MAX))? {
            parts.push(decode(item?.1.value())?);
        }
        for part in parts {
            self.parts.remove((upload_id, part.info.number))?;
            self.release(&part.blob)?;
        }
        Ok(())
    }

    /// Forgets a few uploads that were completed long ago. Ids sort by initiation, so that the first are the oldest.
    fn forget_completed(&mut self, now_ms: u64) -> Result<(), Error> {
        let mut old = Vec::new();
        for item in self.completed.iter()?.take(FORGET_AT_ONCE) {
            let (id, row) = item?;
            let row: CompletedRow = decode(row.value())?;
            if row.completed_ms + COMPLETED_KEPT_MS < now_ms {
                old.push(id.value().to_owned());
            }
        }
        for id in old {
            self.completed.remove(id.as_str())?;
        }
        Ok(())
    }
}

/// The object that these parts make.
fn finished(complete: &Complete, upload: Upload, parts: &[PartRow]) -> Result<ObjectInfo, Error> {
    let size = parts.iter().map(|part| part.info.size).sum();
    if size > OBJECT_BYTES_MAX {
        return Err(Error::EntityTooLarge(OBJECT_BYTES_MAX));
    }
    if complete
        .expected_size
        .is_some_and(|expected| expected != size)
    {
        return Err(Error::BadDigest("size"));
    }
    let etag = multipart_etag(parts.iter().map(|part| part.info.etag.as_str()))
        .ok_or_else(|| Error::Corrupt("the ETag of a part is not hex".to_owned()))?;
    let checksums = match upload.checksum {
        Some((algorithm, kind)) => vec![Checksum {
            algorithm,
            value: checksum_of(algorithm, kind, parts)?,
            kind,
        }],
        None => Vec::new(),
    };
    if let Some((algorithm, value)) = &complete.expected_checksum {
        let same = checksums
            .iter()
            .any(|sum| sum.algorithm == *algorithm && sum.value == *value);
        if !same {
            return Err(Error::BadDigest("checksum"));
        }
    }
    Ok(ObjectInfo {
        key: complete.key.clone(),
        size,
        etag,
        modified_ms: complete.now_ms,
        checksums,
        meta: upload.meta,
        // INVARIANT: complete_upload has bounded the number of parts.
        part_count: parts.len() as u32,
        ..ObjectInfo::default()
    })
}

/// The checksum of the whole. CRC-64/NVME is known of every part; of the others, a part that lacks it is invalid.
fn checksum_of(
    algorithm: Algorithm,
    kind: ChecksumType,
    parts: &[PartRow],
) -> Result<String, Error> {
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        let kept = part
            .info
            .checksums
            .iter()
            .find(|sum| sum.algorithm == algorithm)
            .map(|sum| sum.value.clone());
        let value = match (kept, algorithm) {
            (Some(value), _) => value,
            (None, Algorithm::Crc64Nvme) => base64_of_crc(algorithm, part.blob.crc64),
            (None, _) => return Err(Error::InvalidPart(part.info.number)),
        };
        values.push((value, part.info.size));
    }
    match kind {
        ChecksumType::Composite => {
            combine_composite(algorithm, values.iter().map(|(value, _)| value.as_str()))
        }
        ChecksumType::FullObject => combine_full_object(
            algorithm,
            values.iter().map(|(value, size)| (value.as_str(), *size)),
        ),
    }
    .ok_or(Error::InvalidArgument("checksum type of the upload"))
}

/// The parts of a complete call in short: numbers and ETags.
fn signature(parts: &[CompletedPart]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part.number.to_be_bytes());
        md5.update(part.etag.as_bytes());
        md5.update(b"\n");
    }
    hex::encode(md5.finalize())
}
