//! The command line itself, without starting anything.

use clap::{CommandFactory, Parser};

use super::{
    Cli,
    env::{Shell, quote},
    flags,
    policy::{Judged, Kind, judge, table},
};

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_teaches_with_an_example() {
    let mut cli = Cli::command();
    for command in cli.get_subcommands_mut() {
        if command.get_name() == "help" {
            continue;
        }
        let mut commands = vec![command.clone()];
        commands.extend(command.get_subcommands().cloned());
        let leaves = commands
            .into_iter()
            .filter(|command| !command.has_subcommands());
        for mut leaf in leaves {
            let help = leaf.render_long_help().to_string();
            assert!(help.contains("Example"), "{help}");
        }
    }
}

#[test]
fn the_command_lines_of_the_project_are_taken() {
    for line in [
        "serve --config twinlock.example.toml",
        "serve --json --listen 127.0.0.1:0 --config a.toml --data-dir data",
        "serve --organization --populate",
        "env --shell windows-cmd Development",
        "env --all",
        "env --demo 3 --endpoint=http://127.0.0.1:9 Development/David",
        "model",
        "policy eval --batch",
        "policy explain --json --seen-by 111111111111",
        "policy validate --type trust a.json b.json",
        "policy validate --type bucket --bucket b --json -",
        "policy validate",
        "policy summary --json a.json",
        "demo 3 --reset",
        "completions fish",
    ] {
        let words = std::iter::once("twinlock").chain(line.split(' '));
        Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    for line in [
        "demo 6",
        "demo",
        "env",
        "policy eval",
        "policy validate --type nonsense a.json",
        "env --shell tcsh A",
        "serve --lisen x",
    ] {
        let words = std::iter::once("twinlock").chain(line.split(' '));
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}

#[test]
fn words_reach_every_shell_as_they_are() {
    assert_eq!(quote(Shell::Sh, "plain/word=1"), "plain/word=1");
    assert_eq!(quote(Shell::Sh, "it's $HOME"), "'it'\\''s $HOME'");
    assert_eq!(quote(Shell::Sh, ""), "''");
    assert_eq!(quote(Shell::Fish, "a\\b'c"), "'a\\\\b\\'c'");
    assert_eq!(quote(Shell::Powershell, "it's"), "'it''s'");
    assert_eq!(quote(Shell::WindowsCmd, "50%"), "50%%");
}

#[test]
fn a_misspelt_variable_is_noticed() {
    let names = [
        "TWINLOCK_LISTN",
        "TWINLOCK_LISTEN",
        "TWINLOCK_MASTER_KEY",
        "HOME",
        "TWINLOCK_SOMETHING_ELSE",
    ];
    let strange = flags::strange_variables(names.iter().map(|name| (*name).to_owned()));
    assert_eq!(strange.len(), 2);
    assert!(
        strange[0].ends_with("did you mean TWINLOCK_LISTEN?"),
        "{}",
        strange[0]
    );
}

#[test]
fn a_finding_shows_line_column_and_caret() {
    let show = |text: &str| judge(text, Some(Kind::Identity), None).show("p.json", text);
    let comment = "{\n\t\"Version\": \"2012-10-17\" # the login account\n}";
    let shown = show(comment);
    assert!(
        shown.starts_with("p.json:2:26: ERROR JSON_SYNTAX_ERROR: "),
        "{shown}"
    );
    assert!(
        shown.contains("\n   | \t                        ^\n"),
        "{shown}"
    );
    let effect = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\"Effect\": \"Alow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}\n}";
    let shown = show(effect);
    assert!(
        shown.starts_with("p.json:3:27: ERROR INVALID_EFFECT: "),
        "{shown}"
    );
    assert!(
        shown.contains("\n   |                           ^^^^^^\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("writing it fails: Syntax errors in policy.\np.json: 1 error"),
        "{shown}"
    );
    // Of a line that is too long for a terminal, the part around the spot is shown.
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Resource":"arn:aws:s3:::{}","Action":"s3:GetObjekt"}}}}"#,
        "b".repeat(1_000)
    );
    let shown = show(&long);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines.iter().all(|line| line.chars().count() < 160),
        "{shown}"
    );
    let mark = lines[2].chars().position(|c| c == '^').unwrap();
    let below: String = lines[1].chars().skip(mark).take(14).collect();
    assert_eq!(below, "\"s3:GetObjekt\"");
}

#[test]
fn each_kind_has_its_rules_and_is_guessed() {
    let identity =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}}"#;
    let bucket = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::com.stuzio.projectx/*"}}"#;
    let rcp = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#;
    let good = |judged: &Judged| judged.show("p", "").starts_with("p: good");
    for (text, kinds, word) in [
        (
            identity,
            vec![Kind::Identity, Kind::Scp],
            "an identity policy",
        ),
        (trust, vec![Kind::Trust], "a trust policy"),
        (bucket, vec![Kind::Resource], "a bucket policy"),
        (rcp, vec![Kind::Rcp, Kind::Resource], "an RCP"),
    ] {
        for kind in [
            Kind::Identity,
            Kind::Trust,
            Kind::Resource,
            Kind::Scp,
            Kind::Rcp,
        ] {
            let judged = judge(text, Some(kind), None);
            assert_eq!(
                good(&judged),
                kinds.contains(&kind),
                "{kind:?} {text}: {judged:?}"
            );
        }
        let judged = judge(text, None, None);
        let shown = judged.show("p", text);
        assert!(
            good(&judged) && shown.contains(&format!("taken for {word} because")),
            "{shown}"
        );
    }
    let other = judge(bucket, Some(Kind::Resource), Some("another"));
    let shown = other.show("p", bucket);
    assert!(
        shown.contains("writing it fails: Policy has invalid resource")
            && shown.contains("`another`")
            && shown.ends_with("p: refused"),
        "{shown}"
    );
}

#[test]
fn findings_as_json_have_the_members_of_awss_answer() {
    let text = r#"{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}"#;
    let answer = judge(text, None, None).json("p.json");
    assert_eq!(answer["file"], "p.json");
    assert_eq!(answer["policyType"], "IDENTITY_POLICY");
    let codes: Vec<&str> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["issueCode"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["MISSING_VERSION", "PASS_ROLE_WITH_STAR_IN_RESOURCE"]
    );
    assert_eq!(answer["findings"][1]["findingType"], "SECURITY_WARNING");
    assert_eq!(
        answer["findings"][0]["locations"][0]["span"]["start"]["line"],
        1
    );
}

#[test]
fn a_summary_is_a_table_by_service() {
    let show = |text: &str| {
        let document = twinlock_policy::Document::parse(text).unwrap();
        table(
            "p.json",
            text,
            &twinlock_policy::summary::summarise(&document),
        )
    };
    let shown = show(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":["s3:ListBucket","s3:GetObject","s3:GetObjekt"],"Resource":["arn:aws:s3:::productionapp","arn:aws:s3:::productionapp/*"]},
            {"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}"#,
    );
    let squeezed: Vec<String> = shown
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let total = twinlock_policy::facts::services().len();
    let iam = &twinlock_policy::facts::service_summary("iam").unwrap().name;
    assert_eq!(
        squeezed,
        [
            format!("p.json: allows 1 of {total} services"),
            "SERVICE ACCESS LEVEL RESOURCE CONDITION".to_owned(),
            "Amazon S3 Limited: List, Read arn:aws:s3:::productionapp None".to_owned(),
            "arn:aws:s3:::productionapp/*".to_owned(),
            String::new(),
            format!("p.json: denies 1 of {total} services"),
            "SERVICE ACCESS LEVEL RESOURCE CONDITION".to_owned(),
            format!("{iam} Full access All resources aws:MultiFactorAuthPresent | Bool | false"),
            String::new(),
            "p.json: has no effect".to_owned(),
            "p.json:2:72: s3:GetObjekt: the service has no such action".to_owned(),
        ],
        "{shown}"
    );
    let everything = show(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    assert!(
        everything.contains(&format!("All {total} services")) && everything.lines().count() == 3,
        "{everything}"
    );
    let nothing = show(r#"{"Statement":[]}"#);
    assert_eq!(nothing, "p.json: allows nothing\n");
}
