//! The configuration: a TOML file, over which environment variables and then flags are laid.
//!
//! A configuration is read once, completely, and refused completely: every problem is shown with its file, line and column,
//! and an unknown key names the nearest known one, because a misspelt `root_pasword` that is silently ignored is a server that
//! runs with other credentials than its owner believes. Account ids are strings everywhere: of `081278057606` a number would
//! lose the leading zero, and with it the account.

mod accounts;
mod check;
mod net;
mod providers;
mod quotas;
mod read;
mod sample;
#[cfg(test)]
mod tests;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use accounts::{
    AccountConfig, BucketConfig, GroupConfig, InlinePolicyConfig, KeyPair, ProfileConfig,
    UserConfig,
};
pub use net::Network;
pub use read::{ConfigError, Problem};
pub use sample::{EXAMPLE, WALKTHROUGHS, is_public, walkthrough};
use twinlock_directory::{AccountId, Quotas};
use twinlock_gate::proof::issuers::Configured;

/// The port of the default endpoint.
pub const PORT: u16 = 4566;

/// The scalar keys, each of which is also a flag (`--data-dir`) and a variable (`TWINLOCK_DATA_DIR`).
pub const SCALAR_KEYS: [&str; 12] = [
    "data_dir",
    "listen",
    "s3_domains",
    "organization",
    "external_accounts",
    "region",
    "public_url",
    "tls_cert",
    "tls_key",
    "trusted_proxies",
    "log",
    "log_format",
];

/// Everything that the operator decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where all state is kept. One server at a time.
    pub data_dir: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Domains under which `BUCKET.domain` names a bucket, in lower case; the longest match counts.
    pub s3_domains: Vec<String>,
    /// Whether the accounts form one organization, with the first as its management account.
    pub organization: bool,
    /// Accounts elsewhere that trust policies may name.
    pub external_accounts: Vec<AccountId>,
    /// The region of calls that name none.
    pub region: String,
    /// Where clients reach the server, without a final slash; none: as it listens.
    pub public_url: Option<String>,
    /// The certificate chain in PEM; together with `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// The private key in PEM.
    pub tls_key: Option<PathBuf>,
    /// Peers whose X-Forwarded-For and X-Forwarded-Proto are believed.
    pub trusted_proxies: Vec<Network>,
    /// What is logged, in the words of `RUST_LOG`: `info`, `warn,twinlock=debug`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// The accounts to create where the data directory lacks them.
    pub accounts: Vec<AccountConfig>,
    /// What is said of issuers of web identity tokens: where their keys are.
    pub oidc_providers: Vec<Configured>,
    /// How many and how large; AWS's defaults where the table does not say otherwise.
    pub quotas: Quotas,
    /// Profiles for `twinlock env`.
    pub profiles: Vec<ProfileConfig>,
    /// The file the configuration came from.
    pub origin: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: PathBuf::from("twinlock-data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            s3_domains: vec!["s3.localhost".to_owned()],
            organization: false,
            external_accounts: Vec::new(),
            region: "us-east-1".to_owned(),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            accounts: Vec::new(),
            oidc_providers: Vec::new(),
            quotas: Quotas::default(),
            profiles: Vec::new(),
            origin: None,
        }
    }
}

/// Scalar keys given as flags or in the environment, as text: `(key, value)` with the key as in the file. Lists are
/// separated by commas.
pub type Overrides = Vec<(&'static str, String)>;

impl Config {
    /// Reads the configuration in `text`, lays `overrides` over it and checks the whole. Paths in the file are relative to
    /// `origin`'s folder, paths in `overrides` to the working directory.
    ///
    /// # Errors
    /// Every problem found, with its place.
    pub fn parse(
        text: &str,
        origin: Option<&Path>,
        overrides: &Overrides,
    ) -> Result<Self, ConfigError> {
        let mut config = Config {
            origin: origin.map(Path::to_owned),
            ..Config::default()
        };
        let mut problems = read::file(text, origin, &mut config);
        problems.extend(read::overrides(overrides, &mut config));
        // Cross-checks on half a configuration would only add noise to the problems that are already known.
        if problems.is_empty() {
            problems = check::all(&config);
        }
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError { problems })
        }
    }

    /// Reads the file `explicit`, or else the first that exists of the [default places](default_places), or else nothing.
    ///
    /// # Errors
    /// An `explicit` file that cannot be read, and every problem of the content.
    pub fn load(explicit: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let found = match explicit {
            Some(path) => Some(path.to_owned()),
            None => default_places().into_iter().find(|path| path.is_file()),
        };
        let Some(path) = found else {
            return Config::parse("", None, overrides);
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Config::parse(&text, Some(&path), overrides),
            Err(error) => Err(ConfigError {
                problems: vec![Problem::plain(format!(
                    "cannot read `{}`: {error}",
                    path.display()
                ))],
            }),
        }
    }

    /// Whether clients speak TLS to the server itself.
    pub fn tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// The URL at which clients reach a server of this configuration that listens on `port`, without a final slash.
    pub fn endpoint(&self, port: u16) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let scheme = if self.tls() { "https" } else { "http" };
        let mut address = self.listen;
        address.set_port(port);
        if address.ip().is_unspecified() {
            // Nobody can call 0.0.0.0; whoever reads this line sits on the machine itself.
            return format!("{scheme}://127.0.0.1:{port}");
        }
        format!("{scheme}://{address}")
    }

    /// The account with this id, name or alias; names and aliases without regard to case.
    pub fn account(&self, wanted: &str) -> Option<&AccountConfig> {
        self.accounts.iter().find(|account| {
            account.id.as_str() == wanted
                || account.name.eq_ignore_ascii_case(wanted)
                || account
                    .alias
                    .as_deref()
                    .is_some_and(|alias| alias.eq_ignore_ascii_case(wanted))
        })
    }
}

/// Where `twinlock serve` looks for its configuration when none is named, in this order.
pub fn default_places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("twinlock.toml")];
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    places.extend(home.map(|folder| folder.join("twinlock/twinlock.toml")));
    places.push(PathBuf::from("/etc/twinlock/twinlock.toml"));
    places
}
