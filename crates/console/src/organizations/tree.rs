//! AWS accounts: the whole organization as a tree of units, or as a list that can be sorted.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_shapes::organizations as s;

use super::common::{Node, account_path, accounts, organization, shown, status, unit_path};
use crate::{
    iam::{PER_PAGE, found, sliced},
    listing::{Order, address, page_number, pager, search},
    parts::{copy, csrf, head, nothing, problem, when},
    visit::{Page, Visit},
};

/// `/organizations`.
pub(super) fn page(visit: &Visit) -> Page {
    let Some(own) = organization(visit)? else {
        return Ok(shown(visit, "AWS Organizations", none_yet(visit)));
    };
    let list = visit.query("view") == "list";
    let body = if list {
        as_list(visit, &own)
    } else {
        Node::all(visit, true).map(|root| as_tree(visit, &own, &root))
    };
    let main = html! {
        (head("AWS accounts", "The accounts of this organization, and the organizational units that they are in.", html! {
            a.button.primary href=(visit.at("/organizations/accounts/add")) { "Add an AWS account" }
        }))
        @match body {
            Ok(body) => (body),
            // A member sees its organization, and not what is in it.
            Err(fault) => { (problem(visit, &fault)) (facts(visit, &own)) },
        }
    };
    Ok(shown(visit, "AWS accounts", main))
}

fn none_yet(visit: &Visit) -> Markup {
    html! {
        (head("AWS Organizations", "", html! {}))
        section.panel {
            h2 { "This account is in no organization" }
            p { "With an organization you manage many accounts from one: you make and invite accounts, put them into organizational units, and set with policies what can be done in them at most. This account becomes its management account." }
            form method="post" action=(visit.at("/organizations/create")) {
                (csrf(visit))
                div.actions {
                    button.primary type="submit" { "Create an organization" }
                    a.button href=(visit.at("/organizations/invitations")) { "Invitations" }
                }
            }
        }
    }
}

/// What every account of an organization may know of it.
pub(super) fn facts(visit: &Visit, own: &s::Organization) -> Markup {
    let management = own.master_account_id.as_deref().unwrap_or("");
    html! {
        section.panel { h2 { "Organization details" } dl.facts {
            dt { "Organization ID" } dd { (copy(own.id.as_deref().unwrap_or(""))) }
            dt { "Organization ARN" } dd { (copy(own.arn.as_deref().unwrap_or(""))) }
            dt { "Feature set" } dd { @if own.feature_set.as_deref() == Some("ALL") { "All features" } @else { "Consolidated billing" } }
            dt { "Management account" } dd { (copy(management)) @if management == visit.account().as_str() { " (this account)" } }
            @if let Some(email) = &own.master_account_email { dt { "Management account's email" } dd { (email) } }
        } }
    }
}

fn views(visit: &Visit, list: bool) -> Markup {
    html! {
        nav.tabs aria-label="View" {
            a href=(address(visit, &[("view", ""), ("sort", ""), ("page", "")])) aria-current=[(!list).then_some("page")] { "Hierarchy" }
            a href=(address(visit, &[("view", "list"), ("page", "")])) aria-current=[list.then_some("page")] { "List" }
        }
    }
}

fn is_management(own: &s::Organization, account: &s::Account) -> bool {
    own.master_account_id == account.id
}

fn matches(q: &str, account: &s::Account) -> bool {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    found(
        q,
        &[
            &text(&account.name),
            &text(&account.id),
            &text(&account.email),
        ],
    )
}

fn as_tree(visit: &Visit, own: &s::Organization, root: &Node) -> Markup {
    let q = visit.query("q");
    html! {
        (views(visit, false))
        (search(visit, "Find accounts and organizational units", &[]))
        ul.tree.panel { (branch(visit, own, root, q)) }
    }
}

/// A unit with what is in it; while something is searched for, only what has it.
fn branch(visit: &Visit, own: &s::Organization, node: &Node, q: &str) -> Markup {
    let accounts: Vec<_> = node.accounts.iter().filter(|a| matches(q, a)).collect();
    let units: Vec<_> = node.units.iter().filter(|unit| has(unit, q)).collect();
    html! {
        li {
            div.twig {
                span.folder aria-hidden="true" {}
                a href=(visit.at(&unit_path(&node.id))) { (node.name) }
                span.about { (node.id) }
            }
            @if !accounts.is_empty() || !units.is_empty() {
                ul {
                    @for unit in units { (branch(visit, own, unit, q)) }
                    @for account in accounts { li { div.twig {
                        span.leaf aria-hidden="true" {}
                        a href=(visit.at(&account_path(account.id.as_deref().unwrap_or("")))) { (account.name.as_deref().unwrap_or("")) }
                        span.about { (account.id.as_deref().unwrap_or("")) " · " (account.email.as_deref().unwrap_or("")) }
                        @if is_management(own, account) { span.badge { "Management account" } }
                        @if account.status.as_deref() != Some("ACTIVE") { (status(account)) }
                    } } }
                }
            }
        }
    }
}

fn has(node: &Node, q: &str) -> bool {
    found(q, &[&node.name, &node.id])
        || node.accounts.iter().any(|account| matches(q, account))
        || node.units.iter().any(|unit| has(unit, q))
}

fn as_list(visit: &Visit, own: &s::Organization) -> Result<Markup, Fault> {
    let q = visit.query("q");
    let mut all = accounts(visit)?;
    all.retain(|account| matches(q, account));
    let order = Order::of(visit);
    order.by("name", &mut all, |a| {
        a.name.as_deref().unwrap_or("").to_lowercase()
    });
    order.by("id", &mut all, |a| a.id.clone());
    order.by("email", &mut all, |a| a.email.clone());
    order.by("joined", &mut all, |a| a.joined_timestamp.map(|at| at.0));
    order.by("status", &mut all, |a| a.status.clone());
    let page = page_number(visit);
    Ok(html! {
        (views(visit, true))
        (search(visit, "Find accounts", &[]))
        @if all.is_empty() { (nothing("No such account.")) } @else {
            table {
                thead { tr { (order.heading("name", "Account name")) (order.heading("id", "Account ID")) (order.heading("email", "Email")) (order.heading("joined", "Joined")) (order.heading("status", "Status")) } }
                tbody { @for account in sliced(&all, page) {
                    @let id = account.id.as_deref().unwrap_or("");
                    tr {
                        td { a href=(visit.at(&account_path(id))) { (account.name.as_deref().unwrap_or("")) } @if is_management(own, account) { " " span.badge { "Management account" } } }
                        td { (id) }
                        td { (account.email.as_deref().unwrap_or("")) }
                        td { @if let Some(at) = account.joined_timestamp { (when(at.0)) } }
                        td { (status(account)) }
                    }
                } }
            }
        }
        (pager(visit, page, PER_PAGE, all.len()))
    })
}
