//! The looking: one function per finding. None creates what isn't there.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use store::{Database, DatabaseConfig};
use wire::ambient::{Clock, UtcMicros};

use super::Finding;
use crate::ambient::SystemClock;
use crate::assembly::{Core, DataDirectory, StartProblem};
use crate::config::Config;

/// Below this much free space a node is at risk: a day of a busy log.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// A clock before this is not set: the day this program was first released.
const EARLIEST_SENSIBLE_TIME_S: i64 = 1_767_225_600; // 2026-01-01

/// Who uses the data directory now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Nobody: it can be opened.
    Free,
    /// A running node.
    Running,
    /// It can't be used at all.
    Unusable,
}

/// Looks at everything but the configuration file itself.
pub(super) async fn at(config: &Config) -> Vec<Finding> {
    let (data, using) = data_directory(&config.data);
    let mut findings = vec![clock(SystemClock.now()), data];
    findings.extend(ports(config, using));
    if using != Use::Unusable {
        findings.push(permissions(&config.data));
        findings.push(disk_space(&config.data));
        findings.push(database(config).await);
        findings.push(log(config, using).await);
    }
    findings
}

fn clock(now: UtcMicros) -> Finding {
    if now.as_seconds() < EARLIEST_SENSIBLE_TIME_S {
        return Finding::problem(
            "clock",
            format!("it says {now}"),
            "set the clock and keep it set (timedatectl set-ntp true): signatures are refused if \
             it is more than 30 s off",
        );
    }
    Finding::ok("clock", format!("it says {now}; compare it with a source you trust"))
}

fn data_directory(path: &Path) -> (Finding, Use) {
    let shown = path.display();
    match DataDirectory::open(path) {
        Ok(_unlocked_again) => {
            (Finding::ok("data", format!("{shown} is this user's alone, and free")), Use::Free)
        }
        Err(StartProblem::DataInUse(_)) => {
            (Finding::ok("data", format!("{shown} is in use by a running node")), Use::Running)
        }
        Err(problem) => {
            let finding = Finding::problem("data", problem.to_string(), problem.next_step());
            (finding, Use::Unusable)
        }
    }
}

fn ports(config: &Config, using: Use) -> Vec<Finding> {
    let listeners = [
        ("control.listen", config.control.listen),
        ("gateway.listen", config.gateway.listen),
        ("operations.listen", config.operations_listen),
    ];
    listeners.into_iter().map(|(key, address)| port(key, address, using)).collect()
}

fn port(key: &'static str, address: SocketAddr, using: Use) -> Finding {
    match TcpListener::bind(address) {
        Ok(_closed_again) => Finding::ok("port", format!("{address} ({key}) is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => match using {
            Use::Running => {
                Finding::ok("port", format!("{address} ({key}) is in use, while a node is running"))
            }
            _ => from_problem("port", &StartProblem::PortInUse { key, address }),
        },
        Err(error) => {
            let reason = error.to_string();
            from_problem("port", &StartProblem::CannotListen { key, address, reason })
        }
    }
}

fn from_problem(subject: &'static str, problem: &StartProblem) -> Finding {
    Finding::problem(subject, problem.to_string(), problem.next_step())
}

/// Key files and database are for their owner alone.
fn permissions(data: &Path) -> Finding {
    let mut open: Vec<String> = Vec::new();
    let mut folders = vec![data.join("keys")];
    while let Some(folder) = folders.pop() {
        note_if_open(&folder, &mut open);
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => note_if_open(&entry.path(), &mut open),
            }
        }
    }
    note_if_open(&data.join("platform.db"), &mut open);
    if open.is_empty() {
        return Finding::ok("permissions", "keys and database are this user's alone");
    }
    let next = format!("chmod -R u=rwX,go= '{}'", data.display());
    Finding::problem("permissions", format!("open to others:\n{}", open.join("\n")), next)
}

fn note_if_open(path: &Path, open: &mut Vec<String>) {
    let Ok(found) = std::fs::metadata(path) else {
        return;
    };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        open.push(format!("{} (mode {mode:o})", path.display()));
    }
}

fn disk_space(data: &Path) -> Finding {
    let room = match rustix::fs::statvfs(data) {
        Ok(room) => room.f_bavail.saturating_mul(room.f_frsize),
        Err(error) => {
            let seen = format!("free space of {} is unknown: {error}", data.display());
            return Finding::problem("disk", seen, "see that the file system is mounted");
        }
    };
    let seen = format!("{} MiB are free for {}", room >> 20, data.display());
    if room < LEAST_FREE_BYTES {
        let next = "make room: with a full disk every call is refused, for none could be recorded";
        return Finding::problem("disk", seen, next);
    }
    Finding::ok("disk", seen)
}

async fn database(config: &Config) -> Finding {
    let url = &config.database_url;
    let path = PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(url));
    if !path.exists() {
        return Finding::ok("database", format!("{url} is made at the first start"));
    }
    let problem = |error: store::StoreError| {
        let reason = error.to_string();
        from_problem("database", &StartProblem::Database { url: url.clone(), reason })
    };
    let database = match Database::open(&DatabaseConfig { url: url.clone() }).await {
        Ok(database) => database,
        Err(error) => return problem(error),
    };
    let answer = database.fetch_optional("SELECT 1 AS one", &[]).await;
    database.close().await;
    match answer {
        Ok(_) => Finding::ok("database", format!("{url} opens and answers")),
        Err(error) => problem(error),
    }
}

/// Opens everything as a start would, which finishes what a crash left unfinished, and closes it.
async fn log(config: &Config, using: Use) -> Finding {
    let shown = config.data.join("log");
    if using == Use::Running {
        let next = format!("see http://{}/readyz", config.operations_listen);
        return Finding::ok(
            "log",
            format!("{} is open in the running node: {next}", shown.display()),
        );
    }
    if !shown.exists() {
        return Finding::ok("log", format!("{} is made at the first start", shown.display()));
    }
    match Core::open(config).await {
        Ok(core) => {
            let seen = core.log_summary();
            core.close().await;
            Finding::ok("log", seen)
        }
        Err(problem) => from_problem("log", &problem),
    }
}
