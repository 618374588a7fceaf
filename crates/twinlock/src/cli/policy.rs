//! `twinlock policy`: the policy language without a server.

use std::{
    fmt::Write,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use twinlock_policy::{Document, batch, document::ProblemKind, json, write_rules};

use super::{Failure, Outcome, output};

/// A policy file of more bytes is not read: the largest kind that AWS takes has 20 KiB.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Decide requests: one JSON request a line on standard input, one decision a line on standard output
    Eval(Eval),
    /// Tell why a request is allowed or denied, and what is the least that would allow it
    Explain(super::explain::Explain),
    /// Check policies as AWS does when they are written; tells line and column
    Validate(Validate),
}

const EVAL_EXAMPLES: &str = r#"Example:
  echo '{"id":"1","principal":"arn:aws:iam::111111111111:user/David","action":"s3:GetObject",
  "resource":"arn:aws:s3:::productionapp/index.html","resourceAccount":"111111111111","context":{},
  "identityPolicies":[{"name":"p","document":{"Version":"2012-10-17","Statement":
  {"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}}]}' | tr -d '\n' | twinlock policy eval --batch

Exit status: 0 every line was decided, 1 some lines were malformed, 2 input or output failed."#;

#[derive(Debug, Args)]
#[command(after_help = EVAL_EXAMPLES)]
pub(super) struct Eval {
    /// Read many requests, one a line (the only way for now, so it must be given)
    #[arg(long, required = true)]
    batch: bool,
}

const VALIDATE_EXAMPLES: &str = "\
Examples:
  twinlock policy validate policy.json
  twinlock policy validate --type trust trust-policy.json
  twinlock policy validate --type bucket --bucket productionapp bucket-policy.json
  cat policy.json | twinlock policy validate -

Exit status: 0 every policy is good, 1 some are not, 2 a file could not be read.";

#[derive(Debug, Args)]
#[command(after_help = VALIDATE_EXAMPLES)]
pub(super) struct Validate {
    /// Policies in JSON; - or nothing: standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What kind of policy
    #[arg(long = "type", value_enum, default_value = "identity")]
    kind: Kind,
    /// The bucket that a bucket policy belongs to; default: the one that its resources name
    #[arg(long)]
    bucket: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Managed or inline policy of a user, group or role
    Identity,
    /// Trust policy of a role
    Trust,
    /// Bucket policy
    Bucket,
    /// Session policy
    Session,
    /// Permissions boundary
    Boundary,
    /// Service control policy
    Scp,
    /// Resource control policy
    Rcp,
}

impl Policy {
    pub(super) fn run(self) -> Outcome {
        match self {
            Policy::Eval(Eval { batch: _ }) => Ok(ExitCode::from(batch::run(
                io::stdin().lock(),
                io::stdout().lock(),
            ))),
            Policy::Explain(command) => command.run(),
            Policy::Validate(command) => command.run(),
        }
    }
}

impl Validate {
    fn run(self) -> Outcome {
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() {
            &stdin[..]
        } else {
            &self.files[..]
        };
        let (mut unreadable, mut bad) = (false, false);
        for file in files {
            let text = match read(file) {
                Ok(text) => text,
                Err(error) => {
                    output::complain(&format!("{}: {error}", file.display()));
                    unreadable = true;
                    continue;
                }
            };
            let name = if file.as_os_str() == "-" {
                "standard input".to_owned()
            } else {
                file.display().to_string()
            };
            match finding(&text, self.kind, self.bucket.as_deref()) {
                None => output::line(&format!("{name}: good"))?,
                Some(finding) => {
                    bad = true;
                    output::line(&finding.show(&name, &text))?;
                }
            }
        }
        Ok(ExitCode::from(match (unreadable, bad) {
            (true, _) => 2,
            (_, true) => 1,
            _ => 0,
        }))
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)?;
    } else {
        fs::File::open(file)?
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::Usage("too large to be a policy".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        Failure::Usage(format!("line {line} is not UTF-8"))
    })
}

/// What is wrong with a policy, and where.
pub(super) struct Finding {
    /// Line and column in characters, both from 1.
    place: Option<(usize, usize)>,
    /// What is wrong.
    message: String,
    /// What AWS would say, if it is another sentence.
    aws: Option<String>,
}

/// The first thing that is wrong with `text` as a policy of this kind.
pub(super) fn finding(text: &str, kind: Kind, bucket: Option<&str>) -> Option<Finding> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let hint = error
                .hint
                .map_or_else(String::new, |hint| format!(" ({hint})"));
            return Some(Finding {
                place: Some((error.line, error.column)),
                message: format!("{}{hint}", error.message),
                aws: None,
            });
        }
    };
    let checked = match kind {
        Kind::Identity => write_rules::check_identity(text),
        Kind::Trust => write_rules::check_trust(text),
        Kind::Bucket => {
            let bucket = bucket
                .map(str::to_owned)
                .or_else(|| named_bucket(&document))
                .unwrap_or_default();
            write_rules::check_bucket(text, &bucket)
        }
        Kind::Session => write_rules::check_session(text),
        Kind::Boundary => write_rules::check_boundary(text),
        Kind::Scp => write_rules::check_scp(text),
        Kind::Rcp => write_rules::check_rcp(text),
    };
    let error = checked.err()?;
    let spot = document
        .problems()
        .iter()
        .find(|problem| problem.kind != ProblemKind::Missing);
    let place = place_in(&error.hint)
        .or_else(|| spot.map(|problem| json::position(text, problem.span.start)));
    // The place stands in front of the finding already.
    let hint = match place {
        Some((line, column)) => {
            let prefix = format!("Line {line}, column {column}");
            error
                .hint
                .strip_prefix(&prefix)
                .map_or(error.hint.as_str(), |rest| {
                    rest.trim_start_matches([':', ',', ' '])
                })
        }
        None => &error.hint,
    };
    let message = if hint.is_empty() {
        error.sentence.clone()
    } else {
        hint.to_owned()
    };
    Some(Finding {
        place,
        aws: (message != error.sentence).then_some(error.sentence),
        message,
    })
}

/// The line and column that a hint begins with: "Line 3, column 7: …".
fn place_in(hint: &str) -> Option<(usize, usize)> {
    let rest = hint.split("ine ").nth(1)?;
    let (line, rest) = rest.split_once(", column ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn named_bucket(document: &Document) -> Option<String> {
    let text = document.text();
    let (_, rest) = text.split_once("arn:aws:s3:::")?;
    Some(
        rest.chars()
            .take_while(|c| !matches!(c, '/' | '"'))
            .collect(),
    )
}

impl Finding {
    /// The finding with the line it is about and a mark below the spot.
    pub(super) fn show(&self, name: &str, text: &str) -> String {
        let mut out = match self.place {
            Some((line, column)) => format!("{name}:{line}:{column}: {}", self.message),
            None => format!("{name}: {}", self.message),
        };
        if let Some((line, column)) = self.place
            && let Some(content) = text.lines().nth(line - 1)
        {
            // Tabs are kept in the padding, so that the mark stands below its spot however wide they are shown.
            let before = content.chars().take(column - 1);
            let pad: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let gutter = line.to_string();
            let blank = " ".repeat(gutter.len());
            let _ = write!(out, "\n {gutter} | {content}\n {blank} | {pad}^");
        }
        if let Some(aws) = &self.aws {
            let _ = write!(out, "\n   AWS says: {aws}");
        }
        out
    }
}
