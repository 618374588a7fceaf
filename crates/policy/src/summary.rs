//! The policy summary: what a document grants and denies, as a table by service.
//!
//! People read a policy service by service ("Limited: Read, Write on one bucket"), while it is written statement by
//! statement. The summary turns one into the other with the published facts about each service, and lists apart what has no
//! effect: services and actions that do not exist, actions that none of the statement's resources can be meant for. Those
//! are the mistakes that a policy hides best. Console and command line show it; neither computes any of it.
//!
//! It describes one document alone. What a caller may do in the end also depends on all other policies: ask the evaluator.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;

use crate::document::{Document, Effect, List, Statement};
use crate::facts::{self, AccessLevel, Action, Service, ServiceSummary, overlaps};

/// What a document grants and denies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Services with allowed actions, ordered by prefix.
    pub allow: Vec<ServiceRow>,
    /// Services with explicitly denied actions, ordered by prefix.
    pub deny: Vec<ServiceRow>,
    /// How many services there are in all, to say "2 of 450".
    pub services_total: usize,
    /// Parts of the document that change nothing, in the order of the text.
    pub without_effect: Vec<NoEffect>,
}

/// What a document says about one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceRow {
    /// The prefix in action names: `s3`.
    pub prefix: &'static str,
    /// The name that people know: `Amazon S3`.
    pub name: &'static str,
    /// Every action of the service is meant. `levels` and `actions` are then empty.
    pub full_access: bool,
    /// The access levels that are touched, in the order List, Read, Write, Permissions management, Tagging.
    pub levels: Vec<LevelRow>,
    /// The resources as the document writes them, without those that no action here can be meant for; `*` means all.
    /// A `NotResource` appears as `all except …`.
    pub resources: Vec<String>,
    /// The conditions of the statements, each as `key | operator | values`.
    pub conditions: Vec<String>,
    /// Whether at least one statement applies without any condition.
    pub unconditional: bool,
    /// The single actions, ordered by name.
    pub actions: Vec<ActionRow>,
}

/// How much of an access level is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LevelRow {
    /// The level.
    pub level: AccessLevel,
    /// All of the service's actions at this level (`Full`), or some (`Limited`).
    pub full: bool,
}

/// What a document says about one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionRow {
    /// The action's name without the service.
    pub name: &'static str,
    /// Its access level.
    pub level: AccessLevel,
    /// AWS says that the action is deprecated.
    pub deprecated: bool,
    /// The resources as the document writes them that the action can be meant for; see [`ServiceRow::resources`].
    pub resources: Vec<String>,
    /// The conditions, as in [`ServiceRow::conditions`].
    pub conditions: Vec<String>,
    /// Whether at least one statement applies without any condition.
    pub unconditional: bool,
}

/// A part of the document that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoEffect {
    /// The statement's position, from 0.
    pub statement: usize,
    /// The action as written.
    pub action: String,
    /// Why it changes nothing.
    pub why: Why,
    /// Where the action stands in the document's text, in bytes.
    pub span: Range<usize>,
}

/// Why an action of a document changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Why {
    /// No service has that prefix, or the name has none.
    UnknownService,
    /// The service has no such action.
    UnknownAction,
    /// None of the statement's resources is of a type that the action works on, or the action takes only `*`.
    NoMatchingResource,
}

/// Summarises a document. Statements without an effect or an action are passed over: the parser has told of them.
pub fn summarise(document: &Document) -> Summary {
    let mut tables = [Table::new(), Table::new()];
    let mut without_effect = Vec::new();
    for (number, statement) in document.statements().iter().enumerate() {
        let table = match statement.effect {
            Some(Effect::Allow) => &mut tables[0],
            Some(Effect::Deny) => &mut tables[1],
            None => continue,
        };
        let scope = Scope::of(statement);
        if let Some(named) = &statement.action {
            for (action, why, span) in named_actions(named, &scope, table) {
                without_effect.push(NoEffect {
                    statement: number,
                    action,
                    why,
                    span,
                });
            }
        } else if let Some(others) = &statement.not_action {
            all_but(others, &scope, table);
        }
    }
    let [allow, deny] = tables.map(|table| table.into_values().map(Draft::finish).collect());
    Summary {
        allow,
        deny,
        services_total: facts::services().len(),
        without_effect,
    }
}

type Table = BTreeMap<&'static str, Draft>;
type Nothing = (String, Why, Range<usize>);

/// What a statement says beside its actions.
struct Scope {
    resources: Vec<String>,
    except: Option<String>,
    conditions: Vec<String>,
    /// For each resource type that was asked about, the resources that overlap it: many actions work on the same few types.
    overlapping: RefCell<BTreeMap<(&'static str, &'static str), BTreeSet<usize>>>,
    /// The actions that were entered already, and whether any resource was meant for them: documents name the same action in
    /// many ways.
    entered: RefCell<BTreeMap<(&'static str, &'static str), bool>>,
}

impl Scope {
    fn of(statement: &Statement) -> Scope {
        let written = |list: &List| {
            list.values
                .iter()
                .map(|text| text.value.clone())
                .collect::<Vec<_>>()
        };
        let conditions = statement.conditions.iter().map(|entry| {
            let values = written(&entry.values).join(", ");
            format!("{} | {} | {values}", entry.key.value, entry.operator.value)
        });
        Scope {
            // A trust policy names no resource: it is about the role that carries it.
            resources: statement
                .resource
                .as_ref()
                .map_or_else(|| vec!["*".to_owned()], written),
            except: statement
                .not_resource
                .as_ref()
                .map(|list| format!("all except {}", written(list).join(", "))),
            conditions: conditions.collect(),
            overlapping: RefCell::default(),
            entered: RefCell::default(),
        }
    }

    /// Whether the statement is about every resource there is.
    fn is_everything(&self) -> bool {
        self.except.is_none() && self.resources.iter().any(|resource| is_star(resource))
    }

    /// The resources, as written, that the action can be meant for; empty if none.
    fn meant_for(&self, service: &Service, action: &Action) -> Vec<String> {
        if let Some(except) = &self.except {
            return vec![except.clone()];
        }
        let mut overlapping = self.overlapping.borrow_mut();
        let mut fit: BTreeSet<usize> = BTreeSet::new();
        let types = action.resources.iter();
        for resource in types.filter_map(|of| service.resource(of.name)) {
            let known = overlapping
                .entry((service.prefix, resource.name))
                .or_insert_with(|| {
                    let all = self.resources.iter().enumerate();
                    all.filter(|(_, pattern)| resource.overlaps(pattern))
                        .map(|(position, _)| position)
                        .collect()
                });
            fit.extend(known.iter());
        }
        let all = self.resources.iter().enumerate();
        all.filter(|(position, pattern)| is_star(pattern) || fit.contains(position))
            .map(|(_, pattern)| pattern.clone())
            .collect()
    }
}

fn is_star(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

/// Enters the actions that an `Action` element names, and returns those that change nothing.
fn named_actions(named: &List, scope: &Scope, table: &mut Table) -> Vec<Nothing> {
    let mut nothing = Vec::new();
    for text in &named.values {
        let written = text.value.as_str();
        let mut fail = |why| nothing.push((written.to_owned(), why, text.span.clone()));
        if is_star(written) || written == "*:*" {
            facts::services()
                .iter()
                .for_each(|service| whole(service, scope, table));
            continue;
        }
        let known = written
            .split_once(':')
            .and_then(|(prefix, name)| Some((facts::service_summary(prefix)?, name)));
        let Some((summary, name)) = known else {
            fail(Why::UnknownService);
            continue;
        };
        if is_star(name) {
            whole(summary, scope, table);
            continue;
        }
        let Some(service) = facts::service(summary.prefix) else {
            continue;
        };
        let mut actions = service.actions_matching(name).peekable();
        if actions.peek().is_none() {
            fail(Why::UnknownAction);
        } else if !some(summary, service, actions, scope, table) {
            fail(Why::NoMatchingResource);
        }
    }
    nothing
}

/// Enters every action that a `NotAction` element does not name. Only services that it names in part are unpacked.
fn all_but(others: &List, scope: &Scope, table: &mut Table) {
    let lower: Vec<String> = others
        .values
        .iter()
        .map(|text| text.value.to_ascii_lowercase())
        .collect();
    if lower.iter().any(|name| is_star(name) || name == "*:*") {
        return;
    }
    for summary in facts::services() {
        let names: Vec<&str> = lower
            .iter()
            .filter_map(|name| name.split_once(':'))
            .filter(|(prefix, _)| *prefix == summary.prefix)
            .map(|(_, name)| name)
            .collect();
        if names.is_empty() {
            whole(summary, scope, table);
        } else if !names.iter().any(|name| is_star(name))
            && let Some(service) = facts::service(summary.prefix)
        {
            let left = |action: &&Action| {
                !names
                    .iter()
                    .any(|name| overlaps(name, &action.name.to_ascii_lowercase()))
            };
            some(
                summary,
                service,
                service.actions.iter().filter(left),
                scope,
                table,
            );
        }
    }
}

/// Enters all actions of a service. On all resources that needs none of its facts, so that "Allow everything" unpacks nothing.
fn whole(summary: &'static ServiceSummary, scope: &Scope, table: &mut Table) {
    if scope.is_everything() || scope.except.is_some() {
        let draft = table
            .entry(summary.prefix)
            .or_insert_with(|| Draft::new(summary));
        draft.full = true;
        let resources = scope.except.clone().unwrap_or_else(|| "*".to_owned());
        draft.merge([resources], scope);
    } else if let Some(service) = facts::service(summary.prefix)
        && some(summary, service, service.actions.iter(), scope, table)
        && let Some(draft) = table.get_mut(summary.prefix)
    {
        draft.full = true;
    }
}

/// Enters some actions of a service; false if none of them meets a resource of the statement.
fn some(
    summary: &'static ServiceSummary,
    service: &'static Service,
    actions: impl Iterator<Item = &'static Action>,
    scope: &Scope,
    table: &mut Table,
) -> bool {
    let mut any = false;
    for action in actions {
        let key = (service.prefix, action.name);
        if let Some(meant) = scope.entered.borrow().get(&key) {
            any |= meant;
            continue;
        }
        let resources = scope.meant_for(service, action);
        let meant = !resources.is_empty();
        scope.entered.borrow_mut().insert(key, meant);
        if resources.is_empty() {
            continue;
        }
        any = true;
        let draft = table
            .entry(summary.prefix)
            .or_insert_with(|| Draft::new(summary));
        draft.merge(resources.iter().cloned(), scope);
        let row = draft
            .actions
            .entry(action.name)
            .or_insert_with(|| ActionRow {
                name: action.name,
                level: action.level,
                deprecated: action.deprecated,
                resources: Vec::new(),
                conditions: Vec::new(),
                unconditional: false,
            });
        add_new(&mut row.resources, resources);
        add_new(&mut row.conditions, scope.conditions.iter().cloned());
        row.unconditional |= scope.conditions.is_empty();
    }
    any
}

/// A row in the making.
struct Draft {
    summary: &'static ServiceSummary,
    full: bool,
    resources: Vec<String>,
    conditions: Vec<String>,
    unconditional: bool,
    actions: BTreeMap<&'static str, ActionRow>,
}

impl Draft {
    fn new(summary: &'static ServiceSummary) -> Draft {
        Draft {
            summary,
            full: false,
            resources: Vec::new(),
            conditions: Vec::new(),
            unconditional: false,
            actions: BTreeMap::new(),
        }
    }

    fn merge(&mut self, resources: impl IntoIterator<Item = String>, scope: &Scope) {
        add_new(&mut self.resources, resources);
        add_new(&mut self.conditions, scope.conditions.iter().cloned());
        self.unconditional |= scope.conditions.is_empty();
    }

    fn finish(self) -> ServiceRow {
        let levels = if self.full { Vec::new() } else { self.levels() };
        ServiceRow {
            prefix: self.summary.prefix,
            name: self.summary.name,
            full_access: self.full,
            levels,
            resources: self.resources,
            conditions: self.conditions,
            unconditional: self.unconditional,
            actions: if self.full {
                Vec::new()
            } else {
                self.actions.into_values().collect()
            },
        }
    }

    fn levels(&self) -> Vec<LevelRow> {
        let touched: BTreeSet<AccessLevel> =
            self.actions.values().map(|action| action.level).collect();
        let all =
            facts::service(self.summary.prefix).map_or(&[][..], |service| &service.actions[..]);
        let full = |level| {
            all.iter()
                .filter(|action| action.level == level)
                .all(|action| self.actions.contains_key(action.name))
        };
        touched
            .into_iter()
            .map(|level| LevelRow {
                level,
                full: full(level),
            })
            .collect()
    }
}

/// Appends what is not there yet. The lists are as long as a statement's, so a search is cheap enough.
fn add_new(list: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
