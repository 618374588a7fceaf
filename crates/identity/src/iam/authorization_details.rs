//! GetAccountAuthorizationDetails: all users, groups, roles and policies of an account with everything they may do, in pages.

use std::sync::Arc;

use twinlock_directory::{
    AccountNode, Group, ManagedPolicy, Role, StoredPolicy, User, managed, model::name_key,
    names_after,
};
use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read};
use twinlock_shapes::iam as shapes;
use twinlock_wire::query::encode_document;

use super::{
    common::{Cursor, after_within, at, attached, groups_of, shown_boundary, tags_if_any},
    instance_profiles,
};

const DETAILS: Action = Action::new("iam:GetAccountAuthorizationDetails", &[], &[]);

/// Shows everything about everyone.
pub struct GetAccountAuthorizationDetails;

/// One line of the listing.
enum Item<'a> {
    User(&'a Arc<User>),
    Group(&'a Arc<Group>),
    Role(&'a Arc<Role>),
    Local(&'a Arc<ManagedPolicy>),
    Aws(&'static managed::ManagedSummary),
}

impl Item<'_> {
    /// Its place in the order of the listing: the kinds one after the other, each by name.
    fn key(&self) -> String {
        match self {
            Item::User(user) => format!("1{}", name_key(&user.name)),
            Item::Group(group) => format!("2{}", name_key(&group.name)),
            Item::Role(role) => format!("3{}", name_key(&role.name)),
            Item::Local(policy) => format!("4{}", name_key(&policy.name)),
            Item::Aws(policy) => format!("5{}", policy.arn),
        }
    }
}

impl Operation for GetAccountAuthorizationDetails {
    type Input = shapes::GetAccountAuthorizationDetailsInput;
    type Output = shapes::GetAccountAuthorizationDetailsOutput;
    type Found = ();
    const NAME: &'static str = "GetAccountAuthorizationDetails";
    const ACTIONS: &'static [Action] = &[DETAILS];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&DETAILS)))
    }
}

impl Read for GetAccountAuthorizationDetails {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor.page(
            items(node, input.filter.as_deref(), cursor.after()),
            Item::key,
        );
        let mut answer = shapes::GetAccountAuthorizationDetailsOutput {
            is_truncated: page.is_truncated(),
            marker: page.marker,
            ..Default::default()
        };
        for item in page.items {
            match item {
                Item::User(user) => answer.user_detail_list.push(user_detail(user, cx)),
                Item::Group(group) => answer.group_detail_list.push(group_detail(group)),
                Item::Role(role) => answer.role_detail_list.push(role_detail(role, cx)),
                Item::Local(policy) => answer.policies.push(local_policy(node, policy)),
                Item::Aws(policy) => answer.policies.push(aws_policy(node, policy)),
            }
        }
        Ok(answer)
    }
}

/// What the filter lets through after the key `after`, in order; without a filter, or with an empty one, everything. Of AWS's
/// policies those in use.
fn items<'a>(
    node: &'a AccountNode,
    filter: Option<&[String]>,
    after: &str,
) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let filter = filter.unwrap_or_default();
    // After which name a kind goes on, if it is wanted and the listing is not past it.
    let wanted = |kind: char, name: &str| {
        let asked = filter.is_empty() || filter.iter().any(|f| f == name);
        after_within(after, kind).filter(|_| asked)
    };
    let users = wanted('1', "User").map(|at| names_after(&node.users, at).map(Item::User));
    let groups = wanted('2', "Group").map(|at| names_after(&node.groups, at).map(Item::Group));
    let roles = wanted('3', "Role").map(|at| names_after(&node.roles, at).map(Item::Role));
    let local = wanted('4', "LocalManagedPolicy")
        .map(|at| names_after(&node.policies, at).map(Item::Local));
    let aws = wanted('5', "AWSManagedPolicy").map(|_| aws_in_use(node));
    users
        .into_iter()
        .flatten()
        .chain(groups.into_iter().flatten())
        .chain(roles.into_iter().flatten())
        .chain(local.into_iter().flatten())
        // Looked for only when a page comes so far.
        .chain(aws.into_iter().flatten())
}

fn aws_in_use(node: &AccountNode) -> impl Iterator<Item = Item<'_>> {
    std::iter::once_with(|| {
        let mut aws: Vec<_> = node
            .attached_policies()
            .filter_map(|(arn, _)| managed::get(arn))
            .collect();
        aws.sort_by_key(|policy| policy.arn);
        aws
    })
    .flatten()
    .map(Item::Aws)
}

fn inline<'a>(
    policies: impl IntoIterator<Item = (&'a String, &'a Arc<StoredPolicy>)>,
) -> Vec<shapes::PolicyDetail> {
    policies
        .into_iter()
        .map(|(name, policy)| shapes::PolicyDetail {
            policy_name: Some(name.clone()),
            policy_document: Some(encode_document(policy.text())),
        })
        .collect()
}

fn user_detail(user: &User, cx: &Cx<'_>) -> shapes::UserDetail {
    let groups = groups_of(cx, user);
    shapes::UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(user.arn()),
        create_date: Some(at(user.created)),
        user_policy_list: (!user.inline.is_empty()).then(|| inline(&user.inline)),
        group_list: groups.iter().map(|group| group.name.clone()).collect(),
        attached_managed_policies: attached(&user.attached),
        permissions_boundary: shown_boundary(user.boundary.as_ref()),
        tags: tags_if_any(&user.tags),
    }
}

fn group_detail(group: &Group) -> shapes::GroupDetail {
    shapes::GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(group.arn()),
        create_date: Some(at(group.created)),
        group_policy_list: inline(&group.inline),
        attached_managed_policies: attached(&group.attached),
    }
}

fn role_detail(role: &Role, cx: &Cx<'_>) -> shapes::RoleDetail {
    let last = cx.world.directory.last_used().get(&role.id);
    let trust = twinlock_directory::principals::show(cx.snapshot, &role.trust);
    shapes::RoleDetail {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.id.clone()),
        arn: Some(role.arn()),
        create_date: Some(at(role.created)),
        assume_role_policy_document: Some(encode_document(&trust)),
        instance_profile_list: instance_profiles::of_role(role, cx),
        role_policy_list: inline(&role.inline),
        attached_managed_policies: attached(&role.attached),
        permissions_boundary: shown_boundary(role.boundary.as_ref()),
        tags: tags_if_any(&role.tags),
        role_last_used: Some(shapes::RoleLastUsed {
            last_used_date: last.as_ref().map(|last| at(last.when)),
            region: last.map(|last| last.region),
        }),
    }
}

/// How often a policy is attached, and how often it is a boundary.
fn uses(node: &AccountNode, arn: &str) -> (Option<i32>, Option<i32>) {
    let count = |n: usize| Some(i32::try_from(n).unwrap_or(i32::MAX));
    let uses = node.attachments(arn);
    (
        count(uses.map_or(0, |uses| uses.count())),
        count(uses.map_or(0, |uses| uses.boundary_count())),
    )
}

fn local_policy(node: &AccountNode, policy: &ManagedPolicy) -> shapes::ManagedPolicyDetail {
    let arn = policy.arn();
    let (attachment_count, boundary_count) = uses(node, &arn);
    let versions = policy.versions.iter().rev();
    let versions = versions.map(|(number, version)| shapes::PolicyVersion {
        document: Some(encode_document(version.text.text())),
        version_id: Some(format!("v{number}")),
        is_default_version: Some(*number == policy.default_version),
        create_date: Some(at(version.created)),
    });
    shapes::ManagedPolicyDetail {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        arn: Some(arn),
        path: Some(policy.path.clone()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count,
        permissions_boundary_usage_count: boundary_count,
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(at(policy.created)),
        update_date: Some(at(policy.updated)),
        policy_version_list: Some(versions.collect()),
    }
}

fn aws_policy(node: &AccountNode, policy: &managed::ManagedSummary) -> shapes::ManagedPolicyDetail {
    let (attachment_count, boundary_count) = uses(node, policy.arn);
    let version = format!("v{}", policy.default_version);
    let only = shapes::PolicyVersion {
        document: policy.document().map(|text| encode_document(&text)),
        version_id: Some(version.clone()),
        is_default_version: Some(true),
        create_date: Some(at(policy.updated_ms)),
    };
    shapes::ManagedPolicyDetail {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id.to_owned()),
        arn: Some(policy.arn.to_owned()),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(version),
        attachment_count,
        permissions_boundary_usage_count: boundary_count,
        is_attachable: Some(policy.attachable),
        description: None,
        create_date: Some(at(policy.created_ms)),
        update_date: Some(at(policy.updated_ms)),
        policy_version_list: Some(vec![only]),
    }
}
