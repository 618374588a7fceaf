//! Whether S3 calls a bucket policy public (specification 5.7).

use crate::Policy;
use crate::condition::OperatorName;
use crate::document::{ConditionEntry, Effect, PrincipalType, Statement};
use crate::value::Network;

/// Widest IPv4 and IPv6 ranges of `aws:SourceIp` that S3 does not call public.
const IPV4_BITS_MIN: u8 = 8;
const IPV6_BITS_MIN: u8 = 32;

/// Whether the policy lets anybody in, in the sense of S3 Block Public Access: some Allow for everyone that no condition narrows to
/// fixed accounts, organizations, networks or identities.
pub fn is_public(policy: &Policy) -> bool {
    policy
        .document()
        .statements()
        .iter()
        .any(statement_is_public)
}

fn statement_is_public(statement: &Statement) -> bool {
    if statement.effect != Some(Effect::Allow) {
        return false;
    }
    let everyone = match &statement.principal {
        Some(element) => {
            element.star
                || element
                    .entries
                    .iter()
                    .any(|entry| entry.kind == PrincipalType::Aws && entry.text.value == "*")
        }
        // Whom a NotPrincipal lets in is not fixed.
        None => statement.not_principal.is_some(),
    };
    everyone && !statement.conditions.iter().any(narrows)
}

/// Whether a condition alone keeps the public out. IfExists, negated and ForAllValues forms are true when the key is absent.
fn narrows(condition: &ConditionEntry) -> bool {
    let operator = OperatorName::parse(&condition.operator.value);
    let values = || {
        condition
            .values
            .values
            .iter()
            .map(|text| text.value.as_str())
    };
    if operator.if_exists || operator.for_all || values().next().is_none() {
        return false;
    }
    // Neither a wildcard nor a variable is a fixed value.
    let fixed = || values().all(|value| !value.contains(['*', '?']) && !value.contains("${"));
    match condition.key.value.to_ascii_lowercase().as_str() {
        "aws:principalarn"
        | "aws:principalaccount"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:sourcearn"
        | "aws:sourceaccount"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:userid"
        | "s3:dataaccesspointarn"
        | "s3:dataaccesspointaccount" => {
            matches!(
                operator.base.as_str(),
                "StringEquals" | "StringEqualsIgnoreCase" | "StringLike" | "ArnEquals" | "ArnLike"
            ) && fixed()
        }
        "aws:sourceip" => operator.base == "IpAddress" && values().all(narrow_network),
        _ => false,
    }
}

fn narrow_network(text: &str) -> bool {
    Network::parse(text).is_some_and(|network| {
        let bits_min = if network.is_ipv4() {
            IPV4_BITS_MIN
        } else {
            IPV6_BITS_MIN
        };
        network.bits() >= bits_min
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Specification 5.7: principal, condition, public?
    #[test]
    fn section_5_7_public_policies() {
        let rows = [
            (r#""*""#, "{}", true),
            (r#"{"AWS":"*"}"#, "{}", true),
            (r#"{"AWS":["111111111111","*"]}"#, "{}", true),
            (r#"{"AWS":"111111111111"}"#, "{}", false),
            (r#"{"Service":"s3.amazonaws.com"}"#, "{}", false),
            (
                r#""*""#,
                r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
                false,
            ),
            (
                r#""*""#,
                r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"StringNotEquals":{"aws:PrincipalAccount":"111111111111"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/ou-1/*"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/ou-1/*"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}"#,
                false,
            ),
            (
                r#""*""#,
                r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
                false,
            ),
            (
                r#""*""#,
                r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/1"]}}"#,
                true,
            ),
            (r#""*""#, r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, true),
            (
                r#""*""#,
                r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/*"}}"#,
                true,
            ),
            (
                r#""*""#,
                r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/App"}}"#,
                true,
            ),
            (r#""*""#, r#"{"StringLike":{"aws:userid":"AROA1:*"}}"#, true),
            (r#""*""#, r#"{"StringLike":{"aws:userid":"*"}}"#, true),
            (
                r#""*""#,
                r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/App"}}"#,
                false,
            ),
            (
                r#""*""#,
                r#"{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/ou-1/"}}"#,
                false,
            ),
            (
                r#""*""#,
                r#"{"stringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
                true,
            ),
            (r#""*""#, r#"{"StringEquals":{"aws:UserAgent":"x"}}"#, true),
            (r#""*""#, r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
            (
                r#""*""#,
                r#"{"StringEquals":{"aws:PrincipalAccount":[]}}"#,
                true,
            ),
        ];
        for (principal, condition, expected) in rows {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"*","Condition":{condition}}}]}}"#
            );
            assert_eq!(
                is_public(&Policy::parse(&text).expect("policy")),
                expected,
                "{text}"
            );
        }
        let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
        assert!(!is_public(&Policy::parse(deny).expect("policy")));
    }
}
