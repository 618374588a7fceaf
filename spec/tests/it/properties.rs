//! What holds for every case, whatever the rules say in detail. Asked of the engine; the same random cases show that the second
//! evaluator agrees with it.

use serde_json::{Value as Json, json};
use twinlock_policy::{Outcome, PrincipalKind};
use twinlock_spec::{Case, LevelOf, Written};

use crate::engine::engine;
use crate::generator;
use crate::random::Random;

const CASES: u64 = 4_000;

/// The cases of a property, each with choices of its own, and how often it said something.
fn for_each_case(property: impl Fn(&Case, &mut Random) -> bool) {
    let met = (0..CASES)
        .filter(|seed| property(&generator::case(1_000_000 + seed), &mut Random::new(*seed)))
        .count();
    assert!(met >= 100, "the property was met by {met} cases only");
}

fn allowed(case: &Case) -> bool {
    engine(case).outcome == Outcome::Allowed
}

fn told(case: &Case) -> String {
    serde_json::to_string(case).unwrap()
}

/// Every document of the case.
fn documents(case: &mut Case) -> Vec<&mut Written> {
    case.identity
        .iter_mut()
        .chain(&mut case.resource_policy)
        .chain(case.boundary.iter_mut().flatten())
        .chain(case.session.iter_mut().flatten())
        .chain(case.endpoint.iter_mut().flatten())
        .chain(
            case.scps
                .iter_mut()
                .chain(&mut case.rcps)
                .flatten()
                .flat_map(|level| &mut level.policies),
        )
        .collect()
}

fn edit(written: &mut Written, change: impl FnOnce(&mut Vec<Json>)) {
    let mut document: Json = serde_json::from_str(written.document.text()).unwrap();
    let mut statements = match document["Statement"].take() {
        Json::Array(statements) => statements,
        one => vec![one],
    };
    change(&mut statements);
    document["Statement"] = json!(statements);
    let bindings = written.bindings.clone();
    *written = Written {
        bindings,
        ..Written::parse(&document.to_string()).unwrap()
    };
}

fn of(statement: &Json) -> Written {
    Written::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap()
}

/// Calls that need no permission are outside of all this.
fn needs_permission(case: &Case) -> bool {
    !["sts:getcalleridentity", "sts:getsessiontoken"].contains(&case.action.to_lowercase().as_str())
}

#[test]
fn a_deny_never_widens() {
    for_each_case(|case, random| {
        let mut narrowed = case.clone();
        // A Deny of this case or of another, in a random document.
        let other = generator::case(random.below(1 << 30) as u64);
        let deny = match random.below(3) {
            0 => json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}),
            1 => {
                json!({"Effect": "Deny", "Principal": "*", "Action": other.action, "Resource": case.resource})
            }
            _ => {
                json!({"Effect": "Deny", "NotPrincipal": {"AWS": other.principal.arn}, "NotAction": other.action, "Resource": "*"})
            }
        };
        let mut documents = documents(&mut narrowed);
        if documents.is_empty() {
            return false;
        }
        let at = random.below(documents.len());
        edit(documents[at], |statements| statements.push(deny));
        let was = engine(case).outcome;
        let is = engine(&narrowed).outcome;
        assert!(
            was == Outcome::Allowed || is != Outcome::Allowed,
            "{}",
            told(&narrowed)
        );
        assert!(
            was != Outcome::ExplicitlyDenied || is == was,
            "{}",
            told(&narrowed)
        );
        was != is
    });
}

#[test]
fn removing_an_allow_never_allows() {
    for_each_case(|case, random| {
        // A policy without its public statement may stop being public, which lifts RestrictPublicBuckets: that is its purpose.
        if case.restrict_public_buckets {
            return false;
        }
        let mut narrowed = case.clone();
        let mut documents = documents(&mut narrowed);
        if documents.is_empty() {
            return false;
        }
        let at = random.below(documents.len());
        edit(documents[at], |statements| {
            let allows: Vec<usize> = (0..statements.len())
                .filter(|at| statements[*at]["Effect"] == "Allow")
                .collect();
            if !allows.is_empty() {
                statements.remove(*random.pick(&allows));
            }
        });
        let (was, is) = (allowed(case), allowed(&narrowed));
        assert!(was || !is, "{}", told(&narrowed));
        was != is
    });
}

#[test]
fn no_limit_that_is_added_allows() {
    for_each_case(|case, random| {
        let other = generator::case(random.below(1 << 30) as u64);
        let limit = of(&json!({
            "Effect": "Allow", "Principal": "*", "Action": [other.action, "s3:Get*"], "Resource": "*",
        }));
        let mut narrowed = case.clone();
        match random.below(4) {
            0 => narrowed.scps.get_or_insert_default().push(LevelOf {
                policies: vec![limit],
            }),
            1 => narrowed.rcps.get_or_insert_default().push(LevelOf {
                policies: vec![limit],
            }),
            2 if case.boundary.is_none() => narrowed.boundary = Some(vec![limit]),
            // A federated session has no rights without a session policy, so that one may give it some.
            3 if case.session.is_none() && case.principal.kind != PrincipalKind::FederatedUser => {
                narrowed.session = Some(vec![limit]);
            }
            _ if case.endpoint.is_none() => narrowed.endpoint = Some(vec![limit]),
            _ => return false,
        }
        let (was, is) = (allowed(case), allowed(&narrowed));
        assert!(was || !is, "{}", told(&narrowed));
        was != is
    });
}

#[test]
fn across_accounts_each_side_can_refuse() {
    for_each_case(|case, _| {
        let owned = |account: &str| {
            let named = case
                .resource
                .split(':')
                .nth(4)
                .filter(|named| named.len() == 12);
            case.resource_account
                .as_deref()
                .or(named)
                .is_none_or(|owner| owner == account)
        };
        let Some(account) = &case.principal.account else {
            return false;
        };
        if owned(account) || !needs_permission(case) || !allowed(case) {
            return false;
        }
        let mut alone = Case {
            resource_policy: None,
            acl_grant: false,
            ..case.clone()
        };
        assert!(
            !allowed(&alone),
            "without the resource's side: {}",
            told(case)
        );
        if case.principal.kind != PrincipalKind::Root {
            alone = Case {
                identity: Vec::new(),
                ..case.clone()
            };
            assert!(
                !allowed(&alone),
                "without the caller's side: {}",
                told(case)
            );
        }
        true
    });
}

#[test]
fn without_any_allow_nobody_but_root_at_home_is_allowed() {
    for_each_case(|case, _| {
        let mut silent = Case {
            acl_grant: false,
            ..case.clone()
        };
        for document in documents(&mut silent) {
            edit(document, |statements| {
                statements.retain(|statement| statement["Effect"] == "Deny")
            });
        }
        if !needs_permission(case) || case.principal.kind == PrincipalKind::Root {
            return false;
        }
        assert!(!allowed(&silent), "{}", told(&silent));
        true
    });
}

#[test]
fn order_means_nothing() {
    for_each_case(|case, _| {
        let mut turned = case.clone();
        for document in documents(&mut turned) {
            edit(document, |statements| statements.reverse());
        }
        turned.identity.reverse();
        for levels in turned.scps.iter_mut().chain(&mut turned.rcps) {
            levels.reverse();
        }
        assert_eq!(engine(case), engine(&turned), "{}", told(case));
        true
    });
}
