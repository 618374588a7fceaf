//! Stories that read like scripts: real server, real clients.
//!
//! - [`world`]: a story's world: a server of its own, its accounts, and who is at the keyboard;
//! - [`server`]: starts, kills and restarts the real binary in a directory of its own;
//! - [`terminal`]: a shell with the stock aws CLI, for what the walkthroughs type;
//! - [`boto`]: boto3, for all other calls;
//! - [`browser`]: a person at a real browser;
//! - [`looks`]: what pages are in the dark, on a phone, for a screen reader;
//! - [`coverage`]: docs/coverage.md, from the tables of operations;
//! - [`validation`]: docs/policy-validation.md, from the table of checks;
//! - [`reference`]: every operation against AWS's service authorisation reference;
//! - `stories/`: the walkthroughs and their traps, one file each.
//!
//! All of it is one binary, since every further file in `tests/` would be linked by itself.

mod boto;
mod browser;
mod coverage;
mod looks;
mod reference;
mod server;
mod stories;
mod terminal;
mod validation;
mod world;
