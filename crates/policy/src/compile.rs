//! The compiled form of a document: patterns cut, conditions parsed, principals resolved, statements indexed by service and action.
//!
//! A request names one action, and most statements of a large policy set are about others. So a policy keeps two indexes, one of its
//! Denies and one of its Allows. Each is a sorted list of the actions that the statements name exactly and of the services of which
//! they name actions by a wildcard, besides the few statements that any action may concern. In front stands a set of 64 bits, one
//! for some of the services each, so that a policy about other services is passed over by one comparison. The index only proposes
//! statements: matching looks at the action again, so that a collision of hashes costs time and never correctness.

use std::collections::BTreeMap;

use crate::document::{Document, Effect, List};
use crate::json::ParseError;
use crate::pattern::Pattern;
use crate::question::Question;
use crate::statement::Rule;

/// The unique id (`AIDA…`, `AROA…`) that each principal ARN of a document meant when the document was written; for a
/// `CanonicalUser`, the account that has that canonical id.
pub type Bindings = BTreeMap<String, String>;

/// A document ready to be matched: immutable and shared between threads.
#[derive(Debug, Clone)]
pub struct Policy {
    denies: Index,
    allows: Index,
    pub(crate) rules: Box<[Rule]>,
    document: Document,
}

/// The entries of `Action` or `NotAction`, in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    all: bool,
    /// Whole actions with their hashes, sorted by these: `s3:getobject`.
    exact: Box<[(u64, Box<str>)]>,
    /// Service and pattern of the name.
    wild: Box<[(Box<str>, Pattern)]>,
}

/// Which statements of one effect an action may concern.
#[derive(Debug, Clone, Default)]
struct Index {
    services: u64,
    /// Hash of an action or of a service, and a statement; sorted.
    keys: Box<[(u64, u32)]>,
    /// Statements that any action may concern: `*`, and every `NotAction`.
    always: Box<[u32]>,
}

/// Hash of a lower-cased text (FNV-1a): for short keys, without state, the same in every process. The hash of a service goes on to
/// that of its action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const START: Hash = Hash(0xcbf2_9ce4_8422_2325);

    pub(crate) fn over(self, lower: &str) -> Hash {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Hash(lower.bytes().fold(self.0, step))
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }
}

/// The bit of a service, by its hash.
pub(crate) fn service_bit(hash: u64) -> u64 {
    // The low bits of the hash hardly mix; a multiplication moves all of them to the top.
    1 << (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

impl Policy {
    /// Reads and compiles a document without bindings: principals match by ARN.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse(text: &str) -> Result<Policy, ParseError> {
        Ok(Policy::compile(Document::parse(text)?, &Bindings::new()))
    }

    /// Compiles a document. A user or role ARN that is bound matches by unique id only.
    pub fn compile(document: Document, bindings: &Bindings) -> Policy {
        let variables = document.has_variables();
        let rules = document
            .statements()
            .iter()
            .map(|statement| Rule::compile(statement, bindings, variables))
            .collect();
        Policy::index(rules, document)
    }

    /// The policy as it would be with other rules. Its document stays the one before.
    pub(crate) fn with_rules(&self, rules: Vec<Rule>) -> Policy {
        Policy::index(rules.into(), self.document.clone())
    }

    fn index(rules: Box<[Rule]>, document: Document) -> Policy {
        Policy {
            denies: Index::build(&rules, Effect::Deny),
            allows: Index::build(&rules, Effect::Allow),
            rules,
            document,
        }
    }

    /// The document it was compiled from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The text of the document.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// The statements of the effect whose actions may match, with their positions; some come twice.
    pub(crate) fn candidates<'p>(
        &'p self,
        effect: Effect,
        question: &Question<'_>,
    ) -> Candidates<'p> {
        let index = match effect {
            Effect::Deny => &self.denies,
            Effect::Allow => &self.allows,
        };
        let [of_action, of_service] = index.named(question);
        Candidates {
            rules: &self.rules,
            always: index.always.iter(),
            of_action: of_action.iter(),
            of_service: of_service.iter(),
        }
    }
}

/// The statements that an index proposes.
pub(crate) struct Candidates<'p> {
    rules: &'p [Rule],
    always: std::slice::Iter<'p, u32>,
    of_action: std::slice::Iter<'p, (u64, u32)>,
    of_service: std::slice::Iter<'p, (u64, u32)>,
}

impl<'p> Iterator for Candidates<'p> {
    type Item = (usize, &'p Rule);

    fn next(&mut self) -> Option<(usize, &'p Rule)> {
        let named = |(_, position): &(u64, u32)| *position;
        let position = self
            .of_action
            .next()
            .map(named)
            .or_else(|| self.of_service.next().map(named))
            .or_else(|| self.always.next().copied())? as usize;
        Some((position, &self.rules[position]))
    }
}

impl Index {
    fn build(rules: &[Rule], effect: Effect) -> Index {
        let (mut keys, mut always) = (Vec::new(), Vec::new());
        let mut services = 0;
        for (position, rule) in rules.iter().enumerate() {
            if rule.effect != Some(effect) {
                continue;
            }
            // INVARIANT: a document has at most `Limits::DOCUMENT.values_max` values, far below u32::MAX.
            let position = position as u32;
            match &rule.actions {
                Some(actions) if !actions.all && rule.not_actions.is_none() => {
                    for (hash, action) in &actions.exact {
                        let service = action.split(':').next().unwrap_or("");
                        services |= service_bit(Hash::START.over(service).get());
                        keys.push((*hash, position));
                    }
                    for (service, _) in &actions.wild {
                        let service = Hash::START.over(service).get();
                        services |= service_bit(service);
                        keys.push((service, position));
                    }
                }
                None if rule.not_actions.is_none() => {}
                _ => always.push(position),
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Index {
            services,
            keys: keys.into(),
            always: always.into(),
        }
    }

    /// The entries under the request's action and those under its service.
    fn named(&self, question: &Question<'_>) -> [&[(u64, u32)]; 2] {
        if self.services & question.service_bit == 0 {
            return [&[], &[]];
        }
        [question.action_hash, question.service_hash].map(|key| {
            let from = &self.keys[self.keys.partition_point(|(hash, _)| *hash < key)..];
            let length = from.iter().take_while(|(hash, _)| *hash == key).count();
            &from[..length]
        })
    }
}

impl Actions {
    pub(crate) fn compile(list: &List) -> Actions {
        let mut actions = Actions::default();
        let (mut exact, mut wild) = (Vec::new(), Vec::new());
        for text in &list.values {
            let lower = text.value.to_ascii_lowercase();
            // AWS's documentation writes full administrative privileges in either way.
            if lower == "*" || lower == "*:*" {
                actions.all = true;
                continue;
            }
            // What has no service, no name, or white space in it is no action.
            let Some((service, name)) = lower.split_once(':') else {
                continue;
            };
            if service.is_empty() || name.is_empty() || lower.contains(char::is_whitespace) {
                continue;
            }
            if name.contains(['*', '?']) {
                wild.push((service.into(), Pattern::new(name)));
            } else {
                exact.push((Hash::START.over(&lower).get(), lower.into()));
            }
        }
        exact.sort_unstable();
        exact.dedup();
        actions.exact = exact.into();
        actions.wild = wild.into();
        actions
    }

    /// Whether any entry covers the action that is asked for.
    pub(crate) fn cover(&self, question: &Question<'_>) -> bool {
        let exact = || {
            let from = self
                .exact
                .partition_point(|(hash, _)| *hash < question.action_hash);
            let mut alike = self.exact[from..]
                .iter()
                .take_while(|(hash, _)| *hash == question.action_hash);
            alike.any(|(_, action)| action.eq_ignore_ascii_case(question.action))
        };
        let wild = |service: &str, name: &str| {
            let mut entries = self.wild.iter();
            entries.any(|(entry, pattern)| **entry == *service && pattern.matches(name))
        };
        self.all || exact() || (!self.wild.is_empty() && wild(question.service(), question.name()))
    }
}
