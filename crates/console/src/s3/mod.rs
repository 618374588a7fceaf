//! The pages of S3.
//!
//! | file | pages |
//! | --- | --- |
//! | `buckets` | the account's buckets; creating, emptying and deleting one |
//! | `account` | Block Public Access of the account |
//! | `bucket` | a bucket's page with its tabs: `objects`, `properties`, `permissions` |
//! | `object`, `metadata`, `share` | one object; editing its metadata; a presigned URL of it |
//! | `upload` | uploading, and what its script sends; folders |
//! | `transfer`, `delete`, `chosen` | copying, moving, renaming and deleting what was ticked |
//!
//! Each panel of a page asks an operation of its own: who may do little sees that much, and which action is missing in the rest.

mod account;
mod bucket;
mod buckets;
mod chosen;
mod delete;
mod metadata;
mod object;
mod objects;
mod permissions;
mod properties;
mod share;
mod transfer;
mod upload;

pub(crate) use buckets::names as bucket_names;

use transfer::Verb;
use twinlock_s3::common::no_such_bucket;

use crate::{
    http::{Request, encode},
    listing::page_number,
    parts::problem,
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
    // A bucket that is not there has no panels. Anybody may know: S3 tells strangers, too.
    if let [name, ..] = rest
        && !(post || matches!(*name, "" | "-"))
        && visit.world.directory.published().bucket(name).is_none()
    {
        return Err(no_such_bucket(name));
    }
    match rest {
        [] | [""] => buckets::list(visit),
        ["-", "create"] => buckets::create(visit).await,
        ["-", "block"] => account::page(visit).await,
        [name] | [name, ""] => bucket::page(visit, name).await,
        [name, "delete"] => buckets::delete(visit, name).await,
        [name, "empty"] => buckets::empty(visit, name).await,
        [name, "versioning"] if post => properties::versioning(visit, name).await,
        [name, "tags"] if post => properties::tags(visit, name).await,
        [name, "block"] if post => permissions::block(visit, name).await,
        [name, "ownership"] if post => permissions::ownership(visit, name).await,
        [name, "policy"] => permissions::policy(visit, name).await,
        [name, "cors"] => permissions::cors(visit, name).await,
        [name, "create-folder"] => upload::create_folder(visit, name).await,
        [name, "upload", what] if post => upload::take(visit, name, what).await,
        [name, "object"] => object::page(visit, name).await,
        [name, "download"] => object::download(visit, name).await,
        [name, "share"] => share::page(visit, name).await,
        [name, "metadata"] => metadata::page(visit, name).await,
        [name, "object-tags"] if post => object::tags(visit, name).await,
        [name, "restore"] if post => object::restore(visit, name).await,
        [name, "undelete"] if post => object::undelete(visit, name).await,
        [name, "delete-objects"] if post => delete::page(visit, name).await,
        [name, "copy"] => transfer::page(visit, name, Verb::Copy).await,
        [name, "move"] => transfer::page(visit, name, Verb::Move).await,
        [name, "rename"] => transfer::page(visit, name, Verb::Rename).await,
        _ => Err(crate::not_found()),
    }
}

/// Rows on one page of a list.
const PER_PAGE: usize = 100;

/// The number of the page that the address asks for, and its rows; a page after the last is the last.
fn page_of<T>(visit: &Visit, items: &[T]) -> (usize, std::ops::Range<usize>) {
    let last = items.len().div_ceil(PER_PAGE).max(1);
    let page = page_number(visit).min(last);
    let from = (page - 1) * PER_PAGE;
    (page, from..(from + PER_PAGE).min(items.len()))
}

/// `/s3/BUCKET/object?key=…`.
fn object_path(bucket: &str, key: &str) -> String {
    format!("{}/object?key={}", path(bucket), encode(key))
}

/// The folder that a key lies in: all up to its last slash, which for a folder's own object is the one before its name.
fn folder_of(key: &str) -> &str {
    let name = key.strip_suffix('/').unwrap_or(key);
    name.rfind('/').map_or("", |slash| &key[..=slash])
}

/// What the script counted in the rounds before this one.
fn deleted_before(visit: &Visit) -> usize {
    visit.field("deleted").parse().unwrap_or(0)
}

/// The last part of a key.
fn file_name(key: &str) -> &str {
    &key[folder_of(key).len()..]
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
    fn keys_have_a_folder_and_a_name() {
        for (key, folder, name) in [
            ("a", "", "a"),
            ("a/b", "a/", "b"),
            ("a/b/", "a/", "b/"),
            ("a/", "", "a/"),
            ("/", "", "/"),
            ("a//", "a/", "/"),
            ("ü/ö", "ü/", "ö"),
        ] {
            assert_eq!(
                (super::folder_of(key), super::file_name(key)),
                (folder, name),
                "{key}"
            );
        }
    }

    #[test]
    fn sizes_for_people() {
        assert_eq!(super::size(0), "0 B");
        assert_eq!(super::size(1023), "1023 B");
        assert_eq!(super::size(1536), "1.5 KB");
        assert_eq!(super::size(20 * 1024 * 1024), "20.0 MB");
    }
}
