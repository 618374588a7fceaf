//! Request and answer types of every AWS service Twinlock speaks, generated from AWS's published models; and of one service of its
//! own, generated from `twinlock/service-2.json`.
//!
//! Everything but this file, `s3.rs`, `s3control.rs` and the routing of S3 is written by `cargo xtask codegen`: a module a
//! service, in it `XxxInput` and `XxxOutput` of every operation, the structures inside under the models' own names, the
//! names of all operations and the error codes.

pub mod iam;
pub mod known;
pub mod organizations;
pub mod s3;
pub mod s3control;
pub mod sts;
pub mod twinlock;

/// The model that [`twinlock`] is generated from, in the form in which clients of AWS's take models.
pub const TWINLOCK_MODEL: &str = include_str!("../twinlock/service-2.json");

#[cfg(test)]
mod tests;
