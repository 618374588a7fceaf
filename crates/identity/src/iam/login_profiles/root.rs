//! The root user's password as a login profile: what a session of sts:AssumeRoot looks at, takes away, and gives leave to set again.
//!
//! On AWS the leave is to recover the password by the account's e-mail. Twinlock sends none: whoever writes the configuration
//! is asked instead, and its `root_password` for the account is taken at the next start.

use twinlock_directory::{Account, Batch, Millis};
use twinlock_gate::{Caller, Cx, Fault};
use twinlock_shapes::iam as shapes;

use super::{already_exists, no_profile};
use crate::iam::common::at;

/// How answers name the root user.
const NAME: &str = "root";

/// Whether the caller is a root user for one task, who alone may leave the user's name out to mean root.
pub(super) fn may(caller: &Caller) -> bool {
    caller
        .session
        .as_deref()
        .is_some_and(|session| session.is_assumed_root())
}

fn shown(since: Millis) -> shapes::LoginProfile {
    shapes::LoginProfile {
        user_name: NAME.to_owned(),
        create_date: at(since),
        password_reset_required: Some(false),
    }
}

/// Since when root has a password, or leave to set one.
fn since(account: &Account) -> Option<Millis> {
    let root = &account.root;
    let there = root.password_hash.is_some() || root.awaits_password();
    there.then(|| root.password_since.unwrap_or(account.created))
}

/// # Errors
/// `NoSuchEntity`.
pub(super) fn get(cx: &Cx<'_>) -> Result<shapes::LoginProfile, Fault> {
    let since = since(&cx.account()?.account);
    since.map(shown).ok_or_else(|| no_profile(NAME))
}

/// Gives leave to set a password.
///
/// # Errors
/// `ValidationError` for a password that the call brings along: the task is not to know it. `EntityAlreadyExists`.
pub(super) fn create(
    password: Option<&str>,
    cx: &Cx<'_>,
    batch: &mut Batch,
) -> Result<shapes::LoginProfile, Fault> {
    if password.is_some() {
        return Err(Fault::validation(
            "The password must be left out in a session of AssumeRoot: the root user of the account sets it.",
        ));
    }
    let mut account = Account::clone(&cx.account()?.account);
    if since(&account).is_some() {
        return Err(already_exists(format!(
            "Login Profile for user {NAME} already exists."
        )));
    }
    account.root.password_since = Some(cx.now);
    batch.put(account);
    Ok(shown(cx.now))
}

/// Takes the password away, with the sign-ins by it, or the leave to set one.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn delete(cx: &Cx<'_>, batch: &mut Batch) -> Result<(), Fault> {
    let mut account = Account::clone(&cx.account()?.account);
    if since(&account).is_none() {
        return Err(no_profile(NAME));
    }
    account.root.password_hash = None;
    account.root.password_since = None;
    batch.put(account);
    Ok(())
}
