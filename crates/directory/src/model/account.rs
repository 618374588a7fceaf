//! An account: the lock that everything else belongs to, with its root user.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AccessKey, Millis, PublicAccessBlock, SigningCertificate};

/// A twelve-digit account id. Leading zeros count, so it is never a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

/// The text is not an account id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an account id is exactly 12 digits, `{0}` is not")]
pub struct AccountIdError(String);

impl AccountId {
    /// The id as text, twelve digits.
    pub fn as_str(&self) -> &str {
        // INVARIANT: only ASCII digits are ever stored, see `from_digits`.
        std::str::from_utf8(&self.0).unwrap_or("000000000000")
    }

    /// The id as a number below 10^12: it fits into the 40 bits that a temporary access key id has for it.
    pub fn number(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |n, digit| n * 10 + u64::from(digit - b'0'))
    }

    /// INVARIANT: `digits` are ASCII digits.
    pub(crate) const fn from_digits(digits: [u8; 12]) -> AccountId {
        AccountId(digits)
    }

    /// The id of this number, or nothing if it has more than twelve digits.
    pub fn from_number(number: u64) -> Option<AccountId> {
        format!("{number:012}").parse().ok()
    }

    /// The ARN of the account's root user.
    pub fn root_arn(&self) -> String {
        format!("arn:aws:iam::{self}:root")
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<AccountId, AccountIdError> {
        match <[u8; 12]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => {
                Ok(AccountId::from_digits(digits))
            }
            _ => Err(AccountIdError(text.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// The twelve-digit id, unique over all accounts.
    pub id: AccountId,
    /// The account's name, as the configuration or Organizations gave it.
    pub name: String,
    /// The sign-in alias, unique over all accounts; compared as written (aliases are lower case).
    pub alias: Option<String>,
    /// The root user's e-mail address, unique over all accounts without regard to case; empty when never given.
    pub email: String,
    /// When the account was made.
    pub created: Millis,
    /// The root user's password and keys.
    pub root: RootCredentials,
    /// 64 hexadecimal digits by which S3's ACLs name the account.
    pub canonical_id: String,
    /// S3 Block Public Access of the whole account, if set.
    #[serde(default)]
    pub public_access_block: Option<PublicAccessBlock>,
    /// When the account was closed: from then on none of its credentials works, and nobody reaches what it owns.
    #[serde(default)]
    pub closed: Option<Millis>,
    /// Other account-wide settings by name (password policy and the like), kept as text by the operations owning them.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// What the root user signs in with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RootCredentials {
    /// The argon2id hash of the password; without one, root cannot use the console.
    pub password_hash: Option<String>,
    /// Since when there is a password, or leave to set one, after the one that came with the account was taken away; sign-ins
    /// from before are over.
    #[serde(default)]
    pub password_since: Option<Millis>,
    /// The root user's access keys.
    pub access_keys: Vec<AccessKey>,
    /// The root user's X.509 certificates, oldest first.
    #[serde(default)]
    pub signing_certificates: Vec<SigningCertificate>,
}

impl RootCredentials {
    /// Whether there is leave to set a password, and none yet: the configuration's is taken at the next start.
    pub fn awaits_password(&self) -> bool {
        self.password_hash.is_none() && self.password_since.is_some()
    }
}
