//! The home page: where one is, as whom, and where to go.

use maud::{Markup, html};

use crate::{
    history::Remembered,
    layout::{Service, show},
    parts::{copy, csrf},
    visit::{Page, Visit},
};

/// Roles that the page leads back to.
const ROLES_SHOWN: usize = 5;
/// What people come for.
const WANTED: [(&str, &str); 6] = [
    ("/access/delegate", "Let somebody of another account in"),
    ("/access", "Find out why something is denied"),
    ("/access/map", "See who gets into which role"),
    ("/iam/users/create", "Create a user"),
    ("/iam/policies/create", "Write a policy"),
    ("/s3/-/create", "Create a bucket"),
];

/// A button that switches to a role of the history.
fn again(visit: &Visit, role: &Remembered) -> Markup {
    html! {
        form method="post" action=(visit.at("/switchrole")) {
            (csrf(visit))
            input type="hidden" name="account" value=(role.account);
            input type="hidden" name="roleName" value=(role.role);
            input type="hidden" name="displayName" value=(role.display_name);
            input type="hidden" name="color" value=(role.color);
            button.link type="submit" { span class={ "chip color-" (role.color) } aria-hidden="true" {} (role.display_name) }
            " " span.about { (role.role) " @ " (role.account) }
        }
    }
}

/// `/console/SLOT/`.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn page(visit: &Visit) -> Page {
    let snapshot = visit.world.directory.published();
    let account = snapshot.account(&visit.account());
    let name = account.map_or("", |node| node.account.name.as_str());
    let alias = account.and_then(|node| node.account.alias.as_deref());
    let id = visit.account();
    let link = format!(
        "{}/signin/{}",
        visit.world.settings.public_url,
        alias.unwrap_or(id.as_str())
    );
    let history = visit.history().list();
    let main = html! {
        h1 { "Console Home" }
        div.cards.home {
            section.card {
                h2 { "You are" }
                dl.facts {
                    @if let Some(role) = visit.role() {
                        dt { "Role" } dd { span class={ "chip color-" (role.color) } aria-hidden="true" {} (role.role) }
                        dt { "In account" } dd { (name) " " (copy(role.account.as_str())) }
                        dt { "Signed in as" } dd { (visit.sign_in.name) " @ " (visit.sign_in.account) }
                    } @else {
                        dt { (visit.sign_in.kind()) }
                        dd { @if visit.sign_in.is_root() { (name) } @else { (visit.sign_in.name) } }
                        dt { "Account" } dd { (name) " " (copy(visit.sign_in.account.as_str())) }
                    }
                    dt { "Sign-in page of its users" } dd { (copy(&link)) }
                }
            }
            section.card {
                h2 { "Services" }
                ul.plain {
                    li { a href=(visit.at("/iam")) { "IAM" } " – users, groups, roles, policies" }
                    li { a href=(visit.at("/organizations")) { "AWS Organizations" } " – accounts, units, control policies" }
                    li { a href=(visit.at("/s3")) { "S3" } " – buckets and objects" }
                    li { a href=(visit.at("/access")) { "Access" } " – can somebody do something, and why" }
                }
            }
            section.card {
                h2 { "Roles" }
                @if history.is_empty() {
                    p { "With a role you work in another account without signing out and in again." }
                } @else {
                    ul.plain.recent { @for role in history.iter().take(ROLES_SHOWN) { li { (again(visit, role)) } } }
                    p { a href=(visit.at("/history")) { "Role history" } }
                }
                p { a href=(visit.at("/roles")) { "All roles you may switch to" } }
                p { a.button href=(visit.at("/switchrole")) { "Switch role" } }
            }
            section.card {
                h2 { "Often wanted" }
                ul.plain { @for (path, name) in WANTED { li { a href=(visit.at(path)) { (name) } } } }
            }
        }
    };
    Ok(show(visit, Service::Home, "Console Home", main))
}
