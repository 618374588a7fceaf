//! The operations of IAM and STS: one operation, one place, one table per service.
pub mod sts;
