//! Which policies are on which root, unit or account.

use twinlock_directory::{
    Attached, Batch, ControlPolicy, Controls, Member, Organization, OrganizationalUnit, Target,
};
use twinlock_gate::{Action, Cx, Fault, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Here, Place, Reach, need_on, operation, page},
    faults,
    policies::{POLICY_TYPE, policy_need, summary},
};

/// The reference's resource types of attaching and detaching.
const ON: &[&str] = &["account", "organizationalunit", "policy", "root"];

/// What the target holds of the policy's type, to be changed: as it is in force, or as it is from the start.
fn in_force(here: &Here, target: &Target<'_>, policy: &ControlPolicy) -> Attached {
    here.organization
        .in_force(target.controls(), policy.control)
        .cloned()
        .unwrap_or_else(|| Attached {
            period: here.organization.period(policy.control),
            ..Attached::default()
        })
}

/// Stores what is on the target from now on.
fn put(target: &Target<'_>, policy: &ControlPolicy, attached: Attached, batch: &mut Batch) {
    let with = |controls: &Controls| {
        let mut controls = controls.clone();
        controls.insert(policy.control, attached);
        controls
    };
    match target {
        Target::Root(root) => batch.put(Organization {
            controls: with(&root.controls),
            ..Organization::clone(root)
        }),
        Target::Unit(unit) => batch.put(OrganizationalUnit {
            controls: with(&unit.controls),
            ..OrganizationalUnit::clone(unit)
        }),
        Target::Account(member) => batch.put(Member {
            controls: with(&member.controls),
            ..Member::clone(member)
        }),
    }
}

/// The policy and the target of a request, if the policy's type is enabled.
fn both<'h>(
    here: &'h Here,
    policy: &str,
    target: &str,
) -> Result<(&'h ControlPolicy, Target<'h>), Fault> {
    let policy = here.policy(policy)?;
    let target = here.target(target)?;
    if !here.organization.enabled(policy.control) {
        return Err(faults::type_not_enabled());
    }
    Ok((policy, target))
}

fn needs(action: &Action, policy: &str, target: &str, place: &Place, cx: &Cx<'_>) -> Needs {
    let target = need_on(action, target, Reach::Delegable, place, cx)
        .key_if(POLICY_TYPE, place.type_of(policy));
    Needs::all([
        policy_need(action, policy, Reach::Delegable, place, cx),
        target,
    ])
}

operation! {
    /// `organizations:AttachPolicy` to a root, unit or account. It is in force with the next request.
    change AttachPolicy(shapes::AttachPolicyInput) -> shapes::AttachPolicyOutput,
    &[Action::new("organizations:AttachPolicy", ON, &[POLICY_TYPE])],
    |input, place, cx| needs(AttachPolicy::ACTION, &input.policy_id, &input.target_id, place, cx),
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let (policy, target) = both(here, &input.policy_id, &input.target_id)?;
        if here.node.attached(target, policy.control).any(|known| known.id == policy.id) {
            return Err(faults::exception(
                "DuplicatePolicyAttachmentException",
                "A policy with the specified name and type is already attached to the specified target.",
            ));
        }
        let quotas = cx.world.directory.quotas();
        let most = match policy.control {
            twinlock_directory::ControlType::Service => quotas.policies_per_target,
            twinlock_directory::ControlType::Resource => quotas.resource_control_policies_per_target,
        };
        let have = here.node.attached(target, policy.control).count();
        if u64::try_from(have).unwrap_or(u64::MAX) >= most {
            return Err(faults::constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You have attached the maximum number of policies to the specified target.",
            ));
        }
        let mut attached = in_force(here, &target, policy);
        if policy.id == policy.control.full_access_id() {
            attached.without_full_access = false;
        } else {
            attached.policies.insert(policy.id.clone());
        }
        put(&target, policy, attached, batch);
        Ok(shapes::AttachPolicyOutput::default())
    },
}

operation! {
    /// `organizations:DetachPolicy`. One service control policy must stay on everything, and AWS's resource control policy always.
    change DetachPolicy(shapes::DetachPolicyInput) -> shapes::DetachPolicyOutput,
    &[Action::new("organizations:DetachPolicy", ON, &[POLICY_TYPE])],
    |input, place, cx| needs(DetachPolicy::ACTION, &input.policy_id, &input.target_id, place, cx),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let (policy, target) = both(here, &input.policy_id, &input.target_id)?;
        if !here.node.attached(target, policy.control).any(|known| known.id == policy.id) {
            return Err(faults::exception(
                "PolicyNotAttachedException",
                "The policy isn't attached to the specified target in the specified root.",
            ));
        }
        let full = policy.id == policy.control.full_access_id();
        if full && policy.control == twinlock_directory::ControlType::Resource {
            return Err(faults::invalid("NON_DETACHABLE_POLICY", "You can't detach this AWS Managed Policy."));
        }
        if here.node.attached(target, policy.control).count() == 1 {
            return Err(faults::constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.",
            ));
        }
        let mut attached = in_force(here, &target, policy);
        if full {
            attached.without_full_access = true;
        } else {
            attached.policies.remove(&policy.id);
        }
        put(&target, policy, attached, batch);
        Ok(shapes::DetachPolicyOutput::default())
    },
}

operation! {
    /// `organizations:ListPoliciesForTarget`: those attached to it directly.
    read ListPoliciesForTarget(shapes::ListPoliciesForTargetInput) -> shapes::ListPoliciesForTargetOutput,
    &[Action::new("organizations:ListPoliciesForTarget", &["account", "organizationalunit", "root"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(ListPoliciesForTarget::ACTION, &input.target_id, Reach::Administrators, place, cx)
            .key(POLICY_TYPE, &input.filter),
    ),
    |input, place, _| {
        let here = place.here()?;
        let target = here.target(&input.target_id)?;
        let control = twinlock_directory::ControlType::named(&input.filter);
        let mut policies: Vec<&ControlPolicy> =
            control.into_iter().flat_map(|control| here.node.attached(target, control)).collect();
        policies.sort_by(|a, b| a.id.cmp(&b.id));
        let page = page(policies, |policy| policy.id.as_str(), input.next_token.as_deref(), input.max_results)?;
        Ok(shapes::ListPoliciesForTargetOutput {
            policies: page.items.into_iter().map(summary).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListTargetsForPolicy`: everything that it is attached to directly.
    read ListTargetsForPolicy(shapes::ListTargetsForPolicyInput) -> shapes::ListTargetsForPolicyOutput,
    &[Action::new("organizations:ListTargetsForPolicy", &["policy"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(policy_need(
        ListTargetsForPolicy::ACTION, &input.policy_id, Reach::Administrators, place, cx,
    )),
    |input, place, cx| {
        let here = place.here()?;
        let policy = here.policy(&input.policy_id)?;
        let mut targets: Vec<Target<'_>> = here
            .node
            .targets()
            .filter(|target| here.node.attached(*target, policy.control).any(|known| known.id == policy.id))
            .collect();
        targets.sort_by(|a, b| a.id().cmp(b.id()));
        let page = page(targets, |target| target.id(), input.next_token.as_deref(), input.max_results)?;
        let shown = |target: Target<'_>| shapes::PolicyTargetSummary {
            target_id: Some(target.id().to_owned()),
            arn: Some(here.arn(&target)),
            name: Some(here.name(&target, cx)),
            r#type: Some(
                match target {
                    Target::Root(_) => "ROOT",
                    Target::Unit(_) => "ORGANIZATIONAL_UNIT",
                    Target::Account(_) => "ACCOUNT",
                }
                .to_owned(),
            ),
        };
        Ok(shapes::ListTargetsForPolicyOutput {
            targets: page.items.into_iter().map(shown).collect(),
            next_token: page.next_token,
        })
    },
}
