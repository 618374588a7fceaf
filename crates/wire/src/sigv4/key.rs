//! Signing keys, and a bounded cache of them: deriving costs four HMACs, about as much as the rest of a verification.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::TERMINATOR;

/// HMAC-SHA256 of one message.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    // INVARIANT: HMAC takes a key of any length; new_from_slice has an error only for the trait's sake.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// The key of one day, region and service, derived from a secret access key. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// Derives the key; `date` is eight digits.
    pub fn derive(secret_access_key: &str, date: &str, region: &str, service: &str) -> SigningKey {
        let mut start = Zeroizing::new(Vec::with_capacity(4 + secret_access_key.len()));
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret_access_key.as_bytes());
        let day = Zeroizing::new(hmac_sha256(&start, date.as_bytes()));
        let region = Zeroizing::new(hmac_sha256(&*day, region.as_bytes()));
        let service = Zeroizing::new(hmac_sha256(&*region, service.as_bytes()));
        SigningKey(Zeroizing::new(hmac_sha256(
            &*service,
            TERMINATOR.as_bytes(),
        )))
    }

    /// The HMAC of a string to sign.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        hmac_sha256(&*self.0, message)
    }
}

/// Whether `given` is the lower-case hexadecimal of `expected`, in time that does not depend on where they differ.
pub(crate) fn same_signature(expected: &[u8; 32], given: &str) -> bool {
    let mut text = [0u8; 64];
    // INVARIANT: 32 bytes make exactly 64 hexadecimal digits.
    hex::encode_to_slice(expected, &mut text).expect("64 digits for 32 bytes");
    text.ct_eq(given.as_bytes()).into()
}

const SHARDS: usize = 16;
const KEYS_A_SHARD_MAX: usize = 512;

struct Entry {
    secret: Zeroizing<String>,
    date: String,
    region: String,
    service: String,
    key: SigningKey,
}

/// Signing keys already derived, by secret, day, region and service: at most 8,192.
///
/// An entry counts only with the very secret it was derived from, so that replacing a secret needs no invalidation. A full
/// shard is emptied: simpler than an order of use, and deriving again costs a microsecond.
pub struct SigningKeys {
    hasher: RandomState,
    shards: [Mutex<HashMap<u64, Entry>>; SHARDS],
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKeys(..)")
    }
}

impl Default for SigningKeys {
    fn default() -> Self {
        SigningKeys::new()
    }
}

impl SigningKeys {
    /// An empty cache.
    pub fn new() -> SigningKeys {
        SigningKeys {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
        }
    }

    /// The key for a secret and scope: from the cache, or derived and kept.
    pub fn get(
        &self,
        secret_access_key: &str,
        date: &str,
        region: &str,
        service: &str,
    ) -> SigningKey {
        let hash = self
            .hasher
            .hash_one((secret_access_key, date, region, service));
        let shard = &self.shards[(hash >> 60) as usize % SHARDS];
        // A poisoned shard holds keys that are still right: entries are complete when they are inserted.
        let mut entries = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(&hash)
            && entry.date == date
            && entry.region == region
            && entry.service == service
            && bool::from(entry.secret.as_bytes().ct_eq(secret_access_key.as_bytes()))
        {
            return entry.key.clone();
        }
        let key = SigningKey::derive(secret_access_key, date, region, service);
        if entries.len() >= KEYS_A_SHARD_MAX {
            entries.clear();
        }
        entries.insert(
            hash,
            Entry {
                secret: Zeroizing::new(secret_access_key.to_owned()),
                date: date.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
                key: key.clone(),
            },
        );
        key
    }
}
