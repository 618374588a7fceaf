//! User groups: the list, creating one, and a group's page.

use std::collections::HashSet;

use http::Response;
use maud::html;
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::groups::{
    AddUserToGroup, CreateGroup, DeleteGroup, GetGroup, ListGroups, RemoveUserFromGroup,
};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, PER_PAGE,
    deletion::{self, Going, deleted, ticked},
    found,
    holder::{Holder, Kind, count},
    last_accessed,
    pick::{AGAIN, Shelf},
    policies, sliced,
    steps::Steps,
};
use crate::{
    http::encode,
    layout::{Service, show},
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{copy, csrf, head, nothing, problem, tabs, text, when},
    visit::{Page, Visit, all_pages},
};

const WORDS: (&str, &str) = ("user group", "user groups");

/// All groups of the account.
pub(crate) fn every(visit: &Visit) -> Result<Vec<s::Group>, Fault> {
    all_pages::<ListGroups, _>(
        visit,
        MOST,
        |marker| s::ListGroupsInput {
            marker,
            max_items: Some(PAGE_ITEMS),
            ..Default::default()
        },
        |out| (out.groups, out.marker),
    )
}

fn group_and_users(visit: &Visit, name: &str) -> Result<(s::Group, Vec<s::User>), Fault> {
    let mut group = None;
    let users = all_pages::<GetGroup, _>(
        visit,
        MOST,
        |marker| s::GetGroupInput {
            group_name: name.to_owned(),
            marker,
            max_items: Some(PAGE_ITEMS),
        },
        |out| {
            group.get_or_insert(out.group);
            (out.users, out.marker)
        },
    )?;
    Ok((group.ok_or_else(Fault::internal)?, users))
}

/// `/iam/groups`.
pub(crate) async fn list(visit: &Visit) -> Page {
    if visit.request.is_post() {
        return delete(visit).await;
    }
    let q = visit.query("q");
    let mut groups: Vec<_> = every(visit)?
        .into_iter()
        .filter(|g| found(q, &[&g.group_name]))
        .collect();
    let order = Order::of(visit);
    order.by("name", &mut groups, |g| g.group_name.to_lowercase());
    order.by("created", &mut groups, |g| g.create_date.0);
    let page = page_number(visit);
    let main = html! {
        (head("User groups", "A user group is a set of users. Its policies hold for each of them.", html! { @if !groups.is_empty() { (delete_button()) } a.button.primary href=(visit.at("/iam/groups/create")) { "Create group" } }))
        (search(visit, "Find user groups", &[]))
        form #(FORM) method="post" autocomplete="off" {
            (csrf(visit))
            @if groups.is_empty() { (nothing("No user groups.")) } @else {
                table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } (order.heading("name", "Group name")) (order.heading("created", "Created")) } }
                    tbody {
                        @for group in sliced(&groups, page) {
                            tr {
                                td.tick { input type="checkbox" name="name" value=(group.group_name) aria-label={ "Select " (group.group_name) }; }
                                td { a href=(visit.at(&Holder::new(Kind::Group, &group.group_name).path())) { (group.group_name) } }
                                td { (when(group.create_date.0)) }
                            }
                        }
                    }
                }
            }
        }
        (pager(visit, page, PER_PAGE, groups.len()))
    };
    Ok(show(visit, Service::Iam, "User groups", main))
}

async fn delete(visit: &Visit) -> Page {
    let names = ticked(visit);
    if names.is_empty() {
        return Ok(visit.done("/iam/groups", "Nothing was selected."));
    }
    let word = deletion::word(&names);
    if visit.field("confirm") != word {
        let all = names.iter().map(|name| going(visit, name));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let service = Service::Iam;
        return Ok(deletion::confirm(
            visit,
            service,
            "user group",
            &all,
            &word,
            "/iam/groups",
        ));
    }
    for (n, name) in names.iter().enumerate() {
        if let Err(fault) = delete_one(visit, name).await {
            return Ok(deleted(visit, "/iam/groups", WORDS, n, Some((name, fault))));
        }
    }
    Ok(deleted(visit, "/iam/groups", WORDS, names.len(), None))
}

/// What goes with a group.
fn going(visit: &Visit, name: &str) -> Result<Going, Fault> {
    let mut going = Going::new(name, name);
    let (_, users) = group_and_users(visit, name)?;
    let users: Vec<String> = users.into_iter().map(|user| user.user_name).collect();
    going.says(&users, "user leaves it", "users leave it");
    Holder::new(Kind::Group, name).stripping(visit, &mut going)?;
    Ok(going)
}

/// Deletes a group that nobody and nothing is left in.
async fn delete_one(visit: &Visit, name: &str) -> Result<(), Fault> {
    let (_, users) = group_and_users(visit, name)?;
    for user in users {
        remove_user(visit, name, &user.user_name).await?;
    }
    Holder::new(Kind::Group, name).strip(visit).await?;
    let input = s::DeleteGroupInput {
        group_name: name.to_owned(),
    };
    visit.change::<DeleteGroup>(input).await.map(drop)
}

/// `/iam/groups/create`.
pub(crate) async fn create(visit: &Visit) -> Page {
    if visit.request.is_post() && visit.field("go") != AGAIN {
        match create_now(visit).await {
            Ok(page) => return Ok(page),
            Err(fault) => return Ok(create_page(visit, Some(&fault))),
        }
    }
    Ok(create_page(visit, None))
}

async fn create_now(visit: &Visit) -> Page {
    let name = visit.field("groupName").to_owned();
    visit
        .change::<CreateGroup>(s::CreateGroupInput {
            group_name: name.clone(),
            path: None,
        })
        .await?;
    let holder = Holder::new(Kind::Group, &name);
    let mut steps = Steps::new(format!("The user group {name} is created"));
    for user in visit.form.all("user") {
        let result = add_user(visit, &name, user).await;
        steps.took(&format!("{user} as a member"), &result);
    }
    for arn in visit.form.all("policy") {
        let result = holder.attach(visit, arn).await;
        steps.took(&format!("the policy {}", policies::name_of(arn)), &result);
    }
    Ok(steps.finish(visit, "/iam/groups", &holder.path()))
}

fn create_page(visit: &Visit, fault: Option<&Fault>) -> Response<Body> {
    let chosen: Vec<&str> = visit.form.all("policy").collect();
    let members: Vec<&str> = visit.form.all("user").collect();
    // Whoever may not list them makes the group without.
    let users = Shelf::Users(None).picker(visit, &members, AGAIN).ok();
    let policies = Shelf::Policies(None).picker(visit, &chosen, AGAIN).ok();
    let main = html! {
        (head("Create user group", "", html! {}))
        @if let Some(fault) = fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            section.panel {
                h2 { "Name the group" }
                (text("User group name", "groupName", visit.field("groupName"), "Letters, digits and + = , . @ _ -, up to 128", ""))
            }
            @if let Some(users) = users { section.panel { h2 { "Add users to the group – Optional" } (users) } }
            @if let Some(policies) = policies { section.panel { h2 { "Attach permissions policies – Optional" } (policies) } }
            div.actions { a.button href=(visit.at("/iam/groups")) { "Cancel" } button.primary type="submit" { "Create user group" } }
        }
    };
    show(visit, Service::Iam, "Create user group", main)
}

/// `/iam/groups/NAME…`.
pub(crate) async fn one(visit: &Visit, name: &str, rest: &[&str]) -> Page {
    let holder = Holder::new(Kind::Group, name);
    if let Some(page) = holder.act(visit, rest).await {
        return page;
    }
    let path = holder.path();
    match rest {
        [] => {}
        ["add-users"] if visit.request.is_post() && visit.field("go") != AGAIN => {
            let users: Vec<&str> = visit.form.all("user").collect();
            for user in &users {
                add_user(visit, name, user).await?;
            }
            let text = format!("{} added.", count(users.len(), "user", "users"));
            return Ok(visit.done(&path, text));
        }
        ["add-users"] => return add_users_page(visit, name),
        ["remove-user"] if visit.request.is_post() => {
            let user = visit.field("user").to_owned();
            remove_user(visit, name, &user).await?;
            return Ok(visit.done(&path, format!("{user} has left the group.")));
        }
        _ => return Err(crate::not_found()),
    }
    let (group, users) = group_and_users(visit, name)?;
    let page = page_number(visit);
    let tab = match visit.query("tab") {
        known @ ("permissions" | "last-accessed") => known,
        _ => "users",
    };
    let body = match tab {
        "permissions" => holder.permissions(visit)?,
        "last-accessed" => last_accessed::tab(visit, &group.arn).await,
        _ => html! {
            div.head { h2 { "Users in this group (" (users.len()) ")" } a.button href={ (visit.at(&path)) "/add-users" } { "Add users" } }
            @if users.is_empty() { (nothing("Nobody is in this group.")) } @else {
                table {
                    thead { tr { th { "User name" } th { "Actions" } } }
                    tbody { @for user in sliced(&users, page) { tr {
                        td { a href=(visit.at(&format!("/iam/users/{}", encode(&user.user_name)))) { (user.user_name) } }
                        td.row-actions { form method="post" action={ (visit.at(&path)) "/remove-user" } { (csrf(visit)) input type="hidden" name="user" value=(user.user_name); button type="submit" { "Remove" } } }
                    } } }
                }
                (pager(visit, page, PER_PAGE, users.len()))
            }
        },
    };
    let main = html! {
        (head(&group.group_name, "User group", html! {
            form method="post" action=(visit.at("/iam/groups")) { (csrf(visit)) input type="hidden" name="name" value=(group.group_name); button.danger type="submit" { "Delete" } }
        }))
        section.panel { dl.facts {
            dt { "ARN" } dd { (copy(&group.arn)) }
            dt { "Created" } dd { (when(group.create_date.0)) }
        } }
        (tabs(&visit.at(&path), &[("users", "Users"), ("permissions", "Permissions"), last_accessed::TAB], tab))
        (body)
    };
    Ok(show(visit, Service::Iam, &group.group_name, main))
}

fn add_users_page(visit: &Visit, name: &str) -> Page {
    let chosen: Vec<&str> = visit.form.all("user").collect();
    let main = html! {
        (head(&format!("Add users to {name}"), "", html! {}))
        form.panel method="post" {
            (csrf(visit))
            (Shelf::Users(Some(name)).picker(visit, &chosen, AGAIN)?)
            div.actions { a.button href=(visit.at(&format!("/iam/groups/{}", encode(name)))) { "Cancel" } button.primary type="submit" { "Add users" } }
        }
    };
    Ok(show(visit, Service::Iam, "Add users to group", main))
}

/// The unique ids of a group's members.
pub(crate) fn members(visit: &Visit, name: &str) -> Result<HashSet<String>, Fault> {
    let (_, users) = group_and_users(visit, name)?;
    Ok(users.into_iter().map(|user| user.user_id).collect())
}

/// Puts a user into a group.
pub(crate) async fn add_user(visit: &Visit, group: &str, user: &str) -> Result<(), Fault> {
    let input = s::AddUserToGroupInput {
        group_name: group.to_owned(),
        user_name: user.to_owned(),
    };
    visit.change::<AddUserToGroup>(input).await.map(drop)
}

/// Takes a user out of a group.
pub(crate) async fn remove_user(visit: &Visit, group: &str, user: &str) -> Result<(), Fault> {
    let input = s::RemoveUserFromGroupInput {
        group_name: group.to_owned(),
        user_name: user.to_owned(),
    };
    visit.change::<RemoveUserFromGroup>(input).await.map(drop)
}
