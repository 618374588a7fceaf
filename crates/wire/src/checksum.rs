//! S3's checksums of bodies: which ones a request promises, computing them, and comparing at the end.
//!
//! A request promises a checksum in a header (`x-amz-checksum-crc32`, `Content-MD5`) or announces one that follows the body
//! (`x-amz-trailer`). Both are compared only when the body has ended; [`crate::chunked`] does it on the way through.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc_fast::CrcAlgorithm;
use http::HeaderMap;
use sha2::Digest as _;

use crate::chunked::BodyError;

/// A checksum algorithm of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME, the SDKs' default for whole objects.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// MD5, in `Content-MD5` only.
    Md5,
}

impl Algorithm {
    /// The algorithms that have an `x-amz-checksum-*` header.
    pub const AMZ: [Algorithm; 5] = [
        Algorithm::Crc32,
        Algorithm::Crc32c,
        Algorithm::Crc64Nvme,
        Algorithm::Sha1,
        Algorithm::Sha256,
    ];

    /// AWS's name, as in `x-amz-sdk-checksum-algorithm`.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Md5 => "MD5",
        }
    }

    /// The header or trailer that carries the value in base64.
    pub const fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
            Algorithm::Md5 => "content-md5",
        }
    }

    /// The algorithm of AWS's name, in any case; `MD5` is none of these.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::AMZ
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm of a header's or trailer's name, in any case.
    pub fn from_header(name: &str) -> Option<Algorithm> {
        Algorithm::AMZ
            .into_iter()
            .find(|algorithm| algorithm.header().eq_ignore_ascii_case(name))
    }

    /// Length of the raw value in bytes.
    pub const fn digest_bytes(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme => 8,
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
        }
    }

    /// Decodes a value in base64 of exactly the right length.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        STANDARD
            .decode(text.trim())
            .ok()
            .filter(|digest| digest.len() == self.digest_bytes())
    }

    /// The checksum of bytes at hand, in base64.
    pub fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        STANDARD.encode(hasher.finish())
    }
}

/// A checksum being computed.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Crc32(crc_fast::Digest),
    Crc64(crc_fast::Digest),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Md5(md5::Md5),
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher(..)")
    }
}

impl Hasher {
    /// A fresh one.
    pub fn new(algorithm: Algorithm) -> Hasher {
        Hasher(match algorithm {
            Algorithm::Crc32 => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc)),
            Algorithm::Crc32c => State::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)),
            Algorithm::Crc64Nvme => State::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme)),
            Algorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Md5 => State::Md5(md5::Md5::new()),
        })
    }

    /// Takes more of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32(crc) | State::Crc64(crc) => crc.update(bytes),
            State::Sha1(hash) => hash.update(bytes),
            State::Sha256(hash) => hash.update(bytes),
            State::Md5(hash) => hash.update(bytes),
        }
    }

    /// The raw value, big-endian as S3 sends it.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            // A 32-bit CRC sits in the lower half of the wider number.
            State::Crc32(crc) => crc.finalize().to_be_bytes()[4..].to_vec(),
            State::Crc64(crc) => crc.finalize().to_be_bytes().to_vec(),
            State::Sha1(hash) => hash.finalize().to_vec(),
            State::Sha256(hash) => hash.finalize().to_vec(),
            State::Md5(hash) => hash.finalize().to_vec(),
        }
    }
}

/// A promised value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// By which algorithm.
    pub algorithm: Algorithm,
    /// The raw value.
    pub digest: Vec<u8>,
}

/// What a request promises about its body's checksums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Promises {
    /// Values in headers: at most one `x-amz-checksum-*`, and perhaps `Content-MD5`.
    pub values: Vec<Expected>,
    /// The algorithm whose value follows the body.
    pub trailer: Option<Algorithm>,
    /// `x-amz-sdk-checksum-algorithm`.
    pub declared: Option<Algorithm>,
}

impl Promises {
    /// Reads the headers. Not for CompleteMultipartUpload, whose `x-amz-checksum-*` headers speak of the object and not of
    /// the body: that one takes [`Promises::content_md5_only`].
    ///
    /// # Errors
    /// Values of the wrong length or no base64, two values, an announced algorithm without a value.
    pub fn from_headers(headers: &HeaderMap) -> Result<Promises, BodyError> {
        let mut promises = Promises::content_md5_only(headers)?;
        let mut value = None;
        for algorithm in Algorithm::AMZ {
            for given in headers.get_all(algorithm.header()) {
                let digest = given
                    .to_str()
                    .ok()
                    .and_then(|text| algorithm.decode(text))
                    .ok_or(BodyError::ChecksumHeaderInvalid(algorithm.header()))?;
                if value.replace(Expected { algorithm, digest }).is_some() {
                    return Err(BodyError::SeveralChecksums);
                }
            }
        }
        promises.trailer = trailer(headers)?;
        if value.is_some() && promises.trailer.is_some() {
            return Err(BodyError::SeveralChecksums);
        }
        if let Some(given) = headers.get("x-amz-sdk-checksum-algorithm") {
            let declared = given.to_str().ok().and_then(Algorithm::from_name).ok_or(
                BodyError::ChecksumHeaderInvalid("x-amz-sdk-checksum-algorithm"),
            )?;
            let found = value
                .as_ref()
                .map(|value| value.algorithm)
                .or(promises.trailer);
            // Content-MD5 serves where the SDK is older than the checksums.
            if found.is_none() && promises.values.is_empty() {
                return Err(BodyError::ChecksumAbsent);
            }
            if found.is_some_and(|found| found != declared) {
                return Err(BodyError::ChecksumHeaderInvalid(
                    "x-amz-sdk-checksum-algorithm",
                ));
            }
            promises.declared = Some(declared);
        }
        promises.values.extend(value);
        Ok(promises)
    }

    /// Reads `Content-MD5` alone.
    ///
    /// # Errors
    /// [`BodyError::ContentMd5Invalid`].
    pub fn content_md5_only(headers: &HeaderMap) -> Result<Promises, BodyError> {
        let mut promises = Promises::default();
        let mut given = headers.get_all(Algorithm::Md5.header()).iter();
        if let Some(value) = given.next() {
            let text = value.to_str().unwrap_or_default();
            let digest = Algorithm::Md5
                .decode(text)
                .filter(|_| given.next().is_none())
                .ok_or_else(|| BodyError::ContentMd5Invalid(text.chars().take(64).collect()))?;
            promises.values.push(Expected {
                algorithm: Algorithm::Md5,
                digest,
            });
        }
        Ok(promises)
    }
}

/// `x-amz-trailer`: at most one name, and that a checksum's.
fn trailer(headers: &HeaderMap) -> Result<Option<Algorithm>, BodyError> {
    let mut found = None;
    for value in headers.get_all("x-amz-trailer") {
        for name in value.to_str().unwrap_or("?").split(',') {
            let name = name.trim();
            let algorithm = Algorithm::from_header(name)
                .ok_or_else(|| BodyError::TrailerUnknown(name.chars().take(64).collect()))?;
            if found.replace(algorithm).is_some() {
                return Err(BodyError::SeveralChecksums);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
