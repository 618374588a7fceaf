//! Actions (section 2.1, and 1.2 for names that are none).

use twinlock_policy::document::List;

use crate::Fault;
use crate::text::{Look, fits, spell};

/// Whether any of the entries covers the action that is asked.
pub(crate) fn covered(look: &Look<'_>, entries: &List) -> bool {
    entries
        .values
        .iter()
        .any(|entry| covers(look, &entry.value))
}

fn covers(look: &Look<'_>, entry: &str) -> bool {
    if matches!(entry, "*" | "*:*") {
        return true;
    }
    // Section 1.2: blank names and white space match nothing. (So in NotAction they exclude nothing.)
    if entry.contains(char::is_whitespace) {
        return false;
    }
    let (Some((service, name)), Some((asked_service, asked_name))) =
        (entry.split_once(':'), look.case.action.split_once(':'))
    else {
        return false;
    };
    if name.is_empty() {
        return false;
    }
    if look.wrong(Fault::ActionCaseSensitive) {
        let pattern = spell(look, name, true, false).unwrap_or_default();
        return service == asked_service && fits(look, &pattern, asked_name, true);
    }
    // Only the name has wildcards: `s3:*` is no other service's, and `s*:Get` is nobody's.
    let pattern = spell(look, &name.to_ascii_lowercase(), true, false).unwrap_or_default();
    service.eq_ignore_ascii_case(asked_service)
        && fits(look, &pattern, &asked_name.to_ascii_lowercase(), true)
}
