//! Uploading: the panel, and what its script sends: small files whole, large ones in parts, so that neither side holds one in
//! memory; and creating folders.

use maud::{Markup, html};
use serde_json::json;
use twinlock_gate::Fault;
use twinlock_s3::{
    multipart::{AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload},
    put_object::PutObject,
    upload_part::UploadPart,
};
use twinlock_shapes::s3 as s;

use super::{metadata, path, problem};
use crate::{
    http::{encode, json as answer},
    layout::{Service, show},
    parts::{csrf, head, problem_told, text},
    visit::{Page, Visit},
};

/// The panel of a folder.
pub(super) fn panel(visit: &Visit, bucket: &str, prefix: &str) -> Markup {
    let row = |name: &str, key: &str, value: &str| {
        html! {
            tr {
                td { input type="text" data-option=(key) aria-label={ (name) " key" } spellcheck="false"; }
                td { input type="text" data-option=(value) aria-label={ (name) " value" } spellcheck="false"; }
            }
        }
    };
    html! {
        section.panel.upload data-upload={ (visit.at(&path(bucket))) "/upload" } data-prefix=(prefix) data-csrf=(visit.sign_in.csrf) {
            div.drop {
                span { "Drag and drop files and folders here, or" }
                label.button { "Add files" input.unseen type="file" multiple; }
                label.button { "Add folder" input.unseen type="file" multiple webkitdirectory; }
            }
            details {
                summary { "Metadata and tags for what is uploaded" }
                table.tags {
                    thead { tr { th { "Metadata key" } th { "Value" } } }
                    tbody { @for _ in 0..2 { (row("Metadata", "metaKey", "metaValue")) } }
                }
                table.tags {
                    thead { tr { th { "Tag key" } th { "Value" } } }
                    tbody { @for _ in 0..2 { (row("Tag", "tagKey", "tagValue")) } }
                }
            }
            ul.uploads aria-live="polite" {}
            noscript { p.hint { "Uploading needs JavaScript." } }
        }
    }
}

/// `/s3/BUCKET/create-folder?prefix=…`: an empty object whose key ends with a slash, as AWS's console makes them.
pub(super) async fn create_folder(visit: &Visit, bucket: &str) -> Page {
    let prefix = visit.request.query.get("prefix");
    let name = visit.field("folderName").trim_end_matches('/');
    let back = format!("{}?prefix={}", path(bucket), encode(prefix));
    let mut wrong = "";
    let mut fault = None;
    if visit.request.is_post() {
        if name.is_empty() || name.starts_with('/') || name.contains("//") {
            wrong = "A name, without a slash at its beginning.";
        } else {
            let input = s::PutObjectInput {
                bucket: bucket.to_owned(),
                key: format!("{prefix}{name}/"),
                content_type: Some("application/x-directory; charset=UTF-8".into()),
                content_length: Some(0),
                ..Default::default()
            };
            match visit.effect::<PutObject>(input).await {
                Ok(_) => return Ok(visit.done(&back, format!("The folder {name} is created."))),
                Err(error) => fault = Some(error),
            }
        }
    }
    let main = html! {
        div.narrow {
            (super::objects::crumbs(visit, bucket, prefix))
            (head("Create folder", "A folder is a name that others begin with: an empty object keeps it there while nothing else does.", html! {}))
            @if let Some(fault) = &fault { (problem(visit, fault)) }
            form.panel method="post" {
                (csrf(visit))
                (text("Folder name", "folderName", name, "", wrong))
                div.actions { a.button href=(visit.at(&back)) { "Cancel" } button.primary type="submit" { "Create folder" } }
            }
        }
    };
    Ok(show(visit, Service::S3, "Create folder", main))
}

/// `/s3/BUCKET/upload/WHAT?key=…`: `put`, `begin`, `part`, `complete`, `abort`. A refusal is told as JSON, for the script to show
/// beside the file.
pub(super) async fn take(visit: &Visit, bucket: &str, what: &str) -> Page {
    if key(visit).is_empty() {
        let fault = "An object has a key of at least one character.";
        return Ok(answer(&json!({ "fault": fault })));
    }
    let done = match what {
        "put" => put(visit, bucket).await,
        "begin" => begin(visit, bucket).await,
        "part" => part(visit, bucket).await,
        "complete" => complete(visit, bucket).await,
        "abort" => abort(visit, bucket).await,
        _ => return Err(crate::not_found()),
    };
    Ok(match done {
        Ok(value) => answer(&value),
        Err(fault) => answer(&problem_told(visit, &fault)),
    })
}

fn key(visit: &Visit) -> String {
    visit.request.query.get("key").to_owned()
}

fn content_type(visit: &Visit) -> Result<Option<String>, Fault> {
    let told = visit.request.query.filled("type");
    told.map(metadata::header).transpose()
}

fn user_metadata(visit: &Visit) -> Result<Vec<(String, String)>, Fault> {
    let query = &visit.request.query;
    metadata::user_defined(query.all("metaKey"), query.all("metaValue"))
}

/// Tags as their header has them; S3 checks them.
fn tagging(visit: &Visit) -> Option<String> {
    let query = &visit.request.query;
    let mut tags = form_urlencoded::Serializer::new(String::new());
    let mut any = false;
    for (key, value) in query.all("tagKey").zip(query.all("tagValue")) {
        if !key.trim().is_empty() {
            tags.append_pair(key.trim(), value.trim());
            any = true;
        }
    }
    any.then(|| tags.finish())
}

fn length(visit: &Visit) -> Option<i64> {
    visit.request.header("content-length").parse().ok()
}

async fn put(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let input = s::PutObjectInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        content_type: content_type(visit)?,
        metadata: user_metadata(visit)?,
        tagging: tagging(visit),
        content_length: length(visit),
        body: visit.take_body(),
        ..Default::default()
    };
    let out = visit.effect::<PutObject>(input).await?;
    Ok(json!({ "etag": out.etag }))
}

async fn begin(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let input = s::CreateMultipartUploadInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        content_type: content_type(visit)?,
        metadata: user_metadata(visit)?,
        tagging: tagging(visit),
        ..Default::default()
    };
    let out = visit.effect::<CreateMultipartUpload>(input).await?;
    Ok(json!({ "upload": out.upload_id }))
}

async fn part(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let input = s::UploadPartInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        upload_id: visit.request.query.get("upload").to_owned(),
        part_number: visit.request.query.get("part").parse().unwrap_or(0),
        content_length: length(visit),
        body: visit.take_body(),
        ..Default::default()
    };
    let out = visit.effect::<UploadPart>(input).await?;
    Ok(json!({ "etag": out.etag }))
}

async fn complete(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let parts = visit
        .form
        .all("etag")
        .zip(1..)
        .map(|(etag, n)| s::CompletedPart {
            etag: Some(etag.to_owned()),
            part_number: Some(n),
            ..Default::default()
        })
        .collect();
    let input = s::CompleteMultipartUploadInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        upload_id: visit.request.query.get("upload").to_owned(),
        multipart_upload: Some(s::CompletedMultipartUpload { parts }),
        ..Default::default()
    };
    visit.effect::<CompleteMultipartUpload>(input).await?;
    Ok(json!({}))
}

async fn abort(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let input = s::AbortMultipartUploadInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        upload_id: visit.request.query.get("upload").to_owned(),
        ..Default::default()
    };
    visit.effect::<AbortMultipartUpload>(input).await?;
    Ok(json!({}))
}
