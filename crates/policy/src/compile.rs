//! The compiled form of a document.

use std::collections::BTreeMap;

use crate::{Document, ParseError};

/// The unique id (`AIDA…`, `AROA…`) that each principal ARN of a document meant when the document was written; for a
/// `CanonicalUser`, the account that has that canonical id.
pub type Bindings = BTreeMap<String, String>;

/// A document ready to be matched: immutable and shared between threads.
#[derive(Debug, Clone)]
pub struct Policy {
    document: Document,
}

impl Policy {
    /// Reads and compiles a document without bindings: principals match by ARN.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse(text: &str) -> Result<Policy, ParseError> {
        Ok(Policy::compile(Document::parse(text)?, &Bindings::new()))
    }

    /// Compiles a document. A user or role ARN that is bound matches by unique id only.
    pub fn compile(document: Document, _bindings: &Bindings) -> Policy {
        Policy { document }
    }

    /// The document it was compiled from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The text of the document.
    pub fn text(&self) -> &str {
        self.document.text()
    }
}
