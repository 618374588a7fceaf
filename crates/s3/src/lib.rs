//! The operations of S3 and S3 Control: one operation, one place, one table per service.
//!
//! Buckets are rows of the directory, so S3 is authorised at memory speed; object data lies in `twinlock-objects`, which knows
//! bucket ids only. An upload is believed when it has ended, and authorised again before its index commit.
//!
//! | file | operations |
//! | --- | --- |
//! | `buckets` | create, head, list, location, delete |
//! | `put_object`, `get_object`, `copy_object`, `delete_object`, `list_objects` | objects, each by its name |
//! | `common`, `object` | what they share: needs that carry the bucket's policy, S3's faults, versions and checksums |

pub mod buckets;
pub mod common;
pub mod copy_object;
pub mod delete_object;
pub mod get_object;
pub mod list_objects;
pub mod object;
pub mod put_object;

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
        // objects
        effect::<RestXml, copy_object::CopyObject>(),
        effect::<RestXml, delete_object::DeleteObject>(),
        effect::<RestXml, delete_object::DeleteObjects>(),
        effect::<RestXml, get_object::GetObject>(),
        effect::<RestXml, get_object::HeadObject>(),
        effect::<RestXml, list_objects::ListObjects>(),
        effect::<RestXml, list_objects::ListObjectsV2>(),
        effect::<RestXml, put_object::PutObject>(),
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
