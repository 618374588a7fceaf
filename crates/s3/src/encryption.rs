//! The default encryption of a bucket: AES256 unless something else was put. Objects are kept as they are; the setting is stored
//! and shown.

use twinlock_directory::BucketEncryption;
use twinlock_gate::{Action, Fault};
use twinlock_shapes::s3::{
    DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput, GetBucketEncryptionInput,
    GetBucketEncryptionOutput, PutBucketEncryptionInput, PutBucketEncryptionOutput,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use crate::{
    common::invalid_argument,
    sub_resource::{bucket_change, bucket_operation, bucket_read, malformed_xml},
};

bucket_operation! {
    /// Shows the rule.
    GetBucketEncryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput,
    Action::new("s3:GetEncryptionConfiguration", &["bucket"], &[])
}

bucket_read!(GetBucketEncryption, |found, _, _| {
    let held = &found.bucket.encryption;
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            sse_algorithm: held.algorithm.clone(),
            kms_master_key_id: held.kms_key.clone(),
        }),
        bucket_key_enabled: Some(held.bucket_key),
        blocked_encryption_types: None,
    };
    Ok(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(ServerSideEncryptionConfiguration {
            rules: vec![rule],
        }),
    })
});

bucket_operation! {
    /// Sets the one rule.
    PutBucketEncryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput,
    Action::new("s3:PutEncryptionConfiguration", &["bucket"], &[])
}

bucket_change!(PutBucketEncryption, |row, input, _, _| {
    let [rule] = input.server_side_encryption_configuration.rules.as_slice() else {
        return Err(malformed_xml());
    };
    let blocks = rule
        .blocked_encryption_types
        .as_ref()
        .is_some_and(|blocked| blocked.encryption_type.iter().any(|kind| kind != "NONE"));
    if blocks {
        return Err(Fault::not_implemented(
            "s3:PutBucketEncryption with blocked encryption types",
        ));
    }
    let asked = rule.apply_server_side_encryption_by_default.as_ref();
    let algorithm = asked.map_or("AES256", |asked| &asked.sse_algorithm);
    let kms_key = asked.and_then(|asked| asked.kms_master_key_id.clone());
    if algorithm == "AES256"
        && let Some(key) = &kms_key
    {
        return Err(invalid_argument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            "KMSMasterKeyID",
            key,
        ));
    }
    row.encryption = BucketEncryption {
        algorithm: algorithm.to_owned(),
        kms_key,
        bucket_key: rule.bucket_key_enabled == Some(true),
    };
    Ok(PutBucketEncryptionOutput::default())
});

bucket_operation! {
    /// Goes back to AES256.
    DeleteBucketEncryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput,
    Action::new("s3:PutEncryptionConfiguration", &["bucket"], &[])
}

bucket_change!(DeleteBucketEncryption, |row, _, _, _| {
    row.encryption = BucketEncryption::default();
    Ok(DeleteBucketEncryptionOutput::default())
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROD, TestWorld, code, root};

    #[test]
    fn aes256_is_the_default_to_which_deleting_goes_back() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let read = || {
            let input = GetBucketEncryptionInput {
                bucket: "shelf".into(),
                ..Default::default()
            };
            let out = world.read::<GetBucketEncryption>(&owner, input).unwrap();
            out.server_side_encryption_configuration.unwrap().rules
        };
        let rule = |algorithm: &str, key: Option<&str>, bucket_key| ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
                sse_algorithm: algorithm.into(),
                kms_master_key_id: key.map(str::to_owned),
            }),
            bucket_key_enabled: Some(bucket_key),
            blocked_encryption_types: None,
        };
        let put = |rules| PutBucketEncryptionInput {
            bucket: "shelf".into(),
            server_side_encryption_configuration: ServerSideEncryptionConfiguration { rules },
            ..Default::default()
        };
        let change = |input| world.change::<PutBucketEncryption>(&owner, input);
        let usual = rule("AES256", None, false);
        assert_eq!(read(), std::slice::from_ref(&usual));
        let kms = rule("aws:kms", Some("alias/k"), true);
        change(put(vec![kms.clone()])).unwrap();
        assert_eq!(read(), [kms]);
        assert_eq!(code(change(put(vec![]))), "MalformedXML 400");
        let mixed = rule("AES256", Some("alias/k"), false);
        assert_eq!(code(change(put(vec![mixed]))), "InvalidArgument 400");
        let delete = DeleteBucketEncryptionInput {
            bucket: "shelf".into(),
            ..Default::default()
        };
        world
            .change::<DeleteBucketEncryption>(&owner, delete)
            .unwrap();
        assert_eq!(read(), std::slice::from_ref(&usual));
        let bare = world.user(PROD, "bare", "");
        assert_eq!(
            code(world.change::<PutBucketEncryption>(&bare, put(vec![usual]))),
            "AccessDenied 403"
        );
    }
}
