//! UploadPart and UploadPartCopy: like a put, and a copy, that become a part.

use std::ops::Range;

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::{Algorithm, Expect, PART_BYTES_MAX, PARTS_MAX, PartInfo, Source, Upload};
use twinlock_shapes::s3::{
    CopyPartResult, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use twinlock_wire::time::Millis;

use crate::{
    common::{bucket_need, existing, invalid_argument, object_need, of_store},
    copy_object::{
        CopySource, LIST, READ, READ_VERSION, SourceConditions, copied, source_conditions,
    },
    multipart::{FoundUpload, WRITE, find_upload, no_such_upload},
    object::{FoundObject, algorithm, existing_tags, find_object, quoted, refuse_customer_key},
    put_object::stage,
};

/// Fills an output's checksum members from a part's.
macro_rules! part_checksums {
    ($output:expr, $part:expr) => {
        for sum in &$part.checksums {
            let value = Some(sum.value.clone());
            match sum.algorithm {
                twinlock_objects::Algorithm::Crc32 => $output.checksum_crc32 = value,
                twinlock_objects::Algorithm::Crc32c => $output.checksum_crc32c = value,
                twinlock_objects::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                twinlock_objects::Algorithm::Sha1 => $output.checksum_sha1 = value,
                twinlock_objects::Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
        }
    };
}
pub(crate) use part_checksums;

/// A part's number within S3's bounds.
fn part_number(number: i32) -> Result<u32, Fault> {
    u32::try_from(number)
        .ok()
        .filter(|n| (1..=PARTS_MAX).contains(n))
        .ok_or_else(|| {
            invalid_argument(
                "Part number must be an integer between 1 and 10000, inclusive",
                "partNumber",
                &number.to_string(),
            )
        })
}

/// The part is computed with the upload's algorithm and what its sender used; those must be one where the upload's was chosen.
fn part_algorithms(upload: &Upload, sent: &[&str]) -> Result<Vec<Algorithm>, Fault> {
    let own = upload.checksum.map(|(algorithm, _)| algorithm);
    let mut all: Vec<Algorithm> = own.into_iter().collect();
    for name in sent {
        let sent = algorithm(name)?;
        // CRC64NVME is what an upload has that asked for nothing; parts of such take any.
        if let Some(own) = own.filter(|own| *own != sent && *own != Algorithm::Crc64Nvme) {
            let (own, sent) = (own.name().to_lowercase(), sent.name().to_lowercase());
            return Err(Fault::new(
                "InvalidRequest",
                400,
                format!(
                    "Checksum Type mismatch occurred, expected checksum Type: {own}, actual checksum Type: {sent}"
                ),
            ));
        }
        if !all.contains(&sent) {
            all.push(sent);
        }
    }
    Ok(all)
}

/// Stores a part.
pub struct UploadPart;

impl Operation for UploadPart {
    type Input = UploadPartInput;
    type Output = UploadPartOutput;
    type Found = FoundUpload;
    const NAME: &'static str = "UploadPart";
    const ACTIONS: &'static [Action] = &[WRITE];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &UploadPartInput, found: &FoundUpload, _: &Cx<'_>) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.bucket.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(object_need(&WRITE, found, &input.key)))
    }
}

impl Effect for UploadPart {
    async fn find(input: &UploadPartInput, cx: &Cx<'_>) -> Result<FoundUpload, Fault> {
        find_upload(&input.bucket, &input.key, &input.upload_id, cx).await
    }

    async fn run(
        permit: Permit<Self>,
        mut input: UploadPartInput,
        found: FoundUpload,
        attempt: &Attempt,
    ) -> Result<UploadPartOutput, Fault> {
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let upload = found.upload(&input.bucket, &input.upload_id)?;
        let number = part_number(input.part_number)?;
        let sent: Vec<&str> = [
            input.checksum_algorithm.as_deref(),
            input.checksum_crc32.as_ref().map(|_| "CRC32"),
            input.checksum_crc32c.as_ref().map(|_| "CRC32C"),
            input.checksum_crc64nvme.as_ref().map(|_| "CRC64NVME"),
            input.checksum_sha1.as_ref().map(|_| "SHA1"),
            input.checksum_sha256.as_ref().map(|_| "SHA256"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let algorithms = part_algorithms(upload, &sent)?;
        let body = std::mem::take(&mut input.body);
        let staged = stage(body, &algorithms, PART_BYTES_MAX, attempt).await?;
        // The bytes are here; whoever sent them must still be allowed to.
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let (found, upload) = found.both(&input.bucket, &input.upload_id)?;
        let part = attempt
            .world
            .objects
            .commit_part(
                &found.bucket.id,
                &input.key,
                &input.upload_id,
                number,
                staged,
                attempt.world.clock.now(),
            )
            .await
            .map_err(|error| refused(&error, &input.upload_id))?;
        let mut output = UploadPartOutput {
            etag: Some(quoted(&part.etag)),
            server_side_encryption: upload.meta.sse,
            ..UploadPartOutput::default()
        };
        part_checksums!(output, part);
        Ok(output)
    }
}

fn refused(error: &twinlock_objects::Error, id: &str) -> Fault {
    match error {
        twinlock_objects::Error::NoSuchUpload => no_such_upload(id),
        _ => of_store(error),
    }
}

/// Source and upload as found.
#[derive(Debug)]
pub struct FoundPartCopy {
    target: FoundUpload,
    source: FoundObject,
}

/// Makes an object, or a range of it, a part.
pub struct UploadPartCopy;

impl Operation for UploadPartCopy {
    type Input = UploadPartCopyInput;
    type Output = UploadPartCopyOutput;
    type Found = FoundPartCopy;
    const NAME: &'static str = "UploadPartCopy";
    const ACTIONS: &'static [Action] = &[
        Action::new("s3:PutObject", &["object"], &["s3:x-amz-copy-source"]),
        READ,
        READ_VERSION,
        LIST,
    ];
    // As for CopyObject.
    const CALLERS: Callers = Callers::Signed;

    fn needs(
        input: &UploadPartCopyInput,
        found: &FoundPartCopy,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        let target = existing(
            found.target.bucket.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        let source = existing(
            found.source.bucket.as_ref(),
            &from.bucket,
            input.expected_source_bucket_owner.as_deref(),
        )?;
        let action = if from.version.is_some() {
            &READ_VERSION
        } else {
            &READ
        };
        let read =
            object_need(action, source, &from.key).key_if("s3:VersionId", from.version.as_deref());
        let read = existing_tags(read, found.source.object.as_ref().map(|o| &o.info));
        let write = object_need(&Self::ACTIONS[0], target, &input.key)
            .key("s3:x-amz-copy-source", &input.copy_source);
        Ok(Needs::all([read, write]).ask(bucket_need(&LIST, source)))
    }
}

impl Effect for UploadPartCopy {
    async fn find(input: &UploadPartCopyInput, cx: &Cx<'_>) -> Result<FoundPartCopy, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        Ok(FoundPartCopy {
            target: find_upload(&input.bucket, &input.key, &input.upload_id, cx).await?,
            source: find_object(&from.bucket, &from.key, from.version.as_deref(), cx).await?,
        })
    }

    async fn run(
        permit: Permit<Self>,
        input: UploadPartCopyInput,
        found: FoundPartCopy,
        attempt: &Attempt,
    ) -> Result<UploadPartCopyOutput, Fault> {
        let from = CopySource::parse(&input.copy_source)?;
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        refuse_customer_key(
            &input.copy_source_sse_customer_algorithm,
            &input.copy_source_sse_customer_key,
        )?;
        let upload = found.target.upload(&input.bucket, &input.upload_id)?;
        let number = part_number(input.part_number)?;
        let (bucket, source) = copied(&permit, &found.source, &from)?;
        let conditions = SourceConditions {
            if_match: input.copy_source_if_match.as_deref(),
            if_none_match: input.copy_source_if_none_match.as_deref(),
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        source_conditions(&conditions, source)?;
        let range = input
            .copy_source_range
            .as_deref()
            .map(|header| copy_range(header, source.size))
            .transpose()?;
        let objects = &attempt.world.objects;
        // The very object that was authorised.
        let exactly = Source {
            bucket: bucket.id.clone(),
            key: from.key,
            version: from.version.clone(),
            expect: Expect::Generation(source.generation),
        };
        let algorithms = part_algorithms(upload, &[])?;
        let staged = objects
            .stage_copy(&exactly, range, &algorithms)
            .await
            .map_err(|error| of_store(&error))?;
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let (target, upload) = found.target.both(&input.bucket, &input.upload_id)?;
        let now = attempt.world.clock.now();
        let (id, key) = (&input.upload_id, &input.key);
        let part: PartInfo = objects
            .commit_part(&target.bucket.id, key, id, number, staged, now)
            .await
            .map_err(|error| refused(&error, id))?;
        let mut result = CopyPartResult {
            etag: Some(quoted(&part.etag)),
            last_modified: Some(Millis(part.modified_ms)),
            ..CopyPartResult::default()
        };
        part_checksums!(result, part);
        Ok(UploadPartCopyOutput {
            copy_source_version_id: from.version,
            copy_part_result: Some(result),
            server_side_encryption: upload.meta.sse,
            ..UploadPartCopyOutput::default()
        })
    }
}

/// Reads `bytes=first-last`: both must be there, and within the source.
fn copy_range(header: &str, size: u64) -> Result<Range<u64>, Fault> {
    let bounds = header
        .strip_prefix("bytes=")
        .and_then(|r| r.split_once('-'));
    let number = |text: &str| -> Option<u64> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let (first, last) = bounds
        .and_then(|(first, last)| Some((number(first)?, number(last)?)))
        .filter(|(first, last)| first <= last)
        .ok_or_else(|| {
            invalid_argument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
                "x-amz-copy-source-range",
                header,
            )
        })?;
    if last >= size {
        return Err(invalid_argument(
            format!("Range specified is not valid for source object of size: {size}"),
            "x-amz-copy-source-range",
            header,
        ));
    }
    Ok(first..last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_range_has_both_ends_within_the_source() {
        assert_eq!(copy_range("bytes=0-9", 10).ok(), Some(0..10));
        assert_eq!(copy_range("bytes=3-3", 10).ok(), Some(3..4));
        for bad in [
            "bytes=0-10",
            "bytes=5-4",
            "bytes=5-",
            "bytes=-5",
            "0-1",
            "bytes=+1-2",
        ] {
            let fault = copy_range(bad, 10).expect_err(bad);
            assert_eq!(
                (fault.code.as_ref(), fault.status),
                ("InvalidArgument", 400)
            );
        }
    }

    #[test]
    fn part_numbers() {
        assert_eq!(part_number(10_000).ok(), Some(10_000));
        for bad in [0, -1, 10_001] {
            assert!(part_number(bad).is_err());
        }
    }
}
