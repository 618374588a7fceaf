//! The organization itself: its features, the policy that delegates its administration, leaving it, deleting it.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::organizations::{
    handshakes::EnableAllFeatures,
    organization::{CreateOrganization, DeleteOrganization, LeaveOrganization},
    resource_policy::{DeleteResourcePolicy, DescribeResourcePolicy, PutResourcePolicy},
};
use twinlock_shapes::organizations as s;

use super::{
    common::{Question, organization, shown},
    tree,
};
use crate::{
    iam::{editor_fields, pretty, shown as document},
    parts::{csrf, head, problem},
    visit::{Page, Visit},
};

const PATH: &str = "/organizations/settings";

/// Creates an organization, with all features.
pub(super) async fn create(visit: &Visit) -> Page {
    let input = s::CreateOrganizationInput {
        feature_set: Some("ALL".to_owned()),
    };
    visit.change::<CreateOrganization>(input).await?;
    Ok(visit.done(
        "/organizations",
        "The organization is created. This account is its management account.",
    ))
}

/// `/organizations/settings…`.
pub(super) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    let post = visit.request.is_post();
    match rest {
        [] => overview(visit),
        ["delegation"] => delegation(visit).await,
        ["delegation", "delete"] if post => {
            visit
                .change::<DeleteResourcePolicy>(s::DeleteResourcePolicyInput::default())
                .await?;
            Ok(visit.done(PATH, "The delegation policy is deleted."))
        }
        ["features"] if post => {
            visit
                .change::<EnableAllFeatures>(s::EnableAllFeaturesInput::default())
                .await?;
            Ok(visit.done(
                "/organizations/invitations",
                "Members that were invited are asked to agree to all features.",
            ))
        }
        ["leave"] if post => leave(visit).await,
        ["delete"] if post => delete(visit).await,
        _ => Err(crate::not_found()),
    }
}

/// The delegation policy's text; none: there is none.
fn policy(visit: &Visit) -> Result<Option<String>, Fault> {
    match visit.read::<DescribeResourcePolicy>(s::DescribeResourcePolicyInput::default()) {
        Ok(out) => Ok(out.resource_policy.and_then(|policy| policy.content)),
        Err(fault) if fault.code == "ResourcePolicyNotFoundException" => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn overview(visit: &Visit) -> Page {
    let Some(own) = organization(visit)? else {
        return tree::page(visit);
    };
    let manages = own.master_account_id.as_deref() == Some(visit.account().as_str());
    let at = visit.at(PATH);
    let main = html! {
        (head("Settings", "", html! {}))
        (tree::facts(visit, &own))
        @if own.feature_set.as_deref() != Some("ALL") && manages {
            form.panel method="post" action={ (at) "/features" } {
                (csrf(visit))
                h2 { "All features" }
                p { "With all features, policies can limit what is done in the accounts. Members that were invited are asked first." }
                button.primary type="submit" { "Begin to enable all features" }
            }
        }
        (delegated(visit))
        section.panel {
            @if manages {
                h2 { "Delete organization" }
                p.hint { "Every other account must have left it before. The accounts stay, each alone." }
                form method="post" action={ (at) "/delete" } { (csrf(visit)) button.danger type="submit" { "Delete organization" } }
            } @else {
                h2 { "Leave organization" }
                p.hint { "This account stands alone then: the organization's policies no longer count here." }
                form method="post" action={ (at) "/leave" } { (csrf(visit)) button.danger type="submit" { "Leave organization" } }
            }
        }
    };
    Ok(shown(visit, "Settings", main))
}

fn delegated(visit: &Visit) -> Markup {
    let at = visit.at(PATH);
    html! {
        section.panel {
            h2 { "Delegated administrator for AWS Organizations" }
            p.hint { "A policy of the organization that lets member accounts do some of its administration." }
            @match policy(visit) {
                Err(fault) => (problem(visit, &fault)),
                Ok(None) => a.button href={ (at) "/delegation" } { "Delegate" },
                Ok(Some(text)) => {
                    (document(&text))
                    div.actions {
                        a.button href={ (at) "/delegation" } { "Edit policy" }
                        form method="post" action={ (at) "/delegation/delete" } { (csrf(visit)) button.danger type="submit" { "Delete policy" } }
                    }
                },
            }
        }
    }
}

/// What a member needs to see the tree; each action by its whole name, as AWS wants it here.
const STARTER: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"Statement1\",\n      \"Effect\": \"Allow\",\n      \"Principal\": { \"AWS\": \"arn:aws:iam::ACCOUNT:root\" },\n      \"Action\": [\n        \"organizations:DescribeOrganization\",\n        \"organizations:ListRoots\",\n        \"organizations:ListOrganizationalUnitsForParent\",\n        \"organizations:ListAccountsForParent\"\n      ],\n      \"Resource\": \"*\"\n    }\n  ]\n}";

async fn delegation(visit: &Visit) -> Page {
    let mut fault = None;
    let text = if visit.request.is_post() {
        let content = visit.form.get("document").replace("\r\n", "\n");
        let input = s::PutResourcePolicyInput {
            content: content.clone(),
            tags: None,
        };
        match visit.change::<PutResourcePolicy>(input).await {
            Ok(_) => return Ok(visit.done(PATH, "The delegation policy is saved.")),
            Err(refused) => fault = Some(refused),
        }
        content
    } else {
        policy(visit)?.map_or_else(|| STARTER.to_owned(), |text| pretty(&text))
    };
    let main = html! {
        (head("Delegation policy", "It lets member accounts do some of the organization's administration.", html! {}))
        @if let Some(fault) = &fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            section.panel { (editor_fields(visit, "delegation", &text)) }
            div.actions { a.button href=(visit.at(PATH)) { "Cancel" } button.primary type="submit" data-review { "Save policy" } }
        }
    };
    Ok(shown(visit, "Delegation policy", main))
}

async fn leave(visit: &Visit) -> Page {
    let question = Question {
        title: "Leave organization",
        word: "leave",
        what: html! { p { "The account " strong { (visit.account()) } " leaves its organization. Only its management account can let it in again." } },
        keeps: &[],
        action: "/organizations/settings/leave",
        back: PATH,
        button: "Leave organization",
    };
    if !question.answered(visit) {
        return Ok(question.ask(visit));
    }
    visit
        .change::<LeaveOrganization>(s::LeaveOrganizationInput::default())
        .await?;
    Ok(visit.done("/organizations", "This account has left the organization."))
}

async fn delete(visit: &Visit) -> Page {
    let id = organization(visit)?.and_then(|own| own.id);
    let id = id.unwrap_or_default();
    let question = Question {
        title: "Delete organization",
        word: &id,
        what: html! { p { "The organization " strong { (id) } " is gone then, with its units and policies." } },
        keeps: &[],
        action: "/organizations/settings/delete",
        back: PATH,
        button: "Delete organization",
    };
    if !question.answered(visit) {
        return Ok(question.ask(visit));
    }
    visit
        .change::<DeleteOrganization>(s::DeleteOrganizationInput::default())
        .await?;
    Ok(visit.done("/organizations", "The organization is deleted."))
}
