//! The pages of AWS Organizations.
//!
//! | file | pages |
//! | --- | --- |
//! | `tree` | the accounts: as a tree of organizational units, or as a list |
//! | `accounts` | an account; adding one, made new or invited |
//! | `units` | the root, or an organizational unit |
//! | `targets` | what root, units and accounts have in common: control policies, tags, the way from the root |
//! | `policies`, `policy` | service and resource control policies: types and lists; one policy |
//! | `invitations` | handshakes, sent and received |
//! | `services` | services that act in the organization, and accounts that administer them |
//! | `settings` | the organization itself: features, delegation policy, leaving, deleting |
//! | `common` | reading it all |
//!
//! Most of it is for the management account. Whoever else comes is told by the operations, in AWS's words.

mod accounts;
mod common;
mod invitations;
mod policies;
mod policy;
mod services;
mod settings;
mod targets;
mod tree;
mod units;

use crate::visit::{Page, Visit};

/// `/console/SLOT/organizations/…`.
pub(crate) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    match rest {
        [] | [""] => tree::page(visit),
        ["create"] if visit.request.is_post() => settings::create(visit).await,
        ["accounts", "add"] => accounts::add(visit).await,
        ["accounts", id, rest @ ..] => accounts::one(visit, id, rest).await,
        ["units", id, rest @ ..] => units::one(visit, id, rest).await,
        ["invitations", rest @ ..] => invitations::page(visit, rest).await,
        ["policies"] => policies::types(visit),
        ["policies", kind, rest @ ..] => match (policies::Kind::of(kind), rest) {
            (None, _) => Err(crate::not_found()),
            (Some(kind), []) => policies::list(visit, kind).await,
            (Some(kind), ["enable" | "disable"]) => policies::switch(visit, kind, rest[0]).await,
            (Some(kind), ["create"]) => policy::create(visit, kind).await,
            (Some(kind), [id, rest @ ..]) => policy::one(visit, kind, id, rest).await,
        },
        ["services", rest @ ..] => services::page(visit, rest).await,
        ["settings", rest @ ..] => settings::page(visit, rest).await,
        _ => Err(crate::not_found()),
    }
}
