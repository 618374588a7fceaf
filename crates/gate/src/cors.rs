//! What a browser is told of pages of other origins: the answer to its question before a request (a preflight), and the
//! headers that let such a page read an answer of S3's.
//!
//! Neither needs a permit, because neither does or shows anything of the bucket's but its CORS rules, and these open no door:
//! the request itself is signed and authorised like every other, whatever page it comes from.

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
        HeaderName, ORIGIN, VARY,
    },
    request::Parts,
};
use twinlock_directory::{BucketState, CorsRule};
use twinlock_wire::{
    body::Body,
    fault::{Fault, request_id_headers},
};

use crate::{recognise, service::host_id, world::World};

/// How the operation is called in events and metrics.
pub(crate) const NAME: &str = "Preflight";
/// The headers that a preflight may ask for, at most.
const HEADERS_MAX: usize = 100;

/// A page's request: where the page comes from, what it wants of which bucket.
#[derive(Debug)]
pub(crate) struct Page {
    origin: String,
    method: String,
    bucket: Option<String>,
}

impl Page {
    /// The page behind a request, if there is one.
    pub(crate) fn of(parts: &Parts, s3_domains: &[String]) -> Option<Page> {
        Some(Page {
            origin: text(&parts.headers, ORIGIN)?.to_owned(),
            method: parts.method.as_str().to_owned(),
            bucket: place(parts, s3_domains).and_then(|(bucket, _)| bucket),
        })
    }

    /// The headers that let the page read the answer; none if no rule of the bucket's is about it.
    pub(crate) fn may_read(&self, world: &World) -> HeaderMap {
        let admitted = rules(world, self.bucket.as_deref()).and_then(|rules| {
            rules
                .into_iter()
                .find(|rule| rule.admits(&self.origin, &self.method))
        });
        admitted.map_or_else(HeaderMap::new, |rule| headers(&rule, &self.origin))
    }
}

/// Answers a preflight.
///
/// # Errors
/// `AccessForbidden` when no rule of the bucket's is about it, `BadRequest` when it does not say what it asks.
pub(crate) fn preflight(
    world: &World,
    parts: &Parts,
    request_id: &str,
) -> Result<Response<Body>, Fault> {
    let bad = |message: &str| Fault::new("BadRequest", 400, message.to_owned());
    let origin = text(&parts.headers, ORIGIN)
        .ok_or_else(|| bad("Insufficient information. Origin request header needed."))?;
    let method = text(&parts.headers, ACCESS_CONTROL_REQUEST_METHOD);
    let wanted = text(&parts.headers, ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    let names: Vec<&str> = wanted
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let refused = |kind: &str, message: &str| {
        Fault::new("AccessForbidden", 403, format!("CORSResponse: {message}"))
            .with("Method", method.unwrap_or("OPTIONS"))
            .with("ResourceType", kind)
    };
    let (bucket, key) = place(parts, &world.settings.s3_domains).unwrap_or_default();
    let rules =
        rules(world, bucket.as_deref()).ok_or_else(|| refused("BUCKET", "Bucket not found"))?;
    if rules.is_empty() {
        return Err(refused("BUCKET", "CORS is not enabled for this bucket."));
    }
    let method = method.ok_or_else(|| bad("Invalid Access-Control-Request-Method: null"))?;
    let fits = |rule: &&CorsRule| {
        rule.admits(origin, method) && names.iter().all(|name| rule.admits_header(name))
    };
    let rule = Some(&rules)
        .filter(|_| names.len() <= HEADERS_MAX)
        .and_then(|rules| rules.iter().find(fits))
        .ok_or_else(|| {
            let kind = if key.is_some() { "OBJECT" } else { "BUCKET" };
            refused(kind, "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
        })?;
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = StatusCode::OK;
    answer.headers_mut().extend(headers(rule, origin));
    let names = names.join(", ").to_ascii_lowercase();
    if !names.is_empty() {
        put(answer.headers_mut(), ACCESS_CONTROL_ALLOW_HEADERS, &names);
    }
    let protocol = twinlock_wire::fault::Protocol::RestXml;
    request_id_headers(
        protocol,
        request_id,
        &host_id(request_id),
        answer.headers_mut(),
    );
    Ok(answer)
}

/// What both kinds of answer say of a rule.
fn headers(rule: &CorsRule, origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if rule.for_everyone() {
        put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    } else {
        put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        put(&mut headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    let methods = rule.allowed_methods.join(", ");
    put(&mut headers, ACCESS_CONTROL_ALLOW_METHODS, &methods);
    if !rule.expose_headers.is_empty() {
        let exposed = rule.expose_headers.join(", ");
        put(&mut headers, ACCESS_CONTROL_EXPOSE_HEADERS, &exposed);
    }
    if let Some(seconds) = rule.max_age_s {
        put(&mut headers, ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
    let varies = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
    put(&mut headers, VARY, varies);
    headers
}

/// What a client or an owner wrote and no header can carry is left out.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The rules of a bucket; none if there is no such bucket.
fn rules(world: &World, bucket: Option<&str>) -> Option<Vec<CorsRule>> {
    let snapshot = world.directory.published();
    let bucket = snapshot.bucket(bucket?)?;
    (bucket.state == BucketState::Active).then(|| bucket.cors.clone())
}

/// Bucket and key that a request is about.
fn place(parts: &Parts, s3_domains: &[String]) -> Option<(Option<String>, Option<String>)> {
    let host_bucket = recognise::host_bucket(parts, s3_domains);
    recognise::bucket_and_key(parts.uri.path(), host_bucket)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
