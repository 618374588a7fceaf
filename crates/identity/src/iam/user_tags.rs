//! Tags and permissions boundaries of users.

use std::sync::Arc;

use twinlock_directory::{Batch, User};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        BOUNDARY, Cursor, TAG_KEYS, check_boundary, existing_user as existing, find_user,
        merge_tags, new_tags, remove_tags, shown_tags, tag_pairs, user_need,
    },
    users::{TAG_USER, on_user},
};

// ---- tags ----

/// Puts tags on a user.
pub struct TagUser;

impl Operation for TagUser {
    type Input = shapes::TagUserInput;
    type Output = shapes::TagUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "TagUser";
    const ACTIONS: &'static [Action] = &[TAG_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let mut need = user_need(
            &TAG_USER,
            cx.account_id()?,
            &input.user_name,
            found.as_deref(),
        )
        .request_tags(tag_pairs(&input.tags));
        need.shown = None;
        Ok(Needs::one(need))
    }
}

impl Change for TagUser {
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
        let mut user = existing(found, &input.user_name)?;
        merge_tags(cx, &mut user.tags, new_tags(&input.tags)?, "TagsPerUser")?;
        batch.put(user);
        Ok(shapes::TagUserOutput {})
    }
}

const UNTAG_USER: Action = Action::new("iam:UntagUser", &["user"], &[TAG_KEYS]);

/// Takes tags from a user.
pub struct UntagUser;

impl Operation for UntagUser {
    type Input = shapes::UntagUserInput;
    type Output = shapes::UntagUserOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "UntagUser";
    const ACTIONS: &'static [Action] = &[UNTAG_USER];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let mut need = user_need(
            &UNTAG_USER,
            cx.account_id()?,
            &input.user_name,
            found.as_deref(),
        );
        if !input.tag_keys.is_empty() {
            need = need.keys(TAG_KEYS, input.tag_keys.clone());
        }
        need.shown = None;
        Ok(Needs::one(need))
    }
}

impl Change for UntagUser {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = existing(found, &input.user_name)?;
        remove_tags(&mut user.tags, &input.tag_keys);
        batch.put(user);
        Ok(shapes::UntagUserOutput {})
    }
}

const LIST_USER_TAGS: Action = on_user("iam:ListUserTags");

/// Lists a user's tags by key.
pub struct ListUserTags;

impl Operation for ListUserTags {
    type Input = shapes::ListUserTagsInput;
    type Output = shapes::ListUserTagsOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "ListUserTags";
    const ACTIONS: &'static [Action] = &[LIST_USER_TAGS];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(user_need(
            &LIST_USER_TAGS,
            account,
            &input.user_name,
            found.as_deref(),
        )))
    }
}

impl Read for ListUserTags {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let user = existing(found, &input.user_name)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor.page(shown_tags(&user.tags), |tag| tag.key.clone());
        Ok(shapes::ListUserTagsOutput {
            is_truncated: page.is_truncated(),
            tags: page.items,
            marker: page.marker,
        })
    }
}

// ---- boundaries ----

const PUT_BOUNDARY: Action = Action::new("iam:PutUserPermissionsBoundary", &["user"], &[BOUNDARY]);

/// Sets a user's permissions boundary; the condition key is the new one.
pub struct PutUserPermissionsBoundary;

impl Operation for PutUserPermissionsBoundary {
    type Input = shapes::PutUserPermissionsBoundaryInput;
    type Output = shapes::PutUserPermissionsBoundaryOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "PutUserPermissionsBoundary";
    const ACTIONS: &'static [Action] = &[PUT_BOUNDARY];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let need = user_need(&PUT_BOUNDARY, account, &input.user_name, found.as_deref());
        Ok(Needs::one(need.key(BOUNDARY, &*input.permissions_boundary)))
    }
}

impl Change for PutUserPermissionsBoundary {
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
        let mut user = existing(found, &input.user_name)?;
        check_boundary(cx, user.account, &input.permissions_boundary)?;
        user.boundary = Some(input.permissions_boundary.clone());
        batch.put(user);
        Ok(shapes::PutUserPermissionsBoundaryOutput {})
    }
}

const DELETE_BOUNDARY: Action =
    Action::new("iam:DeleteUserPermissionsBoundary", &["user"], &[BOUNDARY]);

/// Takes a user's permissions boundary away; the condition key is the one it has.
pub struct DeleteUserPermissionsBoundary;

impl Operation for DeleteUserPermissionsBoundary {
    type Input = shapes::DeleteUserPermissionsBoundaryInput;
    type Output = shapes::DeleteUserPermissionsBoundaryOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "DeleteUserPermissionsBoundary";
    const ACTIONS: &'static [Action] = &[DELETE_BOUNDARY];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let user = found.as_deref();
        let need = user_need(&DELETE_BOUNDARY, account, &input.user_name, user);
        Ok(Needs::one(need.key_if(
            BOUNDARY,
            user.and_then(|user| user.boundary.clone()),
        )))
    }
}

impl Change for DeleteUserPermissionsBoundary {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = existing(found, &input.user_name)?;
        user.boundary = None;
        batch.put(user);
        Ok(shapes::DeleteUserPermissionsBoundaryOutput {})
    }
}
