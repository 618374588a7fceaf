//! Fuzz targets, which run with a few inputs as ordinary tests and for hours with more (docs/testing.md). Whatever comes in: no panic,
//! no Allow that the rules do not give, and an end.
//!
//! A failure prints its `BOLERO_RANDOM_SEED`; the shrunk input becomes a test of its own in `adversarial.rs` or `regressions.rs`.

use std::collections::BTreeMap;

use bolero::check;
use serde_json::json;
use twinlock_policy::{
    Document, Policy, arn::Arn, batch, json as reader, pattern::Pattern, summary, write_rules,
};
use twinlock_spec::{Case, ContextValue, Written};

use crate::engine::both;
use crate::generator;

/// How many inputs a target gets in an ordinary run.
const INPUTS: usize = 300;

/// A text made of fragments, one for each byte.
fn text(bytes: &[u8], fragments: &[&str]) -> String {
    bytes
        .iter()
        .map(|byte| fragments[usize::from(*byte) % fragments.len()])
        .collect()
}

/// Everything that reads a document, on any text.
fn read(text: &str) {
    match Document::parse(text) {
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1, "{error}");
            assert!(error.line <= text.lines().count().max(1) + 1, "{error}");
        }
        Ok(document) => {
            for problem in document.problems() {
                assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
            }
            let again = Document::parse(document.text()).expect("its own text");
            assert_eq!(again, document);
            summary::summarise(&document);
            Policy::compile(document, &BTreeMap::new());
        }
    }
    for refused in [
        write_rules::check_identity(text),
        write_rules::check_trust(text),
        write_rules::check_bucket(text, "reports"),
        write_rules::check_scp(text),
        write_rules::check_rcp(text),
        write_rules::check_session(text),
    ] {
        if let Err(error) = refused {
            assert!(!error.sentence.is_empty());
        }
    }
}

#[test]
fn parser_on_bytes() {
    check!()
        .with_type::<Vec<u8>>()
        .with_iterations(INPUTS)
        .for_each(|bytes: &Vec<u8>| read(&String::from_utf8_lossy(bytes)));
}

const JSON_FRAGMENTS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u12",
    "\\ud800",
    " ",
    "\n",
    "\t",
    "//",
    "#",
    "“",
    "”",
    "null",
    "true",
    "-1.5e3",
    "\"Version\":\"2012-10-17\",",
    "\"Version\":\"2008-10-17\",",
    "\"Statement\":",
    "{\"Effect\":\"Allow\",",
    "{\"Effect\":\"Deny\",",
    "\"Action\":\"*\"",
    "\"Action\":[\"s3:Get*\"]",
    "\"NotAction\":",
    "\"Resource\":\"*\"",
    "\"NotResource\":",
    "\"Principal\":\"*\"",
    "\"Principal\":{\"AWS\":",
    "\"Condition\":{",
    "\"StringLike\":{",
    "\"aws:username\":",
    "\"${aws:username, 'x'}\"",
    "\"${\"",
    "\"arn:aws:s3:::reports/*\"",
    "\"\"",
    "é",
];

#[test]
fn parser_on_fragments_of_policies() {
    check!()
        .with_type::<Vec<u8>>()
        .with_iterations(INPUTS)
        .for_each(|bytes: &Vec<u8>| read(&text(bytes, &JSON_FRAGMENTS)));
}

/// Documents of random cases, damaged: an unreadable one is refused, and what can be read is decided by the rules.
#[test]
fn evaluators_on_damaged_documents() {
    check!()
        .with_type::<(u32, Vec<(u16, u8)>)>()
        .with_iterations(INPUTS)
        .for_each(|(seed, damages): &(u32, Vec<(u16, u8)>)| {
            let mut case = generator::case(u64::from(*seed));
            let damaged = |written: &Written| {
                let mut bytes = written.document.text().as_bytes().to_vec();
                for (at, byte) in damages.iter().take(6) {
                    let length = bytes.len();
                    let at = usize::from(*at) % length;
                    match byte % 4 {
                        0 => bytes[at] = *byte,
                        1 => bytes.insert(at, *byte),
                        2 => bytes.swap(at, usize::from(*byte) % length),
                        _ => bytes[at] = bytes[usize::from(*byte) % length],
                    }
                }
                let document = Document::parse(&String::from_utf8_lossy(&bytes)).ok()?;
                Some(Written {
                    document,
                    ..written.clone()
                })
            };
            case.identity = case.identity.iter().filter_map(damaged).collect();
            case.resource_policy = case.resource_policy.as_ref().and_then(damaged);
            both(&case);
        });
}

#[test]
fn evaluators_on_random_cases() {
    check!()
        .with_type::<u64>()
        .with_iterations(INPUTS)
        .for_each(|seed: &u64| {
            both(&generator::case(*seed));
        });
}

const PATTERN_FRAGMENTS: [&str; 8] = ["*", "?", "a", "b", "ab", "/", ":", "é"];

/// Patterns against the plainest matcher there is.
#[test]
fn patterns() {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| fits(rest, &text[skip..])),
            Some((wanted, rest)) => text.split_first().is_some_and(|(found, after)| {
                (*wanted == '?' || wanted == found) && fits(rest, after)
            }),
        }
    }
    let characters = |text: &str| -> Vec<char> { text.chars().collect() };
    check!()
        .with_type::<(Vec<u8>, Vec<u8>)>()
        .with_iterations(INPUTS * 3)
        .for_each(|(pattern, subject): &(Vec<u8>, Vec<u8>)| {
            // The plain matcher is exponential, so it gets short ones.
            let pattern = text(&pattern[..pattern.len().min(12)], &PATTERN_FRAGMENTS);
            let subject = text(&subject[..subject.len().min(12)], &PATTERN_FRAGMENTS[2..]);
            let expected = fits(&characters(&pattern), &characters(&subject));
            assert_eq!(
                Pattern::new(&pattern).matches(&subject),
                expected,
                "{pattern} on {subject}"
            );
        });
}

const ARN_FRAGMENTS: [&str; 16] = [
    ":",
    "::",
    "arn",
    "arn:aws:",
    "s3",
    "iam",
    "*",
    "?",
    "/",
    "111111111111",
    "role/A",
    "${aws:username}",
    "${",
    "}",
    "a",
    "é",
];

/// ARNs in a resource policy, in the request, and as a value of an Arn operator.
#[test]
fn arns() {
    check!().with_type::<(Vec<u8>, Vec<u8>)>().with_iterations(INPUTS).for_each(
        |(written, asked): &(Vec<u8>, Vec<u8>)| {
            let written = text(&written[..written.len().min(24)], &ARN_FRAGMENTS);
            let asked = text(&asked[..asked.len().min(24)], &ARN_FRAGMENTS);
            if let Some(arn) = Arn::parse(&asked) {
                let parts = ["arn", arn.partition, arn.service, arn.region, arn.account, arn.resource];
                assert_eq!(parts.join(":"), asked);
            }
            let mut case = case_of(&json!({"Effect": "Allow", "Action": "*", "Resource": written}));
            case.resource = asked.clone();
            both(&case);
            case = case_of(&json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": written}}));
            case.principal.arn = asked.clone();
            case.resource_policy = case.identity.pop();
            both(&case);
            case = case_of(&json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"k": written}}}));
            case.context.insert("k".to_owned(), ContextValue::One(asked));
            both(&case);
        },
    );
}

const VALUE_FRAGMENTS: [&str; 34] = [
    "arn:aws:iam::1:",
    "arn:",
    "0",
    "1",
    "2",
    "9",
    "10",
    "12",
    "2024",
    "-",
    "+",
    ".",
    ":",
    "::",
    "/",
    "T",
    "Z",
    "e",
    "true",
    "FALSE",
    "a",
    "A",
    "ß",
    "ẞ",
    "ı",
    "é",
    "${aws:username}",
    "${",
    "'",
    ", '",
    "}",
    "*",
    "=",
    " ",
];

/// Every operator, on values that may mean something to it.
#[test]
fn condition_values() {
    let operators = generator::operators();
    check!().with_type::<(u16, Vec<u8>, Vec<u8>, bool)>().with_iterations(INPUTS * 3).for_each(
        |(operator, wanted, found, list): &(u16, Vec<u8>, Vec<u8>, bool)| {
            let operator = &operators[usize::from(*operator) % operators.len()];
            let wanted = text(&wanted[..wanted.len().min(14)], &VALUE_FRAGMENTS);
            let found = text(&found[..found.len().min(14)], &VALUE_FRAGMENTS);
            let mut case = case_of(&json!({
                "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": [wanted]}},
            }));
            let value = if *list { ContextValue::Many(vec![found.clone()]) } else { ContextValue::One(found.clone()) };
            case.context.insert("k".to_owned(), value);
            both(&case);
            // The same text on both sides, too: random ones seldom meet.
            case.context.insert("k".to_owned(), ContextValue::One(wanted));
            case.context.insert("aws:username".to_owned(), ContextValue::One(found));
            both(&case);
        },
    );
}

/// A user of an account with one identity statement.
fn case_of(statement: &serde_json::Value) -> Case {
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let mut case = generator::case(1);
    case = Case::of(
        twinlock_policy::Principal {
            kind: twinlock_policy::PrincipalKind::User,
            account: Some("111111111111".to_owned()),
            arn: "arn:aws:iam::111111111111:user/Ann".to_owned(),
            ..case.principal
        },
        "s3:GetObject",
        "arn:aws:s3:::reports/may.csv",
    );
    case.identity = vec![Written::parse(&document).unwrap()];
    case
}

/// Lines of a batch: each gets an answer, whatever stands on it.
#[test]
fn batch_lines() {
    let good = r#"{"id":"1","principal":"arn:aws:iam::111111111111:user/Ann","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","context":{"aws:username":"Ann"},"identityPolicies":[{"name":"p","document":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}]}"#;
    check!()
        .with_type::<Vec<(u16, u8)>>()
        .with_iterations(INPUTS)
        .for_each(|damages: &Vec<(u16, u8)>| {
            let mut bytes = good.as_bytes().to_vec();
            // Few and small damages, so that many a line is still JSON.
            for (at, byte) in damages.iter().take(3) {
                let at = usize::from(*at) % bytes.len();
                match byte % 3 {
                    0 => bytes[at] = *byte,
                    1 => bytes[at] = b"aA0*{}[]\",: "[usize::from(*byte) % 12],
                    _ => bytes.swap(at, usize::from(*byte) % good.len()),
                }
            }
            let mut answers = Vec::new();
            batch::run(bytes.as_slice(), &mut answers);
            let answers = String::from_utf8(answers).expect("answers are text");
            for answer in answers.lines() {
                reader::read(answer, reader::Limits::BATCH_LINE).expect("answers are JSON");
            }
        });
}
