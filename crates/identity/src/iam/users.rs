//! Users: making, showing, renaming and deleting them.

use std::sync::Arc;

use twinlock_directory::{
    Account, AccountId, Batch, DeviceOwner, User, ids, model::name_key, names_after,
};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;
use twinlock_wire::{
    shape,
    shape::{Kind, Shape, Structure, Text, m},
    time::Millis,
};

use super::{
    common::{
        BOUNDARY, Cursor, REQUEST_TAG, Subject, TAG_KEYS, at, check_boundary, delete_conflict,
        entity_already_exists, entity_need, existing_user, find_user, in_path, list_need,
        merge_tags, new_tags, room_for_one, shown_boundary, tags_if_any, user_need, with_tags,
    },
    user_tags::TagUser,
};

/// An action on a user that brings no keys of its own.
pub(super) const fn on_user(name: &'static str) -> Action {
    Action::new(name, &["user"], &[])
}

/// A user as lists show it: without tags and boundary.
pub(super) fn listed(user: &User, cx: &Cx<'_>) -> shapes::User {
    shapes::User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.clone(),
        arn: user.arn(),
        create_date: at(user.created),
        password_last_used: password_last_used(&user.id, cx),
        permissions_boundary: None,
        tags: None,
    }
}

/// A user whole.
fn shown(user: &User, cx: &Cx<'_>) -> shapes::User {
    shapes::User {
        permissions_boundary: shown_boundary(user.boundary.as_ref()),
        tags: tags_if_any(&user.tags),
        ..listed(user, cx)
    }
}

fn password_last_used(id: &str, cx: &Cx<'_>) -> Option<Millis> {
    let last = cx.world.directory.last_used().get(id)?;
    Some(at(last.when))
}

fn user_arn(account: AccountId, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user{path}{name}")
}

// ---- CreateUser ----

const CREATE_USER: Action = Action::new(
    "iam:CreateUser",
    &["user"],
    &[REQUEST_TAG, TAG_KEYS, BOUNDARY],
);
const TAG_USER: Action = TagUser::ACTIONS[0];

/// Makes a user, perhaps with tags (which take iam:TagUser besides) and a boundary.
pub struct CreateUser;

impl Operation for CreateUser {
    type Input = shapes::CreateUserInput;
    type Output = shapes::CreateUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "CreateUser";
    const ACTIONS: &'static [Action] = &[CREATE_USER, TAG_USER];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let arn = user_arn(account, path, &input.user_name);
        let tags = input.tags.as_deref().unwrap_or_default();
        let create = entity_need(&CREATE_USER, account, arn, &[])
            .key_if(BOUNDARY, input.permissions_boundary.clone());
        Ok(with_tags(create, &TAG_USER, tags))
    }
}

impl Change for CreateUser {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
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
            return Err(entity_already_exists("User", &input.user_name));
        }
        let mut tags = Vec::new();
        let new = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, new, "TagsPerUser")?;
        if let Some(arn) = &input.permissions_boundary {
            check_boundary(cx, node.account.id, arn)?;
        }
        room_for_one(cx, node.users.size(), "UsersPerAccount")?;
        let user = User {
            account: node.account.id,
            id: ids::user_id(&*cx.world.random),
            name: input.user_name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            created: cx.now,
            tags,
            inline: Default::default(),
            attached: Default::default(),
            boundary: input.permissions_boundary.clone(),
            groups: Default::default(),
            access_keys: Vec::new(),
            login: None,
            other_credentials: Default::default(),
        };
        let answer = shown(&user, cx);
        batch.put(user);
        Ok(shapes::CreateUserOutput { user: Some(answer) })
    }
}

// ---- GetUser ----

const GET_USER: Action = on_user("iam:GetUser");

/// Shows a user; without a name the caller itself, which can be root.
pub struct GetUser;

static TEXT: Kind = Kind::Text(Text::any());
static TIME: Kind = Kind::Time(None);
static BOUNDARY_KIND: Kind = <shapes::AttachedPermissionsBoundary as Shape>::KIND;
static TAG: Kind = <shapes::Tag as Shape>::KIND;
static TAGS: Kind = Kind::list(&TAG);
static USER_OR_ROOT: Kind = <UserOrRoot as Shape>::KIND;

shape! {
    /// A user, or the root user: the model says that every user has a name and a path, but root has neither.
    #[derive(Clone, PartialEq)]
    pub struct UserOrRoot = Structure::new("User") {
        /// Absent for root.
        path: Option<String> = m("Path", &TEXT),
        /// Absent for root.
        user_name: Option<String> = m("UserName", &TEXT),
        /// `AIDA…`, or root's account id.
        user_id: String = m("UserId", &TEXT),
        /// The ARN.
        arn: String = m("Arn", &TEXT),
        /// When the user (for root: the account) was made.
        create_date: Millis = m("CreateDate", &TIME),
        /// The last console sign-in.
        password_last_used: Option<Millis> = m("PasswordLastUsed", &TIME),
        /// The boundary.
        permissions_boundary: Option<shapes::AttachedPermissionsBoundary> = m("PermissionsBoundary", &BOUNDARY_KIND),
        /// The tags.
        tags: Option<Vec<shapes::Tag>> = m("Tags", &TAGS),
    }
}

shape! {
    /// What `GetUser` answers.
    #[derive(Clone, PartialEq)]
    pub struct GetUserOutput = Structure::new("GetUserResponse") {
        /// The user.
        user: UserOrRoot = m("User", &USER_OR_ROOT),
    }
}

impl From<shapes::User> for UserOrRoot {
    fn from(user: shapes::User) -> UserOrRoot {
        UserOrRoot {
            path: Some(user.path),
            user_name: Some(user.user_name),
            user_id: user.user_id,
            arn: user.arn,
            create_date: user.create_date,
            password_last_used: user.password_last_used,
            permissions_boundary: user.permissions_boundary,
            tags: user.tags,
        }
    }
}

/// The root user of an account, who has neither name nor path.
pub(super) fn root_user(account: &Account, cx: &Cx<'_>) -> UserOrRoot {
    UserOrRoot {
        user_id: account.id.to_string(),
        arn: account.id.root_arn(),
        create_date: at(account.created),
        password_last_used: password_last_used(account.id.as_str(), cx),
        ..UserOrRoot::default()
    }
}

impl Operation for GetUser {
    type Input = shapes::GetUserInput;
    type Output = GetUserOutput;
    type Found = Subject;
    const NAME: &'static str = "GetUser";
    const ACTIONS: &'static [Action] = &[GET_USER];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&GET_USER, cx)?))
    }
}

impl Read for GetUser {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let user = match found.user()? {
            Some(user) => shown(&user, cx).into(),
            None => root_user(&cx.account()?.account, cx),
        };
        Ok(GetUserOutput { user })
    }
}

// ---- ListUsers ----

const LIST_USERS: Action = Action::new("iam:ListUsers", &[], &[]);

/// Lists users by name, those of a path only if asked so.
pub struct ListUsers;

impl Operation for ListUsers {
    type Input = shapes::ListUsersInput;
    type Output = shapes::ListUsersOutput;
    type Found = ();
    const NAME: &'static str = "ListUsers";
    const ACTIONS: &'static [Action] = &[LIST_USERS];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let path = input.path_prefix.as_deref().unwrap_or("/");
        let shown = user_arn(cx.account_id()?, path, "");
        Ok(Needs::one(list_need(&LIST_USERS, shown)))
    }
}

impl Read for ListUsers {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let users = names_after(&cx.account()?.users, cursor.after())
            .filter(|user| in_path(&user.path, input.path_prefix.as_deref()));
        let page = cursor.page(users, |user| name_key(&user.name));
        let page = page.map(|user| listed(user, cx));
        Ok(shapes::ListUsersOutput {
            is_truncated: page.is_truncated(),
            users: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateUser ----

const UPDATE_USER: Action = on_user("iam:UpdateUser");

/// Gives a user another name, path or both; takes the permission on what it was and on what it becomes.
pub struct UpdateUser;

impl Operation for UpdateUser {
    type Input = shapes::UpdateUserInput;
    type Output = shapes::UpdateUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "UpdateUser";
    const ACTIONS: &'static [Action] = &[UPDATE_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let user = found.as_deref();
        let source = user_need(&UPDATE_USER, account, &input.user_name, user);
        if input.new_path.is_none() && input.new_user_name.is_none() {
            return Ok(Needs::one(source));
        }
        let (old_path, old_name) = user.map_or(("/", input.user_name.as_str()), |user| {
            (user.path.as_str(), user.name.as_str())
        });
        let path = input.new_path.as_deref().unwrap_or(old_path);
        let name = input.new_user_name.as_deref().unwrap_or(old_name);
        let tags = user.map_or(&[][..], |user| &user.tags);
        let target = entity_need(&UPDATE_USER, account, user_arn(account, path, name), tags)
            .shown_as(format!("user {name}"));
        Ok(Needs::all([source, target]))
    }
}

impl Change for UpdateUser {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = existing_user(found, &input.user_name)?;
        if let Some(name) = &input.new_user_name {
            // Another way to write its own name in upper and lower case is no clash.
            if find_user(cx, name).is_some_and(|other| other.id != user.id) {
                return Err(entity_already_exists("User", name));
            }
            user.name.clone_from(name);
        }
        if let Some(path) = &input.new_path {
            user.path.clone_from(path);
        }
        batch.put(user);
        Ok(shapes::UpdateUserOutput {})
    }
}

// ---- DeleteUser ----

const DELETE_USER: Action = on_user("iam:DeleteUser");

/// Deletes a user that has nothing left.
pub struct DeleteUser;

impl Operation for DeleteUser {
    type Input = shapes::DeleteUserInput;
    type Output = shapes::DeleteUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "DeleteUser";
    const ACTIONS: &'static [Action] = &[DELETE_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(user_need(
            &DELETE_USER,
            account,
            &input.user_name,
            found.as_deref(),
        )))
    }
}

impl Change for DeleteUser {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let user = existing_user(found, &input.user_name)?;
        let other = &user.other_credentials;
        let owner = DeviceOwner::User(user.id.clone());
        let has_device = cx.account()?.devices_of(&owner).next().is_some();
        let left = [
            (!user.access_keys.is_empty(), "delete access keys first"),
            (user.login.is_some(), "delete login profile first"),
            (has_device, "delete MFA device first"),
            (
                !other.signing_certificates.is_empty(),
                "delete signing certificates first",
            ),
            (
                !other.ssh_public_keys.is_empty(),
                "delete SSH public keys first",
            ),
            (
                !other.service_specific.is_empty(),
                "delete service specific credentials first",
            ),
            (!user.groups.is_empty(), "remove users from group first"),
            (!user.inline.is_empty(), "delete policies first"),
            (!user.attached.is_empty(), "detach all policies first"),
        ];
        if let Some((_, must)) = left.iter().find(|(left, _)| *left) {
            return Err(delete_conflict(must));
        }
        batch.delete_row(user);
        Ok(shapes::DeleteUserOutput {})
    }
}

#[cfg(test)]
mod tests;
