//! Revoking: temporary credentials that are refused as expired before they are.
//!
//! AWS revokes by a policy that denies everything to sessions older than an instant, which `aws:TokenIssueTime` allows here as
//! well. Such a policy must be written to the role, counts against its size, stays, and lets the session live on with whatever
//! needs no permission. A revocation is none of that: it is a bar in the directory, which every service and the console look at before
//! anything else (`Session::is_barred`), and it goes with the last session that it could meet.
//!
//! Sessions are recorded nowhere, so nothing here can list them; what has been revoked can be listed.

use std::sync::Arc;

use twinlock_directory::{
    AccountId, AccountNode, Bar, Barred, Batch, Millis, Role, Tag, User,
    model::{issuer_bar, session_bar},
};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
    token::{SESSION_MS_MAX, account_of_access_key_id},
};
use twinlock_shapes::twinlock as shapes;

use crate::iam::common::{Cursor, at, entity_need};

/// Single sessions that an account may have revoked at a time. They go by themselves after 36 hours.
const SINGLE_MAX: usize = 10_000;

fn not_found(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", 400, message)
}

/// A bar as answers show it; none for what is no revocation.
fn shown(bar: &Bar, cx: &Cx<'_>) -> Option<shapes::Revocation> {
    let mut revocation = shapes::Revocation {
        expires_at: at(bar.expires),
        ..Default::default()
    };
    match &bar.what {
        // What ends credentials of `aws login` is an id of its own.
        Barred::Session { access_key_id } if account_of_access_key_id(access_key_id).is_none() => {
            return None;
        }
        Barred::Session { access_key_id } => {
            revocation.access_key_id = Some(access_key_id.clone());
        }
        Barred::Issuer {
            unique_id,
            issued_before,
        } => {
            let arn = match unique_id.parse::<AccountId>() {
                Ok(account) => Some(account.root_arn()),
                Err(_) => cx.snapshot.by_unique_id(unique_id).map(|found| found.arn()),
            };
            revocation.principal_id = Some(unique_id.clone());
            revocation.principal_arn = arn;
            revocation.issued_before = Some(at(*issued_before));
        }
        Barred::Assertion { .. } => return None,
    }
    Some(revocation)
}

// ---- RevokeSession ----

/// `twinlock:RevokeSession`: ends one session of the caller's account, by its access key.
#[derive(Debug)]
pub struct RevokeSession;

impl Operation for RevokeSession {
    type Input = shapes::RevokeSessionInput;
    type Output = shapes::RevokeSessionOutput;
    type Found = ();
    const NAME: &'static str = "RevokeSession";
    const ACTIONS: &'static [Action] = &[Action::new("twinlock:RevokeSession", &["session"], &[])];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let arn = format!(
            "arn:aws:twinlock::{account}:session/{}",
            input.access_key_id
        );
        Ok(Needs::one(entity_need(
            &Self::ACTIONS[0],
            account,
            arn,
            &[],
        )))
    }
}

impl Change for RevokeSession {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        let account = node.account.id;
        let id = &input.access_key_id;
        // The id says whose it is; a bar in this account would end no session of another.
        if account_of_access_key_id(id) != Some(account) {
            return Err(not_found(format!(
                "The access key {id} is not of a session of this account."
            )));
        }
        if node.bar(&session_bar(id)).is_none() && single(node) >= SINGLE_MAX {
            return Err(Fault::new(
                "LimitExceededException",
                400,
                format!(
                    "{SINGLE_MAX} single sessions are revoked already. Revoke all older sessions of the role at once."
                ),
            ));
        }
        let bar = Bar {
            account,
            what: Barred::Session {
                access_key_id: id.clone(),
            },
            expires: cx.now + SESSION_MS_MAX,
        };
        let revocation = shown(&bar, cx);
        batch.put(bar);
        Ok(shapes::RevokeSessionOutput { revocation })
    }
}

fn single(node: &AccountNode) -> usize {
    let bars = node.bars.values();
    // What ends credentials of `aws login` has another id, goes soon, and is made by whoever signs out: it must not fill the list
    // of what an administrator may revoke.
    bars.filter(|bar| matches!(&bar.what, Barred::Session { access_key_id } if account_of_access_key_id(access_key_id).is_some()))
        .count()
}

// ---- RevokeOlderSessions ----

/// Whose sessions are to be revoked.
#[derive(Debug)]
pub enum Principal {
    /// A role, by whomever it was assumed.
    Role(Arc<Role>),
    /// A user: what GetSessionToken, GetFederationToken and the console gave it.
    User(Arc<User>),
    /// The root user, and who acts as it by AssumeRoot.
    Root(AccountId),
}

impl Principal {
    /// What has this ARN in the caller's account.
    fn find(arn: &str, cx: &Cx<'_>) -> Option<Principal> {
        let node = cx.account().ok()?;
        if arn == node.account.id.root_arn() {
            return Some(Principal::Root(node.account.id));
        }
        let name = arn.rsplit('/').next()?;
        let role = node.role(name).filter(|role| role.arn() == arn);
        let user = node.user(name).filter(|user| user.arn() == arn);
        role.cloned()
            .map(Principal::Role)
            .or_else(|| user.cloned().map(Principal::User))
    }

    /// What its sessions name as their issuer.
    fn unique_id(&self) -> String {
        match self {
            Principal::Role(role) => role.id.clone(),
            Principal::User(user) => user.id.clone(),
            Principal::Root(account) => account.to_string(),
        }
    }

    fn tags(&self) -> &[Tag] {
        match self {
            Principal::Role(role) => &role.tags,
            Principal::User(user) => &user.tags,
            Principal::Root(_) => &[],
        }
    }
}

/// `twinlock:RevokeOlderSessions`: ends all sessions of a role, a user or root that were made before an instant.
#[derive(Debug)]
pub struct RevokeOlderSessions;

impl Operation for RevokeOlderSessions {
    type Input = shapes::RevokeOlderSessionsInput;
    type Output = shapes::RevokeOlderSessionsOutput;
    type Found = Option<Principal>;
    const NAME: &'static str = "RevokeOlderSessions";
    const ACTIONS: &'static [Action] = &[Action::new(
        "twinlock:RevokeOlderSessions",
        &["role", "user", "root"],
        &[],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let arn = &input.principal_arn;
        let account = arn
            .strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.split(':').next()?.parse::<AccountId>().ok());
        let Some(account) = account else {
            return Err(Fault::validation(format!(
                "{arn} is not the ARN of a role, a user or a root user."
            )));
        };
        let tags = found.as_ref().map_or(&[][..], Principal::tags);
        let need = entity_need(&Self::ACTIONS[0], account, arn.clone(), tags);
        Ok(Needs::one(need))
    }
}

impl Change for RevokeOlderSessions {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Principal::find(&input.principal_arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let arn = &input.principal_arn;
        let principal = found.ok_or_else(|| not_found(format!("{arn} cannot be found.")))?;
        // Until now means: this millisecond is over, too.
        let until: Millis = match input.issued_before {
            Some(instant) if instant.0 > cx.now => {
                return Err(Fault::validation("IssuedBefore must not lie ahead."));
            }
            Some(instant) => instant.0,
            None => cx.now + 1,
        };
        let node = cx.account()?;
        let unique_id = principal.unique_id();
        // Whom an earlier call ended, a later one does not raise.
        let until = match node.bar(&issuer_bar(&unique_id)).map(|bar| &bar.what) {
            Some(Barred::Issuer { issued_before, .. }) => until.max(*issued_before),
            _ => until,
        };
        let bar = Bar {
            account: node.account.id,
            what: Barred::Issuer {
                unique_id,
                issued_before: until,
            },
            expires: until + SESSION_MS_MAX,
        };
        let revocation = shown(&bar, cx);
        batch.put(bar);
        Ok(shapes::RevokeOlderSessionsOutput { revocation })
    }
}

// ---- ListRevocations ----

/// `twinlock:ListRevocations`: what has been revoked in the caller's account.
#[derive(Debug)]
pub struct ListRevocations;

impl Operation for ListRevocations {
    type Input = shapes::ListRevocationsInput;
    type Output = shapes::ListRevocationsOutput;
    type Found = ();
    const NAME: &'static str = "ListRevocations";
    const ACTIONS: &'static [Action] = &[Action::new("twinlock:ListRevocations", &[], &[])];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for ListRevocations {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.next_token.as_deref(), input.max_results)?;
        let bars = cx.account()?.bars.values();
        let alive = bars.filter(|bar| bar.expires > cx.now);
        let revocations = alive.filter_map(|bar| Some((bar.id(), shown(bar, cx)?)));
        let page = cursor.page(revocations, |(id, _)| id.clone());
        Ok(shapes::ListRevocationsOutput {
            next_token: page.marker,
            revocations: page.items.into_iter().map(|(_, shown)| shown).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
