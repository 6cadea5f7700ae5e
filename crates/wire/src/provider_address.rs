//! Which addresses a provider may have.
//!
//! One rule for two readers: the registry refuses a service whose address is written out and never
//! permitted; the gateway judges again at every connect, because a name is answered for by someone
//! else's name server.
//!
//! **Invariant**: the cloud's metadata addresses are never reached, whatever is configured.
//! **Trust**: without this, whoever registers a service could make the gateway speak to this
//! machine's own ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where clouds hand out a machine's credentials: link-local, Alibaba's, and AWS's over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
];

/// Whether a gateway may connect to this address; to its own machine's only if
/// `allow_loopback`. Private networks are allowed: agencies' systems live there.
pub fn is_permitted(address: IpAddr, allow_loopback: bool) -> bool {
    let address = unwrapped(address);
    if METADATA.contains(&address) {
        return false;
    }
    if address.is_loopback() {
        return allow_loopback;
    }
    match address {
        IpAddr::V4(v4) => {
            let this_network = v4.octets().first() == Some(&0);
            !(this_network || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_unicast_link_local() || v6.is_multicast()),
    }
}

/// The IPv4 address inside an IPv6 one: mapped (`::ffff:a.b.c.d`), compatible (`::a.b.c.d`), or
/// behind the well-known translation prefix (`64:ff9b::/96`, RFC 6052).
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [prefix @ .., high, low] = v6.segments();
    let is_wrapping = match prefix {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => true,
        // `::` and `::1` are IPv6's own.
        [0, 0, 0, 0, 0, 0] => high != 0 || low > 1,
        _ => false,
    };
    if !is_wrapping {
        return address;
    }
    let ([first, second], [third, fourth]) = (high.to_be_bytes(), low.to_be_bytes());
    IpAddr::V4(Ipv4Addr::new(first, second, third, fourth))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(text: &str, allow_loopback: bool) -> bool {
        is_permitted(text.parse().unwrap(), allow_loopback)
    }

    #[test]
    fn agencies_networks_are_permitted() {
        for text in ["10.1.2.3", "192.168.1.1", "203.0.113.9", "2001:db8::1", "fd12::1"] {
            assert!(permitted(text, false), "{text}");
        }
    }

    #[test]
    fn this_machine_is_permitted_only_when_configured() {
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
            assert!(!permitted(text, false), "{text}");
            assert!(permitted(text, true), "{text}");
        }
    }

    #[test]
    fn addresses_of_no_provider_are_never_permitted() {
        let never = [
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "169.254.1.1",
            "224.0.0.1",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:169.254.1.1",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
            "100.100.100.200",
        ];
        for text in never {
            assert!(!permitted(text, true), "{text}");
        }
    }
}
