//! What is validated, laid out as the checks want it.

use std::ops::Range;

use super::{PolicyType, ResourceType};
use crate::condition::OperatorName;
use crate::document::{ConditionEntry, Document, Effect, List, PrincipalElement, Statement};
use crate::facts::{self, ConditionKey};
use crate::json::Json;
use crate::pattern::Pattern;

/// A policy and what is said about it.
pub(super) struct Subject<'d> {
    pub(super) text: &'d str,
    pub(super) json: &'d Json,
    pub(super) document: &'d Document,
    pub(super) policy_type: PolicyType,
    pub(super) resource_type: Option<ResourceType>,
}

impl Subject<'_> {
    /// Whether it is a role's trust policy.
    pub(super) fn is_trust(&self) -> bool {
        self.resource_type == Some(ResourceType::AssumeRolePolicyDocument)
    }

    /// Whether it is a bucket policy.
    pub(super) fn is_bucket(&self) -> bool {
        self.resource_type == Some(ResourceType::S3Bucket)
    }

    /// Whether IAM keeps it, with its rules on Sids.
    pub(super) fn is_iam(&self) -> bool {
        self.policy_type == PolicyType::Identity || self.is_trust()
    }
}

/// A statement and what the checks ask of it again and again.
pub(super) struct View<'d> {
    pub(super) statement: &'d Statement,
    /// `Action` or `NotAction`.
    pub(super) actions: Option<&'d List>,
    pub(super) is_not_action: bool,
    /// `Resource` or `NotResource`.
    pub(super) resources: Option<&'d List>,
    pub(super) is_not_resource: bool,
    /// `Principal` or `NotPrincipal`.
    pub(super) principal: Option<&'d PrincipalElement>,
    pub(super) conditions: Vec<Condition<'d>>,
}

/// A condition with its operator read and its key looked up.
pub(super) struct Condition<'d> {
    pub(super) entry: &'d ConditionEntry,
    pub(super) operator: OperatorName,
    /// The operator without qualifier and IfExists, in lower case.
    pub(super) base: String,
    pub(super) key_lower: String,
    pub(super) fact: Option<ConditionKey>,
}

impl<'d> View<'d> {
    pub(super) fn of(statement: &'d Statement) -> View<'d> {
        let conditions = statement.conditions.iter().map(|entry| {
            let operator = OperatorName::parse(&entry.operator.value);
            Condition {
                entry,
                base: operator.base.to_ascii_lowercase(),
                operator,
                key_lower: entry.key.value.to_ascii_lowercase(),
                fact: facts::condition_key(&entry.key.value),
            }
        });
        View {
            statement,
            actions: statement.action.as_ref().or(statement.not_action.as_ref()),
            is_not_action: statement.action.is_none() && statement.not_action.is_some(),
            resources: statement
                .resource
                .as_ref()
                .or(statement.not_resource.as_ref()),
            is_not_resource: statement.resource.is_none() && statement.not_resource.is_some(),
            principal: statement
                .principal
                .as_ref()
                .or(statement.not_principal.as_ref()),
            conditions: conditions.collect(),
        }
    }

    pub(super) fn allows(&self) -> bool {
        self.statement.effect == Some(Effect::Allow)
    }

    pub(super) fn denies(&self) -> bool {
        self.statement.effect == Some(Effect::Deny)
    }

    /// The actions as written; none if there is no `Action` or `NotAction`.
    pub(super) fn action_texts(&self) -> impl Iterator<Item = &'d str> {
        let values = self.actions.map_or(&[][..], |list| &list.values);
        values.iter().map(|text| text.value.as_str())
    }

    /// The resources as written.
    pub(super) fn resource_texts(&self) -> impl Iterator<Item = &'d str> {
        let values = self.resources.map_or(&[][..], |list| &list.values);
        values.iter().map(|text| text.value.as_str())
    }

    /// Whether an action is among those named: `Action` or `NotAction` entries, with wildcards.
    pub(super) fn names_action(&self, action: &str) -> bool {
        self.action_texts().any(|text| covers_action(text, action))
    }

    /// Whether a condition on this key, in lower case, stands in the statement.
    pub(super) fn has_key(&self, key_lower: &str) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.key_lower == key_lower)
    }

    /// The bytes of the element that names actions, or of the whole statement.
    pub(super) fn actions_span(&self) -> &'d Range<usize> {
        self.actions.map_or(&self.statement.span, |list| &list.span)
    }
}

impl Condition<'_> {
    /// Whether the operator has a set prefix.
    pub(super) fn is_qualified(&self) -> bool {
        self.operator.for_all || self.operator.for_any
    }

    /// Whether the operator holds for a key that is absent, by its negation.
    pub(super) fn is_negated(&self) -> bool {
        let base = self.base.as_str();
        base.contains("not") && base != "null"
    }

    pub(super) fn is_null(&self) -> bool {
        self.base == "null"
    }

    pub(super) fn is_like(&self) -> bool {
        matches!(self.base.as_str(), "stringlike" | "stringnotlike")
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.entry
            .values
            .values
            .iter()
            .map(|text| text.value.as_str())
    }
}

/// Whether `*` or `?` stands in the text outside of variables.
pub(super) fn has_wildcard(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?', '$']) {
        let here = &rest[at..];
        if !here.starts_with('$') {
            return true;
        }
        let end = match here.strip_prefix("${") {
            None => 1,
            Some(inner) => match inner.find('}') {
                Some(close) => close + 3,
                // No variable is closed behind here.
                None => return inner.contains(['*', '?']),
            },
        };
        rest = &here[end..];
    }
    false
}

/// Whether an action as written (`iam:*`, `*`) covers an action's full name, in any case.
pub(super) fn covers_action(written: &str, action: &str) -> bool {
    if written == "*" {
        return true;
    }
    let (Some((service, name)), Some((wanted_service, wanted_name))) =
        (written.split_once(':'), action.split_once(':'))
    else {
        return false;
    };
    let service_fits = service.eq_ignore_ascii_case(wanted_service) || service == "*";
    service_fits
        && Pattern::new(&name.to_ascii_lowercase()).matches(&wanted_name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_within_variables_are_none() {
        assert!(has_wildcard("a*") && has_wildcard("${aws:username}?"));
        assert!(!has_wildcard("${*}") && !has_wildcard("a$b") && !has_wildcard("${aws:username"));
        assert!(has_wildcard("${aws:username*"));
    }
}
