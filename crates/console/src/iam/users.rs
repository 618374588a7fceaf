//! Users: the list, and a user's page with permissions, groups, tags and security credentials.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    groups::ListGroupsForUser,
    login_profiles::{CreateLoginProfile, DeleteLoginProfile, GetLoginProfile, UpdateLoginProfile},
    user_tags::{DeleteUserPermissionsBoundary, PutUserPermissionsBoundary},
    users::{DeleteUser, GetUser, ListUsers},
};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, PER_PAGE,
    access_keys::{self, Owner},
    deletion::{self, Going, deleted, ticked},
    found, groups,
    holder::{Holder, Kind},
    last_accessed, mfa, other_credentials, policies, revoke, sliced,
};
use crate::{
    layout::{Service, show},
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{copy, csrf, head, nothing, tabs, when},
    visit::{Page, Visit, all_pages},
};

const WORDS: (&str, &str) = ("user", "users");

/// All users of the account.
pub(crate) fn every(visit: &Visit) -> Result<Vec<s::User>, Fault> {
    all_pages::<ListUsers, _>(
        visit,
        MOST,
        |marker| s::ListUsersInput {
            marker,
            max_items: Some(PAGE_ITEMS),
            ..Default::default()
        },
        |out| (out.users, out.marker),
    )
}

fn groups_of(visit: &Visit, name: &str) -> Result<Vec<s::Group>, Fault> {
    all_pages::<ListGroupsForUser, _>(
        visit,
        MOST,
        |marker| s::ListGroupsForUserInput {
            user_name: name.to_owned(),
            marker,
            max_items: Some(PAGE_ITEMS),
        },
        |out| (out.groups, out.marker),
    )
}

/// Whether the user has a password; none: the caller may not know.
fn login_of(visit: &Visit, name: &str) -> Option<Option<s::LoginProfile>> {
    match visit.read::<GetLoginProfile>(s::GetLoginProfileInput {
        user_name: Some(name.to_owned()),
    }) {
        Ok(out) => Some(Some(out.login_profile)),
        Err(fault) if fault.code == "NoSuchEntity" => Some(None),
        Err(_) => None,
    }
}

/// `/iam/users`.
pub(crate) async fn list(visit: &Visit) -> Page {
    if visit.request.is_post() {
        return delete(visit).await;
    }
    let q = visit.query("q");
    let mut users: Vec<_> = every(visit)?
        .into_iter()
        .filter(|u| found(q, &[&u.user_name]))
        .collect();
    let order = Order::of(visit);
    order.by("name", &mut users, |u| u.user_name.to_lowercase());
    order.by("path", &mut users, |u| u.path.clone());
    order.by("used", &mut users, |u| u.password_last_used.map(|at| at.0));
    order.by("created", &mut users, |u| u.create_date.0);
    let page = page_number(visit);
    let main = html! {
        (head("Users", "An IAM user is a person or a program with credentials of its own.", html! { @if !users.is_empty() { (delete_button()) } a.button.primary href=(visit.at("/iam/users/create")) { "Create user" } }))
        (search(visit, "Find users", &[]))
        form #(FORM) method="post" autocomplete="off" {
            (csrf(visit))
            @if users.is_empty() { (nothing("No users.")) } @else {
                table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } (order.heading("name", "User name")) (order.heading("path", "Path")) (order.heading("used", "Password last used")) (order.heading("created", "Created")) } }
                    tbody {
                        @for user in sliced(&users, page) {
                            tr {
                                td.tick { input type="checkbox" name="name" value=(user.user_name) aria-label={ "Select " (user.user_name) }; }
                                td { a href=(visit.at(&Holder::new(Kind::User, &user.user_name).path())) { (user.user_name) } }
                                td { (user.path) }
                                td { @if let Some(at) = user.password_last_used { (when(at.0)) } @else { "–" } }
                                td { (when(user.create_date.0)) }
                            }
                        }
                    }
                }
            }
        }
        (pager(visit, page, PER_PAGE, users.len()))
    };
    Ok(show(visit, Service::Iam, "Users", main))
}

async fn delete(visit: &Visit) -> Page {
    let names = ticked(visit);
    if names.is_empty() {
        return Ok(visit.done("/iam/users", "Nothing was selected."));
    }
    let word = deletion::word(&names);
    if visit.field("confirm") != word {
        let all = names.iter().map(|name| going(visit, name));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let service = Service::Iam;
        return Ok(deletion::confirm(
            visit,
            service,
            "user",
            &all,
            &word,
            "/iam/users",
        ));
    }
    for (n, name) in names.iter().enumerate() {
        if let Err(fault) = delete_one(visit, name).await {
            return Ok(deleted(visit, "/iam/users", WORDS, n, Some((name, fault))));
        }
    }
    Ok(deleted(visit, "/iam/users", WORDS, names.len(), None))
}

/// What goes with a user, as far as one may see it.
fn going(visit: &Visit, name: &str) -> Result<Going, Fault> {
    let mut going = Going::new(name, name);
    Holder::new(Kind::User, name).stripping(visit, &mut going)?;
    let groups = groups_of(visit, name)?.into_iter();
    let groups: Vec<String> = groups.map(|group| group.group_name).collect();
    going.says(&groups, "user group is left", "user groups are left");
    let keys = access_keys::all(visit, Owner(Some(name)))?.into_iter();
    let keys: Vec<String> = keys.filter_map(|key| key.access_key_id).collect();
    going.says(&keys, "access key is deleted", "access keys are deleted");
    let devices = mfa::serials(visit, name)?;
    going.says(&devices, "MFA device is removed", "MFA devices are removed");
    other_credentials::going(visit, name, &mut going);
    if matches!(login_of(visit, name), Some(Some(_))) {
        going.also("the console password is deleted");
    }
    Ok(going)
}

/// Deletes a user with all that hangs on it, in the order that IAM asks for.
async fn delete_one(visit: &Visit, name: &str) -> Result<(), Fault> {
    for group in groups_of(visit, name)? {
        groups::remove_user(visit, &group.group_name, name).await?;
    }
    mfa::deactivate_all(visit, name).await?;
    let owner = Owner(Some(name));
    for key in access_keys::all(visit, owner)? {
        access_keys::delete(visit, owner, key.access_key_id.unwrap_or_default()).await?;
    }
    other_credentials::delete_all(visit, name).await?;
    if matches!(login_of(visit, name), Some(Some(_))) {
        visit
            .change::<DeleteLoginProfile>(s::DeleteLoginProfileInput {
                user_name: Some(name.to_owned()),
            })
            .await?;
    }
    Holder::new(Kind::User, name).strip(visit).await?;
    let user = visit
        .read::<GetUser>(s::GetUserInput {
            user_name: Some(name.to_owned()),
        })?
        .user;
    if user.permissions_boundary.is_some() {
        visit
            .change::<DeleteUserPermissionsBoundary>(s::DeleteUserPermissionsBoundaryInput {
                user_name: name.to_owned(),
            })
            .await?;
    }
    visit
        .change::<DeleteUser>(s::DeleteUserInput {
            user_name: name.to_owned(),
        })
        .await
        .map(drop)
}

/// `/iam/credentials`: the person's own page.
pub(crate) async fn own(visit: &Visit) -> Page {
    let name = visit.sign_in.name.clone();
    if visit.sign_in.is_root() {
        return mfa::root(visit);
    }
    if visit.sign_in.federated.is_some() {
        return Err(crate::not_found());
    }
    one_at(visit, &name, &[], Some("credentials")).await
}

/// What the root user asks of its own credentials; a user's go by its name.
pub(crate) async fn own_action(visit: &Visit, action: &str) -> Page {
    if !visit.sign_in.is_root() {
        return Err(crate::not_found());
    }
    if let Some(page) = access_keys::act(visit, Owner(None), action).await {
        return page;
    }
    match other_credentials::act(visit, Owner(None), action).await {
        Some(page) => page,
        None => Err(crate::not_found()),
    }
}

/// `/iam/users/NAME…`.
pub(crate) async fn one(visit: &Visit, name: &str, rest: &[&str]) -> Page {
    one_at(visit, name, rest, None).await
}

async fn one_at(visit: &Visit, name: &str, rest: &[&str], tab: Option<&str>) -> Page {
    let holder = Holder::new(Kind::User, name);
    if let Some(page) = holder.act(visit, rest).await {
        return page;
    }
    match rest {
        [] => {}
        ["mfa", rest @ ..] => return mfa::page(visit, Some(name), rest).await,
        [action] if visit.request.is_post() => return act(visit, &holder, action).await,
        _ => return Err(crate::not_found()),
    }
    let user = visit
        .read::<GetUser>(s::GetUserInput {
            user_name: Some(name.to_owned()),
        })?
        .user;
    let tab = match tab.unwrap_or(visit.query("tab")) {
        known @ ("groups" | "tags" | "credentials" | "last-accessed") => known,
        _ => "permissions",
    };
    let body = match tab {
        "groups" => groups_tab(visit, &holder)?,
        "tags" => holder.tags(visit)?,
        "credentials" => {
            html! { (credentials_tab(visit, &holder)) (revoke::ending(visit, &holder, &user.arn, &user.user_id)) }
        }
        "last-accessed" => last_accessed::tab(visit, &user.arn).await,
        _ => {
            html! { (holder.permissions(visit)?) (boundary(visit, &holder.path(), user.permissions_boundary.as_ref())) }
        }
    };
    let main = html! {
        (head(name, "User", html! {
            form method="post" action=(visit.at("/iam/users")) { (csrf(visit)) input type="hidden" name="name" value=(name); button.danger type="submit" { "Delete" } }
        }))
        section.panel { dl.facts {
            dt { "ARN" } dd { (copy(&user.arn)) }
            dt { "Unique ID" } dd { (copy(&user.user_id)) }
            dt { "Created" } dd { (when(user.create_date.0)) }
            dt { "Last console sign-in" } dd { @if let Some(at) = user.password_last_used { (when(at.0)) } @else { "–" } }
        } }
        (tabs(&visit.at(&holder.path()), &[("permissions", "Permissions"), ("groups", "Groups"), ("tags", "Tags"), ("credentials", "Security credentials"), last_accessed::TAB], tab))
        (body)
    };
    Ok(show(visit, Service::Iam, name, main))
}

/// The permissions boundary of a user or role, and setting it.
pub(crate) fn boundary(
    visit: &Visit,
    path: &str,
    now: Option<&s::AttachedPermissionsBoundary>,
) -> Markup {
    let arn = now.and_then(|b| b.permissions_boundary_arn.as_deref());
    html! {
        section.panel {
            h2 { "Permissions boundary" @if arn.is_none() { " (not set)" } }
            p.hint { "The most that this identity's own policies can allow. It allows nothing by itself." }
            @if let Some(arn) = arn { p { a href=(visit.at(&policies::path(arn))) { (arn) } } }
            form method="post" action={ (visit.at(path)) "/boundary" } {
                (csrf(visit))
                (crate::parts::field("Policy ARN", "boundary", html! {
                    input type="text" id="boundary" name="boundary" value=(arn.unwrap_or("")) list="boundaries" autocomplete="off" spellcheck="false";
                    datalist id="boundaries" { @for known in policies::suggested(visit) { option value=(known) {} } }
                }, "A managed policy; empty: no boundary", ""))
                button type="submit" { "Save boundary" }
            }
        }
    }
}

fn groups_tab(visit: &Visit, holder: &Holder) -> Result<Markup, Fault> {
    let groups = groups_of(visit, &holder.name)?;
    let path = visit.at(&holder.path());
    let all = groups::every(visit).unwrap_or_default();
    Ok(html! {
        h2 { "User groups membership (" (groups.len()) ")" }
        @if groups.is_empty() { (nothing("In no group.")) } @else {
            table { thead { tr { th { "Group name" } th { "Actions" } } } tbody { @for group in &groups { tr {
                td { a href=(visit.at(&Holder::new(Kind::Group, &group.group_name).path())) { (group.group_name) } }
                td.row-actions { form method="post" action={ (path) "/leave" } { (csrf(visit)) input type="hidden" name="group" value=(group.group_name); button type="submit" { "Remove" } } }
            } } } }
        }
        form.panel method="post" action={ (path) "/join" } {
            (csrf(visit))
            (crate::parts::field("Add user to groups", "group", html! {
                select id="group" name="group" { @for group in &all { @if !groups.iter().any(|g| g.group_id == group.group_id) { option { (group.group_name) } } } }
            }, "", ""))
            button type="submit" { "Add user to group" }
        }
    })
}

fn credentials_tab(visit: &Visit, holder: &Holder) -> Markup {
    let name = &holder.name;
    let path = visit.at(&holder.path());
    let owner = Owner(Some(name));
    let login = login_of(visit, name);
    html! {
        (mfa::panel(visit, Some(name)))
        section.panel {
            h2 { "Console sign-in" }
            p { @match &login {
                None => "You may not see whether this user has a console password.",
                Some(None) => "Console access is disabled: the user has no password.",
                Some(Some(_)) => "Console access is enabled.",
            } }
            form method="post" action={ (path) "/password" } {
                (csrf(visit))
                (crate::parts::field("New console password", "password", html! { input type="password" id="password" name="password" autocomplete="new-password"; }, "", ""))
                label.check { input type="checkbox" name="reset" value="1"; "User must create a new password at next sign-in" }
                div.actions {
                    button type="submit" { @if matches!(login, Some(Some(_))) { "Set password" } @else { "Enable console access" } }
                    @if matches!(login, Some(Some(_))) { button.danger type="submit" name="remove" value="1" { "Disable console access" } }
                }
            }
        }
        (access_keys::panel(visit, owner))
        (other_credentials::panels(visit, owner))
    }
}

async fn act(visit: &Visit, holder: &Holder, action: &str) -> Page {
    let name = holder.name.clone();
    let path = holder.path();
    let owner = Owner(Some(&name));
    if let Some(page) = access_keys::act(visit, owner, action).await {
        return page;
    }
    if let Some(page) = other_credentials::act(visit, owner, action).await {
        return page;
    }
    match action {
        "end-sessions" => revoke::end_all(visit, holder).await,
        "end-session" => revoke::end_one(visit, holder).await,
        "join" => {
            let group = visit.field("group").to_owned();
            groups::add_user(visit, &group, &name).await?;
            Ok(visit.done(
                &format!("{path}?tab=groups"),
                format!("{name} is in {group}."),
            ))
        }
        "leave" => {
            let group = visit.field("group").to_owned();
            groups::remove_user(visit, &group, &name).await?;
            Ok(visit.done(
                &format!("{path}?tab=groups"),
                format!("{name} has left {group}."),
            ))
        }
        "boundary" => {
            match visit.field("boundary") {
                "" => visit
                    .change::<DeleteUserPermissionsBoundary>(
                        s::DeleteUserPermissionsBoundaryInput { user_name: name },
                    )
                    .await
                    .map(drop)?,
                arn => visit
                    .change::<PutUserPermissionsBoundary>(s::PutUserPermissionsBoundaryInput {
                        user_name: name,
                        permissions_boundary: arn.to_owned(),
                    })
                    .await
                    .map(drop)?,
            }
            Ok(visit.done(&path, "The boundary is saved."))
        }
        "password" => password(visit, &name, &owner.back()).await,
        _ => Err(crate::not_found()),
    }
}

async fn password(visit: &Visit, name: &str, back: &str) -> Page {
    if visit.form.ticked("remove") {
        visit
            .change::<DeleteLoginProfile>(s::DeleteLoginProfileInput {
                user_name: Some(name.to_owned()),
            })
            .await?;
        return Ok(visit.done(back, "Console access is disabled."));
    }
    let password = Some(visit.form.get("password").to_owned());
    let password_reset_required = Some(visit.form.ticked("reset"));
    if matches!(login_of(visit, name), Some(Some(_))) {
        visit
            .change::<UpdateLoginProfile>(s::UpdateLoginProfileInput {
                user_name: name.to_owned(),
                password,
                password_reset_required,
            })
            .await?;
    } else {
        visit
            .change::<CreateLoginProfile>(s::CreateLoginProfileInput {
                user_name: Some(name.to_owned()),
                password,
                password_reset_required,
            })
            .await?;
    }
    Ok(visit.done(back, "The password is set."))
}
