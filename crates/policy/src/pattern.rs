//! The two wildcards of the policy language, and variables.
//!
//! `*` stands for any run of characters, `?` for exactly one; everything else is literal, and a pattern covers the whole text. A pattern
//! is cut at its stars into segments when it is compiled. Matching finds the segments one after another, leftmost first, and never
//! goes back: taking the leftmost place of a segment leaves the most room for the next, so there is nothing to try again. Segments
//! without `?` are found by substring search; a segment with `?` costs at most its length times the text's.
//!
//! Values of variables are put in as literals at match time: a `*` in a tag is no wildcard.

use std::borrow::Cow;

use crate::request::{Context, Value};

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) key_lower: Box<str>,
    pub(crate) default: Option<Box<str>>,
}

/// What a pattern is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(String),
    Variable(Variable),
    One,
    Star,
}

/// How the text of a policy is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` are variables.
    pub(crate) variables: bool,
}

/// Cuts a text into tokens.
pub(crate) fn tokens(text: &str, reading: Reading) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let variable = if reading.variables {
            variable(rest)
        } else {
            None
        };
        let (token, length) = match (next, variable) {
            (_, Some((Ok(escaped), length))) => {
                literal.push(escaped);
                (None, length)
            }
            (_, Some((Err(variable), length))) => (Some(Token::Variable(variable)), length),
            ('*', _) if reading.wildcards => (Some(Token::Star), 1),
            ('?', _) if reading.wildcards => (Some(Token::One), 1),
            _ => {
                literal.push(next);
                (None, next.len_utf8())
            }
        };
        if let Some(token) = token {
            if !literal.is_empty() {
                tokens.push(Token::Literal(std::mem::take(&mut literal)));
            }
            tokens.push(token);
        }
        rest = &rest[length..];
    }
    if !literal.is_empty() {
        tokens.push(Token::Literal(literal));
    }
    tokens
}

/// Reads `${…}` at the start of the text: an escaped character or a variable, and its length. An unclosed one is ordinary text.
fn variable(text: &str) -> Option<(Result<char, Variable>, usize)> {
    let inner = text.strip_prefix("${")?;
    let close = inner.find('}')?;
    if let Some((key, after)) = inner.split_once(", '").filter(|(key, _)| key.len() < close)
        && let Some((default, _)) = after.split_once("'}")
    {
        let length = 2 + key.len() + 3 + default.len() + 2;
        let variable = Variable {
            key_lower: key.to_lowercase().into(),
            default: Some(default.into()),
        };
        return Some((Err(variable), length));
    }
    let key = &inner[..close];
    let escaped = match key {
        "*" => Ok('*'),
        "?" => Ok('?'),
        "$" => Ok('$'),
        _ => Err(Variable {
            key_lower: key.to_lowercase().into(),
            default: None,
        }),
    };
    Some((escaped, close + 3))
}

impl Variable {
    /// The value to put in; none when the key is absent without a default, or list-valued.
    pub(crate) fn resolve<'c>(&'c self, context: &'c dyn Context) -> Option<Cow<'c, str>> {
        match context.get(&self.key_lower) {
            Some(Value::One(value)) => Some(value),
            Some(Value::Many(_)) => None,
            None => self.default.as_deref().map(Cow::Borrowed),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Atom {
    Literal(Box<str>),
    /// Index into the resolved values.
    Variable(usize),
    One,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// `*`.
    Any,
    /// No wildcard, no variable.
    Exact(Box<str>),
    /// A literal and then one star.
    Prefix(Box<str>),
    /// Segments between the stars; with n stars there are n + 1, and the first and last are anchored.
    Segments(Box<[Box<[Atom]>]>),
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    form: Form,
    variables: Box<[Variable]>,
}

/// The outcome of a match: a variable without value makes the pattern match nothing, which callers treat in their own ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matched {
    Yes,
    No,
    Unresolved,
}

/// Enough for every real pattern without allocating.
const VALUES_INLINE: usize = 4;

impl Pattern {
    /// Compiles a pattern with wildcards and without variables.
    pub fn new(text: &str) -> Pattern {
        Pattern::with(
            text,
            Reading {
                wildcards: true,
                variables: false,
            },
        )
    }

    pub(crate) fn with(text: &str, reading: Reading) -> Pattern {
        Pattern::from_tokens(tokens(text, reading))
    }

    pub(crate) fn from_tokens(tokens: Vec<Token>) -> Pattern {
        let form = match tokens.as_slice() {
            [] => Form::Exact("".into()),
            [Token::Star] => Form::Any,
            [Token::Literal(text)] => Form::Exact(text.as_str().into()),
            [Token::Literal(text), Token::Star] => Form::Prefix(text.as_str().into()),
            _ => {
                let mut segments = Vec::new();
                let mut segment = Vec::new();
                let mut variables = Vec::new();
                for token in tokens {
                    match token {
                        Token::Star => {
                            segments.push(std::mem::take(&mut segment).into_boxed_slice())
                        }
                        Token::One => segment.push(Atom::One),
                        Token::Literal(text) => segment.push(Atom::Literal(text.into())),
                        Token::Variable(variable) => {
                            segment.push(Atom::Variable(variables.len()));
                            variables.push(variable);
                        }
                    }
                }
                segments.push(segment.into_boxed_slice());
                return Pattern {
                    form: Form::Segments(segments.into()),
                    variables: variables.into(),
                };
            }
        };
        Pattern {
            form,
            variables: Box::default(),
        }
    }

    /// Whether the pattern has neither wildcards nor variables.
    pub fn is_literal(&self) -> bool {
        matches!(self.form, Form::Exact(_))
    }

    /// Whether the pattern, which has no variables, covers the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_in(text, &crate::request::NoContext) == Matched::Yes
    }

    /// Whether the pattern covers the whole text, with variables taken from the context.
    pub(crate) fn matches_in(&self, text: &str, context: &dyn Context) -> Matched {
        let matched = match &self.form {
            Form::Any => true,
            Form::Exact(exact) => **exact == *text,
            Form::Prefix(prefix) => text.starts_with(&**prefix),
            Form::Segments(segments) => {
                return self.with_values(context, |values| cover(segments, text, values));
            }
        };
        if matched { Matched::Yes } else { Matched::No }
    }

    /// Whether the pattern, read without wildcards, equals the text but for case.
    pub(crate) fn equals_ignoring_case(&self, text: &str, context: &dyn Context) -> Matched {
        match &self.form {
            Form::Any => Matched::No,
            Form::Exact(exact) | Form::Prefix(exact) => {
                if exact.chars().map(fold).eq(text.chars().map(fold)) {
                    Matched::Yes
                } else {
                    Matched::No
                }
            }
            Form::Segments(segments) => self.with_values(context, |values| {
                let whole = segments.iter().flat_map(|segment| segment.iter());
                whole
                    .flat_map(|atom| literal(atom, values).unwrap_or("").chars())
                    .map(fold)
                    .eq(text.chars().map(fold))
            }),
        }
    }

    fn with_values(
        &self,
        context: &dyn Context,
        test: impl FnOnce(&[Cow<'_, str>]) -> bool,
    ) -> Matched {
        let mut inline = [const { Cow::Borrowed("") }; VALUES_INLINE];
        let mut many = Vec::new();
        if self.variables.len() <= VALUES_INLINE {
            for (slot, variable) in inline.iter_mut().zip(&self.variables) {
                let Some(value) = variable.resolve(context) else {
                    return Matched::Unresolved;
                };
                *slot = value;
            }
        } else {
            for variable in &self.variables {
                let Some(value) = variable.resolve(context) else {
                    return Matched::Unresolved;
                };
                many.push(value);
            }
        }
        let values = if many.is_empty() {
            &inline[..]
        } else {
            &many[..]
        };
        if test(values) {
            Matched::Yes
        } else {
            Matched::No
        }
    }
}

/// Simple case folding of one character: by way of the upper case, so that both sigmas fold alike. Characters whose other case
/// is more than one character, and the dotless i, stay as they are.
pub(crate) fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    if character == '\u{131}' {
        return character;
    }
    let single = |mut mapped: Box<dyn Iterator<Item = char>>, otherwise: char| match (
        mapped.next(),
        mapped.next(),
    ) {
        (Some(one), None) => one,
        _ => otherwise,
    };
    let upper = single(Box::new(character.to_uppercase()), character);
    single(Box::new(upper.to_lowercase()), upper)
}

fn literal<'v>(atom: &'v Atom, values: &'v [Cow<'_, str>]) -> Option<&'v str> {
    match atom {
        Atom::Literal(text) => Some(text),
        Atom::Variable(index) => values.get(*index).map(|value| &**value),
        Atom::One => None,
    }
}

fn cover(segments: &[Box<[Atom]>], text: &str, values: &[Cow<'_, str>]) -> bool {
    let [first, between @ .., last] = segments else {
        return segments
            .first()
            .is_some_and(|only| starts(only, text, values) == Some(text.len()));
    };
    let Some(mut at) = starts(first, text, values) else {
        return false;
    };
    for segment in between {
        let Some(end) = find(segment, &text[at..], values) else {
            return false;
        };
        at += end;
    }
    ends(last, &text[at..], values)
}

/// The bytes that the segment takes at the start of the text.
fn starts(segment: &[Atom], text: &str, values: &[Cow<'_, str>]) -> Option<usize> {
    let mut rest = text;
    for atom in segment {
        rest = match literal(atom, values) {
            Some(literal) => rest.strip_prefix(literal)?,
            None => {
                let mut characters = rest.chars();
                characters.next()?;
                characters.as_str()
            }
        };
    }
    Some(text.len() - rest.len())
}

fn ends(segment: &[Atom], text: &str, values: &[Cow<'_, str>]) -> bool {
    let mut rest = text;
    for atom in segment.iter().rev() {
        let shorter = match literal(atom, values) {
            Some(literal) => rest.strip_suffix(literal),
            None => {
                let mut characters = rest.chars();
                characters.next_back().map(|_| characters.as_str())
            }
        };
        let Some(shorter) = shorter else { return false };
        rest = shorter;
    }
    true
}

/// The end of the leftmost place of the segment in the text.
fn find(segment: &[Atom], text: &str, values: &[Cow<'_, str>]) -> Option<usize> {
    let head = segment
        .first()
        .and_then(|atom| literal(atom, values))
        .unwrap_or("");
    let mut at = 0;
    loop {
        at += text.get(at..)?.find(head)?;
        if let Some(length) = starts(segment, &text[at..], values) {
            return Some(at + length);
        }
        at += text[at..].chars().next()?.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Specification 2.2, point 3.
    #[test]
    fn wildcards() {
        let rows = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*a*", "bab", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("???", "日本語", true),
            ("a*b*c", "axbxbxc", true),
            ("a*?b", "ab", false),
            ("a*?b", "axb", true),
            ("*ab?", "abxabc", true),
            ("a*\n*", "a\nb", true),
            ("b*", "b\nc", true),
            ("**", "x", true),
            ("*x*x", "x", false),
            ("(a.c)[", "(a.c)[", true),
            ("A", "a", false),
            ("a*ba", "aba", true),
            ("aba*ba", "aba", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} on {text}"
            );
        }
    }

    #[test]
    fn agrees_with_the_obvious_definition() {
        fn obvious(pattern: &[char], text: &[char]) -> bool {
            match (pattern.split_first(), text.split_first()) {
                (None, None) => true,
                (Some(('*', rest)), _) => (0..=text.len()).any(|skip| obvious(rest, &text[skip..])),
                (Some(('?', pattern)), Some((_, text))) => obvious(pattern, text),
                (Some((wanted, pattern)), Some((found, text))) => {
                    wanted == found && obvious(pattern, text)
                }
                _ => false,
            }
        }
        let words = |letters: &[char], length: u32| -> Vec<Vec<char>> {
            let count = letters.len();
            (0..count.pow(length))
                .map(|mut word| {
                    (0..length)
                        .map(|_| {
                            let letter = letters[word % count];
                            word /= count;
                            letter
                        })
                        .collect()
                })
                .collect()
        };
        for pattern_length in 0..=5 {
            for pattern in words(&['a', 'é', '*', '?'], pattern_length) {
                let compiled = Pattern::new(&pattern.iter().collect::<String>());
                for text_length in 0..=4 {
                    for text in words(&['a', 'é'], text_length) {
                        let whole: String = text.iter().collect();
                        assert_eq!(
                            compiled.matches(&whole),
                            obvious(&pattern, &text),
                            "{pattern:?} on {whole}"
                        );
                    }
                }
            }
        }
    }

    /// A matcher that tries again would not end before the sun does.
    #[test]
    fn adversarial_patterns_cost_little() {
        let text = "a".repeat(8_000);
        for pattern in [
            "a*".repeat(3_000) + "b",
            "*a".repeat(3_000) + "b*",
            "*a?".repeat(2_000) + "b",
            "?*".repeat(3_000) + "b",
        ] {
            assert!(!Pattern::new(&pattern).matches(&text));
        }
        assert!(!Pattern::new(&format!("*{}b*", "a?".repeat(1_000))).matches(&text));
    }

    #[test]
    fn folding() {
        for (left, right) in [('ς', 'Σ'), ('K', 'k'), ('É', 'é'), ('A', 'a')] {
            assert_eq!(fold(left), fold(right));
        }
        assert_ne!(fold('ı'), fold('i'));
        assert_ne!(fold('ß'), fold('s'));
    }

    /// Specification 3.5.
    #[test]
    fn variables_are_read() {
        let reading = Reading {
            wildcards: true,
            variables: true,
        };
        let variable = |key: &str, default: Option<&str>| {
            Token::Variable(Variable {
                key_lower: key.into(),
                default: default.map(Into::into),
            })
        };
        assert_eq!(
            tokens("a${aws:Username}", reading),
            [Token::Literal("a".into()), variable("aws:username", None)]
        );
        assert_eq!(tokens("${k, 'd}e'}", reading), [variable("k", Some("d}e"))]);
        assert_eq!(tokens("${k, ''}", reading), [variable("k", Some(""))]);
        assert_eq!(
            tokens("${*}${?}${$}", reading),
            [Token::Literal("*?$".into())]
        );
        assert_eq!(tokens("${a", reading), [Token::Literal("${a".into())]);
        assert_eq!(
            tokens("${a}${b, 'c'}", reading),
            [variable("a", None), variable("b", Some("c"))]
        );
        let plain = Reading {
            wildcards: true,
            variables: false,
        };
        assert_eq!(tokens("${a}", plain), [Token::Literal("${a}".into())]);
        assert_eq!(
            tokens("${*}", plain),
            [
                Token::Literal("${".into()),
                Token::Star,
                Token::Literal("}".into())
            ]
        );
    }
}
