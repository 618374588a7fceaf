//! What is barred for a while: sessions that were revoked, and proofs that may be redeemed once. Temporary credentials are
//! stored nowhere, so what must not be used any more is what is written down, for as long as it could be used.

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis};

/// One bar. It goes when `expires` has passed, since what it bars is over by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The account of the sessions, or of the provider.
    pub account: AccountId,
    /// What is barred.
    pub what: Barred,
    /// From when on the bar is needed no longer.
    pub expires: Millis,
}

/// What is barred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Barred {
    /// One session, by its access key id.
    Session {
        /// `ASIA…`.
        access_key_id: String,
    },
    /// Every session of an identity that was issued before an instant.
    Issuer {
        /// `AROA…`, `AIDA…`, or the account id for its root user.
        unique_id: String,
        /// Sessions issued before this are dead; one issued in this very millisecond lives.
        issued_before: Millis,
    },
    /// A proof that is good once and has been redeemed: a SAML assertion, a sign-in token of the console.
    Assertion {
        /// A hash by which it is known, in hexadecimal.
        digest: String,
    },
}

impl Bar {
    /// Under which name it stands, unique in its account.
    pub fn id(&self) -> String {
        match &self.what {
            Barred::Session { access_key_id } => session_bar(access_key_id),
            Barred::Issuer { unique_id, .. } => issuer_bar(unique_id),
            Barred::Assertion { digest } => assertion_bar(digest),
        }
    }
}

/// The name of the bar of one session.
pub fn session_bar(access_key_id: &str) -> String {
    format!("session/{access_key_id}")
}

/// The name of the bar of an identity's older sessions.
pub fn issuer_bar(unique_id: &str) -> String {
    format!("issuer/{unique_id}")
}

/// The name of the bar of a redeemed assertion.
pub fn assertion_bar(digest: &str) -> String {
    format!("assertion/{digest}")
}
