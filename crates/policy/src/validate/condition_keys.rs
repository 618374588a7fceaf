//! Condition keys: whether they exist, and whether they go with the operator and with the actions.

use super::arns::INVALID_SERVICE;
use super::report::Report;
use super::subject::{Condition, Subject, View};
use super::{PolicyType, table};
use crate::arn::Arn;
use crate::facts::{self, KeyType};

table! {
    INVALID_CONDITION_KEY_FORMAT: Error, Guide, "Invalid condition key format",
        "a condition key is not of the form service:name";
    INVALID_GLOBAL_CONDITION_KEY: Error, Guide, "Invalid global condition key",
        "there is no key of that name under `aws:`";
    INVALID_SERVICE_CONDITION_KEY: Error, Guide, "Invalid service condition key",
        "the service has no key of that name";
    MISSING_TAG_KEY_IN_CONDITION: Error, Guide, "Missing tag key in condition",
        "a key such as aws:ResourceTag lacks the name of the tag";
    UNSUPPORTED_GLOBAL_CONDITION_KEY: Error, Guide, "Unsupported global condition key",
        "aws:ARN in a policy other than an identity policy";
    DEPRECATED_GLOBAL_CONDITION_KEY: Warning, Guide, "Deprecated global condition key",
        "aws:ARN in an identity policy";
    MISSING_QUALIFIER: Error, Guide, "Missing qualifier",
        "a key with several values under an operator without `ForAllValues` or `ForAnyValue`";
    FORALLVALUES_WITH_SINGLE_VALUED_KEY: SecurityWarning, Guide, "ForAllValues with single valued key",
        "`ForAllValues` with a key of one value";
    TYPE_MISMATCH: Warning, Guide, "Type mismatch",
        "the operator compares another type than the key has";
    STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS: SecurityWarning, Later, "String like operator with ARN condition keys",
        "`StringLike` or `StringNotLike` with a key that holds ARNs";
    UNSUPPORTED_ACTION_FOR_CONDITION_KEY: Error, Guide, "Unsupported action for condition key",
        "an action written in full does not know the service's key that the statement asks for";
    MISSING_ACTION_FOR_CONDITION_KEY: Error, Guide, "Missing action for condition key",
        "a statement that allows assuming roles asks for session tags or a source identity, but lacks sts:TagSession or sts:SetSourceIdentity";
    UNTRUSTWORTHY_CONDITION_KEY: SecurityWarning, Later, "Untrustworthy condition key",
        "aws:Referer or aws:UserAgent, which every caller sets at will";
    IRRELEVANT_CONDITION_KEY_IN_POLICY: Suggestion, Guide, "Irrelevant condition key in policy",
        "a bucket policy asks for the account or organization of its own bucket";
    EXTERNAL_ID_OF_CALLER: Warning, Own, "External id of caller",
        "sts:ExternalId in an identity policy or SCP, where it limits what the caller sends and protects no role";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    for condition in &view.conditions {
        if report.is_full() {
            return;
        }
        if existing(subject, view, condition, report) {
            operator(condition, report);
            actions(view, condition, report);
        }
        misplaced(subject, condition, report);
    }
    sessions(view, report);
}

/// Whether the key is known, after telling if it is not.
fn existing(
    subject: &Subject<'_>,
    view: &View<'_>,
    condition: &Condition<'_>,
    report: &mut Report<'_>,
) -> bool {
    let key = &condition.entry.key;
    let text = key.value.as_str();
    if text.contains("${") && !text.contains(':') {
        return false;
    }
    let parts = text
        .split_once(':')
        .filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty());
    let Some((prefix, name)) = parts else {
        let details = format!(
            "`{text}` is no condition key: a service, a colon and a name, as in aws:SourceIp."
        );
        report.add(&INVALID_CONDITION_KEY_FORMAT, &key.span, details);
        return false;
    };
    if condition.key_lower == "aws:arn" {
        let (check, details) = if subject.policy_type == PolicyType::Identity {
            (
                &DEPRECATED_GLOBAL_CONDITION_KEY,
                "aws:ARN is old: write aws:PrincipalArn.",
            )
        } else {
            (
                &UNSUPPORTED_GLOBAL_CONDITION_KEY,
                "aws:ARN does not work here: write aws:PrincipalArn for the caller, aws:SourceArn for the resource behind a service.",
            )
        };
        report.add(check, &key.span, details.to_owned());
        return false;
    }
    if condition.fact.is_some() || is_providers(prefix, view) {
        return true;
    }
    let trimmed = text.trim_end_matches('/');
    if facts::condition_key(&format!("{trimmed}/key")).is_some() {
        let details = format!("`{text}` lacks the name of the tag: write {trimmed}/NAME.");
        report.add(&MISSING_TAG_KEY_IN_CONDITION, &key.span, details);
    } else if prefix.eq_ignore_ascii_case("aws") {
        let names = facts::global_condition_keys().iter().map(|key| key.name);
        let hint = report.did_you_mean(text, names, "");
        let details = format!("There is no global condition key `{text}`.{hint}");
        report.add(&INVALID_GLOBAL_CONDITION_KEY, &key.span, details);
    } else if let Some(service) = facts::service(prefix) {
        let names = service.condition_keys.iter().map(|key| key.name);
        let hint = report.did_you_mean(text, names, "");
        let details = format!("{} has no condition key `{name}`.{hint}", service.name);
        report.add(&INVALID_SERVICE_CONDITION_KEY, &key.span, details);
    } else {
        let names = facts::services().iter().map(|service| service.prefix);
        let hint = report.did_you_mean(prefix, names, "");
        let details = format!("AWS has no service `{prefix}`.{hint}");
        report.add_part(&INVALID_SERVICE, key, 0..prefix.len(), details);
    }
    false
}

/// Whether the keys of this prefix are an identity provider's: its address, or a provider that the statement names.
fn is_providers(prefix: &str, view: &View<'_>) -> bool {
    let entries = view.principal.map_or(&[][..], |element| &element.entries);
    prefix.contains('.')
        || entries.iter().any(|entry| {
            let text = entry.text.value.as_str();
            let name = Arn::parse(text).map_or(text, |arn| arn.resource);
            name.strip_prefix("oidc-provider/").unwrap_or(name) == prefix
        })
}

/// Whether the operator goes with the key's type and number of values.
fn operator(condition: &Condition<'_>, report: &mut Report<'_>) {
    let (Some(fact), true) = (condition.fact, condition.operator.is_known()) else {
        return;
    };
    let written = &condition.entry.operator;
    let key = condition.entry.key.value.as_str();
    if condition.is_null() {
        return;
    }
    if fact.many && !condition.is_qualified() {
        let details = format!(
            "A request can have several values of `{key}`, and without a qualifier none of them is compared: write ForAllValues:{0} or ForAnyValue:{0}.",
            written.value
        );
        report.add(&MISSING_QUALIFIER, &written.span, details);
    }
    if !fact.many && condition.operator.for_all {
        let details = format!(
            "`{key}` has one value. ForAllValues also holds when it is absent, which lets in more than is meant: remove `ForAllValues:`."
        );
        report.add(&FORALLVALUES_WITH_SINGLE_VALUED_KEY, &written.span, details);
    }
    let base = condition.base.as_str();
    if fact.value == KeyType::Arn && condition.is_like() {
        let details = format!(
            "`{key}` holds ARNs. {} lets a `*` run over the colons between their fields: write ArnLike or ArnNotLike.",
            written.value
        );
        report.add(
            &STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS,
            &written.span,
            details,
        );
        return;
    }
    let family = |name: &str| base.starts_with(name);
    let ip = base == "ipaddress" || base == "notipaddress";
    let (fits, wanted) = match fact.value {
        // Many keys whose values are ARNs are published as strings.
        KeyType::String => (family("string") || family("arn"), "a String operator"),
        KeyType::Arn => (family("arn") || family("string"), "an Arn operator"),
        KeyType::Numeric => (family("numeric"), "a Numeric operator"),
        // aws:EpochTime is a date that people compare as a number, which works.
        KeyType::Date => (family("date") || family("numeric"), "a Date operator"),
        KeyType::Bool => (base == "bool", "Bool"),
        KeyType::IpAddress => (ip, "IpAddress or NotIpAddress"),
        KeyType::Binary => (base == "binaryequals", "BinaryEquals"),
    };
    if !fits {
        let details = format!(
            "`{key}` does not hold what {} compares: use {wanted}.",
            written.value
        );
        report.add(&TYPE_MISMATCH, &written.span, details);
    }
}

/// Whether the actions that are written in full know the key.
fn actions(view: &View<'_>, condition: &Condition<'_>, report: &mut Report<'_>) {
    let key = condition.entry.key.value.as_str();
    let is_asked = condition.fact.is_some() && !condition.operator.if_exists;
    let prefix = key.split(':').next().unwrap_or("");
    // Keys of AWS as a whole go with every action, but for those about tags, which have checks of their own.
    if !is_asked || condition.is_null() || view.is_not_action || prefix.eq_ignore_ascii_case("aws")
    {
        return;
    }
    let actions = view.actions.map_or(&[][..], |list| &list.values);
    let mut spans = Vec::new();
    let mut names = Vec::new();
    for action in actions {
        let parts = action.value.split_once(':');
        let known = parts.and_then(|(service, name)| {
            let service = facts::service(service)?;
            Some((service, service.action(name)?))
        });
        if known.is_some_and(|(service, action)| !service.knows_key(action, key)) {
            spans.push(&action.span);
            names.push(format!("`{}`", action.value));
        }
    }
    if !names.is_empty() {
        let does = if condition.is_negated() {
            "so that it does not narrow them"
        } else {
            "so that the statement never applies to them"
        };
        names.truncate(10);
        let details = format!(
            "Requests of {} never have `{key}`, {does}: put these actions into a statement without the key.",
            names.join(", ")
        );
        spans.push(&condition.entry.key.span);
        report.add_all(&UNSUPPORTED_ACTION_FOR_CONDITION_KEY, spans, details);
    }
}

/// Keys that make no sense in this kind of policy, or nowhere.
fn misplaced(subject: &Subject<'_>, condition: &Condition<'_>, report: &mut Report<'_>) {
    let key = &condition.entry.key;
    match condition.key_lower.as_str() {
        "aws:referer" | "aws:useragent" => {
            let details = format!(
                "`{}` is what the caller claims: every client can send any value. Do not let access hang on it.",
                key.value
            );
            report.add(&UNTRUSTWORTHY_CONDITION_KEY, &key.span, details);
        }
        "s3:resourceaccount"
        | "aws:resourceaccount"
        | "aws:resourceorgid"
        | "aws:resourceorgpaths"
            if subject.is_bucket() =>
        {
            let details = format!(
                "A bucket policy is about its own bucket, so `{}` is always the same: it belongs into identity policies.",
                key.value
            );
            report.add(&IRRELEVANT_CONDITION_KEY_IN_POLICY, &key.span, details);
        }
        "sts:externalid"
            if matches!(
                subject.policy_type,
                PolicyType::Identity | PolicyType::ServiceControl
            ) =>
        {
            let details = "The caller sends the external id himself, so that here it only limits what he may send. What protects the role from a confused deputy is sts:ExternalId in its trust policy.";
            report.add(&EXTERNAL_ID_OF_CALLER, &key.span, details.to_owned());
        }
        _ => {}
    }
}

/// What a session is given needs a permission beside sts:AssumeRole.
fn sessions(view: &View<'_>, report: &mut Report<'_>) {
    let assumes = [
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
    ];
    let is_about_sessions = view.allows()
        && !view.is_not_action
        && assumes.iter().any(|action| view.names_action(action));
    if !is_about_sessions {
        return;
    }
    for condition in &view.conditions {
        let key = condition.key_lower.as_str();
        let needed = if key == "sts:sourceidentity" {
            "sts:SetSourceIdentity"
        } else if key == "sts:transitivetagkeys"
            || key == "aws:tagkeys"
            || key.starts_with("aws:requesttag/")
        {
            "sts:TagSession"
        } else {
            continue;
        };
        if !view.names_action(needed) {
            let details = format!(
                "`{}` is only there when the caller may set it: add {needed} to the actions.",
                condition.entry.key.value
            );
            report.add_all(
                &MISSING_ACTION_FOR_CONDITION_KEY,
                [view.actions_span(), &condition.entry.key.span],
                details,
            );
        }
    }
}
