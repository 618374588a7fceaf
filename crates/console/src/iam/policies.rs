//! Managed policies: the list with AWS's catalogue, and a policy's page with its summary, versions and who has it.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    managed_policies::{DeletePolicy, GetPolicy, ListPolicies},
    policy_entities::ListEntitiesForPolicy,
    policy_versions::{
        DeletePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion,
    },
};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, PER_PAGE, decoded,
    deletion::{self, Going, deleted, named, ticked},
    editor, found,
    holder::{Holder, Kind, count, document},
    last_accessed, sliced,
};
use crate::{
    http::encode,
    layout::{Service, show},
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{copy, csrf, head, nothing, tabs, when},
    visit::{Page, Visit, all_pages},
};

/// `/iam/policies/ARN`.
pub(crate) fn path(arn: &str) -> String {
    format!("/iam/policies/{}", encode(arn))
}

/// The name at the end of a policy's ARN.
pub(crate) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

const JOB_FUNCTION: &str = "AWS managed – job function";

/// How lists name the kind of a managed policy.
pub(crate) fn kind_of(arn: &str) -> &'static str {
    if arn.starts_with("arn:aws:iam::aws:policy/job-function/") {
        JOB_FUNCTION
    } else if arn.starts_with("arn:aws:iam::aws:") {
        "AWS managed"
    } else {
        "Customer managed"
    }
}

/// All managed policies of a kind: `customer`, `aws`, or both. The customer's come first.
pub(crate) fn every(visit: &Visit, kind: &str) -> Result<Vec<s::Policy>, Fault> {
    let scope = match kind {
        "customer" => "Local",
        "aws" | "job" => "AWS",
        _ => "All",
    };
    let mut all = all_pages::<ListPolicies, _>(
        visit,
        MOST,
        |marker| s::ListPoliciesInput {
            scope: Some(scope.to_owned()),
            marker,
            max_items: Some(PAGE_ITEMS),
            ..Default::default()
        },
        |out| (out.policies, out.marker),
    )?;
    if kind == "job" {
        all.retain(|policy| kind_of(policy.arn.as_deref().unwrap_or("")) == JOB_FUNCTION);
    }
    all.sort_by_cached_key(|policy| {
        let arn = policy.arn.as_deref().unwrap_or("");
        (
            arn.starts_with("arn:aws:iam::aws:"),
            policy.policy_name.clone(),
        )
    });
    Ok(all)
}

const WORDS: (&str, &str) = ("policy", "policies");
/// Policies that a field suggests; any other can be typed.
const SUGGESTIONS: i32 = 200;

/// ARNs of some of the account's own policies, for a field that takes one; nothing for whoever may not list them.
pub(crate) fn suggested(visit: &Visit) -> Vec<String> {
    let input = s::ListPoliciesInput {
        scope: Some("Local".to_owned()),
        max_items: Some(SUGGESTIONS),
        ..Default::default()
    };
    let listed = visit.read::<ListPolicies>(input);
    let policies = listed.map(|out| out.policies).unwrap_or_default();
    policies
        .into_iter()
        .filter_map(|policy| policy.arn)
        .collect()
}

/// The types that a list is filtered by.
pub(crate) const TYPES: [(&str, &str); 4] = [
    ("", "All types"),
    ("customer", "Customer managed"),
    ("aws", "AWS managed"),
    ("job", JOB_FUNCTION),
];

/// A policy's description, which IAM's lists leave out, for the rows that are shown; the catalogue has none.
pub(crate) fn description(visit: &Visit, arn: &str) -> String {
    if arn.starts_with("arn:aws:iam::aws:") {
        return String::new();
    }
    let input = s::GetPolicyInput {
        policy_arn: arn.to_owned(),
    };
    let policy = visit.read::<GetPolicy>(input).ok();
    let policy = policy.and_then(|out| out.policy);
    policy
        .and_then(|policy| policy.description)
        .unwrap_or_default()
}

/// `/iam/policies`.
pub(crate) async fn list(visit: &Visit) -> Page {
    if visit.request.is_post() {
        return delete(visit).await;
    }
    let (q, kind) = (visit.query("q"), visit.query("type"));
    let mut policies: Vec<_> = every(visit, kind)?
        .into_iter()
        .filter(|p| found(q, &[p.policy_name.as_deref().unwrap_or("")]))
        .collect();
    let order = Order::of(visit);
    order.by("name", &mut policies, |p| {
        p.policy_name.as_deref().unwrap_or("").to_lowercase()
    });
    order.by("type", &mut policies, |p| {
        kind_of(p.arn.as_deref().unwrap_or(""))
    });
    order.by("used", &mut policies, |p| {
        p.attachment_count.unwrap_or(0) + p.permissions_boundary_usage_count.unwrap_or(0)
    });
    let page = page_number(visit);
    let main = html! {
        (head("Policies", "A policy says what is allowed or denied. It takes effect where it is attached.", html! { @if !policies.is_empty() { (delete_button()) } a.button.primary href=(visit.at("/iam/policies/create")) { "Create policy" } }))
        (search(visit, "Find policies", &TYPES))
        form #(FORM) method="post" autocomplete="off" action=(visit.at("/iam/policies")) {
            (csrf(visit))
            @if policies.is_empty() { (nothing("No policies.")) } @else {
                table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all customer managed policies"; } (order.heading("name", "Policy name")) (order.heading("type", "Type")) (order.heading("used", "Used as")) th { "Description" } } }
                    tbody {
                        @for policy in sliced(&policies, page) {
                            @let arn = policy.arn.as_deref().unwrap_or("");
                            @let name = policy.policy_name.as_deref().unwrap_or("");
                            tr {
                                td.tick { @if !arn.starts_with("arn:aws:iam::aws:") { input type="checkbox" name="name" value=(arn) aria-label={ "Select " (name) }; } }
                                td { a href=(visit.at(&path(arn))) { (name) } }
                                td { (kind_of(arn)) }
                                td { @match (policy.attachment_count.unwrap_or(0), policy.permissions_boundary_usage_count.unwrap_or(0)) {
                                    (0, 0) => "None",
                                    (n, 0) => { "Permissions policy (" (n) ")" },
                                    (0, n) => { "Permissions boundary (" (n) ")" },
                                    (a, b) => { "Permissions policy (" (a) "), boundary (" (b) ")" },
                                } }
                                td.about { (description(visit, arn)) }
                            }
                        }
                    }
                }
            }
        }
        (pager(visit, page, PER_PAGE, policies.len()))
    };
    Ok(show(visit, Service::Iam, "Policies", main))
}

/// Who has a policy: users, user groups and roles by name.
fn entities(visit: &Visit, arn: &str) -> Result<Vec<(Holder, bool)>, Fault> {
    let mut all = Vec::new();
    for usage in ["PermissionsPolicy", "PermissionsBoundary"] {
        let boundary = usage == "PermissionsBoundary";
        all.extend(all_pages::<ListEntitiesForPolicy, _>(
            visit,
            MOST,
            |marker| s::ListEntitiesForPolicyInput {
                policy_arn: arn.to_owned(),
                policy_usage_filter: Some(usage.to_owned()),
                marker,
                max_items: Some(PAGE_ITEMS),
                ..Default::default()
            },
            |out| {
                let users = out
                    .policy_users
                    .into_iter()
                    .filter_map(|u| u.user_name)
                    .map(|n| Holder::new(Kind::User, &n));
                let groups = out
                    .policy_groups
                    .into_iter()
                    .filter_map(|g| g.group_name)
                    .map(|n| Holder::new(Kind::Group, &n));
                let roles = out
                    .policy_roles
                    .into_iter()
                    .filter_map(|r| r.role_name)
                    .map(|n| Holder::new(Kind::Role, &n));
                (
                    users
                        .chain(groups)
                        .chain(roles)
                        .map(|h| (h, boundary))
                        .collect(),
                    out.marker,
                )
            },
        )?);
    }
    Ok(all)
}

fn versions(visit: &Visit, arn: &str) -> Result<Vec<s::PolicyVersion>, Fault> {
    let input = s::ListPolicyVersionsInput {
        policy_arn: arn.to_owned(),
        ..Default::default()
    };
    Ok(visit.read::<ListPolicyVersions>(input)?.versions)
}

async fn delete(visit: &Visit) -> Page {
    let arns = ticked(visit);
    if arns.is_empty() {
        return Ok(visit.done("/iam/policies", "Nothing was selected."));
    }
    let names: Vec<String> = arns.iter().map(|arn| name_of(arn).to_owned()).collect();
    let word = deletion::word(&names);
    if visit.field("confirm") != word {
        let all = arns.iter().map(|arn| going(visit, arn));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let service = Service::Iam;
        return Ok(deletion::confirm(
            visit,
            service,
            "policy",
            &all,
            &word,
            "/iam/policies",
        ));
    }
    for (n, arn) in arns.iter().enumerate() {
        if let Err(fault) = delete_one(visit, arn).await {
            let refused = Some((name_of(arn), fault));
            return Ok(deleted(visit, "/iam/policies", WORDS, n, refused));
        }
    }
    Ok(deleted(visit, "/iam/policies", WORDS, arns.len(), None))
}

/// What goes with a policy.
fn going(visit: &Visit, arn: &str) -> Result<Going, Fault> {
    let mut going = Going::new(arn, name_of(arn));
    let (bounded, holders) = bounded_and_holders(visit, arn)?;
    if holders.is_empty() {
        going.also("it is attached to nothing");
    }
    let (one, many) = ("identity", "identities");
    if !holders.is_empty() {
        let from = named(&names(&holders), one, many);
        going.also(format!("it is detached from {from}"));
    }
    if let older @ 1.. = versions(visit, arn)?.len().saturating_sub(1) {
        going.also(format!(
            "{} deleted with it",
            count(older, "older version is", "older versions are")
        ));
    }
    if !bounded.is_empty() {
        going.stays(still_boundary(&names(&bounded)));
    }
    Ok(going)
}

/// Whose boundary a policy is, and who has it otherwise.
fn bounded_and_holders(visit: &Visit, arn: &str) -> Result<(Vec<Holder>, Vec<Holder>), Fault> {
    let (bounded, holders): (Vec<_>, Vec<_>) = entities(visit, arn)?
        .into_iter()
        .partition(|(_, boundary)| *boundary);
    let only = |all: Vec<(Holder, bool)>| all.into_iter().map(|(holder, _)| holder).collect();
    Ok((only(bounded), only(holders)))
}

fn names(holders: &[Holder]) -> Vec<String> {
    holders.iter().map(|holder| holder.name.clone()).collect()
}

/// Without its boundary an identity could do more at once: that is nothing to do by the way.
fn still_boundary(names: &[String]) -> String {
    let of = named(names, "identity", "identities");
    format!(
        "It is the permissions boundary of {of}, and cannot be deleted before they have another one or none."
    )
}

/// Deletes a policy with its versions, after taking it off everybody; nothing is touched while it is somebody's boundary.
async fn delete_one(visit: &Visit, arn: &str) -> Result<(), Fault> {
    let (bounded, holders) = bounded_and_holders(visit, arn)?;
    if !bounded.is_empty() {
        let text = still_boundary(&names(&bounded));
        return Err(Fault::new("DeleteConflict", 409, text));
    }
    for holder in holders {
        holder.detach(visit, arn).await?;
    }
    for version in versions(visit, arn)? {
        if version.is_default_version != Some(true) {
            visit
                .change::<DeletePolicyVersion>(s::DeletePolicyVersionInput {
                    policy_arn: arn.to_owned(),
                    version_id: version.version_id.unwrap_or_default(),
                })
                .await?;
        }
    }
    let input = s::DeletePolicyInput {
        policy_arn: arn.to_owned(),
    };
    visit.change::<DeletePolicy>(input).await.map(drop)
}

/// `/iam/policies/ARN…`.
pub(crate) async fn one(visit: &Visit, rest: &[&str]) -> Page {
    let Some((arn, rest)) = rest.split_first() else {
        return Err(crate::not_found());
    };
    match rest {
        [] => {}
        ["edit"] => return editor::edit_policy(visit, arn).await,
        ["default"] if visit.request.is_post() => {
            let version_id = visit.field("version").to_owned();
            visit
                .change::<SetDefaultPolicyVersion>(s::SetDefaultPolicyVersionInput {
                    policy_arn: (*arn).to_owned(),
                    version_id: version_id.clone(),
                })
                .await?;
            return Ok(visit.done(
                &format!("{}?tab=versions", path(arn)),
                format!("{version_id} is the default version."),
            ));
        }
        ["delete-version"] if visit.request.is_post() => {
            let version_id = visit.field("version").to_owned();
            visit
                .change::<DeletePolicyVersion>(s::DeletePolicyVersionInput {
                    policy_arn: (*arn).to_owned(),
                    version_id: version_id.clone(),
                })
                .await?;
            return Ok(visit.done(
                &format!("{}?tab=versions", path(arn)),
                format!("{version_id} is deleted."),
            ));
        }
        _ => return Err(crate::not_found()),
    }
    let policy = visit
        .read::<GetPolicy>(s::GetPolicyInput {
            policy_arn: (*arn).to_owned(),
        })?
        .policy
        .ok_or_else(Fault::internal)?;
    let name = policy.policy_name.clone().unwrap_or_default();
    let ours = !arn.starts_with("arn:aws:iam::aws:");
    let tab = match visit.query("tab") {
        known @ ("entities" | "versions" | "last-accessed") => known,
        _ => "permissions",
    };
    let body = match tab {
        "entities" => entities_tab(visit, arn)?,
        "versions" => versions_tab(visit, arn, ours)?,
        "last-accessed" => last_accessed::tab(visit, arn).await,
        _ => {
            let text = text_of(
                visit,
                arn,
                policy.default_version_id.as_deref().unwrap_or("v1"),
            )?;
            html! {
                div.head { h2 { "Permissions defined in this policy" } @if ours { a.button href={ (visit.at(&path(arn))) "/edit" } { "Edit policy" } } }
                (editor::summary(&text))
                h3 { "JSON" }
                (document(&text))
            }
        }
    };
    let main = html! {
        (head(&name, policy.description.as_deref().unwrap_or(""), html! {
            @if ours { form method="post" action=(visit.at("/iam/policies")) { (csrf(visit)) input type="hidden" name="name" value=(arn); button.danger type="submit" { "Delete" } } }
        }))
        section.panel { dl.facts {
            dt { "Type" } dd { (kind_of(arn)) }
            dt { "Policy ARN" } dd { (copy(arn)) }
            @if let Some(at) = policy.create_date { dt { "Created" } dd { (when(at.0)) } }
            @if let Some(at) = policy.update_date { dt { "Edited" } dd { (when(at.0)) } }
        } }
        (tabs(&visit.at(&path(arn)), &[("permissions", "Permissions"), ("entities", "Entities attached"), ("versions", "Policy versions"), last_accessed::TAB], tab))
        (body)
    };
    Ok(show(visit, Service::Iam, &name, main))
}

/// The text of one version.
pub(crate) fn text_of(visit: &Visit, arn: &str, version: &str) -> Result<String, Fault> {
    let input = s::GetPolicyVersionInput {
        policy_arn: arn.to_owned(),
        version_id: version.to_owned(),
    };
    let version = visit
        .read::<GetPolicyVersion>(input)?
        .policy_version
        .ok_or_else(Fault::internal)?;
    Ok(decoded(&version.document.unwrap_or_default()))
}

/// The text of the version in force.
pub(crate) fn default_text(visit: &Visit, arn: &str) -> Result<String, Fault> {
    let policy = visit
        .read::<GetPolicy>(s::GetPolicyInput {
            policy_arn: arn.to_owned(),
        })?
        .policy
        .ok_or_else(Fault::internal)?;
    text_of(
        visit,
        arn,
        policy.default_version_id.as_deref().unwrap_or("v1"),
    )
}

fn entities_tab(visit: &Visit, arn: &str) -> Result<Markup, Fault> {
    let entities = entities(visit, arn)?;
    let page = page_number(visit);
    Ok(html! {
        h2 { "Entities attached (" (entities.len()) ")" }
        @if entities.is_empty() { (nothing("Attached to nothing, so it has no effect.")) } @else {
            table { thead { tr { th { "Entity name" } th { "Entity type" } th { "Used as" } } } tbody { @for (holder, boundary) in sliced(&entities, page) { tr {
                td { a href=(visit.at(&holder.path())) { (holder.name) } }
                td { @match holder.kind { Kind::User => "User", Kind::Group => "User group", Kind::Role => "Role" } }
                td { @if *boundary { "Permissions boundary" } @else { "Permissions policy" } }
            } } } }
            (pager(visit, page, PER_PAGE, entities.len()))
        }
    })
}

fn versions_tab(visit: &Visit, arn: &str, ours: bool) -> Result<Markup, Fault> {
    let versions = versions(visit, arn)?;
    let at = visit.at(&path(arn));
    Ok(html! {
        h2 { "Policy versions (" (versions.len()) ")" }
        table { thead { tr { th { "Version" } th { "Created" } th { "Actions" } } } tbody { @for version in &versions {
            @let id = version.version_id.as_deref().unwrap_or("");
            tr {
                td { (id) @if version.is_default_version == Some(true) { " " span.badge.open { "Default" } } }
                td { @if let Some(at) = version.create_date { (when(at.0)) } }
                td.row-actions { @if ours && version.is_default_version != Some(true) {
                    form method="post" action={ (at) "/default" } { (csrf(visit)) input type="hidden" name="version" value=(id); button type="submit" { "Set as default" } }
                    form method="post" action={ (at) "/delete-version" } { (csrf(visit)) input type="hidden" name="version" value=(id); button.danger type="submit" { "Delete" } }
                } }
            }
        } } }
    })
}
