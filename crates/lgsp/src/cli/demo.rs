//! `lgsp demo`: a city in one process.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::language::Tongue;
use super::{environment, on_runtime};
use crate::complaint::Complaint;
use crate::config::Config;
use crate::demo::{self, Plan};

/// Run the whole platform with sample agencies of Hải Phòng, their systems and fresh keys.
///
/// Everything is made through the same API that real agencies use. Loopback only. The folder
/// keeps keys, registry and log between runs: ./demo-data, or with --once a temporary folder that
/// is deleted at the end. It writes demo.json (addresses, tokens, keys) and trust.json there, and
/// with --tls the root of its certificate, ca.pem.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// Where the demo keeps its data [default: ./demo-data; with --once a temporary folder].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Portal, API and evidence [default: 127.0.0.1:8080; with --once a free port].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Calls between systems [default: 127.0.0.1:8081; with --once a free port].
    #[arg(long, value_name = "ADDRESS")]
    gateway: Option<SocketAddr>,
    /// /healthz, /readyz and /metrics; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    operations: SocketAddr,
    /// An empty PostgreSQL database instead of a file in the folder:
    /// postgres://USER@HOST:PORT/DATABASE.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Play the story step by step and end: 0 if every step did what it should, else 1.
    #[arg(long)]
    once: bool,
    /// Serve everything in TLS, by a certificate for 127.0.0.1 and localhost whose root is
    /// DIR/ca.pem; calls between systems then in HTTP/2 too.
    #[arg(long)]
    tls: bool,
    /// Language of what is said here.
    #[arg(long, value_enum, default_value_t = Tongue::En)]
    lang: Tongue,
}

const EXAMPLE: &str = "Examples:
  lgsp demo --once                  one minute: register, approve, call, refuse, prove
  lgsp demo                         runs until Ctrl-C; http://127.0.0.1:8080 shows where to look
  lgsp demo --tls                   the same, https://127.0.0.1:8080
  lgsp demo --once --lang vi        kể bằng tiếng Việt";

/// Runs the command.
pub fn run(options: Options) -> Result<ExitCode, Complaint> {
    let port = |default: u16| {
        SocketAddr::from((Ipv4Addr::LOCALHOST, if options.once { 0 } else { default }))
    };
    let listen = options.listen.unwrap_or_else(|| port(8080));
    let gateway = options.gateway.unwrap_or_else(|| port(8081));
    for (option, address) in
        [("--listen", listen), ("--gateway", gateway), ("--operations", options.operations)]
    {
        refuse_to_leave_this_machine(option, address)?;
    }
    let kept = options.data.or_else(|| (!options.once).then(|| PathBuf::from("demo-data")));
    let folder = demo::Folder::open(kept)?;
    let addresses = [listen, gateway, options.operations];
    let mut config = configuration(&folder, options.database, addresses)?;
    if options.tls {
        demo::certificates::show(&mut config, folder.path());
    }
    super::serve::start_log(&config)?;
    let language = options.lang.into();
    let (once, tls) = (options.once, options.tls);
    on_runtime(demo::run(Plan { folder, config, once, tls, language }))
}

/// The demo's keys are no secret and its agencies no agencies: it must not be reachable.
fn refuse_to_leave_this_machine(option: &str, address: SocketAddr) -> Result<(), Complaint> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Complaint::usage(
        format_args!(
            "{option} {address} is not a loopback address, and the demo stays on this machine"
        ),
        format_args!(
            "use 127.0.0.1:{}, or run a real node with `lgsp init` and `lgsp serve`",
            address.port()
        ),
    ))
}

/// The demo's settings, read like any node's; the environment may set what the demo leaves open
/// (`LGSP__LOG__LEVEL`, `LGSP__GATEWAY__THREADS`).
fn configuration(
    folder: &demo::Folder,
    database: Option<String>,
    [listen, gateway, operations]: [SocketAddr; 3],
) -> Result<Config, Complaint> {
    let set = [
        ("LGSP__DATA__DIRECTORY", folder.path().to_string_lossy().into_owned()),
        ("LGSP__CONTROL__LISTEN", listen.to_string()),
        ("LGSP__GATEWAY__LISTEN", gateway.to_string()),
        ("LGSP__OPERATIONS__LISTEN", operations.to_string()),
        ("LGSP__CODE_LISTS__LISTEN", "127.0.0.1:0".to_owned()),
        ("LGSP__GATEWAY__LOOPBACK_UPSTREAMS", "true".to_owned()),
        ("LGSP__EVIDENCE__ORIGIN", demo::ORIGIN.to_owned()),
        ("LGSP__EVIDENCE__ENTRIES", "public".to_owned()),
    ];
    // Later ones win: first what the environment may change, then it, then what it may not.
    let mut settings = BTreeMap::from([("LGSP__LOG__LEVEL".to_owned(), "warn".to_owned())]);
    settings.extend(environment());
    settings.extend(set.into_iter().map(|(name, value)| (name.to_owned(), value)));
    settings.extend(database.map(|url| ("LGSP__DATABASE__URL".to_owned(), url)));
    Config::load(None, settings).map_err(|problems| {
        Complaint::usage(problems, "unset the variable, or give it an allowed value")
    })
}
