//! The changes that a person can make to turn a denial into an Allow, and how large each is.

use serde::Serialize;

use crate::decision::PolicyKind;

/// Where a policy stands, and who may change it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The part the policy plays.
    pub kind: PolicyKind,
    /// Its name; none for one that is yet to be made.
    pub name: Option<String>,
    /// Its ARN, when it is a managed one.
    pub arn: Option<String>,
    /// Whom or what it is attached to; the level of an SCP or RCP.
    pub attached_to: String,
    /// The account on whose side the change lies, when that is known. SCPs and RCPs belong to its organization.
    pub account: Option<String>,
    /// Position of the level among those of its kind.
    #[serde(skip)]
    pub(super) level: usize,
    /// Position of the document there; none: a document of its own.
    #[serde(skip)]
    pub(super) index: Option<usize>,
}

/// One change. The order of the variants is the order of their size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    tag = "edit",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Edit {
    /// The request itself meets a condition: it is made with this value of the key, or without the key.
    Request {
        /// The condition key.
        key: String,
        /// The value to have; none: the key must be absent.
        values: Option<Vec<String>>,
        /// Whether the key is a list.
        list: bool,
    },
    /// The request's value is added to those of a condition.
    Value {
        /// The policy.
        place: Place,
        /// Position of the statement.
        statement: usize,
        /// Position of the condition in the statement.
        condition: usize,
        /// The condition's operator as written.
        operator: String,
        /// Its key as written.
        key: String,
        /// The value to add.
        value: String,
    },
    /// The caller is added to the principals of a statement.
    Principal {
        /// The policy.
        place: Place,
        /// Position of the statement.
        statement: usize,
        /// `AWS`, `Service` or `Federated`; none for everybody.
        key: Option<&'static str>,
        /// The principal.
        principal: String,
    },
    /// A statement is added: to a policy there, or as a policy of its own.
    Statement {
        /// Where.
        place: Place,
        /// The statement, in JSON.
        statement: String,
    },
    /// A statement that denies is removed, or narrowed so that it no longer covers the request.
    Lift {
        /// The policy.
        place: Place,
        /// Position of the statement.
        statement: usize,
        /// Its Sid.
        sid: Option<String>,
    },
    /// The owner of the resource must let the caller in; by what, only the owner knows. Stands in place of the owner's own changes where
    /// these must not be told.
    Ask {
        /// The owner's account, when it is known.
        account: Option<String>,
    },
}

impl Edit {
    /// How large the change is: what the caller can do alone is less than a word in a policy, that less than a statement, and an
    /// explicit Deny was somebody's will. Sizes of several changes add up.
    pub fn size(&self) -> u32 {
        match self {
            Edit::Request { .. } => 1,
            Edit::Value { .. } | Edit::Principal { .. } => 2,
            Edit::Statement { .. } => 3,
            Edit::Lift { .. } => 4,
            Edit::Ask { .. } => 3,
        }
    }

    /// The policy that changes.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Edit::Value { place, .. }
            | Edit::Principal { place, .. }
            | Edit::Statement { place, .. }
            | Edit::Lift { place, .. } => Some(place),
            Edit::Request { .. } | Edit::Ask { .. } => None,
        }
    }
}

/// The smallest set of changes that turns the denial into an Allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// The changes, all of which are needed; empty when none of these kinds helps.
    pub edits: Vec<Edit>,
    /// Who must act, and on what, where no change of a policy helps.
    pub instead: Option<&'static str>,
}
