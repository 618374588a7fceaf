//! Editing the metadata of an object, as AWS's console does it: by a copy of the object onto itself.

use http::{HeaderName, HeaderValue, Response};
use maud::html;
use twinlock_gate::{Body, Fault};
use twinlock_s3::copy_object::CopyObject;
use twinlock_shapes::s3 as s;

use super::{
    file_name, folder_of,
    object::{known, system_metadata},
    object_path, objects, problem,
    transfer::source,
};
use crate::{
    layout::{Service, show},
    parts::{csrf, head},
    visit::{Page, Visit},
};

/// The headers that can be set, and the names of their fields.
const SYSTEM: [&str; 5] = [
    "Content-Type",
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
];

/// Names and values of user-defined metadata in a form or an address, checked: each becomes a header of every answer.
///
/// # Errors
/// A name or value that cannot be a header's.
pub(super) fn user_defined<'a>(
    names: impl Iterator<Item = &'a str>,
    values: impl Iterator<Item = &'a str>,
) -> Result<Vec<(String, String)>, Fault> {
    names
        .zip(values)
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let name = name.strip_prefix("x-amz-meta-").unwrap_or(&name);
            if HeaderName::from_bytes(format!("x-amz-meta-{name}").as_bytes()).is_err() {
                return Err(Fault::new(
                    "InvalidArgument",
                    400,
                    format!("`{name}` cannot be the name of a header."),
                ));
            }
            Ok((name.to_owned(), header(value)?))
        })
        .collect()
}

/// A text that can be a header's value.
///
/// # Errors
/// It cannot.
pub(super) fn header(value: &str) -> Result<String, Fault> {
    if value.is_ascii() && HeaderValue::from_str(value).is_ok() {
        return Ok(value.to_owned());
    }
    Err(Fault::new(
        "InvalidArgument",
        400,
        "Values of metadata consist of printable ASCII characters.",
    ))
}

/// `/s3/BUCKET/metadata?key=…`.
pub(super) async fn page(visit: &Visit, bucket: &str) -> Page {
    let key = visit.request.query.get("key");
    let found = known(visit, bucket, key).await?;
    if !visit.request.is_post() {
        return Ok(form(visit, bucket, key, &found, None));
    }
    Ok(match save(visit, bucket, key, &found).await {
        Ok(()) => visit.done(&object_path(bucket, key), "The metadata is saved."),
        Err(fault) => form(visit, bucket, key, &found, Some(&fault)),
    })
}

async fn save(
    visit: &Visit,
    bucket: &str,
    key: &str,
    found: &s::HeadObjectOutput,
) -> Result<(), Fault> {
    let field = |name: &str| visit.form.filled(name).map(header).transpose();
    let input = s::CopyObjectInput {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        copy_source: source(bucket, key),
        // What was shown is what is changed: another's writing in the meantime is not undone.
        copy_source_if_match: visit.form.filled("etag").map(str::to_owned),
        metadata_directive: Some("REPLACE".into()),
        content_type: field("Content-Type")?,
        cache_control: field("Cache-Control")?,
        content_disposition: field("Content-Disposition")?,
        content_encoding: field("Content-Encoding")?,
        content_language: field("Content-Language")?,
        metadata: user_defined(visit.form.all("metaKey"), visit.form.all("metaValue"))?,
        // What the form does not show stays.
        expires: found.expires.clone(),
        website_redirect_location: found.website_redirect_location.clone(),
        storage_class: found.storage_class.clone(),
        server_side_encryption: found.server_side_encryption.clone(),
        ..Default::default()
    };
    visit.effect::<CopyObject>(input).await.map(drop)
}

fn form(
    visit: &Visit,
    bucket: &str,
    key: &str,
    found: &s::HeadObjectOutput,
    fault: Option<&Fault>,
) -> Response<Body> {
    let shown = system_metadata(found);
    let value = |name: &str| match visit.form.maybe(name) {
        Some(typed) => typed,
        None => shown
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value),
    };
    let mut user: Vec<(&str, &str)> = if visit.request.is_post() {
        visit
            .form
            .all("metaKey")
            .zip(visit.form.all("metaValue"))
            .collect()
    } else {
        found
            .metadata
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    };
    user.retain(|(name, _)| !name.is_empty());
    user.extend([("", ""); 3]);
    let etag = found.etag.as_deref().unwrap_or("");
    let main = html! {
        div.narrow {
            (objects::crumbs(visit, bucket, folder_of(key)))
            (head(&format!("Edit metadata of {}", file_name(key)), "The object is copied onto itself with other metadata: in a bucket with versioning that is a new version.", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" {
                (csrf(visit))
                input type="hidden" name="etag" value=(visit.form.filled("etag").unwrap_or(etag));
                section.panel {
                    h2 { "System defined" }
                    @for name in SYSTEM { div.field { label for=(name) { (name) } input type="text" id=(name) name=(name) value=(value(name)) autocomplete="off" spellcheck="false"; } }
                }
                section.panel {
                    h2 { "User defined" }
                    table.tags { thead { tr { th { "Key, after x-amz-meta-" } th { "Value" } } } tbody { @for (name, value) in &user { tr {
                        td { input type="text" name="metaKey" value=(name) aria-label="Metadata key"; }
                        td { input type="text" name="metaValue" value=(value) aria-label="Metadata value"; }
                    } } } }
                }
                div.actions { a.button href=(visit.at(&object_path(bucket, key))) { "Cancel" } button.primary type="submit" { "Save changes" } }
            }
        }
    };
    show(visit, Service::S3, "Edit metadata", main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_cannot_be_a_header_is_refused() {
        let pair = |name: &'static str, value: &'static str| {
            user_defined([name].into_iter(), [value].into_iter())
        };
        assert_eq!(
            pair("X-Amz-Meta-Author", " John ").unwrap(),
            [("author".into(), "John".into())]
        );
        assert!(pair("", "nothing").unwrap().is_empty());
        for (name, value) in [
            ("a b", "x"),
            ("a:b", "x"),
            ("a", "x\r\nSet-Cookie: y"),
            ("ü", "x"),
            ("a", "ü"),
        ] {
            assert_eq!(
                pair(name, value).unwrap_err().code,
                "InvalidArgument",
                "{name} {value}"
            );
        }
    }
}
