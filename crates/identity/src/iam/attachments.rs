//! Managed policies on users, groups and roles: attach, detach, list; each in three.
//!
//! An attachment is the policy's ARN on the holder. The three of each kind differ in the name of one parameter only, so each is
//! written once, and the operations below are its three uses.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Batch, Group, Role, User, managed, name_key};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{Cursor, Page, attached, in_path, no_such, room_for_one},
    holder::{self, Holder},
    managed_policies::parse_arn,
};

/// Puts the policy `arn` onto a holder. One that is there already stays, and that is no error.
fn attach<H: Holder>(
    cx: &Cx<'_>,
    found: Option<Arc<H>>,
    name: &str,
    arn: &str,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let mut holder = holder::changeable(found, name)?;
    match cx.snapshot.customer_policy(arn) {
        Some(policy) if policy.account == cx.account_id()? => {}
        _ => match managed::get(arn) {
            Some(policy) if policy.attachable => {}
            Some(_) => {
                return Err(Fault::new(
                    "PolicyNotAttachable",
                    400,
                    "Cannot attach a Service Role Policy to a Customer Role.",
                ));
            }
            None => {
                return Err(no_such(format!(
                    "Policy {arn} does not exist or is not attachable."
                )));
            }
        },
    }
    if holder.attached().contains(arn) {
        return Ok(());
    }
    room_for_one(cx, holder.attached().len(), H::ATTACHED)?;
    holder.attached_mut().insert(arn.to_owned());
    batch.put(holder);
    Ok(())
}

/// Takes the policy `arn` from a holder.
fn detach<H: Holder>(
    found: Option<Arc<H>>,
    name: &str,
    arn: &str,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let mut holder = holder::changeable(found, name)?;
    if !holder.attached_mut().remove(arn) {
        return Err(no_such(format!("Policy {arn} was not found.")));
    }
    batch.put(holder);
    Ok(())
}

/// A page of a holder's attached policies, in the order of their names.
fn list<H: Holder>(
    found: Option<Arc<H>>,
    name: &str,
    path_prefix: Option<&str>,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Page<shapes::AttachedPolicy>, Fault> {
    let holder = holder::existing(found, name)?;
    let cursor = Cursor::new(marker, max_items)?;
    let arns = holder
        .attached()
        .iter()
        .filter(|arn| in_path(path_of(arn), path_prefix));
    let key = |policy: &shapes::AttachedPolicy| {
        name_key(policy.policy_name.as_deref().unwrap_or_default())
    };
    Ok(cursor.page(attached(arns), key))
}

/// The path in a policy's ARN: `/job-function/` of `arn:aws:iam::aws:policy/job-function/Billing`.
fn path_of(arn: &str) -> &str {
    let resource = arn.split_once(":policy").map_or(arn, |(_, path)| path);
    resource
        .rfind('/')
        .and_then(|end| resource.get(..=end))
        .unwrap_or("/")
}

macro_rules! attach {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $run:ident, $action:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $operation;

        impl Operation for $operation {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Option<Arc<$holder>>;
            const NAME: &'static str = stringify!($operation);
            const ACTIONS: &'static [Action] = &[$action];

            fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
                parse_arn(&input.policy_arn)?;
                let need = holder::need(&Self::ACTIONS[0], cx, &input.$name, found.as_ref())?;
                Ok(Needs::one(need.key("iam:PolicyARN", input.policy_arn.as_str())))
            }
        }

        impl Change for $operation {
            nothing_to_prepare!();

            fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
                holder::find(cx, &input.$name)
            }

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                (): &(),
                cx: &Cx<'_>,
                batch: &mut Batch,
            ) -> Result<Self::Output, Fault> {
                attach!(@$run cx, found, &input.$name, &input.policy_arn, batch)?;
                Ok(Self::Output::default())
            }
        }
    };
    (@attach $cx:expr, $found:expr, $name:expr, $arn:expr, $batch:expr) => {
        attach($cx, $found, $name, $arn, $batch)
    };
    (@detach $cx:expr, $found:expr, $name:expr, $arn:expr, $batch:expr) => {{
        let _ = $cx;
        detach($found, $name, $arn, $batch)
    }};
}

attach! {
    /// `iam:AttachUserPolicy`.
    AttachUserPolicy, AttachUserPolicyInput, AttachUserPolicyOutput, User, user_name, attach,
    Action::new("iam:AttachUserPolicy", &["user"], &["iam:PermissionsBoundary", "iam:PolicyARN"])
}
attach! {
    /// `iam:AttachGroupPolicy`.
    AttachGroupPolicy, AttachGroupPolicyInput, AttachGroupPolicyOutput, Group, group_name, attach,
    Action::new("iam:AttachGroupPolicy", &["group"], &["iam:PolicyARN"])
}
attach! {
    /// `iam:AttachRolePolicy`.
    AttachRolePolicy, AttachRolePolicyInput, AttachRolePolicyOutput, Role, role_name, attach,
    Action::new("iam:AttachRolePolicy", &["role"], &["iam:PermissionsBoundary", "iam:PolicyARN"])
}
attach! {
    /// `iam:DetachUserPolicy`.
    DetachUserPolicy, DetachUserPolicyInput, DetachUserPolicyOutput, User, user_name, detach,
    Action::new("iam:DetachUserPolicy", &["user"], &["iam:PermissionsBoundary", "iam:PolicyARN"])
}
attach! {
    /// `iam:DetachGroupPolicy`.
    DetachGroupPolicy, DetachGroupPolicyInput, DetachGroupPolicyOutput, Group, group_name, detach,
    Action::new("iam:DetachGroupPolicy", &["group"], &["iam:PolicyARN"])
}
attach! {
    /// `iam:DetachRolePolicy`.
    DetachRolePolicy, DetachRolePolicyInput, DetachRolePolicyOutput, Role, role_name, detach,
    Action::new("iam:DetachRolePolicy", &["role"], &["iam:PermissionsBoundary", "iam:PolicyARN"])
}

macro_rules! list_attached {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $action:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $operation;

        impl Operation for $operation {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Option<Arc<$holder>>;
            const NAME: &'static str = stringify!($operation);
            const ACTIONS: &'static [Action] = &[$action];

            fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
                let need = holder::need(&Self::ACTIONS[0], cx, &input.$name, found.as_ref())?;
                Ok(Needs::one(need))
            }
        }

        impl Read for $operation {
            fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
                holder::find(cx, &input.$name)
            }

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                _: &Cx<'_>,
            ) -> Result<Self::Output, Fault> {
                let page = list(
                    found,
                    &input.$name,
                    input.path_prefix.as_deref(),
                    input.marker.as_deref(),
                    input.max_items,
                )?;
                Ok(shapes::$output {
                    is_truncated: page.is_truncated(),
                    attached_policies: page.items,
                    marker: page.marker,
                })
            }
        }
    };
}

list_attached! {
    /// `iam:ListAttachedUserPolicies`.
    ListAttachedUserPolicies, ListAttachedUserPoliciesInput, ListAttachedUserPoliciesOutput, User, user_name,
    Action::new("iam:ListAttachedUserPolicies", &["user"], &[])
}
list_attached! {
    /// `iam:ListAttachedGroupPolicies`.
    ListAttachedGroupPolicies, ListAttachedGroupPoliciesInput, ListAttachedGroupPoliciesOutput, Group, group_name,
    Action::new("iam:ListAttachedGroupPolicies", &["group"], &[])
}
list_attached! {
    /// `iam:ListAttachedRolePolicies`.
    ListAttachedRolePolicies, ListAttachedRolePoliciesInput, ListAttachedRolePoliciesOutput, Role, role_name,
    Action::new("iam:ListAttachedRolePolicies", &["role"], &[])
}
