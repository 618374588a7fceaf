//! A JSON reader that knows where everything stands and says what people got wrong.
//!
//! Policy documents are pasted by hand, so an error names line, column, the place as a JSON pointer, what was found, and a hint for the
//! usual mistakes. It refuses duplicate keys, as AWS does: two readers of the same document must not see different policies.

mod reader;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

/// A JSON value and its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json {
    /// Bytes of the value.
    pub span: Range<usize>,
    /// The value.
    pub kind: Kind,
}

/// The kinds of JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, decoded.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of the text, without duplicates.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key, decoded.
    pub key: String,
    /// Bytes of the key, quotes included.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Json,
}

impl Json {
    /// The members of an object.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member of an object with this key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.members()?
            .iter()
            .find(|member| member.key == key)
            .map(|member| &member.value)
    }

    /// The items of an array.
    pub fn items(&self) -> Option<&[Json]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }
}

/// What a text may cost to read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Length of the text in bytes.
    pub bytes_max: usize,
    /// Arrays and objects inside each other.
    pub depth_max: usize,
    /// Values and keys altogether.
    pub values_max: usize,
}

impl Limits {
    /// For one policy document: far above every quota of AWS, far below what would hurt.
    pub const DOCUMENT: Limits = Limits {
        bytes_max: 1 << 20,
        depth_max: 16,
        values_max: 100_000,
    };
    /// For one line of a batch, which holds many documents.
    pub const BATCH_LINE: Limits = Limits {
        bytes_max: 16 << 20,
        depth_max: 24,
        values_max: 1_000_000,
    };
}

/// Reads one JSON value that is the whole text.
///
/// # Errors
/// When the text is not JSON, repeats a key, or exceeds the limits.
pub fn read(text: &str, limits: Limits) -> Result<Json, ParseError> {
    reader::Reader::new(text, limits).whole()
}

/// Line and column (in characters), both from 1, of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}

/// Why a text is no policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The place in bytes of the text, from 0.
    pub offset: usize,
    /// JSON pointer of the innermost value that was being read; empty for the whole document.
    pub pointer: String,
    /// What was expected and found, in our words.
    pub message: String,
    /// What to do about it, where the mistake is a usual one.
    pub hint: Option<String>,
}

impl ParseError {
    pub(crate) fn at(
        text: &str,
        offset: usize,
        pointer: String,
        message: String,
        hint: Option<String>,
    ) -> ParseError {
        let (line, column) = position(text, offset);
        ParseError {
            line,
            column,
            offset,
            pointer,
            message,
            hint,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.pointer.is_empty() {
            write!(f, ", at {}", self.pointer)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}
