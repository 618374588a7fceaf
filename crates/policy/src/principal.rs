//! Principals of a statement, and how strongly each matches a caller (specification 1.4, 1.5, 2.3).

use crate::arn;
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

#[derive(Debug, Clone)]
enum Pattern {
    Everyone,
    Account(Box<str>),
    User {
        arn: Box<str>,
        id: Option<Box<str>>,
    },
    Role {
        arn: Box<str>,
        id: Option<Box<str>>,
    },
    /// An assumed-role or federated-user session.
    Session(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    /// A form that is invalid or names a deleted identity.
    Nobody,
}

/// The compiled `Principal` or `NotPrincipal` element.
#[derive(Debug, Clone)]
pub(crate) struct Principals {
    patterns: Box<[Pattern]>,
}

impl Principals {
    pub(crate) fn compile(element: &PrincipalElement, bindings: &Bindings) -> Principals {
        let star = element.star.then_some(Pattern::Everyone);
        let entries = element.entries.iter().map(|entry| {
            let text = entry.text.value.as_str();
            match entry.kind {
                PrincipalType::Aws => aws(text, bindings),
                PrincipalType::Service => exact(text, Pattern::Service),
                PrincipalType::Federated => exact(text, Pattern::Federated),
                // The canonical id names an account; which one is known to whoever wrote the policy.
                PrincipalType::CanonicalUser => {
                    bindings.get(text).map_or(Pattern::Nobody, |account| {
                        Pattern::Account(account.as_str().into())
                    })
                }
                PrincipalType::Unknown => Pattern::Nobody,
            }
        });
        Principals {
            patterns: star.into_iter().chain(entries).collect(),
        }
    }

    /// The strongest match over all principals of the element.
    pub(crate) fn strength(&self, caller: &Principal) -> Strength {
        self.patterns
            .iter()
            .map(|pattern| pattern.strength(caller))
            .max()
            .unwrap_or(Strength::None)
    }
}

/// Whether the text is an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn exact(text: &str, make: fn(Box<str>) -> Pattern) -> Pattern {
    if text.is_empty() || text.contains(['*', '?']) {
        Pattern::Nobody
    } else {
        make(text.into())
    }
}

fn aws(text: &str, bindings: &Bindings) -> Pattern {
    if text == "*" {
        return Pattern::Everyone;
    }
    if is_account_id(text) {
        return Pattern::Account(text.into());
    }
    let Some(parts) = arn::Arn::parse(text).filter(|parts| is_account_id(parts.account)) else {
        return Pattern::Nobody;
    };
    // There are no partial wildcards in principals.
    if text.contains(['*', '?']) {
        return Pattern::Nobody;
    }
    let id = || bindings.get(text).map(|id| id.as_str().into());
    let (kind, name) = parts
        .resource
        .split_once('/')
        .unwrap_or((parts.resource, ""));
    match (parts.service, kind, name.is_empty()) {
        ("iam", "root", true) if parts.resource == "root" => Pattern::Account(parts.account.into()),
        ("iam", "user", false) => Pattern::User {
            arn: text.into(),
            id: id(),
        },
        ("iam", "role", false) => Pattern::Role {
            arn: text.into(),
            id: id(),
        },
        ("sts", "assumed-role" | "federated-user", false) => Pattern::Session(text.into()),
        _ => Pattern::Nobody,
    }
}

impl Pattern {
    fn strength(&self, caller: &Principal) -> Strength {
        use PrincipalKind::{
            Anonymous, FederatedUser, RoleSession, Root, Saml, Service, User, WebIdentity,
        };
        let when =
            |matched: bool, strength: Strength| if matched { strength } else { Strength::None };
        match self {
            Pattern::Everyone => Strength::Direct,
            Pattern::Account(account) => {
                let signed = matches!(caller.kind, Root | User | RoleSession | FederatedUser);
                when(
                    signed && caller.account.as_deref() == Some(account),
                    Strength::Account,
                )
            }
            Pattern::User { arn, id } => match caller.kind {
                User => when(
                    is_identity(arn, id, &caller.arn, caller.unique_id.as_deref()),
                    Strength::Direct,
                ),
                FederatedUser => when(is_issuer(arn, id, caller), Strength::Entity),
                _ => Strength::None,
            },
            Pattern::Role { arn, id } => match caller.kind {
                RoleSession if caller.issuer.is_some() => {
                    when(is_issuer(arn, id, caller), Strength::Entity)
                }
                RoleSession => when(
                    id.is_none() && is_session_of(&caller.arn, arn),
                    Strength::Entity,
                ),
                _ => Strength::None,
            },
            Pattern::Session(arn) => when(
                matches!(caller.kind, RoleSession | FederatedUser) && *caller.arn == **arn,
                Strength::Direct,
            ),
            Pattern::Service(name) => when(
                caller.kind == Service && *caller.arn == **name,
                Strength::Direct,
            ),
            Pattern::Federated(provider) => {
                let bearer = matches!(caller.kind, WebIdentity | Saml);
                when(
                    bearer && caller.provider.as_deref() == Some(provider),
                    Strength::Direct,
                )
            }
            Pattern::Nobody => {
                debug_assert!(caller.kind != Anonymous || caller.account.is_none());
                Strength::None
            }
        }
    }
}

/// A bound pattern matches by unique id only, so that an identity made anew under an old name is not let in.
fn is_identity(
    arn: &str,
    id: &Option<Box<str>>,
    caller_arn: &str,
    caller_id: Option<&str>,
) -> bool {
    match id {
        Some(id) => caller_id == Some(id),
        None => caller_arn == arn,
    }
}

fn is_issuer(arn: &str, id: &Option<Box<str>>, caller: &Principal) -> bool {
    caller
        .issuer
        .as_ref()
        .is_some_and(|issuer| is_identity(arn, id, &issuer.arn, issuer.unique_id.as_deref()))
}

/// Whether a session is one of the role, as far as its ARN tells: it has no path, so the role's last path part decides.
fn is_session_of(session: &str, role: &str) -> bool {
    let (Some(session), Some(role)) = (arn::Arn::parse(session), arn::Arn::parse(role)) else {
        return false;
    };
    let session_role = session
        .resource
        .strip_prefix("assumed-role/")
        .and_then(|rest| rest.split('/').next());
    (session.partition, session.account) == (role.partition, role.account)
        && session_role == role.resource.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Document;
    use crate::request::Issuer;

    const ROLE: &str = "arn:aws:iam::111111111111:role/team/App";
    const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/App/s1";
    const USER: &str = "arn:aws:iam::111111111111:user/team/Ann";
    const FEDERATED: &str = "arn:aws:sts::111111111111:federated-user/Bob";

    fn signed(kind: PrincipalKind, arn: &str, issuer: Option<&str>) -> Principal {
        let issuer = issuer.map(|arn| Issuer {
            arn: arn.into(),
            unique_id: Some("AROA1".into()),
        });
        Principal {
            kind,
            account: Some("111111111111".into()),
            arn: arn.into(),
            unique_id: Some("AIDA1".into()),
            issuer,
            provider: None,
            service_linked: false,
        }
    }

    fn strength(principal: &str, caller: &Principal, bindings: &Bindings) -> Strength {
        let text =
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Principal":{principal}}}}}"#);
        let document = Document::parse(&text).expect("document");
        let element = document.statements()[0]
            .principal
            .as_ref()
            .expect("principal");
        Principals::compile(element, bindings).strength(caller)
    }

    /// Specification 1.4, a row each.
    #[test]
    fn section_1_4_principal_forms() {
        use Strength::{Account, Direct, Entity, None as No};
        let root = signed(PrincipalKind::Root, "arn:aws:iam::111111111111:root", None);
        let user = signed(PrincipalKind::User, USER, None);
        let session = signed(PrincipalKind::RoleSession, SESSION, Some(ROLE));
        let bare_session = signed(PrincipalKind::RoleSession, SESSION, None);
        let federated = signed(PrincipalKind::FederatedUser, FEDERATED, Some(USER));
        let service = Principal::service("lambda.amazonaws.com");
        let nobody = Principal::anonymous();
        let bearer = Principal {
            kind: PrincipalKind::WebIdentity,
            provider: Some("arn:aws:iam::111111111111:oidc-provider/x.org".into()),
            ..Principal::anonymous()
        };
        let callers = [
            &root,
            &user,
            &session,
            &bare_session,
            &federated,
            &service,
            &bearer,
            &nobody,
        ];
        let rows: &[(&str, [Strength; 8])] = &[
            (r#""*""#, [Direct; 8]),
            (r#"{"AWS":"*"}"#, [Direct; 8]),
            (r#"{"AWS":["*"]}"#, [Direct; 8]),
            (
                r#"{"AWS":"111111111111"}"#,
                [Account, Account, Account, Account, Account, No, No, No],
            ),
            (
                r#"{"AWS":111111111111}"#,
                [Account, Account, Account, Account, Account, No, No, No],
            ),
            (
                r#"{"AWS":"arn:aws:iam::111111111111:root"}"#,
                [Account, Account, Account, Account, Account, No, No, No],
            ),
            (r#"{"AWS":"222222222222"}"#, [No; 8]),
            (r#"{"AWS":"11111111111"}"#, [No; 8]),
            (
                r#"{"AWS":"arn:aws:iam::111111111111:user/team/Ann"}"#,
                [No, Direct, No, No, Entity, No, No, No],
            ),
            (
                r#"{"AWS":"arn:aws:iam::111111111111:user/team/ann"}"#,
                [No; 8],
            ),
            (r#"{"AWS":"arn:aws:iam::111111111111:user/Ann"}"#, [No; 8]),
            (
                r#"{"AWS":"arn:aws:iam::111111111111:role/team/App"}"#,
                [No, No, Entity, Entity, No, No, No, No],
            ),
            (
                r#"{"AWS":"arn:aws:iam::111111111111:role/App"}"#,
                [No, No, No, Entity, No, No, No, No],
            ),
            (
                r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/s1"}"#,
                [No, No, Direct, Direct, No, No, No, No],
            ),
            (
                r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/s2"}"#,
                [No; 8],
            ),
            (
                r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/*"}"#,
                [No; 8],
            ),
            (
                r#"{"AWS":"arn:aws:sts::111111111111:federated-user/Bob"}"#,
                [No, No, No, No, Direct, No, No, No],
            ),
            (
                r#"{"Service":"lambda.amazonaws.com"}"#,
                [No, No, No, No, No, Direct, No, No],
            ),
            (r#"{"Service":"s3.amazonaws.com"}"#, [No; 8]),
            (
                r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/x.org"}"#,
                [No, No, No, No, No, No, Direct, No],
            ),
            (r#"{"AWS":"AIDA1"}"#, [No; 8]),
            (r#"{"AWS":"AROA1"}"#, [No; 8]),
            (r#"{"AWS":"arn:aws:iam::111111111111:user/*"}"#, [No; 8]),
            (r#"{"AWS":"arn:aws:iam::111111111111:group/G"}"#, [No; 8]),
            (
                r#"{"CanonicalUser":"c1"}"#,
                [Account, Account, Account, Account, Account, No, No, No],
            ),
            (r#"{"CanonicalUser":"c2"}"#, [No; 8]),
            (r#"{"Other":"*"}"#, [No; 8]),
            (r#""111111111111""#, [No; 8]),
            (r#"null"#, [No; 8]),
            (
                r#"{"AWS":["222222222222","111111111111"],"Service":"lambda.amazonaws.com"}"#,
                [Account, Account, Account, Account, Account, Direct, No, No],
            ),
        ];
        let bindings = Bindings::from([("c1".to_owned(), "111111111111".to_owned())]);
        for (principal, expected) in rows {
            for (caller, expected) in callers.iter().zip(expected) {
                assert_eq!(
                    strength(principal, caller, &bindings),
                    *expected,
                    "{principal} and {caller:?}"
                );
            }
        }
    }

    /// A user or role deleted and made anew is another one.
    #[test]
    fn section_1_4_bound_principals_match_by_id() {
        let user = signed(PrincipalKind::User, USER, None);
        let session = signed(PrincipalKind::RoleSession, SESSION, Some(ROLE));
        for (arn, caller, good) in [(USER, &user, "AIDA1"), (ROLE, &session, "AROA1")] {
            let principal = format!(r#"{{"AWS":"{arn}"}}"#);
            let bound = |id: &str| Bindings::from([(arn.to_owned(), id.to_owned())]);
            assert_ne!(strength(&principal, caller, &bound(good)), Strength::None);
            assert_eq!(
                strength(&principal, caller, &bound("AXXX9")),
                Strength::None
            );
        }
        let renamed = Principal {
            arn: "arn:aws:iam::111111111111:user/Anna".into(),
            ..user
        };
        let bound = Bindings::from([(USER.to_owned(), "AIDA1".to_owned())]);
        assert_eq!(
            strength(&format!(r#"{{"AWS":"{USER}"}}"#), &renamed, &bound),
            Strength::Direct
        );
    }
}
