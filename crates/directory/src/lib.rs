//! The truth about identities and buckets: model, integrity rules, snapshots, commits, store.

pub mod managed;
