//! Long-term access keys of users and of root. Without a user name they are the caller's own.

use std::sync::Arc;

use twinlock_directory::{AccessKey, AccountId, Batch, User, ids};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    about_user::{Owner, ROOT_NAME, active, status, take_out},
    common::{Cursor, Subject, arn_of, at, entity_need, no_such, room_for_one, user_need},
};

const fn on_user(name: &'static str) -> Action {
    Action::new(name, &["user"], &[])
}

fn no_such_key(id: &str) -> Fault {
    no_such(format!("The Access Key with id {id} cannot be found."))
}

// ---- CreateAccessKey ----

const CREATE: Action = on_user("iam:CreateAccessKey");

/// Draws a new key. The secret is shown now and never again.
pub struct CreateAccessKey;

impl Operation for CreateAccessKey {
    type Input = shapes::CreateAccessKeyInput;
    type Output = shapes::CreateAccessKeyOutput;
    type Found = Subject;
    const NAME: &'static str = "CreateAccessKey";
    const ACTIONS: &'static [Action] = &[CREATE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&CREATE, cx)?))
    }
}

impl Change for CreateAccessKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(found, cx)?;
        room_for_one(cx, owner.access_keys().len(), "AccessKeysPerUser")?;
        let random = &*cx.world.random;
        let secret = ids::secret_access_key(random);
        let key = AccessKey {
            id: ids::access_key_id(random),
            secret: secret.clone().into(),
            active: true,
            created: cx.now,
        };
        let answer = shapes::AccessKey {
            user_name: owner.name().to_owned(),
            access_key_id: key.id.clone(),
            status: status(true),
            secret_access_key: secret.expose().to_owned(),
            create_date: Some(at(key.created)),
        };
        owner.access_keys().push(key);
        owner.put(batch);
        Ok(shapes::CreateAccessKeyOutput { access_key: answer })
    }
}

// ---- ListAccessKeys ----

const LIST: Action = on_user("iam:ListAccessKeys");

/// Lists keys without their secrets.
pub struct ListAccessKeys;

impl Operation for ListAccessKeys {
    type Input = shapes::ListAccessKeysInput;
    type Output = shapes::ListAccessKeysOutput;
    type Found = Subject;
    const NAME: &'static str = "ListAccessKeys";
    const ACTIONS: &'static [Action] = &[LIST];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&LIST, cx)?))
    }
}

impl Read for ListAccessKeys {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let mut owner = Owner::of(found, cx)?;
        owner
            .access_keys()
            .sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        let name = owner.name().to_owned();
        // Fixed width, so that the text sorts like the number.
        let page = cursor.page(owner.access_keys().iter(), |key| {
            format!("{:020}{}", key.created, key.id)
        });
        let page = page.map(|key| shapes::AccessKeyMetadata {
            user_name: Some(name.clone()),
            access_key_id: Some(key.id.clone()),
            status: Some(status(key.active)),
            create_date: Some(at(key.created)),
        });
        Ok(shapes::ListAccessKeysOutput {
            is_truncated: page.is_truncated(),
            access_key_metadata: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateAccessKey ----

const UPDATE: Action = on_user("iam:UpdateAccessKey");

/// Makes a key usable or not; counts at once.
pub struct UpdateAccessKey;

impl Operation for UpdateAccessKey {
    type Input = shapes::UpdateAccessKeyInput;
    type Output = shapes::UpdateAccessKeyOutput;
    type Found = Subject;
    const NAME: &'static str = "UpdateAccessKey";
    const ACTIONS: &'static [Action] = &[UPDATE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&UPDATE, cx)?))
    }
}

impl Change for UpdateAccessKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let active = active(&input.status)?;
        let mut owner = Owner::of(found, cx)?;
        let id = &input.access_key_id;
        let key = owner.access_keys().iter_mut().find(|key| key.id == *id);
        key.ok_or_else(|| no_such_key(id))?.active = active;
        owner.put(batch);
        Ok(shapes::UpdateAccessKeyOutput {})
    }
}

// ---- DeleteAccessKey ----

const DELETE: Action = on_user("iam:DeleteAccessKey");

/// Deletes a key; whoever signs with it is nobody from now on.
pub struct DeleteAccessKey;

impl Operation for DeleteAccessKey {
    type Input = shapes::DeleteAccessKeyInput;
    type Output = shapes::DeleteAccessKeyOutput;
    type Found = Subject;
    const NAME: &'static str = "DeleteAccessKey";
    const ACTIONS: &'static [Action] = &[DELETE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&DELETE, cx)?))
    }
}

impl Change for DeleteAccessKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(found, cx)?;
        let id = &input.access_key_id;
        take_out(owner.access_keys(), |key| key.id == *id, || no_such_key(id))?;
        owner.put(batch);
        Ok(shapes::DeleteAccessKeyOutput {})
    }
}

// ---- GetAccessKeyLastUsed ----

const LAST_USED: Action = on_user("iam:GetAccessKeyLastUsed");

/// Shows when, where and for which service a key was last used.
pub struct GetAccessKeyLastUsed;

/// The account's own key with the id asked for: its user, or root.
#[derive(Debug)]
pub enum KeyHolder {
    /// A user.
    User(Arc<User>),
    /// The root user.
    Root,
}

impl Operation for GetAccessKeyLastUsed {
    type Input = shapes::GetAccessKeyLastUsedInput;
    type Output = shapes::GetAccessKeyLastUsedOutput;
    type Found = Option<KeyHolder>;
    const NAME: &'static str = "GetAccessKeyLastUsed";
    const ACTIONS: &'static [Action] = &[LAST_USED];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(match found {
            Some(KeyHolder::User(user)) => user_need(&LAST_USED, account, &user.name, Some(user)),
            Some(KeyHolder::Root) => entity_need(&LAST_USED, account, account.root_arn(), &[]),
            // Whoever may ask for every user may learn that there is no such key.
            None => entity_need(&LAST_USED, account, arn_of(account, "user", "*"), &[]),
        }))
    }
}

impl Read for GetAccessKeyLastUsed {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        let account: AccountId = cx.account_id().ok()?;
        let owner = cx.snapshot.access_key(&input.access_key_id)?;
        // Another account's key is as good as none: ids are not secret, their holders are.
        if owner.account.account.id != account {
            return None;
        }
        Some(match owner.user {
            Some(user) => KeyHolder::User(user.clone()),
            None => KeyHolder::Root,
        })
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let id = &input.access_key_id;
        // IAM does not tell a key that nobody has from one of another account.
        let hidden = || {
            let who = &cx.principal().arn;
            Fault::new(
                "AccessDenied",
                403,
                format!(
                    "User: {who} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}"
                ),
            )
        };
        let user_name = match found.ok_or_else(hidden)? {
            KeyHolder::User(user) => user.name.clone(),
            KeyHolder::Root => ROOT_NAME.to_owned(),
        };
        let last = cx.world.directory.last_used().get(id);
        let used = match last {
            Some(last) => shapes::AccessKeyLastUsed {
                last_used_date: Some(at(last.when)),
                // AWS does not tell the region of S3's calls here.
                region: match last.service.as_str() {
                    "s3" => "N/A".to_owned(),
                    _ => last.region,
                },
                service_name: last.service,
            },
            None => shapes::AccessKeyLastUsed {
                last_used_date: None,
                service_name: "N/A".to_owned(),
                region: "N/A".to_owned(),
            },
        };
        Ok(shapes::GetAccessKeyLastUsedOutput {
            user_name: Some(user_name),
            access_key_last_used: Some(used),
        })
    }
}

#[cfg(test)]
mod tests;
