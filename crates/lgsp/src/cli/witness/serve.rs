//! `lgsp witness serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::witness::folder::Folder;
use ::witness::http::router;
use clap::Args;
use tokio::net::TcpListener;
use transport::Acceptor;

use super::complaint;
use crate::ambient::SystemClock;
use crate::assembly::server::Server;
use crate::cli::on_runtime;
use crate::cli::serve::listen_for_signals;
use crate::complaint::Complaint;
use crate::config::{LogConfig, LogFormat};
use crate::telemetry;
use crate::terminal::say;

/// How long running requests may take to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Cosign checkpoints until stopped (C2SP tlog-witness: POST /add-checkpoint).
///
/// It speaks plain HTTP: put a proxy that ends TLS before it where the log comes over a network.
/// Requests need no sign-on: the log's signature under a checkpoint is one.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The witness's folder.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9180")]
    listen: SocketAddr,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let folder = Folder::open(&options.folder).map_err(|error| complaint(&error))?;
    let witness = folder.witness(Arc::new(SystemClock)).map_err(|error| complaint(&error))?;
    if witness.seen().is_empty() {
        return Err(Complaint::new(
            format_args!("the witness in {} was told of no log", options.folder.display()),
            "name one first: `lgsp witness add`",
        ));
    }
    let log = LogConfig { format: LogFormat::Auto, level: "info".to_owned() };
    telemetry::start_log(&log).map_err(|error| Complaint::new(error, "report this"))?;
    on_runtime(async {
        let mut signals = listen_for_signals()?;
        let cannot_listen = |error| {
            let what = format_args!("cannot listen on {}: {error}", options.listen);
            Complaint::new(what, "choose another address with --listen")
        };
        let listener = TcpListener::bind(options.listen).await.map_err(cannot_listen)?;
        for (origin, seen) in witness.seen() {
            tracing::info!(log = %origin, size = seen.checkpoint.size, "cosigned so far");
        }
        let routes = router(Arc::new(witness));
        let server = Server::start(listener, Acceptor::default(), routes).map_err(cannot_listen)?;
        say(format_args!("The witness listens on http://{}", server.address));
        signals.next().await;
        server.stop(DRAIN).await;
        Ok(ExitCode::SUCCESS)
    })
}
