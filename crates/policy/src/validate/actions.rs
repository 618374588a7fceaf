//! Actions: whether they exist, and whether this kind of policy takes them.

use super::report::Report;
use super::subject::{Subject, View};
use super::{ResourceType, table};
use crate::document::Text;
use crate::facts::{self, Service, ServiceSummary};
use crate::write_rules::{hints, reach};

table! {
    INVALID_ACTION: Error, Guide, "Invalid action",
        "the service has no such action, the wildcards stand for none, or it is no action at all";
    INVALID_SERVICE_IN_ACTION: Error, Guide, "Invalid service in action",
        "there is no service of that prefix, or the prefix has a wildcard";
    UNSUPPORTED_ACTION_IN_POLICY: Error, Guide, "Unsupported action in policy",
        "an action that the resource's policy cannot be about: of another service in a bucket policy, not of STS in a trust policy";
    ACTION_WITHOUT_RESOURCE: Error, Own, "Action without resource",
        "in a bucket policy: the action works on none of the statement's resources, which S3 refuses";
    DEPRECATED_ACTION: Warning, Own, "Deprecated action",
        "AWS's reference says that the action is deprecated, such as lambda:InvokeAsync";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    let Some(list) = view.actions else { return };
    for action in &list.values {
        if report.is_full() {
            return;
        }
        // Told as a variable where none is possible.
        if action.value.contains("${") {
            continue;
        }
        if let Some((summary, name)) = well_formed(action, report) {
            let Some(service) = facts::service(summary.prefix) else {
                continue;
            };
            if existing(action, service, name, report) {
                fitting(subject, action, service, name, report);
                reaching(subject, view, action, name, report);
            }
        } else if action.value == "*" && subject.is_trust() {
            let details = "A trust policy is about assuming the role: write sts:AssumeRole.";
            report.add(
                &UNSUPPORTED_ACTION_IN_POLICY,
                &action.span,
                details.to_owned(),
            );
        }
    }
}

/// The service and the name of an action; none after telling what is wrong, and for a lone `*`.
fn well_formed<'a>(
    action: &'a Text,
    report: &mut Report<'_>,
) -> Option<(&'static ServiceSummary, &'a str)> {
    let text = action.value.as_str();
    if text == "*" {
        return None;
    }
    let good = |part: &str, also: &[char]| {
        let mut found = part.chars();
        !part.is_empty() && found.all(|it| it.is_ascii_alphanumeric() || also.contains(&it))
    };
    let parts = text.split_once(':').filter(|(service, name)| {
        good(service, &['-', '*', '?']) && good(name, &['*', '?', '-', '_'])
    });
    let Some((prefix, name)) = parts else {
        report.add(&INVALID_ACTION, &action.span, hints::action(text));
        return None;
    };
    let known = facts::service_summary(prefix);
    if known.is_none() {
        let details = if prefix.contains(['*', '?']) {
            format!(
                "`{prefix}` has a wildcard: the service of an action is written in full, only a lone `*` means every service."
            )
        } else {
            let names = facts::services().iter().map(|service| service.prefix);
            let hint = report.did_you_mean(prefix, names, "");
            format!("AWS has no service `{prefix}`.{hint}")
        };
        report.add_part(&INVALID_SERVICE_IN_ACTION, action, 0..prefix.len(), details);
    }
    Some((known?, name))
}

/// Whether there is such an action, after telling if there is none.
fn existing(action: &Text, service: &Service, name: &str, report: &mut Report<'_>) -> bool {
    let is_pattern = name.contains(['*', '?']);
    let mut meant = service.actions_matching(name).peekable();
    if meant.peek().is_none() {
        let details = if is_pattern {
            format!("{} has no action like `{name}`.", service.name)
        } else {
            let names = service.actions.iter().map(|action| action.name);
            let hint = report.did_you_mean(name, names, &format!("{}:", service.prefix));
            format!("{} has no action `{name}`.{hint}", service.name)
        };
        report.add(&INVALID_ACTION, &action.span, details);
        return false;
    }
    if meant.all(|action| action.deprecated) {
        let details = format!(
            "AWS says that `{}` is deprecated: use what took its place.",
            action.value
        );
        report.add(&DEPRECATED_ACTION, &action.span, details);
    }
    true
}

/// Whether the action makes sense in the policy of that resource.
fn fitting(
    subject: &Subject<'_>,
    action: &Text,
    service: &Service,
    name: &str,
    report: &mut Report<'_>,
) {
    let Some(resource_type) = subject.resource_type else {
        return;
    };
    let (prefix, types): (&str, &[&str]) = match resource_type {
        ResourceType::S3Bucket => ("s3", &["bucket", "object"]),
        ResourceType::AssumeRolePolicyDocument => ("sts", &[]),
        ResourceType::S3AccessPoint => ("s3", &["accesspoint", "accesspointobject"]),
        ResourceType::S3MultiRegionAccessPoint => ("s3", &[]),
        ResourceType::S3ObjectLambdaAccessPoint => ("s3-object-lambda", &[]),
        ResourceType::DynamoDbTable => ("dynamodb", &["table", "index", "stream"]),
    };
    let fits =
        |known: &facts::Action| types.is_empty() || types.iter().any(|name| known.works_on(name));
    let details = if service.prefix != prefix {
        format!(
            "The policy of a resource of type {} takes actions of {prefix}, not `{}`: grant it to the caller by an identity policy.",
            resource_type.as_str(),
            action.value
        )
    } else if service.actions_matching(name).any(fits) {
        return;
    } else {
        format!(
            "`{}` works on no resource of type {}: grant it to the caller by an identity policy.",
            action.value,
            resource_type.as_str()
        )
    };
    report.add(&UNSUPPORTED_ACTION_IN_POLICY, &action.span, details);
}

/// Whether an action of a bucket policy works on one of its statement's resources, as [`crate::write_rules`] has it.
fn reaching(
    subject: &Subject<'_>,
    view: &View<'_>,
    action: &Text,
    name: &str,
    report: &mut Report<'_>,
) {
    let Some(resources) = view.resources else {
        return;
    };
    if subject.resource_type != Some(ResourceType::S3Bucket)
        || view.is_not_action
        || view.is_not_resource
    {
        return;
    }
    if !reach::reaches(name, resources.values.iter().map(|r| r.value.as_str())) {
        report.add(
            &ACTION_WITHOUT_RESOURCE,
            &action.span,
            reach::hint(&action.value),
        );
    }
}
