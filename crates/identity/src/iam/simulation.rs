//! The policy simulator: what the one evaluator would say, asked with policies and a context of the caller's choosing.
//!
//! | file | what it does |
//! | --- | --- |
//! | `source` | whose policies: the user, group or role that an ARN names |
//! | `questions` | reads and checks what is asked: actions, resources, documents, context |
//! | `exclusions` | which attached policies to leave out |
//! | `results` | decisions as AWS shows them, with the place of every statement that mattered |
//! | `context_keys` | GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy |
//!
//! Unlike AWS's, it reads the trust policy of a role that is to be assumed: the simulator answers as the gate would.

pub mod context_keys;
mod exclusions;
mod questions;
mod results;
mod source;

use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read, Simulation};
use twinlock_shapes::iam as shapes;

pub(crate) use self::source::Source;
use self::{exclusions::Exclusions, questions::Questions};

/// Resource types of the operations that look at somebody's policies.
const SOURCES: &[&str] = &["group", "role", "user"];

/// `iam:SimulatePrincipalPolicy`.
#[derive(Debug)]
pub struct SimulatePrincipalPolicy;

impl Operation for SimulatePrincipalPolicy {
    type Input = shapes::SimulatePrincipalPolicyInput;
    type Output = shapes::SimulatePrincipalPolicyOutput;
    type Found = Option<Source>;
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const ACTIONS: &'static [Action] = &[Action::new("iam:SimulatePrincipalPolicy", SOURCES, &[])];

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

impl Read for SimulatePrincipalPolicy {
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
        let questions = Questions::read(
            questions::Asked {
                policies: input.policy_input_list.as_deref().unwrap_or_default(),
                boundaries: input.permissions_boundary_policy_input_list.as_deref(),
                organization: None,
                actions: &input.action_names,
                resources: input.resource_arns.as_deref(),
                resource_policy: input.resource_policy.as_deref(),
                resource_owner: input.resource_owner.as_deref(),
                context: input.context_entries.as_deref().unwrap_or_default(),
                handling: input.resource_handling_option.as_deref(),
                caller_arn: Some(
                    input
                        .caller_arn
                        .as_deref()
                        .unwrap_or(&input.policy_source_arn),
                ),
            },
            Exclusions::read(input.policy_exclusion_list.as_deref().unwrap_or_default())?,
            cx,
        )?;
        let mut simulation = source.simulation(cx);
        if let Some(caller) = &input.caller_arn
            && *caller != input.policy_source_arn
        {
            simulation = simulation.called_by(source::caller(caller, cx)?);
        }
        let page = results::page(
            &simulation,
            &questions,
            input.marker.as_deref(),
            input.max_items,
            cx,
        )?;
        Ok(shapes::SimulatePrincipalPolicyOutput {
            is_truncated: page.is_truncated(),
            evaluation_results: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:SimulateCustomPolicy`.
#[derive(Debug)]
pub struct SimulateCustomPolicy;

impl Operation for SimulateCustomPolicy {
    type Input = shapes::SimulateCustomPolicyInput;
    type Output = shapes::SimulateCustomPolicyOutput;
    type Found = ();
    const NAME: &'static str = "SimulateCustomPolicy";
    const ACTIONS: &'static [Action] = &[Action::new("iam:SimulateCustomPolicy", &[], &[])];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for SimulateCustomPolicy {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let organization = input.ordered_organization_policy_input_list.as_deref();
        let questions = Questions::read(
            questions::Asked {
                policies: &input.policy_input_list,
                boundaries: input.permissions_boundary_policy_input_list.as_deref(),
                // Policies given as text are simulated without those of an organization that nobody gave.
                organization: Some(organization.unwrap_or_default()),
                actions: &input.action_names,
                resources: input.resource_arns.as_deref(),
                resource_policy: input.resource_policy.as_deref(),
                resource_owner: input.resource_owner.as_deref(),
                context: input.context_entries.as_deref().unwrap_or_default(),
                handling: input.resource_handling_option.as_deref(),
                caller_arn: input.caller_arn.as_deref(),
            },
            Exclusions::default(),
            cx,
        )?;
        let nobody = Simulation::of_nobody(cx);
        let simulation = match &input.caller_arn {
            Some(caller) => nobody.called_by(source::caller(caller, cx)?),
            None => nobody,
        };
        let page = results::page(
            &simulation,
            &questions,
            input.marker.as_deref(),
            input.max_items,
            cx,
        )?;
        Ok(shapes::SimulateCustomPolicyOutput {
            is_truncated: page.is_truncated(),
            evaluation_results: page.items,
            marker: page.marker,
        })
    }
}

#[cfg(test)]
mod tests;
