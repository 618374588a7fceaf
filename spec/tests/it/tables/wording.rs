//! Causes and the end of the denial sentence: specification 6.1.

use super::*;

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
