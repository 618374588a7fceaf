//! Organizational units and the tree of them: CreateOrganizationalUnit … ListParents.

use twinlock_directory::{OrganizationalUnit, Target, UNIT_DEPTH_MAX, ids};
use twinlock_gate::{Action, Fault, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{
        Here, Reach, TAG_RESOURCE, need_on, new_tags, operation, page, shown_account, tag_need,
        tag_pairs,
    },
    faults,
};

/// The reference's resource types of what can contain others.
const CONTAINERS: &[&str] = &["organizationalunit", "root"];

fn shown(here: &Here, unit: &OrganizationalUnit) -> shapes::OrganizationalUnit {
    shapes::OrganizationalUnit {
        id: Some(unit.id.clone()),
        arn: Some(here.organization.unit_arn(&unit.id)),
        name: Some(unit.name.clone()),
        path: Some(here.node.path(&unit.id)),
    }
}

/// The units directly in this root or unit.
fn children<'h>(
    here: &'h Here,
    parent: &'h str,
) -> impl Iterator<Item = &'h std::sync::Arc<OrganizationalUnit>> {
    here.node
        .units
        .values()
        .filter(move |unit| unit.parent == parent)
}

/// Refuses a name that another unit of the same parent has.
fn name_is_free(here: &Here, parent: &str, name: &str, own: Option<&str>) -> Result<(), Fault> {
    let taken = children(here, parent)
        .any(|unit| unit.name.eq_ignore_ascii_case(name) && Some(unit.id.as_str()) != own);
    if taken {
        return Err(faults::exception(
            "DuplicateOrganizationalUnitException",
            "An OU with the same name already exists.",
        ));
    }
    Ok(())
}

/// The unit of this id.
fn unit<'h>(here: &'h Here, id: &str) -> Result<&'h std::sync::Arc<OrganizationalUnit>, Fault> {
    here.node.units.get(id).ok_or_else(faults::no_unit)
}

operation! {
    /// `organizations:CreateOrganizationalUnit`.
    change CreateOrganizationalUnit(shapes::CreateOrganizationalUnitInput) -> shapes::CreateOrganizationalUnitOutput,
    &[
        Action::new("organizations:CreateOrganizationalUnit", CONTAINERS, &["aws:RequestTag/${TagKey}", "aws:TagKeys"]),
        TAG_RESOURCE,
    ],
    |input, place, cx| {
        let made = place.arn_of("ou", "ou-*", cx);
        let tags = tag_need(input.tags.as_ref(), made, Reach::Management, place, cx);
        let need = need_on(CreateOrganizationalUnit::ACTION, &input.parent_id, Reach::Management, place, cx);
        Needs::one(need.request_tags(tag_pairs(input.tags.as_ref()))).and_if(tags)
    },
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let parent = here.parent(&input.parent_id)?;
        name_is_free(here, parent.id(), &input.name, None)?;
        // The root is no unit.
        if here.node.upwards(parent.id()).count() > UNIT_DEPTH_MAX {
            return Err(faults::constraint("OU_DEPTH_LIMIT_EXCEEDED", "You have exceeded the OU depth limit."));
        }
        let quota = cx.world.directory.quotas().units_per_organization;
        if u64::try_from(here.node.units.size()).unwrap_or(u64::MAX) >= quota {
            return Err(faults::constraint("OU_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of OUs."));
        }
        let unit = OrganizationalUnit {
            account: here.organization.account,
            id: ids::organizational_unit_id(&*cx.world.random, &here.organization.root_id),
            parent: parent.id().to_owned(),
            name: input.name.clone(),
            created: cx.now,
            controls: Default::default(),
            tags: new_tags(input.tags.as_ref())?,
        };
        let mut answer = shown(here, &unit);
        answer.path = Some(format!("{}{}/", here.node.path(parent.id()), unit.id));
        batch.put(unit);
        Ok(shapes::CreateOrganizationalUnitOutput { organizational_unit: Some(answer) })
    },
}

operation! {
    /// `organizations:DescribeOrganizationalUnit`.
    read DescribeOrganizationalUnit(shapes::DescribeOrganizationalUnitInput) -> shapes::DescribeOrganizationalUnitOutput,
    &[Action::new("organizations:DescribeOrganizationalUnit", &["organizationalunit"], &[])],
    |input, place, cx| Needs::one(need_on(
        DescribeOrganizationalUnit::ACTION, &input.organizational_unit_id, Reach::Administrators, place, cx,
    )),
    |input, place, _| {
        let here = place.here()?;
        let unit = unit(here, &input.organizational_unit_id)?;
        Ok(shapes::DescribeOrganizationalUnitOutput { organizational_unit: Some(shown(here, unit)) })
    },
}

operation! {
    /// `organizations:UpdateOrganizationalUnit`: another name.
    change UpdateOrganizationalUnit(shapes::UpdateOrganizationalUnitInput) -> shapes::UpdateOrganizationalUnitOutput,
    &[Action::new("organizations:UpdateOrganizationalUnit", &["organizationalunit"], &[])],
    |input, place, cx| Needs::one(need_on(
        UpdateOrganizationalUnit::ACTION, &input.organizational_unit_id, Reach::Management, place, cx,
    )),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let mut unit = OrganizationalUnit::clone(unit(here, &input.organizational_unit_id)?);
        if let Some(name) = &input.name {
            name_is_free(here, &unit.parent, name, Some(&unit.id))?;
            unit.name.clone_from(name);
        }
        let answer = shown(here, &unit);
        batch.put(unit);
        Ok(shapes::UpdateOrganizationalUnitOutput { organizational_unit: Some(answer) })
    },
}

operation! {
    /// `organizations:DeleteOrganizationalUnit`, which must be empty.
    change DeleteOrganizationalUnit(shapes::DeleteOrganizationalUnitInput) -> shapes::DeleteOrganizationalUnitOutput,
    &[Action::new("organizations:DeleteOrganizationalUnit", &["organizationalunit"], &[])],
    |input, place, cx| Needs::one(need_on(
        DeleteOrganizationalUnit::ACTION, &input.organizational_unit_id, Reach::Management, place, cx,
    )),
    |_, input, place, _, batch| {
        let here = place.here()?;
        let unit = unit(here, &input.organizational_unit_id)?;
        if here.node.targets().any(|target| target.parent() == Some(unit.id.as_str())) {
            return Err(faults::exception(
                "OrganizationalUnitNotEmptyException",
                "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.",
            ));
        }
        batch.delete_row(unit.clone());
        Ok(shapes::DeleteOrganizationalUnitOutput::default())
    },
}

operation! {
    /// `organizations:ListOrganizationalUnitsForParent`.
    read ListOrganizationalUnitsForParent(shapes::ListOrganizationalUnitsForParentInput) -> shapes::ListOrganizationalUnitsForParentOutput,
    &[Action::new("organizations:ListOrganizationalUnitsForParent", CONTAINERS, &[])],
    |input, place, cx| Needs::one(need_on(
        ListOrganizationalUnitsForParent::ACTION, &input.parent_id, Reach::Administrators, place, cx,
    )),
    |input, place, _| {
        let here = place.here()?;
        here.parent(&input.parent_id)?;
        let page = page(
            children(here, &input.parent_id),
            |unit| unit.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListOrganizationalUnitsForParentOutput {
            organizational_units: page.items.into_iter().map(|unit| shown(here, unit)).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListAccountsForParent`.
    read ListAccountsForParent(shapes::ListAccountsForParentInput) -> shapes::ListAccountsForParentOutput,
    &[Action::new("organizations:ListAccountsForParent", CONTAINERS, &[])],
    |input, place, cx| Needs::one(need_on(
        ListAccountsForParent::ACTION, &input.parent_id, Reach::Administrators, place, cx,
    )),
    |input, place, cx| {
        let here = place.here()?;
        here.parent(&input.parent_id)?;
        let page = page(
            here.node.members.values().filter(|member| member.parent == input.parent_id),
            |member| member.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListAccountsForParentOutput {
            accounts: page.items.into_iter().map(|member| shown_account(here, member, cx)).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListChildren`: the units or the accounts directly in a root or unit.
    read ListChildren(shapes::ListChildrenInput) -> shapes::ListChildrenOutput,
    &[Action::new("organizations:ListChildren", CONTAINERS, &[])],
    |input, place, cx| Needs::one(need_on(ListChildren::ACTION, &input.parent_id, Reach::Administrators, place, cx)),
    |input, place, _| {
        let here = place.here()?;
        here.parent(&input.parent_id)?;
        let wanted = |target: &Target<'_>| match target {
            Target::Root(_) => false,
            Target::Unit(_) => input.child_type == "ORGANIZATIONAL_UNIT",
            Target::Account(_) => input.child_type == "ACCOUNT",
        };
        let page = page(
            here.node.targets().filter(|target| wanted(target) && target.parent() == Some(&input.parent_id)),
            |target| target.id(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        let child = |target: Target<'_>| shapes::Child {
            id: Some(target.id().to_owned()),
            r#type: Some(input.child_type.clone()),
        };
        Ok(shapes::ListChildrenOutput {
            children: page.items.into_iter().map(child).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListParents`: the one root or unit that a unit or an account is in.
    read ListParents(shapes::ListParentsInput) -> shapes::ListParentsOutput,
    &[Action::new("organizations:ListParents", &["account", "organizationalunit"], &[])],
    |input, place, cx| Needs::one(need_on(ListParents::ACTION, &input.child_id, Reach::Administrators, place, cx)),
    |input, place, _| {
        let here = place.here()?;
        let parent = here.node.target(&input.child_id).and_then(|child| child.parent()).ok_or_else(|| {
            faults::exception("ChildNotFoundException", "You specified a child that doesn't exist.")
        })?;
        let r#type = if parent == here.organization.root_id { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
        Ok(shapes::ListParentsOutput {
            parents: vec![shapes::Parent { id: Some(parent.to_owned()), r#type: Some(r#type.to_owned()) }],
            next_token: None,
        })
    },
}
