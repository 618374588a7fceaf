//! Copying, moving and renaming: copies by CopyObject, one object after the other; a move then deletes what it has copied.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_s3::{copy_object::CopyObject, delete_object::DeleteObject, get_object::HeadObject};
use twinlock_shapes::s3 as s;

use super::{
    buckets::names,
    chosen::{Chosen, folder_sent, from_folder},
    file_name, folder_of, object_path, objects, path, problem,
};
use crate::{
    http::encode,
    layout::{Service, show},
    parts::{csrf, head, text},
    visit::{Page, Visit},
};

/// Objects that one copy or move takes, those in folders counted.
const OBJECTS_MAX: usize = 1000;

/// `x-amz-copy-source` for an object.
pub(super) fn source(bucket: &str, key: &str) -> String {
    format!("{bucket}/{}", encode(key).replace("%2F", "/"))
}

/// What is to become of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Copy,
    Move,
    Rename,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Verb::Copy => "Copy",
            Verb::Move => "Move",
            Verb::Rename => "Rename",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Verb::Copy => "copied",
            Verb::Move => "moved",
            Verb::Rename => "renamed",
        }
    }
}

/// Where to.
struct Target {
    bucket: String,
    folder: String,
    name: String,
    overwrite: bool,
}

/// `/s3/BUCKET/copy`, `move` and `rename`: by GET for the one object of the address, by POST for what was ticked in a list.
pub(super) async fn page(visit: &Visit, bucket: &str, verb: Verb) -> Page {
    let chosen = Chosen::of(visit);
    let from = match visit.request.query.filled("key") {
        Some(key) => folder_of(key).to_owned(),
        None => folder_sent(visit),
    };
    let back = format!("{}?prefix={}", path(bucket), encode(&from));
    if chosen.is_empty() {
        return Ok(visit.done(&back, "Nothing was selected."));
    }
    let sent = visit.request.is_post() && visit.form.maybe("toBucket").is_some();
    let only = chosen.keys.first().map_or("", |key| file_name(key));
    let target = Target {
        bucket: if sent {
            visit.field("toBucket")
        } else {
            bucket
        }
        .to_owned(),
        folder: if sent {
            visit.form.get("toFolder")
        } else {
            &from
        }
        .to_owned(),
        name: if sent {
            visit.form.get("newName")
        } else {
            only
        }
        .to_owned(),
        overwrite: visit.form.ticked("overwrite"),
    };
    if !sent {
        return Ok(form(visit, bucket, verb, &chosen, &from, &target, None));
    }
    let pairs = match pairs(visit, bucket, verb, &chosen, &from, &target).await {
        Ok(pairs) => pairs,
        Err(fault) => {
            return Ok(form(
                visit,
                bucket,
                verb,
                &chosen,
                &from,
                &target,
                Some(&fault),
            ));
        }
    };
    for (n, (key, to)) in pairs.iter().enumerate() {
        if let Err(fault) = carry(visit, bucket, verb, key, &target, to).await {
            let code = fault.code.clone();
            let told = format!(
                "{} ({n} of {} {} before: {key} was not.)",
                fault.message,
                pairs.len(),
                verb.done()
            );
            let fault = Fault {
                denied: fault.denied.clone(),
                ..Fault::new(code, fault.status, told)
            };
            // What is done is not done again.
            let left = Chosen {
                keys: pairs[n..].iter().map(|(key, _)| key.clone()).collect(),
                ..Chosen::default()
            };
            return Ok(form(
                visit,
                bucket,
                verb,
                &left,
                &from,
                &target,
                Some(&fault),
            ));
        }
    }
    let n = pairs.len();
    let there = match pairs.as_slice() {
        [(_, to)] => object_path(&target.bucket, to),
        _ => format!("{}?prefix={}", path(&target.bucket), encode(&target.folder)),
    };
    Ok(visit.done(
        &there,
        format!(
            "{n} {} {}.",
            if n == 1 { "object" } else { "objects" },
            verb.done()
        ),
    ))
}

/// Every object with its new key.
async fn pairs(
    visit: &Visit,
    bucket: &str,
    verb: Verb,
    chosen: &Chosen,
    from: &str,
    target: &Target,
) -> Result<Vec<(String, String)>, Fault> {
    let refused = |text: String| Err(Fault::new("InvalidArgument", 400, text));
    if !target.folder.is_empty() && !target.folder.ends_with('/') {
        return refused("The folder ends with a slash; empty is the bucket itself.".into());
    }
    if verb == Verb::Rename && (target.name.is_empty() || target.name.contains('/')) {
        return refused("A name has at least one character and no slash.".into());
    }
    let keys = chosen.expanded(visit, bucket, OBJECTS_MAX).await?;
    let mut pairs = Vec::with_capacity(keys.len());
    for key in keys {
        let name = match verb {
            Verb::Rename => target.name.as_str(),
            _ => key.strip_prefix(from).unwrap_or(&key),
        };
        let to = format!("{}{name}", target.folder);
        if target.bucket == bucket && to == key {
            return refused(format!("{key} is there already: choose another place."));
        }
        // A folder into itself would never end.
        if target.bucket == bucket
            && chosen
                .folders
                .iter()
                .any(|folder| target.folder.starts_with(folder.as_str()))
        {
            return refused("A folder cannot go into itself.".into());
        }
        pairs.push((key, to));
    }
    Ok(pairs)
}

async fn carry(
    visit: &Visit,
    bucket: &str,
    verb: Verb,
    key: &str,
    target: &Target,
    to: &str,
) -> Result<(), Fault> {
    // What is deleted in the end must be what was copied: somebody may write the key in between.
    let etag = match verb {
        Verb::Copy => None,
        _ => {
            let input = s::HeadObjectInput {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                ..Default::default()
            };
            visit.effect::<HeadObject>(input).await?.etag
        }
    };
    let input = s::CopyObjectInput {
        bucket: target.bucket.clone(),
        key: to.to_owned(),
        copy_source: source(bucket, key),
        if_none_match: (!target.overwrite).then(|| "*".to_owned()),
        ..Default::default()
    };
    match visit.effect::<CopyObject>(input).await {
        Err(fault) if fault.code == "PreconditionFailed" => {
            return Err(Fault::new(
                "PreconditionFailed",
                412,
                format!(
                    "{to} exists already: choose another name, or tick the box that replaces it."
                ),
            ));
        }
        other => drop(other?),
    }
    if verb != Verb::Copy {
        let input = s::DeleteObjectInput {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            if_match: etag,
            ..Default::default()
        };
        match visit.effect::<DeleteObject>(input).await {
            Err(fault) if fault.code == "PreconditionFailed" => {
                return Err(Fault::new(
                    "PreconditionFailed",
                    412,
                    format!("{key} was written anew meanwhile, and stays beside its copy {to}."),
                ));
            }
            other => drop(other?),
        }
    }
    Ok(())
}

fn form(
    visit: &Visit,
    bucket: &str,
    verb: Verb,
    chosen: &Chosen,
    from: &str,
    target: &Target,
    fault: Option<&Fault>,
) -> Response<Body> {
    let title = match (chosen.keys.as_slice(), chosen.folders.as_slice()) {
        ([key], []) => format!("{} {}", verb.word(), file_name(key)),
        _ => format!("{} objects", verb.word()),
    };
    let action = format!("{}/{}", visit.at(&path(bucket)), verb.word().to_lowercase());
    let main = html! {
        div.narrow {
            (objects::crumbs(visit, bucket, from))
            (head(&title, "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" action=(action) {
                (csrf(visit))
                (from_folder(from))
                (chosen.fields())
                section.panel {
                    (chosen.listed())
                    @if verb == Verb::Rename {
                        input type="hidden" name="toBucket" value=(bucket);
                        input type="hidden" name="toFolder" value=(from);
                        (text("New object name", "newName", &target.name, "", ""))
                    } @else {
                        (destination(visit, target))
                    }
                    label.check { input type="checkbox" name="overwrite" value="1" checked[target.overwrite]; "Replace an object that has the same name there" }
                }
                @if verb != Verb::Copy { p.hint { "Each object is copied, and deleted here when that has gone well. In a bucket with versioning its versions stay here." } }
                div.actions { a.button href={ (visit.at(&path(bucket))) "?prefix=" (encode(from)) } { "Cancel" } button.primary type="submit" { (verb.word()) } }
            }
        }
    };
    show(visit, Service::S3, &title, main)
}

fn destination(visit: &Visit, target: &Target) -> Markup {
    html! {
        div.field {
            label for="toBucket" { "Destination bucket" }
            input type="text" id="toBucket" name="toBucket" value=(target.bucket) list="buckets" autocomplete="off" spellcheck="false" required;
            datalist #buckets { @for name in names(visit) { option value=(name) {} } }
        }
        (text("Destination folder", "toFolder", &target.folder, "Such as photos/2025/; empty: the bucket itself", ""))
    }
}
