//! The proposed change flips the decision when it is really made, and no smaller one does.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::{edit::Edit, remedy, trial};
use super::*;
use crate::request::Context;

type Keys = BTreeMap<String, Vec<String>>;

struct Held(Keys);

impl Context for Held {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        let values = self.0.get(key_lower)?;
        let mut texts = values.iter().map(|value| value.as_str().into());
        Some(match key_lower {
            "aws:tagkeys" => Value::Many(texts.collect()),
            _ => Value::One(texts.next()?),
        })
    }
}

/// A request with its documents as texts, so that edits can be made as a person makes them.
#[derive(Debug, Clone)]
struct Case {
    caller: usize,
    foreign: bool,
    trust: bool,
    keys: Keys,
    /// By kind, level and position.
    documents: BTreeMap<(PolicyKind, usize, usize), Json>,
    scp_levels: usize,
}

const ANN: &str = "arn:aws:iam::111111111111:user/Ann";
const APP: &str = "arn:aws:iam::111111111111:role/App";

fn callers() -> [Principal; 5] {
    let of = |kind, arn: &str, issuer: Option<&str>| Principal {
        kind,
        account: Some("111111111111".to_owned()),
        arn: arn.to_owned(),
        issuer: issuer.map(|arn| crate::Issuer {
            arn: arn.to_owned(),
            unique_id: None,
        }),
        ..Principal::anonymous()
    };
    [
        of(PrincipalKind::User, ANN, None),
        of(
            PrincipalKind::RoleSession,
            "arn:aws:sts::111111111111:assumed-role/App/s",
            Some(APP),
        ),
        of(
            PrincipalKind::FederatedUser,
            "arn:aws:sts::111111111111:federated-user/Bob",
            Some(ANN),
        ),
        Principal::service("lambda.amazonaws.com"),
        Principal::anonymous(),
    ]
}

impl Case {
    fn ask<T>(&self, ask: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T) -> T {
        let policies: BTreeMap<_, Policy> = self
            .documents
            .iter()
            .map(|(place, json)| (*place, Policy::parse(&json.to_string()).expect("policy")))
            .collect();
        let of = |kind: PolicyKind, level: usize| -> Vec<Source<'_>> {
            let places = policies.range((kind, level, 0)..(kind, level + 1, 0));
            places.map(|(_, policy)| source(policy, "p", "x")).collect()
        };
        let limit = |kind| Some(of(kind, 0)).filter(|sources| !sources.is_empty());
        let context = Held(self.keys.clone());
        let principal = &callers()[self.caller];
        let request = Request {
            principal,
            action: if self.trust {
                "sts:AssumeRole"
            } else {
                "s3:GetObject"
            },
            resource: if self.trust {
                "arn:aws:iam::111111111111:role/R"
            } else {
                "arn:aws:s3:::b/k"
            },
            resource_account: Some(if self.foreign {
                "222222222222"
            } else {
                "111111111111"
            }),
            context: &context,
        };
        let resource = if self.trust {
            PolicyKind::Trust
        } else {
            PolicyKind::Resource
        };
        let set = PolicySet {
            identity: of(PolicyKind::Identity, 0),
            resource: of(resource, 0).pop(),
            resource_rule: if self.trust {
                crate::ResourceRule::MustAdmit
            } else {
                crate::ResourceRule::Ordinary
            },
            boundary: limit(PolicyKind::Boundary),
            session: limit(PolicyKind::Session),
            scps: (self.scp_levels > 0).then(|| {
                let levels = 0..self.scp_levels;
                let level = |level| Level {
                    target: "ou",
                    policies: of(PolicyKind::Scp, level),
                };
                levels.map(level).collect()
            }),
            ..PolicySet::default()
        };
        ask(&request, &set)
    }

    fn decide(&self) -> Decision {
        self.ask(crate::evaluate)
    }

    /// The case after the edits were made in its texts.
    fn edited(&self, edits: &[Edit]) -> Case {
        let mut case = self.clone();
        let mut lifted = Vec::new();
        for edit in edits {
            let mut document = |place: &Place| {
                let next = (0..).find(|index| {
                    !case
                        .documents
                        .contains_key(&(place.kind, place.level, *index))
                });
                let index = place.index.or(next).expect("a place");
                let key = (place.kind, place.level, index);
                case.documents
                    .entry(key)
                    .or_insert_with(|| json!({"Version": "2012-10-17", "Statement": []}));
                key
            };
            match edit {
                Edit::Request { key, values, .. } => {
                    case.keys.remove(key);
                    case.keys
                        .extend(values.clone().map(|values| (key.clone(), values)));
                }
                Edit::Value {
                    place,
                    statement,
                    operator,
                    key,
                    value,
                    ..
                } => {
                    let at = document(place);
                    let values = &mut case.documents.get_mut(&at).expect("document")["Statement"]
                        [*statement]["Condition"][operator][key];
                    let mut list = values
                        .as_array()
                        .cloned()
                        .unwrap_or_else(|| vec![values.clone()]);
                    list.push(json!(value));
                    *values = Json::Array(list);
                }
                Edit::Principal {
                    place,
                    statement,
                    key,
                    principal,
                } => {
                    let at = document(place);
                    let element = &mut case.documents.get_mut(&at).expect("document")["Statement"]
                        [*statement]["Principal"];
                    match key {
                        None => *element = json!("*"),
                        Some(key) => {
                            let listed = &mut element[*key];
                            let mut list = listed.as_array().cloned().unwrap_or_default();
                            list.extend(listed.as_str().map(|one| json!(one)));
                            list.push(json!(principal));
                            *listed = Json::Array(list);
                        }
                    }
                }
                Edit::Statement { place, statement } => {
                    let at = document(place);
                    let new = serde_json::from_str(statement).expect("JSON");
                    let document = case.documents.get_mut(&at).expect("document");
                    document["Statement"]
                        .as_array_mut()
                        .expect("list")
                        .push(new);
                }
                Edit::Lift {
                    place, statement, ..
                } => lifted.push((document(place), *statement)),
                Edit::Ask { .. } => panic!("only a redacted remedy asks"),
            }
        }
        lifted.sort();
        for (at, statement) in lifted.into_iter().rev() {
            let document = case.documents.get_mut(&at).expect("document");
            document["Statement"]
                .as_array_mut()
                .expect("list")
                .remove(statement);
        }
        case
    }
}

/// A small generator: the same cases in every run, and a seed to name one by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }
}

fn statement(dice: &mut Dice, kind: PolicyKind, trust: bool) -> Json {
    let effect = dice.pick(&["Allow", "Allow", "Allow", "Deny"]);
    let action = match trust {
        true => dice.pick(&["sts:AssumeRole", "sts:*", "*", "ec2:*"]),
        false => dice.pick(&["s3:GetObject", "s3:*", "*", "ec2:*"]),
    };
    let mut statement = json!({"Effect": effect, "Action": action});
    if kind != PolicyKind::Trust {
        let resource = dice.pick(&[
            "*",
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::other/*",
            "arn:aws:iam::111111111111:role/R",
        ]);
        statement["Resource"] = json!(resource);
    }
    if matches!(kind, PolicyKind::Resource | PolicyKind::Trust) {
        statement["Principal"] = dice.pick(&[
            json!("*"),
            json!({"AWS": "111111111111"}),
            json!({"AWS": "333333333333"}),
            json!({"AWS": [ANN]}),
            json!({"AWS": APP}),
            json!({"Service": "lambda.amazonaws.com"}),
        ]);
    }
    let conditions = [
        json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        json!({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}),
        json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
        json!({"StringLike": {"aws:PrincipalOrgID": ["o-2*", "o-3*"]}}),
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}),
        json!({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}),
        json!({"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}),
        json!({"Null": {"aws:SourceIp": "true"}}),
        json!({"StringEqual": {"aws:SourceIp": "true"}}),
    ];
    if dice.roll(2) == 0 {
        statement["Condition"] = dice.pick(&conditions);
    }
    statement
}

fn case(dice: &mut Dice) -> Case {
    let trust = dice.roll(3) == 0;
    let mut keys = Keys::new();
    for (key, values) in [
        ("aws:sourceip", ["10.1.2.3", "10.2.2.3", "203.0.113.9"]),
        ("aws:multifactorauthpresent", ["true", "false", "false"]),
        ("aws:principalorgid", ["o-1", "o-2", "o-4"]),
        ("aws:tagkeys", ["a", "b", "c"]),
        ("aws:multifactorauthage", ["100", "300", "400"]),
    ] {
        if dice.roll(2) == 0 {
            keys.insert(key.to_owned(), vec![dice.pick(&values).to_owned()]);
        }
    }
    let mut documents = BTreeMap::new();
    let resource = if trust {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    };
    let scp_levels = dice.pick(&[0, 0, 1, 2]);
    let places = [
        (PolicyKind::Identity, 0, 3),
        (resource, 0, 2),
        (PolicyKind::Boundary, 0, 5),
        (PolicyKind::Session, 0, 5),
        (PolicyKind::Scp, 0, 1),
        (PolicyKind::Scp, 1, 1),
    ];
    for (kind, level, one_in) in places {
        let there = match kind {
            PolicyKind::Scp => level < scp_levels,
            PolicyKind::Identity => dice.roll(one_in) > 0,
            _ => dice.roll(one_in) == 0,
        };
        if there {
            let count = dice.roll(2) + 1;
            let statements: Vec<Json> = (0..count).map(|_| statement(dice, kind, trust)).collect();
            let document = json!({"Version": "2012-10-17", "Statement": statements});
            documents.insert((kind, level, 0), document);
        }
    }
    Case {
        caller: dice.pick(&[0, 0, 1, 1, 2, 3, 4]),
        foreign: dice.roll(2) == 0,
        trust,
        keys,
        documents,
        scp_levels,
    }
}

/// Sets of edits below a size that the test is ready to try for one case.
const SETS_MAX: usize = 4_000;

/// Whether some set of edits of less than the size allows; none: there are too many to try.
fn smaller_allows(
    request: &Request<'_>,
    policies: &PolicySet<'_>,
    universe: &[Edit],
    size: u32,
) -> Option<bool> {
    let mut tried = 0;
    let mut open: Vec<(usize, u32, Vec<&Edit>)> = vec![(0, 0, Vec::new())];
    while let Some((from, total, edits)) = open.pop() {
        tried += 1;
        if tried > SETS_MAX {
            return None;
        }
        if trial::decide(request, policies, &edits).allowed() {
            return Some(true);
        }
        for (index, edit) in universe.iter().enumerate().skip(from) {
            if total + edit.size() < size && !remedy::clashes(edit, &edits) {
                let mut more = edits.clone();
                more.push(edit);
                open.push((index + 1, total + edit.size(), more));
            }
        }
    }
    Some(false)
}

#[test]
fn the_proposed_change_flips_the_decision_and_no_smaller_one_does() {
    let (mut denied, mut mended, mut proven, mut plans) = (0, 0, 0, [0; 5]);
    for seed in 1..=600u64 {
        let case = case(&mut Dice(
            0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d),
        ));
        if case.decide().allowed() {
            assert!(case.ask(advise).remedy.is_none(), "seed {seed}");
            continue;
        }
        denied += 1;
        let remedy = case.ask(advise).remedy.expect("a remedy for every denial");
        if remedy.edits.is_empty() {
            assert!(remedy.instead.is_some(), "seed {seed}");
            continue;
        }
        mended += 1;
        plans[remedy.edits.len().min(5) - 1] += 1;
        let after = case.edited(&remedy.edits).decide();
        assert!(
            after.allowed(),
            "seed {seed}: {case:#?}\n{remedy}\nthen {after:?}"
        );
        let size = remedy.edits.iter().map(Edit::size).sum();
        let smaller = case.ask(|request, policies| {
            let universe = remedy::universe(request, policies, false);
            smaller_allows(request, policies, &universe, size)
        });
        assert_ne!(smaller, Some(true), "seed {seed}: {case:#?}\n{remedy}");
        proven += usize::from(smaller.is_some());
    }
    // The generator reaches what it is for.
    assert!(denied > 500, "{denied} denied");
    assert!(mended * 100 > denied * 98, "{mended} of {denied} mended");
    assert!(proven * 100 > mended * 95, "{proven} of {mended} tried out");
    assert!(plans.iter().take(3).all(|plans| *plans > 50), "{plans:?}");
}
