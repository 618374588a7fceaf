//! The README's first ten minutes, its Terraform and its pytest, as they stand there, against what `make run` serves.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::server::project;
use crate::terminal::Terminal;
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

/// Where the README's server is.
const ENDPOINT: &str = "http://127.0.0.1:4566";

fn text_of(file: &str) -> String {
    std::fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What `make run` serves.
fn served() -> World {
    World::start_on("readme", &text_of("twinlock.example.toml"))
}

/// The README's one block in this language, for this server.
fn block(language: &str, world: &World) -> String {
    let readme = text_of("README.md");
    let begin = format!("```{language}\n");
    let mut blocks = readme.split(&begin).skip(1);
    let text = blocks.next().and_then(|rest| rest.split("```").next());
    assert!(blocks.next().is_none(), "one block of {language}");
    let text = text.unwrap_or_else(|| panic!("a block of {language}"));
    text.replace(ENDPOINT, world.endpoint())
}

/// The README's pytest says that the tester is denied, and would say if he were not.
fn the_tester_is_denied(world: &World, terminal: &Terminal) {
    terminal.file("test_denied.py", &block("python", world));
    let pytest = "python -m pytest -q -p no:cacheprovider test_denied.py";
    let passed = terminal.types(pytest).ok();
    assert!(passed.contains("1 passed"), "{passed}");
}

#[test]
fn readme_pytest() {
    let world = served();
    let production = world.account("Production").root();
    let development = world.account("Development").root();
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "111111111111" } },
    });
    let role = json!({ "RoleName": "DeployApp", "AssumeRolePolicyDocument": trust.to_string() });
    production.call("iam", "create_role", role).ok();
    let sri = json!({ "UserName": "Sri" });
    development.call("iam", "create_user", sri).ok();
    let effect = |effect: &str| {
        let role = "arn:aws:iam::999999999999:role/DeployApp";
        let document = json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": effect, "Action": "sts:AssumeRole", "Resource": role },
        });
        let policy =
            json!({ "UserName": "Sri", "PolicyName": "p", "PolicyDocument": document.to_string() });
        development.call("iam", "put_user_policy", policy).ok();
    };
    let terminal = world.terminal();
    effect("Deny");
    the_tester_is_denied(&world, &terminal);
    effect("Allow");
    let failed = terminal.types("python -m pytest -q -p no:cacheprovider test_denied.py");
    assert_eq!(failed.status, Some(1), "{failed:?}");
}

/// The file system mirror with the AWS provider: where Terraform looks by itself, and folders of further software.
fn provider_mirror() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let mut folders = vec![
        home.join(".terraform.d/plugins"),
        PathBuf::from("/usr/local/share/terraform/plugins"),
        PathBuf::from("/usr/share/terraform/plugins"),
    ];
    let further = std::fs::read_dir("/opt").into_iter().flatten();
    folders.extend(further.flatten().map(|entry| entry.path()));
    let has_it = |folder: &PathBuf| folder.join("registry.terraform.io/hashicorp/aws").is_dir();
    folders.into_iter().find(has_it)
}

/// Terraform itself, on the path.
fn terraform() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("terraform"))
        .find(|file| file.is_file())
}

#[test]
fn readme_terraform() {
    let (Some(terraform), Some(mirror)) = (terraform(), provider_mirror()) else {
        eprintln!("not run: there is no terraform, or no mirror with its AWS provider");
        return;
    };
    let world = served();
    let mut terminal = world.terminal();
    let folder = terraform
        .parent()
        .map_or("/", |f| f.to_str().unwrap_or("/"));
    terminal.also_on_the_path(Path::new(folder));
    terminal.export("CHECKPOINT_DISABLE", "1");
    // The provider's clients must not learn the endpoint from anywhere but the README's text.
    terminal.unset("AWS_ENDPOINT_URL");
    terminal.file("main.tf", &block("hcl", &world));
    let mirror = mirror.display();
    terminal
        .types(&format!(
            "terraform init -input=false -no-color -plugin-dir={mirror}"
        ))
        .ok();
    terminal
        .types("terraform apply -input=false -no-color -auto-approve")
        .ok();
    // With a difference it would end with 2.
    terminal
        .types("terraform plan -input=false -no-color -detailed-exitcode")
        .ok();
    the_tester_is_denied(&world, &terminal);
}

#[test]
fn readme_first_ten_minutes() {
    let steps = steps(&text_of("README.md"));
    assert!(steps.len() > 15, "{} steps", steps.len());
    let world = served();
    // One shell for all, as the reader has: what one step exports the next one sees. A mark stands before each output.
    let mut script = String::from("set +e\nexec 2>&1\n");
    for (number, step) in steps.iter().enumerate() {
        let command = step.command.replace(ENDPOINT, world.endpoint());
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
