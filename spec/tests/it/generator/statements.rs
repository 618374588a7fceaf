//! Random documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use twinlock_spec::{Case, Written};

use super::{bent, callers, conditions, starred};
use crate::random::Random;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Identity,
    Resource,
    Boundary,
    Session,
    Scp,
    Rcp,
    Endpoint,
}

impl Kind {
    fn names_principals(self) -> bool {
        matches!(self, Kind::Resource | Kind::Rcp | Kind::Endpoint)
    }

    fn percent_of_denies(self) -> usize {
        match self {
            Kind::Rcp => 60,
            Kind::Identity | Kind::Resource => 12,
            _ => 16,
        }
    }
}

/// A document that allows everything.
pub(super) fn everything(kind: Kind) -> Written {
    let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    if kind.names_principals() {
        statement["Principal"] = json!("*");
    }
    Written::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap()
}

pub(super) fn document(random: &mut Random, case: &Case, kind: Kind) -> Written {
    let mut bindings = BTreeMap::new();
    let count = *random.weighted(&[(50, 1), (35, 2), (15, 3)]);
    let mut statements: Vec<Json> = (0..count)
        .map(|_| statement(random, case, kind, &mut bindings))
        .collect();
    let statements = match &mut statements[..] {
        [one] if random.percent(40) => one.take(),
        _ => json!(statements),
    };
    let mut document = json!({"Statement": statements});
    match random.below(10) {
        0 => {}
        1 => document["Version"] = json!("2008-10-17"),
        _ => document["Version"] = json!("2012-10-17"),
    }
    Written {
        bindings,
        ..Written::parse(&document.to_string()).unwrap()
    }
}

fn statement(
    random: &mut Random,
    case: &Case,
    kind: Kind,
    bindings: &mut BTreeMap<String, String>,
) -> Json {
    let deny = random.percent(kind.percent_of_denies());
    let mut statement = Map::new();
    statement.insert(
        "Effect".to_owned(),
        json!(if deny { "Deny" } else { "Allow" }),
    );
    if kind.names_principals() {
        let not = random.percent(if deny { 35 } else { 2 });
        let name = if not { "NotPrincipal" } else { "Principal" };
        if !random.percent(1) {
            let element = if kind == Kind::Resource || random.percent(30) {
                callers::element(random, &case.principal, bindings)
            } else {
                json!("*")
            };
            statement.insert(name.to_owned(), element);
        }
    }
    if random.percent(10) {
        statement.insert(
            "NotAction".to_owned(),
            list(random, |random| other_action(random, case)),
        );
    } else {
        statement.insert(
            "Action".to_owned(),
            list(random, |random| action(random, case)),
        );
    }
    let trust = kind == Kind::Resource && case.must_admit && case.resource.contains(":role/");
    if !trust {
        if random.percent(10) {
            statement.insert(
                "NotResource".to_owned(),
                list(random, |random| other_resource(random, case)),
            );
        } else {
            statement.insert(
                "Resource".to_owned(),
                list(random, |random| resource(random, case)),
            );
        }
    }
    if random.percent(48) {
        statement.insert("Condition".to_owned(), conditions::condition(random, case));
    }
    if random.percent(4) {
        spoil(random, case, &mut statement, bindings);
    }
    Json::Object(statement)
}

/// What AWS would have refused when it was written.
fn spoil(
    random: &mut Random,
    case: &Case,
    statement: &mut Map<String, Json>,
    bindings: &mut BTreeMap<String, String>,
) {
    let mut set = |name: &str, value: Json| {
        statement.insert(name.to_owned(), value);
    };
    match random.below(12) {
        0 => set(
            "NotAction",
            list(random, |random| other_action(random, case)),
        ),
        1 => set("Action", list(random, |random| action(random, case))),
        2 => set(
            "NotResource",
            list(random, |random| other_resource(random, case)),
        ),
        3 => set("Resource", list(random, |random| resource(random, case))),
        4 => set(
            "Principal",
            callers::element(random, &case.principal, bindings),
        ),
        5 => set(
            "NotPrincipal",
            callers::element(random, &case.principal, bindings),
        ),
        6 => {
            let gone = random.pick(&["Resource", "NotResource", "Action", "Principal", "Effect"]);
            statement.remove(*gone);
        }
        7 => set("Effect", json!("allow")),
        8 => set("Condition", json!({"StringEquals": "x"})),
        9 => set(
            "Condition",
            json!({"StringEquals": {"aws:username": {"a": "b"}}}),
        ),
        10 => set("Conditions", json!({})),
        _ => set("Resource", json!([])),
    }
}

fn list(random: &mut Random, mut item: impl FnMut(&mut Random) -> String) -> Json {
    let count = *random.weighted(&[(70, 1), (25, 2), (5, 3)]);
    let mut items: Vec<String> = (0..count).map(|_| item(random)).collect();
    match items.len() {
        1 if random.percent(60) => json!(items.remove(0)),
        _ => json!(items),
    }
}

fn action(random: &mut Random, case: &Case) -> String {
    let (service, name) = case.action.split_once(':').unwrap();
    match random.below(100) {
        0..38 => case.action.clone(),
        38..56 => "*".to_owned(),
        56..72 => format!("{service}:*"),
        72..82 => format!("{service}:{}", bent(random, name)),
        82..88 => case.action.to_lowercase(),
        88..92 => case.action.to_uppercase(),
        92..95 => other_action(random, case),
        95 => format!("{service}*:{name}"),
        96 => format!(" {service}:{name}"),
        97 => format!("{service}:{name},{service}:*"),
        98 => random.pick(&["*:*", "**", "*:GetObject", ""]).to_string(),
        _ => format!("{service}:"),
    }
}

fn other_action(random: &mut Random, case: &Case) -> String {
    let (service, name) = case.action.split_once(':').unwrap();
    match random.below(10) {
        0 => case.action.clone(),
        1 => format!("{service}:{}", bent(random, name)),
        2 => format!("{service}-more:*"),
        3 => format!("{service}: "),
        4 => format!("{service}:"),
        5 => format!("{service}:*"),
        _ => random
            .pick(&["s3:DeleteBucket", "iam:Create*", "sts:Get*", "dynamodb:*"])
            .to_string(),
    }
}

fn resource(random: &mut Random, case: &Case) -> String {
    let asked = case.resource.as_str();
    let parts: Vec<&str> = asked.splitn(6, ':').collect();
    match random.below(100) {
        0..30 => asked.to_owned(),
        30..52 => "*".to_owned(),
        52..66 if parts.len() == 6 => {
            format!("{}:{}", parts[..5].join(":"), bent(random, parts[5]))
        }
        66..76 if parts.len() == 6 => {
            // One of the first five parts bent, or a star over it.
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            let at = 1 + random.below(4);
            parts[at] = if random.percent(50) {
                "*".to_owned()
            } else {
                bent(random, &parts[at])
            };
            parts.join(":")
        }
        76..88 if parts.len() == 6 => {
            // A variable for a piece of the last part: for what it has as its value, if any key has that.
            let variable = variable(random, case, parts[5]);
            format!("{}:{variable}", parts[..5].join(":"))
        }
        88..91 => match random.below(4) {
            0 => "arn:aws:s3*".to_owned(),
            1 => format!("arn:aws:{}:*", parts.get(2).unwrap_or(&"s3")),
            2 => format!("arn:aws:{}", parts.get(2).unwrap_or(&"s3")),
            _ => format!("arn:aws:{}:*:*", parts.get(2).unwrap_or(&"s3")),
        },
        91..93 => asked.to_uppercase().replacen("ARN:AWS", "arn:aws", 1),
        93 => bent(random, asked),
        94 | 95 => starred(random, asked),
        96 => "arn:aws:*".to_owned(),
        97 => "reports/*".to_owned(),
        _ => other_resource(random, case),
    }
}

fn other_resource(random: &mut Random, case: &Case) -> String {
    match random.below(8) {
        0 => case.resource.clone(),
        1 => bent(random, &case.resource),
        2 => format!("{}*", case.resource),
        3 => format!(
            "arn:aws:s3:::reports/{}",
            variable(random, case, "Ann/June 1.csv")
        ),
        4 => "arn:aws:s3:::other".to_owned(),
        5 => "arn:aws:s3:::reports/${aws:username}/*".to_owned(),
        _ => "arn:aws:s3:::other/*".to_owned(),
    }
}

/// The text with a piece of it written as a variable.
pub(super) fn variable(random: &mut Random, case: &Case, text: &str) -> String {
    let keys: Vec<(&String, &str)> = case
        .context
        .keys()
        .filter_map(|key| Some((key, super::single(case, key)?)))
        .collect();
    let fitting: Vec<&(&String, &str)> = keys
        .iter()
        .filter(|(_, value)| !value.is_empty() && text.contains(*value))
        .collect();
    if !fitting.is_empty() && random.percent(80) {
        let (key, value) = **random.pick(&fitting);
        let key = if random.percent(20) {
            key.to_uppercase()
        } else {
            key.clone()
        };
        return text.replacen(value, &format!("${{{key}}}"), 1);
    }
    let characters: Vec<char> = text.chars().collect();
    let at = random.below(characters.len().max(1));
    let (before, after): (String, String) = (
        characters[..at].iter().collect(),
        characters[at..].iter().collect(),
    );
    match random.below(9) {
        0 => format!("{before}${{aws:PrincipalTag/none, '{after}'}}"),
        1 => format!("{before}${{aws:username, '{after}'}}"),
        2 => format!("{before}${{aws:TagKeys, '{after}'}}"),
        3 => format!("{before}${{aws:PrincipalTag/none}}*"),
        4 => format!("{before}${{{after}"),
        5 => text.replace('*', "${*}"),
        6 => format!("{before}${{aws:PrincipalTag/star}}"),
        7 => format!(
            "{before}${{?}}{}",
            after.chars().skip(1).collect::<String>()
        ),
        _ => format!("{before}${{aws:PrincipalTag/none}}{after}"),
    }
}
