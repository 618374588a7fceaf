//! What the binary itself says, typed as it says it; and bodies too large for memory.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

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
    let console = printed
        .iter()
        .find_map(|line| line.strip_prefix("The console is at"))
        .expect("it says where the console is");
    let console = elsewhere.http("url", serde_json::json!({ "url": console.trim() }));
    server.kill().expect("it runs still");
    server.wait().expect("a killed process ends");
    let page = console["body"].as_str().expect("a page");
    assert!(page.contains("IAM user sign in"), "{page}");
    let answers = outcome.ok();
    assert!(
        answers.contains("arn:aws:iam::111111111111:root") && answers.contains("\"Users\""),
        "{answers}"
    );
}

/// One denied request, in the form of a batch: what is printed, and the exit status.
fn explains(request: &str, flags: &[&str]) -> (String, Option<i32>) {
    let mut child = Command::new(binary())
        .args(["policy", "explain"])
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    let mut input = child.stdin.take().expect("stdin is piped");
    input
        .write_all(request.as_bytes())
        .expect("it reads its input");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    (text, output.status.code())
}

#[test]
fn a_denial_is_explained_with_the_least_that_would_allow_it() {
    let request = r#"{
        "principal": "arn:aws:iam::111111111111:user/David",
        "action": "sts:AssumeRole",
        "resource": "arn:aws:iam::222222222222:role/UpdateApp",
        "resourceAccount": "222222222222",
        "context": {},
        "identityPolicies": [{"name": "AssumeUpdateApp", "document": {"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::222222222222:role/UpdateApp"}}}],
        "resourcePolicy": {"name": "trust", "document": {"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole",
             "Condition": {"StringEquals": {"sts:ExternalId": "12345"}}}}}
    }"#;
    let (text, status) = explains(request, &[]);
    assert_eq!(status, Some(1));
    assert!(
        text.contains("StringEquals sts:ExternalId wants `12345`, the request has none")
            && text.ends_with("To allow it: make the request with sts:externalid `12345`\n"),
        "{text}"
    );
    let (json, _) = explains(request, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it prints JSON");
    assert_eq!(json["remedy"]["edits"][0]["edit"], "request");
    // David's account learns neither the trust policy nor that there is one.
    let (seen, status) = explains(request, &["--seen-by", "111111111111"]);
    assert_eq!(status, Some(1));
    assert!(
        !seen.contains("12345") && seen.contains("account 222222222222 must allow it"),
        "{seen}"
    );
    assert_eq!(explains("{", &[]), (String::new(), Some(2)));
}

/// How much more the process may have had resident at most after a hundred thousand lines than after the first thousand.
const BATCH_GROWTH_KIB_MAX: u64 = 4 * 1024;

/// `VmHWM` of a process: the most it had resident, in KiB.
fn resident_max(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a line");
    let number = line.split_whitespace().nth(1).expect("a number");
    number.parse().expect("a number")
}

#[test]
fn a_batch_of_a_hundred_thousand_lines_needs_no_more_memory_than_a_thousand() {
    let mut child = Command::new(binary())
        .args(["policy", "eval", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let plain = r#"{"id":1,"principal":"arn:aws:iam::111111111111:user/A","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"}"#;
    let rich = plain.replace(
        r#""id":1"#,
        r#""id":2,"identityPolicies":[{"name":"p","document":{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}}]"#,
    );
    // A hundred lines, one of them with a policy.
    let block = format!("{}{rich}\n", format!("{plain}\n").repeat(99));
    let mut input = child.stdin.take().expect("stdin is piped");
    let mut answers = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let process = child.id();
    // Writes so many blocks while so many answers are read.
    let mut feed = |blocks: usize, read: usize| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..blocks {
                    input
                        .write_all(block.as_bytes())
                        .expect("it reads its input");
                }
            });
            for _ in 0..read {
                answers.next().expect("an answer").expect("text");
            }
        });
        resident_max(process)
    };
    // The last answers stay in its buffer until the end, and must fit into the pipe.
    const LAST: usize = 200;
    let early = feed(20, 2_000 - LAST);
    let late = feed(980, 98_000);
    drop(input);
    let rest = answers.count();
    assert!(child.wait().expect("it ends").success());
    assert_eq!(rest, LAST);
    assert!(
        late <= early + BATCH_GROWTH_KIB_MAX,
        "{early} KiB, then {late} KiB"
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
    terminal.file(
        "wide.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    );
    terminal.file(
        "old.json",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:InvokeAsync","Resource":"*"}}"#,
    );
    let validate = format!("'{}' policy validate", binary().display());
    terminal
        .types(&format!("{validate} good.json && {validate} - < good.json"))
        .ok();
    let outcome = terminal.types(&format!("{validate} good.json bad.json"));
    assert_eq!(outcome.status, Some(1));
    let told = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        told.contains("bad.json:2:28: ERROR JSON_SYNTAX_ERROR") && told.contains("no comments"),
        "{told}"
    );
    // The worst of all files decides the status: cannot be read, error, security warning, warning.
    for (files, status) in [
        ("good.json wide.json old.json", 3),
        ("old.json good.json", 4),
        ("old.json bad.json wide.json", 1),
        ("bad.json none.json", 2),
    ] {
        let outcome = terminal.types(&format!("{validate} {files}"));
        assert_eq!(outcome.status, Some(status), "{files}: {outcome:?}");
    }
    let outcome = terminal.types(&format!("{validate} --json old.json wide.json"));
    let answers: Vec<serde_json::Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["findings"][0]["issueCode"], "DEPRECATED_ACTION");
    assert_eq!(answers[1]["findings"][0]["findingType"], "SECURITY_WARNING");
}

#[test]
fn what_the_server_gives_back_can_be_validated_and_summed_up() {
    let world = World::start("text3");
    let production = world.account("Production");
    let terminal = production.root().terminal();
    let twinlock = binary().display().to_string();
    let outcome = terminal.types(&format!(
        r#"
        aws iam create-role --role-name UpdateApp --assume-role-policy-document \
            '{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"111111111111"}}}}}}' > role.json
        aws iam get-role --role-name UpdateApp --query Role.AssumeRolePolicyDocument | '{twinlock}' policy validate
        aws iam get-policy-version --policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --version-id \
            "$(aws iam get-policy --policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --query Policy.DefaultVersionId --output text)" \
            --query PolicyVersion.Document | '{twinlock}' policy summary
        "#
    ));
    let printed = outcome.ok();
    assert!(
        printed.contains("standard input: good (taken for a trust policy because"),
        "{printed}"
    );
    assert!(
        printed.contains("Amazon S3") && printed.contains("All resources"),
        "{printed}"
    );
}
