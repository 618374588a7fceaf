//! Every role of every account that the person may switch to, computed from both sides.
//!
//! [`Doors`] puts the very question of AssumeRole, so that this list and the switch always agree. What is greyed says what is
//! missing: a sign-in with MFA, the external id that the role's owner has given, or both.

use std::sync::Arc;

use maud::{Markup, html};
use twinlock_directory::{AccountNode, DeviceOwner, Role, Snapshot};
use twinlock_identity::sts::doors::{Door, Doors};

use crate::{
    http::encode,
    layout::{Service, show},
    parts::{csrf, head, nothing, search},
    switch_role::{ROLE_CHARS_MAX, session_name},
    visit::{Page, Visit},
};

/// Roles on one page; the search finds the others.
const ROLES_MAX: usize = 500;
/// Roles that are asked about for one page: whoever trusts one in ten thousand roles makes none of its pages slow.
const ASKED_MAX: usize = 2000;

/// A role of any account, and what stands between.
struct Way<'s> {
    node: &'s AccountNode,
    role: &'s Role,
    door: Door,
}

/// `/roles`.
pub(crate) fn page(visit: &Visit) -> Page {
    let own = visit.own_caller()?;
    let snapshot = visit.world.directory.published();
    let doors = Doors::of(
        visit.world.standing_of(&own, &snapshot)?,
        session_name(&own, &visit.sign_in.name),
    );
    let device = has_device(visit, &snapshot);
    let q = visit.query("q").to_lowercase();
    let mut ways = Vec::new();
    let (mut more, mut asked, mut unasked) = (0, 0, 0);
    for node in snapshot.accounts() {
        let account = &node.account;
        let of_account = |text: &str| text.to_lowercase().contains(&q);
        let found = of_account(&account.name)
            || of_account(account.id.as_str())
            || account.alias.as_deref().is_some_and(of_account);
        for role in node.roles.values() {
            if !found && !of_account(&role.name) {
                continue;
            }
            if !doors.concerns(role) {
                continue;
            }
            if asked == ASKED_MAX {
                unasked += 1;
                continue;
            }
            asked += 1;
            let Some(door) = doors.to(role) else { continue };
            if ways.len() < ROLES_MAX {
                ways.push(Way { node, role, door });
            } else {
                more += 1;
            }
        }
    }
    let main = html! {
        (head("Roles you may switch to", "Of all accounts of this server, computed from both sides: what you are allowed, and whom each role trusts.", html! { a.button href=(visit.at("/access/delegate")) { "Delegate access" } }))
        (search("Find roles and accounts", visit.query("q")))
        @if ways.is_empty() {
            (nothing(if visit.sign_in.is_root() { "Root users cannot switch roles. Sign in as an IAM user." } else if q.is_empty() { "There is no role that you may switch to: a policy of yours must allow sts:AssumeRole on it, and the role must trust you or your account." } else { "No role that you may switch to is called so." }))
        } @else {
            table {
                thead { tr { th { "Account" } th { "Role" } th { "Switch" } } }
                tbody { @for way in &ways { (row(visit, way, device)) } }
            }
        }
        @if more > 0 { p.hint { "And " (more) " more: the search finds them." } }
        @if unasked > 0 { p.hint { "Not asked about were " (unasked) " further roles, too many for one page: the search finds those that are open." } }
    };
    Ok(show(visit, Service::Home, "Roles you may switch to", main))
}

/// Whether the person has an MFA device to sign in again with.
fn has_device(visit: &Visit, snapshot: &Snapshot) -> bool {
    let Some(id) = visit.sign_in.user_id.clone() else {
        return false;
    };
    let node = snapshot.account(&visit.sign_in.account);
    node.is_some_and(|node| node.devices_of(&DeviceOwner::User(id)).next().is_some())
}

fn row(visit: &Visit, way: &Way<'_>, device: bool) -> Markup {
    let (account, role, door) = (&way.node.account, way.role, way.door);
    // As the form takes it: the path without its first slash, then the name.
    let full = format!("{}{}", role.path.trim_start_matches('/'), role.name);
    html! {
        tr.shut[door != Door::OPEN] {
            td { strong { (account.name) } div.about { (account.id) } }
            td { (role.name) @if role.path != "/" { div.about { "Path " (role.path) } } @if let Some(text) = &role.description { div.about { (text) } } }
            td.row-actions {
                @if full.chars().count() > ROLE_CHARS_MAX {
                    "By the API and the CLI only: its path and name have more than " (ROLE_CHARS_MAX) " characters."
                } @else if door.mfa {
                    (needs_mfa(visit, account.id.as_str(), &full, door, device))
                } @else {
                    @if door.external_id { div.about { "Needs the external ID that the role's owner has given you." } }
                    form method="post" action=(visit.at("/switchrole")) {
                        (csrf(visit))
                        input type="hidden" name="account" value=(account.id);
                        input type="hidden" name="roleName" value=(full);
                        input type="hidden" name="displayName" value={ (role.name) " @ " (account.name) };
                        @if door.external_id {
                            input type="text" name="externalId" placeholder="External ID" aria-label={ "External ID for " (role.name) } required;
                        }
                        button type="submit" { "Switch Role" }
                    }
                }
            }
        }
    }
}

/// That MFA is missing, and the next step towards it.
fn needs_mfa(visit: &Visit, account: &str, role: &str, door: Door, device: bool) -> Markup {
    html! {
        @if door.external_id { "Needs MFA and an external ID. " } @else { "Needs MFA. " }
        @if device {
            a href=(again_with_mfa(visit, account, role, door)) { "Sign in again with MFA" }
        } @else if visit.sign_in.role.is_some() {
            "You have no MFA device yet: switch back to assign one."
        } @else {
            "You have no MFA device yet. "
            a href=(visit.at("/iam/credentials")) { "Assign MFA device" }
        }
    }
}

/// What the person would have to bring to a role that it could not switch to, as the list says it; none: nothing would help.
/// `with_id`: an external id was sent, and is not the one.
pub(crate) fn missing(
    visit: &Visit,
    snapshot: &Arc<Snapshot>,
    role: &Role,
    with_id: bool,
) -> Option<Markup> {
    let own = visit.own_caller().ok()?;
    let standing = visit.world.standing_of(&own, snapshot).ok()?;
    let door = Doors::of(standing, session_name(&own, &visit.sign_in.name)).to(role)?;
    let full = format!("{}{}", role.path.trim_start_matches('/'), role.name);
    if door.mfa {
        let (account, device) = (role.account, has_device(visit, snapshot));
        return Some(needs_mfa(visit, account.as_str(), &full, door, device));
    }
    let list = visit.at(&format!("/roles?q={}", encode(&role.name)));
    door.external_id.then(|| {
        html! {
            @if with_id { "This external ID is not the one that the role's owner has given you. " a href=(list) { "Try another external ID" } }
            @else { "Needs the external ID that the role's owner has given you. " a href=(list) { "Switch with an external ID" } }
        }
    })
}

/// The sign-in page, which leads on to the filled form, or back to this list where an external id is asked for as well.
fn again_with_mfa(visit: &Visit, account: &str, role: &str, door: Door) -> String {
    let next = if door.external_id {
        format!(
            "/roles?q={}",
            encode(role.rsplit('/').next().unwrap_or(role))
        )
    } else {
        format!("/switchrole?account={account}&roleName={}", encode(role))
    };
    format!(
        "/signin?account={}&user={}&next={}",
        visit.sign_in.account,
        encode(&visit.sign_in.name),
        encode(&next)
    )
}
