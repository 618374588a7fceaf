//! What is asked: the caller, the action on a resource, the request context, and the documents that apply.
//!
//! Everything is borrowed, so that a decision that allows costs no allocation.

use std::borrow::Cow;

use crate::Policy;

/// What kind of caller signed the request, or that nobody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum PrincipalKind {
    /// The root user of an account.
    Root,
    /// An IAM user, by long-term key, console sign-in or GetSessionToken credentials.
    User,
    /// A session of a role.
    RoleSession,
    /// A session made by GetFederationToken.
    FederatedUser,
    /// The bearer of an OIDC token in AssumeRoleWithWebIdentity.
    WebIdentity,
    /// The bearer of a SAML assertion in AssumeRoleWithSAML.
    Saml,
    /// An AWS service that calls as itself.
    Service,
    /// A request without signature.
    Anonymous,
}

/// The role behind a role session, or the user behind a federated session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// ARN of the role or user, with its path.
    pub arn: String,
    /// `AROA…` or `AIDA…`, when known.
    pub unique_id: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The kind of caller.
    pub kind: PrincipalKind,
    /// The twelve digits of the caller's account; none for services, unsigned calls and token bearers.
    pub account: Option<String>,
    /// ARN of the user, root user or session; the service's name for a service; empty for an anonymous caller.
    pub arn: String,
    /// `AIDA…` of a user.
    pub unique_id: Option<String>,
    /// The identity behind a session.
    pub issuer: Option<Issuer>,
    /// The identity provider of a token bearer, as a `Federated` principal names it.
    pub provider: Option<String>,
    /// Whether the session belongs to a service-linked role, which SCPs and RCPs do not restrict.
    pub service_linked: bool,
}

impl Principal {
    /// The caller of a request without signature.
    pub fn anonymous() -> Principal {
        Principal {
            kind: PrincipalKind::Anonymous,
            account: None,
            arn: String::new(),
            unique_id: None,
            issuer: None,
            provider: None,
            service_linked: false,
        }
    }

    /// An AWS service that calls as itself, such as `lambda.amazonaws.com`.
    pub fn service(name: &str) -> Principal {
        Principal {
            kind: PrincipalKind::Service,
            arn: name.to_owned(),
            ..Principal::anonymous()
        }
    }
}

/// The value of a condition key in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A single-valued key.
    One(Cow<'a, str>),
    /// A multivalued key. It stays one however many values it has.
    Many(Vec<Cow<'a, str>>),
}

/// The request context. Asked only for keys that a statement needs, so an implementation may compute values lazily.
pub trait Context {
    /// The value of the key, whose name is given in lower case (`aws:sourceip`); none when it is not in the request.
    fn get(&self, key_lower: &str) -> Option<Value<'_>>;
}

/// A context without keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContext;

impl Context for NoContext {
    fn get(&self, _key_lower: &str) -> Option<Value<'_>> {
        None
    }
}

/// One question: may this principal perform this action on this resource?
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The caller.
    pub principal: &'a Principal,
    /// `service:Name`, such as `s3:GetObject`.
    pub action: &'a str,
    /// ARN of the resource, or `*` for an action that has none.
    pub resource: &'a str,
    /// Account that owns the resource. Absent: the ARN's account, else the caller's own.
    pub resource_account: Option<&'a str>,
    /// The request context.
    pub context: &'a dyn Context,
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("principal", &self.principal)
            .field("action", &self.action)
            .field("resource", &self.resource)
            .field("resource_account", &self.resource_account)
            .finish_non_exhaustive()
    }
}

/// A document and where it comes from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The compiled document.
    pub policy: &'a Policy,
    /// The policy's name.
    pub name: &'a str,
    /// The ARN of a managed policy or SCP; inline policies have none.
    pub arn: Option<&'a str>,
    /// What it is attached to, in words: `group Developers`.
    pub attached_to: &'a str,
}

/// The SCPs or RCPs of the root, of one organizational unit, or of the account.
#[derive(Clone)]
pub struct Level<'a> {
    /// Id of the root, organizational unit or account.
    pub target: &'a str,
    /// The policies attached there. None of them allowing means: not allowed.
    pub policies: Vec<Source<'a>>,
}

/// How the resource's service treats its resource policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResourceRule {
    /// Within one account, identity policies suffice.
    #[default]
    Ordinary,
    /// The resource policy must itself admit the caller or the caller's account: role trust policies and KMS key policies.
    MustAdmit,
}

/// All documents that apply to a request, by kind.
#[derive(Clone, Default)]
pub struct PolicySet<'a> {
    /// Identity-based policies: the caller's own and those of all its groups.
    pub identity: Vec<Source<'a>>,
    /// The resource-based policy, or the trust policy of the role to be assumed.
    pub resource: Option<Source<'a>>,
    /// How the resource's service treats its policy.
    pub resource_rule: ResourceRule,
    /// The permissions boundary of the user or role.
    pub boundary: Option<Vec<Source<'a>>>,
    /// The session policies; their Allows count together.
    pub session: Option<Vec<Source<'a>>>,
    /// SCP levels from the root to the principal's account; none outside an organization.
    pub scps: Option<Vec<Level<'a>>>,
    /// RCP levels from the root to the resource's account; RCPFullAWSAccess is implied on each.
    pub rcps: Option<Vec<Level<'a>>>,
    /// The policy of the VPC endpoint that the request came through.
    pub endpoint: Option<Vec<Source<'a>>>,
    /// The principal's account is the management account: SCPs do not apply.
    pub principal_in_management_account: bool,
    /// The resource's account is the management account: RCPs do not apply.
    pub resource_in_management_account: bool,
    /// S3 Block Public Access: RestrictPublicBuckets is on for the bucket or its account.
    pub restrict_public_buckets: bool,
    /// An S3 ACL grants the action to this caller: acts like an Allow of the resource policy for the caller's account.
    pub acl_grant: bool,
}

impl<'a> PolicySet<'a> {
    /// Every document with the part it plays, in the order in which an explanation lists them.
    pub fn sources(&self) -> impl Iterator<Item = &Source<'a>> {
        let levels = self.scps.iter().flatten().chain(self.rcps.iter().flatten());
        levels
            .flat_map(|level| &level.policies)
            .chain(self.endpoint.iter().flatten())
            .chain(self.boundary.iter().flatten())
            .chain(self.session.iter().flatten())
            .chain(&self.resource)
            .chain(&self.identity)
    }
}
