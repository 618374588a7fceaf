//! ListObjectVersions.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::VersionsQuery;
use twinlock_shapes::s3::{
    CommonPrefix, DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput,
    ObjectVersion, Owner,
};
use twinlock_wire::time::Millis;

use crate::{
    common::{
        FoundBucket, bucket_need, existing, find_bucket, invalid_argument, no_such_bucket, of_store,
    },
    list_objects::{Encoding, limit},
    object::quoted,
};

/// Lists versions and delete markers, the newest of a key first.
pub struct ListObjectVersions;

impl Operation for ListObjectVersions {
    type Input = ListObjectVersionsInput;
    type Output = ListObjectVersionsOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "ListObjectVersions";
    const ACTIONS: &'static [Action] = &[Action::new(
        "s3:ListBucketVersions",
        &["bucket"],
        &["s3:prefix", "s3:delimiter", "s3:max-keys"],
    )];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(
        input: &ListObjectVersionsInput,
        found: &Self::Found,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        Ok(Needs::one(
            bucket_need(&Self::ACTIONS[0], found)
                .key_if("s3:prefix", input.prefix.as_deref())
                .key_if("s3:delimiter", input.delimiter.as_deref())
                .key_if("s3:max-keys", input.max_keys.map(|n| n.to_string())),
        ))
    }
}

impl Effect for ListObjectVersions {
    async fn find(input: &ListObjectVersionsInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        _: Permit<Self>,
        input: ListObjectVersionsInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<ListObjectVersionsOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let encoding = Encoding::of(input.encoding_type.as_deref())?;
        let most = limit(input.max_keys, "max-keys")?;
        let given = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        let query = VersionsQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: given(&input.delimiter),
            key_marker: given(&input.key_marker),
            version_id_marker: given(&input.version_id_marker),
            max_keys: most,
        };
        if query.version_id_marker.is_some() && query.key_marker.is_none() {
            return Err(invalid_argument(
                "A version-id marker cannot be specified without a key marker.",
                "version-id-marker",
                query.version_id_marker.as_deref().unwrap_or_default(),
            ));
        }
        let listed = attempt
            .world
            .objects
            .list_versions(&found.bucket.id, query)
            .await;
        let page = listed.map_err(|error| of_store(&error))?;
        let shown = |text: &Option<String>| Some(encoding.key(text.as_deref().unwrap_or("")));
        let mut output = ListObjectVersionsOutput {
            is_truncated: Some(page.is_truncated),
            key_marker: shown(&input.key_marker),
            version_id_marker: Some(input.version_id_marker.clone().unwrap_or_default()),
            next_key_marker: page.next_key_marker.as_deref().map(|k| encoding.key(k)),
            next_version_id_marker: page.next_version_id_marker,
            prefix: shown(&input.prefix),
            delimiter: input.delimiter.as_deref().map(|d| encoding.key(d)),
            max_keys: i32::try_from(most).ok(),
            encoding_type: encoding.name(),
            name: Some(input.bucket),
            ..ListObjectVersionsOutput::default()
        };
        let prefixes = page.common_prefixes.iter().map(|p| CommonPrefix {
            prefix: Some(encoding.key(p)),
        });
        output.common_prefixes = prefixes.collect();
        for entry in page.entries {
            let info = entry.info;
            let owner = Some(Owner {
                display_name: None,
                id: Some(found.owner_canonical_id.clone()),
            });
            let key = Some(encoding.key(&info.key));
            let last_modified = Some(Millis(info.modified_ms));
            let is_latest = Some(entry.is_latest);
            if info.delete_marker {
                output.delete_markers.push(DeleteMarkerEntry {
                    owner,
                    key,
                    version_id: Some(info.version_id),
                    is_latest,
                    last_modified,
                });
                continue;
            }
            let sums = &info.checksums;
            output.versions.push(ObjectVersion {
                etag: Some(quoted(&info.etag)),
                checksum_algorithm: sums.iter().map(|c| c.algorithm.name().to_owned()).collect(),
                checksum_type: sums.first().map(|c| c.kind.name().to_owned()),
                size: i64::try_from(info.size).ok(),
                storage_class: Some(
                    info.meta
                        .storage_class
                        .unwrap_or_else(|| "STANDARD".to_owned()),
                ),
                key,
                version_id: Some(info.version_id),
                is_latest,
                last_modified,
                owner,
                ..ObjectVersion::default()
            });
        }
        Ok(output)
    }
}
