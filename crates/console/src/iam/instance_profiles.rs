//! Instance profiles: what hands a role to an EC2 instance. As in AWS's console, a role for EC2 gets one of its own name, and takes
//! it along when it is deleted.

use twinlock_gate::Fault;
use twinlock_identity::iam::instance_profiles::{
    AddRoleToInstanceProfile, CreateInstanceProfile, DeleteInstanceProfile,
    ListInstanceProfilesForRole, RemoveRoleFromInstanceProfile,
};
use twinlock_shapes::iam as s;

use super::{MOST, PAGE_ITEMS};
use crate::visit::{Visit, all_pages};

/// The profiles that a role is in.
pub(crate) fn of_role(visit: &Visit, role: &str) -> Result<Vec<s::InstanceProfile>, Fault> {
    all_pages::<ListInstanceProfilesForRole, _>(
        visit,
        MOST,
        |marker| s::ListInstanceProfilesForRoleInput {
            role_name: role.to_owned(),
            marker,
            max_items: Some(PAGE_ITEMS),
        },
        |out| (out.instance_profiles, out.marker),
    )
}

/// Makes a role's own profile.
pub(crate) async fn create_for(visit: &Visit, role: &str) -> Result<(), Fault> {
    visit
        .change::<CreateInstanceProfile>(s::CreateInstanceProfileInput {
            instance_profile_name: role.to_owned(),
            ..Default::default()
        })
        .await?;
    visit
        .change::<AddRoleToInstanceProfile>(s::AddRoleToInstanceProfileInput {
            instance_profile_name: role.to_owned(),
            role_name: role.to_owned(),
        })
        .await
        .map(drop)
}

/// Takes a role out of all profiles, before it can be deleted; its own profile is deleted, others stay. Whoever may not list
/// them is told by DeleteRole if there is one.
pub(crate) async fn leave_all(visit: &Visit, role: &str) -> Result<(), Fault> {
    for profile in of_role(visit, role).unwrap_or_default() {
        let instance_profile_name = profile.instance_profile_name;
        visit
            .change::<RemoveRoleFromInstanceProfile>(s::RemoveRoleFromInstanceProfileInput {
                instance_profile_name: instance_profile_name.clone(),
                role_name: role.to_owned(),
            })
            .await?;
        if instance_profile_name == role {
            visit
                .change::<DeleteInstanceProfile>(s::DeleteInstanceProfileInput {
                    instance_profile_name,
                })
                .await?;
        }
    }
    Ok(())
}
