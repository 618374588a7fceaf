//! Billing transfers between organizations. There is no billing here: none can begin, so there are none.

use twinlock_gate::{Action, Cx, Fault, Need, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Place, Reach, need, need_on, operation},
    faults,
};

const DIRECTION: &str = "organizations:TransferDirection";
const TYPE: &str = "organizations:TransferType";

/// The need of `action` on the transfer of this id; which way it goes nobody knows, since it is not there.
fn transfer_need(action: &Action, id: &str, place: &Place, cx: &Cx<'_>) -> Need {
    let arn = place.arn_of("transfer", &format!("billing/inbound/{id}"), cx);
    need(action, arn, Reach::Management, place, cx)
}

fn none() -> Fault {
    faults::exception(
        "ResponsibilityTransferNotFoundException",
        "You specified a responsibility transfer that doesn't exist.",
    )
}

operation! {
    /// `organizations:InviteOrganizationToTransferResponsibility`.
    change InviteOrganizationToTransferResponsibility(shapes::InviteOrganizationToTransferResponsibilityInput) -> shapes::InviteOrganizationToTransferResponsibilityOutput,
    &[Action::new("organizations:InviteOrganizationToTransferResponsibility", &["account"], &[DIRECTION, TYPE])],
    |input, place, cx| {
        // Whose address it is nobody says before the caller may ask.
        let id = if input.target.r#type == "ACCOUNT" { input.target.id.as_str() } else { "*" };
        Needs::one(
            need_on(InviteOrganizationToTransferResponsibility::ACTION, id, Reach::Management, place, cx)
                .key(DIRECTION, "INBOUND")
                .key(TYPE, &input.r#type),
        )
    },
    |_, _, place, _, _| {
        place.here()?;
        Err(faults::constraint(
            "UNMET_BILLING_PREREQUISITE",
            "Your current billing configuration is unsupported. There is no billing in Twinlock, so nothing of it can be transferred.",
        ))
    },
}

operation! {
    /// `organizations:DescribeResponsibilityTransfer`.
    read DescribeResponsibilityTransfer(shapes::DescribeResponsibilityTransferInput) -> shapes::DescribeResponsibilityTransferOutput,
    &[Action::new("organizations:DescribeResponsibilityTransfer", &["responsibilitytransfer"], &[])],
    |input, place, cx| Needs::one(transfer_need(DescribeResponsibilityTransfer::ACTION, &input.id, place, cx)),
    |_, place, _| {
        place.here()?;
        Err(none())
    },
}

operation! {
    /// `organizations:UpdateResponsibilityTransfer`.
    change UpdateResponsibilityTransfer(shapes::UpdateResponsibilityTransferInput) -> shapes::UpdateResponsibilityTransferOutput,
    &[Action::new("organizations:UpdateResponsibilityTransfer", &["responsibilitytransfer"], &[])],
    |input, place, cx| Needs::one(transfer_need(UpdateResponsibilityTransfer::ACTION, &input.id, place, cx)),
    |_, _, place, _, _| {
        place.here()?;
        Err(none())
    },
}

operation! {
    /// `organizations:TerminateResponsibilityTransfer`.
    change TerminateResponsibilityTransfer(shapes::TerminateResponsibilityTransferInput) -> shapes::TerminateResponsibilityTransferOutput,
    &[Action::new("organizations:TerminateResponsibilityTransfer", &["responsibilitytransfer"], &[])],
    |input, place, cx| Needs::one(transfer_need(TerminateResponsibilityTransfer::ACTION, &input.id, place, cx)),
    |_, _, place, _, _| {
        place.here()?;
        Err(none())
    },
}

operation! {
    /// `organizations:ListInboundResponsibilityTransfers`.
    read ListInboundResponsibilityTransfers(shapes::ListInboundResponsibilityTransfersInput) -> shapes::ListInboundResponsibilityTransfersOutput,
    &[Action::new("organizations:ListInboundResponsibilityTransfers", &[], &[DIRECTION, TYPE])],
    |input, place, cx| Needs::one(
        need(ListInboundResponsibilityTransfers::ACTION, "*", Reach::Management, place, cx)
            .key(DIRECTION, "INBOUND")
            .key(TYPE, &input.r#type),
    ),
    |_, place, _| {
        place.here()?;
        Ok(shapes::ListInboundResponsibilityTransfersOutput::default())
    },
}

operation! {
    /// `organizations:ListOutboundResponsibilityTransfers`.
    read ListOutboundResponsibilityTransfers(shapes::ListOutboundResponsibilityTransfersInput) -> shapes::ListOutboundResponsibilityTransfersOutput,
    &[Action::new("organizations:ListOutboundResponsibilityTransfers", &[], &[DIRECTION, TYPE])],
    |input, place, cx| Needs::one(
        need(ListOutboundResponsibilityTransfers::ACTION, "*", Reach::Management, place, cx)
            .key(DIRECTION, "OUTBOUND")
            .key(TYPE, &input.r#type),
    ),
    |_, place, _| {
        place.here()?;
        Ok(shapes::ListOutboundResponsibilityTransfersOutput::default())
    },
}
