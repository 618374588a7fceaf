//! The three operations that put tags on something, take them and list them. Those of managed policies alone are written out
//! (`policy_tags`): some policies are AWS's, and carry none.

use std::sync::Arc;

use twinlock_directory::{
    InstanceProfile, MfaDevice, OidcProvider, Role, Row, SamlProvider, ServerCertificate, Tag, User,
};
use twinlock_gate::{Action, Cx, Fault, Need};

use super::holder::{self, Holder};

/// What carries tags.
pub(super) trait Tagged: Clone + Into<Row> {
    /// The quota of its tags, as in `Quotas::NAMES`.
    const QUOTA: &'static str;
    /// Its tags.
    fn tags(&self) -> &[Tag];
    /// The same, to change.
    fn tags_mut(&mut self) -> &mut Vec<Tag>;
}

macro_rules! tagged {
    ($($entity:ty: $quota:literal),* $(,)?) => {$(
        impl Tagged for $entity {
            const QUOTA: &'static str = $quota;

            fn tags(&self) -> &[Tag] {
                &self.tags
            }

            fn tags_mut(&mut self) -> &mut Vec<Tag> {
                &mut self.tags
            }
        }
    )*};
}

tagged! {
    User: "TagsPerUser",
    Role: "TagsPerRole",
    InstanceProfile: "TagsPerInstanceProfile",
    MfaDevice: "TagsPerMFADevice",
    ServerCertificate: "TagsPerServerCertificate",
    OidcProvider: "TagsPerOpenIdConnectProvider",
    SamlProvider: "TagsPerSAMLProvider",
}

/// The need of an action on the tags of a user or role, found or not. A denial names either by its ARN when its tags change, and by
/// its name when they are listed, as AWS does.
pub(super) fn holder_need<H: Holder>(
    action: &Action,
    name: &str,
    found: &Option<Arc<H>>,
    cx: &Cx<'_>,
) -> Result<Need, Fault> {
    let mut need = holder::need(action, cx, name, found.as_ref())?;
    if !action.name.starts_with("iam:List") {
        need.shown = None;
    }
    Ok(need)
}

/// Declares the three operations on the tags of an entity that is found as `Option<Arc<_>>`. `$of` is the field of the inputs that
/// names it; `$find` looks it up, `$need` is an action's need on it, found or not, and `$existing` refuses what is not there.
macro_rules! tag_operations {
    (
        $entity:ty, $kind:literal, $of:ident, $find:expr, $need:expr, $existing:expr;
        $(#[$tag_doc:meta])* $tag:ident, $tag_in:ident -> $tag_out:ident;
        $(#[$untag_doc:meta])* $untag:ident, $untag_in:ident -> $untag_out:ident;
        $(#[$list_doc:meta])* $list:ident, $list_in:ident -> $list_out:ident $(;)?
    ) => {
        crate::iam::tags::tag_operations! {
            @operation $(#[$tag_doc])* $tag, $tag_in -> $tag_out, $entity, $kind, $of, $need,
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
            |input, need| need.request_tags(crate::iam::common::tag_pairs(&input.tags))
        }
        crate::iam::tags::tag_operations! {
            @change $tag, $entity, $of, $find, $existing, |input, entity, cx| {
                let new = crate::iam::common::new_tags(&input.tags)?;
                let quota = <$entity as crate::iam::tags::Tagged>::QUOTA;
                crate::iam::common::merge_tags(cx, crate::iam::tags::Tagged::tags_mut(entity), new, quota)
            }
        }
        crate::iam::tags::tag_operations! {
            @operation $(#[$untag_doc])* $untag, $untag_in -> $untag_out, $entity, $kind, $of, $need,
            &["aws:TagKeys"],
            |input, need| match input.tag_keys.is_empty() {
                true => need,
                false => need.keys("aws:TagKeys", input.tag_keys.clone()),
            }
        }
        crate::iam::tags::tag_operations! {
            @change $untag, $entity, $of, $find, $existing, |input, entity, _cx| {
                crate::iam::common::remove_tags(crate::iam::tags::Tagged::tags_mut(entity), &input.tag_keys);
                Ok(())
            }
        }
        crate::iam::tags::tag_operations! {
            @operation $(#[$list_doc])* $list, $list_in -> $list_out, $entity, $kind, $of, $need,
            &[],
            |_input, need| need
        }

        impl twinlock_gate::Read for $list {
            fn find(input: &Self::Input, cx: &twinlock_gate::Cx<'_>) -> Self::Found {
                let find: fn(&twinlock_gate::Cx<'_>, &str) -> Self::Found = $find;
                find(cx, &input.$of)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                _: &twinlock_gate::Cx<'_>,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let existing: fn(
                    Self::Found,
                    &str,
                ) -> Result<std::sync::Arc<$entity>, twinlock_gate::Fault> = $existing;
                let entity = existing(found, &input.$of)?;
                let cursor = crate::iam::common::Cursor::new(input.marker.as_deref(), input.max_items)?;
                let tags = crate::iam::common::shown_tags(crate::iam::tags::Tagged::tags(&*entity));
                let page = cursor.page(tags, |tag| tag.key.clone());
                Ok(twinlock_shapes::iam::$list_out {
                    is_truncated: page.is_truncated(),
                    tags: page.items,
                    marker: page.marker,
                })
            }
        }
    };
    (
        @operation $(#[$doc:meta])* $name:ident, $input:ident -> $output:ident, $entity:ty, $kind:literal,
        $of:ident, $need:expr, $keys:expr, |$in:ident, $of_it:ident| $more:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl twinlock_gate::Operation for $name {
            type Input = twinlock_shapes::iam::$input;
            type Output = twinlock_shapes::iam::$output;
            type Found = Option<std::sync::Arc<$entity>>;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [twinlock_gate::Action] = &[twinlock_gate::Action::new(
                concat!("iam:", stringify!($name)),
                &[$kind],
                $keys,
            )];

            fn needs(
                input: &Self::Input,
                found: &Self::Found,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let need: fn(
                    &twinlock_gate::Action,
                    &str,
                    &Self::Found,
                    &twinlock_gate::Cx<'_>,
                ) -> Result<twinlock_gate::Need, twinlock_gate::Fault> = $need;
                let need = need(&Self::ACTIONS[0], &input.$of, found, cx)?;
                let ($in, $of_it) = (input, need);
                Ok(twinlock_gate::Needs::one($more))
            }
        }
    };
    (
        @change $name:ident, $entity:ty, $of:ident, $find:expr, $existing:expr,
        |$in:ident, $it:ident, $cx:ident| $change:expr
    ) => {
        impl twinlock_gate::Change for $name {
            twinlock_gate::nothing_to_prepare!();

            fn find(input: &Self::Input, cx: &twinlock_gate::Cx<'_>) -> Self::Found {
                let find: fn(&twinlock_gate::Cx<'_>, &str) -> Self::Found = $find;
                find(cx, &input.$of)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                (): &(),
                cx: &twinlock_gate::Cx<'_>,
                batch: &mut twinlock_directory::Batch,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let existing: fn(
                    Self::Found,
                    &str,
                ) -> Result<std::sync::Arc<$entity>, twinlock_gate::Fault> = $existing;
                let mut entity = <$entity>::clone(&*existing(found, &input.$of)?);
                let change: fn(
                    &Self::Input,
                    &mut $entity,
                    &twinlock_gate::Cx<'_>,
                ) -> Result<(), twinlock_gate::Fault> = |$in, $it, $cx| $change;
                change(input, &mut entity, cx)?;
                batch.put(entity);
                Ok(Self::Output::default())
            }
        }
    };
}
pub(super) use tag_operations;
