//! Request and answer types of every AWS service Twinlock speaks, generated from AWS's published models.
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

#[cfg(test)]
mod tests;
