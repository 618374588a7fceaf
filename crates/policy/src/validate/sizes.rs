//! Quotas on the size of a policy, as AWS counts each kind.

use super::report::Report;
use super::subject::Subject;
use super::{PolicyType, table};
use crate::write_rules::{
    BUCKET_POLICY_BYTES_MAX, MANAGED_POLICY_SIZE_MAX, RCP_SIZE_MAX, SCP_SIZE_MAX,
    TRUST_POLICY_SIZE_MAX, size,
};

table! {
    POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA: Warning, Guide, "Policy size exceeds identity policy quota",
        "an identity policy has more than 6,144 characters, white space outside of strings not counted";
    POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA: Warning, Guide, "Policy size exceeds resource policy quota",
        "a bucket policy, or another resource policy, has more than 20 KiB";
    POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA: Warning, Guide, "Policy size exceeds role trust policy quota",
        "a trust policy has more than 2,048 characters, white space outside of strings not counted";
    POLICY_SIZE_EXCEEDS_SCP_QUOTA: Error, Guide, "Policy size exceeds SCP quota",
        "a service control policy has more than 10,240 characters, white space included";
    POLICY_SIZE_EXCEEDS_RCP_QUOTA: Error, Later, "Policy size exceeds RCP quota",
        "a resource control policy has more than 5,120 characters, white space included";
}

pub(super) fn document(subject: &Subject<'_>, report: &mut Report<'_>) {
    let text = subject.text;
    let (check, found, allowed, unit) = match subject.policy_type {
        PolicyType::Identity => (
            &POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA,
            size(text),
            MANAGED_POLICY_SIZE_MAX,
            "characters without white space",
        ),
        PolicyType::Resource if subject.is_trust() => (
            &POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA,
            size(text),
            TRUST_POLICY_SIZE_MAX,
            "characters without white space",
        ),
        PolicyType::Resource => (
            &POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA,
            text.len(),
            BUCKET_POLICY_BYTES_MAX,
            "bytes",
        ),
        PolicyType::ServiceControl => (
            &POLICY_SIZE_EXCEEDS_SCP_QUOTA,
            text.chars().count(),
            SCP_SIZE_MAX,
            "characters",
        ),
        PolicyType::ResourceControl => (
            &POLICY_SIZE_EXCEEDS_RCP_QUOTA,
            text.chars().count(),
            RCP_SIZE_MAX,
            "characters",
        ),
    };
    if found > allowed {
        let details = format!(
            "The policy has {found} {unit}; {allowed} are the most that a policy of this kind may have. Split it, or shorten it with wildcards."
        );
        let start = subject.json.span.start;
        report.add(check, &(start..start + 1), details);
    }
}
