//! What a denied caller sees (`policy-evaluation` section 6.1): one sentence, in the words of each service.

use std::sync::LazyLock;

use twinlock_directory::AccountId;
use twinlock_policy::{Cause, Decision, Policy, PolicyKind, PolicySet, Source, evaluate};
use twinlock_wire::fault::Fault;

use crate::{attempt::Cx, authorization_message, needs::Need};

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
        let message = match &*need.action {
            _ if need.proven.is_some() => format!("Not authorized to perform {}", need.action),
            _ if need.action.starts_with("s3:") => s3(need, &decision, cx),
            "sts:AssumeRole" | "sts:TagSession" | "sts:SetSourceIdentity" => {
                assume(need, &decision, cx)
            }
            _ if need.action.starts_with("organizations:") && not_theirs(need, &decision, cx) => {
                "You don't have permissions to access this resource.".to_owned()
            }
            "sts:AssumeRoleWithWebIdentity" | "sts:AssumeRoleWithSAML" => {
                format!("Not authorized to perform {}", need.action)
            }
            _ if need.action.starts_with("twinlock:") => own(need, &decision, cx),
            _ => sentence(need, &need.resource, cx) + &decision.reason(&need.action),
        };
        let mut fault = Fault::new("AccessDenied", 403, message);
        fault.denied = Some(Box::new((need.action.to_string(), need.resource.clone())));
        Self {
            action: need.action.to_string(),
            resource: need.resource.clone(),
            fault,
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

/// The service of Twinlock's own says the rest as EC2 does: sealed, for sts:DecodeAuthorizationMessage.
fn own(need: &Need, decision: &Decision, cx: &Cx<'_>) -> String {
    let told = sentence(need, &need.resource, cx) + &decision.reason(&need.action);
    match authorization_message::encode(need, cx) {
        Ok(message) => format!("{told}. Encoded authorization failure message: {message}"),
        Err(_) => told,
    }
}

/// Whether a member account asked for what only the management account and its delegates may do.
fn not_theirs(need: &Need, decision: &Decision, cx: &Cx<'_>) -> bool {
    let silent = |cause: &Cause| cause.kind == PolicyKind::Resource && !cause.explicit;
    need.owner.is_some()
        && need.owner != cx.caller.who.account()
        && decision.cause.as_ref().is_some_and(silent)
}

/// S3 quotes the resource, and tells callers of foreign accounts and anonymous ones nothing; accounts of one organization are
/// not foreign to each other.
fn s3(need: &Need, decision: &Decision, cx: &Cx<'_>) -> String {
    let same = match (cx.caller.who.account(), need.owner) {
        (Some(caller), Some(owner)) => caller == owner || same_organization(cx, caller, owner),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if !same {
        return "Access Denied".into();
    }
    let quoted = format!("\"{}\"", need.resource);
    sentence(need, &quoted, cx) + &decision.reason(&need.action)
}

fn same_organization(cx: &Cx<'_>, one: AccountId, other: AccountId) -> bool {
    let id = |account| {
        let place = cx.snapshot.organization_of(&account)?;
        Some(&place.organization.id)
    };
    id(one).is_some_and(|one| Some(one) == id(other))
}

/// AssumeRole gives a reason when it lies on the caller's own side, or within one account; what another account's trust policy
/// says, or whether the role is there at all, is that account's own business.
fn assume(need: &Need, decision: &Decision, cx: &Cx<'_>) -> String {
    let told = sentence(need, &need.resource, cx);
    if need.owner == cx.caller.who.account() {
        return told + &decision.reason(&need.action);
    }
    // The sentence must not depend on the other account: it tells what the caller's own side says of a role of which nothing is
    // known and that lets everyone in. Else a policy of the caller's own with a condition on a role's tags would read them.
    let own_side = cx.ask(&need.untagged(), |request, policies| {
        evaluate(
            request,
            &PolicySet {
                resource: Some(open_door()),
                rcps: None,
                ..policies.clone()
            },
        )
    });
    told + &own_side.reason(&need.action)
}

/// A trust policy that lets everyone in.
fn open_door() -> Source<'static> {
    static OPEN: LazyLock<Policy> = LazyLock::new(|| {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}"#;
        // INVARIANT: the constant text is a policy; a test calls this.
        #[allow(clippy::expect_used, reason = "the constant text is a policy")]
        Policy::parse(text).expect("a policy")
    });
    Source {
        policy: &OPEN,
        name: "",
        arn: None,
        attached_to: "",
    }
}
