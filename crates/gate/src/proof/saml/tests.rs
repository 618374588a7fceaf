//! Responses as honest providers sign them, and every way of wrapping, mending and aging one.

use super::*;
use crate::proof::{
    metadata,
    testing::{ENTITY, PROVIDER, ROLE, SamlIdp, encoded},
};

/// 2014-07-18T15:00:00Z.
const NOW: Millis = 1_405_695_600_000;
const AT: &str = "2014-07-18T15:00:00Z";
const ENDS: &str = "2014-07-18T15:05:00Z";

fn provider(idp: &SamlIdp) -> SamlProvider {
    let metadata = metadata::read(&idp.metadata()).expect("metadata");
    SamlProvider {
        account: "999999999999".parse().expect("an id"),
        id: "x".into(),
        name: "Corp".into(),
        created: NOW,
        valid_until: NOW + 1,
        metadata: String::new(),
        entity_id: metadata.entity_id,
        certificates: metadata.certificates,
        tags: Vec::new(),
    }
}

fn at(idp: &SamlIdp, response: &str, now: Millis) -> Result<Assertion, Fault> {
    let provider = SamlProvider {
        valid_until: NOW + 3_600_000,
        ..provider(idp)
    };
    verify(
        &encoded(response),
        &provider,
        &["http://localhost/saml".into()],
        now,
    )
}

fn refused(idp: &SamlIdp, response: &str) -> String {
    at(idp, response, NOW).expect_err("must be refused").message
}

fn plain(idp: &SamlIdp) -> String {
    idp.assertion("a1", AT, ENDS)
}

fn good(idp: &SamlIdp) -> String {
    idp.response(&idp.signed(&plain(idp)))
}

#[test]
fn a_response_has_so_many_characters_and_no_more() {
    let idp = SamlIdp::default();
    // Base64 may be broken into lines, as many as one likes.
    let filled = |chars: usize| {
        let response = encoded(&good(&idp));
        let lines = "\n".repeat(chars - response.len());
        response + &lines
    };
    let longest = filled(RESPONSE_CHARS_MAX);
    assert_eq!(providers_named(&longest, 9).expect("read"), [PROVIDER]);
    let own = ["http://localhost/saml".into()];
    let known = SamlProvider {
        valid_until: NOW + 3_600_000,
        ..provider(&idp)
    };
    verify(&longest, &known, &own, NOW).expect("believed");
    let longer = filled(RESPONSE_CHARS_MAX + 1);
    for refused in [
        providers_named(&longer, 9).map(drop),
        verify(&longer, &known, &own, NOW).map(drop),
    ] {
        let message = refused.expect_err("too long").message;
        assert!(
            message.ends_with("more than 100000 characters"),
            "{message}"
        );
    }
}

#[test]
fn a_signed_assertion_says_who_may_be_what() {
    let idp = SamlIdp::default();
    let read = at(&idp, &good(&idp), NOW).expect("believed");
    assert_eq!(read.issuer, ENTITY);
    assert_eq!(
        (read.subject.as_str(), read.subject_type.as_str()),
        ("jane", "persistent")
    );
    assert_eq!(read.audience, "https://signin.aws.amazon.com/saml");
    assert_eq!(read.session_name, "jane@example.com");
    assert!(read.names(ROLE, PROVIDER) && !read.names(PROVIDER, "") && !read.names(ROLE, ROLE));
    let fact = |key: &str| match read.proven.fact(key) {
        Some(Fact::One(value)) => value.clone(),
        other => panic!("{key}: {other:?}"),
    };
    assert_eq!(fact("saml:doc"), "999999999999/Corp");
    assert_eq!(fact("saml:sub"), "jane");
    assert_eq!(fact("saml:iss"), ENTITY);
    assert_eq!(fact("saml:namequalifier"), read.name_qualifier);
    assert_eq!(read.proven.provider(), PROVIDER);
    // The response signed instead, or both.
    at(&idp, &idp.signed(&idp.response(&plain(&idp))), NOW).expect("the response is signed");
    at(&idp, &idp.signed(&good(&idp)), NOW).expect("both are");
}

#[test]
fn what_aws_lets_an_assertion_say_is_read_from_it() {
    let idp = SamlIdp::default();
    let more = r#"<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/PrincipalTag:Team"><saml:AttributeValue>Blue</saml:AttributeValue></saml:Attribute><saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys"><saml:AttributeValue>Team</saml:AttributeValue></saml:Attribute><saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/SourceIdentity"><saml:AttributeValue>jane</saml:AttributeValue></saml:Attribute><saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/SessionDuration"><saml:AttributeValue>1800</saml:AttributeValue></saml:Attribute><saml:Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.1"><saml:AttributeValue>staff</saml:AttributeValue><saml:AttributeValue>member</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"#;
    let assertion = plain(&idp)
        .replace("</saml:AttributeStatement>", more)
        .replace(
            "<saml:AuthnStatement",
            "<saml:AuthnStatement SessionNotOnOrAfter=\"2014-07-18T15:30:00Z\"",
        );
    let read = at(&idp, &idp.response(&idp.signed(&assertion)), NOW).expect("believed");
    assert_eq!(read.tags, [("Team".to_owned(), "Blue".to_owned())]);
    assert_eq!(read.transitive, ["Team"]);
    assert_eq!(read.source_identity.as_deref(), Some("jane"));
    assert_eq!(read.session_seconds, Some(1800));
    assert_eq!(read.session_ends, Some(NOW + 1_800_000));
    assert_eq!(
        read.proven.fact("saml:edupersonaffiliation"),
        Some(&Fact::Many(vec!["staff".into(), "member".into()]))
    );
}

#[test]
fn an_assertion_that_its_provider_did_not_sign_is_refused() {
    let (idp, other) = (SamlIdp::default(), SamlIdp::default());
    assert!(refused(&idp, &idp.response(&plain(&idp))).contains("there is none"));
    assert!(refused(&idp, &good(&other)).contains("not by a key"));
    assert!(refused(&idp, &good(&idp).replace(">jane<", ">admin<")).contains("changed"));
    assert!(refused(&idp, &good(&idp).replace("role/UpdateApp", "role/Admin")).contains("changed"));
    // A weaker algorithm, another canonical form, further transforms, another reference: nothing of it is chosen by the document.
    for (from, to, why) in [
        (
            "xmldsig-more#ecdsa-sha256",
            "xmldsig-more#hmac-sha256",
            "algorithm",
        ),
        (
            "2001/04/xmldsig-more#ecdsa-sha256",
            "2000/09/xmldsig#hmac-sha1",
            "algorithm",
        ),
        ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1", "digest"),
        (
            "2000/09/xmldsig#enveloped-signature",
            "1999/xslt",
            "transforms",
        ),
        (
            "2001/10/xml-exc-c14n#\"/>",
            "TR/2001/REC-xml-c14n-20010315\"/>",
            "canonical form",
        ),
        (
            "<ds:Transforms>",
            "<ds:Transforms><ds:Transform Algorithm=\"x\"/>",
            "transforms",
        ),
        ("URI=\"#a1\"", "URI=\"\"", "another element"),
        ("URI=\"#a1\"", "URI=\"#response\"", "another element"),
        (
            "</ds:SignedInfo>",
            "<ds:Reference/></ds:SignedInfo>",
            "exactly one reference",
        ),
    ] {
        let changed = good(&idp).replace(from, to);
        assert_ne!(changed, good(&idp), "{from}");
        let said = refused(&idp, &changed);
        assert!(said.contains(why), "{from}: {said}");
    }
}

/// The eight wrappings of Somorovsky et al. (USENIX Security 2012): the signed assertion is moved somewhere, and a forged
/// one stands where a careless reader looks.
#[test]
fn a_wrapped_signature_is_refused() {
    let idp = SamlIdp::default();
    let signed = idp.signed(&plain(&idp));
    let (start, end) = (
        signed.find("<ds:Signature").expect("a signature"),
        signed.find("</ds:Signature>").expect("its end") + "</ds:Signature>".len(),
    );
    let signature = &signed[start..end];
    let bare = plain(&idp);
    let evil = bare
        .replace(">jane<", ">admin<")
        .replace("ID=\"a1\"", "ID=\"evil\"");
    let inside = |assertion: &str, more: &str| {
        assertion.replacen("</saml:Issuer>", &format!("</saml:Issuer>{more}"), 1)
    };
    let with_object = |object: &str| {
        signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{object}</ds:Object></ds:Signature>"),
        )
    };
    let whole = idp.signed(&idp.response(&bare));
    let (rs, re) = (
        whole.find("<ds:Signature").expect("a signature"),
        whole.find("</ds:Signature>").expect("its end") + "</ds:Signature>".len(),
    );
    let (response_signature, unsigned_response) =
        (&whole[rs..re], format!("{}{}", &whole[..rs], &whole[re..]));
    let evil_response = |more: &str| {
        idp.response(&format!("{more}{evil}"))
            .replace("ID=\"response\"", "ID=\"evilresponse\"")
    };
    let attacks = [
        // 1, 2: the signed response inside or beside the signature of a forged one.
        evil_response(&response_signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{unsigned_response}</ds:Object></ds:Signature>"),
        )),
        evil_response(&format!("{unsigned_response}{response_signature}")),
        // 3, 4: the forged assertion beside the signed one, or around it.
        idp.response(&format!("{evil}{signed}")),
        idp.response(&inside(&evil, &signed)),
        // 5, 6: the signature in the forged assertion, the signed one at the end or within the signature.
        idp.response(&format!("{}{bare}", inside(&evil, signature))),
        idp.response(&inside(&evil, &with_object(&bare))),
        // 7, 8: the signed assertion in extensions, or the forged one in an object of the signature.
        idp.response(&format!(
            "<samlp:Extensions>{evil}</samlp:Extensions>{signed}"
        )),
        idp.response(&inside(&bare, &with_object(&evil))),
    ];
    for attack in &attacks {
        refused(&idp, attack);
        // The same with the ids alike.
        refused(&idp, &attack.replace("ID=\"evil\"", "ID=\"a1\""));
    }
    // Two elements of one id, whatever the attribute is called.
    for twin in ["ID", "Id", "id", "xml:id"] {
        let twice = good(&idp).replacen(
            "<samlp:Status>",
            &format!("<samlp:Status {twin}=\"a1\">"),
            1,
        );
        assert!(
            refused(&idp, &twice).contains("an id stands twice"),
            "{twin}"
        );
    }
    // A second signature, and one in a place of no use.
    let two = idp.response(&inside(&signed, signature));
    assert!(refused(&idp, &two).contains("two signatures"));
    let strewn = good(&idp).replacen("<samlp:Status>", &format!("<samlp:Status>{signature}"), 1);
    assert!(refused(&idp, &strewn).contains("where none belongs"));
}

#[test]
fn comments_document_types_and_entities_are_refused() {
    let idp = SamlIdp::default();
    // Signed as `jane`, read by some as the part before the comment.
    let commented = good(&idp).replace(">jane<", ">ja<!-- -->ne<");
    assert!(refused(&idp, &commented).contains("comment"));
    let instructed = good(&idp).replace(">jane<", ">ja<?x y?>ne<");
    assert!(refused(&idp, &instructed).contains("processing instruction"));
    let typed = format!("<!DOCTYPE r [<!ENTITY x \"jane\">]>{}", good(&idp));
    assert!(refused(&idp, &typed).contains("document type"));
    let entity = good(&idp).replace(">jane<", ">&x;<");
    assert!(refused(&idp, &entity).contains("entity"));
    let external = format!("<!DOCTYPE r SYSTEM \"file:///etc/passwd\">{}", good(&idp));
    assert!(refused(&idp, &external).contains("document type"));
    // What is written otherwise and means the same is the same.
    at(
        &idp,
        &good(&idp).replace(">jane<", ">j&#97;n<![CDATA[e]]><"),
        NOW,
    )
    .expect("the same text");
}

#[test]
fn an_assertion_for_others_or_for_another_time_is_refused() {
    let idp = SamlIdp::default();
    let changed = |from: &str, to: &str| {
        let assertion = plain(&idp).replace(from, to);
        assert_ne!(assertion, plain(&idp), "{from}");
        refused(&idp, &idp.response(&idp.signed(&assertion)))
    };
    assert!(
        changed(
            "<saml:Audience>https://signin.aws.amazon.com/saml",
            "<saml:Audience>https://other"
        )
        .contains("audience")
    );
    assert!(
        changed(
            "Recipient=\"https://signin.aws.amazon.com/saml\"",
            "Recipient=\"https://evil/saml\""
        )
        .contains("recipient")
    );
    assert!(
        changed(
            "Recipient=\"https://signin",
            "Recipient=\"https://evil.com?.signin"
        )
        .contains("recipient")
    );
    assert!(changed(":cm:bearer", ":cm:holder-of-key").contains("confirmed"));
    assert!(
        changed(
            &format!("<saml:Issuer>{ENTITY}"),
            "<saml:Issuer>https://other"
        )
        .contains("Issuer")
    );
    assert!(changed("AudienceRestriction", "Other").contains("condition"));
    assert!(
        changed(
            "Name=\"https://aws.amazon.com/SAML/Attributes/RoleSessionName\"",
            "Name=\"x\""
        )
        .contains("RoleSessionName")
    );
    assert!(changed(">jane@example.com<", ">j ane<").contains("RoleSessionName"));
    assert!(
        changed(
            &format!("IssueInstant=\"{AT}\""),
            "IssueInstant=\"2014-07-18T15:02:00Z\""
        )
        .contains("not valid yet")
    );
    assert!(
        changed(
            &format!("NotBefore=\"{AT}\""),
            "NotBefore=\"2014-07-18T15:02:00Z\""
        )
        .contains("not valid yet")
    );
    assert!(
        changed(
            &format!("IssueInstant=\"{AT}\""),
            "IssueInstant=\"2014-07-18T14:54:59Z\""
        )
        .contains("within 5 minutes")
    );
    assert!(
        changed(
            &format!("NotOnOrAfter=\"{ENDS}\""),
            "NotOnOrAfter=\"2014-07-18T14:59:00Z\""
        )
        .contains("expired")
    );
    let failed = good(&idp).replace("status:Success", "status:Responder");
    assert_eq!(
        at(&idp, &failed, NOW).expect_err("no success").code,
        "IDPRejectedClaim"
    );
    let late = at(&idp, &good(&idp), NOW + 300_001).expect_err("late");
    assert_eq!(late.code, "ExpiredTokenException");
    // Another server's address is none of ours; our own is.
    let ours = plain(&idp).replace(
        "Recipient=\"https://signin.aws.amazon.com/saml\"",
        "Recipient=\"http://localhost/saml\"",
    );
    at(&idp, &idp.response(&idp.signed(&ours)), NOW).expect("our own address");
    for region in ["us-east-1.", "eu-west-1."] {
        let regional = plain(&idp).replace(
            "Recipient=\"https://",
            &format!("Recipient=\"https://{region}"),
        );
        at(&idp, &idp.response(&idp.signed(&regional)), NOW).expect("a region's address");
    }
}

#[test]
fn metadata_that_are_over_and_certificates_that_are_over_vouch_for_nobody() {
    let idp = SamlIdp::default();
    let expired = SamlProvider {
        valid_until: NOW,
        ..provider(&idp)
    };
    let fault = verify(&encoded(&good(&idp)), &expired, &[], NOW).expect_err("over");
    assert!(fault.message.contains("metadata"));
    let old = metadata::read(&idp.metadata_until("140101")).expect("metadata");
    let old = SamlProvider {
        certificates: old.certificates,
        ..provider(&idp)
    };
    let fault = verify(&encoded(&good(&idp)), &old, &[], NOW).expect_err("over");
    assert!(fault.message.contains("not by a key"));
}

#[test]
fn what_is_huge_deep_or_broken_is_refused() {
    let idp = SamlIdp::default();
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    refused(&idp, &idp.response(&deep));
    refused(&idp, &idp.response(&"<a/>".repeat(20_000)));
    // Before any key is asked, each prefix would cost a look at every element.
    let prefixes = |n: usize| {
        let list = format!("PrefixList=\"{}\"", vec!["xs"; n].join(" "));
        good(&idp).replace("PrefixList=\"xs\"", &list)
    };
    assert!(refused(&idp, &prefixes(65)).contains("too many prefixes"));
    assert!(
        !refused(&idp, &prefixes(64)).contains("prefixes"),
        "it only was changed"
    );
    let attributes: String = (0..100).map(|n| format!(" a{n}=\"1\"")).collect();
    refused(&idp, &idp.response(&format!("<a{attributes}/>")));
    for broken in ["", "x", "<a", "<a></b>", "<samlp:Response/>", "<Response/>"] {
        refused(&idp, broken);
    }
    let provider = provider(&idp);
    for encoded in ["", "?", "////", "PGE"] {
        verify(encoded, &provider, &[], NOW).expect_err("no document");
    }
    assert!(
        refused(&idp, &idp.response("<x:EncryptedAssertion xmlns:x=\"y\"/>")).contains("encrypted")
    );
}

/// What a short document makes of memory and time is bounded before its signature is looked at.
#[test]
fn a_document_whose_namespaces_would_make_it_large_is_refused() {
    let idp = SamlIdp::default();
    let declared = |n: usize| {
        let all: String = (0..n).map(|n| format!(" xmlns:f{n}=\"urn:f\"")).collect();
        idp.response(&format!("<a{all}><b xmlns:more=\"urn:more\"/></a>"))
    };
    // One is in force already: the response's own.
    assert!(refused(&idp, &declared(63)).contains("too many namespaces"));
    assert!(!refused(&idp, &declared(62)).contains("namespaces"));
    let named = |length| idp.response(&format!("<a xmlns=\"{}\"/>", "n".repeat(length)));
    assert!(refused(&idp, &named(1025)).contains("a namespace is too long"));
    assert!(!refused(&idp, &named(1024)).contains("namespace"));
    let long = format!("xmlns:p=\"{}\" ID=\"response\"", "p".repeat(1024));
    let used = |n| {
        let many = format!("{}<saml:AuthnStatement", "<p:x/>".repeat(n));
        good(&idp)
            .replace("ID=\"response\"", &long)
            .replace("<saml:AuthnStatement", &many)
    };
    assert!(refused(&idp, &used(2000)).contains("canonical form is too long"));
    assert!(refused(&idp, &used(500)).contains("the signed element was changed"));
}

#[test]
fn metadata_say_who_signs_or_are_refused() {
    let idp = SamlIdp::default();
    let good = idp.metadata();
    let read = metadata::read(&good).expect("metadata");
    assert_eq!(
        (read.entity_id.as_str(), read.certificates.len()),
        (ENTITY, 1)
    );
    for (from, to) in [
        (" entityID=", " other="),
        ("IDPSSODescriptor", "SPSSODescriptor"),
        ("use=\"signing\"", "use=\"encryption\""),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAA"),
        ("SAML:2.0:protocol", "SAML:1.1:protocol"),
        ("md:EntityDescriptor", "md:EntitiesDescriptor"),
        ("<?xml version=\"1.0\"?>", "<!DOCTYPE x>"),
    ] {
        assert!(metadata::read(&good.replace(from, to)).is_err(), "{from}");
    }
    let until = good.replace(
        " entityID=",
        " validUntil=\"2014-07-18T15:00:00Z\" entityID=",
    );
    assert_eq!(
        metadata::read(&until).expect("metadata").valid_until,
        Some(NOW)
    );
}
