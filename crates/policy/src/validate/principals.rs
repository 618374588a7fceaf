//! Principals: who may be named, and how.

use super::locate::value_at;
use super::report::Report;
use super::structure;
use super::subject::{Subject, View};
use super::{PolicyType, table};
use crate::document::{PrincipalElement, PrincipalEntry, PrincipalType};
use crate::json::Json;
use crate::write_rules::{hints, is_aws_principal};

table! {
    MISSING_PRINCIPAL: Error, Guide, "Missing principal",
        "a statement of a resource policy, a trust policy or an RCP names nobody";
    UNSUPPORTED_PRINCIPAL: Error, Guide, "Unsupported principal",
        "an identity policy has `Principal` or `NotPrincipal`";
    INVALID_PRINCIPAL_FORMAT: Error, Guide, "Invalid principal format",
        "`Principal` is neither \"*\" nor an object, or a principal under `AWS` or `CanonicalUser` is malformed";
    INVALID_PRINCIPAL_KEY: Error, Guide, "Invalid principal key",
        "a key of `Principal` other than `AWS`, `Service`, `Federated` and `CanonicalUser`, or one that this kind of policy does not take";
    UNSUPPORTED_WILDCARD_IN_PRINCIPAL: Error, Guide, "Unsupported wildcard in principal",
        "`*` or `?` within a principal; only a lone `*` under `AWS` is allowed";
    FEDERATED_PRINCIPAL_NOT_SUPPORTED: Error, Guide, "Federated principal not supported",
        "`Federated` outside of a trust policy";
    INVALID_ROLE_REFERENCE: Warning, Guide, "Invalid role reference",
        "a principal is the unique id of a role, `AROA…`";
    INVALID_USER_REFERENCE: Warning, Guide, "Invalid user reference",
        "a principal is the unique id of a user, `AIDA…`";
    ALLOW_WITH_NOT_PRINCIPAL: SecurityWarning, Guide, "Allow with NotPrincipal",
        "`NotPrincipal` with `Allow`";
    EMPTY_ARRAY_PRINCIPAL: Suggestion, Guide, "Empty array principal",
        "a key of `Principal` has an empty list";
    EMPTY_OBJECT_PRINCIPAL: Suggestion, Guide, "Empty object principal",
        "`Principal` is an empty object";
    NOT_PRINCIPAL_REFUSED: Error, Own, "NotPrincipal refused",
        "`NotPrincipal` with `Allow`, which is refused when it is written";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    match (subject.policy_type, view.principal) {
        (PolicyType::Identity, Some(element)) => {
            let details = "An identity policy applies to whom it is attached to: remove the principal, or put the statement into a resource policy.";
            report.add(&UNSUPPORTED_PRINCIPAL, &element.span, details.to_owned());
        }
        // Told by the checks of service control policies.
        (PolicyType::Identity, None) | (PolicyType::ServiceControl, _) => {}
        (PolicyType::Resource | PolicyType::ResourceControl, None) => {
            let start = view.statement.span.start;
            let details =
                "The statement names nobody: add Principal, such as {\"AWS\": \"111122223333\"}.";
            report.add(&MISSING_PRINCIPAL, &(start..start + 1), details.to_owned());
        }
        (PolicyType::Resource | PolicyType::ResourceControl, Some(element)) => {
            written(subject, view, element, report);
        }
    }
}

fn written(
    subject: &Subject<'_>,
    view: &View<'_>,
    element: &PrincipalElement,
    report: &mut Report<'_>,
) {
    if view.statement.not_principal.is_some() && view.allows() && !subject.is_trust() {
        let span = &element.span;
        let details = "With Allow, NotPrincipal lets in everybody else, unsigned requests too: name whom you mean in Principal.";
        report.add(&ALLOW_WITH_NOT_PRINCIPAL, span, details.to_owned());
        let details = "Allow with NotPrincipal is no longer taken when a policy is written.";
        report.add(&NOT_PRINCIPAL_REFUSED, span, details.to_owned());
    }
    // The parsed form keeps only what fits the grammar.
    let json = value_at(subject.json, &element.span);
    let Some(members) = json.and_then(Json::members) else {
        if !element.star {
            let details = subject
                .document
                .problems()
                .iter()
                .find(|problem| problem.span == element.span)
                .map_or_else(
                    || "Write \"*\", or an object such as {\"AWS\": …}.".to_owned(),
                    |problem| format!("{}.", problem.message),
                );
            report.add(&INVALID_PRINCIPAL_FORMAT, &element.span, details);
        }
        return;
    };
    if members.is_empty() {
        let details =
            "The statement names nobody, which has no effect: name somebody, or remove it.";
        report.add(&EMPTY_OBJECT_PRINCIPAL, &element.span, details.to_owned());
    }
    let mut named = 0;
    for member in members {
        if structure::is_empty(&member.value.kind) {
            let details = format!(
                "The list of `{}` names nobody: name somebody, or remove it.",
                member.key
            );
            report.add(&EMPTY_ARRAY_PRINCIPAL, &member.value.span, details);
        } else {
            named += 1;
        }
        let is_known = matches!(
            member.key.as_str(),
            "AWS" | "Service" | "Federated" | "CanonicalUser"
        );
        let is_misplaced = member.key == "CanonicalUser"
            && (subject.is_trust() || subject.policy_type == PolicyType::ResourceControl);
        if !is_known || is_misplaced {
            let details = if is_misplaced {
                "Canonical user ids name accounts in policies of S3 only: write {\"AWS\": \"ACCOUNT\"}.".to_owned()
            } else {
                format!(
                    "`{}` is no kind of principal: there are AWS, Service, Federated and CanonicalUser.",
                    member.key
                )
            };
            report.add(&INVALID_PRINCIPAL_KEY, &member.key_span, details);
        }
        if member.key == "Federated" && !subject.is_trust() {
            let details = "Identity providers let people into roles; only a role's trust policy names them. Here, name the role.";
            report.add(
                &FEDERATED_PRINCIPAL_NOT_SUPPORTED,
                &member.key_span,
                details.to_owned(),
            );
        }
    }
    if named == 0 {
        let details = "A statement that names nobody is refused: add a principal.".to_owned();
        report.add(&MISSING_PRINCIPAL, &element.span, details);
    }
    for entry in &element.entries {
        one(entry, report);
    }
}

fn one(entry: &PrincipalEntry, report: &mut Report<'_>) {
    let text = entry.text.value.as_str();
    let span = &entry.text.span;
    match entry.kind {
        PrincipalType::Aws if is_aws_principal(text) => {}
        PrincipalType::Aws => {
            let (check, noun) = if text.starts_with("AROA") {
                (Some(&INVALID_ROLE_REFERENCE), "role")
            } else if text.starts_with("AIDA") {
                (Some(&INVALID_USER_REFERENCE), "user")
            } else {
                (None, "")
            };
            if let Some(check) = check {
                let details = format!(
                    "`{text}` is the unique id of a {noun}: write its ARN, which is kept as the id and is shown again as the ARN."
                );
                report.add(check, span, details);
            }
            let hint = hints::principal(text).unwrap_or_else(|| {
                "Name an account, a user, a role or a session by its ARN.".to_owned()
            });
            let check = if text.contains(['*', '?']) {
                &UNSUPPORTED_WILDCARD_IN_PRINCIPAL
            } else {
                &INVALID_PRINCIPAL_FORMAT
            };
            report.add(check, span, format!("`{text}` is no principal. {hint}"));
        }
        PrincipalType::Service | PrincipalType::Federated if text.contains(['*', '?']) => {
            let details = format!(
                "`{text}` has a wildcard: under `{}` each principal is named in full.",
                entry.key.value
            );
            report.add(&UNSUPPORTED_WILDCARD_IN_PRINCIPAL, span, details);
        }
        PrincipalType::CanonicalUser => {
            let good = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !good {
                let details = "A canonical user id has 64 hexadecimal digits.".to_owned();
                report.add(&INVALID_PRINCIPAL_FORMAT, span, details);
            }
        }
        // The forms of services and providers have checks of their own; unknown keys are told as keys.
        PrincipalType::Service | PrincipalType::Federated | PrincipalType::Unknown => {}
    }
}
