//! What the operations on a user's smaller belongings have in common: access keys, certificates, SSH keys, passwords of single
//! services.

use twinlock_directory::{AccessKey, Account, Batch, SigningCertificate, User};
use twinlock_gate::{Cx, Fault};

use super::common::Subject;

/// An operation about a user: the one that it names (`$who`, from the input), or the caller.
macro_rules! about_user {
    ($(#[$doc:meta])* $name:ident, $action:literal, $input:ident -> $output:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl twinlock_gate::Operation for $name {
            type Input = twinlock_shapes::iam::$input;
            type Output = twinlock_shapes::iam::$output;
            type Found = crate::iam::common::Subject;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [twinlock_gate::Action] =
                &[twinlock_gate::Action::new($action, &["user"], &[])];

            fn needs(
                _: &Self::Input,
                found: &Self::Found,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let need = found.need(&Self::ACTIONS[0], cx)?;
                Ok(twinlock_gate::Needs::one(need))
            }
        }
    };
}
pub(super) use about_user;

/// How AWS names the root user, who has no name.
pub(super) const ROOT_NAME: &str = "root";

/// Whose belongings an operation is about, to be changed and put back: keys and certificates are root's as well.
pub(super) enum Owner {
    User(User),
    Root(Account),
}

impl Owner {
    pub(super) fn of(found: Subject, cx: &Cx<'_>) -> Result<Owner, Fault> {
        Ok(match found.user()? {
            Some(user) => Owner::User(User::clone(&user)),
            None => Owner::Root(Account::clone(&cx.account()?.account)),
        })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Owner::User(user) => &user.name,
            Owner::Root(_) => ROOT_NAME,
        }
    }

    pub(super) fn access_keys(&mut self) -> &mut Vec<AccessKey> {
        match self {
            Owner::User(user) => &mut user.access_keys,
            Owner::Root(account) => &mut account.root.access_keys,
        }
    }

    pub(super) fn signing_certificates(&mut self) -> &mut Vec<SigningCertificate> {
        match self {
            Owner::User(user) => &mut user.other_credentials.signing_certificates,
            Owner::Root(account) => &mut account.root.signing_certificates,
        }
    }

    pub(super) fn put(self, batch: &mut Batch) {
        match self {
            Owner::User(user) => batch.put(user),
            Owner::Root(account) => batch.put(account),
        }
    }
}

/// Takes one out of several.
///
/// # Errors
/// What `missing` says, if there is no such one.
pub(super) fn take_out<T>(
    from: &mut Vec<T>,
    which: impl FnMut(&T) -> bool,
    missing: impl FnOnce() -> Fault,
) -> Result<T, Fault> {
    let place = from.iter().position(which).ok_or_else(missing)?;
    Ok(from.remove(place))
}

/// AWS's word for whether something may be used.
pub(super) fn status(active: bool) -> String {
    if active { "Active" } else { "Inactive" }.to_owned()
}

/// The status that a caller may set.
///
/// # Errors
/// `ValidationError` for `Expired`, which the model has and nobody can set.
pub(super) fn active(status: &str) -> Result<bool, Fault> {
    match status {
        "Active" => Ok(true),
        "Inactive" => Ok(false),
        _ => Err(Fault::validation("Invalid Status.")),
    }
}
