//! The one profile of XML signatures that is believed (W3C, XML Signature): enveloped, exclusive canonicalisation, one
//! reference to the very element that it stands in, RSA or ECDSA with SHA-2, by a key that was known beforehand.
//!
//! Our own, because the profile is small and a general library is not: each of the ones at hand brings either C code that
//! parses XML or hundreds of crates, and each lets a document choose transforms, keys and references. Here it chooses nothing. The
//! key inside a signature (KeyInfo) is not looked at, SHA-1 is not taken, and whoever calls reads the claims from the same
//! tree nodes that were canonicalised.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::{
    digest,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use x509_cert::{Certificate, der::Decode};

use super::{c14n::canonical, tree::Element};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The same with comments (SAML Core 5.4.4 allows both). No document that is signed may have any, so the bytes are the same.
const WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// Prefixes in one list of a canonicalisation; documents have a handful. Each costs a look at every element, and that before
/// any key is asked.
const PREFIXES_MAX: usize = 64;
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Base64 with or without padding, as IdPs write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 that may be broken into lines.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(packed).ok()
}

/// Refuses a document in which two elements could be meant by one id, whatever its attribute is called.
pub(super) fn ids_are_unique(root: &Element) -> Result<(), &'static str> {
    let mut seen = std::collections::BTreeSet::new();
    for element in root.descendants() {
        for (name, value) in &element.attributes {
            if name.local.eq_ignore_ascii_case("id") && !seen.insert(value.as_str()) {
                return Err("an id stands twice");
            }
        }
    }
    Ok(())
}

/// The signature that stands directly in `element`, if there is one.
pub(super) fn signature_of(element: &Element) -> Result<Option<&Element>, &'static str> {
    let mut all = element.all(DS, "Signature");
    let first = all.next();
    if all.next().is_some() {
        return Err("an element has two signatures");
    }
    Ok(first)
}

/// Whether `signature`, which stands directly in `element`, is one of `certificates`' over the whole of it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify(
    element: &Element,
    signature: &Element,
    certificates: &[Vec<u8>],
    now_seconds: u64,
) -> Result<(), &'static str> {
    let info = signature
        .only(DS, "SignedInfo")
        .ok_or("the signature has no SignedInfo")?;
    let parts: Vec<&Element> = info.elements().collect();
    let [form, method, reference] = parts.as_slice() else {
        return Err("the signature has not exactly one reference");
    };
    let in_order = form.is(DS, "CanonicalizationMethod")
        && method.is(DS, "SignatureMethod")
        && reference.is(DS, "Reference");
    if !in_order {
        return Err("the signature is malformed");
    }
    let info_prefixes = exclusive(form)?;
    let id = element
        .attribute("ID")
        .filter(|id| !id.is_empty())
        .ok_or("the signed element has no ID")?;
    if reference
        .attribute("URI")
        .and_then(|uri| uri.strip_prefix('#'))
        != Some(id)
    {
        return Err("the signature is of another element");
    }
    let transforms: Vec<&Element> = reference
        .only(DS, "Transforms")
        .map(|transforms| transforms.elements().collect())
        .unwrap_or_default();
    let [enveloped, exclusively] = transforms.as_slice() else {
        return Err("the signature has other transforms than the two that are taken");
    };
    if !enveloped.is(DS, "Transform")
        || enveloped.attribute("Algorithm") != Some(ENVELOPED)
        || enveloped.elements().next().is_some()
        || !exclusively.is(DS, "Transform")
    {
        return Err("the signature has other transforms than the two that are taken");
    }
    let prefixes = exclusive(exclusively)?;
    let algorithm = reference
        .only(DS, "DigestMethod")
        .and_then(|method| method.attribute("Algorithm"))
        .and_then(digest_named)
        .ok_or("the digest's algorithm is not taken")?;
    let expected = value(reference, "DigestValue").ok_or("the signature has no digest")?;
    let bytes = canonical(element, Some(signature), &prefixes)?;
    // Both are public; nothing is learnt from how long comparing takes.
    if digest::digest(algorithm, bytes.as_bytes()).as_ref() != expected {
        return Err("the signed element was changed");
    }
    let algorithm = method
        .attribute("Algorithm")
        .and_then(signature_named)
        .ok_or("the signature's algorithm is not taken")?;
    let signed = canonical(info, None, &info_prefixes)?;
    let value = value(signature, "SignatureValue").ok_or("the signature has no value")?;
    let good = certificates
        .iter()
        .filter(|certificate| valid_at(certificate, now_seconds))
        .filter_map(|certificate| public_key(certificate))
        .any(|key| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(signed.as_bytes(), &value)
                .is_ok()
        });
    if good {
        Ok(())
    } else {
        Err("the signature is not by a key of its identity provider")
    }
}

/// The prefixes of an exclusive canonicalisation; no other form is taken.
fn exclusive(method: &Element) -> Result<Vec<String>, &'static str> {
    if !matches!(
        method.attribute("Algorithm"),
        Some(EXCLUSIVE | WITH_COMMENTS)
    ) {
        return Err("the canonical form is not the one that is taken");
    }
    let parts: Vec<&Element> = method.elements().collect();
    match parts.as_slice() {
        [] => Ok(Vec::new()),
        [list] if list.is(EXCLUSIVE, "InclusiveNamespaces") => {
            let prefixes: Vec<String> = list
                .attribute("PrefixList")
                .unwrap_or_default()
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect();
            if prefixes.len() > PREFIXES_MAX {
                return Err("the canonical form has too many prefixes");
            }
            Ok(prefixes)
        }
        _ => Err("the canonical form is not the one that is taken"),
    }
}

fn value(of: &Element, local: &str) -> Option<Vec<u8>> {
    base64(&of.only(DS, local)?.text()?)
}

fn digest_named(uri: &str) -> Option<&'static digest::Algorithm> {
    match uri {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Some(&digest::SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(&digest::SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(&digest::SHA512),
        _ => None,
    }
}

fn signature_named(uri: &str) -> Option<&'static dyn VerificationAlgorithm> {
    match uri.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#")? {
        "rsa-sha256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "rsa-sha384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "rsa-sha512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        "ecdsa-sha256" => Some(&ECDSA_P256_SHA256_FIXED),
        "ecdsa-sha384" => Some(&ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}

/// The public key of a certificate, as ring takes it: PKCS#1 for RSA, the point for ECDSA.
pub(super) fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let key = certificate
        .tbs_certificate()
        .subject_public_key_info()
        .subject_public_key
        .as_bytes()?;
    Some(key.to_vec())
}

/// Whether a certificate is one, and holds at this instant.
pub(super) fn valid_at(certificate: &[u8], now_seconds: u64) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else {
        return false;
    };
    let validity = certificate.tbs_certificate().validity();
    (validity.not_before.to_unix_duration().as_secs()
        ..=validity.not_after.to_unix_duration().as_secs())
        .contains(&now_seconds)
}
