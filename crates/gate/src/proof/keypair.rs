//! Key pairs that sign web identity tokens: an account's own, with which it vouches for its identities elsewhere
//! (sts:GetWebIdentityToken), and those of the providers that tests make up.
//!
//! ring signs and makes the ECDSA keys. It makes no RSA keys, so the `rsa` crate does; nothing secret is computed with that
//! crate's keys afterwards.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::jwks::Algorithm;

/// Bits of an RSA key: what every verifier takes.
const RSA_BITS: usize = 2048;

/// A key pair of one algorithm.
pub struct KeyPair {
    algorithm: Algorithm,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.algorithm.name())
    }
}

/// A key pair could not be made or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key pair could not be made or used")]
pub struct KeyPairError;

impl KeyPair {
    /// A new key pair for RS256, ES256 or ES384. An RSA key takes some tenths of a second.
    ///
    /// # Errors
    /// Another algorithm, or no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyPairError> {
        let pkcs8 = match (ec(algorithm), algorithm) {
            (Some(ec), _) => {
                let made = EcdsaKeyPair::generate_pkcs8(ec, &SystemRandom::new());
                made.map_err(|_| KeyPairError)?.as_ref().to_vec()
            }
            (None, Algorithm::Rs256) => {
                use rsa::pkcs8::EncodePrivateKey;
                let key = rsa::PrivateKey::new(&mut getrandom::SysRng, RSA_BITS);
                let key = key.map_err(|_| KeyPairError)?;
                let document = key.to_pkcs8_der().map_err(|_| KeyPairError)?;
                document.as_bytes().to_vec()
            }
            (None, _) => return Err(KeyPairError),
        };
        Ok(Self::stored(algorithm, pkcs8))
    }

    /// The key pair of this PKCS#8 document, as [`KeyPair::pkcs8`] gave it.
    pub fn stored(algorithm: Algorithm, pkcs8: Vec<u8>) -> Self {
        Self {
            algorithm,
            pkcs8: Zeroizing::new(pkcs8),
        }
    }

    /// The private key, to be stored sealed.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// What it signs by.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A signature over `message`.
    ///
    /// # Errors
    /// The key is none of its algorithm.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyPairError> {
        let random = SystemRandom::new();
        if let Some(ec) = ec(self.algorithm) {
            let key = EcdsaKeyPair::from_pkcs8(ec, &self.pkcs8, &random);
            let signed = key.map_err(|_| KeyPairError)?.sign(&random, message);
            return Ok(signed.map_err(|_| KeyPairError)?.as_ref().to_vec());
        }
        let key = RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| KeyPairError)?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .map_err(|_| KeyPairError)?;
        Ok(signature)
    }

    /// The public key as a JSON Web Key under this id.
    ///
    /// # Errors
    /// The key is none of its algorithm.
    pub fn jwk(&self, id: &str) -> Result<Value, KeyPairError> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let alg = self.algorithm.name();
        if let Some(ec) = ec(self.algorithm) {
            let key = EcdsaKeyPair::from_pkcs8(ec, &self.pkcs8, &SystemRandom::new())
                .map_err(|_| KeyPairError)?;
            // An uncompressed point: 4, x, y.
            let point = key.public_key().as_ref();
            let (x, y) = point[1..].split_at(point.len() / 2);
            let crv = if self.algorithm == Algorithm::Es256 {
                "P-256"
            } else {
                "P-384"
            };
            return Ok(json!({
                "kty": "EC", "crv": crv, "x": text(x), "y": text(y),
                "kid": id, "use": "sig", "alg": alg,
            }));
        }
        let key = RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| KeyPairError)?;
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
        Ok(json!({
            "kty": "RSA", "n": text(&public.n), "e": text(&public.e),
            "kid": id, "use": "sig", "alg": alg,
        }))
    }

    /// A JSON Web Token of these claims, signed under this key id.
    ///
    /// # Errors
    /// The key is none of its algorithm.
    pub fn token(&self, id: &str, claims: &Value) -> Result<String, KeyPairError> {
        let header = json!({ "alg": self.algorithm.name(), "kid": id, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }
}

fn ec(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => None,
    }
}
