//! Deleting objects, folders and versions: what is to go is shown, and a word typed, before anything goes.

use http::Response;
use maud::html;
use serde_json::json;
use twinlock_gate::{Body, Fault};
use twinlock_s3::{delete_object::DeleteObjects, versioning::GetBucketVersioning};
use twinlock_shapes::s3 as s;

use super::{
    chosen::{Chosen, folder_sent, from_folder, inside},
    objects, path, problem,
};
use crate::{
    flash::Flash,
    http::{encode, json as answer},
    layout::{Service, show},
    parts::{csrf, head, problem_told},
    visit::{Page, Visit},
};

/// What has to be typed where nothing can be taken back, and where versions stay.
const FOR_EVER: &str = "permanently delete";
const FOR_NOW: &str = "delete";

/// `/s3/BUCKET/delete-objects`. The script asks for one round after the other until the folders are empty; without it each press
/// of the button is one.
pub(super) async fn page(visit: &Visit, bucket: &str) -> Page {
    let mut chosen = Chosen::of(visit);
    let prefix = folder_sent(visit);
    let mut back = format!("{}?prefix={}", path(bucket), encode(&prefix));
    if visit.form.maybe("versions").is_some() {
        back.push_str("&versions=1");
    }
    if chosen.is_empty() {
        return Ok(visit.done(&back, "Nothing was selected."));
    }
    let word = word(visit, bucket, &chosen);
    let scripted = !visit.request.header("x-csrf").is_empty();
    if visit.field("confirm") != word {
        return Ok(confirm(visit, bucket, &chosen, word, &back, None));
    }
    // In later rounds only folders have anything left.
    if visit.form.maybe("round").is_some_and(|round| round != "0") {
        chosen.keys.clear();
        chosen.versions.clear();
    }
    match round(visit, bucket, &chosen).await {
        Err(fault) if scripted => Ok(answer(&problem_told(visit, &fault))),
        Err(fault) => Ok(confirm(visit, bucket, &chosen, word, &back, Some(&fault))),
        Ok((deleted, more)) if scripted => {
            if !more {
                let all = super::deleted_before(visit) + deleted;
                let said = Flash::done(format!("{all} deleted."));
                visit.flashes.put(&visit.slot, said);
            }
            Ok(answer(&json!({ "deleted": deleted, "more": more })))
        }
        Ok((_, true)) => {
            chosen.keys.clear();
            chosen.versions.clear();
            Ok(confirm(visit, bucket, &chosen, word, &back, None))
        }
        Ok((deleted, false)) => Ok(visit.done(&back, format!("{deleted} deleted."))),
    }
}

/// The word to type: in a bucket that keeps versions, a deleted object can be had back. Who may not know whether it does types the
/// longer one.
fn word(visit: &Visit, bucket: &str, chosen: &Chosen) -> &'static str {
    let versioning = visit.read::<GetBucketVersioning>(s::GetBucketVersioningInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    let kept = versioning.is_ok_and(|out| out.status.as_deref() == Some("Enabled"));
    if kept && chosen.versions.is_empty() {
        FOR_NOW
    } else {
        FOR_EVER
    }
}

/// Deletes keys and versions, and up to a thousand objects of one folder: how many went, and whether there are more.
async fn round(visit: &Visit, bucket: &str, chosen: &Chosen) -> Result<(usize, bool), Fault> {
    let one = |key: String, version_id: Option<String>| s::ObjectIdentifier {
        key,
        version_id,
        ..Default::default()
    };
    let mut all: Vec<_> = chosen
        .keys
        .iter()
        .map(|key| one(key.clone(), None))
        .collect();
    all.extend(
        chosen
            .versions
            .iter()
            .map(|(id, key)| one(key.clone(), Some(id.clone()))),
    );
    let mut more = false;
    if all.is_empty() {
        for (n, folder) in chosen.folders.iter().enumerate() {
            let (keys, left) = inside(visit, bucket, folder).await?;
            if !keys.is_empty() {
                all.extend(keys.into_iter().map(|key| one(key, None)));
                more = left || n + 1 < chosen.folders.len();
                break;
            }
        }
    } else {
        more = !chosen.folders.is_empty();
    }
    let n = all.len();
    if n == 0 {
        return Ok((0, false));
    }
    let input = s::DeleteObjectsInput {
        bucket: bucket.to_owned(),
        delete: s::Delete {
            objects: all,
            quiet: Some(true),
        },
        ..Default::default()
    };
    let out = visit.effect::<DeleteObjects>(input).await?;
    let failed = out.errors.len();
    match out.errors.into_iter().next() {
        None => Ok((n, more)),
        Some(error) => {
            let (code, told) = (
                error.code.unwrap_or_default(),
                error.message.unwrap_or_default(),
            );
            let rest = format!(
                "{told} ({} of {n} were deleted; {} was not.)",
                n - failed,
                error.key.unwrap_or_default()
            );
            Err(Fault::new(code, 403, rest))
        }
    }
}

fn confirm(
    visit: &Visit,
    bucket: &str,
    chosen: &Chosen,
    word: &'static str,
    back: &str,
    fault: Option<&Fault>,
) -> Response<Body> {
    let title = if chosen.versions.is_empty() {
        "Delete objects"
    } else {
        "Delete versions"
    };
    let main = html! {
        div.narrow {
            (objects::crumbs(visit, bucket, &folder_sent(visit)))
            (head(title, "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form.panel method="post" action={ (visit.at(&path(bucket))) "/delete-objects" } data-rounds=(visit.at(back)) data-csrf=(visit.sign_in.csrf) {
                (csrf(visit))
                (from_folder(&folder_sent(visit)))
                @if visit.form.maybe("versions").is_some() { input type="hidden" name="versions" value="1"; }
                (chosen.fields())
                (chosen.listed())
                @if word == FOR_NOW {
                    p { "The bucket keeps versions: a delete marker hides each object, and taking the marker away brings it back." }
                } @else {
                    p { "This cannot be undone." }
                }
                div.field {
                    label for="confirm" { "To confirm, type " strong { (word) } }
                    input type="text" id="confirm" name="confirm" data-word=(word) autocomplete="off";
                }
                p.progress hidden role="status" {}
                div.actions { a.button href=(visit.at(back)) { "Cancel" } button.danger type="submit" data-needs { (title) } }
            }
        }
    };
    show(visit, Service::S3, title, main)
}
