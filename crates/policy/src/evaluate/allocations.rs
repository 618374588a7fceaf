//! What allows costs no allocation, whatever kinds of policies and conditions it takes. What is allowed at all is asked of both
//! evaluators in `spec/tests`.

use allocation_counter::measure;

use super::*;
use crate::{Context, Policy, Value};

struct Keys;

impl Context for Keys {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        let value = match key_lower {
            "aws:useragent" => "aws-cli/2.0",
            "aws:principaltag/team" | "aws:requesttag/team" => "blue",
            "aws:sourceip" => "10.1.2.3",
            "aws:securetransport" => "true",
            "aws:multifactorauthage" => "12",
            "aws:currenttime" => "2026-05-01T10:00:00Z",
            "aws:principalarn" => "arn:aws:iam::111111111111:user/Ann",
            "aws:username" => "Ann",
            _ => return None,
        };
        Some(Value::One(value.into()))
    }
}

fn policy(statements: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    Policy::parse(&text).expect("policy")
}

fn source(policy: &Policy) -> Source<'_> {
    Source {
        policy,
        name: "P",
        arn: None,
        attached_to: "it",
    }
}

#[test]
fn an_allowed_request_allocates_nothing() {
    let conditions = r#""Condition":{
        "StringLike":{"aws:UserAgent":["curl*","aws-cli/*"]},
        "StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"},
        "StringEqualsIgnoreCase":{"aws:RequestTag/team":"BLUE"},
        "IpAddress":{"aws:SourceIp":["192.0.2.0/24","10.0.0.0/8"]},
        "Bool":{"aws:SecureTransport":"true"},
        "NumericLessThan":{"aws:MultiFactorAuthAge":"300.5"},
        "DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},
        "ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"},
        "StringNotEqualsIfExists":{"aws:SourceVpce":"vpce-1"},
        "Null":{"aws:TokenIssueTime":"true"}}"#;
    let own = policy(&format!(
        r#"{{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/${{aws:username}}/*"}},
           {{"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:s3:::b/*/${{aws:username, 'nobody'}}*",{conditions}}},
           {{"Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::?/Ann/*",{conditions}}}"#
    ));
    let bucket = policy(
        r#"{"Effect":"Allow","Principal":{"AWS":["333333333333","arn:aws:iam::111111111111:root"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
           {"Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"*","Resource":"*"}"#,
    );
    let all = policy(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let principal = crate::Principal {
        kind: PrincipalKind::User,
        account: Some("111111111111".to_owned()),
        arn: "arn:aws:iam::111111111111:user/Ann".to_owned(),
        ..crate::Principal::anonymous()
    };
    let level = || {
        Some(vec![Level {
            target: "r-1",
            policies: vec![source(&all)],
        }])
    };
    assert!(measure(|| drop(policy(""))).count_total > 0, "it counts");
    for owner in ["111111111111", "222222222222"] {
        let request = Request {
            principal: &principal,
            action: "s3:GetObject",
            resource: "arn:aws:s3:::b/Ann/Ann.txt",
            resource_account: Some(owner),
            context: &Keys,
        };
        let set = PolicySet {
            identity: vec![source(&all), source(&own)],
            resource: Some(source(&bucket)),
            session: Some(vec![source(&own)]),
            scps: level(),
            rcps: level(),
            ..PolicySet::default()
        };
        let mut allowed = false;
        let counted = measure(|| allowed = evaluate(&request, &set).allowed());
        assert!(allowed, "{owner}");
        assert_eq!(counted.count_total, 0, "{owner}");
    }
}
