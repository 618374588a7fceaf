//! Is a claim timely, and is it true?

use http::request::Parts;

use super::{Claim, PayloadHash, SigningKey, Source, canonical, key::same_signature};
use crate::signature::{CLOCK_SKEW_MS_MAX, Mismatch, PRESIGN_SECONDS_MAX, SignatureError};

/// Checks the request's own clock, and a presigned request's end. Needs no secret, so it comes before any look-up.
///
/// # Errors
/// [`SignatureError::Skewed`], [`SignatureError::NotYetValid`] or [`SignatureError::Expired`].
pub fn check_time(claim: &Claim, now_ms: u64) -> Result<(), SignatureError> {
    let request_ms = claim.timestamp_ms;
    if claim.source == Source::Header {
        if request_ms.abs_diff(now_ms) > CLOCK_SKEW_MS_MAX {
            return Err(SignatureError::Skewed { request_ms, now_ms });
        }
        return Ok(());
    }
    if request_ms > now_ms.saturating_add(CLOCK_SKEW_MS_MAX) {
        return Err(SignatureError::NotYetValid { request_ms, now_ms });
    }
    if !claim.is_s3() && now_ms > request_ms.saturating_add(CLOCK_SKEW_MS_MAX) {
        return Err(SignatureError::Skewed { request_ms, now_ms });
    }
    // A form ends with its policy, and with its signing key: that is good for seven days.
    let seconds = match claim.source {
        Source::Form => Some(PRESIGN_SECONDS_MAX),
        _ => claim.expires_seconds,
    };
    if let Some(seconds) = seconds {
        let expires_ms = request_ms.saturating_add(seconds.saturating_mul(1000));
        if now_ms > expires_ms {
            return Err(SignatureError::Expired {
                expires_ms,
                seconds: Some(seconds),
                now_ms,
            });
        }
    }
    Ok(())
}

/// Verifies a claim over the request as it came, in constant time.
///
/// `body_sha256` is the hash of the body where it has been read already: it must be given for every service but S3, and
/// where the claim declares a hash, the two must agree. For a body of S3 that is still to come pass `None`, and read it
/// through [`crate::chunked::Check::over`], which does the comparing.
///
/// # Errors
/// `HostNotSigned`, `HeadersNotSigned`, `PayloadMismatch`, or `Mismatch` with what was computed.
pub fn verify(
    claim: &Claim,
    key: &SigningKey,
    parts: &Parts,
    body_sha256: Option<&[u8; 32]>,
) -> Result<(), SignatureError> {
    let signed = |name: &str| {
        claim
            .signed_headers
            .binary_search_by(|given| given.as_str().cmp(name))
            .is_ok()
    };
    if !signed("host") || !canonical::has_header(parts, "host") {
        return Err(SignatureError::HostNotSigned);
    }
    if parts.headers.get_all(http::header::HOST).iter().count() > 1 {
        return Err(SignatureError::Duplicate("Host"));
    }
    let mut loose: Vec<String> = parts
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") && !signed(name))
        .map(str::to_owned)
        .collect();
    if !loose.is_empty() {
        loose.sort_unstable();
        return Err(SignatureError::HeadersNotSigned(loose));
    }
    let payload = match (claim.payload, body_sha256) {
        (PayloadHash::OfBody, Some(found)) => hex::encode(found),
        // No hash declared and none known: nothing to verify against, so nothing is verified.
        (PayloadHash::OfBody, None) => return Err(SignatureError::PayloadHashMissing),
        // Only S3 compares a body later, while it streams.
        (PayloadHash::Sha256(_), None) if !claim.is_s3() => {
            return Err(SignatureError::PayloadHashMissing);
        }
        (PayloadHash::Sha256(declared), Some(found)) if declared != *found => {
            return Err(SignatureError::PayloadMismatch {
                declared: hex::encode(declared),
                computed: hex::encode(found),
            });
        }
        (declared, _) => declared.declared().unwrap_or_default(),
    };
    let canonical = canonical::request(parts, claim, &payload);
    let string_to_sign = canonical::string_to_sign(claim, &canonical);
    let expected = key.sign(string_to_sign.as_bytes());
    // A header that is named as signed and is not there was taken away on the way, even if it was empty.
    let complete = claim
        .signed_headers
        .iter()
        .all(|name| canonical::has_header(parts, name));
    if same_signature(&expected, &claim.signature) && complete {
        return Ok(());
    }
    Err(SignatureError::Mismatch(Box::new(Mismatch {
        access_key_id: claim.access_key_id.clone(),
        string_to_sign,
        canonical_request: String::from_utf8_lossy(&canonical).into_owned(),
        signature_provided: claim.signature.clone(),
    })))
}
