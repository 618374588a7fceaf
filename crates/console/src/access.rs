//! "Can PRINCIPAL do ACTION on RESOURCE?", answered by the one evaluator and drawn as gates; and a map of who gets in from where.
//!
//! Everybody may ask about themselves. About another identity of the account it takes `iam:SimulatePrincipalPolicy` on it, as in
//! AWS's simulator, and so it does to see the statements behind a gate. What the other account of a decision says is left out by
//! the one redaction of the policy engine.

use maud::{Markup, html};
use std::sync::Arc;
use twinlock_directory::{AccountId, Snapshot};
use twinlock_gate::{
    Action, Caller, Fault, Need, ResourcePolicy,
    token::{Session, SessionOf},
};
use twinlock_policy::{Examined, Explanation, Outcome, PolicyKind, ResourceRule, Says};

use crate::{
    layout::{Service, show},
    parts::{head, nothing, problem, text},
    visit::{Page, Visit},
};

const SIMULATE: Action = Action::new("iam:SimulatePrincipalPolicy", &["user", "role"], &[]);
const GET_ROLE: Action = Action::new("iam:GetRole", &["role"], &[]);

/// `/access?principal=…&action=…&resource=…`.
pub(crate) fn page(visit: &Visit) -> Page {
    let own = own_arn(visit);
    let principal = match visit.query("principal") {
        "" => own.clone(),
        named => named.to_owned(),
    };
    let (action, resource) = (visit.query("action"), visit.query("resource"));
    let asked = !action.is_empty();
    let answer = asked.then(|| {
        answer(
            visit,
            &own,
            &principal,
            action,
            if resource.is_empty() { "*" } else { resource },
        )
    });
    let main = html! {
        (head("Access", "Can somebody do something? Both accounts' gates, and what would open the closed one.", html! {}))
        form.panel method="get" {
            (text("Principal", "principal", &principal, "ARN of a user or a role of this account; yourself at first", ""))
            (text("Action", "action", action, "Such as s3:GetObject", ""))
            (text("Resource", "resource", resource, "An ARN, or * for an action that has none", ""))
            button.primary type="submit" { "Ask" }
        }
        @match &answer {
            None => {},
            Some(Err(fault)) => (problem(visit, &fault.code, &fault.message)),
            Some(Ok((explanation, statements))) => (drawn(explanation, *statements)),
        }
    };
    Ok(show(visit, Service::Iam, "Access", main))
}

fn own_arn(visit: &Visit) -> String {
    visit
        .world
        .explain(&visit.caller, &Need::on(&SIMULATE, "*"))
        .map(|explanation| explanation.principal)
        .unwrap_or_default()
}

/// The explanation, and whether the statements may be shown.
fn answer(
    visit: &Visit,
    own: &str,
    principal: &str,
    action: &str,
    resource: &str,
) -> Result<(Explanation, bool), Fault> {
    let snapshot = visit.world.directory.published();
    let account = visit.account();
    if !action.contains(':') {
        return Err(Fault::validation(
            "An action is written SERVICE:NAME, such as s3:GetObject.",
        ));
    }
    let arn = if principal == own {
        own_identity(visit, &snapshot).unwrap_or_else(|| own.to_owned())
    } else {
        principal.to_owned()
    };
    let simulate = on_entity(&SIMULATE, &snapshot, account, &arn);
    let may = visit
        .world
        .explain(&visit.caller, &simulate)?
        .decision
        .allowed();
    if !may && principal != own {
        return Err(Fault::new(
            "AccessDenied",
            403,
            format!(
                "User: {own} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: {arn}"
            ),
        ));
    }
    // Who may not ask about others does not learn who is there, either.
    let caller = if principal == own {
        visit.caller.clone()
    } else {
        somebody(visit, &snapshot, principal).ok_or_else(|| {
            Fault::new(
                "NoSuchEntity",
                404,
                format!("There is no user or role {principal} in account {account}."),
            )
        })?
    };
    let need = need(&snapshot, account, action, resource);
    let explanation = visit.world.advise(&caller, &need)?;
    Ok((explanation.for_caller(Some(account.as_str())), may))
}

/// The ARN of the user or role behind the caller.
fn own_identity(visit: &Visit, snapshot: &Snapshot) -> Option<String> {
    match &visit.caller.who {
        twinlock_gate::Who::User { id, .. } => Some(snapshot.user_by_id(id)?.arn()),
        twinlock_gate::Who::RoleSession { role_id, .. } => {
            Some(snapshot.role_by_id(role_id)?.arn())
        }
        _ => None,
    }
}

/// A user, or a session of a role, of the account acted in.
fn somebody(visit: &Visit, snapshot: &Snapshot, arn: &str) -> Option<Caller> {
    let account = visit.account();
    let node = snapshot.account(&account)?;
    let name = arn.rsplit('/').next()?;
    let now = visit.world.clock.now();
    let of = if let Some(user) = node.user(name).filter(|user| user.arn() == arn) {
        return Some(Caller {
            who: twinlock_gate::Who::User {
                account,
                id: user.id.clone(),
            },
            access_key_id: String::new(),
            session: None,
            request: visit.facts(),
        });
    } else {
        let role = node.role(name).filter(|role| role.arn() == arn)?;
        SessionOf::Role {
            account,
            role_id: role.id.clone(),
            name: "access".into(),
        }
    };
    let session = Session::new(of, now, now + 3_600_000);
    Some(Caller::in_session(Arc::new(session), "", visit.facts()))
}

/// The need of `action` on a user or role of the account, with its tags: a policy may look at them.
fn on_entity(action: &Action, snapshot: &Snapshot, account: AccountId, arn: &str) -> Need {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let node = snapshot.account(&account);
    let user = node.and_then(|node| node.user(name).filter(|user| user.arn() == arn));
    let role = node.and_then(|node| node.role(name).filter(|role| role.arn() == arn));
    let tags = user.map(|user| &user.tags).or(role.map(|role| &role.tags));
    let tags = tags.into_iter().flatten();
    Need::on(action, arn)
        .owned_by(account)
        .tagged(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// The question as a call would put it: with the policy on the resource, whoever owns it.
fn need(snapshot: &Snapshot, own: AccountId, action: &str, resource: &str) -> Need {
    let need = Need::named(action.to_owned(), resource);
    if resource.starts_with("arn:aws:s3:::") {
        return twinlock_s3::common::asked(need, snapshot);
    }
    let Some(account) = resource
        .split(':')
        .nth(4)
        .and_then(|id| id.parse::<AccountId>().ok())
    else {
        return need.owned_by(own);
    };
    let need = need.owned_by(account);
    let assumes = action.to_ascii_lowercase().starts_with("sts:");
    let role = resource
        .rsplit('/')
        .next()
        .and_then(|name| snapshot.account(&account)?.role(name))
        .filter(|role| assumes && role.arn() == resource);
    match role {
        Some(role) => {
            let trust = ResourcePolicy {
                policy: role.trust.compiled().clone(),
                name: format!("trust policy of role {}", role.name),
            };
            need.under(Some(trust), ResourceRule::MustAdmit)
        }
        None if assumes => need.under(None, ResourceRule::MustAdmit),
        None => need,
    }
}

/// The gates of a decision, in the order in which people meet them.
const GATES: &[(&str, &[PolicyKind])] = &[
    ("Organization", &[PolicyKind::Scp, PolicyKind::Rcp]),
    (
        "Trust or resource policy",
        &[
            PolicyKind::Trust,
            PolicyKind::Resource,
            PolicyKind::PublicAccessBlock,
        ],
    ),
    ("Permissions", &[PolicyKind::Identity]),
    ("Boundary", &[PolicyKind::Boundary]),
    ("Session", &[PolicyKind::Session]),
];

fn drawn(explanation: &Explanation, statements: bool) -> Markup {
    let outcome = explanation.decision.outcome;
    let cause = explanation.decision.cause.as_ref();
    html! {
        section.panel {
            h2 { @match outcome {
                Outcome::Allowed => span.badge.open { "Allowed" },
                Outcome::ExplicitlyDenied => span.badge.closed { "Denied explicitly" },
                Outcome::ImplicitlyDenied => span.badge.closed { "Denied: nothing allows it" },
            } }
            p { code { (explanation.principal) } " performs " code { (explanation.action) } " on " code { (explanation.resource) } }
            @if let Some(cause) = cause {
                p { @if cause.explicit { "Explicit deny in " } @else { "No " } (cause.kind.name())
                    @if statements { @if let Some(name) = &cause.policy_name { " " strong { (name) } } @if let Some(to) = &cause.attached_to { " of " (to) } } "." }
            }
            @if let Some(rule) = explanation.rule { p { (rule) } }
            @if statements { @if let Some(remedy) = &explanation.remedy { p.flash.note { (remedy.to_string().trim()) } } }
        }
        ol.gates {
            @for (name, kinds) in GATES {
                @let policies: Vec<_> = explanation.policies.iter().filter(|policy| kinds.contains(&policy.kind)).collect();
                @let closed = cause.is_some_and(|cause| kinds.contains(&cause.kind));
                @let state = if closed { "closed" } else if policies.is_empty() { "not asked" } else { "open" };
                li class=(state) {
                    strong { (name) } div.about { (state) }
                    @if statements && !policies.is_empty() { details { summary { (policies.len()) @if policies.len() == 1 { " policy" } @else { " policies" } } @for policy in policies { (examined(policy)) } } }
                }
            }
        }
        @if !statements { p.hint { "With iam:SimulatePrincipalPolicy on this identity you would see the policies behind each gate." } }
    }
}

fn examined(policy: &Examined) -> Markup {
    html! {
        p { strong { (policy.name) } @if !policy.attached_to.is_empty() { " · " (policy.attached_to) } ": "
            (match policy.says { Says::Denies => "denies", Says::Allows => "allows", Says::Nothing => "says nothing of it" }) }
        ul { @for statement in &policy.statements { li {
            "Statement " (statement.index + 1) @if let Some(sid) = &statement.sid { " " code { (sid) } }
            @match &statement.mismatch {
                None => ": matches",
                Some(missed) => { ": " (missed.element) " does not match"
                    @if let Some(key) = &missed.key { " (" (missed.operator.as_deref().unwrap_or("")) " " (key) ")" }
                    ". It wants " (missed.wanted.join(", ")) @match &missed.had { Some(had) => { "; the request has " (had.join(", ")) }, None => "; the request has none" } },
            }
        } } }
    }
}

/// `/access/map`: who gets into which role of this account from which account. A role is on it if the caller may read it.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn map(visit: &Visit) -> Page {
    let snapshot = visit.world.directory.published();
    let account = visit.account();
    let mut arrows: Vec<(String, String)> = Vec::new();
    let mut hidden = 0;
    if let Some(node) = snapshot.account(&account) {
        for role in node.roles.values() {
            let read = on_entity(&GET_ROLE, &snapshot, account, &role.arn());
            if !visit
                .world
                .explain(&visit.caller, &read)?
                .decision
                .allowed()
            {
                hidden += 1;
                continue;
            }
            for from in trusted_accounts(role.trust.text()) {
                arrows.push((from, role.name.clone()));
            }
        }
    }
    arrows.sort();
    arrows.dedup();
    let mut left: Vec<&String> = arrows.iter().map(|(from, _)| from).collect();
    left.dedup();
    let mut right: Vec<&String> = arrows.iter().map(|(_, to)| to).collect();
    right.sort();
    right.dedup();
    let height = 40 + 56 * left.len().max(right.len());
    let y = |list: &[&String], of: &str| {
        30 + 56
            * list
                .iter()
                .position(|known| known.as_str() == of)
                .unwrap_or(0)
    };
    let label = |id: &str| match id
        .parse::<AccountId>()
        .ok()
        .and_then(|id| snapshot.account(&id).map(|node| node.account.name.clone()))
    {
        Some(name) => format!("{name} {id}"),
        None => id.to_owned(),
    };
    let main = html! {
        (head("Access map", "From where each role of this account can be taken on: whom its trust policy names. The other account must allow it, too.", html! {}))
        @if arrows.is_empty() { (nothing("No role of this account trusts anybody.")) } @else {
            svg.map viewBox={ "0 0 900 " (height) } role="img" aria-label="Accounts and the roles they are trusted by" {
                @for (from, to) in &arrows { path d={ "M 330 " (y(&left, from) + 18) " C 450 " (y(&left, from) + 18) ", 450 " (y(&right, to) + 18) ", 570 " (y(&right, to) + 18) } {} }
                @for from in &left { rect x="20" y=(y(&left, from)) width="310" height="36" rx="8" {} text x="34" y=(y(&left, from) + 23) { (label(from)) } }
                @for to in &right { rect x="570" y=(y(&right, to)) width="310" height="36" rx="8" {} text x="584" y=(y(&right, to) + 23) { (to) } }
            }
            table { thead { tr { th { "From" } th { "Role" } } } tbody { @for (from, to) in &arrows { tr { td { (label(from)) } td { a href=(visit.at(&format!("/iam/roles/{}?tab=trust", crate::http::encode(to)))) { (to) } } } } } }
        }
        @if hidden > 0 { p.hint { (hidden) " roles are left out: iam:GetRole on them is not yours." } }
    };
    Ok(show(visit, Service::Iam, "Access map", main))
}

/// The accounts, services and providers that a trust policy lets in.
fn trusted_accounts(trust: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(trust) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    crate::iam::principals(&document, &mut |kind, value| {
        found.push(match kind {
            "AWS" => value.split(':').nth(4).unwrap_or(value).to_owned(),
            _ => value.to_owned(),
        });
    });
    found
}
