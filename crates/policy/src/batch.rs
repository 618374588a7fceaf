//! `twinlock policy eval --batch`: one request a line in, one decision a line out.
//!
//! Each line is read, decided and forgotten, so memory is bounded by the longest line. A malformed line gets an answer with `error`
//! and the run goes on. The documents need not be ones that AWS would accept.

mod line;
mod service_rules;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufWriter, ErrorKind, Read, Write};

use crate::Explanation;
use crate::json::{self, Limits};

/// Every line was evaluated.
pub const ALL_EVALUATED: u8 = 0;
/// Some lines were malformed.
pub const SOME_MALFORMED: u8 = 1;
/// Input could not be read, or output not be written.
pub const UNREADABLE: u8 = 2;

/// Evaluates every line of `input`. Returns the exit status: [`ALL_EVALUATED`], [`SOME_MALFORMED`] or [`UNREADABLE`].
pub fn run(mut input: impl BufRead, output: impl Write) -> u8 {
    let mut output = BufWriter::new(output);
    let mut status = ALL_EVALUATED;
    let mut line = Vec::new();
    loop {
        match read_line(&mut input, &mut line) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                let _ = output.flush();
                return UNREADABLE;
            }
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (answer, good) = answer(&line);
        if !good {
            status = SOME_MALFORMED;
        }
        if writeln!(output, "{answer}").is_err() {
            return UNREADABLE;
        }
    }
    if output.flush().is_err() {
        UNREADABLE
    } else {
        status
    }
}

/// Reads a line without its end, answers false at the end of input. Of a line that is too long only a little more than allowed is
/// kept, which makes it malformed.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let room = Limits::BATCH_LINE.bytes_max as u64 + 2;
    if input.by_ref().take(room).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(true);
    }
    // Pass over the rest of an overlong line.
    loop {
        let buffered = match input.fill_buf() {
            Ok(buffered) => buffered,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffered.is_empty() {
            return Ok(true);
        }
        let newline = buffered.iter().position(|&byte| byte == b'\n');
        let used = newline.map_or(buffered.len(), |newline| newline + 1);
        input.consume(used);
        if newline.is_some() {
            return Ok(true);
        }
    }
}

/// Explains the decision on one request: the same object as a line of a batch, over as many lines as it likes.
///
/// # Errors
/// What is malformed about it, with its place.
pub fn explain(text: &str) -> Result<Explanation, String> {
    let json = json::read(text, Limits::BATCH_LINE).map_err(|error| error.to_string())?;
    line::explain(text, &json)
}

/// The id of a line that repeats a key or breaks a limit: it is JSON nevertheless, and whoever asked wants to know which it was.
fn id_of_unreadable(text: &str) -> String {
    let id = serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .and_then(|line| line.get("id").cloned());
    id.unwrap_or_default().to_string()
}

/// The answer to a line, and whether the line was well-formed.
fn answer(line: &[u8]) -> (String, bool) {
    let failed = |id: &str, error: &str| {
        let error = serde_json::Value::from(error);
        (format!("{{\"id\":{id},\"error\":{error}}}"), false)
    };
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            return failed(
                "null",
                &format!("not UTF-8 at byte {}", error.valid_up_to() + 1),
            );
        }
    };
    let json = match json::read(text, Limits::BATCH_LINE) {
        Ok(json) => json,
        // Within one line the line number says nothing.
        Err(error) => {
            return failed(
                &id_of_unreadable(text),
                &format!("column {}: {}", error.column, error.message),
            );
        }
    };
    let id = json.get("id").map_or("null", |id| &text[id.span.clone()]);
    match line::decide(text, &json) {
        Ok(decided) => {
            let mut answer = format!(
                "{{\"id\":{id},\"decision\":\"{:?}\"",
                decided.decision.outcome
            );
            if let Some(cause) = &decided.decision.cause {
                answer.push_str(&format!(",\"blockedBy\":\"{:?}\"", cause.kind));
                let reason = decided.decision.reason(&decided.action);
                if !reason.is_empty() {
                    answer.push_str(&format!(
                        ",\"reason\":{}",
                        serde_json::Value::from(reason.trim_start())
                    ));
                }
            }
            answer.push('}');
            (answer, true)
        }
        Err(error) => failed(id, &error),
    }
}
