//! `twinlock policy`: the policy language without a server.

mod summary;
mod validate;

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use twinlock_policy::batch;

use super::{Failure, Outcome};

#[cfg(test)]
pub(super) use summary::table;
#[cfg(test)]
pub(super) use validate::{Judged, Kind, judge};

/// A policy file of more bytes is not read: the largest kind that AWS takes has 20 KiB.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Decide requests: one JSON request a line on standard input, one decision a line on standard output
    Eval(Eval),
    /// Tell why a request is allowed or denied, and what is the least that would allow it
    Explain(super::explain::Explain),
    /// Tell what is wrong, dangerous or useless in policies, with line, column and what to do
    Validate(validate::Validate),
    /// Show what policies allow and deny, service by service, and what in them has no effect
    Summary(summary::Summary),
}

const EVAL_EXAMPLES: &str = r#"Example:
  echo '{"id":"1","principal":"arn:aws:iam::111111111111:user/David","action":"s3:GetObject",
  "resource":"arn:aws:s3:::productionapp/index.html","resourceAccount":"111111111111","context":{},
  "identityPolicies":[{"name":"p","document":{"Version":"2012-10-17","Statement":
  {"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}}]}' | tr -d '\n' | twinlock policy eval --batch

Exit status: 0 every line was decided, 1 some lines were malformed, 2 input or output failed."#;

#[derive(Debug, Args)]
#[command(after_help = EVAL_EXAMPLES)]
pub(super) struct Eval {
    /// Read many requests, one a line (the only way for now, so it must be given)
    #[arg(long, required = true)]
    batch: bool,
}

impl Policy {
    pub(super) fn run(self) -> Outcome {
        match self {
            Policy::Eval(Eval { batch: _ }) => Ok(ExitCode::from(batch::run(
                io::stdin().lock(),
                io::stdout().lock(),
            ))),
            Policy::Explain(command) => command.run(),
            Policy::Validate(command) => command.run(),
            Policy::Summary(command) => command.run(),
        }
    }
}

/// The files to read: standard input, where none is named.
fn inputs(files: &[PathBuf]) -> Vec<PathBuf> {
    if files.is_empty() {
        vec![PathBuf::from("-")]
    } else {
        files.to_vec()
    }
}

/// How messages call the file.
fn name_of(file: &Path) -> String {
    if file.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)?;
    } else {
        fs::File::open(file)?
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::Usage("too large to be a policy".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        Failure::Usage(format!("line {line} is not UTF-8"))
    })
}
