//! What a denied caller sees (`policy-evaluation` section 6.1): one sentence, in the words of each service.

use twinlock_policy::{Cause, Decision, Outcome, PolicyKind};
use twinlock_wire::fault::Fault;

use crate::{attempt::Cx, caller::Who, needs::Need};

/// A need that was not allowed, for the answer and for the audit event.
#[derive(Debug)]
pub struct Denial {
    /// The action that was refused.
    pub action: String,
    /// The resource it was asked on.
    pub resource: String,
    /// Why, if an evaluation said so; none: the operation has no rule.
    pub decision: Option<Decision>,
    fault: Fault,
}

impl Denial {
    /// The answer.
    pub fn fault(self) -> Fault {
        self.fault
    }

    /// An operation without needs: the deny by default of the pipeline itself.
    pub(crate) fn no_rule(operation: &'static str) -> Self {
        Self {
            action: operation.to_owned(),
            resource: String::new(),
            decision: None,
            fault: Fault::new("AccessDenied", 403, "Access Denied"),
        }
    }

    pub(crate) fn of(need: &Need, decision: Decision, cx: &Cx<'_>) -> Self {
        let message = match need.action {
            _ if need.action.starts_with("s3:") => s3(need, &decision, cx),
            "sts:AssumeRole" | "sts:TagSession" | "sts:SetSourceIdentity" => {
                assume(need, &decision, cx)
            }
            "sts:AssumeRoleWithWebIdentity" | "sts:AssumeRoleWithSAML" => {
                format!("Not authorized to perform {}", need.action)
            }
            _ => sentence(need, &need.resource, cx) + &decision.reason(need.action),
        };
        Self {
            action: need.action.to_owned(),
            resource: need.resource.clone(),
            fault: Fault::new("AccessDenied", 403, message),
            decision: Some(decision),
        }
    }
}

/// `User: ARN is not authorized to perform: ACTION on resource: RESOURCE`.
fn sentence(need: &Need, resource: &str, cx: &Cx<'_>) -> String {
    let who = &cx.principal().arn;
    match need.shown.as_deref() {
        Some("") => format!("User: {who} is not authorized to perform: {}", need.action),
        Some(shown) => {
            format!(
                "User: {who} is not authorized to perform: {} on resource: {shown}",
                need.action
            )
        }
        None => {
            format!(
                "User: {who} is not authorized to perform: {} on resource: {resource}",
                need.action
            )
        }
    }
}

/// S3 quotes the resource, and tells callers of other accounts and anonymous ones nothing.
fn s3(need: &Need, decision: &Decision, cx: &Cx<'_>) -> String {
    let same = match (cx.caller.who.account(), need.owner) {
        (Some(caller), Some(owner)) => caller == owner,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if !same {
        return "Access Denied".into();
    }
    let quoted = format!("\"{}\"", need.resource);
    sentence(need, &quoted, cx) + &decision.reason(need.action)
}

/// AssumeRole gives a reason when it lies on the caller's own side, or within one account; what another account's trust
/// policy says is that account's own business.
fn assume(need: &Need, decision: &Decision, cx: &Cx<'_>) -> String {
    if matches!(cx.caller.who, Who::Root(_)) && need.action == "sts:AssumeRole" {
        return "Roles may not be assumed by root accounts.".into();
    }
    let told = sentence(need, &need.resource, cx);
    let same_account = need.owner == cx.caller.who.account();
    match &decision.cause {
        Some(Cause {
            kind: PolicyKind::Resource | PolicyKind::Rcp,
            ..
        }) if !same_account => told,
        Some(Cause {
            kind: PolicyKind::Resource,
            ..
        }) => match decision.outcome {
            Outcome::ExplicitlyDenied => told + " with an explicit deny in the role trust policy",
            _ => format!(
                "{told} because no role trust policy allows the {} action",
                need.action
            ),
        },
        _ => told + &decision.reason(need.action),
    }
}
