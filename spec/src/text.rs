//! Texts of a policy: wildcards, variables and ARNs (sections 2.2, 2.4 and 3.5).

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::{Case, Fault, Trace};

/// The value of a condition key in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// A key with one value.
    One(String),
    /// A key that is a list, however many values it has.
    Many(Vec<String>),
}

/// The case that is being decided, the fault that was planted, and what was met.
pub(crate) struct Look<'c> {
    pub(crate) case: &'c Case,
    pub(crate) fault: Option<Fault>,
    pub(crate) trace: &'c RefCell<Trace>,
}

impl Look<'_> {
    /// Whether this mistake is to be made.
    pub(crate) fn wrong(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Section 3.1: names of keys compare without case.
    pub(crate) fn key(&self, name: &str) -> Option<&ContextValue> {
        self.case.context.get(&name.to_lowercase())
    }
}

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stands for itself: written in the policy, or put in for a variable.
    Literal(char),
    /// `*`: any run of characters.
    Star,
    /// `?`: exactly one character.
    Question,
}

/// Reads a text of the policy character by character. None: it has a variable that cannot be resolved.
pub(crate) fn spell(
    look: &Look<'_>,
    text: &str,
    wildcards: bool,
    variables: bool,
) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if variables && let Some((variable, after)) = variable(rest) {
            pieces.extend(value_of(look, &variable)?);
            rest = after;
            continue;
        }
        pieces.push(match character {
            '*' if wildcards => Piece::Star,
            '?' if wildcards => Piece::Question,
            _ => Piece::Literal(character),
        });
        rest = &rest[character.len_utf8()..];
    }
    Some(pieces)
}

/// `${key}` or `${key, 'default'}`.
struct Variable<'t> {
    key: &'t str,
    default: Option<&'t str>,
}

/// Section 3.5: the variable at the start of the text, and what follows it. An unclosed `${` is ordinary text. A default ends with its
/// quote, and may hold braces.
fn variable(text: &str) -> Option<(Variable<'_>, &str)> {
    let inside = text.strip_prefix("${")?;
    let (key, after) = inside.split_once('}')?;
    if let Some((key, _)) = key.split_once(", '")
        && let Some((default, after)) = inside[key.len() + ", '".len()..].split_once("'}")
    {
        let default = Some(default);
        return Some((Variable { key, default }, after));
    }
    Some((Variable { key, default: None }, after))
}

/// Section 3.5: what stands for the variable.
fn value_of(look: &Look<'_>, variable: &Variable<'_>) -> Option<Vec<Piece>> {
    let key = variable.key;
    if variable.default.is_none() && matches!(key, "*" | "?" | "$") {
        return Some(key.chars().map(Piece::Literal).collect());
    }
    let default = variable.default.map(str::to_owned);
    let value = match look.key(key) {
        Some(ContextValue::One(value)) => Some(value.clone()),
        // The key is there, so the default is not for it; and a list is not one value.
        Some(ContextValue::Many(_)) => None,
        None if look.wrong(Fault::DefaultIgnored) => None,
        None => default,
    };
    match value {
        // What is put in is literal: a `*` in it is no wildcard.
        Some(value) if look.wrong(Fault::VariableValueIsPattern) => {
            let piece = |c| match c {
                '*' => Piece::Star,
                '?' => Piece::Question,
                _ => Piece::Literal(c),
            };
            Some(value.chars().map(piece).collect())
        }
        Some(value) => Some(value.chars().map(Piece::Literal).collect()),
        None if look.wrong(Fault::UnresolvedIsEmpty) => Some(Vec::new()),
        None => None,
    }
}

/// Whether the whole text fits the whole pattern. `case` false: compared by simple case folding.
pub(crate) fn fits(look: &Look<'_>, pattern: &[Piece], text: &str, case: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    // ends[n]: the pattern so far can end after n characters of the text.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for piece in pattern {
        let mut next = vec![false; text.len() + 1];
        for (at, _) in ends.iter().enumerate().filter(|(_, reached)| **reached) {
            match piece {
                Piece::Star => next[at..].fill(true),
                Piece::Question => {
                    if at < text.len() {
                        next[at + 1] = true;
                    }
                    if look.wrong(Fault::QuestionMarkOptional) {
                        next[at] = true;
                    }
                }
                Piece::Literal(character) => {
                    if text
                        .get(at)
                        .is_some_and(|found| same(*found, *character, case))
                    {
                        next[at + 1] = true;
                    }
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}

fn same(one: char, other: char, case: bool) -> bool {
    one == other || (!case && fold(one) == fold(other))
}

/// Simple case folding, by way of the upper case: `ς` and `σ` are one. The dotless `ı` is a letter of its own.
fn fold(character: char) -> char {
    if character == 'ı' {
        return character;
    }
    let single =
        |mut mapped: Box<dyn Iterator<Item = char>>, or: char| match (mapped.next(), mapped.next())
        {
            (Some(one), None) => one,
            _ => or,
        };
    let upper = single(Box::new(character.to_uppercase()), character);
    single(Box::new(upper.to_lowercase()), upper)
}

/// Section 2.2, point 2: six parts, cut at the first five colons.
pub(crate) fn parts_of_pattern(pieces: &[Piece]) -> Vec<&[Piece]> {
    pieces
        .splitn(6, |piece| *piece == Piece::Literal(':'))
        .collect()
}

/// The same for a text of the request.
pub(crate) fn parts_of_text(text: &str) -> Vec<&str> {
    text.splitn(6, ':').collect()
}
