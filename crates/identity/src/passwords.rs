//! The rules for console passwords: an account's own policy, or AWS's where it has none.
//!
//! They are asked at two moments: when a password is set (IAM's operations), and when somebody signs in with one (expiry).

use serde::{Deserialize, Serialize};
use twinlock_directory::{Account, LoginProfile, Millis, SystemRandom, passwords};
use twinlock_gate::Fault;

/// Under which name the account's settings hold the policy, as JSON.
const SETTING: &str = "password-policy";
/// The most earlier passwords that a policy can forbid to use again, so that as many hashes are kept.
pub const REMEMBERED_MAX: usize = 24;
/// What AWS counts as a symbol.
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
/// The least length where the account has no policy of its own.
const LENGTH_DEFAULT: u32 = 8;
/// How many of the four kinds of characters AWS asks for where the account has no policy of its own.
const KINDS_DEFAULT: usize = 3;
const DAY_MS: Millis = 86_400_000;

/// An account's password policy, as UpdateAccountPasswordPolicy sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// The least length in characters.
    pub minimum_length: u32,
    /// Whether a symbol is needed.
    pub require_symbols: bool,
    /// Whether a digit is needed.
    pub require_numbers: bool,
    /// Whether a letter A-Z is needed.
    pub require_uppercase: bool,
    /// Whether a letter a-z is needed.
    pub require_lowercase: bool,
    /// Whether users may change their own passwords without any further permission.
    pub allow_change: bool,
    /// After how many days a password is to be changed.
    pub max_age_days: Option<u32>,
    /// How many earlier passwords must not be used again.
    pub reuse_prevention: Option<u32>,
    /// Whether an expired password cannot be changed by its user; none: never said.
    pub hard_expiry: Option<bool>,
}

/// What a right password is worth at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordState {
    /// It lets in.
    Good,
    /// It lets in after another one has been chosen: it has expired, or an administrator wants it so.
    MustChange,
    /// It has expired, and by the account's policy only an administrator can set another one (`HardExpiry`).
    Expired,
}

impl PasswordPolicy {
    /// The account's own policy, if it has one.
    pub fn of(account: &Account) -> Option<PasswordPolicy> {
        // INVARIANT: only `put` writes it, so it can be read.
        serde_json::from_str(account.settings.get(SETTING)?).ok()
    }

    /// Makes it, or none, the account's policy. Whether the account had one before.
    pub(crate) fn put(policy: Option<&PasswordPolicy>, account: &mut Account) -> bool {
        match policy.and_then(|policy| serde_json::to_string(policy).ok()) {
            Some(text) => account.settings.insert(SETTING.to_owned(), text),
            None => account.settings.remove(SETTING),
        }
        .is_some()
    }
}

/// Whether users of the account may change their own passwords by the account's policy alone.
pub(crate) fn users_may_change(account: &Account) -> bool {
    PasswordPolicy::of(account).is_some_and(|policy| policy.allow_change)
}

fn violation(message: impl Into<String>) -> Fault {
    Fault::new("PasswordPolicyViolation", 400, message.into())
}

/// Asks the account's policy, or AWS's, whether `password` is good enough. Reuse is [`hash_new`]'s to see.
///
/// # Errors
/// `PasswordPolicyViolation`.
pub(crate) fn check(password: &str, account: &Account) -> Result<(), Fault> {
    let length = password.chars().count();
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let lower = has(|c| c.is_ascii_lowercase());
    let upper = has(|c| c.is_ascii_uppercase());
    let number = has(|c| c.is_ascii_digit());
    let symbol = has(|c| SYMBOLS.contains(c));
    let too_short = |least: u32| {
        (length < least as usize)
            .then(|| violation(format!("Password should have a minimum length of {least}")))
    };
    let refusal = match PasswordPolicy::of(account) {
        Some(policy) => too_short(policy.minimum_length).or_else(|| {
            let wanted = [
                (policy.require_uppercase, upper, "uppercase letter"),
                (policy.require_lowercase, lower, "lowercase letter"),
                (policy.require_numbers, number, "number"),
                (policy.require_symbols, symbol, "symbol"),
            ];
            let missing = wanted.iter().find(|(wanted, has, _)| *wanted && !has);
            missing.map(|(.., what)| {
                violation(format!("Password should have at least one {what}"))
            })
        }),
        None => too_short(LENGTH_DEFAULT).or_else(|| {
            let kinds = [lower, upper, number, symbol];
            if kinds.iter().filter(|has| **has).count() < KINDS_DEFAULT {
                return Some(violation(
                    "Password should have at least three of: lower case letters, upper case letters, numbers, symbols",
                ));
            }
            let names = [&account.name, &account.email];
            let same = names.iter().any(|name| name.eq_ignore_ascii_case(password));
            same.then(|| {
                violation("Password should not be the account's name or e-mail address")
            })
        }),
    };
    refusal.map_or(Ok(()), Err)
}

/// The hash of a new password that follows the account's rules, and that is none of the passwords before it which must
/// not come again. `login` is the profile so far. Hashing is slow: for `prepare` only.
///
/// # Errors
/// `PasswordPolicyViolation`.
pub(crate) async fn hash_new(
    password: &str,
    account: &Account,
    login: Option<&LoginProfile>,
) -> Result<String, Fault> {
    check(password, account)?;
    let remembered = PasswordPolicy::of(account)
        .and_then(|policy| policy.reuse_prevention)
        .map_or(0, |count| (count as usize).min(REMEMBERED_MAX));
    let before: Vec<String> = login
        .into_iter()
        .flat_map(|login| std::iter::once(&login.password_hash).chain(&login.earlier_hashes))
        .take(remembered)
        .cloned()
        .collect();
    let password = zeroize::Zeroizing::new(password.to_owned());
    // Nothing is gained by a test that foresees a salt, so it does not come from the world's source.
    let hashed = tokio::task::spawn_blocking(move || {
        if before.iter().any(|hash| passwords::verify(&password, hash)) {
            return Err(violation(
                "Policy constraint violation with password reuse prevention during password change.",
            ));
        }
        passwords::hash(&password, &SystemRandom).map_err(|_| Fault::internal())
    });
    hashed.await.map_err(|_| Fault::internal())?
}

/// Whether `password` is the one that `hash` was made of; without a hash, takes as long and says no.
pub(crate) async fn verify(password: &str, hash: Option<String>) -> Result<bool, Fault> {
    let password = zeroize::Zeroizing::new(password.to_owned());
    let verified = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => passwords::verify(&password, &hash),
        None => passwords::verify_nobody(&password),
    });
    verified.await.map_err(|_| Fault::internal())
}

/// Puts a new hash in the place of the one before, which is remembered.
pub(crate) fn replace(login: &mut LoginProfile, hash: &str, now: Millis) {
    let before = std::mem::replace(&mut login.password_hash, hash.to_owned());
    login.earlier_hashes.insert(0, before);
    // With the password itself, as many as a policy can look back on.
    login.earlier_hashes.truncate(REMEMBERED_MAX - 1);
    login.changed = now;
}

/// When the password of this profile expires by the account's policy, if it does.
pub(crate) fn expires(login: &LoginProfile, account: &Account) -> Option<Millis> {
    let days = PasswordPolicy::of(account)?.max_age_days?;
    Some(login.changed + Millis::from(days) * DAY_MS)
}

/// What the (right) password of this profile is worth at `now`.
pub fn state(login: &LoginProfile, account: &Account, now: Millis) -> PasswordState {
    let expired = expires(login, account).is_some_and(|at| at <= now);
    let hard = PasswordPolicy::of(account).is_some_and(|policy| policy.hard_expiry == Some(true));
    if expired && hard {
        PasswordState::Expired
    } else if expired || login.reset_required {
        PasswordState::MustChange
    } else {
        PasswordState::Good
    }
}
