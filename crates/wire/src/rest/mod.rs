//! REST-XML (S3, S3 Control): path, query string, headers and an XML or raw body, each member in its place.

mod answer;
mod bind;
mod decode;
mod request;
mod route;

pub use answer::answer;
pub use bind::{COLLECTED_MAX, FromRest, RestInput, RestOutput, ToRest, collect};
pub use decode::decode;
pub use request::RestRequest;
pub use route::{OperationShape, Route, match_template};
