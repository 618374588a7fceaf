//! Instance profiles: the wrapping in which a role is handed to a machine.

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis, Tag};

/// An instance profile. It holds at most one role: AWS's quota, which cannot be raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// The account the profile belongs to.
    pub account: AccountId,
    /// The unique id, `AIPA…`.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the profile was made.
    pub created: Millis,
    /// The unique id of the role in it, so that a renamed or remade role is never mistaken for it.
    #[serde(default)]
    pub role: Option<String>,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl InstanceProfile {
    /// `arn:aws:iam::ACCOUNT:instance-profile/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:instance-profile{}{}",
            self.account, self.path, self.name
        )
    }
}
