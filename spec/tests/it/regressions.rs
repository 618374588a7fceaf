//! Cases that once told the two evaluators apart, by name. Whichever was wrong, both must now give the answer that stands there.

use serde::Deserialize;
use twinlock_spec::Case;

use crate::engine::{engine, spec};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regression {
    name: String,
    /// What one of them did.
    was: String,
    case: Case,
    outcome: String,
    #[serde(default)]
    cause: Option<String>,
}

#[test]
fn differences_once_found() {
    let all: Vec<Regression> =
        serde_json::from_str(include_str!("regressions.json")).expect("regressions.json");
    assert!(!all.is_empty());
    for Regression {
        name,
        was,
        case,
        outcome,
        cause,
    } in all
    {
        for (who, verdict) in [
            ("the rules", spec(&case, None)),
            ("the engine", engine(&case)),
        ] {
            let answer = (
                format!("{:?}", verdict.outcome),
                verdict.cause.map(|cause| format!("{cause:?}")),
            );
            assert_eq!(
                answer,
                (outcome.clone(), cause.clone()),
                "{name}, {who} ({was})"
            );
        }
    }
}
