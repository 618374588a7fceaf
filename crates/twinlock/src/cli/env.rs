//! `twinlock env`: the variables or the profile text with which the aws CLI and every SDK call this server.

use std::{fmt::Write, process::ExitCode};

use clap::{Args, ValueEnum};

use super::{
    Failure, Outcome, flags,
    flags::{Keys, Source},
    output,
};
use crate::config::{self, AccountConfig, Config, KeyPair, ProfileConfig};

const EXAMPLES: &str = "\
Examples:
  eval \"$(twinlock env Development)\"                     # root of an account: by name, id or alias
  eval \"$(twinlock env Development/David)\"               # a user that the configuration lists, with an access key
  twinlock env --shell fish Development | source
  twinlock env --shell powershell Development | Out-String | Invoke-Expression
  FOR /F \"tokens=*\" %L IN ('twinlock env --shell windows-cmd Development') DO @%L
  twinlock env updateapp >> ~/.aws/config                # a [[profile]]: role_arn, with its source_profile
  twinlock env --profile-text Development >> ~/.aws/config
  twinlock env --all >> ~/.aws/config                    # every account, user and profile

Credentials come from the configuration, not from the server: keys that were generated are shown once, at their first start.";

/// Print the variables or the profile text.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Env {
    /// An account (name, id or alias), a user as ACCOUNT/USER, or the name of a [[profile]]
    #[arg(value_name = "ACCOUNT|PROFILE", required_unless_present = "all")]
    who: Option<String>,
    /// The shell that reads the variables
    #[arg(long, value_enum, default_value = "sh", conflicts_with = "all")]
    shell: Shell,
    /// Print text for ~/.aws/config instead of variables, also for an account or user
    #[arg(long, conflicts_with = "shell")]
    profile_text: bool,
    /// Print text for ~/.aws/config: every account, user and profile
    #[arg(long, conflicts_with = "who")]
    all: bool,
    /// Take a walkthrough's configuration, 1 to 5
    #[arg(long, value_name = "TEXT", conflicts_with = "config", value_parser = clap::value_parser!(u8).range(1..=5))]
    demo: Option<u8>,
    /// Where the server answers, if not where the configuration says
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    keys: Keys,
}

/// A shell, by the way it sets variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// sh, bash, zsh and their kin
    Sh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// cmd.exe of Windows
    WindowsCmd,
}

impl Env {
    pub(super) fn run(self) -> Outcome {
        let config = match self
            .demo
            .and_then(|text| config::walkthrough(usize::from(text)))
        {
            Some(text) => Config::parse(text, None, &self.keys.overrides())?,
            None => flags::load(&self.source, &self.keys)?,
        };
        if self.endpoint.is_none() && config.public_url.is_none() && config.listen.port() == 0 {
            return Err(Failure::Usage(
                "the configuration listens on port 0, so that only the server knows its port: copy the endpoint of its ready line to --endpoint".to_owned(),
            ));
        }
        let endpoint = self
            .endpoint
            .clone()
            .unwrap_or_else(|| config.endpoint(config.listen.port()));
        output::print(&self.text(&config, endpoint.trim_end_matches('/'))?)?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, config: &Config, endpoint: &str) -> Result<String, Failure> {
        let printer = Profiles { config, endpoint };
        let Some(who) = self.who.as_deref() else {
            return Ok(printer.all());
        };
        if let Some(profile) = config.profiles.iter().find(|profile| profile.name == who) {
            return printer.with_source(profile);
        }
        let whose = find(config, who)?;
        let key = whose.key()?;
        if self.profile_text {
            return Ok(printer.credentials(&whose.name, key));
        }
        Ok(variables(self.shell, endpoint, &config.region, key))
    }
}

/// Whose credentials.
struct Whose<'c> {
    /// `Development` or `Development/David`: as the profile is called.
    name: String,
    key: Option<&'c KeyPair>,
}

impl<'c> Whose<'c> {
    fn key(&self) -> Result<&'c KeyPair, Failure> {
        self.key.ok_or_else(|| {
            Failure::Usage(format!(
                "the configuration has no access key for {}: a key that it does not give was generated and shown once, when the account was made",
                self.name
            ))
        })
    }
}

fn find<'c>(config: &'c Config, who: &str) -> Result<Whose<'c>, Failure> {
    let (account_name, user_name) = who
        .split_once('/')
        .map_or((who, None), |(account, user)| (account, Some(user)));
    let Some(account) = config.account(account_name) else {
        return Err(Failure::Usage(unknown(config, who)));
    };
    let Some(user_name) = user_name else {
        return Ok(Whose {
            name: account.name.clone(),
            key: account.root_access_key.as_ref(),
        });
    };
    let user = account
        .users
        .iter()
        .find(|user| user.name.eq_ignore_ascii_case(user_name))
        .ok_or_else(|| {
            let names: Vec<&str> = account
                .users
                .iter()
                .map(|user| user.name.as_str())
                .collect();
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            Failure::Usage(format!(
                "account {} lists no user `{user_name}` in the configuration; users there: {known}",
                account.name
            ))
        })?;
    Ok(Whose {
        name: format!("{}/{}", account.name, user.name),
        key: user.access_key.as_ref(),
    })
}

fn unknown(config: &Config, who: &str) -> String {
    let names = |account: &AccountConfig| format!("{} ({})", account.name, account.id);
    let known: Vec<String> = config
        .accounts
        .iter()
        .map(names)
        .chain(config.profiles.iter().map(|profile| profile.name.clone()))
        .collect();
    if !known.is_empty() {
        return format!(
            "the configuration has no account and no profile `{who}`; it has {}",
            known.join(", ")
        );
    }
    match &config.origin {
        Some(path) => format!("`{}` has no [[account]]", path.display()),
        None => "there is no configuration here: name one with --config".to_owned(),
    }
}

/// Puts a word so that the shell takes it as it is.
pub(super) fn quote(shell: Shell, word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    match shell {
        Shell::Sh if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        Shell::Sh => format!("'{}'", word.replace('\'', "'\\''")),
        Shell::Fish => format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'")),
        Shell::Powershell => format!("'{}'", word.replace('\'', "''")),
        // Within quotes only these two still mean something to cmd.exe; `set "A=b"` does not make quotes part of the value.
        Shell::WindowsCmd => word.replace('^', "^^").replace('%', "%%"),
    }
}

/// Commands that set what clients need, and take away what would come before it.
fn variables(shell: Shell, endpoint: &str, region: &str, key: &KeyPair) -> String {
    let set = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", &key.id),
        ("AWS_SECRET_ACCESS_KEY", key.secret.expose()),
    ];
    // A session token or profile left from before would be taken instead of, or mixed with, the keys above.
    let unset = ["AWS_SESSION_TOKEN", "AWS_PROFILE"];
    let mut out = String::new();
    for (name, value) in set {
        let value = quote(shell, value);
        let _ = match shell {
            Shell::Sh => writeln!(out, "export {name}={value}"),
            Shell::Fish => writeln!(out, "set -gx {name} {value};"),
            Shell::Powershell => writeln!(out, "$env:{name} = {value}"),
            Shell::WindowsCmd => writeln!(out, "set \"{name}={value}\""),
        };
    }
    for name in unset {
        let _ = match shell {
            Shell::Sh => writeln!(out, "unset {name}"),
            Shell::Fish => writeln!(out, "set -e {name};"),
            Shell::Powershell => {
                writeln!(out, "Remove-Item Env:{name} -ErrorAction SilentlyContinue")
            }
            Shell::WindowsCmd => writeln!(out, "set \"{name}=\""),
        };
    }
    out
}

/// Text for ~/.aws/config.
struct Profiles<'c> {
    config: &'c Config,
    endpoint: &'c str,
}

impl Profiles<'_> {
    fn head(&self, name: &str) -> String {
        // The file's own rule: a name with a space or a slash stands in quotes.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = if name.chars().all(plain) {
            name.to_owned()
        } else {
            format!("\"{name}\"")
        };
        format!(
            "[profile {name}]\nregion = {}\nendpoint_url = {}\n",
            self.config.region, self.endpoint
        )
    }

    fn credentials(&self, name: &str, key: &KeyPair) -> String {
        let secret = key.secret.expose();
        format!(
            "{}aws_access_key_id = {}\naws_secret_access_key = {secret}\n",
            self.head(name),
            key.id
        )
    }

    fn role(&self, profile: &ProfileConfig) -> String {
        // A profile's source may be written by id or alias; the file knows it by the name that we give it there.
        let source = find(self.config, &profile.source_profile)
            .map_or_else(|_| profile.source_profile.clone(), |whose| whose.name);
        let mut out = self.head(&profile.name);
        let _ = write!(
            out,
            "role_arn = {}\nsource_profile = {source}\n",
            profile.role_arn
        );
        let optional = [
            ("external_id", profile.external_id.clone()),
            ("role_session_name", profile.role_session_name.clone()),
            (
                "duration_seconds",
                profile.duration_seconds.map(|seconds| seconds.to_string()),
            ),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                let _ = writeln!(out, "{name} = {value}");
            }
        }
        out
    }

    /// A profile after all those that it stands on.
    fn with_source(&self, profile: &ProfileConfig) -> Result<String, Failure> {
        let mut chain = vec![profile];
        loop {
            let source = chain
                .last()
                .map_or("", |profile| profile.source_profile.as_str());
            match self
                .config
                .profiles
                .iter()
                .find(|profile| profile.name == source)
            {
                Some(next) if chain.iter().any(|known| known.name == next.name) => {
                    return Err(Failure::Usage(format!(
                        "the profile `{}` is its own source",
                        next.name
                    )));
                }
                Some(next) => chain.push(next),
                None => {
                    let whose = find(self.config, source)?;
                    let first = self.credentials(&whose.name, whose.key()?);
                    let roles = chain.iter().rev().map(|profile| self.role(profile));
                    return Ok(std::iter::once(first)
                        .chain(roles)
                        .collect::<Vec<_>>()
                        .join("\n"));
                }
            }
        }
    }

    fn all(&self) -> String {
        let mut texts = Vec::new();
        for account in &self.config.accounts {
            texts.extend(
                account
                    .root_access_key
                    .as_ref()
                    .map(|key| self.credentials(&account.name, key)),
            );
            for user in &account.users {
                let name = format!("{}/{}", account.name, user.name);
                texts.extend(
                    user.access_key
                        .as_ref()
                        .map(|key| self.credentials(&name, key)),
                );
            }
        }
        texts.extend(
            self.config
                .profiles
                .iter()
                .map(|profile| self.role(profile)),
        );
        texts.join("\n")
    }
}
