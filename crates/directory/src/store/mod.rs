//! Where the directory is kept: rows by key, and beside them small things that are no part of a snapshot.
//!
//! A store sees bytes only. What the rows mean, and sealing the secrets in them, is done before (`directory/committer.rs`),
//! so that every store keeps the same. One more store (etcd for several nodes) implements [`Store`] and reads what it has
//! missed before it answers [`durable_revision`](Store::durable_revision).

mod embedded;
mod memory;

pub use embedded::Embedded;
pub use memory::Memory;

/// Everything that a store keeps.
#[derive(Debug, Default, Clone)]
pub struct Loaded {
    /// The revision of the last batch.
    pub revision: u64,
    /// The rows: key and JSON.
    pub rows: Vec<(String, Vec<u8>)>,
    /// What stands beside the rows: name and content.
    pub asides: Vec<(String, Vec<u8>)>,
}

/// One durable transaction: several batches merged, or something beside them, or both.
#[derive(Debug, Default, Clone)]
pub struct Write {
    /// The revision after it.
    pub revision: u64,
    /// Rows to put, or to remove where there is no content.
    pub rows: Vec<(String, Option<Vec<u8>>)>,
    /// The same for what stands beside them.
    pub asides: Vec<(String, Option<Vec<u8>>)>,
}

/// A place where the directory is kept. One thread at a time uses it.
pub trait Store: Send {
    /// Reads everything.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Makes `write` durable, all or none of it. After an error it may be durable or not: see
    /// [`durable_revision`](Store::durable_revision).
    fn commit(&mut self, write: &Write) -> Result<(), StoreError>;

    /// The revision that is durable now, read from where it is kept: tells after a failed commit what became of it.
    fn durable_revision(&mut self) -> Result<u64, StoreError>;

    /// Lets go of whatever is held; the store is not used afterwards.
    fn close(&mut self) -> Result<(), StoreError>;
}

/// Why a store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the data.
    #[error(
        "`{0}` is in use by another process: stop that one first, or choose another data directory"
    )]
    InUse(String),
    /// The data was written by a newer Twinlock.
    #[error(
        "the data has layout version {found}, this Twinlock knows {known}: use the newer Twinlock that wrote it"
    )]
    Newer {
        /// The version found.
        found: u64,
        /// The version this program writes.
        known: u64,
    },
    /// The data was written by an older Twinlock, and there is no way to migrate it.
    #[error(
        "the data has layout version {found}, which this Twinlock (version {known}) cannot migrate"
    )]
    Older {
        /// The version found.
        found: u64,
        /// The version this program writes.
        known: u64,
    },
    /// Reading or writing failed.
    #[error("the store failed: {0}")]
    Failed(String),
}
