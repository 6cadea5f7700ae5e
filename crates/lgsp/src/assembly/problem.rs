//! Why a node did not start. Each problem says what the operator can do; none is a panic.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use keys::{KeyError, PlatformKey, Protection};

use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

use crate::complaint::Complaint;

/// What keeps a node from starting. The machine's or the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartProblem {
    /// The data directory isn't there, or isn't one.
    #[error("there is no data directory at {}", .0.display())]
    NoData(PathBuf),
    /// The data directory can't be used as it stands.
    #[error("the data directory {} cannot be used: {reason}", path.display())]
    DataUnusable {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// Others than the owner can enter the data directory.
    #[error("the data directory {} is open to others (mode {mode:o})", path.display())]
    DataOpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another process works in the data directory.
    #[error("another lgsp process is using the data directory {}", .0.display())]
    DataInUse(PathBuf),
    /// Another process listens there.
    #[error("{address} ({key}) is in use by another process")]
    PortInUse {
        /// The configuration key.
        key: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The operating system won't let us listen there.
    #[error("cannot listen on {address} ({key}): {reason}")]
    CannotListen {
        /// The configuration key.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        reason: String,
    },
    /// A listener's certificate can't be used.
    #[error("the certificates of {key} cannot be used: {reason}")]
    Certificate {
        /// The configuration key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// The keys can't be opened.
    #[error("the keys cannot be opened: {0}")]
    Keys(String),
    /// The keys are encrypted, and what decrypts them was not given; or the other way round.
    #[error("{reason}")]
    KeysClosed {
        /// What stands in the way.
        reason: String,
        /// What the operator can do.
        next_step: String,
    },
    /// The database can't be opened.
    #[error("the database {url} cannot be opened: {reason}")]
    Database {
        /// Its URL, without user and password.
        url: String,
        /// Why.
        reason: String,
    },
    /// Another node has this log's name.
    #[error("another node has the name {0} (evidence.origin), with other keys")]
    NameTaken(Origin),
    /// The node has retired: it may not decide again under this name.
    #[error("this node ({origin}, evidence.origin) has retired: it decided until {until}")]
    Retired {
        /// Its name.
        origin: Origin,
        /// Until when it decided.
        until: UtcMicros,
    },
    /// The secrets in the database were sealed with another ring than this node has.
    #[error("this node's ring of secrets (secret-ring.key) is not that of the node {0}")]
    AnotherRing(Origin),
    /// There is no ring of secrets, and other nodes have one.
    #[error("{} holds no ring of secrets (secret-ring.key), and the node {node} has one", path.display())]
    NoRing {
        /// Where it was looked for.
        path: PathBuf,
        /// A node that has one.
        node: Origin,
    },
    /// The evidence log can't be opened.
    #[error("the evidence log cannot be opened: {0}")]
    Log(String),
    /// A part of the platform refused to start.
    #[error("{part} did not start: {reason}")]
    Part {
        /// Which one.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

impl StartProblem {
    /// What the operator can do.
    pub fn next_step(&self) -> String {
        match self {
            Self::NoData(_) => "run `lgsp init` to create it, or set data.directory".into(),
            Self::DataUnusable { path, .. } => format!(
                "give the user that runs lgsp read and write access to {}, or set data.directory",
                path.display()
            ),
            Self::DataOpenToOthers { path, .. } => {
                format!("chmod 700 {}", path.display())
            }
            Self::DataInUse(_) => {
                "stop that process first; two nodes never share one data directory".into()
            }
            Self::PortInUse { key, address } => format!(
                "find it with `ss -ltnp 'sport = :{}'` and stop it, or set {key} to another port \
                 (0 takes a free one)",
                address.port()
            ),
            Self::CannotListen { key, .. } => {
                format!("set {key} to an address of this machine and a port it may use")
            }
            Self::Certificate { key, .. } => format!(
                "{key} names PEM files that this user may read, certificate \
                 first, then its chain, and the key beside it has mode 600"
            ),
            Self::Keys(_) => "key files belong to the user that runs lgsp, with mode 600 \
                              (chmod -R u=rwX,go= on the keys folder)"
                .into(),
            Self::KeysClosed { next_step, .. } => next_step.clone(),
            Self::NameTaken(_) => {
                "give each node an evidence.origin of its own; a node that lost its keys begins a \
                 new log under a new name"
                    .into()
            }
            Self::Retired { .. } => {
                "keep its data directory, whose log stays proof; to run a node here again, make \
                 one with `lgsp init` in another directory, under another evidence.origin"
                    .into()
            }
            Self::AnotherRing(_) | Self::NoRing { .. } => {
                "copy secret-ring.key from that node into a folder of its own and name it with \
                 keys.secrets_directory: all nodes of one database share one ring"
                    .into()
            }
            Self::Database { url, .. } if url.starts_with("postgres") => {
                "the server must be up, and let this user in with database.url \
                 and its password (LGSP__DATABASE__PASSWORD or database.password_file)"
                    .into()
            }
            Self::Database { .. } => {
                "the file and its folder must be writable for this user".into()
            }
            Self::Log(_) => "never delete or edit files of the log: restore the folder from its \
                             backup, or open a new log under a new evidence.origin"
                .into(),
            Self::Part { .. } => "mend what its reason names, and start again".into(),
        }
    }
}

impl StartProblem {
    /// Whether `lgsp check` may see more of it than a start does, which ends at the first problem.
    fn is_worth_a_check(&self) -> bool {
        matches!(
            self,
            Self::Certificate { .. }
                | Self::Keys(_)
                | Self::Database { .. }
                | Self::Log(_)
                | Self::Part { .. }
        )
    }
}

impl From<StartProblem> for Complaint {
    fn from(problem: StartProblem) -> Self {
        let first = if problem.is_worth_a_check() { "see `lgsp check`; " } else { "" };
        Self::new(&problem, format_args!("{first}{}", problem.next_step()))
    }
}

/// Why the keys can't be opened.
#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
pub fn keys_problem(error: KeyError) -> StartProblem {
    let next_step = match &error {
        KeyError::WrongSecret { needed: Protection::Passphrase, .. } => {
            "give the passphrase that was set last; nothing is damaged. Without it the keys are \
             gone, and with them the secrets of HMAC callers and the details of calls"
        }
        KeyError::WrongSecret { needed: Protection::KeyFile, .. } => {
            "set keys.key_file to the file that the keys were encrypted with; nothing is damaged. \
             Without it the keys are gone, with the secrets of HMAC callers and details of calls"
        }
        KeyError::NoSecretFile { .. } => {
            "see that the medium it stands on is there, or correct keys.key_file or \
             keys.passphrase_file"
        }
        KeyError::Hsm { .. } => {
            "see [pkcs11] in the configuration, LGSP_KEYS_PIN or pkcs11.pin_file, and what \
             `pkcs11-tool --module MODULE --list-token-slots` and `--list-objects` say as this \
             user; a key that is gone for good is retired by `lgsp keys rotate`"
        }
        KeyError::Missing { path } if is_signing_key(path) => {
            return StartProblem::KeysClosed {
                reason: format!("the signing key {} is missing", path.display()),
                next_step: "restore it from a backup; if it is gone for good, retire it by \
                            `lgsp keys rotate`"
                    .to_owned(),
            };
        }
        KeyError::UnfitSecret(_) => "choose another; `lgsp keys protect --help` says what fits",
        _ => return StartProblem::Keys(error.to_string()),
    };
    StartProblem::KeysClosed { reason: error.to_string(), next_step: next_step.to_owned() }
}

/// Whether a key file is one of those that the index names and a rotation replaces.
fn is_signing_key(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    PlatformKey::ALL.iter().any(|key| name.starts_with(&format!("platform-{key}-")))
}
