//! The frame of every page: the navigation bar, the side of a service, and the pages for those who are not signed in.

use http::{Response, StatusCode};
use maud::{DOCTYPE, Markup, html};
use twinlock_directory::AccountId;
use twinlock_gate::{Body, Fault};

use crate::{
    assets,
    http::{encode, page},
    parts::{copy, csrf, problem, problem_because, when},
    visit::Visit,
};

/// The services that have pages, for the menu and for the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// The home page, without a side.
    Home,
    /// Identity and Access Management.
    Iam,
    /// AWS Organizations.
    Organizations,
    /// Simple Storage Service.
    S3,
}

/// Roles of the history that the menu offers; its page has them all.
const HISTORY_SHOWN: usize = 10;

const IAM_SIDE: &[(&str, &str)] = &[
    ("/iam", "Dashboard"),
    ("/iam/groups", "User groups"),
    ("/iam/users", "Users"),
    ("/iam/roles", "Roles"),
    ("/iam/policies", "Policies"),
    ("/iam/identity-providers", "Identity providers"),
    ("/iam/settings", "Account settings"),
    ("/iam/credential-report", "Credential report"),
    ("/access", "Access"),
    ("/access/delegate", "Delegate access"),
    ("/access/map", "Access map"),
];
const ORGANIZATIONS_SIDE: &[(&str, &str)] = &[
    ("/organizations", "AWS accounts"),
    ("/organizations/invitations", "Invitations"),
    ("/organizations/services", "Services"),
    ("/organizations/policies", "Policies"),
    ("/organizations/settings", "Settings"),
];
const S3_SIDE: &[(&str, &str)] = &[
    ("/s3", "Buckets"),
    (
        "/s3/-/block",
        "Block Public Access settings for this account",
    ),
];

fn document(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " | Twinlock" }
                link rel="icon" href=(assets::ICON.path()) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE.path());
                script src=(assets::SCRIPT.path()) defer {}
            }
            body { (body) }
        }
    }
}

/// A page of a signed-in person.
pub(crate) fn show(visit: &Visit, service: Service, title: &str, main: Markup) -> Response<Body> {
    show_as(StatusCode::OK, visit, service, title, main)
}

/// As [`show`], with another status.
pub(crate) fn show_as(
    status: StatusCode,
    visit: &Visit,
    service: Service,
    title: &str,
    main: Markup,
) -> Response<Body> {
    let flashes = visit.flashes.take(&visit.slot);
    let side = match service {
        Service::Home => &[][..],
        Service::Iam => IAM_SIDE,
        Service::Organizations => ORGANIZATIONS_SIDE,
        Service::S3 => S3_SIDE,
    };
    let here = format!("/{}", visit.request.segments[2..].join("/"));
    let markup = document(
        title,
        html! {
            a.skip href="#main" { "Skip to main content" }
            (bar(visit))
            div.frame.no-side[side.is_empty()] {
                @if !side.is_empty() {
                    aside.side {
                        h2 { (match service { Service::S3 => "Amazon S3", Service::Organizations => "AWS Organizations", _ => "Identity and Access Management (IAM)" }) }
                        nav aria-label="Service" {
                            ul {
                                @for (path, name) in side {
                                    @let current = is_current(path, &here, side);
                                    li { a href=(visit.at(path)) aria-current=[current.then_some("page")] { (name) } }
                                }
                            }
                        }
                        p.account-id { "AWS account ID:" br; (copy(visit.account().as_str())) }
                    }
                }
                main #main tabindex="-1" {
                    div.flashes role="status" {
                        @for flash in &flashes {
                            @if flash.good {
                                p.flash.good { (flash.text) @if let Some((words, path)) = &flash.link { " " a href=(visit.at(path)) { (words) } } }
                            } @else {
                                (problem_because(visit, flash.code.as_deref().unwrap_or(""), &flash.text, flash.denied.as_deref()))
                            }
                        }
                    }
                    (main)
                }
            }
        },
    );
    page(status, markup)
}

/// The side's entry with the longest path that the page lies under.
fn is_current(path: &str, here: &str, side: &[(&str, &str)]) -> bool {
    let under = |path: &str| {
        here == path
            || here
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    under(path)
        && !side
            .iter()
            .any(|(other, _)| other.len() > path.len() && under(other))
}

fn bar(visit: &Visit) -> Markup {
    let sign_in = &visit.sign_in;
    let history = visit.history().list();
    html! {
        header.bar {
            a.brand href=(visit.at("/")) { span.brand-mark aria-hidden="true" {} "Twinlock" }
            details.menu {
                summary { "Services" }
                div.menu-body {
                    a href=(visit.at("/iam")) { strong { "IAM" } span { "Users, roles, policies, who may do what" } }
                    a href=(visit.at("/organizations")) { strong { "AWS Organizations" } span { "Accounts, units, control policies" } }
                    a href=(visit.at("/s3")) { strong { "S3" } span { "Buckets and objects" } }
                    a href=(visit.at("/access")) { strong { "Access" } span { "Can somebody do something, and why" } }
                }
            }
            span.grow {}
            span.region title="IAM is global; other services take any region" { (visit.world.settings.region) }
            details.menu.identity {
                @if let Some(role) = &sign_in.role {
                    summary class={ "role color-" (role.color) } { span { (role.display_name) } }
                } @else {
                    summary { span { (sign_in.name) " @ " (account_label(visit, sign_in.account)) } }
                }
                div.menu-body.right {
                    dl {
                        dt { "Account ID" } dd { (copy(visit.account().as_str())) }
                        @if let Some(role) = &sign_in.role {
                            dt { "Currently active as" } dd { (role.role) }
                        }
                        dt { @if sign_in.role.is_some() { "Signed in as" } @else { (sign_in.kind()) } }
                        dd { @if sign_in.is_root() { (sign_in.account) } @else { (sign_in.name) @if sign_in.role.is_some() { " @ " (sign_in.account) } } }
                    }
                    @if sign_in.role.is_some() {
                        form method="post" action=(visit.at("/switchback")) { (csrf(visit)) button.link type="submit" { "Switch back" } }
                    }
                    @if !history.is_empty() {
                        p.menu-title { "Role history" }
                        ul.history {
                            @for role in history.iter().take(HISTORY_SHOWN) {
                                li {
                                    form method="post" action=(visit.at("/switchrole")) {
                                        (csrf(visit))
                                        input type="hidden" name="account" value=(role.account);
                                        input type="hidden" name="roleName" value=(role.role);
                                        input type="hidden" name="displayName" value=(role.display_name);
                                        input type="hidden" name="color" value=(role.color);
                                        button.link type="submit" { span class={ "chip color-" (role.color) } aria-hidden="true" {} (role.display_name) }
                                    }
                                }
                            }
                        }
                        a href=(visit.at("/history")) { @if history.len() > HISTORY_SHOWN { "All " (history.len()) " roles of your history" } @else { "Manage role history" } }
                    }
                    a href=(visit.at("/switchrole")) { "Switch role" }
                    a href=(visit.at("/roles")) { "All roles you may switch to" }
                    @if sign_in.role.is_none() && sign_in.federated.is_none() {
                        a href=(visit.at("/iam/credentials")) { "Security credentials" }
                        @if !sign_in.is_root() { a href=(visit.at("/password")) { "Change password" } }
                    }
                    a href=(visit.at("/sessions")) { "Your sessions" }
                    @if !visit.others.is_empty() {
                        p.menu-title { "Other identities in this browser" }
                        @for (slot, other) in &visit.others {
                            a href={ "/console/" (slot) "/" } {
                                (other.name) " @ " (account_label(visit, other.account))
                                @if let Some(role) = &other.role { span { "as " (role.display_name) } }
                                @else if other.is_of(sign_in) { span { "since " (when(other.started)) } }
                            }
                        }
                    }
                    a href="/signin" { "Add session" }
                    form method="post" action=(visit.at("/signout")) { (csrf(visit)) button.link type="submit" { "Sign out" } }
                    @if !visit.others.is_empty() {
                        form method="post" action=(visit.at("/signout")) { (csrf(visit)) button.link type="submit" name="all" value="1" { "Sign out of all identities" } }
                    }
                }
            }
        }
    }
}

/// The alias of an account that somebody is signed in to with this browser, or its id.
fn account_label(visit: &Visit, account: AccountId) -> String {
    let snapshot = visit.world.directory.published();
    snapshot
        .account(&account)
        .and_then(|node| node.account.alias.clone())
        .unwrap_or_else(|| account.to_string())
}

/// A page for somebody who is not signed in.
pub(crate) fn outside(status: StatusCode, title: &str, main: Markup) -> Response<Body> {
    let markup = document(
        title,
        html! {
            header.bar { a.brand href="/console" { span.brand-mark aria-hidden="true" {} "Twinlock" } }
            main.outside #main tabindex="-1" { (main) }
        },
    );
    page(status, markup)
}

/// A page that says why another could not be shown.
pub(crate) fn fault_page(visit: &Visit, service: Service, fault: &Fault) -> Response<Body> {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    let title = match fault.status {
        403 => "Access denied",
        404 => "Not found",
        _ => "This did not work",
    };
    show_as(
        status,
        visit,
        service,
        title,
        html! {
            h1 { (title) }
            (problem(visit, fault))
            p { a.button href=(visit.at("/")) { "Console home" } }
        },
    )
}

/// The page of somebody whose session is gone: the role's that it switched to, or that which it signed in with.
pub(crate) fn session_lost(visit: &Visit, why: &str) -> Response<Body> {
    let Some(role) = visit.role() else {
        return lost_for_good(
            why,
            &html! {
                form method="post" action=(visit.at("/signout")) { (csrf(visit)) button.primary type="submit" { "Sign out" } }
            },
        );
    };
    let again = visit.at(&format!(
        "/switchrole?account={}&roleName={}&displayName={}&color={}",
        role.account,
        encode(&role.role),
        encode(&role.display_name),
        role.color
    ));
    lost(html! {
        p { (why) }
        p { "The role was " strong { (role.role) } " of account " (role.account) ". Your own sign-in is untouched." }
        div.actions {
            form method="post" action=(visit.at("/switchback")) { (csrf(visit)) button.primary type="submit" { "Switch back" } }
            a.button href=(again) { "Switch again" }
        }
    })
}

/// The page of somebody who signed in with a temporary session that is over.
pub(crate) fn lost_for_good(why: &str, actions: &Markup) -> Response<Body> {
    lost(html! {
        p { (why) }
        p { "You signed in without a password here, through a program or an identity provider: sign in through it again." }
        div.actions { (actions) a.button href="/signin" { "Sign in otherwise" } }
    })
}

fn lost(about: Markup) -> Response<Body> {
    let main = html! { div.card { h1 { "Session Lost" } (about) } };
    outside(StatusCode::FORBIDDEN, "Session Lost", main)
}
