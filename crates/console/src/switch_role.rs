//! Acting as a role: the form, the link that fills it, the way back. All roles that one may switch to are in `all_roles`.
//!
//! A switch is a call of AssumeRole by the person's own session, through the pipeline like any other: whoever may not assume the
//! role by the API may not switch to it here. The person's own session authorises every switch, also from one role to
//! another; the role's session lasts as long as the role allows, or as long as what is left of the sign-in.

use http::Response;
use maud::{Markup, html};
use twinlock_directory::{AccountId, Role, Snapshot};
use twinlock_gate::{Body, Caller, Fault, Happening, Need, Who};
use twinlock_identity::sts::AssumeRole;
use twinlock_shapes::sts::AssumeRoleInput;

use crate::{
    access, all_roles,
    history::Remembered,
    http::redirect,
    layout::{Service, session_lost, show, show_as},
    parts::{csrf, head, nothing, problem, search, when},
    sessions::InRole,
    sign_in,
    visit::{Page, Visit},
};

/// Path and name of a role together, in characters, as AWS has it for switching.
pub(crate) const ROLE_CHARS_MAX: usize = 64;
/// The longest session of a role assumed by another's.
const CHAINED_SECONDS_MAX: u64 = 3600;
/// The shortest session that AssumeRole gives.
const SECONDS_MIN: u64 = 900;
/// The palette, and what AWS's consoles old and new call its colours in links.
const COLORS: &[(&str, &[&str])] = &[
    ("red", &["f2b0a9"]),
    ("orange", &["fbbf93", "fbc8aa"]),
    ("yellow", &["fad791", "efda95"]),
    ("green", &["b7ca9d"]),
    ("blue", &["99bce3", "83d4e8"]),
];

/// What the form holds.
#[derive(Debug, Default)]
struct Form {
    account: String,
    role: String,
    display_name: String,
    color: &'static str,
    account_error: String,
    role_error: String,
}

/// The name of a colour given by name or by number; an unknown one is blue, as a stranger's palette must not refuse a switch.
fn color(text: &str) -> &'static str {
    let text = text.trim_start_matches('#').to_ascii_lowercase();
    COLORS
        .iter()
        .find(|(name, codes)| *name == text || codes.contains(&text.as_str()))
        .map_or("blue", |(name, _)| name)
}

/// The form, and switching.
pub(crate) async fn page(visit: &Visit) -> Page {
    let source = if visit.request.is_post() {
        &visit.form
    } else {
        &visit.request.query
    };
    let mut form = Form {
        account: source.trimmed("account").to_owned(),
        role: source.trimmed("roleName").to_owned(),
        display_name: source.trimmed("displayName").chars().take(64).collect(),
        color: color(source.trimmed("color")),
        ..Form::default()
    };
    if !visit.request.is_post() {
        return Ok(form_page(visit, &form, None));
    }
    let snapshot = visit.world.directory.published();
    let account = sign_in::account(&snapshot, &form.account).map(|node| node.account.id);
    if form.account.parse::<AccountId>().is_err() && account.is_none() {
        form.account_error =
            "The account must be a valid 12-digit account ID or an account alias of this server."
                .into();
    }
    if form.role.is_empty() {
        form.role_error = "Enter the name of the role, with its path if it has one.".into();
    } else if form.role.chars().count() > ROLE_CHARS_MAX {
        form.role_error =
            format!("Path and name of the role together have at most {ROLE_CHARS_MAX} characters.");
    }
    if !form.account_error.is_empty() || !form.role_error.is_empty() {
        return Ok(form_page(visit, &form, None));
    }
    // An account that is not here gets the same answer as a role that may not be assumed.
    let account = account
        .or_else(|| form.account.parse().ok())
        .ok_or_else(Fault::internal)?;
    let external_id = visit.form.filled("externalId").map(str::to_owned);
    let with_id = external_id.is_some();
    let display_name = match form.display_name.as_str() {
        "" => format!("{} @ {}", form.role, form.account),
        chosen => chosen.to_owned(),
    };
    match switch(visit, &snapshot, account, &form, display_name, external_id).await {
        Ok(()) => Ok(redirect(&visit.at("/"))),
        Err(fault) => {
            let role = role_named(&snapshot, account, &form.role);
            let refusal = Refusal {
                arn: role_arn(account, &form.role),
                missing: role.and_then(|role| all_roles::missing(visit, &snapshot, role, with_id)),
                fault,
            };
            Ok(form_page(visit, &form, Some(&refusal)))
        }
    }
}

/// Why a switch was refused.
struct Refusal {
    fault: Fault,
    /// The role's ARN, whether there is such a role or not.
    arn: String,
    /// What the person could bring, for the door to open.
    missing: Option<Markup>,
}

fn role_arn(account: AccountId, path_and_name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{path_and_name}")
}

async fn switch(
    visit: &Visit,
    snapshot: &Snapshot,
    account: AccountId,
    form: &Form,
    display_name: String,
    external_id: Option<String>,
) -> Result<(), Fault> {
    let own = visit.own_caller()?;
    let now = visit.world.clock.now();
    let left = visit.sign_in.expires.saturating_sub(now) / 1000;
    let role_max = role_named(snapshot, account, &form.role)
        .map_or(3600, |role| u64::from(role.max_session_seconds));
    // A person's own session is no link of a chain; that of a role it signed in with is.
    let most = if own.is_role_session() {
        CHAINED_SECONDS_MAX
    } else {
        u64::MAX
    };
    let seconds = role_max.min(left.max(SECONDS_MIN)).min(most);
    let input = AssumeRoleInput {
        role_arn: role_arn(account, &form.role),
        role_session_name: session_name(&own, &visit.sign_in.name),
        duration_seconds: i32::try_from(seconds).ok(),
        external_id,
        ..AssumeRoleInput::default()
    };
    let answer = visit.world.console_effect::<AssumeRole>(&own, input).await;
    let happened = |failure: Option<String>| {
        visit.world.console_happened(Happening {
            name: "SwitchRole",
            caller: Some(&own),
            account: Some(account),
            facts: &visit.facts(),
            parameters: vec![
                ("account".into(), account.to_string()),
                ("roleName".into(), form.role.clone()),
                ("displayName".into(), display_name.clone()),
            ],
            failure,
        });
    };
    let credentials = match answer {
        Ok(answer) => answer.credentials.ok_or_else(Fault::internal)?,
        Err(fault) => {
            happened(Some(fault.message.clone()));
            return Err(fault);
        }
    };
    happened(None);
    let mut sign_in = visit.sign_in.clone();
    sign_in.role = Some(InRole::new(
        credentials.access_key_id,
        credentials.session_token,
        (account, form.role.clone()),
        (display_name.clone(), form.color.to_owned()),
        credentials.expiration.0.min(sign_in.expires),
    ));
    visit.sessions.update(&visit.slot, &sign_in).await?;
    let remembered = Remembered {
        account: form.account.clone(),
        role: form.role.clone(),
        display_name,
        color: form.color.to_owned(),
        last: now,
        favourite: false,
    };
    let same = |other: &Remembered| {
        let known = sign_in::account(snapshot, &other.account).map(|node| node.account.id);
        known == Some(account) && other.role == form.role
    };
    visit.history().remember(remembered, same).await
}

/// The person's name, or that of the session it signed in with. A role session's name has at least two characters, and a user's
/// may have but one.
pub(crate) fn session_name(own: &Caller, user: &str) -> String {
    if let Who::RoleSession { name, .. } = &own.who {
        name.clone()
    } else if user.len() < 2 {
        format!("{user}-")
    } else {
        user.chars().take(64).collect()
    }
}

fn role_named<'s>(
    snapshot: &'s Snapshot,
    account: AccountId,
    path_and_name: &str,
) -> Option<&'s std::sync::Arc<Role>> {
    let role = snapshot
        .account(&account)?
        .role(path_and_name.rsplit('/').next()?)?;
    (role.arn() == role_arn(account, path_and_name)).then_some(role)
}

/// The form; after a refusal with its reason.
fn form_page(visit: &Visit, form: &Form, refusal: Option<&Refusal>) -> Response<Body> {
    let status = match refusal {
        Some(refusal) => http::StatusCode::from_u16(refusal.fault.status)
            .unwrap_or(http::StatusCode::BAD_REQUEST),
        None if form.account_error.is_empty() && form.role_error.is_empty() => http::StatusCode::OK,
        None => http::StatusCode::BAD_REQUEST,
    };
    let main = html! {
        div.narrow {
            (head("Switch Role", "Work in another account, or within your own, with the permissions of a role. Your own are set aside until you switch back.", html! {}))
            @if visit.sign_in.is_root() {
                p.flash.note { "Root users cannot switch roles. Sign in as an IAM user." }
            }
            @if let Some(Refusal { fault, arn, missing }) = refusal {
                (problem(visit, fault))
                @if let Ok(own) = visit.own_caller() { (access::gates_of(visit, &own, "sts:AssumeRole", arn)) }
                @if let Some(missing) = missing { p.flash.note { (missing) } } @else { p.hint { "Both locks must turn: a policy of yours must allow sts:AssumeRole on the role, and the role must trust you or your account. The form takes no external ID: a role that requires one can be switched to from " a href=(visit.at("/roles")) { "the list of roles" } " only, or be assumed by the API." } }
            }
            form.panel method="post" action=(visit.at("/switchrole")) {
                (csrf(visit))
                (crate::parts::text("Account", "account", &form.account, "The 12-digit account ID, or the account's alias", &form.account_error))
                (crate::parts::text("Role", "roleName", &form.role, "Upper and lower case count. With the path, if the role has one", &form.role_error))
                (crate::parts::text("Display name", "displayName", &form.display_name, "Shown in the navigation bar while you act as the role", ""))
                fieldset.colors {
                    legend { "Color" }
                    @for (name, _) in COLORS {
                        label { input type="radio" name="color" value=(name) checked[*name == form.color]; span class={ "chip color-" (name) } { span.unseen { (name) } } }
                    }
                }
                div.actions { a.button href=(visit.at("/")) { "Cancel" } button.primary type="submit" { "Switch Role" } }
            }
        }
    };
    show_as(status, visit, Service::Home, "Switch Role", main)
}

/// Back to the person's own permissions.
pub(crate) async fn back(visit: &Visit) -> Page {
    let mut sign_in = visit.sign_in.clone();
    if let Some(role) = sign_in.role.take() {
        visit.sessions.update(&visit.slot, &sign_in).await?;
        visit.world.console_happened(Happening {
            name: "ExitRole",
            caller: Some(&visit.caller),
            account: Some(role.account),
            facts: &visit.facts(),
            parameters: vec![("roleName".into(), role.role)],
            failure: None,
        });
    }
    Ok(redirect(&visit.at("/")))
}

/// The page of somebody whose role was revoked or deleted, in place of any page but those that lead away from it.
pub(crate) fn revoked(visit: &Visit, segments: &[&str]) -> Option<Response<Body>> {
    if visit.role().is_none() && visit.sign_in.federated.is_none() {
        return None;
    }
    if matches!(
        segments.first(),
        Some(&("switchback" | "signout" | "switchrole"))
    ) {
        return None;
    }
    // Any action on anything: the deny that revoking writes holds for all of them, and is told by the policy's name.
    let probe = Need::on(
        &twinlock_gate::Action::new("sts:GetSessionToken", &[], &[]),
        "*",
    );
    match visit.world.explain(&visit.caller, &probe) {
        Err(_) => Some(session_lost(
            visit,
            "The session has been ended, or its role is no longer there.",
        )),
        Ok(explanation) => {
            let cause = explanation.decision.cause.as_ref()?;
            let name = cause.policy_name.as_deref();
            (cause.explicit && name == Some("AWSRevokeOlderSessions")).then(|| {
                session_lost(visit, "An administrator has revoked all active sessions of this role. Sessions started from now on are not affected.")
            })
        }
    }
}

/// The roles switched to before: search, favourites, forgetting.
pub(crate) async fn history(visit: &Visit) -> Page {
    let history = visit.history();
    if visit.request.is_post() {
        let (account, role) = (visit.field("account"), visit.field("roleName"));
        let forget = visit.form.ticked("forget");
        history
            .edit(account, role, |entry| {
                entry.favourite = !entry.favourite;
                !forget
            })
            .await?;
        return Ok(redirect(&visit.at("/history")));
    }
    let q = visit.query("q").to_lowercase();
    let found: Vec<Remembered> = history
        .list()
        .into_iter()
        .filter(|role| {
            [&role.account, &role.role, &role.display_name]
                .iter()
                .any(|text| text.to_lowercase().contains(&q))
        })
        .collect();
    let hidden = |role: &Remembered| {
        html! {
            (csrf(visit))
            input type="hidden" name="account" value=(role.account);
            input type="hidden" name="roleName" value=(role.role);
            input type="hidden" name="displayName" value=(role.display_name);
            input type="hidden" name="color" value=(role.color);
        }
    };
    let main = html! {
        (head("Role history", "The roles you have switched to. The list is yours in every browser.", html! {}))
        (search("Find roles", visit.query("q")))
        @if found.is_empty() { (nothing("No role yet.")) } @else {
            table {
                thead { tr { th { "Role" } th { "Account" } th { "Last switched" } th { "Actions" } } }
                tbody {
                    @for role in &found {
                        tr {
                            td { span class={ "chip color-" (role.color) } aria-hidden="true" {} (role.display_name) @if role.favourite { " " span.badge { "Pinned" } } div.about { (role.role) } }
                            td.id { (role.account) }
                            td { (when(role.last)) }
                            td.row-actions {
                                form method="post" action=(visit.at("/switchrole")) { (hidden(role)) button.primary type="submit" { "Switch Role" } }
                                form method="post" { (hidden(role)) button type="submit" { @if role.favourite { "Unpin" } @else { "Pin to top" } } }
                                form method="post" { (hidden(role)) input type="hidden" name="forget" value="1"; button type="submit" { "Forget" } }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(show(visit, Service::Home, "Role history", main))
}
