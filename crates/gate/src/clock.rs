//! Time and randomness, as parameters: a test expires a session without waiting.

use std::sync::atomic::{AtomicU64, Ordering};

use twinlock_directory::Millis;

/// Where `now` comes from. It never runs backwards, also not across restarts: a revoked session must not come alive again.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    latest: AtomicU64,
}

#[derive(Debug)]
enum Source {
    System,
    Manual(AtomicU64),
}

impl Clock {
    /// The system's clock, never before `floor` (the last instant that an earlier run of this data directory saw).
    pub fn system(floor: Millis) -> Self {
        Self {
            source: Source::System,
            latest: AtomicU64::new(floor),
        }
    }

    /// A clock that a test moves by hand.
    pub fn manual(start: Millis) -> Self {
        Self {
            source: Source::Manual(AtomicU64::new(start)),
            latest: AtomicU64::new(start),
        }
    }

    /// Moves a manual clock forward; a system clock ignores it.
    pub fn advance(&self, by: Millis) {
        if let Source::Manual(at) = &self.source {
            at.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> Millis {
        let read = match &self.source {
            Source::System => system_now(),
            Source::Manual(at) => at.load(Ordering::Relaxed),
        };
        self.latest.fetch_max(read, Ordering::Relaxed).max(read)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where the system's clock is read"
)]
fn system_now() -> Millis {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|d| u64::try_from(d.as_millis()).ok())
        .unwrap_or(0)
}
