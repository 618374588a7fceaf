//! Where a finding is: AWS's path to the element, and the lines and columns it takes.

use std::ops::Range;

use serde::Serialize;

use crate::json::{Json, Kind};

/// A place in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The way from the document to the place.
    pub path: Vec<PathElement>,
    /// The place in the text.
    pub span: Span,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PathElement {
    /// An item of an array, from 0.
    Index(usize),
    /// A key of an object, itself.
    Key(String),
    /// A part of a string.
    Substring {
        /// First character of the decoded string, from 0.
        start: usize,
        /// Characters.
        length: usize,
    },
    /// The value at a key of an object.
    Value(String),
}

/// A stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// The first character behind it.
    pub end: Position,
}

/// A position in the text, counted as AWS counts: lines from 1, columns and offsets from 0, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 0.
    pub column: usize,
    /// Characters of the text before it.
    pub offset: usize,
}

/// Turns bytes into positions, without reading the text anew for each.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    /// First byte and first character of each line.
    starts: Vec<(usize, usize)>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Lines<'t> {
        let mut starts = vec![(0, 0)];
        let (mut byte, mut character) = (0, 0);
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            byte += line.len();
            character += line.chars().count();
            starts.push((byte, character));
        }
        Lines { text, starts }
    }

    pub(super) fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        // The first line starts at byte 0, so that there always is one.
        let line = self.starts.partition_point(|(start, _)| *start <= byte) - 1;
        let (start, before) = self.starts[line];
        let column = self
            .text
            .get(start..byte)
            .map_or(0, |part| part.chars().count());
        Position {
            line: line + 1,
            column,
            offset: before + column,
        }
    }

    pub(super) fn span(&self, bytes: &Range<usize>) -> Span {
        Span {
            start: self.position(bytes.start),
            end: self.position(bytes.end),
        }
    }
}

/// The path to the value or key that takes exactly these bytes, or to the innermost value around them.
pub(super) fn path(json: &Json, bytes: &Range<usize>) -> Vec<PathElement> {
    let mut path = Vec::new();
    let mut here = json;
    while here.span != *bytes {
        let Some((step, inner)) = step(here, bytes) else {
            break;
        };
        path.push(step);
        let Some(inner) = inner else { break };
        here = inner;
    }
    path
}

/// The value that takes exactly these bytes.
pub(super) fn value_at<'j>(json: &'j Json, bytes: &Range<usize>) -> Option<&'j Json> {
    let mut here = json;
    while here.span != *bytes {
        (_, here) = step(here, bytes).and_then(|(step, inner)| Some((step, inner?)))?;
    }
    Some(here)
}

/// The step from a value to the value inside it around the bytes, or to the key; members and items stand in the order of the
/// text, so that the one around the bytes is found by halving.
fn step<'j>(json: &'j Json, bytes: &Range<usize>) -> Option<(PathElement, Option<&'j Json>)> {
    let contains = |outer: &Range<usize>| outer.start <= bytes.start && bytes.end <= outer.end;
    match &json.kind {
        Kind::Object(members) => {
            let at = members.partition_point(|member| member.value.span.end < bytes.end);
            let member = members.get(at)?;
            if contains(&member.key_span) {
                return Some((PathElement::Key(member.key.clone()), None));
            }
            contains(&member.value.span)
                .then(|| (PathElement::Value(member.key.clone()), Some(&member.value)))
        }
        Kind::Array(items) => {
            let at = items.partition_point(|item| item.span.end < bytes.end);
            let item = items.get(at).filter(|item| contains(&item.span))?;
            Some((PathElement::Index(at), Some(item)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    #[test]
    fn positions_count_characters() {
        let lines = Lines::new("é\nab\n");
        let at = |byte| {
            let Position {
                line,
                column,
                offset,
            } = lines.position(byte);
            (line, column, offset)
        };
        assert_eq!(at(0), (1, 0, 0));
        assert_eq!(at(2), (1, 1, 1));
        assert_eq!(at(3), (2, 0, 2));
        assert_eq!(at(5), (2, 2, 4));
        assert_eq!(at(6), (3, 0, 5));
        let lines = Lines::new("ab");
        assert_eq!(lines.position(2).column, 2);
        assert_eq!(lines.position(2).line, 1);
        assert_eq!(Lines::new("").position(0).line, 1);
    }

    #[test]
    fn paths_lead_to_values_keys_and_items() {
        let text = r#"{"a": [1, {"b~": "x"}], "c": 2}"#;
        let json = read(text, Limits::DOCUMENT).unwrap();
        let to = |part: &str| {
            let start = text.find(part).unwrap();
            path(&json, &(start..start + part.len()))
        };
        let value = |key: &str| PathElement::Value(key.to_owned());
        assert_eq!(to(text), []);
        assert_eq!(
            to("\"x\""),
            [value("a"), PathElement::Index(1), value("b~")]
        );
        assert_eq!(
            to("\"b~\""),
            [
                value("a"),
                PathElement::Index(1),
                PathElement::Key("b~".into())
            ]
        );
        assert_eq!(to("2"), [value("c")]);
        assert_eq!(to("\"c\""), [PathElement::Key("c".into())]);
    }
}
