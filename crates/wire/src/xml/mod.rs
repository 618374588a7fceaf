//! XML as AWS's query and REST-XML protocols use it: a writer that always escapes, and a reader for request bodies that
//! refuses everything an attacker could make it expand.

mod reader;
mod writer;

pub use reader::{Element, Malformed, parse};
pub use writer::Writer;
