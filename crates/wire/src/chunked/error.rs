//! How a body fails, and S3's words for it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    checksum::Algorithm,
    fault::{Fault, Protocol},
    signature::{Mismatch, SignatureError},
};

/// A body that is not what its request promised. Only S3 streams, so the words are S3's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Shorter than promised, or cut off inside the framing.
    #[error("the body ended too early, or is longer than promised")]
    Incomplete,
    /// `x-amz-decoded-content-length` is absent.
    #[error("x-amz-decoded-content-length is missing")]
    DecodedLengthMissing,
    /// `x-amz-decoded-content-length` is no number.
    #[error("x-amz-decoded-content-length `{0}` is not valid")]
    DecodedLengthInvalid(String),
    /// The framing is wrong; what about it.
    #[error("the chunked body is malformed: {0}")]
    Malformed(&'static str),
    /// A chunk that is not the last has less than 8,192 bytes.
    #[error("chunk {chunk} has only {size} bytes")]
    ChunkTooSmall {
        /// Counted from one.
        chunk: u64,
        /// Bytes.
        size: u64,
    },
    /// The trailers are ill-formed, or not the announced ones.
    #[error("the trailers are malformed")]
    TrailerMalformed,
    /// `x-amz-trailer` announces what is no checksum.
    #[error("the trailer `{0}` is not supported")]
    TrailerUnknown(String),
    /// A chunk's or the trailers' signature differs.
    #[error("the signature of a part of the body does not match")]
    SignatureMismatch(Box<Mismatch>),
    /// The whole body's hash differs from `x-amz-content-sha256`.
    #[error("the body does not have the declared hash")]
    PayloadMismatch {
        /// In hexadecimal.
        declared: String,
        /// In hexadecimal.
        computed: String,
    },
    /// A signed stream without a version 4 signature, or `x-amz-content-sha256` that means nothing.
    #[error("x-amz-content-sha256 `{0}` is not valid here")]
    PayloadHashInvalid(String),
    /// A checksum header has a value of the wrong form.
    #[error("the value of {0} is not valid")]
    ChecksumHeaderInvalid(&'static str),
    /// A checksum trailer has a value of the wrong form.
    #[error("the value of trailer {0} is not valid")]
    ChecksumTrailerInvalid(&'static str),
    /// More than one checksum.
    #[error("more than one checksum is given")]
    SeveralChecksums,
    /// `x-amz-sdk-checksum-algorithm` without a value anywhere.
    #[error("a checksum is announced, but none is given")]
    ChecksumAbsent,
    /// Content-MD5 is no base64 of 16 bytes.
    #[error("the Content-MD5 `{0}` is not valid")]
    ContentMd5Invalid(String),
    /// A checksum differs.
    #[error("the {} of the body differs", algorithm.name())]
    BadDigest {
        /// Which.
        algorithm: Algorithm,
        /// Raw, as promised.
        expected: Vec<u8>,
        /// Raw, as computed.
        computed: Vec<u8>,
    },
}

impl BodyError {
    /// The error in S3's words.
    pub fn fault(&self) -> Fault {
        let invalid = |text: String| Fault::new("InvalidRequest", 400, text);
        match self {
            BodyError::Incomplete => Fault::new(
                "IncompleteBody",
                400,
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
            ),
            BodyError::DecodedLengthMissing => Fault::new(
                "MissingContentLength",
                411,
                "You must provide the Content-Length HTTP header.",
            ),
            BodyError::DecodedLengthInvalid(given) => Fault::new(
                "InvalidArgument",
                400,
                "The value of x-amz-decoded-content-length is not valid.",
            )
            .with("ArgumentName", "x-amz-decoded-content-length")
            .with("ArgumentValue", given.as_str()),
            BodyError::Malformed(what) => invalid(format!("The chunked body is malformed: {what}.")),
            BodyError::ChunkTooSmall { chunk, size } => Fault::new(
                "InvalidChunkSizeError",
                403,
                "Only the last chunk is allowed to have a size less than 8192 bytes",
            )
            .with("Chunk", chunk.to_string())
            .with("BadChunkSize", size.to_string()),
            BodyError::TrailerMalformed => Fault::new(
                "MalformedTrailerError",
                400,
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            ),
            BodyError::TrailerUnknown(_) => {
                invalid("The value specified in the x-amz-trailer header is not supported".to_owned())
            }
            BodyError::SignatureMismatch(found) => {
                SignatureError::Mismatch(found.clone()).fault(Protocol::RestXml)
            }
            BodyError::PayloadMismatch { declared, computed } => SignatureError::PayloadMismatch {
                declared: declared.clone(),
                computed: computed.clone(),
            }
            .fault(Protocol::RestXml),
            BodyError::PayloadHashInvalid(given) => {
                SignatureError::PayloadHashInvalid(given.clone()).fault(Protocol::RestXml)
            }
            BodyError::ChecksumHeaderInvalid(name) => {
                invalid(format!("Value for {name} header is invalid."))
            }
            BodyError::ChecksumTrailerInvalid(name) => {
                invalid(format!("Value for {name} trailing header is invalid."))
            }
            BodyError::SeveralChecksums => invalid(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.".to_owned(),
            ),
            BodyError::ChecksumAbsent => invalid(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.".to_owned(),
            ),
            BodyError::ContentMd5Invalid(given) => Fault::new(
                "InvalidDigest",
                400,
                "The Content-MD5 you specified was invalid.",
            )
            .with("Content-MD5", given.as_str()),
            BodyError::BadDigest { algorithm: Algorithm::Md5, expected, computed } => Fault::new(
                "BadDigest",
                400,
                "The Content-MD5 you specified did not match what we received.",
            )
            .with("ExpectedDigest", STANDARD.encode(expected))
            .with("CalculatedDigest", STANDARD.encode(computed)),
            BodyError::BadDigest { algorithm, .. } => Fault::new(
                "BadDigest",
                400,
                format!(
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                ),
            ),
        }
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Fault {
        error.fault()
    }
}
