//! REST-XML: S3 and S3 Control. The signature first, then which operation it is, then its body.

use http::{HeaderValue, Method, Response, request::Parts};
use twinlock_wire::{
    body::Body,
    checksum::Promises,
    chunked::Check,
    fault::{Fault, Protocol},
    rest::{OperationShape, RestRequest, Route, match_template},
    signature::{Presented, hoist_query_headers, percent_decode},
    sigv4::Source,
};

use super::{Call, Gate, recorded, signed};
use crate::{
    authenticate::{self, Verified},
    caller::{RequestFacts, Who},
    operation::Callers,
    recognise,
    service::RestService,
};

/// The largest XML body of S3 (DeleteObjects with a thousand long keys), in bytes.
const S3_DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The operation whose checksum headers speak of the object that it makes, and not of the body that it sends.
const COMPLETE: &str = "CompleteMultipartUpload";

impl Gate {
    pub(super) async fn rest(
        &self,
        service: &'static RestService,
        parts: &mut Parts,
        body: Body,
        presented: Presented,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        let control = std::ptr::eq(service, self.services.s3_control);
        let host_bucket = if control {
            None
        } else {
            recognise::host_bucket(parts, &self.world.settings.s3_domains)
        };
        if !control && crate::post_form::is_form(parts, &presented) {
            call.resource = parts.uri.path().to_owned();
            let place = recognise::bucket_and_key(parts.uri.path(), host_bucket.clone());
            if let Some((Some(bucket), None)) = place {
                return self
                    .post_form(service, parts, body, bucket, facts, call)
                    .await;
            }
        }
        let from_query = matches!(&presented, Presented::V4(c) if c.source == Source::Query)
            || matches!(&presented, Presented::V2(c) if c.source == Source::Query);
        let verified = authenticate::verify(
            &self.world,
            presented,
            parts,
            None,
            host_bucket.as_deref(),
            Protocol::RestXml,
            facts,
        )?;
        call.caller = Some(verified.caller.clone());
        if from_query {
            hoist_query_headers(parts).map_err(|error| error.fault(Protocol::RestXml))?;
        }
        let uri_malformed = || Fault::new("InvalidURI", 400, "Couldn't parse the specified URI.");
        let query = recognise::query(parts).ok_or_else(uri_malformed)?;
        let path = percent_decode(parts.uri.path()).ok_or_else(uri_malformed)?;
        call.resource.clone_from(&path);
        let (shape, labels) = if control {
            control_route(service, parts, &path)?
        } else {
            let (bucket, key) = recognise::bucket_and_key(parts.uri.path(), host_bucket)
                .ok_or_else(uri_malformed)?;
            let template = match (&bucket, &key) {
                (None, _) => "/",
                (Some(_), None) => "/{Bucket}",
                (Some(_), Some(_)) => "/{Bucket}/{Key+}",
            };
            let route = Route::new(service.operations);
            let shape = route.find(&parts.method, template, &query, &parts.headers)?;
            let labels = [("Bucket", bucket), ("Key", key)];
            (
                shape,
                labels
                    .into_iter()
                    .filter_map(|(n, v)| Some((n.to_owned(), v?)))
                    .collect::<Vec<_>>(),
            )
        };
        call.operation = shape.name.to_owned();
        call.parameters = recorded(
            labels
                .iter()
                .chain(&query)
                .map(|(n, v)| (n.as_str(), v.as_str())),
        );
        let Some(entry) = service.entries.iter().find(|e| e.name == shape.name) else {
            signed(&verified)?;
            return Err(Fault::not_implemented(&format!(
                "{}:{}",
                service.name, shape.name
            )));
        };
        call.counted = entry.name;
        call.read_only = entry.read_only || matches!(parts.method, Method::GET | Method::HEAD);
        if verified.caller.who == Who::Anonymous && entry.callers == Callers::Signed {
            return Err(authenticate::missing(Protocol::RestXml));
        }
        let mut body = checked_body(parts, body, &verified, shape)?;
        if !shape.streaming_input {
            body = Body::from(self.collect(body, S3_DOCUMENT_BYTES_MAX, call).await?);
        }
        self.touch(&verified.caller, "s3");
        let request = RestRequest {
            method: parts.method.clone(),
            labels,
            query,
            headers: std::mem::take(&mut parts.headers),
            body,
        };
        entry
            .call(self.world.clone(), verified.caller, request, shape)
            .await
    }
}

/// The parts of a path, by the model's names.
type Labels = Vec<(String, String)>;

/// S3 Control's operations are told apart by their paths.
fn control_route(
    service: &'static RestService,
    parts: &Parts,
    path: &str,
) -> Result<(&'static OperationShape, Labels), Fault> {
    service
        .operations
        .iter()
        .filter(|shape| shape.method == parts.method.as_str())
        .find_map(|shape| Some((shape, match_template(shape.uri, path)?)))
        .ok_or_else(|| Fault::new("InvalidURI", 400, "Couldn't parse the specified URI."))
}

/// Lays what the request promised of its body (hash, chunk signatures, length, checksums) over its bytes: whoever reads it
/// believes it when it has ended.
fn checked_body(
    parts: &mut Parts,
    body: Body,
    verified: &Verified,
    shape: &OperationShape,
) -> Result<Body, Fault> {
    let promises = if shape.name == COMPLETE {
        Promises::content_md5_only(&parts.headers)?
    } else {
        Promises::from_headers(&parts.headers)?
    };
    // What follows the body is what the object keeps, whether or not the client names it a second time.
    if let (Some(trailer), None) = (promises.trailer, promises.declared) {
        let name = HeaderValue::from_static(trailer.name());
        parts.headers.insert("x-amz-sdk-checksum-algorithm", name);
    }
    let claim = verified.chain.as_ref().map(|(claim, key)| (claim, key));
    let (body, _) = Check::new(&parts.headers, claim, promises, &[])?.over(body);
    Ok(body)
}
