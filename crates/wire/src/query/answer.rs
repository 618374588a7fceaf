//! From an output to XML: `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::shape::{Kind, Member, Shape, Structure, Value};
use crate::xml::Writer;

/// Everything but RFC 3986's unreserved characters.
const DOCUMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A policy document as IAM's query answers carry it: percent-encoded by RFC 3986, a space as `%20`.
pub fn encode_document(text: &str) -> String {
    utf8_percent_encode(text, DOCUMENT).to_string()
}

/// Writes an operation's answer. An operation whose model has no output has no `Result` element.
pub fn answer<T: Shape>(action: &str, namespace: &str, output: T, request_id: &str) -> Bytes {
    let schema = T::schema();
    let response = format!("{action}Response");
    let mut w = Writer::new();
    w.open_in(&response, namespace);
    if !schema.name.is_empty() {
        let result = format!("{action}Result");
        w.open(&result);
        structure(&mut w, schema, output.into_members());
        w.close(&result);
    }
    w.open("ResponseMetadata");
    w.text("RequestId", request_id);
    w.close("ResponseMetadata");
    w.close(&response);
    w.finish().into()
}

fn structure(w: &mut Writer, schema: &Structure, members: Vec<Value>) {
    for (member, value) in schema.members.iter().zip(members) {
        write_member(w, member, value);
    }
}

fn write_member(w: &mut Writer, member: &Member, held: Value) {
    match (member.kind, held) {
        (Kind::List { of, .. }, Value::List(items)) if member.is_flattened() => {
            for item in items {
                value(w, member.wire, of, item);
            }
        }
        (kind, held) => value(w, member.wire, kind, held),
    }
}

fn value(w: &mut Writer, name: &str, kind: &Kind, held: Value) {
    match (kind, held) {
        (_, Value::Absent) => {}
        (Kind::Structure(schema), Value::Structure(members)) => {
            w.open(name);
            structure(w, schema(), members);
            w.close(name);
        }
        (Kind::List { .. }, Value::List(items)) if items.is_empty() => w.empty(name),
        (Kind::List { of, item, .. }, Value::List(items)) => {
            w.open(name);
            for one in items {
                value(w, item.unwrap_or("member"), of, one);
            }
            w.close(name);
        }
        (Kind::Map { of, .. }, Value::Map(entries)) => {
            w.open(name);
            for (key, one) in entries {
                w.open("entry");
                w.text("key", &key);
                value(w, "value", of, one);
                w.close("entry");
            }
            w.close(name);
        }
        (_, scalar) => w.text(name, &scalar_text(scalar)),
    }
}

fn scalar_text(held: Value) -> String {
    match held {
        Value::Text(text) => text,
        Value::Integer(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Time(at) => at.iso(),
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Absent | Value::Stream(_) | Value::List(_) | Value::Map(_) | Value::Structure(_) => {
            String::new()
        }
    }
}
