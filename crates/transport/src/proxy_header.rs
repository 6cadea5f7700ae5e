//! The PROXY protocol, version 2: what a proxy says about a connection before its first byte.
//! Source: <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>.
//!
//! **Invariant**: not one byte after the header is read, and what is not exactly a header of
//! version 2 for a TCP connection ends the connection: a receiver must never guess whether a
//! header stands there. **Trust**: only whoever is a trusted proxy may speak here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and protocol, length.
const FIXED_BYTES: usize = 16;
/// The longest rest: addresses, and additions (TLVs) that are read over. Proxies that add
/// certificates' names stay far below.
const MOST_BYTES: usize = 2048;

/// What ends a connection that should have begun with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadProxyHeader {
    #[error("the connection ended within the PROXY header")]
    CutOff,
    #[error("the connection does not begin with a PROXY header of version 2")]
    NotVersion2,
    #[error("the PROXY header names an unknown command or no TCP connection")]
    Unknown,
    #[error("the PROXY header is longer than {MOST_BYTES} bytes or shorter than its addresses")]
    Length,
}

/// Reads the header: the source it names, or `None` if the proxy speaks for itself (LOCAL) or
/// does not know (UNSPEC).
pub(crate) async fn read<R: AsyncRead + Unpin>(
    from: &mut R,
) -> Result<Option<IpAddr>, BadProxyHeader> {
    let mut fixed = [0; FIXED_BYTES];
    from.read_exact(&mut fixed).await.map_err(|_| BadProxyHeader::CutOff)?;
    let [.., version_and_command, family, high, low] = fixed;
    if !fixed.starts_with(SIGNATURE) || version_and_command >> 4 != 2 {
        return Err(BadProxyHeader::NotVersion2);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MOST_BYTES {
        return Err(BadProxyHeader::Length);
    }
    let mut rest = vec![0; length];
    from.read_exact(&mut rest).await.map_err(|_| BadProxyHeader::CutOff)?;
    match version_and_command & 0x0f {
        LOCAL => Ok(None),
        PROXY => source(family, &rest),
        _ => Err(BadProxyHeader::Unknown),
    }
}

const LOCAL: u8 = 0;
const PROXY: u8 = 1;
const UNSPEC: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// Source, destination and both ports stand first; the source is what is asked for.
fn source(family: u8, rest: &[u8]) -> Result<Option<IpAddr>, BadProxyHeader> {
    match family {
        UNSPEC => Ok(None),
        TCP_OVER_IPV4 if rest.len() >= 4 + 4 + 4 => {
            Ok(rest.first_chunk().map(|source: &[u8; 4]| Ipv4Addr::from(*source).into()))
        }
        TCP_OVER_IPV6 if rest.len() >= 16 + 16 + 4 => {
            Ok(rest.first_chunk().map(|source: &[u8; 16]| Ipv6Addr::from(*source).into()))
        }
        TCP_OVER_IPV4 | TCP_OVER_IPV6 => Err(BadProxyHeader::Length),
        _ => Err(BadProxyHeader::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version_and_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([version_and_command, family]);
        bytes.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        bytes.extend(rest);
        bytes
    }

    fn ipv4(source: [u8; 4]) -> Vec<u8> {
        [&source[..], &[10, 0, 0, 1], &[0x30, 0x39, 0x1f, 0x91]].concat()
    }

    /// What the header says, and what is left for whoever reads next.
    fn read_from(bytes: &[u8]) -> (Result<Option<IpAddr>, BadProxyHeader>, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut from = bytes;
        let said = runtime.block_on(read(&mut from));
        (said, from.to_vec())
    }

    #[test]
    fn the_source_is_read_and_nothing_behind_the_header() {
        let additions = [&ipv4([203, 0, 113, 9])[..], &[0x04, 0, 3, 1, 2, 3]].concat();
        for rest in [ipv4([203, 0, 113, 9]), additions] {
            let bytes = [header(0x21, TCP_OVER_IPV4, &rest), b"GET /".to_vec()].concat();
            let (said, left) = read_from(&bytes);
            assert_eq!(said, Ok(Some(IpAddr::from([203, 0, 113, 9]))));
            assert_eq!(left, b"GET /");
        }
        let ipv6: Ipv6Addr = "2001:db8::5".parse().unwrap();
        let rest = [&ipv6.octets()[..], &[0; 20]].concat();
        assert_eq!(read_from(&header(0x21, TCP_OVER_IPV6, &rest)).0, Ok(Some(ipv6.into())));
    }

    #[test]
    fn a_proxy_may_speak_for_itself() {
        assert_eq!(read_from(&header(0x20, UNSPEC, b"")).0, Ok(None));
        assert_eq!(read_from(&header(0x20, TCP_OVER_IPV4, &ipv4([1, 2, 3, 4]))).0, Ok(None));
        assert_eq!(read_from(&header(0x21, UNSPEC, b"anything")).0, Ok(None));
    }

    #[test]
    fn everything_else_ends_the_connection() {
        use BadProxyHeader::{CutOff, Length, NotVersion2, Unknown};
        let good = header(0x21, TCP_OVER_IPV4, &ipv4([203, 0, 113, 9]));
        for end in 0..good.len() {
            assert_eq!(read_from(&good[..end]).0, Err(CutOff), "{end}");
        }
        let v1 = b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 8081\r\n".to_vec();
        for (bytes, refusal) in [
            (v1, NotVersion2),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), NotVersion2),
            (header(0x11, TCP_OVER_IPV4, &ipv4([1, 2, 3, 4])), NotVersion2),
            (header(0x31, TCP_OVER_IPV4, &ipv4([1, 2, 3, 4])), NotVersion2),
            (header(0x22, TCP_OVER_IPV4, &ipv4([1, 2, 3, 4])), Unknown),
            (header(0x21, 0x12, &ipv4([1, 2, 3, 4])), Unknown),
            (header(0x21, 0x31, &[0; 216]), Unknown),
            (header(0x21, 0x41, &[0; 216]), Unknown),
            (header(0x21, TCP_OVER_IPV4, &[0; 11]), Length),
            (header(0x21, TCP_OVER_IPV6, &[0; 35]), Length),
            (header(0x21, TCP_OVER_IPV4, &vec![0; MOST_BYTES + 1]), Length),
        ] {
            assert_eq!(read_from(&bytes).0, Err(refusal), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(tail: Vec<u8>) {
            let _ = read_from(&tail);
            let _ = read_from(&[&SIGNATURE[..], &tail].concat());
        }
    }
}
