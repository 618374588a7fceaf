//! What root, units and accounts have in common: the way from the root, control policies attached, tags.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::organizations::{
    attachments::{AttachPolicy, DetachPolicy, ListPoliciesForTarget},
    policies::ListPolicies,
    tags::{ListTagsForResource, TagResource, UntagResource},
};
use twinlock_shapes::organizations as s;

use super::{
    common::{MOST, unit_path, way},
    policies::Kind,
};
use crate::{
    iam::{sent_tags, tags_form},
    parts::{csrf, field, nothing, problem},
    visit::{Page, Visit, all_pages},
};

/// The root, a unit or an account, and where its page is.
#[derive(Debug)]
pub(super) struct Target<'t> {
    pub(super) id: &'t str,
    pub(super) path: &'t str,
}

/// Policies of a type.
pub(super) fn all_policies(visit: &Visit, kind: Kind) -> Result<Vec<s::PolicySummary>, Fault> {
    all_pages::<ListPolicies, _>(
        visit,
        MOST,
        |next_token| s::ListPoliciesInput {
            filter: kind.word().to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.policies, out.next_token),
    )
}

/// Policies of a type that are attached to a root, unit or account itself.
fn attached(visit: &Visit, target: &str, kind: Kind) -> Result<Vec<s::PolicySummary>, Fault> {
    all_pages::<ListPoliciesForTarget, _>(
        visit,
        MOST,
        |next_token| s::ListPoliciesForTargetInput {
            target_id: target.to_owned(),
            filter: kind.word().to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.policies, out.next_token),
    )
}

/// Attaches a policy.
pub(super) async fn attach(visit: &Visit, policy: &str, target: &str) -> Result<(), Fault> {
    let input = s::AttachPolicyInput {
        policy_id: policy.to_owned(),
        target_id: target.to_owned(),
    };
    visit.change::<AttachPolicy>(input).await.map(drop)
}

/// Detaches a policy.
pub(super) async fn detach(visit: &Visit, policy: &str, target: &str) -> Result<(), Fault> {
    let input = s::DetachPolicyInput {
        policy_id: policy.to_owned(),
        target_id: target.to_owned(),
    };
    visit.change::<DetachPolicy>(input).await.map(drop)
}

impl Target<'_> {
    /// Root › Unit › …, each a link.
    pub(super) fn crumbs(&self, visit: &Visit) -> Markup {
        let way = way(visit, self.id).unwrap_or_default();
        html! {
            p.crumbs {
                a href=(visit.at("/organizations")) { "AWS accounts" }
                @for (id, name) in &way { " › " a href=(visit.at(&unit_path(id))) { (name) } }
            }
        }
    }

    /// The Policies tab: what is attached here, and what comes from above.
    pub(super) fn policies(&self, visit: &Visit) -> Markup {
        let above = way(visit, self.id).unwrap_or_default();
        html! { @for kind in Kind::ALL { (self.policies_of(visit, kind, &above)) } }
    }

    fn policies_of(&self, visit: &Visit, kind: Kind, above: &[(String, String)]) -> Markup {
        let attached = match attached(visit, self.id, kind) {
            Ok(attached) => attached,
            Err(fault) => {
                return html! { h2 { (kind.title()) } (problem(visit, &fault)) };
            }
        };
        let inherited = above.iter().rev().flat_map(|(id, name)| {
            let policies = self::attached(visit, id, kind).unwrap_or_default();
            policies.into_iter().map(move |policy| (policy, id, name))
        });
        let inherited: Vec<_> = inherited.collect();
        let rest = all_policies(visit, kind).unwrap_or_default();
        let rest: Vec<_> = rest
            .iter()
            .filter(|policy| !attached.iter().any(|other| other.id == policy.id))
            .collect();
        let select = format!("attach-{}", kind.path());
        let link = |policy: &s::PolicySummary| html! { a href=(visit.at(&kind.page_of(policy.id.as_deref().unwrap_or("")))) { (policy.name.as_deref().unwrap_or("")) } };
        html! {
            section.panel {
                h2 { (kind.title()) " (" (attached.len() + inherited.len()) ")" }
                @if attached.is_empty() && inherited.is_empty() { (nothing("None.")) } @else {
                    table {
                        thead { tr { th { "Policy" } th { "Source" } th { "Actions" } } }
                        tbody {
                            @for policy in &attached {
                                @let (id, name) = (policy.id.as_deref().unwrap_or(""), policy.name.as_deref().unwrap_or(""));
                                tr {
                                    td { (link(policy)) div.about { (policy.description.as_deref().unwrap_or("")) } }
                                    td { "Attached directly" }
                                    td.row-actions { form method="post" action={ (visit.at(self.path)) "/detach" } { (csrf(visit)) input type="hidden" name="policy" value=(id); button type="submit" aria-label={ "Detach " (name) } { "Detach" } } }
                                }
                            }
                            @for (policy, id, name) in &inherited { tr {
                                td { (link(policy)) div.about { (policy.description.as_deref().unwrap_or("")) } }
                                td { "Inherited from " a href={ (visit.at(&unit_path(id))) "?tab=policies" } { (name) } }
                                td {}
                            } }
                        }
                    }
                }
                @if !rest.is_empty() {
                    form method="post" action={ (visit.at(self.path)) "/attach" } {
                        (csrf(visit))
                        (field(&format!("Attach a {}", kind.one()), &select, html! {
                            select id=(select) name="policy" { @for policy in &rest { option value=(policy.id.as_deref().unwrap_or("")) { (policy.name.as_deref().unwrap_or("")) } } }
                        }, "", ""))
                        button type="submit" { "Attach policy" }
                    }
                }
            }
        }
    }

    fn tag_list(&self, visit: &Visit) -> Result<Vec<s::Tag>, Fault> {
        tags_of(visit, self.id)
    }

    /// The Tags tab.
    pub(super) fn tags(&self, visit: &Visit) -> Markup {
        match self.tag_list(visit) {
            Ok(tags) => tags_form(visit, &format!("{}/tags", self.path), &for_people(tags)),
            Err(fault) => problem(visit, &fault),
        }
    }

    /// What every target's page can be asked to do; none: it is its own.
    pub(super) async fn act(&self, visit: &Visit, rest: &[&str]) -> Option<Page> {
        if !visit.request.is_post() {
            return None;
        }
        let policy = visit.field("policy");
        let back = format!("{}?tab=policies", self.path);
        Some(match rest {
            ["attach"] => attach(visit, policy, self.id)
                .await
                .map(|()| visit.done(&back, "The policy is attached.")),
            ["detach"] => detach(visit, policy, self.id)
                .await
                .map(|()| visit.done(&back, "The policy is detached.")),
            ["tags"] => retag(visit, self.id)
                .await
                .map(|()| visit.done(&format!("{}?tab=tags", self.path), "The tags are saved.")),
            _ => return None,
        })
    }
}

/// The tags of anything in an organization.
pub(super) fn tags_of(visit: &Visit, id: &str) -> Result<Vec<s::Tag>, Fault> {
    all_pages::<ListTagsForResource, _>(
        visit,
        MOST,
        |next_token| s::ListTagsForResourceInput {
            resource_id: id.to_owned(),
            next_token,
        },
        |out| (out.tags, out.next_token),
    )
}

/// The same tags in the shape that forms for tags take.
pub(super) fn for_people(tags: Vec<s::Tag>) -> Vec<twinlock_shapes::iam::Tag> {
    let same = |tag: s::Tag| twinlock_shapes::iam::Tag {
        key: tag.key,
        value: tag.value,
    };
    tags.into_iter().map(same).collect()
}

/// The tags that a form sends.
pub(super) fn sent(visit: &Visit) -> Vec<s::Tag> {
    let same = |tag: twinlock_shapes::iam::Tag| s::Tag {
        key: tag.key,
        value: tag.value,
    };
    sent_tags(visit).into_iter().map(same).collect()
}

/// Makes the tags those of the form.
pub(super) async fn retag(visit: &Visit, id: &str) -> Result<(), Fault> {
    let tags = sent(visit);
    let old = tags_of(visit, id)?.into_iter().map(|tag| tag.key);
    let tag_keys: Vec<String> = old
        .filter(|key| !tags.iter().any(|tag| tag.key == *key))
        .collect();
    if !tag_keys.is_empty() {
        let resource_id = id.to_owned();
        visit
            .change::<UntagResource>(s::UntagResourceInput {
                resource_id,
                tag_keys,
            })
            .await?;
    }
    if !tags.is_empty() {
        let resource_id = id.to_owned();
        visit
            .change::<TagResource>(s::TagResourceInput { resource_id, tags })
            .await?;
    }
    Ok(())
}
