//! Policy variables: `${key}` and `${key, 'default'}`, where they may stand and how they are written.

use std::ops::Range;

use super::report::Report;
use super::subject::{Subject, View};
use super::{Check, table};
use crate::document::Text;

table! {
    MISSING_BRACE_IN_VARIABLE: Error, Guide, "Missing brace in variable",
        "`${` without `}`";
    MISSING_QUOTE_IN_VARIABLE: Error, Guide, "Missing quote in variable",
        "a variable's default value does not stand in single quotes";
    UNSUPPORTED_SPACE_IN_VARIABLE: Error, Guide, "Unsupported space in variable",
        "a space in a variable's key";
    EMPTY_VARIABLE: Error, Guide, "Empty variable",
        "`${}`";
    VARIABLE_UNSUPPORTED_IN_ELEMENT: Error, Guide, "Variable unsupported in element",
        "a variable outside of `Resource`, `NotResource` and the values of `Condition`";
    VARIABLE_UNSUPPORTED_IN_VERSION: Error, Guide, "Variable unsupported in version",
        "a variable in a policy whose `Version` is not 2012-10-17, where it is ordinary text";
    INVALID_VARIABLE_FOR_OPERATOR: Error, Guide, "Invalid variable for operator",
        "a variable under an operator other than those for strings and ARNs";
}

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    let statement = view.statement;
    let actions = view.actions.map_or(&[][..], |list| &list.values);
    let principals = view.principal.map_or(&[][..], |element| &element.entries);
    let elsewhere = statement
        .sid
        .iter()
        .chain(actions)
        .chain(principals.iter().map(|entry| &entry.text))
        .chain(
            statement
                .conditions
                .iter()
                .flat_map(|entry| [&entry.operator, &entry.key]),
        );
    for text in elsewhere {
        if let Some(start) = text.value.find("${") {
            let length = text.value[start..]
                .find('}')
                .map_or(text.value.len() - start, |end| end + 1);
            let details = "Variables stand in Resource and in the values of Condition only; here it is ordinary text.";
            report.add_part(
                &VARIABLE_UNSUPPORTED_IN_ELEMENT,
                text,
                start..start + length,
                details.to_owned(),
            );
        }
    }
    let has_variables = subject.document.has_variables();
    let resources = view.resources.map_or(&[][..], |list| &list.values);
    for text in resources {
        examine(text, has_variables, None, report);
    }
    for condition in &view.conditions {
        let base = condition.base.as_str();
        let is_text = base.starts_with("string") || base.starts_with("arn");
        let operator = (!is_text).then_some(condition.entry.operator.value.as_str());
        for text in &condition.entry.values.values {
            examine(text, has_variables, operator, report);
        }
    }
}

/// Tells what is wrong with the variables of one text; `operator` is the operator that takes none.
fn examine(text: &Text, has_variables: bool, operator: Option<&str>, report: &mut Report<'_>) {
    let mut at = 0;
    while let Some(found) = text.value.get(at..).and_then(|rest| rest.find("${")) {
        if report.is_full() {
            return;
        }
        let start = at + found;
        let variable = Variable::read(&text.value[start..]);
        let part = start..start + variable.length;
        at = part.end;
        if !has_variables {
            // In the older language this is ordinary text, whatever it looks like.
            if variable.wrong.is_none() {
                let details = "Without \"Version\": \"2012-10-17\" this is ordinary text and no variable: add the Version.";
                report.add_part(
                    &VARIABLE_UNSUPPORTED_IN_VERSION,
                    text,
                    part,
                    details.to_owned(),
                );
            }
        } else if let Some((check, details)) = variable.wrong {
            report.add_part(check, text, part, details.to_owned());
        } else if let Some(operator) = operator {
            let details = format!(
                "{operator} compares no variables: they stand under String and Arn operators."
            );
            report.add_part(&INVALID_VARIABLE_FOR_OPERATOR, text, part, details);
        }
    }
}

/// A variable at the start of a text.
struct Variable {
    /// Bytes, with `${` and `}`.
    length: usize,
    wrong: Option<(&'static Check, &'static str)>,
}

impl Variable {
    fn read(text: &str) -> Variable {
        let inner = text.strip_prefix("${").unwrap_or(text);
        // Looked for up to the next variable only, so that a text costs no more than its length.
        let next = inner.find("${").unwrap_or(inner.len());
        let inner = &inner[..next];
        let brace = inner.find('}');
        // A default may hold braces: it ends at its quote.
        let quoted = inner.find('\'').and_then(|open| {
            let comma = inner.find(',')?;
            let close = inner[open + 1..].find("'}")?;
            (comma < open && open < brace?).then_some(open + 1 + close + 1)
        });
        let Some(end) = quoted.or(brace) else {
            let details = "The variable has no closing brace: add `}`.";
            return Variable {
                length: 2 + next,
                wrong: Some((&MISSING_BRACE_IN_VARIABLE, details)),
            };
        };
        Variable {
            length: 2 + end + 1,
            wrong: Variable::wrong(&inner[..end]),
        }
    }

    fn wrong(inner: &str) -> Option<(&'static Check, &'static str)> {
        let (key, default) = match inner.split_once(',') {
            Some((key, default)) => (key, Some(default.trim())),
            None => (inner, None),
        };
        if key.trim().is_empty() {
            let details = "The variable names nothing: write a condition key between the braces, or remove it.";
            return Some((&EMPTY_VARIABLE, details));
        }
        if key.contains(char::is_whitespace) {
            let details = "A variable's key has no spaces; one space stands between the comma and the default: ${key, 'default'}.";
            return Some((&UNSUPPORTED_SPACE_IN_VARIABLE, details));
        }
        let is_quoted = default.is_none_or(|default| {
            default.len() >= 2 && default.starts_with('\'') && default.ends_with('\'')
        });
        let details = "The default of a variable stands in single quotes: ${key, 'default'}.";
        (!is_quoted).then_some((&MISSING_QUOTE_IN_VARIABLE, details))
    }
}

/// The bytes of the first variable, for those who only ask whether there is one.
pub(super) fn first(text: &str) -> Option<Range<usize>> {
    let start = text.find("${")?;
    let end = text[start..].find('}')?;
    Some(start..start + end + 1)
}
