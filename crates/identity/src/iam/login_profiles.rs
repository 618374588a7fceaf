//! Login profiles: the console passwords of users. Passwords are hashed before the writer's turn, on a thread that may block.

use std::sync::Arc;

use twinlock_directory::{Batch, LoginProfile, SystemRandom, User, passwords};
use twinlock_gate::{
    Action, Caller, Change, Cx, Fault, Needs, Operation, Permit, Read, World, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::common::{Subject, already_exists, at, existing_user, find_user, no_such, user_need};

const fn on_user(name: &'static str) -> Action {
    Action::new(name, &["user"], &[])
}

fn no_profile(user: &str) -> Fault {
    no_such(format!("Login Profile for User {user} cannot be found."))
}

fn shown(user: &User, login: &LoginProfile) -> shapes::LoginProfile {
    shapes::LoginProfile {
        user_name: user.name.clone(),
        create_date: at(login.created),
        password_reset_required: Some(login.reset_required),
    }
}

/// AWS's rule for accounts without a password policy of their own: eight characters, of three kinds out of four.
///
/// # Errors
/// `PasswordPolicyViolation`.
fn check_password(password: &str) -> Result<(), Fault> {
    let violation = |message: &str| Err(Fault::new("PasswordPolicyViolation", 400, message));
    if password.chars().count() < 8 {
        return violation("Password should have a minimum length of 8");
    }
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_lowercase(),
        |c| c.is_uppercase(),
        |c| c.is_numeric(),
        |c| !c.is_alphanumeric(),
    ];
    let met = kinds.iter().filter(|kind| password.chars().any(**kind));
    if met.count() < 3 {
        return violation(
            "Password should have at least three of: lower case letters, upper case letters, numbers, symbols",
        );
    }
    Ok(())
}

/// The argon2id hash of a new password that follows the rules.
async fn hashed(password: &str) -> Result<String, Fault> {
    check_password(password)?;
    let password = password.to_owned();
    // Nothing is gained by a test that foresees a salt, so it does not come from the world's source.
    tokio::task::spawn_blocking(move || passwords::hash(&password, &SystemRandom))
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(Fault::internal)
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
    /// The password's hash.
    type Prepared = String;

    async fn prepare(input: &Self::Input, _: &Caller, _: &World) -> Result<String, Fault> {
        // The model lets it out for a root user's profile, which Twinlock does not make this way.
        let password = input.password.as_deref().ok_or_else(|| {
            Fault::validation(
                "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null",
            )
        })?;
        hashed(password).await
    }

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        hash: &String,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        if user.login.is_some() {
            let name = &user.name;
            return Err(already_exists(format!(
                "Login Profile for user {name} already exists."
            )));
        }
        let login = LoginProfile {
            password_hash: hash.clone(),
            created: cx.now,
            changed: cx.now,
            reset_required: input.password_reset_required.unwrap_or(false),
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
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let user = found.user_only()?;
        let login = user.login.as_ref();
        let login = login.ok_or_else(|| no_profile(&user.name))?;
        Ok(shapes::GetLoginProfileOutput {
            login_profile: shown(&user, login),
        })
    }
}

// ---- UpdateLoginProfile ----

const UPDATE: Action = on_user("iam:UpdateLoginProfile");

/// Sets another password, or whether the next sign-in must.
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
    /// The new password's hash, if there is a new one.
    type Prepared = Option<String>;

    async fn prepare(input: &Self::Input, _: &Caller, _: &World) -> Result<Option<String>, Fault> {
        match input.password.as_deref() {
            Some(password) => hashed(password).await.map(Some),
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
        hash: &Option<String>,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = existing_user(found, &input.user_name)?;
        let login = user.login.as_mut();
        let login = login.ok_or_else(|| no_profile(&input.user_name))?;
        if let Some(hash) = hash {
            login.password_hash.clone_from(hash);
            login.changed = cx.now;
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

/// Takes a user's password away.
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
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        if user.login.take().is_none() {
            return Err(no_profile(&user.name));
        }
        batch.put(user);
        Ok(shapes::DeleteLoginProfileOutput {})
    }
}

#[cfg(test)]
mod tests;
