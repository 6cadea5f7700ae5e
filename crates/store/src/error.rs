//! What can go wrong with a database, who is to blame and whether trying again helps.

use std::io;
use std::path::PathBuf;

use sqlx::error::ErrorKind;
use wire::error_code::{Fault, Retry};

/// A rule of the schema that a write would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// There is such a row already.
    Unique,
    /// It refers to a row that is not there, or is referred to.
    ForeignKey,
    /// A value is missing.
    NotNull,
    /// A value is out of its range.
    Check,
}

impl Constraint {
    /// The rule that a database says was broken, if it was one.
    pub(crate) fn of(kind: &ErrorKind) -> Option<Self> {
        match kind {
            ErrorKind::UniqueViolation => Some(Self::Unique),
            ErrorKind::ForeignKeyViolation => Some(Self::ForeignKey),
            ErrorKind::NotNullViolation => Some(Self::NotNull),
            ErrorKind::CheckViolation => Some(Self::Check),
            _ => None,
        }
    }
}

/// The database could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The configured address names no database this program can open.
    #[error(
        "'{0}' is no database address; write sqlite:PATH, for example sqlite:/var/lib/lgsp/lgsp.db, \
         or postgres://USER@HOST:PORT/DATABASE with sslmode, sslrootcert, sslcert or sslkey behind '?'"
    )]
    BadAddress(String),
    /// The folder the file shall stand in is not there.
    #[error(
        "the folder of the database {} does not exist; make it with: mkdir -p '{}'",
        path.display(), folder.display()
    )]
    NoFolder {
        /// The database file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// Others may read or write the file.
    #[error(
        "the database {} has mode {found:04o}, which lets others at it; it must be 0600. \
         Mend it with: chmod 0600 '{}'",
        path.display(), path.display()
    )]
    Permissions {
        /// The database file.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
    },
    /// The file or its folder cannot be written.
    #[error(
        "the database {} cannot be written; it must belong to the user lgsp runs as, with mode \
         0600 in a folder with mode 0700",
        path.display()
    )]
    NotWritable {
        /// The database file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a database; move it away or name another file", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database server cannot be reached, or the line to it was cut: by then a commit may
    /// have succeeded all the same.
    #[error("the database server at {place} cannot be reached: {reason}")]
    Unreachable {
        /// `host:port/database`.
        place: String,
        /// What the system or the server said.
        reason: String,
    },
    /// The server cannot prove that it is the one named, or will not speak TLS.
    #[error(
        "the database server at {place} cannot be trusted: {reason}. Name the authority of its \
         certificate with sslrootcert=FILE"
    )]
    Untrusted {
        /// `host:port/database`.
        place: String,
        /// What is wrong with its certificate.
        reason: String,
    },
    /// The server does not let this user in.
    #[error("the database server at {place} does not accept this user with this password")]
    SignOn {
        /// `host:port/database`.
        place: String,
    },
    /// The server has no such database.
    #[error("there is no such database at {place}; make it with: createdb --encoding=UTF8")]
    NoDatabase {
        /// `host:port/database`.
        place: String,
    },
    /// The server keeps the database in a way that this program cannot work with.
    #[error("the database at {place} cannot be used: {reason}")]
    Unfit {
        /// `host:port/database`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection or the user may only read.
    #[error("the database at {place} cannot be written: {reason}")]
    ReadOnly {
        /// `host:port/database`.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Disk {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A newer program has changed the schema.
    #[error(
        "the database has a newer schema than this program knows ({set}: '{step}'); \
         run the newer lgsp, or restore the backup made before it"
    )]
    NewerSchema {
        /// Whose tables.
        set: String,
        /// The first unknown step.
        step: String,
    },
    /// A step that was applied reads otherwise in this program.
    #[error(
        "step '{step}' of {set} was applied to this database in another form; \
         this is another build of lgsp than the one that made the database"
    )]
    ChangedStep {
        /// Whose tables.
        set: String,
        /// The step.
        step: String,
    },
    /// A write would have broken a rule of the schema; nothing was written.
    #[error("the database's schema does not allow it ({0:?}): {1}")]
    Constraint(Constraint, String),
    /// Another transaction held the database too long.
    #[error("the database is busy")]
    Busy,
    /// No room is left.
    #[error("no room is left for the database; free some space, service resumes by itself")]
    Full,
    /// What stands in a row is not what was written there.
    #[error("the database holds something unreadable: {0}")]
    Corrupt(String),
    /// The program asked for something wrong: its flaw, not the database's.
    #[error("a statement does not fit the database: {0}")]
    Misuse(String),
    /// Anything else the database says.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// What stands in a row cannot be read as what was written there.
    pub fn corrupt(what: &str) -> Self {
        Self::Corrupt(what.to_owned())
    }

    /// Which rule of the schema stood in the way, if one did.
    pub fn constraint(&self) -> Option<Constraint> {
        match self {
            Self::Constraint(constraint, _) => Some(*constraint),
            _ => None,
        }
    }

    /// Who has to act: always the platform. A caller's conflict is found before the write, or
    /// made of [`Self::constraint`] by who knows what it means.
    pub fn fault(&self) -> Fault {
        Fault::Platform
    }

    /// Whether the same request may succeed later.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Busy | Self::Disk { .. } | Self::Unreachable { .. } => Retry::SameRequest,
            Self::Full => Retry::AfterSeconds(30),
            _ => Retry::No,
        }
    }
}
