//! What stands between a caller and a role: AssumeRole's own question, put without assuming anything.
//!
//! A list of "roles that you may switch to" is worth something only if it and AssumeRole always agree. So it is not computed from
//! policies: the very need of [`AssumeRole`](super::AssumeRole) is put to the one evaluator, as it would be now, and then with
//! what could be added to the call: MFA, an external id, or both. `doors/tests.rs` compares the two at random.

#[cfg(test)]
mod tests;

use twinlock_directory::{Role, Snapshot};
use twinlock_gate::{Action, Cx, Need};

use super::assume_role::{
    ASSUME, Named, SOURCE_IDENTITY, TAG, held_source_identity, inherited, question,
};

/// External ids that are tried at one role.
const EXTERNAL_IDS_MAX: usize = 64;
/// Length of an external id, in characters.
const EXTERNAL_ID_CHARS: std::ops::RangeInclusive<usize> = 2..=1224;
/// An external id that no policy names: for doors that want any, or any but some.
const SOME_ID: &str = "some-external-id";
const KEY: &str = "sts:ExternalId";

/// What a call of AssumeRole must bring for the door to open. Neither: it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Door {
    /// A sign-in, or a code, of an MFA device.
    pub mfa: bool,
    /// The external id that the role's owner has given.
    pub external_id: bool,
}

impl Door {
    /// A bare call goes through.
    pub const OPEN: Door = Door {
        mfa: false,
        external_id: false,
    };
}

/// The doors before one caller, who would name its sessions so.
#[derive(Debug)]
pub struct Doors<'a> {
    cx: Cx<'a>,
    session_name: String,
    /// What a trust policy calls the caller by: the account's id, in every ARN of it, and the identity's own.
    called: Vec<String>,
}

impl<'a> Doors<'a> {
    /// For the caller of `cx`.
    pub fn of(cx: Cx<'a>, session_name: impl Into<String>) -> Self {
        use twinlock_gate::Who;
        let called = match &cx.caller.who {
            Who::User { account, id } => vec![account.to_string(), id.clone()],
            Who::RoleSession {
                account, role_id, ..
            } => vec![account.to_string(), role_id.clone()],
            Who::Root(_) | Who::FederatedUser { .. } | Who::Anonymous => Vec::new(),
        };
        Doors {
            cx,
            session_name: session_name.into(),
            called,
        }
    }

    /// Whether the role's trust policy speaks of the caller at all; if not, [`Doors::to`] finds it shut. Most roles of a server
    /// trust others: theirs are neither compiled nor asked, so that a list of all costs what concerns the caller.
    pub fn concerns(&self, role: &Role) -> bool {
        let text = role.trust.text();
        // Everybody, all but some, and what JSON can write in more ways than one.
        text.contains(['*', '\\'])
            || text.contains("NotPrincipal")
            || self.called.iter().any(|name| text.contains(name))
    }

    /// What opens the way to `role`; none: it stays shut whatever a call brings, and is none of the caller's business.
    pub fn to(&self, role: &Role) -> Option<Door> {
        // Root users may not assume roles, whatever policies say; roles and federated users have no MFA devices.
        use twinlock_gate::Who;
        let codes: &[bool] = match self.cx.caller.who {
            Who::User { .. } => &[false, true],
            Who::RoleSession { .. } => &[false],
            Who::Root(_) | Who::FederatedUser { .. } | Who::Anonymous => return None,
        };
        if !self.concerns(role) {
            return None;
        }
        // What the caller's session hands down must be admitted, too.
        let tagged = (!inherited(&self.cx).is_empty()).then_some(TAG);
        let named = held_source_identity(&self.cx).map(|_| SOURCE_IDENTITY);
        let actions = || std::iter::once(ASSUME).chain(tagged).chain(named);
        let open = |mfa, id: Option<&str>| {
            actions().all(|action| self.cx.allows(&self.need(action, role, mfa, id)))
        };
        if let Some(mfa) = codes.iter().copied().find(|mfa| open(*mfa, None)) {
            return Some(Door {
                mfa,
                external_id: false,
            });
        }
        let ids = self.external_ids(role);
        let mfa = codes
            .iter()
            .copied()
            .find(|mfa| ids.iter().any(|id| open(*mfa, Some(id))))?;
        Some(Door {
            mfa,
            external_id: true,
        })
    }

    /// A need of AssumeRole, as [`super::AssumeRole`] has it.
    fn need(&self, action: &Action, role: &Role, mfa: bool, external_id: Option<&str>) -> Need {
        let need = question(Need::on(action, role.arn()), Some(role.account), Some(role))
            .key("sts:RoleSessionName", &self.session_name)
            .key_if("sts:SourceIdentity", held_source_identity(&self.cx))
            .key_if(KEY, external_id);
        if mfa {
            need.key("aws:MultiFactorAuthPresent", "true")
                .key("aws:MultiFactorAuthAge", "0")
        } else {
            need
        }
    }

    /// External ids that the policies of both sides speak of, to ask whether any opens the door. They are shown to nobody.
    fn external_ids(&self, role: &Role) -> Vec<String> {
        let need = self.need(ASSUME, role, false, None);
        let mut ids = Vec::new();
        for text in self.cx.texts(&need) {
            named_in(&text, &mut ids);
        }
        for id in &mut ids {
            *id = self.named(&need, id);
        }
        to_try(ids)
    }

    /// The text with the values of its variables (`${aws:username}`), as far as the call has them.
    fn named(&self, need: &Need, text: &str) -> String {
        let mut named = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            named.push_str(before);
            let Some((variable, after)) = after.split_once('}') else {
                return text.to_owned();
            };
            let (key, default) = match variable.split_once(',') {
                Some((key, default)) => (key.trim(), default.trim().trim_matches('\'')),
                None => (variable.trim(), ""),
            };
            let value = self.cx.value_of(need, key);
            named.push_str(value.as_deref().unwrap_or(default));
            rest = after;
        }
        named + rest
    }
}

/// A question about a role, whatever the action of STS, as a call would put it. A role that is not there admits nobody; a resource
/// that is none stays as it is.
pub fn asked(need: Need, snapshot: &Snapshot) -> Need {
    let Named { account, role } = Named::in_snapshot(&need.resource, snapshot);
    match account {
        Some(_) => question(need, account, role.as_deref()),
        None => need,
    }
}

/// External ids that a policy speaks of, wildcards filled in, to ask whether any of them opens a door: as good as those that the
/// role's owner has given, and so for its own eyes only.
pub fn external_ids(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    named_in(text, &mut ids);
    to_try(ids)
}

fn named_in(text: &str, into: &mut Vec<String>) {
    // Most policies do not speak of it, and are not read again.
    if text.to_ascii_lowercase().contains("sts:externalid")
        && let Ok(document) = serde_json::from_str(text)
    {
        collect(&document, into);
    }
}

fn to_try(mut ids: Vec<String>) -> Vec<String> {
    if ids.is_empty() {
        return ids;
    }
    ids.push(SOME_ID.to_owned());
    let mut ids: Vec<String> = ids.iter().filter_map(|id| sendable(id)).collect();
    ids.sort();
    ids.dedup();
    ids.truncate(EXTERNAL_IDS_MAX);
    ids
}

/// The values of the condition key, wherever a document has them.
fn collect(value: &serde_json::Value, into: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(id) if key.eq_ignore_ascii_case(KEY) => into.push(id.clone()),
                    Value::Array(ids) if key.eq_ignore_ascii_case(KEY) => {
                        into.extend(ids.iter().filter_map(|id| id.as_str()).map(str::to_owned))
                    }
                    _ => collect(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

/// An external id that a call may carry and that matches the pattern: wildcards are no characters of one.
fn sendable(pattern: &str) -> Option<String> {
    let id = pattern.replace('*', "00").replace('?', "0");
    let chars = id.chars().count();
    let allowed = |c: char| c.is_alphanumeric() || "_+=,.@:/-".contains(c);
    (EXTERNAL_ID_CHARS.contains(&chars) && id.chars().all(allowed)).then_some(id)
}
