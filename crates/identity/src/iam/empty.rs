//! Lists of what Twinlock has none of, so far or for good: SSH keys, certificates, credentials for single services.
//!
//! Clients ask for them on their way to something else (Terraform before it deletes a user, an auditor's inventory) and
//! must hear that there are none, authorised like any other list, and not that there is no such operation.

use twinlock_directory::AccountId;
use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read};
use twinlock_shapes::iam as shapes;

use super::common::{Cursor, Subject, arn_of, entity_need, list_need};

/// A list about a user: the one named, or the caller.
macro_rules! empty_list_of_user {
    ($(#[$doc:meta])* $name:ident, $action:literal, $input:ident -> $output:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Subject;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &["user"], &[])];

            fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
                Ok(Needs::one(found.need(&Self::ACTIONS[0], cx)?))
            }
        }

        impl Read for $name {
            fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
                Subject::find(input.user_name.as_deref(), cx)
            }

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                _: &Cx<'_>,
            ) -> Result<Self::Output, Fault> {
                found.user()?;
                Cursor::new(input.marker.as_deref(), input.max_items)?;
                Ok(shapes::$output {
                    is_truncated: Some(false),
                    ..Default::default()
                })
            }
        }
    };
}

empty_list_of_user! {
    /// Lists a user's SSH public keys.
    ListSSHPublicKeys, "iam:ListSSHPublicKeys", ListSSHPublicKeysInput -> ListSSHPublicKeysOutput
}
empty_list_of_user! {
    /// Lists a user's signing certificates.
    ListSigningCertificates, "iam:ListSigningCertificates",
    ListSigningCertificatesInput -> ListSigningCertificatesOutput
}

// ---- ListServiceSpecificCredentials ----

const LIST_CREDENTIALS: Action = Action::new("iam:ListServiceSpecificCredentials", &["user"], &[]);

/// Lists a user's credentials for single services, or those of all users.
pub struct ListServiceSpecificCredentials;

impl Operation for ListServiceSpecificCredentials {
    type Input = shapes::ListServiceSpecificCredentialsInput;
    type Output = shapes::ListServiceSpecificCredentialsOutput;
    /// Nobody in particular for all users.
    type Found = Option<Subject>;
    const NAME: &'static str = "ListServiceSpecificCredentials";
    const ACTIONS: &'static [Action] = &[LIST_CREDENTIALS];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(match found {
            Some(subject) => subject.need(&LIST_CREDENTIALS, cx)?,
            None => {
                let all = arn_of(account, "user", "*");
                entity_need(&LIST_CREDENTIALS, account, all, &[])
            }
        }))
    }
}

impl Read for ListServiceSpecificCredentials {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        let all = input.user_name.is_none() && input.all_users == Some(true);
        (!all).then(|| Subject::find(input.user_name.as_deref(), cx))
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        found.map(Subject::user).transpose()?;
        Cursor::new(input.marker.as_deref(), input.max_items)?;
        Ok(shapes::ListServiceSpecificCredentialsOutput {
            is_truncated: Some(false),
            ..Default::default()
        })
    }
}

// ---- lists of the account ----

/// An answer about the whole account, asked on no resource: its need from the action, the account and the input, and what
/// it says.
macro_rules! none_in_account {
    (
        $(#[$doc:meta])* $name:ident, $input:ident -> $output:ident, $action:literal,
        $need:expr, $answer:expr
    ) => {
        $(#[$doc])*
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = ();
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &[], &[])];

            fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
                let need: fn(&Action, AccountId, &Self::Input) -> Need = $need;
                Ok(Needs::one(need(&Self::ACTIONS[0], cx.account_id()?, input)))
            }
        }

        impl Read for $name {
            fn find(_: &Self::Input, _: &Cx<'_>) {}

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                (): (),
                cx: &Cx<'_>,
            ) -> Result<Self::Output, Fault> {
                let answer: fn(AccountId, &Self::Input) -> Result<Self::Output, Fault> = $answer;
                answer(cx.account_id()?, input)
            }
        }
    };
}

/// The ARN that stands for everything of `kind` under a PathPrefix, which is `/` if there is none.
fn under_path(account: AccountId, kind: &str, path: Option<&str>) -> String {
    format!("arn:aws:iam::{account}:{kind}{}", path.unwrap_or("/"))
}

/// The one page of an empty list; a Marker must be one of ours all the same.
macro_rules! empty_page {
    ($output:ident) => {
        |_, input| {
            Cursor::new(input.marker.as_deref(), input.max_items)?;
            Ok(shapes::$output {
                is_truncated: Some(false),
                ..Default::default()
            })
        }
    };
}

none_in_account! {
    /// Lists the account's certificates for HTTPS.
    ListServerCertificates, ListServerCertificatesInput -> ListServerCertificatesOutput,
    "iam:ListServerCertificates",
    |action, account, input| {
        list_need(action, under_path(account, "server-certificate", input.path_prefix.as_deref()))
    },
    empty_page!(ListServerCertificatesOutput)
}

#[cfg(test)]
mod tests;
