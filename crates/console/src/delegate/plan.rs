//! What was entered, step by step, and the two halves that it means.
//!
//! The half of the account that is entered: a role, whom it trusts, what it may do. The half of those who enter it: that they may
//! assume it. A user or a role is trusted by its own ARN, and nobody else comes in with it; a user group cannot be trusted, so
//! that its account is, which leaves the choice of persons to that account: the preview says whom it lets in.

use serde_json::Value;
use twinlock_directory::AccountId;
use twinlock_policy::write_rules;

use crate::{sign_in, switch_role::ROLE_CHARS_MAX, visit::Visit};

/// Length of a bucket's name, in characters.
const BUCKET_CHARS: std::ops::RangeInclusive<usize> = 3..=63;
/// Longest prefix within a bucket, in bytes: as long as a key may be.
const PREFIX_BYTES_MAX: usize = 1024;
/// Managed policies that a role may have, unless its account has another quota.
const POLICIES_MAX: usize = 10;
/// Longest session of a role, in hours.
const HOURS_MAX: u32 = 12;
/// Longest name of a policy, in characters.
const POLICY_NAME_CHARS_MAX: usize = 128;
/// Length of an external id, in characters.
const EXTERNAL_ID_CHARS: std::ops::RangeInclusive<usize> = 2..=1224;

/// Where the plan is wrong: the step, the field and the reason.
#[derive(Debug)]
pub(super) struct Wrong {
    pub step: usize,
    pub field: &'static str,
    pub why: String,
}

/// What kind of identity comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Role,
    /// Whoever the account lets assume the role.
    Account,
}

/// Who comes in.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub account: AccountId,
    pub kind: Kind,
    /// The name with its path, without the first slash; empty for a whole account.
    pub name: String,
}

/// What a bucket is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    List,
    Read,
    Write,
}

/// What the role may do.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// A task in a bucket, which the third step names.
    Bucket(Task),
    /// Managed policies, by ARN.
    Managed(Vec<String>),
    /// A policy of one's own.
    Own(String),
}

/// Where: the account that is entered, and its role.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub account: AccountId,
    pub role: String,
    pub bucket: String,
    pub prefix: String,
    /// Whether they find the bucket in the console's list of buckets.
    pub listed: bool,
    pub external_id: Option<String>,
    pub mfa: bool,
    pub hours: u32,
}

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub who: Who,
    pub what: What,
    pub place: Place,
}

impl Kind {
    pub(super) const ALL: [(Kind, &'static str, &'static str, &'static str); 4] = [
        (
            Kind::User,
            "user",
            "A user",
            "One person, by name: nobody else comes in with it",
        ),
        (
            Kind::Group,
            "group",
            "A user group",
            "Whoever is in the group, now and later",
        ),
        (
            Kind::Role,
            "role",
            "A role",
            "Programs, or people who work in that role already",
        ),
        (
            Kind::Account,
            "account",
            "The whole account",
            "Whomever that account's administrators choose",
        ),
    ];

    fn of(id: &str) -> Option<Kind> {
        Self::ALL
            .iter()
            .find(|(_, known, ..)| *known == id)
            .map(|(kind, ..)| *kind)
    }
}

impl Who {
    /// The first step.
    pub(super) fn read(visit: &Visit) -> Result<Who, Wrong> {
        let wrong = |field, why: &str| Wrong {
            step: 0,
            field,
            why: why.to_owned(),
        };
        let Some(kind) = Kind::of(visit.field("kind")) else {
            return Err(wrong("kind", "Choose who shall come in."));
        };
        let (label, field) = match kind {
            Kind::User => ("user", "whoUser"),
            Kind::Group => ("user group", "whoGroup"),
            Kind::Role => ("role", "whoRole"),
            Kind::Account => ("", ""),
        };
        let mut account = visit.field("whoAccount");
        let mut name = if field.is_empty() {
            ""
        } else {
            visit.field(field)
        };
        // An ARN says the account, too.
        if let Some((of, rest)) = name
            .strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.split_once(':'))
        {
            let prefix = match kind {
                Kind::User => "user/",
                Kind::Group => "group/",
                _ => "role/",
            };
            let Some(rest) = rest.strip_prefix(prefix) else {
                return Err(wrong(field, &format!("This is not the ARN of a {label}.")));
            };
            (account, name) = (of, rest);
        }
        let account = account_named(visit, account, 0, "whoAccount")?;
        let name = name.trim_matches('/');
        if kind != Kind::Account && !name.rsplit('/').next().is_some_and(is_name) {
            return Err(wrong(
                field,
                &format!("Enter the name of a {label}, or its ARN."),
            ));
        }
        if !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong(field, "A path has no spaces and no accents."));
        }
        Ok(Who {
            account,
            kind,
            name: name.to_owned(),
        })
    }

    /// The friendly name, without the path.
    pub(super) fn short(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// In words: `user John`.
    pub(super) fn words(&self) -> String {
        match self.kind {
            Kind::User => format!("user {}", self.short()),
            Kind::Group => format!("user group {}", self.short()),
            Kind::Role => format!("role {}", self.short()),
            Kind::Account => "whomever it chooses".to_owned(),
        }
    }

    /// The ARN that a trust policy names.
    pub(super) fn trusted(&self) -> String {
        let Who {
            account,
            kind,
            name,
        } = self;
        match kind {
            Kind::User => format!("arn:aws:iam::{account}:user/{name}"),
            Kind::Role => format!("arn:aws:iam::{account}:role/{name}"),
            Kind::Group | Kind::Account => format!("arn:aws:iam::{account}:root"),
        }
    }
}

impl What {
    /// The second step.
    pub(super) fn read(visit: &Visit) -> Result<What, Wrong> {
        let wrong = |field, why: String| Wrong {
            step: 1,
            field,
            why,
        };
        match visit.field("task") {
            "list" => Ok(What::Bucket(Task::List)),
            "read" => Ok(What::Bucket(Task::Read)),
            "write" => Ok(What::Bucket(Task::Write)),
            "managed" => {
                let arns: Vec<String> = visit.form.all("policy").map(str::to_owned).collect();
                if arns.is_empty() {
                    return Err(wrong("policy", "Select at least one policy.".into()));
                }
                if arns.len() > POLICIES_MAX {
                    let why = format!("A role has at most {POLICIES_MAX} managed policies.");
                    return Err(wrong("policy", why));
                }
                Ok(What::Managed(arns))
            }
            "own" => {
                let text = visit.form.get("document").replace("\r\n", "\n");
                match write_rules::check_inline(&text) {
                    Ok(_) => Ok(What::Own(text)),
                    Err(error) => Err(wrong("document", error.to_string())),
                }
            }
            _ => Err(wrong("task", "Choose what they shall do.".into())),
        }
    }
}

impl Place {
    /// The third step; what it may be depends on the second.
    pub(super) fn read(visit: &Visit, what: &What) -> Result<Place, Wrong> {
        let wrong = |field, why: &str| Wrong {
            step: 2,
            field,
            why: why.to_owned(),
        };
        let account = account_named(visit, visit.field("inAccount"), 2, "inAccount")?;
        if visit
            .world
            .directory
            .published()
            .account(&account)
            .is_none()
        {
            let why = "The role is made in an account of this server; this one is elsewhere.";
            return Err(wrong("inAccount", why));
        }
        let role = visit.field("roleName");
        if !is_name(role) || role.chars().count() > ROLE_CHARS_MAX {
            let why = "Enter a name: letters, digits and + = , . @ _ -, up to 64.";
            return Err(wrong("roleName", why));
        }
        let (mut bucket, mut prefix) = ("", "");
        if matches!(what, What::Bucket(_)) {
            bucket = visit.field("bucket").trim_start_matches("arn:aws:s3:::");
            prefix = visit.field("prefix").trim_start_matches('/');
            let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            if !BUCKET_CHARS.contains(&bucket.len()) || !bucket.bytes().all(good) {
                let why = "Enter the name of a bucket: letters, digits, dots and hyphens.";
                return Err(wrong("bucket", why));
            }
            if prefix.len() > PREFIX_BYTES_MAX || prefix.contains(['*', '?', '$']) {
                let why = "A prefix is the beginning of a key, without * and ?.";
                return Err(wrong("prefix", why));
            }
        }
        if let What::Managed(arns) = what {
            let ours = format!("arn:aws:iam::{account}:policy/");
            let stranger = |arn: &&String| {
                !arn.starts_with("arn:aws:iam::aws:policy/") && !arn.starts_with(&ours)
            };
            if let Some(arn) = arns.iter().find(stranger) {
                let why = format!(
                    "{arn} belongs to another account: a role has AWS's policies and those of its own account {account}."
                );
                return Err(wrong("inAccount", &why));
            }
        }
        let external_id = visit.form.ticked("requireExternalId");
        let external_id = external_id.then(|| match visit.field("externalId") {
            "" => new_external_id(visit),
            known => known.to_owned(),
        });
        let allowed = |c: char| c.is_alphanumeric() || "_+=,.@:/-".contains(c);
        if external_id.as_deref().is_some_and(|id| {
            !EXTERNAL_ID_CHARS.contains(&id.chars().count()) || !id.chars().all(allowed)
        }) {
            let why = "An external ID has 2 to 1224 letters, digits and _ + = , . @ : / -.";
            return Err(wrong("requireExternalId", why));
        }
        let hours = visit.field("hours").parse().unwrap_or(1);
        Ok(Place {
            account,
            role: role.to_owned(),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            listed: visit.form.ticked("listed"),
            external_id,
            mfa: visit.form.ticked("requireMfa"),
            hours: u32::clamp(hours, 1, HOURS_MAX),
        })
    }
}

impl Plan {
    pub(super) fn role_arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:role/{}",
            self.place.account, self.place.role
        )
    }

    /// Whom the role trusts, and under which conditions.
    pub(super) fn trust(&self) -> String {
        let mut conditions = Vec::new();
        if let Some(id) = &self.place.external_id {
            let id = Value::from(id.as_str());
            conditions.push(format!(r#""StringEquals":{{"sts:ExternalId":{id}}}"#));
        }
        if self.place.mfa {
            conditions.push(r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#.to_owned());
        }
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!(r#","Condition":{{{}}}"#, conditions.join(","))
        };
        let principal = Value::from(self.who.trusted());
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":{principal}}},"Action":"sts:AssumeRole"{condition}}}]}}"#
        )
    }

    /// The inline policy of the role; none if managed ones are attached.
    pub(super) fn permissions(&self) -> Option<String> {
        match &self.what {
            What::Managed(_) => None,
            What::Own(text) => Some(text.clone()),
            What::Bucket(task) => Some(self.of_bucket(*task)),
        }
    }

    fn of_bucket(&self, task: Task) -> String {
        let Place { bucket, prefix, .. } = &self.place;
        let arn = Value::from(format!("arn:aws:s3:::{bucket}"));
        let objects = Value::from(format!("arn:aws:s3:::{bucket}/{prefix}*"));
        let mut statements = Vec::new();
        if self.place.listed {
            statements.push(
                r#"{"Sid":"FindTheBucket","Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}"#
                    .to_owned(),
            );
        }
        let list = if matches!(task, Task::Write) {
            r#"["s3:ListBucket","s3:ListBucketMultipartUploads"]"#
        } else {
            r#""s3:ListBucket""#
        };
        if prefix.is_empty() {
            statements.push(format!(
                r#"{{"Sid":"ListTheBucket","Effect":"Allow","Action":{list},"Resource":{arn}}}"#
            ));
        } else {
            let prefix = Value::from(format!("{prefix}*"));
            statements.push(format!(
                r#"{{"Sid":"ListThePrefix","Effect":"Allow","Action":{list},"Resource":{arn},"Condition":{{"StringLike":{{"s3:prefix":{prefix}}}}}}}"#
            ));
        }
        statements.push(format!(
            r#"{{"Sid":"WhereItIs","Effect":"Allow","Action":"s3:GetBucketLocation","Resource":{arn}}}"#
        ));
        let objects_of = |sid, actions| {
            format!(r#"{{"Sid":"{sid}","Effect":"Allow","Action":{actions},"Resource":{objects}}}"#)
        };
        match task {
            Task::List => {}
            Task::Read => statements.push(objects_of("ReadObjects", r#""s3:GetObject""#)),
            Task::Write => statements.push(objects_of(
                "ReadAndWriteObjects",
                r#"["s3:GetObject","s3:PutObject","s3:DeleteObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"]"#,
            )),
        }
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
            statements.join(",")
        )
    }

    /// What the role's inline policy is called.
    pub(super) fn permissions_name(&self) -> String {
        let name = match &self.what {
            What::Bucket(Task::List) => format!("list-{}", self.place.bucket),
            What::Bucket(Task::Read) => format!("read-{}", self.place.bucket),
            What::Bucket(Task::Write) => format!("read-write-{}", self.place.bucket),
            What::Managed(_) | What::Own(_) => format!("{}-permissions", self.place.role),
        };
        name.chars().take(POLICY_NAME_CHARS_MAX).collect()
    }

    /// What those who come in need in their own account; none where the role's trust in them is enough.
    pub(super) fn assume(&self) -> Option<String> {
        let named = matches!(self.who.kind, Kind::User | Kind::Role);
        if named && self.who.account == self.place.account {
            return None;
        }
        let arn = Value::from(self.role_arn());
        Some(format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":{arn}}}]}}"#
        ))
    }

    /// What that policy is called.
    pub(super) fn assume_name(&self) -> String {
        format!("assume-{}-in-{}", self.place.role, self.place.account)
    }
}

/// The account of a field: an id or an alias, this one if it is left empty.
fn account_named(
    visit: &Visit,
    sent: &str,
    step: usize,
    field: &'static str,
) -> Result<AccountId, Wrong> {
    let wrong = |why: String| Wrong { step, field, why };
    if sent.is_empty() {
        return Ok(visit.account());
    }
    let snapshot = visit.world.directory.published();
    if let Some(node) = sign_in::account(&snapshot, sent) {
        return Ok(node.account.id);
    }
    let id: AccountId = sent.parse().map_err(|_| {
        wrong(format!(
            "`{sent}` must be a valid 12-digit account ID or an account alias of this server."
        ))
    })?;
    if !snapshot.is_external(&id) {
        return Err(wrong(format!(
            "There is no account {id} here. Twinlock trusts accounts of this server, and those listed under external_accounts."
        )));
    }
    Ok(id)
}

/// Whether this is a name as IAM takes it.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
}

/// An external id that nobody guesses and that no other customer has: 128 random bits.
fn new_external_id(visit: &Visit) -> String {
    let mut bits = [0; 16];
    visit.world.random.fill(&mut bits);
    hex::encode(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(who: Who, what: What) -> Plan {
        Plan {
            who,
            what,
            place: Place {
                account: "081278057606".parse().expect("an id"),
                role: "Consultants".into(),
                bucket: "com.stuzio.projectx".into(),
                prefix: "reports/\"2026\"".into(),
                listed: true,
                external_id: Some("acme-17".into()),
                mfa: true,
                hours: 1,
            },
        }
    }

    fn who(account: &str, kind: Kind, name: &str) -> Who {
        Who {
            account: account.parse().expect("an id"),
            kind,
            name: name.into(),
        }
    }

    #[test]
    fn every_half_is_a_policy_that_may_be_written() {
        for task in [Task::List, Task::Read, Task::Write] {
            let plan = plan(
                who("183438944504", Kind::Group, "eng/Consultants"),
                What::Bucket(task),
            );
            write_rules::check_trust(&plan.trust()).expect("a trust policy");
            let permissions = plan.permissions().expect("permissions");
            write_rules::check_inline(&permissions).expect("an inline policy");
            assert!(
                permissions.contains(r#"reports/\"2026\"*"#),
                "{permissions}"
            );
            write_rules::check_inline(&plan.assume().expect("two accounts")).expect("a policy");
        }
    }

    #[test]
    fn a_user_is_trusted_alone_and_a_group_by_its_account() {
        let troy = plan(
            who("183438944504", Kind::User, "Troy"),
            What::Managed(vec![]),
        );
        assert_eq!(troy.who.trusted(), "arn:aws:iam::183438944504:user/Troy");
        assert!(troy.assume().is_some());
        let group = who("183438944504", Kind::Group, "eng/Consultants");
        assert_eq!(group.trusted(), "arn:aws:iam::183438944504:root");
        // Within one account the role's trust in a user is enough.
        let own = plan(
            who("081278057606", Kind::User, "Ann"),
            What::Managed(vec![]),
        );
        assert_eq!(own.assume(), None);
    }
}
