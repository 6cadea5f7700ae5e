//! The looking: one function per finding. None creates what isn't there.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use keys::PlatformKeys;
use wire::ambient::{Clock, UtcMicros};

use super::Finding;
use crate::ambient::SystemClock;
use crate::assembly::core::{look_at_database, look_at_log};
use crate::assembly::{DataDirectory, StartProblem};
use crate::config::Config;

/// Below this much free space a node is at risk: a day of a busy log.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// A clock before this is not set: the day this program was first released.
const EARLIEST_SENSIBLE_TIME_S: i64 = 1_767_225_600; // 2026-01-01

/// Who uses the data directory now.
#[derive(Debug)]
enum Use {
    /// Nobody, and no node can start while this is held.
    Free(DataDirectory),
    /// A running node.
    Running,
    /// It can't be used at all.
    Unusable,
}

/// Looks at everything but the configuration file itself.
pub(super) async fn at(config: &Config) -> Vec<Finding> {
    let (data, using) = data_directory(&config.data);
    let mut findings = vec![clock(SystemClock.now()), data];
    findings.extend(ports(config, &using));
    findings.extend(super::certificates::at(config));
    findings.extend(upstream_roots(config));
    if !matches!(using, Use::Unusable) {
        findings.push(permissions(config));
        findings.push(disk_space(&config.data));
        findings.push(database(config).await);
        findings.extend(super::cluster::at(config).await);
    }
    match using {
        Use::Free(data) => {
            let (keys, opened) = super::keys::at(config, &data);
            findings.push(keys);
            // Where it stands beside keys that do not open, it does not either.
            if opened.is_some() || config.keys.secrets_directory.is_some() {
                findings.push(super::keys::ring(config, opened.as_ref()).await);
            }
            findings.extend(opened.map(|keys| log(config, &data, &keys)));
        }
        Use::Running => findings.push(log_in_use(config)),
        Use::Unusable => {}
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
        Ok(data) => {
            let seen = format!("{shown} is this user's alone, and free");
            (Finding::ok("data", seen), Use::Free(data))
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

fn ports(config: &Config, using: &Use) -> Vec<Finding> {
    let listeners = [
        ("control.listen", config.control.listener.listen),
        ("gateway.listen", config.gateway.listener.listen),
        ("operations.listen", config.operations.listen),
    ];
    let peers = config.database.is_shared().then_some(("cluster.listen", config.cluster.listen));
    let lists = config.code_lists.map(|listen| ("code_lists.listen", listen));
    listeners
        .into_iter()
        .chain(peers)
        .chain(lists)
        .map(|(key, address)| port(key, address, using))
        .collect()
}

fn upstream_roots(config: &Config) -> Option<Finding> {
    let file = config.gateway.upstream_ca.as_deref()?;
    Some(match transport::TrustedRoots::only(file) {
        Ok(_) => Finding::ok("upstream", format!("{} holds root certificates", file.display())),
        Err(error) => {
            let next = "name a PEM file with the root certificates in gateway.upstream_ca";
            Finding::problem("upstream", error.to_string(), next)
        }
    })
}

fn port(key: &'static str, address: SocketAddr, using: &Use) -> Finding {
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

pub(super) fn from_problem(subject: &'static str, problem: &StartProblem) -> Finding {
    Finding::problem(subject, problem.to_string(), problem.next_step())
}

/// Key files and database are for their owner alone.
fn permissions(config: &Config) -> Finding {
    let data = &config.data;
    let mut open: Vec<String> = Vec::new();
    let mut folders = vec![data.join("keys")];
    folders.extend(config.keys.secrets_directory.clone());
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
    let mut next = format!("chmod -R u=rwX,go= '{}'", data.display());
    if let Some(ring) = &config.keys.secrets_directory {
        let _ = write!(next, " '{}'", ring.display());
    }
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
    let url = config.database.shown();
    let file = config.database.url.strip_prefix("sqlite:").map(Path::new);
    if file.is_some_and(|file| !file.exists()) {
        return Finding::ok("database", format!("{url} is made at the first start"));
    }
    match look_at_database(config).await {
        Ok(0) => Finding::ok("database", format!("{url} opens and answers")),
        Ok(missing) => {
            let seen =
                format!("{url} opens; the next start brings it up to date ({missing} steps)");
            Finding::ok("database", seen)
        }
        Err(problem) => from_problem("database", &problem),
    }
}

fn log_in_use(config: &Config) -> Finding {
    let (log, probe) = (config.data.join("log"), &config.operations);
    let (scheme, listen) = (probe.scheme(), probe.listen);
    let seen =
        format!("{} is open in the running node: see {scheme}://{listen}/readyz", log.display());
    Finding::ok("log", seen)
}

fn log(config: &Config, data: &DataDirectory, keys: &PlatformKeys) -> Finding {
    let place = data.log();
    let place = place.display();
    match look_at_log(config, data, keys) {
        Ok(None) => Finding::ok("log", format!("{place} is begun at the first start")),
        Ok(Some(looked)) => {
            let mut seen = format!(
                "{place} is whole: {} entries, {} under the signed checkpoint",
                looked.entries, looked.published
            );
            if looked.unknown_calls > 0 {
                let calls = looked.unknown_calls;
                let _ = write!(seen, "; {calls} call(s) without outcome, told by the next start");
            }
            Finding::ok("log", seen)
        }
        Err(problem) => from_problem("log", &problem),
    }
}
