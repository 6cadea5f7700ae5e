//! The sending half of a connection.
//!
//! **Invariant**: a body that was cut off never looks whole: its last chunk, or its last bytes by
//! `Content-Length`, are missing; one that has neither ends with a reset. **Trust**: no value in
//! [`Fields`] can break out of its line.

use std::io::Write as _;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::StatusCode;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::head::ConnectionTerms;
use crate::fields::Fields;
use crate::passage::{AnswerBody, Answered, LongAnswer, LongPiece};

/// A piece up to this long is copied behind what waits, to leave with it.
const SHORT: usize = 4 * 1024;

/// The sending half of a connection.
#[derive(Debug)]
pub(super) struct Writer<W> {
    io: W,
    /// What waits to be sent with the next piece.
    out: Vec<u8>,
    patience: Duration,
    framing: Framing,
}

/// The caller does not take what is sent; the connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Undeliverable;

/// How the end of an answer's body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length,
    Chunks,
    /// By closing the connection: for HTTP/1.0 and an unknown length.
    Close,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Sends through `io`; a caller may take at most `patience` to accept each piece.
    pub(super) fn new(io: W, patience: Duration) -> Self {
        Self { io, out: Vec::with_capacity(1024), patience, framing: Framing::Length }
    }

    /// Invites the body (RFC 9110 §15.2.1).
    pub(super) async fn send_continue(&mut self) -> Result<(), Undeliverable> {
        self.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        self.flush(Bytes::new(), b"").await
    }

    /// Sends a whole answer. True: another may follow on this connection.
    pub(super) async fn send(
        &mut self,
        answered: Answered,
        terms: ConnectionTerms,
        keep_alive: bool,
    ) -> Result<bool, Undeliverable> {
        let (status, headers, body) = answered.into_parts();
        match body {
            AnswerBody::None { length } => {
                self.put_head(status, &headers, length, keep_alive);
                self.flush(Bytes::new(), b"").await?;
                Ok(keep_alive)
            }
            AnswerBody::Whole(bytes) => {
                self.put_head(status, &headers, Some(bytes.len() as u64), keep_alive);
                self.flush(bytes, b"").await?;
                Ok(keep_alive)
            }
            AnswerBody::Long(long) => {
                let framing = match long.length() {
                    Some(_) if !long.has_trailers() => Framing::Length,
                    _ if terms.is_old => Framing::Close,
                    _ => Framing::Chunks,
                };
                self.framing = framing;
                let keep_alive = keep_alive && framing != Framing::Close;
                let length = long.length().filter(|_| framing == Framing::Length);
                self.put_head(status, &headers, length, keep_alive);
                if framing == Framing::Chunks {
                    self.out.truncate(self.out.len().saturating_sub(2));
                    self.out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
                }
                self.send_long(long).await?;
                Ok(keep_alive)
            }
        }
    }

    /// Sends pieces as they come. Dropping `long` before its end records the call as aborted.
    async fn send_long(&mut self, mut long: Box<LongAnswer>) -> Result<(), Undeliverable> {
        let framing = self.framing;
        loop {
            match long.next().await {
                LongPiece::Data(data) if framing == Framing::Chunks => {
                    // Writing into memory cannot fail.
                    let _ = write!(self.out, "{:x}\r\n", data.len());
                    self.flush(data, b"\r\n").await?;
                }
                LongPiece::Data(data) => self.flush(data, b"").await?,
                LongPiece::End(trailers) => {
                    if framing == Framing::Chunks {
                        self.out.extend_from_slice(b"0\r\n");
                        self.out.extend_from_slice(trailers.as_bytes());
                        self.out.extend_from_slice(b"\r\n");
                    }
                    return self.flush(Bytes::new(), b"").await;
                }
                LongPiece::Broken => return Err(Undeliverable),
            }
        }
    }

    /// Whether the end of the last answer is told by closing the connection only.
    pub(super) fn is_framed_by_close(&self) -> bool {
        self.framing == Framing::Close
    }

    fn put_head(
        &mut self,
        status: StatusCode,
        headers: &Fields,
        length: Option<u64>,
        keep_alive: bool,
    ) {
        let reason = status.canonical_reason().unwrap_or("");
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
        self.out.extend_from_slice(headers.as_bytes());
        if let Some(length) = length {
            self.out.extend_from_slice(b"content-length: ");
            self.out.extend_from_slice(length.to_string().as_bytes());
            self.out.extend_from_slice(b"\r\n");
        }
        if !keep_alive {
            self.out.extend_from_slice(b"connection: close\r\n");
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// Sends what waits, then `data`, then `tail`; without copying `data` if it is long.
    async fn flush(&mut self, data: Bytes, tail: &[u8]) -> Result<(), Undeliverable> {
        let Self { io, out, patience, .. } = self;
        let sent = if data.len() <= SHORT {
            out.extend_from_slice(&data);
            out.extend_from_slice(tail);
            timeout(*patience, io.write_all(out)).await
        } else {
            let mut all = out.as_slice().chain(data).chain(tail);
            timeout(*patience, io.write_all_buf(&mut all)).await
        };
        self.out.clear();
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Undeliverable),
        }
    }

    /// What it sends through, for whoever ends the connection in another way.
    pub(super) fn into_io(self) -> W {
        self.io
    }

    /// Says that nothing more will be sent.
    pub(super) async fn finish(&mut self) {
        // The caller may be gone already; then there is nobody to tell.
        let _ = self.io.shutdown().await;
    }
}
