//! Versions of managed policies. The default version is the one in force; the others wait, up to five in all.

use twinlock_directory::{Batch, ManagedPolicy, PolicyVersion};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;
use twinlock_shapes::iam::{
    CreatePolicyVersionInput, CreatePolicyVersionOutput, DeletePolicyVersionInput,
    DeletePolicyVersionOutput, GetPolicyVersionInput, GetPolicyVersionOutput,
    ListPolicyVersionsInput, ListPolicyVersionsOutput, SetDefaultPolicyVersionInput,
    SetDefaultPolicyVersionOutput,
};

use super::{
    common::{Cursor, at, no_such},
    documents,
    managed_policies::{Managed, need},
};

fn no_such_version(arn: &str, version: &str) -> Fault {
    no_such(format!(
        "Policy {arn} version {version} does not exist or is not attachable."
    ))
}

/// The number of a version that the policy has.
fn number(policy: &ManagedPolicy, arn: &str, version: &str) -> Result<u32, Fault> {
    ManagedPolicy::version_number(version)
        .filter(|number| policy.versions.contains_key(number))
        .ok_or_else(|| no_such_version(arn, version))
}

fn shown(number: u32, is_default: bool, created: u64) -> shapes::PolicyVersion {
    shapes::PolicyVersion {
        document: None,
        version_id: Some(format!("v{number}")),
        is_default_version: Some(is_default),
        create_date: Some(at(created)),
    }
}

/// All versions, the newest first. Of AWS's policies there is only the one in force.
fn versions(policy: &Managed) -> Vec<(u32, shapes::PolicyVersion)> {
    match policy {
        Managed::Customer(policy) => policy
            .versions
            .iter()
            .rev()
            .map(|(n, version)| (*n, shown(*n, *n == policy.default_version, version.created)))
            .collect(),
        Managed::Aws(policy) => {
            let n = policy.default_version;
            vec![(n, shown(n, true, policy.updated_ms))]
        }
    }
}

/// `iam:CreatePolicyVersion`.
#[derive(Debug)]
pub struct CreatePolicyVersion;

impl Operation for CreatePolicyVersion {
    type Input = CreatePolicyVersionInput;
    type Output = CreatePolicyVersionOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "CreatePolicyVersion";
    const ACTIONS: &'static [Action] = &[Action::new("iam:CreatePolicyVersion", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Change for CreatePolicyVersion {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut policy = Managed::own(found, &input.policy_arn)?;
        let text = documents::managed(cx, &input.policy_document)?;
        let limit = cx.world.directory.quotas().versions_per_policy;
        if u64::try_from(policy.versions.len()).unwrap_or(u64::MAX) >= limit {
            return Err(Fault::new(
                "LimitExceeded",
                409,
                format!(
                    "A managed policy can have up to {limit} versions. Before you create a new version, you must delete an existing version."
                ),
            ));
        }
        let number = policy.next_version;
        let created = cx.now;
        policy
            .versions
            .insert(number, PolicyVersion { text, created });
        policy.next_version = number.saturating_add(1);
        policy.updated = cx.now;
        let is_default = input.set_as_default == Some(true);
        if is_default {
            policy.default_version = number;
        }
        batch.put(policy);
        Ok(CreatePolicyVersionOutput {
            policy_version: Some(shown(number, is_default, created)),
        })
    }
}

/// `iam:GetPolicyVersion`: with the document, verbatim.
#[derive(Debug)]
pub struct GetPolicyVersion;

impl Operation for GetPolicyVersion {
    type Input = GetPolicyVersionInput;
    type Output = GetPolicyVersionOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "GetPolicyVersion";
    const ACTIONS: &'static [Action] = &[Action::new("iam:GetPolicyVersion", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Read for GetPolicyVersion {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let policy = Managed::existing(found, &input.policy_arn)?;
        let version = versions(&policy)
            .into_iter()
            .find(|(_, version)| version.version_id.as_ref() == Some(&input.version_id));
        let absent = || no_such_version(&input.policy_arn, &input.version_id);
        let (number, version) = version.ok_or_else(absent)?;
        let text = match &policy {
            Managed::Customer(policy) => policy
                .versions
                .get(&number)
                .map(|version| documents::shown(version.text.text())),
            Managed::Aws(policy) => policy.document().map(|text| documents::shown(&text)),
        };
        Ok(GetPolicyVersionOutput {
            policy_version: Some(shapes::PolicyVersion {
                document: Some(text.ok_or_else(absent)?),
                ..version
            }),
        })
    }
}

/// `iam:ListPolicyVersions`, the newest first.
#[derive(Debug)]
pub struct ListPolicyVersions;

impl Operation for ListPolicyVersions {
    type Input = ListPolicyVersionsInput;
    type Output = ListPolicyVersionsOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "ListPolicyVersions";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListPolicyVersions", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Read for ListPolicyVersions {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let policy = Managed::existing(found, &input.policy_arn)?;
        // Keys rise along the list, so the newest has the lowest.
        let page = Cursor::new(input.marker.as_deref(), input.max_items)?
            .page(versions(&policy), |(number, _)| {
                format!("{:010}", u32::MAX - number)
            })
            .map(|(_, version)| version);
        Ok(ListPolicyVersionsOutput {
            is_truncated: page.is_truncated(),
            versions: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:SetDefaultPolicyVersion`: what the policy says from now on, to everyone who has it.
#[derive(Debug)]
pub struct SetDefaultPolicyVersion;

impl Operation for SetDefaultPolicyVersion {
    type Input = SetDefaultPolicyVersionInput;
    type Output = SetDefaultPolicyVersionOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const ACTIONS: &'static [Action] =
        &[Action::new("iam:SetDefaultPolicyVersion", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Change for SetDefaultPolicyVersion {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut policy = Managed::own(found, &input.policy_arn)?;
        policy.default_version = number(&policy, &input.policy_arn, &input.version_id)?;
        policy.updated = cx.now;
        batch.put(policy);
        Ok(SetDefaultPolicyVersionOutput::default())
    }
}

/// `iam:DeletePolicyVersion`. The default version goes only with the policy.
#[derive(Debug)]
pub struct DeletePolicyVersion;

impl Operation for DeletePolicyVersion {
    type Input = DeletePolicyVersionInput;
    type Output = DeletePolicyVersionOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "DeletePolicyVersion";
    const ACTIONS: &'static [Action] = &[Action::new("iam:DeletePolicyVersion", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Change for DeletePolicyVersion {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut policy = Managed::own(found, &input.policy_arn)?;
        let number = number(&policy, &input.policy_arn, &input.version_id)?;
        if number == policy.default_version {
            return Err(Fault::new(
                "DeleteConflict",
                409,
                "Cannot delete the default version of a policy.",
            ));
        }
        policy.versions.remove(&number);
        batch.put(policy);
        Ok(DeletePolicyVersionOutput::default())
    }
}
