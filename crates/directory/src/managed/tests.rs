//! What the catalogue must hold, and that all of it unpacks.

use serde_json::Value;
use twinlock_policy::validate::{FindingType, PolicyType, validate};

use super::*;

fn parsed(arn: &str) -> Value {
    serde_json::from_str(&document(arn).unwrap()).unwrap()
}

#[test]
fn the_whole_catalogue_unpacks_and_every_document_is_a_policy() {
    assert!(list().len() > 1_400);
    assert!(list().is_sorted_by(|a, b| a.name.to_ascii_lowercase() < b.name.to_ascii_lowercase()));
    for block in 0..CATALOGUE.blocks() {
        assert!(CATALOGUE.block(block).is_some(), "block {block}");
    }
    for policy in list() {
        assert!(policy.document().is_some(), "{}", policy.name);
        assert!(policy.compiled().is_some(), "{}", policy.name);
        assert_eq!(policy.id.len(), 21);
        assert!(
            policy.default_version > 0 && policy.created_ms <= policy.updated_ms,
            "{}",
            policy.name
        );
    }
}

#[test]
fn administrator_access_is_as_aws_has_it() {
    let policy = get("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
    assert_eq!(
        (policy.name, policy.path, policy.default_version),
        ("AdministratorAccess", "/", 1)
    );
    assert_eq!(policy.created_ms, 1_423_247_986_000);
    assert!(policy.attachable);
    let expected = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
}"#;
    assert_eq!(&*policy.document().unwrap(), expected);
    assert!(compiled(policy.arn).is_some());
}

#[test]
fn power_user_access_is_the_real_one() {
    let document = parsed("arn:aws:iam::aws:policy/PowerUserAccess");
    assert_eq!(
        document["Statement"][0]["NotAction"],
        serde_json::json!(["iam:*", "organizations:*", "account:*"])
    );
    let second = document["Statement"][1]["Action"].as_array().unwrap();
    assert!(second.contains(&Value::from("iam:CreateServiceLinkedRole")));
}

#[test]
fn every_path_is_reached() {
    for (arn, action) in [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "s3:Get*"),
        (
            "arn:aws:iam::aws:policy/job-function/Billing",
            "aws-portal:*Billing",
        ),
        (
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            "logs:PutLogEvents",
        ),
    ] {
        assert!(
            document(arn).unwrap().contains(&format!("\"{action}\"")),
            "{arn}"
        );
        assert!(get(arn).unwrap().attachable);
    }
    let service_linked =
        get("arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy").unwrap();
    assert!(!service_linked.attachable);
}

#[test]
fn an_arn_is_exact() {
    for arn in [
        "arn:aws:iam::aws:policy/administratoraccess",
        "arn:aws:iam::aws:policy/job-function/AdministratorAccess",
        "arn:aws:iam::aws:policy/Billing",
        "arn:aws:iam::111111111111:policy/AdministratorAccess",
        "AdministratorAccess",
        "",
    ] {
        assert!(get(arn).is_none(), "{arn}");
    }
}

#[test]
fn laying_out_changes_white_space_only() {
    let compact = r#"{"a":[],"b":{},"c":["x, {y}: \"[z]\"",1],"d":"\\"}"#;
    let laid_out = lay_out(compact);
    assert_eq!(
        serde_json::from_str::<Value>(&laid_out).unwrap(),
        serde_json::from_str::<Value>(compact).unwrap()
    );
    assert!(laid_out.contains("\n    \"a\": [],\n    \"b\": {},\n"));
}

/// AWS's guide on its checks names policies of its own that have these findings.
#[test]
fn the_findings_that_aws_names_in_its_own_policies_are_found() {
    let codes = |name: &str| -> Vec<&'static str> {
        let policy = list().iter().find(|policy| policy.name == name).unwrap();
        let text = policy.document().unwrap();
        let findings = validate(&*text, PolicyType::Identity, None);
        findings.iter().map(|finding| finding.issue_code).collect()
    };
    for (name, code) in [
        ("PowerUserAccess", "CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        (
            "AWSOrganizationsServiceTrustPolicy",
            "CREATE_SLR_WITH_STAR_IN_RESOURCE",
        ),
        (
            "AdministratorAccess",
            "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
        ),
        (
            "IAMFullAccess",
            "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
        ),
        (
            "AdministratorAccess",
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        ),
        (
            "IAMFullAccess",
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        ),
        (
            "AdministratorAccess-Amplify",
            "PASS_ROLE_WITH_STAR_IN_RESOURCE",
        ),
        (
            "ReadOnlyAccess",
            "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
        ),
        (
            "S3UnlockBucketPolicy",
            "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        ),
        (
            "AWSCodePipeline_FullAccess",
            "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        ),
    ] {
        assert!(codes(name).contains(&code), "{name}: {:?}", codes(name));
    }
    for (name, code) in [
        (
            "PowerUserAccess",
            "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
        ),
        ("AmazonEC2FullAccess", "CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        ("AmazonS3FullAccess", "REDUNDANT_ACTION"),
    ] {
        assert!(!codes(name).contains(&code), "{name}");
    }
}

/// A check that calls wrong what AWS wrote would be wrong itself. What is left are names that the reference no longer has.
#[test]
fn awss_own_policies_have_hardly_an_error() {
    let sample = list().iter().step_by(10);
    let (mut policies, mut with_errors) = (0, Vec::new());
    for policy in sample {
        policies += 1;
        let text = policy.document().unwrap();
        let findings = validate(&*text, PolicyType::Identity, None);
        let errors = findings
            .iter()
            .filter(|finding| finding.finding_type == FindingType::Error);
        let codes: Vec<&str> = errors.map(|finding| finding.issue_code).collect();
        if !codes.is_empty() {
            with_errors.push((policy.name, codes));
        }
    }
    assert!(policies > 140);
    assert!(with_errors.len() * 10 < policies, "{with_errors:#?}");
}
