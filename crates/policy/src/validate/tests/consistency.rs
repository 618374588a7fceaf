//! What [`crate::write_rules`] refuses is an error here: good documents are broken in every way at once, and both are asked.

use super::{Kind, run};
use crate::validate::FindingType;
use crate::write_rules::{
    WriteError, check_bucket, check_inline, check_rcp, check_scp, check_trust,
};

fn refused(text: &str, kind: Kind) -> Option<WriteError> {
    match kind {
        Kind::Identity => check_inline(text).err(),
        Kind::Trust => check_trust(text).err(),
        Kind::Bucket => check_bucket(text, "b").err(),
        Kind::Scp => check_scp(text).err(),
        Kind::Rcp => check_rcp(text).err(),
        Kind::Resource => None,
    }
}

const GOOD: [(Kind, &str); 5] = [
    (
        Kind::Identity,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:SecureTransport":"true"}}}]}"#,
    ),
    (
        Kind::Trust,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":["sts:AssumeRole"],"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}]}"#,
    ),
    (
        Kind::Bucket,
        r#"{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"],"Condition":{"StringLike":{"s3:prefix":"a*"}}}]}"#,
    ),
    (
        Kind::Scp,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Action":["s3:*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-01"}}}]}"#,
    ),
    (
        Kind::Rcp,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["*"],"Condition":{"Null":{"aws:SourceArn":"false"}}}]}"#,
    ),
];

/// What is put in place of something.
const PIECES: [&str; 58] = [
    "",
    " ",
    "\"\"",
    "[]",
    "{}",
    "null",
    "7",
    "true",
    "[[]]",
    "[7]",
    "[{}]",
    "[\"\"]",
    "\"*\"",
    "\"a\"",
    "\"a:b\"",
    "{\"AWS\":\"*\"}",
    "{\"AWS\":[]}",
    "{\"aws\":\"*\"}",
    "{\"Service\":\"*\"}",
    "{\"Service\":\"ec2\"}",
    "{\"Federated\":\"\"}",
    "{\"Federated\":\"*\"}",
    "{\"CanonicalUser\":\"12\"}",
    "{\"AWS\":\"AROA1\"}",
    "{\"AWS\":\"arn:aws:iam::111122223333:user/*\"}",
    "{\"AWS\":7}",
    "{\"AWS\":{}}",
    "{\"AWS\":[\"11112222333\"]}",
    "\"s3:\"",
    "\":x\"",
    "\"s3:Get,s3:Put\"",
    "\"s*:Get\"",
    "\"ec2:RunInstances\"",
    "\"sts:AssumeRole\"",
    "\"s3:Get Object\"",
    "\"s3:Gé\"",
    "\"arn:aws:s3::b\"",
    "\"arn:was:s3:::b\"",
    "\"arn:aws:iam::1:role/r\"",
    "\"arn:aws:iam::11112222333:role/r\"",
    "\"b/*\"",
    "\"arn:aws:kms:us-east-1:111122223333:key/k\"",
    "\"arn:aws:s3\"",
    "\"arn:*\"",
    "\"s3://b\"",
    "{\"StringEqual\":{\"aws:a\":\"b\"}}",
    "{\"StringEquals\":{\"a\":\"b\"}}",
    "{\"StringEquals\":{\"sts:ExternalId\":\"b\"}}",
    "{\"NullIfExists\":{\"aws:a\":\"true\"}}",
    "{\"IpAddress\":{\"aws:SourceIp\":\"x\"}}",
    "{\"Bool\":{\"aws:SecureTransport\":\"x\"}}",
    "{\"DateEquals\":{\"aws:CurrentTime\":\"x\"}}",
    "{\"NumericEquals\":{\"s3:max-keys\":\"x\"}}",
    "{\"StringEquals\":{\":\":\"b\"}}",
    "{\"StringEquals\":[]}",
    "\"\u{4e00}\"",
    "\"two words\"",
    "\"2024-01-01\"",
];

/// What is put in place of a key.
const KEYS: [&str; 14] = [
    "Id",
    "Version",
    "Sid",
    "Effect",
    "Efect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Statement",
    "Conditions",
];

/// The bytes of every value of a JSON text, from the outermost, and of every key.
fn places(text: &str) -> (Vec<std::ops::Range<usize>>, Vec<std::ops::Range<usize>>) {
    fn walk(
        json: &crate::json::Json,
        values: &mut Vec<std::ops::Range<usize>>,
        keys: &mut Vec<std::ops::Range<usize>>,
    ) {
        values.push(json.span.clone());
        for member in json.members().unwrap_or_default() {
            keys.push(member.key_span.clone());
            walk(&member.value, values, keys);
        }
        for item in json.items().unwrap_or_default() {
            walk(item, values, keys);
        }
    }
    let (mut values, mut keys) = (Vec::new(), Vec::new());
    let json = crate::json::read(text, crate::json::Limits::DOCUMENT).unwrap();
    walk(&json, &mut values, &mut keys);
    (values, keys)
}

fn edits(text: &str) -> Vec<String> {
    let replaced = |span: &std::ops::Range<usize>, piece: &str| {
        format!("{}{piece}{}", &text[..span.start], &text[span.end..])
    };
    let (values, keys) = places(text);
    let mut edited: Vec<String> = values
        .iter()
        .flat_map(|span| PIECES.iter().map(move |piece| replaced(span, piece)))
        .collect();
    for span in &keys {
        edited.extend(KEYS.iter().map(|key| replaced(span, &format!("\"{key}\""))));
        // Without the member: the key and its value become a member that nobody knows, and then nothing.
        edited.push(replaced(span, "\"X\""));
        let value = values
            .iter()
            .find(|value| value.start == span.end + 1)
            .unwrap();
        let comma = usize::from(text[value.end..].starts_with(','));
        edited.push(replaced(&(span.start..value.end + comma), ""));
    }
    edited
}

/// Not told as an error on purpose: sizes, of which AWS's check warns. (A missing version is refused in managed policies alone.)
#[test]
fn what_cannot_be_written_is_an_error() {
    let (mut documents, mut refusals) = (0, 0);
    for (kind, good) in GOOD {
        assert_eq!(refused(good, kind), None, "{good}");
        for text in edits(good) {
            documents += 1;
            let Some(error) = refused(&text, kind) else {
                continue;
            };
            refusals += 1;
            // Whose bucket it is, only the one who attaches the policy knows.
            if error.hint.contains("The policy is for bucket")
                || error.hint.contains("Bucket names are in lower case")
            {
                continue;
            }
            let findings = run(&text, kind);
            let is_error = findings
                .iter()
                .any(|finding| finding.finding_type == FindingType::Error);
            assert!(is_error, "{kind:?} {text}: {error}\n{findings:#?}");
        }
    }
    assert!(
        documents > 4_000 && refusals > 2_000,
        "{documents} {refusals}"
    );
}
