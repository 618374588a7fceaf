//! GetSessionToken and GetFederationToken: sessions of the caller's own, for long-term keys only.

use twinlock_directory::AccountId;
use twinlock_gate::{
    Action, Attempt, Cx, Effect, Fault, Need, Needs, Nothing, Operation, Permit, Read, Sessions,
    Who,
    token::{Session, SessionOf},
};
use twinlock_shapes::sts::{
    FederatedUser, GetFederationTokenInput, GetFederationTokenOutput, GetSessionTokenInput,
    GetSessionTokenOutput,
};

use super::{
    mfa::Mfa,
    session::{issue, session_policies, session_tags},
};

const DEFAULT_SECONDS: u64 = 43_200;
/// Sessions of a root user live an hour at most; asking for more gets an hour.
const ROOT_SECONDS_MAX: u64 = 3600;

fn seconds(asked: Option<i32>, cx: &Cx<'_>) -> u64 {
    let seconds = asked
        .and_then(|s| u64::try_from(s).ok())
        .unwrap_or(DEFAULT_SECONDS);
    if matches!(cx.caller.who, Who::Root(_)) {
        seconds.min(ROOT_SECONDS_MAX)
    } else {
        seconds
    }
}

/// The account and user behind a long-term key.
fn own(cx: &Cx<'_>) -> Result<(AccountId, Option<String>), Fault> {
    match &cx.caller.who {
        Who::Root(account) => Ok((*account, None)),
        Who::User { account, id } => Ok((*account, Some(id.clone()))),
        _ => Err(Fault::new("AccessDenied", 403, "Access Denied")),
    }
}

/// A session of the caller itself; one with MFA if it brings a code.
pub struct GetSessionToken;

/// The code that the call brings.
pub struct Found(Mfa);

impl Operation for GetSessionToken {
    type Input = GetSessionTokenInput;
    type Output = GetSessionTokenOutput;
    type Found = Found;
    const NAME: &'static str = "GetSessionToken";
    const ACTIONS: &'static [Action] = &[Action::new("sts:GetSessionToken", &[], &[])];
    const SESSIONS: Sessions = Sessions::LongTermOnly;
    const READS: bool = true;

    fn needs(_: &GetSessionTokenInput, found: &Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        found.0.admitted()?;
        Ok(Needs::nothing(Nothing::GetSessionToken))
    }
}

impl Effect for GetSessionToken {
    async fn find(input: &GetSessionTokenInput, cx: &Cx<'_>) -> Result<Found, Fault> {
        let (serial_number, code) = (&input.serial_number, &input.token_code);
        Ok(Found(Mfa::find(
            serial_number.as_deref(),
            code.as_deref(),
            cx,
        )))
    }

    async fn run(
        permit: Permit<Self>,
        input: GetSessionTokenInput,
        Found(mfa): Found,
        attempt: &Attempt,
    ) -> Result<GetSessionTokenOutput, Fault> {
        let cx = &attempt.cx()?;
        let (account, user_id) = own(cx)?;
        let proven = mfa.spend(permit, &input, attempt).await?;
        let expires = cx.now + seconds(input.duration_seconds, cx) * 1000;
        let made = Session {
            mfa: proven.then_some(cx.now),
            ..Session::new(SessionOf::User { account, user_id }, cx.now, expires)
        };
        let (credentials, _) = issue(&made, cx)?;
        Ok(GetSessionTokenOutput {
            credentials: Some(credentials),
            ..GetSessionTokenOutput::default()
        })
    }
}

/// A session for someone whom the caller vouches for: the caller's rights, cut by the session's policies.
pub struct GetFederationToken;

const FEDERATE: &Action = &GetFederationToken::ACTIONS[0];
const TAG: &Action = &GetFederationToken::ACTIONS[1];

impl Operation for GetFederationToken {
    type Input = GetFederationTokenInput;
    type Output = GetFederationTokenOutput;
    type Found = ();
    const NAME: &'static str = "GetFederationToken";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "sts:GetFederationToken",
            &["federated-user"],
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
        ),
        Action::new(
            "sts:TagSession",
            &["federated-user"],
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
        ),
    ];
    const SESSIONS: Sessions = Sessions::LongTermOnly;

    fn needs(input: &GetFederationTokenInput, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let (account, _) = own(cx)?;
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = |action| {
            Need::on(
                action,
                format!("arn:aws:sts::{account}:federated-user/{}", input.name),
            )
            .owned_by(account)
            .request_tags(tags.iter().map(|t| (t.key.as_str(), t.value.as_str())))
        };
        Ok(Needs::one(need(FEDERATE)).and_if((!tags.is_empty()).then(|| need(TAG))))
    }
}

impl Read for GetFederationToken {
    fn find(_: &GetFederationTokenInput, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &GetFederationTokenInput,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<GetFederationTokenOutput, Fault> {
        let (account, user_id) = own(cx)?;
        let (policies, policy_arns) = session_policies(
            input.policy.as_deref(),
            input.policy_arns.as_deref(),
            account,
            cx,
        )?;
        let tags = session_tags(input.tags.as_deref().unwrap_or_default())?;
        let packed = !policies.is_empty() || !policy_arns.is_empty() || !tags.is_empty();
        let of = SessionOf::Federated {
            account,
            user_id,
            name: input.name.clone(),
        };
        let expires = cx.now + seconds(input.duration_seconds, cx) * 1000;
        let made = Session {
            tags,
            policies,
            policy_arns,
            ..Session::new(of, cx.now, expires)
        };
        let (credentials, percent) = issue(&made, cx)?;
        Ok(GetFederationTokenOutput {
            credentials: Some(credentials),
            federated_user: Some(FederatedUser {
                federated_user_id: format!("{account}:{}", input.name),
                arn: format!("arn:aws:sts::{account}:federated-user/{}", input.name),
            }),
            packed_policy_size: Some(if packed { percent } else { 0 }),
            ..GetFederationTokenOutput::default()
        })
    }
}
