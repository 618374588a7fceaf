//! One object: its properties and versions, and its bytes.

use http::{HeaderValue, Response, header};
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_s3::{
    copy_object::CopyObject,
    delete_object::DeleteObject,
    get_object::{GetObject, HeadObject},
    object_tagging::{DeleteObjectTagging, GetObjectTagging, PutObjectTagging},
};
use twinlock_shapes::s3 as s;

use super::{
    chosen::from_folder,
    file_name, folder_of, object_path, objects, path, problem,
    properties::{sent_tags, tag_form},
    size,
    transfer::source,
};
use crate::{
    http::{decode, encode},
    layout::{Service, show},
    parts::{copy, csrf, head, nothing, tabs_with, when},
    visit::{Page, Visit},
};

/// What is known of an object.
pub(super) async fn known(
    visit: &Visit,
    bucket: &str,
    key: &str,
) -> Result<s::HeadObjectOutput, Fault> {
    let input = s::HeadObjectInput {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        ..Default::default()
    };
    visit.effect::<HeadObject>(input).await
}

/// `/s3/BUCKET/object?key=…`.
pub(super) async fn page(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key");
    let at = visit.at(&path(bucket));
    let of = format!("?key={}", encode(key));
    let tab = if visit.query("tab") == "versions" {
        "versions"
    } else {
        "properties"
    };
    let body = if tab == "versions" {
        html! { section.panel { h2 { "Versions" } (objects::versions_of(visit, bucket, key).await) } }
    } else {
        properties(visit, bucket, key).await
    };
    let main = html! {
        (objects::crumbs(visit, bucket, folder_of(key)))
        (head(file_name(key), "", html! {
            a.button.primary href={ (at) "/download" (of) } download { "Download" }
            a.button href={ (at) "/share" (of) } { "Share with a presigned URL" }
            a.button href={ (at) "/copy" (of) } { "Copy" }
            a.button href={ (at) "/move" (of) } { "Move" }
            a.button href={ (at) "/rename" (of) } { "Rename" }
            form method="post" action={ (at) "/delete-objects" } { (csrf(visit)) (from_folder(folder_of(key))) input type="hidden" name="key" value=(encode(key)); button.danger type="submit" { "Delete" } }
        }))
        (tabs_with(&visit.at(&object_path(bucket, key)), &[("properties", "Properties"), ("versions", "Versions")], tab))
        (body)
    };
    Ok(show(visit, Service::S3, key, main))
}

async fn properties(visit: &Visit, bucket: &str, key: &str) -> Markup {
    let at = visit.at(&path(bucket));
    let found = known(visit, bucket, key).await;
    let tags = visit
        .effect::<GetObjectTagging>(s::GetObjectTaggingInput {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            ..Default::default()
        })
        .await;
    html! {
        section.panel { h2 { "Object overview" } dl.facts {
            dt { "Key" } dd { (copy(key)) }
            dt { "ARN" } dd { (copy(&format!("arn:aws:s3:::{bucket}/{key}"))) }
            dt { "S3 URI" } dd { (copy(&format!("s3://{bucket}/{key}"))) }
            dt { "Object URL" } dd { (copy(&visit.world.object_url(bucket, key))) }
            @if let Ok(out) = &found {
                dt { "Size" } dd { (size(out.content_length.unwrap_or(0))) }
                dt { "Entity tag (ETag)" } dd { (out.etag.as_deref().unwrap_or("").trim_matches('"')) }
                @if let Some(at) = out.last_modified { dt { "Last modified" } dd { (when(at.0)) } }
                @if let Some(id) = &out.version_id { dt { "Version ID" } dd { (id) } }
                dt { "Storage class" } dd { (out.storage_class.as_deref().unwrap_or("STANDARD")) }
            }
        } }
        @if let Err(fault) = &found { (problem(visit, fault)) }
        @if let Ok(out) = &found {
            section.panel {
                div.head { h2 { "Metadata" } a.button href={ (at) "/metadata?key=" (encode(key)) } { "Edit metadata" } }
                @let system = system_metadata(out);
                @if system.is_empty() && out.metadata.is_empty() { (nothing("No metadata.")) } @else {
                    table {
                        thead { tr { th { "Type" } th { "Key" } th { "Value" } } }
                        tbody {
                            @for (name, value) in &system { tr { td { "System defined" } td { (name) } td { (value) } } }
                            @for (name, value) in &out.metadata { tr { td { "User defined" } td { "x-amz-meta-" (name) } td { (value) } } }
                        }
                    }
                }
            }
        }
        section.panel {
            h2 { "Tags" }
            @match &tags { Ok(out) => (tag_form(visit, &format!("{at}/object-tags?key={}", encode(key)), &out.tag_set)), Err(fault) => (problem(visit, fault)) }
        }
    }
}

/// The headers that an object is answered with, as far as it has them.
pub(super) fn system_metadata(out: &s::HeadObjectOutput) -> Vec<(&'static str, &str)> {
    [
        ("Content-Type", &out.content_type),
        ("Cache-Control", &out.cache_control),
        ("Content-Disposition", &out.content_disposition),
        ("Content-Encoding", &out.content_encoding),
        ("Content-Language", &out.content_language),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    .collect()
}

/// The object's bytes, as a file to keep: never as a page of this origin.
pub(super) async fn download(visit: &Visit, bucket: &str) -> Page {
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
    let disposition = format!("attachment; filename*=UTF-8''{}", encode(file_name(&key)));
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

/// Saves an object's tags.
pub(super) async fn tags(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key").to_owned();
    let back = object_path(bucket, &key);
    let tag_set = sent_tags(visit);
    let bucket = bucket.to_owned();
    if tag_set.is_empty() {
        let input = s::DeleteObjectTaggingInput {
            bucket,
            key,
            ..Default::default()
        };
        visit.effect::<DeleteObjectTagging>(input).await?;
    } else {
        let input = s::PutObjectTaggingInput {
            bucket,
            key,
            tagging: s::Tagging { tag_set },
            ..Default::default()
        };
        visit.effect::<PutObjectTagging>(input).await?;
    }
    Ok(visit.done(&back, "The tags are saved."))
}

/// Makes an older version the current one, by copying it onto the key: the others stay as they are.
pub(super) async fn restore(visit: &Visit, bucket: &str) -> Page {
    let (key, id) = (decode(visit.form.get("key")), visit.form.get("id"));
    let input = s::CopyObjectInput {
        bucket: bucket.to_owned(),
        key: key.clone(),
        copy_source: format!("{}?versionId={}", source(bucket, &key), encode(id)),
        ..Default::default()
    };
    visit.effect::<CopyObject>(input).await?;
    Ok(visit.done(
        &format!("{}&tab=versions", object_path(bucket, &key)),
        format!("Version {id} is current again, as a new version."),
    ))
}

/// Takes a delete marker away, whereby the version under it is current again.
pub(super) async fn undelete(visit: &Visit, bucket: &str) -> Page {
    let (key, id) = (decode(visit.form.get("key")), visit.form.get("id"));
    let input = s::DeleteObjectInput {
        bucket: bucket.to_owned(),
        key: key.clone(),
        version_id: Some(id.to_owned()),
        ..Default::default()
    };
    visit.effect::<DeleteObject>(input).await?;
    Ok(visit.done(
        &format!("{}&tab=versions", object_path(bucket, &key)),
        "The delete marker is gone: the object is there again.",
    ))
}
