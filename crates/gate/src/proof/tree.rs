//! An XML document as a small tree with its namespaces resolved: what signatures are computed over, and what is read.
//!
//! One tree serves both, so that nothing can be read but what was signed. A document type is refused, hence there are no
//! entities but XML's five and nothing to expand or to fetch. Comments and processing instructions are refused in whatever
//! is signed: canonical form leaves comments out, and readers that stopped at one have been deceived by it.

use std::{collections::BTreeMap, sync::Arc};

use quick_xml::{
    Reader,
    escape::{resolve_xml_entity, unescape},
    events::{BytesStart, Event},
};

/// Elements inside one another.
const DEPTH_MAX: usize = 32;
/// Elements of one document.
const ELEMENTS_MAX: usize = 10_000;
/// Attributes of one element, namespace declarations among them.
const ATTRIBUTES_MAX: usize = 64;
/// Namespaces in force at once: an element that declares one has a copy of all of them.
const NAMESPACES_MAX: usize = 64;
/// Bytes of a namespace's name: canonical form repeats it wherever its prefix is used.
const NAMESPACE_BYTES_MAX: usize = 1024;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A name: its prefix as written, its local part, and the namespace that the prefix stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) local: String,
    /// Shared with the scope that it is from, because most names of a document are of the same one.
    pub(super) namespace: Arc<str>,
}

/// What stands inside an element.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

/// The namespaces in force, by prefix; the default one under the empty prefix.
pub(super) type Scope = Arc<BTreeMap<Arc<str>, Arc<str>>>;

/// One element.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) scope: Scope,
    pub(super) attributes: Vec<(Name, String)>,
    pub(super) children: Vec<Node>,
}

impl Element {
    /// Whether this is the element `local` of `namespace`.
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        *self.name.namespace == *namespace && self.name.local == local
    }

    /// The child elements in order.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The child elements of that name.
    pub(super) fn all<'e>(
        &'e self,
        namespace: &'e str,
        local: &'e str,
    ) -> impl Iterator<Item = &'e Element> {
        self.elements().filter(move |e| e.is(namespace, local))
    }

    /// The one child element of that name; none if there is none, or more than one.
    pub(super) fn only(&self, namespace: &str, local: &str) -> Option<&Element> {
        let mut all = self.elements().filter(|e| e.is(namespace, local));
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// The value of the attribute without a namespace.
    pub(super) fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(name, _)| name.namespace.is_empty() && name.local == local)
            .map(|(_, value)| value.as_str())
    }

    /// The text of an element that has no children; none if it has some.
    pub(super) fn text(&self) -> Option<String> {
        self.children
            .iter()
            .map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }

    /// This element and everything inside, in document order.
    pub(super) fn descendants(&self) -> Vec<&Element> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(element) = all.get(next).copied() {
            all.extend(element.elements());
            next += 1;
        }
        all
    }
}

/// Whether comments and processing instructions may stand in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asides {
    /// In what is signed.
    Refused,
    /// In what is only read (metadata).
    Skipped,
}

/// Reads a whole document and returns its root element.
///
/// # Errors
/// It is not well-formed, has a document type or an unknown entity, or exceeds the limits.
pub(super) fn parse(document: &str, asides: Asides) -> Result<Element, &'static str> {
    let mut reader = Reader::from_str(document.strip_prefix('\u{feff}').unwrap_or(document));
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut count = 0;
    let outside: Scope = Arc::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|_| "the document is not well-formed XML")?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                count += 1;
                if open.len() >= DEPTH_MAX || count > ELEMENTS_MAX {
                    return Err("the document is too deep or has too many elements");
                }
                let scope = open.last().map_or(&outside, |parent| &parent.scope);
                let element = element(start, scope)?;
                if matches!(event, Event::Start(_)) {
                    open.push(element);
                } else {
                    close(element, &mut open, &mut root)?;
                }
            }
            Event::End(_) => {
                let element = open.pop().ok_or("the document is not well-formed XML")?;
                close(element, &mut open, &mut root)?;
            }
            Event::Text(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::CData(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let resolved = reference
                    .resolve_char_ref()
                    .map_err(|_| "the document has a bad character reference")?;
                match resolved {
                    Some(c) => add_text(c.encode_utf8(&mut [0; 4]), &mut open)?,
                    None => add_text(
                        resolve_xml_entity(&reference).ok_or("the document has an entity")?,
                        &mut open,
                    )?,
                }
            }
            Event::DocType(_) => return Err("the document has a document type"),
            Event::Comment(_) | Event::PI(_) if asides == Asides::Refused => {
                return Err("the document has a comment or a processing instruction");
            }
            Event::Comment(_) | Event::PI(_) => {}
            // The text is UTF-8 already, whatever the declaration says.
            Event::Decl(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or("the document is empty"),
            Event::Eof => return Err("the document is not well-formed XML"),
        }
    }
}

fn element(start: &BytesStart<'_>, outer: &Scope) -> Result<Element, &'static str> {
    let mut scope = outer.clone();
    let mut plain = Vec::new();
    for (count, attribute) in start.attributes().enumerate() {
        if count >= ATTRIBUTES_MAX {
            return Err("an element has too many attributes");
        }
        let attribute = attribute.map_err(|_| "an element has a bad attribute")?;
        // White space in an attribute is a blank, unless it is written as a reference (XML 1.0, 3.3.3).
        let raw = attribute
            .value
            .replace("\r\n", " ")
            .replace(['\r', '\n', '\t'], " ");
        if raw.contains('<') {
            return Err("an element has a bad attribute");
        }
        let value = unescape(&raw)
            .map_err(|_| "an attribute has an entity")?
            .into_owned();
        let key = attribute.key.into_inner();
        let declared = match key.split_once(':') {
            None if key == "xmlns" => Some(""),
            Some(("xmlns", prefix)) => Some(prefix),
            _ => None,
        };
        match declared {
            None => plain.push((key.to_owned(), value)),
            Some("xml" | "xmlns") => return Err("a namespace prefix is taken"),
            Some(prefix) => {
                if value == XML || (value.is_empty() && !prefix.is_empty()) {
                    return Err("a namespace is declared wrongly");
                }
                if value.len() > NAMESPACE_BYTES_MAX {
                    return Err("a namespace is too long");
                }
                if scope.get(prefix).is_none_or(|known| **known != *value) {
                    Arc::make_mut(&mut scope).insert(prefix.into(), value.into());
                }
                if scope.len() > NAMESPACES_MAX {
                    return Err("the document has too many namespaces");
                }
            }
        }
    }
    let name = name(start.name().into_inner(), &scope, true)?;
    let mut attributes: Vec<(Name, String)> = Vec::with_capacity(plain.len());
    for (key, value) in plain {
        let name = self::name(&key, &scope, false)?;
        let twice = |(known, _): &(Name, String)| {
            known.local == name.local && known.namespace == name.namespace
        };
        if attributes.iter().any(twice) {
            return Err("an attribute stands twice");
        }
        attributes.push((name, value));
    }
    Ok(Element {
        name,
        scope,
        attributes,
        children: Vec::new(),
    })
}

/// The default namespace is for elements only.
fn name(written: &str, scope: &Scope, element: bool) -> Result<Name, &'static str> {
    let (prefix, local) = written.split_once(':').unwrap_or(("", written));
    if local.is_empty() || local.contains(':') {
        return Err("a name is malformed");
    }
    let namespace = match prefix {
        "" if !element => Arc::default(),
        "" => scope.get("").cloned().unwrap_or_default(),
        "xml" => XML.into(),
        _ => scope
            .get(prefix)
            .cloned()
            .ok_or("a namespace prefix is not declared")?,
    };
    Ok(Name {
        prefix: prefix.to_owned(),
        local: local.to_owned(),
        namespace,
    })
}

fn close(
    done: Element,
    open: &mut [Element],
    root: &mut Option<Element>,
) -> Result<(), &'static str> {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(done)),
        None if root.is_none() => *root = Some(done),
        None => return Err("the document has more than one root"),
    }
    Ok(())
}

fn add_text(text: &str, open: &mut [Element]) -> Result<(), &'static str> {
    match open.last_mut() {
        // Neighbours are one text, as in the document without references.
        Some(element) => match element.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => element.children.push(Node::Text(text.to_owned())),
        },
        None if text.trim().is_empty() => {}
        None => return Err("the document has text outside its root"),
    }
    Ok(())
}
