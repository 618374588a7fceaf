//! What should be mended in an account: root's credentials, people without MFA, old and idle keys, policies with findings, roles
//! that nobody uses or that strangers may take on. Each says where to mend it.
//!
//! All of it is read with the person's own permissions; what may not be read is said, and the rest is shown.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    authorization_details::GetAccountAuthorizationDetails,
    password_policy::GetAccountPasswordPolicy,
};
use twinlock_policy::validate::{self, FindingType, PolicyType, ResourceType};
use twinlock_shapes::iam as s;

use super::{
    PAGE_ITEMS, credential_report,
    dashboard::number,
    decoded,
    holder::{Holder, Kind, count},
    policies, roles,
};
use crate::{
    http::encode,
    parts::problem,
    visit::{Visit, all_pages},
};

/// A key older than this should have been changed, one not used for so long should go.
const DAYS_MAX: u64 = 90;
const DAY_MS: u64 = 24 * 3_600_000;
/// Users, groups, roles and policies, of each so many at most, that the dashboard looks at.
const ENTITIES_MAX: usize = 1_000;
/// Documents that one view of it validates. What they said is remembered, so that the next view goes on with others.
const DOCUMENTS_MAX: usize = 200;
/// Documents whose verdict is remembered.
const VERDICTS_MAX: usize = 50_000;
/// A key's columns in the credential report: whether it is active, when it was made, when it was last used.
const KEYS: [[&str; 3]; 2] = [
    [
        "access_key_1_active",
        "access_key_1_last_rotated",
        "access_key_1_last_used_date",
    ],
    [
        "access_key_2_active",
        "access_key_2_last_rotated",
        "access_key_2_last_used_date",
    ],
];
/// Names that one recommendation shows.
const NAMES_MAX: usize = 6;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Bad,
    Warn,
    Note,
    Good,
}

impl Level {
    fn class(self) -> &'static str {
        match self {
            Level::Bad => "bad",
            Level::Warn => "warn",
            Level::Note => "note",
            Level::Good => "good",
        }
    }

    /// For those who do not see the colour.
    fn word(self) -> &'static str {
        match self {
            Level::Bad => "Risk",
            Level::Warn => "Warning",
            Level::Note => "Suggestion",
            Level::Good => "Good",
        }
    }
}

/// One recommendation, or the good news that there is nothing to recommend.
#[derive(Debug)]
struct Item {
    level: Level,
    title: String,
    why: &'static str,
    /// What it is about: names and where to mend each.
    places: Vec<(String, String)>,
    /// Where to mend it when it is about one thing.
    mend: Option<(&'static str, String)>,
}

impl Item {
    fn new(level: Level, title: impl Into<String>, why: &'static str) -> Item {
        Item {
            level,
            title: title.into(),
            why,
            places: Vec::new(),
            mend: None,
        }
    }

    fn at(mut self, label: &'static str, path: impl Into<String>) -> Item {
        self.mend = Some((label, path.into()));
        self
    }

    fn about(mut self, places: Vec<(String, String)>) -> Item {
        self.places = places;
        self
    }
}

/// The panel of the dashboard. `summary`: GetAccountSummary's numbers, empty when they may not be read.
pub(crate) async fn panel(visit: &Visit, summary: &[(String, i32)]) -> Markup {
    let mut items = Vec::new();
    let mut refused: Vec<Fault> = Vec::new();
    root(visit, summary, &mut items);
    let parts = [
        passwords(visit, &mut items),
        users(visit, &mut items).await,
        details(visit, &mut items),
    ];
    refused.extend(parts.into_iter().filter_map(Result::err));
    items.sort_by_key(|item| item.level);
    let open = items.iter().filter(|item| item.level != Level::Good);
    let open = open.count();
    html! {
        section.panel.recommended {
            h2 { "Security recommendations (" (open) ")" }
            @if open == 0 && refused.is_empty() { p.hint { "Nothing to mend." } }
            ul.recommendations { @for item in &items { (shown(visit, item)) } }
            @for fault in &refused { (problem(visit, fault)) }
        }
    }
}

fn shown(visit: &Visit, item: &Item) -> Markup {
    html! {
        li class=(item.level.class()) {
            span.unseen { (item.level.word()) ": " }
            div.grow {
                strong { (item.title) }
                @if !item.why.is_empty() { div.about { (item.why) } }
                @if !item.places.is_empty() {
                    div.places {
                        @for (name, path) in item.places.iter().take(NAMES_MAX) { a href=(visit.at(path)) { (name) } " " }
                        @if item.places.len() > NAMES_MAX { span.about { "and " (item.places.len() - NAMES_MAX) " more" } }
                    }
                }
            }
            @if let Some((label, path)) = &item.mend { a.button href=(visit.at(path)) { (label) } }
        }
    }
}

/// Root's MFA and keys, from the summary. Only root itself can mend them.
fn root(visit: &Visit, summary: &[(String, i32)], items: &mut Vec<Item>) {
    let own = visit.sign_in.is_root() && visit.role().is_none();
    let mend = |item: Item, label| {
        if own {
            item.at(label, "/iam/credentials")
        } else {
            item
        }
    };
    match number(summary, "AccountMFAEnabled") {
        Some(0) => items.push(mend(
            Item::new(
                Level::Bad,
                "Add MFA for root user",
                "Whoever learns root's password has the whole account. Only root itself, signed in, can add a device.",
            ),
            "Add MFA",
        )),
        Some(_) => items.push(Item::new(Level::Good, "Root user has MFA", "")),
        None => {}
    }
    match number(summary, "AccountAccessKeysPresent") {
        Some(0) => items.push(Item::new(
            Level::Good,
            "Root user has no active access keys",
            "",
        )),
        Some(_) => items.push(mend(
            Item::new(
                Level::Bad,
                "Delete the root user's access keys",
                "No policy of the account limits them. Work with users and roles, whose rights can be limited and taken away.",
            ),
            "Manage access keys",
        )),
        None => {}
    }
}

fn passwords(visit: &Visit, items: &mut Vec<Item>) -> Result<(), Fault> {
    match visit.read::<GetAccountPasswordPolicy>(s::GetAccountPasswordPolicyInput::default()) {
        Ok(_) => items.push(Item::new(
            Level::Good,
            "The account has a password policy",
            "",
        )),
        Err(fault) if fault.code == "NoSuchEntity" => items.push(
            Item::new(
                Level::Warn,
                "Set a password policy",
                "Without one of its own the account asks for little: eight characters of three kinds.",
            )
            .at("Account settings", "/iam/settings"),
        ),
        Err(fault) => return Err(fault),
    }
    Ok(())
}

fn user_place(user: &str) -> (String, String) {
    let path = Holder::new(Kind::User, user).path();
    (user.to_owned(), format!("{path}?tab=credentials"))
}

/// People without MFA, old keys, idle keys: from the credential report.
async fn users(visit: &Visit, items: &mut Vec<Item>) -> Result<(), Fault> {
    let text = credential_report::text(visit).await?;
    let (names, lines) = credential_report::parts(&text);
    let limit = visit.world.clock.now().saturating_sub(DAYS_MAX * DAY_MS);
    let before = |time: &str| millis(time).is_some_and(|at| at < limit);
    let (mut without_mfa, mut old, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let row = credential_report::row(&names, line);
        let Some(user) = row.user() else { continue };
        if row.is("password_enabled") && !row.is("mfa_active") {
            without_mfa.push(user_place(user));
        }
        let active = |key: &&[&str; 3]| row.is(key[0]);
        let made = |key: &[&str; 3]| before(row.get(key[1]));
        if KEYS.iter().filter(active).any(made) {
            old.push(user_place(user));
        }
        let unused = |key: &[&str; 3]| {
            let used = row.get(key[2]);
            before(used) || (millis(used).is_none() && made(key))
        };
        if KEYS.iter().filter(active).any(unused) {
            idle.push(user_place(user));
        }
    }
    items.push(if without_mfa.is_empty() {
        Item::new(Level::Good, "Every user with a password has MFA", "")
    } else {
        let n = count(without_mfa.len(), "user", "users");
        Item::new(
            Level::Bad,
            format!("Add MFA for {n} with console access"),
            "A password alone opens the console to them.",
        )
        .about(without_mfa)
        .at(
            "Credential report",
            "/iam/credential-report?sort=mfa_active",
        )
    });
    if !old.is_empty() {
        let n = count(old.len(), "user", "users");
        items.push(
            Item::new(
                Level::Warn,
                format!("Change access keys older than {DAYS_MAX} days: {n}"),
                "The longer a key lives, the more places know it. Roles need none.",
            )
            .about(old)
            .at("Credential report", "/iam/credential-report"),
        );
    }
    if !idle.is_empty() {
        let n = count(idle.len(), "user", "users");
        items.push(
            Item::new(
                Level::Warn,
                format!("Deactivate access keys that nobody used for {DAYS_MAX} days: {n}"),
                "A key that is not needed can only be stolen.",
            )
            .about(idle)
            .at("Credential report", "/iam/credential-report"),
        );
    }
    Ok(())
}

/// The report's instants, in milliseconds; none for its words.
fn millis(time: &str) -> Option<u64> {
    let at: jiff::Timestamp = time.parse().ok()?;
    at.as_millisecond().try_into().ok()
}

/// Every user, group, role and customer managed policy with their documents.
#[derive(Debug, Default)]
struct Details {
    /// Name, path of its page, document, kind.
    documents: Vec<(String, String, String, PolicyType)>,
    never_used: Vec<(String, String)>,
    open_to_all: Vec<(String, String)>,
    open_to_others: Vec<(String, String)>,
    /// There are more than were looked at.
    cut: bool,
}

impl Details {
    fn inline(&mut self, holder: &Holder, list: Vec<s::PolicyDetail>) {
        for policy in list {
            let name = policy.policy_name.unwrap_or_default();
            let path = format!("{}/inline?policy={}", holder.path(), encode(&name));
            self.documents.push((
                format!("{} › {name}", holder.name),
                path,
                decoded(&policy.policy_document.unwrap_or_default()),
                PolicyType::Identity,
            ));
        }
    }

    fn role(&mut self, role: s::RoleDetail, own: &str) {
        let name = role.role_name.unwrap_or_default();
        let holder = Holder::new(Kind::Role, &name);
        self.inline(&holder, role.role_policy_list);
        // Service-linked roles are AWS's to mend.
        if role
            .path
            .is_some_and(|path| path.starts_with("/aws-service-role/"))
        {
            return;
        }
        if role
            .role_last_used
            .is_none_or(|used| used.last_used_date.is_none())
        {
            self.never_used
                .push((name.clone(), format!("{}?tab=last-accessed", holder.path())));
        }
        let trust = decoded(&role.assume_role_policy_document.unwrap_or_default());
        let place = || (name.clone(), format!("{}?tab=trust", holder.path()));
        let (mut all, mut others) = (false, false);
        if let Ok(document) = serde_json::from_str(&trust) {
            roles::principals(&document, &mut |kind, value| match kind {
                "*" => all = true,
                "AWS" if value == "*" => all = true,
                "AWS" => others |= !value.contains(own),
                _ => {}
            });
        }
        if all {
            self.open_to_all.push(place());
        } else if others {
            self.open_to_others.push(place());
        }
        let path = place().1;
        self.documents.push((
            format!("{name} › trust policy"),
            path,
            trust,
            PolicyType::Resource,
        ));
    }

    fn policy(&mut self, policy: s::ManagedPolicyDetail) {
        let arn = policy.arn.unwrap_or_default();
        let versions = policy.policy_version_list.unwrap_or_default();
        let default = versions
            .into_iter()
            .find(|version| version.is_default_version == Some(true));
        if let Some(document) = default.and_then(|version| version.document) {
            self.documents.push((
                policies::name_of(&arn).to_owned(),
                policies::path(&arn),
                decoded(&document),
                PolicyType::Identity,
            ));
        }
    }
}

fn details(visit: &Visit, items: &mut Vec<Item>) -> Result<(), Fault> {
    let account = visit.account();
    let mut details = Details::default();
    // One by one, as the listing has users first: with ten thousand of them it would come to nothing else.
    for kind in ["Role", "LocalManagedPolicy", "Group", "User"] {
        details.read(visit, kind, account.as_str())?;
    }
    roles_items(&mut details, items);
    policy_items(visit, &details, items);
    Ok(())
}

impl Details {
    fn read(&mut self, visit: &Visit, kind: &str, account: &str) -> Result<(), Fault> {
        let details = self;
        let mut next = None;
        all_pages::<GetAccountAuthorizationDetails, _>(
            visit,
            ENTITIES_MAX,
            |marker| s::GetAccountAuthorizationDetailsInput {
                filter: Some(vec![kind.to_owned()]),
                max_items: Some(PAGE_ITEMS),
                marker,
            },
            |out| {
                let n = out.user_detail_list.len()
                    + out.group_detail_list.len()
                    + out.role_detail_list.len()
                    + out.policies.len();
                for user in out.user_detail_list {
                    let holder = Holder::new(Kind::User, &user.user_name.unwrap_or_default());
                    details.inline(&holder, user.user_policy_list.unwrap_or_default());
                }
                for group in out.group_detail_list {
                    let holder = Holder::new(Kind::Group, &group.group_name.unwrap_or_default());
                    details.inline(&holder, group.group_policy_list);
                }
                for role in out.role_detail_list {
                    details.role(role, account);
                }
                out.policies
                    .into_iter()
                    .for_each(|policy| details.policy(policy));
                next.clone_from(&out.marker);
                (vec![(); n], out.marker)
            },
        )?;
        details.cut |= next.is_some();
        Ok(())
    }
}

fn roles_items(details: &mut Details, items: &mut Vec<Item>) {
    let (all, others) = (
        std::mem::take(&mut details.open_to_all),
        std::mem::take(&mut details.open_to_others),
    );
    if !all.is_empty() {
        items.push(
            Item::new(
                Level::Bad,
                format!(
                    "Trust policies that name everyone: {}",
                    count(all.len(), "role", "roles")
                ),
                "Anybody of any account may try to take them on; only conditions stand in the way.",
            )
            .about(all),
        );
    }
    if !others.is_empty() {
        items.push(
            Item::new(
                Level::Note,
                format!(
                    "Roles that other accounts may take on: {}",
                    count(others.len(), "role", "roles")
                ),
                "See whether each is still needed, and whether it asks for MFA or an external ID.",
            )
            .about(others)
            .at("Access map", "/access/map"),
        );
    }
    let unused = std::mem::take(&mut details.never_used);
    if !unused.is_empty() {
        items.push(
            Item::new(
                Level::Note,
                format!(
                    "Roles that were never used: {}",
                    count(unused.len(), "role", "roles")
                ),
                "A role that nobody needs is a door less.",
            )
            .about(unused),
        );
    }
}

/// What ValidatePolicy's checks say of the documents: errors and security warnings only, as the rest is style.
fn policy_items(visit: &Visit, details: &Details, items: &mut Vec<Item>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let (mut fresh, mut left) = (DOCUMENTS_MAX, 0);
    for (name, path, document, kind) in &details.documents {
        match visit.verdicts.of(document, *kind, &mut fresh) {
            Some(Verdict::Error) => errors.push((name.clone(), path.clone())),
            Some(Verdict::Warning) => warnings.push((name.clone(), path.clone())),
            Some(Verdict::Clean) => {}
            None => left += 1,
        }
    }
    if !errors.is_empty() {
        items.push(
            Item::new(
                Level::Bad,
                format!(
                    "Mend {} with errors",
                    count(errors.len(), "policy", "policies")
                ),
                "Statements that do not mean what they say. The editor shows each place.",
            )
            .about(errors),
        );
    }
    if !warnings.is_empty() {
        items.push(
            Item::new(
                Level::Warn,
                format!(
                    "Look at {} with security warnings",
                    count(warnings.len(), "policy", "policies")
                ),
                "They allow more than is usually meant, such as passing any role.",
            )
            .about(warnings),
        );
    }
    if left > 0 {
        items.push(
            Item::new(
                Level::Note,
                format!("{left} policies have not been looked at yet"),
                "There are many. Each view of this page goes on with more of them.",
            )
            .at("Look at more", "/iam"),
        );
    } else if details.cut {
        items.push(Item::new(
            Level::Note,
            format!(
                "The first {ENTITIES_MAX} users, user groups, roles and policies were looked at"
            ),
            "The editor says of every other policy what it finds.",
        ));
    }
}

/// What matters here of a document's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Error,
    Warning,
    Clean,
}

/// Verdicts by document, so that a policy is validated once and not with every view of the dashboard. The keys are hashed with
/// a secret of this process: nobody can write a policy that passes for another.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    hasher: RandomState,
    known: Mutex<HashMap<u64, Verdict>>,
}

impl Verdicts {
    /// The verdict, if it is known or `fresh` is not used up.
    fn of(&self, document: &str, kind: PolicyType, fresh: &mut usize) -> Option<Verdict> {
        let trust = kind == PolicyType::Resource;
        let key = self.hasher.hash_one((document, trust));
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verdict) = known().get(&key) {
            return Some(*verdict);
        }
        *fresh = fresh.checked_sub(1)?;
        let resource = trust.then_some(ResourceType::AssumeRolePolicyDocument);
        let findings = validate::validate(document, kind, resource);
        let has = |wanted| findings.iter().any(|f| f.finding_type == wanted);
        let verdict = if has(FindingType::Error) {
            Verdict::Error
        } else if has(FindingType::SecurityWarning) {
            Verdict::Warning
        } else {
            Verdict::Clean
        };
        let mut all = known();
        if all.len() >= VERDICTS_MAX {
            all.clear();
        }
        all.insert(key, verdict);
        Some(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_validated_once_and_what_one_view_leaves_the_next_one_does() {
        let verdicts = Verdicts::default();
        let texts = [r#"{"Version":"2012-10-17"}"#, "{", "[]"];
        let mut fresh = 2;
        let view = |fresh: &mut usize| {
            texts.map(|text| verdicts.of(text, PolicyType::Identity, fresh).is_some())
        };
        assert_eq!(view(&mut fresh), [true, true, false]);
        fresh = 1;
        assert_eq!(view(&mut fresh), [true, true, true]);
        assert_eq!(fresh, 0);
        assert_eq!(
            verdicts.of("{", PolicyType::Identity, &mut fresh),
            Some(Verdict::Error)
        );
        // The same text says something else as a trust policy.
        assert_eq!(verdicts.of("{", PolicyType::Resource, &mut fresh), None);
    }

    #[test]
    fn instants_of_the_report_are_read_and_its_words_are_none() {
        assert_eq!(millis("1970-01-02T00:00:00+00:00"), Some(86_400_000));
        assert_eq!(millis("1970-01-01T00:00:01Z"), Some(1000));
        for word in ["N/A", "no_information", "not_supported", ""] {
            assert_eq!(millis(word), None);
        }
    }
}
