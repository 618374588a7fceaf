//! Managed policies, the account's own and AWS's: create, get, list, delete. Their versions, tags and entities
//! have files of their own.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{
    AccountId, AccountNode, Attachments, Batch, ManagedPolicy, PolicyVersion, Tag, ids,
    managed::{self, ManagedSummary},
    name_key, names_after,
};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_policy::arn::Arn;
use twinlock_shapes::iam as shapes;
use twinlock_shapes::iam::{
    CreatePolicyInput, CreatePolicyOutput, DeletePolicyInput, DeletePolicyOutput, GetPolicyInput,
    GetPolicyOutput, ListPoliciesInput, ListPoliciesOutput,
};

use super::policy_tags::TagPolicy;
use super::{
    common::{
        Cursor, after_within, already_exists, at, entity_need, in_path, invalid_input, list_need,
        merge_tags, new_tags, no_such, room_for_one, shown_tags, tags_if_any, with_tags,
    },
    documents,
};

/// A managed policy of either kind.
#[derive(Debug, Clone)]
pub enum Managed {
    /// One of the account's own.
    Customer(Arc<ManagedPolicy>),
    /// One of AWS's.
    Aws(&'static ManagedSummary),
}

impl Managed {
    /// The policy of this ARN that is seen from the caller's account.
    pub(crate) fn find(cx: &Cx<'_>, arn: &str) -> Option<Managed> {
        match cx.snapshot.customer_policy(arn) {
            Some(policy) => {
                let own = cx
                    .account_id()
                    .is_ok_and(|account| account == policy.account);
                own.then(|| Managed::Customer(policy.clone()))
            }
            None => managed::get(arn).map(Managed::Aws),
        }
    }

    /// The account's own policy, to be changed.
    ///
    /// # Errors
    /// `NoSuchEntity`; AccessDenied for AWS's policies, whatever the caller may.
    pub(crate) fn own(found: Option<Managed>, arn: &str) -> Result<ManagedPolicy, Fault> {
        match found {
            Some(Managed::Customer(policy)) => Ok((*policy).clone()),
            Some(Managed::Aws(_)) => Err(Fault::new(
                "AccessDenied",
                403,
                "Policy is outside your own account.",
            )),
            None => Err(not_found(arn)),
        }
    }

    /// # Errors
    /// `NoSuchEntity`.
    pub(crate) fn existing(found: Option<Managed>, arn: &str) -> Result<Managed, Fault> {
        found.ok_or_else(|| not_found(arn))
    }

    /// Its tags; AWS's policies have none.
    pub(crate) fn tags(&self) -> &[Tag] {
        match self {
            Managed::Customer(policy) => &policy.tags,
            Managed::Aws(_) => &[],
        }
    }

    fn path(&self) -> &str {
        match self {
            Managed::Customer(policy) => &policy.path,
            Managed::Aws(policy) => policy.path,
        }
    }

    fn arn(&self) -> String {
        match self {
            Managed::Customer(policy) => policy.arn(),
            Managed::Aws(policy) => policy.arn.to_owned(),
        }
    }

    /// The key that lists go by: the account's own first, then AWS's, each by name.
    fn key(&self) -> String {
        match self {
            Managed::Customer(policy) => format!("1{}", name_key(&policy.name)),
            Managed::Aws(policy) => format!("2{}", name_key(policy.name)),
        }
    }

    /// What every answer shows. Description and tags are each operation's own.
    fn shown(&self, node: &AccountNode) -> shapes::Policy {
        let arn = self.arn();
        let used = node.attachments(&arn);
        let count = |of: fn(&Attachments) -> usize| {
            Some(i32::try_from(used.map_or(0, of)).unwrap_or(i32::MAX))
        };
        let common = shapes::Policy {
            attachment_count: count(Attachments::count),
            permissions_boundary_usage_count: count(Attachments::boundary_count),
            arn: Some(arn),
            path: Some(self.path().to_owned()),
            ..shapes::Policy::default()
        };
        match self {
            Managed::Customer(policy) => shapes::Policy {
                policy_name: Some(policy.name.clone()),
                policy_id: Some(policy.id.clone()),
                default_version_id: Some(format!("v{}", policy.default_version)),
                is_attachable: Some(true),
                create_date: Some(at(policy.created)),
                update_date: Some(at(policy.updated)),
                ..common
            },
            Managed::Aws(policy) => shapes::Policy {
                policy_name: Some(policy.name.to_owned()),
                policy_id: Some(policy.id.to_owned()),
                default_version_id: Some(format!("v{}", policy.default_version)),
                is_attachable: Some(policy.attachable),
                create_date: Some(at(policy.created_ms)),
                update_date: Some(at(policy.updated_ms)),
                ..common
            },
        }
    }
}

/// `NoSuchEntity` in the words for policies.
pub(crate) fn not_found(arn: &str) -> Fault {
    no_such(format!("Policy {arn} was not found."))
}

/// Whose the policy of this ARN is: an account's, or AWS's (nothing).
///
/// # Errors
/// `ValidationError` for what is no ARN, `InvalidInput` for the ARN of something else.
pub(crate) fn parse_arn(text: &str) -> Result<Option<AccountId>, Fault> {
    let arn =
        Arn::parse(text).ok_or_else(|| Fault::validation("Invalid ARN:  Could not be parsed!"))?;
    let invalid = || invalid_input(format!("ARN {text} is not valid."));
    let name = arn
        .resource
        .strip_prefix("policy/")
        .and_then(|path| path.rsplit('/').next());
    let policy = arn.partition == "aws" && arn.service == "iam" && arn.region.is_empty();
    if !policy || name.is_none_or(str::is_empty) {
        return Err(invalid());
    }
    if arn.account == "aws" {
        return Ok(None);
    }
    arn.account.parse().map(Some).map_err(|_| invalid())
}

/// The need of `action` on the policy of this ARN, found or not; a denial says `policy ARN`.
///
/// # Errors
/// See [`parse_arn`].
pub(crate) fn need(action: &Action, arn: &str, found: Option<&Managed>) -> Result<Need, Fault> {
    let owner = parse_arn(arn)?;
    let tags = found.map_or(&[][..], Managed::tags);
    let need = Need::on(action, arn)
        .tagged(
            tags.iter()
                .map(|tag| (tag.key.as_str(), tag.value.as_str())),
        )
        .shown_as(format!("policy {arn}"));
    Ok(match owner {
        Some(account) => need.owned_by(account),
        None => need,
    })
}

/// `iam:CreatePolicy`; with tags `iam:TagPolicy`, too.
#[derive(Debug)]
pub struct CreatePolicy;

impl Operation for CreatePolicy {
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;
    type Found = ();
    const NAME: &'static str = "CreatePolicy";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "iam:CreatePolicy",
            &["policy"],
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
        ),
        TagPolicy::ACTIONS[0],
    ];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let arn = format!("arn:aws:iam::{account}:policy{path}{}", input.policy_name);
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[])
            .shown_as(format!("policy {}", input.policy_name));
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreatePolicy {
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
        let node = cx.account()?;
        if node.policy(&input.policy_name).is_some() {
            return Err(already_exists(format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                input.policy_name
            )));
        }
        let text = documents::managed(cx, &input.policy_document)?;
        let mut tags = Vec::new();
        let given = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, given, "TagsPerPolicy")?;
        room_for_one(cx, node.policies.size(), "PoliciesPerAccount")?;
        let version = PolicyVersion {
            text,
            created: cx.now,
        };
        let policy = Arc::new(ManagedPolicy {
            account: cx.account_id()?,
            id: ids::policy_id(&*cx.world.random),
            name: input.policy_name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            created: cx.now,
            updated: cx.now,
            description: input.description.clone().filter(|text| !text.is_empty()),
            tags,
            default_version: 1,
            versions: [(1, version)].into(),
            next_version: 2,
        });
        batch.put(policy.clone());
        // No description: AWS gives it with GetPolicy only.
        Ok(CreatePolicyOutput {
            policy: Some(shapes::Policy {
                tags: tags_if_any(&policy.tags),
                ..Managed::Customer(policy).shown(node)
            }),
        })
    }
}

/// `iam:GetPolicy`.
#[derive(Debug)]
pub struct GetPolicy;

impl Operation for GetPolicy {
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "GetPolicy";
    const ACTIONS: &'static [Action] = &[Action::new("iam:GetPolicy", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Read for GetPolicy {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Managed::find(cx, &input.policy_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let policy = Managed::existing(found, &input.policy_arn)?;
        let description = match &policy {
            Managed::Customer(policy) => policy.description.clone(),
            Managed::Aws(policy) => Some(policy.description.to_owned()),
        };
        Ok(GetPolicyOutput {
            policy: Some(shapes::Policy {
                description: description.filter(|text| !text.is_empty()),
                // Here AWS has an empty list for no tags at all.
                tags: Some(shown_tags(policy.tags())),
                ..policy.shown(cx.account()?)
            }),
        })
    }
}

/// `iam:ListPolicies`: the account's own and AWS's, both or either.
#[derive(Debug)]
pub struct ListPolicies;

impl Operation for ListPolicies {
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;
    type Found = ();
    const NAME: &'static str = "ListPolicies";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListPolicies", &[], &[])];

    fn needs(input: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let shown = format!("policy path {prefix}");
        Ok(Needs::one(list_need(&Self::ACTIONS[0], shown)))
    }
}

impl Read for ListPolicies {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let scope = input.scope.as_deref().unwrap_or("All");
        // Each kind from where the page begins, unless it is not wanted or the listing is past it.
        let own = after_within(cursor.after(), '1')
            .filter(|_| scope != "AWS")
            .map(|after| names_after(&node.policies, after).cloned())
            .into_iter()
            .flatten()
            .map(Managed::Customer);
        let aws = after_within(cursor.after(), '2')
            .filter(|_| scope != "Local")
            .map(|after| {
                let all = managed::list();
                let begins = all.partition_point(|policy| *name_key(policy.name) <= *after);
                all[begins..].iter()
            })
            .into_iter()
            .flatten()
            .map(Managed::Aws);
        let listed = own.chain(aws).filter(|policy| {
            let used = || node.attachments(&policy.arn());
            let attached = || used().is_some_and(|used| used.count() > 0);
            let wanted = match input.policy_usage_filter.as_deref() {
                Some("PermissionsBoundary") => used().is_some_and(|used| used.boundary_count() > 0),
                Some(_) => attached(),
                None => true,
            };
            in_path(policy.path(), input.path_prefix.as_deref())
                && wanted
                && (input.only_attached != Some(true) || attached())
        });
        let page = cursor
            .page(listed, Managed::key)
            .map(|policy| policy.shown(node));
        Ok(ListPoliciesOutput {
            is_truncated: page.is_truncated(),
            policies: page.items,
            marker: page.marker,
        })
    }
}

/// `iam:DeletePolicy`. Only a policy that nothing refers to goes, and its other versions go before it.
#[derive(Debug)]
pub struct DeletePolicy;

impl Operation for DeletePolicy {
    type Input = DeletePolicyInput;
    type Output = DeletePolicyOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "DeletePolicy";
    const ACTIONS: &'static [Action] = &[Action::new("iam:DeletePolicy", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Change for DeletePolicy {
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
        let policy = Managed::own(found, &input.policy_arn)?;
        let conflict = |message: &str| Fault::new("DeleteConflict", 409, message);
        let used = cx.account()?.attachments(&input.policy_arn);
        if used.is_some_and(|used| !used.is_empty()) {
            return Err(conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        batch.delete_row(policy);
        Ok(DeletePolicyOutput::default())
    }
}
