//! Principals (sections 1.4, 1.5 and 2.3).

use twinlock_policy::document::{PrincipalElement, PrincipalEntry, PrincipalType};
use twinlock_policy::{Principal, PrincipalKind};

use crate::text::Look;
use crate::{Fault, Form, Written};

/// Section 1.5: how a statement's principal covers the caller. Later ones are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    None,
    /// By its account, which must itself allow.
    Account,
    /// By the identity behind the session.
    Entity,
    /// Itself.
    Direct,
}

/// The strongest cover that a `Principal` gives the caller.
pub(crate) fn strength(look: &Look<'_>, written: &Written, element: &PrincipalElement) -> Strength {
    let mut strongest = Strength::None;
    let mut meet = |form, strength| {
        look.trace
            .borrow_mut()
            .principal(form, strength != Strength::None);
        strongest = strongest.max(strength);
    };
    if element.star {
        meet(Form::Star, Strength::Direct);
    }
    for entry in &element.entries {
        let (form, strength) = one(look, written, entry);
        meet(form, strength);
    }
    strongest
}

/// Section 2.3: whether a Deny with this `NotPrincipal` lets the caller off.
pub(crate) fn let_off(look: &Look<'_>, written: &Written, element: &PrincipalElement) -> bool {
    if look.case.boundary.is_some() && !look.wrong(Fault::NotPrincipalSparesBoundary) {
        return false;
    }
    let needed = if look.wrong(Fault::NotPrincipalByAccount) {
        Strength::Account
    } else {
        Strength::Direct
    };
    strength(look, written, element) >= needed
}

/// Token bearers and anonymous callers: no signature vouches for an account.
pub(crate) fn unsigned(principal: &Principal) -> bool {
    matches!(
        principal.kind,
        PrincipalKind::Anonymous | PrincipalKind::WebIdentity | PrincipalKind::Saml
    )
}

fn one(look: &Look<'_>, written: &Written, entry: &PrincipalEntry) -> (Form, Strength) {
    let caller = &look.case.principal;
    let text = entry.text.value.as_str();
    let direct = |covers: bool| {
        if covers {
            Strength::Direct
        } else {
            Strength::None
        }
    };
    match entry.kind {
        PrincipalType::Service => (
            Form::Service,
            direct(caller.kind == PrincipalKind::Service && caller.arn == text),
        ),
        PrincipalType::Federated => (
            Form::Federated,
            direct(
                matches!(
                    caller.kind,
                    PrincipalKind::WebIdentity | PrincipalKind::Saml
                ) && caller.provider.as_deref() == Some(text),
            ),
        ),
        PrincipalType::CanonicalUser => (
            Form::CanonicalUser,
            match written.bindings.get(text) {
                Some(account) => of_account(look, account),
                None => Strength::None,
            },
        ),
        PrincipalType::Unknown => (Form::Invalid, Strength::None),
        PrincipalType::Aws => aws(look, written, text),
    }
}

fn aws(look: &Look<'_>, written: &Written, text: &str) -> (Form, Strength) {
    let caller = &look.case.principal;
    if text == "*" {
        return (Form::AwsStar, Strength::Direct);
    }
    if is_account(text) {
        return (Form::AccountId, of_account(look, text));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, resource] = parts[..] else {
        let id = text.starts_with("AIDA") || text.starts_with("AROA");
        return (
            if id { Form::UniqueId } else { Form::Invalid },
            Strength::None,
        );
    };
    if !is_account(account) || text.contains(['*', '?']) {
        return (Form::Invalid, Strength::None);
    }
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let direct = |covers: bool| {
        if covers {
            Strength::Direct
        } else {
            Strength::None
        }
    };
    match (service, kind, name.is_empty()) {
        ("iam", "root", true) if resource == "root" => {
            let covers =
                if look.wrong(Fault::AccountRootIsRootUser) && caller.kind != PrincipalKind::Root {
                    Strength::None
                } else {
                    of_account(look, account)
                };
            // Accounts of another partition are others.
            let here = caller.arn.starts_with(&format!("arn:{partition}:"))
                || look.wrong(Fault::AnonymousIsInAccounts);
            (
                Form::AccountRoot,
                if here { covers } else { Strength::None },
            )
        }
        ("iam", "user", false) => {
            let bound = bound_to(look, written, text);
            let is = |arn: &str, id: Option<&str>| match bound {
                Some(bound) => id == Some(bound),
                None => arn == text,
            };
            let strength = if caller.kind == PrincipalKind::User {
                direct(is(&caller.arn, caller.unique_id.as_deref()))
            } else {
                let issuer = caller
                    .issuer
                    .as_ref()
                    .filter(|_| caller.kind == PrincipalKind::FederatedUser);
                entity(issuer.is_some_and(|issuer| is(&issuer.arn, issuer.unique_id.as_deref())))
            };
            (
                if bound.is_some() {
                    Form::Bound
                } else {
                    Form::User
                },
                strength,
            )
        }
        ("iam", "role", false) => {
            let bound = bound_to(look, written, text);
            let covers = caller.kind == PrincipalKind::RoleSession
                && match (bound, &caller.issuer) {
                    _ if look.wrong(Fault::RoleArnComparedAlone) => caller.arn == text,
                    (Some(bound), issuer) => {
                        issuer
                            .as_ref()
                            .and_then(|issuer| issuer.unique_id.as_deref())
                            == Some(bound)
                    }
                    (None, Some(issuer)) => issuer.arn == text,
                    // The session's ARN has the role's name without its path.
                    (None, None) => {
                        let session = format!(
                            "arn:{partition}:sts::{account}:assumed-role/{}/",
                            name.rsplit('/').next().unwrap_or(name)
                        );
                        caller.arn.starts_with(&session)
                    }
                };
            let strength = if covers && look.wrong(Fault::RoleGrantIsDirect) {
                Strength::Direct
            } else {
                entity(covers)
            };
            (
                if bound.is_some() {
                    Form::Bound
                } else {
                    Form::Role
                },
                strength,
            )
        }
        ("sts", "assumed-role", false) => {
            let bound = bound_to(look, written, text);
            let issuer = caller.issuer.as_ref();
            let covers = caller.kind == PrincipalKind::RoleSession
                && caller.arn == text
                && match bound {
                    // The role of that name today may be another one.
                    Some(bound) => issuer.is_some_and(|i| i.unique_id.as_deref() == Some(bound)),
                    None => true,
                };
            let strength = if covers && look.wrong(Fault::DirectGrantIsEntity) {
                Strength::Entity
            } else {
                direct(covers)
            };
            (
                if bound.is_some() {
                    Form::Bound
                } else {
                    Form::RoleSession
                },
                strength,
            )
        }
        ("sts", "federated-user", false) => {
            let covers = caller.kind == PrincipalKind::FederatedUser && caller.arn == text;
            (Form::FederatedUser, direct(covers))
        }
        _ => (Form::Invalid, Strength::None),
    }
}

fn entity(covers: bool) -> Strength {
    if covers {
        Strength::Entity
    } else {
        Strength::None
    }
}

/// The unique id that this ARN meant when the document was written.
fn bound_to<'w>(look: &Look<'_>, written: &'w Written, text: &str) -> Option<&'w str> {
    if look.wrong(Fault::BindingIgnored) {
        return None;
    }
    written.bindings.get(text).map(String::as_str)
}

/// An account covers its root user, users, roles and sessions; nobody who has no account.
fn of_account(look: &Look<'_>, account: &str) -> Strength {
    let caller = &look.case.principal;
    let member = caller.account.as_deref() == Some(account)
        || (look.wrong(Fault::AnonymousIsInAccounts) && caller.kind == PrincipalKind::Anonymous);
    match member {
        true if look.wrong(Fault::AccountGrantIsDirect) => Strength::Direct,
        true => Strength::Account,
        false => Strength::None,
    }
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
