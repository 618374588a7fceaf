//! Temporary credentials: sealed, stateless session tokens.
//!
//! A session is written nowhere. Its token holds everything about it, sealed with XChaCha20-Poly1305 under a key of this data
//! directory, with the access key id as associated data; its secret is derived from the id and the nonce. So AssumeRole costs
//! no write, any node can open any token, and a token that was forged, swapped or cut opens nowhere.
//!
//! | part | content |
//! | --- | --- |
//! | access key id | `ASIA` + 16 base32 characters: 40 bits account, 40 bits random |
//! | token | base64url(key version (1) ‖ nonce (24) ‖ sealed(deflate(JSON))) |
//! | secret | base64(HMAC-SHA256(secret key, id ‖ nonce))\[..40\] |

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twinlock_directory::{
    AccountId, Barred, Millis, Snapshot, StoredPolicy,
    model::{issuer_bar, session_bar},
};
use zeroize::Zeroizing;

/// A token of more characters is refused when it is made (`PackedPolicyTooLarge`), and not looked at when it comes in.
pub const TOKEN_CHARS_MAX: usize = 4096;
/// The longest life of a session: GetSessionToken's and GetFederationToken's.
pub const SESSION_MS_MAX: Millis = 36 * 3_600_000;
/// How large an opened session may become: a bound against deflate bombs, though only we can seal.
const SESSION_BYTES_MAX: usize = 64 * 1024;
/// Opened tokens kept, over all shards.
const CACHE_ENTRIES_MAX: usize = 16 * 1024;
const CACHE_SHARDS: usize = 16;
const NONCE_BYTES: usize = 24;

/// What a session is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOf {
    /// A role, by AssumeRole and its kin.
    Role {
        /// The role's account.
        account: AccountId,
        /// AROA….
        role_id: String,
        /// RoleSessionName.
        name: String,
    },
    /// The caller itself, by GetSessionToken.
    User {
        /// The account.
        account: AccountId,
        /// AIDA…; none: the root user.
        user_id: Option<String>,
    },
    /// A federated user, by GetFederationToken.
    Federated {
        /// The account.
        account: AccountId,
        /// The user that made it; none: the root user.
        user_id: Option<String>,
        /// The name given.
        name: String,
    },
}

/// What a session token holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// What it is a session of.
    #[serde(rename = "o")]
    pub of: SessionOf,
    /// The instant it was made: `aws:TokenIssueTime`.
    #[serde(rename = "i")]
    pub issued: Millis,
    /// The instant it dies.
    #[serde(rename = "e")]
    pub expires: Millis,
    /// The identity that started the chain, immutable through it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Session tags, inherited transitive ones included.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// The keys of those that the next role in the chain inherits.
    #[serde(rename = "tt", default, skip_serializing_if = "Vec::is_empty")]
    pub transitive: Vec<String>,
    /// Inline session policies.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Arc<StoredPolicy>>,
    /// Managed session policies, read in their default version when a request is decided.
    #[serde(rename = "pa", default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// When the caller proved itself by MFA.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<Millis>,
    /// The provider of a web identity or SAML session.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What the proof said that the session was made by, for condition keys (`accounts.google.com:sub`).
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<(String, Vec<String>)>,
    /// Whether another session stood behind it: role chaining.
    #[serde(rename = "ch", default, skip_serializing_if = "std::ops::Not::not")]
    pub chained: bool,
    /// Whether a person who signed in at the console stands behind it: then it has that person's own rights, without the bars of
    /// GetSessionToken.
    #[serde(rename = "si", default, skip_serializing_if = "std::ops::Not::not")]
    pub signed_in: bool,
    /// Ids of sessions that this one was made of and ends with, whatever its own key: a bar on any of them is one on it.
    #[serde(rename = "of", default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
}

impl Session {
    /// A session of `of`, with nothing else about it.
    pub fn new(of: SessionOf, issued: Millis, expires: Millis) -> Self {
        Self {
            of,
            issued,
            expires,
            source_identity: None,
            tags: Vec::new(),
            transitive: Vec::new(),
            policies: Vec::new(),
            policy_arns: Vec::new(),
            mfa: None,
            provider: None,
            claims: Vec::new(),
            chained: false,
            signed_in: false,
            parents: Vec::new(),
        }
    }

    /// Another form of this session: everything that it is, until `expires`, dead as soon as the session of `access_key_id`,
    /// which is this one, is barred.
    #[must_use]
    pub fn continued(&self, access_key_id: &str, expires: Millis) -> Self {
        let mut other = self.clone();
        other.parents.push(access_key_id.to_owned());
        other.expires = expires;
        other
    }

    /// Whether this is a session of AssumeRoot: a root user for one task.
    pub fn is_assumed_root(&self) -> bool {
        let task = |arn: &String| arn.starts_with("arn:aws:iam::aws:policy/root-task/");
        matches!(self.of, SessionOf::User { user_id: None, .. })
            && self.policy_arns.iter().any(task)
    }

    /// Whether the session is barred on `snapshot`: revoked by itself, or with all older ones of its issuer.
    pub(crate) fn is_barred(&self, access_key_id: &str, snapshot: &Snapshot) -> bool {
        let account = self.account();
        let Some(node) = snapshot
            .account(&account)
            .filter(|node| !node.bars.is_empty())
        else {
            return false;
        };
        let issuer = match &self.of {
            SessionOf::Role { role_id, .. } => role_id.as_str(),
            SessionOf::User { user_id, .. } | SessionOf::Federated { user_id, .. } => {
                user_id.as_deref().unwrap_or(account.as_str())
            }
        };
        let before = node.bar(&issuer_bar(issuer)).map(|bar| &bar.what);
        let older = matches!(before, Some(Barred::Issuer { issued_before, .. }) if self.issued < *issued_before);
        let mut ids = std::iter::once(access_key_id).chain(self.parents.iter().map(String::as_str));
        older || ids.any(|id| node.bar(&session_bar(id)).is_some())
    }

    /// Whether the password with which a user, or root, signed in to this session has been taken away since, or replaced by
    /// somebody else.
    pub(crate) fn is_signed_out(&self, snapshot: &Snapshot) -> bool {
        let SessionOf::User { account, user_id } = &self.of else {
            return false;
        };
        if !self.signed_in {
            return false;
        }
        match user_id {
            Some(id) => {
                let login = snapshot.user_by_id(id).and_then(|user| user.login.as_ref());
                login.is_none_or(|login| self.issued < login.sign_ins_since)
            }
            None => {
                let root = snapshot.account(account).map(|node| &node.account.root);
                root.is_none_or(|root| {
                    root.password_hash.is_none() || self.issued < root.password_since.unwrap_or(0)
                })
            }
        }
    }

    /// The account whose credentials these are.
    pub fn account(&self) -> AccountId {
        match &self.of {
            SessionOf::Role { account, .. }
            | SessionOf::User { account, .. }
            | SessionOf::Federated { account, .. } => *account,
        }
    }
}

/// What a caller gets to keep.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Zeroizing<String>,
    /// The sealed session.
    pub session_token: String,
    /// When they die.
    pub expires: Millis,
}

/// A pair of keys: one seals tokens, the other derives their secrets.
#[derive(Clone)]
pub struct TokenKey {
    /// Written in front of every token.
    pub version: u8,
    /// Seals.
    pub seal: Zeroizing<[u8; 32]>,
    /// Derives.
    pub derive: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({})", self.version)
    }
}

/// Why a session could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// Policies and tags are too large; the number is how full the token would be, in per cent.
    #[error("packed policy is {0} % of the limit")]
    TooLarge(usize),
    /// The system gave no randomness, or there is no key.
    #[error("no randomness or no sealing key")]
    Internal,
}

/// Makes and opens tokens.
pub struct Tokens {
    keys: RwLock<Arc<Vec<TokenKey>>>,
    cache: [Mutex<HashMap<[u8; 32], Arc<Opened>>>; CACHE_SHARDS],
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}

/// An opened token.
#[derive(Debug)]
pub struct Opened {
    /// What it holds.
    pub session: Arc<Session>,
    /// The secret that the call must have been signed with.
    pub secret: Zeroizing<String>,
}

impl Tokens {
    /// `keys`: the newest last; it seals, all of them open.
    pub fn new(keys: Vec<TokenKey>) -> Self {
        Self {
            keys: RwLock::new(Arc::new(keys)),
            cache: std::array::from_fn(|_| Mutex::new(HashMap::new())),
        }
    }

    fn keys(&self) -> Arc<Vec<TokenKey>> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Other keys from now on: a new one that seals, or without one that has had its time. What was opened under a key that
    /// is gone is forgotten.
    pub fn replace_keys(&self, keys: Vec<TokenKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        for shard in &self.cache {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Seals a text for `place`, under the newest key; none: no randomness, no key, or a text larger than what is opened again.
    pub fn seal_text(&self, clear: &[u8], place: &[u8]) -> Option<String> {
        if clear.len() > SESSION_BYTES_MAX {
            return None;
        }
        let keys = self.keys();
        let key = keys.last()?;
        let mut nonce = [0u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let packed = miniz_oxide::deflate::compress_to_vec(clear, 6);
        let payload = Payload {
            msg: &packed,
            aad: place,
        };
        let sealed = XChaCha20Poly1305::new((&*key.seal).into())
            .encrypt(&xnonce(&nonce), payload)
            .ok()?;
        let raw = [&[key.version][..], &nonce, &sealed].concat();
        Some(URL_SAFE_NO_PAD.encode(raw))
    }

    /// Opens what [`Tokens::seal_text`] sealed for the same place.
    pub fn open_text(&self, sealed: &str, place: &[u8]) -> Option<Vec<u8>> {
        let raw = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (version, rest) = raw.split_first()?;
        let keys = self.keys();
        let key = keys.iter().find(|k| k.version == *version)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        let packed = XChaCha20Poly1305::new((&*key.seal).into())
            .decrypt(&xnonce(nonce), payload)
            .ok()?;
        miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, SESSION_BYTES_MAX).ok()
    }

    /// Seals `session` into new credentials. The second value is PackedPolicySize: how full the token is, in per cent.
    ///
    /// # Errors
    /// [`IssueError::TooLarge`] over [`TOKEN_CHARS_MAX`], or over what a session may be when it is opened.
    pub fn issue(&self, session: &Session) -> Result<(Credentials, usize), IssueError> {
        let keys = self.keys();
        let key = keys.last().ok_or(IssueError::Internal)?;
        let mut random = [0u8; NONCE_BYTES + 5];
        getrandom::fill(&mut random).map_err(|_| IssueError::Internal)?;
        let (nonce, id_random) = random.split_at(NONCE_BYTES);
        let access_key_id = access_key_id(session.account(), id_random);
        let clear = Zeroizing::new(serde_json::to_vec(session).map_err(|_| IssueError::Internal)?);
        let packed = Zeroizing::new(miniz_oxide::deflate::compress_to_vec(&clear, 6));
        let sealed = XChaCha20Poly1305::new((&*key.seal).into())
            .encrypt(
                &xnonce(nonce),
                Payload {
                    msg: &packed,
                    aad: access_key_id.as_bytes(),
                },
            )
            .map_err(|_| IssueError::Internal)?;
        let mut raw = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        raw.push(key.version);
        raw.extend_from_slice(nonce);
        raw.extend_from_slice(&sealed);
        let session_token = URL_SAFE_NO_PAD.encode(raw);
        // What packs well must still not grow larger than what is opened again.
        let percent = (session_token.len() * 100)
            .div_ceil(TOKEN_CHARS_MAX)
            .max((clear.len() * 100).div_ceil(SESSION_BYTES_MAX));
        if percent > 100 {
            return Err(IssueError::TooLarge(percent));
        }
        let secret_access_key = derive(key, &access_key_id, nonce);
        Ok((
            Credentials {
                access_key_id,
                secret_access_key,
                session_token,
                expires: session.expires,
            },
            percent,
        ))
    }

    /// Opens `token` for `access_key_id`; none for anything that this data directory did not seal for that id. Says nothing
    /// of expiry. Takes a short lock on one of the cache's shards.
    pub fn open(&self, access_key_id: &str, token: &str) -> Option<Arc<Opened>> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let digest: [u8; 32] = Sha256::new()
            .chain_update(access_key_id.as_bytes())
            .chain_update([0])
            .chain_update(token.as_bytes())
            .finalize()
            .into();
        let shard = &self.cache[usize::from(digest[0]) % CACHE_SHARDS];
        if let Ok(cache) = shard.lock()
            && let Some(opened) = cache.get(&digest)
        {
            return Some(opened.clone());
        }
        let opened = Arc::new(self.unseal(access_key_id, token)?);
        if let Ok(mut cache) = shard.lock() {
            if cache.len() >= CACHE_ENTRIES_MAX / CACHE_SHARDS {
                // Any entry will do: an opened token can always be opened again.
                cache.clear();
            }
            cache.insert(digest, opened.clone());
        }
        Some(opened)
    }

    fn unseal(&self, access_key_id: &str, token: &str) -> Option<Opened> {
        let raw = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, rest) = raw.split_first()?;
        let keys = self.keys();
        let key = keys.iter().find(|k| k.version == *version)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let packed = XChaCha20Poly1305::new((&*key.seal).into())
            .decrypt(
                &xnonce(nonce),
                Payload {
                    msg: sealed,
                    aad: access_key_id.as_bytes(),
                },
            )
            .ok()?;
        let clear =
            miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, SESSION_BYTES_MAX).ok()?;
        let session: Session = serde_json::from_slice(&clear).ok()?;
        Some(Opened {
            session: Arc::new(session),
            secret: derive(key, access_key_id, nonce),
        })
    }
}

fn xnonce(nonce: &[u8]) -> XNonce {
    let mut fixed = [0u8; NONCE_BYTES];
    fixed.copy_from_slice(nonce);
    fixed.into()
}

fn derive(key: &TokenKey, access_key_id: &str, nonce: &[u8]) -> Zeroizing<String> {
    // INVARIANT: HMAC takes a key of any length.
    #[allow(
        clippy::expect_used,
        reason = "HMAC-SHA256 accepts a key of any length"
    )]
    let mut mac = Hmac::<Sha256>::new_from_slice(&*key.derive).expect("any key length");
    mac.update(access_key_id.as_bytes());
    mac.update(nonce);
    let mut secret = STANDARD.encode(mac.finalize().into_bytes());
    secret.truncate(40);
    Zeroizing::new(secret)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `ASIA` and 80 bits: the account's number in 40, randomness in 40.
fn access_key_id(account: AccountId, random: &[u8]) -> String {
    let number: u64 = account.as_str().parse().unwrap_or(0);
    let random = random
        .iter()
        .take(5)
        .fold(0u64, |n, b| n << 8 | u64::from(*b));
    let mut id = String::from("ASIA");
    for (value, _) in [(number, 0), (random, 1)] {
        for i in (0..8).rev() {
            id.push(char::from(
                BASE32[usize::try_from(value >> (5 * i) & 31).unwrap_or(0)],
            ));
        }
    }
    id
}

/// The account in a temporary access key id; none if it is not of that form. Proves nothing: anyone can write one.
pub fn account_of_access_key_id(id: &str) -> Option<AccountId> {
    let digits = id
        .strip_prefix("ASIA")
        .filter(|d| d.len() == 16)?
        .as_bytes();
    let mut number = 0u64;
    for digit in &digits[..8] {
        let value = BASE32.iter().position(|c| c == digit)?;
        number = number << 5 | u64::try_from(value).ok()?;
    }
    format!("{number:012}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: u8, fill: u8) -> TokenKey {
        TokenKey {
            version,
            seal: Zeroizing::new([fill; 32]),
            derive: Zeroizing::new([fill ^ 0xff; 32]),
        }
    }

    fn session(account: &str) -> Session {
        Session {
            of: SessionOf::Role {
                account: account.parse().expect("an id"),
                role_id: "AROAEXAMPLE".into(),
                name: "David-ProdUpdate".into(),
            },
            issued: 1_000,
            expires: 3_601_000,
            source_identity: None,
            tags: vec![("Team".into(), "Blue".into())],
            transitive: vec![],
            policies: vec![],
            policy_arns: vec![],
            mfa: None,
            provider: None,
            claims: vec![],
            chained: false,
            signed_in: false,
            parents: vec![],
        }
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_secret() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let (made, _) = tokens.issue(&session("081278057606")).expect("issued");
        for _ in 0..2 {
            let opened = tokens
                .open(&made.access_key_id, &made.session_token)
                .expect("opens");
            assert_eq!(opened.secret, made.secret_access_key);
            assert_eq!(
                opened.session.tags,
                [("Team".to_owned(), "Blue".to_owned())]
            );
        }
        assert_eq!(made.access_key_id.len(), 20);
        assert_eq!(made.secret_access_key.len(), 40);
        let account = account_of_access_key_id(&made.access_key_id).expect("an account");
        assert_eq!(account.as_str(), "081278057606");
    }

    #[test]
    fn a_token_opens_for_its_own_access_key_id_only() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let (a, _) = tokens.issue(&session("111111111111")).expect("issued");
        let (b, _) = tokens.issue(&session("111111111111")).expect("issued");
        assert!(tokens.open(&a.access_key_id, &b.session_token).is_none());
    }

    #[test]
    fn a_changed_cut_or_foreign_token_does_not_open() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let (made, _) = tokens.issue(&session("111111111111")).expect("issued");
        let token = made.session_token.clone();
        for i in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ascii");
            // The last character carries padding bits, which the decoder refuses when they are not zero.
            assert!(
                tokens.open(&made.access_key_id, &changed).is_none(),
                "position {i}"
            );
            assert!(
                tokens.open(&made.access_key_id, &token[..i]).is_none(),
                "cut at {i}"
            );
        }
        let other = Tokens::new(vec![key(1, 8)]);
        assert!(other.open(&made.access_key_id, &token).is_none());
    }

    #[test]
    fn keys_are_replaced_while_it_runs_and_a_retired_one_opens_nothing() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let (old, _) = tokens.issue(&session("111111111111")).expect("issued");
        assert!(
            tokens
                .open(&old.access_key_id, &old.session_token)
                .is_some()
        );
        tokens.replace_keys(vec![key(1, 7), key(2, 9)]);
        assert!(
            tokens
                .open(&old.access_key_id, &old.session_token)
                .is_some()
        );
        let (new, _) = tokens.issue(&session("111111111111")).expect("issued");
        tokens.replace_keys(vec![key(2, 9)]);
        // Not out of the cache either.
        assert!(
            tokens
                .open(&old.access_key_id, &old.session_token)
                .is_none()
        );
        assert!(
            tokens
                .open(&new.access_key_id, &new.session_token)
                .is_some()
        );
    }

    #[test]
    fn a_sealed_text_opens_in_its_own_place_only() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let sealed = tokens.seal_text(b"why", b"account 1").expect("sealed");
        assert_eq!(
            tokens.open_text(&sealed, b"account 1").as_deref(),
            Some(&b"why"[..])
        );
        assert_eq!(tokens.open_text(&sealed, b"account 2"), None);
        assert_eq!(
            tokens.open_text(&sealed[..sealed.len() - 1], b"account 1"),
            None
        );
    }

    #[test]
    fn an_old_key_still_opens_and_the_newest_seals() {
        let old = Tokens::new(vec![key(1, 7)]);
        let (made, _) = old.issue(&session("111111111111")).expect("issued");
        let both = Tokens::new(vec![key(1, 7), key(2, 9)]);
        assert!(
            both.open(&made.access_key_id, &made.session_token)
                .is_some()
        );
        let (new, _) = both.issue(&session("111111111111")).expect("issued");
        assert!(old.open(&new.access_key_id, &new.session_token).is_none());
    }

    #[test]
    fn a_session_that_does_not_fit_is_refused() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let mut large = session("111111111111");
        // Incompressible text: hashes.
        large.tags = (0..50u32)
            .map(|i| {
                (
                    format!("k{i}"),
                    hex::encode(Sha256::digest(i.to_le_bytes())).repeat(4),
                )
            })
            .map(|(k, v)| (k, v.chars().rev().collect()))
            .collect();
        large.tags.iter_mut().enumerate().for_each(|(i, (_, v))| {
            *v = (0..4u32)
                .map(|n| hex::encode(Sha256::digest([i as u8, n as u8])))
                .collect();
        });
        assert!(
            matches!(tokens.issue(&large), Err(IssueError::TooLarge(percent)) if percent > 100)
        );
    }

    #[test]
    fn a_session_that_is_issued_can_be_opened_however_well_it_packs() {
        let tokens = Tokens::new(vec![key(1, 7)]);
        let mut padded = session("111111111111");
        for (blanks, fits) in [(60 * 1024, true), (64 * 1024, false)] {
            padded.tags = vec![("Padding".into(), " ".repeat(blanks))];
            match tokens.issue(&padded) {
                Ok((made, percent)) => {
                    assert!(fits && percent > 90);
                    assert!(
                        tokens
                            .open(&made.access_key_id, &made.session_token)
                            .is_some()
                    );
                }
                Err(error) => assert!(!fits && matches!(error, IssueError::TooLarge(101..))),
            }
        }
    }
}
