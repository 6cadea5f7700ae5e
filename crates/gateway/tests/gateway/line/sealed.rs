//! TLS towards the gateway.

use tokio::io::{DuplexStream, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::cell::connector;

/// How much may wait between a test and the task that enciphers.
const BUFFER_BYTES: usize = 64 * 1024;

/// What goes in comes out enciphered, and the other way round. If no session comes about, it is
/// closed.
pub fn through_tls(stream: TcpStream) -> DuplexStream {
    let (near, mut far) = tokio::io::duplex(BUFFER_BYTES);
    tokio::spawn(async move {
        if let Ok(mut stream) = handshake(stream, transport::HTTP_1_1).await {
            let _ = copy_bidirectional(&mut far, &mut stream).await;
        }
    });
    near
}

pub async fn handshake(
    stream: TcpStream,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = "localhost".try_into().unwrap();
    connector(&[protocol]).connect(name, stream).await
}
