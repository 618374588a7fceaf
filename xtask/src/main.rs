//! Chores of the project, run as `cargo xtask NAME`.
//!
//! Each chore is a module with a `run(arguments) -> Result<(), String>`, listed once in [`CHORES`].

mod codegen;
mod facts;
mod tidy;

use std::process::ExitCode;

/// A chore: its name, one line of help, and what does it.
type Chore = (
    &'static str,
    &'static str,
    fn(&[String]) -> Result<(), String>,
);

const CHORES: &[Chore] = &[
    (
        "codegen",
        "--models DIR [--check]: write crates/shapes from AWS's published models",
        codegen::run,
    ),
    (
        "facts",
        "--moto DIR --iam-data DIR --dependents DIR: pack AWS's managed policies and authorisation reference",
        facts::run,
    ),
    (
        "tidy",
        "check the architecture's invariants and the walkthrough table",
        tidy::run,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("", String::as_str);
    let Some((_, _, chore)) = CHORES.iter().find(|(known, _, _)| *known == name) else {
        eprintln!("usage: cargo xtask CHORE\n");
        for (name, help, _) in CHORES {
            eprintln!("  {name:<10} {help}");
        }
        return ExitCode::from(2);
    };
    match chore(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{name}: {message}");
            ExitCode::FAILURE
        }
    }
}
