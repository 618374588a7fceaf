//! User groups: making, showing, renaming and deleting them, and who is in them.

use std::sync::Arc;

use twinlock_directory::{AccountId, Batch, Group, User, ids, model::name_key, names_after};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        Cursor, at, delete_conflict, entity_already_exists, entity_need, existing_group,
        existing_user, find_group, find_user, group_need, groups_of, in_path, list_need,
        room_for_one, user_need,
    },
    users,
};

const fn on_group(name: &'static str) -> Action {
    Action::new(name, &["group"], &[])
}

fn group_arn(account: AccountId, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:group{path}{name}")
}

/// A group as answers show it.
fn shown(group: &Group) -> shapes::Group {
    shapes::Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: group.arn(),
        create_date: at(group.created),
    }
}

fn one_need(
    action: &Action,
    name: &str,
    found: Option<&Group>,
    cx: &Cx<'_>,
) -> Result<Needs, Fault> {
    Ok(Needs::one(group_need(
        action,
        cx.account_id()?,
        name,
        found,
    )))
}

// ---- CreateGroup ----

const CREATE_GROUP: Action = on_group("iam:CreateGroup");

/// Makes a group with nobody in it.
pub struct CreateGroup;

impl Operation for CreateGroup {
    type Input = shapes::CreateGroupInput;
    type Output = shapes::CreateGroupOutput;
    type Found = Option<Arc<Group>>;
    const NAME: &'static str = "CreateGroup";
    const ACTIONS: &'static [Action] = &[CREATE_GROUP];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let arn = group_arn(account, path, &input.group_name);
        Ok(Needs::one(entity_need(&CREATE_GROUP, account, arn, &[])))
    }
}

impl Change for CreateGroup {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_group(cx, &input.group_name)
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
        if found.is_some() {
            return Err(entity_already_exists("Group", &input.group_name));
        }
        room_for_one(cx, node.groups.size(), "GroupsPerAccount")?;
        let group = Group {
            account: node.account.id,
            id: ids::group_id(&*cx.world.random),
            name: input.group_name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            created: cx.now,
            inline: Default::default(),
            attached: Default::default(),
        };
        let answer = shown(&group);
        batch.put(group);
        Ok(shapes::CreateGroupOutput { group: answer })
    }
}

// ---- GetGroup ----

const GET_GROUP: Action = on_group("iam:GetGroup");

/// Shows a group and, in pages, the users in it.
pub struct GetGroup;

impl Operation for GetGroup {
    type Input = shapes::GetGroupInput;
    type Output = shapes::GetGroupOutput;
    type Found = Option<Arc<Group>>;
    const NAME: &'static str = "GetGroup";
    const ACTIONS: &'static [Action] = &[GET_GROUP];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        one_need(&GET_GROUP, &input.group_name, found.as_deref(), cx)
    }
}

impl Read for GetGroup {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_group(cx, &input.group_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let group = existing_group(found, &input.group_name)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let members = cx.account()?.members_after(&group.id, cursor.after());
        let page = cursor
            .page(members, |user| name_key(&user.name))
            .map(|user| users::listed(user, cx));
        Ok(shapes::GetGroupOutput {
            group: shown(&group),
            is_truncated: page.is_truncated(),
            users: page.items,
            marker: page.marker,
        })
    }
}

// ---- ListGroups ----

const LIST_GROUPS: Action = Action::new("iam:ListGroups", &[], &[]);

/// Lists groups by name, those of a path only if asked so.
pub struct ListGroups;

impl Operation for ListGroups {
    type Input = shapes::ListGroupsInput;
    type Output = shapes::ListGroupsOutput;
    type Found = ();
    const NAME: &'static str = "ListGroups";
    const ACTIONS: &'static [Action] = &[LIST_GROUPS];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let path = input.path_prefix.as_deref().unwrap_or("/");
        let shown = group_arn(cx.account_id()?, path, "");
        Ok(Needs::one(list_need(&LIST_GROUPS, shown)))
    }
}

impl Read for ListGroups {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let groups = names_after(&cx.account()?.groups, cursor.after())
            .filter(|group| in_path(&group.path, input.path_prefix.as_deref()));
        let page = cursor
            .page(groups, |group| name_key(&group.name))
            .map(|group| shown(group));
        Ok(shapes::ListGroupsOutput {
            is_truncated: page.is_truncated(),
            groups: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateGroup ----

const UPDATE_GROUP: Action = on_group("iam:UpdateGroup");

/// Gives a group another name, path or both; takes the permission on what it was and on what it becomes.
pub struct UpdateGroup;

impl Operation for UpdateGroup {
    type Input = shapes::UpdateGroupInput;
    type Output = shapes::UpdateGroupOutput;
    type Found = Option<Arc<Group>>;
    const NAME: &'static str = "UpdateGroup";
    const ACTIONS: &'static [Action] = &[UPDATE_GROUP];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let group = found.as_deref();
        let source = group_need(&UPDATE_GROUP, account, &input.group_name, group);
        if input.new_path.is_none() && input.new_group_name.is_none() {
            return Ok(Needs::one(source));
        }
        let (old_path, old_name) = group.map_or(("/", input.group_name.as_str()), |group| {
            (group.path.as_str(), group.name.as_str())
        });
        let path = input.new_path.as_deref().unwrap_or(old_path);
        let name = input.new_group_name.as_deref().unwrap_or(old_name);
        let target = entity_need(&UPDATE_GROUP, account, group_arn(account, path, name), &[])
            .shown_as(format!("group {name}"));
        Ok(Needs::all([source, target]))
    }
}

impl Change for UpdateGroup {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_group(cx, &input.group_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut group = existing_group(found, &input.group_name)?;
        if let Some(name) = &input.new_group_name {
            // Another way to write its own name in upper and lower case is no clash.
            if find_group(cx, name).is_some_and(|other| other.id != group.id) {
                return Err(entity_already_exists("Group", name));
            }
            group.name.clone_from(name);
        }
        if let Some(path) = &input.new_path {
            group.path.clone_from(path);
        }
        batch.put(group);
        Ok(shapes::UpdateGroupOutput {})
    }
}

// ---- DeleteGroup ----

const DELETE_GROUP: Action = on_group("iam:DeleteGroup");

/// Deletes a group with nobody in it and no policies.
pub struct DeleteGroup;

impl Operation for DeleteGroup {
    type Input = shapes::DeleteGroupInput;
    type Output = shapes::DeleteGroupOutput;
    type Found = Option<Arc<Group>>;
    const NAME: &'static str = "DeleteGroup";
    const ACTIONS: &'static [Action] = &[DELETE_GROUP];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        one_need(&DELETE_GROUP, &input.group_name, found.as_deref(), cx)
    }
}

impl Change for DeleteGroup {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_group(cx, &input.group_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let group = existing_group(found, &input.group_name)?;
        let members = cx.account()?.member_count(&group.id);
        let left = [
            (members > 0, "remove users from group first"),
            (!group.inline.is_empty(), "delete policies first"),
            (!group.attached.is_empty(), "detach all policies first"),
        ];
        if let Some((_, must)) = left.iter().find(|(left, _)| *left) {
            return Err(delete_conflict(must));
        }
        batch.delete_row(group);
        Ok(shapes::DeleteGroupOutput {})
    }
}

// ---- who is in a group ----

const ADD_USER: Action = on_group("iam:AddUserToGroup");

/// Puts a user into a group; one that is in it already stays.
pub struct AddUserToGroup;

/// The group and the user of a call, each perhaps absent.
type GroupAndUser = (Option<Arc<Group>>, Option<Arc<User>>);

impl Operation for AddUserToGroup {
    type Input = shapes::AddUserToGroupInput;
    type Output = shapes::AddUserToGroupOutput;
    type Found = GroupAndUser;
    const NAME: &'static str = "AddUserToGroup";
    const ACTIONS: &'static [Action] = &[ADD_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        one_need(&ADD_USER, &input.group_name, found.0.as_deref(), cx)
    }
}

impl Change for AddUserToGroup {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        (
            find_group(cx, &input.group_name),
            find_user(cx, &input.user_name),
        )
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (group, user): Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let group = existing_group(group, &input.group_name)?;
        let mut user = existing_user(user, &input.user_name)?;
        if !user.groups.contains(&group.id) {
            room_for_one(cx, user.groups.len(), "GroupsPerUser")?;
            user.groups.insert(group.id);
            batch.put(user);
        }
        Ok(shapes::AddUserToGroupOutput {})
    }
}

const REMOVE_USER: Action = on_group("iam:RemoveUserFromGroup");

/// Takes a user out of a group.
pub struct RemoveUserFromGroup;

impl Operation for RemoveUserFromGroup {
    type Input = shapes::RemoveUserFromGroupInput;
    type Output = shapes::RemoveUserFromGroupOutput;
    type Found = GroupAndUser;
    const NAME: &'static str = "RemoveUserFromGroup";
    const ACTIONS: &'static [Action] = &[REMOVE_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        one_need(&REMOVE_USER, &input.group_name, found.0.as_deref(), cx)
    }
}

impl Change for RemoveUserFromGroup {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        (
            find_group(cx, &input.group_name),
            find_user(cx, &input.user_name),
        )
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (group, user): Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let group = existing_group(group, &input.group_name)?;
        let mut user = existing_user(user, &input.user_name)?;
        if user.groups.remove(&group.id) {
            batch.put(user);
        }
        Ok(shapes::RemoveUserFromGroupOutput {})
    }
}

const LIST_GROUPS_FOR_USER: Action = Action::new("iam:ListGroupsForUser", &["user"], &[]);

/// Lists the groups that a user is in.
pub struct ListGroupsForUser;

impl Operation for ListGroupsForUser {
    type Input = shapes::ListGroupsForUserInput;
    type Output = shapes::ListGroupsForUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "ListGroupsForUser";
    const ACTIONS: &'static [Action] = &[LIST_GROUPS_FOR_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(user_need(
            &LIST_GROUPS_FOR_USER,
            account,
            &input.user_name,
            found.as_deref(),
        )))
    }
}

impl Read for ListGroupsForUser {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let user = existing_user(found, &input.user_name)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor
            .page(groups_of(cx, &user), |group| name_key(&group.name))
            .map(|group| shown(group));
        Ok(shapes::ListGroupsForUserOutput {
            is_truncated: page.is_truncated(),
            groups: page.items,
            marker: page.marker,
        })
    }
}

#[cfg(test)]
mod tests;
