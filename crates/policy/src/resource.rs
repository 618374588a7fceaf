//! Entries of `Resource` and `NotResource` (specification 2.2).

use crate::arn;
use crate::decision::PolicyKind;
use crate::pattern::{Fit, Pattern, Reading, Step, steps};
use crate::question::Question;

/// One entry, compiled. The first three need no more than a comparison.
#[derive(Debug, Clone)]
pub(crate) enum ResourcePattern {
    /// `*`: also of the request that names no resource.
    Everything,
    /// Six parts without wildcard or variable.
    Exactly(Box<str>),
    /// Six parts whose only wildcard is a star at the very end.
    StartsWith(Box<str>),
    /// Six parts, each matched on its own.
    Parts(Box<[Pattern; 6]>),
    /// An ARN of fewer parts, which kinds of documents read differently.
    Short {
        parts: Box<[Pattern]>,
        has_star: bool,
        ends_in_star: bool,
    },
    /// No ARN.
    Nothing,
}

impl ResourcePattern {
    pub(crate) fn compile(text: &str, variables: bool) -> ResourcePattern {
        if text == "*" {
            return ResourcePattern::Everything;
        }
        let Some(parts) = arn::split(text) else {
            if !text.starts_with("arn:") {
                return ResourcePattern::Nothing;
            }
            return ResourcePattern::Short {
                parts: text.split(':').map(Pattern::new).collect(),
                has_star: text.contains('*'),
                ends_in_star: text.ends_with('*'),
            };
        };
        // Variables are read in the sixth part only.
        let last = steps(
            parts[5],
            Reading {
                wildcards: true,
                variables,
            },
        );
        let head = &text[..text.len() - parts[5].len()];
        if !head.contains(['*', '?']) {
            match last.as_slice() {
                [] => return ResourcePattern::Exactly(head.into()),
                [Step::Literal(tail)] => {
                    return ResourcePattern::Exactly([head, &**tail].concat().into());
                }
                [Step::Run] => return ResourcePattern::StartsWith(head.into()),
                [Step::Literal(tail), Step::Run] => {
                    return ResourcePattern::StartsWith([head, &**tail].concat().into());
                }
                _ => {}
            }
        }
        let [a, b, c, d, e, _] = parts.map(Pattern::new);
        ResourcePattern::Parts(Box::new([a, b, c, d, e, Pattern::from_steps(last)]))
    }

    /// Whether the entry covers the resource that is asked for.
    pub(crate) fn fits(&self, question: &Question<'_>, kind: PolicyKind) -> Fit {
        match self {
            ResourcePattern::Everything => Fit::Yes,
            ResourcePattern::Exactly(exact) => (**exact == *question.resource).into(),
            ResourcePattern::StartsWith(start) => question.resource.starts_with(&**start).into(),
            ResourcePattern::Parts(patterns) => {
                let (head, last) = (&patterns[..5], &patterns[5]);
                let head_fits = |parts: &[&str; 6]| {
                    let mut pairs = head.iter().zip(parts);
                    pairs.all(|(pattern, part)| pattern.matches(part))
                };
                match question.parts.as_ref().filter(|parts| head_fits(parts)) {
                    Some(parts) => last.fits(parts[5], question.context),
                    // An entry whose variable has no value is that before it is anything else.
                    None if last.is_unset(question.context) => Fit::Unset,
                    None => Fit::No,
                }
            }
            ResourcePattern::Short {
                parts: patterns,
                has_star,
                ends_in_star,
            } => {
                let read = match kind {
                    PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => true,
                    PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint => *has_star,
                    PolicyKind::Scp => *ends_in_star,
                    PolicyKind::Rcp | PolicyKind::PublicAccessBlock | PolicyKind::ServiceRule => {
                        false
                    }
                };
                let fits = |parts: &[&str; 6]| {
                    let mut pairs = patterns.iter().zip(parts);
                    pairs.all(|(pattern, part)| pattern.matches(part))
                };
                (read && question.parts.as_ref().is_some_and(fits)).into()
            }
            ResourcePattern::Nothing => Fit::No,
        }
    }
}
