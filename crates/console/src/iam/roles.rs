//! Roles: the list, and a role's page with permissions, trust, tags and revoking.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    role_settings::{DeleteRolePermissionsBoundary, PutRolePermissionsBoundary},
    roles::{DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy, UpdateRole},
};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, PER_PAGE, decoded,
    deletion::{self, Going, deleted, ticked},
    editor, found,
    holder::{Holder, Kind, document},
    instance_profiles, last_accessed, pretty, revoke, sliced, users,
};
use crate::{
    http::encode,
    layout::{Service, show},
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{copy, csrf, field, head, nothing, problem, tabs, text, when},
    visit::{Page, Visit, all_pages},
};

const WORDS: (&str, &str) = ("role", "roles");

/// All roles of the account.
pub(crate) fn every(visit: &Visit) -> Result<Vec<s::Role>, Fault> {
    all_pages::<ListRoles, _>(
        visit,
        MOST,
        |marker| s::ListRolesInput {
            marker,
            max_items: Some(PAGE_ITEMS),
            ..Default::default()
        },
        |out| (out.roles, out.marker),
    )
}

/// Whom a role's trust policy names, in short.
fn trusted_by(role: &s::Role) -> String {
    let trust = decoded(role.assume_role_policy_document.as_deref().unwrap_or(""));
    let Ok(document) = serde_json::from_str::<serde_json::Value>(&trust) else {
        return String::new();
    };
    let mut names = Vec::new();
    principals(&document, &mut |kind, value| {
        let account = value
            .strip_suffix(":root")
            .and_then(|arn| arn.rsplit(':').next());
        names.push(match (kind, account) {
            ("*", _) => "Everyone".to_owned(),
            ("AWS", Some(account)) => format!("Account: {account}"),
            ("AWS", None) => value.to_owned(),
            ("Service", _) => format!("AWS Service: {}", value.trim_end_matches(".amazonaws.com")),
            _ => format!("Identity Provider: {value}"),
        });
    });
    names.join(", ")
}

/// Each principal of a document: its kind (`*` for everyone) and its value.
pub(crate) fn principals(document: &serde_json::Value, each: &mut impl FnMut(&str, &str)) {
    let many = |value: &serde_json::Value| match value {
        serde_json::Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    for statement in document.get("Statement").map(many).unwrap_or_default() {
        match statement.get("Principal") {
            Some(serde_json::Value::String(all)) => each("*", all),
            Some(serde_json::Value::Object(kinds)) => {
                for (kind, value) in kinds {
                    for value in many(value) {
                        each(kind, value.as_str().unwrap_or_default());
                    }
                }
            }
            _ => {}
        }
    }
}

/// `/iam/roles`.
pub(crate) async fn list(visit: &Visit) -> Page {
    if visit.request.is_post() {
        return delete(visit).await;
    }
    let q = visit.query("q");
    let mut roles: Vec<_> = every(visit)?
        .into_iter()
        .filter(|role| found(q, &[&role.role_name]))
        .collect();
    let order = Order::of(visit);
    order.by("name", &mut roles, |role| role.role_name.to_lowercase());
    order.by("trusted", &mut roles, trusted_by);
    order.by("created", &mut roles, |role| role.create_date.0);
    let page = page_number(visit);
    let main = html! {
        (head("Roles", "A role is an identity that others take on for a while: people and programs of this account, of another one, or a service.", html! { @if !roles.is_empty() { (delete_button()) } a.button href=(visit.at("/access/delegate")) { "Delegate access" } a.button.primary href=(visit.at("/iam/roles/create")) { "Create role" } }))
        (search(visit, "Find roles", &[]))
        form #(FORM) method="post" autocomplete="off" action=(visit.at("/iam/roles")) {
            (csrf(visit))
            @if roles.is_empty() { (nothing("No roles.")) } @else {
                table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } (order.heading("name", "Role name")) (order.heading("trusted", "Trusted entities")) (order.heading("created", "Created")) } }
                    tbody { @for role in sliced(&roles, page) {
                        tr {
                            td.tick { input type="checkbox" name="name" value=(role.role_name) aria-label={ "Select " (role.role_name) }; }
                            td { a href=(visit.at(&Holder::new(Kind::Role, &role.role_name).path())) { (role.role_name) } }
                            td { (trusted_by(role)) }
                            td { (when(role.create_date.0)) }
                        }
                    } }
                }
            }
        }
        (pager(visit, page, PER_PAGE, roles.len()))
    };
    Ok(show(visit, Service::Iam, "Roles", main))
}

async fn delete(visit: &Visit) -> Page {
    let names = ticked(visit);
    if names.is_empty() {
        return Ok(visit.done("/iam/roles", "Nothing was selected."));
    }
    let word = deletion::word(&names);
    if visit.field("confirm") != word {
        let all = names.iter().map(|name| going(visit, name));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let service = Service::Iam;
        return Ok(deletion::confirm(
            visit,
            service,
            "role",
            &all,
            &word,
            "/iam/roles",
        ));
    }
    for (n, name) in names.iter().enumerate() {
        if let Err(fault) = delete_one(visit, name).await {
            return Ok(deleted(visit, "/iam/roles", WORDS, n, Some((name, fault))));
        }
    }
    Ok(deleted(visit, "/iam/roles", WORDS, names.len(), None))
}

/// What goes with a role, as far as one may see it.
fn going(visit: &Visit, name: &str) -> Result<Going, Fault> {
    let mut going = Going::new(name, name);
    Holder::new(Kind::Role, name).stripping(visit, &mut going)?;
    let profiles = instance_profiles::of_role(visit, name).unwrap_or_default();
    let profiles = profiles.into_iter().map(|p| p.instance_profile_name);
    let (own, others): (Vec<_>, Vec<_>) = profiles.partition(|profile| profile == name);
    going.says(
        &own,
        "instance profile is deleted",
        "instance profiles are deleted",
    );
    going.says(
        &others,
        "instance profile loses it and stays",
        "instance profiles lose it and stay",
    );
    going.also("its running sessions end at once");
    Ok(going)
}

/// Deletes a role with all that hangs on it.
async fn delete_one(visit: &Visit, name: &str) -> Result<(), Fault> {
    instance_profiles::leave_all(visit, name).await?;
    Holder::new(Kind::Role, name).strip(visit).await?;
    let input = s::DeleteRoleInput {
        role_name: name.to_owned(),
    };
    visit.change::<DeleteRole>(input).await.map(drop)
}

/// `/iam/roles/NAME…`.
pub(crate) async fn one(visit: &Visit, name: &str, rest: &[&str]) -> Page {
    let holder = Holder::new(Kind::Role, name);
    if let Some(page) = holder.act(visit, rest).await {
        return page;
    }
    let path = holder.path();
    match rest {
        [] => {}
        ["trust"] => return trust(visit, &holder).await,
        ["revoke"] if visit.request.is_post() => return revoke::now(visit, &holder).await,
        ["end-sessions"] if visit.request.is_post() => {
            return revoke::end_all(visit, &holder).await;
        }
        ["end-session"] if visit.request.is_post() => {
            return revoke::end_one(visit, &holder).await;
        }
        ["boundary"] if visit.request.is_post() => {
            match visit.field("boundary") {
                "" => visit
                    .change::<DeleteRolePermissionsBoundary>(
                        s::DeleteRolePermissionsBoundaryInput {
                            role_name: name.to_owned(),
                        },
                    )
                    .await
                    .map(drop)?,
                arn => visit
                    .change::<PutRolePermissionsBoundary>(s::PutRolePermissionsBoundaryInput {
                        role_name: name.to_owned(),
                        permissions_boundary: arn.to_owned(),
                    })
                    .await
                    .map(drop)?,
            }
            return Ok(visit.done(&path, "The boundary is saved."));
        }
        ["settings"] if visit.request.is_post() => {
            let hours: i32 = visit.field("hours").parse().unwrap_or(1);
            visit
                .change::<UpdateRole>(s::UpdateRoleInput {
                    role_name: name.to_owned(),
                    description: Some(visit.field("description").to_owned()),
                    max_session_duration: Some(hours.saturating_mul(3600)),
                })
                .await?;
            return Ok(visit.done(&path, "The role is saved."));
        }
        ["edit"] => return settings(visit, &holder),
        _ => return Err(crate::not_found()),
    }
    let role = visit
        .read::<GetRole>(s::GetRoleInput {
            role_name: name.to_owned(),
        })?
        .role;
    let tab = match visit.query("tab") {
        known @ ("trust" | "tags" | "revoke" | "last-accessed") => known,
        _ => "permissions",
    };
    let body = match tab {
        "trust" => {
            let text = decoded(role.assume_role_policy_document.as_deref().unwrap_or(""));
            html! {
                div.head { h2 { "Trusted entities" } a.button href={ (visit.at(&path)) "/trust" } { "Edit trust policy" } }
                p.hint { "Who may take on this role, and under which conditions." }
                (document(&text))
            }
        }
        "tags" => holder.tags(visit)?,
        "last-accessed" => last_accessed::tab(visit, &role.arn).await,
        "revoke" => revoke::tab(visit, &holder, &role),
        _ => {
            html! { (holder.permissions(visit)?) (users::boundary(visit, &path, role.permissions_boundary.as_ref())) }
        }
    };
    let main = html! {
        (head(&role.role_name, role.description.as_deref().unwrap_or(""), html! {
            a.button href={ (visit.at(&path)) "/edit" } { "Edit" }
            form method="post" action=(visit.at("/iam/roles")) { (csrf(visit)) input type="hidden" name="name" value=(role.role_name); button.danger type="submit" { "Delete" } }
        }))
        (facts(visit, &role))
        (tabs(&visit.at(&path), &[("permissions", "Permissions"), ("trust", "Trust relationships"), ("tags", "Tags"), last_accessed::TAB, ("revoke", "Revoke sessions")], tab))
        (body)
    };
    Ok(show(visit, Service::Iam, &role.role_name, main))
}

fn facts(visit: &Visit, role: &s::Role) -> Markup {
    let path = role.path.trim_start_matches('/');
    let link = format!(
        "{}/switchrole?roleName={}&account={}",
        visit.world.settings.public_url,
        encode(&format!("{path}{}", role.role_name)),
        visit.account()
    );
    let used = role
        .role_last_used
        .as_ref()
        .and_then(|used| used.last_used_date);
    html! {
        section.panel { h2 { "Summary" } dl.facts {
            dt { "ARN" } dd { (copy(&role.arn)) }
            dt { "Link to switch roles in console" } dd { (copy(&link)) }
            @for profile in instance_profiles::of_role(visit, &role.role_name).unwrap_or_default() { dt { "Instance profile ARN" } dd { (copy(&profile.arn)) } }
            dt { "Created" } dd { (when(role.create_date.0)) }
            dt { "Last activity" } dd { @if let Some(at) = used { (when(at.0)) } @else { "–" } }
            dt { "Maximum session duration" } dd { (role.max_session_duration.unwrap_or(3600) / 3600) " h" }
            dt { "Unique ID" } dd { (copy(&role.role_id)) }
        } }
    }
}

fn settings(visit: &Visit, holder: &Holder) -> Page {
    let role = visit
        .read::<GetRole>(s::GetRoleInput {
            role_name: holder.name.clone(),
        })?
        .role;
    let hours = role.max_session_duration.unwrap_or(3600) / 3600;
    let main = html! {
        div.narrow {
            (head(&format!("Edit {}", holder.name), "", html! {}))
            form.panel method="post" action={ (visit.at(&holder.path())) "/settings" } {
                (csrf(visit))
                (text("Role description", "description", role.description.as_deref().unwrap_or(""), "", ""))
                (field("Maximum session duration", "hours", html! { select id="hours" name="hours" { @for n in 1..=12 { option value=(n) selected[n == hours] { (n) " h" } } } }, "", ""))
                div.actions { a.button href=(visit.at(&holder.path())) { "Cancel" } button.primary type="submit" { "Save changes" } }
            }
        }
    };
    Ok(show(visit, Service::Iam, "Edit role", main))
}

async fn trust(visit: &Visit, holder: &Holder) -> Page {
    let back = format!("{}?tab=trust", holder.path());
    let mut fault = None;
    let document = if visit.request.is_post() {
        let document = visit.form.get("document").replace("\r\n", "\n");
        let input = s::UpdateAssumeRolePolicyInput {
            role_name: holder.name.clone(),
            policy_document: document.clone(),
        };
        match visit.change::<UpdateAssumeRolePolicy>(input).await {
            Ok(_) => return Ok(visit.done(&back, "The trust policy is saved.")),
            Err(error) => fault = Some(error),
        }
        document
    } else {
        let role = visit
            .read::<GetRole>(s::GetRoleInput {
                role_name: holder.name.clone(),
            })?
            .role;
        pretty(&decoded(
            role.assume_role_policy_document.as_deref().unwrap_or(""),
        ))
    };
    let main = html! {
        (head(&format!("Edit trust policy of {}", holder.name), "", html! {}))
        @if let Some(fault) = &fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            (editor::fields(visit, "trust", &document))
            div.actions { a.button href=(visit.at(&back)) { "Cancel" } button.primary type="submit" data-review { "Update policy" } }
        }
    };
    Ok(show(visit, Service::Iam, "Edit trust policy", main))
}
