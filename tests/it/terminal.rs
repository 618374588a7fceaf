//! A shell with the stock aws CLI: what a walkthrough types is typed here, word for word.
//!
//! Every terminal has a home of its own, so that no configuration of whoever runs the tests leaks in, and none of one
//! story into another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::server::tool;

/// A shell: a home directory and an environment.
pub(crate) struct Terminal {
    home: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Terminal {
    /// A terminal of somebody whose AWS endpoint is `endpoint`, with `home` as home and working directory.
    pub(crate) fn new(home: PathBuf, endpoint: &str) -> Self {
        std::fs::create_dir_all(home.join(".aws")).expect("a home can be made");
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: String| environment.insert(name.into(), value);
        let tools = tool("aws");
        let tools = tools.parent().expect("a tool is in a folder").display();
        set("PATH", format!("{tools}:/usr/local/bin:/usr/bin:/bin"));
        set("HOME", home.display().to_string());
        set(
            "AWS_CONFIG_FILE",
            home.join(".aws/config").display().to_string(),
        );
        set(
            "AWS_SHARED_CREDENTIALS_FILE",
            home.join(".aws/credentials").display().to_string(),
        );
        set("AWS_ENDPOINT_URL", endpoint.into());
        set("AWS_DEFAULT_REGION", "us-east-1".into());
        set("AWS_EC2_METADATA_DISABLED", "true".into());
        set("AWS_PAGER", String::new());
        // An answer that is not understood must show at once, not after a minute of retries.
        set("AWS_MAX_ATTEMPTS", "1".into());
        set("LANG", "C.UTF-8".into());
        Self { home, environment }
    }

    /// Sets a variable for everything typed from now on.
    pub(crate) fn export(&mut self, name: &str, value: &str) {
        self.environment.insert(name.into(), value.into());
    }

    /// Lets programs of another folder be typed, too.
    pub(crate) fn also_on_the_path(&mut self, folder: &Path) {
        let path = self.environment.entry("PATH".into()).or_default();
        path.push_str(&format!(":{}", folder.display()));
    }

    /// Forgets a variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Saves a file below the working directory.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.home.join(name);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the home can be written");
        std::fs::write(path, text).expect("the home can be written");
    }

    /// What a file below the working directory says.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Adds text to `~/.aws/config`.
    pub(crate) fn configure(&self, text: &str) {
        let path = self.home.join(".aws/config");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, format!("{before}{text}\n")).expect("the home can be written");
    }

    /// Runs a line, or several, as a shell does. It stops at the first line that fails.
    pub(crate) fn types(&self, line: &str) -> Outcome {
        let output = self.shell(line).output().expect("there is a shell");
        Outcome {
            line: line.to_owned(),
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Terminal {
    /// Starts a line and leaves it running; its output can be read while it does.
    pub(crate) fn starts(&self, line: &str) -> Child {
        // The shell becomes the command, so that killing the child kills it.
        let mut shell = self.shell(&format!("exec {line}"));
        let shell = shell.stdout(Stdio::piped()).stderr(Stdio::inherit());
        shell.spawn().expect("there is a shell")
    }

    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", line])
            .env_clear()
            .envs(&self.environment)
            .current_dir(&self.home)
            .stdin(Stdio::null());
        shell
    }
}

/// What a typed line came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    line: String,
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// It went well: what it printed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(self.status == Some(0), "{}", self.told());
        self.stdout
    }

    /// It went well and printed JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let told = self.told();
        serde_json::from_str(&self.ok()).unwrap_or_else(|error| panic!("{error} in {told}"))
    }

    /// It was refused with this AWS code: the message.
    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> String {
        assert!(
            self.status != Some(0) && self.stderr.contains(&format!("({code})")),
            "expected {code}: {}",
            self.told()
        );
        self.stderr
    }

    /// `AccessDenied`, in whatever words the command has for it.
    #[track_caller]
    pub(crate) fn denied(self) -> String {
        self.refused("AccessDenied")
    }

    fn told(&self) -> String {
        let Self {
            line,
            status,
            stdout,
            stderr,
        } = self;
        format!("{line}\nstatus {status:?}\n{stdout}{stderr}")
    }
}
