//! A request before it is bytes.

use std::io::Write as _;
use std::net::SocketAddr;

/// What a caller sends.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) host: SocketAddr,
    /// What proves the caller.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// `Content-Digest`, if there is a body.
    pub(crate) digest: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Writes it as any client would.
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        let Self { method, target, host, fields, digest, body } = self;
        write!(into, "{method} {target} HTTP/1.1\r\nhost: {host}\r\n").unwrap();
        write!(into, "accept: application/json\r\nuser-agent: bench\r\n").unwrap();
        if let Some(digest) = digest {
            write!(into, "content-length: {}\r\ncontent-digest: {digest}\r\n", body.len()).unwrap();
        }
        for (name, value) in fields {
            write!(into, "{name}: {value}\r\n").unwrap();
        }
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(body);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }
}
