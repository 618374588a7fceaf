use super::*;

fn lines(input: &str) -> (u8, Vec<String>) {
    let mut output = Vec::new();
    let status = run(input.as_bytes(), &mut output);
    let text = String::from_utf8(output).expect("UTF-8");
    (status, text.lines().map(str::to_owned).collect())
}

const ALLOW: &str = r#"{"name":"a","document":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}}"#;
const DENY: &str = r#"{"name":"d","document":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}}"#;

fn request(rest: &str) -> String {
    format!(
        r#"{{"id":"r","principal":"arn:aws:iam::111111111111:user/Ann","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resourceAccount":"111111111111","context":{{}}{rest}}}"#
    )
}

#[test]
fn decides_each_line() {
    let input = [
        request(&format!(r#","identityPolicies":[{ALLOW}]"#)),
        request(&format!(r#","identityPolicies":[{ALLOW},{DENY}]"#)),
        request(r#","identityPolicies":[],"resourcePolicy":null"#),
        request(&format!(r#","identityPolicies":[{ALLOW}],"serviceControlPolicies":[{{"orgIdentifier":"r","policies":[]}}]"#)),
        request(&format!(r#","identityPolicies":[{ALLOW}],"resourceControlPolicies":[{{"orgIdentifier":"r","policies":[]}}]"#)),
        request(&format!(r#","identityPolicies":[{ALLOW}],"permissionBoundaries":[],"sessionPolicies":[],"vpcEndpointPolicies":[]"#)),
    ]
    .join("\n");
    let (status, answers) = lines(&input);
    assert_eq!(status, ALL_EVALUATED);
    let expected = [
        "Allowed",
        "ExplicitlyDenied",
        "ImplicitlyDenied",
        "ImplicitlyDenied",
        "Allowed",
        "Allowed",
    ];
    assert_eq!(answers.len(), expected.len());
    for (answer, expected) in answers.iter().zip(expected) {
        let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        assert_eq!(
            (&answer["id"], &answer["decision"]),
            (&"r".into(), &expected.into()),
            "{answer}"
        );
    }
}

#[test]
fn malformed_lines_do_not_stop_the_run() {
    let good = request("");
    let bad = [
        "{",
        "[]",
        "{}",
        r#"{"id":7,"principal":5}"#,
        r#"{"id":"x","principal":"nobody","action":"a:B","resource":"*"}"#,
    ];
    let input = format!(
        "{}\n\n{good}\r\n{}",
        bad.join("\n"),
        request(r#","identityPolicies":7"#)
    );
    let (status, answers) = lines(&input);
    assert_eq!(status, SOME_MALFORMED);
    assert_eq!(answers.len(), bad.len() + 2);
    let parsed: Vec<serde_json::Value> = answers
        .iter()
        .map(|answer| serde_json::from_str(answer).expect("JSON"))
        .collect();
    assert!(parsed[..5].iter().all(|answer| answer["error"].is_string()));
    assert_eq!(parsed[3]["id"], 7);
    assert_eq!(parsed[5]["decision"], "ImplicitlyDenied");
    assert_eq!(parsed[6]["id"], "r");
    let mut output = Vec::new();
    assert_eq!(run(&b"\xff\n"[..], &mut output), SOME_MALFORMED);
}

struct Broken;
impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("gone"))
    }
}

#[test]
fn unreadable_input_is_its_own_status() {
    assert_eq!(run(std::io::BufReader::new(Broken), Vec::new()), UNREADABLE);
    assert_eq!(lines(""), (ALL_EVALUATED, Vec::new()));
}

/// Principals and service rules: principal, action, resource, further fields, decision.
#[test]
fn principals_and_service_rules() {
    let everything = r#"{"name":"all","document":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}"#;
    let to = |principal: &str| {
        format!(
            r#","resourcePolicy":{{"name":"r","document":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}}}}}"#
        )
    };
    let role = "arn:aws:iam::111111111111:role/p/App";
    let session = "arn:aws:sts::111111111111:assumed-role/App/s";
    let key = "arn:aws:kms:us-east-1:111111111111:key/1";
    let object = "arn:aws:s3:::b/k";
    let own = r#","resourceAccount":"111111111111""#;
    let all = format!(r#","identityPolicies":[{everything}]"#);
    let role_principal = to(&format!(r#"{{"AWS":"{role}"}}"#));
    let linked =
        r#","sessionIssuer":"arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/App""#;
    let no_scp = r#","serviceControlPolicies":[{"orgIdentifier":"r","policies":[]}]"#;
    let rows = [
        (
            session,
            "s3:GetObject",
            object,
            format!("{own}{role_principal}"),
            "Allowed",
        ),
        (
            role,
            "s3:GetObject",
            object,
            format!("{own}{role_principal}"),
            "Allowed",
        ),
        (
            session,
            "s3:GetObject",
            object,
            format!(r#"{own}{role_principal},"sessionIssuer":"{role}""#),
            "Allowed",
        ),
        (
            session,
            "s3:GetObject",
            object,
            format!(
                r#"{own}{role_principal},"sessionIssuer":"arn:aws:iam::111111111111:role/App""#
            ),
            "ImplicitlyDenied",
        ),
        (
            role,
            "s3:GetObject",
            object,
            format!("{own}{}", to(&format!(r#"{{"AWS":"{session}"}}"#))),
            "ImplicitlyDenied",
        ),
        (
            "lambda.amazonaws.com",
            "s3:GetObject",
            object,
            format!("{own}{}", to(r#"{"Service":"lambda.amazonaws.com"}"#)),
            "Allowed",
        ),
        (
            session,
            "s3:GetObject",
            object,
            format!("{own}{all}{no_scp}"),
            "ImplicitlyDenied",
        ),
        (
            session,
            "s3:GetObject",
            object,
            format!("{own}{all}{no_scp}{linked}"),
            "Allowed",
        ),
        (
            session,
            "s3:GetObject",
            object,
            format!(r#"{own}{all}{no_scp},"principalInManagementAccount":true"#),
            "Allowed",
        ),
        (role, "kms:Decrypt", key, all.clone(), "ImplicitlyDenied"),
        (
            role,
            "kms:Decrypt",
            key,
            format!("{all}{}", to(r#"{"AWS":"111111111111"}"#)),
            "Allowed",
        ),
        (
            role,
            "kms:ListKeys",
            "*",
            format!(r#"{all},"wildcardOnlyAction":true"#),
            "Allowed",
        ),
        (
            role,
            "sts:AssumeRole",
            role,
            all.clone(),
            "ImplicitlyDenied",
        ),
        (role, "sts:GetCallerIdentity", "*", String::new(), "Allowed"),
        (
            role,
            "iam:CreatePolicyVersion",
            "arn:aws:iam::aws:policy/X",
            all.clone(),
            "ImplicitlyDenied",
        ),
        (
            role,
            "iam:GetPolicy",
            "arn:aws:iam::aws:policy/X",
            all.clone(),
            "Allowed",
        ),
        (
            role,
            "iam:PutRolePolicy",
            "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/X",
            all.clone(),
            "ImplicitlyDenied",
        ),
        (
            role,
            "s3:GetObject",
            object,
            format!(
                r#"{all}{},"resourceAccount":"222222222222","settings":{{"s3":{{"restrictPublicBuckets":true}}}}"#,
                to(r#""*""#)
            ),
            "ExplicitlyDenied",
        ),
        (
            role,
            "s3:GetObject",
            object,
            format!(r#"{all}{},"resourceAccount":"222222222222""#, to(r#""*""#)),
            "Allowed",
        ),
    ];
    for (principal, action, resource, rest, expected) in rows {
        let line = format!(
            r#"{{"id":1,"principal":"{principal}","action":"{action}","resource":"{resource}"{rest}}}"#
        );
        let (status, answers) = lines(&line);
        assert_eq!(status, ALL_EVALUATED, "{line}: {answers:?}");
        let answer: serde_json::Value = serde_json::from_str(&answers[0]).expect("JSON");
        assert_eq!(answer["decision"], expected, "{line}: {answer}");
    }
    let shut = r#","resourcePolicy":{"name":"shut","document":{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}}"#;
    for (account, action, expected) in [
        ("111111111111", "s3:GetBucketPolicy", "Allowed"),
        ("111111111111", "s3:PutBucketPolicy", "Allowed"),
        ("111111111111", "s3:DeleteBucketPolicy", "Allowed"),
        ("111111111111", "s3:ListBucket", "ExplicitlyDenied"),
        ("222222222222", "s3:GetBucketPolicy", "ExplicitlyDenied"),
    ] {
        let line = format!(
            r#"{{"id":1,"principal":"arn:aws:iam::{account}:root","action":"{action}","resource":"arn:aws:s3:::b"{own}{shut}}}"#
        );
        let (_, answers) = lines(&line);
        assert!(answers[0].contains(expected), "{line}: {answers:?}");
    }
    let anonymous = format!(
        r#"{{"id":1,"principal":{{"type":"Anonymous"}},"action":"s3:GetObject","resource":"{object}"{own}{}}}"#,
        to(r#""*""#)
    );
    assert!(lines(&anonymous).1[0].contains("Allowed"));
}

#[test]
fn two_thousand_lines_stream() {
    let line = request(&format!(r#","identityPolicies":[{ALLOW},{DENY}]"#));
    let input = format!("{line}\n").repeat(2_000);
    let (status, answers) = lines(&input);
    assert_eq!((status, answers.len()), (ALL_EVALUATED, 2_000));
}
