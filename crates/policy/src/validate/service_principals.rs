//! Services: how their principals are written, and from whom a service that acts for others takes orders.

use super::report::Report;
use super::subject::{Condition, Subject, View, has_wildcard};
use super::{PolicyType, table};
use crate::document::{PrincipalEntry, PrincipalType};

table! {
    INVALID_SERVICE_PRINCIPAL_FORMAT: Error, Guide, "Invalid service principal format",
        "a service under `Service`, or as value of a key that holds services, is not written like lambda.amazonaws.com";
    UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL: Error, Guide, "Unsupported condition key for service principal",
        "a key about users, roles and their organization in a statement whose principals are services only";
    RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL: SecurityWarning, Guide, "Restrict access to service principal",
        "a resource policy, not a trust policy, lets a service in without a condition on the source it acts for";
    RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL: Suggestion, Guide, "Recommended condition key for service principal",
        "the same, but with a condition on aws:Referer, aws:UserAgent or aws:SourceIp, which says nothing of the source";
}

/// What says for whom a service acts.
const SOURCE_KEYS: [&str; 4] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];

/// Keys about people's identities, which a service's own call never has.
const PERSONAL_KEYS: [&str; 9] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:userid",
    "aws:username",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:tokenissuetime",
];

/// Keys whose values are services.
const SERVICE_KEYS: [&str; 9] = [
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "iam:passedtoservice",
    "iam:awsservicename",
    "sts:awsservicename",
    "kms:viaservice",
];

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    for condition in &view.conditions {
        if SERVICE_KEYS.contains(&condition.key_lower.as_str()) {
            values(condition, report);
        }
    }
    let entries = view.principal.map_or(&[][..], |element| &element.entries);
    let services: Vec<&PrincipalEntry> = entries
        .iter()
        .filter(|entry| entry.kind == PrincipalType::Service)
        .collect();
    for entry in &services {
        let text = entry.text.value.as_str();
        if !has_wildcard(text) && !is_service(text) {
            let details = format!(
                "`{text}` is no service: services are written like lambda.amazonaws.com, in lower case."
            );
            report.add(&INVALID_SERVICE_PRINCIPAL_FORMAT, &entry.text.span, details);
        }
    }
    let only_services = !services.is_empty()
        && services.len() == entries.len()
        && view.statement.principal.is_some();
    if only_services && subject.policy_type == PolicyType::Resource {
        personal(view, report);
        if view.allows() && !subject.is_trust() {
            sources(view, &services, report);
        }
    }
}

fn values(condition: &Condition<'_>, report: &mut Report<'_>) {
    let is_text = condition.base.starts_with("string");
    for text in &condition.entry.values.values {
        let value = text.value.as_str();
        if is_text && !has_wildcard(value) && !value.contains("${") && !is_service(value) {
            let form = if condition.key_lower == "kms:viaservice" {
                "s3.eu-central-1.amazonaws.com"
            } else {
                "lambda.amazonaws.com"
            };
            let details = format!(
                "`{value}` is no service: the values of `{}` are written like {form}, in lower case.",
                condition.entry.key.value
            );
            report.add(&INVALID_SERVICE_PRINCIPAL_FORMAT, &text.span, details);
        }
    }
}

/// Whether the text looks like the principal of a service.
fn is_service(text: &str) -> bool {
    const SUFFIXES: [&str; 5] = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".amazon.com",
        ".aws.internal",
    ];
    let good =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    let name = SUFFIXES.iter().find_map(|suffix| text.strip_suffix(suffix));
    name.is_some_and(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(good))
}

fn personal(view: &View<'_>, report: &mut Report<'_>) {
    let keys: Vec<_> = view
        .conditions
        .iter()
        .filter(|condition| {
            let key = condition.key_lower.as_str();
            PERSONAL_KEYS.contains(&key) || key.starts_with("aws:principaltag/")
        })
        .map(|condition| &condition.entry.key)
        .collect();
    if !keys.is_empty() {
        let names: Vec<&str> = keys.iter().map(|key| key.value.as_str()).collect();
        let details = format!(
            "A service's own call never has {}: write aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths.",
            names.join(", ")
        );
        report.add_all(
            &UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
            keys.iter().map(|key| &key.span),
            details,
        );
    }
}

fn sources(view: &View<'_>, services: &[&PrincipalEntry], report: &mut Report<'_>) {
    if SOURCE_KEYS.iter().any(|key| view.has_key(key)) {
        return;
    }
    let advice = "Add a condition on aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths.";
    let weak = view.conditions.iter().find(|condition| {
        matches!(
            condition.key_lower.as_str(),
            "aws:referer" | "aws:useragent" | "aws:sourceip"
        )
    });
    if let Some(weak) = weak {
        let details = format!(
            "`{}` does not say for whom the service acts. {advice}",
            weak.entry.key.value
        );
        report.add(
            &RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
            &weak.entry.key.span,
            details,
        );
        return;
    }
    let details =
        format!("The service may act for anybody's account here: a confused deputy. {advice}");
    report.add_all(
        &RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL,
        services.iter().map(|entry| &entry.text.span),
        details,
    );
}
