//! `cargo xtask tidy`: what must hold for the sources as a whole, which neither the compiler nor clippy can see.
//!
//! - [`arrows`]: crates depend on each other in one direction only, and only `gate` makes a `Permit`;
//! - [`sources`]: no overlong file, no unfinished mark, no path of somebody's machine, no I/O in `policy`;
//! - [`walkthroughs`]: every row of the walkthroughs has a test, or a reason why it has none yet.
//!
//! Each check takes texts and returns findings, so that its tests need no files. `.ci/run` runs them all.

mod arrows;
mod sources;
mod walkthroughs;

use std::path::Path;

/// A file of the project: its path from the root with forward slashes, and its text.
struct File {
    path: String,
    text: String,
}

/// Folders that are not ours to check.
const SKIPPED: [&str; 6] = [
    "target",
    ".git",
    ".venv",
    "twinlock-data",
    "__pycache__",
    "node_modules",
];

/// Runs every check and prints every finding; fails if there is one.
pub(crate) fn run(_arguments: &[String]) -> Result<(), String> {
    let root = crate::facts::workspace_root();
    let mut files = Vec::new();
    collect(&root, "", &mut files)?;
    let findings = findings(&files);
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("1 finding".into()),
        many => Err(format!("{many} findings")),
    }
}

fn findings(files: &[File]) -> Vec<String> {
    [
        arrows::check(files),
        sources::check(files),
        walkthroughs::check(files),
    ]
    .concat()
}

/// Reads every text file below a folder, in order of names. What is not UTF-8 is data, and passed over.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = std::fs::read_dir(folder)
        .map_err(fault)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(fault)?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if kind.is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            files.push(File {
                path: format!("{prefix}{name}"),
                text,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
