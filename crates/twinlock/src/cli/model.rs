//! `twinlock model`: the model of Twinlock's own service, so that the aws CLI and every SDK that loads models can call it.

use std::process::ExitCode;

use clap::Args;
use twinlock_shapes::TWINLOCK_MODEL;

use super::{Outcome, output};

const EXAMPLES: &str = "\
Example, once for the aws CLI and boto3:
  aws configure add-model --service-name twinlock --service-model \"$(twinlock model)\"

Then, with the endpoint and the credentials that `twinlock env` gives:
  aws twinlock revoke-older-sessions --principal-arn arn:aws:iam::111111111111:role/UpdateApp
  aws twinlock revoke-session --access-key-id ASIA…
  aws twinlock list-revocations

Actions to grant: twinlock:RevokeOlderSessions on roles and users, twinlock:RevokeSession, twinlock:ListRevocations.";

/// Print the model.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Model {}

impl Model {
    pub(super) fn run(self) -> Outcome {
        output::print(TWINLOCK_MODEL)?;
        Ok(ExitCode::SUCCESS)
    }
}
