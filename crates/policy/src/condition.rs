//! Conditions: operators, set qualifiers, IfExists, absent keys (specification 3).
//!
//! Each test of one request value against one policy value answers whether the operator as a whole holds for the pair, negation
//! included; a malformed side makes it false either way. A positive operator then wants any policy value to hold, a negated one all.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine;

use crate::document::ConditionEntry;
use crate::pattern::{Matched, Pattern, Reading, Token, tokens};
use crate::request::{Context, Value};
use crate::value::{self, Instant, Network};

/// `ForAllValues:` or `ForAnyValue:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// The family of an operator with its policy values.
#[derive(Debug, Clone)]
enum Test {
    Text {
        values: Box<[Pattern]>,
        ignore_case: bool,
    },
    Number {
        values: Box<[Box<str>]>,
        holds: fn(Ordering) -> bool,
    },
    Date {
        values: Box<[Option<Instant>]>,
        holds: fn(Ordering) -> bool,
    },
    Bool {
        values: Box<[Option<bool>]>,
    },
    Binary {
        values: Box<[Option<Vec<u8>>]>,
    },
    Ip {
        values: Box<[Option<Network>]>,
    },
    Arn {
        values: Box<[ArnPattern]>,
    },
    Null {
        values: Box<[Option<bool>]>,
    },
    /// An operator that AWS does not know: never true.
    Unknown,
}

/// A compiled condition: one operator with one key.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    test: Test,
    negated: bool,
    set: Option<Set>,
    if_exists: bool,
    key_lower: Box<str>,
}

/// The value of an Arn operator.
#[derive(Debug, Clone)]
enum ArnPattern {
    Parts(Box<[Pattern; 6]>),
    /// With variables: their values may hold colons, so it is split when they are known.
    Dynamic(Box<[Token]>),
    Malformed,
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An operator's name without set prefix and IfExists, in lower case, and what was taken off.
pub(crate) struct OperatorName {
    pub(crate) base: String,
    pub(crate) for_all: bool,
    pub(crate) for_any: bool,
    pub(crate) if_exists: bool,
}

impl OperatorName {
    pub(crate) fn parse(text: &str) -> OperatorName {
        let lower = text.to_ascii_lowercase();
        let for_all = lower.starts_with("forallvalues:");
        let for_any = lower.starts_with("foranyvalue:");
        let base = if for_all || for_any {
            &lower[lower.find(':').map_or(0, |colon| colon + 1)..]
        } else {
            &lower
        };
        let if_exists = base.ends_with("ifexists");
        let base = base.strip_suffix("ifexists").unwrap_or(base).to_owned();
        OperatorName {
            base,
            for_all,
            for_any,
            if_exists,
        }
    }

    /// Whether AWS knows the operator.
    pub(crate) fn is_known(&self) -> bool {
        const KNOWN: [&str; 27] = [
            "stringequals",
            "stringnotequals",
            "stringequalsignorecase",
            "stringnotequalsignorecase",
            "stringlike",
            "stringnotlike",
            "numericequals",
            "numericnotequals",
            "numericlessthan",
            "numericlessthanequals",
            "numericgreaterthan",
            "numericgreaterthanequals",
            "dateequals",
            "datenotequals",
            "datelessthan",
            "datelessthanequals",
            "dategreaterthan",
            "dategreaterthanequals",
            "bool",
            "binaryequals",
            "ipaddress",
            "notipaddress",
            "arnequals",
            "arnlike",
            "arnnotequals",
            "arnnotlike",
            "null",
        ];
        KNOWN.contains(&self.base.as_str()) && !(self.base == "null" && self.if_exists)
    }
}

impl Condition {
    pub(crate) fn compile(entry: &ConditionEntry, variables: bool) -> Condition {
        let name = OperatorName::parse(&entry.operator.value);
        let texts = || entry.values.values.iter().map(|text| text.value.as_str());
        let patterns = |wildcards| {
            texts()
                .map(|text| {
                    Pattern::with(
                        text,
                        Reading {
                            wildcards,
                            variables,
                        },
                    )
                })
                .collect()
        };
        let text = |values, ignore_case| Test::Text {
            values,
            ignore_case,
        };
        let number = |holds| Test::Number {
            values: texts().map(Into::into).collect(),
            holds,
        };
        let date = |holds| Test::Date {
            values: texts().map(value::instant).collect(),
            holds,
        };
        let booleans = || texts().map(boolean).collect();
        let arns = || Test::Arn {
            values: texts()
                .map(|text| ArnPattern::compile(text, variables))
                .collect(),
        };
        let networks = || Test::Ip {
            values: texts().map(Network::parse).collect(),
        };
        let (test, negated) = match name.base.as_str() {
            "stringequals" => (text(patterns(false), false), false),
            "stringnotequals" => (text(patterns(false), false), true),
            "stringequalsignorecase" => (text(patterns(false), true), false),
            "stringnotequalsignorecase" => (text(patterns(false), true), true),
            "stringlike" => (text(patterns(true), false), false),
            "stringnotlike" => (text(patterns(true), false), true),
            "numericequals" => (number(Ordering::is_eq), false),
            "numericnotequals" => (number(Ordering::is_ne), true),
            "numericlessthan" => (number(Ordering::is_lt), false),
            "numericlessthanequals" => (number(Ordering::is_le), false),
            "numericgreaterthan" => (number(Ordering::is_gt), false),
            "numericgreaterthanequals" => (number(Ordering::is_ge), false),
            "dateequals" => (date(Ordering::is_eq), false),
            "datenotequals" => (date(Ordering::is_ne), true),
            "datelessthan" => (date(Ordering::is_lt), false),
            "datelessthanequals" => (date(Ordering::is_le), false),
            "dategreaterthan" => (date(Ordering::is_gt), false),
            "dategreaterthanequals" => (date(Ordering::is_ge), false),
            "bool" => (Test::Bool { values: booleans() }, false),
            "binaryequals" => {
                let decode = |text| base64::engine::general_purpose::STANDARD.decode(text).ok();
                (
                    Test::Binary {
                        values: texts().map(decode).collect(),
                    },
                    false,
                )
            }
            "ipaddress" => (networks(), false),
            "notipaddress" => (networks(), true),
            "arnequals" | "arnlike" => (arns(), false),
            "arnnotequals" | "arnnotlike" => (arns(), true),
            "null" if !name.if_exists => (Test::Null { values: booleans() }, false),
            _ => (Test::Unknown, false),
        };
        let set = match (name.for_all, name.for_any) {
            (true, _) => Some(Set::All),
            (_, true) => Some(Set::Any),
            _ => None,
        };
        let key_lower = entry.key.value.to_lowercase().into();
        Condition {
            test,
            negated,
            set,
            if_exists: name.if_exists,
            key_lower,
        }
    }

    /// Whether the request satisfies the condition.
    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        if matches!(self.test, Test::Unknown) {
            return false;
        }
        let found = context.get(&self.key_lower);
        if let Test::Null { values } = &self.test {
            // A key with an empty list counts as absent: it could not be sent otherwise.
            let absent = match &found {
                None => true,
                Some(Value::One(_)) => false,
                Some(Value::Many(list)) => list.is_empty(),
            };
            return values.contains(&Some(absent));
        }
        match (found, self.set) {
            (None, Some(Set::All)) => true,
            (None, Some(Set::Any)) => false,
            (None, None) => self.if_exists || self.negated,
            (Some(Value::One(value)), _) => self.value_holds(&value, context),
            (Some(Value::Many(list)), Some(Set::All)) => {
                list.iter().all(|value| self.value_holds(value, context))
            }
            (Some(Value::Many(list)), Some(Set::Any)) => {
                list.iter().any(|value| self.value_holds(value, context))
            }
            (Some(Value::Many(_)), None) => false,
        }
    }

    fn value_holds(&self, request: &str, context: &dyn Context) -> bool {
        let text = |pattern: &Pattern, ignore_case: bool| {
            let matched = if ignore_case {
                pattern.equals_ignoring_case(request, context)
            } else {
                pattern.matches_in(request, context)
            };
            (matched == Matched::Yes) != self.negated
        };
        match &self.test {
            Test::Text {
                values,
                ignore_case,
            } => self.combine(values, |pattern| text(pattern, *ignore_case)),
            Test::Number { values, holds } => self.combine(values, |value| {
                value::compare_numbers(request, value).is_some_and(holds)
            }),
            Test::Date { values, holds } => {
                let request = value::instant(request);
                self.combine(values, |value| {
                    request
                        .zip(*value)
                        .is_some_and(|(request, value)| holds(request.cmp(&value)))
                })
            }
            Test::Bool { values } => {
                let request = boolean(request);
                self.combine(values, |value| request.is_some() && request == *value)
            }
            Test::Binary { values } => self.combine(values, |value| {
                value.as_deref().is_some_and(|bytes| {
                    // The context hands text over: the bytes themselves, or, where they are no text, their base64 form.
                    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
                    bytes == request.as_bytes() || encoded == request
                })
            }),
            Test::Ip { values } => {
                let request: Option<IpAddr> = request.parse().ok();
                self.combine(values, |value| {
                    request
                        .zip(*value)
                        .is_some_and(|(request, network)| network.contains(request) != self.negated)
                })
            }
            Test::Arn { values } => {
                let Some(request) = crate::arn::split(request).filter(|parts| parts[0] == "arn")
                else {
                    return false;
                };
                self.combine(values, |pattern| match pattern.matches(&request, context) {
                    Some(Matched::Unresolved) => self.negated,
                    Some(matched) => (matched == Matched::Yes) != self.negated,
                    None => false,
                })
            }
            Test::Null { .. } | Test::Unknown => false,
        }
    }

    fn combine<V>(&self, values: &[V], holds: impl FnMut(&V) -> bool) -> bool {
        if self.negated {
            values.iter().all(holds)
        } else {
            values.iter().any(holds)
        }
    }
}

impl ArnPattern {
    fn compile(text: &str, variables: bool) -> ArnPattern {
        let tokens = tokens(
            text,
            Reading {
                wildcards: true,
                variables,
            },
        );
        if tokens
            .iter()
            .any(|token| matches!(token, Token::Variable(_)))
        {
            return ArnPattern::Dynamic(tokens.into());
        }
        parts_of(tokens.into_iter()).map_or(ArnPattern::Malformed, |parts| {
            ArnPattern::Parts(Box::new(parts))
        })
    }

    /// None when the pattern is no ARN.
    fn matches(&self, request: &[&str; 6], context: &dyn Context) -> Option<Matched> {
        let all = |parts: &[Pattern; 6]| {
            let matched = parts
                .iter()
                .zip(request)
                .all(|(pattern, part)| pattern.matches(part));
            if matched { Matched::Yes } else { Matched::No }
        };
        match self {
            ArnPattern::Parts(parts) => Some(all(parts)),
            ArnPattern::Malformed => None,
            ArnPattern::Dynamic(tokens) => {
                let mut resolved = Vec::with_capacity(tokens.len());
                for token in tokens {
                    resolved.push(match token {
                        Token::Variable(variable) => match variable.resolve(context) {
                            Some(value) => Token::Literal(value.into_owned()),
                            None => return Some(Matched::Unresolved),
                        },
                        token => token.clone(),
                    });
                }
                parts_of(resolved.into_iter()).map(|parts| all(&parts))
            }
        }
    }
}

/// Splits tokens at the first five colons of their literals.
fn parts_of(tokens: impl Iterator<Item = Token>) -> Option<[Pattern; 6]> {
    let mut parts: Vec<Vec<Token>> = vec![Vec::new()];
    for token in tokens {
        let Token::Literal(text) = token else {
            parts.last_mut()?.push(token);
            continue;
        };
        for (index, piece) in text.splitn(7 - parts.len(), ':').enumerate() {
            if index > 0 {
                parts.push(Vec::new());
            }
            if !piece.is_empty() {
                parts.last_mut()?.push(Token::Literal(piece.to_owned()));
            }
        }
    }
    let parts: Vec<Pattern> = parts.into_iter().map(Pattern::from_tokens).collect();
    parts.try_into().ok()
}
