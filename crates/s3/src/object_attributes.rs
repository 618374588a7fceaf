//! GetObjectAttributes: what HeadObject and ListParts tell, at the client's choice.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::ObjectInfo;
use twinlock_shapes::s3::{
    Checksum, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts,
    ObjectPart,
};
use twinlock_wire::time::Millis;

use crate::{
    common::{bucket_need, existing, object_need},
    copy_object::{LIST, READ, READ_VERSION},
    get_object::present,
    list_objects::limit,
    object::{
        FoundObject, checksums, existing_tags, find_object, refuse_customer_key, shown_version,
    },
    upload_part::part_checksums,
};

/// Gives the attributes of an object that are asked for.
pub struct GetObjectAttributes;

impl Operation for GetObjectAttributes {
    type Input = GetObjectAttributesInput;
    type Output = GetObjectAttributesOutput;
    type Found = FoundObject;
    const NAME: &'static str = "GetObjectAttributes";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "s3:GetObjectAttributes",
            &["object"],
            &["s3:ExistingObjectTag/<key>"],
        ),
        Action::new(
            "s3:GetObjectVersionAttributes",
            &["object"],
            &["s3:ExistingObjectTag/<key>", "s3:versionid"],
        ),
        READ,
        READ_VERSION,
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &Self::Input, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let held = existing(found.bucket.as_ref(), &input.bucket, owner)?;
        let version = input.version_id.as_deref();
        let need = |action| {
            let need = object_need(action, held, &input.key).key_if("s3:VersionId", version);
            existing_tags(need, found.object.as_ref().map(|o| &o.info))
        };
        let of_version = usize::from(version.is_some());
        let both = [&Self::ACTIONS[of_version], &Self::ACTIONS[2 + of_version]];
        Ok(Needs::all(both.map(need)).ask(bucket_need(&LIST, held)))
    }
}

impl Effect for GetObjectAttributes {
    async fn find(input: &Self::Input, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(&input.bucket, &input.key, input.version_id.as_deref(), cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: GetObjectAttributesInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<GetObjectAttributesOutput, Fault> {
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let version = input.version_id.as_deref();
        let info = &present(&permit, &found, &input.key, version, attempt)?.info;
        let asked = |name: &str| input.object_attributes.iter().any(|a| a == name);
        let mut output = GetObjectAttributesOutput {
            last_modified: Some(Millis(info.modified_ms)),
            version_id: found
                .bucket
                .as_ref()
                .and_then(|b| shown_version(&b.bucket, info)),
            ..GetObjectAttributesOutput::default()
        };
        if asked("ETag") {
            // Without its quotes, unlike everywhere else.
            output.etag = Some(info.etag.clone());
        }
        if asked("Checksum") && !info.checksums.is_empty() {
            let mut sums = Checksum::default();
            checksums!(sums, info);
            output.checksum = Some(sums);
        }
        if asked("ObjectParts") && info.part_count > 0 {
            output.object_parts = Some(parts(&input, info)?);
        }
        if asked("StorageClass") {
            let class = info.meta.storage_class.as_deref().unwrap_or("STANDARD");
            output.storage_class = Some(class.to_owned());
        }
        if asked("ObjectSize") {
            output.object_size = i64::try_from(info.size).ok();
        }
        Ok(output)
    }
}

fn parts(
    input: &GetObjectAttributesInput,
    info: &ObjectInfo,
) -> Result<GetObjectAttributesParts, Fault> {
    let most = limit(input.max_parts, "x-amz-max-parts")?;
    let after = u32::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
    let rest: Vec<_> = info.parts.iter().filter(|p| p.number > after).collect();
    let shown = &rest[..rest.len().min(most as usize)];
    let last = shown.last().map_or(0, |part| part.number);
    Ok(GetObjectAttributesParts {
        total_parts_count: i32::try_from(info.part_count).ok(),
        part_number_marker: i32::try_from(after).ok(),
        next_part_number_marker: i32::try_from(last).ok(),
        max_parts: i32::try_from(most).ok(),
        is_truncated: Some(shown.len() < rest.len()),
        parts: shown
            .iter()
            .map(|part| {
                let mut one = ObjectPart {
                    part_number: i32::try_from(part.number).ok(),
                    size: i64::try_from(part.size).ok(),
                    ..ObjectPart::default()
                };
                part_checksums!(one, part);
                one
            })
            .collect(),
    })
}
