//! Random cases through both evaluators: the same decision, and the same cause.
//!
//! `TWINLOCK_DIFF_SEED` and `TWINLOCK_DIFF_CASES` choose where to begin and how many; case `n` of seed `s` is case 0 of seed `s + n`.

use std::cell::RefCell;

use twinlock_policy::Outcome;
use twinlock_spec::{Form, Presence, Trace, decide};

use crate::engine::engine;
use crate::generator;

/// The first case, and how many: by default the same ones every time.
pub(crate) fn range() -> std::ops::Range<u64> {
    let number = |name, or| std::env::var(name).map_or(or, |text| text.parse().expect("a number"));
    let seed = number("TWINLOCK_DIFF_SEED", 1);
    seed..seed + number("TWINLOCK_DIFF_CASES", 20_000)
}

#[test]
fn both_evaluators_decide_alike() {
    let range = range();
    println!("seed {}, {} cases", range.start, range.end - range.start);
    let trace = RefCell::new(Trace::default());
    let mut outcomes = [0_u64; 3];
    let mut differences = Vec::new();
    for seed in range.clone() {
        let case = generator::case(seed);
        let (spec, engine) = (decide(&case, None, &trace), engine(&case));
        outcomes[match spec.outcome {
            Outcome::Allowed => 0,
            Outcome::ExplicitlyDenied => 1,
            Outcome::ImplicitlyDenied => 2,
        }] += 1;
        if spec != engine {
            differences.push((seed, spec, engine, case));
        }
    }
    let mut kinds = std::collections::BTreeMap::new();
    for (seed, spec, engine, case) in &differences {
        let kind = format!(
            "{:?} same account {:?}: by the rules {spec:?}, the engine {engine:?}",
            case.principal.kind,
            case.principal.account == case.resource_account,
        );
        kinds.entry(kind).or_insert_with(Vec::new).push(*seed);
    }
    for (kind, seeds) in kinds {
        println!(
            "{} times {kind}, such as {:?}",
            seeds.len(),
            &seeds[..seeds.len().min(4)]
        );
    }
    for (seed, spec, engine, case) in differences.iter().take(5) {
        println!(
            "TWINLOCK_DIFF_SEED={seed}\n  by the rules: {spec:?}\n  the engine:   {engine:?}\n  {}",
            serde_json::to_string(case).unwrap()
        );
    }
    assert_eq!(
        differences.len(),
        0,
        "differences in {} cases",
        range.end - range.start
    );
    let cases = outcomes.iter().sum::<u64>();
    println!(
        "Allowed {} %, ExplicitlyDenied {} %, ImplicitlyDenied {} %",
        outcomes[0] * 100 / cases,
        outcomes[1] * 100 / cases,
        outcomes[2] * 100 / cases
    );
    if cases >= 20_000 {
        assert!(
            outcomes.iter().all(|count| count * 100 >= cases * 15),
            "{outcomes:?}"
        );
        went_everywhere(&trace.into_inner());
    }
}

/// Every operator in every form met an absent key, a single value and a list; every form of principal covered a caller, unless it never
/// can, and missed one, unless it never can.
fn went_everywhere(trace: &Trace) {
    let mut unmet = Vec::new();
    for operator in generator::operators() {
        for presence in [Presence::Absent, Presence::Single, Presence::List] {
            if !trace.conditions.contains_key(&(operator.clone(), presence)) {
                unmet.push(format!("{operator} {presence:?}"));
            }
        }
    }
    use Form::{
        AccountId, AccountRoot, AwsStar, Bound, CanonicalUser, Federated, FederatedUser, Invalid,
        Role, RoleSession, Service, Star, UniqueId, User,
    };
    for form in [
        AccountId,
        AccountRoot,
        AwsStar,
        Bound,
        CanonicalUser,
        Federated,
        FederatedUser,
        Invalid,
        Role,
        RoleSession,
        Service,
        Star,
        UniqueId,
        User,
    ] {
        let [missed, covered] = trace.principals.get(&form).copied().unwrap_or_default();
        if missed == 0 && !matches!(form, Star | AwsStar)
            || covered == 0 && !matches!(form, UniqueId | Invalid)
        {
            unmet.push(format!("{form:?}: missed {missed}, covered {covered}"));
        }
    }
    assert!(unmet.is_empty(), "never met: {unmet:#?}");
}
