//! A SAML provider's metadata (OASIS, SAML 2.0 Metadata): who it is, and whose signatures are its own.

use base64::{Engine, engine::general_purpose::STANDARD};
use twinlock_directory::Millis;

use super::{
    dsig,
    tree::{Asides, parse},
};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Certificates of one provider.
const CERTIFICATES_MAX: usize = 10;

/// What Twinlock reads of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The entity id: the Issuer of its assertions.
    pub entity_id: String,
    /// The certificates that may sign, DER in base64.
    pub certificates: Vec<String>,
    /// `validUntil`, if it is there.
    pub valid_until: Option<Millis>,
}

/// Reads a metadata document of one identity provider.
///
/// # Errors
/// What is wrong with it.
pub fn read(document: &str) -> Result<Metadata, &'static str> {
    let root = parse(document, Asides::Skipped)?;
    if !root.is(MD, "EntityDescriptor") {
        return Err("its root is no EntityDescriptor");
    }
    let entity_id = root
        .attribute("entityID")
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .ok_or("it has no entityID")?;
    let idp = root
        .only(MD, "IDPSSODescriptor")
        .ok_or("it does not describe exactly one identity provider (IDPSSODescriptor)")?;
    if !idp
        .attribute("protocolSupportEnumeration")
        .is_some_and(|list| list.split_ascii_whitespace().any(|p| p == PROTOCOL))
    {
        return Err("its identity provider does not speak SAML 2.0");
    }
    let mut certificates = Vec::new();
    for descriptor in idp
        .all(MD, "KeyDescriptor")
        .filter(|d| d.attribute("use").is_none_or(|usage| usage == "signing"))
    {
        for certificate in descriptor
            .descendants()
            .into_iter()
            .filter(|e| e.is(DS, "X509Certificate"))
        {
            let der = certificate
                .text()
                .and_then(|text| dsig::base64(&text))
                .filter(|der| dsig::public_key(der).is_some())
                .ok_or("it has a certificate that cannot be read")?;
            let text = STANDARD.encode(der);
            if !certificates.contains(&text) {
                certificates.push(text);
            }
        }
    }
    if certificates.is_empty() {
        return Err("it has no certificate that may sign");
    }
    if certificates.len() > CERTIFICATES_MAX {
        return Err("it has too many certificates");
    }
    let valid_until = match root.attribute("validUntil").or(idp.attribute("validUntil")) {
        None => None,
        Some(text) => Some(super::saml::instant(text).ok_or("its validUntil is no date")?),
    };
    Ok(Metadata {
        entity_id: entity_id.to_owned(),
        certificates,
        valid_until,
    })
}
