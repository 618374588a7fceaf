//! `twinlock policy explain`: why a request is decided as it is, and what would allow it, without a server.

use std::{
    io::{self, Read},
    process::ExitCode,
};

use clap::Args;
use twinlock_policy::batch;

use super::{Outcome, output};

/// A request with its policies has at most as many bytes as a line of a batch.
const REQUEST_BYTES_MAX: u64 = 16 << 20;

/// The exit status for a request that could not be read.
const UNREADABLE: u8 = 2;

const EXAMPLES: &str = r#"Example:
  echo '{"principal":"arn:aws:iam::111111111111:user/David","action":"s3:GetObject",
  "resource":"arn:aws:s3:::productionapp/index.html","resourceAccount":"111111111111","context":{},
  "identityPolicies":[{"name":"p","document":{"Version":"2012-10-17","Statement":
  {"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::otherapp/*"}}}]}' | twinlock policy explain

The request is an object as `twinlock policy eval --batch` reads it, over any number of lines.
Exit status: 0 the request is allowed, 1 it is denied, 2 it could not be read."#;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Leave out what this account may not know: the other side's policies, and whether a role is there
    #[arg(long, value_name = "ACCOUNT")]
    seen_by: Option<String>,
}

impl Explain {
    pub(super) fn run(self) -> Outcome {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(REQUEST_BYTES_MAX + 1)
            .read_to_string(&mut text)?;
        let mut explanation = match batch::explain(&text) {
            Ok(explanation) => explanation,
            Err(error) => {
                output::complain(&error);
                return Ok(ExitCode::from(UNREADABLE));
            }
        };
        if self.seen_by.is_some() {
            explanation = explanation.for_caller(self.seen_by.as_deref());
        }
        if self.json {
            let json = serde_json::to_string_pretty(&explanation).map_err(io::Error::other)?;
            output::line(&json)?;
        } else {
            output::print(&explanation.to_string())?;
        }
        Ok(ExitCode::from(u8::from(!explanation.decision.allowed())))
    }
}
