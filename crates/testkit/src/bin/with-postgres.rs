//! `with-postgres COMMAND …`: runs a command that finds a PostgreSQL server of its own in
//! `LGSP_TEST_POSTGRES_URL`, and stops the server when the command has ended, well or not.

use std::process::{Command, ExitCode};

use testkit::postgres::{PostgresServer, URL};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(words);
    // One that was given is used as it is.
    let server = std::env::var_os(URL).is_none().then(PostgresServer::start);
    if let Some(server) = &server {
        command.env(URL, server.url());
    }
    let ended = command.status();
    drop(server);
    match ended.map(|ended| ended.code()) {
        Ok(Some(0)) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
