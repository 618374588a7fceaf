//! The versioning state of a bucket.

use twinlock_directory::Versioning;
use twinlock_gate::{Action, Fault};
use twinlock_shapes::s3::{
    GetBucketVersioningInput, GetBucketVersioningOutput, PutBucketVersioningInput,
    PutBucketVersioningOutput,
};

use crate::sub_resource::{bucket_change, bucket_operation, bucket_read};

bucket_operation! {
    /// Shows the state; one that was never set is told by silence.
    GetBucketVersioning(GetBucketVersioningInput) -> GetBucketVersioningOutput,
    Action::new("s3:GetBucketVersioning", &["bucket"], &[])
}

bucket_read!(GetBucketVersioning, |found, _, _| {
    let status = match found.bucket.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some("Enabled".to_owned()),
        Versioning::Suspended => Some("Suspended".to_owned()),
    };
    Ok(GetBucketVersioningOutput {
        status,
        mfa_delete: None,
    })
});

bucket_operation! {
    /// Turns versioning on, or suspends it.
    PutBucketVersioning(PutBucketVersioningInput) -> PutBucketVersioningOutput,
    Action::new("s3:PutBucketVersioning", &["bucket"], &[])
}

bucket_change!(PutBucketVersioning, |row, input, _, _| {
    let asked = &input.versioning_configuration;
    if asked.mfa_delete.as_deref() == Some("Enabled") {
        return Err(Fault::not_implemented(
            "s3:PutBucketVersioning with MFA delete",
        ));
    }
    row.versioning = match asked.status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => {
            return Err(Fault::new(
                "IllegalVersioningConfigurationException",
                400,
                "The Versioning element must be specified",
            ));
        }
    };
    Ok(PutBucketVersioningOutput::default())
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROD, TestWorld, code, root};
    use twinlock_shapes::s3::VersioningConfiguration;

    #[test]
    fn the_state_goes_from_silence_to_enabled_and_suspended() {
        let world = TestWorld::with_bucket("shelf", PROD);
        let owner = root(PROD);
        let read = || {
            let input = GetBucketVersioningInput {
                bucket: "shelf".into(),
                ..Default::default()
            };
            world
                .read::<GetBucketVersioning>(&owner, input)
                .unwrap()
                .status
        };
        let put = |status: Option<&str>, mfa_delete: Option<&str>| PutBucketVersioningInput {
            bucket: "shelf".into(),
            versioning_configuration: VersioningConfiguration {
                status: status.map(str::to_owned),
                mfa_delete: mfa_delete.map(str::to_owned),
            },
            ..Default::default()
        };
        assert_eq!(read(), None);
        for status in ["Enabled", "Suspended"] {
            world
                .change::<PutBucketVersioning>(&owner, put(Some(status), Some("Disabled")))
                .unwrap();
            assert_eq!(read().as_deref(), Some(status));
        }
        for (input, expected) in [
            (
                put(None, None),
                "IllegalVersioningConfigurationException 400",
            ),
            (put(Some("Enabled"), Some("Enabled")), "NotImplemented 501"),
        ] {
            assert_eq!(
                code(world.change::<PutBucketVersioning>(&owner, input)),
                expected
            );
        }
        let bare = world.user(PROD, "bare", "");
        assert_eq!(
            code(world.change::<PutBucketVersioning>(&bare, put(Some("Enabled"), None))),
            "AccessDenied 403"
        );
    }
}
