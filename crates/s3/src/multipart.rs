//! Multipart uploads: begin, complete, give up. Parts are in `upload_part`, listings in `list_uploads`.
//!
//! Beginning, sending parts and completing are all s3:PutObject on the object to be; each call is authorised by itself, so an
//! upload begun before a denial goes no further after it.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Need, Needs, Operation, Permit};
use twinlock_objects::{
    Algorithm, ChecksumType, Complete, CompletedPart as NamedPart, Condition, EtagMatch, NewUpload,
    ObjectMeta, Upload,
};
use twinlock_shapes::s3::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput,
};

use crate::{
    common::{FoundBucket, existing, find_bucket, no_such_bucket, object_need, of_store},
    object::{
        algorithm, checksums, quoted, refuse_customer_key, refuse_unkept, shown_version, versioning,
    },
    put_object::{encryption, parse_tagging, refuse_acl, request_object_tags, user_metadata},
    sub_resource::malformed_xml,
};

pub(crate) const WRITE: Action = Action::new("s3:PutObject", &["object"], &[]);

/// An unfinished upload as found, with its bucket.
#[derive(Debug)]
pub struct FoundUpload {
    /// The bucket, if there is one.
    pub bucket: Option<FoundBucket>,
    /// The upload, if there is one.
    pub upload: Option<Upload>,
}

impl FoundUpload {
    /// Both, or the fault that names what is missing.
    pub(crate) fn both(self, bucket: &str, id: &str) -> Result<(FoundBucket, Upload), Fault> {
        let found = self.bucket.ok_or_else(|| no_such_bucket(bucket))?;
        Ok((found, self.upload.ok_or_else(|| no_such_upload(id))?))
    }

    /// The upload, or the fault that names what is missing.
    pub(crate) fn upload(&self, bucket: &str, id: &str) -> Result<&Upload, Fault> {
        self.bucket.as_ref().ok_or_else(|| no_such_bucket(bucket))?;
        self.upload.as_ref().ok_or_else(|| no_such_upload(id))
    }
}

pub(crate) async fn find_upload(
    bucket: &str,
    key: &str,
    id: &str,
    cx: &Cx<'_>,
) -> Result<FoundUpload, Fault> {
    let Some(found) = find_bucket(bucket, cx) else {
        return Ok(FoundUpload {
            bucket: None,
            upload: None,
        });
    };
    let upload = cx.world.objects.upload(&found.bucket.id, key, id).await;
    Ok(FoundUpload {
        bucket: Some(found),
        upload: upload.map_err(|error| of_store(&error))?,
    })
}

pub(crate) fn no_such_upload(id: &str) -> Fault {
    of_store(&twinlock_objects::Error::NoSuchUpload).with("UploadId", id)
}

/// Begins an upload.
pub struct CreateMultipartUpload;

impl Operation for CreateMultipartUpload {
    type Input = CreateMultipartUploadInput;
    type Output = CreateMultipartUploadOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "CreateMultipartUpload";
    const ACTIONS: &'static [Action] = crate::put_object::PutObject::ACTIONS;
    // S3 lets nobody copy, or begin an upload in parts, without a signature, whatever a policy says.
    const CALLERS: Callers = Callers::Signed;

    fn needs(
        input: &CreateMultipartUploadInput,
        found: &Self::Found,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        let tags = parse_tagging(input.tagging.as_deref())?;
        let need = |action| -> Need {
            let need = object_need(action, found, &input.key)
                .key_if("s3:x-amz-acl", input.acl.as_deref())
                .key_if(
                    "s3:x-amz-server-side-encryption",
                    input.server_side_encryption.as_deref(),
                )
                .key_if("s3:x-amz-storage-class", input.storage_class.as_deref());
            request_object_tags(need, &tags)
        };
        let tagging = (!tags.is_empty()).then(|| need(&Self::ACTIONS[1]));
        Ok(Needs::one(need(&Self::ACTIONS[0])).and_if(tagging))
    }
}

impl Effect for CreateMultipartUpload {
    async fn find(input: &CreateMultipartUploadInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        input: CreateMultipartUploadInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<CreateMultipartUploadOutput, Fault> {
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        refuse_unkept!(input);
        refuse_acl(input.acl.as_deref(), bucket.ownership.as_deref())?;
        let asked = input
            .checksum_algorithm
            .as_deref()
            .map(algorithm)
            .transpose()?;
        let kind = checksum_type(asked, input.checksum_type.as_deref())?;
        let meta = ObjectMeta {
            content_type: input
                .content_type
                .or_else(|| Some("binary/octet-stream".to_owned())),
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            expires: input.expires,
            website_redirect: input.website_redirect_location,
            user: user_metadata(&input.metadata)?,
            storage_class: input.storage_class,
            tags: parse_tagging(input.tagging.as_deref())?,
            sse: encryption(input.server_side_encryption.as_deref())?,
            owner: bucket.account.to_string(),
            ..ObjectMeta::default()
        };
        let sse = meta.sse.clone();
        let new = NewUpload {
            bucket: bucket.id.clone(),
            key: input.key.clone(),
            meta,
            checksum: Some((asked.unwrap_or(Algorithm::Crc64Nvme), kind)),
            initiator: attempt.cx()?.principal().arn.clone(),
            now_ms: attempt.world.clock.now(),
        };
        let begun = attempt.world.objects.create_upload(new).await;
        let upload = begun.map_err(|error| of_store(&error))?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload.upload_id),
            server_side_encryption: sse,
            checksum_algorithm: asked.map(|a| a.name().to_owned()),
            checksum_type: asked.map(|_| kind.name().to_owned()),
            ..CreateMultipartUploadOutput::default()
        })
    }
}

/// What the finished object's checksum is over: asked for, or S3's default. A hash cannot be put together from its parts', and
/// CRC64NVME is never composite.
fn checksum_type(asked: Option<Algorithm>, kind: Option<&str>) -> Result<ChecksumType, Fault> {
    let Some(algorithm) = asked else {
        return match kind {
            None => Ok(ChecksumType::FullObject),
            Some(_) => Err(Fault::new(
                "InvalidRequest",
                400,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let hash = matches!(algorithm, Algorithm::Sha1 | Algorithm::Sha256);
    let refused = |kind: &str| {
        let name = algorithm.name().to_ascii_lowercase();
        Fault::new(
            "InvalidRequest",
            400,
            format!("The {kind} checksum type cannot be used with the {name} checksum algorithm."),
        )
    };
    match kind {
        Some("FULL_OBJECT") if hash => Err(refused("FULL_OBJECT")),
        Some("COMPOSITE") if algorithm == Algorithm::Crc64Nvme => Err(refused("COMPOSITE")),
        Some("FULL_OBJECT") => Ok(ChecksumType::FullObject),
        None if algorithm == Algorithm::Crc64Nvme => Ok(ChecksumType::FullObject),
        _ => Ok(ChecksumType::Composite),
    }
}

/// Makes the parts an object.
pub struct CompleteMultipartUpload;

impl Operation for CompleteMultipartUpload {
    type Input = CompleteMultipartUploadInput;
    type Output = CompleteMultipartUploadOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "CompleteMultipartUpload";
    const ACTIONS: &'static [Action] = &[WRITE];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(
        input: &CompleteMultipartUploadInput,
        found: &Self::Found,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(object_need(&WRITE, found, &input.key)))
    }
}

impl Effect for CompleteMultipartUpload {
    /// The upload is not looked up: one that is complete already is answered again by the store.
    async fn find(input: &CompleteMultipartUploadInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        input: CompleteMultipartUploadInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<CompleteMultipartUploadOutput, Fault> {
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        let parts = input
            .multipart_upload
            .as_ref()
            .map_or(&[][..], |u| &u.parts);
        if parts.is_empty() || parts.len() > twinlock_objects::PARTS_MAX as usize {
            return Err(malformed_xml());
        }
        let complete = Complete {
            bucket: bucket.id.clone(),
            key: input.key.clone(),
            upload_id: input.upload_id.clone(),
            parts: parts.iter().map(named).collect::<Result<_, _>>()?,
            expected_checksum: sent_sums(&[
                (Algorithm::Crc32, &input.checksum_crc32),
                (Algorithm::Crc32c, &input.checksum_crc32c),
                (Algorithm::Crc64Nvme, &input.checksum_crc64nvme),
                (Algorithm::Sha1, &input.checksum_sha1),
                (Algorithm::Sha256, &input.checksum_sha256),
            ])
            .pop(),
            expected_size: input.mpu_object_size.and_then(|n| u64::try_from(n).ok()),
            versioning: versioning(&bucket),
            condition: Condition {
                if_match: input.if_match.as_deref().map(EtagMatch::parse),
                if_none_match: input.if_none_match.as_deref().map(EtagMatch::parse),
                ..Condition::default()
            },
            now_ms: attempt.world.clock.now(),
        };
        let written = attempt.world.objects.complete_upload(complete).await;
        let info = written
            .map_err(|error| refused(&error, &input.upload_id))?
            .info;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            etag: Some(quoted(&info.etag)),
            server_side_encryption: info.meta.sse.clone(),
            version_id: shown_version(&bucket, &info),
            ..CompleteMultipartUploadOutput::default()
        };
        checksums!(output, info);
        Ok(output)
    }
}

fn refused(error: &twinlock_objects::Error, id: &str) -> Fault {
    use twinlock_objects::Error;
    match error {
        Error::NoSuchUpload => no_such_upload(id),
        Error::InvalidPart(_) | Error::InvalidPartOrder => of_store(error).with("UploadId", id),
        Error::BadDigest("size") => Fault::new(
            "InvalidRequest",
            400,
            "The provided 'x-amz-mp-object-size' header value does not match what was computed.",
        ),
        _ => of_store(error),
    }
}

/// A part as the client names it.
fn named(part: &CompletedPart) -> Result<NamedPart, Fault> {
    let number = part.part_number.and_then(|n| u32::try_from(n).ok());
    Ok(NamedPart {
        number: number.ok_or_else(malformed_xml)?,
        etag: part
            .etag
            .as_deref()
            .ok_or_else(malformed_xml)?
            .trim_matches('"')
            .to_owned(),
        checksums: sent_sums(&[
            (Algorithm::Crc32, &part.checksum_crc32),
            (Algorithm::Crc32c, &part.checksum_crc32c),
            (Algorithm::Crc64Nvme, &part.checksum_crc64nvme),
            (Algorithm::Sha1, &part.checksum_sha1),
            (Algorithm::Sha256, &part.checksum_sha256),
        ]),
    })
}

fn sent_sums(members: &[(Algorithm, &Option<String>)]) -> Vec<(Algorithm, String)> {
    members
        .iter()
        .filter_map(|(algorithm, value)| Some((*algorithm, (*value).clone()?)))
        .collect()
}

/// Gives an upload up; its parts are gone.
pub struct AbortMultipartUpload;

impl Operation for AbortMultipartUpload {
    type Input = AbortMultipartUploadInput;
    type Output = AbortMultipartUploadOutput;
    type Found = FoundUpload;
    const NAME: &'static str = "AbortMultipartUpload";
    const ACTIONS: &'static [Action] = &[Action::new("s3:AbortMultipartUpload", &["object"], &[])];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(
        input: &AbortMultipartUploadInput,
        found: &FoundUpload,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.bucket.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(object_need(
            &Self::ACTIONS[0],
            found,
            &input.key,
        )))
    }
}

impl Effect for AbortMultipartUpload {
    async fn find(input: &AbortMultipartUploadInput, cx: &Cx<'_>) -> Result<FoundUpload, Fault> {
        find_upload(&input.bucket, &input.key, &input.upload_id, cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: AbortMultipartUploadInput,
        found: FoundUpload,
        attempt: &Attempt,
    ) -> Result<AbortMultipartUploadOutput, Fault> {
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let (found, upload) = found.both(&input.bucket, &input.upload_id)?;
        // A header's date has whole seconds.
        let another = |at: twinlock_wire::time::Millis| at.seconds() != upload.initiated_ms / 1000;
        if input.if_match_initiated_time.is_some_and(another) {
            return Err(of_store(&twinlock_objects::Error::PreconditionFailed(
                "x-amz-if-match-initiated-time",
            )));
        }
        let objects = &attempt.world.objects;
        objects
            .abort_upload(&found.bucket.id, &input.key, &input.upload_id)
            .await
            .map_err(|error| refused(&error, &input.upload_id))?;
        Ok(AbortMultipartUploadOutput::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_types_as_s3_combines_them() {
        use Algorithm::{Crc32, Crc64Nvme, Sha256};
        use ChecksumType::{Composite, FullObject};
        let of = |algorithm, kind| checksum_type(algorithm, kind).map_err(|f| f.code.into_owned());
        assert_eq!(of(None, None), Ok(FullObject));
        assert_eq!(of(Some(Crc32), None), Ok(Composite));
        assert_eq!(of(Some(Crc32), Some("FULL_OBJECT")), Ok(FullObject));
        assert_eq!(of(Some(Crc64Nvme), None), Ok(FullObject));
        assert_eq!(of(Some(Sha256), None), Ok(Composite));
        for (algorithm, kind) in [
            (Some(Crc64Nvme), "COMPOSITE"),
            (Some(Sha256), "FULL_OBJECT"),
            (None, "COMPOSITE"),
        ] {
            assert_eq!(of(algorithm, Some(kind)), Err("InvalidRequest".to_owned()));
        }
    }

    #[test]
    fn a_named_part_needs_number_and_etag() {
        let part = |part_number, etag: Option<&str>| CompletedPart {
            part_number,
            etag: etag.map(str::to_owned),
            checksum_crc32: Some("AAAAAA==".to_owned()),
            ..CompletedPart::default()
        };
        let good = named(&part(Some(2), Some("\"ab\""))).expect("good");
        assert_eq!(
            (good.number, good.etag.as_str(), good.checksums.len()),
            (2, "ab", 1)
        );
        for bad in [
            part(None, Some("ab")),
            part(Some(-1), Some("ab")),
            part(Some(1), None),
        ] {
            assert_eq!(named(&bad).expect_err("bad").code, "MalformedXML");
        }
    }
}
