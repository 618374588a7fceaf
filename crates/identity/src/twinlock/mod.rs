//! Twinlock's own service, beside AWS's: what has no operation there. Its table, and a file for each subject.
//!
//! | file | operations on |
//! | --- | --- |
//! | `revocations` | sessions that are ended before their time |
//!
//! It is called as AWS's services are: signed for `twinlock`, in JSON 1.1, with a model that the aws CLI and the SDKs load
//! (`twinlock model` prints it), and authorised by actions that policies grant (`twinlock:RevokeSession`).

pub mod revocations;

use twinlock_gate::service::{JsonService, change, read};
use twinlock_shapes::twinlock as shapes;
use twinlock_wire::violations::Dialect;

/// The table of its operations.
pub static TWINLOCK: JsonService = JsonService {
    name: "twinlock",
    event_source: "twinlock",
    target_prefix: "Twinlock_20261125",
    dialect: Dialect::Sts,
    entries: &[
        change::<_, revocations::RevokeSession>(),
        change::<_, revocations::RevokeOlderSessions>(),
        read::<_, revocations::ListRevocations>(),
    ],
    known: shapes::has_operation,
};
