//! Virtual MFA devices: a seed that a telephone shares with the server, and whose it is.

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis, Tag};
use crate::secret::StoredSecret;

/// A virtual MFA device: made first, then enabled for a user or for root.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MfaDevice {
    /// The account the device belongs to.
    pub account: AccountId,
    /// Our own unique id of the row; AWS shows none.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the device was made.
    pub created: Millis,
    /// The seed in base32 (RFC 4648), 40 bytes; sealed when stored.
    pub seed: StoredSecret,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Whose it is; nothing while it is only made.
    #[serde(default)]
    pub enabled: Option<EnabledDevice>,
}

/// What is known of a device that is somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnabledDevice {
    /// Whose it is.
    pub owner: DeviceOwner,
    /// Since when.
    pub since: Millis,
    /// How many time steps the device's clock is ahead of ours (behind, if negative), as the last two codes in a row showed.
    pub drift: i64,
    /// The latest time step whose code was taken. No code of it or of an earlier one is ever taken again.
    pub last_step: i64,
}

/// Whose an MFA device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceOwner {
    /// The account's root user.
    Root,
    /// A user, by unique id.
    User(String),
}

impl DeviceOwner {
    /// Under which key the owner's devices are found: the user's unique id, or `root`, which no unique id is.
    pub(crate) fn key(&self) -> &str {
        match self {
            DeviceOwner::Root => "root",
            DeviceOwner::User(id) => id,
        }
    }
}

impl MfaDevice {
    /// `arn:aws:iam::ACCOUNT:mfa/PATH/NAME`, which is its SerialNumber.
    pub fn serial_number(&self) -> String {
        format!(
            "arn:aws:iam::{}:mfa{}{}",
            self.account, self.path, self.name
        )
    }
}
