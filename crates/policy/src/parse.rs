//! From JSON to the document: takes what fits, notes what does not.
//!
//! Only what is not a JSON object at all is an error. A document that AWS would refuse is still read, because the simulator and the
//! batch evaluator answer for such documents too; a broken element then never helps to allow.

use crate::document::{
    ConditionEntry, Document, Effect, List, PrincipalElement, PrincipalEntry, PrincipalType,
    Problem, ProblemKind, Statement, Text,
};
use crate::json::{self, Json, Kind, Limits, Member, ParseError};

const STATEMENT_ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// So many departures from the grammar are described; more are only counted. Each description holds its JSON pointer, and a text
/// can make pointers long and departures many.
const PROBLEMS_MAX: usize = 100;

/// The departures found so far.
#[derive(Default)]
struct Problems {
    described: Vec<Problem>,
    count: usize,
}

impl Problems {
    /// Notes a departure; `describe` is not called once there are enough.
    fn push(&mut self, describe: impl FnOnce() -> Problem) {
        self.count += 1;
        if self.described.len() < PROBLEMS_MAX {
            self.described.push(describe());
        }
    }
}

/// What answers of the API and other tools wrap around a document; people paste them whole.
const WRAPPERS: [&str; 8] = [
    "AssumeRolePolicyDocument",
    "Document",
    "Policy",
    "PolicyDocument",
    "PolicyName",
    "PolicyVersion",
    "Role",
    "RoleName",
];

pub(crate) fn document(text: &str) -> Result<Document, ParseError> {
    document_of(text, &json::read(text, Limits::DOCUMENT)?)
}

/// The document that a text, read already, holds.
pub(crate) fn document_of(text: &str, json: &Json) -> Result<Document, ParseError> {
    let Some(members) = json.members() else {
        let message = format!("a policy document is an object, found {}", json.describe());
        let hint = match &json.kind {
            Kind::Array(_) => {
                Some("a document starts with {\"Version\": …, \"Statement\": […]}".to_owned())
            }
            Kind::String(inner) if inner.trim_start().starts_with('{') => Some(
                "this is a document inside a string: remove the outer quotes and the backslashes"
                    .to_owned(),
            ),
            _ => None,
        };
        return Err(ParseError::at(
            text,
            json.span.start,
            String::new(),
            message,
            hint,
        ));
    };
    let mut document = Document {
        text: text.to_owned(),
        version: None,
        id: None,
        statements: Vec::new(),
        problems: Vec::new(),
    };
    let problems = &mut Problems::default();
    let mut has_statement = false;
    for member in members {
        match member.key.as_str() {
            "Version" => document.version = string(&member.value, "/Version", problems),
            "Id" => document.id = string(&member.value, "/Id", problems),
            "Statement" => {
                has_statement = true;
                match &member.value.kind {
                    Kind::Object(_) => {
                        document
                            .statements
                            .extend(statement(&member.value, "/Statement", problems))
                    }
                    Kind::Array(items) => {
                        for (index, item) in items.iter().enumerate() {
                            document.statements.extend(statement(
                                item,
                                &format!("/Statement/{index}"),
                                problems,
                            ));
                        }
                    }
                    _ => problems.push(|| {
                        wrong_type(
                            &member.value,
                            "/Statement",
                            "an object or an array of objects",
                        )
                    }),
                }
            }
            _ => problems.push(|| unknown(member, "", &["Version", "Id", "Statement"])),
        }
    }
    if !has_statement {
        problems.push(|| missing(json, "", "Statement"));
    }
    document.problems = std::mem::take(&mut problems.described);
    Ok(document)
}

fn wrong_type(value: &Json, pointer: &str, expected: &str) -> Problem {
    Problem {
        kind: ProblemKind::WrongType,
        span: value.span.clone(),
        pointer: pointer.to_owned(),
        message: format!("expected {expected}, found {}", value.describe()),
    }
}

fn missing(value: &Json, pointer: &str, element: &str) -> Problem {
    Problem {
        kind: ProblemKind::Missing,
        span: value.span.clone(),
        pointer: pointer.to_owned(),
        message: format!("`{element}` is missing"),
    }
}

fn unknown(member: &Member, pointer: &str, known: &[&str]) -> Problem {
    let meant = known
        .iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&known.to_lowercase(), &member.key.to_lowercase()),
                known,
            )
        })
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let wrapped = pointer.is_empty() && WRAPPERS.contains(&member.key.as_str());
    let hint = match meant {
        Some((_, known)) => format!("; did you mean `{known}`?"),
        None if wrapped => {
            "; this is an answer of the API, the policy is what stands inside".to_owned()
        }
        None => String::new(),
    };
    Problem {
        kind: ProblemKind::UnknownElement,
        span: member.key_span.clone(),
        pointer: format!("{pointer}/{}", member.key),
        message: format!(
            "`{}` is no element of the policy language{hint}",
            member.key
        ),
    }
}

fn string(value: &Json, pointer: &str, problems: &mut Problems) -> Option<Text> {
    match value.as_str() {
        Some(text) => Some(Text {
            value: text.to_owned(),
            span: value.span.clone(),
        }),
        None => {
            problems.push(|| wrong_type(value, pointer, "a string"));
            None
        }
    }
}

/// A string or an array of strings. What is neither is left out, so that it matches nothing.
fn list(value: &Json, pointer: &str, scalars: bool, problems: &mut Problems) -> List {
    let one = |item: &Json| match &item.kind {
        Kind::String(text) => Some(text.clone()),
        Kind::Number(text) if scalars => Some(text.clone()),
        Kind::Bool(flag) if scalars => Some(flag.to_string()),
        _ => None,
    };
    let mut values = Vec::new();
    match &value.kind {
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                match one(item) {
                    Some(text) => values.push(Text {
                        value: text,
                        span: item.span.clone(),
                    }),
                    None => problems
                        .push(|| wrong_type(item, &format!("{pointer}/{index}"), "a string")),
                }
            }
        }
        _ => match one(value) {
            Some(text) => values.push(Text {
                value: text,
                span: value.span.clone(),
            }),
            None => problems.push(|| wrong_type(value, pointer, "a string or an array of strings")),
        },
    }
    List {
        values,
        span: value.span.clone(),
    }
}

fn statement(value: &Json, pointer: &str, problems: &mut Problems) -> Option<Statement> {
    let Some(members) = value.members() else {
        problems.push(|| wrong_type(value, pointer, "a statement (an object)"));
        return None;
    };
    let mut statement = Statement {
        span: value.span.clone(),
        sid: None,
        effect: None,
        effect_span: None,
        principal: None,
        not_principal: None,
        action: None,
        not_action: None,
        resource: None,
        not_resource: None,
        conditions: Vec::new(),
        condition_span: None,
        condition_malformed: false,
    };
    for member in members {
        let value = &member.value;
        let here = format!("{pointer}/{}", member.key);
        match member.key.as_str() {
            "Sid" => statement.sid = string(value, &here, problems),
            "Effect" => {
                statement.effect_span = Some(value.span.clone());
                statement.effect = match value.as_str() {
                    Some("Allow") => Some(Effect::Allow),
                    Some("Deny") => Some(Effect::Deny),
                    found => {
                        problems.push(|| {
                            let mut problem = wrong_type(value, &here, "`Allow` or `Deny`");
                            if let Some(found) = found {
                                problem.message =
                                    format!("expected `Allow` or `Deny`, found `{found}`");
                            }
                            problem
                        });
                        None
                    }
                };
            }
            "Principal" => statement.principal = Some(principal(value, &here, problems)),
            "NotPrincipal" => statement.not_principal = Some(principal(value, &here, problems)),
            "Action" => statement.action = Some(list(value, &here, false, problems)),
            "NotAction" => statement.not_action = Some(list(value, &here, false, problems)),
            "Resource" => statement.resource = Some(list(value, &here, false, problems)),
            "NotResource" => statement.not_resource = Some(list(value, &here, false, problems)),
            "Condition" => conditions(value, &here, &mut statement, problems),
            _ => {
                // A misspelt Condition must not turn a conditional grant into an unconditional one.
                if strsim::damerau_levenshtein("condition", &member.key.to_lowercase()) <= 2 {
                    statement.condition_malformed = true;
                }
                problems.push(|| unknown(member, pointer, &STATEMENT_ELEMENTS));
            }
        }
    }
    if statement.effect_span.is_none() {
        problems.push(|| missing(value, pointer, "Effect"));
    }
    if statement.action.is_none() && statement.not_action.is_none() {
        problems.push(|| missing(value, pointer, "Action"));
    }
    Some(statement)
}

fn principal(value: &Json, pointer: &str, problems: &mut Problems) -> PrincipalElement {
    let mut element = PrincipalElement {
        star: false,
        entries: Vec::new(),
        span: value.span.clone(),
    };
    match &value.kind {
        Kind::String(text) if text == "*" => element.star = true,
        Kind::Object(members) => {
            for member in members {
                let kind = match member.key.as_str() {
                    "AWS" => PrincipalType::Aws,
                    "Service" => PrincipalType::Service,
                    "Federated" => PrincipalType::Federated,
                    "CanonicalUser" => PrincipalType::CanonicalUser,
                    _ => {
                        problems.push(|| {
                            unknown(
                                member,
                                pointer,
                                &["AWS", "Service", "Federated", "CanonicalUser"],
                            )
                        });
                        PrincipalType::Unknown
                    }
                };
                let key = Text {
                    value: member.key.clone(),
                    span: member.key_span.clone(),
                };
                // An unquoted account id is a usual slip, and AWS reads a number as its text.
                let texts = list(
                    &member.value,
                    &format!("{pointer}/{}", member.key),
                    true,
                    problems,
                );
                element
                    .entries
                    .extend(texts.values.into_iter().map(|text| PrincipalEntry {
                        kind,
                        key: key.clone(),
                        text,
                    }));
            }
        }
        _ => problems.push(|| {
            let mut problem =
                wrong_type(value, pointer, "`\"*\"` or an object such as {\"AWS\": …}");
            if let Some(text) = value.as_str() {
                problem.message.push_str(&format!(
                    ": write {{\"{}\": \"{text}\"}}",
                    principal_key(text)
                ));
            }
            problem
        }),
    }
    element
}

/// The key that a principal written without one most probably stands under.
fn principal_key(text: &str) -> &'static str {
    if text.ends_with(".amazonaws.com") {
        "Service"
    } else if text.contains(":oidc-provider/") || text.contains(":saml-provider/") {
        "Federated"
    } else {
        "AWS"
    }
}

fn conditions(value: &Json, pointer: &str, statement: &mut Statement, problems: &mut Problems) {
    statement.condition_span = Some(value.span.clone());
    let Some(operators) = value.members() else {
        problems.push(|| wrong_type(value, pointer, "an object operator -> key -> values"));
        statement.condition_malformed = true;
        return;
    };
    for operator in operators {
        let here = format!("{pointer}/{}", operator.key);
        let Some(keys) = operator.value.members() else {
            problems.push(|| wrong_type(&operator.value, &here, "an object key -> values"));
            statement.condition_malformed = true;
            continue;
        };
        for key in keys {
            let before = problems.count;
            let values = list(&key.value, &format!("{here}/{}", key.key), true, problems);
            statement.condition_malformed |= problems.count > before;
            statement.conditions.push(ConditionEntry {
                operator: Text {
                    value: operator.key.clone(),
                    span: operator.key_span.clone(),
                },
                key: Text {
                    value: key.key.clone(),
                    span: key.key_span.clone(),
                },
                values,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each description holds its pointer: a long key above many departures must not be copied for each.
    #[test]
    fn departures_are_described_up_to_a_limit_and_still_counted() {
        let key = "k".repeat(100_000);
        let items = vec!["[]"; 20_000].join(",");
        let text =
            format!(r#"{{"Statement":{{"Condition":{{"StringEquals":{{"{key}":[{items}]}}}}}}}}"#);
        let document = document(&text).expect("a document");
        assert_eq!(document.problems().len(), PROBLEMS_MAX);
        assert!(document.statements()[0].condition_malformed);
        let last = format!(
            r#"{{"Statement":[{}{{"Condition":{{"A":{{"b":[[]]}}}}}}]}}"#,
            "{},".repeat(200)
        );
        let document = super::document(&last).expect("a document");
        assert_eq!(document.problems().len(), PROBLEMS_MAX);
        assert!(document.statements()[200].condition_malformed);
    }
}
