//! The tables of the rules (docs/policy-evaluation.md), a row each, named by section. Every row is asked of both evaluators.

mod conditions;
mod decision;
mod matching;
mod principals;
mod wording;

use std::borrow::Cow;
use std::collections::HashMap;

use twinlock_policy::{
    Bindings, Context, Decision, Document, Issuer, Level, Outcome, Policy, PolicySet, Principal,
    PrincipalKind, Request, ResourceRule, Source, Value, explain,
};

use crate::engine::evaluate_both as evaluate;

const ACCOUNT: &str = "111111111111";

const OTHER: &str = "222222222222";

const USER: &str = "arn:aws:iam::111111111111:user/Ann";

const ROLE: &str = "arn:aws:iam::111111111111:role/p/App";

const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/App/s";

const FEDERATED: &str = "arn:aws:sts::111111111111:federated-user/Bob";

const OBJECT: &str = "arn:aws:s3:::b/k";

struct Keys(HashMap<&'static str, Vec<&'static str>>, Vec<&'static str>);

impl Keys {
    fn one(pairs: &[(&'static str, &'static str)]) -> Keys {
        Keys(
            pairs
                .iter()
                .map(|(key, value)| (*key, vec![*value]))
                .collect(),
            Vec::new(),
        )
    }
}

impl Context for Keys {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        let values = self.0.get(key_lower)?;
        match values.as_slice() {
            [one] if !self.1.contains(&key_lower) => Some(Value::One(Cow::Borrowed(one))),
            many => Some(Value::Many(
                many.iter().map(|value| Cow::Borrowed(*value)).collect(),
            )),
        }
    }
}

fn caller(kind: PrincipalKind) -> Principal {
    let issuer = |arn: &str| {
        Some(Issuer {
            arn: arn.to_owned(),
            unique_id: None,
        })
    };
    let (arn, issuer) = match kind {
        PrincipalKind::Root => ("arn:aws:iam::111111111111:root", None),
        PrincipalKind::User => (USER, None),
        PrincipalKind::RoleSession => (SESSION, issuer(ROLE)),
        PrincipalKind::FederatedUser => (FEDERATED, issuer(USER)),
        PrincipalKind::Service => return Principal::service("lambda.amazonaws.com"),
        PrincipalKind::WebIdentity | PrincipalKind::Saml => {
            return Principal {
                kind,
                provider: Some("idp.example".to_owned()),
                ..Principal::anonymous()
            };
        }
        PrincipalKind::Anonymous => return Principal::anonymous(),
    };
    Principal {
        kind,
        account: Some(ACCOUNT.to_owned()),
        arn: arn.to_owned(),
        issuer,
        ..Principal::anonymous()
    }
}

fn policy(text: &str) -> Policy {
    Policy::compile(Document::parse(text).expect("document"), &Bindings::new())
}

fn statements(text: &str) -> Policy {
    policy(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#
    ))
}

const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

const DENY: &str = r#"{"Sid":"No","Effect":"Deny","Action":"*","Resource":"*"}"#;

fn grant_to(principal: &str) -> Policy {
    statements(&format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}"#
    ))
}

fn source(policy: &Policy) -> Source<'_> {
    Source {
        policy,
        name: "P",
        arn: None,
        attached_to: "it",
    }
}

/// The outcome of one identity-policy statement.
fn identity_allows(statement: &str, action: &str, resource: &str, context: &dyn Context) -> bool {
    let policy = statements(statement);
    let principal = caller(PrincipalKind::User);
    let request = Request {
        principal: &principal,
        action,
        resource,
        resource_account: Some(ACCOUNT),
        context,
    };
    evaluate(
        &request,
        &PolicySet {
            identity: vec![source(&policy)],
            ..PolicySet::default()
        },
    )
    .allowed()
}

#[derive(Clone, Copy)]
struct World<'w> {
    kind: PrincipalKind,
    action: &'w str,
    resource: &'w str,
    owner: &'w str,
    grant: Option<&'w str>,
    rule: ResourceRule,
    identity: &'w str,
    boundary: Option<&'w str>,
    session: Option<&'w str>,
    scps: Option<&'w [&'w str]>,
    rcps: Option<&'w [&'w str]>,
    endpoint: Option<&'w str>,
}

/// No statements: an implicit deny.
const X: &str = "";

fn levels(policies: &[Policy]) -> Vec<Level<'_>> {
    let level = |policy| Level {
        target: "ou",
        policies: vec![Source {
            attached_to: "ou",
            ..source(policy)
        }],
    };
    policies.iter().map(level).collect()
}

impl World<'_> {
    const BASE: World<'static> = World {
        kind: PrincipalKind::User,
        action: "s3:GetObject",
        resource: OBJECT,
        owner: ACCOUNT,
        grant: None,
        rule: ResourceRule::Ordinary,
        identity: ALL,
        boundary: None,
        session: None,
        scps: None,
        rcps: None,
        endpoint: None,
    };

    fn decide(&self) -> Decision {
        self.decide_with(&caller(self.kind), &|_| {})
    }

    fn decide_with(&self, principal: &Principal, edit: &dyn Fn(&mut PolicySet<'_>)) -> Decision {
        let (identity, boundary, session) = (
            statements(self.identity),
            self.boundary.map(statements),
            self.session.map(statements),
        );
        let grant = self.grant.map(|grant| {
            if grant.contains("Effect") {
                statements(grant)
            } else {
                grant_to(grant)
            }
        });
        let endpoint = self.endpoint.map(statements);
        let list = |texts: Option<&[&str]>| {
            texts.map(|texts| {
                texts
                    .iter()
                    .map(|text| statements(text))
                    .collect::<Vec<_>>()
            })
        };
        let (scps, rcps) = (list(self.scps), list(self.rcps));
        let keys = Keys::one(&[]);
        let request = Request {
            principal,
            action: self.action,
            resource: self.resource,
            resource_account: Some(self.owner),
            context: &keys,
        };
        let mut set = PolicySet {
            identity: vec![source(&identity)],
            resource: grant.as_ref().map(source),
            resource_rule: self.rule,
            boundary: boundary.as_ref().map(|policy| vec![source(policy)]),
            session: session.as_ref().map(|policy| vec![source(policy)]),
            scps: scps.as_deref().map(levels),
            rcps: rcps.as_deref().map(levels),
            endpoint: endpoint.as_ref().map(|policy| vec![source(policy)]),
            ..PolicySet::default()
        };
        edit(&mut set);
        let decision = evaluate(&request, &set);
        assert_eq!(
            explain(&request, &set).decision,
            decision,
            "explain decides alike"
        );
        decision
    }
}

const STAR: &str = r#""*""#;

const TO_ACCOUNT: &str = r#"{"AWS":"111111111111"}"#;

const TO_USER: &str = r#"{"AWS":"arn:aws:iam::111111111111:user/Ann"}"#;

const TO_ROLE: &str = r#"{"AWS":"arn:aws:iam::111111111111:role/p/App"}"#;

const TO_SESSION: &str = r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/s"}"#;

const TO_FEDERATED: &str = r#"{"AWS":"arn:aws:sts::111111111111:federated-user/Bob"}"#;

const TO_SERVICE: &str = r#"{"Service":"lambda.amazonaws.com"}"#;
