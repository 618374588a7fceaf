//! The command line of Twinlock.
fn main() {}
