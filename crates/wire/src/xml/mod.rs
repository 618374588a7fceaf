//! XML as AWS's query and REST-XML protocols use it: a writer that always escapes.

mod writer;

pub use writer::Writer;
