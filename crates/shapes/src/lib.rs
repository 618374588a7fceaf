//! Request and answer types of every AWS service Twinlock speaks, generated from AWS's published models.

pub mod s3;
pub mod s3control;
