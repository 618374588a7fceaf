//! What must hold of every snapshot. All of it is asserted here and in the index insertions of `apply`.
//!
//! These are guards against bugs: an operation checks for itself first and answers in AWS's words. A batch that breaks a
//! rule is refused whole and nothing of it is seen.

use super::{Snapshot, apply::Changed, entries, organization};
use crate::model::{AccountId, DeviceOwner, EnabledDevice, Kind, Row, RowKey};

/// The rule that a batch would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrityError {
    /// The batch touches more rows than a batch may.
    #[error("a batch of {0} rows, more than {max}", max = crate::batch::BATCH_OPS_MAX)]
    TooLarge(usize),
    /// The batch was made from another revision than the one it is applied to.
    #[error("a batch made at revision {made} applied at {head}")]
    OtherRevision {
        /// The revision the batch was made from.
        made: u64,
        /// The revision it met.
        head: u64,
    },
    /// Something that is unique exists already.
    #[error("{what} `{value}` exists already")]
    Duplicate {
        /// What it is: a name, a key, an alias.
        what: &'static str,
        /// The value that would stand twice.
        value: String,
    },
    /// A row belongs to an account that does not exist.
    #[error("there is no account {0}")]
    NoAccount(AccountId),
    /// A row to delete does not exist.
    #[error("there is no row {0}")]
    NoRow(RowKey),
    /// A row refers to something that does not exist.
    #[error("{row} refers to {what} `{value}`, which does not exist")]
    Dangling {
        /// The row.
        row: RowKey,
        /// What it refers to.
        what: &'static str,
        /// By which name.
        value: String,
    },
    /// A row to delete, or to rename, is still referred to.
    #[error("{row} is still in use: {why}")]
    InUse {
        /// The row.
        row: RowKey,
        /// By what.
        why: &'static str,
    },
    /// An entity changed what it can never change, or contradicts itself.
    #[error("{row}: {why}")]
    Inconsistent {
        /// The row.
        row: RowKey,
        /// In which way.
        why: &'static str,
    },
}

/// Checks every reference that the changed rows hold or are held by, once all of them are in `next`.
///
/// `changed` maps each row's key to its state before and after.
pub(super) fn check(next: &Snapshot, changed: &Changed) -> Result<(), IntegrityError> {
    for (key, (old, new)) in changed {
        match new {
            Some(new) => check_put(next, key, old.as_ref(), new)?,
            None => check_deleted(next, key, old.as_ref())?,
        }
    }
    Ok(())
}

fn check_put(
    next: &Snapshot,
    key: &RowKey,
    old: Option<&Row>,
    new: &Row,
) -> Result<(), IntegrityError> {
    let inconsistent = |why| IntegrityError::Inconsistent {
        row: key.clone(),
        why,
    };
    let Some(node) = next.account(&key.account) else {
        return Err(IntegrityError::NoAccount(key.account));
    };
    if key.id.is_empty() || entries::map_key(new).is_empty() {
        return Err(inconsistent("without an id or a name"));
    }
    if entries::inline(new).is_some_and(|inline| inline.keys().any(String::is_empty)) {
        return Err(inconsistent("has an inline policy without a name"));
    }
    let dangling = |what, value: &str| IntegrityError::Dangling {
        row: key.clone(),
        what,
        value: value.to_owned(),
    };
    let attached_exist = |arns: &mut dyn Iterator<Item = &String>| {
        for arn in arns {
            // AWS's own policies are not rows; the operation attaching one has looked it up.
            if !arn.starts_with("arn:aws:iam::aws:policy/") {
                match next.customer_policy(arn) {
                    Some(policy) if policy.account == key.account => {}
                    _ => return Err(dangling("policy", arn)),
                }
            }
        }
        Ok(())
    };
    match new {
        Row::Account(_) | Row::Bar(_) => {}
        Row::Group(group) => attached_exist(&mut group.attached.iter())?,
        Row::User(user) => {
            attached_exist(&mut user.attached.iter().chain(&user.boundary))?;
            for group_id in &user.groups {
                if next
                    .group_by_id(group_id)
                    .is_none_or(|group| group.account != user.account)
                {
                    return Err(dangling("group", group_id));
                }
            }
        }
        Row::Role(role) => attached_exist(&mut role.attached.iter().chain(&role.boundary))?,
        Row::InstanceProfile(profile) => {
            if let Some(role_id) = &profile.role
                && next
                    .role_by_id(role_id)
                    .is_none_or(|role| role.account != profile.account)
            {
                return Err(dangling("role", role_id));
            }
        }
        Row::Policy(policy) => {
            if policy.default().is_none() {
                return Err(inconsistent("its default version does not exist"));
            }
            if policy
                .versions
                .keys()
                .any(|version| *version == 0 || *version >= policy.next_version)
            {
                return Err(inconsistent("has a version that is still to come"));
            }
            // The ARN is what others refer by, so a policy in use keeps it.
            if let Some(Row::Policy(old)) = old
                && old.arn() != policy.arn()
                && node
                    .attachments(&old.arn())
                    .is_some_and(|attached| !attached.is_empty())
            {
                return Err(IntegrityError::InUse {
                    row: key.clone(),
                    why: "renamed while attached",
                });
            }
        }
        // Their ARNs are what trust policies name, so they keep them.
        Row::OidcProvider(provider) => {
            if matches!(old, Some(Row::OidcProvider(old)) if old.url != provider.url) {
                return Err(inconsistent("a provider keeps its URL"));
            }
        }
        Row::SamlProvider(provider) => {
            if matches!(old, Some(Row::SamlProvider(old)) if old.name != provider.name) {
                return Err(inconsistent("a provider keeps its name"));
            }
        }
        Row::MfaDevice(device) => {
            if let Some(EnabledDevice {
                owner: DeviceOwner::User(id),
                ..
            }) = &device.enabled
                && next
                    .user_by_id(id)
                    .is_none_or(|user| user.account != device.account)
            {
                return Err(dangling("user", id));
            }
        }
        Row::ServerCertificate(_) => {}
        Row::Organization(_)
        | Row::OrganizationalUnit(_)
        | Row::ControlPolicy(_)
        | Row::Member(_)
        | Row::Handshake(_)
        | Row::AccountRequest(_) => {
            organization::check_put(next, &node.organization, key, old, new)?
        }
        Row::Bucket(bucket) => {
            if matches!(old, Some(Row::Bucket(old)) if old.name != bucket.name) {
                return Err(inconsistent("a bucket keeps its name"));
            }
        }
    }
    Ok(())
}

fn check_deleted(next: &Snapshot, key: &RowKey, old: Option<&Row>) -> Result<(), IntegrityError> {
    let in_use = |why| {
        Err(IntegrityError::InUse {
            row: key.clone(),
            why,
        })
    };
    if key.kind == Kind::Account {
        // `apply` removes an account only when nothing belongs to it; see there.
        if next.organization_of(&key.account).is_some() {
            return in_use("the account is in an organization");
        }
        return Ok(());
    }
    let Some(node) = next.account(&key.account) else {
        return Err(IntegrityError::NoAccount(key.account));
    };
    match old {
        Some(Row::Group(group)) if node.member_count(&group.id) > 0 => {
            in_use("users are in the group")
        }
        Some(Row::User(user))
            if node
                .devices_of(&DeviceOwner::User(user.id.clone()))
                .next()
                .is_some() =>
        {
            in_use("the user has an MFA device")
        }
        Some(Row::Role(role)) if node.profiles_of_role(&role.id).next().is_some() => {
            in_use("the role is in an instance profile")
        }
        Some(Row::Policy(policy))
            if node
                .attachments(&policy.arn())
                .is_some_and(|attached| !attached.is_empty()) =>
        {
            in_use("the policy is attached")
        }
        Some(old) => organization::check_deleted(&node.organization, key, old),
        _ => Ok(()),
    }
}
