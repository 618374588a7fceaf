//! Conditions, and what rests on them: specification 3, 5.4 and 5.5.

use super::*;

/// A condition on an Allow, with a context: does it hold?
fn holds(condition: &str, context: &Keys) -> bool {
    let text =
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
    identity_allows(&text, "s3:GetObject", OBJECT, context)
}

/// Statement, then: long-term key, session without MFA, session with MFA.
#[test]
fn section_5_5_mfa() {
    let allow = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let deny = |condition: &str| {
        format!(r#"{ALL},{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let rows = [
        (
            allow(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#),
            [true, false, true],
        ),
        (
            deny(r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [true, false, true],
        ),
        (
            deny(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"Null":{"aws:MultiFactorAuthPresent":"false"}}"#),
            [false, true, true],
        ),
        (
            allow(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#),
            [false, false, true],
        ),
        (
            allow(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":300}}"#),
            [false, false, false],
        ),
    ];
    let contexts = [
        Keys::one(&[]),
        Keys::one(&[("aws:multifactorauthpresent", "false")]),
        Keys::one(&[
            ("aws:multifactorauthpresent", "true"),
            ("aws:multifactorauthage", "900"),
        ]),
    ];
    for (statement, expected) in rows {
        for (context, expected) in contexts.iter().zip(expected) {
            assert_eq!(
                identity_allows(&statement, "s3:GetObject", OBJECT, context),
                expected,
                "{statement}"
            );
        }
    }
}

/// Strictly earlier, to the millisecond; long-term keys have no issue time.
#[test]
fn section_5_4_revocation() {
    let revoke = format!(
        r#"{ALL},{{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"2026-05-01T10:00:00.500Z"}}}}}}"#
    );
    for (issued, allowed) in [
        (Some("2026-05-01T10:00:00.499Z"), false),
        (Some("2026-05-01T10:00:00.500Z"), true),
        (Some("2026-05-01T10:00:00.501Z"), true),
        (None, true),
    ] {
        let context = Keys::one(
            &issued
                .map(|issued| vec![("aws:tokenissuetime", issued)])
                .unwrap_or_default(),
        );
        assert_eq!(
            identity_allows(&revoke, "s3:GetObject", OBJECT, &context),
            allowed,
            "{issued:?}"
        );
    }
}

#[test]
fn section_3_2_absent_keys() {
    let arn = "arn:aws:iam::111111111111:role/x";
    let operators = [
        ("StringEquals", "a", false),
        ("StringEqualsIgnoreCase", "a", false),
        ("StringLike", "*", false),
        ("NumericEquals", "1", false),
        ("NumericLessThan", "1", false),
        ("DateLessThan", "2024-05-01", false),
        ("Bool", "true", false),
        ("BinaryEquals", "YQ==", false),
        ("IpAddress", "0.0.0.0/0", false),
        ("ArnEquals", arn, false),
        ("ArnLike", arn, false),
        ("StringNotEquals", "a", true),
        ("StringNotEqualsIgnoreCase", "a", true),
        ("StringNotLike", "a", true),
        ("NumericNotEquals", "1", true),
        ("DateNotEquals", "2024-05-01", true),
        ("NotIpAddress", "0.0.0.0/0", true),
        ("ArnNotEquals", arn, true),
        ("ArnNotLike", arn, true),
    ];
    let (absent, empty) = (
        Keys::one(&[]),
        Keys(HashMap::from([("aws:k", vec![])]), vec![]),
    );
    for (operator, value, negated) in operators {
        let test = |operator: &str, context: &Keys| {
            holds(
                &format!(r#"{{"{operator}":{{"aws:k":"{value}"}}}}"#),
                context,
            )
        };
        assert_eq!(test(operator, &absent), negated, "{operator}");
        assert!(
            test(&format!("{operator}IfExists"), &absent),
            "{operator}IfExists"
        );
        assert!(!test(operator, &empty), "plain {operator} over a list");
        for context in [&absent, &empty] {
            assert!(
                test(&format!("ForAllValues:{operator}"), context),
                "ForAllValues:{operator}"
            );
            assert!(
                !test(&format!("ForAnyValue:{operator}"), context),
                "ForAnyValue:{operator}"
            );
            assert!(
                !test(&format!("ForAnyValue:{operator}IfExists"), context),
                "ForAnyValue:{operator}IfExists"
            );
        }
    }
    let present = Keys::one(&[("aws:k", "")]);
    for (condition, when_absent, when_present) in [
        (r#"{"Null":{"aws:k":"true"}}"#, true, false),
        (r#"{"Null":{"aws:k":"false"}}"#, false, true),
        (r#"{"Null":{"aws:k":true}}"#, true, false),
        (r#"{"ForAllValues:Null":{"aws:k":"true"}}"#, true, false),
        (r#"{"ForAnyValue:Null":{"aws:k":"true"}}"#, false, false),
        (r#"{"ForAnyValue:Null":{"aws:k":"false"}}"#, false, true),
        (r#"{"Null":{"aws:k":["true","false"]}}"#, true, true),
        (r#"{"NullIfExists":{"aws:k":"true"}}"#, false, false),
        (
            r#"{"ForSomeValues:StringEquals":{"aws:k":""}}"#,
            false,
            false,
        ),
        (r#"{"Null":{"aws:k":"x"}}"#, false, false),
        (r#"{}"#, true, true),
        (r#"{"StringEqual":{"aws:k":""}}"#, false, false),
        (r#"{"StringEqualIfExists":{"aws:k":""}}"#, false, false),
        (r#"[]"#, false, false),
        (r#"{"StringEquals":"a"}"#, false, false),
    ] {
        assert_eq!(
            (holds(condition, &absent), holds(condition, &present)),
            (when_absent, when_present),
            "{condition}"
        );
    }
}

#[test]
fn section_3_3_operators_and_values() {
    let role = "arn:aws:iam::111111111111:role/App";
    let rows: &[(&str, &str, &str, bool)] = &[
        ("StringEquals", r#""a""#, "a", true),
        ("StringEquals", r#""a""#, "A", false),
        ("StringEquals", r#""a*""#, "ab", false),
        ("StringEquals", r#"["x","a"]"#, "a", true),
        ("StringEquals", "[]", "a", false),
        ("StringNotEquals", r#"["x","a"]"#, "a", false),
        ("StringNotEquals", r#"["x","y"]"#, "a", true),
        ("StringEqualsIgnoreCase", r#""ÉA""#, "éa", true),
        ("StringNotEqualsIgnoreCase", r#""A""#, "a", false),
        ("StringLike", r#""a*c?""#, "a:b/cd", true),
        ("StringLike", r#""A*""#, "ab", false),
        ("StringNotLike", r#"["a*","b*"]"#, "bc", false),
        ("NumericEquals", "5", "5.0", true),
        ("NumericLessThan", r#""10""#, "9", true),
        ("NumericLessThanEquals", r#""10""#, "10", true),
        ("NumericGreaterThan", r#""10""#, "10", false),
        ("NumericGreaterThanEquals", r#""10""#, "11", true),
        (
            "NumericEquals",
            r#""9007199254740993""#,
            "9007199254740992",
            false,
        ),
        ("NumericEquals", r#""x""#, "5", false),
        ("NumericNotEquals", r#""x""#, "5", false),
        ("NumericNotEquals", r#""5""#, "x", false),
        ("NumericNotEquals", r#""5""#, "6", true),
        ("DateEquals", r#""1714521600""#, "2024-05-01", true),
        (
            "DateNotEquals",
            r#""2024-05-01""#,
            "2024-05-01T00:00:01Z",
            true,
        ),
        ("DateNotEquals", r#""soon""#, "2024-05-01", false),
        (
            "DateLessThan",
            r#""2024-05-01T10:00:00Z""#,
            "2024-05-01T11:30:00+02:00",
            true,
        ),
        (
            "DateLessThanEquals",
            r#""2024-05-01""#,
            "2024-05-01T00:00Z",
            true,
        ),
        ("DateGreaterThan", r#""2024-05-01""#, "2024-04-30", false),
        (
            "DateGreaterThanEquals",
            r#""2024-05-01""#,
            "2024-05-01",
            true,
        ),
        ("Bool", r#""TRUE""#, "true", true),
        ("Bool", "true", "false", false),
        ("Bool", r#""yes""#, "yes", false),
        ("BinaryEquals", r#""YQ==""#, "a", true),
        ("BinaryEquals", r#""YQ==""#, "YQ==", true),
        ("BinaryEquals", r#""YQ==""#, "b", false),
        ("BinaryEquals", r#""?""#, "a", false),
        ("IpAddress", r#""203.0.113.0/24""#, "203.0.113.7", true),
        ("IpAddress", r#""203.0.113.99/24""#, "203.0.113.7", true),
        ("IpAddress", r#""0.0.0.0/0""#, "2001:db8::1", false),
        ("NotIpAddress", r#""0.0.0.0/0""#, "2001:db8::1", true),
        (
            "NotIpAddress",
            r#"["203.0.113.0/24","198.51.100.0/24"]"#,
            "198.51.100.1",
            false,
        ),
        ("IpAddress", r#""2001:DB8::/32""#, "2001:0db8::1", true),
        ("IpAddress", r#""x""#, "203.0.113.7", false),
        ("NotIpAddress", r#""x""#, "203.0.113.7", false),
        ("NotIpAddress", r#""203.0.113.0/24""#, "x", false),
        (
            "ArnEquals",
            r#""arn:aws:iam::111111111111:role/*""#,
            role,
            true,
        ),
        ("ArnLike", r#""arn:aws:iam::*:role/A?p""#, role, true),
        ("ArnNotLike", r#""arn:aws:iam::*:role/A?p""#, role, false),
        (
            "ArnNotEquals",
            r#""arn:aws:iam::222222222222:role/App""#,
            role,
            true,
        ),
        ("ArnLike", r#""arn:aws:iam:*""#, role, false),
        ("ArnNotLike", r#""arn:aws:iam:*""#, role, false),
        ("ArnLike", r#""*""#, role, false),
        ("ArnNotLike", r#""arn:aws:iam::1:x""#, "x", false),
        (
            "ArnLike",
            r#""arn:aws:x:*:111:f/*""#,
            "arn:aws:x:r:999:s/a:111:f/d",
            false,
        ),
        (
            "StringLike",
            r#""arn:aws:x:*:111:f/*""#,
            "arn:aws:x:r:999:s/a:111:f/d",
            true,
        ),
        ("stringEquals", r#""a""#, "a", false),
    ];
    for (operator, values, value, expected) in rows {
        let condition = format!(r#"{{"{operator}":{{"AWS:K":{values}}}}}"#);
        assert_eq!(
            holds(
                &condition,
                &Keys(HashMap::from([("aws:k", vec![*value])]), vec![])
            ),
            *expected,
            "{operator} {values} {value}"
        );
    }
}

#[test]
fn section_3_4_set_operators() {
    let rows: &[(&str, &str, &[&str], bool)] = &[
        (
            "ForAllValues:StringEquals",
            r#"["a","b"]"#,
            &["a", "b"],
            true,
        ),
        ("ForAllValues:StringEquals", r#"["a"]"#, &["a", "b"], false),
        ("ForAnyValue:StringEquals", r#"["a"]"#, &["a", "b"], true),
        ("ForAnyValue:StringEquals", r#"["c"]"#, &["a", "b"], false),
        ("ForAnyValue:StringNotEquals", r#"["a"]"#, &["a", "b"], true),
        (
            "ForAllValues:StringNotEquals",
            r#"["a"]"#,
            &["a", "b"],
            false,
        ),
        (
            "ForAllValues:StringNotEquals",
            r#"["c"]"#,
            &["a", "b"],
            true,
        ),
        ("ForAllValues:StringLike", r#"["a*"]"#, &["ab"], true),
        ("StringEquals", r#"["a","b"]"#, &["a", "b"], false),
        ("StringNotEquals", r#"["c"]"#, &["a", "b"], false),
        ("StringEqualsIfExists", r#"["a","b"]"#, &["a", "b"], false),
    ];
    for (operator, values, request, expected) in rows {
        let context = Keys(
            HashMap::from([("aws:tagkeys", request.to_vec())]),
            vec!["aws:tagkeys"],
        );
        assert_eq!(
            holds(
                &format!(r#"{{"{operator}":{{"aws:TagKeys":{values}}}}}"#),
                &context
            ),
            *expected,
            "{operator} {values} {request:?}"
        );
    }
    let single = Keys::one(&[("aws:k", "a")]);
    assert!(holds(
        r#"{"ForAllValues:StringEquals":{"aws:k":"a"}}"#,
        &single
    ));
    assert!(holds(
        r#"{"ForAnyValue:StringEquals":{"aws:k":"a"},"StringEquals":{"aws:k":"a"}}"#,
        &single
    ));
    assert!(!holds(
        r#"{"ForAnyValue:StringEquals":{"aws:k":"a"},"StringEquals":{"aws:k":"b"}}"#,
        &single
    ));
}

#[test]
fn section_3_5_variables() {
    let mut keys = HashMap::from([
        ("aws:k", vec!["Ann"]),
        ("aws:username", vec!["Ann"]),
        ("aws:star", vec!["*"]),
        ("aws:empty", vec![""]),
    ]);
    keys.insert("aws:list", vec!["x", "y"]);
    keys.insert("aws:arn", vec!["arn:aws:iam::111111111111:user/Ann"]);
    let context = Keys(keys, vec!["aws:list"]);
    let rows = [
        ("StringEquals", "aws:k", "${aws:UserName}", true),
        ("StringLike", "aws:k", "${aws:username}*", true),
        ("StringLike", "aws:k", "${aws:star}", false),
        ("StringEquals", "aws:star", "${*}", true),
        ("StringEquals", "aws:k", "${aws:none, 'Ann'}", true),
        ("StringEquals", "aws:k", "${aws:username, 'Bob'}", true),
        ("StringEquals", "aws:k", "${aws:none}", false),
        ("StringNotEquals", "aws:k", "${aws:none}", true),
        ("StringNotLike", "aws:k", "${aws:none}", true),
        ("StringEquals", "aws:empty", "${aws:empty, 'x'}", true),
        ("StringEquals", "aws:k", "${aws:list, 'Ann'}", false),
        ("StringNotEquals", "aws:k", "${aws:list}", true),
        (
            "StringEqualsIgnoreCase",
            "aws:k",
            "a${aws:none, 'N'}n",
            true,
        ),
        (
            "ArnLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:username}",
            true,
        ),
        ("ArnEquals", "aws:arn", "${aws:arn}", true),
        (
            "ArnLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:star}",
            false,
        ),
        (
            "ArnNotLike",
            "aws:arn",
            "arn:aws:iam::111111111111:user/${aws:none}",
            true,
        ),
        ("Bool", "aws:k", "${aws:k}", false),
        ("NumericEquals", "aws:k", "${aws:k}", false),
        ("StringEquals", "aws:k", "${aws:username", false),
    ];
    for (operator, key, value, expected) in rows {
        assert_eq!(
            holds(
                &format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#),
                &context
            ),
            expected,
            "{operator} {key} {value}"
        );
    }
    // The older version has no variables.
    let old = policy(
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}"}}"#,
    );
    let principal = caller(PrincipalKind::User);
    for (resource, allowed) in [
        ("arn:aws:s3:::b/Ann", false),
        ("arn:aws:s3:::b/${aws:username}", true),
    ] {
        let request = Request {
            principal: &principal,
            action: "s3:GetObject",
            resource,
            resource_account: None,
            context: &context,
        };
        let set = PolicySet {
            identity: vec![source(&old)],
            ..PolicySet::default()
        };
        assert_eq!(evaluate(&request, &set).allowed(), allowed, "{resource}");
    }
}
