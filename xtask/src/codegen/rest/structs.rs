//! Structs and the kinds of their members.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::model::{Kind, Model, Reference, Shape};
use super::super::names;
use super::Service;

/// Which side of an operation a struct is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
    Nested,
}

/// The kinds and nested structs that were needed so far, by name, so that the files come out sorted.
#[derive(Default)]
pub(super) struct Needed {
    kinds: BTreeMap<String, String>,
    structs: BTreeMap<String, String>,
}

impl Needed {
    /// The file of the nested structs.
    pub(super) fn types(&self, head: &str) -> String {
        let all: Vec<&str> = self.structs.values().map(String::as_str).collect();
        format!("{head}{}", all.join("\n"))
    }

    /// The file of the kinds.
    pub(super) fn kinds(&self, head: &str) -> String {
        let mut out = head.to_owned();
        for (name, kind) in &self.kinds {
            let _ = writeln!(out, "pub(super) static {name}: Kind = {kind};");
        }
        out
    }
}

/// Writes one struct, and has what it needs written.
pub(super) fn structure(
    service: &Service,
    model: &Model,
    needed: &mut Needed,
    side: Side,
    (type_name, operation): (&str, &str),
    shape: Option<(&str, &Shape)>,
) -> Result<String, String> {
    let mut out = String::new();
    let empty = Shape::empty();
    let (shape_name, shape) = shape.unwrap_or((type_name, &empty));
    let doc = match side {
        Side::Input => format!("What `{operation}` takes."),
        Side::Output => format!("What `{operation}` answers."),
        Side::Nested => format!("`{shape_name}` of the model."),
    };
    let _ = writeln!(out, "shape! {{\n    /// {doc}");
    let members: Vec<(&str, &Reference)> = shape
        .members
        .iter()
        .filter(|(_, member)| !is_event_stream(model, member))
        .collect();
    let mut streams = false;
    for (_, member) in &members {
        streams |= is_stream(model, member)?;
    }
    match (streams, side) {
        (true, _) => {}
        (false, Side::Nested) => out.push_str("    #[derive(Clone, PartialEq)]\n"),
        (false, _) => out.push_str("    #[derive(Clone)]\n"),
    }
    let mut table = format!("Structure::new({shape_name:?})");
    if side == Side::Output {
        let root = service.root(operation);
        let _ = write!(table, ".root({root:?}, NAMESPACE)");
        if service.unwrapped.contains(&operation) {
            table.push_str(".unwrapped()");
        }
    } else if side == Side::Input {
        let reference = model
            .operations
            .get(operation)
            .and_then(|o| o.input.as_ref());
        if let Some(root) = reference.and_then(|r| r.location_name.as_deref()) {
            let _ = write!(table, ".root({root:?}, NAMESPACE)");
        }
    }
    let _ = writeln!(out, "    pub struct {type_name} = {table} {{");
    for (name, member) in members {
        let payload = side != Side::Nested && shape.payload.as_deref() == Some(name);
        field(
            service, model, needed, side, shape, name, member, payload, &mut out,
        )?;
    }
    out.push_str("    }\n}\n");
    Ok(out)
}

#[allow(
    clippy::too_many_arguments,
    reason = "one call site; a struct of them would say no more"
)]
fn field(
    service: &Service,
    model: &Model,
    needed: &mut Needed,
    side: Side,
    shape: &Shape,
    name: &str,
    member: &Reference,
    payload: bool,
    out: &mut String,
) -> Result<(), String> {
    let target = model.shape(&member.shape)?;
    let required = shape.is_required(name);
    let stream = is_stream(model, member)?;
    let kind = if stream {
        needed.add("STREAM", "Kind::Stream".to_owned())
    } else {
        kind_of(service, model, needed, member)?
    };
    let flattened = member.flattened || target.flattened;
    let plain = rust_type(model, member)?;
    let list = target.kind == Kind::List;
    let bare = required
        || stream
        || target.kind == Kind::Map
        || (list && side != Side::Input && flattened)
        || (list && side == Side::Output && !service.optional_lists.contains(&name));
    let rust = match (stream, bare) {
        (true, _) => "Body".to_owned(),
        (false, true) => plain,
        (false, false) => format!("Option<{plain}>"),
    };
    let location = if side == Side::Nested {
        None
    } else {
        member.location.as_deref()
    };
    let wire = member.location_name.as_deref();
    let mut table = format!("m({name:?}, &{kind})");
    let place = match location {
        Some("uri") => {
            let _ = write!(table, ".uri({:?})", wire.unwrap_or(name));
            "Part of the path.".to_owned()
        }
        Some("querystring") => {
            let wire = wire.unwrap_or(name);
            let _ = write!(table, ".query({wire:?})");
            format!("Query parameter `{wire}`.")
        }
        Some("header") => {
            let wire = wire.unwrap_or(name).to_ascii_lowercase();
            let _ = write!(table, ".header({wire:?})");
            format!("Header `{wire}`.")
        }
        Some("headers") => {
            let wire = wire.unwrap_or(name).to_ascii_lowercase();
            let _ = write!(table, ".header_prefix({wire:?})");
            format!("Headers `{wire}*`, by their names without that.")
        }
        Some("statusCode") => {
            table.push_str(".status()");
            "HTTP status.".to_owned()
        }
        Some(other) => return Err(format!("{name}: unknown location {other}")),
        None if payload => {
            let root = wire.unwrap_or(if target.kind == Kind::Structure {
                &member.shape
            } else {
                name
            });
            let _ = write!(table, ".wire({root:?}).payload()");
            "The body.".to_owned()
        }
        None => {
            // The items of a flattened list bear the name that the list gives them, if it gives one.
            let item = target
                .member
                .as_ref()
                .and_then(|m| m.location_name.as_deref());
            let wire = item.filter(|_| flattened).or(wire).unwrap_or(name);
            if wire != name {
                let _ = write!(table, ".wire({wire:?})");
            }
            if member.xml_attribute {
                table.push_str(".attribute()");
                format!("Attribute `{wire}`.")
            } else {
                format!("Element `{wire}`.")
            }
        }
    };
    if member.flattened {
        table.push_str(".flattened()");
    }
    if required {
        table.push_str(".required()");
    }
    let namespace = member
        .xml_namespace
        .as_ref()
        .or(target.xml_namespace.as_ref());
    if let Some(namespace) = namespace
        && let Some(prefix) = &namespace.prefix
    {
        let _ = write!(table, ".namespace({prefix:?}, {:?})", namespace.uri);
    }
    let words = if service.open_enums.contains(&member.shape.as_str()) {
        String::new()
    } else {
        words(target)
    };
    let _ = writeln!(
        out,
        "        /// {place}{words}\n        {}: {rust} = {table},",
        names::field(name)
    );
    Ok(())
}

fn words(shape: &Shape) -> String {
    let quoted: Vec<String> = shape
        .choices
        .iter()
        .map(|word| format!("`{word}`"))
        .collect();
    match quoted.len() {
        0 => String::new(),
        1..=8 => format!(" One of {}.", quoted.join(", ")),
        n => format!(" One of {n} words of the model."),
    }
}

fn is_event_stream(model: &Model, member: &Reference) -> bool {
    model
        .shapes
        .get(&member.shape)
        .is_some_and(|shape| shape.eventstream)
}

fn is_stream(model: &Model, member: &Reference) -> Result<bool, String> {
    Ok(member.streaming || model.shape(&member.shape)?.streaming)
}

impl Needed {
    fn add(&mut self, name: &str, kind: String) -> String {
        self.kinds.entry(name.to_owned()).or_insert(kind);
        name.to_owned()
    }
}

/// The name of the static that tells a use's kind.
fn kind_of(
    service: &Service,
    model: &Model,
    needed: &mut Needed,
    reference: &Reference,
) -> Result<String, String> {
    let shape = model.shape(&reference.shape)?;
    let own = names::snake(&reference.shape).to_ascii_uppercase();
    Ok(match shape.kind {
        Kind::String | Kind::Character => {
            let mut kind = "Kind::Text(Text::any()".to_owned();
            let open = service.open_enums.contains(&reference.shape.as_str());
            let enumerated = !shape.choices.is_empty() && !open;
            if enumerated {
                let _ = write!(kind, ".one_of(&{:?})", shape.choices);
            }
            if shape.sensitive {
                kind.push_str(".sensitive()");
            }
            kind.push(')');
            match (enumerated, shape.sensitive) {
                (false, false) => needed.add("TEXT", kind),
                (false, true) => needed.add("SECRET", kind),
                (true, _) => needed.add(&format!("WORD_{own}"), kind),
            }
        }
        Kind::Integer | Kind::Short | Kind::Byte => needed.add(
            "INTEGER",
            "Kind::Integer(i32::MIN as i64, i32::MAX as i64)".to_owned(),
        ),
        Kind::Long | Kind::Biginteger => {
            needed.add("LONG", "Kind::Long(i64::MIN, i64::MAX)".to_owned())
        }
        Kind::Float | Kind::Double | Kind::Bigdecimal => {
            needed.add("DOUBLE", "Kind::Double".to_owned())
        }
        Kind::Boolean => needed.add("BOOLEAN", "Kind::Boolean".to_owned()),
        Kind::Blob => needed.add("BLOB", "Kind::Blob".to_owned()),
        Kind::Timestamp => {
            let format = reference.timestamp_format.as_deref();
            match format.or(shape.timestamp_format.as_deref()) {
                None => needed.add("TIME", "Kind::Time(None)".to_owned()),
                Some("iso8601") => needed.add(
                    "TIME_ISO",
                    "Kind::Time(Some(TimeFormat::Iso8601))".to_owned(),
                ),
                Some("rfc822") => {
                    needed.add("TIME_HTTP", "Kind::Time(Some(TimeFormat::Http))".to_owned())
                }
                Some("unixTimestamp") => needed.add(
                    "TIME_EPOCH",
                    "Kind::Time(Some(TimeFormat::Epoch))".to_owned(),
                ),
                Some(other) => return Err(format!("unknown timestamp format {other}")),
            }
        }
        Kind::List => {
            let member = shape.member.as_ref().ok_or("a list without member")?;
            let of = kind_of(service, model, needed, member)?;
            let item = member.location_name.as_deref();
            let kind = format!(
                "Kind::List {{ of: &{of}, item: {item:?}, flattened: {}, length: (0, u32::MAX) }}",
                shape.flattened
            );
            needed.add(&format!("LIST_{own}"), kind)
        }
        Kind::Map => {
            let value = shape.value.as_ref().ok_or("a map without value")?;
            let of = kind_of(service, model, needed, value)?;
            needed.add("TEXT", "Kind::Text(Text::any())".to_owned());
            let kind = format!("Kind::Map {{ key: &TEXT, of: &{of}, length: (0, u32::MAX) }}");
            needed.add(&format!("MAP_{own}"), kind)
        }
        Kind::Structure => {
            let name = names::type_name(&reference.shape);
            if !needed.structs.contains_key(&name) {
                needed.structs.insert(name.clone(), String::new());
                let key = (name.as_str(), "");
                let found = Some((reference.shape.as_str(), shape));
                let text = structure(service, model, needed, Side::Nested, key, found)?;
                needed.structs.insert(name.clone(), text);
            }
            let kind = format!("Kind::Structure(<super::types::{name} as Shape>::schema)");
            needed.add(&format!("STRUCT_{own}"), kind)
        }
    })
}

fn rust_type(model: &Model, reference: &Reference) -> Result<String, String> {
    let shape = model.shape(&reference.shape)?;
    Ok(match shape.kind {
        Kind::String | Kind::Character => "String".to_owned(),
        Kind::Integer | Kind::Short | Kind::Byte => "i32".to_owned(),
        Kind::Long | Kind::Biginteger => "i64".to_owned(),
        Kind::Float | Kind::Double | Kind::Bigdecimal => "f64".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Timestamp => "Millis".to_owned(),
        Kind::Blob => "Bytes".to_owned(),
        Kind::Structure => names::type_name(&reference.shape),
        Kind::List => {
            let member = shape.member.as_ref().ok_or("a list without member")?;
            format!("Vec<{}>", rust_type(model, member)?)
        }
        Kind::Map => {
            let value = shape.value.as_ref().ok_or("a map without value")?;
            format!("Vec<(String, {})>", rust_type(model, value)?)
        }
    })
}
