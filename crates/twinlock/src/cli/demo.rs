//! `twinlock demo`: a walkthrough's accounts, users and bucket, ready to follow it.

use std::{fs, io, path::Path, process::ExitCode};

use clap::Args;

use super::{Failure, Outcome, output, ready, serve};
use crate::config::{self, Config, Overrides};

const EXAMPLES: &str = "\
The texts, each on its own account ids:
  1  developers reach a bucket of Production by a role, testers do not; then its sessions are revoked
  2  a client lets a provider's developers at its Lambda functions
  3  the role UpdateApp of Production, taken on by David of Development in the console and the CLI
  4  one login account holds the users; a project account is reached by its role Admin only
  5  Troy, a consultant of Acme, works in a bucket of Stuzio

Examples:
  twinlock demo 3
  eval \"$(twinlock env --demo 3 Development/David)\"     # in another terminal
  twinlock demo 3 --reset                              # begin anew

What a text takes for granted is there: accounts, users with passwords and keys, user groups, the bucket. Policies and roles are
for you to make. The credentials are known to everyone, so a demo listens on this machine only.";

/// The file that marks a data directory as a demo's.
const MARK: &str = "twinlock-demo";

/// Start a server for a walkthrough.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Demo {
    /// 1 to 5
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    text: u8,
    /// Delete what an earlier demo left and begin anew; refuses a data directory that no demo made
    #[arg(long)]
    reset: bool,
    /// Where the state is kept [default: twinlock-demo-TEXT]
    #[arg(long, value_name = "DIR", env = "TWINLOCK_DATA_DIR")]
    data_dir: Option<String>,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT", env = "TWINLOCK_LISTEN")]
    listen: Option<String>,
    /// Say that the server is ready in one line of JSON
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        let text = usize::from(self.text);
        let Some(toml) = config::walkthrough(text) else {
            return Ok(ExitCode::FAILURE);
        };
        let mut overrides = Overrides::new();
        overrides.extend(self.data_dir.map(|dir| ("data_dir", dir)));
        overrides.extend(self.listen.map(|listen| ("listen", listen)));
        let config = Config::parse(toml, None, &overrides)?;
        if self.reset {
            reset(&config.data_dir, text)?;
        }
        prepare(&config.data_dir, text)?;
        if !self.json {
            output::line(&format!("Walkthrough {text}. {}", headline(toml)))?;
        }
        serve::serve(config, self.json, true, &ready::Invocation::of_demo(text))
    }
}

/// The first sentence of the configuration's first comment, without "Walkthrough N:".
fn headline(toml: &str) -> &str {
    let line = toml
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches(['#', ' ']);
    line.split_once(": ").map_or(line, |(_, rest)| rest)
}

/// Makes the folder and marks it, or sees that it is this demo's own.
///
/// # Errors
/// The folder holds something else: a demo must never run on anybody's real accounts.
fn prepare(dir: &Path, text: usize) -> Result<(), Failure> {
    match marked_for(dir)? {
        Some(other) if other == text => Ok(()),
        Some(other) => Err(Failure::Usage(format!(
            "`{}` belongs to the demo of text {other}: choose another folder with --data-dir",
            dir.display()
        ))),
        None if is_empty(dir)? => {
            fs::create_dir_all(dir)?;
            fs::write(dir.join(MARK), format!("{text}\n"))?;
            Ok(())
        }
        None => Err(Failure::Usage(not_a_demo(dir))),
    }
}

/// Deletes the folder, if a demo made it.
fn reset(dir: &Path, text: usize) -> Result<(), Failure> {
    if is_empty(dir)? {
        return Ok(());
    }
    match marked_for(dir)? {
        Some(other) if other == text => {}
        _ => {
            return Err(Failure::Usage(format!(
                "{}; nothing was deleted",
                not_a_demo(dir)
            )));
        }
    }
    // A server that runs here would go on writing into files that are gone.
    let store = dir.join("directory.redb");
    if let Ok(file) = fs::File::open(&store)
        && let Err(fs::TryLockError::WouldBlock) = file.try_lock()
    {
        return Err(Failure::Usage(format!(
            "a server runs on `{}`: stop it first",
            dir.display()
        )));
    }
    // The mark goes last, so that a reset that was cut off can be repeated.
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name() == MARK {
            continue;
        }
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_file(dir.join(MARK))?;
    Ok(())
}

fn not_a_demo(dir: &Path) -> String {
    format!(
        "`{}` is not empty and not a folder that `twinlock demo` made for this text",
        dir.display()
    )
}

fn marked_for(dir: &Path) -> io::Result<Option<usize>> {
    match fs::read_to_string(dir.join(MARK)) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_empty(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let dir =
            std::env::temp_dir().join(format!("twinlock-demo-test-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn reset_deletes_a_demo_and_nothing_else() {
        let dir = folder("own");
        prepare(&dir, 3).unwrap();
        fs::write(dir.join("directory.redb"), "rows").unwrap();
        fs::create_dir(dir.join("objects")).unwrap();
        prepare(&dir, 3).unwrap();
        assert!(
            prepare(&dir, 4)
                .unwrap_err()
                .to_string()
                .contains("demo of text 3")
        );
        assert!(
            reset(&dir, 4)
                .unwrap_err()
                .to_string()
                .contains("nothing was deleted")
        );
        reset(&dir, 3).unwrap();
        assert!(is_empty(&dir).unwrap());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn another_data_directory_is_refused() {
        let dir = folder("other");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("directory.redb"), "rows").unwrap();
        assert!(
            prepare(&dir, 3)
                .unwrap_err()
                .to_string()
                .contains("not a folder that `twinlock demo` made")
        );
        assert!(
            reset(&dir, 3)
                .unwrap_err()
                .to_string()
                .contains("nothing was deleted")
        );
        assert!(dir.join("directory.redb").exists());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn each_walkthrough_has_a_headline() {
        for text in config::WALKTHROUGHS {
            assert!(
                headline(text).ends_with('.') && headline(text).len() > 20,
                "{}",
                headline(text)
            );
        }
    }
}
