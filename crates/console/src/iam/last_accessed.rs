//! The Last Accessed tab: which services somebody may use, which policies let it, and when it last did. What nobody uses can go.

use std::cmp::Reverse;

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::last_accessed::{
    GenerateServiceLastAccessedDetails, GetServiceLastAccessedDetails,
    GetServiceLastAccessedDetailsWithEntities, ListPoliciesGrantingServiceAccess,
};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, PER_PAGE, found,
    holder::{Holder, Kind},
    policies, sliced,
};
use crate::{
    http::encode,
    listing::{Order, address, page_number, pager, search},
    parts::{nothing, problem, when},
    visit::{Visit, all_pages},
};

/// The tab's id and its name, as AWS has it.
pub(crate) const TAB: (&str, &str) = ("last-accessed", "Last Accessed");

/// The tab of a user, user group, role or policy with this ARN. A denial leaves the page and its other tabs alone.
pub(crate) async fn tab(visit: &Visit, arn: &str) -> Markup {
    match report(visit, arn).await {
        Ok(markup) => markup,
        Err(fault) => problem(visit, &fault),
    }
}

async fn report(visit: &Visit, arn: &str) -> Result<Markup, Fault> {
    let input = s::GenerateServiceLastAccessedDetailsInput {
        arn: arn.to_owned(),
        granularity: Some("ACTION_LEVEL".to_owned()),
    };
    let job_id = visit
        .change::<GenerateServiceLastAccessedDetails>(input)
        .await?
        .job_id
        .unwrap_or_default();
    let services = all_pages::<GetServiceLastAccessedDetails, _>(
        visit,
        MOST,
        |marker| s::GetServiceLastAccessedDetailsInput {
            job_id: job_id.clone(),
            max_items: Some(PAGE_ITEMS),
            marker,
        },
        |out| (out.services_last_accessed, out.marker),
    )?;
    match visit.query("service") {
        "" => Ok(table(visit, arn, services)),
        namespace => {
            let service = services
                .into_iter()
                .find(|service| service.service_namespace == namespace)
                .ok_or_else(crate::not_found)?;
            Ok(one_service(visit, arn, &job_id, &service))
        }
    }
}

/// Several people stand behind a group or a policy: then it is told who was last.
fn of_several(arn: &str) -> bool {
    arn.contains(":group/") || arn.contains(":policy/")
}

fn table(visit: &Visit, arn: &str, mut services: Vec<s::ServiceLastAccessed>) -> Markup {
    let allowed = services.len();
    let (q, kind) = (visit.query("q"), visit.query("type"));
    services.retain(|service| {
        let used = service.last_authenticated.is_some();
        found(q, &[&service.service_name, &service.service_namespace])
            && match kind {
                "accessed" => used,
                "not" => !used,
                _ => true,
            }
    });
    // What was used last comes first: the list of those who may do everything is long.
    services.sort_by_key(|service| Reverse(service.last_authenticated.map(|at| at.0)));
    let order = Order::of(visit);
    order.by("service", &mut services, |service| {
        service.service_name.to_lowercase()
    });
    order.by("last", &mut services, |service| {
        service.last_authenticated.map(|at| at.0)
    });
    let page = page_number(visit);
    let shown = sliced(&services, page);
    let granting = granting(visit, arn, shown);
    let types = [
        ("", "All services"),
        ("accessed", "Services accessed"),
        ("not", "Services not accessed"),
    ];
    html! {
        h2 { "Allowed services (" (allowed) ")" }
        p.hint { "What the policies allow, and when it was last tried, to the second. A service that is never used needs no permission." }
        @if let Err(fault) = &granting { (problem(visit, fault)) }
        (search(visit, "Find services", &types))
        @if services.is_empty() { (nothing(if allowed == 0 { "No policy allows any service." } else { "No such service." })) } @else {
            table {
                thead { tr {
                    (order.heading("service", "Service"))
                    @if granting.is_ok() { th { "Policies granting permissions" } }
                    (order.heading("last", "Last accessed"))
                    @if of_several(arn) { th { "Accessed by" } }
                } }
                tbody { @for service in shown { tr {
                    td {
                        a href=(address(visit, &[("service", &service.service_namespace), ("q", ""), ("type", ""), ("sort", ""), ("page", "")])) { (service.service_name) }
                        " " span.about { (service.service_namespace) }
                    }
                    @if let Ok(granting) = &granting {
                        td { @for policy in granting.iter().filter(|(namespace, _)| *namespace == service.service_namespace).flat_map(|(_, all)| all) { div { (policy_link(visit, policy)) } } }
                    }
                    td { (last(service.last_authenticated.map(|at| at.0))) }
                    @if of_several(arn) { td { (service.last_authenticated_entity.as_deref().map_or("–", policies::name_of)) } }
                } } }
            }
        }
        (pager(visit, page, PER_PAGE, services.len()))
    }
}

fn last(at: Option<u64>) -> Markup {
    match at {
        Some(at) => when(at),
        None => html! { span.about { "Not accessed" } },
    }
}

type Granting = Vec<(String, Vec<s::PolicyGrantingServiceAccess>)>;

/// Which policies let somebody use each of the services; nothing for a policy, which is itself the answer.
fn granting(
    visit: &Visit,
    arn: &str,
    services: &[s::ServiceLastAccessed],
) -> Result<Granting, Fault> {
    if arn.contains(":policy/") || services.is_empty() {
        return Ok(Vec::new());
    }
    let names = services
        .iter()
        .map(|service| service.service_namespace.clone());
    let service_namespaces: Vec<String> = names.collect();
    all_pages::<ListPoliciesGrantingServiceAccess, _>(
        visit,
        MOST,
        |marker| s::ListPoliciesGrantingServiceAccessInput {
            arn: arn.to_owned(),
            service_namespaces: service_namespaces.clone(),
            marker,
        },
        |out| {
            let entries = out.policies_granting_service_access.into_iter();
            let pairs = entries
                .map(|entry| (entry.service_namespace.unwrap_or_default(), entry.policies))
                .collect();
            (pairs, out.marker)
        },
    )
}

fn policy_link(visit: &Visit, policy: &s::PolicyGrantingServiceAccess) -> Markup {
    let entity = policy.entity_name.as_deref().unwrap_or_default();
    let kind = match policy.entity_type.as_deref() {
        Some("GROUP") => Kind::Group,
        Some("ROLE") => Kind::Role,
        _ => Kind::User,
    };
    let path = policy.policy_arn.as_deref().map_or_else(
        || {
            let holder = Holder::new(kind, entity).path();
            format!("{holder}/inline?policy={}", encode(&policy.policy_name))
        },
        policies::path,
    );
    html! {
        a href=(visit.at(&path)) { (policy.policy_name) }
        @if !entity.is_empty() { " " span.about { @if kind == Kind::Group { "of group " } @else { "of " } (entity) } }
    }
}

/// One service: each action that is tracked, and who used it where there are several.
fn one_service(visit: &Visit, arn: &str, job_id: &str, service: &s::ServiceLastAccessed) -> Markup {
    let mut actions = service.tracked_actions_last_accessed.clone();
    let order = Order::of(visit);
    order.by("action", &mut actions, |action| action.action_name.clone());
    order.by("last", &mut actions, |action| {
        action.last_accessed_time.map(|at| at.0)
    });
    let page = page_number(visit);
    html! {
        p.crumbs { a href=(address(visit, &[("service", ""), ("sort", ""), ("page", "")])) { "Allowed services" } " › " (service.service_name) }
        h2 { (service.service_name) }
        p { "Last accessed: " (last(service.last_authenticated.map(|at| at.0))) @if let Some(region) = &service.last_authenticated_region { " in " (region) } }
        @if of_several(arn) { (entities(visit, job_id, &service.service_namespace)) }
        h3 { "Actions (" (actions.len()) ")" }
        @if actions.is_empty() { (nothing("Single actions of this service are not tracked.")) } @else {
            table {
                thead { tr { (order.heading("action", "Action")) (order.heading("last", "Last accessed")) th { "Region" } @if of_several(arn) { th { "Accessed by" } } } }
                tbody { @for action in sliced(&actions, page) { tr {
                    td { (action.action_name.as_deref().unwrap_or("")) }
                    td { (last(action.last_accessed_time.map(|at| at.0))) }
                    td { (action.last_accessed_region.as_deref().unwrap_or("–")) }
                    @if of_several(arn) { td { (action.last_accessed_entity.as_deref().map_or("–", policies::name_of)) } }
                } } }
            }
            (pager(visit, page, PER_PAGE, actions.len()))
        }
    }
}

/// Everybody who may use the service by this group or policy, and when each last did.
fn entities(visit: &Visit, job_id: &str, namespace: &str) -> Markup {
    let entities = all_pages::<GetServiceLastAccessedDetailsWithEntities, _>(
        visit,
        MOST,
        |marker| s::GetServiceLastAccessedDetailsWithEntitiesInput {
            job_id: job_id.to_owned(),
            service_namespace: namespace.to_owned(),
            max_items: Some(PAGE_ITEMS),
            marker,
        },
        |out| (out.entity_details_list, out.marker),
    );
    let entities = match entities {
        Ok(entities) => entities,
        Err(fault) => return problem(visit, &fault),
    };
    html! {
        h3 { "Users and roles (" (entities.len()) ")" }
        @if entities.is_empty() { (nothing("Nobody may use it by this.")) } @else {
            table {
                thead { tr { th { "Name" } th { "Type" } th { "Last accessed" } } }
                tbody { @for entity in entities.iter().take(PER_PAGE) {
                    @let role = entity.entity_info.r#type == "ROLE";
                    tr {
                        td { a href=(visit.at(&Holder::new(if role { Kind::Role } else { Kind::User }, &entity.entity_info.name).path())) { (entity.entity_info.name) } }
                        td { @if role { "Role" } @else { "User" } }
                        td { (last(entity.last_authenticated.map(|at| at.0))) }
                    }
                } }
            }
            @if entities.len() > PER_PAGE { p.hint { "The " (PER_PAGE) " that used it last are shown." } }
        }
    }
}
