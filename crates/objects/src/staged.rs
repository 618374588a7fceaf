//! Receiving a body: hashed while it streams by, kept in memory while it is small, in a file as soon as it is not.
//!
//! Receiving and committing are two steps, so that the caller can authorise again in between with what it then knows.
//! Memory is bounded: one buffer being filled and one being hashed and written.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::blobs::{Blobs, StagedFile};
use crate::checksum::{Algorithm, Digests, Sums};
use crate::{Error, INLINE_BYTES_MAX};

/// How many bytes are gathered before they are hashed and written.
const BUFFER_BYTES: usize = 1 << 20;

/// A body being received. Dropping it removes what was written.
pub struct Writer {
    blobs: Arc<Blobs>,
    bytes_max: u64,
    size: u64,
    buffer: Vec<u8>,
    /// None while the bytes before `buffer` are on their way, and for good after a failure.
    sink: Option<Sink>,
    flight: Option<JoinHandle<Result<Sink, Error>>>,
}

/// Where the bytes go, handed to and fro between the caller's task and the blocking threads.
struct Sink {
    digests: Digests,
    file: Option<(StagedFile, File)>,
}

/// A body received and safe on the disk (or small), not yet an object. Dropping it removes it.
pub struct Staged {
    /// Its size and checksums.
    pub sums: Sums,
    pub(crate) bytes: StagedBytes,
}

/// Where a staged body is.
pub(crate) enum StagedBytes {
    Inline(Vec<u8>),
    File(StagedFile),
}

impl Writer {
    pub(crate) fn new(blobs: Arc<Blobs>, algorithms: &[Algorithm], bytes_max: u64) -> Writer {
        Writer {
            blobs,
            bytes_max,
            size: 0,
            buffer: Vec::new(),
            sink: Some(Sink {
                digests: Digests::new(algorithms),
                file: None,
            }),
            flight: None,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::EntityTooLarge`] beyond the limit, [`Error::Io`] when the disk is full or broken. The writer is then of no more use.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > self.bytes_max {
            return Err(Error::EntityTooLarge(self.bytes_max));
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let room = BUFFER_BYTES - self.buffer.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.buffer.extend_from_slice(now);
            rest = later;
            if self.buffer.len() == BUFFER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// How many bytes came so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends the body: when this returns, all its bytes are synced to the disk, or few enough to go into the index.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full or broken.
    pub async fn finish(mut self) -> Result<Staged, Error> {
        let mut sink = self.landed().await?;
        let buffer = std::mem::take(&mut self.buffer);
        if sink.file.is_none() && buffer.len() <= INLINE_BYTES_MAX {
            sink.digests.update(&buffer);
            return Ok(Staged {
                sums: sink.digests.finish(),
                bytes: StagedBytes::Inline(buffer),
            });
        }
        let blobs = self.blobs.clone();
        blocking(move || {
            let mut sink = sink.take_in(&blobs, &buffer)?;
            // INVARIANT: take_in has made the file.
            let (staged, file) = sink.file.take().ok_or(Error::Closed)?;
            file.sync_all()?;
            Ok(Staged {
                sums: sink.digests.finish(),
                bytes: StagedBytes::File(staged),
            })
        })
        .await
    }

    /// Sends the buffer on its way, once the one before has landed.
    async fn flush(&mut self) -> Result<(), Error> {
        let sink = self.landed().await?;
        let buffer = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER_BYTES));
        let blobs = self.blobs.clone();
        self.flight = Some(tokio::task::spawn_blocking(move || {
            sink.take_in(&blobs, &buffer)
        }));
        Ok(())
    }

    /// The sink, with all bytes before the buffer in it.
    async fn landed(&mut self) -> Result<Sink, Error> {
        if let Some(flight) = self.flight.take() {
            self.sink = Some(flight.await.map_err(|_| Error::Closed)??);
        }
        self.sink.take().ok_or(Error::Closed)
    }
}

impl Sink {
    fn take_in(mut self, blobs: &Arc<Blobs>, bytes: &[u8]) -> Result<Sink, Error> {
        self.digests.update(bytes);
        let (_, file) = match &mut self.file {
            Some(file) => file,
            none => none.insert(blobs.create()?),
        };
        file.write_all(bytes)?;
        Ok(self)
    }
}

/// Runs file or index work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Closed)?
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staged")
            .field("sums", &self.sums)
            .finish_non_exhaustive()
    }
}
