//! The decision (specification 5): explicit denies first, then each kind of policy that limits, then what grants.

use crate::arn::Arn;
use crate::decision::{Cause, Decision, PolicyKind};
use crate::principal::{Strength, is_account_id};
use crate::request::{Level, PolicySet, Principal, PrincipalKind, Request, ResourceRule, Source};
use crate::scan::{Asked, Part};

/// Decides a request. Only the outcome and the cause; [`crate::explain`] gives the reasons. Allocates nothing when it allows.
pub fn evaluate(request: &Request<'_>, policies: &PolicySet<'_>) -> Decision {
    let asked = Asked::new(request, policies.boundary.is_some());
    if always_allowed(&asked) {
        return Decision::ALLOWED;
    }
    let facts = Facts::new(request, &asked, policies);
    match facts.judge() {
        Ok(()) => Decision::ALLOWED,
        Err(cause) => Decision::denied(*cause),
    }
}

/// Calls that need no permission and that none can take away.
pub(crate) fn always_allowed(asked: &Asked<'_>) -> bool {
    use PrincipalKind::{FederatedUser, RoleSession, Root, User};
    match asked.action() {
        "sts:getcalleridentity" => matches!(
            asked.principal.kind,
            Root | User | RoleSession | FederatedUser
        ),
        "sts:getsessiontoken" => matches!(asked.principal.kind, Root | User),
        _ => false,
    }
}

/// What the documents of one kind say together.
#[derive(Debug, Clone, Copy)]
struct Together {
    deny: Option<(usize, usize)>,
    allows: bool,
}

/// The relation between caller and resource, and which documents apply.
pub(crate) struct Facts<'r, 'a> {
    asked: &'r Asked<'a>,
    policies: &'r PolicySet<'a>,
    pub(crate) same_account: bool,
    pub(crate) scps: Option<&'r [Level<'a>]>,
    pub(crate) rcps: Option<&'r [Level<'a>]>,
    /// The resource policy is a role's trust policy.
    pub(crate) trust: bool,
}

type Verdict = Result<(), Box<Cause>>;

fn silent(kind: PolicyKind) -> Verdict {
    Err(Box::new(Cause::implicit(kind)))
}

fn must(allows: bool, kind: PolicyKind) -> Verdict {
    if allows { Ok(()) } else { silent(kind) }
}

impl<'r, 'a> Facts<'r, 'a> {
    pub(crate) fn new(
        request: &Request<'a>,
        asked: &'r Asked<'a>,
        policies: &'r PolicySet<'a>,
    ) -> Facts<'r, 'a> {
        use PrincipalKind::{FederatedUser, RoleSession, Root, User};
        let principal = request.principal;
        let in_account = matches!(principal.kind, Root | User | RoleSession | FederatedUser);
        let scps_apply =
            in_account && !principal.service_linked && !policies.principal_in_management_account;
        let rcps_apply = !principal.service_linked && !policies.resource_in_management_account;
        Facts {
            asked,
            policies,
            same_account: in_account && is_own(request, principal),
            scps: policies.scps.as_deref().filter(|_| scps_apply),
            rcps: policies.rcps.as_deref().filter(|_| rcps_apply),
            trust: policies.resource_rule == ResourceRule::MustAdmit && asked.service() == "sts",
        }
    }

    pub(crate) fn resource_kind(&self) -> PolicyKind {
        if self.trust {
            PolicyKind::Trust
        } else {
            PolicyKind::Resource
        }
    }

    /// Whether Block Public Access shuts this caller out of a public bucket policy.
    pub(crate) fn public_access_is_blocked(&self) -> bool {
        self.policies.restrict_public_buckets
            && !self.same_account
            && self.asked.principal.kind != PrincipalKind::Service
            && self
                .policies
                .resource
                .as_ref()
                .is_some_and(|source| crate::is_public(source.policy))
    }

    fn judge(&self) -> Verdict {
        let policies = self.policies;
        // One pass over each document tells both its denies and its allows; denies of any kind come before silence of any kind.
        // A level's silence is remembered until all denies are known.
        let mut silent_level = None;
        for level in self.scps.unwrap_or_default() {
            let said = self.together(&level.policies, Part::Scp);
            self.not_denied(said.deny, &level.policies, PolicyKind::Scp)?;
            if !said.allows && silent_level.is_none() {
                silent_level = Some(level.target);
            }
        }
        for level in self.rcps.unwrap_or_default() {
            // RCPFullAWSAccess sits on every level and cannot go, so only a Deny counts.
            let said = self.together(&level.policies, Part::Rcp);
            self.not_denied(said.deny, &level.policies, PolicyKind::Rcp)?;
        }
        let endpoint = self.limit(
            policies.endpoint.as_deref(),
            Part::Endpoint,
            PolicyKind::Endpoint,
        )?;
        let boundary = self.limit(
            policies.boundary.as_deref(),
            Part::Boundary,
            PolicyKind::Boundary,
        )?;
        let session = self.limit(
            policies.session.as_deref(),
            Part::Session,
            PolicyKind::Session,
        )?;
        let mut grant = if policies.acl_grant {
            self.acl_strength()
        } else {
            Strength::None
        };
        if let Some(source) = &policies.resource {
            let said = source.policy.say(self.asked, Part::Resource);
            let deny = said.deny.map(|statement| (0, statement));
            self.not_denied(deny, std::slice::from_ref(source), self.resource_kind())?;
            grant = grant.max(said.allow);
        }
        if self.public_access_is_blocked() {
            return Err(Box::new(Cause {
                explicit: true,
                ..Cause::implicit(PolicyKind::PublicAccessBlock)
            }));
        }
        let identity = self.together(&policies.identity, Part::Identity);
        self.not_denied(identity.deny, &policies.identity, PolicyKind::Identity)?;

        if let Some(target) = silent_level {
            let cause = Cause::implicit(PolicyKind::Scp);
            return Err(Box::new(Cause {
                attached_to: Some(target.to_owned()),
                ..cause
            }));
        }
        must(endpoint, PolicyKind::Endpoint)?;
        self.grant(&Grants {
            boundary,
            session,
            grant,
            identity: identity.allows,
        })
    }

    /// An ACL's grant is worth the caller's account; for an unsigned call it can only be one to everybody.
    fn acl_strength(&self) -> Strength {
        if self.asked.principal.kind == PrincipalKind::Anonymous {
            Strength::Direct
        } else {
            Strength::Account
        }
    }

    fn grant(&self, said: &Grants) -> Verdict {
        use PrincipalKind::{
            Anonymous, FederatedUser, RoleSession, Root, Saml, Service, User, WebIdentity,
        };
        let resource = self.resource_kind();
        match self.asked.principal.kind {
            Root if self.trust => silent(PolicyKind::ServiceRule),
            Root => {
                must(said.session, PolicyKind::Session)?;
                let needed =
                    !self.same_account || self.policies.resource_rule == ResourceRule::MustAdmit;
                must(!needed || said.grant >= Strength::Account, resource)
            }
            Anonymous | Service | WebIdentity | Saml => {
                must(said.grant == Strength::Direct, resource)
            }
            User | RoleSession | FederatedUser if self.same_account => self.grant_in_account(said),
            User | RoleSession | FederatedUser => {
                must(said.boundary, PolicyKind::Boundary)?;
                must(self.session_allows(said), PolicyKind::Session)?;
                must(said.grant > Strength::None, resource)?;
                must(said.identity, PolicyKind::Identity)
            }
        }
    }

    fn grant_in_account(&self, said: &Grants) -> Verdict {
        if said.grant == Strength::Direct {
            // Boundaries and session policies do not limit what a resource policy gives directly; assuming a role is the exception.
            return must(!self.trust || said.boundary, PolicyKind::Boundary);
        }
        must(said.boundary, PolicyKind::Boundary)?;
        must(self.session_allows(said), PolicyKind::Session)?;
        if said.grant == Strength::Entity {
            return Ok(());
        }
        let admitted = self.policies.resource_rule == ResourceRule::Ordinary
            || said.grant == Strength::Account;
        must(admitted, self.resource_kind())?;
        must(said.identity, PolicyKind::Identity)
    }

    /// GetFederationToken without a session policy gives credentials without permissions of the user.
    fn session_allows(&self, said: &Grants) -> bool {
        let federated = self.asked.principal.kind == PrincipalKind::FederatedUser;
        said.session && !(federated && self.policies.session.is_none())
    }

    /// Whether documents that limit allow; they do when there are none.
    fn limit(
        &self,
        sources: Option<&[Source<'a>]>,
        part: Part,
        kind: PolicyKind,
    ) -> Result<bool, Box<Cause>> {
        let Some(sources) = sources else {
            return Ok(true);
        };
        let said = self.together(sources, part);
        self.not_denied(said.deny, sources, kind)?;
        Ok(said.allows)
    }

    fn together(&self, sources: &[Source<'a>], part: Part) -> Together {
        let mut together = Together {
            deny: None,
            allows: false,
        };
        for (position, source) in sources.iter().enumerate() {
            let said = source.policy.say(self.asked, part);
            together.allows |= said.allow > Strength::None;
            if let Some(statement) = said.deny {
                together.deny = Some((position, statement));
                break;
            }
        }
        together
    }

    fn not_denied(
        &self,
        deny: Option<(usize, usize)>,
        sources: &[Source<'a>],
        kind: PolicyKind,
    ) -> Verdict {
        let Some((source, statement)) = deny else {
            return Ok(());
        };
        let source = &sources[source];
        let account = self.asked.principal.account.as_deref();
        let own = |arn: &str| Arn::parse(arn).is_some_and(|arn| account == Some(arn.account));
        let sid = source
            .policy
            .document()
            .statements()
            .get(statement)
            .and_then(|statement| statement.sid.as_ref());
        Err(Box::new(Cause {
            explicit: true,
            policy_name: Some(source.name.to_owned()),
            policy_arn: source.arn.map(str::to_owned),
            attached_to: Some(source.attached_to.to_owned()),
            statement: Some(statement),
            sid: sid.map(|sid| sid.value.clone()),
            arn_shown: kind == PolicyKind::Scp || source.arn.is_some_and(own),
            ..Cause::implicit(kind)
        }))
    }
}

/// What remains to decide on when nothing denies.
struct Grants {
    boundary: bool,
    session: bool,
    grant: Strength,
    identity: bool,
}

/// Whether the resource belongs to the caller's account. ARNs without account id, and those of AWS itself, count as the caller's own
/// when nobody says whose they are.
fn is_own(request: &Request<'_>, principal: &Principal) -> bool {
    let owner = match request.resource_account {
        Some(account) => Some(account),
        None => Arn::parse(request.resource)
            .map(|arn| arn.account)
            .filter(|account| is_account_id(account)),
    };
    owner.is_none_or(|owner| principal.account.as_deref() == Some(owner))
}

#[cfg(test)]
mod tests;
