//! What a server costs beside what it decides, measured in one run: a signed call against the bare HTTP exchange through the
//! same door, one signature's verification, a start with ten thousand entities, and one account of seventeen thousand. Run by
//! `make bench`; never a test.

use std::{
    hint::black_box,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use http::{Request, Response, request::Parts};
use serde_json::{Value, from_value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, runtime::Runtime, sync::watch};
use twinlock::{
    config::Config,
    door::{Door, Handler, Limits, Own},
    server::{StartOptions, start},
};
use twinlock_directory::{AccessKey, Directory, Group, ManagedPolicy, Options, Row, Secret, User};
use twinlock_gate::{Clock, Peer};
use twinlock_wire::{
    body::Body,
    signature::{Presented, present},
    sigv4::{self, Payload, Signer},
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Exchanges, or verifications, in one sample, and samples of which the median counts.
const EXCHANGES: u32 = 500;
const SAMPLES: usize = 31;
/// Times a page of the console is asked for.
const PAGE_SAMPLES: usize = 21;
/// Starts, of which the median counts.
const STARTS: usize = 7;
/// Rows of the large directory: users with a key and a policy each, and roles with two policies each.
const USERS: usize = 8_000;
const ROLES: usize = 2_000;
/// Rows of one commit.
const BATCH: usize = 100;

const ACCOUNT: &str = "111111111111";
const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "Bench-sample-1";
const KEY_ID: &str = "AKIABENCHUSER0000000";
const SECRET: &str = "bench/secret/of/nobody/anywhere/0000000";
const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*","iam:Get*","iam:ListUsers"],"Resource":"*"}}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}"#;

fn main() -> Outcome<()> {
    let folder = Folder::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut out = io::stdout().lock();
    let small = folder.config("small")?;
    let first = runtime.block_on(start(small.clone(), StartOptions::default()))?;
    runtime.block_on(first.stop())?;
    fill(&small.data_dir, 1, 0)?;
    calls(&runtime, &small, &mut out)?;
    verification(&mut out)?;
    writeln!(out)?;
    let large = folder.config("large")?;
    let first = runtime.block_on(start(large.clone(), StartOptions::default()))?;
    runtime.block_on(first.stop())?;
    fill(&large.data_dir, USERS, ROLES)?;
    let bare = starts(&runtime, &small)?;
    for (name, took) in [
        ("start with two entities", bare),
        ("start with 10,000 entities", starts(&runtime, &large)?),
    ] {
        line(&mut out, name, took, bare)?;
    }
    writeln!(out)?;
    crowd(&runtime, &folder, &small, bare, &mut out)
}

/// An account of 10,000 users, 1,000 groups, 1,000 roles and 5,000 policies beside one of two entities: loading it, starting with it,
/// a decision in it, and its pages.
fn crowd(
    runtime: &Runtime,
    folder: &Folder,
    small: &Config,
    bare: Duration,
    out: &mut impl io::Write,
) -> Outcome<()> {
    let config = folder.config("crowd")?;
    let first = runtime.block_on(start(config.clone(), StartOptions::default()))?;
    runtime.block_on(first.stop())?;
    let begun = Instant::now();
    fill_with(&config.data_dir, 10_000, 1000, 1000, 5000)?;
    let load = begun.elapsed();
    line(out, "load an account of 17,000 entities", load, load)?;
    line(out, "start with it", starts(runtime, &config)?, bare)?;
    let timed = |config: &Config, form: &'static str| -> Outcome<Duration> {
        let server = runtime.block_on(start(config.clone(), StartOptions::default()))?;
        let request = Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)?;
        let bytes = signed("iam", request, server.addr)?;
        let (took, _) = exchanges(server.addr, &bytes, 3)?;
        runtime.block_on(server.stop())?;
        Ok(took)
    };
    let get = "Action=GetUser&Version=2010-05-08&UserName=user-0";
    let alone = timed(small, get)?;
    line(out, "GetUser in an account of two entities", alone, alone)?;
    line(out, "GetUser in it", timed(&config, get)?, alone)?;
    let first = timed(&config, "Action=ListUsers&Version=2010-05-08&MaxItems=1000")?;
    line(out, "its first page of 1,000 users", first, first)?;
    // The marker is the name `user-8999`, in whose order some more than a thousand follow.
    let late = timed(
        &config,
        "Action=ListUsers&Version=2010-05-08&MaxItems=1000&Marker=dXNlci04OTk5",
    )?;
    line(out, "a page near the end", late, first)?;
    writeln!(out)?;
    let few = pages(runtime, small)?;
    for ((path, took), (_, alone)) in pages(runtime, &config)?.into_iter().zip(few) {
        line(out, &format!("the console's page {path}"), took, alone)?;
    }
    Ok(())
}

/// Pages of the console that list, count or search.
const PAGES: &[&str] = &[
    "/",
    "/iam",
    "/iam/recommendations",
    "/iam/users",
    "/iam/users?page=2",
    "/iam/users?q=user-0",
    "/iam/users?sort=-created",
    "/iam/users/user-0",
    "/iam/groups",
    "/iam/groups/create",
    "/iam/credential-report",
    "/iam/roles",
    "/iam/policies?type=customer",
    "/iam/users/user-0/attach",
    "/roles",
    "/access/map",
    "/s3",
];

/// How long each of the pages takes, for the root user of the account.
fn pages(runtime: &Runtime, config: &Config) -> Outcome<Vec<(&'static str, Duration)>> {
    let server = runtime.block_on(start(config.clone(), StartOptions::default()))?;
    let form = format!("as=root&user={EMAIL}&password={PASSWORD}").replace('@', "%40");
    let mut stream = TcpStream::connect(server.addr)?;
    write!(
        stream,
        "POST /signin HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}",
        server.addr,
        form.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let header = |name: &'static str| {
        let lines = answer.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.split(';').next().unwrap_or(value))
    };
    let cookies: Vec<&str> = header("set-cookie").collect();
    let home = header("location").next().ok_or("not signed in")?;
    let mut all = Vec::new();
    for path in PAGES {
        let request = format!(
            "GET {}{path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n",
            home.trim_end_matches('/'),
            server.addr,
            cookies.join("; ")
        );
        let (took, _) = exchanges_of(server.addr, request.as_bytes(), PAGE_SAMPLES, 1)?;
        all.push((*path, took));
    }
    runtime.block_on(server.stop())?;
    Ok(all)
}

/// One measurement, as a duration and as a ratio to the one before it that it is compared with.
fn line(out: &mut impl io::Write, name: &str, took: Duration, to: Duration) -> io::Result<()> {
    let ratio = took.as_secs_f64() / to.as_secs_f64();
    let us = took.as_secs_f64() * 1e6;
    writeln!(out, "{name:<55} {us:>10.1} µs   {ratio:>7.2} x")
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// A bare exchange and signed calls, through the same kind of door.
fn calls(runtime: &Runtime, config: &Config, out: &mut impl io::Write) -> Outcome<()> {
    let server = runtime.block_on(start(config.clone(), StartOptions::default()))?;
    let call = |service: &str, request: Request<&'static str>| -> Outcome<(Vec<u8>, usize)> {
        let bytes = signed(service, request, server.addr)?;
        let (took, answer_bytes) = exchanges(server.addr, &bytes, 1)?;
        black_box(took);
        Ok((bytes, answer_bytes))
    };
    let form = |body| {
        Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let cases = [
        (
            "signed sts:GetCallerIdentity",
            call("sts", form("Action=GetCallerIdentity&Version=2011-06-15")?)?,
        ),
        (
            "signed iam:GetUser, allowed by a policy",
            call(
                "iam",
                form("Action=GetUser&Version=2010-05-08&UserName=user-0")?,
            )?,
        ),
    ];
    for (name, (request, answer_bytes)) in cases {
        let (bare, stop) = constant(runtime, answer_bytes)?;
        let (exchange, _) = exchanges(bare, &request, SAMPLES)?;
        let _ = stop.send(true);
        let (took, _) = exchanges(server.addr, &request, SAMPLES)?;
        line(out, "the same exchange, bare", exchange, exchange)?;
        line(out, name, took, exchange)?;
    }
    runtime.block_on(server.stop())?;
    Ok(())
}

/// A request's bytes, signed.
fn signed(service: &str, request: Request<&str>, to: SocketAddr) -> Outcome<Vec<u8>> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert("host", to.to_string().parse()?);
    parts.headers.insert("content-length", body.len().into());
    let now = Clock::system(0).now();
    signer(service).sign(&mut parts, Payload::Bytes(body.as_bytes()), now)?;
    let mut bytes = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend([b"\r\n", body.as_bytes()].concat());
    Ok(bytes)
}

fn signer(service: &str) -> Signer<'_> {
    Signer {
        access_key_id: KEY_ID,
        secret_access_key: SECRET,
        session_token: None,
        region: "us-east-1",
        service,
    }
}

/// The median time of one exchange over one connection, and how long the answer's body was.
fn exchanges(to: SocketAddr, request: &[u8], samples: usize) -> Outcome<(Duration, usize)> {
    exchanges_of(to, request, samples, EXCHANGES)
}

/// The same, with so many exchanges in one sample.
fn exchanges_of(
    to: SocketAddr,
    request: &[u8],
    samples: usize,
    each: u32,
) -> Outcome<(Duration, usize)> {
    let stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut exchange = || -> Outcome<usize> {
        writer.write_all(request)?;
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200") {
            return Err(format!("refused: {line}").into());
        }
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        io::copy(&mut reader.by_ref().take(length as u64), &mut io::sink())?;
        Ok(length)
    };
    let answer_bytes = exchange()?;
    let mut taken = Vec::new();
    for _ in 0..samples {
        let begun = Instant::now();
        for _ in 0..each {
            exchange()?;
        }
        taken.push(begun.elapsed() / each);
    }
    Ok((median(taken), answer_bytes))
}

/// Answers every request with the same bytes, and reads its body as a service does.
struct Constant(Vec<u8>);

impl Handler for Constant {
    async fn handle(&self, _: Parts, body: Body, _: Peer) -> Response<Body> {
        let _ = body.collect(1 << 20).await;
        Response::new(Body::from(self.0.clone()))
    }
}

fn constant(runtime: &Runtime, bytes: usize) -> Outcome<(SocketAddr, watch::Sender<bool>)> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    let door = Door {
        handler: Constant(vec![b'x'; bytes]),
        own: Own::new(Vec::new(), String::new),
        tls: None,
        trusted_proxies: Vec::new(),
        limits: Limits::default(),
    };
    let (stop, stopped) = watch::channel(false);
    runtime.spawn(door.serve(listener, stopped, Duration::ZERO));
    Ok((addr, stop))
}

/// One signature, from headers to proof, with the signing key at hand.
fn verification(out: &mut impl io::Write) -> Outcome<()> {
    let body = b"Action=GetUser&Version=2010-05-08&UserName=user-0";
    let request = Request::post("http://127.0.0.1:4566/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(())?;
    let (mut parts, ()) = request.into_parts();
    let claim = signer("iam").sign(&mut parts, Payload::Bytes(body), Clock::system(0).now())?;
    let key = signer("iam").key(&claim);
    let mut taken = Vec::new();
    for _ in 0..SAMPLES {
        let begun = Instant::now();
        for _ in 0..EXCHANGES {
            let hash: [u8; 32] = Sha256::digest(black_box(body)).into();
            let Presented::V4(claim) = present(black_box(&parts))? else {
                return Err("the bench's own request is signed".into());
            };
            sigv4::verify(&claim, &key, &parts, Some(&hash))?;
        }
        taken.push(begun.elapsed() / EXCHANGES);
    }
    let took = median(taken);
    line(out, "of that, the signature's verification", took, took)?;
    Ok(())
}

/// The median time until a server answers.
fn starts(runtime: &Runtime, config: &Config) -> Outcome<Duration> {
    let mut taken = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = runtime.block_on(start(config.clone(), StartOptions::default()))?;
        taken.push(begun.elapsed());
        runtime.block_on(server.stop())?;
    }
    Ok(median(taken))
}

/// Puts rows into a data directory that a server has made.
fn fill(data_dir: &Path, users: usize, roles: usize) -> Outcome<()> {
    fill_with(data_dir, users, 0, roles, 0)
}

/// As `fill`, with groups that the users are in, and policies that are attached to the users.
fn fill_with(
    data_dir: &Path,
    users: usize,
    groups: usize,
    roles: usize,
    policies: usize,
) -> Outcome<()> {
    let directory = Directory::open(data_dir, Options::default())?;
    let mut rows = Vec::new();
    for n in 0..groups {
        let group = entity("AGPABENCH", "group", n);
        rows.push(Row::from(from_value::<Group>(group)?));
    }
    for n in 0..policies {
        let mut policy = entity("ANPABENCH", "policy", n);
        policy["updated"] = json!(1_700_000_000_000_u64);
        policy["default_version"] = json!(1);
        policy["next_version"] = json!(2);
        policy["versions"] =
            json!({ "1": { "text": { "text": ALLOW }, "created": 1_700_000_000_000_u64 } });
        rows.push(Row::from(from_value::<ManagedPolicy>(policy)?));
    }
    for n in 0..users {
        let mut user: User = from_value(entity("AIDABENCH", "user", n))?;
        if let Some(group) = n.checked_rem(groups) {
            user.groups.insert(format!("AGPABENCH{group:012}"));
        }
        if let Some(policy) = n.checked_rem(policies) {
            let arn = format!("arn:aws:iam::{ACCOUNT}:policy/policy-{policy}");
            user.attached.insert(arn);
        }
        user.access_keys.push(AccessKey {
            id: if n == 0 {
                KEY_ID.to_owned()
            } else {
                format!("AKIABENCHKEY{n:08}")
            },
            secret: Secret::new(SECRET).into(),
            active: true,
            created: 1_700_000_000_000,
        });
        rows.push(Row::from(user));
    }
    for n in 0..roles {
        let mut role = entity("AROABENCH", "role", n);
        role["max_session_seconds"] = json!(3600);
        role["trust"] = json!({ "text": TRUST });
        rows.push(Row::from(from_value::<twinlock_directory::Role>(role)?));
    }
    while !rows.is_empty() {
        let turn = directory.turn();
        let mut batch = turn.batch();
        for row in rows.drain(..rows.len().min(BATCH)) {
            batch.put(row);
        }
        turn.commit(batch).wait()?;
    }
    Ok(())
}

fn entity(id: &str, name: &str, n: usize) -> Value {
    json!({
        "account": ACCOUNT,
        "id": format!("{id}{n:012}"),
        "name": format!("{name}-{n}"),
        "path": "/",
        "created": 1_700_000_000_000_u64,
        "inline": { "reads": { "text": ALLOW } },
    })
}

/// Where the bench keeps its data, until it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let name = format!("twinlock-bench-{}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    fn config(&self, name: &str) -> Outcome<Config> {
        let text = format!(
            "[[account]]\nid = \"{ACCOUNT}\"\nname = \"Bench\"\nemail = \"{EMAIL}\"\nroot_password = \"{PASSWORD}\"\n"
        );
        let overrides = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("data_dir", self.0.join(name).display().to_string()),
        ];
        Ok(Config::parse(&text, None, &overrides)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
