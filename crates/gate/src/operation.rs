//! What an operation is: one type that says everything about one AWS operation, in one place.
//!
//! An operation is exactly one of three kinds. A [`Read`] looks at the snapshot and answers. A [`Change`] alters the
//! directory in the writer's turn. An [`Effect`] moves bodies, files or invocations and may wait. The pipeline in
//! [`crate::world`] is the only caller of `run`, and it hands over a [`Permit`] that only it can make: an operation whose
//! needs were not authorised cannot be run at all.

use std::future::Future;

use twinlock_directory::Batch;
use twinlock_wire::fault::Fault;

use crate::{
    attempt::Attempt, attempt::Cx, caller::Caller, needs::Needs, permit::Permit, world::World,
};

/// One IAM action that an operation asks for, with what AWS's service authorisation reference says of it.
///
/// A test compares these with the reference, so that no operation is authorised by an action, a resource type or a
/// condition key of our own invention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The action with its service prefix: `iam:CreateUser`.
    pub name: &'static str,
    /// The reference's resource types that the action is asked on (`user`); empty: the action has none and is asked on `*`.
    pub resource_types: &'static [&'static str],
    /// The service's and the tag condition keys that the operation puts into the request context, as the reference spells them.
    pub keys: &'static [&'static str],
}

impl Action {
    /// An action on `resource_types` that brings `keys` into the context.
    pub const fn new(
        name: &'static str,
        resource_types: &'static [&'static str],
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            resource_types,
            keys,
        }
    }
}

/// Who may call an operation at all, before any policy is asked.
///
/// These are AWS's checks beside the policies: they hold for administrators and root users too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Any signed caller. Sessions of GetSessionToken without MFA and of GetFederationToken may not call IAM,
    /// and of STS only what its table names; see [`crate::authenticate`].
    Signed,
    /// Signed and anonymous callers (S3).
    OrAnonymous,
    /// Calls that carry their own proof instead of a signature (AssumeRoleWithWebIdentity, AssumeRoleWithSAML).
    Unsigned,
}

/// One AWS operation.
pub trait Operation: Sized + Send + Sync + 'static {
    /// What the caller sends.
    type Input: Send + Sync + 'static;
    /// What the caller gets.
    type Output: Send + 'static;
    /// What the operation looked up, once: the same values feed needs, resource policy and run. Absence is an `Option`:
    /// NoSuchEntity is `run`'s to say, after authorisation, so that a stranger learns nothing.
    type Found: Send + Sync + 'static;

    /// AWS's name of the operation: `CreateUser`.
    const NAME: &'static str;
    /// All actions that [`Operation::needs`] may ask for.
    const ACTIONS: &'static [Action];
    /// Who may call at all.
    const CALLERS: Callers = Callers::Signed;
    /// Sessions of GetSessionToken and GetFederationToken that may call in spite of the bars of their kind.
    const SESSIONS: Sessions = Sessions::Usual;
    /// Whether an effect counts as reading in the audit event: AssumeRole, which at most spends a code.
    const READS: bool = false;

    /// What must be allowed before the operation runs.
    ///
    /// # Errors
    /// A fault of the input that AWS reports before it authorises (an ARN that does not parse).
    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault>;
}

/// How sessions that are not role sessions are treated (`policy-evaluation` 5.3, "may not call").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// The bars of the service: IAM refuses GetSessionToken sessions without MFA and all federated sessions; STS refuses both.
    Usual,
    /// GetSessionToken sessions may call, federated sessions may not (sts:AssumeRole).
    NotFederated,
    /// Every session may call (sts:GetCallerIdentity).
    Any,
    /// Only long-term keys (sts:GetSessionToken, sts:GetFederationToken).
    LongTermOnly,
}

/// An operation that only looks.
pub trait Read: Operation {
    /// Looks up what needs and run use.
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found;

    /// Answers.
    ///
    /// # Errors
    /// The operation's own faults (NoSuchEntity …).
    fn run(
        permit: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault>;
}

/// An operation that alters the directory.
///
/// It is authorised twice: on the published snapshot for an early no, and again on head in the writer's turn, where it also
/// runs; so what it checks is what it changes.
pub trait Change: Operation {
    /// What [`Change::prepare`] made.
    type Prepared: Send + Sync + 'static;

    /// Slow or waiting work (argon2) after the first yes, outside the writer's turn, for `caller`, who was authorised then.
    ///
    /// # Errors
    /// A fault that ends the call before anything was changed.
    fn prepare(
        input: &Self::Input,
        caller: &Caller,
        world: &World,
    ) -> impl Future<Output = Result<Self::Prepared, Fault>> + Send;

    /// Looks up what needs and run use.
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found;

    /// Checks AWS's rules and puts the changed rows into `batch`. Nothing happens if it answers an error.
    ///
    /// # Errors
    /// The operation's own faults (EntityAlreadyExists, LimitExceeded …).
    fn run(
        permit: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        prepared: &Self::Prepared,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault>;
}

/// The two items of a [`Change`] that has nothing slow to prepare.
#[macro_export]
macro_rules! nothing_to_prepare {
    () => {
        type Prepared = ();
        async fn prepare(
            _: &Self::Input,
            _: &$crate::Caller,
            _: &$crate::World,
        ) -> Result<(), $crate::Fault> {
            Ok(())
        }
    };
}

/// An operation that moves object data or otherwise waits.
pub trait Effect: Operation {
    /// Looks up what needs and run use; may wait for the object index.
    ///
    /// # Errors
    /// A fault of the store.
    fn find(
        input: &Self::Input,
        cx: &Cx<'_>,
    ) -> impl Future<Output = Result<Self::Found, Fault>> + Send;

    /// Does it. A long body is believed only when it has ended; [`Attempt::renew`] authorises again before the index commit.
    ///
    /// # Errors
    /// The operation's own faults.
    fn run(
        permit: Permit<Self>,
        input: Self::Input,
        found: Self::Found,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;
}
