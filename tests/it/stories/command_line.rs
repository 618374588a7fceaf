//! What the binary itself says, typed as it says it; and bodies too large for memory.

use std::io::{BufRead, BufReader};

use crate::server::{binary, project};
use crate::world::World;

#[test]
fn the_commands_that_a_start_prints_work() {
    // A home with the example configuration and the binary on the PATH, as after `make run`.
    let elsewhere = World::start("text3");
    let mut terminal = elsewhere.terminal();
    terminal.unset("AWS_ENDPOINT_URL");
    terminal.unset("AWS_DEFAULT_REGION");
    let example =
        std::fs::read_to_string(project().join("twinlock.example.toml")).expect("an example");
    terminal.file("twinlock.example.toml", &example);
    let serve = format!(
        "'{}' serve --config twinlock.example.toml --listen 127.0.0.1:0",
        binary().display()
    );
    let mut server = terminal.starts(&serve);
    let output = BufReader::new(server.stdout.take().expect("stdout is piped"));
    let printed: Vec<String> = output
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.starts_with("Data is kept"))
        .collect();
    let next = printed
        .iter()
        .position(|line| line.starts_with("Try next"))
        .expect("it says what to try next");
    let lines: Vec<&str> = printed[next + 1..]
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 3, "{printed:?}");
    let outcome = terminal.types(&lines.join("\n"));
    server.kill().expect("it runs still");
    server.wait().expect("a killed process ends");
    let answers = outcome.ok();
    assert!(
        answers.contains("arn:aws:iam::111111111111:root") && answers.contains("\"Users\""),
        "{answers}"
    );
}

/// The most that the server may have resident while bodies of a gigabyte pass through it.
const MEMORY_BYTES_MAX: u64 = 200 * 1024 * 1024;
const GIGABYTE: &str = "1073741824";

/// Types `script`, which prints how many bytes came back, and looks at the server's memory.
fn one_gigabyte(script: &str) {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket("large");
    let terminal = production.root().terminal();
    let printed = terminal
        .types(&format!("truncate -s 1G large.bin\n{script}"))
        .ok();
    assert_eq!(printed.trim(), GIGABYTE);
    let resident = world.server().resident_bytes_max();
    assert!(
        resident < MEMORY_BYTES_MAX,
        "{} MB resident",
        resident >> 20
    );
}

#[test]
fn one_gigabyte_in_parts_stays_under_two_hundred_megabytes() {
    one_gigabyte(
        "aws s3 cp --only-show-errors large.bin s3://large/parts.bin
         rm large.bin
         aws s3 cp --only-show-errors s3://large/parts.bin - | wc -c",
    );
}

#[test]
fn one_gigabyte_in_one_body_stays_under_two_hundred_megabytes() {
    one_gigabyte(
        "aws s3api put-object --bucket large --key whole.bin --body large.bin > put.json
         rm large.bin
         aws s3api get-object --bucket large --key whole.bin /dev/stdout | head -c 1073741824 | wc -c",
    );
}
