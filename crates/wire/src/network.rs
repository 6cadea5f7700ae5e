//! A network of IPv4 or IPv6 addresses in CIDR notation: `10.24.0.0/16`, `2001:db8::/32`.
//!
//! **Invariant**: no bits are set behind the prefix (whoever writes some meant something else), and
//! IPv4 is written as IPv4, so there is one spelling of each network.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::text::{Malformed, serde_as_text};

/// A network; a single address is one with the longest prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Whether this address lies in it. An IPv4 address may come as IPv6 (`::ffff:10.0.0.1`).
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed {
            expected: "a network like 10.24.0.0/16 or 2001:db8::/32 without bits behind its prefix",
        };
        // Read by the standard library: `ipnet` takes `010.24.0.0`, which some read as octal.
        let (address, prefix) = text.split_once('/').unzip();
        let address: IpAddr = address.unwrap_or(text).parse().map_err(|_| malformed)?;
        let network = match prefix {
            None => IpNet::from(address),
            Some(prefix) => {
                let prefix = decimal(prefix).ok_or(malformed)?;
                IpNet::new(address, prefix).map_err(|_| malformed)?
            }
        };
        let is_mapped = match network {
            IpNet::V4(_) => false,
            IpNet::V6(network) => network.addr().to_ipv4_mapped().is_some(),
        };
        if is_mapped || network.trunc() != network {
            return Err(malformed);
        }
        Ok(Self(network))
    }
}

/// Digits, with no zero before them.
fn decimal(text: &str) -> Option<u8> {
    let number: u8 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

serde_as_text!(Network);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_a_network_in_either_form() {
        for (network, inside, outside) in [
            ("10.24.0.0/16", "10.24.255.255", "10.25.0.0"),
            ("10.24.0.0/16", "::ffff:10.24.0.1", "::ffff:10.25.0.1"),
            ("10.24.0.7", "10.24.0.7", "10.24.0.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("0.0.0.0/0", "192.0.2.1", "2001:db8::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_no_network() {
        for text in [
            "",
            "10.24.0.1/16",
            "10.24.0.0/33",
            "10.24.0.0/",
            "10.24.0.0/+16",
            "10.24.0.0/016",
            "10.24/16",
            "010.24.0.0/16",
            "2001:db8::1/32",
            "::ffff:10.24.0.0/112",
            "::ffff:10.24.0.1",
            "snv.example.vn",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert_eq!("10.24.0.7".parse::<Network>().unwrap().to_string(), "10.24.0.7/32");
    }
}
