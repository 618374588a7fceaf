//! Whose certificate an identity provider's server may show: one that the system's authorities vouch for, or one of those
//! that the operator names, or a chain in which a certificate has a fingerprint that the account gave (AWS's ThumbprintList).
//!
//! A fingerprint is SHA-1, which is AWS's choice. It names a certificate that the account has seen; making another with the
//! same fingerprint would take a second preimage, which nobody can.

use std::{path::Path, sync::Arc};

use ring::digest;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::dsig::valid_at;

/// What connects to a provider's server.
pub(super) fn client(
    ca_file: Option<&Path>,
    thumbprints: &[String],
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    // A machine without authorities of its own still has fingerprints and the operator's file.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let authorities = CertificateDer::pem_file_iter(file)
            .map_err(|error| rustls::Error::General(format!("ca_file: {error}")))?;
        for authority in authorities {
            let authority =
                authority.map_err(|error| rustls::Error::General(format!("ca_file: {error}")))?;
            roots.add(authority)?;
        }
    }
    let verifier = Verifier {
        authorities: verifier(roots, &provider),
        thumbprints: thumbprints.to_vec(),
        provider: provider.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// None: there is no root to verify with.
fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .ok()
}

#[derive(Debug)]
struct Verifier {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    thumbprints: Vec<String>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn vouched_for(&self, certificate: &CertificateDer<'_>) -> bool {
        let fingerprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
        let fingerprint = hex::encode(fingerprint);
        self.thumbprints.contains(&fingerprint)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let by = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let verdict = match &self.authorities {
            Some(authorities) => by(authorities),
            None => Err(unknown),
        };
        let Err(refused) = verdict else {
            return verdict;
        };
        // An authority that the account vouches for stands for the system's.
        for authority in intermediates.iter().filter(|c| self.vouched_for(c)) {
            let mut roots = RootCertStore::empty();
            if roots.add(authority.clone().into_owned()).is_ok()
                && let Some(verifier) = verifier(roots, &self.provider)
                && let Ok(verified) = by(&verifier)
            {
                return Ok(verified);
            }
        }
        // The server's own certificate, self-signed most often, with its name and its time.
        if self.vouched_for(end_entity) && valid_at(end_entity, now.as_secs()) {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            verify_server_name(&parsed, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(refused)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
