//! The policies that AWS manages: the whole catalogue, every document as AWS publishes it.
//!
//! They lie packed in `managed/catalogue.bin` (written by `cargo xtask facts`, never by hand; see NOTICE for the source).
//! The list is unpacked when first needed, a document when somebody asks for it, and a compiled policy is kept, so that a
//! server on which nobody attaches `ReadOnlyAccess` never spends a byte on it. What is kept is bounded by the catalogue.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use twinlock_policy::Policy;
use twinlock_policy::facts::packed::{Packed, Place, place};

static CATALOGUE: Packed = Packed::new(include_bytes!("managed/catalogue.bin"));

/// What the lists show of a policy that AWS manages.
#[derive(Debug)]
pub struct ManagedSummary {
    /// The ARN: `arn:aws:iam::aws:policy/job-function/Billing`.
    pub arn: &'static str,
    /// The name, unique in the catalogue.
    pub name: &'static str,
    /// The path: `/`, `/service-role/`, `/job-function/`, `/aws-service-role/` or `/root-task/`.
    pub path: &'static str,
    /// The unique id (`ANPA…`). The source has none, so it is derived from the ARN: the same in every Twinlock, and not AWS's.
    pub id: &'static str,
    /// The number of the default version, which is the only one kept: 12 for `v12`.
    pub default_version: u32,
    /// When AWS made the policy, in milliseconds since the epoch.
    pub created_ms: u64,
    /// When AWS made the default version, in milliseconds since the epoch.
    pub updated_ms: u64,
    /// What AWS says of the policy; empty, since the source has no descriptions.
    pub description: &'static str,
    /// Whether a customer's user, group or role may have it. AWS keeps those under `/aws-service-role/` to itself.
    pub attachable: bool,
    place: Place,
    compiled: OnceLock<Option<Arc<Policy>>>,
}

impl ManagedSummary {
    /// The document, laid out over lines as AWS does. Unpacked anew at every call.
    pub fn document(&self) -> Option<Arc<str>> {
        Some(lay_out(&CATALOGUE.text(self.place)?).into())
    }

    /// The compiled document; compiled at the first call and kept.
    pub fn compiled(&self) -> Option<&Arc<Policy>> {
        self.compiled
            .get_or_init(|| Policy::parse(&self.document()?).ok().map(Arc::new))
            .as_ref()
    }
}

struct Catalogue {
    policies: Vec<ManagedSummary>,
    by_arn: HashMap<&'static str, usize>,
}

fn catalogue() -> &'static Catalogue {
    static PARSED: OnceLock<Catalogue> = OnceLock::new();
    PARSED.get_or_init(|| {
        let policies: Vec<ManagedSummary> = CATALOGUE.index().lines().filter_map(summary).collect();
        let by_arn = policies
            .iter()
            .enumerate()
            .map(|(at, policy)| (policy.arn, at))
            .collect();
        Catalogue { policies, by_arn }
    })
}

/// Every policy of the catalogue, ordered by lower-cased name.
pub fn list() -> &'static [ManagedSummary] {
    &catalogue().policies
}

/// The policy of that ARN, which must be exact; `None` if AWS manages no such policy.
pub fn get(arn: &str) -> Option<&'static ManagedSummary> {
    // Asked for every policy ARN there is: customers' own need no catalogue.
    if !arn.starts_with("arn:aws:iam::aws:policy/") {
        return None;
    }
    let catalogue = catalogue();
    catalogue.by_arn.get(arn).map(|at| &catalogue.policies[*at])
}

/// The document of that ARN; see [`ManagedSummary::document`].
pub fn document(arn: &str) -> Option<Arc<str>> {
    get(arn)?.document()
}

/// The compiled policy of that ARN; see [`ManagedSummary::compiled`].
pub fn compiled(arn: &str) -> Option<&'static Arc<Policy>> {
    get(arn)?.compiled()
}

/// An index line: name, path, version, created, updated, place.
fn summary(line: &'static str) -> Option<ManagedSummary> {
    let mut fields = line.split('\t');
    let name = fields.next()?;
    let path = fields.next()?;
    let arn = format!("arn:aws:iam::aws:policy{path}{name}");
    Some(ManagedSummary {
        id: Box::leak(derived_id(&arn).into_boxed_str()),
        arn: Box::leak(arn.into_boxed_str()),
        name,
        path,
        default_version: fields.next()?.parse().ok()?,
        created_ms: fields.next()?.parse().ok()?,
        updated_ms: fields.next()?.parse().ok()?,
        description: "",
        attachable: path != "/aws-service-role/",
        place: place(&mut fields)?,
        compiled: OnceLock::new(),
    })
}

/// `ANPA` and 17 characters of AWS's id alphabet.
fn derived_id(arn: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(arn.as_bytes());
    let letters = digest
        .iter()
        .take(17)
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    "ANPA".chars().chain(letters).collect()
}

/// Writes compact JSON over lines with four blanks a level, as AWS publishes its documents.
fn lay_out(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut before = ' ';
    for next in compact.chars() {
        if in_string {
            out.push(next);
            in_string = escaped || next != '"';
            escaped = !escaped && next == '\\';
        } else {
            let closes = matches!(next, '}' | ']');
            depth -= usize::from(closes && depth > 0);
            let starts_line = matches!(before, '{' | '[') && !closes
                || before == ','
                || closes && !matches!(before, '{' | '[');
            if starts_line {
                out.push('\n');
                out.extend(std::iter::repeat_n("    ", depth));
            }
            out.push(next);
            if next == ':' {
                out.push(' ');
            }
            depth += usize::from(matches!(next, '{' | '['));
            in_string = next == '"';
        }
        before = next;
    }
    out
}
