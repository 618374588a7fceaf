//! What a decision costs: the cases that an always-on evaluator meets, on one thread, beside Cedar on equivalent policies in the same
//! run. `make bench` runs it; it is never a test.
//!
//! A case is measured in short samples, the two engines by turns, so that whatever else the machine does hits both. The median sample
//! counts. Both have their policies parsed and the request built before the clock starts.

mod cases;

use std::{hint::black_box, io::Write as _, time::Instant};

use cases::{ACTION, BUCKET, Cedar, NETWORK, Statement, Twinlock};

/// How long a sample takes at least, and how many there are.
const SAMPLE_NANOS: u128 = 200_000;
const SAMPLES: usize = 101;

fn other(policy: usize, statement: usize) -> Statement {
    Statement {
        action: format!("service{policy}:Operation{statement}"),
        bucket: format!("other-{policy}-{statement}"),
        network: NETWORK.to_owned(),
    }
}

/// So many documents; the last statement of all is the one that allows.
fn documents(
    policies: usize,
    statements: usize,
    of: impl Fn(usize, usize) -> Statement,
) -> Vec<Vec<Statement>> {
    let document = |policy| (0..statements).map(|s| of(policy, s)).collect();
    let mut documents: Vec<Vec<Statement>> = (0..policies).map(document).collect();
    if let Some(last) = documents.last_mut().and_then(|last| last.last_mut()) {
        *last = Statement::matching();
    }
    documents
}

/// Statements about the asked action that differ in resource, in condition, or in both.
fn same_action(policy: usize, statement: usize) -> Statement {
    let odd = statement % 2 == 1;
    Statement {
        action: ACTION.to_owned(),
        bucket: if odd {
            BUCKET.to_owned()
        } else {
            format!("other-{policy}-{statement}")
        },
        network: if odd {
            format!("192.168.{statement}.0/24")
        } else {
            NETWORK.to_owned()
        },
    }
}

/// The nanoseconds of one sample's decision.
fn sample(ask: &dyn Fn() -> bool, decisions: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..decisions {
        black_box(ask());
    }
    start.elapsed().as_nanos() as f64 / f64::from(decisions)
}

/// How many decisions make a sample.
fn decisions(ask: &dyn Fn() -> bool) -> u32 {
    let mut decisions = 1;
    loop {
        let start = Instant::now();
        for _ in 0..decisions {
            assert!(black_box(ask()), "the last statement allows");
        }
        if start.elapsed().as_nanos() >= SAMPLE_NANOS {
            return decisions;
        }
        decisions *= 2;
    }
}

/// The median nanoseconds of a decision, of each engine, sampled by turns.
fn measure<const N: usize>(engines: [&dyn Fn() -> bool; N]) -> [f64; N] {
    let counts = engines.map(|ask| decisions(ask));
    let mut samples = [const { Vec::new() }; N];
    for _ in 0..SAMPLES {
        for engine in 0..N {
            samples[engine].push(sample(engines[engine], counts[engine]));
        }
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        samples[SAMPLES / 2]
    })
}

fn say(line: &str) {
    // A closed pipe ends the bench; nothing else depends on it.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn row(name: &str, bar: Option<f64>, twinlock: f64, cedar: Option<f64>) {
    let bar = bar.map_or(("-".to_owned(), "-"), |bar| {
        let met = if twinlock < bar { "yes" } else { "NO" };
        (format!("{bar:.0}"), met)
    });
    let cedar = cedar.map_or(("-".to_owned(), "-".to_owned()), |cedar| {
        (format!("{cedar:.0}"), format!("{:.0} x", cedar / twinlock))
    });
    say(&format!(
        "| {name:<58} | {:>8} | {twinlock:>8.0} | {:>4} | {:>9} | {:>7} |",
        bar.0, bar.1, cedar.0, cedar.1
    ));
}

fn main() {
    say("Nanoseconds a decision, median of one thread.\n");
    say(&format!(
        "| {:<58} | {:>8} | {:>8} | {:>4} | {:>9} | {:>7} |",
        "case", "bar", "Twinlock", "met", "Cedar", "ratio"
    ));
    say(&format!(
        "| {:-<58} | {:->8} | {:->8} | {:->4} | {:->9} | {:->7} |",
        "", "", "", "", "", ""
    ));
    let cases = [
        (
            "1 policy with 1 statement",
            Some(300.0),
            documents(1, 1, other),
        ),
        (
            "10 policies with 50 statements",
            Some(2_000.0),
            documents(10, 5, other),
        ),
        (
            "20 policies with 100 statements",
            None,
            documents(20, 5, other),
        ),
        (
            "50 statements on the asked action, by resource, condition",
            Some(5_000.0),
            documents(10, 5, same_action),
        ),
        (
            "200 policies with 5,000 statements, of which one matches",
            Some(10_000.0),
            documents(200, 25, other),
        ),
    ];
    for (name, bar, documents) in &cases {
        let (twinlock, cedar) = (Twinlock::new(documents), Cedar::new(documents));
        let [twinlock, cedar] = twinlock.ask(|twinlock| measure([twinlock, &|| cedar.allows()]));
        row(name, *bar, twinlock, Some(cedar));
    }

    // Ten policies of each of ten groups: nine say nothing about the request. The bar: the ten that do, each asked alone.
    let groups = documents(100, 5, |policy, statement| {
        if policy % 10 == 9 && statement == 0 {
            same_action(policy, 0)
        } else {
            other(policy, statement)
        }
    });
    let groups = Twinlock::new(&groups);
    let whole = groups.ask(|ask| measure([ask])[0]);
    let alone = |policy: usize| {
        groups.ask_some(policy..policy + 1, |ask| {
            let mut samples: Vec<f64> = (0..SAMPLES).map(|_| sample(ask, 500)).collect();
            samples.sort_by(f64::total_cmp);
            samples[SAMPLES / 2]
        })
    };
    let sum: f64 = (9..100).step_by(10).map(alone).sum();
    row(
        "10 groups with 100 policies; bar: those that match, summed",
        Some(sum),
        whole,
        None,
    );

    // What other identities have costs nothing: a decision is handed the documents of its caller only.
    let few = Twinlock::new(&documents(10, 5, other));
    let others: Vec<Twinlock> = (0..200)
        .map(|_| Twinlock::new(&documents(10, 25, other)))
        .collect();
    let among = few.ask(|ask| measure([ask])[0]);
    row(
        "10 policies with 50 statements among 50,000 of others",
        Some(2_000.0),
        among,
        None,
    );
    drop(others);

    // Two thousand lines of a batch in less than a second, each with its policies read anew.
    let text = lines(2_000);
    let mut samples: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let status = twinlock_policy::batch::run(text.as_bytes(), std::io::sink());
            assert_eq!(status, twinlock_policy::batch::ALL_EVALUATED);
            start.elapsed().as_nanos() as f64 / 2_000.0
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    row(
        "a line of a batch with 4 policies and 20 statements",
        Some(500_000.0),
        samples[2],
        None,
    );
}

/// So many lines of a batch.
fn lines(count: usize) -> String {
    let document = |policy: usize| {
        let statements: Vec<String> = (0..5)
            .map(|statement| {
                let Statement { action, bucket, network } = if policy == 3 && statement == 4 {
                    Statement::matching()
                } else {
                    other(policy, statement)
                };
                format!(
                    r#"{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::{bucket}/*","Condition":{{"IpAddress":{{"aws:SourceIp":"{network}"}}}}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"name":"p{policy}","document":{{"Version":"2012-10-17","Statement":[{}]}}}}"#,
            statements.join(",")
        )
    };
    let policies: Vec<String> = (0..4).map(document).collect();
    let line = |id| {
        format!(
            r#"{{"id":{id},"principal":"arn:aws:iam::111111111111:user/John","action":"{ACTION}","resource":"arn:aws:s3:::{BUCKET}/index.html","resourceAccount":"111111111111","context":{{"aws:SourceIp":"10.1.2.3"}},"identityPolicies":[{}]}}"#,
            policies.join(",")
        ) + "\n"
    };
    (0..count).map(line).collect()
}
