//! Amazon S3: what each operation takes and answers, and which operation a request means.

#[rustfmt::skip]
mod inputs;
#[rustfmt::skip]
mod kinds;
#[rustfmt::skip]
mod operations;
#[rustfmt::skip]
mod outputs;
mod route;
#[rustfmt::skip]
mod types;

#[cfg(test)]
mod tests;

pub use inputs::*;
pub use operations::{NAMESPACE, OPERATIONS};
pub use outputs::*;
pub use route::{POST_OBJECT, route};
pub use types::*;

// What the generated files are written with.
use bytes::Bytes;
use twinlock_wire::body::Body;
use twinlock_wire::shape;
use twinlock_wire::shape::{Kind, Shape, Structure, Text, TimeFormat, m};
use twinlock_wire::time::Millis;
