//! The few paths that the door answers itself, `/healthz` and `/metrics`; and which requests for reserved paths, the console's
//! too, are Twinlock's at all.
//!
//! A bucket may be called `healthz` or `console`. So a path is Twinlock's only when the request carries no S3 signature, in header or query,
//! and was not sent to an S3 host; a monitoring system never does either.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header, request::Parts};
use twinlock_wire::{
    body::Body,
    fault::{Fault, Protocol, render},
};

/// The door's own answers.
#[derive(Clone)]
pub struct Own {
    s3_domains: Vec<String>,
    ready: Arc<AtomicBool>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Own {
    /// `s3_domains`: where every path belongs to S3. `metrics` renders Prometheus' text.
    pub fn new(
        s3_domains: Vec<String>,
        metrics: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Own {
            s3_domains,
            ready: Arc::new(AtomicBool::new(true)),
            metrics: Arc::new(metrics),
        }
    }

    /// From now on `/healthz` answers 503, so that a load balancer sends its requests elsewhere.
    pub fn not_ready(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    /// The door's answer, if the request is for the door.
    pub(super) fn answer(&self, parts: &Parts) -> Option<Response<Body>> {
        let path = parts.uri.path();
        if path != "/healthz" && path != "/metrics" {
            return None;
        }
        if !self.is_ours(parts) {
            return None;
        }
        if parts.method != Method::GET && parts.method != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n".into());
            response
                .headers_mut()
                .insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        Some(match path {
            "/metrics" => {
                let mut response = text(StatusCode::OK, (self.metrics)());
                let kind =
                    header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
                response
            }
            _ if self.ready.load(Ordering::Relaxed) => text(StatusCode::OK, "ok\n".into()),
            _ => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n".into()),
        })
    }

    /// Whether a reserved path of this request is Twinlock's rather than a bucket's.
    pub(super) fn is_ours(&self, parts: &Parts) -> bool {
        !is_signed(parts) && !self.is_s3_host(parts)
    }

    fn is_s3_host(&self, parts: &Parts) -> bool {
        let host = parts
            .uri
            .host()
            .or_else(|| parts.headers.get(header::HOST)?.to_str().ok());
        let host = host.unwrap_or_default().to_ascii_lowercase();
        let host = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) {
                name
            } else {
                &host
            }
        });
        self.s3_domains.iter().any(|domain| {
            host == domain
                || host
                    .strip_suffix(domain.as_str())
                    .is_some_and(|bucket| bucket.ends_with('.'))
        })
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Own")
            .field("s3_domains", &self.s3_domains)
            .finish_non_exhaustive()
    }
}

/// Whether the request carries an AWS signature of any kind, right or wrong.
fn is_signed(parts: &Parts) -> bool {
    let in_header = |headers: &HeaderMap| {
        headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .any(|value| value.as_bytes().starts_with(b"AWS"))
    };
    let in_query = |query: &str| {
        query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            [
                "x-amz-algorithm",
                "x-amz-credential",
                "x-amz-signature",
                "awsaccesskeyid",
                "signature",
            ]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
        })
    };
    in_header(&parts.headers) || parts.uri.query().is_some_and(in_query)
}

/// A public document, which may be kept for a while; none: there is nothing.
pub(super) fn json(document: Option<serde_json::Value>) -> Response<Body> {
    let Some(document) = document else {
        return text(StatusCode::NOT_FOUND, "not found\n".into());
    };
    let mut response = text(StatusCode::OK, document.to_string());
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ] {
        response
            .headers_mut()
            .insert(name, header::HeaderValue::from_static(value));
    }
    response
}

fn text(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// As hyper itself answers a head that does not even fit into its buffer: no body, and the connection ends.
pub(super) fn head_too_large() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    response.headers_mut().insert(
        header::CONNECTION,
        header::HeaderValue::from_static("close"),
    );
    response
}

/// What a caller gets whose request made the handler panic. Nobody knows any more which protocol it spoke; every SDK retries
/// on the status alone.
pub(super) fn internal_error(head: bool) -> Response<Body> {
    let mut random = [0; 8];
    let _ = getrandom::fill(&mut random);
    let request_id: String = random.iter().map(|byte| format!("{byte:02X}")).collect();
    let fault = Fault::new(
        "InternalError",
        500,
        "We encountered an internal error. Please try again.",
    );
    render(Protocol::RestXml, "", &fault, &request_id, "", "", head).map(Body::from)
}
