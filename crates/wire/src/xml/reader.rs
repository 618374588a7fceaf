//! Reads a request's XML into a small tree, within limits.
//!
//! A document type is refused, so there are no entities but the five of XML itself and nothing to expand or to fetch.
//! Depth and the number of elements are bounded; the size is bounded by whoever collected the body.

use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// Elements inside one another.
const DEPTH_MAX: usize = 32;
/// Elements of one document. DeleteObjects of 1,000 keys needs about 3,000, CompleteMultipartUpload of 10,000 parts up
/// to 80,000.
const ELEMENTS_MAX: usize = 200_000;

/// Attributes of one element: each is compared with those before it.
const ATTRIBUTES_MAX: usize = 16;

/// One element: its name without prefix, attributes, the text directly inside it, and its children.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Attributes by name as written, with prefix, namespace declarations left out.
    pub attributes: Vec<(String, String)>,
    /// All character data directly inside.
    pub text: String,
    /// Child elements in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// The value of the attribute of that name, prefix included.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// The document is not well-formed, or has what AWS's services never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// Reads a whole document and returns its root element.
///
/// # Errors
/// [`Malformed`] when it is not well-formed UTF-8 XML, has a document type, an unknown entity, or exceeds the limits.
pub fn parse(document: &[u8]) -> Result<Element, Malformed> {
    let text = std::str::from_utf8(document).map_err(|_| Malformed("not UTF-8"))?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0usize;
    loop {
        match reader
            .read_event()
            .map_err(|_| Malformed("not well-formed"))?
        {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEPTH_MAX || elements > ELEMENTS_MAX || root.is_some() {
                    return Err(Malformed(
                        "too deep, too many elements, or more than one root",
                    ));
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                if open.len() >= DEPTH_MAX || elements > ELEMENTS_MAX {
                    return Err(Malformed("too deep or too many elements"));
                }
                let done = element(&start)?;
                close(done, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let done = open.pop().ok_or(Malformed("an end without a start"))?;
                close(done, &mut open, &mut root)?;
            }
            Event::Text(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::CData(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let resolved = reference
                    .resolve_char_ref()
                    .map_err(|_| Malformed("a bad character reference"))?;
                match resolved {
                    Some(c) => add_text(c.encode_utf8(&mut [0; 4]), &mut open)?,
                    None => add_text(
                        resolve_xml_entity(&reference).ok_or(Malformed("an unknown entity"))?,
                        &mut open,
                    )?,
                }
            }
            Event::DocType(_) => return Err(Malformed("a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or(Malformed("no element")),
            Event::Eof => return Err(Malformed("an element without an end")),
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Malformed> {
    let mut attributes = Vec::new();
    for (count, attribute) in start.attributes().enumerate() {
        if count >= ATTRIBUTES_MAX {
            return Err(Malformed("too many attributes"));
        }
        let attribute = attribute.map_err(|_| Malformed("a bad attribute"))?;
        let name = attribute.key.into_inner();
        if name == "xmlns" || name.starts_with("xmlns:") {
            continue;
        }
        let value = unescape(&attribute.value).map_err(|_| Malformed("an unknown entity"))?;
        attributes.push((name.to_owned(), value.into_owned()));
    }
    Ok(Element {
        name: start.local_name().into_inner().to_owned(),
        attributes,
        ..Element::default()
    })
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return Err(Malformed("more than one root")),
    }
    Ok(())
}

fn add_text(text: &str, open: &mut [Element]) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Malformed("text outside the root")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_attributes_text_and_entities() {
        let root = parse(
            b"<?xml version=\"1.0\"?>\n<a:Tagging xmlns:a=\"u\" xsi:type=\"Group&lt;\"><Key> x&amp;&#65;<![CDATA[<y>]]></Key><E/></a:Tagging>\n",
        )
        .expect("well-formed");
        assert_eq!(root.name, "Tagging");
        assert_eq!(root.attribute("xsi:type"), Some("Group<"));
        assert_eq!(root.child("Key").map(|k| k.text.as_str()), Some(" x&A<y>"));
        assert!(root.child("E").is_some_and(|e| e.text.is_empty()));
    }

    #[test]
    fn refuses_what_could_expand_or_exhaust() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for bad in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&x;</a>",
            "<a>&#0;</a>",
            deep.as_str(),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }
}
