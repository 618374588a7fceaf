//! What the next page of an identity says once: that something is done, or why it failed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use twinlock_gate::Fault;

/// Identities with something to say; over that the oldest words are dropped, which costs nobody anything but words.
const SLOTS_MAX: usize = 4096;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    /// Whether it is good news.
    pub good: bool,
    /// The sentence.
    pub text: String,
    /// Before the sentence of a fault: AWS's code, and what was refused when that is one thing of several.
    pub code: Option<String>,
    /// Where what it is about is seen: the link's words and the path.
    pub link: Option<(&'static str, String)>,
    /// Of a denial: the action, and on what.
    pub denied: Option<Box<(String, String)>>,
}

impl Flash {
    /// Something is done.
    pub(crate) fn done(text: impl Into<String>) -> Flash {
        Flash {
            good: true,
            text: text.into(),
            code: None,
            link: None,
            denied: None,
        }
    }

    /// Something failed.
    pub(crate) fn failed(fault: &Fault) -> Flash {
        Flash {
            good: false,
            text: fault.message.clone(),
            code: Some(fault.code.to_string()),
            link: None,
            denied: fault.denied.clone(),
        }
    }

    /// One change of several was refused: `what`, such as "Attaching Logs was refused".
    pub(crate) fn refused(what: &str, fault: &Fault) -> Flash {
        Flash {
            code: Some(format!("{what}: {}", fault.code)),
            ..Flash::failed(fault)
        }
    }
}

/// What is still to be said, by slot.
#[derive(Debug, Default)]
pub(crate) struct Flashes(Mutex<HashMap<String, Vec<Flash>>>);

impl Flashes {
    /// To be said by the slot's next page.
    pub(crate) fn put(&self, slot: &str, flash: Flash) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SLOTS_MAX {
            all.clear();
        }
        all.entry(slot.to_owned()).or_default().push(flash);
    }

    /// What the slot's page says now, and no page after it.
    pub(crate) fn take(&self, slot: &str) -> Vec<Flash> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(slot).unwrap_or_default()
    }
}
