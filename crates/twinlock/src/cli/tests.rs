//! The command line itself, without starting anything.

use clap::{CommandFactory, Parser};

use super::{
    Cli,
    env::{Shell, quote},
    flags,
    policy::{Kind, finding},
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
        "policy eval --batch",
        "policy explain --json --seen-by 111111111111",
        "policy validate --type trust a.json b.json",
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
    let comment = "{\n\t\"Version\": \"2012-10-17\" # the login account\n}";
    let shown = finding(comment, Kind::Identity, None)
        .unwrap()
        .show("p.json", comment);
    assert!(shown.starts_with("p.json:2:26: "), "{shown}");
    assert!(
        shown.ends_with("\n   | \t                        ^"),
        "{shown}"
    );
    let effect = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\"Effect\": \"Alow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}\n}";
    let shown = finding(effect, Kind::Identity, None)
        .unwrap()
        .show("p.json", effect);
    assert!(
        shown.starts_with("p.json:3:27: at /Statement/Effect"),
        "{shown}"
    );
    assert!(shown.contains("AWS says: "), "{shown}");
}

#[test]
fn each_kind_has_its_rules() {
    let identity =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}}"#;
    let bucket = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::com.stuzio.projectx/*"}}"#;
    for (text, good, bad) in [
        (
            identity,
            vec![Kind::Identity, Kind::Boundary, Kind::Session],
            vec![Kind::Trust, Kind::Bucket],
        ),
        (trust, vec![Kind::Trust], vec![Kind::Identity, Kind::Bucket]),
        (
            bucket,
            vec![Kind::Bucket],
            vec![Kind::Identity, Kind::Trust],
        ),
    ] {
        for kind in good {
            assert!(finding(text, kind, None).is_none(), "{kind:?} {text}");
        }
        for kind in bad {
            assert!(finding(text, kind, None).is_some(), "{kind:?} {text}");
        }
    }
    assert!(finding(bucket, Kind::Bucket, Some("another")).is_some());
}
