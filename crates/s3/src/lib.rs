//! The operations of S3 and S3 Control.
