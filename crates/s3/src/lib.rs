//! The operations of S3 and S3 Control: one operation, one place, one table per service.
//!
//! Buckets are rows of the directory, so S3 is authorised at memory speed; object data lies in `twinlock-objects`, which knows
//! bucket ids only. An upload is believed when it has ended, and authorised again before its index commit.
//!
//! | file | operations |
//! | --- | --- |
//! | `buckets` | create, head, list, location, delete |
//! | `policy` | the bucket policy and whether it is public |
//! | `public_access_block` | Block Public Access of a bucket and of an account |
//! | `ownership`, `versioning`, `encryption` | these three of a bucket |
//! | `acl` | access control lists, which say that the owner has full control |
//! | `cors` | which pages of other origins a browser lets in |
//! | `tagging` | tags of buckets, by S3 and by S3 Control |
//! | `configurations` | reading all other sub-resources, which nobody can set yet |
//! | `put_object`, `get_object`, `copy_object`, `delete_object`, `list_objects` | objects, each by its name |
//! | `object_tagging`, `object_attributes` | tags; what is known of an object, at choice |
//! | `list_versions` | versions and delete markers |
//! | `multipart`, `upload_part`, `list_uploads` | multipart uploads |
//! | `common`, `object` | what they share: needs that carry the bucket's policy, S3's faults, versions and checksums |

pub mod acl;
pub mod buckets;
pub mod common;
pub mod configurations;
pub mod copy_object;
pub mod cors;
pub mod delete_object;
pub mod encryption;
pub mod get_object;
pub mod list_objects;
pub mod list_uploads;
pub mod list_versions;
pub mod multipart;
pub mod object;
pub mod object_attributes;
pub mod object_tagging;
#[cfg(test)]
mod object_tests;
pub mod ownership;
pub mod policy;
#[cfg(test)]
mod post_form_tests;
pub mod public_access_block;
pub mod put_object;
#[cfg(test)]
mod raw_tests;
mod sub_resource;
pub mod tagging;
#[cfg(test)]
mod testing;
pub mod upload_part;
pub mod versioning;

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
        // sub-resources of buckets
        change::<RestXml, policy::DeleteBucketPolicy>(),
        read::<RestXml, policy::GetBucketPolicy>(),
        read::<RestXml, policy::GetBucketPolicyStatus>(),
        change::<RestXml, policy::PutBucketPolicy>(),
        change::<RestXml, public_access_block::DeletePublicAccessBlock>(),
        read::<RestXml, public_access_block::GetPublicAccessBlock>(),
        change::<RestXml, public_access_block::PutPublicAccessBlock>(),
        change::<RestXml, ownership::DeleteBucketOwnershipControls>(),
        read::<RestXml, ownership::GetBucketOwnershipControls>(),
        change::<RestXml, ownership::PutBucketOwnershipControls>(),
        read::<RestXml, versioning::GetBucketVersioning>(),
        change::<RestXml, versioning::PutBucketVersioning>(),
        change::<RestXml, encryption::DeleteBucketEncryption>(),
        read::<RestXml, encryption::GetBucketEncryption>(),
        change::<RestXml, encryption::PutBucketEncryption>(),
        change::<RestXml, tagging::DeleteBucketTagging>(),
        read::<RestXml, tagging::GetBucketTagging>(),
        change::<RestXml, tagging::PutBucketTagging>(),
        change::<RestXml, cors::DeleteBucketCors>(),
        read::<RestXml, cors::GetBucketCors>(),
        change::<RestXml, cors::PutBucketCors>(),
        read::<RestXml, acl::GetBucketAcl>(),
        effect::<RestXml, acl::GetObjectAcl>(),
        change::<RestXml, acl::PutBucketAcl>(),
        effect::<RestXml, acl::PutObjectAcl>(),
        read::<RestXml, configurations::GetBucketAbac>(),
        read::<RestXml, configurations::GetBucketAccelerateConfiguration>(),
        read::<RestXml, configurations::GetBucketAnalyticsConfiguration>(),
        read::<RestXml, configurations::GetBucketIntelligentTieringConfiguration>(),
        read::<RestXml, configurations::GetBucketInventoryConfiguration>(),
        read::<RestXml, configurations::GetBucketLifecycleConfiguration>(),
        read::<RestXml, configurations::GetBucketLogging>(),
        read::<RestXml, configurations::GetBucketMetricsConfiguration>(),
        read::<RestXml, configurations::GetBucketNotificationConfiguration>(),
        read::<RestXml, configurations::GetBucketReplication>(),
        read::<RestXml, configurations::GetBucketRequestPayment>(),
        read::<RestXml, configurations::GetBucketWebsite>(),
        read::<RestXml, configurations::GetObjectLockConfiguration>(),
        read::<RestXml, configurations::ListBucketAnalyticsConfigurations>(),
        read::<RestXml, configurations::ListBucketIntelligentTieringConfigurations>(),
        read::<RestXml, configurations::ListBucketInventoryConfigurations>(),
        read::<RestXml, configurations::ListBucketMetricsConfigurations>(),
        // objects
        effect::<RestXml, copy_object::CopyObject>(),
        effect::<RestXml, delete_object::DeleteObject>(),
        effect::<RestXml, delete_object::DeleteObjects>(),
        effect::<RestXml, get_object::GetObject>(),
        effect::<RestXml, get_object::HeadObject>(),
        effect::<RestXml, list_objects::ListObjects>(),
        effect::<RestXml, list_objects::ListObjectsV2>(),
        effect::<RestXml, object_attributes::GetObjectAttributes>(),
        effect::<RestXml, object_tagging::DeleteObjectTagging>(),
        effect::<RestXml, object_tagging::GetObjectTagging>(),
        effect::<RestXml, object_tagging::PutObjectTagging>(),
        effect::<RestXml, list_versions::ListObjectVersions>(),
        effect::<RestXml, put_object::PutObject>(),
        // multipart uploads
        effect::<RestXml, multipart::AbortMultipartUpload>(),
        effect::<RestXml, multipart::CompleteMultipartUpload>(),
        effect::<RestXml, multipart::CreateMultipartUpload>(),
        effect::<RestXml, list_uploads::ListMultipartUploads>(),
        effect::<RestXml, list_uploads::ListParts>(),
        effect::<RestXml, upload_part::UploadPart>(),
        effect::<RestXml, upload_part::UploadPartCopy>(),
    ],
    operations: twinlock_shapes::s3::OPERATIONS,
};

/// S3 Control.
pub static S3_CONTROL: RestService = RestService {
    name: "s3",
    event_source: "s3.amazonaws.com",
    entries: &[
        change::<RestXml, public_access_block::account::DeletePublicAccessBlock>(),
        read::<RestXml, public_access_block::account::GetPublicAccessBlock>(),
        change::<RestXml, public_access_block::account::PutPublicAccessBlock>(),
        read::<RestXml, tagging::ListTagsForResource>(),
        change::<RestXml, tagging::TagResource>(),
        change::<RestXml, tagging::UntagResource>(),
    ],
    operations: twinlock_shapes::s3control::OPERATIONS,
};
