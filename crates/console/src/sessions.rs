//! Who is signed in: browsers, the identities signed in side by side in each, and the role that each is switched to.
//!
//! A browser holds one random cookie. The server keeps, for each identity signed in with it, a row under a short random
//! *slot*, which is part of every address (`/console/SLOT/…`): so each tab has its own identity, and one browser may hold
//! several. A slot is worth nothing without the browser's cookie. What the person may do is decided by the pipeline on every
//! call; what is kept here is only who it is: an opened session of the person's own, and one of the role, if any.
//!
//! The rows stand beside the directory, sealed: they survive a restart, and a sign-out is gone with the next click. A row's name ends
//! with a mark of whose it is, so that those of one identity are found without opening all others'.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use twinlock_directory::{AccountId, Millis};
use twinlock_gate::{
    Caller, Fault, Link, RequestFacts, World,
    token::{Session, SessionOf},
};

use crate::{http::Request, oauth2};

/// How long a sign-in lasts, as at AWS.
pub(crate) const SIGN_IN_MS: Millis = 12 * 60 * 60 * 1000;
/// Identities side by side in one browser; the oldest makes room.
pub(crate) const IDENTITIES_MAX: usize = 8;
/// Sign-ins of one identity at a time, in all browsers together; the oldest makes room. Nobody has so many windows: whoever asks
/// for more, with a password or with a link for temporary credentials, is a program, and must not fill the store.
pub(crate) const SIGN_INS_MAX: usize = 50;
/// The cookie with the browser's secret.
pub(crate) const BROWSER: &str = "twinlock-browser";
/// The cookie with the slots of this browser, newest first, joined by dots.
pub(crate) const SLOTS: &str = "twinlock-slots";

const PREFIX: &str = "console/session/";
const SECRET_BYTES: usize = 32;
/// Hexadecimal characters of the mark in a row's name.
const MARK_CHARS: usize = 16;

/// One identity signed in with one browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// SHA-256 of the browser's secret, in hexadecimal.
    browser: String,
    /// What a form of this identity's pages must carry.
    pub csrf: String,
    /// The account signed in to.
    pub account: AccountId,
    /// The person's own session.
    pub own: Sealed,
    /// The user's unique id; none: the root user. The name alone would not tell root from a user who is called so, nor a user
    /// from a later one of the same name.
    #[serde(default)]
    pub user_id: Option<String>,
    /// `aws:userid` of a temporary session that was signed in with instead of a password: a role's, or a federated user's.
    #[serde(default)]
    pub federated: Option<String>,
    /// The user's name, `root`, or the role's and the session's name.
    pub name: String,
    /// When the person signed in.
    pub started: Millis,
    /// When the sign-in ends.
    pub expires: Millis,
    /// Where from.
    pub address: String,
    /// The browser, as it calls itself.
    pub agent: String,
    /// The role switched to.
    pub role: Option<InRole>,
    /// Whether the person must choose another password before anything else.
    #[serde(default)]
    pub must_change_password: bool,
}

/// A sealed session: no secret key is kept, and none ever reaches the browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub access_key_id: String,
    pub token: String,
}

/// The role that an identity is switched to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InRole {
    pub(crate) session: Sealed,
    /// The role's account.
    pub account: AccountId,
    /// The role's name with its path, without the leading slash.
    pub role: String,
    /// What the bar shows.
    pub display_name: String,
    /// Its colour, by name.
    pub color: String,
    /// When the role's session ends.
    pub expires: Millis,
}

/// The rows of all sign-ins.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    world: Arc<World>,
}

impl SignIn {
    /// Whether the root user is signed in: by what it is, not by its name.
    pub(crate) fn is_root(&self) -> bool {
        self.user_id.is_none() && self.federated.is_none()
    }

    /// What it is called beside its name.
    pub(crate) fn kind(&self) -> &'static str {
        match (&self.federated, &self.user_id) {
            (Some(_), _) => "Federated user",
            (None, Some(_)) => "IAM user",
            (None, None) => "Root user of",
        }
    }

    /// Whether both are the same identity, from whichever browser.
    pub(crate) fn is_of(&self, other: &SignIn) -> bool {
        self.account == other.account
            && self.user_id == other.user_id
            && self.federated == other.federated
    }

    /// Tells most identities apart, and says of none who it is to whoever knows it not already.
    fn mark(&self) -> String {
        let whose = (self.account.as_str(), &self.user_id, &self.federated);
        let mut mark = fingerprint(&format!("{whose:?}"));
        mark.truncate(MARK_CHARS);
        mark
    }
}

/// The name of the row in this slot.
fn row(slot: &str, of: &SignIn) -> String {
    format!("{PREFIX}{slot}/{}", of.mark())
}

/// The slot of the row with this name.
fn slot_of(row: &str) -> Option<&str> {
    row.strip_prefix(PREFIX)?.split('/').next()
}

/// Who begins a session, and with what right.
#[derive(Debug)]
pub(crate) struct Entering {
    /// The user's unique id; none: root, or somebody federated.
    pub user_id: Option<String>,
    /// `aws:userid` of a temporary session.
    pub federated: Option<String>,
    /// As [`SignIn::name`].
    pub name: String,
    /// Its own session, and the credentials that it is sealed in.
    pub session: Arc<Session>,
    /// The access key id and the token.
    pub sealed: Sealed,
    /// Whether the person must choose another password first.
    pub must_change_password: bool,
}

impl Sessions {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Sessions { world }
    }

    /// The identity in this slot, if the request comes from its browser and it has not ended.
    pub(crate) fn find(&self, request: &Request, slot: &str) -> Option<SignIn> {
        self.of_slot(request, slot)
            .filter(|sign_in| sign_in.expires > self.world.clock.now())
    }

    /// The identity in this slot of the request's browser, if only time has ended it.
    pub(crate) fn ended(&self, request: &Request, slot: &str) -> Option<SignIn> {
        self.of_slot(request, slot)
            .filter(|sign_in| sign_in.expires <= self.world.clock.now())
    }

    fn of_slot(&self, request: &Request, slot: &str) -> Option<SignIn> {
        let secret = request.cookie(BROWSER)?;
        let sign_in = self.load(slot)?;
        let same = fingerprint(secret)
            .as_bytes()
            .ct_eq(sign_in.browser.as_bytes());
        bool::from(same).then_some(sign_in)
    }

    /// The sign-in of this slot, from whichever browser, if it has not ended: for what was made out of it.
    pub(crate) fn living(&self, slot: &str) -> Option<SignIn> {
        self.load(slot)
            .filter(|sign_in| sign_in.expires > self.world.clock.now())
    }

    /// All identities signed in with this browser, newest first.
    pub(crate) fn of_browser(&self, request: &Request) -> Vec<(String, SignIn)> {
        slots(request)
            .into_iter()
            .filter_map(|slot| Some((slot.to_owned(), self.find(request, slot)?)))
            .collect()
    }

    /// All sign-ins of one identity, from whichever browser: the person's list of sessions.
    pub(crate) fn of_identity(&self, who: &SignIn) -> Vec<(String, SignIn)> {
        let now = self.world.clock.now();
        let mark = who.mark();
        let names = self.world.directory.meta_names(PREFIX);
        let mut found: Vec<_> = names
            .iter()
            .filter(|name| name.ends_with(&mark))
            .filter_map(|name| Some((slot_of(name)?.to_owned(), self.open(name)?)))
            .filter(|(_, other)| other.is_of(who) && other.expires > now)
            .collect();
        found.sort_by_key(|(_, sign_in)| std::cmp::Reverse(sign_in.started));
        found
    }

    fn load(&self, slot: &str) -> Option<SignIn> {
        if slot.len() != 16 || !slot.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.open(&self.name_of(slot)?)
    }

    fn name_of(&self, slot: &str) -> Option<String> {
        let names = self.world.directory.meta_names(&format!("{PREFIX}{slot}/"));
        names.into_iter().next()
    }

    fn open(&self, name: &str) -> Option<SignIn> {
        let row = self.world.directory.meta_get_sealed(name).ok()??;
        serde_json::from_slice(&row).ok()
    }

    /// Keeps the row of a new sign-in; durable when this returns.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn put(&self, slot: &str, sign_in: &SignIn) -> Result<(), Fault> {
        let json = serde_json::to_vec(sign_in).map_err(|_| Fault::internal())?;
        let pending = self
            .world
            .directory
            .meta_put_sealed(&row(slot, sign_in), &json)
            .map_err(|_| Fault::internal())?;
        pending.await.map_err(|_| Fault::internal())?;
        Ok(())
    }

    /// Keeps what has changed of a sign-in that has not ended meanwhile.
    ///
    /// # Errors
    /// It has ended; the store could not write.
    pub(crate) async fn update(&self, slot: &str, sign_in: &SignIn) -> Result<(), Fault> {
        if self.name_of(slot).is_none() {
            return Err(over());
        }
        self.put(slot, sign_in).await
    }

    /// Ends the sign-in, and what programs were let do by it: the next click of it meets the sign-in page.
    ///
    /// # Errors
    /// The store could not write; the sign-in has ended all the same, until a restart.
    pub(crate) async fn end(&self, slot: &str) -> Result<(), Fault> {
        let Some(name) = self.name_of(slot) else {
            return Ok(());
        };
        let pending = self.world.directory.meta_put(&name, None);
        let ended = oauth2::end_all(&self.world, slot).await;
        pending.await.map_err(|_| Fault::internal())?;
        ended
    }

    /// Ends the oldest sign-ins of the identity that has just signed in with this slot, if there are too many.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn make_room(&self, slot: &str, who: &SignIn) -> Result<(), Fault> {
        let all = self.of_identity(who).into_iter();
        let others = all.filter(|(other, _)| other != slot);
        for (old, _) in others.skip(SIGN_INS_MAX - 1) {
            self.end(&old).await?;
        }
        Ok(())
    }

    /// Removes the rows of sign-ins that have ended by themselves.
    pub(crate) fn sweep(&self) {
        let now = self.world.clock.now();
        for name in self.world.directory.meta_names(PREFIX) {
            if self.open(&name).is_none_or(|row| row.expires <= now) {
                // Nobody waits: what is not removed now is with the next sweep.
                drop(self.world.directory.meta_put(&name, None));
            }
        }
        oauth2::sweep(&self.world, |slot| self.living(slot).is_some());
    }

    /// A session of somebody who has proved by a password who it is, until the sign-in ends.
    ///
    /// # Errors
    /// No sealing key or no randomness.
    pub(crate) fn own_session(
        &self,
        account: AccountId,
        user_id: Option<String>,
        mfa: Option<Millis>,
    ) -> Result<(Arc<Session>, Sealed), Fault> {
        let now = self.world.clock.now();
        let of = SessionOf::User { account, user_id };
        let session = Session {
            mfa,
            signed_in: true,
            ..Session::new(of, now, now + SIGN_IN_MS)
        };
        let sealed = self.seal(&session)?;
        Ok((session.into(), sealed))
    }

    /// Seals a session; nobody gets its secret.
    ///
    /// # Errors
    /// No sealing key or no randomness.
    pub(crate) fn seal(&self, session: &Session) -> Result<Sealed, Fault> {
        let issued = self.world.tokens.issue(session);
        let (credentials, _) = issued.map_err(|_| Fault::internal())?;
        Ok(Sealed {
            access_key_id: credentials.access_key_id,
            token: credentials.session_token,
        })
    }

    /// A new identity for this browser: its slot, its row, and the browser's secret (a new one if it has none).
    pub(crate) fn begin(&self, request: &Request, who: Entering) -> (String, SignIn, String) {
        let now = self.world.clock.now();
        // Kept only where an identity is signed in with it already: a cookie that somebody else put into the browser, to
        // know it afterwards, is worth nothing.
        let secret = match request.cookie(BROWSER) {
            Some(secret) if !self.of_browser(request).is_empty() => secret.to_owned(),
            _ => self.random_hex(SECRET_BYTES),
        };
        let sign_in = SignIn {
            browser: fingerprint(&secret),
            csrf: self.random_hex(16),
            account: who.session.account(),
            own: who.sealed,
            user_id: who.user_id,
            federated: who.federated,
            name: who.name,
            started: now,
            expires: who.session.expires.min(now + SIGN_IN_MS),
            address: request.peer.addr.to_string(),
            agent: request.header("user-agent").chars().take(200).collect(),
            role: None,
            must_change_password: who.must_change_password,
        };
        (self.random_hex(8), sign_in, secret)
    }

    pub(crate) fn random_hex(&self, bytes: usize) -> String {
        let mut random = vec![0; bytes];
        self.world.random.fill(&mut random);
        hex::encode(random)
    }

    /// The person, without the role.
    ///
    /// # Errors
    /// The sign-in is over.
    pub(crate) fn own_caller(&self, sign_in: &SignIn, facts: RequestFacts) -> Result<Caller, Lost> {
        self.caller(&sign_in.own, facts)
    }

    /// Whoever the person acts as now.
    ///
    /// # Errors
    /// The role's session, or the sign-in itself, is over.
    pub(crate) fn acting_caller(
        &self,
        sign_in: &SignIn,
        facts: RequestFacts,
    ) -> Result<Caller, Lost> {
        match &sign_in.role {
            Some(role) => self.caller(&role.session, facts),
            None => self.caller(&sign_in.own, facts),
        }
    }

    /// A link that gets an object, signed by the session of whoever the person acts as now; none: that session is over.
    pub(crate) fn link(
        &self,
        sign_in: &SignIn,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        seconds: u64,
    ) -> Option<Link> {
        let sealed = sign_in
            .role
            .as_ref()
            .map_or(&sign_in.own, |role| &role.session);
        self.world.presigned_get(
            (&sealed.access_key_id, &sealed.token),
            bucket,
            key,
            version_id,
            seconds,
        )
    }

    /// Whoever a sealed session is of.
    ///
    /// # Errors
    /// It is over.
    pub(crate) fn caller(&self, sealed: &Sealed, facts: RequestFacts) -> Result<Caller, Lost> {
        let opened = self
            .world
            .tokens
            .open(&sealed.access_key_id, &sealed.token)
            .ok_or(Lost)?;
        if opened.session.expires <= self.world.clock.now() {
            return Err(Lost);
        }
        Ok(Caller::in_session(
            opened.session.clone(),
            &sealed.access_key_id,
            facts,
        ))
    }
}

/// The session is over: expired, or made under keys that are no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

impl InRole {
    /// What AssumeRole gave, kept for the bar and for the next calls.
    pub(crate) fn new(
        access_key_id: String,
        token: String,
        (account, role): (AccountId, String),
        (display_name, color): (String, String),
        expires: Millis,
    ) -> InRole {
        InRole {
            session: Sealed {
                access_key_id,
                token,
            },
            account,
            role,
            display_name,
            color,
            expires,
        }
    }
}

/// The sign-in has ended.
pub(crate) fn over() -> Fault {
    Fault::new("ExpiredToken", 403, "Your sign-in has ended.")
}

/// The slots that the browser names.
pub(crate) fn slots(request: &Request) -> Vec<&str> {
    request
        .cookie(SLOTS)
        .unwrap_or("")
        .split('.')
        .filter(|slot| !slot.is_empty())
        .take(IDENTITIES_MAX)
        .collect()
}

fn fingerprint(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
