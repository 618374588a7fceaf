//! Revoking. By a policy, as at AWS: every session of a role that was made before now is denied everything. And by Twinlock's own
//! operations: the sessions themselves end, of a role or of a user. The second is offered to those only who may do it.

use maud::{Markup, html};
use twinlock_gate::{Fault, Operation};
use twinlock_identity::twinlock::revocations::{
    ListRevocations, RevokeOlderSessions, RevokeSession,
};
use twinlock_shapes::{iam as s, twinlock as t};

use super::holder::{Holder, Kind, document};
use crate::{
    access,
    parts::{csrf, text, when},
    visit::{Page, Visit, all_pages},
};

/// AWS's name of the inline policy.
pub(crate) const POLICY: &str = "AWSRevokeOlderSessions";
/// How far ahead AWS's own console writes the time, in milliseconds: its changes take a while to be seen everywhere.
const AHEAD_MS: u64 = 30_000;
/// Revocations that are looked at, and those of single sessions that are shown.
const MOST: usize = 20_000;
const SHOWN_MAX: usize = 20;

/// The tab.
pub(crate) fn tab(visit: &Visit, holder: &Holder, role: &s::Role) -> Markup {
    if role.path.starts_with("/aws-service-role/") {
        return html! { p.flash.note { "Sessions of service-linked roles cannot be revoked." } };
    }
    let now = holder.inline_text(visit, POLICY).ok();
    html! {
        section.panel {
            h2 { "Revoke active sessions" }
            p { "All sessions of this role that exist now lose every permission with their next call. Sessions made later are not touched, so whoever may take on the role can do so again." }
            button.danger type="button" data-opens="revoke" { "Revoke active sessions" }
            @if let Some(text) = now { h3 { "In force" } (document(&text)) }
        }
        dialog #revoke aria-labelledby="revoke-title" {
            form method="post" action={ (visit.at(&holder.path())) "/revoke" } {
                (csrf(visit))
                h2 #revoke-title { "Revoke active sessions" }
                p { "An inline policy named " code { (POLICY) } " is put on the role. It denies everything to sessions made before a point in time." }
                label.check { input type="radio" name="when" value="now" checked; "Sessions made until now" }
                label.check { input type="radio" name="when" value="ahead"; "and in the next 30 seconds, as AWS's console does" }
                label.check.agreed { input type="checkbox" name="acknowledged" value="1" data-must; "I acknowledge that I am revoking all active sessions for this role." }
                div.actions { button type="button" data-closes { "Cancel" } button.danger type="submit" data-needs { "Revoke active sessions" } }
            }
        }
        (ending(visit, holder, &role.arn, &role.role_id))
    }
}

/// Writes the policy.
pub(crate) async fn now(visit: &Visit, holder: &Holder) -> Page {
    acknowledged(visit)?;
    let mut at = visit.world.clock.now();
    if visit.field("when") == "ahead" {
        at += AHEAD_MS;
    }
    holder.put_inline(visit, POLICY, &policy(at)).await?;
    Ok(visit.done(
        &back(holder),
        "All active sessions of the role are revoked.",
    ))
}

/// The policy, letter by letter as AWS's console writes it.
fn policy(at_ms: u64) -> String {
    format!(
        r#"{{
    "Version": "2012-10-17",
    "Statement": [
        {{
            "Effect": "Deny",
            "Action": [
                "*"
            ],
            "Resource": [
                "*"
            ],
            "Condition": {{
                "DateLessThan": {{
                    "aws:TokenIssueTime": "{}"
                }}
            }}
        }}
    ]
}}"#,
        twinlock_gate::iso(at_ms)
    )
}

fn back(holder: &Holder) -> String {
    let tab = match holder.kind {
        Kind::Role => "revoke",
        Kind::User | Kind::Group => "credentials",
    };
    format!("{}?tab={tab}", holder.path())
}

fn acknowledged(visit: &Visit) -> Result<(), Fault> {
    match visit.form.ticked("acknowledged") {
        true => Ok(()),
        false => Err(Fault::validation(
            "Tick the box to go on. Nothing has changed.",
        )),
    }
}

/// What Twinlock can do besides with the sessions of a role or a user, as far as whoever acts may do it; nothing for others.
pub(crate) fn ending(visit: &Visit, holder: &Holder, arn: &str, unique_id: &str) -> Markup {
    let all = access::may(visit, &RevokeOlderSessions::ACTIONS[0], arn);
    // Which session it will be is not known yet; policies that tell them apart are rare, and the operation asks again.
    let any = format!("arn:aws:twinlock::{}:session/*", visit.account());
    let one = access::may(visit, &RevokeSession::ACTIONS[0], &any);
    let ended = ended(visit).ok();
    if !all && !one && ended.is_none() {
        return html! {};
    }
    let path = visit.at(&holder.path());
    let (word, about, after) = match holder.kind {
        Kind::Role => (
            "role",
            "Nothing is written on the role, and it cannot be taken back.",
            "Whoever may take on the role can do so again: change the trust policy first if nobody is to.",
        ),
        Kind::User | Kind::Group => (
            "user",
            "So do the user's sign-ins to the console. It cannot be taken back. Access keys and the password stay as they are.",
            "Whoever has an access key or the password can begin new ones: take those away first if nobody is to.",
        ),
    };
    html! {
        section.panel {
            h2 { "End sessions at once" }
            p { "Twinlock's own way: the sessions themselves end. Every service refuses them as expired with their next call, and the URLs that they have presigned. " (about) }
            @if all { p { button.danger type="button" data-opens="end" { "End all sessions" } } }
            @if one {
                form.beside-field method="post" action={ (path) "/end-session" } {
                    (csrf(visit))
                    (text("Access key ID of a single session", "accessKeyId", "", "ASIA and 16 characters, as the audit log names it; of any role or user of this account", ""))
                    button.danger type="submit" { "End session" }
                }
            }
            @if let Some(ended) = &ended { (list(ended, unique_id, word)) }
        }
        @if all {
            dialog #end aria-labelledby="end-title" {
                form method="post" action={ (path) "/end-sessions" } {
                    (csrf(visit))
                    input type="hidden" name="arn" value=(arn);
                    h2 #end-title { "End all sessions" }
                    p { "Every session of " strong { (holder.name) } " that was made until now ends. " (after) }
                    label.check.agreed { input type="checkbox" name="acknowledged" value="1" data-must; "I acknowledge that I am ending all sessions of this " (word) "." }
                    div.actions { button type="button" data-closes { "Cancel" } button.danger type="submit" data-needs { "End all sessions" } }
                }
            }
        }
    }
}

/// What has been revoked in the account.
fn ended(visit: &Visit) -> Result<Vec<t::Revocation>, Fault> {
    all_pages::<ListRevocations, _>(
        visit,
        MOST,
        |next_token| t::ListRevocationsInput {
            next_token,
            max_results: Some(100),
        },
        |out| (out.revocations, out.next_token),
    )
}

/// What has ended of this identity, and the single sessions of the account, which do not say whose they are.
fn list(ended: &[t::Revocation], unique_id: &str, word: &str) -> Markup {
    let of_it = |one: &&t::Revocation| one.principal_id.as_deref() == Some(unique_id);
    let single = |one: &&t::Revocation| one.access_key_id.is_some();
    let singles = ended.iter().filter(single).count();
    let shown: Vec<_> = ended
        .iter()
        .filter(of_it)
        .chain(ended.iter().filter(single).take(SHOWN_MAX))
        .collect();
    html! {
        h3 { "Ended" }
        @if shown.is_empty() { p.about { "No session of this " (word) " has been ended lately." } } @else {
            table {
                thead { tr { th { "Sessions" } th { "Kept in this list until" } } }
                tbody {
                    @for one in shown {
                        tr {
                            td { @match (&one.access_key_id, one.issued_before) {
                                (Some(id), _) => { "The session " code { (id) } },
                                (None, Some(at)) => { "All of this " (word) " made before " (when(at.0)) },
                                (None, None) => {},
                            } }
                            td { (when(one.expires_at.0)) }
                        }
                    }
                }
            }
            @if singles > SHOWN_MAX { p.hint { "And " (singles - SHOWN_MAX) " more single sessions of this account." } }
        }
    }
}

/// Ends all sessions of the role or user.
pub(crate) async fn end_all(visit: &Visit, holder: &Holder) -> Page {
    acknowledged(visit)?;
    let input = t::RevokeOlderSessionsInput {
        principal_arn: visit.field("arn").to_owned(),
        issued_before: None,
    };
    visit.change::<RevokeOlderSessions>(input).await?;
    let word = holder.kind.word();
    Ok(visit.done(
        &back(holder),
        format!("All sessions of the {word} have ended."),
    ))
}

/// Ends one session of the account.
pub(crate) async fn end_one(visit: &Visit, holder: &Holder) -> Page {
    let access_key_id = visit.field("accessKeyId").to_owned();
    let said = format!("The session {access_key_id} has ended.");
    visit
        .change::<RevokeSession>(t::RevokeSessionInput { access_key_id })
        .await?;
    Ok(visit.done(&back(holder), said))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_policy_is_json_in_awss_order() {
        let text = super::policy(1_785_585_600_000);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let condition = &value["Statement"][0]["Condition"];
        assert_eq!(
            condition["DateLessThan"]["aws:TokenIssueTime"],
            twinlock_gate::iso(1_785_585_600_000)
        );
        let at = |key: &str| text.find(&format!("\"{key}\"")).unwrap();
        let keys = [
            "Version",
            "Statement",
            "Effect",
            "Action",
            "Resource",
            "Condition",
        ];
        assert!(keys.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
    }
}
