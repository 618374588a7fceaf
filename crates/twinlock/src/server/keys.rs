//! The keys that temporary credentials are sealed with: kept in the directory, themselves sealed under the master key.

use serde::{Deserialize, Serialize};
use twinlock_directory::{Directory, Random, SystemRandom};
use twinlock_gate::token::TokenKey;
use zeroize::{Zeroize, Zeroizing};

use super::StartError;

/// The name under which the directory keeps them.
const NAME: &str = "token-keys";

/// Keys and the identity of the data that they were drawn for. Kept together: were the identity only compared in memory, a
/// crash between its renewal and ours would leave a copy with the original's keys.
#[derive(Serialize, Deserialize)]
struct Ring {
    identity: String,
    keys: Vec<Stored>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    seal: [u8; 32],
    derive: [u8; 32],
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.seal.zeroize();
        self.derive.zeroize();
    }
}

/// The token keys of this data directory, the newest last. New data gets new ones, and so does a copy or a restored
/// backup: a session of the original must not open the copy, nor one that was revoked since come back with the backup.
pub(super) async fn token_keys(directory: &Directory) -> Result<Vec<TokenKey>, StartError> {
    let kept = directory.meta_get_sealed(NAME)?;
    let kept: Option<Ring> = kept.and_then(|json| serde_json::from_slice(&json).ok());
    let keys = match kept {
        Some(ring) if ring.identity == directory.identity() && !ring.keys.is_empty() => ring.keys,
        other => {
            // The version goes on from the old one, so that an old token fails by its version and is not even tried.
            let last = other.and_then(|ring| ring.keys.last().map(|key| key.version));
            let version = last.map_or(1, |version| version.wrapping_add(1));
            let mut key = Stored {
                version,
                seal: [0; 32],
                derive: [0; 32],
            };
            SystemRandom.fill(&mut key.seal);
            SystemRandom.fill(&mut key.derive);
            let ring = Ring {
                identity: directory.identity().to_owned(),
                keys: vec![key],
            };
            // INVARIANT: text and numbers always serialise.
            let json = Zeroizing::new(serde_json::to_vec(&ring).unwrap_or_default());
            directory.meta_put_sealed(NAME, &json)?.await?;
            ring.keys
        }
    };
    let open = |key: &Stored| TokenKey {
        version: key.version,
        seal: Zeroizing::new(key.seal),
        derive: Zeroizing::new(key.derive),
    };
    Ok(keys.iter().map(open).collect())
}
