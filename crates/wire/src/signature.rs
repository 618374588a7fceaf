//! Which signature a request carries, and what AWS says when it is not good.
//!
//! The parsers of `sigv4`, `sigv2` and `post_form` all answer with one [`SignatureError`], because the same fault must
//! read differently per service: S3 has codes of its own, the query services speak of `IncompleteSignature` and
//! `SignatureDoesNotMatch`, the JSON services append `Exception`. An error therefore holds facts, and
//! [`SignatureError::fault`] finds the words. Nothing here knows a secret, and no error text contains one.

use http::request::Parts;

use crate::{sigv2, sigv4};

mod error;
pub(crate) mod moment;
pub(crate) mod percent;
#[cfg(test)]
pub(crate) mod tests;

pub use error::{Mismatch, SignatureError};

/// Longest accepted Authorization header, in bytes. A header naming 100 signed headers stays far below it.
pub const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;
/// Longest accepted session token, in bytes: what the token maker refuses to exceed.
pub const SESSION_TOKEN_BYTES_MAX: usize = 4096;
/// Longest accepted access key id, in bytes: IAM's own limit for an id.
pub const ACCESS_KEY_ID_BYTES_MAX: usize = 128;
/// How far a request's own clock may be from ours, in milliseconds: AWS's 15 minutes.
pub const CLOCK_SKEW_MS_MAX: u64 = 15 * 60 * 1000;
/// Longest validity of a presigned SigV4 URL, in seconds: seven days.
pub const PRESIGN_SECONDS_MAX: u64 = 604_800;

/// The one signature that a request presents; a POST form carries its own in the body (see [`crate::post_form`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// No signature at all: anonymous to S3, `MissingAuthenticationToken` elsewhere.
    Nothing,
    /// Signature version 4, in the Authorization header or in the query.
    V4(Box<sigv4::Claim>),
    /// Signature version 2 in its S3 form, in the Authorization header or in the query.
    V2(Box<sigv2::Claim>),
}

/// Finds the signature of a request and parses it strictly, believing nothing yet.
///
/// # Errors
/// Every way in which a signature can be ill-formed, two signatures at once among them.
pub fn present(parts: &Parts) -> Result<Presented, SignatureError> {
    let mut authorizations = parts.headers.get_all(http::header::AUTHORIZATION).iter();
    let header = authorizations.next();
    if authorizations.next().is_some() {
        return Err(SignatureError::Duplicate("Authorization"));
    }
    let (mut query_v4, mut query_v2) = (false, false);
    for (name, _) in percent::pairs(parts.uri.query().unwrap_or_default()) {
        match name.as_ref() {
            b"X-Amz-Algorithm" | b"X-Amz-Signature" | b"X-Amz-Credential" => query_v4 = true,
            b"AWSAccessKeyId" | b"Signature" => query_v2 = true,
            _ => {}
        }
    }
    let Some(header) = header else {
        return match (query_v4, query_v2) {
            (false, false) => Ok(Presented::Nothing),
            (true, false) => sigv4::parse_query(parts).map(|claim| Presented::V4(Box::new(claim))),
            (false, true) => sigv2::parse_query(parts).map(|claim| Presented::V2(Box::new(claim))),
            (true, true) => Err(SignatureError::SeveralMechanisms),
        };
    };
    if query_v4 || query_v2 {
        return Err(SignatureError::SeveralMechanisms);
    }
    if header.len() > AUTHORIZATION_BYTES_MAX {
        return Err(SignatureError::TooLong("Authorization"));
    }
    let text = header
        .to_str()
        .map_err(|_| SignatureError::UnsupportedAuthorization)?;
    if text.starts_with("AWS4-") {
        sigv4::parse_header(parts, text).map(|claim| Presented::V4(Box::new(claim)))
    } else if let Some(rest) = text.strip_prefix("AWS ") {
        sigv2::parse_header(parts, rest).map(|claim| Presented::V2(Box::new(claim)))
    } else {
        Err(SignatureError::UnsupportedAuthorization)
    }
}

/// Turns the `x-amz-*` query parameters of a verified presigned S3 request into headers, as S3 reads them.
///
/// SDKs move headers such as `x-amz-acl` or `x-amz-meta-color` into the query when they presign. Call it only after
/// verification (the canonical request is built from the request as it came), and for S3 only. Parameters of the
/// signature itself stay where they are.
///
/// # Errors
/// [`SignatureError::Duplicate`] when the two places differ: nobody could say which one counts.
pub fn hoist_query_headers(parts: &mut Parts) -> Result<(), SignatureError> {
    const OF_THE_SIGNATURE: &[&str] = &[
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ];
    let mut found: Vec<(http::HeaderName, http::HeaderValue)> = Vec::new();
    for (name, value) in percent::pairs(parts.uri.query().unwrap_or_default()) {
        let lower = name.to_ascii_lowercase();
        if !lower.starts_with(b"x-amz-")
            || OF_THE_SIGNATURE.iter().any(|own| own.as_bytes() == lower)
        {
            continue;
        }
        let name = http::HeaderName::from_bytes(&lower)
            .map_err(|_| SignatureError::Duplicate("x-amz-*"))?;
        let value = http::HeaderValue::from_bytes(&value)
            .map_err(|_| SignatureError::Duplicate("x-amz-*"))?;
        let mut given = parts.headers.get_all(&name).iter();
        match (given.next(), given.next()) {
            (None, _) if !found.iter().any(|(other, _)| *other == name) => {
                found.push((name, value));
            }
            (Some(same), None) if *same == value => {}
            _ => return Err(SignatureError::Duplicate("x-amz-*")),
        }
    }
    parts.headers.extend(found);
    Ok(())
}

/// Percent-encodes all but RFC 3986's unreserved characters, as signatures have it; slashes stay in a path.
pub fn percent_encode(text: &str, keep_slash: bool) -> String {
    percent::encode(text.as_bytes(), keep_slash)
}

/// Percent-decodes strictly: none if it is malformed or no UTF-8. A plus is a plus.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
}

/// The one value of a header that must not be repeated, as text.
pub(crate) fn single_header<'a>(
    headers: &'a http::HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(SignatureError::Duplicate(name));
    }
    first
        .map(|value| {
            value
                .to_str()
                .map(str::trim)
                .map_err(|_| SignatureError::NotText(name))
        })
        .transpose()
}

/// Session tokens are bounded before anyone tries to open them.
pub(crate) fn session_token(text: &str) -> Result<String, SignatureError> {
    if text.len() > SESSION_TOKEN_BYTES_MAX {
        return Err(SignatureError::TokenMalformed);
    }
    Ok(text.to_owned())
}

/// Accepts any short printable id, so that an id nobody has is answered as an unknown key and not as bad grammar.
pub(crate) fn access_key_id(text: &str) -> Option<String> {
    let fits = (1..=ACCESS_KEY_ID_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/');
    fits.then(|| text.to_owned())
}
