//! Writing the halves that the signed-in person may write, step by step; what was made and what was not is told as it is.

use twinlock_gate::Fault;
use twinlock_identity::iam::{managed_policies::CreatePolicy, roles::CreateRole};
use twinlock_shapes::iam as s;

use super::plan::{Kind, Plan, What, Wrong};
use crate::{
    iam::holder::{self, Holder},
    visit::Visit,
};

/// One thing that was to be made.
#[derive(Debug)]
pub(super) struct Step {
    pub what: String,
    /// Whether it belongs to the half of the role.
    pub of_the_role: bool,
    pub done: Done,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Done {
    Made,
    Refused(Fault),
    /// Not tried, as what it builds on was not made.
    Left,
}

/// Writes what belongs to the account acted in.
///
/// # Errors
/// Nothing was made, and this is the entry that is wrong.
pub(super) async fn write(visit: &Visit, plan: &Plan) -> Result<Vec<Step>, Wrong> {
    let mut steps = Vec::new();
    let here = visit.account();
    if plan.place.account == here {
        of_the_role(visit, plan, &mut steps).await?;
    }
    if plan.who.account == here
        && let Some(text) = plan.assume()
    {
        // A door that is not there needs no key.
        let whole = steps.iter().all(|step| matches!(step.done, Done::Made));
        let name = plan.assume_name();
        let what = match plan.who.kind {
            Kind::Account => format!("managed policy {name}, to attach to whoever shall come in"),
            _ => format!("inline policy {name} of {}", plan.who.words()),
        };
        let done = if whole {
            of(those_who_come(visit, plan, &name, text).await)
        } else {
            Done::Left
        };
        steps.push(Step {
            what,
            of_the_role: false,
            done,
        });
    }
    Ok(steps)
}

fn of(answer: Result<(), Fault>) -> Done {
    match answer {
        Ok(()) => Done::Made,
        Err(fault) => Done::Refused(fault),
    }
}

async fn of_the_role(visit: &Visit, plan: &Plan, steps: &mut Vec<Step>) -> Result<(), Wrong> {
    let mut push = |what: String, done: Done| {
        steps.push(Step {
            what,
            of_the_role: true,
            done,
        });
    };
    let input = s::CreateRoleInput {
        role_name: plan.place.role.clone(),
        assume_role_policy_document: plan.trust(),
        description: Some(format!(
            "For {} of account {}",
            plan.who.words(),
            plan.who.account
        )),
        max_session_duration: i32::try_from(plan.place.hours * 3600).ok(),
        ..Default::default()
    };
    let made = visit.change::<CreateRole>(input).await;
    if let Err(fault) = &made
        && let Some(wrong) = entry(fault)
    {
        return Err(wrong);
    }
    let there = made.is_ok();
    push(
        format!("role {} with its trust policy", plan.place.role),
        of(made.map(drop)),
    );
    let role = Holder::new(holder::Kind::Role, &plan.place.role);
    if let Some(text) = plan.permissions() {
        let name = plan.permissions_name();
        let done = if there {
            of(role.put_inline(visit, &name, &text).await)
        } else {
            Done::Left
        };
        push(format!("inline policy {name} of the role"), done);
    }
    if let What::Managed(arns) = &plan.what {
        for arn in arns {
            let done = if there {
                of(role.attach(visit, arn).await)
            } else {
                Done::Left
            };
            let name = arn.rsplit('/').next().unwrap_or(arn);
            push(format!("policy {name} attached to the role"), done);
        }
    }
    Ok(())
}

/// The entry that a refusal is about.
fn entry(fault: &Fault) -> Option<Wrong> {
    match &*fault.code {
        "EntityAlreadyExists" => Some(Wrong {
            step: 2,
            field: "roleName",
            why: format!("{} Choose another name.", fault.message),
        }),
        "MalformedPolicyDocument" => Some(Wrong {
            step: 0,
            field: "name",
            why: format!(
                "{}: a trust policy names only who is there.",
                fault.message.trim_end_matches('.')
            ),
        }),
        _ => None,
    }
}

async fn those_who_come(visit: &Visit, plan: &Plan, name: &str, text: String) -> Result<(), Fault> {
    let kind = match plan.who.kind {
        Kind::User => holder::Kind::User,
        Kind::Group => holder::Kind::Group,
        Kind::Role => holder::Kind::Role,
        Kind::Account => {
            let input = s::CreatePolicyInput {
                policy_name: name.to_owned(),
                policy_document: text,
                description: Some(format!("To assume {}", plan.role_arn())),
                ..Default::default()
            };
            return visit.change::<CreatePolicy>(input).await.map(drop);
        }
    };
    Holder::new(kind, plan.who.short())
        .put_inline(visit, name, &text)
        .await
}
