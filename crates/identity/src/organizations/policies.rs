//! Service and resource control policies: made, changed, shown, deleted; and the types of them, enabled and disabled.

use std::sync::Arc;

use twinlock_directory::{
    Batch, ControlPolicy, ControlState, ControlType, Organization, StoredPolicy, full_access, ids,
};
use twinlock_gate::{Action, Cx, Fault, Need, Needs};
use twinlock_policy::{Bindings, Document, Effect, facts, write_rules};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{
        Here, Place, Reach, TAG_RESOURCE, need, need_on, new_tags, operation, page, tag_need,
        tag_pairs,
    },
    faults,
};

/// The condition key that every operation on policies brings.
pub(crate) const POLICY_TYPE: &str = "organizations:PolicyType";

/// A policy without its content.
pub(super) fn summary(policy: &ControlPolicy) -> shapes::PolicySummary {
    shapes::PolicySummary {
        id: Some(policy.id.clone()),
        arn: Some(policy.arn.clone()),
        name: Some(policy.name.clone()),
        description: Some(policy.description.clone()),
        r#type: Some(policy.control.as_str().to_owned()),
        aws_managed: Some(policy.id == policy.control.full_access_id()),
    }
}

fn shown(policy: &ControlPolicy) -> shapes::Policy {
    shapes::Policy {
        policy_summary: Some(summary(policy)),
        content: Some(policy.text.text().to_owned()),
    }
}

/// The need of `action` on a policy, with its type.
pub(super) fn policy_need(
    action: &Action,
    id: &str,
    reach: Reach,
    place: &Place,
    cx: &Cx<'_>,
) -> Need {
    need_on(action, id, reach, place, cx).key_if(POLICY_TYPE, place.type_of(id))
}

/// A document of this type, within the sizes that count it with its white space.
fn document(control: ControlType, content: &str, cx: &Cx<'_>) -> Result<Arc<StoredPolicy>, Fault> {
    let quotas = cx.world.directory.quotas();
    let (most, checked) = match control {
        ControlType::Service => (
            quotas.organization_policy_size,
            write_rules::check_scp(content),
        ),
        ControlType::Resource => (
            quotas.resource_control_policy_size,
            write_rules::check_rcp(content),
        ),
    };
    if u64::try_from(content.chars().count()).unwrap_or(u64::MAX) > most {
        return Err(faults::constraint(
            "POLICY_CONTENT_LIMIT_EXCEEDED",
            "You have exceeded the maximum policy size.",
        ));
    }
    const SENTENCE: &str =
        "The provided policy document does not meet the requirements of the specified policy type.";
    let malformed = |told: &str| {
        let told = if told.starts_with(SENTENCE) {
            told.to_owned()
        } else {
            format!("{SENTENCE} {told}")
        };
        faults::exception("MalformedPolicyDocumentException", told)
    };
    let document = checked.map_err(|error| malformed(&error.to_string()))?;
    if control == ControlType::Resource {
        only_denies(&document).map_err(|why| malformed(&why))?;
    }
    Ok(Arc::new(StoredPolicy::new(content, Bindings::new())))
}

/// What a resource control policy of the organization's own may say: what is denied, service by service. RCPFullAWSAccess
/// allows all the rest, and is always there.
fn only_denies(document: &Document) -> Result<(), String> {
    for statement in document.statements() {
        if statement.effect != Some(Effect::Deny) {
            return Err("A resource control policy denies: Effect must be Deny.".to_owned());
        }
        let Some(actions) = &statement.action else {
            return Err("NotAction cannot be used in a resource control policy.".to_owned());
        };
        for action in &actions.values {
            let service = action.value.split(':').next().unwrap_or_default();
            let reached = facts::service_summary(&service.to_ascii_lowercase())
                .is_some_and(|summary| summary.resource_control_policies);
            if !reached {
                return Err(format!(
                    "`{}`: resource control policies reach only some services, such as s3 and sts; name them.",
                    action.value
                ));
            }
        }
    }
    Ok(())
}

/// Refuses a name that another policy of the type has.
fn name_is_free(
    here: &Here,
    control: ControlType,
    name: &str,
    own: Option<&str>,
) -> Result<(), Fault> {
    let taken = here
        .node
        .policies
        .values()
        .map(|policy| &**policy)
        .chain(ControlType::ALL.map(full_access))
        .any(|policy| {
            policy.control == control && policy.name == name && Some(policy.id.as_str()) != own
        });
    if taken {
        return Err(faults::exception(
            "DuplicatePolicyException",
            "A policy with the specified name and type already exists.",
        ));
    }
    Ok(())
}

operation! {
    /// `organizations:CreatePolicy`. It limits nobody until it is attached.
    change CreatePolicy(shapes::CreatePolicyInput) -> shapes::CreatePolicyOutput,
    &[Action::new("organizations:CreatePolicy", &["policy"], &["aws:RequestTag/${TagKey}", "aws:TagKeys", POLICY_TYPE]), TAG_RESOURCE],
    |input, place, cx| {
        let word = input.r#type.to_ascii_lowercase();
        // It has no id yet.
        let arn = place.arn_of("policy", &format!("{word}/p-*"), cx);
        let tags = tag_need(input.tags.as_ref(), arn.clone(), Reach::Delegable, place, cx);
        let need = need(CreatePolicy::ACTION, arn, Reach::Delegable, place, cx);
        let need = need.key(POLICY_TYPE, &input.r#type).request_tags(tag_pairs(input.tags.as_ref()));
        Needs::one(need).and_if(tags.map(|tags| tags.key(POLICY_TYPE, &input.r#type)))
    },
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let control = here.usable(&input.r#type)?;
        name_is_free(here, control, &input.name, None)?;
        let quota = cx.world.directory.quotas().policies_per_organization;
        let have = here.node.policies.values().filter(|policy| policy.control == control).count();
        if u64::try_from(have).unwrap_or(u64::MAX) >= quota {
            return Err(faults::constraint("POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of policies."));
        }
        let id = ids::control_policy_id(&*cx.world.random);
        let policy = ControlPolicy {
            account: here.organization.account,
            arn: here.organization.policy_arn(control, &id),
            id,
            control,
            name: input.name.clone(),
            description: input.description.clone(),
            text: document(control, &input.content, cx)?,
            created: cx.now,
            updated: cx.now,
            tags: new_tags(input.tags.as_ref())?,
        };
        let answer = shown(&policy);
        batch.put(policy);
        Ok(shapes::CreatePolicyOutput { policy: Some(answer) })
    },
}

operation! {
    /// `organizations:UpdatePolicy`. What is not given stays; what is attached changes with the next request.
    change UpdatePolicy(shapes::UpdatePolicyInput) -> shapes::UpdatePolicyOutput,
    &[Action::new("organizations:UpdatePolicy", &["policy"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(policy_need(UpdatePolicy::ACTION, &input.policy_id, Reach::Delegable, place, cx)),
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let mut policy = ControlPolicy::clone(here.own_policy(&input.policy_id)?);
        if let Some(name) = &input.name {
            name_is_free(here, policy.control, name, Some(&policy.id))?;
            policy.name.clone_from(name);
        }
        if let Some(description) = &input.description {
            policy.description.clone_from(description);
        }
        if let Some(content) = &input.content {
            policy.text = document(policy.control, content, cx)?;
        }
        policy.updated = cx.now;
        let answer = shown(&policy);
        batch.put(policy);
        Ok(shapes::UpdatePolicyOutput { policy: Some(answer) })
    },
}

operation! {
    /// `organizations:DescribePolicy`, AWS's own too.
    read DescribePolicy(shapes::DescribePolicyInput) -> shapes::DescribePolicyOutput,
    &[Action::new("organizations:DescribePolicy", &["policy"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(policy_need(DescribePolicy::ACTION, &input.policy_id, Reach::Administrators, place, cx)),
    |input, place, _| {
        let policy = place.here()?.policy(&input.policy_id)?;
        Ok(shapes::DescribePolicyOutput { policy: Some(shown(policy)) })
    },
}

operation! {
    /// `organizations:DeletePolicy`, which must be attached nowhere.
    change DeletePolicy(shapes::DeletePolicyInput) -> shapes::DeletePolicyOutput,
    &[Action::new("organizations:DeletePolicy", &["policy"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(policy_need(DeletePolicy::ACTION, &input.policy_id, Reach::Delegable, place, cx)),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let policy = here.own_policy(&input.policy_id)?;
        let attached = here.node.targets().any(|target| {
            let in_force = here.organization.in_force(target.controls(), policy.control);
            in_force.is_some_and(|attached| attached.policies.contains(&policy.id))
        });
        if attached {
            return Err(faults::exception(
                "PolicyInUseException",
                "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.",
            ));
        }
        batch.delete_row(policy.clone());
        Ok(shapes::DeletePolicyOutput::default())
    },
}

operation! {
    /// `organizations:ListPolicies` of one type.
    read ListPolicies(shapes::ListPoliciesInput) -> shapes::ListPoliciesOutput,
    &[Action::new("organizations:ListPolicies", &[], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need(ListPolicies::ACTION, "*", Reach::Administrators, place, cx).key(POLICY_TYPE, &input.filter),
    ),
    |input, place, _| {
        let here = place.here()?;
        // There are none of the types that are not enforced.
        let control = ControlType::named(&input.filter);
        let mut policies: Vec<&ControlPolicy> = here.node.policies.values().map(|policy| &**policy).collect();
        policies.extend(control.filter(|_| here.organization.all_features).map(full_access));
        policies.retain(|policy| Some(policy.control) == control);
        policies.sort_by(|a, b| a.id.cmp(&b.id));
        let page = page(policies, |policy| policy.id.as_str(), input.next_token.as_deref(), input.max_results)?;
        Ok(shapes::ListPoliciesOutput {
            policies: page.items.into_iter().map(summary).collect(),
            next_token: page.next_token,
        })
    },
}

// ---- types ----

fn shown_root(organization: &Organization) -> shapes::Root {
    let enabled = ControlType::ALL
        .into_iter()
        .filter(|control| organization.enabled(*control));
    let summary = |control: ControlType| shapes::PolicyTypeSummary {
        r#type: Some(control.as_str().to_owned()),
        status: Some("ENABLED".to_owned()),
    };
    shapes::Root {
        id: Some(organization.root_id.clone()),
        arn: Some(organization.root_arn()),
        name: Some("Root".to_owned()),
        policy_types: enabled.map(summary).collect(),
    }
}

operation! {
    /// `organizations:ListRoots`: an organization has one.
    read ListRoots(shapes::ListRootsInput) -> shapes::ListRootsOutput,
    &[Action::new("organizations:ListRoots", &[], &[])],
    |_, place, cx| Needs::one(need(ListRoots::ACTION, "*", Reach::Administrators, place, cx)),
    |_, place, _| Ok(shapes::ListRootsOutput {
        roots: vec![shown_root(&place.here()?.organization)],
        next_token: None,
    }),
}

operation! {
    /// `organizations:EnablePolicyType`: from now on AWS's full access policy of that type is on everything.
    change EnablePolicyType(shapes::EnablePolicyTypeInput) -> shapes::EnablePolicyTypeOutput,
    &[Action::new("organizations:EnablePolicyType", &["root"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(EnablePolicyType::ACTION, &input.root_id, Reach::Delegable, place, cx).key(POLICY_TYPE, &input.policy_type),
    ),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let control = here.usable(&input.policy_type)?;
        let root = switch(here, &input.root_id, control, true, batch)?;
        Ok(shapes::EnablePolicyTypeOutput { root: Some(root) })
    },
}

operation! {
    /// `organizations:DisablePolicyType`: its policies are detached from everything, and limit nobody any more.
    change DisablePolicyType(shapes::DisablePolicyTypeInput) -> shapes::DisablePolicyTypeOutput,
    &[Action::new("organizations:DisablePolicyType", &["root"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(DisablePolicyType::ACTION, &input.root_id, Reach::Delegable, place, cx).key(POLICY_TYPE, &input.policy_type),
    ),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let control = ControlType::named(&input.policy_type).ok_or_else(faults::type_not_enabled)?;
        let root = switch(here, &input.root_id, control, false, batch)?;
        Ok(shapes::DisablePolicyTypeOutput { root: Some(root) })
    },
}

fn switch(
    here: &Here,
    root: &str,
    control: ControlType,
    on: bool,
    batch: &mut Batch,
) -> Result<shapes::Root, Fault> {
    if root != here.organization.root_id {
        return Err(faults::no_root());
    }
    let mut organization = Organization::clone(&here.organization);
    match (organization.enabled(control), on) {
        (true, true) => {
            return Err(faults::exception(
                "PolicyTypeAlreadyEnabledException",
                "The specified policy type is already enabled.",
            ));
        }
        (false, false) => return Err(faults::type_not_enabled()),
        _ => {}
    }
    // A new period begins with each enabling: what was attached before does not come back.
    let period = organization.period(control) + u32::from(on);
    let state = ControlState {
        enabled: on,
        period,
    };
    organization.types.insert(control, state);
    let shown = shown_root(&organization);
    batch.put(organization);
    Ok(shown)
}
