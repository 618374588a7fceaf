//! What AWS publishes about its services: the service authorisation reference, for every service there is.
//!
//! Which actions a service has, at which access level, on which resource types, with which condition keys and which further
//! actions; how the ARN of a resource type looks; of which type a condition key is. The validator, the policy summary and
//! the test that compares our operations with AWS all ask here, so none of them rests on a table of our own.
//!
//! The facts lie packed in `facts/reference.bin` (written by `cargo xtask facts`, never by hand; see NOTICE for the source).
//! A service is unpacked when somebody first asks about it and stays; nothing is read at start.

mod decode;
pub mod packed;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use packed::{Packed, Place};

use crate::pattern::Pattern;

pub use template::overlaps;

static REFERENCE: Packed = Packed::new(include_bytes!("facts/reference.bin"));

/// How far an action reaches, as AWS classifies it and as the console groups actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum AccessLevel {
    /// Sees that resources exist, not what is in them.
    List,
    /// Reads the content or attributes of a resource.
    Read,
    /// Creates, deletes or changes resources.
    Write,
    /// Grants or changes permissions.
    #[serde(rename = "Permissions management")]
    PermissionsManagement,
    /// Changes nothing but tags.
    Tagging,
}

impl AccessLevel {
    /// AWS's words for the level.
    pub fn as_str(self) -> &'static str {
        match self {
            AccessLevel::List => "List",
            AccessLevel::Read => "Read",
            AccessLevel::Write => "Write",
            AccessLevel::PermissionsManagement => "Permissions management",
            AccessLevel::Tagging => "Tagging",
        }
    }
}

/// The type of a condition key's values, which decides the operators that make sense with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// Any text.
    String,
    /// A number.
    Numeric,
    /// `true` or `false`.
    Bool,
    /// A date and time.
    Date,
    /// An Amazon Resource Name.
    Arn,
    /// An address or an address range.
    IpAddress,
    /// Base64-encoded bytes.
    Binary,
}

/// A condition key as AWS documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionKey {
    /// The name as documented. It can hold placeholders: `aws:RequestTag/${TagKey}`, `s3:RequestObjectTag/<key>`.
    pub name: &'static str,
    /// The type of one value.
    pub value: KeyType,
    /// Whether a request can carry several values, so that `ForAllValues` and `ForAnyValue` make sense.
    pub many: bool,
}

impl ConditionKey {
    /// Whether `key`, in any case and with placeholders filled in, is this key.
    pub fn matches(&self, key: &str) -> bool {
        template::key_matches(self.name, key)
    }
}

/// A resource type that an action works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionResource {
    /// The resource type's name in its service: `bucket`.
    pub name: &'static str,
    /// Whether the action cannot do without such a resource.
    pub required: bool,
    /// Condition keys that apply when the action meets this type, besides the action's own.
    pub condition_keys: Vec<&'static str>,
    /// Further actions that the caller needs when the action meets this type.
    pub dependent_actions: Vec<&'static str>,
}

/// An action of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The name without the service: `GetObject`.
    pub name: &'static str,
    /// The access level. Where AWS gives two ("Tagging, Write"), the narrower one.
    pub level: AccessLevel,
    /// AWS says in words that the action is deprecated.
    pub deprecated: bool,
    /// The resource types it works on; empty if it takes only `*`.
    pub resources: Vec<ActionResource>,
    /// Condition keys that apply to every use of the action, as documented (with placeholders). The global keys, which
    /// apply to every action, are not repeated.
    pub condition_keys: Vec<&'static str>,
    /// Further actions that the caller needs, with their service: `iam:PassRole`.
    pub dependent_actions: Vec<&'static str>,
}

impl Action {
    /// Whether a condition key (any case, placeholders filled in) is documented for the action, by itself or with one of its
    /// resource types. Global keys are not considered: see [`is_global`].
    pub fn knows_key(&self, key: &str) -> bool {
        let of_resources = self
            .resources
            .iter()
            .flat_map(|resource| &resource.condition_keys);
        self.condition_keys
            .iter()
            .chain(of_resources)
            .any(|name| template::key_matches(name, key))
    }

    /// Every further action that the caller can need: the action's own and those of its resource types.
    pub fn dependent_actions(&self) -> BTreeSet<&'static str> {
        let of_resources = self
            .resources
            .iter()
            .flat_map(|resource| &resource.dependent_actions);
        self.dependent_actions
            .iter()
            .chain(of_resources)
            .copied()
            .collect()
    }

    /// Whether the action works on the resource type of that name.
    pub fn works_on(&self, resource_type: &str) -> bool {
        self.resources
            .iter()
            .any(|resource| resource.name == resource_type)
    }
}

/// A resource type of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The type's name: `bucket`.
    pub name: &'static str,
    /// How its ARN looks: `arn:${Partition}:s3:::${BucketName}`.
    pub arn: &'static str,
    /// Condition keys that the type brings with it (its tags, mostly).
    pub condition_keys: Vec<&'static str>,
}

impl Resource {
    /// Whether the last field of an ARN (`*` and `?` count) can be one of this type's, whatever its other fields say.
    pub fn overlaps_last_field(&self, pattern: &str) -> bool {
        template::last_field_overlaps(self.arn, pattern)
    }

    /// Whether a policy's resource pattern (`*` and `?` count) can meet an ARN of this type.
    pub fn overlaps(&self, pattern: &str) -> bool {
        template::arn_overlaps(self.arn, pattern)
    }
}

/// All that the reference says about one service.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The prefix in action names: `s3`.
    pub prefix: &'static str,
    /// The name that people know: `Amazon S3`.
    pub name: &'static str,
    /// Its actions, ordered by lower-cased name.
    pub actions: Vec<Action>,
    /// Its resource types, ordered by name.
    pub resources: Vec<Resource>,
    /// Its condition keys, those global ones included that AWS lists with the service; ordered by lower-cased name.
    pub condition_keys: Vec<ConditionKey>,
}

impl Service {
    /// The action of that name, in any case and without the service's prefix.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let wanted = name.to_ascii_lowercase();
        let order = |action: &Action| {
            action
                .name
                .bytes()
                .map(|byte| byte.to_ascii_lowercase())
                .cmp(wanted.bytes())
        };
        self.actions
            .binary_search_by(order)
            .ok()
            .map(|at| &self.actions[at])
    }

    /// The actions that a name with `*` and `?` stands for, in any case: `Get*`.
    pub fn actions_matching<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Action> {
        let lower = name.to_ascii_lowercase();
        let fixed = lower.find(['*', '?']).unwrap_or(lower.len());
        let begins = |action: &Action| {
            action
                .name
                .get(..fixed)
                .is_some_and(|start| start.eq_ignore_ascii_case(&lower[..fixed]))
        };
        // The actions are in order, so that those with the fixed beginning stand together.
        let before = |action: &Action| {
            let start = action.name.bytes().take(fixed);
            start
                .map(|byte| byte.to_ascii_lowercase())
                .lt(lower[..fixed].bytes())
        };
        let first = self.actions.partition_point(before);
        let pattern = Pattern::new(&lower);
        let length = self.actions[first..]
            .iter()
            .take_while(|action| begins(action))
            .count();
        self.actions[first..first + length]
            .iter()
            .filter(move |action| pattern.matches(&action.name.to_ascii_lowercase()))
    }

    /// Whether requests of one of the service's actions can have the key (any case, placeholders filled in): by the action itself,
    /// or by what one of its resource types brings with it, which is where the tags of resources stand.
    pub fn knows_key(&self, action: &Action, key: &str) -> bool {
        let brought = |resource: &ActionResource| {
            self.resource(resource.name).is_some_and(|known| {
                known
                    .condition_keys
                    .iter()
                    .any(|name| template::key_matches(name, key))
            })
        };
        action.knows_key(key) || action.resources.iter().any(brought)
    }

    /// The resource type of that name.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// The documented key that `key` (any case, placeholders filled in) is an instance of.
    pub fn condition_key(&self, key: &str) -> Option<ConditionKey> {
        self.condition_keys
            .iter()
            .copied()
            .find(|known| known.matches(key))
    }
}

/// What is known of a service without unpacking it.
#[derive(Debug)]
pub struct ServiceSummary {
    /// The prefix in action names: `s3`.
    pub prefix: &'static str,
    /// The name that people know: `Amazon S3`.
    pub name: &'static str,
    /// Whether resource control policies have an effect on the service.
    pub resource_control_policies: bool,
    place: Place,
    unpacked: OnceLock<Service>,
}

/// The index of the reference, unpacked at first use.
struct Index {
    services: Vec<ServiceSummary>,
    globals: Vec<ConditionKey>,
    foreign_keys: Vec<(&'static str, &'static str)>,
    namespaces: Vec<(&'static str, &'static str)>,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| decode::index(REFERENCE.index()))
}

/// Every service, ordered by prefix; nothing but the index is unpacked.
pub fn services() -> &'static [ServiceSummary] {
    &index().services
}

/// What is known of a service without unpacking it, by its prefix in any case.
pub fn service_summary(prefix: &str) -> Option<&'static ServiceSummary> {
    let wanted = prefix.to_ascii_lowercase();
    let services = services();
    services
        .binary_search_by(|service| service.prefix.cmp(wanted.as_str()))
        .ok()
        .map(|at| &services[at])
}

/// The service of that prefix, in any case; unpacked at the first call and kept.
pub fn service(prefix: &str) -> Option<&'static Service> {
    let summary = service_summary(prefix)?;
    Some(summary.unpacked.get_or_init(|| {
        // INVARIANT: the bytes are part of the program, and a test unpacks every service.
        let text = REFERENCE
            .text(summary.place)
            .expect("facts of a listed service are intact");
        decode::service(
            summary.prefix,
            summary.name,
            Box::leak(text.into_boxed_str()),
        )
    }))
}

/// An action by service prefix and name, both in any case: `action("iam", "CreateUser")`.
pub fn action(prefix: &str, name: &str) -> Option<&'static Action> {
    service(prefix)?.action(name)
}

/// The resource types whose ARNs have this third field, of whatever services; none when AWS has no such namespace. Most services
/// use their own prefix, but `iam` ARNs are also resources of STS, and `catalog` is Service Catalog's.
pub fn resources_of_namespace(namespace: &str) -> Vec<&'static Resource> {
    let others = index()
        .namespaces
        .iter()
        .filter(|(known, _)| *known == namespace)
        .map(|(_, prefix)| *prefix);
    let services = std::iter::once(namespace).chain(others).filter_map(service);
    services
        .flat_map(|service| &service.resources)
        .filter(|resource| resource.arn.split(':').nth(2) == Some(namespace))
        .collect()
}

/// Whether some service has ARNs with this third field, or is called so itself.
pub fn is_namespace(namespace: &str) -> bool {
    let index = index();
    service_summary(namespace).is_some_and(|summary| summary.prefix == namespace)
        || index
            .namespaces
            .iter()
            .any(|(known, _)| *known == namespace)
}

/// The keys that every request can be asked about (`aws:…`), ordered as AWS groups them.
pub fn global_condition_keys() -> &'static [ConditionKey] {
    &index().globals
}

/// Whether a key (any case, placeholders filled in) is one of the global ones.
pub fn is_global(key: &str) -> bool {
    index().globals.iter().any(|known| known.matches(key))
}

/// The documented key that `key` (any case, placeholders filled in) is an instance of: a global one, one of the service
/// that its prefix names, or one that a service takes under another prefix (`saml:aud`, `accounts.google.com:sub` in STS).
pub fn condition_key(key: &str) -> Option<ConditionKey> {
    let index = index();
    if let Some(global) = index.globals.iter().find(|known| known.matches(key)) {
        return Some(*global);
    }
    let (prefix, _) = key.split_once(':')?;
    if let Some(known) = service(prefix).and_then(|service| service.condition_key(key)) {
        return Some(known);
    }
    let takers = index
        .foreign_keys
        .iter()
        .filter(|(foreign, _)| template::key_matches(foreign, prefix));
    takers
        .filter_map(|(_, taker)| service(taker))
        .find_map(|service| service.condition_key(key))
}
