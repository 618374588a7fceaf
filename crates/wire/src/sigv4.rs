//! Signature version 4: read a claim, check its time, verify it; and sign, with the same canonicaliser.
//!
//! A [`Claim`] is what a request says of itself, parsed strictly and not yet believed. It becomes worth something in two
//! steps: [`check_time`] needs no secret and comes first, [`verify`] needs the [`SigningKey`]. Signing lives here as well,
//! for tests and for our own commands: one canonicaliser cannot disagree with itself, and AWS's published examples in
//! `tests.rs` keep it from agreeing with itself only.
//!
//! Where AWS's rules differ by service, the scope's service decides: S3 encodes the path once and does not normalise it,
//! all others normalise it and encode it twice.
//!
//! Choices that grant less than AWS documents, on purpose: every `x-amz-*` header and `host` must be signed for every
//! service; a session token in a presigned query is part of the signed query (appending it afterwards, as AWS IoT allows,
//! does not verify); presigned requests to services other than S3 live 15 minutes at most.

mod canonical;
mod key;
mod parse;
pub(crate) mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use key::{SigningKey, SigningKeys};
pub use sign::{Payload, Signer};
pub use verify::{check_time, verify};

pub(crate) use key::same_signature;
pub(crate) use parse::{parse_header, parse_query, payload_hash, scope};

/// The only algorithm accepted; asymmetric SigV4a is not.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(crate) const TERMINATOR: &str = "aws4_request";

/// Whether S3's rules of signing hold for a scope's service: the path is encoded once, the payload's hash must be declared, and
/// may be declared unsigned or streaming. Directory buckets and Object Lambda sign under names of their own, by the same rules.
pub fn signs_as_s3(service: &str) -> bool {
    matches!(service, "s3" | "s3express" | "s3-object-lambda")
}

/// Where a request carries its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The Authorization header: `s3:authType` REST-HEADER.
    Header,
    /// The query, presigned: REST-QUERY-STRING.
    Query,
    /// A POST form's fields: POST.
    Form,
}

/// What the canonical request says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash {
    /// The SHA-256 of the body, declared by the request. The body must still be compared with it.
    Sha256([u8; 32]),
    /// S3 only: the signature does not cover the body.
    Unsigned,
    /// S3 only: an `aws-chunked` body.
    Streaming {
        /// Every chunk carries a signature.
        signed: bool,
        /// Trailing headers follow the chunks.
        trailer: bool,
    },
    /// Nothing declared, services other than S3: the hash of the body as received counts.
    OfBody,
}

impl PayloadHash {
    /// The value of `x-amz-content-sha256`, if the request declares one.
    pub fn declared(&self) -> Option<String> {
        Some(match self {
            PayloadHash::Sha256(hash) => hex::encode(hash),
            PayloadHash::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
            PayloadHash::Streaming { signed: false, .. } => {
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned()
            }
            PayloadHash::Streaming { trailer: false, .. } => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned()
            }
            PayloadHash::Streaming { .. } => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".to_owned()
            }
            PayloadHash::OfBody => return None,
        })
    }
}

/// What a request claims about who signed it. Unverified until [`verify`] says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Header, query or form.
    pub source: Source,
    /// 1 to 128 printable characters without a slash; whether anyone has it is for the directory to say.
    pub access_key_id: String,
    /// The scope's day: eight digits, equal to the day of `timestamp_ms`.
    pub date: String,
    /// The scope's region: any short word.
    pub region: String,
    /// The scope's service: `iam`, `sts`, `s3` …
    pub service: String,
    /// Lower-case names, sorted, without repetition.
    pub signed_headers: Vec<String>,
    /// As it came; compared in constant time.
    pub signature: String,
    /// The request's own time, milliseconds since the epoch.
    pub timestamp_ms: u64,
    /// X-Amz-Expires of a presigned request.
    pub expires_seconds: Option<u64>,
    /// Temporary credentials' token, at most [`crate::signature::SESSION_TOKEN_BYTES_MAX`] bytes.
    pub session_token: Option<String>,
    /// What is said of the body.
    pub payload: PayloadHash,
}

impl Claim {
    /// `DATE/REGION/SERVICE/aws4_request`.
    pub fn scope(&self) -> String {
        format!(
            "{}/{}/{}/{TERMINATOR}",
            self.date, self.region, self.service
        )
    }

    /// Whether S3's rules of canonicalisation hold.
    pub fn is_s3(&self) -> bool {
        signs_as_s3(&self.service)
    }

    /// Refuses a scope of another service than the one the request is for.
    ///
    /// # Errors
    /// [`crate::signature::SignatureError::WrongService`].
    pub fn expect_service(&self, service: &str) -> Result<(), crate::signature::SignatureError> {
        if self.service == service {
            return Ok(());
        }
        Err(crate::signature::SignatureError::WrongService {
            given: self.service.clone(),
            expected: service.to_owned(),
        })
    }
}
