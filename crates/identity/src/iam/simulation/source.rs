//! Whose policies are simulated, and who would call with them.

use std::sync::Arc;

use twinlock_directory::{AccountId, Entity, Group, Role, User};
use twinlock_gate::{Action, Cx, Fault, Need, Simulation};
use twinlock_policy::arn::Arn;

use crate::iam::common::{entity_need, invalid_input, no_such_entity};

/// A user, group or role of the caller's account.
#[derive(Debug)]
pub enum Source {
    /// With the policies of its groups.
    User(Arc<User>),
    /// By itself.
    Group(Arc<Group>),
    /// By itself.
    Role(Arc<Role>),
}

/// `user`, `group` or `role`, the account and the name of an entity's ARN.
fn parts(arn: &str) -> Option<(&str, AccountId, &str)> {
    let parsed = Arn::parse(arn)?;
    let (kind, path) = parsed.resource.split_once('/')?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let known = parsed.service == "iam" && matches!(kind, "user" | "group" | "role");
    known.then_some((kind, parsed.account.parse().ok()?, name))
}

fn unclear(arn: &str) -> Fault {
    invalid_input(format!(
        "Invalid Entity Arn: {arn} does not clearly define entity type and name."
    ))
}

impl Source {
    /// Looks it up in the caller's account. The ARN must be exact, path and case and all.
    pub(crate) fn find(arn: &str, cx: &Cx<'_>) -> Option<Source> {
        let (kind, account, name) = parts(arn)?;
        let node = cx
            .account()
            .ok()
            .filter(|node| node.account.id == account)?;
        match kind {
            "user" => node
                .user(name)
                .filter(|user| user.arn() == arn)
                .cloned()
                .map(Source::User),
            "group" => node
                .group(name)
                .filter(|group| group.arn() == arn)
                .cloned()
                .map(Source::Group),
            _ => node
                .role(name)
                .filter(|role| role.arn() == arn)
                .cloned()
                .map(Source::Role),
        }
    }

    /// It, as it would be if it called.
    pub(super) fn simulation<'a>(&self, cx: &Cx<'a>) -> Simulation<'a> {
        match self {
            Source::User(user) => Simulation::of_user(cx, user),
            Source::Group(group) => Simulation::of_group(cx, group),
            Source::Role(role) => Simulation::of_role(cx, role),
        }
    }
}

/// The need of `action` on the source, found or not.
///
/// # Errors
/// `InvalidInput` for an ARN of no user, group or role.
pub(super) fn need(
    action: &Action,
    arn: &str,
    found: Option<&Source>,
    cx: &Cx<'_>,
) -> Result<Need, Fault> {
    parts(arn).ok_or_else(|| unclear(arn))?;
    let tags = match found {
        Some(Source::User(user)) => &user.tags[..],
        Some(Source::Role(role)) => &role.tags[..],
        Some(Source::Group(_)) | None => &[],
    };
    Ok(entity_need(action, cx.account_id()?, arn.to_owned(), tags))
}

/// What was found.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn existing(found: Option<Source>, arn: &str) -> Result<Source, Fault> {
    found.ok_or_else(|| match parts(arn) {
        Some((kind, _, name)) => no_such_entity(kind, name),
        None => unclear(arn),
    })
}

/// The simulated caller that CallerArn names. Of the caller's own account it is known as it is; of any other, and of one that
/// is not there, the ARN is all that is known.
///
/// # Errors
/// `InvalidInput` for an ARN of no user, group or role: a session, a service.
pub(super) fn caller<'a>(arn: &str, cx: &Cx<'a>) -> Result<Simulation<'a>, Fault> {
    let (kind, account, name) = parts(arn).ok_or_else(|| unclear(arn))?;
    if let Some(own) = Source::find(arn, cx) {
        return Ok(own.simulation(cx));
    }
    let node = cx.snapshot.account(&account);
    let entity = node.and_then(|node| match kind {
        "user" => node.user(name).map(Entity::User),
        "role" => node.role(name).map(Entity::Role),
        _ => None,
    });
    // The unique id is what a policy that names the ARN was bound to when it was written.
    let id = entity
        .filter(|entity| entity.arn() == arn)
        .and_then(|entity| match entity {
            Entity::User(user) => Some(user.id.clone()),
            Entity::Role(role) => Some(role.id.clone()),
            _ => None,
        });
    Ok(Simulation::of_stranger(
        cx,
        account.as_str(),
        arn,
        id.as_deref(),
    ))
}
