//! One line of a batch: from JSON to request and policy set.

use std::borrow::Cow;
use std::collections::HashMap;

use super::service_rules;
use crate::arn::Arn;
use crate::decision::{Cause, Decision, PolicyKind};
use crate::json::{Json, Kind};
use crate::principal::is_account_id;
use crate::request::{
    Context, Issuer, Level, PolicySet, Principal, PrincipalKind, Request, Source, Value,
};
use crate::{Explanation, Policy, advise, evaluate};

pub(super) struct Decided {
    pub(super) decision: Decision,
    pub(super) action: String,
}

/// The context of a line, by lower-cased key.
struct Keys(HashMap<String, Stated>);

enum Stated {
    One(String),
    Many(Vec<String>),
}

impl Context for Keys {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        Some(match self.0.get(key_lower)? {
            Stated::One(value) => Value::One(Cow::Borrowed(value)),
            Stated::Many(values) => Value::Many(
                values
                    .iter()
                    .map(|value| Cow::Borrowed(value.as_str()))
                    .collect(),
            ),
        })
    }
}

struct Named {
    name: String,
    policy: Policy,
}

struct NamedLevel {
    target: String,
    policies: Vec<Named>,
}

/// Decides the line.
pub(super) fn decide(text: &str, line: &Json) -> Result<Decided, String> {
    ask(text, line, |request, policies| {
        let mut decision = evaluate(request, policies);
        if decision.allowed() && service_rules::is_unmodifiable(request.action, request.resource) {
            decision = Decision::denied(Cause::implicit(PolicyKind::ServiceRule));
        }
        Decided {
            decision,
            action: request.action.to_owned(),
        }
    })
}

/// Explains the line's decision, with advice.
pub(super) fn explain(text: &str, line: &Json) -> Result<Explanation, String> {
    ask(text, line, |request, policies| {
        let explanation = advise(request, policies);
        if explanation.decision.allowed()
            && service_rules::is_unmodifiable(request.action, request.resource)
        {
            return explanation.refused(
                "AWS or one of its services keeps this policy or role, and nobody else changes it",
            );
        }
        explanation
    })
}

/// Calls `with` with the request and the policies of the line.
fn ask<T>(
    text: &str,
    line: &Json,
    with: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T,
) -> Result<T, String> {
    if line.members().is_none() {
        return Err(format!("expected an object, found {}", line.describe()));
    }
    let principal = principal(line)?;
    let action = required(line, "action")?;
    if !action
        .split_once(':')
        .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
    {
        return Err(format!("`action` must be `service:Name`, found `{action}`"));
    }
    let wildcard_only = flag(line, "wildcardOnlyAction")?;
    let resource = match optional(line, "resource")? {
        Some(resource) => resource,
        None if wildcard_only => "*",
        None => return Err("`resource` is missing".to_owned()),
    };
    if resource != "*" && Arn::parse(resource).is_none() {
        return Err(format!(
            "`resource` must be an ARN or `*`, found `{resource}`"
        ));
    }
    let resource = service_rules::asked_with(action, resource);
    let context = context(line)?;
    let identity = documents(text, line, "identityPolicies")?;
    let boundaries = documents(text, line, "permissionBoundaries")?;
    let sessions = documents(text, line, "sessionPolicies")?;
    let endpoints = documents(text, line, "vpcEndpointPolicies")?;
    let resource_policy = match present(line, "resourcePolicy") {
        Some(json) => Some(document(text, json, "/resourcePolicy")?),
        None => None,
    };
    let scps = levels(text, line, "serviceControlPolicies")?;
    let rcps = levels(text, line, "resourceControlPolicies")?;

    let limit = |list| Some(sources(list)).filter(|list: &Vec<_>| !list.is_empty());
    let request = Request {
        principal: &principal,
        action,
        resource,
        resource_account: optional(line, "resourceAccount")?,
        context: &context,
    };
    let policies = PolicySet {
        identity: sources(&identity),
        resource: resource_policy
            .as_ref()
            .filter(|_| !service_rules::is_above_the_bucket_policy(&request))
            .map(|named| source(named, "")),
        resource_rule: service_rules::resource_rule(action, resource),
        boundary: limit(&boundaries),
        session: limit(&sessions),
        scps: level_sources(&scps),
        rcps: level_sources(&rcps),
        endpoint: limit(&endpoints),
        principal_in_management_account: flag(line, "principalInManagementAccount")?,
        resource_in_management_account: flag(line, "resourceInManagementAccount")?,
        restrict_public_buckets: match present(line, "settings")
            .and_then(|settings| present(settings, "s3"))
        {
            Some(settings) => flag(settings, "restrictPublicBuckets")?,
            None => false,
        },
        acl_grant: false,
    };
    Ok(with(&request, &policies))
}

fn present<'j>(json: &'j Json, key: &str) -> Option<&'j Json> {
    json.get(key).filter(|value| value.kind != Kind::Null)
}

fn optional<'j>(json: &'j Json, key: &str) -> Result<Option<&'j str>, String> {
    match present(json, key) {
        None => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(format!(
                "`{key}` must be a string, found {}",
                value.describe()
            )),
        },
    }
}

fn required<'j>(json: &'j Json, key: &str) -> Result<&'j str, String> {
    optional(json, key)?.ok_or_else(|| format!("`{key}` is missing"))
}

fn flag(json: &Json, key: &str) -> Result<bool, String> {
    match present(json, key).map(|value| (&value.kind, value)) {
        None => Ok(false),
        Some((Kind::Bool(flag), _)) => Ok(*flag),
        Some((_, value)) => Err(format!(
            "`{key}` must be true or false, found {}",
            value.describe()
        )),
    }
}

fn principal(line: &Json) -> Result<Principal, String> {
    let json = present(line, "principal").ok_or("`principal` is missing")?;
    if json.members().is_some() {
        return match json.get("type").and_then(Json::as_str) {
            Some("Anonymous") => Ok(Principal::anonymous()),
            _ => Err("`principal` must be a string or {\"type\":\"Anonymous\"}".to_owned()),
        };
    }
    let text = json
        .as_str()
        .ok_or_else(|| format!("`principal` must be a string, found {}", json.describe()))?;
    let Some(arn) = Arn::parse(text) else {
        if text.starts_with("arn:") || !text.contains('.') || text.contains(char::is_whitespace) {
            return Err(format!(
                "`principal` must be an ARN or a service name, found `{text}`"
            ));
        }
        return Ok(Principal::service(text));
    };
    let stated_issuer = optional(line, "sessionIssuer")?;
    let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    let mut issuer = stated_issuer;
    let kind = match (arn.service, kind, name.is_empty()) {
        ("iam", "root", true) => PrincipalKind::Root,
        ("iam", "user", false) => PrincipalKind::User,
        ("sts", "assumed-role", false) => PrincipalKind::RoleSession,
        ("sts", "federated-user", false) => PrincipalKind::FederatedUser,
        // A role is no caller; it stands for some session of it, and its ARN equals no session's.
        ("iam", "role", false) => {
            issuer = issuer.or(Some(text));
            PrincipalKind::RoleSession
        }
        ("iam", "oidc-provider", false) => PrincipalKind::WebIdentity,
        ("iam", "saml-provider", false) => PrincipalKind::Saml,
        _ => {
            return Err(format!(
                "`principal` is no user, root, role, session or service: `{text}`"
            ));
        }
    };
    if matches!(kind, PrincipalKind::WebIdentity | PrincipalKind::Saml) {
        return Ok(Principal {
            kind,
            provider: Some(text.to_owned()),
            arn: text.to_owned(),
            ..Principal::anonymous()
        });
    }
    if !is_account_id(arn.account) {
        return Err(format!(
            "`principal` has no account id of twelve digits: `{text}`"
        ));
    }
    let linked = |issuer: &str| {
        Arn::parse(issuer).is_some_and(|arn| arn.resource.starts_with("role/aws-service-role/"))
    };
    Ok(Principal {
        kind,
        account: Some(arn.account.to_owned()),
        arn: text.to_owned(),
        unique_id: None,
        service_linked: issuer.is_some_and(linked),
        issuer: issuer.map(|arn| Issuer {
            arn: arn.to_owned(),
            unique_id: None,
        }),
        provider: None,
    })
}

fn context(line: &Json) -> Result<Keys, String> {
    let mut keys = HashMap::new();
    let Some(json) = present(line, "context") else {
        return Ok(Keys(keys));
    };
    let members = json
        .members()
        .ok_or_else(|| format!("`context` must be an object, found {}", json.describe()))?;
    let scalar = |json: &Json| match &json.kind {
        Kind::String(text) | Kind::Number(text) => Some(text.clone()),
        Kind::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    for member in members {
        let stated = match &member.value.kind {
            Kind::Null => continue,
            Kind::Array(items) => items
                .iter()
                .map(scalar)
                .collect::<Option<Vec<_>>>()
                .map(Stated::Many),
            _ => scalar(&member.value).map(Stated::One),
        };
        let stated = stated.ok_or_else(|| {
            format!(
                "context key `{}` must be a string or a list of strings",
                member.key
            )
        })?;
        if keys.insert(member.key.to_lowercase(), stated).is_some() {
            return Err(format!(
                "context key `{}` stands twice, but for case",
                member.key
            ));
        }
    }
    Ok(Keys(keys))
}

fn items<'j>(json: &'j Json, key: &str) -> Result<&'j [Json], String> {
    match present(json, key) {
        None => Ok(&[]),
        Some(list) => list
            .items()
            .ok_or_else(|| format!("`{key}` must be a list, found {}", list.describe())),
    }
}

fn documents(text: &str, json: &Json, key: &str) -> Result<Vec<Named>, String> {
    let named = |(index, item)| document(text, item, &format!("/{key}/{index}"));
    items(json, key)?.iter().enumerate().map(named).collect()
}

fn document(text: &str, json: &Json, place: &str) -> Result<Named, String> {
    let document =
        present(json, "document").ok_or_else(|| format!("{place}: `document` is missing"))?;
    let name = optional(json, "name")
        .map_err(|error| format!("{place}: {error}"))?
        .unwrap_or("")
        .to_owned();
    let policy = Policy::parse(&text[document.span.clone()])
        .map_err(|error| format!("{place}/document: {error}"))?;
    Ok(Named { name, policy })
}

fn levels(text: &str, json: &Json, key: &str) -> Result<Vec<NamedLevel>, String> {
    let level = |(index, item): (usize, &Json)| {
        let place = format!("/{key}/{index}");
        if item.members().is_none() {
            return Err(format!(
                "{place}: expected an object, found {}",
                item.describe()
            ));
        }
        let in_place = |error| format!("{place}: {error}");
        Ok(NamedLevel {
            target: optional(item, "orgIdentifier")
                .map_err(in_place)?
                .unwrap_or("")
                .to_owned(),
            policies: documents(text, item, "policies").map_err(in_place)?,
        })
    };
    items(json, key)?.iter().enumerate().map(level).collect()
}

fn source<'n>(named: &'n Named, attached_to: &'n str) -> Source<'n> {
    Source {
        policy: &named.policy,
        name: &named.name,
        arn: Some(named.name.as_str()).filter(|name| name.starts_with("arn:")),
        attached_to,
    }
}

fn sources(list: &[Named]) -> Vec<Source<'_>> {
    list.iter().map(|named| source(named, "")).collect()
}

fn level_sources(levels: &[NamedLevel]) -> Option<Vec<Level<'_>>> {
    (!levels.is_empty()).then(|| {
        levels
            .iter()
            .map(|level| Level {
                target: &level.target,
                policies: level
                    .policies
                    .iter()
                    .map(|named| source(named, &level.target))
                    .collect(),
            })
            .collect()
    })
}
