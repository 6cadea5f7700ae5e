//! What is wrong with a configuration, as the operator reads it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::keys;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the file, counted from 1.
    Line(PathBuf, usize),
    /// The file as a whole.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// Nowhere: no file was named and no variable set.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "{}, line {line}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Nowhere => f.write_str("configuration"),
        }
    }
}

/// One thing wrong with a configuration. The operator's to mend; starting again unchanged does
/// not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// The file can't be read.
    #[error("{place}: the file cannot be read: {reason}")]
    Unreadable {
        /// The file.
        place: Place,
        /// What the operating system says.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{place}: this is not valid TOML: {reason}")]
    NotToml {
        /// The line.
        place: Place,
        /// What the parser says.
        reason: String,
    },
    /// A key that doesn't exist.
    #[error("{place}: there is no key `{name}`{}", suggestion(name))]
    UnknownKey {
        /// Where it stands.
        place: Place,
        /// As it was written.
        name: String,
    },
    /// A value the key doesn't allow.
    #[error("{place}: `{name}` is {value}, which is not allowed; allowed: {}", allowed(name))]
    Value {
        /// Where it stands.
        place: Place,
        /// The key.
        name: &'static str,
        /// As it was written.
        value: String,
    },
    /// A list in a variable that is written as in the file.
    #[error(
        "{place}: `{name}` is {value}; in an environment variable a list has commas and neither \
         brackets nor quotes: {right}"
    )]
    ListAsInFile {
        /// Where it stands.
        place: Place,
        /// The key.
        name: &'static str,
        /// As it was written.
        value: String,
        /// As it should be.
        right: String,
    },
    /// A file that should hold a secret.
    #[error("{place}: `{name}` names {}, which cannot be used: {reason}", file.display())]
    SecretFile {
        /// Where the name stands.
        place: Place,
        /// The key.
        name: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A required key that is set nowhere.
    #[error("{place}: `{name}` must be set; allowed: {}", allowed(name))]
    Missing {
        /// Where one would look for it.
        place: Place,
        /// The key.
        name: &'static str,
    },
    /// The gateway listens on every address, and no URL says by which it is called.
    #[error(
        "{place}: `{name}` is {listen}, which is every address of this machine, and \
         `gateway.public_urls` is empty, so every call would be refused as meant for another \
         server (421); set `gateway.public_urls` to the URLs that callers use, or listen on one \
         address"
    )]
    Nameless {
        /// Where the address stands.
        place: Place,
        /// The key.
        name: &'static str,
        /// The address.
        listen: SocketAddr,
    },
}

fn suggestion(name: &str) -> String {
    keys::nearest(name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn allowed(name: &str) -> &'static str {
    keys::find(name).map_or("see `lgsp init --help`", |key| key.allowed)
}

/// Everything wrong with a configuration, in the order it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigProblems(pub Vec<ConfigProblem>);

impl ConfigProblems {
    /// No problem was named: only a fault of the program itself ends here.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }
}

impl From<ConfigProblem> for ConfigProblems {
    fn from(problem: ConfigProblem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
