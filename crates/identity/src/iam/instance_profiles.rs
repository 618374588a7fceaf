//! Instance profiles, and the role in each. There are no instances here; tools that prepare a role for EC2 find all of it,
//! and `iam:PassRole` is asked wherever a role is handed over.

use std::sync::Arc;

use twinlock_directory::{Batch, InstanceProfile, Role, ids, names_after};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        Cursor, already_exists, arn_of, at, delete_conflict, entity_need, in_path, list_need,
        merge_tags, new_tags, no_such, no_such_entity, room_for_one, tags_if_any, with_tags,
    },
    holder, roles,
    tags::tag_operations,
};

/// The service that instance profiles hand their role to.
const PASSED_TO: &str = "ec2.amazonaws.com";

const fn on_profile(name: &'static str, keys: &'static [&'static str]) -> Action {
    Action::new(name, &["instance-profile"], keys)
}

/// Looks a profile up in the caller's account.
fn find(cx: &Cx<'_>, name: &str) -> Option<Arc<InstanceProfile>> {
    cx.account().ok()?.instance_profile(name).cloned()
}

/// The need of `action` on a profile, found or not; a denial says `instance profile NAME`.
fn need(
    action: &Action,
    cx: &Cx<'_>,
    name: &str,
    found: Option<&Arc<InstanceProfile>>,
) -> Result<Need, Fault> {
    let account = cx.account_id()?;
    let arn = found.map_or_else(
        || arn_of(account, "instance-profile", name),
        |profile| profile.arn(),
    );
    let tags = found.map_or(&[][..], |profile| &profile.tags);
    Ok(entity_need(action, account, arn, tags).shown_as(format!("instance profile {name}")))
}

fn existing(
    found: Option<Arc<InstanceProfile>>,
    name: &str,
) -> Result<Arc<InstanceProfile>, Fault> {
    found.ok_or_else(|| no_such(format!("Instance Profile {name} cannot be found.")))
}

/// A profile as answers show it. Lists leave the tags out.
fn shown(profile: &InstanceProfile, cx: &Cx<'_>) -> shapes::InstanceProfile {
    let role = profile
        .role
        .as_deref()
        .and_then(|id| cx.snapshot.role_by_id(id));
    shapes::InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.clone(),
        arn: profile.arn(),
        create_date: at(profile.created),
        roles: role.iter().map(|role| roles::shown(role, cx)).collect(),
        tags: None,
    }
}

/// The profiles that a role is in, for answers about the role.
pub(crate) fn of_role(role: &Role, cx: &Cx<'_>) -> Vec<shapes::InstanceProfile> {
    let node = cx.account().ok();
    node.iter()
        .flat_map(|node| node.profiles_of_role(&role.id))
        .map(|profile| shown(profile, cx))
        .collect()
}

/// `iam:CreateInstanceProfile`; with tags `iam:TagInstanceProfile`, too.
#[derive(Debug)]
pub struct CreateInstanceProfile;

impl Operation for CreateInstanceProfile {
    type Input = shapes::CreateInstanceProfileInput;
    type Output = shapes::CreateInstanceProfileOutput;
    type Found = Option<Arc<InstanceProfile>>;
    const NAME: &'static str = "CreateInstanceProfile";
    const ACTIONS: &'static [Action] = &[
        on_profile(
            "iam:CreateInstanceProfile",
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
        ),
        TagInstanceProfile::ACTIONS[0],
    ];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let name = &input.instance_profile_name;
        let arn = format!("arn:aws:iam::{account}:instance-profile{path}{name}");
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[]);
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreateInstanceProfile {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find(cx, &input.instance_profile_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let name = &input.instance_profile_name;
        if found.is_some() {
            return Err(already_exists(format!(
                "Instance Profile {name} already exists."
            )));
        }
        let mut tags = Vec::new();
        let given = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, given, "TagsPerInstanceProfile")?;
        let have = cx.account()?.instance_profiles.size();
        room_for_one(cx, have, "InstanceProfilesPerAccount")?;
        let profile = InstanceProfile {
            account: cx.account_id()?,
            id: ids::instance_profile_id(&*cx.world.random),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            created: cx.now,
            role: None,
            tags,
        };
        let instance_profile = shapes::InstanceProfile {
            tags: tags_if_any(&profile.tags),
            ..shown(&profile, cx)
        };
        batch.put(profile);
        Ok(shapes::CreateInstanceProfileOutput { instance_profile })
    }
}

/// `iam:GetInstanceProfile`.
#[derive(Debug)]
pub struct GetInstanceProfile;

impl Operation for GetInstanceProfile {
    type Input = shapes::GetInstanceProfileInput;
    type Output = shapes::GetInstanceProfileOutput;
    type Found = Option<Arc<InstanceProfile>>;
    const NAME: &'static str = "GetInstanceProfile";
    const ACTIONS: &'static [Action] = &[on_profile("iam:GetInstanceProfile", &[])];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let name = &input.instance_profile_name;
        need(&Self::ACTIONS[0], cx, name, found.as_ref()).map(Needs::one)
    }
}

impl Read for GetInstanceProfile {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find(cx, &input.instance_profile_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let profile = existing(found, &input.instance_profile_name)?;
        let instance_profile = shapes::InstanceProfile {
            tags: tags_if_any(&profile.tags),
            ..shown(&profile, cx)
        };
        Ok(shapes::GetInstanceProfileOutput { instance_profile })
    }
}

/// `iam:ListInstanceProfiles`.
#[derive(Debug)]
pub struct ListInstanceProfiles;

impl Operation for ListInstanceProfiles {
    type Input = shapes::ListInstanceProfilesInput;
    type Output = shapes::ListInstanceProfilesOutput;
    type Found = ();
    const NAME: &'static str = "ListInstanceProfiles";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListInstanceProfiles", &[], &[])];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let shown = format!("arn:aws:iam::{}:instance-profile{prefix}", cx.account_id()?);
        Ok(Needs::one(list_need(&Self::ACTIONS[0], shown)))
    }
}

impl Read for ListInstanceProfiles {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let profiles = names_after(&cx.account()?.instance_profiles, cursor.after())
            .filter(|profile| in_path(&profile.path, input.path_prefix.as_deref()));
        let page = cursor
            .page(profiles, |profile| profile.name.to_lowercase())
            .map(|profile| shown(profile, cx));
        Ok(shapes::ListInstanceProfilesOutput {
            is_truncated: page.is_truncated(),
            instance_profiles: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:ListInstanceProfilesForRole`.
#[derive(Debug)]
pub struct ListInstanceProfilesForRole;

impl Operation for ListInstanceProfilesForRole {
    type Input = shapes::ListInstanceProfilesForRoleInput;
    type Output = shapes::ListInstanceProfilesForRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "ListInstanceProfilesForRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:ListInstanceProfilesForRole",
        &["role"],
        &[],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        holder::need(&Self::ACTIONS[0], cx, &input.role_name, found.as_ref()).map(Needs::one)
    }
}

impl Read for ListInstanceProfilesForRole {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let role = holder::existing(found, &input.role_name)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor
            .page(cx.account()?.profiles_of_role(&role.id), |profile| {
                profile.name.to_lowercase()
            })
            .map(|profile| shown(profile, cx));
        Ok(shapes::ListInstanceProfilesForRoleOutput {
            is_truncated: page.is_truncated(),
            instance_profiles: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:DeleteInstanceProfile`.
#[derive(Debug)]
pub struct DeleteInstanceProfile;

impl Operation for DeleteInstanceProfile {
    type Input = shapes::DeleteInstanceProfileInput;
    type Output = shapes::DeleteInstanceProfileOutput;
    type Found = Option<Arc<InstanceProfile>>;
    const NAME: &'static str = "DeleteInstanceProfile";
    const ACTIONS: &'static [Action] = &[on_profile("iam:DeleteInstanceProfile", &[])];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let name = &input.instance_profile_name;
        need(&Self::ACTIONS[0], cx, name, found.as_ref()).map(Needs::one)
    }
}

impl Change for DeleteInstanceProfile {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find(cx, &input.instance_profile_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let profile = existing(found, &input.instance_profile_name)?;
        if profile.role.is_some() {
            return Err(delete_conflict("remove roles from instance profile first"));
        }
        batch.delete_row(profile);
        Ok(Default::default())
    }
}

/// A profile and a role, each perhaps absent.
type Both = (Option<Arc<InstanceProfile>>, Option<Arc<Role>>);

/// `iam:AddRoleToInstanceProfile`. Whoever may do it could act as the role on a machine of theirs, so they must be allowed
/// to pass it.
#[derive(Debug)]
pub struct AddRoleToInstanceProfile;

impl Operation for AddRoleToInstanceProfile {
    type Input = shapes::AddRoleToInstanceProfileInput;
    type Output = shapes::AddRoleToInstanceProfileOutput;
    type Found = Both;
    const NAME: &'static str = "AddRoleToInstanceProfile";
    const ACTIONS: &'static [Action] = &[
        on_profile("iam:AddRoleToInstanceProfile", &[]),
        Action::new("iam:PassRole", &["role"], &["iam:PassedToService"]),
    ];

    fn needs(
        input: &Self::Input,
        (profile, role): &Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let name = &input.instance_profile_name;
        let add = need(&Self::ACTIONS[0], cx, name, profile.as_ref())?;
        let pass = holder::need(&Self::ACTIONS[1], cx, &input.role_name, role.as_ref())?;
        let arn = pass.resource.clone();
        let pass = pass.shown_as(arn).key("iam:PassedToService", PASSED_TO);
        Ok(Needs::one(add).and(pass))
    }
}

impl Change for AddRoleToInstanceProfile {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        (
            find(cx, &input.instance_profile_name),
            holder::find(cx, &input.role_name),
        )
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (profile, role): Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let profile = existing(profile, &input.instance_profile_name)?;
        let role: Role = holder::changeable(role, &input.role_name)?;
        if profile.role.is_some() {
            return Err(Fault::new(
                "LimitExceeded",
                409,
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            ));
        }
        batch.put(InstanceProfile {
            role: Some(role.id),
            ..InstanceProfile::clone(&profile)
        });
        Ok(Default::default())
    }
}

/// `iam:RemoveRoleFromInstanceProfile`.
#[derive(Debug)]
pub struct RemoveRoleFromInstanceProfile;

impl Operation for RemoveRoleFromInstanceProfile {
    type Input = shapes::RemoveRoleFromInstanceProfileInput;
    type Output = shapes::RemoveRoleFromInstanceProfileOutput;
    type Found = Both;
    const NAME: &'static str = "RemoveRoleFromInstanceProfile";
    const ACTIONS: &'static [Action] = &[on_profile("iam:RemoveRoleFromInstanceProfile", &[])];

    fn needs(input: &Self::Input, (found, _): &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let name = &input.instance_profile_name;
        need(&Self::ACTIONS[0], cx, name, found.as_ref()).map(Needs::one)
    }
}

impl Change for RemoveRoleFromInstanceProfile {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        AddRoleToInstanceProfile::find(
            &shapes::AddRoleToInstanceProfileInput {
                instance_profile_name: input.instance_profile_name.clone(),
                role_name: input.role_name.clone(),
            },
            cx,
        )
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (profile, role): Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let profile = existing(profile, &input.instance_profile_name)?;
        let held = role.filter(|role| profile.role.as_ref() == Some(&role.id));
        if held.is_none() {
            return Err(no_such_entity("role", &input.role_name));
        }
        batch.put(InstanceProfile {
            role: None,
            ..InstanceProfile::clone(&profile)
        });
        Ok(Default::default())
    }
}

tag_operations! {
    InstanceProfile, "instance-profile", instance_profile_name, find,
    |action, name, found, cx| need(action, cx, name, found.as_ref()), existing;
    /// `iam:TagInstanceProfile`.
    TagInstanceProfile, TagInstanceProfileInput -> TagInstanceProfileOutput;
    /// `iam:UntagInstanceProfile`.
    UntagInstanceProfile, UntagInstanceProfileInput -> UntagInstanceProfileOutput;
    /// `iam:ListInstanceProfileTags`.
    ListInstanceProfileTags, ListInstanceProfileTagsInput -> ListInstanceProfileTagsOutput;
}

#[cfg(test)]
mod tests;
