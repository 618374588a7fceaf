//! DecodeAuthorizationMessage: opens what a denial gave its caller sealed, for somebody of the same account who may see it.

use twinlock_gate::{
    Action, Cx, Fault, Need, Needs, Operation, Permit, Read, authorization_message,
};
use twinlock_shapes::sts::{DecodeAuthorizationMessageInput, DecodeAuthorizationMessageOutput};

/// Shows why a call was denied.
pub struct DecodeAuthorizationMessage;

impl Operation for DecodeAuthorizationMessage {
    type Input = DecodeAuthorizationMessageInput;
    type Output = DecodeAuthorizationMessageOutput;
    type Found = ();
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const ACTIONS: &'static [Action] = &[Action::new("sts:DecodeAuthorizationMessage", &[], &[])];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for DecodeAuthorizationMessage {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let decoded = authorization_message::decode(&input.encoded_message, cx.account_id()?, cx)
            .ok_or_else(|| {
            Fault::new(
                "InvalidAuthorizationMessageException",
                400,
                "Message is not valid",
            )
        })?;
        Ok(DecodeAuthorizationMessageOutput {
            decoded_message: Some(decoded),
        })
    }
}
