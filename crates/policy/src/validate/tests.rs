//! Every check fires and keeps still; the list of checks is whole; what cannot be written is an error.

mod consistency;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::Document;
use rows::ROWS;

/// A kind of policy, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Identity,
    Trust,
    Bucket,
    Resource,
    Scp,
    Rcp,
}

pub(super) fn run(text: &str, kind: Kind) -> Vec<Finding> {
    let (policy_type, resource_type) = match kind {
        Kind::Identity => (PolicyType::Identity, None),
        Kind::Trust => (
            PolicyType::Resource,
            Some(ResourceType::AssumeRolePolicyDocument),
        ),
        Kind::Bucket => (PolicyType::Resource, Some(ResourceType::S3Bucket)),
        Kind::Resource => (PolicyType::Resource, None),
        Kind::Scp => (PolicyType::ServiceControl, None),
        Kind::Rcp => (PolicyType::ResourceControl, None),
    };
    validate(text, policy_type, resource_type)
}

fn document(text: &str) -> String {
    match text.strip_prefix('!') {
        Some(whole) => whole.to_owned(),
        None => format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#),
    }
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.issue_code).collect()
}

#[test]
fn every_check_fires_where_it_should_and_only_there() {
    for (code, kind, bad, good) in ROWS {
        let found = run(&document(bad), *kind);
        assert!(codes(&found).contains(code), "{code} on {bad}: {found:#?}");
        let found = run(&document(good), *kind);
        assert!(
            !codes(&found).contains(code),
            "{code} on {good}: {found:#?}"
        );
    }
}

/// Sizes, whose documents are too long for the table.
#[test]
fn policies_that_are_too_long_are_told() {
    let long = |head: &str, length: usize| {
        let tail = format!(r#""Resource":"arn:aws:s3:::{}"}}}}"#, "b".repeat(length));
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"s3:*",{head}{tail}"#
        )
    };
    let everyone = r#""Principal":"*","#;
    for (code, kind, head, most) in [
        (
            "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
            Kind::Identity,
            "",
            6_144,
        ),
        (
            "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
            Kind::Trust,
            everyone,
            2_048,
        ),
        (
            "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
            Kind::Bucket,
            everyone,
            20_480,
        ),
        ("POLICY_SIZE_EXCEEDS_SCP_QUOTA", Kind::Scp, "", 10_240),
        ("POLICY_SIZE_EXCEEDS_RCP_QUOTA", Kind::Rcp, everyone, 5_120),
    ] {
        let fixed = long(head, 0).len();
        assert!(
            !codes(&run(&long(head, most - fixed), kind)).contains(&code),
            "{code}"
        );
        assert!(
            codes(&run(&long(head, most - fixed + 1), kind)).contains(&code),
            "{code}"
        );
        let spaced = long(head, most - fixed).replace("\":", "\": ");
        let is_counted = !matches!(kind, Kind::Identity | Kind::Trust);
        assert_eq!(
            codes(&run(&spaced, kind)).contains(&code),
            is_counted,
            "{code}"
        );
    }
}

#[test]
fn every_check_has_a_row() {
    let in_rows: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let by_size = |code: &&str| code.starts_with("POLICY_SIZE_");
    let known: BTreeSet<&str> = checks().map(|check| check.code).collect();
    assert_eq!(checks().count(), known.len(), "a code stands twice");
    let missing: Vec<_> = known
        .difference(&in_rows)
        .filter(|code| !by_size(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unknown: Vec<_> = in_rows.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The headings of the guide of 2023, in its order: 76 errors, 23 warnings, 14 security warnings, 25 suggestions; three stand twice.
const GUIDE_2023: &str = include_str!("tests/guide_2023.txt");

#[test]
fn every_heading_of_the_guide_of_2023_is_a_check() {
    let headings: Vec<&str> = GUIDE_2023.lines().collect();
    assert_eq!(headings.len(), 138);
    let of_guide: BTreeMap<String, &Check> = checks()
        .filter(|check| check.origin == Origin::Guide)
        .map(|check| {
            (
                format!("{} - {}", check.kind.heading(), check.heading),
                check,
            )
        })
        .collect();
    let missing: Vec<&&str> = headings
        .iter()
        .filter(|heading| !of_guide.contains_key(**heading))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let distinct: BTreeSet<&str> = headings.iter().copied().collect();
    assert_eq!((distinct.len(), of_guide.len()), (135, 135));
    // AWS's codes are its headings in capitals, but for the words that it joins or parts.
    for (heading, check) in of_guide {
        let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '_'], "");
        let (_, heading) = heading.split_once(" - ").unwrap();
        assert_eq!(plain(heading), plain(check.code));
    }
}

#[test]
fn a_finding_has_the_shape_of_awss_answer() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": [\"s3:GetObjekt\"], \"Resource\": \"arn:aws:s3:::b/${aws:username\"}\n  ]\n}";
    let findings = run(text, Kind::Identity);
    let json = serde_json::to_value(&findings).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(2), "{json:#}");
    assert_eq!(
        json[0],
        serde_json::json!({
            "findingDetails": "Amazon S3 has no action `GetObjekt`. Did you mean `s3:GetObject`?",
            "findingType": "ERROR",
            "issueCode": "INVALID_ACTION",
            "learnMoreLink": "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-action",
            "locations": [{
                "path": [{"value": "Statement"}, {"index": 0}, {"value": "Action"}, {"index": 0}],
                "span": {
                    "start": {"line": 4, "column": 35, "offset": 81},
                    "end": {"line": 4, "column": 49, "offset": 95}
                }
            }]
        })
    );
    assert_eq!(
        json[1]["locations"][0]["path"][3],
        serde_json::json!({"substring": {"start": 15, "length": 14}})
    );
    let links: BTreeMap<&str, String> = checks()
        .map(|check| (check.code, check.learn_more_link()))
        .collect();
    assert!(
        links["PASS_ROLE_WITH_STAR_IN_RESOURCE"]
            .ends_with("-checks-security-warning-pass-role-with-star-in-resource")
    );
    assert!(links["MISSING_VERSION"].ends_with("-checks-general-warning-missing-version"));
}

#[test]
fn good_policies_have_no_findings() {
    for (kind, text) in [
        (
            Kind::Identity,
            r#"{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/${aws:username}/*"]}"#,
        ),
        (
            Kind::Identity,
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::999999999999:role/UpdateApp"}"#,
        ),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"sts:ExternalId":"12345"}}}"#,
        ),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
        ),
        (
            Kind::Bucket,
            r#"{"Sid":"Denies plain HTTP","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
        ),
        (
            Kind::Scp,
            r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        ),
        (
            Kind::Scp,
            r#"{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}}"#,
        ),
        (
            Kind::Rcp,
            r#"{"Effect":"Deny","Principal":"*","Action":["s3:*","sts:AssumeRole"],"Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}"#,
        ),
    ] {
        let findings = run(&document(text), kind);
        assert!(findings.is_empty(), "{text}: {findings:#?}");
    }
}

#[test]
fn a_document_is_validated_like_its_text() {
    let text = document(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let parsed = Document::parse(&text).unwrap();
    assert_eq!(
        validate(&parsed, PolicyType::Identity, None),
        validate(&text, PolicyType::Identity, None)
    );
}

/// Findings are limited, and nothing is compared with everything else.
#[test]
fn hostile_documents_are_told_enough_and_no_more() {
    let list = |item: &dyn Fn(usize) -> String, count: usize| {
        (0..count)
            .map(|index| format!("\"{}\"", item(index)))
            .collect::<Vec<_>>()
            .join(",")
    };
    let wildcards = list(&|index| format!("s3:*{index}*"), 8_000);
    let resources = list(&|index| format!("arn:aws:s4:::{index}*?"), 8_000);
    let nested = format!("{}{}", "[".repeat(12), "]".repeat(12));
    for text in [
        document(&format!(
            r#"{{"Effect":"Allow","Action":[{wildcards}],"Resource":[{resources}]}}"#
        )),
        document(&format!(
            r#"{{"Effect":"Allow","Action":{nested},"Resource":"{}"}}"#,
            "${".repeat(200_000)
        )),
        document(&vec!["{}"; 10_000].join(",")),
        document(&format!(
            r#"{{"{}":{{"k":[{}]}}}}"#,
            "Condition",
            vec!["[]"; 10_000].join(",")
        )),
        format!(
            r#"{{"{}":1,"Statement":[{}]}}"#,
            "x".repeat(500_000),
            vec!["7"; 10_000].join(",")
        ),
    ] {
        for kind in [
            Kind::Identity,
            Kind::Trust,
            Kind::Bucket,
            Kind::Scp,
            Kind::Rcp,
        ] {
            let found = run(&text, kind);
            assert!(!found.is_empty() && found.len() <= FINDINGS_MAX);
        }
    }
}
