//! From a REST-XML request to an input, with S3's codes for what is wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;

use crate::body::Body;
use crate::fault::Fault;
use crate::rest::RestRequest;
use crate::shape::{Kind, Member, Place, Shape, Structure, Text, Value};
use crate::time::Millis;
use crate::xml::{self, Element};

/// Reads an operation's input from a request. Elements, headers and parameters that the model does not know are ignored.
///
/// # Errors
/// `MalformedXML`, `MissingRequestBodyError`, `InvalidArgument` and `InvalidRequest` (all 400) in S3's words.
pub fn decode<T: Shape>(mut request: RestRequest) -> Result<T, Fault> {
    let schema = T::schema();
    let body = std::mem::take(&mut request.body);
    let in_body = schema.members.iter().any(|m| m.place == Place::Body);
    let mut elements = if in_body {
        Some(body_element(&body)?)
    } else {
        None
    };
    let mut body = Some(body);
    let mut members = Vec::with_capacity(schema.members.len());
    for member in schema.members {
        let value = match member.place {
            Place::Uri => text_member(member, request.label(member.wire))?,
            Place::Query => query_member(member, &request)?,
            Place::Header => header_member(member, &request.headers)?,
            Place::HeaderPrefix => prefixed_headers(member, &request.headers),
            Place::Payload => payload(member, body.take().unwrap_or_default())?,
            Place::Body => match &mut elements {
                Some(Some(root)) => element_member(member, root)?,
                _ => Value::Absent,
            },
            Place::Status => Value::Absent,
        };
        if member.required && value.is_absent() {
            return Err(missing(member));
        }
        members.push(value);
    }
    Ok(T::from_value_tree(Value::Structure(members)))
}

/// S3's answer to a body that is no XML or not the XML its schema asks for.
fn malformed_xml() -> Fault {
    Fault::new(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn invalid_argument(member: &Member, value: &str, message: impl Into<String>) -> Fault {
    Fault::new("InvalidArgument", 400, message)
        .with("ArgumentName", member.wire)
        .with("ArgumentValue", value)
}

fn missing(member: &Member) -> Fault {
    match member.place {
        Place::Payload => Fault::new("MissingRequestBodyError", 400, "Request Body is empty"),
        Place::Body => malformed_xml(),
        Place::Header => Fault::new(
            "InvalidRequest",
            400,
            format!("Missing required header for this request: {}", member.wire),
        ),
        Place::Uri | Place::Query | Place::HeaderPrefix | Place::Status => Fault::new(
            "InvalidRequest",
            400,
            format!(
                "Missing required parameter for this request: {}",
                member.wire
            ),
        ),
    }
}

fn body_element(body: &Body) -> Result<Option<Element>, Fault> {
    match body {
        Body::Empty => Ok(None),
        Body::Full(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Ok(None),
        Body::Full(bytes) => xml::parse(bytes).map(Some).map_err(|_| malformed_xml()),
        Body::Stream(..) => Err(malformed_xml()),
    }
}

fn payload(member: &Member, body: Body) -> Result<Value, Fault> {
    Ok(match member.kind {
        Kind::Stream => Value::Stream(body),
        Kind::Structure(schema) => match body_element(&body)? {
            // Another root is another document: with every member optional, it would be taken for an empty one.
            Some(root) if root.name != member.wire => return Err(malformed_xml()),
            Some(root) => structure(schema(), &root)?,
            None => Value::Absent,
        },
        kind => match body {
            Body::Empty => Value::Absent,
            Body::Full(bytes) => match kind {
                Kind::Text(_) => {
                    Value::Text(String::from_utf8(bytes.to_vec()).map_err(|_| malformed_xml())?)
                }
                _ => Value::Blob(bytes),
            },
            Body::Stream(..) => Value::Stream(body),
        },
    })
}

fn query_member(member: &Member, request: &RestRequest) -> Result<Value, Fault> {
    match member.kind {
        Kind::List { of, .. } => {
            let mut items = Vec::new();
            for (_, value) in request.query.iter().filter(|(name, _)| name == member.wire) {
                items.push(text_value(member, of, value)?);
            }
            Ok(if items.is_empty() {
                Value::Absent
            } else {
                Value::List(items)
            })
        }
        _ => text_member(member, request.parameter(member.wire)),
    }
}

fn header_member(member: &Member, headers: &HeaderMap) -> Result<Value, Fault> {
    let mut values = headers.get_all(member.wire).iter().map(header_text);
    match member.kind {
        Kind::List { of, .. } => {
            let mut items = Vec::new();
            for value in values {
                for part in value
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                {
                    items.push(text_value(member, of, part)?);
                }
            }
            Ok(if items.is_empty() {
                Value::Absent
            } else {
                Value::List(items)
            })
        }
        // HTTP wants a condition whose date cannot be read to be ignored.
        Kind::Time(_) if member.wire.to_ascii_lowercase().contains("if-") => Ok(values
            .next()
            .and_then(|text| Millis::parse(&text))
            .map_or(Value::Absent, Value::Time)),
        _ => text_member(member, values.next().as_deref()),
    }
}

/// A header's value: UTF-8 where it is, else Latin-1, as HTTP had it.
fn header_text(value: &http::HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|b| char::from(*b)).collect(),
    }
}

/// The headers with the member's prefix. A header sent twice is joined by a comma, as S3 does with metadata.
fn prefixed_headers(member: &Member, headers: &HeaderMap) -> Value {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for name in headers.keys() {
        let Some(short) = name.as_str().strip_prefix(member.wire) else {
            continue;
        };
        let joined: Vec<String> = headers.get_all(name).iter().map(header_text).collect();
        entries.push((short.to_owned(), Value::Text(joined.join(","))));
    }
    if entries.is_empty() {
        Value::Absent
    } else {
        Value::Map(entries)
    }
}

fn text_member(member: &Member, text: Option<&str>) -> Result<Value, Fault> {
    text.map_or(Ok(Value::Absent), |text| {
        text_value(member, member.kind, text)
    })
}

/// A value outside the body.
fn text_value(member: &Member, kind: &Kind, text: &str) -> Result<Value, Fault> {
    let value = match kind {
        Kind::Text(rules) => {
            check_text(member, rules, text)?;
            Some(Value::Text(text.to_owned()))
        }
        Kind::Integer(..) | Kind::Long(..) if member.place == Place::Query => {
            return integer_parameter(member, matches!(kind, Kind::Integer(..)), text);
        }
        scalar => scalar_value(scalar, text),
    };
    value.ok_or_else(|| {
        invalid_argument(member, text, format!("Invalid value for {}.", member.wire))
    })
}

fn check_text(member: &Member, rules: &Text, text: &str) -> Result<(), Fault> {
    let known = rules.values.is_empty() || rules.values.contains(&text);
    if known {
        return Ok(());
    }
    Err(match member.wire {
        "encoding-type" => {
            invalid_argument(member, text, "Invalid Encoding Method specified in Request")
        }
        "x-amz-storage-class" => Fault::new(
            "InvalidStorageClass",
            400,
            "The storage class you specified is not valid",
        )
        .with("StorageClassRequested", text),
        "x-amz-server-side-encryption" => invalid_argument(
            member,
            text,
            "The encryption method specified is not supported",
        ),
        "x-amz-metadata-directive" | "x-amz-tagging-directive" => invalid_argument(
            member,
            text,
            format!("Unknown {} directive.", directive(member.wire)),
        ),
        _ => invalid_argument(member, text, ""),
    })
}

fn directive(header: &str) -> &'static str {
    if header.contains("tagging") {
        "tagging"
    } else {
        "metadata"
    }
}

fn integer_parameter(member: &Member, is_small: bool, text: &str) -> Result<Value, Fault> {
    let message = format!(
        "Provided {} not an integer or within integer range",
        member.wire
    );
    let n: i64 = text
        .parse()
        .map_err(|_| invalid_argument(member, text, message.as_str()))?;
    if is_small && i32::try_from(n).is_err() {
        return Err(invalid_argument(member, text, message));
    }
    if member.wire == "partNumber" && !(1..=10_000).contains(&n) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(invalid_argument(member, text, message));
    }
    if n < 0 {
        let message = format!(
            "Argument {} must be an integer between 0 and 2147483647",
            camel(member.wire)
        );
        return Err(invalid_argument(member, text, message));
    }
    Ok(Value::Integer(n))
}

/// `max-keys` as S3 calls it in a sentence: `maxKeys`.
fn camel(wire: &str) -> String {
    let mut upper = false;
    let mut out = String::new();
    for c in wire.chars() {
        match c {
            '-' => upper = true,
            c if std::mem::take(&mut upper) => out.push(c.to_ascii_uppercase()),
            c => out.push(c),
        }
    }
    out
}

fn scalar_value(kind: &Kind, text: &str) -> Option<Value> {
    let text = text.trim();
    match kind {
        Kind::Integer(..) => text.parse::<i32>().ok().map(|n| Value::Integer(n.into())),
        Kind::Long(..) => text.parse().ok().map(Value::Integer),
        Kind::Double => text.parse().ok().map(Value::Double),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Boolean(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Boolean(false)),
        Kind::Time(_) => Millis::parse(text).map(Value::Time),
        Kind::Blob => STANDARD
            .decode(text)
            .ok()
            .map(|bytes| Value::Blob(Bytes::from(bytes))),
        _ => None,
    }
}

fn structure(schema: &Structure, element: &Element) -> Result<Value, Fault> {
    let mut members = Vec::with_capacity(schema.members.len());
    for member in schema.members {
        let value = element_member(member, element)?;
        if member.required && value.is_absent() {
            return Err(malformed_xml());
        }
        members.push(value);
    }
    Ok(Value::Structure(members))
}

fn element_member(member: &Member, parent: &Element) -> Result<Value, Fault> {
    if member.attribute {
        return match parent.attribute(member.wire) {
            Some(text) => element_value(
                member.kind,
                &Element {
                    text: text.to_owned(),
                    ..Element::default()
                },
            ),
            None => Ok(Value::Absent),
        };
    }
    match member.kind {
        Kind::List { of, .. } if member.is_flattened() => {
            let mut items = Vec::new();
            for child in parent.children.iter().filter(|c| c.name == member.wire) {
                items.push(element_value(of, child)?);
            }
            Ok(if items.is_empty() {
                Value::Absent
            } else {
                Value::List(items)
            })
        }
        kind => {
            let mut found = parent.children.iter().filter(|c| c.name == member.wire);
            match (found.next(), found.next()) {
                (None, _) => Ok(Value::Absent),
                (Some(child), None) => element_value(kind, child),
                (Some(_), Some(_)) => Err(malformed_xml()),
            }
        }
    }
}

fn element_value(kind: &Kind, element: &Element) -> Result<Value, Fault> {
    match kind {
        Kind::Structure(schema) => structure(schema(), element),
        Kind::List { of, item, .. } => {
            let name = item.unwrap_or("member");
            let mut items = Vec::new();
            for child in element.children.iter().filter(|c| c.name == name) {
                items.push(element_value(of, child)?);
            }
            Ok(Value::List(items))
        }
        Kind::Map { of, .. } => {
            let mut entries = Vec::new();
            for entry in element.children.iter().filter(|c| c.name == "entry") {
                let (Some(key), Some(held)) = (entry.child("key"), entry.child("value")) else {
                    return Err(malformed_xml());
                };
                entries.push((key.text.clone(), element_value(of, held)?));
            }
            Ok(Value::Map(entries))
        }
        // An enumeration is trimmed, since people lay such documents out by hand; other text counts as it stands.
        Kind::Text(rules) if !rules.values.is_empty() => {
            let text = element.text.trim();
            if rules.values.contains(&text) {
                Ok(Value::Text(text.to_owned()))
            } else {
                Err(malformed_xml())
            }
        }
        Kind::Text(_) => Ok(Value::Text(element.text.clone())),
        scalar => scalar_value(scalar, &element.text).ok_or_else(malformed_xml),
    }
}
