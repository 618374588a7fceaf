//! Principals of a statement, and how strongly each names a caller (specification 1.4, 1.5).
//!
//! A principal is resolved when its document is compiled. Whatever is none of the forms that the specification lists names nobody: an
//! ARN with a wildcard, a group, the unique id that a deleted identity left behind.

#[cfg(test)]
mod tests;

use crate::arn::Arn;
use crate::compile::Bindings;
use crate::document::{PrincipalElement, PrincipalType};
use crate::request::{Principal, PrincipalKind};

/// How closely a principal names the caller. A resource policy's Allow is worth as much as its strongest match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum Strength {
    /// Not at all.
    None,
    /// By its account: delegates to that account's own policies.
    Account,
    /// By the role or user behind the session.
    Entity,
    /// By itself, or as one of all.
    Direct,
}

/// One principal, resolved.
#[derive(Debug, Clone)]
enum Named {
    Everyone,
    /// The partition is that of the ARN, when it was written as one.
    Account {
        id: Box<str>,
        partition: Option<Box<str>>,
    },
    Identity {
        role: bool,
        arn: Box<str>,
        /// What the ARN meant when the document was written: then it matches by this alone, so that an identity made anew under
        /// an old name is another one.
        unique_id: Option<Box<str>>,
    },
    /// An assumed-role or federated-user session.
    Session {
        arn: Box<str>,
        /// Which role was meant when the document was written: sessions of one made anew under its name are others.
        role_id: Option<Box<str>>,
    },
    Service(Box<str>),
    Provider(Box<str>),
}

/// The compiled `Principal` or `NotPrincipal` element: everybody it names.
#[derive(Debug, Clone)]
pub(crate) struct Principals(Box<[Named]>);

/// Whether the text is an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Callers that belong to an account and sign as one of it.
pub(crate) fn is_in_account(kind: PrincipalKind) -> bool {
    use PrincipalKind::{FederatedUser, RoleSession, Root, User};
    matches!(kind, Root | User | RoleSession | FederatedUser)
}

impl Principals {
    pub(crate) fn compile(element: &PrincipalElement, bindings: &Bindings) -> Principals {
        let listed = element
            .entries
            .iter()
            .filter_map(|entry| named(entry.kind, &entry.text.value, bindings));
        let everyone = element.star.then_some(Named::Everyone);
        Principals(everyone.into_iter().chain(listed).collect())
    }

    /// The element with one more principal of the kind.
    pub(crate) fn and(&self, kind: PrincipalType, text: &str) -> Principals {
        let one = named(kind, text, &Bindings::new());
        Principals(self.0.iter().cloned().chain(one).collect())
    }

    /// The strongest match over all principals of the element.
    pub(crate) fn strength(&self, caller: &Principal) -> Strength {
        let mut strongest = Strength::None;
        for named in &self.0 {
            strongest = strongest.max(named.strength(caller));
            if strongest == Strength::Direct {
                break;
            }
        }
        strongest
    }
}

/// Not empty and without wildcards: there are no partial wildcards in principals.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?'])
}

/// Whom one principal names; none: nobody.
fn named(kind: PrincipalType, text: &str, bindings: &Bindings) -> Option<Named> {
    match kind {
        PrincipalType::Aws => aws(text, bindings),
        PrincipalType::Service => is_plain(text).then(|| Named::Service(text.into())),
        PrincipalType::Federated => is_plain(text).then(|| Named::Provider(text.into())),
        // Which account has the canonical id is known to whoever wrote the policy.
        PrincipalType::CanonicalUser => bindings.get(text).map(|account| Named::Account {
            id: account.as_str().into(),
            partition: None,
        }),
        PrincipalType::Unknown => None,
    }
}

fn aws(text: &str, bindings: &Bindings) -> Option<Named> {
    if text == "*" {
        return Some(Named::Everyone);
    }
    if is_account_id(text) {
        return Some(Named::Account {
            id: text.into(),
            partition: None,
        });
    }
    let arn = Arn::parse(text)
        .filter(|arn| is_plain(text) && arn.region.is_empty() && is_account_id(arn.account))?;
    let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    match (arn.service, kind) {
        ("iam", "root") if arn.resource == "root" => Some(Named::Account {
            id: arn.account.into(),
            partition: Some(arn.partition.into()),
        }),
        ("iam", "user" | "role") if !name.is_empty() => Some(Named::Identity {
            role: kind == "role",
            arn: text.into(),
            unique_id: bindings.get(text).map(|id| id.as_str().into()),
        }),
        ("sts", "assumed-role" | "federated-user") if !name.is_empty() => Some(Named::Session {
            arn: text.into(),
            role_id: bindings.get(text).map(|id| id.as_str().into()),
        }),
        _ => None,
    }
}

impl Named {
    fn strength(&self, caller: &Principal) -> Strength {
        use PrincipalKind::{FederatedUser, RoleSession, Saml, Service, User, WebIdentity};
        let (matched, strength) = match self {
            Named::Everyone => (true, Strength::Direct),
            Named::Account { id, partition } => {
                let own = is_in_account(caller.kind) && caller.account.as_deref() == Some(id);
                let alike = |partition: &str| {
                    Arn::parse(&caller.arn).is_some_and(|arn| arn.partition == partition)
                };
                (
                    own && partition.as_deref().is_none_or(alike),
                    Strength::Account,
                )
            }
            Named::Identity {
                role,
                arn,
                unique_id,
            } => match (role, caller.kind) {
                (false, User) => (
                    is_same(arn, unique_id, &caller.arn, &caller.unique_id),
                    Strength::Direct,
                ),
                (false, FederatedUser) | (true, RoleSession) => {
                    (is_behind(arn, unique_id, caller, *role), Strength::Entity)
                }
                _ => (false, Strength::None),
            },
            Named::Session { arn, role_id } => {
                let issuer = caller.issuer.as_ref();
                let id = issuer.and_then(|issuer| issuer.unique_id.as_deref());
                let same_role = role_id.as_deref().is_none_or(|meant| id == Some(meant));
                let session = matches!(caller.kind, RoleSession | FederatedUser);
                (
                    session && *caller.arn == **arn && same_role,
                    Strength::Direct,
                )
            }
            Named::Service(name) => (
                caller.kind == Service && *caller.arn == **name,
                Strength::Direct,
            ),
            Named::Provider(name) => (
                matches!(caller.kind, WebIdentity | Saml)
                    && caller.provider.as_deref() == Some(name),
                Strength::Direct,
            ),
        };
        if matched { strength } else { Strength::None }
    }
}

/// Whether an identity is the one that a principal means.
fn is_same(arn: &str, meant: &Option<Box<str>>, found: &str, found_id: &Option<String>) -> bool {
    match meant {
        Some(meant) => found_id.as_deref() == Some(&**meant),
        None => arn == found,
    }
}

/// Whether the session was made from the identity. One whose issuer is not known can only be told by its ARN, which has the
/// role's name and no path: the last part of the role's path decides, and an id is never matched.
fn is_behind(arn: &str, meant: &Option<Box<str>>, session: &Principal, role: bool) -> bool {
    if let Some(issuer) = &session.issuer {
        return is_same(arn, meant, &issuer.arn, &issuer.unique_id);
    }
    let (Some(role_arn), Some(session)) = (Arn::parse(arn), Arn::parse(&session.arn)) else {
        return false;
    };
    let name = role_arn.resource.rsplit('/').next();
    let mut parts = session.resource.split('/');
    role && meant.is_none()
        && (role_arn.partition, role_arn.account) == (session.partition, session.account)
        && parts.next() == Some("assumed-role")
        && parts.next() == name
}
