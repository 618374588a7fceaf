//! What is in a bucket: folders and objects below a prefix, or all their versions.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_s3::{list_objects::ListObjectsV2, list_versions::ListObjectVersions};
use twinlock_shapes::s3 as s;

use super::{
    PER_PAGE,
    chosen::{from_folder, version_value},
    file_name, object_path, page_of, path, problem, size, upload,
};
use crate::{
    http::encode,
    listing::{Order, address, pager, search},
    parts::{copy_button, csrf, nothing, when},
    visit::Visit,
};

/// Up to so many entries a folder is shown whole: in any order, with a number on each page. Larger ones go on from page to page in
/// the order of names, which is how they are stored.
const WHOLE: i32 = 1000;
const PAGE: i32 = 100;

enum Row {
    Folder(String),
    Object(s::Object),
}

impl Row {
    fn name(&self) -> &str {
        match self {
            Row::Folder(prefix) => prefix,
            Row::Object(object) => object.key.as_deref().unwrap_or(""),
        }
    }

    /// What the name ends in.
    fn kind(&self) -> &str {
        match self {
            Row::Folder(_) => "Folder",
            Row::Object(_) => match file_name(self.name()).rsplit_once('.') {
                Some((stem, kind)) if !stem.is_empty() && !kind.is_empty() => kind,
                _ => "–",
            },
        }
    }

    fn size(&self) -> i64 {
        match self {
            Row::Folder(_) => -1,
            Row::Object(object) => object.size.unwrap_or(0),
        }
    }

    fn modified(&self) -> u64 {
        match self {
            Row::Folder(_) => 0,
            Row::Object(object) => object.last_modified.map_or(0, |at| at.0),
        }
    }
}

/// A page of a folder, or all of it.
struct Listing {
    rows: Vec<Row>,
    /// Where the next page begins; a listing that is whole has none.
    next: Option<String>,
    whole: bool,
}

async fn list(
    visit: &Visit,
    bucket: &str,
    prefix: &str,
    after: Option<&str>,
    most: i32,
) -> Result<Listing, Fault> {
    let input = s::ListObjectsV2Input {
        bucket: bucket.to_owned(),
        delimiter: Some("/".into()),
        prefix: Some(prefix.to_owned()),
        max_keys: Some(most),
        continuation_token: after.map(str::to_owned),
        ..Default::default()
    };
    let out = visit.effect::<ListObjectsV2>(input).await?;
    let folders = out.common_prefixes.into_iter().filter_map(|p| p.prefix);
    let mut rows: Vec<Row> = folders.map(Row::Folder).collect();
    rows.extend(out.contents.into_iter().map(Row::Object));
    rows.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(Listing {
        whole: after.is_none() && out.next_continuation_token.is_none(),
        next: out.next_continuation_token,
        rows,
    })
}

async fn listed(visit: &Visit, bucket: &str, prefix: &str) -> Result<Listing, Fault> {
    if let Some(after) = visit.request.query.filled("after") {
        return list(visit, bucket, prefix, Some(after), PAGE).await;
    }
    let all = list(visit, bucket, prefix, None, WHOLE).await?;
    if all.whole {
        return Ok(all);
    }
    list(visit, bucket, prefix, None, PAGE).await
}

fn sort(rows: &mut [Row], order: &Order<'_>) {
    order.by("name", rows, |row| row.name().to_owned());
    order.by("type", rows, |row| row.kind().to_owned());
    order.by("size", rows, Row::size);
    order.by("modified", rows, Row::modified);
}

/// The tab of the bucket's page.
pub(super) async fn tab(visit: &Visit, bucket: &str) -> Markup {
    let prefix = visit.request.query.get("prefix").to_owned();
    let q = visit.request.query.get("q").to_owned();
    let versions = visit.request.query.maybe("versions").is_some();
    html! {
        (crumbs(visit, bucket, &prefix))
        (upload::panel(visit, bucket, &prefix))
        div.toolbar {
            (search(visit, "Find objects by prefix", &[]))
            a.button href=(address(visit, &[("versions", if versions { "" } else { "1" }), ("page", ""), ("after", "")])) aria-pressed=(versions) role="button" { "Show versions" }
            a.button href={ (visit.at(&path(bucket))) "/create-folder?prefix=" (encode(&prefix)) } { "Create folder" }
        }
        @if versions {
            (every_version(visit, bucket, &prefix, &q).await)
        } @else {
            (plain(visit, bucket, &prefix, &q).await)
        }
    }
}

/// The way from the bucket to the folder.
pub(super) fn crumbs(visit: &Visit, bucket: &str, prefix: &str) -> Markup {
    let at = visit.at(&path(bucket));
    html! {
        nav.crumbs aria-label="Folders" {
            a href=(at) { (bucket) }
            @for (n, _) in prefix.match_indices('/') {
                @let upto = &prefix[..=n];
                " / " a href={ (at) "?prefix=" (encode(upto)) } { (folder_name(upto)) }
            }
        }
    }
}

/// The last part of a folder's prefix; one that has no name is shown by its slash.
fn folder_name(prefix: &str) -> &str {
    let name = prefix.strip_suffix('/').unwrap_or(prefix);
    match name.rsplit('/').next() {
        None | Some("") => "/",
        Some(name) => name,
    }
}

async fn plain(visit: &Visit, bucket: &str, prefix: &str, q: &str) -> Markup {
    let mut listing = match listed(visit, bucket, &format!("{prefix}{q}")).await {
        Ok(listing) => listing,
        Err(fault) => return problem(visit, &fault),
    };
    if listing.rows.is_empty() {
        return if q.is_empty() {
            nothing("No objects.")
        } else {
            nothing("No objects with that prefix.")
        };
    }
    let order = Order::of(visit);
    if listing.whole {
        sort(&mut listing.rows, &order);
    }
    let total = listing.rows.len();
    let (page, shown) = page_of(visit, &listing.rows);
    let shown = if listing.whole { shown } else { 0..total };
    let head = |column, label| {
        if listing.whole {
            order.heading(column, label)
        } else {
            html! { th { (label) } }
        }
    };
    html! {
        form method="post" {
            (csrf(visit))
            (from_folder(prefix))
            (choices(visit, bucket, true))
            table {
                thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } (head("name", "Name")) (head("type", "Type")) (head("size", "Size")) (head("modified", "Last modified")) th { "Actions" } } }
                tbody { @for row in &listing.rows[shown] { (shown_row(visit, bucket, prefix, row)) } }
            }
        }
        @if listing.whole {
            (pager(visit, page, PER_PAGE, total))
        } @else {
            nav.pager aria-label="Pages" {
                span { "More than 1,000 entries, in the order of their names." }
                @if visit.request.query.maybe("after").is_some() { a href=(address(visit, &[("after", "")])) { "First page" } }
                @if let Some(next) = &listing.next { a href=(address(visit, &[("after", next)])) rel="next" { "Next" } }
            }
        }
    }
}

/// What can be done with the rows that are ticked.
fn choices(visit: &Visit, bucket: &str, all: bool) -> Markup {
    let at = visit.at(&path(bucket));
    html! {
        div.actions.choose {
            button.danger type="submit" formaction={ (at) "/delete-objects" } { "Delete" }
            @if all {
                button type="submit" formaction={ (at) "/copy" } { "Copy" }
                button type="submit" formaction={ (at) "/move" } { "Move" }
            }
        }
    }
}

fn shown_row(visit: &Visit, bucket: &str, prefix: &str, row: &Row) -> Markup {
    let at = visit.at(&path(bucket));
    let name = row.name();
    let short = name.strip_prefix(prefix).unwrap_or(name);
    html! {
        tr {
            @match row {
                Row::Folder(folder) => {
                    td.tick { input type="checkbox" name="folder" value=(encode(folder)) aria-label={ "Select " (short) }; }
                    td { a href={ (at) "?prefix=" (encode(folder)) } { (short) } }
                    td { "Folder" } td { "–" } td { "–" } td {}
                }
                Row::Object(object) => {
                    td.tick { input type="checkbox" name="key" value=(encode(name)) aria-label={ "Select " (name) }; }
                    td { a href=(visit.at(&object_path(bucket, name))) { @if short.is_empty() { "(this folder)" } @else { (short) } } }
                    td { (row.kind()) }
                    td { (size(object.size.unwrap_or(0))) }
                    td { @if let Some(at) = object.last_modified { (when(at.0)) } }
                    td.row-actions.tight {
                        a.button href={ (at) "/download?key=" (encode(name)) } download aria-label={ "Download " (name) } { "Download" }
                        (copy_button(&format!("s3://{bucket}/{name}"), &format!("Copy S3 URI of {name}")))
                    }
                }
            }
        }
    }
}

/// A version or a delete marker.
struct Version {
    key: String,
    id: String,
    latest: bool,
    modified: u64,
    /// None: a delete marker.
    size: Option<i64>,
}

/// Versions and delete markers of a listing, in its order: by key, the newest first.
fn in_order(out: &mut s::ListObjectVersionsOutput) -> Vec<Version> {
    let versions = std::mem::take(&mut out.versions)
        .into_iter()
        .map(|v| Version {
            key: v.key.unwrap_or_default(),
            id: v.version_id.unwrap_or_else(|| "null".into()),
            latest: v.is_latest == Some(true),
            modified: v.last_modified.map_or(0, |at| at.0),
            size: Some(v.size.unwrap_or(0)),
        });
    let markers = std::mem::take(&mut out.delete_markers)
        .into_iter()
        .map(|m| Version {
            key: m.key.unwrap_or_default(),
            id: m.version_id.unwrap_or_else(|| "null".into()),
            latest: m.is_latest == Some(true),
            modified: m.last_modified.map_or(0, |at| at.0),
            size: None,
        });
    let mut all: Vec<Version> = versions.chain(markers).collect();
    all.sort_by(|a, b| {
        let newest = (b.latest, b.modified).cmp(&(a.latest, a.modified));
        a.key.cmp(&b.key).then(newest)
    });
    all
}

async fn every_version(visit: &Visit, bucket: &str, prefix: &str, q: &str) -> Markup {
    // The marker is an id and a key, joined by a space, which no id has.
    let after = visit
        .request
        .query
        .filled("after")
        .and_then(|after| after.split_once(' '));
    let input = s::ListObjectVersionsInput {
        bucket: bucket.to_owned(),
        delimiter: Some("/".into()),
        prefix: Some(format!("{prefix}{q}")),
        max_keys: Some(PAGE),
        key_marker: after.map(|(_, key)| key.to_owned()),
        version_id_marker: after
            .map(|(id, _)| id.to_owned())
            .filter(|id| !id.is_empty()),
        ..Default::default()
    };
    let mut out = match visit.effect::<ListObjectVersions>(input).await {
        Ok(out) => out,
        Err(fault) => return problem(visit, &fault),
    };
    let versions = in_order(&mut out);
    if versions.is_empty() && out.common_prefixes.is_empty() {
        return nothing("No versions.");
    }
    let next = (out.is_truncated == Some(true)).then(|| {
        let id = out.next_version_id_marker.as_deref().unwrap_or("");
        format!("{id} {}", out.next_key_marker.as_deref().unwrap_or(""))
    });
    let at = visit.at(&path(bucket));
    html! {
        form method="post" {
            (csrf(visit))
            (from_folder(prefix))
            input type="hidden" name="versions" value="1";
            (choices(visit, bucket, false))
            table {
                thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } th { "Name" } th { "Version ID" } th { "Size" } th { "Last modified" } } }
                tbody {
                    @for folder in out.common_prefixes.iter().filter_map(|p| p.prefix.as_deref()) {
                        tr { td.tick {} td { a href={ (at) "?versions=1&prefix=" (encode(folder)) } { (folder.strip_prefix(prefix).unwrap_or(folder)) } } td { "–" } td { "–" } td { "–" } }
                    }
                    @for version in &versions {
                        @let short = version.key.strip_prefix(prefix).unwrap_or(&version.key);
                        tr {
                            td.tick { input type="checkbox" name="version" value=(version_value(&version.id, &version.key)) aria-label={ "Select version " (version.id) " of " (version.key) }; }
                            td { a href={ (visit.at(&object_path(bucket, &version.key))) "&tab=versions" } { (short) } }
                            td { (version.id) @if version.latest { " " span.badge.open { "Current" } } }
                            td { @match version.size { Some(bytes) => (size(bytes)), None => span.badge { "Delete marker" } } }
                            td { (when(version.modified)) }
                        }
                    }
                }
            }
        }
        nav.pager aria-label="Pages" {
            @if after.is_some() { a href=(address(visit, &[("after", "")])) { "First page" } }
            @if let Some(next) = &next { a href=(address(visit, &[("after", next)])) rel="next" { "Next" } }
        }
    }
}

/// The versions of one object, for its page.
pub(super) async fn versions_of(visit: &Visit, bucket: &str, key: &str) -> Markup {
    let input = s::ListObjectVersionsInput {
        bucket: bucket.to_owned(),
        prefix: Some(key.to_owned()),
        max_keys: Some(WHOLE),
        ..Default::default()
    };
    let mut out = match visit.effect::<ListObjectVersions>(input).await {
        Ok(out) => out,
        Err(fault) => return problem(visit, &fault),
    };
    let mut versions = in_order(&mut out);
    versions.retain(|version| version.key == key);
    let at = visit.at(&path(bucket));
    let hidden = |version: &Version| {
        html! { (csrf(visit)) input type="hidden" name="key" value=(encode(key)); input type="hidden" name="id" value=(version.id); }
    };
    html! {
        table {
            thead { tr { th { "Version ID" } th { "Size" } th { "Last modified" } th { "Actions" } } }
            tbody { @for version in &versions {
                // The one version of a bucket that keeps none is the object, and takes no right to versions.
                @let plain = version.id == "null" && version.latest;
                tr {
                    td { (version.id) @if version.latest { " " span.badge.open { "Current" } } }
                    td { @match version.size { Some(bytes) => (size(bytes)), None => span.badge { "Delete marker" } } }
                    td { (when(version.modified)) }
                    td.row-actions {
                        @if version.size.is_some() {
                            a.button href={ (at) "/download?key=" (encode(key)) @if !plain { "&version=" (encode(&version.id)) } } download { "Download" }
                            @if !version.latest { form method="post" action={ (at) "/restore" } { (hidden(version)) button type="submit" { "Make current" } } }
                            @if !plain { a.button href={ (at) "/share?key=" (encode(key)) "&version=" (encode(&version.id)) } { "Share" } }
                        } @else if version.latest {
                            form method="post" action={ (at) "/undelete" } { (hidden(version)) button type="submit" { "Undo the deletion" } }
                        }
                        form method="post" action={ (at) "/delete-objects" } { (csrf(visit)) input type="hidden" name="version" value=(version_value(&version.id, key)); button.danger type="submit" { "Delete" } }
                    }
                }
            } }
        }
        @if out.is_truncated == Some(true) { p.hint { "These are the first 1,000 versions of what begins with this name." } }
    }
}

const _: () = assert!(
    PER_PAGE == PAGE.unsigned_abs() as usize,
    "both kinds of pages are alike"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_its_kind_by_the_end_of_its_name() {
        let object = |key: &str| {
            Row::Object(s::Object {
                key: Some(key.to_owned()),
                ..Default::default()
            })
        };
        for (row, kind) in [
            (object("a/b.tar.gz"), "gz"),
            (object(".hidden"), "–"),
            (object(".."), "–"),
            (object("ends."), "–"),
            (object("plain.d/name"), "–"),
            (Row::Folder("a.b/".into()), "Folder"),
        ] {
            assert_eq!(row.kind(), kind, "{}", row.name());
        }
    }

    #[test]
    fn every_folder_has_a_name_to_click() {
        for (prefix, name) in [
            ("a/", "a"),
            ("a/b/", "b"),
            ("/", "/"),
            ("a//", "/"),
            ("/a/", "a"),
            ("../", ".."),
        ] {
            assert_eq!(folder_name(prefix), name, "{prefix}");
        }
    }
}
