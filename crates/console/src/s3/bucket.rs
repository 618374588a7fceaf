//! A bucket's page: objects by prefix, properties, permissions.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_s3::{
    list_objects::ListObjectsV2,
    policy::{DeleteBucketPolicy, GetBucketPolicy, PutBucketPolicy},
    public_access_block::{GetPublicAccessBlock, PutPublicAccessBlock},
    tagging::{DeleteBucketTagging, GetBucketTagging, PutBucketTagging},
    versioning::{GetBucketVersioning, PutBucketVersioning},
};
use twinlock_shapes::s3 as s;

use super::{path, size};
use crate::{
    http::encode,
    layout::{Service, show},
    parts::{copy, csrf, head, nothing, problem, tabs, when},
    visit::{Page, Visit},
};

/// `/s3/BUCKET`.
pub(crate) async fn page(visit: &Visit, bucket: &str) -> Page {
    let tab = match visit.query("tab") {
        known @ ("properties" | "permissions") => known,
        _ => "objects",
    };
    let body = match tab {
        "properties" => properties(visit, bucket),
        "permissions" => permissions(visit, bucket),
        _ => objects(visit, bucket).await,
    };
    let main = html! {
        (head(bucket, "", html! {}))
        (tabs(&visit.at(&path(bucket)), &[("objects", "Objects"), ("properties", "Properties"), ("permissions", "Permissions")], tab))
        (body)
    };
    Ok(show(visit, Service::S3, bucket, main))
}

fn refusal(visit: &Visit, fault: &Fault) -> Markup {
    problem(visit, &fault.code, &fault.message)
}

async fn objects(visit: &Visit, bucket: &str) -> Markup {
    let prefix = visit.request.query.get("prefix").to_owned();
    let input = s::ListObjectsV2Input {
        bucket: bucket.to_owned(),
        delimiter: Some("/".into()),
        prefix: Some(prefix.clone()),
        max_keys: Some(200),
        continuation_token: visit.request.query.filled("after").map(str::to_owned),
        ..Default::default()
    };
    let listed = visit.effect::<ListObjectsV2>(input).await;
    let at = visit.at(&path(bucket));
    html! {
        nav.crumbs aria-label="Folders" {
            a href=(at) { (bucket) }
            @for (n, _) in prefix.match_indices('/') {
                @let upto = &prefix[..=n];
                " / " a href={ (at) "?prefix=" (encode(upto)) } { (upto.trim_end_matches('/').rsplit('/').next().unwrap_or("")) }
            }
        }
        section.panel.upload data-upload={ (at) "/upload" } data-prefix=(prefix) data-csrf=(visit.sign_in.csrf) {
            div.drop { label { "Drag and drop files here, or choose " input type="file" multiple aria-label="Upload files"; } }
            ul.uploads aria-live="polite" {}
            noscript { p.hint { "Uploading needs JavaScript." } }
        }
        @match &listed {
            Err(fault) => (refusal(visit, fault)),
            Ok(out) if out.contents.is_empty() && out.common_prefixes.is_empty() => (nothing("No objects.")),
            Ok(out) => {
                form method="post" action={ (at) "/delete-objects" } {
                    (csrf(visit))
                    input type="hidden" name="prefix" value=(prefix);
                    table {
                        thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } th { "Name" } th { "Size" } th { "Last modified" } th { "Actions" } } }
                        tbody {
                            @for folder in out.common_prefixes.iter().filter_map(|p| p.prefix.as_deref()) {
                                tr { td.tick {} td { a href={ (at) "?prefix=" (encode(folder)) } { (&folder[prefix.len()..]) } } td { "–" } td { "–" } td {} }
                            }
                            @for object in &out.contents { (object_row(&at, &prefix, object)) }
                        }
                    }
                    div.actions { button.danger type="submit" { "Delete" } }
                }
                @if let Some(next) = &out.next_continuation_token { p { a href={ (at) "?prefix=" (encode(&prefix)) "&after=" (encode(next)) } { "Next" } } }
            }
        }
    }
}

fn object_row(at: &str, prefix: &str, object: &s::Object) -> Markup {
    let key = object.key.as_deref().unwrap_or("");
    html! {
        tr {
            td.tick { input type="checkbox" name="key" value=(key) aria-label={ "Select " (key) }; }
            td { a href={ (at) "/object?key=" (encode(key)) } { (key.strip_prefix(prefix).unwrap_or(key)) } }
            td { (size(object.size.unwrap_or(0))) }
            td { @if let Some(at) = object.last_modified { (when(at.0)) } }
            td.row-actions { a.button href={ (at) "/download?key=" (encode(key)) } download { "Download" } }
        }
    }
}

fn properties(visit: &Visit, bucket: &str) -> Markup {
    let at = visit.at(&path(bucket));
    let versioning = visit.read::<GetBucketVersioning>(s::GetBucketVersioningInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    let tags = visit.read::<GetBucketTagging>(s::GetBucketTaggingInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    let tags = match tags {
        Err(fault) if fault.code == "NoSuchTagSet" => Ok(Vec::new()),
        other => other.map(|out| out.tag_set),
    };
    html! {
        section.panel { h2 { "Bucket overview" } dl.facts {
            dt { "ARN" } dd { (copy(&format!("arn:aws:s3:::{bucket}"))) }
            dt { "S3 URI" } dd { (copy(&format!("s3://{bucket}"))) }
            dt { "URL" } dd { (copy(&format!("{}/{bucket}", visit.world.settings.public_url))) }
        } }
        section.panel {
            h2 { "Bucket Versioning" }
            @match &versioning {
                Err(fault) => (refusal(visit, fault)),
                Ok(out) => {
                    @let on = out.status.as_deref() == Some("Enabled");
                    p { @match out.status.as_deref() { Some(status) => (status), None => "Never enabled" } }
                    form method="post" action={ (at) "/versioning" } { (csrf(visit)) input type="hidden" name="status" value=(if on { "Suspended" } else { "Enabled" }); button type="submit" { @if on { "Suspend" } @else { "Enable" } } }
                }
            }
        }
        section.panel {
            h2 { "Tags" }
            @match &tags { Err(fault) => (refusal(visit, fault)), Ok(tags) => (tag_form(visit, &format!("{at}/tags"), tags)) }
        }
    }
}

/// A form with all tags, three empty rows after them.
pub(crate) fn tag_form(visit: &Visit, action: &str, tags: &[s::Tag]) -> Markup {
    let empty = s::Tag::default();
    html! {
        form method="post" action=(action) {
            (csrf(visit))
            table.tags { thead { tr { th { "Key" } th { "Value" } } } tbody { @for tag in tags.iter().chain([&empty; 3]) { tr {
                td { input type="text" name="tagKey" value=(tag.key) aria-label="Key"; }
                td { input type="text" name="tagValue" value=(tag.value) aria-label="Value"; }
            } } } }
            button type="submit" { "Save changes" }
        }
    }
}

/// The tags that [`tag_form`] sends.
pub(crate) fn sent_tags(visit: &Visit) -> Vec<s::Tag> {
    let keys = visit.form.all("tagKey");
    keys.zip(visit.form.all("tagValue"))
        .filter(|(key, _)| !key.trim().is_empty())
        .map(|(key, value)| s::Tag {
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
        })
        .collect()
}

const BLOCKS: [(&str, &str); 4] = [
    (
        "acls",
        "Block public access granted through new access control lists (ACLs)",
    ),
    (
        "ignore",
        "Block public access granted through any access control lists (ACLs)",
    ),
    (
        "policy",
        "Block public access granted through new public bucket policies",
    ),
    (
        "restrict",
        "Block public and cross-account access through any public bucket policies",
    ),
];

fn permissions(visit: &Visit, bucket: &str) -> Markup {
    let at = visit.at(&path(bucket));
    let block = visit.read::<GetPublicAccessBlock>(s::GetPublicAccessBlockInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    let block = match block {
        Err(fault) if fault.code == "NoSuchPublicAccessBlockConfiguration" => {
            Ok(s::PublicAccessBlockConfiguration::default())
        }
        other => other.map(|out| out.public_access_block_configuration.unwrap_or_default()),
    };
    html! {
        section.panel {
            h2 { "Block public access (bucket settings)" }
            @match &block {
                Err(fault) => (refusal(visit, fault)),
                Ok(block) => {
                    @let on = [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets];
                    form method="post" action={ (at) "/block" } {
                        (csrf(visit))
                        @for ((name, about), on) in BLOCKS.iter().zip(on) { label.check { input type="checkbox" name=(name) value="1" checked[on == Some(true)]; (about) } }
                        button type="submit" { "Save changes" }
                    }
                }
            }
        }
        section.panel {
            div.head { h2 { "Bucket policy" } a.button href={ (at) "/policy" } { "Edit" } }
            @match policy_text(visit, bucket) {
                Err(fault) => (refusal(visit, &fault)),
                Ok(None) => (nothing("No policy. Other accounts have access only if one grants it.")),
                Ok(Some(text)) => (crate::iam::shown(&text)),
            }
        }
    }
}

fn policy_text(visit: &Visit, bucket: &str) -> Result<Option<String>, Fault> {
    match visit.read::<GetBucketPolicy>(s::GetBucketPolicyInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    }) {
        Ok(out) => Ok(out.policy),
        Err(fault) if fault.code == "NoSuchBucketPolicy" => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// `/s3/BUCKET/policy`.
pub(crate) async fn policy(visit: &Visit, bucket: &str) -> Page {
    let back = format!("{}?tab=permissions", path(bucket));
    if !visit.request.is_post() {
        let text = policy_text(visit, bucket)?.unwrap_or_default();
        return Ok(policy_page(visit, bucket, &crate::iam::pretty(&text), None));
    }
    let policy = visit.form.get("document").replace("\r\n", "\n");
    let bucket_name = bucket.to_owned();
    let changed = if policy.trim().is_empty() {
        visit
            .change::<DeleteBucketPolicy>(s::DeleteBucketPolicyInput {
                bucket: bucket_name,
                ..Default::default()
            })
            .await
            .map(drop)
    } else {
        visit
            .change::<PutBucketPolicy>(s::PutBucketPolicyInput {
                bucket: bucket_name,
                policy: policy.clone(),
                ..Default::default()
            })
            .await
            .map(drop)
    };
    Ok(match changed {
        Ok(()) => visit.done(&back, "The bucket policy is saved."),
        Err(fault) => policy_page(visit, bucket, &policy, Some(&fault)),
    })
}

fn policy_page(visit: &Visit, bucket: &str, text: &str, fault: Option<&Fault>) -> Response<Body> {
    let main = html! {
        (head(&format!("Edit bucket policy of {bucket}"), "", html! { (copy(&format!("arn:aws:s3:::{bucket}"))) }))
        @if let Some(fault) = fault { (refusal(visit, fault)) }
        form method="post" {
            (csrf(visit))
            (crate::iam::editor_fields(visit, "bucket", text))
            p.hint { "An empty text removes the policy." }
            div.actions { a.button href={ (visit.at(&path(bucket))) "?tab=permissions" } { "Cancel" } button.primary type="submit" data-review { "Save changes" } }
        }
    };
    show(visit, Service::S3, "Edit bucket policy", main)
}

/// Turns versioning on or off.
pub(crate) async fn versioning(visit: &Visit, bucket: &str) -> Page {
    let versioning_configuration = s::VersioningConfiguration {
        status: visit.form.filled("status").map(str::to_owned),
        mfa_delete: None,
    };
    visit
        .change::<PutBucketVersioning>(s::PutBucketVersioningInput {
            bucket: bucket.to_owned(),
            versioning_configuration,
            ..Default::default()
        })
        .await?;
    Ok(visit.done(
        &format!("{}?tab=properties", path(bucket)),
        "Versioning is set.",
    ))
}

/// Saves the tags.
pub(crate) async fn tags(visit: &Visit, bucket: &str) -> Page {
    let tag_set = sent_tags(visit);
    let bucket_name = bucket.to_owned();
    if tag_set.is_empty() {
        visit
            .change::<DeleteBucketTagging>(s::DeleteBucketTaggingInput {
                bucket: bucket_name,
                ..Default::default()
            })
            .await?;
    } else {
        visit
            .change::<PutBucketTagging>(s::PutBucketTaggingInput {
                bucket: bucket_name,
                tagging: s::Tagging { tag_set },
                ..Default::default()
            })
            .await?;
    }
    Ok(visit.done(
        &format!("{}?tab=properties", path(bucket)),
        "The tags are saved.",
    ))
}

/// Saves Block Public Access.
pub(crate) async fn block(visit: &Visit, bucket: &str) -> Page {
    let on = |n: usize| Some(visit.form.ticked(BLOCKS[n].0));
    let public_access_block_configuration = s::PublicAccessBlockConfiguration {
        block_public_acls: on(0),
        ignore_public_acls: on(1),
        block_public_policy: on(2),
        restrict_public_buckets: on(3),
    };
    visit
        .change::<PutPublicAccessBlock>(s::PutPublicAccessBlockInput {
            bucket: bucket.to_owned(),
            public_access_block_configuration,
            ..Default::default()
        })
        .await?;
    Ok(visit.done(
        &format!("{}?tab=permissions", path(bucket)),
        "Block Public Access is saved.",
    ))
}
