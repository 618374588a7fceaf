//! Documents as the walkthroughs write them, and what the console shows of them.

use super::*;

fn summary(text: &str) -> Summary {
    summarise(&Document::parse(text).unwrap())
}

fn levels(row: &ServiceRow) -> Vec<(AccessLevel, bool)> {
    row.levels
        .iter()
        .map(|level| (level.level, level.full))
        .collect()
}

const LIMITED: bool = false;

#[test]
fn a_bucket_policy_of_the_tutorial_is_limited_by_level_and_resource() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::productionapp"},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::productionapp/*"}]}"#,
    );
    assert_eq!(
        (
            summary.allow.len(),
            summary.deny.len(),
            summary.without_effect.len()
        ),
        (1, 0, 0)
    );
    assert!(summary.services_total > 400);
    let s3 = &summary.allow[0];
    assert_eq!(
        (s3.prefix, s3.full_access, s3.unconditional),
        ("s3", false, true)
    );
    assert_eq!(
        levels(s3),
        [
            (AccessLevel::List, LIMITED),
            (AccessLevel::Read, LIMITED),
            (AccessLevel::Write, LIMITED)
        ]
    );
    assert_eq!(
        s3.resources,
        [
            "*",
            "arn:aws:s3:::productionapp",
            "arn:aws:s3:::productionapp/*"
        ]
    );
    let get = s3
        .actions
        .iter()
        .find(|action| action.name == "GetObject")
        .unwrap();
    assert_eq!(
        (get.level, &get.resources[..]),
        (
            AccessLevel::Read,
            &["arn:aws:s3:::productionapp/*".to_owned()][..]
        )
    );
}

#[test]
fn an_action_on_the_wrong_kind_of_resource_has_no_effect() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject", "s3:ListAllMyBuckets", "s3:GetObjekt", "s4:Get*", "GetObject"],
            "Resource": "arn:aws:s3:::productionapp/*"}}"#,
    );
    let found: Vec<_> = summary
        .without_effect
        .iter()
        .map(|item| (item.action.as_str(), item.why))
        .collect();
    assert_eq!(
        found,
        [
            ("s3:ListBucket", Why::NoMatchingResource),
            ("s3:ListAllMyBuckets", Why::NoMatchingResource),
            ("s3:GetObjekt", Why::UnknownAction),
            ("s4:Get*", Why::UnknownService),
            ("GetObject", Why::UnknownService),
        ]
    );
    assert_eq!(summary.allow[0].actions.len(), 1);
}

#[test]
fn everything_is_full_access_to_every_service() {
    let everything = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let summary = summary(everything);
    assert_eq!(summary.allow.len(), summary.services_total);
    assert!(
        summary
            .allow
            .iter()
            .all(|row| row.full_access && row.resources == ["*"] && row.actions.is_empty())
    );
}

#[test]
fn a_not_action_leaves_the_named_services_out() {
    let power_user = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "s3:Delete*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}]}"#;
    let summary = summary(power_user);
    assert_eq!(summary.allow.len(), summary.services_total - 1);
    let row = |prefix| summary.allow.iter().find(|row| row.prefix == prefix);
    assert!(row("organizations").is_none());
    assert_eq!(row("iam").unwrap().actions.len(), 1);
    assert!(row("ec2").unwrap().full_access);
    let s3 = row("s3").unwrap();
    assert!(
        !s3.full_access
            && s3
                .actions
                .iter()
                .all(|action| !action.name.starts_with("Delete"))
    );
    assert!(
        levels(s3).contains(&(AccessLevel::List, true))
            && levels(s3).contains(&(AccessLevel::Write, LIMITED))
    );
}

#[test]
fn a_whole_service_on_one_bucket_is_full_access_to_it() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::com.stuzio.projectx", "arn:aws:s3:::com.stuzio.projectx/*"]}}"#,
    );
    let s3 = &summary.allow[0];
    assert!(s3.full_access && s3.resources.len() == 2 && summary.without_effect.is_empty());
}

#[test]
fn a_denial_with_conditions_stands_apart() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": ["*"], "Resource": ["*"],
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2022-07-04T10:27:56.051Z"}}}}"#,
    );
    assert!(summary.allow.is_empty());
    let row = &summary.deny[0];
    assert_eq!(
        row.conditions,
        ["aws:TokenIssueTime | DateLessThan | 2022-07-04T10:27:56.051Z"]
    );
    assert!(!row.unconditional);
}

#[test]
fn a_deprecated_action_is_told() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lambda:InvokeAsync", "Resource": "*"}}"#,
    );
    assert!(summary.allow[0].actions[0].deprecated);
}

#[test]
fn a_trust_policy_is_about_its_own_role() {
    let summary = summary(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}}"#,
    );
    assert_eq!(summary.allow[0].prefix, "sts");
    assert_eq!(summary.allow[0].actions[0].name, "AssumeRole");
}

/// Somebody may give a policy to read that was written to take long: this one would take ten minutes if every way of naming an
/// action were held against every resource.
#[test]
fn a_hostile_document_costs_no_more_than_others() {
    let actions: Vec<String> = (0..700)
        .map(|n| format!("\"ec2:*{}\"", "*".repeat(n % 50)))
        .collect();
    let resources: Vec<String> = (0..200)
        .map(|n| format!("\"arn:aws:ec2:*:*:*/*a*{n}\""))
        .collect();
    let summary = summary(&format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{}],"Resource":[{}]}}}}"#,
        actions.join(","),
        resources.join(",")
    ));
    assert_eq!(summary.allow[0].resources.len(), 200);
}
