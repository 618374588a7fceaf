//! Tags of buckets: the whole set by S3, one by one by S3 Control.

use std::collections::BTreeSet;

use twinlock_directory::{Batch, Bucket, Tag};
use twinlock_gate::{
    Action, Callers, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::{
    s3::{
        self, DeleteBucketTaggingInput, DeleteBucketTaggingOutput, GetBucketTaggingInput,
        GetBucketTaggingOutput, PutBucketTaggingInput, PutBucketTaggingOutput,
    },
    s3control::{
        self, ListTagsForResourceInput, ListTagsForResourceOutput, TagResourceInput,
        TagResourceOutput, UntagResourceInput, UntagResourceOutput,
    },
};

use crate::{
    common::{
        FoundBucket, access_denied, bucket_need, existing, find_bucket, invalid_argument,
        no_such_bucket,
    },
    sub_resource::{bucket_change, bucket_operation, bucket_read},
};

/// Most tags of a bucket.
const TAGS_MAX: usize = 50;
/// Longest key and longest value of a tag, in characters.
const TAG_KEY_MAX: usize = 128;
const TAG_VALUE_MAX: usize = 256;

bucket_operation! {
    /// Shows the tags; none at all is `NoSuchTagSet`.
    GetBucketTagging(GetBucketTaggingInput) -> GetBucketTaggingOutput,
    Action::new("s3:GetBucketTagging", &["bucket"], &[])
}

bucket_read!(GetBucketTagging, |found, _, _| {
    let tags = &found.bucket.tags;
    if tags.is_empty() {
        return Err(Fault::new("NoSuchTagSet", 404, "The TagSet does not exist")
            .with("BucketName", &found.bucket.name));
    }
    let shown = |tag: &Tag| s3::Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    };
    Ok(GetBucketTaggingOutput {
        tag_set: tags.iter().map(shown).collect(),
    })
});

bucket_operation! {
    /// Sets all tags at once.
    PutBucketTagging(PutBucketTaggingInput) -> PutBucketTaggingOutput,
    Action::new("s3:PutBucketTagging", &["bucket"], &[])
}

bucket_change!(PutBucketTagging, |row, input, _, _| {
    let asked = input.tagging.tag_set.iter().map(|tag| Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    });
    row.tags = checked(asked.collect())?;
    Ok(PutBucketTaggingOutput::default())
});

bucket_operation! {
    /// Takes all tags away.
    DeleteBucketTagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput,
    Action::new("s3:PutBucketTagging", &["bucket"], &[])
}

bucket_change!(DeleteBucketTagging, |row, _, _, _| {
    row.tags.clear();
    Ok(DeleteBucketTaggingOutput::default())
});

/// The set, if S3 takes it.
fn checked(tags: Vec<Tag>) -> Result<Vec<Tag>, Fault> {
    let invalid =
        |message: &str, key: &str| Fault::new("InvalidTag", 400, message).with("TagKey", key);
    let mut keys = BTreeSet::new();
    for tag in &tags {
        let key = tag.key.as_str();
        if key.is_empty() || key.chars().count() > TAG_KEY_MAX || !allowed(key) {
            return Err(invalid("The TagKey you have provided is invalid", key));
        }
        if tag.value.chars().count() > TAG_VALUE_MAX || !allowed(&tag.value) {
            return Err(invalid("The TagValue you have provided is invalid", key));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(
                "System tags cannot be added/updated by requester",
                key,
            ));
        }
        if !keys.insert(key) {
            return Err(invalid(
                "Cannot provide multiple Tags with the same key",
                key,
            ));
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Fault::new(
            "BadRequest",
            400,
            format!("Bucket tag count cannot be greater than {TAGS_MAX}"),
        ));
    }
    Ok(tags)
}

/// Letters, digits and white space of any language, and `_.:/=+-@`.
fn allowed(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
}

/// The bucket that an S3 Control ARN names.
fn bucket_of(arn: &str) -> Result<&str, Fault> {
    let name = arn.strip_prefix("arn:aws:s3:::").unwrap_or_default();
    if !name.is_empty() && !name.contains('/') {
        return Ok(name);
    }
    if arn.starts_with("arn:aws:s3:") && name.is_empty() {
        return Err(Fault::not_implemented(
            "tags of S3 resources other than buckets",
        ));
    }
    Err(invalid_argument(
        "The resource ARN is not valid.",
        "resourceArn",
        arn,
    ))
}

/// An operation of S3 Control on the tags of the bucket that `input.resource_arn` names, with what its need says besides.
macro_rules! tags_operation {
    ($(#[$about:meta])* $name:ident($input:ty) -> $output:ty, $action:expr, $need:expr) => {
        $(#[$about])*
        pub struct $name;

        impl Operation for $name {
            type Input = $input;
            type Output = $output;
            type Found = Option<FoundBucket>;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[$action];
            const CALLERS: Callers = Callers::Signed;

            fn needs(
                input: &$input,
                found: &Self::Found,
                _: &Cx<'_>,
            ) -> Result<Needs, Fault> {
                let bucket = bucket_of(&input.resource_arn)?;
                let found = existing(found.as_ref(), bucket, Some(&input.account_id))?;
                let more: fn(Need, &$input) -> Need = $need;
                Ok(Needs::one(more(bucket_need(&Self::ACTIONS[0], found), input)))
            }
        }
    };
}

fn find(arn: &str, cx: &Cx<'_>) -> Option<FoundBucket> {
    find_bucket(bucket_of(arn).ok()?, cx)
}

fn row(found: Option<FoundBucket>, arn: &str) -> Result<Bucket, Fault> {
    let found =
        found.ok_or_else(|| bucket_of(arn).map_or_else(|_| access_denied(), no_such_bucket))?;
    Ok((*found.bucket).clone())
}

tags_operation! {
    /// Shows the tags, perhaps none.
    ListTagsForResource(ListTagsForResourceInput) -> ListTagsForResourceOutput,
    Action::new("s3:ListTagsForResource", &["bucket"], &[]),
    |need, _| need
}

impl Read for ListTagsForResource {
    fn find(input: &ListTagsForResourceInput, cx: &Cx<'_>) -> Self::Found {
        find(&input.resource_arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &ListTagsForResourceInput,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<ListTagsForResourceOutput, Fault> {
        let shown = |tag: Tag| s3control::Tag {
            key: tag.key,
            value: tag.value,
        };
        let row = row(found, &input.resource_arn)?;
        Ok(ListTagsForResourceOutput {
            tags: row.tags.into_iter().map(shown).collect(),
        })
    }
}

tags_operation! {
    /// Adds tags, or gives them new values.
    TagResource(TagResourceInput) -> TagResourceOutput,
    Action::new("s3:TagResource", &["bucket"], &["aws:RequestTag/${TagKey}", "aws:TagKeys"]),
    |need, input| {
        let tags = input.tags.iter();
        need.request_tags(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())))
    }
}

impl Change for TagResource {
    nothing_to_prepare!();

    fn find(input: &TagResourceInput, cx: &Cx<'_>) -> Self::Found {
        find(&input.resource_arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &TagResourceInput,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<TagResourceOutput, Fault> {
        let mut row = row(found, &input.resource_arn)?;
        let asked = input.tags.iter().map(|tag| Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        });
        let asked = checked(asked.collect())?;
        let mut tags = std::mem::take(&mut row.tags);
        for tag in asked {
            match tags.iter_mut().find(|held| held.key == tag.key) {
                Some(held) => held.value = tag.value,
                None => tags.push(tag),
            }
        }
        row.tags = checked(tags)?;
        batch.put(row);
        Ok(TagResourceOutput::default())
    }
}

tags_operation! {
    /// Removes tags by their keys; a key that is not there is gone already.
    UntagResource(UntagResourceInput) -> UntagResourceOutput,
    Action::new("s3:UntagResource", &["bucket"], &["aws:TagKeys"]),
    |need, input| need.keys("aws:TagKeys", input.tag_keys.clone())
}

impl Change for UntagResource {
    nothing_to_prepare!();

    fn find(input: &UntagResourceInput, cx: &Cx<'_>) -> Self::Found {
        find(&input.resource_arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &UntagResourceInput,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<UntagResourceOutput, Fault> {
        let mut row = row(found, &input.resource_arn)?;
        row.tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        batch.put(row);
        Ok(UntagResourceOutput::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ALLOW_ALL, DEV, PROD, TestWorld, code, root};

    fn set(tags: &[(&str, &str)]) -> PutBucketTaggingInput {
        let tag = |(key, value): &(&str, &str)| s3::Tag {
            key: (*key).into(),
            value: (*value).into(),
        };
        PutBucketTaggingInput {
            bucket: "shelf".into(),
            tagging: s3::Tagging {
                tag_set: tags.iter().map(tag).collect(),
            },
            ..Default::default()
        }
    }

    fn list() -> ListTagsForResourceInput {
        ListTagsForResourceInput {
            account_id: PROD.into(),
            resource_arn: "arn:aws:s3:::shelf".into(),
        }
    }

    fn add(key: &str, value: &str) -> TagResourceInput {
        TagResourceInput {
            account_id: PROD.into(),
            resource_arn: "arn:aws:s3:::shelf".into(),
            tags: vec![s3control::Tag {
                key: key.into(),
                value: value.into(),
            }],
        }
    }

    #[test]
    fn the_whole_set_is_put_and_taken_away() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let get = || {
            let input = GetBucketTaggingInput {
                bucket: "shelf".into(),
                ..Default::default()
            };
            world.read::<GetBucketTagging>(&owner, input)
        };
        let put = |input| world.change::<PutBucketTagging>(&owner, input);
        assert_eq!(code(get()), "NoSuchTagSet 404");
        put(set(&[("team", "a"), ("empty", "")])).unwrap();
        put(set(&[("team", "b")])).unwrap();
        let tags = get().unwrap().tag_set;
        assert_eq!((tags.len(), tags[0].value.as_str()), (1, "b"));
        let long = "k".repeat(129);
        for bad in [
            set(&[("a", "1"), ("a", "2")]),
            set(&[("aws:x", "1")]),
            set(&[("", "1")]),
            set(&[(&long, "1")]),
            set(&[("a", "<")]),
        ] {
            assert_eq!(code(put(bad)), "InvalidTag 400");
        }
        let keys: Vec<String> = (0..51).map(|n| format!("k{n}")).collect();
        let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "")).collect();
        assert_eq!(code(put(set(&many))), "BadRequest 400");
        put(set(&many[..50])).unwrap();
        let one_more = world.change::<TagResource>(&owner, add("last", ""));
        assert_eq!(code(one_more), "BadRequest 400");
        let delete = DeleteBucketTaggingInput {
            bucket: "shelf".into(),
            ..Default::default()
        };
        world.change::<DeleteBucketTagging>(&owner, delete).unwrap();
        assert_eq!(code(get()), "NoSuchTagSet 404");
    }

    #[test]
    fn s3_control_adds_and_removes_single_tags() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let tags = || {
            let out = world.read::<ListTagsForResource>(&owner, list()).unwrap();
            let pair = |tag: &s3control::Tag| format!("{}={}", tag.key, tag.value);
            out.tags.iter().map(pair).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(tags(), "");
        for (key, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
            world
                .change::<TagResource>(&owner, add(key, value))
                .unwrap();
        }
        assert_eq!(tags(), "a=3 b=2");
        let remove = UntagResourceInput {
            account_id: PROD.into(),
            resource_arn: "arn:aws:s3:::shelf".into(),
            tag_keys: vec!["a".into(), "never".into()],
        };
        world.change::<UntagResource>(&owner, remove).unwrap();
        assert_eq!(tags(), "b=2");
    }

    #[test]
    fn who_may_tag_and_what() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let only_team = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:TagResource","Resource":"arn:aws:s3:::shelf","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"team"},"StringLike":{"aws:RequestTag/team":"blue*"}}}}"#;
        let tagger = world.user(PROD, "tagger", only_team);
        let tag =
            |key: &str, value: &str| code(world.change::<TagResource>(&tagger, add(key, value)));
        assert_eq!(tag("team", "blue one"), "ok");
        assert_eq!(tag("team", "red"), "AccessDenied 403");
        assert_eq!(tag("other", "blue"), "AccessDenied 403");
        let guest = world.user(DEV, "guest", ALLOW_ALL);
        let owner = root(PROD);
        for (caller, account, arn, expected) in [
            (&guest, PROD, "arn:aws:s3:::shelf", "AccessDenied 403"),
            (&guest, DEV, "arn:aws:s3:::shelf", "AccessDenied 403"),
            (&owner, DEV, "arn:aws:s3:::shelf", "AccessDenied 403"),
            (&owner, PROD, "arn:aws:s3:::nowhere", "NoSuchBucket 404"),
            (
                &owner,
                PROD,
                "arn:aws:s3:::shelf/key",
                "InvalidArgument 400",
            ),
            (&owner, PROD, "shelf", "InvalidArgument 400"),
            (
                &owner,
                PROD,
                "arn:aws:s3:us-east-1:999999999999:accesspoint/p",
                "NotImplemented 501",
            ),
        ] {
            let input = ListTagsForResourceInput {
                account_id: account.into(),
                resource_arn: arn.into(),
            };
            assert_eq!(
                code(world.read::<ListTagsForResource>(caller, input)),
                expected,
                "{account} {arn}"
            );
        }
    }
}
