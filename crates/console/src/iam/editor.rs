//! Writing a policy: a visual and a JSON editor kept in step, checked while one types; then a review with name and summary.
//!
//! The JSON text is the truth. The visual editor (in the script, with what `choices` offers) reads it and writes it back; what it
//! cannot show it leaves as it is, and says so. Without the script the JSON editor alone works.

use http::Response;
use maud::{Markup, html};
use serde_json::json;
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::{
    managed_policies::CreatePolicy, policy_versions::CreatePolicyVersion,
};
use twinlock_policy::{
    Document, summary as policy_summary,
    validate::{self as policy_validate, PolicyType, ResourceType},
    write_rules,
};
use twinlock_shapes::iam as s;

use super::{
    holder::{Holder, count, document, sent_tags, tag_fields},
    policies, pretty,
};
use crate::{
    assets,
    http::json as json_answer,
    layout::{Service, show},
    parts::{csrf, enter, head, problem, text},
    visit::{Page, Visit},
};

/// Where a new policy begins.
const STARTER: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"Statement1\",\n      \"Effect\": \"Allow\",\n      \"Action\": [],\n      \"Resource\": []\n    }\n  ]\n}";

/// What is being written.
struct Draft<'v> {
    visit: &'v Visit,
    title: String,
    /// `identity` or `trust`.
    kind: &'static str,
    cancel: String,
    /// The word on the last button.
    verb: &'static str,
}

/// The JSON editor with its findings; used by the wizards, too.
pub(crate) fn fields(visit: &Visit, kind: &str, document: &str) -> Markup {
    html! {
        div.editor data-validate=(visit.at("/iam/policies/validate")) data-actions=(visit.at("/iam/policies/actions")) data-kind=(kind) data-csrf=(visit.sign_in.csrf) {
            @if matches!(kind, "identity" | "scp") {
                div.tabs role="tablist" {
                    button.tab type="button" role="tab" data-view="visual" aria-selected="false" { "Visual" }
                    button.tab type="button" role="tab" data-view="json" aria-selected="true" { "JSON" }
                }
                div.visual hidden {}
            }
            label.unseen for="document" { "Policy document" }
            textarea.code #document name="document" spellcheck="false" rows="20" { (document) }
            div.repair hidden { button type="button" data-repair { "Repair" } span {} }
            p.tally aria-live="polite" {}
            ul.findings {}
            script src=(assets::EDITOR.path()) defer {}
        }
    }
}

impl Draft<'_> {
    fn editor(&self, document: &str, fault: Option<&Fault>) -> Response<Body> {
        let main = html! {
            (head(&self.title, "", html! {}))
            ol.steps { li aria-current="step" { "1 Specify permissions" } li { "2 Review and create" } }
            @if let Some(fault) = fault { (problem(self.visit, fault)) }
            form method="post" {
                (csrf(self.visit))
                (fields(self.visit, self.kind, document))
                div.actions { a.button href=(self.visit.at(&self.cancel)) { "Cancel" } button.primary type="submit" name="step" value="review" data-review { "Review policy" } }
            }
        };
        show(self.visit, Service::Iam, &self.title, main)
    }

    fn review(&self, doc: &str, extra: &Markup, fault: Option<&Fault>) -> Response<Body> {
        let main = html! {
            (head("Review policy", "", html! {}))
            ol.steps { li { "1 Specify permissions" } li aria-current="step" { "2 Review and create" } }
            @if let Some(fault) = fault { (problem(self.visit, fault)) }
            form method="post" {
                (csrf(self.visit))
                (enter("step", "create"))
                textarea name="document" hidden { (doc) }
                section.panel { (extra) }
                section.panel { h2 { "Summary" } (summary(doc)) }
                div.actions {
                    a.button href=(self.visit.at(&self.cancel)) { "Cancel" }
                    button type="submit" name="step" value="edit" { "Previous" }
                    button.primary type="submit" name="step" value="create" { (self.verb) }
                }
            }
        };
        show(self.visit, Service::Iam, "Review policy", main)
    }

    fn check(&self, document: &str) -> Result<(), Fault> {
        let checked = match self.kind {
            "trust" => write_rules::check_trust(document),
            _ => write_rules::check_inline(document),
        };
        checked
            .map(drop)
            .map_err(|error| Fault::new("MalformedPolicyDocument", 400, error.to_string()))
    }
}

/// The document that the form holds.
fn sent(visit: &Visit) -> String {
    visit.form.get("document").replace("\r\n", "\n")
}

/// `/iam/policies/create`.
pub(crate) async fn create_policy(visit: &Visit) -> Page {
    let draft = Draft {
        visit,
        title: "Create policy".into(),
        kind: "identity",
        cancel: "/iam/policies".into(),
        verb: "Create policy",
    };
    let document = sent(visit);
    let naming = html! {
        (text("Name", "policyName", visit.field("policyName"), "Policy name: letters, digits and + = , . @ _ -, up to 128", ""))
        (text("Description", "description", visit.field("description"), "Optional; it cannot be changed later", ""))
        details { summary { "Tags – Optional" } (tag_fields(&sent_tags(visit))) }
    };
    match visit.field("step") {
        "" => Ok(draft.editor(STARTER, None)),
        "edit" => Ok(draft.editor(&document, None)),
        "review" => Ok(match draft.check(&document) {
            Ok(()) => draft.review(&document, &naming, None),
            Err(fault) => draft.editor(&document, Some(&fault)),
        }),
        _ => {
            let name = visit.field("policyName").to_owned();
            let made = visit
                .change::<CreatePolicy>(s::CreatePolicyInput {
                    policy_name: name.clone(),
                    policy_document: document.clone(),
                    description: visit.form.filled("description").map(str::to_owned),
                    tags: Some(sent_tags(visit)).filter(|tags| !tags.is_empty()),
                    path: None,
                })
                .await;
            Ok(match made {
                Ok(_) => visit.done(
                    "/iam/policies?type=customer",
                    format!("The policy {name} is created."),
                ),
                Err(fault) => draft.review(&document, &naming, Some(&fault)),
            })
        }
    }
}

/// `/iam/policies/ARN/edit`: a new default version.
pub(crate) async fn edit_policy(visit: &Visit, arn: &str) -> Page {
    let draft = Draft {
        visit,
        title: format!("Edit {}", arn.rsplit('/').next().unwrap_or(arn)),
        kind: "identity",
        cancel: policies::path(arn),
        verb: "Save changes",
    };
    let document = sent(visit);
    let about = html! { p { "The text becomes a new version, which takes effect at once wherever the policy is attached." } };
    match visit.field("step") {
        "" => Ok(draft.editor(&pretty(&policies::default_text(visit, arn)?), None)),
        "edit" => Ok(draft.editor(&document, None)),
        "review" => Ok(match draft.check(&document) {
            Ok(()) => draft.review(&document, &about, None),
            Err(fault) => draft.editor(&document, Some(&fault)),
        }),
        _ => {
            let input = s::CreatePolicyVersionInput {
                policy_arn: arn.to_owned(),
                policy_document: document.clone(),
                set_as_default: Some(true),
            };
            Ok(match visit.change::<CreatePolicyVersion>(input).await {
                Ok(_) => visit.done(&policies::path(arn), "The policy is saved."),
                Err(fault) => draft.review(&document, &about, Some(&fault)),
            })
        }
    }
}

/// `/iam/KIND/NAME/inline`: a new inline policy, or, with `?policy=`, an old one.
pub(crate) async fn inline(visit: &Visit, holder: &Holder) -> Page {
    let old = visit.query("policy").to_owned();
    let back = format!("{}?tab=permissions", holder.path());
    let draft = Draft {
        visit,
        title: if old.is_empty() {
            format!("Create inline policy for {}", holder.name)
        } else {
            format!("Edit {old}")
        },
        kind: "identity",
        cancel: back.clone(),
        verb: if old.is_empty() {
            "Create policy"
        } else {
            "Save changes"
        },
    };
    let document = sent(visit);
    let name = if old.is_empty() {
        visit.field("policyName").to_owned()
    } else {
        old.clone()
    };
    let naming = html! {
        @if old.is_empty() { (text("Name", "policyName", &name, "Policy name: letters, digits and + = , . @ _ -, up to 128", "")) } @else { p { "Inline policy " strong { (old) } " of " (holder.name) } }
    };
    match visit.field("step") {
        "" if old.is_empty() => Ok(draft.editor(STARTER, None)),
        "" => Ok(draft.editor(&pretty(&holder.inline_text(visit, &old)?), None)),
        "edit" => Ok(draft.editor(&document, None)),
        "review" => Ok(match draft.check(&document) {
            Ok(()) => draft.review(&document, &naming, None),
            Err(fault) => draft.editor(&document, Some(&fault)),
        }),
        _ => Ok(match holder.put_inline(visit, &name, &document).await {
            Ok(()) => visit.done(&back, format!("The inline policy {name} is saved.")),
            Err(fault) => draft.review(&document, &naming, Some(&fault)),
        }),
    }
}

/// The policy summary: by service, what is allowed and denied, and what has no effect.
pub(crate) fn summary(text: &str) -> Markup {
    let Ok(parsed) = Document::parse(text) else {
        return document(text);
    };
    let summary = policy_summary::summarise(&parsed);
    let rows = |title: &str, rows: &[policy_summary::ServiceRow]| {
        html! {
            @if !rows.is_empty() {
                h3 { (title) " (" (rows.len()) " of " (summary.services_total) " services)" }
                table {
                    thead { tr { th { "Service" } th { "Access level" } th { "Resource" } th { "Request condition" } } }
                    tbody { @for row in rows { tr {
                        td { (row.name) }
                        td { @if row.full_access { "Full access" } @else { (levels(row)) } }
                        td { (resources(&row.resources)) }
                        td { @if row.conditions.is_empty() { "None" } @else { @for c in &row.conditions { div { (c) } } } }
                    } } }
                }
            }
        }
    };
    html! {
        (rows("Explicit deny", &summary.deny))
        (rows("Allow", &summary.allow))
        @if summary.allow.is_empty() && summary.deny.is_empty() { p { "This policy allows and denies nothing." } }
        @if !summary.without_effect.is_empty() {
            h3 { "Without effect" }
            ul { @for part in &summary.without_effect { li { code { (part.action) } " – " (match part.why {
                policy_summary::Why::UnknownService => "there is no such service",
                policy_summary::Why::UnknownAction => "the service has no such action",
                policy_summary::Why::NoMatchingResource => "no resource of the statement is one that the action works on",
            }) } } }
        }
    }
}

fn levels(row: &policy_summary::ServiceRow) -> String {
    let names = |full: bool| {
        row.levels
            .iter()
            .filter(|level| level.full == full)
            .map(|level| level.level.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (full, limited) = (names(true), names(false));
    match (full.is_empty(), limited.is_empty()) {
        (false, false) => format!("Full: {full} Limited: {limited}"),
        (false, true) => format!("Full: {full}"),
        _ => format!("Limited: {limited}"),
    }
}

fn resources(resources: &[String]) -> String {
    match resources {
        [] => "–".to_owned(),
        [one] if one == "*" => "All resources".to_owned(),
        few if few.len() <= 4 => few.join(", "),
        many => format!(
            "{} and {} more",
            many[..3].join(", "),
            count(many.len() - 3, "resource", "resources")
        ),
    }
}

/// Findings of the document in the form, for the script: those of the policy engine, and S3 ARNs of strange buckets.
pub(crate) fn validate(visit: &Visit) -> Response<Body> {
    let text = sent(visit);
    let kind = visit.field("kind");
    let (policy, resource) = match kind {
        "trust" => (
            PolicyType::Resource,
            Some(ResourceType::AssumeRolePolicyDocument),
        ),
        "bucket" if text.trim().is_empty() => return json_answer(&json!({ "findings": [] })),
        "bucket" => (PolicyType::Resource, Some(ResourceType::S3Bucket)),
        "scp" => (PolicyType::ServiceControl, None),
        "rcp" => (PolicyType::ResourceControl, None),
        "delegation" => (PolicyType::Resource, None),
        _ => (PolicyType::Identity, None),
    };
    let mut findings: Vec<_> = policy_validate::validate(&text, policy, resource)
        .iter()
        .map(|finding| {
            let place = finding
                .locations
                .first()
                .map(|location| location.span.start);
            json!({
                "type": finding.finding_type.as_str(),
                "label": finding.finding_type.heading(),
                "code": finding.issue_code,
                "text": finding.finding_details,
                "line": place.map(|place| place.line),
                "column": place.map(|place| place.column + 1),
            })
        })
        .collect();
    if kind == "identity" {
        findings.extend(strange_buckets(visit, &text));
    }
    json_answer(&json!({ "findings": findings }))
}

/// S3 ARNs of buckets that are none of the caller's own, with the nearest that is: only from what the caller may list.
fn strange_buckets(visit: &Visit, text: &str) -> Vec<serde_json::Value> {
    let own = crate::s3::bucket_names(visit);
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else {
        return Vec::new();
    };
    let mut strange = Vec::new();
    each_text(&document, &mut |value| {
        let bucket = value
            .strip_prefix("arn:aws:s3:::")
            .map(|rest| rest.split('/').next().unwrap_or(rest));
        if let Some(bucket) = bucket
            && !bucket.is_empty()
            && !bucket.contains(['*', '?', '$'])
            && !own.iter().any(|name| name == bucket)
            && !strange.iter().any(|known| known == bucket)
        {
            strange.push(bucket.to_owned());
        }
    });
    strange
        .into_iter()
        .map(|bucket| {
            let place = place(text, &format!("arn:aws:s3:::{bucket}"));
            let text = no_such_bucket(&own, &bucket);
            json!({
                "type": "SUGGESTION", "label": "Suggestion", "code": "NO_SUCH_BUCKET", "text": text,
                "line": place.map(|(line, _)| line), "column": place.map(|(_, column)| column),
            })
        })
        .collect()
}

/// Line and column, from 1, where a text first begins in another.
fn place(text: &str, part: &str) -> Option<(usize, usize)> {
    let before = &text[..text.find(part)?];
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    Some((line, before[begin..].chars().count() + 1))
}

/// That there is none of this name among one's own, and which may be meant.
pub(crate) fn no_such_bucket(own: &[String], bucket: &str) -> String {
    let near = own
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, bucket), name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default();
    format!("There is no such bucket in this account: {bucket}{near}")
}

/// Every text of a document, but the names of its members.
pub(crate) fn each_text(value: &serde_json::Value, with: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => with(text),
        serde_json::Value::Array(items) => items.iter().for_each(|item| each_text(item, with)),
        serde_json::Value::Object(map) => map.values().for_each(|item| each_text(item, with)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_found_in_the_text_and_a_near_name_only_among_ones_own() {
        let text = "{\n  \"Resource\": \"arn:aws:s3:::a\"\n}";
        assert_eq!(place(text, "arn:aws:s3:::a"), Some((2, 16)));
        assert_eq!(place("é arn:aws:s3:::a", "arn:aws:s3:::a"), Some((1, 3)));
        assert_eq!(place(text, "arn:aws:s3:::b"), None);
        let own = ["com.stuzio.projectx".to_owned()];
        assert_eq!(
            no_such_bucket(&own, "com.stuzio.project-x"),
            "There is no such bucket in this account: com.stuzio.project-x; did you mean com.stuzio.projectx?"
        );
        assert_eq!(
            no_such_bucket(&[], "com.stuzio.project-x"),
            "There is no such bucket in this account: com.stuzio.project-x"
        );
    }

    #[test]
    fn the_summary_has_a_table_and_says_what_has_no_effect() {
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":["s3:GetObject","s3:Nothing"],"Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
            {"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}"#;
        let shown = summary(text).into_string();
        for words in [
            "Explicit deny (1 of ",
            "Allow (1 of ",
            "<td>Amazon S3</td><td>Limited: Read</td><td>arn:aws:s3:::b/*</td>",
            "aws:SecureTransport",
            "<code>s3:Nothing</code> – the service has no such action",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(summary("{").into_string().contains("<pre>"));
    }
}
