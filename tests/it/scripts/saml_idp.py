"""A SAML identity provider made of other people's code: lxml writes and canonicalises, signxml signs. Used by driver.py.

`metadata` describes one (they are told apart by `idp`, and made when first named); `response` is a signed response as the
parameter SAMLAssertion carries it. Honest responses are verified by signxml too, so that a refusal is never the signer's fault.
"""

import base64
import copy
import datetime
import functools
import itertools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import SignatureConfiguration, XMLSigner, XMLVerifier

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
SIGN_IN = "https://signin.aws.amazon.com/saml"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"

# Where products declare their namespaces, and under which prefixes.
STYLES = {
    "here": [{"samlp": SAMLP}, {"saml": SAML}, {"xs": XS, "xsi": XSI}],
    "ancestor": [{"samlp": SAMLP, "saml": SAML, "ds": DS, "xs": XS, "xsi": XSI}, {}, {}],
    "okta": [{"saml2p": SAMLP, "xs": XS}, {"saml2": SAML}, {"xsi": XSI}],
    "adfs": [{"samlp": SAMLP}, {None: SAML}, {"a": XSI, "xs": XS}],
    "bare": [{None: SAMLP}, {None: SAML}, {"xs": XS, "xsi": XSI}],
}

numbers = itertools.count(1)


@functools.lru_cache(maxsize=None)
def provider(idp, kind):
    """Its key and its certificate."""
    curve = {"ec256": ec.SECP256R1, "ec384": ec.SECP384R1}.get(kind)
    key = ec.generate_private_key(curve()) if curve else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, idp)])
    today = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), today - day, today + day)
    return key, certificate.sign(key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def pair(idp="pair"):
    """A certificate and its key, both as PEM."""
    key, certificate = provider(idp, "rsa")
    form = serialization.PrivateFormat.TraditionalOpenSSL
    key = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return pem(certificate).decode(), key.decode()


def ssh_line(idp="pair"):
    """A public key as OpenSSH writes it."""
    key = provider(idp, "rsa")[0].public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def entity(idp):
    return f"https://{idp}.example.com/metadata"


def metadata(idp="corp", kind="rsa"):
    der = provider(idp, kind)[1].public_bytes(serialization.Encoding.DER)
    root = etree.Element(f"{{{MD}}}EntityDescriptor", entityID=entity(idp), nsmap={"md": MD, "ds": DS})
    idp_role = add(root, MD, "IDPSSODescriptor", protocolSupportEnumeration=SAMLP)
    x509_data = add(add(add(idp_role, MD, "KeyDescriptor", use="signing"), DS, "KeyInfo"), DS, "X509Data")
    add(x509_data, DS, "X509Certificate", base64.encodebytes(der).decode())
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    add(idp_role, MD, "SingleSignOnService", Binding=binding, Location=f"https://{idp}.example.com/sso")
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8").decode()


def add(parent, namespace, name, text=None, nsmap=None, **attributes):
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes, nsmap=nsmap)
    element.text = text
    return element


def instant(minutes):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def unsigned(claims, issuer, style):
    """A response as products write it. `claims` overrides what an honest one says."""
    outer, middle, inner = STYLES[style]
    said = {"subject": "jane", "session": "jane@example.com", "audience": SIGN_IN, "recipient": SIGN_IN}
    said |= {"issued": 0, "begins": -1, "ends": 5, "roles": [], "attributes": {}} | claims
    number = next(numbers)
    response = etree.Element(f"{{{SAMLP}}}Response", nsmap=outer)
    for name, value in [("ID", f"_r{number}"), ("Version", "2.0"), ("IssueInstant", instant(said["issued"]))]:
        response.set(name, value)
    response.set("Destination", said["recipient"])
    add(response, SAML, "Issuer", issuer, middle)
    success = "urn:oasis:names:tc:SAML:2.0:status:Success"
    add(add(response, SAMLP, "Status"), SAMLP, "StatusCode", Value=success)
    times = {"NotBefore": instant(said["begins"]), "NotOnOrAfter": instant(said["ends"])}
    assertion = add(response, SAML, "Assertion", nsmap=middle, ID=f"_a{number}", Version="2.0")
    assertion.set("IssueInstant", instant(said["issued"]))
    add(assertion, SAML, "Issuer", issuer)
    subject = add(assertion, SAML, "Subject")
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    add(subject, SAML, "NameID", said["subject"], Format=persistent)
    confirmation = add(subject, SAML, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
    add(confirmation, SAML, "SubjectConfirmationData", Recipient=said["recipient"], NotOnOrAfter=times["NotOnOrAfter"])
    conditions = add(assertion, SAML, "Conditions", **times)
    add(add(conditions, SAML, "AudienceRestriction"), SAML, "Audience", said["audience"])
    add(assertion, SAML, "AuthnStatement", AuthnInstant=instant(said["issued"]), SessionIndex=f"_s{number}")
    statement = add(assertion, SAML, "AttributeStatement")
    attributes = {"Role": said["roles"], "RoleSessionName": [said["session"]]} | said["attributes"]
    for name, values in attributes.items():
        attribute = add(statement, SAML, "Attribute", Name=name if ":/" in name else ATTRIBUTES + name)
        for value in values:
            add(attribute, SAML, "AttributeValue", value, inner).set(f"{{{XSI}}}type", "xs:string")
    return response


class Signer(XMLSigner):
    """signxml's, which lists the prefixes of its own form only, and knows what is old and broken."""

    prefixes = None

    def check_deprecated_methods(self):
        pass

    def _build_transforms_for_reference(self, *, transforms_node, reference, exclude_c14n_transform_element):
        super()._build_transforms_for_reference(
            transforms_node=transforms_node,
            reference=reference,
            exclude_c14n_transform_element=exclude_c14n_transform_element,
        )
        if self.prefixes:
            nsmap = {"ec": EXCLUSIVE}
            listed = etree.SubElement(transforms_node[-1], f"{{{EXCLUSIVE}}}InclusiveNamespaces", nsmap=nsmap)
            listed.set("PrefixList", " ".join(self.prefixes))


def signed(element, keys, at=1, signature="rsa-sha256", digest="sha256", form=EXCLUSIVE, prefixes=None):
    """`element` with a signature as its child number `at`."""
    key, certificate = keys
    element.insert(at, etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS}))
    signer = Signer(signature_algorithm=signature, digest_algorithm=digest, c14n_algorithm=form)
    signer.prefixes = prefixes
    if signature.startswith("hmac"):
        # The public certificate as the secret, for a verifier that takes whatever key it has for whatever is asked.
        key = pem(certificate)
    return signer.sign(element, key=key, cert=[certificate], inclusive_ns_prefixes=prefixes)


def assertion_in(response):
    return response.find(f"{{{SAML}}}Assertion")


def sign_assertion(response, keys, **how):
    """Signs the assertion where it stands."""
    before = assertion_in(response)
    response.replace(before, signed(before, keys, **how))
    # Written and read again: where namespaces are declared must make no difference.
    return etree.fromstring(etree.tostring(response))


def response(idp="corp", kind="rsa", sign="assertion", style="here", pretty=False, attack=None, signer=None, issuer=None, how=None, **claims):
    keys, how = provider(signer or idp, kind), how or {}
    made = unsigned(claims, entity(issuer or idp), style)
    if pretty:
        etree.indent(made)
    if sign in ("assertion", "both"):
        made = sign_assertion(made, keys, **how)
    if sign in ("response", "both"):
        made = signed(made, keys, **how)
    text = etree.tostring(made)
    if sign == "assertion" and not how.get("signature", "").startswith("hmac") and "sha1" not in str(how):
        where = SignatureConfiguration(location=".//")
        XMLVerifier().verify(text, x509_cert=pem(keys[1]), id_attribute="ID", expect_config=where, validate_schema=not how.get("prefixes"))
    if attack:
        text = ATTACKS[attack](etree.fromstring(text))
    return base64.b64encode(text if isinstance(text, bytes) else etree.tostring(text)).decode()


def without_signature(element):
    bare = copy.deepcopy(element)
    bare.remove(bare.find(f"{{{DS}}}Signature"))
    return bare


def evil(assertion):
    """A copy that nobody signed, for somebody else."""
    forged = without_signature(assertion)
    forged.set("ID", "_evil")
    forged.find(f".//{{{SAML}}}NameID").text = "admin"
    return forged


def in_object(signature, element):
    add(signature, DS, "Object").append(element)


def wrapped(form):
    """The eight forms of wrapping of Somorovsky et al., in the order of their names."""

    def wrap(response):
        whole = response.find(f"{{{DS}}}Signature")
        signed_assertion = assertion_in(response)
        if form in (1, 2):
            original = without_signature(response)
            response.set("ID", "_evil")
            signed_assertion.set("ID", "_evil_too")
            signed_assertion.find(f".//{{{SAML}}}NameID").text = "admin"
            if form == 1:
                in_object(whole, original)
            else:
                whole.addprevious(original)
            return response
        forged, signature = evil(signed_assertion), signed_assertion.find(f"{{{DS}}}Signature")
        bare = without_signature(signed_assertion)
        if form == 3:
            signed_assertion.addprevious(forged)
        elif form == 4:
            response.replace(signed_assertion, forged)
            forged.append(signed_assertion)
        elif form in (5, 6):
            response.replace(signed_assertion, forged)
            forged.insert(1, signature)
            if form == 5:
                response.append(bare)
            else:
                in_object(signature, bare)
        elif form == 7:
            extensions = etree.Element(f"{{{SAMLP}}}Extensions")
            extensions.append(forged)
            signed_assertion.addprevious(extensions)
        elif form == 8:
            response.replace(signed_assertion, forged)
            forged.insert(1, signature)
            in_object(signature, bare)
            # The forged one says that it is the signed one.
            forged.set("ID", bare.get("ID"))
        return response

    return wrap


def text_changed(before, after):
    def change(response):
        text = etree.tostring(response).decode()
        assert before in text, before
        return text.replace(before, after).encode()

    return change


def only_a_part_signed(response):
    """A good signature by the right key, over the AuthnStatement alone."""
    assertion = assertion_in(response)
    part = assertion.find(f"{{{SAML}}}AuthnStatement")
    part.set("ID", "_part")
    signature = signed(copy.deepcopy(part), provider("corp", "rsa"), at=0).find(f"{{{DS}}}Signature")
    assertion.replace(assertion.find(f"{{{DS}}}Signature"), signature)
    return response


def encrypted(response):
    assertion = assertion_in(response)
    hidden = etree.Element(f"{{{SAML}}}EncryptedAssertion")
    response.replace(assertion, hidden)
    XENC = "http://www.w3.org/2001/04/xmlenc#"
    data = add(hidden, XENC, "EncryptedData", nsmap={"xenc": XENC}, Type=f"{XENC}Element")
    add(add(data, XENC, "CipherData"), XENC, "CipherValue", base64.b64encode(etree.tostring(assertion)).decode())
    return response


def twin_id(response):
    """Something else under the id of what is signed."""
    extensions = etree.Element(f"{{{SAMLP}}}Extensions", ID=assertion_in(response).get("ID"))
    assertion_in(response).addprevious(extensions)
    return response


def stripped(response):
    """Without its last signature, which is the assertion's if both are signed."""
    signature = response.findall(f".//{{{DS}}}Signature")[-1]
    signature.getparent().remove(signature)
    return response


ATTACKS = {f"xsw{form}": wrapped(form) for form in range(1, 9)} | {
    "comment": text_changed(">jane<", ">jane<!-- -->.admin<"),
    "instruction": text_changed(">jane<", "><?jane?>jane<"),
    "doctype": text_changed("<samlp:Response ", '<!DOCTYPE r [<!ENTITY who "jane">]><samlp:Response '),
    "entity": text_changed(">jane<", ">&who;<"),
    "changed": text_changed(">jane<", ">admin<"),
    "part": only_a_part_signed,
    "encrypted": encrypted,
    "twin": twin_id,
    "stripped": stripped,
}
