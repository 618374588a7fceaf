//! An issuer's public keys, as a JSON Web Key Set publishes them (RFC 7517), and the signatures they verify.
//!
//! The algorithms are those that AWS takes: RS256, RS384, RS512, ES256, ES384. The algorithm in a token's header chooses among
//! the keys that fit it, so no HMAC with a public key as its secret and no `none` can ever verify.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

/// Keys of one set, as AWS bounds them: 100 RSA and 100 EC keys.
const KEYS_MAX: usize = 200;

/// A signature algorithm that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
}

impl Algorithm {
    /// The algorithm of this name in a token's header; none: it is not taken.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            _ => return None,
        })
    }

    /// Its name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
            Self::Es256 | Self::Es384 => None,
        }
    }
}

/// One public key.
#[derive(Debug, Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    kind: KeyKind,
}

#[derive(Debug, Clone)]
enum KeyKind {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
}

impl Key {
    /// Whether a token of this key id and algorithm may be verified with the key. A token without a key id fits every key.
    pub fn fits(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let kind = match (&self.kind, algorithm) {
            (KeyKind::Rsa { .. }, _) => algorithm.rsa().is_some(),
            (KeyKind::P256(_), Algorithm::Es256) | (KeyKind::P384(_), Algorithm::Es384) => true,
            (KeyKind::P256(_) | KeyKind::P384(_), _) => false,
        };
        let named = self
            .algorithm
            .as_deref()
            .is_none_or(|own| own == algorithm.name());
        kind && named && (id.is_none() || self.id.as_deref() == id)
    }

    /// Whether `signature` is the key's over `signed`.
    pub fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let ec = |algorithm: &'static dyn VerificationAlgorithm, point: &[u8]| {
            UnparsedPublicKey::new(algorithm, point)
                .verify(signed, signature)
                .is_ok()
        };
        match (&self.kind, algorithm) {
            (KeyKind::Rsa { n, e }, _) => algorithm.rsa().is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, signed, signature)
                    .is_ok()
            }),
            (KeyKind::P256(point), Algorithm::Es256) => ec(&ECDSA_P256_SHA256_FIXED, point),
            (KeyKind::P384(point), Algorithm::Es384) => ec(&ECDSA_P384_SHA384_FIXED, point),
            _ => false,
        }
    }
}

/// Reads a key set. Keys of other kinds and for other uses are left out, as RFC 7517 asks.
///
/// # Errors
/// It is no key set, or one of too many keys.
pub fn parse(json: &[u8]) -> Result<Vec<Key>, &'static str> {
    let set: Value = serde_json::from_slice(json).map_err(|_| "it is no JSON")?;
    let keys = set
        .get("keys")
        .and_then(Value::as_array)
        .ok_or("it has no list `keys`")?;
    if keys.len() > KEYS_MAX {
        return Err("it has too many keys");
    }
    Ok(keys.iter().filter_map(key).collect())
}

fn key(jwk: &Value) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(text(name)?.trim_end_matches('='))
            .ok()
    };
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let point = |size: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == size && y.len() == size).then(|| [&[4][..], &x, &y].concat())
    };
    let kind = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            // ring wants both without leading zeros.
            let number = |name| {
                let bytes = bytes(name)?;
                let first = bytes.iter().position(|b| *b != 0)?;
                Some(bytes[first..].to_vec())
            };
            KeyKind::Rsa {
                n: number("n")?,
                e: number("e")?,
            }
        }
        ("EC", Some("P-256")) => KeyKind::P256(point(32)?),
        ("EC", Some("P-384")) => KeyKind::P384(point(48)?),
        _ => return None,
    };
    Some(Key {
        id: text("kid").map(str::to_owned),
        algorithm: text("alg").map(str::to_owned),
        kind,
    })
}
