//! The request target: which URL a caller means, and whether it has one meaning only.
//!
//! **Invariant**: a path that passes here names the same thing to every reader: no dot segments,
//! no empty segments, no encoded slashes, no fragment. So the operation that was authorised is the
//! one the provider performs. **Trust**: `@target-uri` is built from what the operator configured
//! and the raw target, never from a header that a caller could bend.

use url::Url;

use crate::fields::Fields;

/// How a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// By which way a call came.
#[derive(Debug, Clone)]
pub(crate) struct CameBy {
    /// Of the connection itself.
    pub(crate) connection: Scheme,
    /// As the caller spoke: the connection's or, before a trusted proxy, what that proxy says.
    pub(crate) scheme: Scheme,
    /// The authority the caller used, if a trusted proxy says one.
    pub(crate) host: Option<Box<str>>,
}

/// The URLs this gateway answers for.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrls(Vec<PublicUrl>);

/// One of them, as RFC 9421 §2.2 wants its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    scheme: Scheme,
    /// `https://gateway.example:8081`, without a slash at the end.
    base: Box<str>,
    /// Where in `base` the authority starts.
    authority_at: usize,
}

/// A public URL that cannot be answered for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the public URL {0} must be https://… or http://… with a host and nothing after it")]
pub struct BadPublicUrl(pub String);

/// What is wrong with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadTarget {
    /// `Host` is absent, repeated, or contradicts an absolute target.
    Host,
    /// Another server's authority, or another scheme than the call came by.
    Foreign,
    /// The path could be understood in several ways.
    Path,
}

/// The URL that a caller means.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// `http://gateway.example:8081/H24.12/x/y/v1/units?page=2`
    uri: Box<str>,
    scheme_end: usize,
    path_at: usize,
    query_at: Option<usize>,
}

impl PublicUrls {
    /// The configured URLs or, without any, the address it listens on.
    pub(crate) fn new(
        urls: &[Url],
        listening: std::net::SocketAddr,
        scheme: Scheme,
    ) -> Result<Self, BadPublicUrl> {
        if urls.is_empty() {
            let text = format!("{}://{listening}", scheme.as_str());
            let url = Url::parse(&text).map_err(|_| BadPublicUrl(text))?;
            return PublicUrl::new(&url).map(|url| Self(vec![url]));
        }
        urls.iter().map(PublicUrl::new).collect::<Result<_, _>>().map(Self)
    }

    fn find(&self, scheme: Scheme, authority: &str) -> Option<&PublicUrl> {
        let ours = self.0.iter().filter(|url| url.scheme == scheme);
        ours.into_iter().find(|url| scheme.is_same_authority(url.authority(), authority))
    }
}

impl PublicUrl {
    fn new(url: &Url) -> Result<Self, BadPublicUrl> {
        let refused = || BadPublicUrl(url.to_string());
        let scheme = Scheme::parse(url.scheme()).ok_or_else(refused)?;
        let is_plain = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let base = url.as_str().trim_end_matches('/');
        if !is_plain || url.host_str().is_none() {
            return Err(refused());
        }
        let authority_at = scheme.as_str().len() + "://".len();
        Ok(Self { scheme, base: base.into(), authority_at })
    }

    /// Host and port, as in `@authority`: small letters, no default port (RFC 9421 §2.2.3).
    fn authority(&self) -> &str {
        self.base.get(self.authority_at..).unwrap_or_default()
    }
}

impl CameBy {
    /// What a connection says of itself.
    pub(crate) fn connection(scheme: Scheme) -> Self {
        Self { connection: scheme, scheme, host: None }
    }
}

impl Scheme {
    /// As URLs begin.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Reads it in any case (RFC 3986 §3.1).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|one| text.eq_ignore_ascii_case(one.as_str()))
    }

    /// Whether an authority as a caller writes it is `ours`, which has no default port. Another port
    /// is part of it, so nothing may stand behind that.
    fn is_same_authority(self, ours: &str, theirs: &str) -> bool {
        let default_port = match self {
            Self::Http => ":80",
            Self::Https => ":443",
        };
        let has_port = ours.rsplit(':').next().is_some_and(|last| last.parse::<u16>().is_ok());
        let theirs = theirs.strip_suffix(default_port).filter(|_| !has_port).unwrap_or(theirs);
        ours.eq_ignore_ascii_case(theirs)
    }
}

impl Target {
    /// Reads the raw target beside the header lines.
    pub(crate) fn read(
        raw: &str,
        fields: &Fields,
        came_by: &CameBy,
        ours: &PublicUrls,
    ) -> Result<Self, BadTarget> {
        let host = fields.single("host").ok().flatten().filter(|host| !host.is_empty());
        let host = host.ok_or(BadTarget::Host)?;
        let (authority, path_and_query) = if raw.starts_with('/') {
            (host, raw)
        } else {
            let (said, authority, rest) = absolute(raw).ok_or(BadTarget::Path)?;
            if !authority.eq_ignore_ascii_case(host) {
                return Err(BadTarget::Host);
            }
            // A proxy that ends TLS may keep the scheme its caller spoke, if it also says so.
            if said != came_by.connection && said != came_by.scheme {
                return Err(BadTarget::Foreign);
            }
            (authority, rest)
        };
        let authority = came_by.host.as_deref().unwrap_or(authority);
        let url = ours.find(came_by.scheme, authority).ok_or(BadTarget::Foreign)?;
        let (path, query) = match split_query(path_and_query) {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        if !is_normal_path(path) || !query.is_none_or(is_plain_query) {
            return Err(BadTarget::Path);
        }
        let path_at = url.base.len();
        Ok(Self {
            uri: [&*url.base, path_and_query].concat().into(),
            scheme_end: url.authority_at.saturating_sub("://".len()),
            path_at,
            query_at: query.map(|_| path_at + path.len()),
        })
    }

    /// `@target-uri`
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// `@scheme`
    pub(crate) fn scheme(&self) -> &str {
        self.uri.get(..self.scheme_end).unwrap_or_default()
    }

    /// `@authority`
    pub(crate) fn authority(&self) -> &str {
        self.uri.get(self.scheme_end + "://".len()..self.path_at).unwrap_or_default()
    }

    /// `@path`, never empty.
    pub(crate) fn path(&self) -> &str {
        let end = self.query_at.unwrap_or(self.uri.len());
        self.uri.get(self.path_at..end).unwrap_or_default()
    }

    /// `@query`: the question mark and what follows; a lone one if there is none (RFC 9421 §2.2.7).
    pub(crate) fn query(&self) -> &str {
        self.query_at.and_then(|at| self.uri.get(at..)).unwrap_or("?")
    }

    /// Path and query as they were sent.
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.get(self.path_at..).unwrap_or_default()
    }
}

/// What stands before and behind the first question mark.
fn split_query(path_and_query: &str) -> Option<(&str, &str)> {
    let mark = path_and_query.bytes().position(|byte| byte == b'?')?;
    Some((path_and_query.get(..mark)?, path_and_query.get(mark + 1..)?))
}

/// The parts of `http://authority/path` (RFC 9112 §3.2.2).
fn absolute(raw: &str) -> Option<(Scheme, &str, &str)> {
    let (scheme, rest) = raw.split_once("://")?;
    let scheme = Scheme::parse(scheme)?;
    rest.find('/')
        .map(|slash| rest.split_at(slash))
        .map(|(authority, path)| (scheme, authority, path))
}

fn is_normal_path(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return false;
    };
    // By bytes, for segments are short. An empty last one is a path that ends in a slash; any other
    // would be `//`.
    let mut rest = segments;
    while let Some(slash) = rest.bytes().position(|byte| byte == b'/') {
        let (segment, after) = rest.split_at(slash);
        if segment.is_empty() || !is_normal_segment(segment) {
            return false;
        }
        rest = after.strip_prefix('/').unwrap_or_default();
    }
    is_normal_segment(rest)
}

/// RFC 3986 `pchar`s whose escapes are UTF-8 and mean neither a delimiter nor a control character,
/// also for a reader that decodes what it has decoded once more.
fn is_normal_segment(segment: &str) -> bool {
    if segment.bytes().all(is_path_byte) {
        // Nothing to decode: it means what it says.
        return is_no_dots(segment);
    }
    if !segment.bytes().all(|byte| byte == b'%' || is_path_byte(byte)) {
        return false;
    }
    let Some(mut bytes) = decode(segment) else {
        return false;
    };
    loop {
        let Some(text) = String::from_utf8(bytes).ok().filter(|text| is_harmless(text)) else {
            return false;
        };
        // Each decoding is shorter than the one before; where nothing was left to decode, it ends.
        let again = decode_again(&text);
        if again.len() == text.len() {
            return true;
        }
        bytes = again;
    }
}

/// Without delimiters and control characters, and [`is_no_dots`].
fn is_harmless(decoded: &str) -> bool {
    let hides_delimiter = decoded.chars().any(|one| matches!(one, '/' | '\\') || one.is_control());
    !hides_delimiter && is_no_dots(decoded)
}

/// Not `.` or `..`, nor one that becomes so for a reader that drops `;parameters` first.
fn is_no_dots(segment: &str) -> bool {
    let name = segment.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    !matches!(name, b"." | b"..") && (!name.is_empty() || segment.is_empty())
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
        )
}

/// `pchar`, `/`, `?` (RFC 3986 §3.4), and the brackets and bars that many clients leave as they are.
fn is_plain_query(query: &str) -> bool {
    query.bytes().all(|byte| is_path_byte(byte) || b"/?%[]{}|^\"`".contains(&byte))
}

/// The bytes a segment stands for; `None` if a `%` is not followed by two hex digits.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (hex_digit(bytes.next()?)?, hex_digit(bytes.next()?)?);
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// What a second reader would make of what the first has decoded. A `%` that begins no escape is
/// no fault any more: it stands for itself.
fn decode_again(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, after @ ..] => {
                hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
