//! Organizations: a tree of organizational units over accounts, and the policies that limit what the accounts can do.
//!
//! Everything of an organization is stored under its management account. Which policies are attached stands with their
//! target (root, unit, member account), so that attaching writes one row.

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis, StoredPolicy, Tag};

/// The types of policy that are enforced. AWS has more (tag policies, backup policies …), which govern services that are
/// not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ControlType {
    /// SCP: the most that principals of an account can do.
    #[serde(rename = "SERVICE_CONTROL_POLICY")]
    Service,
    /// RCP: the most that anyone can do to resources of an account.
    #[serde(rename = "RESOURCE_CONTROL_POLICY")]
    Resource,
}

impl ControlType {
    /// Both.
    pub const ALL: [ControlType; 2] = [ControlType::Service, ControlType::Resource];

    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ControlType::Service => "SERVICE_CONTROL_POLICY",
            ControlType::Resource => "RESOURCE_CONTROL_POLICY",
        }
    }

    /// The type of this name; none for those that are not enforced.
    pub fn named(name: &str) -> Option<ControlType> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The word in a policy's ARN.
    pub fn in_arn(self) -> &'static str {
        match self {
            ControlType::Service => "service_control_policy",
            ControlType::Resource => "resource_control_policy",
        }
    }

    /// The id of AWS's own policy of this type, which allows everything.
    pub fn full_access_id(self) -> &'static str {
        match self {
            ControlType::Service => "p-FullAWSAccess",
            ControlType::Resource => "p-RCPFullAWSAccess",
        }
    }
}

/// The policies of one type on one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// In which period of the type being enabled this was written. Disabling a type detaches all its policies everywhere:
    /// that ends the period, and what was attached in an earlier one no longer counts.
    pub period: u32,
    /// Ids of the organization's own policies attached here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub policies: BTreeSet<String>,
    /// AWS's full access policy, which is on every target from the start, has been detached here.
    #[serde(default)]
    pub without_full_access: bool,
}

/// The policies of all types on one target.
pub type Controls = BTreeMap<ControlType, Attached>;

/// A type of policy within an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlState {
    /// Whether its policies are in force.
    pub enabled: bool,
    /// How often it has been enabled: see [`Attached::period`].
    pub period: u32,
}

/// An organization, with its root.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    /// The management account.
    pub account: AccountId,
    /// The unique id, `o-…`.
    pub id: String,
    /// The root's id, `r-…`.
    pub root_id: String,
    /// When it was made.
    pub created: Millis,
    /// All features; without them (AWS: CONSOLIDATED_BILLING) no policies can be used.
    pub all_features: bool,
    /// The types of policy that have ever been enabled.
    #[serde(default)]
    pub types: BTreeMap<ControlType, ControlState>,
    /// What is attached to the root.
    #[serde(default)]
    pub controls: Controls,
    /// Tags of the root.
    #[serde(default)]
    pub root_tags: Vec<Tag>,
    /// Services that may act in the organization (AWS: trusted access), since when.
    #[serde(default)]
    pub service_access: BTreeMap<String, Millis>,
    /// The policy that lets member accounts manage parts of the organization.
    #[serde(default)]
    pub resource_policy: Option<DelegationPolicy>,
    /// IAM's features for the organization: `RootCredentialsManagement`, `RootSessions`.
    #[serde(default)]
    pub iam_features: BTreeSet<String>,
}

/// An organization's resource policy (AWS: delegation policy).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DelegationPolicy {
    /// The unique id, `rp-…`.
    pub id: String,
    /// The document.
    pub text: Arc<StoredPolicy>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl Organization {
    /// `arn:aws:organizations::MANAGEMENT:KIND/ID/REST`.
    fn arn_of(&self, kind: &str, rest: &str) -> String {
        format!(
            "arn:aws:organizations::{}:{kind}/{}{rest}",
            self.account, self.id
        )
    }

    /// The organization's own ARN.
    pub fn arn(&self) -> String {
        self.arn_of("organization", "")
    }

    /// The root's ARN.
    pub fn root_arn(&self) -> String {
        self.arn_of("root", &format!("/{}", self.root_id))
    }

    /// The ARN of an account as a member of this organization.
    pub fn account_arn(&self, account: &AccountId) -> String {
        self.arn_of("account", &format!("/{account}"))
    }

    /// The ARN of the organizational unit with this id.
    pub fn unit_arn(&self, id: &str) -> String {
        self.arn_of("ou", &format!("/{id}"))
    }

    /// The ARN of the policy of this type and id.
    pub fn policy_arn(&self, control: ControlType, id: &str) -> String {
        self.arn_of("policy", &format!("/{}/{id}", control.in_arn()))
    }

    /// The ARN of the resource policy with this id.
    pub fn resource_policy_arn(&self, id: &str) -> String {
        self.arn_of("resourcepolicy", &format!("/{id}"))
    }

    /// Whether policies of this type are in force.
    pub fn enabled(&self, control: ControlType) -> bool {
        self.types.get(&control).is_some_and(|state| state.enabled)
    }

    /// The period in force of this type: see [`Attached::period`].
    pub fn period(&self, control: ControlType) -> u32 {
        self.types.get(&control).map_or(0, |state| state.period)
    }

    /// What of `controls`, a target's, is in force: nothing while the type is disabled.
    pub fn in_force<'c>(
        &self,
        controls: &'c Controls,
        control: ControlType,
    ) -> Option<&'c Attached> {
        controls
            .get(&control)
            .filter(|attached| self.enabled(control) && attached.period == self.period(control))
    }
}

/// An organizational unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganizationalUnit {
    /// The management account.
    pub account: AccountId,
    /// The unique id, `ou-…`.
    pub id: String,
    /// The root or unit that it is in. It never changes.
    pub parent: String,
    /// The name, unique in its parent.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// What is attached to it.
    #[serde(default)]
    pub controls: Controls,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// An account's membership, the management account's too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// The management account.
    pub account: AccountId,
    /// The member.
    pub id: AccountId,
    /// The root or unit that it is in.
    pub parent: String,
    /// When it joined.
    pub joined: Millis,
    /// Whether the organization made the account, or invited it.
    pub created_here: bool,
    /// What is attached to it.
    #[serde(default)]
    pub controls: Controls,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Services that it is delegated administrator of, since when.
    #[serde(default)]
    pub delegated: BTreeMap<String, Millis>,
}

/// A service or resource control policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ControlPolicy {
    /// The management account.
    pub account: AccountId,
    /// The unique id, `p-…`.
    pub id: String,
    /// The ARN: kept, since every denial and explanation shows it.
    pub arn: String,
    /// SCP or RCP.
    pub control: ControlType,
    /// The name, unique among policies of its type.
    pub name: String,
    /// The description.
    pub description: String,
    /// The document.
    pub text: Arc<StoredPolicy>,
    /// When it was made.
    pub created: Millis,
    /// When it was last changed.
    pub updated: Millis,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// What two accounts agree on, step by step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Handshake {
    /// The management account.
    pub account: AccountId,
    /// The unique id, `h-…`.
    pub id: String,
    /// The organization's id. One of an organization that is gone means nothing any more.
    pub organization: String,
    /// What it is about, in AWS's words: `INVITE`, `ENABLE_ALL_FEATURES`, `APPROVE_ALL_FEATURES`.
    pub action: String,
    /// Where it stands, in AWS's words; `OPEN` ones expire without a change here.
    pub state: String,
    /// When it began.
    pub requested: Millis,
    /// When it ends by itself.
    pub expires: Millis,
    /// Whom it was sent to, as it was written: an account id or an e-mail address.
    #[serde(default)]
    pub party: Option<String>,
    /// The account that it was sent to.
    #[serde(default)]
    pub target: Option<AccountId>,
    /// The words that came with it.
    #[serde(default)]
    pub notes: Option<String>,
    /// Tags for the account once it joins.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A request to make an account, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountRequest {
    /// The management account.
    pub account: AccountId,
    /// The unique id, `car-…`.
    pub id: String,
    /// The organization's id.
    pub organization: String,
    /// The name of the account.
    pub name: String,
    /// When it was asked for.
    pub requested: Millis,
    /// When it was done or given up.
    pub completed: Millis,
    /// The account made, or AWS's word for why not.
    pub outcome: Result<AccountId, String>,
}
