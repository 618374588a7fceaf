//! Passwords of users for single services. They are made, kept and shown once; none of those services is here to take them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use twinlock_directory::{Batch, Millis, Random, Secret, ServiceSpecificCredential, User, ids};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    about_user::{active, status, take_out},
    common::{Cursor, Subject, arn_of, at, entity_need, no_such, room_for_one},
};

/// The services with passwords, and whether theirs is a bearer token rather than a user name with a password.
const SERVICES: &[(&str, bool)] = &[
    ("bedrock.amazonaws.com", true),
    ("cassandra.amazonaws.com", false),
    ("codecommit.amazonaws.com", false),
];
const DAY_MS: Millis = 86_400_000;

/// Whether the service's credential is a bearer token.
///
/// # Errors
/// `NotSupportedService`.
fn is_token(service: &str) -> Result<bool, Fault> {
    let known = SERVICES.iter().find(|(name, _)| *name == service);
    known.map(|(_, token)| *token).ok_or_else(|| {
        Fault::new(
            "NotSupportedService",
            404,
            format!("The service {service} does not support service-specific credentials."),
        )
    })
}

/// A new password: 32 random bytes in base64, as long as AWS's.
fn password(token: bool, random: &dyn Random) -> Secret {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    let text = STANDARD.encode(*bytes);
    Secret::new(match token {
        true => format!("ABSK{text}"),
        false => text,
    })
}

fn no_such_credential(id: &str) -> Fault {
    no_such(format!("No such credential {id} exists"))
}

/// A credential with its password, which is shown only now.
fn shown(
    credential: &ServiceSpecificCredential,
    password: &Secret,
    user: &User,
) -> shapes::ServiceSpecificCredential {
    let token = is_token(&credential.service).unwrap_or(false);
    let name = Some(credential.user_name.clone());
    let secret = Some(password.expose().to_owned());
    shapes::ServiceSpecificCredential {
        create_date: at(credential.created),
        expiration_date: credential.expires.map(at),
        service_name: credential.service.clone(),
        service_user_name: name.clone().filter(|_| !token),
        service_password: secret.clone().filter(|_| !token),
        service_credential_alias: name.filter(|_| token),
        service_credential_secret: secret.filter(|_| token),
        service_specific_credential_id: credential.id.clone(),
        user_name: user.name.clone(),
        status: status(credential.active),
    }
}

// ---- CreateServiceSpecificCredential ----

const SERVICE_NAME: &str = "iam:ServiceSpecificCredentialServiceName";
const AGE_DAYS: &str = "iam:ServiceSpecificCredentialAgeDays";
const CREATE: Action = Action::new(
    "iam:CreateServiceSpecificCredential",
    &["user"],
    &[SERVICE_NAME, AGE_DAYS],
);

/// Makes a user name and a password for a service, two at most for each.
pub struct CreateServiceSpecificCredential;

impl Operation for CreateServiceSpecificCredential {
    type Input = shapes::CreateServiceSpecificCredentialInput;
    type Output = shapes::CreateServiceSpecificCredentialOutput;
    type Found = Subject;
    const NAME: &'static str = "CreateServiceSpecificCredential";
    const ACTIONS: &'static [Action] = &[CREATE];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let days = input.credential_age_days.map(|days| days.to_string());
        let need = found.need(&CREATE, cx)?;
        let need = need.key(SERVICE_NAME, &*input.service_name);
        Ok(Needs::one(need.key_if(AGE_DAYS, days)))
    }
}

impl Change for CreateServiceSpecificCredential {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(Some(&input.user_name), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        let token = is_token(&input.service_name)?;
        if input.credential_age_days.is_some() && !token {
            return Err(Fault::validation(
                "CredentialAgeDays can be set for long-term API keys only.",
            ));
        }
        let credentials = &user.other_credentials.service_specific;
        let of_service = credentials
            .iter()
            .filter(|one| one.service == input.service_name);
        let have = of_service.clone().count();
        room_for_one(cx, have, "ServiceSpecificCredentialsPerUser")?;
        let names: Vec<&str> = of_service.map(|one| one.user_name.as_str()).collect();
        let name = |number: usize| {
            let more = if number == 0 {
                String::new()
            } else {
                format!("+{number}")
            };
            match token {
                true => format!("BedrockAPIKey{more}-at-{}", user.account),
                false => format!("{}{more}-at-{}", user.name, user.account),
            }
        };
        // As many numbers as there are names, and one more: one of them is free.
        let free = (0..=names.len())
            .map(name)
            .find(|name| !names.contains(&name.as_str()));
        let days = input
            .credential_age_days
            .and_then(|days| u64::try_from(days).ok());
        let password = password(token, &*cx.world.random);
        let credential = ServiceSpecificCredential {
            id: ids::service_credential_id(&*cx.world.random),
            service: input.service_name.clone(),
            user_name: free.ok_or_else(Fault::internal)?,
            password: password.clone().into(),
            active: true,
            created: cx.now,
            expires: days.map(|days| cx.now + days * DAY_MS),
        };
        let answer = shown(&credential, &password, &user);
        user.other_credentials.service_specific.push(credential);
        batch.put(user);
        Ok(shapes::CreateServiceSpecificCredentialOutput {
            service_specific_credential: Some(answer),
        })
    }
}

/// An operation on one credential of a user: which service it is for is a condition key.
macro_rules! on_credential {
    ($(#[$doc:meta])* $name:ident, $action:literal, $input:ident -> $output:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Subject;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &["user"], &[SERVICE_NAME])];

            fn needs(input: &Self::Input, found: &Subject, cx: &Cx<'_>) -> Result<Needs, Fault> {
                let id = &input.service_specific_credential_id;
                let need = found.need(&Self::ACTIONS[0], cx)?;
                Ok(Needs::one(need.key_if(SERVICE_NAME, service_of(found, id))))
            }
        }
    };
}

fn service_of(found: &Subject, id: &str) -> Option<String> {
    let Subject::User(_, Some(user)) = found else {
        return None;
    };
    let mut credentials = user.other_credentials.service_specific.iter();
    let credential = credentials.find(|one| one.id == id);
    credential.map(|one| one.service.clone())
}

// ---- ResetServiceSpecificCredential ----

on_credential! {
    /// Draws another password; the one before is forgotten.
    ResetServiceSpecificCredential, "iam:ResetServiceSpecificCredential",
    ResetServiceSpecificCredentialInput -> ResetServiceSpecificCredentialOutput
}

impl Change for ResetServiceSpecificCredential {
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
        let mut user = User::clone(&*found.user_only()?);
        let id = &input.service_specific_credential_id;
        let credentials = &mut user.other_credentials.service_specific;
        let credential = credentials.iter_mut().find(|one| one.id == *id);
        let credential = credential.ok_or_else(|| no_such_credential(id))?;
        let password = password(is_token(&credential.service)?, &*cx.world.random);
        credential.password = password.clone().into();
        let credential = credential.clone();
        let answer = shown(&credential, &password, &user);
        batch.put(user);
        Ok(shapes::ResetServiceSpecificCredentialOutput {
            service_specific_credential: Some(answer),
        })
    }
}

// ---- UpdateServiceSpecificCredential ----

on_credential! {
    /// Makes a credential usable or not.
    UpdateServiceSpecificCredential, "iam:UpdateServiceSpecificCredential",
    UpdateServiceSpecificCredentialInput -> UpdateServiceSpecificCredentialOutput
}

impl Change for UpdateServiceSpecificCredential {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let active = active(&input.status)?;
        let mut user = User::clone(&*found.user_only()?);
        let id = &input.service_specific_credential_id;
        let credentials = &mut user.other_credentials.service_specific;
        let credential = credentials.iter_mut().find(|one| one.id == *id);
        credential.ok_or_else(|| no_such_credential(id))?.active = active;
        batch.put(user);
        Ok(shapes::UpdateServiceSpecificCredentialOutput {})
    }
}

// ---- DeleteServiceSpecificCredential ----

on_credential! {
    /// Deletes a credential.
    DeleteServiceSpecificCredential, "iam:DeleteServiceSpecificCredential",
    DeleteServiceSpecificCredentialInput -> DeleteServiceSpecificCredentialOutput
}

impl Change for DeleteServiceSpecificCredential {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        let id = &input.service_specific_credential_id;
        let credentials = &mut user.other_credentials.service_specific;
        take_out(credentials, |one| one.id == *id, || no_such_credential(id))?;
        batch.put(user);
        Ok(shapes::DeleteServiceSpecificCredentialOutput {})
    }
}

// ---- ListServiceSpecificCredentials ----

const LIST: Action = Action::new("iam:ListServiceSpecificCredentials", &["user"], &[]);

/// Lists a user's credentials, or those of all users; without their passwords.
pub struct ListServiceSpecificCredentials;

impl Operation for ListServiceSpecificCredentials {
    type Input = shapes::ListServiceSpecificCredentialsInput;
    type Output = shapes::ListServiceSpecificCredentialsOutput;
    /// Nobody in particular for all users.
    type Found = Option<Subject>;
    const NAME: &'static str = "ListServiceSpecificCredentials";
    const ACTIONS: &'static [Action] = &[LIST];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        Ok(Needs::one(match found {
            Some(subject) => subject.need(&LIST, cx)?,
            None => entity_need(&LIST, account, arn_of(account, "user", "*"), &[]),
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
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        if let Some(service) = &input.service_name {
            is_token(service)?;
        }
        let users: Vec<Arc<User>> = match found {
            // Root has none, and is told so.
            Some(subject) => subject.user()?.into_iter().collect(),
            None => cx.account()?.users.values().cloned().collect(),
        };
        let wanted = |one: &ServiceSpecificCredential| {
            input
                .service_name
                .as_ref()
                .is_none_or(|service| *service == one.service)
        };
        let mut all: Vec<(&User, &ServiceSpecificCredential)> = users
            .iter()
            .flat_map(|user| {
                let credentials = &user.other_credentials.service_specific;
                credentials.iter().map(move |one| (&**user, one))
            })
            .filter(|(_, one)| wanted(one))
            .collect();
        all.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        let page = cursor.page(all, |(_, one)| one.id.clone());
        let page = page.map(|(user, one)| {
            let token = is_token(&one.service).unwrap_or(false);
            let name = Some(one.user_name.clone());
            shapes::ServiceSpecificCredentialMetadata {
                user_name: user.name.clone(),
                status: status(one.active),
                service_user_name: name.clone().filter(|_| !token),
                service_credential_alias: name.filter(|_| token),
                create_date: at(one.created),
                expiration_date: one.expires.map(at),
                service_specific_credential_id: one.id.clone(),
                service_name: one.service.clone(),
            }
        });
        Ok(shapes::ListServiceSpecificCredentialsOutput {
            is_truncated: page.is_truncated(),
            service_specific_credentials: page.items,
            marker: page.marker,
        })
    }
}

#[cfg(test)]
mod tests;
