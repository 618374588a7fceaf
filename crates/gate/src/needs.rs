//! What must be allowed before an operation runs.

use std::{borrow::Cow, sync::Arc};

use twinlock_directory::AccountId;
use twinlock_policy::{Policy, ResourceRule, Value};

use crate::{operation::Action, proof::Proven};

/// The value of a condition key that an operation brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A single-valued key.
    One(String),
    /// A multivalued key (`aws:TagKeys`).
    Many(Vec<String>),
}

impl Fact {
    /// As the evaluator takes it.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Fact::One(value) => Value::One(Cow::Borrowed(value)),
            Fact::Many(values) => {
                Value::Many(values.iter().map(|v| Cow::Borrowed(v.as_str())).collect())
            }
        }
    }
}

/// The policy on the resource, as found.
#[derive(Debug, Clone)]
pub struct ResourcePolicy {
    /// The compiled document.
    pub policy: Arc<Policy>,
    /// How explanations name it: `trust policy of role UpdateApp`, `bucket policy of productionapp`.
    pub name: String,
}

/// One (action, resource, context) that must be allowed, with the resource *as found*: authorising looks nothing up again.
#[derive(Debug, Clone)]
pub struct Need {
    /// `iam:CreateUser`.
    pub action: Cow<'static, str>,
    /// The resource's ARN, or `*` for an action that has no resource type.
    pub resource: String,
    /// How a denial names the resource where AWS does not print the ARN (`role NAME`); empty: no `on resource` part.
    pub shown: Option<String>,
    /// The account that owns the resource; none: the caller's own.
    pub owner: Option<AccountId>,
    /// The bucket policy or trust policy on it.
    pub resource_policy: Option<ResourcePolicy>,
    /// Whether the resource policy itself must admit the account (role trust).
    pub rule: ResourceRule,
    /// The resource's tags: `aws:ResourceTag/k`, and `iam:ResourceTag/k` for IAM.
    pub resource_tags: Vec<(String, String)>,
    /// Further condition keys of the request, lower-cased.
    pub context: Vec<(Cow<'static, str>, Fact)>,
    /// Block Public Access stops a public bucket policy for callers of other accounts.
    pub restrict_public_buckets: bool,
    /// An ACL of the resource grants this to the caller.
    pub acl_grant: bool,
    /// The bearer of a verified proof, who is asked about in the caller's place.
    pub proven: Option<Arc<Proven>>,
}

impl Need {
    /// `action` on `resource` (an ARN).
    pub fn on(action: &Action, resource: impl Into<String>) -> Self {
        Self {
            action: Cow::Borrowed(action.name),
            resource: resource.into(),
            shown: None,
            owner: None,
            resource_policy: None,
            rule: ResourceRule::Ordinary,
            resource_tags: Vec::new(),
            context: Vec::new(),
            restrict_public_buckets: false,
            acl_grant: false,
            proven: None,
        }
    }

    /// An action by its name, for a question that no operation asks (the policy simulator's).
    pub fn named(action: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        const NAMELESS: Action = Action::new("", &[], &[]);
        Self {
            action: action.into(),
            ..Self::on(&NAMELESS, resource)
        }
    }

    /// `action` that has no resource type.
    pub fn anywhere(action: &Action) -> Self {
        Self::on(action, "*")
    }

    /// The resource belongs to `account`.
    #[must_use]
    pub fn owned_by(mut self, account: AccountId) -> Self {
        self.owner = Some(account);
        self
    }

    /// A denial names the resource so.
    #[must_use]
    pub fn shown_as(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    /// The resource carries this policy.
    #[must_use]
    pub fn under(mut self, policy: Option<ResourcePolicy>, rule: ResourceRule) -> Self {
        self.resource_policy = policy;
        self.rule = rule;
        self
    }

    /// The resource carries these tags.
    #[must_use]
    pub fn tagged<'t>(mut self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        self.resource_tags
            .extend(tags.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())));
        self
    }

    /// The same of a resource that carries no tags: what may be told to somebody who is not to learn them.
    pub(crate) fn untagged(&self) -> Need {
        Need {
            resource_tags: Vec::new(),
            ..self.clone()
        }
    }

    /// The bearer of this proof asks, not the caller: for operations that take a proof instead of a signature, and for no
    /// others.
    #[must_use]
    pub fn borne_by(mut self, proven: Arc<Proven>) -> Self {
        self.proven = Some(proven);
        self
    }

    /// Adds a single-valued condition key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let key = lower(key.into());
        self.context.push((key, Fact::One(value.into())));
        self
    }

    /// Adds a single-valued condition key if the request has it.
    #[must_use]
    pub fn key_if(self, key: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.key(key, value),
            None => self,
        }
    }

    /// Adds a multivalued condition key.
    #[must_use]
    pub fn keys(mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        let key = lower(key.into());
        self.context.push((key, Fact::Many(values)));
        self
    }

    /// Adds `aws:RequestTag/k` for each tag of the request, and `aws:TagKeys` when there are any.
    #[must_use]
    pub fn request_tags<'t>(mut self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut names = Vec::new();
        for (name, value) in tags {
            names.push(name.to_owned());
            self = self.key(format!("aws:RequestTag/{name}"), value);
        }
        if names.is_empty() {
            self
        } else {
            self.keys("aws:TagKeys", names)
        }
    }
}

fn lower(key: Cow<'static, str>) -> Cow<'static, str> {
    if key.bytes().any(|b| b.is_ascii_uppercase()) || !key.is_ascii() {
        Cow::Owned(key.to_lowercase())
    } else {
        key
    }
}

/// Why an operation needs nothing. The list is short, named, and all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// Any signed caller may ask who it is, whatever any policy says.
    GetCallerIdentity,
    /// A user may always get a session of itself: no permission exists for it.
    GetSessionToken,
}

/// All that one operation needs. Empty is denied.
#[derive(Debug, Default)]
pub struct Needs {
    pub(crate) all: Vec<Need>,
    pub(crate) each: Vec<Need>,
    pub(crate) ask: Vec<Need>,
    pub(crate) nothing: Option<Nothing>,
}

impl Needs {
    /// One need.
    pub fn one(need: Need) -> Self {
        Self {
            all: vec![need],
            ..Self::default()
        }
    }

    /// Every one of these must be allowed.
    pub fn all(needs: impl IntoIterator<Item = Need>) -> Self {
        Self {
            all: needs.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A verdict for each item, which [`crate::Permit::each`] gives in this order (DeleteObjects). An empty list is
    /// denied like every empty `Needs`.
    pub fn each(needs: impl IntoIterator<Item = Need>) -> Self {
        Self {
            each: needs.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Nothing, for a reason from the one list.
    pub fn nothing(why: Nothing) -> Self {
        Self {
            nothing: Some(why),
            ..Self::default()
        }
    }

    /// The actions of what must be allowed.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &str> {
        self.all.iter().chain(&self.each).map(|need| &*need.action)
    }

    /// Whether nothing must be allowed.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.each.is_empty()
    }

    /// A further need of the same operation (iam:PassRole, sts:TagSession).
    #[must_use]
    pub fn and(mut self, need: Need) -> Self {
        self.all.push(need);
        self
    }

    /// A further need, if there is one.
    #[must_use]
    pub fn and_if(mut self, need: Option<Need>) -> Self {
        self.all.extend(need);
        self
    }

    /// A question whose answer only shapes the output (404 or 403); [`crate::Permit::asked`] gives it by position.
    #[must_use]
    pub fn ask(mut self, need: Need) -> Self {
        self.ask.push(need);
        self
    }
}
