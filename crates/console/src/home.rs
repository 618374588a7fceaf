//! The home page: where one is, as whom, and where to go.

use maud::html;

use crate::{
    layout::{Service, show},
    parts::copy,
    visit::{Page, Visit},
};

/// `/console/SLOT/`.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn page(visit: &Visit) -> Page {
    let snapshot = visit.world.directory.published();
    let account = snapshot.account(&visit.account());
    let name = account.map_or("", |node| node.account.name.as_str());
    let history = visit.history().list();
    let main = html! {
        h1 { "Console Home" }
        div.cards {
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
                    ul.plain { @for role in history.iter().take(5) { li { span class={ "chip color-" (role.color) } aria-hidden="true" {} (role.display_name) } } }
                    p { a href=(visit.at("/history")) { "Role history" } }
                }
                p { a href=(visit.at("/roles")) { "All roles you may switch to" } }
                p { a.button href=(visit.at("/switchrole")) { "Switch role" } }
            }
        }
    };
    Ok(show(visit, Service::Home, "Console Home", main))
}
