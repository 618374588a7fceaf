//! Start-up in its order, housekeeping, and stopping.
//!
//! Start: open the directory and the objects side by side, finish what a crash interrupted, create the accounts that are missing, listen.
//! Only then are passwords hashed, because argon2 is slow by design and nobody should wait for it to make an API call.
//! While running, what may be lost in a power cut but not in a restart (last uses, the last seen time) is written every
//! ten seconds, and once more when stopping. Everything else is durable before it is acknowledged, so that there is nothing to
//! save: SIGKILL at any instant is a valid way to stop.

mod accounts;
mod keys;
mod services;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use twinlock_console::Console;
use twinlock_directory::{BucketState, Directory, MasterKey, Random, SystemRandom};
use twinlock_gate::{
    Clock, Gate, Settings, World, audit::Audit, metrics::Metrics, proof::issuers::Issuers,
    token::Tokens,
};
use twinlock_objects::Objects;
use twinlock_wire::sigv4::SigningKeys;

use crate::{
    config::Config,
    door::{Door, House, Limits, Own, tls},
};

pub use accounts::NewAccount;
pub use services::SERVICES;

/// How often what is not durable at once is written.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
/// How long requests may take to end when the server stops.
pub const DRAIN: Duration = Duration::from_secs(10);

/// What a test or a command decides, rather than the operator.
#[derive(Default)]
pub struct StartOptions {
    /// Another clock than the system's.
    pub clock: Option<Clock>,
    /// Another source of ids and secrets than the system's.
    pub random: Option<Box<dyn Random>>,
    /// With each account that is created, create the users, user groups and buckets listed under it, too.
    pub populate: bool,
    /// Other limits of the door than the default ones.
    pub limits: Option<Limits>,
}

impl std::fmt::Debug for StartOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StartOptions")
            .field("populate", &self.populate)
            .finish_non_exhaustive()
    }
}

/// Why a server does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory cannot be opened.
    #[error("{0}")]
    Directory(#[from] twinlock_directory::OpenError),
    /// A change at start could not be written.
    #[error("the data directory cannot be written: {0}")]
    Commit(#[from] twinlock_directory::CommitError),
    /// The master key is unusable, or what is sealed under it.
    #[error("{0}")]
    Key(#[from] twinlock_directory::SealError),
    /// The object store cannot be opened.
    #[error("the object store in `{path}`: {error}")]
    Objects {
        /// The data directory.
        path: String,
        /// What is wrong.
        error: twinlock_objects::Error,
    },
    /// A certificate or key is unusable.
    #[error("{0}")]
    Tls(#[from] tls::TlsError),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {error}{}", match error.kind() {
        std::io::ErrorKind::AddrInUse => "; another server has the port: stop it, or choose another with --listen 127.0.0.1:0",
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege",
        _ => "",
    })]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// An account of the configuration contradicts what the data directory holds.
    #[error("account `{account}` cannot be created: {reason}")]
    Account {
        /// The account's id.
        account: String,
        /// What stands against it.
        reason: String,
    },
}

/// A server that runs in this process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the real port.
    pub addr: SocketAddr,
    /// Where clients reach it, without a final slash.
    pub endpoint: String,
    /// Accounts that this start created, with the credentials to be shown once.
    pub created: Vec<NewAccount>,
    world: Arc<World>,
    stop: watch::Sender<bool>,
    door: JoinHandle<bool>,
    housekeeping: JoinHandle<()>,
    passwords: JoinHandle<()>,
}

/// Starts a server; it answers when this returns. Must be called within a Tokio runtime.
///
/// # Errors
/// See [`StartError`].
pub async fn start(config: Config, options: StartOptions) -> Result<Running, StartError> {
    let tls = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        _ => None,
    };
    let directory_options = twinlock_directory::Options {
        external_accounts: config.external_accounts.iter().copied().collect(),
        master_key: MasterKey::from_env()?,
        quotas: config.quotas.clone(),
        now: options
            .clock
            .as_ref()
            .map_or_else(|| Clock::system(0).now(), Clock::now),
    };
    let (directory, objects) = open(&config, directory_options)?;
    let clock = options
        .clock
        .unwrap_or_else(|| Clock::system(directory.last_seen_time()));
    let tokens = Tokens::new(keys::token_keys(&directory, clock.now()).await?);
    finish_deletions(&directory, &objects).await?;
    let random = options.random.unwrap_or_else(|| Box::new(SystemRandom));
    let (created, unfinished) = accounts::create(
        &config,
        options.populate,
        &directory,
        &objects,
        &*random,
        clock.now(),
    )
    .await?;
    // Listening comes last of what can fail for a reason on this machine, so that a port is never taken in vain.
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| StartError::Listen {
            address: config.listen,
            error,
        })?;
    let addr = listener.local_addr().map_err(|error| StartError::Listen {
        address: config.listen,
        error,
    })?;
    let endpoint = config.endpoint(addr.port());
    let world = Arc::new(World {
        directory,
        objects,
        tokens,
        issuers: Issuers::new(config.oidc_providers.clone()),
        signing_keys: SigningKeys::new(),
        clock,
        random,
        audit: Audit::default(),
        metrics: Metrics::default(),
        settings: Settings {
            region: config.region.clone(),
            s3_domains: config.s3_domains.clone(),
            public_url: endpoint.clone(),
        },
    });
    let metrics = world.clone();
    let (passwords_done, passwords_ready) = watch::channel(false);
    let console = Arc::new(Console::new(world.clone(), passwords_ready));
    let door = Door {
        handler: House {
            gate: Gate::new(world.clone(), SERVICES),
            console: console.clone(),
        },
        own: Own::new(config.s3_domains.clone(), move || metrics.metrics.render()),
        tls,
        trusted_proxies: config.trusted_proxies.clone(),
        limits: options.limits.unwrap_or_default(),
    };
    let (stop, stopped) = watch::channel(false);
    let door = tokio::spawn(door.serve(listener, stopped, DRAIN));
    let housekeeping = tokio::spawn(housekeeping(world.clone(), console));
    let hashing = accounts::hash_passwords(world.clone(), unfinished);
    let passwords = tokio::spawn(async move {
        hashing.await;
        passwords_done.send_replace(true);
    });
    Ok(Running {
        addr,
        endpoint,
        created,
        world,
        stop,
        door,
        housekeeping,
        passwords,
    })
}

/// Opens identities and objects side by side: most of it is waiting for the disk.
fn open(
    config: &Config,
    options: twinlock_directory::Options,
) -> Result<(Directory, Objects), StartError> {
    std::thread::scope(|scope| {
        let objects =
            scope.spawn(|| Objects::open(&config.data_dir, &twinlock_objects::Options::default()));
        // Another server that holds the data is told by the directory, which knows how to say it.
        let directory = Directory::open(&config.data_dir, options);
        let objects = match objects.join() {
            Ok(objects) => objects,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let directory = directory?;
        let objects = objects.map_err(|error| StartError::Objects {
            path: config.data_dir.display().to_string(),
            error,
        })?;
        Ok((directory, objects))
    })
}

impl Running {
    /// What the server stands on, for tests: its clock, its directory, its audit ring.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Waits until every password of a first start can be signed in with.
    pub async fn passwords_ready(&mut self) {
        if !self.passwords.is_finished() {
            let _ = (&mut self.passwords).await;
        }
    }

    /// Lets the requests that run end, writes what is to be written, and lets go of port and data. Answers whether every
    /// request ended in time.
    ///
    /// # Errors
    /// The last writing failed.
    pub async fn stop(mut self) -> Result<bool, StartError> {
        let _ = self.stop.send(true);
        let drained = (&mut self.door).await.unwrap_or(false);
        self.passwords_ready().await;
        self.housekeeping.abort();
        let _ = self.housekeeping.await;
        let now = self.world.clock.now();
        self.world.directory.put_last_seen_time(now).await?;
        self.world.directory.close().await?;
        Ok(drained)
    }
}

/// Writes what is not written at once, for as long as the server runs.
async fn housekeeping(world: Arc<World>, console: Arc<Console>) {
    // Leftovers of buckets that are gone. It may take a while and nobody waits for it.
    if let Err(error) = world.objects.sweep_closed().await {
        tracing::warn!(%error, "what deleted buckets left could not be cleared away");
    }
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if let Err(error) = world.directory.flush_last_used().await {
            tracing::warn!(%error, "last uses could not be written; they will be with the next try");
        }
        if let Err(error) = world.directory.put_last_seen_time(world.clock.now()).await {
            tracing::warn!(%error, "the time could not be written");
        }
        console.sweep();
        if let Err(error) = world.sweep_bars().await {
            tracing::warn!(%error, "what is barred no longer could not be cleared away");
        }
        if let Err(error) = keys::rotate(&world.directory, &world.tokens, world.clock.now()).await {
            tracing::warn!(%error, "the keys of temporary credentials could not be changed; they serve on");
        }
    }
}

/// Finishes each DeleteBucket that a crash cut off between closing the bucket's id and removing its row.
async fn finish_deletions(directory: &Directory, objects: &Objects) -> Result<(), StartError> {
    let snapshot = directory.published();
    for bucket in snapshot
        .buckets()
        .filter(|bucket| bucket.state == BucketState::Deleting)
    {
        let closed = objects.close_bucket_if_empty(&bucket.id).await;
        let turn = directory.turn();
        let mut batch = turn.batch();
        match closed {
            Ok(()) => batch.delete_row(bucket.clone()),
            Err(twinlock_objects::Error::NotEmpty) => {
                // The deletion had not been acknowledged; the bucket is in use as before.
                let mut active = (**bucket).clone();
                active.state = BucketState::Active;
                batch.put(active);
            }
            Err(error) => {
                tracing::error!(bucket = bucket.name, %error, "a half-done deletion could not be finished");
                continue;
            }
        }
        let pending = turn.commit(batch);
        pending.await?;
    }
    Ok(())
}
