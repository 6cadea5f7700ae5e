use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;

/// Takes at most so many bytes at a time and makes its writer wait before each; what was written is
/// only seen once it was flushed, as with TLS.
struct Narrow {
    width: usize,
    is_open: bool,
    held: Vec<u8>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Narrow {
    fn is_shut(&mut self) -> bool {
        self.is_open = !self.is_open;
        self.is_open
    }
}

impl AsyncRead for Narrow {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_shut() {
            return Poll::Pending;
        }
        let taken = bytes.len().min(self.width);
        self.held.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let joined = slices.iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<_>>();
        self.poll_write(cx, &joined)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_shut() {
            return Poll::Pending;
        }
        let held = std::mem::take(&mut self.held);
        self.seen.lock().extend(held);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

fn narrow(width: usize) -> (Line, Arc<Mutex<Vec<u8>>>) {
    let seen = Arc::default();
    let io = Narrow { width, is_open: false, held: Vec::new(), seen: Arc::clone(&seen) };
    (Line::new(io), seen)
}

fn sending(framing: Framing) -> Sending {
    Sending {
        out: b"HEAD\r\n\r\n".to_vec(),
        left: 0,
        data: Bytes::new(),
        tail: b"",
        is_flushed: true,
        framing,
        is_returnable: false,
        state: State::Open,
    }
}

fn push(sending: &mut Sending, line: &mut Line) {
    let mut context = Context::from_waker(Waker::noop());
    while sending.poll_write(&mut context, line).is_pending() {}
    assert!(sending.has_left());
}

/// What a request of these pieces looks like on its way.
fn expected(pieces: &[Bytes], framing: Framing) -> Vec<u8> {
    let mut all = b"HEAD\r\n\r\n".to_vec();
    for piece in pieces {
        if framing == Framing::Chunks {
            all.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        }
        all.extend_from_slice(piece);
        if framing == Framing::Chunks {
            all.extend_from_slice(b"\r\n");
        }
    }
    if framing == Framing::Chunks {
        all.extend_from_slice(b"0\r\n\r\n");
    }
    all
}

#[test]
fn a_request_arrives_whole_however_few_bytes_leave_at_a_time() {
    let piece = |length: usize| Bytes::from((0..=255).cycle().take(length).collect::<Vec<u8>>());
    for pieces in [
        vec![piece(1)],
        vec![piece(SHORT_PIECE + 1)],
        vec![piece(3), piece(SHORT_PIECE + 7), piece(SHORT_PIECE), piece(5)],
    ] {
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        for framing in [Framing::Chunks, Framing::Length(length)] {
            let whole = expected(&pieces, framing);
            let widths = (1..64).chain((64..whole.len()).step_by(613)).chain([whole.len()]);
            for width in widths {
                let (mut line, seen) = narrow(width);
                let mut sending = sending(framing);
                for (number, one) in pieces.iter().enumerate() {
                    if sending.is_full() {
                        push(&mut sending, &mut line);
                    }
                    sending.put(Some(one.clone()));
                    if number + 1 == pieces.len() {
                        sending.end();
                    }
                }
                push(&mut sending, &mut line);
                assert!(*seen.lock() == whole, "{framing:?}, {width} bytes at a time");
            }
        }
    }
}

#[test]
fn what_was_written_and_not_flushed_has_not_left() {
    let (mut line, seen) = narrow(1000);
    let mut sending = sending(Framing::None);
    let mut context = Context::from_waker(Waker::noop());
    assert!(sending.poll_write(&mut context, &mut line).is_pending(), "the write waits");
    assert!(sending.poll_write(&mut context, &mut line).is_pending(), "the flush waits");
    assert!(sending.is_empty() && !sending.has_left());
    assert!(seen.lock().is_empty());
    push(&mut sending, &mut line);
    assert_eq!(*seen.lock(), b"HEAD\r\n\r\n");
}
