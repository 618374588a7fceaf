//! "Can PRINCIPAL do ACTION on RESOURCE?", answered by the one evaluator and drawn as gates.
//!
//! Everybody may ask about themselves. About another identity of the account it takes `iam:SimulatePrincipalPolicy` on it, as in
//! AWS's simulator, and so it does to see the statements behind a gate. What the other account of a decision says is left out by
//! the one redaction of the policy engine.

mod gates;

use maud::{Markup, html};
use std::sync::Arc;
use twinlock_directory::{AccountId, Snapshot};
use twinlock_gate::{
    Action, Caller, Cx, Fault, Need,
    token::{Session, SessionOf},
};
use twinlock_identity::sts::doors;
use twinlock_policy::{
    Explanation,
    validate::{PolicyType, validate},
};

use crate::{
    layout::{Service, show},
    parts::{head, problem, text},
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
    let actions = html! {
        a.button href=(visit.at("/access/map")) { "Access map" }
        a.button.primary href=(visit.at("/access/delegate")) { "Delegate access" }
    };
    let main = html! {
        (head("Access", "Can somebody do something? Both accounts' gates, and what would open the closed one.", actions))
        form.panel.ask method="get" {
            (text("Principal", "principal", &principal, "ARN of a user or a role of this account; yourself at first", ""))
            (text("Action", "action", action, "Such as s3:GetObject", ""))
            (text("Resource", "resource", resource, "An ARN, or * for an action that has none", ""))
            button.primary type="submit" { "Ask" }
        }
        (answer.map_or_else(Markup::default, |answer| match answer {
            Err(fault) => problem(visit, &fault),
            Ok((explanation, statements)) => html! {
                @for note in notes(visit, action, resource) { p.flash.warn { (note) } }
                (gates::drawn(visit, &explanation, statements))
            },
        }))
    };
    Ok(show(visit, Service::Iam, "Access", main))
}

/// Whoever acts, as policies name it.
pub(crate) fn own_arn(visit: &Visit) -> String {
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
    if action.contains(['*', '?']) {
        return Err(Fault::validation(
            "Ask about one action at a time: * and ? stand for many, in policies only.",
        ));
    }
    let arn = if principal == own {
        own_identity(visit, &snapshot).unwrap_or_else(|| own.to_owned())
    } else {
        principal.to_owned()
    };
    let cx = visit.world.standing_of(&visit.caller, &snapshot)?;
    let may = may_ask_about(&cx, &snapshot, &arn);
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
    let need = need(
        &snapshot,
        account,
        action,
        &meant(&snapshot, account, resource),
    );
    let mut explanation = visit
        .world
        .advise(&caller, &need)?
        .for_caller(Some(account.as_str()));
    explanation.resource = resource.to_owned();
    Ok((explanation, may))
}

/// The gates of what `caller`, an identity of the person's own, has just been refused, as far as it may know them; nothing, if there
/// is nothing to say.
pub(crate) fn gates_of(visit: &Visit, caller: &Caller, action: &str, resource: &str) -> Markup {
    let Some(account) = caller.who.account() else {
        return html! {};
    };
    let snapshot = visit.world.directory.published();
    let need = need(&snapshot, account, action, resource);
    let Ok(explanation) = visit.world.advise(caller, &need) else {
        return html! {};
    };
    let explanation = explanation.for_caller(Some(account.as_str()));
    if explanation.decision.allowed() {
        return html! {};
    }
    gates::row(&explanation)
}

/// What makes the question an odd one: an action that is none, a bucket that is not there.
fn notes(visit: &Visit, action: &str, resource: &str) -> Vec<String> {
    let snapshot = visit.world.directory.published();
    let bucket = resource
        .strip_prefix("arn:aws:s3:::")
        .and_then(|rest| rest.split('/').next())
        .filter(|name| !name.is_empty() && snapshot.bucket(name).is_none());
    let bucket = bucket.map(|name| {
        format!("There is no bucket {name}: this is what would hold if this account made it.")
    });
    no_such_action(action).into_iter().chain(bucket).collect()
}

/// That AWS has no such action, and which one may have been meant.
fn no_such_action(action: &str) -> Option<String> {
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" },
    });
    validate(policy.to_string(), PolicyType::Identity, None)
        .into_iter()
        .find(|found| {
            matches!(
                found.issue_code,
                "INVALID_ACTION" | "INVALID_SERVICE_IN_ACTION"
            )
        })
        .map(|found| found.finding_details)
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

/// Whether the caller may ask what a user or role of its account can do.
pub(crate) fn may_ask_about(cx: &Cx<'_>, snapshot: &Snapshot, arn: &str) -> bool {
    on_own_entity(cx, &SIMULATE, snapshot, arn)
}

/// Whether whoever acts may do this on a user or role of its account, or on what else has this ARN there.
pub(crate) fn may(visit: &Visit, action: &Action, arn: &str) -> bool {
    let snapshot = visit.world.directory.published();
    let cx = visit.world.standing_of(&visit.caller, &snapshot);
    cx.is_ok_and(|cx| on_own_entity(&cx, action, &snapshot, arn))
}

/// Whether the caller may read a role of its account.
pub(crate) fn may_read_role(cx: &Cx<'_>, snapshot: &Snapshot, arn: &str) -> bool {
    on_own_entity(cx, &GET_ROLE, snapshot, arn)
}

fn on_own_entity(cx: &Cx<'_>, action: &Action, snapshot: &Snapshot, arn: &str) -> bool {
    let account = cx.caller.who.account();
    account.is_some_and(|account| cx.allows(&on_entity(action, snapshot, account, arn)))
}

/// The need of `action` on a user or role of the account, with its tags: a policy may look at them.
fn on_entity(action: &Action, snapshot: &Snapshot, account: AccountId, arn: &str) -> Need {
    tagged(
        Need::on(action, arn).owned_by(account),
        snapshot,
        account,
        arn,
    )
}

/// The need with the tags of the user or role that the ARN names.
fn tagged(need: Need, snapshot: &Snapshot, account: AccountId, arn: &str) -> Need {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let node = snapshot.account(&account);
    let user = node.and_then(|node| node.user(name).filter(|user| user.arn() == arn));
    let role = node.and_then(|node| node.role(name).filter(|role| role.arn() == arn));
    let tags = user.map(|user| &user.tags).or(role.map(|role| &role.tags));
    let tags = tags.into_iter().flatten();
    need.tagged(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// The resource that a denial means where it does not print the ARN: `user David`, `policy NAME`, or for a list the folder that
/// stands in for all of them.
fn meant(snapshot: &Snapshot, account: AccountId, shown: &str) -> String {
    if shown.starts_with("arn:aws:iam:") && shown.ends_with('/') {
        return "*".to_owned();
    }
    let Some((kind, name)) = shown
        .rsplit_once(' ')
        .filter(|_| !shown.starts_with("arn:"))
    else {
        return shown.to_owned();
    };
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let node = snapshot.account(&account);
    let known = node.and_then(|node| match kind {
        "user" => Some(node.user(name)?.arn()),
        "role" => Some(node.role(name)?.arn()),
        "group" => Some(node.group(name)?.arn()),
        _ => None,
    });
    known.unwrap_or_else(|| format!("arn:aws:iam::{account}:{}/{name}", kind.replace(' ', "-")))
}

/// The question as a call would put it: with the policy on the resource, whoever owns it.
fn need(snapshot: &Snapshot, own: AccountId, action: &str, resource: &str) -> Need {
    let need = Need::named(action.to_owned(), resource);
    if resource.starts_with("arn:aws:s3:::") {
        return twinlock_s3::common::asked(need, snapshot);
    }
    let owner: Option<AccountId> = resource.split(':').nth(4).and_then(|id| id.parse().ok());
    let need = need.owned_by(owner.unwrap_or(own));
    if action.to_ascii_lowercase().starts_with("sts:") {
        doors::asked(need, snapshot)
    } else if owner.is_none_or(|owner| owner == own) {
        tagged(need, snapshot, own, resource)
    } else {
        need
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_without_an_arn_is_read_as_it_is_meant() {
        let account: AccountId = "111111111111".parse().expect("an id");
        let meant = |shown| meant(&Snapshot::empty(Default::default()), account, shown);
        assert_eq!(meant("arn:aws:iam::111111111111:user/"), "*");
        assert_eq!(meant("user David"), "arn:aws:iam::111111111111:user/David");
        assert_eq!(
            meant("instance profile Web"),
            "arn:aws:iam::111111111111:instance-profile/Web"
        );
        assert_eq!(
            meant("policy arn:aws:iam::aws:policy/ReadOnlyAccess"),
            "arn:aws:iam::aws:policy/ReadOnlyAccess"
        );
        assert_eq!(
            meant("arn:aws:s3:::b/a folder/x"),
            "arn:aws:s3:::b/a folder/x"
        );
        assert_eq!(meant("*"), "*");
    }

    #[test]
    fn an_action_that_is_none_is_told_with_the_one_that_may_be_meant() {
        for known in ["s3:GetObject", "sts:assumerole", "iam:PassRole"] {
            assert_eq!(no_such_action(known), None, "{known}");
        }
        let told = no_such_action("s3:GetObjekt").expect("no such action");
        assert!(told.contains("s3:GetObject`"), "{told}");
        assert!(no_such_action("s4:GetObject").is_some());
    }
}
