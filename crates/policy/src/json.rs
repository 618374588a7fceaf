//! A JSON reader that knows where everything stands.

/// Why a text is no policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}{}{}", .pointer.as_str().is_empty().then_some("").map_or_else(|| format!(" ({pointer})"), str::to_owned), .hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}")))]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// JSON pointer of the innermost value that was being read; empty for the whole document.
    pub pointer: String,
    /// What was expected and found, in our words.
    pub message: String,
    /// What to do about it, where the mistake is a usual one.
    pub hint: Option<String>,
}
