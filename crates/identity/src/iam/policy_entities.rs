//! Who has a managed policy.

use std::sync::Arc;

use twinlock_directory::{AccountNode, Attachments, Group, Role, User, name_key};
use twinlock_gate::{Action, Cx, Fault, Needs, Operation, Permit, Read};
use twinlock_shapes::iam as shapes;
use twinlock_shapes::iam::{ListEntitiesForPolicyInput, ListEntitiesForPolicyOutput};

use super::{
    common::{Cursor, in_path},
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

/// Everyone that `input` asks for, in the order of their keys.
fn entities<'a>(
    node: &'a AccountNode,
    used: &'a Attachments,
    input: &ListEntitiesForPolicyInput,
) -> Vec<Entity<'a>> {
    let usage = input.policy_usage_filter.as_deref();
    let attached = usage != Some("PermissionsBoundary");
    let bounded = usage != Some("PermissionsPolicy");
    let wanted = |kind: &str| {
        input
            .entity_filter
            .as_deref()
            .is_none_or(|filter| filter == kind)
    };
    let mut all = Vec::new();
    if wanted("Group") && attached {
        let names = used.groups.iter();
        all.extend(
            names
                .filter_map(|name| node.groups.get(name))
                .map(Entity::Group),
        );
    }
    // Who has the policy in both ways stands in the list once.
    if wanted("User") {
        let names = node.users.iter().filter(|(name, _)| {
            attached && used.users.contains(*name) || bounded && used.boundary_users.contains(*name)
        });
        all.extend(names.map(|(_, user)| Entity::User(user)));
    }
    if wanted("Role") {
        let names = node.roles.iter().filter(|(name, _)| {
            attached && used.roles.contains(*name) || bounded && used.boundary_roles.contains(*name)
        });
        all.extend(names.map(|(_, role)| Entity::Role(role)));
    }
    all.retain(|entity| in_path(entity.path(), input.path_prefix.as_deref()));
    all
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
        let all = node
            .attachments(&input.policy_arn)
            .map(|used| entities(node, used, input))
            .unwrap_or_default();
        let page = Cursor::new(input.marker.as_deref(), input.max_items)?.page(all, Entity::key);
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
