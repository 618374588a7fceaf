//! Actions, resources and principals: specification 1.2 and 2.

use super::*;

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
        ("arn:aws:sqs:::${aws:nothing}", "arn:aws:s3:::b/k", None),
        ("arn:aws:s3:::${aws:nothing}", "*", None),
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

/// Elements that have no business where they stand narrow an Allow and do not narrow a Deny.
#[test]
fn section_1_2_documents_that_aws_would_refuse() {
    let allowed =
        |statement: &str| identity_allows(statement, "s3:GetObject", OBJECT, &Keys::one(&[]));
    let rows = [
        // Elements, Allow applies?, Deny applies?
        (
            r#""Action":"s3:*","NotAction":"ec2:*","Resource":"*""#,
            true,
            true,
        ),
        (
            r#""Action":"s3:*","NotAction":"s3:Get*","Resource":"*""#,
            false,
            true,
        ),
        (
            r#""Action":"ec2:*","NotAction":"s3:Get*","Resource":"*""#,
            false,
            false,
        ),
        (
            r#""Action":"*","Resource":"arn:aws:s3:::b/*","NotResource":"arn:aws:s3:::c/*""#,
            true,
            true,
        ),
        (
            r#""Action":"*","Resource":"arn:aws:s3:::b/*","NotResource":"arn:aws:s3:::b/*""#,
            false,
            true,
        ),
        (
            r#""Action":"*","Resource":"arn:aws:s3:::c/*","NotResource":"arn:aws:s3:::b/*""#,
            false,
            false,
        ),
        (r#""Action":"*""#, false, true),
        (r#""Resource":"*""#, false, false),
        (r#""Action":"*","Resource":"*","Principal":"*""#, true, true),
        (
            r#""Action":"*","Resource":"*","Principal":{"AWS":"222222222222"}"#,
            false,
            true,
        ),
        (
            r#""Action":"*","Resource":"*","NotPrincipal":{"AWS":"222222222222"}"#,
            false,
            true,
        ),
        (
            r#""Action":"*","Resource":"*","Condition":"always""#,
            false,
            true,
        ),
        (r#""Action":"*","Resource":"*","Condition":{}"#, true, true),
    ];
    for (elements, allow, deny) in rows {
        assert_eq!(
            allowed(&format!(r#"{{"Effect":"Allow",{elements}}}"#)),
            allow,
            "{elements}"
        );
        assert_eq!(
            !allowed(&format!(r#"{ALL},{{"Effect":"Deny",{elements}}}"#)),
            deny,
            "{elements}"
        );
    }
    // The role is the resource of its trust policy only.
    let to_all = r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#;
    let world = World {
        grant: Some(to_all),
        identity: X,
        ..World::BASE
    };
    assert!(!world.decide().allowed());
    let trust = World {
        action: "sts:AssumeRole",
        resource: ROLE,
        rule: ResourceRule::MustAdmit,
        ..world
    };
    assert!(trust.decide().allowed());
    for effect in ["Allow", "deny", "", "ALLOW"] {
        let text = format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*"}}"#);
        assert_eq!(allowed(&text), effect == "Allow", "{effect}");
        assert!(allowed(&format!("{ALL},{text}")), "{effect}");
    }
    // Another partition has other accounts.
    for (principal, expected) in [
        (r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, true),
        (r#"{"AWS":"arn:aws-cn:iam::111111111111:root"}"#, false),
    ] {
        let root = World {
            kind: PrincipalKind::Root,
            owner: OTHER,
            grant: Some(principal),
            ..World::BASE
        };
        assert_eq!(root.decide().allowed(), expected, "{principal}");
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
