//! The properties of a bucket: where it is, versioning, tags, default encryption.

use maud::{Markup, html};
use twinlock_s3::{
    buckets::GetBucketLocation,
    encryption::GetBucketEncryption,
    tagging::{DeleteBucketTagging, GetBucketTagging, PutBucketTagging},
    versioning::{GetBucketVersioning, PutBucketVersioning},
};
use twinlock_shapes::s3 as s;

use super::{path, problem};
use crate::{
    parts::{copy, csrf},
    visit::{Page, Visit},
};

/// The tab of the bucket's page.
pub(super) fn tab(visit: &Visit, bucket: &str) -> Markup {
    let at = visit.at(&path(bucket));
    let location = visit.read::<GetBucketLocation>(s::GetBucketLocationInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
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
            @if let Ok(out) = &location {
                dt { "Region" } dd { (out.location_constraint.as_deref().filter(|region| !region.is_empty()).unwrap_or("us-east-1")) }
            }
            dt { "ARN" } dd { (copy(&format!("arn:aws:s3:::{bucket}"))) }
            dt { "S3 URI" } dd { (copy(&format!("s3://{bucket}"))) }
            dt { "URL" } dd { (copy(visit.world.object_url(bucket, "").trim_end_matches('/'))) }
        } }
        section.panel {
            h2 { "Bucket Versioning" }
            @match &versioning {
                Err(fault) => (problem(visit, fault)),
                Ok(out) => {
                    @let on = out.status.as_deref() == Some("Enabled");
                    p { @match out.status.as_deref() {
                        Some("Enabled") => { span.badge.open { "Enabled" } " Every version of an object is kept." }
                        Some(status) => { span.badge { (status) } " The versions there are stay; new ones replace what is called null." }
                        None => { span.badge { "Disabled" } " Writing an object replaces it." }
                    } }
                    form method="post" action={ (at) "/versioning" } {
                        (csrf(visit))
                        input type="hidden" name="status" value=(if on { "Suspended" } else { "Enabled" });
                        button type="submit" { @if on { "Suspend" } @else { "Enable" } }
                    }
                }
            }
        }
        section.panel {
            h2 { "Tags" }
            @match &tags { Err(fault) => (problem(visit, fault)), Ok(tags) => (tag_form(visit, &format!("{at}/tags"), tags)) }
        }
        (encryption(visit, bucket))
    }
}

fn encryption(visit: &Visit, bucket: &str) -> Markup {
    let held = visit.read::<GetBucketEncryption>(s::GetBucketEncryptionInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    html! {
        section.panel {
            h2 { "Default encryption" }
            @match held {
                Err(fault) => (problem(visit, &fault)),
                Ok(out) => {
                    @let rule = out.server_side_encryption_configuration.and_then(|held| held.rules.into_iter().next());
                    @let asked = rule.and_then(|rule| rule.apply_server_side_encryption_by_default);
                    dl.facts {
                        dt { "Encryption type" } dd { (asked.as_ref().map_or("AES256", |asked| &asked.sse_algorithm)) }
                        @if let Some(key) = asked.as_ref().and_then(|asked| asked.kms_master_key_id.as_deref()) { dt { "Key" } dd { (key) } }
                    }
                    p.hint { "Clients set this and read it. What lies on the disk is as the disk keeps it: this server encrypts no objects." }
                }
            }
        }
    }
}

/// A form with all tags, three empty rows after them.
pub(super) fn tag_form(visit: &Visit, action: &str, tags: &[s::Tag]) -> Markup {
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
pub(super) fn sent_tags(visit: &Visit) -> Vec<s::Tag> {
    let keys = visit.form.all("tagKey");
    keys.zip(visit.form.all("tagValue"))
        .filter(|(key, _)| !key.trim().is_empty())
        .map(|(key, value)| s::Tag {
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
        })
        .collect()
}

fn back(bucket: &str) -> String {
    format!("{}?tab=properties", path(bucket))
}

/// Turns versioning on or off.
pub(super) async fn versioning(visit: &Visit, bucket: &str) -> Page {
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
    Ok(visit.done(&back(bucket), "Versioning is set."))
}

/// Saves the tags.
pub(super) async fn tags(visit: &Visit, bucket: &str) -> Page {
    let tag_set = sent_tags(visit);
    if tag_set.is_empty() {
        visit
            .change::<DeleteBucketTagging>(s::DeleteBucketTaggingInput {
                bucket: bucket.to_owned(),
                ..Default::default()
            })
            .await?;
    } else {
        visit
            .change::<PutBucketTagging>(s::PutBucketTaggingInput {
                bucket: bucket.to_owned(),
                tagging: s::Tagging { tag_set },
                ..Default::default()
            })
            .await?;
    }
    Ok(visit.done(&back(bucket), "The tags are saved."))
}
