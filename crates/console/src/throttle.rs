//! Guessing passwords is slow: after a few wrong ones the next try has to wait, longer each time.
//!
//! Counted per identity and address together (somebody who mistypes), per address (somebody who tries many names) and per
//! identity (somebody with many addresses); the last with a high bar, so that nobody can lock another person out with ease.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use twinlock_directory::Millis;

/// Wrong tries that cost nothing.
const FREE_TRIES: u32 = 5;
const FREE_TRIES_ADDRESS: u32 = 30;
const FREE_TRIES_IDENTITY: u32 = 100;
/// The longest wait.
const WAIT_MS_MAX: Millis = 5 * 60 * 1000;
/// After so long without a wrong try all is forgotten.
const FORGET_MS: Millis = 60 * 60 * 1000;
/// Names counted at a time.
const ENTRIES_MAX: usize = 100_000;

#[derive(Debug, Default)]
struct Count {
    wrong: u32,
    last: Millis,
}

/// Wrong tries so far.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Count>>);

impl Throttle {
    /// How long this identity has to wait at this address, in milliseconds; none: it may try.
    pub(crate) fn wait(&self, identity: &str, address: &str, now: Millis) -> Option<Millis> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys(identity, address)
            .into_iter()
            .filter_map(|(key, free)| {
                let count = counts.get(&key)?;
                let over = count.wrong.checked_sub(free)?;
                let wait = (1000 << over.min(20)).min(WAIT_MS_MAX);
                (count.last + wait)
                    .checked_sub(now)
                    .filter(|left| *left > 0)
            })
            .max()
    }

    /// A wrong try.
    pub(crate) fn wrong(&self, identity: &str, address: &str, now: Millis) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, count| count.last + FORGET_MS > now);
        }
        for (key, _) in keys(identity, address) {
            let count = counts.entry(key).or_default();
            if count.last + FORGET_MS < now {
                count.wrong = 0;
            }
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
        }
    }

    /// A right one: this identity starts afresh at this address.
    pub(crate) fn right(&self, identity: &str, address: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&format!("{identity} {address}"));
    }
}

fn keys(identity: &str, address: &str) -> [(String, u32); 3] {
    [
        (format!("{identity} {address}"), FREE_TRIES),
        (format!(" {address}"), FREE_TRIES_ADDRESS),
        (format!("{identity} "), FREE_TRIES_IDENTITY),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_try_waits_and_each_wrong_one_doubles_it() {
        let throttle = Throttle::default();
        for _ in 0..FREE_TRIES {
            assert_eq!(throttle.wait("a", "1", 1_000_000), None);
            throttle.wrong("a", "1", 1_000_000);
        }
        assert_eq!(throttle.wait("a", "1", 1_000_000), Some(1000));
        assert_eq!(throttle.wait("a", "1", 1_001_000), None);
        throttle.wrong("a", "1", 1_001_000);
        assert_eq!(throttle.wait("a", "1", 1_001_000), Some(2000));
        assert_eq!(throttle.wait("a", "2", 1_001_000), None, "from elsewhere");
        throttle.right("a", "1");
        assert_eq!(throttle.wait("a", "1", 1_001_000), None);
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let throttle = Throttle::default();
        for n in 0..FREE_TRIES_ADDRESS {
            throttle.wrong(&format!("user{n}"), "1", 5_000_000);
        }
        assert!(throttle.wait("another", "1", 5_000_000).is_some());
        assert_eq!(throttle.wait("another", "2", 5_000_000), None);
    }
}
