//! The checksums that S3 knows, computed while a body streams by.
//!
//! MD5 is always computed, for the ETag, and CRC-64/NVME, which guards the bytes on disk; the others when asked for.
//! Values are written as S3's headers have them: base64 of the big-endian bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A checksum algorithm of S3's `x-amz-checksum-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Algorithm {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 5] = [
        Algorithm::Crc32,
        Algorithm::Crc32c,
        Algorithm::Crc64Nvme,
        Algorithm::Sha1,
        Algorithm::Sha256,
    ];

    /// S3's name: `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
        }
    }

    /// The header that carries the value, in lower case.
    pub fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The CRC, for the algorithms that can be combined from the parts' values.
    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1 | Algorithm::Sha256 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads S3's name in any case.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Algorithm::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownAlgorithm)
    }
}

/// The name is not one of S3's checksum algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown checksum algorithm")]
pub struct UnknownAlgorithm;

/// Whether a checksum is over the object's bytes or over its parts' checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChecksumType {
    /// Over all bytes.
    FullObject,
    /// Over the concatenated checksums of the parts; the value ends in a dash and the number of parts.
    Composite,
}

impl ChecksumType {
    /// S3's name: `FULL_OBJECT` or `COMPOSITE`.
    pub fn name(self) -> &'static str {
        match self {
            ChecksumType::FullObject => "FULL_OBJECT",
            ChecksumType::Composite => "COMPOSITE",
        }
    }
}

/// One checksum of an object or part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Base64, with `-N` when composite.
    pub value: String,
    /// What it is over.
    pub kind: ChecksumType,
}

/// The running digests of one body.
pub struct Digests {
    size: u64,
    md5: Md5,
    crc64: crc_fast::Digest,
    crc32: Option<crc_fast::Digest>,
    crc32c: Option<crc_fast::Digest>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    asked: Vec<Algorithm>,
}

/// What a body came to.
#[derive(Debug, Clone)]
pub struct Sums {
    /// Bytes.
    pub size: u64,
    /// Raw MD5.
    pub md5: [u8; 16],
    /// CRC-64/NVME.
    pub crc64: u64,
    /// The algorithms asked for, base64, in the order asked.
    pub checksums: Vec<Checksum>,
}

impl Digests {
    /// Starts with no bytes; MD5 and CRC-64/NVME come always, `asked` beside them.
    pub fn new(asked: &[Algorithm]) -> Digests {
        let wants = |algorithm| asked.contains(&algorithm);
        let mut distinct: Vec<Algorithm> = Vec::new();
        for algorithm in asked {
            if !distinct.contains(algorithm) {
                distinct.push(*algorithm);
            }
        }
        Digests {
            size: 0,
            md5: Md5::new(),
            crc64: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme),
            crc32: wants(Algorithm::Crc32)
                .then(|| crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc)),
            crc32c: wants(Algorithm::Crc32c)
                .then(|| crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)),
            sha1: wants(Algorithm::Sha1).then(Sha1::new),
            sha256: wants(Algorithm::Sha256).then(Sha256::new),
            asked: distinct,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.md5.update(bytes);
        self.crc64.update(bytes);
        if let Some(digest) = &mut self.crc32 {
            digest.update(bytes);
        }
        if let Some(digest) = &mut self.crc32c {
            digest.update(bytes);
        }
        if let Some(digest) = &mut self.sha1 {
            digest.update(bytes);
        }
        if let Some(digest) = &mut self.sha256 {
            digest.update(bytes);
        }
    }

    /// Ends the body.
    pub fn finish(self) -> Sums {
        let crc64 = self.crc64.finalize();
        let sha1 = self.sha1.map(|digest| BASE64.encode(digest.finalize()));
        let sha256 = self.sha256.map(|digest| BASE64.encode(digest.finalize()));
        let crc32 = self
            .crc32
            .map(|digest| base64_of_crc(Algorithm::Crc32, digest.finalize()));
        let crc32c = self
            .crc32c
            .map(|digest| base64_of_crc(Algorithm::Crc32c, digest.finalize()));
        let checksums = self
            .asked
            .into_iter()
            .filter_map(|algorithm| {
                let value = match algorithm {
                    Algorithm::Crc32 => crc32.clone(),
                    Algorithm::Crc32c => crc32c.clone(),
                    Algorithm::Crc64Nvme => Some(base64_of_crc(Algorithm::Crc64Nvme, crc64)),
                    Algorithm::Sha1 => sha1.clone(),
                    Algorithm::Sha256 => sha256.clone(),
                }?;
                Some(Checksum {
                    algorithm,
                    value,
                    kind: ChecksumType::FullObject,
                })
            })
            .collect();
        Sums {
            size: self.size,
            md5: self.md5.finalize().into(),
            crc64,
            checksums,
        }
    }
}

impl Sums {
    /// The ETag of a plain object: hex MD5.
    pub fn etag(&self) -> String {
        hex::encode(self.md5)
    }

    /// The value of an algorithm that was asked for, or of CRC-64/NVME, base64.
    pub fn value(&self, algorithm: Algorithm) -> Option<String> {
        if algorithm == Algorithm::Crc64Nvme {
            return Some(base64_of_crc(algorithm, self.crc64));
        }
        self.checksums
            .iter()
            .find(|sum| sum.algorithm == algorithm)
            .map(|sum| sum.value.clone())
    }
}

/// The base64 of a CRC's big-endian bytes: 4 or 8 of them.
pub(crate) fn base64_of_crc(algorithm: Algorithm, value: u64) -> String {
    let bytes = value.to_be_bytes();
    match algorithm {
        Algorithm::Crc64Nvme => BASE64.encode(bytes),
        _ => BASE64.encode(&bytes[4..]),
    }
}

/// The CRC that this base64 text stands for.
fn crc_of_base64(text: &str) -> Option<u64> {
    let bytes = BASE64.decode(text).ok()?;
    if bytes.len() > 8 {
        return None;
    }
    Some(
        bytes
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)),
    )
}

/// The CRC of a whole from its parts' values and sizes, base64. None for SHA, which cannot be combined, or a bad value.
pub fn combine_full_object<'a>(
    algorithm: Algorithm,
    parts: impl Iterator<Item = (&'a str, u64)>,
) -> Option<String> {
    let crc = algorithm.crc()?;
    let mut whole = crc_fast::checksum(crc, b"");
    for (text, size) in parts {
        whole = crc_fast::checksum_combine(crc, whole, crc_of_base64(text)?, size);
    }
    Some(base64_of_crc(algorithm, whole))
}

/// The checksum over the parts' checksums, with the number of parts, as S3 writes it. None for a value that is not base64.
pub fn combine_composite<'a>(
    algorithm: Algorithm,
    parts: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let mut digests = Digests::new(&[algorithm]);
    let mut count = 0;
    for text in parts {
        digests.update(&BASE64.decode(text).ok()?);
        count += 1;
    }
    Some(format!("{}-{count}", digests.finish().value(algorithm)?))
}

/// The ETag of a multipart object: hex MD5 of the parts' raw MD5s, a dash, the number of parts. None if an ETag is not hex.
pub fn multipart_etag<'a>(etags: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut md5 = Md5::new();
    let mut count = 0;
    for etag in etags {
        md5.update(hex::decode(etag).ok()?);
        count += 1;
    }
    Some(format!("{}-{count}", hex::encode(md5.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue and of the FIPS texts for "123456789".
    #[test]
    fn known_values() {
        let mut digests = Digests::new(&Algorithm::ALL);
        digests.update(b"1234");
        digests.update(b"56789");
        let sums = digests.finish();
        let hex_of =
            |algorithm| hex::encode(BASE64.decode(sums.value(algorithm).unwrap()).unwrap());
        assert_eq!(sums.size, 9);
        assert_eq!(sums.etag(), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(hex_of(Algorithm::Crc32), "cbf43926");
        assert_eq!(hex_of(Algorithm::Crc32c), "e3069283");
        assert_eq!(hex_of(Algorithm::Crc64Nvme), "ae8b14860a799888");
        assert_eq!(
            hex_of(Algorithm::Sha1),
            "f7c3bc1d808e04732adf679965ccc34ca7ae3441"
        );
        assert_eq!(
            hex_of(Algorithm::Sha256),
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
        );
    }

    #[test]
    fn crcs_of_parts_combine_to_that_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let sum = |bytes: &[u8]| {
                let mut digests = Digests::new(&[algorithm]);
                digests.update(bytes);
                digests.finish().value(algorithm).unwrap()
            };
            let (a, b, c) = (sum(b"12"), sum(b""), sum(b"3456789"));
            let whole = combine_full_object(algorithm, [(&*a, 2), (&*b, 0), (&*c, 7)].into_iter());
            assert_eq!(whole.unwrap(), sum(b"123456789"), "{algorithm}");
        }
        assert!(combine_full_object(Algorithm::Sha256, std::iter::empty()).is_none());
    }

    #[test]
    fn names_go_both_ways() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().to_lowercase().parse(), Ok(algorithm));
            assert!(
                algorithm
                    .header()
                    .ends_with(&algorithm.name().to_lowercase())
            );
        }
        assert_eq!("MD5".parse::<Algorithm>(), Err(UnknownAlgorithm));
    }
}
