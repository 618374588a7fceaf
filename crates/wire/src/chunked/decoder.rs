//! The `aws-chunked` framing: sizes, chunk signatures chained from the request's own, trailers.
//!
//! Data leaves the decoder as it comes in, before its chunk's signature has been seen: so memory stays bounded whatever a
//! client calls a chunk. That is safe because the consumer believes a stream only once it has ended without an error, which
//! [`Decoder::finish`] alone can say; an object is written under another name until then.

use bytes::{Buf as _, Bytes};
use sha2::{Digest as _, Sha256};

use super::BodyError;
use crate::{
    checksum::Algorithm,
    signature::{Mismatch, moment},
    sigv4::{Claim, SigningKey, same_signature},
};

/// A chunk header is a size, `;chunk-signature=` and 64 digits.
const CHUNK_HEADER_BYTES_MAX: usize = 128;
const TRAILER_LINE_BYTES_MAX: usize = 512;
const TRAILER_LINES_MAX: usize = 8;
/// Only the last chunk may be smaller.
pub(crate) const CHUNK_BYTES_MIN: u64 = 8192;
const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// From where the chain of chunk signatures starts.
#[derive(Debug, Clone)]
pub struct Seed {
    key: SigningKey,
    access_key_id: String,
    timestamp: String,
    scope: String,
    previous: String,
}

impl Seed {
    /// The chain that begins at a verified claim's signature.
    pub fn new(claim: &Claim, key: SigningKey) -> Seed {
        Seed {
            key,
            access_key_id: claim.access_key_id.clone(),
            timestamp: moment::basic(claim.timestamp_ms),
            scope: claim.scope(),
            previous: claim.signature.clone(),
        }
    }

    fn chunk_text(&self, hash: &[u8; 32]) -> String {
        format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{SHA256_OF_NOTHING}\n{}",
            self.timestamp,
            self.scope,
            self.previous,
            hex::encode(hash)
        )
    }

    fn trailer_text(&self, trailers: &[(String, String)]) -> String {
        let mut lines: Vec<String> = trailers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        lines.sort_unstable();
        format!(
            "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}",
            self.timestamp,
            self.scope,
            self.previous,
            hex::encode(Sha256::digest(lines.concat()))
        )
    }

    fn check(&mut self, text: String, given: &str) -> Result<(), BodyError> {
        if !same_signature(&self.key.sign(text.as_bytes()), given) {
            return Err(BodyError::SignatureMismatch(Box::new(Mismatch {
                access_key_id: self.access_key_id.clone(),
                string_to_sign: text,
                canonical_request: String::new(),
                signature_provided: given.to_owned(),
            })));
        }
        given.clone_into(&mut self.previous);
        Ok(())
    }

    fn next(&mut self, text: &str) -> String {
        self.previous = hex::encode(self.key.sign(text.as_bytes()));
        self.previous.clone()
    }

    /// Frames `data` as one signed chunk, for clients of ours and for tests; empty data is the last chunk.
    pub fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        let signature = self.next(&self.chunk_text(&Sha256::digest(data).into()));
        let mut out = format!("{:x};chunk-signature={signature}\r\n", data.len()).into_bytes();
        if !data.is_empty() {
            out.extend_from_slice(data);
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// The trailers with their signature, and the end of the body; follows the empty chunk.
    pub fn trailers(&mut self, trailers: &[(String, String)]) -> Vec<u8> {
        let signature = self.next(&self.trailer_text(trailers));
        let mut out = String::new();
        for (name, value) in trailers {
            out.push_str(&format!("{name}:{value}\r\n"));
        }
        out.push_str(&format!("{TRAILER_SIGNATURE}:{signature}\r\n\r\n"));
        out.into_bytes()
    }
}

#[derive(Debug)]
enum State {
    /// In a chunk's first line.
    Header,
    /// Inside data, so many bytes to come.
    Data(u64),
    /// In the CRLF after data.
    DataEnd,
    /// In the lines after the last chunk.
    Trailers,
    /// All has been seen; one more CRLF is let pass, which minio-go writes.
    Done,
}

/// Takes the framing off a body, part by part.
#[derive(Debug)]
pub struct Decoder {
    /// The chain, when chunks are signed.
    seed: Option<Seed>,
    /// Whether `x-amz-trailer-signature` must come.
    trailer: bool,
    announced: Option<Algorithm>,
    length: u64,
    seen: u64,
    chunk: u64,
    short: Option<u64>,
    signature: String,
    hash: Sha256,
    line: Vec<u8>,
    after: usize,
    trailers: Vec<(String, String)>,
    trailer_signed: bool,
    blanks: u8,
    state: State,
}

impl Decoder {
    /// A decoder for a body of `length` bytes of data (`x-amz-decoded-content-length`). `seed` is given when chunks are
    /// signed; `trailer` when trailers may follow, of which `announced` (`x-amz-trailer`) must.
    pub fn new(
        seed: Option<Seed>,
        trailer: bool,
        announced: Option<Algorithm>,
        length: u64,
    ) -> Decoder {
        Decoder {
            seed,
            trailer,
            announced,
            length,
            seen: 0,
            chunk: 0,
            short: None,
            signature: String::new(),
            hash: Sha256::new(),
            line: Vec::new(),
            after: 0,
            trailers: Vec::new(),
            trailer_signed: false,
            blanks: 0,
            state: State::Header,
        }
    }

    /// Takes the next part of the body and hands out the data in it, not yet to be believed.
    ///
    /// # Errors
    /// As soon as something is wrong; the decoder is of no use afterwards.
    pub fn push(&mut self, mut input: Bytes, out: &mut Vec<Bytes>) -> Result<(), BodyError> {
        while !input.is_empty() {
            match self.state {
                State::Header => {
                    if self.take_line(&mut input, CHUNK_HEADER_BYTES_MAX)? {
                        let line = std::mem::take(&mut self.line);
                        self.chunk_header(&line)?;
                    }
                }
                State::Data(left) => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    let data = input.split_to(take);
                    if self.seed.is_some() {
                        self.hash.update(&data);
                    }
                    self.seen += take as u64;
                    out.push(data);
                    let left = left - take as u64;
                    self.state = State::Data(left);
                    if left == 0 {
                        self.end_of_data()?;
                        self.state = State::DataEnd;
                    }
                }
                State::DataEnd => {
                    if input.get_u8() != b"\r\n"[self.after] {
                        return Err(BodyError::Malformed("a chunk is longer than its size"));
                    }
                    self.after += 1;
                    if self.after == 2 {
                        self.after = 0;
                        self.state = State::Header;
                    }
                }
                State::Trailers => {
                    if self.take_line(&mut input, TRAILER_LINE_BYTES_MAX)? {
                        let line = std::mem::take(&mut self.line);
                        self.trailer_line(&line)?;
                    }
                }
                State::Done => {
                    if self.after >= 2 || input.get_u8() != b"\r\n"[self.after] {
                        return Err(BodyError::Malformed("data after the last chunk"));
                    }
                    self.after += 1;
                }
            }
        }
        Ok(())
    }

    /// Says that the body has ended; gives the trailers. Only now may the data be believed.
    ///
    /// # Errors
    /// [`BodyError::Incomplete`] when more should have come.
    pub fn finish(mut self) -> Result<Vec<(String, String)>, BodyError> {
        // Some clients leave out the last line end. What was to be proved has been, or fails here.
        if matches!(self.state, State::Trailers) {
            let line = std::mem::take(&mut self.line);
            if !line.is_empty() {
                self.trailer_line(&line)?;
            }
            self.blanks = 2;
            self.trailer_line(b"")?;
        }
        // INVARIANT, checked twice: the chunk headers never promise more than the length, the end never less.
        if !matches!(self.state, State::Done) || self.seen != self.length {
            return Err(BodyError::Incomplete);
        }
        Ok(self.trailers)
    }

    /// Moves bytes to the line buffer up to a line feed, which is kept out of it; tells whether the line is whole.
    fn take_line(&mut self, input: &mut Bytes, bytes_max: usize) -> Result<bool, BodyError> {
        let end = memchr::memchr(b'\n', input);
        let take = end.unwrap_or(input.len());
        if self.line.len() + take > bytes_max {
            return Err(BodyError::Malformed("a line is too long"));
        }
        self.line.extend_from_slice(&input[..take]);
        input.advance(take + usize::from(end.is_some()));
        Ok(end.is_some())
    }

    fn chunk_header(&mut self, line: &[u8]) -> Result<(), BodyError> {
        const WRONG: BodyError = BodyError::Malformed("a chunk header is not well-formed");
        let text = line
            .strip_suffix(b"\r")
            .and_then(|line| std::str::from_utf8(line).ok())
            .ok_or(WRONG)?;
        let (size, signature) = match text.split_once(";chunk-signature=") {
            Some((size, signature)) if self.seed.is_some() => (size, signature),
            None if self.seed.is_none() => (text, ""),
            _ => return Err(WRONG),
        };
        if !(1..=16).contains(&size.len()) || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        let size = u64::from_str_radix(size, 16).map_err(|_| WRONG)?;
        if size > self.length - self.seen {
            return Err(BodyError::Incomplete);
        }
        self.chunk += 1;
        signature.clone_into(&mut self.signature);
        if size == 0 {
            if self.seen != self.length {
                return Err(BodyError::Incomplete);
            }
            self.end_of_data()?;
            self.state = State::Trailers;
            return Ok(());
        }
        if let Some(short) = self.short {
            return Err(BodyError::ChunkTooSmall {
                chunk: self.chunk - 1,
                size: short,
            });
        }
        self.short = (size < CHUNK_BYTES_MIN).then_some(size);
        self.state = State::Data(size);
        Ok(())
    }

    fn end_of_data(&mut self) -> Result<(), BodyError> {
        if let Some(seed) = &mut self.seed {
            let text = seed.chunk_text(&self.hash.finalize_reset_into());
            seed.check(text, &self.signature)?;
        }
        Ok(())
    }

    fn trailer_line(&mut self, line: &[u8]) -> Result<(), BodyError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let wait = self.seed.is_some() && self.trailer && !self.trailer_signed;
            // Clients disagree whether the empty chunk has a line end of its own, and minio-go writes one before the
            // signature. Nothing hangs on it: the signature covers the trailers.
            if wait && self.blanks < 2 {
                self.blanks += 1;
                return Ok(());
            }
            let given = self.trailers.iter().map(|(name, _)| name.as_str());
            if wait || !given.eq(self.announced.map(Algorithm::header)) {
                return Err(BodyError::TrailerMalformed);
            }
            self.state = State::Done;
            return Ok(());
        }
        let (name, value) = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once(':'))
            .ok_or(BodyError::TrailerMalformed)?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        if !self.trailer || self.trailer_signed || self.trailers.len() >= TRAILER_LINES_MAX {
            return Err(BodyError::TrailerMalformed);
        }
        if name == TRAILER_SIGNATURE {
            let Some(seed) = &mut self.seed else {
                return Err(BodyError::TrailerMalformed);
            };
            let text = seed.trailer_text(&self.trailers);
            seed.check(text, value)?;
            self.trailer_signed = true;
            return Ok(());
        }
        self.trailers.push((name, value.to_owned()));
        Ok(())
    }
}

/// Takes the hash of what was fed and starts anew.
trait FinalizeReset {
    fn finalize_reset_into(&mut self) -> [u8; 32];
}

impl FinalizeReset for Sha256 {
    fn finalize_reset_into(&mut self) -> [u8; 32] {
        self.finalize_reset().into()
    }
}
