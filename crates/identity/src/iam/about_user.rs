//! What the operations on a user's smaller belongings have in common: certificates, SSH keys, passwords of single services.

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

use twinlock_gate::Fault;

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
