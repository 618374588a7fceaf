//! AWS's POST examples, and forms that must be refused.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::*;
use crate::sigv4::Signer;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2015-12-29T00:00:00Z.
const NOW_MS: u64 = 1_451_347_200_000;

/// "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)", S3 API Reference. The signature is over this
/// very text, line ends included.
const AWS_POLICY: &str = "{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r\n  \"conditions\": [\r\n    {\"bucket\": \"sigv4examplebucket\"},\r\n    [\"starts-with\", \"$key\", \"user/user1/\"],\r\n    {\"acl\": \"public-read\"},\r\n    {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r\n    [\"starts-with\", \"$Content-Type\", \"image/\"],\r\n    {\"x-amz-meta-uuid\": \"14365123651274\"},\r\n    {\"x-amz-server-side-encryption\": \"AES256\"},\r\n    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r\n\r\n    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r\n    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r\n    {\"x-amz-date\": \"20151229T000000Z\" }\r\n  ]\r\n}";

fn fields(pairs: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in pairs {
        fields
            .push((*name).to_owned(), (*value).to_owned())
            .unwrap();
    }
    fields
}

fn aws_example() -> Fields {
    fields(&[
        ("key", "user/user1/${filename}"),
        ("acl", "public-read"),
        (
            "success_action_redirect",
            "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
        ),
        ("Content-Type", "image/jpeg"),
        ("x-amz-meta-uuid", "14365123651274"),
        ("x-amz-server-side-encryption", "AES256"),
        (
            "X-Amz-Credential",
            "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
        ),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20151229T000000Z"),
        ("x-amz-meta-tag", ""),
        ("Policy", &STANDARD.encode(AWS_POLICY)),
        (
            "X-Amz-Signature",
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
        ),
    ])
}

fn v4(fields: &Fields) -> Box<sigv4::Claim> {
    match fields.present().unwrap() {
        Presented::V4(claim) => claim,
        other => panic!("{other:?}"),
    }
}

#[test]
fn aws_s_example_form_verifies() {
    let form = aws_example();
    let claim = v4(&form);
    let key = SigningKey::derive(SECRET, "20151229", "us-east-1", "s3");
    form.verify_v4(&claim, &key).unwrap();
    sigv4::check_time(&claim, NOW_MS + 36 * 3_600_000).unwrap();
    assert!(sigv4::check_time(&claim, NOW_MS - 16 * 60_000).is_err());
    assert!(sigv4::check_time(&claim, NOW_MS + 8 * 86_400_000).is_err());
    let policy = Policy::parse(form.get("policy").unwrap()).unwrap();
    let file_key = form.key(Some(r"C:\pictures\me.jpg")).unwrap();
    assert_eq!(file_key, "user/user1/me.jpg");
    policy
        .check(&form, "sigv4examplebucket", &file_key, NOW_MS)
        .unwrap();
    assert_eq!(form.redirect().unwrap().path(), "/successful_upload.html");

    let other = SigningKey::derive("another", "20151229", "us-east-1", "s3");
    let error = form.verify_v4(&claim, &other).unwrap_err().fault();
    assert_eq!(
        (error.code.as_ref(), error.status),
        ("SignatureDoesNotMatch", 403)
    );
    assert_eq!(
        Signer {
            access_key_id: "AKIAIOSFODNN7EXAMPLE",
            secret_access_key: SECRET,
            session_token: None,
            region: "us-east-1",
            service: "s3",
        }
        .sign_policy(form.get("policy").unwrap(), NOW_MS),
        claim.signature
    );
}

#[test]
fn every_changed_field_breaks_the_example() {
    let form = aws_example();
    let policy = Policy::parse(form.get("policy").unwrap()).unwrap();
    for (name, value) in form.iter() {
        if matches!(name, "Policy" | "X-Amz-Signature" | "x-amz-meta-tag") {
            continue;
        }
        let changed: Vec<(&str, &str)> = form
            .iter()
            .map(|(other, old)| (other, if other == name { "other" } else { old }))
            .collect();
        let changed = fields(&changed);
        let key = changed.key(Some("a")).unwrap();
        assert!(
            matches!(
                policy.check(&changed, "sigv4examplebucket", &key, NOW_MS),
                Err(FormError::ConditionFailed(_))
            ),
            "{name}: {value}"
        );
    }
    // A comma must not smuggle a second content type past the condition.
    let list: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, old)| match name {
            "Content-Type" => (name, "image/png, text/html"),
            _ => (name, old),
        })
        .collect();
    assert!(
        policy
            .check(&fields(&list), "sigv4examplebucket", "user/user1/a", NOW_MS)
            .is_err()
    );
}

#[test]
fn claims_of_forms_are_strict() {
    let form = aws_example();
    for name in [
        "Policy",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Algorithm",
    ] {
        let without: Vec<(&str, &str)> = form.iter().filter(|(other, _)| *other != name).collect();
        assert!(
            matches!(
                fields(&without).present(),
                Err(FormError::FieldMissing(missing)) if missing.eq_ignore_ascii_case(name)
            ),
            "{name}"
        );
        let changed: Vec<(&str, &str)> = form
            .iter()
            .map(|(other, old)| (other, if other == name { "x" } else { old }))
            .collect();
        let changed = fields(&changed).present();
        assert_eq!(
            changed.is_ok(),
            matches!(name, "Policy" | "X-Amz-Signature"),
            "{name}"
        );
    }
    let mut both = form.clone();
    both.push("AWSAccessKeyId".to_owned(), "a".to_owned())
        .unwrap();
    assert_eq!(
        both.present(),
        Err(SignatureError::SeveralMechanisms.into())
    );
    assert_eq!(fields(&[("key", "a")]).present(), Ok(Presented::Nothing));
    assert!(fields(&[("key", "a"), ("policy", "x")]).present().is_err());
    let iam = fields(&[
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", "A/20151229/us-east-1/iam/aws4_request"),
        ("x-amz-date", "20151229T000000Z"),
        ("x-amz-signature", "00"),
        ("policy", "x"),
    ]);
    assert!(matches!(
        iam.present(),
        Err(FormError::Signature(SignatureError::WrongService { .. }))
    ));
    assert!(matches!(
        form.clone().push("ACL".to_owned(), String::new()),
        Err(FormError::FieldRepeated(_))
    ));
}

fn policy(json: &str) -> Result<Policy, FormError> {
    Policy::parse(&STANDARD.encode(json))
}

#[test]
fn policies_are_strict() {
    for bad in [
        "",
        "[]",
        "{",
        r#"{"conditions":[]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z"}"#,
        r#"{"EXPIRATION":"2015-12-30T12:00:00Z","conditions":[]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","CONDITIONS":[]}"#,
        r#"{"expiration":"tomorrow","conditions":[]}"#,
        r#"{"expiration":1451347200,"conditions":[]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":{}}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[{}]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":["x"]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[{"acl":1}]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["eq","acl","x"]]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["ends-with","$acl","x"]]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["eq","$acl"]]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["content-length-range",-1,0]]}"#,
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["content-length-range",1]]}"#,
    ] {
        let error = policy(bad).unwrap_err();
        assert!(matches!(error, FormError::PolicyInvalid(_)), "{bad}");
        assert_eq!(error.fault().code, "InvalidPolicyDocument");
    }
    assert!(Policy::parse("!").is_err());
    let cased = policy(
        r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[{"bUcKeT":"b"},["StArTs-WiTh","$KeY","foo"],["content-length-range","0","5"],["content-length-range",2,9]]}"#,
    )
    .unwrap();
    assert_eq!(cased.length, Some((2, 5)));
    let form = fields(&[
        ("KEY", "foo.txt"),
        ("x-ignore-this", "1"),
        ("AWSAccessKeyId", "a"),
        ("signature", "b"),
        ("policy", "c"),
    ]);
    cased.check(&form, "b", "foo.txt", NOW_MS).unwrap();
    assert_eq!(
        cased.check(&form, "b", "foo.txt", cased.expires_ms),
        Err(FormError::PolicyExpired)
    );
    let mut more = form.clone();
    more.push("bucket".to_owned(), "other".to_owned()).unwrap();
    assert!(cased.check(&more, "b", "foo.txt", NOW_MS).is_err());
    let no_bucket =
        policy(r#"{"expiration":"2015-12-30T12:00:00Z","conditions":[["starts-with","$key",""]]}"#)
            .unwrap();
    assert_eq!(
        no_bucket.check(&form, "b", "foo.txt", NOW_MS),
        Err(FormError::FieldNotCovered("bucket".to_owned()))
    );
}

const TYPE: &str = "multipart/form-data; boundary=9431149156168";

fn body(parts: &[(&str, &str)], end: &str) -> String {
    let mut body = String::new();
    for (disposition, value) in parts {
        body.push_str(&format!(
            "--9431149156168\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n"
        ));
    }
    body + end
}

const END: &str = "--9431149156168--\r\n";

type Outcome = (Fields, FormFile, Vec<u8>);

fn run(
    content_type: &str,
    body: &str,
    piece: usize,
    range: Option<(u64, u64)>,
) -> Result<Outcome, FormError> {
    let pieces: Vec<Result<Bytes, FormError>> = body
        .as_bytes()
        .chunks(piece)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    async {
        let form = read(Some(content_type), stream::iter(pieces)).await?;
        let mut content = form.content.limit(range);
        let mut data = Vec::new();
        while let Some(part) = content.next().await {
            data.extend_from_slice(&part?);
        }
        Ok((form.fields, form.file, data))
    }
    .now_or_never()
    .unwrap()
}

#[test]
fn forms_are_read_in_pieces_of_any_size() {
    let text = body(
        &[
            (r#"name="key""#, "up/${filename}"),
            (r#"name="acl""#, ""),
            (r#"name=policy"#, "multi\r\nline"),
            (
                "name=\"file\"; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain",
                "data\r\n--943114915616\r\n-- more",
            ),
            (r#"name="submit""#, "Upload"),
        ],
        END,
    );
    for piece in [1, 2, 3, 7, 64, 10_000] {
        let (fields, file, data) = run(TYPE, &text, piece, None).unwrap();
        assert_eq!(fields.get("Key"), Some("up/${filename}"));
        assert_eq!(fields.get("acl"), Some(""));
        assert_eq!(fields.get("policy"), Some("multi\r\nline"));
        assert_eq!(fields.get("submit"), None);
        assert_eq!(file.name.as_deref(), Some("a \"b\".txt"));
        assert_eq!(file.content_type.as_deref(), Some("text/plain"));
        assert_eq!(data, b"data\r\n--943114915616\r\n-- more", "{piece}");
    }
    let quoted = TYPE.replace("9431149156168", "\"9431149156168\"; charset=utf-8");
    run(&quoted, &text, 100, None).unwrap();
}

#[test]
fn the_file_keeps_to_its_range() {
    let text = body(&[(r#"name="file""#, "12345")], END);
    for piece in [1, 1000] {
        run(TYPE, &text, piece, Some((5, 5))).unwrap();
        assert_eq!(
            run(TYPE, &text, piece, Some((6, 9))),
            Err(FormError::FileTooSmall { size: 5, min: 6 })
        );
        assert_eq!(
            run(TYPE, &text, piece, Some((0, 4))),
            Err(FormError::FileTooLarge { max: 4 })
        );
    }
    let empty = body(&[(r#"name="file""#, "")], END);
    assert_eq!(run(TYPE, &empty, 3, Some((0, 0))).unwrap().2, b"");
}

#[test]
fn malformed_forms_are_refused() {
    let file = (r#"name="file""#, "x");
    let good = body(&[(r#"name="key""#, "k"), file], END);
    for cut in 0..good.len() - 4 {
        assert!(run(TYPE, &good[..cut.max(1)], 50, None).is_err(), "{cut}");
    }
    let malformed = [
        format!("preamble\r\n{good}"),
        good.replace("form-data", "attachment"),
        good.replace("Content-Disposition", "Content-Other"),
        good.replace("name=\"key\"", "other=\"key\""),
        good.replace("name=\"key\"", "name=\"key"),
        good.replace("name=\"key\"", "name=\"key\"; name=\"acl\""),
        good.replacen("9431149156168\r\n", "9431149156168 \r\n", 1),
    ];
    for text in malformed {
        assert!(
            matches!(run(TYPE, &text, 50, None), Err(FormError::Malformed(_))),
            "{text}"
        );
    }
    assert_eq!(
        run(TYPE, &body(&[(r#"name="key""#, "k")], END), 50, None),
        Err(FormError::FileMissing)
    );
    let twice = body(&[(r#"name="key""#, "k"), (r#"name="KEY""#, "l"), file], END);
    assert_eq!(
        run(TYPE, &twice, 50, None),
        Err(FormError::FieldRepeated("KEY".to_owned()))
    );
    let long = "x".repeat(21 * 1024);
    let fat = body(&[(r#"name="key""#, &long), file], END);
    for piece in [50, 100_000] {
        assert_eq!(
            run(TYPE, &fat, piece, None),
            Err(FormError::TooMuchBeforeFile)
        );
    }
    let late = body(&[file, (r#"name="more""#, &long)], END);
    assert!(run(TYPE, &late, 50, None).is_err());
    // A large file after small fields is no matter.
    let large = body(&[(r#"name="file""#, &"y".repeat(200_000))], END);
    assert_eq!(run(TYPE, &large, 100_000, None).unwrap().2.len(), 200_000);
    for kind in [
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; charset=x",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=9431149156168",
    ] {
        assert_eq!(run(kind, &good, 50, None), Err(FormError::NotMultipart));
    }
}
