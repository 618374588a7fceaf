//! AssumeRoleWithWebIdentity: a session of a role for the bearer of a token by an OpenID Connect provider that the role's
//! account trusts. The call is not signed; the token is its proof.

#[cfg(test)]
mod tests;

use twinlock_gate::{
    Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit, Sessions,
    proof::jwt::{Unverified, WebIdentity, invalid},
};
use twinlock_shapes::sts::{AssumeRoleWithWebIdentityInput, AssumeRoleWithWebIdentityOutput};

use super::{
    assume_role,
    federation::{self, Asked, DEFAULT_SECONDS, Wishes},
};

/// Issuers that every account may trust without an entity of its own, as AWS has it; which of their tokens, its trust
/// policies say. Tokens of Facebook and Amazon are none of OpenID Connect.
const WELL_KNOWN: [&str; 2] = ["accounts.google.com", "cognito-identity.amazonaws.com"];

/// Gives temporary credentials of a role to the bearer of a web identity token.
pub struct AssumeRoleWithWebIdentity;

/// The role, and what its account's provider says of the bearer.
pub struct Found {
    role: assume_role::Named,
    identity: WebIdentity,
}

const KEYS: &[&str] = &[
    "sts:RoleSessionName",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "aws:RequestTag/${TagKey}",
    "aws:TagKeys",
];
const TAG_KEYS: &[&str] = &[
    "sts:TransitiveTagKeys",
    "aws:RequestTag/${TagKey}",
    "aws:TagKeys",
];

impl Operation for AssumeRoleWithWebIdentity {
    type Input = AssumeRoleWithWebIdentityInput;
    type Output = AssumeRoleWithWebIdentityOutput;
    type Found = Found;
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACTIONS: &'static [Action] = &[
        Action::new("sts:AssumeRoleWithWebIdentity", &["role"], KEYS),
        Action::new("sts:TagSession", &["role"], TAG_KEYS),
        Action::new("sts:SetSourceIdentity", &["role"], &["sts:SourceIdentity"]),
    ];
    const CALLERS: Callers = Callers::Unsigned;
    const SESSIONS: Sessions = Sessions::Any;

    fn needs(input: &Self::Input, found: &Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let wishes = wishes(input, &found.identity);
        wishes.check()?;
        let [assume, tag, identity] = Self::ACTIONS else {
            return Err(Fault::internal());
        };
        Ok(federation::needs(
            [assume, tag, identity],
            &input.role_arn,
            &found.role,
            &found.identity.proven,
            &wishes,
        ))
    }
}

fn wishes<'a>(input: &'a AssumeRoleWithWebIdentityInput, identity: &'a WebIdentity) -> Wishes<'a> {
    Wishes {
        session_name: &input.role_session_name,
        source_identity: identity.source_identity.as_deref(),
        tags: &identity.tags,
        transitive: &identity.transitive,
    }
}

impl Effect for AssumeRoleWithWebIdentity {
    /// Fetches the provider's keys where they are not known yet, and believes the token or not.
    async fn find(input: &Self::Input, cx: &Cx<'_>) -> Result<Found, Fault> {
        let role = assume_role::Named::of(&input.role_arn, cx);
        federation::is_role(&role, &input.role_arn)?;
        if let Some(provider) = &input.provider_id {
            return Err(invalid(format!(
                "Access tokens of {provider} are not taken: ProviderId is for OAuth 2.0, and Twinlock takes OpenID Connect tokens"
            )));
        }
        let token = Unverified::parse(&input.web_identity_token)?;
        let issuer = token.issuer()?;
        let url = issuer.strip_prefix("https://").unwrap_or(issuer).to_owned();
        let own = role
            .account
            .and_then(|account| cx.snapshot.account(&account)?.oidc_provider(&url))
            // An issuer without its scheme is Google's alone.
            .filter(|_| url.len() < issuer.len());
        let (provider, client_ids, thumbprints) = match own {
            Some(own) => (
                own.arn(),
                Some(own.client_ids.as_slice()),
                own.thumbprints.as_slice(),
            ),
            None if WELL_KNOWN.contains(&url.as_str()) => (url.clone(), None, &[][..]),
            None => {
                return Err(invalid(format!(
                    "No OpenIDConnect provider found in your account for {issuer}"
                )));
            }
        };
        let keys = cx
            .world
            .issuers
            .keys(&format!("https://{url}"), &token, thumbprints, cx.now)
            .await?;
        let identity = token.verify(&keys, &provider, &url, client_ids, cx.now)?;
        Ok(Found { role, identity })
    }

    async fn run(
        _: Permit<Self>,
        input: Self::Input,
        found: Found,
        attempt: &Attempt,
    ) -> Result<Self::Output, Fault> {
        let cx = attempt.cx()?;
        let role = found.role.role.ok_or_else(Fault::internal)?;
        let asked = Asked {
            policy: input.policy.as_deref(),
            policy_arns: input.policy_arns.as_deref(),
            seconds: input
                .duration_seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .unwrap_or(DEFAULT_SECONDS),
            ends: None,
        };
        let identity = &found.identity;
        let made = federation::session(
            &role,
            &identity.proven,
            &wishes(&input, identity),
            &asked,
            &cx,
        )?;
        Ok(AssumeRoleWithWebIdentityOutput {
            credentials: Some(made.credentials),
            subject_from_web_identity_token: Some(identity.subject.clone()),
            assumed_role_user: Some(made.user),
            packed_policy_size: made.packed,
            provider: Some(identity.proven.provider().to_owned()),
            audience: Some(identity.audience.clone()),
            source_identity: identity.source_identity.clone(),
            ..Default::default()
        })
    }
}
