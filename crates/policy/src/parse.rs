//! From JSON to the document.
use crate::{Document, ParseError};
pub(crate) fn document(text: &str) -> Result<Document, ParseError> {
    Ok(Document {
        text: text.to_owned(),
        version: None,
        id: None,
        statements: Vec::new(),
        problems: Vec::new(),
    })
}
