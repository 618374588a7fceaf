//! CopyObject: both the source and the target must be allowed.

use twinlock_directory::Bucket;
use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::{Condition, EtagMatch, Expect, ObjectInfo, ObjectMeta, Put, Source};
use twinlock_shapes::s3::{CopyObjectInput, CopyObjectOutput, CopyObjectResult};
use twinlock_wire::{signature::percent_decode as decode, time::Millis};

use crate::{
    common::{
        FoundBucket, access_denied, bucket_need, existing, find_bucket, invalid_argument,
        no_such_bucket, no_such_key, object_need, of_store,
    },
    object::{
        FoundObject, algorithm, checksums, existing_tags, find_object, quoted, refuse_customer_key,
        refuse_unkept, shown_version, versioning,
    },
    put_object::{encryption, parse_tagging, refuse_acl, request_object_tags, user_metadata},
};

const WRITE: Action = Action::new(
    "s3:PutObject",
    &["object"],
    &[
        "s3:x-amz-acl",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-storage-class",
        "s3:RequestObjectTag/<key>",
        "s3:RequestObjectTagKeys",
    ],
);
const WRITE_TAGS: Action = Action::new(
    "s3:PutObjectTagging",
    &["object"],
    &["s3:RequestObjectTag/<key>", "s3:RequestObjectTagKeys"],
);
pub(crate) const READ: Action =
    Action::new("s3:GetObject", &["object"], &["s3:ExistingObjectTag/<key>"]);
pub(crate) const READ_VERSION: Action = Action::new(
    "s3:GetObjectVersion",
    &["object"],
    &["s3:ExistingObjectTag/<key>", "s3:versionid"],
);
const READ_TAGS: Action = Action::new(
    "s3:GetObjectTagging",
    &["object"],
    &["s3:ExistingObjectTag/<key>"],
);
const READ_VERSION_TAGS: Action = Action::new(
    "s3:GetObjectVersionTagging",
    &["object"],
    &["s3:ExistingObjectTag/<key>", "s3:versionid"],
);
pub(crate) const LIST: Action = Action::new("s3:ListBucket", &["bucket"], &[]);

/// What x-amz-copy-source names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopySource {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

impl CopySource {
    /// Reads `[/]bucket/key[?versionId=…]`, percent-encoded: decoded once, and split before it is decoded.
    pub(crate) fn parse(header: &str) -> Result<Self, Fault> {
        let malformed = || {
            invalid_argument(
                "Invalid copy source object key",
                "x-amz-copy-source",
                header,
            )
        };
        let (path, query) = header
            .split_once('?')
            .map_or((header, None), |(p, q)| (p, Some(q)));
        let (bucket, key) = path
            .strip_prefix('/')
            .unwrap_or(path)
            .split_once('/')
            .ok_or_else(malformed)?;
        let version = match query {
            None => None,
            Some(query) => Some(
                decode(query.strip_prefix("versionId=").ok_or_else(malformed)?)
                    .ok_or_else(malformed)?,
            ),
        };
        let (bucket, key) = (
            decode(bucket).ok_or_else(malformed)?,
            decode(key).ok_or_else(malformed)?,
        );
        if bucket.is_empty() || key.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            bucket,
            key,
            version,
        })
    }
}

/// Source and target as found.
#[derive(Debug)]
pub struct Found {
    target: Option<FoundBucket>,
    source: FoundObject,
}

/// Copies an object.
pub struct CopyObject;

fn copies_tags(input: &CopyObjectInput) -> bool {
    input.tagging_directive.as_deref() != Some("REPLACE")
}

impl Operation for CopyObject {
    type Input = CopyObjectInput;
    type Output = CopyObjectOutput;
    type Found = Found;
    const NAME: &'static str = "CopyObject";
    const ACTIONS: &'static [Action] = &[
        WRITE,
        WRITE_TAGS,
        READ,
        READ_VERSION,
        READ_TAGS,
        READ_VERSION_TAGS,
        LIST,
    ];
    // S3 lets nobody copy, or begin an upload in parts, without a signature, whatever a policy says.
    const CALLERS: Callers = Callers::Signed;

    fn needs(input: &CopyObjectInput, found: &Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        let target = existing(
            found.target.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        let source = existing(
            found.source.bucket.as_ref(),
            &from.bucket,
            input.expected_source_bucket_owner.as_deref(),
        )?;
        let stored = found.source.object.as_ref().map(|o| &o.info);
        let has_tags = stored.is_some_and(|info| !info.meta.tags.is_empty());
        let tags = if copies_tags(input) {
            Vec::new()
        } else {
            parse_tagging(input.tagging.as_deref())?
        };
        let write = |action| {
            let need = object_need(action, target, &input.key)
                .key("s3:x-amz-copy-source", &input.copy_source)
                .key_if("s3:x-amz-acl", input.acl.as_deref())
                .key_if(
                    "s3:x-amz-metadata-directive",
                    input.metadata_directive.as_deref(),
                )
                .key_if(
                    "s3:x-amz-server-side-encryption",
                    input.server_side_encryption.as_deref(),
                )
                .key_if("s3:x-amz-storage-class", input.storage_class.as_deref());
            request_object_tags(need, &tags)
        };
        let read = |action| {
            existing_tags(object_need(action, source, &from.key), stored)
                .key_if("s3:VersionId", from.version.as_deref())
        };
        let (read_one, read_its_tags) = if from.version.is_some() {
            (&READ_VERSION, &READ_VERSION_TAGS)
        } else {
            (&READ, &READ_TAGS)
        };
        let tagging = copies_tags(input) && has_tags;
        Ok(Needs::all([read(read_one), write(&WRITE)])
            .and_if(tagging.then(|| read(read_its_tags)))
            .and_if((tagging || !tags.is_empty()).then(|| write(&WRITE_TAGS)))
            .ask(bucket_need(&LIST, source)))
    }
}

impl Effect for CopyObject {
    async fn find(input: &CopyObjectInput, cx: &Cx<'_>) -> Result<Found, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        Ok(Found {
            target: find_bucket(&input.bucket, cx),
            source: find_object(&from.bucket, &from.key, from.version.as_deref(), cx).await?,
        })
    }

    async fn run(
        permit: Permit<Self>,
        input: CopyObjectInput,
        found: Found,
        attempt: &Attempt,
    ) -> Result<CopyObjectOutput, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        let target = &found
            .target
            .as_ref()
            .ok_or_else(|| no_such_bucket(&input.bucket))?
            .bucket;
        let (source_bucket, source) = copied(&permit, &found.source, &from)?;
        refuse_unkept!(input);
        refuse_customer_key(
            &input.copy_source_sse_customer_algorithm,
            &input.copy_source_sse_customer_key,
        )?;
        refuse_acl(input.acl.as_deref(), target.ownership.as_deref())?;
        let conditions = SourceConditions {
            if_match: input.copy_source_if_match.as_deref(),
            if_none_match: input.copy_source_if_none_match.as_deref(),
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        source_conditions(&conditions, source)?;
        let replace = input.metadata_directive.as_deref() == Some("REPLACE");
        let onto_itself =
            source_bucket.id == target.id && from.key == input.key && from.version.is_none();
        if onto_itself
            && !replace
            && input.storage_class.is_none()
            && input.server_side_encryption.is_none()
            && input.website_redirect_location.is_none()
        {
            return Err(Fault::new(
                "InvalidRequest",
                400,
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
            ));
        }
        let mut meta = if replace {
            ObjectMeta {
                content_type: input
                    .content_type
                    .clone()
                    .or_else(|| Some("binary/octet-stream".to_owned())),
                cache_control: input.cache_control.clone(),
                content_disposition: input.content_disposition.clone(),
                content_encoding: input.content_encoding.clone(),
                content_language: input.content_language.clone(),
                expires: input.expires.clone(),
                user: user_metadata(&input.metadata)?,
                ..ObjectMeta::default()
            }
        } else {
            source.meta.clone()
        };
        meta.tags = if copies_tags(&input) {
            source.meta.tags.clone()
        } else {
            parse_tagging(input.tagging.as_deref())?
        };
        meta.website_redirect = input.website_redirect_location.clone();
        meta.storage_class = input.storage_class.clone();
        meta.sse = encryption(input.server_side_encryption.as_deref())?;
        meta.extra.clear();
        let algorithms = input
            .checksum_algorithm
            .as_deref()
            .map(algorithm)
            .transpose()?;
        // The very object that was authorised, with the tags that were asked about.
        let source = Source {
            bucket: source_bucket.id.clone(),
            key: from.key,
            version: from.version.clone(),
            expect: Expect::Generation(source.generation),
        };
        let objects = &attempt.world.objects;
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        let staged = objects.begin_copy(source, &algorithms).await;
        let staged = staged.map_err(|error| of_store(&error))?;
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let target = found
            .target
            .ok_or_else(|| no_such_bucket(&input.bucket))?
            .bucket;
        meta.owner = target.account.to_string();
        let put = Put {
            bucket: target.id.clone(),
            key: input.key.clone(),
            meta,
            versioning: versioning(&target),
            condition: Condition {
                if_match: input.if_match.as_deref().map(EtagMatch::parse),
                if_none_match: input.if_none_match.as_deref().map(EtagMatch::parse),
                ..Condition::default()
            },
            now_ms: attempt.world.clock.now(),
        };
        let written = objects.commit_copy(staged, put).await;
        let info = written.map_err(|error| of_store(&error))?.info;
        let mut result = CopyObjectResult {
            etag: Some(quoted(&info.etag)),
            last_modified: Some(Millis(info.modified_ms)),
            ..CopyObjectResult::default()
        };
        checksums!(result, info);
        Ok(CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: from.version,
            version_id: shown_version(&target, &info),
            server_side_encryption: info.meta.sse.clone(),
            ..CopyObjectOutput::default()
        })
    }
}

/// The bucket and object to copy from. Whoever may not list the bucket is not told that a key is missing.
pub(crate) fn copied<'f, O>(
    permit: &Permit<O>,
    found: &'f FoundObject,
    from: &CopySource,
) -> Result<(&'f Bucket, &'f ObjectInfo), Fault> {
    let held = found.bucket.as_ref();
    let bucket = &held.ok_or_else(|| no_such_bucket(&from.bucket))?.bucket;
    match &found.object {
        Some(object) if !object.info.delete_marker => Ok((bucket, &object.info)),
        _ if permit.asked(0) => Err(no_such_key(&from.key)),
        _ => Err(access_denied()),
    }
}

/// The x-amz-copy-source-if-* headers.
pub(crate) struct SourceConditions<'i> {
    pub(crate) if_match: Option<&'i str>,
    pub(crate) if_none_match: Option<&'i str>,
    pub(crate) if_modified_since: Option<Millis>,
    pub(crate) if_unmodified_since: Option<Millis>,
}

/// An ETag condition makes the date one beside it void.
pub(crate) fn source_conditions(
    asked: &SourceConditions<'_>,
    source: &ObjectInfo,
) -> Result<(), Fault> {
    let modified = source.modified_ms / 1000;
    let etag = |header: Option<&str>| header.map(|h| EtagMatch::parse(h).matches(&source.etag));
    let holds = match (etag(asked.if_match), asked.if_unmodified_since) {
        (Some(matches), _) => matches,
        (None, Some(at)) => modified <= at.seconds(),
        (None, None) => true,
    } && match (etag(asked.if_none_match), asked.if_modified_since) {
        (Some(matches), _) => !matches,
        (None, Some(at)) => modified > at.seconds(),
        (None, None) => true,
    };
    if holds {
        Ok(())
    } else {
        Err(Fault::new(
            "PreconditionFailed",
            412,
            "At least one of the pre-conditions you specified did not hold",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_sources_are_split_before_they_are_decoded_and_decoded_once() {
        let parsed = CopySource::parse("/b/a%2Fc%2541?versionId=v%31").expect("parses");
        assert_eq!(
            parsed,
            CopySource {
                bucket: "b".into(),
                key: "a/c%41".into(),
                version: Some("v1".into())
            }
        );
        assert_eq!(CopySource::parse("b/k").expect("parses").version, None);
        for bad in ["", "b", "/b/", "b/%zz", "b/k?acl", "/"] {
            assert!(CopySource::parse(bad).is_err(), "{bad}");
        }
    }
}
