//! Every quota by AWS's name, with AWS's default, to be changed for a whole server by its configuration.
//!
//! The names are those of AWS's LimitExceeded messages ("Cannot exceed quota for PoliciesPerRole: 10") as far as such
//! messages are known; the account summary shows the same numbers under its own names. Lengths of single names and
//! documents that the API model itself limits are not here: they are law, not quota.

/// Declares the table once: the field, its name in messages and configuration, its default, what it limits.
macro_rules! quotas {
    ($($(#[$doc:meta])* $field:ident: $name:literal = $default:literal;)*) => {
        /// The quotas of a server.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Quotas {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Default for Quotas {
            fn default() -> Quotas {
                Quotas { $($field: $default,)* }
            }
        }

        impl Quotas {
            /// The names of all quotas, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The quota of this name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $($name => Some(self.$field),)*
                    _ => None,
                }
            }

            /// Sets the quota of this name; false if there is none.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $($name => self.$field = value,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

quotas! {
    /// Users in an account.
    users_per_account: "UsersPerAccount" = 5000;
    /// User groups in an account.
    groups_per_account: "GroupsPerAccount" = 300;
    /// Roles in an account.
    roles_per_account: "RolesPerAccount" = 1000;
    /// Customer-managed policies in an account.
    policies_per_account: "PoliciesPerAccount" = 1500;
    /// Instance profiles in an account.
    instance_profiles_per_account: "InstanceProfilesPerAccount" = 1000;
    /// OpenID Connect providers in an account.
    openid_connect_providers_per_account: "OpenIdConnectProvidersPerAccount" = 100;
    /// SAML providers in an account.
    saml_providers_per_account: "SAMLProvidersPerAccount" = 100;
    /// Server certificates in an account.
    server_certificates_per_account: "ServerCertificatesPerAccount" = 20;
    /// User groups that a user is in.
    groups_per_user: "GroupsPerUser" = 10;
    /// Access keys of a user, and of root.
    access_keys_per_user: "AccessKeysPerUser" = 2;
    /// MFA devices of a user, and of root.
    mfa_devices_per_user: "MFADevicesPerUser" = 8;
    /// Virtual MFA devices in an account, enabled or not.
    virtual_mfa_devices_per_account: "VirtualMFADevicesPerAccount" = 5000;
    /// Signing certificates of a user.
    signing_certificates_per_user: "SigningCertificatesPerUser" = 2;
    /// SSH public keys of a user.
    ssh_public_keys_per_user: "SSHPublicKeysPerUser" = 5;
    /// Credentials of a user for one service.
    service_credentials_per_user: "ServiceSpecificCredentialsPerUser" = 2;
    /// Managed policies attached to a user.
    policies_per_user: "PoliciesPerUser" = 10;
    /// Managed policies attached to a user group.
    policies_per_group: "PoliciesPerGroup" = 10;
    /// Managed policies attached to a role.
    policies_per_role: "PoliciesPerRole" = 10;
    /// Versions of a managed policy.
    versions_per_policy: "VersionsPerPolicy" = 5;
    /// Tags on a user.
    tags_per_user: "TagsPerUser" = 50;
    /// Tags on a role.
    tags_per_role: "TagsPerRole" = 50;
    /// Tags on an instance profile.
    tags_per_instance_profile: "TagsPerInstanceProfile" = 50;
    /// Tags on a virtual MFA device.
    tags_per_mfa_device: "TagsPerMFADevice" = 50;
    /// Tags on a certificate for HTTPS.
    tags_per_server_certificate: "TagsPerServerCertificate" = 50;
    /// Tags on a customer-managed policy.
    tags_per_policy: "TagsPerPolicy" = 50;
    /// Tags on an OpenID Connect provider.
    tags_per_openid_connect_provider: "TagsPerOpenIdConnectProvider" = 50;
    /// Tags on a SAML provider.
    tags_per_saml_provider: "TagsPerSAMLProvider" = 50;
    /// Client ids of an OpenID Connect provider.
    client_ids_per_openid_connect_provider: "ClientIdsPerOpenIdConnectProvider" = 100;
    /// Size of a managed policy in characters, white space not counted.
    policy_size: "PolicySize" = 6144;
    /// Size of a role's trust policy in characters, white space not counted.
    trust_policy_size: "ACLSizePerRole" = 2048;
    /// Sum of the sizes of a user's inline policies in characters, white space not counted.
    user_policy_size: "UserPolicySize" = 2048;
    /// Sum of the sizes of a group's inline policies in characters, white space not counted.
    group_policy_size: "GroupPolicySize" = 5120;
    /// Sum of the sizes of a role's inline policies in characters, white space not counted.
    role_policy_size: "RolePolicySize" = 10240;
    /// Buckets of an account.
    buckets_per_account: "BucketsPerAccount" = 10000;
    /// Service control policies on a root, organizational unit or account.
    policies_per_target: "PoliciesPerTarget" = 10;
    /// Size of a service control policy in characters.
    organization_policy_size: "OrganizationPolicySize" = 10240;
    /// Size of a resource control policy in characters.
    resource_control_policy_size: "ResourceControlPolicySize" = 5120;
    /// Resource control policies on a root, organizational unit or account.
    resource_control_policies_per_target: "ResourceControlPoliciesPerTarget" = 5;
    /// Policies of one type in an organization.
    policies_per_organization: "PoliciesPerOrganization" = 1000;
    /// Organizational units in an organization.
    units_per_organization: "OrganizationalUnitsPerOrganization" = 2000;
    /// Accounts in an organization.
    accounts_per_organization: "AccountsPerOrganization" = 5000;
    /// Policy ARNs passed as session policies.
    session_policy_arns: "SessionPolicyArns" = 10;
}

impl Quotas {
    /// AWS's sentence for a quota that would be exceeded; `name` as in [`Quotas::NAMES`].
    pub fn exceeded(&self, name: &str) -> String {
        format!(
            "Cannot exceed quota for {name}: {}",
            self.get(name).unwrap_or(0)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_found_and_set_by_name() {
        let mut quotas = Quotas::default();
        assert_eq!(
            quotas.exceeded("AccessKeysPerUser"),
            "Cannot exceed quota for AccessKeysPerUser: 2"
        );
        assert_eq!(
            quotas.exceeded("PoliciesPerRole"),
            "Cannot exceed quota for PoliciesPerRole: 10"
        );
        assert!(quotas.set("PoliciesPerRole", 20) && !quotas.set("PolicesPerRole", 20));
        assert_eq!(quotas.policies_per_role, 20);
        assert!(Quotas::NAMES.iter().all(|name| quotas.get(name).is_some()));
    }
}
