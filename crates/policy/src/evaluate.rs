//! The decision.
use crate::decision::{Cause, Decision, PolicyKind};
use crate::{PolicySet, Request};

/// Decides a request. Only the outcome and the cause; [`crate::explain`] gives the reasons.
pub fn evaluate(_request: &Request<'_>, _policies: &PolicySet<'_>) -> Decision {
    Decision::denied(Cause::implicit(PolicyKind::Identity))
}
