//! One listening socket per thread on one port: the kernel spreads connections (`SO_REUSEPORT`).

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted, per socket.
const BACKLOG: i32 = 1024;

/// Sockets that listen on one address.
pub(super) struct Listeners {
    pub(super) sockets: Vec<TcpListener>,
    pub(super) address: SocketAddr,
}

/// Listens with `count` sockets.
///
/// `SO_REUSEPORT` would also let a second gateway join in on a port that is taken, and each would
/// get half of the calls; so the port is first asked for alone.
pub(super) fn bind(address: SocketAddr, count: usize) -> io::Result<Listeners> {
    let address = {
        let alone = socket(address)?;
        alone.bind(&address.into())?;
        alone.local_addr()?.as_socket().unwrap_or(address)
    };
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        sockets.push(socket.into());
    }
    Ok(Listeners { sockets, address })
}

/// A socket that may bind to a port whose last connections are still fading away.
fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_sockets_share_one_port_and_a_second_gateway_cannot() {
        let free = "127.0.0.1:0".parse().unwrap();
        let first = bind(free, 2).unwrap();
        assert_eq!(first.sockets.len(), 2);
        let second = bind(first.address, 1).err().unwrap();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
    }
}
