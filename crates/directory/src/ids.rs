//! Unique ids, access keys and other names that Twinlock draws, in AWS's forms.
//!
//! Randomness is a parameter, so that a test can foresee what is drawn. See AWS's IAM guide, "Unique identifiers", for the
//! prefixes; all of its ids are written in base32 (`A`–`Z`, `2`–`7`).

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{model::AccountId, secret::Secret};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Random characters of a unique id after its four-letter prefix.
const UNIQUE_CHARS: usize = 17;
/// Random characters of an access key id after its four-letter prefix.
const ACCESS_KEY_CHARS: usize = 16;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[allow(
        clippy::expect_used,
        reason = "without randomness no key is safe; stopping is the only right answer"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // INVARIANT: on Linux the call fails only where the system has no such facility at all.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A foreseeable stream for tests: the same seed gives the same bytes. Never for a server.
#[derive(Debug, Default)]
pub struct SeededRandom {
    seed: u64,
    blocks: AtomicU64,
}

impl SeededRandom {
    /// The stream of this seed.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom {
            seed,
            blocks: AtomicU64::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.blocks.fetch_add(1, Ordering::Relaxed);
            let digest = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(block.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

fn base32(random: &dyn Random, prefix: &str, chars: usize) -> String {
    let mut bytes = vec![0; chars];
    random.fill(&mut bytes);
    let drawn = bytes
        .iter()
        .map(|byte| char::from(BASE32[usize::from(byte % 32)]));
    prefix.chars().chain(drawn).collect()
}

/// A user's unique id: `AIDA…`, 21 characters.
pub fn user_id(random: &dyn Random) -> String {
    base32(random, "AIDA", UNIQUE_CHARS)
}

/// A role's unique id: `AROA…`, 21 characters.
pub fn role_id(random: &dyn Random) -> String {
    base32(random, "AROA", UNIQUE_CHARS)
}

/// A user group's unique id: `AGPA…`, 21 characters.
pub fn group_id(random: &dyn Random) -> String {
    base32(random, "AGPA", UNIQUE_CHARS)
}

/// A managed policy's unique id: `ANPA…`, 21 characters.
pub fn policy_id(random: &dyn Random) -> String {
    base32(random, "ANPA", UNIQUE_CHARS)
}

/// An instance profile's unique id: `AIPA…`, 21 characters.
pub fn instance_profile_id(random: &dyn Random) -> String {
    base32(random, "AIPA", UNIQUE_CHARS)
}

/// A certificate's unique id: `ASCA…`, 21 characters.
pub fn certificate_id(random: &dyn Random) -> String {
    base32(random, "ASCA", UNIQUE_CHARS)
}

/// A SAML provider's unique id, AWS's SAMLProviderUUID, or an OpenID Connect provider's, which is never shown.
pub fn provider_id(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    hex::encode(bytes)
}

/// The id of a virtual MFA device's row, 21 characters; AWS shows no such id, so the prefix is ours.
pub fn mfa_device_id(random: &dyn Random) -> String {
    base32(random, "AMFA", UNIQUE_CHARS)
}

/// A virtual MFA device's seed: 64 characters of base32, 320 random bits.
pub fn mfa_seed(random: &dyn Random) -> Secret {
    Secret::new(base32(random, "", 64))
}

/// A signing certificate's id: 32 characters.
pub fn signing_certificate_id(random: &dyn Random) -> String {
    base32(random, "", 32)
}

/// An SSH public key's id: `APKA…`, 21 characters.
pub fn ssh_public_key_id(random: &dyn Random) -> String {
    base32(random, "APKA", UNIQUE_CHARS)
}

/// The id of a credential for one service: `ACCA…`, 21 characters.
pub fn service_credential_id(random: &dyn Random) -> String {
    base32(random, "ACCA", UNIQUE_CHARS)
}

/// A long-term access key id: `AKIA…`, 20 characters. (Temporary ones, `ASIA…`, are the gate's.)
pub fn access_key_id(random: &dyn Random) -> String {
    base32(random, "AKIA", ACCESS_KEY_CHARS)
}

/// A secret access key: 40 characters of base64, 240 random bits.
pub fn secret_access_key(random: &dyn Random) -> Secret {
    let mut bytes = zeroize::Zeroizing::new([0; 30]);
    random.fill(&mut *bytes);
    Secret::new(STANDARD.encode(*bytes))
}

/// A new account's id: twelve digits, the first not zero.
pub fn account_id(random: &dyn Random) -> AccountId {
    const FIRST: u64 = 100_000_000_000;
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    let number = FIRST + u64::from_be_bytes(bytes) % (9 * FIRST);
    // INVARIANT: `number` has twelve digits.
    AccountId::from_number(number).unwrap_or_else(|| AccountId::from_digits([b'1'; 12]))
}

/// An account's canonical id for S3: 64 hexadecimal digits.
pub fn canonical_id(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    hex::encode(bytes)
}

/// An organization's id: `o-` and ten characters.
pub fn organization_id(random: &dyn Random) -> String {
    lower(random, "o-", 10)
}

/// The id of an organization's root: `r-` and four characters.
pub fn organization_root_id(random: &dyn Random) -> String {
    lower(random, "r-", 4)
}

/// An organizational unit's id: `ou-`, its root's id, and eight characters.
pub fn organizational_unit_id(random: &dyn Random, root_id: &str) -> String {
    let root = root_id.strip_prefix("r-").unwrap_or(root_id);
    lower(random, &format!("ou-{root}-"), 8)
}

/// The id of a service or resource control policy: `p-` and ten characters.
pub fn control_policy_id(random: &dyn Random) -> String {
    lower(random, "p-", 10)
}

/// The id of an organization's resource policy: `rp-` and eight characters.
pub fn organization_resource_policy_id(random: &dyn Random) -> String {
    lower(random, "rp-", 8)
}

/// A handshake's id: `h-` and twelve characters.
pub fn handshake_id(random: &dyn Random) -> String {
    lower(random, "h-", 12)
}

/// The id of a request for an account: `car-` and 32 characters.
pub fn account_request_id(random: &dyn Random) -> String {
    lower(random, "car-", 32)
}

fn lower(random: &dyn Random, prefix: &str, chars: usize) -> String {
    let drawn = base32(random, "", chars).to_ascii_lowercase();
    format!("{prefix}{drawn}")
}

/// A bucket's unique id, under which the object store keeps its data: 26 characters of lower-case base32, safe in a path.
pub fn bucket_id(random: &dyn Random) -> String {
    base32(random, "", 26).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_aws_prefixes_lengths_and_alphabet() {
        let random = SeededRandom::new(7);
        let unique = [
            ("AIDA", user_id(&random)),
            ("AROA", role_id(&random)),
            ("AGPA", group_id(&random)),
            ("ANPA", policy_id(&random)),
            ("AIPA", instance_profile_id(&random)),
            ("ASCA", certificate_id(&random)),
        ];
        for (prefix, id) in unique {
            assert!(id.starts_with(prefix) && id.len() == 21, "{id}");
            assert!(id.bytes().all(|byte| BASE32.contains(&byte)), "{id}");
        }
        let key = access_key_id(&random);
        assert!(key.starts_with("AKIA") && key.len() == 20, "{key}");
        assert_eq!(secret_access_key(&random).expose().len(), 40);
        assert_eq!(canonical_id(&random).len(), 64);
        assert_eq!(bucket_id(&random).len(), 26);
        for _ in 0..100 {
            assert_ne!(account_id(&random).as_str().as_bytes()[0], b'0');
        }
    }

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(
            user_id(&SeededRandom::new(1)),
            user_id(&SeededRandom::new(1))
        );
        assert_ne!(
            user_id(&SeededRandom::new(1)),
            user_id(&SeededRandom::new(2))
        );
        assert_ne!(user_id(&SystemRandom), user_id(&SystemRandom));
    }
}
