//! A city in one process: the platform on embedded defaults, sample agencies, their systems.
//!
//! Read first: [`run`]; then `city` (who takes part), `founding` (how they are registered, through
//! the control API like anybody), `story` (what `--once` plays), `manifest` (`DIR/demo.json`),
//! `certificates` (what `--tls` shows).
//!
//! **Invariant**: nothing is put into the platform by another way than its API, but for the first
//! tokens, which `lgsp init` makes the same way. **Trust**: everything here is sample data on
//! loopback; its keys open nothing else.

pub mod certificates;
mod city;
mod folder;
mod founding;
pub mod manifest;
mod mock_systems;
mod narrator;
mod story;
mod welcome;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use transport::Acceptor;
use wire::ambient::Clock as _;
use wire::problem::Language;

use crate::ambient::SystemClock;
use crate::assembly::listeners;
use crate::assembly::server::Server;
use crate::assembly::{Ending, Platform, Running, StartProblem, run_until_stopped};
use crate::complaint::Complaint;
use crate::config::Config;
use crate::signals::StopSignals;
pub use folder::Folder;
use manifest::Manifest;

/// The name of the demo's evidence log.
pub const ORIGIN: &str = "lgsp.demo/1";

/// What the command line asked for.
#[derive(Debug)]
pub struct Plan {
    /// Where the demo keeps its data.
    pub folder: Folder,
    /// The node's configuration.
    pub config: Config,
    /// Play the story and end.
    pub once: bool,
    /// Serve and call in TLS.
    pub tls: bool,
    /// Of what is said.
    pub language: Language,
}

impl Plan {
    /// Who vouches for the demo's listeners, in TLS.
    fn ca(&self) -> Option<PathBuf> {
        self.tls.then(|| self.folder.path().join(certificates::CA))
    }
}

/// Runs the demo to its end.
pub async fn run(plan: Plan) -> Result<ExitCode, Complaint> {
    let signals = crate::cli::serve::listen_for_signals()?;
    let earlier = Manifest::find(plan.folder.path()).map_err(|error| unreadable(&plan, &error))?;
    if earlier.is_none() {
        let was_cut_short = plan.folder.clear_half_founded()?;
        if !was_cut_short && plan.folder.has_platform() {
            return Err(no_demo(&plan));
        }
        plan.folder.begin_founding().map_err(|error| unwritable(&plan, &error))?;
    }
    if plan.tls {
        certificates::make_or_keep(plan.folder.path(), SystemClock.now())?;
    }
    let running = Platform::start(plan.config.clone()).await.map_err(not_started)?;
    let mocks = start_mock_systems(earlier.as_ref())?;
    let ending = match found_city(&plan, &running, &mocks, earlier).await {
        Ok(manifest) if plan.once => play(&plan, &running, &manifest, signals).await,
        Ok(manifest) => {
            welcome::say_where_to_look(&plan, &manifest);
            let ending = run_until_stopped(running, signals).await;
            mocks.stop(Duration::ZERO).await;
            welcome::say_what_stays(&plan);
            return Ok(exit_code(ending));
        }
        Err(error) => Err(Complaint::new(
            format_args!("the sample city could not be set up: {error:#}"),
            "run it again (it begins anew); if it stays so, report it",
        )),
    };
    running.shutdown().await;
    mocks.stop(Duration::ZERO).await;
    ending
}

async fn play(
    plan: &Plan,
    running: &Running,
    manifest: &Manifest,
    mut signals: StopSignals,
) -> Result<ExitCode, Complaint> {
    tokio::select! {
        told = story::tell(plan, running, manifest) => told.map(|()| ExitCode::SUCCESS),
        () = signals.next() => Err(Complaint::new("the story was interrupted", "run it again")),
    }
}

/// The first time, registers everything; later, only tells the platform where things stand now.
async fn found_city(
    plan: &Plan,
    running: &Running,
    mocks: &Server,
    earlier: Option<Manifest>,
) -> anyhow::Result<Manifest> {
    let manifest = match earlier {
        Some(manifest) => founding::refresh(plan, manifest, running, mocks.address).await?,
        None => founding::found(plan, running, mocks.address).await?,
    };
    plan.folder.write_trust(&running.trust())?;
    manifest.write(plan.folder.path())?;
    plan.folder.is_founded()?;
    Ok(manifest)
}

/// On the port of the earlier run, if it is still free: what was registered then still holds.
fn start_mock_systems(earlier: Option<&Manifest>) -> Result<Server, Complaint> {
    let port = earlier.and_then(|manifest| manifest.mock_systems.rsplit(':').next()?.parse().ok());
    let at = |port| listeners::bind("mock systems", SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = at(port.unwrap_or(0)).or_else(|_| at(0))?;
    let routes = mock_systems::routes().map_err(std::io::Error::other);
    routes.and_then(|routes| Server::start(listener, Acceptor::default(), routes)).map_err(
        |error| {
            Complaint::new(format_args!("the sample systems did not start: {error}"), "report it")
        },
    )
}

/// A demo has no configuration file: what keeps it from listening is mended on its command line.
fn not_started(problem: StartProblem) -> Complaint {
    let option = |key| match key {
        "control.listen" => "--listen",
        "gateway.listen" => "--gateway",
        _ => "--operations",
    };
    match problem {
        StartProblem::PortInUse { key: "operations.listen", address } => Complaint::new(
            format_args!("{address} (--operations) is in use by another process"),
            "leave --operations out: it takes a free port",
        ),
        StartProblem::PortInUse { key, address } => Complaint::new(
            format_args!("{address} ({}) is in use by another process", option(key)),
            "is another demo running? stop it, or use --listen 127.0.0.1:0 --gateway 127.0.0.1:0",
        ),
        StartProblem::CannotListen { key, address, reason } => Complaint::new(
            format_args!("cannot listen on {address} ({}): {reason}", option(key)),
            format_args!("use {} 127.0.0.1:0", option(key)),
        ),
        other => other.into(),
    }
}

fn exit_code(ending: Ending) -> ExitCode {
    match ending {
        Ending::Graceful => ExitCode::SUCCESS,
        Ending::Forced => ExitCode::FAILURE,
    }
}

fn unreadable(plan: &Plan, error: &anyhow::Error) -> Complaint {
    let folder = plan.folder.path().display();
    Complaint::new(
        format_args!("{folder}/demo.json cannot be read: {error:#}"),
        format_args!("delete {folder} (it holds sample data only) and run the demo again"),
    )
}

fn unwritable(plan: &Plan, error: &std::io::Error) -> Complaint {
    let folder = plan.folder.path().display();
    Complaint::new(
        format_args!("{folder} cannot be written to: {error}"),
        "name a folder that this user may write to, with --data",
    )
}

fn no_demo(plan: &Plan) -> Complaint {
    let folder = plan.folder.path().display();
    Complaint::new(
        format_args!("{folder} holds a platform that is no demo: it has no demo.json"),
        "name another folder with --data",
    )
}
