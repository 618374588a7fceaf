//! IAM, API version 2010-05-08: its table, and a file for each subject.
//!
//! | file | operations on |
//! | --- | --- |
//! | `users`, `user_tags` | users; their tags and boundaries |
//! | `groups` | user groups and who is in them |
//! | `access_keys` | long-term keys of users and of root |
//! | `login_profiles` | console passwords of users |
//! | `account` | aliases, the summary |
//! | `authorization_details` | everything about everyone, in pages |
//! | `empty` | what Twinlock has none of, and clients ask for: always the empty list |

mod access_keys;
mod account;
mod authorization_details;
pub(crate) mod common;
mod empty;
mod groups;
mod login_profiles;
mod user_tags;
pub(crate) mod users;

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
        // the account
        change::<_, account::CreateAccountAlias>(),
        read::<_, account::ListAccountAliases>(),
        change::<_, account::DeleteAccountAlias>(),
        read::<_, account::GetAccountSummary>(),
        read::<_, authorization_details::GetAccountAuthorizationDetails>(),
        // always empty
        read::<_, empty::ListMFADevices>(),
        read::<_, empty::ListVirtualMFADevices>(),
        read::<_, empty::ListSSHPublicKeys>(),
        read::<_, empty::ListSigningCertificates>(),
        read::<_, empty::ListServiceSpecificCredentials>(),
        // roles
        // managed policies
        // inline policies
        // simulation
    ],
    known: shapes::has_operation,
};
