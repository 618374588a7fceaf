//! S3 Control: the operations on tags and on an account's public access, and the names of the others.

#[rustfmt::skip]
mod inputs;
#[rustfmt::skip]
mod kinds;
#[rustfmt::skip]
mod operations;
#[rustfmt::skip]
mod outputs;
#[rustfmt::skip]
mod types;

#[cfg(test)]
mod tests;

use http::Method;
use twinlock_wire::fault::Fault;
use twinlock_wire::rest::{OperationShape, match_template};

pub use inputs::*;
pub use operations::{NAMESPACE, OPERATIONS};
pub use outputs::*;
pub use types::*;

// What the generated files are written with.
use bytes::Bytes;
use twinlock_wire::body::Body;
use twinlock_wire::shape;
use twinlock_wire::shape::{Kind, Shape, Structure, Text, TimeFormat, m};
use twinlock_wire::time::Millis;

/// The labels of a path by their names in the model.
pub type Labels = Vec<(String, String)>;

/// The operation that a request means, and the labels of its decoded path `/v20180820/…`.
///
/// # Errors
/// `MethodNotAllowed` (405) where the path is known with other methods, else `InvalidURI` (400).
pub fn route(method: &Method, path: &str) -> Result<(&'static OperationShape, Labels), Fault> {
    let mut best: Option<(usize, &'static OperationShape, Labels)> = None;
    let mut path_known = false;
    for operation in OPERATIONS {
        let Some(labels) = match_template(operation.uri, path) else {
            continue;
        };
        path_known = true;
        // The fewer characters of labels, the more of the path the template itself names.
        let loose: usize = labels.iter().map(|(_, value)| value.len()).sum();
        let better = best.as_ref().is_none_or(|(known, ..)| loose < *known);
        if operation.method == method.as_str() && better {
            best = Some((loose, operation, labels));
        }
    }
    match best {
        Some((_, operation, labels)) => Ok((operation, labels)),
        None if path_known => Err(Fault::new(
            "MethodNotAllowed",
            405,
            "The specified method is not allowed against this resource.",
        )
        .with("Method", method.as_str())),
        None => Err(Fault::new(
            "InvalidURI",
            400,
            "Couldn't parse the specified URI.",
        )),
    }
}
