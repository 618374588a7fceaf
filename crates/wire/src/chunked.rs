//! A request's body on its way in: framing taken off, hash, length and checksums compared when it ends.
//!
//! One [`Check`] holds all that a request promises about its body. [`checked`] lays it over a stream of bytes: data passes
//! as it comes, with bounded memory, and the stream ends cleanly only when every promise held. **Whoever consumes the
//! stream believes it only when it has ended** ([`Receipt::checked`] is there from then on): a chunk's signature follows
//! the chunk's data, and a checksum may follow the whole body.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use crate::{
    body::Body,
    checksum::{Algorithm, Hasher, Promises},
    sigv4::{Claim, PayloadHash, SigningKey},
};

mod decoder;
mod error;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Seed};
pub use error::BodyError;

/// What was found when a body had ended and all promises held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Bytes of data, without framing.
    pub length: u64,
    /// The checksums computed, in base64: promised ones and those asked for.
    pub checksums: Vec<(Algorithm, String)>,
}

/// All that a request promises about its body.
#[derive(Debug)]
pub struct Check {
    decoder: Option<Decoder>,
    sha256: Option<([u8; 32], Sha256)>,
    hashers: Vec<(Algorithm, Hasher)>,
    promises: Promises,
    length: Option<u64>,
    seen: u64,
}

impl Check {
    /// Reads the promises from the headers. `claim` is the verified version 4 claim with its key, if there is one;
    /// `also` names checksums to compute beyond the promised ones.
    ///
    /// # Errors
    /// When promises are ill-formed or contradict each other.
    pub fn new(
        headers: &HeaderMap,
        claim: Option<(&Claim, &SigningKey)>,
        promises: Promises,
        also: &[Algorithm],
    ) -> Result<Check, BodyError> {
        let payload = match claim {
            Some((claim, _)) => claim.payload,
            None => unsigned_payload(headers)?,
        };
        let (mut decoder, mut length) = (None, number(headers, "content-length")?);
        if let PayloadHash::Streaming { signed, trailer } = payload {
            let decoded = number(headers, "x-amz-decoded-content-length")?
                .ok_or(BodyError::DecodedLengthMissing)?;
            let seed = match (signed, claim) {
                (false, _) => None,
                (true, Some((claim, key))) => Some(Seed::new(claim, key.clone())),
                // Chunk signatures need a signature to start from.
                (true, None) => {
                    return Err(BodyError::PayloadHashInvalid(
                        payload.declared().unwrap_or_default(),
                    ));
                }
            };
            length = Some(decoded);
            decoder = Some(Decoder::new(seed, trailer, promises.trailer, decoded));
        } else if promises.trailer.is_some() {
            return Err(BodyError::TrailerMalformed);
        }
        if matches!(payload, PayloadHash::Streaming { trailer: false, .. })
            && promises.trailer.is_some()
        {
            return Err(BodyError::TrailerMalformed);
        }
        let mut algorithms: Vec<Algorithm> = also.to_vec();
        algorithms.extend(promises.values.iter().map(|value| value.algorithm));
        algorithms.extend(promises.trailer);
        algorithms.sort_unstable();
        algorithms.dedup();
        Ok(Check {
            decoder,
            sha256: match payload {
                PayloadHash::Sha256(hash) => Some((hash, Sha256::new())),
                _ => None,
            },
            hashers: algorithms
                .into_iter()
                .map(|algorithm| (algorithm, Hasher::new(algorithm)))
                .collect(),
            promises,
            length,
            seen: 0,
        })
    }

    /// The body as its consumer sees it: data without framing, ending in a [`crate::fault::Fault`] unless every promise held.
    ///
    /// An empty body is checked as well, so the result is always a stream.
    pub fn over(self, body: Body) -> (Body, Receipt) {
        let length = self.length;
        let (stream, receipt) = checked(body.into_stream(), self);
        (Body::stream(stream, length), receipt)
    }

    /// Bytes of data that will come, without framing, if the request says so.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Takes the next part of the body and hands out its data, not yet to be believed.
    ///
    /// # Errors
    /// As soon as something is wrong.
    pub fn push(&mut self, input: Bytes, out: &mut Vec<Bytes>) -> Result<(), BodyError> {
        let from = out.len();
        match &mut self.decoder {
            Some(decoder) => decoder.push(input, out)?,
            None if input.is_empty() => {}
            None => out.push(input),
        }
        for data in &out[from..] {
            self.seen += data.len() as u64;
            if let Some((_, hash)) = &mut self.sha256 {
                hash.update(data);
            }
            for (_, hasher) in &mut self.hashers {
                hasher.update(data);
            }
        }
        if self.length.is_some_and(|length| self.seen > length) {
            return Err(BodyError::Incomplete);
        }
        Ok(())
    }

    /// Says that the body has ended, and compares.
    ///
    /// # Errors
    /// The promise that did not hold.
    pub fn finish(self) -> Result<Checked, BodyError> {
        if self.length.is_some_and(|length| self.seen != length) {
            return Err(BodyError::Incomplete);
        }
        let trailers = match self.decoder {
            Some(decoder) => decoder.finish()?,
            None => Vec::new(),
        };
        if let Some((declared, hash)) = self.sha256 {
            let computed: [u8; 32] = hash.finalize().into();
            if computed != declared {
                return Err(BodyError::PayloadMismatch {
                    declared: hex::encode(declared),
                    computed: hex::encode(computed),
                });
            }
        }
        let mut expected = self.promises.values;
        for (name, value) in &trailers {
            // The decoder has let only the announced checksum pass.
            let algorithm = Algorithm::from_header(name).ok_or(BodyError::TrailerMalformed)?;
            let digest = algorithm
                .decode(value)
                .ok_or(BodyError::ChecksumTrailerInvalid(algorithm.header()))?;
            expected.push(crate::checksum::Expected { algorithm, digest });
        }
        let mut checksums = Vec::with_capacity(self.hashers.len());
        for (algorithm, hasher) in self.hashers {
            let computed = hasher.finish();
            if let Some(value) = expected
                .iter()
                .find(|value| value.algorithm == algorithm && value.digest != computed)
            {
                return Err(BodyError::BadDigest {
                    algorithm,
                    expected: value.digest.clone(),
                    computed,
                });
            }
            checksums.push((algorithm, STANDARD.encode(&computed)));
        }
        Ok(Checked {
            length: self.seen,
            checksums,
        })
    }
}

/// Without a version 4 signature (anonymous, version 2) the header alone says how the body comes.
fn unsigned_payload(headers: &HeaderMap) -> Result<PayloadHash, BodyError> {
    let Some(given) = headers.get("x-amz-content-sha256") else {
        return Ok(PayloadHash::Unsigned);
    };
    let text = given.to_str().unwrap_or_default();
    crate::sigv4::payload_hash(text, true)
        .map_err(|_| BodyError::PayloadHashInvalid(text.chars().take(128).collect()))
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, BodyError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let digits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && values.next().is_none() => Ok(Some(number)),
        _ => Err(BodyError::DecodedLengthInvalid(
            text.chars().take(32).collect(),
        )),
    }
}

/// Takes `aws-chunked` out of a Content-Encoding value; what is left is the object's own, if anything.
pub fn object_content_encoding(value: &str) -> Option<String> {
    let rest: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!rest.is_empty()).then(|| rest.join(","))
}

/// Where the result of a checked stream lies once it has ended well.
#[derive(Debug, Clone, Default)]
pub struct Receipt(Arc<OnceLock<Checked>>);

impl Receipt {
    /// The result; `None` until the stream has ended, and for ever if it failed.
    pub fn checked(&self) -> Option<&Checked> {
        self.0.get()
    }
}

/// A body read through a [`Check`].
pub struct CheckedStream<S> {
    body: Pin<Box<S>>,
    check: Option<Check>,
    ready: std::collections::VecDeque<Bytes>,
    receipt: Receipt,
}

impl<S> std::fmt::Debug for CheckedStream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckedStream(..)")
    }
}

/// Lays a check over a body. The stream's errors are the body's own, or made from a [`BodyError`].
pub fn checked<S, E>(body: S, check: Check) -> (CheckedStream<S>, Receipt)
where
    S: Stream<Item = Result<Bytes, E>>,
    E: From<BodyError>,
{
    let receipt = Receipt::default();
    let stream = CheckedStream {
        body: Box::pin(body),
        check: Some(check),
        ready: std::collections::VecDeque::new(),
        receipt: receipt.clone(),
    };
    (stream, receipt)
}

impl<S, E> Stream for CheckedStream<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: From<BodyError>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(data) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(data)));
            }
            let Some(check) = &mut this.check else {
                return Poll::Ready(None);
            };
            match std::task::ready!(this.body.as_mut().poll_next(cx)) {
                Some(Ok(input)) => {
                    let mut out = Vec::new();
                    if let Err(error) = check.push(input, &mut out) {
                        this.check = None;
                        return Poll::Ready(Some(Err(error.into())));
                    }
                    this.ready.extend(out);
                }
                Some(Err(error)) => {
                    this.check = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    let result = this.check.take().map(Check::finish);
                    return match result {
                        Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
                        Some(Ok(checked)) => {
                            // The stream is the only writer, and comes here once.
                            let _ = this.receipt.0.set(checked);
                            Poll::Ready(None)
                        }
                        None => Poll::Ready(None),
                    };
                }
            }
        }
    }
}
