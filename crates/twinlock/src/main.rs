//! The command line of Twinlock; see `cli.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    twinlock::cli::main()
}
