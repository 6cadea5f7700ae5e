//! The programs that are measured: one server of one program, listening on loopback, and who calls
//! it with what it checks.

pub(crate) mod envoy;
pub(crate) mod haproxy;
pub(crate) mod lgsp;
pub(crate) mod nginx;
pub(crate) mod one_hmac;
mod request;

use std::net::SocketAddr;

use drill::caller::Caller;
use testkit::IssuedFiles;

use self::one_hmac::OneHmac;
pub(crate) use self::request::Request;
use super::generator::{Requests, Tls};
use super::workload::Workload;

/// Where a proxy listens, by a certificate of its own in TLS.
pub(crate) struct Listens<'a> {
    pub(crate) plain: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) certificate: &'a IssuedFiles,
}

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
    /// One HMAC of this secret.
    OneHmac(OneHmac),
    /// A whole signature (RFC 9421) of one of these callers, who take turns, over the URL of this
    /// base.
    Signed { callers: Vec<Caller>, base: String },
}

impl Peer {
    /// So many requests that it must answer, made now.
    pub(crate) fn requests(&self, workload: Workload, count: usize) -> Requests {
        match &self.calls {
            Calls::Plain => Requests::same(&self.request(workload, 0).bytes(), count),
            Calls::OneHmac(_) | Calls::Signed { .. } => Requests::each(count, |number, into| {
                self.request(workload, number).write(into);
            }),
        }
    }

    /// The request of that number: callers take turns.
    pub(crate) fn request(&self, workload: Workload, number: usize) -> Request {
        let method = workload.method();
        let (target, fields) = match &self.calls {
            Calls::Plain => (workload.path().to_owned(), Vec::new()),
            Calls::OneHmac(key) => (workload.path().to_owned(), key.sign(method, workload.path())),
            Calls::Signed { callers, base } => {
                let url = format!("{base}{}", workload.path());
                let caller = &callers[number % callers.len()];
                let signed = match workload.digest() {
                    None => caller.sign(&url).signed().clone(),
                    Some(digest) => caller.sign_post(&url, &digest),
                };
                let fields =
                    [("signature-input", signed.signature_input), ("signature", signed.signature)];
                // What follows scheme and authority.
                (format!("/{}", url.splitn(4, '/').nth(3).unwrap()), fields.into())
            }
        };
        let (digest, body) = (workload.digest(), workload.body());
        Request { method, target, host: self.address, fields, digest, body }
    }
}
