//! Services that may act in the organization, and accounts that administer a service for it.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::organizations::{
    delegated_administrators::{
        DeregisterDelegatedAdministrator, ListDelegatedAdministrators,
        ListDelegatedServicesForAccount, RegisterDelegatedAdministrator,
    },
    service_access::{
        DisableAWSServiceAccess, EnableAWSServiceAccess, ListAWSServiceAccessForOrganization,
    },
};
use twinlock_shapes::organizations as s;

use super::common::{MOST, account_path, accounts, shown};
use crate::{
    parts::{csrf, field, head, nothing, problem, when},
    visit::{Page, Visit, all_pages},
};

const PATH: &str = "/organizations/services";
/// Services that know Organizations and matter here; any other can be typed.
const KNOWN: &[&str] = &[
    "iam.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "account.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "sso.amazonaws.com",
];

/// `/organizations/services…`.
pub(super) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    let service_principal = visit.field("service").to_owned();
    let account_id = visit.field("account").to_owned();
    let service = service_principal.clone();
    let said = match rest {
        [] => return list(visit),
        ["enable"] if visit.request.is_post() => {
            visit
                .change::<EnableAWSServiceAccess>(s::EnableAWSServiceAccessInput {
                    service_principal,
                })
                .await?;
            format!("{service} may act in the organization.")
        }
        ["disable"] if visit.request.is_post() => {
            visit
                .change::<DisableAWSServiceAccess>(s::DisableAWSServiceAccessInput {
                    service_principal,
                })
                .await?;
            format!("{service} may no longer act in the organization.")
        }
        ["register"] if visit.request.is_post() => {
            visit
                .change::<RegisterDelegatedAdministrator>(s::RegisterDelegatedAdministratorInput {
                    account_id: account_id.clone(),
                    service_principal,
                })
                .await?;
            format!("{account_id} administers {service} for the organization.")
        }
        ["deregister"] if visit.request.is_post() => {
            visit
                .change::<DeregisterDelegatedAdministrator>(
                    s::DeregisterDelegatedAdministratorInput {
                        account_id: account_id.clone(),
                        service_principal,
                    },
                )
                .await?;
            format!("{account_id} no longer administers {service}.")
        }
        _ => return Err(crate::not_found()),
    };
    Ok(visit.done(PATH, said))
}

fn list(visit: &Visit) -> Page {
    let enabled = all_pages::<ListAWSServiceAccessForOrganization, _>(
        visit,
        MOST,
        |next_token| s::ListAWSServiceAccessForOrganizationInput {
            next_token,
            max_results: None,
        },
        |out| (out.enabled_service_principals, out.next_token),
    );
    let administrators = all_pages::<ListDelegatedAdministrators, _>(
        visit,
        MOST,
        |next_token| s::ListDelegatedAdministratorsInput {
            next_token,
            ..Default::default()
        },
        |out| (out.delegated_administrators, out.next_token),
    );
    let main = html! {
        (head("Services", "Services that may act in all accounts of the organization, and accounts that administer one for it.", html! {}))
        datalist id="services" { @for service in KNOWN { option value=(service) {} } }
        section.panel { h2 { "Trusted access" } (trusted(visit, &enabled)) }
        section.panel { h2 { "Delegated administrators" } (delegated(visit, &administrators)) }
    };
    Ok(shown(visit, "Services", main))
}

fn service_field(id: &str) -> Markup {
    field(
        "Service principal",
        id,
        html! { input type="text" id=(id) name="service" list="services" autocomplete="off" spellcheck="false"; },
        "Such as iam.amazonaws.com",
        "",
    )
}

fn trusted(visit: &Visit, enabled: &Result<Vec<s::EnabledServicePrincipal>, Fault>) -> Markup {
    let enabled = match enabled {
        Ok(enabled) => enabled,
        Err(fault) => return problem(visit, fault),
    };
    html! {
        @if enabled.is_empty() { (nothing("No service has trusted access.")) } @else {
            table { thead { tr { th { "Service" } th { "Enabled" } th { "Actions" } } } tbody { @for service in enabled {
                @let name = service.service_principal.as_deref().unwrap_or("");
                tr {
                    td { (name) }
                    td { @if let Some(at) = service.date_enabled { (when(at.0)) } }
                    td.row-actions { form method="post" action={ (visit.at(PATH)) "/disable" } { (csrf(visit)) input type="hidden" name="service" value=(name); button.danger type="submit" aria-label={ "Disable " (name) } { "Disable" } } }
                }
            } } }
        }
        form method="post" action={ (visit.at(PATH)) "/enable" } { (csrf(visit)) (service_field("trusted-service")) button type="submit" { "Enable trusted access" } }
    }
}

fn delegated(visit: &Visit, listed: &Result<Vec<s::DelegatedAdministrator>, Fault>) -> Markup {
    let administrators = match listed {
        Ok(administrators) => administrators,
        Err(fault) => return problem(visit, fault),
    };
    html! {
        @if administrators.is_empty() { (nothing("No account administers a service for the organization.")) }
        @for administrator in administrators {
            @let id = administrator.id.as_deref().unwrap_or("");
            h3 { a href=(visit.at(&account_path(id))) { (administrator.name.as_deref().unwrap_or("")) } " " span.about { (id) } }
            (delegated_to(visit, id))
        }
        form method="post" action={ (visit.at(PATH)) "/register" } {
            (csrf(visit))
            (field("Account", "account", match accounts(visit) {
                Ok(accounts) => html! { select id="account" name="account" { @for account in &accounts {
                    option value=(account.id.as_deref().unwrap_or("")) { (account.name.as_deref().unwrap_or("")) " (" (account.id.as_deref().unwrap_or("")) ")" }
                } } },
                Err(_) => html! { input type="text" id="account" name="account" placeholder="12 digits"; },
            }, "", ""))
            (service_field("delegated-service"))
            button type="submit" { "Register delegated administrator" }
        }
    }
}

/// The services that an account administers.
pub(super) fn delegated_to(visit: &Visit, account: &str) -> Markup {
    let services = all_pages::<ListDelegatedServicesForAccount, _>(
        visit,
        MOST,
        |next_token| s::ListDelegatedServicesForAccountInput {
            account_id: account.to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.delegated_services, out.next_token),
    );
    let services = match services {
        Ok(services) => services,
        // AWS's answer for an account that administers none.
        Err(fault) if fault.code == "AccountNotRegisteredException" => Vec::new(),
        Err(fault) => return problem(visit, &fault),
    };
    html! {
        @if services.is_empty() { (nothing("This account administers no service for the organization.")) } @else {
            table { thead { tr { th { "Service" } th { "Since" } th { "Actions" } } } tbody { @for service in &services {
                @let name = service.service_principal.as_deref().unwrap_or("");
                tr {
                    td { (name) }
                    td { @if let Some(at) = service.delegation_enabled_date { (when(at.0)) } }
                    td.row-actions { form method="post" action={ (visit.at(PATH)) "/deregister" } { (csrf(visit)) input type="hidden" name="service" value=(name); input type="hidden" name="account" value=(account); button.danger type="submit" aria-label={ "Deregister " (name) } { "Deregister" } } }
                }
            } } }
        }
    }
}
