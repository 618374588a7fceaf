//! The tables of the specification, a row each, named by section.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::{
    Bindings, Context, Decision, Document, Issuer, Level, Outcome, Policy, PolicySet, Principal,
    PrincipalKind, Request, ResourceRule, Source, Value, evaluate,
};

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

fn levels(policies: &Vec<Policy>) -> Vec<Level<'_>> {
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
            scps: scps.as_ref().map(levels),
            rcps: rcps.as_ref().map(levels),
            endpoint: endpoint.as_ref().map(|policy| vec![source(policy)]),
            ..PolicySet::default()
        };
        edit(&mut set);
        let decision = evaluate(&request, &set);
        assert_eq!(
            crate::explain(&request, &set).decision,
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

/// Caller, grant, identity, boundary, session, allowed?
#[test]
fn section_5_1_same_account() {
    use PrincipalKind::{FederatedUser as F, RoleSession as S, User as U};
    type Row = (
        PrincipalKind,
        Option<&'static str>,
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        bool,
    );
    let rows: &[Row] = &[
        (U, Some(TO_USER), X, None, None, true),
        (U, Some(TO_USER), X, Some(X), None, true),
        (U, Some(STAR), X, Some(X), None, true),
        (U, Some(TO_ACCOUNT), X, None, None, false),
        (U, Some(TO_ACCOUNT), ALL, None, None, true),
        (U, Some(TO_ACCOUNT), ALL, Some(X), None, false),
        (U, Some(TO_ACCOUNT), ALL, Some(ALL), None, true),
        (U, None, ALL, None, None, true),
        (U, None, X, Some(ALL), None, false),
        (S, Some(TO_SESSION), X, Some(X), Some(X), true),
        (S, Some(STAR), X, Some(X), Some(X), true),
        (S, Some(TO_ROLE), X, None, None, true),
        (S, Some(TO_ROLE), X, Some(ALL), Some(ALL), true),
        (S, Some(TO_ROLE), ALL, Some(X), None, false),
        (S, Some(TO_ROLE), ALL, None, Some(X), false),
        (S, Some(TO_ACCOUNT), ALL, Some(ALL), Some(ALL), true),
        (S, Some(TO_ACCOUNT), X, Some(ALL), Some(ALL), false),
        (S, None, ALL, Some(ALL), Some(ALL), true),
        (S, None, ALL, Some(X), Some(ALL), false),
        (S, None, ALL, Some(ALL), Some(X), false),
        (F, Some(TO_FEDERATED), X, Some(X), Some(X), true),
        (F, Some(TO_FEDERATED), X, None, None, true),
        (F, Some(STAR), X, Some(X), Some(X), true),
        (F, Some(TO_USER), X, None, Some(ALL), true),
        (F, Some(TO_USER), X, Some(ALL), Some(ALL), true),
        (F, Some(TO_USER), X, Some(X), Some(ALL), false),
        (F, Some(TO_USER), ALL, None, Some(X), false),
        (F, Some(TO_USER), ALL, None, None, false),
        (F, Some(TO_ACCOUNT), ALL, Some(ALL), Some(ALL), true),
        (F, Some(TO_ACCOUNT), ALL, None, None, false),
        (F, None, ALL, None, None, false),
        (F, None, ALL, None, Some(ALL), true),
    ];
    for &(kind, grant, identity, boundary, session, allowed) in rows {
        let decision = World {
            kind,
            grant,
            identity,
            boundary,
            session,
            ..World::BASE
        }
        .decide();
        let expected = if allowed {
            Outcome::Allowed
        } else {
            Outcome::ImplicitlyDenied
        };
        assert_eq!(
            decision.outcome, expected,
            "{kind:?} {grant:?} identity {identity} boundary {boundary:?} session {session:?}"
        );
    }
}

/// Step 7: both sides, whatever the strength, and no bypass of limits.
#[test]
fn section_5_cross_account() {
    use PrincipalKind::{FederatedUser as F, RoleSession as S, User as U};
    for (kind, grants) in [
        (U, [TO_USER, TO_ACCOUNT, STAR]),
        (S, [TO_SESSION, TO_ROLE, STAR]),
        (F, [TO_FEDERATED, TO_USER, STAR]),
    ] {
        for grant in grants {
            let world = World {
                kind,
                owner: OTHER,
                grant: Some(grant),
                boundary: Some(ALL),
                session: Some(ALL),
                ..World::BASE
            };
            assert!(world.decide().allowed(), "{kind:?} {grant}");
            for refused in [
                World {
                    identity: X,
                    ..world
                },
                World {
                    boundary: Some(X),
                    ..world
                },
                World {
                    session: Some(X),
                    ..world
                },
                World {
                    grant: None,
                    ..world
                },
                World {
                    grant: Some(r#"{"AWS":"333333333333"}"#),
                    ..world
                },
            ] {
                assert_eq!(
                    refused.decide().outcome,
                    Outcome::ImplicitlyDenied,
                    "{kind:?} {grant}"
                );
            }
        }
    }
}

/// Steps 8, 9 and 10: anonymous, services, token bearers, root users.
#[test]
fn section_5_callers_without_identity_policies() {
    use PrincipalKind::{Anonymous as N, Root as R, Service as V, WebIdentity as W};
    let federated = r#"{"Federated":"idp.example"}"#;
    let rows = [
        (N, ACCOUNT, Some(STAR), true),
        (N, ACCOUNT, Some(TO_ACCOUNT), false),
        (N, ACCOUNT, None, false),
        (V, ACCOUNT, Some(TO_SERVICE), true),
        (V, ACCOUNT, Some(STAR), true),
        (V, ACCOUNT, Some(r#"{"Service":"s3.amazonaws.com"}"#), false),
        (V, ACCOUNT, None, false),
        (W, ACCOUNT, Some(federated), true),
        (W, ACCOUNT, Some(r#"{"Federated":"other.example"}"#), false),
        (R, ACCOUNT, None, true),
        (R, OTHER, None, false),
        (R, OTHER, Some(TO_ACCOUNT), true),
        (R, OTHER, Some(STAR), true),
        (R, OTHER, Some(TO_USER), false),
    ];
    for (kind, owner, grant, allowed) in rows {
        let decision = World {
            kind,
            owner,
            grant,
            identity: X,
            ..World::BASE
        }
        .decide();
        assert_eq!(decision.allowed(), allowed, "{kind:?} {owner} {grant:?}");
    }
}

/// Steps 2, 3 and 4.
#[test]
fn section_5_organization_and_endpoint() {
    use PrincipalKind::{Anonymous, Root, Service, User};
    let base = World::BASE;
    let deny_s3 = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#;
    let both = format!("{ALL},{deny_s3}");
    let rcp_deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    let endpoint_all = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let endpoint_deny = format!(r#"{endpoint_all},{rcp_deny}"#);
    let (allowed, explicit, implicit) = (
        Outcome::Allowed,
        Outcome::ExplicitlyDenied,
        Outcome::ImplicitlyDenied,
    );
    let rows = [
        (
            World {
                scps: Some(&[ALL, ALL, ALL]),
                ..base
            },
            allowed,
        ),
        (
            World {
                scps: Some(&[ALL, X, ALL]),
                ..base
            },
            implicit,
        ),
        (
            World {
                scps: Some(&[]),
                ..base
            },
            allowed,
        ),
        (
            World {
                scps: Some(&[ALL, &both]),
                ..base
            },
            explicit,
        ),
        (
            World {
                kind: Root,
                scps: Some(&[ALL, &both]),
                ..base
            },
            explicit,
        ),
        (
            World {
                kind: Root,
                scps: Some(&[X]),
                ..base
            },
            implicit,
        ),
        (
            World {
                kind: Anonymous,
                grant: Some(STAR),
                scps: Some(&[X]),
                ..base
            },
            allowed,
        ),
        (
            World {
                kind: Service,
                grant: Some(STAR),
                scps: Some(&[&both]),
                ..base
            },
            allowed,
        ),
        (
            World {
                rcps: Some(&[X]),
                ..base
            },
            allowed,
        ),
        (
            World {
                rcps: Some(&[X, rcp_deny]),
                ..base
            },
            explicit,
        ),
        (
            World {
                kind: Anonymous,
                grant: Some(STAR),
                rcps: Some(&[rcp_deny]),
                ..base
            },
            explicit,
        ),
        (
            World {
                owner: OTHER,
                grant: Some(STAR),
                rcps: Some(&[rcp_deny]),
                ..base
            },
            explicit,
        ),
        (
            World {
                kind: User,
                endpoint: Some(endpoint_all),
                ..base
            },
            allowed,
        ),
        (
            World {
                kind: User,
                endpoint: Some(X),
                ..base
            },
            implicit,
        ),
        (
            World {
                kind: User,
                grant: Some(STAR),
                endpoint: Some(X),
                ..base
            },
            implicit,
        ),
        (
            World {
                kind: User,
                endpoint: Some(&endpoint_deny),
                ..base
            },
            explicit,
        ),
        (
            World {
                kind: User,
                grant: Some(STAR),
                scps: Some(&[X]),
                ..base
            },
            implicit,
        ),
    ];
    for (row, (world, expected)) in rows.iter().enumerate() {
        assert_eq!(world.decide().outcome, *expected, "row {row}");
    }
    let linked = Principal {
        service_linked: true,
        ..caller(PrincipalKind::RoleSession)
    };
    let limited = World {
        scps: Some(&[X]),
        rcps: Some(&[rcp_deny]),
        ..base
    };
    assert!(limited.decide_with(&linked, &|_| {}).allowed());
    let user = caller(User);
    let in_management = |set: &mut PolicySet<'_>| {
        set.principal_in_management_account = true;
        set.resource_in_management_account = true;
    };
    assert!(limited.decide_with(&user, &in_management).allowed());
    assert!(
        !limited
            .decide_with(&user, &|set| set.principal_in_management_account = true)
            .allowed()
    );
    assert!(
        !limited
            .decide_with(&user, &|set| set.resource_in_management_account = true)
            .allowed()
    );
}

/// Step 1: a Deny in any applicable document, over every grant.
#[test]
fn section_5_explicit_deny_wins() {
    let deny_and_grant = format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}},{{"Effect":"Deny","Principal":{TO_ACCOUNT},"Action":"*","Resource":"*"}}"#
    );
    let base = World {
        grant: Some(STAR),
        ..World::BASE
    };
    let denied = format!("{ALL},{DENY}");
    for world in [
        World {
            identity: &denied,
            ..base
        },
        World {
            boundary: Some(&denied),
            ..base
        },
        World {
            session: Some(&denied),
            ..base
        },
        World {
            grant: Some(&deny_and_grant),
            ..base
        },
        World {
            identity: &denied,
            scps: Some(&[X]),
            ..base
        },
    ] {
        assert_eq!(world.decide().outcome, Outcome::ExplicitlyDenied);
    }
}

/// Role trust: who, grant in the trust policy, identity, boundary, owner of the role, allowed?
#[test]
fn section_5_2_role_trust() {
    use PrincipalKind::{RoleSession as S, Root as R, User as U, WebIdentity as W};
    let rows = [
        (U, TO_ACCOUNT, ALL, None, ACCOUNT, true),
        (U, TO_ACCOUNT, X, None, ACCOUNT, false),
        (U, TO_ACCOUNT, ALL, None, OTHER, true),
        (U, TO_ACCOUNT, X, None, OTHER, false),
        (U, TO_USER, X, None, ACCOUNT, true),
        (U, TO_USER, X, None, OTHER, false),
        (U, TO_USER, ALL, None, OTHER, true),
        (U, TO_USER, X, Some(X), ACCOUNT, false),
        (U, TO_USER, X, Some(ALL), ACCOUNT, true),
        (S, TO_ROLE, X, None, ACCOUNT, true),
        (S, TO_ROLE, X, Some(X), ACCOUNT, false),
        (S, TO_SESSION, X, Some(X), ACCOUNT, false),
        (U, r#"{"AWS":"333333333333"}"#, ALL, None, ACCOUNT, false),
        (U, r#"{"AWS":"*"}"#, X, None, ACCOUNT, true),
        (U, r#"{"AWS":"*"}"#, X, None, OTHER, false),
        (R, TO_ACCOUNT, ALL, None, ACCOUNT, false),
        (W, r#"{"Federated":"idp.example"}"#, X, None, ACCOUNT, true),
    ];
    for (kind, grant, identity, boundary, owner, allowed) in rows {
        let trust = format!(r#"{{"Effect":"Allow","Principal":{grant},"Action":"sts:*"}}"#);
        let world = World {
            kind,
            action: "sts:AssumeRole",
            resource: "arn:aws:iam::111111111111:role/R",
            owner,
            grant: Some(&trust),
            rule: ResourceRule::MustAdmit,
            identity,
            boundary,
            ..World::BASE
        };
        assert_eq!(
            world.decide().allowed(),
            allowed,
            "{kind:?} {grant} {identity} {boundary:?} {owner}"
        );
    }
    let own = World {
        rule: ResourceRule::MustAdmit,
        action: "sts:AssumeRole",
        resource: ROLE,
        ..World::BASE
    };
    assert!(!own.decide().allowed(), "identity alone never suffices");
}

#[test]
fn section_5_step_0_calls_that_need_no_permission() {
    use PrincipalKind::{Anonymous, FederatedUser, RoleSession, Root, User};
    let rows = [
        ("sts:GetCallerIdentity", User, true),
        ("sts:GetCallerIdentity", RoleSession, true),
        ("sts:GetCallerIdentity", FederatedUser, true),
        ("sts:GetCallerIdentity", Root, true),
        ("sts:GetCallerIdentity", Anonymous, false),
        ("sts:GetSessionToken", User, true),
        ("sts:GetSessionToken", Root, true),
        ("sts:GetSessionToken", RoleSession, false),
    ];
    for (action, kind, allowed) in rows {
        let world = World {
            kind,
            action,
            resource: "*",
            identity: DENY,
            scps: Some(&[DENY]),
            ..World::BASE
        };
        assert_eq!(world.decide().allowed(), allowed, "{action} {kind:?}");
    }
}

/// Statement, then: long-term key, session without MFA, session with MFA.
#[test]
fn section_5_5_mfa() {
    let allow = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let deny = |condition: &str| {
        format!(r#"{ALL},{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let rows = [
        (
            allow(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#),
            [true, false, true],
        ),
        (
            deny(r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [true, false, true],
        ),
        (
            deny(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"Null":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [false, true, true],
        ),
        (
            allow(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":300}}"#),
            [false, false, false],
        ),
    ];
    let contexts = [
        Keys::one(&[]),
        Keys::one(&[("aws:multifactorauthpresent", "false")]),
        Keys::one(&[
            ("aws:multifactorauthpresent", "true"),
            ("aws:multifactorauthage", "900"),
        ]),
    ];
    for (statement, expected) in rows {
        for (context, expected) in contexts.iter().zip(expected) {
            assert_eq!(
                identity_allows(&statement, "s3:GetObject", OBJECT, context),
                expected,
                "{statement}"
            );
        }
    }
}

/// Strictly earlier, to the millisecond; long-term keys have no issue time.
#[test]
fn section_5_4_revocation() {
    let revoke = format!(
        r#"{ALL},{{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"2026-05-01T10:00:00.500Z"}}}}}}"#
    );
    for (issued, allowed) in [
        (Some("2026-05-01T10:00:00.499Z"), false),
        (Some("2026-05-01T10:00:00.500Z"), true),
        (Some("2026-05-01T10:00:00.501Z"), true),
        (None, true),
    ] {
        let context = Keys::one(
            &issued
                .map(|issued| vec![("aws:tokenissuetime", issued)])
                .unwrap_or_default(),
        );
        assert_eq!(
            identity_allows(&revoke, "s3:GetObject", OBJECT, &context),
            allowed,
            "{issued:?}"
        );
    }
}

#[test]
fn section_2_1_and_1_2_actions() {
    let rows = [
        (r#""s3:GetObject""#, "s3:GetObject", true),
        (r#""S3:getobject""#, "s3:GetObject", true),
        (r#""s3:Get*""#, "s3:GetObject", true),
        (r#""s3:Get?bject""#, "s3:GetObject", true),
        (r#""s3:GetObject?""#, "s3:GetObject", false),
        (r#""s3:*""#, "s3-object-lambda:GetObject", false),
        (r#""s3*:GetObject""#, "s3:GetObject", false),
        (r#""*""#, "s3:GetObject", true),
        (r#""s3:""#, "s3:GetObject", false),
        (r#""s3: ""#, "s3:GetObject", false),
        (r#""s3:GetObject ""#, "s3:GetObject", false),
        (r#""s3:GetObject,s3:PutObject""#, "s3:GetObject", false),
        (r#"["ec2:*","s3:GetObject"]"#, "s3:GetObject", true),
        (r#"[]"#, "s3:GetObject", false),
        (r#"7"#, "s3:GetObject", false),
        (r#""GetObject""#, "s3:GetObject", false),
    ];
    for (entry, action, matches) in rows {
        let text = format!(r#"{{"Effect":"Allow","Action":{entry},"Resource":"*"}}"#);
        assert_eq!(
            identity_allows(&text, action, OBJECT, &Keys::one(&[])),
            matches,
            "Action {entry}"
        );
        let text = format!(r#"{{"Effect":"Allow","NotAction":{entry},"Resource":"*"}}"#);
        assert_eq!(
            identity_allows(&text, action, OBJECT, &Keys::one(&[])),
            !matches,
            "NotAction {entry}"
        );
    }
    let long = format!("s3:{}", "x".repeat(500));
    assert!(identity_allows(
        &format!(
            r#"{{"Effect":"Allow","Action":"{}","Resource":"*"}}"#,
            long.to_uppercase()
        ),
        &long,
        "*",
        &Keys::one(&[])
    ));
}

#[test]
fn section_2_2_resources() {
    let context = Keys::one(&[("aws:username", "Ann"), ("aws:principaltag/star", "*")]);
    let rows = [
        ("*", "arn:aws:s3:::b/k", Some(true)),
        ("*", "*", Some(true)),
        ("arn:aws:s3:::*", "*", Some(false)),
        ("arn:aws:s3:::*", "arn:aws:s3:::*", Some(true)),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/c", Some(true)),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", Some(false)),
        ("arn:aws:s3:::b*", "arn:aws:s3:::bucket/x:y", Some(true)),
        ("arn:aws:s3:::b/k", "arn:aws:s3:::b/K", Some(false)),
        ("arn:*:s3:::b/?", "arn:aws:s3:::b/é", Some(true)),
        ("arn:aws:*:::b/k", "arn:aws:s3:::b/k", Some(true)),
        ("arn:aws:*:b/k", "arn:aws:s3:::b/k", Some(false)),
        (
            "arn:aws:sns:*:111111111111:t",
            "arn:aws:sns:us-east-1:111111111111:t",
            Some(true),
        ),
        (
            "arn:aws:sns:*:t",
            "arn:aws:sns:us-east-1:111111111111:t",
            Some(false),
        ),
        (
            "arn:aws:s3:::b/${aws:username}/*",
            "arn:aws:s3:::b/Ann/x",
            Some(true),
        ),
        (
            "arn:aws:s3:::b/${aws:UserName}",
            "arn:aws:s3:::b/Bob",
            Some(false),
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/Star}",
            "arn:aws:s3:::b/x",
            Some(false),
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/star}",
            "arn:aws:s3:::b/*",
            Some(true),
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/no, 'anon'}",
            "arn:aws:s3:::b/anon",
            Some(true),
        ),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", Some(false)),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", Some(true)),
        (
            "arn:aws:s3:::${aws:nothing}",
            "arn:aws:s3:::${aws:nothing}",
            None,
        ),
        ("arn:aws:s3:::b/${aws:nothing}", "arn:aws:s3:::b/", None),
        ("arn:aws:s3", "arn:aws:s3:::b/k", Some(true)),
        ("arn:aws:s3:*", "arn:aws:s3:::b/k", Some(true)),
        ("arn:aws:sqs:*", "arn:aws:s3:::b/k", Some(false)),
        ("b/k", "arn:aws:s3:::b/k", Some(false)),
    ];
    for (pattern, resource, matches) in rows {
        let text = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        assert_eq!(
            identity_allows(&text, "s3:GetObject", resource, &context),
            matches == Some(true),
            "{pattern} {resource}"
        );
        // An entry whose variable has no value: Allow + NotResource does not apply, Deny + NotResource does.
        let text = format!(r#"{{"Effect":"Allow","Action":"*","NotResource":"{pattern}"}}"#);
        assert_eq!(
            identity_allows(&text, "s3:GetObject", resource, &context),
            matches == Some(false),
            "not {pattern} {resource}"
        );
        let text = format!(r#"{ALL},{{"Effect":"Deny","Action":"*","NotResource":"{pattern}"}}"#);
        assert_eq!(
            identity_allows(&text, "s3:GetObject", resource, &context),
            matches == Some(true),
            "deny not {pattern} {resource}"
        );
    }
}

/// Point 7: short ARNs by kind of document: identity, resource, SCP, endpoint.
#[test]
fn section_2_2_short_arns() {
    let rows = [
        ("arn:aws:s3", [true, false, false]),
        ("arn:aws:s3:*", [true, true, true]),
        ("arn:aws:*:", [true, true, false]),
    ];
    for (pattern, [identity, resource, scp]) in rows {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        let with_principal =
            format!(r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"{pattern}"}}"#);
        let base = World::BASE;
        assert_eq!(
            World {
                identity: &statement,
                ..base
            }
            .decide()
            .allowed(),
            identity,
            "{pattern}"
        );
        assert_eq!(
            World {
                boundary: Some(&statement),
                ..base
            }
            .decide()
            .allowed(),
            identity,
            "{pattern}"
        );
        assert_eq!(
            World {
                identity: X,
                grant: Some(&with_principal),
                ..base
            }
            .decide()
            .allowed(),
            resource,
            "{pattern}"
        );
        assert_eq!(
            World {
                endpoint: Some(&with_principal),
                ..base
            }
            .decide()
            .allowed(),
            resource,
            "{pattern}"
        );
        assert_eq!(
            World {
                scps: Some(&[&statement]),
                ..base
            }
            .decide()
            .allowed(),
            scp,
            "{pattern}"
        );
        let rcp = with_principal.replace("Allow", "Deny");
        assert!(
            World {
                rcps: Some(&[&rcp]),
                ..base
            }
            .decide()
            .allowed(),
            "{pattern}"
        );
    }
}

/// NotPrincipal + Deny: caller, listed, boundary, let off?
#[test]
fn section_2_3_not_principal() {
    use PrincipalKind::{RoleSession as S, User as U};
    let rows = [
        (U, TO_USER, None, true),
        (U, TO_ACCOUNT, None, false),
        (U, STAR, None, true),
        (U, TO_USER, Some(ALL), false),
        (U, STAR, Some(ALL), false),
        (S, TO_SESSION, None, true),
        (S, TO_ROLE, None, false),
        (S, TO_ACCOUNT, None, false),
    ];
    for (kind, listed, boundary, let_off) in rows {
        let text =
            format!(r#"{{"Effect":"Deny","NotPrincipal":{listed},"Action":"*","Resource":"*"}}"#);
        let decision = World {
            kind,
            grant: Some(&text),
            boundary,
            ..World::BASE
        }
        .decide();
        assert_eq!(
            decision.allowed(),
            let_off,
            "{kind:?} {listed} {boundary:?}"
        );
    }
    let allow =
        r#"{"Effect":"Allow","NotPrincipal":{"AWS":"333333333333"},"Action":"*","Resource":"*"}"#;
    assert!(
        !World {
            grant: Some(allow),
            identity: X,
            ..World::BASE
        }
        .decide()
        .allowed()
    );
    for effect in ["Allow", "Deny"] {
        let nobody = format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*"}}"#);
        assert_eq!(
            World {
                grant: Some(&nobody),
                identity: X,
                ..World::BASE
            }
            .decide()
            .outcome,
            Outcome::ImplicitlyDenied
        );
    }
}

/// A condition on an Allow, with a context: does it hold?
fn holds(condition: &str, context: &Keys) -> bool {
    let text =
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
    identity_allows(&text, "s3:GetObject", OBJECT, context)
}

#[test]
fn section_3_2_absent_keys() {
    let arn = "arn:aws:iam::111111111111:role/x";
    let operators = [
        ("StringEquals", "a", false),
        ("StringEqualsIgnoreCase", "a", false),
        ("StringLike", "*", false),
        ("NumericEquals", "1", false),
        ("NumericLessThan", "1", false),
        ("DateLessThan", "2024-05-01", false),
        ("Bool", "true", false),
        ("BinaryEquals", "YQ==", false),
        ("IpAddress", "0.0.0.0/0", false),
        ("ArnEquals", arn, false),
        ("ArnLike", arn, false),
        ("StringNotEquals", "a", true),
        ("StringNotEqualsIgnoreCase", "a", true),
        ("StringNotLike", "a", true),
        ("NumericNotEquals", "1", true),
        ("DateNotEquals", "2024-05-01", true),
        ("NotIpAddress", "0.0.0.0/0", true),
        ("ArnNotEquals", arn, true),
        ("ArnNotLike", arn, true),
    ];
    let (absent, empty) = (
        Keys::one(&[]),
        Keys(HashMap::from([("aws:k", vec![])]), vec![]),
    );
    for (operator, value, negated) in operators {
        let test = |operator: &str, context: &Keys| {
            holds(
                &format!(r#"{{"{operator}":{{"aws:k":"{value}"}}}}"#),
                context,
            )
        };
        assert_eq!(test(operator, &absent), negated, "{operator}");
        assert!(
            test(&format!("{operator}IfExists"), &absent),
            "{operator}IfExists"
        );
        assert!(!test(operator, &empty), "plain {operator} over a list");
        for context in [&absent, &empty] {
            assert!(
                test(&format!("ForAllValues:{operator}"), context),
                "ForAllValues:{operator}"
            );
            assert!(
                !test(&format!("ForAnyValue:{operator}"), context),
                "ForAnyValue:{operator}"
            );
            assert!(
                !test(&format!("ForAnyValue:{operator}IfExists"), context),
                "ForAnyValue:{operator}IfExists"
            );
        }
    }
    let present = Keys::one(&[("aws:k", "")]);
    for (condition, when_absent, when_present) in [
        (r#"{"Null":{"aws:k":"true"}}"#, true, false),
        (r#"{"Null":{"aws:k":"false"}}"#, false, true),
        (r#"{"Null":{"aws:k":true}}"#, true, false),
        (r#"{"ForAllValues:Null":{"aws:k":"true"}}"#, true, false),
        (r#"{"NullIfExists":{"aws:k":"true"}}"#, false, false),
        (r#"{"Null":{"aws:k":"x"}}"#, false, false),
        (r#"{}"#, true, true),
        (r#"{"StringEqual":{"aws:k":""}}"#, false, false),
        (r#"{"StringEqualIfExists":{"aws:k":""}}"#, false, false),
        (r#"[]"#, false, false),
        (r#"{"StringEquals":"a"}"#, false, false),
    ] {
        assert_eq!(
            (holds(condition, &absent), holds(condition, &present)),
            (when_absent, when_present),
            "{condition}"
        );
    }
}

#[test]
fn section_3_3_operators_and_values() {
    let role = "arn:aws:iam::111111111111:role/App";
    let rows: &[(&str, &str, &str, bool)] = &[
        ("StringEquals", r#""a""#, "a", true),
        ("StringEquals", r#""a""#, "A", false),
        ("StringEquals", r#""a*""#, "ab", false),
        ("StringEquals", r#"["x","a"]"#, "a", true),
        ("StringEquals", "[]", "a", false),
        ("StringNotEquals", r#"["x","a"]"#, "a", false),
        ("StringNotEquals", r#"["x","y"]"#, "a", true),
        ("StringEqualsIgnoreCase", r#""ÉA""#, "éa", true),
        ("StringNotEqualsIgnoreCase", r#""A""#, "a", false),
        ("StringLike", r#""a*c?""#, "a:b/cd", true),
        ("StringLike", r#""A*""#, "ab", false),
        ("StringNotLike", r#"["a*","b*"]"#, "bc", false),
        ("NumericEquals", "5", "5.0", true),
        ("NumericLessThan", r#""10""#, "9", true),
        ("NumericLessThanEquals", r#""10""#, "10", true),
        ("NumericGreaterThan", r#""10""#, "10", false),
        ("NumericGreaterThanEquals", r#""10""#, "11", true),
        (
            "NumericEquals",
            r#""9007199254740993""#,
            "9007199254740992",
            false,
        ),
        ("NumericEquals", r#""x""#, "5", false),
        ("NumericNotEquals", r#""x""#, "5", false),
        ("NumericNotEquals", r#""5""#, "x", false),
        ("NumericNotEquals", r#""5""#, "6", true),
        ("DateEquals", r#""1714521600""#, "2024-05-01", true),
        (
            "DateNotEquals",
            r#""2024-05-01""#,
            "2024-05-01T00:00:01Z",
            true,
        ),
        ("DateNotEquals", r#""soon""#, "2024-05-01", false),
        (
            "DateLessThan",
            r#""2024-05-01T10:00:00Z""#,
            "2024-05-01T11:30:00+02:00",
            true,
        ),
        (
            "DateLessThanEquals",
            r#""2024-05-01""#,
            "2024-05-01T00:00Z",
            true,
        ),
        ("DateGreaterThan", r#""2024-05-01""#, "2024-04-30", false),
        (
            "DateGreaterThanEquals",
            r#""2024-05-01""#,
            "2024-05-01",
            true,
        ),
        ("Bool", r#""TRUE""#, "true", true),
        ("Bool", "true", "false", false),
        ("Bool", r#""yes""#, "yes", false),
        ("BinaryEquals", r#""YQ==""#, "a", true),
        ("BinaryEquals", r#""YQ==""#, "YQ==", true),
        ("BinaryEquals", r#""YQ==""#, "b", false),
        ("BinaryEquals", r#""?""#, "a", false),
        ("IpAddress", r#""203.0.113.0/24""#, "203.0.113.7", true),
        ("IpAddress", r#""203.0.113.99/24""#, "203.0.113.7", true),
        ("IpAddress", r#""0.0.0.0/0""#, "2001:db8::1", false),
        ("NotIpAddress", r#""0.0.0.0/0""#, "2001:db8::1", true),
        (
            "NotIpAddress",
            r#"["203.0.113.0/24","198.51.100.0/24"]"#,
            "198.51.100.1",
            false,
        ),
        ("IpAddress", r#""2001:DB8::/32""#, "2001:0db8::1", true),
        ("IpAddress", r#""x""#, "203.0.113.7", false),
        ("NotIpAddress", r#""x""#, "203.0.113.7", false),
        ("NotIpAddress", r#""203.0.113.0/24""#, "x", false),
        (
            "ArnEquals",
            r#""arn:aws:iam::111111111111:role/*""#,
            role,
            true,
        ),
        ("ArnLike", r#""arn:aws:iam::*:role/A?p""#, role, true),
        ("ArnNotLike", r#""arn:aws:iam::*:role/A?p""#, role, false),
        (
            "ArnNotEquals",
            r#""arn:aws:iam::222222222222:role/App""#,
            role,
            true,
        ),
        ("ArnLike", r#""arn:aws:iam:*""#, role, false),
        ("ArnNotLike", r#""arn:aws:iam:*""#, role, false),
        ("ArnLike", r#""*""#, role, false),
        ("ArnNotLike", r#""arn:aws:iam::1:x""#, "x", false),
        (
            "ArnLike",
            r#""arn:aws:x:*:111:f/*""#,
            "arn:aws:x:r:999:s/a:111:f/d",
            false,
        ),
        (
            "StringLike",
            r#""arn:aws:x:*:111:f/*""#,
            "arn:aws:x:r:999:s/a:111:f/d",
            true,
        ),
        ("stringequals", r#""a""#, "a", true),
    ];
    for (operator, values, value, expected) in rows {
        let condition = format!(r#"{{"{operator}":{{"AWS:K":{values}}}}}"#);
        assert_eq!(
            holds(
                &condition,
                &Keys(HashMap::from([("aws:k", vec![*value])]), vec![])
            ),
            *expected,
            "{operator} {values} {value}"
        );
    }
}

#[test]
fn section_3_4_set_operators() {
    let rows: &[(&str, &str, &[&str], bool)] = &[
        (
            "ForAllValues:StringEquals",
            r#"["a","b"]"#,
            &["a", "b"],
            true,
        ),
        ("ForAllValues:StringEquals", r#"["a"]"#, &["a", "b"], false),
        ("ForAnyValue:StringEquals", r#"["a"]"#, &["a", "b"], true),
        ("ForAnyValue:StringEquals", r#"["c"]"#, &["a", "b"], false),
        ("ForAnyValue:StringNotEquals", r#"["a"]"#, &["a", "b"], true),
        (
            "ForAllValues:StringNotEquals",
            r#"["a"]"#,
            &["a", "b"],
            false,
        ),
        (
            "ForAllValues:StringNotEquals",
            r#"["c"]"#,
            &["a", "b"],
            true,
        ),
        ("ForAllValues:StringLike", r#"["a*"]"#, &["ab"], true),
        ("StringEquals", r#"["a","b"]"#, &["a", "b"], false),
        ("StringNotEquals", r#"["c"]"#, &["a", "b"], false),
        ("StringEqualsIfExists", r#"["a","b"]"#, &["a", "b"], false),
    ];
    for (operator, values, request, expected) in rows {
        let context = Keys(
            HashMap::from([("aws:tagkeys", request.to_vec())]),
            vec!["aws:tagkeys"],
        );
        assert_eq!(
            holds(
                &format!(r#"{{"{operator}":{{"aws:TagKeys":{values}}}}}"#),
                &context
            ),
            *expected,
            "{operator} {values} {request:?}"
        );
    }
    let single = Keys::one(&[("aws:k", "a")]);
    assert!(holds(
        r#"{"ForAllValues:StringEquals":{"aws:k":"a"}}"#,
        &single
    ));
    assert!(holds(
        r#"{"ForAnyValue:StringEquals":{"aws:k":"a"},"StringEquals":{"aws:k":"a"}}"#,
        &single
    ));
    assert!(!holds(
        r#"{"ForAnyValue:StringEquals":{"aws:k":"a"},"StringEquals":{"aws:k":"b"}}"#,
        &single
    ));
}

#[test]
fn section_3_5_variables() {
    let mut keys = HashMap::from([
        ("aws:k", vec!["Ann"]),
        ("aws:username", vec!["Ann"]),
        ("aws:star", vec!["*"]),
        ("aws:empty", vec![""]),
    ]);
    keys.insert("aws:list", vec!["x", "y"]);
    keys.insert("aws:arn", vec!["arn:aws:iam::111111111111:user/Ann"]);
    let context = Keys(keys, vec!["aws:list"]);
    let rows = [
        ("StringEquals", "aws:k", "${aws:UserName}", true),
        ("StringLike", "aws:k", "${aws:username}*", true),
        ("StringLike", "aws:k", "${aws:star}", false),
        ("StringEquals", "aws:star", "${*}", true),
        ("StringEquals", "aws:k", "${aws:none, 'Ann'}", true),
        ("StringEquals", "aws:k", "${aws:username, 'Bob'}", true),
        ("StringEquals", "aws:k", "${aws:none}", false),
        ("StringNotEquals", "aws:k", "${aws:none}", true),
        ("StringNotLike", "aws:k", "${aws:none}", true),
        ("StringEquals", "aws:empty", "${aws:empty, 'x'}", true),
        ("StringEquals", "aws:k", "${aws:list, 'Ann'}", false),
        ("StringNotEquals", "aws:k", "${aws:list}", true),
        (
            "StringEqualsIgnoreCase",
            "aws:k",
            "a${aws:none, 'N'}n",
            true,
        ),
        (
            "ArnLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:username}",
            true,
        ),
        ("ArnEquals", "aws:arn", "${aws:arn}", true),
        (
            "ArnLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:star}",
            false,
        ),
        (
            "ArnNotLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:none}",
            true,
        ),
        ("Bool", "aws:k", "${aws:k}", false),
        ("NumericEquals", "aws:k", "${aws:k}", false),
        ("StringEquals", "aws:k", "${aws:username", false),
    ];
    for (operator, key, value, expected) in rows {
        assert_eq!(
            holds(
                &format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#),
                &context
            ),
            expected,
            "{operator} {key} {value}"
        );
    }
    // The older version has no variables.
    let old = policy(
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}"}}"#,
    );
    let principal = caller(PrincipalKind::User);
    for (resource, allowed) in [
        ("arn:aws:s3:::b/Ann", false),
        ("arn:aws:s3:::b/${aws:username}", true),
    ] {
        let request = Request {
            principal: &principal,
            action: "s3:GetObject",
            resource,
            resource_account: None,
            context: &context,
        };
        let set = PolicySet {
            identity: vec![source(&old)],
            ..PolicySet::default()
        };
        assert_eq!(evaluate(&request, &set).allowed(), allowed, "{resource}");
    }
}

#[test]
fn section_5_7_acl_and_public_access() {
    use PrincipalKind::{Anonymous, User};
    let foreign = World {
        owner: OTHER,
        ..World::BASE
    };
    assert!(
        foreign
            .decide_with(&caller(User), &|set| set.acl_grant = true)
            .allowed()
    );
    assert!(
        World::BASE
            .decide_with(&caller(Anonymous), &|set| set.acl_grant = true)
            .allowed()
    );
    let denied = World {
        grant: Some(r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#),
        ..foreign
    };
    assert!(
        !denied
            .decide_with(&caller(User), &|set| set.acl_grant = true)
            .allowed()
    );
    for (kind, owner, allowed) in [
        (User, ACCOUNT, true),
        (User, OTHER, false),
        (Anonymous, ACCOUNT, false),
        (PrincipalKind::Service, ACCOUNT, true),
    ] {
        let world = World {
            owner,
            grant: Some(STAR),
            ..World::BASE
        };
        let decision = world.decide_with(&caller(kind), &|set| set.restrict_public_buckets = true);
        assert_eq!(decision.allowed(), allowed, "{kind:?} {owner}");
        if !allowed {
            assert_eq!(decision.outcome, Outcome::ExplicitlyDenied);
        }
    }
}

/// Cause and the exact end of the sentence.
#[test]
fn section_6_1_wording() {
    use PrincipalKind::User;
    let base = World {
        owner: OTHER,
        grant: Some(STAR),
        boundary: Some(ALL),
        session: Some(ALL),
        scps: Some(&[ALL]),
        ..World::BASE
    };
    let endpoint = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let deny_all = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#;
    let base = World {
        endpoint: Some(endpoint),
        ..base
    };
    let trust = World {
        action: "sts:AssumeRole",
        resource: ROLE,
        rule: ResourceRule::MustAdmit,
        grant: Some(
            r#"{"Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"sts:AssumeRole"}"#,
        ),
        ..World::BASE
    };
    let trust_deny = r#"{"Effect":"Deny","Principal":"*","Action":"*"}"#;
    let rows = [
        (
            World {
                identity: X,
                ..base
            },
            " because no identity-based policy allows the s3:GetObject action",
        ),
        (
            World {
                grant: None,
                ..base
            },
            " because no resource-based policy allows the s3:GetObject action",
        ),
        (
            World {
                boundary: Some(X),
                ..base
            },
            " because no permissions boundary allows the s3:GetObject action",
        ),
        (
            World {
                session: Some(X),
                ..base
            },
            " because no session policy allows the s3:GetObject action",
        ),
        (
            World {
                scps: Some(&[X]),
                ..base
            },
            " because no service control policy allows the s3:GetObject action",
        ),
        (
            World {
                endpoint: Some(X),
                ..base
            },
            " because no VPC endpoint policy allows the s3:GetObject action",
        ),
        (
            World {
                identity: DENY,
                ..base
            },
            " with an explicit deny in an identity-based policy",
        ),
        (
            World {
                grant: Some(deny_all),
                ..base
            },
            " with an explicit deny in a resource-based policy",
        ),
        (
            World {
                boundary: Some(DENY),
                ..base
            },
            " with an explicit deny in a permissions boundary",
        ),
        (
            World {
                session: Some(DENY),
                ..base
            },
            " with an explicit deny in a session policy",
        ),
        (
            World {
                scps: Some(&[DENY]),
                ..base
            },
            " with an explicit deny in a service control policy",
        ),
        (
            World {
                rcps: Some(&[deny_all]),
                ..base
            },
            " with an explicit deny in a resource control policy",
        ),
        (
            World {
                endpoint: Some(deny_all),
                ..base
            },
            " with an explicit deny in a VPC endpoint policy",
        ),
        (
            trust,
            " because no role trust policy allows the sts:AssumeRole action",
        ),
        (
            World {
                grant: Some(trust_deny),
                ..trust
            },
            " with an explicit deny in the role trust policy",
        ),
        (
            World {
                identity: X,
                boundary: Some(X),
                scps: Some(&[X]),
                ..base
            },
            " because no service control policy allows the s3:GetObject action",
        ),
        (
            World {
                identity: DENY,
                scps: Some(&[X]),
                ..base
            },
            " with an explicit deny in an identity-based policy",
        ),
    ];
    for (world, expected) in rows {
        assert_eq!(
            World {
                kind: User,
                ..world
            }
            .decide()
            .reason(world.action),
            expected
        );
    }
    assert_eq!(base.decide().reason("s3:GetObject"), "");
}

#[test]
fn section_6_1_arn_of_the_denying_policy() {
    let deny = statements(DENY);
    let principal = caller(PrincipalKind::User);
    let keys = Keys::one(&[]);
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: OBJECT,
        resource_account: None,
        context: &keys,
    };
    for (arn, suffix) in [
        (
            "arn:aws:iam::111111111111:policy/No",
            ": arn:aws:iam::111111111111:policy/No",
        ),
        ("arn:aws:iam::aws:policy/No", ""),
    ] {
        let identity = vec![Source {
            policy: &deny,
            name: "No",
            arn: Some(arn),
            attached_to: "group Developers",
        }];
        let decision = evaluate(
            &request,
            &PolicySet {
                identity,
                ..PolicySet::default()
            },
        );
        assert_eq!(
            decision.reason("s3:GetObject"),
            format!(" with an explicit deny in an identity-based policy{suffix}")
        );
        let cause = decision.cause.expect("cause");
        assert_eq!(
            (
                cause.attached_to.as_deref(),
                cause.statement,
                cause.sid.as_deref()
            ),
            (Some("group Developers"), Some(0), Some("No"))
        );
    }
}

/// A document at the limit of its size, full of stars, costs little.
#[test]
fn adversarial_documents_cost_little() {
    let pattern = format!("arn:aws:s3:::{}b", "a*".repeat(2_000));
    let text = format!(
        r#"{{"Effect":"Allow","Action":"s3:{}x","Resource":["{pattern}"]}}"#,
        "*t".repeat(1_000)
    );
    let resource = format!("arn:aws:s3:::{}", "a".repeat(2_000));
    assert!(!identity_allows(
        &text,
        &format!("s3:{}", "t".repeat(2_000)),
        &resource,
        &Keys::one(&[])
    ));
    let many: Vec<String> = (0..5_000)
        .map(|index| format!(r#"{{"Effect":"Allow","Action":"s3:Get{index}","Resource":"*"}}"#))
        .collect();
    assert!(identity_allows(
        &many.join(","),
        "s3:get4999",
        OBJECT,
        &Keys::one(&[])
    ));
}
