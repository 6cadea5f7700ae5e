//! TLS towards the gateway.

use tokio::io::{AsyncWriteExt, DuplexStream, copy, split};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::cell::connector;

/// How much may wait between a test and the task that enciphers.
const BUFFER_BYTES: usize = 64 * 1024;

/// What goes in comes out enciphered, and the other way round; a gateway that takes no more can
/// still answer. If no session comes about, it is closed.
pub fn through_tls(stream: TcpStream) -> DuplexStream {
    let (near, far) = tokio::io::duplex(BUFFER_BYTES);
    tokio::spawn(async move {
        let Ok(stream) = handshake(stream, transport::HTTP_1_1).await else {
            return;
        };
        let ((mut from_far, mut to_far), (mut from_gateway, mut to_gateway)) =
            (split(far), split(stream));
        let sending = async {
            if copy(&mut from_far, &mut to_gateway).await.is_ok() {
                let _ = to_gateway.shutdown().await;
            }
        };
        let receiving = async {
            let _ = copy(&mut from_gateway, &mut to_far).await;
            let _ = to_far.shutdown().await;
        };
        tokio::join!(sending, receiving);
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
