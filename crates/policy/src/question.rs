//! What is asked, made ready once for all documents: lower-cased, hashed, cut into parts.

use crate::arn;
use crate::compile::{Hash, service_bit};
use crate::decision::PolicyKind;
use crate::request::{Context, PolicySet, Principal, Request, ResourceRule};

/// Room for every action name of AWS; longer ones are kept on the heap.
const ACTION_BYTES_INLINE: usize = 96;

/// A request made ready.
pub(crate) struct Question<'a> {
    /// As it was written.
    pub(crate) action: &'a str,
    /// In lower case: here, or when it has no room here, in `long`.
    inline: [u8; ACTION_BYTES_INLINE],
    long: Option<String>,
    colon: usize,
    pub(crate) action_hash: u64,
    pub(crate) service_hash: u64,
    pub(crate) service_bit: u64,
    pub(crate) resource: &'a str,
    /// The six parts of the resource's ARN; none for `*`.
    pub(crate) parts: Option<[&'a str; 6]>,
    pub(crate) principal: &'a Principal,
    pub(crate) context: &'a dyn Context,
    /// Whoever has a permissions boundary is hit by every NotPrincipal + Deny.
    pub(crate) has_boundary: bool,
    /// The resource policy is the trust policy of the role to be assumed.
    pub(crate) trust: bool,
}

impl<'a> Question<'a> {
    pub(crate) fn new(request: &Request<'a>, policies: &PolicySet<'_>) -> Question<'a> {
        let action = request.action;
        let mut inline = [0; ACTION_BYTES_INLINE];
        let long = match inline.get_mut(..action.len()) {
            Some(room) => {
                room.copy_from_slice(action.as_bytes());
                room.make_ascii_lowercase();
                None
            }
            None => Some(action.to_ascii_lowercase()),
        };
        let mut question = Question {
            action,
            inline,
            long,
            colon: action.find(':').unwrap_or(action.len()),
            action_hash: 0,
            service_hash: 0,
            service_bit: 0,
            resource: request.resource,
            parts: arn::split(request.resource),
            principal: request.principal,
            context: request.context,
            has_boundary: policies.boundary.is_some(),
            trust: false,
        };
        let service = Hash::START.over(question.service());
        question.service_hash = service.get();
        question.service_bit = service_bit(question.service_hash);
        question.action_hash = service
            .over(&question.action_lower()[question.colon..])
            .get();
        question.trust =
            policies.resource_rule == ResourceRule::MustAdmit && question.service() == "sts";
        question
    }

    /// The action in lower case.
    pub(crate) fn action_lower(&self) -> &str {
        match &self.long {
            Some(long) => long,
            // INVARIANT: lower-casing ASCII in place keeps valid UTF-8 valid, so this is never empty for want of it.
            None => std::str::from_utf8(&self.inline[..self.action.len()]).unwrap_or(""),
        }
    }

    /// The role the resource policy plays.
    pub(crate) fn resource_kind(&self) -> PolicyKind {
        if self.trust {
            PolicyKind::Trust
        } else {
            PolicyKind::Resource
        }
    }

    /// What stands before the action's first colon.
    pub(crate) fn service(&self) -> &str {
        self.action_lower().get(..self.colon).unwrap_or("")
    }

    /// What stands behind it.
    pub(crate) fn name(&self) -> &str {
        self.action_lower().get(self.colon + 1..).unwrap_or("")
    }
}
