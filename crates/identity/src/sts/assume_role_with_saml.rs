//! AssumeRoleWithSAML: a session of a role for the subject of an assertion by a SAML provider that the role's account trusts.
//! The call is not signed; the assertion is its proof, and can be redeemed once: that it was is written down, which makes this a
//! change.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Bar, Barred, Batch, model::assertion_bar};
use twinlock_gate::{
    Action, Callers, Change, Cx, Fault, Needs, Operation, Permit, Sessions, nothing_to_prepare,
    proof::{
        jwt::invalid,
        saml::{self, Assertion},
    },
};
use twinlock_shapes::sts::{AssumeRoleWithSAMLInput, AssumeRoleWithSAMLOutput};

use super::{
    assume_role,
    federation::{self, Asked, DEFAULT_SECONDS, Wishes},
};

/// Gives temporary credentials of a role to the subject of a SAML assertion.
pub struct AssumeRoleWithSAML;

/// The role, and what its account's provider says of the subject.
pub struct Found {
    role: assume_role::Named,
    assertion: Result<Arc<Assertion>, Fault>,
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

impl Operation for AssumeRoleWithSAML {
    type Input = AssumeRoleWithSAMLInput;
    type Output = AssumeRoleWithSAMLOutput;
    type Found = Found;
    const NAME: &'static str = "AssumeRoleWithSAML";
    const ACTIONS: &'static [Action] = &[
        Action::new("sts:AssumeRoleWithSAML", &["role"], KEYS),
        Action::new("sts:TagSession", &["role"], TAG_KEYS),
        Action::new("sts:SetSourceIdentity", &["role"], &["sts:SourceIdentity"]),
    ];
    const CALLERS: Callers = Callers::Unsigned;
    const SESSIONS: Sessions = Sessions::Any;

    fn needs(input: &Self::Input, found: &Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let assertion = found.assertion.as_ref().map_err(Clone::clone)?;
        let wishes = wishes(assertion);
        wishes.check()?;
        // The provider itself says which roles its subject may have; the trust policy says whom it believes.
        if !assertion.names(&input.role_arn, &input.principal_arn) {
            return Err(Fault::new(
                "AccessDenied",
                403,
                "Not authorized to perform sts:AssumeRoleWithSAML",
            ));
        }
        let [assume, tag, identity] = Self::ACTIONS else {
            return Err(Fault::internal());
        };
        Ok(federation::needs(
            [assume, tag, identity],
            &input.role_arn,
            &found.role,
            &assertion.proven,
            &wishes,
        ))
    }
}

fn wishes(assertion: &Assertion) -> Wishes<'_> {
    Wishes {
        session_name: &assertion.session_name,
        source_identity: assertion.source_identity.as_deref(),
        tags: &assertion.tags,
        transitive: &assertion.transitive,
    }
}

/// The assertion, if a provider of the role's own account made it.
fn assertion(
    input: &AssumeRoleWithSAMLInput,
    role: &assume_role::Named,
    cx: &Cx<'_>,
) -> Result<Arc<Assertion>, Fault> {
    federation::is_role(role, &input.role_arn)?;
    let provider = cx
        .snapshot
        .saml_provider(&input.principal_arn)
        .filter(|provider| Some(provider.account) == role.account)
        .ok_or_else(|| invalid("Specified provider doesn't exist"))?;
    let own = format!("{}/saml", cx.world.settings.public_url);
    saml::verify(&input.saml_assertion, provider, &[own], cx.now).map(Arc::new)
}

impl Change for AssumeRoleWithSAML {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Found {
        let role = assume_role::Named::of(&input.role_arn, cx);
        let assertion = assertion(input, &role, cx);
        Found { role, assertion }
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let assertion = found.assertion?;
        let role = found.role.role.ok_or_else(Fault::internal)?;
        let node = cx
            .snapshot
            .account(&role.account)
            .ok_or_else(Fault::internal)?;
        if node.bar(&assertion_bar(&assertion.digest)).is_some() {
            return Err(invalid("The assertion has been redeemed already"));
        }
        let wished = assertion
            .session_seconds
            .map_or(DEFAULT_SECONDS, |seconds| {
                DEFAULT_SECONDS.min(seconds.into())
            });
        let asked = Asked {
            policy: input.policy.as_deref(),
            policy_arns: input.policy_arns.as_deref(),
            seconds: input
                .duration_seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .unwrap_or(wished),
            ends: assertion.session_ends,
        };
        let made = federation::session(&role, &assertion.proven, &wishes(&assertion), &asked, cx)?;
        batch.put(Bar {
            account: role.account,
            what: Barred::Assertion {
                digest: assertion.digest.clone(),
            },
            expires: assertion.redeemable_until,
        });
        Ok(AssumeRoleWithSAMLOutput {
            credentials: Some(made.credentials),
            assumed_role_user: Some(made.user),
            packed_policy_size: made.packed,
            subject: Some(assertion.subject.clone()),
            subject_type: Some(assertion.subject_type.clone()),
            issuer: Some(assertion.issuer.clone()),
            audience: Some(assertion.audience.clone()),
            name_qualifier: Some(assertion.name_qualifier.clone()),
            source_identity: assertion.source_identity.clone(),
            ..Default::default()
        })
    }
}
