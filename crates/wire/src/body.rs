//! A request or answer body: nothing, bytes at hand, or bytes still on their way.
//!
//! Objects of S3 are streamed; everything else is small and collected. A stream yields a [`Fault`] where the body turns
//! out to be false (a wrong chunk signature or checksum), so that whoever stores it must see the end before believing it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_core::stream::{BoxStream, Stream};
use futures_util::StreamExt;

use crate::fault::Fault;

/// The bytes of a message.
#[derive(Default)]
pub enum Body {
    /// No bytes.
    #[default]
    Empty,
    /// All bytes.
    Full(Bytes),
    /// Bytes to come, and how many if that is known.
    Stream(Parts, Option<u64>),
}

/// Bytes on their way. The lock is never taken: it only makes an input that holds a stream shareable between threads, which
/// an operation's asynchronous look-ups need.
pub struct Parts(Mutex<BoxStream<'static, Result<Bytes, Fault>>>);

impl Parts {
    /// The stream itself.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Fault>> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    /// A body of bytes to come, and how many if that is known.
    pub fn stream(
        parts: impl Stream<Item = Result<Bytes, Fault>> + Send + 'static,
        length: Option<u64>,
    ) -> Body {
        Body::Stream(Parts(Mutex::new(parts.boxed())), length)
    }

    /// The number of bytes, where it is known.
    pub fn known_length(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Full(bytes) => Some(bytes.len() as u64),
            Body::Stream(_, length) => *length,
        }
    }

    /// Reads all bytes.
    ///
    /// # Errors
    /// `EntityTooLarge` (400) beyond `limit_bytes`, and whatever the stream itself finds wrong.
    pub async fn collect(self, limit_bytes: usize) -> Result<Bytes, Fault> {
        self.collect_counted(limit_bytes, |_| Ok(())).await
    }

    /// Reads all bytes, telling `count` of every part's length before the part is kept.
    ///
    /// # Errors
    /// Those of [`Body::collect`], and what `count` answers.
    pub async fn collect_counted(
        self,
        limit_bytes: usize,
        mut count: impl FnMut(usize) -> Result<(), Fault>,
    ) -> Result<Bytes, Fault> {
        let (mut stream, length) = match self {
            Body::Empty => return Ok(Bytes::new()),
            Body::Full(bytes) if bytes.len() <= limit_bytes => return Ok(bytes),
            Body::Full(_) => return Err(too_large()),
            Body::Stream(parts, length) => (parts.into_stream(), length),
        };
        if length.is_some_and(|n| n > limit_bytes as u64) {
            return Err(too_large());
        }
        let mut all = BytesMut::new();
        while let Some(part) = stream.next().await {
            let part = part?;
            if all.len().saturating_add(part.len()) > limit_bytes {
                return Err(too_large());
            }
            count(part.len())?;
            all.extend_from_slice(&part);
        }
        Ok(all.freeze())
    }

    /// The body as a stream, whatever it was.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Fault>> {
        match self {
            Body::Empty => futures_util::stream::empty().boxed(),
            Body::Full(bytes) => futures_util::stream::once(std::future::ready(Ok(bytes))).boxed(),
            Body::Stream(parts, _) => parts.into_stream(),
        }
    }
}

fn too_large() -> Fault {
    Fault::new(
        "EntityTooLarge",
        400,
        "Your proposed upload exceeds the maximum allowed size",
    )
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => f.write_str("Body::Empty"),
            Body::Full(bytes) => write!(f, "Body::Full({} bytes)", bytes.len()),
            Body::Stream(_, Some(n)) => write!(f, "Body::Stream({n} bytes)"),
            Body::Stream(_, None) => f.write_str("Body::Stream(unknown length)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Body::Empty
        } else {
            Body::Full(bytes)
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}
