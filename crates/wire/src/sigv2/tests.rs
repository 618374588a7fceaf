//! The examples of "Signing and authenticating REST requests" in the S3 user guide.

use super::*;
use crate::signature::{Presented, present, tests::parts};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn claim(parts: &Parts) -> Claim {
    match present(parts).unwrap() {
        Presented::V2(claim) => *claim,
        other => panic!("{other:?}"),
    }
}

#[test]
fn header_examples() {
    type Example<'a> = (
        &'a str,
        &'a str,
        Option<&'a str>,
        &'a [(&'a str, &'a str)],
        &'a str,
    );
    let examples: [Example<'_>; 5] = [
        (
            "GET",
            "/photos/puppy.jpg",
            Some("johnsmith"),
            &[("date", "Tue, 27 Mar 2007 19:36:42 +0000")],
            "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
        ),
        (
            "PUT",
            "/photos/puppy.jpg",
            Some("johnsmith"),
            &[
                ("content-type", "image/jpeg"),
                ("content-length", "94328"),
                ("date", "Tue, 27 Mar 2007 21:15:45 +0000"),
            ],
            "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
        ),
        (
            "GET",
            "/?prefix=photos&max-keys=50&marker=puppy",
            Some("johnsmith"),
            &[("date", "Tue, 27 Mar 2007 19:42:41 +0000")],
            "htDYFYduRNen8P9ZfE/s9SuKy0U=",
        ),
        (
            "GET",
            "/?acl",
            Some("johnsmith"),
            &[("date", "Tue, 27 Mar 2007 19:44:46 +0000")],
            "c2WLPFtWHVgbEmeEG93a4cG37dM=",
        ),
        (
            "GET",
            "/",
            None,
            &[("date", "Wed, 28 Mar 2007 01:29:59 +0000")],
            "qGdzdERIC03wnaRNKh6OqZehG9s=",
        ),
    ];
    for (method, target, bucket, headers, signature) in examples {
        let authorization = format!("AWS {ID}:{signature}");
        let mut headers = headers.to_vec();
        headers.push(("authorization", &authorization));
        let head = parts(method, target, &headers);
        let claim = claim(&head);
        verify(&claim, SECRET, &head, bucket)
            .unwrap_or_else(|error| panic!("{method} {target}: {error:?}"));
        let now = claim.timestamp_ms.unwrap();
        check_time(&claim, now).unwrap();
        assert!(check_time(&claim, now + 15 * 60_000 + 1).is_err());
        assert!(verify(&claim, SECRET, &head, Some("other")).is_err());
    }
}

#[test]
fn query_example() {
    let head = parts(
        "GET",
        "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620",
        &[("host", "johnsmith.s3.us-west-1.amazonaws.com")],
    );
    let claim = claim(&head);
    verify(&claim, SECRET, &head, Some("johnsmith")).unwrap();
    check_time(&claim, 1_175_139_620_000).unwrap();
    assert!(matches!(
        check_time(&claim, 1_175_139_620_001),
        Err(SignatureError::Expired { seconds: None, .. })
    ));
}

#[test]
fn an_upload_with_repeated_headers() {
    // The guide's upload example: metadata given twice counts as one list.
    let head = parts(
        "PUT",
        "/db-backup.dat.gz",
        &[
            ("host", "static.johnsmith.net:8080"),
            ("date", "Tue, 27 Mar 2007 21:06:08 +0000"),
            ("x-amz-acl", "public-read"),
            ("content-type", "application/x-download"),
            ("content-md5", "4gJE4saaMU4BqNR0kLY+lw=="),
            ("x-amz-meta-reviewedby", "joe@johnsmith.net"),
            ("x-amz-meta-reviewedby", "jane@johnsmith.net"),
            ("x-amz-meta-filechecksum", "0x02661779"),
            ("x-amz-meta-checksumalgorithm", "crc32"),
            ("content-disposition", "attachment; filename=database.dat"),
            ("content-encoding", "gzip"),
            ("content-length", "5913339"),
            (
                "authorization",
                "AWS AKIAIOSFODNN7EXAMPLE:ilyl83RwaSoYIEdixDQcA4OnAnc=",
            ),
        ],
    );
    verify(&claim(&head), SECRET, &head, Some("static.johnsmith.net")).unwrap();
}

#[test]
fn what_version_2_does_not_sign_is_refused() {
    let signer = Signer {
        access_key_id: ID,
        secret_access_key: SECRET,
        session_token: Some("token"),
        host_bucket: None,
    };
    let mut head = parts("DELETE", "/bucket", &[("host", "h")]);
    signer.presign(&mut head, 2_000_000_000).unwrap();
    let found = claim(&head);
    assert_eq!(found.session_token.as_deref(), Some("token"));
    verify(&found, SECRET, &head, None).unwrap();
    for added in [
        "publicAccessBlock",
        "encryption",
        "ownershipControls",
        "x=y",
    ] {
        let mut more = head.clone();
        more.uri = format!("{}&{added}", head.uri).parse().unwrap();
        assert!(
            matches!(
                verify(&found, SECRET, &more, None),
                Err(SignatureError::NotCoveredByV2(_))
            ),
            "{added}"
        );
    }
    for added in ["policy", "tagging", "x-amz-acl=public-read"] {
        let mut more = head.clone();
        more.uri = format!("{}&{added}", head.uri).parse().unwrap();
        assert!(
            matches!(
                verify(&found, SECRET, &more, None),
                Err(SignatureError::Mismatch(_))
            ),
            "{added}"
        );
    }
    for query in [
        "AWSAccessKeyId=a&Signature=b",
        "AWSAccessKeyId=a&Expires=1",
        "AWSAccessKeyId=a&Signature=b&Expires=soon",
        "AWSAccessKeyId=a&Signature=b&Expires=-5",
        "AWSAccessKeyId=a&Signature=b&Expires=99999999999999999999",
        "AWSAccessKeyId=a&Signature=b&Expires=1&Expires=2",
    ] {
        assert!(
            present(&parts("GET", &format!("/b/k?{query}"), &[])).is_err(),
            "{query}"
        );
    }
}

#[test]
fn what_is_signed_verifies() {
    let signer = Signer {
        access_key_id: ID,
        secret_access_key: SECRET,
        session_token: None,
        host_bucket: Some("b"),
    };
    let mut head = parts("PUT", "/k?acl", &[("x-amz-acl", "private")]);
    signer.sign(&mut head, 1_175_139_620_000).unwrap();
    verify(&claim(&head), SECRET, &head, Some("b")).unwrap();
    assert!(verify(&claim(&head), SECRET, &head, None).is_err());
}
