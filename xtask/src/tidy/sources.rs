//! Rules for single files: their length, what must not be left in them, and what a pure crate must not do.

use super::File;

const LINES_MAX: usize = 700;

/// Marks of unfinished work, in Rust sources. Written in two parts, so that this file passes its own check.
const MARKS: [&str; 4] = [
    concat!("todo", "!("),
    concat!("dbg", "!("),
    concat!("unimplemented", "!("),
    concat!("#[", "ignore"),
];

/// Where one machine keeps its things: no one else has these folders.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/h/"),
];

/// `policy` is pure: what it would need for I/O, a clock or async. Its batch mode gets a reader and a writer handed in, and
/// the address types of `std::net` are values like any other.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime",
    "Instant::now",
    "async fn",
    "tokio",
];

pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let rust = file.path.ends_with(".rs");
        let generated = file.path.starts_with("crates/shapes/");
        let lines = file.text.lines().count();
        if rust && !generated && lines > LINES_MAX {
            findings.push(format!(
                "{}: {lines} lines; split it by subject, at most {LINES_MAX}",
                file.path
            ));
        }
        for (number, line) in file.text.lines().enumerate() {
            let found = |what: String| format!("{}:{}: {what}", file.path, number + 1);
            if rust && let Some(mark) = MARKS.iter().find(|mark| line.contains(**mark)) {
                findings.push(found(format!("`{mark}` marks unfinished work")));
            }
            if let Some(path) = MACHINE_PATHS.iter().find(|path| names_path(line, path)) {
                findings.push(found(format!("`{path}` exists on one machine only")));
            }
            if file.path.starts_with("crates/policy/src/")
                && let Some(impure) = IMPURE.iter().find(|impure| code(line).contains(**impure))
            {
                findings.push(found(format!(
                    "`policy` does no I/O, has no clock and no async: `{impure}`"
                )));
            }
        }
    }
    findings
}

fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Whether an absolute path begins here: the same letters within a longer path or an S3 key are none.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| before.is_whitespace() || "\"'`(=:,<[".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_long_file_is_found_unless_it_is_generated() {
        let long = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(check(&[file("crates/s3/src/a.rs", &long)]).len(), 1);
        assert_eq!(
            check(&[file("crates/s3/src/a.rs", &"x\n".repeat(LINES_MAX))]).len(),
            0
        );
        assert_eq!(check(&[file("crates/shapes/src/s3.rs", &long)]).len(), 0);
        assert_eq!(check(&[file("docs/coverage.md", &long)]).len(), 0);
    }

    #[test]
    fn marks_of_unfinished_work_are_found_with_their_line() {
        for mark in MARKS {
            let findings = check(&[file("tests/it/a.rs", &format!("//! x\n    {mark}"))]);
            assert!(findings[0].starts_with("tests/it/a.rs:2:"), "{findings:?}");
            assert_eq!(check(&[file("docs/a.md", mark)]).len(), 0);
        }
    }

    #[test]
    fn machine_paths_are_found_in_any_text_but_not_within_keys() {
        for path in MACHINE_PATHS {
            assert_eq!(
                check(&[file("README.md", &format!("see `{path}x`"))]).len(),
                1,
                "{path}"
            );
            assert_eq!(
                check(&[file("README.md", &format!("{path}x"))]).len(),
                1,
                "{path}"
            );
            assert_eq!(
                check(&[file("README.md", &format!("s3://bucket{path}x"))]).len(),
                0,
                "{path}"
            );
        }
    }

    #[test]
    fn policy_stays_pure() {
        let text = "// std::fs is not for us\nuse std::fs;\nuse std::net::IpAddr;";
        let findings = check(&[file("crates/policy/src/a.rs", text)]);
        assert!(
            findings.len() == 1 && findings[0].starts_with("crates/policy/src/a.rs:2:"),
            "{findings:?}"
        );
        assert_eq!(check(&[file("crates/objects/src/a.rs", text)]).len(), 0);
    }
}
