//! What hangs on a role beside its policies: tags, and the permissions boundary.

use std::sync::Arc;

use twinlock_directory::{Batch, Role};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam::{
    DeleteRolePermissionsBoundaryInput, DeleteRolePermissionsBoundaryOutput, ListRoleTagsInput,
    ListRoleTagsOutput, PutRolePermissionsBoundaryInput, PutRolePermissionsBoundaryOutput,
    TagRoleInput, TagRoleOutput, UntagRoleInput, UntagRoleOutput,
};

use super::{
    common::{
        Cursor, check_boundary, merge_tags, new_tags, remove_tags, role_need, shown_tags, tag_pairs,
    },
    holder,
};

/// `iam:TagRole`.
#[derive(Debug)]
pub struct TagRole;

impl Operation for TagRole {
    type Input = TagRoleInput;
    type Output = TagRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "TagRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:TagRole",
        &["role"],
        &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let need = role_need(
            &Self::ACTIONS[0],
            account,
            &input.role_name,
            found.as_deref(),
        );
        // AWS names the role by its ARN here.
        let arn = need.resource.clone();
        Ok(Needs::one(
            need.shown_as(arn).request_tags(tag_pairs(&input.tags)),
        ))
    }
}

impl Change for TagRole {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        // Tags are a customer's own, on a service's role too.
        let mut role = Role::clone(&*holder::existing(found, &input.role_name)?);
        merge_tags(cx, &mut role.tags, new_tags(&input.tags)?, "TagsPerRole")?;
        batch.put(role);
        Ok(TagRoleOutput::default())
    }
}

/// `iam:UntagRole`.
#[derive(Debug)]
pub struct UntagRole;

impl Operation for UntagRole {
    type Input = UntagRoleInput;
    type Output = UntagRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "UntagRole";
    const ACTIONS: &'static [Action] = &[Action::new("iam:UntagRole", &["role"], &["aws:TagKeys"])];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let need = role_need(
            &Self::ACTIONS[0],
            account,
            &input.role_name,
            found.as_deref(),
        );
        let arn = need.resource.clone();
        Ok(Needs::one(
            need.shown_as(arn)
                .keys("aws:TagKeys", input.tag_keys.clone()),
        ))
    }
}

impl Change for UntagRole {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut role = Role::clone(&*holder::existing(found, &input.role_name)?);
        remove_tags(&mut role.tags, &input.tag_keys);
        batch.put(role);
        Ok(UntagRoleOutput::default())
    }
}

/// `iam:ListRoleTags`.
#[derive(Debug)]
pub struct ListRoleTags;

impl Operation for ListRoleTags {
    type Input = ListRoleTagsInput;
    type Output = ListRoleTagsOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "ListRoleTags";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListRoleTags", &["role"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Read for ListRoleTags {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let role = holder::existing(found, &input.role_name)?;
        let page = Cursor::new(input.marker.as_deref(), input.max_items)?
            .page(shown_tags(&role.tags), |tag| tag.key.clone());
        Ok(ListRoleTagsOutput {
            is_truncated: page.is_truncated(),
            tags: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:PutRolePermissionsBoundary`.
#[derive(Debug)]
pub struct PutRolePermissionsBoundary;

impl Operation for PutRolePermissionsBoundary {
    type Input = PutRolePermissionsBoundaryInput;
    type Output = PutRolePermissionsBoundaryOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "PutRolePermissionsBoundary";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:PutRolePermissionsBoundary",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    /// The condition key is the boundary that the request sets, not the one in force.
    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let need = role_need(
            &Self::ACTIONS[0],
            account,
            &input.role_name,
            found.as_deref(),
        )
        .key(
            "iam:PermissionsBoundary",
            input.permissions_boundary.as_str(),
        );
        Ok(Needs::one(need))
    }
}

impl Change for PutRolePermissionsBoundary {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut role = holder::changeable(found, &input.role_name)?;
        check_boundary(cx, role.account, &input.permissions_boundary)?;
        role.boundary = Some(input.permissions_boundary.clone());
        batch.put(role);
        Ok(PutRolePermissionsBoundaryOutput::default())
    }
}

/// `iam:DeleteRolePermissionsBoundary`.
#[derive(Debug)]
pub struct DeleteRolePermissionsBoundary;

impl Operation for DeleteRolePermissionsBoundary {
    type Input = DeleteRolePermissionsBoundaryInput;
    type Output = DeleteRolePermissionsBoundaryOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "DeleteRolePermissionsBoundary";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:DeleteRolePermissionsBoundary",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Change for DeleteRolePermissionsBoundary {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut role = holder::changeable(found, &input.role_name)?;
        role.boundary = None;
        batch.put(role);
        Ok(DeleteRolePermissionsBoundaryOutput::default())
    }
}
