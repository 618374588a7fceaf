//! Planted faults: each is caught by the same random cases.

use std::collections::BTreeMap;

use twinlock_spec::{Fault, Verdict};

use crate::differential::range;
use crate::engine::{engine, spec};
use crate::generator;

#[test]
fn every_planted_fault_is_caught() {
    let mut caught: BTreeMap<Fault, (u64, Verdict, Verdict)> = BTreeMap::new();
    let range = range();
    for seed in range.clone() {
        let uncaught: Vec<Fault> = Fault::ALL
            .iter()
            .copied()
            .filter(|fault| !caught.contains_key(fault))
            .collect();
        if uncaught.is_empty() {
            break;
        }
        let case = generator::case(seed);
        let right = engine(&case);
        for fault in uncaught {
            let wrong = spec(&case, Some(fault));
            if wrong != right {
                caught.insert(fault, (seed, right, wrong));
            }
        }
    }
    for (fault, (seed, right, wrong)) in &caught {
        println!(
            "{fault:?}: case {} ({right:?}, with the fault {wrong:?})",
            seed - range.start
        );
    }
    let missed: Vec<&Fault> = Fault::ALL
        .iter()
        .filter(|fault| !caught.contains_key(fault))
        .collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
