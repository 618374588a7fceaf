//! What users, user groups and roles have in common: attached and inline policies, and tags.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{attachments as a, inline_policies as i, role_settings, user_tags};
use twinlock_shapes::iam as s;

use super::{
    MOST, PAGE_ITEMS, decoded,
    deletion::Going,
    editor,
    pick::{AGAIN, Shelf},
    policies, pretty,
};
use crate::{
    http::encode,
    layout::{Service, show},
    parts::{csrf, head, nothing},
    visit::{Page, Visit, all_pages},
};

/// What holds policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Group,
    Role,
}

/// One user, group or role, by name.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 3] = [Kind::User, Kind::Group, Kind::Role];

    /// Its word in addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::Role => "role",
        }
    }
}

impl Holder {
    pub(crate) fn new(kind: Kind, name: &str) -> Holder {
        Holder {
            kind,
            name: name.to_owned(),
        }
    }

    /// `/iam/groups/Developers`.
    pub(crate) fn path(&self) -> String {
        let kind = match self.kind {
            Kind::User => "users",
            Kind::Group => "groups",
            Kind::Role => "roles",
        };
        format!("/iam/{kind}/{}", encode(&self.name))
    }

    /// Name and ARN of each managed policy attached.
    pub(crate) fn attached(&self, visit: &Visit) -> Result<Vec<(String, String)>, Fault> {
        let name = || self.name.clone();
        let pairs = |list: Vec<s::AttachedPolicy>| {
            list.into_iter()
                .map(|p| {
                    (
                        p.policy_name.unwrap_or_default(),
                        p.policy_arn.unwrap_or_default(),
                    )
                })
                .collect::<Vec<_>>()
        };
        let max_items = Some(PAGE_ITEMS);
        match self.kind {
            Kind::User => all_pages::<a::ListAttachedUserPolicies, _>(
                visit,
                MOST,
                |marker| s::ListAttachedUserPoliciesInput {
                    user_name: name(),
                    marker,
                    max_items,
                    ..Default::default()
                },
                |out| (pairs(out.attached_policies), out.marker),
            ),
            Kind::Group => all_pages::<a::ListAttachedGroupPolicies, _>(
                visit,
                MOST,
                |marker| s::ListAttachedGroupPoliciesInput {
                    group_name: name(),
                    marker,
                    max_items,
                    ..Default::default()
                },
                |out| (pairs(out.attached_policies), out.marker),
            ),
            Kind::Role => all_pages::<a::ListAttachedRolePolicies, _>(
                visit,
                MOST,
                |marker| s::ListAttachedRolePoliciesInput {
                    role_name: name(),
                    marker,
                    max_items,
                    ..Default::default()
                },
                |out| (pairs(out.attached_policies), out.marker),
            ),
        }
    }

    /// Names of the inline policies.
    pub(crate) fn inline(&self, visit: &Visit) -> Result<Vec<String>, Fault> {
        let name = || self.name.clone();
        let max_items = Some(PAGE_ITEMS);
        match self.kind {
            Kind::User => all_pages::<i::ListUserPolicies, _>(
                visit,
                MOST,
                |marker| s::ListUserPoliciesInput {
                    user_name: name(),
                    marker,
                    max_items,
                },
                |out| (out.policy_names, out.marker),
            ),
            Kind::Group => all_pages::<i::ListGroupPolicies, _>(
                visit,
                MOST,
                |marker| s::ListGroupPoliciesInput {
                    group_name: name(),
                    marker,
                    max_items,
                },
                |out| (out.policy_names, out.marker),
            ),
            Kind::Role => all_pages::<i::ListRolePolicies, _>(
                visit,
                MOST,
                |marker| s::ListRolePoliciesInput {
                    role_name: name(),
                    marker,
                    max_items,
                },
                |out| (out.policy_names, out.marker),
            ),
        }
    }

    /// The text of one inline policy.
    pub(crate) fn inline_text(&self, visit: &Visit, policy: &str) -> Result<String, Fault> {
        let policy_name = policy.to_owned();
        let name = self.name.clone();
        let text = match self.kind {
            Kind::User => {
                visit
                    .read::<i::GetUserPolicy>(s::GetUserPolicyInput {
                        user_name: name,
                        policy_name,
                    })?
                    .policy_document
            }
            Kind::Group => {
                visit
                    .read::<i::GetGroupPolicy>(s::GetGroupPolicyInput {
                        group_name: name,
                        policy_name,
                    })?
                    .policy_document
            }
            Kind::Role => {
                visit
                    .read::<i::GetRolePolicy>(s::GetRolePolicyInput {
                        role_name: name,
                        policy_name,
                    })?
                    .policy_document
            }
        };
        Ok(decoded(&text))
    }

    /// Writes an inline policy.
    pub(crate) async fn put_inline(
        &self,
        visit: &Visit,
        policy: &str,
        text: &str,
    ) -> Result<(), Fault> {
        let policy_name = policy.to_owned();
        let policy_document = text.to_owned();
        let name = self.name.clone();
        match self.kind {
            Kind::User => visit
                .change::<i::PutUserPolicy>(s::PutUserPolicyInput {
                    user_name: name,
                    policy_name,
                    policy_document,
                })
                .await
                .map(drop),
            Kind::Group => visit
                .change::<i::PutGroupPolicy>(s::PutGroupPolicyInput {
                    group_name: name,
                    policy_name,
                    policy_document,
                })
                .await
                .map(drop),
            Kind::Role => visit
                .change::<i::PutRolePolicy>(s::PutRolePolicyInput {
                    role_name: name,
                    policy_name,
                    policy_document,
                })
                .await
                .map(drop),
        }
    }

    /// Removes an inline policy.
    pub(crate) async fn delete_inline(&self, visit: &Visit, policy: &str) -> Result<(), Fault> {
        let policy_name = policy.to_owned();
        let name = self.name.clone();
        match self.kind {
            Kind::User => visit
                .change::<i::DeleteUserPolicy>(s::DeleteUserPolicyInput {
                    user_name: name,
                    policy_name,
                })
                .await
                .map(drop),
            Kind::Group => visit
                .change::<i::DeleteGroupPolicy>(s::DeleteGroupPolicyInput {
                    group_name: name,
                    policy_name,
                })
                .await
                .map(drop),
            Kind::Role => visit
                .change::<i::DeleteRolePolicy>(s::DeleteRolePolicyInput {
                    role_name: name,
                    policy_name,
                })
                .await
                .map(drop),
        }
    }

    /// Attaches a managed policy.
    pub(crate) async fn attach(&self, visit: &Visit, arn: &str) -> Result<(), Fault> {
        let policy_arn = arn.to_owned();
        let name = self.name.clone();
        match self.kind {
            Kind::User => visit
                .change::<a::AttachUserPolicy>(s::AttachUserPolicyInput {
                    user_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
            Kind::Group => visit
                .change::<a::AttachGroupPolicy>(s::AttachGroupPolicyInput {
                    group_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
            Kind::Role => visit
                .change::<a::AttachRolePolicy>(s::AttachRolePolicyInput {
                    role_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
        }
    }

    /// Detaches a managed policy.
    pub(crate) async fn detach(&self, visit: &Visit, arn: &str) -> Result<(), Fault> {
        let policy_arn = arn.to_owned();
        let name = self.name.clone();
        match self.kind {
            Kind::User => visit
                .change::<a::DetachUserPolicy>(s::DetachUserPolicyInput {
                    user_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
            Kind::Group => visit
                .change::<a::DetachGroupPolicy>(s::DetachGroupPolicyInput {
                    group_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
            Kind::Role => visit
                .change::<a::DetachRolePolicy>(s::DetachRolePolicyInput {
                    role_name: name,
                    policy_arn,
                })
                .await
                .map(drop),
        }
    }

    /// Takes every policy off, so that the holder can be deleted.
    pub(crate) async fn strip(&self, visit: &Visit) -> Result<(), Fault> {
        for (_, arn) in self.attached(visit)? {
            self.detach(visit, &arn).await?;
        }
        for policy in self.inline(visit)? {
            self.delete_inline(visit, &policy).await?;
        }
        Ok(())
    }

    /// What [`Holder::strip`] does, in words.
    pub(crate) fn stripping(&self, visit: &Visit, going: &mut Going) -> Result<(), Fault> {
        let attached: Vec<String> = self
            .attached(visit)?
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let (inline, inlines) = ("inline policy is deleted", "inline policies are deleted");
        going.says(&attached, "policy is detached", "policies are detached");
        going.says(&self.inline(visit)?, inline, inlines);
        Ok(())
    }

    /// The Permissions tab.
    pub(crate) fn permissions(&self, visit: &Visit) -> Result<Markup, Fault> {
        let attached = self.attached(visit)?;
        let inline = self.inline(visit)?;
        let path = visit.at(&self.path());
        Ok(html! {
            div.head {
                h2 { "Permissions policies (" (attached.len() + inline.len()) ")" }
                details.menu.add {
                    summary.button { "Add permissions" }
                    div.menu-body.right {
                        a href={ (path) "/attach" } { "Attach policies" }
                        a href={ (path) "/inline" } { "Create inline policy" }
                    }
                }
            }
            @if attached.is_empty() && inline.is_empty() { (nothing("No policy. Nothing is allowed by this alone.")) } @else {
                table {
                    thead { tr { th { "Policy name" } th { "Type" } th { "Actions" } } }
                    tbody {
                        @for (name, arn) in &attached {
                            tr {
                                td { a href=(visit.at(&policies::path(arn))) { (name) } }
                                td { (policies::kind_of(arn)) }
                                td.row-actions { (self.button(visit, "detach", arn, "Remove")) }
                            }
                        }
                        @for name in &inline {
                            tr {
                                td { a href={ (path) "/inline?policy=" (encode(name)) } { (name) } }
                                td { "Inline" }
                                td.row-actions {
                                    a.button href={ (path) "/inline?policy=" (encode(name)) } { "Edit" }
                                    (self.button(visit, "delete-inline", name, "Delete"))
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    fn button(&self, visit: &Visit, action: &str, policy: &str, label: &str) -> Markup {
        html! {
            form method="post" action={ (visit.at(&self.path())) "/" (action) } {
                (csrf(visit)) input type="hidden" name="policy" value=(policy);
                button type="submit" { (label) }
            }
        }
    }

    /// What all holders' pages can be asked to do; none: it is the holder's own.
    pub(crate) async fn act(&self, visit: &Visit, rest: &[&str]) -> Option<Page> {
        let post = visit.request.is_post();
        let policy = visit.field("policy").to_owned();
        let back = format!("{}?tab=permissions", self.path());
        Some(match rest {
            ["detach"] if post => self
                .detach(visit, &policy)
                .await
                .map(|()| visit.done(&back, format!("{policy} is detached."))),
            ["delete-inline"] if post => self
                .delete_inline(visit, &policy)
                .await
                .map(|()| visit.done(&back, format!("The inline policy {policy} is deleted."))),
            ["attach"] if post && visit.field("go") != AGAIN => self.attach_all(visit, &back).await,
            ["attach"] => self.attach_page(visit),
            ["inline"] => editor::inline(visit, self).await,
            ["tags"] if post => self.retag(visit).await,
            _ => return None,
        })
    }

    async fn attach_all(&self, visit: &Visit, back: &str) -> Page {
        let arns: Vec<String> = visit.form.all("policy").map(str::to_owned).collect();
        for arn in &arns {
            self.attach(visit, arn).await?;
        }
        Ok(visit.done(
            back,
            format!("{} attached.", count(arns.len(), "policy", "policies")),
        ))
    }

    fn attach_page(&self, visit: &Visit) -> Page {
        let chosen: Vec<&str> = visit.form.all("policy").collect();
        let main = html! {
            (head(&format!("Attach policies to {}", self.name), "", html! { a.button href=(visit.at("/iam/policies/create")) target="_blank" rel="noopener" { "Create policy" } }))
            form.panel method="post" {
                (csrf(visit))
                (Shelf::Policies(Some(self)).picker(visit, &chosen, AGAIN)?)
                div.actions { a.button href={ (visit.at(&self.path())) "?tab=permissions" } { "Cancel" } button.primary type="submit" { "Attach policies" } }
            }
        };
        Ok(show(visit, Service::Iam, "Attach policies", main))
    }

    /// The Tags tab.
    pub(crate) fn tags(&self, visit: &Visit) -> Result<Markup, Fault> {
        let tags = self.tag_list(visit)?;
        Ok(tags_form(visit, &format!("{}/tags", self.path()), &tags))
    }

    fn tag_list(&self, visit: &Visit) -> Result<Vec<s::Tag>, Fault> {
        let name = || self.name.clone();
        match self.kind {
            Kind::User => all_pages::<user_tags::ListUserTags, _>(
                visit,
                MOST,
                |marker| s::ListUserTagsInput {
                    user_name: name(),
                    marker,
                    max_items: Some(PAGE_ITEMS),
                },
                |out| (out.tags, out.marker),
            ),
            Kind::Role => all_pages::<role_settings::ListRoleTags, _>(
                visit,
                MOST,
                |marker| s::ListRoleTagsInput {
                    role_name: name(),
                    marker,
                    max_items: Some(PAGE_ITEMS),
                },
                |out| (out.tags, out.marker),
            ),
            Kind::Group => Ok(Vec::new()),
        }
    }

    async fn retag(&self, visit: &Visit) -> Page {
        let wanted = sent_tags(visit);
        let tag_keys: Vec<String> = self
            .tag_list(visit)?
            .into_iter()
            .filter(|old| !wanted.iter().any(|new| new.key == old.key))
            .map(|old| old.key)
            .collect();
        let name = || self.name.clone();
        match self.kind {
            Kind::User => {
                if !tag_keys.is_empty() {
                    visit
                        .change::<user_tags::UntagUser>(s::UntagUserInput {
                            user_name: name(),
                            tag_keys,
                        })
                        .await?;
                }
                if !wanted.is_empty() {
                    visit
                        .change::<user_tags::TagUser>(s::TagUserInput {
                            user_name: name(),
                            tags: wanted,
                        })
                        .await?;
                }
            }
            Kind::Role => {
                if !tag_keys.is_empty() {
                    visit
                        .change::<role_settings::UntagRole>(s::UntagRoleInput {
                            role_name: name(),
                            tag_keys,
                        })
                        .await?;
                }
                if !wanted.is_empty() {
                    visit
                        .change::<role_settings::TagRole>(s::TagRoleInput {
                            role_name: name(),
                            tags: wanted,
                        })
                        .await?;
                }
            }
            Kind::Group => return Err(crate::not_found()),
        }
        Ok(visit.done(&format!("{}?tab=tags", self.path()), "The tags are saved."))
    }
}

/// All tags in a form that is sent to `action`.
pub(crate) fn tags_form(visit: &Visit, action: &str, tags: &[s::Tag]) -> Markup {
    html! {
        h2 { "Tags (" (tags.len()) ")" }
        form.panel method="post" action=(visit.at(action)) {
            (csrf(visit))
            (tag_fields(tags))
            button.primary type="submit" { "Save changes" }
        }
    }
}

/// Rows for tags, three of them empty.
pub(crate) fn tag_fields(tags: &[s::Tag]) -> Markup {
    let empty = s::Tag::default();
    html! {
        table.tags {
            thead { tr { th { "Key" } th { "Value" } } }
            tbody {
                @for tag in tags.iter().chain([&empty; 3]) {
                    tr {
                        td { input type="text" name="tagKey" value=(tag.key) aria-label="Key"; }
                        td { input type="text" name="tagValue" value=(tag.value) aria-label="Value"; }
                    }
                }
            }
        }
        p.hint { "A row without a key is left out." }
    }
}

/// The tags that a form with [`tag_fields`] sends.
pub(crate) fn sent_tags(visit: &Visit) -> Vec<s::Tag> {
    visit
        .form
        .all("tagKey")
        .zip(visit.form.all("tagValue"))
        .filter(|(key, _)| !key.trim().is_empty())
        .map(|(key, value)| s::Tag {
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
        })
        .collect()
}

/// `1 policy`, `2 policies`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A document to read.
pub(crate) fn document(text: &str) -> Markup {
    html! { pre { code { (pretty(text)) } } }
}
