//! Requests signed by botocore 1.43 (frozen at 2026-03-14T09:26:53Z), verified by our code: another hand's arithmetic.
//!
//! `botocore_vectors.json` holds what botocore put on the wire. The same requests then meet every mutation that must
//! break them.

use http::{HeaderName, HeaderValue, Request, request::Parts};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::{
    fault::Protocol,
    post_form::{Fields, Policy},
    sigv4::SigningKey,
};

const SECRET: &str = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";
/// 2026-03-14T09:26:53Z.
const NOW_MS: u64 = 1_773_480_413_000;

/// A request's head from its parts.
pub(crate) fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut parts = Request::builder()
        .method(method)
        .uri(target)
        .body(())
        .unwrap()
        .into_parts()
        .0;
    for (name, value) in headers {
        parts.headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    parts
}

struct Vector {
    name: String,
    kind: String,
    parts: Parts,
    body_sha256: [u8; 32],
    token: Option<String>,
    host_bucket: Option<String>,
    fields: Vec<(String, String)>,
}

fn pairs_of(value: &serde_json::Value) -> Vec<(String, String)> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| {
            (
                pair[0].as_str().unwrap().to_owned(),
                pair[1].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn vectors() -> Vec<Vector> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("botocore_vectors.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    all.as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let headers = pairs_of(&one["headers"]);
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            Vector {
                name: text(&one["name"]).unwrap(),
                kind: text(&one["kind"]).unwrap(),
                parts: parts(
                    one["method"].as_str().unwrap_or("POST"),
                    one["target"].as_str().unwrap_or("/bkt"),
                    &headers,
                ),
                body_sha256: Sha256::digest(one["body"].as_str().unwrap_or_default()).into(),
                token: text(&one["token"]),
                host_bucket: text(&one["host_bucket"]),
                fields: pairs_of(&one["fields"]),
            }
        })
        .collect()
}

fn check(
    parts: &Parts,
    secret: &str,
    body: &[u8; 32],
    host_bucket: Option<&str>,
) -> Result<Presented, SignatureError> {
    let presented = present(parts)?;
    match &presented {
        Presented::Nothing => {}
        Presented::V4(claim) => {
            let key = SigningKey::derive(secret, &claim.date, &claim.region, &claim.service);
            let known = (claim.payload == sigv4::PayloadHash::OfBody
                || matches!(claim.payload, sigv4::PayloadHash::Sha256(_)))
            .then_some(body);
            sigv4::check_time(claim, NOW_MS)?;
            sigv4::verify(claim, &key, parts, known)?;
        }
        Presented::V2(claim) => {
            sigv2::check_time(claim, NOW_MS)?;
            sigv2::verify(claim, secret, parts, host_bucket)?;
        }
    }
    Ok(presented)
}

#[test]
fn what_botocore_signs_verifies() {
    let mut seen = 0;
    for vector in vectors().iter().filter(|vector| vector.kind != "post") {
        let presented = check(
            &vector.parts,
            SECRET,
            &vector.body_sha256,
            vector.host_bucket.as_deref(),
        )
        .unwrap_or_else(|error| panic!("{}: {error:?}", vector.name));
        let (id, token, kind) = match &presented {
            Presented::V4(claim) => (&claim.access_key_id, &claim.session_token, "v4"),
            Presented::V2(claim) => (&claim.access_key_id, &claim.session_token, "v2"),
            Presented::Nothing => panic!("{}: nothing presented", vector.name),
        };
        assert_eq!(id, "AKIAI44QH8DHBEXAMPLE");
        assert_eq!(token, &vector.token, "{}", vector.name);
        assert_eq!(kind, vector.kind, "{}", vector.name);
        seen += 1;
    }
    assert_eq!(seen, 18);
}

#[test]
fn a_wrong_secret_never_verifies() {
    for vector in vectors().iter().filter(|vector| vector.kind != "post") {
        let result = check(
            &vector.parts,
            "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEz",
            &vector.body_sha256,
            vector.host_bucket.as_deref(),
        );
        assert!(
            matches!(result, Err(SignatureError::Mismatch(_))),
            "{}",
            vector.name
        );
    }
}

/// Every byte of method, target, signed header values, and the presence of every header.
#[test]
fn every_mutation_of_a_signed_request_is_refused() {
    for vector in vectors().iter().filter(|vector| vector.kind != "post") {
        let refused = |what: &str, parts: &Parts| {
            let result = check(
                parts,
                SECRET,
                &vector.body_sha256,
                vector.host_bucket.as_deref(),
            );
            let other_key = match &result {
                // Version 2 does not sign the key id: another id means another secret.
                Ok(Presented::V2(claim)) => claim.access_key_id != "AKIAI44QH8DHBEXAMPLE",
                Ok(Presented::V4(_)) => false,
                Err(_) | Ok(Presented::Nothing) => true,
            };
            assert!(other_key, "{}: {what} went unnoticed", vector.name);
        };
        let mut original = vector.parts.clone();
        if let Ok(Presented::V2(claim)) = present(&original)
            && claim.source == sigv4::Source::Query
        {
            // What botocore moved into the query, whoever uses the address does not send.
            for name in ["date", "x-amz-acl", "x-amz-security-token"] {
                original.headers.remove(name);
            }
        }
        let original = &original;
        let mut changed = original.clone();
        changed.method = http::Method::DELETE;
        refused("the method", &changed);

        let target = original.uri.to_string();
        for at in 1..target.len() {
            let mut bytes = target.clone().into_bytes();
            // One letter or digit for another; percent signs and separators are left as they are.
            if !bytes[at].is_ascii_alphanumeric() {
                continue;
            }
            // The case of an escape's digits means nothing: take another digit.
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            let Ok(uri) = String::from_utf8(bytes).unwrap().parse() else {
                continue;
            };
            let mut changed = original.clone();
            changed.uri = uri;
            // Version 2 does not sign `prefix`; everything else of the target counts.
            if vector.kind == "v2" && target[..at].contains("prefix=") {
                continue;
            }
            refused(&format!("byte {at} of {target}"), &changed);
        }

        let signed: Vec<String> = match present(original).unwrap() {
            Presented::V4(claim) => claim.signed_headers,
            _ => original
                .headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .filter(|name| {
                    name.starts_with("x-amz-") || matches!(name.as_str(), "date" | "content-type")
                })
                .collect(),
        };
        for name in &signed {
            let mut changed = original.clone();
            changed.headers.remove(name.as_str());
            refused(&format!("no {name}"), &changed);
            let mut changed = original.clone();
            let value = changed.headers.get_mut(name.as_str()).unwrap();
            *value = HeaderValue::from_bytes(&[value.as_bytes(), b"x"].concat()).unwrap();
            refused(&format!("another {name}"), &changed);
            let mut changed = original.clone();
            changed.headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static("more"),
            );
            refused(&format!("a second {name}"), &changed);
        }

        for name in ["x-amz-copy-source", "x-amz-acl", "x-amz-security-token"] {
            if original.headers.contains_key(name) {
                continue;
            }
            let mut changed = original.clone();
            changed
                .headers
                .insert(name, HeaderValue::from_static("private"));
            refused(&format!("an added {name}"), &changed);
        }
        for added in [
            "acl",
            "x-amz-acl=public-read",
            "publicAccessBlock",
            "&versionId=1",
        ] {
            let mut changed = original.clone();
            let joint = if original.uri.query().is_some() {
                '&'
            } else {
                '?'
            };
            changed.uri = format!("{target}{joint}{added}").parse().unwrap();
            if target.contains("?acl") && added == "acl" {
                continue;
            }
            refused(&format!("an added {added}"), &changed);
        }
    }
}

#[test]
fn a_changed_body_is_refused() {
    for vector in vectors() {
        let Ok(Presented::V4(claim)) = present(&vector.parts) else {
            continue;
        };
        if !matches!(
            claim.payload,
            sigv4::PayloadHash::Sha256(_) | sigv4::PayloadHash::OfBody
        ) {
            continue;
        }
        let other: [u8; 32] = Sha256::digest(b"another body").into();
        assert!(
            check(&vector.parts, SECRET, &other, None).is_err(),
            "{}",
            vector.name
        );
    }
}

#[test]
fn botocore_s_post_forms_verify_and_hold_to_their_policy() {
    let mut seen = 0;
    for vector in vectors().iter().filter(|vector| vector.kind == "post") {
        let mut fields = Fields::default();
        for (name, value) in &vector.fields {
            fields.push(name.clone(), value.clone()).unwrap();
        }
        let verified = match fields.present().unwrap() {
            Presented::V4(claim) => {
                assert_eq!(claim.session_token, vector.token);
                sigv4::check_time(&claim, NOW_MS).unwrap();
                let key = SigningKey::derive(SECRET, &claim.date, &claim.region, &claim.service);
                let bad = SigningKey::derive("no", &claim.date, &claim.region, &claim.service);
                assert!(fields.verify_v4(&claim, &bad).is_err());
                fields.verify_v4(&claim, &key)
            }
            Presented::V2(claim) => {
                assert_eq!(claim.session_token, vector.token);
                assert!(fields.verify_v2(&claim, "no").is_err());
                fields.verify_v2(&claim, SECRET)
            }
            Presented::Nothing => panic!("{}", vector.name),
        };
        verified.unwrap_or_else(|error| panic!("{}: {error:?}", vector.name));
        let policy = Policy::parse(fields.get("policy").unwrap()).unwrap();
        assert_eq!(policy.length, Some((1, 10)));
        let key = fields.key(Some("a.txt")).unwrap();
        assert_eq!(key, "up/a.txt");
        policy.check(&fields, "bkt", &key, NOW_MS).unwrap();
        assert!(policy.check(&fields, "other", &key, NOW_MS).is_err());
        assert!(policy.check(&fields, "bkt", "down/a.txt", NOW_MS).is_err());
        assert!(
            policy
                .check(&fields, "bkt", &key, NOW_MS + 3_600_000)
                .is_err()
        );
        let mut more = fields.clone();
        more.push("x-amz-meta-a".to_owned(), "1".to_owned())
            .unwrap();
        assert!(policy.check(&more, "bkt", &key, NOW_MS).is_err());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn two_signatures_at_once_are_refused() {
    for (target, headers) in [
        (
            "/b/k?AWSAccessKeyId=a&Expires=1&Signature=x&X-Amz-Algorithm=AWS4-HMAC-SHA256",
            vec![],
        ),
        ("/b/k?X-Amz-Signature=x", vec![("authorization", "AWS a:b")]),
        (
            "/b/k?Signature=x",
            vec![("authorization", "AWS4-HMAC-SHA256 x")],
        ),
    ] {
        assert_eq!(
            present(&parts("GET", target, &headers)),
            Err(SignatureError::SeveralMechanisms),
            "{target}"
        );
    }
    let twice = [("authorization", "AWS a:b"), ("authorization", "AWS a:b")];
    assert_eq!(
        present(&parts("GET", "/", &twice)),
        Err(SignatureError::Duplicate("Authorization"))
    );
    let basic = [("authorization", "Basic Zm9v")];
    assert_eq!(
        present(&parts("GET", "/", &basic)),
        Err(SignatureError::UnsupportedAuthorization)
    );
    assert_eq!(
        present(&parts("GET", "/b/k?x=1", &[])),
        Ok(Presented::Nothing)
    );
}

#[test]
fn presigned_headers_come_out_of_the_query() {
    let mut head = parts(
        "PUT",
        "/b/k?x-amz-acl=private&x-amz-meta-a=b%20c&X-Amz-Date=d&X-Amz-Expires=1",
        &[("host", "h")],
    );
    hoist_query_headers(&mut head).unwrap();
    assert_eq!(head.headers["x-amz-acl"], "private");
    assert_eq!(head.headers["x-amz-meta-a"], "b c");
    assert!(!head.headers.contains_key("x-amz-date"));
    for (target, header) in [
        ("/b/k?x-amz-acl=private", "x-amz-acl"),
        ("/b/k?x-amz-acl=private&X-Amz-Acl=public-read", "x-other"),
    ] {
        let mut head = parts("PUT", target, &[(header, "public-read")]);
        assert!(hoist_query_headers(&mut head).is_err(), "{target}");
    }
}

#[test]
fn errors_speak_the_service_s_words() {
    let skewed = SignatureError::Skewed {
        request_ms: 1_440_938_160_000,
        now_ms: 1_440_938_160_000 + 30 * 60_000,
    };
    let query = skewed.fault(Protocol::Query);
    assert_eq!(
        (query.code.as_ref(), query.status),
        ("SignatureDoesNotMatch", 403)
    );
    assert_eq!(
        query.message,
        "Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T130600Z - 15 min.)"
    );
    let s3 = skewed.fault(Protocol::RestXml);
    assert_eq!((s3.code.as_ref(), s3.status), ("RequestTimeTooSkewed", 403));
    assert_eq!(
        s3.fields,
        [
            ("RequestTime", "20150830T123600Z".to_owned()),
            ("ServerTime", "2015-08-30T13:06:00Z".to_owned()),
            ("MaxAllowedSkewMilliseconds", "900000".to_owned()),
        ]
    );
    let json = skewed.fault(Protocol::Json11);
    assert_eq!(
        (json.code.as_ref(), json.status),
        ("InvalidSignatureException", 400)
    );

    let expired = SignatureError::Expired {
        expires_ms: 1_440_938_160_000,
        seconds: Some(60),
        now_ms: 1_440_938_161_000,
    }
    .fault(Protocol::RestXml);
    assert_eq!(
        (expired.code.as_ref(), expired.message.as_str()),
        ("AccessDenied", "Request has expired")
    );
    let names: Vec<&str> = expired.fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["X-Amz-Expires", "Expires", "ServerTime"]);

    let loose =
        SignatureError::HeadersNotSigned(vec!["x-amz-acl".to_owned()]).fault(Protocol::RestXml);
    assert_eq!((loose.code.as_ref(), loose.status), ("AccessDenied", 403));
    assert_eq!(
        loose.message,
        "There were headers present in the request which were not signed"
    );
    assert_eq!(loose.fields, [("HeadersNotSigned", "x-amz-acl".to_owned())]);
}

#[test]
fn credentials_that_nobody_has_are_told_as_each_service_does() {
    let of = |error: &SignatureError| {
        [Protocol::RestXml, Protocol::Query, Protocol::Json11].map(|protocol| {
            let fault = error.fault(protocol);
            (fault.code.into_owned(), fault.status)
        })
    };
    let expect = |s3: (&str, u16), query: (&str, u16), json: &str| {
        [
            (s3.0.to_owned(), s3.1),
            (query.0.to_owned(), query.1),
            (json.to_owned(), 400),
        ]
    };
    assert_eq!(
        of(&SignatureError::UnknownKey("AKIA".to_owned())),
        expect(
            ("InvalidAccessKeyId", 403),
            ("InvalidClientTokenId", 403),
            "UnrecognizedClientException"
        )
    );
    assert_eq!(
        of(&SignatureError::TokenExpired),
        expect(
            ("ExpiredToken", 400),
            ("ExpiredToken", 403),
            "ExpiredTokenException"
        )
    );
    assert_eq!(
        of(&SignatureError::TokenMalformed),
        expect(
            ("InvalidToken", 400),
            ("InvalidClientTokenId", 403),
            "UnrecognizedClientException"
        )
    );
    assert_eq!(
        of(&SignatureError::Missing),
        expect(
            ("AccessDenied", 403),
            ("MissingAuthenticationToken", 403),
            "MissingAuthenticationTokenException"
        )
    );
}
