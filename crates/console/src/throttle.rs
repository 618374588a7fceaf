//! Guessing passwords is slow: after a few wrong ones the next try has to wait, longer each time.
//!
//! Counted per identity and address together (somebody who mistypes), per address (somebody who tries many names) and per
//! identity (somebody with many addresses); the last with a high bar, so that nobody can lock another person out with ease.
//!
//! A try counts as wrong from the moment it begins, so that guessing at the same time gains nothing. It is beside what the
//! directory counts of each user that exists: here it is about names that do not, and about one password for many names.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
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
/// Names counted at a time; beyond them those that are known go on counting.
const ENTRIES_MAX: usize = 100_000;
/// As much of a name as tells it from others: no account and user have more characters, and what is counted is kept.
const NAME_CHARS_MAX: usize = 400;

#[derive(Debug, Default)]
struct Count {
    wrong: u32,
    last: Millis,
}

/// Wrong tries so far.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Count>>);

impl Throttle {
    /// Begins a try: how long this identity has to wait at this address, in milliseconds, and then nothing is counted; none:
    /// it may try, and has been wrong until [`Throttle::right`].
    #[must_use]
    pub(crate) fn begin(&self, identity: &str, address: IpAddr, now: Millis) -> Option<Millis> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(identity, address);
        let wait = keys
            .iter()
            .filter_map(|(key, free)| {
                let count = counts.get(key)?;
                let over = count.wrong.checked_sub(*free)?;
                let wait = (1000 << over.min(20)).min(WAIT_MS_MAX);
                (count.last + wait)
                    .checked_sub(now)
                    .filter(|left| *left > 0)
            })
            .max();
        if wait.is_some() {
            return wait;
        }
        if counts.len() >= ENTRIES_MAX {
            counts.retain(|_, count| count.last + FORGET_MS > now);
        }
        for (key, _) in keys {
            if counts.len() >= ENTRIES_MAX && !counts.contains_key(&key) {
                continue;
            }
            let count = counts.entry(key).or_default();
            if count.last + FORGET_MS < now {
                count.wrong = 0;
            }
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
        }
        None
    }

    /// The try was right: this identity starts afresh at this address, and the rest counts as it did before.
    pub(crate) fn right(&self, identity: &str, address: IpAddr) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [both, alone @ ..] = keys(identity, address);
        counts.remove(&both.0);
        for (key, _) in alone {
            if let Some(count) = counts.get_mut(&key) {
                count.wrong = count.wrong.saturating_sub(1);
            }
        }
    }
}

fn keys(identity: &str, address: IpAddr) -> [(String, u32); 3] {
    let identity: String = identity.chars().take(NAME_CHARS_MAX).collect();
    let address = network(address);
    [
        (format!("{identity} {address}"), FREE_TRIES),
        (format!(" {address}"), FREE_TRIES_ADDRESS),
        (format!("{identity} "), FREE_TRIES_IDENTITY),
    ]
}

/// What one subscriber has: an IPv4 address, or the 2^64 addresses of an IPv6 network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn the_sixth_try_waits_and_each_wrong_one_doubles_it() {
        let throttle = Throttle::default();
        for _ in 0..FREE_TRIES {
            assert_eq!(throttle.begin("a", ONE, 1_000_000), None);
        }
        assert_eq!(throttle.begin("a", ONE, 1_000_000), Some(1000));
        assert_eq!(throttle.begin("a", ONE, 1_001_000), None);
        assert_eq!(throttle.begin("a", ONE, 1_001_000), Some(2000));
        assert_eq!(throttle.begin("a", TWO, 1_001_000), None, "from elsewhere");
        throttle.right("a", ONE);
        assert_eq!(throttle.begin("a", ONE, 1_001_000), None);
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let throttle = Throttle::default();
        for n in 0..FREE_TRIES_ADDRESS {
            assert_eq!(throttle.begin(&format!("user{n}"), ONE, 5_000_000), None);
        }
        assert!(throttle.begin("another", ONE, 5_000_000).is_some());
        assert_eq!(throttle.begin("another", TWO, 5_000_000), None);
    }

    #[test]
    fn who_signs_in_often_is_not_taken_for_a_guesser() {
        let throttle = Throttle::default();
        for _ in 0..3 * FREE_TRIES_IDENTITY {
            assert_eq!(throttle.begin("a", ONE, 5_000_000), None);
            throttle.right("a", ONE);
        }
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let throttle = Throttle::default();
        for n in 0..FREE_TRIES_ADDRESS {
            let address = format!("2001:db8:1:2::{n:x}").parse().unwrap();
            assert_eq!(
                throttle.begin(&format!("user{n}"), address, 5_000_000),
                None
            );
        }
        let same = "2001:db8:1:2:ffff::1".parse().unwrap();
        assert!(throttle.begin("another", same, 5_000_000).is_some());
        let other = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(throttle.begin("another", other, 5_000_000), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let throttle = Throttle::default();
        let long = "a".repeat(400_000);
        assert_eq!(throttle.begin(&long, ONE, 5_000_000), None);
        let counts = throttle.0.lock().unwrap();
        assert!(counts.keys().all(|key| key.len() < 1000));
    }
}
