//! The generated structs' side of REST-XML: which operation a struct belongs to, and how much of a body is collected.

use http::Response;

use super::{OperationShape, RestRequest, answer, decode};
use crate::body::Body;
use crate::fault::Fault;
use crate::shape::Shape;

/// The largest body of an operation that does not stream, in bytes. AWS's largest are a `DeleteObjects` of 1000 long keys
/// and a `CompleteMultipartUpload` of 10,000 parts with checksums, both below it.
pub const COLLECTED_MAX: usize = 4 * 1024 * 1024;

/// What an operation takes.
pub trait RestInput: Shape {
    /// What the same operation answers.
    type Output: RestOutput;
    /// The operation.
    fn operation() -> &'static OperationShape;
}

/// What an operation answers.
pub trait RestOutput: Shape {
    /// The operation.
    fn operation() -> &'static OperationShape;
}

/// An input that is read from a request.
pub trait FromRest: Sized {
    /// Reads all members.
    ///
    /// # Errors
    /// As [`decode`].
    fn from_rest(request: RestRequest) -> Result<Self, Fault>;
}

impl<T: RestInput> FromRest for T {
    fn from_rest(request: RestRequest) -> Result<Self, Fault> {
        decode(request)
    }
}

/// An output that is written as an answer, without request id and date: the server adds these to every answer.
pub trait ToRest {
    /// Writes all members.
    fn to_rest(self) -> Response<Body>;
}

impl<T: RestOutput> ToRest for T {
    fn to_rest(self) -> Response<Body> {
        answer(T::operation(), self)
    }
}

/// Collects the body of an operation that does not stream.
///
/// # Errors
/// `MaxMessageLengthExceeded` (400) beyond [`COLLECTED_MAX`], and what the stream itself finds wrong.
pub async fn collect(body: Body) -> Result<Body, Fault> {
    match body.collect(COLLECTED_MAX).await {
        Ok(bytes) => Ok(Body::from(bytes)),
        Err(fault) if fault.code == "EntityTooLarge" => Err(Fault::new(
            "MaxMessageLengthExceeded",
            400,
            "Your request was too big.",
        )),
        Err(fault) => Err(fault),
    }
}
