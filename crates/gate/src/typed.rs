//! Calls that no wire carries: a person in the console calls the very same operations, typed.
//!
//! The way is that of every other call from *authenticate* on: the model's constraints, the bars of the caller's kind, find →
//! needs → authorise → run, one count in the metrics and one event in the audit. What differs is who vouches for the caller:
//! the console has checked a password (and a code), and holds an opened session of it.

use std::{future::Future, sync::Arc};

use twinlock_directory::{AccountId, Millis, Snapshot};
use twinlock_policy::Explanation;
use twinlock_wire::{
    fault::Fault,
    shape::{Shape, Value},
    violations::{Dialect, Violations},
};

use crate::{
    attempt::Cx,
    audit::Event,
    caller::{Caller, RequestFacts},
    needs::Need,
    operation::{Change, Effect, Operation, Read},
    world::World,
};

/// Longest recorded input of a call, in characters. Members that AWS's model calls sensitive are masked in it.
const RECORDED_CHARS_MAX: usize = 2048;

/// What happened at the console itself rather than in an operation: a sign-in, a switch, a sign-out.
#[derive(Debug)]
pub struct Happening<'a> {
    /// CloudTrail's name: `ConsoleLogin`, `SwitchRole`, `ExitRole`, `Logout`.
    pub name: &'static str,
    /// Who it was, where that is known.
    pub caller: Option<&'a Caller>,
    /// The account that was to be entered.
    pub account: Option<AccountId>,
    /// Where from.
    pub facts: &'a RequestFacts,
    /// Details for the event; no secrets.
    pub parameters: Vec<(String, String)>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl World {
    /// A read by a person in the console.
    ///
    /// # Errors
    /// As [`World::read`].
    pub fn console_read<O: Read>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault>
    where
        O::Input: Shape,
    {
        let call = TypedCall::begin::<O>(self, caller, &input, true);
        let answer = checked(call.service, input).and_then(|input| self.read::<O>(caller, &input));
        call.end(self, caller, answer.as_ref().err());
        answer
    }

    /// A change by a person in the console.
    ///
    /// # Errors
    /// As [`World::change`].
    pub async fn console_change<O: Change>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, Fault>
    where
        O::Input: Shape,
    {
        let call = TypedCall::begin::<O>(self, caller, &input, false);
        let answer = match checked(call.service, input) {
            Ok(input) => self.change::<O>(caller, &input).await,
            Err(fault) => Err(fault),
        };
        call.end(self, caller, answer.as_ref().err());
        answer
    }

    /// An effect by a person in the console.
    ///
    /// # Errors
    /// As [`World::effect`].
    pub fn console_effect<'a, O: Effect>(
        self: &'a Arc<Self>,
        caller: &'a Caller,
        input: O::Input,
    ) -> impl Future<Output = Result<O::Output, Fault>> + Send + 'a
    where
        O::Input: Shape,
    {
        let call = TypedCall::begin::<O>(self, caller, &input, O::READS);
        async move {
            let answer = match checked(call.service, input) {
                Ok(input) => self.effect::<O>(caller, input).await,
                Err(fault) => Err(fault),
            };
            call.end(self, caller, answer.as_ref().err());
            answer
        }
    }

    /// Why `caller` may or may not have what `need` says, by the one evaluator. Asks nothing of anybody and changes nothing;
    /// who may see whose reasons is for the caller of this function to settle.
    ///
    /// # Errors
    /// The caller's identity is gone.
    pub fn explain(&self, caller: &Caller, need: &Need) -> Result<Explanation, Fault> {
        let snapshot = self.directory.published();
        let cx = Cx::new(caller, &snapshot, self.clock.now(), self)?;
        Ok(cx.explain(need))
    }

    /// `caller` on `snapshot`, to put many questions to the one evaluator. Asks nothing of anybody and changes nothing; who may
    /// see the answers is for the caller of this function to settle.
    ///
    /// # Errors
    /// The caller's identity is gone.
    pub fn standing_of<'a>(
        &'a self,
        caller: &'a Caller,
        snapshot: &'a Arc<Snapshot>,
    ) -> Result<Cx<'a>, Fault> {
        Cx::new(caller, snapshot, self.clock.now(), self)
    }

    /// As [`World::explain`], with the smallest change that would turn a denial into an Allow.
    ///
    /// # Errors
    /// The caller's identity is gone.
    pub fn advise(&self, caller: &Caller, need: &Need) -> Result<Explanation, Fault> {
        let snapshot = self.directory.published();
        let cx = Cx::new(caller, &snapshot, self.clock.now(), self)?;
        Ok(cx.advise(need))
    }

    /// Records what happened at the console itself.
    pub fn console_happened(&self, happening: Happening<'_>) {
        let now = self.clock.now();
        let failed = happening.failure.is_some();
        let mut event = empty_event(now, happening.facts);
        event.event_source = "signin.amazonaws.com".into();
        event.event_name = happening.name.into();
        event.request_parameters = happening.parameters;
        event.status = if failed { 403 } else { 200 };
        event.error_code = failed.then(|| "Failure".into());
        event.error_message = happening.failure;
        if let Some(caller) = happening.caller {
            self.describe(&mut event, caller, now);
        }
        if event.caller_account.is_none() {
            event.caller_account = happening.account.map(|account| account.to_string());
        }
        self.metrics
            .request("signin", happening.name, event.status, 0);
        self.audit.record(event);
    }

    fn describe(&self, event: &mut Event, caller: &Caller, now: Millis) {
        let snapshot = self.directory.published();
        let known = Cx::new(caller, &snapshot, now, self).ok();
        let arn = known.as_ref().map(|cx| cx.principal().arn.clone());
        let id = known.as_ref().map(|cx| cx.user_id().to_owned());
        event.caller(caller, arn, id);
    }
}

/// The input, if it keeps the constraints of AWS's model: operations rely on that, whoever calls them. S3 words its own.
fn checked<I: Shape>(service: &str, input: I) -> Result<I, Fault> {
    let dialect = match service {
        "iam" => Dialect::Iam,
        "sts" | "twinlock" => Dialect::Sts,
        "organizations" => Dialect::Organizations,
        _ => return Ok(input),
    };
    let members = input.into_members();
    let mut violations = Violations::new(dialect);
    violations.check(I::schema(), &members);
    violations.into_result()?;
    Ok(I::from_value_tree(Value::Structure(members)))
}

/// One call under way.
struct TypedCall {
    operation: &'static str,
    service: &'static str,
    recorded: String,
    read_only: bool,
    began: Millis,
    timer: tokio::time::Instant,
}

impl TypedCall {
    fn begin<O: Operation>(world: &World, caller: &Caller, input: &O::Input, read: bool) -> Self
    where
        O::Input: Shape,
    {
        let service = O::ACTIONS
            .first()
            .and_then(|action| action.name.split_once(':'))
            .map_or("unknown", |(service, _)| service);
        world.touch(caller, service);
        TypedCall {
            operation: O::NAME,
            service,
            recorded: format!("{input:?}")
                .chars()
                .take(RECORDED_CHARS_MAX)
                .collect(),
            read_only: read,
            began: world.clock.now(),
            timer: tokio::time::Instant::now(),
        }
    }

    fn end(self, world: &World, caller: &Caller, fault: Option<&Fault>) {
        let took_us = u64::try_from(self.timer.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = fault.map_or(200, |fault| fault.status);
        world
            .metrics
            .request(self.service, self.operation, status, took_us);
        let mut event = empty_event(self.began, &caller.request);
        event.event_source = format!("{}.amazonaws.com", self.service);
        event.event_name = self.operation.into();
        event.access_key_id = Some(caller.access_key_id.clone());
        event.request_parameters = vec![("input".into(), self.recorded)];
        event.read_only = self.read_only;
        event.status = status;
        event.error_code = fault.map(|fault| fault.code.to_string());
        event.error_message = fault.map(|fault| fault.message.clone());
        event.took_us = took_us;
        world.describe(&mut event, caller, self.began);
        world.audit.record(event);
    }
}

fn empty_event(time: Millis, facts: &RequestFacts) -> Event {
    Event {
        time,
        request_id: facts.request_id.clone(),
        event_source: String::new(),
        event_name: String::new(),
        region: facts.region.clone(),
        source_ip: facts.source_ip.map(|ip| ip.to_string()),
        user_agent: facts.user_agent.clone(),
        caller_type: "Unknown",
        caller_arn: None,
        caller_account: None,
        principal_id: None,
        access_key_id: None,
        session_issued: None,
        source_identity: None,
        mfa_authenticated: false,
        auth: "console",
        request_parameters: Vec::new(),
        read_only: false,
        status: 200,
        error_code: None,
        error_message: None,
        took_us: 0,
    }
}
