//! Elements that are missing, misspelt, of the wrong type or twice.

use std::collections::HashMap;

use super::locate::{Lines, Location};
use super::report::Report;
use super::subject::{Subject, View};
use super::{Finding, PolicyType, table};
use crate::document::{Document, Problem, ProblemKind, Text};
use crate::json::{Kind, ParseError};

table! {
    JSON_SYNTAX_ERROR: Error, Guide, "Json syntax error",
        "the text is no JSON, repeats a key, is no object, or exceeds the limits of size, depth and count";
    DATA_TYPE_MISMATCH: Error, Guide, "Data type mismatch",
        "an element has another JSON type than it must have";
    INVALID_POLICY_ELEMENT: Error, Guide, "Invalid policy element",
        "an element that the language, or this kind of policy, does not have";
    INVALID_EFFECT: Error, Guide, "Invalid effect",
        "`Effect` is a string other than `Allow` and `Deny`";
    INVALID_VERSION: Error, Guide, "Invalid version",
        "`Version` is neither 2012-10-17 nor 2008-10-17";
    MISSING_VERSION: Warning, Guide, "Missing version",
        "there is no `Version`, which means the older language; managed policies are refused without it";
    MISSING_STATEMENT: Error, Guide, "Missing statement",
        "there is no `Statement`, or it is empty";
    MISSING_EFFECT: Error, Guide, "Missing effect",
        "a statement has no `Effect`";
    MISSING_ACTION: Error, Guide, "Missing action",
        "a statement has neither `Action` nor `NotAction`, or an empty list";
    MISSING_RESOURCE: Error, Guide, "Missing resource",
        "a statement has neither `Resource` nor `NotResource`, or an empty list; trust policies have none";
    UNSUPPORTED_ELEMENT_COMBINATION: Error, Guide, "Unsupported element combination",
        "`Action` with `NotAction`, `Resource` with `NotResource` or `Principal` with `NotPrincipal`";
    UNIQUE_SIDS_REQUIRED: Error, Guide, "Unique Sids required",
        "two statements have one `Sid`; identity, trust, bucket and control policies";
    UNIQUE_SIDS_RECOMMENDED: Warning, Guide, "Unique Sids recommended",
        "two statements have one `Sid`; other resource policies";
    UNSUPPORTED_SID: Error, Guide, "Unsupported Sid",
        "a `Sid` holds other characters than letters and digits; policies outside IAM may also have space, `-` and `_`";
    EMPTY_SID_VALUE: Suggestion, Guide, "Empty Sid value",
        "a `Sid` is empty";
    EMPTY_ARRAY_ACTION: Suggestion, Guide, "Empty array action",
        "`Action` or `NotAction` is an empty list";
    EMPTY_ARRAY_RESOURCE: Suggestion, Guide, "Empty array resource",
        "`Resource` or `NotResource` is an empty list";
    UNSUPPORTED_CHARACTER: Error, Own, "Unsupported character",
        "IAM keeps tab, line breaks and U+0020 to U+00FF only";
}

/// The finding for a text that is no document.
pub(super) fn syntax(text: &str, error: &ParseError) -> Finding {
    let hint = error
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!(" ({hint})"));
    let start = error.offset.min(text.len());
    let next = text[start..].chars().next();
    let span = start..start + next.map_or(0, char::len_utf8);
    Finding {
        finding_details: format!("{}{hint}.", error.message),
        finding_type: JSON_SYNTAX_ERROR.kind,
        issue_code: JSON_SYNTAX_ERROR.code,
        learn_more_link: JSON_SYNTAX_ERROR.learn_more_link(),
        locations: vec![Location {
            path: Vec::new(),
            span: Lines::new(text).span(&span),
        }],
    }
}

pub(super) fn document(subject: &Subject<'_>, report: &mut Report<'_>) {
    let document = subject.document;
    for problem in document.problems() {
        departure(subject, problem, report);
    }
    let start = subject.json.span.start;
    let brace = start..start + 1;
    match document.version_text() {
        Some(version) if !matches!(version.value.as_str(), "2012-10-17" | "2008-10-17") => {
            let details = format!(
                "`{}` is no version of the policy language: write \"2012-10-17\". It is not the date of your policy.",
                version.value
            );
            report.add(&INVALID_VERSION, &version.span, details);
        }
        None if subject.json.get("Version").is_none() => {
            let details = "Without Version the policy is read as 2008-10-17, in which `${…}` is ordinary text: \
                 add \"Version\": \"2012-10-17\". A managed policy is refused without it.";
            report.add(&MISSING_VERSION, &brace, details.to_owned());
        }
        _ => {}
    }
    let statements = subject.json.get("Statement");
    let is_empty_list = statements.is_some_and(|value| value.items().is_some_and(<[_]>::is_empty));
    if statements.is_none() || is_empty_list {
        let span = statements.map_or(&brace, |value| &value.span);
        let details = "The policy says nothing: add a statement.".to_owned();
        report.add(&MISSING_STATEMENT, span, details);
    }
    if let Some(id) = document.id_text()
        && matches!(
            subject.policy_type,
            PolicyType::ServiceControl | PolicyType::ResourceControl
        )
    {
        let details = "Id is an element of resource-based policies: remove it.".to_owned();
        report.add(&INVALID_POLICY_ELEMENT, &id.span, details);
    }
    if subject.is_iam() {
        characters(subject, report);
    }
    sids(subject, document, report);
}

/// A departure from the grammar that the parser noted.
fn departure(subject: &Subject<'_>, problem: &Problem, report: &mut Report<'_>) {
    let element = problem.pointer.rsplit('/').next().unwrap_or("");
    let within = problem.pointer.rsplit('/').nth(1).unwrap_or("");
    let text = subject.text.get(problem.span.clone()).unwrap_or("");
    let is_string = text.starts_with('"');
    let mut details = problem.message.clone();
    details.push('.');
    let check = match problem.kind {
        // Principals and what is missing have checks of their own, which know the kind of policy.
        ProblemKind::UnknownElement if matches!(within, "Principal" | "NotPrincipal") => return,
        ProblemKind::Missing => return,
        ProblemKind::UnknownElement => &INVALID_POLICY_ELEMENT,
        ProblemKind::WrongType if element == "Effect" && is_string => &INVALID_EFFECT,
        ProblemKind::WrongType if matches!(element, "Principal" | "NotPrincipal") => return,
        ProblemKind::WrongType => &DATA_TYPE_MISMATCH,
    };
    report.add(check, &problem.span, details);
}

/// IAM's alphabet; the first character outside of it is told.
fn characters(subject: &Subject<'_>, report: &mut Report<'_>) {
    let good = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let bad = subject
        .text
        .char_indices()
        .find(|(_, character)| !good(*character));
    if let Some((at, character)) = bad {
        let details = format!(
            "IAM keeps no `{}`: a policy is made of tab, line breaks and U+0020 to U+00FF.",
            character.escape_debug()
        );
        report.add(
            &UNSUPPORTED_CHARACTER,
            &(at..at + character.len_utf8()),
            details,
        );
    }
}

fn sids(subject: &Subject<'_>, document: &Document, report: &mut Report<'_>) {
    let has_unique =
        subject.policy_type != PolicyType::Resource || subject.is_trust() || subject.is_bucket();
    let check = if has_unique {
        &UNIQUE_SIDS_REQUIRED
    } else {
        &UNIQUE_SIDS_RECOMMENDED
    };
    let mut seen: HashMap<&str, &Text> = HashMap::new();
    for sid in document
        .statements()
        .iter()
        .filter_map(|statement| statement.sid.as_ref())
    {
        if sid.value.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(&sid.value, sid) {
            let details = format!("`{}` names two statements: rename one.", sid.value);
            report.add_all(check, [&sid.span, &first.span], details);
        }
    }
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    let statement = view.statement;
    let start = statement.span.start;
    let brace = start..start + 1;
    if let Some(sid) = &statement.sid {
        one_sid(subject, sid, report);
    }
    if statement.effect_span.is_none() {
        let details =
            "The statement neither allows nor denies: add \"Effect\": \"Allow\" or \"Deny\".";
        report.add(&MISSING_EFFECT, &brace, details.to_owned());
    }
    let pairs = [
        (
            statement.action.as_ref().map(|list| &list.span),
            statement.not_action.as_ref().map(|list| &list.span),
            "Action",
        ),
        (
            statement.resource.as_ref().map(|list| &list.span),
            statement.not_resource.as_ref().map(|list| &list.span),
            "Resource",
        ),
        (
            statement.principal.as_ref().map(|element| &element.span),
            statement
                .not_principal
                .as_ref()
                .map(|element| &element.span),
            "Principal",
        ),
    ];
    for (positive, negative, name) in pairs {
        if let (Some(positive), Some(negative)) = (positive, negative) {
            let details = format!("{name} and Not{name} exclude each other: remove one.");
            report.add_all(
                &UNSUPPORTED_ELEMENT_COMBINATION,
                [positive, negative],
                details,
            );
        }
    }
    match view.actions {
        None => {
            let details = "The statement names no actions: add Action.".to_owned();
            report.add(&MISSING_ACTION, &brace, details);
        }
        Some(list) if is_empty_array(subject, &list.span) => {
            let details =
                "The list is empty, and a statement without actions is refused: name actions.";
            report.add(&MISSING_ACTION, &list.span, details.to_owned());
            let details = "A statement without actions has no effect: name actions, or remove it.";
            report.add(&EMPTY_ARRAY_ACTION, &list.span, details.to_owned());
        }
        Some(_) => {}
    }
    match view.resources {
        None if !subject.is_trust() => {
            let details = "The statement names no resources: add Resource.".to_owned();
            report.add(&MISSING_RESOURCE, &brace, details);
        }
        Some(list) if is_empty_array(subject, &list.span) => {
            let details =
                "The list is empty, and a statement without resources is refused: name resources.";
            report.add(&MISSING_RESOURCE, &list.span, details.to_owned());
            let details =
                "A statement without resources has no effect: name resources, or remove it.";
            report.add(&EMPTY_ARRAY_RESOURCE, &list.span, details.to_owned());
        }
        _ => {}
    }
}

/// Whether the value is `[]`: a list whose items are of the wrong type is told as such.
fn is_empty_array(subject: &Subject<'_>, span: &std::ops::Range<usize>) -> bool {
    subject
        .text
        .get(span.clone())
        .and_then(|text| text.strip_prefix('['))
        .and_then(|text| text.strip_suffix(']'))
        .is_some_and(|inner| inner.trim().is_empty())
}

fn one_sid(subject: &Subject<'_>, sid: &Text, report: &mut Report<'_>) {
    if sid.value.is_empty() {
        let details = "The Sid is empty: give the statement a name, or remove Sid.".to_owned();
        report.add(&EMPTY_SID_VALUE, &sid.span, details);
    }
    let good = |character: char| {
        character.is_ascii_alphanumeric()
            || (!subject.is_iam() && matches!(character, ' ' | '-' | '_'))
    };
    let bad = sid.value.char_indices().find(|(_, found)| !good(*found));
    if let Some((at, character)) = bad {
        let details = format!(
            "`{}` holds `{}`: a Sid is made of a-z, A-Z and 0-9.",
            sid.value,
            character.escape_debug()
        );
        report.add_part(
            &UNSUPPORTED_SID,
            sid,
            at..at + character.len_utf8(),
            details,
        );
    }
}

/// Whether a JSON value is a list or an object with nothing in it.
pub(super) fn is_empty(kind: &Kind) -> bool {
    match kind {
        Kind::Array(items) => items.is_empty(),
        Kind::Object(members) => members.is_empty(),
        _ => false,
    }
}
