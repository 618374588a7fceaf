//! The account's password policy. What it means is in [`crate::passwords`].

use twinlock_directory::{Account, Batch};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::common::no_such;
use crate::passwords::PasswordPolicy;

/// The least length where a policy does not name one.
const LENGTH_DEFAULT: i32 = 6;

fn no_policy(cx: &Cx<'_>) -> Result<Fault, Fault> {
    let account = cx.account_id()?;
    Ok(no_such(format!(
        "The Password Policy with domain name {account} cannot be found."
    )))
}

// ---- UpdateAccountPasswordPolicy ----

const UPDATE: Action = Action::new("iam:UpdateAccountPasswordPolicy", &[], &[]);

/// Sets the policy whole: what is not named gets its default, not what it was before.
pub struct UpdateAccountPasswordPolicy;

impl Operation for UpdateAccountPasswordPolicy {
    type Input = shapes::UpdateAccountPasswordPolicyInput;
    type Output = shapes::UpdateAccountPasswordPolicyOutput;
    type Found = ();
    const NAME: &'static str = "UpdateAccountPasswordPolicy";
    const ACTIONS: &'static [Action] = &[UPDATE];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&UPDATE)))
    }
}

impl Change for UpdateAccountPasswordPolicy {
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
        // The model has checked the ranges.
        let number = |n: i32| u32::try_from(n).unwrap_or(0);
        let policy = PasswordPolicy {
            minimum_length: number(input.minimum_password_length.unwrap_or(LENGTH_DEFAULT)),
            require_symbols: input.require_symbols.unwrap_or(false),
            require_numbers: input.require_numbers.unwrap_or(false),
            require_uppercase: input.require_uppercase_characters.unwrap_or(false),
            require_lowercase: input.require_lowercase_characters.unwrap_or(false),
            allow_change: input.allow_users_to_change_password.unwrap_or(false),
            max_age_days: input.max_password_age.map(number),
            reuse_prevention: input.password_reuse_prevention.map(number),
            hard_expiry: input.hard_expiry,
        };
        let mut account = Account::clone(&cx.account()?.account);
        PasswordPolicy::put(Some(&policy), &mut account);
        batch.put(account);
        Ok(shapes::UpdateAccountPasswordPolicyOutput {})
    }
}

// ---- GetAccountPasswordPolicy ----

const GET: Action = Action::new("iam:GetAccountPasswordPolicy", &[], &[]);

/// Shows the account's own policy; AWS's default one, which holds without it, cannot be shown.
pub struct GetAccountPasswordPolicy;

impl Operation for GetAccountPasswordPolicy {
    type Input = shapes::GetAccountPasswordPolicyInput;
    type Output = shapes::GetAccountPasswordPolicyOutput;
    type Found = ();
    const NAME: &'static str = "GetAccountPasswordPolicy";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET)))
    }
}

impl Read for GetAccountPasswordPolicy {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), cx: &Cx<'_>) -> Result<Self::Output, Fault> {
        let Some(policy) = PasswordPolicy::of(&cx.account()?.account) else {
            return Err(no_policy(cx)?);
        };
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Ok(shapes::GetAccountPasswordPolicyOutput {
            password_policy: shapes::PasswordPolicy {
                minimum_password_length: Some(number(policy.minimum_length)),
                require_symbols: Some(policy.require_symbols),
                require_numbers: Some(policy.require_numbers),
                require_uppercase_characters: Some(policy.require_uppercase),
                require_lowercase_characters: Some(policy.require_lowercase),
                allow_users_to_change_password: Some(policy.allow_change),
                expire_passwords: Some(policy.max_age_days.is_some()),
                max_password_age: policy.max_age_days.map(number),
                password_reuse_prevention: policy.reuse_prevention.map(number),
                hard_expiry: policy.hard_expiry,
            },
        })
    }
}

// ---- DeleteAccountPasswordPolicy ----

const DELETE: Action = Action::new("iam:DeleteAccountPasswordPolicy", &[], &[]);

/// Takes the policy away: AWS's default one holds again.
pub struct DeleteAccountPasswordPolicy;

impl Operation for DeleteAccountPasswordPolicy {
    type Input = shapes::DeleteAccountPasswordPolicyInput;
    type Output = shapes::DeleteAccountPasswordPolicyOutput;
    type Found = ();
    const NAME: &'static str = "DeleteAccountPasswordPolicy";
    const ACTIONS: &'static [Action] = &[DELETE];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&DELETE)))
    }
}

impl Change for DeleteAccountPasswordPolicy {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        (): (),
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut account = Account::clone(&cx.account()?.account);
        if !PasswordPolicy::put(None, &mut account) {
            return Err(no_policy(cx)?);
        }
        batch.put(account);
        Ok(shapes::DeleteAccountPasswordPolicyOutput {})
    }
}

#[cfg(test)]
mod tests;
