//! Counters for `/metrics`: requests by service, operation and outcome, latency, commits. They name no identity.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Upper bounds of the latency histogram, in microseconds.
const BUCKETS_US: [u64; 10] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000, 10_000_000,
];

/// All counters of a server.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, &'static str, Outcome), u64>>,
    latency: [AtomicU64; BUCKETS_US.len() + 1],
    latency_sum_us: AtomicU64,
    commits: AtomicU64,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// 2xx and 3xx.
    Ok,
    /// 403.
    Denied,
    /// Another 4xx.
    ClientError,
    /// 5xx.
    ServerError,
}

impl Outcome {
    /// By HTTP status.
    pub fn of(status: u16) -> Self {
        match status {
            ..400 => Self::Ok,
            403 => Self::Denied,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
        }
    }
}

impl Metrics {
    /// Counts one answered request. `operation` is a name from our own tables, never the caller's text.
    pub fn request(
        &self,
        service: &'static str,
        operation: &'static str,
        status: u16,
        took_us: u64,
    ) {
        if let Ok(mut requests) = self.requests.lock() {
            *requests
                .entry((service, operation, Outcome::of(status)))
                .or_default() += 1;
        }
        let bucket = BUCKETS_US
            .iter()
            .position(|b| took_us <= *b)
            .unwrap_or(BUCKETS_US.len());
        self.latency[bucket].fetch_add(1, Ordering::Relaxed);
        self.latency_sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// Counts one durable change.
    pub fn commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Prometheus' text form.
    pub fn render(&self) -> String {
        let mut out = String::from(
            "# HELP twinlock_requests_total Requests answered.\n# TYPE twinlock_requests_total counter\n",
        );
        if let Ok(requests) = self.requests.lock() {
            for ((service, operation, outcome), count) in requests.iter() {
                let outcome = outcome.label();
                let _ = writeln!(
                    out,
                    "twinlock_requests_total{{service=\"{service}\",operation=\"{operation}\",outcome=\"{outcome}\"}} {count}"
                );
            }
        }
        out.push_str("# HELP twinlock_request_seconds Time from the last byte of the head to the answer.\n# TYPE twinlock_request_seconds histogram\n");
        let mut cumulative = 0;
        for (i, bound) in BUCKETS_US.iter().enumerate() {
            cumulative += self.latency[i].load(Ordering::Relaxed);
            let _ = writeln!(
                out,
                "twinlock_request_seconds_bucket{{le=\"{}\"}} {cumulative}",
                *bound as f64 / 1e6
            );
        }
        cumulative += self.latency[BUCKETS_US.len()].load(Ordering::Relaxed);
        let sum = self.latency_sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(
            out,
            "twinlock_request_seconds_bucket{{le=\"+Inf\"}} {cumulative}"
        );
        let _ = writeln!(
            out,
            "twinlock_request_seconds_sum {sum}\ntwinlock_request_seconds_count {cumulative}"
        );
        let commits = self.commits.load(Ordering::Relaxed);
        let _ = writeln!(
            out,
            "# HELP twinlock_commits_total Changes made durable.\n# TYPE twinlock_commits_total counter\ntwinlock_commits_total {commits}"
        );
        out
    }
}
