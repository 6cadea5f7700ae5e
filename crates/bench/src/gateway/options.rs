//! What a run measures: everything, unless the command line says less.

use std::path::PathBuf;

use super::peers::PEERS;
use super::workload::Workload;

/// The words that say less.
pub(crate) const USAGE: &str = "\
bench gateway LGSP [--quick] [--rounds N] [--seconds N] [--only get,post,file]
      [--over plain,tls] [--peers nginx,haproxy-hmac,nginx-lua-hmac,envoy,
      lgsp-hmac,lgsp-ed25519,lgsp-p256,lgsp-rsa] [--callers N] [--rate N] [--connections N]";

/// What is measured, and how long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// The binary.
    pub(crate) lgsp: PathBuf,
    /// A look: few rounds, short phases.
    pub(crate) quick: bool,
    /// How often everything is measured, in turns.
    pub(crate) rounds: usize,
    /// How long a phase takes, about.
    pub(crate) seconds: f64,
    /// Which requests.
    pub(crate) workloads: Vec<Workload>,
    /// Whether over plain HTTP, over TLS.
    pub(crate) transports: Vec<Transport>,
    /// Which programs.
    pub(crate) peers: Vec<&'static str>,
    /// A constant rate to measure at too.
    pub(crate) rate: Option<f64>,
    /// How many connections callers keep to a server.
    pub(crate) callers: usize,
    /// How many connections the platform's directory holds.
    pub(crate) connections: usize,
}

/// What carries the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    /// Plain HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS 1.3.
    Tls,
}

impl Transport {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Tls];

    /// Its word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
    }
}

impl Options {
    /// Reads the words after the name of the bench.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let (lgsp, mut words) = words.split_first().ok_or("which binary?")?;
        let mut options = Self::all_of(lgsp.into());
        while let Some((option, rest)) = words.split_first() {
            if option == "--quick" {
                options.look();
                words = rest;
                continue;
            }
            let (value, rest) = rest.split_first().ok_or(format!("{option} of what?"))?;
            words = rest;
            match option.as_str() {
                "--rounds" => options.rounds = number(value)?,
                "--seconds" => options.seconds = number(value)?,
                "--rate" => options.rate = Some(number(value)?),
                "--callers" => options.callers = number(value)?,
                "--connections" => options.connections = number(value)?,
                "--only" => options.workloads = some_of(&Workload::ALL, Workload::word, value)?,
                "--over" => options.transports = some_of(&Transport::ALL, Transport::word, value)?,
                "--peers" => options.peers = some_of(&PEERS, |name| name, value)?,
                unknown => return Err(format!("{unknown} is no option")),
            }
        }
        Ok(options)
    }

    fn all_of(lgsp: PathBuf) -> Self {
        Self {
            lgsp,
            quick: false,
            rounds: 5,
            seconds: 2.0,
            workloads: Workload::ALL.into(),
            transports: Transport::ALL.into(),
            peers: PEERS.into(),
            rate: None,
            callers: 256,
            connections: 20_000,
        }
    }

    fn look(&mut self) {
        (self.quick, self.rounds, self.seconds) = (true, 3, 0.5);
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

/// Those of `all` whose words the list names, in the order of `all`.
fn some_of<T: Copy>(
    all: &[T],
    word: impl Fn(T) -> &'static str,
    list: &str,
) -> Result<Vec<T>, String> {
    let named: Vec<&str> = list.split(',').collect();
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|one| word(*one) == **name)) {
        return Err(format!(
            "{unknown} is none of {:?}",
            all.iter().map(|one| word(*one)).collect::<Vec<_>>()
        ));
    }
    Ok(all.iter().copied().filter(|one| named.contains(&word(*one))).collect())
}
