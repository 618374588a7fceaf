//! Service-linked roles: roles that belong to a service. Customers make and delete them, but change nothing of them except
//! the description and tags; no service control policy limits their sessions.
//!
//! No service acts as such a role here. They are made, shown and protected as on AWS, since set-up scripts and Terraform
//! modules make them first and look at them later.

mod services;

use std::sync::Arc;

use twinlock_directory::{Account, AccountId, Batch, Millis, Random, Role, StoredPolicy, ids};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use self::services::{LinkedService, linked};
use super::{
    common::{entity_need, invalid_input, no_such, role_need, room_for_one, uuid},
    holder, roles,
};

/// Under which setting of the account its finished deletions are kept.
const DELETIONS: &str = "service-linked-role-deletions";
/// How many finished deletions an account remembers; the oldest is forgotten first.
const DELETIONS_KEPT_MAX: usize = 50;
/// The longest session of a service-linked role, in seconds.
const SESSION_SECONDS_MAX: u32 = 3600;

fn policy_arn(service: &LinkedService) -> String {
    format!(
        "arn:aws:iam::aws:policy/aws-service-role/{}",
        service.policy
    )
}

/// The role's name: `AWSServiceRoleForAutoScaling`, with a custom suffix `AWSServiceRoleForAutoScaling_x`.
fn role_name(input: &shapes::CreateServiceLinkedRoleInput) -> Option<String> {
    let service = linked(&input.aws_service_name)?;
    let custom = input
        .custom_suffix
        .iter()
        .map(|suffix| format!("_{suffix}"));
    Some(format!(
        "AWSServiceRoleFor{}{}",
        service.suffix,
        custom.collect::<String>()
    ))
}

/// The role that a service is given in an account; none for a service of which none is known.
pub(crate) fn role(
    input: &shapes::CreateServiceLinkedRoleInput,
    account: AccountId,
    random: &dyn Random,
    now: Millis,
) -> Option<Role> {
    let principal = &input.aws_service_name;
    let service = linked(principal)?;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{principal}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    Some(Role {
        account,
        id: ids::role_id(random),
        name: role_name(input)?,
        path: format!("/aws-service-role/{principal}/"),
        created: now,
        description: input.description.as_deref().and_then(roles::description),
        max_session_seconds: SESSION_SECONDS_MAX,
        trust: Arc::new(StoredPolicy::new(trust, Default::default())),
        inline: Default::default(),
        attached: [policy_arn(service)].into(),
        boundary: None,
        tags: Vec::new(),
    })
}

/// `iam:CreateServiceLinkedRole`.
#[derive(Debug)]
pub struct CreateServiceLinkedRole;

impl Operation for CreateServiceLinkedRole {
    type Input = shapes::CreateServiceLinkedRoleInput;
    type Output = shapes::CreateServiceLinkedRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "CreateServiceLinkedRole";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:CreateServiceLinkedRole",
        &["role"],
        &["iam:AWSServiceName"],
    )];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let service = &input.aws_service_name;
        // A service that has no such role has no role's name either: nothing is made, so any name will do to be asked on.
        let name = role_name(input).unwrap_or_else(|| "AWSServiceRoleFor".to_owned());
        let arn = format!("arn:aws:iam::{account}:role/aws-service-role/{service}/{name}");
        let need: Need = entity_need(&Self::ACTIONS[0], account, arn, &[]);
        Ok(Needs::one(need.key("iam:AWSServiceName", service.as_str())))
    }
}

impl Change for CreateServiceLinkedRole {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &role_name(input)?)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let principal = &input.aws_service_name;
        let (Some(service), Some(name)) = (linked(principal), role_name(input)) else {
            return Err(invalid_input(format!(
                "Service {principal} is not known to have a service-linked role. Twinlock knows those of {} services.",
                services::SERVICES.len()
            )));
        };
        if input.custom_suffix.is_some() && !service.several {
            return Err(invalid_input(format!(
                "Custom suffix is not allowed for {principal}"
            )));
        }
        if found.is_some() {
            return Err(invalid_input(format!(
                "Service role name {name} has been taken in this account, please try a different suffix."
            )));
        }
        room_for_one(cx, cx.account()?.roles.size(), "RolesPerAccount")?;
        // INVARIANT: the service is known, see above.
        let role = role(input, cx.account_id()?, &*cx.world.random, cx.now);
        let role = role.ok_or_else(Fault::internal)?;
        let shown = roles::shown(&role, cx);
        batch.put(role);
        Ok(shapes::CreateServiceLinkedRoleOutput { role: Some(shown) })
    }
}

/// The finished deletions that the account remembers: the task's id, and the ARN of the role that it deleted.
fn deletions(account: &Account) -> Vec<(String, String)> {
    account
        .settings
        .get(DELETIONS)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// `iam:DeleteServiceLinkedRole`. On AWS the service is asked whether it still uses the role; here none does, so the task
/// that the answer names is done already.
#[derive(Debug)]
pub struct DeleteServiceLinkedRole;

impl Operation for DeleteServiceLinkedRole {
    type Input = shapes::DeleteServiceLinkedRoleInput;
    type Output = shapes::DeleteServiceLinkedRoleOutput;
    type Found = Option<Arc<Role>>;
    const NAME: &'static str = "DeleteServiceLinkedRole";
    const ACTIONS: &'static [Action] =
        &[Action::new("iam:DeleteServiceLinkedRole", &["role"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = role_need(
            &Self::ACTIONS[0],
            cx.account_id()?,
            &input.role_name,
            found.as_deref(),
        );
        let arn = need.resource.clone();
        Ok(Needs::one(need.shown_as(arn)))
    }
}

impl Change for DeleteServiceLinkedRole {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        holder::find(cx, &input.role_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let role = holder::existing(found, &input.role_name)?;
        if !role.service_linked() {
            return Err(invalid_input(format!(
                "Role {} is not a service-linked role; delete it with DeleteRole.",
                role.name
            )));
        }
        let mut account = Account::clone(&cx.account()?.account);
        let mut kept = deletions(&account);
        let task = format!("task{}{}/{}", role.path, role.name, uuid(cx));
        kept.push((task.clone(), role.arn()));
        let surplus = kept.len().saturating_sub(DELETIONS_KEPT_MAX);
        let text = serde_json::to_string(&kept[surplus..])
            .map_err(|_| Fault::new("ServiceFailure", 500, "The task could not be kept."))?;
        account.settings.insert(DELETIONS.to_owned(), text);
        batch.put(account);
        batch.delete_row(role);
        Ok(shapes::DeleteServiceLinkedRoleOutput {
            deletion_task_id: task,
        })
    }
}

/// `iam:GetServiceLinkedRoleDeletionStatus`.
#[derive(Debug)]
pub struct GetServiceLinkedRoleDeletionStatus;

impl Operation for GetServiceLinkedRoleDeletionStatus {
    type Input = shapes::GetServiceLinkedRoleDeletionStatusInput;
    type Output = shapes::GetServiceLinkedRoleDeletionStatusOutput;
    /// The ARN of the role that the task deleted.
    type Found = Option<String>;
    const NAME: &'static str = "GetServiceLinkedRoleDeletionStatus";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:GetServiceLinkedRoleDeletionStatus",
        &["role"],
        &[],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        // The id says which role it is about: `task/aws-service-role/SERVICE/ROLE/UUID`.
        let arn = found.clone().unwrap_or_else(|| {
            let task = input.deletion_task_id.as_str();
            let named = task
                .strip_prefix("task/")
                .and_then(|rest| rest.rsplit_once('/'));
            format!(
                "arn:aws:iam::{account}:role/{}",
                named.map_or(task, |(role, _)| role)
            )
        });
        Ok(Needs::one(entity_need(
            &Self::ACTIONS[0],
            account,
            arn,
            &[],
        )))
    }
}

impl Read for GetServiceLinkedRoleDeletionStatus {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        deletions(&cx.account().ok()?.account)
            .into_iter()
            .find(|(task, _)| *task == input.deletion_task_id)
            .map(|(_, role_arn)| role_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        if found.is_none() {
            return Err(no_such(format!(
                "Deletion task {} cannot be found.",
                input.deletion_task_id
            )));
        }
        Ok(shapes::GetServiceLinkedRoleDeletionStatusOutput {
            status: "SUCCEEDED".to_owned(),
            reason: None,
        })
    }
}

#[cfg(test)]
mod tests;
