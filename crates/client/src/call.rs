//! A signed call, from the first byte sent to the last received.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderName, HeaderValue, TE};
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use transport::TrustedRoots;
use url::Url;
use wire::ambient::{Clock, Randomness};
use wire::digest::{ContentDigest, DigestAlgorithm, DigestHasher};
use wire::header::{
    ACCEPT_SIGNATURE, CONTENT_DIGEST, LGSP_PURPOSE, SIGNATURE, SIGNATURE_INPUT, SIGNATURE_TAG,
};
use wire::id::PurposeCode;
use wire::signature::policy::{DigestPlace, response_components};
use wire::signature::{Parameters, SignatureError, serialise_input};
use wire::trust::TrustFile;

use crate::answer::{self, Answer, Received};
use crate::content::{Content, Direction, Progress, Watcher};
use crate::error::{ClientError, reason};
use crate::outgoing::{Outgoing, joined};
use crate::signer::{LABEL, Signer};

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the platform may be silent. Providers are given less.
const READ_TIMEOUT: Duration = Duration::from_mins(2);

/// What to call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Where, for example `http://…/H24.12/don-vi-hanh-chinh/danh-muc/v1/units`.
    pub url: Url,
    /// Further header lines.
    pub headers: HeaderMap,
    /// What to send.
    pub content: Content,
    /// For what purpose, if several are granted.
    pub purpose: Option<PurposeCode>,
}

/// Makes signed calls in the name of one system.
pub struct Client {
    http: reqwest::Client,
    signer: Signer,
    trust: TrustFile,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Call {
    /// A call without content.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), content: Content::Empty, purpose: None }
    }
}

impl Client {
    /// A client that signs with `signer` and believes the keys in `trust`.
    pub fn new(
        signer: Signer,
        trust: TrustFile,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, ClientError> {
        Ok(Self { http: http_client(None)?, signer, trust, clock, randomness })
    }

    /// Believes the root certificates in `ca` (PEM) too, beside the system's.
    pub fn with_ca(mut self, ca: &Path) -> Result<Self, ClientError> {
        self.http = http_client(Some(ca))?;
        Ok(self)
    }

    /// Makes one call, writes the answer's body to `sink` as it comes, and checks it.
    ///
    /// A refusal is an [`Answer`] too. An error after the request was sent says nothing about
    /// whether it was carried out: the evidence log can tell.
    pub async fn call(
        &self,
        call: Call,
        sink: &mut (dyn AsyncWrite + Unpin + Send),
        watcher: Option<Watcher>,
    ) -> Result<Answer, ClientError> {
        let (request, content) = self.prepare(call).await?;
        let mut sending = self
            .http
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if let Some(body) = content.body(watcher.clone()).await.map_err(ClientError::Content)? {
            sending = sending.body(body);
        }
        let response = sending.send().await;
        let response = response.map_err(|error| ClientError::while_sending(error, &request.url))?;
        let received = receive(response, sink, watcher).await?;
        Ok(answer::check(&request, received, &self.trust))
    }

    /// The request with all its headers, signed.
    async fn prepare(&self, call: Call) -> Result<(Outgoing, Content), ClientError> {
        if !matches!(call.url.scheme(), "http" | "https") || !call.url.has_host() {
            return Err(ClientError::Url(call.url.to_string()));
        }
        let mut request = Outgoing { method: call.method, url: call.url, headers: call.headers };
        if let Some(digest) = call.content.digest().await.map_err(ClientError::Content)? {
            set(&mut request.headers, CONTENT_DIGEST, &digest.to_string())?;
        }
        if let Some(purpose) = call.purpose {
            set(&mut request.headers, LGSP_PURPOSE, purpose.as_str())?;
        }
        // Digests of long answers come as trailers, to those who say that they take them.
        request.headers.insert(TE, HeaderValue::from_static("trailers"));
        // In TLS it may be HTTP/2, which has no fields of one connection but this `TE`.
        if request.url.scheme() == "http" {
            request.headers.insert(CONNECTION, HeaderValue::from_static("te"));
        }
        if !self.trust.platform_keys.is_empty() {
            set(&mut request.headers, ACCEPT_SIGNATURE, &wanted_signature()?)?;
        }
        let signed = self.signer.sign(&request, self.clock.now(), self.randomness.as_ref())?;
        set(&mut request.headers, SIGNATURE_INPUT, &signed.signature_input)?;
        set(&mut request.headers, SIGNATURE, &signed.signature)?;
        Ok((request, call.content))
    }
}

/// A client that goes where it is told, and nowhere else; in TLS over HTTP/2 where the other side
/// offers it, and only to whoever proves its name by the system's roots or those in `ca`.
pub(crate) fn http_client(ca: Option<&Path>) -> Result<reqwest::Client, ClientError> {
    let roots = TrustedRoots::load(ca).map_err(ClientError::Roots)?;
    let tls = roots.client_config(&[transport::H2, transport::HTTP_1_1]);
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.map_err(ClientError::Roots)?)
        .user_agent(concat!("lgsp/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(ClientError::Unreachable)
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), ClientError> {
    let value = HeaderValue::from_str(value).map_err(|_| ClientError::Header(name.to_owned()))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// `Accept-Signature` (RFC 9421 §5.1): the platform's own signature over question and answer.
fn wanted_signature() -> Result<String, SignatureError> {
    let tag = Parameters { tag: Some(SIGNATURE_TAG.into()), ..Parameters::default() };
    let wanted =
        serialise_input(SIGNATURE_TAG, &response_components(LABEL, DigestPlace::Head), &tag)?;
    Ok(format!("{wanted};created"))
}

/// Writes the body to `sink` while hashing it.
async fn receive(
    response: reqwest::Response,
    sink: &mut (dyn AsyncWrite + Unpin + Send),
    watcher: Option<Watcher>,
) -> Result<Received, ClientError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let total = response.content_length();
    let algorithm = joined(&headers, CONTENT_DIGEST)
        .and_then(|field| ContentDigest::parse(&field).ok())
        .map_or(DigestAlgorithm::Sha256, |digest| digest.algorithm());
    let mut hasher = DigestHasher::new(algorithm);
    let (mut length, mut trailers) = (0, HeaderMap::new());
    let mut body = reqwest::Body::from(response);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ClientError::BrokeOff(reason(&error).into()))?;
        match frame.into_data() {
            Ok(piece) => {
                hasher.update(&piece);
                sink.write_all(&piece).await.map_err(ClientError::Sink)?;
                length += piece.len() as u64;
                if let Some(watcher) = &watcher {
                    let direction = Direction::Received;
                    watcher(Progress { direction, bytes: length, total });
                }
            }
            Err(other) => trailers.extend(other.into_trailers().unwrap_or_default()),
        }
    }
    sink.flush().await.map_err(ClientError::Sink)?;
    Ok(Received { status, headers, trailers, length, digest: hasher.finish() })
}
