//! Random request contexts, and conditions on them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use twinlock_policy::{Principal, PrincipalKind};
use twinlock_spec::{Case, ContextValue};

use super::{bent, statements::variable};
use crate::random::Random;

/// What kind of value a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Arn,
    Number,
    Date,
    Bool,
    Bytes,
    Address,
}

const FAMILIES: [(Family, &[&str]); 7] = [
    (
        Family::Text,
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
    ),
    (
        Family::Arn,
        &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    ),
    (
        Family::Number,
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
    ),
    (
        Family::Date,
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
    ),
    (Family::Bool, &["Bool"]),
    (Family::Bytes, &["BinaryEquals"]),
    (Family::Address, &["IpAddress", "NotIpAddress"]),
];

/// Every operator in every form that it has: plain, for each set prefix, with and without IfExists.
pub(crate) fn operators() -> Vec<String> {
    let mut all = Vec::new();
    for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
        for name in FAMILIES.iter().flat_map(|(_, names)| *names) {
            all.extend([format!("{prefix}{name}"), format!("{prefix}{name}IfExists")]);
        }
    }
    all.extend(["Null", "ForAllValues:Null", "ForAnyValue:Null"].map(str::to_owned));
    all
}

/// A key, the kind of its values, values that are near each other, and how often it is in a request.
const KEYS: [(&str, Family, &[&str], usize); 20] = [
    (
        "aws:username",
        Family::Text,
        &["Ann", "team", "ann", "A*", ""],
        60,
    ),
    (
        "aws:principaltag/team",
        Family::Text,
        &["reports", "Reports", "team/may.csv", "größe", "GRÖSSE"],
        55,
    ),
    (
        "aws:principaltag/star",
        Family::Text,
        &["*", "te?m/*", "${aws:username}"],
        35,
    ),
    (
        "aws:requesttag/Team",
        Family::Text,
        &["reports", "jobs", "J"],
        45,
    ),
    (
        "aws:tagkeys",
        Family::Text,
        &["Team", "team", "Cost", "Owner"],
        60,
    ),
    (
        "aws:calledvia",
        Family::Text,
        &["athena.amazonaws.com", "lambda.amazonaws.com"],
        35,
    ),
    ("aws:principalorgid", Family::Text, &["o-1", "o-2"], 45),
    ("aws:principalaccount", Family::Text, &super::ACCOUNTS, 55),
    (
        "aws:sourcearn",
        Family::Arn,
        &[
            "arn:aws:sns:eu-west-1:111111111111:t/a:b",
            "arn:aws:sns::222222222222:t",
            "arn:aws:s3:::reports",
            "no-arn",
        ],
        55,
    ),
    (
        "x:arns",
        Family::Arn,
        &[
            "arn:aws:iam::111111111111:role/A",
            "arn:aws:iam::111111111111:role/b/A",
            "arn:aws",
        ],
        55,
    ),
    (
        "s3:max-keys",
        Family::Number,
        &[
            "10",
            "9",
            "10.0",
            "-3",
            "007",
            "12345678901234567890",
            "12345678901234567891",
            "ten",
        ],
        60,
    ),
    (
        "aws:multifactorauthage",
        Family::Number,
        &["300", "3600", "0.5", "0.50"],
        50,
    ),
    (
        "aws:currenttime",
        Family::Date,
        &[
            "2024-05-01T10:00:00Z",
            "2024-05-01",
            "2024-05-01T10:00:00.5Z",
            "2024-04-30T23:30:00-02:00",
        ],
        60,
    ),
    (
        "aws:epochtime",
        Family::Date,
        &["1714557600", "1714557601", "1714521600", "never"],
        50,
    ),
    (
        "aws:tokenissuetime",
        Family::Date,
        &["2024-05-01T10:00:00.250Z", "2024-05-01T12:00:00+02:00"],
        50,
    ),
    (
        "aws:multifactorauthpresent",
        Family::Bool,
        &["true", "false", "TRUE", "maybe"],
        60,
    ),
    ("aws:securetransport", Family::Bool, &["true", "false"], 50),
    ("x:blob", Family::Bytes, &["Ann", "hello", "QW5u"], 60),
    (
        "aws:sourceip",
        Family::Address,
        &[
            "10.1.2.3",
            "10.1.2.4",
            "192.0.2.7",
            "2001:db8::1",
            "::ffff:10.1.2.3",
            "10.1.2.3/32",
        ],
        65,
    ),
    (
        "aws:vpcsourceip",
        Family::Address,
        &["10.1.2.3", "2001:db8:0:1::"],
        50,
    ),
];

pub(super) fn context(
    random: &mut Random,
    principal: &Principal,
) -> BTreeMap<String, ContextValue> {
    let mut context = BTreeMap::new();
    for (key, _, values, chance) in KEYS {
        if !random.percent(chance) {
            continue;
        }
        let one = |random: &mut Random| random.pick(values).to_string();
        let usual_list = matches!(key, "aws:tagkeys" | "aws:calledvia" | "x:arns");
        let list = random.percent(if usual_list { 85 } else { 20 });
        let value = if list {
            let count = *random.weighted(&[(15, 0), (40, 1), (30, 2), (15, 3)]);
            ContextValue::Many((0..count).map(|_| one(random)).collect())
        } else {
            ContextValue::One(one(random))
        };
        context.insert(key.to_lowercase(), value);
    }
    if !matches!(principal.kind, PrincipalKind::Anonymous) {
        let arn = principal
            .issuer
            .as_ref()
            .map_or(&principal.arn, |issuer| &issuer.arn);
        context.insert(
            "aws:principalarn".to_owned(),
            ContextValue::One(arn.clone()),
        );
    }
    context
}

pub(super) fn condition(random: &mut Random, case: &Case) -> Json {
    let mut condition: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for _ in 0..*random.weighted(&[(78, 1), (22, 2)]) {
        let (operator, family) = operator(random);
        let key = key(random, case, family);
        let values = values(random, case, &operator, &key, family);
        condition
            .entry(operator)
            .or_default()
            .insert(cased(random, &key), values);
    }
    json!(condition)
}

fn operator(random: &mut Random) -> (String, Family) {
    if random.percent(7) {
        let prefix = random.pick(&["", "", "ForAllValues:", "ForAnyValue:"]);
        return (format!("{prefix}Null"), FAMILIES[random.below(7)].0);
    }
    if random.percent(1) {
        let unknown = [
            "StringMatches",
            "NullIfExists",
            "ForSomeValues:StringEquals",
            "StringEqualsIfExistsIfExists",
        ];
        return (random.pick(&unknown).to_string(), Family::Text);
    }
    let all: Vec<(Family, &str)> = FAMILIES
        .iter()
        .flat_map(|(family, names)| names.iter().map(|name| (*family, *name)))
        .collect();
    let (family, name) = *random.pick(&all);
    let prefix = random.weighted(&[(50, ""), (25, "ForAllValues:"), (25, "ForAnyValue:")]);
    let if_exists = if random.percent(30) { "IfExists" } else { "" };
    (format!("{prefix}{name}{if_exists}"), family)
}

fn key(random: &mut Random, case: &Case, family: Family) -> String {
    let fitting =
        |other: Family| other == family || (family == Family::Text && other == Family::Arn);
    let keys: Vec<&str> = KEYS
        .iter()
        .filter(|(_, of, ..)| fitting(*of))
        .map(|(key, ..)| *key)
        .collect();
    match random.below(20) {
        0 => random.pick(&KEYS).0.to_owned(),
        1 => "aws:PrincipalTag/none".to_owned(),
        2 if matches!(family, Family::Text | Family::Arn)
            && case.context.contains_key("aws:principalarn") =>
        {
            "aws:principalarn".to_owned()
        }
        _ => random.pick(&keys).to_string(),
    }
}

fn cased(random: &mut Random, key: &str) -> String {
    if random.percent(25) {
        key.to_uppercase()
    } else {
        key.to_owned()
    }
}

fn values(random: &mut Random, case: &Case, operator: &str, key: &str, family: Family) -> Json {
    if operator.ends_with("Null") {
        return match random.below(10) {
            0 => json!(true),
            1 => json!("no"),
            2 => json!("FALSE"),
            3..7 => json!("false"),
            _ => json!("true"),
        };
    }
    let count = *random.weighted(&[(1, 0), (65, 1), (26, 2), (8, 3)]);
    let mut values: Vec<Json> = (0..count)
        .map(|_| {
            let near = asked_for(random, case, key, family);
            let text = value(random, case, family, &near);
            // JSON numbers and truth values are read as their text.
            match text.as_str() {
                "true" if random.percent(30) => json!(true),
                "9" if random.percent(50) => json!(9),
                _ => json!(text),
            }
        })
        .collect();
    match values.len() {
        1 if random.percent(60) => values.remove(0),
        _ => json!(values),
    }
}

/// A value to start from: what the request has, or what it might have had.
fn asked_for(random: &mut Random, case: &Case, key: &str, family: Family) -> String {
    match case.context.get(&key.to_lowercase()) {
        Some(ContextValue::One(value)) if random.percent(85) => value.clone(),
        Some(ContextValue::Many(values)) if !values.is_empty() && random.percent(85) => {
            random.pick(values).clone()
        }
        _ => {
            let of: Vec<&&str> = KEYS
                .iter()
                .filter(|(name, of, ..)| *of == family || *name == key)
                .flat_map(|(_, _, values, _)| *values)
                .collect();
            random.pick(&of).to_string()
        }
    }
}

fn value(random: &mut Random, case: &Case, family: Family, near: &str) -> String {
    match family {
        Family::Text => match random.below(20) {
            0..9 => near.to_owned(),
            9 => near.to_uppercase(),
            10 => near.to_lowercase(),
            11..14 => bent(random, near),
            14..18 => variable(random, case, near),
            _ => random
                .pick(&["*", "?*", "other", "${*}", "${$}{aws:username}"])
                .to_string(),
        },
        Family::Arn => {
            let parts: Vec<&str> = near.splitn(6, ':').collect();
            match random.below(16) {
                0..6 => near.to_owned(),
                6..9 if parts.len() == 6 => {
                    let at = 1 + random.below(5);
                    let mut parts = parts;
                    parts[at] = "*";
                    parts.join(":")
                }
                9 => "arn:aws:*:111111111111:t/*".to_owned(),
                10 => "arn:*:*:*:*:*".to_owned(),
                11 => bent(random, near),
                12 | 13 if parts.len() == 6 => {
                    format!(
                        "{}:{}",
                        parts[..5].join(":"),
                        variable(random, case, parts[5])
                    )
                }
                14 => format!(
                    "arn:aws:*:*:${{aws:PrincipalAccount}}:{}",
                    parts.last().unwrap()
                ),
                _ => random
                    .pick(&[
                        "*",
                        "arn:aws:*",
                        "reports",
                        "${aws:SourceArn}",
                        "${aws:PrincipalArn}*",
                    ])
                    .to_string(),
            }
        }
        Family::Number => match random.below(14) {
            0..6 => near.to_owned(),
            6 => format!("{near}.0"),
            7 => format!("0{near}"),
            8 => format!("-{near}"),
            9 => format!("{near}1"),
            10 => random
                .pick(&["9", "10", "100", "11", "2", "-3.5", "0", "-0"])
                .to_string(),
            11 => random
                .pick(&["12345678901234567890", "12345678901234567891"])
                .to_string(),
            12 => random
                .pick(&["1,000", "0x10", "", "nine", "1 0"])
                .to_string(),
            _ => "5".to_owned(),
        },
        Family::Date => match random.below(12) {
            0..4 => near.to_owned(),
            4..10 => random
                .pick(&[
                    "2024-05-01T10:00:00Z",
                    "2024-05-01T10:00Z",
                    "2024-05-01T12:00:00+02:00",
                    "2024-05-01T10:00:00.250Z",
                    "2024-05-01T10:00:00.25Z",
                    "2024-05-01T09:59:59.999Z",
                    "2024-05-01",
                    "2024-05-02",
                    "1714557600",
                    "1714557601",
                    "1714557600.5",
                    "999999999",
                ])
                .to_string(),
            10 => random
                .pick(&["2024-02-30", "yesterday", "2024-05-01T25:00:00Z", ""])
                .to_string(),
            _ => bent(random, near),
        },
        Family::Bool => random
            .pick(&[
                "true",
                "false",
                "true",
                "false",
                "TRUE",
                "False",
                "yes",
                "${aws:SecureTransport}",
            ])
            .to_string(),
        Family::Bytes => random
            .pick(&["QW5u", "aGVsbG8=", "aGVsbG8", "Ann", "UVc1dQ=="])
            .to_string(),
        Family::Address => match random.below(14) {
            0..4 => near.to_owned(),
            4 => format!("{near}/32"),
            5 | 6 => format!(
                "{near}/{}",
                random.pick(&["8", "24", "30", "31", "64", "128", "129", "0"])
            ),
            7..11 => random
                .pick(&[
                    "10.0.0.0/8",
                    "10.1.2.0/30",
                    "0.0.0.0/0",
                    "::/0",
                    "2001:db8::/32",
                    "2001:0db8:0000::1",
                    "192.0.2.1/24",
                    "10.1.2.3/31",
                ])
                .to_string(),
            11 => random
                .pick(&["10.1.2", "10.1.2.3/33", "10.1.2.3/x", "10.1.2.*", ""])
                .to_string(),
            _ => "10.1.2.3".to_owned(),
        },
    }
}
