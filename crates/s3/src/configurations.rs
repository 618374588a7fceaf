//! The bucket sub-resources that nobody can set here yet: read, they answer what S3 answers of a bucket where they were never
//! set, so that clients that refresh everything (Terraform) are content. Writing them is not implemented.

use twinlock_gate::Action;
use twinlock_shapes::s3::*;

use crate::sub_resource::{absent, bucket_operation, bucket_read};

/// A sub-resource that is not there: the fault's code and message.
macro_rules! never_set {
    ($($name:ident($input:ty) -> $output:ty, $action:literal, $code:literal, $message:literal;)*) => {$(
        bucket_operation! {
            #[doc = concat!("Answers `", $code, "`.")]
            $name($input) -> $output, Action::new($action, &["bucket"], &[])
        }
        bucket_read!($name, |found, _, _| Err(absent(found, $code, $message)));
    )*};
}

never_set! {
    GetBucketWebsite(GetBucketWebsiteInput) -> GetBucketWebsiteOutput, "s3:GetBucketWebsite",
        "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration";
    GetBucketLifecycleConfiguration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput, "s3:GetLifecycleConfiguration",
        "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist";
    GetBucketReplication(GetBucketReplicationInput) -> GetBucketReplicationOutput, "s3:GetReplicationConfiguration",
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found";
    GetObjectLockConfiguration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput, "s3:GetBucketObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket";
    GetBucketAnalyticsConfiguration(GetBucketAnalyticsConfigurationInput) -> GetBucketAnalyticsConfigurationOutput, "s3:GetAnalyticsConfiguration",
        "NoSuchConfiguration", "The specified configuration does not exist.";
    GetBucketInventoryConfiguration(GetBucketInventoryConfigurationInput) -> GetBucketInventoryConfigurationOutput, "s3:GetInventoryConfiguration",
        "NoSuchConfiguration", "The specified configuration does not exist.";
    GetBucketMetricsConfiguration(GetBucketMetricsConfigurationInput) -> GetBucketMetricsConfigurationOutput, "s3:GetMetricsConfiguration",
        "NoSuchConfiguration", "The specified configuration does not exist.";
    GetBucketIntelligentTieringConfiguration(GetBucketIntelligentTieringConfigurationInput) -> GetBucketIntelligentTieringConfigurationOutput, "s3:GetIntelligentTieringConfiguration",
        "NoSuchConfiguration", "The specified configuration does not exist.";
}

/// A sub-resource that answers the same for every bucket.
macro_rules! as_at_first {
    ($($(#[$about:meta])* $name:ident($input:ty) -> $output:ty, $action:literal, $answer:expr;)*) => {$(
        bucket_operation! {
            $(#[$about])*
            $name($input) -> $output, Action::new($action, &["bucket"], &[])
        }
        bucket_read!($name, |_, _, _| Ok($answer));
    )*};
}

as_at_first! {
    /// No transfer acceleration.
    GetBucketAccelerateConfiguration(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput, "s3:GetAccelerateConfiguration",
        GetBucketAccelerateConfigurationOutput::default();
    /// No logging.
    GetBucketLogging(GetBucketLoggingInput) -> GetBucketLoggingOutput, "s3:GetBucketLogging",
        GetBucketLoggingOutput::default();
    /// No notifications.
    GetBucketNotificationConfiguration(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput, "s3:GetBucketNotification",
        GetBucketNotificationConfigurationOutput::default();
    /// The owner pays.
    GetBucketRequestPayment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput, "s3:GetBucketRequestPayment",
        GetBucketRequestPaymentOutput { payer: Some("BucketOwner".to_owned()) };
    /// Bucket tags count for no decision until somebody turns that on.
    GetBucketAbac(GetBucketAbacInput) -> GetBucketAbacOutput, "s3:GetBucketAbac",
        GetBucketAbacOutput { abac_status: Some(AbacStatus { status: Some("Disabled".to_owned()) }) };
    /// None.
    ListBucketAnalyticsConfigurations(ListBucketAnalyticsConfigurationsInput) -> ListBucketAnalyticsConfigurationsOutput, "s3:GetAnalyticsConfiguration",
        ListBucketAnalyticsConfigurationsOutput { is_truncated: Some(false), ..Default::default() };
    /// None.
    ListBucketInventoryConfigurations(ListBucketInventoryConfigurationsInput) -> ListBucketInventoryConfigurationsOutput, "s3:GetInventoryConfiguration",
        ListBucketInventoryConfigurationsOutput { is_truncated: Some(false), ..Default::default() };
    /// None.
    ListBucketMetricsConfigurations(ListBucketMetricsConfigurationsInput) -> ListBucketMetricsConfigurationsOutput, "s3:GetMetricsConfiguration",
        ListBucketMetricsConfigurationsOutput { is_truncated: Some(false), ..Default::default() };
    /// None.
    ListBucketIntelligentTieringConfigurations(ListBucketIntelligentTieringConfigurationsInput) -> ListBucketIntelligentTieringConfigurationsOutput, "s3:GetIntelligentTieringConfiguration",
        ListBucketIntelligentTieringConfigurationsOutput { is_truncated: Some(false), ..Default::default() };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROD, TestWorld, code, root};

    macro_rules! read {
        ($world:expr, $name:ident, $input:ident) => {{
            let ask = |caller: &twinlock_gate::Caller, bucket: &str| {
                let input = $input {
                    bucket: bucket.into(),
                    ..Default::default()
                };
                code($world.read::<$name>(caller, input))
            };
            assert_eq!(ask(&root(PROD), "nowhere"), "NoSuchBucket 404");
            let bare = $world.user(PROD, stringify!($name), "");
            assert_eq!(ask(&bare, "shelf"), "AccessDenied 403");
            ask(&root(PROD), "shelf")
        }};
    }

    #[test]
    fn what_a_new_bucket_answers() {
        let world = TestWorld::with_bucket("shelf", PROD);
        assert_eq!(
            read!(world, GetBucketWebsite, GetBucketWebsiteInput),
            "NoSuchWebsiteConfiguration 404"
        );
        assert_eq!(
            read!(
                world,
                GetBucketLifecycleConfiguration,
                GetBucketLifecycleConfigurationInput
            ),
            "NoSuchLifecycleConfiguration 404"
        );
        assert_eq!(
            read!(world, GetBucketReplication, GetBucketReplicationInput),
            "ReplicationConfigurationNotFoundError 404"
        );
        assert_eq!(
            read!(
                world,
                GetObjectLockConfiguration,
                GetObjectLockConfigurationInput
            ),
            "ObjectLockConfigurationNotFoundError 404"
        );
        assert_eq!(read!(world, GetBucketLogging, GetBucketLoggingInput), "ok");
        assert_eq!(
            read!(
                world,
                GetBucketAccelerateConfiguration,
                GetBucketAccelerateConfigurationInput
            ),
            "ok"
        );
        assert_eq!(
            read!(
                world,
                GetBucketNotificationConfiguration,
                GetBucketNotificationConfigurationInput
            ),
            "ok"
        );
        let payment = GetBucketRequestPaymentInput {
            bucket: "shelf".into(),
            ..Default::default()
        };
        let payment = world.read::<GetBucketRequestPayment>(&root(PROD), payment);
        assert_eq!(payment.unwrap().payer.as_deref(), Some("BucketOwner"));
    }
}
