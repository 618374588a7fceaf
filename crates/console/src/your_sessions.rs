//! Where an identity is signed in: the list, ending any of it, signing out of this browser.

use http::Response;
use maud::html;
use twinlock_gate::{Body, Happening};

use crate::{
    Console,
    http::{Request, redirect, with_cookie},
    layout::{Service, show},
    oauth2,
    parts::{csrf, head, when},
    sessions::{SLOTS, SignIn, slots},
    sign_in::{self, COOKIE_SECONDS, OUT},
    visit::{Page, Visit},
};

/// What browsers call themselves in passing, and what people call them; the first that occurs counts, for most of them claim to
/// be several.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A browser by its `User-Agent`, in a few words.
fn browser(agent: &str) -> String {
    let first = |names: &[(&'static str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (first(BROWSERS), first(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if agent.is_empty() => "–".to_owned(),
        _ => agent.chars().take(40).collect(),
    }
}

/// `/console/SLOT/sessions`.
pub(crate) async fn page(visit: &Visit) -> Page {
    let all = visit.sessions.of_identity(&visit.sign_in);
    if visit.request.is_post() {
        let others = visit.form.ticked("others");
        let chosen = |slot: &str| match others {
            true => slot != visit.slot,
            false => slot == visit.field("slot"),
        };
        for (slot, _) in all.iter().filter(|(slot, _)| chosen(slot)) {
            visit.sessions.end(slot).await?;
        }
        let said = match others {
            true => "All other sessions have ended.",
            false => "The session has ended.",
        };
        return Ok(visit.done("/sessions", said));
    }
    let actions = html! {
        @if all.len() > 1 {
            form method="post" { (csrf(visit)) button type="submit" name="others" value="1" { "End all others" } }
        }
    };
    let main = html! {
        (head("Your sessions", "Where you are signed in. Ending a session takes effect with its next click, and ends what programs got from it by aws login.", actions))
        table {
            thead { tr { th { "Signed in" } th { "Browser" } th { "From" } th { "Role" } th { "Programs" } th { "Ends" } td {} } }
            tbody {
                @for (slot, session) in &all {
                    tr {
                        td { (when(session.started)) }
                        td title=(session.agent) { (browser(&session.agent)) }
                        td { (session.address) }
                        td { @if let Some(role) = &session.role { (role.display_name) } @else { "–" } }
                        td { (oauth2::of_slot(&visit.world, slot).len()) }
                        td { (when(session.expires)) }
                        td.row-actions {
                            @if *slot == visit.slot { span.badge { "This session" } } @else {
                                form method="post" { (csrf(visit)) input type="hidden" name="slot" value=(slot); button type="submit" { "End" } }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(show(visit, Service::Home, "Your sessions", main))
}

/// Ends this identity's session in this browser, or those of all identities in it.
pub(crate) async fn sign_out(visit: &Visit) -> Page {
    let all = visit.form.ticked("all");
    end(visit, &visit.slot, &visit.sign_in).await?;
    for (slot, other) in visit.others.iter().filter(|_| all) {
        end(visit, slot, other).await?;
    }
    let left: Vec<&str> = slots(&visit.request)
        .into_iter()
        .filter(|slot| !all && *slot != visit.slot)
        .collect();
    let to = if all || visit.others.is_empty() {
        format!("/signin?account={}&why={OUT}", visit.sign_in.account)
    } else {
        format!("/console?why={OUT}")
    };
    Ok(with_cookie(
        redirect(&to),
        SLOTS,
        &left.join("."),
        COOKIE_SECONDS,
        visit.request.peer.secure,
    ))
}

async fn end(visit: &Visit, slot: &str, who: &SignIn) -> Result<(), twinlock_gate::Fault> {
    let caller = visit.sessions.own_caller(who, visit.facts()).ok();
    visit.sessions.end(slot).await?;
    visit.world.console_happened(Happening {
        name: "Logout",
        caller: caller.as_ref(),
        account: Some(who.account),
        facts: &visit.facts(),
        parameters: Vec::new(),
        failure: None,
    });
    Ok(())
}

impl Console {
    /// `/console`: the identity of this browser, or the choice among several, or the way to sign in. After a sign-out nobody finds
    /// oneself in another identity without having chosen it.
    pub(crate) fn front(&self, request: &Request) -> Response<Body> {
        let signed_in = self.sessions.of_browser(request);
        match signed_in.as_slice() {
            [] => redirect(&sign_in::address(request, "")),
            [(slot, _)] if request.query.get("why") != OUT => {
                redirect(&format!("/console/{slot}/"))
            }
            several => sign_in::choose(request, several, "/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_by_the_names_that_people_know() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "–"),
        ] {
            assert_eq!(browser(agent), name, "{agent}");
        }
    }
}
