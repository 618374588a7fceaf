//! docs/policy-validation.md, written from the table of checks.

use std::fmt::Write;

use twinlock_policy::validate::{Check, FindingType, Origin, checks};

use crate::server::project;

const HEAD: &str = "\
# Validation of policies

`twinlock policy validate`, and `twinlock_policy::validate` in Rust, find what is wrong, dangerous or useless in a policy, as
IAM Access Analyzer's ValidatePolicy does: the same issue codes, finding types and paths, in words of our own. Identity
policies (boundaries and session policies too), trust policies, bucket policies and other resource policies, service
control policies and resource control policies are told apart.

All 138 headings of AWS's guide of 2023 (three stand twice) are implemented. `2023` and `later` say when AWS's list got a check;
`own` are ours, where AWS refuses a policy, or warns elsewhere, without a code for it. Each check has a document that
triggers it and one that does not, in `crates/policy/src/validate/tests/rows.rs`.

This file is written by `make coverage`.

## Where it differs from AWS

- Whatever `crates/policy/src/write_rules` refuses is an `ERROR` here, though AWS's check may only warn of it; a test breaks good
  policies in some thousand ways and asks both. So a value that is not of its operator's type gives `TYPE_MISMATCH_…` and
  `INVALID_CONDITION_DATA_TYPE`, and an empty list of actions `EMPTY_ARRAY_ACTION` and `MISSING_ACTION`. Sizes are quotas, of which
  AWS's check warns; a missing `Version` is refused in managed policies alone.
- `TYPE_MISMATCH_IP_RANGE` is a warning, as in 2023; AWS made it an error since. A policy with such a value is an error all the same.
- The grammar of SCPs is that of 2023 in `SCP_SYNTAX_ERROR_…`. AWS has taken the whole language since September 2025, Twinlock's
  Organizations takes it too, and the findings say so.
- `RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL` is not told of trust policies: most services that assume roles do not say for whom.
- `MISSING_ARN_ACCOUNT` is not told of Systems Manager and Resource Explorer, which have resources of AWS's own.
- `aws:ARN` is `DEPRECATED_GLOBAL_CONDITION_KEY` in identity policies and `UNSUPPORTED_GLOBAL_CONDITION_KEY` in all others; AWS's guide
  has both and does not say when.
- Actions, resource types and condition keys are those of the packed authorisation reference (`make facts`): what AWS launched
  after it is unknown.

Left out, both added to AWS's list after 2023: `USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES`, and `VARIABLE_USAGE_TOO_PERMISSIVE` with
`WILDCARD_USAGE_TOO_PERMISSIVE`: the first rests on a list of services and the others on one of sensitive keys that are not in
the reference.
";

fn table() -> String {
    let mut out = HEAD.to_owned();
    for (kind, title) in [
        (FindingType::Error, "Errors"),
        (FindingType::SecurityWarning, "Security warnings"),
        (FindingType::Warning, "Warnings"),
        (FindingType::Suggestion, "Suggestions"),
    ] {
        let _ = writeln!(
            out,
            "\n## {title}\n\n| code | AWS's heading | told when | since |\n| --- | --- | --- | --- |"
        );
        let mut rows: Vec<&Check> = checks().filter(|check| check.kind == kind).collect();
        rows.sort_by_key(|check| check.code);
        for check in rows {
            let (heading, since) = match check.origin {
                Origin::Guide => (check.heading, "2023"),
                Origin::Later => (check.heading, "later"),
                Origin::Own => ("–", "own"),
            };
            let _ = writeln!(
                out,
                "| `{}` | {heading} | {} | {since} |",
                check.code, check.trigger
            );
        }
    }
    out
}

#[test]
fn the_table_of_policy_checks_is_up_to_date() {
    let path = project().join("docs/policy-validation.md");
    let table = table();
    if std::env::var_os("TWINLOCK_WRITE_COVERAGE").is_some() {
        std::fs::write(&path, &table).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/policy-validation.md is out of date: run `make coverage`"
    );
}
