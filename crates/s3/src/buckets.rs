//! CreateBucket, HeadBucket, ListBuckets, GetBucketLocation and DeleteBucket.

use std::sync::Arc;

use twinlock_directory::{
    Bucket, BucketEncryption, BucketState, PublicAccessBlock, Snapshot, Tag, Versioning, ids,
};
use twinlock_gate::{
    Action, Attempt, Caller, Change, Cx, Effect, Fault, Need, Needs, Operation, Permit, Read, World,
};
use twinlock_shapes::s3::{
    Bucket as ListedBucket, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput, Owner,
};
use twinlock_wire::time::Millis;

use crate::common::{
    FoundBucket, bucket_need, existing, find_bucket, invalid_argument, no_such_bucket, of_store,
};

/// Where buckets are when nothing else is said.
const DEFAULT_REGION: &str = "us-east-1";
const LISTED_BUCKETS_MAX: usize = 10_000;

/// Makes a bucket: BucketOwnerEnforced and all Block Public Access flags on, as S3 has made them since 2023.
pub struct CreateBucket;

impl Operation for CreateBucket {
    type Input = CreateBucketInput;
    type Output = CreateBucketOutput;
    type Found = Option<Arc<Bucket>>;
    const NAME: &'static str = "CreateBucket";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "s3:CreateBucket",
            &["bucket"],
            &[
                "s3:LocationConstraint",
                "s3:x-amz-acl",
                "s3:x-amz-object-ownership",
            ],
        ),
        Action::new("s3:PutBucketOwnershipControls", &["bucket"], &[]),
    ];

    fn needs(
        input: &CreateBucketInput,
        _: &Option<Arc<Bucket>>,
        cx: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        check_name(&input.bucket)?;
        let need = |action| {
            let need = Need::on(action, format!("arn:aws:s3:::{}", input.bucket))
                .key_if("s3:LocationConstraint", asked_region(input))
                .key_if("s3:x-amz-acl", input.acl.as_deref())
                .key_if(
                    "s3:x-amz-object-ownership",
                    input.object_ownership.as_deref(),
                );
            match cx.caller.who.account() {
                Some(account) => need.owned_by(account),
                None => need,
            }
        };
        let ownership = input
            .object_ownership
            .is_some()
            .then(|| need(&Self::ACTIONS[1]));
        Ok(Needs::one(need(&Self::ACTIONS[0])).and_if(ownership))
    }
}

impl Change for CreateBucket {
    /// The id under which object data will lie: opened before the row is there, so that no bucket is ever without one. If the
    /// change comes to nothing an empty id stays behind, which nothing names.
    type Prepared = Option<String>;

    async fn prepare(
        input: &CreateBucketInput,
        _: &Caller,
        world: &World,
    ) -> Result<Option<String>, Fault> {
        // A taken name needs no id: whoever asks for it again and again must not fill the object index.
        if world.directory.published().bucket(&input.bucket).is_some() {
            return Ok(None);
        }
        let id = ids::bucket_id(&*world.random);
        world
            .objects
            .open_bucket(&id)
            .await
            .map_err(|error| of_store(&error))?;
        Ok(Some(id))
    }

    fn find(input: &CreateBucketInput, cx: &Cx<'_>) -> Option<Arc<Bucket>> {
        cx.snapshot.bucket(&input.bucket).cloned()
    }

    fn run(
        _: &Permit<Self>,
        input: &CreateBucketInput,
        found: Option<Arc<Bucket>>,
        id: &Option<String>,
        cx: &Cx<'_>,
        batch: &mut twinlock_directory::Batch,
    ) -> Result<CreateBucketOutput, Fault> {
        let account = cx.account_id()?;
        let region = asked_region(input).unwrap_or(DEFAULT_REGION).to_owned();
        let answer = CreateBucketOutput {
            location: Some(format!("/{}", input.bucket)),
            ..CreateBucketOutput::default()
        };
        if let Some(held) = found {
            if held.account != account {
                return Err(Fault::new(
                    "BucketAlreadyExists",
                    409,
                    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
                )
                .with("BucketName", &input.bucket));
            }
            if held.state == BucketState::Deleting {
                return Err(conflicting());
            }
            // us-east-1 alone lets an owner create a bucket again, which changes nothing.
            if held.region == DEFAULT_REGION && region == DEFAULT_REGION {
                return Ok(answer);
            }
            return Err(Fault::new(
                "BucketAlreadyOwnedByYou",
                409,
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
            .with("BucketName", &input.bucket));
        }
        if input.object_lock_enabled_for_bucket == Some(true) {
            return Err(Fault::not_implemented("s3:CreateBucket with object lock"));
        }
        let ownership = input
            .object_ownership
            .clone()
            .unwrap_or_else(|| "BucketOwnerEnforced".to_owned());
        let grants = [
            &input.grant_full_control,
            &input.grant_read,
            &input.grant_read_acp,
            &input.grant_write,
            &input.grant_write_acp,
        ];
        let public = input.acl.as_deref().is_some_and(|acl| acl != "private");
        if public || grants.iter().any(|grant| grant.is_some()) {
            return Err(if ownership == "BucketOwnerEnforced" {
                Fault::new(
                    "InvalidBucketAclWithObjectOwnership",
                    400,
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                )
            } else {
                Fault::not_implemented("s3:CreateBucket with an ACL other than private")
            });
        }
        let quota = cx.world.directory.quotas().buckets_per_account;
        let have = cx.account()?.bucket_count();
        if u64::try_from(have).unwrap_or(u64::MAX) >= quota {
            return Err(Fault::new(
                "TooManyBuckets",
                400,
                "You have attempted to create more buckets than allowed",
            ));
        }
        let tags = input
            .create_bucket_configuration
            .as_ref()
            .and_then(|c| c.tags.as_ref())
            .map(|tags| {
                tags.iter()
                    .map(|t| Tag {
                        key: t.key.clone(),
                        value: t.value.clone(),
                    })
                    .collect()
            })
            .unwrap_or_default();
        // The name was taken a moment ago, and its bucket has gone since.
        let id = id.clone().ok_or_else(conflicting)?;
        batch.put(Bucket {
            name: input.bucket.clone(),
            id,
            account,
            region,
            created: cx.now,
            policy: None,
            public_access_block: Some(PublicAccessBlock::ALL),
            ownership: Some(ownership),
            versioning: Versioning::Never,
            encryption: BucketEncryption::default(),
            tags,
            state: BucketState::Active,
            cors: Vec::new(),
        });
        Ok(answer)
    }
}

fn conflicting() -> Fault {
    Fault::new(
        "OperationAborted",
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )
}

fn asked_region(input: &CreateBucketInput) -> Option<&str> {
    input
        .create_bucket_configuration
        .as_ref()?
        .location_constraint
        .as_deref()
        .filter(|r| !r.is_empty())
}

/// S3's rules for names: 3 to 63 of a-z, 0-9, dot and dash, labels that begin and end well, no address, none of AWS's own forms.
fn check_name(name: &str) -> Result<(), Fault> {
    let labels_good = name.split('.').all(|label| {
        let bytes = label.as_bytes();
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        edge(bytes.first())
            && edge(bytes.last())
            && bytes
                .iter()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    });
    let good = (3..=63).contains(&name.len())
        && labels_good
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"]
            .iter()
            .any(|p| name.starts_with(p))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3"]
            .iter()
            .any(|s| name.ends_with(s));
    if good {
        return Ok(());
    }
    Err(Fault::new(
        "InvalidBucketName",
        400,
        "The specified bucket is not valid.",
    )
    .with("BucketName", name))
}

/// Says whether a bucket is there and may be listed.
pub struct HeadBucket;

impl Operation for HeadBucket {
    type Input = HeadBucketInput;
    type Output = HeadBucketOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "HeadBucket";
    const ACTIONS: &'static [Action] = &[Action::new("s3:ListBucket", &["bucket"], &[])];
    const CALLERS: twinlock_gate::Callers = twinlock_gate::Callers::OrAnonymous;

    fn needs(input: &HeadBucketInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        Ok(Needs::one(bucket_need(&Self::ACTIONS[0], found)))
    }
}

impl Read for HeadBucket {
    fn find(input: &HeadBucketInput, cx: &Cx<'_>) -> Self::Found {
        find_bucket(&input.bucket, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &HeadBucketInput,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<HeadBucketOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        Ok(HeadBucketOutput {
            bucket_region: Some(found.bucket.region.clone()),
            ..HeadBucketOutput::default()
        })
    }
}

/// Says where a bucket is; us-east-1 is told by silence.
pub struct GetBucketLocation;

impl Operation for GetBucketLocation {
    type Input = GetBucketLocationInput;
    type Output = GetBucketLocationOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "GetBucketLocation";
    const ACTIONS: &'static [Action] = &[Action::new("s3:GetBucketLocation", &["bucket"], &[])];
    const CALLERS: twinlock_gate::Callers = twinlock_gate::Callers::OrAnonymous;

    fn needs(
        input: &GetBucketLocationInput,
        found: &Self::Found,
        _: &Cx<'_>,
    ) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        Ok(Needs::one(bucket_need(&Self::ACTIONS[0], found)))
    }
}

impl Read for GetBucketLocation {
    fn find(input: &GetBucketLocationInput, cx: &Cx<'_>) -> Self::Found {
        find_bucket(&input.bucket, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &GetBucketLocationInput,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<GetBucketLocationOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let region = found.bucket.region.clone();
        Ok(GetBucketLocationOutput {
            location_constraint: (region != DEFAULT_REGION).then_some(region),
        })
    }
}

/// Lists the account's buckets by name.
pub struct ListBuckets;

impl Operation for ListBuckets {
    type Input = ListBucketsInput;
    type Output = ListBucketsOutput;
    type Found = ();
    const NAME: &'static str = "ListBuckets";
    const ACTIONS: &'static [Action] = &[Action::new("s3:ListAllMyBuckets", &[], &[])];

    fn needs(_: &ListBucketsInput, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        // S3 asks it on arn:aws:s3:::*, so that both `*` and that ARN grant it.
        let need = Need::on(&Self::ACTIONS[0], "arn:aws:s3:::*").shown_as("");
        Ok(Needs::one(need.owned_by(cx.account_id()?)))
    }
}

impl Read for ListBuckets {
    fn find(_: &ListBucketsInput, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &ListBucketsInput,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<ListBucketsOutput, Fault> {
        let node = cx.account()?;
        let most = match input.max_buckets {
            None => LISTED_BUCKETS_MAX,
            Some(n) => usize::try_from(n)
                .ok()
                .filter(|n| (1..=LISTED_BUCKETS_MAX).contains(n))
                .ok_or_else(|| {
                    invalid_argument(
                        "Argument max-buckets must be an integer between 1 and 10000.",
                        "max-buckets",
                        &n.to_string(),
                    )
                })?,
        };
        let prefix = input.prefix.as_deref().unwrap_or("");
        let after = input.continuation_token.as_deref().unwrap_or("");
        let mut buckets: Vec<ListedBucket> = cx
            .snapshot
            .buckets_of(&node.account.id, after)
            .filter(|b| b.state == BucketState::Active && b.name.starts_with(prefix))
            .filter(|b| input.bucket_region.as_ref().is_none_or(|r| *r == b.region))
            .take(most + 1)
            .map(|b| ListedBucket {
                name: Some(b.name.clone()),
                creation_date: Some(Millis(b.created)),
                bucket_region: Some(b.region.clone()),
                bucket_arn: None,
            })
            .collect();
        let more = buckets.len() > most;
        buckets.truncate(most);
        let continuation_token = if more {
            buckets.last().and_then(|b| b.name.clone())
        } else {
            None
        };
        Ok(ListBucketsOutput {
            buckets,
            owner: Some(Owner {
                display_name: None,
                id: Some(node.account.canonical_id.clone()),
            }),
            continuation_token,
            prefix: input.prefix.clone(),
        })
    }
}

/// Deletes an empty bucket: the row is marked, one index transaction proves emptiness and closes the id, then the row goes.
/// A crash in between is finished at start-up by [`finish_deletions`].
pub struct DeleteBucket;

impl Operation for DeleteBucket {
    type Input = DeleteBucketInput;
    type Output = DeleteBucketOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "DeleteBucket";
    const ACTIONS: &'static [Action] = &[Action::new("s3:DeleteBucket", &["bucket"], &[])];

    fn needs(input: &DeleteBucketInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        Ok(Needs::one(bucket_need(&Self::ACTIONS[0], found)))
    }
}

impl Effect for DeleteBucket {
    async fn find(input: &DeleteBucketInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        input: DeleteBucketInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<DeleteBucketOutput, Fault> {
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        let world = &attempt.world;
        // An early look, so that trying to delete a full bucket does not close it for an instant.
        if holds_objects(world, &bucket.id).await? {
            return Err(not_empty(&bucket.name));
        }
        attempt
            .commit(permit, &input, |head, batch| {
                let row = row(head, &bucket)?;
                batch.put(Bucket {
                    state: BucketState::Deleting,
                    ..row
                });
                Ok(())
            })
            .await?;
        finish_deletion(world, &bucket).await?;
        Ok(DeleteBucketOutput::default())
    }
}

/// The bucket's row on head, if it is still this very bucket.
fn row(head: &Snapshot, bucket: &Bucket) -> Result<Bucket, Fault> {
    let held = head.bucket(&bucket.name).filter(|b| b.id == bucket.id);
    held.map(|b| (**b).clone())
        .ok_or_else(|| no_such_bucket(&bucket.name))
}

async fn holds_objects(world: &World, id: &str) -> Result<bool, Fault> {
    let query = twinlock_objects::ListQuery {
        max_keys: 1,
        ..twinlock_objects::ListQuery::default()
    };
    let page = world
        .objects
        .list(id, query)
        .await
        .map_err(|error| of_store(&error))?;
    Ok(!page.contents.is_empty())
}

/// Closes the id if it is empty and removes the row; otherwise the bucket lives on.
async fn finish_deletion(world: &World, bucket: &Bucket) -> Result<(), Fault> {
    match world.objects.close_bucket_if_empty(&bucket.id).await {
        Ok(()) => {
            world
                .settle(|head, batch| {
                    if let Ok(row) = row(head, bucket) {
                        batch.delete_row(row);
                    }
                    Ok(())
                })
                .await
        }
        Err(twinlock_objects::Error::NotEmpty) => {
            world
                .settle(|head, batch| {
                    batch.put(Bucket {
                        state: BucketState::Active,
                        ..row(head, bucket)?
                    });
                    Ok(())
                })
                .await?;
            Err(not_empty(&bucket.name))
        }
        Err(error) => Err(of_store(&error)),
    }
}

/// Finishes the deletions that a crash cut short. For start-up.
///
/// # Errors
/// A fault of a store.
pub async fn finish_deletions(world: &World) -> Result<(), Fault> {
    let snapshot = world.directory.published();
    for bucket in snapshot
        .buckets()
        .filter(|b| b.state == BucketState::Deleting)
    {
        match finish_deletion(world, bucket).await {
            Err(fault) if fault.code != "BucketNotEmpty" => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}

fn not_empty(name: &str) -> Fault {
    Fault::new(
        "BucketNotEmpty",
        409,
        "The bucket you tried to delete is not empty",
    )
    .with("BucketName", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_no_more_buckets_than_its_quota() {
        use crate::testing::{DEV, PROD, TestWorld, root};
        let mut options = twinlock_directory::Options::default();
        options.quotas.buckets_per_account = 2;
        let world = TestWorld::with(options);
        let create = |account: &str, name: &str| {
            let input = CreateBucketInput {
                bucket: name.into(),
                ..Default::default()
            };
            world.change::<CreateBucket>(&root(account), input)
        };
        create(PROD, "shelf-1").expect("the first");
        create(PROD, "shelf-2").expect("the second");
        let fault = create(PROD, "shelf-3").expect_err("the third");
        assert_eq!((fault.code.as_ref(), fault.status), ("TooManyBuckets", 400));
        create(PROD, "shelf-2").expect("it is there already");
        create(DEV, "shelf-3").expect("another account's");
    }

    #[test]
    fn names_as_s3_takes_them() {
        for good in [
            "abc",
            "com.stuzio.projectx",
            "sriprodbucketrandomnumber",
            "a-b.c1",
            "1.2.3",
        ] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in [
            "ab",
            &long,
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            "a..b",
            "a.-b",
            "1.2.3.4",
            "xn--abc",
            "abc-s3alias",
            "a/b",
            "",
        ] {
            let fault = check_name(bad).expect_err(bad);
            assert_eq!(
                (fault.code.as_ref(), fault.status),
                ("InvalidBucketName", 400)
            );
        }
    }
}
