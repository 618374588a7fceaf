//! AssumeRole: a session of a role, for whoever both sides let in.
//!
//! The decision is the evaluator's alone: the caller's own policies and the role's trust policy, as `policy-evaluation` 5.2 has
//! it. A role that does not exist is asked about like one that may not be assumed, so that nobody learns which roles there are.

use std::sync::Arc;

use twinlock_directory::{AccountId, Millis, Role, Snapshot};
use twinlock_gate::{
    Action, Attempt, AuthType, Cx, Effect, Fault, Need, Needs, Operation, Permit, ResourcePolicy,
    Sessions, Who,
    token::{Session, SessionOf},
};
use twinlock_policy::ResourceRule;
use twinlock_shapes::sts::{AssumeRoleInput, AssumeRoleOutput, AssumedRoleUser, Tag};

use super::{
    mfa::Mfa,
    session::{issue, session_policies, session_tags},
};

/// The longest session of a chain, in seconds.
const CHAINED_SECONDS_MAX: u64 = 3600;
const DEFAULT_SECONDS: u64 = 3600;

/// Gives temporary credentials of a role.
pub struct AssumeRole;

/// The role that the call names, and the code it brings.
pub struct Found {
    mfa: Mfa,
    account: Option<AccountId>,
    role: Option<Arc<Role>>,
}

/// A role named by its ARN, which is perhaps not there; no account: the ARN is none of a role.
pub(super) struct Named {
    pub(super) account: Option<AccountId>,
    pub(super) role: Option<Arc<Role>>,
}

impl Named {
    pub(super) fn of(arn: &str, cx: &Cx<'_>) -> Named {
        Self::in_snapshot(arn, cx.snapshot)
    }

    pub(super) fn in_snapshot(arn: &str, snapshot: &Snapshot) -> Named {
        let account = role_account(arn);
        let role = account.and_then(|account| {
            let name = arn.rsplit('/').next()?;
            let role = snapshot.account(&account)?.role(name)?;
            // Names are unique without case, but an ARN means one spelling, path and all.
            (role.arn() == arn).then(|| role.clone())
        });
        Named { account, role }
    }
}

pub(super) const ASSUME: &Action = &AssumeRole::ACTIONS[0];
pub(super) const TAG: &Action = &AssumeRole::ACTIONS[1];
pub(super) const SOURCE_IDENTITY: &Action = &AssumeRole::ACTIONS[2];

impl Operation for AssumeRole {
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;
    type Found = Found;
    const NAME: &'static str = "AssumeRole";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "sts:AssumeRole",
            &["role"],
            &[
                "sts:ExternalId",
                "sts:RoleSessionName",
                "sts:SourceIdentity",
                "sts:TransitiveTagKeys",
                "aws:RequestTag/${TagKey}",
                "aws:TagKeys",
            ],
        ),
        Action::new(
            "sts:TagSession",
            &["role"],
            &[
                "sts:TransitiveTagKeys",
                "aws:RequestTag/${TagKey}",
                "aws:TagKeys",
            ],
        ),
        Action::new("sts:SetSourceIdentity", &["role"], &["sts:SourceIdentity"]),
    ];
    const SESSIONS: Sessions = Sessions::NotFederated;
    const READS: bool = true;

    fn needs(input: &AssumeRoleInput, found: &Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        if found.account.is_none() {
            return Err(Fault::validation(format!("{} is invalid", input.role_arn)));
        }
        if input
            .provided_contexts
            .as_ref()
            .is_some_and(|c| !c.is_empty())
        {
            return Err(Fault::new(
                "InvalidParameterValue",
                400,
                "ProvidedContexts is not supported: there is no context provider here whose assertions could be verified.",
            ));
        }
        if matches!(cx.caller.who, Who::Root(_)) {
            return Err(Fault::new(
                "AccessDenied",
                403,
                "Roles may not be assumed by root accounts.",
            ));
        }
        let need = |action: &Action| -> Result<Need, Fault> {
            let need = question(
                Need::on(action, &input.role_arn),
                found.account,
                found.role.as_deref(),
            );
            let mut need = found
                .mfa
                .known_to(need)?
                .key("sts:RoleSessionName", &input.role_session_name)
                .key_if("sts:ExternalId", input.external_id.as_deref())
                .key_if("sts:SourceIdentity", source_identity(input, cx))
                .request_tags(pairs(input.tags.as_deref().unwrap_or_default()));
            if let Some(keys) = input
                .transitive_tag_keys
                .as_ref()
                .filter(|keys| !keys.is_empty())
            {
                need = need.keys("sts:TransitiveTagKeys", keys.clone());
            }
            Ok(need)
        };
        let tagging =
            input.tags.as_ref().is_some_and(|t| !t.is_empty()) || !inherited(cx).is_empty();
        // One that is handed down must be admitted as well, by the next role as by the first.
        let naming = source_identity(input, cx).is_some();
        Ok(Needs::one(need(ASSUME)?)
            .and_if(tagging.then(|| need(TAG)).transpose()?)
            .and_if(naming.then(|| need(SOURCE_IDENTITY)).transpose()?))
    }
}

/// The need on a role, as it stands: its trust policy must admit the caller, its tags and its owner are known. A role that is
/// not there has none of them.
pub(super) fn question(need: Need, owner: Option<AccountId>, role: Option<&Role>) -> Need {
    let trust = role.map(|role| ResourcePolicy {
        policy: role.trust.compiled().clone(),
        name: format!("trust policy of role {}", role.name),
    });
    let mut need = need.under(trust, ResourceRule::MustAdmit);
    if let Some(role) = role {
        need = need.tagged(role.tags.iter().map(|t| (t.key.as_str(), t.value.as_str())));
    }
    match owner {
        Some(account) => need.owned_by(account),
        None => need,
    }
}

impl Effect for AssumeRole {
    async fn find(input: &AssumeRoleInput, cx: &Cx<'_>) -> Result<Found, Fault> {
        let Named { account, role } = Named::of(&input.role_arn, cx);
        let (serial_number, code) = (&input.serial_number, &input.token_code);
        Ok(Found {
            mfa: Mfa::find(serial_number.as_deref(), code.as_deref(), cx),
            account,
            role,
        })
    }

    async fn run(
        permit: Permit<Self>,
        input: AssumeRoleInput,
        found: Found,
        attempt: &Attempt,
    ) -> Result<AssumeRoleOutput, Fault> {
        let cx = &attempt.cx()?;
        let input = &input;
        let role = found.role.ok_or_else(Fault::internal)?;
        let seconds = duration(input.duration_seconds, &role, cx)?;
        let tags = chained_tags(input, cx)?;
        let transitive = transitive(input, cx)?;
        if let (Some(asked), Some(held)) = (&input.source_identity, held_source_identity(cx))
            && asked != held
        {
            return Err(Fault::new(
                "AccessDenied",
                403,
                "The source identity of a session cannot be changed by a session that it assumes.",
            ));
        }
        let (policies, policy_arns) = session_policies(
            input.policy.as_deref(),
            input.policy_arns.as_deref(),
            role.account,
            cx,
        )?;
        let packed = !policies.is_empty() || !policy_arns.is_empty() || !tags.is_empty();
        let of = SessionOf::Role {
            account: role.account,
            role_id: role.id.clone(),
            name: input.role_session_name.clone(),
        };
        let made = Session {
            source_identity: source_identity(input, cx).map(str::to_owned),
            tags,
            transitive,
            policies,
            policy_arns,
            chained: is_chained(cx),
            ..Session::new(of, cx.now, cx.now + seconds * 1000)
        };
        found.mfa.spend(permit, input, attempt).await?;
        let (credentials, percent) = issue(&made, cx)?;
        Ok(AssumeRoleOutput {
            credentials: Some(credentials),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: format!("{}:{}", role.id, input.role_session_name),
                arn: format!(
                    "arn:aws:sts::{}:assumed-role/{}/{}",
                    role.account, role.name, input.role_session_name
                ),
            }),
            packed_policy_size: packed.then_some(percent),
            source_identity: made.source_identity,
            ..AssumeRoleOutput::default()
        })
    }
}

/// The account of a role's ARN; none: it is no ARN of a role.
fn role_account(arn: &str) -> Option<AccountId> {
    let rest = arn.strip_prefix("arn:aws:iam::")?;
    let (account, resource) = rest.split_once(':')?;
    let name = resource.strip_prefix("role/")?;
    (!name.is_empty()).then(|| account.parse().ok()).flatten()
}

fn duration(asked: Option<i32>, role: &Role, cx: &Cx<'_>) -> Result<Millis, Fault> {
    let asked = asked.map(|s| u64::try_from(s).unwrap_or(0));
    if asked.is_some_and(|s| s > u64::from(role.max_session_seconds)) {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    if is_chained(cx) && asked.is_some_and(|s| s > CHAINED_SECONDS_MAX) {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(asked.unwrap_or(DEFAULT_SECONDS))
}

/// Whether the role is assumed by role chaining. Switching from a console sign-in is none: the person's own session stands
/// behind it, as a key would.
fn is_chained(cx: &Cx<'_>) -> bool {
    cx.caller.session.is_some()
        && (cx.caller.is_role_session() || cx.caller.request.auth_type != AuthType::Console)
}

/// The tags that the calling session hands down.
pub(super) fn inherited(cx: &Cx<'_>) -> Vec<(String, String)> {
    let Some(session) = cx.caller.session.as_deref() else {
        return Vec::new();
    };
    session
        .tags
        .iter()
        .filter(|(key, _)| {
            session
                .transitive
                .iter()
                .any(|t| t.eq_ignore_ascii_case(key))
        })
        .cloned()
        .collect()
}

/// The new session's tags: the inherited ones, which nothing overrides, and the request's.
fn chained_tags(input: &AssumeRoleInput, cx: &Cx<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut tags = inherited(cx);
    let own = session_tags(input.tags.as_deref().unwrap_or_default())?;
    for (key, value) in own {
        if tags.iter().any(|(k, _)| k.eq_ignore_ascii_case(&key)) {
            return Err(Fault::new(
                "InvalidParameterValue",
                400,
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
            ));
        }
        tags.push((key, value));
    }
    Ok(tags)
}

fn transitive(input: &AssumeRoleInput, cx: &Cx<'_>) -> Result<Vec<String>, Fault> {
    let mut keys: Vec<String> = inherited(cx).into_iter().map(|(key, _)| key).collect();
    let tags = input.tags.as_deref().unwrap_or_default();
    for key in input.transitive_tag_keys.as_deref().unwrap_or_default() {
        if !tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key)) {
            return Err(Fault::new(
                "InvalidParameterValue",
                400,
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        keys.push(key.clone());
    }
    Ok(keys)
}

pub(super) fn held_source_identity<'a>(cx: &Cx<'a>) -> Option<&'a str> {
    cx.caller
        .session
        .as_deref()
        .and_then(|s| s.source_identity.as_deref())
}

/// As asked for, or as the calling session has it.
fn source_identity<'a>(input: &'a AssumeRoleInput, cx: &Cx<'a>) -> Option<&'a str> {
    input
        .source_identity
        .as_deref()
        .or_else(|| held_source_identity(cx))
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
}
