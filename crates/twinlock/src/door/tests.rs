//! The door over real connections, with a handler that does what each test needs.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use super::*;

/// Answers by path.
#[derive(Clone, Default)]
struct Probe {
    /// Requests that have come in.
    arrived: Arc<AtomicUsize>,
    /// Lets `/wait` go on.
    go_on: Arc<Notify>,
    /// Says that `/endless` is no longer being sent.
    let_go: Arc<Notify>,
}

/// What a stream holds on to.
struct Held(Arc<Notify>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Handler for Probe {
    async fn handle(&self, parts: Parts, body: Body, peer: Peer) -> Response<Body> {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        match parts.uri.path() {
            "/panic" => panic!("on purpose"),
            "/peer" => Response::new(Body::from(
                format!("{} {}", peer.addr, peer.secure).into_bytes(),
            )),
            "/refuse" => {
                let mut refused = Response::new(Body::Empty);
                *refused.status_mut() = http::StatusCode::FORBIDDEN;
                refused
            }
            "/wait" => {
                self.go_on.notified().await;
                Response::new(Body::from(Bytes::from_static(b"waited")))
            }
            "/stream" => {
                let parts = (0..3).map(|i| Ok(Bytes::from(format!("part{i};"))));
                Response::new(Body::stream(stream::iter(parts), Some(18)))
            }
            "/endless" => {
                let held = Held(self.let_go.clone());
                let more = stream::repeat_with(move || {
                    let _ = &held;
                    Ok(Bytes::from_static(&[0; 65536]))
                });
                Response::new(Body::stream(more, None))
            }
            "/broken" => {
                let fault = twinlock_wire::fault::Fault::internal();
                let parts = vec![Ok(Bytes::from_static(b"half")), Err(fault)];
                Response::new(Body::stream(stream::iter(parts), Some(8)))
            }
            _ => match body.collect(1 << 20).await {
                Ok(bytes) => Response::new(Body::from(bytes)),
                Err(fault) => Response::new(Body::from(fault.code.into_owned().into_bytes())),
            },
        }
    }
}

struct Test {
    address: SocketAddr,
    probe: Probe,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<bool>,
}

async fn open(limits: Limits, drain: Duration) -> Test {
    open_with(limits, drain, None).await
}

async fn open_with(limits: Limits, drain: Duration, tls: Option<TlsAcceptor>) -> Test {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let probe = Probe::default();
    let door = Door {
        handler: probe.clone(),
        own: Own::new(vec!["s3.localhost".into()], || "metric 1\n".into()),
        tls,
        trusted_proxies: vec![],
        limits,
    };
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(door.serve(listener, stopped, drain));
    Test {
        address,
        probe,
        stop,
        served,
    }
}

async fn open_default() -> Test {
    open(Limits::default(), Duration::from_secs(5)).await
}

impl Test {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` as it is and reads until the server closes.
    async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // The server may refuse and close before it has read all.
        let _ = stream.write_all(request.as_ref()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.raw(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut buffer = [0; 4096];
    let n = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..n]).into_owned()
}

#[tokio::test]
async fn health_and_metrics_are_the_doors_own() {
    let test = open_default().await;
    let health = test.get("/healthz", "").await;
    assert!(
        health.starts_with("HTTP/1.1 200") && health.ends_with("\r\n\r\nok\n"),
        "{health}"
    );
    assert!(test.get("/metrics?x=1", "").await.ends_with("metric 1\n"));
    let post = test
        .raw("POST /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    assert_eq!(test.probe.arrived.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_bucket_called_healthz_is_still_a_bucket() {
    let test = open_default().await;
    for (path, headers) in [
        (
            "/healthz",
            "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n",
        ),
        ("/healthz", "Authorization: AWS AKIA:signature\r\n"),
        ("/healthz?X-Amz-Signature=00", ""),
        ("/metrics?AWSAccessKeyId=AKIA&Signature=s&Expires=1", ""),
        ("/healthz/key", ""),
    ] {
        let answer = test.get(path, headers).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && !answer.contains("ok\n"),
            "{path} {headers}: {answer}"
        );
    }
    for host in [
        "bucket.s3.localhost",
        "Bucket.S3.localhost:4566",
        "s3.localhost",
    ] {
        let before = test.probe.arrived.load(Ordering::SeqCst);
        test.raw(format!(
            "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
        .await;
        assert_eq!(
            test.probe.arrived.load(Ordering::SeqCst),
            before + 1,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_not_the_server() {
    let test = open_default().await;
    let answer = test.get("/panic", "").await;
    assert!(
        answer.starts_with("HTTP/1.1 500") && answer.contains("<Code>InternalError</Code>"),
        "{answer}"
    );
    assert!(test.get("/peer", "").await.ends_with("127.0.0.1 false"));
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let test = open_default().await;
    let echo = test
        .raw("PUT /o HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        .await;
    assert!(echo.ends_with("\r\n\r\nhello world"), "{echo}");
    let streamed = test.get("/stream", "").await;
    assert!(
        streamed.contains("content-length: 18") && streamed.ends_with("part0;part1;part2;"),
        "{streamed}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_ended_properly() {
    let test = open_default().await;
    // What was written so far may or may not have gone out; that eight bytes came must never be believed.
    let answer = test.get("/broken", "").await;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    assert!(body.is_empty() || body == "half", "{answer}");
    assert!(
        answer.is_empty() || answer.contains("content-length: 8"),
        "{answer}"
    );
    let mut stream = test.connect().await;
    stream
        .write_all(b"PUT /o HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(
        answer.is_empty() || answer.ends_with("IncompleteBody"),
        "{answer}"
    );
}

#[tokio::test]
async fn continue_is_said_only_when_the_body_is_wanted() {
    let test = open_default().await;
    let head = |path: &str| {
        format!(
            "PUT {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
    };
    let mut wanted = test.connect().await;
    wanted.write_all(head("/o").as_bytes()).await.unwrap();
    assert!(
        read_some(&mut wanted)
            .await
            .starts_with("HTTP/1.1 100 Continue")
    );
    wanted.write_all(b"hello").await.unwrap();
    assert!(read_some(&mut wanted).await.ends_with("hello"));
    let mut refused = test.connect().await;
    refused.write_all(head("/refuse").as_bytes()).await.unwrap();
    assert!(read_some(&mut refused).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_head_that_is_too_large_or_too_slow_is_refused() {
    let test = open_default().await;
    for (kibibytes, status) in [(60, 200), (65, 431), (200, 431)] {
        let large = format!("X-Large: {}\r\n", "a".repeat(kibibytes * 1024));
        let answer = test.get("/o", &large).await;
        // A connection that is closed with bytes still unread may lose the answer; accepted it must not be.
        let refused = status == 431 && answer.is_empty();
        assert!(
            refused || answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{kibibytes}: {answer}"
        );
    }
    let many = (0..300)
        .map(|i| format!("X-{i}: 1\r\n"))
        .collect::<String>();
    assert!(test.get("/o", &many).await.starts_with("HTTP/1.1 431"));
    let limits = Limits {
        head_wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let slow = open(limits, Duration::from_secs(5)).await;
    let mut stream = slow.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(slow.probe.arrived.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let limits = Limits {
        body_wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let test = open(limits, Duration::from_secs(5)).await;
    let answer = test
        .raw("PUT /o HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhalf")
        .await;
    assert!(answer.ends_with("RequestTimeout"), "{answer}");
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_given_up() {
    let limits = Limits {
        write_wait: Duration::from_millis(100),
        ..Limits::default()
    };
    let test = open(limits, Duration::from_secs(5)).await;
    let mut stream = test.connect().await;
    let request = b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let let_go = test.probe.let_go.notified();
    tokio::time::timeout(Duration::from_secs(10), let_go)
        .await
        .expect("what was being sent is let go");
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let test = open(limits, Duration::from_secs(5)).await;
    let first = test.connect().await;
    let mut second = test.connect().await;
    second
        .write_all(b"GET /peer HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let early = tokio::time::timeout(Duration::from_millis(50), read_some(&mut second)).await;
    assert!(early.is_err(), "the second was served beside the first");
    drop(first);
    assert!(read_some(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn stopping_lets_a_running_request_end() {
    let test = open_default().await;
    let mut idle = test.connect().await;
    let mut busy = test.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    while test.probe.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    test.stop.send(true).unwrap();
    // An idle connection is closed at once; the busy one gets its answer.
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(
        TcpStream::connect(test.address).await.is_err(),
        "a new connection was accepted"
    );
    test.probe.go_on.notify_one();
    assert!(read_some(&mut busy).await.ends_with("waited"));
    assert!(test.served.await.unwrap());
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let test = open(Limits::default(), Duration::from_millis(50)).await;
    let mut busy = test.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    while test.probe.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    test.stop.send(true).unwrap();
    assert!(!test.served.await.unwrap());
}

#[tokio::test]
async fn tls_is_spoken_and_seen_by_the_handler() {
    use tokio_rustls::rustls::{
        ClientConfig, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/door/testdata"));
    let acceptor = tls::acceptor(&data.join("cert.pem"), &data.join("key.pem")).unwrap();
    let limits = Limits {
        handshake_wait: Duration::from_millis(200),
        ..Limits::default()
    };
    let test = open_with(limits, Duration::from_secs(5), Some(acceptor)).await;

    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(data.join("cert.pem")).unwrap())
        .unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, test.connect().await).await.unwrap();
    stream
        .write_all(b"GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.ends_with("127.0.0.1 true"), "{answer}");

    // Plain HTTP is not answered, and a peer that says nothing is not waited for.
    assert!(!test.get("/peer", "").await.contains("HTTP/1.1 200"));
    let mut silent = test.connect().await;
    assert_eq!(silent.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert_eq!(test.probe.arrived.load(Ordering::SeqCst), 1);
}

#[test]
fn a_bad_certificate_or_key_is_said_plainly() {
    let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/door/testdata"));
    let (cert, key) = (data.join("cert.pem"), data.join("key.pem"));
    let error = |cert: &std::path::Path, key: &std::path::Path| match tls::acceptor(cert, key) {
        Ok(_) => panic!("taken"),
        Err(error) => error.to_string(),
    };
    assert!(error(&data.join("none.pem"), &key).starts_with("tls_cert `"));
    assert!(error(&key, &key).contains("there is no certificate in it"));
    assert!(error(&cert, &cert).starts_with("tls_key `"));
}
