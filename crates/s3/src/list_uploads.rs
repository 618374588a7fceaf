//! ListParts and ListMultipartUploads.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::{Upload, UploadsQuery};
use twinlock_shapes::s3::{
    CommonPrefix, Initiator, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Owner, Part,
};
use twinlock_wire::time::Millis;

use crate::{
    common::{
        FoundBucket, bucket_need, existing, find_bucket, no_such_bucket, object_need, of_store,
    },
    list_objects::{Encoding, limit},
    multipart::no_such_upload,
    object::{quoted, refuse_customer_key},
    upload_part::part_checksums,
};

const STANDARD: &str = "STANDARD";

fn owner(found: &FoundBucket) -> Option<Owner> {
    Some(Owner {
        display_name: None,
        id: Some(found.owner_canonical_id.clone()),
    })
}

/// Who began an upload: its ARN, and what is shown for it.
fn initiator(upload: &Upload) -> Option<Initiator> {
    let name = upload.initiator.rsplit(['/', ':']).next();
    Some(Initiator {
        id: Some(upload.initiator.clone()),
        display_name: name.map(str::to_owned),
    })
}

fn storage_class(upload: &Upload) -> Option<String> {
    Some(
        upload
            .meta
            .storage_class
            .as_deref()
            .unwrap_or(STANDARD)
            .to_owned(),
    )
}

/// Lists the parts of an upload.
pub struct ListParts;

impl Operation for ListParts {
    type Input = ListPartsInput;
    type Output = ListPartsOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "ListParts";
    const ACTIONS: &'static [Action] =
        &[Action::new("s3:ListMultipartUploadParts", &["object"], &[])];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &ListPartsInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(object_need(
            &Self::ACTIONS[0],
            found,
            &input.key,
        )))
    }
}

impl Effect for ListParts {
    async fn find(input: &ListPartsInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        _: Permit<Self>,
        input: ListPartsInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<ListPartsOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let most = limit(input.max_parts, "max-parts")?;
        let after = u32::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
        let page = attempt
            .world
            .objects
            .list_parts(&found.bucket.id, &input.key, &input.upload_id, after, most)
            .await
            .map_err(|error| match error {
                twinlock_objects::Error::NoSuchUpload => no_such_upload(&input.upload_id),
                error => of_store(&error),
            })?;
        let parts: Vec<Part> = page
            .parts
            .iter()
            .map(|part| {
                let mut shown = Part {
                    part_number: i32::try_from(part.number).ok(),
                    last_modified: Some(Millis(part.modified_ms)),
                    etag: Some(quoted(&part.etag)),
                    size: i64::try_from(part.size).ok(),
                    ..Part::default()
                };
                part_checksums!(shown, part);
                shown
            })
            .collect();
        // S3 names the last part of the page even when no more follow.
        let last = page.parts.last().map_or(0, |part| part.number);
        let checksum = page.upload.checksum;
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            part_number_marker: i32::try_from(after).ok(),
            next_part_number_marker: i32::try_from(last).ok(),
            max_parts: i32::try_from(most).ok(),
            is_truncated: Some(page.is_truncated),
            parts,
            initiator: initiator(&page.upload),
            owner: owner(&found),
            storage_class: storage_class(&page.upload),
            checksum_algorithm: checksum.map(|(algorithm, _)| algorithm.name().to_owned()),
            checksum_type: checksum.map(|(_, kind)| kind.name().to_owned()),
            ..ListPartsOutput::default()
        })
    }
}

/// Lists a bucket's unfinished uploads.
pub struct ListMultipartUploads;

impl Operation for ListMultipartUploads {
    type Input = ListMultipartUploadsInput;
    type Output = ListMultipartUploadsOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "ListMultipartUploads";
    const ACTIONS: &'static [Action] = &[Action::new(
        "s3:ListBucketMultipartUploads",
        &["bucket"],
        &[],
    )];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(
        input: &ListMultipartUploadsInput,
        found: &Self::Found,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(bucket_need(&Self::ACTIONS[0], found)))
    }
}

impl Effect for ListMultipartUploads {
    async fn find(input: &ListMultipartUploadsInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        _: Permit<Self>,
        input: ListMultipartUploadsInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<ListMultipartUploadsOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let encoding = Encoding::of(input.encoding_type.as_deref())?;
        let most = limit(input.max_uploads, "max-uploads")?;
        let given = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        let query = UploadsQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: given(&input.delimiter),
            key_marker: given(&input.key_marker),
            upload_id_marker: given(&input.upload_id_marker),
            max_uploads: most,
        };
        let listed = attempt
            .world
            .objects
            .list_uploads(&found.bucket.id, query)
            .await;
        let page = listed.map_err(|error| of_store(&error))?;
        let uploads = page
            .uploads
            .iter()
            .map(|upload| MultipartUpload {
                upload_id: Some(upload.upload_id.clone()),
                key: Some(encoding.key(&upload.key)),
                initiated: Some(Millis(upload.initiated_ms)),
                storage_class: storage_class(upload),
                owner: owner(&found),
                initiator: initiator(upload),
                checksum_algorithm: upload.checksum.map(|(a, _)| a.name().to_owned()),
                checksum_type: upload.checksum.map(|(_, kind)| kind.name().to_owned()),
                ..MultipartUpload::default()
            })
            .collect();
        let prefixes = page.common_prefixes.iter().map(|p| CommonPrefix {
            prefix: Some(encoding.key(p)),
        });
        let shown = |text: &Option<String>| Some(encoding.key(text.as_deref().unwrap_or("")));
        Ok(ListMultipartUploadsOutput {
            key_marker: shown(&input.key_marker),
            upload_id_marker: Some(input.upload_id_marker.clone().unwrap_or_default()),
            next_key_marker: page.next_key_marker.as_deref().map(|k| encoding.key(k)),
            prefix: shown(&input.prefix),
            delimiter: input.delimiter.as_deref().map(|d| encoding.key(d)),
            next_upload_id_marker: page.next_upload_id_marker,
            max_uploads: i32::try_from(most).ok(),
            is_truncated: Some(page.is_truncated),
            uploads,
            common_prefixes: prefixes.collect(),
            encoding_type: encoding.name(),
            bucket: Some(input.bucket),
            ..ListMultipartUploadsOutput::default()
        })
    }
}
