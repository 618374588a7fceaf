//! `twinlock serve`.

use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{
    Outcome, flags,
    flags::{Keys, Source},
    output, ready,
};
use crate::{
    config::{Config, LogFormat},
    server::{self, StartOptions},
};

const EXAMPLES: &str = "\
Examples:
  twinlock serve                                   # twinlock.toml, or one new account if there is none
  twinlock serve --config twinlock.example.toml
  twinlock serve --listen 127.0.0.1:0 --json       # a free port; the ready line is one JSON object
  TWINLOCK_DATA_DIR=/var/lib/twinlock twinlock serve

The smallest configuration:
  [[account]]
  id = \"111111111111\"                              # a string: leading zeros count
  name = \"Development\"

Credentials that are not given are generated and shown once. Ctrl-C or SIGTERM stops cleanly; starting again keeps all.";

/// Start the server.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Serve {
    #[command(flatten)]
    source: Source,
    /// Say that the server is ready in one line of JSON
    #[arg(long)]
    json: bool,
    /// Create the users, user groups and buckets that the configuration lists under an account with that account
    #[arg(long)]
    populate: bool,
    #[command(flatten)]
    keys: Keys,
}

impl Serve {
    pub(super) fn run(self) -> Outcome {
        let config = flags::load(&self.source, &self.keys)?;
        serve(
            config,
            self.json,
            self.populate,
            &ready::Invocation::of_serve(self.source.config.as_deref()),
        )
    }
}

/// Serves until a signal comes.
pub(super) fn serve(
    config: Config,
    json: bool,
    populate: bool,
    invocation: &ready::Invocation,
) -> Outcome {
    log(&config);
    for strange in flags::strange_variables(
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
    ) {
        tracing::warn!("{strange}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Listened for before the ready line, so that whoever reads that line may send a signal at once.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let options = StartOptions {
            populate,
            ..StartOptions::default()
        };
        let running = server::start(config.clone(), options).await?;
        let text = if json {
            ready::json(&config, &running)
        } else {
            ready::text(&config, &running, invocation, populate)
        };
        if let Err(error) = output::print(&text) {
            tracing::warn!(%error, "nobody reads the ready line");
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests that run may end");
        tokio::select! {
            stopped = running.stop() => {
                if !stopped? {
                    tracing::warn!("some requests did not end in time");
                }
                Ok(ExitCode::SUCCESS)
            }
            // Asked twice, somebody is in a hurry; every acknowledged change is durable already.
            _ = interrupt.recv() => Ok(ExitCode::from(130)),
        }
    })
}

fn log(config: &Config) {
    // INVARIANT: the configuration's check has parsed this filter.
    let filter = EnvFilter::try_new(&config.log).unwrap_or_default();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // An error means that a logger is there already, as in a test that runs several servers: one is enough.
    let _ = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
