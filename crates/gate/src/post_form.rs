//! S3's POST form: a put that a browser makes, signed by the policy that the form carries.
//!
//! It is no operation of the model: the form is read up to its file, its signature and policy are held against it, and then
//! it goes the one way as a PutObject, so that whoever signed it must be allowed s3:PutObject like everyone else.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use twinlock_wire::{
    body::Body,
    checksum::Promises,
    chunked::Check,
    fault::{Fault, Protocol},
    post_form::{self, Fields, Policy},
    rest::RestRequest,
    signature::Presented,
    xml::{self, Writer},
};

use crate::{
    authenticate,
    caller::RequestFacts,
    dispatch::{Call, Gate},
    service::RestService,
};

/// The operation that a form becomes.
const PUT_OBJECT: &str = "PutObject";
/// The fields that are PutObject's headers under the same name, besides those that begin with x-amz-.
const HEADERS: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
];
/// The fields that are the form's own, or that speak of how a request's body is sent, which a file is not. Every other field of
/// S3's is handed on, so that what a put refuses (a key of the customer's, a lock) a form does not silently do without.
const OWN: [&str; 8] = [
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-trailer",
];

/// Whether a request without a signature of its own is such a form.
pub(crate) fn is_form(parts: &Parts, presented: &Presented) -> bool {
    let multipart = content_type(parts).is_some_and(|t| {
        t.trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
    });
    parts.method == Method::POST && matches!(presented, Presented::Nothing) && multipart
}

fn content_type(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

impl Gate {
    /// Reads the form, believes its signature and policy, and puts the file.
    pub(crate) async fn post_form(
        &self,
        service: &'static RestService,
        parts: &Parts,
        body: Body,
        bucket: String,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        call.operation = "PostObject".to_owned();
        let form = post_form::read(content_type(parts), body.into_stream()).await?;
        let fields = form.fields;
        let key = fields.key(form.file.name.as_deref())?;
        let presented = fields.present()?;
        let now = self.world().clock.now();
        authenticate::plausible(self.world(), &presented, Protocol::RestXml)?;
        let caller = authenticate::verify_form(self.world(), presented, &fields, facts)?;
        call.access_key_id = Some(caller.access_key_id.clone()).filter(|id| !id.is_empty());
        call.caller = Some(caller.clone());
        call.parameters = vec![
            ("Bucket".to_owned(), bucket.clone()),
            ("Key".to_owned(), key.clone()),
        ];
        let policy = fields.get("policy").map(Policy::parse).transpose()?;
        if let Some(policy) = &policy {
            policy.check(&fields, &bucket, &key, now)?;
        }
        let entry = service.entries.iter().find(|e| e.name == PUT_OBJECT);
        let shape = service.operations.iter().find(|s| s.name == PUT_OBJECT);
        let (Some(entry), Some(shape)) = (entry, shape) else {
            return Err(Fault::not_implemented("s3:PostObject"));
        };
        call.counted = entry.name;
        let headers = headers(&fields)?;
        let file = form.content.limit(policy.and_then(|p| p.length));
        let promises = Promises::from_headers(&headers)?;
        let file = Body::stream(file, None);
        let (body, _) = Check::new(&headers, None, promises, &[])?.over(file);
        self.touch(&caller, "s3");
        let request = RestRequest {
            method: Method::PUT,
            labels: vec![
                ("Bucket".to_owned(), bucket.clone()),
                ("Key".to_owned(), key.clone()),
            ],
            query: Vec::new(),
            headers,
            body,
        };
        let put = entry
            .call(self.world().clone(), caller, request, shape)
            .await?;
        Ok(answer(
            put,
            &fields,
            &self.world().settings.public_url,
            &bucket,
            &key,
        ))
    }
}

/// The fields that a put has as headers.
fn headers(fields: &Fields) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter() {
        let lower = name.to_ascii_lowercase();
        let mut value = Cow::Borrowed(value);
        let name = match lower.as_str() {
            "acl" => "x-amz-acl",
            "tagging" if value.trim().is_empty() => continue,
            "tagging" => {
                value = Cow::Owned(tagging(&value).ok_or_else(malformed_tagging)?);
                "x-amz-tagging"
            }
            name if HEADERS.contains(&name) => name,
            name if name.starts_with("x-amz-") && !OWN.contains(&name) => name,
            _ => continue,
        };
        let malformed = || {
            Fault::new("InvalidArgument", 400, "The field cannot be a header.")
                .with("ArgumentName", name)
        };
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| malformed())?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The tags of the field `tagging`, a document as PutObjectTagging takes it, as a put has them in a header.
fn tagging(document: &str) -> Option<String> {
    let root = xml::parse(document.as_bytes()).ok()?;
    let set = root.child("TagSet").filter(|_| root.name == "Tagging")?;
    let pair = |tag: &xml::Element| {
        let text = |name| Some(encoded(&tag.child(name)?.text, ""));
        Some(format!("{}={}", text("Key")?, text("Value")?)).filter(|_| tag.name == "Tag")
    };
    let pairs: Option<Vec<String>> = set.children.iter().map(pair).collect();
    Some(pairs?.join("&"))
}

fn malformed_tagging() -> Fault {
    Fault::new(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

/// The put's answer as the form wishes it: a redirect, a document, or nothing.
fn answer(
    mut put: Response<Body>,
    fields: &Fields,
    public_url: &str,
    bucket: &str,
    key: &str,
) -> Response<Body> {
    let etag = put
        .headers()
        .get(header::ETAG)
        .and_then(|v| v.to_str().ok());
    let etag = etag.unwrap_or_default().to_owned();
    let location = format!(
        "{}/{bucket}/{}",
        public_url.trim_end_matches('/'),
        encoded(key, "/")
    );
    if let Some(to) = fields.redirect() {
        let join = if to.query().is_some() { '&' } else { '?' };
        let (key, etag) = (encoded(key, ""), encoded(&etag, ""));
        let to = format!("{to}{join}bucket={bucket}&key={key}&etag={etag}");
        if let Ok(to) = HeaderValue::from_str(&to) {
            put.headers_mut().insert(header::LOCATION, to);
            *put.status_mut() = StatusCode::SEE_OTHER;
            return put;
        }
    }
    if let Ok(location) = HeaderValue::from_str(&location) {
        put.headers_mut().insert(header::LOCATION, location);
    }
    *put.status_mut() = match fields.get("success_action_status") {
        Some("200") => StatusCode::OK,
        Some("201") => StatusCode::CREATED,
        _ => StatusCode::NO_CONTENT,
    };
    if put.status() == StatusCode::CREATED {
        let mut w = Writer::with_declaration();
        w.open("PostResponse");
        for (name, text) in [
            ("Location", location.as_str()),
            ("Bucket", bucket),
            ("Key", key),
            ("ETag", &etag),
        ] {
            w.text(name, text);
        }
        w.close("PostResponse");
        *put.body_mut() = Body::from(w.finish());
        let xml = HeaderValue::from_static("application/xml");
        put.headers_mut().insert(header::CONTENT_TYPE, xml);
    }
    put
}

/// Percent-encodes all but unreserved characters and those in `kept`.
fn encoded(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        let c = char::from(b);
        if b.is_ascii_alphanumeric() || "-_.~".contains(c) || kept.contains(c) {
            out.push(c);
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([b]));
        }
    }
    out
}
