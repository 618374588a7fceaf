//! Whether a bucket policy is public (section 5.7).

use std::net::IpAddr;

use twinlock_policy::document::{ConditionEntry, PrincipalType};
use twinlock_policy::{Document, Effect, Statement};

use crate::value::network;

/// Some Allow is for everybody, and no condition narrows it to fixed values of a key that tells callers apart.
pub(crate) fn is_public(document: &Document) -> bool {
    document.statements().iter().any(|statement| {
        statement.effect == Some(Effect::Allow)
            && for_everybody(statement)
            && !statement.conditions.iter().any(narrows)
    })
}

/// Whom a `NotPrincipal` lets in is not fixed either.
fn for_everybody(statement: &Statement) -> bool {
    match &statement.principal {
        Some(principal) => {
            principal.star
                || principal
                    .entries
                    .iter()
                    .any(|entry| entry.kind == PrincipalType::Aws && entry.text.value == "*")
        }
        None => statement.not_principal.is_some(),
    }
}

const NARROWING_KEYS: [&str; 9] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:userid",
];

fn narrows(entry: &ConditionEntry) -> bool {
    let key = entry.key.value.to_lowercase();
    let operator = entry.operator.value.as_str();
    let operator = operator.strip_prefix("ForAnyValue:").unwrap_or(operator);
    let values = || entry.values.values.iter().map(|value| value.value.as_str());
    if entry.values.values.is_empty() {
        return false;
    }
    if key == "aws:sourceip" {
        return operator == "IpAddress" && values().all(is_narrow);
    }
    (NARROWING_KEYS.contains(&key.as_str()) || key.starts_with("s3:dataaccesspoint"))
        && matches!(
            operator,
            "StringEquals" | "StringEqualsIgnoreCase" | "StringLike" | "ArnEquals" | "ArnLike"
        )
        && values().all(|value| !value.contains(['*', '?']) && !value.contains("${"))
}

/// At least eight bits of a version 4 address are fixed, or thirty-two of version 6.
fn is_narrow(range: &str) -> bool {
    match network(range) {
        Some((IpAddr::V4(_), bits)) => bits >= 8,
        Some((IpAddr::V6(_), bits)) => bits >= 32,
        None => false,
    }
}
