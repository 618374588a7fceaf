//! From a form to an input: `Tags.member.1.Key=…` becomes a list of structures.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fault::Fault;
use crate::query::Form;
use crate::shape::{Kind, Member, Shape, Structure, Value};
use crate::time::Millis;
use crate::violations::{Dialect, Violations};

/// Dots in a parameter's name: bounds the recursion.
const PARTS_MAX: usize = 16;

/// Reads an operation's input from a form and checks AWS's constraints. Parameters the operation does not know are
/// ignored, as AWS does.
///
/// # Errors
/// `ValidationError` with all violations in AWS's words, or `MalformedInput` for a value that is no number, time or
/// truth value where one is asked.
pub fn decode<T: Shape>(form: &Form, dialect: Dialect) -> Result<T, Fault> {
    let mut root = Node::default();
    for (name, value) in form.pairs() {
        root.insert(name, value)?;
    }
    let members = structure(T::schema(), &root)?;
    let mut violations = Violations::new(dialect);
    violations.check(T::schema(), &members);
    violations.into_result()?;
    Ok(T::from_value_tree(Value::Structure(members)))
}

/// Parameters by the parts of their names.
#[derive(Debug, Default)]
struct Node<'a> {
    value: Option<&'a str>,
    children: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Node<'a> {
    fn insert(&mut self, name: &'a str, value: &'a str) -> Result<(), Fault> {
        let mut at = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth >= PARTS_MAX {
                return Err(Fault::new(
                    "MalformedInput",
                    400,
                    "A parameter name has too many parts.",
                ));
            }
            at = at.children.entry(part).or_default();
        }
        at.value = Some(value);
        Ok(())
    }

    /// Children named by numbers, in the order of the numbers. Numbers may be left out.
    ///
    /// # Errors
    /// `MalformedInput`: a child is named otherwise. What a caller says of a parameter that is known must not be lost.
    fn numbered(&self, name: &str) -> Result<Vec<&Node<'a>>, Fault> {
        self.no_value(name)?;
        let mut items: Vec<(u32, &Node<'a>)> = Vec::with_capacity(self.children.len());
        for (key, node) in &self.children {
            let digits = key.bytes().all(|b| b.is_ascii_digit());
            let number = key.parse().ok().filter(|_| digits);
            items.push((number.ok_or_else(|| no_list(name))?, node));
        }
        items.sort_by_key(|(n, _)| *n);
        Ok(items.into_iter().map(|(_, node)| node).collect())
    }

    /// An empty value is how an empty list is sent; another has no place where children are.
    fn no_value(&self, name: &str) -> Result<(), Fault> {
        match self.value {
            None | Some("") => Ok(()),
            Some(_) => Err(no_list(name)),
        }
    }

    /// The child `part`, and no other.
    ///
    /// # Errors
    /// `MalformedInput`: there are others.
    fn only(&self, part: &str, name: &str) -> Result<Option<&Node<'a>>, Fault> {
        self.no_value(name)?;
        match self.children.keys().any(|key| *key != part) {
            true => Err(no_list(name)),
            false => Ok(self.children.get(part)),
        }
    }
}

fn no_list(name: &str) -> Fault {
    Fault::new(
        "MalformedInput",
        400,
        format!("The parameters of {name} are not numbered as a list is."),
    )
}

fn structure(schema: &Structure, node: &Node<'_>) -> Result<Vec<Value>, Fault> {
    schema
        .members
        .iter()
        .map(|m| {
            node.children
                .get(m.wire)
                .map_or(Ok(Value::Absent), |n| member(m, n))
        })
        .collect()
}

fn member(member: &Member, node: &Node<'_>) -> Result<Value, Fault> {
    value(member.kind, node, member.flattened, member.name)
}

fn value(kind: &Kind, node: &Node<'_>, flattened: bool, name: &str) -> Result<Value, Fault> {
    match kind {
        Kind::Structure(schema) if node.children.is_empty() && node.value.is_none() => Ok(
            Value::Structure(schema().members.iter().map(|_| Value::Absent).collect()),
        ),
        Kind::Structure(schema) => Ok(Value::Structure(structure(schema(), node)?)),
        Kind::List {
            of,
            item,
            flattened: flat,
            ..
        } => {
            let holder = if flattened || *flat {
                Some(node)
            } else {
                node.only(item.unwrap_or("member"), name)?
            };
            let items = holder.map_or(Ok(Vec::new()), |list| list.numbered(name))?;
            Ok(Value::List(
                items
                    .into_iter()
                    .map(|n| value(of, n, false, name))
                    .collect::<Result<_, _>>()?,
            ))
        }
        Kind::Map { of, .. } => {
            let mut entries = Vec::new();
            let list = node.only("entry", name)?;
            for entry in list.map_or(Ok(Vec::new()), |list| list.numbered(name))? {
                let key = entry
                    .children
                    .get("key")
                    .and_then(|k| k.value)
                    .unwrap_or_default();
                let held = entry
                    .children
                    .get("value")
                    .map_or(Ok(Value::Absent), |n| value(of, n, false, name))?;
                entries.push((key.to_owned(), held));
            }
            Ok(Value::Map(entries))
        }
        scalar => node
            .value
            .map_or(Ok(Value::Absent), |text| parse_scalar(scalar, text, name)),
    }
}

fn parse_scalar(kind: &Kind, text: &str, name: &str) -> Result<Value, Fault> {
    let bad = |what: &str| {
        Fault::new(
            "MalformedInput",
            400,
            format!("The value of {name} is not {what}."),
        )
    };
    match kind {
        Kind::Integer(..) => Ok(Value::Integer(
            text.parse::<i32>().map_err(|_| bad("an integer"))?.into(),
        )),
        Kind::Long(..) => Ok(Value::Integer(text.parse().map_err(|_| bad("an integer"))?)),
        Kind::Double => Ok(Value::Double(text.parse().map_err(|_| bad("a number"))?)),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
        Kind::Boolean => Err(bad("true or false")),
        Kind::Time(_) => Ok(Value::Time(
            Millis::parse(text).ok_or_else(|| bad("a timestamp"))?,
        )),
        Kind::Blob | Kind::Stream => Ok(Value::Blob(
            STANDARD.decode(text).map_err(|_| bad("base64"))?.into(),
        )),
        Kind::Text(_) | Kind::List { .. } | Kind::Map { .. } | Kind::Structure(_) => {
            Ok(Value::Text(text.to_owned()))
        }
    }
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "`shape!` makes public structs")]
mod tests {
    use super::*;
    use crate::shape::{Text, m};

    static TEXT: Kind = Kind::Text(Text::any());
    static COUNT: Kind = Kind::Integer(0, 100);
    static TAG: Kind = Tag::KIND;
    static TAGS: Kind = Kind::list(&TAG);
    static FLAT: Kind = Kind::List {
        of: &TEXT,
        item: None,
        flattened: true,
        length: (0, 9),
    };
    static MAP: Kind = Kind::Map {
        key: &TEXT,
        of: &COUNT,
        length: (0, 9),
    };
    static YES: Kind = Kind::Boolean;

    crate::shape! {
        /// A tag.
        #[derive(Clone)]
        pub struct Tag = Structure::new("Tag") {
            /// Its key.
            key: String = m("Key", &TEXT).required(),
            /// Its value.
            value: String = m("Value", &TEXT).required(),
        }
    }
    crate::shape! {
        /// What the tests read.
        #[derive(Clone)]
        pub struct Sample = Structure::new("Sample") {
            /// Tags.
            tags: Option<Vec<Tag>> = m("Tags", &TAGS),
            /// A flattened list.
            flat: Option<Vec<String>> = m("Flat", &FLAT),
            /// A map.
            map: Option<Vec<(String, i32)>> = m("Map", &MAP),
            /// A truth value.
            yes: Option<bool> = m("Yes", &YES),
            /// A number.
            count: Option<i32> = m("Count", &COUNT),
        }
    }

    fn read(form: &str) -> Result<Sample, Fault> {
        decode(&Form::parse(form.as_bytes())?, Dialect::Sts)
    }

    #[test]
    fn lists_and_maps_are_read_in_the_order_of_their_numbers() {
        let sample = read(
            "Tags.member.10.Key=b&Tags.member.10.Value=&Tags.member.9.Key=a&Tags.member.9.Value=1&Flat.2=y&Flat.1=x\
             &Map.entry.1.key=k&Map.entry.1.value=7&Yes=True&Unknown.1=z",
        )
        .expect("a good form");
        let keys: Vec<String> = sample
            .tags
            .into_iter()
            .flatten()
            .map(|tag| tag.key)
            .collect();
        assert_eq!(keys, ["a", "b"]);
        assert_eq!(sample.flat, Some(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(sample.map, Some(vec![("k".to_owned(), 7)]));
        assert_eq!((sample.yes, sample.count), (Some(true), None));
    }

    #[test]
    fn a_list_that_is_numbered_wrongly_is_not_lost() {
        let fault = |form: &str| read(form).expect_err(form);
        for form in [
            "Tags.member.x.Key=a",
            "Tags.member.-1.Key=a",
            "Tags.member.%2B1.Key=a",
            "Tags.member..Key=a",
            "Tags.member.99999999999999999999.Key=a",
            "Tags.member=a",
            "Tags.1.Key=a",
            "Tags.Member.1.Key=a",
            "Tags=a",
            "Flat.x=a",
            "Flat=a",
            "Map.1.key=a",
            "Map.entry.x.key=a",
        ] {
            assert_eq!(fault(form).code, "MalformedInput", "{form}");
        }
        let message = fault("Tags.member.x.Key=a").message;
        assert_eq!(
            message,
            "The parameters of Tags are not numbered as a list is."
        );
        // What no parameter is called is ignored, as AWS does.
        assert!(read("Tag.member.x=a&Yes=true").is_ok());
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert!(read("Tags=").is_ok_and(|sample| sample.tags.is_some_and(|tags| tags.is_empty())));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let fault = |form: &str| read(form).expect_err("wrong");
        assert_eq!(
            fault("Tags.member.1.Key=a").message,
            "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(fault("Count=x").code, "MalformedInput");
        assert_eq!(fault("Count=99999999999").code, "MalformedInput");
        assert_eq!(fault("Yes=1").code, "MalformedInput");
        assert_eq!(
            fault(&format!("{}=1", "a.".repeat(100))).code,
            "MalformedInput"
        );
        assert_eq!(
            fault("Count=101").message,
            "1 validation error detected: Value '101' at 'count' failed to satisfy constraint: \
             Member must have value less than or equal to 100"
        );
    }
}
