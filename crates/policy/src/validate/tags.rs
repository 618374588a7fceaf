//! Conditions on the tags of resources, where some of the statement's actions have no resource whose tags could be looked at.

use std::collections::BTreeSet;

use super::report::Report;
use super::subject::{Condition, View};
use super::{Check, table};
use crate::facts;

table! {
    ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: Suggestion, Guide, "Allow with unsupported tag condition key for service",
        "`Allow` by aws:ResourceTag, with actions whose requests never have it";
    ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: Suggestion, Guide, "Allow NotAction with unsupported tag condition key for service",
        "`Allow` by aws:ResourceTag with `NotAction`";
    DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: SecurityWarning, Guide, "Deny with unsupported tag condition key for service",
        "`Deny` by aws:ResourceTag, with actions whose requests never have it, and which are therefore not denied";
    DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: SecurityWarning, Guide, "Deny NotAction with unsupported tag condition key for service",
        "`Deny` by aws:ResourceTag with `NotAction`";
}

pub(super) fn statement(view: &View<'_>, report: &mut Report<'_>) {
    for condition in &view.conditions {
        let is_about_tags = condition.key_lower.starts_with("aws:resourcetag/");
        // Where an absent key makes the condition true, or is what is asked for, nothing is lost.
        let wants_it = !condition.is_negated()
            && !condition.is_null()
            && !condition.operator.if_exists
            && !condition.operator.for_all;
        if is_about_tags && wants_it {
            one(view, condition, report);
        }
    }
}

fn one(view: &View<'_>, condition: &Condition<'_>, report: &mut Report<'_>) {
    let key = condition.entry.key.value.as_str();
    let span = &condition.entry.key.span;
    if view.is_not_action {
        let (check, what): (&'static Check, &str) = if view.allows() {
            (
                &ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                "are not allowed",
            )
        } else {
            (
                &DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                "are not denied",
            )
        };
        if view.allows() || view.denies() {
            let details = format!(
                "Of the actions that NotAction leaves, those whose requests never have `{key}` {what}: list the actions that you mean in Action."
            );
            report.add_all(check, [view.actions_span(), span], details);
        }
        return;
    }
    let actions = view.actions.map_or(&[][..], |list| &list.values);
    let mut services = BTreeSet::new();
    let mut spans = Vec::new();
    for action in actions {
        let Some((prefix, name)) = action.value.split_once(':') else {
            continue;
        };
        let Some(service) = facts::service(prefix) else {
            continue;
        };
        let mut meant = service.actions_matching(name).peekable();
        if meant.peek().is_some() && !meant.any(|action| service.knows_key(action, key)) {
            services.insert(service.prefix);
            spans.push(&action.span);
        }
    }
    if services.is_empty() {
        return;
    }
    let services = Vec::from_iter(services).join(", ");
    let (check, what): (&'static Check, &str) = if view.allows() {
        (
            &ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
            "allows none of them",
        )
    } else if view.denies() {
        (
            &DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
            "denies none of them",
        )
    } else {
        return;
    };
    spans.push(span);
    let details = format!(
        "Requests of these actions of {services} never have `{key}`, so the statement {what}: put them into a statement without the key."
    );
    report.add_all(check, spans, details);
}
