//! The server as a library: configuration, start-up and the HTTP door; `main.rs` is its command line.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`config`] | what the operator decides: a TOML file, the environment, flags |
//! | [`door`] | HTTP: connections, TLS, limits, health, graceful stop. Knows no service |
//! | [`server`] | start-up in its order, accounts of the configuration, housekeeping, shutdown |
//! | [`cli`] | the commands; the only place that prints |

pub mod cli;
pub mod config;
pub mod door;
pub mod server;
