//! The house's arrows: which crate may use which, and who makes a `Permit`.
//!
//! The compiler refuses cycles only; a crate low in the house that reaches for one beside it would compile. Development
//! dependencies are free: a test may look at anything.

use toml::{Table, Value};

use super::File;

/// Each crate of ours and those it may use. The table of ARCHITECTURE.md is the same, with the reasons.
const ARROWS: &[(&str, &[&str])] = &[
    ("policy", &[]),
    ("wire", &[]),
    ("objects", &[]),
    ("shapes", &["wire"]),
    ("directory", &["policy"]),
    ("gate", &["directory", "objects", "policy", "wire"]),
    (
        "identity",
        &["gate", "directory", "policy", "shapes", "wire"],
    ),
    (
        "s3",
        &["gate", "directory", "objects", "policy", "shapes", "wire"],
    ),
    // The console calls operations typed, with the signed-in caller: it knows no wire.
    (
        "console",
        &["identity", "s3", "gate", "directory", "policy", "shapes"],
    ),
    (
        "twinlock",
        &[
            "console",
            "identity",
            "s3",
            "gate",
            "directory",
            "objects",
            "shapes",
            "wire",
            "policy",
        ],
    ),
    ("xtask", &[]),
    ("spec", &["policy"]),
];

pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        if file.path.ends_with("/Cargo.toml") {
            findings.extend(manifest(file));
        }
        if file.path.ends_with(".rs") {
            findings.extend(permits(file));
        }
    }
    findings
}

fn manifest(file: &File) -> Vec<String> {
    let table: Table = match file.text.parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("{}: {error}", file.path)],
    };
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str)
        .unwrap_or("");
    let mut findings = Vec::new();
    let inherits = table
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    if inherits != Some(true) {
        findings.push(format!(
            "{}: add `[lints] workspace = true`; without it unsafe code and unwrap pass",
            file.path
        ));
    }
    // Tests, benches and fuzz targets stand above the house and see all of it.
    if !file.path.starts_with("crates/")
        && !matches!(short(name), Some("spec") | None)
        && name != "xtask"
    {
        return findings;
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| Some(*known) == short(name)) else {
        if file.path.starts_with("crates/") {
            findings.push(format!("{}: crate `{name}` is not in the table of arrows (xtask/src/tidy/arrows.rs, ARCHITECTURE.md)", file.path));
        }
        return findings;
    };
    for used in ours(&table) {
        if !allowed.contains(&used.as_str()) {
            findings.push(format!("{}: `{name}` must not use `twinlock-{used}`: arrows point down only (ARCHITECTURE.md)", file.path));
        }
    }
    findings
}

/// `policy` for `twinlock-policy`; the binary and xtask are named as they are.
fn short(package: &str) -> Option<&str> {
    match package {
        "twinlock" | "xtask" => Some(package),
        _ => package.strip_prefix("twinlock-"),
    }
}

/// The crates of ours among the normal and build dependencies, those for one platform included.
fn ours(manifest: &Table) -> Vec<String> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let tables = std::iter::once(manifest).chain(
        platforms
            .into_iter()
            .flat_map(|all| all.values())
            .filter_map(Value::as_table),
    );
    let mut found = Vec::new();
    for table in tables {
        for kind in ["dependencies", "build-dependencies"] {
            let Some(dependencies) = table.get(kind).and_then(Value::as_table) else {
                continue;
            };
            for (key, value) in dependencies {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                found.extend(
                    short(package)
                        .filter(|_| package != "xtask")
                        .map(str::to_owned),
                );
            }
        }
    }
    found
}

/// Lines outside `gate` that build a `Permit`. Its fields are private, so that this can only mean a second `Permit`, or one
/// made public by mistake.
fn permits(file: &File) -> Vec<String> {
    if !file.path.starts_with("crates/") || file.path.starts_with("crates/gate/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        if code
            .match_indices("Permit {")
            .any(|(at, _)| builds(&code[..at]))
            || code.contains("struct Permit<")
        {
            findings.push(format!(
                "{}:{}: only `gate` makes a `Permit`",
                file.path,
                number + 1
            ));
        }
    }
    findings
}

/// Whether the text before `Permit {` leaves it an expression or a definition, rather than the end of a signature, an `impl`, or a longer name.
fn builds(before: &str) -> bool {
    let longer_name = before.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    let before = before
        .trim_end_matches(|last: char| last.is_alphanumeric() || matches!(last, '_' | ':'))
        .trim_end();
    !longer_name
        && !before.ends_with("->")
        && !before.ends_with(" for")
        && !before.ends_with("impl")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn manifest_of(name: &str, dependencies: &str) -> Vec<String> {
        let text =
            format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{dependencies}");
        check(&[file("crates/x/Cargo.toml", &text)])
    }

    #[test]
    fn an_arrow_down_passes_and_one_up_or_aside_does_not() {
        let none: [&str; 0] = [];
        assert_eq!(
            manifest_of(
                "twinlock-gate",
                "[dependencies]\ntwinlock-policy.workspace = true\nhttp = \"1\""
            ),
            none
        );
        assert_eq!(
            manifest_of(
                "twinlock-policy",
                "[dev-dependencies]\ntwinlock-gate.workspace = true"
            ),
            none
        );
        assert_eq!(
            manifest_of("twinlock", "[dependencies]\ntwinlock-gate.workspace = true"),
            none
        );
        for (name, dependencies) in [
            (
                "twinlock-policy",
                "[dependencies]\ntwinlock-wire.workspace = true",
            ),
            (
                "twinlock-directory",
                "[dependencies.twinlock-gate]\nworkspace = true",
            ),
            (
                "twinlock-objects",
                "[target.'cfg(unix)'.dependencies]\ntwinlock-policy.workspace = true",
            ),
            (
                "twinlock-wire",
                "[dependencies]\ninnocent = { package = \"twinlock-policy\", path = \"../policy\" }",
            ),
            (
                "twinlock-console",
                "[build-dependencies]\ntwinlock-wire.workspace = true",
            ),
            (
                "twinlock-gate",
                "[dependencies]\ntwinlock = { path = \"../twinlock\" }",
            ),
        ] {
            let findings = manifest_of(name, dependencies);
            assert_eq!(findings.len(), 1, "{name}: {findings:?}");
            assert!(findings[0].contains("must not use"), "{findings:?}");
        }
    }

    #[test]
    fn a_crate_outside_the_table_or_without_the_lints_is_found() {
        assert!(manifest_of("twinlock-extra", "")[0].contains("not in the table"));
        let findings = check(&[file(
            "crates/wire/Cargo.toml",
            "[package]\nname = \"twinlock-wire\"",
        )]);
        assert!(findings[0].contains("[lints]"), "{findings:?}");
        let tests = "[package]\nname = \"twinlock-tests\"\n[lints]\nworkspace = true\n[dependencies]\ntwinlock-gate.workspace = true";
        assert_eq!(check(&[file("tests/Cargo.toml", tests)]).len(), 0);
    }

    #[test]
    fn only_gate_makes_a_permit() {
        let forged = "fn f() -> Permit {\n    Permit { operation: 1 }\n}\nimpl Clone for Permit {}\nlet x = gate::Permit { a };\nlet y = LongPermit { b };";
        let findings = check(&[file("crates/s3/src/lib.rs", forged)]);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(
            findings[0].starts_with("crates/s3/src/lib.rs:2:")
                && findings[1].starts_with("crates/s3/src/lib.rs:5:")
        );
        assert_eq!(check(&[file("crates/gate/src/lib.rs", forged)]).len(), 0);
    }
}
