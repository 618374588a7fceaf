//! One object: its properties, versions and tags; downloading and deleting.

use http::{HeaderValue, Response, header};
use maud::html;
use twinlock_gate::{Body, Fault};
use twinlock_s3::{
    delete_object::DeleteObjects,
    get_object::{GetObject, HeadObject},
    list_versions::ListObjectVersions,
    object_tagging::{DeleteObjectTagging, GetObjectTagging, PutObjectTagging},
};
use twinlock_shapes::s3 as s;

use super::{
    bucket::{sent_tags, tag_form},
    path, size,
};
use crate::{
    http::encode,
    layout::{Service, show},
    parts::{copy, csrf, head, problem, when},
    visit::{Page, Visit},
};

/// `/s3/BUCKET/object?key=…`.
pub(crate) async fn page(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key").to_owned();
    let at = visit.at(&path(bucket));
    let found = visit
        .effect::<HeadObject>(s::HeadObjectInput {
            bucket: bucket.to_owned(),
            key: key.clone(),
            ..Default::default()
        })
        .await;
    let tags = visit
        .effect::<GetObjectTagging>(s::GetObjectTaggingInput {
            bucket: bucket.to_owned(),
            key: key.clone(),
            ..Default::default()
        })
        .await;
    let versions = visit
        .effect::<ListObjectVersions>(s::ListObjectVersionsInput {
            bucket: bucket.to_owned(),
            prefix: Some(key.clone()),
            max_keys: Some(100),
            ..Default::default()
        })
        .await;
    let main = html! {
        (head(key.rsplit('/').next().unwrap_or(&key), "", html! {
            a.button href={ (at) "/download?key=" (encode(&key)) } download { "Download" }
            form method="post" action={ (at) "/delete-objects" } { (csrf(visit)) input type="hidden" name="key" value=(key); button.danger type="submit" { "Delete" } }
        }))
        p { a href=(at) { (bucket) } }
        section.panel { h2 { "Object overview" } dl.facts {
            dt { "Key" } dd { (copy(&key)) }
            dt { "ARN" } dd { (copy(&format!("arn:aws:s3:::{bucket}/{key}"))) }
            dt { "S3 URI" } dd { (copy(&format!("s3://{bucket}/{key}"))) }
            dt { "Object URL" } dd { (copy(&format!("{}/{bucket}/{}", visit.world.settings.public_url, encode(&key).replace("%2F", "/")))) }
            @match &found {
                Ok(out) => {
                    dt { "Size" } dd { (size(out.content_length.unwrap_or(0))) }
                    dt { "Type" } dd { (out.content_type.as_deref().unwrap_or("–")) }
                    dt { "ETag" } dd { (out.etag.as_deref().unwrap_or("")) }
                    @if let Some(at) = out.last_modified { dt { "Last modified" } dd { (when(at.0)) } }
                    @for (name, value) in &out.metadata { dt { "Metadata " (name) } dd { (value) } }
                }
                Err(fault) => { dt { "Properties" } dd { (fault_text(fault)) } }
            }
        } }
        section.panel {
            h2 { "Tags" }
            @match &tags { Ok(out) => (tag_form(visit, &format!("{at}/object-tags?key={}", encode(&key)), &out.tag_set)), Err(fault) => (problem(visit, &fault.code, &fault.message)) }
        }
        section.panel {
            h2 { "Versions" }
            @match &versions {
                Err(fault) => (problem(visit, &fault.code, &fault.message)),
                Ok(out) => table { thead { tr { th { "Version ID" } th { "Size" } th { "Last modified" } th {} } } tbody {
                    @for version in out.versions.iter().filter(|v| v.key.as_deref() == Some(&key)) {
                        @let id = version.version_id.as_deref().unwrap_or("null");
                        tr {
                            td { (id) @if version.is_latest == Some(true) { " " span.badge.open { "Current" } } }
                            td { (size(version.size.unwrap_or(0))) }
                            td { @if let Some(at) = version.last_modified { (when(at.0)) } }
                            // The one version of a bucket that keeps none is the object, and takes no right to versions.
                            @let plain = id == "null" && version.is_latest == Some(true);
                            td { a href={ (at) "/download?key=" (encode(&key)) @if !plain { "&version=" (encode(id)) } } download { "Download" } }
                        }
                    }
                    @for marker in out.delete_markers.iter().filter(|m| m.key.as_deref() == Some(&key)) { tr { td { (marker.version_id.as_deref().unwrap_or("null")) } td { "Delete marker" } td { @if let Some(at) = marker.last_modified { (when(at.0)) } } td {} } }
                } },
            }
        }
    };
    Ok(show(visit, Service::S3, &key, main))
}

fn fault_text(fault: &Fault) -> String {
    format!("{}: {}", fault.code, fault.message)
}

/// The object's bytes, as a file to keep: never as a page of this origin.
pub(crate) async fn download(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key").to_owned();
    let version_id = visit.request.query.filled("version").map(str::to_owned);
    let out = visit
        .effect::<GetObject>(s::GetObjectInput {
            bucket: bucket.to_owned(),
            key: key.clone(),
            version_id,
            ..Default::default()
        })
        .await?;
    let mut response: Response<Body> = Response::new(out.body);
    let name = key.rsplit('/').next().unwrap_or("object");
    let disposition = format!("attachment; filename*=UTF-8''{}", encode(name));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if let Some(length) = out.content_length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(response)
}

/// Deletes the keys of the form; in a bucket with versions that leaves a marker.
pub(crate) async fn delete(visit: &Visit, bucket: &str) -> Page {
    let back = format!(
        "{}?prefix={}",
        path(bucket),
        encode(visit.form.get("prefix"))
    );
    let objects: Vec<_> = visit
        .form
        .all("key")
        .map(|key| s::ObjectIdentifier {
            key: key.to_owned(),
            ..Default::default()
        })
        .collect();
    let n = objects.len();
    if n == 0 {
        return Ok(visit.done(&back, "Nothing was selected."));
    }
    let input = s::DeleteObjectsInput {
        bucket: bucket.to_owned(),
        delete: s::Delete {
            objects,
            quiet: Some(true),
        },
        ..Default::default()
    };
    let out = visit.effect::<DeleteObjects>(input).await?;
    Ok(match out.errors.into_iter().next() {
        Some(error) => visit.failed(
            &back,
            &Fault::new(
                error.code.unwrap_or_default(),
                403,
                error.message.unwrap_or_default(),
            ),
        ),
        None => visit.done(&back, format!("{n} deleted.")),
    })
}

/// Saves an object's tags.
pub(crate) async fn tags(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key").to_owned();
    let tag_set = sent_tags(visit);
    let bucket_name = bucket.to_owned();
    if tag_set.is_empty() {
        visit
            .effect::<DeleteObjectTagging>(s::DeleteObjectTaggingInput {
                bucket: bucket_name,
                key: key.clone(),
                ..Default::default()
            })
            .await?;
    } else {
        visit
            .effect::<PutObjectTagging>(s::PutObjectTaggingInput {
                bucket: bucket_name,
                key: key.clone(),
                tagging: s::Tagging { tag_set },
                ..Default::default()
            })
            .await?;
    }
    Ok(visit.done(
        &format!("{}/object?key={}", path(bucket), encode(&key)),
        "The tags are saved.",
    ))
}
