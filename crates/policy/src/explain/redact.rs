//! What an explanation may tell to whom: the one place where this is decided.
//!
//! A caller sees its own account's policies, and the owner of the resource sees the resource's. Neither learns of the other's policies
//! what they are called, what they say, or whether they are there: so that what the other side says cannot be read off the part that
//! is shown, that part is worked out as if the other side had allowed everything. Policies of an organization are its management
//! account's; members see that one denies and which, and not its statements.

use std::sync::{Arc, LazyLock};

use super::{Edit, Explanation, Remedy, remedy};
use crate::compile::Policy;
use crate::decision::{Cause, Decision, Outcome, PolicyKind};
use crate::request::{PolicySet, Request, Source};

/// What each side says by itself, the other side allowing everything.
#[derive(Debug, Clone)]
pub(super) struct Alone {
    caller: Side,
    owner: Side,
    /// What both see together, but for the statements of their organization's policies.
    members: Option<Remedy>,
    resource_kind: PolicyKind,
}

#[derive(Debug, Clone)]
struct Side {
    decision: Decision,
    remedy: Option<Remedy>,
}

/// A policy that lets everybody do everything.
fn open_door() -> Arc<Policy> {
    static OPEN: LazyLock<Arc<Policy>> = LazyLock::new(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
        // INVARIANT: the constant text is a policy; every explanation asks for it.
        #[allow(clippy::expect_used, reason = "the constant text is a policy")]
        Arc::new(Policy::parse(text).expect("a policy"))
    });
    OPEN.clone()
}

fn open(policy: &Policy) -> Source<'_> {
    Source {
        policy,
        name: "",
        arn: None,
        attached_to: "",
    }
}

/// The policies with a resource that lets everybody in.
fn callers_side<'a>(policies: &PolicySet<'a>, door: &'a Policy) -> PolicySet<'a> {
    PolicySet {
        resource: Some(open(door)),
        rcps: None,
        restrict_public_buckets: false,
        ..policies.clone()
    }
}

/// The policies with a caller whose own side allows everything.
fn owners_side<'a>(policies: &PolicySet<'a>, door: &'a Policy) -> PolicySet<'a> {
    PolicySet {
        identity: vec![open(door)],
        // A federated session needs one.
        session: Some(vec![open(door)]),
        boundary: None,
        scps: None,
        endpoint: None,
        ..policies.clone()
    }
}

impl Alone {
    pub(super) fn new(
        request: &Request<'_>,
        policies: &PolicySet<'_>,
        resource_kind: PolicyKind,
    ) -> Alone {
        let door = open_door();
        let side = |policies: PolicySet<'_>| Side {
            decision: crate::evaluate(request, &policies),
            remedy: None,
        };
        Alone {
            caller: side(callers_side(policies, &door)),
            owner: side(owners_side(policies, &door)),
            members: None,
            resource_kind,
        }
    }

    pub(super) fn advise(&mut self, request: &Request<'_>, policies: &PolicySet<'_>) {
        let door = open_door();
        self.caller.remedy = remedy::remedy(request, &callers_side(policies, &door), true);
        self.owner.remedy = remedy::remedy(request, &owners_side(policies, &door), true);
        self.members = remedy::remedy(request, policies, true);
    }
}

fn is_owners(kind: PolicyKind) -> bool {
    matches!(
        kind,
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Rcp | PolicyKind::PublicAccessBlock
    )
}

impl Explanation {
    /// The same request, refused by a rule of the service that no policy can change.
    pub(crate) fn refused(mut self, rule: &'static str) -> Explanation {
        self.decision = Decision::denied(Cause::implicit(PolicyKind::ServiceRule));
        self.message = self.sentence.of(&self.decision);
        self.rule = Some(rule);
        self.remedy = Some(Remedy {
            edits: Vec::new(),
            instead: Some("no policy can: it is not the account's to change"),
        });
        self
    }

    /// The explanation as one who belongs to `account` may see it; none: one who belongs to no account.
    #[must_use]
    pub fn for_caller(mut self, account: Option<&str>) -> Explanation {
        let is = |side: &Option<String>| account.is_some() && side.as_deref() == account;
        let (is_caller, is_owner) = (is(&self.caller_account), is(&self.owner_account));
        self.policies.retain(|policy| {
            if is_owners(policy.kind) {
                is_owner
            } else {
                is_caller
            }
        });
        // An ARN of S3 names no account, and S3 tells nobody whose a bucket is.
        let named = self.resource.split(':').nth(4);
        if !is_owner && self.owner_account.as_deref() != named {
            self.owner_account = None;
        }
        // It is used up here: what may be shown to one must not be asked for another.
        let alone = self.alone.take();
        match alone {
            Some(alone) if is_caller && is_owner => self.remedy = self.remedy.and(alone.members),
            alone if !self.decision.allowed() => self.show_side(alone, is_caller, is_owner),
            _ => {}
        }
        self.close_organization();
        self.message = self.sentence.of(&self.decision);
        self
    }

    /// Puts the decision of one side, as if the other allowed everything, in place of that of both.
    fn show_side(&mut self, alone: Option<Alone>, is_caller: bool, is_owner: bool) {
        let asked = self.remedy.is_some();
        let (side, other) = match alone {
            Some(alone) if is_caller => (Some(alone.caller), alone.resource_kind),
            Some(alone) if is_owner => (Some(alone.owner), PolicyKind::Identity),
            _ => (None, PolicyKind::Resource),
        };
        if let Some(side) = side.filter(|side| !side.decision.allowed()) {
            self.decision = side.decision;
            self.remedy = side.remedy.filter(|_| asked);
        } else {
            let of = if is_caller {
                &self.owner_account
            } else {
                &self.caller_account
            };
            self.remedy = asked.then(|| Remedy {
                edits: vec![Edit::Ask {
                    account: of.clone(),
                }],
                instead: None,
            });
            self.decision = Decision {
                outcome: Outcome::ImplicitlyDenied,
                cause: Some(Cause::implicit(other)),
            };
        }
        let shown = self.decision.cause.as_ref().map(|cause| cause.kind);
        let by_rule = [PolicyKind::ServiceRule, PolicyKind::PublicAccessBlock];
        self.rule = self
            .rule
            .filter(|_| shown.is_some_and(|kind| by_rule.contains(&kind)));
    }

    /// Leaves out what the organization's policies say.
    fn close_organization(&mut self) {
        let of_organization = |kind| matches!(kind, PolicyKind::Scp | PolicyKind::Rcp);
        for policy in &mut self.policies {
            if of_organization(policy.kind) {
                policy.statements.clear();
                policy.other_statements = 0;
            }
        }
        if let Some(cause) = &mut self.decision.cause
            && of_organization(cause.kind)
        {
            cause.statement = None;
            cause.sid = None;
        }
    }
}
