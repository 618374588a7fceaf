//! The two permissions that hand out others: passing a role to a service, and having a service-linked role made.
//!
//! Each has six findings, by how wide actions and resources are written. A condition on the service narrows wide resources enough.

use super::report::Report;
use super::subject::{Subject, View, has_wildcard};
use super::{Check, PolicyType, table};
use crate::arn::Arn;

table! {
    PASS_ROLE_WITH_NOT_RESOURCE: SecurityWarning, Guide, "Pass role with NotResource",
        "Allow iam:PassRole with `NotResource`";
    PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE: SecurityWarning, Guide, "Pass role with star in action and NotResource",
        "Allow of a wildcard that covers iam:PassRole, with `NotResource`";
    PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE: SecurityWarning, Guide, "Pass role with NotAction and NotResource",
        "Allow with `NotAction` that leaves iam:PassRole, with `NotResource`";
    PASS_ROLE_WITH_STAR_IN_RESOURCE: SecurityWarning, Guide, "Pass role with star in resource",
        "Allow iam:PassRole on roles of any name, without a condition on iam:PassedToService";
    PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE: SecurityWarning, Guide, "Pass role with star in action and resource",
        "Allow of a wildcard that covers iam:PassRole, on roles of any name, without a condition on iam:PassedToService";
    PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION: SecurityWarning, Guide, "Pass role with star in resource and NotAction",
        "Allow with `NotAction` that leaves iam:PassRole, on roles of any name, without a condition on iam:PassedToService";
    CREATE_SLR_WITH_NOT_RESOURCE: Warning, Guide, "Create SLR with NotResource",
        "Allow iam:CreateServiceLinkedRole with `NotResource`";
    CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE: Warning, Guide, "Create SLR with star in action and NotResource",
        "Allow of a wildcard that covers iam:CreateServiceLinkedRole, with `NotResource`";
    CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE: Warning, Guide, "Create SLR with NotAction and NotResource",
        "Allow with `NotAction` that leaves iam:CreateServiceLinkedRole, with `NotResource`";
    CREATE_SLR_WITH_STAR_IN_RESOURCE: Warning, Guide, "Create SLR with star in resource",
        "Allow iam:CreateServiceLinkedRole on roles of any name, without a condition on iam:AWSServiceName";
    CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE: Warning, Guide, "Create SLR with star in action and resource",
        "Allow of a wildcard that covers iam:CreateServiceLinkedRole, on roles of any name, without a condition on iam:AWSServiceName";
    CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION: Warning, Guide, "Create SLR with star in resource and NotAction",
        "Allow with `NotAction` that leaves iam:CreateServiceLinkedRole, on roles of any name, without a condition on iam:AWSServiceName";
}

/// A permission that hands out others.
struct Risk {
    action: &'static str,
    /// The condition key, in lower case, that narrows it to services.
    narrowed_by: &'static str,
    /// What it lets one do.
    lets: &'static str,
    /// By named action, wildcard, NotAction; with NotResource.
    not_resource: [&'static Check; 3],
    /// The same, with a wide resource.
    star: [&'static Check; 3],
}

static RISKS: [Risk; 2] = [
    Risk {
        action: "iam:PassRole",
        narrowed_by: "iam:passedtoservice",
        lets: "hand a role, and all that it may do, to a service",
        not_resource: [
            &PASS_ROLE_WITH_NOT_RESOURCE,
            &PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
            &PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE,
        ],
        star: [
            &PASS_ROLE_WITH_STAR_IN_RESOURCE,
            &PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE,
            &PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
        ],
    },
    Risk {
        action: "iam:CreateServiceLinkedRole",
        narrowed_by: "iam:awsservicename",
        lets: "have roles made for services that nobody thought of",
        not_resource: [
            &CREATE_SLR_WITH_NOT_RESOURCE,
            &CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
            &CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE,
        ],
        star: [
            &CREATE_SLR_WITH_STAR_IN_RESOURCE,
            &CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE,
            &CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
        ],
    },
];

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    if subject.policy_type != PolicyType::Identity || !view.allows() {
        return;
    }
    let (Some(actions), Some(resources)) = (view.actions, view.resources) else {
        return;
    };
    if actions.values.is_empty() || resources.values.is_empty() {
        return;
    }
    for risk in &RISKS {
        let is_named = view
            .action_texts()
            .any(|text| text.eq_ignore_ascii_case(risk.action));
        let breadth = match (view.is_not_action, view.names_action(risk.action)) {
            (true, false) => 2,
            (false, true) if is_named => 0,
            (false, true) => 1,
            _ => continue,
        };
        let how = [
            format!("{} lets one {}", risk.action, risk.lets),
            format!(
                "The wildcard covers {}, which lets one {}",
                risk.action, risk.lets
            ),
            format!(
                "NotAction leaves {}, which lets one {}",
                risk.action, risk.lets
            ),
        ][breadth]
            .clone();
        if view.is_not_resource {
            let details = format!(
                "{how}; NotResource means every role but these. List the roles in Resource."
            );
            report.add_all(
                risk.not_resource[breadth],
                [&actions.span, &resources.span],
                details,
            );
        } else if !view.has_key(risk.narrowed_by) && view.resource_texts().any(is_any_role) {
            let details = format!(
                "{how}, and Resource is roles of any name. List their ARNs, or add a condition on {}.",
                key_name(risk)
            );
            report.add_all(
                risk.star[breadth],
                [&actions.span, &resources.span],
                details,
            );
        }
    }
}

fn key_name(risk: &Risk) -> &'static str {
    if risk.action == "iam:PassRole" {
        "iam:PassedToService"
    } else {
        "iam:AWSServiceName"
    }
}

/// Whether the pattern covers roles of any name. A fixed beginning of the name is narrow enough, since services keep to prefixes.
fn is_any_role(pattern: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let Some(arn) = Arn::parse(pattern) else {
        return pattern.starts_with("arn:") && pattern.ends_with('*');
    };
    let name = arn.resource.strip_prefix("role/").unwrap_or(arn.resource);
    let name = name.strip_prefix("aws-service-role/").unwrap_or(name);
    has_wildcard(arn.service) || (arn.service == "iam" && name.starts_with(['*', '?']))
}
