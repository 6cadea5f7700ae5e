//! What is sent, and how far it has got.
//!
//! A file is read twice: once for its digest, which has to stand before the body, and once while
//! it is sent. If it changes in between, the platform refuses it: digest and body differ.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use wire::digest::{ContentDigest, DigestAlgorithm, DigestHasher};

/// The body of a call.
#[derive(Debug, Clone, Default)]
pub enum Content {
    /// None: no body, no digest.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// The bytes of this file, streamed.
    File(PathBuf),
}

/// Which way bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the platform.
    Sent,
    /// From the platform.
    Received,
}

/// How far a body has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which way.
    pub direction: Direction,
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes in all, if known.
    pub total: Option<u64>,
}

/// Called for each piece of a body that has passed.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// How much is read from a file at once, in bytes.
const PIECE: usize = 64 * 1024;

impl Content {
    /// The digest of the whole; none if there is no content.
    pub(crate) async fn digest(&self) -> io::Result<Option<ContentDigest>> {
        let path = match self {
            Self::Empty => return Ok(None),
            Self::Bytes(bytes) => {
                return Ok(Some(ContentDigest::of(DigestAlgorithm::Sha256, bytes)));
            }
            Self::File(path) => path,
        };
        let mut file = File::open(path).await?;
        let mut hasher = DigestHasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece).await? {
                0 => return Ok(Some(hasher.finish())),
                read => hasher.update(piece.get(..read).unwrap_or_default()),
            }
        }
    }

    /// The body to send; none if there is no content.
    pub(crate) async fn body(self, watcher: Option<Watcher>) -> io::Result<Option<reqwest::Body>> {
        Ok(Some(match self {
            Self::Empty => return Ok(None),
            Self::Bytes(bytes) => bytes.into(),
            Self::File(path) => {
                let file = File::open(path).await?;
                let total = file.metadata().await?.len();
                reqwest::Body::wrap(FileBody { file, sent: 0, total, watcher })
            }
        }))
    }
}

/// A file as a body of known length.
struct FileBody {
    file: File,
    sent: u64,
    total: u64,
    watcher: Option<Watcher>,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let left = usize::try_from(this.total - this.sent).unwrap_or(PIECE).min(PIECE);
        if left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; left];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut this.file).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            // Shorter than it was: its digest cannot fit any more.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        piece.truncate(read);
        this.sent += read as u64;
        if let Some(watcher) = &this.watcher {
            let (bytes, total) = (this.sent, Some(this.total));
            watcher(Progress { direction: Direction::Sent, bytes, total });
        }
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent == self.total
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.total - self.sent)
    }
}
