//! `cargo xtask codegen --models DIR [--check]`: writes `crates/shapes` from AWS's published models.
//!
//! `DIR` holds botocore's `service-2.json` of each service as `iam.json`, `sts.json` and so on
//! (`scripts/fetch-models.py` puts them there). The same models give the same bytes; `--check` fails if any would change.

#[allow(
    dead_code,
    reason = "the model is whole; each protocol's generator reads its own part of it"
)]
mod model;
mod names;
mod rest;

use std::path::{Path, PathBuf};

/// Reads the models and writes, or with `--check` compares, the generated files.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let at = arguments.iter().position(|argument| argument == "--models");
    let models = at
        .and_then(|at| arguments.get(at + 1))
        .map(PathBuf::from)
        .ok_or("--models DIR is missing; `make codegen` fetches the models and gives it")?;
    for service in ["iam", "sts"] {
        let model = model::Model::load(&models.join(format!("{service}.json")))?;
        for (_, operation) in model.operations.iter() {
            eprintln!(
                "{} {}",
                names::input(&operation.name),
                names::output(&operation.name)
            );
        }
    }
    for service in rest::SERVICES {
        let path = models.join(format!("{}.json", service.module));
        let model = model::Model::load(&path)?;
        for (path, text) in rest::generate(service, &model)? {
            emit(&path, &text, arguments)?;
        }
    }
    Ok(())
}

/// Writes a file under `crates/shapes/src`, or with `--check` compares it.
fn emit(path: &str, text: &str, arguments: &[String]) -> Result<(), String> {
    let full: PathBuf = crate::facts::workspace_root()
        .join("crates/shapes/src")
        .join(path);
    let failed = |error: std::io::Error| format!("{}: {error}", full.display());
    if arguments.iter().any(|argument| argument == "--check") {
        let known = std::fs::read_to_string(&full).map_err(failed)?;
        return if known == text {
            Ok(())
        } else {
            Err(format!("{path} differs from its models"))
        };
    }
    let folder = full.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::write(&full, text).map_err(failed)
}
