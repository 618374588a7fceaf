//! The accounts of the configuration: created where the data directory lacks them, left as they are where it has them.
//!
//! Creating an account takes several steps (rows, then password hashes, which are slow), and the process may die between any
//! two. So a mark is made durable before the first step and removed after the last: an account whose mark is still there at the
//! next start is completed then. Secrets that were generated are drawn anew in that case, since nobody may have seen them.

use std::{collections::BTreeSet, sync::Arc};

use twinlock_directory::{
    AccessKey, Account, AccountId, Bucket, BucketEncryption, BucketState, CommitError, Directory,
    Group, LoginProfile, Member, Millis, Organization, PublicAccessBlock, Random, RootCredentials,
    Row, Secret, Snapshot, StoredPolicy, SystemRandom, User, Versioning, ids, passwords,
};
use twinlock_gate::World;
use twinlock_identity::organizations::{new_organization, service_role};
use twinlock_objects::Objects;

use super::StartError;
use crate::config::{
    AccountConfig, BucketConfig, Config, GroupConfig, InlinePolicyConfig, UserConfig,
};

/// Rows of one batch; well below what a batch may hold.
const BATCH_ROWS: usize = 50;

/// An account that this start created.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The root user's access key id.
    pub access_key_id: String,
    /// The secret of that key, if it was generated: to be shown now, for it is never shown again.
    pub generated_secret: Option<Secret>,
    /// The root user's password, if it was generated: likewise.
    pub generated_password: Option<Secret>,
}

/// What is left to do after the server listens.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    passwords: Vec<Password>,
    accounts: Vec<AccountId>,
}

#[derive(Debug)]
struct Password {
    account: AccountId,
    /// None: the root user.
    user: Option<String>,
    password: Secret,
}

fn mark(account: &AccountId) -> String {
    format!("account-unfinished/{account}")
}

/// Creates what is missing. `populate`: with each new account also its users, user groups and buckets.
pub(super) async fn create(
    config: &Config,
    populate: bool,
    directory: &Directory,
    objects: &Objects,
    random: &dyn Random,
    now: Millis,
) -> Result<(Vec<NewAccount>, Unfinished), StartError> {
    let mut shown = Vec::new();
    let mut unfinished = Unfinished::default();
    let unnamed = if config.accounts.is_empty() {
        the_only_account(directory, random)
    } else {
        None
    };
    for account in config.accounts.iter().chain(unnamed.as_ref()) {
        let known = directory
            .published()
            .account(&account.id)
            .map(|node| node.account.clone());
        let marked = directory.meta_get(&mark(&account.id)).is_some();
        if let (Some(known), false) = (&known, marked) {
            compare(account, known);
            // As on AWS the root user's own recovery, which IAM has given leave to: here it is who writes the configuration.
            if known.root.awaits_password() {
                unfinished
                    .passwords
                    .extend(account.root_password.clone().map(|password| Password {
                        account: account.id,
                        user: None,
                        password,
                    }));
            }
            continue;
        }
        directory
            .meta_put(&mark(&account.id), Some(b"1".to_vec()))
            .await?;
        let new = Creation {
            account,
            random,
            now,
        };
        let (root, key_secret) = new.root(known.as_deref());
        let generated_password = may_have_password(config) && account.root_password.is_none();
        let generated_password = generated_password.then(|| passwords::generate(random));
        shown.push(NewAccount {
            id: account.id,
            name: root.name.clone(),
            access_key_id: root
                .root
                .access_keys
                .first()
                .map(|key| key.id.clone())
                .unwrap_or_default(),
            generated_secret: key_secret,
            generated_password: generated_password.clone(),
        });
        let root_password = account.root_password.clone().or(generated_password);
        unfinished
            .passwords
            .extend(root_password.map(|password| Password {
                account: account.id,
                user: None,
                password,
            }));
        let mut rows = vec![Row::from(root)];
        if populate {
            let snapshot = directory.published();
            let (groups, users) = new.people(&snapshot);
            let with_password = users.iter().filter_map(|user| {
                let configured = account.users.iter().find(|u| u.name == user.name)?;
                let password = configured.password.clone()?;
                Some(Password {
                    account: account.id,
                    user: Some(user.id.clone()),
                    password,
                })
            });
            unfinished.passwords.extend(with_password);
            rows.extend(groups.into_iter().map(Row::from));
            rows.extend(users.into_iter().map(Row::from));
            rows.extend(
                new.buckets(&snapshot, config, objects)
                    .await?
                    .into_iter()
                    .map(Row::from),
            );
        }
        commit(directory, account, rows).await?;
        unfinished.accounts.push(account.id);
    }
    if config.organization {
        let accounts: Vec<_> = config.accounts.iter().chain(unnamed.as_ref()).collect();
        let new = &unfinished.accounts;
        organization(&accounts, new, directory, random, now).await?;
    }
    Ok((shown, unfinished))
}

/// Makes the accounts one organization with the first as its management account. One that is there is left as it is, but for
/// accounts that this start made: those join it. With the membership comes the role that Organizations has in every account.
async fn organization(
    accounts: &[&AccountConfig],
    new: &[AccountId],
    directory: &Directory,
    random: &dyn Random,
    now: Millis,
) -> Result<(), StartError> {
    let Some(first) = accounts.first() else {
        return Ok(());
    };
    let snapshot = directory.published();
    let known = snapshot.organization_of(&first.id);
    if known.is_some_and(|place| !place.is_management()) {
        tracing::warn!(
            account = %first.id,
            "the account is a member of another account's organization: what is there stays as it is"
        );
        return Ok(());
    }
    let organization = match known {
        Some(place) => Organization::clone(place.organization),
        None => new_organization(first.id, true, random, now),
    };
    let mut rows = Vec::new();
    if known.is_none() {
        rows.push(Row::from(organization.clone()));
    }
    let joining = accounts.iter().filter(|account| {
        let free = snapshot.organization_of(&account.id).is_none();
        free && (known.is_none() || new.contains(&account.id))
    });
    // A role comes before its account's membership: if the start is cut off in between, the next one finds it and goes on.
    rows.extend(joining.flat_map(|account| {
        let role = service_role(account.id, &snapshot, random, now);
        let member = Member {
            account: first.id,
            id: account.id,
            parent: organization.root_id.clone(),
            joined: now,
            created_here: false,
            controls: Default::default(),
            tags: Vec::new(),
            delegated: Default::default(),
        };
        role.map(Row::from).into_iter().chain([Row::from(member)])
    }));
    commit(directory, first, rows).await
}

/// The account of a server that was told of none and has none.
fn the_only_account(directory: &Directory, random: &dyn Random) -> Option<AccountConfig> {
    let snapshot = directory.published();
    let unfinished = directory.meta_names("account-unfinished/");
    let begun = unfinished
        .first()
        .and_then(|name| name.rsplit('/').next()?.parse().ok());
    if begun.is_none() && snapshot.accounts().next().is_some() {
        return None;
    }
    Some(AccountConfig {
        id: begun.unwrap_or_else(|| ids::account_id(random)),
        name: "Main".to_owned(),
        alias: None,
        email: None,
        root_password: None,
        root_access_key: None,
        groups: Vec::new(),
        users: Vec::new(),
        buckets: Vec::new(),
    })
}

/// A password that could only be used in clear over the net is not made in the first place.
fn may_have_password(config: &Config) -> bool {
    config.listen.ip().to_canonical().is_loopback() || config.tls()
}

/// Tells the operator that a change to a configured account has no effect, before `twinlock env` hands out keys that do not work.
fn compare(configured: &AccountConfig, known: &Account) {
    if let Some(key) = &configured.root_access_key
        && !known
            .root
            .access_keys
            .iter()
            .any(|k| k.id == key.id && k.secret.matches(key.secret.expose()))
    {
        tracing::warn!(
            account = %known.id,
            "the data directory has this account with another root access key than the configuration: what is there stays as it is"
        );
    }
}

async fn commit(
    directory: &Directory,
    account: &AccountConfig,
    rows: Vec<Row>,
) -> Result<(), StartError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let pending = {
            let turn = directory.turn();
            let mut batch = turn.batch();
            rows.by_ref()
                .take(BATCH_ROWS)
                .for_each(|row| batch.put(row));
            turn.commit(batch)
        };
        match pending.await {
            Ok(_) => {}
            Err(CommitError::Integrity(error)) => {
                return Err(StartError::Account {
                    account: account.id.to_string(),
                    reason: error.to_string(),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One account being created.
struct Creation<'a> {
    account: &'a AccountConfig,
    random: &'a dyn Random,
    now: Millis,
}

impl Creation<'_> {
    /// The account with its root key, and the key's secret if it was generated. `known` is what an interrupted start left.
    fn root(&self, known: Option<&Account>) -> (Account, Option<Secret>) {
        let (id, secret, generated) = match &self.account.root_access_key {
            Some(key) => (key.id.clone(), key.secret.clone(), None),
            None => {
                let secret = ids::secret_access_key(self.random);
                (
                    ids::access_key_id(self.random),
                    secret.clone(),
                    Some(secret),
                )
            }
        };
        let key = AccessKey {
            id,
            secret: secret.into(),
            active: true,
            created: self.now,
        };
        let account = Account {
            id: self.account.id,
            name: self.account.name.clone(),
            alias: self.account.alias.clone(),
            email: self.account.email.clone().unwrap_or_default(),
            created: known.map_or(self.now, |known| known.created),
            root: RootCredentials {
                password_hash: None,
                password_since: None,
                access_keys: vec![key],
                signing_certificates: known
                    .map(|known| known.root.signing_certificates.clone())
                    .unwrap_or_default(),
            },
            canonical_id: known.map_or_else(
                || ids::canonical_id(self.random),
                |known| known.canonical_id.clone(),
            ),
            public_access_block: known.and_then(|known| known.public_access_block),
            closed: known.and_then(|known| known.closed),
            settings: known
                .map(|known| known.settings.clone())
                .unwrap_or_default(),
        };
        (account, generated)
    }

    /// The groups and users that are not there yet, and those users that still wait for their password.
    fn people(&self, snapshot: &Snapshot) -> (Vec<Group>, Vec<User>) {
        let node = snapshot.account(&self.account.id);
        let known_group = |name: &str| node.and_then(|node| node.group(name));
        let groups: Vec<Group> = self
            .account
            .groups
            .iter()
            .filter(|group| known_group(&group.name).is_none())
            .map(|group| self.group(group))
            .collect();
        let group_id = |name: &String| {
            let new = groups
                .iter()
                .find(|group| group.name.eq_ignore_ascii_case(name))
                .map(|group| group.id.clone());
            new.or_else(|| known_group(name).map(|group| group.id.clone()))
        };
        let user = |configured: &UserConfig| match node.and_then(|node| node.user(&configured.name))
        {
            Some(known) => known.login.is_none().then(|| (**known).clone()),
            None => Some(self.user(
                configured,
                configured.groups.iter().filter_map(group_id).collect(),
            )),
        };
        let users = self.account.users.iter().filter_map(user).collect();
        (groups, users)
    }

    fn group(&self, configured: &GroupConfig) -> Group {
        Group {
            account: self.account.id,
            id: ids::group_id(self.random),
            name: configured.name.clone(),
            path: "/".to_owned(),
            created: self.now,
            inline: inline(&configured.inline),
            attached: configured.policies.iter().cloned().collect(),
        }
    }

    fn user(&self, configured: &UserConfig, groups: BTreeSet<String>) -> User {
        let key = configured.access_key.as_ref().map(|key| AccessKey {
            id: key.id.clone(),
            secret: key.secret.clone().into(),
            active: true,
            created: self.now,
        });
        User {
            account: self.account.id,
            id: ids::user_id(self.random),
            name: configured.name.clone(),
            path: "/".to_owned(),
            created: self.now,
            tags: Vec::new(),
            inline: inline(&configured.inline),
            attached: configured.policies.iter().cloned().collect(),
            boundary: None,
            groups,
            access_keys: key.into_iter().collect(),
            login: None,
            other_credentials: Default::default(),
        }
    }

    async fn buckets(
        &self,
        snapshot: &Snapshot,
        config: &Config,
        objects: &Objects,
    ) -> Result<Vec<Bucket>, StartError> {
        let mut new = Vec::new();
        for BucketConfig { name } in &self.account.buckets {
            if let Some(known) = snapshot.bucket(name) {
                if known.account == self.account.id {
                    continue;
                }
                let reason = format!("the bucket `{name}` belongs to account {}", known.account);
                return Err(StartError::Account {
                    account: self.account.id.to_string(),
                    reason,
                });
            }
            let id = ids::bucket_id(self.random);
            objects
                .open_bucket(&id)
                .await
                .map_err(|error| StartError::Objects {
                    path: config.data_dir.display().to_string(),
                    error,
                })?;
            new.push(Bucket {
                name: name.clone(),
                id,
                account: self.account.id,
                region: config.region.clone(),
                created: self.now,
                policy: None,
                public_access_block: Some(PublicAccessBlock::ALL),
                ownership: Some("BucketOwnerEnforced".to_owned()),
                versioning: Versioning::Never,
                encryption: BucketEncryption::default(),
                tags: Vec::new(),
                state: BucketState::Active,
                cors: Vec::new(),
            });
        }
        Ok(new)
    }
}

fn inline(policies: &[InlinePolicyConfig]) -> twinlock_directory::model::InlinePolicies {
    let stored = |policy: &InlinePolicyConfig| {
        Arc::new(StoredPolicy::new(
            policy.document.clone(),
            Default::default(),
        ))
    };
    policies
        .iter()
        .map(|policy| (policy.name.clone(), stored(policy)))
        .collect()
}

/// Hashes the passwords of new accounts and then takes their marks away.
pub(super) async fn hash_passwords(world: Arc<World>, unfinished: Unfinished) {
    for Password {
        account,
        user,
        password,
    } in unfinished.passwords
    {
        // One at a time and on a thread that may block: calls are served meanwhile.
        let hashed =
            tokio::task::spawn_blocking(move || passwords::hash(password.expose(), &SystemRandom))
                .await;
        let Ok(Ok(hash)) = hashed else {
            tracing::error!(%account, user, "a password of the configuration could not be hashed");
            return;
        };
        if let Err(error) = set_password(&world, &account, user.as_deref(), hash).await {
            // The marks stay, so that the next start tries again.
            tracing::error!(%account, user, %error, "a password of the configuration could not be stored");
            return;
        }
    }
    for account in unfinished.accounts {
        if let Err(error) = world.directory.meta_put(&mark(&account), None).await {
            tracing::error!(%account, %error, "an account's mark could not be taken away");
        }
    }
}

async fn set_password(
    world: &World,
    account: &AccountId,
    user: Option<&str>,
    hash: String,
) -> Result<(), CommitError> {
    let pending = {
        let turn = world.directory.turn();
        let head = turn.head().clone();
        let mut batch = turn.batch();
        match user {
            None => {
                if let Some(node) = head.account(account) {
                    let mut changed = (*node.account).clone();
                    // Somebody who has set one meanwhile knows better.
                    changed.root.password_hash.get_or_insert(hash);
                    batch.put(changed);
                }
            }
            Some(id) => {
                // Deleted meanwhile, or given a password by its administrator: then there is nothing to do.
                if let Some(user) = head.user_by_id(id).filter(|user| user.login.is_none()) {
                    let mut changed = (**user).clone();
                    let now = world.clock.now();
                    let profile = LoginProfile {
                        password_hash: hash,
                        created: now,
                        changed: now,
                        reset_required: false,
                        sign_ins_since: now,
                        earlier_hashes: Vec::new(),
                    };
                    changed.login = Some(profile);
                    batch.put(changed);
                }
            }
        }
        turn.commit(batch)
    };
    pending.await.map(|_| ())
}
