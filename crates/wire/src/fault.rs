//! What an operation answers when it refuses, and how each protocol writes that down.
//!
//! A [`Fault`] is protocol-free: AWS's code, the HTTP status and the sentence that clients match on. Only [`render`]
//! knows that IAM wraps it in a namespaced `ErrorResponse`, that S3 has neither namespace nor type, and that a JSON
//! service writes the code as `__type`. So an operation can be called by the console, too, and its refusal shown there.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::xml::Writer;

/// A refusal or failure with AWS's own code and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// AWS's error code, such as `NoSuchEntity`.
    pub code: Cow<'static, str>,
    /// HTTP status, 300 to 599.
    pub status: u16,
    /// The sentence for the caller. It must hold nothing the caller may not know.
    pub message: String,
    /// Further elements of the error body in order, such as S3's `BucketName`.
    pub fields: Vec<(&'static str, String)>,
    /// Further response headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The action that was refused and on what, for whoever explains a denial on this server. No answer has it.
    pub denied: Option<Box<(String, String)>>,
}

impl Fault {
    /// A fault of code, HTTP status and sentence.
    pub fn new(
        code: impl Into<Cow<'static, str>>,
        status: u16,
        message: impl Into<String>,
    ) -> Self {
        Fault {
            code: code.into(),
            status,
            message: message.into(),
            fields: Vec::new(),
            headers: Vec::new(),
            denied: None,
        }
    }

    /// The same fault with one more element in its body.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// The same fault with one more response header. A value that is no legal header value is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// AWS's `ValidationError` (400) of one sentence, as the query services answer it.
    pub fn validation(message: impl Into<String>) -> Self {
        Fault::new("ValidationError", 400, message)
    }

    /// `NotImplemented` (501) for an operation or service of AWS's that Twinlock lacks; `what` names it.
    pub fn not_implemented(what: &str) -> Self {
        Fault::new(
            "NotImplemented",
            501,
            format!("Twinlock does not implement {what}."),
        )
    }

    /// An internal failure (500). The reason belongs in the log, never in the answer.
    pub fn internal() -> Self {
        Fault::new(
            "InternalFailure",
            500,
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    /// Whether the caller is at fault (`Sender`), not the server (`Receiver`).
    pub fn is_senders(&self) -> bool {
        self.status < 500
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Fault {}

/// How a service speaks over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// AWS query: a form in, XML out (IAM, STS).
    Query,
    /// EC2's variant of the query protocol.
    Ec2,
    /// S3's: everything in the HTTP message, bodies in XML.
    RestXml,
    /// JSON 1.0 or 1.1 with an `X-Amz-Target` header (Organizations).
    Json11,
    /// JSON bodies with HTTP bindings (Lambda).
    RestJson,
    /// Smithy's RPC v2 with bodies in CBOR (newer clients of CloudWatch and others).
    RpcV2Cbor,
}

/// Writes a fault as an answer of one protocol.
///
/// `xml_namespace` is used by the query protocol only. An empty `resource` or `host_id` is left out. With `head` the
/// body is left out, as HTTP demands for HEAD: the caller then sees the status alone.
pub fn render(
    protocol: Protocol,
    xml_namespace: &str,
    fault: &Fault,
    request_id: &str,
    host_id: &str,
    resource: &str,
    head: bool,
) -> Response<Bytes> {
    let (content_type, body) = match protocol {
        Protocol::Query => ("text/xml", query_body(xml_namespace, fault, request_id)),
        Protocol::Ec2 => ("text/xml;charset=UTF-8", ec2_body(fault, request_id)),
        Protocol::RestXml => (
            "application/xml",
            rest_xml_body(fault, request_id, host_id, resource),
        ),
        Protocol::Json11 => ("application/x-amz-json-1.1", json_body(fault, true)),
        Protocol::RestJson => ("application/json", json_body(fault, false)),
        Protocol::RpcV2Cbor => ("application/cbor", cbor_body(fault)),
    };
    let mut response = Response::new(if head {
        Bytes::new()
    } else {
        Bytes::from(body)
    });
    *response.status_mut() =
        StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !(head && protocol == Protocol::RestXml) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    request_id_headers(protocol, request_id, host_id, headers);
    if protocol == Protocol::RestJson {
        set(headers, "x-amzn-errortype", &fault.code);
    }
    if protocol == Protocol::RpcV2Cbor {
        set(headers, "smithy-protocol", "rpc-v2-cbor");
    }
    for (name, value) in &fault.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

/// Sets the headers in which a protocol carries its request id: S3 has two of its own.
pub fn request_id_headers(
    protocol: Protocol,
    request_id: &str,
    host_id: &str,
    headers: &mut HeaderMap,
) {
    if protocol == Protocol::RestXml {
        set(headers, "x-amz-request-id", request_id);
        if !host_id.is_empty() {
            set(headers, "x-amz-id-2", host_id);
        }
    } else {
        set(headers, "x-amzn-requestid", request_id);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn error_type(fault: &Fault) -> &'static str {
    if fault.is_senders() {
        "Sender"
    } else {
        "Receiver"
    }
}

fn query_body(namespace: &str, fault: &Fault, request_id: &str) -> Vec<u8> {
    let mut w = Writer::new();
    w.open_in("ErrorResponse", namespace);
    w.open("Error");
    w.text("Type", error_type(fault));
    w.text("Code", &fault.code);
    w.text("Message", &fault.message);
    for (name, value) in &fault.fields {
        w.text(name, value);
    }
    w.close("Error");
    w.text("RequestId", request_id);
    w.close("ErrorResponse");
    w.finish()
}

fn ec2_body(fault: &Fault, request_id: &str) -> Vec<u8> {
    let mut w = Writer::with_declaration();
    w.open("Response");
    w.open("Errors");
    w.open("Error");
    w.text("Code", &fault.code);
    w.text("Message", &fault.message);
    w.close("Error");
    w.close("Errors");
    w.text("RequestID", request_id);
    w.close("Response");
    w.finish()
}

fn rest_xml_body(fault: &Fault, request_id: &str, host_id: &str, resource: &str) -> Vec<u8> {
    let mut w = Writer::with_declaration();
    w.open("Error");
    w.text("Code", &fault.code);
    w.text("Message", &fault.message);
    for (name, value) in &fault.fields {
        w.text(name, value);
    }
    if !resource.is_empty() {
        w.text("Resource", resource);
    }
    w.text("RequestId", request_id);
    if !host_id.is_empty() {
        w.text("HostId", host_id);
    }
    w.close("Error");
    w.finish()
}

fn json_body(fault: &Fault, with_type: bool) -> Vec<u8> {
    let mut map = serde_json::Map::new();
    if with_type {
        map.insert("__type".into(), fault.code.as_ref().into());
    } else {
        map.insert(
            "Type".into(),
            if fault.is_senders() {
                "User"
            } else {
                "Service"
            }
            .into(),
        );
    }
    map.insert("Message".into(), fault.message.as_str().into());
    for (name, value) in &fault.fields {
        map.insert((*name).into(), value.as_str().into());
    }
    serde_json::Value::Object(map).to_string().into_bytes()
}

/// A CBOR map (RFC 8949) of texts: all that a fault needs of CBOR.
fn cbor_body(fault: &Fault) -> Vec<u8> {
    const TEXT: u8 = 3 << 5;
    const MAP: u8 = 5 << 5;
    let mut entries = vec![
        ("__type", fault.code.as_ref()),
        ("message", fault.message.as_str()),
    ];
    entries.extend(
        fault
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let mut out = Vec::new();
    cbor_head(&mut out, MAP, entries.len());
    for (name, value) in entries {
        for text in [name, value] {
            cbor_head(&mut out, TEXT, text.len());
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

/// The head of a CBOR item: its kind and its count, in as few bytes as hold it.
fn cbor_head(out: &mut Vec<u8>, kind: u8, count: usize) {
    match (u8::try_from(count), u16::try_from(count)) {
        (Ok(small), _) if small < 24 => out.push(kind | small),
        (Ok(byte), _) => out.extend([kind | 24, byte]),
        (_, Ok(two)) => {
            out.push(kind | 25);
            out.extend(two.to_be_bytes());
        }
        _ => {
            out.push(kind | 27);
            out.extend((count as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(r: Response<Bytes>) -> String {
        String::from_utf8_lossy(r.body()).into_owned()
    }

    #[test]
    fn query_faults_have_namespace_type_and_request_id() {
        let f = Fault::new("AccessDenied", 403, "a < b & c");
        let r = render(
            Protocol::Query,
            "https://iam.amazonaws.com/doc/2010-05-08/",
            &f,
            "id-1",
            "",
            "",
            false,
        );
        assert_eq!(r.status(), 403);
        assert_eq!(r.headers()["x-amzn-requestid"], "id-1");
        assert_eq!(
            text(r),
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>AccessDenied</Code><Message>a &lt; b &amp; c</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"
        );
        let f = Fault::internal();
        assert!(
            text(render(Protocol::Query, "n", &f, "", "", "", false))
                .contains("<Type>Receiver</Type>")
        );
    }

    #[test]
    fn s3_faults_have_no_namespace_and_head_has_no_body() {
        let f = Fault::new("NoSuchBucket", 404, "The specified bucket does not exist")
            .with("BucketName", "b");
        let r = render(Protocol::RestXml, "", &f, "R", "H", "", false);
        assert_eq!(r.headers()["x-amz-id-2"], "H");
        assert_eq!(
            text(r),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist\
             </Message><BucketName>b</BucketName><RequestId>R</RequestId><HostId>H</HostId></Error>"
        );
        let r = render(Protocol::RestXml, "", &f, "R", "H", "", true);
        assert!(r.body().is_empty());
        assert_eq!(r.status(), 404);
        assert_eq!(r.headers()["x-amz-request-id"], "R");
    }

    #[test]
    fn json_faults_name_their_type() {
        let f = Fault::new("AccessDeniedException", 400, "no");
        assert_eq!(
            text(render(Protocol::Json11, "", &f, "R", "", "", false)),
            r#"{"Message":"no","__type":"AccessDeniedException"}"#
        );
        let r = render(Protocol::RestJson, "", &f, "R", "", "", false);
        assert_eq!(r.headers()["x-amzn-errortype"], "AccessDeniedException");
    }

    #[test]
    fn cbor_faults_are_a_map_of_texts() {
        let f = Fault::new("NotImplemented", 501, "x".repeat(300)).with("F", "y".repeat(30));
        let r = render(Protocol::RpcV2Cbor, "", &f, "R", "", "", false);
        assert_eq!(r.headers()["smithy-protocol"], "rpc-v2-cbor");
        let body = r.body();
        assert!(body.starts_with(b"\xa3\x66__type\x6eNotImplemented\x67message\x79\x01\x2cxxx"));
        assert!(body.ends_with(&[&b"\x61F\x78\x1e"[..], "y".repeat(30).as_bytes()].concat()));
    }
}
