//! Browsers that people have signed in with before: others' guesses do not lock them out.
//!
//! Whoever guesses at a person's password makes everybody wait who comes with that name, from anywhere, and could keep the person
//! out for as long as he likes. So a browser gets a cookie with each sign-in that vouches for one thing: this person has been in
//! with it. Its tries are counted by themselves: the guesses of others do not make it wait, and its own do, as strictly. It
//! opens nothing: the password is asked as ever, so a stolen cookie is worth a few guesses, and then it waits.
//!
//! An entry of the cookie names nobody; it is a message authentication code over the person's unique id, an instant and a
//! random number, under a key that is kept sealed beside the directory. Nothing is kept of an entry unless a try of it goes wrong.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use twinlock_directory::{Attempts, Millis, Random};
use twinlock_gate::World;
use zeroize::Zeroizing;

/// The cookie with the entries of this browser, newest first, joined by dots.
pub(crate) const KNOWN: &str = "twinlock-known";
/// How long an entry vouches, if nobody signs in: half a year.
pub(crate) const KNOWN_MS: Millis = 180 * 24 * 60 * 60 * 1000;

/// Persons of one browser that are remembered.
const ENTRIES_MAX: usize = 8;
/// Where the key stands.
const KEY: &str = "console/known-browsers-key";
const KEY_BYTES: usize = 32;
const NONCE_CHARS: usize = 32;
const CODE_CHARS: usize = 64;

/// What tells known browsers, and counts their tries.
#[derive(Debug)]
pub(crate) struct KnownBrowsers {
    key: Zeroizing<Vec<u8>>,
    tries: Attempts,
}

/// What a browser is to a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The person has been in with it, and it may try: counted as wrong until [`KnownBrowsers::right`] of this.
    Known(String),
    /// The person has been in with it, and it was wrong too often: how long it has to wait, in milliseconds.
    Waits(Millis),
    /// Like everybody else's.
    Unknown,
}

impl KnownBrowsers {
    fn new(key: Zeroizing<Vec<u8>>) -> Self {
        KnownBrowsers {
            key,
            tries: Attempts::default(),
        }
    }

    /// With the key that is kept, or a new one where there is none.
    pub(crate) fn load(world: &World) -> Self {
        let kept = world.directory.meta_get_sealed(KEY).ok().flatten();
        let key = kept.filter(|key| key.len() == KEY_BYTES);
        let key = key.unwrap_or_else(|| {
            let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
            world.random.fill(&mut key);
            // Nobody waits: if it is not kept, browsers are strangers after the next start, and no worse comes of it.
            drop(world.directory.meta_put_sealed(KEY, &key));
            key
        });
        Self::new(key)
    }

    /// Begins a try of the browser with this cookie at the person of this unique id (the account's for root).
    pub(crate) fn begin(&self, cookie: &str, person: &str, now: Millis) -> Standing {
        let entry = entries(cookie).find(|entry| self.is_of(entry, person, now));
        let Some((_, nonce, _)) = entry.and_then(parts) else {
            return Standing::Unknown;
        };
        if self.tries.begin(nonce, now) {
            return Standing::Known(nonce.to_owned());
        }
        match self.tries.wait(nonce, now) {
            // No room to count it by itself, so it is counted with everybody.
            0 => Standing::Unknown,
            wait => Standing::Waits(wait),
        }
    }

    /// The try was right.
    pub(crate) fn right(&self, known: &str) {
        self.tries.succeeded(known);
    }

    /// The cookie of a browser that this person has just signed in with; `cookie` is the one that it had.
    pub(crate) fn remember(
        &self,
        cookie: &str,
        person: &str,
        now: Millis,
        random: &dyn Random,
    ) -> String {
        let mut nonce = [0; NONCE_CHARS / 2];
        random.fill(&mut nonce);
        let (issued, nonce) = (format!("{now:x}"), hex::encode(nonce));
        let code = self.mac(person, &issued, &nonce).finalize().into_bytes();
        let new = format!("{issued}-{nonce}-{}", hex::encode(code));
        let others = entries(cookie).filter(|entry| !self.is_of(entry, person, now));
        let all: Vec<&str> = std::iter::once(new.as_str())
            .chain(others)
            .take(ENTRIES_MAX)
            .collect();
        all.join(".")
    }

    /// Whether an entry vouches for this person still.
    fn is_of(&self, entry: &str, person: &str, now: Millis) -> bool {
        let Some((issued, nonce, code)) = parts(entry) else {
            return false;
        };
        let fresh =
            Millis::from_str_radix(issued, 16).is_ok_and(|at| at <= now && now - at < KNOWN_MS);
        let Ok(code) = hex::decode(code) else {
            return false;
        };
        // In constant time.
        fresh && self.mac(person, issued, nonce).verify_slice(&code).is_ok()
    }

    fn mac(&self, person: &str, issued: &str, nonce: &str) -> Hmac<Sha256> {
        #[allow(
            clippy::expect_used,
            reason = "INVARIANT: HMAC-SHA256 accepts a key of any length"
        )]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any key length");
        // None of them holds a space.
        mac.update(format!("known {person} {issued} {nonce}").as_bytes());
        mac
    }
}

/// The entries of a cookie that are written as ours are.
fn entries(cookie: &str) -> impl Iterator<Item = &str> {
    let all = cookie.split('.').take(ENTRIES_MAX);
    all.filter(|entry| parts(entry).is_some())
}

/// The instant, the random number and the code of an entry.
fn parts(entry: &str) -> Option<(&str, &str, &str)> {
    let (issued, rest) = entry.split_once('-')?;
    let (nonce, code) = rest.split_once('-')?;
    let hexadecimal = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let good = (1..=16).contains(&issued.len())
        && nonce.len() == NONCE_CHARS
        && code.len() == CODE_CHARS
        && [issued, nonce, code].into_iter().all(hexadecimal);
    good.then_some((issued, nonce, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlock_directory::SystemRandom;

    const START: Millis = 1_800_000_000_000;

    fn known() -> KnownBrowsers {
        KnownBrowsers::new(Zeroizing::new(vec![7; KEY_BYTES]))
    }

    fn cookie(known: &KnownBrowsers, before: &str, person: &str) -> String {
        known.remember(before, person, START, &SystemRandom)
    }

    #[test]
    fn an_entry_vouches_for_one_person_under_one_key_for_a_while() {
        let known = known();
        let cookie = cookie(&known, "", "AIDAJOHN");
        let is = |cookie: &str, person: &str, now: Millis| {
            matches!(known.begin(cookie, person, now), Standing::Known(_))
        };
        assert!(is(&cookie, "AIDAJOHN", START));
        assert!(is(&cookie, "AIDAJOHN", START + KNOWN_MS - 1));
        assert!(!is(&cookie, "AIDAJOHN", START + KNOWN_MS));
        assert!(!is(&cookie, "AIDAJANE", START));
        for wrong in [
            "",
            "nonsense",
            "1-2-3",
            &cookie[1..],
            &cookie[..cookie.len() - 1],
        ] {
            assert!(!is(wrong, "AIDAJOHN", START), "{wrong}");
        }
        // Another instant or number than the code was made for.
        let (issued, rest) = cookie.split_once('-').unwrap();
        assert!(!is(&format!("0{issued}-{rest}"), "AIDAJOHN", START));
        // It is the same after a restart, and worth nothing elsewhere.
        let again = super::tests::known();
        assert!(matches!(
            again.begin(&cookie, "AIDAJOHN", START),
            Standing::Known(_)
        ));
        let elsewhere = KnownBrowsers::new(Zeroizing::new(vec![8; KEY_BYTES]));
        assert_eq!(
            elsewhere.begin(&cookie, "AIDAJOHN", START),
            Standing::Unknown
        );
    }

    #[test]
    fn its_own_guesses_make_it_wait_and_a_right_one_forgives() {
        let known = known();
        let (cookie, other) = (
            cookie(&known, "", "AIDAJOHN"),
            cookie(&known, "", "AIDAJOHN"),
        );
        for _ in 0..5 {
            assert!(matches!(
                known.begin(&cookie, "AIDAJOHN", START),
                Standing::Known(_)
            ));
        }
        assert_eq!(
            known.begin(&cookie, "AIDAJOHN", START),
            Standing::Waits(1000)
        );
        assert!(matches!(
            known.begin(&other, "AIDAJOHN", START),
            Standing::Known(_)
        ));
        let Standing::Known(nonce) = known.begin(&cookie, "AIDAJOHN", START + 1000) else {
            panic!("it has waited");
        };
        known.right(&nonce);
        assert!(matches!(
            known.begin(&cookie, "AIDAJOHN", START + 1000),
            Standing::Known(_)
        ));
    }

    #[test]
    fn a_browser_remembers_the_last_few_persons_once_each() {
        let known = known();
        let mut all = String::new();
        for n in 0..=ENTRIES_MAX {
            all = cookie(&known, &all, &format!("AIDA{n}"));
            all = cookie(&known, &all, &format!("AIDA{n}"));
        }
        assert_eq!(all.split('.').count(), ENTRIES_MAX);
        assert_eq!(known.begin(&all, "AIDA0", START), Standing::Unknown);
        for n in 1..=ENTRIES_MAX {
            let person = format!("AIDA{n}");
            assert!(matches!(
                known.begin(&all, &person, START),
                Standing::Known(_)
            ));
        }
    }
}
