//! Everything that outlives a call, and the three ways through the pipeline: read, change, effect.

use std::sync::Arc;

use twinlock_directory::{BATCH_OPS_MAX, Bar, Batch, CommitError, Directory, Random, Snapshot};
use twinlock_objects::Objects;
use twinlock_wire::{fault::Fault, sigv4::SigningKeys};

use crate::{
    attempt::{Attempt, Cx},
    audit::Audit,
    caller::{Caller, Who},
    clock::Clock,
    metrics::Metrics,
    operation::{Change, Effect, Operation, Read},
    permit::{Permit, authorise},
    proof::issuers::Issuers,
    token::Tokens,
};

/// What the operator decided once, at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region of calls that name none.
    pub region: String,
    /// Domains under which `BUCKET.domain` is a bucket; the longest match counts.
    pub s3_domains: Vec<String>,
    /// Where clients reach this server, for links.
    pub public_url: String,
}

/// Everything that outlives a call.
pub struct World {
    /// Identities and buckets.
    pub directory: Directory,
    /// Object data.
    pub objects: Objects,
    /// Temporary credentials.
    pub tokens: Tokens,
    /// Keys of the issuers of web identity tokens.
    pub issuers: Issuers,
    /// Signing keys already derived.
    pub signing_keys: SigningKeys,
    /// Time.
    pub clock: Clock,
    /// Where new ids and secrets come from.
    pub random: Box<dyn Random>,
    /// What happened.
    pub audit: Audit,
    /// How often.
    pub metrics: Metrics,
    /// What the operator decided.
    pub settings: Settings,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Remembers when a key and a role were last used, for which service, where.
    pub(crate) fn touch(&self, caller: &Caller, service: &str) {
        let now = self.clock.now();
        let region = &caller.request.region;
        if let Who::RoleSession { role_id, .. } = &caller.who {
            self.directory
                .last_used()
                .touch(role_id, now, service, region);
        } else if caller.session.is_none() && !caller.access_key_id.is_empty() {
            self.directory
                .last_used()
                .touch(&caller.access_key_id, now, service, region);
        }
    }

    /// Remembers that the caller tried an action: for itself by service and by action, for its account by service. An attempt
    /// counts, whether it is allowed or not.
    fn track<'n>(&self, caller: &Caller, actions: impl Iterator<Item = &'n str>) {
        let Some(account) = caller.who.account() else {
            return;
        };
        let entity = match &caller.who {
            Who::RoleSession { role_id: id, .. }
            | Who::User { id, .. }
            | Who::FederatedUser {
                user_id: Some(id), ..
            } => id.as_str(),
            Who::Anonymous | Who::Root(_) | Who::FederatedUser { user_id: None, .. } => {
                account.as_str()
            }
        };
        let now = self.clock.now();
        let region = &caller.request.region;
        let uses = self.directory.last_used();
        let mut before = "";
        for action in actions {
            // A thousand objects of one call are one attempt; PassRole is none by itself, on AWS neither.
            if action == before || action == "iam:PassRole" {
                continue;
            }
            before = action;
            let service = action.split(':').next().unwrap_or(action);
            uses.touch(&format!("{entity}/{action}"), now, service, region);
            uses.touch(&format!("{entity}/{service}"), now, service, region);
            if entity != account.as_str() {
                uses.touch(&format!("{account}/{service}"), now, service, region);
            }
        }
    }

    /// A read, on the published snapshot. Waits for nothing.
    ///
    /// # Errors
    /// The denial, or the operation's fault.
    pub fn read<O: Read>(&self, caller: &Caller, input: &O::Input) -> Result<O::Output, Fault> {
        let snapshot = self.directory.published();
        let cx = Cx::new(caller, &snapshot, self.clock.now(), self)?;
        let found = O::find(input, &cx);
        let permit = permit::<O>(input, &found, &cx)?;
        O::run(&permit, input, found, &cx)
    }

    /// A change: an early no on the published snapshot, slow preparation, then find, needs, authorise and run on head in the
    /// writer's turn. Answers when the change is durable.
    ///
    /// # Errors
    /// The denial, the operation's fault, or `ServiceFailure` when the store could not write: then nothing has changed.
    pub async fn change<O: Change>(
        &self,
        caller: &Caller,
        input: &O::Input,
    ) -> Result<O::Output, Fault> {
        {
            let snapshot = self.directory.published();
            let cx = Cx::new(caller, &snapshot, self.clock.now(), self)?;
            let found = O::find(input, &cx);
            permit::<O>(input, &found, &cx)?;
        }
        let prepared = O::prepare(input, caller, self).await?;
        let (output, pending) = self.turn::<O>(caller, input, &prepared)?;
        pending.await.map_err(|error| not_durable(&error))?;
        self.metrics.commit();
        Ok(output)
    }

    /// The writer's turn. Nothing in here waits.
    fn turn<O: Change>(
        &self,
        caller: &Caller,
        input: &O::Input,
        prepared: &O::Prepared,
    ) -> Result<(O::Output, twinlock_directory::Pending), Fault> {
        let turn = self.directory.turn();
        let head = turn.head().clone();
        let cx = Cx::new(caller, &head, self.clock.now(), self)?;
        let found = O::find(input, &cx);
        let permit = permit::<O>(input, &found, &cx)?;
        let mut batch = Batch::new(head.revision());
        let output = O::run(&permit, input, found, prepared, &cx, &mut batch)?;
        assert_eq!(
            permit.revision(),
            head.revision(),
            "a permit of another revision"
        );
        let pending = turn.commit(batch);
        Ok((output, pending))
    }

    /// Finishes what was authorised and begun (a bucket's deletion), or what start-up finds half done. It asks nobody: never
    /// for a caller's wish.
    ///
    /// # Errors
    /// `change`'s own fault, or a fault of the store.
    pub async fn settle<T>(
        &self,
        change: impl Fn(&Arc<Snapshot>, &mut Batch) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.try_commit(None, &change)
            .await?
            .ok_or_else(Fault::internal)
    }

    /// Lets go of what need not be barred any more; at most as much as one batch holds, so call it now and then.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn sweep_bars(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let over = |snapshot: &Snapshot| -> Vec<Arc<Bar>> {
            let bars = snapshot.accounts().flat_map(|node| node.bars.values());
            bars.filter(|bar| bar.expires <= now)
                .take(BATCH_OPS_MAX)
                .cloned()
                .collect()
        };
        if over(&self.directory.published()).is_empty() {
            return Ok(());
        }
        self.settle(|head, batch| {
            for bar in over(head) {
                batch.delete_row(bar);
            }
            Ok(())
        })
        .await
    }

    /// Takes the writer's turn if head is still at `revision`; none if it is not.
    pub(crate) async fn try_commit<T>(
        &self,
        revision: Option<u64>,
        change: &impl Fn(&Arc<Snapshot>, &mut Batch) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let (made, pending) = {
            let turn = self.directory.turn();
            let head = turn.head().clone();
            if revision.is_some_and(|r| r != head.revision()) {
                return Ok(None);
            }
            let mut batch = Batch::new(head.revision());
            let made = change(&head, &mut batch)?;
            (made, turn.commit(batch))
        };
        pending.await.map_err(|error| not_durable(&error))?;
        self.metrics.commit();
        Ok(Some(made))
    }

    /// An effect: authorised on the published snapshot, then run, however long it takes.
    ///
    /// # Errors
    /// The denial, or the operation's fault.
    pub async fn effect<O: Effect>(
        self: &Arc<Self>,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault> {
        let attempt = Attempt {
            world: self.clone(),
            caller: caller.clone(),
            snapshot: self.directory.published(),
            now: self.clock.now(),
        };
        let (permit, found) = {
            let cx = attempt.cx()?;
            let found = O::find(&input, &cx).await?;
            (permit::<O>(&input, &found, &cx)?, found)
        };
        O::run(permit, input, found, &attempt).await
    }
}

fn not_durable(error: &CommitError) -> Fault {
    tracing::error!(%error, "a change could not be made durable");
    Fault::new(
        "ServiceFailure",
        500,
        "The request processing has failed because of an unknown error, exception or failure.",
    )
}

/// Bars, needs, authorise: the only way to a permit.
fn permit<O: Operation>(
    input: &O::Input,
    found: &O::Found,
    cx: &Cx<'_>,
) -> Result<Permit<O>, Fault> {
    crate::authenticate::admit::<O>(cx.caller)?;
    let needs = O::needs(input, found, cx)?;
    let own = needs.is_empty().then(|| O::ACTIONS.first()).flatten();
    let actions = needs.actions().chain(own.map(|action| action.name));
    cx.world.track(cx.caller, actions);
    authorise::<O>(&needs, cx).map_err(|denial| denial.fault())
}
