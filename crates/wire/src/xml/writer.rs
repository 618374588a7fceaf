//! Writes XML into memory. There is no way to put a text down unescaped.

/// An XML document being written.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty document without `<?xml …?>`, as the query services answer.
    pub fn new() -> Self {
        Writer {
            out: Vec::with_capacity(512),
        }
    }

    /// A document that begins with the XML declaration, as S3 answers.
    pub fn with_declaration() -> Self {
        let mut w = Writer::new();
        w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        w
    }

    /// `<name>`. Element names come from AWS's models, never from a caller.
    pub fn open(&mut self, name: &str) {
        self.raw("<");
        self.raw(name);
        self.raw(">");
    }

    /// `<name xmlns="namespace">`.
    pub fn open_in(&mut self, name: &str, namespace: &str) {
        self.open_with(name, &[("xmlns", namespace)]);
    }

    /// `<name a="b" …>`.
    pub fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.raw("<");
        self.raw(name);
        for (key, value) in attributes {
            self.raw(" ");
            self.raw(key);
            self.raw("=\"");
            self.escaped(value);
            self.raw("\"");
        }
        self.raw(">");
    }

    /// `</name>`.
    pub fn close(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.raw(">");
    }

    /// `<name/>`.
    pub fn empty(&mut self, name: &str) {
        self.raw("<");
        self.raw(name);
        self.raw("/>");
    }

    /// `<name>value</name>`, escaped.
    pub fn text(&mut self, name: &str, value: &str) {
        self.open(name);
        self.escaped(value);
        self.close(name);
    }

    /// The value alone, escaped: for an element that was opened already.
    pub fn characters(&mut self, value: &str) {
        self.escaped(value);
    }

    /// The document's bytes.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Control characters are written as references, as S3 does for keys that hold them: XML 1.0 cannot express most of
    /// them at all, so a strict reader refuses such an answer either way; `encoding-type=url` is what those keys need.
    /// Line ends are references too, since a reader would turn CR into LF.
    fn escaped(&mut self, value: &str) {
        let bytes = value.as_bytes();
        let mut from = 0;
        for (i, b) in bytes.iter().enumerate() {
            let plain = !matches!(b, b'<' | b'>' | b'&' | b'"' | 0x00..=0x08 | 0x0b..=0x1f | 0x7f);
            if plain {
                continue;
            }
            self.out
                .extend_from_slice(bytes.get(from..i).unwrap_or_default());
            from = i + 1;
            match b {
                b'<' => self.raw("&lt;"),
                b'>' => self.raw("&gt;"),
                b'&' => self.raw("&amp;"),
                b'"' => self.raw("&quot;"),
                control => self.raw(&format!("&#x{control:x};")),
            }
        }
        self.out
            .extend_from_slice(bytes.get(from..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_break_out_and_what_a_reader_would_change() {
        let mut w = Writer::new();
        w.open_with("A", &[("x", "\"<")]);
        w.text("Key", "a<b>&\"c\u{1}\r\né");
        w.empty("E");
        w.close("A");
        assert_eq!(
            String::from_utf8_lossy(&w.finish()),
            "<A x=\"&quot;&lt;\"><Key>a&lt;b&gt;&amp;&quot;c&#x1;&#xd;\né</Key><E/></A>"
        );
    }
}
