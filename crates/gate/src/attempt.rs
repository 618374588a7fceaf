//! What one attempt at an operation sees: one caller, one snapshot, one instant.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use twinlock_directory::{AccountId, AccountNode, Batch, ControlType, Millis, Snapshot};
use twinlock_policy::{
    Context, Decision, Explanation, Policy, PolicySet, Principal, Request, Source, Value, advise,
    evaluate, explain,
};
use twinlock_wire::fault::Fault;

use crate::{
    caller::{Attached, Caller, Standing},
    context::RequestContext,
    denial::Denial,
    needs::Need,
    operation::Effect,
    permit::{Permit, authorise},
    proof::Proven,
    world::World,
};

/// How often an effect's change is authorised again because others change the directory.
const COMMIT_TRIES_MAX: usize = 100;
/// How long it waits in between, so that it does not come back together with those who were faster.
const COMMIT_PAUSE: Duration = Duration::from_millis(1);
/// Our services whose resources resource control policies protect; the facts of AWS's services know them all.
const UNDER_RCPS: [&str; 2] = ["s3", "sts"];

/// One attempt: the same snapshot for find, needs, authorise and run.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// What the directory holds.
    pub snapshot: &'a Arc<Snapshot>,
    /// The instant of the attempt, milliseconds since the epoch.
    pub now: Millis,
    /// Everything that outlives the call.
    pub world: &'a World,
    pub(crate) standing: Standing,
}

impl<'a> Cx<'a> {
    /// # Errors
    /// The caller's identity is gone from the snapshot: its credentials are dead.
    pub(crate) fn new(
        caller: &'a Caller,
        snapshot: &'a Arc<Snapshot>,
        now: Millis,
        world: &'a World,
    ) -> Result<Self, Fault> {
        // Revoked sessions and sign-ins by a password that is gone are as dead as expired ones, for every service and the console.
        if let Some(session) = caller.session.as_deref()
            && (session.is_barred(&caller.access_key_id, snapshot)
                || session.is_signed_out(snapshot))
        {
            return Err(crate::authenticate::expired(caller.request.protocol));
        }
        let standing =
            Standing::of(caller, snapshot).map_err(|_| crate::authenticate::gone(caller))?;
        Ok(Self {
            caller,
            snapshot,
            now,
            world,
            standing,
        })
    }

    /// The caller's account id.
    ///
    /// # Errors
    /// AccessDenied for anonymous callers, who have none.
    pub fn account_id(&self) -> Result<AccountId, Fault> {
        self.caller
            .who
            .account()
            .ok_or_else(|| Fault::new("AccessDenied", 403, "Access Denied"))
    }

    /// The caller's account.
    ///
    /// # Errors
    /// AccessDenied for anonymous callers, who have none.
    pub fn account(&self) -> Result<&'a Arc<AccountNode>, Fault> {
        let id = self.account_id()?;
        self.snapshot
            .account(&id)
            .ok_or_else(|| Fault::new("AccessDenied", 403, "Access Denied"))
    }

    /// The caller as a principal of the policy language.
    pub fn principal(&self) -> &Principal {
        &self.standing.principal
    }

    /// `aws:userid`: what GetCallerIdentity calls UserId.
    pub fn user_id(&self) -> &str {
        &self.standing.user_id
    }

    /// The friendly name of a calling user; none for every other kind.
    pub fn user_name(&self) -> Option<&str> {
        self.standing.user_name.as_deref()
    }

    /// The caller's principal tags: its own overlaid by the session's.
    pub fn principal_tags(&self) -> &[(String, String)] {
        &self.standing.tags
    }

    /// Asks the one evaluator.
    pub(crate) fn decide(&self, need: &Need) -> Decision {
        self.ask(need, evaluate)
    }

    /// What the caller would be told if `need` were refused: for an operation whose answer a denied question shapes (a missing
    /// key without s3:ListBucket).
    pub fn refusal(&self, need: &Need) -> Fault {
        Denial::of(need, self.decide(need), self).fault()
    }

    /// As [`Cx::explain`], with the smallest change that would turn a denial into an Allow. Costs hundreds of decisions: for
    /// people who ask, not for calls.
    pub fn advise(&self, need: &Need) -> Explanation {
        self.reasons(need, advise)
    }

    /// Asks the one evaluator for its reasons.
    pub fn explain(&self, need: &Need) -> Explanation {
        self.reasons(need, explain)
    }

    /// Reasons of a denial by another account are told as of a resource without tags: conditions in the caller's own policies
    /// would read them. Where the tags alone make the denial, the other account lets the caller in but for them, so that the call
    /// itself tells as much; then the reasons are the real ones, and never say that what is denied is allowed.
    fn reasons(
        &self,
        need: &Need,
        f: fn(&Request<'_>, &PolicySet<'_>) -> Explanation,
    ) -> Explanation {
        let full = self.ask(need, f);
        let own = need.owner.is_none() || need.owner == self.caller.who.account();
        if own || full.decision.allowed() || need.resource_tags.is_empty() {
            return full;
        }
        let untagged = self.ask(&need.untagged(), f);
        if untagged.decision.allowed() {
            full
        } else {
            untagged
        }
    }

    /// Whether the evaluator would allow it: for pages that show what stands open. Nothing runs on this answer: what runs
    /// takes a [`Permit`].
    pub fn allows(&self, need: &Need) -> bool {
        self.decide(need).allowed()
    }

    /// The texts of all policies that the question touches, of both sides.
    pub fn texts(&self, need: &Need) -> Vec<String> {
        self.ask(need, |_, set| {
            set.sources()
                .map(|source| source.policy.text().to_owned())
                .collect()
        })
    }

    /// What a single-valued condition key is in the context of the question.
    pub fn value_of(&self, need: &Need, key: &str) -> Option<String> {
        let context = RequestContext { cx: self, need };
        match context.get(&key.to_lowercase())? {
            Value::One(value) => Some(value.into_owned()),
            Value::Many(_) => None,
        }
    }

    pub(crate) fn ask<T>(
        &self,
        need: &Need,
        f: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T,
    ) -> T {
        self.ask_in(need, &RequestContext { cx: self, need }, f)
    }

    /// Asks in a context that need not be that of the request.
    pub(crate) fn ask_in<T>(
        &self,
        need: &Need,
        context: &dyn Context,
        f: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T,
    ) -> T {
        let owner = need.owner.map(|a| a.to_string());
        // Whoever signed the call has nothing to do with what the bearer of a proof may.
        let bearer = need.proven.as_deref().map(Proven::principal);
        let principal = bearer.unwrap_or(&self.standing.principal);
        let standing = bearer.is_none().then_some(&self.standing);
        let own: Option<AccountId> = principal.account.as_deref().and_then(|id| id.parse().ok());
        let ours = own.and_then(|account| self.snapshot.organization_of(&account));
        // Whose resource it is: the caller's own where nobody says otherwise.
        let theirs = match need.owner {
            Some(owner) if Some(owner) != own => self.snapshot.organization_of(&owner),
            _ => ours,
        };
        let service = need.action.split(':').next().unwrap_or_default();
        let rcps = theirs
            .filter(|place| !place.is_management() && UNDER_RCPS.contains(&service))
            .and_then(|place| place.node.levels(&place.member.id, ControlType::Resource));
        let request = Request {
            principal,
            action: &need.action,
            resource: &need.resource,
            resource_account: owner.as_deref().or(principal.account.as_deref()),
            context,
        };
        let set = PolicySet {
            identity: standing
                .map(|own| sources(&own.identity))
                .unwrap_or_default(),
            resource: if self.closed(need) {
                Some(Source {
                    policy: closed_door(),
                    name: "closed account",
                    arn: None,
                    attached_to: &need.resource,
                })
            } else {
                need.resource_policy.as_ref().map(|found| Source {
                    policy: &found.policy,
                    name: &found.name,
                    arn: None,
                    attached_to: &need.resource,
                })
            },
            resource_rule: need.rule,
            boundary: standing
                .and_then(|own| own.boundary.as_deref())
                .map(sources),
            session: standing.and_then(|own| own.session.as_deref()).map(sources),
            scps: ours
                .filter(|place| !place.is_management())
                .and_then(|place| place.node.levels(&place.member.id, ControlType::Service)),
            rcps,
            endpoint: None,
            principal_in_management_account: ours.is_some_and(|place| place.is_management()),
            resource_in_management_account: theirs.is_some_and(|place| place.is_management()),
            restrict_public_buckets: need.restrict_public_buckets,
            acl_grant: need.acl_grant,
        };
        f(&request, &set)
    }
}

impl Cx<'_> {
    /// Whether the resource belongs to an account that has been closed. (A caller of a closed account does not come so far.)
    fn closed(&self, need: &Need) -> bool {
        need.owner
            .and_then(|owner| self.snapshot.account(&owner))
            .is_some_and(|node| node.account.closed.is_some())
    }
}

/// The policy on everything that a closed account owns.
fn closed_door() -> &'static Policy {
    static CLOSED: LazyLock<Policy> = LazyLock::new(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Sid":"TheAccountIsClosed","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
        // INVARIANT: the constant text is a policy; a test calls this.
        #[allow(clippy::expect_used, reason = "the constant text is a policy")]
        Policy::parse(text).expect("a policy")
    });
    &CLOSED
}

fn sources(attached: &[Attached]) -> Vec<Source<'_>> {
    attached
        .iter()
        .map(|a| Source {
            policy: &a.policy as &Policy,
            name: &a.name,
            arn: a.arn.as_deref(),
            attached_to: &a.to,
        })
        .collect()
}

/// What an [`Effect`] holds on to while it waits.
#[derive(Debug)]
pub struct Attempt {
    /// Everything that outlives the call.
    pub world: Arc<World>,
    /// Who calls.
    pub caller: Caller,
    /// The snapshot that was authorised on.
    pub snapshot: Arc<Snapshot>,
    /// The instant of the attempt.
    pub now: Millis,
}

impl Attempt {
    /// What the operation saw when it was authorised.
    ///
    /// # Errors
    /// The caller's identity is gone.
    pub fn cx(&self) -> Result<Cx<'_>, Fault> {
        Cx::new(&self.caller, &self.snapshot, self.now, &self.world)
    }

    /// Authorises again if the directory has moved since: whatever took time (a look into the index, a long upload) must not
    /// outlive the right to it. Every effect that writes calls it last, right before it writes. Also ends a call whose
    /// session expired meanwhile. Gives what counts now in place of what was found.
    ///
    /// # Errors
    /// The denial, or a fault of `find`.
    pub async fn renew<O: Effect>(
        &self,
        permit: Permit<O>,
        input: &O::Input,
        found: O::Found,
    ) -> Result<(Permit<O>, O::Found), Fault> {
        let published = self.world.directory.published();
        let (permit, again) = self.authorise_again(permit, input, &published).await?;
        Ok((permit, again.unwrap_or(found)))
    }

    async fn authorise_again<O: Effect>(
        &self,
        permit: Permit<O>,
        input: &O::Input,
        snapshot: &Arc<Snapshot>,
    ) -> Result<(Permit<O>, Option<O::Found>), Fault> {
        let now = self.world.clock.now();
        if let Some(session) = &self.caller.session
            && session.expires <= now
        {
            return Err(crate::authenticate::expired(self.caller.request.protocol));
        }
        if snapshot.revision() == permit.revision() {
            return Ok((permit, None));
        }
        let cx = Cx::new(&self.caller, snapshot, now, &self.world)?;
        let found = O::find(input, &cx).await?;
        let permit = authorise::<O>(&O::needs(input, &found, &cx)?, &cx).map_err(|d| d.fault())?;
        Ok((permit, Some(found)))
    }

    /// A directory change by an effect (DeleteBucket): in the writer's turn, on the very revision that was authorised. If head
    /// has moved on it is authorised again, never replayed blindly. On head, as a change is, and not on what is published: while
    /// others write, head is always ahead of that.
    ///
    /// # Errors
    /// The denial, `change`'s own fault, or a fault of the store.
    pub async fn commit<O: Effect, T>(
        &self,
        mut permit: Permit<O>,
        input: &O::Input,
        change: impl Fn(&Arc<Snapshot>, &mut Batch) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        for _ in 0..COMMIT_TRIES_MAX {
            let head = self.world.directory.turn().head().clone();
            permit = self.authorise_again(permit, input, &head).await?.0;
            if let Some(made) = self
                .world
                .try_commit(Some(permit.revision()), &change)
                .await?
            {
                return Ok(made);
            }
            // Somebody was faster.
            tokio::time::sleep(COMMIT_PAUSE).await;
        }
        Err(Fault::new(
            "SlowDown",
            503,
            "Please reduce your request rate.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rcps_reach_what_awss_own_facts_say() {
        for service in ["iam", "sts", "s3", "organizations"] {
            let known = twinlock_policy::facts::service_summary(service)
                .is_some_and(|summary| summary.resource_control_policies);
            assert_eq!(UNDER_RCPS.contains(&service), known, "{service}");
        }
    }

    #[test]
    fn the_door_of_a_closed_account_is_a_policy() {
        assert!(closed_door().text().contains("Deny"));
    }
}
