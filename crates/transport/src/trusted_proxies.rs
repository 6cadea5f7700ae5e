//! The proxies whose word about a caller counts.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

/// Networks of proxies; by default none.
///
/// **Trust**: a network listed here can give every call any address and, with `Forwarded`, any
/// scheme; it cannot sign for a caller.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address and no network such as 10.24.0.0/16 without bits behind its prefix")]
pub struct NotANetwork(pub String);

impl TrustedProxies {
    /// Reads addresses (`10.24.0.7`) and networks (`10.24.0.0/16`). One with bits set behind its
    /// prefix is refused: whoever wrote it meant something else.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, NotANetwork> {
        let networks = texts.into_iter().map(|text| network(text.as_ref()));
        networks.collect::<Result<Vec<_>, _>>().map(|networks| Self(networks.into()))
    }

    /// Whether this peer is one of them.
    pub fn contain(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn network(text: &str) -> Result<IpNet, NotANetwork> {
    let refused = || NotANetwork(text.to_owned());
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().map_err(|_| refused())?;
    if network.trunc() == network { Ok(network) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_found_by_address_and_network_in_either_form() {
        let proxies =
            TrustedProxies::parse(["10.24.0.0/16", "192.0.2.7", "2001:db8::/32"]).unwrap();
        for peer in ["10.24.255.1", "192.0.2.7", "2001:db8::9", "::ffff:10.24.0.1"] {
            assert!(proxies.contain(peer.parse().unwrap()), "{peer}");
        }
        for peer in ["10.25.0.1", "192.0.2.8", "2001:db9::", "127.0.0.1"] {
            assert!(!proxies.contain(peer.parse().unwrap()), "{peer}");
        }
        assert!(!TrustedProxies::default().contain("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.1/8", "10.0.0.0/33", "proxy.example", "10.0.0.0/8,::1", "*"] {
            assert_eq!(TrustedProxies::parse([text]).err(), Some(NotANetwork(text.to_owned())));
        }
    }
}
