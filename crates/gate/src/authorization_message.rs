//! Why a call was denied, in full, and sealed (`policy-evaluation` 6.3): for services whose denials carry an encoded message.
//!
//! The denied caller gets it and cannot read it; somebody of the same account with sts:DecodeAuthorizationMessage can. It is
//! sealed under the keys of temporary credentials, with the account as associated data, so it opens in no other account, and
//! for as long as such a key lives. On AWS services like EC2 carry it, and IAM, STS, Organizations and S3 none; here the service of
//! Twinlock's own does.

use serde_json::{Value, json};
use twinlock_directory::AccountId;
use twinlock_policy::{Effect, PolicySet, Request, Source, Statement, explain};
use twinlock_wire::fault::Fault;

use crate::{
    attempt::Cx,
    needs::{Fact, Need},
};

/// AWS's bound on an encoded message, in characters.
const MESSAGE_CHARS_MAX: usize = 10_240;

fn place(account: AccountId) -> Vec<u8> {
    format!("authorization-message/{account}").into_bytes()
}

/// Seals why `need` was denied to the caller of `cx`.
///
/// # Errors
/// The caller has no account, or there is no sealing key.
pub fn encode(need: &Need, cx: &Cx<'_>) -> Result<String, Fault> {
    let account = cx.account_id()?;
    let seal = |message: &Value| {
        cx.world
            .tokens
            .seal_text(message.to_string().as_bytes(), &place(account))
            .filter(|sealed| sealed.len() <= MESSAGE_CHARS_MAX)
    };
    let mut message = cx.ask(need, |request, set| told(request, set, need));
    if let Some(sealed) = seal(&message) {
        return Ok(sealed);
    }
    // The statements are what grows; without them it still says what was asked, and that it was denied.
    message["matchedStatements"] = json!({ "items": [] });
    seal(&message).ok_or_else(Fault::internal)
}

/// Opens a message for somebody of `account`; none: it is no message of that account's.
pub fn decode(message: &str, account: AccountId, cx: &Cx<'_>) -> Option<String> {
    let clear = cx.world.tokens.open_text(message, &place(account))?;
    String::from_utf8(clear).ok()
}

fn told(request: &Request<'_>, set: &PolicySet<'_>, need: &Need) -> Value {
    let explanation = explain(request, set);
    let mut matched = Vec::new();
    for examined in &explanation.policies {
        let source = sources(set)
            .into_iter()
            .find(|s| s.name == examined.name && s.attached_to == examined.attached_to);
        let Some(source) = source else { continue };
        for statement in examined.statements.iter().filter(|s| s.mismatch.is_none()) {
            let written = source.policy.document().statements().get(statement.index);
            matched.extend(written.map(shown));
        }
    }
    let mut conditions: Vec<Value> = need
        .context
        .iter()
        .map(|(key, fact)| {
            let values = match fact {
                Fact::One(value) => vec![value.clone()],
                Fact::Many(values) => values.clone(),
            };
            json!({ "key": key, "values": items(values) })
        })
        .collect();
    let service = request.action.split(':').next().unwrap_or_default();
    for (key, value) in [
        ("aws:Service", service),
        ("aws:Account", request.resource_account.unwrap_or_default()),
        ("aws:ARN", request.resource),
        ("aws:Resource", resource_of(request.resource)),
    ] {
        conditions.push(json!({ "key": key, "values": items(vec![value.to_owned()]) }));
    }
    let mut principal = json!({ "arn": request.principal.arn });
    let issuer = request.principal.issuer.as_ref();
    let id = request.principal.unique_id.as_ref();
    if let Some(id) = id.or(issuer.and_then(|issuer| issuer.unique_id.as_ref())) {
        principal["id"] = json!(id);
    }
    let denies = matched
        .iter()
        .any(|statement| statement["effect"] == "DENY");
    json!({
        "allowed": explanation.decision.allowed(),
        "explicitDeny": denies,
        "matchedStatements": { "items": matched },
        "failures": { "items": [] },
        "context": {
            "principal": principal,
            "action": request.action,
            "resource": request.resource,
            "conditions": { "items": conditions },
        },
    })
}

/// The sixth part of an ARN.
fn resource_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

fn sources<'s, 'a>(set: &'s PolicySet<'a>) -> Vec<&'s Source<'a>> {
    let listed = [&set.boundary, &set.session, &set.endpoint];
    let levels = set.scps.iter().flatten().chain(set.rcps.iter().flatten());
    set.identity
        .iter()
        .chain(set.resource.as_ref())
        .chain(listed.into_iter().flatten().flatten())
        .chain(levels.flat_map(|level| &level.policies))
        .collect()
}

fn items(values: Vec<String>) -> Value {
    let items: Vec<Value> = values
        .into_iter()
        .map(|value| json!({ "value": value }))
        .collect();
    json!({ "items": items })
}

fn shown(statement: &Statement) -> Value {
    let actions = statement.action.iter().flat_map(|list| &list.values);
    let resources = statement.resource.iter().flat_map(|list| &list.values);
    let conditions: Vec<Value> = statement
        .conditions
        .iter()
        .map(|entry| {
            let values = entry.values.values.iter().map(|text| text.value.clone());
            json!({ "key": entry.key.value, "values": items(values.collect()) })
        })
        .collect();
    let principals = statement.principal.iter().flat_map(|element| {
        let star = element.star.then(|| "*".to_owned());
        let entries = element.entries.iter().map(|entry| entry.text.value.clone());
        star.into_iter().chain(entries)
    });
    json!({
        "statementId": statement.sid.as_ref().map_or("", |sid| sid.value.as_str()),
        "effect": if statement.effect == Some(Effect::Deny) { "DENY" } else { "ALLOW" },
        "principals": items(principals.collect()),
        "principalGroups": items(Vec::new()),
        "actions": items(actions.map(|text| text.value.clone()).collect()),
        "resources": items(resources.map(|text| text.value.clone()).collect()),
        "conditions": { "items": conditions },
    })
}
