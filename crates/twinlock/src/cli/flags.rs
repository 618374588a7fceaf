//! Each scalar key of the configuration as a flag and as a variable.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, ConfigError, Overrides, SCALAR_KEYS};

/// Variables that are no keys of the configuration.
const OTHER_VARIABLES: [&str; 2] = ["TWINLOCK_CONFIG", "TWINLOCK_MASTER_KEY"];

/// Which configuration.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The configuration; default: twinlock.toml here, in ~/.config/twinlock or in /etc/twinlock, the first that exists
    #[arg(long, value_name = "FILE", env = "TWINLOCK_CONFIG")]
    pub(super) config: Option<PathBuf>,
}

/// Scalar keys, laid over the configuration file.
#[derive(Debug, Default, Args)]
#[command(
    next_help_heading = "Keys of the configuration (a flag counts more than a variable, a variable more than the file)"
)]
pub(super) struct Keys {
    /// Where all state is kept [default: twinlock-data]
    #[arg(long, value_name = "DIR", env = "TWINLOCK_DATA_DIR")]
    data_dir: Option<String>,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT", env = "TWINLOCK_LISTEN")]
    listen: Option<String>,
    /// Domains under which BUCKET.DOMAIN is a bucket [default: s3.localhost]
    #[arg(long, value_name = "DOMAIN,…", env = "TWINLOCK_S3_DOMAINS")]
    s3_domains: Option<String>,
    /// Whether the accounts form one organization, the first being its management account
    #[arg(long, value_name = "BOOL", env = "TWINLOCK_ORGANIZATION", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    organization: Option<String>,
    /// Accounts elsewhere that trust policies may name
    #[arg(long, value_name = "ID,…", env = "TWINLOCK_EXTERNAL_ACCOUNTS")]
    external_accounts: Option<String>,
    /// The region of calls that name none [default: us-east-1]
    #[arg(long, value_name = "REGION", env = "TWINLOCK_REGION")]
    region: Option<String>,
    /// Where clients reach the server, if not where it listens
    #[arg(long, value_name = "URL", env = "TWINLOCK_PUBLIC_URL")]
    public_url: Option<String>,
    /// Certificate chain in PEM
    #[arg(long, value_name = "FILE", env = "TWINLOCK_TLS_CERT")]
    tls_cert: Option<String>,
    /// Private key in PEM
    #[arg(long, value_name = "FILE", env = "TWINLOCK_TLS_KEY")]
    tls_key: Option<String>,
    /// Peers whose X-Forwarded-For and X-Forwarded-Proto are believed
    #[arg(long, value_name = "NETWORK,…", env = "TWINLOCK_TRUSTED_PROXIES")]
    trusted_proxies: Option<String>,
    /// What is logged to standard error: error, warn, info, debug, or per module [default: info]
    #[arg(long, value_name = "FILTER", env = "TWINLOCK_LOG")]
    log: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT", env = "TWINLOCK_LOG_FORMAT")]
    log_format: Option<String>,
}

impl Keys {
    /// The keys given, as the configuration takes them.
    pub(super) fn overrides(&self) -> Overrides {
        let values = [
            &self.data_dir,
            &self.listen,
            &self.s3_domains,
            &self.organization,
            &self.external_accounts,
            &self.region,
            &self.public_url,
            &self.tls_cert,
            &self.tls_key,
            &self.trusted_proxies,
            &self.log,
            &self.log_format,
        ];
        let pairs = SCALAR_KEYS.into_iter().zip(values);
        pairs
            .filter_map(|(key, value)| Some((key, value.clone()?)))
            .collect()
    }
}

/// The configuration of this command line.
pub(super) fn load(source: &Source, keys: &Keys) -> Result<Config, ConfigError> {
    Config::load(source.config.as_deref(), &keys.overrides())
}

/// Variables that look like ours and are none, each with a hint: a misspelt `TWINLOCK_LISTN` would otherwise just do nothing.
pub(super) fn strange_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<String> = SCALAR_KEYS
        .iter()
        .map(|key| format!("TWINLOCK_{}", key.to_ascii_uppercase()))
        .chain(OTHER_VARIABLES.map(str::to_owned))
        .collect();
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    names
        .filter(|name| name.starts_with("TWINLOCK_") && !words.contains(&name.as_str()))
        .map(|name| {
            let near = words
                .iter()
                .map(|word| (strsim::damerau_levenshtein(&name, word), word))
                .min()
                .filter(|(distance, _)| *distance <= 4);
            match near {
                Some((_, near)) => {
                    format!("the variable {name} means nothing to Twinlock: did you mean {near}?")
                }
                None => format!("the variable {name} means nothing to Twinlock"),
            }
        })
        .collect()
}
