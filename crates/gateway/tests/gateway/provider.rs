//! Providers: one that speaks proper HTTP and remembers what it was asked, and one that plays
//! whatever trick a test needs.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use transport::{Acceptor, CertificateFiles, Certificates};

pub type Body = BoxBody<Bytes, Infallible>;

/// What a provider was asked.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub version: http::Version,
    /// Of HTTP/2.
    pub authority: Option<String>,
    pub target: String,
    pub headers: HeaderMap,
    /// `None`: the body was cut off.
    pub body: Option<Bytes>,
    pub connection: SocketAddr,
}

pub struct Provider {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Provider {
    /// A provider that reads each request whole and answers it so.
    pub async fn answering(
        answer: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (answer, memory) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            loop {
                let (stream, connection) = listener.accept().await.unwrap();
                let (answer, memory) = (Arc::clone(&answer), Arc::clone(&memory));
                let service = service_fn(move |request| {
                    let (answer, memory) = (Arc::clone(&answer), Arc::clone(&memory));
                    async move {
                        let seen = read(request, connection).await;
                        memory.lock().push(seen.clone());
                        Ok::<_, Infallible>(answer(&seen))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, seen }
    }

    /// A provider that answers each request with 200 and `hello` in TLS, over the first protocol
    /// both speak.
    pub async fn sealed(issued: &testkit::Issued, alpn: &[&[u8]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = issued.write(folder.path(), "provider");
        let files = CertificateFiles { chain: files.chain, key: files.key };
        let certificates = Certificates::load(vec![files]).unwrap();
        let acceptor = Acceptor::default().with_tls(certificates, alpn).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let memory = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let (stream, connection) = listener.accept().await.unwrap();
                let (acceptor, memory) = (acceptor.clone(), Arc::clone(&memory));
                tokio::spawn(async move {
                    let Ok(arrived) = acceptor.accept(stream, connection.ip()).await else {
                        return;
                    };
                    let service = service_fn(move |request| {
                        let memory = Arc::clone(&memory);
                        async move {
                            let seen = read(request, connection).await;
                            memory.lock().push(seen);
                            Ok::<_, Infallible>(Response::new(full("hello")))
                        }
                    });
                    let http = auto::Builder::new(TokioExecutor::new());
                    let _ = http.serve_connection(TokioIo::new(arrived.stream), service).await;
                });
            }
        });
        Self { address, seen }
    }

    /// A provider that answers each request with 200 and `hello`.
    pub async fn friendly() -> Self {
        Self::answering(|_| Response::new(full("hello"))).await
    }

    /// A provider that does this with each connection, one after the other.
    pub async fn playing<F: Future<Output = ()> + Send>(
        trick: impl Fn(TcpStream) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                trick(stream).await;
            }
        });
        Self { address, seen: Arc::default() }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    /// The one request it was asked.
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1);
        seen.remove(0)
    }
}

async fn read(request: Request<Incoming>, connection: SocketAddr) -> Seen {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().unwrap().to_string();
    let body = body.collect().await.ok().map(http_body_util::Collected::to_bytes);
    let authority = head.uri.authority().map(ToString::to_string);
    let (method, version, headers) = (head.method, head.version, head.headers);
    Seen { method, version, authority, target, headers, body, connection }
}

pub fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}
