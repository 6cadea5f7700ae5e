//! The ports of a node, taken before anything else is opened: a node that can't listen should
//! not have touched its log.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener as StdListener};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::problem::StartProblem;
use crate::config::Config;

/// The listeners of a node.
#[derive(Debug)]
pub struct Listeners {
    /// API, evidence, pages.
    pub control: TcpListener,
    /// Probes and metrics.
    pub operations: TcpListener,
    /// The gateway's address. Its threads bind it themselves.
    pub gateway: ReservedAddress,
    /// Code lists, for this node's gateway.
    pub code_lists: Option<TcpListener>,
    /// For the other nodes of a shared database.
    pub peers: Option<StdListener>,
}

/// An address kept for listeners that share it (`SO_REUSEPORT`).
///
/// The socket inside is bound and never listens, so it keeps the port without taking a connection.
#[derive(Debug)]
pub struct ReservedAddress {
    /// With the real port.
    pub address: SocketAddr,
    _keeper: Socket,
}

impl Listeners {
    /// Takes them all, or says which can't be had.
    pub fn bind(config: &Config) -> Result<Self, StartProblem> {
        Ok(Self {
            control: bind("control.listen", config.control.listener.listen)?,
            gateway: reserve("gateway.listen", config.gateway.listener.listen)?,
            operations: bind("operations.listen", config.operations.listen)?,
            code_lists: config
                .code_lists
                .map(|listen| bind("code_lists.listen", listen))
                .transpose()?,
            peers: bind_peers(config)?,
        })
    }

    /// Where the control listener is, with its real port.
    pub fn control_address(&self) -> Result<SocketAddr, StartProblem> {
        let address = self.control.local_addr();
        address.map_err(|error| StartProblem::Part { part: "control", reason: error.to_string() })
    }
}

/// A listener of its own on `address`.
pub fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartProblem> {
    let problem = |error| cannot_listen(key, address, &error);
    let listener = StdListener::bind(address).map_err(problem)?;
    listener.set_nonblocking(true).map_err(problem)?;
    TcpListener::from_std(listener).map_err(problem)
}

fn bind_peers(config: &Config) -> Result<Option<StdListener>, StartProblem> {
    if !config.database.is_shared() {
        return Ok(None);
    }
    let address = config.cluster.listen;
    let problem = |error| cannot_listen("cluster.listen", address, &error);
    let listener = StdListener::bind(address).map_err(problem)?;
    listener.set_nonblocking(true).map_err(problem)?;
    Ok(Some(listener))
}

/// Keeps `address` for the gateway's threads.
fn reserve(key: &'static str, address: SocketAddr) -> Result<ReservedAddress, StartProblem> {
    let problem = |error| cannot_listen(key, address, &error);
    // A plain bind first: two nodes of one user that both share the port would silently split the
    // calls between them, so another listener there, sharing or not, must be an error.
    let alone = StdListener::bind(address).map_err(problem)?;
    let address = alone.local_addr().map_err(problem)?;
    drop(alone);
    let keeper = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .and_then(|socket| {
            socket.set_reuse_port(true)?;
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            Ok(socket)
        })
        .map_err(problem)?;
    Ok(ReservedAddress { address, _keeper: keeper })
}

fn cannot_listen(key: &'static str, address: SocketAddr, error: &std::io::Error) -> StartProblem {
    match error.kind() {
        ErrorKind::AddrInUse => StartProblem::PortInUse { key, address },
        _ => StartProblem::CannotListen { key, address, reason: error.to_string() },
    }
}
