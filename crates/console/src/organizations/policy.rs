//! A service or resource control policy: its text in the same editor as IAM's, where it is attached, its tags.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::organizations::{
    attachments::ListTargetsForPolicy,
    policies::{CreatePolicy, UpdatePolicy},
};
use twinlock_shapes::organizations as s;

use super::{
    common::{MOST, Node, account_path, is_root, shown, unit_path},
    policies::{Kind, described},
    targets::{attach, detach, for_people, retag, sent, tags_of},
};
use crate::{
    iam::{editor_fields, pretty, sent_tags, shown as document, summary, tag_fields, tags_form},
    parts::{copy, csrf, field, head, nothing, problem, tabs, text},
    visit::{Page, Visit, all_pages},
};

/// Where a new policy begins.
fn starter(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => {
            "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"Statement1\",\n      \"Effect\": \"Deny\",\n      \"Action\": [],\n      \"Resource\": [\"*\"]\n    }\n  ]\n}"
        }
        Kind::Resource => {
            "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"Statement1\",\n      \"Effect\": \"Deny\",\n      \"Principal\": \"*\",\n      \"Action\": [],\n      \"Resource\": [\"*\"]\n    }\n  ]\n}"
        }
    }
}

/// How the editor's checks call the type.
fn checks(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "scp",
        Kind::Resource => "rcp",
    }
}

fn sent_document(visit: &Visit) -> String {
    visit.form.get("document").replace("\r\n", "\n")
}

/// `/organizations/policies/TYPE/create`.
pub(super) async fn create(visit: &Visit, kind: Kind) -> Page {
    if !visit.request.is_post() {
        return Ok(form(visit, kind, None, starter(kind), None));
    }
    let content = sent_document(visit);
    let name = visit.field("policyName").to_owned();
    let input = s::CreatePolicyInput {
        content: content.clone(),
        description: visit.field("description").to_owned(),
        name: name.clone(),
        r#type: kind.word().to_owned(),
        tags: Some(sent(visit)).filter(|tags| !tags.is_empty()),
    };
    match visit.change::<CreatePolicy>(input).await {
        Ok(made) => {
            let summary = made.policy.and_then(|policy| policy.policy_summary);
            let id = summary.and_then(|summary| summary.id).unwrap_or_default();
            Ok(visit.done(
                &format!("{}?tab=targets", kind.page_of(&id)),
                format!("The policy {name} is created. It counts where it is attached."),
            ))
        }
        Err(fault) => Ok(form(visit, kind, None, &content, Some(&fault))),
    }
}

/// The form for a new policy, or for one that is there.
fn form(
    visit: &Visit,
    kind: Kind,
    old: Option<&s::PolicySummary>,
    content: &str,
    fault: Option<&Fault>,
) -> Response<Body> {
    let value = |field: &str, old: Option<&str>| {
        let sent = visit.form.maybe(field);
        sent.or(old).unwrap_or("").to_owned()
    };
    let name = value("policyName", old.and_then(|old| old.name.as_deref()));
    let about = value(
        "description",
        old.and_then(|old| old.description.as_deref()),
    );
    let title = match old {
        None => format!("Create {}", kind.one()),
        Some(_) => format!("Edit {}", kind.one()),
    };
    let back = match old.and_then(|old| old.id.as_deref()) {
        None => kind.list(),
        Some(id) => kind.page_of(id),
    };
    let main = html! {
        (head(&title, kind.about(), html! {}))
        @if let Some(fault) = fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            section.panel {
                (text("Policy name", "policyName", &name, "Up to 128 characters", ""))
                (text("Policy description – Optional", "description", &about, "", ""))
                @if old.is_none() { details { summary { "Tags – Optional" } (tag_fields(&sent_tags(visit))) } }
            }
            section.panel { h2 { "Policy" } (editor_fields(visit, checks(kind), content)) }
            div.actions {
                a.button href=(visit.at(&back)) { "Cancel" }
                button.primary type="submit" data-review { @if old.is_none() { "Create policy" } @else { "Save changes" } }
            }
        }
    };
    shown(visit, &title, main)
}

/// `/organizations/policies/TYPE/ID…`.
pub(super) async fn one(visit: &Visit, kind: Kind, id: &str, rest: &[&str]) -> Page {
    let path = kind.page_of(id);
    let targets = format!("{path}?tab=targets");
    let target = visit.field("target");
    match rest {
        [] => page(visit, kind, id, &path),
        ["edit"] => edit(visit, kind, id, &path).await,
        ["attach"] if visit.request.is_post() => {
            attach(visit, id, target).await?;
            Ok(visit.done(&targets, format!("The policy is attached to {target}.")))
        }
        ["detach"] if visit.request.is_post() => {
            detach(visit, id, target).await?;
            Ok(visit.done(&targets, format!("The policy is detached from {target}.")))
        }
        ["tags"] if visit.request.is_post() => {
            retag(visit, id).await?;
            Ok(visit.done(&format!("{path}?tab=tags"), "The tags are saved."))
        }
        _ => Err(crate::not_found()),
    }
}

async fn edit(visit: &Visit, kind: Kind, id: &str, path: &str) -> Page {
    let policy = described(visit, id)?;
    let old = policy.policy_summary.unwrap_or_default();
    if !visit.request.is_post() {
        let content = pretty(policy.content.as_deref().unwrap_or(""));
        return Ok(form(visit, kind, Some(&old), &content, None));
    }
    let content = sent_document(visit);
    let input = s::UpdatePolicyInput {
        policy_id: id.to_owned(),
        name: Some(visit.field("policyName").to_owned()),
        description: Some(visit.field("description").to_owned()),
        content: Some(content.clone()),
    };
    match visit.change::<UpdatePolicy>(input).await {
        Ok(_) => Ok(visit.done(
            path,
            "The policy is saved. It counts with the next call wherever it is attached.",
        )),
        Err(fault) => Ok(form(visit, kind, Some(&old), &content, Some(&fault))),
    }
}

fn page(visit: &Visit, kind: Kind, id: &str, path: &str) -> Page {
    let policy = described(visit, id)?;
    let old = policy.policy_summary.unwrap_or_default();
    let ours = old.aws_managed != Some(true);
    let name = old.name.as_deref().unwrap_or("");
    let content = policy.content.unwrap_or_default();
    let tab = match visit.query("tab") {
        known @ ("targets" | "tags") => known,
        _ => "content",
    };
    let at = visit.at(path);
    let body = match tab {
        "targets" => targets_tab(visit, id, &at),
        "tags" => match tags_of(visit, id) {
            Ok(tags) => tags_form(visit, &format!("{path}/tags"), &for_people(tags)),
            Err(fault) => problem(visit, &fault),
        },
        _ => html! {
            div.head { h2 { "Content" } @if ours { a.button href={ (at) "/edit" } { "Edit policy" } } }
            @if kind == Kind::Service { (summary(&content)) h3 { "JSON" } }
            (document(&content))
        },
    };
    let main = html! {
        p.crumbs { a href=(visit.at("/organizations/policies")) { "Policies" } " › " a href=(visit.at(&kind.list())) { (kind.title()) } }
        (head(name, old.description.as_deref().unwrap_or(""), html! {
            @if ours { form method="post" action=(visit.at(&kind.list())) { (csrf(visit)) input type="hidden" name="name" value=(id); button.danger type="submit" { "Delete" } } }
        }))
        section.panel { dl.facts {
            dt { "Policy ID" } dd { (copy(id)) }
            dt { "ARN" } dd { (copy(old.arn.as_deref().unwrap_or(""))) }
            dt { "Kind" } dd { @if ours { "Customer managed" } @else { "AWS managed" } }
        } }
        (tabs(&at, &[("content", "Content"), ("targets", "Targets"), ("tags", "Tags")], tab))
        (body)
    };
    Ok(shown(visit, name, main))
}

fn targets_tab(visit: &Visit, id: &str, at: &str) -> Markup {
    let targets = all_pages::<ListTargetsForPolicy, _>(
        visit,
        MOST,
        |next_token| s::ListTargetsForPolicyInput {
            policy_id: id.to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.targets, out.next_token),
    );
    let targets = match targets {
        Ok(targets) => targets,
        Err(fault) => return problem(visit, &fault),
    };
    let has = |id: &str| targets.iter().any(|t| t.target_id.as_deref() == Some(id));
    html! {
        h2 { "Targets (" (targets.len()) ")" }
        @if targets.is_empty() { (nothing("Attached to nothing, so it has no effect.")) } @else {
            table {
                thead { tr { th { "Name" } th { "Type" } th { "ID" } th { "Actions" } } }
                tbody { @for target in &targets {
                    @let (id, name) = (target.target_id.as_deref().unwrap_or(""), target.name.as_deref().unwrap_or(""));
                    @let account = target.r#type.as_deref() == Some("ACCOUNT");
                    tr {
                        td { a href=(visit.at(&if account { account_path(id) } else { unit_path(id) })) { (name) } }
                        td { @if account { "Account" } @else if is_root(id) { "Root" } @else { "Organizational unit" } }
                        td { (copy(id)) }
                        td.row-actions { form method="post" action={ (at) "/detach" } { (csrf(visit)) input type="hidden" name="target" value=(id); button type="submit" aria-label={ "Detach from " (name) } { "Detach" } } }
                    }
                } }
            }
        }
        form.panel method="post" action={ (at) "/attach" } {
            (csrf(visit))
            (field("Attach to", "target", match Node::all(visit, true) {
                Ok(root) => html! {
                    select id="target" name="target" { @for (depth, node) in root.flat() {
                        @if !has(&node.id) { option value=(node.id) { (" – ".repeat(depth)) (node.name) } }
                        @for account in &node.accounts {
                            @let id = account.id.as_deref().unwrap_or("");
                            @if !has(id) { option value=(id) { (" – ".repeat(depth + 1)) (account.name.as_deref().unwrap_or("")) " (" (id) ")" } }
                        }
                    } }
                },
                // Whoever may not list the tree may still attach.
                Err(_) => html! { input type="text" id="target" name="target" placeholder="ID of a root, unit or account"; },
            }, "The policy counts there and for everything below, with the next call", ""))
            button type="submit" { "Attach policy" }
        }
    }
}
