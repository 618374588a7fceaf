//! The same cases as lines of `twinlock policy eval --batch`: what a line can say is decided as the rules decide it.

use serde_json::{Value as Json, json};
use twinlock_policy::{Outcome, PrincipalKind, batch};
use twinlock_spec::{Case, ContextValue, LevelOf, Written};

use crate::engine::spec;
use crate::generator;

const CASES: u64 = 4_000;

/// The case as a line; none when a line cannot say it.
fn line(id: u64, case: &Case) -> Option<Json> {
    let caller = &case.principal;
    // A line has no field for a linked role whose session has no issuer, and tells providers by their ARN.
    let linked = caller.service_linked && caller.issuer.is_none();
    let bearer = matches!(
        caller.kind,
        PrincipalKind::WebIdentity | PrincipalKind::Saml
    );
    if linked || (bearer && !caller.arn.starts_with("arn:")) {
        return None;
    }
    let named = |written: &Written| {
        let document: Json = serde_json::from_str(written.document.text()).unwrap();
        json!({"name": "P", "document": document})
    };
    let list = |documents: &[Written]| documents.iter().map(named).collect::<Vec<_>>();
    let levels = |levels: &Option<Vec<LevelOf>>| {
        let levels = levels.iter().flatten();
        levels
            .map(|level| json!({"orgIdentifier": "ou", "policies": list(&level.policies)}))
            .collect::<Vec<_>>()
    };
    let context: serde_json::Map<String, Json> = case
        .context
        .iter()
        .map(|(key, value)| match value {
            ContextValue::One(value) => (key.to_uppercase(), json!(value)),
            ContextValue::Many(values) => (key.clone(), json!(values)),
        })
        .collect();
    Some(json!({
        "id": id.to_string(),
        "principal": match caller.kind {
            PrincipalKind::Anonymous => json!({"type": "Anonymous"}),
            _ => json!(caller.arn),
        },
        "sessionIssuer": caller.issuer.as_ref().map(|issuer| &issuer.arn),
        "action": case.action,
        "resource": case.resource,
        "resourceAccount": case.resource_account,
        "wildcardOnlyAction": case.resource == "*",
        "context": context,
        "identityPolicies": list(&case.identity),
        "resourcePolicy": case.resource_policy.as_ref().map(named),
        "permissionBoundaries": list(case.boundary.as_deref().unwrap_or_default()),
        "sessionPolicies": list(case.session.as_deref().unwrap_or_default()),
        "vpcEndpointPolicies": list(case.endpoint.as_deref().unwrap_or_default()),
        "serviceControlPolicies": levels(&case.scps),
        "resourceControlPolicies": levels(&case.rcps),
        "principalInManagementAccount": case.principal_in_management_account,
        "resourceInManagementAccount": case.resource_in_management_account,
        "settings": {"s3": {"restrictPublicBuckets": case.restrict_public_buckets}},
    }))
}

#[test]
fn lines_are_decided_by_the_rules() {
    let mut input = String::new();
    let mut cases = Vec::new();
    for seed in 0..CASES {
        let mut case = generator::case(2_000_000 + seed);
        case.acl_grant = false;
        case.resource_policy
            .iter_mut()
            .for_each(|written| written.bindings.clear());
        case.endpoint
            .iter_mut()
            .flatten()
            .for_each(|written| written.bindings.clear());
        if let Some(line) = line(seed, &case) {
            input += &line.to_string();
            input.push('\n');
            cases.push((seed, case));
        }
    }
    assert!(cases.len() as u64 > CASES * 3 / 4, "{} lines", cases.len());
    let mut output = Vec::new();
    assert_eq!(
        batch::run(input.as_bytes(), &mut output),
        0,
        "every line was understood"
    );
    let answers: Vec<Json> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), cases.len());
    for (seed, case) in &cases {
        let id = json!(seed.to_string());
        let answer = answers
            .iter()
            .find(|answer| answer["id"] == id)
            .expect("an answer");
        let decision = match spec(case, None).outcome {
            Outcome::Allowed => "Allowed",
            Outcome::ExplicitlyDenied => "ExplicitlyDenied",
            Outcome::ImplicitlyDenied => "ImplicitlyDenied",
        };
        assert_eq!(
            answer["decision"],
            decision,
            "{}",
            serde_json::to_string(case).unwrap()
        );
    }
}
