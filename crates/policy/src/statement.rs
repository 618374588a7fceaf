//! Does a statement match the request? (specification 1.2, 2 and 3)
//!
//! Documents are evaluated as they are, also those that AWS would have refused. What the specification leaves open is read to the side
//! that grants less: an element that has no business in the document narrows an Allow and does not narrow a Deny; of an element and
//! its negation in one statement an Allow needs both to match and a Deny either.

use crate::compile::{Actions, Bindings};
use crate::condition::Condition;
use crate::decision::PolicyKind;
use crate::document::{Effect, List, Statement};
use crate::pattern::Fit;
use crate::principal::{Principals, Strength};
use crate::question::Question;
use crate::resource::ResourcePattern;

/// Whether documents of this kind say by `Principal` whom they mean. RCPs carry it too, but may only say `*`.
fn names_principals(kind: PolicyKind) -> bool {
    matches!(
        kind,
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint
    )
}

/// A statement, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) effect: Option<Effect>,
    pub(crate) actions: Option<Actions>,
    pub(crate) not_actions: Option<Actions>,
    resources: Option<Box<[ResourcePattern]>>,
    not_resources: Option<Box<[ResourcePattern]>>,
    pub(crate) principals: Option<Principals>,
    pub(crate) not_principals: Option<Principals>,
    pub(crate) conditions: Box<[Condition]>,
    condition_malformed: bool,
}

/// Why a statement does not match: the first thing that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mismatch {
    Effect,
    Action,
    Resource,
    Principal,
    /// The position of the condition.
    Condition(usize),
    ConditionMalformed,
}

impl Rule {
    pub(crate) fn compile(statement: &Statement, bindings: &Bindings, variables: bool) -> Rule {
        let resources = |list: &Option<List>| {
            let list = list.as_ref()?;
            let texts = list.values.iter();
            Some(
                texts
                    .map(|text| ResourcePattern::compile(&text.value, variables))
                    .collect(),
            )
        };
        let principals = |element: &Option<_>| {
            element
                .as_ref()
                .map(|element| Principals::compile(element, bindings))
        };
        Rule {
            effect: statement.effect,
            actions: statement.action.as_ref().map(Actions::compile),
            not_actions: statement.not_action.as_ref().map(Actions::compile),
            resources: resources(&statement.resource),
            not_resources: resources(&statement.not_resource),
            principals: principals(&statement.principal),
            not_principals: principals(&statement.not_principal),
            conditions: statement
                .conditions
                .iter()
                .map(|entry| Condition::compile(entry, variables))
                .collect(),
            condition_malformed: statement.condition_malformed,
        }
    }

    /// Whether the statement applies to the request, and how strongly its principal names the caller.
    pub(crate) fn matches(
        &self,
        question: &Question<'_>,
        kind: PolicyKind,
    ) -> Result<Strength, Mismatch> {
        let effect = self.effect.ok_or(Mismatch::Effect)?;
        if !self.action_matches(effect, question) {
            return Err(Mismatch::Action);
        }
        if !self.resource_matches(effect, question, kind) {
            return Err(Mismatch::Resource);
        }
        let strength = self.strength(effect, question, kind);
        if strength == Strength::None {
            return Err(Mismatch::Principal);
        }
        if self.condition_malformed {
            // Not readable, so it can neither be met to allow nor spare anybody a Deny.
            return match effect {
                Effect::Allow => Err(Mismatch::ConditionMalformed),
                Effect::Deny => Ok(strength),
            };
        }
        let mut conditions = self.conditions.iter();
        match conditions.position(|condition| !condition.holds(question.context)) {
            Some(position) => Err(Mismatch::Condition(position)),
            None => Ok(strength),
        }
    }

    /// Whether the statement is about the action at all.
    pub(crate) fn is_about(&self, question: &Question<'_>) -> bool {
        self.effect
            .is_some_and(|effect| self.action_matches(effect, question))
    }

    fn action_matches(&self, effect: Effect, question: &Question<'_>) -> bool {
        let covered = |actions: &Actions| actions.cover(question);
        both(
            effect,
            self.actions.as_ref().map(covered),
            self.not_actions.as_ref().map(|actions| !covered(actions)),
        )
        // Without either, nothing is meant.
        .unwrap_or(false)
    }

    fn resource_matches(&self, effect: Effect, question: &Question<'_>, kind: PolicyKind) -> bool {
        let listed = |resources: &[ResourcePattern]| {
            let mut resources = resources.iter();
            resources.any(|resource| resource.fits(question, kind) == Fit::Yes)
        };
        let excepted = |resources: &[ResourcePattern]| {
            resources
                .iter()
                .any(|resource| match resource.fits(question, kind) {
                    Fit::Yes => true,
                    // Divergence: by the guide an entry without a value excepts nothing, so that an Allow would apply; this grants less.
                    Fit::Unset => effect == Effect::Allow,
                    Fit::No => false,
                })
        };
        both(
            effect,
            self.resources.as_deref().map(listed),
            self.not_resources
                .as_deref()
                .map(|resources| !excepted(resources)),
        )
        // In a trust policy the role is meant. In other documents something is missing, which must not allow.
        .unwrap_or(kind == PolicyKind::Trust || effect == Effect::Deny)
    }

    fn strength(&self, effect: Effect, question: &Question<'_>, kind: PolicyKind) -> Strength {
        let (named, excepted) = (&self.principals, &self.not_principals);
        if named.is_none() && excepted.is_none() {
            // Where principals are named, a statement that names nobody is for nobody.
            return if names_principals(kind) {
                Strength::None
            } else {
                Strength::Direct
            };
        }
        if effect == Effect::Deny && !names_principals(kind) {
            return Strength::Direct;
        }
        let named = match named {
            Some(named) => named.strength(question.principal),
            None => Strength::None,
        };
        match excepted {
            None => named,
            // NotPrincipal + Allow is no longer supported.
            Some(_) if effect == Effect::Allow => Strength::None,
            // Only who is listed by itself is let off: not by its role alone, nor by its account; and nobody who has a boundary.
            Some(excepted) => {
                let let_off = excepted.strength(question.principal) == Strength::Direct;
                if let_off && !question.has_boundary {
                    named
                } else {
                    Strength::Direct
                }
            }
        }
    }
}

/// An element and its negation: normally there is one of them.
fn both(effect: Effect, element: Option<bool>, negation: Option<bool>) -> Option<bool> {
    match (element, negation) {
        (Some(element), Some(negation)) => Some(match effect {
            Effect::Allow => element && negation,
            Effect::Deny => element || negation,
        }),
        (one, other) => one.or(other),
    }
}
