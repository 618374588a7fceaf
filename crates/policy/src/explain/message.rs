//! The sentence that AWS tells a denied caller (specification 6.1), as far as a request alone determines it. Services that name their
//! resources in ways of their own, as IAM does, word theirs where they know them.

use crate::decision::{Decision, PolicyKind};
use crate::request::{PrincipalKind, Request};

/// What the sentence is made of besides the decision.
#[derive(Debug, Clone)]
pub(super) struct Sentence {
    caller: String,
    action: String,
    resource: String,
    same_account: bool,
    root: bool,
}

impl Sentence {
    pub(super) fn new(request: &Request<'_>, same_account: bool) -> Sentence {
        Sentence {
            caller: request.principal.arn.clone(),
            action: request.action.to_owned(),
            resource: request.resource.to_owned(),
            same_account,
            root: request.principal.kind == PrincipalKind::Root,
        }
    }

    /// None when the request is allowed.
    pub(super) fn of(&self, decision: &Decision) -> Option<String> {
        let cause = decision.cause.as_ref()?;
        let is = |names: &[&str]| {
            let (service, name) = self.action.split_once(':').unwrap_or(("", &self.action));
            service.eq_ignore_ascii_case("sts")
                && names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted))
        };
        let s3 = self.action.to_ascii_lowercase().starts_with("s3:");
        if s3 && !self.same_account {
            return Some("Access Denied".to_owned());
        }
        if is(&["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"]) {
            return Some(format!("Not authorized to perform {}", self.action));
        }
        let assumes = is(&["AssumeRole", "TagSession", "SetSourceIdentity"]);
        if assumes && self.root && cause.kind == PolicyKind::ServiceRule {
            return Some("Roles may not be assumed by root accounts.".to_owned());
        }
        let mut sentence = format!(
            "User: {} is not authorized to perform: {}",
            self.caller, self.action
        );
        if s3 && !self.action.eq_ignore_ascii_case("s3:ListAllMyBuckets") {
            sentence.push_str(&format!(" on resource: \"{}\"", self.resource));
        } else if !s3 {
            sentence.push_str(&format!(" on resource: {}", self.resource));
        }
        let theirs = matches!(
            cause.kind,
            PolicyKind::Trust | PolicyKind::Resource | PolicyKind::Rcp
        );
        if !assumes || !theirs || self.same_account {
            sentence.push_str(&decision.reason(&self.action));
        }
        Some(sentence)
    }
}
