//! A request and its policies as they would be after some edits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::edit::{Edit, Place};
use crate::compile::{Bindings, Policy};
use crate::condition::Condition;
use crate::decision::{Decision, PolicyKind};
use crate::document::{Document, PrincipalType, Text};
use crate::evaluate;
use crate::request::{Context, Level, PolicySet, Request, Source, Value};
use crate::statement::Rule;

/// A context with some keys changed.
struct Changed<'c> {
    before: &'c dyn Context,
    keys: BTreeMap<String, (&'c Option<Vec<String>>, bool)>,
}

impl Context for Changed<'_> {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        let Some((values, list)) = self.keys.get(key_lower) else {
            return self.before.get(key_lower);
        };
        let mut values = values
            .as_ref()?
            .iter()
            .map(|value| Cow::Borrowed(value.as_str()));
        if *list {
            Some(Value::Many(values.collect()))
        } else {
            values.next().map(Value::One)
        }
    }
}

/// Decides as if the edits were made.
pub(super) fn decide(request: &Request<'_>, policies: &PolicySet<'_>, edits: &[&Edit]) -> Decision {
    with(request, policies, edits, evaluate)
}

/// Calls `ask` with the request and the policies as they would be.
pub(super) fn with<T>(
    request: &Request<'_>,
    policies: &PolicySet<'_>,
    edits: &[&Edit],
    ask: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T,
) -> T {
    let mut keys = BTreeMap::new();
    let mut by_place: BTreeMap<&Place, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        match edit {
            Edit::Request { key, values, list } => {
                keys.insert(key.to_lowercase(), (values, *list));
            }
            edit => {
                if let Some(place) = edit.place() {
                    by_place.entry(place).or_default().push(edit);
                }
            }
        }
    }
    let changed = Changed {
        before: request.context,
        keys,
    };
    let edited: Vec<(&Place, Policy)> = by_place
        .iter()
        .map(|(place, edits)| {
            (
                *place,
                edited(found(policies, place).map(|s| s.policy), edits),
            )
        })
        .collect();
    let mut set = policies.clone();
    for (place, policy) in &edited {
        put(&mut set, place, policy);
    }
    let request = Request {
        context: &changed,
        ..*request
    };
    ask(&request, &set)
}

/// The documents of one kind and level.
pub(super) fn at<'s, 'a>(
    policies: &'s PolicySet<'a>,
    kind: PolicyKind,
    level: usize,
) -> &'s [Source<'a>] {
    fn all<'s, 'a>(sources: &'s Option<Vec<Source<'a>>>) -> &'s [Source<'a>] {
        sources.as_deref().unwrap_or_default()
    }
    let of_level = |levels: &'s Option<Vec<Level<'a>>>| {
        let level = levels.as_ref().and_then(|levels| levels.get(level));
        level.map_or(&[][..], |level| &level.policies)
    };
    match kind {
        PolicyKind::Identity => &policies.identity,
        PolicyKind::Resource | PolicyKind::Trust => policies.resource.as_slice(),
        PolicyKind::Boundary => all(&policies.boundary),
        PolicyKind::Session => all(&policies.session),
        PolicyKind::Endpoint => all(&policies.endpoint),
        PolicyKind::Scp => of_level(&policies.scps),
        PolicyKind::Rcp => of_level(&policies.rcps),
        PolicyKind::PublicAccessBlock | PolicyKind::ServiceRule => &[],
    }
}

fn found<'s, 'a>(policies: &'s PolicySet<'a>, place: &Place) -> Option<&'s Source<'a>> {
    at(policies, place.kind, place.level).get(place.index?)
}

/// Puts a policy in its place.
fn put<'p>(set: &mut PolicySet<'p>, place: &Place, policy: &'p Policy) {
    let new = Source {
        policy,
        name: "",
        arn: None,
        attached_to: "",
    };
    let in_list = |sources: &mut Vec<Source<'p>>| match place
        .index
        .and_then(|index| sources.get_mut(index))
    {
        Some(source) => source.policy = policy,
        None => sources.push(new),
    };
    let in_level = |levels: &mut Option<Vec<Level<'p>>>| {
        if let Some(level) = levels
            .as_mut()
            .and_then(|levels| levels.get_mut(place.level))
        {
            in_list(&mut level.policies);
        }
    };
    match place.kind {
        PolicyKind::Identity => in_list(&mut set.identity),
        PolicyKind::Boundary => in_list(set.boundary.get_or_insert_default()),
        PolicyKind::Session => in_list(set.session.get_or_insert_default()),
        PolicyKind::Endpoint => in_list(set.endpoint.get_or_insert_default()),
        PolicyKind::Scp => in_level(&mut set.scps),
        PolicyKind::Rcp => in_level(&mut set.rcps),
        PolicyKind::Resource | PolicyKind::Trust => match &mut set.resource {
            Some(source) => source.policy = policy,
            none => *none = Some(new),
        },
        PolicyKind::PublicAccessBlock | PolicyKind::ServiceRule => {}
    }
}

/// The policy after its edits; without one, a policy made of them.
fn edited(policy: Option<&Policy>, edits: &[&Edit]) -> Policy {
    let empty;
    let policy = match policy {
        Some(policy) => policy,
        None => {
            empty = Policy::compile(Document::empty(), &Bindings::new());
            &empty
        }
    };
    let variables = policy.document().has_variables();
    let mut rules: Vec<Rule> = policy.rules.to_vec();
    for edit in edits {
        match edit {
            Edit::Lift { statement, .. } => {
                if let Some(rule) = rules.get_mut(*statement) {
                    // It stays in its place, so that the others keep theirs.
                    rule.effect = None;
                }
            }
            Edit::Principal {
                statement,
                key,
                principal,
                ..
            } => {
                if let Some(named) = rules
                    .get_mut(*statement)
                    .and_then(|rule| rule.principals.as_mut())
                {
                    let kind = match key {
                        Some("Service") => PrincipalType::Service,
                        Some("Federated") => PrincipalType::Federated,
                        _ => PrincipalType::Aws,
                    };
                    *named = named.and(kind, principal);
                }
            }
            Edit::Value {
                statement,
                condition,
                value,
                ..
            } => {
                let written = policy.document().statements().get(*statement);
                let entry = written.and_then(|written| written.conditions.get(*condition));
                let compiled = rules
                    .get_mut(*statement)
                    .and_then(|rule| rule.conditions.get_mut(*condition));
                if let (Some(entry), Some(compiled)) = (entry, compiled) {
                    let mut entry = entry.clone();
                    let span = entry.values.span.clone();
                    entry.values.values.push(Text {
                        value: value.clone(),
                        span,
                    });
                    *compiled = Condition::compile(&entry, variables);
                }
            }
            Edit::Statement { statement, .. } => {
                let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
                rules.extend(
                    Policy::parse(&text)
                        .iter()
                        .flat_map(|added| added.rules.to_vec()),
                );
            }
            Edit::Request { .. } | Edit::Ask { .. } => {}
        }
    }
    policy.with_rules(rules)
}
