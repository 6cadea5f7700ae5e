//! A request for a provider, and how HTTP/2 writes it; see [`h1`](super::h1) for HTTP/1.1.

use http::{Method, Request, Uri, uri};
use hyper::body::Body as _;

use super::Upstream;
use crate::fields::Fields;
use crate::held_body::HeldBody;

/// A request for a provider, before it is known which protocol carries it.
#[derive(Debug)]
pub(crate) struct ProviderRequest {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    /// With `Host`; how the end of the body is told, each protocol says itself.
    pub(crate) fields: Fields,
    pub(crate) body: HeldBody,
}

impl ProviderRequest {
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_end_stream()
    }

    /// As HTTP/2 has it: the whole URL, no `Host`. `None`: its target cannot be written so.
    pub(super) fn for_h2(&mut self, upstream: &Upstream) -> Option<Request<HeldBody>> {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(uri::Scheme::HTTPS);
        parts.authority = upstream.authority.parse().ok();
        parts.path_and_query = Some(self.target.parse().ok()?);
        let mut request = Request::new(std::mem::replace(&mut self.body, HeldBody::empty()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from_parts(parts).ok()?;
        *request.headers_mut() = self.fields.to_map(|name| name == b"host");
        Some(request)
    }
}
