//! The structs of a service whose messages are one document: the query protocol's and JSON's.
//!
//! Every operation gives `XxxInput` and `XxxOutput`; the structures inside keep the model's names. Each is written with
//! `twinlock_wire::shape!`, beside the table that the protocols read; what AWS demands of a value is a static of `kinds`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::model::{Kind, Model, Operation, Reference, Shape};
use super::rust::{Files, literal};
use super::{names, patterns};

/// Texts of policies. Their pattern is only an alphabet, which `twinlock_policy::write_rules` checks as well: it can say where
/// the typographic quote stands that somebody pasted, so the pattern must not refuse the document before.
const POLICY_DOCUMENTS: [&str; 3] = [
    "POLICY_DOCUMENT_TYPE",
    "SESSION_POLICY_DOCUMENT_TYPE",
    "UNRESTRICTED_SESSION_POLICY_DOCUMENT_TYPE",
];

/// Lists inside an answer that AWS leaves out when they are empty. All others are there, if need be empty: a client may
/// read them without asking whether they are.
const ABSENT_WHEN_EMPTY: &[&str] = &[
    "Tags",
    "UserPolicyList",
    "PolicyVersionList",
    "ResourceSpecificResults",
];

/// Writes the module `name` of one service.
pub(super) fn service(
    files: &mut Files,
    name: &str,
    title: &str,
    model: &Model,
) -> Result<(), String> {
    let mut writer = Writer::new(model)?;
    let mut letters: BTreeMap<String, String> = BTreeMap::new();
    for (_, operation) in model.operations.iter() {
        let letter = operation.name.chars().take(1).collect::<String>();
        let text = letters.entry(letter.to_ascii_lowercase()).or_default();
        writer.operation(operation, text)?;
    }
    let folder = format!("crates/shapes/src/{name}");
    for (letter, text) in &letters {
        let upper = letter.to_ascii_uppercase();
        let head = format!(
            "//! Inputs and outputs of {title}'s operations in {upper}.\n\n{}",
            uses(text, &writer.own_imports(text))
        );
        files.rust(
            format!("{folder}/operations_{letter}.rs"),
            &format!("{head}\n{text}"),
        )?;
    }
    let types: String = writer.types.values().cloned().collect();
    let head = format!(
        "//! Structures inside {title}'s inputs and outputs.\n\n{}",
        uses(&types, "kinds as k")
    );
    files.rust(format!("{folder}/types.rs"), &format!("{head}\n{types}"))?;
    files.rust(format!("{folder}/kinds.rs"), &writer.kinds_file(title))?;
    files.rust(
        format!("{folder}/mod.rs"),
        &module(title, model, letters.keys()),
    )
}

/// The imports that a text needs.
fn uses(text: &str, own: &str) -> String {
    let mut out = String::new();
    if text.contains("Bytes") {
        out.push_str("use bytes::Bytes;\n");
    }
    out.push_str("use twinlock_wire::shape;\nuse twinlock_wire::shape::{Structure");
    if text.contains("= m(") {
        out.push_str(", m");
    }
    out.push_str("};\n");
    if text.contains("Millis") {
        out.push_str("use twinlock_wire::time::Millis;\n");
    }
    let _ = writeln!(out, "\nuse super::{{{own}}};");
    out
}

/// Whether a text names a type as that of a field.
fn names_type(text: &str, name: &str) -> bool {
    [
        format!(": {name} ="),
        format!("<{name}>"),
        format!(" {name})>"),
    ]
    .iter()
    .any(|form| text.contains(form))
}

fn module<'a>(title: &str, model: &Model, letters: impl Iterator<Item = &'a String>) -> String {
    let letters: Vec<&String> = letters.collect();
    let mut out = format!(
        "//! {title}, API version {}.\n\nmod kinds;\n",
        model.metadata.api_version
    );
    for letter in &letters {
        let _ = writeln!(out, "mod operations_{letter};");
    }
    out.push_str("mod types;\n\n");
    for letter in &letters {
        let _ = writeln!(out, "pub use operations_{letter}::*;");
    }
    out.push_str("pub use types::*;\n\n");
    if let Some(namespace) = &model.metadata.xml_namespace {
        let uri = &namespace.uri;
        let _ = writeln!(
            out,
            "/// Namespace of answers.\npub const NAMESPACE: &str = {uri:?};\n"
        );
    }
    let version = &model.metadata.api_version;
    let _ = writeln!(
        out,
        "/// The API's version.\npub const VERSION: &str = {version:?};\n"
    );
    let mut names: Vec<&str> = model.operations.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let unsigned: Vec<&str> = model
        .operations
        .iter()
        .filter(|(_, operation)| operation.authtype.as_deref() == Some("none"))
        .map(|(name, _)| name)
        .collect();
    let _ = writeln!(
        out,
        "/// Every operation, sorted.\npub static OPERATIONS: &[&str] = &{names:?};\n\n\
         /// The operations that are called without a signature.\npub static UNSIGNED: &[&str] = &{unsigned:?};\n\n\
         /// Whether AWS has an operation of that name here.\npub fn has_operation(name: &str) -> bool {{\n\
         OPERATIONS.binary_search(&name).is_ok()\n}}\n"
    );
    out.push_str(
        "/// Error codes and their HTTP statuses, sorted.\npub static ERRORS: &[(&str, u16)] = &[",
    );
    let mut errors: BTreeMap<&str, u16> = BTreeMap::new();
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| shape.exception) {
        let given = shape.error.as_ref();
        let code = given.map_or("", |error| error.code.as_str());
        let status = given.map_or(0, |error| error.http_status_code);
        let code = if code.is_empty() { name } else { code };
        errors.insert(code, if status == 0 { 400 } else { status });
    }
    for (code, status) in errors {
        let _ = write!(out, "({code:?}, {status}),");
    }
    out.push_str("];\n");
    out
}

/// Which side of an operation a structure is on: it tells how optional lists are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
    /// Inside an answer, and perhaps a request.
    Inside,
}

struct Writer<'a> {
    model: &'a Model,
    /// Structures that no answer holds.
    asked_only: BTreeSet<&'a str>,
    types: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
    /// By AWS's text, the static's name.
    patterns: BTreeMap<String, String>,
}

impl<'a> Writer<'a> {
    fn new(model: &'a Model) -> Result<Self, String> {
        let operations = || model.operations.iter().map(|(_, operation)| operation);
        let asked = reachable(
            model,
            operations().filter_map(|operation| operation.input.as_ref()),
        )?;
        let answered = reachable(
            model,
            operations().filter_map(|operation| operation.output.as_ref()),
        )?;
        Ok(Writer {
            model,
            asked_only: asked.difference(&answered).copied().collect(),
            types: BTreeMap::new(),
            kinds: BTreeMap::new(),
            patterns: BTreeMap::new(),
        })
    }

    /// What a file of operations takes from its neighbours.
    fn own_imports(&self, text: &str) -> String {
        let mut own = Vec::new();
        if text.contains("k::") {
            own.push("kinds as k");
        }
        if self.types.keys().any(|name| names_type(text, name)) {
            own.push("types::*");
        }
        own.join(", ")
    }

    fn operation(&mut self, operation: &Operation, out: &mut String) -> Result<(), String> {
        let name = &operation.name;
        if let Some(wrapper) = operation
            .output
            .as_ref()
            .and_then(|output| output.result_wrapper.as_ref())
            && *wrapper != format!("{name}Result")
        {
            return Err(format!("{name}: unexpected result wrapper {wrapper}"));
        }
        let input = operation.input.as_ref().map(|input| input.shape.as_str());
        let output = operation
            .output
            .as_ref()
            .map(|output| output.shape.as_str());
        let asks = format!("What `{name}` takes.");
        let answers = format!("What `{name}` answers.");
        out.push_str(&self.structure(&names::input(name), &asks, input, Side::Input)?);
        out.push_str(&self.structure(&names::output(name), &answers, output, Side::Output)?);
        Ok(())
    }

    /// One struct; without a shape it has no members and no name, which tells the query protocol to write no result.
    fn structure(
        &mut self,
        type_name: &str,
        doc: &str,
        shape_name: Option<&str>,
        side: Side,
    ) -> Result<String, String> {
        let mut out = format!("shape! {{\n    /// {doc}\n    #[derive(Clone, PartialEq)]\n");
        let table = shape_name.unwrap_or("");
        let _ = writeln!(
            out,
            "    pub struct {type_name} = Structure::new({table:?}) {{"
        );
        if let Some(shape_name) = shape_name {
            let shape = self.model.shape(shape_name)?;
            for (name, member) in shape.members.iter() {
                self.field(name, member, shape.is_required(name), side, &mut out)?;
            }
        }
        out.push_str("    }\n}\n\n");
        Ok(out)
    }

    fn field(
        &mut self,
        name: &str,
        member: &Reference,
        required: bool,
        side: Side,
        out: &mut String,
    ) -> Result<(), String> {
        if member.location.is_some() || member.streaming {
            return Err(format!("{name}: only REST protocols have locations"));
        }
        let target = self.model.shape(&member.shape)?;
        let kind = self.kind(member)?;
        let plain = self.rust_type(member)?;
        let collection = matches!(target.kind, Kind::List | Kind::Map);
        let always = collection
            && match side {
                Side::Input => false,
                Side::Output => true,
                Side::Inside => !ABSENT_WHEN_EMPTY.contains(&name),
            };
        let rust = if required || always {
            plain
        } else {
            format!("Option<{plain}>")
        };
        let mut table = format!("m({name:?}, &k::{kind})");
        if let Some(wire) = member.location_name.as_ref().filter(|wire| *wire != name) {
            let _ = write!(table, ".wire({wire:?})");
        }
        if member.flattened {
            table.push_str(".flattened()");
        }
        if required {
            table.push_str(".required()");
        }
        let doc = words(name, target);
        let field = names::field(name);
        let _ = writeln!(out, "        /// {doc}\n        {field}: {rust} = {table},");
        Ok(())
    }

    /// The struct of a nested structure, written once.
    fn nested(&mut self, shape_name: &str) -> Result<String, String> {
        let name = names::type_name(shape_name);
        if self.types.contains_key(&name) {
            return Ok(name);
        }
        let of_operation = |(_, operation): (&str, &Operation)| {
            names::input(&operation.name) == name || names::output(&operation.name) == name
        };
        if self.model.operations.iter().any(of_operation) {
            return Err(format!(
                "{shape_name}: the name belongs to an operation's struct"
            ));
        }
        // The entry comes first, so that a structure which holds itself ends here.
        self.types.insert(name.clone(), String::new());
        let side = if self.asked_only.contains(shape_name) {
            Side::Input
        } else {
            Side::Inside
        };
        let doc = format!("`{shape_name}` of the model.");
        let text = self.structure(&name, &doc, Some(shape_name), side)?;
        self.types.insert(name.clone(), text);
        Ok(name)
    }

    fn rust_type(&mut self, reference: &Reference) -> Result<String, String> {
        let shape = self.model.shape(&reference.shape)?;
        Ok(match shape.kind {
            Kind::String | Kind::Character => "String".to_owned(),
            Kind::Integer | Kind::Short | Kind::Byte => "i32".to_owned(),
            Kind::Long | Kind::Biginteger => "i64".to_owned(),
            Kind::Float | Kind::Double | Kind::Bigdecimal => "f64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Timestamp => "Millis".to_owned(),
            Kind::Blob => "Bytes".to_owned(),
            Kind::Structure => self.nested(&reference.shape)?,
            Kind::List => {
                let member = shape.member.as_ref().ok_or("a list without member")?;
                format!("Vec<{}>", self.rust_type(member)?)
            }
            Kind::Map => {
                let value = shape.value.as_ref().ok_or("a map without value")?;
                format!("Vec<(String, {})>", self.rust_type(value)?)
            }
        })
    }
}

/// One line about a field.
fn words(name: &str, shape: &Shape) -> String {
    let bounds = match (shape.min, shape.max) {
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (None, None) => String::new(),
    };
    let quoted: Vec<String> = shape
        .choices
        .iter()
        .map(|choice| format!("`{choice}`"))
        .collect();
    let what = match (shape.kind, quoted.len()) {
        (Kind::String, 1..=8) => format!("one of {}", quoted.join(", ")),
        (Kind::String, n) if n > 8 => format!("one of {n} words"),
        (Kind::String, _) if !bounds.is_empty() => format!("text{bounds} characters"),
        (Kind::List, _) if !bounds.is_empty() => format!("list{bounds} items"),
        (Kind::Map, _) if !bounds.is_empty() => format!("map{bounds} entries"),
        (kind, _) => format!("{kind:?}{bounds}").to_lowercase(),
    };
    format!("`{name}`: {what}.")
}

/// The structures below some references, they themselves left out.
fn reachable<'a>(
    model: &'a Model,
    from: impl Iterator<Item = &'a Reference>,
) -> Result<BTreeSet<&'a str>, String> {
    let mut seen = BTreeSet::new();
    let mut roots = Vec::new();
    for reference in from {
        roots.extend(below(model.shape(&reference.shape)?));
    }
    while let Some(reference) = roots.pop() {
        if seen.insert(reference.shape.as_str()) {
            roots.extend(below(model.shape(&reference.shape)?));
        }
    }
    Ok(seen)
}

fn below(shape: &Shape) -> Vec<&Reference> {
    let members = shape.members.iter().map(|(_, member)| member);
    members.chain(&shape.member).chain(&shape.value).collect()
}

impl Writer<'_> {
    /// The name of the static in `kinds` that tells what a use of a shape is.
    fn kind(&mut self, reference: &Reference) -> Result<String, String> {
        let shape = self.model.shape(&reference.shape)?;
        let own = names::snake(&reference.shape).to_ascii_uppercase();
        let (name, kind) = match shape.kind {
            Kind::String | Kind::Character => self.text(own, shape),
            Kind::Integer | Kind::Short | Kind::Byte => {
                let (min, max) = (i64::from(i32::MIN), i64::from(i32::MAX));
                number(own, "Integer", shape, (min, max))
            }
            Kind::Long | Kind::Biginteger => number(own, "Long", shape, (i64::MIN, i64::MAX)),
            Kind::Float | Kind::Double | Kind::Bigdecimal => same("DOUBLE", "Kind::Double"),
            Kind::Boolean => same("BOOLEAN", "Kind::Boolean"),
            Kind::Blob => same("BLOB", "Kind::Blob"),
            Kind::Timestamp => {
                let own_format = reference.timestamp_format.as_ref();
                if let Some(format) = own_format.or(shape.timestamp_format.as_ref()) {
                    return Err(format!("{}: time format {format}", reference.shape));
                }
                same("TIME", "Kind::Time(None)")
            }
            Kind::List => {
                let member = shape.member.as_ref().ok_or("a list without member")?;
                let of = self.kind(member)?;
                let item = member.location_name.as_deref();
                let (min, max) = lengths(shape);
                let kind = format!(
                    "Kind::List {{ of: &{of}, item: {item:?}, flattened: {}, length: ({min}, {max}) }}",
                    shape.flattened
                );
                (own, kind)
            }
            Kind::Map => {
                let key = shape.key.as_ref().ok_or("a map without key")?;
                let value = shape.value.as_ref().ok_or("a map without value")?;
                if key.location_name.is_some() || value.location_name.is_some() || shape.flattened {
                    return Err(format!("{}: a map of another form", reference.shape));
                }
                let (key, of) = (self.kind(key)?, self.kind(value)?);
                let (min, max) = lengths(shape);
                let kind =
                    format!("Kind::Map {{ key: &{key}, of: &{of}, length: ({min}, {max}) }}");
                (own, kind)
            }
            Kind::Structure => {
                let name = self.nested(&reference.shape)?;
                let kind = format!("Kind::Structure(<super::{name} as Shape>::schema)");
                (own, kind)
            }
        };
        let known = self.kinds.entry(name.clone()).or_insert(kind.clone());
        if *known != kind {
            return Err(format!(
                "{}: two kinds have the name {name}",
                reference.shape
            ));
        }
        Ok(name)
    }

    fn text(&mut self, own: String, shape: &Shape) -> (String, String) {
        let (min, max) = lengths(shape);
        let mut kind = "Kind::Text(Text::any()".to_owned();
        if shape.min.is_some() || shape.max.is_some() {
            let _ = write!(kind, ".length({min}, {max})");
        }
        if let Some(pattern) = shape
            .pattern
            .as_ref()
            .filter(|_| !POLICY_DOCUMENTS.contains(&own.as_str()))
        {
            let next = format!("{own}_PATTERN");
            let name = self.patterns.entry(pattern.clone()).or_insert(next);
            let _ = write!(kind, ".pattern(&{name})");
        }
        if !shape.choices.is_empty() {
            let _ = write!(kind, ".one_of(&{:?})", shape.choices);
        }
        if shape.sensitive {
            kind.push_str(".sensitive()");
        }
        kind.push(')');
        if kind == "Kind::Text(Text::any())" {
            return same("TEXT", &kind);
        }
        (own, kind)
    }

    fn kinds_file(&self, title: &str) -> String {
        let mut statics = String::new();
        for (name, kind) in &self.kinds {
            let _ = writeln!(statics, "pub(super) static {name}: Kind = {kind};");
        }
        let mut table = Vec::new();
        for (aws, name) in &self.patterns {
            let ours = format!(r"\A(?:{})\z", patterns::translate(aws));
            let _ = writeln!(
                statics,
                "static {name}: Pattern = Pattern::new({}, {});",
                literal(aws),
                literal(&ours)
            );
            table.push(format!("&{name}"));
        }
        let mut imports = vec!["Kind"];
        for word in ["Pattern", "Shape", "Text"] {
            if statics.contains(word) {
                imports.push(word);
            }
        }
        format!(
            "//! What AWS's model demands of {title}'s values.\n\nuse twinlock_wire::shape::{{{}}};\n\n{statics}\n\
             /// Every pattern, for the test that compiles them.\n#[cfg(test)]\n\
             pub(super) static PATTERNS: &[&Pattern] = &[{}];\n\n\
             #[cfg(test)]\nmod tests {{\n    #[test]\n    fn every_pattern_compiles() {{\n\
             for pattern in super::PATTERNS {{\n assert!(pattern.compile().is_some(), \"{{pattern:?}}\");\n }}\n }}\n }}\n",
            imports.join(", "),
            table.join(", ")
        )
    }
}

/// A kind that all shapes of it share.
fn same(name: &str, kind: &str) -> (String, String) {
    (name.to_owned(), kind.to_owned())
}

fn number(own: String, kind: &str, shape: &Shape, all: (i64, i64)) -> (String, String) {
    // The models' bounds are whole numbers far below 2^53.
    let min = shape.min.map_or(all.0, |min| min as i64);
    let max = shape.max.map_or(all.1, |max| max as i64);
    if (min, max) == all {
        return same(
            &kind.to_ascii_uppercase(),
            &format!("Kind::{kind}({min}, {max})"),
        );
    }
    (own, format!("Kind::{kind}({min}, {max})"))
}

/// Fewest and most characters, items or entries, as Rust writes them.
fn lengths(shape: &Shape) -> (u32, String) {
    let min = shape.min.map_or(0, |min| min as u32);
    let max = shape.max.map(|max| max as u32);
    (
        min,
        max.map_or("u32::MAX".to_owned(), |max| max.to_string()),
    )
}
