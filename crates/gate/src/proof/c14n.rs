//! Exclusive XML canonicalisation without comments (W3C, 18 July 2002): the bytes that a signature is over.

use std::{borrow::Cow, collections::BTreeMap};

use super::tree::{Element, Name, Node};

/// Bytes of a canonical form. A namespace is named once and written wherever its prefix is used, so that a short document
/// may have a long form, and it is computed before any key is asked.
const FORM_MAX: usize = 1 << 20;

/// The canonical form of `apex` and what is inside it, but for `without` (an enveloped signature). The namespaces of the
/// prefixes in `inclusive` are written as inclusive canonicalisation would: wherever they are in force and not written yet.
///
/// # Errors
/// It is longer than any that is needed.
pub(super) fn canonical(
    apex: &Element,
    without: Option<&Element>,
    inclusive: &[String],
) -> Result<String, &'static str> {
    let mut out = String::new();
    write(apex, without, inclusive, &BTreeMap::new(), &mut out)?;
    Ok(out)
}

/// `written`: the namespaces that an element further out has written, by prefix.
fn write(
    element: &Element,
    without: Option<&Element>,
    inclusive: &[String],
    written: &BTreeMap<&str, &str>,
    out: &mut String,
) -> Result<(), &'static str> {
    let mut here: BTreeMap<&str, &str> = BTreeMap::new();
    // The prefix `xml` is never declared, and an attribute without prefix has no namespace.
    let names = std::iter::once(&element.name).chain(
        element
            .attributes
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !name.prefix.is_empty() && name.prefix != "xml"),
    );
    for name in names {
        here.insert(&name.prefix, &name.namespace);
    }
    for prefix in inclusive {
        let prefix = if prefix == "#default" { "" } else { prefix };
        if let Some((prefix, namespace)) = element.scope.get_key_value(prefix) {
            here.insert(prefix, namespace);
        }
    }
    here.remove("xml");
    here.retain(|prefix, namespace| match written.get(prefix) {
        Some(before) => before != namespace,
        // Nothing is said of there being no default namespace, unless one was written.
        None => !(prefix.is_empty() && namespace.is_empty()),
    });
    out.push('<');
    qualified(&element.name, out);
    for (prefix, namespace) in &here {
        out.push_str(if prefix.is_empty() {
            " xmlns"
        } else {
            " xmlns:"
        });
        out.push_str(prefix);
        out.push_str("=\"");
        attribute_text(namespace, out);
        out.push('"');
    }
    let mut attributes: Vec<&(Name, String)> = element.attributes.iter().collect();
    attributes.sort_by(|(a, _), (b, _)| (&a.namespace, &a.local).cmp(&(&b.namespace, &b.local)));
    for (name, value) in attributes {
        out.push(' ');
        qualified(name, out);
        out.push_str("=\"");
        attribute_text(value, out);
        out.push('"');
    }
    out.push('>');
    if out.len() > FORM_MAX {
        return Err("the canonical form is too long");
    }
    let mut inner = Cow::Borrowed(written);
    if !here.is_empty() {
        inner.to_mut().extend(here);
    }
    for node in &element.children {
        match node {
            Node::Text(text) => content_text(text, out),
            Node::Element(child) if without.is_some_and(|w| std::ptr::eq(w, child)) => {}
            Node::Element(child) => write(child, without, inclusive, &inner, out)?,
        }
    }
    out.push_str("</");
    qualified(&element.name, out);
    out.push('>');
    Ok(())
}

fn qualified(name: &Name, out: &mut String) {
    if !name.prefix.is_empty() {
        out.push_str(&name.prefix);
        out.push(':');
    }
    out.push_str(&name.local);
}

fn content_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

fn attribute_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tree::{Asides, parse},
        *,
    };

    /// The element `local` anywhere in the document, in canonical form.
    fn form(document: &str, local: &str, inclusive: &[&str]) -> String {
        let root = parse(document, Asides::Refused).expect("well-formed");
        let inclusive: Vec<String> = inclusive.iter().map(|p| (*p).to_owned()).collect();
        let apex = root
            .descendants()
            .into_iter()
            .find(|e| e.name.local == local)
            .expect("an element");
        canonical(apex, None, &inclusive).expect("not too long")
    }

    /// The example of the recommendation's section 2.2: what surrounds an element does not show in it.
    #[test]
    fn an_elements_form_does_not_depend_on_where_it_stands() {
        let alone = r#"<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff/></n1:elem2></n0:local>"#;
        let moved = r#"<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr" xml:space="retain"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n2:pdu>"#;
        let expected = r#"<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>"#;
        assert_eq!(form(alone, "elem2", &[]), expected);
        assert_eq!(form(moved, "elem2", &[]), expected);
    }

    #[test]
    fn order_escapes_and_empty_elements_are_canonical() {
        let document = "<a b='2' a=\"1&#10;&quot;\" x:z='3' xmlns:x='u:x' xmlns='u:d'>\r\n t &lt;&#13;<![CDATA[<&]]><b xmlns=''/><c/></a>";
        let expected = "<a xmlns=\"u:d\" xmlns:x=\"u:x\" a=\"1&#xA;&quot;\" b=\"2\" x:z=\"3\">\n t &lt;&#xD;&lt;&amp;<b xmlns=\"\"></b><c></c></a>";
        assert_eq!(form(document, "a", &[]), expected);
    }

    /// Okta and others list `xs`, which only a value (`xsi:type="xs:string"`) uses.
    #[test]
    fn inclusive_prefixes_are_written_where_they_are_in_force() {
        let document = r#"<r xmlns:xs="u:xs" xmlns:o="u:o"><a><b xmlns:xs="u:xs"/></a></r>"#;
        assert_eq!(form(document, "a", &[]), "<a><b></b></a>");
        assert_eq!(
            form(document, "a", &["xs", "absent"]),
            r#"<a xmlns:xs="u:xs"><b></b></a>"#
        );
    }
}
