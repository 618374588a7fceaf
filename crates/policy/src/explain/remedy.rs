//! The smallest change that turns a denial into an Allow.
//!
//! First all edits are listed that could play a part: each looks at one statement, one condition or one kind of policy, so there are
//! few. Then sets of them are tried, the smallest first; a set that does not yet suffice grows only by edits that bear on what denies
//! just then, for without one of those no larger set can suffice either. So the first set that suffices is a smallest one. Where two are
//! of one size, the one wins that mends what denies at its own place.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::edit::{Edit, Place, Remedy};
use super::{sample, trial};
use crate::arn::Arn;
use crate::condition::{Condition, OperatorName, Relation};
use crate::decision::{Cause, Decision, PolicyKind};
use crate::document::{ConditionEntry, Effect};
use crate::principal::{Strength, is_account_id, is_in_account};
use crate::question::Question;
use crate::request::{PolicySet, Principal, PrincipalKind, Request, Source, Value};
use crate::statement::Rule;

/// Edits that are considered at all, of the request and of policies each. Real denials have a dozen.
const EDITS_MAX: usize = 32;
/// Sets of edits that are tried before the search gives up.
const TRIES_MAX: usize = 2_000;

/// The smallest remedy for a denial; none when the request is allowed. For a member of an organization it rests on nothing that SCPs and
/// RCPs say but that they deny.
pub(super) fn remedy(
    request: &Request<'_>,
    policies: &PolicySet<'_>,
    member: bool,
) -> Option<Remedy> {
    let decision = crate::evaluate(request, policies);
    let instead = match decision.cause.as_ref()?.kind {
        PolicyKind::ServiceRule => Some(
            "no policy lets a root user assume a role: sign in as a user or a role of the account",
        ),
        PolicyKind::PublicAccessBlock => Some(
            "the bucket's owner must lift RestrictPublicBuckets, or make the bucket policy one that is not public",
        ),
        _ => None,
    };
    if instead.is_some() {
        return Some(Remedy {
            edits: Vec::new(),
            instead,
        });
    }
    let universe = universe(request, policies, member);
    let edits = smallest(request, policies, &universe, decision);
    Some(match edits {
        Some(edits) => Remedy {
            edits,
            instead: None,
        },
        None => Remedy {
            edits: Vec::new(),
            instead: Some(
                "no change of a few statements is enough: the caller's and the resource's administrators must look at it together",
            ),
        },
    })
}

/// A set of edits that waits for its trial; the smallest set comes first, of equals the one found first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    size: std::cmp::Reverse<u32>,
    found: std::cmp::Reverse<usize>,
    /// Positions in the universe, ascending.
    edits: Vec<usize>,
}

/// The smallest set of the universe's edits that suffices, by trying.
pub(super) fn smallest(
    request: &Request<'_>,
    policies: &PolicySet<'_>,
    universe: &[Edit],
    decision: Decision,
) -> Option<Vec<Edit>> {
    let mut waiting = BinaryHeap::from([Waiting {
        size: std::cmp::Reverse(0),
        found: std::cmp::Reverse(0),
        edits: Vec::new(),
    }]);
    let mut seen = BTreeSet::new();
    let mut found = 0;
    let mut first = Some(decision);
    while let Some(set) = waiting.pop() {
        let edits: Vec<&Edit> = set.edits.iter().map(|&edit| &universe[edit]).collect();
        let decision = match first.take() {
            Some(decision) => decision,
            None => trial::decide(request, policies, &edits),
        };
        let Some(cause) = &decision.cause else {
            return Some(edits.into_iter().cloned().collect());
        };
        let mut more: Vec<usize> = (0..universe.len())
            .filter(|edit| !set.edits.contains(edit) && !clashes(&universe[*edit], &edits))
            .filter(|&edit| bears_on(&universe[edit], cause))
            .collect();
        // What mends the policy that denies comes before what gets round it.
        more.sort_by_key(|&edit| {
            universe[edit]
                .place()
                .is_some_and(|place| place.kind != cause.kind)
        });
        for edit in more {
            let mut edits = set.edits.clone();
            edits.push(edit);
            edits.sort_unstable();
            if found < TRIES_MAX && seen.insert(edits.clone()) {
                found += 1;
                waiting.push(Waiting {
                    size: std::cmp::Reverse(set.size.0 + universe[edit].size()),
                    found: std::cmp::Reverse(found),
                    edits,
                });
            }
        }
    }
    None
}

/// A request has one value of a key.
pub(super) fn clashes(edit: &Edit, with: &[&Edit]) -> bool {
    let Edit::Request { key, .. } = edit else {
        return false;
    };
    with.iter().any(|other| matches!(other, Edit::Request { key: other, .. } if other.eq_ignore_ascii_case(key)))
}

/// Whether an edit can have to do with what denies.
fn bears_on(edit: &Edit, cause: &Cause) -> bool {
    use PolicyKind::{Boundary, Identity, Resource, Session, Trust};
    let Some(place) = edit.place() else {
        return true;
    };
    let adds = !matches!(edit, Edit::Lift { .. });
    if cause.explicit {
        let (Edit::Lift { statement, .. } | Edit::Value { statement, .. }) = edit else {
            return false;
        };
        return place.kind == cause.kind && cause.statement == Some(*statement);
    }
    // What the resource's policy gives directly needs nothing of the caller's own side within one account.
    let round = matches!(cause.kind, Identity | Boundary | Session)
        && matches!(place.kind, Resource | Trust);
    adds && (place.kind == cause.kind || round)
}

/// The documents that can decide, each with its place.
fn documents<'s, 'a>(
    request: &Request<'_>,
    policies: &'s PolicySet<'a>,
    question: &Question<'_>,
) -> Vec<(Place, &'s Source<'a>)> {
    let mut documents = Vec::new();
    for (kind, levels) in kinds(policies, question) {
        for level in 0..levels {
            for (index, source) in trial::at(policies, kind, level).iter().enumerate() {
                let place = Place {
                    kind,
                    name: Some(source.name.to_owned()),
                    arn: source.arn.map(str::to_owned),
                    attached_to: source.attached_to.to_owned(),
                    account: account_of(kind, request),
                    level,
                    index: Some(index),
                };
                documents.push((place, source));
            }
        }
    }
    documents
}

/// Each kind of policy, with how many levels it has.
fn kinds(policies: &PolicySet<'_>, question: &Question<'_>) -> [(PolicyKind, usize); 7] {
    let levels = |levels: &Option<Vec<_>>| levels.as_ref().map_or(0, Vec::len);
    [
        (PolicyKind::Identity, 1),
        (question.resource_kind(), 1),
        (PolicyKind::Session, 1),
        (PolicyKind::Boundary, 1),
        (PolicyKind::Endpoint, 1),
        (PolicyKind::Rcp, levels(&policies.rcps)),
        (PolicyKind::Scp, levels(&policies.scps)),
    ]
}

/// The account on whose side policies of the kind lie.
fn account_of(kind: PolicyKind, request: &Request<'_>) -> Option<String> {
    match kind {
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Rcp => owner(request),
        _ => request.principal.account.clone(),
    }
}

/// The account that owns the resource.
pub(super) fn owner(request: &Request<'_>) -> Option<String> {
    let named = || {
        let arn = Arn::parse(request.resource)?;
        is_account_id(arn.account).then_some(arn.account)
    };
    let owner = request.resource_account.or_else(named).map(str::to_owned);
    owner.or_else(|| request.principal.account.clone())
}

/// Every edit that could play a part.
pub(super) fn universe(request: &Request<'_>, policies: &PolicySet<'_>, member: bool) -> Vec<Edit> {
    let question = Question::new(request, policies);
    let documents = documents(request, policies, &question);
    let mut edits = Vec::new();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (place, source) in &documents {
        let written = source.policy.document().statements();
        let closed = member && matches!(place.kind, PolicyKind::Scp | PolicyKind::Rcp);
        for (index, (rule, statement)) in source.policy.rules.iter().zip(written).enumerate() {
            if !rule.is_about(&question) {
                continue;
            }
            let conditions = rule.conditions.iter().zip(&statement.conditions);
            for (position, (condition, entry)) in conditions.enumerate().filter(|_| !closed) {
                if sample::is_chosen(condition.key_lower()) {
                    let values = keys.entry(entry.key.value.to_lowercase()).or_default();
                    values.extend(sample::around(entry));
                }
                if let Some(value) = value_to_add(rule, condition, entry, request) {
                    edits.push(Edit::Value {
                        place: place.clone(),
                        statement: index,
                        condition: position,
                        operator: entry.operator.value.clone(),
                        key: entry.key.value.clone(),
                        value,
                    });
                }
            }
            match rule.effect {
                Some(Effect::Deny) => edits.push(Edit::Lift {
                    place: place.clone(),
                    statement: index,
                    sid: statement
                        .sid
                        .as_ref()
                        .filter(|_| !closed)
                        .map(|sid| sid.value.clone()),
                }),
                Some(Effect::Allow) => edits.extend(principal_to_add(place, index, rule, request)),
                None => {}
            }
        }
    }
    edits.extend(statements_to_add(request, policies, &question));
    edits.truncate(EDITS_MAX);
    let mut requests = request_edits(request, keys);
    requests.truncate(EDITS_MAX);
    requests.append(&mut edits);
    requests
}

/// The request with other values of the keys that it chooses, or without them.
fn request_edits(request: &Request<'_>, keys: BTreeMap<String, BTreeSet<String>>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (key, values) in keys {
        let had = request.context.get(&key);
        let list = matches!(had, Some(Value::Many(_)))
            || (had.is_none() && crate::facts::condition_key(&key).is_some_and(|key| key.many));
        let has = |value: &str| match &had {
            Some(Value::One(had)) => had == value,
            Some(Value::Many(had)) => matches!(had.as_slice(), [one] if one == value),
            None => false,
        };
        for value in values.into_iter().filter(|value| !has(value)) {
            edits.push(Edit::Request {
                key: key.clone(),
                values: Some(vec![value]),
                list,
            });
        }
        if had.is_some() {
            edits.push(Edit::Request {
                key,
                values: None,
                list,
            });
        }
    }
    edits
}

/// The request's value, where adding it to the condition's makes an Allow fit or a Deny spare the request.
fn value_to_add(
    rule: &Rule,
    condition: &Condition,
    entry: &ConditionEntry,
    request: &Request<'_>,
) -> Option<String> {
    let (_, relation) = OperatorName::parse(&entry.operator.value).meaning()?;
    let helps = matches!(
        (rule.effect?, relation),
        (Effect::Allow, Relation::Is) | (Effect::Deny, Relation::IsNot)
    );
    let holds = condition.holds(request.context);
    let Some(Value::One(value)) = request.context.get(condition.key_lower()) else {
        return None;
    };
    let plain = !value.is_empty() && !value.contains(['*', '?', '$']);
    (helps && plain && holds == (relation == Relation::IsNot)).then(|| value.into_owned())
}

/// How a policy names the caller: by what stays the same from session to session.
fn name_of(caller: &Principal) -> (Option<&'static str>, String) {
    match caller.kind {
        PrincipalKind::Anonymous => (None, "*".to_owned()),
        PrincipalKind::Service => (Some("Service"), caller.arn.clone()),
        PrincipalKind::WebIdentity | PrincipalKind::Saml => {
            let provider = caller.provider.as_ref().unwrap_or(&caller.arn);
            (Some("Federated"), provider.clone())
        }
        PrincipalKind::Root => (Some("AWS"), caller.account.clone().unwrap_or_default()),
        PrincipalKind::RoleSession => {
            let role = caller.issuer.as_ref().map(|issuer| issuer.arn.clone());
            let named = || {
                let arn = Arn::parse(&caller.arn)?;
                let name = arn.resource.split('/').nth(1)?;
                Some(format!(
                    "arn:{}:iam::{}:role/{name}",
                    arn.partition, arn.account
                ))
            };
            (Some("AWS"), role.or_else(named).unwrap_or_default())
        }
        PrincipalKind::User | PrincipalKind::FederatedUser => (Some("AWS"), caller.arn.clone()),
    }
}

fn principal_to_add(
    place: &Place,
    statement: usize,
    rule: &Rule,
    request: &Request<'_>,
) -> Option<Edit> {
    let takes = matches!(
        place.kind,
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint
    );
    let named = rule
        .principals
        .as_ref()
        .filter(|_| takes && rule.not_principals.is_none())?;
    let (key, principal) = name_of(request.principal);
    (named.strength(request.principal) < Strength::Entity).then(|| Edit::Principal {
        place: place.clone(),
        statement,
        key,
        principal,
    })
}

/// A statement that allows just this, for every place where one could be missing.
fn statements_to_add(
    request: &Request<'_>,
    policies: &PolicySet<'_>,
    question: &Question<'_>,
) -> Vec<Edit> {
    let in_account = is_in_account(request.principal.kind);
    let root = request.principal.kind == PrincipalKind::Root;
    let federated = request.principal.kind == PrincipalKind::FederatedUser;
    let mut edits = Vec::new();
    for (kind, levels) in kinds(policies, question) {
        let takes = match kind {
            PolicyKind::Identity => in_account && !root,
            PolicyKind::Boundary => policies.boundary.is_some(),
            // One who has no session policy gets one by asking for other credentials.
            PolicyKind::Session => policies.session.is_some() || federated,
            PolicyKind::Endpoint => policies.endpoint.is_some(),
            PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Scp => true,
            // RCPs never miss an Allow.
            _ => false,
        };
        for level in (0..levels).filter(|_| takes) {
            let sources = trial::at(policies, kind, level);
            // Identities and levels take several policies; of the others there is one to add to.
            let own = matches!(kind, PolicyKind::Identity | PolicyKind::Scp);
            let source = sources.first().filter(|_| !own);
            let levels = policies.scps.as_deref().filter(|_| kind == PolicyKind::Scp);
            let attached_to = match (levels.and_then(|levels| levels.get(level)), source) {
                (Some(level), _) => level.target.to_owned(),
                (None, Some(source)) => source.attached_to.to_owned(),
                (None, None) if kind == PolicyKind::Identity => identity_of(request.principal),
                (None, None) if kind == PolicyKind::Session => "the session".to_owned(),
                (None, None) => request.resource.to_owned(),
            };
            edits.push(Edit::Statement {
                place: Place {
                    kind,
                    name: source.map(|source| source.name.to_owned()),
                    arn: source.and_then(|source| source.arn).map(str::to_owned),
                    attached_to,
                    account: account_of(kind, request),
                    level,
                    index: source.map(|_| 0),
                },
                statement: statement(kind, request),
            });
        }
    }
    edits
}

/// The user or role that identity policies are attached to: `user Ann`.
fn identity_of(caller: &Principal) -> String {
    let arn = match &caller.issuer {
        Some(issuer) => &issuer.arn,
        None => &caller.arn,
    };
    let resource = Arn::parse(arn).map_or("", |arn| arn.resource);
    let mut parts = resource.split('/');
    let kind = match parts.next() {
        Some("role" | "assumed-role") => "role",
        _ => "user",
    };
    let name = match caller.issuer {
        // A session's ARN ends in the session's name.
        None if kind == "role" && resource.starts_with("assumed-role/") => parts.next(),
        _ => parts.next_back(),
    };
    format!("{kind} {}", name.unwrap_or(arn))
}

/// The statement that allows just this.
fn statement(kind: PolicyKind, request: &Request<'_>) -> String {
    let mut text = r#"{"Effect":"Allow""#.to_owned();
    match kind {
        PolicyKind::Resource | PolicyKind::Trust => match name_of(request.principal) {
            (Some(key), principal) => {
                let principal = serde_json::Value::from(principal);
                text.push_str(&format!(r#","Principal":{{"{key}":{principal}}}"#));
            }
            (None, _) => text.push_str(r#","Principal":"*""#),
        },
        PolicyKind::Endpoint => text.push_str(r#","Principal":"*""#),
        _ => {}
    }
    let action = serde_json::Value::from(request.action);
    text.push_str(&format!(r#","Action":{action}"#));
    if kind != PolicyKind::Trust {
        // A wildcard covers itself; a variable does not.
        let resource = serde_json::Value::from(request.resource.replace("${", "${$}{"));
        text.push_str(&format!(r#","Resource":{resource}"#));
    }
    text.push('}');
    text
}
