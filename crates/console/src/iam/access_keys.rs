//! Access keys of a user, or of the root user itself: listed, made and shown once, deactivated, deleted.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::access_keys::{
    CreateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed, ListAccessKeys, UpdateAccessKey,
};
use twinlock_shapes::iam as s;

use crate::{
    http::encode,
    layout::{Service, show},
    parts::{copy, csrf, head, problem, when},
    visit::{Page, Visit},
};

/// Whose credentials a page is about. A name is a user's; without one it is the root user, whom no name stands for, as a user
/// may be called `root`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'o>(pub(crate) Option<&'o str>);

impl Owner<'_> {
    /// Under which path its credentials are changed.
    pub(crate) fn path(self) -> String {
        match self.0 {
            None => "/iam/credentials".to_owned(),
            Some(name) => format!("/iam/users/{}", encode(name)),
        }
    }

    /// The page that shows them.
    pub(crate) fn back(self) -> String {
        match self.0 {
            None => self.path(),
            Some(_) => format!("{}?tab=credentials", self.path()),
        }
    }

    /// As operations want it.
    pub(crate) fn user_name(self) -> Option<String> {
        self.0.map(str::to_owned)
    }
}

/// The keys, without their secrets.
pub(crate) fn all(visit: &Visit, owner: Owner<'_>) -> Result<Vec<s::AccessKeyMetadata>, Fault> {
    let input = s::ListAccessKeysInput {
        user_name: owner.user_name(),
        ..Default::default()
    };
    Ok(visit.read::<ListAccessKeys>(input)?.access_key_metadata)
}

/// The panel of the page with security credentials.
pub(crate) fn panel(visit: &Visit, owner: Owner<'_>) -> Markup {
    let path = visit.at(&owner.path());
    let keys = match all(visit, owner) {
        Ok(keys) => keys,
        Err(fault) => {
            return html! { section.panel { h2 { "Access keys" } (problem(visit, &fault)) } };
        }
    };
    html! {
        section.panel {
            div.head { h2 { "Access keys (" (keys.len()) ")" }
                form method="post" action={ (path) "/create-key" } { (csrf(visit)) button type="submit" { "Create access key" } } }
            @if owner.0.is_none() { p.hint { "No policy of the account limits what root's keys can do. Better have none." } }
            @if !keys.is_empty() {
                table { thead { tr { th { "Access key ID" } th { "Status" } th { "Created" } th { "Last used" } th { "Actions" } } }
                    tbody { @for key in &keys { (row(visit, &path, key)) } } }
            }
        }
    }
}

fn row(visit: &Visit, path: &str, key: &s::AccessKeyMetadata) -> Markup {
    let id = key.access_key_id.clone().unwrap_or_default();
    let used = visit
        .read::<GetAccessKeyLastUsed>(s::GetAccessKeyLastUsedInput {
            access_key_id: id.clone(),
        })
        .ok()
        .and_then(|out| out.access_key_last_used);
    html! {
        tr {
            td { (copy(&id)) }
            td { (status(key.status.as_deref().unwrap_or(""))) }
            td { @if let Some(at) = key.create_date { (when(at.0)) } }
            td { @match used.as_ref().and_then(|u| u.last_used_date) { Some(at) => { (when(at.0)) div.about { (used.as_ref().map_or("", |u| u.service_name.as_str())) } }, None => "–" } }
            (actions(visit, path, "key", &id, key.status.as_deref() == Some("Active")))
        }
    }
}

/// The badge for a credential's status.
pub(crate) fn status(status: &str) -> Markup {
    html! { span class=(if status == "Active" { "badge open" } else { "badge closed" }) { (status) } }
}

/// The cell with what can be done to a credential: an active one is deactivated first, and deleted when nobody missed it.
pub(crate) fn actions(visit: &Visit, path: &str, what: &str, id: &str, active: bool) -> Markup {
    let (verb, to) = if active {
        ("Deactivate", "Inactive")
    } else {
        ("Activate", "Active")
    };
    html! {
        td.row-actions {
            form method="post" action={ (path) "/" (what) "-status" } { (csrf(visit)) input type="hidden" name="key" value=(id); input type="hidden" name="status" value=(to); button type="submit" aria-label={ (verb) " " (id) } { (verb) } }
            @if !active { form method="post" action={ (path) "/delete-" (what) } { (csrf(visit)) input type="hidden" name="key" value=(id); button.danger type="submit" aria-label={ "Delete " (id) } { "Delete" } } }
        }
    }
}

/// What was asked of a key; none: it is about something else.
pub(crate) async fn act(visit: &Visit, owner: Owner<'_>, action: &str) -> Option<Page> {
    let access_key_id = visit.field("key").to_owned();
    Some(match action {
        "create-key" => create(visit, owner).await,
        "key-status" => set(visit, owner, access_key_id, visit.field("status")).await,
        "delete-key" => delete(visit, owner, access_key_id)
            .await
            .map(|()| visit.done(&owner.back(), "The key is deleted.")),
        _ => return None,
    })
}

async fn create(visit: &Visit, owner: Owner<'_>) -> Page {
    let user_name = owner.user_name();
    let made = visit
        .change::<CreateAccessKey>(s::CreateAccessKeyInput { user_name })
        .await?
        .access_key;
    Ok(new_key_page(visit, owner, &made))
}

async fn set(visit: &Visit, owner: Owner<'_>, access_key_id: String, status: &str) -> Page {
    visit
        .change::<UpdateAccessKey>(s::UpdateAccessKeyInput {
            user_name: owner.user_name(),
            access_key_id,
            status: status.to_owned(),
        })
        .await?;
    let text = format!("The key is {}.", status.to_lowercase());
    Ok(visit.done(&owner.back(), text))
}

/// Deletes a key.
pub(crate) async fn delete(
    visit: &Visit,
    owner: Owner<'_>,
    access_key_id: String,
) -> Result<(), Fault> {
    let input = s::DeleteAccessKeyInput {
        user_name: owner.user_name(),
        access_key_id,
    };
    visit.change::<DeleteAccessKey>(input).await.map(drop)
}

/// The one page that shows a secret access key.
fn new_key_page(visit: &Visit, owner: Owner<'_>, key: &s::AccessKey) -> Response<Body> {
    let csv = format!(
        "Access key ID,Secret access key\n{},{}\n",
        key.access_key_id, key.secret_access_key
    );
    let main = html! {
        div.narrow {
            (head("Retrieve access key", "", html! {}))
            p.flash.warn { "This is the only time that the secret access key is shown. Keep it now." }
            section.panel {
                dl.facts {
                    dt { "Access key" } dd { (copy(&key.access_key_id)) }
                    dt { "Secret access key" } dd { (copy(&key.secret_access_key)) }
                }
                div.actions {
                    a.button download={ (owner.0.unwrap_or("root")) "_accessKeys.csv" } href={ "data:text/csv;charset=utf-8," (encode(&csv)) } { "Download .csv file" }
                    a.button.primary href=(visit.at(&owner.back())) { "Done" }
                }
            }
        }
    };
    show(visit, Service::Iam, "Retrieve access key", main)
}
