//! The embedded store: one redb file.
//!
//! Two-phase commit, since clients choose much of what is written and redb's one-phase commit trusts a checksum that a
//! chosen content could forge; quick repair, so that opening after a crash does not walk the whole file. Both cost little
//! against the fsync. Every commit is durable when it returns.

use std::path::{Path, PathBuf};

use redb::{
    AccessGuard, Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable,
    ReadableTableMetadata, StorageError, TableDefinition, TableError, WriteTransaction,
};

use super::{Loaded, Store, StoreError, Write};

/// The version of what this program writes. Raise it with every change that an older program would misread or an
/// older file lacks, and teach [`migrate`] the step from the one before.
const LAYOUT_VERSION: u64 = 1;
/// redb's page cache. The directory itself is in memory, so little is read twice.
const CACHE_BYTES: usize = 16 << 20;

const LAYOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("layout");
const ROWS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("rows");
const ASIDES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("asides");

/// A directory kept in a file.
#[derive(Debug)]
pub struct Embedded {
    path: PathBuf,
    /// Nothing after a failed commit: redb then refuses all further use until the file is opened again.
    database: Option<Database>,
}

impl Embedded {
    /// Opens the file at `path`, or makes a new one, and takes hold of it for this process.
    ///
    /// # Errors
    /// If another process holds the file, if a newer program wrote it, or an older one whose layout cannot be migrated.
    pub fn open(path: &Path) -> Result<Embedded, StoreError> {
        let mut store = Embedded {
            path: path.to_owned(),
            database: None,
        };
        let is_new = !path.exists();
        match store.layout_version()? {
            Some(found) if found > LAYOUT_VERSION => {
                return Err(StoreError::Newer {
                    found,
                    known: LAYOUT_VERSION,
                });
            }
            // The usual start writes nothing here: a commit costs milliseconds.
            Some(LAYOUT_VERSION) => {}
            older => store.lay_out(older)?,
        }
        if is_new
            && let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
        {
            // The file's own fsync does not make its name durable.
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
        }
        Ok(store)
    }

    /// The layout of the file, if it has one already.
    fn layout_version(&mut self) -> Result<Option<u64>, StoreError> {
        let read = self.database()?.begin_read().map_err(failed)?;
        match read.open_table(LAYOUT) {
            Ok(layout) => {
                let version = layout.get("version").map_err(failed)?;
                Ok(version.map(|version| version.value()))
            }
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes the tables of a new file, or brings those of an older one up to this layout, in one transaction.
    fn lay_out(&mut self, older: Option<u64>) -> Result<(), StoreError> {
        let write = begin(self.database()?)?;
        for version in older.unwrap_or(LAYOUT_VERSION)..LAYOUT_VERSION {
            migrate(&write, version)?;
        }
        {
            let mut layout = write.open_table(LAYOUT).map_err(failed)?;
            layout.insert("version", LAYOUT_VERSION).map_err(failed)?;
            write.open_table(ROWS).map_err(failed)?;
            write.open_table(ASIDES).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }

    fn database(&mut self) -> Result<&Database, StoreError> {
        if self.database.is_none() {
            let opened = Database::builder()
                .set_cache_size(CACHE_BYTES)
                .create(&self.path)
                .map_err(|error| match error {
                    DatabaseError::DatabaseAlreadyOpen => {
                        StoreError::InUse(self.path.display().to_string())
                    }
                    other => failed(other),
                })?;
            return Ok(self.database.insert(opened));
        }
        self.database
            .as_ref()
            .ok_or_else(|| StoreError::Failed("the store is closed".to_owned()))
    }

    fn try_commit(&mut self, batch: &Write) -> Result<(), StoreError> {
        let write = begin(self.database()?)?;
        {
            let mut layout = write.open_table(LAYOUT).map_err(failed)?;
            layout.insert("revision", batch.revision).map_err(failed)?;
            put(&write, ROWS, &batch.rows)?;
            put(&write, ASIDES, &batch.asides)?;
        }
        write.commit().map_err(failed)
    }
}

/// Changes the tables of layout `from` into those of the next one, within the transaction that opens the file.
/// There is no older layout yet: a step goes here as a match arm, with a file of the old layout in its test.
fn migrate(_write: &WriteTransaction, from: u64) -> Result<(), StoreError> {
    Err(StoreError::Older {
        found: from,
        known: LAYOUT_VERSION,
    })
}

fn begin(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut write = database.begin_write().map_err(failed)?;
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    Ok(write)
}

fn put(
    write: &WriteTransaction,
    table: TableDefinition<'_, &'static str, &'static [u8]>,
    changes: &[(String, Option<Vec<u8>>)],
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut table = write.open_table(table).map_err(failed)?;
    for (key, value) in changes {
        match value {
            Some(value) => table
                .insert(key.as_str(), value.as_slice())
                .map_err(failed)?,
            None => table.remove(key.as_str()).map_err(failed)?,
        };
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed(error.to_string())
}

/// A table's content.
type Content = Vec<(String, Vec<u8>)>;

/// Reads a whole table, from both ends at the same time: a start waits for it.
fn content(
    read: &ReadTransaction,
    table: TableDefinition<'_, &'static str, &'static [u8]>,
) -> Result<Content, StoreError> {
    let table = read.open_table(table).map_err(failed)?;
    let length = usize::try_from(table.len().map_err(failed)?).map_err(failed)?;
    let half = length / 2;
    let copy = |entry: Result<(AccessGuard<'_, &str>, AccessGuard<'_, &[u8]>), StorageError>| {
        let (key, value) = entry.map_err(failed)?;
        Ok((key.value().to_owned(), value.value().to_vec()))
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| -> Result<Content, StoreError> {
            let entries = table.iter().map_err(failed)?;
            entries.rev().take(length - half).map(copy).collect()
        });
        let first = table.iter().map_err(failed)?;
        let mut all: Content = first.take(half).map(copy).collect::<Result<_, _>>()?;
        let second = second
            .join()
            .map_err(|_| StoreError::Failed("reading the rows panicked".to_owned()))??;
        all.extend(second.into_iter().rev());
        Ok(all)
    })
}

impl Store for Embedded {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let read = self.database()?.begin_read().map_err(failed)?;
        let layout = read.open_table(LAYOUT).map_err(failed)?;
        let revision = layout
            .get("revision")
            .map_err(failed)?
            .map_or(0, |revision| revision.value());
        Ok(Loaded {
            revision,
            rows: content(&read, ROWS)?,
            asides: content(&read, ASIDES)?,
        })
    }

    fn commit(&mut self, write: &Write) -> Result<(), StoreError> {
        let result = self.try_commit(write);
        if result.is_err() {
            self.database = None;
        }
        result
    }

    fn durable_revision(&mut self) -> Result<u64, StoreError> {
        let read = self.database()?.begin_read().map_err(failed)?;
        let layout = read.open_table(LAYOUT).map_err(failed)?;
        Ok(layout
            .get("revision")
            .map_err(failed)?
            .map_or(0, |revision| revision.value()))
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.database = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests_support::TempDir;

    fn set_version(path: &Path, version: u64) {
        let database = Database::create(path).unwrap();
        let write = database.begin_write().unwrap();
        write
            .open_table(LAYOUT)
            .unwrap()
            .insert("version", version)
            .unwrap();
        write.commit().unwrap();
    }

    #[test]
    fn what_was_committed_is_read_back() {
        let folder = TempDir::new();
        let path = folder.path().join("directory.redb");
        let mut store = Embedded::open(&path).unwrap();
        let put = |key: &str, value: Option<&str>| {
            (key.to_owned(), value.map(|value| value.as_bytes().to_vec()))
        };
        let first = Write {
            revision: 1,
            rows: vec![put("a", Some("1")), put("b", Some("2"))],
            asides: vec![put("x", Some("y"))],
        };
        let second = Write {
            revision: 2,
            rows: vec![put("a", None), put("c", Some("3"))],
            asides: vec![],
        };
        store.commit(&first).unwrap();
        store.commit(&second).unwrap();
        store.close().unwrap();
        let mut store = Embedded::open(&path).unwrap();
        assert_eq!(store.durable_revision().unwrap(), 2);
        let loaded = store.load().unwrap();
        assert_eq!(loaded.revision, 2);
        assert_eq!(
            loaded.rows,
            [
                ("b".to_owned(), b"2".to_vec()),
                ("c".to_owned(), b"3".to_vec())
            ]
        );
        assert_eq!(loaded.asides, [("x".to_owned(), b"y".to_vec())]);
    }

    #[test]
    fn a_file_in_use_and_files_of_other_layouts_are_refused_with_the_reason() {
        let folder = TempDir::new();
        let path = folder.path().join("directory.redb");
        let held = Embedded::open(&path).unwrap();
        let error = Embedded::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::InUse(_)), "{error}");
        drop(held);
        set_version(&path, LAYOUT_VERSION + 1);
        let error = Embedded::open(&path).unwrap_err();
        assert_eq!(
            error,
            StoreError::Newer {
                found: LAYOUT_VERSION + 1,
                known: LAYOUT_VERSION
            }
        );
        set_version(&path, 0);
        let error = Embedded::open(&path).unwrap_err();
        assert_eq!(
            error,
            StoreError::Older {
                found: 0,
                known: LAYOUT_VERSION
            }
        );
        set_version(&path, LAYOUT_VERSION);
        Embedded::open(&path).unwrap();
    }
}
