//! Blob files: their directories, their way from staging to their place, and their end.
//!
//! A file never changes once it is synced. Two things guard its end. A [`StagedFile`] deletes the file when it is dropped
//! before the index took it. And a reader *pins* the blobs it may still open: the file of a doomed blob is deleted by
//! the writer when nobody pins it, else by the last reader that lets go.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use crate::Error;
use crate::rows::BlobId;

/// The blob directories of one data directory.
pub(crate) struct Blobs {
    staging: PathBuf,
    place: PathBuf,
    /// Held for reading from before a snapshot of the index is taken until the blobs found in it are pinned; the writer takes
    /// it before it deletes files, and so sees the pins of everyone who could still find them.
    snapshots: RwLock<()>,
    pins: Mutex<Pins>,
}

#[derive(Default)]
struct Pins {
    held: HashMap<BlobId, usize>,
    /// Doomed blobs that are held.
    waiting: HashSet<BlobId>,
    /// Deleted files whose row in `DOOMED` can go.
    buried: Vec<BlobId>,
}

impl Blobs {
    /// Makes the directories where they are missing.
    pub(crate) fn open(dir: &Path) -> Result<Blobs, Error> {
        let root = dir.join("objects");
        let blobs = Blobs {
            staging: root.join("staging"),
            place: root.join("blobs"),
            snapshots: RwLock::new(()),
            pins: Mutex::new(Pins::default()),
        };
        for made in [&blobs.staging, &blobs.place] {
            make_dir(made)?;
        }
        sync_dir(&root)?;
        sync_dir(dir)?;
        Ok(blobs)
    }

    /// Makes a new file in staging, readable by its owner only.
    pub(crate) fn create(self: &Arc<Self>) -> Result<(StagedFile, File), Error> {
        let id = BlobId::random()?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.staged_path(id))?;
        Ok((
            StagedFile {
                blobs: self.clone(),
                id,
                armed: true,
            },
            file,
        ))
    }

    /// Makes the names of all files in staging durable: before the index refers to any.
    pub(crate) fn sync_staging(&self) -> Result<(), Error> {
        Ok(sync_dir(&self.staging)?)
    }

    /// Moves a file that the index refers to from staging to its place. A failure is not one of the write: the file is found
    /// in staging too, and the next start moves it.
    pub(crate) fn publish(&self, id: BlobId) {
        let path = self.placed_path(id);
        let moved = fs::rename(self.staged_path(id), &path).or_else(|error| {
            match (error.kind(), path.parent()) {
                (ErrorKind::NotFound, Some(parent)) => {
                    make_dir(parent)?;
                    fs::rename(self.staged_path(id), &path)
                }
                _ => Err(error),
            }
        });
        if let Err(error) = moved {
            tracing::warn!(blob = id.name(), %error, "cannot move a blob to its place; it stays in staging");
        }
    }

    /// Opens a blob that the caller pins.
    pub(crate) fn open_blob(&self, id: BlobId) -> Result<File, Error> {
        // The writer may move the file between the first two looks.
        let tries = [
            self.placed_path(id),
            self.staged_path(id),
            self.placed_path(id),
        ];
        for path in &tries {
            match File::open(path) {
                Ok(file) => return Ok(file),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        tracing::error!(blob = id.name(), "the file of a blob is missing");
        Err(Error::Corrupt(format!("blob {} is missing", id.name())))
    }

    /// To be held while a snapshot is taken and its blobs are pinned.
    pub(crate) fn hold_snapshots(&self) -> RwLockReadGuard<'_, ()> {
        self.snapshots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the files of these blobs until the guard is dropped. Call under [`Blobs::hold_snapshots`].
    pub(crate) fn pin(self: &Arc<Self>, ids: Vec<BlobId>) -> Pinned {
        let mut pins = self.pins();
        for id in &ids {
            *pins.held.entry(*id).or_default() += 1;
        }
        drop(pins);
        Pinned {
            blobs: self.clone(),
            ids,
        }
    }

    /// Deletes the files of blobs that a committed transaction has let go, but leaves what is pinned to its last reader.
    pub(crate) fn doom(&self, ids: Vec<BlobId>) {
        if ids.is_empty() {
            return;
        }
        // Whoever took a snapshot before the commit has pinned by the time this lock is ours; later snapshots no longer name them.
        drop(
            self.snapshots
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut free = Vec::new();
        let mut pins = self.pins();
        for id in ids {
            if pins.held.contains_key(&id) {
                pins.waiting.insert(id);
            } else {
                free.push(id);
            }
        }
        drop(pins);
        for id in free {
            self.bury(id);
        }
    }

    /// Deletes a blob's file wherever it is.
    fn bury(&self, id: BlobId) {
        match self.remove(id) {
            Ok(()) => self.pins().buried.push(id),
            Err(error) => {
                tracing::warn!(blob = id.name(), %error, "cannot delete a blob's file; the next start tries again")
            }
        }
    }

    /// Deletes the file in its place and in staging; missing is fine.
    pub(crate) fn remove(&self, id: BlobId) -> io::Result<()> {
        for path in [self.placed_path(id), self.staged_path(id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The deleted blobs whose rows can go.
    pub(crate) fn take_buried(&self) -> Vec<BlobId> {
        std::mem::take(&mut self.pins().buried)
    }

    /// Gives back what [`Blobs::take_buried`] took when the transaction was not made.
    pub(crate) fn give_back_buried(&self, ids: Vec<BlobId>) {
        self.pins().buried.extend(ids);
    }

    /// Whether no file waits in staging.
    pub(crate) fn staging_is_empty(&self) -> Result<bool, Error> {
        Ok(fs::read_dir(&self.staging)?.next().is_none())
    }

    /// Start-up: every file in staging is moved to its place if the index refers to it, and deleted if not.
    pub(crate) fn sweep_staging(
        &self,
        mut referred: impl FnMut(BlobId) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut removed = 0u64;
        for entry in fs::read_dir(&self.staging)? {
            let entry = entry?;
            match entry.file_name().to_str().and_then(BlobId::parse) {
                Some(id) if referred(id)? => self.publish(id),
                Some(_) => {
                    fs::remove_file(entry.path())?;
                    removed += 1;
                }
                None => {
                    tracing::warn!(path = %entry.path().display(), "a file in staging is none of ours; left alone")
                }
            }
        }
        if removed > 0 {
            tracing::info!(removed, "removed unfinished object writes");
        }
        Ok(())
    }

    fn staged_path(&self, id: BlobId) -> PathBuf {
        self.staging.join(id.name())
    }

    fn placed_path(&self, id: BlobId) -> PathBuf {
        let name = id.name();
        self.place.join(&name[..2]).join(name)
    }

    fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file in staging that nothing refers to yet: dropping it deletes the file.
pub(crate) struct StagedFile {
    blobs: Arc<Blobs>,
    id: BlobId,
    armed: bool,
}

impl StagedFile {
    /// Its blob id.
    pub(crate) fn id(&self) -> BlobId {
        self.id
    }

    /// Leaves the file alone: the index refers to it, or may do so.
    pub(crate) fn keep(mut self) {
        self.armed = false;
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if self.armed
            && let Err(error) = fs::remove_file(self.blobs.staged_path(self.id))
        {
            tracing::warn!(blob = self.id.name(), %error, "cannot delete an unfinished write; the next start does");
        }
    }
}

/// Keeps blob files from being deleted.
pub(crate) struct Pinned {
    blobs: Arc<Blobs>,
    ids: Vec<BlobId>,
}

impl Pinned {
    /// The store they are in.
    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let mut free = Vec::new();
        let mut pins = self.blobs.pins();
        for id in &self.ids {
            let Some(count) = pins.held.get_mut(id) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                pins.held.remove(id);
                if pins.waiting.remove(id) {
                    free.push(*id);
                }
            }
        }
        drop(pins);
        for id in free {
            self.blobs.bury(id);
        }
    }
}

/// Makes a directory and its parents, for the owner only.
fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the entries of a directory durable.
fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
