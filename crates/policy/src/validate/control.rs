//! Service and resource control policies: what they may hold.
//!
//! AWS took the whole language into SCPs in September 2025. The checks that enforce the older grammar are still those of the
//! guide of 2023, and say so: a policy for every partition and tool keeps to it.

use super::report::Report;
use super::subject::{Subject, View};
use super::{PolicyType, table};
use crate::document::{PrincipalElement, PrincipalType};
use crate::facts;

table! {
    SCP_SYNTAX_ERROR_PRINCIPAL: Error, Guide, "SCP syntax error principal",
        "an SCP has `Principal` or `NotPrincipal`";
    SCP_SYNTAX_ERROR_ACTION_WILDCARD: Error, Guide, "SCP syntax error action wildcard",
        "an SCP has a wildcard before the end of an action";
    SCP_SYNTAX_ERROR_ALLOW_CONDITION: Error, Guide, "SCP syntax error allow condition",
        "an SCP allows with `Condition`";
    SCP_SYNTAX_ERROR_ALLOW_NOTACTION: Error, Guide, "SCP syntax error allow NotAction",
        "an SCP allows with `NotAction`";
    SCP_SYNTAX_ERROR_ALLOW_RESOURCE: Error, Guide, "SCP syntax error allow resource",
        "an SCP allows on a `Resource` other than `*`";
    SCP_SYNTAX_ERROR_NOTRESOURCE: Error, Guide, "SCP syntax error NotResource",
        "an SCP has `NotResource`";
    RCP_SYNTAX_ERROR_PRINCIPAL: Error, Later, "RCP syntax error principal",
        "the principal of an RCP is not `*`";
    RCP_SYNTAX_ERROR_ALLOW: Error, Later, "RCP syntax error allow",
        "an RCP allows something else than everything to everybody";
    RCP_SYNTAX_ERROR_NOTACTION: Error, Later, "RCP syntax error NotAction",
        "an RCP has `NotAction`";
    RCP_SYNTAX_ERROR_ACTION: Error, Later, "RCP syntax error action",
        "an RCP has an action of a service that RCPs do not reach, or a wildcard before the end of an action";
    RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY: Warning, Later, "RCP missing related principal condition key",
        "an RCP denies by who calls, without letting off services by aws:PrincipalIsAWSService";
    RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY: Warning, Later, "RCP missing related service principal condition key",
        "an RCP denies by for whom a service acts, without aws:PrincipalIsAWSService";
    RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK: Warning, Later, "RCP missing service condition key null check",
        "an RCP denies by for whom a service acts, without asking by `Null` whether it says so at all";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    match subject.policy_type {
        PolicyType::ServiceControl => service_control(view, report),
        PolicyType::ResourceControl => resource_control(view, report),
        PolicyType::Identity | PolicyType::Resource => {}
    }
}

const SINCE: &str = "AWS takes this since September 2025 only.";

fn service_control(view: &View<'_>, report: &mut Report<'_>) {
    let statement = view.statement;
    if let Some(element) = view.principal {
        let details = "An SCP is about all that its accounts hold: remove the principal, and narrow by a condition on aws:PrincipalArn.";
        report.add(
            &SCP_SYNTAX_ERROR_PRINCIPAL,
            &element.span,
            details.to_owned(),
        );
    }
    for action in view.actions.map_or(&[][..], |list| &list.values) {
        if has_early_wildcard(&action.value) {
            let details = format!(
                "`{}` has a wildcard before its end: list the actions. {SINCE}",
                action.value
            );
            report.add(&SCP_SYNTAX_ERROR_ACTION_WILDCARD, &action.span, details);
        }
    }
    if let Some(list) = &statement.not_resource {
        let details = format!("Write Resource with what is meant. {SINCE}");
        report.add(&SCP_SYNTAX_ERROR_NOTRESOURCE, &list.span, details);
    }
    if !view.allows() {
        return;
    }
    if let Some(span) = statement
        .condition_span
        .as_ref()
        .filter(|_| !view.conditions.is_empty())
    {
        let details = format!("Deny what is not to be, with the opposite condition. {SINCE}");
        report.add(&SCP_SYNTAX_ERROR_ALLOW_CONDITION, span, details);
    }
    if let Some(list) = &statement.not_action {
        let details = format!("Allow a list of actions, or deny one. {SINCE}");
        report.add(&SCP_SYNTAX_ERROR_ALLOW_NOTACTION, &list.span, details);
    }
    if let Some(list) = &statement.resource
        && list.values.iter().any(|text| text.value != "*")
    {
        let details = format!("Allow on `*`, and deny on what is not to be reached. {SINCE}");
        report.add(&SCP_SYNTAX_ERROR_ALLOW_RESOURCE, &list.span, details);
    }
}

/// Whether a wildcard stands elsewhere than at the end.
fn has_early_wildcard(action: &str) -> bool {
    let body = action.strip_suffix('*').unwrap_or(action);
    body.contains(['*', '?'])
}

fn resource_control(view: &View<'_>, report: &mut Report<'_>) {
    let statement = view.statement;
    let everyone = statement.principal.as_ref().is_some_and(is_everyone);
    if let Some(element) = view.principal.filter(|_| !everyone) {
        let details =
            "An RCP is for everybody, \"Principal\": \"*\", and is narrowed by conditions.";
        report.add(
            &RCP_SYNTAX_ERROR_PRINCIPAL,
            &element.span,
            details.to_owned(),
        );
    }
    let star = |list: &crate::document::List| list.values.iter().all(|text| text.value == "*");
    let allows_all = everyone
        && view.conditions.is_empty()
        && statement.not_resource.is_none()
        && statement.resource.as_ref().is_none_or(star);
    if view.allows() && !allows_all {
        let start = statement.span.start;
        let details = "An RCP allows everybody everything or denies something: with Allow there is Principal `*`, Resource `*`, and no Condition.";
        report.add(
            &RCP_SYNTAX_ERROR_ALLOW,
            &(start..start + 1),
            details.to_owned(),
        );
    }
    if let Some(list) = &statement.not_action {
        let details = "An RCP lists what it denies in Action.".to_owned();
        report.add(&RCP_SYNTAX_ERROR_NOTACTION, &list.span, details);
    }
    let actions = statement.action.as_ref();
    for action in actions.map_or(&[][..], |list| &list.values) {
        let service = action.value.split(':').next().unwrap_or("");
        let known = facts::service_summary(service);
        let details = if known.is_some_and(|known| !known.resource_control_policies) {
            let reached: Vec<&str> = facts::services()
                .iter()
                .filter(|service| service.resource_control_policies)
                .map(|service| service.prefix)
                .collect();
            format!("RCPs do not reach `{service}`, but {}.", reached.join(", "))
        } else if has_early_wildcard(&action.value) {
            format!(
                "`{}` has a wildcard before its end: list the actions.",
                action.value
            )
        } else {
            continue;
        };
        report.add(&RCP_SYNTAX_ERROR_ACTION, &action.span, details);
    }
    if view.denies() {
        services_let_off(view, report);
    }
}

/// Whether an RCP that denies by principal thinks of the services that act for its accounts, and the other way about.
fn services_let_off(view: &View<'_>, report: &mut Report<'_>) {
    let thinks_of_services = view.has_key("aws:principalisawsservice");
    let asks_null = view.conditions.iter().any(|condition| {
        condition.is_null()
            && matches!(
                condition.key_lower.as_str(),
                "aws:sourceaccount" | "aws:sourcearn"
            )
    });
    for condition in view
        .conditions
        .iter()
        .filter(|condition| !condition.is_null())
    {
        let key = condition.key_lower.as_str();
        let span = &condition.entry.key.span;
        let name = &condition.entry.key.value;
        let of_caller = matches!(
            key,
            "aws:principalorgid"
                | "aws:principalorgpaths"
                | "aws:principalaccount"
                | "aws:principalarn"
        ) || key.starts_with("aws:principaltag/");
        let of_source = matches!(
            key,
            "aws:sourceorgid" | "aws:sourceorgpaths" | "aws:sourceaccount" | "aws:sourcearn"
        );
        if of_caller && !thinks_of_services {
            let details = format!(
                "Services that act for your accounts have no `{name}` and would be denied: add \"BoolIfExists\": {{\"aws:PrincipalIsAWSService\": \"false\"}}."
            );
            report.add(&RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY, span, details);
        }
        if of_source && !thinks_of_services {
            let details = format!(
                "Your own people have no `{name}` and would be denied: add \"Bool\": {{\"aws:PrincipalIsAWSService\": \"true\"}}."
            );
            report.add(
                &RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY,
                span,
                details,
            );
        }
        if of_source && !asks_null {
            let details = format!(
                "Some services say nothing of their source and would be denied for lack of `{name}`: add \"Null\": {{\"aws:SourceAccount\": \"false\"}}."
            );
            report.add(&RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK, span, details);
        }
    }
}

fn is_everyone(element: &PrincipalElement) -> bool {
    let is_star = |kind: PrincipalType, text: &str| kind == PrincipalType::Aws && text == "*";
    element.star
        || (element.entries.len() == 1
            && element
                .entries
                .iter()
                .all(|entry| is_star(entry.kind, &entry.text.value)))
}
