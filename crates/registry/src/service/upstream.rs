//! The address of a service's machine.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use url::Url;
use web::field::Field;
use wire::problem::Text;

/// An `http` URL with a host and perhaps a port and a base path, and nothing else; written without
/// a slash at its end, because the path of a call is appended to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Upstream(String);

/// The longest address, in bytes.
const MAX_BYTES: usize = 500;

/// A text that is no address of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an http URL with a host, and without user, query or fragment")]
pub struct NotAnUpstream;

impl Upstream {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Upstream {
    type Err = NotAnUpstream;

    fn from_str(text: &str) -> Result<Self, NotAnUpstream> {
        // The parser drops tabs and line breaks, turns `\` into `/` and resolves dots. What the
        // administrator wrote must be what is called, so such texts are refused beforehand.
        let plain = text.len() <= MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'@');
        // It also adds slashes that are missing and drops those that are too many.
        let address = text.strip_prefix("http://").filter(|rest| !rest.starts_with('/'));
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
            "địa chỉ http://máy[:cổng][/đường/dẫn], không có người dùng, «?» hay «#».",
            "an address http://host[:port][/path], without user, query or fragment.",
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
        ] {
            assert_eq!(given.parse::<Upstream>().map(String::from), Ok(kept.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_could_mean_another_place_is_refused() {
        for text in [
            "",
            "may-chu:9000",
            "//may-chu/",
            "https://may-chu/",
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
            text in prop_oneof!["\\PC*", "http://[a-z0-9.:/%@?#-]{0,40}"]
        ) {
            if let Ok(kept) = text.parse::<Upstream>() {
                prop_assert_eq!(kept.as_str().parse::<Upstream>(), Ok(kept.clone()));
            }
        }
    }
}
