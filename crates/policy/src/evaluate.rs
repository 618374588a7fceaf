//! The decision (specification 5): first whatever denies, then whether everything that must allow does.

#[cfg(test)]
mod allocations;

use crate::arn::Arn;
use crate::decision::{Cause, Decision, PolicyKind};
use crate::document::Effect;
use crate::principal::{Strength, is_account_id, is_in_account};
use crate::question::Question;
use crate::request::{Level, PolicySet, PrincipalKind, Request, ResourceRule, Source};

/// Decides a request. Only the outcome and the cause; [`crate::explain`] gives the reasons. Allocates nothing when it allows.
pub fn evaluate(request: &Request<'_>, policies: &PolicySet<'_>) -> Decision {
    let question = Question::new(request, policies);
    Case::new(request, &question, policies).decide()
}

/// A request with the documents that apply to it.
pub(crate) struct Case<'r, 'a> {
    question: &'r Question<'a>,
    policies: &'r PolicySet<'a>,
    /// The resource belongs to the caller's account.
    pub(crate) same_account: bool,
    /// The SCPs that restrict this caller.
    pub(crate) scps: &'r [Level<'a>],
    /// The RCPs that restrict this resource for this caller.
    pub(crate) rcps: &'r [Level<'a>],
}

/// What should have allowed and did not; for SCPs, on which level.
struct Missing<'r>(PolicyKind, Option<&'r str>);

impl From<PolicyKind> for Missing<'_> {
    fn from(kind: PolicyKind) -> Self {
        Missing(kind, None)
    }
}

fn must(allows: bool, kind: PolicyKind) -> Result<(), PolicyKind> {
    if allows { Ok(()) } else { Err(kind) }
}

impl<'r, 'a> Case<'r, 'a> {
    pub(crate) fn new(
        request: &Request<'_>,
        question: &'r Question<'a>,
        policies: &'r PolicySet<'a>,
    ) -> Case<'r, 'a> {
        let principal = question.principal;
        let in_account = is_in_account(principal.kind);
        let levels = |levels: &'r Option<Vec<Level<'a>>>, restrict: bool| {
            let levels = levels.as_deref().filter(|_| restrict);
            levels.unwrap_or_default()
        };
        Case {
            question,
            policies,
            same_account: in_account && is_own(request),
            scps: levels(
                &policies.scps,
                in_account
                    && !principal.service_linked
                    && !policies.principal_in_management_account,
            ),
            rcps: levels(
                &policies.rcps,
                !principal.service_linked && !policies.resource_in_management_account,
            ),
        }
    }

    fn decide(&self) -> Decision {
        if self.needs_no_permission() {
            return Decision::ALLOWED;
        }
        if let Some(cause) = self.explicit_deny() {
            return Decision::denied(cause);
        }
        match self.missing_allow() {
            Ok(()) => Decision::ALLOWED,
            Err(Missing(kind, level)) => Decision::denied(Cause {
                attached_to: level.map(str::to_owned),
                ..Cause::implicit(kind)
            }),
        }
    }

    /// Step 0: calls that need no permission and that nobody can forbid.
    pub(crate) fn needs_no_permission(&self) -> bool {
        use PrincipalKind::{Root, User};
        let kind = self.question.principal.kind;
        match self.question.action_lower() {
            "sts:getcalleridentity" => is_in_account(kind),
            "sts:getsessiontoken" => matches!(kind, Root | User),
            _ => false,
        }
    }

    /// Step 0, too: a root user assumes no role.
    pub(crate) fn is_root_assuming(&self) -> bool {
        self.question.principal.kind == PrincipalKind::Root
            && (self.question.trust || self.question.action_lower() == "sts:assumerole")
    }

    /// Whether Block Public Access shuts this caller out of a public bucket policy (5.7).
    pub(crate) fn public_access_is_blocked(&self) -> bool {
        self.policies.restrict_public_buckets
            && !self.same_account
            && self.question.principal.kind != PrincipalKind::Service
            && self
                .policies
                .resource
                .as_ref()
                .is_some_and(|source| crate::is_public(source.policy))
    }

    /// Step 1: a matching Deny in any document that applies.
    fn explicit_deny(&self) -> Option<Cause> {
        let policies = self.policies;
        let on_levels = |levels: &[Level<'_>], kind| {
            let mut levels = levels.iter();
            levels.find_map(|level| self.deny_in(&level.policies, kind))
        };
        let among = |sources: &Option<Vec<Source<'_>>>, kind| {
            let sources = sources.as_deref();
            self.deny_in(sources.unwrap_or_default(), kind)
        };
        on_levels(self.scps, PolicyKind::Scp)
            .or_else(|| on_levels(self.rcps, PolicyKind::Rcp))
            .or_else(|| among(&policies.endpoint, PolicyKind::Endpoint))
            .or_else(|| among(&policies.boundary, PolicyKind::Boundary))
            .or_else(|| among(&policies.session, PolicyKind::Session))
            .or_else(|| self.deny_in(policies.resource.as_slice(), self.question.resource_kind()))
            .or_else(|| self.deny_in(&policies.identity, PolicyKind::Identity))
            .or_else(|| {
                self.public_access_is_blocked().then(|| Cause {
                    explicit: true,
                    ..Cause::implicit(PolicyKind::PublicAccessBlock)
                })
            })
    }

    /// The first matching Deny of the documents.
    fn deny_in(&self, sources: &[Source<'_>], kind: PolicyKind) -> Option<Cause> {
        sources.iter().find_map(|source| {
            let denies = source.policy.candidates(Effect::Deny, self.question);
            let matching = denies.filter(|(_, rule)| rule.matches(self.question, kind).is_ok());
            let first = matching.map(|(position, _)| position).min()?;
            Some(self.denied_by(source, first, kind))
        })
    }

    fn denied_by(&self, source: &Source<'_>, statement: usize, kind: PolicyKind) -> Cause {
        let account = self.question.principal.account.as_deref();
        let own = |arn: &str| Arn::parse(arn).is_some_and(|arn| account == Some(arn.account));
        let written = source.policy.document().statements().get(statement);
        Cause {
            explicit: true,
            policy_name: Some(source.name.to_owned()),
            policy_arn: source.arn.map(str::to_owned),
            attached_to: Some(source.attached_to.to_owned()),
            statement: Some(statement),
            sid: written
                .and_then(|statement| statement.sid.as_ref())
                .map(|sid| sid.value.clone()),
            arn_shown: kind == PolicyKind::Scp || source.arn.is_some_and(own),
            ..Cause::implicit(kind)
        }
    }

    /// How strongly the documents allow together; those that name no principals allow directly.
    fn allow(&self, sources: &[Source<'_>], kind: PolicyKind) -> Strength {
        let mut strongest = Strength::None;
        for source in sources {
            for (_, rule) in source.policy.candidates(Effect::Allow, self.question) {
                if let Ok(strength) = rule.matches(self.question, kind) {
                    strongest = strongest.max(strength);
                    if strongest == Strength::Direct {
                        return strongest;
                    }
                }
            }
        }
        strongest
    }

    fn allows(&self, sources: &[Source<'_>], kind: PolicyKind) -> bool {
        self.allow(sources, kind) > Strength::None
    }

    /// Documents that limit must allow where there are any.
    fn within(
        &self,
        sources: &Option<Vec<Source<'_>>>,
        kind: PolicyKind,
    ) -> Result<(), PolicyKind> {
        let allows = |sources: &Vec<_>| self.allows(sources, kind);
        must(sources.as_ref().is_none_or(allows), kind)
    }

    /// Steps 2 to 4. RCPFullAWSAccess sits on every level and cannot go, so that RCPs never miss an Allow.
    fn missing_allow(&self) -> Result<(), Missing<'r>> {
        // Named first, since no Allow anywhere could mend it.
        if self.is_root_assuming() {
            return Err(PolicyKind::ServiceRule.into());
        }
        for level in self.scps {
            if !self.allows(&level.policies, PolicyKind::Scp) {
                return Err(Missing(PolicyKind::Scp, Some(level.target)));
            }
        }
        self.within(&self.policies.endpoint, PolicyKind::Endpoint)?;
        Ok(self.granted()?)
    }

    /// Steps 5 to 10: who must grant depends on who asks whom.
    fn granted(&self) -> Result<(), PolicyKind> {
        use PrincipalKind::{
            Anonymous, FederatedUser, RoleSession, Root, Saml, Service, User, WebIdentity,
        };
        let resource = self.question.resource_kind();
        match self.question.principal.kind {
            Root => {
                self.within(&self.policies.session, PolicyKind::Session)?;
                let needs_grant = !self.same_account || self.must_admit();
                must(!needs_grant || self.grant() >= Strength::Account, resource)
            }
            Anonymous | Service | WebIdentity | Saml => {
                must(self.grant() == Strength::Direct, resource)
            }
            User | RoleSession | FederatedUser if self.same_account => self.granted_in_account(),
            User | RoleSession | FederatedUser => {
                self.within_own_limits()?;
                must(self.grant() > Strength::None, resource)?;
                self.identity_allows()
            }
        }
    }

    /// Step 6, and 5.2 for roles.
    fn granted_in_account(&self) -> Result<(), PolicyKind> {
        let grant = self.grant();
        if grant == Strength::Direct {
            // Boundary and session policies do not limit what a resource policy gives directly, but for assuming a role: what
            // confines a caller would end with the first role whose trust policy says "everybody in the organization".
            return if self.question.trust {
                self.within_own_limits()
            } else {
                Ok(())
            };
        }
        self.within_own_limits()?;
        if grant == Strength::Entity {
            return Ok(());
        }
        let admitted = grant == Strength::Account || !self.must_admit();
        must(admitted, self.question.resource_kind())?;
        self.identity_allows()
    }

    /// Boundary and session policies. GetFederationToken without a session policy gives no permissions of the user.
    fn within_own_limits(&self) -> Result<(), PolicyKind> {
        let federated = self.question.principal.kind == PrincipalKind::FederatedUser;
        self.within(&self.policies.boundary, PolicyKind::Boundary)?;
        must(
            !(federated && self.policies.session.is_none()),
            PolicyKind::Session,
        )?;
        self.within(&self.policies.session, PolicyKind::Session)
    }

    fn identity_allows(&self) -> Result<(), PolicyKind> {
        let allows = self.allows(&self.policies.identity, PolicyKind::Identity);
        must(allows, PolicyKind::Identity)
    }

    fn must_admit(&self) -> bool {
        self.policies.resource_rule == ResourceRule::MustAdmit
    }

    /// What the resource's side grants: its policy, or an ACL, which is worth the caller's account, and for an unsigned call can
    /// only be one to everybody.
    fn grant(&self) -> Strength {
        let granted = self.allow(
            self.policies.resource.as_slice(),
            self.question.resource_kind(),
        );
        let acl = match self.question.principal.kind {
            _ if !self.policies.acl_grant => Strength::None,
            PrincipalKind::Anonymous => Strength::Direct,
            _ => Strength::Account,
        };
        granted.max(acl)
    }
}

/// Whether the resource belongs to the caller's account. Where neither the request nor the ARN says whose it is, it is the caller's,
/// as AWS's own simulator has it.
fn is_own(request: &Request<'_>) -> bool {
    let named = || {
        let arn = Arn::parse(request.resource)?;
        is_account_id(arn.account).then_some(arn.account)
    };
    let owner = request.resource_account.or_else(named);
    owner.is_none_or(|owner| request.principal.account.as_deref() == Some(owner))
}

// Its tests ask the second evaluator too, and stand with it: spec/tests/it/tables.
