//! Invitations: those that this account got, and those that its organization sent.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::organizations::handshakes::{
    AcceptHandshake, CancelHandshake, DeclineHandshake, ListHandshakesForAccount,
    ListHandshakesForOrganization,
};
use twinlock_shapes::organizations as s;

use super::common::{MOST, organization, shown};
use crate::{
    parts::{csrf, head, nothing, problem, when},
    visit::{Page, Visit, all_pages},
};

const PATH: &str = "/organizations/invitations";

/// `/organizations/invitations…`.
pub(super) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    let handshake_id = visit.field("handshake").to_owned();
    let said = match rest {
        [] => return list(visit),
        ["accept"] if visit.request.is_post() => {
            visit
                .change::<AcceptHandshake>(s::AcceptHandshakeInput { handshake_id })
                .await?;
            "The invitation is accepted."
        }
        ["decline"] if visit.request.is_post() => {
            visit
                .change::<DeclineHandshake>(s::DeclineHandshakeInput { handshake_id })
                .await?;
            "The invitation is declined."
        }
        ["cancel"] if visit.request.is_post() => {
            visit
                .change::<CancelHandshake>(s::CancelHandshakeInput { handshake_id })
                .await?;
            "The invitation is cancelled."
        }
        _ => return Err(crate::not_found()),
    };
    Ok(visit.done(PATH, said))
}

fn list(visit: &Visit) -> Page {
    let received = all_pages::<ListHandshakesForAccount, _>(
        visit,
        MOST,
        |next_token| s::ListHandshakesForAccountInput {
            next_token,
            ..Default::default()
        },
        |out| (out.handshakes, out.next_token),
    );
    // An account without an organization sends none.
    let sent = organization(visit)?.map(|_| {
        all_pages::<ListHandshakesForOrganization, _>(
            visit,
            MOST,
            |next_token| s::ListHandshakesForOrganizationInput {
                next_token,
                ..Default::default()
            },
            |out| (out.handshakes, out.next_token),
        )
    });
    let main = html! {
        (head("Invitations", "An account joins an organization when it accepts the invitation.", html! {
            @if sent.is_some() { a.button.primary href=(visit.at("/organizations/accounts/add")) { "Invite an AWS account" } }
        }))
        h2 { "Received" }
        (table(visit, &received, true))
        @if let Some(sent) = &sent { h2 { "Sent" } (table(visit, sent, false)) }
    };
    Ok(shown(visit, "Invitations", main))
}

/// The resource of this type, at any depth.
fn resource<'h>(resources: &'h [s::HandshakeResource], kind: &str) -> Option<&'h str> {
    resources.iter().find_map(|resource| {
        if resource.r#type.as_deref() == Some(kind) {
            return resource.value.as_deref();
        }
        self::resource(&resource.resources, kind)
    })
}

/// `Requested`, of `REQUESTED`.
fn words(state: &str) -> String {
    let mut chars = state.chars();
    let first = chars.next().into_iter();
    first.chain(chars.flat_map(char::to_lowercase)).collect()
}

fn table(visit: &Visit, listed: &Result<Vec<s::Handshake>, Fault>, received: bool) -> Markup {
    let handshakes = match listed {
        Ok(handshakes) => handshakes,
        Err(fault) => return problem(visit, fault),
    };
    if handshakes.is_empty() {
        return nothing("None.");
    }
    html! {
        table {
            thead { tr { th { @if received { "From" } @else { "To" } } th { "What" } th { "Status" } th { "Expires" } th { "Actions" } } }
            tbody { @for handshake in handshakes {
                @let state = handshake.state.as_deref().unwrap_or("");
                @let pending = matches!(state, "REQUESTED" | "OPEN");
                tr {
                    td { (party(handshake, received)) @if let Some(notes) = resource(&handshake.resources, "NOTES") { div.about { (notes) } } }
                    td { @match handshake.action.as_deref() { Some("INVITE") => "Invitation", Some("ENABLE_ALL_FEATURES" | "APPROVE_ALL_FEATURES") => "All features", other => (other.unwrap_or("")) } }
                    td { span.badge.open[state == "ACCEPTED"] { (words(state)) } }
                    td { @if let Some(at) = handshake.expiration_timestamp { (when(at.0)) } }
                    td.row-actions { @if pending {
                        @if received { (button(visit, handshake, "accept", "Accept")) (button(visit, handshake, "decline", "Decline")) } @else { (button(visit, handshake, "cancel", "Cancel invitation")) }
                    } }
                }
            } }
        }
    }
}

fn party(handshake: &s::Handshake, received: bool) -> Markup {
    let resources = &handshake.resources;
    let to = handshake
        .parties
        .iter()
        .find(|party| party.r#type != "ORGANIZATION");
    html! {
        @if received {
            (resource(resources, "MASTER_NAME").unwrap_or("")) " "
            span.about { (resource(resources, "MASTER_EMAIL").unwrap_or("")) " · " (resource(resources, "ORGANIZATION").unwrap_or("")) }
        } @else {
            (to.map_or("", |party| party.id.as_str()))
        }
    }
}

fn button(visit: &Visit, handshake: &s::Handshake, action: &str, label: &str) -> Markup {
    html! {
        form method="post" action={ (visit.at(PATH)) "/" (action) } {
            (csrf(visit))
            input type="hidden" name="handshake" value=(handshake.id.as_deref().unwrap_or(""));
            button type="submit" { (label) }
        }
    }
}
