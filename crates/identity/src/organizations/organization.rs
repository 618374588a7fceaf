//! The organization itself: made, shown, left and deleted.

use std::collections::BTreeMap;

use twinlock_directory::{AccountId, Batch, Organization, ids};
use twinlock_gate::{Action, Cx, Fault, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Here, Reach, email, need, operation},
    faults, joining,
};

/// How many handshakes and account requests go with the organization at once; the rest is invisible and goes later.
const SWEPT_MAX: usize = 30;

fn shown(organization: &Organization, cx: &Cx<'_>) -> shapes::Organization {
    let management = &organization.account;
    let types = if organization.all_features {
        // AWS documents this as deprecated: it says what the feature set makes possible, not what is enabled.
        vec![shapes::PolicyTypeSummary {
            r#type: Some("SERVICE_CONTROL_POLICY".to_owned()),
            status: Some("ENABLED".to_owned()),
        }]
    } else {
        Vec::new()
    };
    shapes::Organization {
        id: Some(organization.id.clone()),
        arn: Some(organization.arn()),
        feature_set: Some(feature_set(organization).to_owned()),
        master_account_arn: Some(organization.account_arn(management)),
        master_account_id: Some(management.to_string()),
        master_account_email: cx
            .snapshot
            .account(management)
            .and_then(|node| email(&node.account)),
        available_policy_types: types,
    }
}

/// AWS's word for what the organization can use.
pub(super) fn feature_set(organization: &Organization) -> &'static str {
    if organization.all_features {
        "ALL"
    } else {
        "CONSOLIDATED_BILLING"
    }
}

/// A new organization of this management account.
pub fn new_organization(
    account: AccountId,
    all_features: bool,
    random: &dyn twinlock_directory::Random,
    now: u64,
) -> Organization {
    Organization {
        account,
        id: ids::organization_id(random),
        root_id: ids::organization_root_id(random),
        created: now,
        all_features,
        types: BTreeMap::new(),
        controls: Default::default(),
        root_tags: Vec::new(),
        service_access: BTreeMap::new(),
        resource_policy: None,
        iam_features: Default::default(),
    }
}

operation! {
    /// `organizations:CreateOrganization`: the caller's account becomes its management account.
    change CreateOrganization(shapes::CreateOrganizationInput) -> shapes::CreateOrganizationOutput,
    &[
        Action::new("organizations:CreateOrganization", &[], &[]),
        joining::CREATE_SERVICE_LINKED_ROLE,
    ],
    |_, place, cx| {
        Needs::one(need(CreateOrganization::ACTION, "*", Reach::Everyone, place, cx))
            .ask(joining::service_role_need(cx))
    },
    |permit, input, place, cx, batch| {
        if place.is_in_one() {
            return Err(faults::exception(
                "AlreadyInOrganizationException",
                "The AWS account is already a member of an organization.",
            ));
        }
        service_role_allowed(permit.asked(0))?;
        let account = cx.account_id()?;
        let all = input.feature_set.as_deref() != Some("CONSOLIDATED_BILLING");
        let organization = new_organization(account, all, &*cx.world.random, cx.now);
        let answer = shown(&organization, cx);
        joining::forget_old(&cx.account()?.organization, cx, batch);
        joining::put_service_role(account, cx, batch);
        batch.put(joining::member(&organization, account, false, Vec::new(), cx.now));
        batch.put(organization);
        Ok(shapes::CreateOrganizationOutput { organization: Some(answer) })
    },
}

/// Refuses what would have to make the service's role for a caller who may not.
pub(super) fn service_role_allowed(allowed: bool) -> Result<(), Fault> {
    if allowed {
        return Ok(());
    }
    Err(faults::exception(
        "AccessDeniedForDependencyException",
        "The request failed because your credentials do not have permission to create the service-linked role required by AWS Organizations.",
    )
    .with("Reason", "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE"))
}

operation! {
    /// `organizations:DescribeOrganization`, open to every member account.
    read DescribeOrganization(shapes::DescribeOrganizationInput) -> shapes::DescribeOrganizationOutput,
    &[Action::new("organizations:DescribeOrganization", &[], &[])],
    |_, place, cx| Needs::one(need(DescribeOrganization::ACTION, "*", Reach::Everyone, place, cx)),
    |_, place, cx| {
        let here = place.here()?;
        Ok(shapes::DescribeOrganizationOutput { organization: Some(shown(&here.organization, cx)) })
    },
}

operation! {
    /// `organizations:DeleteOrganization`, of which nothing but the management account may be left.
    change DeleteOrganization(shapes::DeleteOrganizationInput) -> shapes::DeleteOrganizationOutput,
    &[Action::new("organizations:DeleteOrganization", &[], &[])],
    |_, place, cx| Needs::one(need(DeleteOrganization::ACTION, "*", Reach::Management, place, cx)),
    |_, _, place, _, batch| {
        let here = place.here()?;
        let node = &here.node;
        if node.members.size() > 1 || !node.units.is_empty() || !node.policies.is_empty() {
            return Err(faults::exception(
                "OrganizationNotEmptyException",
                "To delete an organization you must first remove all member accounts (except the master), delete all organizational units, and delete all policies.",
            ));
        }
        for handshake in node.handshakes.values().take(SWEPT_MAX) {
            batch.delete_row(handshake.clone());
        }
        for request in node.requests.values().take(SWEPT_MAX) {
            batch.delete_row(request.clone());
        }
        batch.delete_row(here.member.clone());
        batch.delete_row(here.organization.clone());
        Ok(shapes::DeleteOrganizationOutput::default())
    },
}

operation! {
    /// `organizations:LeaveOrganization`, by a member account.
    change LeaveOrganization(shapes::LeaveOrganizationInput) -> shapes::LeaveOrganizationOutput,
    &[Action::new("organizations:LeaveOrganization", &[], &[])],
    |_, place, cx| Needs::one(need(LeaveOrganization::ACTION, "*", Reach::Everyone, place, cx)),
    |_, _, place, _, batch| {
        let here = place.here()?;
        remove(here, &here.member, batch)?;
        Ok(shapes::LeaveOrganizationOutput::default())
    },
}

/// Takes a member out of the organization.
pub(super) fn remove(
    here: &Here,
    member: &std::sync::Arc<twinlock_directory::Member>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if member.id == here.organization.account {
        return Err(faults::exception(
            "MasterCannotLeaveOrganizationException",
            "The master account cannot leave the organization.",
        ));
    }
    if !member.delegated.is_empty() {
        return Err(faults::constraint(
            "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
            "You attempted to remove an account that is registered as a delegated administrator for a service integrated with your organization. To complete this operation, you must first deregister this account as a delegated administrator.",
        ));
    }
    batch.delete_row(member.clone());
    Ok(())
}
