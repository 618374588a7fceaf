//! The account itself: its alias for signing in, and the summary of what it has and may have.

use twinlock_directory::{Account, Batch, DeviceOwner};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    account_settings::token_version,
    common::{Cursor, already_exists, invalid_input, no_such_entity},
};

const fn anywhere(name: &'static str) -> Action {
    Action::new(name, &[], &[])
}

// ---- CreateAccountAlias ----

const CREATE_ALIAS: Action = anywhere("iam:CreateAccountAlias");

/// Gives the account a name for sign-in links, in the place of the one it had.
pub struct CreateAccountAlias;

impl Operation for CreateAccountAlias {
    type Input = shapes::CreateAccountAliasInput;
    type Output = shapes::CreateAccountAliasOutput;
    type Found = ();
    const NAME: &'static str = "CreateAccountAlias";
    const ACTIONS: &'static [Action] = &[CREATE_ALIAS];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&CREATE_ALIAS)))
    }
}

impl Change for CreateAccountAlias {
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
        let alias = &input.account_alias;
        // Sign-in takes an alias or an account id in one place, so an alias must never look like an id.
        if alias.len() == 12 && alias.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid_input(
                "The account alias must not be an account ID.",
            ));
        }
        if cx.snapshot.account_by_alias(alias).is_some() {
            return Err(already_exists(format!(
                "The account alias {alias} already exists."
            )));
        }
        let mut account = Account::clone(&cx.account()?.account);
        account.alias = Some(alias.clone());
        batch.put(account);
        Ok(shapes::CreateAccountAliasOutput {})
    }
}

// ---- ListAccountAliases ----

const LIST_ALIASES: Action = anywhere("iam:ListAccountAliases");

/// Lists the account's alias, of which there is at most one.
pub struct ListAccountAliases;

impl Operation for ListAccountAliases {
    type Input = shapes::ListAccountAliasesInput;
    type Output = shapes::ListAccountAliasesOutput;
    type Found = ();
    const NAME: &'static str = "ListAccountAliases";
    const ACTIONS: &'static [Action] = &[LIST_ALIASES];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&LIST_ALIASES)))
    }
}

impl Read for ListAccountAliases {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor.page(cx.account()?.account.alias.clone(), String::clone);
        Ok(shapes::ListAccountAliasesOutput {
            is_truncated: page.is_truncated(),
            account_aliases: page.items,
            marker: page.marker,
        })
    }
}

// ---- DeleteAccountAlias ----

const DELETE_ALIAS: Action = anywhere("iam:DeleteAccountAlias");

/// Takes the account's alias away.
pub struct DeleteAccountAlias;

impl Operation for DeleteAccountAlias {
    type Input = shapes::DeleteAccountAliasInput;
    type Output = shapes::DeleteAccountAliasOutput;
    type Found = ();
    const NAME: &'static str = "DeleteAccountAlias";
    const ACTIONS: &'static [Action] = &[DELETE_ALIAS];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&DELETE_ALIAS)))
    }
}

impl Change for DeleteAccountAlias {
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
        let mut account = Account::clone(&cx.account()?.account);
        if account.alias.as_ref() != Some(&input.account_alias) {
            return Err(no_such_entity("account alias", &input.account_alias));
        }
        account.alias = None;
        batch.put(account);
        Ok(shapes::DeleteAccountAliasOutput {})
    }
}

// ---- GetAccountSummary ----

const SUMMARY: Action = anywhere("iam:GetAccountSummary");

/// Versions of managed policies that an account can have in use; AWS's number, which Twinlock does not enforce, since
/// policies and their versions are limited already.
const POLICY_VERSIONS_IN_USE_QUOTA: i32 = 10_000;

/// Counts what the account has and says what it may have.
pub struct GetAccountSummary;

impl Operation for GetAccountSummary {
    type Input = shapes::GetAccountSummaryInput;
    type Output = shapes::GetAccountSummaryOutput;
    type Found = ();
    const NAME: &'static str = "GetAccountSummary";
    const ACTIONS: &'static [Action] = &[SUMMARY];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&SUMMARY)))
    }
}

impl Read for GetAccountSummary {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), cx: &Cx<'_>) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        let root = &node.account.root;
        let quotas = cx.world.directory.quotas();
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let quota = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        let versions = node.policies.values().map(|policy| policy.versions.len());
        let summary = [
            ("Users", count(node.users.size())),
            ("UsersQuota", quota(quotas.users_per_account)),
            ("Groups", count(node.groups.size())),
            ("GroupsQuota", quota(quotas.groups_per_account)),
            ("Roles", count(node.roles.size())),
            ("RolesQuota", quota(quotas.roles_per_account)),
            ("Policies", count(node.policies.size())),
            ("PoliciesQuota", quota(quotas.policies_per_account)),
            ("PolicySizeQuota", quota(quotas.policy_size)),
            ("PolicyVersionsInUse", count(versions.sum())),
            ("PolicyVersionsInUseQuota", POLICY_VERSIONS_IN_USE_QUOTA),
            ("VersionsPerPolicyQuota", quota(quotas.versions_per_policy)),
            ("GroupsPerUserQuota", quota(quotas.groups_per_user)),
            ("AccessKeysPerUserQuota", quota(quotas.access_keys_per_user)),
            (
                "SigningCertificatesPerUserQuota",
                quota(quotas.signing_certificates_per_user),
            ),
            (
                "AttachedPoliciesPerUserQuota",
                quota(quotas.policies_per_user),
            ),
            (
                "AttachedPoliciesPerGroupQuota",
                quota(quotas.policies_per_group),
            ),
            (
                "AttachedPoliciesPerRoleQuota",
                quota(quotas.policies_per_role),
            ),
            ("UserPolicySizeQuota", quota(quotas.user_policy_size)),
            ("GroupPolicySizeQuota", quota(quotas.group_policy_size)),
            ("RolePolicySizeQuota", quota(quotas.role_policy_size)),
            ("AssumeRolePolicySizeQuota", quota(quotas.trust_policy_size)),
            ("InstanceProfiles", count(node.instance_profiles.size())),
            (
                "InstanceProfilesQuota",
                quota(quotas.instance_profiles_per_account),
            ),
            ("ServerCertificates", count(node.server_certificates.size())),
            (
                "ServerCertificatesQuota",
                quota(quotas.server_certificates_per_account),
            ),
            (
                "Providers",
                count(node.oidc_providers.size() + node.saml_providers.size()),
            ),
            ("MFADevices", count(node.mfa_devices.size())),
            ("MFADevicesInUse", count(node.enabled_device_count())),
            (
                "AccountMFAEnabled",
                i32::from(node.devices_of(&DeviceOwner::Root).next().is_some()),
            ),
            (
                "AccountAccessKeysPresent",
                i32::from(!root.access_keys.is_empty()),
            ),
            (
                "AccountPasswordPresent",
                i32::from(root.password_hash.is_some()),
            ),
            (
                "AccountSigningCertificatesPresent",
                i32::from(!root.signing_certificates.is_empty()),
            ),
            ("GlobalEndpointTokenVersion", token_version(&node.account)),
        ];
        Ok(shapes::GetAccountSummaryOutput {
            summary_map: summary
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests;
