//! S3 Block Public Access of a bucket, and of a whole account by S3 Control. Both levels count together.

use std::sync::Arc;

use twinlock_directory::{Account, AccountId, AccountNode, Batch, PublicAccessBlock};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::s3::{
    DeletePublicAccessBlockInput, DeletePublicAccessBlockOutput, GetPublicAccessBlockInput,
    GetPublicAccessBlockOutput, PublicAccessBlockConfiguration, PutPublicAccessBlockInput,
    PutPublicAccessBlockOutput,
};

use crate::{
    common::{access_denied, invalid_argument},
    sub_resource::{bucket_change, bucket_operation, bucket_read},
};

bucket_operation! {
    /// Shows the bucket's own four switches.
    GetPublicAccessBlock(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput,
    Action::new("s3:GetBucketPublicAccessBlock", &["bucket"], &[])
}

bucket_read!(GetPublicAccessBlock, |found, _, _| {
    let own = found
        .bucket
        .public_access_block
        .ok_or_else(|| not_found().with("BucketName", &found.bucket.name))?;
    Ok(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(own.block_public_acls),
            ignore_public_acls: Some(own.ignore_public_acls),
            block_public_policy: Some(own.block_public_policy),
            restrict_public_buckets: Some(own.restrict_public_buckets),
        }),
    })
});

bucket_operation! {
    /// Sets the bucket's four switches; one that is not named is off.
    PutPublicAccessBlock(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput,
    Action::new("s3:PutBucketPublicAccessBlock", &["bucket"], &[])
}

bucket_change!(PutPublicAccessBlock, |row, input, _, _| {
    let asked = &input.public_access_block_configuration;
    row.public_access_block = Some(PublicAccessBlock {
        block_public_acls: asked.block_public_acls == Some(true),
        ignore_public_acls: asked.ignore_public_acls == Some(true),
        block_public_policy: asked.block_public_policy == Some(true),
        restrict_public_buckets: asked.restrict_public_buckets == Some(true),
    });
    Ok(PutPublicAccessBlockOutput::default())
});

bucket_operation! {
    /// Takes the bucket's switches away: only the account's count then.
    DeletePublicAccessBlock(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput,
    Action::new("s3:PutBucketPublicAccessBlock", &["bucket"], &[])
}

bucket_change!(DeletePublicAccessBlock, |row, _, _, _| {
    row.public_access_block = None;
    Ok(DeletePublicAccessBlockOutput::default())
});

fn not_found() -> Fault {
    Fault::new(
        "NoSuchPublicAccessBlockConfiguration",
        404,
        "The public access block configuration was not found",
    )
}

/// The same for a whole account, by S3 Control.
pub mod account {
    use twinlock_shapes::s3control::{
        DeletePublicAccessBlockInput, DeletePublicAccessBlockOutput, GetPublicAccessBlockInput,
        GetPublicAccessBlockOutput, PublicAccessBlockConfiguration, PutPublicAccessBlockInput,
        PutPublicAccessBlockOutput,
    };

    use super::*;

    /// The `Operation` of one action on the account that `input.account_id` names, which has to be the caller's.
    macro_rules! account_operation {
        ($(#[$about:meta])* $name:ident($input:ty) -> $output:ty, $action:literal) => {
            $(#[$about])*
            pub struct $name;

            impl Operation for $name {
                type Input = $input;
                type Output = $output;
                type Found = Option<Arc<AccountNode>>;
                const NAME: &'static str = stringify!($name);
                const ACTIONS: &'static [Action] = &[Action::new($action, &[], &[])];

                fn needs(
                    input: &$input,
                    _: &Self::Found,
                    _: &Cx<'_>,
                ) -> Result<Needs, Fault> {
                    let owner = account_id(&input.account_id)?;
                    Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0]).owned_by(owner)))
                }
            }
        };
    }

    account_operation! {
        /// Shows the account's switches.
        GetPublicAccessBlock(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput,
        "s3:GetAccountPublicAccessBlock"
    }

    impl Read for GetPublicAccessBlock {
        fn find(input: &GetPublicAccessBlockInput, cx: &Cx<'_>) -> Self::Found {
            find(&input.account_id, cx)
        }

        fn run(
            _: &Permit<Self>,
            _: &GetPublicAccessBlockInput,
            found: Self::Found,
            _: &Cx<'_>,
        ) -> Result<GetPublicAccessBlockOutput, Fault> {
            let account = &found.ok_or_else(access_denied)?.account;
            let own = account
                .public_access_block
                .ok_or_else(|| not_found().with("AccountId", account.id.to_string()))?;
            Ok(GetPublicAccessBlockOutput {
                public_access_block_configuration: Some(PublicAccessBlockConfiguration {
                    block_public_acls: Some(own.block_public_acls),
                    ignore_public_acls: Some(own.ignore_public_acls),
                    block_public_policy: Some(own.block_public_policy),
                    restrict_public_buckets: Some(own.restrict_public_buckets),
                }),
            })
        }
    }

    account_operation! {
        /// Sets the account's switches; one that is not named is off.
        PutPublicAccessBlock(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput,
        "s3:PutAccountPublicAccessBlock"
    }

    impl Change for PutPublicAccessBlock {
        nothing_to_prepare!();

        fn find(input: &PutPublicAccessBlockInput, cx: &Cx<'_>) -> Self::Found {
            find(&input.account_id, cx)
        }

        fn run(
            _: &Permit<Self>,
            input: &PutPublicAccessBlockInput,
            found: Self::Found,
            (): &(),
            _: &Cx<'_>,
            batch: &mut Batch,
        ) -> Result<PutPublicAccessBlockOutput, Fault> {
            let asked = &input.public_access_block_configuration;
            let block = PublicAccessBlock {
                block_public_acls: asked.block_public_acls == Some(true),
                ignore_public_acls: asked.ignore_public_acls == Some(true),
                block_public_policy: asked.block_public_policy == Some(true),
                restrict_public_buckets: asked.restrict_public_buckets == Some(true),
            };
            store(found, Some(block), batch)?;
            Ok(PutPublicAccessBlockOutput::default())
        }
    }

    account_operation! {
        /// Takes the account's switches away: only those of each bucket count then.
        DeletePublicAccessBlock(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput,
        "s3:PutAccountPublicAccessBlock"
    }

    impl Change for DeletePublicAccessBlock {
        nothing_to_prepare!();

        fn find(input: &DeletePublicAccessBlockInput, cx: &Cx<'_>) -> Self::Found {
            find(&input.account_id, cx)
        }

        fn run(
            _: &Permit<Self>,
            _: &DeletePublicAccessBlockInput,
            found: Self::Found,
            (): &(),
            _: &Cx<'_>,
            batch: &mut Batch,
        ) -> Result<DeletePublicAccessBlockOutput, Fault> {
            store(found, None, batch)?;
            Ok(DeletePublicAccessBlockOutput::default())
        }
    }

    fn account_id(text: &str) -> Result<AccountId, Fault> {
        text.parse()
            .map_err(|_| invalid_argument("The account ID is not valid.", "x-amz-account-id", text))
    }

    fn find(account: &str, cx: &Cx<'_>) -> Option<Arc<AccountNode>> {
        cx.snapshot.account(&account.parse().ok()?).cloned()
    }

    fn store(
        found: Option<Arc<AccountNode>>,
        block: Option<PublicAccessBlock>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let node = found.ok_or_else(access_denied)?;
        batch.put(Account {
            public_access_block: block,
            ..(*node.account).clone()
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ALLOW_ALL, DEV, PROD, TestWorld, code, root};
    use twinlock_shapes::s3control;

    fn get() -> GetPublicAccessBlockInput {
        GetPublicAccessBlockInput {
            bucket: "shelf".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_buckets_switches_are_all_on_until_changed() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let read = || {
            world
                .read::<GetPublicAccessBlock>(&owner, get())
                .map(|out| out.public_access_block_configuration.unwrap())
        };
        let on = Some(true);
        let all = PublicAccessBlockConfiguration {
            block_public_acls: on,
            ignore_public_acls: on,
            block_public_policy: on,
            restrict_public_buckets: on,
        };
        assert_eq!(read().unwrap(), all);
        let some = PublicAccessBlockConfiguration {
            block_public_acls: on,
            ..Default::default()
        };
        let put = PutPublicAccessBlockInput {
            bucket: "shelf".into(),
            public_access_block_configuration: some,
            ..Default::default()
        };
        let guest = world.user(DEV, "guest", ALLOW_ALL);
        assert_eq!(
            code(world.change::<PutPublicAccessBlock>(&guest, put.clone())),
            "AccessDenied 403"
        );
        world.change::<PutPublicAccessBlock>(&owner, put).unwrap();
        let off = Some(false);
        let expected = PublicAccessBlockConfiguration {
            block_public_acls: on,
            ignore_public_acls: off,
            block_public_policy: off,
            restrict_public_buckets: off,
        };
        assert_eq!(read().unwrap(), expected);
        let delete = DeletePublicAccessBlockInput {
            bucket: "shelf".into(),
            ..Default::default()
        };
        world
            .change::<DeletePublicAccessBlock>(&owner, delete)
            .unwrap();
        assert_eq!(code(read()), "NoSuchPublicAccessBlockConfiguration 404");
    }

    #[test]
    fn an_accounts_switches_hold_for_its_buckets_and_are_its_own_business() {
        let world = TestWorld::with_bucket("shelf", PROD);
        world.edit("shelf", |row| row.public_access_block = None);
        let get = || s3control::GetPublicAccessBlockInput {
            account_id: PROD.into(),
        };
        let put = || s3control::PutPublicAccessBlockInput {
            account_id: PROD.into(),
            public_access_block_configuration: s3control::PublicAccessBlockConfiguration {
                block_public_policy: Some(true),
                ..Default::default()
            },
        };
        let owner = root(PROD);
        assert_eq!(
            code(world.read::<account::GetPublicAccessBlock>(&owner, get())),
            "NoSuchPublicAccessBlockConfiguration 404"
        );
        for stranger in [root(DEV), world.user(PROD, "bare", "")] {
            assert_eq!(
                code(world.change::<account::PutPublicAccessBlock>(&stranger, put())),
                "AccessDenied 403"
            );
            assert_eq!(
                code(world.read::<account::GetPublicAccessBlock>(&stranger, get())),
                "AccessDenied 403"
            );
        }
        world
            .change::<account::PutPublicAccessBlock>(&owner, put())
            .unwrap();
        let policy = twinlock_shapes::s3::PutBucketPolicyInput {
            bucket: "shelf".into(),
            policy: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*"}]}"#.into(),
            ..Default::default()
        };
        assert_eq!(
            code(world.change::<crate::policy::PutBucketPolicy>(&owner, policy.clone())),
            "AccessDenied 403"
        );
        let delete = s3control::DeletePublicAccessBlockInput {
            account_id: PROD.into(),
        };
        world
            .change::<account::DeletePublicAccessBlock>(&owner, delete)
            .unwrap();
        world
            .change::<crate::policy::PutBucketPolicy>(&owner, policy)
            .unwrap();
        let malformed = s3control::GetPublicAccessBlockInput {
            account_id: "me".into(),
        };
        assert_eq!(
            code(world.read::<account::GetPublicAccessBlock>(&owner, malformed)),
            "InvalidArgument 400"
        );
    }
}
