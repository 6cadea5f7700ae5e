//! A request and its answer as a signature sees them (RFC 9421 §2).

use std::borrow::Cow;

use http::{HeaderMap, Method};
use url::{Position, Url};
use wire::signature::{Message, Name};

/// A request about to be sent, or sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
}

impl Message for Outgoing {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        match name {
            Name::Method => Some(self.method.as_str().into()),
            Name::TargetUri => Some(Cow::Borrowed(&self.url[..Position::AfterQuery])),
            Name::Authority => {
                Some(Cow::Borrowed(&self.url[Position::BeforeHost..Position::AfterPort]))
            }
            Name::Scheme => Some(self.url.scheme().into()),
            Name::Path => Some(self.url.path().into()),
            Name::Query => Some(format!("?{}", self.url.query().unwrap_or_default()).into()),
            Name::RequestTarget => {
                Some(Cow::Borrowed(&self.url[Position::BeforePath..Position::AfterQuery]))
            }
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(&self.headers, name)
    }
}

/// An answer together with the request it answers.
pub(crate) struct Incoming<'a> {
    pub(crate) status: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) trailers: &'a HeaderMap,
    pub(crate) request: &'a Outgoing,
}

impl Message for Incoming<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        matches!(name, Name::Status).then_some(Cow::Borrowed(self.status))
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(self.headers, name)
    }

    fn trailer(&self, name: &str) -> Option<Cow<'_, str>> {
        joined(self.trailers, name)
    }

    fn request(&self) -> Option<&dyn Message> {
        Some(self.request)
    }
}

/// The lines of a field, each trimmed, joined by `, `; none if it is absent or not ASCII.
pub(crate) fn joined<'h>(headers: &'h HeaderMap, name: &str) -> Option<Cow<'h, str>> {
    let mut lines = headers.get_all(name).iter();
    let mut value = Cow::Borrowed(lines.next()?.to_str().ok()?.trim());
    for line in lines {
        let value = value.to_mut();
        value.push_str(", ");
        value.push_str(line.to_str().ok()?.trim());
    }
    Some(value)
}
