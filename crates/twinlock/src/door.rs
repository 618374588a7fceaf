//! The HTTP door: connections, TLS, limits, health, and stopping without dropping anyone.
//!
//! The door knows HTTP and no service. It hands every request to a [`Handler`] and keeps four promises around it: no peer
//! holds a connection, memory or the process for longer than the [`Limits`] say; a panic of the handler costs one answer, not
//! the server; what a peer says about itself is believed of trusted proxies only; and stopping lets running requests end.
//!
//! HTTP/1.1 only: the SDKs speak nothing else to a plain endpoint, and one protocol is one set of limits to get right.

mod body;
mod impatient;
mod own;
mod proxy;
#[cfg(test)]
mod tests;
pub mod tls;

use std::{
    future::Future, io, net::SocketAddr, panic::AssertUnwindSafe, pin::pin, sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use http::{Request, Response, request::Parts};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use twinlock_console::Console;
use twinlock_gate::{Gate, Peer};
use twinlock_identity::outbound;
use twinlock_wire::body::Body;

use crate::config::Network;
pub use body::Outgoing;
use impatient::Impatient;
pub use own::Own;

/// What stands behind the door.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(
        &self,
        parts: Parts,
        body: Body,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send;

    /// Whether the request is for a reserved path, which [`Handler::handle_reserved`] answers unless the request is S3's.
    fn takes_reserved(&self, _parts: &Parts) -> bool {
        false
    }

    /// Answers one request for a reserved path.
    fn handle_reserved(
        &self,
        parts: Parts,
        body: Body,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send {
        self.handle(parts, body, peer)
    }
}

/// What stands behind the door of a server: the services' gate, and the console beside it.
#[derive(Debug)]
pub struct House {
    /// For everything that clients sign.
    pub gate: Gate,
    /// For browsers.
    pub console: Arc<Console>,
}

impl House {
    /// What an account's issuer of web identity tokens publishes, for everybody.
    fn issuer(&self, parts: &Parts) -> Response<Body> {
        let world = self.gate.world();
        let url = &world.settings.public_url;
        let asked = matches!(parts.method, http::Method::GET | http::Method::HEAD);
        let document = outbound::document(&world.directory, url, parts.uri.path());
        own::json(document.filter(|_| asked))
    }
}

impl Handler for House {
    fn takes_reserved(&self, parts: &Parts) -> bool {
        Console::takes(parts) || parts.uri.path().starts_with(outbound::PATH)
    }

    async fn handle_reserved(&self, parts: Parts, body: Body, peer: Peer) -> Response<Body> {
        if parts.uri.path().starts_with(outbound::PATH) {
            return self.issuer(&parts);
        }
        self.console.handle(parts, body, peer).await
    }

    fn handle(
        &self,
        parts: Parts,
        body: Body,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send {
        self.gate.handle(parts, body, peer)
    }
}

/// What one peer may take of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request's line and headers together; more is answered 431.
    pub head_bytes_max: usize,
    /// Headers of a request; more is answered 431.
    pub headers_max: usize,
    /// How long a head may take from its first byte, and how long a connection may lie idle.
    pub head_wait: Duration,
    /// How long a body may stand still.
    pub body_wait: Duration,
    /// How long an answer may stand still because its peer does not read.
    pub write_wait: Duration,
    /// How long a TLS handshake may take.
    pub handshake_wait: Duration,
    /// Connections at a time; the next ones wait in the system's queue.
    pub connections_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_bytes_max: 64 * 1024,
            headers_max: 200,
            head_wait: Duration::from_secs(60),
            body_wait: Duration::from_secs(60),
            write_wait: Duration::from_secs(60),
            handshake_wait: Duration::from_secs(10),
            // Below the 4096 open files that even a modest system allows, with room for the store's.
            connections_max: 3072,
        }
    }
}

/// A door, and what it is told once.
pub struct Door<H> {
    /// What stands behind it.
    pub handler: H,
    /// The paths it answers itself.
    pub own: Own,
    /// TLS, if it speaks it.
    pub tls: Option<TlsAcceptor>,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// What one peer may take.
    pub limits: Limits,
}

/// Why and for how long an accept that failed is not tried again: the process has no free file, most often.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl<H: Handler> Door<H> {
    /// Serves `listener` until `stop` turns true, then lets the requests that run end, for at most `drain`. Answers whether
    /// all of them did.
    pub async fn serve(
        self,
        listener: TcpListener,
        mut stop: watch::Receiver<bool>,
        drain: Duration,
    ) -> bool {
        let door = Arc::new(self);
        let places = Arc::new(Semaphore::new(door.limits.connections_max));
        let graceful = GracefulShutdown::new();
        let mut stopped = pin!(async move {
            // An error means that the one who could stop us is gone: then we are to stop, too.
            let _ = stop.wait_for(|stop| *stop).await;
        });
        loop {
            let accept = async {
                let place = places.clone().acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                biased;
                () = &mut stopped => break,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (door, watcher) = (door.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        door.connection(stream, peer, watcher).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // No new connections from here on: the port is free for the next process while the last answers go out.
        drop(listener);
        door.own.not_ready();
        tokio::time::timeout(drain, graceful.shutdown())
            .await
            .is_ok()
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // Answers are small and written at once; waiting to fill a segment would only add delay.
        let _ = stream.set_nodelay(true);
        let result = match &self.tls {
            None => self.clone().http(stream, peer, watcher).await,
            Some(acceptor) => {
                let handshake = acceptor.accept(stream);
                match tokio::time::timeout(self.limits.handshake_wait, handshake).await {
                    Ok(Ok(stream)) => self.clone().http(stream, peer, watcher).await,
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err("the TLS handshake took too long".to_owned()),
                }
            }
        };
        if let Err(error) = result {
            // Nobody is to blame for most of these (a client went away), so they are not worth a warning each.
            tracing::debug!(%peer, error, "a connection ended early");
        }
    }

    async fn http<S>(
        self: Arc<Self>,
        stream: S,
        peer: SocketAddr,
        watcher: Watcher,
    ) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.limits;
        let stream = Impatient::new(stream, limits.write_wait);
        let service = service_fn(move |request| {
            let door = self.clone();
            async move { Ok::<_, io::Error>(door.answer(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_wait)
            .max_buf_size(limits.head_bytes_max)
            .max_headers(limits.headers_max)
            .pipeline_flush(false)
            .serve_connection(TokioIo::new(stream), service);
        watcher
            .watch(connection)
            .await
            .map_err(|error| error.to_string())
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Outgoing> {
        let (parts, incoming) = request.into_parts();
        let mut peer = Peer {
            addr: peer.ip().to_canonical(),
            secure: self.tls.is_some(),
        };
        proxy::believe(&mut peer, &parts.headers, &self.trusted_proxies);
        if let Some(answer) = self.own.answer(&parts) {
            return answer.map(Outgoing::new);
        }
        if head_bytes(&parts) > self.limits.head_bytes_max {
            return own::head_too_large().map(Outgoing::new);
        }
        let body = body::incoming(incoming, self.limits.body_wait);
        let head = parts.method == http::Method::HEAD;
        // The handler's state is made for it: locks that a panic poisons are either recovered or answered by 500s.
        let reserved = self.handler.takes_reserved(&parts) && self.own.is_ours(&parts);
        let answered = AssertUnwindSafe(async {
            if reserved {
                self.handler.handle_reserved(parts, body, peer).await
            } else {
                self.handler.handle(parts, body, peer).await
            }
        })
        .catch_unwind()
        .await;
        let response = answered.unwrap_or_else(|_| {
            tracing::error!("a request's handler panicked");
            own::internal_error(head)
        });
        response.map(Outgoing::new)
    }
}

/// The size of a request's line and headers as they came. hyper's own limit is one of its buffer, which may hold up to twice as
/// much before it is looked at; that bounds memory, this bounds requests.
fn head_bytes(parts: &Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " HTTP/1.1\r\n ".len();
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + 4
    };
    line + parts.headers.iter().map(header).sum::<usize>()
}

impl<H> std::fmt::Debug for Door<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
