mod remedies;
mod views;

use super::*;
use crate::request::{NoContext, Principal, PrincipalKind};

fn user() -> Principal {
    Principal {
        kind: PrincipalKind::User,
        account: Some("111111111111".into()),
        arn: "arn:aws:iam::111111111111:user/Ann".into(),
        ..Principal::anonymous()
    }
}

fn source<'p>(policy: &'p Policy, name: &'p str, attached_to: &'p str) -> Source<'p> {
    Source {
        policy,
        name,
        arn: None,
        attached_to,
    }
}

const NEAR: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ec2:*","Resource":"*"},
  {"Sid":"Reports","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"},
  {"Sid":"Office","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"No","Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;

#[test]
fn names_the_first_thing_that_missed() {
    let policy = Policy::parse(NEAR).expect("policy");
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: None,
        context: &NoContext,
    };
    let set = PolicySet {
        identity: vec![source(&policy, "Read", "user Ann")],
        ..PolicySet::default()
    };
    let explanation = explain(&request, &set);
    assert_eq!(
        explanation.to_string(),
        "Denied (nothing allows it): arn:aws:iam::111111111111:user/Ann performs s3:GetObject on arn:aws:s3:::b/k\n\
         Cause: no identity-based policy allows it\n\
         AWS says: User: arn:aws:iam::111111111111:user/Ann is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k\" \
         because no identity-based policy allows the s3:GetObject action\n\
         - identity-based policy Read (user Ann): says nothing\n    \
             statement 2 `Reports` (Allow) does not match: Resource is `arn:aws:s3:::reports/*`, the request has `arn:aws:s3:::b/k`\n    \
             statement 3 `Office` (Allow) does not match: IpAddress aws:SourceIp wants `203.0.113.0/24`, the request has none\n    \
             1 statement is about other actions\n"
    );
    let json = serde_json::to_value(&explanation).expect("serialisable");
    assert_eq!(
        json["policies"][0]["statements"][1]["mismatch"]["key"],
        "aws:SourceIp"
    );
    assert_eq!(json["policies"][0]["otherStatements"], 1);
    assert_eq!(json["decision"]["outcome"], "ImplicitlyDenied");
    // The fields that docs/explanations.md promises.
    let keys = |json: &serde_json::Value| {
        let object = json.as_object().expect("an object");
        object.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        keys(&json),
        "action callerAccount decision message ownerAccount policies principal remedy resource rule sameAccount"
    );
    assert_eq!(
        keys(&json["decision"]["cause"]),
        "arnShown attachedTo explicit kind policyArn policyName sid statement"
    );
    assert_eq!(
        keys(&json["policies"][0]),
        "arn attachedTo kind name notApplied otherStatements says statements"
    );
    assert_eq!(
        keys(&json["policies"][0]["statements"][0]),
        "effect index mismatch sid strength"
    );
    assert_eq!(
        keys(&json["policies"][0]["statements"][0]["mismatch"]),
        "element had key operator wanted"
    );
}

#[test]
fn names_the_group_whose_policy_denies() {
    let (near, deny) = (
        Policy::parse(NEAR).expect("policy"),
        Policy::parse(DENY).expect("policy"),
    );
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: None,
        context: &NoContext,
    };
    let identity = vec![
        source(&near, "Read", "user Ann"),
        source(&deny, "deny-s3", "group Developers"),
    ];
    let text = explain(
        &request,
        &PolicySet {
            identity,
            ..PolicySet::default()
        },
    )
    .to_string();
    assert!(
        text.contains("Cause: explicit deny in group Developers, identity-based policy deny-s3\n"),
        "{text}"
    );
    assert!(text.contains("statement 1 `No` (Deny) matches\n"), "{text}");
}

/// What the text proposes, by what is amiss.
#[test]
fn tells_the_smallest_change_and_whose_it_is() {
    let parse = |statement: &str| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        Policy::parse(&text).expect("policy")
    };
    let may = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#;
    let no = r#"{"Sid":"Never","Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::222222222222:role/S3"}"#;
    let to = |rest: &str| format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole",{rest}}}"#);
    let open = to(r#""Principal":{"AWS":"111111111111"}"#);
    let rows = [
        (
            may,
            Some(no),
            open.clone(),
            "explicit deny in group Developers, inline policy deny-assume-S3-role-in-production (account 111111111111), statement 1 `Never`: who administers it must remove or narrow it",
        ),
        (
            may,
            None,
            to(
                r#""Principal":{"AWS":"111111111111"},"Condition":{"StringEquals":{"sts:ExternalId":"12345"}}"#,
            ),
            "make the request with sts:externalid `12345`",
        ),
        (
            may,
            None,
            to(
                r#""Principal":{"AWS":"111111111111"},"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
            ),
            "add `o-2` to StringEquals aws:PrincipalOrgID in statement 1 of role S3, role trust policy trust (account 222222222222)",
        ),
        (
            may,
            None,
            to(r#""Principal":{"AWS":"333333333333"}"#),
            "add the principal `arn:aws:iam::111111111111:user/Ann` to statement 1 of role S3, role trust policy trust (account 222222222222)",
        ),
        (
            "",
            None,
            open.clone(),
            r#"add {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::222222222222:role/S3"} to user Ann, an identity-based policy (account 111111111111)"#,
        ),
    ];
    struct InOrg;
    impl crate::request::Context for InOrg {
        fn get(&self, key: &str) -> Option<Value<'_>> {
            (key == "aws:principalorgid").then(|| Value::One("o-2".into()))
        }
    }
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::222222222222:role/S3",
        resource_account: None,
        context: &InOrg,
    };
    for (identity, group, trust, expected) in rows {
        let (identity, group, trust) = (parse(identity), group.map(parse), parse(&trust));
        let own = source(&identity, "own", "user Ann");
        let of_group = group.as_ref().map(|policy| {
            source(
                policy,
                "deny-assume-S3-role-in-production",
                "group Developers",
            )
        });
        let set = PolicySet {
            identity: [own].into_iter().chain(of_group).collect(),
            resource: Some(source(&trust, "trust", "role S3")),
            resource_rule: crate::ResourceRule::MustAdmit,
            ..PolicySet::default()
        };
        let text = advise(&request, &set).to_string();
        let last = text.lines().last().expect("a line");
        assert_eq!(last, format!("To allow it: {expected}"), "{text}");
        assert!(
            explain(&request, &set).remedy.is_none(),
            "only when asked for"
        );
    }
    // Where no policy helps, who must act.
    let trust = parse(&open);
    let root = Principal {
        kind: PrincipalKind::Root,
        arn: "arn:aws:iam::111111111111:root".into(),
        ..user()
    };
    let request = Request {
        principal: &root,
        ..request
    };
    let set = PolicySet {
        resource: Some(source(&trust, "trust", "role S3")),
        resource_rule: crate::ResourceRule::MustAdmit,
        ..PolicySet::default()
    };
    let advice = advise(&request, &set);
    assert!(advice.to_string().ends_with(
        "To allow it: no policy lets a root user assume a role: sign in as a user or a role of the account\n"
    ));
    let json = serde_json::to_value(&advice).expect("serialisable");
    assert_eq!(json["remedy"]["edits"], serde_json::json!([]));
}

/// Caller's kind, action, resource, its owner, and what AWS says; nothing allows anything.
#[test]
fn section_6_1_sentences() {
    use PrincipalKind::{Root, User, WebIdentity};
    const ROLE: &str = "arn:aws:iam::111111111111:role/R";
    let (own, other) = ("111111111111", "222222222222");
    let ann = "User: arn:aws:iam::111111111111:user/Ann is not authorized to perform: ";
    let rows = [
        (
            User,
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            own,
            format!(
                "{ann}s3:GetObject on resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action"
            ),
        ),
        (
            User,
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            other,
            "Access Denied".to_owned(),
        ),
        (
            User,
            "s3:ListAllMyBuckets",
            "arn:aws:s3:::*",
            own,
            format!(
                "{ann}s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action"
            ),
        ),
        (
            User,
            "lambda:ListFunctions",
            "*",
            own,
            format!(
                "{ann}lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action"
            ),
        ),
        (
            User,
            "sts:AssumeRole",
            ROLE,
            own,
            format!(
                "{ann}sts:AssumeRole on resource: {ROLE} because no role trust policy allows the sts:AssumeRole action"
            ),
        ),
        (
            User,
            "sts:AssumeRole",
            ROLE,
            other,
            format!("{ann}sts:AssumeRole on resource: {ROLE}"),
        ),
        (
            Root,
            "sts:AssumeRole",
            ROLE,
            own,
            "Roles may not be assumed by root accounts.".to_owned(),
        ),
        (
            WebIdentity,
            "sts:AssumeRoleWithWebIdentity",
            ROLE,
            own,
            "Not authorized to perform sts:AssumeRoleWithWebIdentity".to_owned(),
        ),
    ];
    for (kind, action, resource, owner, expected) in rows {
        let principal = Principal { kind, ..user() };
        let request = Request {
            principal: &principal,
            action,
            resource,
            resource_account: Some(owner),
            context: &NoContext,
        };
        let set = PolicySet {
            resource_rule: if action.starts_with("sts:") {
                crate::ResourceRule::MustAdmit
            } else {
                crate::ResourceRule::Ordinary
            },
            ..PolicySet::default()
        };
        assert_eq!(explain(&request, &set).message, Some(expected));
    }
}
