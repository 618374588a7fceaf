//! Roles: the doors between accounts, and who may go through them (the trust policy).

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Batch, Role, ids, names_after};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;
use twinlock_shapes::iam::{
    CreateRoleInput, CreateRoleOutput, DeleteRoleInput, DeleteRoleOutput, GetRoleInput,
    GetRoleOutput, ListRolesInput, ListRolesOutput, UpdateAssumeRolePolicyInput,
    UpdateAssumeRolePolicyOutput, UpdateRoleDescriptionInput, UpdateRoleDescriptionOutput,
    UpdateRoleInput, UpdateRoleOutput,
};

use super::role_settings::TagRole;
use super::{
    common::{
        Cursor, at, check_boundary, delete_conflict, entity_already_exists, entity_need, in_path,
        invalid_input, list_need, merge_tags, new_tags, room_for_one, shown_boundary, tags_if_any,
        with_tags,
    },
    documents,
    holder::{self, Holder},
};

/// The longest session of a role that says nothing of it, in seconds.
const MAX_SESSION_SECONDS_DEFAULT: u32 = 3600;

/// What every answer shows of a role. Each operation adds what AWS adds there.
pub(crate) fn shown(role: &Role, cx: &Cx<'_>) -> shapes::Role {
    shapes::Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(),
        create_date: at(role.created),
        assume_role_policy_document: Some(documents::shown_trust(cx, &role.trust)),
        description: role.description.clone(),
        ..shapes::Role::default()
    }
}

fn session_seconds(role: &Role) -> Option<i32> {
    i32::try_from(role.max_session_seconds).ok()
}

pub(crate) fn description(given: &str) -> Option<String> {
    (!given.is_empty()).then(|| given.to_owned())
}

/// `iam:CreateRole`; with tags `iam:TagRole`, too.
#[derive(Debug)]
pub struct CreateRole;

impl Operation for CreateRole {
    type Input = CreateRoleInput;
    type Output = CreateRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "CreateRole";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "iam:CreateRole",
            &["role"],
            &[
                "aws:RequestTag/${TagKey}",
                "aws:TagKeys",
                "iam:PermissionsBoundary",
            ],
        ),
        TagRole::ACTIONS[0],
    ];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let arn = format!("arn:aws:iam::{account}:role{path}{}", input.role_name);
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[]).key_if(
            "iam:PermissionsBoundary",
            input.permissions_boundary.as_deref(),
        );
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreateRole {
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
        let node = cx.account()?;
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        // Such a path makes a role that no service control policy limits and nobody can change.
        if path.starts_with("/aws-service-role/") {
            return Err(invalid_input(
                "The path /aws-service-role/ is reserved for roles that AWS services make for themselves.",
            ));
        }
        if found.is_some() {
            return Err(entity_already_exists("Role", &input.role_name));
        }
        let trust = documents::trust(cx, &input.assume_role_policy_document)?;
        if let Some(boundary) = &input.permissions_boundary {
            check_boundary(cx, account, boundary)?;
        }
        let mut tags = Vec::new();
        let given = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, given, "TagsPerRole")?;
        room_for_one(cx, node.roles.size(), "RolesPerAccount")?;
        let role = Role {
            account,
            id: ids::role_id(&*cx.world.random),
            name: input.role_name.clone(),
            path: path.to_owned(),
            created: cx.now,
            description: input.description.as_deref().and_then(description),
            max_session_seconds: input
                .max_session_duration
                .and_then(|seconds| u32::try_from(seconds).ok())
                .unwrap_or(MAX_SESSION_SECONDS_DEFAULT),
            trust,
            inline: Default::default(),
            attached: Default::default(),
            boundary: input.permissions_boundary.clone(),
            tags,
        };
        let role_shown = shapes::Role {
            permissions_boundary: shown_boundary(role.boundary.as_ref()),
            tags: tags_if_any(&role.tags),
            ..shown(&role, cx)
        };
        batch.put(role);
        Ok(CreateRoleOutput { role: role_shown })
    }
}

/// `iam:GetRole`.
#[derive(Debug)]
pub struct GetRole;

impl Operation for GetRole {
    type Input = GetRoleInput;
    type Output = GetRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "GetRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:GetRole",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Read for GetRole {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let role = holder::existing(found, &input.role_name)?;
        let last = cx.world.directory.last_used().get(&role.id);
        let role_last_used = shapes::RoleLastUsed {
            last_used_date: last.as_ref().map(|used| at(used.when)),
            region: last.map(|used| used.region),
        };
        Ok(GetRoleOutput {
            role: shapes::Role {
                max_session_duration: session_seconds(&role),
                permissions_boundary: shown_boundary(role.boundary.as_ref()),
                tags: tags_if_any(&role.tags),
                role_last_used: Some(role_last_used),
                ..shown(&role, cx)
            },
        })
    }
}

/// `iam:ListRoles`.
#[derive(Debug)]
pub struct ListRoles;

impl Operation for ListRoles {
    type Input = ListRolesInput;
    type Output = ListRolesOutput;
    type Found = ();
    const NAME: &'static str = "ListRoles";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListRoles", &[], &[])];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let shown = format!("arn:aws:iam::{}:role{prefix}", cx.account_id()?);
        Ok(Needs::one(list_need(&Self::ACTIONS[0], shown)))
    }
}

impl Read for ListRoles {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let roles = names_after(&cx.account()?.roles, cursor.after())
            .filter(|role| in_path(&role.path, input.path_prefix.as_deref()));
        let page = cursor
            .page(roles, |role| role.name.to_lowercase())
            .map(|role| shapes::Role {
                max_session_duration: session_seconds(role),
                ..shown(role, cx)
            });
        Ok(ListRolesOutput {
            is_truncated: page.is_truncated(),
            roles: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:UpdateRole`: description and longest session. What is not given stays.
#[derive(Debug)]
pub struct UpdateRole;

impl Operation for UpdateRole {
    type Input = UpdateRoleInput;
    type Output = UpdateRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "UpdateRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:UpdateRole",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Change for UpdateRole {
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
        let mut role = (*holder::existing(found, &input.role_name)?).clone();
        if let Some(seconds) = input.max_session_duration {
            // A description is all that can be changed of a service's role.
            role.changeable()?;
            role.max_session_seconds =
                u32::try_from(seconds).unwrap_or(MAX_SESSION_SECONDS_DEFAULT);
        }
        if let Some(given) = &input.description {
            role.description = description(given);
        }
        batch.put(role);
        Ok(UpdateRoleOutput::default())
    }
}

/// `iam:UpdateRoleDescription`, which AWS keeps beside UpdateRole.
#[derive(Debug)]
pub struct UpdateRoleDescription;

impl Operation for UpdateRoleDescription {
    type Input = UpdateRoleDescriptionInput;
    type Output = UpdateRoleDescriptionOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "UpdateRoleDescription";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:UpdateRoleDescription",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Change for UpdateRoleDescription {
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
        let mut role = (*holder::existing(found, &input.role_name)?).clone();
        role.description = description(&input.description);
        let answer = shapes::Role {
            max_session_duration: session_seconds(&role),
            permissions_boundary: shown_boundary(role.boundary.as_ref()),
            tags: tags_if_any(&role.tags),
            ..shown(&role, cx)
        };
        batch.put(role);
        Ok(UpdateRoleDescriptionOutput { role: Some(answer) })
    }
}

/// `iam:UpdateAssumeRolePolicy`: another trust policy. Sessions that exist go on.
#[derive(Debug)]
pub struct UpdateAssumeRolePolicy;

impl Operation for UpdateAssumeRolePolicy {
    type Input = UpdateAssumeRolePolicyInput;
    type Output = UpdateAssumeRolePolicyOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:UpdateAssumeRolePolicy",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Change for UpdateAssumeRolePolicy {
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
        role.trust = documents::trust(cx, &input.policy_document)?;
        batch.put(role);
        Ok(UpdateAssumeRolePolicyOutput::default())
    }
}

/// `iam:DeleteRole`. Its sessions die with it, and policies that name it show its unique id from then on.
#[derive(Debug)]
pub struct DeleteRole;

impl Operation for DeleteRole {
    type Input = DeleteRoleInput;
    type Output = DeleteRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "DeleteRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:DeleteRole",
        &["role"],
        &["iam:PermissionsBoundary"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref())?;
        Ok(Needs::one(need))
    }
}

impl Change for DeleteRole {
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
        let role = holder::changeable(found, &input.role_name)?;
        if !role.attached.is_empty() {
            return Err(delete_conflict("detach all policies first"));
        }
        if !role.inline.is_empty() {
            return Err(delete_conflict("delete policies first"));
        }
        if cx.account()?.profiles_of_role(&role.id).next().is_some() {
            return Err(delete_conflict("remove roles from instance profile first"));
        }
        batch.delete_row(role);
        Ok(DeleteRoleOutput::default())
    }
}
