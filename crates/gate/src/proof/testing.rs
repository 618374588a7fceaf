//! A SAML identity provider of tests' own making: its key, its certificate, its metadata, its responses.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;

use super::{
    c14n::canonical,
    jwks::Algorithm,
    keypair::KeyPair,
    tree::{Asides, Element, parse},
};

/// The role that its assertions name.
pub const ROLE: &str = "arn:aws:iam::999999999999:role/UpdateApp";
/// The provider that its assertions name.
pub const PROVIDER: &str = "arn:aws:iam::999999999999:saml-provider/Corp";
/// Its entity id.
pub const ENTITY: &str = "https://idp.example.com/metadata";

/// An identity provider.
#[derive(Debug)]
pub struct SamlIdp {
    key: KeyPair,
}

impl Default for SamlIdp {
    fn default() -> Self {
        // INVARIANT: for tests only; ring makes such keys.
        #[allow(clippy::expect_used, reason = "for tests only")]
        let key = KeyPair::generate(Algorithm::Es256).expect("a key");
        Self { key }
    }
}

/// DER: a tag, the length, the content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        128..=255 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

#[allow(clippy::expect_used, reason = "for tests only")]
impl SamlIdp {
    /// A certificate of version 1, as Keycloak makes them, from 2010 to `to` (`YYMMDD`). Nobody verifies its own signature.
    fn certificate(&self, to: &str) -> Vec<u8> {
        let ecdsa_sha256 = der(0x30, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
        let name = der(0x30, &[]);
        let time = |at: &str| der(0x17, format!("{at}000000Z").as_bytes());
        let validity = der(0x30, &[time("100101"), time(to)].concat());
        let jwk = self.key.jwk("x").expect("a key");
        let half = |name: &str| {
            let text = jwk[name].as_str().expect("a point");
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(text)
                .expect("base64")
        };
        let point = [&[0, 4][..], &half("x"), &half("y")].concat();
        let algorithm = [
            &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1][..],
            &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        ]
        .concat();
        let key = der(0x30, &[der(0x30, &algorithm), der(0x03, &point)].concat());
        let serial = der(0x02, &[1]);
        let tbs = [
            serial,
            ecdsa_sha256.clone(),
            name.clone(),
            validity,
            name,
            key,
        ]
        .concat();
        let tbs = der(0x30, &tbs);
        der(0x30, &[tbs, ecdsa_sha256, der(0x03, &[0, 0])].concat())
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        self.metadata_until("400101")
    }

    /// Its metadata, with a certificate that ends on this day (`YYMMDD`).
    pub fn metadata_until(&self, to: &str) -> String {
        let certificate = STANDARD.encode(self.certificate(to));
        // AWS wants a thousand characters at least.
        let filler = " ".repeat(1000);
        format!(
            r#"<?xml version="1.0"?><!-- {filler} --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor></md:IDPSSODescriptor></md:EntityDescriptor>"#
        )
    }

    /// An assertion that is not signed yet; `ends` and `now` in SAML's form.
    pub fn assertion(&self, id: &str, now: &str, ends: &str) -> String {
        let attribute = |name: &str, value: &str| {
            format!(
                r#"<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}"><saml:AttributeValue xsi:type="xs:string">{value}</saml:AttributeValue></saml:Attribute>"#
            )
        };
        let attributes = [
            attribute("Role", &format!("{ROLE},{PROVIDER}")),
            attribute("RoleSessionName", "jane@example.com"),
        ]
        .concat();
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{id}" IssueInstant="{now}" Version="2.0"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">jane</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="https://signin.aws.amazon.com/saml"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{now}" NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>https://signin.aws.amazon.com/saml</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"/><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"#
        )
    }

    /// The response around `inside`.
    pub fn response(&self, inside: &str) -> String {
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="response" Version="2.0"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{inside}</samlp:Response>"#
        )
    }

    /// `element` (a whole document) with a signature over itself, which stands after its first child.
    pub fn signed(&self, element: &str) -> String {
        let root = parse(element, Asides::Refused).expect("a document");
        let signature = self.signature(&root);
        // After the Issuer of an assertion, the Status of a response.
        let first = ["</saml:Issuer>", "</samlp:Status>"]
            .iter()
            .filter_map(|end| element.find(end).map(|at| at + end.len()))
            .min()
            .expect("a first child");
        format!("{}{signature}{}", &element[..first], &element[first..])
    }

    /// A signature over `element`, to stand directly inside it.
    fn signature(&self, element: &Element) -> String {
        let id = element.attribute("ID").expect("an ID");
        let form = canonical(element, None, &["xs".to_owned()]).expect("a form");
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, form.as_bytes()));
        let info = format!(
            r##"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{hash}</ds:DigestValue></ds:Reference></ds:SignedInfo>"##
        );
        let parsed = parse(&info, Asides::Refused).expect("a document");
        let signed = canonical(&parsed, None, &[]).expect("a form");
        let value = STANDARD.encode(self.key.sign(signed.as_bytes()).expect("signed"));
        format!(
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"#
        )
    }
}

/// As the parameter SAMLAssertion carries it.
pub fn encoded(response: &str) -> String {
    STANDARD.encode(response)
}
