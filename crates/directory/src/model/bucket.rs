//! Buckets, as far as authorising needs them: name, owner, policy, configuration. Their objects live elsewhere, by bucket id.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AccountId, CorsRule, Millis, StoredPolicy, Tag};

/// An S3 bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bucket {
    /// The name, unique over all accounts.
    pub name: String,
    /// The unique id under which the object store keeps the data; a bucket made again has another one.
    pub id: String,
    /// The owner.
    pub account: AccountId,
    /// The region it was made in, as the client named it (`us-east-1` when it named none).
    pub region: String,
    /// When the bucket was made.
    pub created: Millis,
    /// The bucket policy.
    #[serde(default)]
    pub policy: Option<Arc<StoredPolicy>>,
    /// S3 Block Public Access of this bucket; none once deleted by its owner.
    #[serde(default)]
    pub public_access_block: Option<PublicAccessBlock>,
    /// The object ownership rule, in S3's words (`BucketOwnerEnforced` …); none once deleted.
    #[serde(default)]
    pub ownership: Option<String>,
    /// The versioning state.
    #[serde(default)]
    pub versioning: Versioning,
    /// Default encryption.
    #[serde(default)]
    pub encryption: BucketEncryption,
    /// Tags; an empty list answers as no tag set.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Whether the bucket is in use or being deleted.
    #[serde(default)]
    pub state: BucketState,
    /// The CORS rules in order; the first that fits counts.
    #[serde(default)]
    pub cors: Vec<CorsRule>,
}

impl Bucket {
    /// `arn:aws:s3:::NAME`.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

/// The four switches of S3 Block Public Access.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// Refuse to set public ACLs.
    pub block_public_acls: bool,
    /// Treat public ACLs as if they were not there.
    pub ignore_public_acls: bool,
    /// Refuse to set a public bucket policy.
    pub block_public_policy: bool,
    /// Keep everyone but the owner's account and services out of a bucket with a public policy.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four on, as for every new bucket.
    pub const ALL: PublicAccessBlock = PublicAccessBlock {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// What holds when two levels (account and bucket) are set: a switch on at either is on.
    pub fn union(self, other: PublicAccessBlock) -> PublicAccessBlock {
        PublicAccessBlock {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

/// A bucket's versioning state. There is no way back to `Never`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Never set; S3 answers without a status.
    #[default]
    Never,
    /// Every write makes a version.
    Enabled,
    /// Versions stay, new writes make none.
    Suspended,
}

/// A bucket's default encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketEncryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The KMS key named, for the `aws:kms` kinds.
    #[serde(default)]
    pub kms_key: Option<String>,
    /// Whether a bucket key is used.
    #[serde(default)]
    pub bucket_key: bool,
}

impl Default for BucketEncryption {
    fn default() -> BucketEncryption {
        BucketEncryption {
            algorithm: "AES256".to_owned(),
            kms_key: None,
            bucket_key: false,
        }
    }
}

/// Where a bucket is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BucketState {
    /// In use.
    #[default]
    Active,
    /// Proven empty and closed in the object store; the row is about to go. Start-up finishes what a crash interrupted.
    Deleting,
}
