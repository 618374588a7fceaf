//! Check values of the CRC catalogue and of the hashes' own standards.

use super::*;

#[test]
fn every_algorithm_has_its_check_value() {
    for (algorithm, expected) in [
        (Algorithm::Crc32, "cbf43926"),
        (Algorithm::Crc32c, "e3069283"),
        (Algorithm::Crc64Nvme, "ae8b14860a799888"),
        (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        (
            Algorithm::Sha256,
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
        ),
        (Algorithm::Md5, "25f9e794323b453885f5181f1b624d0b"),
    ] {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(b"1234");
        hasher.update(b"56789");
        let digest = hasher.finish();
        assert_eq!(hex::encode(&digest), expected, "{}", algorithm.name());
        assert_eq!(digest.len(), algorithm.digest_bytes());
        assert_eq!(algorithm.decode(&algorithm.of(b"123456789")), Some(digest));
    }
}

fn promises(headers: &[(&str, &str)]) -> Result<Promises, BodyError> {
    let parts = crate::signature::tests::parts("PUT", "/", headers);
    Promises::from_headers(&parts.headers)
}

#[test]
fn promises_are_read() {
    let found = promises(&[
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("x-amz-sdk-checksum-algorithm", "crc32"),
        ("x-amz-checksum-mode", "ENABLED"),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ])
    .unwrap();
    assert_eq!(found.declared, Some(Algorithm::Crc32));
    assert_eq!(found.values.len(), 2);
    let found = promises(&[("x-amz-trailer", "x-amz-checksum-sha256")]).unwrap();
    assert_eq!(found.trailer, Some(Algorithm::Sha256));
    assert_eq!(promises(&[]), Ok(Promises::default()));
}

#[test]
fn ill_formed_promises_are_told() {
    let header = BodyError::ChecksumHeaderInvalid("x-amz-checksum-crc32");
    for value in ["", "y/Q5Jg", "y/Q5JgAA", "?", "y/Q5Jg==-3"] {
        assert_eq!(
            promises(&[("x-amz-checksum-crc32", value)]),
            Err(header.clone()),
            "{value}"
        );
    }
    assert_eq!(
        header.fault().message,
        "Value for x-amz-checksum-crc32 header is invalid."
    );
    assert_eq!(
        promises(&[
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-checksum-crc32c", "4waSgw==")
        ]),
        Err(BodyError::SeveralChecksums)
    );
    assert_eq!(
        promises(&[
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-trailer", "x-amz-checksum-crc32")
        ]),
        Err(BodyError::SeveralChecksums)
    );
    assert_eq!(
        promises(&[("x-amz-sdk-checksum-algorithm", "CRC32")]),
        Err(BodyError::ChecksumAbsent)
    );
    assert!(
        promises(&[
            ("x-amz-sdk-checksum-algorithm", "SHA1"),
            ("x-amz-checksum-crc32", "y/Q5Jg==")
        ])
        .is_err()
    );
    assert!(promises(&[("x-amz-trailer", "x-amz-meta-a")]).is_err());
    assert!(matches!(
        promises(&[("content-md5", "abc")]),
        Err(BodyError::ContentMd5Invalid(_))
    ));
}
