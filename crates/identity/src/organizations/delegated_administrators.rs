//! Member accounts that administer a service for the organization. They may read everything about the organization.

use twinlock_directory::Member;
use twinlock_gate::{Action, Needs};
use twinlock_shapes::organizations as shapes;
use twinlock_wire::time::Millis;

use super::{
    common::{Reach, need, need_on, operation, page, shown_account},
    faults,
    service_access::{SERVICE_PRINCIPAL, check_service},
};

operation! {
    /// `organizations:RegisterDelegatedAdministrator`.
    change RegisterDelegatedAdministrator(shapes::RegisterDelegatedAdministratorInput) -> shapes::RegisterDelegatedAdministratorOutput,
    &[Action::new("organizations:RegisterDelegatedAdministrator", &["account"], &[SERVICE_PRINCIPAL])],
    |input, place, cx| Needs::one(
        need_on(RegisterDelegatedAdministrator::ACTION, &input.account_id, Reach::Management, place, cx)
            .key(SERVICE_PRINCIPAL, &input.service_principal),
    ),
    |_, input, place, cx, batch| {
        let here = place.here()?;
        check_service(&input.service_principal)?;
        let mut member = Member::clone(here.member(&input.account_id)?);
        if member.id == here.organization.account {
            return Err(faults::constraint(
                "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
                "You cannot register master account/yourself as delegated administrator for your organization.",
            ));
        }
        if cx.snapshot.account(&member.id).is_none_or(|node| node.account.closed.is_some()) {
            return Err(faults::constraint(
                "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
                "You cannot register a suspended account as a delegated administrator.",
            ));
        }
        if !here.organization.service_access.contains_key(&input.service_principal) {
            return Err(faults::constraint(
                "SERVICE_ACCESS_NOT_ENABLED",
                "You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.",
            ));
        }
        if member.delegated.insert(input.service_principal.clone(), cx.now).is_some() {
            return Err(faults::exception(
                "AccountAlreadyRegisteredException",
                "The provided account is already a delegated administrator for your organization.",
            ));
        }
        batch.put(member);
        Ok(shapes::RegisterDelegatedAdministratorOutput::default())
    },
}

operation! {
    /// `organizations:DeregisterDelegatedAdministrator`.
    change DeregisterDelegatedAdministrator(shapes::DeregisterDelegatedAdministratorInput) -> shapes::DeregisterDelegatedAdministratorOutput,
    &[Action::new("organizations:DeregisterDelegatedAdministrator", &["account"], &[SERVICE_PRINCIPAL])],
    |input, place, cx| Needs::one(
        need_on(DeregisterDelegatedAdministrator::ACTION, &input.account_id, Reach::Management, place, cx)
            .key(SERVICE_PRINCIPAL, &input.service_principal),
    ),
    |_, input, place, _, batch| {
        let here = place.here()?;
        check_service(&input.service_principal)?;
        let mut member = Member::clone(here.member(&input.account_id)?);
        if member.delegated.remove(&input.service_principal).is_none() {
            return Err(not_registered());
        }
        batch.put(member);
        Ok(shapes::DeregisterDelegatedAdministratorOutput::default())
    },
}

fn not_registered() -> twinlock_gate::Fault {
    faults::exception(
        "AccountNotRegisteredException",
        "The provided account is not a registered delegated administrator for your organization.",
    )
}

operation! {
    /// `organizations:ListDelegatedAdministrators`, of one service or of any.
    read ListDelegatedAdministrators(shapes::ListDelegatedAdministratorsInput) -> shapes::ListDelegatedAdministratorsOutput,
    &[Action::new("organizations:ListDelegatedAdministrators", &[], &[SERVICE_PRINCIPAL])],
    |input, place, cx| Needs::one(
        need(ListDelegatedAdministrators::ACTION, "*", Reach::Administrators, place, cx)
            .key_if(SERVICE_PRINCIPAL, input.service_principal.as_ref()),
    ),
    |input, place, cx| {
        let here = place.here()?;
        // Since when: for the service asked for, or for the first of all.
        let since = |member: &Member| match &input.service_principal {
            Some(service) => member.delegated.get(service).copied(),
            None => member.delegated.values().copied().min(),
        };
        let page = page(
            here.node.members.values().filter_map(|member| Some((member, since(member)?))),
            |(member, _)| member.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        let shown = |(member, since): (&std::sync::Arc<Member>, u64)| {
            let account = shown_account(here, member, cx);
            shapes::DelegatedAdministrator {
                id: account.id,
                arn: account.arn,
                email: account.email,
                name: account.name,
                status: account.status,
                state: account.state,
                joined_method: account.joined_method,
                joined_timestamp: account.joined_timestamp,
                delegation_enabled_date: Some(Millis(since)),
            }
        };
        Ok(shapes::ListDelegatedAdministratorsOutput {
            delegated_administrators: page.items.into_iter().map(shown).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListDelegatedServicesForAccount`.
    read ListDelegatedServicesForAccount(shapes::ListDelegatedServicesForAccountInput) -> shapes::ListDelegatedServicesForAccountOutput,
    &[Action::new("organizations:ListDelegatedServicesForAccount", &["account"], &[])],
    |input, place, cx| Needs::one(need_on(
        ListDelegatedServicesForAccount::ACTION, &input.account_id, Reach::Administrators, place, cx,
    )),
    |input, place, _| {
        let here = place.here()?;
        let member = here.member(&input.account_id)?;
        if member.delegated.is_empty() {
            return Err(not_registered());
        }
        let page = page(
            &member.delegated,
            |(service, _)| service.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        let shown = |(service, since): (&String, &u64)| shapes::DelegatedService {
            service_principal: Some(service.clone()),
            delegation_enabled_date: Some(Millis(*since)),
        };
        Ok(shapes::ListDelegatedServicesForAccountOutput {
            delegated_services: page.items.into_iter().map(shown).collect(),
            next_token: page.next_token,
        })
    },
}
