//! STS: temporary credentials, all of AWS's operations. The table is below, a file for each subject beside it.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod decode_authorization_message;
pub mod doors;
mod federation;
mod get_caller_identity;
mod get_delegated_access_token;
mod get_session_token;
mod get_web_identity_token;
mod mfa;
mod session;
#[cfg(test)]
mod tests;

use twinlock_gate::service::{Query, QueryService, change, effect, read};
use twinlock_wire::violations::Dialect;

pub use assume_role::AssumeRole;
pub use assume_role_with_saml::AssumeRoleWithSAML;
pub use assume_role_with_web_identity::AssumeRoleWithWebIdentity;
pub use assume_root::AssumeRoot;
pub use decode_authorization_message::DecodeAuthorizationMessage;
pub use get_caller_identity::{GetAccessKeyInfo, GetCallerIdentity};
pub use get_delegated_access_token::GetDelegatedAccessToken;
pub use get_session_token::{GetFederationToken, GetSessionToken};
pub use get_web_identity_token::GetWebIdentityToken;

/// The service.
pub static STS: QueryService = QueryService {
    name: "sts",
    event_source: "sts.amazonaws.com",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    version: "2011-06-15",
    dialect: Dialect::Sts,
    entries: &[
        effect::<Query, AssumeRole>(),
        change::<Query, AssumeRoleWithSAML>(),
        effect::<Query, AssumeRoleWithWebIdentity>(),
        read::<Query, AssumeRoot>(),
        read::<Query, DecodeAuthorizationMessage>(),
        read::<Query, GetAccessKeyInfo>(),
        read::<Query, GetCallerIdentity>(),
        read::<Query, GetDelegatedAccessToken>(),
        read::<Query, GetFederationToken>(),
        effect::<Query, GetSessionToken>(),
        read::<Query, GetWebIdentityToken>(),
    ],
    known: |name| twinlock_shapes::sts::OPERATIONS.contains(&name),
};
