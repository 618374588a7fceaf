//! From header or query to a [`Claim`]: strict, bounded, and precise about what is wrong.

use http::request::Parts;

use super::{ALGORITHM, Claim, PayloadHash, Source, TERMINATOR, signs_as_s3};
use crate::signature::{
    PRESIGN_SECONDS_MAX, SignatureError, access_key_id, moment, percent, session_token,
    single_header,
};

const SCOPE_WORD_BYTES_MAX: usize = 64;
const SIGNED_HEADERS_MAX: usize = 128;
const SIGNATURE_BYTES_MAX: usize = 256;
const DATE: &str = "x-amz-date";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const SECURITY_TOKEN: &str = "x-amz-security-token";

/// The parts of a credential.
pub(crate) struct Scope {
    pub(crate) access_key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Splits `ID/DATE/REGION/SERVICE/aws4_request`.
pub(crate) fn scope(given: &str, query: bool) -> Result<Scope, SignatureError> {
    let malformed = || SignatureError::MalformedCredential {
        given: given.chars().take(256).collect(),
        query,
    };
    let mut pieces = given.split('/');
    let (Some(id), Some(date), Some(region), Some(service), Some(terminator), None) = (
        pieces.next(),
        pieces.next(),
        pieces.next(),
        pieces.next(),
        pieces.next(),
        pieces.next(),
    ) else {
        return Err(malformed());
    };
    if terminator != TERMINATOR {
        return Err(SignatureError::WrongTerminator {
            given: terminator.chars().take(64).collect(),
            query,
        });
    }
    let word = |text: &str| {
        (1..=SCOPE_WORD_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let day = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let id = access_key_id(id).ok_or_else(malformed)?;
    if !day || !word(region) || !word(service) {
        return Err(malformed());
    }
    Ok(Scope {
        access_key_id: id,
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

fn signed_headers(given: &str) -> Result<Vec<String>, SignatureError> {
    let malformed = || {
        SignatureError::MalformedComponent(format!(
            "SignedHeaders={}",
            given.chars().take(256).collect::<String>()
        ))
    };
    let mut names = Vec::new();
    for piece in given.split(';') {
        // HeaderName lower-cases and refuses what is no token.
        let name = http::HeaderName::from_bytes(piece.as_bytes()).map_err(|_| malformed())?;
        names.push(name.as_str().to_owned());
    }
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    if names.len() != count || count > SIGNED_HEADERS_MAX {
        return Err(malformed());
    }
    Ok(names)
}

fn same_day(scope: &Scope, timestamp_ms: u64) -> Result<(), SignatureError> {
    let timestamp = moment::basic(timestamp_ms);
    if timestamp.get(..8) == Some(scope.date.as_str()) {
        return Ok(());
    }
    Err(SignatureError::DateMismatch {
        scope: scope.date.clone(),
        timestamp,
    })
}

/// Reads `x-amz-content-sha256`.
pub(crate) fn payload_hash(given: &str, s3: bool) -> Result<PayloadHash, SignatureError> {
    let invalid = || SignatureError::PayloadHashInvalid(given.chars().take(128).collect());
    let streaming = |signed, trailer| PayloadHash::Streaming { signed, trailer };
    Ok(match given {
        "UNSIGNED-PAYLOAD" if s3 => PayloadHash::Unsigned,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" if s3 => streaming(true, false),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if s3 => streaming(true, true),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" if s3 => streaming(false, true),
        _ => {
            // Lower case only: the canonical request takes the header as it is, and so must the comparison.
            let lower = given
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            let mut hash = [0u8; 32];
            if !lower || hex::decode_to_slice(given, &mut hash).is_err() {
                return Err(invalid());
            }
            PayloadHash::Sha256(hash)
        }
    })
}

/// Reads the Authorization header `text`, which begins with `AWS4-`.
pub(crate) fn parse_header(parts: &Parts, text: &str) -> Result<Claim, SignatureError> {
    let (algorithm, rest) = text.split_once(' ').unwrap_or((text, ""));
    if algorithm != ALGORITHM {
        return Err(SignatureError::UnsupportedAlgorithm(
            algorithm.chars().take(64).collect(),
        ));
    }
    let (mut credential, mut headers, mut signature) = (None, None, None);
    for piece in rest.split(',') {
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        let malformed = || SignatureError::MalformedComponent(piece.chars().take(256).collect());
        let (name, value) = piece.split_once('=').ok_or_else(malformed)?;
        let (slot, label) = match name {
            "Credential" => (&mut credential, "Credential"),
            "SignedHeaders" => (&mut headers, "SignedHeaders"),
            "Signature" => (&mut signature, "Signature"),
            _ => return Err(malformed()),
        };
        if slot.replace(value).is_some() {
            return Err(SignatureError::Duplicate(label));
        }
    }
    let amz_date = single_header(&parts.headers, DATE)?;
    let date = match amz_date {
        Some(_) => amz_date,
        None => single_header(&parts.headers, "date")?,
    };
    let filled = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
    let missing: Vec<&'static str> = [
        (filled(credential), "Credential"),
        (filled(signature), "Signature"),
        (filled(headers), "SignedHeaders"),
    ]
    .iter()
    .filter(|(present, _)| !present)
    .map(|&(_, name)| name)
    .collect();
    let (Some(credential), Some(headers), Some(signature), true) =
        (credential, headers, signature, missing.is_empty())
    else {
        let mut missing = missing;
        if date.is_none() {
            missing.push("X-Amz-Date");
        }
        return Err(SignatureError::Incomplete {
            missing,
            authorization: text.to_owned(),
        });
    };
    let scope = scope(credential, false)?;
    let date = date.ok_or(SignatureError::DateMissing)?;
    let timestamp_ms = if amz_date.is_some() {
        moment::parse_basic(date)
    } else {
        moment::parse_http(date)
    }
    .ok_or_else(|| SignatureError::DateMalformed(date.chars().take(64).collect()))?;
    same_day(&scope, timestamp_ms)?;
    let s3 = signs_as_s3(&scope.service);
    let payload = match single_header(&parts.headers, CONTENT_SHA256)? {
        Some(given) => payload_hash(given, s3)?,
        None if s3 => return Err(SignatureError::PayloadHashMissing),
        None => PayloadHash::OfBody,
    };
    let token = single_header(&parts.headers, SECURITY_TOKEN)?
        .map(session_token)
        .transpose()?;
    claim(
        Source::Header,
        scope,
        signed_headers(headers)?,
        signature,
        timestamp_ms,
        None,
        token,
        payload,
    )
}

#[derive(Default)]
struct Query {
    algorithm: Option<String>,
    credential: Option<String>,
    date: Option<String>,
    expires: Option<String>,
    signed_headers: Option<String>,
    signature: Option<String>,
    security_token: Option<String>,
    content_sha256: Option<String>,
}

impl Query {
    fn read(raw: &str) -> Result<Query, SignatureError> {
        let mut query = Query::default();
        for (name, value) in percent::pairs(raw) {
            let (slot, label) = match name.as_ref() {
                b"X-Amz-Algorithm" => (&mut query.algorithm, "X-Amz-Algorithm"),
                b"X-Amz-Credential" => (&mut query.credential, "X-Amz-Credential"),
                b"X-Amz-Date" => (&mut query.date, "X-Amz-Date"),
                b"X-Amz-Expires" => (&mut query.expires, "X-Amz-Expires"),
                b"X-Amz-SignedHeaders" => (&mut query.signed_headers, "X-Amz-SignedHeaders"),
                b"X-Amz-Signature" => (&mut query.signature, "X-Amz-Signature"),
                b"X-Amz-Security-Token" => (&mut query.security_token, "X-Amz-Security-Token"),
                b"X-Amz-Content-Sha256" | b"x-amz-content-sha256" => {
                    (&mut query.content_sha256, "X-Amz-Content-Sha256")
                }
                _ => continue,
            };
            let value = String::from_utf8(value.into_owned())
                .map_err(|_| SignatureError::NotText(label))?;
            if slot.replace(value).is_some() {
                return Err(SignatureError::Duplicate(label));
            }
        }
        Ok(query)
    }
}

fn expires(given: &str) -> Result<u64, SignatureError> {
    if let Some(rest) = given.strip_prefix('-')
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(SignatureError::ExpiresNegative);
    }
    if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::ExpiresNotANumber);
    }
    // All digits, so that the one way to fail is to be too large.
    match given.parse::<u64>() {
        Ok(seconds) if seconds <= PRESIGN_SECONDS_MAX => Ok(seconds),
        _ => Err(SignatureError::ExpiresTooLong),
    }
}

/// Reads a presigned request.
pub(crate) fn parse_query(parts: &Parts) -> Result<Claim, SignatureError> {
    let query = Query::read(parts.uri.query().unwrap_or_default())?;
    if let Some(algorithm) = &query.algorithm
        && algorithm != ALGORITHM
    {
        return Err(SignatureError::UnsupportedAlgorithm(
            algorithm.chars().take(64).collect(),
        ));
    }
    let (Some(_), Some(credential), Some(date), Some(headers), Some(signature)) = (
        &query.algorithm,
        &query.credential,
        &query.date,
        &query.signed_headers,
        &query.signature,
    ) else {
        let missing = [
            (query.algorithm.is_some(), "X-Amz-Algorithm"),
            (query.credential.is_some(), "X-Amz-Credential"),
            (query.signature.is_some(), "X-Amz-Signature"),
            (query.signed_headers.is_some(), "X-Amz-SignedHeaders"),
            (query.date.is_some(), "X-Amz-Date"),
        ]
        .iter()
        .filter(|(present, _)| !present)
        .map(|&(_, name)| name)
        .collect();
        return Err(SignatureError::MissingParameters(missing));
    };
    let scope = scope(credential, true)?;
    let s3 = signs_as_s3(&scope.service);
    let expires = query.expires.as_deref().map(expires).transpose()?;
    if s3 && expires.is_none() {
        return Err(SignatureError::MissingParameters(vec!["X-Amz-Expires"]));
    }
    let timestamp_ms = moment::parse_basic(date)
        .ok_or_else(|| SignatureError::DateMalformed(date.chars().take(64).collect()))?;
    same_day(&scope, timestamp_ms)?;
    let header = single_header(&parts.headers, CONTENT_SHA256)?;
    let payload = match (query.content_sha256.as_deref(), header) {
        (Some(_), Some(_)) => return Err(SignatureError::Duplicate("X-Amz-Content-Sha256")),
        (Some(given), None) | (None, Some(given)) => payload_hash(given, s3)?,
        (None, None) if s3 => PayloadHash::Unsigned,
        (None, None) => PayloadHash::OfBody,
    };
    if parts.headers.contains_key(SECURITY_TOKEN) && query.security_token.is_some() {
        return Err(SignatureError::Duplicate("X-Amz-Security-Token"));
    }
    let token = match &query.security_token {
        Some(token) => Some(session_token(token)?),
        None => single_header(&parts.headers, SECURITY_TOKEN)?
            .map(session_token)
            .transpose()?,
    };
    claim(
        Source::Query,
        scope,
        signed_headers(headers)?,
        signature,
        timestamp_ms,
        expires,
        token,
        payload,
    )
}

#[allow(
    clippy::too_many_arguments,
    reason = "the two parsers' common end: one line per field of the claim"
)]
fn claim(
    source: Source,
    scope: Scope,
    signed_headers: Vec<String>,
    signature: &str,
    timestamp_ms: u64,
    expires_seconds: Option<u64>,
    session_token: Option<String>,
    payload: PayloadHash,
) -> Result<Claim, SignatureError> {
    if signature.len() > SIGNATURE_BYTES_MAX {
        return Err(SignatureError::TooLong("Signature"));
    }
    Ok(Claim {
        source,
        access_key_id: scope.access_key_id,
        date: scope.date,
        region: scope.region,
        service: scope.service,
        signed_headers,
        signature: signature.to_owned(),
        timestamp_ms,
        expires_seconds,
        session_token,
        payload,
    })
}
