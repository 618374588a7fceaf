//! Tags of roots, organizational units, accounts, policies and the resource policy.

use twinlock_directory::{
    Batch, ControlPolicy, Member, Organization, OrganizationalUnit, Tag, Target,
};
use twinlock_gate::{Action, Fault, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Here, Reach, need_on, operation, page, put_tags, tags_of},
    faults,
    policies::POLICY_TYPE,
};

/// The reference's resource types of what can be tagged here.
const ON: &[&str] = &[
    "account",
    "organizationalunit",
    "policy",
    "resourcepolicy",
    "root",
];

/// Changes the tags of what has this id.
fn change(
    here: &Here,
    id: &str,
    batch: &mut Batch,
    f: impl FnOnce(&mut Vec<Tag>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if id.starts_with("p-") {
        let policy = here.node.policies.get(id).ok_or_else(faults::no_target)?;
        let mut policy = ControlPolicy::clone(policy);
        f(&mut policy.tags)?;
        batch.put(policy);
        return Ok(());
    }
    let mut organization = Organization::clone(&here.organization);
    if let Some(policy) = organization
        .resource_policy
        .as_mut()
        .filter(|policy| policy.id == id)
    {
        f(&mut policy.tags)?;
        batch.put(organization);
        return Ok(());
    }
    match here.target(id)? {
        Target::Root(_) => {
            f(&mut organization.root_tags)?;
            batch.put(organization);
        }
        Target::Unit(unit) => {
            let mut unit = OrganizationalUnit::clone(unit);
            f(&mut unit.tags)?;
            batch.put(unit);
        }
        Target::Account(member) => {
            let mut member = Member::clone(member);
            f(&mut member.tags)?;
            batch.put(member);
        }
    }
    Ok(())
}

operation! {
    /// `organizations:TagResource`.
    change TagResource(shapes::TagResourceInput) -> shapes::TagResourceOutput,
    &[Action::new("organizations:TagResource", ON, &["aws:RequestTag/${TagKey}", "aws:TagKeys", POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(TagResource::ACTION, &input.resource_id, Reach::Delegable, place, cx)
            .request_tags(input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
            .key_if(POLICY_TYPE, place.type_of(&input.resource_id)),
    ),
    |_, input, place, _, batch| {
        change(place.here()?, &input.resource_id, batch, |tags| put_tags(tags, &input.tags))?;
        Ok(shapes::TagResourceOutput::default())
    },
}

operation! {
    /// `organizations:UntagResource`. Keys that are not there do not matter.
    change UntagResource(shapes::UntagResourceInput) -> shapes::UntagResourceOutput,
    &[Action::new("organizations:UntagResource", ON, &["aws:TagKeys", POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(UntagResource::ACTION, &input.resource_id, Reach::Delegable, place, cx)
            .keys("aws:TagKeys", input.tag_keys.clone())
            .key_if(POLICY_TYPE, place.type_of(&input.resource_id)),
    ),
    |_, input, place, _, batch| {
        change(place.here()?, &input.resource_id, batch, |tags| {
            tags.retain(|tag| !input.tag_keys.contains(&tag.key));
            Ok(())
        })?;
        Ok(shapes::UntagResourceOutput::default())
    },
}

operation! {
    /// `organizations:ListTagsForResource`.
    read ListTagsForResource(shapes::ListTagsForResourceInput) -> shapes::ListTagsForResourceOutput,
    &[Action::new("organizations:ListTagsForResource", ON, &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(ListTagsForResource::ACTION, &input.resource_id, Reach::Administrators, place, cx)
            .key_if(POLICY_TYPE, place.type_of(&input.resource_id)),
    ),
    |input, place, _| {
        let here = place.here()?;
        let id = input.resource_id.as_str();
        let is_there = here.node.target(id).is_some()
            || here.node.policy(id).is_some()
            || here.organization.resource_policy.as_ref().is_some_and(|policy| policy.id == id);
        if !is_there {
            return Err(faults::no_target());
        }
        let mut tags: Vec<&Tag> = tags_of(place, id).iter().collect();
        tags.sort_by(|a, b| a.key.cmp(&b.key));
        let page = page(tags, |tag| tag.key.as_str(), input.next_token.as_deref(), None)?;
        let shown = |tag: &Tag| shapes::Tag { key: tag.key.clone(), value: tag.value.clone() };
        Ok(shapes::ListTagsForResourceOutput {
            tags: page.items.into_iter().map(shown).collect(),
            next_token: page.next_token,
        })
    },
}
