//! IAM roles: the doors between accounts.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{AccountId, InlinePolicies, Millis, StoredPolicy, Tag};

/// An IAM role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    /// The account the role belongs to.
    pub account: AccountId,
    /// The unique id, `AROA…`; a role made again under the same name has another one.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the role was made.
    pub created: Millis,
    /// The description, if one was given.
    #[serde(default)]
    pub description: Option<String>,
    /// The longest session in seconds, 3600 to 43200.
    pub max_session_seconds: u32,
    /// The trust policy (AWS: AssumeRolePolicyDocument).
    pub trust: Arc<StoredPolicy>,
    /// Inline policies by name.
    #[serde(default)]
    pub inline: InlinePolicies,
    /// ARNs of the managed policies attached.
    #[serde(default)]
    pub attached: BTreeSet<String>,
    /// ARN of the managed policy that is the permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl Role {
    /// `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:role{}{}",
            self.account, self.path, self.name
        )
    }

    /// Whether the role belongs to a service (path `/aws-service-role/…`): such a role cannot be changed by hand, and
    /// no service control policy limits it.
    pub fn service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }
}
