//! Conditions as such: operators, qualifiers, empty and repeated parts.

use std::collections::HashMap;

use super::locate::value_at;
use super::report::{Report, nearest};
use super::subject::{Condition, Subject, View};
use super::{structure, table};
use crate::condition::{OperatorName, condition_operators};
use crate::json::{Json, Kind};
use crate::value;

table! {
    INVALID_CONDITION_OPERATOR: Error, Guide, "Invalid condition operator",
        "there is no operator of that name";
    NULL_WITH_IF_EXISTS: Error, Guide, "Null with if exists",
        "`NullIfExists`";
    NULL_WITH_QUALIFIER: Suggestion, Guide, "Null with qualifier",
        "`ForAllValues:Null` or `ForAnyValue:Null`";
    DUPLICATE_KEYS_WITH_DIFFERENT_CASE: Error, Guide, "Duplicate keys with different case",
        "one key twice under an operator, in different case";
    INVALID_CONDITION_DATA_TYPE: Error, Guide, "Invalid condition data type",
        "values of different JSON types in one list, or a value that is not of the operator's type, which is refused";
    INVALID_CONDITION_MULTIPLE_BOOLEAN: Error, Guide, "Invalid condition multiple Boolean",
        "several values under `Bool` or `Null`";
    EMPTY_ARRAY_CONDITION: Suggestion, Guide, "Empty array condition",
        "a condition key has an empty list of values";
    EMPTY_ARRAY_CONDITION_FORALLVALUES: Suggestion, Guide, "Empty array condition ForAllValues",
        "a condition key has an empty list of values under `ForAllValues`";
    EMPTY_ARRAY_CONDITION_FORANYVALUE: Suggestion, Guide, "Empty array condition ForAnyValue",
        "a condition key has an empty list of values under `ForAnyValue`";
    EMPTY_ARRAY_CONDITION_IFEXISTS: Suggestion, Guide, "Empty array condition IfExists",
        "a condition key has an empty list of values under an operator with `IfExists`";
    EMPTY_OBJECT_CONDITION: Suggestion, Guide, "Empty object condition",
        "`Condition`, or an operator in it, is an empty object";
    REDUNDANT_CONDITION_VALUE_NUM: Suggestion, Guide, "Redundant condition value num",
        "several values under `NumericLessThan` and its like, where one decides";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    // The parsed form has the conditions flattened.
    let span = view.statement.condition_span.as_ref();
    if let Some(json) = span.and_then(|span| value_at(subject.json, span)) {
        block(json, report);
    }
    for condition in &view.conditions {
        operator(condition, report);
        empty(condition, report);
        values(condition, report);
    }
}

/// What only the JSON of the block shows: empty objects, keys that differ in case, types of values.
fn block(json: &Json, report: &mut Report<'_>) {
    let empty = "There is no condition in it, so it changes nothing: fill it, or remove it.";
    if structure::is_empty(&json.kind) {
        report.add(&EMPTY_OBJECT_CONDITION, &json.span, empty.to_owned());
    }
    for operator in json.members().unwrap_or_default() {
        let value = &operator.value;
        if matches!(&value.kind, Kind::Object(members) if members.is_empty()) {
            report.add(&EMPTY_OBJECT_CONDITION, &value.span, empty.to_owned());
        }
        let mut seen = HashMap::new();
        for key in value.members().unwrap_or_default() {
            if let Some(first) = seen.insert(key.key.to_ascii_lowercase(), &key.key_span) {
                let details = format!(
                    "`{}` stands twice, and case does not tell keys apart: put the values into one list.",
                    key.key
                );
                report.add_all(
                    &DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
                    [&key.key_span, first],
                    details,
                );
            }
            let items = key.value.items().unwrap_or_default();
            let types_differ = items
                .windows(2)
                .any(|pair| pair[0].describe() != pair[1].describe());
            if types_differ {
                let details =
                    "The values of one key are of one JSON type: write all of them as strings.";
                report.add(
                    &INVALID_CONDITION_DATA_TYPE,
                    &key.value.span,
                    details.to_owned(),
                );
            }
        }
    }
}

fn operator(condition: &Condition<'_>, report: &mut Report<'_>) {
    let written = &condition.entry.operator;
    let name = &condition.operator;
    if condition.is_null() && name.if_exists {
        let details = "Null itself asks whether the key is there: remove IfExists.";
        report.add(&NULL_WITH_IF_EXISTS, &written.span, details.to_owned());
    } else if !name.is_known() {
        let (before, base) = match written.value.split_once(':') {
            Some((set, base)) => (format!("{set}:"), base),
            None => (String::new(), written.value.as_str()),
        };
        let hint = nearest(base, condition_operators()).map_or_else(String::new, |near| {
            format!(" Did you mean `{before}{near}`?")
        });
        let details = format!("There is no condition operator `{}`.{hint}", written.value);
        report.add(&INVALID_CONDITION_OPERATOR, &written.span, details);
    } else if condition.is_null() && condition.is_qualified() {
        let details = "A qualifier makes Null always true or always false: remove it.";
        report.add(&NULL_WITH_QUALIFIER, &written.span, details.to_owned());
    }
}

fn empty(condition: &Condition<'_>, report: &mut Report<'_>) {
    let values = &condition.entry.values;
    // A value of the wrong type is left out by the parser, and told as such.
    if !values.values.is_empty() || values.span.len() < 2 {
        return;
    }
    let key = &condition.entry.key.value;
    let (check, details) = match &condition.operator {
        OperatorName { for_all: true, .. } => (
            &EMPTY_ARRAY_CONDITION_FORALLVALUES,
            format!(
                "Without values this holds only if `{key}` is absent: write \"Null\": {{\"{key}\": \"true\"}}."
            ),
        ),
        OperatorName { for_any: true, .. } => (
            &EMPTY_ARRAY_CONDITION_FORANYVALUE,
            "Without values this never holds: give values, or remove it.".to_owned(),
        ),
        OperatorName {
            if_exists: true, ..
        } => (
            &EMPTY_ARRAY_CONDITION_IFEXISTS,
            format!(
                "Without values this holds only if `{key}` is absent: write \"Null\": {{\"{key}\": \"true\"}}."
            ),
        ),
        _ => (
            &EMPTY_ARRAY_CONDITION,
            format!("`{key}` has no values to compare with: give values, or remove it."),
        ),
    };
    report.add(check, &values.span, details);
}

fn values(condition: &Condition<'_>, report: &mut Report<'_>) {
    let values = &condition.entry.values;
    let base = condition.base.as_str();
    if matches!(base, "bool" | "null") && values.values.len() > 1 {
        let details = format!(
            "{} takes one of true and false: with both it always holds.",
            condition.entry.operator.value
        );
        report.add(&INVALID_CONDITION_MULTIPLE_BOOLEAN, &values.span, details);
    }
    let which = match base {
        "numericlessthan" | "numericlessthanequals" => "greatest",
        "numericgreaterthan" | "numericgreaterthanequals" => "least",
        _ => return,
    };
    if values.values.len() > 1 && condition.values().all(value::is_number) {
        let details = format!(
            "Of several limits of `{}` only the {which} decides: keep that one.",
            condition.entry.key.value
        );
        report.add(&REDUNDANT_CONDITION_VALUE_NUM, &values.span, details);
    }
}
