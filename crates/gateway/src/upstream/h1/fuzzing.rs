//! What this module reads, for [`crate::fuzzing`].

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Method;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Line, ask};
use crate::fields::Fields;
use crate::fuzzing::{ReadAnswer, Unreadable};
use crate::held_body::HeldBody;
use crate::upstream::ProviderRequest;

/// Bytes that arrive so many at a time, then the end of the connection.
struct Steps {
    rest: Bytes,
    step: usize,
}

impl AsyncRead for Steps {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.step.min(into.remaining());
        let most = most.min(self.rest.len());
        into.put_slice(&self.rest.split_to(most));
        Poll::Ready(Ok(()))
    }
}

/// Reads what a provider answered to a GET.
pub(crate) fn answer(bytes: &[u8], step: usize) -> Result<ReadAnswer, Unreadable> {
    let steps = Steps { rest: Bytes::copy_from_slice(bytes), step: step.max(1) };
    let io = tokio::io::join(steps, tokio::io::sink());
    let request = ProviderRequest {
        method: Method::GET,
        target: "/".to_owned(),
        fields: Fields::default(),
        body: HeldBody::empty(),
    };
    let asked = ask(Line::new(io), Box::new(request));
    let (status, headers, mut body) = at_once(asked)?.map_err(|_| Unreadable)?;
    let mut data = Vec::new();
    while let Some(piece) = at_once(body.next())? {
        data.extend_from_slice(&piece.map_err(|_| Unreadable)?);
    }
    Ok(ReadAnswer {
        status: status.as_u16(),
        fields: headers
            .lines()
            .map(|line| (String::from_utf8_lossy(line.name()).into_owned(), line.value().to_vec()))
            .collect(),
        data,
        serves_again: body.into_line().is_some(),
    })
}

/// What never waits.
fn at_once<F: Future>(future: F) -> Result<F::Output, Unreadable> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Unreadable),
    }
}
