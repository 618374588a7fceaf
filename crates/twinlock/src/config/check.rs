//! What a whole configuration must keep to: nothing twice, and no known or unprotected secret beyond this machine.

use std::collections::HashMap;

use super::{AccountConfig, Config, Problem, sample};

/// Everything that is wrong with `config` as a whole.
pub(super) fn all(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let p = &mut problems;
    unique(config, p);
    profiles(config, p);
    tls(config, p);
    exposure(config, p);
    problems
}

/// One name space: `what` may not occur twice.
struct Unique {
    what: &'static str,
    seen: HashMap<String, String>,
}

impl Unique {
    fn new(what: &'static str) -> Self {
        Unique {
            what,
            seen: HashMap::new(),
        }
    }

    fn add(&mut self, value: &str, owner: &str, problems: &mut Vec<Problem>) {
        let what = self.what;
        if let Some(other) = self
            .seen
            .insert(value.to_ascii_lowercase(), owner.to_owned())
        {
            problems.push(Problem::plain(format!(
                "the {what} `{value}` is there twice: for {other} and for {owner}"
            )));
        }
    }
}

fn unique(config: &Config, problems: &mut Vec<Problem>) {
    let mut ids = Unique::new("account id");
    let mut aliases = Unique::new("account alias");
    let mut emails = Unique::new("e-mail address");
    let mut keys = HashMap::new();
    let mut buckets = Unique::new("bucket");
    for account in &config.accounts {
        let owner = format!("account `{}`", account.name);
        ids.add(account.id.as_str(), &owner, problems);
        if config.external_accounts.contains(&account.id) {
            let message = format!(
                "account `{}` is configured here and also listed in external_accounts",
                account.id
            );
            problems.push(Problem::plain(message));
        }
        if let Some(alias) = &account.alias {
            aliases.add(alias, &owner, problems);
        }
        if let Some(email) = &account.email {
            emails.add(email, &owner, problems);
        }
        for bucket in &account.buckets {
            buckets.add(&bucket.name, &owner, problems);
        }
        let user_keys = account.users.iter().filter_map(|user| {
            Some((
                user.access_key.as_ref()?,
                format!("user `{}` of {owner}", user.name),
            ))
        });
        let root_key = account
            .root_access_key
            .iter()
            .map(|key| (key, format!("root of {owner}")));
        for (key, owner) in root_key.chain(user_keys) {
            // Access key ids differ by case, names do not.
            if let Some(other) = keys.insert(key.id.clone(), owner.clone()) {
                let message = format!(
                    "the access key id `{}` is there twice: for {other} and for {owner}",
                    key.id
                );
                problems.push(Problem::plain(message));
            }
        }
        names(account, &owner, problems);
    }
}

fn names(account: &AccountConfig, owner: &str, problems: &mut Vec<Problem>) {
    let mut users = Unique::new("user");
    let mut groups = Unique::new("user group");
    account
        .users
        .iter()
        .for_each(|user| users.add(&user.name, owner, problems));
    account
        .groups
        .iter()
        .for_each(|group| groups.add(&group.name, owner, problems));
}

fn profiles(config: &Config, problems: &mut Vec<Problem>) {
    let mut names = Unique::new("profile");
    for profile in &config.profiles {
        names.add(&profile.name, "one [[profile]]", problems);
        let source = profile.source_profile.as_str();
        let (account, user) = source
            .split_once('/')
            .map_or((source, None), |(a, u)| (a, Some(u)));
        let known = config
            .profiles
            .iter()
            .any(|p| p.name == source && p.name != profile.name)
            || config.account(account).is_some_and(|account| {
                user.is_none_or(|user| {
                    account
                        .users
                        .iter()
                        .any(|u| u.name.eq_ignore_ascii_case(user))
                })
            });
        if !known {
            problems.push(Problem::plain(format!(
                "profile `{}`: there is no other profile, account or ACCOUNT/USER `{source}` to be its source_profile",
                profile.name
            )));
        }
    }
}

fn tls(config: &Config, problems: &mut Vec<Problem>) {
    let message = match (&config.tls_cert, &config.tls_key) {
        (Some(_), None) => "tls_cert needs tls_key beside it: the private key in PEM",
        (None, Some(_)) => "tls_key needs tls_cert beside it: the certificate chain in PEM",
        _ => return,
    };
    problems.push(Problem::plain(message));
}

/// Beyond loopback anyone may knock: the sample credentials are public knowledge, and a password must not cross the net in clear.
fn exposure(config: &Config, problems: &mut Vec<Problem>) {
    if config.listen.ip().to_canonical().is_loopback() {
        return;
    }
    let listen = config.listen;
    for account in &config.accounts {
        if sample::secrets(account).any(sample::is_public) {
            problems.push(Problem::plain(format!(
                "account `{}` has credentials that come with Twinlock and are known to everyone; they are for a server on 127.0.0.1, not on {listen}: choose your own, or leave them out to have new ones generated and shown once",
                account.name
            )));
        }
    }
    let behind_tls = !config.trusted_proxies.is_empty()
        && config
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
    let passwords = config.accounts.iter().any(|account| {
        account.root_password.is_some() || account.users.iter().any(|user| user.password.is_some())
    });
    if passwords && !config.tls() && !behind_tls {
        problems.push(Problem::plain(format!(
            "passwords would cross the net in clear on {listen}: give tls_cert and tls_key; or, behind a proxy that speaks TLS, trusted_proxies and a public_url that begins with https://; or leave the passwords out"
        )));
    }
}
