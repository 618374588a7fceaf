//! Effective policies: what management policies (tags, backups …) amount to on an account. Those types govern services that are
//! not here, so none can be enabled and nothing is effective; AWS answers just so where a type is not enabled.

use twinlock_gate::{Action, Fault, Needs};
use twinlock_shapes::organizations as shapes;

use super::{
    common::{Here, Reach, need, need_on, operation},
    faults,
    policies::POLICY_TYPE,
};

fn none(policy_type: &str) -> Fault {
    faults::exception(
        "EffectivePolicyNotFoundException",
        format!(
            "The effective policy of the specified type doesn't exist. {policy_type} is not enforced here, so it cannot be enabled."
        ),
    )
}

operation! {
    /// `organizations:DescribeEffectivePolicy`: AWS has it for management policies only, not for SCPs and RCPs.
    read DescribeEffectivePolicy(shapes::DescribeEffectivePolicyInput) -> shapes::DescribeEffectivePolicyOutput,
    &[Action::new("organizations:DescribeEffectivePolicy", &["account"], &[POLICY_TYPE])],
    |input, place, cx| {
        let own = cx.account_id().map(|own| own.to_string()).unwrap_or_default();
        let target = input.target_id.as_deref().unwrap_or(&own);
        let reach = if target == own { Reach::Everyone } else { Reach::Administrators };
        Needs::one(need_on(DescribeEffectivePolicy::ACTION, target, reach, place, cx).key(POLICY_TYPE, &input.policy_type))
    },
    |input, place, _| {
        let here: &Here = place.here()?;
        if let Some(target) = &input.target_id {
            here.target(target)?;
        }
        Err(none(&input.policy_type))
    },
}

operation! {
    /// `organizations:ListAccountsWithInvalidEffectivePolicy`.
    read ListAccountsWithInvalidEffectivePolicy(shapes::ListAccountsWithInvalidEffectivePolicyInput) -> shapes::ListAccountsWithInvalidEffectivePolicyOutput,
    &[Action::new("organizations:ListAccountsWithInvalidEffectivePolicy", &[], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need(ListAccountsWithInvalidEffectivePolicy::ACTION, "*", Reach::Administrators, place, cx)
            .key(POLICY_TYPE, &input.policy_type),
    ),
    |input, place, _| {
        place.here()?;
        Err(none(&input.policy_type))
    },
}

operation! {
    /// `organizations:ListEffectivePolicyValidationErrors`.
    read ListEffectivePolicyValidationErrors(shapes::ListEffectivePolicyValidationErrorsInput) -> shapes::ListEffectivePolicyValidationErrorsOutput,
    &[Action::new("organizations:ListEffectivePolicyValidationErrors", &["account"], &[POLICY_TYPE])],
    |input, place, cx| Needs::one(
        need_on(ListEffectivePolicyValidationErrors::ACTION, &input.account_id, Reach::Administrators, place, cx)
            .key(POLICY_TYPE, &input.policy_type),
    ),
    |input, place, _| {
        place.here()?.member(&input.account_id)?;
        Err(none(&input.policy_type))
    },
}
