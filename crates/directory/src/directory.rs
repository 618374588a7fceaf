//! The directory as a running thing: what is published, what is head, who may write.
//!
//! Two snapshots exist. *Published* is durable; readers load it without a lock. *Head* is published plus the batches whose
//! transaction is still being written; writers, one at a time, make their changes from it. So a writer never waits for the
//! disk of the one before, hundreds of changes share one fsync, and nothing is seen or acknowledged that a crash could
//! take back. If a write fails, head falls back to published and everyone waiting is told.

mod asides;
mod committer;
mod identity;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    task::{Context, Poll},
    thread::JoinHandle,
};

use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use self::committer::Job;
use crate::{
    attempts::Attempts,
    batch::Batch,
    last_used::LastUsed,
    model::{AccountId, Millis, Row, RowKey},
    quotas::Quotas,
    sealer::{MasterKey, SealError, Sealer},
    secret,
    snapshot::{IntegrityError, Snapshot},
    store::{Embedded, Loaded, Memory, Store, StoreError},
};

/// The file in the data directory that holds the rows.
const DATA_FILE: &str = "directory.redb";
/// The file in the data directory that holds the master key, unless the key is given otherwise.
const KEY_FILE: &str = "master.key";

/// What a directory is opened with.
#[derive(Debug, Default)]
pub struct Options {
    /// Accounts elsewhere that policies may name.
    pub external_accounts: BTreeSet<AccountId>,
    /// The master key, if it does not lie in the data directory (see [`MasterKey::from_env`]).
    pub master_key: Option<MasterKey>,
    /// The quotas of this server.
    pub quotas: Quotas,
    /// What time it is; durable as the last seen time before the directory is open, if it is later than the one there.
    pub now: Millis,
}

/// Why a directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no usable master key.
    #[error(transparent)]
    Key(#[from] SealError),
    /// The data is sealed under another master key.
    #[error(
        "this is not the master key that the data was sealed under: give the one it was started with first"
    )]
    WrongMasterKey,
    /// A row cannot be read.
    #[error("the row `{key}` cannot be read: {error}")]
    Row {
        /// Its key.
        key: String,
        /// What is wrong with it.
        error: String,
    },
    /// The rows contradict each other.
    #[error("the data contradicts itself: {0}")]
    Integrity(#[from] IntegrityError),
    /// The data directory cannot be used.
    #[error("the data directory `{path}`: {error}")]
    Folder {
        /// The folder.
        path: String,
        /// What the operating system said.
        error: std::io::Error,
    },
}

/// Why a change did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The batch would break a rule; a bug in the operation that made it.
    #[error(transparent)]
    Integrity(#[from] IntegrityError),
    /// The store could not write it. It did not happen.
    #[error("the change could not be written: {0}")]
    Store(StoreError),
    /// A change before it, which it was made from, could not be written. It did not happen and may be tried again.
    #[error("an earlier change could not be written, so this one did not happen either")]
    Overtaken,
    /// The directory is closing.
    #[error("the directory is closing")]
    Closed,
}

/// All identity state, opened.
pub struct Directory {
    shared: Arc<Shared>,
    last_used: LastUsed,
    attempts: Attempts,
    quotas: Quotas,
    sealer: Sealer,
    /// Small durable values beside the snapshot, as they are stored.
    meta: Mutex<BTreeMap<String, Vec<u8>>>,
    identity: String,
    identity_is_new: bool,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// What writers and the committer share.
struct Shared {
    published: ArcSwap<Snapshot>,
    head: Mutex<Head>,
}

/// What the writer's turn guards. Batches are queued under the lock, so that they reach the committer in the order in
/// which head took them.
struct Head {
    snapshot: Arc<Snapshot>,
    queue: mpsc::Sender<Job>,
}

impl Directory {
    /// Opens the directory in the folder `dir`, making what is missing there: the folder itself, the data file, the master
    /// key. Policies are not compiled yet.
    ///
    /// # Errors
    /// See [`OpenError`]; each says what to do.
    pub fn open(dir: &Path, options: Options) -> Result<Directory, OpenError> {
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .recursive(true)
            .create(dir)
            .map_err(|error| folder_error(dir, error))?;
        // The data file first: whoever holds it is alone here, also in making a key.
        let mut store = Embedded::open(&dir.join(DATA_FILE))?;
        let loaded = store.load()?;
        let key = match &options.master_key {
            Some(key) => key.clone(),
            None => {
                let is_new = loaded.rows.is_empty() && loaded.asides.is_empty();
                MasterKey::from_file(&dir.join(KEY_FILE), is_new)?
            }
        };
        Directory::start(
            Box::new(store),
            loaded,
            Sealer::new(&key),
            Some(dir),
            options,
        )
    }

    /// A directory that is forgotten when it is dropped, for tests.
    pub fn in_memory(options: Options) -> Result<Directory, OpenError> {
        Directory::with_store(Box::new(Memory::default()), options)
    }

    /// A directory on any store; the master key is the one in `options`, or one that is forgotten.
    pub fn with_store(mut store: Box<dyn Store>, options: Options) -> Result<Directory, OpenError> {
        let key = match &options.master_key {
            Some(key) => key.clone(),
            None => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).map_err(|_| SealError::Random)?;
                MasterKey::new(bytes)
            }
        };
        let loaded = store.load()?;
        Directory::start(store, loaded, Sealer::new(&key), None, options)
    }

    fn start(
        mut store: Box<dyn Store>,
        loaded: Loaded,
        sealer: Sealer,
        dir: Option<&Path>,
        options: Options,
    ) -> Result<Directory, OpenError> {
        let mut asides = asides::read(&loaded, &sealer)?;
        let empty = Snapshot::empty(options.external_accounts);
        // The rows are read while the disk syncs what a start writes.
        let (snapshot, (identity, identity_is_new)) = std::thread::scope(|scope| {
            let reading = scope.spawn(|| -> Result<Snapshot, OpenError> {
                let rows = decode(&loaded.rows, &sealer)?;
                Ok(empty.load(loaded.revision, rows)?)
            });
            let marks = dir
                .map(|dir| identity::check(dir, &loaded.asides).map_err(|e| folder_error(dir, e)))
                .transpose()?;
            let identity =
                asides.start(store.as_mut(), &sealer, marks, loaded.revision, options.now)?;
            match reading.join() {
                Ok(snapshot) => Ok::<_, OpenError>((snapshot?, identity)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        let snapshot = Arc::new(snapshot);
        let (queue, jobs) = mpsc::channel();
        let shared = Arc::new(Shared {
            published: ArcSwap::new(snapshot.clone()),
            head: Mutex::new(Head { snapshot, queue }),
        });
        let thread = committer::start(store, jobs, shared.clone(), sealer.clone())
            .map_err(|error| StoreError::Failed(format!("no thread for writing: {error}")))?;
        Ok(Directory {
            shared,
            last_used: asides.last_used,
            attempts: Attempts::default(),
            quotas: options.quotas,
            sealer,
            meta: Mutex::new(asides.meta),
            identity,
            identity_is_new,
            committer: Mutex::new(Some(thread)),
        })
    }

    /// What is durable now. Takes no lock.
    pub fn published(&self) -> Arc<Snapshot> {
        self.shared.published.load_full()
    }

    /// The writer's turn: waits until nobody else has it. Find, authorise and run within it, without awaiting anything,
    /// and give it back soon.
    pub fn turn(&self) -> Turn<'_> {
        Turn {
            head: self.shared.head(),
        }
    }

    /// When keys, roles and passwords were last used.
    pub fn last_used(&self) -> &LastUsed {
        &self.last_used
    }

    /// Codes and passwords tried in vain.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The quotas of this server.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Seals and opens under the master key.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The data directory's random identity, 32 hexadecimal digits. A copied or restored data directory gets a new one,
    /// see `directory/identity.rs`; whoever keeps keys that a copy must not use draws new ones when
    /// [`identity_is_new`](Directory::identity_is_new).
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether the identity was drawn by this start: the data is new, copied or restored.
    pub fn identity_is_new(&self) -> bool {
        self.identity_is_new
    }

    /// Writes what is queued, the last uses too, and lets go of the data. Also done on drop, without the last uses.
    pub async fn close(&self) -> Result<(), CommitError> {
        let written = self.flush_last_used().await;
        self.stop();
        written
    }

    fn send(&self, job: Job) {
        // A committer that is gone drops the job, and with it the sender that the waiting side sees closed.
        let _ = self.shared.head().queue.send(job);
    }

    fn stop(&self) {
        let thread = self
            .committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            self.send(Job::Stop);
            if thread.join().is_err() {
                tracing::error!("the committer panicked");
            }
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory")
            .field("revision", &self.shared.published.load().revision())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The head, locked. A writer that panicked left it whole: head changes in one assignment.
    fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's turn. Dropping it gives it back with nothing changed.
pub struct Turn<'a> {
    head: MutexGuard<'a, Head>,
}

impl Turn<'_> {
    /// What a change made in this turn is made from.
    pub fn head(&self) -> &Arc<Snapshot> {
        &self.head.snapshot
    }

    /// An empty batch for this turn's head.
    pub fn batch(&self) -> Batch {
        Batch::new(self.head.snapshot.revision())
    }

    /// Applies the batch to head, queues it and gives the turn back. What comes back resolves when it is durable and
    /// published; dropping that does not undo the change.
    ///
    /// A batch made from another revision than head's, or that breaks a rule, is refused and changes nothing. An empty
    /// batch makes no revision, but waits until everything it could have seen is durable.
    pub fn commit(mut self, batch: Batch) -> Pending {
        if batch.is_empty() && batch.revision() == self.head.snapshot.revision() {
            return self.queue(batch);
        }
        match self.head.snapshot.apply(&batch) {
            Ok(next) => {
                self.head.snapshot = Arc::new(next);
                self.queue(batch)
            }
            Err(error) => {
                tracing::error!(%error, "a batch was refused");
                Pending::refused(error.into())
            }
        }
    }

    fn queue(self, batch: Batch) -> Pending {
        let (answer, pending) = oneshot::channel();
        let job = Job::Batch {
            snapshot: self.head.snapshot.clone(),
            batch,
            answer,
        };
        match self.head.queue.send(job) {
            Ok(()) => Pending(State::Waiting(pending)),
            Err(_) => Pending::refused(CommitError::Closed),
        }
    }
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Turn({})", self.head.snapshot.revision())
    }
}

/// A change on its way to the disk: a future of the revision that is durable with it.
#[derive(Debug)]
#[must_use = "a change may be acknowledged only when it is durable"]
pub struct Pending(State);

#[derive(Debug)]
enum State {
    Waiting(oneshot::Receiver<Result<u64, CommitError>>),
    Refused(CommitError),
}

impl Pending {
    fn refused(error: CommitError) -> Pending {
        Pending(State::Refused(error))
    }

    /// Waits on this thread, for code outside of an async runtime.
    pub fn wait(self) -> Result<u64, CommitError> {
        match self.0 {
            State::Waiting(answer) => answer.blocking_recv().unwrap_or(Err(CommitError::Closed)),
            State::Refused(error) => Err(error),
        }
    }
}

impl Future for Pending {
    type Output = Result<u64, CommitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Waiting(answer) => Pin::new(answer)
                .poll(cx)
                .map(|answer| answer.unwrap_or(Err(CommitError::Closed))),
            State::Refused(error) => Poll::Ready(Err(error.clone())),
        }
    }
}

fn folder_error(dir: &Path, error: std::io::Error) -> OpenError {
    OpenError::Folder {
        path: dir.display().to_string(),
        error,
    }
}

/// Below this many rows one thread reads them as fast as several.
const DECODE_PARALLEL_MIN: usize = 2000;

/// Reads the rows; their secrets stay sealed. Many rows are read by several threads: starting is to take less than 50 ms.
fn decode(rows: &[(String, Vec<u8>)], sealer: &Sealer) -> Result<Vec<Row>, OpenError> {
    let threads = match rows.len() {
        0..DECODE_PARALLEL_MIN => 1,
        _ => std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8)),
    };
    let decode_part = |part: &[(String, Vec<u8>)]| -> Result<Vec<Row>, OpenError> {
        part.iter()
            .map(|(key, json)| decode_row(key, json, sealer))
            .collect()
    };
    if threads == 1 {
        return decode_part(rows);
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> = rows
            .chunks(rows.len().div_ceil(threads))
            .map(|part| scope.spawn(|| decode_part(part)))
            .collect();
        let mut all = Vec::with_capacity(rows.len());
        for part in parts {
            let part = part.join().map_err(|_| OpenError::Row {
                key: String::new(),
                error: "reading rows panicked".to_owned(),
            })?;
            all.extend(part?);
        }
        Ok(all)
    })
}

fn decode_row(key: &str, json: &[u8], sealer: &Sealer) -> Result<Row, OpenError> {
    let wrong = |error: String| OpenError::Row {
        key: key.to_owned(),
        error,
    };
    let parsed: RowKey = key.parse().map_err(wrong)?;
    let row = secret::in_row(sealer, key, || Row::decode(parsed.kind, json))
        .map_err(|error| wrong(error.to_string()))?;
    // The pair of the check before writing: a row under another's key would be found by neither.
    if row.key() != parsed {
        return Err(wrong(
            "it holds another entity than its key names".to_owned(),
        ));
    }
    Ok(row)
}
