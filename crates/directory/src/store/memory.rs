//! A store that forgets when it is dropped, for tests: also of what happens when writing fails.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Loaded, Store, StoreError, Write};

/// Rows in memory. Clones share them, so that a second directory can be opened on what a first one left.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    revision: u64,
    rows: BTreeMap<String, Vec<u8>>,
    asides: BTreeMap<String, Vec<u8>>,
    failing: bool,
}

impl Memory {
    /// Makes every following commit fail, or succeed again.
    pub fn set_failing(&self, failing: bool) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .failing = failing;
    }
}

impl Store for Memory {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Loaded {
            revision: content.revision,
            rows: content.rows.clone().into_iter().collect(),
            asides: content.asides.clone().into_iter().collect(),
        })
    }

    fn commit(&mut self, write: &Write) -> Result<(), StoreError> {
        fn put(map: &mut BTreeMap<String, Vec<u8>>, changes: &[(String, Option<Vec<u8>>)]) {
            for (key, value) in changes {
                match value {
                    Some(value) => map.insert(key.clone(), value.clone()),
                    None => map.remove(key),
                };
            }
        }
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if content.failing {
            return Err(StoreError::Failed("told to fail".to_owned()));
        }
        put(&mut content.rows, &write.rows);
        put(&mut content.asides, &write.asides);
        content.revision = write.revision;
        Ok(())
    }

    fn durable_revision(&mut self) -> Result<u64, StoreError> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .revision)
    }

    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
