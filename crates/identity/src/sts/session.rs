//! What all operations share that make sessions: policies, tags, and the sealing.

use std::sync::Arc;

use twinlock_directory::{AccountId, StoredPolicy, managed};
use twinlock_gate::{
    Cx, Fault,
    token::{IssueError, Session},
};
use twinlock_policy::{Bindings, write_rules};
use twinlock_shapes::sts::{Credentials, PolicyDescriptorType, Tag};
use twinlock_wire::time::Millis;

/// Tags of one session.
const SESSION_TAGS_MAX: usize = 50;

/// The session's documents: the inline one and the ARNs of managed ones, which must exist in `account` or be AWS's.
pub(super) fn session_policies(
    inline: Option<&str>,
    arns: Option<&[PolicyDescriptorType]>,
    account: AccountId,
    cx: &Cx<'_>,
) -> Result<(Vec<Arc<StoredPolicy>>, Vec<String>), Fault> {
    let mut policies = Vec::new();
    if let Some(text) = inline {
        write_rules::check_session(text)
            .map_err(|error| Fault::new("MalformedPolicyDocument", 400, error.to_string()))?;
        policies.push(Arc::new(StoredPolicy::new(text, Bindings::new())));
    }
    let arns = arns.unwrap_or_default();
    let most = cx.world.directory.quotas().session_policy_arns;
    if u64::try_from(arns.len()).unwrap_or(u64::MAX) > most {
        return Err(Fault::validation(format!(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to {most}"
        )));
    }
    let mut found = Vec::new();
    for descriptor in arns {
        let arn = descriptor.arn.as_deref().unwrap_or_default();
        let own = format!("arn:aws:iam::{account}:policy/");
        let exists = if arn.starts_with("arn:aws:iam::aws:policy/") {
            managed::get(arn).is_some()
        } else {
            arn.starts_with(&own) && cx.snapshot.customer_policy(arn).is_some()
        };
        if !exists {
            return Err(Fault::new(
                "MalformedPolicyDocument",
                400,
                format!("The policy {arn} does not exist or cannot be used for this session."),
            ));
        }
        if !found.iter().any(|f| f == arn) {
            found.push(arn.to_owned());
        }
    }
    Ok((policies, found))
}

/// Session tags, checked: at most 50, no key twice (without case), none of AWS's own.
pub(super) fn session_tags(tags: &[Tag]) -> Result<Vec<(String, String)>, Fault> {
    if tags.len() > SESSION_TAGS_MAX {
        return Err(Fault::validation(format!(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to {SESSION_TAGS_MAX}"
        )));
    }
    let mut out: Vec<(String, String)> = Vec::with_capacity(tags.len());
    for tag in tags {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Fault::new(
                "InvalidParameterValue",
                400,
                "Tag keys that begin with aws: are reserved for AWS.",
            ));
        }
        if out
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(&tag.key))
        {
            return Err(Fault::new(
                "InvalidParameterValue",
                400,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        out.push((tag.key.clone(), tag.value.clone()));
    }
    Ok(out)
}

/// Seals a session into credentials, with PackedPolicySize in per cent.
pub(super) fn issue(session: &Session, cx: &Cx<'_>) -> Result<(Credentials, i32), Fault> {
    let (made, percent) = cx.world.tokens.issue(session).map_err(|error| match error {
        IssueError::TooLarge(percent) => Fault::new(
            "PackedPolicyTooLarge",
            400,
            format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."),
        ),
        IssueError::Internal => Fault::internal(),
    })?;
    let credentials = Credentials {
        access_key_id: made.access_key_id,
        secret_access_key: made.secret_access_key.to_string(),
        session_token: made.session_token,
        expiration: Millis(made.expires),
    };
    Ok((credentials, i32::try_from(percent).unwrap_or(100)))
}
