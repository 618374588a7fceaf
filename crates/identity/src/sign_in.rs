//! Who somebody is that signs in with a password: right or wrong, and with which of the account's rules to be heeded first.
//!
//! For the console. It asks once, with all that was typed, and learns nothing but an [`Outcome`]: a wrong account, name,
//! password or code is [`Outcome::Refused`], whichever it was, after the same work.

pub mod oauth2;

use std::sync::Arc;

use twinlock_directory::{AccountId, DeviceOwner, LoginProfile, Millis, Snapshot};
use twinlock_gate::{Fault, World};

use crate::{
    mfa,
    passwords::{self, PasswordState},
};

/// What a sign-in came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something is wrong, or has been guessed at too often just now. Which, is nobody's business.
    Refused,
    /// The password is right; a code of one of the person's MFA devices is needed besides.
    CodeNeeded,
    /// The password has expired and only an administrator can set another (HardExpiry).
    Expired,
    /// In, but first of all another password has to be chosen (iam:ChangePassword, by the person itself).
    MustChange(Person),
    /// In.
    In(Person),
}

/// Somebody who has proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// The user's unique id; none: the root user.
    pub user_id: Option<String>,
    /// When it proved itself by MFA, if it did: now.
    pub mfa: Option<Millis>,
}

/// Whom the form and the directory know.
struct Known {
    owner: DeviceOwner,
    /// Under which id guesses at the password are counted, and its last use is kept.
    id: String,
    hash: Option<String>,
    login: Option<LoginProfile>,
}

/// The unique id of whom a sign-in would be tried at (the account's for root), if there is such a person: under it browsers are
/// known, and guesses counted.
pub fn person_id(world: &World, account: Option<AccountId>, user: Option<&str>) -> Option<String> {
    Some(known(&world.directory.published(), &account?, user)?.id)
}

fn known(snapshot: &Snapshot, account: &AccountId, user: Option<&str>) -> Option<Known> {
    // Nobody signs in to a closed account.
    let node = snapshot
        .account(account)
        .filter(|node| node.account.closed.is_none())?;
    Some(match user {
        None => Known {
            owner: DeviceOwner::Root,
            id: account.to_string(),
            hash: node.account.root.password_hash.clone(),
            login: None,
        },
        Some(name) => {
            let user = node.user(name)?;
            Known {
                owner: DeviceOwner::User(user.id.clone()),
                id: user.id.clone(),
                hash: user.login.as_ref().map(|login| login.password_hash.clone()),
                login: user.login.clone(),
            }
        }
    })
}

/// Checks a password, and a code if the person has MFA devices, which it spends. `account` is none if there is none as it was
/// typed; `user` is none for the root user. `counted` is a person's unique id if the caller has counted this try at that person already,
/// under a limit as strict: then the guesses of others do not matter.
///
/// # Errors
/// A fault of the store: the code could not be spent, and nobody is in.
pub async fn sign_in(
    world: &World,
    account: Option<AccountId>,
    user: Option<&str>,
    password: &str,
    code: Option<&str>,
    counted: Option<&str>,
) -> Result<Outcome, Fault> {
    let snapshot = world.directory.published();
    let now = world.clock.now();
    let attempts = world.directory.attempts();
    let found = account.and_then(|account| Some((account, known(&snapshot, &account, user)?)));
    let Some((account, person)) = found else {
        passwords::verify(password, None).await?;
        return Ok(Outcome::Refused);
    };
    let counted = counted == Some(person.id.as_str());
    if !counted && !attempts.begin(&person.id, now) {
        // As slowly as everything else: how fast the no comes must not tell that there is such a person to wait for.
        passwords::verify(password, None).await?;
        return Ok(Outcome::Refused);
    }
    let checked = person.hash.clone();
    if !passwords::verify(password, person.hash).await? {
        return Ok(Outcome::Refused);
    }
    if !counted {
        attempts.succeeded(&person.id);
    }
    let Some(node) = snapshot.account(&account) else {
        return Ok(Outcome::Refused);
    };
    let has_device = node.devices_of(&person.owner).next().is_some();
    let mfa = match (has_device, code) {
        (false, _) => None,
        (true, None) => return Ok(Outcome::CodeNeeded),
        (true, Some(code)) => {
            if !spend(world, &snapshot, account, &person.owner, code, now).await? {
                return Ok(Outcome::Refused);
            }
            Some(now)
        }
    };
    // Checking took a while: whoever has set another password meanwhile has ended this sign-in, too.
    let head = world.directory.published();
    if known(&head, &account, user).is_none_or(|now| now.id != person.id || now.hash != checked) {
        return Ok(Outcome::Refused);
    }
    let state = person.login.as_ref().map_or(PasswordState::Good, |login| {
        passwords::state(login, &node.account, now)
    });
    if state == PasswordState::Expired {
        return Ok(Outcome::Expired);
    }
    world
        .directory
        .last_used()
        .touch(&person.id, now, "signin", &world.settings.region);
    let person = Person {
        account,
        user_id: match person.owner {
            DeviceOwner::User(id) => Some(id),
            DeviceOwner::Root => None,
        },
        mfa,
    };
    Ok(match state {
        PasswordState::MustChange => Outcome::MustChange(person),
        PasswordState::Good | PasswordState::Expired => Outcome::In(person),
    })
}

/// Spends the code of one of the person's devices; false if it is none's.
async fn spend(
    world: &World,
    snapshot: &Arc<Snapshot>,
    account: AccountId,
    owner: &DeviceOwner,
    code: &str,
    now: Millis,
) -> Result<bool, Fault> {
    let attempts = world.directory.attempts();
    let mut devices = snapshot
        .account(&account)
        .into_iter()
        .flat_map(|node| node.devices_of(owner));
    let Some(device) = devices.find(|device| mfa::check(attempts, device, code, now)) else {
        return Ok(false);
    };
    let serial_number = device.serial_number();
    // Nobody is asked: whoever signs in is nobody yet, and what is written is only that the code is spent.
    world
        .settle(|head, batch| {
            let device = head
                .account(&account)
                .and_then(|node| node.mfa_device(&serial_number))
                .filter(|device| {
                    let enabled = device.enabled.as_ref();
                    enabled.is_some_and(|enabled| enabled.owner == *owner)
                });
            let spent = device.and_then(|device| mfa::take(device, code, now));
            let taken = spent.is_some();
            if let Some(spent) = spent {
                batch.put(spent);
            }
            Ok(taken)
        })
        .await
}

#[cfg(test)]
mod tests;
