//! What the visual policy editor offers: services, their actions, the forms of their ARNs, condition keys and operators, all out of
//! what AWS publishes. The script asks for it, and can do without.

use http::Response;
use serde_json::{Value, json};
use twinlock_gate::Body;
use twinlock_policy::{
    condition_operators,
    facts::{self, ConditionKey, KeyType},
};

use crate::{http::json as json_answer, visit::Visit};

/// `/iam/policies/actions`: what belongs to no service.
pub(crate) fn everywhere() -> Response<Body> {
    let services = facts::services().iter();
    let services: Vec<_> = services
        .map(|service| [service.prefix, service.name])
        .collect();
    json_answer(&json!({
        "services": services,
        "keys": keys(facts::global_condition_keys()),
        "operators": condition_operators().collect::<Vec<_>>(),
    }))
}

/// `/iam/policies/actions/SERVICE`; nothing of a service that there is not.
pub(crate) fn of_service(visit: &Visit, service: &str) -> Response<Body> {
    let Some(service) = facts::service(service) else {
        return json_answer(&json!({ "actions": [], "keys": [], "resources": [] }));
    };
    let account = visit.account();
    let actions = service.actions.iter();
    let actions: Vec<_> = actions
        .map(|action| {
            let on = action.resources.iter().map(|resource| resource.name);
            json!({ "name": action.name, "level": action.level.as_str(), "resources": on.collect::<Vec<_>>() })
        })
        .collect();
    let resources = service.resources.iter();
    let resources: Vec<_> = resources
        .map(|resource| json!({ "name": resource.name, "arn": any_of(resource.arn, account.as_str()) }))
        .collect();
    json_answer(&json!({
        "actions": actions,
        "keys": keys(&service.condition_keys),
        "resources": resources,
    }))
}

fn keys(keys: &[ConditionKey]) -> Vec<Value> {
    let key = |key: &ConditionKey| json!({ "name": begun(key.name), "type": kind(key.value), "many": key.many });
    keys.iter().map(key).collect()
}

/// A documented key up to what its user must say: `aws:RequestTag/` of `aws:RequestTag/${TagKey}`.
fn begun(name: &str) -> &str {
    name.find(['$', '<']).map_or(name, |at| &name[..at])
}

fn kind(kind: KeyType) -> &'static str {
    match kind {
        KeyType::String => "String",
        KeyType::Numeric => "Numeric",
        KeyType::Bool => "Bool",
        KeyType::Date => "Date",
        KeyType::Arn => "Arn",
        KeyType::IpAddress => "IpAddress",
        KeyType::Binary => "Binary",
    }
}

/// An ARN's form with the account in it, and `*` for all else that it leaves open.
fn any_of(form: &str, account: &str) -> String {
    let mut arn = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        arn.push_str(before);
        arn.push_str(match name {
            "Partition" => "aws",
            "Account" => account,
            _ => "*",
        });
        rest = after;
    }
    arn.push_str(rest);
    arn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_leaves_open_what_its_user_must_say() {
        let any = |form| any_of(form, "111111111111");
        assert_eq!(
            any("arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"),
            "arn:aws:sqs:*:111111111111:*"
        );
        assert_eq!(
            any("arn:${Partition}:s3:::${BucketName}/${ObjectName}"),
            "arn:aws:s3:::*/*"
        );
        assert_eq!(any("arn:aws:x:::fixed"), "arn:aws:x:::fixed");
        // Every form of every service becomes an ARN without a blank.
        for service in facts::services() {
            let service = facts::service(service.prefix).expect("a listed service");
            for resource in &service.resources {
                let arn = any(resource.arn);
                assert!(arn.starts_with("arn:") && !arn.contains('$'), "{arn}");
            }
        }
    }

    #[test]
    fn a_key_is_offered_up_to_what_its_user_must_say() {
        assert_eq!(begun("aws:RequestTag/${TagKey}"), "aws:RequestTag/");
        assert_eq!(begun("s3:RequestObjectTag/<key>"), "s3:RequestObjectTag/");
        assert_eq!(begun("aws:SourceIp"), "aws:SourceIp");
        let globals = keys(facts::global_condition_keys());
        let find = |name: &str| globals.iter().find(|key| key["name"] == name).cloned();
        assert_eq!(
            find("aws:MultiFactorAuthPresent"),
            Some(json!({ "name": "aws:MultiFactorAuthPresent", "type": "Bool", "many": false }))
        );
        assert_eq!(
            find("aws:TagKeys").map(|key| key["many"].clone()),
            Some(json!(true))
        );
    }
}
