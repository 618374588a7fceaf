//! A story's world: one server with the accounts of one example configuration, and the people who use it.
//!
//! ```text
//! let world = World::start("text3");
//! let production = world.account("Production");
//! let dev = world.account("Development");
//! let john = dev.user("John");
//! john.call("sts", "get_caller_identity", json!({})).ok();
//! john.terminal().types("aws s3 ls").denied();
//! ```

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::boto::{Boto, Credentials, Reply};
use crate::server::{Directory, Server, project, tool};
use crate::terminal::{Outcome, Terminal};

/// One server, its accounts and its clients.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    // Dropped in this order: the server is gone before its directory is.
    server: Mutex<Server>,
    boto: Boto,
    configuration: PathBuf,
    accounts: Vec<Account>,
    /// The same address over every restart.
    endpoint: String,
    folders: Mutex<u32>,
    directory: Directory,
}

struct Account {
    name: String,
    id: String,
    root: Credentials,
}

impl World {
    /// Starts a server on `examples/EXAMPLE.toml`.
    pub(crate) fn start(example: &str) -> Self {
        Self::start_with(example, "", "")
    }

    /// Starts a server on an example with scalar keys before it and further accounts after it.
    pub(crate) fn start_with(example: &str, before: &str, after: &str) -> Self {
        let path = project().join(format!("examples/{example}.toml"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::start_on(example, &format!("{before}\n{text}\n{after}"))
    }

    /// Starts a server on the text of a configuration.
    pub(crate) fn start_on(name: &str, text: &str) -> Self {
        Self::start_in(Directory::new(name), text)
    }

    /// Starts a server on an example, within this process and with a clock that [`World::advance`] moves.
    pub(crate) fn start_still(example: &str) -> Self {
        Self::start_still_with(example, "")
    }

    /// The same, with further sections after the example.
    pub(crate) fn start_still_with(example: &str, after: &str) -> Self {
        let path = project().join(format!("examples/{example}.toml"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = format!("{text}\n{after}");
        let directory = Directory::new(example);
        let now = u64::try_from(client_clock_millis()).expect("a time of our days");
        let server = Server::start_inside(&text, directory.path(), now);
        Self::around(server, directory, &text)
    }

    /// Lets time pass, for the server and for boto3. Fractions of a second pass for the server only: signatures know none.
    pub(crate) fn advance(&self, millis: u64) {
        self.server().advance(millis);
        self.anonymous()
            .call("clock", "advance", json!({ "millis": millis }))
            .ok();
    }

    fn start_in(directory: Directory, text: &str) -> Self {
        let configuration = directory.path().join("twinlock.toml");
        std::fs::write(&configuration, text).expect("the directory can be written");
        let server = Server::start(&configuration, directory.path(), "127.0.0.1:0");
        Self::around(server, directory, text)
    }

    fn around(server: Server, directory: Directory, text: &str) -> Self {
        Self(Arc::new(Inner {
            endpoint: server.endpoint.clone(),
            server: Mutex::new(server),
            boto: Boto::start(),
            configuration: directory.path().join("twinlock.toml"),
            accounts: accounts(text),
            folders: Mutex::new(0),
            directory,
        }))
    }

    /// An account of the configuration by its name.
    pub(crate) fn account(&self, name: &str) -> AccountIn {
        let account = self
            .0
            .accounts
            .iter()
            .position(|account| account.name == name);
        AccountIn {
            world: self.clone(),
            index: account.unwrap_or_else(|| panic!("the configuration has no account {name}")),
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// Whoever has these keys.
    pub(crate) fn with(&self, credentials: Credentials) -> Caller {
        Caller {
            world: self.clone(),
            credentials,
        }
    }

    /// Somebody without keys.
    pub(crate) fn anonymous(&self) -> Caller {
        self.with(Credentials::none())
    }

    /// Plain HTTP, by `url` or `post` (see scripts/driver.py): status, headers and body.
    #[track_caller]
    pub(crate) fn http(&self, operation: &str, parameters: Value) -> Value {
        self.anonymous().call("http", operation, parameters).ok()
    }

    /// A terminal without any keys.
    pub(crate) fn terminal(&self) -> Terminal {
        Terminal::new(self.folder("home"), self.endpoint())
    }

    /// A new folder below the world's own, for a client that leaves files.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let mut folders = self.0.folders.lock().expect("no test panicked here");
        *folders += 1;
        let folder = self.0.directory.path().join(format!("{name}{folders}"));
        std::fs::create_dir_all(&folder).expect("the world's folder can be written");
        folder
    }

    /// The server process.
    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        self.0
            .server
            .lock()
            .expect("no test panicked while it held the server")
    }

    /// Starts the server again on the same port and data; it must have ended.
    pub(crate) fn start_again(&self) {
        let mut server = self.server();
        let address = server.address().to_owned();
        *server = Server::start(&self.0.configuration, self.0.directory.path(), &address);
    }

    /// Another server on a copy of this one's data, which must have ended: a backup, restored elsewhere.
    pub(crate) fn restored(&self) -> Self {
        let text =
            std::fs::read_to_string(&self.0.configuration).expect("the configuration is there");
        let directory = Directory::new("restored");
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .arg(self.0.directory.path().join("data"))
            .arg(directory.path())
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "cp -r");
        Self::start_in(directory, &text)
    }
}

/// An account of a world.
#[derive(Clone)]
pub(crate) struct AccountIn {
    world: World,
    index: usize,
}

impl AccountIn {
    fn account(&self) -> &Account {
        &self.world.0.accounts[self.index]
    }

    /// Twelve digits.
    pub(crate) fn id(&self) -> &str {
        &self.account().id
    }

    pub(crate) fn root(&self) -> Caller {
        self.world.with(self.account().root.clone())
    }

    /// Makes a user, unless the example has made it already, and a new access key for it.
    #[track_caller]
    pub(crate) fn user(&self, name: &str) -> Caller {
        self.make("create_user", json!({ "UserName": name }));
        let key = self.iam("create_access_key", json!({ "UserName": name }));
        self.world.with(Credentials::from_answer(&key["AccessKey"]))
    }

    /// Makes a group, unless the example has made it already, and puts these members in it.
    #[track_caller]
    pub(crate) fn group(&self, name: &str, members: &[&str]) {
        self.make("create_group", json!({ "GroupName": name }));
        for member in members {
            self.iam(
                "add_user_to_group",
                json!({ "GroupName": name, "UserName": member }),
            );
        }
    }

    /// Makes a role that these principals (the `AWS` of a trust policy) may assume, and returns its ARN.
    #[track_caller]
    pub(crate) fn role(&self, name: &str, principals: Value) -> String {
        self.role_trusting(name, &trust(principals))
    }

    /// Makes a role with this trust policy and returns its ARN.
    #[track_caller]
    pub(crate) fn role_trusting(&self, name: &str, trust: &Value) -> String {
        let parameters = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
        let role = self.iam("create_role", parameters);
        role["Role"]["Arn"]
            .as_str()
            .expect("a role has an ARN")
            .to_owned()
    }

    /// Puts an inline policy on a user, group or role; `kind` is one of these words.
    #[track_caller]
    pub(crate) fn put_policy(&self, kind: &str, entity: &str, name: &str, document: &Value) {
        let mut parameters = json!({ "PolicyName": name, "PolicyDocument": document.to_string() });
        let upper = kind[..1].to_uppercase() + &kind[1..];
        parameters[format!("{upper}Name")] = entity.into();
        self.iam(&format!("put_{kind}_policy"), parameters);
    }

    /// Makes a bucket.
    #[track_caller]
    pub(crate) fn bucket(&self, name: &str) {
        self.root()
            .call("s3", "create_bucket", json!({ "Bucket": name }))
            .ok();
    }

    /// Puts an object as root.
    #[track_caller]
    pub(crate) fn object(&self, bucket: &str, key: &str, body: &str) {
        let parameters = json!({ "Bucket": bucket, "Key": key, "Body": body });
        self.root().call("s3", "put_object", parameters).ok();
    }

    /// A call that creates, as root: what is there already is left as it is.
    #[track_caller]
    fn make(&self, operation: &str, parameters: Value) {
        let reply = self.root().call("iam", operation, parameters);
        if !reply.is_refused("EntityAlreadyExists") {
            reply.ok();
        }
    }

    /// A call to IAM as root, which must go well.
    #[track_caller]
    pub(crate) fn iam(&self, operation: &str, parameters: Value) -> Value {
        self.root().call("iam", operation, parameters).ok()
    }

    /// `arn:aws:iam::ID:REST`.
    pub(crate) fn arn(&self, rest: &str) -> String {
        format!("arn:aws:iam::{}:{rest}", self.id())
    }
}

/// Somebody with keys.
#[derive(Clone)]
pub(crate) struct Caller {
    world: World,
    pub(crate) credentials: Credentials,
}

impl Caller {
    /// Makes one call with boto3.
    pub(crate) fn call(&self, service: &str, operation: &str, parameters: Value) -> Reply {
        let inner = &self.world.0;
        inner.boto.call(
            &inner.endpoint,
            &self.credentials,
            service,
            operation,
            parameters,
        )
    }

    /// Assumes a role and is then its session.
    #[track_caller]
    pub(crate) fn assume(&self, role: &str, session: &str) -> Caller {
        self.world
            .with(self.try_assume(role, session).credentials())
    }

    /// Tries to assume a role.
    pub(crate) fn try_assume(&self, role: &str, session: &str) -> Reply {
        self.assume_with(json!({ "RoleArn": role, "RoleSessionName": session }))
    }

    /// AssumeRole with all its parameters.
    pub(crate) fn assume_with(&self, parameters: Value) -> Reply {
        self.call("sts", "assume_role", parameters)
    }

    /// The ARN that GetCallerIdentity tells.
    #[track_caller]
    pub(crate) fn arn(&self) -> String {
        let identity = self.call("sts", "get_caller_identity", json!({})).ok();
        identity["Arn"]
            .as_str()
            .expect("an identity has an ARN")
            .to_owned()
    }

    /// Reads an object: a reply whose `Body` is the text.
    pub(crate) fn get(&self, bucket: &str, key: &str) -> Reply {
        self.call("s3", "get_object", json!({ "Bucket": bucket, "Key": key }))
    }

    /// Writes an object.
    pub(crate) fn put(&self, bucket: &str, key: &str, body: &str) -> Reply {
        self.call(
            "s3",
            "put_object",
            json!({ "Bucket": bucket, "Key": key, "Body": body }),
        )
    }

    /// A URL that boto3 signed for a GET, valid for an hour. `settings` are botocore's, as `{"signature_version": "s3v4"}`.
    #[track_caller]
    pub(crate) fn presigned(&self, bucket: &str, key: &str, settings: Value) -> String {
        let parameters = json!({
            "$config": settings,
            "ClientMethod": "get_object",
            "Params": { "Bucket": bucket, "Key": key },
        });
        let url = self.call("s3", "generate_presigned_url", parameters).ok();
        url.as_str().expect("a URL is a string").to_owned()
    }

    /// A terminal with these keys in its environment.
    pub(crate) fn terminal(&self) -> Terminal {
        let mut terminal = self.world.terminal();
        terminal.export("AWS_ACCESS_KEY_ID", &self.credentials.key_id);
        terminal.export("AWS_SECRET_ACCESS_KEY", &self.credentials.secret);
        if let Some(token) = &self.credentials.token {
            terminal.export("AWS_SESSION_TOKEN", token);
        }
        terminal
    }

    /// Runs `tests/it/scripts/NAME` with Python, with these keys in its environment.
    pub(crate) fn script(&self, name: &str) -> Outcome {
        self.terminal().types(&python(name, &[]))
    }

    /// Starts `tests/it/scripts/NAME` and leaves it running.
    pub(crate) fn start_script(&self, name: &str) -> std::process::Child {
        self.terminal().starts(&python(name, &[]))
    }
}

/// The command line for a script of the tests. The arguments are words without spaces.
pub(crate) fn python(script: &str, arguments: &[&str]) -> String {
    let script = project().join("tests/it/scripts").join(script);
    format!(
        "'{}' '{}' {}",
        tool("python").display(),
        script.display(),
        arguments.join(" ")
    )
}

/// A trust policy that lets `principals` (the `AWS` of it) assume the role.
pub(crate) fn trust(principals: Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": "sts:AssumeRole",
        }],
    })
}

/// A policy of one statement; actions and resources are a string or a list.
pub(crate) fn policy(effect: &str, actions: Value, resources: Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": effect, "Action": actions, "Resource": resources },
    })
}

/// The time by a client's clock, in milliseconds since 1970.
#[allow(
    clippy::disallowed_methods,
    reason = "the server is another process and a client has a clock of its own"
)]
pub(crate) fn client_clock_millis() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The accounts of a configuration, with the root keys that stand in it.
fn accounts(text: &str) -> Vec<Account> {
    let table: toml::Table = text.parse().expect("a configuration is TOML");
    let accounts = table["account"]
        .as_array()
        .expect("a configuration has accounts");
    let account = |entry: &toml::Value| {
        let text = |key: &str| {
            let value = entry.get(key).and_then(toml::Value::as_str);
            value
                .unwrap_or_else(|| panic!("an account without {key}"))
                .to_owned()
        };
        Account {
            name: text("name"),
            id: text("id"),
            root: Credentials {
                key_id: text("root_access_key_id"),
                secret: text("root_secret_access_key"),
                token: None,
            },
        }
    };
    accounts.iter().map(account).collect()
}
