//! From one snapshot to the next: the only code that changes an index.

use std::{collections::BTreeMap, sync::Arc};

use rpds::{HashTrieMapSync, RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::{
    AccountNode, Attachments, Indexes, IntegrityError, Snapshot,
    entries::{AttachedTo, Entry, entries, map_key},
    integrity,
};
use crate::{
    batch::{BATCH_OPS_MAX, Batch, Change},
    model::{AccountId, Bucket, Kind, Row, RowKey},
};

/// What was there and what is to be there, by key.
pub(super) type Changed = BTreeMap<RowKey, (Option<Row>, Option<Row>)>;

/// A changed row's key, its state before and after, and the index entries that go and come with the change.
type Difference<'a> = (
    &'a RowKey,
    &'a Option<Row>,
    &'a Option<Row>,
    Vec<Entry>,
    Vec<Entry>,
);

impl Snapshot {
    /// The snapshot after `batch`, one revision further. An empty batch is a revision too.
    ///
    /// # Errors
    /// The rule that the batch would break. This snapshot stays as it is in any case.
    pub fn apply(&self, batch: &Batch) -> Result<Snapshot, IntegrityError> {
        if batch.len() > BATCH_OPS_MAX {
            return Err(IntegrityError::TooLarge(batch.len()));
        }
        if batch.revision() != self.revision {
            return Err(IntegrityError::OtherRevision {
                made: batch.revision(),
                head: self.revision,
            });
        }
        let mut next = self.clone();
        next.apply_changes(batch.changes().iter().cloned())?;
        next.revision += 1;
        Ok(next)
    }

    /// The snapshot of these rows at `revision`, as a store loaded them into an empty one. Rows may come in any order.
    pub(crate) fn load(
        mut self,
        revision: u64,
        rows: Vec<Row>,
    ) -> Result<Snapshot, IntegrityError> {
        // Nothing was there before, so that nobody looks for it: a start waits for this.
        let changed = rows.into_iter().map(|row| (row.key(), (None, Some(row))));
        self.apply_changed(&changed.collect())?;
        self.revision = revision;
        Ok(self)
    }

    /// Finds what was there before under every key, and applies.
    fn apply_changes(
        &mut self,
        changes: impl Iterator<Item = Change>,
    ) -> Result<(), IntegrityError> {
        let mut changed = Changed::new();
        for change in changes {
            let key = change.key();
            let new = match change {
                Change::Put(row) => Some(row),
                Change::Delete(_) => None,
            };
            match changed.get_mut(&key) {
                Some((_, later)) => *later = new,
                None => {
                    let old = self.row(&key);
                    if old.is_none() && new.is_none() {
                        return Err(IntegrityError::NoRow(key));
                    }
                    changed.insert(key, (old, new));
                }
            }
        }
        self.apply_changed(&changed)
    }

    /// Takes the old entries of all changed rows away before any new one comes, so that two entities can swap names
    /// within a batch, then puts the new ones, then checks every reference.
    fn apply_changed(&mut self, changed: &Changed) -> Result<(), IntegrityError> {
        // Keys order by kind, accounts first: an account exists before what belongs to it is put. The loops take the
        // rows of one account together, so that its node is copied once in a batch.
        for (key, (old, new)) in changed {
            if let (Kind::Account, None, Some(Row::Account(account))) = (key.kind, old, new) {
                let node = Arc::new(AccountNode::new(account.clone()));
                self.accounts.insert_mut(key.account, node);
            }
        }
        let differences: Vec<Difference<'_>> = changed
            .iter()
            .map(|(key, (old, new))| {
                let mut gone = old.as_ref().map(entries).unwrap_or_default();
                let mut come = new.as_ref().map(entries).unwrap_or_default();
                if !gone.is_empty() {
                    let kept: Vec<Entry> = gone
                        .iter()
                        .filter(|entry| come.contains(entry))
                        .cloned()
                        .collect();
                    gone.retain(|entry| !kept.contains(entry));
                    come.retain(|entry| !kept.contains(entry));
                }
                (key, old, new, gone, come)
            })
            .collect();
        for (key, old, new, gone, _) in &differences {
            if !gone.is_empty() {
                let node = node_mut(&mut self.accounts, key.account)?;
                for entry in gone {
                    node.remove_entry(entry);
                    self.indexes.remove_entry(entry);
                }
            }
            if let Some(old) = old
                && new.as_ref().is_none_or(|new| map_key(new) != map_key(old))
                && key.kind != Kind::Account
            {
                self.remove_from_map(key.account, old)?;
            }
        }
        self.insert(&differences)?;
        integrity::check(self, changed)?;
        // Accounts go last, when their own entities have gone.
        for (key, (_, new)) in changed {
            if key.kind == Kind::Account && new.is_none() {
                if self
                    .account(&key.account)
                    .is_some_and(|node| !node.is_empty())
                {
                    return Err(IntegrityError::InUse {
                        row: key.clone(),
                        why: "something belongs to the account",
                    });
                }
                self.accounts.remove_mut(&key.account);
            }
        }
        Ok(())
    }

    /// Puts what comes into the accounts and into the indexes over all of them. In a bulk load the two are filled at the
    /// same time: they share nothing, and starting is to take less than 50 ms.
    fn insert(&mut self, differences: &[Difference<'_>]) -> Result<(), IntegrityError> {
        let Snapshot {
            accounts,
            buckets,
            indexes,
            ..
        } = self;
        let fill_accounts = || {
            for (key, old, new, _, come) in differences {
                if let Some(new) = new {
                    put_in_map(accounts, buckets, key.account, old.as_ref(), new)?;
                }
                let node = node_mut(accounts, key.account)?;
                come.iter().for_each(|entry| node.insert_entry(entry));
            }
            Ok(())
        };
        let fill_indexes = || {
            for (key, _, _, _, come) in differences {
                for entry in come {
                    indexes.insert_entry(key.account, entry)?;
                }
            }
            Ok(())
        };
        if differences.len() <= BATCH_OPS_MAX {
            let mut fill_accounts = fill_accounts;
            let mut fill_indexes = fill_indexes;
            return fill_accounts().and_then(|()| fill_indexes());
        }
        std::thread::scope(|scope| {
            let mut fill_accounts = fill_accounts;
            let indexes = scope.spawn(fill_indexes);
            let accounts = fill_accounts();
            match indexes.join() {
                Ok(indexes) => accounts.and(indexes),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// The row under this key, as it is now.
    pub fn row(&self, key: &RowKey) -> Option<Row> {
        if key.kind == Kind::Account {
            let node = self.account(&key.account)?;
            return Some(Row::Account(node.account.clone()));
        }
        if key.kind == Kind::Bar {
            let bar = self.account(&key.account)?.bar(&key.id)?;
            return Some(Row::Bar(bar.clone()));
        }
        if let Some(row) = self.account(&key.account)?.organization.row(key) {
            return Some(row);
        }
        let row = match self.by_unique_id(&key.id)? {
            super::Entity::User(user) => Row::User(user.clone()),
            super::Entity::Group(group) => Row::Group(group.clone()),
            super::Entity::Role(role) => Row::Role(role.clone()),
            super::Entity::Policy(policy) => Row::Policy(policy.clone()),
            super::Entity::InstanceProfile(profile) => Row::InstanceProfile(profile.clone()),
            super::Entity::MfaDevice(device) => Row::MfaDevice(device.clone()),
            super::Entity::ServerCertificate(certificate) => {
                Row::ServerCertificate(certificate.clone())
            }
            super::Entity::Bucket(bucket) => Row::Bucket(bucket.clone()),
            super::Entity::OidcProvider(provider) => Row::OidcProvider(provider.clone()),
            super::Entity::SamlProvider(provider) => Row::SamlProvider(provider.clone()),
        };
        (row.key() == *key).then_some(row)
    }

    /// Every row, for writing the directory out whole.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        let owned = self.accounts().flat_map(|node| {
            std::iter::once(Row::Account(node.account.clone()))
                .chain(node.groups.values().cloned().map(Row::Group))
                .chain(node.policies.values().cloned().map(Row::Policy))
                .chain(node.users.values().cloned().map(Row::User))
                .chain(node.roles.values().cloned().map(Row::Role))
                .chain(
                    node.instance_profiles
                        .values()
                        .cloned()
                        .map(Row::InstanceProfile),
                )
                .chain(node.oidc_providers.values().cloned().map(Row::OidcProvider))
                .chain(node.saml_providers.values().cloned().map(Row::SamlProvider))
                .chain(node.bars.values().cloned().map(Row::Bar))
                .chain(node.mfa_devices.values().cloned().map(Row::MfaDevice))
                .chain(
                    node.server_certificates
                        .values()
                        .cloned()
                        .map(Row::ServerCertificate),
                )
                .chain(node.organization.rows())
        });
        owned.chain(self.buckets().cloned().map(Row::Bucket))
    }

    fn remove_from_map(&mut self, account: AccountId, row: &Row) -> Result<(), IntegrityError> {
        let name = map_key(row);
        let node = node_mut(&mut self.accounts, account)?;
        match row {
            Row::Account(_) => false,
            Row::Bucket(_) => self.buckets.remove_mut(&name),
            Row::Group(_) => node.groups.remove_mut(&name),
            Row::Policy(_) => node.policies.remove_mut(&name),
            Row::User(_) => node.users.remove_mut(&name),
            Row::Role(_) => node.roles.remove_mut(&name),
            Row::InstanceProfile(_) => node.instance_profiles.remove_mut(&name),
            Row::OidcProvider(_) => node.oidc_providers.remove_mut(&name),
            Row::SamlProvider(_) => node.saml_providers.remove_mut(&name),
            Row::Bar(_) => node.bars.remove_mut(&name),
            Row::MfaDevice(_) => node.mfa_devices.remove_mut(&name),
            Row::ServerCertificate(_) => node.server_certificates.remove_mut(&name),
            Row::Organization(_)
            | Row::OrganizationalUnit(_)
            | Row::ControlPolicy(_)
            | Row::Member(_)
            | Row::Handshake(_)
            | Row::AccountRequest(_) => Arc::make_mut(&mut node.organization).remove(row),
        };
        Ok(())
    }
}

type Accounts = RedBlackTreeMapSync<AccountId, Arc<AccountNode>>;

/// The account's node, ours alone to change: copied if an earlier snapshot holds it too.
fn node_mut(
    accounts: &mut Accounts,
    account: AccountId,
) -> Result<&mut AccountNode, IntegrityError> {
    let node = accounts
        .get_mut(&account)
        .ok_or(IntegrityError::NoAccount(account))?;
    Ok(Arc::make_mut(node))
}

fn put_in_map(
    accounts: &mut Accounts,
    buckets: &mut RedBlackTreeMapSync<String, Arc<Bucket>>,
    account: AccountId,
    old: Option<&Row>,
    new: &Row,
) -> Result<(), IntegrityError> {
    let name = map_key(new);
    let moves = old.is_none_or(|old| map_key(old) != name);
    let node = node_mut(accounts, account)?;
    match new {
        Row::Account(account) => {
            node.account = account.clone();
            Ok(())
        }
        Row::Bucket(bucket) => put_name(buckets, "bucket", name, bucket, moves),
        Row::Group(group) => put_name(&mut node.groups, "group", name, group, moves),
        Row::Policy(policy) => put_name(&mut node.policies, "policy", name, policy, moves),
        Row::User(user) => put_name(&mut node.users, "user", name, user, moves),
        Row::Role(role) => put_name(&mut node.roles, "role", name, role, moves),
        Row::InstanceProfile(profile) => put_name(
            &mut node.instance_profiles,
            "instance profile",
            name,
            profile,
            moves,
        ),
        Row::OidcProvider(provider) => put_name(
            &mut node.oidc_providers,
            "OIDC provider",
            name,
            provider,
            moves,
        ),
        Row::SamlProvider(provider) => put_name(
            &mut node.saml_providers,
            "SAML provider",
            name,
            provider,
            moves,
        ),
        Row::Bar(bar) => put_name(&mut node.bars, "bar", name, bar, moves),
        Row::MfaDevice(device) => {
            put_name(&mut node.mfa_devices, "MFA device", name, device, moves)
        }
        Row::ServerCertificate(certificate) => put_name(
            &mut node.server_certificates,
            "server certificate",
            name,
            certificate,
            moves,
        ),
        Row::Organization(_)
        | Row::OrganizationalUnit(_)
        | Row::ControlPolicy(_)
        | Row::Member(_)
        | Row::Handshake(_)
        | Row::AccountRequest(_) => Arc::make_mut(&mut node.organization).put(new),
    }
}

/// Whoever moves to a name must find it free; who stays replaces only itself.
fn put_name<T>(
    names: &mut RedBlackTreeMapSync<String, Arc<T>>,
    what: &'static str,
    name: String,
    entity: &Arc<T>,
    moves: bool,
) -> Result<(), IntegrityError> {
    if moves && names.contains_key(&name) {
        return Err(IntegrityError::Duplicate { what, value: name });
    }
    names.insert_mut(name, entity.clone());
    Ok(())
}

impl Indexes {
    fn remove_entry(&mut self, entry: &Entry) {
        match entry {
            Entry::UniqueId(id, _) => self.unique_ids.remove_mut(id),
            Entry::AccessKey(id, _) => self.access_keys.remove_mut(id),
            Entry::Alias(alias) => self.aliases.remove_mut(alias),
            Entry::Email(email) => self.emails.remove_mut(email),
            Entry::CanonicalId(id) => self.canonical_ids.remove_mut(id),
            Entry::Member { .. }
            | Entry::Device { .. }
            | Entry::ProfileOfRole { .. }
            | Entry::Attached { .. }
            | Entry::BucketName(_) => false,
            Entry::Membership(account) => self.memberships.remove_mut(account),
            Entry::Invitation { target, id } => {
                let Some(ids) = self.invitations.get_mut(target) else {
                    return;
                };
                ids.remove_mut(id);
                ids.is_empty() && self.invitations.remove_mut(target)
            }
        };
    }

    fn insert_entry(&mut self, account: AccountId, entry: &Entry) -> Result<(), IntegrityError> {
        match entry {
            Entry::UniqueId(id, place) => {
                insert_unique(&mut self.unique_ids, "unique id", id, place.clone())
            }
            Entry::AccessKey(id, place) => {
                insert_unique(&mut self.access_keys, "access key", id, place.clone())
            }
            Entry::Alias(alias) => {
                insert_unique(&mut self.aliases, "account alias", alias, account)
            }
            Entry::Email(email) => {
                insert_unique(&mut self.emails, "e-mail address", email, account)
            }
            Entry::CanonicalId(id) => {
                insert_unique(&mut self.canonical_ids, "canonical id", id, account)
            }
            Entry::Member { .. }
            | Entry::Device { .. }
            | Entry::ProfileOfRole { .. }
            | Entry::Attached { .. }
            | Entry::BucketName(_) => Ok(()),
            Entry::Membership(member) => {
                if self.memberships.contains_key(member) {
                    return Err(IntegrityError::Duplicate {
                        what: "membership",
                        value: member.to_string(),
                    });
                }
                self.memberships.insert_mut(*member, account);
                Ok(())
            }
            Entry::Invitation { target, id } => {
                let mut ids = self.invitations.get(target).cloned().unwrap_or_default();
                ids.insert_mut(id.clone());
                self.invitations.insert_mut(*target, ids);
                Ok(())
            }
        }
    }
}

fn insert_unique<V>(
    index: &mut HashTrieMapSync<String, V>,
    what: &'static str,
    key: &str,
    value: V,
) -> Result<(), IntegrityError> {
    if index.contains_key(key) {
        return Err(IntegrityError::Duplicate {
            what,
            value: key.to_owned(),
        });
    }
    index.insert_mut(key.to_owned(), value);
    Ok(())
}

impl AccountNode {
    fn remove_entry(&mut self, entry: &Entry) {
        match entry {
            Entry::BucketName(name) => {
                self.bucket_names.remove_mut(name);
            }
            Entry::Member { group_id, user } => remove_from(&mut self.members, group_id, user),
            Entry::ProfileOfRole { role_id, profile } => {
                remove_from(&mut self.profiles_of_role, role_id, profile);
            }
            Entry::Device { owner, device } => remove_from(&mut self.devices, owner, device),
            Entry::Attached {
                policy_arn,
                to,
                name,
            } => {
                if let Some(attached) = self.attachments.get_mut(policy_arn) {
                    attached_set(attached, *to).remove_mut(name);
                    if attached.is_empty() {
                        self.attachments.remove_mut(policy_arn);
                    }
                }
            }
            Entry::UniqueId(..)
            | Entry::AccessKey(..)
            | Entry::Alias(_)
            | Entry::Email(_)
            | Entry::CanonicalId(_)
            | Entry::Membership(_)
            | Entry::Invitation { .. } => {}
        }
    }

    fn insert_entry(&mut self, entry: &Entry) {
        match entry {
            Entry::BucketName(name) => self.bucket_names.insert_mut(name.clone()),
            Entry::Member { group_id, user } => insert_into(&mut self.members, group_id, user),
            Entry::ProfileOfRole { role_id, profile } => {
                insert_into(&mut self.profiles_of_role, role_id, profile);
            }
            Entry::Device { owner, device } => insert_into(&mut self.devices, owner, device),
            Entry::Attached {
                policy_arn,
                to,
                name,
            } => match self.attachments.get_mut(policy_arn) {
                Some(attached) => attached_set(attached, *to).insert_mut(name.clone()),
                None => {
                    let mut attached = Attachments::default();
                    attached_set(&mut attached, *to).insert_mut(name.clone());
                    self.attachments.insert_mut(policy_arn.clone(), attached);
                }
            },
            Entry::UniqueId(..)
            | Entry::AccessKey(..)
            | Entry::Alias(_)
            | Entry::Email(_)
            | Entry::CanonicalId(_)
            | Entry::Membership(_)
            | Entry::Invitation { .. } => {}
        }
    }
}

type Sets = HashTrieMapSync<String, RedBlackTreeSetSync<String>>;

/// Takes a name out of the set under `key`; an empty set goes.
fn remove_from(sets: &mut Sets, key: &str, name: &str) {
    if let Some(names) = sets.get_mut(key) {
        names.remove_mut(name);
        if names.is_empty() {
            sets.remove_mut(key);
        }
    }
}

fn insert_into(sets: &mut Sets, key: &str, name: &str) {
    match sets.get_mut(key) {
        Some(names) => names.insert_mut(name.to_owned()),
        None => {
            let mut names = RedBlackTreeSetSync::new_sync();
            names.insert_mut(name.to_owned());
            sets.insert_mut(key.to_owned(), names);
        }
    }
}

fn attached_set(attached: &mut Attachments, to: AttachedTo) -> &mut RedBlackTreeSetSync<String> {
    match to {
        AttachedTo::User => &mut attached.users,
        AttachedTo::Group => &mut attached.groups,
        AttachedTo::Role => &mut attached.roles,
        AttachedTo::BoundaryOfUser => &mut attached.boundary_users,
        AttachedTo::BoundaryOfRole => &mut attached.boundary_roles,
    }
}
