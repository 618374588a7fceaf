//! GetCallerIdentity and GetAccessKeyInfo: who is behind credentials.

use twinlock_directory::AccountId;
use twinlock_gate::{
    Action, Cx, Fault, Need, Needs, Nothing, Operation, Permit, Read, Sessions,
    token::account_of_access_key_id,
};
use twinlock_shapes::sts::{
    GetAccessKeyInfoInput, GetAccessKeyInfoOutput, GetCallerIdentityInput, GetCallerIdentityOutput,
};

/// Says who calls. No policy can forbid it.
pub struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Input = GetCallerIdentityInput;
    type Output = GetCallerIdentityOutput;
    type Found = ();
    const NAME: &'static str = "GetCallerIdentity";
    const ACTIONS: &'static [Action] = &[Action::new("sts:GetCallerIdentity", &[], &[])];
    const SESSIONS: Sessions = Sessions::Any;

    fn needs(_: &GetCallerIdentityInput, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::nothing(Nothing::GetCallerIdentity))
    }
}

impl Read for GetCallerIdentity {
    fn find(_: &GetCallerIdentityInput, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        _: &GetCallerIdentityInput,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<GetCallerIdentityOutput, Fault> {
        Ok(GetCallerIdentityOutput {
            user_id: Some(cx.user_id().to_owned()),
            account: Some(cx.account_id()?.to_string()),
            arn: Some(cx.principal().arn.clone()),
        })
    }
}

/// Says which account an access key id belongs to, without saying whether it is in use.
pub struct GetAccessKeyInfo;

impl Operation for GetAccessKeyInfo {
    type Input = GetAccessKeyInfoInput;
    type Output = GetAccessKeyInfoOutput;
    type Found = Option<AccountId>;
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACTIONS: &'static [Action] = &[Action::new("sts:GetAccessKeyInfo", &[], &[])];

    fn needs(_: &GetAccessKeyInfoInput, _: &Option<AccountId>, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for GetAccessKeyInfo {
    fn find(input: &GetAccessKeyInfoInput, cx: &Cx<'_>) -> Option<AccountId> {
        account_of_access_key_id(&input.access_key_id).or_else(|| {
            cx.snapshot
                .access_key(&input.access_key_id)
                .map(|o| o.account.account.id)
        })
    }

    fn run(
        _: &Permit<Self>,
        _: &GetAccessKeyInfoInput,
        found: Option<AccountId>,
        _: &Cx<'_>,
    ) -> Result<GetAccessKeyInfoOutput, Fault> {
        let account = found.ok_or_else(|| Fault::validation("Invalid Access Key ID"))?;
        Ok(GetAccessKeyInfoOutput {
            account: Some(account.to_string()),
        })
    }
}
