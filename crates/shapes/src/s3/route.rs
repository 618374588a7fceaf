//! Which operation of S3's a request means.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use twinlock_wire::fault::Fault;
use twinlock_wire::rest::{OperationShape, Route};

use super::OPERATIONS;

/// The upload of an object by an HTML form: AWS documents it, but its models do not have it.
pub static POST_OBJECT: OperationShape = OperationShape {
    name: "PostObject",
    method: "POST",
    uri: "/{Bucket}",
    literals: &[],
    query: &[],
    required_query: &[],
    required_headers: &[],
    status: 204,
    streaming_input: true,
    streaming_output: false,
    checksum_required: false,
    deprecated: false,
};

/// Sub-resources that S3 has or had and no operation of its model names.
const UNKNOWN: [&str; 2] = ["append", "requestTimeout"];

/// The operation that a request means: the most specific one whose path, sub-resource, required parameters and copy source
/// are there. `x-id` is ignored. Deprecated operations give way to those that replaced them, `ListDirectoryBuckets` to
/// `ListBuckets` (it has a host of its own at AWS), and nothing leads to `WriteGetObjectResponse` (as well).
///
/// # Errors
/// `InvalidArgument` (400) for several sub-resources at once or a parameter that would change the meaning,
/// `MethodNotAllowed` (405), `NotImplemented` (501).
pub fn route(
    method: &Method,
    bucket: Option<&str>,
    key: Option<&str>,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Result<&'static OperationShape, Fault> {
    let template = match (bucket, key) {
        (None, _) => "/",
        (Some(_), None | Some("")) => "/{Bucket}",
        (Some(_), Some(_)) => "/{Bucket}/{Key+}",
    };
    if let Some((name, _)) = query.iter().find(|(n, _)| UNKNOWN.contains(&n.as_str())) {
        return Err(Fault::not_implemented(&format!("the sub-resource {name}")));
    }
    let plain = || {
        let mut literals = OPERATIONS.iter().flat_map(|o| o.literals);
        !literals.any(|(literal, _)| query.iter().any(|(name, _)| name == literal))
    };
    if *method == Method::POST && template == "/{Bucket}" && is_form(headers) && plain() {
        return Ok(&POST_OBJECT);
    }
    Route::new(OPERATIONS).find(method, template, query, headers)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let kind = kind.and_then(|text| text.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}
