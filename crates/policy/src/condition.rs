//! Conditions: operators, set qualifiers, IfExists, absent keys (specification 3).
//!
//! An operator's name is taken apart once, when the document is compiled: what becomes of an absent key, how a list is treated, which
//! comparison is made and whether it is negated. Values of the policy are parsed then, too.
//!
//! A comparison of one value of the request with one of the policy knows a third outcome besides equal and different: one of them is
//! no number, date, address … at all. That satisfies neither the operator nor its negation.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::arn;
use crate::document::ConditionEntry;
use crate::pattern::{Fit, Pattern, Reading, Step, steps};
use crate::request::{Context, Value};
use crate::value::{Instant, Network, Number, instant};

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Text, with or without wildcards and case.
    Text { wildcards: bool, fold: bool },
    /// Decimal numbers.
    Number,
    /// Instants.
    Date,
    /// `true` and `false`.
    Bool,
    /// Bytes.
    Binary,
    /// Addresses.
    Ip,
    /// ARNs, part by part.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// Which relation must hold. The last of each kind negates the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The value matches.
    Is,
    /// The value does not match.
    IsNot,
    /// Less than.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater than.
    Greater,
    /// Greater or equal.
    AtLeast,
}

const EXACT: Family = Family::Text {
    wildcards: false,
    fold: false,
};
const FOLDED: Family = Family::Text {
    wildcards: false,
    fold: true,
};
const LIKE: Family = Family::Text {
    wildcards: true,
    fold: false,
};

/// Every operator there is. Their names count with their case: IAM answers `Invalid Condition type` to `stringEquals`.
const OPERATORS: [(&str, Family, Relation); 27] = [
    ("StringEquals", EXACT, Relation::Is),
    ("StringNotEquals", EXACT, Relation::IsNot),
    ("StringEqualsIgnoreCase", FOLDED, Relation::Is),
    ("StringNotEqualsIgnoreCase", FOLDED, Relation::IsNot),
    ("StringLike", LIKE, Relation::Is),
    ("StringNotLike", LIKE, Relation::IsNot),
    ("NumericEquals", Family::Number, Relation::Is),
    ("NumericNotEquals", Family::Number, Relation::IsNot),
    ("NumericLessThan", Family::Number, Relation::Less),
    ("NumericLessThanEquals", Family::Number, Relation::AtMost),
    ("NumericGreaterThan", Family::Number, Relation::Greater),
    (
        "NumericGreaterThanEquals",
        Family::Number,
        Relation::AtLeast,
    ),
    ("DateEquals", Family::Date, Relation::Is),
    ("DateNotEquals", Family::Date, Relation::IsNot),
    ("DateLessThan", Family::Date, Relation::Less),
    ("DateLessThanEquals", Family::Date, Relation::AtMost),
    ("DateGreaterThan", Family::Date, Relation::Greater),
    ("DateGreaterThanEquals", Family::Date, Relation::AtLeast),
    ("Bool", Family::Bool, Relation::Is),
    ("BinaryEquals", Family::Binary, Relation::Is),
    ("IpAddress", Family::Ip, Relation::Is),
    ("NotIpAddress", Family::Ip, Relation::IsNot),
    ("ArnEquals", Family::Arn, Relation::Is),
    ("ArnLike", Family::Arn, Relation::Is),
    ("ArnNotEquals", Family::Arn, Relation::IsNot),
    ("ArnNotLike", Family::Arn, Relation::IsNot),
    ("Null", Family::Null, Relation::Is),
];

/// The names of all operators, without set qualifier and IfExists, as AWS groups them: `StringEquals` …
pub fn condition_operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|(name, ..)| *name)
}

/// An operator's name taken apart.
pub(crate) struct OperatorName {
    /// The name without set qualifier and IfExists.
    pub(crate) base: String,
    /// `ForAllValues:`.
    pub(crate) for_all: bool,
    /// `ForAnyValue:`.
    pub(crate) for_any: bool,
    /// `…IfExists`.
    pub(crate) if_exists: bool,
}

impl OperatorName {
    pub(crate) fn parse(text: &str) -> OperatorName {
        let (qualifier, name) = text.split_once(':').unwrap_or(("", text));
        let (for_all, for_any) = (qualifier == "ForAllValues", qualifier == "ForAnyValue");
        // Before the colon stands something that is no qualifier: then the whole is a name that nobody knows.
        let name = if for_all || for_any { name } else { text };
        let base = name.strip_suffix("IfExists");
        OperatorName {
            base: base.unwrap_or(name).to_owned(),
            for_all,
            for_any,
            if_exists: base.is_some(),
        }
    }

    /// What the operator does; none when AWS does not know it. `Null` takes no IfExists.
    pub(crate) fn meaning(&self) -> Option<(Family, Relation)> {
        let (_, family, relation) = OPERATORS.iter().find(|(name, ..)| *name == self.base)?;
        (*family != Family::Null || !self.if_exists).then_some((*family, *relation))
    }

    /// Whether AWS knows the operator.
    pub(crate) fn is_known(&self) -> bool {
        self.meaning().is_some()
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// How a key with several values is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Not at all: an operator without qualifier takes one value.
    Single,
    All,
    Any,
}

/// A compiled condition: one operator with one key.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    key_lower: Box<str>,
    set: Set,
    /// The outcome when the key is absent.
    absent: bool,
    /// The outcome when it has an empty list.
    empty: bool,
    test: Test,
}

/// What is asked of one value of the request.
#[derive(Debug, Clone)]
enum Test {
    /// An operator that nobody knows.
    Never,
    /// `Null`: whether it is enough that the key is there.
    Present(bool),
    Compare {
        negated: bool,
        with: Operands,
    },
}

/// The values of the policy; one that is malformed is none.
#[derive(Debug, Clone)]
enum Operands {
    Text(Box<[Pattern]>),
    Folded(Box<[Pattern]>),
    Numbers(Box<[Option<Number<'static>>]>, fn(Ordering) -> bool),
    Dates(Box<[Option<Instant>]>, fn(Ordering) -> bool),
    Bools(Box<[Option<bool>]>),
    Bytes(Box<[Option<Bytes>]>),
    Networks(Box<[Option<Network>]>),
    Arns(Box<[ArnPattern]>),
}

#[derive(Debug, Clone)]
struct Bytes {
    bytes: Box<[u8]>,
    base64: Box<str>,
}

impl Condition {
    pub(crate) fn compile(entry: &ConditionEntry, variables: bool) -> Condition {
        let name = OperatorName::parse(&entry.operator.value);
        let set = match (name.for_all, name.for_any) {
            (true, _) => Set::All,
            (_, true) => Set::Any,
            _ => Set::Single,
        };
        let mut condition = Condition {
            key_lower: entry.key.value.to_lowercase().into(),
            set,
            absent: false,
            empty: false,
            test: Test::Never,
        };
        let Some((family, relation)) = name.meaning() else {
            return condition;
        };
        if family == Family::Null {
            let wants = |absent: bool| {
                let values = &entry.values.values;
                values
                    .iter()
                    .any(|text| boolean(&text.value) == Some(absent))
            };
            // `ForAllValues:Null` is `Null`; `ForAnyValue:` is false without a value, as with every operator.
            condition.absent = wants(true) && set != Set::Any;
            // AWS calls a key that resolves to an empty set null.
            condition.empty = condition.absent;
            condition.test = Test::Present(wants(false));
            return condition;
        }
        let negated = relation == Relation::IsNot;
        condition.absent = match set {
            Set::Single => negated || name.if_exists,
            Set::All => true,
            Set::Any => false,
        };
        condition.empty = set == Set::All;
        condition.test = Test::Compare {
            negated,
            with: Operands::compile(entry, family, relation, variables),
        };
        condition
    }

    /// The key, in lower case.
    pub(crate) fn key_lower(&self) -> &str {
        &self.key_lower
    }

    /// Whether the request satisfies the condition.
    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        if matches!(self.test, Test::Never) {
            return false;
        }
        match context.get(&self.key_lower) {
            None => self.absent,
            Some(Value::One(value)) => self.test.holds(&value, context),
            Some(Value::Many(values)) if values.is_empty() => self.empty,
            Some(Value::Many(values)) => {
                let mut values = values.iter();
                match (&self.test, self.set) {
                    (Test::Present(enough), _) => *enough,
                    (_, Set::Single) => false,
                    (_, Set::All) => values.all(|value| self.test.holds(value, context)),
                    (_, Set::Any) => values.any(|value| self.test.holds(value, context)),
                }
            }
        }
    }
}

impl Test {
    /// Whether one value of the request satisfies the operator over all values of the policy: one of them must match, or, negated,
    /// each must differ.
    fn holds(&self, value: &str, context: &dyn Context) -> bool {
        match self {
            Test::Never => false,
            Test::Present(enough) => *enough,
            Test::Compare { negated, with } => with.hold(value, *negated, context),
        }
    }
}

/// Combines the outcomes of the policy's values; none: malformed.
fn combine<T>(values: &[T], negated: bool, matches: impl Fn(&T) -> Option<bool>) -> bool {
    if negated {
        values.iter().all(|value| matches(value) == Some(false))
    } else {
        values.iter().any(|value| matches(value) == Some(true))
    }
}

impl Operands {
    fn compile(
        entry: &ConditionEntry,
        family: Family,
        relation: Relation,
        variables: bool,
    ) -> Operands {
        fn all<'e, T>(
            texts: impl Iterator<Item = &'e str>,
            parse: impl FnMut(&'e str) -> T,
        ) -> Box<[T]> {
            texts.map(parse).collect()
        }
        let texts = entry.values.values.iter().map(|text| text.value.as_str());
        let ordering: fn(Ordering) -> bool = match relation {
            // The negation of equality is made from it, like every other.
            Relation::Is | Relation::IsNot => Ordering::is_eq,
            Relation::Less => Ordering::is_lt,
            Relation::AtMost => Ordering::is_le,
            Relation::Greater => Ordering::is_gt,
            Relation::AtLeast => Ordering::is_ge,
        };
        match family {
            Family::Text { wildcards, fold } => {
                let reading = Reading {
                    wildcards,
                    variables,
                };
                let patterns = all(texts, |text| Pattern::read(text, reading));
                if fold {
                    Operands::Folded(patterns)
                } else {
                    Operands::Text(patterns)
                }
            }
            Family::Number => Operands::Numbers(
                all(texts, |text| Number::parse(text).map(Number::into_owned)),
                ordering,
            ),
            Family::Date => Operands::Dates(all(texts, instant), ordering),
            Family::Bool => Operands::Bools(all(texts, boolean)),
            Family::Binary => Operands::Bytes(all(texts, Bytes::parse)),
            Family::Ip => Operands::Networks(all(texts, Network::parse)),
            // Null is no comparison and never comes here.
            Family::Arn | Family::Null => {
                Operands::Arns(all(texts, |text| ArnPattern::compile(text, variables)))
            }
        }
    }

    fn hold(&self, value: &str, negated: bool, context: &dyn Context) -> bool {
        // A variable without value matches nothing, so a negated operator holds.
        let fits = |fit: Fit| Some(fit == Fit::Yes);
        match self {
            Operands::Text(patterns) => combine(patterns, negated, |pattern| {
                fits(pattern.fits(value, context))
            }),
            Operands::Folded(patterns) => combine(patterns, negated, |pattern| {
                fits(pattern.equals_folded(value, context))
            }),
            Operands::Numbers(numbers, holds) => {
                let value = Number::parse(value);
                combine(numbers, negated, |number| {
                    Some(holds(value.as_ref()?.cmp(number.as_ref()?)))
                })
            }
            Operands::Dates(dates, holds) => {
                let value = instant(value);
                combine(dates, negated, |date| Some(holds(value?.cmp(&(*date)?))))
            }
            Operands::Bools(bools) => {
                let value = boolean(value);
                combine(bools, negated, |wanted| Some(value? == (*wanted)?))
            }
            Operands::Bytes(wanted) => combine(wanted, negated, |wanted| {
                // A context holds text: the bytes themselves, or their base64 form where they are no text.
                let wanted = wanted.as_ref()?;
                Some(*value.as_bytes() == *wanted.bytes || *value == *wanted.base64)
            }),
            Operands::Networks(networks) => {
                let address: Option<IpAddr> = value.parse().ok();
                combine(networks, negated, |network| {
                    Some(network.as_ref()?.contains(address?))
                })
            }
            Operands::Arns(patterns) => {
                let parts = arn::split(value).filter(|parts| parts[0] == "arn");
                combine(patterns, negated, |pattern| {
                    pattern.fits(&parts?, context).map(|fit| fit == Fit::Yes)
                })
            }
        }
    }
}

impl Bytes {
    fn parse(text: &str) -> Option<Bytes> {
        let bytes = BASE64.decode(text).ok()?;
        Some(Bytes {
            base64: BASE64.encode(&bytes).into(),
            bytes: bytes.into(),
        })
    }
}

/// The value of an Arn operator.
#[derive(Debug, Clone)]
enum ArnPattern {
    /// Cut at its first five colons. Variables stand in the last part at most.
    Parts(Box<[Pattern; 6]>),
    /// A variable stands before the fifth colon. Its value may hold colons, so it is cut when the value is known.
    Late(Box<[Step]>),
    /// Fewer than six parts.
    Malformed,
}

impl ArnPattern {
    fn compile(text: &str, variables: bool) -> ArnPattern {
        let reading = Reading {
            wildcards: true,
            variables,
        };
        let steps = steps(text, reading);
        match cut(&steps) {
            Some(parts) if parts[..5].iter().all(|part| !part.has_variables()) => {
                ArnPattern::Parts(Box::new(parts))
            }
            _ if steps.iter().any(|step| matches!(step, Step::Variable(_))) => {
                ArnPattern::Late(steps.into())
            }
            _ => ArnPattern::Malformed,
        }
    }

    /// None when the pattern is no ARN.
    fn fits(&self, parts: &[&str; 6], context: &dyn Context) -> Option<Fit> {
        let all = |patterns: &[Pattern; 6]| {
            let pairs = patterns.iter().zip(parts);
            let mut fits = pairs.map(|(pattern, part)| pattern.fits(part, context));
            fits.find(|fit| *fit != Fit::Yes).unwrap_or(Fit::Yes)
        };
        match self {
            ArnPattern::Parts(patterns) => Some(all(patterns)),
            ArnPattern::Malformed => None,
            ArnPattern::Late(steps) => {
                let mut known = Vec::with_capacity(steps.len());
                for step in steps {
                    known.push(match step {
                        Step::Variable(variable) => match variable.value(context) {
                            Some(value) => Step::Literal(value.into()),
                            None => return Some(Fit::Unset),
                        },
                        step => step.clone(),
                    });
                }
                cut(&known).map(|patterns| all(&patterns))
            }
        }
    }
}

/// Cuts a pattern at the first five colons of its literals.
fn cut(steps: &[Step]) -> Option<[Pattern; 6]> {
    let mut parts: [Vec<Step>; 6] = Default::default();
    let mut part = 0;
    for step in steps {
        let Step::Literal(text) = step else {
            parts[part].push(step.clone());
            continue;
        };
        let mut rest = &**text;
        while let Some((before, behind)) = rest.split_once(':').filter(|_| part < 5) {
            if !before.is_empty() {
                parts[part].push(Step::Literal(before.into()));
            }
            part += 1;
            rest = behind;
        }
        if !rest.is_empty() {
            parts[part].push(Step::Literal(rest.into()));
        }
    }
    (part == 5).then(|| parts.map(Pattern::from_steps))
}
