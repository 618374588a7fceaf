//! AWS's query protocol: a form in, namespaced XML out. IAM and STS speak it.

mod answer;
mod decode;
mod form;

pub use answer::{answer, encode_document};
pub use decode::decode;
pub use form::Form;
