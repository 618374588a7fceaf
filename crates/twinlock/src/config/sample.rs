//! The configurations that come with Twinlock, and the credentials in them that the whole world knows.

use std::{collections::BTreeSet, sync::OnceLock};

use super::{AccountConfig, Config};

/// `twinlock.example.toml`: what `make run` starts.
pub const EXAMPLE: &str = include_str!("../../../../twinlock.example.toml");

/// The walkthroughs' configurations, text 1 first.
pub const WALKTHROUGHS: [&str; 5] = [
    include_str!("../../../../examples/text1.toml"),
    include_str!("../../../../examples/text2.toml"),
    include_str!("../../../../examples/text3.toml"),
    include_str!("../../../../examples/text4.toml"),
    include_str!("../../../../examples/text5.toml"),
];

/// The configuration of walkthrough `number`, 1 to 5.
pub fn walkthrough(number: usize) -> Option<&'static str> {
    WALKTHROUGHS.get(number.checked_sub(1)?).copied()
}

/// Whether `secret` is a password or secret key of a configuration that comes with Twinlock. Read from these very files, so
/// that a credential added to one of them cannot be forgotten here.
pub fn is_public(secret: &str) -> bool {
    static KNOWN: OnceLock<BTreeSet<String>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        std::iter::once(EXAMPLE)
            .chain(WALKTHROUGHS)
            .map(|text| {
                let mut config = Config::default();
                super::read::file(text, None, &mut config);
                config
            })
            .flat_map(|config| config.accounts)
            .flat_map(|account| secrets(&account).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    });
    known.contains(secret)
}

/// Every secret of an account's configuration.
pub(super) fn secrets(account: &AccountConfig) -> impl Iterator<Item = &str> {
    let users = account.users.iter().flat_map(|user| {
        user.password
            .iter()
            .chain(user.access_key.iter().map(|key| &key.secret))
            .map(|secret| secret.expose())
    });
    account
        .root_password
        .iter()
        .chain(account.root_access_key.iter().map(|key| &key.secret))
        .map(|secret| secret.expose())
        .chain(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_configuration_that_comes_with_twinlock_is_good() {
        for text in std::iter::once(EXAMPLE).chain(WALKTHROUGHS) {
            let config = Config::parse(text, None, &Vec::new()).unwrap_or_else(|e| panic!("{e}"));
            assert!(config.accounts.len() >= 2);
            assert!(
                config
                    .accounts
                    .iter()
                    .all(|a| a.root_access_key.is_some() && a.root_password.is_some())
            );
        }
        assert!(walkthrough(0).is_none() && walkthrough(6).is_none());
    }
}
