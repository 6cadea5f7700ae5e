//! A provider of bodies of any length: `GET …/{bytes}` answers so many, `POST` counts what comes.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What every body here consists of.
pub(super) const BYTE: u8 = 0xA5;
/// Bodies are made in pieces of this length.
pub(super) const BLOCK: usize = 64 << 10;

/// Listens on loopback until the runtime ends.
pub(super) struct BulkProvider {
    pub(super) url: String,
}

impl BulkProvider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A head and a short body are two writes: without this the second waits for the
                // acknowledgement of the first.
                stream.set_nodelay(true).unwrap();
                // The platform may break off, as it must with callers that never read.
                tokio::spawn(async move { drop(serve(stream).await) });
            }
        });
        Self { url }
    }
}

async fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(BLOCK, stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let target = first.split(' ').nth(1).unwrap_or_default();
        let asked = target.rsplit('/').next().and_then(|last| last.parse().ok());
        let taken = take(&mut stream, length).await?.to_string();
        if let Some(bytes) = asked {
            give(&mut stream, bytes).await?;
            continue;
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{taken}", taken.len());
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn take(stream: &mut BufReader<TcpStream>, length: u64) -> std::io::Result<u64> {
    let mut body = stream.take(length);
    let mut buffer = vec![0; BLOCK];
    let mut taken = 0;
    loop {
        let read = body.read(&mut buffer).await?;
        if read == 0 {
            return Ok(taken);
        }
        assert!(buffer[..read].iter().all(|byte| *byte == BYTE), "the body was changed");
        taken += read as u64;
    }
}

async fn give(stream: &mut BufReader<TcpStream>, bytes: u64) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let block = vec![BYTE; BLOCK];
    let mut left = bytes;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        stream.write_all(&block[..piece]).await?;
        left -= piece as u64;
    }
    Ok(())
}
