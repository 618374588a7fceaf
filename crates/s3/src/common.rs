//! What every S3 operation shares: the bucket as found, needs that carry its policy, and S3's own faults.

use std::sync::Arc;

use twinlock_directory::{Bucket, BucketState, PublicAccessBlock, Snapshot};
use twinlock_gate::{Action, Cx, Fault, Need, ResourcePolicy};
use twinlock_policy::{ResourceRule, is_public};

/// A bucket and what its account says of public access, as found for one attempt.
#[derive(Debug, Clone)]
pub struct FoundBucket {
    /// The bucket.
    pub bucket: Arc<Bucket>,
    /// The account's and the bucket's Block Public Access together: a flag of either counts.
    pub public_access_block: PublicAccessBlock,
    /// The owner account's canonical id.
    pub owner_canonical_id: String,
}

/// Looks a bucket up; one that is being deleted is gone already.
pub fn find_bucket(name: &str, cx: &Cx<'_>) -> Option<FoundBucket> {
    found_in(cx.snapshot, name)
}

fn found_in(snapshot: &Snapshot, name: &str) -> Option<FoundBucket> {
    let bucket = snapshot
        .bucket(name)
        .filter(|b| b.state == BucketState::Active)?;
    let node = snapshot.account(&bucket.account)?;
    let none = PublicAccessBlock {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };
    let own = bucket.public_access_block.unwrap_or(none);
    Some(FoundBucket {
        bucket: bucket.clone(),
        public_access_block: own.union(node.account.public_access_block.unwrap_or(none)),
        owner_canonical_id: node.account.canonical_id.clone(),
    })
}

/// The bucket, or NoSuchBucket: S3 says so before it authorises. `expected_owner` is x-amz-expected-bucket-owner.
///
/// # Errors
/// `NoSuchBucket` 404; `AccessDenied` 403 when the bucket belongs to another account than expected.
pub fn existing<'f>(
    found: Option<&'f FoundBucket>,
    name: &str,
    expected_owner: Option<&str>,
) -> Result<&'f FoundBucket, Fault> {
    let found = found.ok_or_else(|| no_such_bucket(name))?;
    match expected_owner {
        Some(expected) if expected != found.bucket.account.as_str() => Err(access_denied()),
        _ => Ok(found),
    }
}

/// `action` on the bucket itself.
pub fn bucket_need(action: &Action, found: &FoundBucket) -> Need {
    on(action, found, format!("arn:aws:s3:::{}", found.bucket.name))
}

/// `action` on an object of the bucket, existing or not.
pub fn object_need(action: &Action, found: &FoundBucket, key: &str) -> Need {
    on(
        action,
        found,
        format!("arn:aws:s3:::{}/{key}", found.bucket.name),
    )
}

fn on(action: &Action, found: &FoundBucket, resource: String) -> Need {
    under(Need::on(action, resource), found)
}

/// The need with what its bucket adds: owner, policy, Block Public Access.
fn under(need: Need, found: &FoundBucket) -> Need {
    let policy = found.bucket.policy.as_ref();
    let mut need = need.owned_by(found.bucket.account).under(
        policy.map(|stored| ResourcePolicy {
            policy: stored.compiled().clone(),
            name: format!("bucket policy of {}", found.bucket.name),
        }),
        ResourceRule::Ordinary,
    );
    need.restrict_public_buckets = found.public_access_block.restrict_public_buckets
        && policy.is_some_and(|stored| is_public(stored.compiled()));
    need
}

/// A question about a bucket or an object, whatever the action, as a call would put it; as it is if there is no such bucket.
pub fn asked(need: Need, snapshot: &Snapshot) -> Need {
    let bucket = need
        .resource
        .strip_prefix("arn:aws:s3:::")
        .map(|rest| rest.split('/').next().unwrap_or(rest).to_owned());
    match bucket.and_then(|name| found_in(snapshot, &name)) {
        Some(found) => under(need, &found),
        None => need,
    }
}

/// `NoSuchBucket`.
pub fn no_such_bucket(name: &str) -> Fault {
    Fault::new("NoSuchBucket", 404, "The specified bucket does not exist").with("BucketName", name)
}

/// `NoSuchKey`.
pub fn no_such_key(key: &str) -> Fault {
    Fault::new("NoSuchKey", 404, "The specified key does not exist.").with("Key", key)
}

/// `AccessDenied` without a word more.
pub fn access_denied() -> Fault {
    Fault::new("AccessDenied", 403, "Access Denied")
}

/// `InvalidArgument`, naming the argument.
pub fn invalid_argument(message: impl Into<String>, name: &str, value: &str) -> Fault {
    Fault::new("InvalidArgument", 400, message)
        .with("ArgumentName", name)
        .with("ArgumentValue", value)
}

/// A fault of the object store, in S3's words; one that is the store's own is logged and told as `InternalError`.
pub fn of_store(error: &twinlock_objects::Error) -> Fault {
    use twinlock_objects::Error;
    let fault = |code: &'static str, status, message: &str| Fault::new(code, status, message);
    match error {
        Error::BucketClosed(_) => fault("NoSuchBucket", 404, "The specified bucket does not exist"),
        Error::NotEmpty => fault("BucketNotEmpty", 409, "The bucket you tried to delete is not empty"),
        Error::NoSuchKey => fault("NoSuchKey", 404, "The specified key does not exist."),
        Error::NoSuchVersion => fault("NoSuchVersion", 404, "The specified version does not exist."),
        Error::DeleteMarker => fault("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
        Error::NoSuchUpload => fault(
            "NoSuchUpload",
            404,
            "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        ),
        Error::PreconditionFailed(header) => {
            fault("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")
                .with("Condition", *header)
        }
        Error::Moved => fault(
            "ConditionalRequestConflict",
            409,
            "The conditional request cannot succeed due to a conflicting operation against this resource.",
        ),
        Error::InvalidPart(number) => fault(
            "InvalidPart",
            400,
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        )
        .with("PartNumber", number.to_string()),
        Error::InvalidPartOrder => fault(
            "InvalidPartOrder",
            400,
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ),
        Error::EntityTooSmall { number, size, etag } => {
            fault("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
                .with("ProposedSize", size.to_string())
                .with("MinSizeAllowed", twinlock_objects::PART_BYTES_MIN.to_string())
                .with("PartNumber", number.to_string())
                .with("ETag", etag.clone())
        }
        Error::EntityTooLarge(most) => {
            fault("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
                .with("MaxSizeAllowed", most.to_string())
        }
        Error::KeyLength => fault("KeyTooLongError", 400, "Your key is too long"),
        Error::InvalidArgument(what) => fault("InvalidArgument", 400, what),
        Error::BadDigest(what) => fault(
            "BadDigest",
            400,
            &format!("The {what} you specified did not match what we received."),
        ),
        Error::InvalidRange => fault("InvalidRange", 416, "The requested range is not satisfiable"),
        Error::Corrupt(_) | Error::Layout { .. } | Error::Io(_) | Error::Index(_) | Error::Closed => {
            tracing::error!(%error, "the object store failed");
            fault("InternalError", 500, "We encountered an internal error. Please try again.")
        }
    }
}
