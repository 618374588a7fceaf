//! The same case for the engine.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use twinlock_policy::{
    Context, Level, Policy, PolicySet, Request, ResourceRule, Source, Value, evaluate,
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
    if let Some(cause) = &decision.cause {
        let explicit = decision.outcome == twinlock_policy::Outcome::ExplicitlyDenied;
        assert_eq!(
            cause.explicit, explicit,
            "the cause's own word on being explicit"
        );
    }
    Verdict {
        outcome: decision.outcome,
        cause: decision.cause.map(|cause| cause.kind),
    }
}

/// What the second evaluator answers, with a mistake in it if a fault is given.
pub(crate) fn spec(case: &Case, fault: Option<Fault>) -> Verdict {
    decide(case, fault, &RefCell::new(Trace::default()))
}
