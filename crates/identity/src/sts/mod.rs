//! STS: temporary credentials. The table below is all that Twinlock has of it; the rest of AWS's STS answers `NotImplemented`.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod federation;
mod get_caller_identity;
mod get_session_token;
mod mfa;
mod session;
#[cfg(test)]
mod tests;

use twinlock_gate::service::{Query, QueryService, change, effect, read};
use twinlock_wire::violations::Dialect;

pub use assume_role::AssumeRole;
pub use assume_role_with_saml::AssumeRoleWithSAML;
pub use assume_role_with_web_identity::AssumeRoleWithWebIdentity;
pub use get_caller_identity::{GetAccessKeyInfo, GetCallerIdentity};
pub use get_session_token::{GetFederationToken, GetSessionToken};

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
        read::<Query, GetAccessKeyInfo>(),
        read::<Query, GetCallerIdentity>(),
        read::<Query, GetFederationToken>(),
        effect::<Query, GetSessionToken>(),
    ],
    known: |name| twinlock_shapes::sts::OPERATIONS.contains(&name),
};
