//! Does a statement match the request? And what does a whole document say? (specification 2)

use crate::compile::{Actions, CompiledStatement, Policy, Resource, hash};
use crate::document::Effect;
use crate::pattern::Matched;
use crate::principal::Strength;
use crate::request::{Context, Principal, Request};

/// The part a document plays; some rules of matching depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Identity,
    Boundary,
    Session,
    Scp,
    Rcp,
    Resource,
    Endpoint,
}

impl Part {
    /// Whether `Principal` counts. RCPs carry it and may only say `*`.
    fn has_principal(self) -> bool {
        matches!(self, Part::Resource | Part::Endpoint)
    }

    /// How an ARN of fewer than six parts is read.
    fn reads_short(self, any_star: bool, trailing_star: bool) -> bool {
        match self {
            Part::Identity | Part::Boundary | Part::Session => true,
            Part::Resource | Part::Endpoint => any_star,
            Part::Scp => trailing_star,
            Part::Rcp => false,
        }
    }
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

/// Room for every action name of AWS; longer ones are kept on the heap.
const ACTION_BYTES_INLINE: usize = 128;

/// A request made ready: lower-cased, hashed and split once for all documents.
pub(crate) struct Asked<'a> {
    inline: [u8; ACTION_BYTES_INLINE],
    long: Option<String>,
    length: usize,
    colon: usize,
    action_hash: u64,
    service_hash: u64,
    pub(crate) resource: &'a str,
    parts: Option<[&'a str; 6]>,
    pub(crate) principal: &'a Principal,
    pub(crate) context: &'a dyn Context,
    /// Whoever has a permissions boundary is hit by every NotPrincipal + Deny.
    has_boundary: bool,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(request: &Request<'a>, has_boundary: bool) -> Asked<'a> {
        let action = request.action;
        let mut inline = [0; ACTION_BYTES_INLINE];
        let long = match inline.get_mut(..action.len()) {
            Some(slot) => {
                slot.copy_from_slice(action.as_bytes());
                slot.make_ascii_lowercase();
                None
            }
            None => Some(action.to_ascii_lowercase()),
        };
        let mut asked = Asked {
            inline,
            long,
            length: action.len(),
            colon: action.find(':').unwrap_or(action.len()),
            action_hash: 0,
            service_hash: 0,
            resource: request.resource,
            parts: crate::arn::split(request.resource),
            principal: request.principal,
            context: request.context,
            has_boundary,
        };
        asked.action_hash = hash(asked.action());
        asked.service_hash = hash(asked.service());
        asked
    }

    /// The action in lower case.
    pub(crate) fn action(&self) -> &str {
        match &self.long {
            Some(long) => long,
            // INVARIANT: lower-casing ASCII in place keeps valid UTF-8 valid.
            None => std::str::from_utf8(&self.inline[..self.length]).unwrap_or(""),
        }
    }

    pub(crate) fn service(&self) -> &str {
        self.action().get(..self.colon).unwrap_or("")
    }

    fn name(&self) -> &str {
        self.action().get(self.colon + 1..).unwrap_or("")
    }

    fn covered_by(&self, actions: &Actions) -> bool {
        actions.cover(self.action(), self.service(), self.name())
    }
}

/// What a document says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    /// The first Deny that matches.
    pub(crate) deny: Option<usize>,
    /// How strongly it allows; documents without principals allow directly.
    pub(crate) allow: Strength,
}

impl Policy {
    /// Everything the document says about the request.
    pub(crate) fn say(&self, asked: &Asked<'_>, part: Part) -> Said {
        let mut said = Said {
            deny: None,
            allow: Strength::None,
        };
        self.candidates(asked.action_hash, asked.service_hash, |position| {
            let statement = &self.statements[position];
            let wanted = match statement.effect {
                Some(Effect::Allow) => said.allow < Strength::Direct,
                Some(Effect::Deny) => said.deny.is_none_or(|first| position < first),
                None => false,
            };
            if wanted && let Ok(strength) = statement.matches(asked, part) {
                if statement.effect == Some(Effect::Deny) {
                    said.deny = Some(position);
                } else {
                    said.allow = said.allow.max(strength);
                }
            }
        });
        said
    }
}

impl CompiledStatement {
    /// Whether the statement applies to the request, and how strongly its principal names the caller.
    pub(crate) fn matches(&self, asked: &Asked<'_>, part: Part) -> Result<Strength, Mismatch> {
        let effect = self.effect.ok_or(Mismatch::Effect)?;
        let acted = match (&self.actions, &self.not_actions) {
            (None, None) => false,
            (actions, not_actions) => {
                actions
                    .as_ref()
                    .is_none_or(|actions| asked.covered_by(actions))
                    && not_actions
                        .as_ref()
                        .is_none_or(|actions| !asked.covered_by(actions))
            }
        };
        if !acted {
            return Err(Mismatch::Action);
        }
        if !self.resource_matches(effect, asked, part) {
            return Err(Mismatch::Resource);
        }
        let strength = if part.has_principal() {
            self.principal_strength(effect, asked)
        } else {
            Strength::Direct
        };
        if strength == Strength::None {
            return Err(Mismatch::Principal);
        }
        if self.condition_malformed {
            // Not readable, so it can neither be met to allow nor be taken as absent.
            return if effect == Effect::Allow {
                Err(Mismatch::ConditionMalformed)
            } else {
                Ok(strength)
            };
        }
        match self
            .conditions
            .iter()
            .position(|condition| !condition.holds(asked.context))
        {
            Some(position) => Err(Mismatch::Condition(position)),
            None => Ok(strength),
        }
    }

    fn resource_matches(&self, effect: Effect, asked: &Asked<'_>, part: Part) -> bool {
        let (resources, not_resources) = (&self.resources, &self.not_resources);
        if resources.is_none() && not_resources.is_none() {
            // A trust policy has none: the role itself is meant. Elsewhere it is a fault, which must not allow.
            return part == Part::Resource || effect == Effect::Deny;
        }
        if let Some(resources) = resources
            && !resources
                .iter()
                .any(|resource| resource.matches(asked, part) == Matched::Yes)
        {
            return false;
        }
        if let Some(resources) = not_resources {
            for resource in resources {
                match resource.matches(asked, part) {
                    Matched::Yes => return false,
                    // Divergence: the guide lets the statement apply, Allow too; this is the side that grants less.
                    Matched::Unresolved if effect == Effect::Allow => return false,
                    Matched::Unresolved | Matched::No => {}
                }
            }
        }
        true
    }

    fn principal_strength(&self, effect: Effect, asked: &Asked<'_>) -> Strength {
        match (&self.principals, &self.not_principals) {
            (Some(principals), None) => principals.strength(asked.principal),
            (None, Some(listed)) if effect == Effect::Deny => {
                // Only who is listed by itself is let off: not by its role alone, nor by its account.
                let let_off = listed.strength(asked.principal) == Strength::Direct;
                if let_off && !asked.has_boundary {
                    Strength::None
                } else {
                    Strength::Direct
                }
            }
            // NotPrincipal + Allow is no longer supported; both or neither is no valid statement.
            _ => Strength::None,
        }
    }
}

impl Resource {
    fn matches(&self, asked: &Asked<'_>, part: Part) -> Matched {
        let matched = match self {
            Resource::Everything => true,
            Resource::Exact(exact) => **exact == *asked.resource,
            Resource::Prefix(prefix) => asked.resource.starts_with(&**prefix),
            Resource::Parts(patterns) => {
                let Some(parts) = &asked.parts else {
                    return Matched::No;
                };
                let (head, last) = (&patterns[..5], &patterns[5]);
                if !head
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| pattern.matches(part))
                {
                    // Without a value of its variable the entry matches nothing anyway; but NotResource wants to know.
                    return Matched::No;
                }
                return last.matches_in(parts[5], asked.context);
            }
            Resource::Short {
                parts: patterns,
                any_star,
                trailing_star,
            } => {
                part.reads_short(*any_star, *trailing_star)
                    && asked.parts.is_some_and(|parts| {
                        patterns
                            .iter()
                            .zip(&parts)
                            .all(|(pattern, part)| pattern.matches(part))
                    })
            }
            Resource::Nothing => false,
        };
        if matched { Matched::Yes } else { Matched::No }
    }
}
