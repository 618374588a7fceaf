//! One account within a snapshot: its entities by name, and the ways back that its entities do not carry themselves.

use std::{ops::Bound, sync::Arc};

use rpds::{HashTrieMapSync, RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::OrganizationNode;
use crate::model::{
    Account, Bar, DeviceOwner, Group, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider,
    Role, SamlProvider, ServerCertificate, User, name_key,
};

/// Entities of one kind by the lower-cased name, in that order.
pub type Names<T> = RedBlackTreeMapSync<String, Arc<T>>;

/// An account with everything that belongs to it, except the buckets themselves.
#[derive(Debug, Clone)]
pub struct AccountNode {
    /// The account itself.
    pub account: Arc<Account>,
    /// Users by lower-cased name.
    pub users: Names<User>,
    /// User groups by lower-cased name.
    pub groups: Names<Group>,
    /// Roles by lower-cased name.
    pub roles: Names<Role>,
    /// Customer-managed policies by lower-cased name.
    pub policies: Names<ManagedPolicy>,
    /// OpenID Connect providers by their URL without `https://`.
    pub oidc_providers: Names<OidcProvider>,
    /// SAML providers by lower-cased name.
    pub saml_providers: Names<SamlProvider>,
    /// What is barred for a while, by [`Bar::id`].
    pub bars: Names<Bar>,
    /// Virtual MFA devices by lower-cased name.
    pub mfa_devices: Names<MfaDevice>,
    /// Certificates for HTTPS by lower-cased name.
    pub server_certificates: Names<ServerCertificate>,
    /// Instance profiles by lower-cased name.
    pub instance_profiles: Names<InstanceProfile>,
    /// The organization that this is the management account of, with what was left of earlier ones.
    pub organization: Arc<OrganizationNode>,
    /// Names of the account's buckets.
    pub(super) bucket_names: RedBlackTreeSetSync<String>,
    /// Lower-cased names of a group's users, by the group's unique id.
    pub(super) members: HashTrieMapSync<String, RedBlackTreeSetSync<String>>,
    /// Lower-cased names of the MFA devices of a user (by unique id) or of root.
    pub(super) devices: HashTrieMapSync<String, RedBlackTreeSetSync<String>>,
    /// Lower-cased names of the instance profiles that a role is in, by the role's unique id.
    pub(super) profiles_of_role: HashTrieMapSync<String, RedBlackTreeSetSync<String>>,
    /// What each managed policy is attached to, by the policy's ARN; also AWS's policies.
    pub(super) attachments: HashTrieMapSync<String, Attachments>,
}

/// What one managed policy is attached to in one account. The sets hold lower-cased names.
#[derive(Debug, Clone, Default)]
pub struct Attachments {
    /// Users it is attached to.
    pub users: RedBlackTreeSetSync<String>,
    /// User groups it is attached to.
    pub groups: RedBlackTreeSetSync<String>,
    /// Roles it is attached to.
    pub roles: RedBlackTreeSetSync<String>,
    /// Users whose permissions boundary it is.
    pub boundary_users: RedBlackTreeSetSync<String>,
    /// Roles whose permissions boundary it is.
    pub boundary_roles: RedBlackTreeSetSync<String>,
}

impl Attachments {
    /// AWS's AttachmentCount: users, groups and roles, without boundaries.
    pub fn count(&self) -> usize {
        self.users.size() + self.groups.size() + self.roles.size()
    }

    /// AWS's PermissionsBoundaryUsageCount.
    pub fn boundary_count(&self) -> usize {
        self.boundary_users.size() + self.boundary_roles.size()
    }

    /// Whether nothing refers to the policy.
    pub fn is_empty(&self) -> bool {
        self.count() == 0 && self.boundary_count() == 0
    }
}

impl AccountNode {
    pub(super) fn new(account: Arc<Account>) -> AccountNode {
        AccountNode {
            account,
            users: Names::new_sync(),
            groups: Names::new_sync(),
            roles: Names::new_sync(),
            policies: Names::new_sync(),
            instance_profiles: Names::new_sync(),
            oidc_providers: Names::new_sync(),
            saml_providers: Names::new_sync(),
            bars: Names::new_sync(),
            mfa_devices: Names::new_sync(),
            server_certificates: Names::new_sync(),
            organization: Arc::default(),
            bucket_names: RedBlackTreeSetSync::new_sync(),
            devices: HashTrieMapSync::new_sync(),
            members: HashTrieMapSync::new_sync(),
            profiles_of_role: HashTrieMapSync::new_sync(),
            attachments: HashTrieMapSync::new_sync(),
        }
    }

    /// The user of this name; case does not count.
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(&name_key(name))
    }

    /// The user group of this name; case does not count.
    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(&name_key(name))
    }

    /// The role of this name; case does not count.
    pub fn role(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.get(&name_key(name))
    }

    /// The customer-managed policy of this name; case does not count.
    pub fn policy(&self, name: &str) -> Option<&Arc<ManagedPolicy>> {
        self.policies.get(&name_key(name))
    }

    /// The OpenID Connect provider of this URL without `https://`.
    pub fn oidc_provider(&self, url: &str) -> Option<&Arc<OidcProvider>> {
        self.oidc_providers.get(url)
    }

    /// The SAML provider of this name; case does not count.
    pub fn saml_provider(&self, name: &str) -> Option<&Arc<SamlProvider>> {
        self.saml_providers.get(&name_key(name))
    }

    /// The bar of this name, see [`Bar::id`].
    pub fn bar(&self, id: &str) -> Option<&Arc<Bar>> {
        self.bars.get(id)
    }

    /// The virtual MFA device with this SerialNumber. Lookups by name do not mind case; an ARN is compared as it stands.
    pub fn mfa_device(&self, serial_number: &str) -> Option<&Arc<MfaDevice>> {
        let name = serial_number.rsplit('/').next()?;
        let device = self.mfa_devices.get(&name_key(name))?;
        (device.serial_number() == serial_number).then_some(device)
    }

    /// The MFA devices that are enabled for a user or for root, by name.
    pub fn devices_of<'a>(
        &'a self,
        owner: &DeviceOwner,
    ) -> impl Iterator<Item = &'a Arc<MfaDevice>> + use<'a> {
        self.devices
            .get(owner.key())
            .into_iter()
            .flat_map(RedBlackTreeSetSync::iter)
            .filter_map(|name| self.mfa_devices.get(name))
    }

    /// How many MFA devices of the account are enabled for somebody.
    pub fn enabled_device_count(&self) -> usize {
        self.devices.values().map(RedBlackTreeSetSync::size).sum()
    }

    /// The certificate for HTTPS of this name; case does not count.
    pub fn server_certificate(&self, name: &str) -> Option<&Arc<ServerCertificate>> {
        self.server_certificates.get(&name_key(name))
    }

    /// The instance profile of this name; case does not count.
    pub fn instance_profile(&self, name: &str) -> Option<&Arc<InstanceProfile>> {
        self.instance_profiles.get(&name_key(name))
    }

    /// The instance profiles that the role with this unique id is in, by name.
    pub fn profiles_of_role<'a>(
        &'a self,
        role_id: &str,
    ) -> impl Iterator<Item = &'a Arc<InstanceProfile>> + use<'a> {
        self.profiles_of_role
            .get(role_id)
            .into_iter()
            .flat_map(RedBlackTreeSetSync::iter)
            .filter_map(|name| self.instance_profiles.get(name))
    }

    /// The users in the group with this unique id, by name.
    pub fn members<'a>(&'a self, group_id: &str) -> impl Iterator<Item = &'a Arc<User>> + use<'a> {
        self.members
            .get(group_id)
            .into_iter()
            .flat_map(RedBlackTreeSetSync::iter)
            .filter_map(|name| self.users.get(name))
    }

    /// The same after the name `after`, as [`names_after`] has it.
    pub fn members_after<'a>(
        &'a self,
        group_id: &str,
        after: &str,
    ) -> impl Iterator<Item = &'a Arc<User>> + use<'a> {
        let after = name_key(after);
        self.members
            .get(group_id)
            .into_iter()
            .flat_map(move |names| names.range((Bound::Excluded(after.clone()), Bound::Unbounded)))
            .filter_map(|name| self.users.get(name))
    }

    /// How many users are in the group with this unique id.
    pub fn member_count(&self, group_id: &str) -> usize {
        self.members
            .get(group_id)
            .map_or(0, RedBlackTreeSetSync::size)
    }

    /// What the managed policy with this ARN is attached to here; nothing if it is not attached at all.
    pub fn attachments(&self, policy_arn: &str) -> Option<&Attachments> {
        self.attachments.get(policy_arn)
    }

    /// ARNs of all managed policies attached or used as a boundary here, in no order.
    pub fn attached_policies(&self) -> impl Iterator<Item = (&String, &Attachments)> {
        self.attachments.iter()
    }

    /// How many buckets the account has.
    pub fn bucket_count(&self) -> usize {
        self.bucket_names.size()
    }

    /// Whether nothing belongs to the account.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.groups.is_empty()
            && self.roles.is_empty()
            && self.policies.is_empty()
            && self.instance_profiles.is_empty()
            && self.oidc_providers.is_empty()
            && self.saml_providers.is_empty()
            && self.bars.is_empty()
            && self.mfa_devices.is_empty()
            && self.server_certificates.is_empty()
            && self.bucket_names.is_empty()
            && self.organization.is_empty()
    }
}

/// The entries after the name `after` (as a listing's marker holds it; empty: from the start), in the order of names.
pub fn names_after<'a, T>(
    names: &'a Names<T>,
    after: &str,
) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
    let after = name_key(after);
    names
        .range((Bound::Excluded(after), Bound::Unbounded))
        .map(|(_, entity)| entity)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, cmp::Ordering};

    use super::*;

    thread_local! {
        static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    /// A key that counts how often it is looked at.
    #[derive(PartialEq, Eq)]
    struct Counted(u32);

    impl PartialOrd for Counted {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Counted {
        fn cmp(&self, other: &Self) -> Ordering {
            COMPARED.set(COMPARED.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    /// What every listing by [`names_after`] rests on: the map goes straight to where a page begins.
    #[test]
    fn a_late_page_is_found_as_fast_as_the_first() {
        const KEYS: u32 = 20_000;
        let mut map = rpds::RedBlackTreeMapSync::new_sync();
        for key in 0..KEYS {
            map.insert_mut(Counted(key), ());
        }
        let page = |after: u32| {
            COMPARED.set(0);
            let rest = map.range((Bound::Excluded(Counted(after)), Bound::Unbounded));
            assert_eq!(rest.take(100).count(), 100);
            COMPARED.get()
        };
        let (first, late) = (page(0), page(KEYS - 200));
        // A balanced tree of this size is at most thirty levels deep.
        assert!(
            late <= first + 60,
            "{first} at the start, {late} near the end"
        );
        assert!(late < 1000, "{late} keys looked at for a page of 100");
    }
}
