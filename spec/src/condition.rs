//! Conditions (section 3).

use twinlock_policy::document::ConditionEntry;

use crate::instant::instant;
use crate::resource::arn_like;
use crate::text::{ContextValue, Look, fits, spell};
use crate::value::{bytes, decimal, leading, network, truth};
use crate::{Fault, Presence};

/// Section 3.4: over which of the request's values the comparison is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    Plain,
    ForAllValues,
    ForAnyValue,
}

/// How one value of the request is compared with one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Arn,
    NumericEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
}

/// Section 3.3: the operators, and whether each is the negation of its comparison.
const OPERATORS: [(&str, Comparison, bool); 26] = [
    ("StringEquals", Comparison::StringEquals, false),
    ("StringNotEquals", Comparison::StringEquals, true),
    (
        "StringEqualsIgnoreCase",
        Comparison::StringEqualsIgnoreCase,
        false,
    ),
    (
        "StringNotEqualsIgnoreCase",
        Comparison::StringEqualsIgnoreCase,
        true,
    ),
    ("StringLike", Comparison::StringLike, false),
    ("StringNotLike", Comparison::StringLike, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
    ("NumericEquals", Comparison::NumericEquals, false),
    ("NumericNotEquals", Comparison::NumericEquals, true),
    ("NumericLessThan", Comparison::NumericLessThan, false),
    (
        "NumericLessThanEquals",
        Comparison::NumericLessThanEquals,
        false,
    ),
    ("NumericGreaterThan", Comparison::NumericGreaterThan, false),
    (
        "NumericGreaterThanEquals",
        Comparison::NumericGreaterThanEquals,
        false,
    ),
    ("DateEquals", Comparison::DateEquals, false),
    ("DateNotEquals", Comparison::DateEquals, true),
    ("DateLessThan", Comparison::DateLessThan, false),
    ("DateLessThanEquals", Comparison::DateLessThanEquals, false),
    ("DateGreaterThan", Comparison::DateGreaterThan, false),
    (
        "DateGreaterThanEquals",
        Comparison::DateGreaterThanEquals,
        false,
    ),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::BinaryEquals, false),
    ("IpAddress", Comparison::IpAddress, false),
    ("NotIpAddress", Comparison::IpAddress, true),
];

/// Section 3.1: one key under one operator. All of a statement's must hold.
pub(crate) fn holds(look: &Look<'_>, variables: bool, entry: &ConditionEntry) -> bool {
    let found = look.key(&entry.key.value);
    let presence = match found {
        None => Presence::Absent,
        Some(ContextValue::One(_)) => Presence::Single,
        Some(ContextValue::Many(_)) => Presence::List,
    };
    let holds = holds_for(look, variables, entry, found);
    look.trace
        .borrow_mut()
        .condition(&entry.operator.value, presence, holds);
    holds
}

fn holds_for(
    look: &Look<'_>,
    variables: bool,
    entry: &ConditionEntry,
    found: Option<&ContextValue>,
) -> bool {
    let written = entry.operator.value.as_str();
    let (quantifier, operator) = if let Some(operator) = written.strip_prefix("ForAllValues:") {
        (Quantifier::ForAllValues, operator)
    } else if let Some(operator) = written.strip_prefix("ForAnyValue:") {
        (Quantifier::ForAnyValue, operator)
    } else {
        (Quantifier::Plain, written)
    };
    if operator == "Null" {
        return null(look, quantifier, entry, found);
    }
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, !look.wrong(Fault::IfExistsIgnored)),
        None => (operator, false),
    };
    // Section 1.2: an operator that nobody knows makes the condition false.
    let Some(&(_, comparison, negated)) = OPERATORS.iter().find(|(name, ..)| *name == operator)
    else {
        return false;
    };

    // Section 3.2: the key is absent.
    let Some(found) = found else {
        return match quantifier {
            Quantifier::ForAllValues => !look.wrong(Fault::ForAllValuesOfNothingFalse),
            // [?] with IfExists, too: the side that grants less.
            Quantifier::ForAnyValue => look.wrong(Fault::ForAnyValueOfNothingTrue),
            Quantifier::Plain => if_exists || (negated && !look.wrong(Fault::AbsentNegatedFalse)),
        };
    };
    let accepted = |value: &String| {
        // Values of the policy: any of them for a positive operator, none of them for a negated one.
        let mut each = entry
            .values
            .values
            .iter()
            .map(|wanted| compare(look, variables, comparison, value, &wanted.value));
        if negated {
            each.all(|compared| compared == Some(false))
        } else {
            each.any(|compared| compared == Some(true))
        }
    };
    // Section 3.4. A key with one value is a list of one for the set operators; a list is nothing for the plain ones.
    let values = match found {
        ContextValue::One(value) => std::slice::from_ref(value),
        ContextValue::Many(values) => values,
    };
    let swapped = look.wrong(Fault::SetOperatorsSwapped);
    match (quantifier, found) {
        (Quantifier::Plain, ContextValue::One(value)) => accepted(value),
        (Quantifier::Plain, ContextValue::Many(values)) => {
            look.wrong(Fault::PlainOperatorTakesLists) && values.iter().any(accepted)
        }
        (Quantifier::ForAllValues, _) if values.is_empty() => {
            !look.wrong(Fault::ForAllValuesOfNothingFalse)
        }
        (Quantifier::ForAnyValue, _) if values.is_empty() => {
            look.wrong(Fault::ForAnyValueOfNothingTrue)
        }
        (Quantifier::ForAllValues, _) if !swapped => values.iter().all(accepted),
        (Quantifier::ForAnyValue, _) if swapped => values.iter().all(accepted),
        (Quantifier::ForAllValues | Quantifier::ForAnyValue, _) => values.iter().any(accepted),
    }
}

/// Section 3.2: `Null` asks whether the key is absent. It takes no IfExists, and `ForAllValues` changes nothing. `ForAnyValue`
/// is false without a value, here as everywhere. An empty list is absent.
fn null(
    look: &Look<'_>,
    quantifier: Quantifier,
    entry: &ConditionEntry,
    found: Option<&ContextValue>,
) -> bool {
    let absent = match found {
        None => true,
        Some(ContextValue::One(_)) => false,
        Some(ContextValue::Many(values)) => values.is_empty(),
    };
    if absent && quantifier == Quantifier::ForAnyValue {
        return false;
    }
    let absent = absent != look.wrong(Fault::NullInverted);
    entry
        .values
        .values
        .iter()
        .any(|wanted| truth(&wanted.value) == Some(absent))
}

/// Sections 2.4 and 3.3: one value of the request with one of the policy. None: one of them is malformed, and then neither the
/// operator nor its negation holds.
fn compare(
    look: &Look<'_>,
    variables: bool,
    comparison: Comparison,
    value: &str,
    wanted: &str,
) -> Option<bool> {
    match comparison {
        Comparison::StringEquals | Comparison::StringEqualsIgnoreCase | Comparison::StringLike => {
            // Section 3.5: a variable without value equals nothing.
            let Some(pattern) = spell(
                look,
                wanted,
                comparison == Comparison::StringLike,
                variables,
            ) else {
                return Some(false);
            };
            let case = comparison != Comparison::StringEqualsIgnoreCase
                || look.wrong(Fault::IgnoreCaseIgnored);
            Some(fits(look, &pattern, value, case))
        }
        // A text that is no ARN is malformed, whatever it is compared with.
        Comparison::Arn if value.split(':').count() < 6 || !value.starts_with("arn:") => None,
        Comparison::Arn => match spell(look, wanted, true, variables) {
            Some(pattern) => arn_like(look, &pattern, value),
            None => Some(false),
        },
        Comparison::NumericEquals => number(look, value, wanted).map(|order| order.is_eq()),
        Comparison::NumericLessThan => number(look, value, wanted).map(|order| order.is_lt()),
        Comparison::NumericLessThanEquals => number(look, value, wanted).map(|order| order.is_le()),
        Comparison::NumericGreaterThan => number(look, value, wanted).map(|order| order.is_gt()),
        Comparison::NumericGreaterThanEquals => {
            number(look, value, wanted).map(|order| order.is_ge())
        }
        Comparison::DateEquals => date(look, value, wanted).map(|order| order.is_eq()),
        Comparison::DateLessThan => date(look, value, wanted).map(|order| order.is_lt()),
        Comparison::DateLessThanEquals => date(look, value, wanted).map(|order| order.is_le()),
        Comparison::DateGreaterThan => date(look, value, wanted).map(|order| order.is_gt()),
        Comparison::DateGreaterThanEquals => date(look, value, wanted).map(|order| order.is_ge()),
        Comparison::Bool => Some(truth(value)? == truth(wanted)?),
        // The bytes of a request's value are shown in base64, too, where they are no text.
        Comparison::BinaryEquals => {
            let wanted_bytes = bytes(wanted)?;
            Some(value.as_bytes() == wanted_bytes || value == wanted)
        }
        Comparison::IpAddress => address(look, value, wanted),
    }
}

fn number(look: &Look<'_>, value: &str, wanted: &str) -> Option<std::cmp::Ordering> {
    let (one, other) = (decimal(value)?, decimal(wanted)?);
    Some(if look.wrong(Fault::NumberAsText) {
        value.cmp(wanted)
    } else {
        one.cmp(&other)
    })
}

fn date(look: &Look<'_>, value: &str, wanted: &str) -> Option<std::cmp::Ordering> {
    let (one, other) = (instant(value)?, instant(wanted)?);
    Some(if look.wrong(Fault::DateAsText) {
        value.cmp(wanted)
    } else {
        one.cmp(&other)
    })
}

/// Addresses of one version never equal those of the other.
fn address(look: &Look<'_>, value: &str, wanted: &str) -> Option<bool> {
    let value: std::net::IpAddr = value.parse().ok()?;
    let (first, bits) = network(wanted)?;
    if value.is_ipv4() != first.is_ipv4() && !look.wrong(Fault::AddressVersionsConfused) {
        return Some(false);
    }
    let bits = if look.wrong(Fault::MaskIgnored) {
        128
    } else {
        bits
    };
    Some(leading(value, bits) == leading(first, bits))
}
