//! Held against AWS's own service models, as botocore has them: constraints, examples, paginators, waiters.
//!
//! Nothing here knows an operation by name: what is in the tables is tried, so a new operation is covered when it is listed.

use serde_json::{Value, json};
use twinlock::server::SERVICES;
use twinlock_policy::facts;

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
    terminal.file("reference.json", &reference().to_string());
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

/// Of every operation of IAM, STS and Organizations what AWS's service authorisation reference asks for: the action of its own name
/// and those that depend on it, each with the patterns of its resource types' ARNs.
fn reference() -> Value {
    let patterns = |action: &str| -> Vec<String> {
        let (prefix, name) = action.split_once(':').expect("service:Action");
        let service = facts::service(prefix).expect("a service");
        let known = facts::action(prefix, name).expect("an action");
        let types = known.resources.iter();
        types
            .filter_map(|resource| service.resource(resource.name))
            .map(|of| starred(of.arn))
            .collect()
    };
    let operations = SERVICES
        .operations()
        .filter_map(|(service, operation, ..)| {
            let known = facts::action(service, operation)?;
            matches!(service, "iam" | "sts" | "organizations").then(|| {
                let own = format!("{service}:{operation}");
                let dependent = known.dependent_actions();
                let actions: Vec<Value> = std::iter::once(own.as_str())
                    .chain(dependent)
                    .map(|action| json!([action, patterns(action)]))
                    .collect();
                json!([service, operation, actions])
            })
        });
    operations.collect()
}

/// A template of an ARN as a policy's pattern: any name, of the account and partition that are filled in later.
fn starred(template: &str) -> String {
    let mut pattern = String::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once("${") {
        let (name, after) = inner.split_once('}').expect("a closed placeholder");
        pattern += before;
        match name {
            "Account" | "Partition" => pattern += &format!("${{{name}}}"),
            _ => pattern.push('*'),
        }
        rest = after;
    }
    pattern + rest
}

#[test]
fn every_permission_both_ways() {
    let told = told("permissions.py", &["iam", "sts", "organizations"]);
    let compared = told["compared"].as_u64().unwrap_or(0);
    assert!(compared > 800, "only {compared} calls were compared");
}

#[test]
fn every_constraint_of_the_model_holds_and_no_other() {
    let told = told("model.py", &["iam", "sts", "organizations"]);
    let calls = told["calls"].as_u64().unwrap_or(0);
    assert!(calls > 2900, "only {calls} calls were made");
}

#[test]
fn examples_paginators_and_waiters_of_the_model() {
    let told = told("examples.py", &["iam", "sts", "organizations"]);
    let count = |what: &str| told[what].as_u64().unwrap_or(0);
    assert!(count("examples") > 85, "{told}");
    assert!(count("paginators") >= 45, "{told}");
    assert_eq!(count("waiters"), 8, "{told}");
}
