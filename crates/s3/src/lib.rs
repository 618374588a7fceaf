//! The operations of S3 and S3 Control: one operation, one place, one table per service.
//!
//! Buckets are rows of the directory, so S3 is authorised at memory speed; object data lies in `twinlock-objects`, which knows
//! bucket ids only. An upload is believed when it has ended, and authorised again before its index commit.
//!
//! | file | operations |
//! | --- | --- |
//! | `buckets` | create, head, list, location, delete |

pub mod buckets;
pub mod common;

pub use buckets::finish_deletions;
use twinlock_gate::service::{RestService, RestXml, change, effect, read};

/// S3.
pub static S3: RestService = RestService {
    name: "s3",
    event_source: "s3.amazonaws.com",
    entries: &[
        change::<RestXml, buckets::CreateBucket>(),
        effect::<RestXml, buckets::DeleteBucket>(),
        read::<RestXml, buckets::GetBucketLocation>(),
        read::<RestXml, buckets::HeadBucket>(),
        read::<RestXml, buckets::ListBuckets>(),
    ],
    operations: twinlock_shapes::s3::OPERATIONS,
};

/// S3 Control.
pub static S3_CONTROL: RestService = RestService {
    name: "s3",
    event_source: "s3.amazonaws.com",
    entries: &[],
    operations: twinlock_shapes::s3control::OPERATIONS,
};
