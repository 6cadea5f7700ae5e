//! What trusted proxies say of a call: who made it, and by which URL (RFC 7239).
//!
//! Each proxy appends an element, so the last one is the peer's own word. It counts if the peer is
//! a trusted proxy; the one before it counts if that one names a trusted proxy as its peer; and so
//! on. `X-Forwarded-*` counts never.
//!
//! **Invariant**: from anybody else the field has no effect; what trusted proxies say in two ways
//! is refused, not chosen from. **Trust**: a trusted proxy decides which address refusals are
//! counted under and which of our URLs a call came by; it cannot sign for a caller.

use std::net::IpAddr;

use transport::TrustedProxies;
use wire::header::FORWARDED;

use crate::fields::Fields;
use crate::target::{CameBy, Scheme};

/// Who called, and by which way.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) peer: IpAddr,
    pub(crate) came_by: CameBy,
}

/// A trusted proxy's field is malformed or contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadForwarded;

/// What one proxy says of its peer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Element {
    /// `None`: unknown or hidden.
    peer: Option<IpAddr>,
    host: Option<Box<str>>,
    scheme: Option<Scheme>,
}

/// The longest chain of proxies.
const MOST_ELEMENTS: usize = 16;

/// Reads what the proxies before `peer` say, as far as they are trusted.
pub(crate) fn read(
    proxies: &TrustedProxies,
    peer: IpAddr,
    connection: Scheme,
    fields: &Fields,
) -> Result<Said, BadForwarded> {
    let mut said = Said { peer, came_by: CameBy::connection(connection) };
    if !proxies.contain(peer) || !fields.has(FORWARDED) {
        return Ok(said);
    }
    let field = fields.joined(FORWARDED).ok_or(BadForwarded)?;
    let (mut host, mut scheme) = (None, None);
    for element in elements(&field)?.into_iter().rev() {
        agree(&mut host, element.host)?;
        agree(&mut scheme, element.scheme)?;
        let Some(before) = element.peer else { break };
        said.peer = before;
        if !proxies.contain(before) {
            break;
        }
    }
    said.came_by.scheme = scheme.unwrap_or(connection);
    said.came_by.host = host;
    Ok(said)
}

/// Two proxies that both say something say the same.
fn agree<T: PartialEq>(known: &mut Option<T>, said: Option<T>) -> Result<(), BadForwarded> {
    match (&*known, said) {
        (Some(known), Some(said)) if *known != said => Err(BadForwarded),
        (None, Some(said)) => {
            *known = Some(said);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Every element, in order.
fn elements(field: &str) -> Result<Vec<Element>, BadForwarded> {
    let elements: Vec<_> = split(field, b',').collect::<Result<_, _>>()?;
    if elements.len() > MOST_ELEMENTS {
        return Err(BadForwarded);
    }
    elements.into_iter().map(element).collect()
}

fn element(text: &str) -> Result<Element, BadForwarded> {
    let mut element = Element::default();
    let mut seen: Vec<String> = Vec::new();
    for pair in split(text, b';') {
        let (name, value) = pair?.split_once('=').ok_or(BadForwarded)?;
        let name = name.to_ascii_lowercase();
        let value = unquoted(value).filter(|_| is_token(&name)).ok_or(BadForwarded)?;
        if seen.contains(&name) {
            return Err(BadForwarded);
        }
        match name.as_str() {
            "for" => element.peer = node(&value)?,
            "host" if value.is_empty() => return Err(BadForwarded),
            "host" => element.host = Some(value.to_ascii_lowercase().into()),
            "proto" => element.scheme = Some(Scheme::parse(&value).ok_or(BadForwarded)?),
            _ => {}
        }
        seen.push(name);
    }
    if seen.is_empty() { Err(BadForwarded) } else { Ok(element) }
}

/// The parts between separators that stand outside of quotes, trimmed; none may be empty.
fn split(text: &str, separator: u8) -> impl Iterator<Item = Result<&str, BadForwarded>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let ends = byte == separator && !is_quoted;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                _ => {}
            }
            ends
        });
        let part = end.and_then(|end| text.get(..end)).unwrap_or(text).trim_matches([' ', '\t']);
        rest = end.and_then(|end| text.get(end + 1..));
        Some(if part.is_empty() { Err(BadForwarded) } else { Ok(part) })
    })
}

/// A token, or what stands between quotes (RFC 9110 §5.6.4).
fn unquoted(value: &str) -> Option<String> {
    let Some(inner) = value.strip_prefix('"') else {
        return is_token(value).then(|| value.to_owned());
    };
    let inner = inner.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut bytes = inner.chars();
    while let Some(one) = bytes.next() {
        match one {
            '\\' => text.push(bytes.next()?),
            '"' => return None,
            one if one.is_ascii_control() => return None,
            one => text.push(one),
        }
    }
    Some(text)
}

fn is_token(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// RFC 7239 §6: an address, perhaps with a port; `unknown`; or a name that hides one.
fn node(value: &str) -> Result<Option<IpAddr>, BadForwarded> {
    if let Some(inner) = value.strip_prefix('[') {
        let (address, port) = inner.split_once(']').ok_or(BadForwarded)?;
        let address: std::net::Ipv6Addr = address.parse().map_err(|_| BadForwarded)?;
        return if is_port(port) { Ok(Some(address.into())) } else { Err(BadForwarded) };
    }
    let (address, port) = match value.split_once(':') {
        Some((address, _)) => value.split_at(address.len()),
        None => (value, ""),
    };
    if !is_port(port) {
        return Err(BadForwarded);
    }
    if address.eq_ignore_ascii_case("unknown") || address.starts_with('_') {
        return Ok(None);
    }
    let address: std::net::Ipv4Addr = address.parse().map_err(|_| BadForwarded)?;
    Ok(Some(address.into()))
}

/// Nothing, or a colon and a port, which may be hidden too.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some(port) if port.starts_with('_') => true,
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(peer: &str, lines: &[&str]) -> Result<Outcome, BadForwarded> {
        let proxies = TrustedProxies::parse(["10.0.0.0/24", "::1"]).unwrap();
        let mut fields = Fields::default();
        for line in lines {
            fields.push("forwarded", line.as_bytes()).unwrap();
        }
        let said = read(&proxies, peer.parse().unwrap(), Scheme::Http, &fields)?;
        let host = said.came_by.host.map(String::from);
        Ok((said.peer.to_string(), said.came_by.scheme, host))
    }

    type Outcome = (String, Scheme, Option<String>);

    fn by(peer: &str, scheme: Scheme, host: Option<&str>) -> Outcome {
        (peer.to_owned(), scheme, host.map(str::to_owned))
    }

    #[test]
    fn a_trusted_proxy_says_who_called_and_how() {
        let full = "for=\"203.0.113.9:4711\";host=\"LGSP.example:8443\";proto=HTTPS;by=10.0.0.1";
        assert_eq!(
            said("10.0.0.1", &[full]),
            Ok(by("203.0.113.9", Scheme::Https, Some("lgsp.example:8443")))
        );
        let v6 = "For=\"[2001:db8::5]:_x\" ; Proto=https";
        assert_eq!(said("::1", &[v6]), Ok(by("2001:db8::5", Scheme::Https, None)));
        for hidden in ["for=unknown", "for=\"Unknown:4711\"", "for=_gazonk", "for=\"_a:_b\""] {
            assert_eq!(said("10.0.0.1", &[hidden]), Ok(by("10.0.0.1", Scheme::Http, None)));
        }
        assert_eq!(said("10.0.0.1", &[]), Ok(by("10.0.0.1", Scheme::Http, None)));
    }

    #[test]
    fn from_anybody_else_it_has_no_effect() {
        for line in ["for=203.0.113.9;proto=https;host=other.example", "not at all=;"] {
            assert_eq!(said("10.0.1.1", &[line]), Ok(by("10.0.1.1", Scheme::Http, None)));
        }
    }

    #[test]
    fn only_the_word_of_trusted_proxies_counts_in_a_chain() {
        // The caller wrote the first element itself.
        let forged = "for=198.51.100.1;proto=https, for=203.0.113.9";
        assert_eq!(said("10.0.0.1", &[forged]), Ok(by("203.0.113.9", Scheme::Http, None)));
        let chain = ["for=203.0.113.9;proto=https;host=a", "for=10.0.0.7;proto=https"];
        assert_eq!(said("10.0.0.1", &chain), Ok(by("203.0.113.9", Scheme::Https, Some("a"))));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for line in [
            "",
            "for",
            "for=1.2.3.4;for=1.2.3.4",
            "proto=https;Proto=http",
            "proto=ftp",
            "proto=https,",
            "proto=https;",
            "host=",
            "host=\"\"",
            "host=a b",
            "host=\"a",
            "host=\"a\"b\"",
            "host=a:1",
            "for=2001:db8::1",
            "for=[2001:db8::1]",
            "for=\"[::1]x\"",
            "for=1.2.3.4:99999",
            "for=\"unknown:99999\"",
            "for=\"_a:b\"",
            "for=1.2.3",
            "for =1.2.3.4",
            "for=10.0.0.2;proto=https, for=10.0.0.3;proto=http",
            "for=10.0.0.2;host=a, for=10.0.0.3;host=b",
        ] {
            assert_eq!(said("10.0.0.1", &[line]), Err(BadForwarded), "{line:?}");
        }
        let endless = vec!["for=10.0.0.2"; MOST_ELEMENTS + 1].join(",");
        assert_eq!(said("10.0.0.1", &[&endless]), Err(BadForwarded));
    }

    proptest::proptest! {
        #[test]
        fn no_value_makes_the_reader_panic(text: String) {
            let _ = elements(&text);
        }
    }
}
