//! The root or an organizational unit: what is in it, its policies and tags; making, renaming and deleting units.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::organizations::units::{
    CreateOrganizationalUnit, DeleteOrganizationalUnit, UpdateOrganizationalUnit,
};
use twinlock_shapes::organizations as s;

use super::{
    common::{
        Question, account_path, accounts_in, is_root, root, shown, status, unit, unit_path,
        units_in,
    },
    targets::Target,
};
use crate::{
    parts::{copy, csrf, head, nothing, tabs, text},
    visit::{Page, Visit},
};

/// `/organizations/units/ID…`, also for the root.
pub(super) async fn one(visit: &Visit, id: &str, rest: &[&str]) -> Page {
    let path = unit_path(id);
    let target = Target { id, path: &path };
    if let Some(page) = target.act(visit, rest).await {
        return page;
    }
    match rest {
        [] => page(visit, &target),
        ["create"] if visit.request.is_post() => create(visit, id).await,
        ["rename"] if visit.request.is_post() => rename(visit, id, &path).await,
        ["delete"] if visit.request.is_post() => delete(visit, id, &path).await,
        _ => Err(crate::not_found()),
    }
}

fn page(visit: &Visit, target: &Target<'_>) -> Page {
    let id = target.id;
    let (name, arn) = if is_root(id) {
        ("Root".to_owned(), root(visit)?.arn)
    } else {
        let unit = unit(visit, id)?;
        (unit.name.unwrap_or_default(), unit.arn)
    };
    let tab = match visit.query("tab") {
        known @ ("policies" | "tags") => known,
        _ => "children",
    };
    let body = match tab {
        "policies" => target.policies(visit),
        "tags" => target.tags(visit),
        _ => children(visit, target)?,
    };
    let at = visit.at(target.path);
    let main = html! {
        (target.crumbs(visit))
        (head(&name, if is_root(id) { "The root of the organization" } else { "Organizational unit" }, html! {
            @if !is_root(id) { form method="post" action={ (at) "/delete" } { (csrf(visit)) button.danger type="submit" { "Delete" } } }
        }))
        section.panel { dl.facts {
            dt { "ID" } dd { (copy(id)) }
            dt { "ARN" } dd { (copy(arn.as_deref().unwrap_or(""))) }
        }
            @if !is_root(id) {
                details.edit { summary { "Rename" } form method="post" action={ (at) "/rename" } {
                    (csrf(visit)) (text("Organizational unit name", "unitName", &name, "", "")) button type="submit" { "Save changes" }
                } }
            }
        }
        (tabs(&at, &[("children", "Children"), ("policies", "Policies"), ("tags", "Tags")], tab))
        (body)
    };
    Ok(shown(visit, &name, main))
}

fn children(visit: &Visit, target: &Target<'_>) -> Result<Markup, Fault> {
    let units = units_in(visit, target.id)?;
    let accounts = accounts_in(visit, target.id)?;
    Ok(html! {
        h2 { "Organizational units (" (units.len()) ")" }
        @if units.is_empty() { (nothing("No organizational unit.")) } @else {
            table { thead { tr { th { "Name" } th { "ID" } } } tbody { @for unit in &units {
                @let id = unit.id.as_deref().unwrap_or("");
                tr { td { a href=(visit.at(&unit_path(id))) { (unit.name.as_deref().unwrap_or("")) } } td { (copy(id)) } }
            } } }
        }
        form.panel method="post" action={ (visit.at(target.path)) "/create" } {
            (csrf(visit))
            (text("New organizational unit", "unitName", "", "Its name, up to 128 characters", ""))
            button type="submit" { "Create organizational unit" }
        }
        h2 { "Accounts (" (accounts.len()) ")" }
        @if accounts.is_empty() { (nothing("No account.")) } @else {
            table { thead { tr { th { "Account name" } th { "Account ID" } th { "Email" } th { "Status" } } } tbody { @for account in &accounts {
                @let id = account.id.as_deref().unwrap_or("");
                tr {
                    td { a href=(visit.at(&account_path(id))) { (account.name.as_deref().unwrap_or("")) } }
                    td { (copy(id)) }
                    td { (account.email.as_deref().unwrap_or("")) }
                    td { (status(account)) }
                }
            } } }
        }
    })
}

async fn create(visit: &Visit, parent: &str) -> Page {
    let name = visit.field("unitName").to_owned();
    let input = s::CreateOrganizationalUnitInput {
        parent_id: parent.to_owned(),
        name: name.clone(),
        tags: None,
    };
    visit.change::<CreateOrganizationalUnit>(input).await?;
    Ok(visit.done(
        &unit_path(parent),
        format!("The organizational unit {name} is created."),
    ))
}

async fn rename(visit: &Visit, id: &str, path: &str) -> Page {
    let name = visit.field("unitName").to_owned();
    let input = s::UpdateOrganizationalUnitInput {
        organizational_unit_id: id.to_owned(),
        name: Some(name.clone()),
    };
    visit.change::<UpdateOrganizationalUnit>(input).await?;
    Ok(visit.done(
        path,
        format!("The organizational unit is called {name} now."),
    ))
}

async fn delete(visit: &Visit, id: &str, path: &str) -> Page {
    let name = unit(visit, id)?.name.unwrap_or_default();
    let question = Question {
        title: "Delete organizational unit",
        word: &name,
        what: html! { p { "The organizational unit " strong { (name) } " is gone then. It must be empty." } },
        keeps: &[],
        action: &format!("{path}/delete"),
        back: path,
        button: "Delete",
    };
    if !question.answered(visit) {
        return Ok(question.ask(visit));
    }
    let input = s::DeleteOrganizationalUnitInput {
        organizational_unit_id: id.to_owned(),
    };
    visit.change::<DeleteOrganizationalUnit>(input).await?;
    Ok(visit.done(
        "/organizations",
        format!("The organizational unit {name} is deleted."),
    ))
}
