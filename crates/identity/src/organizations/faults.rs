//! AWS's exceptions, with the sentences that were seen or are documented.

use twinlock_gate::Fault;

fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(code, 400, message)
}

/// The caller's account is in no organization.
pub(crate) fn not_in_use() -> Fault {
    fault(
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )
}

/// `ConstraintViolationException` for one of AWS's reasons.
pub(crate) fn constraint(reason: &'static str, message: impl Into<String>) -> Fault {
    fault("ConstraintViolationException", message).with("Reason", reason)
}

/// `HandshakeConstraintViolationException` for one of AWS's reasons.
pub(crate) fn handshake_constraint(reason: &'static str, message: impl Into<String>) -> Fault {
    fault("HandshakeConstraintViolationException", message).with("Reason", reason)
}

/// `InvalidInputException` for one of AWS's reasons.
pub(crate) fn invalid(reason: &'static str, message: impl Into<String>) -> Fault {
    fault("InvalidInputException", message).with("Reason", reason)
}

/// There is no such account in the organization.
pub(crate) fn no_account() -> Fault {
    fault(
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )
}

/// There is no such root or unit to be in.
pub(crate) fn no_parent() -> Fault {
    fault(
        "ParentNotFoundException",
        "You specified parent that doesn't exist.",
    )
}

/// There is no such root, unit, account or policy.
pub(crate) fn no_target() -> Fault {
    fault(
        "TargetNotFoundException",
        "You specified a target that doesn't exist.",
    )
}

/// There is no such policy.
pub(crate) fn no_policy() -> Fault {
    fault(
        "PolicyNotFoundException",
        "You specified a policy that doesn't exist.",
    )
}

/// There is no such unit.
pub(crate) fn no_unit() -> Fault {
    fault(
        "OrganizationalUnitNotFoundException",
        "You specified an organizational unit that doesn't exist.",
    )
}

/// There is no such root.
pub(crate) fn no_root() -> Fault {
    fault(
        "RootNotFoundException",
        "You specified a root that doesn't exist.",
    )
}

/// There is no such handshake, or it is none of the caller's business.
pub(crate) fn no_handshake() -> Fault {
    fault(
        "HandshakeNotFoundException",
        "You specified a handshake that doesn't exist.",
    )
}

/// A type of policy that cannot be used.
pub(crate) fn type_not_available(policy_type: &str) -> Fault {
    fault(
        "PolicyTypeNotAvailableForOrganizationException",
        format!(
            "You can't use the specified policy type with the feature set currently enabled for this organization. {policy_type}: Twinlock enforces SERVICE_CONTROL_POLICY and RESOURCE_CONTROL_POLICY, in an organization with all features."
        ),
    )
}

/// A type of policy that is not enabled.
pub(crate) fn type_not_enabled() -> Fault {
    fault(
        "PolicyTypeNotEnabledException",
        "This operation can be performed only for enabled policy types.",
    )
}

/// An exception without a reason in a sentence of its own.
pub(crate) fn exception(code: &'static str, message: impl Into<String>) -> Fault {
    fault(code, message)
}
