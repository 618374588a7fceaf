//! Validation: what is wrong, dangerous or useless in a policy, told as IAM Access Analyzer's ValidatePolicy tells it.
//!
//! Each check stands in one place, in the file of its subject: its issue code, finding type and trigger in the file's `table!`
//! table, and the code that finds it below. The codes, types and triggers are AWS's
//! (the guide's page "IAM policy validation check reference"), the words are ours. A few codes are our own, where
//! [`crate::write_rules`] refuses what AWS's checks have no code for: whatever cannot be written is an error here.
//!
//! Nothing is looked up but the published facts about services ([`crate::facts`]), so that an editor can validate at every
//! keystroke.
//!
//! ```
//! use twinlock_policy::validate::{FindingType, PolicyType, validate};
//!
//! let policy = r#"{"Version": "2012-10-17",
//!     "Statement": {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}}"#;
//! let findings = validate(policy, PolicyType::Identity, None);
//! assert_eq!(findings[0].issue_code, "INVALID_ACTION");
//! assert_eq!(findings[0].finding_type, FindingType::Error);
//! assert!(findings[0].finding_details.contains("s3:GetObject"));
//! assert_eq!(findings[0].locations[0].span.start.line, 2);
//! ```

mod actions;
mod arns;
mod condition_keys;
mod condition_values;
mod conditions;
mod control;
mod guess;
mod locate;
mod networks;
mod principals;
mod redundant;
mod report;
mod risky;
mod service_principals;
mod sizes;
mod structure;
mod subject;
mod tags;
#[cfg(test)]
mod tests;
mod trust;
mod variables;

use serde::Serialize;

pub use guess::{Guess, guess};
pub use locate::{Location, PathElement, Position, Span};

use crate::json::{self, Limits};
pub(crate) use report::nearest;

use report::Report;
use subject::{Subject, View};

/// So many findings are told; a document with more has been told enough.
const FINDINGS_MAX: usize = 1_000;

/// The kinds of policy, as ValidatePolicy's `policyType` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyType {
    /// Attached to a user, group or role; also permissions boundaries and session policies.
    Identity,
    /// Attached to a resource; a role's trust policy is one.
    Resource,
    /// A service control policy.
    ServiceControl,
    /// A resource control policy.
    ResourceControl,
}

impl PolicyType {
    /// AWS's word: `IDENTITY_POLICY`.
    pub fn as_str(self) -> &'static str {
        match self {
            PolicyType::Identity => "IDENTITY_POLICY",
            PolicyType::Resource => "RESOURCE_POLICY",
            PolicyType::ServiceControl => "SERVICE_CONTROL_POLICY",
            PolicyType::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// What a resource policy is attached to, as ValidatePolicy's `validatePolicyResourceType` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A bucket.
    S3Bucket,
    /// A role: the policy is its trust policy.
    AssumeRolePolicyDocument,
    /// An access point of S3.
    S3AccessPoint,
    /// A multi-Region access point of S3.
    S3MultiRegionAccessPoint,
    /// An access point of S3 Object Lambda.
    S3ObjectLambdaAccessPoint,
    /// A table of DynamoDB.
    DynamoDbTable,
}

impl ResourceType {
    /// AWS's word: `AWS::S3::Bucket`.
    pub fn as_str(self) -> &'static str {
        match self {
            ResourceType::S3Bucket => "AWS::S3::Bucket",
            ResourceType::AssumeRolePolicyDocument => "AWS::IAM::AssumeRolePolicyDocument",
            ResourceType::S3AccessPoint => "AWS::S3::AccessPoint",
            ResourceType::S3MultiRegionAccessPoint => "AWS::S3::MultiRegionAccessPoint",
            ResourceType::S3ObjectLambdaAccessPoint => "AWS::S3ObjectLambda::AccessPoint",
            ResourceType::DynamoDbTable => "AWS::DynamoDB::Table",
        }
    }
}

/// How bad a finding is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingType {
    /// The policy cannot be written, or a part of it cannot work.
    Error,
    /// It grants more than is probably meant.
    SecurityWarning,
    /// It probably does not work as meant.
    Warning,
    /// It can be said better.
    Suggestion,
}

impl FindingType {
    /// AWS's word: `SECURITY_WARNING`.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingType::Error => "ERROR",
            FindingType::SecurityWarning => "SECURITY_WARNING",
            FindingType::Warning => "WARNING",
            FindingType::Suggestion => "SUGGESTION",
        }
    }

    /// How AWS's guide begins the headings of such checks: `General Warning`.
    pub fn heading(self) -> &'static str {
        match self {
            FindingType::Error => "Error",
            FindingType::SecurityWarning => "Security Warning",
            FindingType::Warning => "General Warning",
            FindingType::Suggestion => "Suggestion",
        }
    }
}

/// Something to say about a policy, in the shape of ValidatePolicy's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is the matter and what to do, in our words.
    pub finding_details: String,
    /// How bad it is.
    pub finding_type: FindingType,
    /// The check that found it: `INVALID_ACTION`.
    pub issue_code: &'static str,
    /// AWS's page about it.
    pub learn_more_link: String,
    /// The places that it is about.
    pub locations: Vec<Location>,
}

/// Where a check comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The guide of 2023.
    Guide,
    /// Added to AWS's list after 2023.
    Later,
    /// Ours alone.
    Own,
}

/// A check, for a table of them all: see [`checks`].
#[derive(Debug)]
pub struct Check {
    /// The issue code: `INVALID_ACTION`.
    pub code: &'static str,
    /// How bad its findings are.
    pub kind: FindingType,
    /// AWS's heading, without the finding type.
    pub heading: &'static str,
    /// What triggers it, in our words.
    pub trigger: &'static str,
    /// Where it comes from.
    pub origin: Origin,
}

const GUIDE: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html";
/// Where our own checks point: there is no page of AWS's about them.
const ELEMENTS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html";

impl Check {
    /// AWS's page about the check; its anchors are made of finding type and code.
    pub fn learn_more_link(&self) -> String {
        let slug = |text: &str| text.to_ascii_lowercase().replace(['_', ' '], "-");
        match self.origin {
            Origin::Own => ELEMENTS.to_owned(),
            Origin::Guide | Origin::Later => format!(
                "{GUIDE}#access-analyzer-reference-policy-checks-{}-{}",
                slug(self.kind.heading()),
                slug(self.code)
            ),
        }
    }
}

/// The checks of a file: `CODE: Type, Origin, "heading", "trigger";`.
macro_rules! table {
    ($($code:ident: $kind:ident, $origin:ident, $heading:literal, $trigger:literal;)*) => {
        $(pub(super) static $code: super::Check = super::Check {
            code: stringify!($code),
            kind: super::FindingType::$kind,
            heading: $heading,
            trigger: $trigger,
            origin: super::Origin::$origin,
        };)*
        /// The checks of this file.
        pub(super) static CHECKS: &[&super::Check] = &[$(&$code),*];
    };
}
use table;

/// Every check, subject by subject.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    ALL.iter().copied().flatten().copied()
}

static ALL: &[&[&Check]] = &[
    structure::CHECKS,
    sizes::CHECKS,
    principals::CHECKS,
    service_principals::CHECKS,
    trust::CHECKS,
    control::CHECKS,
    actions::CHECKS,
    risky::CHECKS,
    arns::CHECKS,
    variables::CHECKS,
    conditions::CHECKS,
    condition_keys::CHECKS,
    condition_values::CHECKS,
    networks::CHECKS,
    tags::CHECKS,
    redundant::CHECKS,
];

/// Validates a policy: its text, or a [`crate::Document`]. The findings come in the order of the text, at most a thousand;
/// none means that there is nothing to say. A text that is no policy at all gives one finding, `JSON_SYNTAX_ERROR`.
pub fn validate(
    policy: impl AsRef<str>,
    policy_type: PolicyType,
    resource_type: Option<ResourceType>,
) -> Vec<Finding> {
    let text = policy.as_ref();
    let parsed = json::read(text, Limits::DOCUMENT)
        .and_then(|json| Ok((crate::parse::document_of(text, &json)?, json)));
    let (document, json) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return vec![structure::syntax(text, &error)],
    };
    let subject = Subject {
        text,
        json: &json,
        document: &document,
        policy_type,
        // Only resource policies are attached to a resource.
        resource_type: resource_type.filter(|_| policy_type == PolicyType::Resource),
    };
    let mut report = Report::new(text, &json);
    structure::document(&subject, &mut report);
    sizes::document(&subject, &mut report);
    for statement in document.statements() {
        if report.is_full() {
            break;
        }
        let view = View::of(statement);
        structure::statement(&subject, &view, &mut report);
        variables::statement(&subject, &view, &mut report);
        principals::statement(&subject, &view, &mut report);
        service_principals::statement(&subject, &view, &mut report);
        trust::statement(&subject, &view, &mut report);
        control::statement(&subject, &view, &mut report);
        actions::statement(&subject, &view, &mut report);
        risky::statement(&subject, &view, &mut report);
        arns::statement(&subject, &view, &mut report);
        conditions::statement(&subject, &view, &mut report);
        condition_keys::statement(&subject, &view, &mut report);
        condition_values::statement(&view, &mut report);
        networks::statement(&view, &mut report);
        tags::statement(&view, &mut report);
        redundant::statement(&view, &mut report);
    }
    redundant::document(&subject, &mut report);
    report.finish()
}
