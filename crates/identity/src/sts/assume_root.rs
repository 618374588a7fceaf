//! AssumeRoot: a quarter of an hour as a member account's root user, for one of five tasks, from the organization's management
//! account or a delegated administrator, once the organization has switched on the feature that the task belongs to.

use twinlock_directory::AccountId;
use twinlock_gate::{
    Action, Cx, Fault, Need, Needs, Operation, Permit, Read,
    token::{Session, SessionOf},
};
use twinlock_shapes::sts::{AssumeRootInput, AssumeRootOutput};

use super::session::issue;
use crate::{
    iam::organizations_features::{ROOT_CREDENTIALS_MANAGEMENT, ROOT_SESSIONS},
    organizations::service_access::IAM,
};

/// The longest session, and the usual one, in seconds.
const SECONDS_MAX: u64 = 900;
/// The policies of AWS's that one may choose from, under `arn:aws:iam::aws:policy/root-task/`, and the feature of each.
const TASKS: [(&str, &str); 5] = [
    ("IAMAuditRootUserCredentials", ROOT_CREDENTIALS_MANAGEMENT),
    ("IAMCreateRootUserPassword", ROOT_CREDENTIALS_MANAGEMENT),
    ("IAMDeleteRootUserCredentials", ROOT_CREDENTIALS_MANAGEMENT),
    ("S3UnlockBucketPolicy", ROOT_SESSIONS),
    ("SQSUnlockQueuePolicy", ROOT_SESSIONS),
];

/// Gives temporary credentials of a member account's root user, cut by a task policy.
pub struct AssumeRoot;

impl Operation for AssumeRoot {
    type Input = AssumeRootInput;
    type Output = AssumeRootOutput;
    /// The member account; none: the caller's organization has none of this id, or may not reach into it.
    type Found = Option<AccountId>;
    const NAME: &'static str = "AssumeRoot";
    const ACTIONS: &'static [Action] = &[Action::new(
        "sts:AssumeRoot",
        &["root-user"],
        &["sts:TaskPolicyArn"],
    )];

    fn needs(input: &Self::Input, _: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let target = target(&input.target_principal)
            .ok_or_else(|| Fault::validation(format!("{} is invalid", input.target_principal)))?;
        let (task, _) = task(input)?;
        // Asked as the caller's own resource: a member's root user has no policy that could let anybody in. Whether the member
        // is in reach is found beside the policies.
        let need = Need::on(&Self::ACTIONS[0], target.root_arn()).key("sts:TaskPolicyArn", task);
        Ok(Needs::one(need))
    }
}

/// An account id, or the ARN of its root user.
fn target(principal: &str) -> Option<AccountId> {
    let id = principal
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.strip_suffix(":root"))
        .unwrap_or(principal);
    id.parse().ok()
}

/// The ARN of the task's policy, and its feature.
fn task(input: &AssumeRootInput) -> Result<(&str, &'static str), Fault> {
    let arn = input.task_policy_arn.arn.as_deref().unwrap_or_default();
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/root-task/");
    TASKS
        .iter()
        .find(|(task, _)| name == Some(*task))
        .map(|(_, feature)| (arn, *feature))
        .ok_or_else(|| {
            Fault::validation(format!(
                "The task policy {arn} is none of those for root sessions: {}",
                TASKS.map(|(task, _)| task).join(", ")
            ))
        })
}

impl Read for AssumeRoot {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Option<AccountId> {
        let own = cx.snapshot.organization_of(&cx.account_id().ok()?)?;
        let target = target(&input.target_principal)?;
        let member = cx.snapshot.organization_of(&target)?;
        let in_charge = own.is_management() || own.member.delegated.contains_key(IAM);
        let same = own.organization.id == member.organization.id;
        let (_, feature) = task(input).ok()?;
        let on = own.organization.iam_features.contains(feature);
        // The management account's own root user is nobody's to assume.
        (in_charge && same && on && !member.is_management()).then_some(target)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Option<AccountId>,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let account = found.ok_or_else(|| {
            Fault::new(
                "AccessDenied",
                403,
                format!(
                    "User: {} is not authorized to perform: sts:AssumeRoot on resource: {}",
                    cx.principal().arn,
                    target(&input.target_principal).map_or_else(String::new, |id| id.root_arn())
                ),
            )
        })?;
        let seconds = input
            .duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or(SECONDS_MAX)
            .min(SECONDS_MAX);
        let held = cx.caller.session.as_deref();
        let of = SessionOf::User {
            account,
            user_id: None,
        };
        let made = Session {
            policy_arns: vec![task(input)?.0.to_owned()],
            source_identity: held.and_then(|session| session.source_identity.clone()),
            ..Session::new(of, cx.now, cx.now + seconds * 1000)
        };
        let (credentials, _) = issue(&made, cx)?;
        Ok(AssumeRootOutput {
            credentials: Some(credentials),
            source_identity: made.source_identity,
            ..Default::default()
        })
    }
}
