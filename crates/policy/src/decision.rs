//! The answer and its cause, and the words with which AWS tells a denied caller (specification 6.1).

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Outcome {
    /// Allowed.
    Allowed,
    /// A matching Deny, in any applicable document.
    ExplicitlyDenied,
    /// Nothing that had to allow the request did.
    ImplicitlyDenied,
}

/// The kinds of policy that take part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum PolicyKind {
    /// Identity-based policy of the user, its groups, or the role.
    Identity,
    /// Resource-based policy, such as a bucket policy.
    Resource,
    /// Trust policy of the role to be assumed.
    Trust,
    /// Permissions boundary.
    Boundary,
    /// Session policy.
    Session,
    /// Service control policy.
    Scp,
    /// Resource control policy.
    Rcp,
    /// VPC endpoint policy.
    Endpoint,
    /// S3 Block Public Access, setting RestrictPublicBuckets.
    PublicAccessBlock,
    /// A rule of the service itself that no policy can change, such as that root users may not assume roles.
    ServiceRule,
}

/// Why a request was denied: the one responsible kind of policy, and for an explicit deny the statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The kind of policy that denied, or that should have allowed.
    pub kind: PolicyKind,
    /// A matching Deny, not a missing Allow.
    pub explicit: bool,
    /// Name of the denying policy.
    pub policy_name: Option<String>,
    /// ARN of the denying policy, when it is a managed one.
    pub policy_arn: Option<String>,
    /// What the denying policy is attached to; for SCPs and RCPs the level, also of a missing Allow.
    pub attached_to: Option<String>,
    /// Position of the denying statement in its document, from 0.
    pub statement: Option<usize>,
    /// The denying statement's Sid.
    pub sid: Option<String>,
    /// Whether the caller may see the denying policy's ARN: its own account's managed policies, and SCPs.
    pub arn_shown: bool,
}

impl Cause {
    pub(crate) fn implicit(kind: PolicyKind) -> Cause {
        Cause {
            kind,
            explicit: false,
            policy_name: None,
            policy_arn: None,
            attached_to: None,
            statement: None,
            sid: None,
            arn_shown: false,
        }
    }
}

/// The decision on one request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// Allowed or how denied.
    pub outcome: Outcome,
    /// The cause of a denial.
    pub cause: Option<Cause>,
}

impl Decision {
    pub(crate) const ALLOWED: Decision = Decision {
        outcome: Outcome::Allowed,
        cause: None,
    };

    pub(crate) fn denied(cause: Cause) -> Decision {
        let outcome = if cause.explicit {
            Outcome::ExplicitlyDenied
        } else {
            Outcome::ImplicitlyDenied
        };
        Decision {
            outcome,
            cause: Some(cause),
        }
    }

    /// Whether the request is allowed.
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The end of AWS's AccessDenied sentence, with its leading space: ` because no identity-based policy allows the {action} action`.
    /// Empty when allowed and where AWS says nothing.
    pub fn reason(&self, action: &str) -> String {
        let Some(cause) = &self.cause else {
            return String::new();
        };
        let (article, name) = match cause.kind {
            PolicyKind::Identity => ("an", "identity-based policy"),
            PolicyKind::Resource => ("a", "resource-based policy"),
            PolicyKind::Trust => ("the", "role trust policy"),
            PolicyKind::Boundary => ("a", "permissions boundary"),
            PolicyKind::Session => ("a", "session policy"),
            PolicyKind::Scp => ("a", "service control policy"),
            PolicyKind::Rcp => ("a", "resource control policy"),
            PolicyKind::Endpoint => ("a", "VPC endpoint policy"),
            PolicyKind::PublicAccessBlock => {
                return " because public policies are restricted by the RestrictPublicBuckets setting in S3 Block Public Access"
                    .to_owned();
            }
            PolicyKind::ServiceRule => return String::new(),
        };
        if !cause.explicit {
            return format!(" because no {name} allows the {action} action");
        }
        match &cause.policy_arn {
            Some(arn) if cause.arn_shown => {
                format!(" with an explicit deny in {article} {name}: {arn}")
            }
            _ => format!(" with an explicit deny in {article} {name}"),
        }
    }
}
