//! Policies as they are kept: the customer's own text, and for managed policies the versions of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};
use twinlock_policy::{Bindings, Document, ParseError, Policy};

use super::{AccountId, Millis, Tag};

/// What stands in for a stored policy that can no longer be read: it denies everything, whether it is read as an identity
/// policy or as a resource policy. Leaving an unreadable policy out could drop a Deny and so open a door.
const UNREADABLE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"UnreadablePolicy","Effect":"Deny","Action":"*","Resource":"*"},
    {"Sid":"UnreadableResourcePolicy","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// A policy document in the customer's words, with the principals named in it bound to unique ids.
///
/// It is compiled when first needed and then shared by every snapshot that holds it, so loading costs no compilation.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredPolicy {
    text: String,
    #[serde(default, skip_serializing_if = "Bindings::is_empty")]
    bindings: Bindings,
    #[serde(skip)]
    compiled: OnceLock<Arc<Policy>>,
}

impl StoredPolicy {
    /// Keeps `text`, whose ARN principals were resolved to `bindings` (empty for policies without principals).
    pub fn new(text: impl Into<String>, bindings: Bindings) -> StoredPolicy {
        StoredPolicy {
            text: text.into(),
            bindings,
            compiled: OnceLock::new(),
        }
    }

    /// The text exactly as the customer gave it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The unique id behind each principal ARN of the text.
    pub fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// The compiled policy. A text that cannot be read (writing checks it, so this is a damaged or foreign row) gives a
    /// policy that denies everything.
    pub fn compiled(&self) -> &Arc<Policy> {
        self.compiled.get_or_init(|| {
            Arc::new(self.try_compile().unwrap_or_else(|error| {
                tracing::error!(%error, "a stored policy cannot be read; it now denies everything");
                deny_everything()
            }))
        })
    }

    fn try_compile(&self) -> Result<Policy, ParseError> {
        Ok(Policy::compile(
            Document::parse(&self.text)?,
            &self.bindings,
        ))
    }
}

#[allow(
    clippy::expect_used,
    reason = "the text is a constant that a test parses"
)]
fn deny_everything() -> Policy {
    // INVARIANT: UNREADABLE is a valid policy, see the test below.
    Policy::parse(UNREADABLE).expect("the constant policy parses")
}

impl fmt::Debug for StoredPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPolicy")
            .field("text", &self.text)
            .field("bindings", &self.bindings)
            .finish()
    }
}

/// Two stored policies are equal if they say the same; whether they are compiled yet does not count.
impl PartialEq for StoredPolicy {
    fn eq(&self, other: &StoredPolicy) -> bool {
        self.text == other.text && self.bindings == other.bindings
    }
}

/// A customer-managed policy. Those that AWS manages are no rows: see [`managed`](crate::managed).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// The account the policy belongs to.
    pub account: AccountId,
    /// The unique id, `ANPA…`.
    pub id: String,
    /// The name as written; unique in the account without regard to case.
    pub name: String,
    /// The path, `/` or `/…/`.
    pub path: String,
    /// When the policy was made.
    pub created: Millis,
    /// When its default version last changed.
    pub updated: Millis,
    /// The description given at creation.
    #[serde(default)]
    pub description: Option<String>,
    /// Tags, in the order they were given.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The versions kept, by number; AWS prints number 3 as `v3`.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The number that the next version gets; numbers are not used again.
    pub next_version: u32,
}

/// One version of a managed policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The document.
    pub text: Arc<StoredPolicy>,
    /// When the version was made.
    pub created: Millis,
}

impl ManagedPolicy {
    /// `arn:aws:iam::ACCOUNT:policy/PATH/NAME`.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:iam::{}:policy{}{}",
            self.account, self.path, self.name
        )
    }

    /// The version in force.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.versions.get(&self.default_version)
    }

    /// The number in a version id such as `v3`; nothing for any other text.
    pub fn version_number(version_id: &str) -> Option<u32> {
        version_id.strip_prefix('v')?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use twinlock_policy::{
        NoContext, Outcome, PolicySet, Principal, PrincipalKind, Request, Source, evaluate,
    };

    use super::*;

    #[test]
    fn an_unreadable_policy_denies_and_does_not_panic() {
        let policy = StoredPolicy::new("{ not json", Bindings::new());
        assert_eq!(policy.compiled().text(), UNREADABLE);
    }

    #[test]
    fn the_stand_in_denies_as_an_identity_policy_and_as_a_resource_policy() {
        let account = "111111111111".to_owned();
        let principal = Principal {
            kind: PrincipalKind::User,
            arn: format!("arn:aws:iam::{account}:user/John"),
            account: Some(account.clone()),
            unique_id: Some("AIDAJOHN".to_owned()),
            ..Principal::anonymous()
        };
        let request = Request {
            principal: &principal,
            action: "s3:GetObject",
            resource: "arn:aws:s3:::productionapp/a",
            resource_account: Some(&account),
            context: &NoContext,
        };
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let allowing = StoredPolicy::new(text, Bindings::new());
        let unreadable = StoredPolicy::new("{ not json", Bindings::new());
        fn source(policy: &StoredPolicy) -> Source<'_> {
            Source {
                policy: policy.compiled(),
                name: "P",
                arn: None,
                attached_to: "user John",
            }
        }
        let outcome = |identity: Vec<&StoredPolicy>, resource: Option<&StoredPolicy>| {
            let set = PolicySet {
                identity: identity.into_iter().map(source).collect(),
                resource: resource.map(source),
                ..PolicySet::default()
            };
            evaluate(&request, &set).outcome
        };
        assert_eq!(outcome(vec![&allowing], None), Outcome::Allowed);
        assert_eq!(
            outcome(vec![&allowing, &unreadable], None),
            Outcome::ExplicitlyDenied
        );
        assert_eq!(
            outcome(vec![&allowing], Some(&unreadable)),
            Outcome::ExplicitlyDenied
        );
    }

    #[test]
    fn text_and_bindings_survive_storage_verbatim() {
        let text = "{ \"Version\": \"2012-10-17\",\n \"Statement\": [] }";
        let mut bindings = Bindings::new();
        bindings.insert("arn:aws:iam::111111111111:user/a".into(), "AIDA1".into());
        let policy = StoredPolicy::new(text, bindings);
        let json = serde_json::to_string(&policy).unwrap();
        let back: StoredPolicy = serde_json::from_str(&json).unwrap();
        assert_eq!(back, policy);
        assert_eq!(back.text(), text);
    }
}
