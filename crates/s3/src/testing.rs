//! A small world for tests of operations: accounts, users and buckets made in a line each, calls made as anyone.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use twinlock_directory::{
    AccessKey, Account, AccountId, Batch, Bucket, BucketEncryption, BucketState, Directory,
    Options, PublicAccessBlock, RootCredentials, Row, Secret, SeededRandom, StoredPolicy, User,
    Versioning, ids,
};
use twinlock_gate::{
    Caller, Change, Clock, Effect, Fault, Gate, Peer, Read, RequestFacts, Settings, Who, World,
    audit::Audit,
    metrics::Metrics,
    service::Services,
    token::{TokenKey, Tokens},
};
use twinlock_objects::Objects;
use twinlock_wire::{
    body::Body,
    fault::Protocol,
    sigv4::{Payload, PayloadHash, Signer, SigningKeys},
};

/// When every test begins: 2014-07-18T15:00:00Z.
pub(crate) const START: u64 = 1_405_695_600_000;
/// One account.
pub(crate) const PROD: &str = "999999999999";
/// Another.
pub(crate) const DEV: &str = "111111111111";
/// What the bodies of a request may take here.
pub(crate) const BODIES_BYTES_MAX: usize = 64 * 1024;
/// An access key's id.
pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// Allows everything.
pub(crate) const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A world without a server, on a directory in memory and objects in a folder of its own.
pub(crate) struct TestWorld {
    pub(crate) world: Arc<World>,
    runtime: tokio::runtime::Runtime,
    folder: PathBuf,
}

impl Drop for TestWorld {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl TestWorld {
    /// With the two accounts.
    pub(crate) fn new() -> TestWorld {
        TestWorld::with(Options::default())
    }

    /// The same by other options.
    pub(crate) fn with(options: Options) -> TestWorld {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("twinlock-s3-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let world = World {
            directory: Directory::in_memory(options).expect("a directory"),
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
            runtime: tokio::runtime::Builder::new_current_thread()
                .max_blocking_threads(1)
                .enable_all()
                .build()
                .expect("a runtime"),
            folder,
        };
        for id in [PROD, DEV] {
            this.put(Account {
                id: account(id),
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

    /// With one bucket, as CreateBucket makes it.
    pub(crate) fn with_bucket(name: &str, owner: &str) -> TestWorld {
        let this = TestWorld::new();
        this.bucket(name, owner);
        this
    }

    /// A further bucket, as CreateBucket makes it.
    pub(crate) fn bucket(&self, name: &str, owner: &str) {
        let id = ids::bucket_id(&*self.world.random);
        self.runtime
            .block_on(self.world.objects.open_bucket(&id))
            .expect("opened");
        self.put(Bucket {
            name: name.into(),
            id,
            account: account(owner),
            region: "us-east-1".into(),
            created: START,
            policy: None,
            public_access_block: Some(PublicAccessBlock::ALL),
            ownership: Some("BucketOwnerEnforced".into()),
            versioning: Versioning::Never,
            encryption: BucketEncryption::default(),
            tags: Vec::new(),
            state: BucketState::Active,
            cors: Vec::new(),
        });
    }

    /// Stores a row past all operations.
    pub(crate) fn put(&self, row: impl Into<Row>) {
        self.commit(|batch| batch.put(row));
    }

    fn commit(&self, change: impl FnOnce(&mut Batch)) {
        let turn = self.world.directory.turn();
        let mut batch: Batch = turn.batch();
        change(&mut batch);
        turn.commit(batch).wait().expect("committed");
    }

    /// Changes a bucket's row past all operations.
    pub(crate) fn edit(&self, bucket: &str, change: impl FnOnce(&mut Bucket)) {
        let snapshot = self.world.directory.published();
        let mut row = (**snapshot.bucket(bucket).expect("the bucket")).clone();
        change(&mut row);
        self.put(row);
    }

    /// A user with one inline policy; an empty text: without.
    pub(crate) fn user(&self, owner: &str, name: &str, policy: &str) -> Caller {
        let id = ids::user_id(&*self.world.random);
        let stored = (!policy.is_empty()).then(|| {
            let policy = StoredPolicy::new(policy, Default::default());
            ("inline".to_owned(), Arc::new(policy))
        });
        self.put(User {
            account: account(owner),
            id: id.clone(),
            name: name.into(),
            path: "/".into(),
            created: START,
            tags: Vec::new(),
            inline: stored.into_iter().collect(),
            attached: Default::default(),
            boundary: None,
            groups: Default::default(),
            access_keys: Vec::new(),
            login: None,
            other_credentials: Default::default(),
        });
        caller(Who::User {
            account: account(owner),
            id,
        })
    }

    /// Gives a user an access key, [`KEY_ID`] with [`SECRET`].
    pub(crate) fn give_key(&self, user: &Caller) {
        let Who::User { id, .. } = &user.who else {
            panic!("not a user");
        };
        let snapshot = self.world.directory.published();
        let row: User = (**snapshot.user_by_id(id).expect("the user")).clone();
        let key = AccessKey {
            id: KEY_ID.into(),
            secret: Secret::new(SECRET).into(),
            active: true,
            created: START,
        };
        self.put(User {
            access_keys: vec![key],
            ..row
        });
    }

    /// A request by that key, signed and sent through the gate.
    pub(crate) fn send_signed(&self, request: http::Request<Vec<u8>>) -> http::Response<String> {
        let (mut parts, body) = request.into_parts();
        let signer = Signer {
            access_key_id: KEY_ID,
            secret_access_key: SECRET,
            session_token: None,
            region: "us-east-1",
            service: "s3",
        };
        let payload = match parts.headers.get("x-amz-content-sha256") {
            Some(_) => Payload::Declared(PayloadHash::Streaming {
                signed: false,
                trailer: true,
            }),
            None => Payload::Bytes(&body),
        };
        signer.sign(&mut parts, payload, START).expect("signed");
        self.send(http::Request::from_parts(parts, body))
    }

    /// A request as it is, through the gate, on which S3 stands alone.
    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> http::Response<String> {
        let services = Services {
            query: &[],
            json: &[],
            s3: &crate::S3,
            s3_control: &crate::S3_CONTROL,
            known: |_, _| None,
        };
        let gate = Gate::new(self.world.clone(), services).bodies_bytes_max(BODIES_BYTES_MAX);
        let peer = Peer {
            addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
        };
        let (parts, body) = request.into_parts();
        self.wait(async {
            // As it comes from a connection: in parts.
            let (length, body) = (body.len() as u64, Bytes::from(body));
            let body = stream::once(std::future::ready(Ok(body)));
            let body = Body::stream(body, Some(length));
            let answer = gate.handle(parts, body, peer).await;
            let (parts, body) = answer.into_parts();
            let text = body.collect(1 << 20).await.expect("a body");
            let text = String::from_utf8_lossy(&text).into_owned();
            http::Response::from_parts(parts, text)
        })
    }

    /// Removes a user.
    pub(crate) fn delete_user(&self, user: &Caller) {
        let Who::User { id, .. } = &user.who else {
            panic!("not a user");
        };
        let snapshot = self.world.directory.published();
        let row = (**snapshot.user_by_id(id).expect("the user")).clone();
        self.commit(|batch| batch.delete_row(row));
    }

    /// Takes all of a user's own policies away.
    pub(crate) fn disarm(&self, user: &Caller) {
        let Who::User { id, .. } = &user.who else {
            panic!("not a user");
        };
        let snapshot = self.world.directory.published();
        let mut row: User = (**snapshot.user_by_id(id).expect("the user")).clone();
        row.inline.clear();
        self.put(row);
    }

    /// Keeps everybody from looking into the object index until what it gives is dropped: takes the one thread for that.
    pub(crate) fn hold_the_index(&self) -> std::sync::mpsc::Sender<()> {
        let (release, held) = std::sync::mpsc::channel::<()>();
        // An error is the other end's being dropped.
        self.runtime.spawn_blocking(move || held.recv());
        release
    }

    /// Does something where a runtime is at hand.
    pub(crate) fn within<T>(&self, does: impl FnOnce() -> T) -> T {
        let _within = self.runtime.enter();
        does()
    }

    /// Waits for anything else.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// A read.
    pub(crate) fn read<O: Read>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        self.world.read::<O>(caller, &input)
    }

    /// A change, to the end.
    pub(crate) fn change<O: Change>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        self.runtime
            .block_on(self.world.change::<O>(caller, &input))
    }

    /// An effect, to the end.
    pub(crate) fn effect<O: Effect>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        self.runtime.block_on(self.world.effect::<O>(caller, input))
    }
}

/// An account's id.
pub(crate) fn account(id: &str) -> AccountId {
    id.parse().expect("an account id")
}

/// The root user of an account.
pub(crate) fn root(id: &str) -> Caller {
    caller(Who::Root(account(id)))
}

/// Nobody.
pub(crate) fn anonymous() -> Caller {
    caller(Who::Anonymous)
}

/// A caller with nothing said about its request but that it is one of S3's.
pub(crate) fn caller(who: Who) -> Caller {
    Caller {
        who,
        access_key_id: String::new(),
        session: None,
        request: RequestFacts {
            protocol: Protocol::RestXml,
            ..RequestFacts::none("us-east-1")
        },
    }
}

/// `ok`, or the code and the status.
pub(crate) fn code<T>(result: Result<T, Fault>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(fault) => format!("{} {}", fault.code, fault.status),
    }
}

#[test]
fn every_action_is_one_of_the_reference() {
    let entries = crate::S3
        .entries
        .iter()
        .chain(crate::S3_CONTROL.entries)
        .flat_map(|entry| entry.actions.iter().map(move |action| (entry.name, action)));
    let mut wrong = Vec::new();
    for (name, action) in entries {
        let bare = action.name.trim_start_matches("s3:");
        let Some(known) = twinlock_policy::facts::action("s3", bare) else {
            wrong.push(format!("{name}: no {bare}"));
            continue;
        };
        let types_fit = action.resource_types.iter().all(|t| known.works_on(t))
            && action.resource_types.is_empty() == known.resources.is_empty();
        let keys_fit = action
            .keys
            .iter()
            .all(|key| known.knows_key(key) || twinlock_policy::facts::is_global(key));
        if !types_fit || !keys_fit {
            wrong.push(format!("{name}: {action:?} is {known:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn strangers_change_no_bucket() {
    // Anonymous callers with the right to it are told 405, as callers of other accounts are.
    let told_apart = ["DeleteBucketPolicy", "PutBucketPolicy"];
    for entry in crate::S3.entries.iter().chain(crate::S3_CONTROL.entries) {
        let changes = entry.kind == twinlock_gate::service::Kind::Change;
        if changes && !told_apart.contains(&entry.name) {
            assert_eq!(entry.callers, twinlock_gate::Callers::Signed, "{entry:?}");
        }
    }
}
