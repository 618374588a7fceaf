//! `cargo xtask codegen --models DIR [--check]`: writes `crates/shapes` from AWS's published models.
//!
//! `DIR` holds botocore's `service-2.json` of each service as `iam.json`, `sts.json` and so on
//! (`xtask/codegen.sh` puts them there). The same models give the same bytes; `--check` fails if any would change.

mod known;
#[allow(
    dead_code,
    reason = "the model is whole; each protocol's generator reads its own part of it"
)]
mod model;
mod names;
mod patterns;
mod rest;
mod rust;
mod typed;

use std::path::PathBuf;

use crate::facts::workspace_root;

/// The services whose messages are one document: module and title.
const TYPED: &[(&str, &str)] = &[
    ("iam", "IAM"),
    ("sts", "STS"),
    ("organizations", "Organizations"),
];

/// The model of Twinlock's own service, written by hand: its clients load it as they load AWS's.
const OWN: &str = "crates/shapes/twinlock/service-2.json";

/// Reads the models and writes, or with `--check` compares, the generated files.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let at = arguments.iter().position(|argument| argument == "--models");
    let models = at
        .and_then(|at| arguments.get(at + 1))
        .map(PathBuf::from)
        .ok_or("--models DIR is missing; `make codegen` fetches the models and gives it")?;
    let check = arguments.iter().any(|argument| argument == "--check");
    let load = |name: &str| model::Model::load(&models.join(format!("{name}.json")));
    let own = workspace_root().join(OWN);
    let mut files = rust::Files::default();
    let mut folders = Vec::new();
    for (name, title) in TYPED {
        typed::service(&mut files, name, title, &load(name)?)?;
        folders.push(format!("crates/shapes/src/{name}"));
    }
    typed::service(
        &mut files,
        "twinlock",
        "Twinlock",
        &model::Model::load(&own)?,
    )?;
    folders.push("crates/shapes/src/twinlock".to_owned());
    files.text(
        "crates/shapes/src/known/services.txt".to_owned(),
        known::table(&models)?,
    );
    for service in rest::SERVICES {
        for (path, text) in rest::generate(service, &load(service.module)?)? {
            files.text(format!("crates/shapes/src/{path}"), text);
        }
        folders.push(format!("crates/shapes/src/{}", service.module));
    }
    files.finish(&workspace_root(), &folders, check)
}
