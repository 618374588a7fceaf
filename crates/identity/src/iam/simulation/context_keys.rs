//! Which condition keys policies refer to, so that a simulation can be given all of them.

use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read};
use twinlock_policy::{Document, context_keys, write_rules};
use twinlock_shapes::iam as shapes;

use super::{SOURCES, Source, source};
use crate::iam::common::invalid_input;

/// The keys that documents refer to, as written, each once, in order.
fn keys<'d>(documents: impl IntoIterator<Item = &'d Document>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for document in documents {
        for statement in document.statements() {
            let keys = context_keys(document, statement);
            for key in keys.resource.into_iter().chain(keys.condition) {
                if !all.iter().any(|known| known.eq_ignore_ascii_case(&key)) {
                    all.push(key);
                }
            }
        }
    }
    all.sort_by_key(|key| key.to_lowercase());
    all
}

fn read(texts: &[String]) -> Result<Vec<Document>, Fault> {
    texts
        .iter()
        .enumerate()
        .map(|(position, text)| {
            write_rules::check_inline(text).map_err(|error| {
                invalid_input(format!("PolicyInputList.{}: {error}", position + 1))
            })
        })
        .collect()
}

/// `iam:GetContextKeysForCustomPolicy`.
#[derive(Debug)]
pub struct GetContextKeysForCustomPolicy;

impl Operation for GetContextKeysForCustomPolicy {
    type Input = shapes::GetContextKeysForCustomPolicyInput;
    type Output = shapes::GetContextKeysForCustomPolicyOutput;
    type Found = ();
    const NAME: &'static str = "GetContextKeysForCustomPolicy";
    const ACTIONS: &'static [Action] =
        &[Action::new("iam:GetContextKeysForCustomPolicy", &[], &[])];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for GetContextKeysForCustomPolicy {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let documents = read(&input.policy_input_list)?;
        Ok(shapes::GetContextKeysForCustomPolicyOutput {
            context_key_names: keys(&documents),
        })
    }
}

/// `iam:GetContextKeysForPrincipalPolicy`.
#[derive(Debug)]
pub struct GetContextKeysForPrincipalPolicy;

impl Operation for GetContextKeysForPrincipalPolicy {
    type Input = shapes::GetContextKeysForPrincipalPolicyInput;
    type Output = shapes::GetContextKeysForPrincipalPolicyOutput;
    type Found = Option<Source>;
    const NAME: &'static str = "GetContextKeysForPrincipalPolicy";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:GetContextKeysForPrincipalPolicy",
        SOURCES,
        &[],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        source::need(
            &Self::ACTIONS[0],
            &input.policy_source_arn,
            found.as_ref(),
            cx,
        )
        .map(Needs::one)
    }
}

impl Read for GetContextKeysForPrincipalPolicy {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Source::find(&input.policy_source_arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let source = source::existing(found, &input.policy_source_arn)?;
        let given = read(input.policy_input_list.as_deref().unwrap_or_default())?;
        let nothing = Need::anywhere(&Self::ACTIONS[0]);
        // The set of policies is the same whatever is asked.
        let context_key_names = source.simulation(cx).ask(&nothing, |_, set| {
            let own = set.identity.iter().chain(set.boundary.iter().flatten());
            keys(own.map(|source| source.policy.document()).chain(&given))
        });
        Ok(shapes::GetContextKeysForPrincipalPolicyOutput { context_key_names })
    }
}
