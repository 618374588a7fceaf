//! What persons have let programs do: rows beside the sign-in rows, sealed, found by the slot of the sign-in and a random id.
//!
//! A row begins as a code and becomes a pair of refresh token and key when the code is redeemed. Of secrets only hashes are kept.
//! It ends with its sign-in, or when somebody presents its code a second time: then the first one may have been a thief.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use twinlock_directory::{AccountId, Bar, Barred, Millis};
use twinlock_gate::{Fault, World};

use crate::sessions::Sealed;

const PREFIX: &str = "console/grant/";
/// How long a code is good for.
const CODE_MS: Millis = 5 * 60 * 1000;
/// How long a bar must hold that ends credentials: as long as those live at most, and a minute for those being made meanwhile.
const BAR_MS: Millis = 16 * 60 * 1000;
/// Programs that one sign-in lets in at a time; the oldest makes room.
const GRANTS_MAX: usize = 16;
/// Hexadecimal characters of a slot and of the rest of an id.
const SLOT_CHARS: usize = 16;
const ID_CHARS: usize = 32;

/// One person's yes to one program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// The program's client id.
    pub client: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// The SHA-256 of the program's verifier, in base64url.
    pub challenge: String,
    /// Whoever acted in the console then: the person, or the role that it was switched to.
    pub acting: Sealed,
    /// The account of that session, where it can be barred.
    pub account: AccountId,
    /// When the person said yes.
    pub made: Millis,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum State {
    /// The program has yet to come for it.
    Code { code: String },
    /// It has come.
    Tokens {
        /// The hash of the code, to know it again.
        code: String,
        /// The hash of the refresh token.
        refresh: String,
        /// The thumbprint of the program's key.
        key: String,
    },
}

/// Why a code or refresh token is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worthless {
    /// It is none, or none any more.
    Unknown,
    /// It has been used: whatever came of it ends.
    Reused,
}

/// The turn in which rows are looked at and altered, one at a time.
#[derive(Debug, Default)]
pub(crate) struct Grants(Mutex<()>);

/// A code or refresh token: the row's id and a secret.
fn split(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.split_once('.')?;
    let good = id.len() == ID_CHARS && id.bytes().all(|b| b.is_ascii_hexdigit());
    good.then_some((id, secret))
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn row(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn load(world: &World, id: &str) -> Option<Grant> {
    let json = world.directory.meta_get_sealed(&row(id)).ok()??;
    serde_json::from_slice(&json).ok()
}

fn random(world: &World, bytes: usize) -> String {
    let mut random = vec![0; bytes];
    world.random.fill(&mut random);
    hex::encode(random)
}

impl Grants {
    fn turn(&self) -> std::sync::MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a person's yes, and gives the code for the program.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn begin(
        &self,
        world: &World,
        slot: &str,
        asked: super::authorize::Asked,
        acting: Sealed,
        account: AccountId,
    ) -> Result<String, Fault> {
        let (id, secret) = (format!("{slot}{}", random(world, 8)), random(world, 32));
        let grant = Grant {
            client: asked.client.id().to_owned(),
            redirect_uri: asked.redirect_uri,
            challenge: asked.challenge,
            acting,
            account,
            made: world.clock.now(),
            state: State::Code {
                code: hash(&secret),
            },
        };
        let mut before = of_slot(world, slot);
        before.sort_by_key(|(_, grant)| grant.made);
        let too_many = (before.len() + 1).saturating_sub(GRANTS_MAX);
        for (old, grant) in before.into_iter().take(too_many) {
            end(world, &old, &grant).await?;
        }
        let written = {
            let _turn = self.turn();
            put(world, &id, &grant)?
        };
        written.await.map_err(|_| Fault::internal())?;
        Ok(format!("{id}.{secret}"))
    }

    /// The grant of a code; what of it must fit is for the caller to see to. Good until [`Grants::redeem`].
    pub(crate) fn of_code(&self, world: &World, code: &str) -> Result<(String, Grant), Worthless> {
        let (id, secret) = split(code).ok_or(Worthless::Unknown)?;
        let grant = load(world, id).ok_or(Worthless::Unknown)?;
        let hashed = hash(secret);
        match &grant.state {
            State::Code { code } if same(code, &hashed) => {
                if grant.made + CODE_MS <= world.clock.now() {
                    return Err(Worthless::Unknown);
                }
                Ok((id.to_owned(), grant))
            }
            State::Tokens { code, .. } if same(code, &hashed) => Err(Worthless::Reused),
            _ => Err(Worthless::Unknown),
        }
    }

    /// Binds the grant of a code to the program's key, and gives the refresh token. Of two who come with the same code at the
    /// same time one does.
    ///
    /// # Errors
    /// [`Worthless::Reused`]; the store could not write.
    pub(crate) async fn redeem(
        &self,
        world: &World,
        id: &str,
        key: &str,
    ) -> Result<String, Result<Worthless, Fault>> {
        let secret = random(world, 32);
        let written = {
            let _turn = self.turn();
            let mut grant = load(world, id).ok_or(Ok(Worthless::Unknown))?;
            let State::Code { code } = &grant.state else {
                return Err(Ok(Worthless::Reused));
            };
            grant.state = State::Tokens {
                code: code.clone(),
                refresh: hash(&secret),
                key: key.to_owned(),
            };
            put(world, id, &grant).map_err(Err)?
        };
        written.await.map_err(|_| Err(Fault::internal()))?;
        Ok(format!("{id}.{secret}"))
    }

    /// The grant of a refresh token shown by the holder of this key.
    pub(crate) fn of_refresh(
        &self,
        world: &World,
        refresh: &str,
        key: &str,
    ) -> Option<(String, Grant)> {
        let (id, secret) = split(refresh)?;
        let grant = load(world, id)?;
        let State::Tokens {
            refresh: known,
            key: own,
            ..
        } = &grant.state
        else {
            return None;
        };
        (same(known, &hash(secret)) & same(own, key)).then(|| (id.to_owned(), grant))
    }

    /// Ends the grant that a code belongs to, and the credentials that came of it.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn end_of_code(&self, world: &World, code: &str) -> Result<(), Fault> {
        let Some((id, grant)) = split(code).and_then(|(id, _)| Some((id, load(world, id)?))) else {
            return Ok(());
        };
        end(world, id, &grant).await
    }
}

/// The slot of the sign-in that a grant's id begins with.
pub(crate) fn slot_of(id: &str) -> &str {
    id.get(..SLOT_CHARS).unwrap_or_default()
}

fn put(world: &World, id: &str, grant: &Grant) -> Result<twinlock_directory::Pending, Fault> {
    let json = serde_json::to_vec(grant).map_err(|_| Fault::internal())?;
    let written = world.directory.meta_put_sealed(&row(id), &json);
    written.map_err(|_| Fault::internal())
}

async fn end(world: &World, id: &str, grant: &Grant) -> Result<(), Fault> {
    let removed = world.directory.meta_put(&row(id), None);
    if matches!(grant.state, State::Tokens { .. }) {
        let expires = world.clock.now() + BAR_MS;
        world
            .settle(|head, batch| {
                if head.account(&grant.account).is_some() {
                    batch.put(Bar {
                        account: grant.account,
                        what: Barred::Session {
                            access_key_id: id.to_owned(),
                        },
                        expires,
                    });
                }
                Ok(())
            })
            .await?;
    }
    removed.await.map_err(|_| Fault::internal())?;
    Ok(())
}

/// The programs that a sign-in has let in.
pub(crate) fn of_slot(world: &World, slot: &str) -> Vec<(String, Grant)> {
    let names = world.directory.meta_names(&row(slot));
    names
        .iter()
        .filter_map(|name| name.strip_prefix(PREFIX))
        .filter_map(|id| Some((id.to_owned(), load(world, id)?)))
        .collect()
}

/// Ends everything that a sign-in has let in, with the credentials that came of it.
///
/// # Errors
/// The store could not write.
pub(crate) async fn end_all(world: &World, slot: &str) -> Result<(), Fault> {
    for (id, grant) in of_slot(world, slot) {
        end(world, &id, &grant).await?;
    }
    Ok(())
}

/// Removes what has ended by itself: codes that nobody came for, and whatever belongs to a sign-in that `lives` no more.
pub(crate) fn sweep(world: &World, lives: impl Fn(&str) -> bool) {
    let now = world.clock.now();
    for name in world.directory.meta_names(PREFIX) {
        let id = name.strip_prefix(PREFIX).unwrap_or_default();
        let over = load(world, id).is_none_or(|grant| {
            matches!(grant.state, State::Code { .. }) && grant.made + CODE_MS <= now
        });
        if over || !lives(slot_of(id)) {
            // Nobody waits: what is not removed now is with the next sweep.
            drop(world.directory.meta_put(&name, None));
        }
    }
}
