//! Decisions as the simulator shows them: one result an action, a part of it for each resource, and the place of every
//! statement that made the decision.

use twinlock_directory::{AccountId, Entity};
use twinlock_gate::{Cx, Fault, Need, ResourcePolicy, Simulation};
use twinlock_policy::{
    Effect, Examined, Explanation, Level, Outcome, Policy, PolicyKind, PolicySet, Request,
    ResourceRule, Says, Source, arn::Arn, context_keys, evaluate, explain, facts,
};
use twinlock_shapes::iam as shapes;

use super::questions::{Given, Questions};
use crate::iam::common::{Cursor, Page};

/// The most (action, resource) pairs decided for one page; a page ends early rather than go on longer.
const PAIRS_PER_PAGE_MAX: usize = 1000;

/// One page of results, an item for each action.
///
/// # Errors
/// `ValidationError` for a marker that is not ours.
pub(super) fn page(
    simulation: &Simulation<'_>,
    questions: &Questions<'_>,
    marker: Option<&str>,
    max_items: Option<i32>,
    cx: &Cx<'_>,
) -> Result<Page<shapes::EvaluationResult>, Fault> {
    let most = PAIRS_PER_PAGE_MAX.div_ceil(questions.resources.len().max(1));
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    let cursor = Cursor::new(marker, Some(max_items.map_or(most, |n| n.min(most))))?;
    let numbered = questions.actions.iter().enumerate();
    let page = cursor.page(numbered, |(position, _)| format!("{position:08}"));
    Ok(page.map(|(_, action)| result(simulation, questions, action, cx)))
}

/// What was decided of one action on one resource.
struct Verdict {
    outcome: Outcome,
    statements: Vec<shapes::Statement>,
    missing: Vec<String>,
    boundary: Option<bool>,
    organization: Option<bool>,
    /// What each kind of policy says, of a request into another account.
    details: Vec<(String, String)>,
}

fn result(
    simulation: &Simulation<'_>,
    questions: &Questions<'_>,
    action: &str,
    cx: &Cx<'_>,
) -> shapes::EvaluationResult {
    let verdicts: Vec<(&str, Verdict)> = questions
        .resources
        .iter()
        .map(|resource| {
            (
                *resource,
                verdict(simulation, questions, action, resource, cx),
            )
        })
        .collect();
    let outcome = verdicts
        .iter()
        .map(|(_, verdict)| verdict.outcome)
        .max_by_key(|outcome| strictness(*outcome))
        .unwrap_or(Outcome::ImplicitlyDenied);
    let mut statements: Vec<shapes::Statement> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    let mut details: Vec<(String, String)> = Vec::new();
    for (_, verdict) in &verdicts {
        if verdict.outcome == outcome {
            add_new(&mut statements, &verdict.statements);
        }
        add_new(&mut missing, &verdict.missing);
        for (kind, said) in &verdict.details {
            match details.iter_mut().find(|(known, _)| known == kind) {
                Some((_, known)) if word_strictness(said) > word_strictness(known) => {
                    known.clone_from(said);
                }
                Some(_) => {}
                None => details.push((kind.clone(), said.clone())),
            }
        }
    }
    let all = |of: fn(&Verdict) -> Option<bool>| {
        verdicts
            .iter()
            .filter_map(|(_, verdict)| of(verdict))
            .reduce(|a, b| a && b)
    };
    let everything = questions.resources == ["*"];
    shapes::EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: Some(if everything {
            "*".to_owned()
        } else {
            template(action, &questions.resources)
        }),
        eval_decision: word(outcome).to_owned(),
        matched_statements: statements,
        missing_context_values: missing,
        organizations_decision_detail: all(|verdict| verdict.organization).map(organizations),
        permissions_boundary_decision_detail: all(|verdict| verdict.boundary).map(boundary),
        eval_decision_details: details,
        resource_specific_results: (!everything)
            .then(|| verdicts.into_iter().map(of_resource).collect()),
    }
}

fn of_resource((resource, verdict): (&str, Verdict)) -> shapes::ResourceSpecificResult {
    shapes::ResourceSpecificResult {
        eval_resource_name: resource.to_owned(),
        eval_resource_decision: word(verdict.outcome).to_owned(),
        matched_statements: verdict.statements,
        missing_context_values: verdict.missing,
        eval_decision_details: verdict.details,
        permissions_boundary_decision_detail: verdict.boundary.map(boundary),
    }
}

fn organizations(allowed: bool) -> shapes::OrganizationsDecisionDetail {
    shapes::OrganizationsDecisionDetail {
        allowed_by_organizations: Some(allowed),
    }
}

fn boundary(allowed: bool) -> shapes::PermissionsBoundaryDecisionDetail {
    shapes::PermissionsBoundaryDecisionDetail {
        allowed_by_permissions_boundary: Some(allowed),
    }
}

fn add_new<T: PartialEq + Clone>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

fn strictness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Allowed => 0,
        Outcome::ImplicitlyDenied => 1,
        Outcome::ExplicitlyDenied => 2,
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ImplicitlyDenied => "implicitDeny",
        Outcome::ExplicitlyDenied => "explicitDeny",
    }
}

fn word_strictness(word: &str) -> u8 {
    match word {
        "allowed" => 0,
        "implicitDeny" => 1,
        _ => 2,
    }
}

/// How AWS writes the ARNs of the resource type that the action works on, the one that the resources are of if it has several.
fn template(action: &str, resources: &[&str]) -> String {
    let everything = || "*".to_owned();
    let Some((prefix, name)) = action.split_once(':') else {
        return everything();
    };
    let (Some(service), Some(known)) = (facts::service(prefix), facts::action(prefix, name)) else {
        return everything();
    };
    let types = || {
        known
            .resources
            .iter()
            .filter_map(|r| service.resource(r.name))
    };
    types()
        .find(|of| resources.iter().any(|resource| of.overlaps(resource)))
        .or_else(|| types().next())
        .map_or_else(everything, |of| of.arn.to_owned())
}

// ---- one decision ----

/// What the caller may learn of the two sides of a request.
#[derive(Clone, Copy)]
struct Shown {
    /// The simulated caller is of the caller's own account: what its organization forbids it is known there.
    caller: bool,
    /// The resource, or the simulated caller, is of the caller's own account: who tries would find out.
    resource: bool,
    /// What the resource's side says in detail, since it is the caller's own or came with the question.
    details: bool,
}

fn verdict(
    simulation: &Simulation<'_>,
    questions: &Questions<'_>,
    action: &str,
    resource: &str,
    cx: &Cx<'_>,
) -> Verdict {
    let (need, shown) = need(questions, action, resource, cx);
    simulation.ask(&need, |request, set| {
        let mut set = set.clone();
        questions.exclusions.apply(&mut set);
        set.scps = set.scps.filter(|_| shown.caller);
        set.rcps = set.rcps.filter(|_| shown.resource);
        set.identity
            .extend(sources(&questions.policies, "PolicyInputList"));
        if let Some(given) = &questions.boundary {
            set.boundary = Some(sources(given, "PermissionsBoundaryPolicyInputList").collect());
        }
        if let Some(given) = &questions.organization {
            let levels = given.iter().map(|policies| Level {
                target: "OrderedOrganizationPolicyInputList",
                policies: sources(policies, "organization").collect(),
            });
            set.scps = (!given.is_empty()).then(|| levels.collect());
        }
        judge(request, &set, shown)
    })
}

fn sources<'g>(given: &'g [Given], to: &'g str) -> impl Iterator<Item = Source<'g>> {
    given.iter().map(move |given| Source {
        policy: &given.policy,
        name: &given.name,
        arn: None,
        attached_to: to,
    })
}

/// The question as the gate would put it.
fn need(questions: &Questions<'_>, action: &str, resource: &str, cx: &Cx<'_>) -> (Need, Shown) {
    let mut need = Need::named(action.to_owned(), resource);
    need.context.clone_from(&questions.context);
    let of_arn = Arn::parse(resource).and_then(|arn| arn.account.parse::<AccountId>().ok());
    need.owner = of_arn.or(questions.owner).or(questions.caller_account);
    let own = cx.account_id().ok();
    let mut shown = Shown {
        caller: questions.caller_account == own,
        resource: need.owner == own || questions.caller_account == own,
        details: true,
    };
    let assumes = is_assume(action);
    let entity = of_arn.and_then(|account| iam_entity(resource, account, cx));
    if need.owner == own {
        let tags = match &entity {
            Some(Entity::User(user)) => &user.tags[..],
            Some(Entity::Role(role)) => &role.tags[..],
            Some(Entity::Policy(policy)) => &policy.tags[..],
            _ => &[],
        };
        need = need.tagged(
            tags.iter()
                .map(|tag| (tag.key.as_str(), tag.value.as_str())),
        );
    }
    let rule = if assumes {
        ResourceRule::MustAdmit
    } else {
        ResourceRule::Ordinary
    };
    if let Some(given) = &questions.resource_policy {
        let given = ResourcePolicy {
            policy: given.clone(),
            name: "ResourcePolicy".to_owned(),
        };
        return (need.under(Some(given), rule), shown);
    }
    shown.details = need.owner == own;
    // Whom another account's role trusts is its own business, unless it is the caller's own people who would find out by trying.
    let Some(Entity::Role(role)) = entity.filter(|_| assumes && shown.resource) else {
        return (need.under(None, rule), shown);
    };
    let trust = ResourcePolicy {
        policy: role.trust.compiled().clone(),
        name: role.name.clone(),
    };
    (need.under(Some(trust), rule), shown)
}

/// Whether the action is let in by a role's trust policy. The two that bring a token instead of a signature let nobody in for
/// what his own policies say, either.
fn is_assume(action: &str) -> bool {
    [
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(action))
}

/// The user, role or customer's policy with this ARN.
fn iam_entity<'a>(arn: &str, account: AccountId, cx: &Cx<'a>) -> Option<Entity<'a>> {
    let node = cx.snapshot.account(&account)?;
    let (kind, path) = Arn::parse(arn)?.resource.split_once('/')?;
    let name = path.rsplit('/').next()?;
    let entity = match kind {
        "user" => node.user(name).map(Entity::User),
        "role" => node.role(name).map(Entity::Role),
        "policy" => node.policy(name).map(Entity::Policy),
        _ => None,
    };
    entity.filter(|entity| entity.arn() == arn)
}

fn judge(request: &Request<'_>, set: &PolicySet<'_>, shown: Shown) -> Verdict {
    let explanation = explain(request, set);
    let on_resource_side = |kind| {
        use PolicyKind::{Rcp, Resource, Trust};
        matches!(kind, Resource | Trust | Rcp)
    };
    let hidden = |kind| !shown.details && on_resource_side(kind);
    let outcome = match &explanation.decision.cause {
        // How another account refuses is not told to those who try, either.
        Some(cause) if hidden(cause.kind) => Outcome::ImplicitlyDenied,
        _ => explanation.decision.outcome,
    };
    let examined: Vec<(&Examined, &Policy)> = explanation
        .policies
        .iter()
        .zip(set.sources().map(|source| source.policy))
        .filter(|(policy, _)| !hidden(policy.kind))
        .collect();
    let organization = set
        .scps
        .is_some()
        .then(|| allowed_by_organization(request, set));
    Verdict {
        outcome,
        statements: matched(outcome, &examined),
        missing: missing(request, &examined),
        boundary: set.boundary.is_some().then(|| {
            let said = said(&explanation, &[PolicyKind::Boundary]);
            said == Outcome::Allowed
        }),
        organization,
        details: if explanation.same_account || organization == Some(false) {
            Vec::new()
        } else {
            details(&explanation, set, shown)
        },
    }
}

/// Whether the organization would let somebody through whom nothing else limits.
fn allowed_by_organization(request: &Request<'_>, set: &PolicySet<'_>) -> bool {
    let limited = PolicySet {
        scps: set.scps.clone(),
        principal_in_management_account: set.principal_in_management_account,
        ..PolicySet::default()
    };
    let decision = evaluate(request, &limited);
    decision
        .cause
        .is_none_or(|cause| cause.kind != PolicyKind::Scp)
}

/// What the policies of some kinds say together.
fn said(explanation: &Explanation, kinds: &[PolicyKind]) -> Outcome {
    let of_kinds = || {
        explanation
            .policies
            .iter()
            .filter(|policy| kinds.contains(&policy.kind))
    };
    if of_kinds().any(|policy| policy.says == Says::Denies) {
        Outcome::ExplicitlyDenied
    } else if of_kinds().any(|policy| policy.says == Says::Allows) {
        Outcome::Allowed
    } else {
        Outcome::ImplicitlyDenied
    }
}

fn details(explanation: &Explanation, set: &PolicySet<'_>, shown: Shown) -> Vec<(String, String)> {
    use PolicyKind::{Boundary, Identity, Resource, Trust};
    let mut details = vec![("IAM Policy", said(explanation, &[Identity]))];
    if shown.details {
        details.push(("Resource Policy", said(explanation, &[Resource, Trust])));
    }
    if set.boundary.is_some() {
        details.push((
            "Permissions Boundary Policy",
            said(explanation, &[Boundary]),
        ));
    }
    details
        .into_iter()
        .map(|(kind, said)| (kind.to_owned(), word(said).to_owned()))
        .collect()
}

/// The statements that made the decision: the Denies if there are any, else the Allows; nothing makes an implicit deny.
fn matched(outcome: Outcome, examined: &[(&Examined, &Policy)]) -> Vec<shapes::Statement> {
    let (effect, with_boundary) = match outcome {
        Outcome::Allowed => (Effect::Allow, false),
        Outcome::ExplicitlyDenied => (Effect::Deny, true),
        Outcome::ImplicitlyDenied => return Vec::new(),
    };
    let mut statements = Vec::new();
    for (policy, compiled) in examined {
        let Some(kind) = source_type(policy.kind, with_boundary) else {
            continue;
        };
        let mattering = policy
            .statements
            .iter()
            .filter(|statement| statement.mismatch.is_none() && statement.effect == Some(effect));
        for statement in mattering {
            let Some(written) = compiled.document().statements().get(statement.index) else {
                continue;
            };
            let text = compiled.text();
            statements.push(shapes::Statement {
                source_policy_id: Some(source_id(policy)),
                source_policy_type: Some(kind.to_owned()),
                start_position: Some(position(text, start(text, written.span.start))),
                end_position: Some(position(text, written.span.end)),
            });
        }
    }
    statements
}

/// AWS's words for the kinds of policy that results refer to. Those of an organization are not shown to its members.
fn source_type(kind: PolicyKind, with_boundary: bool) -> Option<&'static str> {
    match kind {
        PolicyKind::Identity => Some("IAM Policy"),
        PolicyKind::Resource | PolicyKind::Trust => Some("Resource Policy"),
        PolicyKind::Boundary if with_boundary => Some("Permissions Boundary Policy"),
        _ => None,
    }
}

/// A managed policy by its name; an inline one as `user_NAME_POLICY`; one that came with the question by its place there.
fn source_id(policy: &Examined) -> String {
    match (policy.arn.is_some(), policy.attached_to.split_once(' ')) {
        (false, Some((kind @ ("user" | "group" | "role"), holder)))
            if policy.kind == PolicyKind::Identity =>
        {
            format!("{kind}_{holder}_{}", policy.name)
        }
        _ => policy.name.clone(),
    }
}

/// AWS begins a statement right after what stands before it, white space included.
fn start(text: &str, at: usize) -> usize {
    text.get(..at).map_or(at, |before| before.trim_end().len())
}

/// Line and column, both from 1, in characters.
fn position(text: &str, at: usize) -> shapes::Position {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    shapes::Position {
        line: i32::try_from(line).ok(),
        column: i32::try_from(column).ok(),
    }
}

/// The keys that statements on this action refer to and that have no value here, as written. Keys of the condition count only
/// where all else of the statement matches.
fn missing(request: &Request<'_>, examined: &[(&Examined, &Policy)]) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for (policy, compiled) in examined {
        for statement in &policy.statements {
            let document = compiled.document();
            let Some(written) = document.statements().get(statement.index) else {
                continue;
            };
            let keys = context_keys(document, written);
            let element = statement.mismatch.as_ref().map(|missed| missed.element);
            let of_condition = match element {
                None | Some("Condition") => &keys.condition[..],
                _ => &[],
            };
            for key in keys.resource.iter().chain(of_condition) {
                let absent = request.context.get(&key.to_lowercase()).is_none();
                if absent && !missing.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                    missing.push(key.clone());
                }
            }
        }
    }
    missing
}
