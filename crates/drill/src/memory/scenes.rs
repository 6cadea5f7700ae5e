//! What callers do in each scene.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::Response;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use wire::digest::ContentDigest;
use wire::entry::Entry;
use wire::header::CONTENT_DIGEST;
use wire::merkle::sha256;

use super::bulk::{BLOCK, BYTE};
use super::line::{Line, connector};
use crate::caller::Caller;
use crate::city::City;
use crate::node::Node;
use crate::public_log::PublicLog;

/// How many idle connections are made at once.
const AT_ONCE: usize = 64;
/// How many of them are used once more.
const YOUNGEST: usize = 1_000;
/// How long a caller that never reads may be waited for, and how often the log is read meanwhile.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_secs(2);

pub(super) struct Scene {
    caller: Caller,
    http: reqwest::Client,
    /// A client whose connections nobody else uses: over HTTP/2, an answer that is not read takes
    /// from the window of its whole connection, and what shares it starves with it.
    deaf: reqwest::Client,
    gateway: SocketAddr,
    /// The service's URL and its path at the gateway.
    url: String,
    path: String,
    log: PublicLog,
    tls: Option<TlsConnector>,
}

impl Scene {
    pub(super) async fn new(node: &Node, city: &City) -> Self {
        let caller = city.callers(&node.http).remove(0);
        let url = city.url(node, "");
        let path = url.strip_prefix(&node.gateway()).unwrap().to_owned();
        let (http, gateway) = (node.http.clone(), node.gateway_address());
        let log = PublicLog::new(http.clone(), node.log_url(), node.trust().await);
        let tls = node.authority().map(connector);
        Self { caller, http, deaf: node.new_client(), gateway, url, path, log, tls }
    }

    /// Small calls, one after the other.
    pub(super) async fn small_calls(&self, count: usize) {
        for _ in 0..count {
            let get = self.caller.sign(&format!("{}/100", self.url));
            assert_eq!(self.caller.send(&get).await.unwrap().status, 200);
        }
    }

    /// One answer of so many bytes, read as fast as it comes.
    pub(super) async fn download(&self, bytes: u64) {
        let mut answer = self.ask(&self.http, bytes).await;
        let mut came = 0;
        while let Some(piece) = answer.chunk().await.unwrap() {
            assert!(piece.iter().all(|byte| *byte == BYTE), "the answer was changed");
            came += piece.len() as u64;
        }
        assert_eq!(came, bytes);
    }

    /// One request of so many bytes, a multiple of [`BLOCK`].
    pub(super) async fn upload(&self, bytes: u64) {
        let block = vec![BYTE; BLOCK];
        let blocks = usize::try_from(bytes).unwrap() / BLOCK;
        let digest = ContentDigest::from_sha256(sha256(&vec![&block[..]; blocks])).to_string();
        let url = format!("{}/take", self.url);
        let signed = self.caller.sign_post(&url, &digest);
        let pieces = (0..blocks).map(move |_| Ok::<_, std::io::Error>(block.clone()));
        let request = self
            .http
            .post(url)
            .header(CONTENT_DIGEST, digest)
            .header("content-length", bytes)
            .header("signature-input", signed.signature_input)
            .header("signature", signed.signature)
            .body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), bytes.to_string(), "what the provider took");
    }

    /// Callers that ask for so many bytes each and do not read one.
    pub(super) async fn never_read(&self, callers: usize, bytes: u64) -> Vec<Response> {
        let mut answers = Vec::new();
        for _ in 0..callers {
            answers.push(self.ask(&self.deaf, bytes).await);
        }
        answers
    }

    /// Asks for so many bytes; returns when the head of the answer is here.
    async fn ask(&self, http: &reqwest::Client, bytes: u64) -> Response {
        let get = self.caller.sign(&format!("{}/{bytes}", self.url));
        let signed = get.signed();
        let request = http
            .get(get.url())
            .header("signature-input", &signed.signature_input)
            .header("signature", &signed.signature);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer
    }

    /// Sees that each of them is broken off, and that the log says so.
    pub(super) async fn are_cut_off(&self, deaf: Vec<Response>) {
        let patience = Instant::now();
        while self.aborted().await < deaf.len() {
            assert!(patience.elapsed() < PATIENCE, "callers that never read are kept for ever");
            tokio::time::sleep(LOOK).await;
        }
        for mut answer in deaf {
            // What stood in the buffers is read now; the platform had given up on the rest.
            let end = loop {
                match answer.chunk().await {
                    Ok(Some(_)) => {}
                    end => break end,
                }
            };
            assert!(end.is_err(), "an answer that was broken off looks whole");
        }
    }

    /// How many calls the log has whose answer broke off.
    async fn aborted(&self) -> usize {
        let entries = self.log.entries().await;
        let aborted = |entry: &&Entry| entry.action == "call.closed" && entry.outcome == "aborted";
        entries.iter().filter(aborted).count()
    }

    /// So many connections that have each carried a call and now wait.
    pub(super) async fn idle_connections(&self, count: usize) -> Vec<Line> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let mut made = JoinSet::new();
            for _ in 0..AT_ONCE.min(count - lines.len()) {
                let get = self.caller.sign(&format!("{}/100", self.url));
                let (gateway, path) = (self.gateway, format!("{}/100", self.path));
                let tls = self.tls.clone();
                made.spawn(async move {
                    let mut line = Line::connect(gateway, tls.as_ref()).await;
                    line.ask(gateway, &path, get.signed()).await;
                    assert_eq!(line.answer().await, Some(200));
                    line
                });
            }
            lines.extend(made.join_all().await);
        }
        lines
    }

    /// Sees that the youngest of them carry one more call; the oldest may be past their time.
    pub(super) async fn still_serve(&self, lines: Vec<Line>) {
        for mut line in lines.into_iter().rev().take(YOUNGEST) {
            let get = self.caller.sign(&format!("{}/100", self.url));
            line.ask(self.gateway, &format!("{}/100", self.path), get.signed()).await;
            assert_eq!(line.answer().await, Some(200), "an idle connection was lost");
        }
    }
}
