//! Accounts: made by the organization, moved, closed, removed.
//!
//! AWS makes an account in the background. Here it is made before CreateAccount answers, which still says IN_PROGRESS, as
//! clients expect; whoever asks for the status sees what became of it.

use std::sync::Arc;

use twinlock_directory::{Account, AccountId, AccountRequest, Member, RootCredentials, ids};
use twinlock_gate::{Action, Cx, Needs};
use twinlock_shapes::organizations as shapes;
use twinlock_wire::time::Millis;

use super::{
    common::{
        Here, Reach, TAG_RESOURCE, need, need_on, new_tags, operation, page, shown_account,
        tag_need, tag_pairs,
    },
    faults, joining, organization,
};

/// The role by which the management account reaches into an account, if the request names none.
const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";
/// How often an account id is drawn before it is given up; ids are as good as never taken.
const DRAWS_MAX: usize = 10;

fn shown(request: &AccountRequest) -> shapes::CreateAccountStatus {
    let (state, account_id, failure_reason) = match &request.outcome {
        Ok(account) => ("SUCCEEDED", Some(account.to_string()), None),
        Err(reason) => ("FAILED", None, Some(reason.clone())),
    };
    shapes::CreateAccountStatus {
        id: Some(request.id.clone()),
        account_name: Some(request.name.clone()),
        state: Some(state.to_owned()),
        requested_timestamp: Some(Millis(request.requested)),
        completed_timestamp: Some(Millis(request.completed)),
        account_id,
        failure_reason,
        ..shapes::CreateAccountStatus::default()
    }
}

/// An id that no account has, here or elsewhere.
fn free_id(cx: &Cx<'_>) -> Option<AccountId> {
    (0..DRAWS_MAX)
        .map(|_| ids::account_id(&*cx.world.random))
        .find(|id| cx.snapshot.account(id).is_none() && !cx.snapshot.is_external(id))
}

operation! {
    /// `organizations:CreateAccount`. The account works at once, for every service.
    change CreateAccount(shapes::CreateAccountInput) -> shapes::CreateAccountOutput,
    &[Action::new("organizations:CreateAccount", &[], &["aws:RequestTag/${TagKey}", "aws:TagKeys"]), TAG_RESOURCE],
    |input, place, cx| {
        let made = place.arn_of("account", "*", cx);
        let tags = tag_need(input.tags.as_ref(), made, Reach::Management, place, cx);
        let need = need(CreateAccount::ACTION, "*", Reach::Management, place, cx);
        Needs::one(need.request_tags(tag_pairs(input.tags.as_ref()))).and_if(tags)
    },
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let organization = &here.organization;
        let role_name = input.role_name.as_deref().unwrap_or(ACCESS_ROLE);
        if role_name.to_ascii_lowercase().starts_with("awsservicerolefor") {
            return Err(faults::invalid(
                "INVALID_ROLE_NAME",
                "You provided a role name that is not valid. A role name can't begin with the reserved prefix AWSServiceRoleFor.",
            ));
        }
        let tags = new_tags(input.tags.as_ref())?;
        let quota = cx.world.directory.quotas().accounts_per_organization;
        let outcome = if cx.snapshot.account_by_email(&input.email).is_some() {
            Err("EMAIL_ALREADY_EXISTS".to_owned())
        } else if u64::try_from(here.node.members.size()).unwrap_or(u64::MAX) >= quota {
            return Err(faults::constraint(
                "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
                "You have exceeded the allowed number of AWS accounts.",
            ));
        } else {
            free_id(cx).ok_or_else(|| "INTERNAL_FAILURE".to_owned())
        };
        if let Ok(id) = outcome {
            batch.put(Account {
                id,
                name: input.account_name.clone(),
                alias: None,
                email: input.email.clone(),
                created: cx.now,
                // Nobody knows a password or a key: the access role is the way in.
                root: RootCredentials::default(),
                canonical_id: ids::canonical_id(&*cx.world.random),
                public_access_block: None,
                closed: None,
                settings: Default::default(),
            });
            batch.put(joining::access_role(id, organization.account, role_name, cx));
            joining::put_service_role(id, cx, batch);
            batch.put(joining::member(organization, id, true, tags, cx.now));
        }
        joining::forget_old(&here.node, cx, batch);
        let request = AccountRequest {
            account: organization.account,
            id: ids::account_request_id(&*cx.world.random),
            organization: organization.id.clone(),
            name: input.account_name.clone(),
            requested: cx.now,
            completed: cx.now,
            outcome,
        };
        let answer = shapes::CreateAccountStatus {
            state: Some("IN_PROGRESS".to_owned()),
            completed_timestamp: None,
            account_id: None,
            failure_reason: None,
            ..shown(&request)
        };
        batch.put(request);
        Ok(shapes::CreateAccountOutput { create_account_status: Some(answer) })
    },
}

operation! {
    /// `organizations:CreateGovCloudAccount`: there is no other partition to make an account in.
    change CreateGovCloudAccount(shapes::CreateGovCloudAccountInput) -> shapes::CreateGovCloudAccountOutput,
    &[Action::new("organizations:CreateGovCloudAccount", &[], &["aws:RequestTag/${TagKey}", "aws:TagKeys"]), TAG_RESOURCE],
    |input, place, cx| {
        let made = place.arn_of("account", "*", cx);
        let tags = tag_need(input.tags.as_ref(), made, Reach::Management, place, cx);
        let need = need(CreateGovCloudAccount::ACTION, "*", Reach::Management, place, cx);
        Needs::one(need.request_tags(tag_pairs(input.tags.as_ref()))).and_if(tags)
    },
    |_, _, place, _, _| {
        place.here()?;
        Err(faults::constraint(
            "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED",
            "To complete this operation, the management account must have an associated account in the AWS GovCloud (US-West) Region. Twinlock has one partition, `aws`.",
        ))
    },
}

/// The requests of this organization, by id.
fn requests(here: &Here) -> impl Iterator<Item = &Arc<AccountRequest>> {
    here.node
        .requests
        .values()
        .filter(|request| request.organization == here.organization.id)
}

operation! {
    /// `organizations:DescribeCreateAccountStatus`.
    read DescribeCreateAccountStatus(shapes::DescribeCreateAccountStatusInput) -> shapes::DescribeCreateAccountStatusOutput,
    &[Action::new("organizations:DescribeCreateAccountStatus", &[], &[])],
    |_, place, cx| Needs::one(need(DescribeCreateAccountStatus::ACTION, "*", Reach::Administrators, place, cx)),
    |input, place, _| {
        let here = place.here()?;
        let request = requests(here).find(|request| request.id == input.create_account_request_id);
        let request = request.ok_or_else(|| faults::exception(
            "CreateAccountStatusNotFoundException",
            "You specified a create account request that doesn't exist.",
        ))?;
        Ok(shapes::DescribeCreateAccountStatusOutput { create_account_status: Some(shown(request)) })
    },
}

operation! {
    /// `organizations:ListCreateAccountStatus`.
    read ListCreateAccountStatus(shapes::ListCreateAccountStatusInput) -> shapes::ListCreateAccountStatusOutput,
    &[Action::new("organizations:ListCreateAccountStatus", &[], &[])],
    |_, place, cx| Needs::one(need(ListCreateAccountStatus::ACTION, "*", Reach::Administrators, place, cx)),
    |input, place, _| {
        let here = place.here()?;
        let state = |request: &AccountRequest| if request.outcome.is_ok() { "SUCCEEDED" } else { "FAILED" };
        let wanted = |request: &AccountRequest| {
            input.states.as_ref().is_none_or(|states| states.is_empty() || states.iter().any(|s| s == state(request)))
        };
        let page = page(
            requests(here).filter(|request| wanted(request)),
            |request| request.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListCreateAccountStatusOutput {
            create_account_statuses: page.items.into_iter().map(|request| shown(request)).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:DescribeAccount`.
    read DescribeAccount(shapes::DescribeAccountInput) -> shapes::DescribeAccountOutput,
    &[Action::new("organizations:DescribeAccount", &["account"], &[])],
    |input, place, cx| Needs::one(need_on(DescribeAccount::ACTION, &input.account_id, Reach::Administrators, place, cx)),
    |input, place, cx| {
        let here = place.here()?;
        let member = here.member(&input.account_id)?;
        Ok(shapes::DescribeAccountOutput { account: Some(shown_account(here, member, cx)) })
    },
}

operation! {
    /// `organizations:ListAccounts`.
    read ListAccounts(shapes::ListAccountsInput) -> shapes::ListAccountsOutput,
    &[Action::new("organizations:ListAccounts", &[], &[])],
    |_, place, cx| Needs::one(need(ListAccounts::ACTION, "*", Reach::Administrators, place, cx)),
    |input, place, cx| {
        let here = place.here()?;
        let page = page(
            here.node.members.values(),
            |member| member.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListAccountsOutput {
            accounts: page.items.into_iter().map(|member| shown_account(here, member, cx)).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:MoveAccount` to another root or unit: other policies limit it from the next request on.
    change MoveAccount(shapes::MoveAccountInput) -> shapes::MoveAccountOutput,
    &[Action::new("organizations:MoveAccount", &["account", "organizationalunit", "root"], &[])],
    |input, place, cx| {
        let ids = [&input.account_id, &input.source_parent_id, &input.destination_parent_id];
        Needs::all(ids.map(|id| need_on(MoveAccount::ACTION, id, Reach::Management, place, cx)))
    },
    |_, input, place, _, batch| {
        let here = place.here()?;
        let mut member = Member::clone(here.member(&input.account_id)?);
        if here.node.parent(&input.source_parent_id).is_none() || member.parent != input.source_parent_id {
            return Err(faults::exception(
                "SourceParentNotFoundException",
                "You specified a source parent that doesn't exist.",
            ));
        }
        if here.node.parent(&input.destination_parent_id).is_none() {
            return Err(faults::exception(
                "DestinationParentNotFoundException",
                "You specified a destination parent that doesn't exist.",
            ));
        }
        if input.source_parent_id == input.destination_parent_id {
            return Err(faults::exception(
                "DuplicateAccountException",
                "That account is already present in the specified destination.",
            ));
        }
        member.parent.clone_from(&input.destination_parent_id);
        batch.put(member);
        Ok(shapes::MoveAccountOutput::default())
    },
}

operation! {
    /// `organizations:CloseAccount`: its credentials and sessions stop working, and nobody reaches what it owns.
    change CloseAccount(shapes::CloseAccountInput) -> shapes::CloseAccountOutput,
    &[Action::new("organizations:CloseAccount", &["account"], &[])],
    |input, place, cx| Needs::one(need_on(CloseAccount::ACTION, &input.account_id, Reach::Management, place, cx)),
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let member = here.member(&input.account_id)?;
        if member.id == here.organization.account {
            return Err(faults::constraint(
                "CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
                "You attempted to close the management account. To close the management account for the organization, you must first either remove or close all member accounts in the organization.",
            ));
        }
        if !here.organization.all_features {
            return Err(faults::constraint(
                "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE",
                "You attempted to perform an operation that requires the organization to be configured to support all features. An organization that supports only consolidated billing features can't perform this operation.",
            ));
        }
        let mut account = cx.snapshot.account(&member.id).map(|node| Account::clone(&node.account)).ok_or_else(faults::no_account)?;
        if account.closed.is_some() {
            return Err(faults::exception("AccountAlreadyClosedException", "The provided account is already closed."));
        }
        account.closed = Some(cx.now);
        batch.put(account);
        Ok(shapes::CloseAccountOutput::default())
    },
}

operation! {
    /// `organizations:RemoveAccountFromOrganization`: it goes on as an account of its own.
    change RemoveAccountFromOrganization(shapes::RemoveAccountFromOrganizationInput) -> shapes::RemoveAccountFromOrganizationOutput,
    &[Action::new("organizations:RemoveAccountFromOrganization", &["account"], &[])],
    |input, place, cx| Needs::one(need_on(
        RemoveAccountFromOrganization::ACTION, &input.account_id, Reach::Management, place, cx,
    )),
    |_, input, place, _, batch| {
        let here = place.here()?;
        organization::remove(here, here.member(&input.account_id)?, batch)?;
        Ok(shapes::RemoveAccountFromOrganizationOutput::default())
    },
}
