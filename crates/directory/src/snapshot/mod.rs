//! The whole directory at one revision, in memory, immutable: what every request is authorised on.
//!
//! The maps are persistent: a new snapshot shares all but the changed paths with the one before, so that a change costs
//! microseconds at any size and readers keep theirs for as long as they like. Names are ordered within an account, since
//! listings page through them; the global indexes are hashed.

mod account;
mod apply;
mod entries;
mod integrity;
mod organization;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, ops::Bound, sync::Arc};

use rpds::{HashTrieMapSync, RedBlackTreeMapSync, RedBlackTreeSetSync};

pub use account::{AccountNode, Attachments, Names, names_after};
pub use integrity::IntegrityError;
pub use organization::{InOrganization, OrganizationNode, Target, UNIT_DEPTH_MAX, full_access};

use crate::model::{
    AccessKey, AccountId, Bucket, Group, InstanceProfile, Kind, ManagedPolicy, MfaDevice,
    OidcProvider, Role, SamlProvider, ServerCertificate, User,
};

/// The directory at one revision.
#[derive(Debug, Clone)]
pub struct Snapshot {
    revision: u64,
    accounts: RedBlackTreeMapSync<AccountId, Arc<AccountNode>>,
    buckets: RedBlackTreeMapSync<String, Arc<Bucket>>,
    indexes: Indexes,
    external: Arc<BTreeSet<AccountId>>,
}

/// What is unique over all accounts.
#[derive(Debug, Clone)]
struct Indexes {
    unique_ids: HashTrieMapSync<String, Place>,
    access_keys: HashTrieMapSync<String, KeyPlace>,
    aliases: HashTrieMapSync<String, AccountId>,
    emails: HashTrieMapSync<String, AccountId>,
    canonical_ids: HashTrieMapSync<String, AccountId>,
    /// The management account of the organization that an account is in.
    memberships: HashTrieMapSync<AccountId, AccountId>,
    /// Ids of the handshakes that were sent to an account.
    invitations: HashTrieMapSync<AccountId, RedBlackTreeSetSync<String>>,
}

/// Where an entity with a unique id is found: its account's map, by the key of its name (a bucket by its name).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    kind: Kind,
    account: AccountId,
    name_key: String,
}

/// Whose an access key is: a user's by the key of the name, or root's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPlace {
    account: AccountId,
    user: Option<String>,
}

/// An entity found by its unique id.
#[derive(Debug, Clone, Copy)]
pub enum Entity<'a> {
    /// `AIDA…`
    User(&'a Arc<User>),
    /// `AGPA…`
    Group(&'a Arc<Group>),
    /// `AROA…`
    Role(&'a Arc<Role>),
    /// `ANPA…`
    Policy(&'a Arc<ManagedPolicy>),
    /// `AIPA…`
    InstanceProfile(&'a Arc<InstanceProfile>),
    /// A virtual MFA device's id, which is our own.
    MfaDevice(&'a Arc<MfaDevice>),
    /// `ASCA…`
    ServerCertificate(&'a Arc<ServerCertificate>),
    /// A bucket's id.
    Bucket(&'a Arc<Bucket>),
    /// An OpenID Connect provider's id.
    OidcProvider(&'a Arc<OidcProvider>),
    /// A SAML provider's UUID.
    SamlProvider(&'a Arc<SamlProvider>),
}

impl Entity<'_> {
    /// The entity's ARN, as policies print the principal it stands for.
    pub fn arn(&self) -> String {
        match self {
            Entity::User(user) => user.arn(),
            Entity::Group(group) => group.arn(),
            Entity::Role(role) => role.arn(),
            Entity::Policy(policy) => policy.arn(),
            Entity::InstanceProfile(profile) => profile.arn(),
            Entity::MfaDevice(device) => device.serial_number(),
            Entity::ServerCertificate(certificate) => certificate.arn(),
            Entity::Bucket(bucket) => bucket.arn(),
            Entity::OidcProvider(provider) => provider.arn(),
            Entity::SamlProvider(provider) => provider.arn(),
        }
    }
}

/// A long-term access key with its owner.
#[derive(Debug, Clone, Copy)]
pub struct KeyOwner<'a> {
    /// The owner's account.
    pub account: &'a Arc<AccountNode>,
    /// The user; nothing means that the key is the root user's.
    pub user: Option<&'a Arc<User>>,
    /// The key itself.
    pub key: &'a AccessKey,
}

impl Snapshot {
    /// A directory with nothing in it, at revision 0. `external` are the accounts elsewhere that policies may name.
    pub fn empty(external: BTreeSet<AccountId>) -> Snapshot {
        Snapshot {
            revision: 0,
            accounts: RedBlackTreeMapSync::new_sync(),
            buckets: RedBlackTreeMapSync::new_sync(),
            indexes: Indexes {
                unique_ids: HashTrieMapSync::new_sync(),
                access_keys: HashTrieMapSync::new_sync(),
                aliases: HashTrieMapSync::new_sync(),
                emails: HashTrieMapSync::new_sync(),
                canonical_ids: HashTrieMapSync::new_sync(),
                memberships: HashTrieMapSync::new_sync(),
                invitations: HashTrieMapSync::new_sync(),
            },
            external: Arc::new(external),
        }
    }

    /// How many batches led here.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The account with this id.
    pub fn account(&self, id: &AccountId) -> Option<&Arc<AccountNode>> {
        self.accounts.get(id)
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<AccountNode>> {
        self.accounts.values()
    }

    /// Whether `id` is an account elsewhere that policies here may name.
    pub fn is_external(&self, id: &AccountId) -> bool {
        self.external.contains(id)
    }

    /// The entity with this unique id (`AIDA…`, `AROA…`, `AGPA…`, `ANPA…`, a bucket's id).
    pub fn by_unique_id(&self, id: &str) -> Option<Entity<'_>> {
        let place = self.indexes.unique_ids.get(id)?;
        let name = place.name_key.as_str();
        if place.kind == Kind::Bucket {
            return self.buckets.get(name).map(Entity::Bucket);
        }
        let account = self.accounts.get(&place.account)?;
        match place.kind {
            Kind::User => account.users.get(name).map(Entity::User),
            Kind::Group => account.groups.get(name).map(Entity::Group),
            Kind::Role => account.roles.get(name).map(Entity::Role),
            Kind::Policy => account.policies.get(name).map(Entity::Policy),
            Kind::InstanceProfile => account
                .instance_profiles
                .get(name)
                .map(Entity::InstanceProfile),
            Kind::OidcProvider => account.oidc_providers.get(name).map(Entity::OidcProvider),
            Kind::SamlProvider => account.saml_providers.get(name).map(Entity::SamlProvider),
            Kind::MfaDevice => account.mfa_devices.get(name).map(Entity::MfaDevice),
            Kind::ServerCertificate => {
                let certificate = account.server_certificates.get(name);
                certificate.map(Entity::ServerCertificate)
            }
            Kind::Account
            | Kind::Bucket
            | Kind::Bar
            | Kind::Organization
            | Kind::OrganizationalUnit
            | Kind::ControlPolicy
            | Kind::Member
            | Kind::Handshake
            | Kind::AccountRequest => None,
        }
    }

    /// The user with this unique id.
    pub fn user_by_id(&self, id: &str) -> Option<&Arc<User>> {
        match self.by_unique_id(id)? {
            Entity::User(user) => Some(user),
            _ => None,
        }
    }

    /// The role with this unique id.
    pub fn role_by_id(&self, id: &str) -> Option<&Arc<Role>> {
        match self.by_unique_id(id)? {
            Entity::Role(role) => Some(role),
            _ => None,
        }
    }

    /// The group with this unique id.
    pub fn group_by_id(&self, id: &str) -> Option<&Arc<Group>> {
        match self.by_unique_id(id)? {
            Entity::Group(group) => Some(group),
            _ => None,
        }
    }

    /// The bucket with this unique id.
    pub fn bucket_by_id(&self, id: &str) -> Option<&Arc<Bucket>> {
        match self.by_unique_id(id)? {
            Entity::Bucket(bucket) => Some(bucket),
            _ => None,
        }
    }

    /// The long-term access key with this id, active or not, and its owner.
    pub fn access_key(&self, id: &str) -> Option<KeyOwner<'_>> {
        let place = self.indexes.access_keys.get(id)?;
        let account = self.accounts.get(&place.account)?;
        let (user, keys) = match &place.user {
            Some(name) => {
                let user = account.users.get(name.as_str())?;
                (Some(user), &user.access_keys)
            }
            None => (None, &account.account.root.access_keys),
        };
        let key = keys.iter().find(|key| key.id == id)?;
        Some(KeyOwner { account, user, key })
    }

    /// The account with this sign-in alias.
    pub fn account_by_alias(&self, alias: &str) -> Option<&Arc<AccountNode>> {
        self.account(self.indexes.aliases.get(alias)?)
    }

    /// The account whose root user has this e-mail address; case does not count.
    pub fn account_by_email(&self, email: &str) -> Option<&Arc<AccountNode>> {
        self.account(self.indexes.emails.get(&email.to_lowercase())?)
    }

    /// The account that S3 knows by this canonical id.
    pub fn account_by_canonical_id(&self, id: &str) -> Option<&Arc<AccountNode>> {
        self.account(self.indexes.canonical_ids.get(id)?)
    }

    /// The customer-managed policy with this ARN. AWS's own policies are not here but in `managed`.
    pub fn customer_policy(&self, arn: &str) -> Option<&Arc<ManagedPolicy>> {
        let rest = arn.strip_prefix("arn:aws:iam::")?;
        let (account, path) = rest.split_once(":policy/")?;
        let account = self.account(&account.parse().ok()?)?;
        let name = path.rsplit('/').next()?;
        let policy = account.policy(name)?;
        // The name finds it without regard to case; an ARN is compared as it stands.
        (policy.arn() == arn).then_some(policy)
    }

    /// The OpenID Connect provider with this ARN.
    pub fn oidc_provider(&self, arn: &str) -> Option<&Arc<OidcProvider>> {
        let (account, url) = arn
            .strip_prefix("arn:aws:iam::")?
            .split_once(":oidc-provider/")?;
        self.account(&account.parse().ok()?)?.oidc_provider(url)
    }

    /// The SAML provider with this ARN.
    pub fn saml_provider(&self, arn: &str) -> Option<&Arc<SamlProvider>> {
        let (account, name) = arn
            .strip_prefix("arn:aws:iam::")?
            .split_once(":saml-provider/")?;
        let provider = self.account(&account.parse().ok()?)?.saml_provider(name)?;
        // The name finds it without regard to case; an ARN is compared as it stands.
        (provider.name == name).then_some(provider)
    }

    /// The bucket with this name.
    pub fn bucket(&self, name: &str) -> Option<&Arc<Bucket>> {
        self.buckets.get(name)
    }

    /// All buckets, by name.
    pub fn buckets(&self) -> impl Iterator<Item = &Arc<Bucket>> {
        self.buckets.values()
    }

    /// The account's buckets by name, beginning after the name `after` (an empty one: from the start).
    pub fn buckets_of<'a>(
        &'a self,
        account: &AccountId,
        after: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Bucket>> + use<'a> {
        let node = self.accounts.get(account);
        node.into_iter()
            .flat_map(move |node| {
                node.bucket_names
                    .range::<str, _>((Bound::Excluded(after), Bound::Unbounded))
            })
            .filter_map(|name| self.buckets.get(name))
    }
}
