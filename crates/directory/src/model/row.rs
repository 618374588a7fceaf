//! Rows: what a batch carries and the store keeps, one for each entity.
//!
//! **A new kind of entity** is added in these places, and the compiler names those forgotten: its type beside the others in
//! `model/`; a variant of [`Kind`] and of [`Row`] here, with its lines in `kind`, `key`, `decode` and `encode`; its map in
//! `AccountNode` (or in `Snapshot`, if it belongs to no account) and its index entries in `snapshot/entries.rs`; its
//! rules in `snapshot/integrity.rs`. The store needs nothing: it keeps any row by its key.

use std::{fmt, str::FromStr, sync::Arc};

use super::{
    Account, AccountId, AccountRequest, Bar, Bucket, ControlPolicy, Group, Handshake,
    InstanceProfile, ManagedPolicy, Member, MfaDevice, OidcProvider, Organization,
    OrganizationalUnit, Role, SamlProvider, ServerCertificate, User,
};

/// The kinds of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An account. Its rows are read first, since all others belong to one.
    Account,
    /// A user group; before users, which refer to groups.
    Group,
    /// A customer-managed policy; before those it is attached to.
    Policy,
    /// A user.
    User,
    /// A role.
    Role,
    /// An instance profile; after roles, to which it refers.
    InstanceProfile,
    /// A virtual MFA device; after users, whose it can be.
    MfaDevice,
    /// A certificate for HTTPS.
    ServerCertificate,
    /// A bucket.
    Bucket,
    /// An OpenID Connect provider.
    OidcProvider,
    /// A SAML provider.
    SamlProvider,
    /// Something barred for a while.
    Bar,
    /// An organization, under its management account.
    Organization,
    /// An organizational unit.
    OrganizationalUnit,
    /// A service or resource control policy.
    ControlPolicy,
    /// An account's membership in an organization.
    Member,
    /// A handshake between an organization and an account.
    Handshake,
    /// A request to make an account.
    AccountRequest,
}

impl Kind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Kind; 18] = [
        Kind::Account,
        Kind::Group,
        Kind::Policy,
        Kind::User,
        Kind::Role,
        Kind::InstanceProfile,
        Kind::MfaDevice,
        Kind::ServerCertificate,
        Kind::Bucket,
        Kind::OidcProvider,
        Kind::SamlProvider,
        Kind::Bar,
        Kind::Organization,
        Kind::OrganizationalUnit,
        Kind::ControlPolicy,
        Kind::Member,
        Kind::Handshake,
        Kind::AccountRequest,
    ];

    /// The word in a stored row's key.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::Group => "group",
            Kind::Policy => "policy",
            Kind::User => "user",
            Kind::Role => "role",
            Kind::InstanceProfile => "instance-profile",
            Kind::MfaDevice => "mfa",
            Kind::ServerCertificate => "server-certificate",
            Kind::Bucket => "bucket",
            Kind::OidcProvider => "oidc-provider",
            Kind::SamlProvider => "saml-provider",
            Kind::Bar => "bar",
            Kind::Organization => "organization",
            Kind::OrganizationalUnit => "organizational-unit",
            Kind::ControlPolicy => "control-policy",
            Kind::Member => "member",
            Kind::Handshake => "handshake",
            Kind::AccountRequest => "account-request",
        }
    }
}

/// What identifies a row, for ever: `kind/account/unique id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The kind of entity.
    pub kind: Kind,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its unique id; for an account the account id again.
    pub id: String,
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind.as_str(), self.account, self.id)
    }
}

impl FromStr for RowKey {
    type Err = String;

    fn from_str(text: &str) -> Result<RowKey, String> {
        let bad = || format!("`{text}` is not the key of a directory row");
        let mut parts = text.splitn(3, '/');
        let (Some(kind), Some(account), Some(id)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        let kind = Kind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or_else(bad)?;
        let account = account.parse().map_err(|_| bad())?;
        if id.is_empty() {
            return Err(bad());
        }
        Ok(RowKey {
            kind,
            account,
            id: id.to_owned(),
        })
    }
}

/// One entity, as a batch puts it.
#[derive(Debug, Clone)]
pub enum Row {
    /// An account.
    Account(Arc<Account>),
    /// A user group.
    Group(Arc<Group>),
    /// A customer-managed policy.
    Policy(Arc<ManagedPolicy>),
    /// A user.
    User(Arc<User>),
    /// A role.
    Role(Arc<Role>),
    /// An instance profile.
    InstanceProfile(Arc<InstanceProfile>),
    /// A virtual MFA device.
    MfaDevice(Arc<MfaDevice>),
    /// A certificate for HTTPS.
    ServerCertificate(Arc<ServerCertificate>),
    /// A bucket.
    Bucket(Arc<Bucket>),
    /// An OpenID Connect provider.
    OidcProvider(Arc<OidcProvider>),
    /// A SAML provider.
    SamlProvider(Arc<SamlProvider>),
    /// Something barred for a while.
    Bar(Arc<Bar>),
    /// An organization.
    Organization(Arc<Organization>),
    /// An organizational unit.
    OrganizationalUnit(Arc<OrganizationalUnit>),
    /// A service or resource control policy.
    ControlPolicy(Arc<ControlPolicy>),
    /// An account's membership in an organization.
    Member(Arc<Member>),
    /// A handshake.
    Handshake(Arc<Handshake>),
    /// A request to make an account.
    AccountRequest(Arc<AccountRequest>),
}

impl Row {
    /// The key the row is stored under.
    pub fn key(&self) -> RowKey {
        let (kind, account, id) = match self {
            Row::Bar(bar) => {
                return RowKey {
                    kind: Kind::Bar,
                    account: bar.account,
                    id: bar.id(),
                };
            }
            Row::Account(account) => (Kind::Account, account.id, account.id.as_str()),
            Row::Group(group) => (Kind::Group, group.account, group.id.as_str()),
            Row::Policy(policy) => (Kind::Policy, policy.account, policy.id.as_str()),
            Row::User(user) => (Kind::User, user.account, user.id.as_str()),
            Row::Role(role) => (Kind::Role, role.account, role.id.as_str()),
            Row::InstanceProfile(profile) => {
                (Kind::InstanceProfile, profile.account, profile.id.as_str())
            }
            Row::MfaDevice(device) => (Kind::MfaDevice, device.account, device.id.as_str()),
            Row::ServerCertificate(certificate) => (
                Kind::ServerCertificate,
                certificate.account,
                certificate.id.as_str(),
            ),
            Row::Bucket(bucket) => (Kind::Bucket, bucket.account, bucket.id.as_str()),
            Row::OidcProvider(provider) => {
                (Kind::OidcProvider, provider.account, provider.id.as_str())
            }
            Row::SamlProvider(provider) => {
                (Kind::SamlProvider, provider.account, provider.id.as_str())
            }
            Row::Organization(row) => (Kind::Organization, row.account, row.id.as_str()),
            Row::OrganizationalUnit(row) => {
                (Kind::OrganizationalUnit, row.account, row.id.as_str())
            }
            Row::ControlPolicy(row) => (Kind::ControlPolicy, row.account, row.id.as_str()),
            Row::Member(row) => (Kind::Member, row.account, row.id.as_str()),
            Row::Handshake(row) => (Kind::Handshake, row.account, row.id.as_str()),
            Row::AccountRequest(row) => (Kind::AccountRequest, row.account, row.id.as_str()),
        };
        RowKey {
            kind,
            account,
            id: id.to_owned(),
        }
    }

    /// The row's JSON. Secrets in it need a sealer in scope: see [`secret`](crate::secret).
    pub(crate) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Row::Account(account) => serde_json::to_vec(account),
            Row::Group(group) => serde_json::to_vec(group),
            Row::Policy(policy) => serde_json::to_vec(policy),
            Row::User(user) => serde_json::to_vec(user),
            Row::Role(role) => serde_json::to_vec(role),
            Row::InstanceProfile(profile) => serde_json::to_vec(profile),
            Row::MfaDevice(device) => serde_json::to_vec(device),
            Row::ServerCertificate(certificate) => serde_json::to_vec(certificate),
            Row::Bucket(bucket) => serde_json::to_vec(bucket),
            Row::OidcProvider(provider) => serde_json::to_vec(provider),
            Row::SamlProvider(provider) => serde_json::to_vec(provider),
            Row::Bar(bar) => serde_json::to_vec(bar),
            Row::Organization(row) => serde_json::to_vec(row),
            Row::OrganizationalUnit(row) => serde_json::to_vec(row),
            Row::ControlPolicy(row) => serde_json::to_vec(row),
            Row::Member(row) => serde_json::to_vec(row),
            Row::Handshake(row) => serde_json::to_vec(row),
            Row::AccountRequest(row) => serde_json::to_vec(row),
        }
    }

    /// The row of this kind that the JSON holds.
    pub(crate) fn decode(kind: Kind, json: &[u8]) -> Result<Row, serde_json::Error> {
        Ok(match kind {
            Kind::Account => Row::Account(serde_json::from_slice(json)?),
            Kind::Group => Row::Group(serde_json::from_slice(json)?),
            Kind::Policy => Row::Policy(serde_json::from_slice(json)?),
            Kind::User => Row::User(serde_json::from_slice(json)?),
            Kind::Role => Row::Role(serde_json::from_slice(json)?),
            Kind::InstanceProfile => Row::InstanceProfile(serde_json::from_slice(json)?),
            Kind::MfaDevice => Row::MfaDevice(serde_json::from_slice(json)?),
            Kind::ServerCertificate => Row::ServerCertificate(serde_json::from_slice(json)?),
            Kind::Bucket => Row::Bucket(serde_json::from_slice(json)?),
            Kind::OidcProvider => Row::OidcProvider(serde_json::from_slice(json)?),
            Kind::SamlProvider => Row::SamlProvider(serde_json::from_slice(json)?),
            Kind::Bar => Row::Bar(serde_json::from_slice(json)?),
            Kind::Organization => Row::Organization(serde_json::from_slice(json)?),
            Kind::OrganizationalUnit => Row::OrganizationalUnit(serde_json::from_slice(json)?),
            Kind::ControlPolicy => Row::ControlPolicy(serde_json::from_slice(json)?),
            Kind::Member => Row::Member(serde_json::from_slice(json)?),
            Kind::Handshake => Row::Handshake(serde_json::from_slice(json)?),
            Kind::AccountRequest => Row::AccountRequest(serde_json::from_slice(json)?),
        })
    }
}

/// Lets an entity, owned or shared, be put straight into a batch.
macro_rules! row_from {
    ($($entity:ident => $variant:ident),*) => {$(
        impl From<$entity> for Row {
            fn from(entity: $entity) -> Row {
                Row::$variant(Arc::new(entity))
            }
        }
        impl From<Arc<$entity>> for Row {
            fn from(entity: Arc<$entity>) -> Row {
                Row::$variant(entity)
            }
        }
    )*};
}
row_from!(
    Account => Account, Group => Group, ManagedPolicy => Policy, User => User, Role => Role, Bucket => Bucket,
    OidcProvider => OidcProvider, SamlProvider => SamlProvider, Bar => Bar, MfaDevice => MfaDevice,
    ServerCertificate => ServerCertificate, InstanceProfile => InstanceProfile, Organization => Organization, OrganizationalUnit => OrganizationalUnit,
    ControlPolicy => ControlPolicy, Member => Member, Handshake => Handshake, AccountRequest => AccountRequest
);
