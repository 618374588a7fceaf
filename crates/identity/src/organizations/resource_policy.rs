//! The organization's resource policy (AWS: delegation policy), by which member accounts may manage policies and read.

use std::sync::Arc;

use twinlock_directory::{DelegationPolicy, Organization, StoredPolicy, ids, principals};
use twinlock_gate::{Action, Cx, Fault, Needs};
use twinlock_policy::Document;
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Here, Reach, TAG_RESOURCE, need, need_on, new_tags, operation, tag_need, tag_pairs},
    faults,
};

fn shown(here: &Here, policy: &DelegationPolicy, cx: &Cx<'_>) -> shapes::ResourcePolicy {
    shapes::ResourcePolicy {
        resource_policy_summary: Some(shapes::ResourcePolicySummary {
            id: Some(policy.id.clone()),
            arn: Some(here.organization.resource_policy_arn(&policy.id)),
        }),
        content: Some(principals::show(cx.snapshot, &policy.text)),
    }
}

/// The document, if it says nothing but whom the organization lets do what can be delegated.
fn document(content: &str, cx: &Cx<'_>) -> Result<Arc<StoredPolicy>, Fault> {
    let malformed = |why: String| {
        let sentence = "The provided resource policy document is not valid.";
        faults::invalid("INVALID_RESOURCE_POLICY_JSON", format!("{sentence} {why}"))
    };
    let document = Document::parse(content).map_err(|error| malformed(error.to_string()))?;
    if let Some(problem) = document.problems().first() {
        return Err(malformed(format!(
            "At {}: {}.",
            problem.pointer, problem.message
        )));
    }
    if document.statements().is_empty() {
        return Err(malformed("A policy has at least one statement.".to_owned()));
    }
    for statement in document.statements() {
        let named = statement
            .principal
            .as_ref()
            .map_or(0, |element| element.entries.len());
        if statement.not_principal.is_some() || named == 0 {
            return Err(invalid_principal(
                "Each statement names accounts, users or roles as its Principal.",
            ));
        }
        let Some(actions) = &statement.action else {
            return Err(unsupported("NotAction cannot be used."));
        };
        for action in &actions.values {
            if !can_be_delegated(&action.value) {
                return Err(unsupported(&format!(
                    "`{}` cannot be delegated.",
                    action.value
                )));
            }
        }
    }
    let principals = document.aws_principals();
    let all: usize = document
        .statements()
        .iter()
        .filter_map(|statement| statement.principal.as_ref())
        .map(|element| element.entries.len())
        .sum();
    if principals.len() != all || principals.iter().any(|principal| principal.text == "*") {
        return Err(invalid_principal(
            "Only accounts, users and roles can be named, not everyone.",
        ));
    }
    let bindings = principals::bind(cx.snapshot, &document, cx.account_id()?)
        .map_err(|error| invalid_principal(&error.to_string()))?;
    Ok(Arc::new(StoredPolicy::new(content, bindings)))
}

/// What member accounts can be given: reading, and managing policies. The operations say so themselves by their `Reach`; this
/// list is what a policy may name.
const DELEGABLE: &[&str] = &[
    "AttachPolicy",
    "CreatePolicy",
    "DeletePolicy",
    "DescribeAccount",
    "DescribeCreateAccountStatus",
    "DescribeEffectivePolicy",
    "DescribeOrganization",
    "DescribeOrganizationalUnit",
    "DescribePolicy",
    "DescribeResourcePolicy",
    "DetachPolicy",
    "DisablePolicyType",
    "EnablePolicyType",
    "ListAWSServiceAccessForOrganization",
    "ListAccounts",
    "ListAccountsForParent",
    "ListAccountsWithInvalidEffectivePolicy",
    "ListChildren",
    "ListCreateAccountStatus",
    "ListDelegatedAdministrators",
    "ListDelegatedServicesForAccount",
    "ListEffectivePolicyValidationErrors",
    "ListHandshakesForOrganization",
    "ListOrganizationalUnitsForParent",
    "ListParents",
    "ListPolicies",
    "ListPoliciesForTarget",
    "ListRoots",
    "ListTagsForResource",
    "ListTargetsForPolicy",
    "TagResource",
    "UntagResource",
    "UpdatePolicy",
];

/// Whether member accounts can be given this action; no wildcards, as on AWS.
fn can_be_delegated(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else {
        return false;
    };
    service.eq_ignore_ascii_case("organizations")
        && DELEGABLE
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

fn invalid_principal(why: &str) -> Fault {
    faults::invalid(
        "INVALID_PRINCIPAL",
        format!("You specified an invalid principal element in the policy. {why}"),
    )
}

fn unsupported(why: &str) -> Fault {
    faults::invalid(
        "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
        format!("You specified an action that is not supported in the resource policy. {why}"),
    )
}

fn none() -> Fault {
    faults::exception(
        "ResourcePolicyNotFoundException",
        "We can't find a resource policy request with the parameter that you specified.",
    )
}

operation! {
    /// `organizations:PutResourcePolicy`.
    change PutResourcePolicy(shapes::PutResourcePolicyInput) -> shapes::PutResourcePolicyOutput,
    &[Action::new("organizations:PutResourcePolicy", &["resourcepolicy"], &["aws:RequestTag/${TagKey}", "aws:TagKeys"]), TAG_RESOURCE],
    |input, place, cx| {
        let known = place.here().ok().and_then(|here| here.organization.resource_policy.as_ref());
        let id = known.map_or("rp-*", |policy| &policy.id);
        let tags = tag_need(input.tags.as_ref(), place.arn(id, cx), Reach::Management, place, cx);
        let need = need_on(PutResourcePolicy::ACTION, id, Reach::Management, place, cx);
        Needs::one(need.request_tags(tag_pairs(input.tags.as_ref()))).and_if(tags)
    },
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let text = document(&input.content, cx)?;
        let known = here.organization.resource_policy.as_ref();
        if known.is_some() && input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            return Err(faults::invalid(
                "INVALID_LIST_MEMBER",
                "Tags can be given to a new resource policy only; use TagResource for one that is there.",
            ));
        }
        let policy = DelegationPolicy {
            id: known.map_or_else(|| ids::organization_resource_policy_id(&*cx.world.random), |known| known.id.clone()),
            text,
            tags: match known {
                Some(known) => known.tags.clone(),
                None => new_tags(input.tags.as_ref())?,
            },
        };
        let answer = shown(here, &policy, cx);
        batch.put(Organization { resource_policy: Some(policy), ..Organization::clone(&here.organization) });
        Ok(shapes::PutResourcePolicyOutput { resource_policy: Some(answer) })
    },
}

operation! {
    /// `organizations:DescribeResourcePolicy`.
    read DescribeResourcePolicy(shapes::DescribeResourcePolicyInput) -> shapes::DescribeResourcePolicyOutput,
    &[Action::new("organizations:DescribeResourcePolicy", &[], &[])],
    |_, place, cx| Needs::one(need(DescribeResourcePolicy::ACTION, "*", Reach::Administrators, place, cx)),
    |_, place, cx| {
        let here = place.here()?;
        let policy = here.organization.resource_policy.as_ref().ok_or_else(none)?;
        Ok(shapes::DescribeResourcePolicyOutput { resource_policy: Some(shown(here, policy, cx)) })
    },
}

operation! {
    /// `organizations:DeleteResourcePolicy`.
    change DeleteResourcePolicy(shapes::DeleteResourcePolicyInput) -> shapes::DeleteResourcePolicyOutput,
    &[Action::new("organizations:DeleteResourcePolicy", &[], &[])],
    |_, place, cx| Needs::one(need(DeleteResourcePolicy::ACTION, "*", Reach::Management, place, cx)),
    |_, _, place, _, batch| {
        let here = place.here()?;
        if here.organization.resource_policy.is_none() {
            return Err(none());
        }
        batch.put(Organization { resource_policy: None, ..Organization::clone(&here.organization) });
        Ok(shapes::DeleteResourcePolicyOutput::default())
    },
}
