//! The index: one redb file, one thread that writes it, snapshots for everyone who reads.
//!
//! The writer takes every change that waits and puts them into one transaction, so that many clients share one sync.
//! redb commits in two phases, as its documentation advises where clients choose the data, and saves its allocator state,
//! so that opening after a kill takes milliseconds.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, Table, TableError, WriteTransaction,
};
use tokio::sync::oneshot;

use crate::blobs::{Blobs, StagedFile};
use crate::rows::{
    BUCKETS, BlobId, COMPLETED, DOOMED, HEADS, INLINE, LAYOUT, LAYOUTS, META, PARTS, REFS, UPLOADS,
    VERSION_IDS, VERSIONS,
};
use crate::staged::blocking;
use crate::{Error, Options};

/// The most changes of one transaction: more only makes the first of them wait.
const BATCH_CHANGES_MAX: usize = 256;

/// How redb is opened.
type Open = Box<dyn Fn() -> Result<Database, Error> + Send + Sync>;

/// The database. After one write or read that fails, of a full disk for example, redb refuses everything until it is opened
/// again; then the writer does that.
struct Opened {
    open: Open,
    /// None if it could not be opened again yet.
    db: RwLock<Option<Database>>,
}

impl Opened {
    /// Uses the database, if it is there.
    fn with<T>(&self, f: impl FnOnce(&Database) -> Result<T, Error>) -> Result<T, Error> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        f(db.as_ref()
            .ok_or_else(|| Error::Index("it is not open".to_owned()))?)
    }

    fn reopen(&self) {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        // Before it is opened again, because an open one holds the file.
        *db = None;
        match (self.open)() {
            Ok(opened) => {
                *db = Some(opened);
                tracing::info!("the object index was opened again");
            }
            Err(error) => tracing::error!(%error, "the object index could not be opened again"),
        }
    }
}

/// The index of one data directory.
pub(crate) struct Index {
    db: Arc<Opened>,
    changes: Option<Sender<Change>>,
    writer: Option<JoinHandle<()>>,
}

/// One change: made inside the transaction of the batch it falls into.
type Change = Box<dyn for<'a, 't> FnOnce(&'a mut Write<'t>) -> Made + Send>;
/// Tells the one who waits what became of the change, once the batch is durable (none) or has failed.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;

/// What a change came to before the commit.
struct Made {
    /// It was made, rather than refused.
    done: bool,
    /// The index failed under it: the whole batch is given up, since part of the change may have been made.
    failed: Option<Error>,
    answer: Answer,
}

impl Index {
    /// Opens or makes the index, finishes deletions and clears staging.
    pub(crate) fn open(dir: &Path, options: &Options, blobs: Arc<Blobs>) -> Result<Index, Error> {
        let path = dir.join("objects.redb");
        // Made beforehand so that nobody but the owner can read it; redb fills an empty file.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        let cache_bytes = options.cache_bytes;
        let open = move || {
            let mut builder = Database::builder();
            Ok(builder.set_cache_size(cache_bytes).create(&path)?)
        };
        Self::opened_by(Box::new(open), blobs)
    }

    /// An index on a database that is opened in this way.
    pub(crate) fn opened_by(open: Open, blobs: Arc<Blobs>) -> Result<Index, Error> {
        let db = open()?;
        start_up(&db, &blobs)?;
        let db = Arc::new(Opened {
            open,
            db: RwLock::new(Some(db)),
        });
        let (changes, waiting) = channel();
        let writer_db = db.clone();
        let writer = std::thread::Builder::new()
            .name("objects-index".to_owned())
            .spawn(move || write_batches(&writer_db, &blobs, &waiting))?;
        Ok(Index {
            db,
            changes: Some(changes),
            writer: Some(writer),
        })
    }

    /// Makes a change durable. `change` checks everything before it writes anything: when it returns a refusal, the rest of the
    /// batch is committed with whatever it has written.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Write<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        let boxed: Change = Box::new(move |write| {
            let result = change(write);
            let failed = result
                .as_ref()
                .err()
                .filter(|error| error.is_internal())
                .cloned();
            let done = result.is_ok();
            // The one who waits may be gone: the change stands all the same.
            let answer: Answer = Box::new(move |error| drop(tell.send(error.map_or(result, Err))));
            Made {
                done,
                failed,
                answer,
            }
        });
        self.changes
            .as_ref()
            .ok_or(Error::Closed)?
            .send(boxed)
            .map_err(|_| Error::Closed)?;
        told.await.map_err(|_| Error::Closed)?
    }

    /// Reads a snapshot.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Read) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let db = self.db.clone();
        let found = blocking(move || look(&db.with(Read::new)?)).await;
        self.heal(found)
    }

    /// Reads a snapshot, and lets the writer delete no file until `look` is through, which pins what it will open.
    pub(crate) async fn read_and_pin<T: Send + 'static>(
        &self,
        blobs: Arc<Blobs>,
        look: impl FnOnce(&Read, &Arc<Blobs>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let db = self.db.clone();
        let found = blocking(move || {
            let _held = blobs.hold_snapshots();
            look(&db.with(Read::new)?, &blobs)
        })
        .await;
        self.heal(found)
    }

    /// When a read finds the index broken, the writer is made to find it, too: it opens the index again.
    fn heal<T>(&self, found: Result<T, Error>) -> Result<T, Error> {
        if let (Err(Error::Index(_)), Some(changes)) = (&found, &self.changes) {
            let nothing: Change = Box::new(|_| Made {
                done: true,
                failed: None,
                answer: Box::new(|_| ()),
            });
            drop(changes.send(nothing));
        }
        found
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // The thread ends when the last sender is gone, after it has committed what waits.
        drop(self.changes.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the object index's writer had panicked");
        }
    }
}

/// Whether the last run left nothing to do for [`start_up`]: a look instead of a commit, which takes several syncs.
fn settled(db: &Database, blobs: &Blobs) -> Result<bool, Error> {
    let txn = db.begin_read()?;
    let layout = match txn.open_table(META) {
        Ok(meta) => meta.get("layout")?.map(|value| value.value()),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(
        layout == Some(LAYOUT)
            && txn.open_table(DOOMED)?.is_empty()?
            && blobs.staging_is_empty()?,
    )
}

/// Checks or writes the layout version, deletes doomed files, clears staging.
fn start_up(db: &Database, blobs: &Blobs) -> Result<(), Error> {
    if settled(db, blobs)? {
        return Ok(());
    }
    let txn = begin(db)?;
    {
        let mut write = Write::new(&txn)?;
        let found = write.meta.get("layout")?.map(|value| value.value());
        match found {
            None => drop(write.meta.insert("layout", LAYOUT)?),
            Some(LAYOUT) => {}
            Some(found) => {
                return Err(Error::Layout {
                    found,
                    known: LAYOUT,
                });
            }
        }
        let doomed = write
            .doomed
            .iter()?
            .map(|row| Ok(BlobId(row?.0.value())))
            .collect::<Result<Vec<_>, Error>>()?;
        for id in doomed {
            blobs.remove(id)?;
            write.doomed.remove(id.0)?;
        }
        blobs.sweep_staging(|id| Ok(write.refs.get(id.0)?.is_some()))?;
        write.close()?;
    }
    Ok(txn.commit()?)
}

fn begin(db: &Database) -> Result<WriteTransaction, Error> {
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

/// The writer thread: batch after batch until nobody can send any more.
fn write_batches(db: &Opened, blobs: &Blobs, waiting: &Receiver<Change>) {
    while let Ok(first) = waiting.recv() {
        let mut changes = vec![first];
        changes.extend(waiting.try_iter().take(BATCH_CHANGES_MAX - 1));
        if db.with(|_| Ok(())).is_err() {
            db.reopen();
        }
        let mut answers = Vec::with_capacity(changes.len());
        let outcome = db.with(|db| write_batch(db, blobs, changes, &mut answers));
        if let Err(error) = &outcome {
            tracing::error!(%error, changes = answers.len(), "a batch of object changes failed");
            db.reopen();
        }
        let error = outcome.as_ref().err().cloned();
        for answer in answers {
            answer(error.clone());
        }
        // Deleting files is nobody's wait.
        blobs.doom(outcome.unwrap_or_default());
    }
}

/// One transaction; returns the blobs that it let go.
fn write_batch(
    db: &Database,
    blobs: &Blobs,
    changes: Vec<Change>,
    answers: &mut Vec<Answer>,
) -> Result<Vec<BlobId>, Error> {
    let txn = begin(db)?;
    let mut write = Write::new(&txn)?;
    let mut done = false;
    for change in changes {
        let made = change(&mut write);
        answers.push(made.answer);
        if let Some(error) = made.failed {
            return Err(error);
        }
        done |= made.done;
    }
    if !done {
        // Only refusals, which have written nothing: no sync to pay.
        return Ok(Vec::new());
    }
    let buried = blobs.take_buried();
    for id in &buried {
        write.doomed.remove(id.0)?;
    }
    if !write.staged.is_empty() {
        blobs.sync_staging()?;
    }
    let (staged, doomed) = write.close()?;
    match txn.commit() {
        Ok(()) => {
            for file in staged {
                blobs.publish(file.id());
                file.keep();
            }
            Ok(doomed)
        }
        Err(error) => {
            // Whether it became durable is known at the next start, so the files stay until then.
            staged.into_iter().for_each(StagedFile::keep);
            blobs.give_back_buried(buried);
            Err(error.into())
        }
    }
}

/// The tables, open for the changes of one batch. What changes do with them is beside the rows' meaning: `versions`, `multipart` …
pub(crate) struct Write<'t> {
    meta: Table<'t, &'static str, u64>,
    pub(crate) buckets: Table<'t, &'static str, u8>,
    pub(crate) heads: Table<'t, (&'static str, &'static [u8]), &'static [u8]>,
    pub(crate) versions: Table<'t, (&'static str, &'static [u8], u64), &'static [u8]>,
    pub(crate) version_ids: Table<'t, (&'static str, &'static [u8], &'static str), u64>,
    pub(crate) inline: Table<'t, u128, &'static [u8]>,
    pub(crate) refs: Table<'t, u128, u64>,
    pub(crate) doomed: Table<'t, u128, u8>,
    pub(crate) layouts: Table<'t, u128, &'static [u8]>,
    pub(crate) uploads: Table<'t, (&'static str, &'static [u8], &'static str), &'static [u8]>,
    pub(crate) parts: Table<'t, (&'static str, u32), &'static [u8]>,
    pub(crate) completed: Table<'t, &'static str, &'static [u8]>,
    next: u64,
    /// Files that the batch refers to.
    pub(crate) staged: Vec<StagedFile>,
    /// Blob files that the batch lets go.
    pub(crate) let_go: Vec<BlobId>,
}

impl<'t> Write<'t> {
    fn new(txn: &'t WriteTransaction) -> Result<Write<'t>, Error> {
        let meta = txn.open_table(META)?;
        let next = meta.get("next")?.map_or(1, |value| value.value());
        Ok(Write {
            meta,
            buckets: txn.open_table(BUCKETS)?,
            heads: txn.open_table(HEADS)?,
            versions: txn.open_table(VERSIONS)?,
            version_ids: txn.open_table(VERSION_IDS)?,
            inline: txn.open_table(INLINE)?,
            refs: txn.open_table(REFS)?,
            doomed: txn.open_table(DOOMED)?,
            layouts: txn.open_table(LAYOUTS)?,
            uploads: txn.open_table(UPLOADS)?,
            parts: txn.open_table(PARTS)?,
            completed: txn.open_table(COMPLETED)?,
            next,
            staged: Vec::new(),
            let_go: Vec::new(),
        })
    }

    /// A number higher than all before it: an order of versions, or a generation.
    pub(crate) fn next(&mut self) -> u64 {
        let next = self.next;
        self.next += 1;
        next
    }

    /// Writes the counter back and closes the tables, as redb wants before a commit.
    fn close(mut self) -> Result<(Vec<StagedFile>, Vec<BlobId>), Error> {
        self.meta.insert("next", self.next)?;
        Ok((
            std::mem::take(&mut self.staged),
            std::mem::take(&mut self.let_go),
        ))
    }
}

/// The tables of one snapshot.
pub(crate) struct Read {
    pub(crate) buckets: ReadOnlyTable<&'static str, u8>,
    pub(crate) heads: ReadOnlyTable<(&'static str, &'static [u8]), &'static [u8]>,
    pub(crate) versions: ReadOnlyTable<(&'static str, &'static [u8], u64), &'static [u8]>,
    pub(crate) version_ids: ReadOnlyTable<(&'static str, &'static [u8], &'static str), u64>,
    pub(crate) inline: ReadOnlyTable<u128, &'static [u8]>,
    pub(crate) layouts: ReadOnlyTable<u128, &'static [u8]>,
    pub(crate) uploads: ReadOnlyTable<(&'static str, &'static [u8], &'static str), &'static [u8]>,
    pub(crate) parts: ReadOnlyTable<(&'static str, u32), &'static [u8]>,
    /// Last, so that the tables are dropped before it.
    _txn: ReadTransaction,
}

impl Read {
    fn new(db: &Database) -> Result<Read, Error> {
        let txn = db.begin_read()?;
        Ok(Read {
            buckets: txn.open_table(BUCKETS)?,
            heads: txn.open_table(HEADS)?,
            versions: txn.open_table(VERSIONS)?,
            version_ids: txn.open_table(VERSION_IDS)?,
            inline: txn.open_table(INLINE)?,
            layouts: txn.open_table(LAYOUTS)?,
            uploads: txn.open_table(UPLOADS)?,
            parts: txn.open_table(PARTS)?,
            _txn: txn,
        })
    }
}
