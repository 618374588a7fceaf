//! Organizations, API version 2016-11-28: its table, and a file for each subject.
//!
//! | file | operations on |
//! | --- | --- |
//! | `organization` | the organization itself |
//! | `accounts` | accounts: made, moved, closed, removed |
//! | `units` | organizational units, and what is in what |
//! | `policies`, `attachments` | service and resource control policies and their types; what they are on |
//! | `handshakes` | invitations, and the way to all features |
//! | `delegated_administrators`, `service_access` | who and which services act for the organization |
//! | `resource_policy` | the delegation policy |
//! | `tags` | tags of all of these |
//! | `effective`, `transfers` | what cannot be here: management policies, billing |
//! | `joining` | nothing: what comes with being a member |
//!
//! What the policies do is not here: the gate asks them on every call of every service.

pub mod accounts;
pub mod attachments;
pub(crate) mod common;
pub mod delegated_administrators;
pub mod effective;
pub(crate) mod faults;
pub mod handshakes;
mod joining;
pub mod organization;
pub mod policies;
pub mod resource_policy;
pub mod service_access;
pub mod tags;
pub mod transfers;
pub mod units;

#[cfg(test)]
mod tests;

use twinlock_gate::service::{JsonService, change, read};
use twinlock_shapes::organizations as shapes;
use twinlock_wire::violations::Dialect;

pub use common::Place;
pub use joining::service_role;
pub use organization::new_organization;

/// The table of Organizations' operations.
pub static ORGANIZATIONS: JsonService = JsonService {
    name: "organizations",
    event_source: "organizations.amazonaws.com",
    target_prefix: "AWSOrganizationsV20161128",
    dialect: Dialect::Organizations,
    entries: &[
        // the organization
        change::<_, organization::CreateOrganization>(),
        read::<_, organization::DescribeOrganization>(),
        change::<_, organization::DeleteOrganization>(),
        change::<_, organization::LeaveOrganization>(),
        // accounts
        change::<_, accounts::CreateAccount>(),
        change::<_, accounts::CreateGovCloudAccount>(),
        read::<_, accounts::DescribeCreateAccountStatus>(),
        read::<_, accounts::ListCreateAccountStatus>(),
        read::<_, accounts::DescribeAccount>(),
        read::<_, accounts::ListAccounts>(),
        change::<_, accounts::MoveAccount>(),
        change::<_, accounts::CloseAccount>(),
        change::<_, accounts::RemoveAccountFromOrganization>(),
        // the tree
        change::<_, units::CreateOrganizationalUnit>(),
        read::<_, units::DescribeOrganizationalUnit>(),
        change::<_, units::UpdateOrganizationalUnit>(),
        change::<_, units::DeleteOrganizationalUnit>(),
        read::<_, units::ListOrganizationalUnitsForParent>(),
        read::<_, units::ListAccountsForParent>(),
        read::<_, units::ListChildren>(),
        read::<_, units::ListParents>(),
        // policies
        read::<_, policies::ListRoots>(),
        change::<_, policies::EnablePolicyType>(),
        change::<_, policies::DisablePolicyType>(),
        change::<_, policies::CreatePolicy>(),
        read::<_, policies::DescribePolicy>(),
        change::<_, policies::UpdatePolicy>(),
        change::<_, policies::DeletePolicy>(),
        read::<_, policies::ListPolicies>(),
        change::<_, attachments::AttachPolicy>(),
        change::<_, attachments::DetachPolicy>(),
        read::<_, attachments::ListPoliciesForTarget>(),
        read::<_, attachments::ListTargetsForPolicy>(),
        read::<_, effective::DescribeEffectivePolicy>(),
        read::<_, effective::ListAccountsWithInvalidEffectivePolicy>(),
        read::<_, effective::ListEffectivePolicyValidationErrors>(),
        // handshakes
        change::<_, handshakes::InviteAccountToOrganization>(),
        change::<_, handshakes::EnableAllFeatures>(),
        change::<_, handshakes::AcceptHandshake>(),
        change::<_, handshakes::DeclineHandshake>(),
        change::<_, handshakes::CancelHandshake>(),
        read::<_, handshakes::DescribeHandshake>(),
        read::<_, handshakes::ListHandshakesForAccount>(),
        read::<_, handshakes::ListHandshakesForOrganization>(),
        // who acts for the organization
        change::<_, delegated_administrators::RegisterDelegatedAdministrator>(),
        change::<_, delegated_administrators::DeregisterDelegatedAdministrator>(),
        read::<_, delegated_administrators::ListDelegatedAdministrators>(),
        read::<_, delegated_administrators::ListDelegatedServicesForAccount>(),
        change::<_, service_access::EnableAWSServiceAccess>(),
        change::<_, service_access::DisableAWSServiceAccess>(),
        read::<_, service_access::ListAWSServiceAccessForOrganization>(),
        change::<_, resource_policy::PutResourcePolicy>(),
        read::<_, resource_policy::DescribeResourcePolicy>(),
        change::<_, resource_policy::DeleteResourcePolicy>(),
        // tags
        change::<_, tags::TagResource>(),
        change::<_, tags::UntagResource>(),
        read::<_, tags::ListTagsForResource>(),
        // billing transfers
        change::<_, transfers::InviteOrganizationToTransferResponsibility>(),
        read::<_, transfers::DescribeResponsibilityTransfer>(),
        change::<_, transfers::UpdateResponsibilityTransfer>(),
        change::<_, transfers::TerminateResponsibilityTransfer>(),
        read::<_, transfers::ListInboundResponsibilityTransfers>(),
        read::<_, transfers::ListOutboundResponsibilityTransfers>(),
    ],
    known: shapes::has_operation,
};
