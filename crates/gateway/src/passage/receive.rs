//! First step: is this one request with one meaning, for us?

use std::borrow::Cow;
use std::net::IpAddr;

use http::Method;
use tokio::time::Instant;
use wire::ambient::UtcMicros;
use wire::error_code::ErrorCode;
use wire::id::RequestId;
use wire::problem::Language;
use wire::signature::{Message, Name};

use super::record::Refused;
use crate::fields::Fields;
use crate::forwarded;
use crate::gate::Gate;
use crate::refusal::Refusal;
use crate::request::{BadHead, Framing, Head, RequestBody};
use crate::target::{BadTarget, Scheme, Target};

/// What a protocol hands to the passage.
pub(crate) struct Arrival {
    pub(crate) head: Result<Head, BadHead>,
    pub(crate) body: RequestBody,
    pub(crate) peer: IpAddr,
    pub(crate) scheme: Scheme,
}

/// A request with one meaning, for us.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) envelope: Envelope,
    pub(super) request: Request,
    pub(super) body: RequestBody,
    _sealed: (),
}

/// What is known of every call, whoever made it.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: RequestId,
    pub(super) at: UtcMicros,
    pub(crate) started: Instant,
    pub(super) peer: IpAddr,
    pub(super) language: Language,
    /// The answer must not have a body.
    pub(super) is_head: bool,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) fields: Fields,
    pub(super) framing: Framing,
}

impl Received {
    /// Checks target, host and path.
    pub(super) fn receive(gate: &Gate, arrival: Arrival) -> Result<Self, Box<Refused>> {
        let Arrival { head, body, peer, scheme } = arrival;
        let proxies = gate.config.acceptor.proxies();
        let said = head.as_ref().map(|head| forwarded::read(proxies, peer, scheme, &head.fields));
        let (peer, came_by) = match &said {
            Ok(Ok(said)) => (said.peer, Some(said.came_by.clone())),
            Ok(Err(_)) | Err(_) => (peer, None),
        };
        let envelope = Envelope::new(gate, peer, head.as_ref().ok());
        let head = match head {
            Ok(head) => head,
            Err(bad) => return Err(Refused::stranger(envelope, Refusal::from(bad))),
        };
        let Some(came_by) = came_by else {
            return Err(Refused::stranger(envelope, bad_forwarded()));
        };
        let Head { method, target, fields, framing } = head;
        match Target::read(&target, &fields, &came_by, &gate.public_urls) {
            Ok(target) => {
                let request = Request { method, target, fields, framing };
                Ok(Self { envelope, request, body, _sealed: () })
            }
            Err(bad) => Err(Refused::stranger(envelope, Refusal::from(bad))),
        }
    }
}

impl Envelope {
    fn new(gate: &Gate, peer: IpAddr, head: Option<&Head>) -> Self {
        let at = gate.clock.now();
        let languages = head.and_then(|head| head.fields.joined("accept-language"));
        Self {
            id: RequestId::new(at, &*gate.randomness),
            at,
            started: Instant::now(),
            peer,
            language: Language::from_accept_language(languages.as_deref()),
            is_head: head.is_some_and(|head| head.method == Method::HEAD),
        }
    }
}

impl Request {
    pub(super) fn has_body(&self) -> bool {
        self.framing != Framing::None
    }
}

impl Message for Request {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        let value = match name {
            Name::Method => self.method.as_str(),
            Name::TargetUri => self.target.uri(),
            Name::Authority => self.target.authority(),
            Name::Scheme => self.target.scheme(),
            Name::RequestTarget => self.target.path_and_query(),
            Name::Path => self.target.path(),
            Name::Query => self.target.query(),
            Name::Status | Name::QueryParam(_) | Name::Field(_) => return None,
        };
        Some(Cow::Borrowed(value))
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields.joined(name)
    }
}

impl From<BadHead> for Refusal {
    fn from(bad: BadHead) -> Self {
        match bad {
            BadHead::Malformed => Self::new(
                ErrorCode::RequestMalformed,
                "Phần đầu của yêu cầu không đúng HTTP/1.1 (RFC 9112).",
                "The head of the request is not HTTP/1.1 as in RFC 9112.",
            ),
            BadHead::TooLarge => Self::new(
                ErrorCode::RequestHeadTooLarge,
                "Phần đầu của yêu cầu quá dài hoặc có quá nhiều dòng.",
                "The head of the request is too long or has too many lines.",
            ),
            BadHead::Framing => Self::new(
                ErrorCode::RequestMalformed,
                "Không xác định được chính xác nơi kết thúc của nội dung: không được dùng đồng \
                 thời hoặc lặp lại Content-Length và Transfer-Encoding.",
                "The end of the body cannot be found in one way only: Content-Length and \
                 Transfer-Encoding must not stand together or twice.",
            ),
        }
    }
}

fn bad_forwarded() -> Refusal {
    Refusal::new(
        ErrorCode::RequestForwardedInvalid,
        "Trường Forwarded (RFC 7239) của máy chủ trung gian sai dạng hoặc tự mâu thuẫn.",
        "The proxy's Forwarded (RFC 7239) is malformed or contradicts itself.",
    )
}

impl From<BadTarget> for Refusal {
    fn from(bad: BadTarget) -> Self {
        match bad {
            BadTarget::Host => Self::new(
                ErrorCode::RequestHostInvalid,
                "Host phải có đúng một lần và trùng với địa chỉ trong dòng yêu cầu.",
                "Host must stand exactly once and agree with the authority in the request line.",
            ),
            BadTarget::Foreign => Self::new(
                ErrorCode::RequestForeignAuthority,
                "Cổng này không phục vụ tên máy chủ được ghi trong Host.",
                "This gateway does not answer for the authority in Host.",
            ),
            BadTarget::Path => Self::new(
                ErrorCode::RequestPathNotNormal,
                "Đường dẫn phải bắt đầu bằng / và không chứa đoạn . hay .., đoạn rỗng, dấu gạch \
                 chéo mã hóa hay phần #.",
                "The path must begin with / and have no segment . or .., no empty segment, no \
                 encoded slash and no fragment.",
            ),
        }
    }
}
