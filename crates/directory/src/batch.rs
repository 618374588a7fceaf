//! What one change does to the directory: the rows it puts and deletes, all or none of them.

use crate::model::{Row, RowKey};

/// The most rows that one batch may touch. An etcd transaction takes 128 operations; a batch leaves room for its own
/// bookkeeping, and the embedded store keeps the same limit so that a change never works on one store only.
pub const BATCH_OPS_MAX: usize = 100;

/// One step of a batch.
#[derive(Debug, Clone)]
pub enum Change {
    /// Store the row, in the place of an earlier one of its key.
    Put(Row),
    /// Remove the row.
    Delete(RowKey),
}

impl Change {
    /// The key of the row that the step is about.
    pub fn key(&self) -> RowKey {
        match self {
            Change::Put(row) => row.key(),
            Change::Delete(key) => key.clone(),
        }
    }
}

/// The steps of one change, made from what one snapshot showed.
#[derive(Debug, Clone)]
pub struct Batch {
    revision: u64,
    changes: Vec<Change>,
}

impl Batch {
    /// An empty batch made from the snapshot of `revision`. It commits only on a head of that revision.
    pub fn new(revision: u64) -> Batch {
        Batch {
            revision,
            changes: Vec::new(),
        }
    }

    /// The revision of the snapshot that the batch was made from.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Stores an entity, in the place of what it was before.
    pub fn put(&mut self, row: impl Into<Row>) {
        self.changes.push(Change::Put(row.into()));
    }

    /// Removes an entity: `batch.delete(Row::from(user).key())`.
    pub fn delete(&mut self, key: RowKey) {
        self.changes.push(Change::Delete(key));
    }

    /// Removes the entity that `row` is a state of.
    pub fn delete_row(&mut self, row: impl Into<Row>) {
        self.delete(row.into().key());
    }

    /// The steps in the order they were added; of two about one row the later counts.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether the batch changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
