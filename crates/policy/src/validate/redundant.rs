//! What says a thing twice.

use std::collections::HashMap;
use std::ops::Range;

use super::report::Report;
use super::subject::{Subject, View};
use super::table;
use crate::document::{List, Statement, Text};
use crate::pattern::Pattern;

table! {
    REDUNDANT_ACTION: Suggestion, Guide, "Redundant action",
        "an action is covered by another of the same list";
    REDUNDANT_RESOURCE: Suggestion, Guide, "Redundant resource",
        "a resource is covered by another of the same list";
    REDUNDANT_STATEMENT: Suggestion, Guide, "Redundant statement",
        "two statements are the same but for their Sid";
}

/// So many comparisons of patterns with texts are made for one list: enough for any that people write.
const COMPARISONS_MAX: usize = 100_000;

pub(super) fn statement(view: &View<'_>, report: &mut Report<'_>) {
    if let Some(list) = view.actions {
        let (spans, example) = covered(list, str::to_ascii_lowercase);
        if !spans.is_empty() {
            let details = format!(
                "Others of the list cover {} of the actions: remove them, such as `{example}`.",
                spans.len()
            );
            report.add_all(&REDUNDANT_ACTION, spans, details);
        }
    }
    if let Some(list) = view.resources {
        let (spans, example) = covered(list, str::to_owned);
        if !spans.is_empty() {
            let details = format!(
                "Others of the list cover {} of the resources: remove them, such as `{example}`, or the wildcard that covers them.",
                spans.len()
            );
            report.add_all(&REDUNDANT_RESOURCE, spans, details);
        }
    }
}

/// The entries of a list that another entry covers, and the first of them.
fn covered(list: &List, fold: fn(&str) -> String) -> (Vec<&Range<usize>>, &str) {
    let folded: Vec<String> = list.values.iter().map(|text| fold(&text.value)).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    let wildcards: Vec<(usize, Pattern)> = folded
        .iter()
        .enumerate()
        .filter(|(_, text)| text.contains(['*', '?']))
        .map(|(index, text)| (index, Pattern::new(text)))
        .collect();
    let mut comparisons_left = COMPARISONS_MAX;
    let mut found: Vec<&Text> = Vec::new();
    for (index, text) in folded.iter().enumerate() {
        let is_repeated = first.insert(text, index).is_some();
        let looked_at = wildcards.len().min(comparisons_left);
        comparisons_left -= looked_at;
        let is_covered = wildcards[..looked_at].iter().any(|(other, pattern)| {
            // A `?` stands for one character, which a `*` of the other pattern is not.
            let is_blurred = text.contains('*') && folded[*other].contains('?');
            !is_blurred && folded[*other] != *text && pattern.matches(text)
        });
        if is_repeated || is_covered {
            found.push(&list.values[index]);
        }
    }
    let example = found.first().map_or("", |text| text.value.as_str());
    (found.iter().map(|text| &text.span).collect(), example)
}

pub(super) fn document(subject: &Subject<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<String, &Statement> = HashMap::new();
    for statement in subject.document.statements() {
        if let Some(first) = seen.insert(meaning(statement), statement) {
            let details = "The two statements say the same: remove one, before somebody edits only the other.";
            report.add_all(
                &REDUNDANT_STATEMENT,
                [&statement.span, &first.span],
                details.to_owned(),
            );
        }
    }
}

/// A text that is the same for statements that say the same, whatever the order of their parts.
fn meaning(statement: &Statement) -> String {
    let sorted = |list: &List, fold: fn(&str) -> String| {
        let mut values: Vec<String> = list.values.iter().map(|text| fold(&text.value)).collect();
        values.sort();
        values.dedup();
        values
    };
    let exact: fn(&str) -> String = str::to_owned;
    let principal = |element: &Option<crate::document::PrincipalElement>| {
        element.as_ref().map(|element| {
            let mut entries: Vec<_> = element
                .entries
                .iter()
                .map(|entry| (entry.key.value.as_str(), entry.text.value.as_str()))
                .collect();
            entries.sort();
            (element.star, format!("{entries:?}"))
        })
    };
    let mut conditions: Vec<_> = statement
        .conditions
        .iter()
        .map(|entry| {
            (
                entry.operator.value.to_ascii_lowercase(),
                entry.key.value.to_ascii_lowercase(),
                sorted(&entry.values, exact),
            )
        })
        .collect();
    conditions.sort();
    let lists = [
        (
            &statement.action,
            str::to_ascii_lowercase as fn(&str) -> String,
        ),
        (&statement.not_action, str::to_ascii_lowercase),
        (&statement.resource, exact),
        (&statement.not_resource, exact),
    ]
    .map(|(list, fold)| list.as_ref().map(|list| sorted(list, fold)));
    format!(
        "{:?}{:?}{:?}{lists:?}{conditions:?}",
        statement.effect,
        principal(&statement.principal),
        principal(&statement.not_principal),
    )
}
