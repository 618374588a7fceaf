//! Reads the lines of the packed reference into the types of [`super`]. The writer is `xtask/src/facts/reference.rs`.
//!
//! The index has lines `s` (a service: prefix, name, `r` if resource control policies count, place), `g` (a global key:
//! name, type), `x` (a key prefix that belongs to a service of another prefix) and `n` (the third field of an ARN that a service
//! of another prefix uses). A service has lines `k` (a condition
//! key: name, type), `r` (a resource type: name, ARN, keys) and `a` (an action: name, level and flags, keys, dependent
//! actions, resource types). Keys and resource types are named by their position. Fields are parted by tabs.
//!
//! A line that makes no sense is passed over here; the tests count what must be there.

use std::sync::OnceLock;

use super::packed::place;
use super::{
    AccessLevel, Action, ActionResource, ConditionKey, Index, KeyType, Resource, Service,
    ServiceSummary,
};

pub(super) fn index(text: &'static str) -> Index {
    let mut index = Index {
        services: Vec::new(),
        globals: Vec::new(),
        foreign_keys: Vec::new(),
        namespaces: Vec::new(),
    };
    for line in text.lines() {
        let mut fields = line.split('\t');
        match fields.next() {
            Some("s") => index.services.extend(summary(&mut fields)),
            Some("g") => index.globals.extend(key(&mut fields)),
            Some("x") => index.foreign_keys.extend(fields.next().zip(fields.next())),
            Some("n") => index.namespaces.extend(fields.next().zip(fields.next())),
            _ => {}
        }
    }
    index
}

fn summary(fields: &mut impl Iterator<Item = &'static str>) -> Option<ServiceSummary> {
    Some(ServiceSummary {
        prefix: fields.next()?,
        name: fields.next()?,
        resource_control_policies: fields.next()? == "r",
        place: place(fields)?,
        unpacked: OnceLock::new(),
    })
}

pub(super) fn service(prefix: &'static str, name: &'static str, text: &'static str) -> Service {
    let mut service = Service {
        prefix,
        name,
        actions: Vec::new(),
        resources: Vec::new(),
        condition_keys: Vec::new(),
    };
    for line in text.lines() {
        let mut fields = line.split('\t');
        match fields.next() {
            Some("k") => service.condition_keys.extend(key(&mut fields)),
            Some("r") => {
                let resource = resource(&mut fields, &service.condition_keys);
                service.resources.extend(resource);
            }
            Some("a") => {
                let action = action(&mut fields, &service);
                service.actions.extend(action);
            }
            _ => {}
        }
    }
    service
}

fn key(fields: &mut impl Iterator<Item = &'static str>) -> Option<ConditionKey> {
    let name = fields.next()?;
    let code = fields.next()?;
    let (code, many) = code
        .strip_suffix('+')
        .map_or((code, false), |code| (code, true));
    let value = match code {
        "s" => KeyType::String,
        "n" => KeyType::Numeric,
        "b" => KeyType::Bool,
        "d" => KeyType::Date,
        "a" => KeyType::Arn,
        "i" => KeyType::IpAddress,
        "y" => KeyType::Binary,
        _ => return None,
    };
    Some(ConditionKey { name, value, many })
}

fn resource(
    fields: &mut impl Iterator<Item = &'static str>,
    keys: &[ConditionKey],
) -> Option<Resource> {
    Some(Resource {
        name: fields.next()?,
        arn: fields.next()?,
        condition_keys: named(fields.next()?, keys),
    })
}

fn action(fields: &mut impl Iterator<Item = &'static str>, service: &Service) -> Option<Action> {
    let name = fields.next()?;
    let flags = fields.next()?;
    let level = match flags.get(..1)? {
        "L" => AccessLevel::List,
        "R" => AccessLevel::Read,
        "W" => AccessLevel::Write,
        "P" => AccessLevel::PermissionsManagement,
        "T" => AccessLevel::Tagging,
        _ => return None,
    };
    let condition_keys = named(fields.next()?, &service.condition_keys);
    let dependent_actions = items(fields.next()?);
    let resources = fields
        .next()?
        .split(';')
        .filter_map(|item| action_resource(item, service))
        .collect();
    let deprecated = flags.ends_with('!');
    Some(Action {
        name,
        level,
        deprecated,
        resources,
        condition_keys,
        dependent_actions,
    })
}

/// One resource type of an action: `POSITION[!][|KEYS[|DEPENDENT ACTIONS]]`, where `!` means required.
fn action_resource(item: &'static str, service: &Service) -> Option<ActionResource> {
    let mut parts = item.split('|');
    let position = parts.next()?;
    let (position, required) = position
        .strip_suffix('!')
        .map_or((position, false), |position| (position, true));
    Some(ActionResource {
        name: service.resources.get(position.parse::<usize>().ok()?)?.name,
        required,
        condition_keys: parts
            .next()
            .map(|keys| named(keys, &service.condition_keys))
            .unwrap_or_default(),
        dependent_actions: parts.next().map(items).unwrap_or_default(),
    })
}

fn named(positions: &str, keys: &[ConditionKey]) -> Vec<&'static str> {
    let position = |item: &str| Some(keys.get(item.parse::<usize>().ok()?)?.name);
    positions.split(',').filter_map(position).collect()
}

fn items(list: &'static str) -> Vec<&'static str> {
    list.split(',').filter(|item| !item.is_empty()).collect()
}
