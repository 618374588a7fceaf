//! Who is allowed: specification 5.

use super::*;

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

/// Role trust: who, grant in the trust policy, identity, boundary, owner of the role, allowed? Below, the same with a session policy.
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
    // A session, grant, identity, boundary, session policy, owner of the role.
    const EVERYONE: &str = r#"{"AWS":"*"}"#;
    let rows = [
        (TO_SESSION, X, None, Some(ALL), ACCOUNT, true),
        (TO_SESSION, X, None, Some(X), ACCOUNT, false),
        (TO_SESSION, X, Some(ALL), Some(X), ACCOUNT, false),
        (TO_SESSION, X, Some(X), Some(ALL), ACCOUNT, false),
        (EVERYONE, X, None, Some(ALL), ACCOUNT, true),
        (EVERYONE, ALL, None, Some(X), ACCOUNT, false),
        (TO_ROLE, X, None, Some(ALL), ACCOUNT, true),
        (TO_ROLE, X, None, Some(X), ACCOUNT, false),
        (TO_ACCOUNT, ALL, None, Some(ALL), ACCOUNT, true),
        (TO_ACCOUNT, ALL, None, Some(X), ACCOUNT, false),
        (TO_ACCOUNT, X, None, Some(ALL), ACCOUNT, false),
        (TO_SESSION, ALL, Some(ALL), Some(ALL), OTHER, true),
        (TO_SESSION, X, None, Some(ALL), OTHER, false),
        (TO_SESSION, ALL, Some(X), Some(ALL), OTHER, false),
        (TO_SESSION, ALL, None, Some(X), OTHER, false),
        (EVERYONE, ALL, None, Some(X), OTHER, false),
    ];
    for (grant, identity, boundary, session, owner, allowed) in rows {
        let trust = format!(r#"{{"Effect":"Allow","Principal":{grant},"Action":"sts:*"}}"#);
        let world = World {
            kind: S,
            action: "sts:AssumeRole",
            resource: "arn:aws:iam::111111111111:role/R",
            owner,
            grant: Some(&trust),
            rule: ResourceRule::MustAdmit,
            identity,
            boundary,
            session,
            ..World::BASE
        };
        assert_eq!(
            world.decide().allowed(),
            allowed,
            "{grant} {identity} {boundary:?} {session:?} {owner}"
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
