//! A database of one test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::URL;

/// Names a database of this process once.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The database a test works on, of the kind that `LGSP_TEST_DATABASE` names: `sqlite` (the
/// default) is a file in the test's own folder; `postgres` is a new database on the server of
/// `LGSP_TEST_POSTGRES_URL`, dropped with this.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    /// The server it is dropped from.
    server: Option<String>,
}

impl TestDatabase {
    /// Of the kind the environment names; `file` is where SQLite keeps it.
    pub fn new(file: impl AsRef<Path>) -> Self {
        match std::env::var("LGSP_TEST_DATABASE").as_deref() {
            Err(_) | Ok("sqlite") => {
                Self { url: format!("sqlite:{}", file.as_ref().display()), server: None }
            }
            Ok("postgres") => {
                let server = std::env::var(URL).unwrap_or_else(|_| panic!("{URL} is not set"));
                Self::on(&server)
            }
            Ok(other) => panic!("LGSP_TEST_DATABASE is sqlite or postgres, not {other}"),
        }
    }

    /// A new database on this server ([`PostgresServer::url`](super::PostgresServer::url)).
    pub fn on(server: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("lgsp_test_{}_{number}", std::process::id());
        // A run that was killed may have left one of this name.
        run(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        run(server, &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
        let (before, parameters) = server.split_once('?').unwrap_or((server, ""));
        let before = before.rsplit_once('/').unwrap().0;
        let url = match parameters {
            "" => format!("{before}/{name}"),
            parameters => format!("{before}/{name}?{parameters}"),
        };
        Self { url, server: Some(server.to_owned()) }
    }

    /// Its URL, as `database.url` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether several processes may share it.
    pub fn is_shared(&self) -> bool {
        self.server.is_some()
    }

    /// Runs statements in it past everything that is tested, by a client that is not ours;
    /// returns what they select, one row a line. PostgreSQL only.
    pub fn sql(&self, statements: &str) -> String {
        run(&self.url, statements)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(server) = &self.server else {
            return;
        };
        let (before, _) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let name = before.rsplit('/').next().unwrap_or_default();
        // The server may be gone, and its databases with it.
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let _gone = psql(server, &drop).output();
    }
}

pub(super) fn run(url: &str, statements: &str) -> String {
    let output = psql(url, statements).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statements}: {said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn psql(url: &str, statements: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
    command.args(["--set", "ON_ERROR_STOP=1", "--dbname", url, "--command", statements]);
    command.stdin(Stdio::null());
    command
}
