//! The committer: one thread that turns queued batches into durable transactions.
//!
//! While one transaction is being synced, the next batches queue up; then all of them go into the next one together. So
//! the number of changes a second does not hang on the disk's latency, and a lone change waits for nobody.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use super::{CommitError, Shared};
use crate::{
    batch::{Batch, Change},
    model::RowKey,
    sealer::Sealer,
    secret,
    snapshot::Snapshot,
    store::{Store, StoreError, Write},
};

/// The most jobs that one transaction takes, so that the first one in a long queue does not wait for all.
const GROUP_JOBS_MAX: usize = 1024;

/// What the committer is asked.
pub(super) enum Job {
    /// Make a batch durable and publish the snapshot with it.
    Batch {
        snapshot: Arc<Snapshot>,
        batch: Batch,
        answer: oneshot::Sender<Result<u64, CommitError>>,
    },
    /// Store things beside the rows.
    Asides {
        asides: Vec<(String, Option<Vec<u8>>)>,
        answer: oneshot::Sender<Result<u64, CommitError>>,
    },
    /// Let go of the store.
    Stop,
}

/// Starts the thread.
pub(super) fn start(
    store: Box<dyn Store>,
    jobs: mpsc::Receiver<Job>,
    shared: Arc<Shared>,
    sealer: Sealer,
) -> io::Result<JoinHandle<()>> {
    let committer = Committer {
        store,
        jobs,
        shared,
        sealer,
        unsure: false,
    };
    std::thread::Builder::new()
        .name("directory-committer".to_owned())
        .spawn(|| committer.run())
}

struct Committer {
    store: Box<dyn Store>,
    jobs: mpsc::Receiver<Job>,
    shared: Arc<Shared>,
    sealer: Sealer,
    /// A commit failed and the store could not tell what became of it. Nothing is written until it can: a row written
    /// onto an unknown state could contradict it.
    unsure: bool,
}

type Answer = oneshot::Sender<Result<u64, CommitError>>;

/// Jobs that go into one transaction.
#[derive(Default)]
struct Group {
    /// The last batch's snapshot, which holds all of the group.
    snapshot: Option<Arc<Snapshot>>,
    /// What each row is after the last batch.
    changes: BTreeMap<RowKey, Change>,
    asides: Vec<(String, Option<Vec<u8>>)>,
    answers: Vec<Answer>,
    stop: bool,
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Batch {
                snapshot,
                batch,
                answer,
            } => {
                for change in batch.changes() {
                    self.changes.insert(change.key(), change.clone());
                }
                self.snapshot = Some(snapshot);
                self.answers.push(answer);
            }
            Job::Asides { asides, answer } => {
                self.asides.extend(asides);
                self.answers.push(answer);
            }
            Job::Stop => self.stop = true,
        }
    }

    fn answer(self, result: &Result<u64, CommitError>) {
        for answer in self.answers {
            // Whoever does not wait any more does not want to know.
            let _ = answer.send(result.clone());
        }
    }
}

impl Committer {
    fn run(mut self) {
        while let Ok(first) = self.jobs.recv() {
            let mut group = Group::default();
            group.add(first);
            while !group.stop && group.answers.len() < GROUP_JOBS_MAX {
                match self.jobs.try_recv() {
                    Ok(job) => group.add(job),
                    Err(_) => break,
                }
            }
            let stop = group.stop;
            self.commit(group);
            if stop {
                break;
            }
        }
        if let Err(error) = self.store.close() {
            tracing::error!(%error, "the store did not close");
        }
    }

    fn commit(&mut self, mut group: Group) {
        let published = self.shared.published.load().revision();
        let revision = group
            .snapshot
            .as_ref()
            .map_or(published, |snapshot| snapshot.revision());
        match self.write(&mut group, revision, published) {
            Ok(()) => {
                if let Some(snapshot) = group.snapshot.take() {
                    self.shared.published.store(snapshot);
                }
                group.answer(&Ok(revision));
            }
            Err(error) => self.fall_back(group, error),
        }
    }

    fn write(
        &mut self,
        group: &mut Group,
        revision: u64,
        published: u64,
    ) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(group.changes.len());
        for (key, change) in std::mem::take(&mut group.changes) {
            let key = key.to_string();
            let json = match change {
                Change::Put(row) => {
                    let json = secret::in_row(&self.sealer, &key, || row.encode());
                    Some(json.map_err(|error| StoreError::Failed(error.to_string()))?)
                }
                Change::Delete(_) => None,
            };
            rows.push((key, json));
        }
        let write = Write {
            revision,
            rows,
            asides: std::mem::take(&mut group.asides),
        };
        if write.rows.is_empty() && write.asides.is_empty() {
            return Ok(());
        }
        if self.unsure {
            let durable = self.store.durable_revision()?;
            if durable != published {
                return Err(StoreError::Failed(format!(
                    "it holds revision {durable} after a failed write, {published} is published: restart to load it"
                )));
            }
            self.unsure = false;
        }
        match self.store.commit(&write) {
            Ok(()) => Ok(()),
            // The error may have come after the data was safe. Asked again, the store tells by its revision; what is
            // only beside the rows has none, and may well be written twice.
            Err(error) => match self.store.durable_revision() {
                Ok(durable) if durable == revision && revision > published => Ok(()),
                Ok(durable) if durable == published => Err(error),
                _ => {
                    self.unsure = true;
                    Err(error)
                }
            },
        }
    }

    /// Puts head back to what is durable, and fails whatever was built on what is not.
    fn fall_back(&mut self, group: Group, error: StoreError) {
        tracing::error!(%error, "a transaction failed; the changes in it did not happen");
        let mut overtaken = Group::default();
        {
            // Under the lock, nobody queues: after it, every job was made from the head that is published.
            let mut head = self.shared.head();
            head.snapshot = self.shared.published.load_full();
            while let Ok(job) = self.jobs.try_recv() {
                overtaken.add(job);
            }
        }
        let stop = overtaken.stop;
        group.answer(&Err(CommitError::Store(error)));
        overtaken.answer(&Err(CommitError::Overtaken));
        if stop {
            // Stop was among the jobs just failed: seen again by `run`, since the channel is still open.
            let _ = self.shared.head().queue.send(Job::Stop);
        }
    }
}
