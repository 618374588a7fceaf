//! The keys that temporary credentials are sealed with: kept in the directory, themselves sealed under the master key.
//!
//! A key seals for a month. Its successor is made durable before it seals anything, and the old one opens for 36 hours more, which is
//! the longest life of a session that it may have sealed.

use serde::{Deserialize, Serialize};
use twinlock_directory::{Directory, Millis, Random, SystemRandom};
use twinlock_gate::token::{SESSION_MS_MAX, TokenKey, Tokens};
use zeroize::{Zeroize, Zeroizing};

use super::StartError;

/// The name under which the directory keeps them.
const NAME: &str = "token-keys";
/// How long a key seals.
const SEALS_MS: Millis = 30 * 24 * 3_600_000;
/// How long it opens afterwards.
const OPENS_MS: Millis = SESSION_MS_MAX;

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
    /// When it was drawn; those of earlier versions do not say, and are old.
    #[serde(default)]
    made: Millis,
    /// When another took its place.
    #[serde(default)]
    superseded: Option<Millis>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.seal.zeroize();
        self.derive.zeroize();
    }
}

impl Stored {
    fn draw(version: u8, now: Millis) -> Stored {
        let mut key = Stored {
            version,
            seal: [0; 32],
            derive: [0; 32],
            made: now,
            superseded: None,
        };
        SystemRandom.fill(&mut key.seal);
        SystemRandom.fill(&mut key.derive);
        key
    }
}

impl Ring {
    fn read(directory: &Directory) -> Result<Option<Ring>, StartError> {
        let kept = directory.meta_get_sealed(NAME)?;
        Ok(kept.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    async fn write(&self, directory: &Directory) -> Result<(), StartError> {
        // INVARIANT: text and numbers always serialise.
        let json = Zeroizing::new(serde_json::to_vec(self).unwrap_or_default());
        directory.meta_put_sealed(NAME, &json)?.await?;
        Ok(())
    }

    fn opened(&self) -> Vec<TokenKey> {
        let open = |key: &Stored| TokenKey {
            version: key.version,
            seal: Zeroizing::new(key.seal),
            derive: Zeroizing::new(key.derive),
        };
        self.keys.iter().map(open).collect()
    }

    /// Draws a new key where the newest has sealed long enough, and drops those that have opened long enough. Answers
    /// whether anything changed.
    fn turn(&mut self, now: Millis) -> bool {
        let before = self.keys.len();
        let alive = |key: &Stored| key.superseded.is_none_or(|at| now < at + OPENS_MS);
        self.keys.retain(alive);
        let mut changed = self.keys.len() != before;
        if let Some(newest) = self.keys.last_mut()
            && newest.made + SEALS_MS <= now
        {
            newest.superseded = Some(now);
            // A byte is enough: no more than a few keys live at a time.
            let version = newest.version.wrapping_add(1);
            self.keys.push(Stored::draw(version, now));
            changed = true;
        }
        changed
    }
}

/// The token keys of this data directory, the newest last. New data gets new ones, and so does a copy or a restored
/// backup: a session of the original must not open the copy, nor one that was revoked since come back with the backup.
pub(super) async fn token_keys(
    directory: &Directory,
    now: Millis,
) -> Result<Vec<TokenKey>, StartError> {
    let ring = match Ring::read(directory)? {
        Some(mut ring) if ring.identity == directory.identity() && !ring.keys.is_empty() => {
            if ring.turn(now) {
                ring.write(directory).await?;
            }
            ring
        }
        other => {
            // The version goes on from the old one, so that an old token fails by its version and is not even tried.
            let last = other.and_then(|ring| ring.keys.last().map(|key| key.version));
            let version = last.map_or(1, |version| version.wrapping_add(1));
            let ring = Ring {
                identity: directory.identity().to_owned(),
                keys: vec![Stored::draw(version, now)],
            };
            ring.write(directory).await?;
            ring
        }
    };
    Ok(ring.opened())
}

/// Changes the keys while the server runs, when it is time.
pub(super) async fn rotate(
    directory: &Directory,
    tokens: &Tokens,
    now: Millis,
) -> Result<(), StartError> {
    if let Some(mut ring) = Ring::read(directory)?
        && ring.turn(now)
    {
        // Durable first: what a new key sealed must open after a crash.
        ring.write(directory).await?;
        tokens.replace_keys(ring.opened());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use twinlock_gate::token::{Session, SessionOf};

    use super::*;

    const DAY: Millis = 24 * 3_600_000;

    #[tokio::test]
    async fn a_key_seals_for_a_month_and_opens_for_36_hours_more() {
        let directory = Directory::in_memory(Default::default()).expect("a directory");
        let start = 1_000 * DAY;
        let tokens = Tokens::new(token_keys(&directory, start).await.expect("keys"));
        let of = SessionOf::User {
            account: "111111111111".parse().expect("an id"),
            user_id: None,
        };
        let session = Session::new(of, start, start + DAY);
        let (old, _) = tokens.issue(&session).expect("issued");
        let opens = |made: &twinlock_gate::token::Credentials| {
            tokens
                .open(&made.access_key_id, &made.session_token)
                .is_some()
        };
        rotate(&directory, &tokens, start + 29 * DAY)
            .await
            .expect("nothing to do");
        let (before, _) = tokens.issue(&session).expect("issued");
        rotate(&directory, &tokens, start + 30 * DAY)
            .await
            .expect("rotated");
        let (new, _) = tokens.issue(&session).expect("issued");
        assert!(opens(&old) && opens(&before) && opens(&new));
        // A restart at this time has both keys, too.
        let again = Tokens::new(
            token_keys(&directory, start + 30 * DAY)
                .await
                .expect("keys"),
        );
        assert!(again.open(&old.access_key_id, &old.session_token).is_some());
        assert!(again.open(&new.access_key_id, &new.session_token).is_some());
        rotate(&directory, &tokens, start + 30 * DAY + OPENS_MS - 1)
            .await
            .expect("nothing to do");
        assert!(opens(&old));
        rotate(&directory, &tokens, start + 30 * DAY + OPENS_MS)
            .await
            .expect("retired");
        assert!(!opens(&old) && !opens(&before) && opens(&new));
    }
}
