//! `docs/coverage.md`, written from the tables of operations, so that it cannot claim what is not there.
//!
//! `make coverage` writes it; the test fails when it is out of date.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use twinlock::server::SERVICES;

use crate::server::project;

/// Operations that are there, but of whose effect there is something to say.
const NOTES: &[(&str, &str, &str)] = &[
    (
        "sts",
        "GetDelegatedAccessToken",
        "authorised, then refused with the reason: there are no delegation requests that could give a trade-in token",
    ),
    (
        "iam",
        "PutAccountProperties",
        "authorised, then refused with the reason: there is no property that anything here would follow",
    ),
    (
        "iam",
        "SetSecurityTokenServicePreferences",
        "kept and shown; every token is good in every region",
    ),
    (
        "s3",
        "PutBucketEncryption",
        "kept and given back; objects are not encrypted each by itself",
    ),
    (
        "s3",
        "PutBucketOwnershipControls",
        "kept and given back; ACLs cannot be written, so no setting of it changes a decision",
    ),
];

/// Operations that are there and authorised, but always answer the same, since what would make a difference is missing.
const ALWAYS: &[(&str, &str, &[&str])] = &[
    (
        "organizations",
        "always refused: there is one partition and no billing, and management policies govern services that are not here",
        &[
            "CreateGovCloudAccount",
            "DescribeEffectivePolicy",
            "DescribeResponsibilityTransfer",
            "InviteOrganizationToTransferResponsibility",
            "ListAccountsWithInvalidEffectivePolicy",
            "ListEffectivePolicyValidationErrors",
            "TerminateResponsibilityTransfer",
            "UpdateResponsibilityTransfer",
        ],
    ),
    (
        "organizations",
        "always empty: there is no billing",
        &[
            "ListInboundResponsibilityTransfers",
            "ListOutboundResponsibilityTransfers",
        ],
    ),
    (
        "iam",
        "for AWS's partners and AWS's own role templates, which cannot be here: there is never one",
        &[
            "AcceptDelegationRequest",
            "AcquireRole",
            "AssociateDelegationRequest",
            "CreateDelegationRequest",
            "GetDelegationRequest",
            "GetHumanReadableSummary",
            "GetRoleTemplateVersion",
            "ListDelegationRequests",
            "RejectDelegationRequest",
            "SendDelegationToken",
            "UpdateDelegationRequest",
        ],
    ),
    (
        "iam",
        "always empty: there are no properties",
        &["GetAccountProperties"],
    ),
    (
        "s3",
        "always as where nothing was set",
        &[
            "GetBucketAbac",
            "GetBucketAccelerateConfiguration",
            "GetBucketAnalyticsConfiguration",
            "GetBucketIntelligentTieringConfiguration",
            "GetBucketInventoryConfiguration",
            "GetBucketLifecycleConfiguration",
            "GetBucketLogging",
            "GetBucketMetricsConfiguration",
            "GetBucketNotificationConfiguration",
            "GetBucketReplication",
            "GetBucketRequestPayment",
            "GetBucketWebsite",
            "GetObjectLockConfiguration",
            "ListBucketAnalyticsConfigurations",
            "ListBucketIntelligentTieringConfigurations",
            "ListBucketInventoryConfigurations",
            "ListBucketMetricsConfigurations",
        ],
    ),
];

/// Operations whose objects are checked, kept and given back, and used by nothing here.
const STORED_ONLY: &[&str] = &[
    "CreateServiceSpecificCredential",
    "ResetServiceSpecificCredential",
    "UpdateServiceSpecificCredential",
    "UpdateSigningCertificate",
    "UpdateSSHPublicKey",
    "UploadSSHPublicKey",
    "UploadServerCertificate",
    "UploadSigningCertificate",
];

/// All notes: service, operation, note.
fn notes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let always = ALWAYS.iter().flat_map(|(service, note, operations)| {
        operations
            .iter()
            .map(|operation| (*service, *operation, *note))
    });
    let stored = STORED_ONLY
        .iter()
        .map(|operation| ("iam", *operation, "stored only"));
    NOTES.iter().copied().chain(always).chain(stored)
}

/// A service: its title, its name in the tables, and all names of its operations in AWS's model.
fn services() -> [(&'static str, &'static str, Vec<&'static str>); 6] {
    use twinlock_shapes::{iam, organizations, s3, s3control, sts, twinlock};
    [
        ("IAM", "iam", iam::OPERATIONS.to_vec()),
        ("STS", "sts", sts::OPERATIONS.to_vec()),
        (
            "Organizations",
            "organizations",
            organizations::OPERATIONS.to_vec(),
        ),
        (
            "S3",
            "s3",
            s3::OPERATIONS.iter().map(|shape| shape.name).collect(),
        ),
        (
            "S3 Control",
            "s3-control",
            s3control::OPERATIONS
                .iter()
                .map(|shape| shape.name)
                .collect(),
        ),
        ("Twinlock's own", "twinlock", twinlock::OPERATIONS.to_vec()),
    ]
}

fn coverage() -> String {
    let mut out = String::from(
        "# What is there\n\n\
         Written by `make coverage` from the tables of operations and AWS's service models; do not edit. What is missing, and every\n\
         operation of AWS's other services, answers `NotImplemented` (501) in its own protocol, after authentication.\n\n\
         | service | there | of |\n| --- | --- | --- |\n",
    );
    let mut there: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for (service, operation, _, actions) in SERVICES.operations() {
        let actions = actions.iter().map(|action| action.name).collect();
        there.entry(service).or_default().insert(operation, actions);
    }
    for (title, name, all) in services() {
        let count = there.get(name).map_or(0, BTreeMap::len);
        let _ = writeln!(out, "| {title} | {count} | {} |", all.len());
    }
    for (title, name, all) in services() {
        let operations = there.remove(name).unwrap_or_default();
        let _ = write!(
            out,
            "\n## {title}\n\n| operation | asks for | |\n| --- | --- | --- |\n"
        );
        for (operation, actions) in &operations {
            let actions: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
            let mut note = notes().filter(|note| (note.0, note.1) == (name, *operation));
            let note = note.next().map_or("", |note| note.2);
            let _ = writeln!(out, "| {operation} | {} | {note} |", actions.join(", "));
        }
        let missing: BTreeSet<&str> = all
            .into_iter()
            .filter(|name| !operations.contains_key(name))
            .collect();
        let missing: Vec<&str> = missing.into_iter().collect();
        let _ = writeln!(
            out,
            "\nMissing: {}.",
            if missing.is_empty() {
                "none".into()
            } else {
                missing.join(", ")
            }
        );
    }
    assert!(there.is_empty(), "a service without a section: {there:?}");
    out
}

#[test]
fn the_coverage_table_is_up_to_date() {
    let path = project().join("docs/coverage.md");
    let coverage = coverage();
    if std::env::var_os("TWINLOCK_WRITE_COVERAGE").is_some() {
        std::fs::write(&path, &coverage).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == coverage,
        "docs/coverage.md is out of date: run `make coverage`"
    );
}

#[test]
fn every_note_is_of_an_operation_that_is_there() {
    for (service, operation, _) in notes() {
        let mut operations = SERVICES.operations();
        assert!(
            operations.any(|entry| (entry.0, entry.1) == (service, operation)),
            "{service}:{operation}"
        );
    }
}
