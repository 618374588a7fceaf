//! The canonical request, for verifying and for signing alike.

use std::borrow::Cow;

use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::{ALGORITHM, Claim, Source};
use crate::signature::{moment, percent};

/// S3: the decoded path encoded once, as it is. Others: dot segments and repeated slashes taken out of the path as it
/// was sent, then every byte of it encoded again.
pub(super) fn path(raw: &str, s3: bool) -> Vec<u8> {
    let raw = if raw.is_empty() { "/" } else { raw };
    let mut out = Vec::with_capacity(raw.len() + 16);
    if s3 {
        percent::encode_into(&mut out, &percent::decode(raw.as_bytes(), false), true);
    } else {
        percent::encode_into(&mut out, normalised(raw).as_bytes(), true);
    }
    out
}

fn normalised(raw: &str) -> Cow<'_, str> {
    if !raw.contains("//") && !raw.contains("/.") {
        return Cow::Borrowed(raw);
    }
    let mut kept: Vec<&str> = Vec::new();
    for piece in raw.split('/') {
        match piece {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(piece),
        }
    }
    let mut out = String::with_capacity(raw.len());
    for piece in &kept {
        out.push('/');
        out.push_str(piece);
    }
    let folder = ["/", "/.", "/.."].iter().any(|end| raw.ends_with(end));
    if folder || out.is_empty() {
        out.push('/');
    }
    Cow::Owned(out)
}

/// Pairs decoded, encoded strictly, sorted by name and value. A presigned request's own signature is left out.
pub(super) fn query(raw: &str, source: Source) -> Vec<u8> {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = percent::pairs(raw)
        .filter(|(name, _)| source != Source::Query || name.as_ref() != b"X-Amz-Signature")
        .map(|(name, value)| {
            let (mut n, mut v) = (Vec::new(), Vec::new());
            percent::encode_into(&mut n, &name, false);
            percent::encode_into(&mut v, &value, false);
            (n, v)
        })
        .collect();
    pairs.sort_unstable();
    let mut out = Vec::with_capacity(raw.len() + 16);
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
    out
}

/// Trims, and makes every run of white space one space.
fn fold_into(out: &mut Vec<u8>, value: &[u8]) {
    let mut pieces = value
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|piece| !piece.is_empty());
    if let Some(first) = pieces.next() {
        out.extend_from_slice(first);
    }
    for piece in pieces {
        out.push(b' ');
        out.extend_from_slice(piece);
    }
}

/// `host` as the client signed it: the header, or the target's authority where HTTP/2 or an absolute target has it.
fn host(parts: &Parts) -> Option<&[u8]> {
    match parts.headers.get(http::header::HOST) {
        Some(value) => Some(value.as_bytes()),
        None => parts.uri.authority().map(|host| host.as_str().as_bytes()),
    }
}

/// Whether a header named in SignedHeaders is there at all.
pub(super) fn has_header(parts: &Parts, name: &str) -> bool {
    if name == "host" {
        host(parts).is_some()
    } else {
        parts.headers.contains_key(name)
    }
}

fn headers_into(out: &mut Vec<u8>, parts: &Parts, signed: &[String]) {
    for name in signed {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        if name == "host" {
            fold_into(out, host(parts).unwrap_or_default());
        } else {
            for (at, value) in parts.headers.get_all(name.as_str()).iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                fold_into(out, value.as_bytes());
            }
        }
        out.push(b'\n');
    }
}

/// The canonical request of a claim, over the request as it came. `payload` is the last line.
pub(super) fn request(parts: &Parts, claim: &Claim, payload: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b'\n');
    out.extend(path(parts.uri.path(), claim.is_s3()));
    out.push(b'\n');
    out.extend(query(parts.uri.query().unwrap_or_default(), claim.source));
    out.push(b'\n');
    headers_into(&mut out, parts, &claim.signed_headers);
    out.push(b'\n');
    out.extend_from_slice(claim.signed_headers.join(";").as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
    out
}

/// The string whose HMAC is the signature.
pub(super) fn string_to_sign(claim: &Claim, canonical_request: &[u8]) -> String {
    format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        moment::basic(claim.timestamp_ms),
        claim.scope(),
        hex::encode(Sha256::digest(canonical_request))
    )
}
