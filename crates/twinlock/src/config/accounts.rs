//! `[[account]]` with its `[[account.user]]`, `[[account.group]]` and `[[account.bucket]]`, and `[[profile]]`.

use twinlock_directory::{AccountId, Secret};
use twinlock_policy::write_rules;

use super::{
    read::{Reader, Section},
    values,
};

/// An access key id with its secret.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// 16 to 128 word characters.
    pub id: String,
    /// 16 to 128 visible ASCII characters.
    pub secret: Secret,
}

/// An account to create if the data directory lacks it.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// Twelve digits.
    pub id: AccountId,
    /// The account's name.
    pub name: String,
    /// The sign-in alias.
    pub alias: Option<String>,
    /// The root user's address.
    pub email: Option<String>,
    /// The root user's password; none: one is generated and shown once.
    pub root_password: Option<Secret>,
    /// The root user's access key; none: one is generated and shown once.
    pub root_access_key: Option<KeyPair>,
    /// User groups to create with the account.
    pub groups: Vec<GroupConfig>,
    /// Users to create with the account.
    pub users: Vec<UserConfig>,
    /// Buckets to create with the account.
    pub buckets: Vec<BucketConfig>,
}

/// A user group.
#[derive(Debug, Clone)]
pub struct GroupConfig {
    /// Its name.
    pub name: String,
    /// ARNs of managed policies to attach.
    pub policies: Vec<String>,
    /// Inline policies.
    pub inline: Vec<InlinePolicyConfig>,
}

/// A user.
#[derive(Debug, Clone)]
pub struct UserConfig {
    /// Its name.
    pub name: String,
    /// The console password.
    pub password: Option<Secret>,
    /// An access key.
    pub access_key: Option<KeyPair>,
    /// Names of groups of the same account.
    pub groups: Vec<String>,
    /// ARNs of managed policies to attach.
    pub policies: Vec<String>,
    /// Inline policies.
    pub inline: Vec<InlinePolicyConfig>,
}

/// An inline policy.
#[derive(Debug, Clone)]
pub struct InlinePolicyConfig {
    /// Its name.
    pub name: String,
    /// The policy's JSON text.
    pub document: String,
}

/// A bucket.
#[derive(Debug, Clone)]
pub struct BucketConfig {
    /// Its name, unique over all accounts.
    pub name: String,
}

/// A profile of the aws CLI that takes on a role, for `twinlock env`.
#[derive(Debug, Clone)]
pub struct ProfileConfig {
    /// The profile's name.
    pub name: String,
    /// The role to take on.
    pub role_arn: String,
    /// Whose credentials take it on: another profile, an account, or `ACCOUNT/USER`.
    pub source_profile: String,
    /// The external id that the role asks for.
    pub external_id: Option<String>,
    /// The session's name.
    pub role_session_name: Option<String>,
    /// How long a session lasts, in seconds.
    pub duration_seconds: Option<u32>,
}

/// Reads every `[[account]]`.
pub(super) fn accounts(root: Section<'_, '_>, r: &mut Reader<'_>) -> Vec<AccountConfig> {
    root.tables("account", r)
        .into_iter()
        .filter_map(|section| account(section, r))
        .collect()
}

fn account(section: Section<'_, '_>, r: &mut Reader<'_>) -> Option<AccountConfig> {
    section.only(
        &[
            "id",
            "name",
            "alias",
            "email",
            "root_password",
            "root_access_key_id",
            "root_secret_access_key",
            "group",
            "user",
            "bucket",
        ],
        r,
    );
    let id = section.account_id("id", r);
    let name = section.parsed("name", r, account_name);
    let alias = section.parsed("alias", r, alias);
    let email = section.parsed("email", r, email);
    let root_password = section.parsed("root_password", r, password);
    let root_access_key = key_pair(section, "root_access_key_id", "root_secret_access_key", r);
    let groups = section
        .tables("group", r)
        .into_iter()
        .filter_map(|s| group(s, r))
        .collect::<Vec<_>>();
    let users = section
        .tables("user", r)
        .into_iter()
        .filter_map(|s| user(s, &groups, r))
        .collect();
    let buckets = section
        .tables("bucket", r)
        .into_iter()
        .filter_map(|s| bucket(s, r))
        .collect();
    let id = id?;
    let name = name.unwrap_or_else(|| alias.clone().unwrap_or_else(|| id.to_string()));
    Some(AccountConfig {
        id,
        name,
        alias,
        email,
        root_password,
        root_access_key,
        groups,
        users,
        buckets,
    })
}

fn key_pair(
    section: Section<'_, '_>,
    id: &str,
    secret: &str,
    r: &mut Reader<'_>,
) -> Option<KeyPair> {
    let key_id = section.parsed(id, r, access_key_id);
    let key_secret = section.parsed(secret, r, secret_access_key);
    match (key_id, key_secret) {
        (Some(id), Some(secret)) => Some(KeyPair { id, secret }),
        (None, None) => None,
        // A half that is there but bad was noted already; asking for the other half then would mislead.
        (Some(_), None) => {
            if section.place(secret) == (section.span.0..section.span.1) {
                r.problem(
                    section.place(id),
                    format!("`{id}` needs `{secret}` beside it"),
                );
            }
            None
        }
        (None, Some(_)) => {
            if section.place(id) == (section.span.0..section.span.1) {
                r.problem(
                    section.place(secret),
                    format!("`{secret}` needs `{id}` beside it"),
                );
            }
            None
        }
    }
}

fn group(section: Section<'_, '_>, r: &mut Reader<'_>) -> Option<GroupConfig> {
    section.only(&["name", "policies", "inline_policy"], r);
    let name = section.required("name", r, |text| iam_name(text, 128, "user group"));
    let policies = section.list("policies", r, policy_arn).unwrap_or_default();
    let inline = inline(section, r);
    Some(GroupConfig {
        name: name?,
        policies,
        inline,
    })
}

fn user(
    section: Section<'_, '_>,
    groups: &[GroupConfig],
    r: &mut Reader<'_>,
) -> Option<UserConfig> {
    let known = [
        "name",
        "password",
        "access_key_id",
        "secret_access_key",
        "groups",
        "policies",
        "inline_policy",
    ];
    section.only(&known, r);
    let name = section.required("name", r, |text| iam_name(text, 64, "user"));
    let password = section.parsed("password", r, password);
    let access_key = key_pair(section, "access_key_id", "secret_access_key", r);
    let named = |text: &str| match groups.iter().find(|g| g.name.eq_ignore_ascii_case(text)) {
        Some(group) => Ok(group.name.clone()),
        None => Err(format!(
            "this account has no [[account.group]] named `{text}`"
        )),
    };
    let groups = section.list("groups", r, named).unwrap_or_default();
    let policies = section.list("policies", r, policy_arn).unwrap_or_default();
    let inline = inline(section, r);
    Some(UserConfig {
        name: name?,
        password,
        access_key,
        groups,
        policies,
        inline,
    })
}

fn inline(section: Section<'_, '_>, r: &mut Reader<'_>) -> Vec<InlinePolicyConfig> {
    let mut all = Vec::new();
    for table in section.tables("inline_policy", r) {
        table.only(&["name", "document"], r);
        let name = table.required("name", r, |text| iam_name(text, 128, "policy"));
        let document = table.required("document", r, |text| {
            write_rules::check_inline(text)
                .map(|_| text.to_owned())
                .map_err(|error| error.to_string())
        });
        if let (Some(name), Some(document)) = (name, document) {
            all.push(InlinePolicyConfig { name, document });
        }
    }
    all
}

fn bucket(section: Section<'_, '_>, r: &mut Reader<'_>) -> Option<BucketConfig> {
    section.only(&["name"], r);
    section
        .required("name", r, bucket_name)
        .map(|name| BucketConfig { name })
}

/// Reads every `[[profile]]`.
pub(super) fn profiles(root: Section<'_, '_>, r: &mut Reader<'_>) -> Vec<ProfileConfig> {
    root.tables("profile", r)
        .into_iter()
        .filter_map(|section| profile(section, r))
        .collect()
}

fn profile(section: Section<'_, '_>, r: &mut Reader<'_>) -> Option<ProfileConfig> {
    let known = [
        "name",
        "role_arn",
        "source_profile",
        "external_id",
        "role_session_name",
        "duration_seconds",
    ];
    section.only(&known, r);
    let word = |text: &str| {
        let good =
            !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "[]=#;".contains(c));
        if good {
            Ok(text.to_owned())
        } else {
            Err(format!("`{text}` cannot be the name of a profile"))
        }
    };
    let line = |text: &str| {
        let good = !text.is_empty() && !text.contains(char::is_control);
        if good {
            Ok(text.to_owned())
        } else {
            Err("this must be one line of text".to_owned())
        }
    };
    let name = section.required("name", r, word);
    let role_arn = section.required("role_arn", r, role_arn);
    let source_profile = section.required("source_profile", r, line);
    let external_id = section.parsed("external_id", r, line);
    let role_session_name = section.parsed("role_session_name", r, line);
    let duration_seconds = section.number("duration_seconds", r);
    Some(ProfileConfig {
        name: name?,
        role_arn: role_arn?,
        source_profile: source_profile?,
        external_id,
        role_session_name,
        duration_seconds,
    })
}

fn account_name(text: &str) -> Result<String, String> {
    let good = (1..=50).contains(&text.chars().count()) && !text.contains(char::is_control);
    if good {
        Ok(text.to_owned())
    } else {
        Err("an account's name has 1 to 50 characters".to_owned())
    }
}

/// AWS's rule for account aliases; besides, an alias of twelve digits would be taken for an id at the sign-in page.
fn alias(text: &str) -> Result<String, String> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (3..=63).contains(&text.len())
        && text.bytes().all(letters)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    if !good {
        return Err(format!(
            "`{text}` is no account alias: 3 to 63 lower-case letters, digits and single hyphens, no hyphen at an end"
        ));
    }
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!(
            "`{text}` is no account alias: twelve digits are an account id"
        ));
    }
    Ok(text.to_owned())
}

fn email(text: &str) -> Result<String, String> {
    let good = text.len() <= 64
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && matches!(text.split_once('@'), Some((name, host)) if !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no e-mail address"))
    }
}

fn password(text: &str) -> Result<Secret, String> {
    if (8..=128).contains(&text.chars().count()) && !text.contains(char::is_control) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("a password has 8 to 128 characters".to_owned())
    }
}

fn access_key_id(text: &str) -> Result<String, String> {
    let good = (16..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !good {
        return Err(format!(
            "`{text}` is no access key id: 16 to 128 letters, digits and underscores, such as AKIADEVELOPMENTROOT0"
        ));
    }
    if text.starts_with("ASIA") {
        return Err(format!(
            "`{text}` cannot be a root key: ids that begin with ASIA belong to temporary credentials"
        ));
    }
    Ok(text.to_owned())
}

fn secret_access_key(text: &str) -> Result<Secret, String> {
    if (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("a secret access key has 16 to 128 visible ASCII characters without spaces".to_owned())
    }
}

fn iam_name(text: &str, most: usize, what: &str) -> Result<String, String> {
    let good = (1..=most).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is no name of a {what}: 1 to {most} letters, digits and the characters _+=,.@-"
        ))
    }
}

fn policy_arn(text: &str) -> Result<String, String> {
    match text.strip_prefix("arn:aws:iam::aws:policy/") {
        Some(_) if twinlock_directory::managed::get(text).is_some() => Ok(text.to_owned()),
        Some(name) => Err(format!("AWS has no managed policy `{name}`")),
        None => Err(format!(
            "`{text}` is no managed policy of AWS such as arn:aws:iam::aws:policy/PowerUserAccess; write your own as an inline_policy"
        )),
    }
}

fn role_arn(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", "aws", "iam", "", account, resource]
            if resource
                .strip_prefix("role/")
                .is_some_and(|name| !name.is_empty()) =>
        {
            values::account_id(account).map(|_| text.to_owned())
        }
        _ => Err(format!(
            "`{text}` is no ARN of a role: arn:aws:iam::111111111111:role/NAME"
        )),
    }
}

/// S3's rules for names of general purpose buckets, as far as a configuration can break them.
fn bucket_name(text: &str) -> Result<String, String> {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let good = (3..=63).contains(&text.len())
        && text.bytes().all(inner)
        && edge(text.bytes().next())
        && edge(text.bytes().last())
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err();
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens"
        ))
    }
}
