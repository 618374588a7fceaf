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

#[test]
fn a_demo_is_text_3_in_a_dozen_lines() {
    let elsewhere = World::start("text3");
    let mut terminal = elsewhere.terminal();
    terminal.unset("AWS_ENDPOINT_URL");
    let twinlock = binary().display().to_string();
    let demo = format!("'{twinlock}' demo 3 --listen 127.0.0.1:0 --json --data-dir demo");
    let mut server = terminal.starts(&demo);
    let output = BufReader::new(server.stdout.take().expect("stdout is piped"));
    let ready = output
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with('{'))
        .expect("it becomes ready");
    let ready: serde_json::Value = serde_json::from_str(&ready).expect("JSON");
    let endpoint = ready["endpoint"].as_str().expect("an endpoint");
    let outcome = terminal.types(&format!(
        r#"
        become() {{ eval "$('{twinlock}' env --demo 3 --endpoint {endpoint} "$1")"; }}
        statement() {{ printf '{{"Version":"2012-10-17","Statement":{{"Effect":"%s","Action":"%s","Resource":"%s"}}}}' "$@"; }}
        role=arn:aws:iam::999999999999:role/UpdateApp
        become Production
        aws iam create-role --role-name UpdateApp --assume-role-policy-document \
            '{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"111111111111"}}}}}}'
        aws iam put-role-policy --role-name UpdateApp --policy-name list \
            --policy-document "$(statement Allow s3:ListBucket arn:aws:s3:::productionapp)"
        echo live > live.txt && aws s3 cp live.txt s3://productionapp/
        become Development
        aws iam put-group-policy --group-name Testers --policy-name no --policy-document "$(statement Deny sts:AssumeRole $role)"
        '{twinlock}' env --demo 3 --endpoint {endpoint} updateapp >> ~/.aws/config
        unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL
        aws --profile updateapp s3 ls s3://productionapp
        become Development/Sri
        aws sts assume-role --role-arn $role --role-session-name Sri && exit 1 || echo Sri stays out
        "#
    ));
    server.kill().expect("it runs still");
    server.wait().expect("a killed process ends");
    assert!(
        outcome
            .stderr
            .contains("explicit deny in an identity-based policy"),
        "{outcome:?}"
    );
    let printed = outcome.ok();
    assert!(
        printed.contains("live.txt\n") && printed.contains("Sri stays out"),
        "{printed}"
    );
    // A folder that no demo made is left alone.
    terminal.file("precious/data.txt", "mine");
    let outcome = terminal.types(&format!(
        "'{twinlock}' demo 3 --reset --listen 127.0.0.1:0 --data-dir precious"
    ));
    assert!(
        outcome.status != Some(0) && outcome.stderr.contains("nothing was deleted"),
        "{outcome:?}"
    );
    assert_eq!(terminal.read("precious/data.txt"), "mine");
}

#[test]
fn a_policy_is_validated_with_the_place_of_its_mistake() {
    let world = World::start("text3");
    let terminal = world.terminal();
    terminal.file(
        "good.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#,
    );
    terminal.file(
        "bad.json",
        "{\n  \"Version\": \"2012-10-17\", # 2012\n  \"Statement\": []\n}",
    );
    let validate = format!("'{}' policy validate", binary().display());
    terminal
        .types(&format!("{validate} good.json && {validate} - < good.json"))
        .ok();
    let outcome = terminal.types(&format!("{validate} good.json bad.json"));
    assert_eq!(outcome.status, Some(1));
    let told = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        told.contains("bad.json:2:28") && told.contains("no comments"),
        "{told}"
    );
}
