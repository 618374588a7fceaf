//! What each row adds to the indexes. An update compares the entries of the old and the new row and touches only those
//! that differ, so adding a user to a group leaves the indexes of the user's keys and policies alone.

use crate::model::{AccountId, InlinePolicies, Kind, Row, name_key};

use super::{KeyPlace, Place};

/// One entry of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// An entity by its unique id.
    UniqueId(String, Place),
    /// An access key by its id.
    AccessKey(String, KeyPlace),
    /// A user (lower-cased name) in a group (unique id).
    Member { group_id: String, user: String },
    /// An MFA device (lower-cased name) of a user (unique id) or of root.
    Device { owner: String, device: String },
    /// An instance profile (lower-cased name) with a role (unique id) in it.
    ProfileOfRole { role_id: String, profile: String },
    /// A managed policy (ARN) on an entity (lower-cased name).
    Attached {
        policy_arn: String,
        to: AttachedTo,
        name: String,
    },
    /// An account by its alias.
    Alias(String),
    /// An account by its e-mail address, lower-cased.
    Email(String),
    /// An account by its canonical id.
    CanonicalId(String),
    /// A bucket's name among those of its account.
    BucketName(String),
    /// An account in an organization.
    Membership(AccountId),
    /// A handshake sent to an account.
    Invitation { target: AccountId, id: String },
}

/// In which way an entity refers to a managed policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttachedTo {
    User,
    Group,
    Role,
    BoundaryOfUser,
    BoundaryOfRole,
}

/// Under which name the row stands in its map; accounts stand under their id.
pub(super) fn map_key(row: &Row) -> String {
    match row {
        Row::Account(account) => account.id.to_string(),
        Row::Group(group) => name_key(&group.name),
        Row::Policy(policy) => name_key(&policy.name),
        Row::User(user) => name_key(&user.name),
        Row::Role(role) => name_key(&role.name),
        Row::InstanceProfile(profile) => name_key(&profile.name),
        Row::MfaDevice(device) => name_key(&device.name),
        Row::ServerCertificate(certificate) => name_key(&certificate.name),
        Row::Bucket(bucket) => bucket.name.clone(),
        Row::OidcProvider(provider) => provider.url.clone(),
        Row::SamlProvider(provider) => name_key(&provider.name),
        Row::Bar(bar) => bar.id(),
        Row::Organization(row) => row.id.clone(),
        Row::OrganizationalUnit(row) => row.id.clone(),
        Row::ControlPolicy(row) => row.id.clone(),
        Row::Member(row) => row.id.to_string(),
        Row::Handshake(row) => row.id.clone(),
        Row::AccountRequest(row) => row.id.clone(),
    }
}

/// All index entries of the row.
pub(super) fn entries(row: &Row) -> Vec<Entry> {
    let mut entries = Vec::new();
    let key = map_key(row);
    match row {
        Row::Account(account) => {
            entries.extend(account.alias.clone().map(Entry::Alias));
            if !account.email.is_empty() {
                entries.push(Entry::Email(account.email.to_lowercase()));
            }
            entries.push(Entry::CanonicalId(account.canonical_id.clone()));
            for access_key in &account.root.access_keys {
                let place = KeyPlace {
                    account: account.id,
                    user: None,
                };
                entries.push(Entry::AccessKey(access_key.id.clone(), place));
            }
        }
        Row::Group(group) => {
            entries.push(unique_id(Kind::Group, group.account, &group.id, &key));
            attached(&mut entries, AttachedTo::Group, &group.attached, &key);
        }
        Row::Policy(policy) => {
            entries.push(unique_id(Kind::Policy, policy.account, &policy.id, &key));
        }
        Row::User(user) => {
            entries.push(unique_id(Kind::User, user.account, &user.id, &key));
            for access_key in &user.access_keys {
                let place = KeyPlace {
                    account: user.account,
                    user: Some(key.clone()),
                };
                entries.push(Entry::AccessKey(access_key.id.clone(), place));
            }
            for group_id in &user.groups {
                entries.push(Entry::Member {
                    group_id: group_id.clone(),
                    user: key.clone(),
                });
            }
            attached(&mut entries, AttachedTo::User, &user.attached, &key);
            attached(
                &mut entries,
                AttachedTo::BoundaryOfUser,
                &user.boundary,
                &key,
            );
        }
        Row::Role(role) => {
            entries.push(unique_id(Kind::Role, role.account, &role.id, &key));
            attached(&mut entries, AttachedTo::Role, &role.attached, &key);
            attached(
                &mut entries,
                AttachedTo::BoundaryOfRole,
                &role.boundary,
                &key,
            );
        }
        Row::MfaDevice(device) => {
            entries.push(unique_id(Kind::MfaDevice, device.account, &device.id, &key));
            if let Some(enabled) = &device.enabled {
                entries.push(Entry::Device {
                    owner: enabled.owner.key().to_owned(),
                    device: key,
                });
            }
        }
        Row::ServerCertificate(certificate) => {
            let (account, id) = (certificate.account, &certificate.id);
            entries.push(unique_id(Kind::ServerCertificate, account, id, &key));
        }
        Row::InstanceProfile(profile) => {
            let kind = Kind::InstanceProfile;
            entries.push(unique_id(kind, profile.account, &profile.id, &key));
            entries.extend(profile.role.clone().map(|role_id| Entry::ProfileOfRole {
                role_id,
                profile: key,
            }));
        }
        Row::Bucket(bucket) => {
            entries.push(unique_id(Kind::Bucket, bucket.account, &bucket.id, &key));
            entries.push(Entry::BucketName(key));
        }
        Row::OidcProvider(provider) => entries.push(unique_id(
            Kind::OidcProvider,
            provider.account,
            &provider.id,
            &key,
        )),
        Row::SamlProvider(provider) => entries.push(unique_id(
            Kind::SamlProvider,
            provider.account,
            &provider.id,
            &key,
        )),
        // Found by its name alone.
        Row::Bar(_) => {}
        Row::Member(row) => entries.push(Entry::Membership(row.id)),
        Row::Handshake(row) => {
            entries.extend(row.target.map(|target| Entry::Invitation {
                target,
                id: row.id.clone(),
            }));
            entries.push(unique_id(Kind::Handshake, row.account, &row.id, &key));
        }
        Row::Organization(row) => {
            entries.push(unique_id(Kind::Organization, row.account, &row.id, &key));
        }
        Row::OrganizationalUnit(row) => {
            entries.push(unique_id(
                Kind::OrganizationalUnit,
                row.account,
                &row.id,
                &key,
            ));
        }
        Row::ControlPolicy(row) => {
            entries.push(unique_id(Kind::ControlPolicy, row.account, &row.id, &key));
        }
        Row::AccountRequest(row) => {
            entries.push(unique_id(Kind::AccountRequest, row.account, &row.id, &key));
        }
    }
    entries
}

fn unique_id(kind: Kind, account: AccountId, id: &str, name_key: &str) -> Entry {
    let place = Place {
        kind,
        account,
        name_key: name_key.to_owned(),
    };
    Entry::UniqueId(id.to_owned(), place)
}

fn attached<'a>(
    entries: &mut Vec<Entry>,
    to: AttachedTo,
    arns: impl IntoIterator<Item = &'a String>,
    name: &str,
) {
    entries.extend(arns.into_iter().map(|arn| Entry::Attached {
        policy_arn: arn.clone(),
        to,
        name: name.to_owned(),
    }));
}

/// The inline policies of a row that has any kind of them; for checks that look at every policy.
pub(super) fn inline(row: &Row) -> Option<&InlinePolicies> {
    match row {
        Row::Group(group) => Some(&group.inline),
        Row::User(user) => Some(&user.inline),
        Row::Role(role) => Some(&role.inline),
        Row::Account(_)
        | Row::Policy(_)
        | Row::InstanceProfile(_)
        | Row::Bucket(_)
        | Row::OidcProvider(_)
        | Row::SamlProvider(_)
        | Row::Bar(_) => None,
        Row::MfaDevice(_) | Row::ServerCertificate(_) => None,
        Row::Organization(_)
        | Row::OrganizationalUnit(_)
        | Row::ControlPolicy(_)
        | Row::Member(_)
        | Row::Handshake(_)
        | Row::AccountRequest(_) => None,
    }
}
