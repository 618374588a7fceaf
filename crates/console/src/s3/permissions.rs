//! Who may do what with a bucket: Block Public Access, the bucket policy, Object Ownership, and CORS.

use http::Response;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use twinlock_gate::{Body, Fault};
use twinlock_s3::{
    cors::{DeleteBucketCors, GetBucketCors, PutBucketCors},
    ownership::{GetBucketOwnershipControls, PutBucketOwnershipControls},
    policy::{DeleteBucketPolicy, GetBucketPolicy, GetBucketPolicyStatus, PutBucketPolicy},
    public_access_block::{GetPublicAccessBlock, PutPublicAccessBlock},
};
use twinlock_shapes::s3 as s;

use super::{account::switches, path, problem};
use crate::{
    layout::{Service, show},
    parts::{copy, csrf, head, nothing},
    visit::{Page, Visit},
};

/// Object Ownership: S3's word, its name in the console, and what it means.
const OWNERSHIP: [(&str, &str, &str); 3] = [
    (
        "BucketOwnerEnforced",
        "Bucket owner enforced",
        "ACLs are disabled: the bucket's owner owns every object, and policies alone say who may do what.",
    ),
    (
        "BucketOwnerPreferred",
        "Bucket owner preferred",
        "Requests may carry an ACL.",
    ),
    (
        "ObjectWriter",
        "Object writer",
        "Requests may carry an ACL.",
    ),
];

/// The tab of the bucket's page.
pub(super) fn tab(visit: &Visit, bucket: &str) -> Markup {
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
                Err(fault) => (problem(visit, fault)),
                Ok(block) => {
                    form method="post" action={ (at) "/block" } {
                        (csrf(visit))
                        (switches([block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets]))
                        button type="submit" { "Save changes" }
                    }
                }
            }
            p.hint { "The account's own settings hold as well: " a href=(visit.at("/s3/-/block")) { "Block Public Access settings for this account" } }
        }
        section.panel {
            @let held = policy_text(visit, bucket);
            div.head { h2 { "Bucket policy" } @if held.is_ok() { a.button href={ (at) "/policy" } { "Edit" } } }
            @match held {
                Err(fault) => (problem(visit, &fault)),
                Ok(None) => (nothing("No policy. Other accounts have access only if one grants it.")),
                Ok(Some(text)) => {
                    @if is_public(visit, bucket) { p { span.badge.closed { "Public" } " This policy lets everybody in." } }
                    (crate::iam::shown(&text))
                }
            }
        }
        (ownership_panel(visit, bucket))
        section.panel {
            @let held = rules(visit, bucket);
            div.head { h2 { "Cross-origin resource sharing (CORS)" } @if held.is_ok() { a.button href={ (at) "/cors" } { "Edit" } } }
            @match held {
                Err(fault) => (problem(visit, &fault)),
                Ok(rules) if rules.is_empty() => (nothing("No rules. Browsers let no page of another origin in.")),
                Ok(rules) => pre { code { (as_json(&rules)) } },
            }
        }
    }
}

fn is_public(visit: &Visit, bucket: &str) -> bool {
    let status = visit.read::<GetBucketPolicyStatus>(s::GetBucketPolicyStatusInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    status.is_ok_and(|out| {
        out.policy_status
            .is_some_and(|status| status.is_public == Some(true))
    })
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

fn back(bucket: &str) -> String {
    format!("{}?tab=permissions", path(bucket))
}

/// `/s3/BUCKET/policy`.
pub(super) async fn policy(visit: &Visit, bucket: &str) -> Page {
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
        Ok(()) => visit.done(&back(bucket), "The bucket policy is saved."),
        Err(fault) => policy_page(visit, bucket, &policy, Some(&fault)),
    })
}

fn policy_page(visit: &Visit, bucket: &str, text: &str, fault: Option<&Fault>) -> Response<Body> {
    let main = html! {
        (head(&format!("Edit bucket policy of {bucket}"), "", html! { (copy(&format!("arn:aws:s3:::{bucket}"))) }))
        @if let Some(fault) = fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            (crate::iam::editor_fields(visit, "bucket", text))
            p.hint { "An empty text removes the policy." }
            div.actions { a.button href=(visit.at(&back(bucket))) { "Cancel" } button.primary type="submit" data-review { "Save changes" } }
        }
    };
    show(visit, Service::S3, "Edit bucket policy", main)
}

/// Saves Block Public Access.
pub(super) async fn block(visit: &Visit, bucket: &str) -> Page {
    let [acls, ignore, policy, restrict] = super::account::switched(visit);
    let public_access_block_configuration = s::PublicAccessBlockConfiguration {
        block_public_acls: acls,
        ignore_public_acls: ignore,
        block_public_policy: policy,
        restrict_public_buckets: restrict,
    };
    visit
        .change::<PutPublicAccessBlock>(s::PutPublicAccessBlockInput {
            bucket: bucket.to_owned(),
            public_access_block_configuration,
            ..Default::default()
        })
        .await?;
    Ok(visit.done(&back(bucket), "Block Public Access is saved."))
}

fn ownership_panel(visit: &Visit, bucket: &str) -> Markup {
    let held = visit.read::<GetBucketOwnershipControls>(s::GetBucketOwnershipControlsInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    });
    let held = match held {
        Err(fault) if fault.code == "OwnershipControlsNotFoundError" => Ok("ObjectWriter".into()),
        other => other.map(|out| {
            let rule = out
                .ownership_controls
                .and_then(|held| held.rules.into_iter().next());
            rule.map(|rule| rule.object_ownership).unwrap_or_default()
        }),
    };
    html! {
        section.panel {
            h2 { "Object Ownership" }
            @match &held {
                Err(fault) => (problem(visit, fault)),
                Ok(held) => form method="post" action={ (visit.at(&path(bucket))) "/ownership" } {
                    (csrf(visit))
                    @for (word, name, about) in OWNERSHIP {
                        label.check { input type="radio" name="ownership" value=(word) checked[word == held]; span { (name) div.about { (about) } } }
                    }
                    p.hint { "An access control list (ACL) gives nobody anything here: it says that the owner has full control, and one that grants more is refused." }
                    button type="submit" { "Save changes" }
                },
            }
        }
    }
}

/// Saves Object Ownership.
pub(super) async fn ownership(visit: &Visit, bucket: &str) -> Page {
    let asked = visit.field("ownership");
    let known = OWNERSHIP.iter().find(|(word, ..)| *word == asked);
    let (word, ..) = known.ok_or_else(|| Fault::validation("Choose one of the three."))?;
    let rules = vec![s::OwnershipControlsRule {
        object_ownership: (*word).to_owned(),
    }];
    visit
        .change::<PutBucketOwnershipControls>(s::PutBucketOwnershipControlsInput {
            bucket: bucket.to_owned(),
            ownership_controls: s::OwnershipControls { rules },
            ..Default::default()
        })
        .await?;
    Ok(visit.done(&back(bucket), "Object Ownership is saved."))
}

/// A rule as AWS's console writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    #[serde(rename = "ID", default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default)]
    allowed_headers: Vec<String>,
    allowed_methods: Vec<String>,
    allowed_origins: Vec<String>,
    #[serde(default)]
    expose_headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_age_seconds: Option<i32>,
}

fn rules(visit: &Visit, bucket: &str) -> Result<Vec<Rule>, Fault> {
    match visit.read::<GetBucketCors>(s::GetBucketCorsInput {
        bucket: bucket.to_owned(),
        ..Default::default()
    }) {
        Err(fault) if fault.code == "NoSuchCORSConfiguration" => Ok(Vec::new()),
        Err(fault) => Err(fault),
        Ok(out) => Ok(out
            .cors_rules
            .into_iter()
            .map(|rule| Rule {
                id: rule.id,
                allowed_headers: rule.allowed_headers,
                allowed_methods: rule.allowed_methods,
                allowed_origins: rule.allowed_origins,
                expose_headers: rule.expose_headers,
                max_age_seconds: rule.max_age_seconds,
            })
            .collect()),
    }
}

fn as_json(rules: &[Rule]) -> String {
    serde_json::to_string_pretty(rules).unwrap_or_default()
}

/// `/s3/BUCKET/cors`: the rules as JSON, as AWS's console has them.
pub(super) async fn cors(visit: &Visit, bucket: &str) -> Page {
    if !visit.request.is_post() {
        let rules = rules(visit, bucket)?;
        let text = if rules.is_empty() {
            String::new()
        } else {
            as_json(&rules)
        };
        return Ok(cors_page(visit, bucket, &text, None));
    }
    let text = visit.form.get("rules");
    Ok(match save_cors(visit, bucket, text).await {
        Ok(()) => visit.done(&back(bucket), "The CORS rules are saved."),
        Err(fault) => cors_page(visit, bucket, text, Some(&fault)),
    })
}

async fn save_cors(visit: &Visit, bucket: &str, text: &str) -> Result<(), Fault> {
    let bucket = bucket.to_owned();
    let rules: Vec<Rule> = if text.trim().is_empty() {
        Vec::new()
    } else {
        serde_json::from_str(text).map_err(|error| {
            let told = format!("The rules are no JSON array of CORS rules: {error}.");
            Fault::new("MalformedJSON", 400, told)
        })?
    };
    if rules.is_empty() {
        let input = s::DeleteBucketCorsInput {
            bucket,
            ..Default::default()
        };
        return visit.change::<DeleteBucketCors>(input).await.map(drop);
    }
    let cors_rules = rules
        .into_iter()
        .map(|rule| s::CORSRule {
            id: rule.id,
            allowed_headers: rule.allowed_headers,
            allowed_methods: rule.allowed_methods,
            allowed_origins: rule.allowed_origins,
            expose_headers: rule.expose_headers,
            max_age_seconds: rule.max_age_seconds,
        })
        .collect();
    let input = s::PutBucketCorsInput {
        bucket,
        cors_configuration: s::CORSConfiguration { cors_rules },
        ..Default::default()
    };
    visit.change::<PutBucketCors>(input).await.map(drop)
}

const CORS_EXAMPLE: &str = r#"[
  {
    "AllowedHeaders": ["*"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedOrigins": ["https://www.example.com"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 3600
  }
]"#;

fn cors_page(visit: &Visit, bucket: &str, text: &str, fault: Option<&Fault>) -> Response<Body> {
    let main = html! {
        (head(&format!("Edit CORS of {bucket}"), "Which pages of other origins browsers let read and write here. Rules give nobody a right that policies do not.", html! {}))
        @if let Some(fault) = fault { (problem(visit, fault)) }
        form method="post" {
            (csrf(visit))
            label.unseen for="rules" { "CORS rules" }
            textarea.code #rules name="rules" spellcheck="false" rows="18" placeholder=(CORS_EXAMPLE) { (text) }
            p.hint { "A JSON array of rules. An empty text removes them." }
            div.actions { a.button href=(visit.at(&back(bucket))) { "Cancel" } button.primary type="submit" { "Save changes" } }
        }
    };
    show(visit, Service::S3, "Edit CORS", main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cors_rules_are_read_and_written_as_the_console_of_aws_has_them() {
        let rules: Vec<Rule> = serde_json::from_str(CORS_EXAMPLE).unwrap();
        let again: serde_json::Value = serde_json::from_str(&as_json(&rules)).unwrap();
        assert_eq!(
            again,
            serde_json::from_str::<serde_json::Value>(CORS_EXAMPLE).unwrap()
        );
        for bad in [
            r#"[{"AllowedMethods": ["GET"]}]"#,
            r#"[{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "Allowed": 1}]"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Vec<Rule>>(bad).is_err(), "{bad}");
        }
    }
}
