//! Which services the server has: their tables of operations, side by side.

use twinlock_gate::service::{RestService, Services};
use twinlock_wire::fault::Protocol;

/// All of them.
pub const SERVICES: Services = Services {
    query: &[],
    s3: &S3,
    s3_control: &S3_CONTROL,
    known,
};

static S3: RestService = RestService {
    name: "s3",
    event_source: "s3.amazonaws.com",
    entries: &[],
    operations: &[],
};
static S3_CONTROL: RestService = RestService {
    name: "s3-control",
    event_source: "s3-control.amazonaws.com",
    entries: &[],
    operations: &[],
};

fn known(_: &str) -> Option<Protocol> {
    None
}
