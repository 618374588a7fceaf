//! The compiled form of a document: patterns cut, conditions parsed, statements indexed by action.
//!
//! A request names one action, and most statements of a large policy set are about others. So each policy keeps a sorted list of the
//! exact actions its statements name, one of the services they name with a wildcard, and the few statements that must always be
//! looked at; in front of them a 64-bit filter of services, which lets most policies be passed over by one comparison. The index
//! only proposes statements: the matcher tests the action again, so a collision of hashes costs time and never correctness.

use std::collections::BTreeMap;

use crate::condition::Condition;
use crate::document::{Document, Effect, List};
use crate::json::ParseError;
use crate::pattern::{Pattern, Reading, Token, tokens};
use crate::principal::Principals;

/// The unique id (`AIDA…`, `AROA…`) that each principal ARN of a document meant when the document was written; for a
/// `CanonicalUser`, the account that has that canonical id.
pub type Bindings = BTreeMap<String, String>;

/// A document ready to be matched: immutable and shared between threads.
#[derive(Debug, Clone)]
pub struct Policy {
    document: Document,
    pub(crate) statements: Box<[CompiledStatement]>,
    index: Index,
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledStatement {
    pub(crate) effect: Option<Effect>,
    pub(crate) actions: Option<Actions>,
    pub(crate) not_actions: Option<Actions>,
    pub(crate) resources: Option<Box<[Resource]>>,
    pub(crate) not_resources: Option<Box<[Resource]>>,
    pub(crate) principals: Option<Principals>,
    pub(crate) not_principals: Option<Principals>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) condition_malformed: bool,
}

/// The entries of `Action` or `NotAction`, in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    all: bool,
    /// Sorted, whole: `s3:getobject`.
    exact: Box<[Box<str>]>,
    /// Service and pattern of the name.
    wild: Box<[(Box<str>, Pattern)]>,
}

/// One entry of `Resource` or `NotResource`.
#[derive(Debug, Clone)]
pub(crate) enum Resource {
    /// `*`.
    Everything,
    /// Six parts without wildcard or variable.
    Exact(Box<str>),
    /// Six parts whose only wildcard is a star at the very end: as good as a comparison of prefixes.
    Prefix(Box<str>),
    /// Six parts.
    Parts(Box<[Pattern; 6]>),
    /// An ARN of fewer parts, which kinds of documents read differently (specification 2.2, point 7).
    Short {
        parts: Box<[Pattern]>,
        any_star: bool,
        trailing_star: bool,
    },
    /// No ARN.
    Nothing,
}

#[derive(Debug, Clone, Default)]
struct Index {
    services: u64,
    /// Hash of the whole action, and statement.
    exact: Box<[(u64, u32)]>,
    /// Hash of the service, and statement.
    wild: Box<[(u64, u32)]>,
    always: Box<[u32]>,
}

/// Hash of a lower-cased text (FNV-1a): short keys, no state, the same in every process.
pub(crate) fn hash(lower: &str) -> u64 {
    lower.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn service_bit(service_hash: u64) -> u64 {
    1 << (service_hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
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
        let resources = |list: &Option<List>| {
            list.as_ref().map(|list| {
                list.values
                    .iter()
                    .map(|text| Resource::compile(&text.value, variables))
                    .collect()
            })
        };
        let statements: Box<[CompiledStatement]> = document
            .statements()
            .iter()
            .map(|statement| CompiledStatement {
                effect: statement.effect,
                actions: statement.action.as_ref().map(Actions::compile),
                not_actions: statement.not_action.as_ref().map(Actions::compile),
                resources: resources(&statement.resource),
                not_resources: resources(&statement.not_resource),
                principals: statement
                    .principal
                    .as_ref()
                    .map(|element| Principals::compile(element, bindings)),
                not_principals: statement
                    .not_principal
                    .as_ref()
                    .map(|element| Principals::compile(element, bindings)),
                conditions: statement
                    .conditions
                    .iter()
                    .map(|entry| Condition::compile(entry, variables))
                    .collect(),
                condition_malformed: statement.condition_malformed,
            })
            .collect();
        let index = Index::build(&statements);
        Policy {
            document,
            statements,
            index,
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

    /// Calls `visit` with every statement whose actions may match, some of them twice.
    pub(crate) fn candidates(
        &self,
        action_hash: u64,
        service_hash: u64,
        mut visit: impl FnMut(usize),
    ) {
        let index = &self.index;
        for &statement in &index.always {
            visit(statement as usize);
        }
        if index.services & service_bit(service_hash) == 0 {
            return;
        }
        for (list, key) in [(&index.exact, action_hash), (&index.wild, service_hash)] {
            let start = list.partition_point(|(hash, _)| *hash < key);
            for &(_, statement) in list[start..].iter().take_while(|(hash, _)| *hash == key) {
                visit(statement as usize);
            }
        }
    }
}

impl Index {
    fn build(statements: &[CompiledStatement]) -> Index {
        let (mut exact, mut wild, mut always) = (Vec::new(), Vec::new(), Vec::new());
        let mut services = 0;
        for (position, statement) in statements.iter().enumerate() {
            // INVARIANT: a document has at most `Limits::DOCUMENT.values_max` values, far below u32::MAX.
            let position = position as u32;
            if statement.effect.is_none() {
                continue;
            }
            match &statement.actions {
                Some(actions) if actions.all => always.push(position),
                Some(actions) => {
                    for action in &actions.exact {
                        exact.push((hash(action), position));
                        services |= service_bit(hash(action.split(':').next().unwrap_or("")));
                    }
                    for (service, _) in &actions.wild {
                        wild.push((hash(service), position));
                        services |= service_bit(hash(service));
                    }
                }
                None if statement.not_actions.is_some() => always.push(position),
                None => {}
            }
        }
        for list in [&mut exact, &mut wild] {
            list.sort_unstable();
            list.dedup();
        }
        Index {
            services,
            exact: exact.into(),
            wild: wild.into(),
            always: always.into(),
        }
    }
}

impl Actions {
    fn compile(list: &List) -> Actions {
        let mut all = false;
        let (mut exact, mut wild) = (Vec::<Box<str>>::new(), Vec::new());
        for text in &list.values {
            let lower = text.value.to_ascii_lowercase();
            if lower == "*" || lower == "*:*" {
                all = true;
                continue;
            }
            let Some((service, name)) = lower.split_once(':') else {
                continue;
            };
            if service.is_empty() || name.is_empty() || lower.contains(char::is_whitespace) {
                continue;
            }
            if name.contains(['*', '?']) {
                wild.push((service.into(), Pattern::new(name)));
            } else {
                exact.push(lower.into());
            }
        }
        exact.sort_unstable();
        exact.dedup();
        Actions {
            all,
            exact: exact.into(),
            wild: wild.into(),
        }
    }

    /// Whether any entry covers the action, given in lower case, whole and cut at its first colon.
    pub(crate) fn cover(&self, action: &str, service: &str, name: &str) -> bool {
        self.all
            || self
                .exact
                .binary_search_by(|entry| (**entry).cmp(action))
                .is_ok()
            || self
                .wild
                .iter()
                .any(|(entry, pattern)| **entry == *service && pattern.matches(name))
    }
}

impl Resource {
    fn compile(text: &str, variables: bool) -> Resource {
        if text == "*" {
            return Resource::Everything;
        }
        let plain = Reading {
            wildcards: true,
            variables: false,
        };
        let last = Reading {
            wildcards: true,
            variables,
        };
        let Some(parts) = crate::arn::split(text) else {
            if !text.starts_with("arn:") {
                return Resource::Nothing;
            }
            return Resource::Short {
                parts: text
                    .split(':')
                    .map(|part| Pattern::with(part, plain))
                    .collect(),
                any_star: text.contains('*'),
                trailing_star: text.ends_with('*'),
            };
        };
        let head: usize = parts[..5].iter().map(|part| part.len() + 1).sum();
        let head_is_literal = !text[..head].contains(['*', '?']);
        match (head_is_literal, tokens(parts[5], last).as_slice()) {
            (true, []) => return Resource::Exact(text.into()),
            (true, [Token::Literal(tail)]) => {
                return Resource::Exact([&text[..head], tail].concat().into());
            }
            (true, [Token::Literal(tail), Token::Star]) => {
                return Resource::Prefix([&text[..head], tail].concat().into());
            }
            (true, [Token::Star]) => return Resource::Prefix(text[..head].into()),
            _ => {}
        }
        let compile =
            |index: usize| Pattern::with(parts[index], if index == 5 { last } else { plain });
        Resource::Parts(Box::new(std::array::from_fn(compile)))
    }
}
