//! The decision (section 5), and which cause is named for a denial (section 6.1).

use std::cell::RefCell;

use twinlock_policy::{Effect, Outcome, PolicyKind, PrincipalKind};

use crate::principal::{Strength, is_account, unsigned};
use crate::public::is_public;
use crate::statement::strongest;
use crate::text::Look;
use crate::{Case, Fault, LevelOf, Trace, Written};

/// The answer, and for a denial the kind of policy that is responsible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Allowed, or how denied.
    pub outcome: Outcome,
    /// The responsible kind, by the order of section 6.1.
    pub cause: Option<PolicyKind>,
}

impl Verdict {
    const ALLOWED: Verdict = Verdict {
        outcome: Outcome::Allowed,
        cause: None,
    };

    fn implicitly_denied(by: PolicyKind) -> Verdict {
        Verdict {
            outcome: Outcome::ImplicitlyDenied,
            cause: Some(by),
        }
    }
}

/// Decides a case, with one mistake if a fault is given, and counts in `trace` what it met.
pub fn decide(case: &Case, fault: Option<Fault>, trace: &RefCell<Trace>) -> Verdict {
    let look = Look { case, fault, trace };
    let caller = &case.principal;
    let asks = |action: &str| case.action.eq_ignore_ascii_case(action);

    // Step 0: what no policy gives or takes. Whoever has an account has signed.
    if asks("sts:GetCallerIdentity") && caller.account.is_some() {
        return Verdict::ALLOWED;
    }
    if asks("sts:GetSessionToken")
        && matches!(caller.kind, PrincipalKind::User | PrincipalKind::Root)
    {
        return Verdict::ALLOWED;
    }

    let documents = Applicable::of(&look);
    // Step 1: any matching Deny.
    if let Some(by) = documents.denied(&look) {
        return Verdict {
            outcome: Outcome::ExplicitlyDenied,
            cause: Some(by),
        };
    }
    // Step 0 again: a root user assumes no role, and no policy could mend that.
    let assumes = documents.resource_kind == PolicyKind::Trust || asks("sts:AssumeRole");
    if assumes && caller.kind == PrincipalKind::Root {
        return Verdict::implicitly_denied(PolicyKind::ServiceRule);
    }
    let mut missing = Vec::new();
    // Step 2: RCPFullAWSAccess sits on every level, so that only a Deny can count.
    // Step 3: each level of SCPs.
    if let Some(levels) = documents.scps
        && !levels_allow(&look, levels)
    {
        missing.push(PolicyKind::Scp);
    }
    // Step 4.
    if let Some(endpoint) = &case.endpoint
        && !look.wrong(Fault::EndpointIgnored)
        && !allow(&look, PolicyKind::Endpoint, endpoint)
    {
        missing.push(PolicyKind::Endpoint);
    }
    // Steps 5 to 10.
    missing.extend(missing_of_the_two_sides(&look, &documents));
    if look.wrong(Fault::CauseOrderReversed) {
        missing.reverse();
    }
    match missing.first() {
        Some(by) => Verdict::implicitly_denied(*by),
        None => Verdict::ALLOWED,
    }
}

/// The documents that have a say, by kind.
struct Applicable<'c> {
    scps: Option<&'c [LevelOf]>,
    rcps: Option<&'c [LevelOf]>,
    boundary: Option<&'c [Written]>,
    session: Option<&'c [Written]>,
    identity: &'c [Written],
    /// Whether the resource's policy is a role's trust policy or another.
    resource_kind: PolicyKind,
    same_account: bool,
}

impl<'c> Applicable<'c> {
    fn of(look: &Look<'c>) -> Applicable<'c> {
        let case = look.case;
        let caller = &case.principal;
        let linked = caller.service_linked && !look.wrong(Fault::ServiceLinkedBound);
        let management =
            case.principal_in_management_account && !look.wrong(Fault::ScpBindsManagement);
        // Step 3: of the principal's account, so nobody without an account is bound.
        let scp_binds = caller.account.is_some()
            && !unsigned(caller)
            && caller.kind != PrincipalKind::Service
            && !linked
            && !management;
        // Step 2: of the resource's account, whoever calls.
        let management =
            case.resource_in_management_account && !look.wrong(Fault::RcpBindsManagement);
        let overlooked = look.wrong(Fault::RcpIgnoredForAnonymous) && unsigned(caller);
        let rcp_binds = !linked && !management && !overlooked;
        let parts: Vec<&str> = case.resource.splitn(6, ':').collect();
        let role =
            matches!(parts[..], ["arn", _, "iam", _, _, resource] if resource.starts_with("role/"));
        let owner = case
            .resource_account
            .as_deref()
            .or_else(|| parts.get(4).copied().filter(|account| is_account(account)));
        Applicable {
            scps: case.scps.as_deref().filter(|_| scp_binds),
            rcps: case.rcps.as_deref().filter(|_| rcp_binds),
            boundary: case
                .boundary
                .as_deref()
                .filter(|_| !look.wrong(Fault::BoundaryIgnored)),
            session: case
                .session
                .as_deref()
                .filter(|_| !look.wrong(Fault::SessionIgnored)),
            identity: &case.identity,
            resource_kind: if case.must_admit && role {
                PolicyKind::Trust
            } else {
                PolicyKind::Resource
            },
            // A resource that names no account is the caller's own.
            same_account: owner.is_none() || owner == caller.account.as_deref(),
        }
    }

    /// Step 1, in the order of section 6.1. Root users, services and unsigned callers have no identity policies, boundaries and session
    /// policies; should one be given for them all the same, its Allows count for nothing (steps 8 to 10), and its Denies are in force.
    fn denied(&self, look: &Look<'_>) -> Option<PolicyKind> {
        let case = look.case;
        if deny(look, PolicyKind::Scp, of_levels(self.scps)) {
            return Some(PolicyKind::Scp);
        }
        if deny(look, PolicyKind::Rcp, of_levels(self.rcps)) {
            return Some(PolicyKind::Rcp);
        }
        if deny(look, PolicyKind::Endpoint, case.endpoint.iter().flatten()) {
            return Some(PolicyKind::Endpoint);
        }
        if deny(
            look,
            PolicyKind::Boundary,
            self.boundary.into_iter().flatten(),
        ) {
            return Some(PolicyKind::Boundary);
        }
        if deny(
            look,
            PolicyKind::Session,
            self.session.into_iter().flatten(),
        ) {
            return Some(PolicyKind::Session);
        }
        if deny(look, self.resource_kind, &case.resource_policy) {
            return Some(self.resource_kind);
        }
        if !look.wrong(Fault::IdentityDenyIgnored)
            && deny(look, PolicyKind::Identity, self.identity)
        {
            return Some(PolicyKind::Identity);
        }
        if self.public_access_blocked(look) {
            return Some(PolicyKind::PublicAccessBlock);
        }
        None
    }

    /// Section 5.7: a public bucket policy stops everybody but services and the owner's account.
    fn public_access_blocked(&self, look: &Look<'_>) -> bool {
        let case = look.case;
        let insider = case.principal.kind == PrincipalKind::Service
            || (self.same_account && case.principal.account.is_some());
        case.restrict_public_buckets
            && !look.wrong(Fault::RestrictPublicBucketsIgnored)
            && !insider
            && case
                .resource_policy
                .as_ref()
                .is_some_and(|written| is_public(&written.document))
    }
}

fn of_levels(levels: Option<&[LevelOf]>) -> impl Iterator<Item = &Written> {
    levels
        .into_iter()
        .flatten()
        .flat_map(|level| &level.policies)
}

fn deny<'w>(
    look: &Look<'_>,
    kind: PolicyKind,
    documents: impl IntoIterator<Item = &'w Written>,
) -> bool {
    documents
        .into_iter()
        .any(|written| strongest(look, kind, written, Effect::Deny) > Strength::None)
}

fn allow<'w>(
    look: &Look<'_>,
    kind: PolicyKind,
    documents: impl IntoIterator<Item = &'w Written>,
) -> bool {
    documents
        .into_iter()
        .any(|written| strongest(look, kind, written, Effect::Allow) > Strength::None)
}

/// Step 3: every level must have an Allow in some document of its own. No levels: not in an organization.
fn levels_allow(look: &Look<'_>, levels: &[LevelOf]) -> bool {
    if look.wrong(Fault::ScpLevelsUnited) {
        return levels.is_empty()
            || allow(
                look,
                PolicyKind::Scp,
                levels.iter().flat_map(|level| &level.policies),
            );
    }
    levels
        .iter()
        .all(|level| allow(look, PolicyKind::Scp, &level.policies))
}

/// Steps 5 to 10: which of boundary, session policy, resource policy and identity policy should have allowed and did not, in the
/// order of section 6.1.
fn missing_of_the_two_sides(look: &Look<'_>, documents: &Applicable<'_>) -> Vec<PolicyKind> {
    let case = look.case;
    let caller = &case.principal;
    let resource_kind = documents.resource_kind;
    let trust = resource_kind == PolicyKind::Trust;

    let granted = case
        .resource_policy
        .as_ref()
        .map_or(Strength::None, |written| {
            strongest(look, resource_kind, written, Effect::Allow)
        });
    // Section 5.7: an ACL's grant acts like one to the account. One that reaches an anonymous caller is for everybody.
    let acl = match caller.kind {
        _ if !case.acl_grant => Strength::None,
        PrincipalKind::Anonymous => Strength::Direct,
        _ => Strength::Account,
    };
    let granted = granted.max(acl);
    let unless = |granted: bool| {
        if granted {
            Vec::new()
        } else {
            vec![resource_kind]
        }
    };

    match caller.kind {
        // Steps 8 and 9, and section 5.2 for token bearers.
        PrincipalKind::Anonymous
        | PrincipalKind::Service
        | PrincipalKind::WebIdentity
        | PrincipalKind::Saml => {
            return unless(granted == Strength::Direct);
        }
        PrincipalKind::Root
        | PrincipalKind::User
        | PrincipalKind::RoleSession
        | PrincipalKind::FederatedUser => {}
    }

    let boundary = documents
        .boundary
        .is_none_or(|boundary| allow(look, PolicyKind::Boundary, boundary));
    // Section 5.3: a federated session without session policy has no permissions but what it is granted directly.
    let session = match documents.session {
        Some(session) => allow(look, PolicyKind::Session, session),
        None => {
            caller.kind != PrincipalKind::FederatedUser
                || look.wrong(Fault::FederatedWithoutPolicyHasAll)
        }
    };
    if caller.kind == PrincipalKind::Root {
        // Step 10. What limits a session that was made for the root user limits it; a role or a key must admit its own account's
        // root user like anybody else.
        let mut missing = Vec::new();
        if !session {
            missing.push(PolicyKind::Session);
        }
        let needed = !documents.same_account || case.must_admit;
        if needed && granted == Strength::None {
            missing.push(resource_kind);
        }
        return missing;
    }
    let identity = allow(look, PolicyKind::Identity, documents.identity);
    let must_admit = case.must_admit && !look.wrong(Fault::MustAdmitIgnored);

    // Which of the four must allow: boundary, session policy, resource policy, identity policy.
    let [by_boundary, by_session, by_resource, by_identity] = if documents.same_account {
        // Step 6.
        match granted {
            // Section 5.2: what a trust policy gives directly, the caller's boundary and session policy must allow all the same.
            Strength::Direct => {
                let boundary = trust && !look.wrong(Fault::TrustGrantLiftsBoundary);
                let session = trust && !look.wrong(Fault::TrustGrantLiftsSession);
                [boundary, session, false, false]
            }
            Strength::Entity => [true, true, false, false],
            Strength::Account | Strength::None => [true, true, must_admit, true],
        }
    } else {
        // Step 7: both sides, and nothing is lifted.
        let resource = !look.wrong(Fault::CrossAccountIdentityAlone);
        let identity = !look.wrong(Fault::CrossAccountResourceAlone);
        [true, true, resource, identity]
    };
    let mut missing = Vec::new();
    if by_boundary && !boundary {
        missing.push(PolicyKind::Boundary);
    }
    if by_session && !session {
        missing.push(PolicyKind::Session);
    }
    if by_resource && granted == Strength::None {
        missing.push(resource_kind);
    }
    if by_identity && !identity {
        missing.push(PolicyKind::Identity);
    }
    missing
}
