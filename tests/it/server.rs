//! The real binary as a child process, in a directory of its own, on a port that the system chooses.
//!
//! Stories talk to it over TCP like everybody else: what a test can reach, a client can reach. It can be killed and
//! started again on the same port and data, which is how the crash stories work. Only a story about time runs the server
//! within this process, since a process has the system's clock.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::Runtime;
use twinlock::config::Config;
use twinlock::server::{Running, StartOptions};
use twinlock_gate::Clock;

/// The root of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A file of the tests' Python environment; fails with what to do where that is missing.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = project().join(".venv/bin").join(name);
    assert!(
        path.exists(),
        "`{name}` is missing: run `make test`, which installs the aws CLI and boto3 into .venv"
    );
    path
}

/// The `twinlock` that was built beside this test binary.
pub(crate) fn binary() -> PathBuf {
    let tests = std::env::current_exe().expect("a test binary knows its path");
    let profile = tests
        .parent()
        .and_then(Path::parent)
        .expect("cargo keeps test binaries in PROFILE/deps");
    let binary = profile.join(format!("twinlock{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "the server is not built: run `make test`, or `cargo build --workspace` first"
    );
    binary
}

/// A directory that is gone when the test has passed, and stays to be looked at when it has failed.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("twinlock-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the directory for temporary files can be written");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("left to look at: {}", self.0.display());
        } else {
            // What cannot be removed is of no consequence for what was tested.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A running server.
pub(crate) struct Server {
    runs: Runs,
    /// `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
}

enum Runs {
    /// The binary, as everybody runs it.
    Process(Child),
    /// The same server in this process, for the sake of its clock.
    Inside {
        running: Box<Running>,
        /// What it runs on: dropped with it, which ends it.
        _runtime: Runtime,
    },
}

impl Server {
    /// Starts the server within this process, with a clock that stands still until [`Server::advance`] moves it.
    pub(crate) fn start_inside(configuration: &str, directory: &Path, start_millis: u64) -> Self {
        let overrides = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("data_dir", directory.join("data").display().to_string()),
        ];
        let config = Config::parse(configuration, None, &overrides).expect("a good configuration");
        let options = StartOptions {
            clock: Some(Clock::manual(start_millis)),
            ..StartOptions::default()
        };
        let runtime = Runtime::new().expect("a runtime can be made");
        let running = runtime
            .block_on(twinlock::server::start(config, options))
            .expect("it starts");
        Self {
            endpoint: running.endpoint.clone(),
            runs: Runs::Inside {
                running: Box::new(running),
                _runtime: runtime,
            },
        }
    }

    /// Moves the clock of a server within this process.
    pub(crate) fn advance(&self, millis: u64) {
        match &self.runs {
            Runs::Inside { running, .. } => running.world().clock.advance(millis),
            Runs::Process(_) => panic!("a process has the system's clock"),
        }
    }

    /// The instant by the clock of a server within this process, in milliseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        match &self.runs {
            Runs::Inside { running, .. } => running.world().clock.now(),
            Runs::Process(_) => panic!("a process has the system's clock"),
        }
    }

    fn process(&mut self) -> &mut Child {
        match &mut self.runs {
            Runs::Process(child) => child,
            Runs::Inside { .. } => panic!("this server is no process of its own"),
        }
    }

    /// Starts the binary on `configuration` with its data below `directory`; `listen` is `127.0.0.1:0` for any free port.
    /// Returns when the server has said that it is ready.
    pub(crate) fn start(configuration: &Path, directory: &Path, listen: &str) -> Self {
        let log = directory.join("server.log");
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be written");
        let mut child = Command::new(binary())
            .args(["serve", "--json", "--listen", listen, "--config"])
            .arg(configuration)
            .arg("--data-dir")
            .arg(directory.join("data"))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(output)
            .spawn()
            .expect("the server can be started");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let endpoint = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| endpoint(&line))
            .unwrap_or_else(|| {
                let _ = child.kill();
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("the server did not become ready:\n{log}")
            });
        // Whatever else it prints must not block it on a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self {
            runs: Runs::Process(child),
            endpoint,
        }
    }

    /// `127.0.0.1:PORT`, to listen on again.
    pub(crate) fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// kill -9: no farewell, nothing flushed.
    pub(crate) fn kill(&mut self) {
        self.process().kill().expect("the server can be killed");
        self.process().wait().expect("a killed server ends");
    }

    /// SIGTERM, and waits: returns whether it ended with status 0.
    pub(crate) fn stop(&mut self) -> bool {
        let asked = Command::new("kill")
            .args(["-TERM", &self.process().id().to_string()])
            .status();
        assert!(asked.is_ok_and(|status| status.success()), "kill -TERM");
        self.process()
            .wait()
            .expect("a stopped server ends")
            .success()
    }

    /// The most memory that the server has had resident so far, in bytes.
    pub(crate) fn resident_bytes_max(&mut self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process().id()))
            .expect("Linux tells of every process");
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kilobytes.expect("VmHWM is in kB") * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Runs::Process(child) = &mut self.runs {
            // It may have been killed by the story already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The endpoint in the ready line, which is the first JSON object with one.
fn endpoint(line: &str) -> Option<String> {
    let ready: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(ready.get("endpoint")?.as_str()?.to_owned())
}
