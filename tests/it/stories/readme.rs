//! The README's first ten minutes, typed as they stand there, against what `make run` serves.

use crate::server::project;
use crate::world::World;

/// A command of the transcript and what it should print.
struct Step {
    command: String,
    expected: String,
}

/// The steps in the README's console blocks: `$ ` begins a command, `> ` continues it, the rest is output.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = text.split("```console\n").skip(1);
    for line in blocks
        .filter_map(|block| block.split("```").next())
        .flat_map(str::lines)
    {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                expected: String::new(),
            });
            continue;
        }
        let step = steps
            .last_mut()
            .expect("a transcript begins with a command");
        if let Some(more) = line.strip_prefix("> ") {
            step.command.push('\n');
            step.command.push_str(more);
        } else {
            step.expected.push_str(line);
            step.expected.push('\n');
        }
    }
    steps
}

/// Whether `printed` is `expected`, where `…` stands for anything.
fn fits(printed: &str, expected: &str) -> bool {
    let (printed, expected) = (printed.trim(), expected.trim());
    let parts: Vec<&str> = expected.split('…').collect();
    let [first, .., last] = parts.as_slice() else {
        return printed == expected;
    };
    let mut rest = match printed
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last))
    {
        Some(rest) => rest,
        None => return false,
    };
    for part in &parts[1..parts.len() - 1] {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[test]
fn readme_first_ten_minutes() {
    let readme = std::fs::read_to_string(project().join("README.md")).expect("there is a README");
    let steps = steps(&readme);
    assert!(steps.len() > 15, "{} steps", steps.len());
    let example =
        std::fs::read_to_string(project().join("twinlock.example.toml")).expect("an example");
    let world = World::start_on("readme", &example);
    // One shell for all, as the reader has: what one step exports the next one sees. A mark stands before each output.
    let mut script = String::from("set +e\nexec 2>&1\n");
    for (number, step) in steps.iter().enumerate() {
        let command = step
            .command
            .replace("http://127.0.0.1:4566", world.endpoint());
        script.push_str(&format!("printf '\\n@%s\\n' {number}\n{command}\n"));
    }
    script.push_str("true\n");
    let printed = world.terminal().types(&script).ok();
    for (number, step) in steps.iter().enumerate() {
        let after = printed
            .split(&format!("\n@{number}\n"))
            .nth(1)
            .unwrap_or_default();
        let output = after.split("\n@").next().unwrap_or_default();
        assert!(
            fits(output, &step.expected),
            "$ {}\nprinted: {output}\nREADME:  {}",
            step.command,
            step.expected
        );
    }
}

#[test]
fn a_transcript_is_told_from_another() {
    for (printed, expected, fit) in [
        ("", "", true),
        ("a", "a", true),
        ("a", "b", false),
        ("2026 a.txt", "… a.txt", true),
        ("x one y two z", "…one…two…", true),
        ("x two y one z", "…one…two…", false),
        ("one", "…one two", false),
        ("aba", "ab…ba", false),
    ] {
        assert_eq!(fits(printed, expected), fit, "{printed:?} {expected:?}");
    }
}
