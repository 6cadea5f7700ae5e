//! The door through which fuzz targets reach what this crate keeps to itself: the reader of PROXY
//! headers. Only there with the feature `fuzzing`, which nothing that is shipped names.

use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a header at the beginning of these bytes says, and how many bytes it has; `None`: it ends
/// the connection.
pub fn proxy_header(bytes: &[u8]) -> Option<(Option<IpAddr>, usize)> {
    let mut from = bytes;
    let said = {
        let reading = pin!(crate::proxy_header::read(&mut from));
        // Bytes in memory are never waited for.
        match reading.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(said) => said.ok()?,
            Poll::Pending => return None,
        }
    };
    Some((said, bytes.len() - from.len()))
}
