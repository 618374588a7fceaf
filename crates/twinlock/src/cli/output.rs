//! Printing that can fail: to a pipe whose reader is gone, to a full disk.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Prints `text` as it is, all of it or an error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a line.
pub(super) fn line(text: &str) -> io::Result<()> {
    print(&format!("{text}\n"))
}

/// Says on standard error why the command failed. Where even that is closed, there is nothing left to do.
pub(super) fn complain(what: &dyn Display) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "twinlock: {what}");
}
