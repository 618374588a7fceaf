//! HTTPS to an identity provider, as little of it as its two documents need: one GET, no redirects, no cookies, no cache.
//!
//! Whoever may create a provider in an account chooses the address, its discovery document the second one, and anybody with a
//! token in that issuer's name when they are asked, so an address must not become a way into the operator's own network:
//! names are resolved once, private addresses are refused unless the operator named the issuer in the configuration, those
//! of a link (a cloud's metadata) always, and the connection goes to the very address that was looked at. What a server
//! answered, and what was wrong with it, is in our log, never in an answer.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{self, pki_types::ServerName},
};

use super::{issuers::DOCUMENT_BYTES_MAX, thumbprint};

/// How long one document may take in all, from the name's look-up to its last byte.
pub(super) const WAIT: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Why a document could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum FetchError {
    /// The server cannot be reached, or is in trouble.
    #[error("{0}")]
    Unreachable(String),
    /// Neither an authority nor the account vouches for its certificate.
    #[error("{0}")]
    Unproven(String),
    /// What it answers is no use.
    #[error("{0}")]
    Unusable(String),
}

impl From<&str> for FetchError {
    fn from(why: &str) -> Self {
        Self::Unusable(why.to_owned())
    }
}

/// How far a fetch may go, and whose word counts for the server.
pub(super) struct Reach<'a> {
    /// Private addresses, too; those of a link only (a cloud's metadata are there) never.
    pub(super) private_too: bool,
    /// Further authorities.
    pub(super) ca_file: Option<&'a Path>,
    /// Fingerprints that the account vouches for.
    pub(super) thumbprints: &'a [String],
    /// How long one document may take.
    pub(super) wait: Duration,
}

/// The document at `url`.
pub(super) async fn get(url: &str, reach: &Reach<'_>) -> Result<Bytes, FetchError> {
    tokio::time::timeout(reach.wait, get_in_time(url, reach))
        .await
        .map_err(|_| FetchError::Unreachable(format!("{url} took too long")))?
}

async fn get_in_time(url: &str, reach: &Reach<'_>) -> Result<Bytes, FetchError> {
    let uri: Uri = url
        .parse()
        .map_err(|_| FetchError::from("the address is no URL"))?;
    let authority = uri
        .authority()
        .filter(|authority| !authority.as_str().contains('@'))
        .ok_or(FetchError::from("the address names no host"))?;
    if uri.scheme_str() != Some("https") {
        return Err("the address is not https".into());
    }
    let host = authority.host();
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        FetchError::Unreachable(format!("{host}: {what}: {error}"))
    };
    let server = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| FetchError::from("the address names no host"))?;
    let stream = connect(host, authority.port_u16().unwrap_or(443), reach).await?;
    let config = thumbprint::client(reach.ca_file, reach.thumbprints)
        .map_err(|error| failed("certificates", &error))?;
    let stream = TlsConnector::from(config)
        .connect(server, stream)
        .await
        .map_err(|error| match of_certificate(&error) {
            Some(why) => FetchError::Unproven(format!("{host}: {why}")),
            None => failed("TLS", &error),
        })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed("HTTP", &error))?;
    // Ends with the sender, or with the wait.
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority.as_str())
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "twinlock")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::from("the address is no URL"))?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| failed("HTTP", &error))?;
    let status = response.status();
    if status != StatusCode::OK {
        driver.abort();
        return Err(if status.is_server_error() {
            failed("it answers", &status)
        } else {
            FetchError::Unusable(format!("{host} answers {status}"))
        });
    }
    let body = Limited::new(response.into_body(), DOCUMENT_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                "the document is too large".into()
            } else {
                failed("the answer", &error)
            }
        });
    driver.abort();
    Ok(body?.to_bytes())
}

/// What is wrong with the server's certificate, if that is why there is no connection.
fn of_certificate(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    matches!(error, rustls::Error::InvalidCertificate(_)).then(|| error.to_string())
}

async fn connect(host: &str, port: u16, reach: &Reach<'_>) -> Result<TcpStream, FetchError> {
    let name = host.trim_matches(['[', ']']);
    let unreachable = |why: String| FetchError::Unreachable(format!("{host}: {why}"));
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name, port))
        .await
        .map_err(|error| unreachable(error.to_string()))?
        .take(ADDRESSES_MAX)
        .collect();
    if !reach.private_too && !addresses.iter().all(|address| is_public(address.ip())) {
        return Err(unreachable(
            "it is on a private network: name the issuer under [[oidc_provider]] in the configuration"
                .to_owned(),
        ));
    }
    if !addresses.iter().all(|address| is_of_a_host(address.ip())) {
        return Err(unreachable(
            "it is not the address of a host that issues tokens".to_owned(),
        ));
    }
    TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| unreachable(error.to_string()))
}

/// Whether a host of a network may have this address, even a private one: none of a link only, where clouds keep the keys of
/// the machine, and none of many or of nobody.
fn is_of_a_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0)
        }
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || !(v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified()),
            |v4| is_of_a_host(v4.into()),
        ),
    }
}

/// Whether the address is one of the public internet, where a stranger could go as well.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    // Only global unicast (2000::/3), without documentation, tunnels to IPv4 (6to4, Teredo) and the like.
    let [first, second, ..] = v6.segments();
    let global = first & 0xe000 == 0x2000;
    let special = first == 0x2002 || (first == 0x2001 && (second < 0x0200 || second == 0x0db8));
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for (address, public) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
            ("198.18.0.1", false),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00:ec2::254", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("2002:a9fe:a9fe::1", false),
            ("2001:db8::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(
                is_public(address.parse().expect("an address")),
                public,
                "{address}"
            );
        }
    }

    #[test]
    fn where_a_cloud_keeps_a_machines_keys_no_operator_sends_us() {
        for (address, host) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("::1", true),
            ("fd12::1", true),
            ("93.184.216.34", true),
            ("169.254.169.254", false),
            ("169.254.170.2", false),
            ("::ffff:169.254.169.254", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("::", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("ff02::1", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(is_of_a_host(address), host, "{address}");
        }
    }

    #[tokio::test]
    async fn what_is_not_https_or_not_public_is_not_asked() {
        let reach = Reach {
            private_too: false,
            ca_file: None,
            thumbprints: &[],
            wait: WAIT,
        };
        for url in [
            "http://example.com/x",
            "https://user:secret@example.com/",
            "file:///etc/passwd",
            "https://",
            "nonsense",
        ] {
            let error = get(url, &reach).await.expect_err(url);
            assert!(matches!(error, FetchError::Unusable(_)), "{url}: {error}");
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let error = get(&format!("https://{host}:{port}/"), &reach)
                .await
                .expect_err(host);
            assert!(
                matches!(&error, FetchError::Unreachable(_)),
                "{host}: {error}"
            );
        }
        // Nobody knocked.
        let nobody = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
        assert!(nobody.is_err());
    }
    /// A server that takes the connection and says nothing holds nobody for longer than it may.
    #[tokio::test]
    async fn a_silent_server_is_left() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let reach = Reach {
            private_too: true,
            ca_file: None,
            thumbprints: &[],
            wait: Duration::from_millis(20),
        };
        let error = get(&format!("https://127.0.0.1:{port}/"), &reach)
            .await
            .expect_err("silence");
        assert!(
            matches!(&error, FetchError::Unreachable(why) if why.contains("took too long")),
            "{error}"
        );
    }
}
