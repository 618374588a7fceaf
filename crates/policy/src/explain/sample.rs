//! Values that a request could have: such as satisfy a condition, and such as do not.

use crate::condition::{Family, OperatorName, Relation};
use crate::document::ConditionEntry;
use crate::value::Network;

/// Values around those of a condition, of its own type: on either side of every comparison with one of them. Which of them satisfies
/// the condition is for the condition to say.
pub(super) fn around(entry: &ConditionEntry) -> Vec<String> {
    let Some((family, relation)) = OperatorName::parse(&entry.operator.value).meaning() else {
        return Vec::new();
    };
    let texts = entry.values.values.iter().map(|text| text.value.as_str());
    let mut values: Vec<String> = match family {
        Family::Text { wildcards, .. } => texts.map(|text| filled(text, wildcards)).collect(),
        Family::Arn => texts.map(|text| filled(text, true)).collect(),
        Family::Number if matches!(relation, Relation::Is | Relation::IsNot) => {
            texts.map(str::to_owned).collect()
        }
        Family::Number => texts.flat_map(neighbours).collect(),
        Family::Bool => vec!["true".to_owned(), "false".to_owned()],
        Family::Ip => texts
            .filter_map(Network::parse)
            .map(|network| network.address().to_string())
            .collect(),
        Family::Date | Family::Binary => texts.map(str::to_owned).collect(),
        Family::Null => vec!["true".to_owned()],
    };
    values.retain(|value| !value.is_empty() && !value.contains("${"));
    values.dedup();
    values
}

/// A text that the pattern covers.
fn filled(pattern: &str, wildcards: bool) -> String {
    if !wildcards {
        return pattern.to_owned();
    }
    let filled = pattern.replace('*', "").replace('?', "x");
    if filled.is_empty() {
        "x".to_owned()
    } else {
        filled
    }
}

/// A whole number and those next to it.
fn neighbours(text: &str) -> Vec<String> {
    match text.parse::<i64>() {
        Ok(number) => [Some(number), number.checked_sub(1), number.checked_add(1)]
            .into_iter()
            .flatten()
            .map(|number| number.to_string())
            .collect(),
        Err(_) => vec![text.to_owned()],
    }
}

/// Whether the one who makes a request chooses the key's value. What the caller and the resource are, and when it is, is given.
pub(super) fn is_chosen(key_lower: &str) -> bool {
    const GIVEN: [&str; 18] = [
        "aws:assumedroot",
        "aws:calledvia",
        "aws:currenttime",
        "aws:epochtime",
        "aws:federatedprovider",
        "aws:principal",
        "aws:resource",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorg",
        "aws:tokenissuetime",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
        "s3:dataaccesspoint",
        "s3:existingobjecttag",
        "s3:resourceaccount",
        "kms:calleraccount",
    ];
    let given = GIVEN.iter().any(|start| key_lower.starts_with(start));
    let of_resource = key_lower
        .split_once(':')
        .is_some_and(|(_, name)| name.starts_with("resourcetag/"));
    !given && !of_resource
}
