//! From an output to a REST-XML answer: headers, and an XML or raw body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::body::Body;
use crate::rest::OperationShape;
use crate::shape::{Kind, Member, Place, Shape, Structure, TimeFormat, Value};
use crate::xml::Writer;

/// Writes an operation's answer with the status of its model. Request ids and other headers of the door are added there.
pub fn answer<T: Shape>(operation: &OperationShape, output: T) -> Response<Body> {
    let schema = T::schema();
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    let in_body = schema.members.iter().any(|m| m.place == Place::Body);
    let mut held: Vec<(&'static Member, Value)> = Vec::new();
    for (member, value) in schema.members.iter().zip(output.into_members()) {
        match member.place {
            Place::Header => {
                // The model does not say that a part of an object is answered with another status.
                if member.wire == "content-range" && !value.is_absent() {
                    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                }
                header(response.headers_mut(), member.wire, member.kind, value);
            }
            Place::HeaderPrefix => prefixed(response.headers_mut(), member.wire, value),
            Place::Status => {
                if let Value::Integer(n) = value
                    && let Ok(status) = StatusCode::from_u16(u16::try_from(n).unwrap_or_default())
                {
                    *response.status_mut() = status;
                }
            }
            Place::Payload => payload(&mut response, schema, member, value),
            Place::Body => held.push((member, value)),
            Place::Uri | Place::Query => {}
        }
    }
    if in_body {
        let mut w = Writer::with_declaration();
        if schema.unwrapped {
            unwrapped(&mut w, schema, held);
        } else {
            open_root(&mut w, schema.root, schema.namespace);
            for (member, value) in held {
                write_member(&mut w, member, value);
            }
            w.close(schema.root);
        }
        set_xml(&mut response, w);
    }
    response
}

fn open_root(w: &mut Writer, root: &str, namespace: &str) {
    if namespace.is_empty() {
        w.open(root)
    } else {
        w.open_in(root, namespace)
    }
}

/// The single member is the root: its text, or nothing.
fn unwrapped(w: &mut Writer, schema: &Structure, held: Vec<(&'static Member, Value)>) {
    open_root(w, schema.root, schema.namespace);
    for (_, value) in held {
        w.characters(&scalar_text(value, None));
    }
    w.close(schema.root);
}

fn set_xml(response: &mut Response<Body>, w: Writer) {
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    *response.body_mut() = Body::from(w.finish());
}

fn payload(response: &mut Response<Body>, schema: &Structure, member: &Member, value: Value) {
    match (member.kind, value) {
        (_, Value::Absent) => {}
        (Kind::Structure(of), Value::Structure(members)) => {
            let mut w = Writer::with_declaration();
            open_root(&mut w, member.wire, schema.namespace);
            for (inner, value) in of().members.iter().zip(members) {
                write_member(&mut w, inner, value);
            }
            w.close(member.wire);
            set_xml(response, w);
        }
        (_, Value::Stream(body)) => *response.body_mut() = body,
        (_, Value::Blob(bytes)) => *response.body_mut() = bytes.into(),
        (_, Value::Text(text)) => {
            // The only text that is a body is a bucket policy.
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = Bytes::from(text).into();
        }
        _ => {}
    }
}

fn header(headers: &mut HeaderMap, name: &'static str, kind: &Kind, value: Value) {
    let text = match value {
        Value::Absent => return,
        Value::List(items) if items.is_empty() => return,
        Value::Time(at) => match kind {
            Kind::Time(Some(TimeFormat::Iso8601)) => at.iso_s3(),
            Kind::Time(Some(TimeFormat::Epoch)) => at.seconds().to_string(),
            _ => at.http_date(),
        },
        Value::List(items) => items
            .into_iter()
            .map(|item| scalar_text(item, None))
            .collect::<Vec<_>>()
            .join(","),
        scalar => scalar_text(scalar, None),
    };
    set(headers, name, &text);
}

/// A text beyond ASCII is written as an RFC 2047 word, as S3 does with metadata.
fn prefixed(headers: &mut HeaderMap, prefix: &str, value: Value) {
    let Value::Map(entries) = value else { return };
    for (key, value) in entries {
        if let Value::Text(text) = value {
            let name = format!("{prefix}{key}");
            if text.is_ascii() {
                set(headers, &name, &text);
            } else {
                set(
                    headers,
                    &name,
                    &format!("=?UTF-8?B?{}?=", STANDARD.encode(text)),
                );
            }
        }
    }
}

/// What is no legal header is left out: it came in as a header or was checked when it was stored.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
        headers.insert(name, value);
    }
}

fn write_structure(
    w: &mut Writer,
    member: Option<&Member>,
    name: &str,
    schema: &Structure,
    members: Vec<Value>,
) {
    let mut attributes: Vec<(String, String)> = Vec::new();
    if let Some((prefix, uri)) = member.and_then(|m| m.namespace) {
        attributes.push((
            if prefix.is_empty() {
                "xmlns".to_owned()
            } else {
                format!("xmlns:{prefix}")
            },
            uri.to_owned(),
        ));
    }
    let mut children = Vec::new();
    for (inner, value) in schema.members.iter().zip(members) {
        if inner.attribute {
            if !value.is_absent() {
                attributes.push((inner.wire.to_owned(), scalar_text(value, None)));
            }
        } else {
            children.push((inner, value));
        }
    }
    let attributes: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    w.open_with(name, &attributes);
    for (inner, value) in children {
        write_member(w, inner, value);
    }
    w.close(name);
}

fn write_member(w: &mut Writer, member: &Member, value: Value) {
    match (member.kind, value) {
        (Kind::List { of, .. }, Value::List(items)) if member.is_flattened() => {
            for item in items {
                write_value(w, None, member.wire, of, item);
            }
        }
        (kind, value) => write_value(w, Some(member), member.wire, kind, value),
    }
}

fn write_value(w: &mut Writer, member: Option<&Member>, name: &str, kind: &Kind, value: Value) {
    match (kind, value) {
        (_, Value::Absent) => {}
        (Kind::Structure(schema), Value::Structure(members)) => {
            write_structure(w, member, name, schema(), members)
        }
        (Kind::List { .. }, Value::List(items)) if items.is_empty() => w.empty(name),
        (Kind::List { of, item, .. }, Value::List(items)) => {
            w.open(name);
            for one in items {
                write_value(w, None, item.unwrap_or("member"), of, one);
            }
            w.close(name);
        }
        (Kind::Map { of, .. }, Value::Map(entries)) => {
            w.open(name);
            for (key, one) in entries {
                w.open("entry");
                w.text("key", &key);
                write_value(w, None, "value", of, one);
                w.close("entry");
            }
            w.close(name);
        }
        (Kind::Time(format), scalar) => w.text(name, &scalar_text(scalar, *format)),
        (_, scalar) => w.text(name, &scalar_text(scalar, None)),
    }
}

fn scalar_text(value: Value, format: Option<TimeFormat>) -> String {
    match value {
        Value::Text(text) => text,
        Value::Integer(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Time(at) => match format {
            None | Some(TimeFormat::Iso8601) => at.iso_s3(),
            Some(TimeFormat::Http) => at.http_date(),
            Some(TimeFormat::Epoch) => at.seconds().to_string(),
        },
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Absent | Value::Stream(_) | Value::List(_) | Value::Map(_) | Value::Structure(_) => {
            String::new()
        }
    }
}
