//! AWS's published examples, and the grammar of claims.

use sha2::{Digest as _, Sha256};

use super::*;
use crate::signature::{Presented, SignatureError, present, tests::parts};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2013-05-24T00:00:00Z, the time of S3's examples.
const S3_NOW: u64 = 1_369_353_600_000;
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn v4(parts: &http::request::Parts) -> Result<Claim, SignatureError> {
    match present(parts)? {
        Presented::V4(claim) => Ok(*claim),
        other => panic!("{other:?}"),
    }
}

fn verified(
    parts: &http::request::Parts,
    secret: &str,
    body: Option<&[u8]>,
) -> Result<Claim, SignatureError> {
    let claim = v4(parts)?;
    let key = SigningKey::derive(secret, &claim.date, &claim.region, &claim.service);
    let hash = body.map(|body| Sha256::digest(body).into());
    verify(&claim, &key, parts, hash.as_ref())?;
    Ok(claim)
}

/// "Examples: Signature Calculations in AWS Signature Version 4" of the S3 API Reference.
#[test]
fn s3_header_examples() {
    let put_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    type Example<'a> = (
        &'a str,
        &'a str,
        &'a [(&'a str, &'a str)],
        &'a str,
        &'a str,
        &'a str,
    );
    let examples: [Example<'_>; 4] = [
        (
            "GET",
            "/test.txt",
            &[("range", "bytes=0-9")],
            EMPTY,
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            put_hash,
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/?lifecycle",
            &[],
            EMPTY,
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            &[],
            EMPTY,
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ];
    for (method, target, extra, hash, signed, signature) in examples {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={ID}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={signature}"
        );
        let mut headers = vec![
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-content-sha256", hash),
            ("authorization", &authorization),
        ];
        headers.extend_from_slice(extra);
        let claim = verified(&parts(method, target, &headers), SECRET, None).unwrap();
        assert_eq!(claim.timestamp_ms, S3_NOW);
        assert_eq!(claim.payload.declared().as_deref(), Some(hash));
        check_time(&claim, S3_NOW + 15 * 60_000).unwrap();
        assert!(check_time(&claim, S3_NOW + 15 * 60_000 + 1).is_err());
        assert!(check_time(&claim, S3_NOW - 15 * 60_000 - 1).is_err());

        // The signer makes the very same signature.
        let mut mine = parts(method, target, extra);
        mine.headers
            .insert("host", "examplebucket.s3.amazonaws.com".parse().unwrap());
        let declared = Payload::Declared(claim.payload);
        let made = s3_signer().sign(&mut mine, declared, S3_NOW).unwrap();
        assert_eq!(made, claim);
    }
}

fn s3_signer() -> Signer<'static> {
    Signer {
        access_key_id: ID,
        secret_access_key: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "s3",
    }
}

/// "Authenticating Requests: Using Query Parameters" of the S3 API Reference.
#[test]
fn s3_presigned_example() {
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let head = parts("GET", target, &[("host", "examplebucket.s3.amazonaws.com")]);
    let claim = verified(&head, SECRET, None).unwrap();
    assert_eq!(claim.source, Source::Query);
    assert_eq!(claim.payload, PayloadHash::Unsigned);
    check_time(&claim, S3_NOW + 86_400_000).unwrap();
    assert_eq!(
        check_time(&claim, S3_NOW + 86_400_001),
        Err(SignatureError::Expired {
            expires_ms: S3_NOW + 86_400_000,
            seconds: Some(86_400),
            now_ms: S3_NOW + 86_400_001
        })
    );
    assert!(matches!(
        check_time(&claim, S3_NOW - 15 * 60_000 - 1),
        Err(SignatureError::NotYetValid { .. })
    ));

    let mut mine = parts(
        "GET",
        "/test.txt",
        &[("host", "examplebucket.s3.amazonaws.com")],
    );
    s3_signer().presign(&mut mine, 86_400, S3_NOW).unwrap();
    assert_eq!(mine.uri.to_string(), target);
}

/// The general reference's IAM example: ListUsers on 2015-08-30.
#[test]
fn iam_list_users_example() {
    let head = parts(
        "GET",
        "/?Action=ListUsers&Version=2010-05-08",
        &[
            ("host", "iam.amazonaws.com"),
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            ),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ],
    );
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let claim = verified(&head, secret, Some(b"")).unwrap();
    assert_eq!(claim.payload, PayloadHash::OfBody);
    assert_eq!(claim.scope(), "20150830/us-east-1/iam/aws4_request");
    // Without the body's hash nothing is proved.
    assert_eq!(
        verified(&head, secret, None),
        Err(SignatureError::PayloadHashMissing)
    );
    assert!(claim.expect_service("iam").is_ok());
    assert!(claim.expect_service("sts").is_err());
}

/// AWS's SigV4 test suite (`aws-sig-v4-test-suite`), by the names it has there.
#[test]
fn aws_test_suite() {
    type Case<'a> = (
        &'a str,
        &'a str,
        &'a str,
        &'a [(&'a str, &'a str)],
        &'a str,
        &'a str,
    );
    let plain = "host;x-amz-date";
    let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let cases: [Case<'_>; 11] = [
        ("get-vanilla", "GET", "/", &[], plain, vanilla),
        ("get-relative", "GET", "/example/..", &[], plain, vanilla),
        (
            "get-relative-relative",
            "GET",
            "/example1/example2/../..",
            &[],
            plain,
            vanilla,
        ),
        ("get-slash", "GET", "//", &[], plain, vanilla),
        ("get-slash-dot-slash", "GET", "/./", &[], plain, vanilla),
        (
            "get-slashes",
            "GET",
            "//example//",
            &[],
            plain,
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        (
            "get-slash-pointless-dot",
            "GET",
            "/./example",
            &[],
            plain,
            "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            plain,
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "post-vanilla",
            "POST",
            "/",
            &[],
            plain,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-header-key-sort",
            "POST",
            "/",
            &[("my-header1", "value1")],
            "host;my-header1;x-amz-date",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            "get-header-value-trim",
            "GET",
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
    ];
    for (name, method, target, extra, signed, signature) in cases {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}"
        );
        let mut headers = vec![
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", &authorization),
        ];
        headers.extend_from_slice(extra);
        verified(
            &parts(method, target, &headers),
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            Some(b""),
        )
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[test]
fn paths_are_canonical_by_service() {
    let path = |raw: &str, s3| String::from_utf8(canonical::path(raw, s3)).unwrap();
    // The suite's get-space and get-utf8, whose paths no HTTP library would send unencoded.
    assert_eq!(path("/example space/", false), "/example%20space/");
    assert_eq!(path("/ሴ", false), "/%E1%88%B4");
    assert_eq!(path("/a%20b", false), "/a%2520b");
    assert_eq!(path("", false), "/");
    assert_eq!(path("/../../a/./b//c/", false), "/a/b/c/");
    assert_eq!(path("/a/.hidden", false), "/a/.hidden");
    assert_eq!(path("/a/b/..", false), "/a/");
    // S3 keeps what a key may contain.
    assert_eq!(path("/b//a/../c/./", true), "/b//a/../c/./");
    assert_eq!(path("/b/a%20b+c~(d)", true), "/b/a%20b%2Bc~%28d%29");
    assert_eq!(path("/b/100%", true), "/b/100%25");
}

#[test]
fn queries_are_canonical() {
    let query = |raw: &str| String::from_utf8(canonical::query(raw, Source::Header)).unwrap();
    assert_eq!(query("b=2&a=1&a=0"), "a=0&a=1&b=2");
    assert_eq!(query("acl"), "acl=");
    assert_eq!(query("a=b=c&x=%2f&y=a+b&&z"), "a=b%3Dc&x=%2F&y=a%20b&z=");
    assert_eq!(query("%E1%88%B4=bar"), "%E1%88%B4=bar");
    assert_eq!(query("X-Amz-Signature=1"), "X-Amz-Signature=1");
    assert_eq!(
        canonical::query("X-Amz-Signature=1&a=b", Source::Query),
        b"a=b"
    );
}

fn header_claim(authorization: &str, extra: &[(&str, &str)]) -> Result<Claim, SignatureError> {
    let mut headers = vec![
        ("host", "h"),
        ("authorization", authorization),
        ("x-amz-date", "20150830T123600Z"),
    ];
    headers.extend_from_slice(extra);
    v4(&parts("POST", "/", &headers))
}

#[test]
fn ill_formed_headers_are_told_apart() {
    let good = "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request";
    let with = |credential: &str| {
        header_claim(
            &format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00"),
            &[],
        )
    };
    assert!(with(good).is_ok());
    let missing = |text: &str| match header_claim(text, &[]) {
        Err(SignatureError::Incomplete { missing, .. }) => missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        missing("AWS4-HMAC-SHA256 "),
        ["Credential", "Signature", "SignedHeaders"]
    );
    assert_eq!(missing("AWS4-HMAC-SHA256"), missing("AWS4-HMAC-SHA256 ,"));
    assert_eq!(
        missing(&format!("AWS4-HMAC-SHA256 {good}")),
        ["Signature", "SignedHeaders"]
    );
    for bad in [
        "Credential=AKIDEXAMPLE/20150830/us-east-1/iam",
        "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request/more",
        "Credential=/20150830/us-east-1/iam/aws4_request",
        "Credential=AKIDEXAMPLE/2015083/us-east-1/iam/aws4_request",
        "Credential=AKIDEXAMPLE/2015083x/us-east-1/iam/aws4_request",
        "Credential=AKIDEXAMPLE/20150830//iam/aws4_request",
        "Credential=AKIDEXAMPLE/20150830/us east/iam/aws4_request",
        "Credential=AKIDEXAMPLE/20150830/us-east-1//aws4_request",
    ] {
        assert!(
            matches!(with(bad), Err(SignatureError::MalformedCredential { .. })),
            "{bad}"
        );
    }
    assert!(matches!(
        with("Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws3_request"),
        Err(SignatureError::WrongTerminator { .. })
    ));
    assert!(matches!(
        with("Credential=AKIDEXAMPLE/20150829/us-east-1/iam/aws4_request"),
        Err(SignatureError::DateMismatch { .. })
    ));
    assert_eq!(
        header_claim(
            &format!("AWS4-HMAC-SHA256 {good}, {good}, SignedHeaders=host, Signature=00"),
            &[]
        ),
        Err(SignatureError::Duplicate("Credential"))
    );
    assert!(matches!(
        header_claim("AWS4-ECDSA-P256-SHA256 x", &[]),
        Err(SignatureError::UnsupportedAlgorithm(_))
    ));
    for signed in ["host;host", "host;;x", ";", "ho st", "host:"] {
        let text = format!("AWS4-HMAC-SHA256 {good}, SignedHeaders={signed}, Signature=00");
        assert!(
            matches!(
                header_claim(&text, &[]),
                Err(SignatureError::MalformedComponent(_))
            ),
            "{signed}"
        );
    }
    let text = format!("AWS4-HMAC-SHA256 {good}, SignedHeaders=host, Signature=00");
    assert_eq!(
        header_claim(&text, &[("x-amz-date", "20150830T123600Z")]),
        Err(SignatureError::Duplicate("x-amz-date"))
    );
    let token = "t".repeat(4097);
    assert_eq!(
        header_claim(&text, &[("x-amz-security-token", &token)]),
        Err(SignatureError::TokenMalformed)
    );
    // Only S3 has unsigned and streaming bodies.
    assert!(matches!(
        header_claim(&text, &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]),
        Err(SignatureError::PayloadHashInvalid(_))
    ));
    let s3 = text.replace("/iam/", "/s3/");
    assert_eq!(
        header_claim(&s3, &[]),
        Err(SignatureError::PayloadHashMissing)
    );
    for bad in [
        "",
        "unsigned-payload",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        &EMPTY.to_uppercase(),
        &EMPTY[1..],
    ] {
        assert!(
            matches!(
                header_claim(&s3, &[("x-amz-content-sha256", bad)]),
                Err(SignatureError::PayloadHashInvalid(_))
            ),
            "{bad}"
        );
    }
}

#[test]
fn presigned_parameters_are_strict() {
    let target = |expires: &str| {
        format!(
            "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ID}/20130524/us-east-1/s3/aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0{expires}"
        )
    };
    let of = |expires: &str| v4(&parts("GET", &target(expires), &[("host", "h")]));
    assert_eq!(
        of("&X-Amz-Expires=604800").unwrap().expires_seconds,
        Some(604_800)
    );
    for (given, error) in [
        ("604801", SignatureError::ExpiresTooLong),
        ("99999999999999999999999", SignatureError::ExpiresTooLong),
        ("-1", SignatureError::ExpiresNegative),
        ("x", SignatureError::ExpiresNotANumber),
        ("", SignatureError::ExpiresNotANumber),
        ("%2B5", SignatureError::ExpiresNotANumber),
    ] {
        assert_eq!(
            of(&format!("&X-Amz-Expires={given}")),
            Err(error),
            "{given}"
        );
    }
    assert_eq!(
        of(""),
        Err(SignatureError::MissingParameters(vec!["X-Amz-Expires"]))
    );
    assert_eq!(
        of("&X-Amz-Expires=1&X-Amz-Expires=2"),
        Err(SignatureError::Duplicate("X-Amz-Expires"))
    );
    // The name is what counts, however it is encoded.
    assert_eq!(
        of("&X-Amz-Expires=1&X-Amz-Expire%73=2"),
        Err(SignatureError::Duplicate("X-Amz-Expires"))
    );
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Date",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ] {
        let without = target("&X-Amz-Expires=1").replace(name, "other");
        assert_eq!(
            v4(&parts("GET", &without, &[("host", "h")])),
            Err(SignatureError::MissingParameters(vec![name]))
        );
    }
}

#[test]
fn headers_that_must_be_signed_are() {
    let signer = s3_signer();
    let mut head = parts("PUT", "/b/k", &[("host", "h")]);
    let claim = signer.sign(&mut head, Payload::Bytes(b""), S3_NOW).unwrap();
    let key = signer.key(&claim);
    verify(&claim, &key, &head, None).unwrap();

    let mut more = head.clone();
    more.headers
        .insert("x-amz-copy-source", "/other/secret".parse().unwrap());
    assert_eq!(
        verify(&claim, &key, &more, None),
        Err(SignatureError::HeadersNotSigned(vec![
            "x-amz-copy-source".to_owned()
        ]))
    );
    let mut no_host = claim.clone();
    no_host.signed_headers.retain(|name| name != "host");
    assert_eq!(
        verify(&no_host, &key, &head, None),
        Err(SignatureError::HostNotSigned)
    );
    let mut two_hosts = head.clone();
    two_hosts.headers.append("host", "other".parse().unwrap());
    assert!(verify(&claim, &key, &two_hosts, None).is_err());
    // Headers that proxies add or drop do not matter.
    let mut proxied = head.clone();
    proxied.headers.insert("user-agent", "x".parse().unwrap());
    proxied
        .headers
        .insert("x-amzn-trace-id", "Root=1".parse().unwrap());
    verify(&claim, &key, &proxied, None).unwrap();
    // A claim's length is no excuse.
    for signature in ["", "0", &claim.signature.to_uppercase()] {
        let mut other = claim.clone();
        other.signature = signature.to_owned();
        assert!(matches!(
            verify(&other, &key, &head, None),
            Err(SignatureError::Mismatch(_))
        ));
    }
}

#[test]
fn a_signed_header_taken_away_is_noticed_even_when_empty() {
    let signer = s3_signer();
    let mut head = parts("PUT", "/b/k", &[("host", "h"), ("x-empty", "")]);
    let claim = signer.sign(&mut head, Payload::Bytes(b""), S3_NOW).unwrap();
    let key = signer.key(&claim);
    verify(&claim, &key, &head, None).unwrap();
    head.headers.remove("x-empty");
    assert!(verify(&claim, &key, &head, None).is_err());
}

#[test]
fn presigned_calls_to_other_services_live_a_quarter_of_an_hour() {
    let signer = Signer {
        service: "sts",
        ..s3_signer()
    };
    let mut head = parts("GET", "/?Action=GetCallerIdentity", &[("host", "h")]);
    signer.presign(&mut head, 604_800, S3_NOW).unwrap();
    let claim = verified(&head, SECRET, Some(b"")).unwrap();
    check_time(&claim, S3_NOW + 15 * 60_000).unwrap();
    assert!(check_time(&claim, S3_NOW + 15 * 60_000 + 1).is_err());
}

#[test]
fn cached_keys_are_the_derived_ones() {
    let keys = SigningKeys::new();
    for round in 0..3 {
        for day in 0..30 {
            let date = format!("201305{day:02}");
            let cached = keys.get(SECRET, &date, "us-east-1", "s3");
            let fresh = SigningKey::derive(SECRET, &date, "us-east-1", "s3");
            assert_eq!(cached.sign(b"x"), fresh.sign(b"x"), "{round} {date}");
        }
    }
    let other = keys.get("another secret", "20130524", "us-east-1", "s3");
    let first = keys.get(SECRET, "20130524", "us-east-1", "s3");
    assert_ne!(other.sign(b"x"), first.sign(b"x"));
    assert_eq!(format!("{first:?}"), "SigningKey(..)");
}
