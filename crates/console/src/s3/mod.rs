//! The pages of S3: buckets, and what is in them.
//!
//! | file | pages |
//! | --- | --- |
//! | `buckets` | the list, creating, emptying and deleting |
//! | `bucket` | a bucket's objects, properties and permissions |
//! | `object` | one object: its properties, versions and tags, downloading |
//! | `upload` | what the script sends: whole objects, and large ones in parts |
//!
//! Each panel of a page asks an operation of its own: who may do little sees that much, and which action is missing in the rest.

mod bucket;
mod buckets;
mod object;
mod upload;

pub(crate) use buckets::names as bucket_names;

use crate::{
    http::{Request, encode},
    visit::{Page, Visit},
};

/// Whether a POST carries bytes of an object, which are streamed, rather than a form.
pub(crate) fn streams(request: &Request) -> bool {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    matches!(
        segments.as_slice(),
        ["console", _, "s3", _, "upload", "put" | "part"]
    )
}

/// `/console/SLOT/s3/…`.
pub(crate) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    let post = visit.request.is_post();
    match rest {
        [] | [""] => buckets::list(visit),
        ["-", "create"] => buckets::create(visit).await,
        [name] | [name, ""] => bucket::page(visit, name).await,
        [name, "delete"] => buckets::delete(visit, name).await,
        [name, "empty"] => buckets::empty(visit, name).await,
        [name, "versioning"] if post => bucket::versioning(visit, name).await,
        [name, "tags"] if post => bucket::tags(visit, name).await,
        [name, "block"] if post => bucket::block(visit, name).await,
        [name, "policy"] => bucket::policy(visit, name).await,
        [name, "object"] => object::page(visit, name).await,
        [name, "download"] => object::download(visit, name).await,
        [name, "delete-objects"] if post => object::delete(visit, name).await,
        [name, "object-tags"] if post => object::tags(visit, name).await,
        [name, "upload", what] if post => upload::take(visit, name, what).await,
        _ => Err(crate::not_found()),
    }
}

/// `/s3/BUCKET`.
pub(crate) fn path(bucket: &str) -> String {
    format!("/s3/{}", encode(bucket))
}

/// A number of bytes, for people.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let (mut whole, mut unit, mut tenth) = (bytes.max(0), 0, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        tenth = (whole % 1024) * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    if unit == 0 {
        format!("{whole} B")
    } else {
        format!("{whole}.{tenth} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_for_people() {
        assert_eq!(super::size(0), "0 B");
        assert_eq!(super::size(1023), "1023 B");
        assert_eq!(super::size(1536), "1.5 KB");
        assert_eq!(super::size(20 * 1024 * 1024), "20.0 MB");
    }
}
