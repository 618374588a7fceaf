//! Credentials that are kept and given back, and sign nothing here: certificates, SSH keys, passwords of single services.

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis, Tag};
use crate::secret::StoredSecret;

/// What a user holds besides keys, password and MFA devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OtherCredentials {
    /// X.509 certificates, oldest first.
    #[serde(default)]
    pub signing_certificates: Vec<SigningCertificate>,
    /// SSH public keys, oldest first.
    #[serde(default)]
    pub ssh_public_keys: Vec<SshPublicKey>,
    /// Passwords for single services, oldest first.
    #[serde(default)]
    pub service_specific: Vec<ServiceSpecificCredential>,
}

/// An X.509 certificate of a user or of root.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SigningCertificate {
    /// The id, 32 characters.
    pub id: String,
    /// The certificate, PEM.
    pub body: String,
    /// Whether it may be used: AWS's `Active` or `Inactive`.
    pub active: bool,
    /// When it was uploaded.
    pub uploaded: Millis,
}

/// An RSA key that a user would reach Git repositories with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SshPublicKey {
    /// The id, `APKA…`.
    pub id: String,
    /// The key as it was uploaded: one line of OpenSSH's, or PEM.
    pub body: String,
    /// MD5 of the key in OpenSSH's encoding: sixteen pairs of hexadecimal digits.
    pub fingerprint: String,
    /// Whether it may be used: AWS's `Active` or `Inactive`.
    pub active: bool,
    /// When it was uploaded.
    pub uploaded: Millis,
}

/// A user name and password for one service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceSpecificCredential {
    /// The id, `ACCA…`.
    pub id: String,
    /// The service: `codecommit.amazonaws.com`.
    pub service: String,
    /// The user name for it, or the alias of a bearer token.
    pub user_name: String,
    /// The password; sealed when stored, shown once.
    pub password: StoredSecret,
    /// Whether it may be used: AWS's `Active` or `Inactive`.
    pub active: bool,
    /// When it was made.
    pub created: Millis,
    /// When it ends, if it was made for a time.
    #[serde(default)]
    pub expires: Option<Millis>,
}

/// A certificate for HTTPS with its key, which no service here serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// The account it belongs to.
    pub account: AccountId,
    /// The unique id, `ASCA…`.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// The certificate, PEM.
    pub body: String,
    /// The certificates above it, PEM, if they were given.
    #[serde(default)]
    pub chain: Option<String>,
    /// Its private key, PEM; sealed when stored, shown never.
    pub private_key: StoredSecret,
    /// When it was uploaded.
    pub uploaded: Millis,
    /// When the certificate ends, as it says itself.
    pub expires: Millis,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl ServerCertificate {
    /// `arn:aws:iam::ACCOUNT:server-certificate/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:server-certificate{}{}",
            self.account, self.path, self.name
        )
    }
}
