//! The ARNs under `Resource` and `NotResource`: their six fields against the forms that AWS publishes.

use super::report::Report;
use super::subject::{Subject, View, has_wildcard};
use super::{ResourceType, table};
use crate::arn::{Arn, without_variables};
use crate::document::Text;
use crate::facts::{self, Resource};
use crate::principal::is_account_id;
use crate::regions;
use crate::write_rules::hints;

table! {
    INVALID_ARN_PREFIX: Error, Guide, "Invalid ARN prefix",
        "a resource is neither `*` nor begins with `arn:`";
    MISSING_ARN_FIELD: Error, Guide, "Missing ARN field",
        "an ARN has fewer than six fields";
    INVALID_PARTITION: Error, Guide, "Invalid partition",
        "the second field of an ARN is no partition";
    INVALID_SERVICE: Error, Guide, "Invalid service",
        "the third field of an ARN, or the prefix of a condition key, is no service";
    INVALID_ARN_SERVICE_CASE: Error, Guide, "Invalid ARN service case",
        "the third field of an ARN is a service in capitals";
    INVALID_ARN_REGION: Error, Guide, "Invalid ARN Region",
        "the fourth field of an ARN is no Region of its partition";
    ARN_REGION_NOT_ALLOWED: Error, Guide, "ARN Region not allowed",
        "the ARN has a Region, but such resources have none";
    MISSING_ARN_REGION: Error, Guide, "Missing ARN Region",
        "the ARN has no Region, but such resources have one";
    INVALID_ARN_ACCOUNT: Error, Guide, "Invalid ARN account",
        "the fifth field of an ARN is no account id of twelve digits";
    ARN_ACCOUNT_NOT_ALLOWED: Error, Guide, "ARN account not allowed",
        "the ARN has an account, but such resources have none";
    MISSING_ARN_ACCOUNT: Error, Later, "Missing ARN account",
        "the ARN has no account, but such resources have one";
    INVALID_ARN_RESOURCE: Error, Guide, "Invalid ARN resource",
        "the last field of an ARN fits no resource type of its service";
    UNSUPPORTED_RESOURCE_ARN_IN_POLICY: Error, Guide, "Unsupported resource ARN in policy",
        "a bucket policy names something else than buckets and objects, or another resource policy a resource of another service";
    WILDCARD_IN_SERVICE_NAME: Suggestion, Guide, "Wildcard in service name",
        "the third field of an ARN has a wildcard";
}

/// Services that have resources of AWS's own, which are written without an account: documents and parameters of Systems Manager,
/// views of Resource Explorer.
const OWNED_BY_AWS: [&str; 2] = ["ssm", "resource-explorer-2"];

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    // A trust policy has no resources at all, which is told as such.
    let Some(list) = view.resources.filter(|_| !subject.is_trust()) else {
        return;
    };
    for resource in &list.values {
        if report.is_full() {
            return;
        }
        if resource.value != "*" {
            one(subject, resource, report);
        } else if subject.resource_type == Some(ResourceType::S3Bucket) {
            unsupported(subject, resource, None, report);
        }
    }
}

fn one(subject: &Subject<'_>, resource: &Text, report: &mut Report<'_>) {
    let text = resource.value.as_str();
    if !text.starts_with("arn:") {
        report.add(&INVALID_ARN_PREFIX, &resource.span, hints::resource(text));
        unsupported(subject, resource, None, report);
        return;
    }
    // Variables are filled in with who knows what; colons within them part no fields.
    let plain = without_variables(text);
    let Some(arn) = Arn::parse(&plain) else {
        let fields = plain.split(':').count();
        let details = format!(
            "`{text}` has {fields} fields; an ARN has six: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. REGION and ACCOUNT may be empty."
        );
        report.add(&MISSING_ARN_FIELD, &resource.span, details);
        unsupported(subject, resource, None, report);
        return;
    };
    partition(&arn, resource, report);
    region(&arn, resource, report);
    let is_account = arn.account.is_empty()
        || is_account_id(arn.account)
        || arn.account == "aws"
        || has_wildcard(arn.account);
    if !is_account {
        let details = format!(
            "`{}` is no account: an account id has twelve digits.",
            arn.account
        );
        report.add(&INVALID_ARN_ACCOUNT, &resource.span, details);
    }
    if has_wildcard(arn.service) {
        let details = format!(
            "`{}` covers every service of a like name, also those that AWS has yet to invent: name the service.",
            arn.service
        );
        report.add(&WILDCARD_IN_SERVICE_NAME, &resource.span, details);
    } else if !facts::is_namespace(arn.service) {
        unknown_service(&arn, resource, report);
    } else if is_account {
        form(&arn, &plain, resource, report);
    }
    unsupported(subject, resource, Some(&arn), report);
}

fn partition(arn: &Arn<'_>, resource: &Text, report: &mut Report<'_>) {
    if regions::is_partition(arn.partition) || has_wildcard(arn.partition) {
        return;
    }
    let known: Vec<&str> = regions::partitions().collect();
    let details = format!(
        "`{}` is no partition: there are {}.",
        arn.partition,
        known.join(", ")
    );
    report.add(&INVALID_PARTITION, &resource.span, details);
}

fn region(arn: &Arn<'_>, resource: &Text, report: &mut Report<'_>) {
    let is_good = arn.region.is_empty()
        || has_wildcard(arn.region)
        || (regions::is_region(arn.region) && regions::belongs(arn.region, arn.partition));
    if !is_good {
        let names = regions::regions();
        let hint = report.did_you_mean(arn.region, names, "");
        let details = format!(
            "`{}` is no Region of partition `{}`.{hint}",
            arn.region, arn.partition
        );
        report.add(&INVALID_ARN_REGION, &resource.span, details);
    }
}

fn unknown_service(arn: &Arn<'_>, resource: &Text, report: &mut Report<'_>) {
    let lower = arn.service.to_ascii_lowercase();
    if facts::is_namespace(&lower) {
        let details = format!("ARNs have their service in lower case: `{lower}`.");
        report.add(&INVALID_ARN_SERVICE_CASE, &resource.span, details);
        return;
    }
    let names = facts::services().iter().map(|service| service.prefix);
    let hint = report.did_you_mean(arn.service, names, "");
    let details = format!("AWS has no service `{}`.{hint}", arn.service);
    report.add(&INVALID_SERVICE, &resource.span, details);
}

/// Compares the fields with the published forms of the service's ARNs.
fn form(arn: &Arn<'_>, plain: &str, resource: &Text, report: &mut Report<'_>) {
    let types = facts::resources_of_namespace(arn.service);
    // A placeholder can hold nothing when patterns are compared, but no resource lacks a Region or account that its kind has.
    let lacks = |known: &Resource| {
        let mut fields = known.arn.splitn(6, ':').skip(3);
        let has = |field: Option<&str>| field.is_some_and(|field| !field.is_empty());
        (has(fields.next()) && arn.region.is_empty())
            || (has(fields.next()) && arn.account.is_empty())
    };
    let fits = |known: &&Resource| known.overlaps(plain) && !lacks(known);
    if types.is_empty() || types.iter().any(fits) {
        return;
    }
    let like: Vec<&&Resource> = types
        .iter()
        .filter(|known| known.overlaps_last_field(arn.resource))
        .collect();
    // The form with the most fixed text is what is meant: `accesspoint/x` is more than a bucket's name.
    let fixed = |known: &&&Resource| {
        let last = known.arn.splitn(6, ':').last().unwrap_or("");
        last.split("${")
            .map(|part| part.split_once('}').map_or(part, |(_, fixed)| fixed).len())
            .sum::<usize>()
    };
    let Some(meant) = like.into_iter().max_by_key(fixed) else {
        let forms: Vec<&str> = types.iter().take(3).map(|known| known.arn).collect();
        let details = format!(
            "No resource of {} has such an ARN. Among its forms are {}.",
            arn.service,
            forms.join(", ")
        );
        report.add(&INVALID_ARN_RESOURCE, &resource.span, details);
        return;
    };
    let mut fields = meant.arn.splitn(6, ':').skip(3);
    let has_region = fields.next().is_some_and(|field| !field.is_empty());
    let has_account = fields.next().is_some_and(|field| !field.is_empty());
    let about = |what: &str| {
        format!(
            "The ARN of a resource of type {} of {} {what}: {}.",
            meant.name, arn.service, meant.arn
        )
    };
    let differences = [
        (
            !has_region && !arn.region.is_empty() && !has_wildcard(arn.region),
            &ARN_REGION_NOT_ALLOWED,
            "has no Region",
        ),
        (
            has_region && arn.region.is_empty(),
            &MISSING_ARN_REGION,
            "has a Region",
        ),
        (
            !has_account && !arn.account.is_empty() && !has_wildcard(arn.account),
            &ARN_ACCOUNT_NOT_ALLOWED,
            "has no account",
        ),
        (
            has_account && arn.account.is_empty() && !OWNED_BY_AWS.contains(&arn.service),
            &MISSING_ARN_ACCOUNT,
            "has an account",
        ),
    ];
    for (differs, check, what) in differences {
        if differs {
            report.add(check, &resource.span, about(what));
        }
    }
}

/// What the policy of a resource may name.
fn unsupported(
    subject: &Subject<'_>,
    resource: &Text,
    arn: Option<&Arn<'_>>,
    report: &mut Report<'_>,
) {
    let Some(resource_type) = subject.resource_type else {
        return;
    };
    let fits = |arn: &Arn<'_>| match resource_type {
        ResourceType::S3Bucket => {
            arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty()
        }
        ResourceType::S3AccessPoint | ResourceType::S3MultiRegionAccessPoint => arn.service == "s3",
        ResourceType::S3ObjectLambdaAccessPoint => arn.service == "s3-object-lambda",
        ResourceType::DynamoDbTable => arn.service == "dynamodb",
        ResourceType::AssumeRolePolicyDocument => true,
    };
    if arn.is_some_and(fits) {
        return;
    }
    let details = match resource_type {
        ResourceType::S3Bucket => "A bucket policy is about its bucket, arn:aws:s3:::BUCKET, and the objects in it, arn:aws:s3:::BUCKET/*.".to_owned(),
        other => format!("The policy of a resource of type {} is about that resource alone.", other.as_str()),
    };
    report.add(&UNSUPPORTED_RESOURCE_ARN_IN_POLICY, &resource.span, details);
}
