//! IAM users.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AccessKey, AccountId, InlinePolicies, LoginProfile, Millis, OtherCredentials, Tag};

/// An IAM user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// The account the user belongs to.
    pub account: AccountId,
    /// The unique id, `AIDA…`; never used again, also after deletion.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the user was made.
    pub created: Millis,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Inline policies by name.
    #[serde(default)]
    pub inline: InlinePolicies,
    /// ARNs of the managed policies attached.
    #[serde(default)]
    pub attached: BTreeSet<String>,
    /// ARN of the managed policy that is the permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Unique ids (`AGPA…`) of the user groups the user is in.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// Access keys, oldest first.
    #[serde(default)]
    pub access_keys: Vec<AccessKey>,
    /// The console password, if any.
    #[serde(default)]
    pub login: Option<LoginProfile>,
    /// Certificates, SSH keys and passwords of single services. (MFA devices are rows of their own.)
    #[serde(default)]
    pub other_credentials: OtherCredentials,
}

impl User {
    /// `arn:aws:iam::ACCOUNT:user/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:user{}{}",
            self.account, self.path, self.name
        )
    }

    /// The user's key with this id.
    pub fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.access_keys.iter().find(|key| key.id == id)
    }
}
