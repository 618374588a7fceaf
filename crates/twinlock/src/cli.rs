//! The commands. Each is a thin wrapper: it reads flags, calls the library, and prints; nothing is decided here.
//!
//! This is the only part that prints. Standard output carries what was asked for, standard error what went wrong and the log. A
//! reader that goes away (`| head`) ends the command quietly, as it does any tool in a pipe.

mod demo;
mod env;
mod explain;
mod flags;
mod model;
mod output;
mod policy;
mod ready;
mod serve;
#[cfg(test)]
mod tests;

use std::{io, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

const ABOUT: &str = "A self-hosted, AWS-compatible multi-account identity service with S3.";

const TEACH: &str = "\
Two accounts in two minutes:
  twinlock serve --config twinlock.example.toml          # start; prints endpoint, credentials, next commands
  eval \"$(twinlock env --config twinlock.example.toml Development)\"
  aws sts get-caller-identity                            # any AWS client, unchanged

Follow a cross-account tutorial on its own account ids:
  twinlock demo 3

Check a policy before anyone depends on it:
  twinlock policy validate --type trust trust-policy.json
  twinlock policy summary policy.json

`twinlock COMMAND --help` teaches each command with examples.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "twinlock", version, about = ABOUT, after_help = TEACH, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Print the variables or the profile text that let the aws CLI and SDKs call the server
    Env(env::Env),
    /// Evaluate, validate or sum up policies, without a server
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Start a server for one of the five walkthroughs, with its accounts, users and bucket
    Demo(demo::Demo),
    /// Print the model with which the aws CLI and SDKs call Twinlock's own operations: revoking sessions
    Model(model::Model),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example, for bash:\n  twinlock completions bash > ~/.local/share/bash-completion/completions/twinlock"
    )]
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

/// Why a command failed; `Display` is what standard error shows.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is refused.
    #[error("{0}")]
    Config(#[from] crate::config::ConfigError),
    /// The server does not start, or does not stop cleanly.
    #[error("{0}")]
    Server(#[from] crate::server::StartError),
    /// Reading or printing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Anything else, in words for the user.
    #[error("{0}")]
    Usage(String),
}

/// What a command comes to: its exit status.
type Outcome = Result<ExitCode, Failure>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are no errors. If nobody reads them any more, there is nobody to tell.
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Env(command) => command.run(),
        Command::Policy(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Model(command) => command.run(),
        Command::Completions { shell } => completions(shell),
    };
    match outcome {
        Ok(status) => status,
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "twinlock", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
