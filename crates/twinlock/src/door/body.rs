//! Bodies between hyper and ours, both ways streamed: nothing here collects.

use std::{
    error::Error as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::{Stream, stream::BoxStream};
use futures_util::stream;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use twinlock_wire::{body::Body, fault::Fault};

/// A request's body. It is read only as far as it is asked for (which is also what sends `100 Continue`), and ends with a
/// fault if it stands still for `wait` or the peer goes away.
pub(super) fn incoming(incoming: Incoming, wait: Duration) -> Body {
    if incoming.is_end_stream() {
        return Body::Empty;
    }
    let length = incoming.size_hint().exact();
    let parts = stream::unfold(Some(incoming), move |incoming| async move {
        let mut incoming = incoming?;
        loop {
            let fault = match tokio::time::timeout(wait, incoming.frame()).await {
                Err(_) => still(),
                Ok(None) => return None,
                Ok(Some(Err(error))) => broken(&error),
                // HTTP's own trailers say nothing here: those of aws-chunked lie within the body.
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => return Some((Ok(data), Some(incoming))),
                    Err(_) => continue,
                },
            };
            return Some((Err(fault), None));
        }
    });
    Body::stream(parts, length)
}

fn still() -> Fault {
    Fault::new(
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
    )
}

fn broken(error: &hyper::Error) -> Fault {
    tracing::debug!(%error, cause = error.source().map(ToString::to_string), "a request's body broke off");
    Fault::new(
        "IncompleteBody",
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

/// An answer's body as hyper wants it.
pub struct Outgoing(Out);

enum Out {
    Full(Option<Bytes>),
    Stream(BoxStream<'static, Result<Bytes, Fault>>, Option<u64>),
}

impl Outgoing {
    /// Wraps an answer's body.
    pub fn new(body: Body) -> Self {
        Outgoing(match body {
            Body::Empty => Out::Full(None),
            Body::Full(bytes) => Out::Full(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Body::Stream(parts, length) => Out::Stream(parts.into_stream(), length),
        })
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({:?})", self.size_hint())
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        match &mut self.0 {
            Out::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Out::Stream(stream, left) => {
                let part = std::task::ready!(Pin::new(stream).poll_next(cx));
                if let Some(Err(fault)) = &part {
                    // The head with 200 is long gone. Breaking the connection is the only way left to say that the
                    // object is not whole; ending the body properly would be a lie.
                    tracing::error!(%fault, "an answer's body broke off");
                }
                if let (Some(left), Some(Ok(bytes))) = (left, &part) {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                Poll::Ready(part.map(|part| part.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Out::Full(bytes) => bytes.is_none(),
            Out::Stream(_, left) => *left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Out::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Out::Stream(_, Some(left)) => SizeHint::with_exact(*left),
            Out::Stream(_, None) => SizeHint::default(),
        }
    }
}
