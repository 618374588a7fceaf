//! Inputs made to be dear. Nothing is timed: a matcher that tries every way would not end at all, and what is too large is refused.

use serde_json::json;
use twinlock_policy::{Document, Outcome, json as reader};
use twinlock_spec::{Case, ContextValue, Written};

use crate::engine::engine;
use crate::generator;

/// A signed caller of his own account, with one identity statement.
fn case(statement: &serde_json::Value) -> Case {
    let seeds = 0..;
    let principal = seeds
        .map(|seed| generator::case(seed).principal)
        .find(|principal| principal.kind == twinlock_policy::PrincipalKind::User)
        .expect("a user");
    let mut case = Case::of(principal, "s3:GetObject", "arn:aws:s3:::b/k");
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    case.identity = vec![Written::parse(&document).unwrap()];
    case
}

fn allowed(case: &Case) -> bool {
    engine(case).outcome == Outcome::Allowed
}

#[test]
fn stars_over_long_names() {
    let stars = "a*".repeat(10_000);
    let mut case = case(&json!({
        "Effect": "Allow", "Action": format!("s3:{}b", "*?".repeat(3_000)), "Resource": format!("arn:aws:s3:::{stars}b"),
        "Condition": {"StringLike": {"k": format!("{stars}b")}, "ArnLike": {"r": format!("arn:aws:s3:::{stars}b")}},
    }));
    case.action = format!("s3:{}", "b".repeat(6_000));
    case.resource = format!("arn:aws:s3:::{}", "a".repeat(20_000));
    case.context
        .insert("k".to_owned(), ContextValue::One("a".repeat(20_000)));
    case.context
        .insert("r".to_owned(), ContextValue::One(case.resource.clone()));
    assert!(!allowed(&case));
    case.resource.push('b');
    case.context.insert(
        "k".to_owned(),
        ContextValue::One(format!("{}b", "a".repeat(20_000))),
    );
    case.context
        .insert("r".to_owned(), ContextValue::One(case.resource.clone()));
    assert!(allowed(&case));
}

#[test]
fn variables_whose_values_are_long_and_full_of_stars() {
    let mut case = case(&json!({
        "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{}*b", "*${k}".repeat(50)),
    }));
    case.context
        .insert("k".to_owned(), ContextValue::One("*a".repeat(2_000)));
    case.resource = format!("arn:aws:s3:::{}", "*a".repeat(99_999));
    assert!(!allowed(&case));
    let nested = format!("{}x{}", "${".repeat(20_000), "}".repeat(20_000));
    case.identity = vec![
        Written::parse(
            &json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{nested}")}})
                .to_string(),
        )
        .unwrap(),
    ];
    assert!(!allowed(&case));
}

#[test]
fn lists_on_both_sides() {
    let many = |prefix: &str| (0..700).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
    for operator in [
        "ForAllValues:StringNotLike",
        "ForAnyValue:StringEqualsIgnoreCase",
        "ForAllValues:NumericNotEquals",
    ] {
        let mut case = case(&json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": many("1")}},
        }));
        case.context
            .insert("k".to_owned(), ContextValue::Many(many("2")));
        assert_eq!(allowed(&case), operator.starts_with("ForAll"), "{operator}");
    }
}

#[test]
fn values_of_a_hundred_thousand_digits() {
    let long = "9".repeat(100_000);
    for (operator, wanted, holds) in [
        ("NumericLessThan", format!("1{long}"), true),
        ("NumericEquals", format!("{long}.0"), true),
        (
            "DateLessThan",
            format!("2024-05-01T00:00:00.{long}Z"),
            false,
        ),
        ("IpAddress", format!("10.0.0.0/{long}"), false),
        ("BinaryEquals", long.clone(), true),
        ("Bool", long.clone(), false),
    ] {
        let mut case = case(&json!({
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": wanted}},
        }));
        case.context
            .insert("k".to_owned(), ContextValue::One(long.clone()));
        assert_eq!(allowed(&case), holds, "{operator}");
    }
}

#[test]
fn nesting_is_refused_before_it_is_deep() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let depth = reader::Limits::DOCUMENT.depth_max;
        let nested = |depth: usize| {
            let inner = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            format!(r#"{{"Statement":{inner}}}"#)
        };
        assert!(Document::parse(&nested(depth - 1)).is_ok(), "{open}");
        for deeper in [depth, depth + 1, 100_000] {
            assert!(Document::parse(&nested(deeper)).is_err(), "{open} {deeper}");
        }
        assert!(Document::parse(&open.repeat(1_000_000)).is_err());
    }
}

#[test]
fn sizes_are_refused_before_they_are_large() {
    let limits = reader::Limits::DOCUMENT;
    let values = |count: usize| format!(r#"{{"Statement":[{}]}}"#, vec!["1"; count].join(","));
    assert!(Document::parse(&values(limits.values_max - 10)).is_ok());
    assert!(Document::parse(&values(limits.values_max + 1)).is_err());
    let bytes = |count: usize| format!(r#"{{"Id":"{}"}}"#, "x".repeat(count));
    assert!(Document::parse(&bytes(limits.bytes_max - 20)).is_ok());
    assert!(Document::parse(&bytes(limits.bytes_max)).is_err());
}

#[test]
fn thousands_of_statements_and_principals() {
    let accounts: Vec<String> = (0..20_000).map(|n| format!("{n:012}")).collect();
    let mut case = case(&json!([]));
    let statements: Vec<_> = (0..3_000)
        .map(|n| json!({"Effect": "Allow", "Principal": {"AWS": format!("{n:012}")}, "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b{n}/*")}))
        .chain([json!({"Effect": "Allow", "Principal": {"AWS": accounts}, "NotAction": accounts, "Resource": "*"})])
        .collect();
    case.resource_account = Some("999999999999".to_owned());
    case.resource_policy = Some(
        Written::parse(&json!({"Version": "2012-10-17", "Statement": statements}).to_string())
            .unwrap(),
    );
    assert!(!allowed(&case));
}
