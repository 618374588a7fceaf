//! Inline policies of users, groups and roles: put, get, list, delete; each in three.
//!
//! An inline policy belongs to its holder and goes with it. The three of each kind differ in the name of one parameter only.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Batch, Group, Role, User};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{Cursor, Page, no_such},
    documents,
    holder::{self, Holder},
};

fn no_such_policy<H: Holder>(policy: &str) -> Fault {
    no_such(format!(
        "The {} policy with name {policy} cannot be found.",
        H::KIND
    ))
}

/// Adds the policy, or takes it in the place of the one of that name.
fn put<H: Holder>(
    cx: &Cx<'_>,
    found: Option<Arc<H>>,
    name: &str,
    policy: &str,
    text: &str,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let mut holder = holder::changeable(found, name)?;
    let document = documents::inline(text)?;
    holder.inline_mut().insert(policy.to_owned(), document);
    let whose = format!("{} {}", H::KIND, holder.name());
    documents::inline_fits(cx, holder.inline().values(), H::INLINE, &whose)?;
    batch.put(holder);
    Ok(())
}

/// The holder's name as written, and the policy's text, percent-encoded.
fn get<H: Holder>(
    found: Option<Arc<H>>,
    name: &str,
    policy: &str,
) -> Result<(String, String), Fault> {
    let holder = holder::existing(found, name)?;
    let text = holder
        .inline()
        .get(policy)
        .ok_or_else(|| no_such_policy::<H>(policy))?;
    Ok((holder.name().to_owned(), documents::shown(text.text())))
}

fn list<H: Holder>(
    found: Option<Arc<H>>,
    name: &str,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Page<String>, Fault> {
    let holder = holder::existing(found, name)?;
    let cursor = Cursor::new(marker, max_items)?;
    Ok(cursor.page(holder.inline().keys().cloned(), String::clone))
}

fn delete<H: Holder>(
    found: Option<Arc<H>>,
    name: &str,
    policy: &str,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let mut holder = holder::changeable(found, name)?;
    if holder.inline_mut().remove(policy).is_none() {
        return Err(no_such_policy::<H>(policy));
    }
    batch.put(holder);
    Ok(())
}

/// The half of an inline policy's operation that all four kinds share.
macro_rules! operation {
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
    };
}

macro_rules! put {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $action:expr) => {
        operation!($(#[$doc])* $operation, $input, $output, $holder, $name, $action);

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
                put(cx, found, &input.$name, &input.policy_name, &input.policy_document, batch)?;
                Ok(Self::Output::default())
            }
        }
    };
}

macro_rules! get {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $action:expr) => {
        operation!($(#[$doc])* $operation, $input, $output, $holder, $name, $action);

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
                let (name, policy_document) = get(found, &input.$name, &input.policy_name)?;
                Ok(shapes::$output {
                    $name: name,
                    policy_name: input.policy_name.clone(),
                    policy_document,
                })
            }
        }
    };
}

macro_rules! list {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $action:expr) => {
        operation!($(#[$doc])* $operation, $input, $output, $holder, $name, $action);

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
                let page = list(found, &input.$name, input.marker.as_deref(), input.max_items)?;
                Ok(shapes::$output {
                    is_truncated: page.is_truncated(),
                    policy_names: page.items,
                    marker: page.marker,
                })
            }
        }
    };
}

macro_rules! delete {
    ($(#[$doc:meta])* $operation:ident, $input:ident, $output:ident, $holder:ident, $name:ident, $action:expr) => {
        operation!($(#[$doc])* $operation, $input, $output, $holder, $name, $action);

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
                _: &Cx<'_>,
                batch: &mut Batch,
            ) -> Result<Self::Output, Fault> {
                delete(found, &input.$name, &input.policy_name, batch)?;
                Ok(Self::Output::default())
            }
        }
    };
}

put! {
    /// `iam:PutUserPolicy`.
    PutUserPolicy, PutUserPolicyInput, PutUserPolicyOutput, User, user_name,
    Action::new("iam:PutUserPolicy", &["user"], &["iam:PermissionsBoundary"])
}
get! {
    /// `iam:GetUserPolicy`.
    GetUserPolicy, GetUserPolicyInput, GetUserPolicyOutput, User, user_name,
    Action::new("iam:GetUserPolicy", &["user"], &[])
}
list! {
    /// `iam:ListUserPolicies`.
    ListUserPolicies, ListUserPoliciesInput, ListUserPoliciesOutput, User, user_name,
    Action::new("iam:ListUserPolicies", &["user"], &[])
}
delete! {
    /// `iam:DeleteUserPolicy`.
    DeleteUserPolicy, DeleteUserPolicyInput, DeleteUserPolicyOutput, User, user_name,
    Action::new("iam:DeleteUserPolicy", &["user"], &["iam:PermissionsBoundary"])
}
put! {
    /// `iam:PutGroupPolicy`.
    PutGroupPolicy, PutGroupPolicyInput, PutGroupPolicyOutput, Group, group_name,
    Action::new("iam:PutGroupPolicy", &["group"], &[])
}
get! {
    /// `iam:GetGroupPolicy`.
    GetGroupPolicy, GetGroupPolicyInput, GetGroupPolicyOutput, Group, group_name,
    Action::new("iam:GetGroupPolicy", &["group"], &[])
}
list! {
    /// `iam:ListGroupPolicies`.
    ListGroupPolicies, ListGroupPoliciesInput, ListGroupPoliciesOutput, Group, group_name,
    Action::new("iam:ListGroupPolicies", &["group"], &[])
}
delete! {
    /// `iam:DeleteGroupPolicy`.
    DeleteGroupPolicy, DeleteGroupPolicyInput, DeleteGroupPolicyOutput, Group, group_name,
    Action::new("iam:DeleteGroupPolicy", &["group"], &[])
}
put! {
    /// `iam:PutRolePolicy`.
    PutRolePolicy, PutRolePolicyInput, PutRolePolicyOutput, Role, role_name,
    Action::new("iam:PutRolePolicy", &["role"], &["iam:PermissionsBoundary"])
}
get! {
    /// `iam:GetRolePolicy`.
    GetRolePolicy, GetRolePolicyInput, GetRolePolicyOutput, Role, role_name,
    Action::new("iam:GetRolePolicy", &["role"], &[])
}
list! {
    /// `iam:ListRolePolicies`.
    ListRolePolicies, ListRolePoliciesInput, ListRolePoliciesOutput, Role, role_name,
    Action::new("iam:ListRolePolicies", &["role"], &[])
}
delete! {
    /// `iam:DeleteRolePolicy`.
    DeleteRolePolicy, DeleteRolePolicyInput, DeleteRolePolicyOutput, Role, role_name,
    Action::new("iam:DeleteRolePolicy", &["role"], &["iam:PermissionsBoundary"])
}
