//! What the directory knows, one type per entity, in AWS's own names.
//!
//! Every type here is a plain immutable value: it is changed by cloning it, changing the clone and putting that into a
//! [`Batch`](crate::Batch). Each is stored as one JSON row under its unique id, so that a rename or a new tag rewrites
//! exactly one row. Fields added later carry `#[serde(default)]`, so that older rows can still be read.

mod account;
mod bar;
mod bucket;
mod cors;
mod credentials;
mod group;
mod instance_profile;
mod mfa;
mod organization;
mod parts;
mod policy;
mod provider;
mod role;
mod row;
mod user;

pub use account::{Account, AccountId, AccountIdError, RootCredentials};
pub use bar::{Bar, Barred, assertion_bar, issuer_bar, session_bar};
pub use bucket::{Bucket, BucketEncryption, BucketState, PublicAccessBlock, Versioning};
pub use cors::CorsRule;
pub use credentials::{
    OtherCredentials, ServerCertificate, ServiceSpecificCredential, SigningCertificate,
    SshPublicKey,
};
pub use group::Group;
pub use instance_profile::InstanceProfile;
pub use mfa::{DeviceOwner, EnabledDevice, MfaDevice};
pub use organization::{
    AccountRequest, Attached, ControlPolicy, ControlState, ControlType, Controls, DelegationPolicy,
    Handshake, Member, Organization, OrganizationalUnit,
};
pub use parts::{AccessKey, InlinePolicies, LoginProfile, Tag};
pub use policy::{ManagedPolicy, PolicyVersion, StoredPolicy};
pub use provider::{OidcProvider, SamlProvider};
pub use role::Role;
pub use row::{Kind, Row, RowKey};
pub use user::User;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// The form under which names are unique in an account: IAM compares names without regard to case.
pub fn name_key(name: &str) -> String {
    name.to_ascii_lowercase()
}
