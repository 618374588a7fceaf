//! What the decisions met, counted, so that a test of random cases can show that it went everywhere.

use std::collections::BTreeMap;

/// What the request had for a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// The key is not in the request.
    Absent,
    /// One value.
    Single,
    /// A list of values.
    List,
}

/// The forms in which a principal is written (section 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// `"Principal": "*"`.
    Star,
    /// `{"AWS": "*"}`.
    AwsStar,
    /// Twelve digits.
    AccountId,
    /// `arn:aws:iam::A:root`.
    AccountRoot,
    /// A user's ARN.
    User,
    /// A role's ARN.
    Role,
    /// A user's or role's ARN that was bound to a unique id.
    Bound,
    /// A role session's ARN.
    RoleSession,
    /// A federated session's ARN.
    FederatedUser,
    /// A service's name.
    Service,
    /// An identity provider.
    Federated,
    /// A canonical id of S3.
    CanonicalUser,
    /// A unique id that was left behind.
    UniqueId,
    /// What is no principal: a partial wildcard, a group, a key that nobody knows.
    Invalid,
}

/// How often a decision met something.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// By operator as written, and by what the request had for the key: how often the condition was false and true.
    pub conditions: BTreeMap<(String, Presence), [u64; 2]>,
    /// By form: how often it did not cover the caller, and did.
    pub principals: BTreeMap<Form, [u64; 2]>,
}

impl Trace {
    pub(crate) fn condition(&mut self, operator: &str, presence: Presence, holds: bool) {
        self.conditions
            .entry((operator.to_owned(), presence))
            .or_default()[usize::from(holds)] += 1;
    }

    pub(crate) fn principal(&mut self, form: Form, covers: bool) {
        self.principals.entry(form).or_default()[usize::from(covers)] += 1;
    }
}
