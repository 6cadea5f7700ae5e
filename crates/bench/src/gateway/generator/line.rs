//! One connection to a server, plain or in TLS, that never blocks.

use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use testkit::Authority;

/// Whom callers believe, and how they speak TLS: 1.3 only, so that all servers do the same.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Believes this root alone.
    pub fn believing(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }
}

pub(super) struct Line {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// What the socket had no room for; of a plain connection only, TLS keeps its own.
    unsent: Vec<u8>,
}

impl Line {
    /// Connects and, in TLS, shakes hands before it returns.
    pub(super) fn connect(server: SocketAddr, tls: Option<&Tls>) -> Self {
        let mut socket = TcpStream::connect(server).unwrap();
        socket.set_nodelay(true).unwrap();
        let tls = tls.map(|Tls(config)| {
            let name = ServerName::from(server.ip());
            let mut tls = Box::new(ClientConnection::new(Arc::clone(config), name).unwrap());
            tls.set_buffer_limit(None);
            while tls.is_handshaking() {
                tls.complete_io(&mut socket).expect("no TLS with the server");
            }
            tls
        });
        socket.set_nonblocking(true).unwrap();
        Self { socket, tls, unsent: Vec::new() }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends what the socket has room for, and keeps the rest.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(tls) = &mut self.tls else {
            let sent = unless_blocked(self.socket.write(bytes))?;
            self.unsent.extend_from_slice(&bytes[sent..]);
            return Ok(());
        };
        tls.writer().write_all(bytes)?;
        self.flush()
    }

    /// Sends more of what was kept.
    pub(super) fn flush(&mut self) -> Result<()> {
        match &mut self.tls {
            None => {
                let sent = unless_blocked(self.socket.write(&self.unsent))?;
                self.unsent.drain(..sent);
            }
            Some(tls) => {
                while tls.wants_write() && unless_blocked(tls.write_tls(&mut self.socket))? > 0 {}
            }
        }
        Ok(())
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.tls.as_ref().map_or(!self.unsent.is_empty(), |tls| tls.wants_write())
    }

    /// Reads what has come; 0 at the end of the connection.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.socket.read(buffer);
        };
        match tls.reader().read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => return read,
        }
        tls.read_tls(&mut self.socket)?;
        tls.process_new_packets().map_err(std::io::Error::other)?;
        tls.reader().read(buffer)
    }

    /// Whether more may lie ready than `read` bytes into a buffer of `room`. TLS keeps some itself,
    /// of which the poll knows nothing.
    pub(super) fn may_have_more(&self, read: usize, room: usize) -> bool {
        self.tls.is_some() || read == room
    }
}

fn unless_blocked(done: Result<usize>) -> Result<usize> {
    match done {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        done => done,
    }
}
