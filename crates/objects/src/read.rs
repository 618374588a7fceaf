//! Reading objects back.
//!
//! An [`Object`] keeps what it found: the facts, the small bytes themselves, and pins on the files. Puts and deletes that come
//! later do not touch it. Bytes are compared with the checksum that was kept with them whenever a whole blob is
//! read; its last piece is given out only when they agree, so that no reader takes damaged bytes for a complete body.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crc_fast::CrcAlgorithm::Crc64Nvme;
use futures_util::stream::{BoxStream, StreamExt as _, try_unfold};

use crate::blobs::Pinned;
use crate::index::Read;
use crate::model::ObjectInfo;
use crate::rows::{Blob, Body, PartRow};
use crate::staged::blocking;
use crate::versions::pin;
use crate::{Error, Objects};

/// How many bytes are read from a file at once.
const PIECE_BYTES: u64 = 256 << 10;

/// A body in pieces of 256 KiB; the last of each stored segment may be smaller.
pub type BodyStream = BoxStream<'static, Result<Bytes, Error>>;

/// An object opened for reading: its facts and bytes stay as they are, whatever is put or deleted meanwhile.
pub struct Object {
    /// What it is. A delete marker has no bytes.
    pub info: ObjectInfo,
    held: Arc<Held>,
}

/// The bytes of an opened object, shared with the streams made from it.
struct Held {
    segments: Vec<Segment>,
    pinned: Pinned,
}

struct Segment {
    blob: Blob,
    /// The bytes of an inline blob.
    bytes: Option<Bytes>,
}

impl Objects {
    /// Opens a version (none: the latest) for reading. A delete marker is answered as such: `info.delete_marker`.
    ///
    /// # Errors
    /// [`Error::BucketClosed`], [`Error::Corrupt`], [`Error::Index`].
    pub async fn get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Object>, Error> {
        let (bucket, key, version) = (
            bucket.to_owned(),
            key.to_owned(),
            version.map(str::to_owned),
        );
        self.index
            .read_and_pin(self.blobs.clone(), move |read, store| {
                read.bucket_open(&bucket)?;
                let Some(row) = read.find(&bucket, &key, version.as_deref())? else {
                    return Ok(None);
                };
                let mut info = row.info;
                let blobs = match row.body {
                    Body::None => Vec::new(),
                    Body::One(blob) => vec![blob],
                    Body::Parts(layout) => {
                        let parts = read.layout(layout)?;
                        info.parts = parts.iter().map(|part| part.info.clone()).collect();
                        parts.into_iter().map(|part| part.blob).collect()
                    }
                };
                let pinned = pin(store, blobs.iter());
                let segments = blobs
                    .into_iter()
                    .map(|blob| Segment::load(blob, read))
                    .collect::<Result<_, _>>()?;
                Ok(Some(Object {
                    info,
                    held: Arc::new(Held { segments, pinned }),
                }))
            })
            .await
    }

    /// Looks a version up (none: the latest), with its parts. A delete marker is answered as such.
    ///
    /// # Errors
    /// As [`Objects::get`].
    pub async fn head(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<ObjectInfo>, Error> {
        let (bucket, key, version) = (
            bucket.to_owned(),
            key.to_owned(),
            version.map(str::to_owned),
        );
        self.index
            .read(move |read| {
                read.bucket_open(&bucket)?;
                let Some(row) = read.find(&bucket, &key, version.as_deref())? else {
                    return Ok(None);
                };
                let mut info = row.info;
                if let Body::Parts(layout) = row.body {
                    info.parts = read
                        .layout(layout)?
                        .into_iter()
                        .map(|PartRow { info, .. }| info)
                        .collect();
                }
                Ok(Some(info))
            })
            .await
    }
}

impl Segment {
    fn load(blob: Blob, read: &Read) -> Result<Segment, Error> {
        let bytes = if blob.inline {
            match read.inline.get(blob.id.0)? {
                Some(bytes) => Some(Bytes::copy_from_slice(bytes.value())),
                None => {
                    return Err(Error::Corrupt(format!(
                        "inline blob {} is missing",
                        blob.id.name()
                    )));
                }
            }
        } else {
            None
        };
        Ok(Segment { blob, bytes })
    }
}

impl Object {
    /// The bytes of the range (end exclusive), or all of them. May be called more than once.
    ///
    /// The stream ends with [`Error::Corrupt`] when a file is missing or short, or when bytes read as a whole differ from
    /// their checksum; this is also logged.
    ///
    /// # Errors
    /// [`Error::InvalidRange`] when the range is reversed or reaches beyond the object.
    pub fn read(&self, range: Option<Range<u64>>) -> Result<BodyStream, Error> {
        let range = range.unwrap_or(0..self.info.size);
        if range.start > range.end || range.end > self.info.size {
            return Err(Error::InvalidRange);
        }
        let mut slices = VecDeque::new();
        let mut start = 0;
        for (at, segment) in self.held.segments.iter().enumerate() {
            let end = start + segment.blob.size;
            let from = range.start.max(start);
            let to = range.end.min(end);
            if from < to {
                slices.push_back(Slice {
                    at,
                    range: from - start..to - start,
                    open: None,
                });
            }
            start = end;
        }
        let reading = Reading {
            held: self.held.clone(),
            slices,
        };
        Ok(try_unfold(reading, Reading::step).boxed())
    }
}

/// What is left to read.
struct Reading {
    held: Arc<Held>,
    slices: VecDeque<Slice>,
}

/// What is left to read of one segment.
struct Slice {
    at: usize,
    range: Range<u64>,
    open: Option<Open>,
}

/// A file being read, and the checksum so far if all of it will be read.
struct Open {
    file: File,
    digest: Option<crc_fast::Digest>,
}

impl Reading {
    async fn step(mut self) -> Result<Option<(Bytes, Reading)>, Error> {
        let Some(mut slice) = self.slices.pop_front() else {
            return Ok(None);
        };
        let segment = &self.held.segments[slice.at];
        if let Some(bytes) = &segment.bytes {
            // All bytes are at hand, so they are compared even for a part of them.
            compare(
                &segment.blob,
                bytes.len() as u64,
                crc_fast::checksum(Crc64Nvme, bytes),
            )?;
            // INVARIANT: the size was just compared with the blob's, which bounds the range; it fits a usize.
            let piece = bytes.slice(slice.range.start as usize..slice.range.end as usize);
            return Ok(Some((piece, self)));
        }
        blocking(move || {
            let blob = &self.held.segments[slice.at].blob;
            let mut open = match slice.open.take() {
                Some(open) => open,
                None => {
                    let mut file = self.held.pinned.blobs().open_blob(blob.id)?;
                    let whole = slice.range == (0..blob.size);
                    file.seek(SeekFrom::Start(slice.range.start))?;
                    Open {
                        file,
                        digest: whole.then(|| crc_fast::Digest::new(Crc64Nvme)),
                    }
                }
            };
            let wanted = (slice.range.end - slice.range.start).min(PIECE_BYTES);
            let mut piece = Vec::with_capacity(wanted as usize);
            (&mut open.file).take(wanted).read_to_end(&mut piece)?;
            if piece.len() as u64 != wanted {
                return Err(damaged(blob, "the file is too short"));
            }
            if let Some(digest) = &mut open.digest {
                digest.update(&piece);
            }
            slice.range.start += wanted;
            if slice.range.start == slice.range.end {
                if let Some(digest) = open.digest {
                    compare(blob, slice.range.end, digest.finalize())?;
                }
            } else {
                slice.open = Some(open);
                self.slices.push_front(slice);
            }
            Ok(Some((Bytes::from(piece), self)))
        })
        .await
    }
}

fn compare(blob: &Blob, size: u64, crc64: u64) -> Result<(), Error> {
    if size == blob.size && crc64 == blob.crc64 {
        return Ok(());
    }
    Err(damaged(blob, "the bytes differ from their checksum"))
}

fn damaged(blob: &Blob, what: &str) -> Error {
    tracing::error!(
        blob = blob.id.name(),
        inline = blob.inline,
        size = blob.size,
        what,
        "stored object data is damaged"
    );
    Error::Corrupt(format!("blob {}: {what}", blob.id.name()))
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
