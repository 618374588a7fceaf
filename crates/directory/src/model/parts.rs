//! Pieces that several entities are made of.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Millis, StoredPolicy};
use crate::secret::StoredSecret;

/// Inline policies by name. Names keep the case they were written in.
pub type InlinePolicies = BTreeMap<String, Arc<StoredPolicy>>;

/// A tag on an IAM entity or a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// The key, unique on its entity (IAM compares keys without regard to case).
    pub key: String,
    /// The value, perhaps empty.
    pub value: String,
}

/// A long-term access key of a user or of root.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// The access key id, unique over all accounts.
    pub id: String,
    /// The secret access key; sealed when stored.
    pub secret: StoredSecret,
    /// Whether it may be used: AWS's `Active` or `Inactive`.
    pub active: bool,
    /// When the key was made.
    pub created: Millis,
}

/// What lets a user sign in to the console.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginProfile {
    /// The argon2id hash of the password.
    pub password_hash: String,
    /// When the profile was made.
    pub created: Millis,
    /// When the password was last set.
    pub changed: Millis,
    /// Whether the next sign-in must choose a new password.
    pub reset_required: bool,
    /// Sign-ins begun before this have ended: an administrator has set another password then.
    #[serde(default)]
    pub sign_ins_since: Millis,
    /// The hashes of the passwords before this one, the latest first; as many as a policy can forbid to use again.
    #[serde(default)]
    pub earlier_hashes: Vec<String>,
}
