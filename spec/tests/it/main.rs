//! The engine and the second evaluator, asked the same questions. One binary; see docs/testing.md for the long runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code, also outside the test functions"
)]

mod adversarial;
mod batch;
mod differential;
mod engine;
mod faults;
mod fuzz;
mod generator;
mod properties;
mod random;
mod regressions;
mod tables;
