//! GetObjectTagging, PutObjectTagging and DeleteObjectTagging.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::{Expect, ObjectInfo, Source};
use twinlock_shapes::s3::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput,
    GetObjectTaggingOutput, PutObjectTaggingInput, PutObjectTaggingOutput, Tag,
};

use crate::{
    common::{bucket_need, existing, no_such_bucket, object_need, of_store},
    copy_object::LIST,
    get_object::present,
    object::{FoundObject, existing_tags, find_object, shown_version},
    put_object::{check_tags, request_object_tags},
};

const EXISTING: &[&str] = &["s3:ExistingObjectTag/<key>"];
const EXISTING_OF_VERSION: &[&str] = &["s3:ExistingObjectTag/<key>", "s3:versionid"];
const SENT: &[&str] = &[
    "s3:ExistingObjectTag/<key>",
    "s3:RequestObjectTag/<key>",
    "s3:RequestObjectTagKeys",
];
const SENT_TO_VERSION: &[&str] = &[
    "s3:ExistingObjectTag/<key>",
    "s3:RequestObjectTag/<key>",
    "s3:RequestObjectTagKeys",
    "s3:versionid",
];

/// Which object is meant, in any of the three inputs.
struct Target<'i> {
    bucket: &'i str,
    key: &'i str,
    version: Option<&'i str>,
    expected_owner: Option<&'i str>,
}

macro_rules! target {
    ($input:expr) => {
        Target {
            bucket: &$input.bucket,
            key: &$input.key,
            version: $input.version_id.as_deref(),
            expected_owner: $input.expected_bucket_owner.as_deref(),
        }
    };
}

impl Target<'_> {
    /// The first action on the object, or the second on one of its versions; and whether a missing key may be named.
    fn needs(
        &self,
        actions: &'static [Action],
        found: &FoundObject,
        sent: &[(String, String)],
    ) -> Result<Needs, Fault> {
        let held = existing(found.bucket.as_ref(), self.bucket, self.expected_owner)?;
        let action = &actions[usize::from(self.version.is_some())];
        let need = object_need(action, held, self.key).key_if("s3:VersionId", self.version);
        let need = existing_tags(need, found.object.as_ref().map(|o| &o.info));
        let need = request_object_tags(need, sent);
        Ok(Needs::one(need).ask(bucket_need(&LIST, held)))
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(self.bucket, self.key, self.version, cx).await
    }

    /// Puts these tags in place of the object's, on the very version that was authorised. Gives the version to show.
    async fn set<O>(
        &self,
        tags: Vec<(String, String)>,
        permit: &Permit<O>,
        found: &FoundObject,
        attempt: &Attempt,
    ) -> Result<Option<String>, Fault> {
        let info = self.info(permit, found, attempt)?;
        let held = found.bucket.as_ref();
        let bucket = &held.ok_or_else(|| no_such_bucket(self.bucket))?.bucket;
        let exactly = Source {
            bucket: bucket.id.clone(),
            key: self.key.to_owned(),
            version: self.version.map(str::to_owned),
            expect: Expect::Generation(info.generation),
        };
        let set = attempt.world.objects.set_tags(exactly, tags).await;
        Ok(shown_version(
            bucket,
            &set.map_err(|error| of_store(&error))?,
        ))
    }

    fn info<'f, O>(
        &self,
        permit: &Permit<O>,
        found: &'f FoundObject,
        attempt: &Attempt,
    ) -> Result<&'f ObjectInfo, Fault> {
        Ok(&present(permit, found, self.key, self.version, attempt)?.info)
    }
}

/// Gives an object's tags.
pub struct GetObjectTagging;

impl Operation for GetObjectTagging {
    type Input = GetObjectTaggingInput;
    type Output = GetObjectTaggingOutput;
    type Found = FoundObject;
    const NAME: &'static str = "GetObjectTagging";
    const ACTIONS: &'static [Action] = &[
        Action::new("s3:GetObjectTagging", &["object"], EXISTING),
        Action::new(
            "s3:GetObjectVersionTagging",
            &["object"],
            EXISTING_OF_VERSION,
        ),
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &Self::Input, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        target!(input).needs(Self::ACTIONS, found, &[])
    }
}

impl Effect for GetObjectTagging {
    async fn find(input: &Self::Input, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        target!(input).find(cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: GetObjectTaggingInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<GetObjectTaggingOutput, Fault> {
        let info = target!(input).info(&permit, &found, attempt)?;
        let tags = info.meta.tags.iter().map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        });
        let bucket = found.bucket.as_ref();
        Ok(GetObjectTaggingOutput {
            tag_set: tags.collect(),
            version_id: bucket.and_then(|b| shown_version(&b.bucket, info)),
        })
    }
}

/// Replaces an object's tags.
pub struct PutObjectTagging;

fn sent(input: &PutObjectTaggingInput) -> Vec<(String, String)> {
    let tags = input.tagging.tag_set.iter();
    tags.map(|t| (t.key.clone(), t.value.clone())).collect()
}

impl Operation for PutObjectTagging {
    type Input = PutObjectTaggingInput;
    type Output = PutObjectTaggingOutput;
    type Found = FoundObject;
    const NAME: &'static str = "PutObjectTagging";
    const ACTIONS: &'static [Action] = &[
        Action::new("s3:PutObjectTagging", &["object"], SENT),
        Action::new("s3:PutObjectVersionTagging", &["object"], SENT_TO_VERSION),
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &Self::Input, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        target!(input).needs(Self::ACTIONS, found, &sent(input))
    }
}

impl Effect for PutObjectTagging {
    async fn find(input: &Self::Input, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        target!(input).find(cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: PutObjectTaggingInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<PutObjectTaggingOutput, Fault> {
        let tags = sent(&input);
        check_tags(&tags)?;
        let (permit, found) = attempt.renew(permit, &input, found).await?;
        let set = target!(input).set(tags, &permit, &found, attempt).await?;
        Ok(PutObjectTaggingOutput { version_id: set })
    }
}

/// Takes an object's tags away.
pub struct DeleteObjectTagging;

impl Operation for DeleteObjectTagging {
    type Input = DeleteObjectTaggingInput;
    type Output = DeleteObjectTaggingOutput;
    type Found = FoundObject;
    const NAME: &'static str = "DeleteObjectTagging";
    const ACTIONS: &'static [Action] = &[
        Action::new("s3:DeleteObjectTagging", &["object"], EXISTING),
        Action::new(
            "s3:DeleteObjectVersionTagging",
            &["object"],
            EXISTING_OF_VERSION,
        ),
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &Self::Input, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        target!(input).needs(Self::ACTIONS, found, &[])
    }
}

impl Effect for DeleteObjectTagging {
    async fn find(input: &Self::Input, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        target!(input).find(cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: DeleteObjectTaggingInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<DeleteObjectTaggingOutput, Fault> {
        let (permit, found) = attempt.renew(permit, &input, found).await?;
        let set = target!(input)
            .set(Vec::new(), &permit, &found, attempt)
            .await?;
        Ok(DeleteObjectTaggingOutput { version_id: set })
    }
}
