//! A bucket's page: its name, and the tabs.

use maud::html;

use super::{objects, path, permissions, properties};
use crate::{
    layout::{Service, show},
    parts::{copy, head, tabs},
    visit::{Page, Visit},
};

/// `/s3/BUCKET`.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(super) async fn page(visit: &Visit, bucket: &str) -> Page {
    let tab = match visit.query("tab") {
        known @ ("properties" | "permissions") => known,
        _ => "objects",
    };
    let body = match tab {
        "properties" => properties::tab(visit, bucket),
        "permissions" => permissions::tab(visit, bucket),
        _ => objects::tab(visit, bucket).await,
    };
    let main = html! {
        (head(bucket, "", html! { (copy(&format!("s3://{bucket}"))) }))
        (tabs(&visit.at(&path(bucket)), &[("objects", "Objects"), ("properties", "Properties"), ("permissions", "Permissions")], tab))
        (body)
    };
    Ok(show(visit, Service::S3, bucket, main))
}
