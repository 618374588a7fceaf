//! A SAML 2.0 response (OASIS, SAML 2.0 Core and Profiles 4.1): believed when the assertion in it was signed by the provider, for
//! us, now, and read from nothing but what was signed.
//!
//! A document has exactly one assertion, directly in the response. Whatever else a wrapping attack would bring along (a
//! second assertion, a second element of the same id, a signature elsewhere) is refused before any claim is read.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;
use twinlock_directory::{Millis, SamlProvider};
use twinlock_policy::PrincipalKind;
use twinlock_wire::fault::Fault;

use super::{
    Proven, dsig,
    jwt::invalid,
    tree::{Asides, Element, parse},
};
use crate::needs::Fact;

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const FORMATS: [&str; 2] = [
    "urn:oasis:names:tc:SAML:2.0:nameid-format:",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:",
];
const ATTRIBUTES: &str = "https://aws.amazon.com/SAML/Attributes/";
/// Whom AWS's assertions are for.
const AUDIENCES: [&str; 2] = [
    "https://signin.aws.amazon.com/saml",
    "urn:amazon:webservices",
];
/// The longest response, in characters of base64: what `SAMLAssertion` may have. Reading one costs before anybody has proved anything.
const RESPONSE_CHARS_MAX: usize = 100_000;
/// How far the provider's clock may differ.
const SKEW_MS: Millis = 60_000;
/// How long after its issue an assertion may be redeemed.
const REDEEM_MS: Millis = 300_000;

/// Attributes that AWS offers as condition keys: the key, its names in assertions, whether it has many values.
const KEYS: &[(&str, &[&str], bool)] = &[
    (
        "saml:edupersonaffiliation",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"],
        true,
    ),
    (
        "saml:edupersonnickname",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.2"],
        true,
    ),
    (
        "saml:edupersonorgdn",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.3"],
        true,
    ),
    (
        "saml:edupersonorgunitdn",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.4"],
        true,
    ),
    (
        "saml:edupersonprimaryaffiliation",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.5"],
        true,
    ),
    (
        "saml:edupersonprincipalname",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.6"],
        true,
    ),
    (
        "saml:edupersonentitlement",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.7"],
        true,
    ),
    (
        "saml:edupersonprimaryorgunitdn",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.8"],
        true,
    ),
    (
        "saml:edupersonscopedaffiliation",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.9"],
        true,
    ),
    (
        "saml:edupersontargetedid",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.10"],
        true,
    ),
    (
        "saml:edupersonassurance",
        &["urn:oid:1.3.6.1.4.1.5923.1.1.1.11"],
        true,
    ),
    (
        "saml:eduorghomepageuri",
        &["urn:oid:1.3.6.1.4.1.5923.1.2.1.2"],
        true,
    ),
    (
        "saml:eduorgidentityauthnpolicyuri",
        &["urn:oid:1.3.6.1.4.1.5923.1.2.1.3"],
        true,
    ),
    (
        "saml:eduorglegalname",
        &["urn:oid:1.3.6.1.4.1.5923.1.2.1.4"],
        true,
    ),
    (
        "saml:eduorgsuperioruri",
        &["urn:oid:1.3.6.1.4.1.5923.1.2.1.5"],
        true,
    ),
    (
        "saml:eduorgwhitepagesuri",
        &["urn:oid:1.3.6.1.4.1.5923.1.2.1.6"],
        true,
    ),
    ("saml:cn", &["urn:oid:2.5.4.3"], true),
    (
        "saml:commonname",
        &["http://schemas.xmlsoap.org/claims/CommonName"],
        false,
    ),
    (
        "saml:name",
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "urn:oid:2.5.4.41",
        ],
        false,
    ),
    (
        "saml:givenname",
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
            "urn:oid:2.5.4.42",
        ],
        false,
    ),
    (
        "saml:surname",
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
            "urn:oid:2.5.4.4",
        ],
        false,
    ),
    (
        "saml:mail",
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "urn:oid:0.9.2342.19200300.100.1.3",
        ],
        false,
    ),
    (
        "saml:uid",
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uid",
            "urn:oid:0.9.2342.19200300.100.1.1",
        ],
        false,
    ),
    (
        "saml:primarygroupsid",
        &["http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid"],
        false,
    ),
    (
        "saml:organizationstatus",
        &["urn:oid:0.9.2342.19200300.100.1.45"],
        false,
    ),
    ("saml:x500uniqueidentifier", &["urn:oid:2.5.4.45"], false),
];

/// What an assertion says, once its provider's signature was verified and it was found to be for us and for now.
#[derive(Debug)]
pub struct Assertion {
    /// For the need.
    pub proven: Arc<Proven>,
    /// The Issuer.
    pub issuer: String,
    /// The Recipient it was sent to.
    pub audience: String,
    /// The NameID.
    pub subject: String,
    /// `persistent`, `transient`, or the whole format.
    pub subject_type: String,
    /// A hash of issuer, account and provider, by which a subject is told from one of another provider.
    pub name_qualifier: String,
    /// `RoleSessionName`.
    pub session_name: String,
    /// `SessionDuration`, in seconds.
    pub session_seconds: Option<u32>,
    /// When the provider's own session ends.
    pub session_ends: Option<Millis>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// `PrincipalTag:…`.
    pub tags: Vec<(String, String)>,
    /// `TransitiveTagKeys`.
    pub transitive: Vec<String>,
    /// A hash of issuer and id, under which it is noted that the assertion has been redeemed.
    pub digest: String,
    /// Until when that must be remembered.
    pub redeemable_until: Millis,
    roles: Vec<String>,
}

impl Assertion {
    /// Whether the provider lets its subject into this role: a `Role` value that names both, in either order.
    pub fn names(&self, role: &str, provider: &str) -> bool {
        self.roles()
            .any(|(a, b)| (a, b) == (role, provider) || (a, b) == (provider, role))
    }

    /// The roles that the provider lets its subject into, each with the provider that is to vouch for it.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.roles.iter().map(|pair| sorted(pair))
    }
}

/// Role and provider of a `Role` value, which has them in either order.
fn sorted(pair: &str) -> (&str, &str) {
    let (a, b) = pair.split_once(',').unwrap_or((pair, ""));
    let (a, b) = (a.trim(), b.trim());
    if a.contains(":saml-provider/") {
        (b, a)
    } else {
        (a, b)
    }
}

/// The providers that a response says are to vouch for it, at most `most`: told before anything of it is believed, to know whose
/// certificates to ask. Proves nothing.
///
/// # Errors
/// `InvalidIdentityToken`: it is no response.
pub fn providers_named(encoded: &str, most: usize) -> Result<Vec<String>, Fault> {
    let document = decoded(encoded)?;
    let response = parse(&document, Asides::Refused).map_err(no_response)?;
    let assertion = response
        .only(SAML, "Assertion")
        .ok_or_else(|| no_response("it has not exactly one assertion, directly inside"))?;
    let mut providers: Vec<String> = Vec::new();
    for pair in Attributes::of(assertion)?.all(&format!("{ATTRIBUTES}Role")) {
        let (_, provider) = sorted(&pair);
        if providers.len() < most && !providers.iter().any(|known| known == provider) {
            providers.push(provider.to_owned());
        }
    }
    Ok(providers)
}

fn decoded(encoded: &str) -> Result<String, Fault> {
    if encoded.len() > RESPONSE_CHARS_MAX {
        return Err(no_response("it has more than 100000 characters"));
    }
    dsig::base64(encoded)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| invalid("Invalid base64 SAMLResponse"))
}

/// An instant as SAML writes it, in UTC.
pub(super) fn instant(text: &str) -> Option<Millis> {
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

/// Believes the response in `encoded` (base64) or not. `own`: further addresses under which this server takes assertions.
///
/// # Errors
/// `InvalidIdentityToken`, `ExpiredTokenException`, `IDPRejectedClaim`.
pub fn verify(
    encoded: &str,
    provider: &SamlProvider,
    own: &[String],
    now: Millis,
) -> Result<Assertion, Fault> {
    let document = decoded(encoded)?;
    let response = parse(&document, Asides::Refused).map_err(no_response)?;
    let assertion = signed_assertion(&response, provider, now)?;
    read(assertion, provider, own, now)
}

fn no_response(why: &str) -> Fault {
    invalid(format!(
        "Your request included an invalid SAML response: {why}"
    ))
}

/// The one assertion, after its signature or the response's was verified; every claim is read from inside it.
fn signed_assertion<'r>(
    response: &'r Element,
    provider: &SamlProvider,
    now: Millis,
) -> Result<&'r Element, Fault> {
    if !response.is(SAMLP, "Response") {
        return Err(no_response("its root is no Response"));
    }
    dsig::ids_are_unique(response).map_err(no_response)?;
    let everything = response.descendants();
    if everything
        .iter()
        .any(|e| e.name.local == "EncryptedAssertion")
    {
        return Err(no_response("encrypted assertions are not taken"));
    }
    let assertions = everything
        .iter()
        .filter(|e| e.name.local == "Assertion")
        .count();
    let assertion = response
        .only(SAML, "Assertion")
        .filter(|_| assertions == 1)
        .ok_or_else(|| no_response("it has not exactly one assertion, directly inside"))?;
    let status = response
        .only(SAMLP, "Status")
        .and_then(|status| status.only(SAMLP, "StatusCode"))
        .and_then(|code| code.attribute("Value"));
    if status != Some(SUCCESS) {
        return Err(Fault::new(
            "IDPRejectedClaim",
            403,
            "The identity provider did not authenticate its subject",
        ));
    }
    let certificates: Vec<Vec<u8>> = provider
        .certificates
        .iter()
        .filter_map(|text| STANDARD.decode(text).ok())
        .collect();
    let bad = |why: &str| invalid(format!("Response signature invalid: {why}"));
    let mut signatures = 0;
    // Each signature that is there must be good; one of them is enough.
    for element in [response, assertion] {
        if let Some(signature) = dsig::signature_of(element).map_err(bad)? {
            dsig::verify(element, signature, &certificates, now / 1000).map_err(bad)?;
            signatures += 1;
        }
    }
    let strewn = everything
        .iter()
        .filter(|e| e.name.local == "Signature")
        .count();
    match signatures {
        0 => Err(bad("there is none")),
        n if n != strewn => Err(bad("there is one where none belongs")),
        _ => Ok(assertion),
    }
}

fn read(
    assertion: &Element,
    provider: &SamlProvider,
    own: &[String],
    now: Millis,
) -> Result<Assertion, Fault> {
    let id = assertion.attribute("ID").unwrap_or_default();
    if id.is_empty() || assertion.attribute("Version") != Some("2.0") {
        return Err(no_response(
            "its assertion has no ID or is not of version 2.0",
        ));
    }
    let issuer = text_of(assertion, "Issuer").ok_or_else(|| no_response("it has no Issuer"))?;
    if issuer != provider.entity_id {
        return Err(invalid("Issuer not present in specified provider"));
    }
    if now >= provider.valid_until {
        return Err(invalid("The metadata of the provider have expired"));
    }
    in_time(assertion, now)?;
    for_us(assertion, own, now)?;
    let subject = assertion
        .only(SAML, "Subject")
        .ok_or_else(|| no_response("it has no Subject"))?;
    let name_id = subject
        .only(SAML, "NameID")
        .ok_or_else(|| no_response("its subject has no NameID"))?;
    let name =
        text_of(subject, "NameID").ok_or_else(|| no_response("its subject has no NameID"))?;
    let recipient = recipient(subject, own, now)?;
    let format = name_id.attribute("Format").unwrap_or_default();
    let subject_type = FORMATS
        .iter()
        .filter_map(|prefix| format.strip_prefix(prefix))
        .find(|short| matches!(*short, "persistent" | "transient"))
        .unwrap_or(format)
        .to_owned();
    let attributes = Attributes::of(assertion)?;
    let qualifier = digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{issuer}{}/{}", provider.account, provider.name).as_bytes(),
    );
    let name_qualifier = STANDARD.encode(qualifier);
    let mut proven = Proven::new(PrincipalKind::Saml, &provider.arn());
    let mut one = |key: &str, value: &str, lasting| {
        proven.key(key.to_owned(), Fact::One(value.to_owned()), lasting);
    };
    one("saml:aud", &recipient, false);
    one("saml:iss", &issuer, false);
    one("saml:sub", &name, true);
    one("saml:sub_type", &subject_type, true);
    one("saml:namequalifier", &name_qualifier, true);
    one(
        "saml:doc",
        &format!("{}/{}", provider.account, provider.name),
        false,
    );
    for (key, names, many) in KEYS {
        let values: Vec<String> = names.iter().flat_map(|name| attributes.all(name)).collect();
        match (values.as_slice(), many) {
            ([], _) => {}
            (_, true) => proven.key((*key).to_owned(), Fact::Many(values), false),
            ([value], false) => proven.key((*key).to_owned(), Fact::One(value.clone()), false),
            // One value is what the key has; of several none is taken.
            (_, false) => {}
        }
    }
    let digest = digest::digest(
        &digest::SHA256,
        format!("{} {issuer} {id}", provider.arn()).as_bytes(),
    );
    Ok(Assertion {
        proven: Arc::new(proven),
        audience: recipient,
        subject: name,
        subject_type,
        name_qualifier,
        session_name: session_name(&attributes)?,
        session_seconds: session_seconds(&attributes)?,
        session_ends: session_ends(assertion)?,
        source_identity: attributes.one("SourceIdentity")?,
        tags: attributes.tags()?,
        transitive: attributes.all(&format!("{ATTRIBUTES}TransitiveTagKeys")),
        digest: hex::encode(digest),
        redeemable_until: now + REDEEM_MS + 2 * SKEW_MS,
        roles: attributes.all(&format!("{ATTRIBUTES}Role")),
        issuer,
    })
}

/// The trimmed text of the one child of that name.
fn text_of(element: &Element, local: &str) -> Option<String> {
    let text = element.only(SAML, local)?.text()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An attribute's instant; none if it is not there.
fn instant_of(element: &Element, attribute: &str) -> Result<Option<Millis>, Fault> {
    match element.attribute(attribute) {
        None => Ok(None),
        Some(text) => instant(text)
            .map(Some)
            .ok_or_else(|| no_response("it has a malformed date")),
    }
}

fn expired() -> Fault {
    Fault::new("ExpiredTokenException", 400, "The assertion has expired")
}

fn early() -> Fault {
    invalid("The assertion is not valid yet")
}

/// When it was issued: AWS takes an assertion for five minutes.
fn in_time(assertion: &Element, now: Millis) -> Result<(), Fault> {
    let issued = instant_of(assertion, "IssueInstant")?
        .ok_or_else(|| no_response("it has no IssueInstant"))?;
    if issued > now + SKEW_MS {
        return Err(early());
    }
    if issued + REDEEM_MS < now {
        return Err(Fault::new(
            "ExpiredTokenException",
            400,
            "Token must be redeemed within 5 minutes of issuance",
        ));
    }
    Ok(())
}

/// Its conditions: their times, and every audience restriction.
fn for_us(assertion: &Element, own: &[String], now: Millis) -> Result<(), Fault> {
    let conditions = assertion
        .only(SAML, "Conditions")
        .ok_or_else(|| no_response("it has no Conditions"))?;
    within(conditions, now)?;
    let mut restricted = false;
    for condition in conditions.elements() {
        if condition.is(SAML, "AudienceRestriction") {
            restricted = true;
            let ours = condition
                .all(SAML, "Audience")
                .filter_map(Element::text)
                .any(|audience| {
                    let audience = audience.trim();
                    AUDIENCES.contains(&audience) || own.iter().any(|own| own == audience)
                });
            if !ours {
                return Err(invalid("The audience of the assertion is another one"));
            }
        } else if !condition.is(SAML, "OneTimeUse") && !condition.is(SAML, "ProxyRestriction") {
            // A condition that is not understood makes an assertion invalid (Core 2.5.1.1).
            return Err(no_response("it has a condition that is not known"));
        }
    }
    if restricted {
        Ok(())
    } else {
        Err(invalid("The assertion names no audience"))
    }
}

fn within(element: &Element, now: Millis) -> Result<(), Fault> {
    if instant_of(element, "NotBefore")?.is_some_and(|begins| begins > now + SKEW_MS) {
        return Err(early());
    }
    if instant_of(element, "NotOnOrAfter")?.is_some_and(|ends| ends + SKEW_MS <= now) {
        return Err(expired());
    }
    Ok(())
}

/// The address that a bearer's confirmation names; it must be AWS's or ours, and the time must be right.
fn recipient(subject: &Element, own: &[String], now: Millis) -> Result<String, Fault> {
    let mut refused = invalid("The subject is not confirmed for its bearer");
    for confirmation in subject.all(SAML, "SubjectConfirmation") {
        if confirmation.attribute("Method") != Some(BEARER) {
            continue;
        }
        let Some(data) = confirmation.only(SAML, "SubjectConfirmationData") else {
            continue;
        };
        let Some(recipient) = data.attribute("Recipient") else {
            continue;
        };
        if !is_sign_in(recipient) && !own.iter().any(|own| own == recipient) {
            refused = invalid("The recipient of the assertion is another one");
            continue;
        }
        if data.attribute("NotOnOrAfter").is_none() {
            continue;
        }
        match within(data, now) {
            Ok(()) => return Ok(recipient.to_owned()),
            Err(fault) => refused = fault,
        }
    }
    Err(refused)
}

/// `https://signin.aws.amazon.com/saml`, or that of a region.
fn is_sign_in(recipient: &str) -> bool {
    let host = recipient
        .strip_prefix("https://")
        .and_then(|rest| rest.strip_suffix("/saml"));
    let region = host.and_then(|host| host.strip_suffix("signin.aws.amazon.com"));
    region.is_some_and(|region| {
        region.is_empty()
            || region.strip_suffix('.').is_some_and(|region| {
                !region.is_empty()
                    && region
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
    })
}

fn session_ends(assertion: &Element) -> Result<Option<Millis>, Fault> {
    let mut ends: Option<Millis> = None;
    for statement in assertion.all(SAML, "AuthnStatement") {
        if let Some(at) = instant_of(statement, "SessionNotOnOrAfter")? {
            ends = Some(ends.map_or(at, |before| before.min(at)));
        }
    }
    Ok(ends)
}

fn session_name(attributes: &Attributes) -> Result<String, Fault> {
    let name = attributes
        .one("RoleSessionName")?
        .ok_or_else(|| invalid("RoleSessionName is required in AuthnResponse"))?;
    let good = (2..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if good {
        Ok(name)
    } else {
        Err(invalid(
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ))
    }
}

fn session_seconds(attributes: &Attributes) -> Result<Option<u32>, Fault> {
    match attributes.one("SessionDuration")? {
        None => Ok(None),
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (900..=43_200).contains(seconds))
            .map(Some)
            .ok_or_else(|| invalid("SessionDuration in AuthnResponse must be 900 to 43200")),
    }
}

/// The attributes of an assertion, in order.
struct Attributes(Vec<(String, Vec<String>)>);

impl Attributes {
    fn of(assertion: &Element) -> Result<Self, Fault> {
        let mut all = Vec::new();
        for statement in assertion.all(SAML, "AttributeStatement") {
            for attribute in statement.all(SAML, "Attribute") {
                let name = attribute
                    .attribute("Name")
                    .ok_or_else(|| no_response("it has an attribute without a name"))?;
                let values = attribute
                    .all(SAML, "AttributeValue")
                    // A structured value (eduPersonTargetedID's NameID) stands for its text.
                    .filter_map(|value| match value.text() {
                        Some(text) => Some(text),
                        None => value.only(SAML, "NameID").and_then(Element::text),
                    })
                    .map(|text| text.trim().to_owned())
                    .collect();
                all.push((name.to_owned(), values));
            }
        }
        Ok(Self(all))
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .flat_map(|(_, values)| values.iter().cloned())
            .collect()
    }

    /// The one value of one of AWS's own attributes.
    fn one(&self, name: &str) -> Result<Option<String>, Fault> {
        let values = self.all(&format!("{ATTRIBUTES}{name}"));
        match values.as_slice() {
            [] => Ok(None),
            [value] => Ok(Some(value.clone())),
            _ => Err(invalid(format!(
                "{name} in AuthnResponse has more than one value"
            ))),
        }
    }

    fn tags(&self) -> Result<Vec<(String, String)>, Fault> {
        let prefix = format!("{ATTRIBUTES}PrincipalTag:");
        let mut tags = Vec::new();
        for (name, values) in &self.0 {
            if let Some(key) = name.strip_prefix(&prefix) {
                match values.as_slice() {
                    [value] => tags.push((key.to_owned(), value.clone())),
                    _ => {
                        return Err(invalid(format!(
                            "PrincipalTag:{key} in AuthnResponse has not exactly one value"
                        )));
                    }
                }
            }
        }
        Ok(tags)
    }
}
