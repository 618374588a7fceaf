//! IAM, API version 2010-05-08: its table, and a file for each subject.
//!
//! | file | operations on |
//! | --- | --- |
//! | `users`, `user_tags` | users; their tags and boundaries |
//! | `groups` | user groups and who is in them |
//! | `access_keys` | long-term keys of users and of root |
//! | `login_profiles`, `password_policy` | console passwords of users; the rules for them |
//! | `mfa_devices`, `mfa_tags`, `qr_code` | virtual MFA devices; their tags; the picture of a seed |
//! | `signing_certificates`, `ssh_public_keys`, `service_credentials` | what users hold besides (what these and keys have in common: `about_user`) |
//! | `server_certificates` | certificates for HTTPS (how certificates are read: `certificates`) |
//! | `account`, `account_settings` | aliases, the summary; settings that change no decision |
//! | `credential_report` | the state of every user's credentials, as CSV |
//! | `authorization_details` | everything about everyone, in pages |
//! | `roles`, `role_settings` | roles and their trust policies; their tags and boundaries |
//! | `instance_profiles`, `service_linked_roles` | roles in instance profiles; roles that belong to services |
//! | `managed_policies`, `policy_versions`, `policy_tags`, `policy_entities` | managed policies, AWS's among them |
//! | `attachments`, `inline_policies` | policies of users, groups and roles (what these have in common: `holder`) |
//! | `oidc_providers`, `saml_providers` | identity providers (what these have in common: `providers`) |
//! | `last_accessed` | which services somebody may use, and when it last did |
//! | `access_report` | the same of accounts and units of an organization |
//! | `delegation` | requests of AWS's partners and AWS's role templates, of which there can be none |
//! | `simulation` | the policy simulator |
//! | `organizations_features` | root access to member accounts, for the whole organization |
//! | `outbound_federation` | the account's own issuer of web identity tokens, on or off |
//! | `tags`, `boundaries` | nothing: what operations on tags, and on the boundaries of users and roles, have in common |
//! | `documents` | nothing: how policy documents are checked, kept and shown |
//!
//! The operations are public, so that the console calls the very same ones through the very same pipeline.

mod about_user;
pub mod access_keys;
pub mod access_report;
pub mod account;
pub mod account_settings;
pub mod attachments;
pub mod authorization_details;
mod boundaries;
mod certificates;
pub(crate) mod common;
pub mod credential_report;
pub mod delegation;
mod documents;
pub mod groups;
mod holder;
pub mod inline_policies;
pub mod instance_profiles;
pub mod last_accessed;
pub mod login_profiles;
pub mod managed_policies;
pub mod mfa_devices;
pub mod mfa_tags;
pub mod oidc_providers;
pub mod organizations_features;
pub mod outbound_federation;
pub mod password_policy;
pub mod policy_entities;
pub mod policy_tags;
pub mod policy_versions;
mod providers;
mod qr_code;
pub mod role_settings;
pub mod roles;
pub mod saml_providers;
pub mod server_certificates;
pub mod service_credentials;
pub mod service_linked_roles;
pub mod signing_certificates;
pub mod simulation;
pub mod ssh_public_keys;
mod tags;
pub mod user_tags;
pub mod users;

#[cfg(test)]
mod tests;

use twinlock_gate::service::{QueryService, change, read};
use twinlock_shapes::iam as shapes;
use twinlock_wire::violations::Dialect;

/// The table of IAM's operations.
pub static IAM: QueryService = QueryService {
    name: "iam",
    event_source: "iam.amazonaws.com",
    namespace: shapes::NAMESPACE,
    version: shapes::VERSION,
    dialect: Dialect::Iam,
    entries: &[
        // users
        change::<_, users::CreateUser>(),
        read::<_, users::GetUser>(),
        read::<_, users::ListUsers>(),
        change::<_, users::UpdateUser>(),
        change::<_, users::DeleteUser>(),
        change::<_, user_tags::TagUser>(),
        change::<_, user_tags::UntagUser>(),
        read::<_, user_tags::ListUserTags>(),
        change::<_, user_tags::PutUserPermissionsBoundary>(),
        change::<_, user_tags::DeleteUserPermissionsBoundary>(),
        // groups
        change::<_, groups::CreateGroup>(),
        read::<_, groups::GetGroup>(),
        read::<_, groups::ListGroups>(),
        change::<_, groups::UpdateGroup>(),
        change::<_, groups::DeleteGroup>(),
        change::<_, groups::AddUserToGroup>(),
        change::<_, groups::RemoveUserFromGroup>(),
        read::<_, groups::ListGroupsForUser>(),
        // access keys
        change::<_, access_keys::CreateAccessKey>(),
        read::<_, access_keys::ListAccessKeys>(),
        change::<_, access_keys::UpdateAccessKey>(),
        change::<_, access_keys::DeleteAccessKey>(),
        read::<_, access_keys::GetAccessKeyLastUsed>(),
        // passwords
        change::<_, login_profiles::CreateLoginProfile>(),
        read::<_, login_profiles::GetLoginProfile>(),
        change::<_, login_profiles::UpdateLoginProfile>(),
        change::<_, login_profiles::DeleteLoginProfile>(),
        change::<_, login_profiles::ChangePassword>(),
        change::<_, password_policy::UpdateAccountPasswordPolicy>(),
        read::<_, password_policy::GetAccountPasswordPolicy>(),
        change::<_, password_policy::DeleteAccountPasswordPolicy>(),
        // MFA devices
        change::<_, mfa_devices::CreateVirtualMFADevice>(),
        change::<_, mfa_devices::EnableMFADevice>(),
        change::<_, mfa_devices::ResyncMFADevice>(),
        change::<_, mfa_devices::DeactivateMFADevice>(),
        change::<_, mfa_devices::DeleteVirtualMFADevice>(),
        read::<_, mfa_devices::ListMFADevices>(),
        read::<_, mfa_devices::GetMFADevice>(),
        read::<_, mfa_devices::ListVirtualMFADevices>(),
        change::<_, mfa_tags::TagMFADevice>(),
        change::<_, mfa_tags::UntagMFADevice>(),
        read::<_, mfa_tags::ListMFADeviceTags>(),
        // what users hold besides
        change::<_, signing_certificates::UploadSigningCertificate>(),
        read::<_, signing_certificates::ListSigningCertificates>(),
        change::<_, signing_certificates::UpdateSigningCertificate>(),
        change::<_, signing_certificates::DeleteSigningCertificate>(),
        change::<_, ssh_public_keys::UploadSSHPublicKey>(),
        read::<_, ssh_public_keys::GetSSHPublicKey>(),
        read::<_, ssh_public_keys::ListSSHPublicKeys>(),
        change::<_, ssh_public_keys::UpdateSSHPublicKey>(),
        change::<_, ssh_public_keys::DeleteSSHPublicKey>(),
        change::<_, service_credentials::CreateServiceSpecificCredential>(),
        change::<_, service_credentials::ResetServiceSpecificCredential>(),
        change::<_, service_credentials::UpdateServiceSpecificCredential>(),
        change::<_, service_credentials::DeleteServiceSpecificCredential>(),
        read::<_, service_credentials::ListServiceSpecificCredentials>(),
        // certificates for HTTPS
        change::<_, server_certificates::UploadServerCertificate>(),
        read::<_, server_certificates::GetServerCertificate>(),
        read::<_, server_certificates::ListServerCertificates>(),
        change::<_, server_certificates::UpdateServerCertificate>(),
        change::<_, server_certificates::DeleteServerCertificate>(),
        change::<_, server_certificates::TagServerCertificate>(),
        change::<_, server_certificates::UntagServerCertificate>(),
        read::<_, server_certificates::ListServerCertificateTags>(),
        // the account
        change::<_, account::CreateAccountAlias>(),
        read::<_, account::ListAccountAliases>(),
        change::<_, account::DeleteAccountAlias>(),
        read::<_, account::GetAccountSummary>(),
        change::<_, account_settings::SetSecurityTokenServicePreferences>(),
        read::<_, account_settings::GetAccountProperties>(),
        change::<_, account_settings::PutAccountProperties>(),
        change::<_, credential_report::GenerateCredentialReport>(),
        read::<_, credential_report::GetCredentialReport>(),
        // what was last used
        change::<_, last_accessed::GenerateServiceLastAccessedDetails>(),
        read::<_, last_accessed::GetServiceLastAccessedDetails>(),
        read::<_, last_accessed::GetServiceLastAccessedDetailsWithEntities>(),
        read::<_, last_accessed::ListPoliciesGrantingServiceAccess>(),
        change::<_, access_report::GenerateOrganizationsAccessReport>(),
        read::<_, access_report::GetOrganizationsAccessReport>(),
        read::<_, authorization_details::GetAccountAuthorizationDetails>(),
        // the organization
        change::<_, organizations_features::EnableOrganizationsRootCredentialsManagement>(),
        change::<_, organizations_features::DisableOrganizationsRootCredentialsManagement>(),
        change::<_, organizations_features::EnableOrganizationsRootSessions>(),
        change::<_, organizations_features::DisableOrganizationsRootSessions>(),
        read::<_, organizations_features::ListOrganizationsFeatures>(),
        // the account as an identity provider
        change::<_, outbound_federation::EnableOutboundWebIdentityFederation>(),
        change::<_, outbound_federation::DisableOutboundWebIdentityFederation>(),
        read::<_, outbound_federation::GetOutboundWebIdentityFederationInfo>(),
        // identity providers
        change::<_, oidc_providers::CreateOpenIDConnectProvider>(),
        read::<_, oidc_providers::GetOpenIDConnectProvider>(),
        read::<_, oidc_providers::ListOpenIDConnectProviders>(),
        change::<_, oidc_providers::DeleteOpenIDConnectProvider>(),
        change::<_, oidc_providers::AddClientIDToOpenIDConnectProvider>(),
        change::<_, oidc_providers::RemoveClientIDFromOpenIDConnectProvider>(),
        change::<_, oidc_providers::UpdateOpenIDConnectProviderThumbprint>(),
        change::<_, oidc_providers::TagOpenIDConnectProvider>(),
        change::<_, oidc_providers::UntagOpenIDConnectProvider>(),
        read::<_, oidc_providers::ListOpenIDConnectProviderTags>(),
        change::<_, saml_providers::CreateSAMLProvider>(),
        read::<_, saml_providers::GetSAMLProvider>(),
        read::<_, saml_providers::ListSAMLProviders>(),
        change::<_, saml_providers::UpdateSAMLProvider>(),
        change::<_, saml_providers::DeleteSAMLProvider>(),
        change::<_, saml_providers::TagSAMLProvider>(),
        change::<_, saml_providers::UntagSAMLProvider>(),
        read::<_, saml_providers::ListSAMLProviderTags>(),
        // roles
        change::<_, roles::CreateRole>(),
        read::<_, roles::GetRole>(),
        read::<_, roles::ListRoles>(),
        change::<_, roles::UpdateRole>(),
        change::<_, roles::UpdateRoleDescription>(),
        change::<_, roles::UpdateAssumeRolePolicy>(),
        change::<_, roles::DeleteRole>(),
        change::<_, role_settings::TagRole>(),
        change::<_, role_settings::UntagRole>(),
        read::<_, role_settings::ListRoleTags>(),
        change::<_, role_settings::PutRolePermissionsBoundary>(),
        change::<_, role_settings::DeleteRolePermissionsBoundary>(),
        // instance profiles
        change::<_, instance_profiles::CreateInstanceProfile>(),
        read::<_, instance_profiles::GetInstanceProfile>(),
        read::<_, instance_profiles::ListInstanceProfiles>(),
        read::<_, instance_profiles::ListInstanceProfilesForRole>(),
        change::<_, instance_profiles::DeleteInstanceProfile>(),
        change::<_, instance_profiles::AddRoleToInstanceProfile>(),
        change::<_, instance_profiles::RemoveRoleFromInstanceProfile>(),
        change::<_, instance_profiles::TagInstanceProfile>(),
        change::<_, instance_profiles::UntagInstanceProfile>(),
        read::<_, instance_profiles::ListInstanceProfileTags>(),
        // service-linked roles
        change::<_, service_linked_roles::CreateServiceLinkedRole>(),
        change::<_, service_linked_roles::DeleteServiceLinkedRole>(),
        read::<_, service_linked_roles::GetServiceLinkedRoleDeletionStatus>(),
        // managed policies
        change::<_, managed_policies::CreatePolicy>(),
        read::<_, managed_policies::GetPolicy>(),
        read::<_, managed_policies::ListPolicies>(),
        change::<_, managed_policies::DeletePolicy>(),
        change::<_, policy_versions::CreatePolicyVersion>(),
        read::<_, policy_versions::GetPolicyVersion>(),
        read::<_, policy_versions::ListPolicyVersions>(),
        change::<_, policy_versions::SetDefaultPolicyVersion>(),
        change::<_, policy_versions::DeletePolicyVersion>(),
        change::<_, policy_tags::TagPolicy>(),
        change::<_, policy_tags::UntagPolicy>(),
        read::<_, policy_tags::ListPolicyTags>(),
        read::<_, policy_entities::ListEntitiesForPolicy>(),
        // attached policies
        change::<_, attachments::AttachUserPolicy>(),
        change::<_, attachments::AttachGroupPolicy>(),
        change::<_, attachments::AttachRolePolicy>(),
        change::<_, attachments::DetachUserPolicy>(),
        change::<_, attachments::DetachGroupPolicy>(),
        change::<_, attachments::DetachRolePolicy>(),
        read::<_, attachments::ListAttachedUserPolicies>(),
        read::<_, attachments::ListAttachedGroupPolicies>(),
        read::<_, attachments::ListAttachedRolePolicies>(),
        // inline policies
        change::<_, inline_policies::PutUserPolicy>(),
        read::<_, inline_policies::GetUserPolicy>(),
        read::<_, inline_policies::ListUserPolicies>(),
        change::<_, inline_policies::DeleteUserPolicy>(),
        change::<_, inline_policies::PutGroupPolicy>(),
        read::<_, inline_policies::GetGroupPolicy>(),
        read::<_, inline_policies::ListGroupPolicies>(),
        change::<_, inline_policies::DeleteGroupPolicy>(),
        change::<_, inline_policies::PutRolePolicy>(),
        read::<_, inline_policies::GetRolePolicy>(),
        read::<_, inline_policies::ListRolePolicies>(),
        change::<_, inline_policies::DeleteRolePolicy>(),
        // delegation
        change::<_, delegation::CreateDelegationRequest>(),
        change::<_, delegation::AcceptDelegationRequest>(),
        change::<_, delegation::AssociateDelegationRequest>(),
        change::<_, delegation::RejectDelegationRequest>(),
        change::<_, delegation::SendDelegationToken>(),
        change::<_, delegation::UpdateDelegationRequest>(),
        read::<_, delegation::GetDelegationRequest>(),
        read::<_, delegation::ListDelegationRequests>(),
        read::<_, delegation::GetHumanReadableSummary>(),
        read::<_, delegation::GetRoleTemplateVersion>(),
        change::<_, delegation::AcquireRole>(),
        // simulation
        read::<_, simulation::SimulatePrincipalPolicy>(),
        read::<_, simulation::SimulateCustomPolicy>(),
        read::<_, simulation::context_keys::GetContextKeysForPrincipalPolicy>(),
        read::<_, simulation::context_keys::GetContextKeysForCustomPolicy>(),
    ],
    known: shapes::has_operation,
};
