//! Codes and passwords tried in vain: who guesses has to wait, longer with every guess.
//!
//! An attempt counts as failed from the moment it begins until it is known to have succeeded, so that guessing at the same
//! time gains nothing. Kept in memory only: whoever could restart the server to start counting anew needs no guessing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::model::Millis;

/// Failures in a row that cost no waiting: people mistype.
const FREE: u32 = 5;
/// The wait after the first failure beyond those; it doubles with each further one.
const WAIT_MS: Millis = 1_000;
/// The longest wait: an hour, in which a guesser of six digits gets nowhere.
const WAIT_MS_MAX: Millis = 3_600_000;
/// The most things guessed at that are remembered. Only what exists is counted, so it takes as many devices and users.
const ENTRIES_MAX: usize = 100_000;

/// How often each thing that can be guessed at (an MFA device, a password) was tried since it last went well.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<Box<str>, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Millis,
}

impl Failures {
    fn wait(self) -> Millis {
        match self.count.checked_sub(FREE) {
            None => 0,
            Some(beyond) => (WAIT_MS << beyond.min(12)).min(WAIT_MS_MAX),
        }
    }
}

impl Attempts {
    /// Begins an attempt at the thing of this id (one that exists): false if it has to wait, and then nothing is counted
    /// and nothing may be checked.
    #[must_use]
    pub fn begin(&self, id: &str, now: Millis) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ENTRIES_MAX && !all.contains_key(id) {
            // Those that would not have to wait any more are forgotten first; one that is known always stays counted.
            all.retain(|_, failures| now < failures.last + WAIT_MS_MAX);
            if all.len() >= ENTRIES_MAX {
                return false;
            }
        }
        let failures = all.entry(id.into()).or_insert(Failures {
            count: 0,
            last: now,
        });
        if now < failures.last + failures.wait() {
            return false;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        true
    }

    /// How long the thing of this id has to wait before the next attempt, in milliseconds.
    pub fn wait(&self, id: &str, now: Millis) -> Millis {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).map_or(0, |failures| {
            (failures.last + failures.wait()).saturating_sub(now)
        })
    }

    /// The attempt went well: all failures before it are forgotten.
    pub fn succeeded(&self, id: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_waits_ever_longer_and_a_success_forgives() {
        let attempts = Attempts::default();
        let mut now = 1_000_000;
        for _ in 0..FREE {
            assert!(attempts.begin("a", now));
        }
        assert!(!attempts.begin("a", now), "the sixth has to wait");
        assert_eq!(
            (attempts.wait("a", now), attempts.wait("b", now)),
            (WAIT_MS, 0)
        );
        assert!(attempts.begin("b", now), "somebody else does not");
        now += WAIT_MS;
        assert!(attempts.begin("a", now));
        assert!(!attempts.begin("a", now + WAIT_MS), "twice as long now");
        now += 2 * WAIT_MS;
        assert!(attempts.begin("a", now));
        attempts.succeeded("a");
        assert!(attempts.begin("a", now));
    }

    #[test]
    fn a_day_of_guessing_is_a_few_dozen_guesses() {
        let attempts = Attempts::default();
        let day = 24 * 3_600_000;
        let guesses = (0..day)
            .step_by(500)
            .filter(|now| attempts.begin("a", *now))
            .count();
        assert!(guesses < 50, "{guesses}");
    }
}
