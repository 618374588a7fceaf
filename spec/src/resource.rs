//! Resources (section 2.2).

use twinlock_policy::PolicyKind;
use twinlock_policy::document::List;

use crate::Fault;
use crate::text::{Look, Piece, fits, parts_of_pattern, parts_of_text, spell};

/// Whether one entry covers the resource that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// It has a variable that cannot be resolved.
    Unresolved,
}

/// Whether each of the entries covers the resource that is asked.
pub(crate) fn fit(look: &Look<'_>, kind: PolicyKind, variables: bool, entries: &List) -> Vec<Fit> {
    entries
        .values
        .iter()
        .map(|entry| fit_one(look, kind, variables, &entry.value))
        .collect()
}

fn fit_one(look: &Look<'_>, kind: PolicyKind, variables: bool, entry: &str) -> Fit {
    // Point 1.
    if entry == "*" {
        return Fit::Yes;
    }
    let mut written: Vec<&str> = parts_of_text(entry);
    // Point 7: too short for an ARN.
    if written.len() < 6 {
        let taken = entry.starts_with("arn:")
            && match kind {
                PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => true,
                PolicyKind::Scp => entry.ends_with('*'),
                PolicyKind::Rcp => false,
                _ => entry.contains('*'),
            };
        if !taken {
            return Fit::No;
        }
        written.resize(6, "*");
    }
    // Points 2 to 4: six parts, each on its own; variables in the sixth only.
    let mut pattern: Vec<Vec<Piece>> = Vec::new();
    for (number, part) in written.iter().enumerate() {
        match spell(look, part, true, variables && number == 5) {
            Some(pieces) => pattern.push(pieces),
            None => return Fit::Unresolved,
        }
    }
    let asked = &look.case.resource;
    let case = !look.wrong(Fault::ResourceCaseInsensitive);
    let fits = if look.wrong(Fault::StarCrossesParts) {
        fits(look, &pattern.join(&Piece::Literal(':')), asked, case)
    } else {
        let asked = parts_of_text(asked);
        // Point 6: a request without resource asks for `*`, which has no parts; only `*` itself covers it.
        asked.len() == 6
            && pattern
                .iter()
                .zip(asked)
                .all(|(pattern, part)| fits(look, pattern, part, case))
    };
    if fits { Fit::Yes } else { Fit::No }
}

/// Section 2.4: both are ARNs, and fit part by part. None: one of them is no ARN.
pub(crate) fn arn_like(look: &Look<'_>, pattern: &[Piece], text: &str) -> Option<bool> {
    if look.wrong(Fault::ArnAsString) {
        return Some(fits(look, pattern, text, true));
    }
    let (pattern, parts) = (parts_of_pattern(pattern), parts_of_text(text));
    if pattern.len() < 6 || parts.len() < 6 || parts[0] != "arn" {
        return None;
    }
    Some(
        pattern
            .iter()
            .zip(parts)
            .all(|(pattern, part)| fits(look, pattern, part, true)),
    )
}
