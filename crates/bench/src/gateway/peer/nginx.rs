//! nginx: the provider behind every server, and a plain reverse proxy in front of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use testkit::IssuedFiles;

use crate::gateway::server::Server;
use crate::gateway::workload::{LARGE, SMALL};

/// What every nginx here has: one worker, nothing written, connections that are kept.
const COMMON: &str =
    "daemon off; user root; worker_processes 1; pid none.pid; error_log stderr error;
events { worker_connections 4096; }
";
const HTTP: &str = "access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi; sendfile on; tcp_nopush on; open_file_cache max=10; types {} default_type application/json;
";

/// Starts nginx with `http` in its http block, in `folder`, and waits until it listens at `address`.
pub(crate) fn start(folder: &Path, modules: &str, http: &str, address: SocketAddr) -> Server {
    let config = folder.join("nginx.conf");
    std::fs::write(&config, format!("{modules}{COMMON}http {{ {HTTP}{http} }}\n")).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&config).args(["-e", "stderr"]);
    let mut server = Server::start(&mut command);
    server.process().wait_for_listener(address);
    server
}

/// The provider: answers from memory, and from a file that stays in the cache.
pub(crate) fn provider(folder: &Path, address: SocketAddr) -> Server {
    std::fs::write(folder.join("large"), vec![b'x'; LARGE]).unwrap();
    let http = format!(
        "server {{ listen {address}; root {};
           location = /small {{ return 200 '{SMALL}'; }}
           location = /take {{ return 200 '{SMALL}'; }}
         }}",
        folder.display()
    );
    start(folder, "", &http, address)
}

/// Where a proxy listens, by a certificate of its own in TLS.
pub(crate) struct Listens<'a> {
    pub(crate) plain: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) certificate: &'a IssuedFiles,
}

/// A reverse proxy to `provider`; `access` decides who passes.
pub(crate) fn proxy(
    folder: &Path,
    modules: &str,
    listens: &Listens<'_>,
    provider: SocketAddr,
    access: &str,
) -> Server {
    let Listens { plain, tls, certificate } = listens;
    let http = format!(
        "upstream provider {{ server {provider}; keepalive 128; keepalive_requests 1000000000; }}
         server {{
           listen {plain}; listen {tls} ssl;
           ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.3;
           location / {{
             {access}
             proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection '';
             proxy_max_temp_file_size 0;
           }}
         }}",
        certificate.chain.display(),
        certificate.key.display(),
    );
    start(folder, modules, &http, *plain)
}
