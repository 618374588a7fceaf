//! Reading X.509 certificates and private keys, as they are uploaded. PEM, as AWS takes it.

use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use twinlock_directory::Millis;
use twinlock_gate::Fault;
use x509_cert::{
    Certificate,
    der::{DecodePem, Encode},
};

/// A certificate that could be read.
pub(super) struct Parsed {
    certificate: Certificate,
    /// When it ends, by itself.
    pub(super) expires: Millis,
    begins: Millis,
}

fn malformed(message: &str) -> Fault {
    Fault::new("MalformedCertificate", 400, message.to_owned())
}

/// Reads one certificate.
///
/// # Errors
/// `MalformedCertificate`.
pub(super) fn parse(pem: &str) -> Result<Parsed, Fault> {
    let certificate = Certificate::from_pem(pem.trim()).map_err(|_| {
        malformed("Unable to parse certificate. Please ensure the certificate is in PEM format.")
    })?;
    let validity = certificate.tbs_certificate().validity();
    let at = |time: &x509_cert::time::Time| {
        u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(Millis::MAX)
    };
    Ok(Parsed {
        expires: at(&validity.not_after),
        begins: at(&validity.not_before),
        certificate,
    })
}

impl Parsed {
    /// Refuses what is not valid at `now`.
    ///
    /// # Errors
    /// A fault of this code.
    pub(super) fn valid_at(&self, now: Millis, code: &'static str) -> Result<(), Fault> {
        let message = if now < self.begins {
            "Certificate is not valid yet. The 'Not Before' date is in the future."
        } else if now >= self.expires {
            "Certificate is no longer valid. The 'Not After' date is in the past."
        } else {
            return Ok(());
        };
        Err(Fault::new(code, 400, message))
    }
}

/// Whether both are the same certificate in PEM, however the lines were broken.
pub(super) fn same(a: &str, b: &str) -> bool {
    let content = |pem: &str| {
        let bytes = pem
            .trim()
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace());
        bytes.collect::<Vec<u8>>()
    };
    content(a) == content(b)
}

/// Checks that `chain` is one: the signer of `certificate` first, and each signed by the next.
///
/// # Errors
/// `MalformedCertificate`.
pub(super) fn check_chain(certificate: &Parsed, chain: &str) -> Result<(), Fault> {
    let links = Certificate::load_pem_chain(chain.trim().as_bytes()).unwrap_or_default();
    if links.is_empty() {
        return Err(malformed(
            "Unable to parse certificate chain. Please ensure the certificates are in PEM format.",
        ));
    }
    let mut signed = &certificate.certificate;
    for (index, link) in links.iter().enumerate() {
        if signed.tbs_certificate().issuer() != link.tbs_certificate().subject() {
            return Err(malformed(&format!(
                "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: {index}"
            )));
        }
        signed = link;
    }
    Ok(())
}

/// Checks that the private key is the certificate's.
///
/// # Errors
/// `MalformedCertificate` for what is no key, `KeyPairMismatch` for another's.
pub(super) fn check_key(certificate: &Parsed, key: &str) -> Result<(), Fault> {
    let unreadable = || malformed("Private key was in an unrecognized format.");
    let key = PrivateKeyDer::from_pem_slice(key.trim().as_bytes()).map_err(|_| unreadable())?;
    let key = any_supported_type(&key).map_err(|_| unreadable())?;
    let der = certificate.certificate.to_der().map_err(|_| unreadable())?;
    CertifiedKey::new(vec![CertificateDer::from(der)], key)
        .keys_match()
        .map_err(|_| {
            Fault::new(
                "KeyPairMismatch",
                400,
                "The public key certificate and the private key do not match.",
            )
        })
}
