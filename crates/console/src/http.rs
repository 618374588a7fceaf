//! What a browser sends, read; and what it gets, with the headers that every page carries.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use maud::Markup;
use percent_encoding::percent_decode_str;
use tokio::sync::{Semaphore, SemaphorePermit};
use twinlock_gate::{Body, Fault, Peer, RequestFacts};

/// The largest form, in bytes: a policy document of 20 KB in its longest encoding, several times over.
const FORM_BYTES_MAX: usize = 512 * 1024;

/// Names and values in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `a=b&c=d`.
    pub(crate) fn parse(text: &[u8]) -> Pairs {
        Pairs(
            form_urlencoded::parse(text)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of the name; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or("")
    }

    /// The first value of the name, trimmed.
    pub(crate) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// The first value of the name.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of the name, trimmed; none when it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.maybe(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Whether a check box of the name is ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        self.maybe(name).is_some()
    }

    /// All values of the name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Takes another's pairs along, after its own.
    pub(crate) fn extend(&mut self, other: &Pairs) {
        self.0.extend(other.0.iter().cloned());
    }

    /// Everything, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A request of a browser.
#[derive(Debug)]
pub(crate) struct Request {
    /// GET, HEAD, POST or PUT.
    pub method: Method,
    /// The path as it came.
    pub path: String,
    /// The path's segments, decoded; a final slash adds an empty one.
    pub segments: Vec<String>,
    /// The query, decoded.
    pub query: Pairs,
    /// The query as it came, without the question mark.
    pub raw_query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// Where it comes from.
    pub peer: Peer,
    body: Mutex<Body>,
}

impl Request {
    /// None: the path is no valid percent-encoded UTF-8.
    pub(crate) fn new(parts: Parts, body: Body, peer: Peer) -> Option<Request> {
        let segments = parts
            .uri
            .path()
            .trim_start_matches('/')
            .split('/')
            .map(|segment| {
                percent_decode_str(segment)
                    .decode_utf8()
                    .ok()
                    .map(std::borrow::Cow::into_owned)
            })
            .collect::<Option<Vec<String>>>()?;
        let raw_query = parts.uri.query().unwrap_or("").to_owned();
        Some(Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            segments,
            query: Pairs::parse(raw_query.as_bytes()),
            raw_query,
            headers: parts.headers,
            peer,
            body: Mutex::new(body),
        })
    }

    /// Whether the request is to change something.
    pub(crate) fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    /// The header's text; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// The value of a cookie of ours.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let name = cookie_name(name, self.peer.secure);
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// What stands behind `/console/SLOT` in the address, as it came: a page below an identity, with its query.
    pub(crate) fn below(&self) -> String {
        let rest = self.path.trim_start_matches('/').splitn(3, '/').nth(2);
        let mark = if self.raw_query.is_empty() { "" } else { "?" };
        format!("/{}{mark}{}", rest.unwrap_or_default(), self.raw_query)
    }

    /// The page of the identity in this slot that sent the form, as a path below it. Browsers say it of their own pages.
    pub(crate) fn form_page(&self, slot: &str) -> Option<&str> {
        let (_, address) = self.header("referer").split_once("://")?;
        let path = address.strip_prefix(self.header("host"))?;
        let below = path.strip_prefix("/console/")?.strip_prefix(slot)?;
        local_path(below)
    }

    /// The form in the body.
    ///
    /// # Errors
    /// The form is too large.
    pub(crate) async fn form(&self) -> Result<Pairs, Fault> {
        let body = self.take_body();
        Ok(Pairs::parse(&body.collect(FORM_BYTES_MAX).await?))
    }

    /// The form of somebody who has not signed in: all of those together take no more of `memory` than it has permits for bytes.
    ///
    /// # Errors
    /// The form is too large, or strangers have sent too much at the same time.
    pub(crate) async fn strangers_form(&self, memory: &Semaphore) -> Result<Pairs, Fault> {
        let mut held: Option<SemaphorePermit<'_>> = None;
        let count = |bytes: usize| {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let busy = |_| Fault::new("ServiceUnavailable", 503, "Too much to do: try again.");
            let permit = memory.try_acquire_many(bytes).map_err(busy)?;
            match &mut held {
                Some(held) => held.merge(permit),
                None => held = Some(permit),
            }
            Ok(())
        };
        let body = self.take_body();
        let body = body.collect_counted(FORM_BYTES_MAX, count).await?;
        Ok(Pairs::parse(&body))
    }

    /// The body, as a stream; nothing the second time.
    pub(crate) fn take_body(&self) -> Body {
        std::mem::take(&mut *self.body.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the page that sends this is ours. Browsers say where a request that changes something comes from; one that does
    /// not say so (an old browser, or none) is believed only with the session's own token.
    pub(crate) fn same_origin(&self) -> bool {
        match self.header("sec-fetch-site") {
            "" => {}
            "same-origin" | "none" => return true,
            _ => return false,
        }
        let origin = self.header("origin");
        let host = self.header("host");
        origin.is_empty()
            || origin
                .split_once("://")
                .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host))
    }

    /// The addresses that this server has, as far as anybody knows: the one it was asked at, and the one that the operator gave.
    pub(crate) fn own_addresses(&self, public_url: &str) -> [String; 2] {
        let scheme = if self.peer.secure { "https" } else { "http" };
        let host = self.header("host");
        [
            format!("{scheme}://{host}"),
            public_url.trim_end_matches('/').to_owned(),
        ]
    }

    /// What policies and the audit may know of it.
    pub(crate) fn facts(&self, region: &str) -> RequestFacts {
        let text = |name: &str| Some(self.header(name).to_owned()).filter(|text| !text.is_empty());
        RequestFacts {
            request_id: twinlock_gate::request_id(),
            source_ip: Some(self.peer.addr),
            user_agent: text("user-agent"),
            referer: text("referer"),
            secure: self.peer.secure,
            auth_type: twinlock_gate::AuthType::Console,
            ..RequestFacts::none(region)
        }
    }
}

/// What a page needs of the browser beside its text.
///
/// Nothing inline, nothing from elsewhere, in no frame: a name that smuggles markup past the templates still runs nothing.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

fn guarded(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// An answer of this status, type and content.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    content: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Body::from(content.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    guarded(response)
}

/// A page.
pub(crate) fn page(status: StatusCode, markup: Markup) -> Response<Body> {
    answer(status, "text/html; charset=utf-8", markup.into_string())
}

/// A file to keep: browsers save it and never show it. `name` is what it is called; what no file may be called is left out.
pub(crate) fn download(
    content_type: &'static str,
    name: &str,
    content: impl Into<Bytes>,
) -> Response<Body> {
    let good = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().filter(good).collect();
    let mut response = answer(StatusCode::OK, content_type, content);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// JSON for a script of ours.
pub(crate) fn json(value: &serde_json::Value) -> Response<Body> {
    answer(StatusCode::OK, "application/json", value.to_string())
}

/// Go there instead, by GET.
pub(crate) fn redirect(to: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    // A place that is no header value can only come from a forged name: then home is as good.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/console"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// A file of ours that browsers may keep for a while: its name changes with its content.
pub(crate) fn asset(content_type: &'static str, content: &'static [u8]) -> Response<Body> {
    let mut response = answer(StatusCode::OK, content_type, Bytes::from_static(content));
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

/// What a cookie of ours is called. Over TLS browsers take a name with this prefix from nobody but this very host: no page of a host
/// beside or below it (a bucket's, say) can put a cookie of its own in the place of ours.
fn cookie_name(name: &str, secure: bool) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

/// The same answer with a cookie. `max_age`: seconds; 0 removes it.
pub(crate) fn with_cookie(
    mut response: Response<Body>,
    name: &str,
    value: &str,
    max_age: u64,
    secure: bool,
) -> Response<Body> {
    let name = cookie_name(name, secure);
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `text` for a place in a URL.
pub(crate) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// What was [`encode`]d.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A place on this server that a sign-in or switch may lead to; anything else, another host above all, is refused. So are ways up:
/// the place is one below an identity, and must not become a page in a bucket.
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let path = text.split('?').next().unwrap_or_default();
    let good = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !path.contains("..")
        && !path.to_ascii_lowercase().contains("%2e")
        && text.bytes().all(|b| b.is_ascii_graphic());
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_this_server_are_gone_to() {
        assert_eq!(local_path("/switchrole?a=b"), Some("/switchrole?a=b"));
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\nb",
            "/../../bucket/page.html",
            "/%2E%2e/bucket/page.html",
            "",
        ] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn strangers_forms_share_what_memory_there_is() {
        let memory = Semaphore::new(10);
        let sent = async |form: &'static str| {
            let (parts, ()) = http::Request::post("/saml").body(()).unwrap().into_parts();
            let body = Body::stream(Body::from(Bytes::from(form)).into_stream(), None);
            let addr = std::net::Ipv4Addr::LOCALHOST.into();
            let secure = false;
            let request = Request::new(parts, body, Peer { addr, secure }).unwrap();
            request.strangers_form(&memory).await
        };
        for _ in 0..2 {
            assert_eq!(sent("a=12345678").await.unwrap().get("a"), "12345678");
        }
        assert_eq!(sent("a=123456789").await.unwrap_err().status, 503);
        assert_eq!(memory.available_permits(), 10);
    }

    fn request(secure: bool, path: &str, headers: &[(&str, &str)]) -> Request {
        let mut wire = http::Request::get(path);
        for (name, value) in headers {
            wire = wire.header(*name, *value);
        }
        let (parts, ()) = wire.body(()).unwrap().into_parts();
        let addr = "127.0.0.1".parse().unwrap();
        Request::new(parts, Body::Empty, Peer { addr, secure }).unwrap()
    }

    #[test]
    fn over_tls_a_cookie_is_this_hosts_own() {
        let both = [("cookie", "a=planted; __Host-a=own")];
        assert_eq!(request(true, "/", &both).cookie("a"), Some("own"));
        assert_eq!(request(false, "/", &both).cookie("a"), Some("planted"));
        assert_eq!(request(true, "/", &both[..0]).cookie("a"), None);
        let set = with_cookie(redirect("/"), "a", "b", 60, true);
        let set = set.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(set.starts_with("__Host-a=b; Path=/;") && set.ends_with("; Secure"));
        assert!(!set.contains("Domain"));
    }

    #[test]
    fn the_page_that_was_asked_for_is_known_as_it_was_written() {
        let below = |path: &str| request(false, path, &[]).below();
        assert_eq!(below("/console/0123456789abcdef"), "/");
        assert_eq!(below("/console/0123456789abcdef/s3/"), "/s3/");
        assert_eq!(
            below("/console/0123456789abcdef/iam/policies/arn%3Aaws%3Aiam?tab=versions&q=a%20b"),
            "/iam/policies/arn%3Aaws%3Aiam?tab=versions&q=a%20b"
        );
    }

    #[test]
    fn a_form_comes_from_a_page_of_its_own_identity_or_from_nowhere() {
        let from = |referer: &str| {
            let headers = [("host", "iam.example.com"), ("referer", referer)];
            let request = request(true, "/", &headers);
            request.form_page("0123456789abcdef").map(str::to_owned)
        };
        let page = "/iam/users?q=a";
        let own = format!("https://iam.example.com/console/0123456789abcdef{page}");
        assert_eq!(from(&own).as_deref(), Some(page));
        for elsewhere in [
            "",
            "https://iam.example.com/console/0123456789abcdef",
            "https://iam.example.com/console/fedcba9876543210/iam/users",
            "https://iam.example.com/console/0123456789abcdef0/iam/users",
            "https://iam.example.com.evil.example/console/0123456789abcdef/iam",
            "https://evil.example/console/0123456789abcdef/iam",
            "https://iam.example.com/console/0123456789abcdef/../../bucket/page.html",
        ] {
            assert_eq!(from(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn what_a_form_carries_encoded_comes_back_as_it_was() {
        for key in [
            "a b",
            "100%",
            "%41",
            "a+b",
            "new\nline",
            "ünï/日本",
            "q?x=1&y#",
            "..",
        ] {
            let carried = encode(key);
            assert!(carried.bytes().all(|b| b.is_ascii_graphic()), "{carried}");
            assert_eq!(decode(&carried), key);
        }
    }

    #[test]
    fn every_page_is_guarded() {
        let page = answer(StatusCode::OK, "text/html", "x");
        let csp = page.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(csp.contains("frame-ancestors 'none'") && !csp.contains("unsafe"));
        assert_eq!(page.headers()[header::X_FRAME_OPTIONS], "DENY");
    }
}
