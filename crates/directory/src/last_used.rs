//! When and where access keys, roles and passwords were last used.
//!
//! Every request touches an entry, so it must cost next to nothing: one atomic maximum under a shared lock. The entries
//! stand beside the snapshot, are answered at once and written out now and then, past the batches and the writer's turn.
//! They survive an orderly stop, and a power cut but for the last seconds.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use crate::model::Millis;

const SHARDS: usize = 16;
/// The lower bits of an entry say where, the upper ones when: so a later use wins by comparing numbers. 44 bits of
/// milliseconds last until the year 2527.
const WHERE_BITS: u32 = 20;
/// The most pairs of service and region kept apart. Clients name the region, so it has to be bounded.
const PLACES_MAX: usize = 4096;

/// One use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When, in milliseconds since the epoch.
    pub when: Millis,
    /// The service called, as signed for: `s3`, `iam`.
    pub service: String,
    /// The region signed for.
    pub region: String,
}

/// The last uses of everything, by id: an access key's id for the key, a role's unique id, a user's unique id (or a root
/// user's account id) for the password.
#[derive(Debug)]
pub struct LastUsed {
    shards: [RwLock<HashMap<Box<str>, Slot>>; SHARDS],
    hasher: RandomState,
    places: RwLock<Places>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The last use, packed.
    last: AtomicU64,
    /// What of it has been handed out for writing.
    written: AtomicU64,
}

#[derive(Debug, Default)]
struct Places {
    list: Vec<(Arc<str>, Arc<str>)>,
    numbers: HashMap<(Arc<str>, Arc<str>), u64>,
}

impl Default for LastUsed {
    fn default() -> LastUsed {
        LastUsed {
            shards: Default::default(),
            hasher: RandomState::new(),
            places: RwLock::default(),
        }
    }
}

impl LastUsed {
    /// Notes a use. Of two uses the later counts, in whatever order they are noted.
    pub fn touch(&self, id: &str, now: Millis, service: &str, region: &str) {
        let packed = (now << WHERE_BITS) | self.place(service, region);
        let shard = self.shard(id);
        let known = {
            let slots = shard.read().unwrap_or_else(PoisonError::into_inner);
            slots
                .get(id)
                .map(|slot| slot.last.fetch_max(packed, Ordering::Relaxed))
        };
        if known.is_none() {
            let mut slots = shard.write().unwrap_or_else(PoisonError::into_inner);
            slots
                .entry(id.into())
                .or_default()
                .last
                .fetch_max(packed, Ordering::Relaxed);
        }
    }

    /// The last use of `id`, if there was one.
    pub fn get(&self, id: &str) -> Option<Use> {
        let slots = self
            .shard(id)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let packed = slots.get(id)?.last.load(Ordering::Relaxed);
        drop(slots);
        Some(self.unpack(packed))
    }

    /// What was used since the last call, for writing out. `exists` tells of an id whether it is still somebody's: the
    /// others are forgotten and come back with nothing, to be removed where they are written.
    pub(crate) fn take_changed(&self, exists: impl Fn(&str) -> bool) -> Vec<(String, Option<Use>)> {
        let mut changed = Vec::new();
        for shard in &self.shards {
            let mut slots = shard.write().unwrap_or_else(PoisonError::into_inner);
            slots.retain(|id, slot| {
                if !exists(id) {
                    changed.push((id.to_string(), None));
                    return false;
                }
                let last = slot.last.load(Ordering::Relaxed);
                if slot.written.swap(last, Ordering::Relaxed) != last {
                    changed.push((id.to_string(), Some(self.unpack(last))));
                }
                true
            });
        }
        changed
    }

    /// Writing out failed: these count as changed again.
    pub(crate) fn not_written(&self, ids: impl Iterator<Item = String>) {
        for id in ids {
            let slots = self
                .shard(&id)
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = slots.get(id.as_str()) {
                slot.written.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Takes over a use as it was written out.
    pub(crate) fn restore(&self, id: &str, last: &Use) {
        let packed = (last.when << WHERE_BITS) | self.place(&last.service, &last.region);
        let slot = Slot {
            last: AtomicU64::new(packed),
            written: AtomicU64::new(packed),
        };
        let mut slots = self
            .shard(id)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        slots.insert(id.into(), slot);
    }

    fn shard(&self, id: &str) -> &RwLock<HashMap<Box<str>, Slot>> {
        let hash = self.hasher.hash_one(id);
        &self.shards[(hash % SHARDS as u64) as usize]
    }

    fn unpack(&self, packed: u64) -> Use {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let place = (packed & ((1 << WHERE_BITS) - 1)) as usize;
        let (service, region) = places
            .list
            .get(place)
            .map_or(("N/A", "N/A"), |(service, region)| (&**service, &**region));
        Use {
            when: packed >> WHERE_BITS,
            service: service.to_owned(),
            region: region.to_owned(),
        }
    }

    /// The number of a pair of service and region; beyond the limit of pairs one that reads as `N/A`.
    fn place(&self, service: &str, region: &str) -> u64 {
        let pair = (Arc::from(service), Arc::from(region));
        {
            let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(number) = places.numbers.get(&pair) {
                return *number;
            }
        }
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = places.numbers.get(&pair) {
            return *number;
        }
        if places.list.len() >= PLACES_MAX {
            return (1 << WHERE_BITS) - 1;
        }
        let number = places.list.len() as u64;
        places.list.push(pair.clone());
        places.numbers.insert(pair, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_use_is_answered_at_once_and_written_once() {
        let uses = LastUsed::default();
        assert_eq!(uses.get("AKIA1"), None);
        uses.touch("AKIA1", 20, "s3", "us-east-1");
        uses.touch("AKIA1", 10, "iam", "us-east-1");
        let last = uses.get("AKIA1").unwrap();
        assert_eq!((last.when, last.service.as_str()), (20, "s3"));
        assert_eq!(
            uses.take_changed(|_| true),
            vec![("AKIA1".to_owned(), Some(last.clone()))]
        );
        assert_eq!(uses.take_changed(|_| true), vec![]);
        uses.not_written(["AKIA1".to_owned()].into_iter());
        assert_eq!(uses.take_changed(|_| true).len(), 1);
        assert_eq!(
            uses.take_changed(|_| false),
            vec![("AKIA1".to_owned(), None)]
        );
        assert_eq!(uses.get("AKIA1"), None);
        uses.restore("AKIA1", &last);
        assert_eq!(uses.get("AKIA1"), Some(last));
    }

    #[test]
    fn the_places_that_clients_can_name_are_bounded() {
        let uses = LastUsed::default();
        for region in 0..=PLACES_MAX {
            uses.touch("AKIA1", region as u64, "s3", &format!("region-{region}"));
        }
        assert_eq!(uses.get("AKIA1").unwrap().region, "N/A");
    }
}
