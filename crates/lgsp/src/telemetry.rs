//! What the node says about itself while it runs: log lines on standard error, metrics on the
//! operations listener.
//!
//! **Invariant**: a line holds path templates and identifiers, never a path, a body, a secret or
//! the data of a person.

use std::io::IsTerminal;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// Under this name PostgreSQL's notices reach the log.
const NOTICES: &str = "sqlx::postgres::notice";

/// Begins to write log lines to standard error. A second call in one process changes nothing.
///
/// Returns an error if the filter is malformed.
pub fn start_log(config: &LogConfig) -> Result<(), ParseError> {
    let filter = filter(&config.level)?;
    let human = match config.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The only failure is that a subscriber stands already: then that one goes on.
    let _ = if human {
        lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    } else {
        lines.json().flatten_event(true).with_ansi(false).try_init()
    };
    Ok(())
}

/// Which lines are written, at a level as `log.level` allows it.
fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    // The library reports each mechanism of a token that it has no name for as an error.
    let mut filter = level.parse::<EnvFilter>()?.add_directive("cryptoki::mechanism=off".parse()?);
    // At `info` the library passes on what PostgreSQL remarks at each start: of each table that is
    // there already. That is for whoever asks for more.
    let mut directives = level.split(',');
    let is_at_info = directives.clone().any(|one| one.eq_ignore_ascii_case("info"));
    if is_at_info && !directives.any(|one| one.starts_with("sqlx")) {
        filter = filter.add_directive(format!("{NOTICES}=warn").parse()?);
    }
    Ok(filter)
}

/// Upper bounds, in seconds, of the buckets that durations are counted in.
const DURATION_BUCKETS_S: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often counted durations are put into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Puts counted durations into their buckets, for ever. Without it they pile up in memory until
/// somebody asks for `/metrics`.
pub async fn keep_up(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}

/// Begins to count. What is counted is rendered by the returned handle.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new().set_buckets(DURATION_BUCKETS_S)?.build_recorder();
    let handle = recorder.handle();
    // A recorder stands already only where a test starts two platforms in one process.
    let _ = metrics::set_global_recorder(recorder);
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written at this level of a remark of PostgreSQL, a warning of it, and a line of ours.
    fn written_at(level: &str) -> [bool; 3] {
        let written = Written::default();
        let lines = fmt().with_env_filter(filter(level).unwrap());
        let to = written.clone();
        tracing::subscriber::with_default(lines.with_writer(move || to.clone()).finish(), || {
            tracing::info!(target: NOTICES, "a remark");
            tracing::warn!(target: NOTICES, "a warning");
            tracing::info!("ours");
        });
        let text = String::from_utf8(written.0.lock().clone()).unwrap();
        ["a remark", "a warning", "ours"].map(|line| text.contains(line))
    }

    #[test]
    fn what_postgresql_remarks_on_is_for_those_who_ask_for_more() {
        for level in ["info", "INFO", "info,gateway=debug"] {
            assert_eq!(written_at(level), [false, true, true], "{level}");
        }
        for level in ["debug", "TRACE", "info,sqlx=info", "info,sqlx::postgres::notice=info"] {
            assert_eq!(written_at(level), [true, true, true], "{level}");
        }
        assert_eq!(written_at("warn"), [false, true, false]);
        assert_eq!(written_at("error"), [false, false, false]);
    }
}
