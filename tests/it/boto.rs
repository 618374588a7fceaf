//! boto3, driven over a pipe: one Python process per story makes every call that is not typed on a terminal.
//!
//! A call goes in as one line of JSON and comes back as one. The script knows no operation: it hands parameters to boto3
//! and returns what boto3 made of the answer, so that an answer which SDKs cannot parse shows here.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::server::{project, tool};

/// Keys to sign with. Empty strings mean: do not sign.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Credentials {
    /// Nobody: calls are not signed.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// From the `Credentials` of an answer of STS, or the `AccessKey` of one of IAM.
    pub(crate) fn from_answer(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        Self {
            key_id: text("AccessKeyId").expect("an answer with an AccessKeyId"),
            secret: text("SecretAccessKey").expect("an answer with a SecretAccessKey"),
            token: text("SessionToken"),
        }
    }
}

/// The Python process with boto3.
pub(crate) struct Boto {
    pipe: Mutex<Pipe>,
}

struct Pipe {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Boto {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(tool("python"))
            .arg(project().join("tests/it/scripts/driver.py"))
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        let input = child.stdin.take().expect("stdin is piped");
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self {
            pipe: Mutex::new(Pipe {
                child,
                input,
                output,
            }),
        }
    }

    /// Makes one call: `service` and `operation` as boto3 names them.
    pub(crate) fn call(
        &self,
        endpoint: &str,
        credentials: &Credentials,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Reply {
        let request = json!({
            "endpoint": endpoint,
            "key_id": credentials.key_id,
            "secret": credentials.secret,
            "token": credentials.token,
            "service": service,
            "operation": operation,
            "parameters": parameters,
        });
        let mut pipe = self.pipe.lock().expect("no test panicked within a call");
        writeln!(pipe.input, "{request}").expect("the script reads");
        let mut line = String::new();
        pipe.output
            .read_line(&mut line)
            .expect("the script answers");
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{service} {operation}: {error}: {line}"));
        Reply {
            call: format!("{service} {operation}"),
            answer,
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // It ends by itself when its input does; a script that hangs must not outlive the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Reply {
    call: String,
    answer: Value,
}

/// A refusal with the code that was expected: the HTTP status and the message.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u64,
    pub(crate) message: String,
}

impl Reply {
    /// It was allowed and went well: the answer as boto3 gives it.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        match self.answer.get("ok") {
            Some(answer) => answer.clone(),
            None => panic!("{}: {}", self.call, self.answer),
        }
    }

    /// Whether it was refused with this code.
    pub(crate) fn is_refused(&self, code: &str) -> bool {
        self.answer["error"]["code"] == code
    }

    /// The server refused it with this code.
    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> Refusal {
        let error = &self.answer["error"];
        assert!(
            error["code"] == code,
            "{}: expected {code}: {}",
            self.call,
            self.answer
        );
        Refusal {
            status: error["status"].as_u64().unwrap_or(0),
            message: error["message"].as_str().unwrap_or("").to_owned(),
        }
    }

    /// `AccessDenied` with status 403: the message.
    #[track_caller]
    pub(crate) fn denied(self) -> String {
        let refusal = self.refused("AccessDenied");
        assert!(refusal.status == 403, "{refusal:?}");
        refusal.message
    }

    /// The `Credentials` in the answer.
    #[track_caller]
    pub(crate) fn credentials(self) -> Credentials {
        Credentials::from_answer(&self.ok()["Credentials"])
    }
}
