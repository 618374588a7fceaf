//! Object ownership of a bucket.

use twinlock_gate::{Action, Fault};
use twinlock_shapes::s3::{
    DeleteBucketOwnershipControlsInput, DeleteBucketOwnershipControlsOutput,
    GetBucketOwnershipControlsInput, GetBucketOwnershipControlsOutput, OwnershipControls,
    OwnershipControlsRule, PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput,
};

use crate::sub_resource::{bucket_change, bucket_operation, bucket_read, malformed_xml};

bucket_operation! {
    /// Shows the rule.
    GetBucketOwnershipControls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput,
    Action::new("s3:GetBucketOwnershipControls", &["bucket"], &[])
}

bucket_read!(GetBucketOwnershipControls, |found, _, _| {
    let object_ownership = found.bucket.ownership.clone().ok_or_else(|| {
        Fault::new(
            "OwnershipControlsNotFoundError",
            404,
            "The bucket ownership controls were not found",
        )
        .with("BucketName", &found.bucket.name)
    })?;
    Ok(GetBucketOwnershipControlsOutput {
        ownership_controls: Some(OwnershipControls {
            rules: vec![OwnershipControlsRule { object_ownership }],
        }),
    })
});

bucket_operation! {
    /// Sets the one rule.
    PutBucketOwnershipControls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput,
    Action::new("s3:PutBucketOwnershipControls", &["bucket"], &[])
}

bucket_change!(PutBucketOwnershipControls, |row, input, _, _| {
    let [rule] = input.ownership_controls.rules.as_slice() else {
        return Err(malformed_xml());
    };
    row.ownership = Some(rule.object_ownership.clone());
    Ok(PutBucketOwnershipControlsOutput::default())
});

bucket_operation! {
    /// Takes the rule away: then whoever writes an object owns it.
    DeleteBucketOwnershipControls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput,
    Action::new("s3:PutBucketOwnershipControls", &["bucket"], &[])
}

bucket_change!(DeleteBucketOwnershipControls, |row, _, _, _| {
    row.ownership = None;
    Ok(DeleteBucketOwnershipControlsOutput::default())
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROD, TestWorld, code, root};

    #[test]
    fn the_one_rule_is_put_shown_and_deleted() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let read = || {
            let input = GetBucketOwnershipControlsInput {
                bucket: "shelf".into(),
                ..Default::default()
            };
            world
                .read::<GetBucketOwnershipControls>(&owner, input)
                .map(|out| {
                    out.ownership_controls.unwrap().rules[0]
                        .object_ownership
                        .clone()
                })
        };
        assert_eq!(read().unwrap(), "BucketOwnerEnforced");
        let put = |rules: &[&str]| PutBucketOwnershipControlsInput {
            bucket: "shelf".into(),
            ownership_controls: OwnershipControls {
                rules: rules
                    .iter()
                    .map(|rule| OwnershipControlsRule {
                        object_ownership: (*rule).into(),
                    })
                    .collect(),
            },
            ..Default::default()
        };
        let change = |input| world.change::<PutBucketOwnershipControls>(&owner, input);
        assert_eq!(code(change(put(&[]))), "MalformedXML 400");
        change(put(&["ObjectWriter"])).unwrap();
        assert_eq!(read().unwrap(), "ObjectWriter");
        let delete = DeleteBucketOwnershipControlsInput {
            bucket: "shelf".into(),
            ..Default::default()
        };
        world
            .change::<DeleteBucketOwnershipControls>(&owner, delete)
            .unwrap();
        assert_eq!(code(read()), "OwnershipControlsNotFoundError 404");
        let bare = world.user(PROD, "bare", "");
        assert_eq!(
            code(world.change::<PutBucketOwnershipControls>(&bare, put(&["ObjectWriter"]))),
            "AccessDenied 403"
        );
    }
}
