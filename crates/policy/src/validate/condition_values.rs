//! Values of conditions: whether they are of the operator's type, can be of the key, and say anything at all.

use base64::Engine;

use super::conditions::INVALID_CONDITION_DATA_TYPE;
use super::report::Report;
use super::subject::{Condition, View, has_wildcard};
use super::{Check, table, variables};
use crate::arn::Arn;
use crate::condition::boolean;
use crate::document::Text;
use crate::principal::is_account_id;
use crate::{regions, value};

table! {
    TYPE_MISMATCH_BOOLEAN: Warning, Guide, "Type mismatch Boolean",
        "a value under `Bool` or `Null` is neither true nor false";
    TYPE_MISMATCH_DATE: Warning, Guide, "Type mismatch date",
        "a value under a Date operator is no date";
    TYPE_MISMATCH_NUMBER: Warning, Guide, "Type mismatch number",
        "a value under a Numeric operator is no number";
    TYPE_MISMATCH_STRING: Warning, Guide, "Type mismatch string",
        "a value under `BinaryEquals` is no base64";
    INVALID_DATE_VALUE: Warning, Guide, "Invalid date value",
        "a date is written as seconds since 1970";
    WILDCARD_WITHOUT_LIKE_OPERATOR: Warning, Guide, "Wildcard without like operator",
        "`*` or `?` under a String operator that takes them literally";
    INVALID_REGION: Error, Guide, "Invalid Region",
        "a value of aws:RequestedRegion or ec2:Region is no Region";
    INVALID_KMS_KEY_VALUE: Error, Later, "Invalid kms key value",
        "a value of s3:x-amz-server-side-encryption-aws-kms-key-id is no ARN of a key";
    EQUIVALENT_TO_NULL_FALSE: Suggestion, Later, "Equivalent to null false",
        "`StringLike` with a lone `*`, which holds whenever the key is there";
    EQUIVALENT_TO_NULL_TRUE: Suggestion, Later, "Equivalent to null true",
        "`StringNotLike` with a lone `*`, which holds only when the key is absent";
    REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION: Suggestion, Later, "Redundant key due to wildcard in condition",
        "a lone `*` with `IfExists` or `ForAllValues`, which always holds";
    REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION: Suggestion, Later, "Redundant statement due to wildcard in condition",
        "a lone `*` under `ForAnyValue:StringNotLike`, which never holds";
    S3_PREFIX_IN_NEGATIVE_CONTEXT: SecurityWarning, Later, "S3 prefix in negative context",
        "s3:prefix with `Deny`, or negated with `Allow`: a shorter prefix gets around it";
    DYNAMODB_ATTRIBUTES_WITHOUT_SELECT: SecurityWarning, Later, "DynamoDB attributes without select",
        "`Allow` by dynamodb:Attributes without dynamodb:Select";
}

pub(super) fn statement(view: &View<'_>, report: &mut Report<'_>) {
    for condition in &view.conditions {
        if report.is_full() {
            return;
        }
        for text in &condition.entry.values.values {
            typed(condition, text, report);
            of_key(condition, text, report);
        }
        literal_wildcards(condition, report);
        lone_star(condition, report);
        let is_prefix = condition.key_lower == "s3:prefix";
        let gets_around =
            (view.denies() && !condition.is_negated()) || (view.allows() && condition.is_negated());
        if is_prefix && gets_around && condition.base.starts_with("string") {
            let details = "A listing of a shorter prefix, or of none, gets around this and still shows the objects: use s3:prefix with StringLike in an Allow, or with StringNotLike in a Deny.";
            report.add(
                &S3_PREFIX_IN_NEGATIVE_CONTEXT,
                &condition.entry.key.span,
                details.to_owned(),
            );
        }
        if condition.key_lower == "dynamodb:attributes"
            && view.allows()
            && !view.has_key("dynamodb:select")
        {
            let details = "A read that names no attributes returns all of them and never has dynamodb:Attributes: add a condition that dynamodb:Select is SPECIFIC_ATTRIBUTES.";
            report.add(
                &DYNAMODB_ATTRIBUTES_WITHOUT_SELECT,
                &condition.entry.key.span,
                details.to_owned(),
            );
        }
    }
}

/// Whether the value is of the operator's type. Addresses have a file of their own.
fn typed(condition: &Condition<'_>, text: &Text, report: &mut Report<'_>) {
    let value = text.value.as_str();
    let has_variable = variables::first(value).is_some();
    let base = condition.base.as_str();
    let operator = &condition.entry.operator.value;
    let (good, check, wanted): (bool, &'static Check, &str) = if base.starts_with("numeric") {
        (value::is_number(value), &TYPE_MISMATCH_NUMBER, "a number")
    } else if base.starts_with("date") {
        let instant = value::instant(value).is_some();
        let is_epoch = instant
            && value
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
        let is_iso = value.len() >= 7 && value.as_bytes().get(4) == Some(&b'-');
        if is_epoch && !is_iso {
            let details = format!(
                "`{value}` is read as seconds since 1970: write the date as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ, so that people can read it."
            );
            report.add(&INVALID_DATE_VALUE, &text.span, details);
        }
        (
            instant,
            &TYPE_MISMATCH_DATE,
            "a date such as 2026-01-31T00:00:00Z",
        )
    } else if base == "bool" || base == "null" {
        (
            boolean(value).is_some(),
            &TYPE_MISMATCH_BOOLEAN,
            "true or false",
        )
    } else if base == "binaryequals" {
        let engine = base64::engine::general_purpose::STANDARD;
        (
            engine.decode(value).is_ok(),
            &TYPE_MISMATCH_STRING,
            "text in base64",
        )
    } else {
        return;
    };
    if good {
        return;
    }
    // A variable is told as one that the operator does not take.
    if !has_variable {
        report.add(check, &text.span, format!("{operator} compares with {wanted}, not with `{value}`: as it stands it never holds."));
    }
    if base == "binaryequals" || (has_variable && matches!(base, "bool" | "null")) {
        return;
    }
    let details = format!("{operator} takes {wanted}; a policy with `{value}` is refused.");
    report.add(&INVALID_CONDITION_DATA_TYPE, &text.span, details);
}

/// Whether the value can be one of the key.
fn of_key(condition: &Condition<'_>, text: &Text, report: &mut Report<'_>) {
    let value = text.value.as_str();
    if has_wildcard(value) || value.contains("${") || !is_text(condition) {
        return;
    }
    match condition.key_lower.as_str() {
        "aws:requestedregion" | "ec2:region" if !regions::is_region(value) => {
            let hint = report.did_you_mean(value, regions::regions(), "");
            let details = format!("AWS has no Region `{value}`.{hint}");
            report.add(&INVALID_REGION, &text.span, details);
        }
        "s3:x-amz-server-side-encryption-aws-kms-key-id" => {
            let is_key = Arn::parse(value).is_some_and(|arn| {
                arn.service == "kms"
                    && !arn.region.is_empty()
                    && is_account_id(arn.account)
                    && arn.resource.len() > "key/".len()
                    && arn.resource.starts_with("key/")
            });
            if !is_key {
                let details = format!(
                    "`{value}` is no ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID: requests have the key's ARN, whatever they were sent with."
                );
                report.add(&INVALID_KMS_KEY_VALUE, &text.span, details);
            }
        }
        _ => {}
    }
}

fn is_text(condition: &Condition<'_>) -> bool {
    let base = condition.base.as_str();
    base.starts_with("string") || base.starts_with("arn")
}

fn literal_wildcards(condition: &Condition<'_>, report: &mut Report<'_>) {
    let literal = matches!(
        condition.base.as_str(),
        "stringequals" | "stringnotequals" | "stringequalsignorecase" | "stringnotequalsignorecase"
    );
    let values = condition.entry.values.values.iter();
    let spans: Vec<_> = values
        .filter(|text| literal && has_wildcard(&text.value))
        .map(|text| &text.span)
        .collect();
    if !spans.is_empty() {
        let like = if condition.is_negated() {
            "StringNotLike"
        } else {
            "StringLike"
        };
        let details = format!(
            "{} takes `*` and `?` as they are. If they are to stand for other characters, write {like}.",
            condition.entry.operator.value
        );
        report.add_all(&WILDCARD_WITHOUT_LIKE_OPERATOR, spans, details);
    }
}

/// A lone star asks only whether the key is there, or not even that.
fn lone_star(condition: &Condition<'_>, report: &mut Report<'_>) {
    if !condition.is_like() || !condition.values().any(|value| value == "*") {
        return;
    }
    let name = &condition.operator;
    let key = condition.entry.key.value.as_str();
    let (check, details): (&'static Check, String) = match condition.is_negated() {
        false if name.if_exists || name.for_all => (
            &REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION,
            format!("`*` covers every value, and so this holds for every request: remove `{key}`."),
        ),
        false => (
            &EQUIVALENT_TO_NULL_FALSE,
            format!(
                "This only asks whether `{key}` is there: write \"Null\": {{\"{key}\": \"false\"}}."
            ),
        ),
        true if name.for_any => (
            &REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION,
            format!(
                "No value differs from `*`, and so the statement never applies: remove it, or mend `{key}`."
            ),
        ),
        true => (
            &EQUIVALENT_TO_NULL_TRUE,
            format!(
                "This only asks whether `{key}` is absent: write \"Null\": {{\"{key}\": \"true\"}}."
            ),
        ),
    };
    report.add(check, &condition.entry.values.span, details);
}
