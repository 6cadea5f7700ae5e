//! What a run measures: everything, unless the command line says less.

use std::path::PathBuf;

use super::peers::PEERS;
use super::workload::Workload;

/// The words that say less.
pub(crate) const USAGE: &str = "\
bench gateway LGSP [--quick] [--rounds N] [--seconds N] [--only get,post,file]
      [--over plain,tls] [--peers nginx,haproxy-hmac,nginx-lua-hmac,envoy,
      lgsp-hmac,lgsp-ed25519,lgsp-p256,lgsp-rsa] [--callers N] [--connections N]";

/// What is measured, and how long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// The binary.
    pub(crate) lgsp: PathBuf,
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
    /// How many connections callers keep to a server at saturation.
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

    /// How many connections callers keep: fewer where each carries much at once.
    pub(crate) fn callers_of(&self, workload: Workload) -> usize {
        match workload {
            Workload::SmallGet | Workload::Post => self.callers,
            Workload::LargeGet => self.callers.div_ceil(4),
        }
    }

    fn all_of(lgsp: PathBuf) -> Self {
        Self {
            lgsp,
            rounds: 5,
            seconds: 2.0,
            workloads: Workload::ALL.into(),
            transports: Transport::ALL.into(),
            peers: PEERS.into(),
            callers: 64,
            connections: 20_000,
        }
    }

    /// A look: few rounds, short phases.
    fn look(&mut self) {
        (self.rounds, self.seconds) = (3, 0.5);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(&line.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn everything_is_measured_unless_less_is_said() {
        let all = read("lgsp").unwrap();
        assert_eq!((all.peers.len(), all.workloads.len(), all.transports.len()), (8, 3, 2));
        let some =
            read("lgsp --only file,get --over tls --peers envoy --rounds 7 --callers 9").unwrap();
        assert_eq!(some.workloads, [Workload::SmallGet, Workload::LargeGet]);
        assert_eq!((some.transports, some.peers), (vec![Transport::Tls], vec!["envoy"]));
        assert_eq!((some.rounds, some.callers), (7, 9));
        assert!(read("lgsp --quick").unwrap().seconds < all.seconds);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for (line, told) in [
            ("lgsp --peers apache", "apache is none of"),
            ("lgsp --rounds", "--rounds of what?"),
            ("lgsp --rounds x", "x is no number"),
            ("lgsp --rate 5", "--rate is no option"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
        assert_eq!(Options::read(&[]), Err("which binary?".to_owned()));
    }
}
