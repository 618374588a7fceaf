//! PutObject: a body that is believed when it has ended, and authorised again before it counts.

use futures_util::StreamExt;
use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Need, Needs, Operation, Permit};
use twinlock_objects::{Condition, EtagMatch, ObjectMeta, Put, Staged};
use twinlock_shapes::s3::{PutObjectInput, PutObjectOutput};
use twinlock_wire::{body::Body, query::Form};

use crate::{
    common::{
        FoundBucket, existing, find_bucket, invalid_argument, no_such_bucket, object_need, of_store,
    },
    object::{algorithm, checksums, quoted, refuse_unkept, shown_version, versioning},
};

/// The largest body of one put.
pub(crate) const PUT_BYTES_MAX: u64 = 5 << 30;
/// The largest user metadata: names and values together.
const METADATA_BYTES_MAX: usize = 2048;
const TAGS_MAX: usize = 10;

/// Stores an object.
pub struct PutObject;

impl Operation for PutObject {
    type Input = PutObjectInput;
    type Output = PutObjectOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "PutObject";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "s3:PutObject",
            &["object"],
            &[
                "s3:x-amz-acl",
                "s3:x-amz-server-side-encryption",
                "s3:x-amz-storage-class",
                "s3:RequestObjectTag/<key>",
                "s3:RequestObjectTagKeys",
            ],
        ),
        Action::new(
            "s3:PutObjectTagging",
            &["object"],
            &["s3:RequestObjectTag/<key>", "s3:RequestObjectTagKeys"],
        ),
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &PutObjectInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        let tags = parse_tagging(input.tagging.as_deref())?;
        let need = |action| {
            let need = object_need(action, found, &input.key)
                .key_if("s3:x-amz-acl", input.acl.as_deref())
                .key_if(
                    "s3:x-amz-server-side-encryption",
                    input.server_side_encryption.as_deref(),
                )
                .key_if("s3:x-amz-storage-class", input.storage_class.as_deref());
            request_object_tags(need, &tags)
        };
        Ok(Needs::one(need(&Self::ACTIONS[0]))
            .and_if((!tags.is_empty()).then(|| need(&Self::ACTIONS[1]))))
    }
}

impl Effect for PutObject {
    async fn find(input: &PutObjectInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        mut input: PutObjectInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<PutObjectOutput, Fault> {
        let held = found
            .as_ref()
            .ok_or_else(|| no_such_bucket(&input.bucket))?;
        refuse_unkept!(input);
        refuse_acl(input.acl.as_deref(), held.bucket.ownership.as_deref())?;
        let mut meta = ObjectMeta {
            content_type: input
                .content_type
                .clone()
                .or_else(|| Some("binary/octet-stream".to_owned())),
            cache_control: input.cache_control.clone(),
            content_disposition: input.content_disposition.clone(),
            content_encoding: input
                .content_encoding
                .as_deref()
                .and_then(twinlock_wire::chunked::object_content_encoding),
            content_language: input.content_language.clone(),
            expires: input.expires.clone(),
            website_redirect: input.website_redirect_location.clone(),
            user: user_metadata(&input.metadata)?,
            storage_class: input.storage_class.clone(),
            tags: parse_tagging(input.tagging.as_deref())?,
            sse: None,
            sse_kms_key_id: None,
            owner: String::new(),
            extra: std::collections::BTreeMap::new(),
        };
        meta.sse = encryption(input.server_side_encryption.as_deref())?;
        let asked = [
            input.checksum_algorithm.as_deref(),
            input.checksum_crc32.as_ref().map(|_| "CRC32"),
            input.checksum_crc32c.as_ref().map(|_| "CRC32C"),
            input.checksum_crc64nvme.as_ref().map(|_| "CRC64NVME"),
            input.checksum_sha1.as_ref().map(|_| "SHA1"),
            input.checksum_sha256.as_ref().map(|_| "SHA256"),
        ];
        let mut algorithms = Vec::new();
        for name in asked.into_iter().flatten() {
            let algorithm = algorithm(name)?;
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        if algorithms.is_empty() {
            algorithms.push(twinlock_objects::Algorithm::Crc64Nvme);
        }
        let staged = stage(
            std::mem::take(&mut input.body),
            &algorithms,
            PUT_BYTES_MAX,
            attempt,
        )
        .await?;
        // The bytes are here; whoever sent them must still be allowed to.
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        meta.owner = bucket.account.to_string();
        let put = Put {
            bucket: bucket.id.clone(),
            key: input.key.clone(),
            meta,
            versioning: versioning(&bucket),
            condition: Condition {
                if_match: input.if_match.as_deref().map(EtagMatch::parse),
                if_none_match: input.if_none_match.as_deref().map(EtagMatch::parse),
                ..Condition::default()
            },
            now_ms: attempt.world.clock.now(),
        };
        let written = attempt
            .world
            .objects
            .commit_put(put, staged)
            .await
            .map_err(|error| of_store(&error))?;
        let info = written.info;
        let mut output = PutObjectOutput {
            etag: Some(quoted(&info.etag)),
            server_side_encryption: info.meta.sse.clone(),
            version_id: shown_version(&bucket, &info),
            ..PutObjectOutput::default()
        };
        checksums!(output, info);
        Ok(output)
    }
}

/// Reads a body to its end into the object store; a body that breaks a promise ends here and leaves nothing.
pub(crate) async fn stage(
    body: Body,
    algorithms: &[twinlock_objects::Algorithm],
    bytes_max: u64,
    attempt: &Attempt,
) -> Result<Staged, Fault> {
    let mut writer = attempt.world.objects.begin_put(algorithms, bytes_max);
    let mut stream = body.into_stream();
    while let Some(part) = stream.next().await {
        writer
            .write(part?)
            .await
            .map_err(|error| of_store(&error))?;
    }
    writer.finish().await.map_err(|error| of_store(&error))
}

/// ACLs count for nothing in a bucket that enforces its owner: only those that say nothing are taken.
pub(crate) fn refuse_acl(acl: Option<&str>, ownership: Option<&str>) -> Result<(), Fault> {
    match acl {
        None | Some("private" | "bucket-owner-full-control") => Ok(()),
        Some(_) if ownership.is_none_or(|o| o == "BucketOwnerEnforced") => Err(Fault::new(
            "AccessControlListNotSupported",
            400,
            "The bucket does not allow ACLs",
        )),
        Some(acl) => Err(Fault::not_implemented(&format!(
            "the canned ACL {acl} of S3"
        ))),
    }
}

/// Objects are kept as AES256 says they are: the data directory is the operator's to encrypt, and the answer is S3's.
pub(crate) fn encryption(asked: Option<&str>) -> Result<Option<String>, Fault> {
    match asked {
        None | Some("AES256") => Ok(Some("AES256".to_owned())),
        Some(other) => Err(Fault::not_implemented(&format!(
            "the server-side encryption {other} of S3"
        ))),
    }
}

/// User metadata within S3's limit.
pub(crate) fn user_metadata(pairs: &[(String, String)]) -> Result<Vec<(String, String)>, Fault> {
    let size: usize = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > METADATA_BYTES_MAX {
        return Err(Fault::new(
            "MetadataTooLarge",
            400,
            "Your metadata headers exceed the maximum allowed metadata size",
        )
        .with("Size", size.to_string())
        .with("MaxSizeAllowed", METADATA_BYTES_MAX.to_string()));
    }
    Ok(pairs
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect())
}

/// The x-amz-tagging header: a query string.
pub(crate) fn parse_tagging(header: Option<&str>) -> Result<Vec<(String, String)>, Fault> {
    let Some(header) = header else {
        return Ok(Vec::new());
    };
    let malformed = || {
        invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            "x-amz-tagging",
            header,
        )
    };
    let form = Form::parse(header.as_bytes()).map_err(|_| malformed())?;
    check_tags(form.pairs())?;
    Ok(form.pairs().to_vec())
}

/// S3's rules for an object's tags.
pub(crate) fn check_tags(tags: &[(String, String)]) -> Result<(), Fault> {
    if tags.len() > TAGS_MAX {
        return Err(Fault::new(
            "BadRequest",
            400,
            "Object tags cannot be greater than 10",
        ));
    }
    for (i, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(Fault::new(
                "InvalidTag",
                400,
                "The TagKey you have provided is invalid",
            ));
        }
        if value.chars().count() > 256 {
            return Err(Fault::new(
                "InvalidTag",
                400,
                "The TagValue you have provided is invalid",
            ));
        }
        if tags[..i].iter().any(|(other, _)| other == key) {
            return Err(Fault::new(
                "InvalidTag",
                400,
                "Cannot provide multiple Tags with the same key",
            ));
        }
    }
    Ok(())
}

/// `s3:RequestObjectTag/k` for each tag sent, and their names.
pub(crate) fn request_object_tags(mut need: Need, tags: &[(String, String)]) -> Need {
    for (key, value) in tags {
        need = need.key(format!("s3:RequestObjectTag/{key}"), value);
    }
    if tags.is_empty() {
        need
    } else {
        need.keys(
            "s3:RequestObjectTagKeys",
            tags.iter().map(|(k, _)| k.clone()).collect(),
        )
    }
}
