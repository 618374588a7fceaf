//! What a proxy in front says about the peer: believed of configured addresses only, because anyone can write a header, and
//! `aws:SourceIp` in a policy hangs on it.

use std::net::IpAddr;

use http::HeaderMap;
use twinlock_gate::Peer;

use crate::config::Network;

/// Puts the client that a trusted proxy names in the place of the proxy.
pub(super) fn believe(peer: &mut Peer, headers: &HeaderMap, trusted: &[Network]) {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer.addr) {
        return;
    }
    if let Some(proto) = last(headers, "x-forwarded-proto") {
        peer.secure = proto.eq_ignore_ascii_case("https");
    }
    // Each proxy adds who called it at the right. From the right, the first that is no proxy of ours is the client; what
    // stands left of it the client may have written itself.
    let chain = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = chain
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in chain.iter().rev() {
        let Some(address) = address(hop) else { return };
        peer.addr = address;
        if !is_trusted(address) {
            return;
        }
    }
}

fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse().ok();
    let with_port = || {
        text.parse::<std::net::SocketAddr>()
            .ok()
            .map(|address| address.ip())
    };
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port)
        .or_else(in_brackets)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(from: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut peer = Peer {
            addr: from.parse().unwrap(),
            secure: false,
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        believe(&mut peer, &map, &trusted);
        (peer.addr.to_string(), peer.secure)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let headers = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(seen("10.0.0.7", &headers), ("203.0.113.9".into(), true));
        assert_eq!(seen("192.0.2.1", &headers), ("192.0.2.1".into(), false));
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        let forged = [("x-forwarded-for", "127.0.0.1, 203.0.113.9, 10.1.1.1")];
        assert_eq!(seen("10.0.0.7", &forged).0, "203.0.113.9");
        let two = [
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-for", "203.0.113.9:5511"),
        ];
        assert_eq!(seen("10.0.0.7", &two).0, "203.0.113.9");
        assert_eq!(
            seen("10.0.0.7", &[("x-forwarded-for", "127.0.0.1, nonsense")]).0,
            "10.0.0.7"
        );
        assert_eq!(
            seen("10.0.0.7", &[("x-forwarded-for", "[2001:db8::1]:80")]).0,
            "2001:db8::1"
        );
        assert_eq!(seen("10.0.0.7", &[]).0, "10.0.0.7");
    }
}
