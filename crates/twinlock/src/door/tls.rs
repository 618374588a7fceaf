//! TLS from PEM files.

use std::{path::Path, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or holds no PEM of the kind.
    #[error("{what} `{path}`: {error}")]
    File {
        /// `tls_cert` or `tls_key`.
        what: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it.
        error: String,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("tls_cert and tls_key: {0}")]
    Pair(#[from] rustls::Error),
}

/// What accepts TLS connections with this certificate chain and this private key, both in PEM. TLS 1.2 and 1.3.
///
/// # Errors
/// See [`TlsError`].
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let file = |what, path: &Path, error: String| TlsError::File {
        what,
        path: path.display().to_string(),
        error,
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| file("tls_cert", cert, error.to_string()))?;
    if chain.is_empty() {
        return Err(file(
            "tls_cert",
            cert,
            "there is no certificate in it".to_owned(),
        ));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| file("tls_key", key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
