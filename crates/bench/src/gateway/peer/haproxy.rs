//! haproxy, which passes on what one HMAC vouches for.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::Listens;
use super::one_hmac::{self, OneHmac};
use crate::gateway::server::Server;

/// Starts haproxy as a reverse proxy to `provider`; requests that the key does not vouch for are 401.
pub(crate) fn proxy(
    folder: &Path,
    listens: &Listens<'_>,
    provider: SocketAddr,
    key: &OneHmac,
) -> Server {
    let Listens { plain, tls, certificate } = listens;
    // haproxy wants both in one file.
    let both = folder.join("server.pem");
    let files = [&certificate.chain, &certificate.key];
    std::fs::write(&both, files.map(|file| std::fs::read_to_string(file).unwrap()).concat())
        .unwrap();
    let [nonce, signature] = one_hmac::FIELDS;
    let config = folder.join("haproxy.cfg");
    // `req.fhdr`, since `req.hdr` would split a date at its comma.
    let text = format!(
        "global
  nbthread 1
  maxconn 8192
  tune.ssl.default-dh-param 2048
  ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  option http-keep-alive
  http-reuse always
frontend callers
  bind {plain}
  bind {tls} ssl crt {}
  http-request set-var(txn.path) path
  http-request set-var(txn.date) req.fhdr(date)
  http-request set-var(txn.nonce) req.fhdr({nonce})
  http-request set-var(txn.mac) method,concat(|,txn.path),concat(|,txn.date),concat(|,txn.nonce),hmac(sha256,{}),base64
  http-request deny deny_status 401 unless {{ req.fhdr({signature}),secure_memcmp(txn.mac) }}
  default_backend provider
backend provider
  server provider {provider}
",
        both.display(),
        key.secret_base64(),
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("haproxy");
    let mut server = Server::start(command.arg("-db").arg("-f").arg(&config));
    server.process().wait_for_listener(*plain);
    server
}
