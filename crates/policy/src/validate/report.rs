//! The findings so far, and how one is added.

use std::ops::Range;

use super::locate::{Lines, Location, PathElement, path};
use super::{Check, FINDINGS_MAX, Finding};
use crate::document::Text;
use crate::json::Json;

/// So often the nearest known name is looked for: it is dear, and nobody reads a thousand suggestions.
const SUGGESTIONS_MAX: usize = 50;

/// Collects findings.
pub(super) struct Report<'d> {
    text: &'d str,
    json: &'d Json,
    lines: Lines<'d>,
    findings: Vec<(usize, Finding)>,
    suggestions: usize,
}

impl<'d> Report<'d> {
    pub(super) fn new(text: &'d str, json: &'d Json) -> Report<'d> {
        Report {
            text,
            json,
            lines: Lines::new(text),
            findings: Vec::new(),
            suggestions: 0,
        }
    }

    /// Whether there is no room for more, so that looking further is in vain.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    /// A finding about one element.
    pub(super) fn add(&mut self, check: &'static Check, span: &Range<usize>, details: String) {
        self.add_all(check, [span], details);
    }

    /// A finding about several elements.
    pub(super) fn add_all<'s>(
        &mut self,
        check: &'static Check,
        spans: impl IntoIterator<Item = &'s Range<usize>>,
        details: String,
    ) {
        if self.is_full() {
            return;
        }
        let spans: Vec<_> = spans.into_iter().collect();
        let locations = spans
            .iter()
            .map(|span| Location {
                path: path(self.json, span),
                span: self.lines.span(span),
            })
            .collect();
        let first = spans.first().map_or(0, |span| span.start);
        self.push(check, first, locations, details);
    }

    /// A finding about a part of a string: bytes of the decoded text.
    pub(super) fn add_part(
        &mut self,
        check: &'static Check,
        string: &Text,
        part: Range<usize>,
        details: String,
    ) {
        if self.is_full() {
            return;
        }
        let mut location_path = path(self.json, &string.span);
        let characters =
            |bytes: Range<usize>| string.value.get(bytes).unwrap_or("").chars().count();
        location_path.push(PathElement::Substring {
            start: characters(0..part.start),
            length: characters(part.clone()),
        });
        // Escapes make the text of a string longer than the string: then the whole of it is shown.
        let verbatim = self
            .text
            .get(string.span.start + 1..string.span.end.saturating_sub(1))
            == Some(&string.value);
        let start = string.span.start + 1;
        let span = if verbatim {
            start + part.start..start + part.end
        } else {
            string.span.clone()
        };
        let location = Location {
            path: location_path,
            span: self.lines.span(&span),
        };
        self.push(check, span.start, vec![location], details);
    }

    fn push(
        &mut self,
        check: &'static Check,
        first: usize,
        locations: Vec<Location>,
        details: String,
    ) {
        let finding = Finding {
            finding_details: details,
            finding_type: check.kind,
            issue_code: check.code,
            learn_more_link: check.learn_more_link(),
            locations,
        };
        self.findings.push((first, finding));
    }

    /// The known name that is nearest to `meant`, if one is near, as ` Did you mean …?`; else nothing.
    pub(super) fn did_you_mean<'n>(
        &mut self,
        meant: &str,
        names: impl Iterator<Item = &'n str>,
        before: &str,
    ) -> String {
        self.suggestions += 1;
        if self.suggestions > SUGGESTIONS_MAX {
            return String::new();
        }
        nearest(meant, names).map_or_else(String::new, |name| {
            format!(" Did you mean `{before}{name}`?")
        })
    }

    /// The findings in the order of the text; at one place the worst first.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings
            .sort_by_key(|(first, finding)| (*first, finding.finding_type));
        self.findings
            .into_iter()
            .map(|(_, finding)| finding)
            .collect()
    }
}

/// The name that takes the fewest edits, at most one in three characters.
pub(crate) fn nearest<'n>(meant: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LENGTH_MAX: usize = 128;
    if meant.len() > LENGTH_MAX {
        return None;
    }
    let lower = meant.to_ascii_lowercase();
    let edits = |name: &'n str| {
        let near = name.len().abs_diff(lower.len()) <= lower.len() / 3;
        near.then(|| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase()),
                name,
            )
        })
    };
    let (distance, name) = names.filter_map(edits).min()?;
    (distance <= (lower.len() / 3).max(1)).then_some(name)
}
