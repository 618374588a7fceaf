//! Revoking: every session of a role that was made before now is denied everything, by a policy, as at AWS.

use maud::{Markup, html};
use serde_json::json;
use twinlock_shapes::iam as s;

use super::holder::{Holder, document};
use crate::{
    parts::csrf,
    visit::{Page, Visit},
};

/// AWS's name of the inline policy.
pub(crate) const POLICY: &str = "AWSRevokeOlderSessions";
/// How far ahead AWS's own console writes the time, in milliseconds: its changes take a while to be seen everywhere.
const AHEAD_MS: u64 = 30_000;

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
            noscript { p.hint { "Use the form below." } }
        }
        dialog #revoke aria-labelledby="revoke-title" {
            form method="post" action={ (visit.at(&holder.path())) "/revoke" } {
                (csrf(visit))
                h2 #revoke-title { "Revoke active sessions" }
                p { "An inline policy named " code { (POLICY) } " is put on the role. It denies everything to sessions made before a point in time." }
                label.check { input type="radio" name="when" value="now" checked; "Sessions made until now" }
                label.check { input type="radio" name="when" value="ahead"; "and in the next 30 seconds, as AWS's console does" }
                label.check { input type="checkbox" name="acknowledged" value="1" data-must; "I acknowledge that I am revoking all active sessions for this role." }
                div.actions { button type="button" data-closes { "Cancel" } button.danger type="submit" data-needs { "Revoke active sessions" } }
            }
        }
        @if let Some(text) = now { h3 { "In force" } (document(&text)) }
    }
}

/// Writes the policy.
pub(crate) async fn now(visit: &Visit, holder: &Holder) -> Page {
    let back = format!("{}?tab=revoke", holder.path());
    if !visit.form.ticked("acknowledged") {
        return Ok(visit.done(&back, "Tick the box to revoke. Nothing has changed."));
    }
    let mut at = visit.world.clock.now();
    if visit.field("when") == "ahead" {
        at += AHEAD_MS;
    }
    let text = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny",
            "Action": ["*"],
            "Resource": ["*"],
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": twinlock_gate::iso(at) } }
        }]
    });
    holder.put_inline(visit, POLICY, &text.to_string()).await?;
    Ok(visit.done(&back, "All active sessions of the role are revoked."))
}
