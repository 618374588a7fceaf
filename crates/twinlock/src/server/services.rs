//! Which services the server has: their tables of operations, side by side.

use twinlock_gate::service::Services;

/// All of them.
pub const SERVICES: Services = Services {
    query: &[&twinlock_identity::iam::IAM, &twinlock_identity::sts::STS],
    json: &[
        &twinlock_identity::organizations::ORGANIZATIONS,
        &twinlock_identity::twinlock::TWINLOCK,
    ],
    s3: &twinlock_s3::S3,
    s3_control: &twinlock_s3::S3_CONTROL,
    known: twinlock_shapes::known::protocol_of,
};
