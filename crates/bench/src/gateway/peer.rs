//! The programs that are measured: one server of one program, listening on loopback, and who calls
//! it with what it checks.

pub(crate) mod lgsp;
pub(crate) mod nginx;

use std::io::Write as _;
use std::net::SocketAddr;

use drill::caller::Caller;

use super::generator::{Requests, Tls};
use super::workload::Workload;

/// A server under measurement.
pub(crate) struct Peer {
    /// Its word on the command line and in the results.
    pub(crate) name: &'static str,
    /// The process whose tasks, with those of all its children, do the work.
    pub(crate) process: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How to speak to it, if in TLS.
    pub(crate) tls: Option<Tls>,
    /// What it checks.
    pub(crate) calls: Calls,
}

/// What a request carries, by what the server checks.
#[derive(Clone)]
pub(crate) enum Calls {
    /// Nothing: it passes all on.
    Plain,
    /// A whole signature (RFC 9421) of one of these callers, who take turns, over the URL of this
    /// base.
    Signed { callers: Vec<Caller>, base: String },
}

impl Peer {
    /// So many requests that it must answer, made now.
    pub(crate) fn requests(&self, workload: Workload, count: usize) -> Requests {
        match &self.calls {
            Calls::Plain => {
                let mut request = Vec::new();
                write(&mut request, workload, workload.path(), self.address, &[]);
                Requests::same(&request, count)
            }
            Calls::Signed { callers, base } => Requests::each(count, |number, into| {
                let caller = &callers[number % callers.len()];
                self.write_signed(into, workload, caller, base);
            }),
        }
    }

    fn write_signed(&self, into: &mut Vec<u8>, workload: Workload, caller: &Caller, base: &str) {
        let url = format!("{base}{}", workload.path());
        let signed = match workload.digest() {
            None => caller.sign(&url).signed().clone(),
            Some(digest) => caller.sign_post(&url, &digest),
        };
        let target = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
        let fields =
            [("signature-input", &signed.signature_input), ("signature", &signed.signature)];
        write(into, workload, &target, self.address, &fields.map(|(name, value)| (name, &**value)));
    }
}

/// Writes a request as any client would, with these fields too.
fn write(
    into: &mut Vec<u8>,
    workload: Workload,
    target: &str,
    host: SocketAddr,
    fields: &[(&str, &str)],
) {
    let (body, method) = (workload.body(), workload.method());
    write!(into, "{method} {target} HTTP/1.1\r\nhost: {host}\r\n").unwrap();
    write!(into, "accept: application/json\r\nuser-agent: bench\r\n").unwrap();
    if let Some(digest) = workload.digest() {
        write!(into, "content-length: {}\r\ncontent-digest: {digest}\r\n", body.len()).unwrap();
    }
    for (name, value) in fields {
        write!(into, "{name}: {value}\r\n").unwrap();
    }
    into.extend_from_slice(b"\r\n");
    into.extend_from_slice(&body);
}
