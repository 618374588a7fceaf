//! AWS's constraint errors, in AWS's words.
//!
//! All violations of a request are reported in one sentence, which clients and tests match on. Services differ: IAM
//! leaves the value out, STS prints it; Organizations says only which kind of rule was broken; S3 has codes of its own and
//! is not checked here but where its messages are read.

use std::fmt::Write as _;

use crate::fault::Fault;
use crate::shape::{Kind, Structure, Text, Value};

/// How a service words a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `Value at 'userName' failed …`: the value is not printed.
    Iam,
    /// `Value 'v' at 'roleSessionName' failed …`.
    Sts,
    /// `InvalidInputException` with a reason.
    Organizations,
}

/// Characters of one value that are printed at most; AWS prints all, which doubles what an attacker sends.
const VALUE_CHARACTERS_MAX: usize = 2048;
/// Violations that are collected at most.
const VIOLATIONS_MAX: usize = 100;

/// The violations found so far.
#[derive(Debug)]
pub struct Violations {
    dialect: Dialect,
    sentences: Vec<String>,
    /// IAM's sentence about the characters of a name or path: answered alone, and only if nothing else is wrong.
    characters: Option<String>,
    /// Reason code and message of the first one, as Organizations has them.
    reason: Option<(&'static str, &'static str)>,
}

/// One broken rule: AWS's words for the rule, and Organizations' reason.
struct Broken {
    rule: String,
    reason: (&'static str, &'static str),
}

const TOO_LONG: (&str, &str) = (
    "MAX_LENGTH_EXCEEDED",
    "You provided a string parameter that is longer than allowed.",
);
const TOO_SHORT: (&str, &str) = (
    "MIN_LENGTH_EXCEEDED",
    "You provided a string parameter that is shorter than allowed.",
);
const TOO_LARGE: (&str, &str) = (
    "MAX_VALUE_EXCEEDED",
    "You provided a numeric parameter that has a larger value than allowed.",
);
const TOO_SMALL: (&str, &str) = (
    "MIN_VALUE_EXCEEDED",
    "You provided a numeric parameter that has a smaller value than allowed.",
);
const BAD_PATTERN: (&str, &str) = (
    "INVALID_PATTERN",
    "You provided a value that does not match the required pattern.",
);
const BAD_VALUE: (&str, &str) = ("INVALID_ENUM", "You specified an invalid value.");
const MISSING: (&str, &str) = (
    "INPUT_REQUIRED",
    "You must include a value for all required parameters.",
);

impl Violations {
    /// None yet.
    pub fn new(dialect: Dialect) -> Self {
        Violations {
            dialect,
            sentences: Vec::new(),
            characters: None,
            reason: None,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty() && self.characters.is_none()
    }

    /// Adds one in AWS's form, for a rule that no model states: `path` such as `roleSessionName`, `rule` such as
    /// `Member must not be null`.
    pub fn add(&mut self, path: &str, value: &str, rule: &str) {
        let sentence = self.sentence(path, Some(value), rule);
        self.push(sentence, BAD_VALUE);
    }

    /// Checks the members of a structure and all below it.
    pub fn check(&mut self, schema: &Structure, members: &[Value]) {
        self.structure(schema, members, &mut String::new());
    }

    /// Ok without violations.
    ///
    /// # Errors
    /// `ValidationError` (Organizations: `InvalidInputException`), 400.
    pub fn into_result(self) -> Result<(), Fault> {
        if self.sentences.is_empty() {
            return match self.characters {
                Some(sentence) => Err(Fault::validation(sentence)),
                None => Ok(()),
            };
        }
        if let (Dialect::Organizations, Some((reason, message))) = (self.dialect, self.reason) {
            return Err(Fault::new("InvalidInputException", 400, message).with("Reason", reason));
        }
        let n = self.sentences.len();
        let errors = if n == 1 { "error" } else { "errors" };
        Err(Fault::validation(format!(
            "{n} validation {errors} detected: {}",
            self.sentences.join("; ")
        )))
    }

    fn push(&mut self, sentence: String, reason: (&'static str, &'static str)) {
        self.reason.get_or_insert(reason);
        if self.sentences.len() < VIOLATIONS_MAX {
            self.sentences.push(sentence);
        }
    }

    fn sentence(&self, path: &str, value: Option<&str>, rule: &str) -> String {
        let value = match (value, self.dialect) {
            (None, Dialect::Sts) => " null".to_owned(),
            (Some(v), Dialect::Sts) => format!(
                " '{}'",
                v.chars().take(VALUE_CHARACTERS_MAX).collect::<String>()
            ),
            (_, Dialect::Iam | Dialect::Organizations) => String::new(),
        };
        format!("Value{value} at '{path}' failed to satisfy constraint: {rule}")
    }

    fn structure(&mut self, schema: &Structure, members: &[Value], path: &mut String) {
        for (member, value) in schema.members.iter().zip(members) {
            let length = path.len();
            if length > 0 {
                path.push('.');
            }
            push_lower_first(path, member.name);
            if !value.is_absent() {
                self.value(member.kind, value, path);
            } else if member.required {
                let sentence = self.sentence(path, None, "Member must not be null");
                self.push(sentence, MISSING);
            }
            path.truncate(length);
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value, path: &mut String) {
        match (kind, value) {
            (Kind::Structure(schema), Value::Structure(members)) => {
                self.structure(schema(), members, path)
            }
            (Kind::List { of, length, .. }, Value::List(items)) => {
                self.length(items.len(), *length, value, path);
                self.items(of, items, path);
            }
            (Kind::Map { key, of, length }, Value::Map(entries)) => {
                self.length(entries.len(), *length, value, path);
                for (name, held) in entries {
                    let at = path.len();
                    let _ = write!(path, ".{name}");
                    for broken in text_rules_of(key, name) {
                        let sentence = self.sentence(path, Some(name), &broken.rule);
                        self.push(sentence, broken.reason);
                    }
                    self.value(of, held, path);
                    path.truncate(at);
                }
            }
            (scalar, value) => {
                let shown = if scalar.is_sensitive() {
                    "***".to_owned()
                } else {
                    printed(value)
                };
                for broken in broken_rules(scalar, value) {
                    match self.iam_sentence(path, &broken.rule) {
                        Some(own) => {
                            self.characters.get_or_insert(own);
                        }
                        None => {
                            let sentence = self.sentence(path, Some(&shown), &broken.rule);
                            self.push(sentence, broken.reason);
                        }
                    }
                }
            }
        }
    }

    /// IAM has sentences of its own for the characters of names and paths.
    fn iam_sentence(&self, path: &str, rule: &str) -> Option<String> {
        if self.dialect != Dialect::Iam {
            return None;
        }
        let rest = match rule.strip_prefix(MATCHING)? {
            r"[\w+=,.@-]+" => {
                "It must contain only alphanumeric characters and/or the following: +=,.@_-"
            }
            r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)" => {
                "It must begin and end with / and contain only alphanumeric characters and/or / characters."
            }
            _ => return None,
        };
        Some(format!("The specified value for {path} is invalid. {rest}"))
    }

    /// A list of structures is checked item by item; scalars are reported together, on the list.
    fn items(&mut self, of: &Kind, items: &[Value], path: &mut String) {
        if matches!(
            of,
            Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. }
        ) {
            for (i, item) in items.iter().enumerate() {
                let at = path.len();
                let _ = write!(path, ".{}.member", i + 1);
                self.value(of, item, path);
                path.truncate(at);
            }
            return;
        }
        let Some(first) = items
            .iter()
            .find_map(|item| broken_rules(of, item).into_iter().next())
        else {
            return;
        };
        let printed_items: Vec<String> = items.iter().map(printed).collect();
        let rule = format!(
            "Member must satisfy constraint: [{}]",
            all_rules(of).join(", ")
        );
        let sentence = self.sentence(
            path,
            Some(&format!("[{}]", printed_items.join(", "))),
            &rule,
        );
        self.push(sentence, first.reason);
    }

    fn length(&mut self, n: usize, (min, max): (u32, u32), value: &Value, path: &str) {
        for broken in length_rules(n, min, max) {
            let sentence = self.sentence(path, Some(&printed(value)), &broken.rule);
            self.push(sentence, broken.reason);
        }
    }
}

fn push_lower_first(path: &mut String, name: &str) {
    let mut characters = name.chars();
    path.extend(characters.next().map(|c| c.to_ascii_lowercase()));
    path.push_str(characters.as_str());
}

fn printed(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Time(at) => at.iso(),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(printed).collect::<Vec<_>>().join(", ")
        ),
        Value::Absent | Value::Blob(_) | Value::Stream(_) | Value::Map(_) | Value::Structure(_) => {
            "{}".to_owned()
        }
    }
}

fn longest(max: u32) -> String {
    format!("Member must have length less than or equal to {max}")
}
fn shortest(min: u32) -> String {
    format!("Member must have length greater than or equal to {min}")
}
fn one_of(values: &[&str]) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        values.join(", ")
    )
}
const MATCHING: &str = "Member must satisfy regular expression pattern: ";
fn matching(pattern: &str) -> String {
    format!("{MATCHING}{pattern}")
}

fn length_rules(n: usize, min: u32, max: u32) -> Vec<Broken> {
    let mut broken = Vec::new();
    if n > max as usize {
        broken.push(Broken {
            rule: longest(max),
            reason: TOO_LONG,
        });
    }
    if n < min as usize {
        broken.push(Broken {
            rule: shortest(min),
            reason: TOO_SHORT,
        });
    }
    broken
}

fn text_rules(text: &Text, value: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    if let Some(pattern) = text.pattern.filter(|p| !p.matches(value)) {
        broken.push(Broken {
            rule: matching(pattern.text),
            reason: BAD_PATTERN,
        });
    }
    // Counting is cheap but not free: without a bound there is nothing to count.
    if text.min > 0 || text.max < u32::MAX {
        broken.extend(length_rules(value.chars().count(), text.min, text.max));
    }
    if !text.values.is_empty() && !text.values.contains(&value) {
        broken.push(Broken {
            rule: one_of(text.values),
            reason: BAD_VALUE,
        });
    }
    broken
}

fn text_rules_of(kind: &Kind, value: &str) -> Vec<Broken> {
    if let Kind::Text(text) = kind {
        text_rules(text, value)
    } else {
        Vec::new()
    }
}

fn broken_rules(kind: &Kind, value: &Value) -> Vec<Broken> {
    match (kind, value) {
        (Kind::Text(text), Value::Text(value)) => text_rules(text, value),
        (Kind::Integer(min, max) | Kind::Long(min, max), Value::Integer(n)) => {
            let mut broken = Vec::new();
            if n > max {
                let rule = format!("Member must have value less than or equal to {max}");
                broken.push(Broken {
                    rule,
                    reason: TOO_LARGE,
                });
            }
            if n < min {
                let rule = format!("Member must have value greater than or equal to {min}");
                broken.push(Broken {
                    rule,
                    reason: TOO_SMALL,
                });
            }
            broken
        }
        _ => Vec::new(),
    }
}

/// Every rule of a list's items: AWS prints them all when one is broken.
fn all_rules(kind: &Kind) -> Vec<String> {
    let Kind::Text(text) = kind else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    if text.max < u32::MAX {
        rules.push(longest(text.max));
    }
    if text.min > 0 {
        rules.push(shortest(text.min));
    }
    if let Some(pattern) = text.pattern {
        rules.push(matching(pattern.text));
    }
    if !text.values.is_empty() {
        rules.push(one_of(text.values));
    }
    rules
}
