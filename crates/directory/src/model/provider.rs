//! Identity providers: whom an account lets vouch for people and programs that have no identity here.

use serde::{Deserialize, Serialize};

use super::{AccountId, Millis, Tag};

/// An OpenID Connect provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The account that trusts it.
    pub account: AccountId,
    /// A random id; AWS shows none, so it never leaves the directory.
    pub id: String,
    /// The issuer without `https://`: host, perhaps a port, and path. Unique in the account.
    pub url: String,
    /// When it was made.
    pub created: Millis,
    /// Audiences that its tokens may name.
    #[serde(default)]
    pub client_ids: Vec<String>,
    /// SHA-1 fingerprints of certificates that may vouch for its server, besides the public authorities'; 40 hexadecimal
    /// digits each.
    #[serde(default)]
    pub thumbprints: Vec<String>,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl OidcProvider {
    /// `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:oidc-provider/{}", self.account, self.url)
    }

    /// The issuer as its tokens name it.
    pub fn issuer(&self) -> String {
        format!("https://{}", self.url)
    }
}

/// A SAML 2.0 provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SamlProvider {
    /// The account that trusts it.
    pub account: AccountId,
    /// AWS's SAMLProviderUUID.
    pub id: String,
    /// The name; unique in the account without regard to case.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// Until when its metadata say that they hold.
    pub valid_until: Millis,
    /// The metadata document as it was given.
    pub metadata: String,
    /// The entity id in the metadata: the Issuer of its assertions.
    pub entity_id: String,
    /// The certificates in the metadata that may sign, DER in base64.
    pub certificates: Vec<String>,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl SamlProvider {
    /// `arn:aws:iam::ACCOUNT:saml-provider/NAME`.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:saml-provider/{}", self.account, self.name)
    }
}
