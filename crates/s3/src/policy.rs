//! Bucket policies: written by the rules of S3, bound to unique ids, shown with the principals' present names.

use std::sync::Arc;

use twinlock_directory::{StoredPolicy, principals};
use twinlock_gate::{Action, Callers, Cx, Fault, Need, Needs, Operation, Who};
use twinlock_policy::{Policy, is_public, write_rules};
use twinlock_shapes::s3::{
    DeleteBucketPolicyInput, DeleteBucketPolicyOutput, GetBucketPolicyInput, GetBucketPolicyOutput,
    GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput, PolicyStatus, PutBucketPolicyInput,
    PutBucketPolicyOutput,
};

use crate::{
    common::{FoundBucket, bucket_need, existing},
    sub_resource::{bucket_change, bucket_operation, bucket_read},
};

/// An operation on the policy itself: the owner's root user may always, whatever the policy says.
macro_rules! policy_operation {
    ($(#[$about:meta])* $name:ident($input:ty) -> $output:ty, $action:expr) => {
        $(#[$about])*
        pub struct $name;

        impl Operation for $name {
            type Input = $input;
            type Output = $output;
            type Found = Option<FoundBucket>;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &["bucket"], &[])];
            const CALLERS: Callers = Callers::OrAnonymous;

            fn needs(
                input: &$input,
                found: &Self::Found,
                cx: &Cx<'_>,
            ) -> Result<Needs, Fault> {
                let owner = input.expected_bucket_owner.as_deref();
                let found = existing(found.as_ref(), &input.bucket, owner)?;
                Ok(Needs::one(policy_need(&Self::ACTIONS[0], found, cx)))
            }
        }
    };
}

/// The need on the bucket; for the owner's root user without the bucket's policy, so that nobody can lock the owner out.
fn policy_need(action: &Action, found: &FoundBucket, cx: &Cx<'_>) -> Need {
    let mut need = bucket_need(action, found);
    if cx.caller.who == Who::Root(found.bucket.account) {
        need.resource_policy = None;
        need.restrict_public_buckets = false;
    }
    need
}

policy_operation! {
    /// Shows the bucket policy.
    GetBucketPolicy(GetBucketPolicyInput) -> GetBucketPolicyOutput, "s3:GetBucketPolicy"
}

bucket_read!(GetBucketPolicy, |found, _, cx| {
    only_the_owner(found, cx, "GET")?;
    let policy = policy(found)?;
    Ok(GetBucketPolicyOutput {
        policy: Some(principals::show(cx.snapshot, policy)),
    })
});

policy_operation! {
    /// Sets the bucket policy.
    PutBucketPolicy(PutBucketPolicyInput) -> PutBucketPolicyOutput, "s3:PutBucketPolicy"
}

bucket_change!(PutBucketPolicy, |row, input, found, cx| {
    only_the_owner(found, cx, "PUT")?;
    let document = write_rules::check_bucket(&input.policy, &row.name).map_err(malformed)?;
    let bindings = principals::bind(cx.snapshot, &document, cx.account_id()?).map_err(malformed)?;
    let public = is_public(&Policy::compile(document, &bindings));
    if public && found.public_access_block.block_public_policy {
        let (who, bucket) = (&cx.principal().arn, row.arn());
        return Err(Fault::new(
            "AccessDenied",
            403,
            format!(
                "User: {who} is not authorized to perform: s3:PutBucketPolicy on resource: \"{bucket}\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
            ),
        ));
    }
    row.policy = Some(Arc::new(StoredPolicy::new(&input.policy, bindings)));
    Ok(PutBucketPolicyOutput::default())
});

policy_operation! {
    /// Removes the bucket policy; one that is not there is gone already.
    DeleteBucketPolicy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput, "s3:DeleteBucketPolicy"
}

bucket_change!(DeleteBucketPolicy, |row, _, found, cx| {
    only_the_owner(found, cx, "DELETE")?;
    row.policy = None;
    Ok(DeleteBucketPolicyOutput::default())
});

bucket_operation! {
    /// Says whether the bucket policy lets the public in.
    GetBucketPolicyStatus(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput,
    Action::new("s3:GetBucketPolicyStatus", &["bucket"], &[])
}

bucket_read!(GetBucketPolicyStatus, |found, _, _| {
    let policy = policy(found)?;
    Ok(GetBucketPolicyStatusOutput {
        policy_status: Some(PolicyStatus {
            is_public: Some(is_public(policy.compiled())),
        }),
    })
});

fn policy(found: &FoundBucket) -> Result<&StoredPolicy, Fault> {
    found.bucket.policy.as_deref().ok_or_else(|| {
        Fault::new(
            "NoSuchBucketPolicy",
            404,
            "The bucket policy does not exist",
        )
        .with("BucketName", &found.bucket.name)
    })
}

/// Only identities of the owner's account deal with the policy, even if others are allowed to.
fn only_the_owner(found: &FoundBucket, cx: &Cx<'_>, method: &str) -> Result<(), Fault> {
    if cx.caller.who.account() == Some(found.bucket.account) {
        return Ok(());
    }
    Err(Fault::new(
        "MethodNotAllowed",
        405,
        "The specified method is not allowed against this resource.",
    )
    .with("Method", method)
    .with("ResourceType", "BUCKETPOLICY"))
}

/// S3 names an unknown principal beside its sentence, not in it.
fn malformed(error: write_rules::WriteError) -> Fault {
    const PRINCIPAL: &str = "Invalid principal in policy";
    let detail = error
        .sentence
        .strip_prefix(PRINCIPAL)
        .map(|rest| rest.trim_start_matches(": ").to_owned());
    let fault = |message: String| Fault::new("MalformedPolicy", 400, message);
    match detail.filter(|detail| !detail.is_empty()) {
        Some(detail) => fault(format!("{PRINCIPAL} {}", error.hint).trim_end().to_owned())
            .with("Detail", detail),
        None => fault(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ALLOW_ALL, DEV, PROD, TestWorld, anonymous, code, root};
    use twinlock_directory::PublicAccessBlock;

    fn statement(effect: &str, principal: &str, action: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"{action}","Resource":"arn:aws:s3:::shelf"}}]}}"#
        )
    }

    fn put(policy: &str) -> PutBucketPolicyInput {
        PutBucketPolicyInput {
            bucket: "shelf".into(),
            policy: policy.into(),
            ..Default::default()
        }
    }

    fn get() -> GetBucketPolicyInput {
        GetBucketPolicyInput {
            bucket: "shelf".into(),
            ..Default::default()
        }
    }

    fn delete() -> DeleteBucketPolicyInput {
        DeleteBucketPolicyInput {
            bucket: "shelf".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_policy_is_put_shown_and_deleted() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&owner, get())),
            "NoSuchBucketPolicy 404"
        );
        let text = statement("Allow", &format!(r#"{{"AWS":"{DEV}"}}"#), "s3:ListBucket");
        world.change::<PutBucketPolicy>(&owner, put(&text)).unwrap();
        let shown = world.read::<GetBucketPolicy>(&owner, get()).unwrap();
        let expected = text.replace(
            &format!("\"{DEV}\""),
            &format!("\"arn:aws:iam::{DEV}:root\""),
        );
        assert_eq!(shown.policy.as_deref(), Some(expected.as_str()));
        world
            .change::<DeleteBucketPolicy>(&owner, delete())
            .unwrap();
        world
            .change::<DeleteBucketPolicy>(&owner, delete())
            .unwrap();
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&owner, get())),
            "NoSuchBucketPolicy 404"
        );
    }

    #[test]
    fn a_user_made_again_under_the_same_name_is_not_let_in() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let first = world.user(PROD, "ann", "");
        let ann = format!(r#"{{"AWS":"arn:aws:iam::{PROD}:user/ann"}}"#);
        let text = statement("Allow", &ann, "s3:GetBucketPolicy");
        world
            .change::<PutBucketPolicy>(&root(PROD), put(&text))
            .unwrap();
        assert_eq!(code(world.read::<GetBucketPolicy>(&first, get())), "ok");
        world.delete_user(&first);
        let second = world.user(PROD, "ann", "");
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&second, get())),
            "AccessDenied 403"
        );
        let shown = world.read::<GetBucketPolicy>(&root(PROD), get()).unwrap();
        assert!(shown.policy.is_some_and(|text| text.contains("\"AIDA")));
    }

    #[test]
    fn what_s3_refuses_to_store() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        for (text, says) in [
            ("{", "Policies must be valid JSON"),
            (
                &*statement("Allow", r#"{"AWS":"222222222222"}"#, "s3:ListBucket"),
                "Invalid principal in policy",
            ),
            (
                &*statement(
                    "Allow",
                    &format!(r#"{{"AWS":"arn:aws:iam::{PROD}:user/nobody"}}"#),
                    "s3:ListBucket",
                ),
                "Invalid principal in policy",
            ),
            (
                &*statement("Allow", "\"*\"", "s3:ListBucket").replace(":::shelf", ":::other"),
                "Policy has invalid resource",
            ),
        ] {
            let fault = world
                .change::<PutBucketPolicy>(&owner, put(text))
                .unwrap_err();
            assert_eq!((&*fault.code, fault.status), ("MalformedPolicy", 400));
            assert!(fault.message.starts_with(says), "{}", fault.message);
        }
        let missing = PutBucketPolicyInput {
            bucket: "nowhere".into(),
            ..put("{}")
        };
        assert_eq!(
            code(world.change::<PutBucketPolicy>(&owner, missing)),
            "NoSuchBucket 404"
        );
    }

    #[test]
    fn a_public_policy_is_refused_until_the_block_is_lifted() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let text = statement("Allow", "\"*\"", "s3:ListBucket");
        let fault = world
            .change::<PutBucketPolicy>(&owner, put(&text))
            .unwrap_err();
        assert_eq!((&*fault.code, fault.status), ("AccessDenied", 403));
        assert_eq!(
            fault.message,
            format!(
                "User: arn:aws:iam::{PROD}:root is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::shelf\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
            )
        );
        world.edit("shelf", |row| {
            row.public_access_block = Some(PublicAccessBlock {
                block_public_policy: false,
                ..PublicAccessBlock::ALL
            });
        });
        world.change::<PutBucketPolicy>(&owner, put(&text)).unwrap();
        let status = world
            .read::<GetBucketPolicyStatus>(
                &owner,
                GetBucketPolicyStatusInput {
                    bucket: "shelf".into(),
                    ..Default::default()
                },
            )
            .unwrap();
        assert_eq!(status.policy_status.unwrap().is_public, Some(true));
    }

    #[test]
    fn only_the_owners_account_deals_with_policies_and_its_root_always() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let guest = world.user(DEV, "guest", ALLOW_ALL);
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&guest, get())),
            "AccessDenied 403"
        );
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&anonymous(), get())),
            "AccessDenied 403"
        );
        world.edit("shelf", |row| row.public_access_block = None);
        let everyone = statement("Allow", "\"*\"", "s3:*");
        world
            .change::<PutBucketPolicy>(&root(PROD), put(&everyone))
            .unwrap();
        for stranger in [&guest, &root(DEV), &anonymous()] {
            assert_eq!(
                code(world.read::<GetBucketPolicy>(stranger, get())),
                "MethodNotAllowed 405"
            );
            assert_eq!(
                code(world.change::<PutBucketPolicy>(stranger, put(&everyone))),
                "MethodNotAllowed 405"
            );
            assert_eq!(
                code(world.change::<DeleteBucketPolicy>(stranger, delete())),
                "MethodNotAllowed 405"
            );
        }
        let shut = statement("Deny", "\"*\"", "s3:*");
        world
            .change::<PutBucketPolicy>(&root(PROD), put(&shut))
            .unwrap();
        let admin = world.user(PROD, "admin", ALLOW_ALL);
        assert_eq!(
            code(world.change::<DeleteBucketPolicy>(&admin, delete())),
            "AccessDenied 403"
        );
        assert_eq!(
            code(world.read::<GetBucketPolicy>(&root(PROD), get())),
            "ok"
        );
        world
            .change::<DeleteBucketPolicy>(&root(PROD), delete())
            .unwrap();
    }
}
