//! A real PostgreSQL server of a test's own, or of a whole run: made, started, stopped, killed and
//! started again; and databases on it that are gone when the test is.
//!
//! The server is Debian's (`/usr/lib/postgresql/*/bin`). It listens on loopback only, on a free
//! port, with a password. It refuses to run as root, so under root it runs as the user `postgres`.
//!
//! `fsync` is off: no test takes the power away, and what a killed server had committed is in the
//! operating system's memory all the same. Everything else is as in production.

mod database;
mod programs;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

pub use database::TestDatabase;
use programs::Programs;

/// Where tests find a server on which they may make databases.
pub const URL: &str = "LGSP_TEST_POSTGRES_URL";

const USER: &str = "lgsp";
const PASSWORD: &str = "test-password";

/// A running server. Dropped, it is stopped and its data deleted.
#[derive(Debug)]
pub struct PostgresServer {
    programs: Programs,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl PostgresServer {
    /// Makes a data directory and starts a server on it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings of `postgresql.conf`, such as `ssl=on`.
    pub fn start_with(settings: &[&str]) -> Self {
        let programs = Programs::find();
        let folder = programs.own_folder();
        programs.initialise(folder.path(), USER, PASSWORD);
        let port = free_port();
        let mut lines = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
             fsync = off\nfull_page_writes = off\nmax_connections = 200\n"
        );
        for setting in settings {
            lines.push_str(setting);
            lines.push('\n');
        }
        let file = folder.path().join("data/postgresql.auto.conf");
        fs::write(file, lines).unwrap();
        let mut server = Self { programs, folder, port, child: None };
        server.restart();
        server
    }

    /// `postgres://user:password@127.0.0.1:port/postgres`: whoever has it may make databases.
    pub fn url(&self) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// The folder of the server, in which tests may put files for it (certificates).
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The port, which stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it as an administrator does (SIGINT: running transactions are rolled back, all
    /// connections cut).
    pub fn stop(&mut self) {
        self.end("-INT");
    }

    /// Ends it at once (SIGQUIT: no clean-up; the next start recovers from the write-ahead log).
    pub fn kill(&mut self) {
        self.end("-QUIT");
    }

    /// Starts it again where it was; returns when it takes connections.
    pub fn restart(&mut self) {
        self.stop();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("server.log"))
            .unwrap();
        let mut command = self.programs.server(&self.folder.path().join("data"));
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        self.child = Some(child);
        self.wait_until_ready();
    }

    /// Runs statements as the owner of the server; returns what they select, unaligned.
    pub fn sql(&self, statements: &str) -> String {
        database::run(&self.url(), statements)
    }

    fn wait_until_ready(&mut self) {
        // `pg_isready` itself waits for an answer; a server that has ended will never give one.
        while !self.programs.is_ready(self.port) {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            if let Some(status) = ended {
                let said = fs::read_to_string(self.folder.path().join("server.log"));
                panic!("the server ended ({status}):\n{}", said.unwrap_or_default());
            }
        }
    }

    fn end(&mut self, signal: &str) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // By its process id and no other way: there may be other servers on this machine.
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &id]).status();
        if !sent.is_ok_and(|sent| sent.success()) {
            // It ended by itself.
            let _killed = child.kill();
        }
        let _status = child.wait();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.end("-QUIT");
    }
}

/// A free port below those that the system gives to outgoing connections and to listeners without
/// one, so that nobody takes it while the server is down.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Another process on this machine begins elsewhere.
    let first = std::process::id() % 11_000;
    loop {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(20_000 + (first + next) % 11_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
