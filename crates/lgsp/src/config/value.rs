//! Text becomes types here; what doesn't is noted with its place and told at the end.

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::str::FromStr;

use ::keys::Zeroizing;
use transport::TrustedProxies;
use url::Url;
use wire::checkpoint::Origin;

use super::keys::{self, Key};
use super::problem::{ConfigProblem, ConfigProblems, Place};
use super::source::{Raw, Source};

/// Reads one key after another; a value that isn't allowed is noted and read as `None`.
pub(super) struct Reader {
    source: Source,
    /// The keys read so far: a test compares them with the table.
    pub(super) read: Vec<&'static str>,
}

impl Reader {
    pub(super) fn new(source: Source) -> Self {
        Self { source, read: Vec::new() }
    }

    /// All problems, if there is one.
    pub(super) fn finish(self) -> Result<(), ConfigProblems> {
        if self.source.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigProblems(self.source.problems))
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.required(name, text_of)
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Option<String> {
        self.optional(name, text_of)
    }

    /// Anything that can be read from text.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.required(name, |raw| text_of(raw)?.parse().ok())
    }

    pub(super) fn socket(&mut self, name: &str) -> Option<SocketAddr> {
        self.parsed(name)
    }

    pub(super) fn optional_socket(&mut self, name: &str) -> Option<SocketAddr> {
        self.optional(name, |raw| text_of(raw)?.parse().ok())
    }

    pub(super) fn origin(&mut self, name: &str) -> Option<Origin> {
        self.required(name, |raw| log_name(&text_of(raw)?))
    }

    pub(super) fn optional_url(&mut self, name: &str) -> Option<Url> {
        self.optional(name, |raw| bare_url(&text_of(raw)?))
    }

    /// A filter of log lines; `tracing` takes no spaces after the commas.
    pub(super) fn log_filter(&mut self, name: &str) -> Option<String> {
        self.required(name, |raw| {
            let text = text_of(raw)?;
            let directives: Vec<&str> = text.split(',').map(str::trim).collect();
            directives.iter().all(|one| is_log_directive(one)).then(|| directives.join(","))
        })
    }

    /// A list of URLs.
    pub(super) fn urls(&mut self, name: &str) -> Option<Vec<Url>> {
        self.items(name, |items| items.iter().map(|item| bare_url(item)).collect())
    }

    /// A list of texts, none of them empty.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        self.items(name, |items| items.iter().all(|item| !item.is_empty()).then_some(items))
    }

    /// A list of addresses and networks.
    pub(super) fn proxies(&mut self, name: &str) -> Option<TrustedProxies> {
        self.items(name, |items| TrustedProxies::parse(items).ok())
    }

    fn items<T>(&mut self, name: &str, read: impl Fn(Vec<String>) -> Option<T>) -> Option<T> {
        if let Some((place, Raw::Variable(text))) = self.source.values.get(name)
            && let Some(right) = bare_list(text)
        {
            let (place, value) = (place.clone(), format!("{text:?}"));
            let name = keys::find(name)?.name;
            self.source.problems.push(ConfigProblem::ListAsInFile { place, name, value, right });
            return None;
        }
        self.required(name, |raw| read(items_of(raw)?))
    }

    /// Notes that a value which is allowed by itself is not beside the others.
    pub(super) fn note_refused(&mut self, name: &str) {
        let Some(key) = keys::find(name) else {
            return;
        };
        let home = (self.source.home.clone(), "unset".to_owned());
        let written = self.source.values.get(key.name);
        let (place, value) = written.map_or(home, |(place, raw)| (place.clone(), raw.shown()));
        self.source.problems.push(ConfigProblem::Value { place, name: key.name, value });
    }

    /// Notes that everything at `listen` (the value of the key `name`) would be refused.
    pub(super) fn note_nameless(&mut self, name: &str, listen: SocketAddr) {
        let Some(key) = keys::find(name) else {
            return;
        };
        let written = self.source.values.get(key.name);
        let place = written.map_or_else(|| self.source.home.clone(), |(place, _)| place.clone());
        self.source.problems.push(ConfigProblem::Nameless { place, name: key.name, listen });
    }

    /// What the first line of a file holds, which only its owner may read. `name` is the key that
    /// names the file.
    pub(super) fn secret_in(&mut self, name: &str, file: &Path) -> Option<Zeroizing<String>> {
        let reason = match secret_of(file) {
            Ok(secret) => return Some(secret),
            Err(reason) => reason,
        };
        let key = keys::find(name)?;
        let written = self.source.values.get(key.name);
        let place = written.map_or_else(|| self.source.home.clone(), |(place, _)| place.clone());
        self.source.problems.push(ConfigProblem::SecretFile {
            place,
            name: key.name,
            file: file.to_owned(),
            reason,
        });
        None
    }

    pub(super) fn whole(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        self.required(name, |raw| match raw {
            Raw::Integer(digits) | Raw::Variable(digits) => {
                digits.parse().ok().filter(|number| range.contains(number))
            }
            _ => None,
        })
    }

    pub(super) fn optional_whole(&mut self, name: &str) -> Option<u64> {
        self.optional(name, |raw| match raw {
            Raw::Integer(digits) | Raw::Variable(digits) => digits.parse().ok(),
            _ => None,
        })
    }

    /// Notes that a key must be set because of another.
    pub(super) fn note_missing(&mut self, name: &str) {
        if let Some(key) = keys::find(name) {
            let place = self.source.home.clone();
            self.source.problems.push(ConfigProblem::Missing { place, name: key.name });
        }
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.required(name, |raw| match raw {
            Raw::Boolean(value) => Some(*value),
            Raw::Variable(text) => text.parse().ok(),
            _ => None,
        })
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        self.required(name, |raw| {
            let text = text_of(raw)?;
            choices.iter().find_map(|(word, choice)| (*word == text).then_some(*choice))
        })
    }

    fn required<T>(&mut self, name: &str, read: impl Fn(&Raw) -> Option<T>) -> Option<T> {
        let key = self.key(name)?;
        if self.source.values.contains_key(key.name) {
            return self.set(key, &read);
        }
        let Some(default) = key.default else {
            let place = self.source.home.clone();
            self.source.problems.push(ConfigProblem::Missing { place, name: key.name });
            return None;
        };
        read(&default_of(default))
    }

    fn optional<T>(&mut self, name: &str, read: impl Fn(&Raw) -> Option<T>) -> Option<T> {
        let key = self.key(name)?;
        self.set(key, &read)
    }

    fn set<T>(&mut self, key: &Key, read: &impl Fn(&Raw) -> Option<T>) -> Option<T> {
        let (place, raw) = self.source.values.get(key.name)?;
        let value = read(raw);
        if value.is_none() {
            let shown =
                if keys::is_secret(key.name) { "the value".to_owned() } else { raw.shown() };
            let problem =
                ConfigProblem::Value { place: place.clone(), name: key.name, value: shown };
            self.source.problems.push(problem);
        }
        value
    }

    /// The key's row in the table. A name that isn't there is our own mistake, told like a user's.
    fn key(&mut self, name: &str) -> Option<&'static Key> {
        let Some(key) = keys::find(name) else {
            let place = Place::Nowhere;
            self.source.problems.push(ConfigProblem::UnknownKey { place, name: name.to_owned() });
            return None;
        };
        self.read.push(key.name);
        Some(key)
    }
}

fn secret_of(file: &Path) -> Result<Zeroizing<String>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let mode = opened.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "it has mode {mode:04o}, which lets others at it; mend it with: chmod 0600 '{}'",
            file.display()
        ));
    }
    let mut text = Zeroizing::new(String::new());
    let mut few = opened.take(4096);
    few.read_to_string(&mut text).map_err(|error| error.to_string())?;
    match text.lines().next() {
        Some(first) if !first.is_empty() => Ok(Zeroizing::new(first.to_owned())),
        _ => Err("its first line is empty".to_owned()),
    }
}

/// A log's name: an origin that can also stand in a URL.
pub(super) fn log_name(text: &str) -> Option<Origin> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let segments = text.chars().all(plain) && !text.split('/').any(str::is_empty);
    if segments { text.parse().ok() } else { None }
}

/// `level` or `target=level`. `tracing` would read any other word as a target, which silences all
/// that is not it: a misspelt level must not do that.
fn is_log_directive(directive: &str) -> bool {
    let (target, level) = match directive.split_once('=') {
        Some((target, level)) => (Some(target), level),
        None => (None, directive),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':');
    let is_level = ["error", "warn", "info", "debug", "trace"]
        .iter()
        .any(|known| level.eq_ignore_ascii_case(known));
    is_level && target.is_none_or(|target| !target.is_empty() && target.chars().all(plain))
}

fn text_of(raw: &Raw) -> Option<String> {
    match raw {
        Raw::Text(text) | Raw::Variable(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// The items of a list; a variable separates them by commas.
fn items_of(raw: &Raw) -> Option<Vec<String>> {
    match raw {
        Raw::List(items) => Some(items.clone()),
        Raw::Variable(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(items.map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// How a variable spells the list that `text` spells as the file does, if it does.
fn bare_list(text: &str) -> Option<String> {
    let text = text.trim();
    let within = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let items = within.unwrap_or(text).split(',').map(str::trim);
    let bare: Vec<_> = items.clone().map(|item| item.trim_matches(['"', '\''])).collect();
    (within.is_some() || !items.eq(bare.iter().copied())).then(|| bare.join(","))
}

/// A default of the table, read like a variable: the readers give it its type.
fn default_of(default: &str) -> Raw {
    Raw::Variable(default.trim_matches(|c| matches!(c, '"' | '[' | ']')).to_owned())
}

/// An `http` or `https` URL that names a host and no path, query or user.
fn bare_url(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then_some(url)
}
