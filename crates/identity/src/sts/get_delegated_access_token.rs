//! GetDelegatedAccessToken: for AWS's partners, who trade a token that an IAM delegation request gave them for credentials.
//! Twinlock has no partners and no delegation requests, so there is no such token, and the answer says so.

use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read};
use twinlock_shapes::sts::{GetDelegatedAccessTokenInput, GetDelegatedAccessTokenOutput};

/// Refuses every token, with the reason.
pub struct GetDelegatedAccessToken;

impl Operation for GetDelegatedAccessToken {
    type Input = GetDelegatedAccessTokenInput;
    type Output = GetDelegatedAccessTokenOutput;
    type Found = ();
    const NAME: &'static str = "GetDelegatedAccessToken";
    const ACTIONS: &'static [Action] = &[Action::new("sts:GetDelegatedAccessToken", &[], &[])];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for GetDelegatedAccessToken {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), _: &Cx<'_>) -> Result<Self::Output, Fault> {
        Err(Fault::new(
            "NotImplemented",
            501,
            "No trade-in token is valid here: they are given to AWS's partners by IAM delegation requests, which Twinlock does not have. To let another account in, give it a role.",
        ))
    }
}
