//! Service and resource control policies: the types, enabled and disabled, and the list of each.

use maud::html;
use twinlock_gate::Fault;
use twinlock_identity::organizations::policies::{
    DeletePolicy, DescribePolicy, DisablePolicyType, EnablePolicyType,
};
use twinlock_shapes::organizations as s;

use super::{
    common::{Question, root, shown},
    targets::all_policies,
};
use crate::{
    http::encode,
    iam::{
        PER_PAGE,
        deletion::{self, Going, deleted, ticked},
        found, sliced,
    },
    layout::Service,
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{csrf, head, nothing},
    visit::{Page, Visit},
};

/// A type of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Service,
    Resource,
}

impl Kind {
    /// Both, as they are listed.
    pub(super) const ALL: [Kind; 2] = [Kind::Service, Kind::Resource];

    /// From its part of an address.
    pub(super) fn of(path: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.path() == path)
    }

    /// Its part of an address.
    pub(super) fn path(self) -> &'static str {
        match self {
            Kind::Service => "service-control-policy",
            Kind::Resource => "resource-control-policy",
        }
    }

    /// AWS's word in calls.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Service => "SERVICE_CONTROL_POLICY",
            Kind::Resource => "RESOURCE_CONTROL_POLICY",
        }
    }

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Kind::Service => "Service control policies",
            Kind::Resource => "Resource control policies",
        }
    }

    /// One of them.
    pub(super) fn one(self) -> &'static str {
        match self {
            Kind::Service => "service control policy",
            Kind::Resource => "resource control policy",
        }
    }

    /// What it does.
    pub(super) fn about(self) -> &'static str {
        match self {
            Kind::Service => {
                "What people and programs of the accounts may do at most. It gives nothing: their own policies do, within it."
            }
            Kind::Resource => {
                "What may be done at most with what is in the accounts, whoever comes. It gives nothing."
            }
        }
    }

    /// `/organizations/policies/service-control-policy`.
    pub(super) fn list(self) -> String {
        format!("/organizations/policies/{}", self.path())
    }

    /// A policy's page.
    pub(super) fn page_of(self, id: &str) -> String {
        format!("{}/{}", self.list(), encode(id))
    }
}

/// Whether the type can be used: it is enabled in the root.
fn enabled(root: &s::Root, kind: Kind) -> bool {
    root.policy_types.iter().any(|summary| {
        summary.r#type.as_deref() == Some(kind.word())
            && summary.status.as_deref() == Some("ENABLED")
    })
}

/// `/organizations/policies`.
pub(super) fn types(visit: &Visit) -> Page {
    let root = root(visit)?;
    let main = html! {
        (head("Policies", "What is possible in the accounts of the organization at most, by type.", html! {}))
        table {
            thead { tr { th { "Policy type" } th { "Status" } th { "Actions" } } }
            tbody { @for kind in Kind::ALL { tr {
                td { a href=(visit.at(&kind.list())) { (kind.title()) } div.about { (kind.about()) } }
                td { @if enabled(&root, kind) { span.badge.open { "Enabled" } } @else { span.badge { "Disabled" } } }
                td.row-actions { form method="post" action={ (visit.at(&kind.list())) "/" @if enabled(&root, kind) { "disable" } @else { "enable" } } {
                    (csrf(visit))
                    @if enabled(&root, kind) { button.danger type="submit" aria-label={ "Disable " (kind.title()) } { "Disable" } } @else { button type="submit" aria-label={ "Enable " (kind.title()) } { "Enable" } }
                } }
            } } }
        }
    };
    Ok(shown(visit, "Policies", main))
}

/// Enables or disables a type.
pub(super) async fn switch(visit: &Visit, kind: Kind, to: &str) -> Page {
    if !visit.request.is_post() {
        return Err(crate::not_found());
    }
    let root_id = root(visit)?.id.unwrap_or_default();
    let policy_type = kind.word().to_owned();
    let title = kind.title();
    if to == "enable" {
        visit
            .change::<EnablePolicyType>(s::EnablePolicyTypeInput {
                root_id,
                policy_type,
            })
            .await?;
        return Ok(visit.done(&kind.list(), format!("{title} are enabled.")));
    }
    let question = Question {
        title: &format!("Disable {}", title.to_lowercase()),
        word: "disable",
        what: html! { p { "All " (title.to_lowercase()) " are detached from everything: none of them limits anybody any more. They stay in the list." } },
        keeps: &[],
        action: &format!("{}/disable", kind.list()),
        back: "/organizations/policies",
        button: "Disable",
    };
    if !question.answered(visit) {
        return Ok(question.ask(visit));
    }
    visit
        .change::<DisablePolicyType>(s::DisablePolicyTypeInput {
            root_id,
            policy_type,
        })
        .await?;
    Ok(visit.done("/organizations/policies", format!("{title} are disabled.")))
}

/// `/organizations/policies/TYPE`.
pub(super) async fn list(visit: &Visit, kind: Kind) -> Page {
    if visit.request.is_post() {
        return delete(visit, kind).await;
    }
    let on = root(visit).map(|root| enabled(&root, kind));
    let q = visit.query("q");
    let mut policies = all_policies(visit, kind)?;
    policies.retain(|policy| found(q, &[policy.name.as_deref().unwrap_or("")]));
    let order = Order::of(visit);
    order.by("name", &mut policies, |p| {
        p.name.as_deref().unwrap_or("").to_lowercase()
    });
    order.by("kind", &mut policies, |p| p.aws_managed);
    let page = page_number(visit);
    let main = html! {
        p.crumbs { a href=(visit.at("/organizations/policies")) { "Policies" } }
        (head(kind.title(), kind.about(), html! { @if !policies.is_empty() { (delete_button()) } a.button.primary href={ (visit.at(&kind.list())) "/create" } { "Create policy" } }))
        @if matches!(on, Ok(false)) {
            div.flash.warn { (kind.title()) " are disabled in this organization: they cannot be attached, and none limits anybody. "
                form.inline method="post" action={ (visit.at(&kind.list())) "/enable" } { (csrf(visit)) button type="submit" { "Enable " (kind.title().to_lowercase()) } } }
        }
        (search(visit, "Find policies", &[]))
        form #(FORM) method="post" autocomplete="off" action=(visit.at(&kind.list())) {
            (csrf(visit))
            @if policies.is_empty() { (nothing("No policies.")) } @else {
                table {
                    thead { tr { td.tick {} (order.heading("name", "Name")) (order.heading("kind", "Kind")) th { "Description" } } }
                    tbody { @for policy in sliced(&policies, page) {
                        @let (id, name) = (policy.id.as_deref().unwrap_or(""), policy.name.as_deref().unwrap_or(""));
                        tr {
                            td.tick { @if policy.aws_managed != Some(true) { input type="checkbox" name="name" value=(id) aria-label={ "Select " (name) }; } }
                            td { a href=(visit.at(&kind.page_of(id))) { (name) } }
                            td { @if policy.aws_managed == Some(true) { "AWS managed" } @else { "Customer managed" } }
                            td.about { (policy.description.as_deref().unwrap_or("")) }
                        }
                    } }
                }
            }
        }
        (pager(visit, page, PER_PAGE, policies.len()))
    };
    Ok(shown(visit, kind.title(), main))
}

/// A policy by its id.
pub(super) fn described(visit: &Visit, id: &str) -> Result<s::Policy, Fault> {
    let input = s::DescribePolicyInput {
        policy_id: id.to_owned(),
    };
    let out = visit.read::<DescribePolicy>(input)?;
    out.policy.ok_or_else(Fault::internal)
}

/// The name of a policy; its id where it may not be read.
fn name_of(visit: &Visit, id: &str) -> String {
    let summary = described(visit, id).ok();
    let summary = summary.and_then(|policy| policy.policy_summary);
    summary
        .and_then(|summary| summary.name)
        .unwrap_or_else(|| id.to_owned())
}

async fn delete(visit: &Visit, kind: Kind) -> Page {
    let ids = ticked(visit);
    let names: Vec<String> = ids.iter().map(|id| name_of(visit, id)).collect();
    let list = kind.list();
    if ids.is_empty() {
        return Ok(visit.done(&list, "Nothing was selected."));
    }
    let word = deletion::word(&names);
    if visit.field("confirm") != word {
        let going = |(id, name): (&String, &String)| {
            let mut going = Going::new(id, name);
            going.also("attached somewhere it is not deleted: detach it first");
            going
        };
        let all: Vec<Going> = ids.iter().zip(&names).map(going).collect();
        let service = Service::Organizations;
        return Ok(deletion::confirm(
            visit, service, "policy", &all, &word, &list,
        ));
    }
    let words = ("policy", "policies");
    for (n, (id, name)) in ids.iter().zip(&names).enumerate() {
        let input = s::DeletePolicyInput {
            policy_id: id.clone(),
        };
        if let Err(fault) = visit.change::<DeletePolicy>(input).await {
            return Ok(deleted(visit, &list, words, n, Some((name, fault))));
        }
    }
    Ok(deleted(visit, &list, words, ids.len(), None))
}
