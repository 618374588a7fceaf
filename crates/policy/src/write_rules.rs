//! What AWS refuses when a document is written.
//!
//! Each kind of document has its own grammar; AWS answers with one short sentence. A [`WriteError`] has that sentence first, because
//! clients and tests look for it, and then our hint: what is wrong, where, and what to do. Sizes of inline policies are quotas over
//! all policies of an identity; the one who knows them all compares them with [`size`].

mod elements;
pub(crate) mod hints;
pub(crate) mod reach;
#[cfg(test)]
mod tests;

use crate::document::{Document, ProblemKind};
use crate::json::position;
use elements::Checker;
pub(crate) use elements::is_aws_principal;

/// Longest managed policy, as [`size`] counts.
pub const MANAGED_POLICY_SIZE_MAX: usize = 6_144;
/// Longest sum of a user's inline policies, as [`size`] counts.
pub const USER_INLINE_SIZE_MAX: usize = 2_048;
/// Longest sum of a group's inline policies, as [`size`] counts.
pub const GROUP_INLINE_SIZE_MAX: usize = 5_120;
/// Longest sum of a role's inline policies, as [`size`] counts.
pub const ROLE_INLINE_SIZE_MAX: usize = 10_240;
/// Longest trust policy by default, as [`size`] counts.
pub const TRUST_POLICY_SIZE_MAX: usize = 2_048;
/// Longest session policy text, in characters.
pub const SESSION_POLICY_SIZE_MAX: usize = 2_048;
/// Longest bucket policy, in bytes.
pub const BUCKET_POLICY_BYTES_MAX: usize = 20 * 1024;
/// Longest SCP, in characters, white space included.
pub const SCP_SIZE_MAX: usize = 10_240;
/// Longest RCP, in characters, white space included.
pub const RCP_SIZE_MAX: usize = 5_120;

/// Why AWS refuses the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}{}{hint}", if .hint.is_empty() { "" } else { " " })]
pub struct WriteError {
    /// AWS's sentence.
    pub sentence: String,
    /// What is wrong and where, in our words; may be empty.
    pub hint: String,
}

/// The kinds of document that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'t> {
    Identity,
    Session,
    Trust,
    Bucket(&'t str),
    Scp,
    Rcp,
}

impl Target<'_> {
    /// Whether IAM or STS keeps the document, with their rules on characters and Sids.
    fn is_iam(self) -> bool {
        matches!(self, Target::Identity | Target::Session | Target::Trust)
    }

    /// Whether statements name a principal.
    fn has_principal(self) -> bool {
        matches!(self, Target::Trust | Target::Bucket(_) | Target::Rcp)
    }
}

/// Size of a document as IAM counts it: characters, without white space outside strings.
pub fn size(text: &str) -> usize {
    let mut in_string = false;
    let mut escaped = false;
    let counted = |character: &char| {
        let space = !in_string && character.is_ascii_whitespace();
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && *character == '\\' && !escaped;
        !space
    };
    text.chars().filter(counted).count()
}

/// An identity-based policy, inline or managed. Its size is the caller's to check.
///
/// # Errors
/// When AWS would answer MalformedPolicyDocument.
pub fn check_identity(text: &str) -> Result<Document, WriteError> {
    let document = check(text, Target::Identity)?;
    require_current_version(&document)?;
    Ok(document)
}

/// A permissions boundary: a managed policy.
///
/// # Errors
/// As [`check_identity`].
pub fn check_boundary(text: &str) -> Result<Document, WriteError> {
    check_identity(text)
}

/// An inline identity policy, which may be of the older version.
///
/// # Errors
/// As [`check_identity`].
pub fn check_inline(text: &str) -> Result<Document, WriteError> {
    check(text, Target::Identity)
}

/// A session policy.
///
/// # Errors
/// As [`check_identity`].
pub fn check_session(text: &str) -> Result<Document, WriteError> {
    check(text, Target::Session)
}

/// A role's trust policy.
///
/// # Errors
/// When AWS would answer MalformedPolicyDocument.
pub fn check_trust(text: &str) -> Result<Document, WriteError> {
    check(text, Target::Trust)
}

/// The policy of the bucket of this name.
///
/// # Errors
/// When S3 would answer MalformedPolicy.
pub fn check_bucket(text: &str, bucket: &str) -> Result<Document, WriteError> {
    if text.len() > BUCKET_POLICY_BYTES_MAX {
        let hint = format!("It has {} bytes.", text.len());
        return Err(refuse(
            "Policies must not exceed the maximum allowed size of 20480 bytes",
            hint,
        ));
    }
    check(text, Target::Bucket(bucket))
}

/// A service control policy.
///
/// # Errors
/// When Organizations would answer MalformedPolicyDocumentException.
pub fn check_scp(text: &str) -> Result<Document, WriteError> {
    check(text, Target::Scp)
}

/// A resource control policy.
///
/// # Errors
/// As [`check_scp`].
pub fn check_rcp(text: &str) -> Result<Document, WriteError> {
    check(text, Target::Rcp)
}

/// The answer for a principal that does not exist, which only the keeper of identities can know.
pub fn invalid_principal(principal: &str) -> WriteError {
    let hint = hints::principal(principal)
        .unwrap_or_else(|| "No such user or role exists. Create it first, and mind its path and the case of its name.".to_owned());
    refuse(
        format!("Invalid principal in policy: \"AWS\":\"{principal}\""),
        hint,
    )
}

fn refuse(sentence: impl Into<String>, hint: impl Into<String>) -> WriteError {
    WriteError {
        sentence: sentence.into(),
        hint: hint.into(),
    }
}

fn at(text: &str, offset: usize) -> String {
    let (line, column) = position(text, offset);
    format!("Line {line}, column {column}")
}

fn require_current_version(document: &Document) -> Result<(), WriteError> {
    if document.version() == Some("2012-10-17") {
        return Ok(());
    }
    let hint = match document.version() {
        Some(version) => format!("It says {version}; write \"Version\": \"2012-10-17\"."),
        None => {
            "Version is absent, which means 2008-10-17; add \"Version\": \"2012-10-17\".".to_owned()
        }
    };
    Err(refuse(
        "Policy document must be version 2012-10-17 or greater.",
        hint,
    ))
}

fn check(text: &str, target: Target<'_>) -> Result<Document, WriteError> {
    if target.is_iam() {
        require_iam_characters(text)?;
    }
    let document = Document::parse(text).map_err(|error| {
        let sentence = match target {
            Target::Bucket(_) => "Policies must be valid JSON and the first byte must be '{'",
            Target::Scp | Target::Rcp => "The provided policy document does not meet the requirements of the specified policy type.",
            Target::Identity | Target::Session | Target::Trust if error.pointer.is_empty() && error.line == 1 && error.column == 1 => {
                "Syntax errors in policy."
            }
            Target::Identity | Target::Session | Target::Trust => "This policy contains invalid Json",
        };
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        let message = format!("Line {}, column {}: {}{hint}.", error.line, error.column, error.message);
        refuse(sentence, message)
    })?;
    if document.statements().is_empty() {
        let sentence = match target {
            Target::Bucket(_) => "Could not parse the policy: Statement is empty!",
            _ => "Syntax errors in policy.",
        };
        return Err(refuse(sentence, "A policy has at least one statement."));
    }
    if let Some(problem) = document.problems().first() {
        let place = at(text, problem.span.start);
        let hint = format!(
            "{place}, at {}: {}.",
            if problem.pointer.is_empty() {
                "/"
            } else {
                &problem.pointer
            },
            problem.message
        );
        let element = problem.pointer.rsplit('/').next().unwrap_or("");
        let sentence = match (target, problem.kind) {
            (Target::Bucket(_), ProblemKind::UnknownElement) => format!("Unknown field {element}"),
            (Target::Bucket(_), ProblemKind::Missing) => {
                format!(
                    "Missing required field {}",
                    problem.message.split('`').nth(1).unwrap_or("Statement")
                )
            }
            (Target::Bucket(_), ProblemKind::WrongType) if element == "Effect" => {
                "Invalid effect".to_owned()
            }
            (Target::Bucket(_), ProblemKind::WrongType) => "Policy has invalid field".to_owned(),
            _ => "Syntax errors in policy.".to_owned(),
        };
        return Err(refuse(sentence, hint));
    }
    if let Some(version) = document
        .version_text()
        .filter(|version| !matches!(version.value.as_str(), "2012-10-17" | "2008-10-17"))
    {
        let sentence = match target {
            Target::Bucket(_) => "The policy must contain a valid version string",
            _ => "Syntax errors in policy.",
        };
        let place = at(text, version.span.start);
        let hint = format!(
            "{place}: Version is the version of the language, not of your policy: write \"2012-10-17\", not `{}`.",
            version.value
        );
        return Err(refuse(sentence, hint));
    }
    Checker {
        text,
        target,
        document: &document,
    }
    .run()?;
    Ok(document)
}

/// IAM keeps TAB, LF, CR and U+0020 to U+00FF only.
fn require_iam_characters(text: &str) -> Result<(), WriteError> {
    let bad =
        |&(_, character): &(usize, char)| !matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let Some((offset, character)) = text.char_indices().find(bad) else {
        return Ok(());
    };
    // Outside strings the reader explains it better: typographic quotes, invisible spaces.
    if matches!(character, '\u{2018}'..='\u{201f}' | '\u{200b}' | '\u{feff}')
        && Document::parse(text).is_err()
    {
        return Ok(());
    }
    let hint = format!(
        "{}: the character `{}` is outside U+0020 to U+00FF.",
        at(text, offset),
        character.escape_debug()
    );
    Err(refuse(
        "The specified value for policyDocument is invalid. It must contain only printable characters up to U+00FF.",
        hint,
    ))
}
