//! Who has shown a right password and not yet a code: asked again as a whole with the code, so that whatever has changed
//! meanwhile counts.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use twinlock_directory::{Millis, Random};

use super::Typed;

/// How long a person may take to type a code after the password.
const PENDING_MS: Millis = 5 * 60 * 1000;
/// People between password and code at a time; whoever has taken longest makes room.
const PENDING_MAX: usize = 10_000;

/// What was typed at the first step, by a random key that the second step's form carries.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HashMap<String, (Typed, Millis)>>);

impl Pending {
    /// Keeps what was typed, and gives the key.
    pub(super) fn put(&self, typed: Typed, now: Millis, random: &dyn Random) -> String {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, until)| *until > now);
        if all.len() >= PENDING_MAX {
            let oldest = all.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                all.remove(&oldest);
            }
        }
        let mut key = [0; 32];
        random.fill(&mut key);
        let key = hex::encode(key);
        all.insert(key.clone(), (typed, now + PENDING_MS));
        key
    }

    /// What was typed, if that is not too long ago.
    pub(super) fn get(&self, key: &str, now: Millis) -> Option<Typed> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (typed, until) = all.get(key)?;
        (*until > now).then(|| typed.clone())
    }

    /// The second step is done.
    pub(super) fn remove(&self, key: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlock_directory::SystemRandom;

    fn typed(user: &str) -> Typed {
        Typed {
            root: false,
            account: "081278057606".into(),
            user: user.into(),
            password: String::new().into(),
            next: String::new(),
        }
    }

    #[test]
    fn a_code_comes_soon_or_not_at_all() {
        let pending = Pending::default();
        let key = pending.put(typed("Amy"), 1000, &SystemRandom);
        let found = pending.get(&key, 1000 + PENDING_MS - 1).unwrap();
        assert_eq!(found.user, "Amy");
        assert!(pending.get(&key, 1000 + PENDING_MS).is_none());
        assert!(pending.get("", 1000).is_none());
        pending.remove(&key);
        assert!(pending.get(&key, 1000).is_none());
    }

    #[test]
    fn when_there_is_no_room_the_oldest_goes_and_nobody_else() {
        let pending = Pending::default();
        let keys: Vec<String> = (0..PENDING_MAX as u64)
            .map(|at| pending.put(typed("Amy"), 1 + at, &SystemRandom))
            .collect();
        let now = PENDING_MAX as u64;
        let newest = pending.put(typed("Bob"), now, &SystemRandom);
        assert!(pending.get(&keys[0], now).is_none());
        assert!(keys[1..].iter().all(|key| pending.get(key, now).is_some()));
        assert_eq!(pending.get(&newest, now).unwrap().user, "Bob");
        assert_eq!(pending.0.lock().unwrap().len(), PENDING_MAX);
    }
}
