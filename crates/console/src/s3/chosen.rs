//! What was ticked in a list of objects: keys, folders, versions; carried through the pages that ask and confirm.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_s3::list_objects::ListObjectsV2;
use twinlock_shapes::s3 as s;

use crate::{
    http::{decode, encode},
    visit::Visit,
};

/// Names that a page of confirmation shows; the rest is counted.
const SHOWN_MAX: usize = 20;

/// Keys, folders and versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) keys: Vec<String>,
    pub(super) folders: Vec<String>,
    /// A version's id and its key.
    pub(super) versions: Vec<(String, String)>,
}

impl Chosen {
    /// What the form holds, or the address names.
    pub(super) fn of(visit: &Visit) -> Chosen {
        let all = |name: &'static str| {
            let named = visit.request.query.all(name).map(str::to_owned);
            visit.form.all(name).map(decode).chain(named)
        };
        let version = |version: String| {
            let (id, key) = version.split_once(' ')?;
            Some((id.to_owned(), key.to_owned()))
        };
        let mut chosen = Chosen {
            keys: all("key").filter(|key| !key.is_empty()).collect(),
            folders: all("folder")
                .filter(|folder| folder.ends_with('/'))
                .collect(),
            versions: all("version").filter_map(version).collect(),
        };
        // A form that was sent back to its own address names its object twice.
        chosen.keys.sort_unstable();
        chosen.keys.dedup();
        chosen
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.folders.is_empty() && self.versions.is_empty()
    }

    /// Hidden fields that carry it on.
    pub(super) fn fields(&self) -> Markup {
        html! {
            @for key in &self.keys { input type="hidden" name="key" value=(encode(key)); }
            @for folder in &self.folders { input type="hidden" name="folder" value=(encode(folder)); }
            @for (id, key) in &self.versions { input type="hidden" name="version" value=(version_value(id, key)); }
        }
    }

    /// For people to read before they agree.
    pub(super) fn listed(&self) -> Markup {
        let all = self.keys.len() + self.folders.len() + self.versions.len();
        let names = (self
            .folders
            .iter()
            .map(|folder| (folder, Some("everything in it"))))
        .chain(self.keys.iter().map(|key| (key, None)))
        .chain(
            self.versions
                .iter()
                .map(|(id, key)| (key, Some(id.as_str()))),
        );
        html! {
            ul.plain.names {
                @for (name, more) in names.take(SHOWN_MAX) {
                    li { code { (name) } @if let Some(more) = more { " " span.about { (more) } } }
                }
                @if all > SHOWN_MAX { li { "and " (all - SHOWN_MAX) " more" } }
            }
        }
    }

    /// The keys, with all that lies in the folders.
    ///
    /// # Errors
    /// More than `most`; or the bucket may not be listed.
    pub(super) async fn expanded(
        &self,
        visit: &Visit,
        bucket: &str,
        most: usize,
    ) -> Result<Vec<String>, Fault> {
        let mut keys = self.keys.clone();
        let mut folders = self.folders.iter();
        loop {
            if keys.len() > most {
                return Err(too_many(most));
            }
            let Some(folder) = folders.next() else {
                return Ok(keys);
            };
            let (found, more) = inside(visit, bucket, folder).await?;
            if more {
                return Err(too_many(most));
            }
            keys.extend(found);
        }
    }
}

/// A version as a form carries it. Keys stand encoded in forms: a browser sends every line break of a field as CR LF, and no key may
/// come back as another one.
pub(super) fn version_value(id: &str, key: &str) -> String {
    encode(&format!("{id} {key}"))
}

/// The hidden field that says which folder a form was sent from.
pub(super) fn from_folder(prefix: &str) -> Markup {
    html! { input type="hidden" name="prefix" value=(encode(prefix)); }
}

/// The folder that [`from_folder`] says.
pub(super) fn folder_sent(visit: &Visit) -> String {
    decode(visit.form.get("prefix"))
}

fn too_many(most: usize) -> Fault {
    Fault::new(
        "InvalidRequest",
        400,
        format!(
            "These are more than {most} objects. The aws CLI takes any number: aws s3 cp --recursive."
        ),
    )
}

/// Up to a thousand keys in a folder, and whether there are more.
///
/// # Errors
/// The bucket may not be listed.
pub(super) async fn inside(
    visit: &Visit,
    bucket: &str,
    folder: &str,
) -> Result<(Vec<String>, bool), Fault> {
    let input = s::ListObjectsV2Input {
        bucket: bucket.to_owned(),
        prefix: Some(folder.to_owned()),
        ..Default::default()
    };
    let out = visit.effect::<ListObjectsV2>(input).await?;
    let more = out.is_truncated == Some(true);
    Ok((
        out.contents.into_iter().filter_map(|o| o.key).collect(),
        more,
    ))
}
