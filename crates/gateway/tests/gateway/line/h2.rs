//! Requests written as HTTP/1.1 become streams of HTTP/2, and answers come back the same way.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Answer, sealed};

/// A connection of HTTP/2. Dropping it cuts it off.
pub struct H2Line {
    /// Sent, and not yet part of a stream.
    unread: Vec<u8>,
    upload: Option<Upload>,
    opened: mpsc::UnboundedSender<Opened>,
    answers: VecDeque<oneshot::Receiver<Response<Incoming>>>,
    /// The answer whose head was looked at; dropping it would reset its stream.
    looked_at: Option<Response<Incoming>>,
    closed: watch::Receiver<bool>,
    _tasks: JoinSet<()>,
}

/// A body that is being sent.
struct Upload {
    to: mpsc::UnboundedSender<Frame<Bytes>>,
    /// How many bytes are still to come; `None`: chunks.
    left: Option<usize>,
}

struct Opened {
    request: Request<Pieces>,
    answer: oneshot::Sender<Response<Incoming>>,
}

/// A request's body as it is sent; `None`: there is none.
struct Pieces(Option<mpsc::UnboundedReceiver<Frame<Bytes>>>);

impl H2Line {
    pub fn new(stream: TcpStream) -> Self {
        let (opened, requests) = mpsc::unbounded_channel();
        let (gone, closed) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Ok(stream) = sealed::handshake(stream, transport::H2).await {
                carry(TokioIo::new(stream), requests).await;
            }
            gone.send_replace(true);
        });
        Self {
            unread: Vec::new(),
            upload: None,
            opened,
            answers: VecDeque::new(),
            looked_at: None,
            closed,
            _tasks: tasks,
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        while self.step() {}
    }

    /// Makes something of what was sent. False: more is needed.
    fn step(&mut self) -> bool {
        match &mut self.upload {
            None => self.open(),
            Some(Upload { to, left: Some(left) }) => {
                let here = self.unread.len().min(*left);
                *left -= here;
                let _ = to.send(Frame::data(self.unread.drain(..here).collect()));
                if *left == 0 {
                    self.upload = None;
                }
                here > 0
            }
            Some(Upload { to, left: None }) => {
                let Some((taken, frame)) = chunk(&self.unread) else {
                    return false;
                };
                self.unread.drain(..taken);
                let is_last = frame.as_ref().is_none_or(Frame::is_trailers);
                if let Some(frame) = frame {
                    let _ = to.send(frame);
                }
                if is_last {
                    self.upload = None;
                }
                true
            }
        }
    }

    /// Opens a stream for the head that was sent.
    fn open(&mut self) -> bool {
        let mut slots = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Request::new(&mut slots);
        let Ok(httparse::Status::Complete(length)) = head.parse(&self.unread) else {
            return false;
        };
        let (mut request, mut left, mut host) = (Request::builder(), Some(0), "");
        for line in &*head.headers {
            let value = HeaderValue::from_bytes(line.value).unwrap();
            match line.name.to_ascii_lowercase().as_str() {
                "host" => host = std::str::from_utf8(line.value).unwrap(),
                "transfer-encoding" => left = None,
                "connection" => {}
                name => {
                    if name == "content-length" {
                        left = value.to_str().unwrap().parse().ok();
                    }
                    request = request.header(line.name, value);
                }
            }
        }
        let uri = format!("https://{host}{}", head.path.unwrap());
        let request = request.method(head.method.unwrap()).uri(uri);
        let (to, pieces) = mpsc::unbounded_channel();
        let has_body = left != Some(0);
        let request = request.body(Pieces(has_body.then_some(pieces))).unwrap();
        self.upload = has_body.then_some(Upload { to, left });
        self.unread.drain(..length);
        let (answer, answered) = oneshot::channel();
        self.answers.push_back(answered);
        let _ = self.opened.send(Opened { request, answer });
        true
    }

    async fn response(&mut self) -> Response<Incoming> {
        let next = self.answers.pop_front().expect("nothing was asked");
        next.await.expect("the connection closed without an answer")
    }

    pub async fn head(&mut self) -> Answer {
        let response = self.response().await;
        let answer = answer_of(&response);
        self.looked_at = Some(response);
        answer
    }

    pub async fn answer(&mut self) -> Answer {
        let mut response = self.response().await;
        let mut answer = answer_of(&response);
        answer.is_whole = loop {
            match response.body_mut().frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => answer.body.extend(data),
                    Err(frame) => answer.trailers = lines(&frame.into_trailers().unwrap()),
                },
            }
        };
        answer
    }

    pub async fn closed(&mut self) {
        let _ = self.closed.wait_for(|closed| *closed).await;
    }
}

/// Carries streams until either side ends the connection.
async fn carry(
    stream: TokioIo<tokio_rustls::client::TlsStream<TcpStream>>,
    mut requests: mpsc::UnboundedReceiver<Opened>,
) {
    let Ok((sender, connection)) = http2::handshake(TokioExecutor::new(), stream).await else {
        return;
    };
    let mut calls = JoinSet::new();
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // What arrived before the end is still handed over.
            _ = connection.as_mut() => break,
            Some(Opened { request, answer }) = requests.recv() => {
                let mut sender = sender.clone();
                calls.spawn(async move {
                    if let Ok(response) = sender.send_request(request).await {
                        let _ = answer.send(response);
                    }
                });
            }
        }
    }
    while calls.join_next().await.is_some() {}
}

fn answer_of(response: &Response<Incoming>) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: lines(response.headers()),
        body: Vec::new(),
        trailers: Vec::new(),
        is_whole: false,
    }
}

fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    headers.iter().map(line).collect()
}

/// How long the next chunk is, and its data or, after the last one, trailers if there are any.
fn chunk(bytes: &[u8]) -> Option<(usize, Option<Frame<Bytes>>)> {
    let line = bytes.windows(2).position(|two| two == b"\r\n")?;
    let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16).unwrap();
    let start = line + 2;
    if size > 0 {
        let data = bytes.get(start..start + size + 2)?;
        let data = Bytes::copy_from_slice(&data[..size]);
        return Some((start + size + 2, Some(Frame::data(data))));
    }
    let mut slots = [httparse::EMPTY_HEADER; 8];
    let parsed = httparse::parse_headers(&bytes[start..], &mut slots).unwrap();
    let httparse::Status::Complete((length, lines)) = parsed else {
        return None;
    };
    let mut trailers = HeaderMap::new();
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).unwrap();
        trailers.append(name, HeaderValue::from_bytes(line.value).unwrap());
    }
    Some((start + length, (!trailers.is_empty()).then(|| Frame::trailers(trailers))))
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            None => Poll::Ready(None),
            Some(pieces) => pieces.poll_recv(cx).map(|piece| piece.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}
