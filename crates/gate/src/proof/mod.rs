//! Proofs other than a signature: tokens of OpenID Connect providers and SAML assertions, which two operations of STS take
//! instead of one. The one place where such a proof is believed.
//!
//! | file | its part |
//! | --- | --- |
//! | [`jwt`] | a token, its signature and its times; what of it becomes condition keys |
//! | [`jwks`] | an issuer's public keys, as they are published |
//! | [`keypair`] | keys that sign tokens: an account's own |
//! | [`issuers`] | where keys come from: a file, or the issuer itself, remembered for a while |
//! | [`fetch`] | HTTPS to an issuer: no redirects, no private addresses, bounded in time and size |
//! | [`thumbprint`] | certificates that an account vouches for by their fingerprint |
//! | [`dpop`] | that a caller holds the key which its tokens are bound to |
//! | [`saml`], [`metadata`] | an assertion, all of it read from what was signed; a provider's metadata |
//! | [`dsig`], [`c14n`], [`tree`] | the one profile of XML signatures that is believed |
//!
//! A [`Proven`] can be made here only, so no operation can claim a federated identity that nobody vouched for.

mod c14n;
pub mod dpop;
mod dsig;
mod fetch;
pub mod issuers;
pub mod jwks;
pub mod jwt;
pub mod keypair;
pub mod metadata;
pub mod saml;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod thumbprint;
mod tree;

use twinlock_policy::{Principal, PrincipalKind};

use crate::needs::Fact;

/// Who bears a proof that was verified: the principal that the role's trust policy is asked about, and the condition keys
/// that the proof brings.
///
/// INVARIANT: made only in this module, after a signature of the provider was verified.
#[derive(Debug, Clone)]
pub struct Proven {
    principal: Principal,
    keys: Vec<(String, Fact)>,
    lasting: Vec<(String, Vec<String>)>,
}

impl Proven {
    fn new(kind: PrincipalKind, provider: &str) -> Self {
        Self {
            principal: Principal {
                kind,
                arn: provider.to_owned(),
                provider: Some(provider.to_owned()),
                ..Principal::anonymous()
            },
            keys: Vec::new(),
            lasting: Vec::new(),
        }
    }

    /// A condition key of the proof; `lasting`: the session keeps it for its own requests.
    fn key(&mut self, name: String, fact: Fact, lasting: bool) {
        let name = name.to_lowercase();
        if lasting {
            let values = match &fact {
                Fact::One(value) => vec![value.clone()],
                Fact::Many(values) => values.clone(),
            };
            self.lasting.push((name.clone(), values));
        }
        self.keys.push((name, fact));
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn fact(&self, key: &str) -> Option<&Fact> {
        self.keys
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, fact)| fact)
    }

    /// The provider, as a `Federated` principal names it: `aws:FederatedProvider` of the session.
    pub fn provider(&self) -> &str {
        &self.principal.arn
    }

    /// What a session keeps of the proof, for `Session::claims`.
    pub fn lasting(&self) -> Vec<(String, Vec<String>)> {
        self.lasting.clone()
    }
}
