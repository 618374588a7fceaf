//! Held against AWS's own service models, as botocore has them: constraints, examples, paginators, waiters.
//!
//! Nothing here knows an operation by name: what is in the tables is tried, so a new operation is covered when it is listed.

use serde_json::{Value, json};
use twinlock::server::SERVICES;

use crate::server::{project, tool};
use crate::world::World;

/// Runs a script on a server of its own, as root of Production, and returns what it told.
fn told(script: &str, services: &[&str]) -> Value {
    let world = World::start("text3");
    let terminal = world.account("Production").root().terminal();
    let operations: Vec<Value> = SERVICES
        .operations()
        .filter(|(service, ..)| services.contains(service))
        .map(|(service, operation, ..)| json!([service, operation]))
        .collect();
    terminal.file("operations.json", &json!(operations).to_string());
    let script = project().join("tests/it/scripts").join(script);
    let python = tool("python");
    let told = terminal
        .types(&format!("'{}' '{}'", python.display(), script.display()))
        .json();
    let wrong: Vec<&str> = told["wrong"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    told
}

#[test]
fn every_constraint_of_the_model_holds_and_no_other() {
    let told = told("model.py", &["iam", "sts", "organizations"]);
    let calls = told["calls"].as_u64().unwrap_or(0);
    assert!(calls > 1400, "only {calls} calls were made");
}

#[test]
fn examples_paginators_and_waiters_of_the_model() {
    let told = told("examples.py", &["iam", "sts"]);
    let count = |what: &str| told[what].as_u64().unwrap_or(0);
    assert!(count("examples") > 40, "{told}");
    assert!(count("paginators") >= 30, "{told}");
    assert_eq!(count("waiters"), 8, "{told}");
}
