//! Policy documents on their way in and out: what AWS refuses, how large they may be, how answers show them.

use std::sync::Arc;

use twinlock_directory::{StoredPolicy, principals};
use twinlock_gate::{Cx, Fault};
use twinlock_policy::{
    Bindings,
    write_rules::{self, WriteError},
};
use twinlock_wire::query::encode_document;

use super::common::limit_exceeded;

/// `MalformedPolicyDocument` (400): AWS's sentence, then our hint.
pub(crate) fn malformed(error: &WriteError) -> Fault {
    Fault::new("MalformedPolicyDocument", 400, error.to_string())
}

/// A role's trust policy, its principals bound to the identities that they name now.
///
/// # Errors
/// `MalformedPolicyDocument`, also for a principal that does not exist; `LimitExceeded`.
pub(crate) fn trust(cx: &Cx<'_>, text: &str) -> Result<Arc<StoredPolicy>, Fault> {
    let document = write_rules::check_trust(text).map_err(|error| malformed(&error))?;
    within(cx, text, "ACLSizePerRole")?;
    let bindings = principals::bind(cx.snapshot, &document, cx.account_id()?)
        .map_err(|error| malformed(&error))?;
    Ok(Arc::new(StoredPolicy::new(text, bindings)))
}

/// One version of a managed policy.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(crate) fn managed(cx: &Cx<'_>, text: &str) -> Result<Arc<StoredPolicy>, Fault> {
    write_rules::check_identity(text).map_err(|error| malformed(&error))?;
    within(cx, text, "PolicySize")?;
    Ok(Arc::new(StoredPolicy::new(text, Bindings::new())))
}

/// An inline policy. Its size counts together with others, see [`inline_fits`].
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(crate) fn inline(text: &str) -> Result<Arc<StoredPolicy>, Fault> {
    write_rules::check_inline(text).map_err(|error| malformed(&error))?;
    Ok(Arc::new(StoredPolicy::new(text, Bindings::new())))
}

/// Whether all inline policies of one holder, as they would be, stay within its quota.
///
/// # Errors
/// `LimitExceeded`, in a sentence of its own: `Maximum policy size of 2048 bytes exceeded for user Bob`.
pub(crate) fn inline_fits<'a>(
    cx: &Cx<'_>,
    policies: impl Iterator<Item = &'a Arc<StoredPolicy>>,
    quota: &str,
    whose: &str,
) -> Result<(), Fault> {
    let limit = cx.world.directory.quotas().get(quota).unwrap_or(0);
    let sum: usize = policies
        .map(|policy| write_rules::size(policy.text()))
        .sum();
    if u64::try_from(sum).unwrap_or(u64::MAX) > limit {
        return Err(Fault::new(
            "LimitExceeded",
            409,
            format!("Maximum policy size of {limit} bytes exceeded for {whose}"),
        ));
    }
    Ok(())
}

fn within(cx: &Cx<'_>, text: &str, quota: &str) -> Result<(), Fault> {
    let quotas = cx.world.directory.quotas();
    let size = u64::try_from(write_rules::size(text)).unwrap_or(u64::MAX);
    if size > quotas.get(quota).unwrap_or(0) {
        return Err(limit_exceeded(quotas, quota));
    }
    Ok(())
}

/// A policy without principals as answers show it: percent-encoded.
pub(crate) fn shown(text: &str) -> String {
    encode_document(text)
}

/// A trust policy as answers show it: its principals by the names they have now, percent-encoded.
pub(crate) fn shown_trust(cx: &Cx<'_>, policy: &StoredPolicy) -> String {
    encode_document(&principals::show(cx.snapshot, policy))
}
