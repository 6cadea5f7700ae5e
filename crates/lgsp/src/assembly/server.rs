//! One listener with its routes, until it is told to stop.
//!
//! **Invariant**: whoever connects gets a bounded share: so many connections at once, so long for
//! a head, so many bytes of it. **Trust**: strangers reach this before anybody has signed on.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use transport::Acceptor;

/// How long to wait when the system cannot accept (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running HTTP/1.1 server of the control side (calls between systems go through `gateway`).
#[derive(Debug)]
pub struct Server {
    /// Where it listens; the real port where 0 was asked for.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What those who connect may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; more wait in the system's queue until one ends.
    connections: usize,
    /// How long a head may take to come whole, the quiet before it included; and a handshake.
    head_within: Duration,
    /// Bytes of a head, and of a body that is held at once.
    buffer_bytes: usize,
}

const LIMITS: Limits =
    Limits { connections: 512, head_within: Duration::from_secs(30), buffer_bytes: 64 * 1024 };

impl Server {
    /// Serves `routes` on a listener that is bound already.
    pub fn start(
        listener: TcpListener,
        acceptor: Acceptor,
        routes: Router,
    ) -> std::io::Result<Self> {
        Self::start_within(LIMITS, listener, acceptor, routes)
    }

    fn start_within(
        limits: Limits,
        listener: TcpListener,
        acceptor: Acceptor,
        routes: Router,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(limits, listener, acceptor, routes, stopped));
        Ok(Self { address, stop, task })
    }

    /// Stops accepting, lets running requests end for at most `drain`, then cuts them off.
    pub async fn stop(mut self, drain: Duration) {
        // The receiver is gone only if the server has ended already.
        let _ = self.stop.send(());
        if tokio::time::timeout(drain, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Serves until told to stop, then until the last connection has ended. Dropped, it takes all
/// connections with it.
async fn serve(
    limits: Limits,
    listener: TcpListener,
    acceptor: Acceptor,
    routes: Router,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(limits.buffer_bytes);
    let service = TowerToHyperService::new(routes);
    let draining = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < limits.connections;
        tokio::select! {
            // A sender that was dropped means the same: nobody will ask any more.
            _ = &mut stopped => break,
            Some(_ended) = connections.join_next() => {}
            (stream, peer) = accept(&listener), if has_room => {
                let (acceptor, http, service) = (acceptor.clone(), http.clone(), service.clone());
                let watcher = draining.watcher();
                connections.spawn(async move {
                    let arrived = timeout(limits.head_within, acceptor.accept(stream, peer.ip()));
                    if let Ok(Ok(arrived)) = arrived.await {
                        let stream = TokioIo::new(arrived.stream);
                        // What goes wrong on a connection is its client's affair.
                        let _ended = watcher.watch(http.serve_connection(stream, service)).await;
                    }
                });
            }
        }
    }
    drop(listener);
    draining.shutdown().await;
}

/// The next connection; a failure to accept passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::extract::{Path, State};
    use axum::routing::get;
    use parking_lot::Mutex;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;

    /// Who was served, in order; `/slow` is answered when it is told to.
    #[derive(Clone, Default)]
    struct Book {
        served: Arc<Mutex<Vec<String>>>,
        begun: Arc<Notify>,
        go_on: Arc<Notify>,
    }

    async fn start(limits: Limits) -> (Server, Book) {
        let book = Book::default();
        let routes = Router::new()
            .route("/slow", get(slow))
            .route("/{name}", get(note))
            .with_state(book.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (Server::start_within(limits, listener, Acceptor::default(), routes).unwrap(), book)
    }

    async fn note(State(book): State<Book>, Path(name): Path<String>) -> &'static str {
        book.served.lock().push(name);
        "ok"
    }

    async fn slow(State(book): State<Book>) -> &'static str {
        book.begun.notify_one();
        book.go_on.notified().await;
        "late but whole"
    }

    async fn connect(server: &Server) -> TcpStream {
        TcpStream::connect(server.address).await.unwrap()
    }

    async fn ask(stream: &mut TcpStream, name: &str) {
        let request = format!("GET /{name} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads until the answer of [`note`] is there whole.
    async fn must_be_answered(stream: &mut TcpStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{answer:?}");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_whole_is_not_waited_for() {
        let limits = Limits { head_within: Duration::from_millis(5), ..LIMITS };
        let (server, book) = start(limits).await;
        for beginning in ["", "GET /half HTTP/1.1\r\nhost:"] {
            let mut stream = connect(&server).await;
            stream.write_all(beginning.as_bytes()).await.unwrap();
            let mut answer = String::new();
            // Ends because the server hangs up: this side goes on waiting.
            let _reset_or_end = stream.read_to_string(&mut answer).await;
            assert!(!answer.contains("200"), "{answer}");
        }
        assert!(book.served.lock().is_empty());
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let (server, _) = start(LIMITS).await;
        let mut stream = connect(&server).await;
        let head = format!("GET /{} HTTP/1.1\r\n", "a".repeat(2 * LIMITS.buffer_bytes));
        let _refused_amid_it = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _reset_or_end = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
    }

    #[tokio::test]
    async fn one_connection_too_many_waits_until_another_ends() {
        let (server, book) = start(Limits { connections: 1, ..LIMITS }).await;
        let mut first = connect(&server).await;
        ask(&mut first, "first").await;
        must_be_answered(&mut first).await;
        let mut second = connect(&server).await;
        ask(&mut second, "second").await;
        ask(&mut first, "first-again").await;
        must_be_answered(&mut first).await;
        drop(first);
        must_be_answered(&mut second).await;
        assert_eq!(*book.served.lock(), ["first", "first-again", "second"]);
    }

    #[tokio::test]
    async fn a_running_request_ends_before_the_server_and_nobody_new_comes_in() {
        let (server, book) = start(LIMITS).await;
        let address = server.address;
        let mut stream = connect(&server).await;
        let mut idle = connect(&server).await;
        ask(&mut idle, "idle").await;
        must_be_answered(&mut idle).await;
        ask(&mut stream, "slow").await;
        book.begun.notified().await;
        let stopping = tokio::spawn(server.stop(Duration::from_mins(2)));
        // The idle connection is closed at once, so from here on nobody is accepted.
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(TcpStream::connect(address).await.is_err());
        book.go_on.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("late but whole"), "{answer}");
        stopping.await.unwrap();
    }

    #[tokio::test]
    async fn without_patience_running_requests_are_cut_off() {
        let (server, book) = start(LIMITS).await;
        let mut stream = connect(&server).await;
        ask(&mut stream, "slow").await;
        book.begun.notified().await;
        server.stop(Duration::ZERO).await;
        let mut answer = Vec::new();
        let _reset_or_end = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{answer:?}");
    }
}
