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

/// A repeated key makes the line malformed, and the answer still says which line.
#[test]
fn a_malformed_line_keeps_its_id() {
    let twice = request("").replace(r#""context":{}"#, r#""context":{"a":"1","a":"2"}"#);
    let (status, answers) = lines(&twice);
    assert_eq!(status, SOME_MALFORMED);
    assert!(
        answers[0].starts_with(r#"{"id":"r","error":"#),
        "{answers:?}"
    );
}

/// Documents that AWS would refuse are evaluated as they are.
#[test]
fn odd_documents_do_not_stop_a_line() {
    for document in [
        "{}",
        r#"{"Statement":[]}"#,
        r#"{"Statement":"x"}"#,
        r#"{"Statement":[7,null,{}]}"#,
        r#"{"Version":"2031-01-01","Statement":{"Effect":"Permit","Action":7,"Resource":{}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Odd":{"k":null}}}}"#,
    ] {
        let line = request(&format!(
            r#","identityPolicies":[{{"name":"odd","document":{document}}}]"#
        ));
        let (status, answers) = lines(&line);
        assert_eq!(status, ALL_EVALUATED, "{document}: {answers:?}");
        assert!(
            answers[0].contains("ImplicitlyDenied"),
            "{document}: {answers:?}"
        );
    }
}

#[test]
fn listing_buckets_is_granted_on_all_buckets() {
    for (resource, expected) in [
        ("*", "Allowed"),
        ("arn:aws:s3:::*", "Allowed"),
        ("arn:aws:s3:::b", "ImplicitlyDenied"),
    ] {
        let policy = format!(
            r#"{{"name":"l","document":{{"Statement":{{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"{resource}"}}}}}}"#
        );
        let line = format!(
            r#"{{"id":1,"principal":"arn:aws:iam::111111111111:user/Ann","action":"s3:ListAllMyBuckets","resource":"*","wildcardOnlyAction":true,"context":{{}},"identityPolicies":[{policy}]}}"#
        );
        assert!(lines(&line).1[0].contains(expected), "{resource}");
    }
}

#[test]
fn one_request_is_explained() {
    let text = request(&format!(r#","identityPolicies":[{ALLOW},{DENY}]"#)).replace(',', ",\n");
    let explanation = explain(&text).expect("a request");
    let said = explanation.to_string();
    assert!(
        said.ends_with("To allow it: explicit deny in inline policy d (account 111111111111), statement 1: who administers it must remove or narrow it\n"),
        "{said}"
    );
    let managed = request("")
        .replace("s3:GetObject", "iam:DeletePolicy")
        .replace("arn:aws:s3:::b/k", "arn:aws:iam::aws:policy/X")
        .replace(r#""context""#, r#""identityPolicies":[{"name":"a","document":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}],"context""#);
    let explanation = explain(&managed).expect("a request");
    assert!(!explanation.decision.allowed());
    assert!(explanation.rule.is_some());
    for bad in ["", "{", "[]", "{}"] {
        assert!(explain(bad).is_err(), "{bad}");
    }
}

/// Hands out lines one by one, and looks whether the answers keep up with them.
struct Lines<'w> {
    line: Vec<u8>,
    at: usize,
    left: usize,
    asked: usize,
    answered: &'w std::cell::Cell<usize>,
    behind_max: &'w std::cell::Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.left -= 1;
            self.asked += 1;
            self.at = 0;
            let behind = self.asked - self.answered.get();
            self.behind_max.set(self.behind_max.get().max(behind));
        }
        let count = buffer.len().min(self.line.len() - self.at);
        buffer[..count].copy_from_slice(&self.line[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

struct Answers<'w>(&'w std::cell::Cell<usize>);

impl Write for Answers<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        self.0.set(self.0.get() + lines);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Nothing is gathered: the answers follow their lines at the distance of two buffers, however many lines there are.
#[test]
fn a_hundred_thousand_lines_stream() {
    let (answered, behind_max) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let line = r#"{"id":1,"principal":"arn:aws:iam::111111111111:user/A","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"}"#;
    let line = format!("{line}\n").into_bytes();
    let input = Lines {
        at: line.len(),
        line,
        left: 100_000,
        asked: 0,
        answered: &answered,
        behind_max: &behind_max,
    };
    let status = run(std::io::BufReader::new(input), Answers(&answered));
    assert_eq!((status, answered.get()), (ALL_EVALUATED, 100_000));
    assert!(behind_max.get() < 500, "{}", behind_max.get());
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
