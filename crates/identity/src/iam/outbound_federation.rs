//! Outbound federation: an account that vouches for its identities elsewhere. IAM switches it on and off; with it on,
//! sts:GetWebIdentityToken signs tokens, and the account's issuer publishes the keys (see [`crate::outbound`]).

#[cfg(test)]
mod tests;

use twinlock_directory::{Account, Batch};
use twinlock_gate::{
    Action, Caller, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, World,
    nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use crate::outbound::{self, Issuer};

fn enabled_already() -> Fault {
    Fault::new(
        "FeatureEnabled",
        409,
        "Outbound web identity federation is already enabled for this account.",
    )
}

fn disabled() -> Fault {
    Fault::new(
        "FeatureDisabled",
        404,
        "Outbound web identity federation is not enabled for this account.",
    )
}

/// The account, and its issuer if it ever had one.
fn found(cx: &Cx<'_>) -> Option<(Account, Option<Issuer>)> {
    let account = (*cx.account().ok()?.account).clone();
    let issuer = Issuer::of(&account);
    Some((account, issuer))
}

/// Gives the account an issuer, or its own one again.
#[derive(Debug)]
pub struct EnableOutboundWebIdentityFederation;

impl Operation for EnableOutboundWebIdentityFederation {
    type Input = shapes::EnableOutboundWebIdentityFederationInput;
    type Output = shapes::EnableOutboundWebIdentityFederationOutput;
    type Found = Option<(Account, Option<Issuer>)>;
    const NAME: &'static str = "EnableOutboundWebIdentityFederation";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:EnableOutboundWebIdentityFederation",
        &[],
        &[],
    )];

    fn needs(_: &Self::Input, _: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Change for EnableOutboundWebIdentityFederation {
    /// Two key pairs, whether they are needed or not: an RSA key takes its time, and nobody is to wait for it in the turn.
    type Prepared = Vec<outbound::NewKey>;

    async fn prepare(_: &Self::Input, _: &Caller, _: &World) -> Result<Self::Prepared, Fault> {
        tokio::task::spawn_blocking(outbound::new_keys)
            .await
            .map_err(|_| Fault::internal())?
    }

    fn find(_: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        found(cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        keys: &Self::Prepared,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let (mut account, issuer) = found.ok_or_else(Fault::internal)?;
        let issuer = match issuer {
            Some(issuer) if issuer.enabled => return Err(enabled_already()),
            Some(mut issuer) => {
                issuer.enabled = true;
                issuer
            }
            None => Issuer::new(account.id, keys, cx.world)?,
        };
        let url = issuer.url(account.id, cx.world);
        issuer.put_into(&mut account);
        batch.put(account);
        Ok(shapes::EnableOutboundWebIdentityFederationOutput {
            issuer_identifier: Some(url),
        })
    }
}

/// Ends it: no token is signed any more, and the keys are not published.
#[derive(Debug)]
pub struct DisableOutboundWebIdentityFederation;

impl Operation for DisableOutboundWebIdentityFederation {
    type Input = shapes::DisableOutboundWebIdentityFederationInput;
    type Output = shapes::DisableOutboundWebIdentityFederationOutput;
    type Found = Option<(Account, Option<Issuer>)>;
    const NAME: &'static str = "DisableOutboundWebIdentityFederation";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:DisableOutboundWebIdentityFederation",
        &[],
        &[],
    )];

    fn needs(_: &Self::Input, _: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Change for DisableOutboundWebIdentityFederation {
    nothing_to_prepare!();

    fn find(_: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        found(cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let (mut account, issuer) = found.ok_or_else(Fault::internal)?;
        let mut issuer = issuer
            .filter(|issuer| issuer.enabled)
            .ok_or_else(disabled)?;
        issuer.enabled = false;
        issuer.put_into(&mut account);
        batch.put(account);
        Ok(Default::default())
    }
}

/// Names the account's issuer.
#[derive(Debug)]
pub struct GetOutboundWebIdentityFederationInfo;

impl Operation for GetOutboundWebIdentityFederationInfo {
    type Input = shapes::GetOutboundWebIdentityFederationInfoInput;
    type Output = shapes::GetOutboundWebIdentityFederationInfoOutput;
    type Found = Option<(Account, Option<Issuer>)>;
    const NAME: &'static str = "GetOutboundWebIdentityFederationInfo";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:GetOutboundWebIdentityFederationInfo",
        &[],
        &[],
    )];

    fn needs(_: &Self::Input, _: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for GetOutboundWebIdentityFederationInfo {
    fn find(_: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        found(cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let (account, issuer) = found.ok_or_else(Fault::internal)?;
        let issuer = issuer
            .filter(|issuer| issuer.enabled)
            .ok_or_else(disabled)?;
        Ok(shapes::GetOutboundWebIdentityFederationInfoOutput {
            issuer_identifier: Some(issuer.url(account.id, cx.world)),
            jwt_vending_enabled: Some(true),
        })
    }
}
