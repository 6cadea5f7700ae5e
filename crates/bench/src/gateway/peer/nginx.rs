//! nginx: the provider behind every server, and a plain reverse proxy in front of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::Listens;
use super::one_hmac::{FIELDS, OneHmac};
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

/// A plain reverse proxy to `provider`.
pub(crate) fn proxy(folder: &Path, listens: &Listens<'_>, provider: SocketAddr) -> Server {
    proxy_with(folder, ("", ""), listens, provider, "")
}

/// A reverse proxy to `provider`; `access` decides who passes.
fn proxy_with(
    folder: &Path,
    (modules, init): (&str, &str),
    listens: &Listens<'_>,
    provider: SocketAddr,
    access: &str,
) -> Server {
    let Listens { plain, tls, certificate } = listens;
    let http = format!(
        "{init}
         upstream provider {{ server {provider}; keepalive 1024; keepalive_requests 1000000000; }}
         server {{
           listen {plain}; listen {tls} ssl;
           ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.3;
           location / {{
             {access}
             proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection '';
             proxy_max_temp_file_size 0; proxy_buffers 16 64k;
           }}
         }}",
        certificate.chain.display(),
        certificate.key.display(),
    );
    start(folder, modules, &http, *plain)
}

/// Debian's modules for Lua.
const LUA_MODULES: &str = "load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
";

/// The same proxy with a script of Lua that lets pass what the key vouches for; others are 401. The
/// HMAC is OpenSSL's (luaossl), which offers no comparison in constant time.
pub(crate) fn lua_proxy(
    folder: &Path,
    listens: &Listens<'_>,
    provider: SocketAddr,
    key: &OneHmac,
) -> Server {
    let [nonce, signature] = FIELDS.map(|field| field.replace('-', "_"));
    let access = format!(
        "access_by_lua_block {{
           local var = ngx.var
           local hmac = openssl_hmac.new(secret, 'sha256')
           local base = ngx.req.get_method() .. '|' .. var.uri .. '|' .. (var.http_date or '')
             .. '|' .. (var.http_{nonce} or '')
           if ngx.encode_base64(hmac:final(base)) ~= var.http_{signature} then
             return ngx.exit(401)
           end
         }}"
    );
    let init = format!(
        "init_by_lua_block {{
           openssl_hmac = require 'openssl.hmac'
           secret = ngx.decode_base64('{}')
         }}",
        key.secret_base64()
    );
    let modules = LUA_MODULES;
    proxy_with(folder, (modules, &init), listens, provider, &access)
}
