//! ListPoliciesGrantingServiceAccess: which policies of somebody grant a service.

use twinlock_gate::{Action, Cx, Fault, Needs, Operation, Permit, Read};
use twinlock_policy::facts;
use twinlock_shapes::iam as shapes;

use super::{
    Reported,
    grants::{Held, granted, held},
    need, not_found,
};
use crate::iam::common::invalid_input;

const ACTION: Action = Action::new(
    "iam:ListPoliciesGrantingServiceAccess",
    &["user", "group", "role"],
    &[],
);

/// `iam:ListPoliciesGrantingServiceAccess`: for each service asked about, in the order of the question.
#[derive(Debug)]
pub struct ListPoliciesGrantingServiceAccess;

impl Operation for ListPoliciesGrantingServiceAccess {
    type Input = shapes::ListPoliciesGrantingServiceAccessInput;
    type Output = shapes::ListPoliciesGrantingServiceAccessOutput;
    type Found = Option<Reported>;
    const NAME: &'static str = "ListPoliciesGrantingServiceAccess";
    const ACTIONS: &'static [Action] = &[ACTION];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(&ACTION, &input.arn, found.as_ref(), cx)?))
    }
}

impl Read for ListPoliciesGrantingServiceAccess {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Reported::find(&input.arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let reported = match found {
            Some(Reported::Policy(..)) => {
                return Err(invalid_input(
                    "The ARN must be that of a user, group or role.",
                ));
            }
            found => found.ok_or_else(|| not_found(&input.arn))?,
        };
        let unknown = |name: &&String| facts::service_summary(name).is_none();
        if let Some(unknown) = input.service_namespaces.iter().find(unknown) {
            return Err(invalid_input(format!(
                "There is no service with the namespace {unknown}."
            )));
        }
        let policies = held(&reported, cx);
        let grants: Vec<_> = policies.iter().map(|held| granted([&*held.text])).collect();
        let entry = |namespace: &String| {
            let prefix = namespace.to_ascii_lowercase();
            let granting = policies.iter().zip(&grants);
            let granting = granting.filter(|(_, services)| services.contains_key(&*prefix));
            shapes::ListPoliciesGrantingServiceAccessEntry {
                service_namespace: Some(prefix.clone()),
                policies: granting.map(|(policy, _)| shown(policy)).collect(),
            }
        };
        Ok(shapes::ListPoliciesGrantingServiceAccessOutput {
            policies_granting_service_access: input.service_namespaces.iter().map(entry).collect(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}

fn shown(policy: &Held) -> shapes::PolicyGrantingServiceAccess {
    let owner = policy.owner.clone();
    let kind = if owner.is_some() { "INLINE" } else { "MANAGED" };
    let (entity_type, entity_name) = owner.unzip();
    shapes::PolicyGrantingServiceAccess {
        policy_name: policy.name.clone(),
        policy_type: kind.to_owned(),
        policy_arn: policy.arn.clone(),
        entity_type: entity_type.map(str::to_owned),
        entity_name,
    }
}
