//! What the upload script sends: small files whole, large ones in parts, so that neither side holds one in memory.

use serde_json::json;
use twinlock_gate::Fault;
use twinlock_s3::{
    multipart::{AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload},
    put_object::PutObject,
    upload_part::UploadPart,
};
use twinlock_shapes::s3 as s;

use crate::{
    http::json as answer,
    visit::{Page, Visit},
};

/// `/s3/BUCKET/upload/WHAT?key=…`: `put`, `begin`, `part`, `complete`, `abort`. A refusal is told as JSON, for the script to show
/// beside the file.
pub(crate) async fn take(visit: &Visit, bucket: &str, what: &str) -> Page {
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
        Err(fault) => answer(&json!({ "fault": format!("{}: {}", fault.code, fault.message) })),
    })
}

fn key(visit: &Visit) -> String {
    visit.request.query.get("key").to_owned()
}

fn content_type(visit: &Visit) -> Option<String> {
    visit.request.query.filled("type").map(str::to_owned)
}

fn length(visit: &Visit) -> Option<i64> {
    visit.request.header("content-length").parse().ok()
}

async fn put(visit: &Visit, bucket: &str) -> Result<serde_json::Value, Fault> {
    let input = s::PutObjectInput {
        bucket: bucket.to_owned(),
        key: key(visit),
        content_type: content_type(visit),
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
        content_type: content_type(visit),
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
