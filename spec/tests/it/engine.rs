//! The same case for the engine.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use twinlock_policy::{
    Context, Decision, Document, Level, Outcome, Policy, PolicySet, Request, ResourceRule, Source,
    Value, evaluate,
};
use twinlock_spec::{Case, ContextValue, Fault, LevelOf, Trace, Verdict, Written, decide};

struct Keys<'c>(&'c BTreeMap<String, ContextValue>);

impl Context for Keys<'_> {
    fn get(&self, key_lower: &str) -> Option<Value<'_>> {
        Some(match self.0.get(key_lower)? {
            ContextValue::One(value) => Value::One(Cow::Borrowed(value)),
            ContextValue::Many(values) => Value::Many(
                values
                    .iter()
                    .map(|value| Cow::Borrowed(value.as_str()))
                    .collect(),
            ),
        })
    }
}

fn compile(documents: &[Written]) -> Vec<Policy> {
    documents
        .iter()
        .map(|written| Policy::compile(written.document.clone(), &written.bindings))
        .collect()
}

fn sources(policies: &[Policy]) -> Vec<Source<'_>> {
    policies
        .iter()
        .map(|policy| Source {
            policy,
            name: "P",
            arn: None,
            attached_to: "",
        })
        .collect()
}

/// What the engine answers.
pub(crate) fn engine(case: &Case) -> Verdict {
    let levels = |levels: &Option<Vec<LevelOf>>| -> Option<Vec<Vec<Policy>>> {
        let levels = levels.as_ref()?;
        Some(
            levels
                .iter()
                .map(|level| compile(&level.policies))
                .collect(),
        )
    };
    fn level_sources(levels: &Option<Vec<Vec<Policy>>>) -> Option<Vec<Level<'_>>> {
        let levels = levels.as_ref()?;
        Some(
            levels
                .iter()
                .map(|policies| Level {
                    target: "",
                    policies: sources(policies),
                })
                .collect(),
        )
    }
    let identity = compile(&case.identity);
    let resource = case
        .resource_policy
        .as_ref()
        .map(|written| compile(std::slice::from_ref(written)));
    let boundary = case.boundary.as_deref().map(compile);
    let session = case.session.as_deref().map(compile);
    let endpoint = case.endpoint.as_deref().map(compile);
    let (scps, rcps) = (levels(&case.scps), levels(&case.rcps));
    let decision = evaluate(
        &Request {
            principal: &case.principal,
            action: &case.action,
            resource: &case.resource,
            resource_account: case.resource_account.as_deref(),
            context: &Keys(&case.context),
        },
        &PolicySet {
            identity: sources(&identity),
            resource: resource.as_ref().map(|policies| sources(policies)[0]),
            resource_rule: if case.must_admit {
                ResourceRule::MustAdmit
            } else {
                ResourceRule::Ordinary
            },
            boundary: boundary.as_deref().map(sources),
            session: session.as_deref().map(sources),
            scps: level_sources(&scps),
            rcps: level_sources(&rcps),
            endpoint: endpoint.as_deref().map(sources),
            principal_in_management_account: case.principal_in_management_account,
            resource_in_management_account: case.resource_in_management_account,
            restrict_public_buckets: case.restrict_public_buckets,
            acl_grant: case.acl_grant,
        },
    );
    verdict(&decision)
}

/// What the second evaluator answers, with a mistake in it if a fault is given.
pub(crate) fn spec(case: &Case, fault: Option<Fault>) -> Verdict {
    decide(case, fault, &RefCell::new(Trace::default()))
}

/// What both answer.
pub(crate) fn both(case: &Case) -> Verdict {
    let verdict = engine(case);
    assert_eq!(
        spec(case, None),
        verdict,
        "by the rules, and by the engine: {}",
        serde_json::to_string(case).unwrap()
    );
    verdict
}

/// What the engine answers to a request that was made for it, after the second evaluator has answered the same.
pub(crate) fn evaluate_both(request: &Request<'_>, policies: &PolicySet<'_>) -> Decision {
    let decision = evaluate(request, policies);
    let case = case_of(request, policies);
    assert_eq!(
        spec(&case, None),
        verdict(&decision),
        "by the rules, and by the engine: {}",
        serde_json::to_string(&case).unwrap()
    );
    decision
}

fn verdict(decision: &Decision) -> Verdict {
    let explicit = decision.outcome == Outcome::ExplicitlyDenied;
    if let Some(cause) = &decision.cause {
        assert_eq!(
            cause.explicit, explicit,
            "the cause's own word on being explicit"
        );
    }
    Verdict {
        outcome: decision.outcome,
        cause: decision.cause.as_ref().map(|cause| cause.kind),
    }
}

/// The case of a request whose principals are not bound. Of the context it takes the keys that the documents name.
fn case_of(request: &Request<'_>, policies: &PolicySet<'_>) -> Case {
    let written = |source: &Source<'_>| Written {
        document: source.policy.document().clone(),
        bindings: BTreeMap::new(),
    };
    let list = |sources: &[Source<'_>]| sources.iter().map(written).collect::<Vec<_>>();
    let levels = |levels: &[Level<'_>]| {
        let levels = levels.iter();
        levels
            .map(|level| LevelOf {
                policies: list(&level.policies),
            })
            .collect::<Vec<_>>()
    };
    let mut case = Case {
        identity: list(&policies.identity),
        resource_policy: policies.resource.as_ref().map(written),
        must_admit: policies.resource_rule == ResourceRule::MustAdmit,
        boundary: policies.boundary.as_deref().map(list),
        session: policies.session.as_deref().map(list),
        scps: policies.scps.as_deref().map(levels),
        rcps: policies.rcps.as_deref().map(levels),
        endpoint: policies.endpoint.as_deref().map(list),
        resource_account: request.resource_account.map(str::to_owned),
        principal_in_management_account: policies.principal_in_management_account,
        resource_in_management_account: policies.resource_in_management_account,
        restrict_public_buckets: policies.restrict_public_buckets,
        acl_grant: policies.acl_grant,
        ..Case::of(request.principal.clone(), request.action, request.resource)
    };
    let documents: Vec<&Written> = case
        .identity
        .iter()
        .chain(&case.resource_policy)
        .chain(case.boundary.iter().flatten())
        .chain(case.session.iter().flatten())
        .chain(case.endpoint.iter().flatten())
        .chain(
            case.scps
                .iter()
                .chain(&case.rcps)
                .flatten()
                .flat_map(|level| &level.policies),
        )
        .collect();
    let mut context = BTreeMap::new();
    for key in documents
        .iter()
        .flat_map(|written| keys_of(&written.document))
    {
        let value = match request.context.get(&key) {
            None => continue,
            Some(Value::One(value)) => ContextValue::One(value.into_owned()),
            Some(Value::Many(values)) => {
                ContextValue::Many(values.into_iter().map(Cow::into_owned).collect())
            }
        };
        context.insert(key, value);
    }
    case.context = context;
    case
}

/// The condition keys of a document, and what may be the key of a variable in it, in lower case.
fn keys_of(document: &Document) -> Vec<String> {
    let keys = document
        .statements()
        .iter()
        .flat_map(|statement| &statement.conditions)
        .map(|entry| entry.key.value.as_str());
    let variables = document
        .text()
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split(['}', ',']).next());
    keys.chain(variables).map(str::to_lowercase).collect()
}
