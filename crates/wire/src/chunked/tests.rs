//! AWS's chunked examples, and every way in which a chunked body must fail.

use futures_util::{StreamExt as _, stream};

use super::*;
use crate::{
    signature::{Presented, present, tests::parts},
    sigv4::{Payload, Signer},
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const NOW_MS: u64 = 1_369_353_600_000;

fn signer() -> Signer<'static> {
    Signer {
        access_key_id: ID,
        secret_access_key: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "s3",
    }
}

/// Feeds the body in pieces of one size and collects the data.
fn read(check: Check, body: &[u8], piece: usize) -> Result<(Vec<u8>, Checked), BodyError> {
    let pieces: Vec<Result<Bytes, BodyError>> = body
        .chunks(piece.max(1))
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let (mut out, receipt) = checked(stream::iter(pieces), check);
    let mut data = Vec::new();
    futures_util::FutureExt::now_or_never(async {
        while let Some(part) = out.next().await {
            data.extend_from_slice(&part?);
        }
        assert!(out.next().await.is_none(), "a stream ends once");
        Ok(())
    })
    .unwrap()
    .inspect_err(|_| assert!(receipt.checked().is_none()))?;
    Ok((data, receipt.checked().cloned().unwrap()))
}

/// "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", S3 API Reference.
fn example_head(trailer: bool) -> http::request::Parts {
    let (kind, signed, signature) = if trailer {
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        )
    } else {
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        )
    };
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={ID}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={signature}"
    );
    let mut headers = vec![
        ("host", "s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", kind),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        ("content-length", "66824"),
        ("authorization", &authorization),
    ];
    if trailer {
        headers.push(("x-amz-trailer", "x-amz-checksum-crc32c"));
    }
    parts("PUT", "/examplebucket/chunkObject.txt", &headers)
}

fn example_body(signatures: [&str; 3], end: &str) -> Vec<u8> {
    let mut body = format!("10000;chunk-signature={}\r\n", signatures[0]).into_bytes();
    body.extend(vec![b'a'; 65_536]);
    body.extend(format!("\r\n400;chunk-signature={}\r\n", signatures[1]).bytes());
    body.extend(vec![b'a'; 1024]);
    body.extend(format!("\r\n0;chunk-signature={}\r\n{end}", signatures[2]).bytes());
    body
}

fn check_of(head: &http::request::Parts) -> Check {
    let Ok(Presented::V4(claim)) = present(head) else {
        panic!("no claim")
    };
    let key = signer().key(&claim);
    crate::sigv4::verify(&claim, &key, head, None).unwrap();
    let promises = Promises::from_headers(&head.headers).unwrap();
    Check::new(&head.headers, Some((&claim, &key)), promises, &[]).unwrap()
}

const PLAIN: [&str; 3] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];
const TRAILER: [&str; 3] = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
];
const TRAILER_END: &str = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";

#[test]
fn aws_s_examples_are_read_in_pieces_of_any_size() {
    let plain = example_body(PLAIN, "\r\n");
    assert_eq!(plain.len(), 66_824);
    let trailer = example_body(TRAILER, TRAILER_END);
    for piece in [1, 2, 3, 85, 4096, 70_000] {
        let (data, done) = read(check_of(&example_head(false)), &plain, piece).unwrap();
        assert_eq!(data, vec![b'a'; 66_560]);
        assert_eq!(done.length, 66_560);
        let (data, done) = read(check_of(&example_head(true)), &trailer, piece).unwrap();
        assert_eq!(data, vec![b'a'; 66_560]);
        assert_eq!(done.checksums, [(Algorithm::Crc32c, "sOO8/Q==".to_owned())]);
    }
}

#[test]
fn the_signer_frames_as_aws_does() {
    let Ok(Presented::V4(claim)) = present(&example_head(true)) else {
        panic!()
    };
    let mut seed = Seed::new(&claim, signer().key(&claim));
    let mut body = seed.chunk(&[b'a'; 65_536]);
    body.extend(seed.chunk(&[b'a'; 1024]));
    body.extend(seed.chunk(b""));
    body.extend(seed.trailers(&[("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]));
    let expected = example_body(TRAILER, TRAILER_END);
    let differs = body.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!((differs, body.len()), (None, expected.len()));
}

#[test]
fn clients_write_the_end_differently() {
    let line = |from: &str, to: &str| TRAILER_END.replacen(from, to, 1);
    for end in [
        // minio-go.
        line("==\r\n", "==\n\r\n"),
        // A line end of the empty chunk's own.
        format!("\r\n{TRAILER_END}"),
        line("\r\n\r\n", "\r\n"),
        line("\r\n\r\n", ""),
        line("435\r\n\r\n", "435\r\n\r\n\r\n"),
    ] {
        let body = example_body(TRAILER, &end);
        read(check_of(&example_head(true)), &body, 1000)
            .unwrap_or_else(|error| panic!("{end:?}: {error}"));
    }
}

#[test]
fn tampered_signed_chunks_fail() {
    let mismatch = |result: Result<_, BodyError>, what: &str| {
        assert!(
            matches!(result, Err(BodyError::SignatureMismatch(_))),
            "{what}: {result:?}"
        );
    };
    for position in [100, 65_621, 65_800, 66_700] {
        let mut body = example_body(PLAIN, "\r\n");
        body[position] = if body[position] == b'b' { b'c' } else { b'b' };
        let result = read(check_of(&example_head(false)), &body, 999);
        assert!(result.is_err(), "byte {position}");
    }
    let mut swapped = PLAIN;
    swapped.swap(0, 1);
    mismatch(
        read(
            check_of(&example_head(false)),
            &example_body(swapped, "\r\n"),
            999,
        ),
        "swapped",
    );
    let mut last = PLAIN;
    last[2] = TRAILER[2];
    mismatch(
        read(
            check_of(&example_head(false)),
            &example_body(last, "\r\n"),
            999,
        ),
        "the last chunk's signature",
    );
    for (from, to) in [("sOO8", "sOO9"), ("d81f", "d81e"), ("crc32c", "crc32")] {
        let end = TRAILER_END.replacen(from, to, 1);
        mismatch(
            read(
                check_of(&example_head(true)),
                &example_body(TRAILER, &end),
                999,
            ),
            to,
        );
    }
    // The signature of the trailers left out.
    for end in ["\r\n", "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", ""] {
        let result = read(
            check_of(&example_head(true)),
            &example_body(TRAILER, end),
            999,
        );
        assert_eq!(result.unwrap_err(), BodyError::TrailerMalformed, "{end:?}");
    }
}

#[test]
fn a_body_cut_anywhere_fails_until_all_is_proved() {
    let body = example_body(PLAIN, "\r\n");
    let proved = body.len() - 4;
    for cut in (0..200).chain(65_500..65_800).chain(66_600..proved) {
        assert!(
            read(check_of(&example_head(false)), &body[..cut], 5000).is_err(),
            "cut at {cut}"
        );
    }
    let body = example_body(TRAILER, TRAILER_END);
    let proved = body.len() - 4;
    for cut in body.len() - 200..proved {
        assert!(
            read(check_of(&example_head(true)), &body[..cut], 5000).is_err(),
            "cut at {cut}"
        );
    }
}

fn unsigned(headers: &[(&str, &str)], body: &[u8]) -> Result<(Vec<u8>, Checked), BodyError> {
    let mut head = parts(
        "PUT",
        "/b/k",
        &[
            ("host", "h"),
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ],
    );
    for (name, value) in headers {
        head.headers.append(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    let payload = PayloadHash::Streaming {
        signed: false,
        trailer: true,
    };
    let claim = signer()
        .sign(&mut head, Payload::Declared(payload), NOW_MS)
        .unwrap();
    let key = signer().key(&claim);
    let promises = Promises::from_headers(&head.headers)?;
    let check = Check::new(&head.headers, Some((&claim, &key)), promises, &[])?;
    read(check, body, 7)
}

const CRC32: (&str, &str) = ("x-amz-trailer", "x-amz-checksum-crc32");
const NINE: (&str, &str) = ("x-amz-decoded-content-length", "9");

#[test]
fn unsigned_chunks_with_a_trailer() {
    let body = b"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let (data, done) = unsigned(&[CRC32, NINE], body).unwrap();
    assert_eq!(data, b"123456789");
    assert_eq!(done.checksums, [(Algorithm::Crc32, "y/Q5Jg==".to_owned())]);
    // Nothing announced, nothing sent; and an empty body.
    unsigned(&[NINE], b"9\r\n123456789\r\n0\r\n\r\n").unwrap();
    let (data, _) = unsigned(&[("x-amz-decoded-content-length", "0")], b"0\r\n\r\n").unwrap();
    assert!(data.is_empty());
}

#[test]
fn malformed_unsigned_chunks_fail() {
    let end = "0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let chunk = "9\r\n123456789\r\n";
    let incomplete = BodyError::Incomplete;
    let header = BodyError::Malformed("a chunk header is not well-formed");
    let cases = [
        (String::new(), incomplete.clone()),
        (chunk.to_owned(), incomplete.clone()),
        (format!("a\r\n1234567890\r\n{end}"), incomplete.clone()),
        (format!("8\r\n12345678\r\n{end}"), incomplete.clone()),
        (format!("{chunk}{chunk}{end}"), incomplete.clone()),
        (
            format!("8\r\n123456789\r\n{end}"),
            BodyError::Malformed("a chunk is longer than its size"),
        ),
        (
            format!("4\r\n1234\r\n5\r\n56789\r\n{end}"),
            BodyError::ChunkTooSmall { chunk: 1, size: 4 },
        ),
        (format!("9\n123456789\r\n{end}"), header.clone()),
        (format!("\r\n{chunk}{end}"), header.clone()),
        (format!("+9\r\n123456789\r\n{end}"), header.clone()),
        (format!("9;x=y\r\n123456789\r\n{end}"), header.clone()),
        (
            format!("9;chunk-signature=00\r\n123456789\r\n{end}"),
            header.clone(),
        ),
        (format!("00000000000000009\r\n123456789\r\n{end}"), header),
        (
            format!("ffffffffffffffff\r\n123456789\r\n{end}"),
            incomplete.clone(),
        ),
        ("9".repeat(200), BodyError::Malformed("a line is too long")),
        (format!("{chunk}0\r\n\r\n"), BodyError::TrailerMalformed),
        (
            format!("{chunk}0\r\nx-amz-checksum-crc32c:y/Q5Jg==\r\n\r\n"),
            BodyError::TrailerMalformed,
        ),
        (
            format!(
                "{chunk}0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n"
            ),
            BodyError::TrailerMalformed,
        ),
        (
            format!("{chunk}0\r\nx-amz-trailer-signature:00\r\n\r\n"),
            BodyError::TrailerMalformed,
        ),
        (
            format!("{chunk}0\r\nx-amz-checksum-crc32:y/Q5\r\n\r\n"),
            BodyError::ChecksumTrailerInvalid("x-amz-checksum-crc32"),
        ),
        (
            format!("{chunk}{end}more"),
            BodyError::Malformed("data after the last chunk"),
        ),
        (
            format!("{chunk}{end}\r\n\r\n"),
            BodyError::Malformed("data after the last chunk"),
        ),
    ];
    for (body, error) in cases {
        assert_eq!(
            unsigned(&[CRC32, NINE], body.as_bytes()).unwrap_err(),
            error,
            "{body:?}"
        );
    }
    let wrong = format!("9\r\n12345678x\r\n{end}");
    assert!(matches!(
        unsigned(&[CRC32, NINE], wrong.as_bytes()),
        Err(BodyError::BadDigest {
            algorithm: Algorithm::Crc32,
            ..
        })
    ));
    assert_eq!(
        unsigned(&[CRC32], chunk.as_bytes()).unwrap_err(),
        BodyError::DecodedLengthMissing
    );
    for length in ["", "-1", "+9", "9x", "99999999999999999999"] {
        assert!(
            matches!(
                unsigned(&[CRC32, ("x-amz-decoded-content-length", length)], b""),
                Err(BodyError::DecodedLengthInvalid(_))
            ),
            "{length}"
        );
    }
}

#[test]
fn plain_bodies_are_held_to_their_hash_length_and_checksums() {
    let hash = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225";
    let of = |headers: &[(&str, &str)], body: &[u8]| {
        let head = parts("PUT", "/b/k", headers);
        let promises = Promises::from_headers(&head.headers)?;
        read(
            Check::new(&head.headers, None, promises, &[Algorithm::Crc64Nvme])?,
            body,
            4,
        )
    };
    let good = [
        ("content-length", "9"),
        ("x-amz-content-sha256", hash),
        ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
    ];
    let (data, done) = of(&good, b"123456789").unwrap();
    assert_eq!(data, b"123456789");
    let found: Vec<Algorithm> = done.checksums.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        found,
        [Algorithm::Crc32, Algorithm::Crc64Nvme, Algorithm::Md5]
    );
    assert!(matches!(
        of(&good, b"12345678x"),
        Err(BodyError::PayloadMismatch { .. })
    ));
    assert_eq!(of(&good, b"12345678").unwrap_err(), BodyError::Incomplete);
    assert_eq!(of(&good, b"1234567890").unwrap_err(), BodyError::Incomplete);
    let md5 = of(&good[2..3], b"x").unwrap_err().fault();
    assert_eq!(
        (md5.code.as_ref(), md5.message.as_str()),
        (
            "BadDigest",
            "The Content-MD5 you specified did not match what we received."
        )
    );
    let crc = of(&good[3..], b"x").unwrap_err().fault();
    assert_eq!(
        crc.message,
        "The CRC32 you specified did not match the calculated checksum."
    );
    // Without a signature there is none to chain chunk signatures to.
    assert!(matches!(
        of(
            &[
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                NINE
            ],
            b""
        ),
        Err(BodyError::PayloadHashInvalid(_))
    ));
    // A trailer needs a framing to follow.
    assert_eq!(of(&[CRC32], b"x").unwrap_err(), BodyError::TrailerMalformed);
}

#[test]
fn the_framing_s_name_is_not_the_object_s() {
    assert_eq!(object_content_encoding("aws-chunked"), None);
    assert_eq!(
        object_content_encoding("aws-chunked,gzip").as_deref(),
        Some("gzip")
    );
    assert_eq!(
        object_content_encoding("gzip, AWS-Chunked").as_deref(),
        Some("gzip")
    );
}

#[test]
fn an_empty_body_is_checked_too() {
    let head = parts("PUT", "/b/k", &[("x-amz-checksum-crc32", "y/Q5Jg==")]);
    let promises = Promises::from_headers(&head.headers).unwrap();
    let check = Check::new(&head.headers, None, promises, &[]).unwrap();
    let (body, receipt) = check.over(Body::Empty);
    let fault = futures_util::FutureExt::now_or_never(body.collect(10))
        .unwrap()
        .unwrap_err();
    assert_eq!(fault.code, "BadDigest");
    assert!(receipt.checked().is_none());
}
