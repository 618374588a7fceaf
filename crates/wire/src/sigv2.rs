//! Signature version 2 as S3 has it, since boto3 still presigns so by default in us-east-1 and eu-west-1.
//!
//! Version 2 signs the method, three headers, the `x-amz-*` headers, the path and a closed list of query parameters. All
//! else in the query is unsigned, so that whoever holds a presigned address could add a parameter and turn it into
//! another operation. Therefore a parameter must be on the signed list, or on the short list of those that only shape a
//! listing; any other is refused ([`SignatureError::NotCoveredByV2`]). AWS ignores them: this grants less.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::{
    signature::{
        CLOCK_SKEW_MS_MAX, Mismatch, SignatureError, access_key_id, moment, percent, session_token,
        single_header,
    },
    sigv4::{
        Source,
        sign::{add_pair, put, set_query},
    },
};

#[cfg(test)]
mod tests;

/// Sub-resources and response overrides: signed, with their decoded values, whenever present.
const SIGNED_PARAMETERS: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Unsigned, and harmless: the signature's own, what only shapes a listing, and the SDKs' name of the operation.
const UNSIGNED_PARAMETERS: &[&str] = &[
    "AWSAccessKeyId",
    "Expires",
    "Signature",
    "content-md5",
    "content-type",
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "marker",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "prefix",
    "start-after",
    "upload-id-marker",
    "version-id-marker",
    "x-id",
];

const SIGNATURE_BYTES_MAX: usize = 128;

/// What a version 2 request says of itself. Unverified until [`verify`] says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Header or query.
    pub source: Source,
    /// 1 to 128 printable characters without a slash.
    pub access_key_id: String,
    /// Base64, as it came.
    pub signature: String,
    /// The request's own time in a header-signed request, milliseconds since the epoch.
    pub timestamp_ms: Option<u64>,
    /// The end of a presigned one, seconds since the epoch.
    pub expires_s: Option<u64>,
    /// Temporary credentials' token.
    pub session_token: Option<String>,
}

/// Reads what follows `AWS ` in the Authorization header.
pub(crate) fn parse_header(parts: &Parts, rest: &str) -> Result<Claim, SignatureError> {
    let malformed = || SignatureError::MalformedComponent(rest.chars().take(64).collect());
    let (id, signature) = rest.trim().split_once(':').ok_or_else(malformed)?;
    let date = match single_header(&parts.headers, "x-amz-date")? {
        Some(date) => Some(date),
        None => single_header(&parts.headers, "date")?,
    }
    .ok_or(SignatureError::DateMissing)?;
    let timestamp_ms = moment::parse_http(date)
        .ok_or_else(|| SignatureError::DateMalformed(date.chars().take(64).collect()))?;
    Ok(Claim {
        source: Source::Header,
        access_key_id: access_key_id(id).ok_or_else(malformed)?,
        signature: short(signature)?,
        timestamp_ms: Some(timestamp_ms),
        expires_s: None,
        session_token: single_header(&parts.headers, "x-amz-security-token")?
            .map(session_token)
            .transpose()?,
    })
}

/// Reads a presigned request.
pub(crate) fn parse_query(parts: &Parts) -> Result<Claim, SignatureError> {
    let (mut id, mut expires, mut signature, mut token) = (None, None, None, None);
    for (name, value) in percent::pairs(parts.uri.query().unwrap_or_default()) {
        let (slot, label) = match name.as_ref() {
            b"AWSAccessKeyId" => (&mut id, "AWSAccessKeyId"),
            b"Expires" => (&mut expires, "Expires"),
            b"Signature" => (&mut signature, "Signature"),
            b"x-amz-security-token" => (&mut token, "x-amz-security-token"),
            _ => continue,
        };
        let value =
            String::from_utf8(value.into_owned()).map_err(|_| SignatureError::NotText(label))?;
        if slot.replace(value).is_some() {
            return Err(SignatureError::Duplicate(label));
        }
    }
    let (Some(id), Some(expires), Some(signature)) = (&id, &expires, &signature) else {
        let missing = [
            (id.is_some(), "AWSAccessKeyId"),
            (expires.is_some(), "Expires"),
            (signature.is_some(), "Signature"),
        ]
        .iter()
        .filter(|(present, _)| !present)
        .map(|&(_, name)| name)
        .collect();
        return Err(SignatureError::MissingV2Parameters(missing));
    };
    let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    let expires_s = digits
        .then(|| expires.parse::<u64>().ok())
        .flatten()
        // Beyond this a millisecond count would overflow, and the year is past 9999.
        .filter(|&seconds| seconds < 253_402_300_800)
        .ok_or_else(|| SignatureError::ExpiresInvalidV2(expires.chars().take(32).collect()))?;
    let header = single_header(&parts.headers, "x-amz-security-token")?;
    if header.is_some() && token.is_some() && header != token.as_deref() {
        return Err(SignatureError::Duplicate("x-amz-security-token"));
    }
    Ok(Claim {
        source: Source::Query,
        access_key_id: access_key_id(id)
            .ok_or_else(|| SignatureError::MalformedComponent("AWSAccessKeyId".to_owned()))?,
        signature: short(signature)?,
        timestamp_ms: None,
        expires_s: Some(expires_s),
        session_token: token.as_deref().or(header).map(session_token).transpose()?,
    })
}

fn short(signature: &str) -> Result<String, SignatureError> {
    if signature.len() > SIGNATURE_BYTES_MAX {
        return Err(SignatureError::TooLong("Signature"));
    }
    Ok(signature.to_owned())
}

/// Checks the clock of a header-signed request and the end of a presigned one.
///
/// # Errors
/// [`SignatureError::Skewed`] or [`SignatureError::Expired`].
pub fn check_time(claim: &Claim, now_ms: u64) -> Result<(), SignatureError> {
    if let Some(request_ms) = claim.timestamp_ms
        && request_ms.abs_diff(now_ms) > CLOCK_SKEW_MS_MAX
    {
        return Err(SignatureError::Skewed { request_ms, now_ms });
    }
    if let Some(expires_s) = claim.expires_s {
        let expires_ms = expires_s.saturating_mul(1000);
        if now_ms > expires_ms {
            return Err(SignatureError::Expired {
                expires_ms,
                seconds: None,
                now_ms,
            });
        }
    }
    Ok(())
}

/// Verifies a claim over the request as it came, in constant time. `host_bucket` is the bucket that the host names, in
/// virtual-host style; it belongs to the signed path.
///
/// # Errors
/// `NotCoveredByV2`, `Duplicate` for an `x-amz-*` name in header and query, or `Mismatch`.
pub fn verify(
    claim: &Claim,
    secret_access_key: &str,
    parts: &Parts,
    host_bucket: Option<&str>,
) -> Result<(), SignatureError> {
    let text = string_to_sign(parts, claim.expires_s, host_bucket)?;
    if same_signature(secret_access_key, &text, &claim.signature) {
        return Ok(());
    }
    Err(SignatureError::Mismatch(Box::new(Mismatch {
        access_key_id: claim.access_key_id.clone(),
        string_to_sign: String::from_utf8_lossy(&text).into_owned(),
        canonical_request: String::new(),
        signature_provided: claim.signature.clone(),
    })))
}

/// Base64 of the HMAC-SHA1 of `text`: also the signature of a version 2 POST policy.
pub(crate) fn hmac_sha1(secret_access_key: &str, text: &[u8]) -> String {
    // INVARIANT: HMAC takes a key of any length; new_from_slice has an error only for the trait's sake.
    let mut mac = Hmac::<Sha1>::new_from_slice(secret_access_key.as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Compares in time that does not depend on where the two differ.
pub(crate) fn same_signature(secret_access_key: &str, text: &[u8], given: &str) -> bool {
    hmac_sha1(secret_access_key, text)
        .as_bytes()
        .ct_eq(given.as_bytes())
        .into()
}

fn text_header(parts: &Parts, name: &'static str) -> Result<Vec<u8>, SignatureError> {
    let mut values = parts.headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes().trim_ascii());
    if values.next().is_some() {
        return Err(SignatureError::Duplicate(name));
    }
    Ok(first.unwrap_or_default().to_vec())
}

fn string_to_sign(
    parts: &Parts,
    expires_s: Option<u64>,
    host_bucket: Option<&str>,
) -> Result<Vec<u8>, SignatureError> {
    let presigned = expires_s.is_some();
    let mut amz: Vec<(String, Vec<u8>)> = Vec::new();
    for name in parts.headers.keys().map(http::HeaderName::as_str) {
        if !name.starts_with("x-amz-") {
            continue;
        }
        let values: Vec<&[u8]> = parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().trim_ascii())
            .collect();
        amz.push((name.to_owned(), values.join(&b","[..])));
    }
    let mut resource: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    let mut moved: Vec<String> = Vec::new();
    let raw = parts.uri.query().unwrap_or_default();
    for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
        let has_value = piece.contains('=');
        let Some((name, value)) = percent::pairs(piece).next() else {
            continue;
        };
        let name = String::from_utf8_lossy(&name).into_owned();
        if SIGNED_PARAMETERS.contains(&name.as_str()) {
            resource.push((name, has_value.then(|| value.into_owned())));
        } else if presigned && name.starts_with("x-amz-") {
            // SDKs move headers into the query when they presign; what is signed is the header. Users of such an address
            // are told to send the header as well: then both must say the same.
            let value = value.trim_ascii();
            if moved.contains(&name) {
                return Err(SignatureError::Duplicate("x-amz-*"));
            }
            moved.push(name.clone());
            match amz.iter().find(|(other, _)| *other == name) {
                Some((_, same)) if same == value => {}
                Some(_) => return Err(SignatureError::Duplicate("x-amz-*")),
                None => amz.push((name, value.to_vec())),
            }
        } else if !UNSIGNED_PARAMETERS.contains(&name.as_str()) {
            return Err(SignatureError::NotCoveredByV2(
                name.chars().take(64).collect(),
            ));
        }
    }
    amz.sort_unstable();
    resource.sort();

    let mut out = Vec::with_capacity(256);
    let mut line = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        out.push(b'\n');
    };
    line(parts.method.as_str().as_bytes());
    line(&text_header(parts, "content-md5")?);
    line(&text_header(parts, "content-type")?);
    match expires_s {
        Some(seconds) => line(seconds.to_string().as_bytes()),
        None if parts.headers.contains_key("x-amz-date") => line(b""),
        None => line(&text_header(parts, "date")?),
    }
    for (name, value) in &amz {
        line(&[name.as_bytes(), b":", value].concat());
    }
    if let Some(bucket) = host_bucket {
        out.push(b'/');
        out.extend_from_slice(bucket.as_bytes());
    }
    out.extend_from_slice(parts.uri.path().as_bytes());
    for (at, (name, value)) in resource.iter().enumerate() {
        out.push(if at == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    Ok(out)
}

/// Credentials for signing with version 2.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The bucket that the host names, in virtual-host style.
    pub host_bucket: Option<&'a str>,
}

impl std::fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.access_key_id)
    }
}

impl Signer<'_> {
    /// Signs in the Authorization header; adds `date` unless there is one or `x-amz-date`.
    ///
    /// # Errors
    /// When a value cannot be a header's, or a query parameter cannot be used with version 2.
    pub fn sign(&self, parts: &mut Parts, now_ms: u64) -> Result<(), SignatureError> {
        let bad = |_| SignatureError::NotText("Authorization");
        if !parts.headers.contains_key("date") && !parts.headers.contains_key("x-amz-date") {
            put(parts, "date", &moment::http(now_ms)).map_err(bad)?;
        }
        if let Some(token) = self.session_token {
            put(parts, "x-amz-security-token", token).map_err(bad)?;
        }
        let text = string_to_sign(parts, None, self.host_bucket)?;
        let signature = hmac_sha1(self.secret_access_key, &text);
        let header = format!("AWS {}:{signature}", self.access_key_id);
        put(parts, "authorization", &header).map_err(bad)
    }

    /// Presigns until `expires_s`, seconds since the epoch.
    ///
    /// # Errors
    /// When the result is no address, or a query parameter cannot be used with version 2.
    pub fn presign(&self, parts: &mut Parts, expires_s: u64) -> Result<(), SignatureError> {
        let bad = |_| SignatureError::NotText("query");
        let mut query = parts.uri.query().unwrap_or_default().to_owned();
        add_pair(&mut query, "AWSAccessKeyId", self.access_key_id);
        add_pair(&mut query, "Expires", &expires_s.to_string());
        if let Some(token) = self.session_token {
            add_pair(&mut query, "x-amz-security-token", token);
        }
        set_query(parts, &query).map_err(bad)?;
        let text = string_to_sign(parts, Some(expires_s), self.host_bucket)?;
        add_pair(
            &mut query,
            "Signature",
            &hmac_sha1(self.secret_access_key, &text),
        );
        set_query(parts, &query).map_err(bad)
    }

    /// The `signature` of a POST form over its policy, JSON in base64.
    pub fn sign_policy(&self, policy_base64: &str) -> String {
        hmac_sha1(self.secret_access_key, policy_base64.as_bytes())
    }
}
