//! The audit event of every call: built by the pipeline, sent to tracing and kept in a bounded ring.

use std::{borrow::Cow, collections::VecDeque, sync::Mutex};

use serde::Serialize;
use twinlock_directory::Millis;

use crate::caller::{AuthType, Caller, Who};

/// Events kept in memory.
const RING_EVENTS_MAX: usize = 10_000;

/// One call, complete: who asked what of which service, from where, and what came of it. Holds no secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The instant the call came in, milliseconds since the epoch.
    pub time: Millis,
    /// The id the answer carried.
    pub request_id: String,
    /// `iam.amazonaws.com`.
    pub event_source: String,
    /// `CreateUser`; what the caller asked for, also when there is no such operation.
    pub event_name: String,
    /// The region of the signature.
    pub region: String,
    /// The peer.
    pub source_ip: Option<String>,
    /// User-Agent.
    pub user_agent: Option<String>,
    /// The caller's kind as CloudTrail names it: Root, IAMUser, AssumedRole, FederatedUser, Anonymous, Unknown.
    pub caller_type: &'static str,
    /// The caller's ARN at that time, if it was authenticated.
    pub caller_arn: Option<String>,
    /// The caller's account.
    pub caller_account: Option<String>,
    /// `aws:userid`.
    pub principal_id: Option<String>,
    /// The access key id, known or not.
    pub access_key_id: Option<String>,
    /// The session's issue time, if it is one.
    pub session_issued: Option<Millis>,
    /// The session's source identity.
    pub source_identity: Option<String>,
    /// Whether the session was made with MFA.
    pub mfa_authenticated: bool,
    /// How the call was signed.
    pub auth: &'static str,
    /// The parameters of the request, secrets left out.
    pub request_parameters: Vec<(String, String)>,
    /// Whether the operation may change something.
    pub read_only: bool,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of the answer, if it is one.
    pub error_code: Option<String>,
    /// The error message of the answer.
    pub error_message: Option<String>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl Event {
    /// Fills in what is known of an authenticated caller.
    pub(crate) fn caller(
        &mut self,
        caller: &Caller,
        arn: Option<String>,
        principal_id: Option<String>,
    ) {
        self.caller_type = match caller.who {
            Who::Anonymous => "Anonymous",
            Who::Root(_) => "Root",
            Who::User { .. } => "IAMUser",
            Who::RoleSession { .. } => "AssumedRole",
            Who::FederatedUser { .. } => "FederatedUser",
        };
        self.caller_account = caller.who.account().map(|a| a.to_string());
        self.caller_arn = arn;
        self.principal_id = principal_id;
        if let Some(session) = &caller.session {
            self.session_issued = Some(session.issued);
            self.source_identity.clone_from(&session.source_identity);
            self.mfa_authenticated = session.mfa.is_some();
        }
        self.auth = match caller.request.auth_type {
            AuthType::None => "none",
            AuthType::Header => "header",
            AuthType::Query => "query",
            AuthType::Post => "post",
            AuthType::Console => "console",
        };
    }
}

/// Where events go.
#[derive(Debug, Default)]
pub struct Audit {
    ring: Mutex<VecDeque<Event>>,
}

impl Audit {
    /// Takes one event.
    pub fn record(&self, event: Event) {
        tracing::info!(
            target: "twinlock::audit",
            request_id = event.request_id,
            source = event.event_source,
            name = event.event_name,
            caller = event.caller_arn,
            key = event.access_key_id,
            ip = event.source_ip,
            status = event.status,
            error = event.error_code,
            took_us = event.took_us,
            "{}",
            on_one_line(event.error_message.as_deref().unwrap_or(""))
        );
        if let Ok(mut ring) = self.ring.lock() {
            if ring.len() >= RING_EVENTS_MAX {
                ring.pop_front();
            }
            ring.push_back(event);
        }
    }

    /// The newest events, newest first, at most `most`.
    pub fn latest(&self, most: usize) -> Vec<Event> {
        self.ring
            .lock()
            .map(|ring| ring.iter().rev().take(most).cloned().collect())
            .unwrap_or_default()
    }
}

/// Text for a line of a log. A message may quote what a stranger sent, which must not look like a line of its own.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_two_lines() {
        assert_eq!(on_one_line("a \u{e9}"), "a \u{e9}");
        assert_eq!(on_one_line("a\r\nb\u{1b}[0m\u{85}"), "a  b [0m ");
    }
}
