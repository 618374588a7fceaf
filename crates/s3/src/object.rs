//! What operations on objects share: versions, ETags and checksums as S3 shows them.

use twinlock_directory::Bucket;
use twinlock_gate::{Cx, Fault, Need};
use twinlock_objects::{Algorithm, Object, ObjectInfo, Versioning};

use crate::common::{FoundBucket, invalid_argument, of_store};

/// An object as found, with its bucket.
#[derive(Debug)]
pub struct FoundObject {
    /// The bucket, if there is one.
    pub bucket: Option<FoundBucket>,
    /// The object or delete marker, if there is one.
    pub object: Option<Object>,
}

/// Looks an object up, body and all; the body is opened, not read.
pub(crate) async fn find_object(
    bucket: &str,
    key: &str,
    version: Option<&str>,
    cx: &Cx<'_>,
) -> Result<FoundObject, Fault> {
    let Some(found) = crate::common::find_bucket(bucket, cx) else {
        return Ok(FoundObject {
            bucket: None,
            object: None,
        });
    };
    let object = match cx.world.objects.get(&found.bucket.id, key, version).await {
        Ok(object) => object,
        Err(twinlock_objects::Error::NoSuchKey | twinlock_objects::Error::NoSuchVersion) => None,
        Err(error) => return Err(of_store(&error)),
    };
    Ok(FoundObject {
        bucket: Some(found),
        object,
    })
}

/// `s3:ExistingObjectTag/k` of what is stored.
pub(crate) fn existing_tags(mut need: Need, object: Option<&ObjectInfo>) -> Need {
    for (key, value) in object.into_iter().flat_map(|info| &info.meta.tags) {
        need = need.key(format!("s3:ExistingObjectTag/{key}"), value);
    }
    need
}

/// The bucket's versioning as the object store takes it.
pub(crate) fn versioning(bucket: &Bucket) -> Versioning {
    match bucket.versioning {
        twinlock_directory::Versioning::Never => Versioning::Unversioned,
        twinlock_directory::Versioning::Enabled => Versioning::Enabled,
        twinlock_directory::Versioning::Suspended => Versioning::Suspended,
    }
}

/// x-amz-version-id: told once versioning has been touched.
pub(crate) fn shown_version(bucket: &Bucket, info: &ObjectInfo) -> Option<String> {
    (bucket.versioning != twinlock_directory::Versioning::Never).then(|| info.version_id.clone())
}

/// An ETag in its quotes.
pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// A checksum algorithm by S3's name.
pub(crate) fn algorithm(name: &str) -> Result<Algorithm, Fault> {
    name.parse().map_err(|_| {
        invalid_argument(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            "x-amz-checksum-algorithm",
            name,
        )
    })
}

/// Fills an output's checksum members from an object's kept checksums.
macro_rules! checksums {
    ($output:expr, $info:expr) => {
        for sum in &$info.checksums {
            let value = Some(sum.value.clone());
            match sum.algorithm {
                twinlock_objects::Algorithm::Crc32 => $output.checksum_crc32 = value,
                twinlock_objects::Algorithm::Crc32c => $output.checksum_crc32c = value,
                twinlock_objects::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                twinlock_objects::Algorithm::Sha1 => $output.checksum_sha1 = value,
                twinlock_objects::Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
            $output.checksum_type = Some(sum.kind.name().to_owned());
        }
    };
}
pub(crate) use checksums;

/// Refuses what would be promised and not kept: retention in a bucket without Object Lock (no bucket has it), grants that the
/// bucket's ownership makes void, keys of the customer's own.
macro_rules! refuse_unkept {
    ($input:expr) => {
        if $input.object_lock_mode.is_some()
            || $input.object_lock_retain_until_date.is_some()
            || $input.object_lock_legal_hold_status.is_some()
        {
            return Err(twinlock_gate::Fault::new(
                "InvalidRequest",
                400,
                "Bucket is missing Object Lock Configuration",
            ));
        }
        if $input.grant_full_control.is_some()
            || $input.grant_read.is_some()
            || $input.grant_read_acp.is_some()
            || $input.grant_write_acp.is_some()
        {
            return Err(twinlock_gate::Fault::new(
                "AccessControlListNotSupported",
                400,
                "The bucket does not allow ACLs",
            ));
        }
        crate::object::refuse_customer_key(
            &$input.sse_customer_algorithm,
            &$input.sse_customer_key,
        )?;
    };
}
pub(crate) use refuse_unkept;

/// Refuses keys of the customer's own, on writes and on reads: nothing here was ever encrypted with one.
pub(crate) fn refuse_customer_key(
    algorithm: &Option<String>,
    key: &Option<String>,
) -> Result<(), Fault> {
    if algorithm.is_some() || key.is_some() {
        return Err(Fault::not_implemented(
            "server-side encryption with customer-provided keys in S3",
        ));
    }
    Ok(())
}
