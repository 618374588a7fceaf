//! The truth about identities and buckets: model, integrity rules, snapshots, commits, store.
//!
//! | file | what lives there |
//! | --- | --- |
//! | [`model`] | accounts, users, groups, roles, policies, identity providers, buckets, and the rows they are stored as |
//! | [`Batch`] | what one change does, all or none of it |
//! | [`Snapshot`] | the whole directory at one revision: lookups, indexes, integrity |
//! | [`Directory`] | published and head, the writer's turn, group commit |
//! | [`store`] | where rows are kept: redb, or memory for tests |
//! | [`sealer`] | the master key, and sealing under it |
//! | [`secret`] | secrets, which are stored only sealed and opened when they are asked for |
//! | [`ids`], [`passwords`] | unique ids and keys from a given source of randomness; argon2id |
//! | [`principals`] | principals of policies bound to unique ids, and named again |
//! | [`attempts`] | how often somebody has tried a code or password in vain |
//! | [`last_used`] | when keys, roles and passwords were last used, beside the snapshot |
//! | [`managed`] | the policies that AWS manages |
//! | [`Quotas`] | every limit on how many and how large, by AWS's names |
//!
//! **Invariant:** nobody outside this crate changes a snapshot; every change is a batch committed in a turn.

pub mod attempts;
mod batch;
mod directory;
pub mod ids;
pub mod last_used;
pub mod managed;
pub mod model;
pub mod passwords;
pub mod principals;
pub mod quotas;
pub mod sealer;
pub mod secret;
pub mod snapshot;
pub mod store;
#[cfg(test)]
mod tests_support;

pub use attempts::Attempts;
pub use batch::{BATCH_OPS_MAX, Batch, Change};
pub use directory::{CommitError, Directory, OpenError, Options, Pending, Turn};
pub use ids::{Random, SeededRandom, SystemRandom};
pub use last_used::{LastUsed, Use};
pub use model::{
    AccessKey, Account, AccountId, AccountRequest, Attached, Bar, Barred, Bucket, BucketEncryption,
    BucketState, ControlPolicy, ControlState, ControlType, Controls, CorsRule, DelegationPolicy,
    DeviceOwner, EnabledDevice, Group, Handshake, InstanceProfile, Kind, LoginProfile,
    ManagedPolicy, Member, MfaDevice, Millis, OidcProvider, Organization, OrganizationalUnit,
    OtherCredentials, PolicyVersion, PublicAccessBlock, Role, RootCredentials, Row, RowKey,
    SamlProvider, ServerCertificate, ServiceSpecificCredential, SigningCertificate, SshPublicKey,
    StoredPolicy, Tag, User, Versioning, name_key,
};
pub use quotas::Quotas;
pub use sealer::{MasterKey, SealError, Sealer};
pub use secret::{Secret, StoredSecret};
pub use snapshot::{
    AccountNode, Attachments, Entity, InOrganization, IntegrityError, KeyOwner, Names,
    OrganizationNode, Snapshot, Target, UNIT_DEPTH_MAX, full_access, names_after,
};
