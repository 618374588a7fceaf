//! Login profiles: the console passwords of users. Passwords are hashed before the writer's turn, on a thread that may block.

mod root;

use std::sync::Arc;

use twinlock_directory::{Batch, LoginProfile, User};
use twinlock_gate::{
    Action, Caller, Change, Cx, Fault, Needs, Operation, Permit, Read, ResourcePolicy, Who, World,
    nothing_to_prepare,
};
use twinlock_policy::{Bindings, Document, Policy, ResourceRule};
use twinlock_shapes::iam as shapes;

use super::common::{
    Subject, already_exists, at, existing_user, find_user, must_specify_user_name, no_such,
    user_need,
};
use crate::passwords;

const fn on_user(name: &'static str) -> Action {
    Action::new(name, &["user"], &[])
}

fn no_profile(user: &str) -> Fault {
    no_such(format!("Login Profile for User {user} cannot be found."))
}

/// The user whose profile is meant; none: the root user, for a caller who is one for this task.
///
/// # Errors
/// `NoSuchEntity` for an absent user, `ValidationError` for callers who name nobody and are none.
fn holder(found: Subject, cx: &Cx<'_>) -> Result<Option<Arc<User>>, Fault> {
    match found.user()? {
        None if !root::may(cx.caller) => Err(must_specify_user_name()),
        user => Ok(user),
    }
}

fn shown(user: &User, login: &LoginProfile) -> shapes::LoginProfile {
    shapes::LoginProfile {
        user_name: user.name.clone(),
        create_date: at(login.created),
        password_reset_required: Some(login.reset_required),
    }
}

fn changed_meanwhile() -> Fault {
    Fault::new(
        "EntityTemporarilyUnmodifiable",
        409,
        "The password was changed by another request at the same time. Please try again.",
    )
}

/// A new password, hashed before the writer's turn.
#[derive(Debug)]
pub struct Hashed {
    hash: String,
    /// The hash of the password that it was compared with and is to follow.
    before: Option<String>,
}

impl Hashed {
    /// Hashes a password for the user of this name, having asked the policy of the caller's account.
    ///
    /// # Errors
    /// `PasswordPolicyViolation`.
    async fn of(
        password: &str,
        user: Option<&str>,
        caller: &Caller,
        world: &World,
    ) -> Result<Hashed, Fault> {
        let snapshot = world.directory.published();
        let node = caller.who.account().and_then(|id| snapshot.account(&id));
        // Authorised just now, so the account is there.
        let node = node.ok_or_else(Fault::internal)?;
        let login = user
            .and_then(|name| node.user(name))
            .and_then(|user| user.login.as_ref());
        Ok(Hashed {
            hash: passwords::hash_new(password, &node.account, login).await?,
            before: login.map(|login| login.password_hash.clone()),
        })
    }

    /// Puts the new password into the profile, if the one there is still the one that it was compared with.
    ///
    /// # Errors
    /// `EntityTemporarilyUnmodifiable` if somebody else has set another one in the meantime.
    fn set(&self, password: &str, login: &mut LoginProfile, cx: &Cx<'_>) -> Result<(), Fault> {
        // Once more, by the policy as it is in this turn.
        passwords::check(password, &cx.account()?.account)?;
        if self.before.as_ref() != Some(&login.password_hash) {
            return Err(changed_meanwhile());
        }
        passwords::replace(login, &self.hash, cx.now);
        Ok(())
    }
}

// ---- CreateLoginProfile ----

const CREATE: Action = on_user("iam:CreateLoginProfile");

/// Gives a user a password.
pub struct CreateLoginProfile;

impl Operation for CreateLoginProfile {
    type Input = shapes::CreateLoginProfileInput;
    type Output = shapes::CreateLoginProfileOutput;
    type Found = Subject;
    const NAME: &'static str = "CreateLoginProfile";
    const ACTIONS: &'static [Action] = &[CREATE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&CREATE, cx)?))
    }
}

impl Change for CreateLoginProfile {
    /// None for the root user, whose password does not come along.
    type Prepared = Option<Hashed>;

    async fn prepare(
        input: &Self::Input,
        caller: &Caller,
        world: &World,
    ) -> Result<Option<Hashed>, Fault> {
        if input.user_name.is_none() && root::may(caller) {
            return Ok(None);
        }
        let password = input.password.as_deref().ok_or_else(|| {
            Fault::validation(
                "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null",
            )
        })?;
        Hashed::of(password, input.user_name.as_deref(), caller, world)
            .await
            .map(Some)
    }

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        new: &Option<Hashed>,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let Some(user) = holder(found, cx)? else {
            return Ok(shapes::CreateLoginProfileOutput {
                login_profile: root::create(input.password.as_deref(), cx, batch)?,
            });
        };
        let mut user = User::clone(&user);
        let new = new.as_ref().ok_or_else(Fault::internal)?;
        let password = input.password.as_deref().unwrap_or_default();
        // Once more, by the policy as it is in this turn.
        passwords::check(password, &cx.account()?.account)?;
        if user.login.is_some() {
            let name = &user.name;
            return Err(already_exists(format!(
                "Login Profile for user {name} already exists."
            )));
        }
        let login = LoginProfile {
            password_hash: new.hash.clone(),
            created: cx.now,
            changed: cx.now,
            reset_required: input.password_reset_required.unwrap_or(false),
            sign_ins_since: cx.now,
            earlier_hashes: Vec::new(),
        };
        let answer = shown(&user, &login);
        user.login = Some(login);
        batch.put(user);
        Ok(shapes::CreateLoginProfileOutput {
            login_profile: answer,
        })
    }
}

// ---- GetLoginProfile ----

const GET: Action = on_user("iam:GetLoginProfile");

/// Shows whether a user has a password, and since when.
pub struct GetLoginProfile;

impl Operation for GetLoginProfile {
    type Input = shapes::GetLoginProfileInput;
    type Output = shapes::GetLoginProfileOutput;
    type Found = Subject;
    const NAME: &'static str = "GetLoginProfile";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&GET, cx)?))
    }
}

impl Read for GetLoginProfile {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let login_profile = match holder(found, cx)? {
            Some(user) => {
                let login = user.login.as_ref();
                shown(&user, login.ok_or_else(|| no_profile(&user.name))?)
            }
            None => root::get(cx)?,
        };
        Ok(shapes::GetLoginProfileOutput { login_profile })
    }
}

// ---- UpdateLoginProfile ----

const UPDATE: Action = on_user("iam:UpdateLoginProfile");

/// Sets another password, which ends the user's sign-ins to the console; or whether the next sign-in must.
pub struct UpdateLoginProfile;

impl Operation for UpdateLoginProfile {
    type Input = shapes::UpdateLoginProfileInput;
    type Output = shapes::UpdateLoginProfileOutput;
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "UpdateLoginProfile";
    const ACTIONS: &'static [Action] = &[UPDATE];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(user_need(
            &UPDATE,
            account,
            &input.user_name,
            found.as_deref(),
        )))
    }
}

impl Change for UpdateLoginProfile {
    /// The new password, if there is one.
    type Prepared = Option<Hashed>;

    async fn prepare(
        input: &Self::Input,
        caller: &Caller,
        world: &World,
    ) -> Result<Option<Hashed>, Fault> {
        match input.password.as_deref() {
            Some(password) => Hashed::of(password, Some(&input.user_name), caller, world)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_user(cx, &input.user_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        new: &Option<Hashed>,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = existing_user(found, &input.user_name)?;
        let login = user.login.as_mut();
        let login = login.ok_or_else(|| no_profile(&input.user_name))?;
        if let (Some(new), Some(password)) = (new, &input.password) {
            new.set(password, login, cx)?;
            // Whoever knew the old one is out, wherever it is signed in.
            login.sign_ins_since = cx.now;
        }
        if let Some(required) = input.password_reset_required {
            login.reset_required = required;
        }
        batch.put(user);
        Ok(shapes::UpdateLoginProfileOutput {})
    }
}

// ---- DeleteLoginProfile ----

const DELETE: Action = on_user("iam:DeleteLoginProfile");

/// Takes a user's password away, and with it the user's sign-ins to the console.
pub struct DeleteLoginProfile;

impl Operation for DeleteLoginProfile {
    type Input = shapes::DeleteLoginProfileInput;
    type Output = shapes::DeleteLoginProfileOutput;
    type Found = Subject;
    const NAME: &'static str = "DeleteLoginProfile";
    const ACTIONS: &'static [Action] = &[DELETE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&DELETE, cx)?))
    }
}

impl Change for DeleteLoginProfile {
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
        match holder(found, cx)? {
            Some(user) => {
                let mut user = User::clone(&user);
                if user.login.take().is_none() {
                    return Err(no_profile(&user.name));
                }
                batch.put(user);
            }
            None => root::delete(cx, batch)?,
        }
        Ok(shapes::DeleteLoginProfileOutput {})
    }
}

// ---- ChangePassword ----

const CHANGE: Action = on_user("iam:ChangePassword");

/// Lets a user choose another password, who knows the present one; sign-ins go on. The account's password policy can give the permission to
/// all users of the account; a Deny takes it from one all the same.
pub struct ChangePassword;

impl Operation for ChangePassword {
    type Input = shapes::ChangePasswordInput;
    type Output = shapes::ChangePasswordOutput;
    /// The calling user; none: the caller is no user.
    type Found = Option<Arc<User>>;
    const NAME: &'static str = "ChangePassword";
    const ACTIONS: &'static [Action] = &[CHANGE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let Some(user) = found else {
            return Err(Fault::new(
                "InvalidUserType",
                400,
                "Only IAM Users can change their own password",
            ));
        };
        let need = user_need(&CHANGE, account, &user.name, Some(user));
        let given = passwords::users_may_change(&cx.account()?.account)
            .then(|| given_by_account(user))
            .flatten();
        Ok(Needs::one(need.under(given, ResourceRule::Ordinary)))
    }
}

/// What AllowUsersToChangePassword says, as the policy that it stands for.
fn given_by_account(user: &User) -> Option<ResourcePolicy> {
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": { "AWS": user.arn() },
            "Action": CHANGE.name,
            "Resource": "*",
        },
    });
    let document = Document::parse(&text.to_string()).ok()?;
    let bindings = Bindings::from([(user.arn(), user.id.clone())]);
    Some(ResourcePolicy {
        policy: Arc::new(Policy::compile(document, &bindings)),
        name: "AllowUsersToChangePassword of the account's password policy".to_owned(),
    })
}

impl Change for ChangePassword {
    type Prepared = Hashed;

    async fn prepare(input: &Self::Input, caller: &Caller, world: &World) -> Result<Hashed, Fault> {
        let snapshot = world.directory.published();
        let user = match &caller.who {
            Who::User { id, .. } => snapshot.user_by_id(id),
            _ => None,
        };
        let user = user.ok_or_else(Fault::internal)?;
        let Some(login) = &user.login else {
            return Err(no_profile(&user.name));
        };
        // Counted by itself: who asks is in already, and whoever guesses at the door must not keep a person from changing the password.
        let counted = format!("{}/change", user.id);
        let attempts = world.directory.attempts();
        let right = attempts.begin(&counted, world.clock.now())
            && passwords::verify(&input.old_password, Some(login.password_hash.clone())).await?;
        if !right {
            return Err(Fault::new(
                "AccessDenied",
                403,
                "The old password was incorrect.",
            ));
        }
        attempts.succeeded(&counted);
        let new = Hashed::of(&input.new_password, Some(&user.name), caller, world).await?;
        // Hashed looks at what is published now: it must be the profile whose password the caller knows.
        match new.before.as_ref() == Some(&login.password_hash) {
            true => Ok(new),
            false => Err(changed_meanwhile()),
        }
    }

    fn find(_: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        match &cx.caller.who {
            Who::User { id, .. } => cx.snapshot.user_by_id(id).cloned(),
            _ => None,
        }
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        new: &Hashed,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.ok_or_else(Fault::internal)?);
        let name = user.name.clone();
        let login = user.login.as_mut();
        let login = login.ok_or_else(|| no_profile(&name))?;
        new.set(&input.new_password, login, cx)?;
        login.reset_required = false;
        batch.put(user);
        Ok(shapes::ChangePasswordOutput {})
    }
}

#[cfg(test)]
mod tests;
