//! Who calls: what authentication proved, and what that means on one snapshot.
//!
//! A [`Caller`] holds ids only. Its names, tags and policies are looked up on the snapshot of the attempt ([`Standing`]), so
//! that a rename, a detached policy or a deletion counts with the very next decision, running sessions included.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use twinlock_directory::{AccountId, Group, Millis, Role, Snapshot, StoredPolicy, User, managed};
use twinlock_policy::{Issuer, Policy, Principal, PrincipalKind};
use twinlock_wire::fault::Protocol;

use crate::token::{Session, SessionOf};

/// An authenticated caller, or an anonymous one. Made by [`crate::authenticate`] (and by the console for a signed-in person).
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// The access key the call was signed with; empty for anonymous and unsigned calls.
    pub access_key_id: String,
    /// The opened session token, if the call carried one.
    pub session: Option<Arc<Session>>,
    /// What the request itself says: address, agent, signature.
    pub request: RequestFacts,
}

/// The kinds of callers, by unique id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Nobody: no signature.
    Anonymous,
    /// The root user of an account.
    Root(AccountId),
    /// An IAM user, by a long-term key or by a session of GetSessionToken.
    User {
        /// The user's account.
        account: AccountId,
        /// AIDA….
        id: String,
    },
    /// A session of a role.
    RoleSession {
        /// The role's account.
        account: AccountId,
        /// AROA….
        role_id: String,
        /// RoleSessionName.
        name: String,
    },
    /// A session of GetFederationToken.
    FederatedUser {
        /// The account.
        account: AccountId,
        /// The user that made it; none: root made it.
        user_id: Option<String>,
        /// The name given.
        name: String,
    },
}

impl Who {
    /// The caller's account; none for anonymous.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Anonymous => None,
            Self::Root(account)
            | Self::User { account, .. }
            | Self::RoleSession { account, .. }
            | Self::FederatedUser { account, .. } => Some(*account),
        }
    }
}

/// How a call was signed, for `s3:authType` and the audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthType {
    /// Not signed.
    None,
    /// In the Authorization header.
    Header,
    /// In the query: presigned.
    Query,
    /// In a POST form.
    Post,
    /// By a signed-in person in the console.
    Console,
}

/// What the request itself says.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// The request id that the answer carries.
    pub request_id: String,
    /// The peer's address, or that which a trusted proxy gives.
    pub source_ip: Option<IpAddr>,
    /// The User-Agent header.
    pub user_agent: Option<String>,
    /// The Referer header.
    pub referer: Option<String>,
    /// Whether the call came over TLS.
    pub secure: bool,
    /// The region of the credential scope, or of the configuration.
    pub region: String,
    /// How it was signed.
    pub auth_type: AuthType,
    /// `AWS4-HMAC-SHA256` or `AWS`.
    pub signature_version: &'static str,
    /// When it was signed, if it says so.
    pub signed_at: Option<Millis>,
    /// The x-amz-content-sha256 header.
    pub content_sha256: Option<String>,
    /// The protocol, in whose words errors are told.
    pub protocol: Protocol,
}

impl RequestFacts {
    /// What is known of a request before it was read.
    pub fn none(region: &str) -> Self {
        Self {
            request_id: String::new(),
            source_ip: None,
            user_agent: None,
            referer: None,
            secure: false,
            region: region.to_owned(),
            auth_type: AuthType::None,
            signature_version: "",
            signed_at: None,
            content_sha256: None,
            protocol: Protocol::Query,
        }
    }
}

/// One attached policy document, with the words for explanations.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    pub(crate) policy: Arc<Policy>,
    pub(crate) name: String,
    pub(crate) arn: Option<String>,
    pub(crate) to: String,
}

/// What a caller is on one snapshot: its principal and every document on its own side.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) principal: Principal,
    pub(crate) user_name: Option<String>,
    pub(crate) user_id: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) identity: Vec<Attached>,
    pub(crate) boundary: Option<Vec<Attached>>,
    pub(crate) session: Option<Vec<Attached>>,
}

/// The identity behind the credentials is gone: they are dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Standing {
    /// Looks the caller up on `snapshot`.
    pub(crate) fn of(caller: &Caller, snapshot: &Snapshot) -> Result<Self, Gone> {
        let session = caller.session.as_deref();
        match &caller.who {
            Who::Anonymous => Ok(Self::bare(
                Principal {
                    kind: PrincipalKind::Anonymous,
                    account: None,
                    arn: "anonymous".into(),
                    unique_id: None,
                    issuer: None,
                    provider: None,
                    service_linked: false,
                },
                "anonymous".into(),
            )),
            Who::Root(account) => {
                open(snapshot, account)?;
                let mut standing = Self::bare(
                    Principal {
                        kind: PrincipalKind::Root,
                        account: Some(account.to_string()),
                        arn: format!("arn:aws:iam::{account}:root"),
                        unique_id: None,
                        issuer: None,
                        provider: None,
                        service_linked: false,
                    },
                    account.to_string(),
                );
                // AssumeRoot's, cut by its task.
                standing.session = session.and_then(|s| task_policies(snapshot, s));
                Ok(standing)
            }
            Who::User { account, id } => {
                open(snapshot, account)?;
                Ok(Self::user(snapshot, snapshot.user_by_id(id).ok_or(Gone)?))
            }
            Who::RoleSession {
                account,
                role_id,
                name,
            } => {
                open(snapshot, account)?;
                let role = snapshot.role_by_id(role_id).ok_or(Gone)?;
                Ok(Self::role(snapshot, role, name, session))
            }
            Who::FederatedUser {
                account,
                user_id,
                name,
            } => {
                open(snapshot, account)?;
                let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
                let id = format!("{account}:{name}");
                let mut standing = match user_id {
                    Some(user_id) => {
                        Self::user(snapshot, snapshot.user_by_id(user_id).ok_or(Gone)?)
                    }
                    None => Self::bare(root_as_issuer(account), String::new()),
                };
                let issuer = Issuer {
                    arn: standing.principal.arn.clone(),
                    unique_id: user_id.clone(),
                };
                standing.principal.kind = PrincipalKind::FederatedUser;
                standing.principal.arn = arn;
                standing.principal.unique_id = None;
                standing.principal.issuer = Some(issuer);
                standing.user_name = None;
                standing.user_id = id;
                if let Some(session) = session {
                    overlay(&mut standing.tags, &session.tags);
                }
                standing.session = session.and_then(|s| session_policies(snapshot, s));
                Ok(standing)
            }
        }
    }

    pub(crate) fn bare(principal: Principal, user_id: String) -> Self {
        Self {
            principal,
            user_name: None,
            user_id,
            tags: Vec::new(),
            identity: Vec::new(),
            boundary: None,
            session: None,
        }
    }

    pub(crate) fn user(snapshot: &Snapshot, user: &User) -> Self {
        let mut identity = Vec::new();
        let who = format!("user {}", user.name);
        push_inline(&mut identity, &user.inline, &who);
        push_attached(&mut identity, snapshot, &user.attached, &who);
        for group_id in &user.groups {
            if let Some(group) = snapshot.group_by_id(group_id) {
                push_group(&mut identity, snapshot, group);
            }
        }
        Self {
            principal: Principal {
                kind: PrincipalKind::User,
                account: Some(user.account.to_string()),
                arn: user.arn(),
                unique_id: Some(user.id.clone()),
                issuer: None,
                provider: None,
                service_linked: false,
            },
            user_name: Some(user.name.clone()),
            user_id: user.id.clone(),
            tags: user
                .tags
                .iter()
                .map(|t| (t.key.clone(), t.value.clone()))
                .collect(),
            boundary: user
                .boundary
                .as_ref()
                .map(|arn| boundary(snapshot, arn, &who)),
            identity,
            session: None,
        }
    }

    pub(crate) fn role(
        snapshot: &Snapshot,
        role: &Role,
        name: &str,
        session: Option<&Session>,
    ) -> Self {
        let mut identity = Vec::new();
        let who = format!("role {}", role.name);
        push_inline(&mut identity, &role.inline, &who);
        push_attached(&mut identity, snapshot, &role.attached, &who);
        let mut tags: Vec<_> = role
            .tags
            .iter()
            .map(|t| (t.key.clone(), t.value.clone()))
            .collect();
        if let Some(session) = session {
            overlay(&mut tags, &session.tags);
        }
        Self {
            principal: Principal {
                kind: PrincipalKind::RoleSession,
                account: Some(role.account.to_string()),
                arn: format!(
                    "arn:aws:sts::{}:assumed-role/{}/{name}",
                    role.account, role.name
                ),
                unique_id: None,
                issuer: Some(Issuer {
                    arn: role.arn(),
                    unique_id: Some(role.id.clone()),
                }),
                provider: session.and_then(|s| s.provider.clone()),
                service_linked: role.service_linked(),
            },
            user_name: None,
            user_id: format!("{}:{name}", role.id),
            tags,
            boundary: role
                .boundary
                .as_ref()
                .map(|arn| boundary(snapshot, arn, &who)),
            session: session.and_then(|s| session_policies(snapshot, s)),
            identity,
        }
    }
}

/// Refuses everyone of an account that is gone or has been closed.
fn open(snapshot: &Snapshot, account: &AccountId) -> Result<(), Gone> {
    match snapshot.account(account) {
        Some(node) if node.account.closed.is_none() => Ok(()),
        _ => Err(Gone),
    }
}

fn root_as_issuer(account: &AccountId) -> Principal {
    Principal {
        kind: PrincipalKind::Root,
        account: Some(account.to_string()),
        arn: format!("arn:aws:iam::{account}:root"),
        unique_id: None,
        issuer: None,
        provider: None,
        service_linked: false,
    }
}

/// Session tags win over the identity's own; keys compare without case.
fn overlay(tags: &mut Vec<(String, String)>, over: &[(String, String)]) {
    tags.retain(|(key, _)| !over.iter().any(|(k, _)| k.eq_ignore_ascii_case(key)));
    tags.extend_from_slice(over);
}

pub(crate) fn push_group(into: &mut Vec<Attached>, snapshot: &Snapshot, group: &Group) {
    let who = format!("group {}", group.name);
    push_inline(into, &group.inline, &who);
    push_attached(into, snapshot, &group.attached, &who);
}

fn push_inline<'p>(
    into: &mut Vec<Attached>,
    inline: impl IntoIterator<Item = (&'p String, &'p Arc<StoredPolicy>)>,
    who: &str,
) {
    into.extend(inline.into_iter().map(|(name, stored)| Attached {
        policy: stored.compiled().clone(),
        name: name.clone(),
        arn: None,
        to: who.to_owned(),
    }));
}

fn push_attached<'p>(
    into: &mut Vec<Attached>,
    snapshot: &Snapshot,
    arns: impl IntoIterator<Item = &'p String>,
    who: &str,
) {
    into.extend(
        arns.into_iter()
            .filter_map(|arn| managed_policy(snapshot, arn, who)),
    );
}

/// The default version of a managed policy of this account or of AWS.
fn managed_policy(snapshot: &Snapshot, arn: &str, who: &str) -> Option<Attached> {
    let policy = if arn.starts_with("arn:aws:iam::aws:policy/") {
        managed::compiled(arn)?.clone()
    } else {
        snapshot
            .customer_policy(arn)?
            .default()?
            .text
            .compiled()
            .clone()
    };
    Some(Attached {
        policy,
        name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        arn: Some(arn.to_owned()),
        to: who.to_owned(),
    })
}

/// A boundary that cannot be found allows nothing: the empty list is a boundary that is silent on everything.
fn boundary(snapshot: &Snapshot, arn: &str, who: &str) -> Vec<Attached> {
    managed_policy(snapshot, arn, who).into_iter().collect()
}

/// The session documents, joined as one set; none when the session was made without. A managed one that has been deleted
/// since grants nothing, and does not turn the session into one without policies.
fn session_policies(snapshot: &Snapshot, session: &Session) -> Option<Vec<Attached>> {
    if session.policies.is_empty() && session.policy_arns.is_empty() {
        return None;
    }
    let mut all: Vec<Attached> = session
        .policies
        .iter()
        .map(|stored| Attached {
            policy: stored.compiled().clone(),
            name: "session policy".into(),
            arn: None,
            to: "session".into(),
        })
        .collect();
    all.extend(
        session
            .policy_arns
            .iter()
            .filter_map(|arn| managed_policy(snapshot, arn, "session")),
    );
    Some(all)
}

/// What cuts a root user's session to its task. AWS writes a task policy as what is denied, and leaves the rest, which is the task, to
/// the root user's own rights; a session policy that allows nothing would leave nothing, so these rights stand beside it.
fn task_policies(snapshot: &Snapshot, session: &Session) -> Option<Vec<Attached>> {
    let mut all = session_policies(snapshot, session)?;
    // A task whose policy is not known allows nothing.
    if session.is_assumed_root() && all.len() == session.policy_arns.len() {
        all.push(Attached {
            policy: root_rights().clone(),
            name: "rights of the root user".into(),
            arn: None,
            to: "session".into(),
        });
    }
    Some(all)
}

fn root_rights() -> &'static Arc<Policy> {
    static RIGHTS: LazyLock<Arc<Policy>> = LazyLock::new(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        // INVARIANT: the constant text is a policy; the tests of AssumeRoot call this.
        #[allow(clippy::expect_used, reason = "the constant text is a policy")]
        Arc::new(Policy::parse(text).expect("a policy"))
    });
    &RIGHTS
}

impl Caller {
    /// The holder of an opened session.
    pub fn in_session(session: Arc<Session>, access_key_id: &str, request: RequestFacts) -> Self {
        let who = match &session.of {
            SessionOf::Role {
                account,
                role_id,
                name,
            } => Who::RoleSession {
                account: *account,
                role_id: role_id.clone(),
                name: name.clone(),
            },
            SessionOf::User {
                account,
                user_id: Some(id),
            } => Who::User {
                account: *account,
                id: id.clone(),
            },
            SessionOf::User {
                account,
                user_id: None,
            } => Who::Root(*account),
            SessionOf::Federated {
                account,
                user_id,
                name,
            } => Who::FederatedUser {
                account: *account,
                user_id: user_id.clone(),
                name: name.clone(),
            },
        };
        Self {
            who,
            access_key_id: access_key_id.to_owned(),
            session: Some(session),
            request,
        }
    }

    /// Whether the caller's credentials are a session of a role.
    pub fn is_role_session(&self) -> bool {
        matches!(self.who, Who::RoleSession { .. })
    }
}
