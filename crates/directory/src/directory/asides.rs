//! What is durable beside the snapshot: small named values, and the last uses. None of it passes the writer's turn.

use std::{collections::BTreeMap, sync::PoisonError};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{CommitError, Directory, Job, OpenError, Pending, State, identity::Marks};
use crate::{
    last_used::{LastUsed, Use},
    model::Millis,
    sealer::{SealError, Sealer},
    snapshot::Snapshot,
    store::{Loaded, Store, Write},
};

const META: &str = "meta/";
const USED: &str = "used/";
/// A text sealed at the first start. If it opens, the master key is the right one.
const KEY_CHECK: &str = "master-key-check";
const KEY_CHECK_TEXT: &[u8] = b"twinlock";
const IDENTITY: &str = "identity";
pub(super) const MARK: &str = "meta/identity-mark";
const LAST_SEEN_TIME: &str = "last-seen-time";

/// What stood beside the rows.
pub(super) struct Asides {
    pub(super) meta: BTreeMap<String, Vec<u8>>,
    pub(super) last_used: LastUsed,
}

/// Sorts what was loaded, and checks the master key.
pub(super) fn read(loaded: &Loaded, sealer: &Sealer) -> Result<Asides, OpenError> {
    let mut meta = BTreeMap::new();
    let last_used = LastUsed::default();
    for (name, content) in &loaded.asides {
        if let Some(name) = name.strip_prefix(META) {
            meta.insert(name.to_owned(), content.clone());
        } else if let Some(id) = name.strip_prefix(USED) {
            // A use that cannot be read is one forgotten: nothing hangs on it.
            if let Ok(last) = serde_json::from_slice::<Use>(content) {
                last_used.restore(id, &last);
            }
        }
    }
    match meta.get(KEY_CHECK) {
        Some(sealed) => {
            let clear = sealer
                .open(sealed, KEY_CHECK.as_bytes())
                .map_err(|_| OpenError::WrongMasterKey)?;
            if clear.as_slice() != KEY_CHECK_TEXT {
                return Err(OpenError::WrongMasterKey);
            }
        }
        // Rows and no check: not a data directory as this program leaves it.
        None if !loaded.rows.is_empty() => return Err(OpenError::WrongMasterKey),
        None => {}
    }
    Ok(Asides { meta, last_used })
}

impl Asides {
    /// Settles the identity of the data and makes durable what a start changes. Returns the identity, and whether it is
    /// new.
    pub(super) fn start(
        &mut self,
        store: &mut dyn Store,
        sealer: &Sealer,
        marks: Option<Marks>,
        revision: u64,
        now: Millis,
    ) -> Result<(String, bool), OpenError> {
        let mut asides = Vec::new();
        if !self.meta.contains_key(KEY_CHECK) {
            let sealed = sealer.seal(KEY_CHECK_TEXT, KEY_CHECK.as_bytes())?;
            self.meta.insert(KEY_CHECK.to_owned(), sealed.clone());
            asides.push((format!("{META}{KEY_CHECK}"), Some(sealed)));
        }
        let same_place = marks.as_ref().is_none_or(|marks| marks.same_place);
        let known = self
            .meta
            .get(IDENTITY)
            .and_then(|identity| String::from_utf8(identity.clone()).ok());
        let (identity, is_new) = match known {
            Some(identity) if same_place => (identity, false),
            _ => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).map_err(|_| SealError::Random)?;
                let identity = hex::encode(bytes);
                self.meta
                    .insert(IDENTITY.to_owned(), identity.clone().into_bytes());
                asides.push((
                    format!("{META}{IDENTITY}"),
                    Some(identity.clone().into_bytes()),
                ));
                (identity, true)
            }
        };
        // With what is written anyway, so that the floor costs a start no commit of its own.
        if now > last_seen(&self.meta) {
            let text = now.to_string().into_bytes();
            self.meta.insert(LAST_SEEN_TIME.to_owned(), text.clone());
            asides.push((format!("{META}{LAST_SEEN_TIME}"), Some(text)));
        }
        if let Some(marks) = marks {
            asides.push((MARK.to_owned(), Some(marks.next.into_bytes())));
        }
        if !asides.is_empty() {
            store.commit(&Write {
                revision,
                rows: Vec::new(),
                asides,
            })?;
        }
        Ok((identity, is_new))
    }
}

impl Directory {
    /// The small durable value of this name, as it was last put (perhaps not durable yet).
    pub fn meta_get(&self, name: &str) -> Option<Vec<u8>> {
        let meta = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        meta.get(name).cloned()
    }

    /// The names of all small values that begin with `prefix`, in order.
    pub fn meta_names(&self, prefix: &str) -> Vec<String> {
        let meta = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        meta.range(prefix.to_owned()..)
            .map(|(name, _)| name)
            .take_while(|name| name.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// Puts a small value, to be kept beside the rows; nothing removes it. Seen at once, durable when the answer resolves.
    pub fn meta_put(&self, name: &str, value: Option<Vec<u8>>) -> Pending {
        let mut meta = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        match &value {
            Some(value) => meta.insert(name.to_owned(), value.clone()),
            None => meta.remove(name),
        };
        // Sent under the lock, so that of two values the same one wins here and in the store.
        self.put_asides(vec![(format!("{META}{name}"), value)])
    }

    /// As [`meta_get`](Directory::meta_get), for a value put by [`meta_put_sealed`](Directory::meta_put_sealed).
    pub fn meta_get_sealed(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SealError> {
        match self.meta_get(name) {
            Some(sealed) => self.sealer.open(&sealed, name.as_bytes()).map(Some),
            None => Ok(None),
        }
    }

    /// As [`meta_put`](Directory::meta_put), but sealed under the master key: the keys that tokens are sealed with.
    pub fn meta_put_sealed(&self, name: &str, clear: &[u8]) -> Result<Pending, SealError> {
        let sealed = self.sealer.seal(clear, name.as_bytes())?;
        Ok(self.meta_put(name, Some(sealed)))
    }

    /// The latest time that was written down, 0 at first: the clock goes on from there, whatever the system's says.
    pub fn last_seen_time(&self) -> Millis {
        last_seen(&self.meta.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the time down, if it is later than the one there.
    pub fn put_last_seen_time(&self, now: Millis) -> Pending {
        let latest = now.max(self.last_seen_time());
        self.meta_put(LAST_SEEN_TIME, Some(latest.to_string().into_bytes()))
    }

    /// Makes durable which keys, roles and passwords were used since the last time, and forgets those that are gone.
    /// For the server to call every 10 seconds and when it stops.
    pub async fn flush_last_used(&self) -> Result<(), CommitError> {
        let snapshot = self.published();
        let changed = self.last_used.take_changed(|id| exists(&snapshot, id));
        if changed.is_empty() {
            return Ok(());
        }
        let mut asides = Vec::with_capacity(changed.len());
        for (id, last) in &changed {
            let json = last.as_ref().and_then(|last| serde_json::to_vec(last).ok());
            asides.push((format!("{USED}{id}"), json));
        }
        let written = self.put_asides(asides).await;
        if written.is_err() {
            self.last_used
                .not_written(changed.into_iter().map(|(id, _)| id));
        }
        written.map(|_| ())
    }

    fn put_asides(&self, asides: Vec<(String, Option<Vec<u8>>)>) -> Pending {
        let (answer, pending) = oneshot::channel();
        self.send(Job::Asides { asides, answer });
        Pending(State::Waiting(pending))
    }
}

fn last_seen(meta: &BTreeMap<String, Vec<u8>>) -> Millis {
    meta.get(LAST_SEEN_TIME)
        .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
        .unwrap_or(0)
}

/// Whether `id`, perhaps with more behind a slash, is a key, an entity or an account here.
fn exists(snapshot: &Snapshot, id: &str) -> bool {
    let id = id.split('/').next().unwrap_or(id);
    snapshot.access_key(id).is_some()
        || snapshot.by_unique_id(id).is_some()
        || id
            .parse()
            .is_ok_and(|account| snapshot.account(&account).is_some())
}
