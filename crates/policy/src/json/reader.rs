//! The recursive reader. Depth is limited, so recursion is too.

use std::collections::HashSet;

use super::{Json, Kind, Limits, Member, ParseError, position};

/// Above this many keys an object's duplicates are looked for in a set: comparing each with each would be quadratic.
const LINEAR_KEYS_MAX: usize = 16;

pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    limits: Limits,
    values: usize,
    /// Where the reader is, for the JSON pointer of an error.
    path: Vec<String>,
    /// Offsets of the brackets that are open.
    open: Vec<usize>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, limits: Limits) -> Self {
        Reader {
            text,
            at: 0,
            limits,
            values: 0,
            path: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn whole(mut self) -> Result<Json, ParseError> {
        if self.text.len() > self.limits.bytes_max {
            return Err(self.error(
                0,
                format!("longer than {} bytes", self.limits.bytes_max),
                None,
            ));
        }
        if self.text.starts_with('\u{feff}') {
            return Err(self.error(
                0,
                "found a byte order mark",
                Some("save the file as UTF-8 without BOM"),
            ));
        }
        self.space();
        if self.at == self.text.len() {
            return Err(self.error(self.at, "the text is empty", None));
        }
        let value = self.value()?;
        self.space();
        match self.peek() {
            None => Ok(value),
            Some(found @ (']' | '}')) => Err(self.error(
                self.at,
                format!("found a `{found}` too many"),
                Some("every bracket before it is closed already"),
            )),
            Some(_) => Err(self.unexpected("the end of the text")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        {
            self.at += 1;
        }
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }

    fn error(&self, at: usize, message: impl Into<String>, hint: Option<&str>) -> ParseError {
        ParseError::at(
            self.text,
            at,
            self.pointer(),
            message.into(),
            hint.map(str::to_owned),
        )
    }

    /// An error for whatever stands here, with a hint for what people really paste.
    fn unexpected(&self, expected: &str) -> ParseError {
        let rest = self.rest();
        let Some(found) = rest.chars().next() else {
            let hint = self.open.last().map(|&open| {
                let bracket = &self.text[open..=open];
                let (line, column) = position(self.text, open);
                format!("the `{bracket}` of line {line}, column {column} is never closed")
            });
            return ParseError::at(
                self.text,
                self.at,
                self.pointer(),
                format!("expected {expected}, found the end of the text"),
                hint,
            );
        };
        let hint = if found == '#' || rest.starts_with("//") || rest.starts_with("/*") {
            Some("JSON has no comments: remove it")
        } else if matches!(
            found,
            '\u{201c}'
                | '\u{201d}'
                | '\u{201e}'
                | '\u{201f}'
                | '\u{2018}'
                | '\u{2019}'
                | '\u{ab}'
                | '\u{bb}'
        ) {
            Some(
                "this is a typographic quote, as word processors and web pages make them: type a plain \"",
            )
        } else if found == '\'' {
            Some("JSON strings stand in double quotes: \"")
        } else if found == '\u{a0}' || found == '\u{200b}' || found == '\u{feff}' {
            Some(
                "an invisible character, probably pasted from a web page: delete it and type a plain space",
            )
        } else if rest.starts_with("%7B") || rest.starts_with("%7b") {
            Some("the text is URL-encoded, as IAM's API answers it: decode it first")
        } else if self.open.is_empty() && found.is_alphabetic() {
            Some("a policy is JSON and begins with {")
        } else if found == '"' && expected.contains('`') {
            Some("is a comma missing before it?")
        } else if matches!(found, ']' | '}') && expected.contains('`') {
            Some(
                "this bracket does not fit the one that is open: one is missing, or is of the wrong kind",
            )
        } else if rest.starts_with("True") || rest.starts_with("False") || rest.starts_with("None")
        {
            Some("JSON writes true, false and null in lower case")
        } else if found == '=' {
            Some("JSON writes a colon between key and value")
        } else if found.is_alphabetic() {
            Some("keys and strings stand in double quotes")
        } else {
            None
        };
        let shown = if found == '"' {
            "\"".to_owned()
        } else {
            found.escape_debug().to_string()
        };
        self.error(
            self.at,
            format!("expected {expected}, found `{shown}`"),
            hint,
        )
    }

    fn count(&mut self) -> Result<(), ParseError> {
        self.values += 1;
        if self.values > self.limits.values_max {
            return Err(self.error(
                self.at,
                format!("more than {} values", self.limits.values_max),
                None,
            ));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Json, ParseError> {
        self.count()?;
        let start = self.at;
        let kind = match self.peek() {
            Some('{') => self.nested(Self::object)?,
            Some('[') => self.nested(Self::array)?,
            Some('"') => Kind::String(self.string()?),
            Some('-' | '0'..='9') => Kind::Number(self.number()?),
            _ if self.word("true") => Kind::Bool(true),
            _ if self.word("false") => Kind::Bool(false),
            _ if self.word("null") => Kind::Null,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Json {
            span: start..self.at,
            kind,
        })
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.starts_with(word)
            && !rest[word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        if found {
            self.at += word.len();
        }
        found
    }

    fn nested(
        &mut self,
        inner: fn(&mut Self) -> Result<Kind, ParseError>,
    ) -> Result<Kind, ParseError> {
        if self.open.len() == self.limits.depth_max {
            return Err(self.error(
                self.at,
                format!("nested deeper than {}", self.limits.depth_max),
                None,
            ));
        }
        self.open.push(self.at);
        self.at += 1;
        let kind = inner(self)?;
        self.open.pop();
        Ok(kind)
    }

    fn array(&mut self) -> Result<Kind, ParseError> {
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(Kind::Array(items));
        }
        loop {
            self.space();
            self.path.push(items.len().to_string());
            items.push(self.value()?);
            self.path.pop();
            if self.separator(']', "`,` or `]`")? {
                return Ok(Kind::Array(items));
            }
        }
    }

    /// Passes a comma, or the closing bracket and then answers true.
    fn separator(&mut self, close: char, expected: &str) -> Result<bool, ParseError> {
        self.space();
        match self.peek() {
            Some(',') => {
                let comma = self.at;
                self.at += 1;
                self.space();
                if matches!(self.peek(), Some(']' | '}')) {
                    return Err(self.error(
                        comma,
                        "found a comma after the last entry",
                        Some("remove this trailing comma"),
                    ));
                }
                Ok(false)
            }
            Some(found) if found == close => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn object(&mut self) -> Result<Kind, ParseError> {
        let mut members: Vec<Member> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        self.space();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(Kind::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some('"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            self.count()?;
            let key = self.string()?;
            let key_span = start..self.at;
            let duplicate = if members.len() < LINEAR_KEYS_MAX {
                members.iter().any(|member| member.key == key)
            } else {
                if seen.is_empty() {
                    seen.extend(members.iter().map(|member| member.key.clone()));
                }
                !seen.insert(key.clone())
            };
            if duplicate {
                let first = members.iter().find(|member| member.key == key);
                let (line, _) = position(self.text, first.map_or(0, |first| first.key_span.start));
                let message =
                    format!("the key `{key}` stands twice in one object, first on line {line}");
                return Err(self.error(
                    start,
                    message,
                    Some("merge the two, or put them into two statements"),
                ));
            }
            self.space();
            if self.peek() != Some(':') {
                return Err(self.unexpected("a `:` after the key"));
            }
            self.at += 1;
            self.space();
            self.path.push(key);
            let value = self.value()?;
            let key = self.path.pop().unwrap_or_default();
            members.push(Member {
                key,
                key_span,
                value,
            });
            if self.separator('}', "`,` or `}`")? {
                return Ok(Kind::Object(members));
            }
        }
    }

    fn number(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |at: &mut usize| {
            let from = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at > from
        };
        let mut at = self.at;
        if bytes[at] == b'-' {
            at += 1;
        }
        let whole = at;
        let mut good = digits(&mut at) && (bytes[whole] != b'0' || at == whole + 1);
        if good && bytes.get(at) == Some(&b'.') {
            at += 1;
            good = digits(&mut at);
        }
        if good && matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            good = digits(&mut at);
        }
        self.at = at;
        if !good {
            let hint =
                "a number with leading zeros, such as an account id, stands in double quotes";
            return Err(self.error(start, "found a malformed number", Some(hint)));
        }
        Ok(self.text[start..at].to_owned())
    }

    fn string(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find(|found: char| found == '"' || found == '\\' || found < ' ')
            else {
                self.at = self.text.len();
                return Err(self.error(
                    start,
                    "this string is never closed",
                    Some("its closing \" is missing"),
                ));
            };
            decoded.push_str(&rest[..stop]);
            self.at += stop;
            match rest.as_bytes()[stop] {
                b'"' => {
                    self.at += 1;
                    return Ok(decoded);
                }
                b'\\' => decoded.push(self.escape()?),
                b'\n' | b'\r' => {
                    let hint = "its closing \" is missing, or a line break stands inside it";
                    return Err(self.error(
                        start,
                        "this string does not end on its line",
                        Some(hint),
                    ));
                }
                control => {
                    let message =
                        format!("found the control character U+{control:04X} in a string");
                    return Err(self.error(
                        self.at,
                        message,
                        Some("write it as an escape, \\t for a tab"),
                    ));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let plain = match bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => {
                return Err(self.error(
                    start,
                    "found an unknown escape",
                    Some("a backslash itself is written \\\\"),
                ));
            }
        };
        self.at = start + 2;
        Ok(plain)
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, ParseError> {
        let unit = |at: usize| -> Option<u32> {
            let digits = self.text.as_bytes().get(at..at + 6)?;
            let (b"\\u", hex) = digits.split_at(2) else {
                return None;
            };
            let hex = std::str::from_utf8(hex).ok()?;
            hex.bytes()
                .all(|byte| byte.is_ascii_hexdigit())
                .then(|| u32::from_str_radix(hex, 16).ok())?
        };
        let broken = || self.error(start, "found a malformed \\u escape", None);
        let high = unit(start).ok_or_else(broken)?;
        let (code, length) = match high {
            0xd800..=0xdbff => {
                let low = unit(start + 6)
                    .filter(|low| (0xdc00..=0xdfff).contains(low))
                    .ok_or_else(broken)?;
                (0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
            }
            _ => (high, 6),
        };
        let decoded = char::from_u32(code).ok_or_else(broken)?;
        self.at = start + length;
        Ok(decoded)
    }
}
