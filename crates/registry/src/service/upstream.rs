//! The address of a service's machine.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Serialize;
use url::{Host, Url};
use web::Refusal;
use web::field::{self, Field};
use wire::problem::Text;
use wire::provider_address::is_permitted;

/// An `http` or `https` URL with a host and perhaps a port and a base path, and nothing else; written without
/// a slash at its end, because the path of a call is appended to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Upstream(String);

/// The longest address, in bytes.
const MAX_BYTES: usize = 500;

/// A text that is no address of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https URL with a host, and without user, query or fragment")]
pub struct NotAnUpstream;

impl Upstream {
    /// The address in the field `named`, if gateways can go there. What it says by name is
    /// judged at every connect, for a name may come to mean another machine.
    pub fn read(named: &str, text: &str, allow_loopback: bool) -> Result<Self, Refusal> {
        let upstream: Self = field::parse(named, text)?;
        if upstream.ip().is_some_and(|address| !is_permitted(address, allow_loopback)) {
            return Err(field::refused(named, &never_permitted(allow_loopback)));
        }
        Ok(upstream)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, if it is an address and not a name; `localhost` is this machine's (RFC 6761 §6.3).
    fn ip(&self) -> Option<IpAddr> {
        let url = Url::parse(&self.0).ok()?;
        match url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                let is_local = name == "localhost" || name.ends_with(".localhost");
                is_local.then_some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
            }
        }
    }
}

fn never_permitted(allow_loopback: bool) -> Text {
    if allow_loopback {
        return Text::new(
            "Cổng kết nối không bao giờ gọi đến địa chỉ link-local (169.254.0.0/16, fe80::/10), \
             địa chỉ siêu dữ liệu của đám mây, địa chỉ 0.0.0.0/8, multicast hay broadcast.",
            "Gateways never call link-local addresses (169.254.0.0/16, fe80::/10), cloud metadata \
             addresses, 0.0.0.0/8, multicast or broadcast.",
        );
    }
    Text::new(
        "Cổng kết nối không bao giờ gọi đến chính máy chủ của nền tảng (loopback), địa chỉ \
         link-local (169.254.0.0/16, fe80::/10), địa chỉ siêu dữ liệu của đám mây, địa chỉ \
         0.0.0.0/8, multicast hay broadcast.",
        "Gateways never call the platform's own machine (loopback), link-local addresses \
         (169.254.0.0/16, fe80::/10), cloud metadata addresses, 0.0.0.0/8, multicast or broadcast.",
    )
}

impl FromStr for Upstream {
    type Err = NotAnUpstream;

    fn from_str(text: &str) -> Result<Self, NotAnUpstream> {
        // The parser drops tabs and line breaks, turns `\` into `/` and resolves dots. What the
        // administrator wrote must be what is called, so such texts are refused beforehand.
        let plain = text.len() <= MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'@');
        // It also adds slashes that are missing and drops those that are too many.
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let address = address.filter(|rest| !rest.starts_with('/'));
        let url = Url::parse(text).map_err(|_| NotAnUpstream)?;
        let clean = address.is_some()
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.port() != Some(0);
        let given = address.and_then(|address| address.split_once('/'));
        let given = given.map_or("", |(_, path)| path).trim_end_matches('/');
        let read = url.path().trim_matches('/');
        let literal = given == read && !read.contains("//");
        if plain && clean && literal {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(NotAnUpstream)
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Upstream> for String {
    fn from(upstream: Upstream) -> Self {
        upstream.0
    }
}

impl Field for Upstream {
    fn rule() -> Text {
        Text::new(
            "một địa chỉ http:// hoặc https://, dạng https://máy[:cổng][/đường/dẫn], không có người dùng, «?» hay «#».",
            "an http:// or https:// address such as https://host[:port][/path], without user, query or fragment.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        for (given, kept) in [
            ("http://10.24.12.5:9000/", "http://10.24.12.5:9000"),
            ("http://may-chu.haiphong.gov.vn/api/v1", "http://may-chu.haiphong.gov.vn/api/v1"),
            ("http://[2001:db8::5]:80/api/", "http://[2001:db8::5]/api"),
            ("http://MAY-CHU/Api", "http://may-chu/Api"),
            ("https://may-chu:443/api/", "https://may-chu/api"),
            ("https://10.24.12.5:9443", "https://10.24.12.5:9443"),
        ] {
            assert_eq!(given.parse::<Upstream>().map(String::from), Ok(kept.to_owned()), "{given}");
        }
    }

    #[test]
    fn an_address_that_gateways_never_call_is_refused() {
        let never = [
            "http://169.254.169.254/latest",
            "https://169.254.169.254/latest",
            "http://169.254.1.1",
            "http://0.0.0.0:80",
            "http://224.0.0.1",
            "http://100.100.100.200",
            "http://[fe80::1]",
            "http://[::]",
            "http://[::ffff:169.254.169.254]",
            "http://0xa9fea9fe/",
        ];
        for text in never {
            for allow_loopback in [false, true] {
                let refusal = Upstream::read("upstream", text, allow_loopback).unwrap_err().0;
                assert_eq!(refusal.code, wire::error_code::ErrorCode::FieldInvalid);
                assert!(refusal.detail.en.contains("link-local"), "{text}");
            }
        }
        for text in
            ["http://127.0.0.1:9", "http://[::1]", "http://localhost:9", "http://a.localhost."]
        {
            let refusal = Upstream::read("upstream", text, false).unwrap_err().0;
            assert!(refusal.detail.en.contains("loopback"), "{text}");
            assert!(Upstream::read("upstream", text, true).is_ok(), "{text}");
        }
        for text in ["http://10.24.12.5", "http://may-chu.haiphong.gov.vn", "http://[fd12::1]:80"] {
            assert!(Upstream::read("upstream", text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_mean_another_place_is_refused() {
        for text in [
            "",
            "may-chu:9000",
            "//may-chu/",
            "HTTPS://may-chu/",
            "https:/may-chu",
            "https:///api",
            "ftp://may-chu/",
            "file:///etc/passwd",
            "http://",
            "http:///api",
            "http:may-chu",
            "http:/may-chu",
            "HTTP://may-chu",
            "http://ai@may-chu/",
            "http://ai:mk@may-chu/",
            "http://may-chu/?q",
            "http://may-chu/#f",
            "http://may-chu:0/",
            "http://may-chu:99999/",
            "http://may-chu/a/../b",
            "http://may-chu/a/%2e%2e/b",
            "http://may-chu/a//b",
            "http://may-chu//a",
            "http://may-chu\\api",
            "http://may\tchu/",
            " http://may-chu/",
            "http://may-chu/\n",
        ] {
            assert_eq!(text.parse::<Upstream>(), Err(NotAnUpstream), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_reads_back_as_it_is_kept(
            text in prop_oneof!["\\PC*", "https?://[a-z0-9.:/%@?#-]{0,40}"]
        ) {
            if let Ok(kept) = text.parse::<Upstream>() {
                prop_assert_eq!(kept.as_str().parse::<Upstream>(), Ok(kept.clone()));
            }
        }
    }
}
