//! What a decision costs, as medians of one run and as ratios to the smallest case. Run by `make bench`; never a test.
//!
//! The cases are those that an always-on evaluator meets: one policy, ten policies with fifty statements, two hundred with
//! five thousand of which one matches, and fifty statements that all name the asked action.

use std::{fmt::Write as _, hint::black_box, io::Write as _, time::Instant};

use twinlock_policy::{
    Context, Policy, PolicySet, Principal, PrincipalKind, Request, ResourceRule, Source, Value,
    evaluate,
};

/// Decisions in one sample, and samples of which the median counts.
const DECISIONS: u32 = 2_000;
const SAMPLES: usize = 31;

struct OneKey;

impl Context for OneKey {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        (key == "aws:sourceip").then(|| Value::One("10.1.2.3".into()))
    }
}

/// `policies` documents of `statements` each; only the last statement of all matches.
fn documents(policies: usize, statements: usize, same_action: bool) -> Vec<Policy> {
    (0..policies)
        .map(|p| {
            let mut text = String::from(r#"{"Version":"2012-10-17","Statement":["#);
            for s in 0..statements {
                let last = p + 1 == policies && s + 1 == statements;
                let (service, bucket) = if last {
                    ("s3:GetObject".to_owned(), "productionapp".to_owned())
                } else if same_action {
                    ("s3:GetObject".to_owned(), format!("other-{p}-{s}"))
                } else {
                    (format!("service{p}:Operation{s}"), format!("other-{p}-{s}"))
                };
                let comma = if s == 0 { "" } else { "," };
                // Writing to a String does not fail.
                let _ = write!(
                    text,
                    r#"{comma}{{"Effect":"Allow","Action":"{service}","Resource":"arn:aws:s3:::{bucket}/*","Condition":{{"IpAddress":{{"aws:SourceIp":"10.0.0.0/8"}}}}}}"#
                );
            }
            text.push_str("]}");
            Policy::parse(&text).expect("the bench's own document parses")
        })
        .collect()
}

/// The median cost of one decision, in nanoseconds.
fn measure(policies: &[Policy]) -> f64 {
    let principal = Principal {
        kind: PrincipalKind::User,
        account: Some("111111111111".into()),
        arn: "arn:aws:iam::111111111111:user/John".into(),
        unique_id: Some("AIDAEXAMPLE".into()),
        issuer: None,
        provider: None,
        service_linked: false,
    };
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::productionapp/index.html",
        resource_account: Some("111111111111"),
        context: &OneKey,
    };
    let set = PolicySet {
        identity: policies
            .iter()
            .map(|policy| Source {
                policy,
                name: "p",
                arn: None,
                attached_to: "user John",
            })
            .collect(),
        resource: None,
        resource_rule: ResourceRule::Ordinary,
        boundary: None,
        session: None,
        scps: None,
        rcps: None,
        endpoint: None,
        principal_in_management_account: false,
        resource_in_management_account: false,
        restrict_public_buckets: false,
        acl_grant: false,
    };
    assert!(
        evaluate(&request, &set).allowed(),
        "the last statement allows"
    );
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..DECISIONS {
                black_box(evaluate(black_box(&request), black_box(&set)));
            }
            start.elapsed().as_nanos() as f64 / f64::from(DECISIONS)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    samples[SAMPLES / 2]
}

fn main() {
    let cases = [
        ("1 policy, 1 statement", documents(1, 1, false)),
        ("10 policies, 50 statements", documents(10, 5, false)),
        (
            "10 policies, 50 statements, all of the asked action",
            documents(10, 5, true),
        ),
        ("200 policies, 5,000 statements", documents(200, 25, false)),
    ];
    let mut out = std::io::stdout().lock();
    let mut first = None;
    for (name, policies) in &cases {
        let median = measure(policies);
        let ratio = median / *first.get_or_insert(median);
        // A closed pipe ends the bench, nothing else depends on it.
        let _ = writeln!(out, "{name:<55} {median:>10.0} ns   {ratio:>7.2} x");
    }
}
