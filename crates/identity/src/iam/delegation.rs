//! Delegation requests of AWS's partners, and AWS's role templates. Neither can be here: a request is made by a company that AWS
//! has admitted, and a template by AWS itself. So there is never one to be found, and none can be made; each operation is
//! authorised like any other and then says so, and the list is empty.

use twinlock_directory::Batch;
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::common::{Cursor, arn_of, entity_need, invalid_input, no_such};

/// The need of an action on a delegation request that is not there.
fn on_request(action: &Action, id: &str, cx: &Cx<'_>) -> Result<Needs, Fault> {
    let account = cx.account_id()?;
    let arn = arn_of(account, "delegation-request", id);
    Ok(Needs::one(entity_need(action, account, arn, &[])))
}

fn no_request(id: &str) -> Fault {
    no_such(format!("Delegation request {id} cannot be found."))
}

fn no_template(arn: &str) -> Fault {
    no_such(format!("Role template {arn} cannot be found."))
}

/// A change of a delegation request, of which there is none.
macro_rules! changes_a_request {
    ($(#[$doc:meta])* $name:ident, $input:ident -> $output:ident, $action:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = ();
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &["delegation-request"], &[])];

            fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
                on_request(&Self::ACTIONS[0], &input.delegation_request_id, cx)
            }
        }

        impl Change for $name {
            nothing_to_prepare!();

            fn find(_: &Self::Input, _: &Cx<'_>) {}

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                (): (),
                (): &(),
                _: &Cx<'_>,
                _: &mut Batch,
            ) -> Result<Self::Output, Fault> {
                Err(no_request(&input.delegation_request_id))
            }
        }
    };
}

changes_a_request! {
    /// `iam:AcceptDelegationRequest`.
    AcceptDelegationRequest, AcceptDelegationRequestInput -> AcceptDelegationRequestOutput,
    "iam:AcceptDelegationRequest"
}
changes_a_request! {
    /// `iam:AssociateDelegationRequest`.
    AssociateDelegationRequest, AssociateDelegationRequestInput -> AssociateDelegationRequestOutput,
    "iam:AssociateDelegationRequest"
}
changes_a_request! {
    /// `iam:RejectDelegationRequest`.
    RejectDelegationRequest, RejectDelegationRequestInput -> RejectDelegationRequestOutput,
    "iam:RejectDelegationRequest"
}
changes_a_request! {
    /// `iam:SendDelegationToken`.
    SendDelegationToken, SendDelegationTokenInput -> SendDelegationTokenOutput,
    "iam:SendDelegationToken"
}
changes_a_request! {
    /// `iam:UpdateDelegationRequest`: in AWS's user guide, though not yet in its reference.
    UpdateDelegationRequest, UpdateDelegationRequestInput -> UpdateDelegationRequestOutput,
    "iam:UpdateDelegationRequest"
}

/// Something read of what is not there: the action on it, its ARN from the input, and what is told.
macro_rules! reads_what_is_not_there {
    (
        $(#[$doc:meta])* $name:ident, $input:ident -> $output:ident, $action:literal on $kind:literal,
        $arn:expr, $told:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = ();
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &[$kind], &[])];

            fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
                let arn: fn(&Self::Input, &Cx<'_>) -> Result<String, Fault> = $arn;
                let arn = arn(input, cx)?;
                Ok(Needs::one(entity_need(&Self::ACTIONS[0], cx.account_id()?, arn, &[])))
            }
        }

        impl Read for $name {
            fn find(_: &Self::Input, _: &Cx<'_>) {}

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                (): (),
                _: &Cx<'_>,
            ) -> Result<Self::Output, Fault> {
                let told: fn(&Self::Input) -> Fault = $told;
                Err(told(input))
            }
        }
    };
}

reads_what_is_not_there! {
    /// `iam:GetDelegationRequest`.
    GetDelegationRequest, GetDelegationRequestInput -> GetDelegationRequestOutput,
    "iam:GetDelegationRequest" on "delegation-request",
    |input, cx| Ok(arn_of(cx.account_id()?, "delegation-request", &input.delegation_request_id)),
    |input| no_request(&input.delegation_request_id)
}
reads_what_is_not_there! {
    /// `iam:GetHumanReadableSummary`, which AWS has for delegation requests only.
    GetHumanReadableSummary, GetHumanReadableSummaryInput -> GetHumanReadableSummaryOutput,
    "iam:GetHumanReadableSummary" on "delegation-request",
    |input, _| Ok(input.entity_arn.clone()),
    |input| no_request(&input.entity_arn)
}
reads_what_is_not_there! {
    /// `iam:GetRoleTemplateVersion`.
    GetRoleTemplateVersion, GetRoleTemplateVersionInput -> GetRoleTemplateVersionOutput,
    "iam:GetRoleTemplateVersion" on "role-template",
    |input, _| Ok(input.template_arn.clone()),
    |input| no_template(&input.template_arn)
}

/// `AcquireRole`: a role out of a template of AWS's. No action is called so: whoever may read the template may ask, and what the role
/// would need follows from a template, so that there is nothing to ask for here.
#[derive(Debug)]
pub struct AcquireRole;

impl Operation for AcquireRole {
    type Input = shapes::AcquireRoleInput;
    type Output = shapes::AcquireRoleOutput;
    type Found = ();
    const NAME: &'static str = "AcquireRole";
    const ACTIONS: &'static [Action] = GetRoleTemplateVersion::ACTIONS;

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let arn = input.template_arn.clone();
        let need = entity_need(&Self::ACTIONS[0], cx.account_id()?, arn, &[]);
        Ok(Needs::one(need))
    }
}

impl Change for AcquireRole {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        (): &(),
        _: &Cx<'_>,
        _: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        Err(no_template(&input.template_arn))
    }
}

/// `iam:ListDelegationRequests`: none.
#[derive(Debug)]
pub struct ListDelegationRequests;

impl Operation for ListDelegationRequests {
    type Input = shapes::ListDelegationRequestsInput;
    type Output = shapes::ListDelegationRequestsOutput;
    type Found = ();
    const NAME: &'static str = "ListDelegationRequests";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:ListDelegationRequests",
        &[],
        &["iam:DelegationRequestOwner"],
    )];

    fn needs(input: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        let need = Need::anywhere(&Self::ACTIONS[0]);
        Ok(Needs::one(need.key_if(
            "iam:DelegationRequestOwner",
            input.owner_id.as_deref(),
        )))
    }
}

impl Read for ListDelegationRequests {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        Cursor::new(input.marker.as_deref(), input.max_items)?;
        Ok(shapes::ListDelegationRequestsOutput {
            is_truncated: Some(false),
            ..Default::default()
        })
    }
}

/// `iam:CreateDelegationRequest`: for AWS's partners, of whom none is here.
#[derive(Debug)]
pub struct CreateDelegationRequest;

impl Operation for CreateDelegationRequest {
    type Input = shapes::CreateDelegationRequestInput;
    type Output = shapes::CreateDelegationRequestOutput;
    type Found = ();
    const NAME: &'static str = "CreateDelegationRequest";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:CreateDelegationRequest",
        &["delegation-request"],
        &[
            "iam:DelegationDuration",
            "iam:NotificationChannel",
            "iam:TemplateArn",
        ],
    )];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let arn = arn_of(account, "delegation-request", "*");
        let template = input.permissions.policy_template_arn.as_deref();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[])
            .key("iam:DelegationDuration", input.session_duration.to_string())
            .key(
                "iam:NotificationChannel",
                input.notification_channel.as_str(),
            )
            .key_if("iam:TemplateArn", template);
        Ok(Needs::one(need))
    }
}

impl Change for CreateDelegationRequest {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        (): (),
        (): &(),
        _: &Cx<'_>,
        _: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        Err(invalid_input(
            "Delegation requests are made by partners whom AWS has admitted; there are none of them here. Let a role be assumed instead.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestWorld, allow, assert_denied, assert_refused, refused, root};

    const A: &str = "111111111111";
    const ID: &str = "dr-0123456789abcdef";

    #[test]
    fn there_is_none_for_those_who_may_ask_and_nothing_for_others() {
        let world = TestWorld::new(&[A]);
        let amy = world.user(A, "Amy", "");
        let arn = format!("arn:aws:iam::{A}:delegation-request/{ID}");
        let input = || shapes::GetDelegationRequestInput {
            delegation_request_id: ID.into(),
            ..Default::default()
        };
        assert_denied(world.read::<GetDelegationRequest>(&amy, input()), &arn);
        let bob = world.user(A, "Bob", &allow("iam:GetDelegationRequest", &arn));
        assert_refused(
            world.read::<GetDelegationRequest>(&bob, input()),
            "NoSuchEntity",
            &format!("Delegation request {ID} cannot be found."),
        );
        let accept = shapes::AcceptDelegationRequestInput {
            delegation_request_id: ID.into(),
        };
        assert_denied(
            world.change::<AcceptDelegationRequest>(&bob, accept.clone()),
            &arn,
        );
        let outcome = world.change::<AcceptDelegationRequest>(&root(A), accept);
        assert_eq!(refused(outcome).0, "NoSuchEntity");
        let all = world
            .read::<ListDelegationRequests>(&root(A), Default::default())
            .expect("listed");
        assert!(all.delegation_requests.is_empty());
    }

    #[test]
    fn no_role_comes_of_a_template() {
        let world = TestWorld::new(&[A]);
        let arn = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1";
        let input = || shapes::AcquireRoleInput {
            template_arn: arn.into(),
            ..Default::default()
        };
        let amy = world.user(A, "Amy", &allow("iam:CreateRole", "*"));
        assert_denied(world.change::<AcquireRole>(&amy, input()), arn);
        let bob = world.user(A, "Bob", &allow("iam:GetRoleTemplateVersion", arn));
        assert_refused(
            world.change::<AcquireRole>(&bob, input()),
            "NoSuchEntity",
            &format!("Role template {arn} cannot be found."),
        );
    }

    #[test]
    fn none_can_be_made() {
        let world = TestWorld::new(&[A]);
        let outcome = world.change::<CreateDelegationRequest>(&root(A), Default::default());
        assert_eq!(refused(outcome).0, "InvalidInput");
    }
}
