//! The same request as each protocol writes it.

use http::header::{HOST, TRANSFER_ENCODING};
use http::{Request, Uri, uri};
use hyper::body::Body as _;

use super::Upstream;
use crate::held_body::HeldBody;

/// As HTTP/2 has it: the whole URL, no `Host`, no transfer coding.
pub(super) fn for_h2(mut request: Request<HeldBody>, upstream: &Upstream) -> Request<HeldBody> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(uri::Scheme::HTTPS);
    parts.authority = upstream.authority.parse().ok();
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(TRANSFER_ENCODING);
    request
}

/// As HTTP/1.1 has it: the path and `Host`; how the end of the body is told, its writer says.
pub(super) fn for_h1(mut request: Request<HeldBody>, upstream: &Upstream) -> Request<HeldBody> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
    request.headers_mut().insert(HOST, upstream.host_line.clone());
    request.headers_mut().remove(TRANSFER_ENCODING);
    request
}

/// The same request again, if it has no body: a body can be read once only.
pub(super) fn again(request: &Request<HeldBody>) -> Option<Request<HeldBody>> {
    if !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(HeldBody::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}
