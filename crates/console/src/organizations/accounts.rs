//! An account of the organization: its details, where it is, its policies and tags; and adding one, made new or invited.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::organizations::{
    accounts::{
        CloseAccount, CreateAccount, DescribeAccount, DescribeCreateAccountStatus,
        ListCreateAccountStatus, MoveAccount, RemoveAccountFromOrganization,
    },
    handshakes::InviteAccountToOrganization,
};
use twinlock_shapes::organizations as s;

use super::{
    common::{MOST, Node, Question, account_path, parent, shown, status},
    services,
    targets::{Target, sent},
};
use crate::{
    iam::{sent_tags, tag_fields},
    parts::{copy, csrf, field, head, nothing, problem, tabs, text, when},
    visit::{Page, Visit, all_pages},
};

/// The role by which the management account reaches into an account that it made.
const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// `/organizations/accounts/ID…`.
pub(super) async fn one(visit: &Visit, id: &str, rest: &[&str]) -> Page {
    let path = account_path(id);
    let target = Target { id, path: &path };
    if let Some(page) = target.act(visit, rest).await {
        return page;
    }
    let post = visit.request.is_post();
    match rest {
        [] => page(visit, &target),
        ["move"] if post => move_to(visit, id, &path).await,
        ["remove" | "close"] if post => end(visit, id, &path, rest[0] == "close").await,
        _ => Err(crate::not_found()),
    }
}

fn described(visit: &Visit, id: &str) -> Result<s::Account, Fault> {
    let input = s::DescribeAccountInput {
        account_id: id.to_owned(),
    };
    let out = visit.read::<DescribeAccount>(input)?;
    out.account.ok_or_else(Fault::internal)
}

fn page(visit: &Visit, target: &Target<'_>) -> Page {
    let account = described(visit, target.id)?;
    let name = account.name.as_deref().unwrap_or("");
    let tab = match visit.query("tab") {
        known @ ("policies" | "delegated" | "tags") => known,
        _ => "details",
    };
    let body = match tab {
        "policies" => target.policies(visit),
        "delegated" => services::delegated_to(visit, target.id),
        "tags" => target.tags(visit),
        _ => place(visit, target),
    };
    let at = visit.at(target.path);
    let created = account.joined_method.as_deref() == Some("CREATED");
    let switch = format!(
        "/switchrole?account={}&roleName={ACCESS_ROLE}&displayName={}",
        target.id,
        crate::http::encode(name)
    );
    let main = html! {
        (target.crumbs(visit))
        (head(name, "AWS account", html! {
            @if created && target.id != visit.account().as_str() { a.button.primary href=(visit.at(&switch)) { "Switch role" } }
        }))
        section.panel { dl.facts {
            dt { "Account ID" } dd { (copy(target.id)) }
            dt { "ARN" } dd { (copy(account.arn.as_deref().unwrap_or(""))) }
            dt { "Email" } dd { (account.email.as_deref().unwrap_or("")) }
            dt { "Status" } dd { (status(&account)) }
            dt { "Joined" } dd { @if let Some(at) = account.joined_timestamp { (when(at.0)) } @if created { " (created)" } @else { " (invited)" } }
        } }
        (tabs(&at, &[("details", "Organizational unit"), ("policies", "Policies"), ("delegated", "Delegated administrator"), ("tags", "Tags")], tab))
        (body)
    };
    Ok(shown(visit, name, main))
}

fn place(visit: &Visit, target: &Target<'_>) -> Markup {
    let found = parent(visit, target.id).and_then(|parent| Ok((parent, Node::all(visit, false)?)));
    let (now, root) = match found {
        Ok(found) => found,
        Err(fault) => return problem(visit, &fault),
    };
    let at = visit.at(target.path);
    html! {
        form.panel method="post" action={ (at) "/move" } {
            (csrf(visit))
            h2 { "Move account" }
            p.hint { "The policies of its new place count with the next call." }
            (field("Move to", "destination", html! {
                select id="destination" name="destination" { @for (depth, node) in root.flat() {
                    option value=(node.id) selected[node.id == now] { (" – ".repeat(depth)) (node.name) @if node.id == now { " (now)" } }
                } }
            }, "", ""))
            button type="submit" { "Move account" }
        }
        section.panel {
            h2 { "Remove or close" }
            p.hint { "An account that is removed stands alone from then on. An account that is closed cannot be used by anybody." }
            div.actions {
                form method="post" action={ (at) "/remove" } { (csrf(visit)) button.danger type="submit" { "Remove from organization" } }
                form method="post" action={ (at) "/close" } { (csrf(visit)) button.danger type="submit" { "Close account" } }
            }
        }
    }
}

async fn move_to(visit: &Visit, id: &str, path: &str) -> Page {
    let input = s::MoveAccountInput {
        account_id: id.to_owned(),
        source_parent_id: parent(visit, id)?,
        destination_parent_id: visit.field("destination").to_owned(),
    };
    visit.change::<MoveAccount>(input).await?;
    Ok(visit.done(path, "The account is moved."))
}

async fn end(visit: &Visit, id: &str, path: &str, close: bool) -> Page {
    let account = described(visit, id)?;
    let name = account.name.unwrap_or_default();
    let (title, button) = if close {
        ("Close account", "Close account")
    } else {
        ("Remove account", "Remove account")
    };
    let question = Question {
        title,
        word: id,
        what: html! {
            p { "The account " strong { (name) } " (" (id) ") "
                @if close { "is closed: nobody signs in to it, and nothing in it can be used." } @else { "leaves the organization: its policies no longer count there, and its people and programs go on." } }
        },
        keeps: &[],
        action: &format!("{path}/{}", if close { "close" } else { "remove" }),
        back: path,
        button,
    };
    if !question.answered(visit) {
        return Ok(question.ask(visit));
    }
    let account_id = id.to_owned();
    if close {
        visit
            .change::<CloseAccount>(s::CloseAccountInput { account_id })
            .await?;
        return Ok(visit.done(path, format!("The account {name} is closed.")));
    }
    visit
        .change::<RemoveAccountFromOrganization>(s::RemoveAccountFromOrganizationInput {
            account_id,
        })
        .await?;
    Ok(visit.done(
        "/organizations",
        format!("The account {name} has left the organization."),
    ))
}

/// `/organizations/accounts/add`.
pub(super) async fn add(visit: &Visit) -> Page {
    if !visit.request.is_post() {
        return Ok(form(visit, None));
    }
    let done = if visit.field("how") == "invite" {
        invite(visit).await
    } else {
        create(visit).await
    };
    done.or_else(|fault| Ok(form(visit, Some(&fault))))
}

async fn create(visit: &Visit) -> Page {
    let name = visit.field("accountName").to_owned();
    let asked = visit
        .change::<CreateAccount>(s::CreateAccountInput {
            email: visit.field("email").to_owned(),
            account_name: name.clone(),
            role_name: visit.form.filled("roleName").map(str::to_owned),
            iam_user_access_to_billing: None,
            tags: Some(sent(visit)).filter(|tags| !tags.is_empty()),
        })
        .await?;
    let request = asked.create_account_status.and_then(|status| status.id);
    // Whoever may create need not see what became of it.
    let status = visit
        .read::<DescribeCreateAccountStatus>(s::DescribeCreateAccountStatusInput {
            create_account_request_id: request.unwrap_or_default(),
        })
        .ok()
        .and_then(|out| out.create_account_status)
        .unwrap_or_default();
    match (status.account_id, status.failure_reason) {
        (Some(id), _) => Ok(visit.done(
            &account_path(&id),
            format!("The account {name} is created."),
        )),
        (None, Some(reason)) => Err(Fault::new(
            reason.clone(),
            400,
            format!(
                "The account {name} could not be created: {}.",
                words(&reason)
            ),
        )),
        (None, None) => Ok(visit.done(
            "/organizations",
            format!("The account {name} is being created."),
        )),
    }
}

/// `EMAIL_ALREADY_EXISTS`, in words.
fn words(reason: &str) -> String {
    match reason {
        "EMAIL_ALREADY_EXISTS" => "another account has this email address".to_owned(),
        other => other.replace('_', " ").to_lowercase(),
    }
}

async fn invite(visit: &Visit) -> Page {
    let id = visit.field("target").to_owned();
    let kind = if id.contains('@') { "EMAIL" } else { "ACCOUNT" };
    let input = s::InviteAccountToOrganizationInput {
        target: s::HandshakeParty {
            id: id.clone(),
            r#type: kind.to_owned(),
        },
        notes: visit.form.filled("notes").map(str::to_owned),
        tags: Some(sent(visit)).filter(|tags| !tags.is_empty()),
    };
    visit.change::<InviteAccountToOrganization>(input).await?;
    Ok(visit.done(
        "/organizations/invitations",
        format!("{id} is invited. It joins when it accepts."),
    ))
}

fn form(visit: &Visit, fault: Option<&Fault>) -> Response<Body> {
    let inviting = visit.field("how") == "invite";
    let main = html! {
        div.narrow {
            p.crumbs { a href=(visit.at("/organizations")) { "AWS accounts" } }
            (head("Add an AWS account", "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" {
                (csrf(visit))
                fieldset.panel {
                    legend { "How" }
                    div.tiles {
                        label { input type="radio" name="how" value="create" checked[!inviting] data-shows="create"; strong { "Create an AWS account" } span.about { "A new account, which works at once" } }
                        label { input type="radio" name="how" value="invite" checked[inviting] data-shows="invite"; strong { "Invite an existing AWS account" } span.about { "An account that stands alone so far: its owner accepts or declines" } }
                    }
                }
                section.panel data-when="create" hidden[inviting] {
                    h2 { "Create an AWS account" }
                    (text("AWS account name", "accountName", visit.field("accountName"), "", ""))
                    (text("Email address of the account's owner", "email", visit.field("email"), "No other account may have it", ""))
                    (text("IAM role name", "roleName", visit.form.maybe("roleName").unwrap_or(ACCESS_ROLE), "The role by which this account's administrators reach into the new one", ""))
                }
                section.panel data-when="invite" hidden[!inviting] {
                    h2 { "Invite an AWS account" }
                    (text("Email address or account ID", "target", visit.field("target"), "Of the account to invite", ""))
                    (text("Message – Optional", "notes", visit.field("notes"), "Its owner reads it with the invitation", ""))
                }
                section.panel { h2 { "Tags – Optional" } (tag_fields(&sent_tags(visit))) }
                div.actions { a.button href=(visit.at("/organizations")) { "Cancel" } button.primary type="submit" { "Add account" } }
            }
            (requests(visit))
        }
    };
    shown(visit, "Add an AWS account", main)
}

/// What became of accounts that were asked for.
fn requests(visit: &Visit) -> Markup {
    let requests = all_pages::<ListCreateAccountStatus, _>(
        visit,
        MOST,
        |next_token| s::ListCreateAccountStatusInput {
            states: None,
            next_token,
            max_results: None,
        },
        |out| (out.create_account_statuses, out.next_token),
    );
    let requests = match requests {
        Ok(requests) => requests,
        Err(fault) => return problem(visit, &fault),
    };
    html! {
        h2.later { "Requests for accounts (" (requests.len()) ")" }
        @if requests.is_empty() { (nothing("No account was asked for yet.")) } @else {
            table { thead { tr { th { "Account name" } th { "Status" } th { "Requested" } } } tbody { @for request in &requests {
                @let state = request.state.as_deref().unwrap_or("");
                tr {
                    td { @match &request.account_id {
                        Some(id) => a href=(visit.at(&account_path(id))) { (request.account_name.as_deref().unwrap_or("")) },
                        None => (request.account_name.as_deref().unwrap_or("")),
                    } }
                    td {
                        span.badge.open[state == "SUCCEEDED"].closed[state == "FAILED"] { (match state { "SUCCEEDED" => "Succeeded", "FAILED" => "Failed", _ => "In progress" }) }
                        @if let Some(reason) = &request.failure_reason { " " span.about { (words(reason)) } }
                    }
                    td { @if let Some(at) = request.requested_timestamp { (when(at.0)) } }
                }
            } } }
        }
    }
}
