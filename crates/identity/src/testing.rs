//! A small world for tests of operations: accounts, identities and policies made in a line each, calls made as anyone.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use twinlock_directory::{
    Account, AccountId, BATCH_OPS_MAX, Batch, ControlState, ControlType, Directory, Group, Member,
    Options, Role, RootCredentials, Row, SeededRandom, StoredPolicy, User, ids,
    store::{Memory, Store},
};
use twinlock_gate::{
    Caller, Change, Clock, Effect, Fault, Read, RequestFacts, Settings, Who, World,
    audit::Audit,
    metrics::Metrics,
    token::{TokenKey, Tokens},
};
use twinlock_objects::Objects;
use twinlock_wire::sigv4::SigningKeys;

use crate::organizations::new_organization;

/// When every test begins: 2014-07-18T15:00:00Z.
pub(crate) const START: u64 = 1_405_695_600_000;

/// A world without a server, on a directory in memory.
pub(crate) struct TestWorld {
    pub(crate) world: Arc<World>,
    folder: PathBuf,
}

/// Removes the object store, to which nothing here writes.
impl Drop for TestWorld {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl TestWorld {
    /// With the accounts of these ids.
    pub(crate) fn new(accounts: &[&str]) -> TestWorld {
        Self::on(Box::new(Memory::default()), accounts)
    }

    /// The same, kept elsewhere.
    pub(crate) fn on(store: Box<dyn Store>, accounts: &[&str]) -> TestWorld {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("twinlock-identity-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let world = World {
            directory: Directory::with_store(store, Options::default()).expect("a directory"),
            objects: Objects::open(&folder, &Default::default()).expect("objects"),
            tokens: Tokens::new(vec![TokenKey {
                version: 1,
                seal: [7; 32].into(),
                derive: [9; 32].into(),
            }]),
            issuers: Default::default(),
            signing_keys: SigningKeys::new(),
            clock: Clock::manual(START),
            random: Box::new(SeededRandom::new(1)),
            audit: Audit::default(),
            metrics: Metrics::default(),
            settings: Settings {
                region: "us-east-1".into(),
                s3_domains: Vec::new(),
                public_url: "http://localhost".into(),
            },
        };
        let this = TestWorld {
            world: Arc::new(world),
            folder,
        };
        for id in accounts {
            let id: AccountId = id.parse().expect("an account id");
            this.put(Account {
                id,
                name: format!("account {id}"),
                alias: None,
                email: format!("{id}@example.com"),
                created: START,
                root: RootCredentials::default(),
                canonical_id: ids::canonical_id(&*this.world.random),
                public_access_block: None,
                closed: None,
                settings: Default::default(),
            });
        }
        this
    }

    /// Stores an entity past all operations.
    pub(crate) fn put(&self, row: impl Into<Row>) {
        let turn = self.world.directory.turn();
        let mut batch: Batch = turn.batch();
        batch.put(row);
        turn.commit(batch).wait().expect("committed");
    }

    /// Stores entities past all operations, as many in a commit as may be.
    pub(crate) fn put_all(&self, rows: impl IntoIterator<Item = Row>) {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let turn = self.world.directory.turn();
            let mut batch: Batch = turn.batch();
            rows.by_ref()
                .take(BATCH_OPS_MAX)
                .for_each(|row| batch.put(row));
            turn.commit(batch).wait().expect("committed");
        }
    }

    /// A user with one inline policy; an empty text: without.
    pub(crate) fn user(&self, account: &str, name: &str, policy: &str) -> Caller {
        let account = account.parse().expect("an account id");
        let id = ids::user_id(&*self.world.random);
        let inline = inline(policy);
        self.put(User {
            account,
            id: id.clone(),
            name: name.into(),
            path: "/".into(),
            created: START,
            tags: Vec::new(),
            inline,
            attached: Default::default(),
            boundary: None,
            groups: Default::default(),
            access_keys: Vec::new(),
            login: None,
            other_credentials: Default::default(),
        });
        caller(Who::User { account, id })
    }

    /// A user as the directory has it.
    pub(crate) fn stored_user(&self, account: &str, name: &str) -> User {
        let snapshot = self.world.directory.published();
        let node = snapshot.account(&account.parse().expect("an account id"));
        let user = node.expect("the account").user(name).expect("the user");
        User::clone(user)
    }

    /// A group without policies.
    pub(crate) fn group(&self, account: &str, name: &str) {
        self.group_with(account, name, "");
    }

    /// A group with one inline policy.
    pub(crate) fn group_with(&self, account: &str, name: &str, policy: &str) {
        self.put(Group {
            account: account.parse().expect("an account id"),
            id: ids::group_id(&*self.world.random),
            name: name.into(),
            path: "/".into(),
            created: START,
            inline: inline(policy),
            attached: Default::default(),
        });
    }

    /// A session of a new role that may do everything.
    pub(crate) fn role_session(&self, account: &str, role: &str, session: &str) -> Caller {
        let account = account.parse().expect("an account id");
        let role_id = ids::role_id(&*self.world.random);
        let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
        self.put(Role {
            account,
            id: role_id.clone(),
            name: role.into(),
            path: "/".into(),
            created: START,
            description: None,
            max_session_seconds: 3600,
            trust: Arc::new(StoredPolicy::new(trust, Default::default())),
            inline: inline(ALLOW_ALL),
            attached: Default::default(),
            boundary: None,
            tags: Vec::new(),
        });
        caller(Who::RoleSession {
            account,
            role_id,
            name: session.into(),
        })
    }

    /// A role with a trust policy and one inline policy (an empty text: without).
    pub(crate) fn role(&self, account: &str, name: &str, trust: &str, policy: &str) -> Role {
        let role = Role {
            account: account.parse().expect("an account id"),
            id: ids::role_id(&*self.world.random),
            name: name.into(),
            path: "/".into(),
            created: START,
            description: None,
            max_session_seconds: 7200,
            trust: Arc::new(StoredPolicy::new(trust, Default::default())),
            inline: inline(policy),
            attached: Default::default(),
            boundary: None,
            tags: Vec::new(),
        };
        self.put(role.clone());
        role
    }

    /// An organization with these member accounts in its root, and with both types of policy enabled.
    pub(crate) fn organization(&self, management: &str, members: &[&str]) {
        let account: AccountId = management.parse().expect("an account id");
        let mut organization = new_organization(account, true, &*self.world.random, START);
        for control in ControlType::ALL {
            let state = ControlState {
                enabled: true,
                period: 1,
            };
            organization.types.insert(control, state);
        }
        let turn = self.world.directory.turn();
        let mut batch: Batch = turn.batch();
        for id in std::iter::once(&management).chain(members) {
            batch.put(Member {
                account,
                id: id.parse().expect("an account id"),
                parent: organization.root_id.clone(),
                joined: START,
                created_here: false,
                controls: Default::default(),
                tags: Vec::new(),
                delegated: Default::default(),
            });
        }
        batch.put(organization);
        turn.commit(batch).wait().expect("committed");
    }

    /// A change, to the end.
    pub(crate) fn change<O: Change>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(self.world.change::<O>(caller, &input))
    }

    /// An effect, to the end.
    pub(crate) fn effect<O: Effect>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
            .block_on(self.world.effect::<O>(caller, input))
    }

    /// A read.
    pub(crate) fn read<O: Read>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        self.world.read::<O>(caller, &input)
    }
}

/// The root user of an account.
pub(crate) fn root(account: &str) -> Caller {
    caller(Who::Root(account.parse().expect("an account id")))
}

/// A caller with nothing said about its request.
pub(crate) fn caller(who: Who) -> Caller {
    Caller {
        who,
        access_key_id: String::new(),
        session: None,
        request: RequestFacts::none("us-east-1"),
    }
}

/// Allows everything.
pub(crate) const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A policy that allows one action on one resource.
pub(crate) fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

fn inline(policy: &str) -> std::collections::BTreeMap<String, Arc<StoredPolicy>> {
    let stored = (!policy.is_empty()).then(|| {
        (
            "inline".to_owned(),
            Arc::new(StoredPolicy::new(policy, Default::default())),
        )
    });
    stored.into_iter().collect()
}

/// The fault's code and sentence.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, String) {
    let fault = result.expect_err("must be refused");
    (fault.code.into_owned(), fault.message)
}

/// Asserts that it was refused with this code and sentence.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, Fault>,
    code: &str,
    message: &str,
) {
    let (got_code, got_message) = refused(result);
    assert_eq!((got_code.as_str(), got_message.as_str()), (code, message));
}

/// Asserts that no policy allowed it.
#[track_caller]
pub(crate) fn assert_denied<T: std::fmt::Debug>(result: Result<T, Fault>, on: &str) {
    let (code, message) = refused(result);
    assert_eq!(code, "AccessDenied", "{message}");
    assert!(
        message.contains(&format!("on resource: {on} because no")),
        "{message}"
    );
}

/// A certificate that signs itself, with its private key, both in PEM; valid from 2010 until the first of January of `until`.
pub(crate) fn certificate(name: &str, until: i32) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2010, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).expect("signed");
    (certificate.pem(), key.serialize_pem())
}
