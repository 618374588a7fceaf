//! Every row of the five walkthroughs stands in `docs/walkthroughs.md` with the test that proves it.
//!
//! A row is a line of a Markdown table whose first cell is the row's id and whose last cell names one or more tests of
//! `tests/it` in backticks, or says `later: WHY` or `out of scope: WHY`. The cells between are for people.

use std::collections::{BTreeMap, BTreeSet};

use super::File;

const TABLE: &str = "docs/walkthroughs.md";

/// How many rows each walkthrough has, and how many traps all of them together.
const ROWS: [(&str, usize); 5] = [
    ("000", 42),
    ("001", 24),
    ("002", 19),
    ("003", 14),
    ("004", 9),
];
const TRAPS: usize = 12;

/// A reason shorter than this says nothing.
const REASON_CHARS_MIN: usize = 8;

pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(table) = files.iter().find(|file| file.path == TABLE) else {
        return vec![format!(
            "{TABLE}: missing; it lists every row of the walkthroughs as `| 000-01 | in our words | `test_name` |`"
        )];
    };
    let tests: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.path.starts_with("tests/it/") && file.path.ends_with(".rs"))
        .flat_map(|file| test_names(&file.text))
        .collect();
    let expected = ids();
    let mut seen = BTreeMap::new();
    let mut findings = Vec::new();
    for (number, line) in table.text.lines().enumerate() {
        let Some((id, proof)) = row(line) else {
            continue;
        };
        let mut finding =
            |what: String| findings.push(format!("{TABLE}:{}: {id}: {what}", number + 1));
        if !expected.iter().any(|known| known == id) {
            finding("no walkthrough has such a row".into());
        } else if let Some(first) = seen.insert(id, number + 1) {
            finding(format!("stands already in line {first}"));
        }
        if let Some(what) = fault(proof, &tests) {
            finding(what);
        }
    }
    let missing: Vec<&str> = expected
        .iter()
        .map(String::as_str)
        .filter(|id| !seen.contains_key(id))
        .collect();
    if !missing.is_empty() {
        findings.push(format!(
            "{TABLE}: rows without a line: {}",
            missing.join(", ")
        ));
    }
    findings
}

fn ids() -> Vec<String> {
    let rows = ROWS
        .iter()
        .flat_map(|(text, count)| (1..=*count).map(move |row| format!("{text}-{row:02}")));
    rows.chain((1..=TRAPS).map(|trap| format!("T{trap}")))
        .collect()
}

/// The first and the last cell of a table line whose first cell looks like a row's id. A bar in a cell is written `\|`.
fn row(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let (first, _) = inner.split_once('|')?;
    let (_, last) = inner.rsplit_once('|')?;
    let id = first.trim().trim_matches(['*', '`']);
    let digits = id.strip_prefix('T').unwrap_or(id);
    let is_id = digits.starts_with(|first: char| first.is_ascii_digit());
    is_id.then_some((id, last.trim()))
}

/// What is wrong with the proof of a row, if anything.
fn fault(proof: &str, tests: &BTreeSet<&str>) -> Option<String> {
    for excuse in ["later:", "out of scope:"] {
        if let Some(reason) = proof.strip_prefix(excuse) {
            let says_why = reason.trim().chars().count() >= REASON_CHARS_MIN;
            return (!says_why).then(|| format!("`{excuse}` needs a reason"));
        }
    }
    let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        return Some("name a test in backticks, or say `later: WHY` or `out of scope: WHY`".into());
    }
    let unknown = named
        .iter()
        .find(|name| !tests.contains(name.rsplit("::").next().unwrap_or(name)));
    unknown.map(|name| format!("tests/it has no test `{name}`"))
}

/// The functions that carry a test attribute: `#[test]`, `#[tokio::test]`.
fn test_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            let attribute = line
                .trim_start_matches("#[")
                .split(['(', ']'])
                .next()
                .unwrap_or("");
            is_test |= attribute == "test" || attribute.ends_with("::test");
        } else if !line.is_empty() && !line.starts_with("//") {
            let before_name = line.split_once("fn ");
            if let Some((_, rest)) = before_name.filter(|_| is_test) {
                names.extend(rest.split(['(', '<']).next().map(str::trim));
            }
            is_test = false;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const TESTS: &str = "#[test]\nfn john_is_allowed() {}\n\n/// Not a test.\nfn helper() {}\n#[tokio::test(flavor = \"multi_thread\")]\n// why\nasync fn sri_is_denied() {}\n#[cfg(test)]\nfn other() {}";

    /// A table of all rows, where `proof` gives the last cell.
    fn table(proof: impl Fn(&str) -> String) -> String {
        let line = |id: &String| format!("| {id} | a \\| b | {} |\n", proof(id));
        format!(
            "# Walkthroughs\n\n| row | what | proof |\n| --- | --- | --- |\n{}",
            ids().iter().map(line).collect::<String>()
        )
    }

    fn findings(table: &str) -> Vec<String> {
        check(&[file(TABLE, table), file("tests/it/stories/a.rs", TESTS)])
    }

    #[test]
    fn all_rows_are_known() {
        let ids = ids();
        assert_eq!(ids.len(), 42 + 24 + 19 + 14 + 9 + 12);
        assert_eq!(
            (ids[0].as_str(), ids[107].as_str(), ids[119].as_str()),
            ("000-01", "004-09", "T12")
        );
    }

    #[test]
    fn a_whole_table_passes() {
        let whole = table(|id| match id {
            "000-01" => "`john_is_allowed`, `stories::a::sri_is_denied`".into(),
            "001-24" => "out of scope: billing has no place here".into(),
            _ => "later: the console comes first".into(),
        });
        assert_eq!(findings(&whole), [""; 0]);
    }

    #[test]
    fn each_fault_is_told_with_its_row() {
        for (proof, words) in [
            ("", "name a test"),
            ("later:", "needs a reason"),
            ("out of scope: no", "needs a reason"),
            ("`helper`", "no test `helper`"),
            ("`other`", "no test `other`"),
            ("`john_is_allowed` and `nobody`", "no test `nobody`"),
        ] {
            let faulty = table(|id| {
                if id == "T4" {
                    proof.into()
                } else {
                    "`john_is_allowed`".into()
                }
            });
            let findings = findings(&faulty);
            assert!(
                findings.len() == 1
                    && findings[0].contains(": T4: ")
                    && findings[0].contains(words),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn missing_double_and_unknown_rows_are_found() {
        let whole = table(|_| "`john_is_allowed`".into());
        let missing = whole
            .replace("| 002-05 |", "| later |")
            .replace("| T12 |", "| trap |");
        assert_eq!(
            findings(&missing),
            ["docs/walkthroughs.md: rows without a line: 002-05, T12"]
        );
        let double = findings(&format!("{whole}| 000-01 | again | `john_is_allowed` |\n"));
        assert!(
            double.len() == 1 && double[0].contains("stands already in line 5"),
            "{double:?}"
        );
        let unknown = findings(&format!("{whole}| 004-10 | what | `john_is_allowed` |\n"));
        assert!(
            unknown.len() == 1 && unknown[0].contains("no walkthrough"),
            "{unknown:?}"
        );
        assert!(check(&[])[0].contains("missing"));
    }
}
