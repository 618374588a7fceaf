//! Tags of managed policies. Those of AWS carry none and take none.

use twinlock_directory::Batch;
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam::{
    ListPolicyTagsInput, ListPolicyTagsOutput, TagPolicyInput, TagPolicyOutput, UntagPolicyInput,
    UntagPolicyOutput,
};

use super::{
    common::{Cursor, merge_tags, new_tags, remove_tags, shown_tags, tag_pairs},
    managed_policies::{Managed, need},
};

/// `iam:TagPolicy`.
#[derive(Debug)]
pub struct TagPolicy;

impl Operation for TagPolicy {
    type Input = TagPolicyInput;
    type Output = TagPolicyOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "TagPolicy";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:TagPolicy",
        &["policy"],
        &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let need = need(&Self::ACTIONS[0], &input.policy_arn, found.as_ref())?;
        Ok(Needs::one(need.request_tags(tag_pairs(&input.tags))))
    }
}

impl Change for TagPolicy {
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
        merge_tags(
            cx,
            &mut policy.tags,
            new_tags(&input.tags)?,
            "TagsPerPolicy",
        )?;
        batch.put(policy);
        Ok(TagPolicyOutput::default())
    }
}

/// `iam:UntagPolicy`.
#[derive(Debug)]
pub struct UntagPolicy;

impl Operation for UntagPolicy {
    type Input = UntagPolicyInput;
    type Output = UntagPolicyOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "UntagPolicy";
    const ACTIONS: &'static [Action] = &[Action::new(
        "iam:UntagPolicy",
        &["policy"],
        &["aws:TagKeys"],
    )];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let need = need(&Self::ACTIONS[0], &input.policy_arn, found.as_ref())?;
        Ok(Needs::one(need.keys("aws:TagKeys", input.tag_keys.clone())))
    }
}

impl Change for UntagPolicy {
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
        remove_tags(&mut policy.tags, &input.tag_keys);
        batch.put(policy);
        Ok(UntagPolicyOutput::default())
    }
}

/// `iam:ListPolicyTags`.
#[derive(Debug)]
pub struct ListPolicyTags;

impl Operation for ListPolicyTags {
    type Input = ListPolicyTagsInput;
    type Output = ListPolicyTagsOutput;
    type Found = Option<Managed>;
    const NAME: &'static str = "ListPolicyTags";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListPolicyTags", &["policy"], &[])];

    fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(
            &Self::ACTIONS[0],
            &input.policy_arn,
            found.as_ref(),
        )?))
    }
}

impl Read for ListPolicyTags {
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
        let page = Cursor::new(input.marker.as_deref(), input.max_items)?
            .page(shown_tags(policy.tags()), |tag| tag.key.clone());
        Ok(ListPolicyTagsOutput {
            is_truncated: page.is_truncated(),
            tags: page.items,
            marker: page.marker,
        })
    }
}
