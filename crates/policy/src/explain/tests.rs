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

#[test]
fn another_accounts_policies_are_left_out() {
    let bucket = Policy::parse(
        r#"{"Version":"2012-10-17","Statement":{"Sid":"Secret","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#,
    )
    .expect("policy");
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: Some("222222222222"),
        context: &NoContext,
    };
    let set = PolicySet {
        resource: Some(source(&bucket, "bucket b", "bucket b")),
        ..PolicySet::default()
    };
    let full = explain(&request, &set);
    assert!(
        serde_json::to_string(&full)
            .expect("JSON")
            .contains("Secret")
    );
    let redacted = full.redacted_for_caller();
    assert!(!redacted.decision.allowed());
    assert!(
        !serde_json::to_string(&redacted)
            .expect("JSON")
            .contains("Secret")
    );
    assert!(redacted.policies.is_empty());
}
