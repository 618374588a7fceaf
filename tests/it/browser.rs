//! A person at a browser: real headless Chromium, driven by the W3C's WebDriver protocol.
//!
//! Things are found as a person finds them: by the words on them. The protocol is JSON over HTTP/1.1 on loopback, so that this
//! file is all it takes; Debian's `chromium` and `chromium-driver` are the rest.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

/// How long something may take to appear. Only a failing story waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);
/// WebDriver's name of the member that holds an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Notes in the page whether the click that follows leaves it: by a link of the same tab, or a form, that no script took over.
/// The note dies with the page.
const WATCH: &str = "if (window.leaving !== undefined) return; window.leaving = false;\
    window.addEventListener('submit', event => {\
        const target = event.submitter?.formTarget || event.target.target;\
        if (!event.defaultPrevented && (target || '_self') === '_self') window.leaving = true;\
    });\
    window.addEventListener('click', event => {\
        const link = event.target.closest?.('a[href]');\
        if (!link || event.defaultPrevented || link.hasAttribute('download') || (link.target || '_self') !== '_self') return;\
        const [here, there] = [location.href, link.href].map(url => url.split('#')[0]);\
        if (here !== there || !link.href.includes('#')) window.leaving = true;\
    });";

/// One browser with a profile of its own.
pub(crate) struct Browser {
    driver: Child,
    address: String,
    session: String,
    endpoint: String,
    /// Where driver and browser leave their files. Nobody wants to look at them, whatever the story came to.
    scratch: PathBuf,
}

/// How often a driver is started before we give up.
const STARTS_MAX: usize = 5;

/// Starts a driver. Gives it and its port; none: it ended without naming one.
fn drive(scratch: &Path) -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .args(["--port=0", "--log-level=WARNING"])
        .env("TMPDIR", scratch)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver runs: make test installs Debian's chromium-driver");
    let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let port = lines.find_map(|line| {
        let line = line.ok()?;
        let (_, rest) = line.split_once("successfully on port ")?;
        Some(rest.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
        let _ = driver.kill();
        let _ = driver.wait();
        return None;
    };
    // What it prints later must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

impl Browser {
    /// Opens a browser before the world's server.
    pub(crate) fn open(world: &World) -> Browser {
        (0..STARTS_MAX)
            .find_map(|_| Browser::start(world))
            .expect("chromedriver and Chromium start")
    }

    /// Starts driver and browser. None: the driver's port was taken in the moment that it had found it free, or the browser
    /// did not come up in the time that the driver gives it.
    fn start(world: &World) -> Option<Browser> {
        let scratch = world.folder("browser");
        let (driver, port) = drive(&scratch)?;
        let mut browser = Browser {
            driver,
            address: format!("127.0.0.1:{port}"),
            session: String::new(),
            endpoint: world.endpoint().to_owned(),
            scratch,
        };
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--window-size=1280,900"],
        });
        let made = browser.ask(
            "POST",
            "/session",
            json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": { "browser": "ALL" },
            } } }),
        );
        let made = made.inspect_err(|error| eprintln!("{error}")).ok()?;
        let id = made["sessionId"].as_str().expect("a session");
        browser.session = format!("/session/{id}");
        Some(browser)
    }

    /// One call of the protocol; the error is WebDriver's own.
    fn ask(&self, method: &str, path: &str, body: Value) -> Result<Value, Value> {
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let answer = exchange(&self.address, method, path, &body)
            .unwrap_or_else(|error| panic!("chromedriver does not answer {path}: {error}"));
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let value = answer["value"].clone();
        if value["error"].is_string() {
            Err(value)
        } else {
            Ok(value)
        }
    }

    /// One call of the protocol in this session, which must go well.
    pub(crate) fn tell(&self, method: &str, path: &str, body: Value) -> Value {
        self.ask(method, &format!("{}{path}", self.session), body)
            .unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.page()))
    }

    /// Where the page is, and what it says; for a story that fails.
    fn page(&self) -> String {
        let at = self.ask("GET", &format!("{}/url", self.session), Value::Null);
        format!("at {at:?}:\n{}", self.text())
    }

    /// Types an address of the server.
    pub(crate) fn goes(&self, path: &str) {
        let url = format!("{}{path}", self.endpoint);
        self.tell("POST", "/url", json!({ "url": url }));
    }

    /// Types an address of anywhere.
    pub(crate) fn visits(&self, url: &str) {
        self.tell("POST", "/url", json!({ "url": url }));
    }

    /// The address of the page, without the server's.
    pub(crate) fn path(&self) -> String {
        let url = self.tell("GET", "/url", Value::Null);
        let url = url.as_str().expect("an address");
        url.strip_prefix(&self.endpoint).unwrap_or(url).to_owned()
    }

    /// Waits until the browser is sent to an address with this in it, whether anything answers there or not.
    pub(crate) fn lands_at(&self, part: &str) -> String {
        self.until(part, || {
            let url = self.ask("GET", &format!("{}/url", self.session), Value::Null);
            let url = url.ok()?.as_str()?.to_owned();
            url.contains(part).then_some(url)
        })
    }

    /// `/console/SLOT` of the identity that the page belongs to.
    pub(crate) fn home(&self) -> String {
        self.until("a page of a signed-in person", || {
            let path = self.path();
            let slot = path.strip_prefix("/console/")?.split('/').next()?;
            (!slot.is_empty()).then(|| format!("/console/{slot}"))
        })
    }

    /// Runs a script in the page.
    pub(crate) fn runs(&self, script: &str, arguments: Value) -> Value {
        self.tell(
            "POST",
            "/execute/sync",
            json!({ "script": script, "args": arguments }),
        )
    }

    /// The words on the page.
    pub(crate) fn text(&self) -> String {
        let found = self.ask(
            "POST",
            &format!("{}/execute/sync", self.session),
            json!({ "script": "return document.body.innerText", "args": [] }),
        );
        found
            .ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Waits until the page says this.
    pub(crate) fn sees(&self, words: &str) -> &Self {
        self.until(words, || self.text().contains(words).then_some(()));
        self
    }

    /// Asserts that the page does not say this.
    pub(crate) fn does_not_see(&self, words: &str) -> &Self {
        let text = self.until("a page", || {
            Some(self.text()).filter(|text| !text.is_empty())
        });
        assert!(!text.contains(words), "`{words}` is there:\n{text}");
        self
    }

    /// Waits until there is something.
    pub(crate) fn until<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
        let tries = PATIENCE.as_millis() / PAUSE.as_millis();
        for _ in 0..tries {
            if let Some(found) = found() {
                return found;
            }
            pause();
        }
        panic!("`{what}` does not appear {}", self.page());
    }

    fn elements(&self, xpath: &str) -> Vec<String> {
        let found = self.ask(
            "POST",
            &format!("{}/elements", self.session),
            json!({ "using": "xpath", "value": xpath }),
        );
        found
            .ok()
            .and_then(|found| found.as_array().cloned())
            .unwrap_or_default()
            .iter()
            .filter_map(|element| element[ELEMENT].as_str().map(str::to_owned))
            .collect()
    }

    fn is(&self, element: &str, what: &str) -> bool {
        let path = format!("{}/element/{element}/{what}", self.session);
        self.ask("GET", &path, Value::Null) == Ok(Value::Bool(true))
    }

    /// Does something with an element. None: the page's script has just put another in its place, or something before it,
    /// and it is to be looked for again.
    fn does(&self, element: &str, what: &str, body: Value) -> Option<()> {
        const PASSING: [&str; 3] = [
            "stale element reference",
            "element click intercepted",
            "element not interactable",
        ];
        let path = format!("{}/element/{element}/{what}", self.session);
        match self.ask("POST", &path, body) {
            Ok(_) => Some(()),
            Err(error) if PASSING.iter().any(|code| error["error"] == *code) => None,
            Err(error) => panic!("{path}: {error}\n{}", self.page()),
        }
    }

    /// The first shown and enabled element among those of the path, when there is one.
    fn first(&self, what: &str, xpath: &str) -> String {
        self.until(what, || {
            self.elements(xpath)
                .into_iter()
                .find(|element| self.is(element, "displayed") && self.is(element, "enabled"))
        })
    }

    /// Clicks the button, link, tab or box with these words: all of them first, then part of them; case does not count.
    pub(crate) fn clicks(&self, words: &str) -> &Self {
        let words = words.to_lowercase();
        let lower = "translate(normalize-space(.), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')";
        let label =
            "translate(@aria-label, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')";
        let of = "//*[self::a or self::button or self::summary or self::label or self::input]";
        let whole = format!("{of}[{lower} = {0} or {label} = {0}]", quoted(&words));
        let part = format!(
            "{of}[contains({lower}, {0}) or contains({label}, {0})]",
            quoted(&words)
        );
        self.until(&words, || {
            let element = self
                .elements(&whole)
                .into_iter()
                .chain(self.elements(&part))
                .find(|element| self.is(element, "displayed") && self.is(element, "enabled"))?;
            self.ask(
                "POST",
                &format!("{}/execute/sync", self.session),
                json!({ "script": WATCH, "args": [] }),
            )
            .ok()?;
            self.does(&element, "click", json!({}))
        });
        self.arrives();
        self
    }

    /// Waits until the page that a click left has gone and the next is there, so that nobody reads the old one's words for
    /// the new one's. A click that leads nowhere else returns at once.
    fn arrives(&self) {
        let state = "return window.leaving || (document.readyState !== 'complete' && 'loading')";
        for _ in 0..(PATIENCE.as_millis() / PAUSE.as_millis()) {
            // No answer: a dialogue is open or the tab is gone, which is for the story to look at.
            let state = self.ask(
                "POST",
                &format!("{}/execute/sync", self.session),
                json!({ "script": state, "args": [] }),
            );
            match state {
                Ok(Value::Bool(true)) | Ok(Value::String(_)) => pause(),
                _ => return,
            }
        }
        panic!("a click leads nowhere {}", self.page());
    }

    fn field(&self, label: &str) -> String {
        let path = format!(
            "//*[@id = //label[starts-with(normalize-space(.), {0})]/@for] | //*[@aria-label = {0}]",
            quoted(label)
        );
        self.first(label, &path)
    }

    /// Writes into the field with this label, in the place of what was there.
    pub(crate) fn fills(&self, label: &str, text: &str) -> &Self {
        self.until(label, || {
            let element = self.field(label);
            self.does(&element, "clear", json!({}))?;
            self.does(&element, "value", json!({ "text": text }))
        });
        self
    }

    /// What stands in the field with this label.
    pub(crate) fn reads(&self, label: &str) -> String {
        let element = self.field(label);
        let value = self.tell(
            "GET",
            &format!("/element/{element}/property/value"),
            Value::Null,
        );
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Pastes a document into the JSON editor, and waits for what the editor says of it.
    pub(crate) fn pastes(&self, document: &str) -> &Self {
        self.runs(
            "const text = document.getElementById('document');\
             document.querySelector('.findings').replaceChildren('…');\
             text.value = arguments[0]; text.dispatchEvent(new Event('input', { bubbles: true }));",
            json!([document]),
        );
        self.until("the editor's findings", || {
            let said = self.runs(
                "return document.querySelector('.findings').textContent",
                json!([]),
            );
            (said != "…").then_some(())
        });
        self
    }

    /// Drops a file into the page's file field.
    pub(crate) fn uploads(&self, path: &std::path::Path) -> &Self {
        let element = self
            .elements("//input[@type='file']")
            .into_iter()
            .next()
            .expect("a file field");
        let path = path.to_str().expect("a path of text");
        self.tell(
            "POST",
            &format!("/element/{element}/value"),
            json!({ "text": path }),
        );
        self
    }

    /// Drags files and folders onto the part of the page that a selector finds, and drops them there.
    pub(crate) fn drops(&self, selector: &str, paths: &[&std::path::Path]) -> &Self {
        let middle = self.runs(
            "const r = document.querySelector(arguments[0]).getBoundingClientRect();\
             return [r.x + r.width / 2, r.y + r.height / 2]",
            json!([selector]),
        );
        let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": kind, "x": middle[0], "y": middle[1], "data": data });
            self.tell(
                "POST",
                "/goog/cdp/execute",
                json!({ "cmd": "Input.dispatchDragEvent", "params": event }),
            );
        }
        self
    }

    /// Turns to the tab that a link has just opened.
    pub(crate) fn follows_new_tab(&self) -> &Self {
        let newest = self.until("a new tab", || {
            let tabs = self.tabs();
            (tabs.len() > 1).then(|| tabs.last().cloned()).flatten()
        });
        self.tell("POST", "/window", json!({ "handle": newest }));
        self
    }

    /// Closes the tab, and turns to the one that was there first.
    pub(crate) fn closes_tab(&self) -> &Self {
        self.tell("DELETE", "/window", json!({}));
        let first = self.tabs().into_iter().next().expect("another tab");
        self.tell("POST", "/window", json!({ "handle": first }));
        self
    }

    fn tabs(&self) -> Vec<String> {
        let tabs = self.tell("GET", "/window/handles", Value::Null);
        let tabs = tabs.as_array().expect("a list").iter();
        tabs.filter_map(|tab| tab.as_str().map(str::to_owned))
            .collect()
    }

    /// What went wrong in the browser since it was last asked, refused pages left out: those are the server's answer.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.tell("POST", "/se/log", json!({ "type": "browser" }));
        log.as_array()
            .expect("a log")
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .filter_map(|entry| entry["message"].as_str().map(str::to_owned))
            .filter(|message| !message.contains("the server responded with a status of 4"))
            .collect()
    }

    /// Signs in as an IAM user.
    pub(crate) fn signs_in(&self, account: &str, user: &str, password: &str) -> &Self {
        self.goes(&format!("/signin/{account}"));
        self.fills("IAM user name", user)
            .fills("Password", password)
            .clicks("Sign in")
    }

    /// Signs in as the root user.
    pub(crate) fn signs_in_as_root(&self, email: &str, password: &str) -> &Self {
        self.goes("/signin?as=root");
        self.fills("Root user email address", email)
            .fills("Password", password)
            .clicks("Sign in")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = exchange(&self.address, "DELETE", &self.session, "{}");
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

/// One request and the body of its answer. The driver keeps the connection open, so the length says where the answer ends.
fn exchange(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(180)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut content = vec![0; length];
    answer.read_exact(&mut content)?;
    Ok(content)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a page appears when it appears: the one place that waits for a browser"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// A text in XPath, which knows no escapes.
fn quoted(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}
