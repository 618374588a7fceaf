//! `twinlock policy validate`: findings with the line and a mark below the spot, or as JSON.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use twinlock_policy::{
    Document,
    validate::{Finding, FindingType, Guess, PolicyType, ResourceType, guess, validate},
    write_rules::{self, WriteError},
};

use super::super::{Outcome, output};
use super::{inputs, name_of, read};

const EXAMPLES: &str = "\
Examples:
  twinlock policy validate policy.json
  twinlock policy validate --type trust trust-policy.json
  twinlock policy validate --type resource --bucket productionapp bucket-policy.json
  aws iam get-role --role-name R --query Role.AssumeRolePolicyDocument | twinlock policy validate
  twinlock policy validate --json policies/*.json | jq -r '.file, .findings[].issueCode'

Findings are those of IAM Access Analyzer's ValidatePolicy, by its codes: ERROR (cannot be written, or a part of it cannot
work), SECURITY_WARNING (grants more than is probably meant), WARNING (does not work as meant), SUGGESTION (can be said
better). --json prints an object a line for each file, with the members of ValidatePolicy's answer.

Exit status, the worst of all files: 0 nothing but suggestions, 1 an error, 2 a file could not be read,
3 a security warning, 4 a warning.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Validate {
    /// Policies in JSON; - or nothing: standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What kind of policy; else it is guessed from what the policy holds, and said
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// The bucket that a bucket policy belongs to; default: the one that its resources name
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// Print the findings as JSON, as ValidatePolicy answers
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Managed or inline policy of a user, group or role; also a permissions boundary or session policy
    #[value(aliases = ["boundary", "session"])]
    Identity,
    /// Trust policy of a role
    Trust,
    /// Bucket policy, or the policy of another resource
    #[value(alias = "bucket")]
    Resource,
    /// Service control policy
    Scp,
    /// Resource control policy
    Rcp,
}

impl Validate {
    pub(super) fn run(self) -> Outcome {
        let mut worst = Verdict::Good;
        for file in inputs(&self.files) {
            let name = name_of(&file);
            let text = match read(&file) {
                Ok(text) => text,
                Err(error) => {
                    output::complain(&format!("{name}: {error}"));
                    worst = worst.max(Verdict::Unreadable);
                    continue;
                }
            };
            let judged = judge(&text, self.kind, self.bucket.as_deref());
            if self.json {
                output::line(&judged.json(&name).to_string())?;
            } else {
                output::line(&judged.show(&name, &text))?;
            }
            worst = worst.max(judged.verdict());
        }
        Ok(ExitCode::from(worst.exit_status()))
    }
}

/// The outcome for a file; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Good,
    Warning,
    SecurityWarning,
    Error,
    Unreadable,
}

impl Verdict {
    fn exit_status(self) -> u8 {
        match self {
            Verdict::Good => 0,
            Verdict::Error => 1,
            Verdict::Unreadable => 2,
            Verdict::SecurityWarning => 3,
            Verdict::Warning => 4,
        }
    }
}

/// What there is to say about one policy.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    policy_type: PolicyType,
    resource_type: Option<ResourceType>,
    /// Why it was taken for that type; none when the caller said so.
    because: Option<&'static str>,
    /// Why writing it would fail.
    refused: Option<WriteError>,
}

/// Validates a policy as what it is said to be, or looks like.
pub(crate) fn judge(text: &str, kind: Option<Kind>, bucket: Option<&str>) -> Judged {
    let document = Document::parse(text).ok();
    let guessed = document.as_ref().map(guess);
    let is_about_s3 = guessed
        .as_ref()
        .is_some_and(|guess| guess.resource_type == Some(ResourceType::S3Bucket));
    let (policy_type, resource_type, because) = match (kind, guessed) {
        (Some(Kind::Identity), _) => (PolicyType::Identity, None, None),
        (Some(Kind::Trust), _) => (
            PolicyType::Resource,
            Some(ResourceType::AssumeRolePolicyDocument),
            None,
        ),
        (Some(Kind::Resource), _) => {
            let of_bucket = bucket.is_some() || is_about_s3;
            let resource_type = of_bucket.then_some(ResourceType::S3Bucket);
            (PolicyType::Resource, resource_type, None)
        }
        (Some(Kind::Scp), _) => (PolicyType::ServiceControl, None, None),
        (Some(Kind::Rcp), _) => (PolicyType::ResourceControl, None, None),
        (None, _) if bucket.is_some() => (PolicyType::Resource, Some(ResourceType::S3Bucket), None),
        (
            None,
            Some(Guess {
                policy_type,
                resource_type,
                because,
            }),
        ) => (policy_type, resource_type, Some(because)),
        (None, None) => (PolicyType::Identity, None, None),
    };
    Judged {
        findings: validate(text, policy_type, resource_type),
        policy_type,
        resource_type,
        because,
        refused: refusal(text, policy_type, resource_type, bucket),
    }
}

/// What the service that keeps such policies would say against this one.
fn refusal(
    text: &str,
    policy_type: PolicyType,
    resource_type: Option<ResourceType>,
    bucket: Option<&str>,
) -> Option<WriteError> {
    match (policy_type, resource_type) {
        (PolicyType::Identity, _) => write_rules::check_inline(text).err(),
        (PolicyType::ServiceControl, _) => write_rules::check_scp(text).err(),
        (PolicyType::ResourceControl, _) => write_rules::check_rcp(text).err(),
        (PolicyType::Resource, Some(ResourceType::AssumeRolePolicyDocument)) => {
            write_rules::check_trust(text).err()
        }
        (PolicyType::Resource, Some(ResourceType::S3Bucket)) => {
            let bucket = bucket.map_or_else(|| named_bucket(text), str::to_owned);
            write_rules::check_bucket(text, &bucket).err()
        }
        (PolicyType::Resource, _) => None,
    }
}

/// The first bucket that the text names.
fn named_bucket(text: &str) -> String {
    let (_, rest) = text.split_once("arn:aws:s3:::").unwrap_or_default();
    rest.chars()
        .take_while(|c| !matches!(c, '/' | '"'))
        .collect()
}

impl Judged {
    fn verdict(&self) -> Verdict {
        let of_findings = self
            .findings
            .iter()
            .map(|finding| match finding.finding_type {
                FindingType::Error => Verdict::Error,
                FindingType::SecurityWarning => Verdict::SecurityWarning,
                FindingType::Warning => Verdict::Warning,
                FindingType::Suggestion => Verdict::Good,
            });
        let of_writing = self.refused.as_ref().map(|_| Verdict::Error);
        of_findings.chain(of_writing).max().unwrap_or(Verdict::Good)
    }

    /// The members of ValidatePolicy's answer, and what it was asked.
    pub(crate) fn json(&self, name: &str) -> Value {
        let mut answer = json!({
            "file": name,
            "policyType": self.policy_type.as_str(),
            "findings": self.findings,
        });
        if let Some(resource_type) = self.resource_type {
            answer["validatePolicyResourceType"] = resource_type.as_str().into();
        }
        if let Some(because) = self.because {
            answer["policyTypeGuessedBecause"] = because.into();
        }
        if let Some(error) = &self.refused {
            answer["refusedWhenWritten"] = error.to_string().into();
        }
        answer
    }

    /// The findings for people, and last a line that sums them up.
    pub(crate) fn show(&self, name: &str, text: &str) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            show_finding(&mut out, finding, name, text);
        }
        if let Some(error) = &self.refused {
            let is_told = self
                .findings
                .iter()
                .any(|finding| finding.finding_type == FindingType::Error);
            let what = if is_told {
                error.sentence.clone()
            } else {
                error.to_string()
            };
            let _ = writeln!(out, "{name}: writing it fails: {what}");
        }
        let _ = write!(out, "{name}: {}", self.sum());
        if let Some(because) = self.because {
            let _ = write!(out, " (taken for {} because {because})", self.kind());
        }
        out
    }

    fn sum(&self) -> String {
        let count = |wanted: FindingType| {
            let found = self.findings.iter();
            found
                .filter(|finding| finding.finding_type == wanted)
                .count()
        };
        let parts = [
            (FindingType::Error, "error"),
            (FindingType::SecurityWarning, "security warning"),
            (FindingType::Warning, "warning"),
            (FindingType::Suggestion, "suggestion"),
        ]
        .map(|(wanted, noun)| (count(wanted), noun));
        let told: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        match (told.is_empty(), &self.refused) {
            (true, None) => "good".to_owned(),
            (true, Some(_)) => "refused".to_owned(),
            (false, _) => told.join(", "),
        }
    }

    fn kind(&self) -> &'static str {
        match (self.policy_type, self.resource_type) {
            (PolicyType::Identity, _) => "an identity policy",
            (PolicyType::ServiceControl, _) => "an SCP",
            (PolicyType::ResourceControl, _) => "an RCP",
            (PolicyType::Resource, Some(ResourceType::AssumeRolePolicyDocument)) => {
                "a trust policy"
            }
            (PolicyType::Resource, Some(ResourceType::S3Bucket)) => "a bucket policy",
            (PolicyType::Resource, _) => "a resource policy",
        }
    }
}

/// Longer lines are shown in part: many policies are one line of thousands of characters.
const SHOWN_CHARACTERS: usize = 120;
/// So much of a long line is shown before the spot.
const SHOWN_BEFORE: usize = 40;

/// The finding with the line it is about and a mark below the spot.
fn show_finding(out: &mut String, finding: &Finding, name: &str, text: &str) {
    let level = finding.finding_type.as_str();
    let code = finding.issue_code;
    let details = &finding.finding_details;
    let Some(location) = finding.locations.first() else {
        let _ = writeln!(out, "{name}: {level} {code}: {details}");
        return;
    };
    let (start, end) = (location.span.start, location.span.end);
    let column = start.column + 1;
    let _ = writeln!(
        out,
        "{name}:{}:{column}: {level} {code}: {details}",
        start.line
    );
    let line: Vec<char> = text
        .split('\n')
        .nth(start.line - 1)
        .unwrap_or("")
        .trim_end_matches('\r')
        .chars()
        .collect();
    let from = if line.len() > SHOWN_CHARACTERS {
        start.column.saturating_sub(SHOWN_BEFORE).min(line.len())
    } else {
        0
    };
    let to = line.len().min(from + SHOWN_CHARACTERS);
    let shown: String = line[from..to].iter().collect();
    let (before, after) = (
        if from > 0 { "…" } else { "" },
        if to < line.len() { "…" } else { "" },
    );
    // Tabs are kept in the padding, so that the mark stands below its spot however wide they are shown.
    let pad: String = line[from..start.column.clamp(from, to)]
        .iter()
        .map(|c| if *c == '\t' { '\t' } else { ' ' })
        .collect();
    let last = if end.line == start.line {
        end.column.min(to)
    } else {
        to
    };
    let marks = "^".repeat(last.saturating_sub(start.column).max(1));
    let gutter = start.line.to_string();
    let blank = " ".repeat(gutter.len());
    let before_blank = " ".repeat(before.chars().count());
    let _ = writeln!(out, " {gutter} | {before}{shown}{after}");
    let _ = writeln!(out, " {blank} | {before_blank}{pad}{marks}");
}
