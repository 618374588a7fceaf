//! The buckets of the account: the list, creating one, emptying it, deleting it.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_s3::{
    buckets::{CreateBucket, DeleteBucket, ListBuckets},
    delete_object::DeleteObjects,
    list_versions::ListObjectVersions,
    public_access_block::PutPublicAccessBlock,
    versioning::PutBucketVersioning,
};
use twinlock_shapes::s3 as s;

use super::{PER_PAGE, page_of, path, problem};
use crate::{
    flash::Flash,
    layout::{Service, show},
    listing::{Order, pager, search},
    parts::{copy_button, csrf, head, nothing, problem_told, text, when},
    visit::{Page, Visit},
};

/// Names of the account's buckets that the caller may list; empty if it may not.
pub(crate) fn names(visit: &Visit) -> Vec<String> {
    visit
        .read::<ListBuckets>(s::ListBucketsInput::default())
        .map(|out| out.buckets.into_iter().filter_map(|b| b.name).collect())
        .unwrap_or_default()
}

/// `/s3`.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn list(visit: &Visit) -> Page {
    let buckets = visit.read::<ListBuckets>(s::ListBucketsInput::default());
    let main = html! {
        (head("Buckets", "Buckets are containers for data. Their names are shared by all accounts.", html! { a.button.primary href=(visit.at("/s3/-/create")) { "Create bucket" } }))
        @match &buckets {
            Err(fault) => {
                (problem(visit, fault))
                p.hint { "You may know a bucket's name all the same: its address is " code { (visit.at("/s3/NAME")) } "." }
            }
            Ok(out) => (listed(visit, &out.buckets)),
        }
    };
    Ok(show(visit, Service::S3, "Buckets", main))
}

/// The buckets that the search finds, in order, a page of them.
fn listed(visit: &Visit, buckets: &[s::Bucket]) -> Markup {
    let q = visit.query("q");
    let order = Order::of(visit);
    let name = |bucket: &&s::Bucket| bucket.name.clone().unwrap_or_default();
    let mut found: Vec<&s::Bucket> = buckets.iter().filter(|b| name(b).contains(q)).collect();
    order.by("name", &mut found, name);
    order.by("created", &mut found, |b| b.creation_date.map(|at| at.0));
    let (page, shown) = page_of(visit, &found);
    html! {
        (search(visit, "Find buckets by name", &[]))
        @if found.is_empty() { (nothing("No buckets.")) } @else {
            table {
                thead { tr { (order.heading("name", "Name")) (order.heading("created", "Creation date")) th { "Actions" } } }
                tbody { @for bucket in &found[shown] {
                    @let name = bucket.name.as_deref().unwrap_or("");
                    tr {
                        td { a href=(visit.at(&path(name))) { (name) } }
                        td { @if let Some(at) = bucket.creation_date { (when(at.0)) } }
                        td.row-actions {
                            a.button href={ (visit.at(&path(name))) "/empty" } aria-label={ "Empty " (name) } { "Empty" }
                            a.button.danger href={ (visit.at(&path(name))) "/delete" } aria-label={ "Delete " (name) } { "Delete" }
                            (copy_button(&format!("arn:aws:s3:::{name}"), &format!("Copy ARN of {name}")))
                        }
                    }
                } }
            }
            (pager(visit, page, PER_PAGE, found.len()))
        }
    }
}

/// `/s3/-/create`.
pub(crate) async fn create(visit: &Visit) -> Page {
    if !visit.request.is_post() {
        return Ok(create_page(visit, None));
    }
    let name = visit.field("bucketName").to_owned();
    let input = s::CreateBucketInput {
        bucket: name.clone(),
        object_ownership: Some("BucketOwnerEnforced".into()),
        ..Default::default()
    };
    if let Err(fault) = visit.change::<CreateBucket>(input).await {
        return Ok(create_page(visit, Some(&fault)));
    }
    let back = path(&name);
    if !visit.form.ticked("block") {
        let none = s::PublicAccessBlockConfiguration {
            block_public_acls: Some(false),
            ignore_public_acls: Some(false),
            block_public_policy: Some(false),
            restrict_public_buckets: Some(false),
        };
        let input = s::PutPublicAccessBlockInput {
            bucket: name.clone(),
            public_access_block_configuration: none,
            ..Default::default()
        };
        if let Err(fault) = visit.change::<PutPublicAccessBlock>(input).await {
            return Ok(visit.failed(&back, &fault));
        }
    }
    if visit.form.ticked("versioning") {
        let versioning_configuration = s::VersioningConfiguration {
            status: Some("Enabled".into()),
            mfa_delete: None,
        };
        let input = s::PutBucketVersioningInput {
            bucket: name.clone(),
            versioning_configuration,
            ..Default::default()
        };
        if let Err(fault) = visit.change::<PutBucketVersioning>(input).await {
            return Ok(visit.failed(&back, &fault));
        }
    }
    Ok(visit.done("/s3", format!("The bucket {name} is created.")))
}

fn create_page(visit: &Visit, fault: Option<&Fault>) -> Response<Body> {
    let name = visit.field("bucketName");
    let taken = match fault.map(|fault| fault.code.as_ref()) {
        Some("BucketAlreadyExists" | "BucketAlreadyOwnedByYou") => format!(
            "Bucket names are shared by all accounts, and this one is taken. Try {name}-{}",
            visit.account()
        ),
        Some("InvalidBucketName") => "3 to 63 lower-case letters, digits, dots and hyphens; it begins and ends with a letter or digit.".into(),
        _ => String::new(),
    };
    let first = !visit.request.is_post();
    let main = html! {
        div.narrow {
            (head("Create bucket", "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" {
                (csrf(visit))
                section.panel { (text("Bucket name", "bucketName", name, "Unique over all accounts of this server", &taken)) }
                section.panel {
                    h2 { "Object Ownership" }
                    p { "ACLs disabled: the bucket's owner owns every object in it, and policies alone say who may do what." }
                }
                section.panel {
                    h2 { "Block Public Access settings for this bucket" }
                    label.check { input type="checkbox" name="block" value="1" checked[first || visit.form.ticked("block")]; span { "Block all public access" div.about { "No policy can then make anything in it public." } } }
                }
                section.panel {
                    h2 { "Bucket Versioning" }
                    label.check { input type="checkbox" name="versioning" value="1" checked[visit.form.ticked("versioning")]; "Keep every version of an object" }
                }
                div.actions { a.button href=(visit.at("/s3")) { "Cancel" } button.primary type="submit" { "Create bucket" } }
            }
        }
    };
    show(visit, Service::S3, "Create bucket", main)
}

/// `/s3/BUCKET/delete`.
pub(crate) async fn delete(visit: &Visit, bucket: &str) -> Page {
    let mut fault = None;
    if visit.request.is_post() && visit.field("confirm") == bucket {
        match visit
            .effect::<DeleteBucket>(s::DeleteBucketInput {
                bucket: bucket.to_owned(),
                ..Default::default()
            })
            .await
        {
            Ok(_) => return Ok(visit.done("/s3", format!("The bucket {bucket} is deleted."))),
            Err(error) => fault = Some(error),
        }
    }
    let main = html! {
        div.narrow {
            (head("Delete bucket", "", html! {}))
            @if let Some(fault) = &fault {
                (problem(visit, fault))
                @if fault.code == "BucketNotEmpty" { p { "Only an empty bucket can be deleted. " a href={ (visit.at(&path(bucket))) "/empty" } { "Empty bucket" } } }
            }
            form.panel method="post" {
                (csrf(visit))
                p { "Deleting a bucket cannot be undone. Its name is then free for every account." }
                div.field {
                    label for="confirm" { "To confirm, type " strong { (bucket) } }
                    input type="text" id="confirm" name="confirm" data-word=(bucket) autocomplete="off";
                }
                div.actions { a.button href=(visit.at("/s3")) { "Cancel" } button.danger type="submit" data-needs { "Delete bucket" } }
            }
        }
    };
    Ok(show(visit, Service::S3, "Delete bucket", main))
}

/// `/s3/BUCKET/empty`: deletes every object and every version. The script asks for one round after the other and shows how far
/// it is; without it each press of the button is one round.
pub(crate) async fn empty(visit: &Visit, bucket: &str) -> Page {
    let mut fault = None;
    let mut gone = 0;
    if visit.request.is_post() && visit.field("confirm") == "permanently delete" {
        match empty_round(visit, bucket).await {
            Ok((deleted, more)) => {
                let scripted = !visit.request.header("x-csrf").is_empty();
                let all = super::deleted_before(visit) + deleted;
                let said = format!("The bucket {bucket} is empty: {all} deleted.");
                if scripted {
                    if !more {
                        visit.flashes.put(&visit.slot, Flash::done(said));
                    }
                    return Ok(crate::http::json(
                        &serde_json::json!({ "deleted": deleted, "more": more }),
                    ));
                }
                if !more {
                    return Ok(visit.done("/s3", said));
                }
                gone = deleted;
            }
            Err(error) => fault = Some(error),
        }
        if let Some(fault) = &fault
            && !visit.request.header("x-csrf").is_empty()
        {
            return Ok(crate::http::json(&problem_told(visit, fault)));
        }
    }
    let main = html! {
        div.narrow {
            (head("Empty bucket", "", html! {}))
            @if let Some(fault) = &fault { (problem(visit, fault)) }
            @if gone > 0 { p.flash.note { (gone) " deleted, there are more: type the words and press the button again." } }
            form.panel method="post" data-rounds=(visit.at("/s3")) data-csrf=(visit.sign_in.csrf) {
                (csrf(visit))
                p { "This deletes every object of " strong { (bucket) } ", all versions included, for ever." }
                @if gone > 0 { input type="hidden" name="deleted" value=(super::deleted_before(visit) + gone); }
                div.field {
                    label for="confirm" { "To confirm, type " strong { "permanently delete" } }
                    input type="text" id="confirm" name="confirm" data-word="permanently delete" autocomplete="off";
                }
                p.progress hidden role="status" {}
                div.actions { a.button href=(visit.at("/s3")) { "Cancel" } button.danger type="submit" data-needs { "Empty" } }
            }
        }
    };
    Ok(show(visit, Service::S3, "Empty bucket", main))
}

/// Deletes up to a thousand keys: how many went, and whether there are more. Who may not list versions empties by the plain
/// listing, as far as it goes.
async fn empty_round(visit: &Visit, bucket: &str) -> Result<(usize, bool), Fault> {
    let input = s::ListObjectVersionsInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    };
    let (objects, marked, more, unseen) = match visit.effect::<ListObjectVersions>(input).await {
        Ok(out) => {
            let marked = !out.delete_markers.is_empty();
            let versions = out.versions.into_iter().map(|v| (v.key, v.version_id));
            let markers = out
                .delete_markers
                .into_iter()
                .map(|m| (m.key, m.version_id));
            let all = versions.chain(markers).collect::<Vec<_>>();
            (all, marked, out.is_truncated == Some(true), None)
        }
        Err(denied) => {
            let input = s::ListObjectsV2Input {
                bucket: bucket.to_owned(),
                ..Default::default()
            };
            let out = visit
                .effect::<twinlock_s3::list_objects::ListObjectsV2>(input)
                .await?;
            (
                out.contents.into_iter().map(|o| (o.key, None)).collect(),
                false,
                out.is_truncated == Some(true),
                Some(denied),
            )
        }
    };
    if objects.is_empty() {
        return Ok((0, false));
    }
    // Where versions are kept, or were, the one that is called null is a version like the others: deleting its key alone would
    // leave a marker.
    let keeps = marked || objects.iter().any(|(_, id)| id.as_deref() != Some("null"));
    let objects: Vec<_> = objects
        .into_iter()
        .map(|(key, version_id)| s::ObjectIdentifier {
            key: key.unwrap_or_default(),
            version_id: version_id.filter(|id| keeps || id != "null"),
            ..Default::default()
        })
        .collect();
    let asked = objects.len();
    let input = s::DeleteObjectsInput {
        bucket: bucket.to_owned(),
        delete: s::Delete {
            objects,
            quiet: Some(false),
        },
        ..Default::default()
    };
    let out = visit.effect::<DeleteObjects>(input).await?;
    if let Some(error) = out.errors.into_iter().next() {
        let text = format!(
            "{} ({} was not deleted.)",
            error.message.unwrap_or_default(),
            error.key.unwrap_or_default()
        );
        return Err(Fault::new(error.code.unwrap_or_default(), 403, text));
    }
    // A key that left a marker tells of a bucket with versions, to be gone through again.
    let left = out
        .deleted
        .iter()
        .any(|deleted| deleted.version_id.is_none() && deleted.delete_marker == Some(true));
    match unseen.filter(|_| left && !more) {
        // What is listed is hidden now, and not gone: the page promised more than that.
        Some(denied) => Err(Fault::new(
            denied.code,
            denied.status,
            format!(
                "{} (Every object is hidden by a delete marker; the versions under them stay.)",
                denied.message
            ),
        )),
        None => Ok((asked, more || left)),
    }
}
