//! The two wildcards of the policy language, and variables (specification 2.2, 2.4, 3.5).
//!
//! `*` stands for any run of characters, `?` for exactly one; everything else is literal, and a pattern covers the whole text. A
//! pattern is compiled to a row of steps. The matcher walks the row once; when a step fails it goes back to the last `*` only and lets
//! that take one character more. Earlier stars need never be tried again, because the last one can take whatever they could have
//! taken: so the cost is at most the pattern's length times the text's, whatever the pattern. Where that is much, `at_once` answers.
//!
//! Values of variables are put in as literals at match time: a `*` in a tag is no wildcard.

mod at_once;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::request::{Context, NoContext, Value};

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    key_lower: Box<str>,
    default: Option<Box<str>>,
}

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Literal(Box<str>),
    Variable(Variable),
    /// `?`.
    One,
    /// `*`.
    Run,
}

/// How the text of a policy is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` are variables.
    pub(crate) variables: bool,
}

impl Reading {
    /// Wildcards and no variables.
    pub(crate) const PLAIN: Reading = Reading {
        wildcards: true,
        variables: false,
    };
}

/// Whether a pattern fits a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// A variable has no value, so there is nothing to compare with. What follows from it differs from place to place.
    Unset,
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Fit {
        if fits { Fit::Yes } else { Fit::No }
    }
}

/// What stands at a `${`.
enum Braces {
    /// `${*}`, `${?}`, `${$}`: the character itself.
    Character(char),
    Variable(Variable),
}

/// Reads the `${…}` at the start of the text, and tells its length in bytes. One that is not closed is ordinary text.
fn braces(text: &str) -> Option<(Braces, usize)> {
    let inside = text.strip_prefix("${")?;
    let close = inside.find('}')?;
    // A default may itself hold a brace, so its quote closes it.
    if let Some(comma) = inside[..close].find(", '") {
        let default = &inside[comma + 3..];
        if let Some(quote) = default.find("'}") {
            let variable = Variable {
                key_lower: inside[..comma].to_lowercase().into(),
                default: Some(default[..quote].into()),
            };
            return Some((Braces::Variable(variable), 2 + comma + 3 + quote + 2));
        }
    }
    let key = &inside[..close];
    let read = match key {
        "*" | "?" | "$" => Braces::Character(key.chars().next()?),
        _ => Braces::Variable(Variable {
            key_lower: key.to_lowercase().into(),
            default: None,
        }),
    };
    Some((read, 2 + close + 1))
}

/// Reads a text of a policy as steps; neighbouring literals are one.
pub(crate) fn steps(text: &str, reading: Reading) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let mut length = character.len_utf8();
        let step = match character {
            '*' if reading.wildcards => Some(Step::Run),
            '?' if reading.wildcards => Some(Step::One),
            '$' if reading.variables => match braces(&text[at..]) {
                Some((Braces::Variable(variable), whole)) => {
                    length = whole;
                    Some(Step::Variable(variable))
                }
                Some((Braces::Character(character), whole)) => {
                    length = whole;
                    literal.push(character);
                    None
                }
                None => {
                    literal.push('$');
                    None
                }
            },
            _ => {
                literal.push(character);
                None
            }
        };
        if let Some(step) = step {
            if !literal.is_empty() {
                steps.push(Step::Literal(std::mem::take(&mut literal).into()));
            }
            steps.push(step);
        }
        at += length;
    }
    if !literal.is_empty() {
        steps.push(Step::Literal(literal.into()));
    }
    steps
}

impl Variable {
    /// The value to put in. None when the key is absent without a default, and when it is list-valued: then the default does not
    /// count either, because the key is there.
    pub(crate) fn value<'c>(&'c self, context: &'c dyn Context) -> Option<Cow<'c, str>> {
        match context.get(&self.key_lower) {
            Some(Value::One(value)) => Some(value),
            Some(Value::Many(_)) => None,
            None => self.default.as_deref().map(Cow::Borrowed),
        }
    }
}

/// The commonest shapes need no walk.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Anything,
    Exactly(Box<str>),
    StartsWith(Box<str>),
    Steps(Box<[Step]>),
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    shape: Shape,
    variables: usize,
}

/// Values of variables that are held without allocating: more than real patterns have.
const VALUES_INLINE: usize = 4;

impl Pattern {
    /// Compiles a pattern with wildcards and without variables.
    pub fn new(text: &str) -> Pattern {
        Pattern::read(text, Reading::PLAIN)
    }

    pub(crate) fn read(text: &str, reading: Reading) -> Pattern {
        Pattern::from_steps(steps(text, reading))
    }

    pub(crate) fn from_steps(steps: Vec<Step>) -> Pattern {
        let variables = steps
            .iter()
            .filter(|step| matches!(step, Step::Variable(_)))
            .count();
        let shape = match steps.as_slice() {
            [] => Shape::Exactly("".into()),
            [Step::Run] => Shape::Anything,
            [Step::Literal(text)] => Shape::Exactly(text.clone()),
            [Step::Literal(text), Step::Run] => Shape::StartsWith(text.clone()),
            _ => Shape::Steps(steps.into()),
        };
        Pattern { shape, variables }
    }

    /// Whether the pattern has neither wildcards nor variables.
    pub fn is_literal(&self) -> bool {
        matches!(self.shape, Shape::Exactly(_))
    }

    /// Whether the pattern has variables.
    pub(crate) fn has_variables(&self) -> bool {
        self.variables > 0
    }

    /// Whether a variable of the pattern has no value.
    pub(crate) fn is_unset(&self, context: &dyn Context) -> bool {
        let Shape::Steps(steps) = &self.shape else {
            return false;
        };
        self.variables > 0 && with_values(steps, context, |_| Fit::No) == Fit::Unset
    }

    /// Whether the pattern, which has no variables, covers the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.fits(text, &NoContext) == Fit::Yes
    }

    /// Whether the pattern covers the whole text, with variables taken from the context.
    pub(crate) fn fits(&self, text: &str, context: &dyn Context) -> Fit {
        match &self.shape {
            Shape::Anything => Fit::Yes,
            Shape::Exactly(exact) => (**exact == *text).into(),
            Shape::StartsWith(start) => text.starts_with(&**start).into(),
            Shape::Steps(steps) if self.variables == 0 => covers(steps, &[], text).into(),
            Shape::Steps(steps) => {
                with_values(steps, context, |values| covers(steps, values, text).into())
            }
        }
    }

    /// Whether the pattern, read without wildcards, equals the text but for case.
    pub(crate) fn equals_folded(&self, text: &str, context: &dyn Context) -> Fit {
        let same = |left: &mut dyn Iterator<Item = char>| left.map(fold).eq(text.chars().map(fold));
        match &self.shape {
            Shape::Anything => Fit::No,
            Shape::Exactly(exact) | Shape::StartsWith(exact) => same(&mut exact.chars()).into(),
            Shape::Steps(steps) => with_values(steps, context, |values| {
                let mut values = values.iter();
                let mut texts = steps.iter().flat_map(|step| match step {
                    Step::Literal(text) => text.chars(),
                    Step::Variable(_) => values.next().map_or("", |value| value).chars(),
                    Step::One | Step::Run => "".chars(),
                });
                same(&mut texts).into()
            }),
        }
    }
}

/// Looks up the variables of the steps, in their order, and tests with them.
fn with_values(
    steps: &[Step],
    context: &dyn Context,
    test: impl FnOnce(&[Cow<'_, str>]) -> Fit,
) -> Fit {
    let mut inline = [const { Cow::Borrowed("") }; VALUES_INLINE];
    let mut many = Vec::new();
    let mut count = 0;
    for step in steps {
        let Step::Variable(variable) = step else {
            continue;
        };
        let Some(value) = variable.value(context) else {
            return Fit::Unset;
        };
        match inline.get_mut(count) {
            Some(slot) => *slot = value,
            None if many.is_empty() => {
                many.extend(inline.iter().cloned());
                many.push(value);
            }
            None => many.push(value),
        }
        count += 1;
    }
    test(if many.is_empty() {
        &inline[..count]
    } else {
        &many
    })
}

/// Texts of so many bytes are walked, whatever the pattern.
const WALKED_BYTES_MAX: usize = 256;
/// So many comparisons a walk along a longer one may take.
const COMPARISONS_MAX: usize = 1 << 18;

/// Whether the steps cover the whole text; `values` are those of the variables in their order.
fn covers(steps: &[Step], values: &[Cow<'_, str>], text: &str) -> bool {
    if text.len() > WALKED_BYTES_MAX {
        let literals = steps.iter().map(|step| match step {
            Step::Literal(text) => text.len(),
            Step::Variable(_) | Step::One | Step::Run => 1,
        });
        let put_in = values.iter().map(|value| value.len());
        let length: usize = literals.chain(put_in).sum();
        if length.saturating_mul(text.len()) > COMPARISONS_MAX {
            return at_once::covers(steps, values, text);
        }
    }
    walk(steps, values, text)
}

/// Walks the steps along the text; `values` are those of the variables in their order.
fn walk(steps: &[Step], values: &[Cow<'_, str>], text: &str) -> bool {
    /// Where to go on when a step fails: behind the last `*`.
    struct Back {
        step: usize,
        value: usize,
        at: usize,
    }
    let (mut step, mut value, mut at) = (0, 0, 0);
    let mut back: Option<Back> = None;
    loop {
        let rest = &text[at..];
        let mut literal = "";
        let taken = match steps.get(step) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Step::Run) if step + 1 == steps.len() => return true,
            Some(Step::Run) => {
                step += 1;
                back = Some(Back { step, value, at });
                continue;
            }
            Some(Step::One) => rest.chars().next().map(char::len_utf8),
            Some(Step::Literal(wanted)) => {
                literal = wanted;
                rest.starts_with(literal).then_some(literal.len())
            }
            Some(Step::Variable(_)) => {
                let wanted: &str = values.get(value).map_or("", |value| value);
                let taken = rest.starts_with(wanted).then_some(wanted.len());
                value += usize::from(taken.is_some());
                taken
            }
        };
        if let Some(taken) = taken {
            step += 1;
            at += taken;
            continue;
        }
        let Some(last) = &mut back else { return false };
        // The star takes one character more; or as many as it needs for the literal behind it to stand there at all.
        let Some(next) = text[last.at..].chars().next() else {
            return false;
        };
        last.at += next.len_utf8();
        if step == last.step && !literal.is_empty() {
            match text[last.at..].find(literal) {
                Some(skip) => last.at += skip,
                None => return false,
            }
        }
        (step, value, at) = (last.step, last.value, last.at);
    }
}

/// Simple case folding of one character, by way of its upper case: so that letters with two lower-case forms (both sigmas, the
/// long s) fold alike. Where the other case is more than one character, the character stays as it is; so does the dotless i,
/// which Unicode folds to nothing else.
pub(crate) fn fold(character: char) -> char {
    fn only(mut mapped: impl Iterator<Item = char>) -> Option<char> {
        let first = mapped.next()?;
        mapped.next().is_none().then_some(first)
    }
    match character {
        '\u{0}'..='\u{7f}' => character.to_ascii_lowercase(),
        '\u{131}' => character,
        _ => {
            let upper = only(character.to_uppercase()).unwrap_or(character);
            only(upper.to_lowercase()).unwrap_or(upper)
        }
    }
}
