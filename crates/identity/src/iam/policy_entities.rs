//! Who has a managed policy.

use std::{ops::Bound, sync::Arc};

use twinlock_directory::{AccountNode, Attachments, Group, Role, User, name_key};
use twinlock_gate::{Action, Cx, Fault, Needs, Operation, Permit, Read};
use twinlock_shapes::iam as shapes;
use twinlock_shapes::iam::{ListEntitiesForPolicyInput, ListEntitiesForPolicyOutput};

use super::{
    common::{Cursor, after_within, in_path},
    managed_policies::{Managed, need},
};

/// `iam:ListEntitiesForPolicy`: groups, users and roles that have the policy attached or as their boundary. Each kind is in the
/// order of names, and pages run over all three.
#[derive(Debug)]
pub struct ListEntitiesForPolicy;

impl Operation for ListEntitiesForPolicy {
    type Input = ListEntitiesForPolicyInput;
    type Output = ListEntitiesForPolicyOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "ListEntitiesForPolicy";
    const ACTIONS: &'static [Action] =
        &[Action::new("iam:ListEntitiesForPolicy", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

/// One entity on a page.
enum Entity<'a> {
    Group(&'a Arc<Group>),
    User(&'a Arc<User>),
    Role(&'a Arc<Role>),
}

impl Entity<'_> {
    fn key(&self) -> String {
        match self {
            Entity::Group(group) => format!("1{}", name_key(&group.name)),
            Entity::User(user) => format!("2{}", name_key(&user.name)),
            Entity::Role(role) => format!("3{}", name_key(&role.name)),
        }
    }

    fn path(&self) -> &str {
        match self {
            Entity::Group(group) => &group.path,
            Entity::User(user) => &user.path,
            Entity::Role(role) => &role.path,
        }
    }
}

/// Everyone that `input` asks for after the key `after`, in the order of their keys.
fn entities<'a>(
    node: &'a AccountNode,
    used: &'a Attachments,
    input: &'a ListEntitiesForPolicyInput,
    after: &'a str,
) -> impl Iterator<Item = Entity<'a>> {
    let usage = input.policy_usage_filter.as_deref();
    let attached = usage != Some("PermissionsBoundary");
    let bounded = usage != Some("PermissionsPolicy");
    let wanted = |kind: char, name: &str| {
        let filter = input.entity_filter.as_deref();
        after_within(after, kind).filter(|_| filter.is_none_or(|filter| filter == name))
    };
    let groups = wanted('1', "Group").filter(|_| attached).map(|at| {
        let names = used.groups.range::<str, _>(beyond(at));
        names
            .filter_map(|name| node.groups.get(name))
            .map(Entity::Group)
    });
    let users = wanted('2', "User").map(|at| {
        let in_use = attached.then(|| used.users.range::<str, _>(beyond(at)));
        let bounds = bounded.then(|| used.boundary_users.range::<str, _>(beyond(at)));
        either(in_use.into_iter().flatten(), bounds.into_iter().flatten())
            .filter_map(|name| node.users.get(name))
            .map(Entity::User)
    });
    let roles = wanted('3', "Role").map(|at| {
        let in_use = attached.then(|| used.roles.range::<str, _>(beyond(at)));
        let bounds = bounded.then(|| used.boundary_roles.range::<str, _>(beyond(at)));
        either(in_use.into_iter().flatten(), bounds.into_iter().flatten())
            .filter_map(|name| node.roles.get(name))
            .map(Entity::Role)
    });
    groups
        .into_iter()
        .flatten()
        .chain(users.into_iter().flatten())
        .chain(roles.into_iter().flatten())
        .filter(|entity| in_path(entity.path(), input.path_prefix.as_deref()))
}

fn beyond(name: &str) -> (Bound<&str>, Bound<&str>) {
    (Bound::Excluded(name), Bound::Unbounded)
}

/// The names in either of two ordered lists, in order; who has the policy in both ways stands in the list once.
fn either<'a>(
    one: impl Iterator<Item = &'a String>,
    other: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = &'a String> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek().copied(), other.peek().copied()) {
        (Some(left), Some(right)) => {
            if left >= right {
                other.next();
            }
            if left > right {
                return Some(right);
            }
            one.next()
        }
        (Some(_), None) => one.next(),
        (None, _) => other.next(),
    })
}

impl Read for ListEntitiesForPolicy {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        Managed::existing(found, &input.policy_arn)?;
        let node = cx.account()?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let used = node.attachments(&input.policy_arn).into_iter();
        let all = used.flat_map(|used| entities(node, used, input, cursor.after()));
        let page = cursor.page(all, Entity::key);
        let mut answer = ListEntitiesForPolicyOutput {
            is_truncated: page.is_truncated(),
            marker: page.marker,
            ..ListEntitiesForPolicyOutput::default()
        };
        for entity in page.items {
            match entity {
                Entity::Group(group) => answer.policy_groups.push(shapes::PolicyGroup {
                    group_name: Some(group.name.clone()),
                    group_id: Some(group.id.clone()),
                }),
                Entity::User(user) => answer.policy_users.push(shapes::PolicyUser {
                    user_name: Some(user.name.clone()),
                    user_id: Some(user.id.clone()),
                }),
                Entity::Role(role) => answer.policy_roles.push(shapes::PolicyRole {
                    role_name: Some(role.name.clone()),
                    role_id: Some(role.id.clone()),
                }),
            }
        }
        Ok(answer)
    }
}
