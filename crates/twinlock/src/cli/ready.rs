//! The ready line: where the server answers, with which credentials, and what to try next.
//!
//! Every command printed here is run by a test as it is printed, and no address is printed that does not answer.

use std::{fmt::Write, path::Path};

use serde_json::{Value, json};

use super::env::{Shell, quote};
use crate::{
    config::{Config, PORT, is_public},
    server::Running,
};

/// How the command line was called, so that the commands we print work where they are pasted.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    program: String,
    /// What tells `twinlock env` the same configuration: `--config FILE`, `--demo 3`, or nothing.
    source: Vec<String>,
}

impl Invocation {
    /// Of `twinlock serve`.
    pub(super) fn of_serve(config: Option<&Path>) -> Self {
        let source = config.map(|path| vec!["--config".to_owned(), path.display().to_string()]);
        Invocation {
            program: program(),
            source: source.unwrap_or_default(),
        }
    }

    /// Of `twinlock demo`.
    pub(super) fn of_demo(text: usize) -> Self {
        Invocation {
            program: program(),
            source: vec!["--demo".to_owned(), text.to_string()],
        }
    }

    /// `eval "$(twinlock env … ACCOUNT)"`.
    fn env(&self, account: &str, endpoint: Option<&str>) -> String {
        let mut words = vec![self.program.clone(), "env".to_owned()];
        words.extend(self.source.iter().cloned());
        words.extend(endpoint.map(|url| format!("--endpoint={url}")));
        words.push(account.to_owned());
        let words: Vec<String> = words.iter().map(|word| quote(Shell::Sh, word)).collect();
        format!("eval \"$({})\"", words.join(" "))
    }
}

fn program() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "twinlock".to_owned())
}

/// One line of JSON, for programs.
pub(super) fn json(config: &Config, running: &Running) -> String {
    let accounts: Vec<Value> = config
        .accounts
        .iter()
        .map(|account| {
            let key = account.root_access_key.as_ref().map(|key| key.id.as_str());
            json!({ "id": account.id.as_str(), "name": account.name, "root_access_key_id": key })
        })
        .collect();
    let created: Vec<Value> = running
        .created
        .iter()
        .map(|new| {
            json!({
                "id": new.id.as_str(),
                "name": new.name,
                "root_access_key_id": new.access_key_id,
                "generated_root_secret_access_key": new.generated_secret.as_ref().map(|secret| secret.expose()),
                "generated_root_password": new.generated_password.as_ref().map(|secret| secret.expose()),
            })
        })
        .collect();
    let line = json!({
        "endpoint": running.endpoint,
        "console": console(running),
        "address": running.addr.to_string(),
        "port": running.addr.port(),
        "region": config.region,
        "accounts": accounts,
        "created": created,
    });
    format!("{line}\n")
}

/// Some lines for people.
pub(super) fn text(
    config: &Config,
    running: &Running,
    invocation: &Invocation,
    populate: bool,
) -> String {
    let mut out = format!(
        "Twinlock answers at {}\nThe console is at   {}\n",
        running.endpoint,
        console(running)
    );
    accounts(&mut out, config, running);
    let listed = config
        .accounts
        .iter()
        .any(|a| !a.users.is_empty() || !a.groups.is_empty() || !a.buckets.is_empty());
    if listed && !populate {
        out.push_str("\nThe configuration also lists users, groups or buckets; --populate creates them with their account.\n");
    }
    out.push_str("\nTry next, in another terminal:\n");
    for command in next_commands(config, running, invocation) {
        let _ = writeln!(out, "  {command}");
    }
    let _ = writeln!(
        out,
        "\nData is kept in {}. Ctrl-C stops.",
        config.data_dir.display()
    );
    out
}

/// Where people sign in.
fn console(running: &Running) -> String {
    format!("{}/console", running.endpoint)
}

fn accounts(out: &mut String, config: &Config, running: &Running) {
    let mut shown = false;
    for account in &config.accounts {
        let _ = write!(out, "\n  account {}  {}\n", account.id, account.name);
        let Some(key) = account
            .root_access_key
            .as_ref()
            .filter(|key| is_public(key.secret.expose()))
        else {
            continue;
        };
        // Only what is no secret anyway: the samples that come with Twinlock.
        let _ = writeln!(
            out,
            "    root access key  {}\n    root secret key  {}",
            key.id,
            key.secret.expose()
        );
        if let Some(password) = account
            .root_password
            .as_ref()
            .filter(|password| is_public(password.expose()))
        {
            let _ = writeln!(out, "    root password    {}", password.expose());
        }
        for user in &account.users {
            let password = user
                .password
                .as_ref()
                .filter(|password| is_public(password.expose()));
            if let Some(password) = password {
                let _ = writeln!(
                    out,
                    "    user {}, password {}",
                    user.name,
                    password.expose()
                );
            }
        }
    }
    for new in &running.created {
        if new.generated_secret.is_none() && new.generated_password.is_none() {
            continue;
        }
        shown = true;
        let _ = write!(
            out,
            "\n  new account {}  {}\n    root access key  {}\n",
            new.id, new.name, new.access_key_id
        );
        if let Some(secret) = &new.generated_secret {
            let _ = writeln!(out, "    root secret key  {}", secret.expose());
        }
        if let Some(password) = &new.generated_password {
            let _ = writeln!(out, "    root password    {}", password.expose());
        }
    }
    if shown {
        out.push_str("\nWhat was generated is shown this once: keep it.\n");
    }
}

/// Three lines for a POSIX shell: credentials, who am I, what is there.
pub(super) fn next_commands(
    config: &Config,
    running: &Running,
    invocation: &Invocation,
) -> Vec<String> {
    let mut commands = Vec::new();
    // The last account is the caller's side in most stories; where its key was generated, it stands above only once.
    let configured = config
        .accounts
        .iter()
        .rev()
        .find(|account| account.root_access_key.is_some());
    let generated = running
        .created
        .iter()
        .find_map(|new| Some((new, new.generated_secret.as_ref()?)));
    match (configured, generated) {
        (Some(account), _) => {
            let usual = config.endpoint(if config.listen.port() == 0 {
                PORT
            } else {
                config.listen.port()
            });
            let endpoint = (usual != running.endpoint || config.listen.port() == 0)
                .then_some(running.endpoint.as_str());
            commands.push(invocation.env(&account.name, endpoint));
        }
        (None, Some((new, secret))) => {
            let words = [
                ("AWS_ENDPOINT_URL", running.endpoint.as_str()),
                ("AWS_REGION", config.region.as_str()),
                ("AWS_ACCESS_KEY_ID", new.access_key_id.as_str()),
                ("AWS_SECRET_ACCESS_KEY", secret.expose()),
            ];
            let words: Vec<String> = words
                .iter()
                .map(|(name, value)| format!("{name}={}", quote(Shell::Sh, value)))
                .collect();
            commands.push(format!("export {}", words.join(" ")));
        }
        (None, None) => {
            let words = format!(
                "export AWS_ENDPOINT_URL={} AWS_REGION={}",
                quote(Shell::Sh, &running.endpoint),
                config.region
            );
            commands.push(format!("{words}    # and the keys that you kept"));
        }
    }
    commands.push("aws sts get-caller-identity".to_owned());
    commands.push("aws iam list-users".to_owned());
    commands
}
