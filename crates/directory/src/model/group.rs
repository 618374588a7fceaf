//! IAM user groups. Who is in a group stands with the users; the snapshot keeps the way back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AccountId, InlinePolicies, Millis};

/// An IAM user group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// The account the group belongs to.
    pub account: AccountId,
    /// The unique id, `AGPA…`.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the group was made.
    pub created: Millis,
    /// Inline policies by name.
    #[serde(default)]
    pub inline: InlinePolicies,
    /// ARNs of the managed policies attached.
    #[serde(default)]
    pub attached: BTreeSet<String>,
}

impl Group {
    /// `arn:aws:iam::ACCOUNT:group/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:group{}{}",
            self.account, self.path, self.name
        )
    }
}
